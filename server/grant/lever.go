package grant

import (
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
)

// ByLever is what a token says of whose rule its life is, once a lever moved its end: the last level of the cascade, the token itself.
const ByLever = "token lever"

// EndAt moves the end of one token; the zero time takes its end away. Life and Policy tell so from then on. A refresh token that is to
// outlive its grant's end takes that along, or the tokens that it brings would be dead from the start.
func (g *Grants) EndAt(id string, expires time.Time) (*Token, error) {
	t, err := g.change(id, func(t *Token) { t.endAt(expires) })
	if err != nil || t.Kind != Refresh {
		return t, err
	}
	g.grants.Update(t.Grant, func(v Grant) (Grant, error) {
		if !v.Ends.IsZero() && (expires.IsZero() || expires.After(v.Ends)) {
			v.Ends = expires
		}
		return v, nil
	})
	return t, nil
}

func (t *Token) endAt(expires time.Time) {
	t.Expires, t.Policy, t.Life = expires, ByLever, 0
	if !expires.IsZero() {
		t.Life = max(0, expires.Sub(t.Issued))
	}
}

// Rescope sets the scope of one token, narrower or wider. That of a refresh token or a code is the scope of what it brings from now on.
func (g *Grants) Rescope(id, scope string) (*Token, error) {
	return g.change(id, func(t *Token) { t.Scope = strings.Join(strings.Fields(scope), " ") })
}

func (g *Grants) change(id string, by func(*Token)) (*Token, error) {
	t := g.Find(id)
	if t == nil {
		return nil, fail.New(fail.NotFound, "there is no token %q, or it was forgotten", id)
	}
	next, err := g.tokens.Update(t.Value, func(v Token) (Token, error) { by(&v); return v, nil })
	if err != nil {
		return nil, fail.New(fail.NotFound, "%s was forgotten", t.ID)
	}
	return next, nil
}

// Mint opens a grant and deals it one token of each kind, as if somebody had walked the flow. A code carries what its exchange must match.
func (g *Grants) Mint(a Authorization, now time.Time, kinds ...Kind) (*Grant, []*Token) {
	of := g.open(a, now)
	var out []*Token
	for _, k := range kinds {
		switch k {
		case Code:
			out = append(out, g.code(of, a, now))
		case Access:
			out = append(out, g.access(nil, of, a.extent(), a.Sign, a.Until, now))
		default:
			out = append(out, g.mint(k, nil, of, a.extent(), now))
		}
	}
	if !slices.Contains(kinds, Code) {
		of = g.redeem(of, now)
	}
	return of, out
}

// RevokeAll ends every grant that keep says yes to (all when nil) and that has not ended; it counts them, and the tokens of theirs that
// were live at now.
func (g *Grants) RevokeAll(keep func(*Grant) bool, by, why string, now time.Time) (grants, tokens int) {
	g.given.recent(0, func(v *Grant) bool {
		if v.Ending(now) != nil || keep != nil && !keep(v) {
			return true
		}
		live := 0
		for _, t := range g.issued.family(v.ID) {
			if g.State(t, now).Name == StateLive {
				live++
			}
		}
		if g.Revoke(v.ID, by, why, now) {
			grants, tokens = grants+1, tokens+live
		}
		return true
	})
	return grants, tokens
}

// Calls is how often something was counted in one window.
type Calls struct {
	Key   string
	Since time.Time // the window's beginning, in the zone whose days or hours are counted
	N     int64
}

// Counts are the counts whose key begins with prefix, by key.
func (g *Grants) Counts(prefix string) []Calls {
	var out []Calls
	for _, key := range g.calls.Keys() {
		if c := g.calls.Get(key); c != nil && c.n > 0 && strings.HasPrefix(key, prefix) {
			out = append(out, Calls{key, c.from, c.n})
		}
	}
	return out
}

// Uncount forgets the counts whose key begins with prefix, and says how many calls that were.
func (g *Grants) Uncount(prefix string) (n int64) {
	for _, c := range g.Counts(prefix) {
		g.calls.Delete(c.Key)
		n += c.N
	}
	return n
}
