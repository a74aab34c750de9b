package berlin

import (
	"strings"

	"sandbank/server/fail"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

type (
	shapeErrors struct {
		Messages []shapeMessage `json:"tppMessages"`
	}
	shapeMessage struct {
		Category string `json:"category"`
		Code     string `json:"code"`
		Path     string `json:"path,omitempty"`
		Text     string `json:"text,omitempty"`
	}
	// shapeProblem is the other form of the specification, after RFC 7807.
	shapeProblem struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Detail string `json:"detail,omitempty"`
		Code   string `json:"code"`
	}
)

// verdict is how the bank says a kind of refusal: status, code and standard text (banks.md 2.5).
type verdict struct {
	status int
	code   string
	text   string
}

func verdictOf(e *fail.Error) verdict {
	switch e.Kind {
	case fail.TokenMissing:
		return verdict{401, "TOKEN_UNKNOWN", "Access token required: send Authorization: Bearer."}
	case fail.TokenMalformed, fail.TokenUnknown:
		return verdict{401, "TOKEN_UNKNOWN", "The access token is not known."}
	case fail.TokenExpired:
		return verdict{401, "TOKEN_EXPIRED", "The access token has expired."}
	case fail.TokenRevoked:
		return verdict{401, "TOKEN_INVALID", "The access token was revoked."}
	case fail.TokenUnproven:
		return verdict{401, "TOKEN_INVALID", "The access token came without the proof that it is bound to."}
	case fail.TokenWrongKind:
		return verdict{401, "TOKEN_INVALID", "The token is not valid for this service."}
	case fail.InvalidClient:
		return verdict{401, "ROLE_INVALID", "The client is not known, or its secret is wrong."}
	case fail.BadCredentials, fail.UserLocked:
		return verdict{401, "PSU_CREDENTIALS_INVALID", "The PSU is not known, or may not use this service."}
	case fail.ConsentUnknown:
		return verdict{403, "CONSENT_UNKNOWN", "The consent is not known."}
	case fail.ConsentInvalid:
		return verdict{401, "CONSENT_INVALID", "The consent is not valid for this."}
	case fail.ConsentExpired:
		return verdict{401, "CONSENT_EXPIRED", "The consent has expired. Ask for a new one."}
	case fail.AccessExceeded, fail.TooMany:
		return verdict{429, "ACCESS_EXCEEDED", "The consent allows no more calls today without the PSU. Send PSU-IP-Address when the PSU is present."}
	case fail.Forbidden:
		return verdict{403, "SERVICE_BLOCKED", "This service is blocked for the PSU."}
	case fail.NotFound:
		return verdict{404, "RESOURCE_UNKNOWN", "The resource is not known."}
	}
	return formal(e.Kind)
}

// formal are the refusals that are about the request rather than about who sends it.
func formal(k fail.Kind) verdict {
	switch k {
	case fail.NoRoute:
		return verdict{404, "RESOURCE_UNKNOWN", "There is nothing under this path."}
	case fail.MethodNotAllowed:
		return verdict{405, "SERVICE_INVALID", "The method is not supported here."}
	case fail.NotAcceptable:
		return verdict{406, "REQUESTED_FORMATS_INVALID", "Only application/json is available."}
	case fail.UnsupportedMedia:
		return verdict{415, "FORMAT_ERROR", "The body must be application/json: send that as Content-Type."}
	case fail.Conflict:
		return verdict{409, "STATUS_INVALID", "The status does not allow this."}
	case fail.AccountBlocked:
		return verdict{400, "RESOURCE_BLOCKED", "The account is blocked."}
	case fail.TooLarge:
		return verdict{413, "FORMAT_ERROR", "The request is too large."}
	case fail.Internal, fail.ServerError:
		return verdict{500, "INTERNAL_SERVER_ERROR", "Something broke at the bank."}
	}
	return verdict{400, "FORMAT_ERROR", "The request is malformed."}
}

// refuse says it with tppMessages, or with application/problem+json to callers that take nothing else.
func refuse(c *wire.Call, e *fail.Error) error {
	v := verdictOf(e)
	if e.Code != "" {
		v.code = e.Code
	}
	if e.Text != "" {
		v.text = e.Text
	}
	v.text = clip(v.text, 500)
	stamp(c)
	c.RetryAfter(e)
	if v.status == 401 {
		challenge(c, e, v)
	}
	if json, problem := accepts(strings.Join(c.HeaderAll("Accept"), ",")); problem && !json {
		detail := v.text
		if e.Param != "" {
			detail = clip(e.Param+": "+v.text, 500)
		}
		return c.JSONAs(v.status, "application/problem+json", shapeProblem{"https://berlingroup.com/error-codes/" + v.code, strings.ReplaceAll(v.code, "_", " "), detail, v.code})
	}
	return c.JSON(v.status, shapeErrors{[]shapeMessage{{"ERROR", v.code, e.Param, v.text}}})
}

// challenge is what every 401 carries (RFC 9110 §15.5.2): bare where no token was sent, with the reason where one was (RFC 6750 §3).
func challenge(c *wire.Call, e *fail.Error, v verdict) {
	switch e.Kind {
	case fail.InvalidClient:
		c.Set("WWW-Authenticate", `Basic realm="`+name+`", charset="UTF-8"`)
	case fail.TokenMissing, fail.BadCredentials, fail.UserLocked:
		c.Set("WWW-Authenticate", "Bearer")
	default:
		c.Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="`+plain(v.text)+`"`)
	}
}

// plain keeps the characters that RFC 6750 §3 allows in error_description.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '.'
		}
		return r
	}, text)
}

// clip cuts a text to what a field may hold.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

// pageRefusal is for what a person's browser asks.
func pageRefusal(c *wire.Call, e *fail.Error) error {
	echo(c)
	return dialect.Page(c, e)
}

// tokenRefusal is RFC 6749 §5.2: the token endpoint is the OAuth server's, not NextGenPSD2's.
func tokenRefusal(c *wire.Call, e *fail.Error) error {
	echo(c)
	return dialect.OAuth(c, e)
}
