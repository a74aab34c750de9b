package wire

import (
	"net/url"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
)

// AuthorizeRules are what a bank adds to RFC 6749 §4.1.1.
type AuthorizeRules struct {
	Default string   // granted when none is asked for
	Loose   []string // prefixes of scopes that carry a value (AIS:<consent id>); they are granted as the bank's default
}

// Detour is a refusal that is told to the client by way of the browser: error and state on its redirect URI (RFC 6749 §4.1.2.1).
type Detour struct {
	To     string
	Mode   string // of the request
	Reason *fail.Error
}

// Error implements error.
func (d *Detour) Error() string { return d.Reason.Error() }

// Unwrap gives the journal its reason.
func (d *Detour) Unwrap() error { return d.Reason }

// Authorize reads an authorization request. Unknown clients and redirect URIs that are not registered are InvalidRedirect, which must
// be shown and never redirected (RFC 6749 §3.1.2.4); any other refusal is a *Detour. Nothing is kept yet: see Begin.
func (c *Call) Authorize(rules AuthorizeRules) (*grant.Request, error) {
	q := c.Asked()
	if c.device {
		return c.deviceRequest(q, rules)
	}
	client, uri, err := c.redirectURI(q)
	if err != nil {
		return nil, err
	}
	r := &grant.Request{Bank: c.Bank, Client: client.ID, RedirectURI: uri, RedirectGiven: q.Get("redirect_uri") != "",
		State: q.Get("state"), HasState: q.Has("state"), Issuer: c.namedIssuer(client.ID), Hint: c.Expected(q.Get("login_hint")), Facts: map[string]string{}}
	if err := c.authorizeRules(q, client, r, rules); err != nil {
		return nil, c.Detour(r, fail.From(err))
	}
	c.Trail.Pass("authorization request", client.ID)
	return r, nil
}

// redirectURI finds out which client asks and where its answers may go: before both are sure, nothing is redirected.
func (c *Call) redirectURI(q *Values) (*grant.Client, string, error) {
	bad := func(param, text, why string, args ...any) error {
		return c.Trail.No("redirect URI", fail.New(fail.InvalidRedirect, why, args...).Say(text).At(param))
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		if len(q.All(name)) > 1 {
			return nil, "", bad(name, "The parameter "+name+" was sent more than once.", "%s was sent %d times", name, len(q.All(name)))
		}
	}
	client, err := c.knownClient(q.Get("client_id"))
	if err != nil {
		return nil, "", err
	}
	switch id, uri := client.ID, q.Get("redirect_uri"); {
	case uri == "" && len(client.RedirectURIs) == 1 && !client.Loopback && !client.AnyRedirect:
		return client, client.RedirectURIs[0], nil
	case uri == "" && q.Get("request") != "":
		return nil, "", bad("request", "Request objects are not supported here. Send the parameters themselves.", "a request object was sent, and no redirect_uri beside it")
	case uri == "":
		return nil, "", bad("redirect_uri", "The parameter redirect_uri is missing.", "redirect_uri is missing, and client %s has not exactly one", id)
	case !client.RedirectOK(uri):
		return nil, "", bad("redirect_uri", "This redirect_uri is not registered for the application.", "%q is not registered for client %s", uri, id)
	default:
		return client, uri, nil
	}
}

// knownClient is the client of a request that a browser brings.
func (c *Call) knownClient(id string) (*grant.Client, error) {
	bad := func(text, why string, args ...any) error {
		return c.Trail.No("redirect URI", fail.New(fail.InvalidRedirect, why, args...).Say(text).At("client_id"))
	}
	client := c.Space.Grants.Client(c.Bank, id)
	switch {
	case id == "":
		return nil, bad("The parameter client_id is missing.", "client_id is missing")
	case client == nil || client.Disabled:
		return nil, bad("No application is registered under this client_id.", "no client %q at %s, or it is disabled", id, c.Bank)
	}
	c.Client = client
	return client, nil
}

func (c *Call) authorizeRules(q *Values, client *grant.Client, r *grant.Request, rules AuthorizeRules) error {
	if err := q.Once("response_type", "scope", "state", "code_challenge", "code_challenge_method", "nonce", "prompt", "dpop_jkt", "response_mode", "login_hint"); err != nil {
		return err
	}
	switch mode := q.Get("response_mode"); mode {
	case "", "query":
	case grant.ModeFragment:
		r.Mode = mode
	case grant.ModeFormPost:
		if r.Mode = mode; !strings.HasPrefix(r.RedirectURI, "http:") && !strings.HasPrefix(r.RedirectURI, "https:") {
			r.Mode = "" // which this refusal can take
			return fail.New(fail.InvalidRequest, "response_mode is form_post, and no form can be sent to %s", r.RedirectURI).
				Say("response_mode form_post needs an http or https redirect_uri.").At("response_mode")
		}
	default:
		return fail.New(fail.InvalidRequest, "response_mode is %q", mode).Say("response_mode must be query, fragment or form_post.").At("response_mode")
	}
	switch t := q.Get("response_type"); {
	case t == "":
		return fail.New(fail.InvalidRequest, "response_type is missing").Say("The request is missing the parameter response_type.")
	case t != "code":
		return fail.New(fail.UnsupportedResponseType, "response_type is %q", t)
	}
	if !client.May("authorization_code") {
		return fail.New(fail.UnauthorizedClient, "client %s is not registered for authorization_code", client.ID)
	}
	if client.RequirePAR && c.asked == nil {
		return fail.New(fail.InvalidRequest, "client %s is held to pushed authorization requests", client.ID).
			Say("This application must push its authorization requests, and send request_uri.").At("request_uri")
	}
	if err := c.pkce(q, client, r); err != nil {
		return err
	}
	var err error
	if r.Bound, err = thumbprint(q, client); err != nil {
		return err
	}
	if err := c.identity(q, r); err != nil {
		return err
	}
	return rules.scope(c, q, client, r)
}

// scope reads what is asked for, and for which resources.
func (rules AuthorizeRules) scope(c *Call, q *Values, client *grant.Client, r *grant.Request) (err error) {
	if r.Audience, err = c.resources(q); err != nil {
		return err
	}
	var asked []string
	for _, s := range strings.Fields(q.Get("scope")) {
		loose := false
		for _, p := range rules.Loose {
			loose = loose || strings.HasPrefix(s, p)
		}
		if !loose {
			asked = append(asked, s)
		}
	}
	scope, err := client.Scope(strings.Join(asked, " "), c.Authority.Scopes, rules.Default)
	r.Scope = scope
	return err
}

// pkce reads the challenge of RFC 7636. Unless the policy says otherwise only S256 is taken: plain, and a challenge without a method,
// which means plain, are refused. A public client cannot do without (RFC 9700 §2.1.1), and by policy nobody can.
func (c *Call) pkce(q *Values, client *grant.Client, r *grant.Request) error {
	rule, source := c.Space.Grants.Policy.Value(grant.PKCE, c.Bank, client.ID, "")
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	plain := rule.Text == grant.PKCEPlain && (method == "plain" || method == "")
	switch {
	case challenge == "" && method == "" && !client.Public() && rule.Text != grant.PKCERequired:
		return nil
	case challenge == "":
		return fail.New(fail.InvalidRequest, "code_challenge is missing, by pkce %s of %s", rule.Text, source).Say("code_challenge is required.").At("code_challenge")
	case plain && (len(challenge) < 43 || len(challenge) > 128 || strings.Trim(challenge, grant.Unreserved) != ""):
		return fail.New(fail.InvalidRequest, "code_challenge is no code verifier").Say("code_challenge must be 43 to 128 unreserved characters.").At("code_challenge")
	case plain:
	case method != "S256":
		return fail.New(fail.InvalidRequest, "code_challenge_method is %q, not S256, by pkce %s of %s", method, rule.Text, source).
			Say("code_challenge_method must be S256.").At("code_challenge_method")
	case len(challenge) != 43 || strings.Trim(challenge, grant.Unreserved[:64]) != "":
		return fail.New(fail.InvalidRequest, "code_challenge is no base64url SHA-256").Say("code_challenge must be 43 characters of base64url.").At("code_challenge")
	}
	r.Challenge, r.Plain = challenge, plain
	return nil
}

// namedIssuer is what the answer to an authorization request says of who gave it (RFC 9207), empty for nothing.
func (c *Call) namedIssuer(client string) string {
	switch rule, _ := c.Space.Grants.Policy.Value(grant.Iss, c.Bank, client, ""); rule.Text {
	case grant.IssRight:
		return c.Issuer()
	case grant.IssWrong:
		return "https://mallory.example"
	}
	return ""
}

// escape percent-encodes a parameter's value so that every reader gets the same bytes back: a blank is %20, which all decode, not +.
func escape(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") }

// Return is the redirect URI of a request with these parameters, the state and the issuer added, in its query or its fragment, from
// which Leave makes a form where one is asked for. A query that the URI has already is kept.
func Return(r *grant.Request, pairs ...string) string {
	to := r.RedirectURI
	join := "?"
	switch {
	case r.Mode != "":
		join = "#"
	case strings.Contains(to, "?"):
		join = "&"
		if strings.HasSuffix(to, "?") || strings.HasSuffix(to, "&") {
			join = ""
		}
	}
	if r.Device != "" {
		pairs = append(pairs, flowField, r.ID) // it leads to the bank's own page
	}
	if r.HasState {
		pairs = append(pairs, "state", r.State)
	}
	if r.Issuer != "" {
		pairs = append(pairs, "iss", r.Issuer)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		to += join + pairs[i] + "=" + escape(pairs[i+1])
		join = "&"
	}
	return to
}

// Detour tells the client of a refusal through the browser.
func (c *Call) Detour(r *grant.Request, e *fail.Error) error {
	_, code, text := OAuthStatus(e)
	return &Detour{To: Return(r, "error", code, "error_description", text), Mode: r.Mode, Reason: e}
}

// Leave sends the browser back to the client, with an answer that Return made: by a redirect, or by a form (OAuth 2.0 Form Post Response
// Mode §2).
func (c *Call) Leave(status int, to, mode string) error {
	if mode != grant.ModeFormPost {
		return c.Redirect(status, to)
	}
	action, fields, _ := strings.Cut(to, "#")
	p := page.Handover{Frame: c.Frame(), Heading: "Back to the app", Return: Host(action), Action: action}
	for _, pair := range strings.Split(fields, "&") {
		name, value, _ := strings.Cut(pair, "=")
		value, _ = url.QueryUnescape(value)
		p.Hidden = append(p.Hidden, page.Field{Name: name, Value: value})
	}
	err := c.Page(200, p)
	c.Set("Referrer-Policy", "origin") // so that the form's Origin is the bank, not null
	return err
}
