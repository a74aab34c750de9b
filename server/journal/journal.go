// Package journal owns what happened: one entry per request that a bank answered, with the trail of checks that led to the answer.
//
// It is a ring: the newest entries stay, older ones are overwritten and counted as dropped. Bodies are kept up to a cap and marked when
// cut. Appending takes no lock. It knows no HTTP library and no bank; whoever shows an entry masks its secrets.
//
//	j := journal.New(2000)
//	j.Append(&journal.Entry{Bank: "yoisho", Op: "info", Status: 400, Why: "at_x expired 0.8 s ago; 60 s by yoisho default"})
//	j.Recent(10, nil)
package journal

import (
	"sync/atomic"
	"time"

	"sandbank/server/fail"
)

// BodyCap is how many bytes of a request or response are kept.
const BodyCap = 16 << 10

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
	Fault    string        `json:"fault,omitempty"` // id of the rule that spoiled the call
	Request  Part          `json:"request"`
	Response Part          `json:"response"`
}

// Part is one side of the exchange.
type Part struct {
	Head []byte `json:"head,omitempty"` // raw header lines
	Body []byte `json:"body,omitempty"`
	Size int    `json:"size"` // of the whole body; more than len(Body) means that it was cut
}

// Cut keeps as much of a body as the cap allows, copied.
func Cut(body []byte) Part {
	return Part{Body: append([]byte(nil), body[:min(len(body), BodyCap)]...), Size: len(body)}
}

// Journal is the ring of one space. Safe for concurrent use.
type Journal struct {
	slots []atomic.Pointer[Entry]
	last  atomic.Uint64
}

// New returns a journal that keeps the newest n entries; at least one.
func New(n int) *Journal { return &Journal{slots: make([]atomic.Pointer[Entry], max(1, n))} }

// Append keeps the entry under the next id.
func (j *Journal) Append(e *Entry) {
	e.ID = j.last.Add(1)
	j.slots[e.ID%uint64(len(j.slots))].Store(e)
}

// Total is how many entries there have been.
func (j *Journal) Total() uint64 { return j.last.Load() }

// Dropped is how many of them were overwritten.
func (j *Journal) Dropped() uint64 {
	return j.Total() - min(j.Total(), uint64(len(j.slots)))
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
	var out []*Entry
	last := j.Total()
	for id := last; id > 0 && last-id < uint64(len(j.slots)) && len(out) < n; id-- {
		if e := j.Entry(id); e != nil && (keep == nil || keep(e)) {
			out = append(out, e)
		}
	}
	return out
}
