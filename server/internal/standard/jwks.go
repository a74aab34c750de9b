package standard

import (
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

func jwksRoutes() []dialect.Route {
	return []dialect.Route{{Method: "GET", Path: "/oauth2/jwks", Op: "jwks", Doc: "the public keys of what the bank signs (RFC 7517)", Do: jwks, Refuse: dialect.OAuth,
		Open: true, Endpoint: "jwks_uri"}}
}

// jwks shows the keys that sign and those that did, unless they were withdrawn. It is public, and a client may keep it for five minutes:
// long enough to be called a cache, short enough that a rotation gets through by itself.
func jwks(c *wire.Call) error {
	c.Space.SigningKeys(c.Bank, c.Now)
	lag, _ := c.Space.Grants.Policy.Value(grant.JWKSLag, c.Bank, "", "")

	c.Set("Cache-Control", "public, max-age=300")
	return c.JSON(200, c.Space.Keys.Set(c.Bank, c.Now, lag.Duration))
}
