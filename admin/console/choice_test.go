package console_test

import (
	"net/url"
	"strings"
	"testing"

	"sandbank/server"
)

// The bank that is seen in a form is the one that counts, whether or not "Choose" was pressed; pressing it keeps what was typed.
func TestTheBankThatIsSeenCounts(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := pressed(s, shown(s, "/admin/clients/new", 200), "form[action$=registerClient]", 303, "bank", "berlin", "id", "mine")
	contains(t, doc, "main", "mine", "at Accounts BG")
	for page, op := range map[string]string{"clients/new": "registerClient", "clients/service": "mintServiceAccount", "tokens/mint": "mintToken", "consents/new": "createConsent"} {
		form := shown(s, "/admin/"+page, 200)
		if form.Find("[data-form] form").Length() != 1 || form.Find("form[action$="+op+"] select[name=bank]").Length() != 1 || form.Find("form[action$="+op+"] button").First().AttrOr("name", "") != "" {
			t.Errorf("%s: the bank is not in the form, or Enter chooses", page)
		}
	}
	typed := pressed(s, shown(s, "/admin/clients/new", 200), "form[action$=registerClient]", 200, "bank", "finapi", "name", "My app", "loopback", "false", "@choose", "grantTypes")
	if said(typed, "select[name=bank] option[selected]") != "finAPI" || typed.Find("[name=name]").AttrOr("value", "") != "My app" || typed.Find("[name=loopback][checked]").Length() != 0 ||
		typed.Find("[name=grantTypes][value=client_credentials][checked]").Length() != 1 || typed.Find("#failed, .err").Length() != 0 {
		t.Errorf("chosen: %s", said(typed, "main"))
	}
	contains(t, shown(s, "/admin/clients/service?bank=s2s", 200), "[data-curl]", `"user":"ali"`)
}

// A refused form leaves the address of its page, and its own leads to a page.
func TestRefusedFormsKeepTheirAddress(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	a := s.Post("/admin/do/mintToken", url.Values{"@back": {"/admin/tokens/mint"}, "@pick": {"bank"}, "bank": {"berlin"}, "client": {"nobody"}}).Want(422)
	if got := a.Header.Get("HX-Replace-Url"); got != "/admin/tokens/mint?bank=berlin" {
		t.Errorf("the address is %q", got)
	}
	contains(t, document(t, a), "#failed", "Client: ")
	for op, page := range map[string]string{"mintToken": "/tokens", "mintUsers": "/users", "moveClock": "/clock", "changePolicy": "/policies", "replay": "/inspector", "none": ""} {
		if got := s.Get("/admin/do/" + op).Want(303).Header.Get("Location"); got != "/admin"+page {
			t.Errorf("%s leads to %q", op, got)
		}
	}
	contains(t, pressed(s, shown(s, "/admin/clock", 200), "form[action$=moveClock]:has([name=speed][type=text])", 422, "speed", "abc"), "#failed", `"abc" does not fit here, a number does`)
}

// A filter that is not understood stands where it was typed, with what is wrong with it.
func TestBadFiltersStayInTheirField(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	for _, page := range []string{"tokens", "inspector", "clients", "consents"} {
		doc := shown(s, "/admin/"+page+"?q=foo:bar", 422)
		if doc.Find("main #q[aria-invalid]").AttrOr("value", "") != "foo:bar" || !strings.Contains(said(doc, "#q-wrong"), "foo") || !strings.Contains(said(doc, "#failed"), "Filter: ") {
			t.Errorf("%s: %s", page, said(doc, "main"))
		}
	}
}
