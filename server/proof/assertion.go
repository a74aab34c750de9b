package proof

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// AssertionType is the client_assertion_type of RFC 7523 §2.2.
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Claim is what an assertion must say to be a client's, here.
type Claim struct {
	Client   string   // the client id
	Keys     Keys     // the client's
	Audience []string // what this server calls itself: one of them must be in aud
}

// Said is an assertion that was proven.
type Said struct {
	ID    string    // jti, which must not come again
	Until time.Time // exp: from then on it is refused by itself
}

// Subject is the client that an assertion says it is of; nothing is proven. Empty when it cannot be read.
func Subject(text string) string {
	s, err := parse(text)
	if err != nil {
		return ""
	}
	return s.claims.Subject
}

// CheckAssertion proves that a client signed an assertion of itself for this server (RFC 7523 §3, OpenID Connect Core §9). At the very
// instant of exp it is over.
func CheckAssertion(text string, of Claim, now time.Time) (*Said, error) {
	s, err := parse(text)
	if err != nil {
		return nil, err
	}
	if err := of.Keys.verify(s); err != nil {
		return nil, err
	}
	c := &s.claims
	switch {
	case c.Issuer != of.Client || c.Subject != of.Client:
		return nil, fmt.Errorf("iss is %q and sub is %q; both must be the client %q", c.Issuer, c.Subject, of.Client)
	case !slices.ContainsFunc(c.Audience, func(a string) bool { return slices.Contains(of.Audience, a) }):
		return nil, fmt.Errorf("aud is %q; this server is %q", []string(c.Audience), of.Audience)
	case c.Expires == nil:
		return nil, errors.New("exp is missing")
	case c.ID == "":
		return nil, errors.New("jti is missing")
	}
	ends := c.Expires.Time()
	switch {
	case !now.Before(ends):
		return nil, fmt.Errorf("it expired %s ago", now.Sub(ends).Round(time.Second))
	case ends.After(now.Add(Longest)):
		return nil, fmt.Errorf("exp is %s ahead; %s are the most", ends.Sub(now).Round(time.Second), Longest)
	case c.Issued != nil && c.Issued.Time().After(ends):
		return nil, errors.New("iat is after exp")
	}
	if err := s.began(now); err != nil {
		return nil, err
	}
	return &Said{c.ID, ends}, nil
}
