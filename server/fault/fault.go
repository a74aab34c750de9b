// Package fault owns what goes wrong on order: rules that say when a call is to be spoiled, how, and how often.
//
// A Rule is data. When narrows the calls down (bank, operation, client, the grant type in the form, the fifth call …); everything in it
// must hold, and an empty When means every call. Then is what happens to the call, at one of three places: before the bank does
// anything, after it has done its work (which stays done: the client loses an answer, not an operation), or on the bank's real answer.
// Often says how many times. A forgotten fault is the classic time-sink of a sandbox, so a rule disarms itself: unless it says
// otherwise, it spoils the next call and is spent.
//
// Faults are the rules of one space, asked top-down: the first rule that fires has the call, and rules below it do not even count it.
// Counting is exact under any number of callers: "next 3" fires three times. Chance is a function of the rule's seed and of how many
// calls it has seen, so that a run can be replayed, and a restored snapshot goes on with the same luck. Until is a predicate on the
// space's clock, not a timer: moving the clock back brings a rule to life again.
//
// The package decides and never acts: it knows no HTTP library, writes no answer and waits for nothing. The server carries a Hit out.
//
//	faults := fault.New(dice.Real())
//	rule, err := faults.Arm(fault.Rule{
//		When: fault.When{Op: "token", Param: "grant_type=refresh_token"},
//		Then: fault.Then{Where: fault.After, Status: 500},
//	}, now)
//	hit := faults.Match(fault.Ask{Bank: "berlin", Op: "token", Method: "POST", …}, now) // nil for other calls, and from the second on
//
// The same rule in one line, as the X-Sandbox-Fault header, a lever or a log has it:
//
//	op=token; param=grant_type=refresh_token; where=after; status=500; next=1
package fault

import (
	"encoding/json"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
)

// Header is the request header that carries a rule for this one request, where the space allows it.
const Header = "X-Sandbox-Fault"

// Limits of what a rule may ask for.
const (
	MaxDelay = 10 * time.Minute // of real time
	MaxHang  = 5 * time.Minute  // how long a hanging call is held when its client does not give up
	MaxArmed = 500              // rules of one space
	MaxSpent = 100              // rules that are kept for the list after their last hit
	maxBody  = 64 << 10
	maxText  = 500 // of a glob, a name, a header value
)

// Rule is one fault. It is immutable once armed: changing it puts another in its place.
type Rule struct {
	ID      string    `json:"id,omitempty"`     // given when armed: f_1, f_2 …
	Created time.Time `json:"created,omitzero"` // when armed, by the space's clock
	Name    string    `json:"name,omitempty"`   // for people
	Paused  bool      `json:"paused,omitempty"` // it spoils nothing and counts nothing until it is resumed
	When    When      `json:"when,omitzero"`
	Then    Then      `json:"then,omitzero"`
	Often   Often     `json:"often,omitzero"`
}

// When says which calls a rule is for. Texts are globs: * stands for any run of characters, an empty text for anything.
type When struct {
	Bank   string `json:"bank,omitempty"`
	Op     string `json:"op,omitempty"`     // the operation of the route table: token, authorize, accounts
	Method string `json:"method,omitempty"` // in any case
	Path   string `json:"path,omitempty"`   // as the bank has it natively: /v1/accounts/*
	Client string `json:"client,omitempty"`
	User   string `json:"user,omitempty"`   // login, or bank/login
	Header string `json:"header,omitempty"` // "Name: value", or "Name" when any value will do
	Param  string `json:"param,omitempty"`  // of the query or the form: "grant_type=refresh_token", or "code"
	Answer int    `json:"answer,omitempty"` // only when the bank's real answer has this status
	Nth    int    `json:"nth,omitempty"`    // only the nth call that the rest holds for
}

// Where is the place in the life of a call at which a fault strikes.
type Where string

// The places. A rule that names none gets the one that makes sense: Response when it only changes an answer, otherwise Before.
const (
	Before   Where = "before"   // before the bank does anything; a rule that only delays lets it go on then
	After    Where = "after"    // the bank has done its work, which stays done; its answer is lost, replaced or late
	Response Where = "response" // the bank's real answer is changed
)

// LoginPage as Then.Redirect stands for the bank's own login page.
const LoginPage = "login"

// Then is what a rule does. Its parts combine where that makes sense; Arm refuses where not.
type Then struct {
	Where Where `json:"where,omitempty"`

	// The answer. Without a body, a status of 400 or more is said in the bank's own words.
	Status   int       `json:"status,omitempty"`
	Refuse   fail.Kind `json:"refuse,omitempty"`   // the bank's own refusal of this kind; its own status unless Status says another
	Body     *string   `json:"body,omitempty"`     // instead of any other; may be empty
	Redirect string    `json:"redirect,omitempty"` // to this path or URL by 302, or to LoginPage

	// Changes to an answer.
	Type       string    `json:"type,omitempty"` // Content-Type, true or not
	Headers    Headers   `json:"headers,omitempty"`
	Strip      []string  `json:"strip,omitempty"`      // headers to take away
	Mutate     Mutations `json:"mutate,omitempty"`     // of its JSON
	Cacheable  Duration  `json:"cacheable,omitempty"`  // Cache-Control: max-age, where a bank says no-store
	RetryAfter string    `json:"retryAfter,omitempty"` // "5s" in seconds, "date:5s" as an HTTP date, "none"; with 429 or 503

	// Time and the connection.
	Delay    Duration `json:"delay,omitempty"`
	Spread   Duration `json:"spread,omitempty"`   // the delay is this much longer or shorter, all values alike likely
	Truncate *int     `json:"truncate,omitempty"` // bytes of the body that arrive of the length that was announced
	Dribble  int      `json:"dribble,omitempty"`  // bytes of the body per second
	Drop     bool     `json:"drop,omitempty"`     // close without an answer
	Reset    bool     `json:"reset,omitempty"`    // the same by TCP reset
	Hang     bool     `json:"hang,omitempty"`     // say nothing until the client gives up, or MaxHang
}

// Often says how many of the calls a rule spoils.
type Often struct {
	Next    int       `json:"next,omitempty"`    // hits until it is spent; 0: one, or no limit where Every, Percent or Until is given
	After   int       `json:"after,omitempty"`   // this many calls pass first
	Every   int       `json:"every,omitempty"`   // every third call: 3
	Percent float64   `json:"percent,omitempty"` // of the calls, by chance
	Seed    uint64    `json:"seed,omitempty"`    // of chance; 0: Arm draws one
	Until   time.Time `json:"until,omitzero"`    // by the space's clock
}

// Duration is a length of time as people write it: "2s", "1h30m", "90d".
type Duration time.Duration

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) {
	return []byte(clock.FormatDuration(time.Duration(d))), nil
}

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := clock.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// Mutation is one change to the JSON of an answer.
type Mutation struct {
	Path  string          `json:"path"`            // dotted, with indexes: "expires_in", "accounts.0.balance"
	Do    string          `json:"do"`              // Set, Delete or Duplicate
	Value json.RawMessage `json:"value,omitempty"` // what to set, or what the second of two equal keys is to hold
}

// What a Mutation does.
const (
	Set       = "set"
	Delete    = "delete"
	Duplicate = "duplicate"
)

// Hit is one call that a rule spoils.
type Hit struct {
	Rule  *Rule
	N     int           // how many the rule has spoiled by now
	Delay time.Duration // with the spread dealt
}

// Answers tells whether the rule brings an answer of its own.
func (t *Then) Answers() bool {
	return t.Status != 0 || t.Refuse != "" || t.Body != nil || t.Redirect != ""
}

// Cuts tells whether the client gets no answer.
func (t *Then) Cuts() bool { return t.Drop || t.Reset || t.Hang }

// Alters names the first part that changes an answer, or is "".
func (t *Then) Alters() string {
	switch {
	case t.Type != "":
		return "type"
	case len(t.Headers) > 0:
		return "headers"
	case len(t.Strip) > 0:
		return "strip"
	case len(t.Mutate) > 0:
		return "mutate"
	case t.Cacheable != 0:
		return "cacheable"
	case t.RetryAfter != "":
		return "retryAfter"
	case t.Truncate != nil:
		return "truncate"
	case t.Dribble != 0:
		return "dribble"
	}
	return ""
}
