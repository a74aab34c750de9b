package wire

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/proof"
)

// credentials are a client id and secret as one source gave them.
type credentials struct{ id, secret string }

// Basic reads the client's credentials from the Authorization header. RFC 6749 §2.3.1 wants both form-encoded first, which JavaScript
// and Go clients do and Python ones do not: raw is the second reading. ok is false without such a header; a broken one is InvalidClient.
func (c *Call) Basic() (strict, raw credentials, ok bool, err error) {
	all := c.HeaderAll("Authorization")
	if len(all) == 0 {
		return
	}
	scheme, value, _ := strings.Cut(strings.TrimSpace(all[0]), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return
	}
	bad := func(why string) error { return c.Trail.No("Basic header", fail.New(fail.InvalidClient, "%s", why)) }
	if len(all) > 1 {
		return strict, raw, true, bad("there are two Authorization headers")
	}
	text, e := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if e != nil {
		return strict, raw, true, bad("the Basic credentials are not base64")
	}
	id, secret, found := strings.Cut(string(text), ":")
	if !found || !utf8.Valid(text) {
		return strict, raw, true, bad("the Basic credentials are not id:secret in UTF-8")
	}
	raw = credentials{id, secret}
	strict = raw
	if i, e1 := url.QueryUnescape(id); e1 == nil {
		if s, e2 := url.QueryUnescape(secret); e2 == nil {
			strict = credentials{i, s}
		}
	}
	return strict, raw, true, nil
}

// Authenticate finds out which client calls a token endpoint, and proves it: by Basic, by client_id and client_secret among the
// parameters, by an assertion that it has signed, or, for a public client, by client_id alone (RFC 6749 §2.3). Two methods at once, or
// two different ids, are InvalidRequest.
// A failed try spends nothing: some clients try Basic first and the form next.
func (c *Call) Authenticate(v *Values) (*grant.Client, error) {
	if err := v.Once("client_id", "client_secret"); err != nil {
		return nil, err
	}
	strict, raw, basic, err := c.Basic()
	if err != nil {
		return nil, err
	}
	id, secret := v.Get("client_id"), v.Get("client_secret")
	var client *grant.Client
	switch {
	case asserted(v):
		if client, err = c.assertion(v, basic); err != nil {
			return nil, err
		}
	case basic && secret != "":
		return nil, c.Trail.No("one client authentication", fail.New(fail.InvalidRequest, "the client authenticated by Basic and in the body at once").
			Say("The client must not use more than one authentication method."))
	case basic && id != "" && id != strict.id && id != raw.id:
		return nil, c.Trail.No("one client", fail.New(fail.InvalidRequest, "Basic says client %q, client_id says %q", strict.id, id).
			Say("client_id does not match the authenticated client."))
	case basic && strict.secret == "" && strict.id != "":
		client, err = c.public(strict.id)
	case basic:
		client, err = c.Space.Grants.Authenticate(c.Bank, strict.id, strict.secret, c.Now, nil)
		if err != nil && raw != strict {
			client, err = c.Space.Grants.Authenticate(c.Bank, raw.id, raw.secret, c.Now, nil)
		}
	case id == "":
		return nil, c.Trail.No("client authenticated", fail.New(fail.InvalidClient, "no client credentials were sent"))
	case secret == "":
		client, err = c.public(id)
	default:
		client, err = c.Space.Grants.Authenticate(c.Bank, id, secret, c.Now, nil)
	}
	if err != nil {
		return nil, c.Trail.No("client authenticated", fail.From(err))
	}
	c.Client = client
	c.Trail.Pass("client authenticated", client.ID)
	return client, nil
}

// public admits a client that has no secret to send.
func (c *Call) public(id string) (*grant.Client, error) {
	client := c.Space.Grants.Client(c.Bank, id)
	switch {
	case client == nil:
		return nil, fail.New(fail.InvalidClient, "no client %q at %s", id, c.Bank)
	case client.Disabled:
		return nil, fail.New(fail.InvalidClient, "client %s is disabled", id)
	case !client.Public():
		return nil, fail.New(fail.InvalidClient, "client %s has a secret or keys, and nothing of that was sent", id)
	}
	return client, nil
}

// CallerID is the client id that a request carries anywhere, unproven: Basic, query, form, assertion or X-IBM-Client-Id. The mount asks
// it where two banks claim one path.
func (c *Call) CallerID() string {
	if strict, _, ok, err := c.Basic(); ok && err == nil {
		return strict.id
	}
	if id := c.Query().Get("client_id"); id != "" {
		return id
	}
	if c.MediaType() == "application/x-www-form-urlencoded" {
		if id := c.Form().Get("client_id"); id != "" {
			return id
		}
		if text := c.Form().Get("client_assertion"); text != "" {
			return proof.Subject(text)
		}
	}
	return c.Header("X-IBM-Client-Id")
}

// Bearer reads the access token from the Authorization header, the only place where one is looked for (RFC 6750 §2.1, RFC 9700 §4.3.2),
// under the scheme Bearer or DPoP. The scheme's case does not matter. No header, or another scheme, is TokenMissing; two headers or an
// empty token are TokenMalformed.
func (c *Call) Bearer() (string, error) {
	value, _, err := c.carried()
	return value, err
}

// authorization is the scheme of the Authorization header and what follows it.
func (c *Call) authorization() (scheme, value string) {
	scheme, value, _ = strings.Cut(strings.TrimSpace(c.Header("Authorization")), " ")
	return scheme, value
}

// carried is Bearer with the scheme.
func (c *Call) carried() (value, scheme string, err error) {
	if c.posted != "" {
		return c.posted, schemeBearer, nil
	}
	all := c.HeaderAll("Authorization")
	if len(all) == 0 {
		return "", "", c.Trail.No("bearer token", fail.New(fail.TokenMissing, "no Authorization header was sent"))
	}
	if len(all) > 1 {
		return "", "", c.Trail.No("bearer token", fail.New(fail.TokenMalformed, "there are %d Authorization headers", len(all)))
	}
	scheme, value, spaced := strings.Cut(strings.TrimSpace(all[0]), " ")
	if !strings.EqualFold(scheme, schemeBearer) && !strings.EqualFold(scheme, schemeDPoP) {
		why := `the Authorization header has one word; "Bearer " belongs before the token` // which that word may be: it is not repeated
		if spaced {
			why = fmt.Sprintf("the Authorization header is %q, not Bearer", scheme)
		}
		return "", "", c.Trail.No("bearer token", fail.New(fail.TokenMissing, "%s", why))
	}
	value = strings.TrimSpace(value)
	if value == "" || strings.ContainsAny(value, " \t") {
		return "", "", c.Trail.No("bearer token", fail.New(fail.TokenMalformed, "the %s token is empty or has blanks in it", scheme))
	}
	c.Trail.Pass("bearer token", "")
	return value, scheme, nil
}

// FormToken takes the access token of a form, for resources that read it there as well (RFC 6750 §2.2). It must not come twice.
func (c *Call) FormToken() error {
	if c.MediaType() != "application/x-www-form-urlencoded" {
		return nil
	}
	all := c.Form().All("access_token")
	switch {
	case len(all) > 1 || len(all) == 1 && len(c.HeaderAll("Authorization")) > 0:
		return c.Trail.No("bearer token", fail.New(fail.InvalidRequest, "an access token came in more than one place").Say("The access token must come once, in one place."))
	case len(all) == 1:
		c.posted = all[0]
		c.Trail.Pass("bearer token", "in the form")
	}
	return nil
}

// Access admits the caller by access token, and by the proof of its key where it is bound to one. Owner, client and token are noted for
// the journal whether it opens anything or not.
func (c *Call) Access() (*grant.Bearer, error) {
	value, scheme, err := c.carried()
	if err != nil {
		return nil, err
	}
	if t := c.Space.Grants.Token(value); t != nil && t.Bank == c.Bank {
		c.Tokens = append(c.Tokens, t.ID)
		c.Owner, c.Client = t.Owner, c.Space.Grants.Client(t.Bank, t.Client)
		if err := c.bound(t, scheme); err != nil {
			c.refusedUnder(value)
			return nil, err
		}
	}
	b, err := c.Space.Grants.Check(c.Bank, value, c.Now, &c.Trail)
	if err != nil {
		c.refusedUnder(value)
		return nil, err
	}
	c.under(b.Grant)
	if err := c.addressed(b.Token); err != nil {
		return nil, err
	}
	return b, nil
}

// UserAccess is Access for what belongs to a person: a client's own token is TokenWrongKind (RFC 9700 §4.15).
func (c *Call) UserAccess() (*grant.Bearer, error) {
	b, err := c.Access()
	if err != nil {
		return nil, err
	}
	if b.Token.Owner == "" {
		return nil, c.Trail.No("a user's token", fail.New(fail.TokenWrongKind, "%s is the client's own token; nobody logged in", b.Token.ID))
	}
	return b, nil
}

// NeedScope refuses a token that lacks a scope (RFC 6750 §3.1).
func (c *Call) NeedScope(b *grant.Bearer, scope string) error {
	if !grant.HasScope(b.Token.Scope, scope) {
		e := fail.New(fail.InsufficientScope, "the token has scope %q; %s is needed", b.Token.Scope, scope)
		e.Param = scope
		return c.Trail.No("scope", e)
	}
	c.Trail.Pass("scope", scope)
	return nil
}
