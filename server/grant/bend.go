package grant

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"sandbank/server/fail"
)

// This file is where knobs bend the life of a token that is checked or issued. All of it is out of the way while the knobs stand at
// their defaults.

// Expired tells whether a token's end has come. At the very instant of Expires it has, unless the boundary is inclusive.
func (g *Grants) Expired(t *Token, now time.Time) bool {
	return t.Expired(now) && !(now.Equal(t.Expires) && g.inclusive(t))
}

func (g *Grants) inclusive(t *Token) bool {
	if !g.termed.Load() && !g.Policy.turned(Boundary) {
		return false
	}
	v, _ := g.ofToken(Boundary, t)
	return v.Text == Inclusive
}

// dead is the first instant at which a token is over; zero: it has no end.
func (g *Grants) dead(t *Token) time.Time {
	if !t.Expires.IsZero() && g.inclusive(t) {
		return t.Expires.Add(1)
	}
	return t.Expires
}

// lags tells whether a revoked access token passes none the less, as it does where resource servers learn of a revocation later.
func (g *Grants) lags(token *Token, of *Grant, e *Event, now time.Time, t *fail.Trail) bool {
	if of == nil || !g.turned(RevocationLag, of) {
		return false
	}
	lag, source := g.Value(RevocationLag, of)
	over := e.At.Add(lag.Duration)
	if !now.Before(over) {
		return false
	}
	t.Pass("not revoked", fmt.Sprintf("it was, %s ago; that takes effect in %s by %s", short(now.Sub(e.At)), short(over.Sub(now)), source))
	return true
}

// use counts one call with an access token, where the policy limits them. A token that is used up is refused like an expired one.
func (g *Grants) use(token *Token, of *Grant, t *fail.Trail) error {
	most, source := g.Value(Uses, of)
	if most.Count == 0 {
		return nil
	}
	n, err := g.Count(usesOf(token), time.Time{}, most.Count)
	if err != nil {
		return t.No("uses left", fail.New(fail.TokenExpired, "%s is used up; it was good for %d calls by %s", token.ID, most.Count, source))
	}
	t.Pass("uses left", fmt.Sprintf("%d of %d by %s", most.Count-n, most.Count, source))
	return nil
}

// Midstream is for answers that take their time. Where the policy wants an access token to be good until the answer is out, good tells
// whether it is, and until says so in words; everywhere else good is nil.
func (g *Grants) Midstream(bank, value string) (good func(now time.Time) bool, until string) {
	token := g.tokens.Get(value)
	if token == nil || token.Bank != bank || token.Kind != Access || !g.Policy.turned(TokenCheck) && !g.termed.Load() {
		return nil, ""
	}
	v, source := g.ofToken(TokenCheck, token)
	if v.Text != CheckMidstream {
		return nil, ""
	}
	return func(now time.Time) bool {
		t := g.tokens.Get(value)
		if t == nil || g.Expired(t, now) {
			return false
		}
		of := g.grants.Get(t.Grant)
		e := revocation(t, of, now)
		return e == nil || g.lags(t, of, e, now, nil)
	}, "stops when " + token.ID + " ends, by " + source
}

// usesOf is where the calls with a token are counted. They count from the beginning of time, which no window ends.
func usesOf(t *Token) string { return "uses " + t.ID }

// life is how long something of this grant lives by the policy, and by whose rule: with jitter, up to so many per cent off it.
func (g *Grants) life(k Knob, of *Grant) (Value, string) {
	life, source := g.Value(k, of)
	if life.Never || !g.turned(Jitter, of) {
		return life, source
	}
	percent, by := g.Value(Jitter, of)
	most := int64(float64(life.Duration.Milliseconds()) * float64(percent.Count) / 100)
	if most <= 0 {
		return life, source
	}
	off := time.Duration(g.dice.Between(-most, most)) * time.Millisecond
	return Lifetime(max(0, life.Duration+min(off, math.MaxInt64-life.Duration))), fmt.Sprintf("%s, ±%d %% by %s", source, percent.Count, by)
}

// redeem notes that a grant has brought tokens. Where the policy says how many grants a user and client may have, the oldest go.
func (g *Grants) redeem(of *Grant, now time.Time) *Grant {
	limit, source := Value{}, ""
	if of.Owner != "" && g.turned(MaxGrants, of) {
		if limit, source = g.Value(MaxGrants, of); limit.Count > 0 {
			g.evicting.Lock() // so that each grant is younger than those that it finds
			defer g.evicting.Unlock()
		}
	}
	next, err := g.grants.Update(of.ID, func(v Grant) (Grant, error) { v.Redeemed = true; return v, nil })
	if err != nil {
		return of
	}
	if limit.Count > 0 {
		g.evict(next, limit.Count-1, source, now)
	}
	return next
}

// evict revokes all but the youngest of the grants beside this one.
func (g *Grants) evict(of *Grant, keep int64, source string, now time.Time) {
	var others []*Grant
	g.grants.Range(func(id string, v *Grant) bool {
		if id != of.ID && v.Redeemed && v.Ending(now) == nil && v.Bank == of.Bank && v.Client == of.Client && v.Owner == of.Owner {
			others = append(others, v)
		}
		return true
	})
	slices.SortFunc(others, func(a, b *Grant) int { return cmp.Compare(b.Number, a.Number) })
	for i := keep; i < int64(len(others)); i++ {
		g.Revoke(others[i].ID, "bank", fmt.Sprintf("%s came, and %d at a time are allowed by %s", of.ID, keep+1, source), now)
	}
}
