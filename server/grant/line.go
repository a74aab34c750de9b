package grant

import (
	"cmp"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
)

// line keeps the records of one store in the order of their numbers, and by the family that they belong to.
//
// It follows the store: whoever puts, changes or takes a record there (an issue, a sweep, an undo, a restore) need not know of it. Each
// time, the record is read anew from the store under the line's lock; so the last of several racing changes leaves what the store holds.
//
// A new record costs the line an append. Readers walk without the lock, and see each record as it is by then.
type line[V any] struct {
	about about[V]
	last  atomic.Int64 // the highest number given

	mu       sync.Mutex
	order    []*place[V]            // by number. Readers hold it: it grows and is replaced, nothing in it is moved.
	late     map[int64]*place[V]    // by number, and not in order yet: they came out of turn
	families map[string][]*place[V] // those with a record, in no order
	gone     int                    // places without a record
}

// about is what a line must know of its records. Number and family of a record never change.
type about[V any] struct {
	number  func(*V) int64     // from 1 on, unique
	family  func(*V) string    // nil: they have none
	current func(record *V) *V // what the store holds under its key now, or nil
}

// place is where one record stands.
type place[V any] struct {
	number int64
	record atomic.Pointer[V] // nil: it went
}

// next is the number of a new record.
func (l *line[V]) next() int64 { return l.last.Add(1) }

// follow takes note of a change in the store. One record may have taken the place of another under the same key.
func (l *line[V]) follow(old, now *V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old != nil {
		l.look(old)
	}
	if now != nil && (old == nil || l.about.number(old) != l.about.number(now)) {
		l.look(now)
	}
}

// look brings the place of a record up to date.
func (l *line[V]) look(record *V) {
	number := l.about.number(record)
	p, current := l.at(number), l.about.current(record)
	if current != nil && l.about.number(current) != number {
		current = nil // its key is another's now
	}
	switch {
	case current == nil && p != nil && p.record.Swap(nil) != nil:
		l.leave(p, record)
	case current != nil && p == nil:
		l.join(l.add(current), current)
	case current != nil && p.record.Swap(current) == nil:
		l.gone--
		l.join(p, current)
	}
}

// at is the place with this number, or nil.
func (l *line[V]) at(number int64) *place[V] {
	if n := len(l.order); n > 0 && l.order[n-1].number >= number { // most are new, and need no search
		if i := search(l.order, number); l.order[i].number == number {
			return l.order[i]
		}
	}
	return l.late[number]
}

// search is the first index from which on numbers are not below number.
func search[V any](order []*place[V], number int64) int {
	return sort.Search(len(order), func(i int) bool { return order[i].number >= number })
}

func (l *line[V]) add(record *V) *place[V] {
	p := &place[V]{number: l.about.number(record)}
	p.record.Store(record)
	switch n := len(l.order); {
	case n == 0 || l.order[n-1].number < p.number:
		l.order = append(l.order, p)
	case l.late == nil:
		l.late = map[int64]*place[V]{p.number: p}
	default:
		if l.late[p.number] = p; len(l.late) > 1024 && len(l.late) > n/4 {
			l.settle()
		}
	}
	for last := l.last.Load(); last < p.number && !l.last.CompareAndSwap(last, p.number); last = l.last.Load() {
	}
	return p
}

func (l *line[V]) join(p *place[V], record *V) {
	if l.about.family == nil {
		return
	}
	if l.families == nil {
		l.families = map[string][]*place[V]{}
	}
	f := l.about.family(record)
	l.families[f] = append(l.families[f], p)
}

func (l *line[V]) leave(p *place[V], record *V) {
	if l.about.family != nil {
		f := l.about.family(record)
		rest := l.families[f]
		if i := slices.Index(rest, p); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		}
		if l.families[f] = rest; len(rest) == 0 {
			delete(l.families, f)
		}
	}
	if l.gone++; l.gone > 1024 && l.gone > len(l.order)/2 {
		l.settle()
		l.order = slices.DeleteFunc(slices.Clone(l.order), func(p *place[V]) bool { return p.record.Load() == nil })
		l.gone = 0
	}
}

// settle brings in order what came late, in a new slice.
func (l *line[V]) settle() {
	if len(l.late) == 0 {
		return
	}
	late := make([]*place[V], 0, len(l.late))
	for _, p := range l.late {
		late = append(late, p)
	}
	slices.SortFunc(late, func(a, b *place[V]) int { return cmp.Compare(a.number, b.number) })
	merged := make([]*place[V], 0, len(l.order)+len(late))
	for _, p := range l.order {
		for len(late) > 0 && late[0].number < p.number {
			merged, late = append(merged, late[0]), late[1:]
		}
		merged = append(merged, p)
	}
	l.order, l.late = append(merged, late...), nil
}

// ordered are the places by number, the oldest first. Nobody writes to the slice.
func (l *line[V]) ordered() []*place[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle()
	return l.order
}

// recent visits the records with a number below before, all when it is 0, from the newest on until visit says false.
func (l *line[V]) recent(before int64, visit func(*V) bool) {
	order := l.ordered()
	i := len(order)
	if before > 0 {
		i = search(order, before)
	}
	for i--; i >= 0; i-- {
		if v := order[i].record.Load(); v != nil && !visit(v) {
			return
		}
	}
}

// some are the newest n records below before that keep says yes to (all when nil), newest first.
func (l *line[V]) some(before int64, n int, keep func(*V) bool) []*V {
	var out []*V
	l.recent(before, func(v *V) bool {
		if len(out) < n && (keep == nil || keep(v)) {
			out = append(out, v)
		}
		return len(out) < n
	})
	return out
}

// few are those of the newest look records that keep says yes to, n at most: what that costs does not grow with the line.
func (l *line[V]) few(look, n int, keep func(*V) bool) []*V {
	var out []*V
	l.recent(0, func(v *V) bool {
		if look--; keep(v) {
			out = append(out, v)
		}
		return look > 0 && len(out) < n
	})
	return out
}

// find returns the record with this number, or nil.
func (l *line[V]) find(number int64) *V {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.at(number); p != nil {
		return p.record.Load()
	}
	return nil
}

// family are the records of one family, the oldest first.
func (l *line[V]) family(of string) []*V {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]*V, 0, len(l.families[of]))
	for _, p := range l.families[of] {
		if v := p.record.Load(); v != nil {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *V) int { return cmp.Compare(l.about.number(a), l.about.number(b)) })
	return out
}

// has tells whether a family has records.
func (l *line[V]) has(family string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.families[family]) > 0
}
