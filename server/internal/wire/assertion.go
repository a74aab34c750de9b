package wire

import (
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/proof"
)

// asserted is whether the client proves itself by an assertion, or tries to (RFC 7521 §4.2).
func asserted(v *Values) bool {
	return v.Get("client_assertion") != "" || v.Get("client_assertion_type") != ""
}

// assertion admits a client that signed an assertion with its own key (private_key_jwt: RFC 7523 §2.2, OpenID Connect Core §9). It is
// good for one call. The secret is the client's other way, and must not come along.
func (c *Call) assertion(v *Values, basic bool) (*grant.Client, error) {
	if err := v.Once("client_assertion", "client_assertion_type"); err != nil {
		return nil, err
	}
	if basic || v.Get("client_secret") != "" {
		return nil, c.Trail.No("one client authentication", fail.New(fail.InvalidRequest, "the client sent an assertion and a secret at once").
			Say("The client must not use more than one authentication method."))
	}
	bad := func(why string, args ...any) error {
		return c.Trail.No("client assertion", fail.New(fail.InvalidClient, why, args...))
	}
	if kind := v.Get("client_assertion_type"); kind != proof.AssertionType {
		return nil, bad("client_assertion_type is %q, not %s", kind, proof.AssertionType)
	}
	text := v.Get("client_assertion")
	id := proof.Subject(text)
	if named := v.Get("client_id"); named != "" && named != id {
		return nil, bad("client_id is %q, the sub of the assertion %q", named, id)
	}
	client := c.Space.Grants.Client(c.Bank, id)
	switch {
	case id == "":
		return nil, bad("client_assertion is no signed JWT with a sub")
	case client == nil:
		return nil, bad("no client %q at %s", id, c.Bank)
	case client.Disabled:
		return nil, bad("client %s is disabled", id)
	case client.JWKS == "":
		return nil, bad("client %s has no keys", id)
	}
	keys, err := proof.ParseKeys(client.JWKS)
	if err != nil {
		return nil, bad("the keys of client %s: %v", id, err)
	}
	said, err := proof.CheckAssertion(text, proof.Claim{Client: id, Keys: keys, Audience: c.names()}, c.Now)
	if err != nil {
		return nil, bad("the assertion of client %s: %v", id, err)
	}
	if !c.Space.Grants.Once(said.Until, c.Now, "assertion", c.Bank, id, said.ID) {
		return nil, bad("the jti %q of client %s was used before", said.ID, id)
	}
	c.Trail.Pass("client assertion", "jti "+said.ID)
	return client, nil
}

// names are what the server takes for its own in the audience of an assertion: the issuer, its token endpoint, and the endpoint that is called, as
// the caller reaches them (RFC 7523 §3, RFC 9126 §2).
func (c *Call) names() []string {
	return []string{c.Issuer(), c.here(), c.URL(c.Authority.Token)}
}

// here is the URL that the caller used, without the query.
func (c *Call) here() string { return c.Place.Origin + c.Path() }
