package grant

import "time"

// Living visits every token that works at now, in no particular order: neither spent nor revoked nor expired.
func (g *Grants) Living(now time.Time, visit func(*Token)) {
	g.tokens.Range(func(_ string, t *Token) bool {
		if t.Spent == nil && !g.Expired(t, now) && revocation(t, g.grants.Get(t.Grant), now) == nil {
			visit(t)
		}
		return true
	})
}

// Retime gives the living tokens that a lifetime is about, and that reach says yes to, the life that the policy has for them now,
// counted from when their old one was. It says how many that were and how many of them are over at once. What a login turned for itself
// stays, and other knobs than lifetimes of tokens re-time nothing.
func (g *Grants) Retime(k Knob, reach func(*Token) bool, now time.Time) (retimed, ended int) {
	spec, _ := SpecOf(k)
	if !spec.Lifetime() {
		return 0, 0
	}
	var living []*Token
	g.Living(now, func(t *Token) {
		if of := g.grants.Get(t.Grant); spec.About(t) && reach(t) && of != nil && !of.Terms.turns(k) {
			living = append(living, t)
		}
	})
	for _, t := range living {
		next := g.retime(k, t)
		if retimed++; next == nil || g.Expired(next, now) {
			ended++
		}
	}
	return retimed, ended
}

func (g *Grants) retime(k Knob, t *Token) *Token {
	life, source := g.Policy.Value(k, t.Bank, t.Client, t.Owner)
	of := g.grants.Get(t.Grant)
	if k == RefreshMaxTTL {
		of, _ = g.grants.Update(t.Grant, func(v Grant) (Grant, error) {
			v.Ends = time.Time{}
			if !life.Never {
				v.Ends = v.Created.Add(life.Duration)
			}
			return v, nil
		})
		life, source = Value{Duration: t.Life, Never: t.Life == 0}, t.Policy // its own stays; one that lives with none has no end
	}
	next, _ := g.tokens.Update(t.Value, func(v Token) (Token, error) {
		v.Life, v.Policy = life.Duration, source
		v.Expires = end(&v, of, life)
		return v, nil
	})
	return next
}
