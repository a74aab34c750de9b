package journal_test

import (
	"bytes"
	"sync"
	"testing"

	"sandbank/server/journal"
)

func TestRingKeepsTheNewest(t *testing.T) {
	t.Parallel()
	j := journal.New(3)
	for i := range 5 {
		j.Append(&journal.Entry{Status: 200 + i})
	}
	got := j.Recent(10, nil)
	if len(got) != 3 || got[0].ID != 5 || got[2].ID != 3 {
		t.Fatalf("recent: %d entries, newest %d", len(got), got[0].ID)
	}
	if j.Total() != 5 || j.Dropped() != 2 {
		t.Errorf("total %d, dropped %d", j.Total(), j.Dropped())
	}
	if j.Entry(2) != nil || j.Entry(5) == nil || j.Entry(6) != nil || j.Entry(0) != nil {
		t.Error("Entry must know the newest three and no other")
	}
	if got := j.Recent(1, func(e *journal.Entry) bool { return e.Status < 204 }); len(got) != 1 || got[0].ID != 4 {
		t.Errorf("filtered: %v", got)
	}
}

func TestCutMarksLongBodies(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("x"), journal.BodyCap+1)
	p := journal.Cut(body)
	body[0] = 'y'
	if !p.Cut || journal.Cut(body[1:]).Cut || p.Size != journal.BodyCap+1 || len(p.Body) != journal.BodyCap || p.Body[0] != 'x' {
		t.Errorf("size %d, kept %d, first %c", p.Size, len(p.Body), p.Body[0])
	}
}

func TestConcurrentAppendsGetTheirOwnIDs(t *testing.T) {
	t.Parallel()
	j := journal.New(1000)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 10 {
				j.Append(&journal.Entry{})
				j.Recent(5, nil)
			}
		})
	}
	wg.Wait()
	seen := map[uint64]bool{}
	for _, e := range j.Recent(1000, nil) {
		seen[e.ID] = true
	}
	if len(seen) != 640 {
		t.Errorf("%d ids of 640", len(seen))
	}
}
