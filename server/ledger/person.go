// Package ledger owns people and their money: who has an account where, and every entry on it.
//
// Invariants: a balance is the sum of its entries; an entry is never changed, unless a pending one is booked early; a payment is posted whole or not at all, once per
// idempotency key. Amounts are int64 in minor units, hundredths of the currency for every currency (Yoisho shows yen with two
// decimals). Whether an entry is booked is a question of the instant asked about, so a moved clock books what was pending and hides
// what was not yet entered. The package knows no HTTP, no clock and no bank's JSON; a bank is a name here.
//
//	l := ledger.New()
//	l.AddPerson(ledger.Person{ID: "berlin/dave", Bank: "berlin", Login: "dave"})
//	l.Open(ledger.Account{ID: "…", Bank: "berlin", Owner: "berlin/dave", Currency: "EUR"}, nil)
//	l.Balance(id, now).Booked
package ledger

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"sandbank/server/fail"
)

// Person is a customer of one bank: a resource owner. The same human at two banks is two persons.
type Person struct {
	ID         string            `json:"id"` // "berlin/dave": PersonID(bank, login)
	Bank       string            `json:"bank"`
	Login      string            `json:"login"`
	Password   string            `json:"password,omitempty"` // empty: any password is right
	Given      string            `json:"given"`
	Family     string            `json:"family"`
	Email      string            `json:"email,omitempty"`
	Phone      string            `json:"phone,omitempty"`
	Address    Address           `json:"address"`
	Born       string            `json:"born,omitempty"`       // YYYY-MM-DD
	NationalID string            `json:"nationalId,omitempty"` // as the bank's country writes it, never a real one
	Client     string            `json:"client,omitempty"`     // the client that created this person (finAPI); empty: the bank itself
	Locked     bool              `json:"locked,omitempty"`
	Unverified bool              `json:"unverified,omitempty"`
	Failures   int               `json:"failures,omitempty"` // failed sign-ins since the last good one
	Facts      map[string]string `json:"facts,omitempty"`    // what one bank alone knows of its people; replaced, never written to
}

// Address is a postal address. Line is how the bank writes it in one line.
type Address struct {
	Street   string `json:"street,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	City     string `json:"city,omitempty"`
	Country  string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Line     string `json:"line,omitempty"`
}

// Name is the full name, given name first.
func (p *Person) Name() string { return strings.TrimSpace(p.Given + " " + p.Family) }

// Subject is what OpenID Connect and JWTs call the person: 64 hexadecimal digits that tell neither the login nor the number that they are
// made of, the same at every login. The same human at two banks that know the same number is one subject.
func (p *Person) Subject() string {
	of := p.NationalID
	if of == "" {
		of = p.ID
	}
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:])
}

// PersonID is the key of a person: logins are unique within a bank.
func PersonID(bank, login string) string { return bank + "/" + login }

// PasswordIs compares in constant time; a person without a password accepts any.
func (p *Person) PasswordIs(password string) bool {
	if p.Password == "" {
		return true
	}
	want, got := sha256.Sum256([]byte(p.Password)), sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// WithFact returns a copy of facts with one more; the original, which others may be reading, stays as it is.
func WithFact(facts map[string]string, key, value string) map[string]string {
	next := make(map[string]string, len(facts)+1)
	maps.Copy(next, facts)
	next[key] = value
	return next
}

// AddPerson admits a person; Conflict when the login is taken at that bank.
func (l *Ledger) AddPerson(p Person) error {
	if p.ID == "" {
		p.ID = PersonID(p.Bank, p.Login)
	}
	if !l.people.Add(p.ID, &p) {
		return fail.New(fail.Conflict, "the login %q is taken at %s", p.Login, p.Bank)
	}
	return nil
}

// Person returns a person by id, or nil.
func (l *Ledger) Person(id string) *Person { return l.people.Get(id) }

// PersonByLogin returns the person who signs in under this name at the bank, or nil. Logins are case-sensitive.
func (l *Ledger) PersonByLogin(bank, login string) *Person {
	return l.people.Get(PersonID(bank, login))
}

// People are all persons of a bank (of all banks when empty), by id.
func (l *Ledger) People(bank string) []*Person {
	return l.people.All(func(p *Person) bool { return bank == "" || p.Bank == bank })
}

// Count tells how many people and accounts there are.
func (l *Ledger) Count() (people, accounts int) { return l.people.Len(), l.accounts.Len() }

// UpdatePerson changes one person; id, bank and login stay. It does not touch what was granted to clients.
func (l *Ledger) UpdatePerson(id string, change func(*Person)) (*Person, error) {
	next, err := l.people.Update(id, func(p Person) (Person, error) {
		was := p
		change(&p)
		p.ID, p.Bank, p.Login = was.ID, was.Bank, was.Login
		return p, nil
	})
	if err != nil {
		return nil, fail.New(fail.NotFound, "no person %q", id)
	}
	return next, nil
}

// RemovePerson deletes a person with all accounts and entries; false when there was none.
func (l *Ledger) RemovePerson(id string) bool {
	if l.people.Take(id) == nil {
		return false
	}
	l.write.Lock()
	defer l.write.Unlock()
	for _, a := range l.accountsOf(id) {
		l.close(a.ID)
	}
	return true
}

// AccountsOf are a person's accounts in the order in which the bank lists them.
func (l *Ledger) AccountsOf(owner string) []*Account {
	if l.hides(owner) {
		return nil
	}
	return l.accountsOf(owner)
}

func (l *Ledger) accountsOf(owner string) []*Account {
	ids := l.owned.Get(owner)
	if ids == nil {
		return nil
	}
	out := make([]*Account, 0, len(*ids))
	for _, id := range *ids {
		if a := l.accounts.Get(id); a != nil {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b *Account) int { return cmp.Compare(a.Place, b.Place) })
	return out
}
