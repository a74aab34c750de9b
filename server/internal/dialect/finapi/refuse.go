package finapi

import (
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

// Codes of errors[], as the spec's ErrorCode lists them.
const (
	badRequest    = "BAD_REQUEST"
	entityExists  = "ENTITY_EXISTS"
	illegalState  = "ILLEGAL_ENTITY_STATE"
	illegalValue  = "ILLEGAL_FIELD_VALUE"
	illegalPage   = "ILLEGAL_PAGE_SIZE"
	badFilter     = "INVALID_FILTER_OPTIONS"
	badToken      = "INVALID_TOKEN"
	locked        = "LOCKED"
	noMethod      = "METHOD_NOT_ALLOWED"
	noCredentials = "MISSING_CREDENTIALS"
	missingField  = "MISSING_FIELD"
	noAccounts    = "NO_ACCOUNTS_FOR_TYPE_LIST"
	tooManyIDs    = "TOO_MANY_IDS"
	accessDenied  = "UNAUTHORIZED_ACCESS"
	unexpected    = "UNEXPECTED_ERROR"
	unknownEntity = "UNKNOWN_ENTITY"
	noBank        = "UNSUPPORTED_BANK"
	noMedia       = "UNSUPPORTED_MEDIA_TYPE"
	isVerified    = "USER_ALREADY_VERIFIED"
	notVerified   = "USER_NOT_VERIFIED"
)

// verdict is how a kind of refusal looks on the wire, where the refusal itself does not say it better.
type verdict struct {
	status     int
	code, text string
}

// judge maps a refusal to status, code and text. The texts are those of the spec's examples where it has one.
func judge(e *fail.Error) verdict {
	v := verdict{400, badRequest, "Bad request"}
	switch e.Kind {
	case fail.Forbidden, fail.InsufficientScope:
		v = verdict{403, accessDenied, "Access is denied"}
	case fail.UserUnverified:
		v = verdict{403, notVerified, "The user is not verified"}
	case fail.UserLocked:
		v = verdict{423, locked, "The user is locked"}
	case fail.NotFound, fail.NoRoute:
		v = verdict{404, unknownEntity, "Resource not found"}
	case fail.MethodNotAllowed:
		v = verdict{405, noMethod, "Method not allowed"}
	case fail.UnsupportedMedia:
		v = verdict{415, noMedia, "Unsupported media type"}
	case fail.TooLarge:
		v = verdict{413, badRequest, "The request is too large"}
	case fail.Conflict:
		v = verdict{422, illegalValue, "Illegal field value given"}
	case fail.InvalidGrant:
		v = verdict{400, badToken, "Invalid refresh token"}
	case fail.BadCredentials:
		v = verdict{400, badRequest, "Bad user credentials"}
	case fail.UnsupportedGrantType:
		v.text = "Unsupported grant type"
	case fail.UnauthorizedClient:
		v.text = "The client is not authorized to use this grant type"
	case fail.Internal, fail.ServerError:
		v = verdict{500, unexpected, "An unexpected error occurred"}
	}
	if e.Code != "" {
		v.code = e.Code
	}
	if e.Text != "" {
		v.text = e.Text
	}
	if v.code == noBank {
		v.status = 501
	}
	return v
}

// errorMessage is the general form of errors; error and error_description come before it at the OAuth endpoints alone.
type errorMessage struct {
	OAuth       string         `json:"error,omitempty"`
	Description string         `json:"error_description,omitempty"`
	Errors      []errorDetails `json:"errors"`
	Date        string         `json:"date"`
	RequestID   string         `json:"requestId"`
	Endpoint    string         `json:"endpoint"`
	AuthContext string         `json:"authContext"`
	Bank        *string        `json:"bank"`
}

type errorDetails struct {
	Message   string    `json:"message"`
	Code      string    `json:"code"`
	Type      string    `json:"type"`
	MultiStep *struct{} `json:"multiStepAuthentication"`
}

func message(c *wire.Call, id string, v verdict) errorMessage {
	client, user := "0", "0"
	if c.Client != nil {
		client = c.Client.ID
	}
	if c.Owner != "" {
		user = strings.TrimPrefix(c.Owner, name+"/")
	}
	return errorMessage{Errors: []errorDetails{{Message: v.text, Code: v.code, Type: "TECHNICAL"}}, Date: stamp(c.Now), RequestID: id,
		Endpoint: c.Method() + " " + strings.TrimPrefix(c.Path(), c.Place.Mount), AuthContext: client + "/" + user}
}

// refuse renders every refusal but those of the OAuth endpoints. Authentication has a body of its own, which names the token; the
// challenge of RFC 6750 §3 goes with it.
func refuse(c *wire.Call, e *fail.Error) error {
	id := requestID(c)
	c.Set(requestHeader, id)
	switch e.Kind {
	case fail.TokenMissing:
		c.Set("WWW-Authenticate", `Bearer realm="finapi"`)
		return c.JSON(401, wire.OAuthError{Error: "invalid_token", Description: "Not authenticated or invalid access_token"})
	case fail.TokenMalformed, fail.TokenUnknown, fail.TokenExpired, fail.TokenRevoked, fail.TokenWrongKind, fail.TokenUnproven:
		c.Set("WWW-Authenticate", `Bearer realm="finapi", error="invalid_token"`)
		return c.JSON(401, wire.OAuthError{Error: "invalid_token", Description: "Invalid access token: " + sent(c)})
	}
	v := judge(e)
	return c.JSON(v.status, message(c, id, v))
}

// sent is the token as the caller sent it; JSON escapes what must be escaped.
func sent(c *wire.Call) string {
	all := c.HeaderAll("Authorization")
	if len(all) != 1 {
		return ""
	}
	_, value, _ := strings.Cut(strings.TrimSpace(all[0]), " ")
	return strings.ToValidUTF8(strings.TrimSpace(value), "?")
}

// refuseOAuth renders refusals of /oauth. The spec wants errors[] for all but bad client credentials, RFC 6749 §5.2 wants error: the
// body has both. A finAPI client decodes errors and skips what it does not know; an OAuth library reads error and finds its code.
func refuseOAuth(c *wire.Call, e *fail.Error) error {
	switch e.Kind {
	case fail.TokenMissing, fail.TokenMalformed, fail.TokenUnknown, fail.TokenExpired, fail.TokenRevoked, fail.TokenWrongKind, fail.TokenUnproven:
		return refuse(c, e)
	}
	id := requestID(c)
	c.Set(requestHeader, id)
	c.NoStore()
	if e.Kind == fail.InvalidClient {
		c.Set("WWW-Authenticate", `Basic realm="finapi", charset="UTF-8"`)
		return c.JSON(401, wire.OAuthError{Error: "invalid_client", Description: "Bad client credentials"})
	}
	v := judge(e)
	if e.Kind == fail.UnsupportedMedia {
		v.status = 400
	}
	body := message(c, id, v)
	body.AuthContext, _, _ = strings.Cut(body.AuthContext, "/")
	body.AuthContext += "/0" // nobody is authorized yet, and a name here would tell which users there are
	_, body.OAuth, _ = wire.OAuthStatus(e)
	body.Description = v.text
	switch e.Kind {
	case fail.BadCredentials, fail.UserLocked, fail.UserUnverified:
		body.OAuth = string(fail.InvalidGrant)
	case fail.Forbidden:
		body.OAuth = string(fail.AccessDenied)
	}
	return c.JSON(v.status, body)
}

// stamp writes an instant as finAPI does: German time, to the millisecond.
func stamp(t time.Time) string { return t.In(german()).Format("2006-01-02 15:04:05.000") }
