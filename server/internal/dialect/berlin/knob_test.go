package berlin_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

// Every knob that the bank lists, on both sides of the instant.
func TestKnobsOfTime(t *testing.T) {
	t.Parallel()
	type stage struct {
		b       *box
		g       grant
		code    string
		consent string
		page    *servertest.Page
	}
	for name, c := range map[string]struct {
		setting string
		life    time.Duration
		try     func(s *stage) bool
	}{
		"code":            {"berlin.code=60s", time.Minute, func(s *stage) bool { return s.b.exchange(s.code).Status == 200 }},
		"code by default": {"", time.Minute, func(s *stage) bool { return s.b.exchange(s.code).Status == 200 }},
		"code, other":     {"berlin.code=7s", 7 * time.Second, func(s *stage) bool { return s.b.exchange(s.code).Status == 200 }},
		"access":          {"", time.Hour, func(s *stage) bool { return s.b.get("/v1/accounts", servertest.Bearer(s.g.access)).Status == 200 }},
		"access, other":   {"berlin.access=5s", 5 * time.Second, func(s *stage) bool { return s.b.get("/v1/accounts", servertest.Bearer(s.g.access)).Status == 200 }},
		"refresh":         {"", 90 * day, func(s *stage) bool { return s.b.refresh(s.g.refresh).Status == 200 }},
		"refresh, other":  {"berlin.refresh=20s", 20 * time.Second, func(s *stage) bool { return s.b.refresh(s.g.refresh).Status == 200 }},
		"consent, other": {"berlin.consent=30s", 30 * time.Second, func(s *stage) bool {
			return s.b.get("/v1/accounts", servertest.Bearer(s.g.access)).Status == 200
		}},
		"unconfirmed":        {"", day, func(s *stage) bool { return s.b.get("/consent/"+s.consent).Text("consentStatus") == "received" }},
		"unconfirmed, other": {"berlin.unconfirmed=30s", 30 * time.Second, func(s *stage) bool { return s.b.get("/consent/"+s.consent).Text("consentStatus") == "received" }},
		"page, other":        {"berlin.page=20s", 20 * time.Second, func(s *stage) bool { return s.page.Submit("login", "jane").Status == 200 }},
	} {
		for _, late := range []bool{false, true} {
			var settings []string
			if c.setting != "" {
				settings = append(settings, c.setting)
			}
			b := start(t, settings...)
			s := &stage{b: b, page: b.Browser().Get(authorizeURL()), consent: b.ask(wholeAsk), g: b.grant("jane", wholeAsk)}
			s.code = b.code("dave", "")
			wait := c.life
			if !late {
				wait--
			}
			b.Advance(wait)
			if ok := c.try(s); ok == late {
				t.Errorf("%s: %v after %s", name, ok, wait)
			}
		}
	}
	b := start(t, "berlin.client-access=9s")
	a := b.token("grant_type", "client_credentials").Want(200)
	bearer := servertest.Bearer(a.Text("access_token"))
	b.Advance(9*time.Second - 1)
	b.do("POST", "/consent", wholeAsk, bearer).Want(201)
	b.Advance(1)
	b.refused(b.do("POST", "/consent", wholeAsk, bearer), 401, "TOKEN_EXPIRED")
	if a.JSON()["expires_in"] != json.Number("9") {
		t.Errorf("%s", a.Body)
	}
}

// The longest validity, by default and by the knob, as GET shows it and as it ends.
func TestKnobOfConsents(t *testing.T) {
	t.Parallel()
	for setting, last := range map[string]string{"": "2027-06-01", "berlin.consent=90d": "2027-03-03", "berlin.consent=never": "9999-12-31"} {
		var settings []string
		if setting != "" {
			settings = append(settings, setting)
		}
		b := start(t, settings...)
		g := b.grant("jane", wholeAsk)
		mine := servertest.Basic(id, secret)
		if got := b.get("/consent/"+g.consent, mine).Text("validUntil"); got != last {
			t.Errorf("%s: validUntil %s", setting, got)
		}
		if setting == "berlin.consent=never" {
			continue
		}
		day, _ := time.ParseInLocation(time.DateOnly, last, sofia(t))
		for at, want := range map[time.Time]string{day.AddDate(0, 0, 1).Add(-1): "valid", day.AddDate(0, 0, 1): "expired"} {
			b.Clock().Set(at)
			if got := b.get("/consent/"+g.consent+"/status", mine).Text("consentStatus"); got != want {
				t.Errorf("%s at %v: %s", setting, at, got)
			}
		}
	}
}

func sofia(t testing.TB) *time.Location {
	zone, err := time.LoadLocation("Europe/Sofia")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestKnobsOfChoice(t *testing.T) {
	t.Parallel()
	b := start(t, "berlin.rotation=keep")
	g := b.grant("jane", wholeAsk)
	for range 2 {
		if got := b.refresh(g.refresh).Want(200).Text("refresh_token"); got != g.refresh {
			t.Errorf("the refresh token changed: %s", got)
		}
	}

	b = start(t, "berlin.access=never", "berlin.refresh=never")
	a := b.exchange(b.code("jane", "")).Want(200)
	for _, field := range []string{"expires_in", "refresh_token_expires_in"} {
		if v, ok := a.JSON()[field]; ok {
			t.Errorf("%s is %v for ever", field, v)
		}
	}

	for setting, want := range map[string]int{"berlin.attempts=2": 403, "berlin.attempts=3": 200} {
		b = with(t, server.Options{Fixtures: "testdata/poor.json"}, setting)
		page := b.Browser().Get(authorizeURL())
		page.Submit("login", "guarded", "password", "x")
		page.Submit("login", "guarded", "password", "x")
		if got := page.Submit("login", "guarded", "password", "right").Status; got != want {
			t.Errorf("%s: the third try is %d", setting, got)
		}
	}

	b = start(t, "berlin.session=30s")
	browser := b.Browser()
	browser.Get("/berlin/connections").Submit("login", "jane")
	b.Advance(30*time.Second - 1)
	if browser.Get("/berlin/connections").Doc.Find("button[name=logout]").Length() != 1 {
		t.Error("signed out too early")
	}
	b.Advance(1)
	if browser.Get("/berlin/connections").Doc.Find("button[name=logout]").Length() != 0 {
		t.Error("still signed in")
	}
}

// The bank's own rule, as a policy: detailed consents with all three lists.
func TestKnobOfConsentModels(t *testing.T) {
	t.Parallel()
	b := start(t, "berlin.consent-models=detailed")
	iban, bban := `[{"iban":"`+currentIBAN+`"}]`, `[{"bban":"SBNK91551000448998"}]`
	for body, path := range map[string]string{
		wholeAsk: "access", globalAsk: "access", listAsk: "access", sumsAsk: "access",
		access(`{"accounts":` + iban + `}`):                                                     "access.balances",
		access(`{"balances":` + iban + `,"transactions":` + iban + `}`):                         "access.accounts",
		access(`{"accounts":` + iban + `,"balances":` + iban + `,"transactions":` + bban + `}`): "access.transactions",
	} {
		a := b.do("POST", "/consent", body).Want(400)
		if !strings.Contains(a.Body, `"path":"`+path+`"`) {
			t.Errorf("%s: %s", body, a.Body)
		}
	}
	b.refused(b.do("POST", "/consent", wholeAsk), 400, "PARAMETER_NOT_SUPPORTED")
	if page := b.Browser().Get(authorizeURL()); page.Param("error") != "invalid_request" {
		t.Errorf("without a consent: %v", page.Away)
	}
	g := b.grant("jane", janeAsk)
	b.get("/v1/accounts", servertest.Bearer(g.access)).Want(200)
}
