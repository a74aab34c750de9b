package console_test

import (
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
)

// Keys are pasted, refused with a reason, shown, and taken away in the form of a client.
func TestClientKeysInTheForm(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	const edit = "form[action$=editClient]:has([name=jwks])"
	doc := shown(s, "/admin/clients/berlin/bg-demo", 200)
	bad := pressed(s, doc, edit, 422, "jwks", hostile)
	harmless(t, bad)
	contains(t, bad, "[name=jwks] + .err", "no JWK set")
	if got := bad.Find("textarea[name=jwks]").Text(); got != hostile && got != "\n"+hostile {
		t.Errorf("what was typed came back as %q", got)
	}
	set := `{"keys":[{"kty":"EC","crv":"P-256","kid":"` + `x<b>` + `","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`
	doc = pressed(s, doc, edit, 303, "jwks", set, "authMethod", "private_key_jwt", "dpop", "required")
	harmless(t, doc)
	var c admin.ClientView
	s.pull("GET", "/clients/berlin/bg-demo", nil).Want(200).Into(&c)
	if !strings.Contains(string(c.JWKS), "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4") || c.AuthMethod != "private_key_jwt" || c.DPoP != "required" {
		t.Errorf("edited %+v", c)
	}
	doc.Find("textarea[name=jwks]").SetText("")
	contains(t, pressed(s, doc, edit, 422), "[name=jwks] + .err", "needs a key")
	pressed(s, doc, edit, 303, "authMethod", "any")
	var after admin.ClientView
	s.pull("GET", "/clients/berlin/bg-demo", nil).Want(200).Into(&after)
	if after.JWKS != nil || after.AuthMethod != "any" {
		t.Errorf("after the keys were taken away: %+v", after)
	}
	doc = pressed(s, shown(s, "/admin/clients/new?bank=berlin", 200), "form[action$=registerClient]", 303, "id", "signs", "jwks", set, "authMethod", "private_key_jwt")
	contains(t, doc, ".kv", "none: it signs with its key")
}
