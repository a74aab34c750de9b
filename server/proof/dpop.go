package proof

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// ErrNonce is the refusal of a proof that does not carry the nonce that the server has given out (RFC 9449 §8).
var ErrNonce = errors.New("the proof carries no nonce of this server that is still good")

// Use is the request that a proof must be made for.
type Use struct {
	Method string
	URL    string            // as the caller used it, without query and fragment
	Token  string            // the access token that comes with it; empty: none does
	Nonce  func(string) bool // whether a nonce is good; nil: none is asked for
}

// Shown is a proof that holds.
type Shown struct {
	Key   string    // the thumbprint of the key that was shown, jkt
	ID    string    // jti, which must not come again
	Until time.Time // from then on the proof is refused by itself; zero: that is for the nonce to say
}

// Check goes through the checks of RFC 9449 §4.3 for one proof. Where a nonce is asked for, it says how old the proof is, and not iat
// (check 11 leaves that choice): a client whose clock is wrong can be served.
func Check(text string, of Use, now time.Time) (*Shown, error) {
	s, err := parse(text)
	if err != nil {
		return nil, err
	}
	jwk := s.header.JSONWebKey
	switch {
	case s.typ != "dpop+jwt":
		return nil, fmt.Errorf("typ is %q, not dpop+jwt", s.typ)
	case jwk == nil:
		return nil, errors.New("jwk is missing from its header")
	case !jwk.IsPublic(): // the library refuses that as well
		return nil, errors.New("jwk is no public key")
	case !fits(jwk.Key, s.alg()):
		return nil, fmt.Errorf("jwk is no key for %s, or too weak", s.alg())
	}
	if !s.by(jwk.Key) {
		return nil, errors.New("the signature is not by the key in its header")
	}
	shown := &Shown{ID: s.claims.ID}
	if shown.Key, err = thumbprint(jwk); err != nil {
		return nil, err
	}
	if err := s.about(of); err != nil {
		return nil, err
	}
	if of.Nonce != nil {
		if !of.Nonce(s.claims.Nonce) {
			return nil, ErrNonce
		}
		return shown, nil
	}
	shown.Until = s.claims.Issued.Time().Add(Window)
	if !now.Before(shown.Until) {
		return nil, fmt.Errorf("iat is %s ago; within %s is fresh", now.Sub(s.claims.Issued.Time()).Round(time.Second), Window)
	}
	if err := s.began(now); err != nil {
		return nil, err
	}
	return shown, nil
}

// about checks that a proof is for this request.
func (s *statement) about(of Use) error {
	c := &s.claims
	switch {
	case c.ID == "":
		return errors.New("jti is missing")
	case c.Issued == nil:
		return errors.New("iat is missing")
	case c.Method != of.Method:
		return fmt.Errorf("htm is %q, the request is %s", c.Method, of.Method)
	case c.URL == "" || target(c.URL) != target(of.URL):
		return fmt.Errorf("htu is %q, the request is for %s", c.URL, of.URL)
	}
	if of.Token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(of.Token))
	if hash := base64.RawURLEncoding.EncodeToString(sum[:]); c.TokenHash != hash {
		return fmt.Errorf("ath is %q, that of the access token is %s", c.TokenHash, hash)
	}
	return nil
}

// target is a URL without query and fragment, in one spelling: lower-case scheme and host, no default port, a path, and percent-encoding
// only where it is needed (RFC 3986 §6.2.2 and §6.2.3). What is no URL is itself.
func target(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	path := spelled(u.EscapedPath())
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path
}

// spelled is a path with upper-case percent-encoding, and none of characters that never need it (RFC 3986 §2.3).
func spelled(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		code := path[i : i+3]
		i += 2
		if plain, err := url.PathUnescape(code); err == nil && url.QueryEscape(plain) == plain {
			code = plain
		}
		if len(code) == 3 {
			code = strings.ToUpper(code)
		}
		b.WriteString(code)
	}
	return b.String()
}
