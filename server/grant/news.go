package grant

import (
	"slices"
	"strings"
	"time"
)

// What happens to a token, a grant or a consent.
const (
	WasIssued  = "issued"  // a token is there
	WasSpent   = "spent"   // a code was redeemed, a refresh token rotated away
	WasRetimed = "retimed" // a token's end was moved
	WasRevoked = "revoked" // a token, or a grant with all its tokens
	WasChanged = "changed" // a consent has another state, or another end
	WasEnded   = "expired" // the end of a token or a consent has come
)

// News is one such happening. Exactly one of Token, Grant and Consent is set.
type News struct {
	What    string
	Token   *Token
	Grant   *Grant
	Consent *Consent
	Event   *Event    // who did it and why, where somebody did
	Ends    time.Time // the first instant at which the token, its grant or the consent is over; zero: never
	Was     time.Time // of WasRetimed: the former end
}

// Hear tells f what happens from now on, whoever does it: a bank, a lever, time excepted. f may be called at once from several
// goroutines, in the middle of a request.
func (g *Grants) Hear(f func(News)) {
	g.tokens.Hear(func(old, now *Token) {
		if now == nil { // forgotten
			return
		}
		n := News{Token: now, Ends: g.dead(now)}
		switch {
		case old == nil:
			n.What = WasIssued
			if over := g.over(now); !over.IsZero() && (n.Ends.IsZero() || over.Before(n.Ends)) {
				n.Ends = over
			}
		case old.Revoked == nil && now.Revoked != nil:
			n.What, n.Event = WasRevoked, now.Revoked
		case old.Spent == nil && now.Spent != nil:
			n.What, n.Event = WasSpent, now.Spent
		case !old.Expires.Equal(now.Expires):
			n.What, n.Was = WasRetimed, old.Expires
		default:
			return
		}
		f(n)
	})
	g.grants.Hear(func(old, now *Grant) {
		if old != nil && now != nil && old.Revoked == nil && now.Revoked != nil {
			f(News{What: WasRevoked, Grant: now, Event: now.Revoked})
		}
	})
	g.consents.Hear(func(old, now *Consent) {
		if now != nil && (old == nil || old.Stored != now.Stored || !old.Until.Equal(now.Until) || !old.Over.Equal(now.Over)) {
			f(News{What: WasChanged, Consent: now, Event: now.Ended, Ends: now.end()})
		}
	})
}

// Passed are the tokens, consents and grants whose end came after from, up to and at to, and that nothing else had ended: soonest first,
// at most n of them, the others only counted. next is the first end after to; zero when there is none.
func (g *Grants) Passed(from, to time.Time, n int) (ended []News, more int, next time.Time) {
	look := func(n News, stands func() bool) bool {
		switch at := n.Ends; {
		case at.IsZero() || !at.After(from):
		case at.After(to):
			if (next.IsZero() || at.Before(next)) && stands() {
				next = at
			}
		case stands():
			ended = append(ended, n)
		}
		return true
	}
	g.tokens.Range(func(_ string, t *Token) bool {
		return look(News{What: WasEnded, Token: t, Ends: g.dead(t)}, func() bool { return t.Spent == nil && revocation(t, g.grants.Get(t.Grant), t.Expires) == nil })
	})
	g.consents.Range(func(_ string, c *Consent) bool {
		n := News{What: WasEnded, Consent: c, Ends: c.end()}
		if !n.Ends.Equal(c.Until) {
			gone := *c
			gone.Stored = RevokedByPSU
			n.What, n.Consent, n.Event = WasChanged, &gone, c.Ending(n.Ends)
		}
		return look(n, func() bool { return c.Stored == Valid })
	})
	g.ending(func(v *Grant) {
		look(News{What: WasRevoked, Grant: v, Event: v.Ending(v.Over), Ends: v.Over}, func() bool { return true })
	})
	slices.SortFunc(ended, func(a, b News) int {
		if c := a.Ends.Compare(b.Ends); c != 0 {
			return c
		}
		return strings.Compare(a.id(), b.id())
	})
	if len(ended) > n {
		ended, more = ended[:n], len(ended)-n
	}
	return ended, more, next
}

func (n News) id() string {
	switch {
	case n.Token != nil:
		return n.Token.ID
	case n.Grant != nil:
		return n.Grant.ID
	}
	return n.Consent.ID
}

// Named finds a token by its id, dead or alive, or nil. It looks through all of them.
func (g *Grants) Named(id string) (found *Token) {
	g.tokens.Range(func(_ string, t *Token) bool {
		if t.ID == id {
			found = t
		}
		return found == nil
	})
	return found
}
