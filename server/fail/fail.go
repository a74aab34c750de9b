// Package fail owns refusals: why something was not done, in words that no bank has coloured yet.
//
// The core (ledger, grant) and the shared protocol code return *Error values; the bank whose route was called renders them, once,
// in its own dialect (five different ways to say 401). Kind decides status and code there; Why is for the journal and never leaves
// the process. The package knows no HTTP and no bank.
//
//	return fail.New(fail.TokenExpired, "expired 0.8 s ago; 60 s by bank policy")
package fail

import (
	"errors"
	"fmt"
)

// Kind is the reason of a refusal in the terms of RFC 6749, RFC 6750 and NextGenPSD2. A bank maps each to a status, a code and a body.
type Kind string

// The reasons. Those of RFC 6749 §4.1.2.1 and §5.2 keep the code that goes on the wire.
const (
	InvalidRequest          Kind = "invalid_request"
	InvalidClient           Kind = "invalid_client"
	InvalidGrant            Kind = "invalid_grant"
	UnauthorizedClient      Kind = "unauthorized_client"
	UnsupportedGrantType    Kind = "unsupported_grant_type"
	UnsupportedResponseType Kind = "unsupported_response_type"
	InvalidScope            Kind = "invalid_scope"
	InvalidProof            Kind = "invalid_dpop_proof" // of a token request (RFC 9449 §5)
	UseNonce                Kind = "use_dpop_nonce"     // RFC 9449 §8
	InvalidTarget           Kind = "invalid_target"     // RFC 8707 §2
	AccessDenied            Kind = "access_denied"
	ServerError             Kind = "server_error"
	TemporarilyUnavailable  Kind = "temporarily_unavailable"

	// A device that polls (RFC 8628 §3.5). These go on the wire as well.
	AuthorizationPending Kind = "authorization_pending"
	SlowDown             Kind = "slow_down"
	DeviceExpired        Kind = "expired_token"

	// OpenID Connect Core §3.1.2.6.
	LoginRequired          Kind = "login_required"
	ConsentRequired        Kind = "consent_required"
	InteractionRequired    Kind = "interaction_required"
	RequestNotSupported    Kind = "request_not_supported"
	RequestURINotSupported Kind = "request_uri_not_supported"

	// An authorization request that must never be redirected (RFC 6749 §3.1.2.4): unknown client, unregistered redirect URI.
	InvalidRedirect Kind = "invalid_redirect"

	// Bearer tokens (RFC 6750 §3.1).
	TokenMissing      Kind = "token_missing"
	TokenMalformed    Kind = "token_malformed"
	TokenUnknown      Kind = "token_unknown"
	TokenExpired      Kind = "token_expired"
	TokenRevoked      Kind = "token_revoked"
	TokenWrongKind    Kind = "token_wrong_kind" // a code or refresh token used as access token, a client's token where a user's is due
	TokenUnproven     Kind = "token_unproven"   // bound to a key that the caller does not prove to hold (RFC 9449 §7.1)
	InsufficientScope Kind = "insufficient_scope"

	// Consents (NextGenPSD2 §14.11) and what they give access to.
	ConsentUnknown Kind = "consent_unknown"
	ConsentInvalid Kind = "consent_invalid"
	ConsentExpired Kind = "consent_expired"
	AccessExceeded Kind = "access_exceeded" // calls per day without the user

	// People and their sign-in.
	BadCredentials Kind = "bad_credentials"
	UserLocked     Kind = "user_locked"
	UserUnverified Kind = "user_unverified"

	// Resources and requests.
	NotFound         Kind = "not_found" // the thing does not exist, or is not this caller's to see
	NoRoute          Kind = "no_route"  // the bank has no such path
	MethodNotAllowed Kind = "method_not_allowed"
	NotAcceptable    Kind = "not_acceptable"
	UnsupportedMedia Kind = "unsupported_media"
	TooLarge         Kind = "too_large"
	InvalidField     Kind = "invalid_field" // Param says which
	Forbidden        Kind = "forbidden"
	Conflict         Kind = "conflict" // exists already, or is in a state that does not allow it
	TooMany          Kind = "too_many_requests"
	InsufficientFund Kind = "insufficient_funds"
	AccountBlocked   Kind = "account_blocked"
	Internal         Kind = "internal"
)

// Error is one refusal.
type Error struct {
	Kind  Kind
	Code  string // the bank's own code, where the kind alone does not decide it (PERIOD_INVALID, amount.invalid)
	Text  string // what the caller is told; the bank has its standard text when empty
	Param string // the field, parameter or path that is at fault
	Why   string // what the journal and the console say: for us, not for the wire
	Allow string // with MethodNotAllowed: the methods that the path has, as in the Allow header
	Wait  int    // with TooMany and AccessExceeded: seconds until it makes sense to try again
}

// Error implements error; the text is for logs.
func (e *Error) Error() string {
	if e.Why == "" {
		return string(e.Kind)
	}
	return string(e.Kind) + ": " + e.Why
}

// New returns a refusal with the reason that the journal shows.
func New(k Kind, why string, args ...any) *Error {
	if len(args) > 0 {
		why = fmt.Sprintf(why, args...)
	}
	return &Error{Kind: k, Why: why}
}

// Field returns the refusal of one named field or parameter.
func Field(param, why string, args ...any) *Error {
	e := New(InvalidField, why, args...)
	e.Param = param
	return e
}

// Say returns a copy that tells the caller this text.
func (e *Error) Say(text string, args ...any) *Error {
	c := *e
	if len(args) > 0 {
		text = fmt.Sprintf(text, args...)
	}
	c.Text = text
	return &c
}

// Coded returns a copy with the bank's own code.
func (e *Error) Coded(code string) *Error {
	c := *e
	c.Code = code
	return &c
}

// At returns a copy that names the field, parameter or path at fault.
func (e *Error) At(param string) *Error {
	c := *e
	c.Param = param
	return &c
}

// From finds the refusal in err; anything else is our own fault and becomes Internal, with its text kept for the journal.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Why: err.Error()}
}

// Is tells whether err is a refusal of one of these kinds.
func Is(err error, kinds ...Kind) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, k := range kinds {
		if e.Kind == k {
			return true
		}
	}
	return false
}

// Check is one step on the way to an answer.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
}

// Trail is every check of one request in order; the last one that is not OK is why it was refused. A nil *Trail takes no notes.
type Trail struct{ Checks []Check }

// Pass notes a check that held, and by how much where that is of interest.
func (t *Trail) Pass(name, detail string) {
	if t != nil {
		t.Checks = append(t.Checks, Check{Name: name, OK: true, Why: detail})
	}
}

// No notes the check that failed and returns the refusal, so that a check reads as one line.
func (t *Trail) No(name string, e *Error) *Error {
	if t != nil {
		t.Checks = append(t.Checks, Check{Name: name, Why: e.Why})
	}
	return e
}
