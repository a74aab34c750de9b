package grant_test

import (
	"runtime"
	"testing"

	"sandbank/server/grant"
)

const million = 1_000_000

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func crowd(n int) *grant.Grants {
	g := book()
	g.Limit(2 * million)
	for range n {
		g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read"}, false, now)
	}
	return g
}

// With -short it is ten thousand.
func BenchmarkMillion(b *testing.B) {
	n := million
	if testing.Short() {
		n /= 100
	}
	before := heap()
	g := crowd(n)
	per := float64(heap()-before) / float64(n)
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			_ = g
		}
		b.ReportMetric(per, "B/token")
	})
	page := func(keep func(*grant.Token) bool, want int) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				if got := len(g.Newest(0, 101, keep)); got != want {
					b.Fatalf("%d tokens", got)
				}
			}
		}
	}
	b.Run("first page of the live", page(func(t *grant.Token) bool { return g.Stands(t, grant.StateLive, now) }, 101))
	b.Run("page of nobody's", page(func(t *grant.Token) bool { return t.Owner == "b/nobody" }, 0))
	b.Run("page of the spent, with none", page(func(t *grant.Token) bool { return g.Stands(t, grant.StateSpent, now) }, 0))
	b.Run("life line", func(b *testing.B) {
		one := g.Newest(int64(n)/2, 1, nil)[0]
		for b.Loop() {
			if t := g.Find(one.ID); t != one || len(g.Family(t.Grant)) != 1 {
				b.Fatal(t)
			}
		}
	})
	b.Run("sweep", func(b *testing.B) {
		for b.Loop() {
			g.Sweep(now, n*9/10)
		}
	})
}

func BenchmarkIssue(b *testing.B) {
	g := book()
	b.ReportAllocs()
	for b.Loop() {
		g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read"}, true, now)
	}
}
