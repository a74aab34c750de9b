package finapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

// RFC 6749 §2.3.1: client credentials are taken by Basic and from the body.
// RFC 6749 §3.2: unknown parameters of a token request are ignored.
func TestCredentialsMayComeEveryWay(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	grant := form("grant_type", "client_credentials")
	both := form("grant_type", "client_credentials", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret")
	for name, a := range map[string]*answer{
		"form":                d.Post("/oauth/token", both),
		"Basic":               d.Post("/finapi/oauth/token", grant, servertest.Basic("finapi-demo", "finapi-demo-secret")),
		"query":               d.Do("POST", "/oauth/token?"+both.Encode(), ""),
		"query, empty form":   d.Do("POST", "/oauth/token?"+both.Encode(), "", servertest.Header("Content-Type", "application/x-www-form-urlencoded")),
		"form, without type":  d.Do("POST", "/oauth/token", both.Encode()),
		"any scope":           d.token(form("scope", "read write")),
		"unknown parameters":  d.token(form("audience", "x")),
		"Accept-Language":     d.token(nil, servertest.Header("Accept-Language", "cs-CZ")),
		"empty is not absent": d.token(form("username", "")),
	} {
		if a.Status != 200 || a.JSON()["scope"] != "all" || a.JSON()["refresh_token"] != nil {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}

// The token endpoint speaks to finAPI's clients, who decode errors[], and to OAuth libraries, who read error, in one body.
// RFC 6749 §4.3.2: a wrong password is invalid_grant.
// RFC 6749 §5.2: a client that is not registered for a grant type is unauthorized_client.
func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	d.user("anna")
	d.as("other").user("olga")
	full := form("grant_type", "client_credentials", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret")
	for name, one := range map[string]struct {
		ask         func() *answer
		status      int
		code, oauth string
	}{
		"no grant type":       {func() *answer { return d.token(form("grant_type", "")) }, 400, "BAD_REQUEST", "invalid_request"},
		"strange grant type":  {func() *answer { return d.token(form("grant_type", "authorization_code")) }, 400, "BAD_REQUEST", "unsupported_grant_type"},
		"not this client's":   {func() *answer { return d.as("narrow").password("anna", "password") }, 400, "BAD_REQUEST", "unauthorized_client"},
		"repeated grant type": {func() *answer { return d.token(url.Values{"grant_type": {"password", "password"}}) }, 400, "BAD_REQUEST", "invalid_request"},
		"repeated client id":  {func() *answer { return d.token(url.Values{"client_id": {"finapi-demo", "finapi-demo"}}) }, 400, "BAD_REQUEST", "invalid_request"},
		"no username":         {func() *answer { return d.password("", "password") }, 400, "MISSING_CREDENTIALS", "invalid_request"},
		"no password":         {func() *answer { return d.password("anna", "") }, 400, "MISSING_CREDENTIALS", "invalid_request"},
		"unknown user":        {func() *answer { return d.password("nobody", "password") }, 400, "BAD_REQUEST", "invalid_grant"},
		"wrong password":      {func() *answer { return d.password("anna", "wrong") }, 400, "BAD_REQUEST", "invalid_grant"},
		"another client's":    {func() *answer { return d.password("olga", "password") }, 400, "BAD_REQUEST", "invalid_grant"},
		"no refresh token":    {func() *answer { return d.refresh("") }, 400, "MISSING_CREDENTIALS", "invalid_request"},
		"unknown refresh":     {func() *answer { return d.refresh("garbage") }, 400, "INVALID_TOKEN", "invalid_grant"},
		"access for refresh":  {func() *answer { return d.refresh(d.client) }, 400, "INVALID_TOKEN", "invalid_grant"},
		"JSON body":           {func() *answer { return d.PostJSON("/finapi/oauth/token", full) }, 400, "UNSUPPORTED_MEDIA_TYPE", "invalid_request"},
		"broken encoding":     {func() *answer { return d.Do("POST", "/finapi/oauth/token", "grant_type=%zz") }, 400, "BAD_REQUEST", "invalid_request"},
		"two authentications": {func() *answer {
			return d.Post("/oauth/token", full, servertest.Basic("finapi-demo", "finapi-demo-secret"))
		}, 400, "BAD_REQUEST", "invalid_request"},
		"GET":                  {func() *answer { return d.Get("/finapi/oauth/token?" + full.Encode()) }, 405, "METHOD_NOT_ALLOWED", "invalid_request"},
		"request id too long":  {func() *answer { return d.token(nil, servertest.Header("X-Request-Id", strings.Repeat("x", 256))) }, 400, "BAD_REQUEST", "invalid_request"},
		"body of two megabyte": {func() *answer { return d.token(form("x", strings.Repeat("x", 2<<20))) }, 413, "BAD_REQUEST", "invalid_request"},
	} {
		a := one.ask()
		d.refused(a, one.status, one.code)
		if a.JSON()["error"] != one.oauth || a.Text("error_description") == "" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s, %v", name, a.Body, a.Header)
		}
		if auth := a.Text("authContext"); !strings.HasSuffix(auth, "/0") {
			t.Errorf("%s: authContext %q names a user before anyone is authorized", name, auth)
		}
	}
}

// RFC 6749 §5.2: unknown clients and wrong secrets are the same invalid_client, with WWW-Authenticate: Basic.
func TestBadClientCredentials(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	for name, ask := range map[string]func() *answer{
		"wrong secret": func() *answer { return d.token(form("client_secret", "nope")) },
		"no secret":    func() *answer { return d.token(form("client_secret", "")) },
		"unknown client": func() *answer {
			return d.Post("/finapi/oauth/token", form("grant_type", "client_credentials", "client_id", "x", "client_secret", "y"))
		},
		"nothing at all": func() *answer { return d.Post("/finapi/oauth/token", form()) },
		"wrong Basic": func() *answer {
			return d.Post("/oauth/token", form("grant_type", "client_credentials"), servertest.Basic("finapi-demo", "x"))
		},
		"Basic without text": func() *answer {
			return d.Post("/finapi/oauth/token", form(), servertest.Header("Authorization", "Basic Og=="))
		},
	} {
		a := ask()
		if a.Status != 401 || a.Body != `{"error":"invalid_client","error_description":"Bad client credentials"}` {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
		if !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic ") || a.Header.Get("X-Request-Id") == "" || d.Last().Why == "" {
			t.Errorf("%s: %v, journal %q", name, a.Header, d.Last().Why)
		}
	}
	d.token(nil).Want(200) // a failed try spends nothing
}

// RFC 6749 §4.3.2: the password endpoint is protected against guessing.
func TestTheUserIsLockedAfterThreeWrongPasswords(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.user("anna")
	refresh := d.password("anna", "password").Text("refresh_token")
	for range 2 {
		d.password("anna", "wrong").Want(400)
	}
	d.password("ANNA", "password").Want(200) // a good one starts the count anew
	for range 2 {
		d.password("anna", "wrong").Want(400)
		d.call("GET", "/users", token, "").Want(200)
	}
	d.password("Anna", "wrong").Want(400)

	d.refused(d.password("anna", "password"), 423, "LOCKED")
	d.dead(token, "locked after wrong passwords")
	d.refused(d.refresh(refresh), 400, "INVALID_TOKEN")
	d.Advance(1000 * time.Hour)
	d.refused(d.password("anna", "password"), 423, "LOCKED")
}

func TestAttemptsAreAPolicy(t *testing.T) {
	t.Parallel()
	for setting, stays := range map[string]int{"finapi.attempts=1": 0, "finapi.attempts=2": 1, "finapi.attempts=0": 40} {
		d := open(t, policy(t, setting))
		d.user("anna")
		for range stays {
			d.password("anna", "wrong").Want(400)
		}
		d.password("anna", "password").Want(200)
		for range max(stays+1, 2) {
			d.password("anna", "wrong")
		}
		if want, got := map[bool]int{true: 200, false: 423}[stays == 40], d.password("anna", "password").Status; got != want {
			t.Errorf("%s: %d, want %d", setting, got, want)
		}
	}
}

// Every lifetime, on both sides of the instant.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	d := open(t, policy(t, "finapi.access=90s", "finapi.client-access=20s", "finapi.refresh=1h"))
	own := d.token(nil)
	user := d.call("POST", "/users", own.Text("access_token"), `{"id":"anna","password":"password"}`)
	user.Want(201)
	login := d.password("anna", "password")
	if own.JSON()["expires_in"].(fmt.Stringer).String() != "19" || login.JSON()["expires_in"].(fmt.Stringer).String() != "89" {
		t.Errorf("%s %s", own.Body, login.Body)
	}

	d.Advance(20*time.Second - 1)
	d.call("GET", "/api/v1/clientConfiguration", own.Text("access_token"), "").Want(200)
	d.Advance(1)
	d.dead(own.Text("access_token"), "20s by bank finapi")

	d.Advance(70*time.Second - 1)
	d.call("GET", "/users", login.Text("access_token"), "").Want(200)
	d.Advance(1)
	d.dead(login.Text("access_token"), "1m30s by bank finapi")

	d.Advance(time.Hour - 90*time.Second - 1)
	d.refresh(login.Text("refresh_token")).Want(200)
	d.Advance(1)
	d.refused(d.refresh(login.Text("refresh_token")), 400, "INVALID_TOKEN")
	if why := d.Last().Why; !strings.Contains(why, "1h by bank finapi") {
		t.Errorf("the journal says %q", why)
	}
}

// 0 means that a token never expires, so nothing that does may say 0.
func TestExpiresInIsNeverZeroByAccident(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{"finapi.client-access=1s": "1", "finapi.client-access=never": "0", "finapi.client-access=2s": "1", "finapi.client-access=1m": "59"} {
		d := open(t, policy(t, setting))
		if got := d.token(nil).JSON()["expires_in"].(fmt.Stringer).String(); got != want {
			t.Errorf("%s: expires_in %s, want %s", setting, got, want)
		}
	}
	d := open(t, policy(t, "finapi.client-access=never"))
	d.Advance(100 * 365 * 24 * time.Hour)
	d.call("GET", "/api/v1/clientConfiguration", d.client, "").Want(200)
}

func TestRotation(t *testing.T) {
	t.Parallel()
	d := open(t, policy(t, "finapi.rotation=rotate"))
	d.user("anna")
	first := d.password("anna", "password")
	second := d.refresh(first.Text("refresh_token")).Want(200)
	if second.Text("refresh_token") == first.Text("refresh_token") {
		t.Fatal("the refresh token was not rotated")
	}
	d.refused(d.refresh(first.Text("refresh_token")), 400, "INVALID_TOKEN")
	d.dead(second.Text("access_token"), "used again after rotation")
}

// A refresh token is bound to its client.
// RFC 6749 §10.4: a refresh token of another client is refused, and stays good for its owner.
func TestRefreshOfAnotherClient(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	d.user("anna")
	refresh := d.password("anna", "password").Text("refresh_token")
	d.refused(d.as("other").refresh(refresh), 400, "INVALID_TOKEN")
	d.refresh(refresh).Want(200)
}

// race lets 64 clients do the same thing at once and counts their answers.
func race(t *testing.T, do func() *answer) map[int]int {
	t.Helper()
	var mu sync.Mutex
	seen := map[int]int{}
	var wait sync.WaitGroup
	gate := make(chan struct{})
	for range 64 {
		wait.Go(func() {
			<-gate
			a := do()
			mu.Lock()
			seen[a.Status]++
			mu.Unlock()
		})
	}
	close(gate)
	wait.Wait()
	return seen
}

func TestRaces(t *testing.T) {
	t.Parallel()
	d := open(t, policy(t, "finapi.rotation=rotate"))

	if seen := race(t, func() *answer { return d.call("POST", "/users", d.client, `{"id":"Racer","password":"password"}`) }); seen[201] != 1 || seen[422] != 63 {
		t.Errorf("one user id: %v", seen)
	}
	refresh := d.password("racer", "password").Text("refresh_token")
	if seen := race(t, func() *answer { return d.refresh(refresh) }); seen[200] > 1 || seen[200]+seen[400] != 64 {
		t.Errorf("one refresh token: %v", seen)
	}
	token := d.password("racer", "password").Text("access_token")
	if seen := race(t, func() *answer { return d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280001}`) }); seen[201] != 1 || seen[422] != 63 {
		t.Errorf("one import: %v", seen)
	}
	change := d.call("POST", "/users/requestPasswordChange", d.client, `{"userId":"racer"}`).Text("passwordChangeToken")
	if seen := race(t, func() *answer {
		return d.call("POST", "/users/executePasswordChange", d.client, `{"userId":"racer","password":"password2","passwordChangeToken":"`+change+`"}`)
	}); seen[200] != 1 || seen[400] != 63 {
		t.Errorf("one password change: %v", seen)
	}
	token = d.password("racer", "password2").Want(200).Text("access_token")
	if seen := race(t, func() *answer { return d.call("DELETE", "/users", token, "") }); seen[200] != 1 || seen[401] != 63 {
		t.Errorf("one deletion: %v", seen)
	}
}

// Whoever logs in while the user is being locked, deleted or given another password ends up with nothing.
func TestNoTokenOutlivesAPasswordChange(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	d.user("anna")
	change := d.call("POST", "/users/requestPasswordChange", d.client, `{"userId":"anna"}`).Text("passwordChangeToken")
	var mu sync.Mutex
	var tokens []string
	var done atomic.Bool
	race(t, func() *answer {
		a := d.password("anna", "password")
		mu.Lock()
		if a.Status == 200 {
			tokens = append(tokens, a.Text("access_token"))
		}
		n := len(tokens)
		mu.Unlock()
		if n > 8 && done.CompareAndSwap(false, true) {
			return d.call("POST", "/users/executePasswordChange", d.client, `{"userId":"anna","password":"another","passwordChangeToken":"`+change+`"}`)
		}
		return a
	})
	if !done.Load() {
		d.call("POST", "/users/executePasswordChange", d.client, `{"userId":"anna","password":"another","passwordChangeToken":"`+change+`"}`).Want(200)
	}
	for _, token := range tokens {
		d.call("GET", "/users", token, "").Want(401)
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	type state struct{ first, second, refresh bool }
	for name, one := range map[string]struct {
		hint, token string
		want        state
	}{
		"an access token alone":                      {"access_token", "first", state{false, true, true}},
		"a refresh token with all its access tokens": {"refresh_token", "refresh", state{false, false, false}},
		"an access token without a hint: all":        {"", "first", state{false, false, false}},
		"a refresh token without a hint: all":        {"", "refresh", state{false, false, false}},
		"an access token called a refresh token":     {"refresh_token", "first", state{false, true, true}},
		"a refresh token called an access token":     {"access_token", "refresh", state{false, false, false}},
		"nobody's token":                             {"", "garbage", state{true, true, true}},
	} {
		for where, send := range map[string]func(*desk, url.Values, string) *answer{
			"form": func(d *desk, v url.Values, by string) *answer {
				return d.Post("/oauth/revoke", v, servertest.Bearer(by))
			},
			"query": func(d *desk, v url.Values, by string) *answer {
				return d.Do("POST", "/oauth/revoke?"+v.Encode(), "", servertest.Bearer(by))
			},
		} {
			d := open(t, server.Options{})
			d.user("anna")
			first := d.password("anna", "password")
			second := d.refresh(first.Text("refresh_token"))
			tokens := map[string]string{"first": first.Text("access_token"), "refresh": first.Text("refresh_token"), "garbage": "garbage"}
			v := form("token", tokens[one.token])
			if one.hint != "" {
				v.Set("token_type_hint", one.hint)
			}
			a := send(d, v, d.client).Want(200)
			if a.Body != "" || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("X-Request-Id") == "" {
				t.Errorf("%s, %s: %q %v", name, where, a.Body, a.Header)
			}
			lives := func(token string) bool { return d.call("GET", "/users", token, "").Status == 200 }
			got := state{lives(first.Text("access_token")), lives(second.Text("access_token")), d.refresh(first.Text("refresh_token")).Status == 200}
			if got != one.want {
				t.Errorf("%s, %s: alive are %+v, want %+v", name, where, got, one.want)
			}
			d.call("GET", "/api/v1/clientConfiguration", d.client, "").Want(200)
		}
	}
}

func TestWhoMayRevokeWhat(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	anna, bert := d.user("anna"), d.user("bert")
	end := func(token, by string) {
		t.Helper()
		d.Post("/oauth/revoke", form("token", token), servertest.Bearer(by)).Want(200)
	}
	alive := func(token string, want int) {
		t.Helper()
		d.call("GET", "/users", token, "").Want(want)
	}

	end(anna, bert)
	alive(anna, 200)
	end(anna, d.as("other").client)
	alive(anna, 200)
	end(d.client, anna)
	d.call("GET", "/api/v1/clientConfiguration", d.client, "").Want(200)
	end(anna, anna)
	alive(anna, 401)
	end(d.client, d.client)
	d.call("GET", "/api/v1/clientConfiguration", d.client, "").Want(401)
	alive(bert, 200)

	d.refused(d.Post("/oauth/revoke", form(), servertest.Bearer(bert)), 400, "MISSING_FIELD")
	d.refused(d.Post("/oauth/revoke", form("token", "x", "token_type_hint", "id_token"), servertest.Bearer(bert)), 400, "BAD_REQUEST")
	d.refused(d.Post("/oauth/revoke", url.Values{"token": {"x", "y"}}, servertest.Bearer(bert)), 400, "BAD_REQUEST")
	if a := d.Post("/oauth/revoke", form("token", bert)); a.Status != 401 || a.Header.Get("WWW-Authenticate") != `Bearer realm="finapi"` {
		t.Errorf("nobody: %d %v", a.Status, a.Header)
	}
	alive(bert, 200)
}

// --fidelity finapi=original: the same credentials get the same token, with what is left of its life.
func TestTheOriginalHandsOutTheSameToken(t *testing.T) {
	t.Parallel()
	fidelity, err := server.ParseFidelity("finapi=original")
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, server.Options{Policy: []server.Setting{fidelity}})
	d.user("anna")
	first, own := d.password("anna", "password"), d.token(nil)
	d.Advance(10 * time.Minute)
	again := d.password("anna", "password")
	for _, key := range []string{"access_token", "refresh_token"} {
		if first.Text(key) != again.Text(key) {
			t.Errorf("another %s", key)
		}
	}
	if got := again.JSON()["expires_in"].(fmt.Stringer).String(); got != "2999" {
		t.Errorf("expires_in %s", got)
	}
	if own.Text("access_token") != d.token(nil).Text("access_token") || own.Text("access_token") == d.as("other").client {
		t.Error("the client's own token")
	}
	refreshed := d.refresh(first.Text("refresh_token")).Text("access_token")
	if refreshed == first.Text("access_token") || d.password("anna", "password").Text("access_token") != refreshed {
		t.Error("after a refresh, the new token is the present one")
	}
	d.Advance(time.Hour)
	if d.password("anna", "password").Text("access_token") == refreshed {
		t.Error("a dead token was handed out")
	}
	var tokens sync.Map
	d.Advance(time.Hour)
	race(t, func() *answer {
		a := d.password("anna", "password")
		tokens.Store(a.Text("access_token"), true)
		return a
	})
	n := 0
	tokens.Range(func(token, _ any) bool {
		n++
		d.call("GET", "/users", token.(string), "").Want(200)
		return true
	})
	if n != 1 {
		t.Errorf("64 logins got %d tokens", n)
	}
}

func TestByDefaultEachLoginHasItsOwnToken(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	first, second := d.user("anna"), d.password("anna", "password").Text("access_token")
	d.Post("/oauth/revoke", form("token", first), servertest.Bearer(d.client)).Want(200)
	d.call("GET", "/users", first, "").Want(401)
	d.call("GET", "/users", second, "").Want(200)
}

// RFC 6750 §2.1: the scheme is taken in any case.
// RFC 9700 §4.3.2: a token in the query opens nothing.
// RFC 6750 §2: two Authorization headers are refused.
func TestBearers(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	anna := d.user("anna")
	refresh := d.password("anna", "password").Text("refresh_token")
	d.Do("GET", "/api/v1/accounts", "", servertest.Header("Authorization", "bEaReR "+anna)).Want(200)

	const missing = `{"error":"invalid_token","error_description":"Not authenticated or invalid access_token"}`
	for name, a := range map[string]*answer{
		"nobody":         d.Get("/finapi/api/v1/accounts"),
		"Basic":          d.Get("/finapi/api/v1/accounts", servertest.Basic("finapi-demo", "finapi-demo-secret")),
		"token in query": d.Get("/finapi/api/v1/accounts?access_token=" + anna),
	} {
		if a.Status != 401 || a.Body != missing || a.Header.Get("WWW-Authenticate") != `Bearer realm="finapi"` {
			t.Errorf("%s: %d %s %v", name, a.Status, a.Body, a.Header)
		}
	}
	d.dead(refresh, "is a refresh, not an access token")
	d.dead("garbage", "nobody issued this token")
	a := d.Get("/finapi/api/v1/accounts", servertest.Header("Authorization", `Bearer <"\ü>`))
	if a.Status != 401 || a.Text("error_description") != `Invalid access token: <"\ü>` || strings.Contains(a.Header.Get("WWW-Authenticate"), "ü") {
		t.Errorf("hostile token: %d %s %v", a.Status, a.Body, a.Header)
	}
	d.Get("/finapi/api/v1/accounts", func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + anna, "Bearer " + anna} }).Want(401)
}

// A token of another bank opens nothing here, and one from here nothing there.
// RFC 6750 §5.2: a token of another authorization server opens nothing.
func TestTokensOfOtherBanks(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	page := d.Browser().Get("/account/authorize?redirect_uri=http://127.0.0.1:9000/cb&client_id=7b6fc8ed5127b0b2f076d").Submit("uname", "dave", "psw", "x")
	foreign := d.Get("/account/access_token?client_id=7b6fc8ed5127b0b2f076d&client_secret=724e6890757b0ae624684b70e111b705fe6b050c&code=" + page.Param("code")).Want(200).Text("access_token")

	d.base = "/finapi"
	d.dead(foreign, "is a token of yoisho")
	d.Get("/account/balance", servertest.Bearer(d.user("anna"))).Want(400)
}
