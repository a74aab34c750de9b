package scenario

import (
	"strings"
	"time"

	"sandbank/server/fail"
)

// onRefresh is the condition of a fault that strikes refreshes.
const onRefresh = "op=token; param=grant_type=refresh_token; "

// refreshes are the cases of group 3.3.
func refreshes() []Case {
	return append(rotations(), lines()...)
}

// rotations are those about what a refresh does to the refresh token.
func rotations() []Case {
	return []Case{
		{ID: "E27", Title: "The refresh token expires", Banks: refreshing(), Does: "Refresh tokens live 20 s.",
			Correct: "invalid_grant means asking the person again; no retry.", Refs: []string{"RFC 6749 §5.2"},
			Variants: []Variant{{Knobs: []string{"refresh=20s"}}, {Name: "91 days later", Clock: "advance 91d"}},
			meets: func(_ *traffic, c *call) bool {
				return c.refresh() && c.kind(fail.InvalidGrant) && c.Failed("not expired")
			}},
		{ID: "E28", Title: "The refresh answer has no refresh_token", Banks: refreshing(), Does: "A refresh leaves the refresh token as it is, and does not tell it again.",
			Correct: "Keep the old one.", Refs: []string{"RFC 6749 §6"}, Variants: one("rotation=none"),
			meets: func(_ *traffic, c *call) bool { return c.renewed() && c.answer()["refresh_token"] == nil }},
		{ID: "E29", Title: "Rotation: the old one is dead at once", Banks: refreshing(), Does: "A refresh brings a new refresh token and kills the old one.",
			Correct: "Store the new one, atomically, before using it.", Refs: []string{"RFC 9700 §4.14.2"}, Variants: one("rotation=rotate", "grace=0s"),
			meets: func(_ *traffic, c *call) bool {
				next := text(c.answer()["refresh_token"])
				return c.renewed() && next != "" && next != c.form().Get("refresh_token")
			}},
		{ID: "E30", Title: "Reuse kills the family", Banks: refreshing(), Does: "A rotated refresh token that comes back ends the whole grant.",
			Correct: "Drop both tokens, ask the person again, raise an alarm.", Refs: []string{"RFC 9700 §4.14.2"}, Do: "Replay a refresh: POST /journal/{id}/replay.",
			Variants: one("rotation=rotate", "grace=0s", "reuse=family"),
			meets: func(_ *traffic, c *call) bool {
				return c.Failed("not rotated away") && strings.Contains(c.Why, "the whole grant")
			}},
		{ID: "E31", Title: "A grace for the old one", Banks: refreshing(), Does: "A rotated refresh token works once more within 10 s, and brings the same successor or one more.",
			Correct: "Accept either; the newest wins.", Refs: []string{"django-oauth-toolkit#702"}, Do: "Refresh, and replay it within 10 s.",
			Variants: []Variant{{Name: "same", Knobs: []string{"rotation=rotate", "grace=10s", "successor=same"}},
				{Name: "new", Knobs: []string{"rotation=rotate", "grace=10s", "successor=new"}}},
			meets: func(_ *traffic, c *call) bool { return c.renewed() && c.Check("grace") != nil }},
		{ID: "E32", Title: "Two refreshes at once", Banks: refreshing(), Does: "The next three refreshes take 2 s each, so that others begin meanwhile.",
			Correct: "One lock for each grant, across processes.", Refs: []string{"hqbase#41"}, Do: "Or replay one: POST /journal/{id}/replay {\"times\":10,\"parallel\":true}.",
			Variants: spoil(onRefresh + "delay=2s; next=3"),
			meets: func(t *traffic, c *call) bool {
				for _, other := range t.sent[c.form().Get("refresh_token")] {
					if apart := c.At.Sub(other.At).Abs(); c.refresh() && (apart < other.Took || apart < c.Took) {
						return true
					}
				}
				return false
			}},
		{ID: "E33", Title: "Rotated, and the answer is lost", Banks: refreshing(), Does: "The refresh is done; the connection is reset before its answer.",
			Correct: "One retry in the grace, else ask the person again.", Variants: spoil(onRefresh + "where=after; reset"),
			meets: func(_ *traffic, c *call) bool { return c.refresh() && c.lost() && c.did("reset", "drop", "hang") }},
		{ID: "E34", Title: "Rotated, and the answer is 5xx", Banks: refreshing(), Does: "The refresh is done; the answer is 500.",
			Correct: "Do not delete the old refresh token.", Refs: []string{"tpp-issues#93"}, Variants: spoil(onRefresh + "where=after; status=500"),
			meets: func(_ *traffic, c *call) bool { return c.refresh() && c.lost() && c.did("status=5") }},
	}
}

// lines are those about the longer life of a grant.
func lines() []Case {
	return []Case{
		{ID: "E35", Title: "Sliding, absolute, idle", Banks: refreshing(), Does: "Refresh tokens live 7 days: from the last refresh, or from the login.",
			Correct: "Honour both ends that an answer tells, and warn the person before them.", Do: "Refresh, let 7 days pass, refresh again.",
			Variants: []Variant{{Name: "idle", Knobs: []string{"refresh=7d", "refresh-mode=idle"}},
				{Name: "absolute", Knobs: []string{"refresh=7d", "refresh-mode=absolute"}}},
			meets: func(t *traffic, c *call) bool {
				token := t.grants.Token(c.form().Get("refresh_token"))
				return c.refresh() && c.Failed("not expired") && token != nil && !t.refreshed[token.Grant].IsZero()
			}},
		{ID: "E36", Title: "The scope shrinks on refresh", Banks: []string{s2s, sparebank1}, Does: "A refresh takes a scope away.",
			Correct: "Read scope again, and do less.", Refs: []string{"RFC 6749 §5.1"},
			Variants: one("s2s.refresh-scope=drop:all:eft", "sparebank1.refresh-scope=drop:transactions"),
			meets: func(_ *traffic, c *call) bool {
				s := c.Check("scope")
				return c.renewed() && s != nil && strings.Contains(s.Why, " without ")
			}},
		{ID: "E37", Title: "A refresh returns the same access token", Banks: refreshing(), Does: "While an access token lives, a refresh returns it again.",
			Correct: "No loop.", Variants: one("same-access=on"),
			meets: func(t *traffic, c *call) bool { return c.renewed() && t.reused[access(c)] }},
		{ID: "E38", Title: "invalid_client after a secret was rotated", Banks: everywhere(), Does: "The client's secret is another one, and the old one is not taken any more.",
			Correct: "Keep the tokens, and call the operator.", Do: `POST /clients/{bank}/{id}/rotate {"overlap":"0s"}.`, Refs: []string{"RFC 6749 §5.2"},
			meets: func(t *traffic, c *call) bool {
				return c.Op == opToken && c.kind(fail.InvalidClient) && t.first[c.client] != nil
			}},
		{ID: "E39", Title: "Too many grants: the oldest goes", Banks: everywhere(), Does: "A person and a client have two grants at once; a third ends the oldest.",
			Correct: "Handle an invalid_grant out of the blue.", Refs: []string{"allegro-api, 20 sessions"}, Do: "Log in three times.", Variants: one("max-grants=2"),
			meets: func(_ *traffic, c *call) bool {
				return c.kind(fail.TokenRevoked, fail.InvalidGrant) && strings.Contains(c.Why, "at a time are allowed by")
			}},
		{ID: "E40", Title: "The sandbox was reset", Banks: everywhere(), Does: "Tokens that the client keeps are unknown.", Correct: "Ask the person again, cleanly.",
			Do: `Log in, then POST /reset {"what":"tokens"}.`,
			meets: func(t *traffic, c *call) bool {
				return c.kind(fail.TokenUnknown) && t.issued[c.bearer] || c.refresh() && c.Failed("refresh token known") && t.issued[c.form().Get("refresh_token")]
			}},
		{ID: "E41", Title: "A refresh while the token still lives, and the server is down", Banks: refreshing(), Does: "The next three refreshes get 503.",
			Correct: "Go on with the access token; try again in the background, with jitter.", Variants: spoil(onRefresh + "status=503; retry-after=5s; next=3"),
			meets: func(t *traffic, c *call) bool {
				token := t.grants.Token(c.form().Get("refresh_token"))
				return c.refresh() && c.spoiled != "" && (c.Status >= 500 || c.Status == 0) && token != nil && t.lives(token.Grant, c.At)
			}},
	}
}

// lives tells whether the access token that the client was seen with last, of a grant, lived at an instant.
func (t *traffic) lives(of string, at time.Time) bool {
	token := t.grants.Find(t.held[of])
	return token != nil && !token.Expired(at) && (token.Revoked == nil || token.Revoked.At.After(at))
}
