package console

import (
	"maps"
	"strings"
	"sync"

	"sandbank/admin"
	"sandbank/server/clock"
)

// knobText is what a person is told about a knob: the head of its column, which column group it is in, why it is there, and what a client
// that survives it does.
type knobText struct {
	Title, Group string
	Head         bool     // among the first columns
	Retimes      bool     // living tokens can get the new life too
	Zero         string   // a value of nothing, in words
	Why, Learn   string   // what happens, and what to do
	Cases        []string // of the catalogue
}

// The groups of knobs.
const (
	headGroup = "overview"
	lifeGroup = "lifetimes"
	passGroup = "refresh"
	tellGroup = "telling"
	signGroup = "proofs"
	restGroup = "behaviour"
)

func knobGroups() []string {
	return []string{headGroup, lifeGroup, passGroup, tellGroup, signGroup, restGroup}
}

// textOf is what is told about a knob; one that nobody has described yet is among the rest, by its own name.
func textOf(knob string) knobText {
	if t, ok := knobTexts()[knob]; ok {
		return t
	}
	return knobText{Title: knob, Group: restGroup}
}

// knobTexts are told about the knobs.
var knobTexts = sync.OnceValue(func() map[string]knobText {
	all := lifeTexts()
	maps.Copy(all, bendTexts())
	maps.Copy(all, proofTexts())
	return all
})

// lifeTexts are those of lifetimes and refreshing.
func lifeTexts() map[string]knobText {
	return map[string]knobText{
		"code": {Title: "Code", Group: lifeGroup, Head: true, Retimes: true, Cases: []string{"E42", "E43"},
			Why: "A user who dawdles on the way back brings a code that is dead.", Learn: "Start the flow again with a friendly word. Never send the same code twice."},
		"access": {Title: "Access", Group: lifeGroup, Head: true, Retimes: true, Cases: []string{"E01", "E03"},
			Why: "Short lives find clients that only ever saw the first hour.", Learn: "Keep a leeway that is a part of the life, refresh once on a 401, and try once more."},
		"client-access": {Title: "Client token", Group: lifeGroup, Retimes: true, Cases: []string{"E01"},
			Why: "A token without a user has no refresh token beside it.", Learn: "Fetch a new one with the client’s own credentials, one fetch for all callers."},
		"refresh": {Title: "Refresh", Group: lifeGroup, Head: true, Retimes: true, Cases: []string{"E27", "E35"},
			Why: "One day the refresh token is over as well.", Learn: "On invalid_grant stop, and ask the user to log in again. Do not retry."},
		"refresh-absolute": {Title: "At most", Group: lifeGroup, Retimes: true, Cases: []string{"E35"},
			Why: "However often it is refreshed, the whole grant ends here.", Learn: "Remember when the user logged in, and warn before the last day."},
		"consent": {Title: "Consent", Group: lifeGroup, Head: true, Cases: []string{"E26", "E51"},
			Why: "The law ends a consent after 90 or 180 days, whatever its tokens say.", Learn: "Schedule the renewal, and tell the user a week ahead."},
		"unconfirmed": {Title: "Unconfirmed", Group: lifeGroup, Cases: []string{"E46"},
			Why: "A consent that nobody answers lapses.", Learn: "Look at its status before using it, and create a new one."},
		"page": {Title: "Login page", Group: lifeGroup, Cases: []string{"E45"},
			Why: "A login page that was left open for lunch takes no answer any more.", Learn: "Offer to start again, and keep what the user had chosen."},
		"session": {Title: "Bank sign-in", Group: lifeGroup,
			Why: "How long somebody stays signed in on the bank’s own pages, where connections are ended.", Learn: "Expect a user to have ended the connection there."},
		"par": {Title: "Pushed request", Group: lifeGroup,
			Why: "A request that was pushed ahead waits a minute for its browser, and no longer.", Learn: "Push again when the user comes late. Never keep a request_uri."},
		"device": {Title: "Device code", Group: lifeGroup,
			Why: "The user looks for the phone, and the code on the screen is over.", Learn: "On expired_token stop polling, and show a new code when asked to."},
		"rotation": {Title: "On refresh", Group: passGroup, Head: true, Cases: []string{"E28", "E29"},
			Why: "Some banks spend the refresh token with each use, some keep it, some do not say it again.", Learn: "Store a new one before using anything else of the answer; keep the old one where none came."},
		"refresh-mode": {Title: "Counts", Group: passGroup, Cases: []string{"E35"},
			Why: "Idle counts anew with each refresh; absolute ends when the first would have.", Learn: "Do not take a refresh for a new lease of life."},
		"grace": {Title: "Grace", Group: passGroup, Head: true, Zero: "none", Cases: []string{"E31", "E33"},
			Why: "With a grace, a rotated refresh token works once more: for whom an answer got lost.", Learn: "One retry inside it, no more."},
		"successor": {Title: "In grace", Group: passGroup, Cases: []string{"E31"},
			Why: "The second use brings the same successor, or yet another.", Learn: "Take either; the newest wins."},
		"reuse": {Title: "On reuse", Group: passGroup, Head: true, Cases: []string{"E30", "E32"},
			Why: "A rotated refresh token that comes back looks stolen, and may end the whole family.", Learn: "Let one refresh go at a time across all processes. When the family is gone, log in again."},
		"same-access": {Title: "Same token", Group: passGroup, Cases: []string{"E37"},
			Why: "A refresh may return the access token that is alive already.", Learn: "Do not loop until it is another one."},
		"refresh-scope": {Title: "Scope", Group: passGroup, Cases: []string{"E36"},
			Why: "A refresh may take away a part of what the user agreed to.", Learn: "Read the scope of each answer, and do without the rest."},
	}
}

// bendTexts are those of telling and of everything else.
func bendTexts() map[string]knobText {
	return map[string]knobText{
		"expires_in": {Title: "Advertised", Group: tellGroup, Head: true, Cases: []string{"E05", "E06", "E07", "E08", "E09", "E10", "E04"},
			Why: "expires_in is a number, in most cases. It has been a text, a float, null, milliseconds and missing.", Learn: "What makes no sense is unknown: neither zero nor for ever. Use the token until a 401."},
		"expires_in_lie": {Title: "Lies by", Group: tellGroup, Zero: "nothing", Cases: []string{"E11", "E12"},
			Why: "The life that is told is longer or shorter than the life that counts.", Learn: "Trust a 401 over arithmetic, and limit your own refreshing."},
		"boundary": {Title: "At its end", Group: tellGroup, Cases: []string{"E02"},
			Why: "At the very instant of its end a token is over, or not yet.", Learn: "Take it for over."},
		"jitter": {Title: "Jitter", Group: tellGroup, Zero: "none", Cases: []string{"E21"},
			Why: "Each new token lives a little shorter or longer than the rule.", Learn: "Go by each token’s own life, never by the first one’s."},
		"uses": {Title: "Uses", Group: restGroup, Zero: "no limit", Cases: []string{"E15", "E59"},
			Why: "A token dies after some calls, in the middle of a list of pages too.", Learn: "As with any expiry: refresh, and go on from the same page."},
		"revocation-lag": {Title: "Revoke lag", Group: tellGroup, Zero: "none", Cases: []string{"E74"},
			Why: "A revoked token still passes for a while.", Learn: "Do not find out by luck: forget a token when you revoke it."},
		"max-grants": {Title: "Grants", Group: restGroup, Zero: "no limit", Cases: []string{"E39"},
			Why: "One login too many, and the oldest grant goes without a word.", Learn: "Handle a sudden invalid_grant on a device that did nothing wrong."},
		"frequency": {Title: "Calls a day", Group: restGroup, Zero: "no limit", Cases: []string{"E53"},
			Why: "Without the user at hand an account may be asked four times a day (PSD2).", Learn: "Cache; say so when the user is present; wait for the next day."},
		"rate": {Title: "Calls an hour", Group: restGroup, Zero: "no limit", Cases: []string{"E69"},
			Why: "A client that asks too often gets 429.", Learn: "Honour Retry-After, with a cap."},
		"attempts": {Title: "Wrong tries", Group: restGroup, Zero: "no limit", Cases: []string{"E49", "E58"},
			Why: "A user is locked after some wrong passwords.", Learn: "Send them to the bank; do not guess."},
		"consent-models": {Title: "Consents", Group: restGroup,
			Why: "A bank that takes detailed consents only refuses the global ones.", Learn: "Name the accounts, or ask which model the bank takes."},
		"history-window": {Title: "Full history", Group: restGroup, Cases: []string{"E54"},
			Why: "For some minutes after a consent was given the whole history is open.", Learn: "Fetch all of it right then, in one go."},
		"history-after": {Title: "Later history", Group: restGroup, Cases: []string{"E54"},
			Why: "After that, only the last stretch can be asked for without the user.", Learn: "Keep what you fetched, and ask for what is new."},
		"cursor": {Title: "Page link", Group: restGroup, Cases: []string{"E60"},
			Why: "A link to the next page is over before the list is.", Learn: "Begin the stretch again, and leave out what you have by its id."},
		"consent-check": {Title: "Consent looked at", Group: passGroup, Cases: []string{"E52"},
			Why: "A refresh goes through, and the data is refused: the consent is looked at later than the token.", Learn: "Stop after one round of refresh and retry, and ask the user again."},
		"token-check": {Title: "Token looked at", Group: tellGroup, Cases: []string{"E62"},
			Why: "A long answer may outlive its token, and be cut when that ends.", Learn: "Compare the length, and resume with a new token."},
		"fidelity": {Title: "Fidelity", Group: restGroup, Head: true,
			Why: "Original brings back the accidents of the bank’s own program, where they contradict its documents.", Learn: "Survive both: documents and banks change on different days."},
	}
}

// proofTexts are those of what is signed, and of what proves who is who.
func proofTexts() map[string]knobText {
	return map[string]knobText{
		"id-token": {Title: "id_token", Group: signGroup,
			Why: "An id_token is for the minute of the login, and its end says nothing of access.", Learn: "Check it once, then keep a session of your own."},
		"id-token-claims": {Title: "Names the user", Group: signGroup,
			Why: "An id_token says who logged in by sub alone, or by name and e-mail address as well.", Learn: "Ask userinfo for what the id_token does not say."},
		"token-format": {Title: "Format", Group: signGroup, Cases: []string{"E13"},
			Why: "An access token may be a JWT, and is none the less the bank’s alone to read.", Learn: "Treat it as opaque. A format that changes must break nothing."},
		"jwt-exp-delta": {Title: "JWT exp lies by", Group: signGroup, Zero: "nothing", Cases: []string{"E13"},
			Why: "The exp inside a JWT need not be the end that counts.", Learn: "Go by expires_in and by the 401, not by what is inside."},
		"signing-alg": {Title: "Signed by", Group: signGroup, Cases: []string{"E76"},
			Why: "Banks change the algorithm, and clients that expect one fail at the login.", Learn: "Store the new refresh token first, then check the id_token; take every algorithm of the metadata."},
		"jwks-lag": {Title: "JWKS late by", Group: signGroup, Zero: "nothing", Cases: []string{"E75"},
			Why: "A new key may sign before the JWKS shows it.", Learn: "Fetch the keys again on an unknown kid, not too often, and try once more."},
		"pkce": {Title: "PKCE", Group: signGroup,
			Why: "A challenge may be required of everybody, or taken as plain text as well.", Learn: "Send S256 always, and never fall back to plain."},
		"iss": {Title: "Says who", Group: signGroup,
			Why: "The answer to a login names its issuer (RFC 9207), or another one’s: that is a mix-up.", Learn: "Compare it with the bank that was asked, before the code goes anywhere."},
		"dpop-nonce": {Title: "DPoP nonce", Group: signGroup,
			Why: "A proof may have to carry a nonce of the server’s, which changes.", Learn: "On use_dpop_nonce try once more with the nonce of the header, and keep it for the next call."},
	}
}

// worded is a knob's value for people.
func worded(k admin.KnobView, value string) string {
	t := textOf(k.Knob)
	switch {
	case value == "":
		return "not set"
	case value == "never":
		return "no end"
	case k.Type == "choice":
		return strings.ReplaceAll(value, "-", " ")
	case (value == "0" || value == "0s") && t.Zero != "":
		return t.Zero
	case k.Type == "count" && k.Knob == "jitter":
		return "± " + value + " %"
	case k.Type == "count":
		return value
	}
	d, err := clock.ParseDuration(value)
	if err != nil {
		return value
	}
	if k.Signed && d > 0 {
		return "+" + span(d)
	}
	return span(d)
}
