package grant_test

import (
	"slices"
	"testing"
	"time"

	"sandbank/server/dice"
	"sandbank/server/grant"
)

func TestBookTellsWhatHappens(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)
	g := grant.New(dice.Seeded(1), grant.Profile{Bank: "b", Defaults: grant.Settings{grant.AccessTTL: grant.Lifetime(time.Minute)}})
	heard := ""
	g.Hear(func(n grant.News) {
		switch {
		case n.Token != nil:
			heard += " " + n.What + "/" + string(n.Token.Kind)
		case n.Grant != nil:
			heard += " " + n.What + "/grant"
		default:
			heard += " " + n.What + "/consent"
		}
	})
	code := g.Authorize(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave"}, now)
	g.AddConsent(grant.Consent{ID: "c1", Bank: "b", Stored: grant.Received, Until: now.Add(time.Hour)})
	g.UpdateConsent("b", "c1", func(c *grant.Consent) error { c.Used = true; return nil })
	g.EndConsent("c1", grant.Terminated, "client", "x", now)
	r := grant.Redemption{Bank: "b", Client: "app", Code: code.Value}
	if _, err := g.Redeem(r, now, nil); err != nil {
		t.Fatal(err)
	}
	g.Redeem(r, now, nil)
	const want = " issued/code changed/consent changed/consent spent/code issued/access revoked/grant"
	if heard != want {
		t.Errorf("heard%s\n want%s", heard, want)
	}
	if g.Named(code.ID) == nil || g.Named("ac_none") != nil {
		t.Error("Named must find a token by its id, and nothing else")
	}
}

// Where the boundary is inclusive, an end has come a nanosecond after it, not at it: for whoever hears of it as for the bank.
func TestPassedByTheBoundary(t *testing.T) {
	t.Parallel()
	g := book()
	turn(t, g, "boundary=inclusive")
	var heard time.Time
	g.Hear(func(n grant.News) {
		if n.Token != nil && n.Token.Kind == grant.Access {
			heard = n.Ends
		}
	})
	i := mustIssue(t, g)
	end := now.Add(10 * time.Minute)
	for _, tt := range []struct {
		from, to time.Time
		ended    int
		next     time.Time
	}{{now, end, 0, end.Add(1)}, {end, end.Add(1), 1, time.Time{}}, {end.Add(1), end.Add(2), 0, time.Time{}}, {now, end.Add(-1), 0, end.Add(1)}} {
		ended, _, next := g.Passed(tt.from, tt.to, 9)
		ended = slices.DeleteFunc(ended, func(n grant.News) bool { return n.Token.ID != i.Access.ID })
		if len(ended) != tt.ended || !tt.next.IsZero() && !next.Equal(tt.next) || len(ended) == 1 && !ended[0].Ends.Equal(end.Add(1)) {
			t.Errorf("from %s to %s: %d ended, next %s", tt.from, tt.to, len(ended), next)
		}
	}
	if !heard.Equal(end.Add(1)) {
		t.Errorf("heard of the end %s", heard)
	}
	if at, late := g.State(i.Access, end), g.State(i.Access, end.Add(1)); at.Name != grant.StateLive || late.Name != grant.StateExpired || !late.Since.Equal(end.Add(1)) ||
		!g.Stands(i.Access, grant.StateLive, end) || g.Stands(i.Access, grant.StateLive, end.Add(1)) || !g.Stands(i.Access, grant.StateExpired, end.Add(1)) {
		t.Errorf("at the instant %+v, after it %+v", at, late)
	}
}

func TestPassed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)
	g := grant.New(dice.Seeded(1), grant.Profile{Bank: "b", Defaults: grant.Settings{grant.AccessTTL: grant.Lifetime(time.Minute)}})
	var all []*grant.Issued
	for i := range 4 {
		all = append(all, g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave"}, false, now.Add(time.Duration(i)*time.Second)))
	}
	g.Revoke(all[1].Grant.ID, "user", "x", now)
	g.AddConsent(grant.Consent{ID: "c1", Bank: "b", Stored: grant.Valid, Until: now.Add(time.Hour)})
	tests := []struct {
		name     string
		from, to time.Duration
		n        int
		ended    int
		more     int
		next     time.Duration // 0: none
	}{
		{"before all", 0, 59 * time.Second, 9, 0, 0, time.Minute},
		{"the very instant", 0, time.Minute, 9, 1, 0, 62 * time.Second},
		{"not what had ended already", time.Minute, 63 * time.Second, 9, 2, 0, time.Hour},
		{"no more than asked for", 0, 2 * time.Hour, 2, 2, 2, 0},
	}
	for _, tt := range tests {
		ended, more, next := g.Passed(now.Add(tt.from), now.Add(tt.to), tt.n)
		want := time.Time{}
		if tt.next != 0 {
			want = now.Add(tt.next)
		}
		if len(ended) != tt.ended || more != tt.more || !next.Equal(want) {
			t.Errorf("%s: %d ended, %d more, next %v; want %d, %d, %v", tt.name, len(ended), more, next, tt.ended, tt.more, want)
		}
	}
}
