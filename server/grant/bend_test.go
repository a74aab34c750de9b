package grant_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/store"
)

// turn sets knobs at the bank of the book: turn(t, g, "grace=10s", "successor=same").
func turn(t testing.TB, g *grant.Grants, settings ...string) {
	t.Helper()
	for _, text := range settings {
		k, value, _ := strings.Cut(text, "=")
		v, err := grant.ParseValue(grant.Knob(k), value)
		if err != nil {
			t.Fatal(err)
		}
		g.Policy.Set(grant.Level{Bank: "b"}, grant.Knob(k), v)
	}
}

func alive(g *grant.Grants, token *grant.Token, at time.Time) bool {
	_, err := g.Check("b", token.Value, at, nil)
	return err == nil
}

func TestExpiresInIsToldAsThePolicySays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ how, lie, want string }{
		{"number", "0s", "600"}, {"omit", "0s", ""}, {"zero", "0s", "0"}, {"negative", "0s", "-1"}, {"string", "0s", `"600"`},
		{"float", "0s", "599.5"}, {"null", "0s", "null"}, {"junk", "0s", `"soon"`}, {"milliseconds", "0s", "600000"}, {"huge", "0s", "4294967896"},
		{"number", "50m", "3600"}, {"number", "-595s", "5"}, {"number", "-601s", "-1"}, {"string", "1m", `"660"`}, {"milliseconds", "-10m", "0"},
		{"omit", "1h", ""}, {"zero", "1h", "0"},
	} {
		g := book()
		turn(t, g, "expires_in="+tt.how, "expires_in_lie="+tt.lie)
		i := mustIssue(t, g)
		if got := string(g.ExpiresIn(i.Access, now)); got != tt.want {
			t.Errorf("%s, lie %s: told %q, want %q", tt.how, tt.lie, got, tt.want)
		}
		if !alive(g, i.Access, now.Add(10*time.Minute-1)) || alive(g, i.Access, now.Add(10*time.Minute)) {
			t.Errorf("%s, lie %s: what is told changed how long the token lives", tt.how, tt.lie)
		}
	}
	g := book()
	turn(t, g, "access=never")
	i := mustIssue(t, g)
	for how, want := range map[string]string{"number": "", "string": "", "huge": "", "zero": "0", "null": "null"} {
		if turn(t, g, "expires_in="+how); string(g.ExpiresIn(i.Access, now)) != want {
			t.Errorf("a token without end, by %s: %q, want %q", how, g.ExpiresIn(i.Access, now), want)
		}
	}
}

func TestInclusiveBoundaryIsOneInstantLonger(t *testing.T) {
	t.Parallel()
	g := book()
	at := now.Add(10 * time.Minute)
	i := mustIssue(t, g)
	if alive(g, i.Access, at) {
		t.Error("exclusive: alive at the instant of the end")
	}
	turn(t, g, "boundary=inclusive", "code=10m", "refresh=10m")
	if !alive(g, i.Access, at) || alive(g, i.Access, at.Add(1)) {
		t.Error("inclusive: it must be good at the instant and dead a nanosecond later")
	}
	if killed := g.Between(now, at); len(killed) != 0 {
		t.Errorf("a jump to the instant kills %v", killed)
	}
	if killed := g.Between(at, at.Add(1)); len(killed) != 1 {
		t.Errorf("the nanosecond after it kills %v", killed)
	}
	if _, err := redeem(g, code(g).Value, at); err != nil {
		t.Errorf("a code at its instant: %v", err)
	}
	if _, err := redeem(g, code(g).Value, at.Add(1)); err == nil {
		t.Error("a code a nanosecond after it is taken")
	}
	if _, err := refresh(g, mustIssue(t, g).Refresh.Value, at); err != nil {
		t.Errorf("a refresh token at its instant: %v", err)
	}
}

func TestUsesRunOut(t *testing.T) {
	t.Parallel()
	g := book()
	i := mustIssue(t, g)
	for range 5 { // before there is a limit, nothing counts
		g.Check("b", i.Access.Value, now, nil)
	}
	turn(t, g, "uses=3")
	for n := 1; n <= 5; n++ {
		if _, err := g.Check("b", i.Access.Value, now, nil); (err == nil) != (n <= 3) || err != nil && !fail.Is(err, fail.TokenExpired) {
			t.Errorf("use %d: %v", n, err)
		}
	}
	turn(t, g, "uses=4")
	if !alive(g, i.Access, now) || alive(g, i.Access, now) {
		t.Error("one more allowed is one more used")
	}
	other := mustIssue(t, g)
	if won := race(func() error { _, err := g.Check("b", other.Access.Value, now, nil); return err }); won != 4 {
		t.Errorf("%d of 64 calls at once got through, the limit is 4", won)
	}
	g.Sweep(now.Add(1000*clock.Day), 100) // pages and counts of long ago go, these do not
	if alive(g, other.Access, now) {
		t.Error("a sweep gave the token its uses back")
	}
	turn(t, g, "uses=0")
	if !alive(g, other.Access, now) {
		t.Error("without a limit it lives again")
	}
}

func TestRevocationTakesEffectLater(t *testing.T) {
	t.Parallel()
	g := book()
	turn(t, g, "revocation-lag=30s")
	one, grants := mustIssue(t, g), mustIssue(t, g)
	g.RevokeToken(one.Access.Value, "admin", "x", now)
	g.Revoke(grants.Grant.ID, "user", "x", now)
	for _, token := range []*grant.Token{one.Access, grants.Access} {
		if !alive(g, token, now.Add(30*time.Second-1)) {
			t.Error("it must pass until the lag is over")
		}
		_, err := g.Check("b", token.Value, now.Add(30*time.Second), nil)
		refused(t, err, fail.TokenRevoked, "was revoked 30 s ago")
	}
	if _, err := refresh(g, grants.Refresh.Value, now); !fail.Is(err, fail.InvalidGrant) {
		t.Errorf("the authorization server knows at once: %v", err)
	}
}

func TestJitterMovesLivesWithinItsBounds(t *testing.T) {
	t.Parallel()
	g := book()
	turn(t, g, "jitter=10", "access=100s")
	seen := map[time.Duration]bool{}
	for range 200 {
		a := mustIssue(t, g).Access
		if life := a.Expires.Sub(a.Issued); life < 90*time.Second || life > 110*time.Second || life != a.Life {
			t.Fatalf("a life of %v, noted as %v", life, a.Life)
		}
		seen[a.Life] = true
	}
	if len(seen) < 100 {
		t.Errorf("only %d different lives", len(seen))
	}
	turn(t, g, "jitter=0")
	if a := mustIssue(t, g).Access; a.Life != 100*time.Second {
		t.Errorf("without jitter it lives %v", a.Life)
	}
	turn(t, g, "jitter=100", "access=106751d")
	if a := mustIssue(t, g).Access; a.Life < 0 {
		t.Errorf("the longest life overflowed to %v", a.Life)
	}
}

func TestMaxGrantsEvictsTheOldest(t *testing.T) {
	t.Parallel()
	g := book()
	turn(t, g, "max-grants=2")
	var all []*grant.Issued
	issue := func(owner string, at time.Time) *grant.Issued {
		return g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: owner, Scope: "read"}, true, at)
	}
	others, machine := issue("b/jane", now), issue("", now)
	for n := range 4 {
		all = append(all, issue("b/dave", now.Add(time.Duration(n)*time.Second)))
		issue("", now)
	}
	for n, want := range []bool{false, false, true, true} {
		if got := alive(g, all[n].Access, now); got != want {
			t.Errorf("grant %d of 4: alive is %v", n+1, got)
		}
	}
	_, err := refresh(g, all[0].Refresh.Value, now.Add(3*time.Second))
	refused(t, err, fail.InvalidGrant, "2 at a time are allowed by bank b")
	if !alive(g, others.Access, now) || !alive(g, machine.Access, now) {
		t.Error("another user's grant, or the client's own, went")
	}
	if won := race(func() error { issue("b/mary", now); return nil }); won != 64 {
		t.Fatal(won)
	}
	left := g.Of(func(v *grant.Grant) bool { return v.Owner == "b/mary" && v.Revoked == nil })
	if len(left) != 2 {
		t.Errorf("of 64 at once %d are left", len(left))
	}
}

func TestRefreshWithoutARefreshToken(t *testing.T) {
	t.Parallel()
	g := book()
	turn(t, g, "rotation=none")
	i := mustIssue(t, g)
	for range 3 {
		next, err := refresh(g, i.Refresh.Value, now)
		if err != nil || next.Refresh != nil || next.Access.Value == i.Access.Value {
			t.Fatalf("%+v, %v", next, err)
		}
	}
}

func TestGrace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		set    []string
		after  time.Duration
		ok     bool
		same   bool // whether the second answer has the first one's refresh token
		stands bool // whether the first answer's tokens work afterwards
	}{
		{"none", nil, 0, false, false, false},
		{"in it", []string{"grace=10s"}, 10*time.Second - 1, true, false, true},
		{"in it, same successor", []string{"grace=10s", "successor=same"}, 10*time.Second - 1, true, true, true},
		{"at its end", []string{"grace=10s"}, 10 * time.Second, false, false, false},
		{"at its end, same successor", []string{"grace=10s", "successor=same"}, 10 * time.Second, false, false, false},
		{"after it, denied", []string{"grace=10s", "reuse=deny"}, time.Minute, false, false, true},
		{"never, denied", []string{"reuse=deny"}, 0, false, false, true},
		{"never, allowed", []string{"reuse=allow"}, time.Hour, true, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := book()
			turn(t, g, append(tt.set, "access=2h")...)
			i := mustIssue(t, g)
			first, err := refresh(g, i.Refresh.Value, now)
			if err != nil {
				t.Fatal(err)
			}
			second, err := refresh(g, i.Refresh.Value, now.Add(tt.after))
			if (err == nil) != tt.ok {
				t.Fatalf("the second use: %v", err)
			}
			if tt.ok && (second.Refresh.Value == first.Refresh.Value) != tt.same {
				t.Errorf("the successors are %s and %s", first.Refresh.ID, second.Refresh.ID)
			}
			if alive(g, first.Access, now) != tt.stands {
				t.Errorf("the grant stands: %v", !tt.stands)
			}
			if tt.ok {
				if _, err := refresh(g, second.Refresh.Value, now.Add(tt.after)); err != nil {
					t.Errorf("the second successor: %v", err)
				}
			}
		})
	}
}

func TestGraceIsForOneMoreUse(t *testing.T) {
	t.Parallel()
	for _, successor := range []string{"same", "new"} {
		g := book()
		turn(t, g, "grace=10s", "successor="+successor, "reuse=deny")
		i := mustIssue(t, g)
		if won := race(func() error { _, err := refresh(g, i.Refresh.Value, now); return err }); won != 2 {
			t.Errorf("%s: %d of 64 got tokens, want 2", successor, won)
		}
		want := map[string]int{"same": 1, "new": 2}[successor]
		n := 0
		g.Living(now, func(t *grant.Token) {
			if t.Kind == grant.Refresh {
				n++
			}
		})
		if n != want {
			t.Errorf("%s: %d refresh tokens live, want %d", successor, n, want)
		}
	}
}

// A successor that was used has reached its client: who comes with the old token is somebody else.
func TestGraceEndsWithTheSuccessorsUse(t *testing.T) {
	t.Parallel()
	g := book()
	turn(t, g, "grace=10s", "successor=same")
	i := mustIssue(t, g)
	first, _ := refresh(g, i.Refresh.Value, now)
	if _, err := refresh(g, first.Refresh.Value, now); err != nil {
		t.Fatal(err)
	}
	_, err := refresh(g, i.Refresh.Value, now)
	refused(t, err, fail.InvalidGrant, "the whole grant")
}

func TestIdleAndAbsoluteRefresh(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rotation, mode string
		end            time.Duration // of the refresh token, after refreshes at 5 and 9 minutes of 10
	}{
		{"rotate", "idle", 19 * time.Minute}, {"rotate", "absolute", 10 * time.Minute},
		{"keep", "idle", 19 * time.Minute}, {"keep", "absolute", 10 * time.Minute},
		{"none", "idle", 19 * time.Minute}, {"none", "absolute", 10 * time.Minute},
	} {
		for _, edge := range []struct {
			off time.Duration
			ok  bool
		}{{-1, true}, {0, false}} {
			g := book()
			turn(t, g, "refresh=10m", "rotation="+tt.rotation, "refresh-mode="+tt.mode)
			token := mustIssue(t, g).Refresh.Value
			for _, at := range []time.Duration{5 * time.Minute, 9 * time.Minute} {
				next, err := refresh(g, token, now.Add(at))
				if err != nil {
					t.Fatal(err)
				}
				if next.Refresh != nil {
					token = next.Refresh.Value
				}
			}
			if _, err := refresh(g, token, now.Add(tt.end+edge.off)); (err == nil) != edge.ok {
				t.Errorf("%s, %s, %v after %v: %v", tt.rotation, tt.mode, edge.off, tt.end, err)
			}
		}
	}
}

func TestSameAccessToken(t *testing.T) {
	t.Parallel()
	g := book()
	turn(t, g, "same-access=on")
	i := mustIssue(t, g)
	next, err := refresh(g, i.Refresh.Value, now.Add(10*time.Minute-1))
	if err != nil || next.Access.Value != i.Access.Value || next.Refresh.Value == i.Refresh.Value {
		t.Fatalf("%+v, %v", next, err)
	}
	if next, err = refresh(g, next.Refresh.Value, now.Add(10*time.Minute)); err != nil || next.Access.Value == i.Access.Value {
		t.Errorf("one that is dead is not returned: %+v, %v", next, err)
	}
}

func TestRefreshDropsScope(t *testing.T) {
	t.Parallel()
	g := book()
	turn(t, g, "refresh-scope=drop:write")
	i := mustIssue(t, g)
	next, err := refresh(g, i.Refresh.Value, now)
	if err != nil || i.Access.Scope != "read write" || next.Access.Scope != "read" {
		t.Fatalf("%q became %q, %v", i.Access.Scope, next.Access.Scope, err)
	}
	turn(t, g, "refresh-scope=keep")
	if next, err = refresh(g, next.Refresh.Value, now); err != nil || next.Access.Scope != "read write" {
		t.Errorf("taken back: %q, %v", next.Access.Scope, err)
	}
}

func TestRetime(t *testing.T) {
	t.Parallel()
	g := book()
	i, c := mustIssue(t, g), code(g)
	dead := mustIssue(t, g)
	g.Revoke(dead.Grant.ID, "user", "x", now)
	all := func(*grant.Token) bool { return true }
	at := now.Add(30 * time.Second)
	turn(t, g, "access=20s", "code=40s", "refresh=1h", "refresh-absolute=30m")
	for _, tt := range []struct {
		knob           grant.Knob
		retimed, ended int
	}{{grant.AccessTTL, 1, 1}, {grant.CodeTTL, 1, 0}, {grant.RefreshTTL, 1, 0}, {grant.RefreshMaxTTL, 1, 0}, {grant.ClientTTL, 0, 0}, {grant.Jitter, 0, 0}} {
		if r, e := g.Retime(tt.knob, all, at); r != tt.retimed || e != tt.ended {
			t.Errorf("%s: %d re-timed, %d ended; want %d, %d", tt.knob, r, e, tt.retimed, tt.ended)
		}
	}
	for name, tt := range map[string]struct {
		value string
		end   time.Duration
	}{"access": {i.Access.Value, 20 * time.Second}, "code": {c.Value, 40 * time.Second}, "refresh": {i.Refresh.Value, 30 * time.Minute}} {
		if got := g.Token(tt.value).Expires; !got.Equal(now.Add(tt.end)) {
			t.Errorf("%s ends %v after issue, want %v", name, got.Sub(now), tt.end)
		}
	}
	turn(t, g, "refresh-absolute=never", "refresh=never")
	g.Retime(grant.RefreshMaxTTL, all, at)
	g.Retime(grant.RefreshTTL, all, at)
	if end := g.Token(i.Refresh.Value).Expires; !end.IsZero() {
		t.Errorf("never ends at %v", end)
	}
}

// A refresh token whose life was counted anew by a refresh is re-timed from there.
func TestRetimeCountsFromTheLastRefresh(t *testing.T) {
	t.Parallel()
	g := book()
	turn(t, g, "rotation=keep", "refresh=10m")
	i := mustIssue(t, g)
	refresh(g, i.Refresh.Value, now.Add(5*time.Minute))
	turn(t, g, "refresh=20m")
	g.Retime(grant.RefreshTTL, func(*grant.Token) bool { return true }, now.Add(6*time.Minute))
	if end := g.Token(i.Refresh.Value).Expires; !end.Equal(now.Add(25 * time.Minute)) {
		t.Errorf("it ends %v after issue", end.Sub(now))
	}
}

func TestPolicyChangesTogetherAndBack(t *testing.T) {
	t.Parallel()
	g := book()
	at := grant.Level{Bank: "b"}
	turn(t, g, "access=5s", "code=6s")
	before := fmt.Sprint(g.Policy.Levels())
	r := &store.Recorder{}
	g.Watch(r)
	g.Policy.Change(at, grant.Settings{grant.RefreshTTL: grant.Forever(), grant.AccessTTL: grant.Lifetime(1)}, []grant.Knob{grant.CodeTTL, grant.Jitter})
	g.Watch(nil)
	if got := g.Policy.Levels()[at]; len(got) != 2 || got[grant.AccessTTL] != grant.Lifetime(1) || !got[grant.RefreshTTL].Never {
		t.Errorf("it stands at %v", got)
	}
	if kept := r.Undo(); kept != 0 || fmt.Sprint(g.Policy.Levels()) != before {
		t.Errorf("%d kept; %v, not %s", kept, g.Policy.Levels(), before)
	}
	g.Policy.Change(at, nil, []grant.Knob{grant.AccessTTL, grant.CodeTTL})
	if len(g.Policy.Levels()) != 0 {
		t.Errorf("an empty level is left: %v", g.Policy.Levels())
	}
}

// Whatever is turned and re-timed, taking it back leaves everything as it was.
func TestUndoIsTheIdentityOfPolicies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := book()
		for range 3 {
			code(g)
			g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read"}, true, now)
			g.Issue(grant.Authorization{Bank: "b", Client: "app", Scope: "read"}, false, now)
		}
		look := func() string {
			var rows []string
			g.Living(now, func(t *grant.Token) { rows = append(rows, fmt.Sprintf("%+v %v", *t, g.Grant(t.Grant).Ends)) })
			slices.Sort(rows)
			return fmt.Sprint(rows, g.Policy.Levels())
		}
		turn := func() {
			at := rapid.SampledFrom([]grant.Level{{}, {Bank: "b"}, {Bank: "b", Client: "app"}, {Bank: "b", User: "b/dave"}}).Draw(t, "level")
			k := rapid.SampledFrom([]grant.Knob{grant.CodeTTL, grant.AccessTTL, grant.ClientTTL, grant.RefreshTTL, grant.RefreshMaxTTL, grant.Boundary}).Draw(t, "knob")
			if rapid.Bool().Draw(t, "unset") {
				g.Policy.Unset(at, k)
			} else {
				g.Policy.Set(at, k, grant.Lifetime(time.Duration(rapid.IntRange(0, 100).Draw(t, "life"))*time.Minute))
			}
			g.Retime(k, func(*grant.Token) bool { return true }, now)
		}
		turn()
		before := look()
		r := &store.Recorder{}
		g.Watch(r)
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			turn()
		}
		g.Watch(nil)
		if kept := r.Undo(); kept != 0 || look() != before {
			t.Fatalf("%d kept; it was\n%s\nand is\n%s", kept, before, look())
		}
	})
}

// Each bank has the knobs that can do something there, its own defaults first.
func TestKnobsOfABank(t *testing.T) {
	t.Parallel()
	g := grant.New(dice.Seeded(1), grant.Profile{Bank: "plain", Defaults: grant.Settings{grant.AccessTTL: grant.Lifetime(time.Minute), grant.Uses: grant.Count(2)}},
		grant.Profile{Bank: "none"})
	for k, want := range map[grant.Knob]bool{grant.ExpiresIn: true, grant.Jitter: true, grant.Grace: false, grant.RefreshScope: false} {
		if _, ok := g.Policy.Default(k, "plain"); ok != want {
			t.Errorf("%s: %v", k, ok)
		}
	}
	if got := g.Policy.Knobs("none"); len(got) != 0 || g.Policy.Knobs("nobody") != nil {
		t.Errorf("a bank without tokens has %v", got)
	}
	g.Policy.Set(grant.Level{}, grant.Grace, grant.Lifetime(time.Hour))
	if v, from := g.Policy.Value(grant.Grace, "plain", "", ""); from != "no policy" || !v.Never {
		t.Errorf("a global setting of what the bank does not know: %v from %s", v, from)
	}
	g.AddClient(grant.Client{ID: "app", Bank: "plain"})
	a := g.Issue(grant.Authorization{Bank: "plain", Client: "app", Owner: "plain/dave"}, false, now).Access
	for n := 1; n <= 3; n++ {
		if _, err := g.Check("plain", a.Value, now, nil); (err == nil) != (n <= 2) {
			t.Errorf("use %d of the bank's own 2: %v", n, err)
		}
	}
}

func TestNewValues(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"expires_in_lie=-1h", "grace=0s", "refresh-scope=drop:a", "refresh-scope=drop:read:accounts all:eft", "jitter=100", "same-access=on"} {
		k, text, _ := strings.Cut(good, "=")
		v, err := grant.ParseValue(grant.Knob(k), text)
		if spec, _ := grant.SpecOf(grant.Knob(k)); err != nil || spec.Format(v) != text {
			t.Errorf("%s: %v, written %q", good, err, spec.Format(v))
		}
	}
	for _, bad := range []string{"expires_in=maybe", "expires_in_lie=never", "grace=never", "grace=-1s", "revocation-lag=-5s", "jitter=101", "uses=-1",
		"refresh-scope=drop:", "refresh-scope=drop: a", "refresh-scope=drop:a  b", "refresh-scope=drop:a\"", "refresh-scope=drop:é", "refresh-scope=a", "same-access=yes"} {
		k, text, _ := strings.Cut(bad, "=")
		if v, err := grant.ParseValue(grant.Knob(k), text); err == nil {
			t.Errorf("%s was read as %+v", bad, v)
		}
	}
}

// What is read can be written, and is read the same again.
func FuzzParseValue(f *testing.F) {
	for _, s := range grant.Specs() {
		for _, text := range append(s.Choices, "never", "5s", "-1h30m", "100", "drop:a b", "106751d23h47m16.854775807s", "") {
			f.Add(string(s.Knob), text)
		}
	}
	f.Fuzz(func(t *testing.T, knob, text string) {
		v, err := grant.ParseValue(grant.Knob(knob), text)
		if err != nil {
			return
		}
		spec, ok := grant.SpecOf(grant.Knob(knob))
		if !ok {
			t.Fatalf("%q is no knob, and %q was read", knob, text)
		}
		again, err := grant.ParseValue(grant.Knob(knob), spec.Format(v))
		if err != nil || again != v {
			t.Errorf("%s=%q is %+v, written %q, and that is %+v, %v", knob, text, v, spec.Format(v), again, err)
		}
	})
}
