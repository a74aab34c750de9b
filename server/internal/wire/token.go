package wire

import (
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// Redeem is the exchange of an authorization code (RFC 6749 §4.1.3). redirectURI is what the exchange repeats, from whichever parameter
// the bank reads it.
func (c *Call) Redeem(v *Values, client *grant.Client, r grant.Redemption) (*grant.Issued, error) {
	if err := v.Once("grant_type", "code", "redirect_uri", "code_verifier"); err != nil {
		return nil, err
	}
	if v.Get("code") == "" {
		return nil, c.Trail.No("code sent", fail.New(fail.InvalidRequest, "code is missing").Say("The request is missing the parameter code.").At("code"))
	}
	key, err := c.possess(client)
	if err != nil {
		return nil, err
	}
	r.Bank, r.Client, r.Code, r.Verifier, r.Bound, r.Barred, r.Audience = c.Bank, client.ID, v.Get("code"), v.Get("code_verifier"), key, c.barred, c.audience
	r.Sign = c.sign
	issued, err := c.Space.Grants.Redeem(r, c.Now, &c.Trail)
	return c.issued(issued, err, r.Code)
}

// Refresh is the use of a refresh token (RFC 6749 §6).
func (c *Call) Refresh(v *Values, client *grant.Client) (*grant.Issued, error) {
	if err := v.Once("grant_type", "refresh_token", "scope"); err != nil {
		return nil, err
	}
	if v.Get("refresh_token") == "" {
		return nil, c.Trail.No("refresh token sent", fail.New(fail.InvalidRequest, "refresh_token is missing").
			Say("The request is missing the parameter refresh_token.").At("refresh_token"))
	}
	key, err := c.possess(client)
	if err != nil {
		return nil, err
	}
	issued, err := c.Space.Grants.Refresh(grant.Renewal{Bank: c.Bank, Client: client.ID, Token: v.Get("refresh_token"), Scope: c.Authority.Heeded(v.Get("scope")),
		Identity: c.Authority.OpenID.Scopes(), Bound: key, Barred: c.barred, Audience: c.audience, Sign: c.sign}, c.Now, &c.Trail)
	return c.issued(issued, err, v.Get("refresh_token"))
}

// barred is why a person may be given no tokens now.
func (c *Call) barred(owner string) string {
	switch p := c.Space.Ledger.Person(owner); {
	case p == nil:
		return owner + " is gone"
	case p.Locked:
		return owner + " is locked"
	}
	return ""
}

// Issue answers a grant that needs no code: client credentials, password, server to server. The tokens are bound to the key that the
// client has shown, see GrantType.
func (c *Call) Issue(a grant.Authorization, refresh bool) *grant.Issued {
	a.Bank, a.Bound, a.Audience, a.Sign = c.Bank, c.possession.key, c.audience, c.sign
	issued, _ := c.issued(c.Space.Grants.Issue(a, refresh, c.Now), nil, "")
	return issued
}

// issued notes what was issued, or what was presented in vain.
func (c *Call) issued(i *grant.Issued, err error, presented string) (*grant.Issued, error) {
	if err != nil {
		c.refusedUnder(presented)
		return nil, err
	}
	c.under(i.Grant)
	c.Owner = i.Owner
	c.Tokens = append(c.Tokens, i.Access.ID)
	if i.Refresh != nil {
		c.Tokens = append(c.Tokens, i.Refresh.ID)
	}
	return i, nil
}

// TokenRequest is how a token request begins: who asks, proven, and for which type of grant (RFC 6749 §3.2). What is not properly
// encoded is refused before either.
func (c *Call) TokenRequest(v *Values) (client *grant.Client, grantType string, err error) {
	if err = v.Err(); err != nil {
		return nil, "", err
	}
	if client, err = c.Authenticate(v); err != nil {
		return nil, "", err
	}
	grantType, err = c.GrantType(v, client)
	return client, grantType, err
}

// GrantType reads the parameter and checks that the bank has it and that the client may use it (RFC 6749 §5.2). It also reads which key
// the client shows that the tokens are to be bound to (RFC 9449 §5), and for which resources they are asked (RFC 8707 §2.2).
func (c *Call) GrantType(v *Values, client *grant.Client) (string, error) {
	if err := v.Once("grant_type"); err != nil {
		return "", err
	}
	asked := v.Get("grant_type")
	if asked == "" {
		return "", c.Trail.No("grant type", fail.New(fail.InvalidRequest, "grant_type is missing").Say("The request is missing the parameter grant_type.").At("grant_type"))
	}
	if has := c.Authority.Grants; !slices.Contains(has, asked) {
		return "", c.Trail.No("grant type", fail.New(fail.UnsupportedGrantType, "the bank has %s, not %q", strings.Join(has, ", "), asked))
	}
	if !client.May(asked) {
		return "", c.Trail.No("grant type", fail.New(fail.UnauthorizedClient, "client %s is not registered for %s", client.ID, asked))
	}
	c.Trail.Pass("grant type", asked)
	if _, err := c.possess(client); err != nil {
		return "", err
	}
	var err error
	c.audience, err = c.resources(v)
	return asked, err
}

// oauthTexts are what RFC 6749 §5.2 and §4.1.2.1, and RFC 8628 §3.5, say about each code, for callers who read error_description.
var oauthTexts = map[fail.Kind]string{
	fail.InvalidRequest:          "The request is missing a required parameter, includes an unsupported parameter value, or is otherwise malformed.",
	fail.InvalidClient:           "Client authentication failed.",
	fail.InvalidTarget:           "The requested resource is unknown, malformed, or exceeds what was granted.",
	fail.InvalidGrant:            "The provided authorization grant or refresh token is invalid, expired, revoked, or was issued to another client.",
	fail.UnauthorizedClient:      "The client is not authorized to use this grant type.",
	fail.UnsupportedGrantType:    "The authorization grant type is not supported.",
	fail.UnsupportedResponseType: "The response type is not supported.",
	fail.InvalidProof:            "The DPoP proof is missing or invalid.",
	fail.UseNonce:                "The DPoP proof must carry the nonce of the DPoP-Nonce header.",
	fail.InvalidScope:            "The requested scope is invalid, unknown, or exceeds what was granted.",
	fail.AccessDenied:            "The resource owner or the authorization server denied the request.",
	fail.ServerError:             "The authorization server met an unexpected condition.",
	fail.TemporarilyUnavailable:  "The authorization server is overloaded or under maintenance for the moment.",
	fail.AuthorizationPending:    "The user has not answered yet.",
	fail.SlowDown:                "The user has not answered yet. Poll less often: five seconds more between two polls.",
	fail.DeviceExpired:           "The device code has expired.",
	fail.LoginRequired:           "The resource owner must log in, and prompt=none forbids a page.",
	fail.ConsentRequired:         "The resource owner must allow it, and prompt=none forbids a page.",
	fail.InteractionRequired:     "The resource owner must be asked something, and prompt=none forbids a page.",
	fail.RequestNotSupported:     "The parameter request is not supported.",
	fail.RequestURINotSupported:  "The parameter request_uri is not supported.",
}

// OAuthStatus maps a refusal to the status, code and text of RFC 6749 §5.2. Whatever has no code there is told as invalid_request under
// its own HTTP status, so that every failure of a token endpoint is JSON with an error.
func OAuthStatus(e *fail.Error) (status int, code, text string) {
	status, kind := 400, e.Kind
	switch e.Kind {
	case fail.InvalidClient:
		status = 401
	case fail.MethodNotAllowed:
		status, kind = 405, fail.InvalidRequest
	case fail.TooLarge:
		status, kind = 413, fail.InvalidRequest
	case fail.UnsupportedMedia:
		status, kind = 400, fail.InvalidRequest
	case fail.NoRoute, fail.NotFound:
		status, kind = 404, fail.InvalidRequest
	case fail.TooMany:
		status, kind = 429, fail.InvalidRequest
	case fail.Internal, fail.ServerError:
		status, kind = 500, fail.ServerError
	case fail.TemporarilyUnavailable:
		status = 503
	}
	if oauthTexts[kind] == "" {
		kind = fail.InvalidRequest
	}
	text = e.Text
	switch {
	case text != "":
	case e.Kind == fail.MethodNotAllowed:
		text = "This endpoint takes " + e.Allow + "."
	case e.Kind == fail.TooLarge:
		text = "The request is too large."
	default:
		text = oauthTexts[kind]
	}
	return status, string(kind), text
}

// OAuthError is the body of RFC 6749 §5.2.
type OAuthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// OAuthRefusal answers a refusal of a token endpoint by RFC 6749 §5.2: JSON, not cacheable, and with a Basic challenge where the
// client could not be authenticated.
func (c *Call) OAuthRefusal(e *fail.Error) error {
	status, code, text := OAuthStatus(e)
	c.NoStore()
	c.RetryAfter(e)
	if status == 401 {
		c.Set("WWW-Authenticate", `Basic realm="`+c.Bank+`", charset="UTF-8"`)
	}
	return c.JSON(status, OAuthError{code, text})
}
