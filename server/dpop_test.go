package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sandbank/server/servertest"
)

const dataPath = "/finapi/api/v1/accounts"

func dpopHeader(proof string) servertest.Option { return servertest.Header("DPoP", proof) }

// bound gets a token that is bound to the vault's key.
func (v *vault) bound(client string) (access, refresh string) {
	v.t.Helper()
	a := v.Post(tokenPath, password(client), dpopHeader(v.dpop("POST", tokenPath))).Want(200)
	if a.Text("token_type") != "DPoP" {
		v.t.Fatalf("token_type: %s", a.Body)
	}
	return a.Text("access_token"), a.Text("refresh_token")
}

func (v *vault) read(scheme, token, proof string) *servertest.Answer {
	return v.Get(dataPath, servertest.Header("Authorization", scheme+" "+token), dpopHeader(proof))
}

// challenged checks a refusal by a resource: the bank's own body, and the challenge of DPoP.
func (v *vault) challenged(a *servertest.Answer, code, why string) {
	v.t.Helper()
	v.refusedFor(a, 401, "invalid_token", why)
	if got, want := a.Header.Get("WWW-Authenticate"), `DPoP error="`+code+`", algs="ES256 RS256 PS256 Ed25519 EdDSA"`; got != want {
		v.t.Errorf("challenge %q, want %q", got, want)
	}
}

// RFC 9449 §5: tokens are bound to the key of the proof, and token_type says DPoP.
// RFC 9449 §7.1: a bound token is sent under the scheme DPoP with a proof of the same key, and under Bearer it is refused.
// RFC 9449 §7.1: a token that is not bound is refused under the scheme DPoP.
// RFC 9449 §4.3: at a resource ath is the hash of the access token, and each proof is used once.
func TestBoundTokenNeedsItsKey(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	access, _ := v.bound("either")
	good := v.proof(v.key, v.shows("GET", dataPath, access))
	v.read("DPoP", access, good).Want(200)
	v.challenged(v.read("DPoP", access, good), "invalid_dpop_proof", "used before")
	v.read("dpop", access, v.proof(v.key, v.shows("GET", dataPath, access))).Want(200)
	v.challenged(v.Get(dataPath, servertest.Bearer(access)), "invalid_token", "came as a bearer token")
	v.challenged(v.read("Bearer", access, v.proof(v.key, v.shows("GET", dataPath, access))), "invalid_token", "came as a bearer token")
	v.challenged(v.read("DPoP", access, v.proof(newKey(t), v.shows("GET", dataPath, access))), "invalid_token", "is bound to the key")
	v.challenged(v.Get(dataPath, servertest.Header("Authorization", "DPoP "+access)), "invalid_dpop_proof", "no DPoP proof")
	v.challenged(v.read("DPoP", access, v.proof(v.key, v.shows("GET", dataPath, "another"))), "invalid_dpop_proof", "ath is")
	v.challenged(v.read("DPoP", access, v.dpop("GET", dataPath)), "invalid_dpop_proof", "ath is")
	v.challenged(v.read("DPoP", "unknown", good), "invalid_token", "nobody issued")

	plain := v.Post(tokenPath, password("either")).Want(200)
	if plain.Text("token_type") != "bearer" {
		t.Errorf("without a proof: %s", plain.Body)
	}
	free := plain.Text("access_token")
	v.Get(dataPath, servertest.Bearer(free)).Want(200)
	v.read("Bearer", free, "no proof at all").Want(200) // nobody asks for it
	v.challenged(v.read("DPoP", free, v.proof(v.key, v.shows("GET", dataPath, free))), "invalid_token", "came under the scheme DPoP")
	if got := v.Get(dataPath, servertest.Bearer("unknown")).Want(401).Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("the challenge of a bearer token became %q", got)
	}
	life := time.Duration(3600) * time.Second
	v.Advance(life)
	v.challenged(v.read("DPoP", access, v.proof(v.key, v.shows("GET", dataPath, access))), "invalid_token", "expired")
}

// RFC 9449 §4.3: typ, alg, jwk, signature, htm, htu and jti are checked; query and fragment of htu do not count.
// RFC 9449 §5: an invalid proof at the token endpoint is 400 invalid_dpop_proof.
func TestProofIsChecked(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	ask := func(proof string) *servertest.Answer { return v.Post(tokenPath, password("either"), dpopHeader(proof)) }
	fine := func(pairs ...any) said { return v.shows("POST", tokenPath, "").with(pairs...) }
	for _, htu := range []string{v.URL() + tokenPath + "?a=b#c", strings.Replace(v.URL(), "http:", "HTTP:", 1) + tokenPath, v.URL() + "/%66inapi/oauth/token"} {
		ask(v.proof(v.key, fine("htu", htu))).Want(200)
	}
	for why, claims := range map[string]said{
		"htm is": fine("htm", "GET"), `htm is "post"`: fine("htm", "post"), "htu is": fine("htu", v.URL()+"/oauth/token"), `htu is ""`: fine("htu", nil),
		"jti is missing": fine("jti", nil), "iat is missing": fine("iat", nil), "not the JSON of a JWT": fine("htm", 7),
	} {
		v.refusedFor(ask(v.proof(v.key, claims)), 400, "invalid_dpop_proof", why)
	}
	key := jose.SigningKey{Algorithm: jose.ES256, Key: v.key}
	v.refusedFor(ask(v.sign(key, &jose.SignerOptions{EmbedJWK: true}, fine())), 400, "invalid_dpop_proof", `typ is ""`)
	v.refusedFor(ask(v.sign(key, (&jose.SignerOptions{}).WithType("dpop+jwt"), fine())), 400, "invalid_dpop_proof", "jwk is missing")
	private := (&jose.SignerOptions{}).WithType("dpop+jwt").WithHeader("jwk", jose.JSONWebKey{Key: v.key})
	v.refusedFor(ask(v.sign(key, private, fine())), 400, "invalid_dpop_proof", "private parameters")
	other := (&jose.SignerOptions{}).WithType("dpop+jwt").WithHeader("jwk", jose.JSONWebKey{Key: &newKey(t).PublicKey})
	v.refusedFor(ask(v.sign(key, other, fine())), 400, "invalid_dpop_proof", "not by the key in its header")
	v.refusedFor(ask("nonsense"), 400, "invalid_dpop_proof", "no JWS")
	twice := func(r *servertest.Answer) { v.refusedFor(r, 400, "invalid_dpop_proof", "used before") }
	again := v.dpop("POST", tokenPath)
	ask(again).Want(200)
	twice(ask(again))
}

// RFC 9449 §11.1: a proof is fresh for a while after its iat: the instant before its end it passes, at its end it does not.
// RFC 9449 §4.3: a proof from the future is refused.
func TestProofIsFresh(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	ask := func(proof string) *servertest.Answer { return v.Post(tokenPath, password("either"), dpopHeader(proof)) }
	now := v.Clock().Now().Unix()
	at := func(shift int64) string { return v.proof(v.key, v.shows("POST", tokenPath, "").with("iat", now+shift)) }
	ask(at(60)).Want(200)
	v.refusedFor(ask(at(61)), 400, "invalid_dpop_proof", "ahead")
	before, over := at(0), at(0)
	v.Advance(5*time.Minute - 1)
	ask(before).Want(200)
	v.Advance(1)
	v.refusedFor(ask(over), 400, "invalid_dpop_proof", "within 5m0s is fresh")
}

// RFC 9449 §5.2: a client that is registered for bound tokens gets none without a proof.
// RFC 9449 §5: a server that does not know DPoP ignores the header and says so by token_type.
func TestClientsWantProofOrNot(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.refusedFor(v.Post(tokenPath, password("must")), 400, "invalid_dpop_proof", "no DPoP proof was sent")
	v.bound("must")
	a := v.Post(tokenPath, password("never"), dpopHeader("nonsense")).Want(200)
	if a.Text("token_type") != "bearer" {
		t.Error(a.Body)
	}
	v.Get(dataPath, servertest.Bearer(a.Text("access_token"))).Want(200)
}

// RFC 9449 §5: the refresh token of a public client is bound to the key; that of a confidential client is not.
func TestRefreshTokenIsBoundForPublicClients(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	refresh := func(client, token string, o ...servertest.Option) *servertest.Answer {
		form := password(client)
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", token)
		return v.Post(tokenPath, form, o...)
	}
	_, token := v.bound("public")
	v.refusedFor(refresh("public", token), 400, "invalid_grant", "is bound to the key")
	v.refusedFor(refresh("public", token, dpopHeader(v.proof(newKey(t), v.shows("POST", tokenPath, "")))), 400, "invalid_grant", "is bound to the key")
	if a := refresh("public", token, dpopHeader(v.dpop("POST", tokenPath))).Want(200); a.Text("token_type") != "DPoP" {
		t.Error(a.Body)
	}
	_, token = v.bound("either")
	if a := refresh("either", token, dpopHeader(v.proof(newKey(t), v.shows("POST", tokenPath, "")))).Want(200); a.Text("token_type") != "DPoP" {
		t.Error(a.Body)
	}
}

// RFC 9449 §8: the token endpoint asks for its nonce with use_dpop_nonce and DPoP-Nonce.
// RFC 9449 §9: a resource does the same with 401 and a challenge.
// RFC 9449 §8.2: a nonce is replaced by a newer one; the one before still passes, the one before that does not.
func TestNonceIsAskedFor(t *testing.T) {
	t.Parallel()
	v := newVault(t, "finapi.dpop-nonce=on")
	v.Advance(v.Clock().Now().Truncate(5 * time.Minute).Add(5 * time.Minute).Sub(v.Clock().Now()))
	ask := func(nonce any) *servertest.Answer {
		return v.Post(tokenPath, password("either"), dpopHeader(v.proof(v.key, v.shows("POST", tokenPath, "").with("nonce", nonce))))
	}
	a := ask(nil)
	v.refusedFor(a, 400, "use_dpop_nonce", "no nonce")
	nonce := a.Header.Get("DPoP-Nonce")
	v.refusedFor(ask("made up"), 400, "use_dpop_nonce", "no nonce")
	access := ask(nonce).Want(200).Text("access_token")
	v.challenged(v.read("DPoP", access, v.proof(v.key, v.shows("GET", dataPath, access))), "use_dpop_nonce", "no nonce")
	v.read("DPoP", access, v.proof(v.key, v.shows("GET", dataPath, access).with("nonce", nonce))).Want(200)
	old := v.shows("POST", tokenPath, "").with("nonce", nonce, "iat", 1) // the nonce says how old it is
	v.Post(tokenPath, password("either"), dpopHeader(v.proof(v.key, old))).Want(200)
	v.Advance(10*time.Minute - 1)
	if next := ask(nonce).Want(200).Header.Get("DPoP-Nonce"); next == nonce || next == "" {
		t.Errorf("the next nonce is %q", next)
	}
	v.Advance(1)
	v.refusedFor(ask(nonce), 400, "use_dpop_nonce", "no nonce")
}

// RFC 9449 §10: a code that was asked for with dpop_jkt is exchanged with a proof of that key alone.
// RFC 9449 §7.1: each bank refuses a bound token without its proof by 401 and a challenge of DPoP.
func TestCodeIsBoundByThumbprint(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	const yoisho, authorize, back = "7b6fc8ed5127b0b2f076d", "/yoisho/oauth2/authorize", "http://127.0.0.1:9/cb"
	code := func() url.Values {
		p := v.Browser().Get(authorize+"?response_type=code&client_id="+yoisho+"&redirect_uri="+back+"&dpop_jkt="+jkt(v.key)).
			Submit("uname", "dave", "psw", "x")
		return url.Values{"grant_type": {"authorization_code"}, "code": {p.Param("code")}, "redirect_uri": {back}, "client_id": {yoisho},
			"client_secret": {"724e6890757b0ae624684b70e111b705fe6b050c"}}
	}
	const path = "/yoisho/oauth2/token"
	v.refusedFor(v.Post(path, code()), 400, "invalid_grant", "is bound to the key")
	v.refusedFor(v.Post(path, code(), dpopHeader(v.proof(newKey(t), v.shows("POST", path, "")))), 400, "invalid_grant", "is bound to the key")
	access := v.Post(path, code(), dpopHeader(v.dpop("POST", path))).Want(200).Text("access_token")
	const balance = "/account/balance"
	v.Get(balance, servertest.Header("Authorization", "DPoP "+access), dpopHeader(v.proof(v.key, v.shows("GET", balance, access)))).Want(200)
	a := v.Get(balance, servertest.Bearer(access)).Want(401)
	if !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "DPoP error=") || a.Body != `{"error": "invalid access_token "}` {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	bad := v.Get(authorize + "?response_type=code&client_id=" + yoisho + "&redirect_uri=" + back + "&dpop_jkt=short").Want(302)
	if !strings.Contains(bad.Header.Get("Location"), "error=invalid_request") {
		t.Error(bad.Header.Get("Location"))
	}
}

// A client that does not have the nonce yet, or forgets the scheme, is told so by userinfo as by an account.
// RFC 9449 §7.1: at userinfo too a bound token without its proof is refused by 401 and a challenge of DPoP.
// RFC 9449 §9: userinfo supplies its nonce with the challenge.
func TestUserinfoChallenges(t *testing.T) {
	t.Parallel()
	v := newVault(t, "sparebank1.dpop-nonce=on")
	bank := applications()[2]
	const path, info = "/sparebank1/oauth/token", "/sparebank1/oauth2/userinfo"
	nonced := func(method, path, token, nonce string) servertest.Option {
		claims := v.shows(method, path, token)
		if nonce != "" {
			claims["nonce"] = nonce
		}
		return dpopHeader(v.proof(v.key, claims))
	}
	code := bank.login(v.Sandbox, url.Values{"scope": {"openid"}}).code
	nonce := v.Post(path, form("grant_type", "authorization_code", "code", code), servertest.Basic(bank.id, bank.secret), nonced("POST", path, "", "")).Want(400).Header.Get("DPoP-Nonce")
	got := bank.swap(v.Sandbox, bank.login(v.Sandbox, url.Values{"scope": {"openid"}}).code, nil, nonced("POST", path, "", nonce)).Want(200)
	access := got.Text("access_token")

	ask := func(scheme, nonce string) *servertest.Answer {
		return v.Get(info, servertest.Header("Authorization", scheme+" "+access), nonced("GET", info, access, nonce))
	}
	v.challenged(ask("Bearer", nonce), "invalid_token", "came as a bearer token")
	v.challenged(v.Get(info, servertest.Header("Authorization", "DPoP "+access)), "invalid_dpop_proof", "no DPoP proof")
	first := ask("DPoP", "")
	v.challenged(first, "use_dpop_nonce", "no nonce")
	ask("DPoP", first.Header.Get("DPoP-Nonce")).Want(200)
}

// RFC 9449 §10.1: the proof beside a pushed authorization request binds the code as dpop_jkt does, and the two must be of one key.
func TestCodeIsBoundByAPushedProof(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	const par, path, back = "/berlin/oauth2/par", "/berlin/oauth2/token", "http://127.0.0.1:9/cb"
	push := func(proof string, pairs ...string) *servertest.Answer {
		form := url.Values{"response_type": {"code"}, "redirect_uri": {back}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return v.Post(par, form, servertest.Basic("bg-demo", "bg-demo-secret"), dpopHeader(proof))
	}
	swap := func(code string, options ...servertest.Option) *servertest.Answer {
		return v.Post(path, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}}, append(options, servertest.Basic("bg-demo", "bg-demo-secret"))...)
	}
	v.refusedFor(push("garbage"), 400, "invalid_dpop_proof", "no JWS")
	v.refusedFor(push(v.dpop("POST", par), "dpop_jkt", jkt(newKey(t))), 400, "invalid_dpop_proof", "the key of the proof")
	for _, pairs := range [][]string{nil, {"dpop_jkt", jkt(v.key)}} {
		for _, right := range []bool{false, true} {
			uri := push(v.dpop("POST", par), pairs...).Want(201).Text("request_uri")
			code := v.Browser().Get("/berlin/oauth2/authorize?client_id=bg-demo&request_uri="+uri).Submit("login", "dave", "password", "x").Submit().Param("code")
			if right {
				swap(code, dpopHeader(v.dpop("POST", path))).Want(200)
			} else {
				v.refusedFor(swap(code, dpopHeader(v.proof(newKey(t), v.shows("POST", path, "")))), 400, "invalid_grant", "is bound to the key")
			}
		}
	}
}
