package world

import (
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/grant"
	"sandbank/server/keys"
	"sandbank/server/ledger"
	"sandbank/server/scenario"
)

// MaxSnapshots is how many snapshots a space keeps.
const MaxSnapshots = 50

// Snapshot is a space's whole state at one moment: clock, people and money, clients, what was granted, policy, signing keys,
// faults, scenarios, switches.
// Its records are shared with the space, which never writes to them. Login pages that are open, sessions, the journal and the position of the
// dice are no part of it.
type Snapshot struct {
	clock     clockFile
	ledger    *ledger.Still
	grants    *grant.Still
	keys      *keys.Still
	faults    *fault.Faults  // a copy of its own
	scenarios *scenario.Book // a copy of its own
	switches  Switches
}

// At is what the clock showed.
func (n *Snapshot) At() time.Time { return n.clock.Now }

// Counts is how much a snapshot holds.
type Counts struct {
	People   int `json:"people"`
	Accounts int `json:"accounts"`
	Clients  int `json:"clients"`
	Grants   int `json:"grants"`
	Tokens   int `json:"tokens"`
	Consents int `json:"consents"`
}

// Counts counts the records.
func (n *Snapshot) Counts() Counts {
	people, accounts := n.ledger.Count()
	g := n.grants.Size()
	return Counts{people, accounts, g.Clients, g.Grants, g.Tokens, g.Consents}
}

// Snapshot takes the state as it is, while no request is under way. It is not kept in the space: see Keep.
func (s *Space) Snapshot() *Snapshot {
	s.Gate.Lock()
	defer s.Gate.Unlock()
	return s.snapshot()
}

func (s *Space) snapshot() *Snapshot {
	r := s.Clock.Read()
	return &Snapshot{clock: clockFile{Now: r.Now, Born: s.Born, Speed: r.Speed, Frozen: r.Frozen, Skew: s.Skew}, ledger: s.Ledger.Still(), grants: s.Grants.Still(), keys: s.Keys.Still(),
		faults: s.Faults.Clone(), scenarios: s.Scenarios.Clone(), switches: s.switches.now()}
}

// Restore puts the state of a snapshot back, the clock at the instant that it showed then. It can be taken back like any change. Logins
// that are under way end.
func (s *Space) Restore(n *Snapshot, what string) error {
	return s.replace("restore", what, func() error {
		s.put(n)
		return nil
	})
}

// put makes the space what the snapshot says. Replayable dice start on a stream of the snapshot's own: going on from anywhere else they
// might deal the ids again that its records have.
func (s *Space) put(n *Snapshot) {
	if s.Dice.Replayable() {
		s.Dice = dice.Seeded(s.world.options.Seed ^ n.print())
	}
	s.Ledger, s.Grants, s.Faults = n.ledger.Ledger(), s.granted(n.grants, s.Dice), n.faults.On(s.Dice)
	s.Keys = s.ring()
	s.Keys.Copy(n.keys)
	s.switches.set(n.switches)
	s.Scenarios = n.scenarios.Clone()
	s.turn(n.clock)
}

func (s *Space) granted(of *grant.Still, d *dice.Dice) *grant.Grants {
	g := grant.New(d, s.world.options.Banks...)
	g.Copy(of)
	return g
}

func (s *Space) turn(c clockFile) {
	s.Born, s.Skew = c.Born, c.Skew
	s.Clock.SetSpeed(c.Speed)
	s.Clock.Freeze(c.Frozen)
	s.Clock.Set(c.Now)
}

// print tells snapshots apart by what they hold, in whatever order they hold it; no snapshot is 0.
func (n *Snapshot) print() (sum uint64) {
	if n == nil {
		return 0
	}
	note := func(kind, id string, _ any) {
		h := fnv.New64a()
		h.Write([]byte(kind + " " + id))
		sum += h.Sum64()
	}
	n.ledger.Each(note)
	n.grants.Each(note)
	return sum
}

// Part is what a reset begins anew.
type Part string

// The parts. A new one needs a row in parts.
const (
	Everything Part = "everything"
	Tokens     Part = "tokens" // grants, codes, tokens, consents and counts; clients and policy stay
	Data       Part = "data"   // people, accounts and money
	Faults     Part = "faults" // and whether requests may bring some
	Clock      Part = "clock"
)

// part is one with the way in which it begins anew: as at the start of the space.
type part struct {
	name  Part
	reset func(*Space) error
}

func parts() []part {
	return []part{
		{Tokens, func(s *Space) error {
			s.Grants = s.granted(s.Grants.Still().Bare(), s.Dice)
			return nil
		}},
		{Faults, func(s *Space) error {
			s.Faults, s.Scenarios = fault.New(s.Dice), s.Scenarios.Clone()
			s.Scenarios.Faultless()
			return nil
		}},
		{Clock, func(s *Space) error {
			s.wind()
			s.Scenarios = s.Scenarios.Clone()
			s.Scenarios.Settled()
			return nil
		}},
		{Data, func(s *Space) (err error) {
			s.Ledger, _, err = s.planted(dice.Real())
			return err
		}},
		{Everything, func(s *Space) error { s.wind(); return s.plant() }},
	}
}

// Parts are all that Reset takes.
func Parts() (out []Part) {
	for _, p := range parts() {
		out = append(out, p.name)
	}
	return out
}

// Reset begins a part anew. The state before it is kept as an automatic snapshot; dropped are those that went to make room for that one.
// Where grants begin anew, logins that are under way end.
func (s *Space) Reset(which Part) (before *Stored, dropped []*Stored, err error) {
	all := parts()
	i := slices.IndexFunc(all, func(p part) bool { return p.name == which })
	if i < 0 {
		return nil, nil, fail.Field("what", "%q is none of %v", which, Parts())
	}
	err = s.replace("reset", "reset "+string(which), func() error {
		before, dropped = s.keep(s.snapshot(), "before reset of "+string(which), true)
		return all[i].reset(s)
	})
	return before, dropped, err
}

// Begin makes the space what a snapshot says, for good: a reset comes back to it. What the options say of clock and policy lies over it.
func (s *Space) Begin(n *Snapshot) error {
	s.Gate.Lock()
	defer s.Gate.Unlock()
	s.origin = n
	s.teller.hold() // nobody followed the space before it began
	s.wind()
	err := s.plant()
	s.teller.drop()
	s.listen()
	return err
}

// replace swaps whole books; taking it back puts the former ones in place again.
func (s *Space) replace(verb, what string, f func() error) (err error) {
	s.Gate.Lock()
	defer s.Gate.Unlock()
	c := s.begin(verb, what)
	c.whole = true
	l, g, k, f0, sc, d, born := s.Ledger, s.Grants, s.Keys, s.Faults, s.Scenarios, s.Dice, s.Born
	c.store.Note(func() bool {
		s.Ledger, s.Grants, s.Keys, s.Faults, s.Scenarios, s.Dice, s.Born = l, g, k, f0, sc, d, born
		return true
	})
	s.snapshots.Watch(c.store)
	s.switches.Watch(c.store)
	err = broke(verb)
	defer func() {
		s.snapshots.Watch(nil)
		s.switches.Watch(nil)
		s.Grants.Hear(s.hear)
		s.teller.next.Store(0)
		err = s.end(c, err)
	}()
	return f()
}

// Stored is a snapshot that the space keeps.
type Stored struct {
	ID    uint64
	Name  string
	Auto  bool      // taken by a reset, not by somebody
	Taken time.Time // real time
	*Snapshot
}

// keep stores a snapshot; the caller holds the gate. Where there are too many, the oldest automatic one goes, or else the oldest.
func (s *Space) keep(n *Snapshot, name string, auto bool) (kept *Stored, dropped []*Stored) {
	for s.snapshots.Len() >= MaxSnapshots {
		all := s.snapshots.All(nil)
		oldest := max(0, slices.IndexFunc(all, func(one *Stored) bool { return one.Auto }))
		dropped = append(dropped, s.snapshots.Take(all[oldest].ID))
	}
	s.shots++
	kept = &Stored{ID: s.shots, Name: name, Auto: auto, Taken: s.Clock.Read().Real, Snapshot: n}
	s.snapshots.Put(kept.ID, kept)
	return kept, dropped
}

// Take keeps the state as it is under a name. Dropped are the snapshots that went to make room for it.
func (s *Space) Take(name string) (kept *Stored, dropped []*Stored, err error) {
	err = s.Change("snapshot", "took the snapshot "+strconv.Quote(name), func() error {
		kept, dropped = s.keep(s.snapshot(), name, false)
		return nil
	})
	return kept, dropped, err
}

// Store keeps a snapshot that was read from a file. Dropped are those that went to make room for it.
func (s *Space) Store(n *Snapshot, name string) (kept *Stored, dropped []*Stored, err error) {
	err = s.Change("upload", "uploaded the snapshot "+strconv.Quote(name), func() error {
		kept, dropped = s.keep(n, name, false)
		return nil
	})
	return kept, dropped, err
}

// Drop forgets a snapshot; NotFound when there is none of that number.
func (s *Space) Drop(id uint64) error {
	one, err := s.Stored(id)
	if err != nil {
		return err
	}
	return s.Change("delete", "deleted the snapshot "+strconv.Quote(one.Name), func() error {
		if s.snapshots.Take(id) == nil {
			return fail.New(fail.NotFound, "there is no snapshot %d", id)
		}
		return nil
	})
}

// Snapshots are those that the space keeps, oldest first.
func (s *Space) Snapshots() []*Stored { return s.snapshots.All(nil) }

// Stored finds a snapshot by its number; NotFound when there is none.
func (s *Space) Stored(id uint64) (*Stored, error) {
	if one := s.snapshots.Get(id); one != nil {
		return one, nil
	}
	return nil, fail.New(fail.NotFound, "there is no snapshot %d", id)
}
