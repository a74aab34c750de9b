package fault

import (
	"slices"
	"time"

	"sandbank/server/fail"
)

// Change puts another rule in the place of one that is armed, as change makes it out of that: its id, its place among the others and what
// it has counted stay. A pause is such a change. A rule that is not there is NotFound, one that is spent is Conflict, and what Arm refuses
// is refused here.
func (f *Faults) Change(id string, now time.Time, change func(*Rule)) (*Rule, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.now()
	is := func(a *armed) bool { return a.rule.ID == id }
	i := slices.IndexFunc(s.rules, is)
	switch {
	case i < 0 && slices.ContainsFunc(f.spent, is):
		return nil, fail.New(fail.Conflict, "fault %s is spent; arm it anew", id)
	case i < 0:
		return nil, fail.New(fail.NotFound, "there is no fault %s", id)
	}
	old := s.rules[i]
	r := old.rule.clone()
	change(&r)
	r = r.clone()
	r.ID, r.Created = id, old.rule.Created
	if r.Often.Until.Equal(old.rule.Often.Until) {
		now = time.Time{} // it may be over, and stays so
	}
	if err := r.check(now); err != nil {
		return nil, err
	}
	r.settle()
	if hits := old.spoiled(); r.Often.Next > 0 && hits >= r.Often.Next {
		return nil, fail.Field("often.next", "it has spoiled %d calls already", hits)
	}
	f.chance(&r)
	next := &armed{&r, old.counts}
	f.replace(next)
	f.watch.Note(func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.replace(old)
	})
	return &r, nil
}

// spoiled is how many calls a rule has spoiled.
func (a *armed) spoiled() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hits
}

// replace puts a rule where one with the same counts stands; false when none does any more.
func (f *Faults) replace(a *armed) bool {
	s := f.now()
	i := slices.IndexFunc(s.rules, a.is)
	if i < 0 {
		return false
	}
	s.rules = slices.Clone(s.rules)
	s.rules[i] = a
	f.become(s)
	return true
}
