package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sandbank/server/fail"
	"sandbank/server/store"
)

// Still is a ledger at one moment. Its records are shared with the ledger, which never writes to them, so taking one is cheap. Histories
// that nobody has looked at yet stay uninvented.
type Still struct {
	people   store.Still[string, Person]
	accounts store.Still[string, Account]
	owned    store.Still[string, []string]
	numbers  store.Still[string, string]
	books    store.Still[string, book]
	payments store.Still[string, Payment]
	keys     store.Still[string, string]
}

// Still takes the ledger as it is.
func (l *Ledger) Still() *Still {
	l.write.Lock()
	defer l.write.Unlock()
	return &Still{people: l.people.Still(), accounts: l.accounts.Still(), owned: l.owned.Still(), numbers: l.numbers.Still(),
		books: l.books.Still(), payments: l.payments.Still(), keys: l.keys.Still()}
}

// Ledger is a new ledger with the same records.
func (s *Still) Ledger() *Ledger {
	l := New()
	l.people.Copy(s.people)
	l.accounts.Copy(s.accounts)
	l.owned.Copy(s.owned)
	l.numbers.Copy(s.numbers)
	l.books.Copy(s.books)
	l.payments.Copy(s.payments)
	l.keys.Copy(s.keys)
	return l
}

// Count tells how many people and accounts there are.
func (s *Still) Count() (people, accounts int) { return s.people.Len(), s.accounts.Len() }

// Each visits every person, account and payment, in no order. Records that two stills share are the same pointer.
func (s *Still) Each(visit func(kind, id string, record any)) {
	s.people.Range(func(id string, p *Person) { visit("person", id, p) })
	s.accounts.Range(func(id string, a *Account) { visit("account", id, a) })
	s.payments.Range(func(id string, p *Payment) { visit("payment", id, p) })
}

// Entries visits the histories of those accounts that other has with another history; the rest is not even invented for it.
func (s *Still) Entries(other *Still, visit func(account string, entries []Entry)) {
	books := other.books.Index()
	s.books.Range(func(id string, b *book) {
		if o := books[id]; o != nil && o != b {
			visit(id, b.history().entries)
		}
	})
}

// Dump is a ledger as it is written to a file: sorted, and without what follows from the rest. People go by id, accounts by owner and
// then as the bank lists them, payments by bank and number.
type Dump struct {
	People   []*Person       `json:"people"`
	Accounts []AccountRecord `json:"accounts"`
	Payments []*Payment      `json:"payments"`
}

// AccountRecord is an account with all its entries, oldest first.
type AccountRecord struct {
	Account
	Entries []EntryRecord `json:"entries"`
}

// EntryRecord is an entry under its account, which it therefore need not name.
type EntryRecord struct {
	Entry
	Account string     `json:"account,omitempty"` // always empty
	At      *time.Time `json:"at,omitempty"`      // left out: when it was entered
	Value   *time.Time `json:"value,omitempty"`   // left out: when it is booked
}

// Dump writes everything out; histories that nobody has looked at yet are invented for it. An account whose owner is gone is nobody's to
// see and stays behind.
func (s *Still) Dump() Dump {
	d := Dump{People: s.people.Sorted(), Payments: s.payments.Sorted(), Accounts: make([]AccountRecord, 0, s.accounts.Len())}
	books := s.books.Index()
	for _, a := range s.listed() {
		r := AccountRecord{Account: *a, Entries: []EntryRecord{}}
		for _, e := range books[a.ID].history().entries {
			r.Entries = append(r.Entries, e.record())
		}
		d.Accounts = append(d.Accounts, r)
	}
	return d
}

// listed are the accounts by owner, each owner's as the bank lists them.
func (s *Still) listed() []*Account {
	people, turn := s.people.Index(), map[string]int{}
	s.owned.Range(func(_ string, ids *[]string) {
		for i, id := range *ids {
			turn[id] = i
		}
	})
	out := slices.DeleteFunc(s.accounts.Sorted(), func(a *Account) bool { return people[a.Owner] == nil })
	slices.SortStableFunc(out, func(a, b *Account) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Place, b.Place), cmp.Compare(turn[a.ID], turn[b.ID]))
	})
	return out
}

func (e Entry) record() EntryRecord {
	r := EntryRecord{Entry: e}
	if !alike(e.At, e.Entered) {
		r.At = &e.At
	}
	if !alike(e.Value, e.At) {
		r.Value = &e.Value
	}
	return r
}

// alike tells whether two instants are written alike.
func alike(a, b time.Time) bool {
	_, x := a.Zone()
	_, y := b.Zone()
	return a.Equal(b) && x == y
}

func (r *EntryRecord) entry(account string) Entry {
	e := r.Entry
	e.Account, e.At = account, e.Entered
	if r.At != nil {
		e.At = *r.At
	}
	if e.Value = e.At; r.Value != nil {
		e.Value = *r.Value
	}
	return e
}

// Load makes a ledger of a dump, or says what is wrong with it and where: "accounts[3].owner".
func Load(d Dump) (*Ledger, error) {
	l := New()
	for i, p := range d.People {
		if err := l.loadPerson(p); err != nil {
			return nil, within("people", i, err)
		}
	}
	for i := range d.Accounts {
		if err := l.loadAccount(&d.Accounts[i]); err != nil {
			return nil, within("accounts", i, err)
		}
	}
	for i, p := range d.Payments {
		if err := l.loadPayment(p); err != nil {
			return nil, within("payments", i, err)
		}
	}
	return l, nil
}

// within puts a refusal under its place in the dump.
func within(list string, i int, err error) error {
	e := fail.From(err)
	place := fmt.Sprintf("%s[%d]", list, i)
	if e.Param != "" {
		place += "." + e.Param
	}
	return fail.Field(place, "%s", e.Why)
}

func (l *Ledger) loadPerson(p *Person) error {
	if p.ID != PersonID(p.Bank, p.Login) || p.Login == "" {
		return fail.Field("id", "%q is not %q, bank and login", p.ID, PersonID(p.Bank, p.Login))
	}
	if !l.people.Add(p.ID, p) {
		return fail.Field("id", "%q is there twice", p.ID)
	}
	return nil
}

func (l *Ledger) loadAccount(r *AccountRecord) error {
	a := r.Account
	owner := l.people.Get(a.Owner)
	switch {
	case a.ID == "":
		return fail.Field("id", "an account needs an id")
	case owner == nil:
		return fail.Field("owner", "there is no person %q", a.Owner)
	case owner.Bank != a.Bank:
		return fail.Field("bank", "the account is at %q, its owner at %q", a.Bank, owner.Bank)
	case !slices.Contains([]Kind{Current, Savings, Card, Loan, ""}, a.Kind):
		return fail.Field("kind", "%q is none of current, savings, card, loan", a.Kind)
	case !slices.Contains([]Status{Enabled, Blocked, Closed, ""}, a.Status):
		return fail.Field("status", "%q is none of enabled, blocked, closed", a.Status)
	}
	entries := make([]Entry, len(r.Entries))
	for i := range r.Entries {
		if r.Entries[i].Account != "" {
			return fail.Field(fmt.Sprintf("entries[%d].account", i), "an entry belongs to the account that it stands under")
		}
		entries[i] = r.Entries[i].entry(a.ID)
	}
	if err := l.Open(a, nil); err != nil {
		return err
	}
	l.books.Put(a.ID, &book{now: newHistory(entries)})
	return nil
}

func (l *Ledger) loadPayment(p *Payment) error {
	number := p.Bank + " " + p.ID
	switch {
	case p.ID == "":
		return fail.Field("id", "a payment needs its number")
	case !l.payments.Add(number, p):
		return fail.Field("id", "payment %q of %s is there twice", p.ID, p.Bank)
	case p.Key != "" && !l.keys.Add(p.Bank+" "+p.Client+" "+p.Key, &number):
		return fail.Field("key", "client %s has used the key %q for another payment", p.Client, p.Key)
	}
	return nil
}
