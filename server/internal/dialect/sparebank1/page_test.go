package sparebank1_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server/servertest"
)

// RFC 6749 §3.1.2.4: what cannot be trusted is shown on a page with 400 and not redirected.
// RFC 6749 §4.1.2.1: the other errors are redirected with error and the same state.
func TestAuthorizeRefusals(t *testing.T) {
	t.Parallel()
	box := start(t)
	pages := map[string]string{
		"unknown client":         authorizeURL("", "client_id", "stranger"),
		"no client":              authorizeURL("", "client_id", ""),
		"no redirect":            authorizeURL("", "redirect_uri", ""),
		"foreign redirect":       authorizeURL("", "redirect_uri", "https://evil.example/cb"),
		"redirect with fragment": authorizeURL("", "redirect_uri", back+"#x"),
		"two redirects":          authorizeURL("") + "&redirect_uri=" + back,
		"bad encoding":           "/oauth/authorize?client_id=%zz",
		"another bank's client":  authorizeURL("", "client_id", "7b6fc8ed5127b0b2f076d"),
		"a suffix of a redirect": authorizeURL("", "client_id", "narrow", "redirect_uri", "https://app.example/cb?a=12"),
	}
	for name, target := range pages {
		a := box.Get(target)
		if a.Status != 400 || a.Header.Get("Location") != "" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || box.Last().Why == "" {
			t.Errorf("%s: %d to %q", name, a.Status, a.Header.Get("Location"))
		}
	}
	detours := map[string]struct{ target, err string }{
		"unknown bank":         {authorizeURL("", "finInst", "fid-mars"), "access_denied"},
		"two banks":            {authorizeURL("") + "&finInst=fid-smn", "invalid_request"},
		"scope not approved":   {authorizeURL("", "scope", "accounts payments"), "access_denied"},
		"scope not this one's": {authorizeURL("", "client_id", "narrow", "redirect_uri", "https://app.example/cb?a=1", "scope", "transfer"), "access_denied"},
		"no response type":     {authorizeURL("", "response_type", ""), "invalid_request"},
		"token response":       {authorizeURL("", "response_type", "token"), "unsupported_response_type"},
		"plain challenge":      {authorizeURL("", "code_challenge", strings.Repeat("a", 43), "code_challenge_method", "plain"), "invalid_request"},
		"public, no challenge": {authorizeURL("", "client_id", "spa"), "invalid_request"},
	}
	for name, tt := range detours {
		a := box.Get(tt.target).Want(302)
		u, err := url.Parse(a.Header.Get("Location"))
		if err != nil || u.Query().Get("error") != tt.err || u.Query().Get("state") != "xyz" || u.Query().Has("code") || box.Last().Why == "" {
			t.Errorf("%s: sent to %s, want %s", name, u, tt.err)
		}
	}
	// A redirect URI with a query of its own keeps it.
	if a := box.Get(authorizeURL("", "client_id", "narrow", "redirect_uri", "https://app.example/cb?a=1", "finInst", "x")).Want(302); !strings.HasPrefix(a.Header.Get("Location"), "https://app.example/cb?a=1&error=access_denied&") {
		t.Errorf("sent to %s", a.Header.Get("Location"))
	}
}

// What newer clients send along is taken or ignored; nothing of it changes the flow.
// RFC 6749 §3.1: unknown parameters of an authorization request are ignored.
func TestExtraParameters(t *testing.T) {
	t.Parallel()
	box := start(t)
	scopes := map[string]string{
		"":                                     "resource.WRITE resource.READ",
		"openid":                               "openid resource.WRITE resource.READ",
		"openid pid email phone":               "openid pid email phone resource.WRITE resource.READ",
		"openid accounts transactions openid":  "openid accounts transactions",
		"pid email phone profile":              "resource.WRITE resource.READ",
		"accounts transactions transfer":       "accounts transactions transfer",
		"resource.READ resource.READ accounts": "resource.READ accounts",
	}
	for asked, granted := range scopes {
		p := allow(t, box, authorizeURL("", "scope", asked, "market", "p", "nonce", "n1", "loginMethod", "bankid_oidc", "flow", "mine", "whatever", "1"), "dave")
		a := post(box, codeForm(p.Param("code")))
		if v := issued(a); v.Scope != granted || strings.Contains(a.Body, `"id_token"`) != strings.Contains(asked, "openid") {
			t.Errorf("scope %q gets %s", asked, a.Body)
		}
	}
}

// RFC 6749 §4.1.2: state comes back byte for byte, whatever it is made of.
func TestPicker(t *testing.T) {
	t.Parallel()
	box := start(t)
	const state = "a b&c=%2F'\"<>\n\r\x00ø\xff" // a form would not bring this back as it was
	b := box.Browser()
	p := b.Get(authorizeURL("", "finInst", "", "state", state))
	if n := p.Doc.Find("input[type=radio][name=finInst]").Length(); p.Status != 200 || n != 12 {
		t.Fatalf("status %d, %d banks to choose", p.Status, n)
	}
	if a := p.Submit("finInst", "fid-mars"); a.Param("error") != "access_denied" || a.Param("state") != state {
		t.Errorf("an unknown bank leads to %s", a.Away)
	}
	if again := p.Submit("finInst", ""); again.Doc == nil || again.Doc.Find("input[type=radio]").Length() != 12 {
		t.Error("no choice does not ask again")
	}
	p = p.Submit("finInst", "fid-ostlandet").Submit("login", "dave", "password", "x")
	away := p.Submit("otp", otp(t, p))
	if away.Param("state") != state {
		t.Errorf("the state comes back as %q", away.Param("state"))
	}
	v := issued(post(box, codeForm(away.Param("code"))))
	if v.FinInst != "fid-ostlandet" || v.State != strings.ToValidUTF8(state, "\ufffd") { // JSON has no other way to say it
		t.Errorf("finInst %s, state %q", v.FinInst, v.State)
	}
}

func TestWhoMayLogIn(t *testing.T) {
	t.Parallel()
	box := start(t)
	tests := []struct {
		name, login, password string
		status                int
	}{
		{"by name", "kari", "hemmelig", 200},
		{"by identity number", "03927900070", "hemmelig", 200},
		{"any password where none is set", "17858430038", "whatever", 200},
		{"wrong password", "kari", "x", 401},
		{"unknown name", "nobody", "x", 401},
		{"another case", "Kari", "hemmelig", 401},
		{"unknown identity number", "17858430039", "x", 401},
		{"nothing", "", "", 401},
		{"locked", "olga", "x", 403},
		{"hostile name", `"><script>alert(1)</script>`, "x", 401},
	}
	for _, tt := range tests {
		p := box.Browser().Get(authorizeURL("")).Submit("login", tt.login, "password", tt.password)
		if p.Status != tt.status {
			t.Errorf("%s: %d, want %d", tt.name, p.Status, tt.status)
		}
		if tt.status == 200 {
			otp(t, p)
		} else if p.Doc.Find("[role=alert]").Length() != 1 || p.Doc.Find("input[name=login]").AttrOr("value", "") != tt.login || p.Doc.Find("script:not([src])").Length() != 0 {
			t.Errorf("%s: the page does not say so\n%s", tt.name, p.Body)
		}
	}
	if p := box.Browser().Get(authorizeURL("")).Submit("demo", "jane"); p.Status != 200 || !strings.Contains(p.Body, "Jane Hamamoto") {
		t.Errorf("the strip's button leads to %d", p.Status)
	}
}

// RFC 9700 §4.16: pages of the authorization server cannot be framed.
// RFC 6819 §4.4.1.9: every page of the login says frame-ancestors 'none'.
func TestPages(t *testing.T) {
	t.Parallel()
	box := start(t)
	b := box.Browser()
	p := b.Get(authorizeURL("", "client_id", "spa", "code_challenge", strings.Repeat("a", 43), "code_challenge_method", "S256", "scope", "accounts"))
	if p.Doc.Find("b b").Length() != 0 || !strings.Contains(p.Doc.Find("main").Text(), "<b>Public</b>") {
		t.Error("the client's name is not escaped")
	}
	if text := p.Doc.Find("main").Text(); !strings.Contains(text, "accounts and balances") || strings.Contains(text, "Move money") || !strings.Contains(text, "365 days") {
		t.Errorf("the page does not say what scope accounts opens: %s", text)
	}
	code := p.Submit("login", "dave", "password", "x")
	picker := b.Get(authorizeURL("", "finInst", ""))
	for name, page := range map[string]*servertest.Page{"picker": picker, "login": p, "code": code} {
		h := page.Header
		if page.Status != 200 || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("Cache-Control") != "no-store" ||
			h.Get("X-Content-Type-Options") != "nosniff" || strings.Contains(h.Get("Content-Security-Policy"), "form-action") {
			t.Errorf("%s: %d %v", name, page.Status, h)
		}
		if page.Doc.Find("html").AttrOr("data-bank", "") != "sparebank1" || !strings.Contains(page.Doc.Find("aside").Text(), "This page ends in") {
			t.Errorf("%s has another look: %s", name, page.Doc.Find("aside").Text())
		}
	}
}

// RFC 6749 §4.1.2.1: denial is access_denied with state.
// RFC 9700 §4.12: the redirect after a form is 303.
func TestDeny(t *testing.T) {
	t.Parallel()
	box := start(t)
	p := box.Browser().Get(authorizeURL(""))
	atCode := box.Browser().Get(authorizeURL("")).Submit("login", "dave", "password", "x")
	for name, page := range map[string]*servertest.Page{"at the login": p, "at the code": atCode} {
		away := page.Submit("deny", "1")
		if away.Status != 303 || away.Param("error") != "access_denied" || away.Param("state") != "xyz" || box.Last().Why == "" {
			t.Errorf("%s: %d to %s", name, away.Status, away.Away)
		}
	}
	if again := p.Submit("login", "dave", "password", "x"); again.Status != 303 || again.Param("error") != "access_denied" {
		t.Errorf("allowing after deny is %d", again.Status)
	}
}

// RFC 6749 §10.10: one-time codes of a login cannot be guessed, because three tries end it.
func TestWrongCodes(t *testing.T) {
	t.Parallel()
	box := start(t)
	wrong := func(p *servertest.Page) string {
		if otp(t, p) == "000000" {
			return "000001"
		}
		return "000000"
	}
	p := box.Browser().Get(authorizeURL("")).Submit("login", "dave", "password", "x")
	right := otp(t, p)
	p = p.Submit("otp", wrong(p))
	if p.Status != 401 || !strings.Contains(p.Doc.Find("[role=alert]").Text(), "Two tries are left.") || otp(t, p) != right {
		t.Errorf("the first wrong code is %d\n%s", p.Status, p.Body)
	}
	if !strings.Contains(p.Submit("otp", right).Away.RawQuery, "code=") {
		t.Error("the right code after a wrong one is not taken")
	}

	b := box.Browser()
	p = b.Get(authorizeURL("")).Submit("login", "dave", "password", "x")
	p = p.Submit("otp", wrong(p))
	p = b.Get("/oauth/bankid?flow="+p.Doc.Find("input[name=flow]").AttrOr("value", "")).Submit("otp", "") // a reload gives no more tries
	if !strings.Contains(p.Doc.Find("[role=alert]").Text(), "One try is left.") {
		t.Errorf("the second wrong code\n%s", p.Body)
	}
	away := p.Submit("otp", wrong(p))
	if away.Status != 303 || away.Param("error") != "access_denied" || away.Param("state") != "xyz" {
		t.Errorf("the third wrong code: %d to %v", away.Status, away.Away)
	}
	if late := p.Submit("otp", otp(t, p)); late.Away != nil && late.Away.Query().Has("code") {
		t.Error("the right code is taken after three wrong ones")
	}
}

// 64 guesses at once are no more than three guesses.
// RFC 6749 §10.10: 64 guesses at once count as 64 guesses.
func TestGuessingTogether(t *testing.T) {
	t.Parallel()
	box := start(t)
	b := box.Browser()
	p := b.Get(authorizeURL("")).Submit("login", "dave", "password", "x")
	flow, right := p.Doc.Find("input[name=flow]").AttrOr("value", ""), otp(t, p)
	var again atomic.Int32
	var wg sync.WaitGroup
	for i := range 64 {
		guess := "00" + strconv.Itoa(1000+i)
		if guess == right {
			guess = "999999"
		}
		wg.Go(func() {
			if b.Send("post", box.URL()+"/oauth/bankid/code", url.Values{"flow": {flow}, "otp": {guess}}).Status == 401 {
				again.Add(1)
			}
		})
	}
	wg.Wait()
	if again.Load() != 2 {
		t.Errorf("%d guesses were told to try again, want 2", again.Load())
	}
	if p := b.Send("post", box.URL()+"/oauth/bankid/code", url.Values{"flow": {flow}, "otp": {right}}); p.Away != nil && p.Away.Query().Has("code") {
		t.Error("the right code is still taken")
	}
}

// RFC 6749 §4.1.1: two logins in two tabs of one browser keep their own state and code.
func TestDoubleSubmitBackAndTwoTabs(t *testing.T) {
	t.Parallel()
	box := start(t)
	b := box.Browser()
	one, two := b.Get(authorizeURL("", "state", "one")), b.Get(authorizeURL("", "state", "two"))
	one, two = one.Submit("login", "dave", "password", "x"), two.Submit("login", "jane", "password", "x")
	first := one.Submit("otp", otp(t, one))
	if again := one.Submit("otp", otp(t, one)); again.Away == nil || again.Away.String() != first.Away.String() {
		t.Errorf("a double click leads to %v, at first to %v", again.Away, first.Away)
	}
	other := two.Submit("otp", otp(t, two))
	if first.Param("state") != "one" || other.Param("state") != "two" || first.Param("code") == other.Param("code") {
		t.Errorf("two tabs end at %s and %s", first.Away, other.Away)
	}
	if v := issued(post(box, codeForm(first.Param("code")))); !strings.Contains(v.UserInfo, "Dave") {
		t.Errorf("the first tab is %s", v.UserInfo)
	}
	back := one.Submit("otp", otp(t, one))
	if back.Status != 410 || back.Away != nil {
		t.Errorf("back and submit after the exchange: %d %v", back.Status, back.Away)
	}
	// Back to the login, and in as somebody else: the code device shows another code then, and the old page's code is void.
	p := b.Get(authorizeURL(""))
	dave := p.Submit("login", "dave", "password", "x")
	jane := p.Submit("login", "jane", "password", "x")
	if otp(t, dave) != otp(t, jane) {
		if stale := dave.Submit("otp", otp(t, dave)); stale.Status != 401 {
			t.Errorf("the code of a login that was given up is %d", stale.Status)
		}
	}
	if v := issued(post(box, codeForm(jane.Submit("otp", otp(t, jane)).Param("code")))); !strings.Contains(v.UserInfo, "Jane") {
		t.Errorf("the token is %s", v.UserInfo)
	}
}

// RFC 6749 §10.12: a login form that comes from another browser, site or origin is refused.
// RFC 6749 §10.12: a login is bound to the browser that began it.
func TestForeignForms(t *testing.T) {
	t.Parallel()
	box := start(t)
	b := box.Browser()
	p := b.Get(authorizeURL("")).Submit("login", "dave", "password", "x")
	flow := p.Doc.Find("input[name=flow]").AttrOr("value", "")
	form := url.Values{"flow": {flow}, "otp": {otp(t, p)}}
	if got := box.Browser().Send("post", box.URL()+"/oauth/bankid/code", form); got.Status != 403 {
		t.Errorf("another browser gets %d", got.Status)
	}
	for name, o := range map[string]servertest.Option{"another site": servertest.Header("Sec-Fetch-Site", "cross-site"), "another origin": servertest.Header("Origin", "https://evil.example")} {
		if got := box.Post("/oauth/bankid/code", form, o); got.Status != 403 || box.Last().Why == "" {
			t.Errorf("%s gets %d", name, got.Status)
		}
	}
	for _, path := range []string{"/oauth/bankid", "/oauth/bankid/code"} {
		if got := box.Post(path, url.Values{"flow": {"unknown"}}); got.Status != 404 {
			t.Errorf("%s with an unknown login is %d", path, got.Status)
		}
		if got := box.PostJSON(path, map[string]string{"flow": flow}); got.Status != 400 {
			t.Errorf("%s with JSON is %d", path, got.Status)
		}
		if got := box.Do("POST", path, "flow=%zz", servertest.Header("Content-Type", "application/x-www-form-urlencoded")); got.Status != 400 {
			t.Errorf("%s with a broken form is %d", path, got.Status)
		}
	}
	if got := box.Do("PUT", "/oauth/bankid", ""); got.Status != 405 || got.Header.Get("Allow") != "GET, HEAD, POST" || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
		t.Errorf("PUT is %d %v", got.Status, got.Header)
	}
	// A code before the login, and a login before the bank, show the step that is due.
	fresh := b.Get(authorizeURL(""))
	flow = fresh.Doc.Find("input[name=flow]").AttrOr("value", "")
	if got := b.Send("post", box.URL()+"/oauth/bankid/code", url.Values{"flow": {flow}, "otp": {""}}); got.Doc == nil || got.Doc.Find("input[name=password]").Length() != 1 {
		t.Error("a code before the login does not lead to the login")
	}
	picker := b.Get(authorizeURL("", "finInst", ""))
	flow = picker.Doc.Find("input[name=flow]").AttrOr("value", "")
	if got := b.Send("post", box.URL()+"/oauth/bankid", url.Values{"flow": {flow}, "login": {"dave"}}); got.Doc == nil || got.Doc.Find("input[type=radio]").Length() != 12 {
		t.Error("a login before the bank does not lead to the picker")
	}
	if got := b.Get("/oauth/bankid?flow=" + flow); got.Doc.Find("input[type=radio]").Length() != 12 {
		t.Error("the page does not show the picker")
	}
}

// Pages end when the policy says so, to the instant.
func TestPageEnds(t *testing.T) {
	t.Parallel()
	for setting, life := range map[string]time.Duration{"": 10 * time.Minute, "sparebank1.page=90s": 90 * time.Second} {
		var box *servertest.Sandbox
		if setting == "" {
			box = start(t)
		} else {
			box = start(t, setting)
		}
		p, late := box.Browser().Get(authorizeURL("")), box.Browser().Get(authorizeURL(""))
		box.Advance(life - time.Nanosecond)
		p = p.Submit("login", "dave", "password", "x")
		value := otp(t, p)
		box.Advance(time.Nanosecond)
		for name, got := range map[string]*servertest.Page{"code": p.Submit("otp", value), "login": late.Submit("login", "dave", "password", "x")} {
			if got.Status != 410 || got.Away != nil || box.Last().Why == "" {
				t.Errorf("%s %s: %d at its end", setting, name, got.Status)
			}
		}
	}
}

// RFC 6819 §4.4.3.6: wrong passwords lock a user where the policy says so.
func TestAttemptsAndSession(t *testing.T) {
	t.Parallel()
	box := start(t, "sparebank1.attempts=2", "sparebank1.session=5m")
	v := issued(post(box, codeForm(code(t, box, "kari"))))
	try := func(password string) int {
		return box.Browser().Get(authorizeURL("")).Submit("login", "kari", "password", password).Status
	}
	if first, then := try("x"), try("hemmelig"); first != 401 || then != 200 {
		t.Errorf("one wrong password: %d, then the right one: %d", first, then)
	}
	if first, second, then := try("x"), try("x"), try("hemmelig"); first != 401 || second != 401 || then != 403 {
		t.Errorf("two wrong passwords: %d, %d, then the right one: %d", first, second, then)
	}
	unauthorized(t, box, "a locked user's token", box.Get("/common/user/info", servertest.Bearer(v.Access)))

	b := box.Browser()
	b.Get("/sparebank1/connections").Submit("login", "dave", "password", "x")
	box.Advance(5*time.Minute - time.Nanosecond)
	if p := b.Get("/sparebank1/connections"); p.Doc.Find("input[name=password]").Length() != 0 {
		t.Error("the session ended early")
	}
	box.Advance(time.Nanosecond)
	if p := b.Get("/sparebank1/connections"); p.Doc.Find("input[name=password]").Length() != 1 {
		t.Error("the session goes on")
	}
}

// The demo client of the start page is here, and its link works.
func TestFirstLink(t *testing.T) {
	t.Parallel()
	box := start(t)
	var guide struct {
		Banks []struct{ Name, Demo, First string }
	}
	box.Get("/", servertest.Header("Accept", "application/json")).Want(http.StatusOK).Into(&guide)
	for _, b := range guide.Banks {
		if b.Name == "sparebank1" && b.Demo == id {
			box.Get(b.First).Want(200)
			return
		}
	}
	t.Errorf("no demo client in %+v", guide)
}
