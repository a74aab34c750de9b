package finapi

import (
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// parameters are the form; without one, the query, which finAPI discourages but takes ("it is still recommended to pass the parameters
// in the POST body").
func parameters(c *wire.Call) *wire.Values {
	if v := c.Form(); v.Len() > 0 || v.Err() != nil {
		return v
	}
	return c.Query()
}

func token(c *wire.Call) error {
	v := parameters(c)
	client, kind, err := c.TokenRequest(v)
	if err != nil {
		return err
	}

	var issued *grant.Issued
	switch kind {
	case "client_credentials":
		issued = deal(c, client, "", kind)
	case "password":
		issued, err = passwordGrant(c, v, client)
	default:
		issued, err = refresh(c, v, client)
	}
	if err != nil {
		return err
	}

	c.NoStore()
	return c.JSON(200, showToken(c, issued))
}

// deal issues tokens; only a user's grant can be refreshed. Fidelity "original" hands out the same ones again, see same.go.
func deal(c *wire.Call, client *grant.Client, owner, kind string) *grant.Issued {
	return shared(c, client, owner, func() *grant.Issued {
		return c.Issue(grant.Authorization{Client: client.ID, Owner: owner, Scope: "all", Type: kind, Terms: c.Terms()}, owner != "")
	})
}

// passwordGrant is RFC 6749 §4.3. A user that is locked, deleted or given a new password while the token was being issued does not get
// away with it: both sides look again after they have written.
func passwordGrant(c *wire.Call, v *wire.Values, client *grant.Client) (*grant.Issued, error) {
	if err := v.Once("username", "password"); err != nil {
		return nil, err
	}
	for _, param := range []string{"username", "password"} {
		if v.Get(param) == "" {
			return nil, c.Trail.No(param, fail.New(fail.InvalidRequest, "%s is missing", param).Coded(noCredentials).
				Say("The parameter '%s' is missing.", param).At(param))
		}
	}
	person, err := signIn(c, client, v.Get("username"), v.Get("password"))
	if err != nil {
		return nil, err
	}

	if e := c.Instead(); e != nil {
		return nil, e
	}

	issued := deal(c, client, person.ID, "password")

	after := c.Space.Ledger.Person(person.ID)
	if after == nil || after.Locked || after.Password != person.Password {
		c.Space.Grants.Revoke(issued.Grant.ID, "bank", "the user was locked, deleted or changed the password meanwhile", c.Now)
		return nil, c.Trail.No("user unchanged", fail.New(fail.BadCredentials, "%s was locked, deleted or got a new password meanwhile", person.ID))
	}
	return issued, nil
}

// find looks a user up by the id that the client knows. Ids are case-insensitive (spec, "Create a new user"), so users are filed under
// the lower-cased one; what a fixture spells otherwise is found as it is spelt. Other clients' users do not exist.
func find(c *wire.Call, client *grant.Client, id string) *ledger.Person {
	p := c.Space.Ledger.PersonByLogin(name, strings.ToLower(id))
	if p == nil {
		p = c.Space.Ledger.PersonByLogin(name, id)
	}
	if p == nil || p.Client != "" && p.Client != client.ID {
		return nil
	}
	return p
}

// signIn checks a user's password, counts failures in a row, and locks at the client's maxUserLoginAttempts. Unknown users and wrong
// passwords look alike.
func signIn(c *wire.Call, client *grant.Client, id, password string) (*ledger.Person, error) {
	p, err := c.Named(id, func(name string) *ledger.Person { return find(c, client, name) })
	if p != nil {
		c.Owner = p.ID
	}
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return nil, c.Trail.No("user known", fail.New(fail.BadCredentials, "client %s has no user %q", client.ID, id))
	}
	if p.Locked {
		return nil, c.Trail.No("not locked", fail.New(fail.UserLocked, "%s is locked; only a password change unlocks", p.ID))
	}
	if !p.PasswordIs(password) {
		return nil, missed(c, client, p)
	}
	if p.Unverified {
		return nil, c.Trail.No("verified", fail.New(fail.UserUnverified, "%s was not verified yet, and the client has no auto-verification", p.ID))
	}
	if p.Failures > 0 { // a user deleted meanwhile is found out by passwordGrant
		c.Space.Ledger.UpdatePerson(p.ID, func(v *ledger.Person) { v.Failures = 0 })
	}
	c.Trail.Pass("signed in", p.ID)
	return p, nil
}

// missed counts a wrong password. The one that locks is told no more than the others.
func missed(c *wire.Call, client *grant.Client, p *ledger.Person) error {
	most, whose := c.Space.Grants.Policy.Value(grant.Attempts, name, client.ID, p.ID)
	after, err := c.Space.Ledger.UpdatePerson(p.ID, func(v *ledger.Person) {
		v.Failures++
		v.Locked = v.Locked || most.Count > 0 && int64(v.Failures) >= most.Count
	})
	if err != nil {
		return c.Trail.No("user known", fail.New(fail.BadCredentials, "%s was deleted meanwhile", p.ID))
	}
	if after.Locked {
		c.Space.Grants.RevokeOwner(p.ID, "", "bank", "the user was locked after wrong passwords", c.Now)
	}
	return c.Trail.No("password", fail.New(fail.BadCredentials, "wrong password number %d in a row of %s; %d lock, by %s", after.Failures, p.ID, most.Count, whose))
}

func refresh(c *wire.Call, v *wire.Values, client *grant.Client) (*grant.Issued, error) {
	if v.Get("refresh_token") == "" {
		return nil, c.Trail.No("refresh_token", fail.New(fail.InvalidRequest, "refresh_token is missing").Coded(noCredentials).
			Say("The parameter 'refresh_token' is missing.").At("refresh_token"))
	}
	issued, err := c.Refresh(v, client)
	if err != nil {
		return nil, err
	}
	remember(c, issued)
	return issued, nil
}

// revoke is RFC 7009, with finAPI's reading of the hint: an access token alone, a refresh token with all access tokens of its grant, and
// without a hint everything of the grant. Tokens that are nobody's, or not the caller's to end, are answered with 200 like any other.
func revoke(c *wire.Call) error {
	b, err := c.Access()
	if err != nil {
		return err
	}
	v := parameters(c)
	if v.Get("token") == "" {
		v = c.Query() // a client may send the hint in the form and the token in the query
	}
	if err := v.Once("token", "token_type_hint"); err != nil {
		return err
	}
	hint := v.Get("token_type_hint")
	if v.Get("token") == "" {
		return c.Trail.No("token", fail.New(fail.InvalidRequest, "token is missing").Coded(missingField).Say("The parameter 'token' is missing.").At("token"))
	}
	if hint != "" && hint != "access_token" && hint != "refresh_token" {
		return c.Trail.No("token_type_hint", fail.New(fail.InvalidRequest, "token_type_hint is %q", hint).
			Say("The service does not support the revocation of the presented token type.").At("token_type_hint"))
	}

	end(c, b, v.Get("token"), hint)

	// No body, but a type: simple-oauth2 wants JSON on every answer.
	return c.Send(200, "application/json", nil)
}

// end does what a revocation asks for. A wrong hint is corrected by what the token is (RFC 7009 §2.1).
func end(c *wire.Call, b *grant.Bearer, value, hint string) {
	const why = "POST /oauth/revoke"
	g := c.Space.Grants
	t := g.Token(value)
	switch {
	case t == nil || t.Bank != name || t.Client != b.Token.Client:
		c.Trail.Pass("revocation", "not a token of this client; nothing to do")
	case b.Token.Owner != "" && t.Owner != b.Token.Owner:
		c.Trail.Pass("revocation", t.ID+" is not the caller's; nothing to do")
	case hint != "" && t.Kind == grant.Access:
		g.RevokeToken(value, "client", why, c.Now)
		c.Trail.Pass("revocation", t.ID)
		c.Tokens = append(c.Tokens, t.ID)
	default:
		g.Revoke(t.Grant, "client", why, c.Now)
		c.Trail.Pass("revocation", t.ID+" and all of "+t.Grant)
		c.Tokens = append(c.Tokens, t.ID)
	}
}
