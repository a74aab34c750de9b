// Package grant owns what was allowed to whom, for how long: clients, authorization requests, grants, codes, tokens, consents, and the
// policy cascade that decides their lives. The terms are those of RFC 6749, RFC 7636 and NextGenPSD2.
//
// Invariants, as long as no policy bends them: a code is redeemed once and a rotating refresh token is used once, whoever races for it;
// the second use ends the whole grant (RFC 6749 §4.1.2, RFC 9700 §4.14.2); a token dies with its grant; expiry is a predicate of the
// instant asked about, and at the very instant of expiry a token is expired. Lifetimes are durations here and seconds only on a wire. The package knows no HTTP, no
// wall clock, and of people and accounts only their ids. Refusals are *fail.Error.
//
//	code, _ := grants.Authorize(grant.Authorization{Bank: "berlin", Client: "bg-demo", Owner: "berlin/dave", …}, now)
//	issued, err := grants.Redeem(grant.Redemption{Bank: "berlin", Client: "bg-demo", Code: code.Value, …}, now, trail)
//	bearer, err := grants.Check("berlin", issued.Access.Value, now, trail)
package grant

import (
	"sync"
	"sync/atomic"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/store"
)

// Grants is everything that was granted in one space. Safe for concurrent use.
type Grants struct {
	Policy *Policy

	dice      *dice.Dice
	forms     map[string]Form
	settle    map[string]Settle
	clients   *store.Map[string, Client]
	requests  *store.Map[string, Request]
	grants    *store.Map[string, Grant]
	tokens    *store.Map[string, Token] // by value
	consents  *store.Map[string, Consent]
	calls     *store.Map[string, calls]
	sessions  *store.Map[string, Session]
	pushed    *store.Map[string, Pushed] // by URI
	devices   *store.Map[string, Device] // by bank and user code
	issued    *line[Token]
	given     *line[Grant]
	asked     *line[Consent]
	counters  counters
	bent      atomic.Uint64
	termed    atomic.Bool // whether any grant has, or had, terms of its own
	limit     int
	sweeping  sync.Mutex
	answering sync.Mutex
	evicting  sync.Mutex // held where max-grants is in force, from one redemption to the end of its evictions
	joining   sync.Mutex // held while a client registers by itself
	renewing  sync.Mutex // held through a refresh where rotated tokens have a grace

	signatures signatures
}

type counters struct{ issued, dropped, shed, begun atomic.Int64 }

// DefaultLimit is how many tokens are kept before the dead ones, and then the oldest, are forgotten.
const DefaultLimit = 1_000_000

// New returns an empty book of grants for these banks.
func New(d *dice.Dice, banks ...Profile) *Grants {
	forms, settle := map[string]Form{}, map[string]Settle{}
	for _, b := range banks {
		forms[b.Bank], settle[b.Bank] = b.Form, b.Settle
	}
	g := &Grants{Policy: newPolicy(banks), dice: d, forms: forms, settle: settle, limit: DefaultLimit,
		clients: store.New[string, Client](), requests: store.New[string, Request](), grants: store.New[string, Grant](),
		tokens: store.New[string, Token](), consents: store.New[string, Consent](), calls: store.New[string, calls](),
		sessions: store.New[string, Session](), pushed: store.New[string, Pushed](), devices: store.New[string, Device]()}
	g.lines()
	return g
}

// Authorization is what a resource owner allowed.
type Authorization struct {
	Bank, Client, Owner, Scope string
	Type                       string // grant type; "authorization_code" unless said otherwise
	Consent                    string
	RedirectURI                string // as sent to the authorization endpoint; empty: the exchange need not repeat it
	Challenge                  string // PKCE; empty: none
	Plain                      bool   // whether the challenge is the verifier itself, not its S256
	Bound                      string // thumbprint of the key that its tokens, or its code, are bound to; empty: none
	Facts                      map[string]string
	Terms                      *Terms     // of the login; nil: none
	Audience                   []string   // resources that it is for (RFC 8707); none: all of the bank's
	Nonce                      string     // OpenID Connect; empty: none
	LoggedIn                   time.Time  // when the owner did; zero: at this instant
	Methods                    []string   // by which (RFC 8176)
	Until                      *time.Time // the end of an access token that is issued at once, instead of the policy's; zero: never
	Sign                       Signer     // where the policy wants JWTs; nil: they are opaque none the less
}

// Issued is the answer of a token endpoint, before the bank gives it its shape.
type Issued struct {
	Grant   *Grant
	Access  *Token
	Refresh *Token // nil: none was issued
	Owner   string
}

func (g *Grants) open(a Authorization, now time.Time) *Grant {
	if a.Type == "" {
		a.Type = "authorization_code"
	}
	n := g.given.next()
	of := &Grant{ID: g.publicID("g_", n), Number: n, Bank: a.Bank, Client: a.Client, Owner: a.Owner, Type: a.Type, Scope: a.Scope,
		Consent: a.Consent, Created: now, Facts: a.Facts, Terms: a.Terms, Audience: a.Audience, Nonce: a.Nonce, LoggedIn: a.LoggedIn, Methods: a.Methods}
	if max, _ := g.Value(RefreshMaxTTL, of); !max.Never {
		of.Ends = now.Add(max.Duration)
	}
	if t := a.Terms; t != nil {
		g.termed.Store(true)
		if t.Revoke > 0 {
			of.Over = now.Add(t.Revoke)
		}
	}
	g.grants.Put(of.ID, of)
	return of
}

// Authorize opens a grant and returns its code.
func (g *Grants) Authorize(a Authorization, now time.Time) *Token {
	return g.code(g.open(a, now), a, now)
}

func (g *Grants) code(of *Grant, a Authorization, now time.Time) *Token {
	code := *g.mint(Code, nil, of, a.extent(), now)
	code.RedirectURI, code.Challenge, code.Plain = a.RedirectURI, a.Challenge, a.Plain
	g.tokens.Put(code.Value, &code)
	return &code
}

// Issue opens a grant and issues its tokens at once: client credentials, password, server to server.
func (g *Grants) Issue(a Authorization, refresh bool, now time.Time) *Issued {
	return g.tokensFor(g.open(a, now), nil, a.extent(), refresh, a.Sign, now)
}

func (g *Grants) tokensFor(of *Grant, parent *Token, opens extent, refresh bool, sign Signer, now time.Time) *Issued {
	if parent != nil {
		g.grants.Add(of.ID, of) // there already, unless a sweep has just taken its last token, and it along
	}
	out := &Issued{Grant: of, Owner: of.Owner, Access: g.access(parent, of, opens, sign, nil, now)}
	if refresh && (of.Terms == nil || !of.Terms.NoRefresh) {
		whole := of.Scope
		if parent != nil {
			whole = parent.Scope // as granted, unless a lever shrank it on the way
		}
		out.Refresh = g.mint(Refresh, parent, of, g.whole(of, whole, opens.bound), now)
	}
	if parent != nil {
		g.grants.Add(of.ID, of) // or was about to
	}
	if !of.Redeemed {
		out.Grant = g.redeem(of, now)
	}
	return out
}

// Barred tells why a resource owner, by id, may be given no tokens now: it was locked, or is gone. Empty: it may.
type Barred func(owner string) string

// check refuses new tokens of an owner who is barred. The client itself owns what has no owner.
func (b Barred) check(of *Grant, t *fail.Trail) error {
	if b == nil || of.Owner == "" {
		return nil
	}
	if why := b(of.Owner); why != "" {
		return t.No("user there", fail.New(fail.InvalidGrant, "%s", why))
	}
	return nil
}

// Redemption is the exchange of a code for tokens.
type Redemption struct {
	Bank, Client, Code string
	RedirectURI        string   // must equal what the authorization request sent
	AnyRedirect        bool     // the bank's exchange has no redirect_uri at all (Yoisho, s2s)
	Verifier           string   // PKCE
	Bound              string   // thumbprint of the key that was shown; empty: none was
	Refresh            bool     // whether the bank issues a refresh token with this grant
	Barred             Barred   // nil: nobody is
	Sign               Signer   // where the policy wants JWTs
	Reusable           bool     // the code stays good after the exchange (Yoisho's original)
	Audience           []string // resources that the access token is for, of those granted (RFC 8707 §2.2); none: all of those
}

// Redeem exchanges a code. The code is spent before anything about this exchange is checked but its client, so that a wrong verifier
// or redirect URI cannot be tried again; a code of another client is refused and stays its owner's. A second use revokes the grant.
func (g *Grants) Redeem(r Redemption, now time.Time, t *fail.Trail) (*Issued, error) {
	code := g.tokens.Get(r.Code)
	if code == nil || code.Bank != r.Bank || code.Kind != Code {
		return nil, t.No("code known", fail.New(fail.InvalidGrant, "nobody issued this code here"))
	}
	t.Pass("code known", code.ID)
	if code.Client != r.Client {
		return nil, t.No("code's client", fail.New(fail.InvalidGrant, "%s was issued to client %s, not to %s", code.ID, code.Client, r.Client))
	}
	of := g.grants.Get(code.Grant) // before the code is spent: a sweep may take a dead code, and its grant with it
	if !r.Reusable {
		if err := g.spend(code, "exchange", "exchanged for tokens", now); err != nil {
			g.Revoke(code.Grant, "reuse", "code "+code.ID+" was presented twice", now)
			return nil, t.No("code unused", err)
		}
		t.Pass("code unused", "")
	}
	if latest := g.grants.Get(code.Grant); latest != nil {
		of = latest
	}
	if e := revocation(code, of, now); e != nil {
		return nil, t.No("grant stands", fail.New(fail.InvalidGrant, "%s was revoked %s ago: %s", code.Grant, short(now.Sub(e.At)), e.Why))
	}
	if err := r.Barred.check(of, t); err != nil {
		return nil, err
	}
	if g.Expired(code, now) {
		return nil, t.No("code not expired", fail.New(fail.InvalidGrant, "%s", code.expiry(now)))
	}
	t.Pass("code not expired", "")
	if !r.AnyRedirect && code.RedirectURI != r.RedirectURI {
		return nil, t.No("redirect_uri", fail.New(fail.InvalidGrant, "the code was asked for with redirect_uri %q, the exchange says %q", code.RedirectURI, r.RedirectURI))
	}
	if err := verify(code, r.Verifier, t); err != nil {
		return nil, err
	}
	if err := code.held(r.Bound, t); err != nil {
		return nil, err
	}
	if err := g.consentStands(of, now, t); err != nil {
		return nil, err
	}
	audience, err := narrow(of.Audience, r.Audience, t)
	if err != nil {
		return nil, err
	}
	return g.tokensFor(of, code, extent{code.Scope, audience, r.Bound}, r.Refresh, r.Sign, now), nil
}

// consentStands refuses new tokens once the consent behind the grant has ended: a refresh never lengthens a consent.
func (g *Grants) consentStands(of *Grant, now time.Time, t *fail.Trail) error {
	if of.Consent == "" {
		return nil
	}
	if _, err := g.CheckConsent(of.Bank, of.Consent, of.Client, of.Owner, now, t); err != nil {
		return fail.New(fail.InvalidGrant, "%s", fail.From(err).Why)
	}
	return nil
}

// spend marks a code or refresh token as used: of many callers one succeeds.
func (g *Grants) spend(token *Token, by, why string, now time.Time) *fail.Error {
	_, err := g.tokens.Update(token.Value, func(v Token) (Token, error) {
		if v.Spent != nil {
			return v, fail.New(fail.InvalidGrant, "%s was used already, %s ago", v.ID, short(now.Sub(v.Spent.At)))
		}
		v.Spent = &Event{At: now, By: by, Why: why}
		return v, nil
	})
	if err == store.ErrMissing {
		return fail.New(fail.InvalidGrant, "%s was forgotten", token.ID)
	}
	if err != nil {
		return fail.From(err)
	}
	return nil
}

// Grant returns a grant by id, or nil.
func (g *Grants) Grant(id string) *Grant { return g.grants.Get(id) }

// Token returns a token by its value, or nil: of any bank, dead or alive.
func (g *Grants) Token(value string) *Token { return g.tokens.Get(value) }

// Of are the grants that tokens were issued for and that keep says yes to, by id.
func (g *Grants) Of(keep func(*Grant) bool) []*Grant {
	return g.grants.All(func(v *Grant) bool { return v.Redeemed && (keep == nil || keep(v)) })
}

// Refreshable tells how long the grant can still bring new access tokens: the latest end of its unspent tokens, and whether any lives.
func (g *Grants) Refreshable(of *Grant, now time.Time) (until time.Time, live bool) {
	if of.Ending(now) != nil {
		return time.Time{}, false
	}
	for _, t := range g.issued.family(of.ID) {
		if t.Kind == Code || t.Spent != nil || t.Revoked != nil || g.Expired(t, now) {
			continue
		}
		if !live || t.Expires.IsZero() || (!until.IsZero() && t.Expires.After(until)) {
			until = t.Expires
		}
		live = true
	}
	return until, live
}

// Revoke ends a grant with everything that came from it, in one write; false when it had ended before or never was.
func (g *Grants) Revoke(id, by, why string, now time.Time) bool {
	first := false
	g.grants.Update(id, func(v Grant) (Grant, error) {
		first = v.Ending(now) == nil && once(&v.Revoked, by, why, now)
		return v, nil
	})
	return first
}

// once notes the event that ended something, unless another did before.
func once(ended **Event, by, why string, now time.Time) bool {
	if *ended != nil {
		return false
	}
	*ended = &Event{At: now, By: by, Why: why}
	return true
}

// RevokeToken ends one token alone; its grant goes on.
func (g *Grants) RevokeToken(value, by, why string, now time.Time) bool {
	first := false
	g.tokens.Update(value, func(v Token) (Token, error) {
		first = once(&v.Revoked, by, why, now)
		return v, nil
	})
	return first
}

// RevokeAccess ends all access tokens of a grant; its refresh token goes on.
func (g *Grants) RevokeAccess(id, by, why string, now time.Time) {
	for _, t := range g.issued.family(id) {
		if t.Kind == Access {
			g.RevokeToken(t.Value, by, why, now)
		}
	}
}

// RevokeOwner ends every grant of a person, with the client named or with all, and says how many.
func (g *Grants) RevokeOwner(owner, client, by, why string, now time.Time) int {
	n := 0
	g.grants.Range(func(id string, v *Grant) bool {
		if v.Owner == owner && (client == "" || v.Client == client) && g.Revoke(id, by, why, now) {
			n++
		}
		return true
	})
	return n
}
