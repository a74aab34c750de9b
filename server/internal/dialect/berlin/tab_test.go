package berlin_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

func TestPagesEnd(t *testing.T) {
	t.Parallel()
	b := start(t)
	for name, late := range map[string]time.Duration{"in time": 10*time.Minute - 1, "at the instant": 10 * time.Minute} {
		login := b.Browser().Get(authorizeURL())
		consent := b.Browser().Get(authorizeURL()).Submit("login", "jane")
		b.Advance(late)
		first, second := login.Submit("login", "jane"), consent.Submit()
		if late < 10*time.Minute {
			if first.Status != 200 || second.Param("code") == "" {
				t.Errorf("%s: %d, %v", name, first.Status, second.Away)
			}
			continue
		}
		for _, page := range []*servertest.Page{first, second} {
			if page.Status != 410 || page.Away != nil || !strings.Contains(page.Body, "This page has ended") {
				t.Errorf("%s: %d %v", name, page.Status, page.Away)
			}
		}
	}
}

// RFC 6749 §4.1.2: Back, reload and a double click after the consent bring no second code.
func TestDoubleSubmitAndBack(t *testing.T) {
	t.Parallel()
	b := start(t)
	consent := b.ask(wholeAsk)
	browser := b.Browser()
	login := browser.Get(authorizeURL("consentId", consent))
	page := login.Submit("login", "jane")
	first, second := page.Submit(), page.Submit()
	if first.Param("code") == "" || first.Away.String() != second.Away.String() {
		t.Errorf("a double click: %v, then %v", first.Away, second.Away)
	}
	if denied := page.Submit("deny", "1"); denied.Away == nil || denied.Param("code") != first.Param("code") {
		t.Errorf("deny after allow: %v", denied.Away)
	}
	access := b.exchange(first.Param("code")).Want(200).Text("access_token")
	for name, again := range map[string]*servertest.Page{"allow": page.Submit(), "deny": page.Submit("deny", "1"), "log in": login.Submit("login", "jane"),
		"reload": browser.Get(page.URL.String())} {
		if again.Status != 410 || !strings.Contains(again.Body, "You have answered this already") {
			t.Errorf("%s after the exchange: %d %v", name, again.Status, again.Away)
		}
	}
	b.get("/v1/accounts", servertest.Bearer(access)).Want(200)

	// The other way round: what was denied stays denied.
	page = b.Browser().Get(authorizeURL("consentId", b.ask(wholeAsk))).Submit("login", "jane")
	page.Submit("deny", "1")
	if late := page.Submit(); late.Param("error") != "access_denied" || late.Param("code") != "" {
		t.Errorf("allow after deny: %v", late.Away)
	}
}

// RFC 6749 §4.1.1: two applications in two tabs get their own code and state.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	b := start(t)
	browser := b.Browser()
	one := browser.Get(authorizeURL("state", "one"))
	two := browser.Get(authorizeURL("state", "two", "client_id", spa, "code_challenge", challenge(verifier), "code_challenge_method", "S256"))
	one, two = one.Submit("login", "jane"), two.Submit("login", "dave")
	first, second := one.Submit(), two.Submit()
	if first.Param("state") != "one" || second.Param("state") != "two" || first.Param("code") == second.Param("code") {
		t.Errorf("%v, %v", first.Away, second.Away)
	}
	b.exchange(first.Param("code")).Want(200)
	b.token("grant_type", "authorization_code", "client_id", spa, "client_secret", "", "code", second.Param("code"), "redirect_uri", back, "code_verifier", verifier).Want(200)

	// One consent in two tabs: the second is asked anew, because it is given by then.
	consent := b.ask(wholeAsk)
	one, two = browser.Get(authorizeURL("consentId", consent)).Submit("login", "jane"), browser.Get(authorizeURL("consentId", consent)).Submit("login", "jane")
	if one.Submit("account", savings).Param("code") == "" {
		t.Fatal("no code")
	}
	again := two.Submit("account", current)
	if again.Status != 409 || alert(again) != "This has changed while the page was open. Look again." || again.Doc.Find("input[type=checkbox]").Length() != 0 {
		t.Errorf("the second tab: %d %q", again.Status, alert(again))
	}
	if done := again.Submit(); done.Param("code") == "" {
		t.Errorf("the second tab, once more: %v", done.Away)
	}

	// Somebody else logged in in the same flow: nothing is allowed unseen.
	login := browser.Get(authorizeURL())
	janes := login.Submit("login", "jane")
	login.Submit("login", "dave")
	if mixed := janes.Submit(); mixed.Status != 409 || !strings.Contains(mixed.Doc.Find("aside").Text(), "You are dave") {
		t.Errorf("another person: %d", mixed.Status)
	}
}

func TestTheConsentEndsWhileThePageIsOpen(t *testing.T) {
	t.Parallel()
	b := start(t, "berlin.page=2d")
	end := map[string]func(consent string){
		"deleted":      func(c string) { b.do("DELETE", "/consent/"+c, "", servertest.Basic(id, secret)).Want(204) },
		"unanswered":   func(string) { b.Advance(24 * time.Hour) },
		"its last day": func(string) { b.Clock().Set(b.Clock().Now().Truncate(24 * time.Hour).Add(22 * time.Hour)) },
	}
	for name, how := range end {
		ask := wholeAsk
		if name == "its last day" {
			ask = strings.Replace(wholeAsk, "9999-12-31", b.Clock().Now().Add(2*time.Hour).Format(time.DateOnly), 1)
		}
		consent := b.ask(ask)
		login := b.Browser().Get(authorizeURL("consentId", consent))
		page := b.Browser().Get(authorizeURL("consentId", consent)).Submit("login", "jane")
		how(consent)
		for step, p := range map[string]*servertest.Page{"login": login.Submit("login", "jane"), "consent": page.Submit()} {
			if p.Away == nil || p.Param("error") != "access_denied" || p.Param("state") != "s" {
				t.Errorf("%s, at the %s page: %d %v", name, step, p.Status, p.Away)
			}
		}
	}
}

// RFC 6749 §10.12: consent by a form from another browser or site is refused, and nothing is done.
// RFC 6749 §10.12: consent needs the person's own click.
func TestFormsFromElsewhere(t *testing.T) {
	t.Parallel()
	b := start(t)
	browser := b.Browser()
	page := browser.Get(authorizeURL()).Submit("login", "jane")
	v := servertest.Fields(page.Doc.Find("form"))
	cross := servertest.Header("Sec-Fetch-Site", "cross-site")
	for name, a := range map[string]*servertest.Answer{
		"another browser":  b.Post("/oauth2/authorize/consent", v),
		"another site":     b.Post("/oauth2/authorize/consent", v, cross),
		"login elsewhere":  b.Post("/oauth2/authorize/login", url.Values{"flow": v["flow"], "login": {"dave"}}, servertest.Header("Origin", "https://evil.example")),
		"page by someone":  b.Get("/oauth2/authorize/consent?flow=" + v.Get("flow")),
		"page by a script": b.Get("/oauth2/authorize/consent?flow="+v.Get("flow"), cross),
	} {
		if a.Status != 403 || !strings.Contains(a.Body, "Nothing was done") {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	for name, a := range map[string]*servertest.Answer{"unknown flow": b.Post("/oauth2/authorize/login", url.Values{"flow": {"x"}}), "no flow": b.Get("/oauth2/authorize/consent")} {
		if a.Status != 404 || b.Last().Why == "" {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	if got := browser.Get(page.URL.String() + "&deny=1"); got.Away != nil || got.Status != 200 {
		t.Errorf("a link denied: %v", got.Away)
	}
	if done := page.Submit(); done.Param("code") == "" {
		t.Errorf("afterwards the person cannot go on: %v", done.Away)
	}
	if early := browser.Get(authorizeURL()); browser.Get("/oauth2/authorize/consent?flow="+servertest.Fields(early.Doc.Find("form")).Get("flow")).Doc.Find("input[name=password]").Length() != 1 {
		t.Error("the consent page shows itself to somebody who has not logged in")
	}
}
