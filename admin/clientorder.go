package admin

import (
	"net/url"
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// ClientOrder registers a client, or changes what it names of one.
type ClientOrder struct {
	Bank         string    `json:"bank,omitempty"`   // when registering
	ID           string    `json:"id,omitempty"`     // when registering; empty: one is dealt
	Secret       string    `json:"secret,omitempty"` // when registering; empty: one is dealt
	Public       bool      `json:"public,omitempty"` // when registering: no secret, PKCE
	Name         *string   `json:"name,omitempty"`
	RedirectURIs *[]string `json:"redirectUris,omitempty"`
	Loopback     *bool     `json:"loopback,omitempty"`
	Origins      *[]string `json:"origins,omitempty"`
	GrantTypes   *[]string `json:"grantTypes,omitempty"`
	Scopes       *[]string `json:"scopes,omitempty"`
	Disabled     *bool     `json:"disabled,omitempty"`
	RequirePAR   *bool     `json:"requirePushedAuthorizationRequests,omitempty"` // at banks with an authorization endpoint
	ClientKeys

	PostLogoutRedirectURIs *[]string `json:"postLogoutRedirectUris,omitempty"` // where a browser may go after a logout (OpenID Connect)
}

// clientOrder reads an order whose bank and id may stand in the path.
func clientOrder(do func(*Desk, ClientOrder) (*ClientView, error)) func(*request) (any, error) {
	return func(r *request) (any, error) {
		var o ClientOrder
		if err := r.decode(&o); err != nil {
			return nil, err
		}
		if id := r.params["id"]; id != "" {
			if o.Bank != "" || o.ID != "" || o.Secret != "" || o.Public {
				return nil, fail.Field("id", "bank, id, secret and public stay as they are; see rotate for secrets")
			}
			o.Bank, o.ID = r.params["bank"], id
		}
		return do(r.Desk, o)
	}
}

// register changes what the order names, where the bank has it.
func (d *Desk) register(o ClientOrder, c *grant.Client) error {
	if _, has := d.Space.Grants.Policy.Default(grant.PushedTTL, c.Bank); !has && o.RequirePAR != nil && *o.RequirePAR {
		return fail.Field("requirePushedAuthorizationRequests", "%s has no endpoint to push requests to", c.Bank)
	}
	return o.apply(d, c)
}

// apply changes what the order names, after checking it.
func (o *ClientOrder) apply(d *Desk, c *grant.Client) error {
	if o.Name != nil {
		if err := readable("name", *o.Name, 200); err != nil {
			return err
		}
		c.Name = *o.Name
	}
	if err := takeURIs("redirectUris", o.RedirectURIs, &c.RedirectURIs); err != nil {
		return err
	}
	if err := takeURIs("postLogoutRedirectUris", o.PostLogoutRedirectURIs, &c.PostLogoutRedirectURIs); err != nil {
		return err
	}
	if o.Origins != nil {
		for _, origin := range *o.Origins {
			if !grant.IsOrigin(origin) {
				return fail.Field("origins", "%q is no origin; write https://app.example, or * for any", origin)
			}
		}
		c.Origins = *o.Origins
	}
	if o.GrantTypes != nil {
		for _, t := range *o.GrantTypes {
			if err := oneOf("grantTypes", t, grant.Types()...); err != nil {
				return err
			}
		}
		c.GrantTypes = *o.GrantTypes
	}
	if o.Scopes != nil {
		for _, one := range *o.Scopes {
			if text, err := readScope(one); err != nil || text != one || text == "" || strings.Contains(text, " ") {
				return fail.Field("scopes", "%s is no scope; write one word each", clipped(one))
			}
			if has := d.World.Bank(c.Bank).Scopes; !slices.Contains(has, one) && !slices.Contains(c.Scopes, one) {
				return fail.Field("scopes", "%s has no scope %q; it has %s", c.Bank, one, strings.Join(has, ", "))
			}
		}
		c.Scopes = *o.Scopes
	}
	if o.Loopback != nil {
		c.Loopback = *o.Loopback
	}
	if o.Disabled != nil {
		c.Disabled = *o.Disabled
	}
	if o.RequirePAR != nil {
		c.RequirePAR = *o.RequirePAR
	}
	return o.ClientKeys.apply(c)
}

// takeURIs takes a list of URIs to which browsers may be sent; nil: none is given.
func takeURIs(field string, given, to *[]string) error {
	if given == nil {
		return nil
	}
	for _, uri := range *given {
		u, err := url.Parse(uri)
		if err != nil || u.Scheme == "" || u.Scheme == "javascript" || u.Scheme == "data" || u.User != nil || strings.ContainsAny(uri, "#\\\r\n\t ") {
			return fail.Field(field, "%q is no absolute URI without fragment and user", uri)
		}
	}
	*to = *given
	return nil
}
