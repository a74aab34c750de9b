package server_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sandbank/server"
	"sandbank/server/proof"
	"sandbank/server/servertest"
)

type said map[string]any

// with is the same with some claims changed; nil takes one away.
func (s said) with(pairs ...any) said {
	out := maps.Clone(s)
	for i := 0; i < len(pairs); i += 2 {
		if out[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(out, pairs[i].(string))
		}
	}
	return out
}

// vault is a sandbox with clients of finAPI that hold a key, and with the key.
type vault struct {
	*servertest.Sandbox
	t   testing.TB
	key *ecdsa.PrivateKey
	n   atomic.Int64
}

// jwks is the public half of a key as a JWK set.
func jwks(key *ecdsa.PrivateKey) string {
	text, _ := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	return string(text)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newVault(t testing.TB, policy ...string) *vault {
	key, file := newKey(t), filepath.Join(t.TempDir(), "own.json")
	all := `"grantTypes": ["client_credentials", "password", "refresh_token"]`
	servertest.WriteFile(t, file, fmt.Sprintf(`{"bank": "finapi", "people": [{"login": "zoe", "given": "Zoe", "family": "Zed"}], "clients": [
		{"id": "signs", "authMethod": "private_key_jwt", "jwks": %[1]s, %[2]s},
		{"id": "either", "secret": "s", "jwks": %[1]s, %[2]s},
		{"id": "must", "secret": "s", "dpop": "required", %[2]s},
		{"id": "never", "secret": "s", "dpop": "off", %[2]s},
		{"id": "public", %[2]s}]}`, jwks(key), all))
	o := server.Options{Fixtures: file}
	for _, text := range policy {
		s, err := server.ParsePolicy(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = append(o.Policy, s)
	}
	return &vault{Sandbox: servertest.Start(t, o), t: t, key: key}
}

const tokenPath = "/finapi/oauth/token"

func (v *vault) sign(key jose.SigningKey, o *jose.SignerOptions, claims said) string {
	v.t.Helper()
	signer, err := jose.NewSigner(key, o)
	if err != nil {
		v.t.Fatal(err)
	}
	body, _ := json.Marshal(claims)
	jws, err := signer.Sign(body)
	if err != nil {
		v.t.Fatal(err)
	}
	text, _ := jws.CompactSerialize()
	return text
}

func (v *vault) jti() string { return fmt.Sprintf("j%d", v.n.Add(1)) }

// claim is what an assertion of a client says that is in order.
func (v *vault) claim(client string) said {
	now := v.Clock().Now().Unix()
	return said{"iss": client, "sub": client, "aud": v.URL() + tokenPath, "exp": now + 60, "iat": now, "jti": v.jti()}
}

func (v *vault) assert(claims said) url.Values {
	text := v.sign(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: v.key, KeyID: "k1"}}, nil, claims)
	return url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {proof.AssertionType}, "client_assertion": {text}}
}

// refusedFor checks a refusal and that the journal has this reason.
func (v *vault) refusedFor(a *servertest.Answer, status int, code, why string) {
	v.t.Helper()
	if got := a.Want(status).Text("error"); got != code {
		v.t.Errorf("error %q, want %q", got, code)
	}
	if last := v.Last(); !strings.Contains(last.Why, why) {
		v.t.Errorf("the journal says %q, not %q", last.Why, why)
	}
}

// RFC 7519 §10.1: names of claims are compared with their case.
func TestClaimsHaveTheirCase(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	late := v.claim("signs")
	late["EXP"], late["exp"] = late["exp"], v.Clock().Now().Unix()-60
	v.refusedFor(v.Post(tokenPath, v.assert(late)), 401, "invalid_client", "expired")
	loud := said{}
	for name, value := range v.claim("signs") {
		loud[strings.ToUpper(name)] = value
	}
	v.refusedFor(v.Post(tokenPath, v.assert(loud)), 401, "invalid_client", "no signed JWT with a sub")
	shown := said{}
	for name, value := range v.shows("POST", tokenPath, "") {
		shown[strings.ToUpper(name)] = value
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"either"}, "client_secret": {"s"}}
	v.refusedFor(v.Post(tokenPath, form, dpopHeader(v.proof(v.key, shown))), 400, "invalid_dpop_proof", "is missing")
}

// RFC 6749 §3.2: a parameter without a value is as if it were not there.
func TestEmptyParametersAreAbsent(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion": {""}, "client_assertion_type": {""}, "resource": {""}, "scope": {""}}
	v.Post(tokenPath, form, servertest.Basic("either", "s")).Want(200)
	v.Post("/berlin/oauth2/device_authorization", url.Values{"client_id": {"bg-demo"}, "client_secret": {""}, "client_assertion": {""}}).Want(200)
	push := url.Values{"response_type": {"code"}, "redirect_uri": {"http://127.0.0.1:9/cb"}, "request_uri": {""}, "request": {""}, "resource": {""}, "response_mode": {""}}
	v.Post("/berlin/oauth2/par", push, servertest.Basic("bg-demo", "bg-demo-secret")).Want(201)
	v.Get("/berlin/oauth2/authorize?client_id=bg-demo&response_type=code&redirect_uri=http://127.0.0.1:9/cb&request_uri=&resource=&prompt=").Want(200)
}

// RFC 7523 §2.2: a client authenticates by a JWT that it has signed, with or without client_id beside it.
// RFC 7523 §3: iss and sub are the client, aud names this server, exp is required and in the future, and the signature is by its key.
// RFC 7521 §4.2: client_id, where it is sent, names the same client.
// OpenID Connect Core §9: the jti of an assertion is good once.
func TestAssertionProvesTheClient(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	ask := func(form url.Values, o ...servertest.Option) *servertest.Answer { return v.Post(tokenPath, form, o...) }
	for _, aud := range []any{v.URL() + "/finapi", []string{"https://else.example", v.URL() + tokenPath}} {
		ask(v.assert(v.claim("signs").with("aud", aud))).Want(200)
	}
	named := v.assert(v.claim("either"))
	named.Set("client_id", "either")
	ask(named).Want(200)
	v.refusedFor(ask(named), 401, "invalid_client", "used before")
	v.Post("/oauth/token", v.assert(v.claim("signs").with("aud", v.URL()+"/oauth/token"))).Want(200) // two banks have this path; the sub decides

	now := v.Clock().Now().Unix()
	for why, c := range map[string]said{
		"iss is": v.claim("signs").with("iss", "either"), "aud is": v.claim("signs").with("aud", "https://else.example"),
		"aud is []": v.claim("signs").with("aud", nil), "exp is missing": v.claim("signs").with("exp", nil), "it expired": v.claim("signs").with("exp", now),
		"are the most": v.claim("signs").with("exp", now+86401), "nbf is": v.claim("signs").with("nbf", now+61), "iat is": v.claim("signs").with("iat", now+61, "exp", now+90),
		"iat is after exp": v.claim("signs").with("iat", now+61), "jti is missing": v.claim("signs").with("jti", nil), `no client "nobody"`: v.claim("nobody"),
		"has no keys": v.claim("finapi-demo"), "no signed JWT": v.claim("signs").with("sub", ""),
	} {
		v.refusedFor(ask(v.assert(c)), 401, "invalid_client", why)
	}
	other := v.assert(v.claim("signs"))
	other.Set("client_id", "either")
	v.refusedFor(ask(other), 401, "invalid_client", "client_id is")
	kind := v.assert(v.claim("signs"))
	kind.Set("client_assertion_type", "jwt")
	v.refusedFor(ask(kind), 401, "invalid_client", "client_assertion_type")
	both := v.assert(v.claim("either"))
	both.Set("client_secret", "s")
	v.refusedFor(ask(both), 400, "invalid_request", "at once")
	v.refusedFor(ask(v.assert(v.claim("either")), servertest.Basic("either", "s")), 400, "invalid_request", "at once")
}

// RFC 7523 §3: the signature is by a key of the client and by an algorithm that is taken; none and HMAC are not.
// RFC 7515 §4.1.4: a kid that is not the client's is not replaced by a guess.
func TestAssertionsSignatureIsChecked(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	ask := func(key jose.SigningKey) *servertest.Answer {
		form := v.assert(v.claim("signs"))
		form.Set("client_assertion", v.sign(key, nil, v.claim("signs")))
		return v.Post(tokenPath, form)
	}
	ask(jose.SigningKey{Algorithm: jose.ES256, Key: v.key}).Want(200)
	v.refusedFor(ask(jose.SigningKey{Algorithm: jose.ES256, Key: newKey(t)}), 401, "invalid_client", "not by the client's key")
	v.refusedFor(ask(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: v.key, KeyID: "k2"}}), 401, "invalid_client", `no key of kid "k2"`)
	v.refusedFor(ask(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("s", 32))}), 401, "invalid_client", "no signed JWT")
	body, _ := json.Marshal(v.claim("signs"))
	form := v.assert(v.claim("signs"))
	form.Set("client_assertion", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))+"."+base64.RawURLEncoding.EncodeToString(body)+".")
	v.refusedFor(v.Post(tokenPath, form), 401, "invalid_client", "no signed JWT")
}

// OpenID Connect Core §9: a client that is registered for private_key_jwt has no other way.
// RFC 7523 §3: exp is by the server's clock: the instant before it passes, the instant itself does not.
func TestAssertionAlone(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"signs"}, "client_secret": {"guess"}}
	v.refusedFor(v.Post(tokenPath, form), 401, "invalid_client", "private_key_jwt")
	form.Del("client_secret")
	v.refusedFor(v.Post(tokenPath, form), 401, "invalid_client", "nothing of that was sent")
	form.Set("client_id", "either")
	form.Set("client_secret", "s")
	v.Post(tokenPath, form).Want(200)
	before, at := v.assert(v.claim("signs")), v.assert(v.claim("signs"))
	v.Advance(time.Minute - 1)
	v.Post(tokenPath, before).Want(200)
	v.Advance(1)
	v.refusedFor(v.Post(tokenPath, at), 401, "invalid_client", "it expired")
}

// OpenID Connect Core §9: of many who race with one assertion, one is let in.
// RFC 9449 §11.1: of many who race with one proof, one is let in.
func TestOneOfManyUsesAStatement(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	form, proven := v.assert(v.claim("signs")), v.dpop("POST", tokenPath)
	for name, ask := range map[string]func() *servertest.Answer{
		"assertion": func() *servertest.Answer { return v.Post(tokenPath, form) },
		"proof": func() *servertest.Answer {
			return v.Post(tokenPath, password("must"), servertest.Header("DPoP", proven))
		},
	} {
		var passed atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if ask().Status == 200 {
					passed.Add(1)
				}
			})
		}
		all.Wait()
		if n := passed.Load(); n != 1 {
			t.Errorf("%s: %d of 20 passed", name, n)
		}
	}
}

// RFC 8414 §2: the metadata lists private_key_jwt with its algorithms.
// RFC 9449 §5.1: the metadata lists the algorithms of DPoP proofs.
func TestMetadataListsProofs(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, bank := range []string{"yoisho", "berlin", "sparebank1", "s2s", "finapi"} {
		got := box.Get("/" + bank + "/.well-known/oauth-authorization-server").Want(200).JSON()
		if !strings.Contains(fmt.Sprint(got["token_endpoint_auth_methods_supported"]), "private_key_jwt") {
			t.Errorf("%s: %v", bank, got)
		}
		for _, name := range []string{"token_endpoint_auth_signing_alg_values_supported", "dpop_signing_alg_values_supported"} {
			if fmt.Sprint(got[name]) != "[ES256 RS256 PS256 Ed25519 EdDSA]" {
				t.Errorf("%s: %s is %v", bank, name, got[name])
			}
		}
	}
}

// shows is what a proof for a request says that is in order.
func (v *vault) shows(method, path, token string) said {
	c := said{"htm": method, "htu": v.URL() + path, "iat": v.Clock().Now().Unix(), "jti": v.jti()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		c["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return c
}

func (v *vault) proof(key *ecdsa.PrivateKey, claims said) string {
	v.t.Helper()
	return v.sign(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"), claims)
}

// dpop is a proof for a token request by the vault's key.
func (v *vault) dpop(method, path string) string { return v.proof(v.key, v.shows(method, path, "")) }

// jkt is the thumbprint of a key.
func jkt(key *ecdsa.PrivateKey) string {
	sum, _ := (&jose.JSONWebKey{Key: &key.PublicKey}).Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum)
}

func password(client string) url.Values {
	form := url.Values{"grant_type": {"password"}, "client_id": {client}, "username": {"zoe"}, "password": {"x"}}
	if client != "public" {
		form.Set("client_secret", "s")
	}
	return form
}
