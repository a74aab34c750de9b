package store_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sandbank/server/store"
)

func ptr(n int) *int { return &n }

func TestRecords(t *testing.T) {
	t.Parallel()
	s := store.New[string, int]()
	s.Put("b", ptr(2))
	if !s.Add("a", ptr(1)) || s.Add("a", ptr(9)) {
		t.Error("Add must take a free key and no other")
	}
	s.Put("b", ptr(3))
	if s.Len() != 2 || *s.Get("b") != 3 || s.Get("c") != nil {
		t.Errorf("len %d, b %v, c %v", s.Len(), s.Get("b"), s.Get("c"))
	}
	if got := s.Keys(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("keys %v", got)
	}
	if got := s.All(func(v *int) bool { return *v > 1 }); len(got) != 1 || *got[0] != 3 {
		t.Errorf("all over 1: %v", got)
	}
	if v := s.Take("a"); v == nil || *v != 1 || s.Take("a") != nil {
		t.Error("Take must give a record once")
	}
	s.Clear()
	if s.Len() != 0 {
		t.Errorf("len %d after Clear", s.Len())
	}
}

func TestUpdateStoresNothingOnError(t *testing.T) {
	t.Parallel()
	s := store.New[string, int]()
	if _, err := s.Update("x", func(v int) (int, error) { return v, nil }); !errors.Is(err, store.ErrMissing) {
		t.Errorf("missing key: %v", err)
	}
	s.Put("x", ptr(1))
	no := errors.New("no")
	if v, err := s.Update("x", func(int) (int, error) { return 2, no }); err != no || *v != 1 || *s.Get("x") != 1 {
		t.Errorf("got %v, %v; stored %d", *v, err, *s.Get("x"))
	}
}

func TestUpdatesUnderRaceAllCount(t *testing.T) {
	t.Parallel()
	s := store.New[string, int]()
	s.Put("n", ptr(0))
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 100 {
				s.Update("n", func(v int) (int, error) { return v + 1, nil })
			}
		})
	}
	wg.Wait()
	if *s.Get("n") != 6400 {
		t.Errorf("counted %d of 6400", *s.Get("n"))
	}
}

func TestTakeHasOneWinner(t *testing.T) {
	t.Parallel()
	s := store.New[string, int]()
	s.Put("code", ptr(1))
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if s.Take("code") != nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || s.Len() != 0 {
		t.Errorf("%d winners, %d left", won.Load(), s.Len())
	}
}

func TestRecorderTakesChangesBack(t *testing.T) {
	t.Parallel()
	s := store.New[string, int]()
	s.Put("kept", ptr(1))
	s.Put("gone", ptr(2))
	before := map[string]*int{"kept": s.Get("kept"), "gone": s.Get("gone")}
	r := &store.Recorder{}
	s.Watch(r)
	s.Update("kept", func(v int) (int, error) { return v + 10, nil })
	s.Update("kept", func(v int) (int, error) { return v + 10, nil })
	s.Take("gone")
	s.Add("new", ptr(3))
	s.Put("newer", ptr(4))
	s.Watch(nil)
	s.Put("after", ptr(5))
	if r.Len() != 5 || r.Undo() != 0 {
		t.Errorf("%d changes noted", r.Len())
	}
	if got := s.Keys(); !slices.Equal(got, []string{"after", "gone", "kept"}) {
		t.Errorf("keys %v", got)
	}
	for key, v := range before {
		if s.Get(key) != v {
			t.Errorf("%s is another record than before", key)
		}
	}
}

func TestUndoLeavesWhatChangedSince(t *testing.T) {
	t.Parallel()
	s := store.New[string, int]()
	s.Put("a", ptr(1))
	r := &store.Recorder{}
	s.Watch(r)
	s.Put("a", ptr(2))
	s.Watch(nil)
	s.Put("a", ptr(3))
	if kept := r.Undo(); kept != 1 || *s.Get("a") != 3 {
		t.Errorf("%d kept, a is %d", kept, *s.Get("a"))
	}
}

func TestHearTellsEveryChange(t *testing.T) {
	t.Parallel()
	s := store.New[string, int]()
	show := func(v *int) string {
		if v == nil {
			return "-"
		}
		return strconv.Itoa(*v)
	}
	var heard []string
	s.Hear(func(old, now *int) { heard = append(heard, show(old)+">"+show(now)) })
	s.Put("a", ptr(1))
	s.Put("a", ptr(2))
	s.Add("a", ptr(9))
	s.Add("b", ptr(3))
	s.Update("b", func(v int) (int, error) { return v + 1, nil })
	s.Update("b", func(v int) (int, error) { return v, errors.New("no") })
	s.Take("a")
	s.Delete("a")
	if got, want := strings.Join(heard, " "), "->1 1>2 ->3 3>4 2>-"; got != want {
		t.Errorf("heard %s, want %s", got, want)
	}
}
