package admin_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/keys"
	"sandbank/server/servertest"
)

// keyPlays are the cases about what banks sign.
func keyPlays() map[string]play {
	return map[string]play{
		"E13": {bank: "s2s", act: func(a *app) {
			a.login()
			a.want("exp against expires_in", claims(a.t, a.access).Expires-a.Clock().Now().Unix(), int64(1095-30))
			a.Advance(1095e9 - 1)
			a.want("behind its exp, before its end", a.call(), 200)
		}},
		"E73": {bank: "sparebank1", act: func(a *app) {
			a.login()
			tag := a.get(clientOf(a.bank).api).Want(200).Header.Get("ETag")
			a.Advance(600e9)
			answer := a.get(clientOf(a.bank).api, servertest.Header("If-None-Match", tag)).Want(304)
			a.want("ETag and body", tag+answer.Body, `"v1"`)
		}},
		"E75": {bank: "sparebank1", variant: "late", before: func(a *app) {
			a.identify()
			a.jwks()
		}, act: func(a *app) {
			a.pull("POST", "/keys/rotate", map[string]string{"bank": "sparebank1"}).Want(200)
			kid := a.identify()
			a.want("shown at once", len(a.jwks().Key(kid)), 0)
			a.identify()
			a.Advance(30e9 - 1)
			a.want("shown 29.9 s later", len(a.jwks().Key(kid)), 0)
			a.Advance(1)
			a.want("shown 30 s later", len(a.jwks().Key(kid)), 1)
		}},
		"E75 down": {bank: "sparebank1", variant: "down", act: func(a *app) {
			for _, want := range []int{503, 503, 503, 200} {
				a.want("the JWKS", a.Get("/sparebank1/oauth2/jwks").Status, want)
			}
		}},
		"E76": {bank: "sparebank1", variant: "PS256", before: func(a *app) {
			a.pull("POST", "/keys/rotate", map[string]string{"bank": "sparebank1", "alg": "RS256"}).Want(200)
			a.want("before", a.jwks().Key(a.identify())[0].Algorithm, "RS256")
			a.pull("PATCH", "/policies", map[string]any{"level": map[string]string{"bank": "sparebank1"}, "unset": []string{"signing-alg"}}).Want(200)
		}, act: func(a *app) {
			found := a.jwks().Key(a.identify())
			a.want("keys", len(found), 1)
			a.want("algorithm", found[0].Algorithm, "PS256")
		}},
	}
}

// claims are those of a JWT, unverified.
func claims(t testing.TB, jwt string) (out struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	Client   string   `json:"client_id"`
	ID       string   `json:"jti"`
	Scope    string   `json:"scope"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	AuthTime int64    `json:"auth_time"`
}) {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", jwt)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &out) != nil {
		t.Fatalf("%q: %v", jwt, err)
	}
	return out
}

// identify logs in with the scope openid, and tells the kid of the id_token.
func (a *app) identify() string {
	a.t.Helper()
	var minted struct{ Token struct{ Value string } }
	a.pull("POST", "/tokens", map[string]string{"bank": "sparebank1", "client": "sb1-demo", "user": "dave", "kind": "code", "redirectUri": callback,
		"scope": "openid accounts transactions transfer"}).Want(201).Into(&minted)
	signed, err := jose.ParseSignedCompact(a.swap(minted.Token.Value).Want(200).Text("id_token"), []jose.SignatureAlgorithm{"ES256", "RS256", "PS256", "EdDSA"})
	if err != nil {
		a.t.Fatal(err)
	}
	a.took()
	return signed.Signatures[0].Protected.KeyID
}

func (d *desk) jwks(bank ...string) *jose.JSONWebKeySet {
	d.t.Helper()
	set := &jose.JSONWebKeySet{}
	d.Get("/" + append(bank, "sparebank1")[0] + "/oauth2/jwks").Want(200).Into(set)
	return set
}

// Keys are made when they are first needed, rotated from the desk, and taken back; a reset makes new ones, and a snapshot brings the old
// ones back, also in another process.
func TestSigningKeys(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	list := func() (out admin.KeyList) {
		t.Helper()
		d.pull("GET", "/keys", nil).Want(200).Into(&out)
		return out
	}
	if n := len(list().Items); n != 0 {
		t.Fatalf("%d keys before anything was signed", n)
	}
	kid := func() string { t.Helper(); return d.app("sparebank1").identify() }
	first := kid()
	if k := list().Items; len(k) != 1 || k[0].ID != first || !k[0].Signs || !k[0].Published || k[0].Alg != "ES256" || k[0].Bank != "sparebank1" {
		t.Errorf("%+v", k)
	}
	rotate := func(body map[string]string, status int) *servertest.Answer {
		t.Helper()
		return d.pull("POST", "/keys/rotate", body).Want(status)
	}
	for field, body := range map[string]map[string]string{"bank": {"bank": "nobank"}, "alg": {"bank": "berlin", "alg": "HS256"}, "retire": {"bank": "berlin", "retire": "burn"}} {
		if a := rotate(body, 422); !strings.Contains(a.Body, `"`+field+`"`) {
			t.Errorf("%v: %s", body, a.Body)
		}
	}
	second := rotate(map[string]string{"bank": "sparebank1"}, 200).Text("kid")
	if set := d.jwks(); kid() != second || len(set.Keys) != 2 || len(set.Key(first)) != 1 || len(set.Key(second)) != 1 {
		t.Errorf("rotated: %+v", set)
	}
	third := rotate(map[string]string{"bank": "sparebank1", "retire": "withdraw"}, 200).Text("kid")
	if set := d.jwks(); len(set.Key(third)) != 1 || len(set.Key(second)) != 0 || len(set.Key(first)) != 1 {
		t.Errorf("withdrawn: %+v", set)
	}
	d.pull("POST", "/undo", nil).Want(200)
	if set := d.jwks(); kid() != second || len(set.Keys) != 2 || len(set.Key(third)) != 0 {
		t.Errorf("taken back: %+v", set)
	}
	rotate(map[string]string{"bank": "sparebank1", "alg": "EdDSA"}, 200)
	signs := kid()
	if found := d.jwks().Key(signs); len(found) != 1 || found[0].Algorithm != "EdDSA" || signs == second {
		t.Errorf("another algorithm: %+v", found)
	}

	d.pull("POST", "/snapshots", map[string]string{"name": "keys"}).Want(201)
	file := d.Get(admin.Prefix + "/snapshots/1").Want(200).Body
	if !strings.Contains(file, `"kid":"`+signs+`"`) || !strings.Contains(file, `"d":"`) {
		t.Error("the keys are no part of the snapshot")
	}
	d.pull("POST", "/reset", `{"what":"everything"}`).Want(200)
	if kid() == signs || len(d.jwks().Keys) != 1 {
		t.Error("the reset kept keys")
	}
	other := open(t, server.Options{}, admin.Options{})
	for _, here := range []*desk{d, other} {
		here.Do("POST", admin.Prefix+"/snapshots/upload?name=x", file, servertest.Header("Content-Type", "application/json")).Want(201)
		var all struct{ Items []struct{ ID json.Number } }
		here.pull("GET", "/snapshots", nil).Want(200).Into(&all)
		here.pull("POST", "/snapshots/"+string(all.Items[0].ID)+"/restore", nil).Want(200)
		if got := here.app("sparebank1").identify(); got != signs {
			t.Errorf("restored: key %s, want %s", got, signs)
		}
	}
	bad := strings.Replace(file, `"kid":"`+signs+`"`, `"kid":"other"`, 1)
	if a := d.Do("POST", admin.Prefix+"/snapshots/upload?name=x", bad, servertest.Header("Content-Type", "application/json")).Want(422); !strings.Contains(a.Body, "thumbprint") {
		t.Error(a.Body)
	}
}

// The same seed makes the same keys in the same space, at each start; other seeds and spaces have others.
func TestSigningKeysUnderASeed(t *testing.T) {
	t.Parallel()
	kid := func(seed uint64, space string) string {
		d := open(t, server.Options{Seed: seed}, admin.Options{})
		root := ""
		if space != "" {
			d.pull("POST", "/spaces", map[string]string{"name": space}).Want(201)
			root = "/s/" + space
		}
		var set jose.JSONWebKeySet
		d.Get(root + "/berlin/oauth2/jwks").Want(200).Into(&set)
		return set.Keys[0].KeyID
	}
	unseeded := kid(0, "")
	if one := kid(7, ""); one != kid(7, "") || one == kid(8, "") || one == kid(7, "other") || unseeded == kid(0, "") {
		t.Error("the seed does not decide, or decides too much")
	}
}

// RFC 9068 §2.1: the header says at+jwt and by which key and algorithm the token is signed.
// RFC 9068 §2.2: the token has iss, exp, aud, sub, client_id, iat and jti; scope and auth_time where there are any.
func TestJWTAccessTokens(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.Clock().Freeze(true)
	for i, bank := range []string{"yoisho", "berlin", "sparebank1", "s2s", "finapi"} {
		alg := keys.Algorithms()[i%4]
		d.pull("PATCH", "/policies", map[string]any{"level": map[string]string{"bank": bank}, "set": map[string]string{"token-format": "jwt", "signing-alg": alg}}).Want(200)
		a := d.app(bank).login()
		signed, err := jose.ParseSignedCompact(a.access, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
		if err != nil {
			t.Fatalf("%s: %q, %v", bank, a.access, err)
		}
		head := signed.Signatures[0].Protected
		found := d.jwks(bank).Key(head.KeyID)
		if len(found) != 1 || head.ExtraHeaders[jose.HeaderType] != "at+jwt" {
			t.Fatalf("%s: %+v", bank, head)
		}
		if _, err := signed.Verify(found[0]); err != nil {
			t.Errorf("%s: %v", bank, err)
		}
		is, token, issuer := claims(t, a.access), d.world.Space("main").Grants.Token(a.access), d.URL()+"/"+bank
		if bank == "berlin" {
			issuer = d.URL() // its token endpoint was called at the root
		}
		if is.Issuer != issuer || len(is.Audience) != 1 || is.Audience[0] != issuer || is.Subject == "" || is.Subject == token.Owner || is.Client != token.Client || is.ID != token.ID ||
			is.Scope != token.Scope || is.Issued != token.Issued.Unix() || is.Expires != token.Expires.Unix() || is.AuthTime != token.Issued.Unix() {
			t.Errorf("%s: %+v, want issuer %s", bank, is, issuer)
		}
		a.want(bank+": a call", a.call(), 200)
		d.Advance(time.Duration(is.Expires-is.Issued)*time.Second - 1)
		a.want(bank+": before its exp", a.call(), 200)
		d.Advance(1)
		if a.call() == 200 {
			t.Errorf("%s: it outlives its exp", bank)
		}
		a = d.app(bank).login()
		a.pull("POST", "/tokens/"+claims(t, a.access).ID+"/revoke", nil).Want(200)
		if a.call() == 200 {
			t.Errorf("%s: revoked, and it works on", bank)
		}
	}
	// What the desk mints is alike, and tells the end that was ordered.
	var minted struct{ Token struct{ Value string } }
	d.pull("POST", "/tokens", map[string]any{"bank": "sparebank1", "client": "sb1-demo", "user": "dave", "life": "42s"}).Want(201).Into(&minted)
	if is := claims(t, minted.Token.Value); is.Expires-is.Issued != 42 || is.Issuer != d.URL()+"/sparebank1" {
		t.Errorf("minted: %+v", is)
	}
	// A client's own token is about the client.
	if is := claims(t, d.Post("/oauth/token", map[string][]string{"grant_type": {"client_credentials"}}, servertest.Basic("sb1-demo", "sb1-demo-secret")).Want(200).Text("access_token")); is.Subject != "sb1-demo" || is.AuthTime != 0 {
		t.Errorf("client credentials: %+v", is)
	}
}
