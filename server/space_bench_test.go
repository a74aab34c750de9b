package server

import (
	"runtime"
	"strconv"
	"testing"
)

// held is the memory in use, in bytes.
func held() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// crowd makes n spaces and tells how many bytes each holds on to.
func crowd(t testing.TB, n int) (s *Server, each int64) {
	t.Helper()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := held()
	for i := range n {
		if _, err := s.world.Create("p" + strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	each = (held() - before) / int64(n)
	return s, each
}

// BenchmarkSpace is what a new space costs until it is used: time, and the memory that it holds on to.
func BenchmarkSpace(b *testing.B) {
	s, each := crowd(b, 200)
	b.ReportAllocs()
	for b.Loop() {
		one, err := s.world.Create("")
		if err != nil {
			b.Fatal(err)
		}
		if err := s.world.Delete(one.Name); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(each), "B/space")
}

// The bound is loose: a debugger's build and the race detector need more.
func TestNewSpaceIsLight(t *testing.T) {
	_, each := crowd(t, 100)
	if each > 400_000 {
		t.Errorf("a new space holds %d bytes; 200 000 are the aim", each)
	}
}
