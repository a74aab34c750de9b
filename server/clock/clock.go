// Package clock owns the one lever that no real bank has: time. It is the only place in Sandbank that reads the wall clock.
//
// A Clock runs at a speed from an instant that can be moved; freezing is speed zero. Everything that expires asks a reading of it,
// taken once per request, so that jumping kills and revives tokens without any timer. Instants are UTC and carry no monotonic part.
//
//	c := clock.New(clock.Wall)
//	c.Advance(90 * 24 * time.Hour)
//	c.Now() // 90 days ahead, still running
package clock

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Source tells real time. Wall is the machine's; tests may pass their own.
type Source func() time.Time

// Wall is the machine's clock.
func Wall() time.Time { return time.Now() }

// Since tells how much real time has passed since t: for latency and uptime, never for the life of a token.
func Since(t time.Time) time.Duration { return time.Since(t) }

// Alarm rings once after this much real time, unless it is stopped: for network timeouts and for looking again, never for the life of a
// token.
func Alarm(d time.Duration) (rings <-chan time.Time, stop func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// Wait lets d of real time pass, or less when ctx ends first; it tells whether all of it has passed. Only a slow network is made of real
// time: a fault's delay and dribble. Nothing expires by it.
func Wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Fastest is the highest speed at which a clock is to run. A night at it is nine centuries: a clock that gets to the end of 2200 stands there.
const Fastest = 1e6

// Check refuses an instant that a clock is not to be set to: between these, all that comes of it can be written by every bank.
func Check(t time.Time) error {
	if y := t.UTC().Year(); y < 1970 || y > 2200 {
		return fmt.Errorf("%s is not between 1970 and 2200", t.Format(time.RFC3339))
	}
	return nil
}

func latest() time.Time { return time.Date(2201, 1, 1, 0, 0, 0, -1, time.UTC) }

// Clock is a virtual clock, safe for concurrent use; reading it takes no lock.
type Clock struct {
	source Source
	write  sync.Mutex
	watch  func(before, after time.Time) // guarded by write
	state  atomic.Pointer[state]
}

// state is immutable: at real instant real the virtual clock showed shown, and from there it runs at speed.
type state struct {
	real, shown time.Time
	speed       float64
	frozen      bool
}

// New returns a clock that shows real time.
func New(source Source) *Clock {
	c := &Clock{source: source}
	now := source()
	c.state.Store(&state{real: now, shown: now.UTC().Round(0), speed: 1})
	return c
}

func (s *state) at(real time.Time) time.Time {
	if s.frozen {
		return s.shown
	}
	passed := real.Sub(s.real)
	if s.speed != 1 {
		left := max(0, latest().Sub(s.shown))
		if fast := float64(passed) * s.speed; fast < float64(left) {
			left = time.Duration(fast)
		}
		passed = left
	}
	return s.shown.Add(passed)
}

// Now is the virtual instant, in UTC.
func (c *Clock) Now() time.Time { return c.state.Load().at(c.source()) }

// Reading is one look at the clock.
type Reading struct {
	Now    time.Time     // what the bank believes
	Real   time.Time     // what the machine believes
	Offset time.Duration // Now - Real
	Speed  float64       // virtual seconds per real second
	Frozen bool
}

// Read looks at everything at once.
func (c *Clock) Read() Reading {
	s, real := c.state.Load(), c.source()
	now := s.at(real)
	return Reading{Now: now, Real: real.UTC().Round(0), Offset: now.Sub(real.Round(0)), Speed: s.speed, Frozen: s.frozen}
}

// change replaces the state by what f makes of the present one, re-based on this instant.
func (c *Clock) change(f func(*state)) time.Time {
	c.write.Lock()
	defer c.write.Unlock()
	real := c.source()
	next := *c.state.Load()
	next.shown, next.real = next.at(real), real
	before := next.shown
	f(&next)
	c.state.Store(&next)
	c.tell(before, next.shown)
	return next.shown
}

// Watch calls f after every move, with what the clock showed before and after it; they are the same when only its speed changed. f must
// not move the clock.
func (c *Clock) Watch(f func(before, after time.Time)) {
	c.write.Lock()
	defer c.write.Unlock()
	c.watch = f
}

func (c *Clock) tell(before, after time.Time) {
	if c.watch != nil {
		c.watch(before, after)
	}
}

// Until is how much real time passes before the clock shows t, if nobody moves it: none when it is past t already. ok is false when it
// never will, because it stands.
func (c *Clock) Until(t time.Time) (real time.Duration, ok bool) {
	s := c.state.Load()
	left := t.Sub(s.at(c.source()))
	switch {
	case left <= 0:
		return 0, true
	case s.frozen || s.speed <= 0:
		return 0, false
	}
	wait := float64(left)/s.speed + 1 // never too early for the rounding
	if wait > float64(math.MaxInt64)/2 {
		return 0, false
	}
	return time.Duration(wait), true
}

// Advance moves the clock by d, backwards when d is negative, and returns the new instant. Two calls add up.
func (c *Clock) Advance(d time.Duration) time.Time {
	return c.change(func(s *state) { s.shown = s.shown.Add(d) })
}

// Set moves the clock to t.
func (c *Clock) Set(t time.Time) time.Time {
	return c.change(func(s *state) { s.shown = t.UTC().Round(0) })
}

// Freeze stops the clock, or lets it run again at its speed.
func (c *Clock) Freeze(on bool) time.Time { return c.change(func(s *state) { s.frozen = on }) }

// SetSpeed makes one real second last speed virtual ones.
func (c *Clock) SetSpeed(speed float64) time.Time {
	return c.change(func(s *state) { s.speed = speed })
}

// Reset shows real time again, running.
func (c *Clock) Reset() time.Time {
	return c.change(func(s *state) { *s = state{real: s.real, shown: s.real.UTC().Round(0), speed: 1} })
}

// Mark is a clock's whole state at one moment: with it, a change can be taken back as if it had never been.
type Mark struct{ state *state }

// Mark notes how the clock runs.
func (c *Clock) Mark() Mark { return Mark{c.state.Load()} }

// Return lets the clock run on as it did at the mark: time that has really passed since then counts.
func (c *Clock) Return(m Mark) {
	c.write.Lock()
	defer c.write.Unlock()
	real := c.source()
	before := c.state.Load().at(real)
	c.state.Store(m.state)
	c.tell(before, m.state.at(real))
}
