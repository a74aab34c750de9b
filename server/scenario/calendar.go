package scenario

import (
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
)

// calendar are the cases of group 3.2.
func calendar() []Case {
	return append(skews(), dates()...)
}

// gap is how much time has passed since the client was heard last; negative when the clock was moved back.
func (t *traffic) gap(c *call) time.Duration {
	if last := t.last[c.client]; last != nil {
		return c.At.Sub(last.At)
	}
	return 0
}

// skews are those about clocks that disagree or jump.
func skews() []Case {
	return []Case{
		{ID: "E17", Title: "The client's clock is fast", Banks: everywhere(), Does: "The Date header, or both of the bank's servers, are two minutes behind the client.",
			Correct: "Count elapsed time since receipt, on a monotonic clock; no login loop.", Refs: []string{"angular-oauth2-oidc#1135"},
			Variants: []Variant{{Name: "header", Clock: "skew date=-2m"}, {Name: "servers", Clock: "skew as=-2m rs=-2m"}},
			meets:    func(_ *traffic, c *call) bool { return c.tokens() && c.dated() <= -time.Minute }},
		{ID: "E18", Title: "The client's clock is slow", Banks: everywhere(), Does: "The Date header, or both of the bank's servers, are two minutes ahead of the client.",
			Correct: "The 401 alone must do.", Do: "Log in, let the token expire, call.",
			Variants: []Variant{{Name: "header", Clock: "skew date=2m"}, {Name: "servers", Clock: "skew as=2m rs=2m"}},
			meets:    func(_ *traffic, c *call) bool { return c.kind(fail.TokenExpired) && c.dated() >= time.Minute }},
		{ID: "E19", Title: "Authorization server and API disagree", Banks: everywhere(), Does: "The API's clock is 45 s off the authorization server's: tokens of 40 s are refused when they are fresh, or dead ones pass.",
			Correct:  "At most one refresh per request, then an error.",
			Variants: []Variant{{Name: "ahead", Knobs: []string{"access=40s"}, Clock: "skew rs=45s"}, {Name: "behind", Clock: "skew rs=-45s"}},
			meets: func(t *traffic, c *call) bool {
				token := t.used(c)
				if token == nil || token.Expires.IsZero() || c.apart() == t.told[token.ID].apart {
					return false
				}
				stands := c.At.Add(t.told[token.ID].apart).Before(token.Expires) // by the server that issued it
				return c.kind(fail.TokenExpired) && stands || c.Kind == "" && !stands
			}},
		{ID: "E20", Title: "Leeway with the wrong sign", Banks: everywhere(), Does: "The clock stands still, so that a token can be tried on both sides of its end.",
			Correct: "Good a second before its end, dead a second after it: test both.", Refs: []string{"spring-security#7511"},
			Do:       `POST /clock {"to":"next-expiry","edge":"before"}, call, then {"advance":"2s"}, and call again.`,
			Variants: []Variant{{Clock: freeze}},
			meets: func(t *traffic, c *call) bool {
				token := t.used(c)
				return c.kind(fail.TokenExpired) && token != nil && t.near[token.ID] && c.At.Sub(token.Expires) <= time.Minute
			}},
		{ID: "E21", Title: "The server jumps ahead: everything expires at once", Banks: everywhere(), Does: "The clock jumps two hours ahead.",
			Correct: "Refresh with jitter, one at a time.", Do: "Log in first.", Variants: []Variant{{Clock: "advance 2h"}},
			meets: func(t *traffic, c *call) bool {
				return c.kind(fail.TokenExpired) && t.gap(c) >= time.Hour
			}},
		{ID: "E22", Title: "The server jumps back", Banks: everywhere(), Does: "The clock jumps one hour back.", Correct: "No crash, no negative timers.",
			Do: "Call before and after it.", Variants: []Variant{{Clock: "advance -1h"}},
			meets: func(t *traffic, c *call) bool { return c.client != "" && t.gap(c) <= -30*time.Minute }},
		{ID: "E23", Title: "The laptop slept", Banks: everywhere(), Does: "Three hours pass while the client is suspended.",
			Correct: "Check again on resume; a monotonic clock may have stood still.", Do: "Log in, suspend the client, arm, resume it.",
			Variants: []Variant{{Clock: "advance 3h"}},
			meets: func(t *traffic, c *call) bool {
				return c.kind(fail.TokenExpired) && t.gap(c) >= 3*time.Hour-time.Minute
			}},
	}
}

// dates are those about the calendar.
func dates() []Case {
	return []Case{
		{ID: "E24", Title: "The night the clocks change", Banks: []string{sparebank1, finapi, berlin, yoisho, s2s},
			Does:    "The clock goes to half a minute before Oslo's clocks are put forward or back: 90 days are not 90 × 24 hours of local time.",
			Correct: "Count in UTC; keep dates as dates.", Do: "Call, let a minute pass, call again.",
			Variants: []Variant{{Name: "summer", Clock: toSummer}, {Name: "winter", Clock: toWinter}},
			meets: func(t *traffic, c *call) bool {
				last := t.last[c.client]
				return c.client != "" && last != nil && t.gap(c) > 0 && t.gap(c) <= clock.Day && shifted(last.At, c.At)
			}},
		{ID: "E25", Title: "29 February, the new year, 2038", Banks: everywhere(), Does: "The clock goes to half a minute before an instant that programs get wrong.",
			Correct: "Calendar-safe arithmetic in 64 bits.", Do: "Call, let a minute pass, call again.",
			Variants: []Variant{{Name: "2038", Clock: to2038}, {Name: "leap day", Clock: toLeapDay}, {Name: "new year", Clock: toNewYear}},
			meets: func(t *traffic, c *call) bool {
				at, last := c.At.UTC(), t.last[c.client]
				turn := last != nil && last.At.UTC().Year() == at.Year()-1 && t.gap(c) <= 2*clock.Day
				return c.client != "" && (at.Month() == 2 && at.Day() == 29 || at.Unix() >= 1<<31 || turn)
			}},
		{ID: "E26", Title: "Is the last day of a consent included, and in which zone", Banks: []string{berlin},
			Does:    "Consents last one day and access tokens as long as they do: the consent ends at midnight in Sofia after its last day.",
			Correct: "Ask again before that day, not on it.", Do: `Ask for a consent, log in, POST /clock to its end's edges, call on both sides.`,
			Refs: []string{"NextGenPSD2 §6.3.1, validUntil"}, Variants: one("consent=1d", "access=never"),
			meets: func(t *traffic, c *call) bool {
				token := t.used(c)
				if !c.kind(fail.ConsentExpired) || token == nil {
					return false
				}
				of := t.grants.Grant(token.Grant)
				if of == nil {
					return false
				}
				consent := t.grants.Consent(c.Bank, of.Consent)
				return consent != nil && c.At.Sub(consent.Until) >= 0 && c.At.Sub(consent.Until) < clock.Day
			}},
	}
}
