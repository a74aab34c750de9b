package berlin_test

import (
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

const day = 24 * time.Hour

// The story of sources/accounts-bg.txt, from the first call to the last sentence.
func TestTheDocumentFromConsentToExpiry(t *testing.T) {
	t.Parallel()
	b := start(t)

	created := b.do("POST", "/consent", wholeAsk).Want(201)
	consent := created.Text("consentId")
	if created.Text("consentStatus") != "received" || created.Header.Get("Location") != b.URL()+"/consent/"+consent || created.Header.Get("ASPSP-SCA-Approach") != "REDIRECT" {
		t.Errorf("%v %s", created.Header, created.Body)
	}

	page := b.Browser().Get(authorizeURL("consentId", consent, "state", "a+b=c&d/e%"))
	if got := page.Doc.Find("h1").Text(); got != "Log in to let an app see your accounts" {
		t.Errorf("heading %q", got)
	}
	page = page.Submit("login", "jane", "password", "whatever")
	if got := page.Doc.Find("h1").Text(); got != "Accounts BG demo asks to see your accounts" {
		t.Errorf("heading %q", got)
	}
	page = page.Submit()
	if page.Status != 303 || page.Param("state") != "a+b=c&d/e%" || !strings.HasPrefix(page.Away.String(), back+"?code=") {
		t.Fatalf("%d %v", page.Status, page.Away)
	}

	tokens := b.exchange(page.Param("code")).Want(200)
	access, refresh := tokens.Text("access_token"), tokens.Text("refresh_token")
	if got := b.get("/consent/"+consent+"/status", servertest.Bearer(access)).Want(200).Text("consentStatus"); got != "valid" {
		t.Errorf("the consent is %s", got)
	}

	var list struct {
		Accounts []struct{ ResourceID, IBAN, Currency string }
	}
	b.get("/v1/accounts", servertest.Bearer(access)).Want(200).Into(&list)
	if len(list.Accounts) != 2 || list.Accounts[0].ResourceID != current || list.Accounts[1].IBAN != savingsIBAN {
		t.Fatalf("consented accounts: %+v", list)
	}
	b.get("/v1/accounts/"+current+"/balances", servertest.Bearer(access)).Want(200)
	b.get("/v1/accounts/"+current+"/transactions?bookingStatus=both&dateFrom=2026-11-01", servertest.Bearer(access)).Want(200)

	b.Advance(time.Hour)
	b.refused(b.get("/v1/accounts", servertest.Bearer(access)), 401, "TOKEN_EXPIRED")
	tokens = b.refresh(refresh).Want(200)
	if tokens.Text("refresh_token") == refresh {
		t.Error("the refresh token was not rotated")
	}
	b.get("/v1/accounts", servertest.Bearer(tokens.Text("access_token"))).Want(200)

	b.Advance(90 * day)
	oauthError(t, b, b.refresh(tokens.Text("refresh_token")), 400, "invalid_grant")

	// "… your application would have to get your client to initiate a fresh authorization code grant using an existing consent."
	page = b.Browser().Get(authorizeURL("consentId", consent)).Submit("login", "jane")
	if got := page.Doc.Find("h1").Text(); got != "Accounts BG demo asks to see your accounts again" || page.Doc.Find("input[type=checkbox]").Length() != 0 {
		t.Errorf("re-display: %q\n%s", got, page.Body)
	}
	if !strings.Contains(page.Body, "You gave it on 3 December 2026 at 17:45; it stays as it is.") {
		t.Error("the page does not say that the consent was given already")
	}
	tokens = b.exchange(page.Submit().Param("code")).Want(200)
	if tokens.Text("consentId") != consent {
		t.Errorf("another consent: %s", tokens.Body)
	}
	again := b.get("/v1/consents/"+consent, servertest.Bearer(tokens.Text("access_token"))).Want(200)
	if again.Text("consentStatus") != "valid" || again.Text("lastActionDate") != "2026-12-03" {
		t.Errorf("the consent was touched: %s", again.Body)
	}
	b.get("/v1/accounts", servertest.Bearer(tokens.Text("access_token"))).Want(200)
}

func TestThePersonTakesAccessBack(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", wholeAsk)
	b.get("/v1/accounts", servertest.Bearer(g.access)).Want(200)

	browser := b.Browser()
	page := browser.Get("/berlin/connections").Submit("login", "jane", "password", "x")
	revoke, ok := page.Doc.Find("button[name=revoke]").Attr("value")
	if !ok {
		t.Fatalf("nothing to revoke\n%s", page.Body)
	}
	page.Submit("revoke", revoke)

	b.refused(b.get("/v1/accounts", servertest.Bearer(g.access)), 401, "CONSENT_INVALID")
	oauthError(t, b, b.refresh(g.refresh), 400, "invalid_grant")
	if got := b.get("/consent/"+g.consent+"/status", servertest.Basic(id, secret)).Want(200).Text("consentStatus"); got != "revokedByPsu" {
		t.Errorf("the consent is %s", got)
	}
	if away := browser.Get(authorizeURL("consentId", g.consent)); away.Param("error") != "access_denied" {
		t.Errorf("a revoked consent at authorize: %v", away.Away)
	}
}

// The access ends with the consent, also where refresh tokens never end.
func TestThePageTellsTheConsentsEnd(t *testing.T) {
	t.Parallel()
	b := start(t, "berlin.refresh=never")
	b.grant("jane", wholeAsk)
	page := b.Browser().Get("/berlin/connections").Submit("login", "jane", "password", "x")
	if facts := page.Doc.Find("ul.cards dl.facts").Text(); !strings.Contains(facts, "left") || strings.Contains(facts, "you take it back") {
		t.Errorf("the page says %q", facts)
	}
}

func TestTheClientEndsTheConsent(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", wholeAsk)
	for range 2 { // and again, after a lost answer
		a := b.do("DELETE", "/v1/consents/"+g.consent, "", servertest.Bearer(g.access)).Want(204)
		if a.Body != "" || a.Header.Get("Content-Type") != "" {
			t.Errorf("204 with %q, %v", a.Body, a.Header)
		}
	}
	b.refused(b.get("/v1/accounts", servertest.Bearer(g.access)), 401, "CONSENT_INVALID")
	b.refused(b.get("/v1/accounts/"+current+"/balances", servertest.Bearer(g.access)), 401, "CONSENT_INVALID")
	oauthError(t, b, b.refresh(g.refresh), 400, "invalid_grant")
	if got := b.get("/consent/"+g.consent+"/status", servertest.Bearer(g.access)).Want(200).Text("consentStatus"); got != "terminatedByTpp" {
		t.Errorf("the consent is %s", got)
	}
}

// A consent lasts to the end of its last day in Sofia, whatever the tokens say.
func TestTimeEndsTheConsent(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", strings.Replace(wholeAsk, "9999-12-31", "2026-12-04", 1))
	b.Clock().Set(time.Date(2026, 12, 4, 21, 30, 0, 0, time.UTC)) // half past eleven at night
	fresh := b.refresh(g.refresh).Want(200)
	access := fresh.Text("access_token")
	b.Clock().Set(time.Date(2026, 12, 4, 21, 59, 59, 999_999_999, time.UTC))
	b.get("/v1/accounts", servertest.Bearer(access)).Want(200)
	b.Advance(1)
	b.refused(b.get("/v1/accounts", servertest.Bearer(access)), 401, "CONSENT_EXPIRED")
	oauthError(t, b, b.refresh(fresh.Text("refresh_token")), 400, "invalid_grant")
	if got := b.get("/consent/"+g.consent+"/status", servertest.Bearer(access)).Want(200).Text("consentStatus"); got != "expired" {
		t.Errorf("the consent is %s", got)
	}
	page := b.Browser().Get(authorizeURL("consentId", g.consent))
	if page.Param("error") != "access_denied" || page.Param("state") != "s" {
		t.Errorf("an expired consent at authorize: %v", page.Away)
	}
}

func TestANewRecurringConsentReplacesTheFormer(t *testing.T) {
	t.Parallel()
	b := start(t)
	old := b.grant("jane", wholeAsk)
	other := b.grant("dave", wholeAsk)
	once := b.grant("jane", onceAsk)
	b.get("/v1/accounts", servertest.Bearer(old.access)).Want(200)

	page := b.Browser().Get(authorizeURL("consentId", b.ask(globalAsk))).Submit("login", "jane")
	if !strings.Contains(page.Body, "What you allow now replaces what you allowed Accounts BG demo before.") {
		t.Error("the page does not warn")
	}
	b.get("/v1/accounts", servertest.Bearer(old.access)).Want(200) // until it is authorised
	access := b.exchange(page.Submit().Param("code")).Want(200).Text("access_token")

	b.refused(b.get("/v1/accounts", servertest.Bearer(old.access)), 401, "CONSENT_EXPIRED")
	oauthError(t, b, b.refresh(old.refresh), 400, "invalid_grant")
	if got := b.get("/consent/"+old.consent+"/status", servertest.Bearer(access)).Want(200).Text("consentStatus"); got != "expired" {
		t.Errorf("the former consent is %s", got)
	}
	for name, g := range map[string]grant{"another person's": other, "a one-off": once} {
		if a := b.get("/v1/accounts", servertest.Bearer(g.access)); a.Status != 200 {
			t.Errorf("%s consent went too: %s", name, a.Body)
		}
	}
}

func TestDenyRejectsTheConsent(t *testing.T) {
	t.Parallel()
	b := start(t)
	for name, press := range map[string]func(consent string) *servertest.Page{
		"on the consent page": func(c string) *servertest.Page {
			return b.allow("jane", authorizeURL("consentId", c), "deny", "1")
		},
		"before logging in": func(c string) *servertest.Page {
			return b.Browser().Get(authorizeURL("consentId", c)).Submit("deny", "1")
		},
	} {
		consent := b.ask(wholeAsk)
		page := press(consent)
		if page.Status != 303 || page.Param("error") != "access_denied" || page.Param("state") != "s" || page.Param("code") != "" {
			t.Errorf("%s: %d %v", name, page.Status, page.Away)
		}
		if got := b.get("/consent/"+consent, servertest.Basic(id, secret)).Want(200).Text("consentStatus"); got != "rejected" {
			t.Errorf("%s: the consent is %s", name, got)
		}
		if again := b.Browser().Get(authorizeURL("consentId", consent)); again.Param("error") != "access_denied" {
			t.Errorf("%s: a rejected consent at authorize: %v", name, again.Away)
		}
	}
	// No to a fresh code leaves what was given before as it was.
	g := b.grant("jane", wholeAsk)
	if page := b.allow("jane", authorizeURL("consentId", g.consent), "deny", "1"); page.Param("error") != "access_denied" {
		t.Errorf("%v", page.Away)
	}
	b.get("/v1/accounts", servertest.Bearer(g.access)).Want(200)
}

// A client that knows OAuth and nothing of consents gets on all the same.
func TestPlainOAuthMakesABankOfferedConsent(t *testing.T) {
	t.Parallel()
	b := start(t)
	page := b.Browser().Get(authorizeURL()).Submit("demo", "jane")
	if n := page.Doc.Find("input[type=checkbox]").Length(); n != 5 {
		t.Fatalf("%d accounts to choose from", n)
	}
	a := b.exchange(page.Submit("account", dollar).Param("code")).Want(200)
	access, consent := a.Text("access_token"), a.Text("consentId")
	got := b.get("/v1/consents/"+consent, servertest.Bearer(access)).Want(200)
	want := `{"access":{"accounts":[{"iban":"` + dollarIBAN + `","currency":"USD"}],"balances":[{"iban":"` + dollarIBAN + `","currency":"USD"}],"transactions":[{"iban":"` + dollarIBAN +
		`","currency":"USD"}]},"recurringIndicator":true,"validUntil":"2027-06-01","frequencyPerDay":4,"lastActionDate":"2026-12-03","consentStatus":"valid","_links":{"account":{"href":"` + b.URL() + `/v1/accounts"}}}`
	if got.Body != want {
		t.Errorf("consent\n%s, want\n%s", got.Body, want)
	}
	b.get("/v1/accounts/"+dollar, servertest.Bearer(access)).Want(200)
	b.refused(b.get("/v1/accounts/"+current, servertest.Bearer(access)), 404, "RESOURCE_UNKNOWN")
}

// The bank answers at its native paths and under its own name; what it hands out stays in the base that was used.
func TestBothMounts(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, base := range []string{"", "/berlin"} {
		for _, prefix := range []string{"/consent", "/v1/consents"} {
			created := b.do("POST", base+prefix, wholeAsk).Want(201)
			consent := created.Text("consentId")
			home := b.URL() + base + prefix + "/" + consent
			if created.Header.Get("Location") != home || !strings.Contains(created.Body, `"status":{"href":"`+home+`/status"}`) {
				t.Errorf("%s%s hands out %s %s", base, prefix, created.Header.Get("Location"), created.Body)
			}
			b.get(created.Header.Get("Location")[len(b.URL()):]).Want(200)
			page := b.Browser().Get(base + authorizeURL("consentId", consent))
			if action := page.Doc.Find("form").AttrOr("action", ""); action != base+"/oauth2/authorize/login" {
				t.Errorf("the login form goes to %q", action)
			}
			page = page.Submit("login", "jane")
			if page.URL.Path != base+"/oauth2/authorize/consent" || page.Doc.Find("form").AttrOr("action", "") != page.URL.Path {
				t.Errorf("the consent page is at %v", page.URL)
			}
			access := b.exchange(page.Submit().Param("code")).Want(200).Text("access_token")
			list := b.get(base+"/v1/accounts", servertest.Bearer(access)).Want(200)
			if !strings.Contains(list.Body, `"href":"`+b.URL()+base+`/v1/accounts/`+current+`/balances"`) {
				t.Errorf("links leave the base: %s", list.Body)
			}
		}
	}
}
