package admin

import (
	"slices"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/ledger"
)

// AccountChange changes an account; missing fields stay.
type AccountChange struct {
	Name  *string `json:"name,omitempty"`
	Limit *Money  `json:"limit,omitempty"` // overdraft or credit
}

// MovementOrder moves money. The balance is the sum of the entries, so it moves along.
type MovementOrder struct {
	Amount   *Money     `json:"amount,omitempty"`  // negative leaves the account
	Balance  *Money     `json:"balance,omitempty"` // instead of amount: what is to be booked on the account afterwards
	Text     string     `json:"text,omitempty"`
	Party    string     `json:"party,omitempty"`    // the other side's name
	PartyRef string     `json:"partyRef,omitempty"` // and its IBAN or account number
	Type     string     `json:"type,omitempty"`     // card, transfer, salary, standing, fee, interest, cash; missing: transfer
	Category string     `json:"category,omitempty"`
	State    string     `json:"state,omitempty"` // booked (missing), pending
	Books    *Duration  `json:"books,omitempty"` // of a pending one: when it books itself, from now; missing: 2d
	At       *time.Time `json:"at,omitempty"`    // of a booked one: when it was booked; missing: now
}

// MovementAdded is a movement with the account after it.
type MovementAdded struct {
	Entry   MovementView `json:"entry"`
	Account AccountView  `json:"account"`
}

// onAccount changes one account.
func (d *Desk) onAccount(verb, what, id string, change func(a *ledger.Account, now time.Time) error) (*AccountView, error) {
	var out AccountView
	err := d.Space.Change("account."+verb, what+" account "+brief(id), func() error {
		a, err := d.account(id)
		if err != nil {
			return err
		}
		now := d.Space.Clock.Now()
		if err := change(a, now); err != nil {
			return err
		}
		out = d.accountView(d.Space.Ledger.Account(id), now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// EditAccount changes an account's name or limit.
func (d *Desk) EditAccount(id string, o AccountChange) (*AccountView, error) {
	if o.Name != nil {
		if err := readable("name", *o.Name, 70); err != nil {
			return nil, err
		}
		if strings.TrimSpace(*o.Name) == "" {
			return nil, fail.Field("name", "an account needs a name")
		}
	}
	if o.Limit != nil && *o.Limit < 0 {
		return nil, fail.Field("limit", "the limit %s is negative", o.Limit)
	}
	return d.onAccount("edit", "edited", id, func(*ledger.Account, time.Time) error {
		_, err := d.Space.Ledger.UpdateAccount(id, func(a *ledger.Account) {
			if o.Name != nil {
				a.Name = strings.TrimSpace(*o.Name)
			}
			if o.Limit != nil {
				a.Limit = int64(*o.Limit)
			}
		})
		return err
	})
}

// BlockAccount, UnblockAccount, CloseAccount and ReopenAccount move an account between its states; Conflict where it is in another one.
func (d *Desk) BlockAccount(id string) (*AccountView, error) {
	return d.setStatus(id, "block", []ledger.Status{ledger.Enabled}, ledger.Blocked)
}

// UnblockAccount takes a block back.
func (d *Desk) UnblockAccount(id string) (*AccountView, error) {
	return d.setStatus(id, "unblock", []ledger.Status{ledger.Blocked}, ledger.Enabled)
}

// CloseAccount closes an account; its money stays on it.
func (d *Desk) CloseAccount(id string) (*AccountView, error) {
	return d.setStatus(id, "close", []ledger.Status{ledger.Enabled, ledger.Blocked}, ledger.Closed)
}

// ReopenAccount opens a closed account.
func (d *Desk) ReopenAccount(id string) (*AccountView, error) {
	return d.setStatus(id, "reopen", []ledger.Status{ledger.Closed}, ledger.Enabled)
}

func (d *Desk) setStatus(id, verb string, from []ledger.Status, to ledger.Status) (*AccountView, error) {
	return d.onAccount(verb, "set to "+string(to), id, func(a *ledger.Account, _ time.Time) error {
		if !slices.Contains(from, a.Status) {
			return fail.New(fail.Conflict, "account %s is %s", a.ID, a.Status)
		}
		_, err := d.Space.Ledger.UpdateAccount(id, func(v *ledger.Account) { v.Status = to })
		return err
	})
}

// RemoveAccount takes an account away with all entries.
func (d *Desk) RemoveAccount(id string) error {
	return d.Space.Change("account.remove", "removed account "+brief(id), func() error {
		if _, err := d.account(id); err != nil {
			return err
		}
		d.Space.Ledger.CloseAccount(id)
		return nil
	})
}

// AddMovement moves money on an account, whatever its limit says.
func (d *Desk) AddMovement(id string, o MovementOrder) (*MovementAdded, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return d.onMovement("entry", "moved money on", id, func(a *ledger.Account, now time.Time) (*ledger.Entry, error) {
		if a.Status == ledger.Closed {
			return nil, fail.New(fail.Conflict, "account %s is closed", a.ID)
		}
		e, err := o.entry(now)
		if err != nil {
			return nil, err
		}
		before := d.Space.Ledger.Balance(id, now).Booked
		if o.Balance != nil {
			if e.Amount = int64(*o.Balance) - before; e.Amount == 0 {
				return nil, fail.New(fail.Conflict, "the balance of account %s is %s already", a.ID, o.Balance)
			}
		}
		if sum := before + e.Amount; sum > mostMoney || sum < -mostMoney {
			return nil, fail.Field("amount", "the balance would be %s; %s is the most", Money(sum), Money(mostMoney))
		}
		e.ID, e.Account = "lever-"+d.Space.Dice.Text(dice.Lower, 10), id
		return e, d.Space.Ledger.Post(*e)
	})
}

func (o *MovementOrder) check() error {
	switch {
	case (o.Amount == nil) == (o.Balance == nil):
		return fail.Field("amount", "exactly one of amount, balance is needed")
	case o.Amount != nil && *o.Amount == 0:
		return fail.Field("amount", "a movement of nothing is none")
	case o.State == "pending" && o.Balance != nil:
		return fail.Field("balance", "what is pending does not change what is booked")
	case o.State == "pending" && o.At != nil:
		return fail.Field("at", "at goes with booked; see books")
	case o.State != "pending" && o.Books != nil:
		return fail.Field("books", "books goes with pending")
	case o.Books != nil && *o.Books <= 0:
		return fail.Field("books", "%s does not lie ahead", o.Books)
	}
	if err := oneOf("state", o.State, "booked", "pending"); err != nil {
		return err
	}
	if err := oneOf("type", o.Type, "card", "transfer", "salary", "standing", "fee", "interest", "cash"); err != nil {
		return err
	}
	for _, one := range []struct {
		field, text string
		most        int
	}{{"text", o.Text, 140}, {"party", o.Party, 70}, {"partyRef", o.PartyRef, 34}, {"category", o.Category, 30}} {
		if err := readable(one.field, one.text, one.most); err != nil {
			return err
		}
	}
	return nil
}

// entry is the movement, without its place in the books.
func (o *MovementOrder) entry(now time.Time) (*ledger.Entry, error) {
	e := &ledger.Entry{Entered: now, At: now, Type: "transfer", Party: o.Party, PartyRef: o.PartyRef, Text: o.Text, Category: o.Category}
	if o.Amount != nil {
		e.Amount = int64(*o.Amount)
	}
	if o.Type != "" {
		e.Type = o.Type
	}
	switch {
	case o.State == "pending":
		after := 2 * clock.Day
		if o.Books != nil {
			after = time.Duration(*o.Books)
		}
		e.At = now.Add(after)
		if err := inTime("books", e.At); err != nil {
			return nil, err
		}
	case o.At != nil && o.At.After(now):
		return nil, fail.Field("at", "%s has not come; see pending", o.At.Format(time.RFC3339))
	case o.At != nil:
		e.At = o.At.UTC()
		e.Entered = e.At
		if err := inTime("at", e.At); err != nil {
			return nil, err
		}
	}
	e.Value = e.At
	return e, nil
}

// BookMovement books a pending movement before its time.
func (d *Desk) BookMovement(account, id string) (*MovementAdded, error) {
	return d.onMovement("book", "booked a movement on", account, func(_ *ledger.Account, now time.Time) (*ledger.Entry, error) {
		return d.Space.Ledger.Book(account, id, now)
	})
}

func (d *Desk) onMovement(verb, what, account string, change func(*ledger.Account, time.Time) (*ledger.Entry, error)) (*MovementAdded, error) {
	var out MovementAdded
	view, err := d.onAccount(verb, what, account, func(a *ledger.Account, now time.Time) error {
		e, err := change(a, now)
		if err == nil {
			out.Entry = movementView(e, now)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out.Account = *view
	return &out, nil
}
