package wire

import (
	"cmp"
	"errors"
	"maps"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/proof"
)

// The two schemes of the Authorization header that carry an access token, and the header that carries the proof to one of them.
const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// TokenType is the token_type of an access token: DPoP when it is bound to a key (RFC 9449 §5), or else as the bank spells Bearer.
func TokenType(t *grant.Token, bearer string) string {
	if t.Bound != "" {
		return schemeDPoP
	}
	return bearer
}

// possession is the key that a client showed to a token endpoint.
type possession struct {
	asked bool
	key   string // its thumbprint; empty: none was shown
	err   error
}

// possess reads the DPoP proof of a token request (RFC 9449 §5): the tokens are going to be bound to its key. Without one they are bound
// to none, which a client can be registered not to want. It is read once for a call, whoever asks again.
func (c *Call) possess(client *grant.Client) (string, error) {
	p := &c.possession
	if !p.asked {
		p.asked = true
		p.key, p.err = c.tokenProof(client)
	}
	return p.key, p.err
}

func (c *Call) tokenProof(client *grant.Client) (string, error) {
	if client.DPoP == grant.Off || client.DPoP != grant.Required && c.ctx.Get(schemeDPoP) == "" {
		return "", nil
	}
	shown, err := c.prove("")
	switch {
	case errors.Is(err, proof.ErrNonce):
		return "", c.Trail.No("DPoP proof", fail.New(fail.UseNonce, "%v", err))
	case err != nil:
		return "", c.Trail.No("DPoP proof", fail.New(fail.InvalidProof, "%v", err))
	}
	c.Trail.Pass("DPoP proof", "by the key "+shown.Key)
	return shown.Key, nil
}

// prove checks the one proof that the call carries for the access token that it comes with, or for none.
func (c *Call) prove(token string) (*proof.Shown, error) {
	all := c.HeaderAll(schemeDPoP)
	if len(all) == 0 {
		return nil, errors.New("no DPoP proof was sent")
	}
	if len(all) > 1 {
		return nil, errors.New("there are two DPoP headers")
	}
	use := proof.Use{Method: c.Method(), URL: c.here(), Token: token}
	client := ""
	if c.Client != nil {
		client = c.Client.ID
	}
	if rule, _ := c.Space.Grants.Policy.Value(grant.DPoPNonce, c.Bank, client, ""); rule.Text == grant.On {
		use.Nonce = func(nonce string) bool { return c.Space.Grants.NonceIs(nonce, c.Bank, c.Now) }
		c.Set("DPoP-Nonce", c.Space.Grants.Nonce(c.Bank, c.Now)) // also with success: the present one may be newer (RFC 9449 §8.2)
	}
	shown, err := proof.Check(all[0], use, c.Now)
	if err != nil {
		return nil, err
	}
	until := shown.Until
	if until.IsZero() {
		until = c.Now.Add(2 * grant.NonceLife)
	}
	if !c.Space.Grants.Once(until, c.Now, "proof", shown.Key, shown.ID) {
		return nil, errors.New("its jti was used before")
	}
	return shown, nil
}

// bound refuses a token that is bound to a key unless whoever sends it proves to hold that key, under the scheme DPoP (RFC 9449 §7.1):
// under Bearer it would be worth as much to a thief. A token that is bound to none is no DPoP token either.
func (c *Call) bound(t *grant.Token, scheme string) error {
	bad := func(code, why string, args ...any) error {
		c.unproven = code
		return c.Trail.No("DPoP proof", fail.New(fail.TokenUnproven, why, args...))
	}
	switch dpop := strings.EqualFold(scheme, schemeDPoP); {
	case !dpop && t.Bound == "":
		return nil
	case !dpop:
		return bad("invalid_token", "%s is bound to a key, yet came as a bearer token", t.ID)
	case t.Bound == "":
		return bad("invalid_token", "%s is a bearer token, yet came under the scheme DPoP", t.ID)
	}
	shown, err := c.prove(t.Value)
	switch {
	case errors.Is(err, proof.ErrNonce):
		return bad(string(fail.UseNonce), "%v", err)
	case err != nil:
		return bad(string(fail.InvalidProof), "%v", err)
	case shown.Key != t.Bound:
		return bad("invalid_token", "%s is bound to the key %s; the proof is by %s", t.ID, t.Bound, shown.Key)
	}
	c.Trail.Pass("DPoP proof", "by the key "+shown.Key)
	return nil
}

// Challenge makes the challenge of a refusal one for DPoP where the call was under that scheme, or should have been (RFC 9449 §7.1). What
// else the bank has answered stays.
func (c *Call) Challenge(e *fail.Error) {
	said := c.ctx.Response().Header.Peek("WWW-Authenticate")
	if c.ctx.Response().StatusCode() != 401 && len(said) == 0 {
		return
	}
	if scheme, _ := c.authorization(); c.unproven == "" && !strings.EqualFold(scheme, schemeDPoP) {
		return
	}
	if c.possession.asked || e.Kind == fail.InvalidClient { // at a token endpoint nothing is asked of an access token
		return
	}
	code := cmp.Or(c.unproven, "invalid_token")
	if e.Kind == fail.InsufficientScope {
		code = "insufficient_scope"
	}
	c.Set("WWW-Authenticate", `DPoP error="`+code+`", algs="`+strings.Join(proof.Algorithms(), " ")+`"`)
}

// thumbprint reads dpop_jkt of an authorization request (RFC 9449 §10): the key that the exchange of the code must show.
func thumbprint(q *Values, client *grant.Client) (string, error) {
	jkt := q.Get("dpop_jkt")
	if jkt == "" || client.DPoP == grant.Off {
		return "", nil
	}
	if !proof.IsThumbprint(jkt) {
		return "", fail.New(fail.InvalidRequest, "dpop_jkt is no thumbprint").Say("dpop_jkt must be a SHA-256 thumbprint in base64url.").At("dpop_jkt")
	}
	return jkt, nil
}

// Bind reads the DPoP proof that came with a pushed authorization request: its key is that of dpop_jkt, and must be the same where both
// came (RFC 9449 §10.1). Without a proof nothing changes.
func (c *Call) Bind(v *Values, client *grant.Client) (*Values, error) {
	if c.ctx.Get(schemeDPoP) == "" {
		return v, nil
	}
	key, err := c.possess(client)
	if key == "" || err != nil {
		return v, err
	}
	if named := v.Get("dpop_jkt"); named != "" && named != key {
		return nil, c.Trail.No("dpop_jkt", fail.New(fail.InvalidProof, "dpop_jkt is %q, the key of the proof %s", named, key).
			Say("dpop_jkt is not the key of the DPoP proof."))
	}
	all := maps.Clone(v.v)
	all.Set("dpop_jkt", key)
	return &Values{v: all}, nil
}

// Keyed tells whether the tokens of this call are bound to a key.
func (c *Call) Keyed() bool { return c.possession.key != "" }
