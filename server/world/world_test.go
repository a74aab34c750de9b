package world_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/grant"
	"sandbank/server/ledger"
	"sandbank/server/world"
)

var start = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

// plant gives every space dave with an account of 100.00.
func plant(l *ledger.Ledger, g *grant.Grants, now time.Time) error {
	if err := l.AddPerson(ledger.Person{Bank: "b", Login: "dave"}); err != nil {
		return err
	}
	if err := g.AddClient(grant.Client{ID: "app", Bank: "b"}); err != nil {
		return err
	}
	return l.Open(ledger.Account{ID: "d1", Bank: "b", Owner: "b/dave", Number: "1", Status: ledger.Enabled}, func() []ledger.Entry {
		return []ledger.Entry{{ID: "o", Account: "d1", Amount: 10000, At: now.Add(-time.Hour), Entered: now.Add(-time.Hour)}}
	})
}

func newWorld(t interface{ Fatal(...any) }) *world.World {
	w, err := world.New(world.Options{Plant: plant, Start: start, Frozen: true, Seed: 1, Banks: []grant.Profile{{Bank: "b",
		Defaults: grant.Settings{grant.AccessTTL: grant.Lifetime(time.Minute)}}}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// look is what can be seen of a space, as text.
func look(s *world.Space) string {
	now := s.Clock.Now()
	v, from := s.Grants.Policy.Value(grant.AccessTTL, "b", "app", "b/dave")
	text := fmt.Sprint(now, s.Ledger.Balance("d1", now), v, from, s.Grants.Stats("", now).Live)
	for _, p := range s.Ledger.People("") {
		text += fmt.Sprint(*p)
	}
	for _, l := range s.Faults.List(now) {
		text += fmt.Sprint(l.ID, l.Rule, l.State, l.Hits, l.Seen, s.Faults.Headers())
	}
	for _, c := range s.Grants.Clients("") {
		text += fmt.Sprint(*c)
	}
	return text
}

// verbs are changes as levers make them.
var verbs = []func(s *world.Space, i int) error{
	func(s *world.Space, i int) error {
		s.Clock.Advance(time.Duration(i-3) * time.Hour)
		return nil
	},
	func(s *world.Space, i int) error { s.Clock.Freeze(i%2 == 0); s.Clock.Freeze(true); return nil },
	func(s *world.Space, i int) error {
		return s.Ledger.AddPerson(ledger.Person{Bank: "b", Login: fmt.Sprint("p", i)})
	},
	func(s *world.Space, i int) error {
		_, err := s.Ledger.UpdatePerson("b/dave", func(p *ledger.Person) { p.Failures += i; p.Locked = i%2 == 0 })
		return err
	},
	func(s *world.Space, i int) error {
		at := s.Clock.Now()
		return s.Ledger.Post(ledger.Entry{ID: fmt.Sprint("e", i), Account: "d1", Amount: int64(i), At: at, Entered: at})
	},
	func(s *world.Space, i int) error {
		_, err := s.Faults.Arm(fault.Rule{When: fault.When{Bank: "b"}, Then: fault.Then{Status: 500 + i}, Often: fault.Often{Percent: 50}}, s.Clock.Now())
		return err
	},
	func(s *world.Space, i int) error {
		s.Faults.AllowHeaders(i%2 == 0)
		if i%3 == 0 {
			s.Faults.DisarmAll()
		}
		return nil
	},
	func(s *world.Space, i int) error { s.Ledger.RemovePerson("b/dave"); return nil },
	func(s *world.Space, i int) error {
		s.Grants.Policy.Set(grant.Level{Bank: "b"}, grant.AccessTTL, grant.Lifetime(time.Duration(i)*time.Second))
		return nil
	},
	func(s *world.Space, i int) error {
		s.Grants.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave"}, true, s.Clock.Now())
		return nil
	},
	func(s *world.Space, i int) error {
		_, err := s.Grants.UpdateClient("b", "app", func(c *grant.Client) { c.Name = fmt.Sprint(i) })
		return err
	},
}

func TestUndoIsTheIdentity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newWorld(rt).Space(world.Main)
		before := look(s)
		n := 0
		for i := range rapid.IntRange(1, 12).Draw(rt, "n") {
			verb := verbs[rapid.IntRange(0, len(verbs)-1).Draw(rt, "verb")]
			if s.Change("test", "x", func() error { return verb(s, i) }) == nil {
				n++
			}
		}
		if n == 0 {
			return
		}
		undone, kept, err := s.Undo(n)
		if err != nil || len(undone) != n || kept != 0 {
			rt.Fatalf("%d of %d undone, %d kept, %v", len(undone), n, kept, err)
		}
		if after := look(s); after != before {
			rt.Fatalf("before:\n%s\nafter:\n%s", before, after)
		}
	})
}

func TestFailedChangeChangesNothing(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	before, no := look(s), errors.New("no")
	err := s.Change("test", "x", func() error {
		for i, verb := range verbs {
			verb(s, i)
		}
		return no
	})
	if err != no || look(s) != before || len(s.Activities(10)) != 0 {
		t.Errorf("%v, %d activities\n%s\n%s", err, len(s.Activities(10)), before, look(s))
	}
}

func TestUndoGoesBackwards(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	if _, _, err := s.Undo(1); !fail.Is(err, fail.Conflict) {
		t.Errorf("nothing to undo: %v", err)
	}
	for range 3 {
		s.Change("clock", "an hour", func() error { s.Clock.Advance(time.Hour); return nil })
	}
	s.Undo(1)
	s.Undo(1)
	if got := s.Clock.Now(); !got.Equal(start.Add(time.Hour)) {
		t.Errorf("after two of three the clock shows %v", got)
	}
	if a := s.Activities(10); len(a) != 3 || !a[0].Undone || !a[1].Undone || a[2].Undone || a[0].ID != 3 {
		t.Errorf("activities %+v", a)
	}
}

func TestResetBeginsAnew(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	before := look(s)
	for i, verb := range verbs {
		s.Change("test", "x", func() error { return verb(s, i) })
	}
	if _, _, err := s.Reset(world.Everything); err != nil || look(s) != before {
		t.Errorf("%v\n%s\n%s", err, before, look(s))
	}
}

func TestSpacesDoNotReachEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, err := w.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Create("")
	if err != nil {
		t.Fatal(err)
	}
	before, main := look(b), look(w.Space(world.Main))
	for i, verb := range verbs {
		a.Change("test", "x", func() error { return verb(a, i) })
	}
	if look(b) != before || look(w.Space(world.Main)) != main {
		t.Error("a change in a reached another space")
	}
	if a.Key == b.Key || len(a.Key) < 20 {
		t.Errorf("keys %q and %q", a.Key, b.Key)
	}
	if len(w.Spaces()) != 3 {
		t.Errorf("%d spaces", len(w.Spaces()))
	}
}

func TestNamesOfSpaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, bad := range []string{"-a", "a-", "A", "a b", "a/b", "..", "a.b", "ü", "a_b", "0123456789012345678901234567890123"} {
		if _, err := w.Create(bad); !fail.Is(err, fail.InvalidField) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := w.Create(world.Main); !fail.Is(err, fail.Conflict) {
		t.Errorf("main again: %v", err)
	}
	if err := w.Delete(world.Main); !fail.Is(err, fail.Forbidden) {
		t.Errorf("deleting main: %v", err)
	}
	if _, err := w.Create("p07"); err != nil || w.Delete("p07") != nil || w.Space("p07") != nil || !fail.Is(w.Delete("p07"), fail.NotFound) {
		t.Error("a space goes once")
	}
}

// Levers and readers at once: under -race this tells of any access outside the gate.
func TestChangesUnderTraffic(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				switch i {
				case 0:
					s.Change("clock", "x", func() error { s.Clock.Advance(clock.Day); return nil })
				case 1:
					s.Undo(1)
				case 2:
					s.Reset(world.Everything)
				case 3:
					shot := s.Snapshot()
					s.Restore(shot, "x")
				default:
					s.Gate.RLock()
					issued := s.Grants.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave"}, false, s.Clock.Now())
					s.Grants.Check("b", issued.Access.Value, s.Clock.Now(), nil)
					at := s.Clock.Now()
					s.Ledger.Post(ledger.Entry{ID: fmt.Sprint(i, j), Account: "d1", Amount: 1, At: at, Entered: at})
					s.Gate.RUnlock()
				}
			}
		})
	}
	wg.Wait()
	now := s.Clock.Now()
	booked, _ := s.Ledger.Entries("d1", now)
	var sum int64
	for _, e := range booked {
		sum += e.Amount
	}
	if got := s.Ledger.Balance("d1", now).Booked; got != sum {
		t.Errorf("balance %d, sum %d", got, sum)
	}
}

func BenchmarkCreate(b *testing.B) {
	w := newWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		s, err := w.Create("")
		if err != nil {
			b.Fatal(err)
		}
		w.Delete(s.Name)
	}
}

// A change that is taken back leaves the servers' clocks alone, unless it set them and they are still as it left them.
func TestUndoOfSkews(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	first, later := clock.Skew{ResourceServer: clock.Offset(time.Minute)}, clock.Skew{ResourceServer: clock.Offset(time.Hour)}
	set := func(k clock.Skew) func() error { return func() error { s.Skew = k; return nil } }
	for _, tt := range []struct {
		change func() error
		since  clock.Skew
		want   clock.Skew
		kept   int
	}{
		{set(first), first, clock.Skew{}, 0},
		{set(first), later, later, 1},
		{func() error { return nil }, later, later, 0},
	} {
		s.Skew = clock.Skew{}
		if err := s.Change("x", "x", tt.change); err != nil {
			t.Fatal(err)
		}
		s.Skew = tt.since
		if _, kept, err := s.Undo(1); err != nil || kept != tt.kept || s.Skew != tt.want {
			t.Errorf("since %v: %v, %d kept, %v", tt.since, s.Skew, kept, err)
		}
	}
}

// A change that panics half way is taken back, the gate is open again, and nothing is recorded any more.
func TestPanickingChangeChangesNothing(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	before := look(s)
	func() {
		defer func() {
			if r := recover(); r != "half way" {
				t.Errorf("recovered %v", r)
			}
		}()
		s.Change("x", "x", func() error {
			s.Grants.Policy.Set(grant.Level{}, grant.AccessTTL, grant.Lifetime(time.Hour))
			s.Clock.Advance(time.Hour)
			s.Skew.ResourceServer = clock.Offset(time.Hour)
			panic("half way")
		})
	}()
	if look(s) != before || s.Skew != (clock.Skew{}) || len(s.Activities(9)) != 0 {
		t.Errorf("it left\n%s\nof\n%s", look(s), before)
	}
	if err := s.Change("x", "x", func() error { s.Clock.Advance(time.Hour); return nil }); err != nil {
		t.Error(err)
	}
}
