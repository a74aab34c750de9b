package fault

import (
	"fmt"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
)

// Dump is the rules of a space as they are written to a file.
type Dump struct {
	Issued  int      `json:"issued"`  // number of the last rule
	Headers bool     `json:"headers"` // whether a request may bring its own fault
	Armed   []Record `json:"armed"`   // top-down
	Spent   []Record `json:"spent"`   // oldest first
}

// Record is a rule with how far it has come.
type Record struct {
	Rule
	Seen int       `json:"seen,omitempty"`
	Hits int       `json:"hits,omitempty"`
	Last time.Time `json:"last,omitzero"`
	Done bool      `json:"done,omitempty"`
}

// On is a copy that goes its own way, as far as the rules have come by now, and that draws from d what new rules leave open.
func (f *Faults) On(d *dice.Dice) *Faults {
	c := f.Clone()
	c.dice = d
	return c
}

// Dump writes everything out.
func (f *Faults) Dump() Dump {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.now()
	return Dump{Issued: f.issued, Headers: s.headers, Armed: records(s.rules), Spent: records(f.spent)}
}

func records(rules []*armed) []Record {
	out := make([]Record, len(rules))
	for i, a := range rules {
		a.mu.Lock()
		out[i] = Record{*a.rule, a.seen, a.hits, a.last, a.done}
		a.mu.Unlock()
	}
	return out
}

// Load makes the rules of a dump, or says what is wrong with it and where: "armed[2].then.status".
func Load(d Dump) (*Faults, error) {
	f := New(dice.Real())
	if f.issued = d.Issued; d.Issued < 0 {
		return nil, fail.Field("issued", "%d is no count", d.Issued)
	}
	ids := map[string]bool{}
	rules, err := load("armed", d.Armed, MaxArmed, ids)
	if err != nil {
		return nil, err
	}
	if f.spent, err = load("spent", d.Spent, MaxSpent, ids); err != nil {
		return nil, err
	}
	f.become(state{rules, d.Headers})
	return f, nil
}

func load(list string, records []Record, most int, ids map[string]bool) ([]*armed, error) {
	if len(records) > most {
		return nil, fail.Field(list, "%d rules are more than %d", len(records), most)
	}
	var out []*armed
	for i, r := range records {
		place := fmt.Sprintf("%s[%d].", list, i)
		if err := r.check(time.Time{}); err != nil { // by no clock: a rule whose time is over may be among them
			return nil, err.At(place + err.Param)
		}
		switch {
		case r.ID == "" || ids[r.ID]:
			return nil, fail.Field(place+"id", "%q is empty or there twice", r.ID)
		case r.Seen < 0 || r.Hits < 0 || r.Hits > r.Seen:
			return nil, fail.Field(place+"hits", "of %d calls %d cannot have been spoiled", r.Seen, r.Hits)
		}
		ids[r.ID] = true
		rule := r.Rule
		out = append(out, &armed{&rule, &counts{seen: r.Seen, hits: r.Hits, last: r.Last, done: r.Done}})
	}
	return out, nil
}
