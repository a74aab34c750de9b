package console_test

import (
	"strings"
	"testing"

	"sandbank/server"
)

// What has no end cannot be stretched, and every button of an opened token has its command.
func TestTokenOffersWhatWorks(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.pull("PATCH", "/policies", object{"set": object{"code": "never"}}).Want(200)
	code := s.pull("POST", "/tokens", object{"bank": "yoisho", "client": demo, "user": "dave", "kind": "code"}).Want(201).JSON()["token"].(map[string]any)["id"].(string)
	doc := shown(s, "/admin/tokens/"+code, 200)
	if doc.Find("form[action$=extendToken]").Length() > 0 {
		t.Error("a code without an end can be stretched")
	}
	contains(t, doc, "details code", code+"/revoke", "/grants/g_")
	contains(t, doc, "form[action$=scopeToken] [data-curl]", code+"/scope", `{"scope":`)
	token := s.mint("10m")
	doc = shown(s, "/admin/tokens/"+token, 200)
	contains(t, doc, "details code", token+`/extend -d '{"by":"5m"}'`)
	pressed(s, doc, "form[action$=expireToken]:has([type=text])", 303)
	did(s, "let "+token+" expire in 5 s")
	pressed(s, doc, "form[action$=extendToken]:contains('+1 h')", 303)
	did(s, "extended "+token+" by 1 h")
}

func TestBulkTokens(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	a, b := s.mint("10m"), s.mint("10m")
	doc := shown(s, "/admin/tokens/bulk?op=expire&ids="+a+"&ids="+b, 200)
	contains(t, doc, "[data-curl]", `{"ids":["`+a+`","`+b+`"]}`)
	pressed(s, doc, "[data-form] form", 303)
	did(s, "expired 2 tokens")
	pressed(s, shown(s, "/admin/tokens/bulk?op=revoke&ids="+a, 200), "[data-form] form", 303)
	did(s, "revoked "+a)
	if text := said(shown(s, "/admin/tokens/bulk?op=expire", 200), "main"); strings.Contains(text, "0 tokens") || !strings.Contains(text, "Tick some") {
		t.Errorf("with nothing selected it says %q", text)
	}
}

// What was done is told in words, whoever reads them.
func TestActivityWords(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.mint("10m")
	for _, tt := range []struct {
		method, path string
		body         object
		want         string
	}{
		{"POST", "/clock", object{"to": "next-expiry", "edge": "before"}, "moved the clock to 1 s before the next expiry"},
		{"POST", "/clock", object{"to": "next-expiry", "edge": "at"}, "moved the clock to the next expiry"},
		{"POST", "/clock", object{"advance": "18m14s"}, "moved the clock by 18 min 14 s"},
		{"PATCH", "/settings", object{"headerFaults": true}, "turned on faults by header"},
		{"POST", "/faults", object{"preset": "refresh-then-500"}, "armed a fault: refresh-then-500"},
		{"PATCH", "/clients/yoisho/" + demo, object{"disabled": true}, "disabled client " + demo + " at yoisho"},
	} {
		if a := s.pull(tt.method, tt.path, tt.body); a.Status >= 300 {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, a.Status, a.Body)
		}
		did(s, tt.want)
	}
	a := s.Post("/admin/do/undo", map[string][]string{"@back": {"/admin/activity"}}).Want(303)
	if told, _ := strings.CutPrefix(a.Header.Get("Set-Cookie"), "sandbank_did="); !strings.HasPrefix(told, "Undone%3A+disabled+client+") {
		t.Errorf("an undo says %q", told)
	}
}
