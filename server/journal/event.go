package journal

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Type of an event.
type Type string

// The types of events. Those of tokens and consents happen in the book of grants, whoever does it; the others to the whole space.
const (
	Request        Type = "request"         // a bank answered
	TokenIssued    Type = "token.issued"    // by a bank or by a lever
	TokenSpent     Type = "token.spent"     // a code was redeemed, a refresh token rotated away
	TokenRetimed   Type = "token.retimed"   // its end was moved
	TokenRevoked   Type = "token.revoked"   // or its grant with all tokens: then the subject is of kind grant
	TokenExpired   Type = "token.expired"   // the clock has passed its end
	ConsentChanged Type = "consent.changed" // it has another state, or another end
	ConsentExpired Type = "consent.expired" // the clock has passed its end
	ClockMoved     Type = "clock"           // jumped, frozen, or given another speed
	LeverPulled    Type = "activity"        // a lever changed something, or a change was taken back
	JournalCleared Type = "cleared"         // the entries before it are gone
)

// Types are all of them.
func Types() []Type {
	return []Type{Request, TokenIssued, TokenSpent, TokenRetimed, TokenRevoked, TokenExpired, ConsentChanged, ConsentExpired, ClockMoved,
		LeverPulled, JournalCleared}
}

// Event is one thing that happened in a space, in the order in which it was told. It is immutable once told. By its type, one of Entry,
// Subject, Move and Pull is set.
type Event struct {
	ID      uint64 // 1 is the first of the space; not the number of an entry
	At      time.Time
	Type    Type
	More    int // of token.expired and consent.expired: so many more ended with it, too many to be told one by one
	Entry   *Entry
	Subject *Subject
	Move    *Move
	Pull    *Pull

	lost bool // nothing else of it is left
}

// Subject is the token, grant or consent that an event is about, by its ids: an event carries nothing that opens anything.
type Subject struct {
	Kind    string    `json:"kind"` // access, refresh, code, grant, consent
	ID      string    `json:"id"`
	Grant   string    `json:"grant,omitempty"`
	Bank    string    `json:"bank"`
	Client  string    `json:"client,omitempty"`
	User    string    `json:"user,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	Was     time.Time `json:"was,omitzero"`     // of token.retimed: the former end
	Status  string    `json:"status,omitempty"` // of a consent
	By      string    `json:"by,omitempty"`     // user, client, reuse, bank, admin, exchange
	Why     string    `json:"why,omitempty"`
}

// Move is a change of the clock.
type Move struct {
	From   time.Time `json:"from"` // what it showed before
	To     time.Time `json:"to"`
	Speed  float64   `json:"speed"` // virtual seconds per real second
	Frozen bool      `json:"frozen"`
}

// Pull is a change by a lever.
type Pull struct {
	ID      uint64 `json:"id"` // of the activity
	Verb    string `json:"verb"`
	What    string `json:"what"`
	Undone  bool   `json:"undone,omitempty"`  // it was taken back
	Omitted int    `json:"omitted,omitempty"` // events of its effects that were too many to tell
}

// leastEvents is how many events are kept for followers, however short the journal is.
const leastEvents = 256

// bus is the ring of events, and who follows it. Telling takes no lock; a follower reads the ring at its own pace, and what was
// overwritten before it came that far is lost to it alone.
type bus struct {
	slots     []atomic.Pointer[Event]
	last      atomic.Uint64
	cleared   atomic.Uint64 // events up to here are gone on purpose
	followers atomic.Pointer[[]*Follower]
	joining   sync.Mutex
}

// Tell passes an event on under the next id.
func (j *Journal) Tell(e *Event) {
	e.ID = j.bus.last.Add(1)
	j.bus.tell(e)
}

// tell passes on an event that has its id.
func (b *bus) tell(e *Event) {
	slot := &b.slots[e.ID%uint64(len(b.slots))]
	for old := slot.Load(); (old == nil || old.ID < e.ID) && !slot.CompareAndSwap(old, e); {
		old = slot.Load()
	}
	followers := b.followers.Load()
	if followers == nil {
		return
	}
	for _, f := range *followers {
		select {
		case f.wake <- struct{}{}:
		default: // it will look anyhow
		}
	}
}

// LastEvent is the id of the newest event; 0 when there was none.
func (j *Journal) LastEvent() uint64 { return j.bus.last.Load() }

// Followers is how many follow.
func (j *Journal) Followers() int {
	if all := j.bus.followers.Load(); all != nil {
		return len(*all)
	}
	return 0
}

// Follower reads events in their order. It is for one goroutine.
type Follower struct {
	journal *Journal
	next    uint64
	wake    chan struct{}
}

// Follow begins behind the event with this id, or behind the newest when that is older. Whoever follows must Close.
func (j *Journal) Follow(after uint64) *Follower {
	f := &Follower{journal: j, next: min(after, j.bus.last.Load()) + 1, wake: make(chan struct{}, 1)}
	j.bus.change(func(all []*Follower) []*Follower { return append(all, f) })
	return f
}

// Close ends following.
func (f *Follower) Close() {
	f.journal.bus.change(func(all []*Follower) []*Follower {
		return slices.DeleteFunc(all, func(one *Follower) bool { return one == f })
	})
}

func (b *bus) change(make func([]*Follower) []*Follower) {
	b.joining.Lock()
	defer b.joining.Unlock()
	var all []*Follower
	if p := b.followers.Load(); p != nil {
		all = slices.Clone(*p)
	}
	if all = make(all); len(all) == 0 {
		b.followers.Store(nil)
		return
	}
	b.followers.Store(&all)
}

// Wake has something in it when there may be a new event.
func (f *Follower) Wake() <-chan struct{} { return f.wake }

// Poll is the next event, or nil when there is none yet. lost counts the events between the one before and this that the ring no longer
// has; they are counted once.
func (f *Follower) Poll() (e *Event, lost uint64) {
	b := &f.journal.bus
	size := uint64(len(b.slots))
	for {
		last := b.last.Load()
		f.next = max(f.next, b.cleared.Load()+1)
		if f.next > last {
			return nil, lost
		}
		if last-f.next >= size {
			lost += last - size + 1 - f.next
			f.next = last - size + 1
		}
		switch e := b.slots[f.next%size].Load(); {
		case e == nil || e.ID < f.next:
			if f.next <= b.cleared.Load() {
				continue
			}
			return nil, lost // it has its number and is about to be there: the wake comes after that
		case e.ID == f.next && !e.lost:
			f.next++
			return e, lost
		default: // overwritten since, or forgotten
			lost++
			f.next++
		}
	}
}

// forget takes an event away that has been told. A follower that has not come that far has lost it.
func (b *bus) forget(id uint64) {
	slot := &b.slots[id%uint64(len(b.slots))]
	if e := slot.Load(); e != nil && e.ID == id {
		slot.CompareAndSwap(e, &Event{ID: id, lost: true})
	}
}

// clear forgets all events.
func (b *bus) clear() {
	last := b.last.Load()
	b.cleared.Store(last)
	for i := range b.slots {
		if e := b.slots[i].Load(); e != nil && e.ID <= last {
			b.slots[i].CompareAndSwap(e, nil)
		}
	}
}
