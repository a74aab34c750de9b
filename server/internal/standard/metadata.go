package standard

import (
	"strings"

	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
	"sandbank/server/keys"
	"sandbank/server/proof"
)

// The two names under which clients look for metadata. Those that know RFC 8414 put it before the issuer's path, those that know
// OpenID Connect Discovery behind; the server takes both ways for both names.
const (
	pathOAuth  = "/.well-known/oauth-authorization-server"
	pathOpenID = "/.well-known/openid-configuration"
)

func metadataRoutes(d *dialect.Dialect) []dialect.Route {
	show := func(c *wire.Call) error { return c.JSON(200, metadata(c, d.Routes)) }
	return []dialect.Route{
		{Method: "GET", Path: pathOAuth, Op: "metadata", Doc: "metadata of the authorization server (RFC 8414)", Do: show, Refuse: dialect.OAuth, Open: true},
		{Method: "GET", Path: pathOpenID, Op: "metadata", Doc: "the same under the name of OpenID Connect Discovery", Do: show, Refuse: dialect.OAuth, Open: true},
	}
}

// metadata is the document of RFC 8414 §2: the issuer and endpoints as the caller reaches them, and what the tables of the bank and the
// policies in force say that they take.
func metadata(c *wire.Call, routes []dialect.Route) map[string]any {
	out := map[string]any{
		"issuer":                            c.Issuer(),
		"grant_types_supported":             c.Authority.Grants,
		"scopes_supported":                  c.Authority.AllScopes(),
		"dpop_signing_alg_values_supported": proof.Algorithms(),
		"service_documentation":             c.Place.Origin + c.Place.Root + "/",
		"response_types_supported":          []string{}, // required, also where there is no authorization endpoint
	}
	for _, endpoint := range []string{"token", "revocation", "introspection"} {
		methods := methods(c.Authority)
		if endpoint == "introspection" {
			methods = provers() // public clients may not ask about tokens
		}
		out[endpoint+"_endpoint_auth_methods_supported"] = methods
		out[endpoint+"_endpoint_auth_signing_alg_values_supported"] = proof.Algorithms()
	}
	for _, r := range routes {
		if r.Endpoint != "" && (r.Endpoint != registrationEndpoint || c.Space.Switches().Registration) {
			out[r.Endpoint] = c.URL(r.Path)
		}
	}
	if out["authorization_endpoint"] != nil {
		policy := c.Space.Grants.Policy
		methods := []string{"S256"}
		if rule, _ := policy.Value(grant.PKCE, c.Bank, "", ""); rule.Text == grant.PKCEPlain {
			methods = append(methods, "plain")
		}
		iss, _ := policy.Value(grant.Iss, c.Bank, "", "")
		out["response_types_supported"] = []string{"code"}
		out["response_modes_supported"] = []string{"query", grant.ModeFragment, grant.ModeFormPost}
		out["code_challenge_methods_supported"] = methods
		out["authorization_response_iss_parameter_supported"] = iss.Text != grant.IssNone
		out["require_pushed_authorization_requests"] = false // of everybody; of single clients their registration asks it
	}
	if o := c.Authority.OpenID; o != nil {
		openID(out, o)
	}
	return out
}

// provers are the ways in which a client proves itself.
func provers() []string {
	return []string{"client_secret_basic", "client_secret_post", grant.PrivateKeyJWT}
}

// methods are the ways in which a client may call a token endpoint: public clients are for people, who log in.
func methods(a *wire.Authority) []string {
	if a.Entry.Read == nil {
		return provers()
	}
	return append(provers(), "none")
}

// openID adds what OpenID Connect Discovery §3 wants to know of a provider.
func openID(out map[string]any, o *wire.OpenID) {
	claims := []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr"}
	for _, claim := range o.Claims {
		claims = append(claims, claim.Name)
	}
	out["subject_types_supported"] = []string{"public"}
	out["id_token_signing_alg_values_supported"] = keys.Algorithms()
	out["claims_supported"] = claims
	out["claim_types_supported"] = []string{"normal"}
	out["claims_parameter_supported"] = false
	out["request_parameter_supported"] = false
	out["request_uri_parameter_supported"] = false
	out["acr_values_supported"] = []string{o.ACR}
	out["prompt_values_supported"] = wire.Prompts()
}

// Canonical is a path with its well-known part behind the path of the issuer or resource, where the banks' tables have it: RFC 8414 §3.1
// and RFC 9728 §3.1 put it before.
func Canonical(path string) string {
	if !strings.HasPrefix(path, "/"+wellKnown) {
		return path
	}
	for _, name := range []string{pathOAuth, pathOpenID, PathResource} {
		if issuer, ok := strings.CutPrefix(path, name+"/"); ok && issuer != "" {
			return "/" + issuer + name
		}
	}
	return path
}
