package grant_test

import (
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
