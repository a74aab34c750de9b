package grant_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sandbank/server/grant"
)

// The first few of many ends are the same as those of all of them, in the same order, whatever else became of tokens.
func TestEndsAreTheFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := book()
		for range rapid.IntRange(0, 80).Draw(t, "tokens") {
			issued := g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave"}, rapid.Bool().Draw(t, "refresh"), now)
			end := now.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "end")) * time.Second)
			if _, err := g.EndAt(issued.Access.ID, end); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 4).Draw(t, "revoke") == 0 {
				g.Revoke(issued.Grant.ID, "admin", "a test", now)
			}
		}
		all := g.Ends(now, 1000)
		n := rapid.IntRange(1, 20).Draw(t, "n")
		if got := g.Ends(now, n); !slices.Equal(got, all[:min(n, len(all))]) {
			t.Fatalf("%v; want the first %d of %v", got, n, all)
		}
		for i, e := range all {
			if !e.At.After(now) || i > 0 && (e.At.Before(all[i-1].At) || e.ID == all[i-1].ID) {
				t.Fatalf("%v", all)
			}
		}
	})
}
