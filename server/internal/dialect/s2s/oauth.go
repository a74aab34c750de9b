package s2s

import (
	"encoding/base64"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// code issues an authorization code to an application that also knows a service account. Everything comes in headers, the scope too.
func code(c *wire.Call) error {
	client, err := application(c)
	if err != nil {
		return err
	}
	if !client.May("authorization_code") {
		return c.Trail.No("grant type", fail.New(fail.UnauthorizedClient, "client %s is not registered for authorization_code", client.ID))
	}
	owner, err := serviceAccount(c, client)
	if err != nil {
		return err
	}
	scope, err := askedScope(c, client)
	if err != nil {
		return err
	}
	if e := c.Instead(); e != nil {
		return e
	}

	issued := c.Space.Grants.Authorize(grant.Authorization{Bank: name, Client: client.ID, Owner: owner, Scope: scope, Terms: c.Terms()}, c.Now)

	c.Owner, c.Tokens = owner, append(c.Tokens, issued.ID)
	c.NoStore()
	return show(c, shapeCode{issued.Value})
}

// serviceAccount checks the account that stands in for its owner, and returns the owner. Id and secret are both compared, in constant
// time, before anything is said; the caller is not told which of them was wrong, the journal is.
func serviceAccount(c *wire.Call, client *grant.Client) (owner string, err error) {
	id, secret := c.Header("X-Service-Account-ID"), c.Header("X-Service-Account-Secret")
	known := grant.Service{}
	if client.Service != nil {
		known = *client.Service
	}
	account, flagged := c.Named(id, func(name string) *ledger.Person { // with flags behind it, the id is a login too
		if grant.Same(known.ID, name) {
			return &ledger.Person{ID: known.Owner}
		}
		return nil
	})
	idOK, secretOK := account != nil, known.SecretIs(secret, c.Now)
	why := ""
	switch {
	case id == "" || secret == "":
		why = "X-Service-Account-ID or X-Service-Account-Secret was not sent"
	case client.Service == nil:
		why = "client " + client.ID + " has no service account"
	case flagged != nil:
		return "", fail.New(fail.BadCredentials, "%s", fail.From(flagged).Why)
	case !idOK:
		why = "client " + client.ID + " has no service account of this id"
	case !secretOK:
		why = "the id of the service account is right, its secret is wrong"
	}
	if why != "" {
		return "", c.Trail.No("service account", fail.New(fail.BadCredentials, "%s", why))
	}
	if person := c.Space.Ledger.Person(known.Owner); person == nil || person.Locked {
		return "", c.Trail.No("service account's owner", fail.New(fail.BadCredentials, "the service account acts for %s, who is gone or locked", known.Owner))
	}
	c.Trail.Pass("service account", "acts for "+known.Owner)
	return known.Owner, nil
}

// askedScope reads the scope header. Without one, the code is for all that the application is registered for: RFC 6749 §3.3 lets a
// server have such a default, and the token answer always tells the scope that it stands for.
func askedScope(c *wire.Call, client *grant.Client) (string, error) {
	sent := c.HeaderAll("scope")
	if len(sent) > 1 {
		return "", c.Trail.No("scope", fail.New(fail.InvalidRequest, "scope was sent %d times", len(sent)).Say("The header scope must not be repeated."))
	}
	registered := scopes()
	if len(client.Scopes) > 0 {
		registered = client.Scopes
	}
	scope, err := client.Scope(strings.Join(sent, ""), scopes(), strings.Join(registered, " "))
	if err != nil {
		return "", c.Trail.No("scope", fail.From(err))
	}
	c.Trail.Pass("scope", scope)
	return scope, nil
}

// token exchanges a code or a refresh token. The document sends a form with GET. Some HTTP clients cannot, so with GET the query is
// read where there is no body; the client's secret is never looked for there (RFC 6749 §2.3.1).
func token(c *wire.Call) error {
	client, err := authenticate(c)
	if err != nil {
		return err
	}
	if err := limit(c, client); err != nil {
		return err
	}
	params := c.Form()
	if c.Method() != "POST" && params.Len() == 0 {
		params = c.Query()
	}
	grantType, err := c.GrantType(params, client)
	if err != nil {
		return err
	}

	var issued *grant.Issued
	if grantType == "refresh_token" {
		issued, err = c.Refresh(params, client)
	} else {
		issued, err = c.Redeem(params, client, grant.Redemption{AnyRedirect: true, Refresh: client.May("refresh_token")})
	}
	if err != nil {
		return err
	}

	c.NoStore()
	return show(c, showTokens(c, issued))
}

// authenticate reads the application's credentials. The document writes BASE_64({id} :  {secret}); whoever follows it to the letter
// encodes the blanks around the colon as well. Neither ids nor secrets of this bank have blanks, so nothing else can be meant.
func authenticate(c *wire.Call) (*grant.Client, error) {
	client, err := c.Authenticate(c.Form())
	if err == nil || !fail.Is(err, fail.InvalidClient) {
		return client, err
	}
	id, secret, blanks := spacedBasic(c.HeaderAll("Authorization"))
	if !blanks {
		return nil, err
	}
	c.Trail = fail.Trail{}
	if client, err = c.Space.Grants.Authenticate(name, id, secret, c.Now, &c.Trail); err != nil {
		return nil, err
	}
	c.Client = client
	return client, nil
}

// spacedBasic reads Basic credentials that have blanks beside the colon or at an end, without them.
func spacedBasic(headers []string) (id, secret string, blanks bool) {
	if len(headers) != 1 {
		return "", "", false
	}
	scheme, value, _ := strings.Cut(strings.TrimSpace(headers[0]), " ")
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	left, right, found := strings.Cut(string(text), ":")
	id, secret = strings.Trim(left, " "), strings.Trim(right, " ")
	return id, secret, found && (id != left || secret != right)
}
