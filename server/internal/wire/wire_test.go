package wire_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/world"
)

// call is one at bank b, which has the clients app (secret s%+/:é) and spa (public).
func call(t testing.TB, change func(*fasthttp.Request)) *wire.Call {
	t.Helper()
	w, err := world.New(world.Options{Banks: []grant.Profile{{Bank: "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	s := w.Space(world.Main)
	for _, c := range []grant.Client{
		{ID: "app", Bank: "b", Secrets: []grant.Secret{{Value: secret}}, GrantTypes: []string{"authorization_code"}, RedirectURIs: []string{"https://app.example/cb?x=1"}},
		{ID: "spa", Bank: "b", Loopback: true, GrantTypes: []string{"authorization_code"}, Scopes: []string{"read"}},
	} {
		if err := s.Grants.AddClient(c); err != nil {
			t.Fatal(err)
		}
	}
	app := fiber.New()
	rc := &fasthttp.RequestCtx{}
	change(&rc.Request)
	ctx := app.AcquireCtx(rc)
	t.Cleanup(func() { app.ReleaseCtx(ctx) })
	c := wire.New(ctx, s, s.Clock.Now(), wire.Place{Origin: "http://127.0.0.1:8080", Mount: "/b"}, nil)
	c.Bank, c.Authority = "b", &wire.Authority{Scopes: []string{"read", "write"}}
	return c
}

const secret = "s%+/:é"

func basic(text string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(text))
}

// RFC 6749 §2.3.1: id and secret are taken by Basic, form-encoded or not, and from the body.
// RFC 6749 §2.3: a client must not use more than one authentication method in a request.
// RFC 9110 §11.1: the name of an authentication scheme is case-insensitive.
// RFC 7617 §2: Basic credentials that are not base64 of id:secret in UTF-8 are refused.
func TestAuthenticate(t *testing.T) {
	t.Parallel()
	form := func(pairs ...string) string {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v.Encode()
	}
	tests := []struct {
		name, header, body string
		want               string // client id, or the kind of refusal
	}{
		{"basic, raw as Python and curl send it", basic("app:" + secret), "", "app"},
		{"basic, form-encoded as RFC 6749 wants", basic("app:" + url.QueryEscape(secret)), "", "app"},
		{"basic, lower-case scheme", strings.Replace(basic("app:"+secret), "Basic", "basic", 1), "", "app"},
		{"in the body", "", form("client_id", "app", "client_secret", secret), "app"},
		{"basic and the same id in the body", basic("app:" + secret), form("client_id", "app"), "app"},
		{"public, id alone", "", form("client_id", "spa"), "spa"},
		{"public, basic with an empty secret", basic("spa:"), "", "spa"},
		{"nothing", "", "", "invalid_client"},
		{"wrong secret", basic("app:nope"), "", "invalid_client"},
		{"unknown client", basic("who:" + secret), "", "invalid_client"},
		{"confidential without a secret", "", form("client_id", "app"), "invalid_client"},
		{"public with a secret", "", form("client_id", "spa", "client_secret", "x"), "invalid_client"},
		{"two methods at once", basic("app:" + secret), form("client_secret", secret), "invalid_request"},
		{"two clients at once", basic("app:" + secret), form("client_id", "spa"), "invalid_request"},
		{"id twice", "", form("client_id", "app", "client_id", "app", "client_secret", secret), "invalid_request"},
		{"no colon", basic("app"), "", "invalid_client"},
		{"no base64", "Basic %%%", "", "invalid_client"},
		{"no UTF-8", basic("app:\xff"), "", "invalid_client"},
		{"empty", "Basic ", "", "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := call(t, func(r *fasthttp.Request) {
				if tt.header != "" {
					r.Header.Set("Authorization", tt.header)
				}
				r.Header.SetContentType("application/x-www-form-urlencoded")
				r.SetBodyString(tt.body)
			})
			got := ""
			client, err := c.Authenticate(c.Form())
			if err == nil {
				got = client.ID
			} else {
				got = string(fail.From(err).Kind)
			}
			if got != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
			if n := len(c.Trail.Checks); n == 0 && tt.want != "invalid_request" {
				t.Error("the trail is empty")
			}
		})
	}
}

// RFC 6750 §2.1: the token is read from the Authorization header, whatever the case of the scheme.
// RFC 6750 §2: a request with two tokens is refused.
func TestBearer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		headers []string
		want    string
	}{
		{"plain", []string{"Bearer abc"}, "abc"},
		{"any case, more blanks", []string{"bEaReR   abc "}, "abc"},
		{"none", nil, "token_missing"},
		{"another scheme", []string{"Basic abc"}, "token_missing"},
		{"no token", []string{"Bearer "}, "token_malformed"},
		{"two tokens", []string{"Bearer a b"}, "token_malformed"},
		{"two headers", []string{"Bearer a", "Bearer a"}, "token_malformed"},
	}
	for _, tt := range tests {
		c := call(t, func(r *fasthttp.Request) {
			for _, h := range tt.headers {
				r.Header.Add("Authorization", h)
			}
		})
		got, err := c.Bearer()
		if err != nil {
			got = string(fail.From(err).Kind)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// RFC 6749 §10.12: a form that another site sent is refused.
func TestSameSite(t *testing.T) {
	t.Parallel()
	tests := []struct {
		site, origin string
		ok           bool
	}{
		{"", "", true}, {"same-origin", "", true}, {"none", "", true}, {"same-origin", "null", true},
		{"", "http://127.0.0.1:8080", true}, {"", "http://127.0.0.1:8081", false}, {"", "null", false}, {"", "http://evil.example", false},
		{"cross-site", "", false}, {"same-site", "http://127.0.0.1:8080", false}, {"cross-site", "http://127.0.0.1:8080", false},
	}
	for _, tt := range tests {
		c := call(t, func(r *fasthttp.Request) {
			r.SetRequestURI("/x")
			r.Header.SetHost("127.0.0.1:8080")
			if tt.site != "" {
				r.Header.Set("Sec-Fetch-Site", tt.site)
			}
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
		})
		if err := c.SameSite(); (err == nil) != tt.ok {
			t.Errorf("Sec-Fetch-Site %q, Origin %q: %v", tt.site, tt.origin, err)
		}
	}
}

// RFC 6749 §3.1.2.4: an unknown client or an unregistered redirect URI is never redirected to.
// RFC 6749 §4.1.2.1: every other refusal of an authorization request is told to the redirect URI.
// RFC 7636 §4.4.1: an unknown code_challenge_method is invalid_request.
// RFC 6749 §3.1: a parameter that is sent twice is invalid_request.
func TestAuthorizeRefusals(t *testing.T) {
	t.Parallel()
	const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	tests := []struct {
		name, query string
		kind        fail.Kind // "": taken
		detour      bool
	}{
		{"taken", "client_id=app&response_type=code&redirect_uri=https://app.example/cb?x=1", "", false},
		{"the only registered URI need not be sent", "client_id=app&response_type=code", "", false},
		{"public with PKCE", "client_id=spa&response_type=code&redirect_uri=http://127.0.0.1:1/cb&code_challenge_method=S256&code_challenge=" + challenge, "", false},
		{"no client", "response_type=code", fail.InvalidRedirect, false},
		{"unknown client", "client_id=x&response_type=code", fail.InvalidRedirect, false},
		{"client twice", "client_id=app&client_id=app", fail.InvalidRedirect, false},
		{"redirect URI twice", "client_id=app&redirect_uri=https://app.example/cb?x=1&redirect_uri=https://evil.example", fail.InvalidRedirect, false},
		{"unregistered redirect URI", "client_id=app&response_type=code&redirect_uri=https://evil.example", fail.InvalidRedirect, false},
		{"loopback without redirect URI", "client_id=spa&response_type=code", fail.InvalidRedirect, false},
		{"no response type", "client_id=app", fail.InvalidRequest, true},
		{"wrong response type", "client_id=app&response_type=token", fail.UnsupportedResponseType, true},
		{"scope twice", "client_id=app&response_type=code&scope=a&scope=b", fail.InvalidRequest, true},
		{"unknown scope", "client_id=app&response_type=code&scope=admin", fail.InvalidScope, true},
		{"public without PKCE", "client_id=spa&response_type=code&redirect_uri=http://127.0.0.1:1/cb", fail.InvalidRequest, true},
		{"plain PKCE", "client_id=app&response_type=code&code_challenge_method=plain&code_challenge=" + challenge, fail.InvalidRequest, true},
		{"PKCE without a method", "client_id=app&response_type=code&code_challenge=" + challenge, fail.InvalidRequest, true},
		{"unknown PKCE method", "client_id=app&response_type=code&code_challenge_method=S512&code_challenge=" + challenge, fail.InvalidRequest, true},
		{"short challenge", "client_id=app&response_type=code&code_challenge_method=S256&code_challenge=abc", fail.InvalidRequest, true},
		{"broken encoding", "client_id=app&response_type=code&x=%zz", fail.InvalidRequest, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := call(t, func(r *fasthttp.Request) { r.SetRequestURI("/authorize?" + tt.query) })
			_, err := c.Authorize(wire.AuthorizeRules{Default: "read"})
			if tt.kind == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			d, isDetour := err.(*wire.Detour)
			if !fail.Is(err, tt.kind) || isDetour != tt.detour {
				t.Fatalf("got %v (detour %v), want %s (detour %v)", err, isDetour, tt.kind, tt.detour)
			}
			if isDetour && !strings.HasPrefix(d.To, "https://app.example/cb?x=1&error=") && !strings.HasPrefix(d.To, "http://127.0.0.1:1/cb?error=") {
				t.Errorf("it leads to %s", d.To)
			}
		})
	}
}

// RFC 6749 §3.1.2: the query of a redirect URI is kept when parameters are added.
// RFC 6749 §4.1.2: state is not added where none was sent.
func TestReturnKeepsTheURI(t *testing.T) {
	t.Parallel()
	tests := []struct{ uri, want string }{
		{"https://a/cb", "https://a/cb?code=1&state=s"},
		{"https://a/cb?x=1", "https://a/cb?x=1&code=1&state=s"},
		{"https://a/cb?", "https://a/cb?code=1&state=s"},
		{"com.example:/cb", "com.example:/cb?code=1&state=s"},
	}
	for _, tt := range tests {
		if got := wire.Return(&grant.Request{RedirectURI: tt.uri, State: "s", HasState: true}, "code", "1"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.uri, got, tt.want)
		}
	}
	if got := wire.Return(&grant.Request{RedirectURI: "https://a/cb"}, "code", "1"); got != "https://a/cb?code=1" {
		t.Errorf("a state that was not sent came back: %s", got)
	}
}

// Whatever the state is made of, the client reads back the same bytes, and the URL stays one line.
func FuzzState(f *testing.F) {
	for _, s := range []string{"", "a b", "+=%&/?#", "\"<script>", "é\u202e", "\xff\x00\r\n", strings.Repeat("x", 4000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, state string) {
		to := wire.Return(&grant.Request{RedirectURI: "https://a/cb?x=%20", State: state, HasState: true}, "code", "1")
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Query().Get("state"); got != state || strings.ContainsAny(to, "\r\n\" <>") {
			t.Errorf("%q came back as %q in %s", state, got, to)
		}
	})
}

// Broken credentials are refused, whatever they are made of; only the right ones get in.
func FuzzBasic(f *testing.F) {
	for _, s := range []string{basic("app:" + secret), "Basic", "Basic =", "basic YQ==", "Bearer x", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c := call(t, func(r *fasthttp.Request) { r.Header.Set("Authorization", header) })
		client, err := c.Authenticate(c.Form())
		if err == nil && client.ID != "app" && client.ID != "spa" {
			t.Errorf("%q got in as %q", header, client.ID)
		}
		if err != nil && !fail.Is(err, fail.InvalidClient, fail.InvalidRequest) {
			t.Errorf("%q: %v", header, err)
		}
	})
}

func FuzzForm(f *testing.F) {
	for _, s := range []string{"a=b&c=d", "%zz", "a=b;c", "&&=&", "client_id=app&client_id=spa"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c := call(t, func(r *fasthttp.Request) {
			r.Header.SetContentType("application/x-www-form-urlencoded")
			r.SetBodyString(body)
		})
		v := c.Form()
		if client, err := c.Authenticate(v); err == nil && client.ID != "spa" && v.Get("client_secret") != secret {
			t.Errorf("%q got in as %s", body, client.ID)
		}
	})
}

// Strings that a call hands out stay as they are when the buffers under them are used again.
func TestStringsOutliveTheirBuffers(t *testing.T) {
	t.Parallel()
	var r *fasthttp.Request
	c := call(t, func(req *fasthttp.Request) {
		r = req
		req.SetRequestURI("/authorize?client_id=first")
		req.Header.Set("X-One", "first")
		req.Header.SetCookie("k", "first")
		req.Header.SetContentType("application/x-www-form-urlencoded")
		req.SetBodyString("client_id=first")
	})
	got := map[string]string{"header": c.Header("X-One"), "cookie": c.Cookie("k"), "query": c.Query().Get("client_id"), "form": c.Form().Get("client_id"), "path": c.Path(), "method": c.Method()}
	body := c.Body()
	r.SetRequestURI("/XXXXXXXXX?client_id=other")
	r.Header.Set("X-One", "other")
	r.Header.SetCookie("k", "other")
	r.SetBodyString("client_id=other")
	want := map[string]string{"header": "first", "cookie": "first", "query": "first", "form": "first", "path": "/authorize", "method": "GET"}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s became %q", name, got[name])
		}
	}
	if string(body) != "client_id=first" {
		t.Errorf("the body became %q", body)
	}
}
