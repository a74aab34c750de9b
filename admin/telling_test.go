package admin_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"sandbank/admin"
	"sandbank/server"
)

// Every bank tells expires_in as the policy says, or not at all, and tells the truth again when the policy is taken back.
// RFC 6749 §5.1: expires_in is told, or left out, as the policy says at every bank.
func TestExpiresInIsToldAtEveryBank(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	banks := map[string]struct{ path, client, truth string }{
		"berlin":     {"/oauth2/token", "bg-demo", "3600"},
		"sparebank1": {"/oauth/token", "sb1-demo", "600"},
		"finapi":     {"/oauth/token", "finapi-demo", "3599"},
	}
	for bank, b := range banks {
		told := func() string {
			a := d.Post("/"+bank+b.path, url.Values{"grant_type": {"client_credentials"}, "client_id": {b.client}, "client_secret": {b.client + "-secret"}}).Want(200)
			var v map[string]json.RawMessage
			a.Into(&v)
			return string(v["expires_in"])
		}
		if got := told(); got != b.truth {
			t.Errorf("%s tells %s, not %s", bank, got, b.truth)
		}
		for how, want := range map[string]string{"omit": "", "zero": "0", "negative": "-1", "string": `"` + b.truth + `"`, "null": "null", "junk": `"soon"`, "milliseconds": b.truth + "000"} {
			d.pull("PATCH", "/policies", map[string]any{"level": map[string]string{"bank": bank}, "set": map[string]string{"expires_in": how}}).Want(200)
			if got := told(); got != want {
				t.Errorf("%s, %s: told %q, want %q", bank, how, got, want)
			}
			d.pull("POST", "/undo", nil).Want(200)
		}
		if got := told(); got != b.truth {
			t.Errorf("%s, afterwards: %s", bank, got)
		}
	}
}
