package admin

import (
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// ExtendOrder lengthens a life; exactly one field is set.
type ExtendOrder struct {
	By *Duration  `json:"by,omitempty"` // from the token's end, or from now when that has come
	To *time.Time `json:"to,omitempty"`
}

// ScopeOrder sets a scope.
type ScopeOrder struct {
	Scope *string `json:"scope"` // separated by blanks; "" takes all away
}

// onToken changes one token that is not over for another reason than time: of one that was revoked or spent nothing would show.
func (d *Desk) onToken(verb, what, id string, change func(t *grant.Token, now time.Time) (*grant.Token, error)) (*TokenView, error) {
	var out TokenView
	err := d.Space.Change("token."+verb, what, func() error {
		now := d.Space.Clock.Now()
		t, err := d.findToken(id)
		if err != nil {
			return err
		}
		if s := d.Space.Grants.State(t, now); s.Name == grant.StateRevoked || s.Name == grant.StateSpent {
			return fail.New(fail.Conflict, "%s was %s: %s", t.ID, s.Name, s.Why)
		}
		if t, err = change(t, now); err != nil {
			return err
		}
		out = d.tokenView(t, now, false)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// shortened keeps a value, where one was given for an id, out of the list of activities.
func shortened(id string) string {
	if len(id) > 20 {
		return masked(id)
	}
	return id
}

// ExpireToken moves the end of one token forwards, or into the past. Moving the clock back, or extending, revives it.
func (d *Desk) ExpireToken(id string, o EndOrder) (*TokenView, error) {
	what := o.told(shortened(id))
	return d.onToken("expire", what, id, func(t *grant.Token, now time.Time) (*grant.Token, error) {
		at, err := o.when(now)
		if err != nil {
			return nil, err
		}
		return d.Space.Grants.EndAt(t.ID, at)
	})
}

// told says what the order does to something.
func (o EndOrder) told(to string) string {
	if o.In != nil && *o.In > 0 {
		return "let " + to + " expire in " + o.In.Spoken()
	}
	return "expired " + to
}

// ExtendToken puts the end of one token off; one that has expired lives again.
func (d *Desk) ExtendToken(id string, o ExtendOrder) (*TokenView, error) {
	what := "extended " + shortened(id)
	if o.By != nil {
		what += " by " + o.By.Spoken()
	}
	return d.onToken("extend", what, id, func(t *grant.Token, now time.Time) (*grant.Token, error) {
		to, err := o.end(t, now)
		if err != nil {
			return nil, err
		}
		return d.Space.Grants.EndAt(t.ID, to)
	})
}

func (o ExtendOrder) end(t *grant.Token, now time.Time) (to time.Time, err error) {
	switch {
	case (o.By == nil) == (o.To == nil):
		return now, fail.Field("", "exactly one of by, to is needed")
	case o.By != nil && *o.By <= 0:
		return now, fail.Field("by", "%s does not lengthen a life; see expire", o.By.String())
	case t.Expires.IsZero():
		return now, fail.New(fail.Conflict, "%s never expires", t.ID)
	case o.To != nil && (!o.To.After(t.Expires) || !o.To.After(now)):
		return now, fail.Field("to", "%s is not after the token's end %s and now; see expire", o.To.Format(time.RFC3339), t.Expires.Format(time.RFC3339))
	case o.To != nil:
		return o.To.UTC(), inTime("to", *o.To)
	}
	to = t.Expires
	if to.Before(now) {
		to = now
	}
	to = to.Add(time.Duration(*o.By))
	return to, inTime("by", to)
}

// RevokeToken ends one token for good.
func (d *Desk) RevokeToken(id string, o Reason) (*TokenView, error) {
	return d.onToken("revoke", "revoked "+shortened(id), id, func(t *grant.Token, now time.Time) (*grant.Token, error) {
		why, err := o.or("revoked by a lever")
		if err != nil {
			return nil, err
		}
		d.Space.Grants.RevokeToken(t.Value, "admin", why, now)
		return d.findToken(t.ID)
	})
}

// ScopeToken sets the scope of one token. A refresh token or code passes it on to what it brings.
func (d *Desk) ScopeToken(id string, o ScopeOrder) (*TokenView, error) {
	return d.onToken("scope", "set the scope of "+shortened(id), id, func(t *grant.Token, _ time.Time) (*grant.Token, error) {
		if o.Scope == nil {
			return nil, fail.Field("scope", "say which scope; \"\" takes all away")
		}
		scope, err := readScope(*o.Scope)
		if err != nil {
			return nil, err
		}
		return d.Space.Grants.Rescope(t.ID, scope)
	})
}
