package ledger

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// View is how one reader is shown the accounts of one person: not at all, or with a longer past than they have.
type View struct {
	Owner   string // Person.ID
	Empty   bool   // no accounts
	Entries int    // booked entries that each account has at least from the instant At on; 0: as it is
	At      time.Time
}

// Seen is the same ledger as a reader sees it. What is written through it is written to the one ledger that there is; only what is read
// differs: AccountsOf, Account and AccountByNumber, and Entries, Entry, Balance and BalanceAfter.
//
// The entries that a view adds are made when they are asked for, always the same ones, and come to nothing together: a balance is the sum
// of the entries shown, and the account's own balance.
func (l *Ledger) Seen(v View) *Ledger {
	return &Ledger{people: l.people, accounts: l.accounts, owned: l.owned, numbers: l.numbers, books: l.books, payments: l.payments, keys: l.keys,
		write: l.write, padded: l.padded, view: &v}
}

// whole is the ledger without a view: what moves money reads what is there, not what somebody is shown.
func (l *Ledger) whole() *Ledger {
	if l.view == nil {
		return l
	}
	w := *l
	w.view = nil
	return &w
}

// hides tells whether the view keeps an owner's accounts back.
func (l *Ledger) hides(owner string) bool {
	return l.view != nil && l.view.Empty && l.view.Owner == owner
}

// shown is the history of an account as the view has it.
func (l *Ledger) shown(account string, b *book) *history {
	h := b.history()
	if l.view == nil || l.view.Entries == 0 {
		return h
	}
	a := l.accounts.Get(account)
	if a == nil || a.Owner != l.view.Owner {
		return h
	}
	missing := l.view.Entries - h.booked(l.view.At.Add(-1)) // what is booked later, with a clock that stands still too, changes nothing about it
	if missing <= 0 {
		return h
	}
	key := fmt.Sprintf("%s %d %d", account, missing, l.view.At.UnixNano())
	if p := l.padded.Get(key); p != nil && p.of == h {
		return p.history
	}
	full := newHistory(append(padding(a, missing, l.view.At), h.entries...))
	if l.padded.Len() >= mostPadded {
		l.padded.Clear()
	}
	l.padded.Put(key, &padded{h, full})
	return full
}

// padded is a longer history, with the one that it was made of.
type padded struct{ of, history *history }

// mostPadded is how many of them are kept: they are made again in milliseconds.
const mostPadded = 32

// padding is n entries, evenly from the account's beginning up to at. Threes come to nothing: twice out, once in.
func padding(a *Account, n int, at time.Time) []Entry {
	from := a.Opened
	if !from.Before(at) {
		from = at.Add(-time.Duration(n) * time.Minute)
	}
	step, id := at.Sub(from)/time.Duration(n), paddingID(a)
	parties := [...]string{"Corner Shop", "City Transport", "Book Exchange"}
	out := make([]Entry, n)
	for i := range out {
		amount, left := int64(100+i/3*37%9000), n-n%3
		switch {
		case i >= left && n%3 == 1:
			amount = 0
		case i >= left && i%3 == 1: // the second of two
		case i%3 == 2:
			amount *= 2
		default:
			amount = -amount
		}
		t := from.Add(step * time.Duration(i))
		out[i] = Entry{ID: id(i), Account: a.ID, Amount: amount, Entered: t, At: t, Value: t, Type: "transfer", Party: parties[i%3],
			Text: "Magic entry " + strconv.Itoa(i+1), Category: "transfer"}
	}
	return out
}

// paddingID deals ids like those that the account's other entries have: whole numbers where the account is one, below those of payments
// and small enough for clients with 32 bits; else texts.
func paddingID(a *Account) func(int) string {
	h := fnv.New64a()
	h.Write([]byte(a.Bank + " " + a.ID))
	sum := h.Sum64()
	if a.ID != "" && strings.Trim(a.ID, "0123456789") == "" {
		const room = 20_000
		first := 500_000_000 + sum%room*room
		return func(i int) string { return strconv.FormatUint(first+uint64(i), 10) }
	}
	return func(i int) string { return fmt.Sprintf("%012x-m%05d", sum>>16, i+1) }
}
