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
			Correct: "Stop after one cycle of refresh and retry.", Refs: []string{"bluebutton#1163", "vat-api#524"}, Variants: one("consent-check=resource"),
			Do:    "Log in, POST /consents/{id}/revoke or let the consent end, refresh, call.",
			meets: (*traffic).blindly},
		{ID: "E53", Title: "Too many calls without the person", Banks: []string{berlin}, Does: "Two calls a day without the user, for each endpoint and account; then 429.",
			Correct: "Cache; send PSU-IP-Address when the person is there; wait.", Refs: []string{"Regulation (EU) 2018/389 art. 36(5)"},
			Variants: one("frequency=2"), Do: "Ask for a consent, and read one balance three times.",
			meets: func(_ *traffic, c *call) bool { return c.kind(fail.AccessExceeded) }},
		{ID: "E54", Title: "Long history only at first", Banks: []string{berlin}, Does: "Transactions older than 90 days are there for five minutes after the consent.",
			Correct: "Pull everything right after the consent.", Refs: []string{"Regulation (EU) 2018/389 art. 10"}, Variants: one("history-window=5m", "history-after=90d"),
			Do:    "Log in, let five minutes pass, ask for transactions of half a year ago.",
			meets: func(_ *traffic, c *call) bool { return c.Failed("history") }},
	}
}

// rights are those about what a consent or a token opens.
func rights() []Case {
	return []Case{
		{ID: "E55", Title: "An account is gone", Banks: []string{berlin, sparebank1, s2s, finapi}, Does: "An account that could be read is refused; the others go on.",
			Correct: "Partial success, not total failure.", Do: `Read an account, then POST /accounts/{id}/block or /close, DELETE it, or PATCH /consents/{id} {"accounts":[…]} without it, and read it again.`,
			meets: func(t *traffic, c *call) bool {
				about := strings.HasPrefix(c.Op, "account") || strings.Contains(c.Path(), "/accounts/") // and not a list's parameter
				return c.kind(fail.NotFound, fail.ConsentInvalid, fail.AccountBlocked, fail.Forbidden) && about && c.bearer != "" &&
					t.seen[c.Bank+c.Path()] && !c.Failed("consent valid")
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
		{ID: "E58", Title: "The person was locked, deleted, or has another password", Banks: []string{finapi, berlin, sparebank1, yoisho}, Does: "One wrong password locks the user and ends all tokens.",
			Correct: "invalid_grant means linking again.", Variants: one("attempts=1"),
			Do: `Log in; then a wrong password (who has none gets one by POST /users/{bank}/{login}/password), or POST /users/{bank}/{login}/lock, DELETE it, or set another password with "revoke":true; then use the first token.`,
			meets: func(_ *traffic, c *call) bool {
				gone := c.Failed("user there") || c.Failed("person there") || c.Failed("owner there")
				for _, why := range []string{"was locked", "was deleted", "password was changed"} {
					gone = gone || strings.Contains(c.Why, why)
				}
				return c.kind(fail.UserLocked) || gone && c.kind(fail.TokenRevoked, fail.ConsentInvalid, fail.InvalidGrant)
			}},
	}
}

// blindly tells whether a resource refused for a consent that had ended before the grant was refreshed.
func (t *traffic) blindly(c *call) bool {
	token := t.used(c)
	if token == nil || !c.kind(fail.ConsentUnknown, fail.ConsentInvalid, fail.ConsentExpired) {
		return false
	}
	refreshed, of := t.refreshed[token.Grant], t.grants.Grant(token.Grant)
	if refreshed.IsZero() || of == nil {
		return false
	}
	consent := t.grants.Consent(c.Bank, of.Consent)
	if consent == nil {
		return true
	}
	end := consent.Until
	if e := consent.Ending(c.At); e != nil {
		end = e.At
	}
	return !refreshed.Before(end)
}
