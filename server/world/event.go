package world

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"sandbank/server/clock"
	"sandbank/server/grant"
	"sandbank/server/journal"
)

// teller passes on what happens in a space. What a lever does is held back until the lever has succeeded, and forgotten when it has not.
//
// That the clock passes the end of a token changes nothing anywhere, so nobody would tell of it: whoever follows the space looks whether
// it has happened, as often as ends come up. While nobody follows, nobody looks, and it is made up for later.
type teller struct {
	holding atomic.Bool
	mu      sync.Mutex
	held    []*journal.Event // guarded by mu
	omitted int              // guarded by mu

	seen    atomic.Int64 // ends up to here were told of; nanoseconds since 1970
	next    atomic.Int64 // no end comes before this instant; 0: not known, because the clock jumped
	looking sync.Mutex
	looked  time.Time     // real time; guarded by looking
	pause   time.Duration // real time until the next look, so that a million tokens do not keep the machine busy; guarded by looking
	gone    chan struct{} // closed when the space is deleted
}

// Limits of what is told one by one: of one lever's effects, and of ends that passed together. The rest is counted.
const (
	mostHeld   = 1000
	mostPassed = 1000
)

const never = math.MaxInt64

func (t *teller) hold() { t.holding.Store(true) }

// drop forgets what was held back.
func (t *teller) drop() { t.release() }

func (t *teller) release() (held []*journal.Event, omitted int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held, omitted = t.held, t.omitted
	t.held, t.omitted = nil, 0
	t.holding.Store(false)
	return held, omitted
}

func (s *Space) tell(e *journal.Event) {
	t := &s.teller
	if !t.holding.Load() {
		s.Journal.Tell(e)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.held) >= mostHeld {
		t.omitted++
		return
	}
	t.held = append(t.held, e)
}

// told passes on a change that was made: its effects, then the change itself.
func (s *Space) told(c *change) {
	held, omitted := s.teller.release()
	if s.Clock.Mark() != c.clock {
		s.tell(s.move(c.At))
	}
	for _, e := range held {
		s.Journal.Tell(e)
	}
	s.tell(&journal.Event{At: s.Clock.Now(), Type: journal.LeverPulled,
		Pull: &journal.Pull{ID: c.ID, Verb: c.Verb, What: c.What, Omitted: omitted}})
}

// undone passes on that a change was taken back. The records are again as they were: nothing was issued or revoked by that.
func (s *Space) undone(c *change, before clock.Mark, at time.Time) {
	s.teller.drop()
	s.teller.next.Store(0)
	if s.Clock.Mark() != before {
		s.tell(s.move(at))
	}
	s.tell(&journal.Event{At: s.Clock.Now(), Type: journal.LeverPulled, Pull: &journal.Pull{ID: c.ID, Verb: c.Verb, What: c.What, Undone: true}})
}

func (s *Space) move(from time.Time) *journal.Event {
	r := s.Clock.Read()
	return &journal.Event{At: r.Now, Type: journal.ClockMoved, Move: &journal.Move{From: from, To: r.Now, Speed: r.Speed, Frozen: r.Frozen}}
}

// listen lets the clock and the books tell the space what happens to them.
func (s *Space) listen() {
	s.teller.seen.Store(s.Clock.Now().UnixNano())
	s.Clock.Watch(s.moved)
	s.Grants.Hear(s.hear)
}

// moved hears that the clock was moved, by whomever. After a jump back, what lives again can end again.
func (s *Space) moved(before, after time.Time) {
	if after.Before(before) {
		lower(&s.teller.seen, after)
	}
	if !after.Equal(before) {
		s.teller.next.Store(0)
	}
	if !s.teller.holding.Load() {
		s.tell(s.move(before))
	}
}

// nanos is an instant in nanoseconds since 1970; one after 2262, which has no such number, never comes.
func nanos(t time.Time) int64 {
	if t.After(time.Unix(0, never)) {
		return never
	}
	return t.UnixNano()
}

// lower moves an instant to t unless it is earlier already.
func lower(at *atomic.Int64, t time.Time) {
	for n := nanos(t); ; {
		old := at.Load()
		if old <= n || at.CompareAndSwap(old, n) {
			return
		}
	}
}

// hear passes on what happens in the book of grants.
func (s *Space) hear(n grant.News) {
	e := s.event(n)
	if end := n.Ends; !end.IsZero() && n.What != grant.WasEnded {
		lower(&s.teller.next, end)
	}
	s.tell(e)
	if seen := s.teller.seen.Load(); n.What == grant.WasRetimed && !n.Ends.IsZero() && nanos(n.Ends) <= seen &&
		(n.Was.IsZero() || nanos(n.Was) > seen) { // nobody will look there again
		s.tell(s.event(grant.News{What: grant.WasEnded, Token: n.Token, Ends: n.Ends}))
	}
}

func (s *Space) event(n grant.News) *journal.Event {
	sub := &journal.Subject{Was: n.Was}
	e := &journal.Event{Subject: sub}
	switch {
	case n.Token != nil:
		t := n.Token
		sub.Kind, sub.ID, sub.Grant, sub.Bank, sub.Client, sub.User, sub.Expires = string(t.Kind), t.ID, t.Grant, t.Bank, t.Client, t.Owner, t.Expires
		e.At = t.Issued
	case n.Grant != nil:
		g := n.Grant
		sub.Kind, sub.ID, sub.Grant, sub.Bank, sub.Client, sub.User = "grant", g.ID, g.ID, g.Bank, g.Client, g.Owner
	default:
		c := n.Consent
		sub.Kind, sub.ID, sub.Bank, sub.Client, sub.User, sub.Expires, sub.Status = "consent", c.ID, c.Bank, c.Client, c.Owner, c.Until, string(c.Stored)
	}
	if n.Event != nil {
		e.At, sub.By, sub.Why = n.Event.At, n.Event.By, n.Event.Why
	}
	switch n.What {
	case grant.WasIssued:
		e.Type = journal.TokenIssued
	case grant.WasSpent:
		e.Type = journal.TokenSpent
	case grant.WasRevoked:
		e.Type = journal.TokenRevoked
	case grant.WasRetimed:
		e.Type, e.At = journal.TokenRetimed, s.Clock.Now()
	case grant.WasChanged:
		e.Type = journal.ConsentChanged
		if n.Event == nil || !n.Event.At.Equal(n.Ends) { // else it ended by itself, then
			e.At = s.Clock.Now()
		}
	case grant.WasEnded:
		e.Type, e.At = journal.TokenExpired, n.Ends
		if n.Consent != nil {
			e.Type, sub.Status = journal.ConsentExpired, string(grant.Expired)
		}
	}
	return e
}

// look tells of what has ended since the last look, and says after how much real time it makes sense to look again. While time just
// passes, a look waits for the pause after the one before, unless it is to be now. The gate must not be held.
func (s *Space) look(now bool) time.Duration {
	t := &s.teller
	next := t.next.Load()
	if s.Clock.Now().UnixNano() < next {
		return s.until(next)
	}
	t.looking.Lock()
	defer t.looking.Unlock()
	if next = t.next.Load(); s.Clock.Now().UnixNano() < next { // another follower looked
		return s.until(next)
	}
	began := clock.Wall()
	if rest := t.pause - began.Sub(t.looked); rest > 0 && next != 0 && !now {
		return rest
	}
	s.Gate.RLock()
	t.next.Store(never) // what is issued during the look lowers it
	seen, to := t.seen.Load(), s.Clock.Now()
	ended, more, soonest := s.Grants.Passed(time.Unix(0, seen), to, mostPassed)
	t.seen.CompareAndSwap(seen, max(seen, to.UnixNano())) // or the clock was moved back meanwhile: then it is earlier already
	if at := s.Clock.Now(); at.Before(to) {
		lower(&t.seen, at)
		soonest = at
	}
	if !soonest.IsZero() {
		lower(&t.next, soonest)
	}
	s.Gate.RUnlock()
	for i, n := range ended {
		e := s.event(n)
		if i == len(ended)-1 {
			e.More = more
		}
		s.Journal.Tell(e)
	}
	t.looked = clock.Wall()
	t.pause = min(max(10*t.looked.Sub(began), 5*time.Millisecond), 5*time.Second)
	return max(s.until(t.next.Load()), t.pause)
}

// until is the real time until the clock shows the instant, as far as anybody can say.
func (s *Space) until(at int64) time.Duration {
	const long = time.Hour // until then somebody moves the clock or issues a token, which wakes whoever waits
	if at == never {
		return long
	}
	if d, ok := s.Clock.Until(time.Unix(0, at)); ok {
		return min(d, long)
	}
	return long
}

// Newest lets Follow begin with what happens from now on.
const Newest = math.MaxUint64

// Follower reads what happens in a space, in order. It is for one goroutine, which must not hold the gate.
type Follower struct {
	*journal.Follower
	space *Space
}

// Follow begins behind the event with this id. Whoever follows must Close.
func (s *Space) Follow(after uint64) *Follower {
	s.look(true)
	return &Follower{s.Journal.Follow(after), s}
}

// LastEvent is the id of the newest event, after everything was told that has ended by now.
func (s *Space) LastEvent() uint64 {
	s.look(true)
	return s.Journal.LastEvent()
}

// Next waits for the next event. lost counts those before it that came too fast to be kept for this follower. ok is false when ctx
// ended, or the space.
func (f *Follower) Next(ctx context.Context) (e *journal.Event, lost uint64, ok bool) {
	for {
		wait := f.space.look(false)
		if e, lost := f.Poll(); e != nil || lost > 0 {
			return e, lost, true
		}
		again, stop := clock.Alarm(wait)
		select {
		case <-f.Wake():
		case <-again:
		case <-f.space.teller.gone:
			stop()
			return nil, 0, false
		case <-ctx.Done():
			stop()
			return nil, 0, false
		}
		stop()
	}
}
