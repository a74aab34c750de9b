package server_test

import (
	"net/url"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

// Apps in a browser may ask for the answer in the fragment of their redirect URI, which no server sees (OAuth 2.0 Multiple Response Type
// Encoding Practices §2.1). Everything is there then, and nothing in the query but what the URI had.
// RFC 9207 §2: the issuer comes in the fragment, where the other parameters are.
// RFC 6749 §4.1.2.1: an error is told in the fragment as well, with the state.
func TestAnswersInAFragment(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, a := range withPages() {
		mode := func(to *url.URL) url.Values {
			t.Helper()
			values, err := url.ParseQuery(to.EscapedFragment())
			if err != nil || to.RawQuery != "" || values.Get("state") != "s" || values.Get("iss") != box.URL()+"/"+a.name {
				t.Errorf("%s: %s", a.name, to)
			}
			return values
		}
		values := mode(a.login(box, form("response_mode", "fragment")).away)
		a.swap(box, values.Get("code"), nil).Want(200)

		path := strings.TrimPrefix(endpoint(box, a.name, "authorization_endpoint"), box.URL())
		wrong := form("client_id", a.id, "redirect_uri", magicBack, "state", "s", "response_mode", "fragment", "response_type", "token")
		if got := mode(box.Browser().Get(path + "?" + wrong.Encode()).Away); got.Get("error") != "unsupported_response_type" {
			t.Errorf("%s: %v", a.name, got)
		}
		if got := a.login(box, form("response_mode", "query")); got.code == "" || got.away.Fragment != "" {
			t.Errorf("%s: %s", a.name, got.away)
		}
		if got := a.login(box, form("response_mode", "form_post")); got.problem != "invalid_request" {
			t.Errorf("%s: form_post: %q", a.name, got.problem)
		}
		if got := box.Get("/" + a.name + "/.well-known/openid-configuration").Want(200).JSON()["response_modes_supported"].([]any); len(got) != 2 || got[1] != "fragment" {
			t.Errorf("%s: %v", a.name, got)
		}
	}
}

// A query that the redirect URI has stays a query, before the fragment.
func TestAFragmentBehindAQuery(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	wrong := form("client_id", "bg-demo", "redirect_uri", magicBack+"?a=1", "response_mode", "fragment", "response_type", "token")
	p := box.Browser().Get("/berlin/oauth2/authorize?" + wrong.Encode())
	if p.Away == nil || p.Away.RawQuery != "a=1" || !strings.HasPrefix(p.Away.Fragment, "error=") {
		t.Errorf("%v", p.Away)
	}
}
