package server_test

import (
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

// RFC 7009 §2.1: a refresh token takes the access tokens of its grant along, and the client's next refresh is refused.
// RFC 7009 §2.1: an access token ends at once, and its refresh token lives on.
// RFC 7009 §2.2: the answer is 200, with JSON for clients that want it of every answer.
func TestRevocation(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		alone, whole := a.in(box, "dave").tokens(), a.in(box, a.second()).tokens()
		if !a.opens(t, box, alone.access) || !a.opens(t, box, whole.access) {
			t.Fatal("the tokens open nothing to begin with")
		}
		got := a.ask(box, "revocation_endpoint", form("token", alone.access, "token_type_hint", "access_token"))
		if got.Status != 200 || got.Body != "{}" || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("an access token: %d %q %v", got.Status, got.Body, got.Header)
		}
		if a.opens(t, box, alone.access) {
			t.Error("a revoked access token opens the bank")
		}
		if !a.opens(t, box, whole.access) {
			t.Error("revoking one token ended another grant's")
		}
		if whole.refresh == "" {
			return // this bank issues none
		}
		if got := alone.renew(alone.refresh); got.Status != 200 {
			t.Errorf("the refresh token of a revoked access token is %d: %s", got.Status, got.Body)
		}
		a.ask(box, "revocation_endpoint", form("token", whole.refresh)).Want(200)
		if a.opens(t, box, whole.access) {
			t.Error("the access token outlives its revoked refresh token")
		}
		if got := whole.renew(whole.refresh); got.Status != 400 {
			t.Errorf("a revoked refresh token is %d: %s", got.Status, got.Body)
		}
	})
}

// RFC 7009 §2.2: tokens that are unknown, over or revoked already are answered with 200.
// RFC 7009 §2.1: a wrong or unknown token_type_hint changes nothing.
// RFC 7009 §2.1: a token that was issued to another client is not revoked.
func TestRevocationOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		c := a.in(box, "dave").tokens()
		stranger := servertest.Basic("stranger", "stranger-secret")
		a.ask(box, "revocation_endpoint", form("token", c.access), stranger).Want(200)
		if trail := box.Last().Trail; !a.opens(t, box, c.access) || !strings.Contains(trail[len(trail)-1].Why, "lives on") {
			t.Errorf("another client ended the token, or the journal is silent: %+v", trail)
		}
		for _, token := range []string{"garbage", strings.Repeat("x", 5000), "\x00\xff", "é"} {
			if got := a.ask(box, "revocation_endpoint", form("token", token)); got.Status != 200 || got.Body != "{}" {
				t.Errorf("%.20q: %d %s", token, got.Status, got.Body)
			}
		}
		a.ask(box, "revocation_endpoint", form("token", c.access, "token_type_hint", "no_such_type")).Want(200)
		if a.opens(t, box, c.access) {
			t.Error("an unknown hint kept the token alive")
		}
		a.ask(box, "revocation_endpoint", form("token", c.access)).Want(200)
		if c.refresh != "" {
			a.ask(box, "revocation_endpoint", form("token", c.refresh, "token_type_hint", "access_token")).Want(200)
			if c.renew(c.refresh).Status == 200 {
				t.Error("a wrong hint kept the refresh token alive")
			}
		}
	})
}

// RFC 7009 §2.1: the client authenticates as at the token endpoint; a public client names itself, and ends its own tokens alone.
// RFC 7009 §2.2.1: errors are those of RFC 6749 §5.2.
// RFC 7009 §2: the endpoint takes POST alone.
func TestRevocationRefuses(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		c := a.in(box, "dave").tokens()
		none := servertest.Header("X-None", "1")
		wantOAuthError(t, "no token", a.ask(box, "revocation_endpoint", form("token_type_hint", "access_token")), 400, "invalid_request")
		wantOAuthError(t, "two tokens", a.ask(box, "revocation_endpoint", form("token", "a", "token", "b")), 400, "invalid_request")
		wantOAuthError(t, "nobody", a.ask(box, "revocation_endpoint", form("token", c.access), none), 401, "invalid_client")
		wantOAuthError(t, "a wrong secret", a.ask(box, "revocation_endpoint", form("token", c.access), servertest.Basic(a.id, "wrong")), 401, "invalid_client")
		wantOAuthError(t, "a disabled client", a.ask(box, "revocation_endpoint", form("token", c.access), servertest.Basic("retired", "retired-secret")), 401, "invalid_client")
		wantOAuthError(t, "a confidential client by its id", a.ask(box, "revocation_endpoint", form("token", c.access, "client_id", a.id), none), 401, "invalid_client")
		wantOAuthError(t, "GET", box.Get(endpoint(box, a.name, "revocation_endpoint")+"?token="+c.access), 405, "invalid_request")
		a.ask(box, "revocation_endpoint", form("token", c.access, "client_id", "page"), none).Want(200)
		if !a.opens(t, box, c.access) {
			t.Error("one of these ended the token")
		}
		a.ask(box, "revocation_endpoint", form("token", c.access, "client_id", a.id, "client_secret", a.secret), none).Want(200)
		if a.opens(t, box, c.access) {
			t.Error("credentials in the form ended nothing")
		}
	})
}

// RFC 7009 §2.1: a public client ends its own tokens by its client_id alone.
func TestRevocationByAPublicClient(t *testing.T) {
	t.Parallel()
	box := sandbox(t, "berlin")
	access, _ := spaTokens(box)
	box.Post("/berlin/oauth2/revoke", form("token", access, "client_id", "bg-spa")).Want(200)
	if got := box.Get("/berlin/v1/accounts", servertest.Bearer(access)); got.Status != 401 {
		t.Errorf("the token is %d", got.Status)
	}
}

// RFC 7009 §2: what is revoked are access and refresh tokens; a code is neither, and ends by its exchange.
// RFC 7009 §2.1: a refresh token that was rotated away still stands for its grant.
func TestRevocationOfCodesAndOfWhatWasRotatedAway(t *testing.T) {
	t.Parallel()
	box := sandbox(t, "berlin")
	a := applications()[1]
	c := a.in(box, "dave")
	a.ask(box, "revocation_endpoint", form("token", c.code)).Want(200)
	first := c.tokens().refresh
	c.keep(c.renew(first))
	if !a.opens(t, box, c.access) || first == c.refresh {
		t.Fatal("the code was ended, or nothing rotated")
	}
	a.ask(box, "revocation_endpoint", form("token", first)).Want(200)
	if a.opens(t, box, c.access) || c.renew(c.refresh).Status == 200 {
		t.Error("the grant lives on")
	}
}

// Under revocation-lag a revoked access token passes at the resource until the lag is over, and introspection says just that (E74).
func TestRevocationLagIsTheSameForResourceAndIntrospection(t *testing.T) {
	t.Parallel()
	each(t, []string{"revocation-lag=30s"}, func(t *testing.T, box *servertest.Sandbox, a application) {
		c := a.in(box, "dave").tokens()
		a.ask(box, "revocation_endpoint", form("token", c.access)).Want(200)
		for _, step := range []struct {
			by   time.Duration
			live bool
		}{{0, true}, {30*time.Second - time.Nanosecond, true}, {time.Nanosecond, false}, {-time.Nanosecond, true}} {
			box.Advance(step.by)
			active := a.ask(box, "introspection_endpoint", form("token", c.access)).Want(200).JSON()["active"]
			if opens := a.opens(t, box, c.access); opens != step.live || active != step.live {
				t.Errorf("after %v more: opens %v, active %v, want %v", step.by, opens, active, step.live)
			}
		}
	})
}
