package grant

import (
	"slices"
	"strings"
	"sync/atomic"
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
		case revocation(t, g.grants.Get(t.Grant), now) != nil:
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
// that was forgotten is refused as unknown instead of as expired. A grant goes with its last token; pages and sessions that ended go too.
func (g *Grants) Sweep(now time.Time, keep int) {
	surplus, orphans := g.tokens.Len()-keep, map[string]bool{}
	for _, sparing := range []bool{true, false} {
		for _, p := range g.issued.ordered() {
			if surplus <= 0 {
				break
			}
			t := p.record.Load()
			if t == nil || sparing && g.State(t, now).Name == StateLive || g.tokens.Take(t.Value) == nil {
				continue
			}
			g.calls.Delete(usesOf(t))
			surplus--
			g.count(&g.counters.dropped)
			orphans[t.Grant] = true
		}
	}
	for id := range orphans {
		if g.issued.has(id) {
			continue
		}
		if of := g.grants.Take(id); of != nil && g.issued.has(id) {
			g.grants.Add(id, of) // its code was being exchanged
		}
	}
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
	gone := map[string]bool{}
	for _, c := range old[:min(over, len(old))] {
		g.consents.Delete(c.ID)
		g.count(&g.counters.dropped)
		gone[c.ID] = true
	}
	g.calls.Range(func(key string, _ *calls) bool {
		if of, _, ok := strings.Cut(key, " "); ok && gone[of] {
			g.calls.Delete(key)
		}
		return true
	})
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
	g.pushed.Range(func(uri string, p *Pushed) bool {
		if now.After(p.Ends.Add(time.Hour)) {
			g.pushed.Delete(uri)
		}
		return true
	})
	g.devices.Range(func(key string, d *Device) bool {
		if now.After(d.Ends.Add(time.Hour)) { // until then the device is told what became of it
			g.devices.Delete(key)
		}
		return true
	})
	g.calls.Range(func(key string, c *calls) bool {
		if !c.from.IsZero() && now.Sub(c.from) > 48*time.Hour { // without a beginning: they go with their token or consent
			g.calls.Delete(key)
		}
		return true
	})
}

// count counts one more; by a lever that is taken back, one less.
func (g *Grants) count(n *atomic.Int64) {
	n.Add(1)
	if r := g.Policy.watch.Load(); r != nil {
		r.Note(func() bool { n.Add(-1); return true })
	}
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
	from.grants.Range(func(_ string, v *Grant) {
		if v.Terms != nil {
			g.termed.Store(true)
		}
	})
	g.tokens.Copy(from.tokens)
	g.consents.Copy(from.consents)
	g.calls.Copy(from.calls)
	g.issued.ordered() // a store is copied in no order, so the lines have work to do: now, not when the first list is asked for
	g.given.ordered()
	g.asked.ordered()
	g.Policy.replace(from.levels)
	g.counters.issued.Store(from.issued)
	g.counters.dropped.Store(from.dropped)
}
