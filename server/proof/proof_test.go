package proof_test

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sandbank/server/proof"
)

func TestKeysAreRead(t *testing.T) {
	t.Parallel()
	for _, alg := range proof.Algorithms() {
		pair, err := proof.NewPair(alg)
		if err != nil {
			t.Fatal(err)
		}
		set := proof.Keys{pair.Public}.String()
		keys, err := proof.ParseKeys(set)
		if err != nil || keys.String() != set || len(keys) != 1 || !proof.IsThumbprint(keys[0].KeyID) {
			t.Errorf("%s: %v, %s", alg, err, keys)
		}
		if strings.Contains(set, `"d"`) || !strings.Contains(pair.Private, `"d"`) || !strings.HasPrefix(pair.PEM, "-----BEGIN PRIVATE KEY-----") {
			t.Errorf("%s: %s and %s", alg, set, pair.Private)
		}
		if _, err := proof.ParseKeys(`{"keys":[` + pair.Private + `]}`); err == nil || !strings.Contains(err.Error(), "no public key") {
			t.Errorf("%s: a private key is %v", alg, err)
		}
	}
	if _, err := proof.NewPair("HS256"); err == nil {
		t.Error("a symmetric key was made")
	}
	for text, why := range map[string]string{
		`{`: "no JWK set", `{}`: `write {"keys"`, `{"keys":[{}]}`: "keys[0]: it is no key", `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`: "no public key",
		`{"keys":[{"kty":"RSA","n":"4f5wg5l2hKsTeNem_V41fGnJm6gOdrj8ym3rFkEU_wT8RDtnSgFEZOQpHEgQ7JL38xUfU0Y3g6aYw9QT0hJ7mCpz9Er5qLaMXJwZxzHzAahlfA0icqabvJOMvQtzD6uQv6wPEyZtDTWiQi9AXwBpHssPnpYGIn20ZZuNlX2BrClciHhCPUIIZOQn_MmqTD31jSyjoQoV7MhhMTATKJx2XrHhR-1DcKJzQBSTAGnpYVaqpsARap-nwRipr3nUTuxyGohBTSmjJ2usSeQXHI3bODIRe1AuTyHceAbewn8b462yEWKARdpd9AjQW5SIVPfdsz5B6GlYQ5LdYKtznTuy7w","e":"AQAB","use":"enc"}]}`: "its use is",
		`{"keys":[{"kty":"EC","crv":"P-384","x":"LN6GbHEO7eYYcDlOKwjp_VU6HldAORmTHWCrKMyVYDVcGCPHdPzd6zPWALPcsQ6t","y":"bu2LLx0dbM_jaujETR9IYW_I0W_lJfTi7hjkGYvS7wBA0D9gSWjrvBNrp0Gm7mUG"}]}`:                                                                                                                                                                                                                          "keys[0]",
	} {
		if keys, err := proof.ParseKeys(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, %v; want %q", text, keys, err, why)
		}
	}
	if keys, err := proof.ParseKeys(""); keys != nil || err != nil || keys.String() != "" {
		t.Errorf("nothing is %v, %v", keys, err)
	}
}

func signed(t testing.TB, pair *proof.Pair, typ, claims string) string {
	t.Helper()
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON([]byte(pair.Private)); err != nil {
		t.Fatal(err)
	}
	return signedBy(t, jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: signing(key)}, typ, claims)
}

// signing is a key as the library signs with it: it has no other way to the newer name of EdDSA.
func signing(key jose.JSONWebKey) any {
	if key.Algorithm == string(proof.Ed25519) {
		return edwards{key}
	}
	return key.Key
}

type edwards struct{ jose.JSONWebKey }

func (k edwards) Public() *jose.JSONWebKey        { p := k.JSONWebKey.Public(); return &p }
func (k edwards) Algs() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{proof.Ed25519} }
func (k edwards) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	return ed25519.Sign(k.Key.(ed25519.PrivateKey), payload), nil
}

func signedBy(t testing.TB, key jose.SigningKey, typ, claims string) string {
	t.Helper()
	signer, err := jose.NewSigner(key,
		(&jose.SignerOptions{EmbedJWK: true}).WithType(jose.ContentType(typ)))
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := jws.CompactSerialize()
	return text
}

// instant is when the statements of these tests were made.
func instant() time.Time { return time.Unix(1_800_000_000, 0) }

const (
	goodClaim = `{"iss":"app","sub":"app","aud":["https://bank.example"],"exp":1800000060,"iat":1800000000,"jti":"a"}`
	goodShown = `{"htm":"GET","htu":"https://bank.example/a%2fb","iat":1800000000,"jti":"a"}`
)

// RFC 9449 §4.3: each algorithm that the metadata lists is taken.
// RFC 7523 §3: each algorithm that the metadata lists is taken.
func TestEveryAlgorithmProves(t *testing.T) {
	t.Parallel()
	for _, alg := range proof.Algorithms() {
		pair, err := proof.NewPair(alg)
		if err != nil {
			t.Fatal(err)
		}
		said, err := proof.CheckAssertion(signed(t, pair, "JWT", goodClaim), proof.Claim{Client: "app", Keys: proof.Keys{pair.Public}, Audience: []string{"https://bank.example"}}, instant())
		if err != nil || said.ID != "a" || said.Until.Unix() != 1_800_000_060 {
			t.Errorf("%s: %+v, %v", alg, said, err)
		}
		shown, err := proof.Check(signed(t, pair, "dpop+jwt", goodShown), proof.Use{Method: "GET", URL: "HTTPS://Bank.Example:443/%61%2Fb?x=y"}, instant())
		if err != nil || shown.ID != "a" || shown.Key != pair.Public.KeyID {
			t.Errorf("%s: %+v, %v", alg, shown, err)
		}
		if _, err := proof.Check(signed(t, pair, "dpop+jwt", goodShown), proof.Use{Method: "GET", URL: "https://bank.example/a/b"}, instant()); err == nil {
			t.Errorf("%s: an encoded slash passed for a slash", alg)
		}
	}
}

// RFC 9864 §2.2: a key that was registered for EdDSA proves by the name Ed25519 too, and the other way round.
func TestBothNamesOfEd25519(t *testing.T) {
	t.Parallel()
	for registered, said := range map[string]string{"EdDSA": "Ed25519", "Ed25519": "EdDSA"} {
		pair, err := proof.NewPair(registered)
		if err != nil {
			t.Fatal(err)
		}
		other := *pair
		other.Private = strings.Replace(pair.Private, `"alg":"`+registered+`"`, `"alg":"`+said+`"`, 1)
		of := proof.Claim{Client: "app", Keys: proof.Keys{pair.Public}, Audience: []string{"https://bank.example"}}
		if _, err := proof.CheckAssertion(signed(t, &other, "JWT", goodClaim), of, instant()); err != nil {
			t.Errorf("registered for %s, signed by %s: %v", registered, said, err)
		}
		stranger, err := proof.NewPair(said)
		if err != nil {
			t.Fatal(err)
		}
		of.Keys[0].KeyID = ""
		text := signed(t, stranger, "JWT", goodClaim)
		if _, err := proof.CheckAssertion(text, of, instant()); err == nil {
			t.Errorf("%s: another key's signature passed", said)
		}
	}
}

func FuzzCheckAssertion(f *testing.F) {
	pair, err := proof.NewPair("ES256")
	if err != nil {
		f.Fatal(err)
	}
	of := proof.Claim{Client: "app", Keys: proof.Keys{pair.Public}, Audience: []string{"https://bank.example"}}
	good := signed(f, pair, "JWT", goodClaim)
	for _, text := range []string{good, good[:len(good)-1], "..", "eyJhbGciOiJub25lIn0.e30.", "{}", strings.Repeat("a", 1<<15)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		proof.Subject(text)
		said, err := proof.CheckAssertion(text, of, instant())
		if (said == nil) == (err == nil) {
			t.Fatalf("%+v and %v", said, err)
		}
		if err == nil && strings.Count(text, ".") != 2 {
			t.Fatalf("%q proves something", text)
		}
	})
}

func FuzzCheck(f *testing.F) {
	pair, err := proof.NewPair("EdDSA")
	if err != nil {
		f.Fatal(err)
	}
	good := signed(f, pair, "dpop+jwt", goodShown)
	for _, text := range []string{good, good + "A", "a.b.c", "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRwb3Arand0IiwiandrIjp7fX0.e30.AA", ""} {
		f.Add(text, "https://bank.example/a%2fb")
	}
	f.Fuzz(func(t *testing.T, text, url string) {
		shown, err := proof.Check(text, proof.Use{Method: "GET", URL: url}, instant())
		if (shown == nil) == (err == nil) {
			t.Fatalf("%+v and %v", shown, err)
		}
		if err == nil && !proof.IsThumbprint(shown.Key) {
			t.Fatalf("%+v", shown)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	pair, err := proof.NewPair("ES256")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{proof.Keys{pair.Public}.String(), `{"keys":[]}`, `{"keys":[null]}`, pair.Private, ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := proof.ParseKeys(text)
		if err != nil {
			return
		}
		again, err := proof.ParseKeys(keys.String())
		if err != nil || again.String() != keys.String() {
			t.Fatalf("%s became %s, %v", keys, again, err)
		}
	})
}
