package world

import (
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/grant"
	"sandbank/server/ledger"
	"sandbank/server/store"
)

// Activity is one change that a lever made.
type Activity struct {
	ID     uint64    `json:"id"`
	At     time.Time `json:"at"` // the space's clock before the change
	Verb   string    `json:"verb"`
	What   string    `json:"what"`
	Undone bool      `json:"undone,omitempty"`
}

// keep is how many activities can be taken back.
const keep = 200

// activity is the list of a space, guarded by its gate.
type activity struct {
	last uint64
	list []*change
}

// change is an activity with what takes it back.
type change struct {
	Activity
	clock clock.Mark
	store *store.Recorder
}

// Change makes a change by a lever while no request is under way: whole, or, when f returns an error, not at all. What it did to the
// clock, the books, the policy and the faults is noted and can be taken back.
func (s *Space) Change(verb, what string, f func() error) error {
	s.Gate.Lock()
	defer s.Gate.Unlock()
	c := s.begin(verb, what)
	s.watch(c.store)
	err := f()
	s.watch(nil)
	return s.end(c, err)
}

func (s *Space) begin(verb, what string) *change {
	s.teller.hold()
	return &change{Activity: Activity{At: s.Clock.Now(), Verb: verb, What: what}, clock: s.Clock.Mark(), store: &store.Recorder{}}
}

// end files a change that was made, or takes back one that failed.
func (s *Space) end(c *change, err error) error {
	if err != nil {
		s.back(c)
		s.teller.drop()
		return err
	}
	s.activity.last++
	c.ID = s.activity.last
	s.told(c)
	if s.activity.list = append(s.activity.list, c); len(s.activity.list) > keep {
		s.activity.list = append([]*change(nil), s.activity.list[1:]...)
	}
	return nil
}

func (s *Space) watch(r *store.Recorder) {
	s.Ledger.Watch(r)
	s.Grants.Watch(r)
	s.Faults.Watch(r)
}

// back takes a change back and says how many records it left, because traffic changed them since.
func (s *Space) back(c *change) int {
	if s.Clock.Mark() != c.clock {
		s.Clock.Return(c.clock)
	}
	return c.store.Undo()
}

// Undo takes the last n changes back that still stand, the last first. Records that traffic changed since are left as they are; kept
// counts them.
func (s *Space) Undo(n int) (undone []Activity, kept int, err error) {
	s.Gate.Lock()
	defer s.Gate.Unlock()
	for i := len(s.activity.list) - 1; i >= 0 && len(undone) < n; i-- {
		c := s.activity.list[i]
		if c.Undone {
			continue
		}
		s.teller.hold()
		before, at := s.Clock.Mark(), s.Clock.Now()
		kept += s.back(c)
		c.Undone = true
		undone = append(undone, c.Activity)
		s.undone(c, before, at)
	}
	if len(undone) == 0 {
		return nil, 0, fail.New(fail.Conflict, "there is nothing to take back")
	}
	return undone, kept, nil
}

// Activities are the newest changes, newest first, at most n.
func (s *Space) Activities(n int) []Activity {
	s.Gate.RLock()
	defer s.Gate.RUnlock()
	var out []Activity
	for i := len(s.activity.list) - 1; i >= 0 && len(out) < n; i-- {
		out = append(out, s.activity.list[i].Activity)
	}
	return out
}

// Snapshot is a space's whole state at one moment. Its records are shared with the space, which never writes to them.
type Snapshot struct {
	clock  clock.Mark
	at     time.Time
	ledger *ledger.Ledger
	grants *grant.Grants
	faults *fault.Faults
}

// At is what the clock showed.
func (n *Snapshot) At() time.Time { return n.at }

// Snapshot takes the state as it is, while no request is under way.
func (s *Space) Snapshot() *Snapshot {
	s.Gate.Lock()
	defer s.Gate.Unlock()
	return s.snapshot()
}

func (s *Space) snapshot() *Snapshot {
	g := grant.New(s.Dice, s.world.options.Banks...)
	g.Copy(s.Grants)
	return &Snapshot{clock: s.Clock.Mark(), at: s.Clock.Now(), ledger: s.Ledger.Clone(), grants: g, faults: s.Faults.Clone()}
}

// Restore puts the state of a snapshot back, the clock at the instant that it showed then. It can be taken back like any change.
func (s *Space) Restore(n *Snapshot, what string) error {
	return s.replace("restore", what, func() error {
		g := grant.New(s.Dice, s.world.options.Banks...)
		g.Copy(n.grants)
		s.Ledger, s.Grants, s.Faults = n.ledger.Clone(), g, n.faults.Clone()
		s.Clock.Return(n.clock) // speed and frost
		s.Clock.Set(n.at)
		return nil
	})
}

// Reset begins anew: people, money, clients, grants and clock as at the start, no faults.
func (s *Space) Reset() error {
	return s.replace("reset", "reset everything", func() error {
		s.wind()
		return s.plant()
	})
}

// replace swaps whole books; taking it back puts the former ones in place again.
func (s *Space) replace(verb, what string, f func() error) error {
	s.Gate.Lock()
	defer s.Gate.Unlock()
	c := s.begin(verb, what)
	l, g, f0, d, born := s.Ledger, s.Grants, s.Faults, s.Dice, s.Born
	c.store.Note(func() bool {
		s.Ledger, s.Grants, s.Faults, s.Dice, s.Born = l, g, f0, d, born
		return true
	})
	err := f()
	s.Grants.Hear(s.hear)
	s.teller.next.Store(0)
	return s.end(c, err)
}
