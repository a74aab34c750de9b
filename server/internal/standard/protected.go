package standard

import (
	"sandbank/server/fail"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
	"sandbank/server/proof"
)

// PathResource is where a client that has nothing but the URL of an account looks for who gives tokens for it. RFC 9728 §3.1 puts it
// before the resource's path; the bank itself has it behind its own.
const PathResource = "/" + wellKnown + "/" + resourceName

const (
	wellKnown    = ".well-known"
	resourceName = "oauth-protected-resource"
)

// protectedRoute is the resource server's, unlike all others of the standards.
func protectedRoute(own bool) dialect.Route {
	return dialect.Route{Method: "GET", Path: PathResource, Op: "metadata.resource", Do: protected, Refuse: dialect.OAuth, Open: true, Own: own,
		Doc: "metadata of the bank as a protected resource; for URLs below it, between host and path (RFC 9728)"}
}

// Described cuts the well-known name off a path that asks for the metadata of a resource below a bank; false for every other path.
func Described(path []string) (resource []string, ok bool) {
	n := len(path) - 2
	if n <= 0 || path[n] != wellKnown || path[n+1] != resourceName {
		return nil, false
	}
	return path[:n], true
}

// protected is the document of RFC 9728 §2. The resource is the one that was asked for, to the byte, because the client compares; it is
// taken as a resource indicator as well (RFC 8707).
func protected(c *wire.Call) error {
	resource, ok := c.Described(PathResource)
	if !ok {
		return fail.New(fail.NoRoute, "%s is no URL at or below %s", resource, c.Issuer())
	}

	return c.JSON(200, map[string]any{
		"resource":                          resource,
		"authorization_servers":             []string{c.Issuer()},
		"scopes_supported":                  c.Authority.Scopes,
		"bearer_methods_supported":          []string{"header"},
		"dpop_signing_alg_values_supported": proof.Algorithms(),
		"resource_documentation":            c.Place.Origin + c.Place.Root + "/",
	})
}
