package sparebank1

import (
	"cmp"
	"encoding/json"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// parameters are the form of a token request or, when the body is empty, its query: the bank reads both (banks.md 3.1).
func parameters(c *wire.Call) *wire.Values {
	if v := c.Form(); v.Err() != nil || v.Len() > 0 {
		return v
	}
	return c.Query()
}

func token(c *wire.Call) error {
	v := parameters(c)
	client, kind, err := c.TokenRequest(v)
	if err != nil {
		return err
	}

	issued, err := issue(c, v, client, kind)
	if err != nil {
		return err
	}

	c.NoStore()
	out := showToken(c, issued)
	out.IDToken = c.IDToken(issued, kind == "authorization_code")
	return c.JSON(200, out)
}

func issue(c *wire.Call, v *wire.Values, client *grant.Client, kind string) (*grant.Issued, error) {
	switch kind {
	case "authorization_code":
		if err := v.Once("redirect_url"); err != nil {
			return nil, err
		}
		// The bank's own Kotlin tutorial sends redirect_url.
		uri := cmp.Or(v.Get("redirect_uri"), v.Get("redirect_url"))
		return c.Redeem(v, client, grant.Redemption{RedirectURI: uri, Refresh: client.May("refresh_token")})
	case "refresh_token":
		return c.Refresh(v, client)
	case grant.DeviceCode:
		return c.Poll(v, client, func(*grant.Authorization) bool { return client.May("refresh_token") })
	}
	if client.Public() { // RFC 6749 §4.4
		return nil, c.Trail.No("grant type", fail.New(fail.UnauthorizedClient, "client %s has no secret and so no credentials of its own", client.ID))
	}
	if err := v.Once("scope"); err != nil {
		return nil, err
	}
	of, err := scope(client, v.Get("scope"))
	if err != nil {
		return nil, c.Trail.No("scope", fail.From(err))
	}
	of = resources(of) // nobody is there to be told of
	return c.Issue(grant.Authorization{Client: client.ID, Scope: of, Type: kind}, false), nil
}

type (
	shapeToken struct {
		Access      string          `json:"access_token"`
		Type        string          `json:"token_type"`
		ExpiresIn   json.RawMessage `json:"expires_in,omitempty"` // missing: never
		Refresh     string          `json:"refresh_token,omitempty"`
		RefreshIn   *int64          `json:"refresh_token_expires_in,omitempty"`
		AbsoluteIn  *int64          `json:"refresh_token_absolute_expires_in,omitempty"`
		IDToken     string          `json:"id_token,omitempty"` // with the scope openid
		Scope       string          `json:"scope"`
		State       *string         `json:"state,omitempty"`
		Institution string          `json:"financial_institution_id,omitempty"`
		UserInfo    string          `json:"userinfo,omitempty"` // JSON within JSON, as the bank sends it
	}
	shapeUserInfo struct {
		FirstName string `json:"firstname"`
		LastName  string `json:"lastname"`
		Born      string `json:"dateOfBirth"`
	}
)

func showToken(c *wire.Call, i *grant.Issued) shapeToken {
	out := shapeToken{Access: i.Access.Value, Type: wire.TokenType(i.Access, "Bearer"), ExpiresIn: c.Space.Grants.ExpiresIn(i.Access, c.Now), Scope: i.Access.Scope,
		Institution: i.Grant.Facts[factInstitution]}
	if i.Refresh != nil {
		out.Refresh, out.RefreshIn, out.AbsoluteIn = i.Refresh.Value, seconds(i.Refresh.Expires, c.Now), seconds(i.Grant.Ends, c.Now)
	}
	if state, ok := i.Grant.Facts[factState]; ok {
		out.State = &state
	}
	if p := c.Space.Ledger.Person(i.Owner); p != nil {
		out.UserInfo = userinfo(p)
	}
	return out
}

func userinfo(p *ledger.Person) string {
	text, err := wire.Encode(shapeUserInfo{p.Given, p.Family, p.Born})
	if err != nil { // three strings always encode
		return ""
	}
	return string(text)
}

// seconds are the whole ones from now to an end; nil when there is none.
func seconds(end, now time.Time) *int64 {
	if end.IsZero() {
		return nil
	}
	left := int64(max(end.Sub(now), 0) / time.Second)
	return &left
}
