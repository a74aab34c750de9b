package grant_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

// terms are those of a login that turns these knobs, written knob=value.
func terms(t testing.TB, settings ...string) *grant.Terms {
	t.Helper()
	out := grant.NewTerms("dave~x")
	for _, s := range settings {
		name, text, _ := strings.Cut(s, "=")
		v, err := grant.ParseValue(grant.Knob(name), text)
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Turn(grant.Knob(name), v); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func issueUnder(g *grant.Grants, t *grant.Terms) *grant.Issued {
	return g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read write", Terms: t}, true, now)
}

func check(g *grant.Grants, token *grant.Token, at time.Time) error {
	_, err := g.Check("b", token.Value, at, nil)
	return err
}

// Every knob that bends tokens does so for one login, whatever the levels say, and for no other grant.
func TestTermsBendOneGrant(t *testing.T) {
	t.Parallel()
	end := now.Add(10 * time.Minute)
	tests := []struct {
		set  string
		bent func(g *grant.Grants, i *grant.Issued) bool
	}{
		{"access=5s", func(g *grant.Grants, i *grant.Issued) bool {
			return check(g, i.Access, now.Add(5*time.Second-1)) == nil && check(g, i.Access, now.Add(5*time.Second)) != nil && i.Access.Policy == "login dave~x"
		}},
		{"refresh=20s", func(g *grant.Grants, i *grant.Issued) bool {
			_, err := refresh(g, i.Refresh.Value, now.Add(20*time.Second))
			return err != nil
		}},
		{"refresh-absolute=1d", func(_ *grant.Grants, i *grant.Issued) bool { return i.Refresh.Expires.Equal(now.Add(clock.Day)) }},
		{"boundary=inclusive", func(g *grant.Grants, i *grant.Issued) bool {
			return check(g, i.Access, end) == nil && check(g, i.Access, end.Add(1)) != nil
		}},
		{"jitter=50", func(_ *grant.Grants, i *grant.Issued) bool {
			return !i.Access.Expires.Equal(end) && strings.HasSuffix(i.Access.Policy, "±50 % by login dave~x")
		}},
		{"uses=1", func(g *grant.Grants, i *grant.Issued) bool {
			return check(g, i.Access, now) == nil && check(g, i.Access, now) != nil
		}},
		{"revocation-lag=30s", func(g *grant.Grants, i *grant.Issued) bool {
			g.Revoke(i.Grant.ID, "user", "x", now)
			return check(g, i.Access, now.Add(30*time.Second-1)) == nil && check(g, i.Access, now.Add(30*time.Second)) != nil
		}},
		{"max-grants=1", func(g *grant.Grants, i *grant.Issued) bool {
			next := issueUnder(g, i.Grant.Terms)
			return check(g, i.Access, now) != nil && check(g, next.Access, now) == nil
		}},
		{"expires_in=string", func(g *grant.Grants, i *grant.Issued) bool { return string(g.ExpiresIn(i.Access, now)) == `"600"` }},
		{"expires_in_lie=60s", func(g *grant.Grants, i *grant.Issued) bool { return string(g.ExpiresIn(i.Access, now)) == `660` }},
		{"rotation=keep", func(g *grant.Grants, i *grant.Issued) bool {
			next, err := refresh(g, i.Refresh.Value, now)
			return err == nil && next.Refresh.Value == i.Refresh.Value
		}},
		{"refresh-mode=absolute", func(g *grant.Grants, i *grant.Issued) bool {
			next, err := refresh(g, i.Refresh.Value, now.Add(time.Hour))
			return err == nil && next.Refresh.Expires.Equal(i.Refresh.Expires)
		}},
		{"grace=10s", func(g *grant.Grants, i *grant.Issued) bool {
			refresh(g, i.Refresh.Value, now)
			_, err := refresh(g, i.Refresh.Value, now.Add(9*time.Second))
			return err == nil
		}},
		{"reuse=deny", func(g *grant.Grants, i *grant.Issued) bool {
			refresh(g, i.Refresh.Value, now)
			_, err := refresh(g, i.Refresh.Value, now)
			return err != nil && check(g, i.Access, now) == nil
		}},
		{"same-access=on", func(g *grant.Grants, i *grant.Issued) bool {
			next, err := refresh(g, i.Refresh.Value, now)
			return err == nil && next.Access.Value == i.Access.Value
		}},
		{"refresh-scope=drop:write", func(g *grant.Grants, i *grant.Issued) bool {
			next, err := refresh(g, i.Refresh.Value, now)
			return err == nil && next.Access.Scope == "read"
		}},
	}
	for _, tt := range tests {
		g := book()
		if !tt.bent(g, issueUnder(g, terms(t, tt.set))) {
			t.Errorf("%s has no effect", tt.set)
		}
		if tt.bent(g, issueUnder(g, nil)) {
			t.Errorf("%s bends other grants", tt.set)
		}
	}
	g := book()
	of := issueUnder(g, terms(t, "access=5s")).Grant
	g.Policy.Set(grant.Level{Bank: "b", User: "b/dave"}, grant.AccessTTL, grant.Lifetime(time.Hour))
	g.Policy.Set(grant.Level{Bank: "b", User: "b/dave"}, grant.CodeTTL, grant.Lifetime(time.Hour))
	for knob, want := range map[grant.Knob]string{grant.AccessTTL: "login dave~x", grant.CodeTTL: "user b/dave", grant.PageTTL: "b default"} {
		if _, source := g.Value(knob, of); source != want {
			t.Errorf("%s comes from %q, want %q", knob, source, want)
		}
	}
	if err := terms(t, "access=5s").Turn(grant.AccessTTL, grant.Forever()); err == nil {
		t.Error("a knob was turned twice")
	}
}

// A level's retiming leaves alone what a login has turned.
func TestRetimingLeavesLogins(t *testing.T) {
	t.Parallel()
	g := book()
	own, other := issueUnder(g, terms(t, "access=5s")), issueUnder(g, nil)
	g.Policy.Set(grant.Level{}, grant.AccessTTL, grant.Lifetime(time.Hour))
	if n, _ := g.Retime(grant.AccessTTL, func(*grant.Token) bool { return true }, now); n != 1 {
		t.Errorf("%d tokens were re-timed", n)
	}
	if !g.Token(own.Access.Value).Expires.Equal(now.Add(5*time.Second)) || !g.Token(other.Access.Value).Expires.Equal(now.Add(time.Hour)) {
		t.Error("the wrong one was")
	}
}

// A grant that is to be over is revoked from that instant on and not before, in everything that asks.
func TestGrantIsOverByItself(t *testing.T) {
	t.Parallel()
	g, over := book(), now.Add(time.Minute)
	wish := grant.NewTerms("dave~revoke60s")
	wish.Revoke = time.Minute
	var news []string
	g.Hear(func(n grant.News) {
		if !n.Ends.Equal(over) {
			news = append(news, fmt.Sprint(n.What, " ends ", n.Ends))
		}
	})
	i := issueUnder(g, wish)
	for at, live := range map[time.Time]bool{now: true, over.Add(-1): true, over: false, over.Add(time.Hour): false} {
		err := check(g, i.Access, at)
		if at.Before(now.Add(10*time.Minute)) && (err == nil) != live {
			t.Errorf("%s: %v", at, err)
		}
		if !live && at.Equal(over) {
			refused(t, err, fail.TokenRevoked, "dave~revoke60s")
		}
		if s := g.GrantState(i.Grant, at); (s.Name == grant.StateLive) != live || !live && (s.By != "user" || !s.Since.Equal(over)) {
			t.Errorf("%s: the grant is %+v", at, s)
		}
		if s := g.State(i.Refresh, at); (s.Name == grant.StateLive) != live {
			t.Errorf("%s: the refresh token is %+v", at, s)
		}
		if _, stands := g.Refreshable(i.Grant, at); stands != live {
			t.Errorf("%s: refreshable %v", at, stands)
		}
		if n := g.Stats("", at); (n.Live == 2) != live {
			t.Errorf("%s: %+v", at, n)
		}
	}
	if _, err := refresh(g, i.Refresh.Value, over); !fail.Is(err, fail.InvalidGrant) {
		t.Error(err)
	}
	killed := g.Between(now, over)
	if len(killed) != 1 || killed[0].Kind != "grant" || len(g.Between(now, over.Add(-1))) != 0 {
		t.Errorf("killed: %+v", killed)
	}
	ended, _, _ := g.Passed(now, over, 10)
	if len(ended) != 1 || ended[0].What != grant.WasRevoked || ended[0].Event == nil || !ended[0].Event.At.Equal(over) {
		t.Errorf("passed: %+v", ended)
	}
	if _, _, next := g.Passed(now.Add(-1), now, 10); !next.Equal(over) {
		t.Errorf("next is %s, and not %s", next, over)
	}
	if len(news) != 0 {
		t.Errorf("told: %v", news)
	}
	if g.Revoke(i.Grant.ID, "admin", "x", over) {
		t.Error("it was revoked twice")
	}
	if !g.Revoke(i.Grant.ID, "admin", "x", over.Add(-time.Second)) || len(g.Between(now, over)) != 0 {
		t.Error("it could not be revoked before")
	}
	if e := g.Grant(i.Grant.ID).Ending(over); e.By != "admin" {
		t.Errorf("it was ended by %s first", e.By)
	}
}

// A consent ends with the login that has allowed it: sooner than asked, never later, and taken back with the grant.
func TestConsentIsBoundToLogin(t *testing.T) {
	t.Parallel()
	g := book()
	consent(g, "c1", true)
	g.AllowConsent("c1", "b/dave", nil, now)
	wish := terms(t, "consent=2m")
	wish.Revoke = time.Minute
	until := g.Consent("b", "c1").Until
	if c, err := g.BindConsent("b", "c1", terms(t, "consent=300d"), now); err != nil || !c.Until.Equal(until) {
		t.Errorf("%v: until %s, not %s", err, c.Until, until)
	}
	c, err := g.BindConsent("b", "c1", wish, now)
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]grant.Status{time.Minute - 1: grant.Valid, time.Minute: grant.RevokedByPSU, 3 * time.Minute: grant.RevokedByPSU} {
		if got := g.ConsentStatus(c, now.Add(after)); got != want {
			t.Errorf("after %s: %s, want %s", after, got, want)
		}
	}
	if e := c.Ending(now.Add(time.Minute)); e == nil || e.By != "user" || c.Ending(now) != nil {
		t.Errorf("it was ended by %+v", e)
	}
	ended, _, _ := g.Passed(now, now.Add(time.Hour), 10)
	if len(ended) != 1 || ended[0].What != grant.WasChanged || ended[0].Consent.Stored != grant.RevokedByPSU {
		t.Errorf("passed: %+v", ended)
	}
	if killed := g.Between(now, now.Add(time.Hour)); len(killed) != 1 || !killed[0].At.Equal(now.Add(time.Minute)) {
		t.Errorf("killed: %+v", killed)
	}
}

// BenchmarkLoginValue is a question to the cascade for one grant: what logins with terms cost those without.
func BenchmarkLoginValue(b *testing.B) {
	g := book()
	for _, tt := range []struct {
		name string
		of   *grant.Grant
	}{{"no terms", issueUnder(g, nil).Grant}, {"terms", issueUnder(g, terms(b, "access=5s")).Grant}} {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Value(grant.AccessTTL, tt.of)
			}
		})
	}
}
