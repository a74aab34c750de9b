package grant_test

import (
	"net"
	"strings"
	"testing"

	"sandbank/server/grant"
)

// authority is what a browser takes for the host of a URL (WHATWG URL): everything up to a slash of either kind, ? or #. Tabs and line
// breaks it drops.
func authority(uri string) string {
	_, rest, _ := strings.Cut(strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(uri), ":")
	rest = strings.TrimLeft(rest, `/\`)
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// A redirect URI passes by being registered to the byte, or by being loopback as a browser reads it, too.
func FuzzRedirectURI(f *testing.F) {
	for _, uri := range []string{"https://app.example/cb", "https://app.example/cb/", "http://127.0.0.1:80/cb", "http://localhost", "http://[::1]:1/?x", "http://127.0.0.1@evil.example/", `http://127.0.0.1\@evil.example/`,
		"http://127.0.0.1#@evil.example", "http://127.0.0.1%2eevil.example", "http:127.0.0.1", "http:///127.0.0.1", "http://[::1%25x]/", "javascript:alert(1)", "http://127.0.0.1:x/", "HTTP://127.0.0.1/", "http://LOCALHOST/", "", "\x00"} {
		f.Add(uri)
	}
	exact := &grant.Client{RedirectURIs: []string{"https://app.example/cb"}}
	loop, any := &grant.Client{Loopback: true}, &grant.Client{AnyRedirect: true}
	f.Fuzz(func(t *testing.T, uri string) {
		if exact.RedirectOK(uri) && uri != "https://app.example/cb" {
			t.Errorf("%q passes for another", uri)
		}
		if any.RedirectOK(uri) && (!strings.HasPrefix(strings.ToLower(uri), "http") || strings.ContainsAny(uri, "\r\n\t \\#") || strings.Contains(authority(uri), "@")) {
			t.Errorf("%q is no http URL", uri)
		}
		if !loop.RedirectOK(uri) {
			return
		}
		host := authority(uri)
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			t.Errorf("%q passes for loopback; a browser goes to %q", uri, host)
		}
	})
}
