package grant

import (
	"fmt"
	"time"

	"sandbank/server/fail"
)

// Terms are what one login asked for its own grant (dave~ttl5s.slow2s): the narrowest level of the cascade, and what no knob says. They
// are made at the login and not written to afterwards. A nil *Terms asks for nothing.
type Terms struct {
	Login     string            `json:"login"`               // who logged in and how, as sources name it: "dave~ttl5s"
	Set       map[string]string `json:"set,omitempty"`       // the knobs that it turns, as ParseValue reads them
	NoRefresh bool              `json:"noRefresh,omitempty"` // no refresh token is issued
	NoCode    bool              `json:"noCode,omitempty"`    // every one-time code is refused
	Slow      time.Duration     `json:"slow,omitempty"`      // real time by which the grant's calls take longer
	Revoke    time.Duration     `json:"revoke,omitempty"`    // after which the grant is over as if its user had taken it back; 0: it is not
	Empty     bool              `json:"empty,omitempty"`     // the grant is shown no accounts
	Entries   int               `json:"entries,omitempty"`   // booked entries that each account shows at least; 0: those that it has

	settings Settings
	source   string
}

// Grant tells whether a login can turn the knob for its own grant. The others are asked of a client, of a person, or before anybody has
// logged in.
func (s Spec) Grant() bool {
	return s.Knob == ConsentTTL || s.User && s.Knob != Attempts && s.Knob != SessionTTL
}

// NewTerms are those of a login that asks for nothing yet.
func NewTerms(login string) *Terms { return &Terms{Login: login, source: "login " + login} }

// Turn turns a knob, while the terms are being made; a second time is InvalidField.
func (t *Terms) Turn(k Knob, v Value) error {
	if t.turns(k) {
		return fail.Field(string(k), "%s is turned twice", k)
	}
	spec, ok := SpecOf(k)
	if !ok {
		return fail.Field(string(k), "there is no knob %q", k)
	}
	if t.settings == nil {
		t.settings, t.Set = Settings{}, map[string]string{}
	}
	t.settings[k], t.Set[string(k)] = v, spec.Format(v)
	return nil
}

func (t *Terms) turns(k Knob) bool {
	if t == nil {
		return false
	}
	_, ok := t.settings[k]
	return ok
}

// Value is what the terms turn a knob to, with their name; false when they leave it alone.
func (t *Terms) Value(k Knob) (v Value, source string, ok bool) {
	if t == nil {
		return v, "", false
	}
	v, ok = t.settings[k]
	return v, t.source, ok
}

// read makes terms that came from a file usable, and refuses those that no login can have asked for.
func (t *Terms) read() *fail.Error {
	if t == nil {
		return nil
	}
	next := NewTerms(t.Login)
	for name, text := range t.Set {
		v, err := ParseValue(Knob(name), text)
		if err != nil {
			return fail.Field("terms.set."+name, "%v", err)
		}
		if err := next.Turn(Knob(name), v); err != nil {
			return fail.From(err)
		}
	}
	if t.Login == "" || t.Slow < 0 || t.Revoke < 0 || t.Entries < 0 {
		return fail.Field("terms", "the login is empty, or a figure is negative")
	}
	t.settings, t.source = next.settings, next.source
	return nil
}

// Value is the effective setting of a knob for one grant, and where it comes from: its login ("login dave~ttl5s"), or else what Policy
// says.
func (g *Grants) Value(k Knob, of *Grant) (Value, string) {
	if of.Terms != nil {
		if v, source, ok := of.Terms.Value(k); ok {
			return v, source
		}
	}
	return g.Policy.Value(k, of.Bank, of.Client, of.Owner)
}

// turned tells whether the grant's login or any level turns one of the knobs that every bank has; see Policy.turned.
func (g *Grants) turned(k Knob, of *Grant) bool { return of.Terms.turns(k) || g.Policy.turned(k) }

// ofToken is Value where only the token is at hand. As long as no login ever had terms, the grant need not be looked for.
func (g *Grants) ofToken(k Knob, t *Token) (Value, string) {
	if g.termed.Load() {
		if of := g.grants.Get(t.Grant); of != nil {
			return g.Value(k, of)
		}
	}
	return g.Policy.Value(k, t.Bank, t.Client, t.Owner)
}

// Ending is what had ended the grant by now: a revocation, or the instant from which its login wanted it to be over; nil while it stands.
func (v *Grant) Ending(now time.Time) *Event { return ending(v.Revoked, v.Over, v.Terms.login(), now) }

// Ending is the same for a consent.
func (c *Consent) Ending(now time.Time) *Event { return ending(c.Ended, c.Over, c.Login, now) }

func (t *Terms) login() string {
	if t == nil {
		return ""
	}
	return t.Login
}

// ending is the earlier of an event and of an end by itself, which is one once its instant has come.
func ending(e *Event, over time.Time, login string, now time.Time) *Event {
	if over.IsZero() || now.Before(over) || e != nil && !over.Before(e.At) {
		return e
	}
	return &Event{At: over, By: "user", Why: fmt.Sprintf("taken back, as login %s has it", login)}
}

// BindConsent lets a consent end as the login that has allowed it wants it to: not later than its own validity says, and taken back when
// the grant is.
func (g *Grants) BindConsent(bank, id string, t *Terms, now time.Time) (*Consent, error) {
	return g.UpdateConsent(bank, id, func(c *Consent) error {
		c.Login = t.Login
		if life, _, ok := t.Value(ConsentTTL); ok && !life.Never && now.Add(life.Duration).Before(c.Until) {
			c.Until = now.Add(life.Duration)
		}
		if t.Revoke > 0 {
			c.Over = now.Add(t.Revoke)
		}
		return nil
	})
}

// ending visits the grants that end by themselves, unless something else ends them earlier.
func (g *Grants) ending(visit func(*Grant)) {
	if !g.termed.Load() {
		return
	}
	g.grants.Range(func(_ string, v *Grant) bool {
		if !v.Over.IsZero() && v.Ending(v.Over) != v.Revoked {
			visit(v)
		}
		return true
	})
}

// over is when the grant of a token ends by itself; zero: it does not.
func (g *Grants) over(t *Token) time.Time {
	if g.termed.Load() {
		if of := g.grants.Get(t.Grant); of != nil {
			return of.Over
		}
	}
	return time.Time{}
}

// end is when a valid consent is over, if nobody ends it before.
func (c *Consent) end() time.Time {
	if !c.Over.IsZero() && c.Over.Before(c.Until) {
		return c.Over
	}
	return c.Until
}
