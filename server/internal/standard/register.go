package standard

import (
	"encoding/json"
	"slices"
	"strings"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
	"sandbank/server/keys"
	"sandbank/server/proof"
)

const (
	registrationEndpoint = "registration_endpoint"
	pathRegister         = "/oauth2/register"
)

func registrationRoutes() []dialect.Route {
	const one = pathRegister + "/{client_id}"
	return []dialect.Route{
		{Method: "POST", Path: pathRegister, Op: "registration", Doc: "register a client (RFC 7591), where the space lets anybody", Do: whenOn(register), Refuse: refuseRegistration,
			Endpoint: registrationEndpoint},
		{Method: "GET", Path: one, Op: "registration.show", Doc: "the client's own entry (RFC 7592); registration access token", Do: whenOn(own(showOwn)), Refuse: refuseRegistration},
		{Method: "PUT", Path: one, Op: "registration.change", Doc: "replace the entry", Do: whenOn(own(replaceOwn)), Refuse: refuseRegistration},
		{Method: "DELETE", Path: one, Op: "registration.end", Doc: "delete the client with all that it was granted", Do: whenOn(own(deleteOwn)), Refuse: refuseRegistration},
	}
}

// refuseRegistration has the codes of RFC 7591 §3.2.2 beside those of RFC 6749, and the challenge of RFC 6750 §3 for the registration
// access token.
func refuseRegistration(c *wire.Call, e *fail.Error) error {
	c.NoStore()
	switch e.Kind {
	case fail.InvalidField:
		return c.JSON(400, wire.OAuthError{Error: e.Code, Description: e.Text})
	case fail.Forbidden:
		return c.JSON(403, wire.OAuthError{Error: string(fail.AccessDenied), Description: e.Text})
	case fail.TokenMissing:
		c.Set("WWW-Authenticate", `Bearer realm="`+c.Bank+`"`)
		return c.JSON(401, wire.OAuthError{Error: "invalid_token", Description: "The registration access token is missing."})
	case fail.TokenUnknown, fail.TokenMalformed:
		c.Set("WWW-Authenticate", `Bearer realm="`+c.Bank+`", error="invalid_token"`)
		return c.JSON(401, wire.OAuthError{Error: "invalid_token", Description: "The registration access token is not that of this client."})
	}
	return c.OAuthRefusal(e)
}

// whenOn refuses while the space does not let anybody register.
func whenOn(do func(*wire.Call) error) func(*wire.Call) error {
	return func(c *wire.Call) error {
		if !c.Space.Switches().Registration {
			return c.Trail.No("registration on", fail.New(fail.Forbidden, "the switch registration of this space is off").
				Say("Clients cannot register by themselves here; whoever runs the sandbox can let them."))
		}
		return do(c)
	}
}

// own finds the client of the path by its registration access token. A client that is gone, or did not register by itself, is refused like
// a wrong token (RFC 7592 §2).
func own(do func(*wire.Call, *grant.Client) error) func(*wire.Call) error {
	return func(c *wire.Call) error {
		token, err := c.Bearer()
		if err != nil {
			return err
		}
		client := c.Space.Grants.Client(c.Bank, c.Param("client_id"))
		if client == nil || client.Registration == nil || client.Disabled || !grant.Same(client.Registration.Token, token) {
			return c.Trail.No("registration access token", fail.New(fail.TokenUnknown, "it is not that of a client %q that registered by itself", c.Param("client_id")))
		}
		c.Client = client
		return do(c, client)
	}
}

// shapeClient is the client information response of RFC 7591 §3.2.1.
type shapeClient struct {
	ID            string   `json:"client_id"`
	Secret        string   `json:"client_secret,omitempty"`
	SecretExpires *int64   `json:"client_secret_expires_at,omitempty"` // 0: never; missing without a secret
	IssuedAt      int64    `json:"client_id_issued_at"`
	Name          string   `json:"client_name,omitempty"`
	RedirectURIs  []string `json:"redirect_uris"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types"`
	Scope         string   `json:"scope,omitempty"`
	Token         string   `json:"registration_access_token"`
	URI           string   `json:"registration_client_uri"`

	IDTokenAlg string          `json:"id_token_signed_response_alg,omitempty"` // OpenID Connect Registration §2
	JWKS       json.RawMessage `json:"jwks,omitempty"`
	DPoP       bool            `json:"dpop_bound_access_tokens,omitempty"`              // RFC 9449 §5.2
	RequirePAR bool            `json:"require_pushed_authorization_requests,omitempty"` // RFC 9126 §6
	PostLogout []string        `json:"post_logout_redirect_uris,omitempty"`             // OpenID Connect RP-Initiated Logout §3.1
}

func showClient(c *wire.Call, v *grant.Client) shapeClient {
	out := shapeClient{ID: v.ID, IssuedAt: v.Created.Unix(), Name: v.Name, RedirectURIs: append([]string{}, v.RedirectURIs...), AuthMethod: v.Registration.AuthMethod,
		GrantTypes: v.GrantTypes, ResponseTypes: []string{}, Scope: strings.Join(v.Scopes, " "), Token: v.Registration.Token, URI: c.URL(pathRegister + "/" + v.ID),
		JWKS: json.RawMessage(v.JWKS), DPoP: v.DPoP == grant.Required, RequirePAR: v.RequirePAR, PostLogout: v.PostLogoutRedirectURIs}
	if c.Place.Mount == c.Place.Root && !c.Authority.Root {
		out.URI = c.Place.Origin + c.Place.Root + "/" + c.Bank + pathRegister + "/" + v.ID
	}
	if rule, _ := c.Space.Grants.Policy.Value(grant.SigningAlg, c.Bank, v.ID, ""); c.Authority.OpenID != nil {
		out.IDTokenAlg = rule.Text
	}
	if v.May("authorization_code") {
		out.ResponseTypes = []string{"code"}
	}
	if len(v.Secrets) > 0 {
		out.Secret, out.SecretExpires = v.Secrets[0].Value, new(int64)
	}
	return out
}

func register(c *wire.Call) error {
	client := grant.Client{ID: c.Space.Dice.Text(dice.Alnum, 24), Bank: c.Bank, Created: c.Now, Registration: &grant.Registration{Token: c.Space.Dice.Text(dice.Alnum, 40)}}
	doc, err := apply(c, &client)
	if err != nil {
		return err
	}

	if err := c.Space.Grants.Register(client); err != nil {
		return c.Trail.No("room for a client", fail.From(err))
	}
	doc.rule(c, client.ID)

	c.Client = &client
	c.Trail.Pass("registered", client.ID)
	c.NoStore()
	return c.JSON(201, showClient(c, &client))
}

func showOwn(c *wire.Call, client *grant.Client) error {
	c.NoStore()
	return c.JSON(200, showClient(c, client))
}

// replaceOwn takes a whole new entry: what is left out is as in a new registration (RFC 7592 §2.2). Id, token and secret stay, unless the
// client gives its secret up.
func replaceOwn(c *wire.Call, client *grant.Client) error {
	next := *client
	doc, err := apply(c, &next)
	switch {
	case err != nil:
		return err
	case doc.ID == nil:
		return c.Trail.No("metadata", invalid("client_id", "client_id is missing"))
	}

	changed, err := c.Space.Grants.UpdateClient(c.Bank, client.ID, func(v *grant.Client) { *v = next })
	if err != nil { // deleted meanwhile
		return c.Trail.No("registration access token", fail.New(fail.TokenUnknown, "client %s has just been deleted", client.ID))
	}
	doc.rule(c, client.ID)

	return showOwn(c, changed)
}

func deleteOwn(c *wire.Call, client *grant.Client) error {
	c.Space.Grants.Unregister(c.Bank, client.ID, c.Now)

	c.NoStore()
	return c.Empty(204)
}

// apply reads the document that came and turns the client into what it says.
func apply(c *wire.Call, client *grant.Client) (*document, error) {
	if kind := c.MediaType(); kind != "application/json" {
		return nil, c.Trail.No("metadata", invalid("", "the body is %q, not JSON", kind))
	}
	doc, err := readMetadata(c.Body())
	if err != nil {
		return nil, c.Trail.No("metadata", fail.From(err))
	}
	if err := doc.check(c.Authority); err != nil {
		return nil, c.Trail.No("metadata", fail.From(err))
	}
	if doc.ID != nil && *doc.ID != client.ID || doc.Secret != nil && (len(client.Secrets) == 0 || *doc.Secret != client.Secrets[0].Value) {
		return nil, c.Trail.No("metadata", invalid("client_id", "client_id or client_secret are not the client's own"))
	}
	client.Name, client.RedirectURIs, client.GrantTypes, client.Scopes = doc.Name, doc.RedirectURIs, doc.GrantTypes, strings.Fields(doc.Scope)
	client.Registration = &grant.Registration{Token: client.Registration.Token, AuthMethod: doc.AuthMethod}
	client.JWKS, client.AuthMethod, client.DPoP, client.RequirePAR = doc.keys.String(), "", "", doc.RequirePAR
	client.PostLogoutRedirectURIs = doc.PostLogout
	if doc.DPoP {
		client.DPoP = grant.Required
	}
	switch {
	case doc.AuthMethod == grant.PrivateKeyJWT:
		client.Secrets, client.AuthMethod = nil, grant.PrivateKeyJWT
	case doc.AuthMethod == "none":
		client.Secrets = nil
	case len(client.Secrets) == 0:
		client.Secrets = []grant.Secret{{Value: c.Space.Dice.Text(dice.Alnum, 40)}} // letters and digits: some clients form-encode secrets and some do not
	}
	return doc, nil
}

// rule keeps what the document says that is no part of a client here, but a rule for it.
func (d *document) rule(c *wire.Call, client string) {
	at, policy := grant.Level{Bank: c.Bank, Client: client}, c.Space.Grants.Policy
	if c.Authority.OpenID != nil && d.IDTokenAlg != "" {
		policy.Set(at, grant.SigningAlg, grant.Value{Text: d.IDTokenAlg})
	} else {
		policy.Unset(at, grant.SigningAlg)
	}
}

// document is the client metadata of RFC 7591 §2, as far as it is known here; the rest is ignored. Id and secret come back to it with a
// replacement.
type document struct {
	ID            *string  `json:"client_id"`
	Secret        *string  `json:"client_secret"`
	RedirectURIs  []string `json:"redirect_uris"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types"`
	Name          string   `json:"client_name"`
	Scope         string   `json:"scope"`

	IDTokenAlg string          `json:"id_token_signed_response_alg"`
	JWKS       json.RawMessage `json:"jwks"`
	JWKSURI    string          `json:"jwks_uri"`
	DPoP       bool            `json:"dpop_bound_access_tokens"`
	RequirePAR bool            `json:"require_pushed_authorization_requests"`
	PostLogout []string        `json:"post_logout_redirect_uris"`

	keys proof.Keys // of jwks
}

// invalid is what RFC 7591 §3.2.2 calls invalid_client_metadata.
func invalid(field, why string, args ...any) *fail.Error {
	e := fail.Field(field, why, args...).Coded("invalid_client_metadata")
	if field == "" {
		return e.Say("The client metadata is no JSON object, or a field is of another type.")
	}
	return e.Say("The field %s does not fit.", field)
}

func readMetadata(body []byte) (*document, error) {
	d := &document{}
	if trimmed := strings.TrimSpace(string(body)); !strings.HasPrefix(trimmed, "{") {
		return nil, invalid("", "the body is no JSON object")
	}
	if err := json.Unmarshal(body, d); err != nil {
		return nil, invalid("", "the body is no JSON that fits: %v", err)
	}
	return d, nil
}

// check refuses what the bank cannot have, and fills in the defaults of RFC 7591 §2. Grant types and scopes that it does not know are
// left out, as §3.2.1 lets a server do; the answer tells what is left.
func (d *document) check(has *wire.Authority) error {
	if d.AuthMethod == "" {
		d.AuthMethod = "client_secret_basic"
	}
	if methods := methods(has); !slices.Contains(methods, d.AuthMethod) {
		return invalid("token_endpoint_auth_method", "%q is none of %s", d.AuthMethod, strings.Join(methods, ", "))
	}
	if algs := keys.Algorithms(); has.OpenID != nil && d.IDTokenAlg != "" && !slices.Contains(algs, d.IDTokenAlg) {
		return invalid("id_token_signed_response_alg", "%q is none of %s", d.IDTokenAlg, strings.Join(algs, ", "))
	}
	if err := d.checkKeys(); err != nil {
		return err
	}
	if d.RequirePAR && has.Entry.Read == nil {
		return invalid("require_pushed_authorization_requests", "the bank has no authorization endpoint")
	}
	if len(d.Name) > 200 || strings.ContainsFunc(d.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return invalid("client_name", "the name is longer than 200 bytes, or has control characters in it")
	}
	asked := d.GrantTypes
	if len(asked) == 0 && slices.Contains(has.Grants, "authorization_code") {
		asked = []string{"authorization_code"}
	}
	d.GrantTypes = slices.DeleteFunc(slices.Clone(has.Grants), func(g string) bool { return !slices.Contains(asked, g) })
	code := slices.Contains(d.GrantTypes, "authorization_code")
	switch {
	case len(d.GrantTypes) == 0:
		return invalid("grant_types", "of %q the bank has none; it has %q", asked, has.Grants)
	case d.AuthMethod == "none" && (slices.Contains(d.GrantTypes, "client_credentials") || slices.Contains(d.GrantTypes, "password")):
		return invalid("grant_types", "a public client cannot use these grant types: %q", d.GrantTypes)
	case len(d.ResponseTypes) > 0 && (!code || !slices.Contains(d.ResponseTypes, "code")):
		return invalid("response_types", "response_types %q do not go with grant_types %q; the bank knows code", d.ResponseTypes, d.GrantTypes)
	}
	known := slices.DeleteFunc(strings.Fields(d.Scope), func(s string) bool { return !slices.Contains(has.AllScopes(), s) })
	if len(known) == 0 && strings.TrimSpace(d.Scope) != "" {
		return invalid("scope", "of %q the bank has none", d.Scope)
	}
	d.Scope = strings.Join(known, " ")
	return d.checkRedirects(code && has.Entry.Read != nil) // where nobody is sent to a page, codes come without one
}

// checkKeys reads the keys that a client signs with. One that proves itself by them alone needs some; one that has neither secret nor
// assertion to send cannot have any.
func (d *document) checkKeys() error {
	if text := string(d.JWKS); text != "" && text != "null" {
		keys, err := proof.ParseKeys(text)
		if err != nil {
			return invalid("jwks", "%v", err)
		}
		d.keys = keys
	}
	switch {
	case d.JWKSURI != "" && len(d.keys) > 0:
		return invalid("jwks_uri", "jwks and jwks_uri must not come together")
	case d.AuthMethod == grant.PrivateKeyJWT && len(d.keys) == 0:
		return invalid("jwks", "private_key_jwt needs a key")
	case d.AuthMethod == "none" && len(d.keys) > 0:
		return invalid("jwks", "a client that proves itself by none has no use for keys")
	}
	return nil
}
