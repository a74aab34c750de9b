package berlin

import (
	"encoding/json"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
)

// shapeToken has the fields of IBM API Connect, on which the real bank's portal runs (banks.md 2.2). consentId is the sandbox's own: a
// client that came without a consent was given one on the bank's page, and could not end it without its id. RFC 6749 §5.1 lets clients
// ignore what they do not know.
type shapeToken struct {
	Access      string          `json:"access_token"`
	Type        string          `json:"token_type"`
	ExpiresIn   json.RawMessage `json:"expires_in,omitempty"` // left out when the token does not expire
	ConsentedOn int64           `json:"consented_on"`
	Scope       string          `json:"scope"`
	Refresh     string          `json:"refresh_token,omitempty"`
	RefreshIn   *int64          `json:"refresh_token_expires_in,omitempty"`
	Consent     string          `json:"consentId,omitempty"`
}

func token(c *wire.Call) error {
	echo(c)
	v := c.Form()
	client, kind, err := c.TokenRequest(v)
	if err != nil {
		return err
	}

	var issued *grant.Issued
	switch kind {
	case "authorization_code":
		issued, err = c.Redeem(v, client, grant.Redemption{RedirectURI: v.Get("redirect_uri"), Refresh: refreshable(c, client, consentBehind(c, v.Get("code")))})
	case "refresh_token":
		issued, err = c.Refresh(v, client)
	case grant.DeviceCode:
		issued, err = c.Poll(v, client, func(a *grant.Authorization) bool { return refreshable(c, client, a.Consent) })
	default:
		issued, err = clientToken(c, v, client)
	}
	if err != nil {
		return err
	}

	c.NoStore()
	return c.JSON(200, showToken(c, issued))
}

// refreshable tells whether what was allowed brings a refresh token: not for one access, which is what a one-off consent is.
func refreshable(c *wire.Call, client *grant.Client, consent string) bool {
	of := c.Space.Grants.Consent(name, consent)
	return client.May("refresh_token") && of != nil && of.Recurring
}

// consentBehind is the consent that a code was issued for.
func consentBehind(c *wire.Call, code string) string {
	if t := c.Space.Grants.Token(code); t != nil {
		if of := c.Space.Grants.Grant(t.Grant); of != nil {
			return of.Consent
		}
	}
	return ""
}

// clientToken is for the consent endpoints: nobody logged in, so it opens no account. A public client has nothing to authenticate with
// (RFC 6749 §4.4).
func clientToken(c *wire.Call, v *wire.Values, client *grant.Client) (*grant.Issued, error) {
	if err := v.Once("scope"); err != nil {
		return nil, err
	}
	if client.Public() {
		return nil, c.Trail.No("confidential client", fail.New(fail.UnauthorizedClient, "client %s is public", client.ID))
	}
	granted, err := client.Scope(v.Get("scope"), []string{scope}, scope)
	if err != nil {
		return nil, err
	}
	return c.Issue(grant.Authorization{Client: client.ID, Scope: granted, Type: "client_credentials"}, false), nil
}

func showToken(c *wire.Call, i *grant.Issued) shapeToken {
	out := shapeToken{Access: i.Access.Value, Type: wire.TokenType(i.Access, "Bearer"), ExpiresIn: c.Space.Grants.ExpiresIn(i.Access, c.Now), ConsentedOn: i.Grant.Created.Unix(),
		Scope: i.Access.Scope, Consent: i.Grant.Consent}
	if i.Refresh != nil {
		out.Refresh, out.RefreshIn = i.Refresh.Value, seconds(c, i.Refresh)
	}
	return out
}

func seconds(c *wire.Call, t *grant.Token) *int64 {
	if t.Expires.IsZero() {
		return nil
	}
	n := t.Seconds(c.Now)
	return &n
}
