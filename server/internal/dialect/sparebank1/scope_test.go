package sparebank1_test

import (
	"net/url"
	"strings"
	"testing"

	"sandbank/server/servertest"
)

const accountsPath = "/personal/banking/accounts"

// A client that asks for an identity alone is given what it would have been given without asking as well, and a refresh that repeats the
// same words takes nothing of that away.
func TestIdentityAloneKeepsTheRest(t *testing.T) {
	t.Parallel()
	box := start(t)
	v := swap(box, enter(t, box.Browser(), "dave", "scope", "openid profile").Param("code"))
	const all = "openid profile resource.WRITE resource.READ"
	for range 2 {
		if v.Scope != all {
			t.Fatalf("scope %q", v.Scope)
		}
		box.Get(accountsPath, servertest.Bearer(v.Access)).Want(200)
		var next idTokens
		post(box, with(refreshForm(v.Refresh), "scope", "openid profile")).Want(200).Into(&next)
		v = next
	}
	var less idTokens
	post(box, with(refreshForm(v.Refresh), "scope", "openid")).Want(200).Into(&less)
	if less.Scope != "openid resource.WRITE resource.READ" || less.ID == "" {
		t.Errorf("without profile: %q", less.Scope)
	}
	var none idTokens
	if post(box, with(refreshForm(less.Refresh), "scope", "resource.READ")).Want(200).Into(&none); none.Scope != "resource.READ" || none.ID != "" {
		t.Errorf("narrowed: %q", none.Scope)
	}
}

// OpenID Connect Core §11: the scope offline_access is taken, at the login and at each refresh.
// OpenID Connect Core §3.1.2.1: a scope value that is not understood is ignored beside openid.
func TestScopesBesideOpenID(t *testing.T) {
	t.Parallel()
	box := start(t)
	const asked = "openid offline_access accounts groups"
	v := swap(box, enter(t, box.Browser(), "dave", "scope", asked).Param("code"))
	if v.Scope != "openid offline_access accounts" {
		t.Errorf("scope %q", v.Scope)
	}
	if post(box, with(refreshForm(v.Refresh), "scope", asked)).Want(200).Into(&v); v.Scope != "openid offline_access accounts" {
		t.Errorf("after a refresh: %q", v.Scope)
	}
	// Without openid the bank's own habit stands.
	to := box.Get(authorizeURL("", "scope", "accounts groups")).Want(302).Header.Get("Location")
	if !strings.Contains(to, "error=access_denied") {
		t.Error(to)
	}
}

// RFC 6749 §4.4: nobody is there whom a client's own token could tell of.
func TestOwnTokenHasNoIdentity(t *testing.T) {
	t.Parallel()
	box := start(t)
	v := issued(post(box, url.Values{"grant_type": {"client_credentials"}, "scope": {"openid profile accounts"}}))
	if v.Scope != "accounts" {
		t.Errorf("scope %q", v.Scope)
	}
}

// OpenID Connect Core §3.1.2.1: the authorization endpoint takes its parameters by POST as well, from any site.
func TestAuthorizeByPost(t *testing.T) {
	t.Parallel()
	box := start(t)
	u, err := url.Parse(authorizeURL("", "scope", "openid accounts"))
	if err != nil {
		t.Fatal(err)
	}
	a := box.Post(u.Path, u.Query(), servertest.Header("Sec-Fetch-Site", "cross-site")).Want(200)
	if !strings.Contains(a.Body, `name="login"`) {
		t.Error(a.Body)
	}
	bad := u.Query()
	bad.Set("response_type", "token")
	if to := box.Post(u.Path, bad).Want(303).Header.Get("Location"); !strings.Contains(to, "error=unsupported_response_type") {
		t.Error(to)
	}
	box.PostJSON(u.Path, map[string]string{"client_id": id}).Want(400)
}

// OpenID Connect Core §3.1.2.2: where id_token_hint names somebody else than who logs in, nobody's identity is told: login_required.
func TestHintAtSomebodyElse(t *testing.T) {
	t.Parallel()
	box := start(t)
	hint := swap(box, enter(t, box.Browser(), "jane").Param("code")).ID
	if done := enter(t, box.Browser(), "dave", "id_token_hint", hint); done.Param("error") != "login_required" || done.Param("code") != "" {
		t.Errorf("dave under jane's hint: %s", done.Away)
	}
	if done := enter(t, box.Browser(), "jane", "id_token_hint", hint); done.Param("code") == "" {
		t.Errorf("jane under her own: %s", done.Away)
	}
}

// Another site's page cannot log anybody out: it leads to the page that asks.
func TestLogoutFromElsewhereAsks(t *testing.T) {
	t.Parallel()
	box := start(t)
	b := box.Browser()
	swap(box, enter(t, b, "dave").Param("code"))
	silent := authorizeURL("", "scope", "openid profile accounts", "prompt", "none")
	box.Get("/oauth/logout", servertest.Header("Sec-Fetch-Site", "cross-site")).Want(303)
	if p := b.Get(silent, servertest.Header("Sec-Fetch-Site", "cross-site")); p.Param("code") == "" {
		t.Fatalf("not signed in: %s", p.Away)
	}
	b.Get("/oauth/logout", servertest.Header("Sec-Fetch-Site", "cross-site"), servertest.Header("Sec-Fetch-Dest", "image"))
	if p := b.Get(silent); p.Param("code") == "" {
		t.Errorf("an image has logged dave out: %s", p.Away)
	}
	b.Get("/oauth/logout")
	if p := b.Get(silent); p.Param("error") != "login_required" {
		t.Errorf("still logged in: %s", p.Away)
	}
}

// OpenID Connect Core §3.1.2.1: login_hint may be the person's e-mail address; the page has the user name typed in that goes with it.
func TestLoginHintIsTypedIn(t *testing.T) {
	t.Parallel()
	box := start(t)
	for given, want := range map[string]string{"dave@example.com": "dave", "jane": "jane", "nobody@example.com": "nobody@example.com", "": ""} {
		page := box.Browser().Get(authorizeURL("", "scope", "openid", "login_hint", given))
		if got := page.Doc.Find("input[name=login]").AttrOr("value", ""); got != want {
			t.Errorf("login_hint %q: %q is typed in, want %q", given, got, want)
		}
	}
}
