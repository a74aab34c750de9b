package grant_test

import (
	"testing"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

func consent(g *grant.Grants, id string, recurring bool) *grant.Consent {
	return g.AddConsent(grant.Consent{ID: id, Bank: "b", Client: "app", Recurring: recurring, Until: now.Add(90 * clock.Day), Created: now, Stored: grant.Received})
}

func TestConsentStates(t *testing.T) {
	t.Parallel()
	allow := func(t *testing.T, g *grant.Grants) {
		if _, err := g.AllowConsent("c", "b/dave", nil, now); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		do   func(*testing.T, *grant.Grants)
		at   time.Time
		want grant.Status
		kind fail.Kind // of CheckConsent
	}{
		{"fresh", nil, now, grant.Received, fail.ConsentInvalid},
		{"unanswered, just before a day", nil, now.Add(clock.Day - 1), grant.Received, fail.ConsentInvalid},
		{"unanswered for a day", nil, now.Add(clock.Day), grant.Rejected, fail.ConsentInvalid},
		{"allowed", allow, now, grant.Valid, ""},
		{"just before its end", allow, now.Add(90*clock.Day - 1), grant.Valid, ""},
		{"at its end", allow, now.Add(90 * clock.Day), grant.Expired, fail.ConsentExpired},
		{"denied", func(_ *testing.T, g *grant.Grants) { g.EndConsent("c", grant.Rejected, "user", "no", now) }, now, grant.Rejected, fail.ConsentInvalid},
		{"revoked", func(t *testing.T, g *grant.Grants) {
			allow(t, g)
			g.EndConsent("c", grant.RevokedByPSU, "user", "back", now)
		}, now, grant.RevokedByPSU, fail.ConsentInvalid},
		{"terminated", func(t *testing.T, g *grant.Grants) {
			allow(t, g)
			g.EndConsent("c", grant.Terminated, "client", "done", now)
		}, now, grant.Terminated, fail.ConsentInvalid},
		{"superseded", func(t *testing.T, g *grant.Grants) {
			allow(t, g)
			consent(g, "c2", true)
			if _, err := g.AllowConsent("c2", "b/dave", nil, now); err != nil {
				t.Fatal(err)
			}
		}, now, grant.Expired, fail.ConsentExpired},
		{"not superseded by another's", func(t *testing.T, g *grant.Grants) {
			allow(t, g)
			consent(g, "c2", true)
			g.AllowConsent("c2", "b/jane", nil, now)
		}, now, grant.Valid, ""},
		{"not superseded by a one-off", func(t *testing.T, g *grant.Grants) {
			allow(t, g)
			consent(g, "c2", false)
			g.AllowConsent("c2", "b/dave", nil, now)
		}, now, grant.Valid, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := book()
			consent(g, "c", true)
			if tt.do != nil {
				tt.do(t, g)
			}
			if got := g.ConsentStatus(g.Consent("b", "c"), tt.at); got != tt.want {
				t.Errorf("status %s, want %s", got, tt.want)
			}
			_, err := g.CheckConsent("b", "c", "app", "b/dave", tt.at, nil)
			if tt.kind == "" && err != nil || tt.kind != "" && !fail.Is(err, tt.kind) {
				t.Errorf("check: %v, want %q", err, tt.kind)
			}
		})
	}
}

func TestConsentIsItsClientsAndUsersAlone(t *testing.T) {
	t.Parallel()
	g := book()
	consent(g, "c", false)
	g.AllowConsent("c", "b/dave", nil, now)
	for _, who := range [][3]string{{"b", "thief", "b/dave"}, {"other", "app", "b/dave"}} {
		if _, err := g.CheckConsent(who[0], "c", who[1], who[2], now, nil); !fail.Is(err, fail.ConsentUnknown) {
			t.Errorf("%v: %v", who, err)
		}
	}
	if _, err := g.CheckConsent("b", "c", "app", "b/jane", now, nil); !fail.Is(err, fail.ConsentInvalid) {
		t.Errorf("jane: %v", err)
	}
	if _, err := g.AllowConsent("c", "b/jane", nil, now); !fail.Is(err, fail.ConsentInvalid) {
		t.Errorf("allowed twice: %v", err)
	}
	if !g.EndConsent("c", grant.Terminated, "client", "x", now) || g.EndConsent("c", grant.RevokedByPSU, "user", "x", now) {
		t.Error("a consent ends once")
	}
}

func TestTokensFollowTheConsent(t *testing.T) {
	t.Parallel()
	g := book()
	consent(g, "c", false)
	g.AllowConsent("c", "b/dave", nil, now)
	a := grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Consent: "c"}
	i := g.Issue(a, true, now)
	late := g.Authorize(a, now)
	g.EndConsent("c", grant.RevokedByPSU, "user", "x", now)
	_, err := refresh(g, i.Refresh.Value, now)
	refused(t, err, fail.InvalidGrant, "revokedByPsu")
	_, err = g.Redeem(grant.Redemption{Bank: "b", Client: "app", Code: late.Value, AnyRedirect: true}, now, nil)
	refused(t, err, fail.InvalidGrant, "revokedByPsu")
}

// E52: where the policy notices the end of a consent at the resource alone, a refresh goes on.
func TestConsentCheckAtTheResource(t *testing.T) {
	t.Parallel()
	g := book()
	consent(g, "c", true)
	if _, err := g.AllowConsent("c", "b/dave", nil, now); err != nil {
		t.Fatal(err)
	}
	i := g.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read", Consent: "c"}, true, now)
	g.EndConsent("c", grant.RevokedByPSU, "user", "x", now)
	_, err := refresh(g, i.Refresh.Value, now)
	refused(t, err, fail.InvalidGrant, "revokedByPsu")
	turn(t, g, "consent-check=resource")
	next, err := refresh(g, i.Refresh.Value, now)
	if err != nil {
		t.Fatal(err)
	}
	if !alive(g, next.Access, now) {
		t.Error("the token itself is not good")
	}
	_, err = g.CheckConsent("b", "c", "app", "b/dave", now, nil)
	refused(t, err, fail.ConsentInvalid, "")
	g.Policy.Unset(grant.Level{Bank: "b"}, grant.ConsentCheck)
	_, err = refresh(g, next.Refresh.Value, now)
	refused(t, err, fail.InvalidGrant, "revokedByPsu")
}

// A bank is asked what it alone remembers of a consent, whoever makes it; and what was counted for a consent goes with it.
func TestConsentsAreSettledAndSwept(t *testing.T) {
	t.Parallel()
	g := grant.New(dice.Seeded(1), grant.Profile{Bank: "b", Settle: func(c *grant.Consent, d *dice.Dice) { c.Facts = map[string]string{"mark": d.UUID()} }}, grant.Profile{Bank: "other"})
	mine := g.AddConsent(grant.Consent{ID: "a", Bank: "b", Stored: grant.Terminated})
	if other := g.AddConsent(grant.Consent{ID: "o", Bank: "other", Stored: grant.Valid, Until: now.Add(time.Hour)}); mine.Facts["mark"] == "" || other.Facts != nil {
		t.Errorf("%v, %v", mine.Facts, other.Facts)
	}
	for _, key := range []string{"a accounts ", "o accounts "} {
		g.Count(key, time.Time{}, 1)
	}
	g.Sweep(now, 0)
	if g.Consent("b", "a") != nil || g.Counted("a accounts ", time.Time{}) != 0 || g.Counted("o accounts ", time.Time{}) != 1 {
		t.Error("a consent that is swept takes its counts along, and no others")
	}
}

func TestValidity(t *testing.T) {
	t.Parallel()
	g := book()
	sofia, err := time.LoadLocation("Europe/Sofia")
	if err != nil {
		t.Fatal(err)
	}
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, sofia) }
	if got := g.Validity("b", "app", day(2027, 2, 1), sofia, now); !got.Equal(day(2027, 2, 2)) {
		t.Errorf("the last day is included: %v", got)
	}
	if got := g.Validity("b", "app", day(9999, 12, 31), sofia, now); !got.Equal(day(2027, 6, 2)) {
		t.Errorf("180 days at most: %v", got)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	g := book()
	for i := range int64(4) {
		if n, err := g.Count("k", now, 4); err != nil || n != i+1 {
			t.Fatalf("call %d: %d, %v", i+1, n, err)
		}
	}
	if _, err := g.Count("k", now, 4); !fail.Is(err, fail.TooMany) {
		t.Errorf("the fifth: %v", err)
	}
	if n, err := g.Count("other", now, 4); err != nil || n != 1 {
		t.Errorf("another key: %d, %v", n, err)
	}
	if n, err := g.Count("k", now.Add(clock.Day), 4); err != nil || n != 1 {
		t.Errorf("the next window: %d, %v", n, err)
	}
	won := race(func() error { _, err := g.Count("raced", now, 4); return err })
	if won != 4 {
		t.Errorf("%d of 64 got through, the limit is 4", won)
	}
}

func TestPolicyCascade(t *testing.T) {
	t.Parallel()
	g := book()
	set := func(at grant.Level, d time.Duration) { g.Policy.Set(at, grant.AccessTTL, grant.Lifetime(d)) }
	want := func(d time.Duration, source string) {
		t.Helper()
		v, from := g.Policy.Value(grant.AccessTTL, "b", "app", "b/dave")
		if v.Duration != d || from != source {
			t.Errorf("%v from %s, want %v from %s", v.Duration, from, d, source)
		}
	}
	want(10*time.Minute, "b default")
	set(grant.Level{}, 9*time.Second)
	want(9*time.Second, "global")
	set(grant.Level{Bank: "b"}, 8*time.Second)
	want(8*time.Second, "bank b")
	set(grant.Level{Bank: "b", Client: "app"}, 7*time.Second)
	want(7*time.Second, "client app")
	if v, from := g.Policy.Value(grant.AccessTTL, "b", "app", ""); v.Duration != 7*time.Second || from != "client app" {
		t.Errorf("without a user: %v from %s", v.Duration, from)
	}
	set(grant.Level{Bank: "b", User: "b/dave"}, 6*time.Second)
	want(6*time.Second, "user b/dave")
	if i := mustIssue(t, g); i.Access.Life != 6*time.Second || i.Access.Policy != "user b/dave" {
		t.Errorf("a token has %v by %s", i.Access.Life, i.Access.Policy)
	}
	g.Policy.Unset(grant.Level{Bank: "b", User: "b/dave"}, grant.AccessTTL)
	want(7*time.Second, "client app")
	if v, _ := g.Policy.Value(grant.AccessTTL, "b", "spa", "b/jane"); v.Duration != 8*time.Second {
		t.Errorf("another client has %v", v.Duration)
	}
}

func TestParseValue(t *testing.T) {
	t.Parallel()
	good := []struct {
		knob grant.Knob
		text string
		want grant.Value
	}{
		{grant.AccessTTL, "90d", grant.Lifetime(90 * clock.Day)},
		{grant.AccessTTL, "0s", grant.Lifetime(0)},
		{grant.RefreshTTL, "never", grant.Forever()},
		{grant.Rotation, "keep", grant.Choice(grant.Keep)},
		{grant.Frequency, "4", grant.Count(4)},
	}
	for _, tt := range good {
		if got, err := grant.ParseValue(tt.knob, tt.text); err != nil || got != tt.want {
			t.Errorf("%s=%s: %+v, %v", tt.knob, tt.text, got, err)
		}
		for _, spec := range grant.Specs() {
			if spec.Knob == tt.knob && spec.Format(tt.want) != tt.text {
				t.Errorf("%s is written %q, not %q", tt.knob, spec.Format(tt.want), tt.text)
			}
		}
	}
	for _, bad := range [][2]string{{"access", "-5s"}, {"access", "5"}, {"rotation", "sometimes"}, {"frequency", "-1"}, {"frequency", "many"}, {"nonsense", "1"}} {
		if v, err := grant.ParseValue(grant.Knob(bad[0]), bad[1]); err == nil {
			t.Errorf("%s=%s was read as %+v", bad[0], bad[1], v)
		}
	}
}

// RFC 6749 §4.1.2: one authorization request brings a single code, however often its page is sent.
func TestAnswerIsGivenOnce(t *testing.T) {
	t.Parallel()
	g := book()
	r := g.Begin(grant.Request{Bank: "b", Client: "app", RedirectURI: uri}, now)
	made := 0
	race(func() error {
		_, err := g.Answer(r.ID, func(*grant.Request) (string, string) { made++; return uri + "?code=1", "1" })
		return err
	})
	if made != 1 {
		t.Errorf("%d answers were made", made)
	}
	if _, err := g.Step(r.ID, func(*grant.Request) {}); !fail.Is(err, fail.Conflict) {
		t.Errorf("a step after the answer: %v", err)
	}
	if _, err := g.Request("b", r.ID, now.Add(time.Hour)); err != nil {
		t.Errorf("an answered request is found after its page has ended: %v", err)
	}
}

func TestPagesAndSessionsEnd(t *testing.T) {
	t.Parallel()
	g := book()
	r := g.Begin(grant.Request{Bank: "b", Client: "app"}, now)
	if _, err := g.Request("b", r.ID, now.Add(10*time.Minute-1)); err != nil {
		t.Errorf("just before: %v", err)
	}
	if _, err := g.Request("b", r.ID, now.Add(10*time.Minute)); !fail.Is(err, fail.AccessDenied) {
		t.Errorf("at its end: %v", err)
	}
	if _, err := g.Request("other", r.ID, now); !fail.Is(err, fail.NotFound) {
		t.Errorf("at another bank: %v", err)
	}
	s := g.SignIn("b", "b/dave", nil, now)
	if g.Session("b", s.ID, now.Add(time.Hour-1)) == nil || g.Session("b", s.ID, now.Add(time.Hour)) != nil || g.Session("other", s.ID, now) != nil {
		t.Error("a session lives for an hour, at its bank")
	}
	g.SignOut(s.ID)
	if g.Session("b", s.ID, now) != nil {
		t.Error("signed out, and still in")
	}
}
