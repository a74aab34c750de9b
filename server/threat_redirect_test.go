package server_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"sandbank/server/servertest"
)

// RFC 9700 §4.1.3: a redirect URI that is registered is matched to the byte: no prefix, suffix, port, case, user info or encoding passes.
// RFC 6749 §10.15: what is not registered is shown on a page and never redirected to.
func TestRedirectURITricks(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	const at = "/sparebank1/oauth/authorize"
	tests := map[string]string{
		"prefix": "https://app.example/c", "suffix": "https://app.example/cbx", "deeper": "https://app.example/cb/x", "slash": "https://app.example/cb/", "climbing": "https://app.example/cb/../x",
		"climbing back": "https://app.example/x/../cb", "encoded": "https://app.example/%63b", "encoded slash": "https://app.example%2fcb", "query": "https://app.example/cb?x=1", "empty query": "https://app.example/cb?",
		"fragment": "https://app.example/cb#x", "empty fragment": "https://app.example/cb#", "user info": "https://app.example@evil.example/cb", "own user info": "https://u:p@app.example/cb", "empty user info": "https://@app.example/cb",
		"port": "https://app.example:444/cb", "own port": "https://app.example:443/cb", "host in capitals": "https://APP.example/cb", "scheme in capitals": "HTTPS://app.example/cb", "plain http": "http://app.example/cb",
		"host with a dot": "https://app.example./cb", "longer host": "https://app.example.evil.example/cb", "subdomain": "https://x.app.example/cb", "backslash": `https://evil.example\@app.example/cb`, "backslash for slash": `https://app.example\cb`,
		"three slashes": "https:///app.example/cb", "one slash": "https:/app.example/cb", "no scheme": "//app.example/cb", "path alone": "/cb", "blank before": " https://app.example/cb", "blank after": "https://app.example/cb ",
		"line break": "https://app.example/cb\r\nX-Evil: 1", "NUL": "https://app.example/cb\x00", "tab in the host": "https://app\t.example/cb", "script": "javascript:alert(1)//https://app.example/cb", "data": "data:text/html,https://app.example/cb",
		"IDN in letters": "https://bücher.example/cb", "IDN in capitals": "https://XN--BCHER-KVA.example/cb", "look-alike letters": "https://аpp.example/cb", "full-width dot": "https://app。example/cb", "two of them": "https://app.example/cb https://evil.example/",
		"loopback, not registered": back, "loopback by another name": "http://127.1:9000/cb",
	}
	for name, uri := range tests {
		a := box.Get(at + "?" + url.Values{"response_type": {"code"}, "client_id": {"thief"}, "redirect_uri": {uri}, "state": {"s"}}.Encode())
		if a.Status != 400 || a.Header.Get("Location") != "" || !isPage(a) || a.Header.Get("X-Evil") != "" {
			t.Errorf("%s: %q: %d to %q", name, uri, a.Status, a.Header.Get("Location"))
		}
	}
	for _, uri := range []string{"https://app.example/cb", "https://xn--bcher-kva.example/cb"} {
		box.Get(authorizing(at, "thief", "redirect_uri", uri)).Want(200)
	}
}

// RFC 8252 §7.3: a client that registered for loopback may use any port, and no host that merely looks like loopback.
func TestLoopbackTricks(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	for _, a := range authorizations[1:] { // Yoisho's demo client may use any host
		for _, uri := range []string{"http://127.0.0.1.evil.example/cb", "http://127.0.0.1@evil.example/cb", "http://localhost.evil.example/cb", "http://evil.example/127.0.0.1", `http://127.0.0.1\.evil.example/cb`, "http://127.0.0.1%2eevil.example/cb",
			"http://localhost%00.evil.example/", "http://[::1].evil.example/", "http://[::ffff:192.0.2.1]/cb", "http://0.0.0.0/cb", "http://2130706433/cb", "http://LOCALHOST.evil/cb", "ftp://127.0.0.1/cb", "http://evil.example?http://127.0.0.1/", "http://evil.example#@127.0.0.1/"} {
			if got := box.Get(authorizing(a.path, a.id, "redirect_uri", uri)); got.Status != 400 || got.Header.Get("Location") != "" {
				t.Errorf("%s takes %q: %d to %q", a.path, uri, got.Status, got.Header.Get("Location"))
			}
		}
		for _, uri := range []string{"http://127.0.0.1:1/x", "http://127.0.0.1:65535/y?z=1", "http://[::1]:9/cb", "http://localhost:9/cb"} {
			if got := box.Get(authorizing(a.path, a.id, "redirect_uri", uri)); got.Status != 200 {
				t.Errorf("%s refuses %q: %d", a.path, uri, got.Status)
			}
		}
	}
}

// RFC 9700 §4.11: no parameter of a page leads the browser away from the sandbox, but a registered redirect URI.
func TestOpenRedirect(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	for _, o := range box.Operations() {
		for _, to := range []string{"//evil.example", `/\evil.example`, "https:evil.example", "https://evil.example", `\\evil.example`, "%2f%2fevil.example"} {
			v := url.Values{}
			for _, name := range []string{"next", "return", "return_to", "returnUrl", "redirect", "redirect_uri", "post_logout_redirect_uri", "url", "target", "continue", "goto", "ReturnUrl"} {
				v.Set(name, to)
			}
			a := box.Do(o.Method, "/"+o.Bank+concrete(o.Path)+"?"+v.Encode(), "")
			if u, err := url.Parse(a.Header.Get("Location")); err != nil || u.Host != "" && "http://"+u.Host != box.URL() || strings.ContainsAny(a.Header.Get("Location"), `\`) || strings.HasPrefix(a.Header.Get("Location"), "//") {
				t.Errorf("%s %s with %s leads to %q", o.Method, o.Path, to, a.Header.Get("Location"))
			}
		}
	}
	for _, path := range []string{"//evil.example", `/\evil.example/`, "/berlin//evil.example", "//evil.example/berlin/", "/%2f%2fevil.example/..", "/berlin/", "/s/main/berlin/"} {
		if to := box.Get(box.URL() + path).Header.Get("Location"); strings.Contains(to, "evil") || strings.HasPrefix(to, "//") {
			t.Errorf("%s leads to %q", path, to)
		}
	}
}

// RFC 9700 §4.12: no answer of any page or operation is a 307 or 308, so that no browser sends a password on; after a form it is 303.
func TestNoRedirectCarriesTheForm(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	for _, o := range box.Operations() {
		for _, query := range []string{"", "?" + loginByScript, "?response_type=token&client_id=sb1-demo&redirect_uri=" + back, "?response_type=token&client_id=bg-demo&redirect_uri=" + back} {
			if a := box.Do(o.Method, "/"+o.Bank+concrete(o.Path)+query, ""); a.Status == 307 || a.Status == 308 || a.Status > 300 && a.Status < 400 && o.Method != "GET" && a.Status != 303 {
				t.Errorf("%s %s%s: %d", o.Method, o.Path, query, a.Status)
			}
		}
	}
	for _, a := range authorizations {
		for _, pairs := range [][]string{nil, {"deny", "1"}} {
			page := box.Browser().Get(authorizing(a.path, a.id))
			method := page.Doc.Find("form").First().AttrOr("method", "get")
			if pairs == nil {
				page = answered(t, box, authorizing(a.path, a.id))
			} else {
				page = page.Submit(pairs...)
			}
			if page.Away == nil || !slices.Contains([]int{302, 303}, page.Status) || method == "post" && page.Status != 303 {
				t.Errorf("%s, %v: %d to %v", a.path, pairs, page.Status, page.Away)
			}
		}
	}
}

// RFC 6749 §4.1.2: state comes back byte for byte from every authorization endpoint, in a code and in an error, and adds no parameter.
// RFC 6749 §10.14: state that is HTML or a header line stays text on every page of the way.
func TestStateInjection(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	for _, a := range authorizations {
		for _, state := range []string{"a&code=evil&state=b", "x#y?z=1", "%26%00%0d%0a", "\r\nX-Evil: 1\r\n\r\n<script>", `"><script>alert(1)</script>`, "ø😀\u202e", "+ +", strings.Repeat("s", 4000)} {
			first := box.Browser().Get(authorizing(a.path, a.id, "state", state))
			if first.Doc.Find("script:not([src])").Length() != 0 || first.Header.Get("X-Evil") != "" {
				t.Errorf("%s: state %q got into the page", a.path, state)
			}
			for name, page := range map[string]*servertest.Page{"denied": first.Submit("deny", "1"), "code": answered(t, box, authorizing(a.path, a.id, "state", state)),
				"error": box.Browser().Get(authorizing(a.path, a.id, "state", state, "response_type", "token"))} {
				q := page.Away.Query()
				if got := q["state"]; len(got) != 1 || got[0] != state || len(q["code"]) > 1 || q.Get("code") == "evil" || page.Away.Fragment != "" || page.Header.Get("X-Evil") != "" {
					t.Errorf("%s, %s: state %.60q comes back in %.200s", a.path, name, state, page.Away)
				}
			}
		}
	}
}
