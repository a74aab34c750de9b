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
