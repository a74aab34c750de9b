package fault_test

import (
	"fmt"
	"testing"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/store"
)

func TestDisarm(t *testing.T) {
	t.Parallel()
	f, r := arm(t, "drop")
	if err := f.Disarm("f_9"); !fail.Is(err, fail.NotFound) {
		t.Errorf("unknown: %v", err)
	}
	if err := f.Disarm(r.ID); err != nil || !f.Idle() || f.Match(refresh(), noon) != nil || len(f.List(noon)) != 0 {
		t.Errorf("disarmed: %v", err)
	}
	for range 3 {
		if _, err := f.Arm(fault.Rule{Then: fault.Then{Drop: true}}, noon); err != nil {
			t.Fatal(err)
		}
	}
	f.Match(refresh(), noon)
	if n := f.DisarmAll(); n != 2 || len(f.List(noon)) != 1 || f.Match(refresh(), noon) != nil {
		t.Errorf("%d disarmed, %d left", n, len(f.List(noon)))
	}
	if err := f.Disarm("f_2"); err != nil || len(f.List(noon)) != 0 {
		t.Errorf("a spent rule is taken from the list: %v", err)
	}
}

func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	f := fault.New(dice.Real())
	for i := range fault.MaxSpent + 5 {
		if _, err := f.Arm(fault.Rule{Then: fault.Then{Drop: true}}, noon); err != nil || f.Match(refresh(), noon) == nil {
			t.Fatal(i, err)
		}
	}
	if list := f.List(noon); len(list) != fault.MaxSpent || list[0].ID != "f_105" {
		t.Errorf("%d spent are kept, the newest is %s", len(list), list[0].ID)
	}
	short := fault.Rule{Then: fault.Then{Drop: true}, Often: fault.Often{Until: noon.Add(time.Minute)}}
	for range fault.MaxArmed {
		if _, err := f.Arm(short, noon); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Arm(short, noon); !fail.Is(err, fail.Conflict) {
		t.Errorf("one too many: %v", err)
	}
	if _, err := f.Arm(fault.Rule{Then: fault.Then{Drop: true}}, noon.Add(time.Hour)); err != nil {
		t.Errorf("those that are over make room: %v", err)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	f := fault.New(dice.Real())
	if h, err := f.Once("status=503", refresh(), noon); h != nil || err != nil || !f.Idle() || f.Headers() {
		t.Errorf("not allowed: %v, %v", h, err)
	}
	f.AllowHeaders(true)
	if f.Idle() || !f.Headers() {
		t.Error("allowed, and nobody listens")
	}
	if h, err := f.Once("status=503; delay=2s; spread=1s; next=1", refresh(), noon); err != nil || h == nil || h.Rule.Then.Status != 503 || h.Delay < time.Second || h.Delay > 3*time.Second {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := f.Once("status=503; op=accounts", refresh(), noon); h != nil || err != nil {
		t.Errorf("for another operation: %+v, %v", h, err)
	}
	for _, bad := range []string{"status=9", "oops", "", "drop; next=2", "drop; nth=1", "drop; after=1", "drop; every=2", "drop; percent=5", "drop; until=2027-01-01T00:00:00Z"} {
		if h, err := f.Once(bad, refresh(), noon); h != nil || !fail.Is(err, fail.InvalidField) {
			t.Errorf("%q: %v, %v", bad, h, err)
		}
	}
	if len(f.List(noon)) != 0 {
		t.Error("a header armed something")
	}
	f.AllowHeaders(false)
	if !f.Idle() {
		t.Error("not idle again")
	}
}

// look is all that can be seen of the rules.
func look(f *fault.Faults) string {
	out := fmt.Sprint(f.Headers(), f.Idle())
	for _, l := range f.List(noon) {
		out += fmt.Sprintf("\n%s %s %s %d/%d", l.ID, l.Rule, l.State, l.Hits, l.Seen)
	}
	return out
}

func TestLeversCanBeTakenBack(t *testing.T) {
	t.Parallel()
	f, _ := arm(t, "drop; next=2")
	for _, line := range []string{"reset", "hang", "status=500; nth=2"} {
		r, _ := fault.Parse(line)
		if _, err := f.Arm(r, noon); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		f.Match(refresh(), noon) // f_1 and f_2 are spent
	}
	before := look(f)
	for name, lever := range map[string]func(){
		"arm":         func() { f.Arm(fault.Rule{Then: fault.Then{Drop: true}}, noon) },
		"disarm":      func() { f.Disarm("f_3") },
		"disarm last": func() { f.Disarm("f_4") },
		"forget":      func() { f.Disarm("f_1") },
		"disarm all":  func() { f.DisarmAll() },
		"headers":     func() { f.AllowHeaders(true) },
		"pause":       func() { f.Change("f_4", noon, func(r *fault.Rule) { r.Paused = true }) },
		"change":      func() { f.Change("f_4", noon, func(r *fault.Rule) { r.Then = fault.Then{Drop: true} }) },
		"much":        func() { f.DisarmAll(); f.Disarm("f_2"); f.AllowHeaders(true); f.Disarm("f_1"); f.AllowHeaders(false) },
	} {
		r := &store.Recorder{}
		f.Watch(r)
		lever()
		f.Watch(nil)
		if look(f) == before {
			t.Errorf("%s does nothing", name)
		}
		if kept := r.Undo(); kept != 0 || look(f) != before {
			t.Errorf("%s: %d kept\n%s\nbefore:\n%s", name, kept, look(f), before)
		}
	}
	r := &store.Recorder{}
	f.Watch(r)
	f.Arm(fault.Rule{When: fault.When{Op: "info"}, Then: fault.Then{Drop: true}}, noon)
	f.Watch(nil)
	ask := refresh()
	ask.Op = "info"
	f.DisarmAll()
	f.Arm(fault.Rule{Then: fault.Then{Drop: true}}, noon)
	f.Match(ask, noon)
	if kept := r.Undo(); kept != 1 {
		t.Error("a rule that is gone was taken back")
	}
}

// A paused rule neither spoils nor counts; a changed one goes on counting where it was.
func TestChange(t *testing.T) {
	t.Parallel()
	f, _ := arm(t, "status=500; next=4")
	pause := func(on bool) {
		t.Helper()
		if _, err := f.Change("f_1", noon, func(r *fault.Rule) { r.Paused = on }); err != nil {
			t.Fatal(err)
		}
	}
	state := func() fault.Listed { return f.List(noon)[0] }
	f.Match(refresh(), noon)
	if pause(true); f.Match(refresh(), noon) != nil || state().State != fault.Paused || state().Seen != 1 {
		t.Errorf("paused: %+v", state())
	}
	if pause(false); f.Match(refresh(), noon).N != 2 || state().State != fault.Armed {
		t.Errorf("resumed: %+v", state())
	}
	next, err := f.Change("f_1", noon, func(r *fault.Rule) {
		r.ID, r.Created, r.Then, r.Often = "mine", noon.Add(time.Hour), fault.Then{Delay: fault.Duration(time.Second), Spread: fault.Duration(time.Second)}, fault.Often{Next: 3}
	})
	if err != nil || next.ID != "f_1" || !next.Created.Equal(noon) || next.Then.Where != fault.Before || next.Often.Seed == 0 {
		t.Fatalf("%+v, %v", next, err)
	}
	if hit := f.Match(refresh(), noon); hit.N != 3 || hit.Rule != next || state().State != fault.Spent {
		t.Errorf("%+v, %+v", hit, state())
	}
	for _, tt := range []struct {
		id, line string
		kind     fail.Kind
		param    string
	}{
		{"f_1", "drop", fail.Conflict, ""}, {"f_9", "drop", fail.NotFound, ""}, {"f_2", "drop; status=500", fail.InvalidField, "then"},
		{"f_2", "drop; next=1", fail.InvalidField, "often.next"}, {"f_2", "drop", fail.InvalidField, "often.next"},
		{"f_2", "drop; until=2026-01-01T00:00:00Z", fail.InvalidField, "often.until"},
	} {
		if tt.id == "f_2" && len(f.List(noon)) == 1 {
			f.Arm(fault.Rule{Then: fault.Then{Drop: true}, Often: fault.Often{Next: 5}}, noon)
			f.Match(refresh(), noon)
		}
		to, _ := fault.Parse(tt.line)
		_, err := f.Change(tt.id, noon, func(r *fault.Rule) { *r = to })
		if e := fail.From(err); err == nil || e.Kind != tt.kind || e.Param != tt.param {
			t.Errorf("%s to %s: %v", tt.id, tt.line, err)
		}
	}
	if got := state(); got.Often.Next != 5 || !got.Then.Drop || got.Hits != 1 {
		t.Errorf("a refused change left %+v", got)
	}
}

// A change is taken back with what was counted since; one whose rule is gone is not.
func TestChangesTakenBackLater(t *testing.T) {
	t.Parallel()
	f, _ := arm(t, "status=500; next=3")
	r := &store.Recorder{}
	f.Watch(r)
	f.Change("f_1", noon, func(r *fault.Rule) { r.Then.Status = 503 })
	f.Watch(nil)
	f.Match(refresh(), noon)
	if kept := r.Undo(); kept != 0 || f.Match(refresh(), noon).N != 2 || f.List(noon)[0].Then.Status != 500 {
		t.Errorf("%d kept, %+v", kept, f.List(noon)[0])
	}
	f.Watch(r)
	f.Change("f_1", noon, func(r *fault.Rule) { r.Then.Status = 503 })
	f.Watch(nil)
	f.Match(refresh(), noon)
	if kept := r.Undo(); kept != 1 || f.List(noon)[0].State != fault.Spent {
		t.Errorf("%d kept, %+v", kept, f.List(noon)[0])
	}
}

func TestClonesGoTheirOwnWay(t *testing.T) {
	t.Parallel()
	f, _ := arm(t, "drop; percent=50; seed=3; next=100")
	for range 20 {
		f.Match(refresh(), noon)
	}
	c := f.Clone()
	if look(c) != look(f) {
		t.Fatalf("%s\n%s", look(c), look(f))
	}
	for range 20 { // with the same luck
		if a, b := f.Match(refresh(), noon), c.Match(refresh(), noon); (a == nil) != (b == nil) {
			t.Fatal("the clone has other luck")
		}
	}
	before := look(c)
	f.Match(refresh(), noon)
	f.DisarmAll()
	if look(c) != before {
		t.Error("the clone changed")
	}
}

func BenchmarkMatch(b *testing.B) {
	ask := refresh()
	for _, n := range []int{0, 1, 100} {
		f := fault.New(dice.Real())
		for i := range n {
			rule := fault.Rule{When: fault.When{Bank: "finapi", Op: "accounts"}, Then: fault.Then{Drop: true}}
			if i%2 == 1 {
				rule.When = fault.When{Bank: "berlin", Op: "token", Param: "grant_type=authorization_code"}
			}
			if _, err := f.Arm(rule, noon); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if f.Match(ask, noon) != nil {
					b.Fatal("a hit")
				}
			}
		})
	}
	b.Run("hit", func(b *testing.B) {
		f := fault.New(dice.Real())
		f.Arm(fault.Rule{Then: fault.Then{Drop: true}, Often: fault.Often{Every: 1}}, noon)
		b.ReportAllocs()
		for b.Loop() {
			f.Match(ask, noon)
		}
	})
}

// With nothing armed a call costs no memory.
func TestIdleCostsNothing(t *testing.T) {
	f, ask := fault.New(dice.Real()), refresh()
	if n := testing.AllocsPerRun(100, func() { f.Match(ask, noon) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
