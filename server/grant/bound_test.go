package grant_test

import (
	"testing"

	"sandbank/server/grant"
)

// While the clock stands nothing ends, and still nothing grows without bound; what was begun last stays.
func TestPagesAndSessionsAreBounded(t *testing.T) {
	t.Parallel()
	g := book()
	g.Limit(100)
	at := now
	for range 500 {
		page := g.Begin(grant.Request{Bank: "b", Client: "app"}, at)
		session := g.SignIn("b", "b/dave", nil, at)
		if h := g.Holding(); h.Pages > h.MostPages || h.Sessions > h.MostSessions || h.MostPages != 10 {
			t.Fatalf("%+v", h)
		}
		if _, err := g.Request("b", page.ID, at); err != nil || g.Session("b", session.ID, at) == nil {
			t.Fatalf("the newest went: %v", err)
		}
	}
	h := g.Holding()
	if h.Shed != int64(1000-h.Pages-h.Sessions) || h.Pages < 9 || h.Sessions < 9 {
		t.Errorf("%+v", h)
	}
}
