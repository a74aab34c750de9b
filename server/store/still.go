package store

import (
	"cmp"
	"slices"
)

// Still is what a map held at one moment, in no order. Taking it copies pointers only, because records are immutable.
type Still[K cmp.Ordered, V any] struct{ rows []row[K, V] }

// row keeps the key as the map has it: looking at it, of a million records, is what would take the time.
type row[K cmp.Ordered, V any] struct {
	key    any
	record *V
}

// Still takes the map as it is; the caller sees to it that nobody writes meanwhile.
func (s *Map[K, V]) Still() Still[K, V] {
	rows := make([]row[K, V], 0, s.Len())
	s.m.Range(func(k, v any) bool { rows = append(rows, row[K, V]{k, v.(*V)}); return true })
	return Still[K, V]{rows}
}

// Copy puts every record of a still into the map.
func (s *Map[K, V]) Copy(from Still[K, V]) { from.Range(s.Put) }

// Len is the number of records.
func (t Still[K, V]) Len() int { return len(t.rows) }

// Range visits every record.
func (t Still[K, V]) Range(visit func(K, *V)) {
	for _, r := range t.rows {
		visit(r.key.(K), r.record)
	}
}

// Sorted are the records in the order of their keys.
func (t Still[K, V]) Sorted() []*V {
	rows := slices.Clone(t.rows)
	slices.SortFunc(rows, func(a, b row[K, V]) int { return cmp.Compare(a.key.(K), b.key.(K)) })
	out := make([]*V, len(rows))
	for i, r := range rows {
		out[i] = r.record
	}
	return out
}

// Index are the records by key.
func (t Still[K, V]) Index() map[K]*V {
	out := make(map[K]*V, len(t.rows))
	t.Range(func(k K, v *V) { out[k] = v })
	return out
}
