package world

import (
	"slices"
	"sync/atomic"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
)

// MaxDeleted is how many deleted spaces are kept for Revive; the oldest goes.
const MaxDeleted = 10

// MaxIdle is the longest time to live of an idle space.
const MaxIdle = 366 * clock.Day

// life is how long a space lives without traffic. It bounds memory, so it is real time, whatever the space's clock shows.
type life struct {
	idle atomic.Int64 // nanoseconds; 0: for ever
	used atomic.Int64 // real time of the last request, in nanoseconds since 1970; kept up while idle is set
}

// Deleted is a space that was deleted, as far as it is kept: its state and its key. Its journal, its snapshots and what could be undone
// in it are gone.
type Deleted struct {
	Name  string
	Key   string
	At    time.Time // real time
	State *Snapshot
	idle  int64
}

// Visit finds a space for a request, or nil; from now on, that space has its whole idle time again.
func (w *World) Visit(name string) *Space {
	w.expire()
	s := w.spaces.Get(name)
	if s != nil && s.life.idle.Load() > 0 {
		s.life.used.Store(w.options.Source().UnixNano())
	}
	return s
}

// expire drops the spaces that have been idle for too long. While none can have been, it costs one atomic load.
func (w *World) expire() {
	if !w.late() {
		return
	}
	w.making.Lock()
	defer w.making.Unlock()
	w.drop()
}

// late tells whether a space may have been idle for too long.
func (w *World) late() bool {
	due := w.due.Load()
	return due != never && w.options.Source().UnixNano() >= due
}

// drop is expire for whoever holds making. A space that somebody follows is not idle.
func (w *World) drop() {
	if !w.late() {
		return
	}
	now, due := w.options.Source().UnixNano(), int64(never)
	for _, s := range w.spaces.All(nil) {
		idle := s.life.idle.Load()
		if idle == 0 {
			continue
		}
		if s.Journal.Followers() > 0 {
			s.life.used.Store(now)
		}
		end := s.life.used.Load() + idle
		if end <= now {
			w.take(s.Name)
			w.dropped.Add(1)
			continue
		}
		due = min(due, end)
	}
	w.due.Store(due)
}

// Dropped is how many spaces were dropped because they were idle.
func (w *World) Dropped() int64 { return w.dropped.Load() }

// Idle is how long the space lives without traffic, in real time; 0: for ever.
func (s *Space) Idle() time.Duration { return time.Duration(s.life.idle.Load()) }

// Ends is when the space is dropped, in real time, if nobody calls before; zero: never.
func (s *Space) Ends() time.Time {
	if idle := s.life.idle.Load(); idle > 0 {
		return time.Unix(0, s.life.used.Load()+idle).UTC()
	}
	return time.Time{}
}

// Live sets how long the space lives without traffic, counted from now on; 0 is for ever. What is dropped then cannot be brought back.
func (s *Space) Live(idle time.Duration) error {
	if err := lifetime(idle); err != nil {
		return err
	}
	if s.Name == Main {
		return fail.New(fail.Forbidden, "the main space is there for ever")
	}
	what := "let the space live for ever"
	if idle > 0 {
		what = "let the space live for " + clock.FormatDuration(idle) + " without traffic"
	}
	s.Gate.Lock()
	defer s.Gate.Unlock()
	c, was := s.begin("space", what), s.Idle()
	c.store.Note(func() bool { s.live(was); return true })
	s.live(idle)
	return s.end(c, nil)
}

func lifetime(idle time.Duration) error {
	if idle < 0 || idle > MaxIdle {
		return fail.Field("idle", "%s is not from 0s, for ever, to %s", clock.FormatDuration(idle), clock.FormatDuration(MaxIdle))
	}
	return nil
}

func (s *Space) live(idle time.Duration) {
	now := s.world.options.Source().UnixNano()
	s.life.used.Store(now)
	s.life.idle.Store(int64(idle))
	if idle > 0 {
		lower(&s.world.due, time.Unix(0, now+int64(idle)))
	}
}

// take ends a space: it is found no more, and whoever follows it is told.
func (w *World) take(name string) *Space {
	s := w.spaces.Take(name)
	if s != nil {
		close(s.teller.gone)
	}
	return s
}

// Delete ends a space; the main one stays. Its state is kept for Revive.
func (w *World) Delete(name string) error {
	if name == Main {
		return fail.New(fail.Forbidden, "the main space cannot be deleted; it can be reset")
	}
	w.making.Lock()
	defer w.making.Unlock()
	s := w.take(name)
	if s == nil {
		return fail.New(fail.NotFound, "there is no space %q", name)
	}
	w.deleted = append(w.deleted, &Deleted{Name: name, Key: s.Key, At: w.options.Source().UTC().Round(0), State: s.Snapshot(), idle: s.life.idle.Load()})
	if over := len(w.deleted) - MaxDeleted; over > 0 {
		w.deleted = slices.Delete(w.deleted, 0, over)
	}
	return nil
}

// Deleted are the spaces that can be brought back, the last first.
func (w *World) Deleted() []*Deleted {
	w.making.Lock()
	defer w.making.Unlock()
	out := slices.Clone(w.deleted)
	slices.Reverse(out)
	return out
}

// Revive brings a deleted space back as it was, with its key; its clock goes on from what it showed then.
func (w *World) Revive(name string) (*Space, error) {
	w.making.Lock()
	defer w.making.Unlock()
	for i := len(w.deleted) - 1; i >= 0; i-- {
		one := w.deleted[i]
		if one.Name != name {
			continue
		}
		s, err := w.create(name, one.Key)
		if err != nil {
			return nil, err
		}
		s.Gate.Lock()
		s.put(one.State)
		s.listen()
		s.Gate.Unlock()
		if one.idle > 0 {
			s.live(time.Duration(one.idle))
		}
		w.spaces.Put(name, s)
		w.deleted = slices.Delete(w.deleted, i, i+1)
		return s, nil
	}
	return nil, fail.New(fail.NotFound, "no space %q was deleted lately", name)
}
