package admin

import (
	"sync"
	"weak"

	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/scenario"
)

// mostReadings is how many answers are remembered.
const mostReadings = 64

// readings remember what was made of whole journals, as long as nothing happens in the space: reading a full one takes tens of
// milliseconds, and a page asks again whenever somebody looks.
type readings struct {
	mu sync.Mutex
	of map[question]reading
}

// question is what was asked of a space's journal.
type question struct{ space, about string }

type reading struct {
	state  journalState
	answer any // shared: nobody changes it
}

// journalState is what a reading depends on: any change of a token, a consent or the journal is an event. The entries count besides: one
// may have its event's number already and be filed a moment later.
type journalState struct {
	grants      weak.Pointer[grant.Grants] // another one after a restore
	event       uint64
	entries     int
	first, last uint64
}

// read makes something of everything that the journal still has, unless that was done already and nothing happened since. The caller
// holds the gate, and changes nothing meanwhile.
func (d *Desk) read(about string, read func([]*journal.Entry) any) any {
	m := d.options.readings
	m.mu.Lock()
	defer m.mu.Unlock()
	state := journalState{grants: weak.Make(d.Space.Grants), event: d.Space.Journal.LastEvent()}
	entries := d.traffic()
	if n := len(entries); n > 0 {
		state.entries, state.first, state.last = n, entries[0].ID, entries[n-1].ID
	}
	q := question{d.Space.Name, about}
	if r, ok := m.of[q]; ok && r.state == state {
		return r.answer
	}
	if m.of == nil || len(m.of) >= mostReadings {
		m.of = map[question]reading{}
	}
	answer := read(entries)
	m.of[q] = reading{state, answer}
	return answer
}

// met asks the journal which cases traffic has met.
func (d *Desk) met() map[string]scenario.Met {
	met, _ := d.read("met", func(all []*journal.Entry) any { return scenario.Meet(all, d.Space.Grants) }).(map[string]scenario.Met)
	return met
}
