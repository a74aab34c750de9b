package admin_test

import (
	"encoding/xml"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/report"
	"sandbank/server/servertest"
)

// card is the report card of one client.
func (d *desk) card(query string) report.Card {
	d.t.Helper()
	var list admin.ReportList
	d.pull("GET", "/report?"+query, nil).Want(200).Into(&list)
	if len(list.Items) != 1 {
		d.t.Fatalf("%d cards", len(list.Items))
	}
	return list.Items[0]
}

func ruleOf(t *testing.T, c report.Card, id string) report.Result {
	t.Helper()
	i := slices.IndexFunc(c.Rules, func(r report.Result) bool { return r.Rule == id })
	if i < 0 {
		t.Fatalf("there is no rule %s", id)
	}
	return c.Rules[i]
}

// manners are how a good and a bad client behave where a rule has something to judge.
type manners struct {
	rule, bank string
	good, bad  func(*app)
}

// asks opens the bank's authorization page; more is the rest of the query.
func (a *app) asks(more string) {
	a.t.Helper()
	path := map[string]string{"berlin": "/oauth2/authorize", "sparebank1": "/oauth/authorize", "yoisho": "/account/authorize"}[a.bank]
	a.Get(path + "?response_type=code&client_id=" + clientOf(a.bank).id + more)
}

// pass lets time pass, and then makes the call.
func (a *app) pass(d time.Duration) int {
	a.t.Helper()
	a.Advance(d)
	return a.call()
}

func (a *app) fault(line string) {
	a.t.Helper()
	a.pull("POST", "/faults", map[string]string{"line": line}).Want(201)
}

const withPKCE = "&redirect_uri=" + callback + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"

func tokenManners() []manners {
	return []manners{
		{"refreshes", "berlin", func(a *app) {
			a.login().pass(time.Hour)
			a.renew()
			a.took().call()
		}, func(a *app) {
			a.login().pass(time.Hour)
			for range 3 {
				a.pass(time.Second)
			}
		}},
		{"refresh-window", "berlin", func(a *app) {
			a.login().pass(55 * time.Minute)
			a.renew()
		}, func(a *app) {
			a.login().pass(5 * time.Minute)
			a.renew()
		}},
		{"no-refresh-on-403", "berlin", func(a *app) {
			a.login()
			a.pull("POST", "/consents/"+a.consent+"/revoke", nil).Want(200)
			a.call()
			a.login().call()
		}, func(a *app) {
			a.login()
			a.pull("POST", "/consents/"+a.consent+"/revoke", nil).Want(200)
			a.call()
			a.renew()
		}},
		{"rotated-token", "berlin", func(a *app) {
			a.login()
			for range 2 {
				a.pass(time.Hour)
				a.renew()
				a.took()
			}
		}, func(a *app) {
			old := a.login().refresh
			a.pass(time.Hour)
			a.renew()
			a.pass(time.Second)
			a.renew(old)
		}},
		{"single-flight", "berlin", func(a *app) {
			a.login().pass(time.Hour)
			a.call()
			a.renew()
		}, func(a *app) {
			a.login()
			a.fault("op=token; delay=300ms; next=2")
			a.clock(`{"freeze":false}`)
			var both sync.WaitGroup
			for range 2 {
				one := *a
				both.Go(func() { one.renew() })
			}
			both.Wait()
			a.clock(`{"freeze":true}`)
		}},
		{"invalid-grant", "berlin", func(a *app) {
			a.login().pass(91 * 24 * time.Hour)
			a.renew()
			a.login().call()
		}, func(a *app) {
			a.login().pass(91 * 24 * time.Hour)
			a.renew()
			a.Advance(time.Minute)
			a.renew()
		}},
	}
}

func callManners() []manners {
	secret := servertest.Basic("bg-demo", "bg-demo-secret")
	return []manners{
		{"retry-401", "berlin", func(a *app) {
			a.login().pass(time.Hour)
			a.renew()
			a.took().call()
		}, func(a *app) {
			a.login().pass(time.Hour)
			a.call()
			a.call()
		}},
		{"retry-after", "berlin", func(a *app) {
			a.login().fault("op=accounts; status=429; retry-after=5s")
			a.call()
			a.pass(5 * time.Second)
		}, func(a *app) {
			a.login().fault("op=accounts; status=429; retry-after=date:5s")
			a.call()
			a.pass(4 * time.Second)
		}},
		{"backoff", "berlin", func(a *app) {
			a.login().fault("op=accounts; status=503; next=2")
			for _, pause := range []time.Duration{0, 2 * time.Second, 5 * time.Second} {
				a.pass(pause)
			}
		}, func(a *app) {
			a.login().fault("op=accounts; status=503; next=2")
			for range 3 {
				a.pass(100 * time.Millisecond)
			}
		}},
		{"code-once", "berlin", func(a *app) { a.login() }, func(a *app) {
			code := a.code()
			a.swap(code)
			a.swap(code)
		}},
		{"state", "berlin", func(a *app) {
			a.asks(withPKCE + "&state=a1")
			a.asks(withPKCE + "&state=b2")
		}, func(a *app) { a.asks(withPKCE) }},
		{"pkce", "berlin", func(a *app) { a.asks(withPKCE + "&state=c3") }, func(a *app) { a.asks("&redirect_uri=" + callback + "&state=d4") }},
		{"redirect-uri", "yoisho", func(a *app) { a.asks("&redirect_uri=http://localhost:8050/client") }, func(a *app) { a.asks("&redirect_uri=http://app.example/cb") }},
		{"token-in-query", "berlin", func(a *app) { a.login().call() }, func(a *app) {
			a.Do("POST", "/oauth2/token?refresh_token="+a.login().refresh, "grant_type=refresh_token", secret, servertest.Header("Content-Type", "application/x-www-form-urlencoded"))
		}},
	}
}

func TestReportRules(t *testing.T) {
	t.Parallel()
	all := append(tokenManners(), callManners()...)
	for _, m := range all {
		t.Run(m.rule, func(t *testing.T) {
			t.Parallel()
			for verdict, act := range map[report.Verdict]func(*app){report.Passed: m.good, report.Failed: m.bad} {
				d := open(t, server.Options{}, admin.Options{})
				id := clientOf(m.bank).id
				if r := ruleOf(t, d.card("client="+id), m.rule); r.Verdict != report.Unseen {
					t.Errorf("before anything was sent: %s", r.Verdict)
				}
				act(d.app(m.bank))
				r := ruleOf(t, d.card("client="+id), m.rule)
				if r.Verdict != verdict || r.Seen+r.Offences == 0 || (r.Offences > 0) != (verdict == report.Failed) || len(r.Evidence) != r.Offences {
					t.Errorf("%+v, want %s", r, verdict)
				}
				for _, e := range r.Evidence {
					if entry := d.pull("GET", "/journal/"+num(int(e.Entry)), nil).Want(200).JSON(); e.Why == "" || !strings.HasPrefix(entry["target"].(string), e.Path) {
						t.Errorf("evidence %+v is not entry %v", e, entry["target"])
					}
				}
			}
		})
	}
	d := open(t, server.Options{}, admin.Options{})
	for _, r := range d.card("client=bg-demo").Rules {
		if r.Rule != "certificate" && !slices.ContainsFunc(all, func(m manners) bool { return m.rule == r.Rule }) {
			t.Errorf("rule %s has no test", r.Rule)
		}
	}
}

// Who goes on over a bad certificate is flagged, request by request. Over a good one the rule does not apply, so that it costs nobody the A.
func TestReportOfCertificates(t *testing.T) {
	t.Parallel()
	d := open(t, secure(), admin.Options{})
	a := d.app("berlin").login()
	applicable := d.card("client=bg-demo").Applicable
	if r := ruleOf(t, d.card("client=bg-demo"), "certificate"); r.Verdict != report.Exempt || r.Seen != 0 {
		t.Errorf("over a good one: %+v", r)
	}
	d.pull("POST", "/scenarios/E77", nil).Want(200)
	d.Idle()
	a.call()
	c := d.card("client=bg-demo")
	if r := ruleOf(t, c, "certificate"); r.Verdict != report.Failed || r.Offences != 1 || !strings.Contains(r.Evidence[0].Why, "has expired") || c.Applicable != applicable+1 {
		t.Errorf("over a bad one: %+v", r)
	}
}

// One client that does everything right gets an A; each broken rule costs a letter, a grave one two; and what was not seen is no pass.
func TestGrades(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	a := d.app("berlin")
	if c := d.card("client=bg-demo"); c.Grade != "" || c.Seen != 0 || c.Requests != 0 {
		t.Errorf("before anything: %+v", c)
	}
	a.login().call()
	if c := d.card("client=bg-demo"); c.Grade != "C" || c.Failed != 0 {
		t.Errorf("hardly seen: grade %s, %d of %d", c.Grade, c.Seen, c.Applicable)
	}
	good := append(tokenManners(), callManners()...)
	for _, m := range good {
		d.Advance(time.Hour)
		if m.rule == "redirect-uri" {
			a.asks(withPKCE + "&state=e5")
			continue
		}
		m.good(a)
	}
	c := d.card("client=bg-demo")
	for _, r := range c.Rules {
		if r.Verdict != report.Passed && r.Rule != "certificate" { // who does well there is never seen
			t.Errorf("%s: %s, %+v", r.Rule, r.Verdict, r.Evidence)
		}
	}
	if c.Grade != "A" || c.Seen != c.Applicable || !slices.Equal(c.Banks, []string{"berlin"}) {
		t.Errorf("grade %s, %d of %d seen", c.Grade, c.Seen, c.Applicable)
	}
	a.asks("&redirect_uri=" + callback + "&state=f6")
	if c := d.card("client=bg-demo"); c.Grade != "B" || c.Failed != 1 {
		t.Errorf("without PKCE: %s", c.Grade)
	}
	code := a.code()
	a.swap(code)
	a.swap(code)
	if c := d.card("client=bg-demo"); c.Grade != "D" || c.Failed != 2 {
		t.Errorf("and a code twice: %s", c.Grade)
	}
}

// The tutorial of SpareBank 1: it starts over at each Unauthorized, never refreshes, and compares texts. What shows on the wire is flagged.
func TestTheTutorialsSins(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	a := d.app("sparebank1")
	tutorial := func() {
		page := d.Browser().Get("/oauth/authorize?client_id=sb1-demo&response_type=code&finInst=fid-smn&state=0e7a3a52-5d0b-4d0c-8f0e-3f4b7a3c9d11&redirect_uri="+callback).
			Submit("login", "dave", "password", "x")
		a.swap(page.Submit("demo", page.Doc.Find("button[name=demo]").AttrOr("value", "")).Param("code"))
		a.took()
	}
	tutorial()
	a.get("/personal/banking/accounts/default").Want(200)
	d.Advance(10 * time.Minute)
	a.get("/personal/banking/accounts/default").Want(401)
	tutorial()
	a.get("/personal/banking/accounts/default").Want(200)
	c := d.card("client=sb1-demo")
	for rule, want := range map[string]report.Verdict{"refreshes": report.Failed, "refresh-window": report.Unseen, "retry-401": report.Passed,
		"state": report.Passed, "pkce": report.Exempt, "code-once": report.Passed, "token-in-query": report.Passed} {
		if r := ruleOf(t, c, rule); r.Verdict != want {
			t.Errorf("%s: %s %+v, want %s", rule, r.Verdict, r.Evidence, want)
		}
	}
	if r := ruleOf(t, c, "refreshes"); len(r.Evidence) != 1 || r.Evidence[0].Path != "/oauth/authorize" || r.Evidence[0].Cause == 0 {
		t.Errorf("evidence %+v", r.Evidence)
	}
}

// A client that never got the new refresh token may send the old one; nor is it to blame for what a lever replays.
func TestReportBlamesTheClientAlone(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	a := d.app("s2s").login()
	a.pass(1095 * time.Second)
	a.fault("op=token; where=after; status=500")
	a.renew()
	d.Advance(10 * time.Second)
	a.renew()
	if r := ruleOf(t, d.card("client=s2s-demo"), "rotated-token"); r.Verdict == report.Failed {
		t.Errorf("the answer was lost: %+v", r.Evidence)
	}
	a.login()
	a.pass(1095 * time.Second)
	a.renew()
	of := d.Last().ID
	d.Advance(time.Minute)
	d.pull("POST", "/journal/"+num(int(of))+"/replay", nil).Want(200)
	if r := ruleOf(t, d.card("client=s2s-demo"), "rotated-token"); r.Verdict == report.Failed {
		t.Errorf("a lever replayed it: %+v", r.Evidence)
	}
	dave, jane := d.app("berlin").login(), d.app("berlin")
	jane.user = "jane"
	dave.pass(time.Hour)
	jane.login().call()
	dave.renew()
	if r := ruleOf(t, d.card("client=bg-demo"), "refreshes"); r.Verdict != report.Passed {
		t.Errorf("another person logged in meanwhile: %s %+v", r.Verdict, r.Evidence)
	}
	y := d.app("yoisho")
	y.login().call()
	c := d.card("client=" + yoishoID)
	for rule, want := range map[string]report.Verdict{"token-in-query": report.Passed, "state": report.Exempt, "rotated-token": report.Exempt, "single-flight": report.Exempt} {
		if r := ruleOf(t, c, rule); r.Verdict != want {
			t.Errorf("yoisho, %s: %s %+v, want %s", rule, r.Verdict, r.Evidence, want)
		}
	}
}

func TestReportOfAllClients(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.app("s2s").login().call()
	after := d.Last().ID
	a := d.app("berlin")
	code := a.code()
	a.swap(code)
	a.swap(code)
	var list admin.ReportList
	d.pull("GET", "/report", nil).Want(200).Into(&list)
	if len(list.Items) != 2 || list.Items[0].Client != "bg-demo" || list.Items[1].Client != "s2s-demo" || list.Items[1].Requests != 3 {
		t.Errorf("%d cards: %+v", len(list.Items), list.Items)
	}
	for query, want := range map[string]int{"?bank=s2s": 1, "?since=" + num(int(after)): 1, "?since=1h": 2, "?since=2031-01-01T00:00:00Z": 0} {
		var some admin.ReportList
		d.pull("GET", "/report"+query, nil).Want(200).Into(&some)
		if len(some.Items) != want {
			t.Errorf("%s: %d cards, want %d", query, len(some.Items), want)
		}
	}
	d.pull("GET", "/report?client=nobody", nil).Want(404)
	for _, query := range []string{"bank=nobank", "format=pdf", "since=soon"} {
		d.pull("GET", "/report?"+query, nil).Want(422)
	}
}

func TestReportAsJUnit(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	a := d.app("berlin")
	code := a.code()
	a.swap(code)
	a.swap(code)
	a.try(url.Values{"grant_type": {"<&>"}})
	answer := d.pull("GET", "/report?client=bg-demo&format=junit", nil).Want(200)
	if kind := answer.Header.Get("Content-Type"); kind != "application/xml; charset=utf-8" {
		t.Errorf("type %s", kind)
	}
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name    string `xml:"name,attr"`
			Skipped int    `xml:"skipped,attr"`
			Cases   []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(answer.Body), &suites); err != nil {
		t.Fatal(err)
	}
	failed, skipped := []string{}, 0
	for _, c := range suites.Suites[0].Cases {
		if c.Skipped != nil {
			skipped++
		}
		if c.Failure != nil {
			failed = append(failed, c.Name)
			if !strings.Contains(c.Failure.Message, "E43") || !strings.Contains(c.Failure.Text, "POST /oauth2/token → 400: the code had been sent before") {
				t.Errorf("failure %+v", c.Failure)
			}
		}
	}
	if suites.Failures != 1 || len(failed) != 1 || suites.Tests != len(suites.Suites[0].Cases) || skipped != suites.Suites[0].Skipped || suites.Suites[0].Name != "bg-demo" {
		t.Errorf("%v failed, %d skipped: %s", failed, skipped, answer.Body)
	}
}
