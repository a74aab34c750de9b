package admin

import (
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/ledger"
)

// AccountView is an account as it stands now.
type AccountView struct {
	ID        string        `json:"id"`
	Bank      string        `json:"bank"`
	User      string        `json:"user"`
	Name      string        `json:"name"`
	Product   string        `json:"product,omitempty"`
	Kind      ledger.Kind   `json:"kind"`   // current, savings, card, loan
	Status    ledger.Status `json:"status"` // enabled, blocked, closed
	Number    string        `json:"number"`
	IBAN      string        `json:"iban,omitempty"`
	Currency  string        `json:"currency"`
	Booked    Money         `json:"booked"`  // the sum of the booked entries
	Pending   Money         `json:"pending"` // of the pending ones
	Limit     Money         `json:"limit"`
	Available Money         `json:"available"`
	Opened    time.Time     `json:"opened"`
}

// AccountList is a part of a list of accounts.
type AccountList = List[AccountView]

// AccountFilter says which accounts are asked for; empty fields ask for all.
type AccountFilter struct {
	Bank   string
	User   string // id or login
	Status string
}

// MovementView is one movement.
type MovementView struct {
	ID       string    `json:"id"`
	State    string    `json:"state"` // booked, pending
	Amount   Money     `json:"amount"`
	Entered  time.Time `json:"entered"`
	At       time.Time `json:"at"` // of booking
	Type     string    `json:"type"`
	Party    string    `json:"party,omitempty"`
	PartyRef string    `json:"partyRef,omitempty"`
	Text     string    `json:"text,omitempty"`
	Category string    `json:"category,omitempty"`
}

// MovementList is a part of an account's movements.
type MovementList struct {
	Account AccountView    `json:"account"`
	Items   []MovementView `json:"items"`
	Next    string         `json:"next,omitempty"`
}

func accountEndpoints() []endpoint {
	const path = "/accounts/{id}"
	status := func(verb, doc string, from []ledger.Status, to ledger.Status) endpoint {
		return endpoint{method: "POST", path: path + "/" + verb, op: verb + "Account", doc: doc, out: AccountView{},
			do: func(r *request) (any, error) { return r.setStatus(r.params["id"], verb, from, to) }}
	}
	return []endpoint{
		{method: "GET", path: "/accounts", op: "accounts", doc: "accounts, by owner and as the bank lists them", out: AccountList{},
			query: listQuery(parameter{"bank", "at this bank"}, parameter{"user", "of this user: login, or bank/login"}, parameter{"status", "enabled, blocked or closed"}),
			do: func(r *request) (any, error) {
				w, err := r.window()
				if err != nil {
					return nil, err
				}
				return r.Accounts(AccountFilter{r.query.Get("bank"), r.query.Get("user"), r.query.Get("status")}, w)
			}},
		{method: "GET", path: path, op: "account", doc: "one account", out: AccountView{},
			do: func(r *request) (any, error) { return r.Account(r.params["id"]) }},
		{method: "PATCH", path: path, op: "editAccount", doc: "change name or limit", in: AccountChange{}, out: AccountView{},
			do: order(func(r *request, o AccountChange) (any, error) { return r.EditAccount(r.params["id"], o) })},
		{method: "DELETE", path: path, op: "removeAccount", doc: "remove an account with its money, as if it had never been",
			do: func(r *request) (any, error) { return nil, r.RemoveAccount(r.params["id"]) }},
		status("block", "block an account: each bank shows that in its own way", []ledger.Status{ledger.Enabled}, ledger.Blocked),
		status("unblock", "take a block back", []ledger.Status{ledger.Blocked}, ledger.Enabled),
		status("close", "close an account: most banks list it no longer", []ledger.Status{ledger.Enabled, ledger.Blocked}, ledger.Closed),
		status("reopen", "open a closed account again", []ledger.Status{ledger.Closed}, ledger.Enabled),
		{method: "GET", path: path + "/entries", op: "movements", doc: "movements, pending ones first, then the newest booked", query: listQuery(), out: MovementList{},
			do: func(r *request) (any, error) {
				w, err := r.window()
				if err != nil {
					return nil, err
				}
				return r.Movements(r.params["id"], w)
			}},
		{method: "POST", path: path + "/entries", op: "addMovement", doc: "move money now: booked, or pending for a while", in: MovementOrder{}, out: MovementAdded{}, status: 201,
			do: order(func(r *request, o MovementOrder) (any, error) { return r.AddMovement(r.params["id"], o) })},
		{method: "POST", path: path + "/entries/{entry}/book", op: "bookMovement", doc: "book a pending movement now", out: MovementAdded{},
			do: func(r *request) (any, error) { return r.BookMovement(r.params["id"], r.params["entry"]) }},
	}
}

// Accounts are those that a filter lets through.
func (d *Desk) Accounts(f AccountFilter, w Window) (*AccountList, error) {
	after, size, err := w.names()
	if err != nil {
		return nil, err
	}
	if err := oneOf("bank", f.Bank, d.Banks...); err != nil {
		return nil, err
	}
	if err := oneOf("status", f.Status, string(ledger.Enabled), string(ledger.Blocked), string(ledger.Closed)); err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	owner, last, _ := strings.Cut(after, "\n")
	out, page, behind := &AccountList{Items: []AccountView{}}, []*ledger.Account{}, false
	for _, p := range d.Space.Ledger.People(f.Bank) {
		if !isUser(p.ID, f.User) {
			continue
		}
		if p.ID > owner {
			behind = true // the account at which the part before ended is gone, or was its owner's last
		}
		for _, a := range d.Space.Ledger.AccountsOf(p.ID) {
			if f.Status == "" || string(a.Status) == f.Status {
				out.Total++
				if behind && len(page) <= size {
					page = append(page, a)
				}
			}
			behind = behind || p.ID == owner && a.ID == last
		}
	}
	if len(page) > size {
		page = page[:size]
		out.Next = nameCursor(page[size-1].Owner + "\n" + page[size-1].ID)
	}
	now := d.Space.Clock.Now()
	for _, a := range page {
		out.Items = append(out.Items, d.accountView(a, now))
	}
	return out, nil
}

// Account is one.
func (d *Desk) Account(id string) (*AccountView, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	a, err := d.account(id)
	if err != nil {
		return nil, err
	}
	v := d.accountView(a, d.Space.Clock.Now())
	return &v, nil
}

func (d *Desk) account(id string) (*ledger.Account, error) {
	if a := d.Space.Ledger.Account(id); a != nil {
		return a, nil
	}
	return nil, fail.New(fail.NotFound, "there is no account %s", clipped(id))
}

func (d *Desk) accountView(a *ledger.Account, now time.Time) AccountView {
	b := d.Space.Ledger.Balance(a.ID, now)
	return AccountView{ID: a.ID, Bank: a.Bank, User: a.Owner, Name: a.Name, Product: a.Product, Kind: a.Kind, Status: a.Status, Number: a.Number,
		IBAN: a.IBAN, Currency: a.Currency, Booked: Money(b.Booked), Pending: Money(b.Pending), Limit: Money(b.Limit), Available: Money(b.Available()),
		Opened: a.Opened}
}

// Movements are an account's movements that are known now: the pending ones, the last entered first, then the booked ones, the last first.
func (d *Desk) Movements(id string, w Window) (*MovementList, error) {
	before, size, err := w.open()
	if err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	a, err := d.account(id)
	if err != nil {
		return nil, err
	}
	now := d.Space.Clock.Now()
	booked, pending := d.Space.Ledger.Entries(id, now)
	all := slices.Concat(booked, pending) // the oldest first, so that a new one moves no cursor
	end := len(all)
	if before > 0 {
		end = int(min(before-1, int64(end)))
	}
	out := &MovementList{Account: d.accountView(a, now), Items: []MovementView{}}
	for i := end - 1; i >= 0 && len(out.Items) < size; i-- {
		out.Items = append(out.Items, movementView(&all[i], now))
		if len(out.Items) == size && i > 0 {
			out.Next = cursor(int64(i + 1))
		}
	}
	return out, nil
}

func movementView(e *ledger.Entry, now time.Time) MovementView {
	v := MovementView{ID: e.ID, State: "pending", Amount: Money(e.Amount), Entered: e.Entered, At: e.At, Type: e.Type, Party: e.Party, PartyRef: e.PartyRef,
		Text: e.Text, Category: e.Category}
	if e.Booked(now) {
		v.State = "booked"
	}
	return v
}
