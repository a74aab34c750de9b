package grant

import (
	"slices"
	"time"

	"sandbank/server/store"
)

// Stats counts tokens since the start, and what is alive at an instant. Dropped are those that were forgotten to bound memory.
type Stats struct{ Live, Issued, Expired, Revoked, Dropped int64 }

// Stats counts at now. Expired are dead of age, Revoked counts acts of revocation.
func (g *Grants) Stats(bank string, now time.Time) (s Stats) {
	g.tokens.Range(func(_ string, t *Token) bool {
		if bank != "" && t.Bank != bank {
			return true
		}
		s.Issued++
		switch {
		case revocation(t, g.grants.Get(t.Grant)) != nil:
			s.Revoked++
		case g.Expired(t, now):
			s.Expired++
		case t.Spent == nil:
			s.Live++
		}
		return true
	})
	if bank == "" {
		s.Issued, s.Dropped = g.counters.issued.Load(), g.counters.dropped.Load()
	}
	return s
}

// Limit sets how many tokens are kept at most; what is over it goes at the next issue, dead ones first.
func (g *Grants) Limit(n int) { g.limit = n }

func (g *Grants) sweepIfFull(now time.Time) {
	if g.tokens.Len() <= g.limit || !g.sweeping.TryLock() {
		return
	}
	defer g.sweeping.Unlock()
	g.Sweep(now, g.limit-g.limit/10)
}

// Sweep forgets tokens until at most keep are left: first those that are dead at now, then the oldest. It only bounds memory: a token
// that was forgotten is refused as unknown instead of as expired. Grants without tokens, and pages and sessions that ended, go too.
func (g *Grants) Sweep(now time.Time, keep int) {
	type row struct {
		value  string
		issued time.Time
		dead   bool
	}
	var rows []row
	g.tokens.Range(func(value string, t *Token) bool {
		dead := g.Expired(t, now) || t.Spent != nil || revocation(t, g.grants.Get(t.Grant)) != nil
		rows = append(rows, row{value, t.Issued, dead})
		return true
	})
	slices.SortFunc(rows, func(a, b row) int {
		if a.dead != b.dead {
			if a.dead {
				return -1
			}
			return 1
		}
		return a.issued.Compare(b.issued)
	})
	for _, r := range rows[:max(0, len(rows)-keep)] {
		if t := g.tokens.Take(r.value); t != nil {
			g.calls.Delete(usesOf(t))
		}
		g.counters.dropped.Add(1)
	}
	held := map[string]bool{}
	g.tokens.Range(func(_ string, t *Token) bool { held[t.Grant] = true; return true })
	g.grants.Range(func(id string, v *Grant) bool {
		if !held[id] && v.Created.Before(now) {
			g.grants.Delete(id)
		}
		return true
	})
	g.sweepConsents(now, keep)
	g.sweepPages(now)
}

// sweepConsents forgets ended consents when there are more than keep, the oldest first: anybody may ask for one.
func (g *Grants) sweepConsents(now time.Time, keep int) {
	if g.consents.Len() <= keep {
		return
	}
	over := g.consents.Len() - keep
	old := g.Consents(func(c *Consent) bool { return g.ConsentStatus(c, now) != Valid })
	slices.SortFunc(old, func(a, b *Consent) int { return a.Created.Compare(b.Created) })
	for _, c := range old[:min(over, len(old))] {
		g.consents.Delete(c.ID)
		g.counters.dropped.Add(1)
	}
}

func (g *Grants) sweepPages(now time.Time) {
	g.requests.Range(func(id string, r *Request) bool {
		if now.After(r.Ends.Add(time.Hour)) {
			g.requests.Delete(id)
		}
		return true
	})
	g.sessions.Range(func(id string, s *Session) bool {
		if !now.Before(s.Ends) {
			g.sessions.Delete(id)
		}
		return true
	})
	g.calls.Range(func(key string, c *calls) bool {
		if !c.from.IsZero() && now.Sub(c.from) > 48*time.Hour { // without a beginning: they go with their token
			g.calls.Delete(key)
		}
		return true
	})
}

// Watch lets a recorder note every change from now on; nil ends that. Pages and sessions that are open are not noted: no lever turns them.
func (g *Grants) Watch(r *store.Recorder) {
	g.clients.Watch(r)
	g.grants.Watch(r)
	g.tokens.Watch(r)
	g.consents.Watch(r)
	g.calls.Watch(r)
	g.Policy.watch.Store(r)
}

// Copy puts everything that a book held into this one: clients, grants, tokens, consents, counts and the policy.
func (g *Grants) Copy(from *Still) {
	g.clients.Copy(from.clients)
	g.grants.Copy(from.grants)
	g.tokens.Copy(from.tokens)
	g.consents.Copy(from.consents)
	g.calls.Copy(from.calls)
	g.Policy.replace(from.levels)
	g.counters.issued.Store(from.issued)
	g.counters.dropped.Store(from.dropped)
}
