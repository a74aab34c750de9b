package wire

import (
	"slices"
	"strings"

	"sandbank/server/grant"
)

// Authority is what a bank is as an authorization server. Its handlers and its metadata (RFC 8414) read the same table, so that neither
// can promise what the other does not do.
type Authority struct {
	Scopes []string // that a client may ask for; scopes_supported
	Grants []string // grant types of its token endpoint; grant_types_supported
	Token  string   // native path of its token endpoint
	Root   bool     // whether the bare base URL is its issuer as well
	Entry  Entry    // its authorization endpoint; without functions: it has none
	OpenID *OpenID  // what it is as an OpenID provider; nil: it is none
}

// AllScopes are those of the bank and those of OpenID Connect, where it has that.
func (a Authority) AllScopes() []string { return append(a.OpenID.Scopes(), a.Scopes...) }

// Heeded is what counts of a scope that was asked for: beside openid, what the bank has never heard of is ignored (OpenID Connect Core
// §3.1.2.1). Without openid everything counts, to be refused.
func (a Authority) Heeded(asked string) string {
	if a.OpenID == nil || !grant.HasScope(asked, ScopeOpenID) {
		return asked
	}
	all := a.AllScopes()
	return strings.Join(slices.DeleteFunc(strings.Fields(asked), func(s string) bool { return !slices.Contains(all, s) }), " ")
}

// Issuer names the authorization server that the caller talks to: the base URL that the caller used, and the bank's name (RFC 8414 §2).
// A bank that has the root answers there under the bare base URL. It never ends in a slash.
func (c *Call) Issuer() string {
	base := c.Place.Origin + c.Place.Root
	if c.Authority.Root && c.Place.Mount == c.Place.Root {
		return base
	}
	return base + "/" + c.Bank
}
