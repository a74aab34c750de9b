package s2s

import (
	"strconv"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

// The body of every refusal that is not the OAuth provider's. The code is text, as IBM API Connect writes it. Errors are there when
// the bank behind the gateway refused.
type (
	shapeRefusal struct {
		Code    string       `json:"httpCode"`
		Message string       `json:"httpMessage"`
		More    string       `json:"moreInformation"`
		Errors  []shapeError `json:"errors,omitempty"`
	}
	shapeError struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
)

// noEntry is IBM's text for whatever is wrong with a token. It says less than a client would like: see debug.
const noEntry = "Cannot pass the security checks that are required by the target API or operation, Enable debug headers for more details."

// refuse says no as the gateway does, or as the bank behind it.
func refuse(c *wire.Call, e *fail.Error) error {
	stamp(c)
	status, text := gateway(e)
	if status == 0 {
		return refuseOrder(c, e)
	}
	if status == 401 && e.Kind != fail.InvalidClient {
		// Single quotes and no realm, also where no token was sent: so the real one writes it (banks.md 4.3).
		c.Set("WWW-Authenticate", "Bearer error='invalid_token'")
		debug(c, e)
	}
	c.RetryAfter(e)
	return c.JSON(status, shapeRefusal{Code: strconv.Itoa(status), Message: phrase(status), More: text})
}

// gateway is how IBM API Connect tells a refusal of its own; status 0 when it is not one. A token of too little scope is 401 like a dead
// one, and not the 403 of RFC 6750 §3.1: IBM's support page 7027794 shows exactly this for "Scope is not allowed".
func gateway(e *fail.Error) (status int, text string) {
	switch e.Kind {
	case fail.InvalidClient:
		status, text = 401, "Invalid client id or secret."
	case fail.TokenMissing, fail.TokenMalformed, fail.TokenUnknown, fail.TokenExpired, fail.TokenRevoked, fail.TokenWrongKind, fail.TokenUnproven, fail.InsufficientScope:
		status, text = 401, noEntry
	case fail.Forbidden:
		status = 403
	case fail.NoRoute:
		status, text = 404, "No resources match requested URI"
	case fail.MethodNotAllowed:
		status, text = 405, "The method is not allowed for the requested URL"
	case fail.TooLarge:
		status, text = 413, "The request body is too large."
	case fail.UnsupportedMedia:
		status, text = 415, "The request body must be application/json."
	case fail.TooMany:
		status, text = 429, "Assembly Rate Limit exceeded"
	case fail.Internal, fail.ServerError:
		status, text = 500, "An error occurred while executing this request."
	}
	if e.Text != "" {
		text = e.Text
	}
	return status, text
}

// phrase is the reason phrase that httpMessage repeats.
func phrase(status int) string {
	return map[int]string{400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
		413: "Payload Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error"}[status]
}

// debug adds what "Enable debug headers" promises: whoever sends apim-debug: true is told what was wrong with the token.
func debug(c *wire.Call, e *fail.Error) {
	if !strings.EqualFold(c.Header("apim-debug"), "true") {
		return
	}
	code, text := "invalid_token", map[fail.Kind]string{
		fail.TokenMissing: "No access token was sent", fail.TokenMalformed: "The Authorization header is malformed",
		fail.TokenUnknown: "The access token is unknown", fail.TokenExpired: "The access token has expired",
		fail.TokenRevoked: "The access token has been revoked", fail.TokenWrongKind: "This is not an access token",
		fail.TokenUnproven:     "The access token came without the proof that it is bound to",
		fail.InsufficientScope: "Scope is not allowed",
	}[e.Kind]
	if e.Kind == fail.InsufficientScope {
		code = "access_denied"
	}
	c.Set("X-APIC-Debug-OAuth-Error", code)
	c.Set("X-APIC-Debug-OAuth-Error-Desc", text)
}

// refuseOrder is the bank's own refusal: 400 what is not understood, 404 what is not there, 409 what was done already with other words,
// 422 what is understood and cannot be done.
func refuseOrder(c *wire.Call, e *fail.Error) error {
	status, code, text := 400, "INVALID_REQUEST", "The request is not valid."
	switch e.Kind {
	case fail.InvalidRequest:
		if e.Param != "" {
			text = "The field " + e.Param + " has the wrong type."
		}
	case fail.InvalidField:
		code, text = "INVALID_FIELD", "The field "+e.Param+" is not valid."
	case fail.NotFound:
		status, code, text = 404, "NOT_FOUND", "There is no such record."
	case fail.Conflict:
		status, code, text = 409, "CONFLICT", "This was done already."
	case fail.AccountBlocked:
		status, code, text = 422, "ACCOUNT_BLOCKED", "The account is not open to payments."
	case fail.InsufficientFund:
		status, code, text = 422, "INSUFFICIENT_FUNDS", "The debtor account does not hold the amount and the fee."
	}
	if e.Code != "" {
		code = e.Code
	}
	if e.Text != "" {
		text = e.Text
	}
	return c.JSON(status, shapeRefusal{strconv.Itoa(status), phrase(status), text, []shapeError{{code, text}}})
}

// refuseToken says everything by RFC 6749 §5.2, also what the gateway would say: OAuth libraries read nothing else at a token endpoint.
func refuseToken(c *wire.Call, e *fail.Error) error {
	stamp(c)
	switch {
	case e.Kind == fail.InvalidClient && e.Text == "":
		e = e.Say("client_id unauthorized")
	case e.Kind == fail.TooMany:
		e = e.Say("Assembly Rate Limit exceeded")
	}
	return c.OAuthRefusal(e)
}

// refuseCode lets the gateway refuse an application and the OAuth provider everything after it. There is no challenge with its 401:
// what was wrong are headers of the bank's own, for which HTTP has no scheme.
func refuseCode(c *wire.Call, e *fail.Error) error {
	status, body := 400, wire.OAuthError{Error: string(e.Kind), Description: e.Text}
	switch e.Kind {
	case fail.BadCredentials:
		status, body = 401, wire.OAuthError{Error: "invalid_client", Description: "service account unauthorized"}
	case fail.UnauthorizedClient:
		body.Description = "The client may not ask for an authorization code."
	case fail.InvalidScope, fail.InvalidRequest:
	default:
		return refuse(c, e)
	}
	stamp(c)
	c.NoStore()
	return c.JSON(status, body)
}
