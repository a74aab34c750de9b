package ledger

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"sandbank/server/fail"
	"sandbank/server/store"
)

// Kind is what sort of account it is.
type Kind string

// The kinds that the banks tell apart.
const (
	Current Kind = "current"
	Savings Kind = "savings"
	Card    Kind = "card"
	Loan    Kind = "loan"
)

// Status of an account.
type Status string

// An account takes part in payments only while it is enabled.
const (
	Enabled Status = "enabled"
	Blocked Status = "blocked"
	Closed  Status = "closed"
)

// Account is one account of one person.
type Account struct {
	ID       string            `json:"id"` // opaque, stable, unique in the ledger; what the bank shows as resource id or key
	Bank     string            `json:"bank"`
	Owner    string            `json:"owner"` // Person.ID
	Place    int               `json:"place"` // order within the owner's list
	Number   string            `json:"number"`
	IBAN     string            `json:"iban,omitempty"`
	BIC      string            `json:"bic,omitempty"`
	Currency string            `json:"currency"` // ISO 4217
	Name     string            `json:"name"`
	Product  string            `json:"product,omitempty"`
	Kind     Kind              `json:"kind"`
	Status   Status            `json:"status"`
	Limit    int64             `json:"limit,omitempty"` // overdraft or credit limit, minor units, positive
	Opened   time.Time         `json:"opened"`
	Facts    map[string]string `json:"facts,omitempty"` // what one bank alone knows of it; replaced, never written to
}

// Entry is one movement on an account. It is pending from Entered until At, and booked from At on.
type Entry struct {
	ID       string    `json:"id"` // unique in the ledger, stable
	Account  string    `json:"account"`
	Amount   int64     `json:"amount"` // minor units; negative leaves the account
	Entered  time.Time `json:"entered"`
	At       time.Time `json:"at"` // booking instant
	Value    time.Time `json:"value"`
	Type     string    `json:"type"`               // card, transfer, salary, standing, fee, interest, cash, opening
	Party    string    `json:"party,omitempty"`    // the other side's name
	PartyRef string    `json:"partyRef,omitempty"` // the other side's IBAN or account number
	Text     string    `json:"text,omitempty"`
	Category string    `json:"category,omitempty"` // groceries, rent, salary, transport, …
	MCC      string    `json:"mcc,omitempty"`      // ISO 18245, card payments
	EndToEnd string    `json:"endToEnd,omitempty"`
}

// Booked tells whether the entry counts at this instant.
func (e *Entry) Booked(now time.Time) bool { return !e.At.After(now) }

// Pending tells whether the entry is known but not booked yet.
func (e *Entry) Pending(now time.Time) bool { return e.At.After(now) && !e.Entered.After(now) }

// Balance is what an account holds at an instant, in minor units.
type Balance struct {
	Booked  int64 // the sum of the booked entries
	Pending int64 // the sum of the pending ones, usually negative
	Limit   int64
}

// Available is what can be spent: booked, less what is reserved, plus the limit. Pending credits do not count.
func (b Balance) Available() int64 { return b.Booked + min(b.Pending, 0) + b.Limit }

// history is an immutable run of entries ordered by At, with running sums: sums[i] is the sum of the first i+1 entries. Histories that
// grew out of each other share an array; taken is how much of it is written, so that only one of them may grow into the next place.
type history struct {
	entries []Entry
	sums    []int64
	taken   *atomic.Int64
}

func newHistory(entries []Entry) *history {
	sort.SliceStable(entries, func(i, j int) bool { return entries[i].At.Before(entries[j].At) })
	return &history{entries: entries, sums: runningSums(entries), taken: counter(len(entries))}
}

func counter(n int) *atomic.Int64 {
	c := &atomic.Int64{}
	c.Store(int64(n))
	return c
}

func runningSums(entries []Entry) []int64 {
	sums := make([]int64, len(entries), cap(entries))
	var run int64
	for i := range entries {
		run += entries[i].Amount
		sums[i] = run
	}
	return sums
}

// with returns a history that has one more entry. At the end, which is where entries come in, it takes no copy as long as there is room
// and nobody else grew this one: a cloned ledger, or one whose last change was taken back, copies first.
func (h *history) with(e Entry) *history {
	n := len(h.entries)
	i := sort.Search(n, func(i int) bool { return h.entries[i].At.After(e.At) })
	if i == n && n < cap(h.entries) && n < cap(h.sums) && h.taken.CompareAndSwap(int64(n), int64(n+1)) {
		sum := e.Amount
		if n > 0 {
			sum += h.sums[n-1]
		}
		return &history{entries: append(h.entries, e), sums: append(h.sums, sum), taken: h.taken}
	}
	entries := make([]Entry, 0, n+n/4+8)
	entries = append(append(append(entries, h.entries[:i]...), e), h.entries[i:]...)
	return &history{entries: entries, sums: runningSums(entries), taken: counter(n + 1)}
}

// without returns a history that lacks the entry at i.
func (h *history) without(i int) *history {
	entries := append(make([]Entry, 0, len(h.entries)), h.entries[:i]...)
	entries = append(entries, h.entries[i+1:]...)
	return &history{entries: entries, sums: runningSums(entries), taken: counter(len(entries))}
}

// booked is the number of entries that count at now.
func (h *history) booked(now time.Time) int {
	return sort.Search(len(h.entries), func(i int) bool { return h.entries[i].At.After(now) })
}

func (h *history) balance(now time.Time) (b Balance) {
	n := h.booked(now)
	if n > 0 {
		b.Booked = h.sums[n-1]
	}
	for i := n; i < len(h.entries); i++ {
		if h.entries[i].Pending(now) {
			b.Pending += h.entries[i].Amount
		}
	}
	return b
}

// Ledger is the books of one space: every bank's people, accounts and entries. Safe for concurrent use; reading takes no lock.
type Ledger struct {
	people   *store.Map[string, Person]
	accounts *store.Map[string, Account]
	owned    *store.Map[string, []string] // Person.ID → account ids
	numbers  *store.Map[string, string]   // bank + number or IBAN → account id
	books    *store.Map[string, book]
	payments *store.Map[string, Payment]
	keys     *store.Map[string, string] // idempotency key → payment id
	write    *sync.Mutex                // one writer of entries at a time: a payment touches several books
	padded   *store.Map[string, padded] // histories that views have made longer
	view     *View                      // nil: everything is read as it is
}

// book holds an account's history; first makes it when it is asked for the first time, so that an account nobody looks at costs nothing.
type book struct {
	first func() *history
	now   *history
}

func (b *book) history() *history {
	if b.now != nil {
		return b.now
	}
	return b.first()
}

// New returns an empty ledger.
func New() *Ledger {
	return &Ledger{
		people: store.New[string, Person](), accounts: store.New[string, Account](), owned: store.New[string, []string](),
		numbers: store.New[string, string](), books: store.New[string, book](),
		payments: store.New[string, Payment](), keys: store.New[string, string](),
		write: &sync.Mutex{}, padded: store.New[string, padded](),
	}
}

// Open opens an account. past, when not nil, is asked once, on first use, for the entries it already has.
func (l *Ledger) Open(a Account, past func() []Entry) error {
	l.write.Lock()
	defer l.write.Unlock()
	if l.people.Get(a.Owner) == nil {
		return fail.New(fail.NotFound, "account %q has no owner: no person %q", a.ID, a.Owner)
	}
	for _, n := range []string{a.Number, a.IBAN} {
		if n != "" && l.numbers.Get(a.Bank+" "+n) != nil {
			return fail.New(fail.Conflict, "the account number %q is taken at %s", n, a.Bank)
		}
	}
	if !l.accounts.Add(a.ID, &a) {
		return fail.New(fail.Conflict, "the account id %q is taken", a.ID)
	}
	if past == nil {
		past = func() []Entry { return nil }
	}
	l.books.Put(a.ID, &book{first: sync.OnceValue(func() *history { return newHistory(past()) })})
	for _, n := range []string{a.Number, a.IBAN} {
		if n != "" {
			l.numbers.Put(a.Bank+" "+n, &a.ID)
		}
	}
	ids := []string{a.ID}
	if had := l.owned.Get(a.Owner); had != nil {
		ids = append(slices.Clone(*had), a.ID)
	}
	l.owned.Put(a.Owner, &ids)
	return nil
}

// Account returns an account by id, or nil.
func (l *Ledger) Account(id string) *Account {
	a := l.accounts.Get(id)
	if a != nil && l.hides(a.Owner) {
		return nil
	}
	return a
}

// AccountByNumber returns the account with this number or IBAN at the bank, or nil.
func (l *Ledger) AccountByNumber(bank, number string) *Account {
	id := l.numbers.Get(bank + " " + number)
	if id == nil {
		return nil
	}
	return l.Account(*id)
}

// EachAccount visits every account, in no order.
func (l *Ledger) EachAccount(visit func(*Account)) {
	l.accounts.Range(func(_ string, a *Account) bool { visit(a); return true })
}

// UpdateAccount changes an account's name, status, limit or facts; what identifies it stays.
func (l *Ledger) UpdateAccount(id string, change func(*Account)) (*Account, error) {
	next, err := l.accounts.Update(id, func(a Account) (Account, error) {
		was := a
		change(&a)
		a.ID, a.Bank, a.Owner, a.Number, a.IBAN, a.Currency = was.ID, was.Bank, was.Owner, was.Number, was.IBAN, was.Currency
		return a, nil
	})
	if err != nil {
		return nil, fail.New(fail.NotFound, "no account %q", id)
	}
	return next, nil
}

// CloseAccount removes an account with its entries; false when there was none.
func (l *Ledger) CloseAccount(id string) bool {
	l.write.Lock()
	defer l.write.Unlock()
	return l.close(id)
}

func (l *Ledger) close(id string) bool {
	a := l.accounts.Take(id)
	if a == nil {
		return false
	}
	l.books.Delete(id)
	l.numbers.Delete(a.Bank + " " + a.Number)
	l.numbers.Delete(a.Bank + " " + a.IBAN)
	if had := l.owned.Get(a.Owner); had != nil {
		left := slices.DeleteFunc(slices.Clone(*had), func(v string) bool { return v == id })
		l.owned.Put(a.Owner, &left)
	}
	return true
}

// Balance is what the account holds at now.
func (l *Ledger) Balance(account string, now time.Time) Balance {
	b, a := l.books.Get(account), l.accounts.Get(account)
	if b == nil || a == nil {
		return Balance{}
	}
	balance := l.shown(account, b).balance(now)
	balance.Limit = a.Limit
	return balance
}

// Entries are the account's entries that are known at now, oldest first: the booked ones, then the pending ones. The slices are
// shared and must not be written to.
func (l *Ledger) Entries(account string, now time.Time) (booked, pending []Entry) {
	b := l.books.Get(account)
	if b == nil {
		return nil, nil
	}
	h := l.shown(account, b)
	n := h.booked(now)
	for _, e := range h.entries[n:] {
		if e.Pending(now) {
			pending = append(pending, e)
		}
	}
	return h.entries[:n:n], pending
}

// BalanceAfter is the booked balance right after the entry, as statements print it.
func (l *Ledger) BalanceAfter(e *Entry) int64 {
	b := l.books.Get(e.Account)
	if b == nil {
		return 0
	}
	h := l.shown(e.Account, b)
	for i := h.booked(e.At) - 1; i >= 0; i-- {
		if h.entries[i].ID == e.ID {
			return h.sums[i]
		}
	}
	return 0
}

// Entry returns one entry of an account that is known at now, or nil.
func (l *Ledger) Entry(account, id string, now time.Time) *Entry {
	booked, pending := l.Entries(account, now)
	for _, run := range [][]Entry{booked, pending} {
		for i := range run {
			if run[i].ID == id {
				return &run[i]
			}
		}
	}
	return nil
}
