package grant

import (
	"fmt"
	"time"
)

// The states of a token, and of a grant (which is never spent).
const (
	StateLive    = "live"
	StateSpent   = "spent"   // a code that was exchanged, a refresh token that was rotated away
	StateExpired = "expired" // by time alone: a clock that is moved back revives it
	StateRevoked = "revoked"
)

// State is how a token or a grant stands at one instant.
type State struct {
	Name  string    `json:"state"`
	Since time.Time `json:"since,omitzero"` // zero while it is live
	By    string    `json:"by,omitempty"`   // user, client, reuse, bank, admin, exchange; of what expired: whose rule it was
	Why   string    `json:"why,omitempty"`
}

func ended(name string, e *Event) State { return State{name, e.At, e.By, e.Why} }

// State tells how a token stands at now, in the order in which the banks ask: revoked (itself, or with its grant), spent, expired.
func (g *Grants) State(t *Token, now time.Time) State {
	if e := revocation(t, g.grants.Get(t.Grant), now); e != nil {
		return ended(StateRevoked, e)
	}
	switch {
	case t.Spent != nil:
		return ended(StateSpent, t.Spent)
	case g.Expired(t, now):
		return State{StateExpired, g.dead(t), t.Policy, t.expiry(now)}
	}
	return State{Name: StateLive}
}

// Stands tells whether State has this name. Where it has another this is cheaper than asking for it, which counts for lists.
func (g *Grants) Stands(t *Token, name string, now time.Time) bool {
	switch expired := g.Expired(t, now); {
	case name == StateLive && (t.Spent != nil || expired), name == StateSpent && t.Spent == nil, name == StateExpired && !expired:
		return false
	}
	return g.State(t, now).Name == name
}

// GrantState tells how a grant stands at now: it is live while its consent, if it has one, is valid and any of its tokens is live.
func (g *Grants) GrantState(of *Grant, now time.Time) State {
	if e := of.Ending(now); e != nil {
		return ended(StateRevoked, e)
	}
	if s := g.consentState(of, now); s.Name != StateLive {
		return s
	}
	last := State{Name: StateExpired, Why: "none of its tokens is left"}
	for _, t := range g.issued.family(of.ID) {
		switch s := g.State(t, now); {
		case s.Name == StateLive:
			return s
		case s.Name != StateSpent && !s.Since.Before(last.Since):
			last = s
		}
	}
	return last
}

// consentState is live for a grant without a consent.
func (g *Grants) consentState(of *Grant, now time.Time) State {
	if of.Consent == "" {
		return State{Name: StateLive}
	}
	c := g.Consent(of.Bank, of.Consent)
	if c == nil {
		return State{StateRevoked, of.Created, "bank", "its consent " + of.Consent + " is gone"}
	}
	status := g.ConsentStatus(c, now)
	out := State{StateRevoked, c.LastAction, "bank", fmt.Sprintf("its consent %s is %s", c.ID, status)}
	switch {
	case status == Valid:
		return State{Name: StateLive}
	case status == Expired:
		out.Name, out.Since = StateExpired, c.Until
	}
	if e := c.Ending(now); e != nil {
		out.Since, out.By, out.Why = e.At, e.By, out.Why+": "+e.Why
	}
	return out
}
