package grant_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

var now = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

func book() *grant.Grants {
	g := grant.New(dice.Seeded(1), grant.Profile{Bank: "b", Defaults: grant.Settings{
		grant.CodeTTL: grant.Lifetime(time.Minute), grant.AccessTTL: grant.Lifetime(10 * time.Minute), grant.ClientTTL: grant.Lifetime(time.Hour),
		grant.RefreshTTL: grant.Lifetime(30 * clock.Day), grant.RefreshMaxTTL: grant.Lifetime(365 * clock.Day), grant.Rotation: grant.Choice(grant.Rotate),
		grant.PageTTL: grant.Lifetime(10 * time.Minute), grant.UnconfirmedTTL: grant.Lifetime(clock.Day), grant.ConsentTTL: grant.Lifetime(180 * clock.Day),
		grant.SessionTTL: grant.Lifetime(time.Hour),
	}}, grant.Profile{Bank: "other"})
	for _, c := range []grant.Client{
		{ID: "app", Bank: "b", Secrets: []grant.Secret{{Value: "s"}}, RedirectURIs: []string{"https://app.example/cb"}, GrantTypes: []string{"authorization_code"}, Scopes: []string{"read"}},
		{ID: "thief", Bank: "b", Secrets: []grant.Secret{{Value: "t"}}},
		{ID: "spa", Bank: "b", Loopback: true},
	} {
		g.AddClient(c)
	}
	return g
}

const uri = "https://app.example/cb"

func code(g *grant.Grants) *grant.Token {
	return g.Authorize(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read write", RedirectURI: uri}, now)
}

func redeem(g *grant.Grants, code string, at time.Time) (*grant.Issued, error) {
	return g.Redeem(grant.Redemption{Bank: "b", Client: "app", Code: code, RedirectURI: uri, Refresh: true}, at, nil)
}

func refresh(g *grant.Grants, token string, at time.Time) (*grant.Issued, error) {
	return g.Refresh(grant.Renewal{Bank: "b", Client: "app", Token: token}, at, nil)
}

// mustIssue walks from code to tokens.
func mustIssue(t testing.TB, g *grant.Grants) *grant.Issued {
	t.Helper()
	i, err := redeem(g, code(g).Value, now)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func refused(t testing.TB, err error, kind fail.Kind, why string) {
	t.Helper()
	if !fail.Is(err, kind) || !strings.Contains(fail.From(err).Why, why) {
		t.Errorf("got %v, want %s about %q", err, kind, why)
	}
}

// RFC 6749 §4.1.2: a code expires, to the instant.
func TestCodeLivesUntilItsInstant(t *testing.T) {
	t.Parallel()
	g := book()
	if _, err := redeem(g, code(g).Value, now.Add(time.Minute-time.Nanosecond)); err != nil {
		t.Errorf("a nanosecond before: %v", err)
	}
	_, err := redeem(g, code(g).Value, now.Add(time.Minute))
	refused(t, err, fail.InvalidGrant, "expired 0 s ago; 1m by b default")
}

// RFC 6749 §5.1: an access token ends after expires_in, to the instant.
func TestAccessTokenLivesUntilItsInstant(t *testing.T) {
	t.Parallel()
	g := book()
	i := mustIssue(t, g)
	if _, err := g.Check("b", i.Access.Value, now.Add(10*time.Minute-1), nil); err != nil {
		t.Errorf("a nanosecond before: %v", err)
	}
	_, err := g.Check("b", i.Access.Value, now.Add(10*time.Minute), nil)
	refused(t, err, fail.TokenExpired, "expired 0 s ago")
	if _, err := g.Check("b", i.Access.Value, now, nil); err != nil {
		t.Errorf("moved back, it must live again: %v", err)
	}
	if i.Access.Seconds(now) != 600 || i.Access.Seconds(now.Add(time.Nanosecond)) != 599 || i.Access.Seconds(now.Add(time.Hour)) != 0 {
		t.Error("Seconds must count whole seconds down to zero")
	}
}

// RFC 6749 §4.1.2: a code that is used a second time is refused, and the tokens issued from it are revoked.
func TestSecondUseOfACodeEndsWhatItIssued(t *testing.T) {
	t.Parallel()
	g := book()
	c := code(g)
	i, err := redeem(g, c.Value, now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = redeem(g, c.Value, now.Add(time.Second))
	refused(t, err, fail.InvalidGrant, "used already, 1 s ago")
	_, err = g.Check("b", i.Access.Value, now.Add(time.Second), nil)
	refused(t, err, fail.TokenRevoked, "presented twice")
	_, err = refresh(g, i.Refresh.Value, now.Add(time.Second))
	refused(t, err, fail.InvalidGrant, "revoked")
}

// RFC 6749 §4.1.3: a code is redeemed by the client to which it was issued, and another client's try does not spend it.
// RFC 6749 §6: a refresh token is bound to the client to which it was issued.
func TestForeignClientNeitherGetsNorSpoilsACode(t *testing.T) {
	t.Parallel()
	g := book()
	c := code(g)
	_, err := g.Redeem(grant.Redemption{Bank: "b", Client: "thief", Code: c.Value, RedirectURI: uri}, now, nil)
	refused(t, err, fail.InvalidGrant, "issued to client app")
	_, err = g.Redeem(grant.Redemption{Bank: "other", Client: "app", Code: c.Value, RedirectURI: uri}, now, nil)
	refused(t, err, fail.InvalidGrant, "nobody issued")
	i, err := redeem(g, c.Value, now)
	if err != nil {
		t.Fatalf("the owner's exchange: %v", err)
	}
	_, err = g.Refresh(grant.Renewal{Bank: "b", Client: "thief", Token: i.Refresh.Value}, now, nil)
	refused(t, err, fail.InvalidGrant, "issued to client app")
	if _, err := refresh(g, i.Refresh.Value, now); err != nil {
		t.Errorf("the owner's refresh: %v", err)
	}
}

// RFC 7636 §4.6: a wrong, missing or short code_verifier, or the challenge in its place, is invalid_grant.
// RFC 9700 §2.1.1: a code_verifier for a code without a code_challenge is refused.
// RFC 6749 §4.1.3: redirect_uri at the exchange is identical to that of the authorization request.
func TestFailedExchangeSpendsTheCode(t *testing.T) {
	t.Parallel()
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	tests := []struct {
		name      string
		challenge string
		r         grant.Redemption
		why       string
	}{
		{"wrong redirect URI", "", grant.Redemption{RedirectURI: uri + "/"}, "redirect_uri"},
		{"no redirect URI", "", grant.Redemption{}, "redirect_uri"},
		{"wrong verifier", challenge, grant.Redemption{RedirectURI: uri, Verifier: strings.Repeat("w", 43)}, "does not match"},
		{"no verifier", challenge, grant.Redemption{RedirectURI: uri}, "needs a code_verifier"},
		{"short verifier", challenge, grant.Redemption{RedirectURI: uri, Verifier: verifier[:42]}, "42 characters"},
		{"other characters", challenge, grant.Redemption{RedirectURI: uri, Verifier: verifier[:42] + "!"}, "other characters"},
		{"challenge as verifier", challenge, grant.Redemption{RedirectURI: uri, Verifier: challenge}, "does not match"},
		{"verifier without challenge", "", grant.Redemption{RedirectURI: uri, Verifier: verifier}, "no code_challenge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := book()
			c := g.Authorize(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", RedirectURI: uri, Challenge: tt.challenge}, now)
			tt.r.Bank, tt.r.Client, tt.r.Code = "b", "app", c.Value
			_, err := g.Redeem(tt.r, now, nil)
			refused(t, err, fail.InvalidGrant, tt.why)
			tt.r.RedirectURI, tt.r.Verifier = uri, ""
			if tt.challenge != "" {
				tt.r.Verifier = verifier
			}
			_, err = g.Redeem(tt.r, now, nil)
			refused(t, err, fail.InvalidGrant, "used already")
		})
	}
	g := book()
	c := g.Authorize(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", RedirectURI: uri, Challenge: challenge}, now)
	if _, err := g.Redeem(grant.Redemption{Bank: "b", Client: "app", Code: c.Value, RedirectURI: uri, Verifier: verifier}, now, nil); err != nil {
		t.Errorf("the right verifier: %v", err)
	}
}

// RFC 6749 §4.1.2: of 64 exchanges of one code at once a single one succeeds.
func TestRaceForOneCodeHasOneWinner(t *testing.T) {
	t.Parallel()
	g := book()
	c := code(g)
	won := race(func() error { _, err := redeem(g, c.Value, now); return err })
	if won != 1 {
		t.Errorf("%d of 64 got tokens", won)
	}
}

// RFC 9700 §4.14.2: of 64 uses of one rotating refresh token at once a single one succeeds.
func TestRaceForOneRefreshTokenHasAtMostOneWinner(t *testing.T) {
	t.Parallel()
	g := book()
	i := mustIssue(t, g)
	won := race(func() error { _, err := refresh(g, i.Refresh.Value, now); return err })
	if won != 1 {
		t.Errorf("%d of 64 got tokens", won)
	}
}

func race(try func() error) int32 {
	var won atomic.Int32
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 64 {
		wg.Go(func() {
			<-start
			if try() == nil {
				won.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	return won.Load()
}

// RFC 9700 §4.14.2: a rotated refresh token that comes back ends its family, and no other grant.
func TestReuseAfterRotationEndsTheFamilyAlone(t *testing.T) {
	t.Parallel()
	g := book()
	first, bystander := mustIssue(t, g), mustIssue(t, g)
	second, err := refresh(g, first.Refresh.Value, now)
	if err != nil {
		t.Fatal(err)
	}
	if second.Refresh.Value == first.Refresh.Value {
		t.Fatal("the refresh token was not rotated")
	}
	_, err = refresh(g, first.Refresh.Value, now)
	refused(t, err, fail.InvalidGrant, "came back")
	for name, token := range map[string]string{"old": first.Access.Value, "new": second.Access.Value} {
		if _, err := g.Check("b", token, now, nil); !fail.Is(err, fail.TokenRevoked) {
			t.Errorf("the %s access token: %v", name, err)
		}
	}
	_, err = refresh(g, second.Refresh.Value, now)
	refused(t, err, fail.InvalidGrant, "revoked")
	if _, err := g.Check("b", bystander.Access.Value, now, nil); err != nil {
		t.Errorf("another grant: %v", err)
	}
}

func TestKeepModeKeepsTheRefreshToken(t *testing.T) {
	t.Parallel()
	g := book()
	g.Policy.Set(grant.Level{Bank: "b"}, grant.Rotation, grant.Choice(grant.Keep))
	i := mustIssue(t, g)
	for range 3 {
		next, err := refresh(g, i.Refresh.Value, now)
		if err != nil || next.Refresh.Value != i.Refresh.Value || next.Access.Value == i.Access.Value {
			t.Fatalf("got %+v, %v", next, err)
		}
	}
}

// RFC 9700 §4.14.2: refresh tokens expire when they have been idle for some time.
func TestRefreshLivesIdleAndAbsolute(t *testing.T) {
	t.Parallel()
	g := book()
	i := mustIssue(t, g)
	if _, err := refresh(g, i.Refresh.Value, now.Add(30*clock.Day)); !fail.Is(err, fail.InvalidGrant) {
		t.Errorf("at 30 idle days: %v", err)
	}
	at := now
	for at.Before(now.Add(350 * clock.Day)) {
		at = at.Add(25 * clock.Day)
		next, err := refresh(g, i.Refresh.Value, at)
		if err != nil {
			t.Fatalf("after %v: %v", at.Sub(now), err)
		}
		i = next
	}
	if want := now.Add(365 * clock.Day); !i.Refresh.Expires.Equal(want) {
		t.Fatalf("the last refresh token ends %v, want %v", i.Refresh.Expires, want)
	}
	_, err := refresh(g, i.Refresh.Value, now.Add(365*clock.Day))
	refused(t, err, fail.InvalidGrant, "expired 0 s ago")
	if _, err := refresh(g, i.Refresh.Value, now.Add(365*clock.Day-1)); err != nil {
		t.Errorf("a nanosecond before 365 days: %v", err)
	}
}

// RFC 6749 §6: a refresh may narrow the scope, never widen it.
func TestRefreshScope(t *testing.T) {
	t.Parallel()
	g := book()
	i := mustIssue(t, g)
	narrow, err := g.Refresh(grant.Renewal{Bank: "b", Client: "app", Token: i.Refresh.Value, Scope: "read"}, now, nil)
	if err != nil || narrow.Access.Scope != "read" {
		t.Fatalf("narrower: %+v, %v", narrow, err)
	}
	_, err = g.Refresh(grant.Renewal{Bank: "b", Client: "app", Token: narrow.Refresh.Value, Scope: "read admin"}, now, nil)
	refused(t, err, fail.InvalidScope, `"admin" was not granted`)
	wide, err := refresh(g, narrow.Refresh.Value, now)
	if err != nil || wide.Access.Scope != "read write" {
		t.Errorf("a wrong scope must not spend the token, nor narrowing stick: %+v, %v", wide, err)
	}
}

// RFC 6749 §1.5: refresh tokens are for the authorization server alone, and open no resource.
// RFC 6750 §3.1: a token that is unknown, of another kind or of another server is refused.
func TestCheckTellsTokensApart(t *testing.T) {
	t.Parallel()
	g := book()
	i := mustIssue(t, g)
	tests := []struct {
		name, bank, value string
		want              fail.Kind
	}{
		{"unknown", "b", "garbage", fail.TokenUnknown},
		{"empty", "b", "", fail.TokenUnknown},
		{"another bank's", "other", i.Access.Value, fail.TokenUnknown},
		{"a refresh token", "b", i.Refresh.Value, fail.TokenWrongKind},
		{"a code", "b", code(g).Value, fail.TokenWrongKind},
	}
	for _, tt := range tests {
		if _, err := g.Check(tt.bank, tt.value, now, nil); !fail.Is(err, tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	g.UpdateClient("b", "app", func(c *grant.Client) { c.Disabled = true })
	if _, err := g.Check("b", i.Access.Value, now, nil); !fail.Is(err, fail.TokenRevoked) {
		t.Errorf("a disabled client's: %v", err)
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	g := book()
	a, b := mustIssue(t, g), mustIssue(t, g)
	if !g.RevokeToken(a.Access.Value, "client", "asked", now) || g.RevokeToken(a.Access.Value, "client", "asked", now) {
		t.Error("a token is revoked once")
	}
	next, err := refresh(g, a.Refresh.Value, now)
	if err != nil {
		t.Fatalf("revoking the access token must leave the refresh token: %v", err)
	}
	g.RevokeAccess(a.Grant.ID, "client", "asked", now)
	if _, err := g.Check("b", next.Access.Value, now, nil); !fail.Is(err, fail.TokenRevoked) {
		t.Errorf("after RevokeAccess: %v", err)
	}
	if n := g.RevokeOwner("b/dave", "", "user", "all", now); n != 2 {
		t.Errorf("%d grants revoked, want 2", n)
	}
	if _, err := g.Check("b", b.Access.Value, now, nil); !fail.Is(err, fail.TokenRevoked) {
		t.Errorf("after RevokeOwner: %v", err)
	}
}

// RFC 6749 §3.2.1: confidential clients prove themselves, and unknown clients and wrong secrets are refused alike.
func TestAuthenticate(t *testing.T) {
	t.Parallel()
	g := book()
	g.UpdateClient("b", "app", func(c *grant.Client) {
		c.Secrets = []grant.Secret{{Value: "new"}, {Value: "s", Until: now.Add(time.Minute)}}
	})
	tests := []struct {
		name, id, secret string
		at               time.Time
		ok               bool
	}{
		{"right", "app", "new", now, true},
		{"rotated, in the overlap", "app", "s", now.Add(time.Minute - 1), true},
		{"rotated, at its end", "app", "s", now.Add(time.Minute), false},
		{"wrong", "app", "nope", now, false},
		{"empty", "app", "", now, false},
		{"unknown client", "nobody", "s", now, false},
		{"public client with a secret", "spa", "s", now, false},
		{"unknown client by its dummy", "nobody", "no such client", now, false},
	}
	for _, tt := range tests {
		_, err := g.Authenticate("b", tt.id, tt.secret, tt.at, nil)
		if (err == nil) != tt.ok || (err != nil && !fail.Is(err, fail.InvalidClient)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// RFC 9700 §2.1: redirect URIs are compared by exact string matching.
// RFC 8252 §7.3: the port of a loopback redirect URI may vary for clients that registered for it.
// RFC 6749 §3.1.2: a redirect URI is absolute and has no fragment.
func TestRedirectURIs(t *testing.T) {
	t.Parallel()
	exact := &grant.Client{RedirectURIs: []string{"https://app.example/cb", "com.example.app:/cb"}}
	loop, any := &grant.Client{Loopback: true}, &grant.Client{AnyRedirect: true}
	tests := []struct {
		name string
		c    *grant.Client
		uri  string
		want bool
	}{
		{"registered", exact, "https://app.example/cb", true},
		{"registered app scheme", exact, "com.example.app:/cb", true},
		{"suffix", exact, "https://app.example/cb/x", false},
		{"query", exact, "https://app.example/cb?x=1", false},
		{"host case", exact, "https://APP.example/cb", false},
		{"longer host", exact, "https://app.example.evil/cb", false},
		{"userinfo", exact, "https://app.example@evil/cb", false},
		{"loopback without the freedom", exact, "http://127.0.0.1:9/cb", false},
		{"loopback, any port and path", loop, "http://127.0.0.1:53682/x/y?z=1", true},
		{"loopback localhost", loop, "http://localhost:8000/cgi-bin/tutorial.py", true},
		{"loopback IPv6", loop, "http://[::1]:80/cb", true},
		{"loopback look-alike", loop, "http://127.0.0.1.evil.example/cb", false},
		{"loopback userinfo", loop, "http://127.0.0.1@evil.example/cb", false},
		{"loopback with userinfo", loop, "http://u@127.0.0.1/cb", false},
		{"loopback fragment", loop, "http://127.0.0.1/cb#f", false},
		{"loopback empty fragment", loop, "http://127.0.0.1/cb#", false},
		{"loopback backslash", loop, `http://127.0.0.1\@evil.example/cb`, false},
		{"loopback newline", loop, "http://127.0.0.1/cb\r\nX: y", false},
		{"other host", loop, "http://evil.example/cb", false},
		{"javascript", any, "javascript:alert(1)", false},
		{"data", any, "data:text/html,x", false},
		{"any host", any, "http://www3.sotong.io", true},
		{"any, relative", any, "/cb", false},
		{"any, no host", any, "http:///cb", false},
		{"any, empty", any, "", false},
	}
	for _, tt := range tests {
		if got := tt.c.RedirectOK(tt.uri); got != tt.want {
			t.Errorf("%s: %q is %v", tt.name, tt.uri, got)
		}
	}
}

func TestSweepForgetsTheDeadFirst(t *testing.T) {
	t.Parallel()
	g := book()
	dead := mustIssue(t, g)
	g.Revoke(dead.Grant.ID, "user", "x", now)
	live := mustIssue(t, g) // code spent, access, refresh
	g.Sweep(now.Add(time.Second), 2)
	if g.Token(dead.Access.Value) != nil || g.Grant(dead.Grant.ID) != nil {
		t.Error("the dead grant is still there")
	}
	if _, err := g.Check("b", live.Access.Value, now, nil); err != nil {
		t.Errorf("a live token went: %v", err)
	}
	if s := g.Stats("", now); s.Live != 2 || s.Dropped != 4 {
		t.Errorf("stats %+v", s)
	}
	g.Limit(50)
	for range 200 {
		mustIssue(t, g)
	}
	if n := g.Stats("b", now).Issued; n > 50 {
		t.Errorf("%d tokens are kept, the limit is 50", n)
	}
}

func TestUnansweredConsentsAreBounded(t *testing.T) {
	t.Parallel()
	g := book()
	g.Limit(1000)
	kept := consent(g, "kept", true)
	g.AllowConsent(kept.ID, "b/dave", nil, now)
	for i := range 500 {
		g.AddConsent(grant.Consent{ID: fmt.Sprint("c", i), Bank: "b", Client: "app", Until: now.Add(time.Hour), Created: now.Add(time.Duration(i)), Stored: grant.Received})
	}
	if n := len(g.Consents(nil)); n > 100 {
		t.Errorf("%d consents are kept", n)
	}
	if g.Consent("b", "kept") == nil || g.Consent("b", "c499") == nil {
		t.Error("a valid consent, or the newest, was forgotten")
	}
}

func BenchmarkRedeem(b *testing.B) {
	g := book()
	b.ReportAllocs()
	for b.Loop() {
		mustIssue(b, g)
	}
}

func BenchmarkCheck(b *testing.B) {
	g := book()
	i := mustIssue(b, g)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Check("b", i.Access.Value, now, nil); err != nil {
			b.Fatal(err)
		}
	}
}
