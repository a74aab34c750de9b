package standard

import (
	"net"
	"net/url"
	"strings"

	"sandbank/server/fail"
)

// maxRedirects is how many redirect URIs a client may register by itself.
const maxRedirects = 100

// checkRedirects refuses redirect URIs that would not be safe. code tells whether the client needs one.
func (d *document) checkRedirects(code bool) error {
	bad := func(uri, why string) error {
		return fail.Field("redirect_uris", "%q %s", uri, why).Coded("invalid_redirect_uri").Say("A redirect URI " + why + ".")
	}
	switch {
	case code && len(d.RedirectURIs) == 0:
		return bad("", "is needed for authorization_code")
	case len(d.RedirectURIs) > maxRedirects:
		return bad("", "is one too many")
	}
	for _, uri := range d.RedirectURIs {
		if why := wrongRedirect(uri); why != "" {
			return bad(uri, why)
		}
	}
	for _, uri := range d.PostLogout {
		if why := wrongRedirect(uri); why != "" || len(d.PostLogout) > maxRedirects {
			return invalid("post_logout_redirect_uris", "%q %s", uri, why)
		}
	}
	return nil
}

// wrongRedirect is what is wrong with a redirect URI, or nothing: https anywhere, http on loopback alone (RFC 8252 §7.3), and for native
// apps a scheme of their own that is a domain in reverse, so that no two apps share it (RFC 8252 §7.1).
func wrongRedirect(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "" || len(uri) > 2000 || strings.ContainsAny(uri, "\\\r\n\t ") || strings.ContainsFunc(uri, func(r rune) bool { return r < ' ' || r > '~' }):
		return "must be an absolute URI"
	case strings.Contains(uri, "#"):
		return "must not have a fragment"
	case u.User != nil:
		return "must not have user information"
	}
	switch u.Scheme {
	case "https":
		if u.Hostname() == "" {
			return "must have a host"
		}
	case "http":
		host := u.Hostname()
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return "may be http on a loopback address alone"
		}
	default:
		if !strings.Contains(u.Scheme, ".") {
			return "of a native app must have a scheme that is a domain name in reverse"
		}
	}
	return ""
}
