package console_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// given is a consent of jane's for bg-demo.
func (s *stage) given() string {
	s.t.Helper()
	return s.pull("POST", "/consents", object{"bank": "berlin", "client": "bg-demo", "user": "jane"}).Want(201).Text("id")
}

func TestConsentsAreListed(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	contains(t, shown(s, "/admin/consents", 200), ".empty", "A consent appears here", "curl -X POST")
	id := s.given()
	asked := s.PostJSON("/berlin/consent", object{"access": object{"accounts": []any{}}, "recurringIndicator": true, "validUntil": "9999-12-31", "frequencyPerDay": 4}).Want(201).Text("consentId")
	doc := shown(s, "/admin/consents", 200)
	contains(t, doc, "#cs-"+id, "jane", "bg-demo", "valid", "0/4", "Revoke")
	contains(t, doc, "#cs-"+asked, "nobody yet", "received")
	if got := shown(s, "/admin/consents?status=valid", 200).Find("tbody tr"); got.Length() != 1 {
		t.Errorf("%d valid consents", got.Length())
	}
	contains(t, shown(s, "/admin/consents?q=user:dave", 200), ".empty", "No consent fits")
	shown(s, "/admin/consents?status=soon", 422)
	shown(s, "/admin/consents/none", 404)
}

// The drawing of the states says where the consent is, and since when.
func TestConsentStates(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	id := s.given()
	doc := shown(s, "/admin/consents/"+id, 200)
	contains(t, doc, ".states [aria-current]", "valid (now)", "15:45:08, by admin: allowed by a lever")
	contains(t, doc, ".states", "received", "rejected", "expired", "revokedByPsu", "terminatedByTpp")
	for _, tt := range []struct{ op, state, why string }{
		{"revokeConsent", "revokedByPsu (now)", "ended by a lever as the user"}, {"terminateConsent", "terminatedByTpp (now)", "as the client"}, {"expireConsent", "expired (now)", "15:45:08"}} {
		doc := pressed(s, shown(s, "/admin/consents/"+id, 200), "#open-"+id+" form.one[action$="+tt.op+"]", 303)
		contains(t, doc, ".states [aria-current]", tt.state, tt.why)
		contains(t, doc, "#open-"+id, "nobody can change it any more")
		s.pull("POST", "/undo", nil).Want(200)
	}
}

func TestConsentIsChanged(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	id := s.given()
	page := func() string { return "/admin/consents/" + id }
	look := func() (c admin.ConsentView) {
		s.pull("GET", "/consents/"+id, nil).Want(200).Into(&c)
		return c
	}
	doc := shown(s, page(), 200)
	pressed(s, doc, "form[action$=changeConsent]:has([name=frequency])", 303, "until", "2027-01-01T00:00", "frequency", "9")
	if c := look(); c.Until.Format("2006-01-02") != "2027-01-01" || c.Frequency != 9 || len(c.Rights) != 4 {
		t.Errorf("changed to %+v", c)
	}
	form := "form[action$=changeConsent]:has([name=accounts])"
	doc = shown(s, page(), 200)
	doc.Find(form + " [name=accounts]").Each(func(i int, e *goquery.Selection) {
		if i > 1 {
			e.RemoveAttr("checked")
		}
	})
	doc.Find(form + " [name=rights][value=transactions]").RemoveAttr("checked")
	pressed(s, doc, form, 303)
	if c := look(); len(c.Rights) != 1 || !c.Rights[0].Balances || c.Rights[0].Transactions {
		t.Errorf("rights %+v", c.Rights)
	}
	doc = shown(s, page(), 200)
	doc.Find(form + " [name=accounts]").RemoveAttr("checked")
	contains(t, pressed(s, doc, form, 422), form+" .err", "one account at least")
	contains(t, pressed(s, shown(s, page(), 200), "form[action$=expireConsent]:has([name=in])", 422, "in", "soon"), "[name=in] + .err", "soon")
	doc = pressed(s, shown(s, page(), 200), "form[action$=expireConsent]:has([name=in])", 303, "in", "5s")
	contains(t, doc, "#cs-"+id, "00:05")
}

func TestConsentCounter(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	id := s.given()
	value := s.pull("POST", "/tokens", object{"bank": "berlin", "client": "bg-demo", "user": "jane", "kind": "access", "consent": id}).Want(201).JSON()["token"].(map[string]any)["value"].(string)
	for range 3 {
		s.Get("/berlin/v1/accounts", servertest.Bearer(value)).Want(200)
	}
	doc := shown(s, "/admin/consents/"+id, 200)
	contains(t, doc, "#cs-"+id+" .calls", "3/4")
	contains(t, doc, "#open-"+id, "accounts", "3/4")
	if doc.Find("#cs-"+id+" progress[value='3'][max='4']").Length() != 1 || doc.Find("#open-"+id+" a[href*='tokens?grant=g_']").Length() != 1 {
		t.Error("neither a meter nor its grant")
	}
	doc = pressed(s, doc, "form[action$=resetConsentCounter]", 303)
	contains(t, doc, "#cs-"+id+" .calls", "0/4")
	login, _ := doc.Find("#open-" + id + " a[target=_blank]").Attr("href")
	s.Get(strings.TrimPrefix(login, s.URL())).Want(200)
}

func TestPreAuthorise(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/consents/new", 200)
	contains(t, doc, "[data-curl]", `"bank":"berlin"`)
	contains(t, pressed(s, doc, "form[action$=createConsent]", 422, "accounts", "nowhere"), "textarea + .err", "nowhere")
	doc = pressed(s, doc, "form[action$=createConsent]", 303, "validity", "90d", "user", "jane")
	contains(t, doc, "tr.open", "jane", "90 d")
	contains(t, shown(s, "/admin/consents/new?bank=s2s", 200), "main", "Client")
	shown(s, "/admin/consents/new?bank=none", 400)
}
