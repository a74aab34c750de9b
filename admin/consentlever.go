package admin

import (
	"encoding/json"
	"slices"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/ledger"
)

// ConsentOrder asks for a consent as if its user had allowed it. A recurring one supersedes the former, as at the bank.
type ConsentOrder struct {
	Bank      string            `json:"bank"`
	Client    string            `json:"client"`
	User      string            `json:"user"`                // login, or bank/login
	Accounts  []string          `json:"accounts,omitempty"`  // ids, IBANs or numbers; missing: all that are enabled
	Rights    []string          `json:"rights,omitempty"`    // balances, transactions; missing: both; []: the list of accounts alone
	Validity  *Duration         `json:"validity,omitempty"`  // from now; missing: the most that the policy allows
	Until     *time.Time        `json:"until,omitempty"`     // instead of validity: the first instant at which it is over
	Recurring *bool             `json:"recurring,omitempty"` // missing: true
	Frequency *int64            `json:"frequency,omitempty"` // calls a day without the user; missing: as the policy has it
	Asked     json.RawMessage   `json:"asked,omitempty"`     // the request in the bank's own words; missing: as NextGenPSD2 writes it, account by account
	Facts     map[string]string `json:"facts,omitempty"`     // what the bank alone remembers of a consent
}

// ConsentChange changes a consent; missing fields stay.
type ConsentChange struct {
	Until     *time.Time `json:"until,omitempty"`
	Accounts  []string   `json:"accounts,omitempty"`
	Rights    []string   `json:"rights,omitempty"` // on all its accounts
	Frequency *int64     `json:"frequency,omitempty"`
}

// CreateConsent pre-authorises a client.
func (d *Desk) CreateConsent(o ConsentOrder) (*ConsentView, error) {
	var out ConsentView
	err := d.Space.Change("consent.create", "allowed client "+o.Client+" the accounts of "+o.User, func() error {
		g, now := d.Space.Grants, d.Space.Clock.Now()
		c, rights, err := d.consent(o, now)
		if err != nil {
			return err
		}
		c.ID = d.Space.Dice.UUID()
		g.AddConsent(c)
		if _, err := g.AllowConsent(c.ID, c.Owner, rights, now); err != nil {
			return fail.New(fail.Conflict, "%s", fail.From(err).Why) // the policy leaves no time to answer
		}
		next, err := g.UpdateConsent(c.Bank, c.ID, func(v *grant.Consent) error {
			v.Answered = &grant.Event{At: now, By: "admin", Why: "allowed by a lever"}
			return nil
		})
		if err != nil {
			return err
		}
		out = d.counted(next, now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// consent checks an order against what there is at the bank.
func (d *Desk) consent(o ConsentOrder, now time.Time) (c grant.Consent, rights []grant.Right, err error) {
	if _, err = d.client(o.Bank, o.Client); err != nil {
		return c, nil, err
	}
	owner, err := d.user(o.Bank, o.User)
	if err != nil {
		return c, nil, err
	}
	c = grant.Consent{Bank: o.Bank, Client: o.Client, Owner: owner, Recurring: o.Recurring == nil || *o.Recurring, Created: now, LastAction: now,
		Stored: grant.Received, Asked: string(o.Asked), Facts: o.Facts}
	if c.Until, err = d.validity(o, now); err != nil {
		return c, nil, err
	}
	if c.Frequency, err = readFrequency(o.Frequency); err != nil {
		return c, nil, err
	}
	if o.Frequency == nil {
		usual, _ := d.Space.Grants.Policy.Value(grant.Frequency, o.Bank, o.Client, owner)
		c.Frequency = usual.Count
	}
	if rights, err = d.rights(owner, o.Accounts, o.Rights, nil); err != nil {
		return c, nil, err
	}
	if o.Asked == nil {
		c.Asked = d.asked(rights)
	}
	return c, rights, nil
}

func (d *Desk) validity(o ConsentOrder, now time.Time) (time.Time, error) {
	until := now.AddDate(0, 0, 90) // the usual of NextGenPSD2, where no policy says otherwise
	switch most, _ := d.Space.Grants.Policy.Value(grant.ConsentTTL, o.Bank, o.Client, ""); {
	case o.Until != nil && o.Validity != nil:
		return now, fail.Field("until", "give until or validity, not both")
	case o.Until != nil:
		return checkUntil(*o.Until, now)
	case o.Validity != nil && *o.Validity <= 0:
		return now, fail.Field("validity", "%s is over at once", o.Validity.String())
	case o.Validity != nil:
		until = now.Add(time.Duration(*o.Validity))
		return until, inTime("validity", until)
	case !most.Never:
		until = now.Add(most.Duration)
	}
	return until, nil
}

func checkUntil(until, now time.Time) (time.Time, error) {
	if !until.After(now) {
		return now, fail.Field("until", "%s has come; see expire", until.Format(time.RFC3339))
	}
	return until.UTC(), inTime("until", until)
}

func readFrequency(n *int64) (int64, error) {
	switch {
	case n == nil:
		return 0, nil
	case *n < 0 || *n > 1_000_000:
		return 0, fail.Field("frequency", "%d is not from 0 to 1000000", *n)
	}
	return *n, nil
}

// rights are those on the accounts that are named, by id, IBAN or number; on all enabled ones where none is, or on those of before. What
// is allowed there is what is named, or else as before, or else everything.
func (d *Desk) rights(owner string, accounts, names []string, before []grant.Right) ([]grant.Right, error) {
	for _, name := range names {
		if err := oneOf("rights", name, "balances", "transactions"); err != nil || name == "" {
			return nil, fail.Field("rights", "%q is none of balances, transactions", name)
		}
	}
	var out []grant.Right
	add := func(account string) {
		right := grant.Right{Account: account, Balances: true, Transactions: true}
		i := slices.IndexFunc(before, func(r grant.Right) bool { return r.Account == account })
		switch {
		case names != nil:
			right.Balances, right.Transactions = slices.Contains(names, "balances"), slices.Contains(names, "transactions")
		case i >= 0:
			right = before[i]
		}
		if !slices.Contains(out, right) {
			out = append(out, right)
		}
	}
	mine := d.Space.Ledger.AccountsOf(owner)
	for _, name := range accounts {
		i := slices.IndexFunc(mine, func(a *ledger.Account) bool {
			return name != "" && (a.ID == name || a.IBAN == name || a.Number == name)
		})
		if i < 0 {
			return nil, fail.Field("accounts", "%s has no account %q", owner, name)
		}
		add(mine[i].ID)
	}
	switch {
	case accounts != nil:
	case before != nil:
		for _, r := range before {
			add(r.Account)
		}
	default:
		for _, a := range mine {
			if a.Status == ledger.Enabled {
				add(a.ID)
			}
		}
	}
	if len(out) == 0 {
		return nil, fail.Field("accounts", "a consent is about one account at least")
	}
	return out, nil
}

// asked writes rights as a request would have named them (NextGenPSD2 §6.3.1.1, detailed consent).
func (d *Desk) asked(rights []grant.Right) string {
	type reference struct {
		IBAN     string `json:"iban,omitempty"`
		BBAN     string `json:"bban,omitempty"`
		Currency string `json:"currency,omitempty"`
	}
	var access struct {
		Accounts     []reference `json:"accounts"`
		Balances     []reference `json:"balances,omitempty"`
		Transactions []reference `json:"transactions,omitempty"`
	}
	for _, right := range rights {
		a := d.Space.Ledger.Account(right.Account)
		if a == nil {
			continue
		}
		r := reference{IBAN: a.IBAN, Currency: a.Currency}
		if a.IBAN == "" {
			r.BBAN = a.Number
		}
		access.Accounts = append(access.Accounts, r)
		if right.Balances {
			access.Balances = append(access.Balances, r)
		}
		if right.Transactions {
			access.Transactions = append(access.Transactions, r)
		}
	}
	text, err := json.Marshal(access)
	if err != nil {
		return "" // of strings alone: it does not happen
	}
	return string(text)
}

// onConsent changes one consent.
func (d *Desk) onConsent(verb, what, id string, change func(c *grant.Consent, now time.Time) error) (*ConsentView, error) {
	var out ConsentView
	err := d.Space.Change("consent."+verb, what+" consent "+id, func() error {
		now := d.Space.Clock.Now()
		c, err := d.findConsent(id)
		if err != nil {
			return err
		}
		if err := change(c, now); err != nil {
			return err
		}
		out = d.counted(d.Space.Grants.Consent(c.Bank, id), now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// RevokeConsent ends a consent as its user does.
func (d *Desk) RevokeConsent(id string, o Reason) (*ConsentView, error) {
	return d.endConsent("revoke", id, grant.RevokedByPSU, "user", o)
}

// TerminateConsent ends a consent as its client does.
func (d *Desk) TerminateConsent(id string, o Reason) (*ConsentView, error) {
	return d.endConsent("terminate", id, grant.Terminated, "client", o)
}

func (d *Desk) endConsent(verb, id string, to grant.Status, by string, o Reason) (*ConsentView, error) {
	why, err := o.or("ended by a lever as the " + by)
	if err != nil {
		return nil, err
	}
	return d.onConsent(verb, "ended", id, func(c *grant.Consent, now time.Time) error {
		if !d.Space.Grants.EndConsent(id, to, by, why, now) {
			return d.over(c, now)
		}
		return nil
	})
}

func (d *Desk) over(c *grant.Consent, now time.Time) error {
	return fail.New(fail.Conflict, "consent %s is %s", c.ID, d.Space.Grants.ConsentStatus(c, now))
}

// ExpireConsent moves the end of a valid consent. Moving the clock back, or a later until, revives it.
func (d *Desk) ExpireConsent(id string, o EndOrder) (*ConsentView, error) {
	return d.onConsent("expire", "expired", id, func(c *grant.Consent, now time.Time) error {
		at, err := o.when(now)
		if err != nil {
			return err
		}
		if s := d.Space.Grants.ConsentStatus(c, now); s != grant.Valid {
			return d.over(c, now)
		}
		_, err = d.Space.Grants.UpdateConsent(c.Bank, id, func(v *grant.Consent) error { v.Until = at; return nil })
		return err
	})
}

// ChangeConsent changes what a consent is about, and how long. Nobody may change one that somebody has ended.
func (d *Desk) ChangeConsent(id string, o ConsentChange) (*ConsentView, error) {
	return d.onConsent("change", "changed", id, func(c *grant.Consent, now time.Time) error {
		if s := d.Space.Grants.ConsentStatus(c, now); c.Stored != grant.Valid && s != grant.Received {
			return d.over(c, now)
		}
		next := *c
		var err error
		if o.Until != nil {
			if next.Until, err = checkUntil(*o.Until, now); err != nil {
				return err
			}
		}
		if o.Frequency != nil {
			if next.Frequency, err = readFrequency(o.Frequency); err != nil {
				return err
			}
		}
		if o.Accounts != nil || o.Rights != nil {
			if c.Stored != grant.Valid {
				return fail.New(fail.Conflict, "nobody has allowed consent %s yet; its user will choose", id)
			}
			if next.Rights, err = d.rights(c.Owner, o.Accounts, o.Rights, c.Rights); err != nil {
				return err
			}
			if c.Asked == d.asked(c.Rights) {
				next.Asked = d.asked(next.Rights) // ours: no request of a client
			}
		}
		_, err = d.Space.Grants.UpdateConsent(c.Bank, id, func(v *grant.Consent) error { *v = next; return nil })
		return err
	})
}

// ResetConsentCounter gives a consent all of today's calls back; a consent for one access its one access.
func (d *Desk) ResetConsentCounter(id string) (*ConsentView, error) {
	return d.onConsent("reset-counter", "reset the counter of", id, func(c *grant.Consent, _ time.Time) error {
		d.Space.Grants.Uncount(countKey(c))
		return nil
	})
}
