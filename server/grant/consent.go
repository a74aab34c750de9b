package grant

import (
	"fmt"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/store"
)

// Status of a consent, by the names of NextGenPSD2 §14.15.
type Status string

// The states. A consent goes received → valid or rejected, and from valid to one of the ends.
const (
	Received     Status = "received"
	Valid        Status = "valid"
	Rejected     Status = "rejected"
	RevokedByPSU Status = "revokedByPsu"
	Expired      Status = "expired"
	Terminated   Status = "terminatedByTpp"
)

// Consent is a person's permission to read accounts (NextGenPSD2 §6.3), which outlives the tokens that use it.
type Consent struct {
	ID         string            `json:"id"`
	Number     int64             `json:"number"` // order of creation in the space, whatever its clock showed
	Bank       string            `json:"bank"`
	Client     string            `json:"client"`
	Owner      string            `json:"owner,omitempty"`  // empty until somebody logged in
	Asked      string            `json:"asked"`            // the request as the bank keeps it, in the bank's own words
	Rights     []Right           `json:"rights,omitempty"` // what the person allowed
	Recurring  bool              `json:"recurring"`
	Until      time.Time         `json:"until"` // the first instant at which it is over
	Frequency  int64             `json:"frequency"`
	Created    time.Time         `json:"created"`
	LastAction time.Time         `json:"lastAction"`
	Answered   *Event            `json:"answered,omitempty"` // allowed or denied
	Ended      *Event            `json:"ended,omitempty"`
	Stored     Status            `json:"status"` // see Status for what counts at an instant
	Used       bool              `json:"used,omitempty"`
	Facts      map[string]string `json:"facts,omitempty"`
	Over       time.Time         `json:"over,omitzero"`   // from then on it counts as taken back by its user, as the login asked
	Login      string            `json:"login,omitempty"` // of the person who allowed it, if that had terms: "dave~consent30s"
}

// Right is what a consent allows on one account.
type Right struct {
	Account      string `json:"account"` // ledger.Account.ID
	Balances     bool   `json:"balances,omitempty"`
	Transactions bool   `json:"transactions,omitempty"`
}

// Right finds what the consent allows on an account, or nil.
func (c *Consent) Right(account string) *Right {
	for i := range c.Rights {
		if c.Rights[i].Account == account {
			return &c.Rights[i]
		}
	}
	return nil
}

// ConsentStatus is the state at now: time ends a consent without anybody's doing.
func (g *Grants) ConsentStatus(c *Consent, now time.Time) Status {
	switch {
	case c.Stored == Valid && !c.Over.IsZero() && !now.Before(c.Over) && c.Over.Before(c.Until):
		return RevokedByPSU
	case c.Stored == Valid && !now.Before(c.Until):
		return Expired
	case c.Stored == Received && !now.Before(c.Until):
		return Rejected
	case c.Stored == Received:
		if life, _ := g.Policy.Value(UnconfirmedTTL, c.Bank, c.Client, ""); !life.Never && !now.Before(c.Created.Add(life.Duration)) {
			return Rejected
		}
	}
	return c.Stored
}

// Settle fills in what a bank alone remembers of a consent (Facts), where whoever made the consent left that out: a lever knows no bank.
type Settle func(c *Consent, d *dice.Dice)

// AddConsent keeps a new consent.
func (g *Grants) AddConsent(c Consent) *Consent {
	if settle := g.settle[c.Bank]; settle != nil {
		settle(&c, g.dice)
	}
	c.Number = g.asked.next()
	g.consents.Put(c.ID, &c)
	if g.consents.Len() > g.limit/10 && g.sweeping.TryLock() {
		g.sweepConsents(c.Created, g.limit/10-g.limit/100)
		g.sweeping.Unlock()
	}
	return &c
}

// Consent returns a consent of a bank, or nil.
func (g *Grants) Consent(bank, id string) *Consent {
	c := g.consents.Get(id)
	if c == nil || c.Bank != bank {
		return nil
	}
	return c
}

// Consents are those that keep says yes to, by id.
func (g *Grants) Consents(keep func(*Consent) bool) []*Consent { return g.consents.All(keep) }

// UpdateConsent changes one consent, unless change refuses; id and bank stay. change may run more than once, and replaces slices and
// maps instead of writing to them.
func (g *Grants) UpdateConsent(bank, id string, change func(*Consent) error) (*Consent, error) {
	next, err := g.consents.Update(id, func(c Consent) (Consent, error) {
		if c.Bank != bank {
			return c, store.ErrMissing
		}
		err := change(&c)
		c.ID, c.Bank = id, bank
		return c, err
	})
	if err == store.ErrMissing {
		return nil, fail.New(fail.ConsentUnknown, "no consent %q at %s", id, bank)
	}
	return next, err
}

// AllowConsent makes a received consent valid for this person and these rights. A recurring one ends the former recurring consents of
// the same person and client (NextGenPSD2 §6.3.1).
func (g *Grants) AllowConsent(id, owner string, rights []Right, now time.Time) (*Consent, error) {
	next, err := g.consents.Update(id, func(c Consent) (Consent, error) {
		if s := g.ConsentStatus(&c, now); s != Received {
			return c, fail.New(fail.ConsentInvalid, "consent %s is %s", id, s)
		}
		if c.Owner != "" && c.Owner != owner {
			return c, fail.New(fail.ConsentInvalid, "consent %s is for %s, not for %s", id, c.Owner, owner)
		}
		c.Owner, c.Rights, c.Stored, c.LastAction = owner, rights, Valid, now
		c.Answered = &Event{At: now, By: "user", Why: "allowed"}
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	if next.Recurring {
		for _, old := range g.Consents(func(c *Consent) bool {
			return c.ID != id && c.Bank == next.Bank && c.Client == next.Client && c.Owner == owner && c.Recurring && c.Stored == Valid
		}) {
			g.EndConsent(old.ID, Expired, "bank", "superseded by consent "+id, now)
		}
	}
	return next, nil
}

// EndConsent moves a consent that is received or valid to an end state; false when it had ended before. The grants that live by it are
// refused from then on, as ConsentInvalid or ConsentExpired, because their calls ask CheckConsent.
func (g *Grants) EndConsent(id string, to Status, by, why string, now time.Time) bool {
	first := false
	g.consents.Update(id, func(c Consent) (Consent, error) {
		s := g.ConsentStatus(&c, now)
		if first = s == Received || s == Valid; first {
			c.Stored, c.LastAction = to, now
			c.Ended = &Event{At: now, By: by, Why: why}
		}
		return c, nil
	})
	return first
}

// CheckConsent decides whether a consent opens anything for this client and person at now.
func (g *Grants) CheckConsent(bank, id, client, owner string, now time.Time, t *fail.Trail) (*Consent, error) {
	c := g.Consent(bank, id)
	if c == nil || c.Client != client {
		return nil, t.No("consent known", fail.New(fail.ConsentUnknown, "client %s has no consent %q", client, id))
	}
	if owner != "" && c.Owner != "" && c.Owner != owner {
		return nil, t.No("consent's user", fail.New(fail.ConsentInvalid, "consent %s is %s's, the token is %s's", id, c.Owner, owner))
	}
	switch s := g.ConsentStatus(c, now); s {
	case Valid:
		t.Pass("consent valid", fmt.Sprintf("%s, %s left", id, short(c.Until.Sub(now))))
		return c, nil
	case Expired:
		why := fmt.Sprintf("consent %s ended %s ago", id, short(now.Sub(c.Until)))
		if c.Ended != nil {
			why = fmt.Sprintf("consent %s ended %s ago: %s", id, short(now.Sub(c.Ended.At)), c.Ended.Why)
		}
		return nil, t.No("consent valid", fail.New(fail.ConsentExpired, "%s", why))
	default:
		return nil, t.No("consent valid", fail.New(fail.ConsentInvalid, "consent %s is %s", id, s))
	}
}

// calls counts within one window.
type calls struct {
	from time.Time
	n    int64
}

// Count adds one call under the key within the window that began at from, unless that would pass the limit: then it is TooMany. Zero
// means no limit. Windows are told apart by their beginning, so a clock that is moved opens a new one.
func (g *Grants) Count(key string, from time.Time, limit int64) (int64, error) {
	if limit <= 0 {
		return 0, nil
	}
	for {
		g.calls.Add(key, &calls{from: from})
		next, err := g.calls.Update(key, func(c calls) (calls, error) {
			if !c.from.Equal(from) {
				c = calls{from: from}
			}
			if c.n >= limit {
				return c, fail.New(fail.TooMany, "%d calls since %s were used up", limit, from.Format(time.RFC3339))
			}
			c.n++
			return c, nil
		})
		switch {
		case err == nil:
			return next.n, nil
		case fail.Is(err, fail.TooMany):
			return limit, err
		}
	}
}

// Counted is how many calls were counted under the key in the window that began at from.
func (g *Grants) Counted(key string, from time.Time) int64 {
	if c := g.calls.Get(key); c != nil && c.from.Equal(from) {
		return c.n
	}
	return 0
}

// Day is the beginning of the day that now falls on, in the bank's own time zone.
func Day(now time.Time, zone *time.Location) time.Time {
	l := now.In(zone)
	return time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, zone)
}

// Validity is how long a consent lasts that is asked for until an inclusive date: to the end of that day in the bank's time zone, and
// no longer than the policy allows from now.
func (g *Grants) Validity(bank, client string, asked time.Time, zone *time.Location, now time.Time) time.Time {
	end := Day(asked, zone).AddDate(0, 0, 1)
	if most, _ := g.Policy.Value(ConsentTTL, bank, client, ""); !most.Never {
		latest := now.Add(most.Duration)
		if most.Duration >= clock.Day {
			latest = Day(latest, zone).AddDate(0, 0, 1)
		}
		if latest.Before(end) {
			end = latest
		}
	}
	return end.UTC()
}
