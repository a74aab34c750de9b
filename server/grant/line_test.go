package grant_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/store"
)

// lines is what the lines tell, as text; it complains where they disagree with each other or with the stores.
func lines(t interface{ Errorf(string, ...any) }, g *grant.Grants) string {
	all := g.Newest(0, 1<<30, nil)
	if kept := int(g.Stats("b", now).Issued + g.Stats("other", now).Issued); kept != len(all) {
		t.Errorf("%d tokens are listed, %d are kept", len(all), kept)
	}
	families := map[string]int{}
	text := ""
	for i, token := range all {
		if i > 0 && token.Number >= all[i-1].Number {
			t.Errorf("%s comes after %s", token.ID, all[i-1].ID)
		}
		if g.Find(token.ID) != token || g.Token(token.Value) != token || g.Find(token.Value) != token {
			t.Errorf("%s is found as %+v", token.ID, g.Find(token.ID))
		}
		families[token.Grant]++
		text += fmt.Sprintf("%+v\n", *token)
	}
	for id, n := range families {
		family := g.Family(id)
		if len(family) != n || !slices.IsSortedFunc(family, func(a, b *grant.Token) int { return int(a.Number - b.Number) }) {
			t.Errorf("%s has %d tokens in %d places", id, n, len(family))
		}
		if g.Grant(id) == nil {
			t.Errorf("%s is gone, its tokens are not", id)
		}
	}
	for _, of := range g.NewestGrants(0, 1<<30, nil) {
		text += fmt.Sprintf("%+v\n", *of)
	}
	for _, c := range g.NewestConsents(0, 1<<30, nil) {
		text += fmt.Sprintf("%+v\n", *c)
	}
	return text
}

// pull does something to a random token.
func pull(g *grant.Grants, verb int, rt *rapid.T) {
	all := g.Newest(0, 100, nil)
	if len(all) == 0 {
		g.Authorize(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read write"}, now)
		return
	}
	one := all[rapid.IntRange(0, len(all)-1).Draw(rt, "token")]
	switch verb {
	case 0:
		g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read"}, true, now)
	case 1:
		g.Mint(grant.Authorization{Bank: "b", Client: "app", Owner: "b/jane"}, now, grant.Code)
	case 2:
		refresh(g, one.Value, now)
	case 3:
		redeem(g, one.Value, now)
	case 4:
		g.RevokeAccess(one.Grant, "admin", "x", now)
	case 5:
		g.EndAt(one.ID, now.Add(time.Hour))
	case 6:
		g.Rescope(one.ID, "read")
	case 7:
		g.Sweep(now, len(all)-3)
	case 8:
		g.RevokeAll(func(of *grant.Grant) bool { return of.Owner == one.Owner }, "admin", "x", now)
	case 9:
		consent(g, fmt.Sprint("c", one.Number), true)
		g.AllowConsent(fmt.Sprint("c", one.Number), "b/dave", nil, now)
	}
}

func TestLinesFollowTheStores(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		g := book()
		mess := func(label string) {
			for range rapid.IntRange(0, 20).Draw(rt, label) {
				pull(g, rapid.IntRange(0, 9).Draw(rt, "verb"), rt)
			}
		}
		mess("first")
		before := lines(rt, g)
		r := &store.Recorder{}
		g.Watch(r)
		mess("second")
		g.Watch(nil)
		middle := lines(rt, g)
		other := grant.New(dice.Seeded(2), grant.Profile{Bank: "b"}, grant.Profile{Bank: "other"})
		other.Copy(g.Still())
		if got := lines(rt, other); got != middle {
			rt.Fatalf("copied:\n%s\nfrom:\n%s", got, middle)
		}
		if next := other.Issue(grant.Authorization{Bank: "b"}, false, now).Access; other.Newest(0, 1, nil)[0] != next {
			rt.Fatal("a token issued by a copy is not its newest")
		}
		if r.Undo() != 0 || lines(rt, g) != before {
			rt.Fatalf("undone:\n%s\nbefore:\n%s", lines(rt, g), before)
		}
	})
}

// Thousands of tokens go, so that the line is rewritten, while others come and readers walk.
func TestLineUnderTraffic(t *testing.T) {
	t.Parallel()
	g := book()
	g.Limit(2000)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1500 {
				i, err := redeem(g, code(g).Value, now)
				if err != nil {
					if why := fail.From(err).Why; !strings.Contains(why, "forgotten") && !strings.Contains(why, "nobody issued") && !strings.Contains(why, "its grant is gone") {
						t.Error(err) // of a goroutine that stalled, the code is the oldest of all by now, and swept
					}
					continue
				}
				if _, err := g.Check("b", i.Access.Value, now, nil); fail.Is(err, fail.TokenRevoked) {
					t.Error(err)
				}
				refresh(g, i.Refresh.Value, now)
				g.Family(i.Grant.ID)
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			seen := int64(1 << 62)
			for _, token := range g.Newest(0, 5000, nil) {
				if token.Number >= seen {
					t.Errorf("%d after %d", token.Number, seen)
				}
				seen = token.Number
			}
		}
	})
	wg.Wait()
	lines(t, g)
}

func TestNewestByPages(t *testing.T) {
	t.Parallel()
	g := book()
	at := now
	var want []string
	for i := range 25 {
		at = at.Add(-time.Duration(i) * clock.Day) // the clock goes backwards; the order of issue does not
		want = append(want, g.Issue(grant.Authorization{Bank: "b", Client: "app"}, false, at).Access.ID)
	}
	slices.Reverse(want)
	var got []string
	for before := int64(0); ; {
		page := g.Newest(before, 10, nil)
		if len(page) == 0 {
			break
		}
		for _, token := range page {
			got = append(got, token.ID)
		}
		before = page[len(page)-1].Number
		g.Issue(grant.Authorization{Bank: "b", Client: "app"}, false, at) // what comes meanwhile does not shift the pages
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A page reads what it shows, and nothing else: that is why a million tokens do not matter.
func TestFirstPageReadsNoMore(t *testing.T) {
	t.Parallel()
	g := book()
	for range 3000 {
		g.Issue(grant.Authorization{Bank: "b", Client: "app"}, false, now)
	}
	read := 0
	if n := len(g.Newest(0, 100, func(*grant.Token) bool { read++; return true })); n != 100 || read != 100 {
		t.Errorf("%d tokens, %d read", n, read)
	}
	read = 0
	if n := len(g.Few(50, 5, func(*grant.Token) bool { read++; return false })); n != 0 || read != 50 {
		t.Errorf("of the newest 50, %d tokens, %d read", n, read)
	}
	if n := len(g.Few(50, 5, func(*grant.Token) bool { return true })); n != 5 {
		t.Errorf("of the newest 50, %d are five", n)
	}
}

func TestFindRefusesOtherIDs(t *testing.T) {
	t.Parallel()
	g := book()
	one := g.Issue(grant.Authorization{Bank: "b", Client: "app"}, false, now).Access
	for _, id := range []string{"", "_", "at_", "at_1", "at_zzzz", "at_-1aaaa", "at_1aaaa", "rt_" + one.ID[3:], one.ID + "x", strings.ToUpper(one.ID), "at_zzzzzzzzzzzzzzzzzzzzzzzz"} {
		if got := g.Find(id); got != nil {
			t.Errorf("%q finds %s", id, got.ID)
		}
	}
	if g.Find(one.ID) != one {
		t.Errorf("%s is not found", one.ID)
	}
}

func FuzzFind(f *testing.F) {
	g := book()
	one := g.Issue(grant.Authorization{Bank: "b", Client: "app"}, false, now).Access
	for _, seed := range []string{one.ID, one.Value, "at_1aaaa", "_-1aaaa", "at_" + strings.Repeat("z", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if got := g.Find(id); got != nil && id != one.ID && id != one.Value {
			t.Errorf("%q finds %s", id, got.ID)
		}
	})
}
