package admin_test

import (
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// A client that is deleted while somebody logs in for it leaves a page that says so.
func TestLoginOfADeletedClient(t *testing.T) {
	t.Parallel()
	for bank, path := range map[string]string{
		"sparebank1": "/oauth/authorize?client_id=app&redirect_uri=" + back + "&response_type=code&state=x&finInst=fid-smn",
		"yoisho":     "/account/authorize?client_id=app&redirect_uri=" + back,
		"berlin":     "/oauth2/authorize?client_id=app&redirect_uri=" + back + "&response_type=code&state=x&consentId=",
	} {
		d := open(t, server.Options{}, admin.Options{})
		d.pull("POST", "/clients", `{"bank":"`+bank+`","id":"app","secret":"app-secret","name":"App","loopback":true}`).Want(201)
		if bank == "berlin" {
			path += d.Do("POST", "/v1/consents", `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"9999-12-31","frequencyPerDay":4}`,
				servertest.Header("Content-Type", "application/json")).Text("consentId")
		}
		page := d.Browser().Get(path)
		d.pull("DELETE", "/clients/"+bank+"/app", nil).Want(204)
		if got := submit(page, "login", "dave", "password", "x"); got.Status >= 500 || got.Away != nil {
			t.Errorf("%s: %d, %v", bank, got.Status, got.Away)
		}
		if e := d.Last(); e.Why == "" {
			t.Errorf("%s: the journal does not say why", bank)
		}
		if got := d.Browser().Get(page.URL.String()); got.Status >= 500 {
			t.Errorf("%s, again: %d", bank, got.Status)
		}
	}
}
