package grant

import (
	"fmt"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
)

// Kind of a token.
type Kind string

// The three things that a grant issues.
const (
	Code    Kind = "code"
	Access  Kind = "access"
	Refresh Kind = "refresh"
)

// Event is something that ended a token, a grant or a consent.
type Event struct {
	At  time.Time `json:"at"`
	By  string    `json:"by"`  // user, client, reuse, bank, admin, exchange
	Why string    `json:"why"` // a sentence for the journal
}

// Token is one code, access token or refresh token. Its state is a question of the instant asked about: no timer ever ends it.
type Token struct {
	ID      string        `json:"id"`     // at_…, rt_…, ac_…: what journal and console call it
	Number  int64         `json:"number"` // order of issue in the space, whatever its clock showed
	Kind    Kind          `json:"kind"`
	Value   string        `json:"value"` // what the wire carries
	Grant   string        `json:"grant"`
	Bank    string        `json:"bank"`
	Client  string        `json:"client"`
	Owner   string        `json:"owner,omitempty"` // ledger.Person.ID; empty: the client itself
	Scope   string        `json:"scope"`
	Issued  time.Time     `json:"issued"`
	Expires time.Time     `json:"expires,omitzero"` // zero: never
	Since   time.Time     `json:"since,omitzero"`   // when its life began to count, where that is not Issued
	Life    time.Duration `json:"life"`             // as the policy had it
	Policy  string        `json:"policy"`           // whose rule that was
	Parent  string        `json:"parent,omitempty"` // ID of the code or refresh token that it came from
	Bound   string        `json:"bound,omitempty"`  // thumbprint of the key that whoever uses it must prove to hold (RFC 9449 §6, jkt); empty: none
	Spent   *Event        `json:"spent,omitempty"`  // code redeemed, refresh token rotated
	Revoked *Event        `json:"revoked,omitempty"`

	// Audience are the resources that the token is for (RFC 8707); none: all of the bank's.
	Audience []string `json:"audience,omitempty"`

	// Of a code: what the exchange must match (RFC 6749 §4.1.3, RFC 7636 §4.6).
	RedirectURI string `json:"redirectUri,omitempty"`
	Challenge   string `json:"challenge,omitempty"`
	Plain       bool   `json:"plain,omitempty"` // whether the challenge is the verifier itself
}

// Left is how long the token lives from now on; negative when it is over, and false when it has no end.
func (t *Token) Left(now time.Time) (time.Duration, bool) {
	if t.Expires.IsZero() {
		return 0, false
	}
	return t.Expires.Sub(now), true
}

// Seconds is the whole number of seconds that the token lives from now on, as expires_in tells it; 0 when it has no end.
func (t *Token) Seconds(now time.Time) int64 {
	d, ends := t.Left(now)
	if !ends {
		return 0
	}
	return int64(max(d, 0) / time.Second)
}

// began is when the token's life began to count.
func (t *Token) began() time.Time {
	if t.Since.IsZero() {
		return t.Issued
	}
	return t.Since
}

// Expired tells whether the end has come: at the very instant of Expires it has. Grants.Expired also asks the policy.
func (t *Token) Expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// expiry explains an expired token in one sentence.
func (t *Token) expiry(now time.Time) string {
	return fmt.Sprintf("%s expired %s ago; %s by %s", t.ID, short(now.Sub(t.Expires)), clock.FormatDuration(t.Life), t.Policy)
}

// short writes a duration as a colleague would say it.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 2*clock.Day:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d/clock.Day))
}

// Grant is what one resource owner gave one client, once: the parent of its code and tokens. Revoking it is one write.
type Grant struct {
	ID       string            `json:"id"`
	Number   int64             `json:"number"` // order of beginning in the space, whatever its clock showed
	Bank     string            `json:"bank"`
	Client   string            `json:"client"`
	Owner    string            `json:"owner,omitempty"` // ledger.Person.ID; empty: the client itself
	Type     string            `json:"type"`            // the grant type of RFC 6749 it began with
	Scope    string            `json:"scope"`
	Consent  string            `json:"consent,omitempty"`
	Created  time.Time         `json:"created"`       // also the time of authentication: a refresh never moves it
	Ends     time.Time         `json:"ends,omitzero"` // no refresh from then on; zero: no such limit
	Revoked  *Event            `json:"revoked,omitempty"`
	Facts    map[string]string `json:"facts,omitempty"`    // what one bank alone remembers of it; never written to
	Redeemed bool              `json:"redeemed"`           // whether tokens were issued, not only a code
	Over     time.Time         `json:"over,omitzero"`      // from then on it counts as revoked, as its login asked; zero: no such end
	Terms    *Terms            `json:"terms,omitempty"`    // of its login; nil: none
	Audience []string          `json:"audience,omitempty"` // resources that its tokens may be for (RFC 8707); none: all of the bank's
	Nonce    string            `json:"nonce,omitempty"`    // of the authentication request (OpenID Connect); empty: none
	Methods  []string          `json:"methods,omitempty"`  // of that login (RFC 8176), where it brought an identity
	LoggedIn time.Time         `json:"loggedIn,omitzero"`  // when its owner did, where that was before Created
}

// Form deals the value of a new token: each bank has its own. now is the instant of issue, which some banks write into the token.
type Form func(d *dice.Dice, kind Kind, g *Grant, now time.Time) string

// opaque is the form of banks that have none of their own: 256 bits.
func opaque(d *dice.Dice, _ Kind, _ *Grant, _ time.Time) string { return d.Base64(32) }

// rule is the knob of a kind's life, and how its ids begin.
func (k Kind) rule() (life Knob, prefix string) {
	switch k {
	case Code:
		return CodeTTL, "ac_"
	case Access:
		return AccessTTL, "at_"
	}
	return RefreshTTL, "rt_"
}

// extent is what a token opens, and to whom: its scope, the resources that it is for, and the key that its holder must prove.
type extent struct {
	scope    string
	audience []string
	bound    string
}

func (a *Authorization) extent() extent { return extent{a.Scope, a.Audience, a.Bound} }

// whole is the extent of a refresh token: all that was granted, and the key of a client that has nothing else to prove itself with.
func (g *Grants) whole(of *Grant, scope, bound string) extent {
	return extent{scope, of.Audience, g.heldBy(of, bound)}
}

func (g *Grants) mint(kind Kind, parent *Token, of *Grant, opens extent, now time.Time) *Token {
	t := g.draft(kind, parent, of, opens, now)
	return g.keep(t, func() string { return g.deal(kind, of, now) })
}

// access mints an access token, which the policy may want to be a JWT. An end that is given stands instead of the policy's.
func (g *Grants) access(parent *Token, of *Grant, opens extent, sign Signer, until *time.Time, now time.Time) *Token {
	t := g.draft(Access, parent, of, opens, now)
	if until != nil {
		t.endAt(*until)
	}
	if sign != nil && g.signs(of) {
		return g.keep(t, func() string { return sign(t, of) })
	}
	return g.keep(t, func() string { return g.deal(Access, of, now) })
}

// deal is a value in the bank's own form.
func (g *Grants) deal(kind Kind, of *Grant, now time.Time) string {
	if form := g.forms[of.Bank]; form != nil {
		return form(g.dice, kind, of, now)
	}
	return opaque(g.dice, kind, of, now)
}

// draft is a new token that has no value yet.
func (g *Grants) draft(kind Kind, parent *Token, of *Grant, opens extent, now time.Time) *Token {
	knob, prefix := kind.rule()
	if kind == Access && of.Owner == "" {
		knob = ClientTTL
	}
	life, source := g.life(knob, of)
	n := g.issued.next()
	t := &Token{ID: g.publicID(prefix, n), Number: n, Kind: kind, Grant: of.ID, Bank: of.Bank, Client: of.Client, Owner: of.Owner,
		Scope: opens.scope, Audience: opens.audience, Bound: opens.bound, Issued: now, Life: life.Duration, Policy: source}
	t.Expires = end(t, of, life)
	if parent != nil {
		t.Parent = parent.ID
		if kind == Refresh && parent.Kind == Refresh && g.absolute(of) {
			t.Since, t.Life, t.Policy, t.Expires = parent.began(), parent.Life, parent.Policy, parent.Expires
		}
	}
	return t
}

// end is when a token is over that has this life; a refresh token not later than all refreshing.
func end(t *Token, of *Grant, life Value) (at time.Time) {
	if !life.Never {
		at = t.began().Add(life.Duration)
	}
	if t.Kind == Refresh && !of.Ends.IsZero() && (at.IsZero() || of.Ends.Before(at)) {
		at = of.Ends
	}
	return at
}

// keep stores the token under a value that nobody has. Short forms (Yoisho's codes have seven digits) collide now and then.
func (g *Grants) keep(t *Token, deal func() string) *Token {
	for {
		t.Value = deal()
		if g.tokens.Add(t.Value, t) {
			g.count(&g.counters.issued)
			g.sweepIfFull(t.Issued)
			return t
		}
	}
}

// Bearer is an access token that was accepted.
type Bearer struct {
	Token *Token
	Grant *Grant
}

// Check decides whether an access token opens a bank at now: unknown (also: another bank's), wrong kind, revoked or expired are refused
// with how and since when. Each time that it does counts as a use, where the policy limits them.
func (g *Grants) Check(bank, value string, now time.Time, t *fail.Trail) (*Bearer, error) {
	b, err := g.admit(bank, value, now, t)
	if err != nil {
		return nil, err
	}
	if g.turned(Uses, b.Grant) {
		if err := g.use(b.Token, b.Grant, t); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// admit is Check without the use.
func (g *Grants) admit(bank, value string, now time.Time, t *fail.Trail) (*Bearer, error) {
	token := g.tokens.Get(value)
	if token == nil {
		return nil, t.No("token known", fail.New(fail.TokenUnknown, "nobody issued this token, or it was forgotten"))
	}
	if token.Bank != bank {
		return nil, t.No("token known", fail.New(fail.TokenUnknown, "%s is a token of %s, not of %s", token.ID, token.Bank, bank))
	}
	t.Pass("token known", token.ID)
	if token.Kind != Access {
		return nil, t.No("token kind", fail.New(fail.TokenWrongKind, "%s is a %s, not an access token", token.ID, token.Kind))
	}
	of := g.grants.Get(token.Grant)
	switch e := revocation(token, of, now); {
	case e == nil:
		t.Pass("not revoked", "")
	case !g.lags(token, of, e, now, t):
		return nil, t.No("not revoked", fail.New(fail.TokenRevoked, "%s was revoked %s ago by the %s: %s", token.ID, short(now.Sub(e.At)), e.By, e.Why))
	}
	if g.Expired(token, now) {
		return nil, t.No("not expired", fail.New(fail.TokenExpired, "%s", token.expiry(now)))
	}
	if left, ends := token.Left(now); ends {
		t.Pass("not expired", short(left)+" left")
	}
	if c := g.Client(bank, token.Client); c == nil || c.Disabled {
		return nil, t.No("client enabled", fail.New(fail.TokenRevoked, "client %s is gone or disabled", token.Client))
	}
	return &Bearer{Token: token, Grant: of}, nil
}

// revocation finds what had ended a token by now: its own revocation or its grant's.
func revocation(t *Token, of *Grant, now time.Time) *Event {
	switch {
	case t.Revoked != nil:
		return t.Revoked
	case of == nil:
		return &Event{At: t.Issued, By: "bank", Why: "its grant is gone"}
	case of.Over.IsZero():
		return of.Revoked
	}
	return of.Ending(now)
}
