package keys_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"sandbank/server/fail"
	"sandbank/server/keys"
	"sandbank/server/store"
)

var start = time.Date(2026, 12, 3, 15, 45, 8, 0, time.UTC)

// RFC 8725 §3.1: a JWT is verified by the algorithm of its key, whatever its header says; none and HS256 are refused.
func TestVerify(t *testing.T) {
	t.Parallel()
	ring := keys.New(nil)
	for _, alg := range keys.Algorithms() {
		k := ring.Current("bank", alg, start)
		if again := ring.Current("bank", alg, start); again != k {
			t.Errorf("%s: two keys", alg)
		}
		jwt := k.Sign("JWT", map[string]string{"sub": "dave"})
		if payload, typ, err := ring.Verify("bank", jwt); err != nil || string(payload) != `{"sub":"dave"}` || typ != "JWT" {
			t.Errorf("%s: %s %s %v", alg, payload, typ, err)
		}
		head, rest, _ := strings.Cut(jwt, ".")
		for name, bad := range map[string]string{"cut": jwt[:len(jwt)-8], "none": "eyJhbGciOiJub25lIn0." + rest, "another head": strings.ToUpper(head) + "." + rest, "": ""} {
			if _, _, err := ring.Verify("bank", bad); !fail.Is(err, fail.InvalidRequest) {
				t.Errorf("%s, %s: %v", alg, name, err)
			}
		}
		if _, _, err := ring.Verify("other", jwt); err == nil {
			t.Errorf("%s: another bank takes it", alg)
		}
	}
}

// RFC 7518 §3.5: the salt of a PS256 signature is as long as its hash; the standard library alone agrees.
func TestSaltOfPS256(t *testing.T) {
	t.Parallel()
	ring := keys.New(nil)
	k := ring.Current("bank", keys.PS256, start)
	for range 3 {
		jwt := k.Sign("JWT", struct{}{})
		cut := strings.LastIndexByte(jwt, '.')
		signature, err := base64.RawURLEncoding.DecodeString(jwt[cut+1:])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(jwt[:cut]))
		if err := rsa.VerifyPSS(ring.Set("bank", start, 0).Keys[0].Key.(*rsa.PublicKey), crypto.SHA256, sum[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}); err != nil {
			t.Error(err)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	ring := keys.New(nil)
	first := ring.Current("bank", keys.ES256, start)
	jwt := first.Sign("JWT", struct{}{})
	undo := &store.Recorder{}
	ring.Watch(undo)
	second := ring.Rotate("bank", keys.ES256, true, start)
	ring.Watch(nil)
	shown := func(at time.Time, lag time.Duration) (ids []string) {
		for _, k := range ring.Set("bank", at, lag).Keys {
			if !k.IsPublic() {
				t.Fatal("a private key is published")
			}
			ids = append(ids, k.KeyID)
		}
		return ids
	}
	if got := shown(start, 0); len(got) != 1 || got[0] != second.ID || ring.Current("bank", keys.ES256, start) != second {
		t.Errorf("withdrawn: %v", got)
	}
	if _, _, err := ring.Verify("bank", jwt); err != nil {
		t.Errorf("the bank does not know its own: %v", err)
	}
	if got := shown(start.Add(time.Minute-1), time.Minute); len(got) != 0 {
		t.Errorf("before the lag is over: %v", got)
	}
	if got := shown(start.Add(time.Minute), time.Minute); len(got) != 1 {
		t.Errorf("at its end: %v", got)
	}
	if kept := undo.Undo(); kept != 0 || ring.Current("bank", keys.ES256, start) != first || len(shown(start, 0)) != 1 {
		t.Errorf("taken back: %d kept", kept)
	}
	for range 20 {
		ring.Rotate("bank", keys.ES256, false, start)
	}
	if n := len(ring.Keys("bank")); n != 9 || len(shown(start, 0)) != 9 {
		t.Errorf("%d keys after many rotations", n)
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	ring := keys.New([]byte("a secret"))
	for _, alg := range keys.Algorithms() {
		ring.Current("bank", alg, start)
	}
	ring.Rotate("bank", keys.EdDSA, true, start.Add(time.Hour))
	dump := ring.Still().Dump()
	still, err := keys.Load(dump)
	if err != nil || len(dump) != 5 {
		t.Fatalf("%d keys: %v", len(dump), err)
	}
	other := keys.New(nil)
	other.Copy(still)
	jwt := ring.Current("bank", keys.PS256, start).Sign("JWT", struct{}{})
	if _, _, err := other.Verify("bank", jwt); err != nil || len(other.Still().Dump()) != 5 || len(other.Keys("")) != 5 {
		t.Errorf("read back: %v", err)
	}
	for place, spoil := range map[string]func(*keys.Record){
		"alg": func(r *keys.Record) { r.Alg = "HS256" }, "number": func(r *keys.Record) { r.Number = 0 }, "withdrawn": func(r *keys.Record) { r.Withdrawn = true },
		"jwk": func(r *keys.Record) { r.JWK = map[string]string{"kty": "oct", "k": "AAAA"} }, "kid": func(r *keys.Record) { r.ID = "x" },
		"retired": func(r *keys.Record) { r.Retired = start },
	} {
		bad := ring.Still().Dump()
		spoil(&bad[0])
		if _, err := keys.Load(bad); !strings.HasPrefix(fail.From(err).Param, "keys[0]."+place) {
			t.Errorf("%s: %v", place, err)
		}
	}
}

// Derived keys and their signatures are the same again, but for RSA.
func TestSecret(t *testing.T) {
	t.Parallel()
	one, two, other := keys.New([]byte("s")), keys.New([]byte("s")), keys.New([]byte("t"))
	for _, alg := range []string{keys.ES256, keys.EdDSA} {
		for range 2 {
			a, b, c := one.Rotate("bank", alg, false, start), two.Rotate("bank", alg, false, start), other.Rotate("bank", alg, false, start)
			if a.ID != b.ID || a.ID == c.ID || a.Sign("JWT", 1) != b.Sign("JWT", 1) {
				t.Errorf("%s: %s, %s, %s", alg, a.ID, b.ID, c.ID)
			}
		}
	}
}

// RFC 8037, appendix A.3 and RFC 7638 §3.1 give thumbprints of known keys.
func TestThumbprint(t *testing.T) {
	t.Parallel()
	d, x := "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	const kid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
	_, err := keys.Load([]keys.Record{{ID: kid, Bank: "bank", Alg: keys.EdDSA, Number: 1, Made: start, JWK: map[string]string{"kty": "OKP", "crv": "Ed25519", "d": d, "x": x}}})
	if err != nil {
		t.Error(err)
	}
}

func BenchmarkSign(b *testing.B) {
	for _, alg := range keys.Algorithms() {
		k := keys.New(nil).Current("bank", alg, start)
		b.Run(alg, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				k.Sign("JWT", map[string]string{"jti": strconv.Itoa(n)})
			}
		})
	}
}
