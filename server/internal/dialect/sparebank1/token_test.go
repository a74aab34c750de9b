package sparebank1_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server/servertest"
)

const day = 24 * time.Hour

// oauthRefused checks a refusal of the token endpoint (RFC 6749 §5.2).
func oauthRefused(t *testing.T, box *servertest.Sandbox, name string, a *servertest.Answer, status int, code string) {
	t.Helper()
	if a.Status != status || a.Text("error") != code || a.Text("error_description") == "" || a.Header.Get("Content-Type") != "application/json" ||
		a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %d %s %v, want %d %s", name, a.Status, a.Body, a.Header, status, code)
	}
	if challenge := a.Header.Get("WWW-Authenticate"); (status == 401) != strings.HasPrefix(challenge, "Basic ") {
		t.Errorf("%s: WWW-Authenticate is %q", name, challenge)
	}
	if why := box.Last().Why; why == "" || strings.Contains(a.Body, why) {
		t.Errorf("%s: the journal says %q", name, why)
	}
}

func with(v url.Values, pairs ...string) url.Values {
	next := url.Values{}
	for k, all := range v {
		next[k] = all
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if next.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			next.Del(pairs[i])
		}
	}
	return next
}

// Clients put their credentials in three places; which one changes nothing in the answer.
// RFC 6749 §5.2: failed client authentication is invalid_client with status 401.
func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	box := start(t)
	inForm := []string{"client_id", id, "client_secret", secret}
	ways := map[string]func(url.Values) *servertest.Answer{
		"Basic": func(v url.Values) *servertest.Answer { return post(box, v) },
		"form":  func(v url.Values) *servertest.Answer { return box.Post("/oauth/token", with(v, inForm...)) },
		"query, empty body": func(v url.Values) *servertest.Answer { // bjorngi's client
			return box.Do("POST", "/oauth/token?"+with(v, append(inForm, "state", "12345")...).Encode(), "")
		},
		"query, empty form": func(v url.Values) *servertest.Answer {
			return box.Post("/oauth/token?"+with(v, inForm...).Encode(), url.Values{})
		},
		"query and Basic": func(v url.Values) *servertest.Answer {
			return box.Do("POST", "/oauth/token?"+v.Encode(), "", servertest.Basic(id, secret))
		},
		"redirect_url": func(v url.Values) *servertest.Answer { // the Kotlin tutorial
			return post(box, with(v, "redirect_uri", "", "redirect_url", v.Get("redirect_uri")))
		},
		"Basic and the same client_id": func(v url.Values) *servertest.Answer { return post(box, with(v, "client_id", id)) },
	}
	for name, way := range ways {
		v := issued(way(codeForm(code(t, box, "dave"))))
		if v.Access == "" || v.Refresh == "" || v.State != "xyz" {
			t.Errorf("%s: %+v", name, v)
		}
		if again := issued(way(refreshForm(v.Refresh))); again.Access == v.Access || again.Refresh == v.Refresh {
			t.Errorf("%s: the refresh dealt nothing new", name)
		}
	}
	bad := map[string]struct {
		answer *servertest.Answer
		status int
		code   string
	}{
		"nothing":        {box.Post("/oauth/token", codeForm("x")), 401, "invalid_client"},
		"wrong secret":   {box.Post("/oauth/token", codeForm("x"), servertest.Basic(id, "x")), 401, "invalid_client"},
		"unknown client": {box.Post("/oauth/token", codeForm("x"), servertest.Basic("x", secret)), 401, "invalid_client"},
		"no secret":      {box.Post("/oauth/token", with(codeForm("x"), "client_id", id)), 401, "invalid_client"},
		"both":           {post(box, with(codeForm("x"), inForm...)), 400, "invalid_request"},
		"two ids":        {post(box, with(codeForm("x"), "client_id", "narrow")), 400, "invalid_request"},
		"broken Basic":   {box.Post("/oauth/token", codeForm("x"), servertest.Header("Authorization", "Basic !!!")), 401, "invalid_client"},
		"no colon":       {box.Post("/oauth/token", codeForm("x"), servertest.Header("Authorization", "Basic c2IxLWRlbW8=")), 401, "invalid_client"},
		"another bank's": {box.Post("/oauth/token", codeForm("x"), servertest.Basic("7b6fc8ed5127b0b2f076d", "724e6890757b0ae624684b70e111b705fe6b050c")), 401, "invalid_client"},
	}
	for name, tt := range bad {
		if tt.answer.Status != tt.status || tt.answer.Text("error") != tt.code {
			t.Errorf("%s: %d %s", name, tt.answer.Status, tt.answer.Body)
		}
	}
}

// RFC 6749 §5.2: invalid_request, invalid_grant, unauthorized_client, unsupported_grant_type and invalid_scope are told apart, in JSON that is not stored.
// RFC 6749 §3.2: the token endpoint takes POST, and answers GET with 405 and Allow.
func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	box := start(t)
	v := login(t, box, "dave")
	form := servertest.Header("Content-Type", "application/x-www-form-urlencoded")
	tests := []struct {
		name   string
		send   func() *servertest.Answer
		status int
		code   string
	}{
		{"no grant type", func() *servertest.Answer { return post(box, url.Values{"code": {"x"}}) }, 400, "invalid_request"},
		{"unknown grant type", func() *servertest.Answer { return post(box, url.Values{"grant_type": {"password"}}) }, 400, "unsupported_grant_type"},
		{"grant type not registered", func() *servertest.Answer {
			return box.Post("/oauth/token", refreshForm("x"), servertest.Basic("narrow", "narrow-secret"))
		}, 400, "unauthorized_client"},
		{"public client's own token", func() *servertest.Answer {
			return box.Post("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"spa"}})
		}, 400, "unauthorized_client"},
		{"no code", func() *servertest.Answer { return post(box, codeForm("")) }, 400, "invalid_request"},
		{"unknown code", func() *servertest.Answer { return post(box, codeForm("0123456789abcdef0123456789abcdef")) }, 400, "invalid_grant"},
		{"access token as code", func() *servertest.Answer { return post(box, codeForm(v.Access)) }, 400, "invalid_grant"},
		{"two codes", func() *servertest.Answer {
			return post(box, url.Values{"grant_type": {"authorization_code"}, "code": {"a", "b"}})
		}, 400, "invalid_request"},
		{"two redirect_urls", func() *servertest.Answer {
			return post(box, url.Values{"grant_type": {"authorization_code"}, "code": {"a"}, "redirect_url": {back, back}})
		}, 400, "invalid_request"},
		{"no refresh token", func() *servertest.Answer { return post(box, refreshForm("")) }, 400, "invalid_request"},
		{"access token as refresh token", func() *servertest.Answer { return post(box, refreshForm(v.Access)) }, 400, "invalid_grant"},
		{"unknown refresh token", func() *servertest.Answer { return post(box, refreshForm("x")) }, 400, "invalid_grant"},
		{"wider scope", func() *servertest.Answer { return post(box, with(refreshForm(v.Refresh), "scope", "accounts")) }, 400, "invalid_scope"},
		{"another client's refresh token", func() *servertest.Answer {
			return box.Post("/oauth/token", with(refreshForm(v.Refresh), "client_id", "spa"))
		}, 400, "invalid_grant"},
		{"unknown scope", func() *servertest.Answer {
			return post(box, url.Values{"grant_type": {"client_credentials"}, "scope": {"everything"}})
		}, 400, "invalid_scope"},
		{"two scopes", func() *servertest.Answer {
			return post(box, url.Values{"grant_type": {"client_credentials"}, "scope": {"accounts", "transfer"}})
		}, 400, "invalid_request"},
		{"JSON", func() *servertest.Answer { return box.PostJSON("/oauth/token", map[string]string{"grant_type": "x"}) }, 400, "invalid_request"},
		{"broken encoding", func() *servertest.Answer { return box.Do("POST", "/oauth/token", "code=%zz", form) }, 400, "invalid_request"},
		{"broken query", func() *servertest.Answer { return box.Do("POST", "/oauth/token?code=%zz", "") }, 400, "invalid_request"},
		{"2 MB", func() *servertest.Answer { return box.Do("POST", "/oauth/token", strings.Repeat("a", 2<<20), form) }, 413, "invalid_request"},
		{"GET", func() *servertest.Answer { return box.Get("/oauth/token") }, 405, "invalid_request"},
	}
	for _, tt := range tests {
		oauthRefused(t, box, tt.name, tt.send(), tt.status, tt.code)
	}
	if a := box.Get("/oauth/token"); a.Header.Get("Allow") != "POST" {
		t.Errorf("Allow is %q", a.Header.Get("Allow"))
	}
	issued(post(box, refreshForm(v.Refresh))) // nothing of this spent it
}

// A code lives two minutes, is good once, and is spent by an exchange that fails; but not by credentials that are wrong.
// RFC 6749 §4.1.2: a code lives two minutes, is for one use, and its second use ends the first tokens.
// RFC 6749 §4.1.3: a wrong or missing redirect_uri at the exchange is invalid_grant.
func TestCode(t *testing.T) {
	t.Parallel()
	box := start(t)
	live, late := code(t, box, "dave"), code(t, box, "dave")
	box.Advance(2*time.Minute - time.Nanosecond)
	v := issued(post(box, codeForm(live)))
	box.Advance(time.Nanosecond)
	oauthRefused(t, box, "after two minutes", post(box, codeForm(late)), 400, "invalid_grant")

	oauthRefused(t, box, "second use", post(box, codeForm(live)), 400, "invalid_grant")
	unauthorized(t, box, "token of a code that was used twice", box.Get("/common/helloworld", servertest.Bearer(v.Access)))

	for name, broken := range map[string][]string{
		"wrong redirect_uri": {"redirect_uri", "http://127.0.0.1:9000/other"},
		"no redirect_uri":    {"redirect_uri", ""},
		"verifier unasked":   {"code_verifier", strings.Repeat("v", 43)},
	} {
		c := code(t, box, "dave")
		oauthRefused(t, box, name, post(box, with(codeForm(c), broken...)), 400, "invalid_grant")
		oauthRefused(t, box, name+", then right", post(box, codeForm(c)), 400, "invalid_grant")
	}

	c := code(t, box, "dave")
	oauthRefused(t, box, "wrong secret", box.Post("/oauth/token", codeForm(c), servertest.Basic(id, "x")), 401, "invalid_client")
	oauthRefused(t, box, "another client", box.Post("/oauth/token", codeForm(c), servertest.Basic("narrow", "narrow-secret")), 400, "invalid_grant")
	issued(post(box, codeForm(c)))
}

// RFC 7636 §4.6: code_verifier is checked by S256 for public and confidential clients alike.
// RFC 7636 §4.6: a failed verification spends the code.
func TestPKCE(t *testing.T) {
	t.Parallel()
	box := start(t)
	verifier := strings.Repeat("abcDEF123-._~", 4)
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	for _, client := range []string{id, "spa"} {
		link := authorizeURL("", "client_id", client, "code_challenge", challenge, "code_challenge_method", "S256")
		send := func(c, verifier string) *servertest.Answer {
			v := with(codeForm(c), "code_verifier", verifier, "client_id", client)
			if client == id {
				return post(box, v)
			}
			return box.Post("/oauth/token", v)
		}
		v := issued(send(allow(t, box, link, "dave").Param("code"), verifier))
		if client == "spa" {
			issued(box.Post("/oauth/token", with(refreshForm(v.Refresh), "client_id", client)))
		}
		for name, wrong := range map[string]string{"none": "", "another": strings.Repeat("x", 43), "the challenge": challenge, "short": "short"} {
			c := allow(t, box, link, "dave").Param("code")
			oauthRefused(t, box, client+", "+name, send(c, wrong), 400, "invalid_grant")
			oauthRefused(t, box, client+", after "+name, send(c, verifier), 400, "invalid_grant")
		}
	}
}

// 30 days idle: alive until the instant, dead at it, and counted anew by each refresh.
// RFC 9700 §4.14.2: a refresh token that was idle for 30 days is dead, to the instant.
func TestRefreshIdle(t *testing.T) {
	t.Parallel()
	box := start(t)
	v, w := login(t, box, "dave"), login(t, box, "jane")
	box.Advance(30*day - time.Nanosecond)
	v = issued(post(box, refreshForm(v.Refresh)))
	box.Advance(time.Nanosecond)
	oauthRefused(t, box, "idle for 30 days", post(box, refreshForm(w.Refresh)), 400, "invalid_grant")
	box.Advance(30*day - 2*time.Nanosecond)
	issued(post(box, refreshForm(v.Refresh)))
}

// 365 days from the login, however often it was refreshed; the answers count down.
func TestRefreshAbsolute(t *testing.T) {
	t.Parallel()
	box := start(t)
	v := login(t, box, "dave")
	for range 12 {
		box.Advance(30*day - time.Second)
		v = issued(post(box, refreshForm(v.Refresh)))
	}
	left := 365*day - 12*(30*day-time.Second)
	if want := int64(left / time.Second); v.AbsoluteIn != want || v.RefreshIn != want || v.ExpiresIn != 600 {
		t.Errorf("%s before the end: %+v", left, v)
	}
	box.Advance(left - time.Second)
	v = issued(post(box, refreshForm(v.Refresh)))
	if v.AbsoluteIn != 1 || v.RefreshIn != 1 {
		t.Errorf("a second before the end: %+v", v)
	}
	box.Advance(time.Second - time.Nanosecond)
	v = issued(post(box, refreshForm(v.Refresh)))
	box.Advance(time.Nanosecond)
	oauthRefused(t, box, "after 365 days", post(box, refreshForm(v.Refresh)), 400, "invalid_grant")
}

// Rotation: the old refresh token ends the family, and nobody else's.
// RFC 9700 §4.14.2: refresh tokens rotate, and the reuse of an old one revokes the family.
func TestReuse(t *testing.T) {
	t.Parallel()
	box := start(t)
	v, other := login(t, box, "dave"), login(t, box, "dave")
	next := issued(post(box, refreshForm(v.Refresh)))
	oauthRefused(t, box, "used again", post(box, refreshForm(v.Refresh)), 400, "invalid_grant")
	oauthRefused(t, box, "the family", post(box, refreshForm(next.Refresh)), 400, "invalid_grant")
	unauthorized(t, box, "the family's access token", box.Get("/common/helloworld", servertest.Bearer(next.Access)))
	box.Get("/common/helloworld", servertest.Bearer(other.Access)).Want(200)
	issued(post(box, refreshForm(other.Refresh)))
}

// RFC 6749 §5.1: scope is told when it differs from what was asked for.
// RFC 6750 §3.1: too little scope is 403 insufficient_scope, with the scope that is needed.
func TestNarrowerScope(t *testing.T) {
	t.Parallel()
	box := start(t)
	p := allow(t, box, authorizeURL("", "scope", "accounts transactions"), "dave")
	v := issued(post(box, codeForm(p.Param("code"))))
	n := issued(post(box, with(refreshForm(v.Refresh), "scope", "accounts")))
	if n.Scope != "accounts" {
		t.Errorf("scope %q", n.Scope)
	}
	box.Get("/personal/banking/accounts", servertest.Bearer(n.Access)).Want(200)
	a := box.Get("/personal/banking/transactions?accountKey="+daves, servertest.Bearer(n.Access))
	refused(t, box, "transactions with scope accounts", a, 403, "FORBIDDEN")
	if got := a.Header.Get("WWW-Authenticate"); got != `Bearer error="insufficient_scope", scope="transactions"` {
		t.Errorf("WWW-Authenticate is %s", got)
	}
	if whole := issued(post(box, refreshForm(n.Refresh))); whole.Scope != "accounts transactions" {
		t.Errorf("the next refresh has scope %q", whole.Scope)
	}
	// A client that is registered for less gets no more.
	q := allow(t, box, authorizeURL("", "client_id", "narrow", "redirect_uri", "https://app.example/cb?a=1"), "dave")
	if got := q.Away.String(); !strings.HasPrefix(got, "https://app.example/cb?a=1&code=") {
		t.Errorf("sent to %s", got)
	}
	w := issued(box.Post("/oauth/token", with(codeForm(q.Param("code")), "redirect_uri", "https://app.example/cb?a=1"), servertest.Basic("narrow", "narrow-secret")))
	if w.Scope != "accounts" || w.Refresh != "" || w.RefreshIn != 0 {
		t.Errorf("got %+v", w)
	}
}

// RFC 6749 §4.4.3: client credentials bring no refresh token.
// RFC 9700 §4.15: a client's own token opens nobody's account.
func TestClientCredentials(t *testing.T) {
	t.Parallel()
	box := start(t, "sparebank1.client-access=7m")
	a := post(box, url.Values{"grant_type": {"client_credentials"}}).Want(200)
	if got := strings.Join(fields(t, []byte(a.Body)), " "); got != "access_token token_type expires_in scope" {
		t.Errorf("fields %s", got)
	}
	v := issued(a)
	if v.ExpiresIn != 420 {
		t.Errorf("expires in %d", v.ExpiresIn)
	}
	token := servertest.Bearer(v.Access)
	box.Get("/common/helloworld", token).Want(200)
	unauthorized(t, box, "a client's token for a user's accounts", box.Get("/personal/banking/accounts", token))
	box.Advance(7*time.Minute - time.Nanosecond)
	box.Get("/common/helloworld", token).Want(200)
	box.Advance(time.Nanosecond)
	unauthorized(t, box, "a client's token after seven minutes", box.Get("/common/helloworld", token))
}

// Every lifetime can be set, and the wire follows to the instant.
func TestLifetimesSet(t *testing.T) {
	t.Parallel()
	box := start(t, "sparebank1.code=5s", "sparebank1.access=7s", "sparebank1.refresh=11s", "sparebank1.refresh-absolute=20s")
	live, late := code(t, box, "dave"), code(t, box, "dave")
	box.Advance(5*time.Second - time.Nanosecond)
	v := issued(post(box, codeForm(live)))
	if v.ExpiresIn != 7 || v.RefreshIn != 11 || v.AbsoluteIn != 15 {
		t.Errorf("got %+v", v)
	}
	box.Advance(time.Nanosecond)
	oauthRefused(t, box, "code", post(box, codeForm(late)), 400, "invalid_grant")
	box.Advance(7*time.Second - 2*time.Nanosecond)
	box.Get("/common/helloworld", servertest.Bearer(v.Access)).Want(200)
	box.Advance(time.Nanosecond)
	unauthorized(t, box, "access", box.Get("/common/helloworld", servertest.Bearer(v.Access)))
	v = issued(post(box, refreshForm(v.Refresh)))
	if v.ExpiresIn != 7 || v.RefreshIn != 8 || v.AbsoluteIn != 8 { // the access token as ever; the refresh token up to the absolute end
		t.Errorf("after 12 s: %+v", v)
	}
	box.Advance(8 * time.Second)
	v = issued(post(box, refreshForm(v.Refresh)))
	box.Advance(time.Nanosecond)
	oauthRefused(t, box, "absolute", post(box, refreshForm(v.Refresh)), 400, "invalid_grant")

	never := start(t, "sparebank1.access=never", "sparebank1.refresh=never", "sparebank1.refresh-absolute=never")
	a := post(never, codeForm(code(t, never, "dave"))).Want(200)
	if strings.Contains(a.Body, "expires_in") {
		t.Errorf("tokens that never end: %s", a.Body)
	}
	v = issued(a)
	never.Advance(4000 * day)
	never.Get("/common/helloworld", servertest.Bearer(v.Access)).Want(200)
	issued(post(never, refreshForm(v.Refresh)))
}

func TestRotationKept(t *testing.T) {
	t.Parallel()
	box := start(t, "sparebank1.rotation=keep")
	v := login(t, box, "dave")
	box.Advance(day)
	for range 2 { // 30 days idle: each refresh counts them anew
		if again := issued(post(box, refreshForm(v.Refresh))); again.Refresh != v.Refresh || again.RefreshIn != 30*86400 || again.Access == v.Access {
			t.Errorf("got %+v", again)
		}
	}
}

// RFC 9700 §4.14.2: parallel exchanges and refreshes have one winner on the wire.
func TestRaces(t *testing.T) {
	t.Parallel()
	box := start(t)
	race := func(form url.Values) (won int32) {
		var wins atomic.Int32
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				if a := post(box, form); a.Status == 200 {
					wins.Add(1)
				} else if a.Status != 400 || a.Text("error") != "invalid_grant" {
					t.Errorf("%d %s", a.Status, a.Body)
				}
			})
		}
		wg.Wait()
		return wins.Load()
	}
	if won := race(codeForm(code(t, box, "dave"))); won != 1 {
		t.Errorf("%d exchanges of one code won", won)
	}
	if won := race(refreshForm(login(t, box, "dave").Refresh)); won != 1 {
		t.Errorf("%d uses of one refresh token won", won)
	}
}
