package server_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"sandbank/server/servertest"
)

// inactive is all that is said of a token that is not active.
const inactive = `{"active":false}`

// RFC 7662 §2.2: an active token is told with scope, client_id, username, token_type, exp, iat, sub, iss and jti.
// RFC 7662 §2.2: iss is the issuer of the metadata.
func TestIntrospectionOfAccessTokens(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		c := a.in(box, "dave").tokens()
		answer := a.ask(box, "introspection_endpoint", form("token", c.access, "token_type_hint", "refresh_token")).Want(200)
		got := answer.JSON()
		now := box.Clock().Now().Unix()
		login := "dave"
		if a.name == "s2s" {
			login = got["username"].(string) // whom the service account acts for
		}
		for name, want := range map[string]any{"active": true, "client_id": a.id, "username": login, "token_type": "Bearer", "sub": box.Ledger().Person(a.name + "/" + login).Subject(),
			"iat": json.Number(fmt.Sprint(now)), "exp": json.Number(fmt.Sprint(now + int64(a.lives/time.Second))), "iss": box.URL() + "/" + a.name} {
			if got[name] != want {
				t.Errorf("%s is %v, want %v", name, got[name], want)
			}
		}
		if got["scope"] == nil || got["jti"] == nil || got["aud"] != nil || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %v", answer.Body, answer.Header)
		}
		if e := box.Last(); e.Owner != a.name+"/"+login || e.Client != a.id || len(e.Tokens) != 1 {
			t.Errorf("the journal has %q, %q, %v", e.Owner, e.Client, e.Tokens)
		}
	})
}

// RFC 7662 §2.2: of unknown, expired, revoked and other clients' tokens nothing is said but that they are not active.
// RFC 7662 §4: a client cannot find out about tokens that are not its own.
func TestIntrospectionOfWhatIsNotActive(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		c := a.in(box, "dave").tokens()
		is := func(what, token, want string, options ...servertest.Option) {
			t.Helper()
			got := a.ask(box, "introspection_endpoint", form("token", token), options...).Want(200)
			if active := got.JSON()["active"] == true; active != (want == "active") || !active && got.Body != inactive {
				t.Errorf("%s: %s, want %s", what, got.Body, want)
			}
		}
		is("garbage", "garbage", "inactive")
		if code := a.in(box, a.second()).code; code != "" {
			is("a code", code, "inactive")
		}
		is("its own", c.access, "active")
		is("another client's", c.access, "inactive", servertest.Basic("stranger", "stranger-secret"))
		if trail := box.Last().Trail; trail[len(trail)-1].OK {
			t.Errorf("the journal does not say why: %+v", trail)
		}
		for _, other := range applications() {
			if other.name != a.name {
				token := other.in(box, "dave").tokens().access
				is("a token of "+other.name, token, "inactive")
			}
		}
		box.Advance(a.lives - time.Nanosecond)
		is("just before its end", c.access, "active")
		box.Advance(time.Nanosecond)
		is("at its end", c.access, "inactive")
		box.Advance(-time.Second)
		is("before its end again", c.access, "active")
		a.ask(box, "revocation_endpoint", form("token", c.access)).Want(200)
		is("revoked", c.access, "inactive")
	})
}

// RFC 7662 §2.1: the caller is authenticated, and a public client's bare id is no authentication.
// RFC 7662 §2.3: an unauthenticated caller gets 401.
func TestIntrospectionRefuses(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		c := a.in(box, "dave").tokens()
		none := servertest.Header("X-None", "1")
		for what, got := range map[string]*servertest.Answer{
			"nobody":            a.ask(box, "introspection_endpoint", form("token", c.access), none),
			"the token itself":  a.ask(box, "introspection_endpoint", form("token", c.access), servertest.Bearer(c.access)),
			"a wrong secret":    a.ask(box, "introspection_endpoint", form("token", c.access), servertest.Basic(a.id, "wrong")),
			"a public client":   a.ask(box, "introspection_endpoint", form("token", c.access, "client_id", "page"), none),
			"a disabled client": a.ask(box, "introspection_endpoint", form("token", c.access), servertest.Basic("retired", "retired-secret")),
		} {
			wantOAuthError(t, what, got, 401, "invalid_client")
		}
		wantOAuthError(t, "no token", a.ask(box, "introspection_endpoint", form()), 400, "invalid_request")
		wantOAuthError(t, "two tokens", a.ask(box, "introspection_endpoint", form("token", "a", "token", "b")), 400, "invalid_request")
		wantOAuthError(t, "GET", box.Get(endpoint(box, a.name, "introspection_endpoint")+"?token="+c.access), 405, "invalid_request")
	})
}

// RFC 7662 §2.2: a refresh token is introspected as well, has no token_type, and is not active once it was rotated away.
func TestIntrospectionOfRefreshTokens(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		c := a.in(box, "dave").tokens()
		if c.refresh == "" {
			return // this bank issues none
		}
		before := c.refresh
		got := a.ask(box, "introspection_endpoint", form("token", before)).Want(200).JSON()
		if got["active"] != true || got["token_type"] != nil || got["client_id"] != a.id || (got["exp"] == nil) != (a.name == "finapi") {
			t.Errorf("%v", got)
		}
		c.keep(c.renew(before))
		if c.refresh == before {
			return // this bank does not rotate
		}
		if got := a.ask(box, "introspection_endpoint", form("token", before)).Want(200).Body; got != inactive {
			t.Errorf("rotated away: %s", got)
		}
		if got := a.ask(box, "introspection_endpoint", form("token", c.refresh)).Want(200).JSON(); got["active"] != true {
			t.Errorf("its successor: %v", got)
		}
	})
}

// Introspection follows the same knobs as the resource, and asking is no use of a token.
func TestIntrospectionFollowsTheKnobs(t *testing.T) {
	t.Parallel()
	t.Run("uses", func(t *testing.T) {
		t.Parallel()
		each(t, []string{"uses=2"}, func(t *testing.T, box *servertest.Sandbox, a application) {
			c := a.in(box, "dave").tokens()
			for left := 2; left >= 0; left-- {
				for range 3 {
					if got := a.ask(box, "introspection_endpoint", form("token", c.access)).JSON()["active"]; got != (left > 0) {
						t.Fatalf("with %d uses left: active %v", left, got)
					}
				}
				if opens := a.opens(t, box, c.access); opens != (left > 0) {
					t.Fatalf("with %d uses left the resource says %v", left, opens)
				}
			}
		})
	})
	t.Run("boundary", func(t *testing.T) {
		t.Parallel()
		each(t, []string{"boundary=inclusive"}, func(t *testing.T, box *servertest.Sandbox, a application) {
			c := a.in(box, "dave").tokens()
			box.Advance(a.lives)
			if a.ask(box, "introspection_endpoint", form("token", c.access)).JSON()["active"] != true {
				t.Error("at its very end it is not active")
			}
			box.Advance(time.Nanosecond)
			if a.ask(box, "introspection_endpoint", form("token", c.access)).JSON()["active"] != false {
				t.Error("after its end it is active")
			}
		})
	})
	t.Run("expires_in", func(t *testing.T) {
		t.Parallel()
		each(t, []string{"expires_in=number", "expires_in_lie=1h"}, func(t *testing.T, box *servertest.Sandbox, a application) {
			c := a.in(box, "dave").tokens()
			want := json.Number(fmt.Sprint(box.Clock().Now().Add(a.lives).Unix()))
			if got := a.ask(box, "introspection_endpoint", form("token", c.access)).JSON()["exp"]; got != want {
				t.Errorf("exp %v, want the real end %v", got, want)
			}
		})
	})
	t.Run("grace", func(t *testing.T) {
		t.Parallel()
		box := sandbox(t, "berlin", "grace=10s")
		a := applications()[1]
		c := a.in(box, "dave").tokens()
		before := c.refresh
		c.keep(c.renew(before))
		for _, want := range []bool{true, false} {
			if got := a.ask(box, "introspection_endpoint", form("token", before)).JSON()["active"]; got != want {
				t.Errorf("rotated away, active %v, want %v", got, want)
			}
			box.Advance(10 * time.Second)
		}
	})
}

// A token whose consent or user has gone opens nothing, and so is not active.
func TestIntrospectionAfterConsentAndUser(t *testing.T) {
	t.Parallel()
	box := sandbox(t, "berlin")
	a := applications()[1]
	c := a.in(box, "dave").tokens()
	consent := c.answer.Text("consentId")
	if a.ask(box, "introspection_endpoint", form("token", c.refresh)).JSON()["active"] != true {
		t.Fatal("not active to begin with")
	}
	box.Do("DELETE", "/berlin/v1/consents/"+consent, "", servertest.Basic(a.id, a.secret), servertest.Header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7721"),
		servertest.Bearer(c.access)).Want(204)
	for _, token := range []string{c.access, c.refresh} {
		if got := a.ask(box, "introspection_endpoint", form("token", token)).Body; got != inactive {
			t.Errorf("its consent ended: %s", got)
		}
	}
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		if a.name == "s2s" {
			return // nobody logs in
		}
		c := a.in(box, "dave").tokens()
		lock(t, box, a.name+"/dave")
		if got := a.ask(box, "introspection_endpoint", form("token", c.access)).Body; got != inactive || a.opens(t, box, c.access) {
			t.Errorf("its user is locked: %s", got)
		}
	})
}
