package grant

import (
	"cmp"
	"slices"
	"time"

	"sandbank/server/store"
)

// Holding is how much a book holds at the moment, how much at most of what anybody can make without limit, and how much went to keep
// it so.
type Holding struct {
	Tokens, Grants, Consents, Clients, Pages, Sessions, Pushed, Devices, Counts int

	MostTokens, MostConsents, MostPages, MostSessions int   // there are at most as many pushed requests, and as many devices, as pages
	Dropped                                           int64 // tokens and consents
	Shed                                              int64 // logins under way, sessions, pushed requests and devices
}

// Holding counts.
func (g *Grants) Holding() Holding {
	return Holding{Tokens: g.tokens.Len(), Grants: g.grants.Len(), Consents: g.consents.Len(), Clients: g.clients.Len(), Pages: g.requests.Len(),
		Sessions: g.sessions.Len(), Pushed: g.pushed.Len(), Devices: g.devices.Len(), Counts: g.calls.Len(), MostTokens: g.limit, MostConsents: g.limit / 10, MostPages: g.limit / 10, MostSessions: g.limit / 10,
		Dropped: g.counters.dropped.Load(), Shed: g.counters.shed.Load()}
}

// boundPages forgets logins, sessions, pushed requests and devices that are over, now and then, and the oldest that are not when there are too many: while the clock
// stands, none of them would ever end.
func (g *Grants) boundPages(now time.Time) {
	most := g.limit / 10
	full := max(g.requests.Len(), g.sessions.Len(), g.pushed.Len(), g.devices.Len()) > most
	if !full && (g.requests.Len()+g.pushed.Len()+g.devices.Len())%1024 != 0 || !g.sweeping.TryLock() {
		return
	}
	defer g.sweeping.Unlock()
	g.sweepPages(now)
	n := shed(g.requests, most, func(a, b *Request) int { return cmp.Compare(a.number, b.number) })
	n += shed(g.sessions, most, func(a, b *Session) int { return cmp.Compare(a.number, b.number) })
	n += shed(g.pushed, most, func(a, b *Pushed) int { return cmp.Compare(a.number, b.number) })
	n += shed(g.devices, most, func(a, b *Device) int { return cmp.Compare(a.number, b.number) })
	g.counters.shed.Add(int64(n))
}

// shed removes the first records by an order when there are more than most; a tenth more than it must, so that it does not have to every time.
func shed[V any](of *store.Map[string, V], most int, order func(a, b *V) int) int {
	if of.Len() <= most {
		return 0
	}
	type row struct {
		key    string
		record *V
	}
	var rows []row
	of.Range(func(key string, v *V) bool { rows = append(rows, row{key, v}); return true })
	slices.SortFunc(rows, func(a, b row) int { return order(a.record, b.record) })
	rows = rows[:max(0, len(rows)-most*9/10)]
	for _, r := range rows {
		of.Delete(r.key)
	}
	return len(rows)
}
