package world_test

import (
	"strconv"
	"testing"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/world"
)

// aged is a world on a real time of its own.
func aged(t testing.TB) (w *world.World, pass func(time.Duration)) {
	t.Helper()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	w, err := world.New(world.Options{Source: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return w, func(d time.Duration) { now = now.Add(d) }
}

func TestIdleSpacesGo(t *testing.T) {
	t.Parallel()
	w, pass := aged(t)
	make := func(name string, idle time.Duration) *world.Space {
		s, err := w.Create(name)
		if err == nil {
			err = s.Live(idle)
		}
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	make("short", time.Hour)
	make("long", 2*time.Hour)
	make("ever", 0)
	watched := make("watched", time.Hour)
	follower := watched.Follow(0)
	steps := []struct {
		pass time.Duration
		want string // names that are left, in their order
		gone int64
	}{
		{time.Hour - 1, "ever long main short watched ", 0},
		{0, "ever long main short watched ", 0},
		{1, "ever long main watched ", 1},
		{time.Hour - 1, "ever long main watched ", 1},
		{1, "ever main watched ", 2},
		{100 * time.Hour, "ever main watched ", 2},
	}
	for i, s := range steps {
		pass(s.pass)
		got := ""
		for _, one := range w.Spaces() {
			got += one.Name + " "
		}
		if got != s.want || w.Dropped() != s.gone {
			t.Errorf("step %d: %s, %d dropped; want %s, %d", i, got, w.Dropped(), s.want, s.gone)
		}
	}
	follower.Close()
	pass(time.Hour)
	if w.Visit("watched") != nil || w.Dropped() != 3 {
		t.Error("nobody follows any more, and the space is still there")
	}
}

func TestTrafficKeepsASpace(t *testing.T) {
	t.Parallel()
	w, pass := aged(t)
	s, _ := w.Create("p01")
	s.Clock.Advance(90 * clock.Day) // the space's own time does not count
	if err := s.Live(time.Hour); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		pass(time.Hour - 1)
		if w.Visit("p01") != s {
			t.Fatal("a space with traffic went")
		}
	}
	s.Live(3 * time.Hour)
	if _, _, err := s.Undo(1); err != nil || s.Idle() != time.Hour {
		t.Errorf("undone: %s, %v", s.Idle(), err)
	}
	pass(time.Hour)
	if w.Visit("p01") != nil || w.Space("p01") != nil {
		t.Error("an idle space is still there")
	}
	if _, err := w.Create("p01"); err != nil {
		t.Errorf("its name is free: %v", err)
	}
	for idle, kind := range map[time.Duration]fail.Kind{-1: fail.InvalidField, world.MaxIdle + 1: fail.InvalidField} {
		if err := s.Live(idle); !fail.Is(err, kind) {
			t.Errorf("%s: %v", idle, err)
		}
	}
	if err := w.Space(world.Main).Live(time.Hour); !fail.Is(err, fail.Forbidden) {
		t.Errorf("the main space: %v", err)
	}
}

func TestDeletedSpacesComeBack(t *testing.T) {
	t.Parallel()
	w, _ := aged(t)
	for i := range world.MaxDeleted + 1 {
		s, _ := w.Create("p" + strconv.Itoa(i))
		s.Clock.Advance(time.Duration(i) * clock.Day)
		s.Live(time.Hour)
		if err := w.Delete(s.Name); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			back, err := w.Revive(s.Name)
			if err != nil || back.Key != s.Key || back.Idle() != time.Hour || w.Space(s.Name) != back || back.Clock.Now() != s.Clock.Now() {
				t.Errorf("p%d: %v", i, err)
			}
			if _, err := w.Revive(s.Name); !fail.Is(err, fail.NotFound) {
				t.Errorf("once more: %v", err)
			}
			w.Delete(s.Name)
		}
	}
	if n := len(w.Deleted()); n != world.MaxDeleted || w.Deleted()[0].Name != "p10" {
		t.Errorf("%d are kept", n)
	}
	if _, err := w.Revive("p0"); !fail.Is(err, fail.NotFound) {
		t.Errorf("the oldest: %v", err)
	}
	w.Create("p5")
	if _, err := w.Revive("p5"); !fail.Is(err, fail.Conflict) {
		t.Errorf("a name that is taken: %v", err)
	}
}
