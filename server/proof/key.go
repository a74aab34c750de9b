package proof

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// mostKeys is how many keys a client may have: some for use, some for the time of a change.
const mostKeys = 16

// Keys are the public keys of a client.
type Keys []jose.JSONWebKey

// ParseKeys reads a JWK set (RFC 7517 §5) of public keys that one of the algorithms can use. Whoever sends a private key by mistake is
// told. An empty text is an empty set.
func ParseKeys(text string) (Keys, error) {
	if text == "" {
		return nil, nil
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return nil, fmt.Errorf("it is no JWK set: %w", err)
	}
	if set.Keys == nil {
		return nil, errors.New(`it is no JWK set: write {"keys":[…]}`)
	}
	if len(set.Keys) > mostKeys {
		return nil, fmt.Errorf("there are %d keys; %d are the most", len(set.Keys), mostKeys)
	}
	var out Keys
	for i, raw := range set.Keys {
		key, err := publicKey(raw)
		if err != nil {
			return nil, fmt.Errorf("keys[%d]: %w", i, err)
		}
		if key.KeyID != "" && len(out.named(key.KeyID)) > 0 {
			return nil, fmt.Errorf("keys[%d]: there are two of kid %q", i, key.KeyID)
		}
		out = append(out, *key)
	}
	return out, nil
}

func publicKey(raw []byte) (*jose.JSONWebKey, error) {
	var key jose.JSONWebKey
	if err := json.Unmarshal(raw, &key); err != nil {
		return nil, fmt.Errorf("it is no key that is known: %w", err)
	}
	switch {
	case !key.IsPublic():
		return nil, errors.New("it is no public key: the private part stays with the client")
	case key.Use != "" && key.Use != "sig":
		return nil, fmt.Errorf("its use is %q, not sig", key.Use)
	case !slices.ContainsFunc(algorithms, func(a jose.SignatureAlgorithm) bool { return usable(&key, a) }):
		return nil, fmt.Errorf("it is for none of %v: EC keys are on P-256, RSA keys have 2048 to 8192 bits, and alg says what they are for", algorithms)
	}
	return &key, nil
}

func usable(key *jose.JSONWebKey, alg jose.SignatureAlgorithm) bool {
	return fits(key.Key, alg) && (key.Algorithm == "" || today(jose.SignatureAlgorithm(key.Algorithm)) == today(alg))
}

// today is an algorithm by its newest name.
func today(alg jose.SignatureAlgorithm) jose.SignatureAlgorithm {
	if alg == jose.EdDSA {
		return Ed25519
	}
	return alg
}

// String is the set as ParseKeys reads it, on one line; empty without keys.
func (k Keys) String() string {
	if len(k) == 0 {
		return ""
	}
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: k})
	if err != nil { // what was parsed can be written
		return ""
	}
	return string(text)
}

func (k Keys) named(kid string) Keys {
	return slices.DeleteFunc(slices.Clone(k), func(key jose.JSONWebKey) bool { return key.KeyID != kid })
}

// verify finds the key that a statement is signed with: the one that it names, or else any (RFC 7515 §4.1.4).
func (k Keys) verify(s *statement) error {
	if s.header.KeyID != "" {
		if k = k.named(s.header.KeyID); len(k) == 0 {
			return fmt.Errorf("the client has no key of kid %q", s.header.KeyID)
		}
	}
	tried := 0
	for i := range k {
		if !usable(&k[i], s.alg()) {
			continue
		}
		tried++
		if s.by(k[i].Key) {
			return nil
		}
	}
	if tried == 0 {
		return fmt.Errorf("the client has no key for %s", s.alg())
	}
	return errors.New("the signature is not by the client's key")
}

// Pair is a new key of a client: what the client keeps, and what is registered.
type Pair struct {
	Public  jose.JSONWebKey
	Private string // as JWK (RFC 7517)
	PEM     string // the same as PKCS #8
}

// NewPair makes a key for an algorithm, ES256 unless said otherwise. Its kid is its thumbprint (RFC 7638).
func NewPair(alg string) (*Pair, error) {
	var key crypto.Signer
	var err error
	switch jose.SignatureAlgorithm(cmp.Or(alg, string(jose.ES256))) {
	case jose.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.RS256, jose.PS256:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case Ed25519, jose.EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		return nil, fmt.Errorf("%q is none of %v", alg, algorithms)
	}
	if err != nil {
		return nil, err
	}
	whole := jose.JSONWebKey{Key: key, Algorithm: cmp.Or(alg, string(jose.ES256)), Use: "sig"}
	if whole.KeyID, err = thumbprint(&whole); err != nil {
		return nil, err
	}
	private, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &Pair{whole.Public(), string(private), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}, nil
}

// thumbprint is the base64url SHA-256 thumbprint of a key (RFC 7638), which RFC 9449 calls jkt.
func thumbprint(key *jose.JSONWebKey) (string, error) {
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// IsThumbprint tells whether a text can be a thumbprint: 43 characters of base64url.
func IsThumbprint(text string) bool {
	sum, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(sum) == crypto.SHA256.Size()
}
