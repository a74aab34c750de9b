package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

// open is a sandbox in which anybody may register.
func open(t testing.TB) *servertest.Sandbox {
	return servertest.Start(t, server.Options{Registration: true})
}

// web is the metadata of a web application.
func web(change map[string]any) map[string]any {
	v := map[string]any{"client_name": "Shop", "redirect_uris": []string{magicBack}, "grant_types": []string{"authorization_code", "refresh_token"},
		"software_version": "1", "contacts": []string{"a@b.example"}, "client_name#ja": "店"}
	for name, to := range change {
		v[name] = to
	}
	return v
}

// registrable are the banks at which a client walks the code flow by itself.
func registrable() []application { return withPages() }

// RFC 7591 §3.1: a client registers by a JSON document; fields that are not known are ignored.
// RFC 7591 §3.2.1: the answer is 201, not cacheable, with client_id, client_secret, client_secret_expires_at and all metadata as taken.
// RFC 7592 §3: it has registration_access_token and registration_client_uri.
func TestRegisteredClientWalksTheFlow(t *testing.T) {
	t.Parallel()
	for _, a := range registrable() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			box := open(t)
			answer := box.PostJSON(endpoint(box, a.name, "registration_endpoint"), web(nil)).Want(201)
			got := answer.JSON()
			if got["token_endpoint_auth_method"] != "client_secret_basic" || got["client_name"] != "Shop" || got["software_version"] != nil || answer.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s", answer.Body)
			}
			if secret := answer.Text("client_secret"); !regexp.MustCompile(`^[A-Za-z0-9]{40}$`).MatchString(secret) || got["client_secret_expires_at"] == nil {
				t.Errorf("secret %q, expires %v", secret, got["client_secret_expires_at"])
			}
			a.id, a.secret = answer.Text("client_id"), answer.Text("client_secret")
			token := a.swap(box, a.login(box, nil).code, nil).Want(200).Text("access_token")
			if !a.opens(t, box, token) {
				t.Error("its token opens nothing")
			}
			own, key := answer.Text("registration_client_uri"), servertest.Bearer(answer.Text("registration_access_token"))
			if again := box.Get(own, key).Want(200); again.Body != answer.Body {
				t.Errorf("read back: %s\nwant %s", again.Body, answer.Body)
			}
			box.Do("DELETE", own, "", key).Want(204)
			if a.opens(t, box, token) {
				t.Error("the token of a deleted client opens the bank")
			}
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				if got := box.Do(method, own, "{}", key, servertest.Header("Content-Type", "application/json")); got.Status != 401 || got.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s after the deletion: %d %s", method, got.Status, got.Body)
				}
			}
			wantOAuthError(t, "the deleted client", a.swap(box, "x", nil), 401, "invalid_client")
		})
	}
}

// RFC 7591 §2: what is left out has a default; of grant types and scopes the bank's own are taken.
// RFC 7591 §3.2.2: metadata that cannot be are refused with invalid_client_metadata or invalid_redirect_uri.
// RFC 8252 §7: http is for loopback alone, and a native app's scheme is a domain in reverse.
func TestRegistrationMetadata(t *testing.T) {
	t.Parallel()
	box := open(t)
	const here = "/berlin/oauth2/register"
	for _, tt := range []struct {
		field string
		value any
		want  string // error; empty: taken
	}{
		{"redirect_uris", []string{"https://app.example/cb?x=1", "http://localhost:1/cb", "http://[::1]/cb", "com.example.app:/cb"}, ""},
		{"redirect_uris", []string{}, "invalid_redirect_uri"},
		{"redirect_uris", []string{"https://app.example/cb#x"}, "invalid_redirect_uri"},
		{"redirect_uris", []string{"https://u@app.example/cb"}, "invalid_redirect_uri"},
		{"redirect_uris", []string{"http://app.example/cb"}, "invalid_redirect_uri"},
		{"redirect_uris", []string{"http://localhost.mallory.example/"}, "invalid_redirect_uri"},
		{"redirect_uris", []string{"myapp://cb"}, "invalid_redirect_uri"},
		{"redirect_uris", []string{"javascript:alert(1)"}, "invalid_redirect_uri"},
		{"redirect_uris", []string{"/cb"}, "invalid_redirect_uri"},
		{"redirect_uris", []string{"https:///cb"}, "invalid_redirect_uri"},
		{"redirect_uris", []string{"https://app.example/\r\nX: y"}, "invalid_redirect_uri"},
		{"redirect_uris", slices.Repeat([]string{"https://app.example/cb"}, 101), "invalid_redirect_uri"},
		{"redirect_uris", "https://app.example/cb", "invalid_client_metadata"},
		{"token_endpoint_auth_method", "client_secret_post", ""},
		{"token_endpoint_auth_method", "none", ""},
		{"token_endpoint_auth_method", "tls_client_auth", "invalid_client_metadata"},
		{"token_endpoint_auth_method", "private_key_jwt", "invalid_client_metadata"}, // without a key
		{"jwks", map[string]any{"keys": "x"}, "invalid_client_metadata"},
		{"dpop_bound_access_tokens", true, ""},
		{"require_pushed_authorization_requests", true, ""},
		{"post_logout_redirect_uris", []string{"https://app.example/bye"}, ""},
		{"post_logout_redirect_uris", []string{"javascript:alert(1)"}, "invalid_client_metadata"},
		{"grant_types", []string{"authorization_code", "implicit"}, ""},
		{"grant_types", []string{"implicit"}, "invalid_client_metadata"},
		{"response_types", []string{"code"}, ""},
		{"response_types", []string{"token"}, "invalid_client_metadata"},
		{"scope", "AISP openid", ""},
		{"scope", "nothing", "invalid_client_metadata"},
		{"client_name", "a\nb", "invalid_client_metadata"},
	} {
		got := box.PostJSON(here, web(map[string]any{tt.field: tt.value}))
		if tt.want == "" && got.Status != 201 || tt.want != "" && (got.Status != 400 || got.JSON()["error"] != tt.want || got.Text("error_description") == "") {
			t.Errorf("%s %v: %d %s", tt.field, tt.value, got.Status, got.Body)
		}
	}
	for _, body := range []string{"", "[]", "null", `"x"`, "{", `{"redirect_uris":7}`} {
		wantOAuthError(t, body, box.Do("POST", here, body, servertest.Header("Content-Type", "application/json")), 400, "invalid_client_metadata")
	}
	wantOAuthError(t, "a form", box.Post(here, form("redirect_uris", "x")), 400, "invalid_client_metadata")
	public := box.PostJSON(here, web(map[string]any{"token_endpoint_auth_method": "none", "grant_types": nil, "scope": "AISP openid"})).Want(201).JSON()
	if public["client_secret"] != nil || public["client_secret_expires_at"] != nil || public["scope"] != "AISP" || len(public["grant_types"].([]any)) != 1 {
		t.Errorf("a public client: %v", public)
	}
}

// Where nobody is sent to a page, a client of the code grant has no use for a redirect URI (RFC 7591 §2: it is for grants that redirect).
func TestRegistrationWithoutPages(t *testing.T) {
	t.Parallel()
	box := open(t)
	got := box.PostJSON("/s2s/oauth2/register", map[string]any{"client_name": "Nightly job"}).Want(201).JSON()
	if list := got["redirect_uris"].([]any); len(list) != 0 || got["grant_types"].([]any)[0] != "authorization_code" {
		t.Errorf("%v", got)
	}
	wantOAuthError(t, "one that would not be safe", box.PostJSON("/s2s/oauth2/register", map[string]any{"redirect_uris": []string{"http://app.example/cb"}}), 400, "invalid_redirect_uri")
}

// RFC 7592 §2.2: an update replaces the whole entry; the id stays, and a client_id or client_secret that is sent must be the client's own.
// RFC 7592 §2: another client's registration access token is 401.
func TestRegistrationIsReplaced(t *testing.T) {
	t.Parallel()
	box := open(t)
	first, second := box.PostJSON("/berlin/oauth2/register", web(nil)).Want(201), box.PostJSON("/berlin/oauth2/register", web(nil)).Want(201)
	own, key := first.Text("registration_client_uri"), servertest.Bearer(first.Text("registration_access_token"))
	asJSON := servertest.Header("Content-Type", "application/json")
	got := box.Do("PUT", own, `{"client_id":"`+first.Text("client_id")+`","redirect_uris":["https://new.example/cb"]}`, key, asJSON).Want(200)
	if v := got.JSON(); v["client_name"] != nil || len(v["grant_types"].([]any)) != 1 || v["client_secret"] != first.JSON()["client_secret"] || v["redirect_uris"].([]any)[0] != "https://new.example/cb" {
		t.Errorf("replaced: %s", got.Body)
	}
	for _, wrong := range []string{`{"client_id":"other","redirect_uris":["https://a.example/"]}`, `{"client_secret":"other","redirect_uris":["https://a.example/"]}`, `{"redirect_uris":["https://a.example/"]}`} {
		wantOAuthError(t, wrong, box.Do("PUT", own, wrong, key, asJSON), 400, "invalid_client_metadata")
	}
	wantOAuthError(t, "nothing", box.Do("PUT", own, `{"client_id":"`+first.Text("client_id")+`"}`, key, asJSON), 400, "invalid_redirect_uri")
	if box.Get(own, key).Body != got.Body {
		t.Error("a refused replacement changed something")
	}
	for what, option := range map[string]servertest.Option{"no token": servertest.Header("X-None", "1"), "another's": servertest.Bearer(second.Text("registration_access_token"))} {
		for _, method := range []string{"GET", "DELETE"} {
			if a := box.Do(method, own, "", option); a.Status != 401 || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s by %s: %d", method, what, a.Status)
			}
		}
	}
	if a := box.Get("/berlin/oauth2/register/bg-demo", key); a.Status != 401 {
		t.Errorf("a client that never registered by itself: %d", a.Status)
	}
}

// While the switch is off, nobody registers, and the metadata does not say that anybody could (RFC 8414 §2).
func TestRegistrationIsOffByDefault(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, a := range applications() {
		if got := box.Get("/" + a.name + "/.well-known/oauth-authorization-server").JSON()["registration_endpoint"]; got != nil {
			t.Errorf("%s lists %v", a.name, got)
		}
		wantOAuthError(t, a.name, box.PostJSON("/"+a.name+"/oauth2/register", web(nil)), 403, "access_denied")
	}
}

// Strangers cannot fill the memory: the thousand-and-first is refused, and room comes back with a deletion.
func TestRegistrationIsBounded(t *testing.T) {
	t.Parallel()
	box := open(t)
	var last *servertest.Answer
	for range 1000 {
		last = box.PostJSON("/berlin/oauth2/register", web(nil)).Want(201)
	}
	wantOAuthError(t, "one more", box.PostJSON("/yoisho/oauth2/register", web(nil)), 503, "temporarily_unavailable")
	box.Do("DELETE", last.Text("registration_client_uri"), "", servertest.Bearer(last.Text("registration_access_token"))).Want(204)
	box.PostJSON("/yoisho/oauth2/register", web(nil)).Want(201)
}

// RFC 7591 §2: a client that registers keys and private_key_jwt has no secret, and proves itself by what it signs.
// RFC 9449 §5.2: a client that registers dpop_bound_access_tokens gets no token without a proof.
// RFC 9126 §6: a client that registers require_pushed_authorization_requests is held to them.
func TestRegisteredClientIsHeldToWhatItSaid(t *testing.T) {
	t.Parallel()
	box := open(t)
	v := &vault{Sandbox: box, t: t, key: newKey(t)}
	machine := map[string]any{"grant_types": []string{"client_credentials"}, "redirect_uris": []string{}, "jwks": json.RawMessage(jwks(v.key)), "token_endpoint_auth_method": "private_key_jwt"}

	got := box.PostJSON("/finapi/oauth2/register", web(machine)).Want(201)
	if set, _ := got.JSON()["jwks"].(map[string]any); got.JSON()["client_secret"] != nil || set["keys"] == nil || got.Text("token_endpoint_auth_method") != "private_key_jwt" {
		t.Errorf("registered as %s", got.Body)
	}
	box.Post(tokenPath, v.assert(v.claim(got.Text("client_id")))).Want(200)

	machine["dpop_bound_access_tokens"] = true
	bound := box.PostJSON("/finapi/oauth2/register", web(machine)).Want(201)
	v.refusedFor(box.Post(tokenPath, v.assert(v.claim(bound.Text("client_id")))), 400, "invalid_dpop_proof", "")

	pushing := box.PostJSON("/berlin/oauth2/register", web(map[string]any{"require_pushed_authorization_requests": true})).Want(201)
	query := url.Values{"client_id": {pushing.Text("client_id")}, "redirect_uri": {magicBack}, "response_type": {"code"}}
	if to := box.Browser().Get("/berlin/oauth2/authorize?" + query.Encode()); to.Param("error") != "invalid_request" {
		t.Errorf("sent to %v", to.Away)
	}
	if a := box.PostJSON("/finapi/oauth2/register", web(map[string]any{"grant_types": []string{"password"}, "require_pushed_authorization_requests": true})); a.Status != 400 {
		t.Errorf("a bank without an authorization endpoint: %d %s", a.Status, a.Body)
	}
}

// OpenID Connect Registration §2: id_token_signed_response_alg is what the client's id_tokens are signed by, and the answer tells it.
// OpenID Connect Discovery §3: the JWKS has the keys by which clients check signatures, before anything is signed by them as well.
func TestRegisteredAlgorithmOfIDTokens(t *testing.T) {
	t.Parallel()
	box := open(t)
	a := withPages()[slices.IndexFunc(withPages(), func(a application) bool { return a.name == "sparebank1" })]
	answer := box.PostJSON("/sparebank1/oauth2/register", web(map[string]any{"id_token_signed_response_alg": "RS256", "scope": "openid offline_access accounts"})).Want(201)
	if answer.Text("id_token_signed_response_alg") != "RS256" || answer.Text("scope") != "openid offline_access accounts" {
		t.Error(answer.Body)
	}
	a.id, a.secret = answer.Text("client_id"), answer.Text("client_secret")
	early := box.Get("/sparebank1/oauth2/jwks").Want(200)
	by := func() string {
		token := a.swap(box, a.login(box, url.Values{"scope": {"openid accounts"}}).code, nil).Want(200).Text("id_token")
		head, _, _ := strings.Cut(token, ".")
		text, err := base64.RawURLEncoding.DecodeString(head)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	got := by()
	if !strings.Contains(got, `"alg":"RS256"`) {
		t.Error(got)
	}
	if _, rest, _ := strings.Cut(got, `"kid":"`); !strings.Contains(early.Body, `"kid":"`+strings.Split(rest, `"`)[0]+`"`) {
		t.Errorf("the key of %s was not in the JWKS before: %s", got, early.Body)
	}
	next := `{"client_id":"` + a.id + `","redirect_uris":["` + magicBack + `"],"grant_types":["authorization_code"]}`
	if got := box.Do("PUT", answer.Text("registration_client_uri"), next, servertest.Bearer(answer.Text("registration_access_token")),
		servertest.Header("Content-Type", "application/json")).Want(200).Text("id_token_signed_response_alg"); got != "ES256" {
		t.Errorf("after a replacement %q", got)
	}
	if got := by(); !strings.Contains(got, `"alg":"ES256"`) {
		t.Error(got)
	}
	wantOAuthError(t, "none", box.PostJSON("/sparebank1/oauth2/register", web(map[string]any{"id_token_signed_response_alg": "none"})), 400, "invalid_client_metadata")
	for _, bank := range []string{"s2s", "finapi"} { // nobody logs in there by redirect
		wantOAuthError(t, bank, box.PostJSON("/"+bank+"/oauth2/register", map[string]any{"token_endpoint_auth_method": "none", "grant_types": []string{"refresh_token"}}), 400, "invalid_client_metadata")
	}
}
