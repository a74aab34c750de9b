package berlin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// RFC 6749 §5.1: the token answer is JSON with no-store and no-cache, and expires_in is a number of seconds.
// RFC 6749 §4.4.3: client credentials bring no refresh token.
func TestTokenFields(t *testing.T) {
	t.Parallel()
	b := start(t)
	code := b.code("jane", b.ask(wholeAsk), "account", current)
	a := b.exchange(code).Want(200)
	shape := regexp.MustCompile(`^\{"access_token":"[\w-]{43}","token_type":"Bearer","expires_in":3600,"consented_on":1796312708,"scope":"AISP",` +
		`"refresh_token":"[\w-]{43}","refresh_token_expires_in":7776000,"consentId":"[0-9a-f-]{36}"\}$`)
	if !shape.MatchString(a.Body) {
		t.Errorf("token answer %s", a.Body)
	}
	if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Pragma") != "no-cache" {
		t.Errorf("headers %v", a.Header)
	}
	b.Advance(100 * time.Second)
	r := b.refresh(a.Text("refresh_token")).Want(200)
	if r.JSON()["consented_on"] != json.Number("1796312708") || r.JSON()["expires_in"] != json.Number("3600") || r.JSON()["refresh_token_expires_in"] != json.Number("7776000") {
		t.Errorf("a refresh moved the consent, or did not count anew: %s", r.Body)
	}
	c := b.token("grant_type", "client_credentials").Want(200)
	if shape := regexp.MustCompile(`^\{"access_token":"[\w-]{43}","token_type":"Bearer","expires_in":3600,"consented_on":1796312808,"scope":"AISP"\}$`); !shape.MatchString(c.Body) {
		t.Errorf("client credentials answer %s", c.Body)
	}
}

// One way of authenticating changes nothing about the answer compared with another.
// RFC 6749 §2.3.1: the answer does not depend on whether credentials came by Basic or in the body.
// RFC 6749 §5.2: a 401 of the token endpoint has WWW-Authenticate: Basic.
func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	b := start(t)
	body := func(pairs ...string) url.Values {
		v := url.Values{"grant_type": {"client_credentials"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	for name, a := range map[string]*servertest.Answer{
		"body":          b.Post("/oauth2/token", body("client_id", id, "client_secret", secret)),
		"Basic":         b.Post("/oauth2/token", body(), servertest.Basic(id, secret)),
		"Basic and id":  b.Post("/oauth2/token", body("client_id", id), servertest.Basic(id, secret)),
		"Basic encoded": b.Post("/oauth2/token", body(), servertest.Basic("bg%2Ddemo", "bg%2Ddemo%2Dsecret")),
		"lower case":    b.Post("/oauth2/token", body(), servertest.Header("Authorization", "basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))),
	} {
		if a.Status != 200 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	for name, c := range map[string]struct {
		form   url.Values
		option servertest.Option
		status int
		code   string
	}{
		"nothing":        {body(), nil, 401, "invalid_client"},
		"wrong secret":   {body("client_id", id, "client_secret", "x"), nil, 401, "invalid_client"},
		"no secret":      {body("client_id", id), nil, 401, "invalid_client"},
		"unknown":        {body("client_id", "nobody", "client_secret", "x"), nil, 401, "invalid_client"},
		"another bank's": {body("client_id", "7b6fc8ed5127b0b2f076d", "client_secret", "724e6890757b0ae624684b70e111b705fe6b050c"), nil, 401, "invalid_client"},
		"wrong Basic":    {body(), servertest.Basic(id, "x"), 401, "invalid_client"},
		"broken Basic":   {body(), servertest.Header("Authorization", "Basic x"), 401, "invalid_client"},
		"both":           {body("client_id", id, "client_secret", secret), servertest.Basic(id, secret), 400, "invalid_request"},
		"two ids":        {body("client_id", spa), servertest.Basic(id, secret), 400, "invalid_request"},
		"id twice":       {url.Values{"grant_type": {"client_credentials"}, "client_id": {id, id}, "client_secret": {secret}}, nil, 400, "invalid_request"},
		"public":         {body("client_id", spa), nil, 400, "unauthorized_client"},
		"public, secret": {body("client_id", spa, "client_secret", "x"), nil, 401, "invalid_client"},
	} {
		var o []servertest.Option
		if c.option != nil {
			o = append(o, c.option)
		}
		a := b.Post("/oauth2/token", c.form, o...)
		oauthError(t, b, a, c.status, c.code)
		if want := map[bool]string{true: `Basic realm="berlin", charset="UTF-8"`}[c.status == 401]; a.Header.Get("WWW-Authenticate") != want {
			t.Errorf("%s: WWW-Authenticate %q", name, a.Header.Get("WWW-Authenticate"))
		}
	}
}

// RFC 6749 §5.2: each refusal of the token endpoint has the code of its cause.
// RFC 7636 §4.6: a challenge cannot stand for its verifier.
// RFC 9700 §4.8.2: a code_verifier without a code_challenge is refused, so that PKCE cannot be taken out of a request.
func TestTokenRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", wholeAsk)
	fresh := func() string { return b.code("dave", "") }
	bound := func() string {
		return b.allow("dave", authorizeURL("code_challenge", challenge(verifier), "code_challenge_method", "S256")).Param("code")
	}
	for name, c := range map[string]struct {
		pairs     []string
		code, why string
	}{
		"no grant type":        {nil, "invalid_request", "grant_type is missing"},
		"unknown grant type":   {[]string{"grant_type", "password", "username", "jane", "password", "x"}, "unsupported_grant_type", "not \"password\""},
		"no code":              {[]string{"grant_type", "authorization_code", "redirect_uri", back}, "invalid_request", "code is missing"},
		"unknown code":         {[]string{"grant_type", "authorization_code", "redirect_uri", back, "code", "x"}, "invalid_grant", "nobody issued this code"},
		"access token as code": {[]string{"grant_type", "authorization_code", "redirect_uri", back, "code", g.access}, "invalid_grant", "nobody issued this code"},
		"no redirect_uri":      {[]string{"grant_type", "authorization_code", "code", fresh()}, "invalid_grant", "the exchange says \"\""},
		"another redirect_uri": {[]string{"grant_type", "authorization_code", "redirect_uri", back + "/", "code", fresh()}, "invalid_grant", "/cb/"},
		"verifier unasked":     {[]string{"grant_type", "authorization_code", "redirect_uri", back, "code", fresh(), "code_verifier", verifier}, "invalid_grant", "had no code_challenge"},
		"no verifier":          {[]string{"grant_type", "authorization_code", "redirect_uri", back, "code", bound()}, "invalid_grant", "needs a code_verifier"},
		"wrong verifier":       {[]string{"grant_type", "authorization_code", "redirect_uri", back, "code", bound(), "code_verifier", strings.Repeat("x", 43)}, "invalid_grant", "does not match"},
		"challenge for it":     {[]string{"grant_type", "authorization_code", "redirect_uri", back, "code", bound(), "code_verifier", challenge(verifier)}, "invalid_grant", "does not match"},
		"no refresh token":     {[]string{"grant_type", "refresh_token"}, "invalid_request", "refresh_token is missing"},
		"unknown refresh":      {[]string{"grant_type", "refresh_token", "refresh_token", "x"}, "invalid_grant", "nobody issued this refresh token"},
		"access for refresh":   {[]string{"grant_type", "refresh_token", "refresh_token", g.access}, "invalid_grant", "nobody issued this refresh token"},
		"wider scope":          {[]string{"grant_type", "refresh_token", "refresh_token", g.refresh, "scope", "AISP PISP"}, "invalid_scope", "was not granted"},
		"unknown scope":        {[]string{"grant_type", "client_credentials", "scope", "PISP"}, "invalid_scope", "may not ask for"},
	} {
		a := b.token(c.pairs...)
		oauthError(t, b, a, 400, c.code)
		if why := b.Last().Why; !strings.Contains(why, c.why) {
			t.Errorf("%s: the journal says %q, want %q", name, why, c.why)
		}
	}
	for name, a := range map[string]*servertest.Answer{
		"JSON":            b.Do("POST", "/oauth2/token", `{"grant_type":"client_credentials"}`, servertest.Header("Content-Type", "application/json")),
		"broken encoding": b.Do("POST", "/oauth2/token", `grant_type=%zz`, servertest.Header("Content-Type", "application/x-www-form-urlencoded")),
	} {
		if a.Status != 400 || a.Text("error") != "invalid_request" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if a := b.Get("/oauth2/token"); a.Status != 405 || a.Header.Get("Allow") != "POST" || a.Text("error") != "invalid_request" {
		t.Errorf("GET: %d %v %s", a.Status, a.Header, a.Body)
	}
	b.refresh(g.refresh, "scope", "AISP").Want(200) // what was refused spent nothing
}

// A code that was tried wrongly is spent; another client's try spends nothing.
// RFC 6749 §4.1.2: the second use of a code revokes access and refresh tokens that it brought.
func TestACodeIsSpentByItsFirstUse(t *testing.T) {
	t.Parallel()
	b := start(t)
	code := b.code("jane", "")
	oauthError(t, b, b.exchange(code, "redirect_uri", back+"/"), 400, "invalid_grant")
	oauthError(t, b, b.exchange(code), 400, "invalid_grant")

	code = b.code("jane", "")
	oauthError(t, b, b.exchange(code, "client_id", spa, "client_secret", ""), 400, "invalid_grant")
	g := b.exchange(code).Want(200)
	oauthError(t, b, b.exchange(code), 400, "invalid_grant") // a second use: the first tokens die
	b.refused(b.get("/v1/accounts", servertest.Bearer(g.Text("access_token"))), 401, "TOKEN_INVALID")
	oauthError(t, b, b.refresh(g.Text("refresh_token")), 400, "invalid_grant")
}

// RFC 9700 §4.14.2: reuse of a refresh token ends its family, at the resource server as well.
func TestReuseOfARefreshTokenKillsTheFamily(t *testing.T) {
	t.Parallel()
	b := start(t)
	g, other := b.grant("jane", wholeAsk), b.grant("dave", wholeAsk)
	oauthError(t, b, b.refresh(g.refresh, "client_id", spa, "client_secret", ""), 400, "invalid_grant") // not its token, nothing happens
	next := b.refresh(g.refresh).Want(200)
	b.get("/v1/accounts", servertest.Bearer(g.access)).Want(200) // the old access token lives on
	oauthError(t, b, b.refresh(g.refresh), 400, "invalid_grant")
	oauthError(t, b, b.refresh(next.Text("refresh_token")), 400, "invalid_grant")
	for _, access := range []string{g.access, next.Text("access_token")} {
		b.refused(b.get("/v1/accounts", servertest.Bearer(access)), 401, "TOKEN_INVALID")
	}
	b.refresh(other.refresh).Want(200)
	if got := b.get("/consent/"+g.consent, servertest.Basic(id, secret)).Want(200).Text("consentStatus"); got != "valid" {
		t.Errorf("the consent went too: %s", got)
	}
	b.exchange(b.code("jane", g.consent)).Want(200) // a fresh code on the same consent mends it
}

// RFC 9700 §2.1.1: a public client gets its token with PKCE.
// RFC 6749 §3.2.1: a public client names itself by client_id.
func TestPublicClientWithPKCE(t *testing.T) {
	t.Parallel()
	b := start(t)
	page := b.allow("jane", authorizeURL("client_id", spa, "code_challenge", challenge(verifier), "code_challenge_method", "S256"))
	a := b.token("grant_type", "authorization_code", "client_id", spa, "client_secret", "", "code", page.Param("code"), "redirect_uri", back, "code_verifier", verifier).Want(200)
	b.get("/v1/accounts", servertest.Bearer(a.Text("access_token"))).Want(200)
	a = b.token("grant_type", "refresh_token", "client_id", spa, "client_secret", "", "refresh_token", a.Text("refresh_token")).Want(200)
	b.get("/consent/"+a.Text("consentId"), servertest.Bearer(a.Text("access_token"))).Want(200)
	b.get("/consent/"+a.Text("consentId"), servertest.Header("X-IBM-Client-Id", spa)).Want(200)
}

// A client's token opens no account, and no other bank's token opens anything.
// RFC 6750 §3.1: what is no live access token is 401 with error="invalid_token".
// RFC 9700 §4.15: a client's own token is not taken for a user's.
func TestTokensOfAnotherKind(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", wholeAsk)
	code := b.code("dave", "")
	loggedin := b.Get("/account/loggedin?" + url.Values{"uname": {"dave"}, "psw": {"x"}, "client_id": {"7b6fc8ed5127b0b2f076d"}, "redirect": {back}, "token": {"x"}}.Encode())
	u, _ := url.Parse(loggedin.Header.Get("Location"))
	foreign := b.Get("/account/access_token?" + url.Values{"code": {u.Query().Get("code")}, "client_id": {"7b6fc8ed5127b0b2f076d"}, "client_secret": {"724e6890757b0ae624684b70e111b705fe6b050c"}}.Encode()).Want(200).Text("access_token")
	for name, c := range map[string]struct{ token, code string }{
		"a client's":     {clientToken(b), "TOKEN_INVALID"},
		"a code":         {code, "TOKEN_INVALID"},
		"a refresh":      {g.refresh, "TOKEN_INVALID"},
		"another bank's": {foreign, "TOKEN_UNKNOWN"},
		"garbage":        {"x", "TOKEN_UNKNOWN"},
	} {
		for _, path := range []string{"/v1/accounts", "/v1/accounts/" + current, "/v1/accounts/" + current + "/balances", "/v1/accounts/" + current + "/transactions?bookingStatus=booked&dateFrom=2026-11-01", "/v1/accounts/" + current + "/transactions/x"} {
			a := b.refused(b.get(path, servertest.Bearer(c.token)), 401, c.code)
			if !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), `Bearer error="invalid_token", error_description="`) {
				t.Errorf("%s at %s: %q", name, path, a.Header.Get("WWW-Authenticate"))
			}
		}
	}
	if a := b.Get("/account/info", servertest.Bearer(g.access)); a.Status == 200 {
		t.Error("the token opens another bank")
	}
}
