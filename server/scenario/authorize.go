package scenario

import (
	"slices"
	"strings"

	"sandbank/server/fail"
)

// authorizations are the cases of group 3.4.
func authorizations() []Case {
	return append(codes(), pages()...)
}

// codes are those about the code and its exchange.
func codes() []Case {
	return []Case{
		{ID: "E42", Title: "The code has expired", Banks: []string{berlin, sparebank1, yoisho, s2s}, Does: "Codes live 3 s.",
			Correct: "Start the flow again, with a friendly word.", Refs: []string{"RFC 6749 §4.1.2"}, Variants: one("code=3s"),
			meets: func(_ *traffic, c *call) bool { return c.Failed("code not expired") }},
		{ID: "E43", Title: "The code is used twice", Banks: []string{berlin, sparebank1, yoisho, s2s}, Does: "A code that comes again is refused, and the tokens that it brought die.",
			Correct: "Never retry an exchange blindly.", Refs: []string{"RFC 6749 §4.1.2"}, Do: "Replay an exchange: POST /journal/{id}/replay.",
			meets: func(_ *traffic, c *call) bool { return c.Failed("code unused") }},
		{ID: "E44", Title: "redirect_uri or PKCE does not match", Banks: []string{berlin, sparebank1, yoisho}, Does: "The exchange, or the authorization request, is refused.",
			Correct: "Fail closed, and log it.", Refs: []string{"RFC 6749 §4.1.3", "RFC 7636 §4.6"}, Do: "Exchange a code with another redirect_uri or code_verifier.",
			meets: func(_ *traffic, c *call) bool {
				return c.Failed("redirect_uri") || c.Failed("PKCE") || c.kind(fail.InvalidRedirect) && c.form().Has("redirect_uri")
			}},
	}
}

// pages are those about the login in the browser.
func pages() []Case {
	return []Case{
		{ID: "E45", Title: "The person lingers: the login page has died", Banks: []string{berlin, sparebank1}, Does: "Login pages live 20 s.",
			Correct: "Offer a fresh start; the state is kept.", Variants: one("page=20s"), Do: "Open the login page, and send its form 20 s later.",
			meets: func(_ *traffic, c *call) bool { return c.Failed("login going on") && c.kind(fail.AccessDenied) }},
		{ID: "E46", Title: "Nobody answers the consent in time", Banks: []string{berlin}, Does: "A consent that nobody has answered is rejected after 30 s.",
			Correct: "Ask for its status, and make a new one.", Variants: one("unconfirmed=30s"), Do: "Create a consent, and read its status 30 s later.",
			meets: func(t *traffic, c *call) bool {
				if k := c.Check("consent open"); k != nil && !k.OK {
					return strings.HasSuffix(k.Why, " is rejected")
				}
				if !slices.Contains([]string{"consent", "consent.status"}, c.Op) || text(c.answer()["consentStatus"]) != "rejected" {
					return false
				}
				for id := range strings.SplitSeq(c.Path(), "/") {
					if consent := t.grants.Consent(c.Bank, id); consent != nil {
						return consent.Answered == nil && consent.Ended == nil
					}
				}
				return false
			}},
		{ID: "E47", Title: "No state, an old one, back button, double submit", Banks: []string{berlin, sparebank1}, Does: "A login form that was answered comes once more, or one that nobody began.",
			Correct: "A state is good once; the callback may come twice.", Refs: []string{"RFC 6749 §10.12"}, Do: "Press Back after the login, and send the form again.",
			meets: func(t *traffic, c *call) bool {
				again := c.Method == "POST" && t.flows[c.form().Get("flow")]
				return again || c.Failed("same browser") || c.Failed("login going on") && c.kind(fail.NotFound)
			}},
		{ID: "E48", Title: "access_denied, temporarily_unavailable, server_error", Banks: []string{berlin, sparebank1, yoisho}, Does: "The browser comes back with an error in place of a code.",
			Correct: "Tell each in its own words.", Refs: []string{"RFC 6749 §4.1.2.1"}, Do: "Press Deny, or log in as dave~deny, dave~unavailable, dave~servererror.",
			meets: func(_ *traffic, c *call) bool {
				v := c.away()
				return v != nil && slices.Contains([]string{"access_denied", "temporarily_unavailable", "server_error"}, v.Get("error"))
			}},
		{ID: "E49", Title: "Three wrong one-time codes", Banks: []string{sparebank1}, Does: "The third wrong one-time code ends the login.",
			Correct: "Stop polling at the deadline, and say what happened.", Do: "Type a wrong one-time code three times, or log in as dave~otpfail.",
			meets: func(_ *traffic, c *call) bool { return c.Failed("one-time code") && c.kind(fail.AccessDenied) }},
	}
}
