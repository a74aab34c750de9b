package wire

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/ledger"
)

// OpenID is what a bank is as an OpenID provider.
type OpenID struct {
	Claims  []Claim  // of people, for userinfo
	ACR     string   // the class of a login on its authorization pages (OpenID Connect Core §2)
	Methods []string // of authentication there (RFC 8176)
}

// Claim is one thing that the bank tells of a person to whoever was granted a scope.
type Claim struct {
	Name, Scope string
	Value       func(*ledger.Person) any // nil or "": it has none
}

// LogoutPath is where clients send people to log out of the bank (RP-Initiated Logout).
const LogoutPath = "/oauth2/logout"

// ScopeOpenID makes an authorization request one for an identity. ScopeOffline is what many clients ask for beside it (OpenID Connect
// Core §11); refresh tokens go by the client's registration, and do not wait for it.
const (
	ScopeOpenID  = "openid"
	ScopeOffline = "offline_access"
)

// Scopes are those that bring claims; openid is the first. A bank that is no provider has none.
func (o *OpenID) Scopes() []string {
	if o == nil {
		return nil
	}
	out := []string{ScopeOpenID, ScopeOffline}
	for _, claim := range o.Claims {
		if !slices.Contains(out, claim.Scope) {
			out = append(out, claim.Scope)
		}
	}
	return out
}

// Prompts are the values of prompt that authorization requests may have (OpenID Connect Core §3.1.2.1).
func Prompts() []string { return []string{"none", "login", "consent", "select_account"} }

// asksIdentity tells whether an authorization request is one of OpenID Connect, at a bank that has it.
func (c *Call) asksIdentity(q *Values) bool {
	return c.Authority.OpenID != nil && grant.HasScope(q.Get("scope"), ScopeOpenID)
}

// identity reads what an authorization request with the scope openid asks beside access. A parameter that it does not know is ignored.
func (c *Call) identity(q *Values, r *grant.Request) error {
	if !c.asksIdentity(q) {
		return nil
	}
	if err := q.Once("max_age", "id_token_hint", "request", "request_uri"); err != nil {
		return err
	}
	switch {
	case q.Get("request") != "":
		return fail.New(fail.RequestNotSupported, "a request object was sent")
	case q.Get("request_uri") != "":
		return fail.New(fail.RequestURINotSupported, "request_uri is %q", q.Get("request_uri"))
	}
	id := &grant.Identity{Nonce: q.Get("nonce"), Prompts: strings.Fields(q.Get("prompt")), MaxAge: -1}
	for _, p := range id.Prompts {
		if !slices.Contains(Prompts(), p) || p == "none" && len(id.Prompts) > 1 {
			return fail.New(fail.InvalidRequest, "prompt is %q", q.Get("prompt")).Say("prompt must be none, or some of login, consent and select_account.").At("prompt")
		}
	}
	if text := q.Get("max_age"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil || seconds < 0 {
			return fail.New(fail.InvalidRequest, "max_age is %q", text).Say("max_age must be a whole number of seconds.").At("max_age")
		}
		id.MaxAge = time.Duration(seconds) * time.Second
	}
	if text := q.Get("id_token_hint"); text != "" {
		hint, err := c.Hint(text)
		if err != nil {
			return err
		}
		id.Subject = hint.Subject
	}
	r.Identity = id
	return nil
}

// Hint is what an id_token says of whom it was issued for. It may be over, and the caller may have reached the bank under another name
// then: the key alone proves it (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2).
type Hint struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
}

// Hint reads an id_token_hint; what is no id_token of the bank is InvalidRequest.
func (c *Call) Hint(text string) (*Hint, error) {
	bad := func(why string) error {
		return c.Trail.No("id_token_hint", fail.New(fail.InvalidRequest, "%s", why).Say("id_token_hint is no id_token of this bank.").At("id_token_hint"))
	}
	payload, typ, err := c.Space.Keys.Verify(c.Bank, text)
	if err != nil {
		return nil, bad(fail.From(err).Why)
	}
	var h Hint
	switch {
	case typ != typIDToken:
		return nil, bad("it is signed by the bank, but a " + typ)
	case json.Unmarshal(payload, &h) != nil || h.Subject == "" || h.Audience == "":
		return nil, bad("it has no subject and audience")
	}
	c.Trail.Pass("id_token_hint", "for client "+h.Audience)
	return &h, nil
}

// Recognise finds what spares an authentication request its pages: the sign-in of this browser at the bank, and a grant by which that
// person let the client in before, with as much scope. One or both are nil where the request wants them asked anew. Where it wants no
// page (prompt=none) that is a refusal: LoginRequired or ConsentRequired. A request for no identity is never recognised.
func (c *Call) Recognise(r *grant.Request) (*grant.Session, *grant.Grant, error) {
	id := r.Identity
	if id == nil {
		return nil, nil, nil
	}
	s := c.SignedIn()
	if s != nil {
		if why := c.anew(r, s); why != "" {
			c.Trail.Pass("sign-in", "not used: "+why)
			s = nil
		}
	}
	if s == nil {
		if id.Silent() {
			return nil, nil, c.Trail.No("sign-in", fail.New(fail.LoginRequired, "prompt is none, and no sign-in of this browser does"))
		}
		return nil, nil, nil
	}
	var before *grant.Grant
	if !slices.Contains(id.Prompts, "consent") {
		before = c.allowed(r, s.Owner)
	}
	if before == nil && id.Silent() {
		return nil, nil, c.Trail.No("consent", fail.New(fail.ConsentRequired, "prompt is none, and %s has no grant of %s for %q that stands", r.Client, s.Owner, r.Scope))
	}
	c.Owner = s.Owner
	c.Trail.Pass("sign-in", s.Owner+" since "+s.Began.UTC().Format(time.RFC3339))
	return s, before, nil
}

// Expected is what a login page types in for a login_hint: the user name of whoever has that e-mail address, else the hint itself.
func (c *Call) Expected(hint string) string {
	if !strings.Contains(hint, "@") {
		return hint
	}
	for _, p := range c.Space.Ledger.People(c.Bank) {
		if p.Email == hint {
			return p.Login
		}
	}
	return hint
}

// anew is why a sign-in does not answer a request; empty: it does.
func (c *Call) anew(r *grant.Request, s *grant.Session) string {
	id := r.Identity
	p := c.Space.Ledger.Person(s.Owner)
	switch age := c.Now.Sub(s.Began); {
	case slices.Contains(id.Prompts, "login"), slices.Contains(id.Prompts, "select_account"):
		return "prompt is " + strings.Join(id.Prompts, " ")
	case id.MaxAge == 0, id.MaxAge > 0 && age > id.MaxAge:
		return "it is " + Span(age) + " old, and max_age is " + Span(id.MaxAge)
	case id.Subject != "" && id.Subject != p.Subject():
		return "id_token_hint names somebody else"
	case r.Hint != "" && r.Hint != p.Login && r.Hint != p.NationalID && r.Hint != p.Email:
		return "login_hint names somebody else"
	}
	return ""
}

// allowed is the latest grant that stands by which a person gave a client this much.
func (c *Call) allowed(r *grant.Request, owner string) (latest *grant.Grant) {
	for _, of := range c.Space.Grants.Of(func(of *grant.Grant) bool { return of.Bank == c.Bank && of.Client == r.Client && of.Owner == owner }) {
		covers := of.Ending(c.Now) == nil && (of.Ends.IsZero() || c.Now.Before(of.Ends))
		for _, s := range strings.Fields(r.Scope) {
			covers = covers && grant.HasScope(of.Scope, s)
		}
		if covers && (latest == nil || of.Number > latest.Number) {
			latest = of
		}
	}
	return latest
}

// identify puts into a grant what its id_tokens will say of the login. A login that was made for the request also signs the browser in.
func (c *Call) identify(r *grant.Request, a *grant.Authorization) {
	id := r.Identity
	if id == nil {
		return
	}
	a.Nonce, a.LoggedIn, a.Methods = id.Nonce, id.LoggedIn, id.Methods
	if id.LoggedIn.IsZero() {
		a.Methods = c.Authority.OpenID.Methods
		c.OpenSession(r.Owner, a.Methods)
	}
}

// typIDToken is what the header of an id_token says that it is, so that no other JWT of the bank passes for one (RFC 8725 §3.11).
const typIDToken = "JWT"

// idClaims are those of an id_token (OpenID Connect Core §2). The audience is one client, so there is no azp.
type idClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	AuthTime int64    `json:"auth_time"`
	Nonce    string   `json:"nonce,omitempty"`
	Hash     string   `json:"at_hash"`
	ACR      string   `json:"acr,omitempty"`
	Methods  []string `json:"amr,omitempty"`
}

// Told are the claims of a person that a scope brings: sub always, and nothing that the person has not got (OpenID Connect Core §5.4).
func (o *OpenID) Told(p *ledger.Person, scope string) map[string]any {
	out := map[string]any{"sub": p.Subject()}
	for _, claim := range o.Claims {
		if v := claim.Value(p); v != nil && v != "" && grant.HasScope(scope, claim.Scope) {
			out[claim.Name] = v
		}
	}
	return out
}

// IDToken is the id_token beside tokens that were issued; empty where none was asked for. The first, by a code, repeats the nonce; those
// of a refresh do not, and keep the time of the login (OpenID Connect Core §12.2). As there is an access token beside it, the claims of
// the scopes are for userinfo, and not in it unless the policy says so (§5.4).
func (c *Call) IDToken(i *grant.Issued, first bool) string {
	if c.Authority.OpenID == nil || i.Owner == "" || !grant.HasScope(i.Access.Scope, ScopeOpenID) {
		return ""
	}
	key := c.Space.SigningKey(c.Bank, i.Grant.Client, c.Now)
	claims := idClaims{Issuer: c.Issuer(), Subject: c.Space.Subject(i.Owner, i.Grant.Client), Audience: i.Grant.Client,
		Expires: c.Space.Grants.IDTokenEnd(i.Grant, c.Now).Unix(), Issued: c.Now.Unix(), AuthTime: i.Grant.AuthTime().Unix(),
		Hash: key.Half(i.Access.Value), Methods: i.Grant.Methods}
	if first {
		claims.Nonce = i.Grant.Nonce
	}
	if slices.Equal(claims.Methods, c.Authority.OpenID.Methods) {
		claims.ACR = c.Authority.OpenID.ACR
	}
	p := c.Space.Ledger.Person(i.Owner)
	if rule, _ := c.Space.Grants.Value(grant.IDTokenClaims, i.Grant); rule.Text == grant.On && p != nil {
		return key.Sign(typIDToken, whole{claims, c.Authority.OpenID.Told(p, i.Access.Scope)})
	}
	return key.Sign(typIDToken, claims)
}

// whole is an id_token that says who the user is.
type whole struct {
	idClaims
	person map[string]any
}

// MarshalJSON implements json.Marshaler: claims of both in one object.
func (w whole) MarshalJSON() ([]byte, error) {
	all := w.person
	text, err := json.Marshal(w.idClaims)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// sign makes an access token that is a JWT, for the issuer that the caller used.
func (c *Call) sign(t *grant.Token, of *grant.Grant) string {
	return c.Space.Signer(c.Issuer())(t, of)
}

// BearerRefusal answers a refusal of a resource of the standards by RFC 6750 §3: the challenge says why, and the body the same in JSON.
func (c *Call) BearerRefusal(e *fail.Error) error {
	status, code, text := 401, "invalid_token", "The access token is malformed, unknown, expired or revoked."
	switch e.Kind {
	case fail.InvalidRequest:
		status, code, text = 400, "invalid_request", e.Text
	case fail.TokenMissing: // no code without a token
		c.NoStore()
		c.Set("WWW-Authenticate", "Bearer")
		return c.Empty(401)
	case fail.TokenMalformed, fail.TokenUnknown, fail.TokenExpired, fail.TokenRevoked, fail.TokenWrongKind, fail.TokenUnproven:
	case fail.InsufficientScope:
		status, code, text = 403, "insufficient_scope", "The access token lacks the scope "+e.Param+"."
	default:
		return c.OAuthRefusal(e)
	}
	challenge := `Bearer error="` + code + `", error_description="` + text + `"`
	if e.Kind == fail.InsufficientScope {
		challenge += `, scope="` + e.Param + `"`
	}
	c.NoStore()
	c.Set("WWW-Authenticate", challenge)
	return c.JSON(status, OAuthError{code, text})
}
