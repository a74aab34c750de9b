package admin

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

// Duration is written as levers read it: "90d", "1h30m", "5s", "-10m".
type Duration time.Duration

// MarshalJSON writes the text.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(clock.FormatDuration(time.Duration(d)))
}

// UnmarshalJSON reads the text.
func (d *Duration) UnmarshalJSON(p []byte) error {
	var text string
	if err := json.Unmarshal(p, &text); err != nil {
		return fail.Field("", "a duration is a text as \"90d\"")
	}
	v, err := clock.ParseDuration(text)
	*d = Duration(v)
	if err != nil {
		return fail.Field("", "%v", err)
	}
	return nil
}

// ClockView is a look at a space's clock.
type ClockView struct {
	Now    time.Time `json:"now"`
	Real   time.Time `json:"real"`
	Offset Duration  `json:"offset"` // now - real
	Speed  float64   `json:"speed"`  // virtual seconds per real second
	Frozen bool      `json:"frozen"`
	Skew   SkewView  `json:"skew"`
	Next   []Expiry  `json:"next"` // what ends next, soonest first
}

// Expiry is an end to come.
type Expiry struct {
	At   time.Time `json:"at"`
	In   Duration  `json:"in"`
	Kind string    `json:"kind"` // access, refresh, code, consent
	ID   string    `json:"id"`
	Bank string    `json:"bank"`
	User string    `json:"user,omitempty"`
}

// ClockMove is one way to bend time; exactly one field is set, edge aside.
type ClockMove struct {
	Advance *Duration  `json:"advance,omitempty"` // negative moves back
	Set     *time.Time `json:"set,omitempty"`
	Freeze  *bool      `json:"freeze,omitempty"`
	Speed   *float64   `json:"speed,omitempty"`
	To      string     `json:"to,omitempty"`   // "next-expiry"
	Edge    string     `json:"edge,omitempty"` // before (by 1 s), at, after (by 1 s); of to
	Skew    *SkewOrder `json:"skew,omitempty"`
	Reset   bool       `json:"reset,omitempty"` // real time, without a skew
}

// ClockMoved says what a move did.
type ClockMoved struct {
	ClockView
	Killed  []Expiry `json:"killed"`  // what lived before and is dead now
	Revived []Expiry `json:"revived"` // what was dead of age and lives again
}

func clockEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/clock", op: "clock", doc: "what time it is here, and what ends next", out: ClockView{},
			do: func(r *request) (any, error) { return r.Clock(), nil }},
		{method: "POST", path: "/clock", op: "moveClock", doc: "jump, set, freeze, speed, go to the next expiry, set servers apart, or back to real time", in: ClockMove{}, out: ClockMoved{},
			do: func(r *request) (any, error) {
				var m ClockMove
				if err := r.decode(&m); err != nil {
					return nil, err
				}
				return r.MoveClock(m)
			}},
	}
}

// Clock looks at the clock.
func (d *Desk) Clock() ClockView {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	return d.clock()
}

func (d *Desk) clock() ClockView {
	r := d.Space.Clock.Read()
	v := ClockView{Now: r.Now, Real: r.Real, Offset: Duration(r.Offset.Round(time.Millisecond)), Speed: r.Speed, Frozen: r.Frozen, Skew: skewView(d.Space.Skew), Next: []Expiry{}}
	for _, e := range d.Space.Grants.Ends(r.Now, 10) {
		v.Next = append(v.Next, expiry(e, r.Now))
	}
	return v
}

func expiry(e grant.End, now time.Time) Expiry {
	return Expiry{At: e.At, In: Duration(e.At.Sub(now).Round(time.Millisecond)), Kind: e.Kind, ID: e.ID, Bank: e.Bank, User: e.Owner}
}

// MoveClock bends time, and says what that killed and revived.
func (d *Desk) MoveClock(m ClockMove) (*ClockMoved, error) {
	what, err := m.check()
	if err != nil {
		return nil, err
	}
	out := ClockMoved{Killed: []Expiry{}, Revived: []Expiry{}}
	err = d.Space.Change("clock", what, func() error {
		s := d.Space
		before, skewed := s.Clock.Now(), s.Skew
		if err := d.move(m); err != nil {
			return err
		}
		if m.Set != nil || m.Reset {
			s.Scenarios.Settled()
		}
		now := s.Clock.Now()
		as, rs := skewed.Servers(before)
		asNow, rsNow := s.Skew.Servers(now)
		out.Killed = append(out.Killed, passed(s.Grants, as, asNow, rs, rsNow, now)...)
		out.Revived = append(out.Revived, passed(s.Grants, asNow, as, rsNow, rs, now)...)
		out.ClockView = d.clock()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// check says what the move is, in words, or which field does not fit.
func (m *ClockMove) check() (what string, err error) {
	n := 0
	note := func(set bool, text string) {
		if set {
			n++
			what = text
		}
	}
	note(m.Advance != nil, "moved the clock")
	note(m.Set != nil, "set the clock")
	note(m.Freeze != nil && *m.Freeze, "froze the clock")
	note(m.Freeze != nil && !*m.Freeze, "let the clock run")
	note(m.Speed != nil, "set the clock's speed")
	note(m.To != "", "moved the clock to ")
	note(m.Skew != nil, "set the servers' clocks apart")
	note(m.Reset, "set the clock to real time")
	switch {
	case n != 1:
		return "", fail.Field("", "%d ways to move the clock were given; exactly one of advance, set, freeze, speed, to, skew, reset is needed", n)
	case m.Advance != nil:
		what += " by " + m.Advance.Spoken()
	case m.Set != nil:
		if err := inTime("set", *m.Set); err != nil {
			return "", err
		}
		what += " to " + m.Set.Format(time.RFC3339)
	case m.Speed != nil && (math.IsNaN(*m.Speed) || *m.Speed < 0 || *m.Speed > clock.Fastest):
		return "", fail.Field("speed", "%v is not between 0 and 1000000", *m.Speed)
	case m.Speed != nil:
		what += " to ×" + strconv.FormatFloat(*m.Speed, 'f', -1, 64)
	case m.To != "" && m.To != "next-expiry":
		return "", fail.Field("to", "%q is not next-expiry", m.To)
	case m.To != "":
		what += map[string]string{"": "", "at": "", "before": "1 s before ", "after": "1 s after "}[m.Edge] + "the next expiry"
	case m.Skew != nil:
		text, err := m.Skew.check()
		if err != nil {
			return "", err
		}
		what += ": " + text
	}
	if m.Edge != "" && m.To == "" {
		return "", fail.Field("edge", "edge goes with to")
	}
	return what, nil
}

func (d *Desk) move(m ClockMove) error {
	c := d.Space.Clock
	switch {
	case m.Advance != nil:
		return inTime("advance", c.Advance(time.Duration(*m.Advance)))
	case m.Set != nil:
		c.Set(*m.Set)
	case m.Freeze != nil:
		c.Freeze(*m.Freeze)
	case m.Speed != nil:
		c.SetSpeed(*m.Speed)
	case m.Skew != nil:
		m.Skew.lay(&d.Space.Skew)
	case m.Reset:
		c.Reset()
		d.Space.Skew = clock.Skew{}
	default:
		at, err := d.edge(m.Edge, c.Now())
		if err != nil {
			return err
		}
		return inTime("to", c.Set(at))
	}
	return nil
}
