package console_test

import (
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.token()
	doc := shown(s, "/admin/scenarios", 200)
	if n := doc.Find("tbody tr:not(.group)").Length(); n != 77 {
		t.Errorf("%d cases", n)
	}
	if doc.Find("tr.group").Length() != 7 {
		t.Errorf("%d groups", doc.Find("tr.group").Length())
	}
	met := doc.Find("#coverage progress").AttrOr("value", "")
	contains(t, doc, "#coverage", met+"/77 met")
	contains(t, doc, "#s-E05", "expires_in is missing", "met", "use the token until a 401")
	contains(t, doc, "#s-E30", "open", "Arm")
	if doc.Find("#s-E77 button").Length() != 0 || doc.Find("#s-E30 button").Length() != 1 {
		t.Error("a case that cannot be shown can be armed")
	}
	for query, want := range map[string]string{"group=3.5": "E50", "state=met": "E05", "state=missing": "E77", "bank=s2s&group=3.1": "E16"} {
		part := shown(s, "/admin/scenarios?"+query, 200)
		if part.Find("#s-"+want).Length() != 1 || part.Find("tbody tr:not(.group)").Length() >= 77 {
			t.Errorf("%s shows %s", query, said(part, "tbody .id"))
		}
	}
	contains(t, shown(s, "/admin/scenarios?state=armed", 200), ".empty", "Nothing is armed", "curl -X POST")
	contains(t, shown(s, "/admin/scenarios?group=9", 400), "main", "is none of")
	contains(t, shown(s, "/admin/scenarios/E99", 404), "main", "There is no scenario")
}

func TestScenarioIsArmedAndDisarmed(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.pull("POST", "/clients", object{"bank": "berlin", "id": "evil", "name": hostile, "redirectUris": []string{"https://e.example/cb"}}).Want(201)
	doc := shown(s, "/admin/scenarios/E30?group=3.3", 200)
	contains(t, doc, "tr.open", "Reuse kills the family", "reuse=family", "RFC 9700", "/admin/api/v1/scenarios/E30", hostile)
	harmless(t, doc)
	if to := doc.Find("tr.open dd a[target]").AttrOr("href", ""); to != "https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2" {
		t.Errorf("the reference leads to %q", to)
	}
	refused := pressed(s, doc, "tr.open form[action$=armScenario]", 422, "user", "nobody")
	contains(t, refused, "[name=user] ~ .err", "nobody")
	armed := pressed(s, doc, "tr.open form[action$=armScenario]", 303, "bank", "berlin", "client", "bg-demo")
	contains(t, armed, "tr[aria-current]", "armed", "Disarm")
	contains(t, armed, "tr.open", "It has set", "at Accounts BG for client bg-demo", "reuse=family", "rotation=rotate", "Arm anew")
	contains(t, armed, ".head", "1 armed")
	if to := armed.Find("tr.open dd a").First().AttrOr("href", ""); to != "/admin/inspector?bank=berlin&client=bg-demo" {
		t.Errorf("the inspector is at %q", to)
	}
	again := pressed(s, armed, "tr.open form[action$=disarmScenario]", 303)
	contains(t, again, "tr[aria-current]", "open", "Arm")
	row := filled(t, doc.Find("form#arm"))
	row.Set(":id", "E33")
	if to := s.Post("/admin/do/armScenario", row).Want(303).Header.Get("Location"); to != "/admin/scenarios/E33?group=3.3#s-E33" {
		t.Errorf("a row that was armed leads to %s", to)
	}
	by := shown(s, "/admin/scenarios/E33", 200)
	contains(t, by, "tr.open details", "X-Sandbox-Scenario: E33")
	outside := shown(s, "/admin/scenarios/E30?state=met", 200)
	if outside.Find("#s-E30").Length() != 1 {
		t.Error("a filter hides the case that the address names")
	}
}

func TestReportCard(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	contains(t, shown(s, "/admin/report", 200), ".empty", "No client has called", "curl")
	token := s.token()
	s.pull("POST", "/clock", object{"advance": "61s"}).Want(200)
	for range 3 {
		s.Get("/account/info", servertest.Bearer(token)).Want(400)
	}
	doc := shown(s, "/admin/report", 200)
	contains(t, doc, "#grade", "Grade", "1 rule broken", "3/6")
	contains(t, doc, "#rules", demo)
	first := doc.Find("tbody tr").First()
	if text := first.Text(); !strings.Contains(text, "Retries once after a 401") || !strings.Contains(text, "broken") {
		t.Errorf("what was broken is not first: %s", text)
	}
	contains(t, doc, "tr.open", "#", "GET /account/info", "refusal 3 in a row")
	if first.Find("a").First().AttrOr("href", "") != "/admin/scenarios/E01" {
		t.Errorf("the case is at %s", first.Find("a").First().AttrOr("href", ""))
	}
	junit := s.Get(doc.Find(".head a[download]").AttrOr("href", "")).Want(200)
	if !strings.Contains(junit.Body, "<testsuite ") || !strings.Contains(junit.Body, demo) {
		t.Errorf("no JUnit: %.200s", junit.Body)
	}
	quiet := shown(s, "/admin/report?client=bg-demo", 200)
	contains(t, quiet, "#grade", "nothing to judge yet")
	contains(t, quiet, "select option[selected]", "bg-demo")
	contains(t, shown(s, "/admin/report?client=nobody", 404), "main", `No client "nobody"`)
}

// A page about a journal that is full is drawn at once, as long as nothing happens.
func BenchmarkScenarios(b *testing.B) {
	s := open(b, server.Options{}, "")
	for i := range 2000 {
		if i%4 == 0 {
			s.token()
		}
		s.Get("/account/info", servertest.Bearer("x"))
	}
	b.Run("list", func(b *testing.B) { look(b, s, "/admin/scenarios") })
	b.Run("report", func(b *testing.B) { look(b, s, "/admin/report") })
}
