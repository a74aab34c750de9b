package fault_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fault"
)

var params = map[string][]string{"grant_type": {"refresh_token"}, "page": {"3"}}

// refresh is a call as most rules of these tests are for.
func refresh() fault.Ask {
	return fault.Ask{Bank: "berlin", Op: "token", Method: "POST", Path: "/oauth2/token",
		Caller: func() (string, string) { return "wk-app", "berlin/jane" },
		Header: func(name string) []string {
			if strings.EqualFold(name, "X-Request-ID") {
				return []string{"abc-1", "abc-2"}
			}
			return nil
		},
		Param: func(name string) []string { return params[name] }}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		when string
		want bool
	}{
		{"", true}, {"bank=berlin", true}, {"bank=finapi", false}, {"bank=b*", true}, {"bank=*lin", true}, {"bank=Berlin", false},
		{"op=token", true}, {"op=tok", false}, {"op=*", true}, {"op=t*k*n", true}, {"op=t*x*n", false}, {"op=token*", true}, {"op=*token", true},
		{"method=POST", true}, {"method=post", true}, {"method=GET", false}, {"method=*", true},
		{"path=/oauth2/token", true}, {"path=*/token", true}, {"path=/oauth2/*", true}, {"path=/oauth2/*/x", false}, {"path=/*/token*", true}, {"path=**", true},
		{"client=wk-app", true}, {"client=wk-*", true}, {"client=other", false},
		{"user=jane", true}, {"user=berlin/jane", true}, {"user=j*", true}, {"user=dave", false}, {"user=jane; client=other", false},
		{"if-header=x-request-id", true}, {"if-header=X-Request-ID: abc-2", true}, {"if-header=X-Request-ID: *", true}, {"if-header=X-Request-ID: b*", false}, {"if-header=PSU-ID", false},
		{"param=grant_type=refresh_token", true}, {"param=grant_type", true}, {"param=grant_type=code", false}, {"param=scope", false}, {"param=page=3", true},
		{"bank=berlin; op=token; method=POST; client=wk-app; user=jane; param=page", true}, {"answer=200", false},
	}
	for _, tt := range tests {
		f, _ := arm(t, tt.when+"; drop")
		if got := f.Match(refresh(), noon) != nil; got != tt.want {
			t.Errorf("%s: %v", tt.when, got)
		}
		if want := map[bool]fault.State{true: fault.Spent, false: fault.Armed}[tt.want]; f.List(noon)[0].State != want {
			t.Errorf("%s: %s", tt.when, f.List(noon)[0].State)
		}
	}
	for _, when := range []string{"client=x", "user=x", "if-header=x", "param=x"} {
		if f, _ := arm(t, when+"; drop"); f.Match(fault.Ask{}, noon) != nil {
			t.Errorf("%s holds for a call that tells nothing", when)
		}
	}
}

// Rules for an answer are asked once there is one, and only those.
func TestAnswers(t *testing.T) {
	t.Parallel()
	f, _ := arm(t, "answer=401; status=403")
	if _, err := f.Arm(fault.Rule{Then: fault.Then{Status: 500}}, noon); err != nil {
		t.Fatal(err)
	}
	ask := refresh()
	ask.Answer = 200
	if f.Match(ask, noon) != nil {
		t.Error("a rule fired on 200")
	}
	ask.Answer = 401
	if h := f.Match(ask, noon); h == nil || h.Rule.ID != "f_1" {
		t.Errorf("on 401: %+v", h)
	}
	if f.Match(ask, noon) != nil {
		t.Error("a rule for calls fired on an answer")
	}
}

func TestOften(t *testing.T) {
	t.Parallel()
	tests := []struct{ often, want string }{
		{"", "x........."}, {"next=3", "xxx......."}, {"after=2", "..x......."}, {"after=2; next=2", "..xx......"}, {"every=3", "..x..x..x."},
		{"every=3; next=2", "..x..x...."}, {"every=3; after=2", "....x..x.."}, {"nth=4", "...x......"}, {"every=1", "xxxxxxxxxx"},
		{"percent=100; seed=1", "xxxxxxxxxx"}, {"percent=100; next=2", "xx........"}, {"until=2026-12-03T12:00:05Z", "xxxxx....."}, {"until=2026-12-03T12:00:05Z; next=2", "xx........"},
	}
	for _, tt := range tests {
		f, _ := arm(t, tt.often+"; drop")
		got := ""
		for i := range len(tt.want) {
			if h := f.Match(refresh(), noon.Add(time.Duration(i)*time.Second)); h != nil {
				got += "x"
				if h.N != strings.Count(got, "x") {
					t.Errorf("%s: hit %d is told as %d", tt.often, strings.Count(got, "x"), h.N)
				}
			} else {
				got += "."
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.often, got, tt.want)
		}
	}
}

// The clock decides, in both directions.
func TestUntilIsAPredicate(t *testing.T) {
	t.Parallel()
	f, r := arm(t, "drop; until=2026-12-03T12:00:05Z")
	if h := f.Match(refresh(), r.Often.Until); h != nil || f.List(r.Often.Until)[0].State != fault.Over {
		t.Error("it fires at its until")
	}
	if h := f.Match(refresh(), r.Often.Until.Add(-time.Nanosecond)); h == nil || f.List(noon)[0].State != fault.Armed {
		t.Error("it does not fire a nanosecond before its until, the clock having gone back")
	}
}

func TestChanceReplays(t *testing.T) {
	t.Parallel()
	run := func(line string) (hits string, n int, delays []time.Duration) {
		f, _ := arm(t, line)
		for range 2000 {
			if h := f.Match(refresh(), noon); h != nil {
				hits += "x"
				delays = append(delays, h.Delay)
				n++
			} else {
				hits += "."
			}
		}
		return
	}
	a, n, delays := run("delay=2s; spread=1s; percent=20; seed=7")
	if b, _, again := run("delay=2s; spread=1s; percent=20; seed=7"); a != b || !slices.Equal(delays, again) {
		t.Error("one seed, two runs")
	}
	if c, _, _ := run("delay=2s; spread=1s; percent=20; seed=8"); a == c {
		t.Error("the seed is dead")
	}
	if n < 320 || n > 480 {
		t.Errorf("%d of 2000 are not about 20 %%", n)
	}
	low, high := slices.Min(delays), slices.Max(delays)
	if low < time.Second || low > 1100*time.Millisecond || high > 3*time.Second || high < 2900*time.Millisecond {
		t.Errorf("delays from %v to %v", low, high)
	}
}

// Counting is exact whatever the crowd: each rule spoils as many calls as it says, and each call is spoiled once.
func TestCountingIsExact(t *testing.T) {
	t.Parallel()
	f := fault.New(dice.Real())
	lines := []string{"drop; next=3", "op=other; drop; next=9", "drop; after=100; next=50", "drop; every=7; next=40", "nth=500; drop", "drop; percent=50; next=200"}
	for _, line := range lines {
		r, err := fault.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Arm(r, noon); err != nil {
			t.Fatal(err)
		}
	}
	var hits [7]atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 100 {
				if h := f.Match(refresh(), noon); h != nil {
					hits[h.Rule.ID[2]-'0'].Add(1)
				}
				f.List(noon)
			}
		})
	}
	wg.Wait()
	for i, want := range []int64{0, 3, 0, 50, 40, 1, 200} {
		if got := hits[i].Load(); got != want {
			t.Errorf("f_%d fired %d times, want %d", i, got, want)
		}
	}
	for _, l := range f.List(noon) {
		if want := map[string]int{"f_1": 3, "f_2": 0, "f_3": 50, "f_4": 40, "f_5": 1, "f_6": 200}[l.ID]; l.Hits != want || (l.State == fault.Armed) != (l.ID == "f_2") {
			t.Errorf("%s: %d hits, %s", l.ID, l.Hits, l.State)
		}
	}
}

func TestFirstThatFiresHasTheCall(t *testing.T) {
	t.Parallel()
	f, _ := arm(t, "drop; after=1")
	for _, line := range []string{"status=500; next=2", "reset"} {
		r, _ := fault.Parse(line)
		if _, err := f.Arm(r, noon); err != nil {
			t.Fatal(err)
		}
	}
	got := ""
	for range 5 {
		if h := f.Match(refresh(), noon); h != nil {
			got += h.Rule.ID + " "
		}
	}
	if got != "f_2 f_1 f_2 f_3 " {
		t.Errorf("fired: %s", got)
	}
	list := f.List(noon)
	if ids := list[0].ID + list[1].ID + list[2].ID; len(list) != 3 || ids != "f_3f_2f_1" || list[2].Seen != 2 || !list[2].Last.Equal(noon) {
		t.Errorf("list %s: %+v", ids, list)
	}
	if !f.Idle() {
		t.Error("all are spent, and calls are still asked about")
	}
}

// A trial meets what a call would meet, and leaves it to the call.
func TestTrialIsNotCounted(t *testing.T) {
	t.Parallel()
	f, r := arm(t, "status=503; next=1")
	trial := f.Trial()
	ask := refresh()
	ask.Header = func(name string) []string { return map[string][]string{fault.TrialHeader: {trial.Word}}[name] }
	for range 3 {
		if hit := f.Match(ask, noon); hit == nil || hit.Rule.ID != r.ID || trial.Hit() != hit {
			t.Fatalf("the trial met %v", hit)
		}
	}
	if l := f.List(noon)[0]; l.Seen != 0 || l.Hits != 0 || l.State != fault.Armed {
		t.Errorf("it was counted: %+v", l)
	}
	trial.End()
	if f.Match(ask, noon) == nil || f.Match(ask, noon) != nil {
		t.Error("a word that is over is a trial still")
	}
}
