package sparebank1_test

import (
	"maps"
	"net/url"
	"testing"

	"sandbank/server/servertest"
)

// OpenID Connect Core §5.4: where an access token is issued, the claims of the scopes come from userinfo, and not in the id_token.
func TestIDTokenNamesTheUserByPolicy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, scope string
		policy      []string
		want        []string
	}{
		{"as the standard has it", "openid profile email", nil, nil},
		{"turned on", "openid profile email", []string{"sparebank1.id-token-claims=on"}, []string{"name", "given_name", "family_name", "birthdate", "preferred_username", "email", "email_verified"}},
		{"turned on, and little asked for", "openid email", []string{"sparebank1.id-token-claims=on"}, []string{"email", "email_verified"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			box := start(t, tt.policy...)
			check := func(v idTokens) {
				t.Helper()
				var is identity
				got, info := map[string]any{}, box.Get(userinfoPath, servertest.Bearer(v.Access)).Want(200).JSON()
				verified(t, box, v.ID, "JWT", &is)
				verified(t, box, v.ID, "JWT", &got)
				if is.Issuer != box.URL()+issuerPath || is.Subject != info["sub"] || is.Expires-is.Issued != 600 || is.Hash == "" {
					t.Errorf("%+v", is)
				}
				for claim := range maps.Keys(info) {
					want := claim == "sub"
					for _, name := range tt.want {
						want = want || name == claim
					}
					if value, has := got[claim]; has != want || has && value != info[claim] {
						t.Errorf("%s is %v, at userinfo %v", claim, value, info[claim])
					}
				}
				for _, name := range tt.want {
					if got[name] == nil {
						t.Errorf("no %s", name)
					}
				}
			}
			v := swap(box, allow(t, box, authorizeURL("", "scope", tt.scope), "dave").Param("code"))
			check(v)
			var next idTokens
			post(box, refreshForm(v.Refresh)).Want(200).Into(&next)
			check(next)
		})
	}
}

// RFC 6750 §2.2: a form may carry the access token, in the body of a POST alone.
// RFC 6750 §2: the access token must not come by more than one method in a request.
// RFC 6750 §3.1: a request with a token in two places is invalid_request, with status 400.
func TestUserinfoByForm(t *testing.T) {
	t.Parallel()
	box := start(t)
	v := swap(box, allow(t, box, authorizeURL("", "scope", "openid email"), "dave").Param("code"))
	token := url.Values{"access_token": {v.Access}}
	if a := box.Post(userinfoPath, token).Want(200); a.Text("email") != "dave@example.com" {
		t.Error(a.Body)
	}
	for name, a := range map[string]*servertest.Answer{
		"header and form": box.Post(userinfoPath, token, servertest.Bearer(v.Access)),
		"form twice":      box.Post(userinfoPath, url.Values{"access_token": {v.Access, v.Access}}),
	} {
		const challenge = `Bearer error="invalid_request", error_description="The access token must come once, in one place."`
		if a.Status != 400 || a.Text("error") != "invalid_request" || a.Header.Get("WWW-Authenticate") != challenge {
			t.Errorf("%s: %d %s %q", name, a.Status, a.Body, a.Header.Get("WWW-Authenticate"))
		}
	}
	box.Post(userinfoPath, url.Values{"access_token": {"x"}}).Want(401)
	box.Post(userinfoPath, url.Values{}).Want(401)
	box.Get(userinfoPath + "?" + token.Encode()).Want(401)
	box.Do("GET", userinfoPath, token.Encode(), servertest.Header("Content-Type", "application/x-www-form-urlencoded")).Want(401)
	box.Post("/sparebank1/common/user/info", token).Want(405)
}

// OpenID Connect Core §3.1.2.1: where somebody else logs in than id_token_hint names, the answer is an error.
func TestSomebodyElseLogsIn(t *testing.T) {
	t.Parallel()
	box := start(t)
	hint := swap(box, allow(t, box, authorizeURL("", "scope", "openid"), "dave").Param("code")).ID
	p := allow(t, box, authorizeURL("", "scope", "openid", "id_token_hint", hint), "jane")
	if p.Param("error") != "login_required" || p.Param("error_description") != "Somebody else logged in than id_token_hint names." || p.Param("code") != "" {
		t.Errorf("sent to %s", p.Away)
	}
}
