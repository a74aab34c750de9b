package admin_test

import (
	"os"
	"runtime"
	"strconv"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/grant"
	"sandbank/server/world"
)

// BenchmarkTokens is the list of tokens over HTTP, and a sweep, with very many of them alive: SANDBANK_TOKENS says how many (100000).
func BenchmarkTokens(b *testing.B) {
	n := 100_000
	if text := os.Getenv("SANDBANK_TOKENS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	d := open(b, server.Options{}, admin.Options{})
	g := d.world.Space(world.Main).Grants
	g.Limit(n + 10)
	held := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := held()
	for i := range n {
		g.Issue(grant.Authorization{Bank: "berlin", Client: "bg-demo", Owner: "berlin/dave", Scope: "AISP"}, false, d.Clock().Now())
		if i%1000 == 0 { // a few of another bank's, for the filter
			g.Issue(grant.Authorization{Bank: "yoisho", Client: yoishoClient, Owner: "yoisho/jane", Scope: "read"}, false, d.Clock().Now())
			g.Limit(n + n/1000 + 10)
		}
	}
	per := (held() - before) / float64(n+n/1000)
	for _, one := range []struct{ name, path string }{
		{"first page", "/tokens?limit=100"},
		{"live ones", "/tokens?limit=100&state=live"},
		{"one user's", "/tokens?limit=100&user=jane"},
		{"nobody's", "/tokens?limit=100&state=revoked"},
	} {
		b.Run(one.name, func(b *testing.B) {
			for b.Loop() {
				d.pull("GET", one.path, nil).Want(200)
			}
			b.ReportMetric(per, "B/token")
		})
	}
	b.Run("clock", func(b *testing.B) {
		for b.Loop() {
			d.pull("GET", "/clock", nil).Want(200)
		}
	})
	b.Run("sweep", func(b *testing.B) {
		for b.Loop() {
			g.Sweep(d.Clock().Now(), n*9/10)
		}
	})
}
