package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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
		if got := a.login(box, form("response_mode", "web_message")); got.problem != "invalid_request" {
			t.Errorf("%s: web_message: %q", a.name, got.problem)
		}
		modes := box.Get("/" + a.name + "/.well-known/openid-configuration").Want(200).JSON()["response_modes_supported"]
		if got := fmt.Sprint(modes); got != "[query fragment form_post]" {
			t.Errorf("%s: %s", a.name, got)
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

// posted is an app that takes its answers by POST, and says what came last.
func posted(t *testing.T) (string, func() (*http.Request, url.Values)) {
	var last *http.Request
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		last = r
	}))
	t.Cleanup(app.Close)
	return app.URL + "/cb?a=1", func() (*http.Request, url.Values) {
		t.Helper()
		if last == nil {
			t.Fatal("nothing came")
		}
		return last, last.PostForm
	}
}

// OAuth 2.0 Form Post Response Mode §2: the answer comes as the fields of a form that the browser sends to the redirect URI by POST.
// OAuth 2.0 Form Post Response Mode §4: the page with the form is not to be cached.
// RFC 9207 §2: the issuer is among the fields.
func TestAnswersByAForm(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	const state = `a&b="c" <é> %2B+`
	for _, a := range withPages() {
		back, came := posted(t)
		path := strings.TrimPrefix(endpoint(box, a.name, "authorization_endpoint"), box.URL())
		asked := form("client_id", a.id, "redirect_uri", back, "state", state, "response_mode", "form_post", "response_type", "code", "finInst", "fid-smn")
		p := box.Browser().Get(path + "?" + asked.Encode())
		for range 4 {
			if p.Doc.Find("form[data-go]").Length() > 0 {
				break
			}
			p = p.Submit("login", "dave", "uname", "dave", "password", "x", "otp", p.Doc.Find("button[name=demo]").AttrOr("value", ""))
		}
		if to := p.Doc.Find("form[data-go]").AttrOr("action", ""); to != back || p.Header.Get("Cache-Control") != "no-store" ||
			p.Header.Get("Referrer-Policy") != "origin" || strings.Contains(p.Header.Get("Content-Security-Policy"), "form-action") {
			t.Fatalf("%s: a form to %q: %v", a.name, to, p.Header)
		}
		p.Submit()
		r, got := came()
		if r.Method != "POST" || r.URL.RawQuery != "a=1" || got.Get("state") != state || got.Get("iss") != box.URL()+"/"+a.name || len(got) != 3 {
			t.Errorf("%s: %s %s: %v", a.name, r.Method, r.URL, got)
		}
		a.swap(box, got.Get("code"), form("redirect_uri", back)).Want(200)

		asked.Set("response_type", "token")
		box.Browser().Get(path + "?" + asked.Encode()).Submit()
		if _, got := came(); got.Get("error") != "unsupported_response_type" || got.Get("state") != state || got.Get("code") != "" {
			t.Errorf("%s: %v", a.name, got)
		}
	}
}

// No form can be sent to a native app: it is told so in its query.
func TestNoFormForANativeApp(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{Registration: true})
	id := box.PostJSON("/berlin/oauth2/register", map[string]any{"redirect_uris": []string{"com.example.app:/cb"}}).Want(201).Text("client_id")
	p := box.Browser().Get("/berlin/oauth2/authorize?client_id=" + id + "&response_type=code&response_mode=form_post&state=s")
	if p.Away == nil || p.Away.Scheme != "com.example.app" || p.Param("error") != "invalid_request" || p.Param("state") != "s" {
		t.Errorf("%d %v", p.Status, p.Away)
	}
}
