package scenario

import (
	"strings"

	"sandbank/server/fail"
)

// consents are the cases of group 3.5.
func consents() []Case {
	return append(permissions(), rights()...)
}

// permissions are those about the end of a consent.
func permissions() []Case {
	return []Case{
		{ID: "E50", Title: "The person takes access back while the token lives", Banks: everywhere(), Does: "The next call is refused, although its token has not expired.",
			Correct: "CONSENT_INVALID means asking for consent again, not refreshing.", Refs: []string{"NextGenPSD2 §14.11"},
			Do: "Take the app's access back at /{bank}/connections, or POST /consents/{id}/revoke.",
			meets: func(_ *traffic, c *call) bool {
				return c.kind(fail.ConsentInvalid) && strings.HasSuffix(c.Why, "is revokedByPsu") || c.kind(fail.TokenRevoked) && strings.Contains(c.Why, "by the user")
			}},
		{ID: "E51", Title: "The consent expires", Banks: []string{berlin}, Does: "Consents last 90 days at most; the refresh token outlives them.",
			Correct: "Plan the renewal, and tell the person a week before.", Refs: []string{"Regulation (EU) 2018/389 art. 10a", "actual#1290"},
			Do: `Log in, then POST /clock {"advance":"92d"}.`, Variants: one("consent=90d", "refresh=never"),
			meets: func(_ *traffic, c *call) bool {
				k := c.Check("consent valid")
				return k != nil && !k.OK && strings.HasSuffix(k.Why, " ago")
			}},
		{ID: "E52", Title: "The refresh succeeds, the data is 401", Banks: []string{berlin}, Does: "Only the API looks at the consent: a refresh goes on after its end.",
			Correct: "Stop after one cycle of refresh and retry.", Refs: []string{"bluebutton#1163", "vat-api#524"}, Missing: "a refresh always asks for the consent"},
		{ID: "E53", Title: "Too many calls without the person", Banks: []string{berlin}, Does: "Two calls a day without the user, for each endpoint and account; then 429.",
			Correct: "Cache; send PSU-IP-Address when the person is there; wait.", Refs: []string{"Regulation (EU) 2018/389 art. 36(5)"},
			Variants: one("frequency=2"), Do: "Ask for a consent, and read one balance three times.",
			meets: func(_ *traffic, c *call) bool { return c.kind(fail.AccessExceeded) }},
		{ID: "E54", Title: "Long history only at first", Banks: []string{berlin}, Does: "Transactions older than 90 days are there for five minutes after the consent.",
			Correct: "Pull everything right after the consent.", Missing: "history has no window"},
	}
}

// rights are those about what a consent or a token opens.
func rights() []Case {
	return []Case{
		{ID: "E55", Title: "An account is gone", Banks: []string{berlin}, Does: "An account that could be read is refused; the others go on.",
			Correct: "Partial success, not total failure.", Do: `Read an account, then PATCH /consents/{id} {"accounts":[…]} without it, and read it again.`,
			meets: func(t *traffic, c *call) bool {
				return c.kind(fail.NotFound, fail.ConsentInvalid, fail.AccountBlocked, fail.Forbidden) && strings.HasPrefix(c.Op, "account") &&
					c.Bearer() != "" && t.seen[c.Bank+c.Path()] && !c.Failed("consent valid")
			}},
		{ID: "E56", Title: "A newer consent ends the older", Banks: []string{berlin}, Does: "A second recurring consent of the same person and client ends the first.",
			Correct: "Swap consent and tokens at once.", Refs: []string{"NextGenPSD2 §6.3.1"}, Do: "Authorise a second consent, then use the first one's token.",
			meets: func(_ *traffic, c *call) bool {
				k := c.Check("consent valid")
				return k != nil && !k.OK && strings.Contains(k.Why, "superseded by consent")
			}},
		{ID: "E57", Title: "The token is fine, its scope is too small", Banks: []string{s2s, sparebank1}, Does: "The call is refused for its scope.",
			Correct: "Ask for more consent; a refresh does not help.", Refs: []string{"RFC 6750 §3.1"}, Do: `POST /tokens/{id}/scope, then call.`,
			meets: func(_ *traffic, c *call) bool { return c.kind(fail.InsufficientScope) }},
		{ID: "E58", Title: "The person was locked, deleted, or has another password", Banks: []string{finapi}, Does: "One wrong password locks the user and ends all tokens.",
			Correct: "invalid_grant means linking again.", Do: "Log in, then once more with a wrong password, then use the first token.", Variants: one("attempts=1"),
			meets: func(_ *traffic, c *call) bool {
				gone := strings.Contains(c.Why, "was locked") || strings.Contains(c.Why, "is gone or locked")
				return c.kind(fail.UserLocked) || gone && c.kind(fail.TokenRevoked, fail.InvalidGrant)
			}},
	}
}
