package grant

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sandbank/server/clock"
	"sandbank/server/store"
)

// Knob is one setting of the policy cascade.
type Knob string

// The knobs. Durations are lifetimes counted from issue.
const (
	CodeTTL        Knob = "code"             // authorization code
	AccessTTL      Knob = "access"           // access token
	ClientTTL      Knob = "client-access"    // access token of a client without a user (client credentials)
	RefreshTTL     Knob = "refresh"          // refresh token, counted anew at each rotation: the idle limit
	RefreshMaxTTL  Knob = "refresh-absolute" // all refreshing, counted from the first token
	ConsentTTL     Knob = "consent"          // the longest validity of a consent
	UnconfirmedTTL Knob = "unconfirmed"      // a consent that nobody has answered
	PageTTL        Knob = "page"             // login and consent pages
	SessionTTL     Knob = "session"          // the sign-in on the bank's own pages (connections)
	Rotation       Knob = "rotation"         // what a refresh does to the refresh token
	Frequency      Knob = "frequency"        // calls a day without the user, per endpoint and account; 0: unlimited
	HourlyCalls    Knob = "rate"             // calls an hour per client; 0: unlimited
	Attempts       Knob = "attempts"         // wrong passwords until a user is locked; 0: never
	Fidelity       Knob = "fidelity"         // how true to the bank's own accidents
	ConsentModels  Knob = "consent-models"   // which consent requests the Berlin Group bank takes
)

// Values of the choices.
const (
	Rotate   = "rotate" // a refresh spends the refresh token and deals a new one; reuse kills the family (RFC 9700 §4.14.2)
	Keep     = "keep"   // the refresh token stays the same
	Faithful = "faithful"
	Original = "original"
	AllModel = "all"
	Detailed = "detailed"
)

// Spec describes a knob: what it is for and how its value is written.
type Spec struct {
	Knob    Knob
	Doc     string
	Choices []string // a choice of words
	Count   bool     // a whole number, 0 or more
} // neither: a duration, or "never"

// Specs are all knobs, in the order in which they are shown.
func Specs() []Spec {
	return []Spec{
		{Knob: CodeTTL, Doc: "life of an authorization code"},
		{Knob: AccessTTL, Doc: "life of an access token"},
		{Knob: ClientTTL, Doc: "life of an access token without a user"},
		{Knob: RefreshTTL, Doc: "life of a refresh token, anew at each rotation"},
		{Knob: RefreshMaxTTL, Doc: "end of all refreshing, from the first token"},
		{Knob: ConsentTTL, Doc: "longest validity of a consent"},
		{Knob: UnconfirmedTTL, Doc: "life of a consent that nobody answered"},
		{Knob: PageTTL, Doc: "life of a login or consent page"},
		{Knob: SessionTTL, Doc: "sign-in on the bank's own pages"},
		{Knob: Rotation, Doc: "what a refresh does to the refresh token", Choices: []string{Rotate, Keep}},
		{Knob: Frequency, Doc: "calls a day without the user, per endpoint and account", Count: true},
		{Knob: HourlyCalls, Doc: "calls an hour per client", Count: true},
		{Knob: Attempts, Doc: "wrong passwords until a user is locked", Count: true},
		{Knob: Fidelity, Doc: "whether the original's own accidents come back", Choices: []string{Faithful, Original}},
		{Knob: ConsentModels, Doc: "which consent requests are taken", Choices: []string{AllModel, Detailed}},
	}
}

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
	specs := Specs()
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.Knob == k })
	if i < 0 {
		return Value{}, fmt.Errorf("there is no knob %q", k)
	}
	switch s := specs[i]; {
	case len(s.Choices) > 0:
		if !slices.Contains(s.Choices, text) {
			return Value{}, fmt.Errorf("%q is none of %s", text, strings.Join(s.Choices, ", "))
		}
		return Choice(text), nil
	case s.Count:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return Value{}, fmt.Errorf("%q is not a whole number from 0 on", text)
		}
		return Count(n), nil
	case text == "never":
		return Forever(), nil
	}
	d, err := clock.ParseDuration(text)
	if err != nil {
		return Value{}, err
	}
	if d < 0 {
		return Value{}, fmt.Errorf("%q is negative; a lifetime is 0s or more, or never", text)
	}
	return Lifetime(d), nil
}

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

// Settings are the knobs that one level of the cascade turns.
type Settings map[Knob]Value

// Level is a place in the cascade: later ones win. The zero Level is global.
type Level struct{ Bank, Client, User string }

// String is how the journal names the level: "bank berlin", "client bg-demo".
func (l Level) String() string {
	switch {
	case l.User != "":
		return "user " + l.User
	case l.Client != "":
		return "client " + l.Client
	case l.Bank != "":
		return "bank " + l.Bank
	}
	return "global"
}

// Policy is the cascade global → bank → client → user on top of each bank's own defaults. Reading takes no lock.
type Policy struct {
	write  sync.Mutex
	levels atomic.Pointer[map[Level]Settings] // maps are replaced, never written to
	base   map[string]Settings                // the banks' defaults
	quirks map[string]Settings                // what stands in for them where fidelity is original
	watch  atomic.Pointer[store.Recorder]
}

func newPolicy(base, quirks map[string]Settings) *Policy {
	p := &Policy{base: base, quirks: quirks}
	p.levels.Store(&map[Level]Settings{})
	return p
}

// Set turns one knob at a level.
func (p *Policy) Set(at Level, k Knob, v Value) {
	p.change(at, func(s Settings) { s[k] = v })
}

// Unset takes the level's own setting back, so that the one above it counts again.
func (p *Policy) Unset(at Level, k Knob) {
	p.change(at, func(s Settings) { delete(s, k) })
}

func (p *Policy) change(at Level, f func(Settings)) {
	p.write.Lock()
	defer p.write.Unlock()
	old := p.levels.Load()
	next := maps.Clone(*old)
	settings := maps.Clone(next[at])
	if settings == nil {
		settings = Settings{}
	}
	f(settings)
	next[at] = settings
	if len(settings) == 0 {
		delete(next, at)
	}
	p.levels.Store(&next)
	p.watch.Load().Note(func() bool { return p.levels.CompareAndSwap(&next, old) })
}

// Levels are the places where knobs are turned, with the knobs; they are shared and must not be written to.
func (p *Policy) Levels() map[Level]Settings { return *p.levels.Load() }

// Value is the effective setting for a bank's client and user, and where it comes from: "user …", "client …", "bank …", "global" or
// "yoisho default". A global setting counts only for knobs that the bank knows.
func (p *Policy) Value(k Knob, bank, client, user string) (Value, string) {
	levels := *p.levels.Load()
	if len(levels) > 0 {
		for _, at := range []Level{{Bank: bank, User: user}, {Bank: bank, Client: client}, {Bank: bank}, {}} {
			if v, ok := levels[at][k]; ok {
				return v, at.String()
			}
		}
	}
	if v, ok := p.quirks[bank][k]; ok && k != Fidelity {
		if f, _ := p.Value(Fidelity, bank, client, user); f.Text == Original {
			return v, bank + " original"
		}
	}
	if v, ok := p.base[bank][k]; ok {
		return v, bank + " default"
	}
	return Value{Never: true}, "no policy"
}

// Knobs are those that a bank has a default for, sorted: the ones that have an effect there.
func (p *Policy) Knobs(bank string) []Knob {
	var out []Knob
	for k := range p.base[bank] {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}
