package sparebank1_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sandbank/server/servertest"
)

const issuerPath, jwksPath, userinfoPath, logoutPath = "/sparebank1", "/sparebank1/oauth2/jwks", "/sparebank1/oauth2/userinfo", "/sparebank1/oauth2/logout"

// identity is what an id_token says.
type identity struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	AuthTime int64    `json:"auth_time"`
	Nonce    string   `json:"nonce"`
	Hash     string   `json:"at_hash"`
	ACR      string   `json:"acr"`
	Methods  []string `json:"amr"`
}

type idTokens struct {
	tokens
	ID string `json:"id_token"`
}

func published(box *servertest.Sandbox) (set jose.JSONWebKeySet) {
	box.Get(jwksPath).Want(200).Into(&set)
	return set
}

// verified checks a JWT against the JWKS, as a client does, and tells what it says.
func verified(t testing.TB, box *servertest.Sandbox, jwt, typ string, into any) jose.Header {
	t.Helper()
	signed, err := jose.ParseSignedCompact(jwt, []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA})
	if err != nil {
		t.Fatalf("%q: %v", jwt, err)
	}
	head := signed.Signatures[0].Protected
	known := published(box)
	found := known.Key(head.KeyID)
	if len(found) != 1 || found[0].Algorithm != head.Algorithm || !found[0].IsPublic() || found[0].Use != "sig" {
		t.Fatalf("kid %q, alg %s: the JWKS has %+v", head.KeyID, head.Algorithm, known)
	}
	payload, err := signed.Verify(found[0])
	if err != nil || json.Unmarshal(payload, into) != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	if head.ExtraHeaders[jose.HeaderType] != typ {
		t.Errorf("typ is %v, want %s", head.ExtraHeaders[jose.HeaderType], typ)
	}
	return head
}

func swap(box *servertest.Sandbox, code string) (v idTokens) {
	post(box, codeForm(code)).Want(200).Into(&v)
	return v
}

// enter logs a person in with the scope openid in a browser.
func enter(t testing.TB, b *servertest.Browser, who string, pairs ...string) *servertest.Page {
	t.Helper()
	p := b.Get(authorizeURL("", append([]string{"scope", "openid profile accounts"}, pairs...)...)).Submit("login", who, "password", "hemmelig")
	return p.Submit("otp", otp(t, p))
}

// OpenID Connect Core §3.1.3.3: an exchange of a code that was asked for with the scope openid brings an id_token.
// OpenID Connect Core §2: the id_token has iss, sub, aud, exp, iat, auth_time, and the nonce of the request, unaltered.
// OpenID Connect Core §3.1.3.6: at_hash is the left half of the hash of the access token.
// OpenID Connect Core §12.2: the id_token of a refresh has the same iss, sub, aud and auth_time, and a new iat.
func TestIDToken(t *testing.T) {
	t.Parallel()
	box := start(t)
	box.Clock().Freeze(true)
	began := box.Clock().Now().Unix()
	const nonce = `n-0S6 "ø&=`
	v := swap(box, enter(t, box.Browser(), "dave", "nonce", nonce).Param("code"))
	if v.Scope != "openid profile accounts" {
		t.Errorf("scope %q", v.Scope)
	}
	var first identity
	head := verified(t, box, v.ID, "JWT", &first)
	sum := sha256.Sum256([]byte(v.Access))
	want := identity{Issuer: box.URL() + issuerPath, Subject: first.Subject, Audience: id, Expires: began + 600, Issued: began, AuthTime: began, Nonce: nonce,
		Hash: base64.RawURLEncoding.EncodeToString(sum[:16]), ACR: "urn:bankid:bid", Methods: first.Methods}
	if got, _ := json.Marshal(first); head.Algorithm != "ES256" || string(got) != must(t, want) || len(first.Subject) != 64 {
		t.Errorf("by %s: %s, want %s", head.Algorithm, got, must(t, want))
	}
	if native := box.Get("/common/user/info", servertest.Bearer(v.Access)).Want(200).Text("sub"); native != first.Subject {
		t.Errorf("the bank's own sub is %s, the id_token's %s", native, first.Subject)
	}

	box.Advance(9 * time.Minute)
	var next idTokens
	post(box, refreshForm(v.Refresh)).Want(200).Into(&next)
	var second identity
	verified(t, box, next.ID, "JWT", &second)
	if second.Nonce != "" || second.AuthTime != began || second.Issued != began+540 || second.Expires != began+540+600 || second.Subject != first.Subject || second.Hash == first.Hash {
		t.Errorf("after a refresh: %+v", second)
	}
	// A refresh that asks for less gets no identity.
	post(box, with(refreshForm(next.Refresh), "scope", "accounts")).Want(200).Into(&next)
	if strings.Contains(box.Last().Response.Header("Content-Type"), "jwt") || next.Scope != "accounts" || strings.Contains(string(box.Last().Response.Body), "id_token") {
		t.Errorf("scope accounts alone: %s", box.Last().Response.Body)
	}
	// The client's own token is nobody's identity.
	if a := post(box, url.Values{"grant_type": {"client_credentials"}, "scope": {"openid accounts"}}).Want(200); strings.Contains(a.Body, "id_token") {
		t.Error(a.Body)
	}
}

func must(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestIDTokenLife(t *testing.T) {
	t.Parallel()
	box := start(t, "sparebank1.id-token=42s")
	var is identity
	verified(t, box, swap(box, enter(t, box.Browser(), "dave").Param("code")).ID, "JWT", &is)
	if is.Expires-is.Issued != 42 {
		t.Errorf("%+v", is)
	}
}

// RFC 7518 §3.4: an ES256 signature is the 64 bytes of R and S over the ASCII of header and payload; the standard library alone agrees.
func TestSignatureByTheStandardLibrary(t *testing.T) {
	t.Parallel()
	box := start(t)
	v := swap(box, enter(t, box.Browser(), "dave").Param("code"))
	parts := strings.Split(v.ID, ".")
	var set struct {
		Keys []struct{ Kty, Crv, Alg, Use, Kid, X, Y, D string }
	}
	a := box.Get(jwksPath).Want(200)
	a.Into(&set)
	if a.Header.Get("Cache-Control") != "public, max-age=300" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the JWKS comes with %v", a.Header)
	}
	key := set.Keys[0]
	if len(parts) != 3 || len(set.Keys) != 1 || key.Kty != "EC" || key.Crv != "P-256" || key.Alg != "ES256" || key.Use != "sig" || key.D != "" || strings.Contains(a.Body, `"d"`) {
		t.Fatalf("%s\n%s", v.ID, a.Body)
	}
	bytes := func(text string) []byte {
		out, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	// RFC 7638 §3.1: the thumbprint is over the required members in the order of their names.
	thumb := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + key.X + `","y":"` + key.Y + `"}`))
	if base64.RawURLEncoding.EncodeToString(thumb[:]) != key.Kid || !strings.Contains(string(bytes(parts[0])), key.Kid) {
		t.Errorf("kid %s, header %s", key.Kid, bytes(parts[0]))
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, bytes(key.X), bytes(key.Y)))
	if err != nil {
		t.Fatal(err)
	}
	sum, signature := sha256.Sum256([]byte(parts[0]+"."+parts[1])), bytes(parts[2])
	if len(signature) != 64 || !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Error("the signature is not the key's")
	}
	sum[0] ^= 1
	if ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Error("the signature is good for something else as well")
	}
}

// OpenID Connect Core §5.3.1: userinfo takes GET and POST with the access token as bearer.
// OpenID Connect Core §5.4: each scope brings its claims; sub is there always, and the same as in the id_token.
// RFC 6750 §3.1: no token gets 401 without a code, a dead one invalid_token, one without openid 403 insufficient_scope.
func TestUserinfo(t *testing.T) {
	t.Parallel()
	box := start(t)
	ask := func(scope string) (map[string]any, idTokens) {
		v := swap(box, allow(t, box, authorizeURL("", "scope", scope), "dave").Param("code"))
		return box.Get(userinfoPath, servertest.Bearer(v.Access)).Want(200).JSON(), v
	}
	all, v := ask("openid profile email phone pid")
	var token identity
	verified(t, box, v.ID, "JWT", &token)
	want := map[string]any{"sub": token.Subject, "name": "Dave Thompson", "given_name": "Dave", "family_name": "Thompson", "birthdate": "1984-05-17", "preferred_username": "dave",
		"email": "dave@example.com", "email_verified": true, "phone_number": "+47 00 00 02 71", "phone_number_verified": true, "pid": "17858430038"}
	if must(t, all) != must(t, want) {
		t.Errorf("all scopes: %v", all)
	}
	if a := box.Do("POST", userinfoPath, "", servertest.Bearer(v.Access)).Want(200); a.Text("pid") != "17858430038" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("POST: %s", a.Body)
	}
	if few, _ := ask("openid"); len(few) != 1 || few["sub"] != token.Subject {
		t.Errorf("openid alone: %v", few)
	}
	check := func(name string, a *servertest.Answer, status int, code, challenge string) {
		t.Helper()
		if a.Status != status || a.Header.Get("WWW-Authenticate") != challenge || code != "" && a.Text("error") != code {
			t.Errorf("%s: %d %s %q", name, a.Status, a.Body, a.Header.Get("WWW-Authenticate"))
		}
	}
	check("none", box.Get(userinfoPath), 401, "", "Bearer")
	const dead = `Bearer error="invalid_token", error_description="The access token is malformed, unknown, expired or revoked."`
	check("garbage", box.Get(userinfoPath, servertest.Bearer("x")), 401, "invalid_token", dead)
	check("a refresh token", box.Get(userinfoPath, servertest.Bearer(v.Refresh)), 401, "invalid_token", dead)
	check("too little", box.Get(userinfoPath, bearer(t, box, "dave")), 403, "insufficient_scope",
		`Bearer error="insufficient_scope", error_description="The access token lacks the scope openid.", scope="openid"`)
	box.Clock().Freeze(true)
	_, fresh := ask("openid")
	box.Advance(10*time.Minute - 1)
	check("just before its end", box.Get(userinfoPath, servertest.Bearer(fresh.Access)), 200, "", "")
	box.Advance(1)
	check("at its end", box.Get(userinfoPath, servertest.Bearer(fresh.Access)), 401, "invalid_token", dead)
}

// OpenID Connect Core §3.1.2.1: prompt=none shows no page, and answers login_required, consent_required or a code.
// OpenID Connect Core §3.1.2.1: prompt=login and max_age ask a user again who is signed in.
func TestSignedInBrowser(t *testing.T) {
	t.Parallel()
	box := start(t)
	box.Clock().Freeze(true)
	b := box.Browser()
	at := func(pairs ...string) *servertest.Page {
		t.Helper()
		return b.Get(authorizeURL("", append([]string{"scope", "openid profile accounts"}, pairs...)...))
	}
	fails := func(name, want string, pairs ...string) {
		t.Helper()
		if p := at(pairs...); p.Away == nil || p.Param("error") != want || p.Param("state") != "xyz" || p.Param("iss") != box.URL()+issuerPath {
			t.Errorf("%s: sent to %v, want %s", name, p.Away, want)
		}
	}
	fails("nobody is signed in", "login_required", "prompt", "none")
	fails("none and more", "invalid_request", "prompt", "none login")
	fails("an unknown prompt", "invalid_request", "prompt", "create")
	fails("max_age", "invalid_request", "max_age", "-1")
	fails("request", "request_not_supported", "request", "e30.e30.")
	fails("request_uri", "request_uri_not_supported", "request_uri", "https://app.example/r")
	fails("a hint that is none", "invalid_request", "id_token_hint", "e30.e30.AA")

	began := box.Clock().Now().Unix()
	v := swap(box, enter(t, b, "dave").Param("code"))
	says := func(name string, p *servertest.Page) (is identity) {
		t.Helper()
		if p.Away == nil || p.Param("code") == "" {
			t.Errorf("%s: %d, sent to %v", name, p.Status, p.Away)
			return is
		}
		verified(t, box, swap(box, p.Param("code")).ID, "JWT", &is)
		return is
	}
	page := func(name, heading string, p *servertest.Page) {
		t.Helper()
		if p.Doc == nil || !strings.Contains(p.Doc.Find("h1").Text(), heading) {
			t.Errorf("%s: not the page %q but %v %.200s", name, heading, p.Away, p.Body)
		}
	}
	box.Advance(30 * time.Second)
	if is := says("silent", at("prompt", "none", "nonce", "two")); is.AuthTime != began || is.Issued != began+30 || is.Nonce != "two" || is.ACR != "urn:bankid:bid" {
		t.Errorf("silent: %+v", is)
	}
	says("no finInst: that of before", at("prompt", "none", "finInst", ""))
	says("without prompt", at())
	says("young enough", at("prompt", "none", "max_age", "30"))
	says("its own hint", at("prompt", "none", "id_token_hint", v.ID, "login_hint", "dave"))
	fails("too old", "login_required", "prompt", "none", "max_age", "29")
	fails("more than was allowed", "consent_required", "prompt", "none", "scope", "openid transfer")
	fails("somebody else", "login_required", "prompt", "none", "login_hint", "jane")
	page("prompt=login", "Log in", at("prompt", "login"))
	page("max_age=0", "Log in", at("max_age", "0"))
	page("select_account", "Log in", at("prompt", "select_account"))
	page("without openid", "Log in", b.Get(authorizeURL("")))
	asks := at("prompt", "consent")
	page("prompt=consent", "Confirm", asks)
	if is := says("confirmed", asks.Submit("otp", otp(t, asks))); is.AuthTime != began {
		t.Errorf("a confirmation is no login: %+v", is)
	}
	again := at("prompt", "login").Submit("login", "dave", "password", "hemmelig")
	if is := says("logged in again", again.Submit("otp", otp(t, again))); is.AuthTime != began+30 {
		t.Errorf("a new login: %+v", is)
	}
	janes := enter(t, box.Browser(), "jane")
	fails("another's id_token", "login_required", "prompt", "none", "id_token_hint", swap(box, janes.Param("code")).ID)

	// The sign-in lasts an hour by policy.
	box.Advance(time.Hour - 1)
	says("at the last instant", at("prompt", "none"))
	box.Advance(1)
	fails("at its end", "login_required", "prompt", "none")
}

// RP-Initiated Logout §2: an id_token_hint of who is signed in ends the sign-in; without one the user is asked.
// RP-Initiated Logout §3: the browser is sent only where the client has registered, with the state; an expired id_token is good enough.
func TestLogout(t *testing.T) {
	t.Parallel()
	box := start(t)
	const home = "http://127.0.0.1:9000/bye"
	leave := func(b *servertest.Browser, pairs ...string) *servertest.Page {
		t.Helper()
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return b.Get(logoutPath + "?" + v.Encode())
	}
	silent := func(b *servertest.Browser) string {
		t.Helper()
		return b.Get(authorizeURL("", "scope", "openid profile accounts", "prompt", "none")).Param("error")
	}
	b := box.Browser()
	v := swap(box, enter(t, b, "dave").Param("code"))
	for name, p := range map[string]*servertest.Page{
		"not registered": leave(b, "id_token_hint", v.ID, "post_logout_redirect_uri", "https://evil.example/"),
		"no client":      leave(b, "post_logout_redirect_uri", home),
		"another client": leave(b, "id_token_hint", v.ID, "client_id", "spa"),
		"unknown client": leave(b, "client_id", "nobody"),
		"no id_token":    leave(b, "id_token_hint", v.Access),
	} {
		if p.Status != 400 || p.Away != nil {
			t.Errorf("%s: %d, sent to %v", name, p.Status, p.Away)
		}
	}
	if e := silent(b); e != "" {
		t.Fatalf("a refused logout ends the sign-in: %s", e)
	}

	ask := leave(b, "client_id", id, "post_logout_redirect_uri", home, "state", "s t")
	if ask.Doc == nil || !strings.Contains(ask.Doc.Find("h1").Text(), "Log out") {
		t.Fatalf("nobody asks: %d %v", ask.Status, ask.Away)
	}
	if p := ask.Submit("deny", "1"); p.Away != nil || silent(b) != "" {
		t.Errorf("the user stays: %d %v", p.Status, p.Away)
	}
	if p := ask.Submit("token", "guessed"); p.Away != nil || silent(b) != "" {
		t.Errorf("a form from elsewhere: %d %v", p.Status, p.Away)
	}
	if p := ask.Submit(); p.Away == nil || p.Away.String() != home+"?state=s%20t" || silent(b) != "login_required" {
		t.Errorf("the user goes: %d %v", p.Status, p.Away)
	}
	if p := leave(b, "client_id", id, "post_logout_redirect_uri", home); p.Away == nil || p.Away.String() != home {
		t.Errorf("nobody is signed in: %d %v", p.Status, p.Away)
	}

	if p := leave(b, "client_id", "narrow", "post_logout_redirect_uri", "https://app.example/bye"); p.Away == nil || p.Away.Host != "app.example" {
		t.Errorf("a registered URI: %d %v", p.Status, p.Away)
	}
	if p := leave(b, "client_id", "narrow", "post_logout_redirect_uri", home); p.Away != nil || p.Status != 400 {
		t.Errorf("a loopback URI of a client without that freedom: %d %v", p.Status, p.Away)
	}

	enter(t, b, "dave")
	box.Advance(30 * time.Minute) // the id_token is over
	if p := leave(b, "id_token_hint", v.ID, "post_logout_redirect_uri", home); p.Away == nil || silent(b) != "login_required" {
		t.Errorf("by an expired id_token: %d %v", p.Status, p.Away)
	}
	enter(t, b, "jane")
	if p := leave(b, "id_token_hint", v.ID); p.Doc == nil || p.Doc.Find("form").Length() != 1 {
		t.Errorf("by another person's id_token nobody is asked: %d", p.Status)
	}
	if p := b.Send("POST", box.URL()+logoutPath, url.Values{}); p.Status != 200 || p.Doc.Find("form").Length() != 1 {
		t.Errorf("POST: %d", p.Status)
	}
	box.Get("/sparebank1/oauth2/userinfo/").Want(404)
	box.Get("/oauth2/userinfo").Want(404) // not at the root
}

// What comes as id_token_hint is anybody's text: it is refused or it was signed here, and the server lives.
func FuzzIDTokenHint(f *testing.F) {
	box := start(f)
	h := box.Handler()
	good := swap(box, enter(f, box.Browser(), "dave").Param("code")).ID
	head, rest, _ := strings.Cut(good, ".")
	for _, text := range []string{good, good + "A", "." + rest, head + ".", "e30.e30.", `{"payload":"e30"}`, base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + rest,
		base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + rest, strings.Repeat("a.", 5000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", logoutPath+"?client_id=sb1-demo&id_token_hint="+url.QueryEscape(text), nil))
		if good := text == "" || text == good; w.Code != 200 && w.Code != 400 || good != (w.Code == 200) {
			t.Errorf("%q gets %d", text, w.Code)
		}
	})
}
