package ledger

import (
	"time"

	"sandbank/server/fail"
	"sandbank/server/store"
)

// Payment is an order to move money out of an account.
type Payment struct {
	ID       string            `json:"id"` // the bank's number for it (payment id, query number)
	Bank     string            `json:"bank"`
	Client   string            `json:"client"`
	Key      string            `json:"key,omitempty"` // idempotency key, unique per client; empty: none
	From     string            `json:"from"`          // Account.ID
	To       string            `json:"to"`            // account number or IBAN, at this bank or elsewhere
	ToName   string            `json:"toName,omitempty"`
	Amount   int64             `json:"amount"` // minor units, positive
	Fee      int64             `json:"fee,omitempty"`
	Tax      int64             `json:"tax,omitempty"`     // on the fee
	OwnOnly  bool              `json:"ownOnly,omitempty"` // whether the account's limit may not be used
	Text     string            `json:"text,omitempty"`
	Entered  time.Time         `json:"entered"`
	Due      time.Time         `json:"due"` // when it is booked
	Category string            `json:"category,omitempty"`
	Facts    map[string]string `json:"facts,omitempty"`
}

// Total is what leaves the account.
func (p *Payment) Total() int64 { return p.Amount + p.Fee + p.Tax }

// Post enters movements on one account that come from outside the ledger (a salary, a mock batch). Unknown accounts are NotFound.
func (l *Ledger) Post(entries ...Entry) error {
	l.write.Lock()
	defer l.write.Unlock()
	for i := range entries {
		if l.books.Get(entries[i].Account) == nil {
			return fail.New(fail.NotFound, "no account %q", entries[i].Account)
		}
	}
	for _, e := range entries {
		l.enter(e)
	}
	return nil
}

// enter appends to a book that exists; the caller holds the write lock.
func (l *Ledger) enter(e Entry) {
	b := l.books.Get(e.Account)
	l.books.Put(e.Account, &book{now: b.history().with(e)})
}

// Book books an entry that is pending at now, at now and with that value date, and returns it as it is then. NotFound when the account
// has no such entry, Conflict when it is booked already.
func (l *Ledger) Book(account, id string, now time.Time) (*Entry, error) {
	l.write.Lock()
	defer l.write.Unlock()
	b := l.books.Get(account)
	if b == nil {
		return nil, fail.New(fail.NotFound, "no account %q", account)
	}
	h := b.history()
	for i := range h.entries {
		e := h.entries[i]
		switch {
		case e.ID != id || e.Entered.After(now):
			continue
		case e.Booked(now):
			return nil, fail.New(fail.Conflict, "entry %s is booked already", id)
		}
		e.At, e.Value = now, now
		l.books.Put(account, &book{now: h.without(i).with(e)})
		return &e, nil
	}
	return nil, fail.New(fail.NotFound, "account %q has no entry %q", account, id)
}

// CheckPayment tells whether the payment would go through, without doing it: NotFound, AccountBlocked, InvalidField or
// InsufficientFund. It is what the banks' validation endpoints ask.
func (l *Ledger) CheckPayment(p Payment, now time.Time) error {
	l = l.whole()
	from := l.accounts.Get(p.From)
	if from == nil {
		return fail.New(fail.NotFound, "no account %q", p.From).At("from")
	}
	if from.Status != Enabled {
		return fail.New(fail.AccountBlocked, "account %s is %s", from.Number, from.Status).At("from")
	}
	if p.Amount <= 0 {
		return fail.Field("amount", "the amount %d is not positive", p.Amount)
	}
	if to := l.AccountByNumber(p.Bank, p.To); to != nil {
		if to.ID == from.ID {
			return fail.Field("to", "both sides are account %s", from.Number)
		}
		if to.Status != Enabled {
			return fail.New(fail.AccountBlocked, "account %s is %s", to.Number, to.Status).At("to")
		}
	}
	free, of := l.Balance(from.ID, now).Available(), "available"
	if p.OwnOnly {
		free, of = free-from.Limit, "available without the limit"
	}
	if p.Total() > free {
		return fail.New(fail.InsufficientFund, "%d minor units are asked for, %d are %s", p.Total(), free, of).At("amount")
	}
	return nil
}

// Pay moves the money: out of From, into To when that account is at the same bank, and the fee. With a key that this client has
// used before, nothing moves and the first payment is returned with again true.
func (l *Ledger) Pay(p Payment, now time.Time) (done *Payment, again bool, err error) {
	l.write.Lock()
	defer l.write.Unlock()
	key := p.Bank + " " + p.Client + " " + p.Key
	if p.Key != "" {
		if id := l.keys.Get(key); id != nil {
			return l.payments.Get(*id), true, nil
		}
	}
	if err := l.CheckPayment(p, now); err != nil {
		return nil, false, err
	}
	if !l.payments.Add(p.Bank+" "+p.ID, &p) {
		return nil, false, fail.New(fail.Conflict, "the payment number %q is taken", p.ID)
	}
	if p.Key != "" {
		id := p.Bank + " " + p.ID
		l.keys.Put(key, &id)
	}
	for _, e := range l.legs(p) {
		l.enter(e)
	}
	return &p, false, nil
}

// legs are the entries of a payment.
func (l *Ledger) legs(p Payment) []Entry {
	l = l.whole()
	from := l.accounts.Get(p.From)
	entry := func(suffix, account string, amount int64, kind string) Entry {
		return Entry{ID: p.ID + suffix, Account: account, Amount: amount, Entered: p.Entered, At: p.Due, Value: p.Due, Type: kind,
			Text: p.Text, Category: p.Category, EndToEnd: p.ID}
	}
	out := entry("-1", p.From, -p.Amount, "transfer")
	out.Party, out.PartyRef = p.ToName, p.To
	legs := []Entry{out}
	if p.Fee+p.Tax > 0 {
		fee := entry("-2", p.From, -(p.Fee + p.Tax), "fee")
		fee.Text, fee.Category = "Fee for "+p.ID, "fees"
		legs = append(legs, fee)
	}
	if to := l.AccountByNumber(p.Bank, p.To); to != nil {
		in := entry("-3", to.ID, p.Amount, "transfer")
		if owner := l.people.Get(from.Owner); owner != nil {
			in.Party = owner.Name()
		}
		in.PartyRef = from.Number
		if from.IBAN != "" {
			in.PartyRef = from.IBAN
		}
		legs = append(legs, in)
	}
	return legs
}

// PaidBy returns the payment that a client's idempotency key has made, or nil.
func (l *Ledger) PaidBy(bank, client, key string) *Payment {
	if id := l.keys.Get(bank + " " + client + " " + key); id != nil && key != "" {
		return l.payments.Get(*id)
	}
	return nil
}

// Payment returns a payment by the bank's number for it, or nil.
func (l *Ledger) Payment(bank, id string) *Payment { return l.payments.Get(bank + " " + id) }

// Payments are all payments of a bank that keep says yes to, by number.
func (l *Ledger) Payments(bank string, keep func(*Payment) bool) []*Payment {
	return l.payments.All(func(p *Payment) bool { return p.Bank == bank && (keep == nil || keep(p)) })
}

// Watch lets a recorder note every change from now on; nil ends that. Entries that are appended while it watches are taken back with
// their book.
func (l *Ledger) Watch(r *store.Recorder) {
	l.people.Watch(r)
	l.accounts.Watch(r)
	l.owned.Watch(r)
	l.numbers.Watch(r)
	l.books.Watch(r)
	l.payments.Watch(r)
	l.keys.Watch(r)
}
