// Package store keeps records in memory: a typed map over sync.Map of pointers to immutable records.
//
// A record is never written after it was put: an update loads, copies and swaps, and runs again when it lost a race. Whoever holds a
// pointer keeps a consistent reading for as long as it likes. The package knows nothing of what it keeps.
//
//	people := store.New[string, Person]()
//	people.Update("dave", func(p Person) (Person, error) { p.Locked = true; return p, nil })
package store

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrMissing is what Update says of a key that is not there.
var ErrMissing = errors.New("store: no such record")

// Map is a concurrent map of immutable records.
type Map[K cmp.Ordered, V any] struct {
	m     sync.Map
	n     atomic.Int64
	watch atomic.Pointer[Recorder]
	hear  atomic.Pointer[func(old, now *V)]

	follow func(old, now *V) // nil: nobody follows
}

// New returns an empty map.
func New[K cmp.Ordered, V any]() *Map[K, V] { return &Map[K, V]{} }

// Follow calls f after every change, whoever makes it, an undo too: old is nil for a record that is new, now for one that went. It is
// for what is derived from the map. f runs in the goroutine that made the change, so that of racing changes the calls may come in
// another order than the changes did. It must be set before the map is used.
func (s *Map[K, V]) Follow(f func(old, now *V)) { s.follow = f }

// Get returns the record, or nil.
func (s *Map[K, V]) Get(key K) *V {
	v, ok := s.m.Load(key)
	if !ok {
		return nil
	}
	return v.(*V)
}

// Put stores the record, replacing what was there.
func (s *Map[K, V]) Put(key K, v *V) {
	old, had := s.m.Swap(key, v)
	if !had {
		s.n.Add(1)
		s.note(key, nil, v)
		return
	}
	s.note(key, old.(*V), v)
}

// Add stores the record unless the key is taken; it tells whether it did.
func (s *Map[K, V]) Add(key K, v *V) bool {
	if _, had := s.m.LoadOrStore(key, v); had {
		return false
	}
	s.n.Add(1)
	s.note(key, nil, v)
	return true
}

// Take removes the record and returns it: of many callers one gets it, the others nil.
func (s *Map[K, V]) Take(key K) *V {
	v, ok := s.m.LoadAndDelete(key)
	if !ok {
		return nil
	}
	s.n.Add(-1)
	s.note(key, v.(*V), nil)
	return v.(*V)
}

// Delete removes the record if it is there.
func (s *Map[K, V]) Delete(key K) { s.Take(key) }

// Update replaces the record by what change makes of it. change may run more than once, on a newer reading each time; when it
// returns an error nothing is stored. The record that stands afterwards is returned.
func (s *Map[K, V]) Update(key K, change func(V) (V, error)) (*V, error) {
	for {
		old := s.Get(key)
		if old == nil {
			return nil, ErrMissing
		}
		next, err := change(*old)
		if err != nil {
			return old, err
		}
		if s.m.CompareAndSwap(key, old, &next) {
			s.note(key, old, &next)
			return &next, nil
		}
	}
}

// Len is the number of records.
func (s *Map[K, V]) Len() int { return int(s.n.Load()) }

// Range visits every record in no particular order until visit says false.
func (s *Map[K, V]) Range(visit func(K, *V) bool) {
	s.m.Range(func(k, v any) bool { return visit(k.(K), v.(*V)) })
}

// Keys are all keys, sorted.
func (s *Map[K, V]) Keys() []K {
	keys := make([]K, 0, s.Len())
	s.Range(func(k K, _ *V) bool { keys = append(keys, k); return true })
	slices.Sort(keys)
	return keys
}

// All are the records that keep says yes to (all when nil), in the order of their keys.
func (s *Map[K, V]) All(keep func(*V) bool) []*V {
	var out []*V
	for _, k := range s.Keys() {
		if v := s.Get(k); v != nil && (keep == nil || keep(v)) {
			out = append(out, v)
		}
	}
	return out
}

// Clear removes everything.
func (s *Map[K, V]) Clear() {
	for _, k := range s.Keys() {
		s.Delete(k)
	}
}
