package admin_test

import (
	"os/exec"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/admin/export"
	"sandbank/server"
)

func TestExportClient(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/clients", `{"bank":"berlin","id":"mine","secret":"s1","name":"<b>Mine</b>","redirectUris":["https://app.example/cb"],"scopes":["AISP"]}`).Want(201)
	for _, format := range export.Formats() {
		a := d.pull("GET", "/clients/berlin/mine/export?format="+format, nil).Want(200)
		if !strings.HasPrefix(a.Header.Get("Content-Disposition"), `attachment; filename="sandbank-berlin-mine.`) {
			t.Errorf("%s: %s", format, a.Header.Get("Content-Disposition"))
		}
		if format != "bruno" && (!strings.Contains(a.Body, "s1") || !strings.Contains(a.Body, "https://app.example/cb") || !strings.Contains(a.Body, d.URL()+"/berlin")) {
			t.Errorf("%s: %s", format, a.Body)
		}
	}
	d.pull("GET", "/clients/berlin/mine/export", nil).Want(422)
	d.pull("GET", "/clients/berlin/mine/export?format=fax", nil).Want(422)
	d.pull("GET", "/clients/berlin/nobody/export?format=go", nil).Want(404)
}

// The scripts of the banks that need no person do run, from nothing to an answer.
func TestExportedScriptRuns(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(err)
		}
	}
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/spaces", `{"name":"p01"}`).Want(201)
	for client, want := range map[string]string{"s2s/s2s-demo": "account_balance", "finapi/finapi-demo": "accountName"} {
		script := d.Get("/s/p01" + admin.Prefix + "/clients/" + client + "/export?format=curl").Want(200).Body
		c := exec.Command("sh")
		c.Stdin = strings.NewReader(script)
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", client, err, out)
		}
	}
}

// The address leads to a page that knows the client; a consent that waits is asked about there.
func TestClientLogin(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	consent := d.PostJSON("/berlin/consent", map[string]any{"access": map[string]any{"accounts": []any{}}, "recurringIndicator": true, "validUntil": "9999-12-31", "frequencyPerDay": 4}).Want(201).Text("consentId")
	for _, tt := range []struct{ client, query, has, hasNot string }{
		{"berlin/bg-demo", "", "client_id=bg-demo", "code_challenge"}, {"berlin/bg-demo", "?consent=" + consent, "consentId=" + consent, "code_challenge"},
		{"berlin/bg-spa", "", "code_challenge=", "consentId"}, {"yoisho/7b6fc8ed5127b0b2f076d", "", "/yoisho/account/authorize", "{"},
	} {
		at := d.pull("GET", "/clients/"+tt.client+"/login"+tt.query, nil).Want(200).Text("url")
		if !strings.Contains(at, tt.has) || strings.Contains(at, tt.hasNot) {
			t.Errorf("%s%s: %s", tt.client, tt.query, at)
		}
		d.Get(strings.TrimPrefix(at, d.URL())).Want(200)
	}
	if at := d.pull("GET", "/clients/s2s/s2s-demo/login", nil).Want(200).Text("url"); at != "" {
		t.Errorf("s2s: %s", at)
	}
}
