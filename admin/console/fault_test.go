package console_test

import (
	"net/url"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

// arm arms a rule and returns its id.
func (s *stage) arm(order object) string {
	s.t.Helper()
	return s.pull("POST", "/faults", order).Want(201).Text("id")
}

func TestFaultsSayWhatTheyDo(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	contains(t, shown(s, "/admin/faults", 200), "main .empty", "Nothing goes wrong here yet", "curl -X POST")
	tests := []struct {
		order                      object
		request, when, then, often string
	}{
		{object{"preset": "refresh-then-500", "when": object{"client": "bg-demo"}}, "token refresh-then-500", "client bg-demo, grant refresh_token", "500, after the commit", "next 1 request"},
		{object{"when": object{"method": "GET", "path": "*/transactions"}, "then": object{"delay": "3s", "spread": "1s"}, "often": object{"percent": 20, "seed": 7, "until": "2026-12-03T17:00:00Z"}},
			"GET */transactions", "always", "delay 3 s ± 1 s", "20 %, seed 7, until 17:00:00"},
		{object{"preset": "401-every-5th"}, "any call 401-every-5th", "with an access token", "token expired", "every 5th, next 4 requests"},
		{object{"preset": "redirect-to-login"}, "any call redirect-to-login", "with an access token", "to the login page", "next 1 request"},
		{object{"preset": "truncated", "when": object{"bank": "berlin"}}, "any call truncated", "bank berlin", "cut after 40 bytes", "next 1 request"},
		{object{"preset": "duplicate-key"}, "token duplicate-key", "when the bank says 200", "access_token twice", "next 1 request"},
		{object{"line": "bank=yoisho; header=X-Reason: tea; strip=Server; type=text/html; cacheable=60s; nth=3; answer=401"}, "any call", "bank yoisho, when the bank says 401, only call number 3",
			"called text/html, X-Reason: tea, without Server, cacheable for 60 s", "next 1 request"},
		{object{"then": object{"drop": true}, "often": object{"after": 2, "next": 3}}, "any call", "always", "close without an answer", "next 3 requests, after 2 requests"},
		{object{"name": hostile, "when": object{"user": hostile}, "then": object{"body": hostile}}, "any call " + hostile, "user " + hostile, "another body", "next 1 request"},
	}
	for _, tt := range tests {
		row := "#f-" + s.arm(tt.order)
		doc := shown(s, "/admin/faults", 200)
		harmless(t, doc)
		for label, want := range map[string]string{".lead": tt.request, `[data-l="When"]`: tt.when, `[data-l="Then"]`: tt.then, `[data-l="How often"]`: tt.often, `[data-l="State"]`: "armed", `[data-l="Hits"]`: "0"} {
			if got := said(doc, row+" "+label); got != want {
				t.Errorf("%v: %s says %q, want %q", tt.order, label, got, want)
			}
		}
		if to := doc.Find(row+` [data-l="Hits"] a`).AttrOr("href", ""); to != "/admin/inspector?fault="+row[3:] {
			t.Errorf("hits lead to %s", to)
		}
	}
	contains(t, shown(s, "/admin/faults", 200), ".head .badge", "9 armed")
}

func TestFaultIsBuiltFromFields(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/faults", 200)
	const form = "#new form"
	for _, tt := range []struct{ field, value, says string }{
		{"then.status", "boo", "a whole number does"}, {"then.delay", "soon", "no duration"}, {"when.path", "accounts", "begins with a slash"}, {"often.percent", "200", "between 0 and 100"},
		{"then.mutate", "paint it black", "none of set"}, {"then.headers", "tea", `write "Name: value"`},
	} {
		wrong := pressed(s, doc, form, 422, "then.type", "text/plain", tt.field, tt.value)
		field := wrong.Find(`#new [name="` + tt.field + `"]`)
		if field.AttrOr("aria-invalid", "") != "true" || wrong.Find("#"+field.AttrOr("aria-describedby", "none")).Length() != 1 {
			t.Errorf("%s=%s is not told at its field", tt.field, tt.value)
		}
		contains(t, wrong, "#new .err", tt.says)
		if details := field.Closest("details"); details.Length() == 1 && details.AttrOr("open", "no") == "no" {
			t.Errorf("%s is hidden", tt.field)
		}
		if wrong.Find("#failed").Length() != 1 || wrong.Find(`[name=line][aria-invalid]`).Length() > 0 {
			t.Error("the refusal stands at another form")
		}
	}
	pressed(s, doc, form, 422) // nothing at all does nothing to a call

	pressed(s, doc, form, 303, "when.bank", "yoisho", "when.op", "home", "then.status", "418", "then.body", `{"a":1,"b":2}`, "then.headers", "X-Reason: tea\nX-Pot: 2", "then.mutate", "", "then.type", "application/json", "often.next", "2")
	a := s.Get("/account/home").Want(418)
	if a.Body != `{"a":1,"b":2}` || a.Header.Get("X-Reason") != "tea" || a.Header.Get("X-Pot") != "2" {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	contains(t, shown(s, "/admin/faults", 200), `#f-f_1 [data-l="How often"]`, "next 2 requests, 1 left")
	pressed(s, doc, form, 303, "when.op", "token", "when.answer", "200", "then.mutate", `set expires_in "soon, or later"`)
	contains(t, shown(s, "/admin/faults/f_2", 200), "main .code", `mutate="set expires_in \"soon, or later\""`)
}

func TestFaultIsPausedEditedTriedAndDisarmed(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	id := s.arm(object{"when": object{"bank": "yoisho", "op": "home", "nth": 2}, "then": object{"status": 503}})
	row := "#f-" + id
	doc := pressed(s, shown(s, "/admin/faults", 200), row+` form[action$="/changeFault"]`, 303)
	contains(t, doc, row+" .badge", "paused")
	if doc.Find("header .alarm").Length() > 0 {
		t.Error("a paused rule counts as armed")
	}
	doc = pressed(s, doc, row+` form[action$="/changeFault"]`, 303)
	contains(t, doc, row+" .badge", "armed")

	edit := shown(s, "/admin/faults/"+id, 200)
	contains(t, edit, ".head", "Rule "+id, "0 hits of 0 calls")
	doc = pressed(s, edit, "main form:has([name='then.status'])", 303, "when.bank", "", "when.op", "", "when.nth", "0", "then.status", "500")
	contains(t, doc, row+" .lead", "any call")
	contains(t, doc, row+` [data-l="Then"]`, "500")
	contains(t, pressed(s, edit, "main form:has([name='then.status'])", 422, "then.status", "99"), ".err", "no status")

	doc = pressed(s, doc, row+` form[action$="/tryFault"]`, 303)
	contains(t, doc, row+` [data-l="Hits"]`, "0")
	contains(t, doc, row+" .badge", "armed")
	contains(t, doc, "#tried", "Rule "+id, "the inspector")
	s.Get("/account/home")
	doc = shown(s, "/admin/faults", 200)
	contains(t, doc, row+` [data-l="Hits"]`, "1")
	contains(t, doc, row+" .badge", "spent")
	doc = pressed(s, doc, row+` form[action$="/armFault"]`, 303)
	contains(t, doc, "#f-f_2 .badge", "armed")
	doc = pressed(s, doc, "#f-f_2 .k-revoke form", 303)
	if doc.Find("#f-f_2").Length() > 0 {
		t.Error("the rule is there still")
	}
	s.pull("POST", "/undo", nil).Want(200)
	doc = pressed(s, shown(s, "/admin/faults", 200), `.head form`, 303)
	if doc.Find(".head form").Length() > 0 {
		t.Error("something is armed still")
	}
	shown(s, "/admin/faults/f_99", 404)
}

func TestFaultsFromPresetsLinesAndRequests(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/faults", 200)
	if n := doc.Find("#presets li").Length(); n < 29 {
		t.Errorf("%d presets", n)
	}
	if n := shown(s, "/admin/faults?q=e69", 200).Find("#presets li").Length(); n != 4 {
		t.Errorf("%d presets of E69", n)
	}
	harmless(t, shown(s, "/admin/faults?q="+url.QueryEscape(hostile), 200))
	pressed(s, doc, "#preset-token-503 form", 303)
	contains(t, pressed(s, doc, `main form:has([name=line])`, 422, "line", "op=token; colour=red"), "main .err", `there is no key "colour"`)
	doc = pressed(s, doc, `main form:has([name=line])`, 303, "line", "op=token; delay=2s; next=2")
	contains(t, doc, "#f-f_2", "delay 2 s", "next 2 requests")

	narrow := shown(s, "/admin/faults/new?preset=401-every-5th", 200)
	contains(t, narrow, "[data-form]", "One refresh for all calls", "E64", "every=5")
	doc = pressed(s, narrow, "main form", 303, "when.bank", "berlin", "when.client", "bg-demo")
	contains(t, doc, "#f-f_3", "401-every-5th", "bank berlin, client bg-demo, with an access token", "every 5th")
	copied := shown(s, "/admin/faults/new?"+url.Values{"line": {`op=token; body=""; status=401`}, "bank": {"berlin"}}.Encode(), 200)
	contains(t, copied, "main .note", "empty body")
	if v := filled(t, copied.Find("main form")); v.Get("when.op") != "token" || v.Get("when.bank") != "berlin" || v.Get("then.status") != "401" {
		t.Errorf("%v", v)
	}
	shown(s, "/admin/faults/new?line=colour%3Dred", 422)
	shown(s, "/admin/faults/new?preset=none", 404)

	spoiled := servertest.Header("X-Sandbox-Fault", "status=418")
	s.Get("/account/home", spoiled).Want(200)
	doc = pressed(s, doc, `main form[action$="/switchFaults"]`, 303)
	contains(t, doc, "main", "Allowed: a request", "X-Sandbox-Fault: status=503")
	s.Get("/account/home", spoiled).Want(418)
}

func BenchmarkFaultsPage(b *testing.B) {
	s := open(b, server.Options{}, "")
	for range 20 {
		s.arm(object{"preset": "truncated"})
	}
	for b.Loop() {
		s.Get("/admin/faults").Want(200)
	}
}
