package yoisho

import (
	"encoding/json"

	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

// standardRoutes are the same bank for clients that know RFC 6749 and not Yoisho: its own endpoints have neither response_type nor
// grant_type, and take the secret in the query. They lead to the same login page and the same tokens.
func standardRoutes() []dialect.Route {
	return []dialect.Route{
		{Method: "GET", Path: "/oauth2/authorize", Op: "authorize.standard", Doc: "login page; client_id, redirect_uri, response_type=code, scope, state, PKCE S256",
			Do: authorizeStandard, Refuse: dialect.Page, Own: true, AS: true, Endpoint: "authorization_endpoint"},
		{Method: "POST", Path: "/oauth2/token", Op: "token.standard", Doc: "authorization_code, device_code; credentials in the body or by Basic",
			Do: tokenStandard, Refuse: dialect.OAuth, Own: true, AS: true, Endpoint: "token_endpoint"},
	}
}

func authorizeStandard(c *wire.Call) error { return c.Enter() }

func entry() wire.Entry {
	return wire.Entry{
		Read: func(c *wire.Call) (*grant.Request, error) { return c.Authorize(wire.AuthorizeRules{Default: scope}) },
		Show: func(c *wire.Call, r *grant.Request) error { return showLogin(c, 200, r, r.Hint, "") },
	}
}

type shapeStandardToken struct {
	Access    string          `json:"access_token"`
	Type      string          `json:"token_type"`
	ExpiresIn json.RawMessage `json:"expires_in,omitempty"`
	Scope     string          `json:"scope"`
}

func tokenStandard(c *wire.Call) error {
	v := c.Form()
	client, kind, err := c.TokenRequest(v)
	if err != nil {
		return err
	}

	issued, err := issueStandard(c, v, client, kind)
	if err != nil {
		return err
	}

	c.NoStore()
	return c.JSON(200, shapeStandardToken{issued.Access.Value, wire.TokenType(issued.Access, "Bearer"), c.Space.Grants.ExpiresIn(issued.Access, c.Now), issued.Access.Scope})
}

func issueStandard(c *wire.Call, v *wire.Values, client *grant.Client, kind string) (*grant.Issued, error) {
	if kind == grant.DeviceCode {
		return c.Poll(v, client, func(*grant.Authorization) bool { return false })
	}
	if err := guesses(c, client, false); err != nil {
		return nil, err
	}
	issued, err := c.Redeem(v, client, grant.Redemption{RedirectURI: v.Get("redirect_uri")})
	if err != nil {
		guesses(c, client, true)
	}
	return issued, err
}
