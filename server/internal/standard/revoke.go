package standard

import (
	"sandbank/server/fail"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

func revocationRoute() dialect.Route {
	return dialect.Route{Method: "POST", Path: "/oauth2/revoke", Op: "revocation", Doc: "end a token; a refresh token with its whole grant (RFC 7009)",
		Do: revoke, Refuse: dialect.OAuth, Endpoint: "revocation_endpoint"}
}

// tokenParameter is what RFC 7009 §2.1 and RFC 7662 §2.1 have in common. The hint is for servers that keep their tokens in several
// places: whatever it says, all are looked through.
func tokenParameter(c *wire.Call, v *wire.Values) (string, error) {
	if err := v.Once("token", "token_type_hint"); err != nil {
		return "", err
	}
	if v.Get("token") == "" {
		return "", c.Trail.No("token sent", fail.New(fail.InvalidRequest, "token is missing").Say("The request is missing the parameter token.").At("token"))
	}
	return v.Get("token"), nil
}

// revoke answers 200 for whatever it is given (RFC 7009 §2.2): a client cannot do anything about a token that is not there. The body is
// an empty object, because some clients want JSON of every answer.
func revoke(c *wire.Call) error {
	v := c.Form()
	client, err := c.Authenticate(v)
	if err != nil {
		return err
	}
	value, err := tokenParameter(c, v)
	if err != nil {
		return err
	}

	if ended := c.Space.Grants.Surrender(c.Bank, client.ID, value, c.Now, &c.Trail); ended != nil {
		c.Owner, c.Tokens = ended.Owner, append(c.Tokens, ended.ID)
	}

	c.NoStore()
	return c.JSON(200, struct{}{})
}
