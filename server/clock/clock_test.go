package clock_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sandbank/server/clock"
)

// hand is a real clock that a test moves.
type hand struct {
	mu sync.Mutex
	t  time.Time
}

func (h *hand) now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.t }
func (h *hand) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.t = h.t.Add(d)
}

var noon = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

func TestClockMoves(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(*clock.Clock, *hand)
		want time.Time
	}{
		{"runs with real time", func(_ *clock.Clock, h *hand) { h.pass(time.Second) }, noon.Add(time.Second)},
		{"two jumps add up", func(c *clock.Clock, _ *hand) { c.Advance(clock.Day); c.Advance(time.Hour) }, noon.Add(25 * time.Hour)},
		{"jumps back", func(c *clock.Clock, _ *hand) { c.Advance(-time.Hour) }, noon.Add(-time.Hour)},
		{"goes on after a jump", func(c *clock.Clock, h *hand) { c.Advance(time.Hour); h.pass(time.Second) }, noon.Add(time.Hour + time.Second)},
		{"is set", func(c *clock.Clock, h *hand) { c.Set(noon.AddDate(4, 0, 0)); h.pass(time.Minute) }, noon.AddDate(4, 0, 0).Add(time.Minute)},
		{"stands while frozen", func(c *clock.Clock, h *hand) { c.Freeze(true); h.pass(time.Hour) }, noon},
		{"can be moved while frozen", func(c *clock.Clock, h *hand) { c.Freeze(true); c.Advance(time.Hour); h.pass(time.Hour) }, noon.Add(time.Hour)},
		{"thaws where it stood", func(c *clock.Clock, h *hand) {
			c.Freeze(true)
			h.pass(time.Hour)
			c.Freeze(false)
			h.pass(time.Second)
		}, noon.Add(time.Second)},
		{"runs sixty times as fast", func(c *clock.Clock, h *hand) { c.SetSpeed(60); h.pass(time.Minute) }, noon.Add(time.Hour)},
		{"stands at the end of 2200", func(c *clock.Clock, h *hand) { c.SetSpeed(clock.Fastest); h.pass(24 * time.Hour) }, time.Date(2201, 1, 1, 0, 0, 0, -1, time.UTC)},
		{"changes speed without a jump", func(c *clock.Clock, h *hand) {
			c.SetSpeed(60)
			h.pass(time.Minute)
			c.SetSpeed(1)
			h.pass(time.Minute)
		}, noon.Add(61 * time.Minute)},
		{"comes back to real time", func(c *clock.Clock, h *hand) {
			c.Advance(clock.Day)
			c.SetSpeed(9)
			c.Freeze(true)
			h.pass(time.Minute)
			c.Reset()
			h.pass(time.Minute)
		}, noon.Add(2 * time.Minute)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := &hand{t: noon}
			c := clock.New(h.now)
			tt.do(c, h)
			if got := c.Now(); !got.Equal(tt.want) {
				t.Errorf("shows %v, want %v", got, tt.want)
			}
		})
	}
}

func TestReturnGoesOnAsIfNothingHadBeen(t *testing.T) {
	t.Parallel()
	h := &hand{t: noon}
	c := clock.New(h.now)
	c.Advance(time.Hour)
	m := c.Mark()
	h.pass(time.Second)
	c.Advance(clock.Day)
	c.Freeze(true)
	h.pass(time.Second)
	c.Return(m)
	if got := c.Now(); !got.Equal(noon.Add(time.Hour + 2*time.Second)) {
		t.Errorf("shows %v", got)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	if !clock.Wait(t.Context(), time.Millisecond) {
		t.Error("a millisecond did not pass")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if clock.Wait(ctx, time.Hour) {
		t.Error("an hour has passed")
	}
}

func TestReadTellsOffset(t *testing.T) {
	t.Parallel()
	h := &hand{t: noon}
	c := clock.New(h.now)
	c.Advance(90 * clock.Day)
	c.Freeze(true)
	h.pass(time.Hour)
	r := c.Read()
	if r.Offset != 90*clock.Day-time.Hour || !r.Frozen || r.Speed != 1 || !r.Real.Equal(noon.Add(time.Hour)) {
		t.Errorf("reading %+v", r)
	}
}

// Readers race with writers: under -race this would tell of a torn reading, and no jump may be lost.
func TestConcurrentJumpsAllCount(t *testing.T) {
	t.Parallel()
	c := clock.New((&hand{t: noon}).now)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() { c.Advance(time.Second); _ = c.Now() })
	}
	wg.Wait()
	if got := c.Now().Sub(noon); got != 64*time.Second {
		t.Errorf("moved by %v, want 64s", got)
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	good := map[string]time.Duration{
		"5s": 5 * time.Second, "10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "90d": 90 * clock.Day, "2w": 14 * clock.Day,
		"1w2d": 9 * clock.Day, "1.5d": 36 * time.Hour, "-90d": -90 * clock.Day, "1d12h": 36 * time.Hour, "0": 0, "0s": 0, "250ms": 250 * time.Millisecond,
	}
	for text, want := range good {
		if got, err := clock.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "5", "d", "5x", "5 s", "1e9d", "--5s", "5s!", "1000000000000w", "."} {
		if got, err := clock.ParseDuration(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestFormatDurationIsReadBack(t *testing.T) {
	t.Parallel()
	if got := clock.FormatDuration(90 * clock.Day); got != "90d" {
		t.Errorf("90 days are %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(-1<<53, 1<<53).Draw(t, "d"))
		text := clock.FormatDuration(d)
		back, err := clock.ParseDuration(text)
		if diff := back - d; err != nil || diff > 1 || diff < -1 { // float days round in the last nanosecond
			t.Fatalf("%v → %q → %v, %v", d, text, back, err)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"5s", "90d", "1w2d3h", "-1.5d", "9999999w", "d", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := clock.ParseDuration(s); err == nil {
			if _, err := clock.ParseDuration(clock.FormatDuration(d)); err != nil {
				t.Errorf("%q is %v, whose text is not read back: %v", s, d, err)
			}
		}
	})
}

func BenchmarkNow(b *testing.B) {
	c := clock.New(clock.Wall)
	b.ReportAllocs()
	for b.Loop() {
		_ = c.Now()
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		speed float64
		stand bool
		ahead time.Duration
		want  time.Duration
		ok    bool
	}{
		{"real time", 1, false, time.Minute, time.Minute, true},
		{"sixty times as fast", 60, false, time.Hour, time.Minute, true},
		{"half as fast", 0.5, false, time.Second, 2 * time.Second, true},
		{"now", 1, false, 0, 0, true},
		{"past", 1, true, -time.Hour, 0, true},
		{"frozen", 1, true, time.Second, 0, false},
		{"speed zero", 0, false, time.Second, 0, false},
		{"not in our time", 1e-12, false, time.Hour, 0, false},
	}
	for _, tt := range tests {
		c := clock.New((&hand{t: noon}).now)
		c.SetSpeed(tt.speed)
		c.Freeze(tt.stand)
		got, ok := c.Until(noon.Add(tt.ahead))
		if diff := got - tt.want; ok != tt.ok || diff < 0 || diff > time.Microsecond {
			t.Errorf("%s: %v, %v; want %v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestWatchHearsOfEveryMove(t *testing.T) {
	t.Parallel()
	h := &hand{t: noon}
	c := clock.New(h.now)
	var moves []time.Duration
	c.Watch(func(before, after time.Time) { moves = append(moves, after.Sub(before)) })
	m := c.Mark()
	c.Advance(time.Hour)
	h.pass(time.Minute)
	c.Freeze(true)
	c.Return(m)
	c.Reset()
	want := []time.Duration{time.Hour, 0, -time.Hour, 0}
	if !slices.Equal(moves, want) {
		t.Errorf("moves %v, want %v", moves, want)
	}
}
