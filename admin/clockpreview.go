package admin

import (
	"net/url"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
)

// ClockPreview says what a jump would do, without it being done.
type ClockPreview struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	By      Duration  `json:"by"`
	Killed  []Expiry  `json:"killed"`  // what lives and would be dead; in is negative: by how much it would be over
	Revived []Expiry  `json:"revived"` // what is dead of age and would live again
}

func clockPreviewEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/clock/preview", op: "previewClock", doc: "what a jump would end or revive, and by how much each would be late; nothing moves",
			query: []parameter{{"advance", "by this much, as 10m or -1h"}, {"set", "to this instant"}, {"to", "next-expiry"},
				{"edge", "before, at, after; of to"}, {"reset", "true: to real time"}},
			out: ClockPreview{}, do: func(r *request) (any, error) {
				m, err := clockMove(r.query)
				if err != nil {
					return nil, err
				}
				return r.PreviewClock(m)
			}},
		{method: "GET", path: "/clock/ends", op: "ends", doc: "what ends next, soonest first", query: []parameter{{"limit", "1 to 1000; 100 by default"}}, out: []Expiry{},
			do: func(r *request) (any, error) {
				n, err := r.number("limit", 100, 1, 1000)
				if err != nil {
					return nil, err
				}
				return r.Ends(n), nil
			}},
	}
}

// clockMove reads a jump from a query.
func clockMove(q url.Values) (m ClockMove, err error) {
	if text := q.Get("advance"); text != "" {
		by, err := clock.ParseDuration(text)
		if err != nil {
			return m, fail.Field("advance", "%v", err)
		}
		m.Advance = (*Duration)(&by)
	}
	if text := q.Get("set"); text != "" {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return m, fail.Field("set", "%q is no RFC 3339 instant; write for example 2030-01-01T00:00:00Z", text)
		}
		m.Set = &at
	}
	m.To, m.Edge = q.Get("to"), q.Get("edge")
	m.Reset = q.Get("reset") == "true"
	return m, nil
}

// PreviewClock says what a move would kill and revive.
func (d *Desk) PreviewClock(m ClockMove) (*ClockPreview, error) {
	if _, err := m.check(); err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	r, skew := d.Space.Clock.Read(), d.Space.Skew
	to := r.Now
	switch {
	case m.Advance != nil:
		to = to.Add(time.Duration(*m.Advance))
		if err := inTime("advance", to); err != nil {
			return nil, err
		}
	case m.Set != nil:
		to = m.Set.UTC()
	case m.To != "":
		var err error
		if to, err = d.edge(m.Edge, r.Now); err != nil {
			return nil, err
		}
	case m.Reset:
		to, skew = r.Real, clock.Skew{}
	case m.Skew != nil:
		m.Skew.lay(&skew)
	}
	out := &ClockPreview{From: r.Now, To: to, By: Duration(to.Sub(r.Now)), Killed: []Expiry{}, Revived: []Expiry{}}
	as, rs := d.Space.Skew.Servers(r.Now)
	asTo, rsTo := skew.Servers(to)
	if asTo.After(as) || rsTo.After(rs) {
		out.Killed = append(out.Killed, passed(d.Space.Grants, as, asTo, rs, rsTo, to)...)
	}
	if asTo.Before(as) || rsTo.Before(rs) {
		out.Revived = append(out.Revived, passed(d.Space.Grants, asTo, as, rsTo, rs, to)...)
	}
	return out, nil
}

// Skew is how far the servers are from the clock.
func (d *Desk) Skew() SkewView {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	return skewView(d.Space.Skew)
}

// Ends are the next n ends of what lives.
func (d *Desk) Ends(n int) []Expiry {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	out, now := []Expiry{}, d.Space.Clock.Now()
	for _, e := range d.Space.Grants.Ends(now, n) {
		out = append(out, expiry(e, now))
	}
	return out
}

// edge is the instant just before, at, or just after the next end.
func (d *Desk) edge(name string, now time.Time) (time.Time, error) {
	by, ok := map[string]time.Duration{"before": -time.Second, "at": 0, "": 0, "after": time.Second}[name]
	if !ok {
		return now, fail.Field("edge", "%q is none of before, at, after", name)
	}
	next := d.Space.Grants.Ends(now, 1)
	if len(next) == 0 {
		return now, fail.New(fail.Conflict, "nothing will expire")
	}
	return next[0].At.Add(by), nil
}
