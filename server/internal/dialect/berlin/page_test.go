package berlin_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

func alert(p *servertest.Page) string { return strings.TrimSpace(p.Doc.Find("[role=alert]").Text()) }

// RFC 6749 §3.1.2.4: a redirect URI with user info, fragment, script or another host gets a page and no redirect.
func TestAuthorizationRequestsThatAreNotRedirected(t *testing.T) {
	t.Parallel()
	b := start(t)
	for name, target := range map[string]string{
		"no client":          authorizeURL("client_id", ""),
		"unknown client":     authorizeURL("client_id", "nobody"),
		"another bank's":     authorizeURL("client_id", "7b6fc8ed5127b0b2f076d"),
		"no redirect_uri":    authorizeURL("redirect_uri", ""),
		"elsewhere":          authorizeURL("redirect_uri", "https://evil.example/cb"),
		"looks like here":    authorizeURL("redirect_uri", "http://127.0.0.1.evil.example/cb"),
		"user info":          authorizeURL("redirect_uri", "http://127.0.0.1@evil.example/cb"),
		"fragment":           authorizeURL("redirect_uri", back+"#x"),
		"script":             authorizeURL("redirect_uri", "javascript:alert(1)"),
		"redirect_uri twice": authorizeURL() + "&redirect_uri=" + url.QueryEscape(back),
		"client_id twice":    authorizeURL() + "&client_id=" + id,
	} {
		page := b.Browser().Get(target)
		if page.Away != nil || page.Status != 400 || page.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %v", name, page.Status, page.Away)
		}
		if b.Last().Why == "" {
			t.Errorf("%s: the journal does not say why", name)
		}
	}
}

// RFC 6749 §4.1.2.1: unsupported_response_type, invalid_scope and access_denied are redirected with the same state.
// RFC 9700 §2.1.1: a public client without PKCE is refused.
// RFC 7636 §4.4.1: plain, and a challenge without a method, are refused.
func TestAuthorizationRequestsThatAreRedirectedWithAnError(t *testing.T) {
	t.Parallel()
	b := start(t)
	consent := b.ask(wholeAsk)
	gone := b.ask(wholeAsk)
	b.do("DELETE", "/consent/"+gone, "").Want(204)
	old := b.ask(wholeAsk)
	b.Advance(24 * time.Hour)
	open := b.ask(wholeAsk)
	for name, c := range map[string]struct{ target, code string }{
		"no response_type":      {authorizeURL("response_type", ""), "invalid_request"},
		"a token at once":       {authorizeURL("response_type", "token"), "unsupported_response_type"},
		"unknown scope":         {authorizeURL("scope", "AISP PISP"), "invalid_scope"},
		"unknown consent":       {authorizeURL("consentId", "00000000-0000-4000-8000-000000000000"), "invalid_request"},
		"hostile consent":       {authorizeURL("consentId", "'\"><script>"), "invalid_request"},
		"unknown in the scope":  {authorizeURL("scope", "AIS:nothing"), "invalid_request"},
		"scope without an id":   {authorizeURL("scope", "AIS:"), "invalid_scope"},
		"deleted":               {authorizeURL("consentId", gone), "access_denied"},
		"never answered":        {authorizeURL("consentId", old), "access_denied"},
		"two consents":          {authorizeURL("consentId", open, "consent_id", consent), "invalid_request"},
		"twice":                 {authorizeURL("consentId", open) + "&consentId=" + open, "invalid_request"},
		"scope and another":     {authorizeURL("consentId", open, "scope", "AIS:"+consent), "invalid_request"},
		"PKCE plain":            {authorizeURL("code_challenge", strings.Repeat("a", 43), "code_challenge_method", "plain"), "invalid_request"},
		"PKCE without a method": {authorizeURL("code_challenge", strings.Repeat("a", 43)), "invalid_request"},
		"public without PKCE":   {authorizeURL("client_id", spa), "invalid_request"},
		"state twice":           {authorizeURL() + "&state=t", "invalid_request"},
	} {
		page := b.Browser().Get(c.target)
		if page.Away == nil || page.Status != 302 || page.Param("error") != c.code || page.Param("state") != "s" || page.Param("code") != "" {
			t.Errorf("%s: %d %v, want %s", name, page.Status, page.Away, c.code)
		}
		if b.Last().Why == "" {
			t.Errorf("%s: the journal does not say why", name)
		}
	}
}

// The consent's id comes in many ways, and the scope that the token echoes is the one that was asked for.
func TestWhereTheConsentIDStands(t *testing.T) {
	t.Parallel()
	b := start(t)
	for name, c := range map[string]struct {
		pairs func(consent string) []string
		scope func(consent string) string
	}{
		"consentId":       {func(c string) []string { return []string{"consentId", c} }, func(string) string { return "AISP" }},
		"consent_id":      {func(c string) []string { return []string{"consent_id", c, "scope", "AISP"} }, func(string) string { return "AISP" }},
		"scope AIS:":      {func(c string) []string { return []string{"scope", "AIS:" + c} }, func(c string) string { return "AIS:" + c }},
		"PREMIUM_AIS:":    {func(c string) []string { return []string{"scope", "PREMIUM_AIS:" + c} }, func(c string) string { return "PREMIUM_AIS:" + c }},
		"both, in accord": {func(c string) []string { return []string{"scope", "AISP AIS:" + c, "consentId", c} }, func(c string) string { return "AIS:" + c + " AISP" }},
	} {
		consent := b.ask(globalAsk)
		page := b.allow("jane", authorizeURL(c.pairs(consent)...))
		a := b.exchange(page.Param("code")).Want(200)
		if a.Text("consentId") != consent || a.Text("scope") != c.scope(consent) {
			t.Errorf("%s: %s", name, a.Body)
		}
		b.get("/v1/accounts", servertest.Bearer(a.Text("access_token"))).Want(200)
		if got := b.refresh(a.Text("refresh_token")).Want(200).Text("scope"); got != c.scope(consent) {
			t.Errorf("%s: refreshed scope %q", name, got)
		}
	}
}

func TestLoginPage(t *testing.T) {
	t.Parallel()
	b := start(t)
	page := b.Browser().Get(authorizeURL())
	text := page.Doc.Find("main").Text()
	for _, want := range []string{"Accounts BG demo", "127.0.0.1:9000", id, "Choose what to share"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	wrong := page.Submit("login", "Jane", "password", "x")
	if wrong.Status != 401 || alert(wrong) != "Invalid login. Names are case-sensitive; any password will do." {
		t.Errorf("wrong name: %d %q", wrong.Status, alert(wrong))
	}
	if got := wrong.Doc.Find("input[name=login]").AttrOr("value", ""); got != "Jane" {
		t.Errorf("what was typed is %q", got)
	}
	hostile := wrong.Submit("login", `"><script>alert(1)</script>`)
	if hostile.Doc.Find("script:not([src])").Length() != 0 {
		t.Error("a script got in")
	}
	if next := hostile.Submit("login", "jane"); next.Status != 200 || next.URL.Path != "/oauth2/authorize/consent" {
		t.Errorf("then: %d %v", next.Status, next.URL)
	}
	if next := page.Submit("demo", "dave"); !strings.Contains(next.Doc.Find("aside").Text(), "You are dave") {
		t.Error("the strip's button did not log dave in")
	}
}

func TestConsentPageOffersAccounts(t *testing.T) {
	t.Parallel()
	b := start(t)
	consent := b.ask(strings.Replace(wholeAsk, "9999-12-31", "2027-03-03", 1))
	browser := b.Browser()
	page := browser.Get(authorizeURL("consentId", consent)).Submit("login", "jane")
	var got []string
	for _, label := range page.Doc.Find("fieldset label").EachIter() {
		_, on := label.Find("input").Attr("checked")
		_, off := label.Find("input").Attr("disabled")
		got = append(got, strings.Join(strings.Fields(label.Text()), " ")+map[bool]string{true: " on"}[on]+map[bool]string{true: " off"}[off])
	}
	want := []string{"Current accountBG12 SBNK 9155 1000 4489 98€ 4,210.33 on", "SavingsBG18 SBNK 9155 1000 7702 51€ 18,600.00 on",
		"US dollar accountBG35 SBNK 9155 1000 3150 15$ 512.08", "Card accountBG20 SBNK 9155 1000 9041 72blocked off",
		"Home loanBG54 SBNK 9155 1000 6620 30-€ 48,250.00"}
	if !slices.Equal(got, want) {
		t.Errorf("choices\n%q, want\n%q", got, want)
	}
	text := strings.Join(strings.Fields(page.Doc.Find("main").Text()), " ")
	for _, want := range []string{"Access ends on 3 March 2027", "90 days, up to 4 times a day", "Account listName, number, currency", "BalancesYesterday’s and the expected one",
		"It cannot pay, transfer or change anything.", "Consent " + consent + ", asked for on 3 December 2026 at 17:45."} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "replaces") {
		t.Error("there is nothing to replace")
	}

	form := page.Doc.Find("form")
	send := func(ids ...string) *servertest.Page {
		v := servertest.Fields(form)
		v["account"] = ids
		return browser.Send("post", b.URL()+"/oauth2/authorize/consent", v)
	}
	if none := send(); none.Status != 400 || alert(none) != "Choose at least one account, or press Deny." || none.Doc.Find("input[checked]").Length() != 0 {
		t.Errorf("no account: %d %q", none.Status, alert(none))
	}
	for name, account := range map[string]string{"blocked": card, "dave's": daveCurrent, "unknown": "x"} {
		if bad := send(savings, account); bad.Status != 400 || alert(bad) != "One of these accounts cannot be shared." {
			t.Errorf("%s: %d %q", name, bad.Status, alert(bad))
		}
	}
	if done := send(savings, savings); done.Param("code") == "" {
		t.Errorf("savings: %v", done.Away)
	} else if a := b.exchange(done.Param("code")).Want(200); strings.Count(b.get("/v1/accounts", servertest.Bearer(a.Text("access_token"))).Body, "resourceId") != 1 {
		t.Error("not just the savings are shared")
	}
}

func TestConsentPageOfEachModel(t *testing.T) {
	t.Parallel()
	b := start(t)
	for name, c := range map[string]struct {
		body    string
		choices int
		fixed   []string
		asks    []string
		note    string
	}{
		"detailed":             {janeAsk, 0, []string{"Current accountBG12 SBNK 9155 1000 4489 98, balances and transactions€ 4,210.33", "SavingsBG18 SBNK 9155 1000 7702 51, details only€ 18,600.00"}, []string{"Account list", "Balances", "Transactions"}, "90 days, up to 4 times a day"},
		"detailed and blocked": {access(`{"accounts":[{"iban":"` + savingsIBAN + `"},{"iban":"` + cardIBAN + `"}]}`), 0, []string{"SavingsBG18 SBNK 9155 1000 7702 51€ 18,600.00", "Card accountBG20 SBNK 9155 1000 9041 72blocked"}, []string{"Account list"}, "90 days, up to 4 times a day"},
		"offered":              {access(`{"balances":[]}`), 5, nil, []string{"Account list", "Balances"}, "90 days, up to 4 times a day"},
		"offered, restricted":  {access(`{"accounts":[],"restrictedTo":["SVGS"]}`), 1, nil, []string{"Account list"}, "90 days"},
		"global":               {globalAsk, 0, []string{"Current accountBG12 SBNK 9155 1000 4489 98€ 4,210.33", "SavingsBG18 SBNK 9155 1000 7702 51€ 18,600.00", "US dollar accountBG35 SBNK 9155 1000 3150 15$ 512.08", "Card accountBG20 SBNK 9155 1000 9041 72blocked", "Home loanBG54 SBNK 9155 1000 6620 30-€ 48,250.00"}, []string{"Account list", "Balances", "Transactions"}, "90 days"},
		"list":                 {listAsk, 0, []string{"Current accountBG12 SBNK 9155 1000 4489 98€ 4,210.33", "SavingsBG18 SBNK 9155 1000 7702 51€ 18,600.00", "US dollar accountBG35 SBNK 9155 1000 3150 15$ 512.08", "Card accountBG20 SBNK 9155 1000 9041 72blocked", "Home loanBG54 SBNK 9155 1000 6620 30-€ 48,250.00"}, []string{"Account list"}, "90 days"},
		"one-off, today":       {strings.Replace(onceAsk, "2027-03-03", "2026-12-03", 1), 5, nil, []string{"Account list", "Balances", "Transactions"}, "today only, one access"},
		"until tomorrow, once": {strings.Replace(strings.Replace(wholeAsk, ":4", ":1", 1), "9999-12-31", "2026-12-04", 1), 5, nil, []string{"Account list", "Balances", "Transactions"}, "1 day, up to once a day"},
	} {
		page := b.Browser().Get(authorizeURL("consentId", b.ask(c.body))).Submit("login", "jane")
		var fixed, asks []string
		for _, li := range page.Doc.Find("section.acc li").EachIter() {
			fixed = append(fixed, strings.Join(strings.Fields(li.Text()), " "))
		}
		for _, li := range page.Doc.Find("ul.gets li span").EachIter() {
			what, _, _ := strings.Cut(li.Text(), "Name, ")
			for _, known := range []string{"Account list", "Balances", "Transactions"} {
				if strings.HasPrefix(what, known) {
					asks = append(asks, known)
				}
			}
		}
		if n := page.Doc.Find("input[type=checkbox]").Length(); n != c.choices || !slices.Equal(fixed, c.fixed) || !slices.Equal(asks, c.asks) || !strings.Contains(page.Doc.Find("main").Text(), c.note) {
			t.Errorf("%s: %d choices, fixed %q, asks %q\n%s", name, n, fixed, asks, page.Doc.Find(".ends").Text())
		}
		if done := page.Submit(); done.Param("code") == "" && c.choices != 1 {
			t.Errorf("%s: %v %s", name, done.Away, alert(done))
		}
	}
	named := b.Browser().Get(authorizeURL("consentId", b.ask(sumsAsk))).Submit("login", "jane")
	if !strings.Contains(named.Doc.Find("main").Text(), "Name, number, currency, owner") {
		t.Error("the page does not say that the owner's name is told")
	}
}

// Someone else's account in a detailed consent is found out when the person logs in.
func TestADetailedConsentForSomebodyElsesAccounts(t *testing.T) {
	t.Parallel()
	b := start(t)
	for name, body := range map[string]string{
		"dave's":   access(`{"accounts":[{"iban":"` + currentIBAN + `"},{"iban":"` + daveIBAN + `"}]}`),
		"nobody's": access(`{"balances":[{"iban":"DE89370400440532013000"}]}`),
		"currency": access(`{"accounts":[{"iban":"` + currentIBAN + `","currency":"USD"}]}`),
	} {
		consent := b.ask(body)
		page := b.Browser().Get(authorizeURL("consentId", consent)).Submit("login", "jane")
		if page.Status != 403 || !strings.Contains(alert(page), "which is not yours. Log in as its owner, or press Deny.") {
			t.Errorf("%s: %d %q", name, page.Status, alert(page))
		}
		if denied := page.Submit("deny", "1"); denied.Param("error") != "access_denied" {
			t.Errorf("%s: %v", name, denied.Away)
		}
	}
	blocked := b.Browser().Get(authorizeURL("consentId", b.ask(access(`{"accounts":[{"iban":"`+cardIBAN+`"}]}`)))).Submit("login", "jane").Submit()
	if blocked.Status != 400 || alert(blocked) != "None of these accounts can be shared." {
		t.Errorf("a blocked account alone: %d %q", blocked.Status, alert(blocked))
	}
}

// RFC 6749 §3.1.2: code is appended to the query that a redirect URI has.
func TestRedirectURIsKeepTheirQueryAndStateIsNotInvented(t *testing.T) {
	t.Parallel()
	b := start(t)
	page := b.allow("jane", authorizeURL("redirect_uri", "http://localhost:1234/x?a=1", "state", ""))
	if got := page.Away.String(); !strings.HasPrefix(got, "http://localhost:1234/x?a=1&code=") || strings.Contains(got, "state") {
		t.Errorf("sent to %s", got)
	}
	b.exchange(page.Param("code"), "redirect_uri", "http://localhost:1234/x?a=1").Want(200)
}

func TestAPersonWithoutAccounts(t *testing.T) {
	t.Parallel()
	b := with(t, server.Options{Fixtures: "testdata/poor.json"})
	if page := b.allow("poor", authorizeURL()); page.Status != 400 || alert(page) != "You have no account that can be shared." {
		t.Errorf("%d %q", page.Status, alert(page))
	}
	g := b.grant("poor", globalAsk)
	if a := b.get("/v1/accounts", servertest.Bearer(g.access)).Want(200); a.Body != `{"accounts":[]}` {
		t.Errorf("%s", a.Body)
	}
	if page := b.Browser().Get(authorizeURL()).Submit("login", "locked"); page.Status != 403 || !strings.Contains(alert(page), "This user is locked.") {
		t.Errorf("locked: %d %q", page.Status, alert(page))
	}
	if page := b.Browser().Get(authorizeURL("client_id", "hostile", "redirect_uri", "https://app.example/cb")).Submit("login", "poor"); page.Doc.Find("b script, h1 script").Length() != 0 || !strings.Contains(page.Doc.Find("h1").Text(), "<script>") {
		t.Errorf("the client's name is %q", page.Doc.Find("h1").Text())
	}
	back := b.do("POST", "/consent", wholeAsk, servertest.Basic("hostile", "hostile-secret")).Want(201)
	if !strings.Contains(back.Body, "redirect_uri=https%3A%2F%2Fapp.example%2Fcb") {
		t.Errorf("a client with one URI gets no link: %s", back.Body)
	}
}
