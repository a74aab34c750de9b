package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"sandbank/server/servertest"
)

// RFC 6750 §3: a resource answers a token that does not do with a challenge of the scheme Bearer and error="invalid_token".
// RFC 6750 §3.1: a request without any token is told no error code.
//
// Where a real bank does otherwise, so does this one: Yoisho says 400 without a challenge, and S2S writes single quotes, without a token too.
func TestChallengesOfTheBanks(t *testing.T) {
	t.Parallel()
	want := map[string]struct{ missing, unknown, expired, revoked string }{
		"yoisho": {},
		"berlin": {"Bearer", `Bearer error="invalid_token", error_description="The access token is not known."`,
			`Bearer error="invalid_token", error_description="The access token has expired."`, `Bearer error="invalid_token", error_description="The access token was revoked."`},
		"sparebank1": {"Bearer", sb1Dead, sb1Dead, sb1Dead},
		"s2s":        {"Bearer error='invalid_token'", "Bearer error='invalid_token'", "Bearer error='invalid_token'", "Bearer error='invalid_token'"},
		"finapi":     {`Bearer realm="finapi"`, finapiDead, finapiDead, finapiDead},
	}
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		says := func(what, want string, options ...servertest.Option) {
			t.Helper()
			if got := box.Get(a.read, options...).Want(a.dead).Header.Get("WWW-Authenticate"); got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		bank := want[a.name]
		none := append(a.api(""), func(r *http.Request) { r.Header.Del("Authorization") })
		says("unknown", bank.unknown, a.api("nobodys-token")...)
		says("missing", bank.missing, none...)
		gone := a.in(box, "dave").tokens().access
		a.ask(box, "revocation_endpoint", form("token", gone)).Want(200)
		says("revoked", bank.revoked, a.api(gone)...)
		old := a.in(box, a.second()).tokens().access
		box.Advance(a.lives)
		says("expired", bank.expired, a.api(old)...)
	})
}

// A client that forgets the scheme sends its token in the scheme's place. The reason, which the log has too, does not repeat it.
func TestTokenWithoutASchemeIsNotTold(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		token := a.in(box, "dave").tokens().access
		box.Get(a.read, append(a.api(""), servertest.Header("Authorization", token))...).Want(a.dead)
		e := box.Last()
		if told, err := json.Marshal([]any{e.Why, e.Trail}); err != nil || strings.Contains(string(told), token) || !strings.Contains(e.Why, "one word") {
			t.Errorf("%s, %v", told, err)
		}
	})
}

const (
	sb1Dead    = `Bearer error="invalid_token", error_description="The access token is unknown, expired or revoked"`
	finapiDead = `Bearer realm="finapi", error="invalid_token"`
)
