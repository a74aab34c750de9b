package standard

import (
	"time"

	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

// parRoutes are pushed authorization requests (RFC 9126).
func parRoutes() []dialect.Route {
	return []dialect.Route{{Method: "POST", Path: "/oauth2/par", Op: "par", Doc: "push an authorization request: its parameters and the client's credentials → request_uri (RFC 9126)",
		Do: push, Refuse: dialect.OAuth, Endpoint: "pushed_authorization_request_endpoint"}}
}

type shapePushed struct {
	URI       string `json:"request_uri"`
	ExpiresIn int64  `json:"expires_in"`
}

func push(c *wire.Call) error {
	v := c.Form()
	if err := v.Err(); err != nil {
		return err
	}
	client, err := c.Authenticate(v)
	if err != nil {
		return err
	}

	if v, err = c.Bind(v, client); err != nil {
		return err
	}

	p, err := c.Push(v, client)
	if err != nil {
		return err
	}

	c.NoStore()
	return c.JSON(201, shapePushed{p.URI, int64(p.Life / time.Second)})
}
