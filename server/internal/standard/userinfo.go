package standard

import (
	"sandbank/server/fail"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

func userinfoRoutes() []dialect.Route {
	refuse := func(c *wire.Call, e *fail.Error) error { return c.BearerRefusal(e) }
	route := dialect.Route{Path: "/oauth2/userinfo", Op: "userinfo", Doc: "claims of the user by the scopes of the token (OpenID Connect Core)", Do: userinfo, Refuse: refuse,
		Endpoint: "userinfo_endpoint"}
	get, post := route, route
	get.Method, post.Method = "GET", "POST"
	post.Do = func(c *wire.Call) error {
		if err := c.FormToken(); err != nil {
			return err
		}
		return userinfo(c)
	}
	return []dialect.Route{get, post}
}

// userinfo tells the claims that the token's scopes bring (OpenID Connect Core §5.3).
func userinfo(c *wire.Call) error {
	b, err := c.UserAccess()
	if err != nil {
		return err
	}
	if err := c.NeedScope(b, wire.ScopeOpenID); err != nil {
		return err
	}
	p := c.Space.Ledger.Person(b.Token.Owner)
	if p == nil || p.Locked {
		return c.Trail.No("person there", fail.New(fail.TokenRevoked, "%s is gone or locked", b.Token.Owner))
	}

	c.NoStore()
	return c.JSON(200, c.Authority.OpenID.Told(p, b.Token.Scope))
}
