package scenario

import (
	"strings"
	"time"

	"sandbank/server/fail"
)

// lifetimes are the cases of group 3.1.
func lifetimes() []Case {
	return append(ends(), tellings()...)
}

// ends are those about the instant at which an access token is over.
func ends() []Case {
	return []Case{
		{ID: "E01", Title: "Expires between the client's check and its use", Banks: everywhere(),
			Does:    "Access tokens live 5 s, and the next call with one is held for 3 s before the bank looks at it.",
			Correct: "Keep a leeway; on the 401 refresh once and retry once.",
			Do:      "Let the clock run; call with a token that has less than 3 s left.",
			Refs:    []string{"RFC 6750 §3.1"},
			Variants: []Variant{{Knobs: []string{"access=5s"},
				Faults: []string{"if-header=Authorization: Bearer *; delay=3s"}}},
			meets: func(_ *traffic, c *call) bool { return c.kind(fail.TokenExpired) && c.did("delay=") }},
		{ID: "E02", Title: "Used at the very instant of its end", Banks: everywhere(),
			Does:     "The clock stands still, so that a call can hit the instant at which its token ends.",
			Correct:  "Treat a token as expired at its end, not after it.",
			Do:       `POST /clock {"to":"next-expiry"}, then call; boundary=inclusive is the other reading.`,
			Refs:     []string{"RFC 7519 §4.1.4"},
			Variants: []Variant{{Clock: freeze}},
			meets: func(t *traffic, c *call) bool {
				token := t.used(c)
				return token != nil && c.At.Equal(token.Expires)
			}},
		{ID: "E03", Title: "Lives no longer than the client's leeway", Banks: everywhere(),
			Does:     "Access tokens live 20 s. Yoisho's live 60 s anyway.",
			Correct:  "Let the leeway be at most a quarter of the life; do not refresh in a loop.",
			Refs:     []string{"google-auth-library-python#862", "MSAL.js#512"},
			Variants: one("access=20s"),
			meets: func(t *traffic, c *call) bool {
				token := t.token(c)
				return c.tokens() && token != nil && !token.Expires.IsZero() && token.Life <= time.Minute
			}},
	}
}

// tellings are those about what the token answer says, and those about lives that no answer tells.
func tellings() []Case {
	number := func(good func(n float64) bool) func(*traffic, *call) bool {
		return func(_ *traffic, c *call) bool {
			n, ok := c.told().number()
			return c.tokens() && ok && good(n)
		}
	}
	return []Case{
		{ID: "E04", Title: "expires_in beyond 32 bits", Banks: everywhere(), Does: "expires_in is 2³² and more.", Correct: "Count in 64 bits, and cap it.",
			Variants: one("expires_in=huge"), meets: number(func(n float64) bool { return n >= 1<<31 })},
		{ID: "E05", Title: "expires_in is missing", Banks: everywhere(), Does: "The token answer has no expires_in. Yoisho's never has.",
			Correct: "Unknown is neither 0 nor for ever: use the token until a 401.", Refs: []string{"mcp-context-forge#4447", "insomnia#150", "RFC 6749 §5.1"},
			Variants: one("expires_in=omit"), meets: func(_ *traffic, c *call) bool { return c.tokens() && c.told().raw == nil }},
		{ID: "E06", Title: "expires_in is 0", Banks: everywhere(), Does: "expires_in is 0; the token lives as ever.",
			Correct: "No hot loop: back off, and say so.", Variants: one("expires_in=zero"), meets: number(func(n float64) bool { return n == 0 })},
		{ID: "E07", Title: "expires_in is negative", Banks: everywhere(), Does: "expires_in is -1.", Correct: "Reject the value, and treat it as unknown.",
			Refs: []string{"keycloak-angular#502"}, Variants: one("expires_in=negative"), meets: number(func(n float64) bool { return n < 0 })},
		{ID: "E08", Title: "expires_in is a text of digits", Banks: everywhere(), Does: `expires_in is "60" rather than 60.`,
			Correct: "Coerce it before adding: as text, 60 s become hours.", Refs: []string{"simple-oauth2#115"}, Variants: one("expires_in=string"),
			meets: func(_ *traffic, c *call) bool {
				s := text(c.told().raw)
				return c.tokens() && s != "" && strings.Trim(s, "0123456789") == ""
			}},
		{ID: "E09", Title: "expires_in is no whole number", Banks: everywhere(), Does: "expires_in is a fraction, null, or a word.",
			Correct: "Take only a finite number; anything else is unknown, and never NaN.", Refs: []string{"opencodex#1417"},
			Variants: []Variant{{Name: "float", Knobs: []string{"expires_in=float"}}, {Name: "null", Knobs: []string{"expires_in=null"}}, {Name: "junk", Knobs: []string{"expires_in=junk"}}},
			meets: func(_ *traffic, c *call) bool {
				t := c.told()
				n, ok := t.number()
				word := text(t.raw)
				return c.tokens() && t.raw != nil && (ok && n != float64(int64(n)) || string(t.raw) == "null" || strings.Trim(word, "0123456789") != "")
			}},
		{ID: "E10", Title: "Milliseconds told as seconds", Banks: everywhere(), Does: "expires_in is a thousand times too large.",
			Correct: "Have a sane cap; go by the 401.", Variants: one("expires_in=milliseconds"),
			meets: func(t *traffic, c *call) bool {
				token, told := t.token(c), c.told()
				n, ok := told.number()
				return c.tokens() && ok && token != nil && token.Life > time.Second && n > 900*token.Life.Seconds() && n <= 1000*token.Life.Seconds()
			}},
		{ID: "E11", Title: "Dies before it was told to", Banks: everywhere(), Does: "Access tokens live 10 s; expires_in says an hour.",
			Correct: "Trust the 401 over your own arithmetic.", Variants: []Variant{{Knobs: []string{"access=10s", "expires_in=number", "expires_in_lie=3590s"}}},
			meets: func(t *traffic, c *call) bool {
				told := t.told[access(c)]
				n, ok := told.number()
				return c.kind(fail.TokenExpired) && ok && n > 0 && c.At.Before(told.at.Add(told.told))
			}},
		{ID: "E12", Title: "Lives longer than it was told to", Banks: everywhere(), Does: "Access tokens live an hour; expires_in says 5 s.",
			Correct: "Refresh no more often than a sane minimum.", Refs: []string{"allegro-api#780"},
			Variants: []Variant{{Knobs: []string{"access=1h", "expires_in=number", "expires_in_lie=-3595s"}}},
			meets: func(t *traffic, c *call) bool {
				token, told := t.token(c), c.told()
				n, ok := told.number()
				return c.tokens() && ok && n > 0 && token != nil && told.told < token.Life-2*time.Second
			}},
		{ID: "E13", Title: "JWT exp differs from expires_in", Banks: everywhere(), Does: "The exp inside the access token is another instant than expires_in tells.",
			Correct: "The access token is opaque to a client: do not parse it.", Refs: []string{"RFC 9068 §6"},
			Variants: one("token-format=jwt", "jwt-exp-delta=-30s"),
			meets: func(t *traffic, c *call) bool {
				exp, ok := expOf(c.brought())
				token := t.grants.Token(c.brought())
				return ok && token != nil && !token.Expires.IsZero() && exp != token.Expires.Unix()
			}},
		{ID: "E14", Title: "Issued in the future", Banks: everywhere(),
			Does:    "The authorization server's clock is 30 s ahead of the API's: its Date and consented_on are in the future, and so is a fresh token's end.",
			Correct: "Allow a small leeway, one retry after a pause; compare no instants of two servers.", Refs: []string{"RFC 7519 §4.1.5"},
			Variants: []Variant{{Clock: "skew as=30s"}},
			meets: func(t *traffic, c *call) bool {
				token := t.used(c)
				return token != nil && token.Issued.After(c.At.Add(c.apart()))
			}},
		{ID: "E15", Title: "Dies after some uses", Banks: everywhere(), Does: "An access token is good for three calls.", Correct: "The same as on expiry; assume nothing about time.",
			Variants: one("uses=3"), meets: func(_ *traffic, c *call) bool { return c.kind(fail.TokenExpired) && c.Failed("uses left") }},
		{ID: "E16", Title: "The end told by epoch and extra fields only", Banks: []string{s2s, berlin},
			Does: "No expires_in; consented_on is seconds since 1970, and there are fields that no RFC has.", Correct: "Tolerate unknown fields and types.",
			Variants: one("expires_in=omit"), Refs: []string{"RFC 6749 §5.1"},
			meets: func(_ *traffic, c *call) bool {
				return c.tokens() && c.told().raw == nil && c.answer()["consented_on"] != nil
			}},
	}
}
