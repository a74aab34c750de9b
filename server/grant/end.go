package grant

import (
	"cmp"
	"slices"
	"time"
)

// End is an end to come, or one that has come: of a token, of a consent, or of a grant whose login wanted it to be over by itself.
type End struct {
	At                    time.Time
	Kind, ID, Bank, Owner string
}

// compare orders ends by their time.
func (e End) compare(to End) int { return cmp.Or(e.At.Compare(to.At), cmp.Compare(e.ID, to.ID)) }

// Ends are the next ends after now of what lives, soonest first, at most n.
func (g *Grants) Ends(now time.Time, n int) []End {
	return g.ends(n, func(at time.Time, _ *Token) bool { return at.After(now) })
}

// Between are the ends after from, up to and at to, of what nothing else ended: what a jump from one to the other kills, or revives.
func (g *Grants) Between(from, to time.Time) []End {
	return g.ends(0, func(at time.Time, t *Token) bool {
		if t != nil {
			at = g.dead(t)
		}
		return at.After(from) && !at.After(to)
	})
}

// ends are those that keep says yes to, the first most of them; all for 0. A token's is asked about with the token. Of very many, all
// but a few are put aside by their time alone: it is what becomes of a token otherwise that takes long to tell.
func (g *Grants) ends(most int, keep func(at time.Time, t *Token) bool) []End {
	var out []End
	full := false // out has the first most of what was seen, and maybe others behind them
	sift := func() {
		slices.SortFunc(out, End.compare)
		if most > 0 && len(out) >= most {
			out, full = out[:most], true
		}
	}
	late := func(e End) bool { return full && e.compare(out[most-1]) > 0 }
	add := func(e End) {
		if out = append(out, e); most > 0 && len(out) > 2*most {
			sift()
		}
	}
	for _, p := range g.issued.ordered() { // what was issued first mostly ends first
		t := p.record.Load()
		if t == nil || t.Expires.IsZero() || !keep(t.Expires, t) {
			continue
		}
		if e := (End{t.Expires, string(t.Kind), t.ID, t.Bank, t.Owner}); !late(e) && t.Spent == nil && revocation(t, g.grants.Get(t.Grant), t.Expires) == nil {
			add(e)
		}
	}
	g.consents.Range(func(_ string, c *Consent) bool {
		at := c.end()
		if e := (End{at, "consent", c.ID, c.Bank, c.Owner}); c.Stored == Valid && !late(e) && keep(at, nil) {
			add(e)
		}
		return true
	})
	g.ending(func(v *Grant) {
		if e := (End{v.Over, "grant", v.ID, v.Bank, v.Owner}); !late(e) && keep(v.Over, nil) {
			add(e)
		}
	})
	sift()
	return out
}
