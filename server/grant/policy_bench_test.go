package grant_test

import (
	"testing"
	"time"

	"sandbank/server/grant"
)

// BenchmarkPolicyValue is one question to the cascade: what does a token of this client and user live.
func BenchmarkPolicyValue(b *testing.B) {
	client, user := grant.Level{Bank: "b", Client: "app"}, grant.Level{Bank: "b", User: "b/dave"}
	for _, tt := range []struct {
		name string
		set  func(*grant.Policy)
	}{
		{"no levels", func(*grant.Policy) {}},
		{"3 levels, another knob", func(p *grant.Policy) {
			for _, at := range []grant.Level{{Bank: "b"}, client, user} {
				p.Set(at, grant.PageTTL, grant.Lifetime(time.Minute))
			}
		}},
		{"3 levels", func(p *grant.Policy) {
			for _, at := range []grant.Level{{Bank: "b"}, client, user} {
				p.Set(at, grant.AccessTTL, grant.Lifetime(time.Minute))
			}
		}},
		{"global alone", func(p *grant.Policy) { p.Set(grant.Level{}, grant.AccessTTL, grant.Lifetime(time.Minute)) }},
	} {
		b.Run(tt.name, func(b *testing.B) {
			g := book()
			tt.set(g.Policy)
			b.ReportAllocs()
			for b.Loop() {
				g.Policy.Value(grant.AccessTTL, "b", "app", "b/dave")
			}
		})
	}
}

func BenchmarkRefresh(b *testing.B) {
	g := book()
	i := mustIssue(b, g)
	b.ReportAllocs()
	for b.Loop() {
		next, err := refresh(g, i.Refresh.Value, now)
		if err != nil {
			b.Fatal(err)
		}
		i = next
	}
}
