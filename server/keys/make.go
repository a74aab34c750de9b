package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// rsaBits is the size of RSA keys (RFC 7518 §3.3: at least 2048).
const rsaBits = 2048

// make makes a key. It panics on an algorithm that there is not, which is a mistake in the program.
func (r *Ring) make(bank, alg string, number int64, now time.Time) *Key {
	k := &Key{Bank: bank, Alg: alg, Number: number, Made: now}
	deal := func(try int) []byte {
		if r.secret == nil {
			p := make([]byte, 32)
			rand.Read(p) // never fails (Go 1.24)
			return p
		}
		p, err := hkdf.Key(sha256.New, r.secret, nil, fmt.Sprintf("%s %s %d %d", bank, alg, number, try), 32)
		must(err)
		return p
	}
	switch alg {
	case ES256:
		for try := 0; k.private == nil; try++ { // all but one in 2^32 is a key at once
			if private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), deal(try)); err == nil {
				k.private = private
			}
		}
	case EdDSA:
		k.private = ed25519.NewKeyFromSeed(deal(0))
	case RS256, PS256:
		private, err := rsa.GenerateKey(rand.Reader, rsaBits)
		must(err)
		k.private = private
	default:
		panic("keys: there is no algorithm " + alg)
	}
	k.ID = thumbprint(k.private)
	return k
}

// must is for what cannot fail: the arguments are ours.
func must(err error) {
	if err != nil {
		panic("keys: " + err.Error())
	}
}

// thumbprint is the kid of a key (RFC 7638, SHA-256).
func thumbprint(of crypto.Signer) string {
	sum, err := (&jose.JSONWebKey{Key: of.Public()}).Thumbprint(crypto.SHA256)
	must(err)
	return base64.RawURLEncoding.EncodeToString(sum)
}

// repeatable signs by ECDSA without randomness (RFC 6979), which crypto/ecdsa does where it is given none.
type repeatable struct{ *ecdsa.PrivateKey }

// Sign implements crypto.Signer.
func (s repeatable) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.PrivateKey.Sign(nil, digest, opts)
}

// salted signs by RSASSA-PSS with a salt of the hash's size (RFC 7518 §3.5), where cryptosigner asks for the longest there is.
type salted struct{ *rsa.PrivateKey }

// Sign implements crypto.Signer.
func (s salted) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: pss.Hash}
	}
	return s.PrivateKey.Sign(random, digest, opts)
}

// opaque is the key as go-jose takes it.
func (k *Key) opaque() jose.OpaqueSigner {
	switch private := k.private.(type) {
	case *ecdsa.PrivateKey:
		return cryptosigner.Opaque(repeatable{private})
	case *rsa.PrivateKey:
		return cryptosigner.Opaque(salted{private})
	}
	return cryptosigner.Opaque(k.private)
}

// algs are the algorithms that the key pair can sign by.
func (k *Key) algs() []jose.SignatureAlgorithm { return k.opaque().Algs() }

// Sign makes a JWT in the compact form: typ is what its header says that it is, claims are any value that encodes as a JSON object. The
// same claims get the same signature, except by PS256.
func (k *Key) Sign(typ string, claims any) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Alg), Key: jose.JSONWebKey{Key: k.opaque(), KeyID: k.ID}},
		(&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	must(err)
	payload, err := json.Marshal(claims)
	must(err)
	signed, err := s.Sign(payload)
	must(err)
	out, err := signed.CompactSerialize()
	must(err)
	return out
}

// Half is the left half of a value's hash, by the hash of the algorithm, as at_hash tells it (OpenID Connect Core §3.1.3.6).
func (k *Key) Half(value string) string {
	sum := sha256.Sum256([]byte(value))
	half := sum[:16]
	if k.Alg == EdDSA { // Ed25519 hashes by SHA-512 (RFC 8032 §5.1)
		long := sha512.Sum512([]byte(value))
		half = long[:32]
	}
	return base64.RawURLEncoding.EncodeToString(half)
}
