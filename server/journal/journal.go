// Package journal owns what happened: one entry per request that a bank answered, with the trail of checks that led to the answer.
//
// It is a ring, bounded by number and by bytes: the newest entries stay, older ones are overwritten or dropped, and counted. Bodies are
// kept up to a cap and marked when cut, and so are reasons that quote what a client sent. Appending takes no lock, unless older entries
// have to make room. Beside the entries there is a second ring of events, for whoever wants to follow what happens: each entry is one,
// and what happens to tokens, to the clock and by levers is told there too. The package knows HTTP's texts, because it writes entries
// down as HAR or as a command and masks their secrets; it knows no HTTP library and no bank.
//
//	j := journal.New(2000)
//	j.Append(&journal.Entry{Bank: "yoisho", Op: "info", Status: 400, Why: "at_x expired 0.8 s ago; 1m by yoisho default"})
//	j.Recent(10, journal.Filter{Refused: true}.Match)
//	f := j.Follow(0)
//	event, lost := f.Poll()
package journal

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sandbank/server/fail"
)

// What is kept: of one body, of one reason, and of all entries together. 2,000 entries of an ordinary client are some 4 MiB, and 2,000 of two whole
// bodies would be 250.
const (
	BodyCap = 64 << 10
	WhyCap  = 2 << 10
	Budget  = 16 << 20
)

// What TLS adds to the journal: the operation of an entry that is a handshake which the client broke off, with nothing sent and nothing
// answered, and the check that says of an entry which bad certificate the client was shown.
const (
	Handshake   = "handshake"
	Certificate = "certificate"
)

// Entry is one request and its answer. It is immutable once appended.
type Entry struct {
	ID       uint64        `json:"id"` // 1 is the first request of the space
	At       time.Time     `json:"at"` // the space's clock
	Took     time.Duration `json:"took"`
	Bank     string        `json:"bank,omitempty"` // empty: no bank owns the path
	Op       string        `json:"op,omitempty"`   // the route's operation
	Method   string        `json:"method"`
	Target   string        `json:"target"` // path and query as sent
	Status   int           `json:"status"` // as sent; 0: no answer
	Client   string        `json:"client,omitempty"`
	Owner    string        `json:"owner,omitempty"`
	Tokens   []string      `json:"tokens,omitempty"` // ids of what was issued, used or refused
	Trail    []fail.Check  `json:"trail,omitempty"`
	Kind     fail.Kind     `json:"kind,omitempty"`  // of the refusal; empty: not refused
	Why      string        `json:"why,omitempty"`   // of the refusal
	Again    uint64        `json:"again,omitempty"` // the entry that this is a replay of
	Fault    string        `json:"fault,omitempty"` // id of the rule that spoiled the call
	Request  Part          `json:"request"`
	Response Part          `json:"response"`

	event uint64 // its own
}

// bytes is about how much memory the entry takes: to the byte what the client can make large, and the rest at a flat rate.
func (e *Entry) bytes() int64 {
	const rest = 1 << 10 // the record, its event, the trail of an ordinary call
	n := rest + len(e.Method) + len(e.Target) + len(e.Why) + cap(e.Request.Head) + cap(e.Request.Body) + cap(e.Response.Head) + cap(e.Response.Body)
	for i := range e.Trail {
		n += len(e.Trail[i].Why)
	}
	return int64(n)
}

// clip shortens what a reason quotes at too great a length.
func (e *Entry) clip() {
	e.Why = clip(e.Why)
	for i := range e.Trail {
		e.Trail[i].Why = clip(e.Trail[i].Why)
	}
}

func clip(why string) string {
	if len(why) <= WhyCap {
		return why
	}
	return strings.ToValidUTF8(why[:WhyCap], "") + "…"
}

// Part is one side of the exchange.
type Part struct {
	Head []byte `json:"head,omitempty"` // raw header lines
	Body []byte `json:"body,omitempty"`
	Size int    `json:"size"`          // of the whole body
	Cut  bool   `json:"cut,omitempty"` // Body is not all of it
}

// Cut keeps as much of a body as the cap allows, copied.
func Cut(body []byte) Part {
	return Part{Body: append([]byte(nil), body[:min(len(body), BodyCap)]...), Size: len(body), Cut: len(body) > BodyCap}
}

// Journal is the ring of one space. Safe for concurrent use.
type Journal struct {
	slots  []atomic.Pointer[Entry]
	last   atomic.Uint64
	size   atomic.Int64 // bytes of the entries that are kept
	base   atomic.Pointer[base]
	floor  atomic.Uint64 // entries up to here had to make room for others
	making sync.Mutex    // room
	bus    bus
}

// base is where the journal was cleared last.
type base struct{ last, dropped uint64 }

// New returns a journal that keeps the newest n entries; at least one.
func New(n int) *Journal {
	j := &Journal{slots: make([]atomic.Pointer[Entry], max(1, n)), bus: bus{slots: make([]atomic.Pointer[Event], max(leastEvents, n))}}
	j.base.Store(&base{})
	return j
}

// Next takes the id of an entry that is going to be appended, for whoever must know it before.
func (j *Journal) Next() uint64 { return j.last.Add(1) }

// Append keeps the entry, under the next id unless it has one from Next, and tells followers. Reasons of more than WhyCap bytes are cut.
func (j *Journal) Append(e *Entry) {
	e.clip()
	if e.ID == 0 {
		e.ID = j.Next()
	}
	e.event = j.bus.last.Add(1)
	slot := &j.slots[e.ID%uint64(len(j.slots))]
	for old := slot.Load(); old == nil || old.ID < e.ID; old = slot.Load() { // else somebody was faster by a whole round of the ring
		if slot.CompareAndSwap(old, e) {
			if size := e.bytes(); old != nil {
				j.size.Add(size - old.bytes())
			} else {
				j.size.Add(size)
			}
			break
		}
	}
	j.bus.tell(&Event{ID: e.event, At: e.At, Type: Request, Entry: e})
	if j.size.Load() > Budget {
		j.makeRoom()
	}
}

// Size is how many entries are kept.
func (j *Journal) Size() int { return len(j.slots) }

// makeRoom drops the oldest entries, and their events, until what is left is within the budget. The newest stays in any case.
func (j *Journal) makeRoom() {
	j.making.Lock()
	defer j.making.Unlock()
	last, id := j.last.Load(), j.floor.Load()
	for id = max(id, last-min(last, uint64(len(j.slots)))); j.size.Load() > Budget && id+1 < last; {
		id++
		if e := j.Entry(id); e != nil && j.forget(e) {
			j.bus.forget(e.event)
		}
	}
	j.floor.Store(id)
}

// forget takes an entry away; false when it is gone.
func (j *Journal) forget(e *Entry) bool {
	if !j.slots[e.ID%uint64(len(j.slots))].CompareAndSwap(e, nil) {
		return false
	}
	j.size.Add(-e.bytes())
	return true
}

// Bytes is about how much memory the entries take.
func (j *Journal) Bytes() int64 { return j.size.Load() }

// Total is how many entries there have been.
func (j *Journal) Total() uint64 { return j.last.Load() }

// Dropped is how many of them were overwritten or made room; those that were cleared do not count.
func (j *Journal) Dropped() uint64 {
	b, last := j.base.Load(), j.Total()
	gone := max(j.floor.Load(), last-min(last, uint64(len(j.slots))))
	return b.dropped + max(gone, b.last) - b.last
}

// Most is how many entries are kept at most.
func (j *Journal) Most() int { return len(j.slots) }

// Clear forgets all entries and events. Their numbers are not given again.
func (j *Journal) Clear(now time.Time) {
	last := j.Total()
	j.base.Store(&base{last, j.Dropped()})
	for i := range j.slots {
		if e := j.slots[i].Load(); e != nil && e.ID <= last {
			j.forget(e)
		}
	}
	j.bus.clear()
	j.Tell(&Event{At: now, Type: JournalCleared})
}

// Entry returns one entry, or nil when it is not there any more, or not yet.
func (j *Journal) Entry(id uint64) *Entry {
	e := j.slots[id%uint64(len(j.slots))].Load()
	if e == nil || e.ID != id {
		return nil
	}
	return e
}

// Recent are the newest entries that keep says yes to (all when nil), newest first, at most n.
func (j *Journal) Recent(n int, keep func(*Entry) bool) []*Entry {
	return j.Before(j.Total()+1, n, keep)
}

// Before are the same of those that are older than the entry with this id.
func (j *Journal) Before(id uint64, n int, keep func(*Entry) bool) []*Entry {
	var out []*Entry
	last := j.Total()
	oldest := last - min(last, uint64(len(j.slots))) + 1
	for id = min(id, last+1); id > oldest && len(out) < n; {
		id--
		if e := j.Entry(id); e != nil && (keep == nil || keep(e)) {
			out = append(out, e)
		}
	}
	return out
}
