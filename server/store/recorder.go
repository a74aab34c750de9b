package store

// Recorder notes what changes in the maps that it watches, so that it can be taken back. It is for stretches in which nobody else
// writes: whoever records holds the space's gate.
type Recorder struct{ steps []step }

// step takes one change back; it tells false when the record was changed again since, and leaves it alone then.
type step func() bool

// Note adds a change of something that is no map: back takes it back and tells whether it could.
func (r *Recorder) Note(back func() bool) {
	if r != nil {
		r.steps = append(r.steps, back)
	}
}

// Len is the number of changes noted.
func (r *Recorder) Len() int { return len(r.steps) }

// Undo takes the changes back, the last first. Kept is how many it left, because they were changed again since.
func (r *Recorder) Undo() (kept int) {
	for i := len(r.steps) - 1; i >= 0; i-- {
		if !r.steps[i]() {
			kept++
		}
	}
	r.steps = nil
	return kept
}

// Watch lets a recorder note every change from now on; nil ends that.
func (s *Map[K, V]) Watch(r *Recorder) { s.watch.Store(r) }

// Hear calls f after every change from now on, with the record before and after it: nil before one is added, and after one is removed.
// f may be called at once from several goroutines, and must not be slow.
func (s *Map[K, V]) Hear(f func(old, now *V)) { s.hear.Store(&f) }

func (s *Map[K, V]) note(key K, old, now *V) {
	if s.follow != nil {
		s.follow(old, now)
	}
	if hear := s.hear.Load(); hear != nil {
		(*hear)(old, now)
	}
	r := s.watch.Load()
	if r == nil {
		return
	}
	r.Note(func() bool {
		if s.Get(key) != now {
			return false
		}
		if old == nil {
			s.Delete(key)
		} else {
			s.Put(key, old)
		}
		return true
	})
}
