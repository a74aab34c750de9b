package grant

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
)

// Client is an application registered at one bank (RFC 6749 §2).
type Client struct {
	ID           string            `json:"id"`
	Bank         string            `json:"bank"`
	Name         string            `json:"name"`
	Secrets      []Secret          `json:"secrets,omitempty"`    // none, and no keys either: a public client, held to PKCE
	AuthMethod   string            `json:"authMethod,omitempty"` // PrivateKeyJWT: by its keys alone; empty: whatever it has
	JWKS         string            `json:"jwks,omitempty"`       // its public keys, as package proof reads them; empty: none
	DPoP         string            `json:"dpop,omitempty"`       // Off, Required; empty: it may bind its tokens to a key (RFC 9449)
	RedirectURIs []string          `json:"redirectUris,omitempty"`
	Loopback     bool              `json:"loopback,omitempty"`    // any loopback redirect URI, whatever port and path (RFC 8252 §7.3)
	AnyRedirect  bool              `json:"anyRedirect,omitempty"` // any http(s) redirect URI, as Yoisho documents for its demo client
	Origins      []string          `json:"origins,omitempty"`     // of browser apps that may read its answers; "*": any
	GrantTypes   []string          `json:"grantTypes"`
	Scopes       []string          `json:"scopes,omitempty"` // what it may ask for; empty: whatever the bank has
	Service      *Service          `json:"service,omitempty"`
	Disabled     bool              `json:"disabled,omitempty"`
	RequirePAR   bool              `json:"requirePushedAuthorizationRequests,omitempty"` // its requests come by no other way (RFC 9126 §6)
	Created      time.Time         `json:"created"`
	Facts        map[string]string `json:"facts,omitempty"`        // what one bank alone knows of its clients; replaced, never written to
	Registration *Registration     `json:"registration,omitempty"` // nil: it did not register by itself

	PostLogoutRedirectURIs []string `json:"postLogoutRedirectUris,omitempty"` // where it may send a browser after a logout (OpenID Connect)
}

// Secret is one client secret. Sandbox secrets are shown to whoever runs the sandbox, so they are kept in clear; they are compared as
// SHA-256 in constant time, because bcrypt on every call makes a test server slow for nothing.
type Secret struct {
	Value string    `json:"value"`
	Until time.Time `json:"until,omitzero"` // zero: no end. A rotated secret keeps working until then.
}

// Service is the service account of a server-to-server client: whom it acts for without anybody at the keyboard.
type Service struct {
	ID     string   `json:"id"`
	Secret string   `json:"secret"`
	Owner  string   `json:"owner"`            // ledger.Person.ID
	Former []Secret `json:"former,omitempty"` // that were rotated away and work on for a while
}

// SecretIs compares with the secret and with every former one that is valid at now, in constant time.
func (s *Service) SecretIs(secret string, now time.Time) bool {
	ok := Same(s.Secret, secret)
	for _, f := range s.Former {
		if now.Before(f.Until) && Same(f.Value, secret) {
			ok = true
		}
	}
	return ok
}

// PrivateKeyJWT is the authentication method of a client that signs assertions (OpenID Connect Core §9).
const PrivateKeyJWT = "private_key_jwt"

// Required is what a client's DPoP is when it gets no tokens without a proof (RFC 9449 §5.2).
const Required = "required"

// Public tells whether the client has neither secret nor key to keep (RFC 6749 §2.1).
func (c *Client) Public() bool { return len(c.Secrets) == 0 && c.JWKS == "" }

// SecretIs compares with every secret that is valid at now, in constant time. A public client has none that matches.
func (c *Client) SecretIs(secret string, now time.Time) bool {
	ok := false
	for _, s := range c.Secrets {
		if (s.Until.IsZero() || now.Before(s.Until)) && Same(s.Value, secret) {
			ok = true
		}
	}
	return ok
}

// Same compares two secrets in a time that tells nothing about either.
func Same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// Types are the grant types that a client can be registered for.
func Types() []string {
	return []string{"authorization_code", "refresh_token", "client_credentials", "password", DeviceCode}
}

// May tells whether the client is registered for the grant type.
func (c *Client) May(grantType string) bool { return slices.Contains(c.GrantTypes, grantType) }

// RedirectOK tells whether this redirect URI may be used: exactly a registered one (RFC 9700 §2.1), or a loopback one for clients that
// have that freedom. URIs with a fragment, with user info or without a host are never allowed.
func (c *Client) RedirectOK(uri string) bool { return c.leadsTo(uri, c.RedirectURIs) }

// PostLogoutOK tells the same of where a browser goes after a logout (OpenID Connect RP-Initiated Logout §3).
func (c *Client) PostLogoutOK(uri string) bool { return c.leadsTo(uri, c.PostLogoutRedirectURIs) }

func (c *Client) leadsTo(uri string, registered []string) bool {
	if slices.Contains(registered, uri) {
		return true
	}
	u, err := url.Parse(uri)
	if err != nil || u.Opaque != "" || u.User != nil || u.Host == "" || strings.Contains(uri, "#") || strings.ContainsAny(uri, "\\\r\n\t ") {
		return false
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return false
	case c.AnyRedirect:
		return true
	case !c.Loopback:
		return false
	}
	return loopback(u.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// IsOrigin tells whether this is the origin of a page as a browser writes it (RFC 6454 §6.2), https://app.example, or * for any.
func IsOrigin(text string) bool {
	u, err := url.Parse(text)
	return text == "*" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && text == u.Scheme+"://"+u.Host &&
		text == strings.ToLower(text)
}

// OriginOK tells whether a page of this origin may read answers to the client. A public client that is at home on loopback is a browser
// app under development: every loopback origin is its own.
func (c *Client) OriginOK(origin string) bool {
	if slices.Contains(c.Origins, origin) || slices.Contains(c.Origins, "*") {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && c.Loopback && c.Public() && IsOrigin(origin) && loopback(u.Hostname())
}

// Scope resolves the scope that a client asks for, in the order asked: nothing asked means fallback; one that the client is not
// registered for is InvalidScope (RFC 6749 §3.3).
func (c *Client) Scope(asked string, bankHas []string, fallback string) (string, error) {
	if strings.TrimSpace(asked) == "" {
		return fallback, nil
	}
	var out []string
	for _, s := range strings.Fields(asked) {
		known := slices.Contains(bankHas, s) && (len(c.Scopes) == 0 || slices.Contains(c.Scopes, s))
		if !known {
			return "", fail.New(fail.InvalidScope, "client %s may not ask for scope %q", c.ID, s).Say("The requested scope is invalid, unknown, or malformed.")
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, " "), nil
}

// HasScope tells whether a blank-separated scope string contains one.
func HasScope(scope, one string) bool { return slices.Contains(strings.Fields(scope), one) }

// AddClient registers a client; Conflict when the id is taken at that bank.
func (g *Grants) AddClient(c Client) error {
	if !g.clients.Add(c.Bank+" "+c.ID, &c) {
		return fail.New(fail.Conflict, "the client id %q is taken at %s", c.ID, c.Bank)
	}
	return nil
}

// Client returns a client of a bank, or nil.
func (g *Grants) Client(bank, id string) *Client { return g.clients.Get(bank + " " + id) }

// Clients are a bank's clients (all banks' when empty), by bank and id.
func (g *Grants) Clients(bank string) []*Client {
	return g.clients.All(func(c *Client) bool { return bank == "" || c.Bank == bank })
}

// UpdateClient changes one client; id and bank stay. Tokens that it holds are not touched.
func (g *Grants) UpdateClient(bank, id string, change func(*Client)) (*Client, error) {
	next, err := g.clients.Update(bank+" "+id, func(c Client) (Client, error) {
		change(&c)
		c.ID, c.Bank = id, bank
		return c, nil
	})
	if err != nil {
		return nil, fail.New(fail.NotFound, "no client %q at %s", id, bank)
	}
	return next, nil
}

// Authenticate checks a client's secret. Unknown clients and wrong secrets take the same time and are both InvalidClient
// (RFC 6749 §5.2); only Why tells them apart.
func (g *Grants) Authenticate(bank, id, secret string, now time.Time, t *fail.Trail) (*Client, error) {
	c := g.Client(bank, id)
	nobody := Client{Secrets: []Secret{{Value: "no such client"}}}
	known := c
	if known == nil {
		known = &nobody
	}
	ok := known.SecretIs(secret, now)
	switch {
	case c == nil:
		return nil, t.No("client known", fail.New(fail.InvalidClient, "no client %q at %s", id, bank))
	case c.Disabled:
		return nil, t.No("client enabled", fail.New(fail.InvalidClient, "client %s is disabled", id))
	case c.AuthMethod == PrivateKeyJWT:
		return nil, t.No("client secret", fail.New(fail.InvalidClient, "client %s is registered for private_key_jwt, yet a secret was sent", id))
	case len(c.Secrets) == 0:
		return nil, t.No("client secret", fail.New(fail.InvalidClient, "client %s has no secret, yet one was sent", id))
	case !ok:
		return nil, t.No("client secret", fail.New(fail.InvalidClient, "the secret of client %s is wrong", id))
	}
	t.Pass("client authenticated", id)
	return c, nil
}

// RemoveClient takes a client away; false when there was none. Its tokens are refused from then on.
func (g *Grants) RemoveClient(bank, id string) bool { return g.clients.Take(bank+" "+id) != nil }
