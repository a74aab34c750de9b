package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"go/ast"
	"go/token"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

// eachWay runs an attack against every way to a token, in a sandbox of its own.
func eachWay(t *testing.T, attack func(*testing.T, *servertest.Sandbox, way)) {
	t.Parallel()
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			attack(t, attacked(t), w)
		})
	}
}

// RFC 9700 §4.5: a code that was stolen brings nothing to another client at any bank, and its owner can still redeem it.
func TestCodeInjection(t *testing.T) {
	eachWay(t, func(t *testing.T, box *servertest.Sandbox, w way) {
		code := w.code(t, box)
		refused(t, "another client", w.exchange(box, code, "as", "thief"), "invalid_grant")
		w.exchange(box, code).Want(200)
		if w.repeatsURI {
			refused(t, "another redirect URI", w.exchange(box, w.code(t, box), "redirect_uri", back+"/x"), "invalid_grant")
		}
	})
}

// RFC 9700 §4.5.3.1: a code that is bound to one challenge is refused with the verifier of another session.
// RFC 9700 §4.8: PKCE cannot be taken out of a flow, neither at the authorization request nor at the exchange.
func TestPKCEDowngrade(t *testing.T) {
	eachWay(t, func(t *testing.T, box *servertest.Sandbox, w way) {
		if !w.pkce {
			return // s2s has no authorization request: its code comes by headers, to the client itself
		}
		verifier := strings.Repeat("v", 43)
		sum := sha256.Sum256([]byte(verifier))
		challenge := base64.RawURLEncoding.EncodeToString(sum[:])
		bound := func() string { return w.code(t, box, "code_challenge", challenge, "code_challenge_method", "S256") }
		refused(t, "no verifier", w.exchange(box, bound()), "invalid_grant")
		refused(t, "another session's verifier", w.exchange(box, bound(), "code_verifier", strings.Repeat("w", 43)), "invalid_grant")
		refused(t, "the challenge for a verifier", w.exchange(box, bound(), "code_verifier", challenge), "invalid_grant")
		refused(t, "verifier for a code without challenge", w.exchange(box, w.code(t, box), "code_verifier", verifier), "invalid_grant")
		w.exchange(box, bound(), "code_verifier", verifier).Want(200)
	})
}

// RFC 7636 §7.2: the weaker method plain, and a challenge that names none, are refused at every authorization endpoint.
func TestPKCEByPlain(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	for _, a := range authorizations {
		for name, pairs := range map[string][]string{"plain": {"code_challenge_method", "plain"}, "no method": nil, "unknown method": {"code_challenge_method", "S512"}} {
			got := box.Get(authorizing(a.path, a.id, append(pairs, "code_challenge", strings.Repeat("a", 43))...))
			if u, err := url.Parse(got.Header.Get("Location")); err != nil || u.Query().Get("error") != "invalid_request" || u.Query().Get("state") != "s" {
				t.Errorf("%s, %s: %d to %s", a.path, name, got.Status, u)
			}
		}
	}
}

// RFC 6749 §10.5: a code that is used twice is refused at every bank, and all that it issued dies: access, refresh, and what was refreshed.
// RFC 6819 §4.4.1.1: an eavesdropped code that was redeemed already takes the tokens with it.
func TestCodeReplay(t *testing.T) {
	eachWay(t, func(t *testing.T, box *servertest.Sandbox, w way) {
		code := w.code(t, box)
		first := w.exchange(box, code).Want(200)
		access := []string{first.Text("access_token")}
		refresh := ""
		if w.rotate {
			next := w.refresh(box, first.Text("refresh_token")).Want(200)
			access, refresh = append(access, next.Text("access_token")), next.Text("refresh_token")
		}
		if !w.opens(box, access[len(access)-1]) {
			t.Fatal("the token does not work at first")
		}
		refused(t, "second use", w.exchange(box, code), "invalid_grant")
		for _, a := range access {
			if w.opens(box, a) {
				t.Error("a token of the code lives on")
			}
		}
		if w.rotate {
			refused(t, "refresh token of the code", w.refresh(box, refresh), "invalid_grant")
		}
	})
}

// RFC 9700 §4.14: refresh tokens are bound to their client at every bank, and one that was rotated away works no more.
// RFC 6819 §5.2.2.3: what the reuse of a refresh token ends is told by the policy of the bank: the family, but at s2s the try alone.
func TestRefreshReplay(t *testing.T) {
	eachWay(t, func(t *testing.T, box *servertest.Sandbox, w way) {
		if !w.rotate {
			return // yoisho has no refresh tokens
		}
		first := w.exchange(box, w.code(t, box)).Want(200)
		refused(t, "another client", w.refresh(box, first.Text("refresh_token"), "as", "thief"), "invalid_grant")
		second := w.refresh(box, first.Text("refresh_token")).Want(200)
		refused(t, "replay", w.refresh(box, first.Text("refresh_token")), "invalid_grant")
		if lives := w.opens(box, second.Text("access_token")); lives != (w.name == "s2s") {
			t.Errorf("after the replay the family lives: %v", lives)
		}
	})
}

// RFC 9700 §4.4.2.1: every authorization response, success or error, names its issuer, and each bank names itself.
// RFC 9207 §2.3: the issuer of a response is the issuer of the metadata, to the byte.
func TestMixUp(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	for _, a := range authorizations {
		want := box.Get(a.issuer + "/.well-known/oauth-authorization-server").Want(200).JSON()
		if want["authorization_response_iss_parameter_supported"] != true {
			t.Errorf("%s: the metadata does not promise iss", a.path)
		}
		denied := box.Browser().Get(authorizing(a.path, a.id)).Submit("deny", "1")
		wrong := box.Browser().Get(authorizing(a.path, a.id, "response_type", "token"))
		for name, page := range map[string]*servertest.Page{"code": answered(t, box, authorizing(a.path, a.id)), "denied": denied, "error": wrong} {
			if got := page.Away.Query()["iss"]; len(got) != 1 || got[0] != want["issuer"] || got[0] != box.URL()+a.issuer {
				t.Errorf("%s, %s: iss is %q, the metadata says %v", a.path, name, got, want["issuer"])
			}
		}
	}
	if got := answered(t, box, "/account/authorize?client_id="+yoisho+"&redirect_uri="+back).Away.Query(); got.Has("iss") && got.Get("iss") != box.URL()+"/yoisho" {
		t.Errorf("Yoisho's own flow names %q", got.Get("iss"))
	}
}

// RFC 9700 §4.6: codes, refresh tokens and tokens of another bank open no resource at any bank.
func TestTokenInjection(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	held := map[string]string{}
	for _, w := range ways() {
		held[w.name+"'s code"] = w.code(t, box)
		a := w.exchange(box, w.code(t, box)).Want(200)
		held[w.name] = a.Text("access_token")
		if w.rotate {
			held[w.name+"'s refresh token"] = a.Text("refresh_token")
		}
	}
	for _, w := range ways() {
		for of, token := range held {
			if got := w.opens(box, token); got != (of == w.name) {
				t.Errorf("%s at %s: %v", of, w.name, got)
			}
		}
	}
}

// RFC 9700 §4.15: a client's own token opens nobody's account, even when the client is named like a person.
func TestClientImpersonatesOwner(t *testing.T) {
	t.Parallel()
	own := t.TempDir() + "/own.json"
	servertest.WriteFile(t, own, `{"bank":"berlin","clients":[{"id":"jane","secret":"s","name":"jane","loopback":true,"grantTypes":["client_credentials"]},{"id":"berlin/jane","secret":"s","grantTypes":["client_credentials"]}]}`)
	box := servertest.Start(t, server.Options{Fixtures: own})
	try := func(who, endpoint string, resources ...string) {
		a := box.Post(endpoint, url.Values{"grant_type": {"client_credentials"}}, servertest.Basic(who, map[string]string{"sb1-demo": "sb1-demo-secret", "finapi-demo": "finapi-demo-secret"}[who]+map[bool]string{true: "s"}[strings.Contains(who, "jane")])).Want(200)
		for _, path := range resources {
			if got := box.Get(path, servertest.Bearer(a.Text("access_token")), servertest.Header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7721")); got.Status != 401 && got.Status != 403 {
				t.Errorf("%s at %s: %d %s", who, path, got.Status, got.Body)
			}
		}
	}
	try("jane", "/oauth2/token", "/v1/accounts", "/berlin/v1/accounts")
	try("berlin/jane", "/oauth2/token", "/v1/accounts")
	try("sb1-demo", "/oauth/token", "/personal/banking/accounts", "/common/user/info")
	try("finapi-demo", "/finapi/oauth/token", "/finapi/api/v1/accounts", "/finapi/api/v2/users")
}

// RFC 9700 §4.3.2: no resource of any bank takes an access token from the query or from a form.
func TestTokenInQuery(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	for _, w := range ways() {
		token := w.exchange(box, w.code(t, box)).Want(200).Text("access_token")
		for name, a := range map[string]*servertest.Answer{
			"query":  box.Get(w.read+"?access_token="+token+"&token="+token, w.with...),
			"form":   box.Do("GET", w.read, "access_token="+token, append([]servertest.Option{servertest.Header("Content-Type", "application/x-www-form-urlencoded")}, w.with...)...),
			"cookie": box.Get(w.read, append([]servertest.Option{servertest.Header("Cookie", "access_token="+token)}, w.with...)...),
		} {
			if a.Status != 401 && !(w.name == "yoisho" && a.Status == 400) {
				t.Errorf("%s takes a token by %s: %d", w.read, name, a.Status)
			}
		}
		if !w.opens(box, token) {
			t.Errorf("%s does not take it from the header", w.read)
		}
	}
}

// RFC 6749 §5.2: an unknown client and a wrong secret are answered alike at every bank, to the byte.
func TestUnknownClientsLookLikeWrongSecrets(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	for _, endpoint := range []string{"/yoisho/oauth2/token", "/berlin/oauth2/token", "/sparebank1/oauth/token", "/s2s/api/v1/s2s-oauth2/token", "/finapi/oauth/token"} {
		form := url.Values{"grant_type": {"authorization_code"}, "code": {"x"}}
		known, unknown := box.Post(endpoint, form, servertest.Basic("thief", "wrong")), box.Post(endpoint, form, servertest.Basic("nobody", "wrong"))
		known.Header.Del("X-Request-Id")
		unknown.Header.Del("X-Request-Id") // finAPI numbers its answers
		if known.Status != 401 || unknown.Status != known.Status || unknown.Body != known.Body || len(unknown.Header) != len(known.Header) {
			t.Errorf("%s: %d %s %v; unknown %d %s %v", endpoint, known.Status, known.Body, known.Header, unknown.Status, unknown.Body, unknown.Header)
		}
	}
}

// RFC 6749 §10.10: codes and tokens have 128 bits and more, but Yoisho's, whose form is seven digits and whose guesses are limited.
func TestEntropy(t *testing.T) {
	eachWay(t, func(t *testing.T, box *servertest.Sandbox, w way) {
		seen := map[string]bool{}
		for range 20 {
			code := w.code(t, box)
			a := w.exchange(box, code).Want(200)
			values := []string{code, a.Text("access_token")}
			if w.rotate {
				values = append(values, a.Text("refresh_token"))
			}
			for i, v := range values {
				if w.name == "yoisho" && i == 0 && len(v) == 7 {
					continue
				}
				if seen[v] || len(v) < 22 {
					t.Errorf("%q: twice, or too short", v)
				}
				seen[v] = true
			}
		}
	})
}

// RFC 6819 §4.4.1.3: guesses at a short code are limited on both token endpoints of Yoisho together, for the client that guesses alone.
func TestGuessesAtBothEndpoints(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	w := ways()[0]
	code := w.code(t, box)
	native := func(code string) *servertest.Answer {
		return box.Get("/account/access_token?code=" + code + "&client_id=" + w.id + "&client_secret=" + w.secret)
	}
	limited := 0
	for i := range 1200 {
		a := w.exchange(box, "4000000")
		if i%2 == 0 {
			a = native("4000000")
		}
		if a.Status == 429 {
			limited++
		}
	}
	if limited < 100 {
		t.Errorf("%d of 1200 guesses were limited", limited)
	}
	if a := w.exchange(box, code); a.Status != 429 {
		t.Errorf("the right code after them: %d", a.Status)
	}
	refused(t, "another client's exchange", w.exchange(box, code, "as", "thief"), "invalid_grant")
}

var secretName = regexp.MustCompile(`(?i)(secret|password|verifier|otp)$`)

// RFC 6819 §5.1.4.2.3: no secret, password, verifier or one-time code is compared by == anywhere in the sources, but with the empty text.
// RFC 7617 §4: an unknown client takes the path of a wrong secret, with a comparison of its own.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	seen := 0
	others := []string{ // that look alike, and compare nothing which a caller guesses
		"server/internal/dialect/finapi/token.go", // the password that a person had with the one the person has
		"server/internal/dialect/s2s/oauth.go",    // a header with itself, less blanks
	}
	for _, s := range sources(t) {
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && (name(call.Fun) == "Same" || name(call.Fun) == "same" || name(call.Fun) == "ConstantTimeCompare") {
				seen++
			}
			b, ok := n.(*ast.BinaryExpr)
			if !ok || b.Op != token.EQL && b.Op != token.NEQ || !secretName.MatchString(name(b.X)) && !secretName.MatchString(name(b.Y)) {
				return true
			}
			for _, side := range []ast.Expr{b.X, b.Y} {
				if _, literal := side.(*ast.BasicLit); literal || name(side) == "nil" {
					return true
				}
			}
			if slices.Contains(others, s.file) {
				return true
			}
			t.Errorf("%s compares a secret by %s", s.set.Position(b.Pos()), b.Op)
			return true
		})
	}
	if seen < 5 {
		t.Errorf("only %d comparisons in constant time were found", seen)
	}
}

// name is the last part of a name, or "".
func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
