package grant

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/clock"
)

// Knob is one setting of the policy cascade.
type Knob string

// The knobs. Durations are lifetimes counted from issue.
const (
	CodeTTL        Knob = "code"             // authorization code
	AccessTTL      Knob = "access"           // access token
	ClientTTL      Knob = "client-access"    // access token of a client without a user (client credentials)
	RefreshTTL     Knob = "refresh"          // refresh token, counted anew as refresh-mode says
	RefreshMaxTTL  Knob = "refresh-absolute" // all refreshing, counted from the beginning of the grant
	ConsentTTL     Knob = "consent"          // the longest validity of a consent
	UnconfirmedTTL Knob = "unconfirmed"      // a consent that nobody has answered
	PageTTL        Knob = "page"             // login and consent pages
	SessionTTL     Knob = "session"          // the sign-in on the bank's own pages (connections)
	PushedTTL      Knob = "par"              // a pushed authorization request that no browser has brought yet (RFC 9126)
	DeviceTTL      Knob = "device"           // device code and user code (RFC 8628)
	Rotation       Knob = "rotation"         // what a refresh does to the refresh token
	Frequency      Knob = "frequency"        // calls a day without the user, per endpoint and account; 0: unlimited
	HourlyCalls    Knob = "rate"             // calls an hour per client; 0: unlimited
	Attempts       Knob = "attempts"         // wrong passwords until a user is locked; 0: never
	Fidelity       Knob = "fidelity"         // how true to the bank's own accidents
	ConsentModels  Knob = "consent-models"   // which consent requests the Berlin Group bank takes
	HistoryWindow  Knob = "history-window"   // how long after the login all history can be read
	HistoryAfter   Knob = "history-after"    // how far back it can be read from then on
	IDTokenTTL     Knob = "id-token"         // id_token of OpenID Connect
	CursorTTL      Knob = "cursor"           // further pages of a list, counted from the page before
	PKCE           Knob = "pkce"             // what an authorization request must prove itself with (RFC 7636)
	Iss            Knob = "iss"              // what an authorization response says of its issuer (RFC 9207)
	DPoPNonce      Knob = "dpop-nonce"       // whether DPoP proofs must carry a nonce of the server (RFC 9449 §8)
)

// The knobs of every bank whose tokens they can bend. Their defaults bend nothing.
const (
	ExpiresIn     Knob = "expires_in"      // how the life of an access token is told
	ExpiresInLie  Knob = "expires_in_lie"  // added to what is told
	Boundary      Knob = "boundary"        // whether a token is still good at the very instant of its end
	Jitter        Knob = "jitter"          // per cent by which a life may be shorter or longer than its rule
	Uses          Knob = "uses"            // calls that an access token is good for; 0: unlimited
	RevocationLag Knob = "revocation-lag"  // how long a revoked access token still passes
	MaxGrants     Knob = "max-grants"      // grants that a user and client have at once; 0: unlimited
	RefreshMode   Knob = "refresh-mode"    // from when a refresh token's life counts
	Grace         Knob = "grace"           // how long a rotated refresh token works once more
	Successor     Knob = "successor"       // what it brings then
	Reuse         Knob = "reuse"           // what happens when one comes back outside of that
	SameAccess    Knob = "same-access"     // whether a refresh returns the access token that is alive already
	RefreshScope  Knob = "refresh-scope"   // what a refresh takes away from the scope
	ConsentCheck  Knob = "consent-check"   // where it is first noticed that a consent has ended
	TokenFormat   Knob = "token-format"    // what an access token is
	JWTExpDelta   Knob = "jwt-exp-delta"   // added to the end that a JWT access token tells
	IDTokenClaims Knob = "id-token-claims" // whether an id_token says who the user is
	SigningAlg    Knob = "signing-alg"     // algorithm by which JWTs are signed
	JWKSLag       Knob = "jwks-lag"        // how long a new key signs before the JWKS shows it
	TokenCheck    Knob = "token-check"     // when a call's access token must be good
)

// Values of the choices.
const (
	Rotate   = "rotate" // a refresh spends the refresh token and deals a new one
	Keep     = "keep"   // the refresh token stays the same, and is told again
	Silent   = "none"   // it stays the same, and the answer has none (RFC 6749 §6 leaves that open)
	Faithful = "faithful"
	Original = "original"
	AllModel = "all"
	Detailed = "detailed"

	Exclusive = "exclusive" // at the instant of its end a token is over (RFC 7519 §4.1.4: "on or after")
	Inclusive = "inclusive" // it is over after that instant

	Idle     = "idle"     // a refresh counts the life anew
	Absolute = "absolute" // it does not: a successor ends when the first would have

	SuccessorSame = "same" // the one that was dealt already
	SuccessorNew  = "new"  // one more

	ReuseFamily = "family" // the whole grant is revoked (RFC 9700 §4.14.2)
	ReuseDeny   = "deny"   // the call is refused, and that is all
	ReuseAllow  = "allow"  // it works as if it had not been rotated

	CheckToken    = "token"    // a refresh is refused, and so are all calls
	CheckResource = "resource" // a refresh goes on, and all calls are refused

	CheckStart     = "start"     // when the call comes in
	CheckMidstream = "midstream" // and as long as its answer is under way

	FormatOpaque = "opaque" // random, in the bank's own form
	FormatJWT    = "jwt"    // RFC 9068

	AlgES256 = "ES256"
	AlgRS256 = "RS256"
	AlgPS256 = "PS256"
	AlgEdDSA = "EdDSA"

	PKCES256     = "s256"     // S256 for those who send a challenge, and public clients must
	PKCEPlain    = "plain"    // the method plain is taken as well
	PKCERequired = "required" // S256 from every client (RFC 9700 §2.1.1)

	IssRight = "issuer" // the issuer of the metadata
	IssNone  = "none"   // none, as before RFC 9207
	IssWrong = "wrong"  // another one's: what a mix-up looks like to the client

	On  = "on"
	Off = "off"

	dropScope = "drop:" // and blank-separated scopes
)

// Spec describes a knob: what it is for, how its value is written, and where it can be turned. One that has neither choices, count nor
// span is a lifetime: a duration, or "never".
type Spec struct {
	Knob    Knob
	Doc     string
	Choices []string // a choice of words
	Form    string   // what may stand beside the choices, as "drop:<scope>"
	Count   bool     // a whole number, 0 or more
	Most    int64    // the largest count; 0: none
	Span    bool     // a stretch of time, which has an end
	Signed  bool     // a span that may be negative
	Client  bool     // counts when turned for one client
	User    bool     // counts when turned for one user

	// Of the knobs that every bank has: what must have a life there for the knob to have an effect, and the value that has none.
	Needs   Knob
	Default Value
}

// specs is the table of knobs.
var specs = []Spec{
	{Knob: CodeTTL, Doc: "life of an authorization code", Client: true, User: true},
	{Knob: AccessTTL, Doc: "life of an access token", Client: true, User: true},
	{Knob: ClientTTL, Doc: "life of an access token without a user", Client: true},
	{Knob: RefreshTTL, Doc: "life of a refresh token", Client: true, User: true},
	{Knob: RefreshMaxTTL, Doc: "end of all refreshing, from the grant", Client: true, User: true},
	{Knob: ConsentTTL, Doc: "longest validity of a consent", Client: true},
	{Knob: UnconfirmedTTL, Doc: "life of a consent that nobody answered", Client: true},
	{Knob: PageTTL, Doc: "life of a login or consent page", Client: true},
	{Knob: SessionTTL, Doc: "sign-in on the bank's own pages", User: true},
	{Knob: PushedTTL, Doc: "life of a pushed authorization request", Span: true, Client: true, Needs: PageTTL, Default: Lifetime(time.Minute)},
	{Knob: DeviceTTL, Doc: "life of a device code and its user code", Span: true, Client: true, Needs: PageTTL, Default: Lifetime(10 * time.Minute)},
	{Knob: Rotation, Doc: "what a refresh does to the refresh token", Choices: []string{Rotate, Keep, Silent}, Client: true, User: true},
	{Knob: Frequency, Doc: "calls a day without the user, per endpoint and account", Count: true, Client: true},
	{Knob: HourlyCalls, Doc: "calls an hour per client", Count: true, Client: true},
	{Knob: Attempts, Doc: "wrong passwords until a user is locked", Count: true, User: true},
	{Knob: Fidelity, Doc: "whether the original's own accidents come back", Choices: []string{Faithful, Original}},
	{Knob: ConsentModels, Doc: "which consent requests are taken", Choices: []string{AllModel, Detailed}, Client: true},
	{Knob: HistoryWindow, Doc: "how long after the login all history can be read", Client: true, User: true},
	{Knob: HistoryAfter, Doc: "how far back history can be read once history-window is over", Client: true, User: true},
	{Knob: IDTokenTTL, Doc: "life of an id_token", Client: true, User: true},
	{Knob: CursorTTL, Doc: "how long after a page the further pages of its list can be read", Client: true, User: true},
	{Knob: PKCE, Doc: "which code challenges an authorization request needs", Choices: []string{PKCES256, PKCEPlain, PKCERequired}, Client: true},
	{Knob: Iss, Doc: "which issuer an authorization response names", Choices: []string{IssRight, IssNone, IssWrong}, Client: true},
	{Knob: DPoPNonce, Doc: "whether a DPoP proof must carry a nonce of the server", Choices: []string{Off, On}, Client: true, Needs: AccessTTL, Default: Choice(Off)},

	{Knob: ExpiresIn, Doc: "how expires_in tells the life of an access token", Choices: tellings(), Client: true, User: true,
		Needs: AccessTTL, Default: Choice(TellNumber)},
	{Knob: ExpiresInLie, Doc: "added to what expires_in tells", Span: true, Signed: true, Client: true, User: true, Needs: AccessTTL},
	{Knob: Boundary, Doc: "whether a token is still good at the very instant of its end", Choices: []string{Exclusive, Inclusive},
		Client: true, User: true, Needs: AccessTTL, Default: Choice(Exclusive)},
	{Knob: Jitter, Doc: "per cent by which a new token's life may differ from its rule", Count: true, Most: 100, Client: true, User: true, Needs: AccessTTL},
	{Knob: Uses, Doc: "calls that an access token is good for; 0: unlimited", Count: true, Client: true, User: true, Needs: AccessTTL},
	{Knob: RevocationLag, Doc: "how long a revoked access token still passes", Span: true, Client: true, User: true, Needs: AccessTTL},
	{Knob: MaxGrants, Doc: "grants that a user and client have at once, the oldest goes; 0: unlimited", Count: true, Client: true, User: true, Needs: AccessTTL},
	{Knob: RefreshMode, Doc: "whether a refresh counts the refresh token's life anew", Choices: []string{Idle, Absolute},
		Client: true, User: true, Needs: RefreshTTL, Default: Choice(Idle)},
	{Knob: Grace, Doc: "how long a rotated refresh token works once more", Span: true, Client: true, User: true, Needs: RefreshTTL},
	{Knob: Successor, Doc: "which refresh token it brings in its grace", Choices: []string{SuccessorNew, SuccessorSame}, Client: true, User: true,
		Needs: RefreshTTL, Default: Choice(SuccessorNew)},
	{Knob: Reuse, Doc: "what the reuse of a rotated refresh token ends", Choices: []string{ReuseFamily, ReuseDeny, ReuseAllow}, Client: true, User: true,
		Needs: RefreshTTL, Default: Choice(ReuseFamily)},
	{Knob: SameAccess, Doc: "whether a refresh returns the access token that is alive already", Choices: []string{Off, On}, Client: true, User: true,
		Needs: RefreshTTL, Default: Choice(Off)},
	{Knob: RefreshScope, Doc: "what a refresh takes away from the scope", Choices: []string{Keep}, Form: dropScope + "<scope>", Client: true, User: true,
		Needs: RefreshTTL, Default: Choice(Keep)},
	{Knob: ConsentCheck, Doc: "what first refuses a client whose consent has ended: a refresh, or the resource", Choices: []string{CheckToken, CheckResource},
		Client: true, User: true, Needs: ConsentTTL, Default: Choice(CheckToken)},
	{Knob: TokenCheck, Doc: "when an access token must be good: as the call comes in, or until its answer is out", Choices: []string{CheckStart, CheckMidstream},
		Client: true, User: true, Needs: AccessTTL, Default: Choice(CheckStart)},
	{Knob: TokenFormat, Doc: "what a new access token is: opaque, or a JWT (RFC 9068)", Choices: []string{FormatOpaque, FormatJWT}, Client: true, User: true,
		Needs: AccessTTL, Default: Choice(FormatOpaque)},
	{Knob: JWTExpDelta, Doc: "added to the exp that a JWT access token tells", Span: true, Signed: true, Client: true, User: true, Needs: AccessTTL},
	{Knob: IDTokenClaims, Doc: "whether an id_token has the claims of its scopes in it, as userinfo has", Choices: []string{Off, On}, Client: true, User: true,
		Needs: IDTokenTTL, Default: Choice(Off)},
	{Knob: SigningAlg, Doc: "algorithm by which JWTs are signed", Choices: []string{AlgES256, AlgRS256, AlgPS256, AlgEdDSA}, Client: true,
		Needs: AccessTTL, Default: Choice(AlgES256)},
	{Knob: JWKSLag, Doc: "how long a new key signs before the JWKS shows it", Span: true, Needs: AccessTTL},
}

// Specs are all knobs, in the order in which they are shown.
func Specs() []Spec { return slices.Clone(specs) }

// SpecOf describes a knob; false when there is none of that name.
func SpecOf(k Knob) (Spec, bool) {
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.Knob == k })
	if i < 0 {
		return Spec{}, false
	}
	return specs[i], true
}

// Settings are the knobs that have an effect at the bank, with its defaults: its own, and those that come with its kinds of tokens.
func (p Profile) Settings() Settings {
	all := Settings{}
	for _, s := range specs {
		if _, has := p.Defaults[s.Needs]; has && s.Needs != "" {
			all[s.Knob] = s.Default
		}
	}
	maps.Copy(all, p.Defaults)
	return all
}

// Lifetime tells whether the knob is a duration that may also be "never".
func (s Spec) Lifetime() bool { return len(s.Choices) == 0 && !s.Count && !s.Span }

// Value is the setting of one knob.
type Value struct {
	Duration time.Duration // of a lifetime
	Never    bool          // a lifetime without end
	Text     string        // of a choice
	Count    int64         // of a number
}

// Lifetime is a duration value.
func Lifetime(d time.Duration) Value { return Value{Duration: d} }

// Choice is a word value.
func Choice(word string) Value { return Value{Text: word} }

// Count is a number value.
func Count(n int64) Value { return Value{Count: n} }

// Forever is a lifetime without end.
func Forever() Value { return Value{Never: true} }

// ParseValue reads the text of a knob's value; the error says what is expected.
func ParseValue(k Knob, text string) (Value, error) {
	s, ok := SpecOf(k)
	switch {
	case !ok:
		return Value{}, fmt.Errorf("there is no knob %q", k)
	case len(s.Choices) > 0:
		return s.parseChoice(text)
	case s.Count:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return Value{}, fmt.Errorf("%q is not a whole number from 0 on", text)
		}
		if s.Most > 0 && n > s.Most {
			return Value{}, fmt.Errorf("%d is more than %d", n, s.Most)
		}
		return Count(n), nil
	case text == "never" && !s.Span:
		return Forever(), nil
	}
	d, err := clock.ParseDuration(text)
	if err != nil {
		return Value{}, err
	}
	if d < 0 && !s.Signed {
		if s.Span {
			return Value{}, fmt.Errorf("%q is negative; it is 0s or more", text)
		}
		return Value{}, fmt.Errorf("%q is negative; a lifetime is 0s or more, or never", text)
	}
	return Lifetime(d), nil
}

func (s Spec) parseChoice(text string) (Value, error) {
	if slices.Contains(s.Choices, text) {
		return Choice(text), nil
	}
	if s.Form == "" {
		return Value{}, fmt.Errorf("%q is none of %s", text, strings.Join(s.Choices, ", "))
	}
	dropped, ok := strings.CutPrefix(text, dropScope)
	names := strings.Fields(dropped)
	if !ok || len(names) == 0 || strings.Join(names, " ") != dropped || strings.ContainsFunc(dropped, notScope) {
		return Value{}, fmt.Errorf("%q is neither %s nor %s", text, strings.Join(s.Choices, ", "), s.Form)
	}
	return Choice(text), nil
}

// notScope tells what cannot stand in a scope (RFC 6749 §3.3); blanks separate several.
func notScope(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }

// Format writes a knob's value as ParseValue reads it.
func (s Spec) Format(v Value) string {
	switch {
	case len(s.Choices) > 0:
		return v.Text
	case s.Count:
		return strconv.FormatInt(v.Count, 10)
	case v.Never:
		return "never"
	}
	return clock.FormatDuration(v.Duration)
}

// About tells whether the knob is about a token: whether turning it can matter to it, or to its like.
func (s Spec) About(t *Token) bool {
	switch s.Knob {
	case CodeTTL:
		return t.Kind == Code
	case AccessTTL:
		return t.Kind == Access && t.Owner != ""
	case ClientTTL:
		return t.Kind == Access && t.Owner == ""
	case ExpiresIn, ExpiresInLie, Uses, RevocationLag, TokenCheck, TokenFormat, JWTExpDelta:
		return t.Kind == Access
	case RefreshTTL, RefreshMaxTTL, Rotation, RefreshMode, Grace, Successor, Reuse, SameAccess, RefreshScope, ConsentCheck:
		return t.Kind == Refresh
	case Boundary, Jitter, MaxGrants:
		return true
	}
	return false
}
