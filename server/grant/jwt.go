package grant

import (
	"time"

	"sandbank/server/clock"
)

// Signer makes the value of an access token that is a JWT. It is asked where the policy wants such tokens, once everything else about
// the token is settled.
type Signer func(t *Token, of *Grant) string

// AccessClaims are what an access token says that is a JWT (RFC 9068 §2.2). Times are seconds since 1970 (RFC 7519 §2).
type AccessClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	AuthTime int64    `json:"auth_time,omitempty"`
	ID       string   `json:"jti"`
	Client   string   `json:"client_id"`
	Scope    string   `json:"scope,omitempty"`

	Confirmation *Confirmation `json:"cnf,omitempty"`
}

// Confirmation is the key that the holder of a bound token must prove (RFC 9449 §6).
type Confirmation struct {
	Thumbprint string `json:"jkt"`
}

// Confirmation says which key the token is bound to; nil: none.
func (t *Token) Confirmation() *Confirmation {
	if t.Bound == "" {
		return nil
	}
	return &Confirmation{t.Bound}
}

// farAway is what a JWT says of an end that there is not: exp is required.
const farAway = 100 * 365 * clock.Day

// AccessClaims are those of a token that is being issued, as far as grants know them: issuer and subject are the caller's to
// add, and the audience where none was asked for. Where the policy lies about the end (jwt-exp-delta), exp is another instant than the one at which the token really ends.
func (g *Grants) AccessClaims(t *Token, of *Grant) AccessClaims {
	end := t.Expires
	if end.IsZero() {
		end = t.Issued.Add(farAway)
	}
	if g.turned(JWTExpDelta, of) {
		delta, _ := g.Value(JWTExpDelta, of)
		end = end.Add(delta.Duration)
	}
	c := AccessClaims{Expires: end.Unix(), Issued: t.Issued.Unix(), ID: t.ID, Client: t.Client, Scope: t.Scope, Audience: t.Audience, Confirmation: t.Confirmation()}
	if t.Owner != "" {
		c.AuthTime = of.AuthTime().Unix()
	}
	return c
}

// signs tells whether the policy wants an access token of this grant to be a JWT.
func (g *Grants) signs(of *Grant) bool {
	if !g.turned(TokenFormat, of) {
		return false
	}
	v, _ := g.Value(TokenFormat, of)
	return v.Text == FormatJWT
}

// IDTokenEnd is when an id_token is over that is issued at now.
func (g *Grants) IDTokenEnd(of *Grant, now time.Time) time.Time {
	life, _ := g.Value(IDTokenTTL, of)
	if life.Never {
		return now.Add(farAway)
	}
	return now.Add(life.Duration)
}

// AuthTime is when the resource owner logged in: a refresh never moves it.
func (v *Grant) AuthTime() time.Time {
	if !v.LoggedIn.IsZero() {
		return v.LoggedIn
	}
	return v.Created
}
