package world

import (
	"slices"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
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

// MaxActivities is how many activities can be taken back.
const MaxActivities = 200

// keepWhole is how many of them may have replaced whole books. The oldest goes with everything before it, so that memory is bounded.
const keepWhole = 20

// activity is the list of a space, guarded by its gate.
type activity struct {
	last uint64
	list []*change
}

// change is an activity with what takes it back.
type change struct {
	Activity
	clock  clock.Mark // before it
	after  clock.Mark // and after
	skew   clock.Skew // before it
	skewed clock.Skew // and after
	store  *store.Recorder
	whole  bool // whether it replaced whole books, which are kept so that it can be taken back
}

// Change makes a change by a lever while no request is under way: whole, or, when f returns an error or panics, not at all. What it did to
// the clock, the books, the policy and the faults is noted and can be taken back.
func (s *Space) Change(verb, what string, f func() error) (err error) {
	s.Gate.Lock()
	defer s.Gate.Unlock()
	c := s.begin(verb, what)
	s.watch(c.store)
	err = broke(verb)
	defer func() {
		s.watch(nil)
		err = s.end(c, err)
	}()
	return f()
}

// broke is how a change ends that does not say so itself, because it panics.
func broke(verb string) error { return fail.New(fail.Internal, "%s broke", verb) }

func (s *Space) begin(verb, what string) *change {
	s.teller.hold()
	return &change{Activity: Activity{At: s.Clock.Now(), Verb: verb, What: what}, clock: s.Clock.Mark(), after: s.Clock.Mark(), skew: s.Skew, skewed: s.Skew, store: &store.Recorder{}}
}

// end files a change that was made, or takes back one that failed.
func (s *Space) end(c *change, err error) error {
	c.after, c.skewed = s.Clock.Mark(), s.Skew
	if err != nil {
		s.back(c)
		s.teller.drop()
		return err
	}
	s.activity.last++
	c.ID = s.activity.last
	s.told(c)
	s.activity.add(c)
	return nil
}

// add files a change, and forgets the oldest ones when there are too many.
func (a *activity) add(c *change) {
	a.list = append(a.list, c)
	first, whole := max(0, len(a.list)-MaxActivities), 0
	for i := len(a.list) - 1; i >= first; i-- {
		if a.list[i].whole {
			whole++
		}
		if whole > keepWhole {
			first = i + 1
		}
	}
	if first > 0 {
		a.list = slices.Clone(a.list[first:])
	}
}

func (s *Space) watch(r *store.Recorder) {
	s.Ledger.Watch(r)
	s.Grants.Watch(r)
	s.Keys.Watch(r)
	s.Faults.Watch(r)
	s.Scenarios.Watch(r)
	s.snapshots.Watch(r)
	s.switches.Watch(r)
}

// back takes a change back and says how much it left, because traffic or a later change touched it since: records, or the clock.
func (s *Space) back(c *change) (kept int) {
	switch {
	case c.clock == c.after:
	case s.Clock.Mark() == c.after:
		s.Clock.Return(c.clock)
	default:
		kept = 1
	}
	switch {
	case c.skew == c.skewed:
	case s.Skew == c.skewed:
		s.Skew = c.skew
	default:
		kept++
	}
	return kept + c.store.Undo()
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
		kept += s.takeBack(c)
		undone = append(undone, c.Activity)
	}
	if len(undone) == 0 {
		return nil, 0, fail.New(fail.Conflict, "there is nothing to take back")
	}
	return undone, kept, nil
}

// Revert takes one change back, whatever came after it. What later changes and traffic did to the same records stays; kept counts these.
func (s *Space) Revert(id uint64) (undone Activity, kept int, err error) {
	s.Gate.Lock()
	defer s.Gate.Unlock()
	i := slices.IndexFunc(s.activity.list, func(c *change) bool { return c.ID == id })
	switch {
	case i < 0:
		return undone, 0, fail.New(fail.NotFound, "there is no activity %d, or it is too old to take back", id)
	case s.activity.list[i].Undone:
		return undone, 0, fail.New(fail.Conflict, "activity %d was taken back already", id)
	}
	kept = s.takeBack(s.activity.list[i])
	return s.activity.list[i].Activity, kept, nil
}

func (s *Space) takeBack(c *change) (kept int) {
	s.teller.hold()
	before, at := s.Clock.Mark(), s.Clock.Now()
	kept = s.back(c)
	c.Undone = true
	s.undone(c, before, at)
	return kept
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
