package world

import (
	"time"

	"sandbank/server/ledger"
)

// People say how new people come to a space: who makes them up, and out of what. The zero value makes nobody up.
type People struct {
	Personas   []string            // lives that can be made up
	Countries  []string            // where people can be from
	Currencies map[string][]string // those that accounts can have, by bank; the bank's own first

	// Invent makes people up who are not in the books of the space yet, one for each bank of the order, and leaves the books as they are.
	// The caller holds the gate. A refusal names the field of the order.
	Invent func(s *Space, o Order) ([]Household, error)

	// Read reads people out of a file, on the same terms. A refusal names the place in the file.
	Read func(s *Space, file []byte) ([]Household, error)
}

// Order asks for people. What is left empty is dealt; the same order in the same state gives the same people.
type Order struct {
	Bank          string // empty: the same humans at every bank that has people
	Count         int    // humans
	Login         string // of one; what the logins of several begin with
	Given, Family string
	Persona       string
	Country       string // where they are from: the form of name, address and telephone; empty: where the bank is
	Currency      string // of the accounts for every day; empty: as the bank has it
	Client        string // whose users they are, at banks where clients have users
	Months        int    // of history; 0: as the fixtures have it
	Seed          uint64 // of names and spending; 0: that of the fixtures
}

// Household is a person with all that it brings to a bank.
type Household struct {
	Person   ledger.Person
	Holdings []Holding
}

// Holding is an account with a past, which is invented when somebody first looks.
type Holding struct {
	Account ledger.Account
	Past    func() []ledger.Entry
}

// Enter writes a household into the books; Conflict where its login, or an id or number of an account, is taken.
func (h *Household) Enter(l *ledger.Ledger) error {
	if err := l.AddPerson(h.Person); err != nil {
		return err
	}
	for _, one := range h.Holdings {
		if err := l.Open(one.Account, one.Past); err != nil {
			return err
		}
	}
	return nil
}

// Transactions counts what lies behind the accounts by now, booked and pending. It invents their histories for that.
func (h *Household) Transactions(now time.Time) (n int) {
	for _, one := range h.Holdings {
		for _, e := range one.Past() {
			if !e.Entered.After(now) {
				n++
			}
		}
	}
	return n
}
