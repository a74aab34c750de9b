package wire_test

import (
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

// A bearer token is one word, and stands in the header as it was read.
func FuzzBearer(f *testing.F) {
	for _, s := range []string{"Bearer abc", "bEaReR  x ", "Bearer", "Bearer \xff", "Basic x", "Bearer a b", " Bearer\ta"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c := call(t, func(r *fasthttp.Request) { r.Header.Set("Authorization", header) })
		token, err := c.Bearer()
		if err != nil {
			if !fail.Is(err, fail.TokenMissing, fail.TokenMalformed) {
				t.Errorf("%q: %v", header, err)
			}
			return
		}
		if token == "" || strings.ContainsAny(token, " \t") || !strings.Contains(header, token) {
			t.Errorf("%q was read as %q", header, token)
		}
	})
}

// Whatever an authorization request asks, its answer goes to a registered redirect URI or nowhere.
func FuzzAuthorize(f *testing.F) {
	for _, s := range []string{"client_id=app&response_type=code", "client_id=app&response_type=token&redirect_uri=https://app.example/cb?x=1&state=%0d%0a", "client_id=spa&redirect_uri=http://127.0.0.1:1/cb&response_type=code&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
		"client_id=spa&redirect_uri=http://127.0.0.1@evil/&response_type=code", "client_id=app&client_id=spa", "%zz", "client_id=app&scope=read+write+read&response_type=code"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		c := call(t, func(r *fasthttp.Request) { r.SetRequestURI("/authorize"); r.URI().SetQueryString(query) })
		r, err := c.Authorize(wire.AuthorizeRules{Default: "read"})
		to := ""
		if d, is := err.(*wire.Detour); is {
			to = d.To
		} else if err == nil {
			to = wire.Return(r, "code", "1")
		} else if !fail.Is(err, fail.InvalidRedirect) {
			t.Errorf("%q: %v", query, err)
		}
		registered := strings.HasPrefix(to, "https://app.example/cb?x=1&")
		if c.Client != nil && c.Client.Loopback { // which hosts that may be is FuzzRedirectURI's
			registered = strings.HasPrefix(strings.ToLower(to), "http")
		}
		if to != "" && !registered || strings.ContainsAny(to, "\r\n") {
			t.Errorf("%q leads to %q", query, to)
		}
	})
}

// A cookie is what the browser sent under its name, and never another's value; only the browser that began a login carries it on.
func FuzzCookie(f *testing.F) {
	for _, s := range []string{"a=b", "sandbank_browser=x; sandbank_browser=y", `sandbank_browser="x"`, ";;=;sandbank_browser", "sandbank_browser=\xff", "sandbank_browser =x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if strings.ContainsAny(header, "\r\n\x00") {
			return // never gets in: see TestSmuggling
		}
		c := call(t, func(r *fasthttp.Request) {
			r.Header.Set("Cookie", header)
			r.SetRequestURI("/x?client_id=app&response_type=code")
		})
		if value := c.Cookie("sandbank_browser"); value != "" && !strings.Contains(header, value) {
			t.Errorf("%q gives %q", header, value)
		}
		r, err := c.Authorize(wire.AuthorizeRules{Default: "read"})
		if err != nil {
			t.Fatal(err)
		}
		r = c.Begin(r)
		_, err = c.ResumeID(r.ID)
		if own := r.Browser == c.Cookie("sandbank_browser"); own != (err == nil) {
			t.Errorf("%q: the same browser: %v, carried on: %v", header, own, err)
		}
	})
}
