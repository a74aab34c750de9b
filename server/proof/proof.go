// Package proof reads what clients sign: assertions that say who they are (RFC 7523) and proofs that they hold a key (RFC 9449).
//
// It owns which algorithms and keys are good enough, and every check that needs nothing but the statement, the keys and the instant. It
// keeps nothing: that a statement is used once is for whoever has a memory, by the id and the end that come back. The package knows no
// HTTP, no clock and no client but by its id; its errors are sentences for the journal.
//
//	keys, err := proof.ParseKeys(client.JWKS)
//	said, err := proof.CheckAssertion(text, proof.Claim{Client: "my-app", Keys: keys, Audience: []string{issuer}}, now)
//	shown, err := proof.Check(header, proof.Use{Method: "GET", URL: url, Token: token}, now)
package proof

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json" // tells exp from EXP, and refuses a name that comes twice (RFC 7519 §4, §10.1)
	"github.com/go-jose/go-jose/v4/jwt"
)

// Limits of what is taken.
const (
	Ahead   = time.Minute     // by which a client's clock may be ahead: of iat and nbf
	Longest = 24 * time.Hour  // that an assertion may live: its jti is remembered as long
	Window  = 5 * time.Minute // that a proof is fresh after iat
	mostLen = 16 << 10        // bytes of a statement
)

// Ed25519 is the name that RFC 9864 §2.2 gives to EdDSA with keys of that curve, the only ones taken here. Clients use either.
const Ed25519 = jose.SignatureAlgorithm("Ed25519")

// algorithms are those that are taken. None of them is symmetric: what a client signs with never leaves it (RFC 9449 §4.3, check 5).
var algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, Ed25519, jose.EdDSA}

// Algorithms are the names of the algorithms that are taken, as metadata lists them.
func Algorithms() []string {
	out := make([]string, len(algorithms))
	for i, a := range algorithms {
		out[i] = string(a)
	}
	return out
}

// fits tells whether a public key is of an algorithm, and strong enough (RFC 7518 §3.3 and §3.4, RFC 8037 §3.1).
func fits(key any, alg jose.SignatureAlgorithm) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return alg == jose.ES256 && k.Curve == elliptic.P256()
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		return (alg == jose.RS256 || alg == jose.PS256) && bits >= 2048 && bits <= 8192
	case ed25519.PublicKey:
		return alg == Ed25519 || alg == jose.EdDSA
	}
	return false
}

// edwards is a key that verifies under both names of its algorithm; the library knows but the older.
type edwards ed25519.PublicKey

// VerifyPayload is what the library asks.
func (k edwards) VerifyPayload(payload, signature []byte, alg jose.SignatureAlgorithm) error {
	if !fits(ed25519.PublicKey(k), alg) || !ed25519.Verify(ed25519.PublicKey(k), payload, signature) {
		return jose.ErrCryptoFailure
	}
	return nil
}

// statement is a JWT as it came, of which nothing is proven yet.
type statement struct {
	jws    *jose.JSONWebSignature
	header jose.Header
	typ    string
	claims claims
}

type claims struct {
	Issuer    string           `json:"iss"`
	Subject   string           `json:"sub"`
	Audience  jwt.Audience     `json:"aud"`
	ID        string           `json:"jti"`
	Expires   *jwt.NumericDate `json:"exp"`
	NotBefore *jwt.NumericDate `json:"nbf"`
	Issued    *jwt.NumericDate `json:"iat"`
	Method    string           `json:"htm"`
	URL       string           `json:"htu"`
	TokenHash string           `json:"ath"`
	Nonce     string           `json:"nonce"`
}

// parse reads a JWS in its compact form (RFC 7515 §3.1) that is signed by one of the algorithms.
func parse(text string) (*statement, error) {
	if len(text) > mostLen {
		return nil, fmt.Errorf("it has %d bytes; %d are the most", len(text), mostLen)
	}
	jws, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil {
		return nil, fmt.Errorf("it is no JWS that is taken: %w", err)
	}
	s := &statement{jws: jws, header: jws.Signatures[0].Protected}
	s.typ, _ = s.header.ExtraHeaders[jose.HeaderType].(string)
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &s.claims); err != nil {
		return nil, fmt.Errorf("its claims are not the JSON of a JWT: %w", err)
	}
	return s, nil
}

// by tells whether a key, which fits, has signed it.
func (s *statement) by(key any) bool {
	if k, ok := key.(ed25519.PublicKey); ok {
		key = edwards(k)
	}
	_, err := s.jws.Verify(key)
	return err == nil
}

// alg is the algorithm that it says it is signed by.
func (s *statement) alg() jose.SignatureAlgorithm { return jose.SignatureAlgorithm(s.header.Algorithm) }

// began refuses a statement from the future.
func (s *statement) began(now time.Time) error {
	name, at := "nbf", s.claims.NotBefore
	if at == nil || !at.Time().After(now.Add(Ahead)) {
		name, at = "iat", s.claims.Issued
	}
	if at != nil && at.Time().After(now.Add(Ahead)) {
		return fmt.Errorf("%s is %s ahead; %s is the most", name, at.Time().Sub(now).Round(time.Second), Ahead)
	}
	return nil
}
