package grant

import (
	"slices"
	"time"
)

// End is an end to come, or one that has come: of a token, of a consent, or of a grant whose login wanted it to be over by itself.
type End struct {
	At                    time.Time
	Kind, ID, Bank, Owner string
}

// Ends are the next ends after now of what lives, soonest first, at most n.
func (g *Grants) Ends(now time.Time, n int) []End {
	out := g.ends(func(at, _ time.Time) bool { return at.After(now) })
	return out[:min(n, len(out))]
}

// Between are the ends after from, up to and at to, of what nothing else ended: what a jump from one to the other kills, or revives.
func (g *Grants) Between(from, to time.Time) []End {
	return g.ends(func(_, dead time.Time) bool { return dead.After(from) && !dead.After(to) })
}

// ends asks keep about each end, and about the first instant at which the thing is over.
func (g *Grants) ends(keep func(at, dead time.Time) bool) []End {
	var out []End
	g.tokens.Range(func(_ string, t *Token) bool {
		if !t.Expires.IsZero() && keep(t.Expires, g.dead(t)) && t.Spent == nil && revocation(t, g.grants.Get(t.Grant), t.Expires) == nil {
			out = append(out, End{t.Expires, string(t.Kind), t.ID, t.Bank, t.Owner})
		}
		return true
	})
	g.consents.Range(func(_ string, c *Consent) bool {
		if at := c.end(); c.Stored == Valid && keep(at, at) {
			out = append(out, End{at, "consent", c.ID, c.Bank, c.Owner})
		}
		return true
	})
	g.ending(func(v *Grant) {
		if keep(v.Over, v.Over) {
			out = append(out, End{v.Over, "grant", v.ID, v.Bank, v.Owner})
		}
	})
	slices.SortFunc(out, func(a, b End) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}
