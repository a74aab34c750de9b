package yoisho_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

const (
	id     = "7b6fc8ed5127b0b2f076d"
	secret = "724e6890757b0ae624684b70e111b705fe6b050c"
	back   = "http://127.0.0.1:9000/cb"
)

func start(t testing.TB, settings ...string) *servertest.Sandbox {
	t.Helper()
	var o server.Options
	for _, text := range settings {
		s, err := server.ParsePolicy(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = append(o.Policy, s)
	}
	return servertest.Start(t, o)
}

func authorizeURL(mount, uri string) string {
	return mount + "/authorize?" + url.Values{"client_id": {id}, "redirect_uri": {uri}}.Encode()
}

// code logs a person in, without a page, as the documented one-liner does.
func code(t testing.TB, box *servertest.Sandbox, user string) string {
	t.Helper()
	a := box.Get("/account/loggedin?" + url.Values{"uname": {user}, "psw": {"x"}, "client_id": {id}, "redirect": {back}, "token": {"x"}}.Encode()).Want(303)
	u, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("code")
}

func exchange(box *servertest.Sandbox, code string) *servertest.Answer {
	return box.Get("/account/access_token?" + url.Values{"code": {code}, "client_id": {id}, "client_secret": {secret}}.Encode())
}

func token(t testing.TB, box *servertest.Sandbox, user string) string {
	t.Helper()
	return exchange(box, code(t, box, user)).Want(200).Text("access_token")
}

func TestAnswersToTheLetter(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave, jane := servertest.Bearer(token(t, box, "dave")), servertest.Bearer(token(t, box, "jane"))
	tests := []struct {
		name string
		got  *servertest.Answer
		want string
	}{
		{"dave's info", box.Get("/account/info", dave), `{"account_owner": "dave", "fullname": "Dave Thompson", "email": "daveth271@gmail.com", "address": "491-1295, Nishimiyanosawa 6-jo, Teine-ku Sapporo-shi, Hokkaido", "phone": "+8183-977-7817"}`},
		{"dave's balance", box.Get("/account/balance", dave), `{"account_owner": "dave", "account_balance": "10,187.91"}`},
		{"jane's info", box.Get("/account/info", jane), `{"account_owner": "jane", "fullname": "Jane Hamamoto", "email": "kumori18@yahoo.jp", "address": "376-1062, Machi, Ogawara-machi Shibata-gun, Miyagi", "phone": "+8128-945-7273"}`},
		{"jane's balance", box.Get("/account/balance", jane), `{"account_owner": "jane", "account_balance": "981,719.23"}`},
		{"home", box.Get("/account/home"), "TEST API App running!"},
	}
	for _, tt := range tests {
		if tt.got.Status != 200 || tt.got.Body != tt.want {
			t.Errorf("%s: %d\n%s\nwant\n%s", tt.name, tt.got.Status, tt.got.Body, tt.want)
		}
		if kind := tt.got.Header.Get("Content-Type"); tt.name != "home" && kind != "application/json" {
			t.Errorf("%s is %s", tt.name, kind)
		}
	}
}

func TestTokenForm(t *testing.T) {
	t.Parallel()
	box := start(t)
	for user, mark := range map[string]string{"dave": "e", "jane": "f"} {
		c := code(t, box, user)
		if first := map[string]string{"dave": "4", "jane": "6"}[user]; len(c) != 7 || !strings.HasPrefix(c, first) {
			t.Errorf("%s's code is %q", user, c)
		}
		a := exchange(box, c)
		v := a.Text("access_token")
		tail, err := base64.URLEncoding.DecodeString(v[41:])
		if len(v) != 57 || v[40] != '.' || !strings.HasPrefix(v, mark) || err != nil || string(tail) != strconv.FormatInt(box.Clock().Now().Unix(), 10) {
			t.Errorf("%s's token is %q: tail %q, %v", user, v, tail, err)
		}
		if want := `{"token_type": "bearer", "scope": "read", "access_token": "` + v + `"}`; a.Body != want {
			t.Errorf("got %s, want %s", a.Body, want)
		}
	}
}

// The texts are the original's, misspellings and all, in the order in which it complains.
func TestRefusalsToTheLetter(t *testing.T) {
	t.Parallel()
	box := start(t)
	old := token(t, box, "dave")
	box.Advance(60 * time.Second)
	tests := []struct{ name, target, bearer, want string }{
		{"authorize without anything", "/account/authorize", "", "invalid request, missing redirect_uri"},
		{"authorize without client", "/account/authorize?redirect_uri=" + back, "", "invalid request, client_id mising"},
		{"authorize by a stranger", "/account/authorize?redirect_uri=" + back + "&client_id=x", "", "invalid request, client_id is incorrect"},
		{"redirect to a script", "/account/authorize?redirect_uri=javascript:alert(1)&client_id=" + id, "", "invalid request, redirect_uri is incorrect"},
		{"redirect with userinfo", "/account/authorize?redirect_uri=http://a@b/&client_id=" + id, "", "invalid request, redirect_uri is incorrect"},
		{"two redirects", "/account/authorize?redirect_uri=http://a&redirect_uri=http://b&client_id=" + id, "", "The parameter redirect_uri must not be repeated."},
		{"token without code", "/account/access_token?client_id=" + id + "&client_secret=" + secret, "", "invalid request, code, client_id or client_secret mising"},
		{"token by a stranger", "/account/access_token?code=4&client_id=x&client_secret=" + secret, "", "invalid request, client_id is incorrect"},
		{"token with a wrong secret", "/account/access_token?code=4&client_secret=x&client_id=" + id, "", "invalid request, client_secret is incorrect"},
		{"token with an invented code", "/account/access_token?code=4990047&client_id=" + id + "&client_secret=" + secret, "", "invalid access code"},
		{"info without a token", "/account/info", "", "invalid request, access_token mising"},
		{"info with an invented token", "/account/info", "eSlcNwnLxTuzsYXyzFrhGGU3mrCKPxQ5fy51Jx93.MTUzMjM1NDM0OA==", "invalid access_token "},
		{"info with an expired token", "/account/info", old, "access_token has expired"},
		{"balance with an expired token", "/account/balance", old, "access_token has expired"},
	}
	for _, tt := range tests {
		var options []servertest.Option
		if tt.bearer != "" {
			options = append(options, servertest.Bearer(tt.bearer))
		}
		a := box.Get(tt.target, options...)
		if want := `{"error": "` + tt.want + `"}`; a.Status != 400 || a.Body != want || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: %d %s %q\n%s\nwant 400 and\n%s", tt.name, a.Status, a.Header.Get("Content-Type"), a.Header.Get("WWW-Authenticate"), a.Body, want)
		}
		if box.Last().Why == "" {
			t.Errorf("%s: the journal does not say why", tt.name)
		}
	}
}

func TestTokenEndsAtItsInstant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		settings []string
		life     time.Duration
	}{{nil, 60 * time.Second}, {[]string{"yoisho.access=5s"}, 5 * time.Second}, {[]string{"yoisho.fidelity=original"}, 30 * time.Second},
		{[]string{"yoisho.fidelity=original", "yoisho.access=45s"}, 45 * time.Second}} {
		box := start(t, tt.settings...)
		bearer := servertest.Bearer(token(t, box, "dave"))
		box.Advance(tt.life - time.Nanosecond)
		box.Get("/account/info", bearer).Want(200)
		box.Advance(time.Nanosecond)
		if a := box.Get("/account/info", bearer); a.Status != 400 || !strings.Contains(box.Last().Why, "expired 0 s ago") {
			t.Errorf("%v: at %v: %d %s", tt.settings, tt.life, a.Status, box.Last().Why)
		}
		box.Advance(-time.Hour / 2)
		box.Get("/account/info", bearer).Want(200)
	}
}

// RFC 6749 §4.1.2: a code is for one use, and its second use ends its token.
func TestCodeEndsAtItsInstantAndIsGoodOnce(t *testing.T) {
	t.Parallel()
	box := start(t, "yoisho.code=20s")
	c := code(t, box, "dave")
	box.Advance(20*time.Second - time.Nanosecond)
	tok := exchange(box, c).Want(200).Text("access_token")
	box.Get("/account/info", servertest.Bearer(tok)).Want(200)
	exchange(box, c).Want(400)
	if a := box.Get("/account/info", servertest.Bearer(tok)); a.Status != 400 || a.Text("error") != "invalid access_token " {
		t.Errorf("a code was used twice, and its token lives: %d %s", a.Status, a.Body)
	}
	c = code(t, box, "dave")
	box.Advance(20 * time.Second)
	if a := exchange(box, c); a.Status != 400 || a.Text("error") != "invalid access code" {
		t.Errorf("at its end: %d %s", a.Status, a.Body)
	}
}

func TestOriginalFidelity(t *testing.T) {
	t.Parallel()
	box := start(t, "yoisho.fidelity=original")
	c := code(t, box, "jane")
	first := exchange(box, c).Want(200).Text("access_token")
	second := exchange(box, c).Want(200).Text("access_token")
	if first == second {
		t.Error("two exchanges gave one token")
	}
	if got := box.Get("/account/info", servertest.Bearer(first)).Want(200).Text("account_owner"); got != "dave" {
		t.Errorf("jane is told to be %q", got)
	}
	if got := box.Get("/account/balance", servertest.Bearer(second)).Want(200).Text("account_owner"); got != "jane" {
		t.Errorf("the balance is %q's", got)
	}
}

func TestLoginPage(t *testing.T) {
	t.Parallel()
	for _, mount := range []string{"/account", "", "/yoisho/account", "/yoisho"} {
		box := start(t)
		b := box.Browser()
		page := b.Get(authorizeURL(mount, back))
		if got := page.Doc.Find(`form input[name=uname]`).Length(); got != 1 {
			t.Fatalf("%s: %d user fields", mount, got)
		}
		wrong := page.Submit("uname", "Dave", "psw", "x")
		if wrong.Status != 401 || wrong.URL.Path != mount+"/loggedin" || !strings.Contains(wrong.Doc.Find("[role=alert]").Text(), "Invalid login") || wrong.Doc.Find("input[name=uname]").AttrOr("value", "") != "Dave" {
			t.Errorf("%s: invalid login is %d at %s", mount, wrong.Status, wrong.URL)
		}
		done := wrong.Submit("uname", "dave")
		if done.Away == nil || done.Status != 303 || done.Param("code") == "" || done.Away.Query().Has("state") || done.Away.Host != "127.0.0.1:9000" {
			t.Fatalf("%s: sent to %v with %d", mount, done.Away, done.Status)
		}
		exchange(box, done.Param("code")).Want(200)
	}
}

func TestStripButtonsLogIn(t *testing.T) {
	t.Parallel()
	box := start(t)
	page := box.Browser().Get(authorizeURL("/account", back))
	if got := page.Doc.Find(`button[name=demo][form]`).Length(); got < 2 {
		t.Fatalf("%d buttons on the strip", got)
	}
	if done := page.Submit("demo", "jane", "uname", "typed"); !strings.HasPrefix(done.Param("code"), "6") {
		t.Errorf("sent to %v", done.Away)
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	box := start(t)
	done := box.Browser().Get(authorizeURL("/account", back+"?a=1")).Submit("deny", "1")
	if done.Param("error") != "access_denied" || done.Param("code") != "" || done.Param("a") != "1" {
		t.Errorf("sent to %v", done.Away)
	}
	if e := box.Last(); e.Kind != "access_denied" {
		t.Errorf("the journal says %s", e.Kind)
	}
}

// A double click, the back button and a reload bring no second code.
// RFC 6749 §4.1.2: a login page that is sent twice brings one code.
func TestAnsweringTwice(t *testing.T) {
	t.Parallel()
	box := start(t)
	page := box.Browser().Get(authorizeURL("/account", back))
	first, second := page.Submit("uname", "dave"), page.Submit("uname", "dave")
	if first.Param("code") != second.Param("code") {
		t.Errorf("two codes: %v, %v", first.Away, second.Away)
	}
	tok := exchange(box, first.Param("code")).Want(200).Text("access_token")
	third := page.Submit("uname", "dave")
	if third.Away != nil || third.Status != 410 {
		t.Errorf("after the exchange: %d, %v", third.Status, third.Away)
	}
	box.Get("/account/info", servertest.Bearer(tok)).Want(200)
}

func TestTwoTabsGetTheirOwnCodes(t *testing.T) {
	t.Parallel()
	box := start(t)
	b := box.Browser()
	one, two := b.Get(authorizeURL("/account", back+"/1")), b.Get(authorizeURL("/account", back+"/2"))
	second, first := two.Submit("uname", "jane"), one.Submit("uname", "dave")
	if first.Away.Path != "/cb/1" || second.Away.Path != "/cb/2" || first.Param("code") == second.Param("code") {
		t.Errorf("sent to %v and %v", first.Away, second.Away)
	}
}

func TestPageEnds(t *testing.T) {
	t.Parallel()
	box := start(t, "yoisho.page=30s")
	page := box.Browser().Get(authorizeURL("/account", back))
	box.Advance(30*time.Second - time.Nanosecond)
	if again := page.Submit("uname", "nobody"); again.Status != 401 {
		t.Errorf("just before its end: %d", again.Status)
	}
	box.Advance(time.Nanosecond)
	if late := page.Submit("uname", "dave"); late.Status != 410 || late.Away != nil || !strings.Contains(late.Doc.Find("h1").Text(), "ended") {
		t.Errorf("at its end: %d, %v", late.Status, late.Away)
	}
}

// RFC 6749 §10.12: a login page is good in the browser that was given it.
func TestLoginFromElsewhere(t *testing.T) {
	t.Parallel()
	box := start(t)
	page := box.Browser().Get(authorizeURL("/account", back))
	form := servertest.Fields(page.Doc.Find("form"))
	form.Set("uname", "dave")
	if a := box.Get("/account/loggedin?" + form.Encode()); a.Status != 403 || a.Header.Get("Location") != "" {
		t.Errorf("another browser's page: %d to %q", a.Status, a.Header.Get("Location"))
	}
	form.Set("token", "x")
	a := box.Get("/account/loggedin?"+form.Encode(), servertest.Header("Sec-Fetch-Site", "cross-site"))
	if a.Status != 403 {
		t.Errorf("another site's link: %d", a.Status)
	}
}

// RFC 6749 §4.1.2: 64 exchanges of one code at once bring one token.
func TestRaceForOneCode(t *testing.T) {
	t.Parallel()
	box := start(t)
	c := code(t, box, "dave")
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			resp, err := http.Get(box.URL() + "/account/access_token?code=" + c + "&client_id=" + id + "&client_secret=" + secret)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode == 200 {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 64 got a token", won.Load())
	}
}

// RFC 6819 §4.4.1.3: guesses of a short code are limited, and the answer says when to come back.
func TestGuessingIsLimited(t *testing.T) {
	t.Parallel()
	box := start(t)
	c := code(t, box, "dave")
	for range 1000 {
		exchange(box, "4000000").Want(400)
	}
	if a := exchange(box, c); a.Status != 429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("after a thousand wrong codes a right one is %d", a.Status)
	}
	box.Advance(time.Minute)
	exchange(box, c).Want(200)
}

func TestConnections(t *testing.T) {
	t.Parallel()
	box := start(t)
	tok := servertest.Bearer(token(t, box, "dave"))
	other := servertest.Bearer(token(t, box, "jane"))
	b := box.Browser()
	page := b.Get("/yoisho/connections")
	if bad := page.Submit("login", "nobody"); bad.Status != 401 {
		t.Errorf("unknown person: %d", bad.Status)
	}
	list := page.Submit("login", "dave", "password", "x")
	grants := list.Doc.Find("button[name=revoke]")
	if grants.Length() != 1 {
		t.Fatalf("%d connections\n%s", grants.Length(), list.Body)
	}
	if got := list.Submit("revoke", "g_foreign"); got.Status != 404 {
		t.Errorf("a grant that is not dave's: %d", got.Status)
	}
	box.Get("/account/info", tok).Want(200)
	after := list.Submit("revoke", grants.AttrOr("value", ""))
	if after.Doc.Find("button[name=revoke]").Length() != 0 {
		t.Error("the connection is still live on the page")
	}
	if a := box.Get("/account/info", tok); a.Status != 400 || !strings.Contains(box.Last().Why, "by the user") {
		t.Errorf("after revocation: %d, %s", a.Status, box.Last().Why)
	}
	box.Get("/account/info", other).Want(200)
	if out := after.Submit("logout", "1"); out.Doc.Find("input[name=password]").Length() != 1 {
		t.Error("after logout there is no login form")
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	box := start(t, "yoisho.session=10m")
	b := box.Browser()
	b.Get("/yoisho/connections").Submit("login", "dave")
	box.Advance(10*time.Minute - time.Nanosecond)
	if b.Get("/yoisho/connections").Doc.Find("button[name=logout]").Length() != 1 {
		t.Error("just before its end the session is over")
	}
	box.Advance(time.Nanosecond)
	if b.Get("/yoisho/connections").Doc.Find("input[name=password]").Length() != 1 {
		t.Error("at its end the session goes on")
	}
}

func TestAttemptsLock(t *testing.T) {
	t.Parallel()
	own := t.TempDir() + "/own.json"
	servertest.WriteFile(t, own, `{"bank":"yoisho","people":[{"login":"zoe","password":"s3cret","given":"Zoe","family":"Zed"}]}`)
	s, err := server.ParsePolicy("yoisho.attempts=2")
	if err != nil {
		t.Fatal(err)
	}
	box := servertest.Start(t, server.Options{Fixtures: own, Policy: []server.Setting{s}})
	page := box.Browser().Get(authorizeURL("/account", back))
	page = page.Submit("uname", "zoe", "psw", "wrong")
	page = page.Submit("psw", "wrong")
	if page.Status != 401 {
		t.Fatalf("the second failure is %d", page.Status)
	}
	if locked := page.Submit("psw", "s3cret"); locked.Status != 403 || !strings.Contains(locked.Doc.Find("[role=alert]").Text(), "locked") {
		t.Errorf("the right password after two failures: %d", locked.Status)
	}
}

func BenchmarkToken(b *testing.B) {
	box := start(b)
	b.ReportAllocs()
	for b.Loop() {
		exchange(box, code(b, box, "dave")).Want(200)
	}
}

func BenchmarkRead(b *testing.B) {
	box := start(b)
	bearer := servertest.Bearer(token(b, box, "dave"))
	b.ReportAllocs()
	for b.Loop() {
		box.Get("/account/balance", bearer).Want(200)
	}
}
