package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/fail"
	"sandbank/server/world"
)

// Guard keeps strangers from the levers. A web page that somebody happens to visit must not reset a workshop: it can send requests to
// loopback, directly or through a name that it lets point there (DNS rebinding). So the Host must be one of ours, and a request that a
// browser says comes from another site is refused; one from the public URL is ours, though a proxy may have changed its Host. Where the
// port is not on loopback only, the key is asked for as well: the admin key for every space, a space's own key for that space alone.
func (p *Panel) Guard(ctx fiber.Ctx, space *world.Space) error {
	host := string(ctx.Request().Host())
	if !p.ours(host) {
		return fail.New(fail.Forbidden, "the host %q is not this sandbox's; call it by localhost, an address, or its public URL", host)
	}
	site, origin := ctx.Get("Sec-Fetch-Site"), ctx.Get("Origin")
	if site == "cross-site" || site == "same-site" || origin != "" && !sameHost(origin, host) && !strings.EqualFold(origin, p.options.Origin) {
		return fail.New(fail.Forbidden, "the request comes from another site's page (%s)", origin)
	}
	if p.options.Key == "" {
		return nil
	}
	if p.Opens(given(ctx), space) {
		return nil
	}
	return fail.New(fail.TokenMissing, "send the admin key, or the key of this space, as Authorization: Bearer")
}

// Cookie carries the key for a browser that has signed in to the console. It opens nothing to other sites: their requests are refused
// before a key is looked at.
const Cookie = "sandbank_key"

// given is the key that a request carries.
func given(ctx fiber.Ctx) string {
	if scheme, value, _ := strings.Cut(ctx.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(value)
	}
	return strings.Clone(ctx.Cookies(Cookie))
}

// Opens tells whether a key opens a space. Where no key is in force, everything does.
func (p *Panel) Opens(key string, space *world.Space) bool {
	return p.options.Key == "" || same(key, p.options.Key) || same(key, space.Key)
}

// Master tells whether a key is the one that opens every space, or none is in force.
func (p *Panel) Master(key string) bool { return p.options.Key == "" || same(key, p.options.Key) }

// Keyed tells whether a key is asked for.
func (p *Panel) Keyed() bool { return p.options.Key != "" }

// ours tells whether a Host header names this sandbox: loopback, an address, or a name that was configured.
func (p *Panel) ours(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(p.options.Hosts, name) {
		return true
	}
	return net.ParseIP(name) != nil // an address cannot be made to point elsewhere
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// Everywhere tells whether a request carries the key that opens every space, or none is in force.
func (p *Panel) Everywhere(ctx fiber.Ctx) bool { return p.Master(given(ctx)) }

// all refuses what only the admin key may do, when one is in force: a space's key opens that space alone.
func (r *request) all() error {
	if r.panel.Everywhere(r.ctx) {
		return nil
	}
	return fail.New(fail.Forbidden, "this takes the admin key; a space's key opens that space alone")
}
