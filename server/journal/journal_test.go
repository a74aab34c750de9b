package journal_test

import (
	"bytes"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
	"weak"

	"sandbank/server/fail"
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

// whole is an entry whose bodies are as large as is kept.
func whole() *journal.Entry {
	body := bytes.Repeat([]byte("x"), journal.BodyCap)
	return &journal.Entry{At: noon, Request: journal.Cut(body), Response: journal.Cut(body)}
}

// However large the bodies are, the journal stays within its budget: the oldest entries make room, and are counted.
func TestBudget(t *testing.T) {
	t.Parallel()
	const n = 2000
	j := journal.New(n)
	f := j.Follow(0)
	defer f.Close()
	first := whole()
	gone := weak.Make(first)
	j.Append(first)
	first = nil
	for range 2*n - 1 {
		j.Append(whole())
		if j.Bytes() > journal.Budget {
			t.Fatalf("%d bytes after %d entries", j.Bytes(), j.Total())
		}
	}
	kept := j.Recent(n, nil)
	if uint64(len(kept))+j.Dropped() != 2*n || len(kept) < 100 || len(kept) > 128 || kept[0].ID != 2*n || kept[len(kept)-1].ID != j.Dropped()+1 {
		t.Errorf("%d kept, the newest %d; %d dropped of %d", len(kept), kept[0].ID, j.Dropped(), j.Total())
	}
	ids, lost := drain(f)
	if len(ids) != len(kept) || lost != j.Dropped() || ids[len(ids)-1] != 2*n {
		t.Errorf("a follower reads %d events and has lost %d", len(ids), lost)
	}
	runtime.GC()
	if gone.Value() != nil {
		t.Error("what was dropped is still in memory")
	}
	for range n + 5 { // small ones again: the number is the limit
		j.Append(&journal.Entry{At: noon})
	}
	if got := len(j.Recent(2*n, nil)); got != n || j.Dropped() != 2*n+5 {
		t.Errorf("%d kept, %d dropped of %d", got, j.Dropped(), j.Total())
	}
	j.Clear(noon)
	if j.Bytes() != 0 || j.Dropped() != 2*n+5 {
		t.Errorf("cleared: %d bytes, %d dropped", j.Bytes(), j.Dropped())
	}
	j.Append(whole())
	if j.Entry(j.Total()) == nil || j.Dropped() != 2*n+5 {
		t.Error("nothing is kept after that")
	}
}

// A reason quotes what a client sent; however much that is, a sentence of it is kept, and the budget knows of it.
func TestReasonsAreCut(t *testing.T) {
	t.Parallel()
	j, long := journal.New(10), "no client “"+strings.Repeat("é", 500_000)+"”"
	bare := &journal.Entry{At: noon}
	j.Append(bare)
	before := j.Bytes()
	e := &journal.Entry{At: noon, Why: long, Trail: []fail.Check{{Name: "client known", Why: long}}}
	j.Append(e)
	for _, why := range []string{e.Why, e.Trail[0].Why} {
		if len(why) > journal.WhyCap+len("…") || !utf8.ValidString(why) || !strings.HasSuffix(why, "é…") {
			t.Errorf("%d bytes, ending in %q", len(why), why[len(why)-9:])
		}
	}
	if more := j.Bytes() - 2*before; more < journal.WhyCap {
		t.Errorf("the budget counts %d bytes for them", more)
	}
}

// Under a crowd the books of the budget stay right.
func TestBudgetUnderTraffic(t *testing.T) {
	t.Parallel()
	j := journal.New(300)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				j.Append(whole())
				j.Recent(3, nil)
				if i == 0 && j.Total()%50 == 0 {
					j.Clear(noon)
				}
			}
		})
	}
	wg.Wait()
	j.Append(whole())
	if j.Bytes() > journal.Budget || j.Total() != 1601 {
		t.Errorf("%d bytes, %d entries", j.Bytes(), j.Total())
	}
	if j.Clear(noon); j.Bytes() != 0 {
		t.Errorf("%d bytes of nothing", j.Bytes())
	}
}

// BenchmarkBudget tells what a full journal takes of memory when all bodies are whole.
func BenchmarkBudget(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	j := journal.New(2000)
	for range 4000 {
		j.Append(whole())
	}
	for b.Loop() {
		j.Append(whole())
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
	runtime.KeepAlive(j)
}
