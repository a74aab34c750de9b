package standard

import (
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

func introspectionRoute() dialect.Route {
	return dialect.Route{Method: "POST", Path: "/oauth2/introspect", Op: "introspection", Doc: "whether a token of the client's own is active, and what it is good for (RFC 7662)",
		Do: introspect, Refuse: dialect.OAuth, Endpoint: "introspection_endpoint"}
}

// shapeIntrospection has the members of RFC 7662 §2.2. exp is the token's real end, whatever its token answer said of it.
type shapeIntrospection struct {
	Active   bool     `json:"active"`
	Scope    string   `json:"scope,omitempty"`
	Client   string   `json:"client_id"`
	Username string   `json:"username,omitempty"`   // the login; missing: the client's own token
	Type     string   `json:"token_type,omitempty"` // missing: a refresh token, which has none (RFC 6749 §5.1)
	Expires  int64    `json:"exp,omitempty"`        // missing: never
	Issued   int64    `json:"iat"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud,omitempty"` // missing: nothing was said of it
	Issuer   string   `json:"iss"`
	ID       string   `json:"jti"`

	Confirmation *grant.Confirmation `json:"cnf,omitempty"` // missing: it is bound to no key
}

// introspect tells a client about its own tokens. Of any other, and of one that is over, it tells no more than that it is not active
// (RFC 7662 §2.2): which of them it was says the journal.
func introspect(c *wire.Call) error {
	v := c.Form()
	client, err := c.Authenticate(v)
	if err != nil {
		return err
	}
	if client.Public() { // RFC 7662 §2.1: a name that anybody can write down is no authorization
		return c.Trail.No("confidential client", fail.New(fail.InvalidClient, "client %s is public, and proves nothing by its id", client.ID))
	}
	value, err := tokenParameter(c, v)
	if err != nil {
		return err
	}

	token, dead := c.Inspect(client, value)

	c.NoStore()
	if dead != nil {
		return c.JSON(200, struct {
			Active bool `json:"active"`
		}{})
	}
	return c.JSON(200, showIntrospection(c, token))
}

func showIntrospection(c *wire.Call, t *grant.Token) shapeIntrospection {
	out := shapeIntrospection{Active: true, Scope: t.Scope, Client: t.Client, Issued: t.Issued.Unix(), Subject: c.Space.Subject(t.Owner, t.Client), Audience: t.Audience,
		Issuer: c.Issuer(), ID: t.ID, Confirmation: t.Confirmation()}
	if t.Kind == grant.Access {
		out.Type = wire.TokenType(t, "Bearer")
	}
	if !t.Expires.IsZero() {
		out.Expires = t.Expires.Unix()
	}
	if t.Owner != "" {
		if p := c.Space.Ledger.Person(t.Owner); p != nil {
			out.Username = p.Login
		}
	}
	return out
}
