package grant_test

import (
	"testing"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

func TestStates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		do            func(*testing.T, *grant.Grants, *grant.Issued)
		at            time.Time
		code, at1, rt string
		grant         string
	}{
		{"fresh", nil, now, grant.StateSpent, grant.StateLive, grant.StateLive, grant.StateLive},
		{"access token over", nil, now.Add(10 * time.Minute), grant.StateSpent, grant.StateExpired, grant.StateLive, grant.StateLive},
		{"all over", nil, now.Add(30 * clock.Day), grant.StateSpent, grant.StateExpired, grant.StateExpired, grant.StateExpired},
		{"rotated", func(t *testing.T, g *grant.Grants, i *grant.Issued) { refresh(g, i.Refresh.Value, now) }, now,
			grant.StateSpent, grant.StateLive, grant.StateSpent, grant.StateLive},
		{"reused", func(t *testing.T, g *grant.Grants, i *grant.Issued) {
			refresh(g, i.Refresh.Value, now)
			refresh(g, i.Refresh.Value, now)
		}, now, grant.StateRevoked, grant.StateRevoked, grant.StateRevoked, grant.StateRevoked},
		{"access token revoked", func(t *testing.T, g *grant.Grants, i *grant.Issued) { g.RevokeAccess(i.Grant.ID, "client", "x", now) }, now,
			grant.StateSpent, grant.StateRevoked, grant.StateLive, grant.StateLive},
		{"both revoked", func(t *testing.T, g *grant.Grants, i *grant.Issued) {
			g.RevokeAccess(i.Grant.ID, "client", "x", now)
			g.RevokeToken(i.Refresh.Value, "client", "x", now)
		}, now, grant.StateSpent, grant.StateRevoked, grant.StateRevoked, grant.StateRevoked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := book()
			i := mustIssue(t, g)
			if tt.do != nil {
				tt.do(t, g, i)
			}
			code := g.Family(i.Grant.ID)[0]
			for _, one := range []struct {
				token *grant.Token
				want  string
			}{{code, tt.code}, {g.Find(i.Access.ID), tt.at1}, {g.Find(i.Refresh.ID), tt.rt}} {
				s := g.State(one.token, tt.at)
				if s.Name != one.want || (s.Since.IsZero() || s.By == "" || s.Why == "") != (s.Name == grant.StateLive) {
					t.Errorf("%s is %+v, want %s", one.token.ID, s, one.want)
				}
				for _, name := range []string{grant.StateLive, grant.StateSpent, grant.StateExpired, grant.StateRevoked} {
					if g.Stands(one.token, name, tt.at) != (name == s.Name) {
						t.Errorf("%s: state %s, and Stands says otherwise of %s", one.token.ID, s.Name, name)
					}
				}
			}
			if s := g.GrantState(g.Grant(i.Grant.ID), tt.at); s.Name != tt.grant {
				t.Errorf("the grant is %+v, want %s", s, tt.grant)
			}
		})
	}
}

func TestGrantStateFollowsTheConsent(t *testing.T) {
	t.Parallel()
	g := book()
	consent(g, "c", false)
	g.AllowConsent("c", "b/dave", nil, now)
	of := g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Consent: "c"}, true, now).Grant
	at := now.Add(90 * clock.Day)
	g.EndAt(g.Family(of.ID)[1].ID, time.Time{})
	if s := g.GrantState(of, at.Add(-1)); s.Name != grant.StateLive {
		t.Errorf("before the consent's end: %+v", s)
	}
	if s := g.GrantState(of, at); s.Name != grant.StateExpired || !s.Since.Equal(at) {
		t.Errorf("at the consent's end: %+v", s)
	}
	g.EndConsent("c", grant.RevokedByPSU, "user", "back", now)
	if s := g.GrantState(of, now); s.Name != grant.StateRevoked || s.By != "user" {
		t.Errorf("after revocation: %+v", s)
	}
}

func TestEndAt(t *testing.T) {
	t.Parallel()
	g := book()
	i := mustIssue(t, g)
	later := now.Add(time.Minute)
	if v, err := g.EndAt(i.Access.ID, later); err != nil || v.Life != time.Minute || v.Policy != grant.ByLever {
		t.Errorf("%+v, %v", v, err)
	}
	_, err := g.Check("b", i.Access.Value, later, nil)
	refused(t, err, fail.TokenExpired, "expired 0 s ago; 1m by token lever")
	if _, err := g.Check("b", i.Access.Value, later.Add(-1), nil); err != nil {
		t.Errorf("just before: %v", err)
	}
	if _, err := g.EndAt("at_nobody", now); !fail.Is(err, fail.NotFound) {
		t.Errorf("an unknown token: %v", err)
	}

	long := now.Add(400 * clock.Day) // beyond the year that all refreshing has
	if _, err := g.EndAt(i.Refresh.ID, long); err != nil {
		t.Fatal(err)
	}
	next, err := refresh(g, i.Refresh.Value, long.Add(-time.Second))
	if err != nil || !next.Refresh.Expires.Equal(long) {
		t.Errorf("the successor ends %+v, %v", next, err)
	}
}

// Cases E36 and E57: a scope that shrinks in somebody's hands.
func TestRescopeReachesWhatComesAfter(t *testing.T) {
	t.Parallel()
	g := book()
	c := code(g)
	if _, err := g.Rescope(c.ID, " read "); err != nil {
		t.Fatal(err)
	}
	i, err := redeem(g, c.Value, now)
	if err != nil || i.Access.Scope != "read" || i.Refresh.Scope != "read" {
		t.Fatalf("%+v, %v", i, err)
	}
	_, err = g.Refresh(grant.Renewal{Bank: "b", Client: "app", Token: i.Refresh.Value, Scope: "write"}, now, nil)
	refused(t, err, fail.InvalidScope, `"write" was not granted`)
	g.Rescope(i.Refresh.ID, "read write admin")
	wide, err := refresh(g, i.Refresh.Value, now)
	if err != nil || wide.Access.Scope != "read write admin" || g.Find(i.Access.ID).Scope != "read" {
		t.Errorf("%+v, %v", wide, err)
	}
}

func TestMint(t *testing.T) {
	t.Parallel()
	g := book()
	a := grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read", RedirectURI: uri}
	of, tokens := g.Mint(a, now, grant.Access, grant.Refresh)
	if len(tokens) != 2 || tokens[0].Kind != grant.Access || tokens[1].Kind != grant.Refresh || !of.Redeemed {
		t.Fatalf("%+v, %+v", of, tokens)
	}
	if _, err := g.Check("b", tokens[0].Value, now, nil); err != nil {
		t.Error(err)
	}
	if _, err := refresh(g, tokens[1].Value, now); err != nil {
		t.Error(err)
	}
	of, tokens = g.Mint(a, now, grant.Code)
	if of.Redeemed {
		t.Error("a code alone is no access yet")
	}
	if i, err := redeem(g, tokens[0].Value, now); err != nil || i.Access.Scope != "read" {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestRevokeAllCounts(t *testing.T) {
	t.Parallel()
	g := book()
	a, b := mustIssue(t, g), mustIssue(t, g)
	g.Revoke(a.Grant.ID, "user", "x", now)
	g.EndAt(b.Access.ID, now)
	if grants, tokens := g.RevokeAll(nil, "admin", "x", now); grants != 1 || tokens != 1 {
		t.Errorf("%d grants, %d tokens", grants, tokens)
	}
	if e := g.Grant(a.Grant.ID).Revoked; e.By != "user" {
		t.Errorf("a grant that was over is %+v", e)
	}
}

func TestUncount(t *testing.T) {
	t.Parallel()
	g := book()
	for _, key := range []string{"c1 accounts", "c1 accounts", "c1 balances x", "c10 accounts"} {
		g.Count(key, now, 4)
	}
	if n := g.Uncount("c1 "); n != 3 {
		t.Errorf("%d calls forgotten", n)
	}
	if left := g.Counts(""); len(left) != 1 || left[0].Key != "c10 accounts" || left[0].N != 1 || !left[0].Since.Equal(now) {
		t.Errorf("left: %+v", left)
	}
}

// A rotated secret of a service account works up to the end of its overlap.
func TestFormerServiceSecrets(t *testing.T) {
	t.Parallel()
	end := now.Add(time.Minute)
	s := grant.Service{Secret: "new", Former: []grant.Secret{{Value: "old", Until: end}}}
	for _, tt := range []struct {
		secret string
		at     time.Time
		want   bool
	}{{"new", now, true}, {"new", end, true}, {"old", end.Add(-1), true}, {"old", end, false}, {"other", now, false}, {"", now, false}} {
		if got := s.SecretIs(tt.secret, tt.at); got != tt.want {
			t.Errorf("%q at %s: %v", tt.secret, tt.at, got)
		}
	}
}
