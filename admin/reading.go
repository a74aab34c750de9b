package admin

import (
	"slices"
	"sync"
	"weak"

	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/scenario"
	"sandbank/server/world"
)

// mostReadings is how many answers, and of how many spaces, are remembered.
const mostReadings = 64

// readings remember what was made of whole journals: reading a full one takes tens of milliseconds, and every page asks.
type readings struct {
	mu  sync.Mutex
	of  map[question]reading
	met map[weak.Pointer[world.Space]]*metReading
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

// metReading is what was read of a space's journal so far, and what it was read with.
type metReading struct {
	grants weak.Pointer[grant.Grants]
	bent   uint64
	ids    []uint64 // of the entries, in their order
	read   *scenario.Reading
	met    map[string]scenario.Met // shared: nobody changes it
}

// met tells which cases traffic has met. Only entries that came since it was asked last are read, as long as those before are the same
// and what they are about was not bent; else all are read anew. The caller holds the gate.
func (d *Desk) met() map[string]scenario.Met {
	m := d.options.readings
	m.mu.Lock()
	defer m.mu.Unlock()
	grants, bent := weak.Make(d.Space.Grants), d.Space.Grants.Bent() // before anything is looked at: what is bent meanwhile is seen next time
	entries := d.window()
	r := m.met[weak.Make(d.Space)]
	if r == nil || r.grants != grants || r.bent != bent || !r.begins(entries) {
		r = &metReading{grants: grants, bent: bent, read: scenario.NewReading()}
		m.remember(weak.Make(d.Space), r)
	}
	if fresh := entries[len(r.ids):]; len(fresh) > 0 || r.met == nil {
		r.read.Add(d.Space.Grants, fresh...)
		for _, e := range fresh {
			r.ids = append(r.ids, e.ID)
		}
		r.met = r.read.Met()
	}
	return r.met
}

// begins tells whether the entries begin with those that were read. Their numbers are not given twice.
func (r *metReading) begins(entries []*journal.Entry) bool {
	return len(r.ids) <= len(entries) && slices.EqualFunc(r.ids, entries[:len(r.ids)], func(id uint64, e *journal.Entry) bool { return id == e.ID })
}

// remember keeps the reading of a space, and forgets those of spaces that are gone.
func (m *readings) remember(of weak.Pointer[world.Space], r *metReading) {
	for space := range m.met {
		if space.Value() == nil || len(m.met) >= mostReadings {
			delete(m.met, space)
		}
	}
	if m.met == nil {
		m.met = map[weak.Pointer[world.Space]]*metReading{}
	}
	m.met[of] = r
}

// window is the traffic that is read for what it met: all of it, until the journal is full. Then every request pushes an old one out, and
// everything would have to be read anew each time; so the window moves on by a sixteenth of the journal at once, and the oldest entries
// may be left out.
func (d *Desk) window() []*journal.Entry {
	entries, step := d.traffic(), uint64(d.Space.Journal.Size()/16)
	if step == 0 || uint64(len(entries))+step <= uint64(d.Space.Journal.Size()) {
		return entries
	}
	from := (entries[0].ID + step - 1) / step * step
	i := slices.IndexFunc(entries, func(e *journal.Entry) bool { return e.ID >= from })
	return entries[max(i, 0):]
}

// Coverage is how many cases of the catalogue traffic has met, and how many there are.
func (d *Desk) Coverage() (met, all int) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	return len(d.met()), scenario.Count()
}
