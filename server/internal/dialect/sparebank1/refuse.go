package sparebank1

import (
	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

// ErrorsDTO of the portal's documents: code, httpCode, message and traceId are required.
type (
	shapeErrors struct {
		Errors []shapeError `json:"errors"`
	}
	shapeError struct {
		Code      string         `json:"code"`
		Message   string         `json:"message"`
		TraceID   string         `json:"traceId"`
		HTTPCode  int            `json:"httpCode"`
		Resource  string         `json:"resource,omitempty"`
		Localized shapeLocalized `json:"localizedMessage"`
	}
	shapeLocalized struct {
		Template string   `json:"template"`
		Values   []string `json:"values"`
	}
)

// refuse is the word Unauthorized where the token does not do, because the bank's own tutorial compares the body with it (sources), and
// an ErrorsDTO for everything else.
func refuse(c *wire.Call, e *fail.Error) error {
	switch e.Kind {
	case fail.TokenMissing: // RFC 6750 §3.1: no error code without a token
		c.Set("WWW-Authenticate", "Bearer")
		return c.Text(401, "Unauthorized")
	case fail.TokenMalformed, fail.TokenUnknown, fail.TokenExpired, fail.TokenRevoked, fail.TokenWrongKind, fail.TokenUnproven:
		c.Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="The access token is unknown, expired or revoked"`)
		return c.Text(401, "Unauthorized")
	case fail.InsufficientScope:
		c.Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="`+e.Param+`"`)
	}
	c.RetryAfter(e)
	status, code := statusOf(e.Kind)
	one := shapeError{Code: e.Code, Message: e.Text, TraceID: c.Space.Dice.UUID(), HTTPCode: status, Resource: e.Param,
		Localized: shapeLocalized{Values: []string{}}}
	if one.Code == "" {
		one.Code = code
	}
	if one.Message == "" {
		one.Message = message(one.Code)
	}
	one.Localized.Template = one.Message
	return reply(c, status, shapeErrors{[]shapeError{one}})
}

// statusOf is the status of a refusal, and its code when there is no better one: "a textual representation of the HTTP status code", say
// the portal's documents.
func statusOf(k fail.Kind) (status int, code string) {
	switch k {
	case fail.InvalidRequest, fail.InvalidField:
		return 400, "BAD_REQUEST"
	case fail.Forbidden, fail.InsufficientScope, fail.InsufficientFund, fail.AccountBlocked:
		return 403, "FORBIDDEN"
	case fail.NotFound, fail.NoRoute:
		return 404, "NOT_FOUND"
	case fail.MethodNotAllowed:
		return 405, "METHOD_NOT_ALLOWED"
	case fail.NotAcceptable:
		return 406, "NOT_ACCEPTABLE"
	case fail.TooLarge:
		return 413, "REQUEST_ENTITY_TOO_LARGE"
	case fail.UnsupportedMedia:
		return 415, "UNSUPPORTED_MEDIA_TYPE"
	case fail.TooMany:
		return 429, "TOO_MANY_REQUESTS"
	}
	return 500, "general.error"
}

// message is what the portal says about each error code (banks.md 3.5, and the transfer documents cited there).
func message(code string) string {
	switch code {
	case codeFromFormat:
		return "The from account number is not a valid account number."
	case codeToFormat:
		return "The to account number is not a valid account number."
	case codeSame:
		return "To and from account must be different."
	case codeMessage:
		return "The message is too long."
	case codeAmount:
		return "The amount does not satisfy the constraints of the API."
	case codeDue:
		return "The given due date is outside the range of allowed due dates."
	case codeFromAccess:
		return "The user does not have access to the from account."
	case codeFromKind:
		return "The from account is blocked from making transfers."
	case codeToAccess:
		return "The user does not have access to the to account."
	case codeToKind:
		return "The account can not be transferred to."
	case codeNoDomestic:
		return "The from account is not applicable for domestic payments."
	case codeFunds:
		return "Insufficient funds on account."
	case codeToUnknown:
		return "The creditor account number is unknown (does not exist or closed)."
	case codeFromBlocked:
		return "The from account is blocked from making payments."
	case codeToBlocked:
		return "The credit account is blocked from crediting."
	case codeToClosed:
		return "The credit account has been closed."
	case codeFromClosed:
		return "Debit or credit account is closed."
	case codeIBAN:
		return "IBAN is required when transferring to this account. The transfer must be done as an international payment instead."
	case codeNoCard:
		return "No credit card account was found matching the credit card account ID."
	case codeCardClosed:
		return "The credit card account does not accept transfers."
	case codeNoPension:
		return "No pension agreement found for policy number."
	case codePensionClosed:
		return "The pension agreement does not accept transfers."
	case "general.error":
		return "Something went wrong."
	}
	return general(code)
}

// general is what is said of a status without an application code.
func general(code string) string {
	switch code {
	case "NOT_FOUND":
		return "The resource was not found."
	case "METHOD_NOT_ALLOWED":
		return "The method is not allowed here."
	case "NOT_ACCEPTABLE":
		return "The resource has no representation that the Accept header takes."
	case "UNSUPPORTED_MEDIA_TYPE":
		return "The request body must be application/json or application/vnd.sparebank1.v1+json."
	case "REQUEST_ENTITY_TOO_LARGE":
		return "The request body is too large."
	case "TOO_MANY_REQUESTS":
		return "The number of calls allowed per hour has been used up."
	case "FORBIDDEN":
		return "The access token does not allow this."
	}
	return "The request is not valid."
}
