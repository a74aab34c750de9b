package seed

import (
	"slices"
	"strconv"
	"time"

	"sandbank/server/ledger"
)

// balance walks back from the end and puts in the transfers that a careful customer makes: money put aside right after the income that
// the account could not have done without, money brought back when more would have piled up than this life earns. It returns what the
// account held before the first entry.
func (d *diary) balance(end int64) int64 {
	income := d.unit.exact(d.plan.income * 100)
	floor, ceiling := min(0, end), max(end+income/2, 3*income)
	switch {
	case d.account.Kind == ledger.Card:
		floor, ceiling = min(-d.account.Limit, end), max(end, 0)
	case d.persona == "broke":
		floor = min(-d.account.Limit, end)
	}
	free := d.account.Kind == ledger.Savings || d.account.Kind == ledger.Loan
	held := end
	for i := len(d.entries) - 1; i >= 0; i-- {
		e := d.entries[i]
		before := held - e.Amount
		r := d.chance("balancing", e.ID)
		switch {
		case free: // deposits and instalments follow from the balance already
		case before < floor && d.account.Kind == ledger.Card: // a bill that the month before could not have run up: less was paid
			d.entries[i].Amount = max(held-floor-between(r, 0, d.account.Limit/10), d.unit.step) / d.unit.step * d.unit.step
			before = held - d.entries[i].Amount
		case before < floor:
			before = d.correct(e, before, floor+between(r, d.unit.step, max(income/12, 100)), "savings")
		case before > ceiling:
			before = d.correct(e, before, ceiling-between(r, 0, income), "transfer")
		}
		held = before
	}
	return held
}

// correct puts a transfer right after e, so that about aim and not before is held before e. It returns what is.
func (d *diary) correct(e ledger.Entry, before, aim int64, category string) int64 {
	amount := (before - aim) / d.unit.step * d.unit.step
	if amount == 0 {
		return before
	}
	at := e.At.Add(time.Minute)
	if !at.Before(d.cut) {
		at = e.At
	}
	// What is held at the end is given, so money that moves after e was not there before it.
	t := ledger.Entry{Account: d.account.ID, Amount: amount, Entered: at, At: at, Value: at, Type: "transfer", Category: category,
		Text: d.market.word("transfer"), Party: d.market.word("savings")}
	if d.account.Kind == ledger.Card {
		t.Text, t.Party, t.Category = d.market.word("payment"), "", "transfer"
	}
	t.ID = d.ids.next(at, balancing)
	d.entries = append(d.entries, t)
	return before - amount
}

// opening is the first entry.
func (d *diary) opening(amount int64) ledger.Entry {
	return ledger.Entry{ID: d.ids.next(d.from, balancing), Account: d.account.ID, Amount: amount, Entered: d.from, At: d.from, Value: d.from,
		Type: "opening", Text: d.market.word("opening"), Category: "transfer"}
}

// saving is a month on a savings account: what is put aside, a withdrawal now and then, interest at the end of the quarter. The amounts
// follow from the balance, so that years of it stay below.
func (d *diary) saving(m month, balance int64) {
	if balance < 100*d.unit.step {
		return
	}
	r := d.chance("saving", strconv.Itoa(int(m)))
	deposit := between(r, balance/90, balance/60)
	on := d.local(workday(m.day(26), false), 5, between(r, 0, 59))
	d.move(on, deposit, "standing", "savings", "savings")
	if r.IntN(5) == 0 {
		on = d.local(m.day(int(between(r, 3, 24))), between(r, 8, 21), between(r, 0, 59))
		d.move(on, -deposit*between(r, 5, 20)/10, "transfer", "transfer", "transfer")
	}
	if m.number()%3 == 0 {
		d.move(d.local(m.day(m.days()), 2, 0), balance/250, "interest", "interest", "interest")
	}
}

// repayment is a month on a loan: the instalment, then interest. How much is known only from the end.
func (d *diary) repayment(m month) {
	d.move(d.local(workday(m.day(1), false), 6, 0), d.unit.step, "standing", "transfer", "instalment")
	d.move(d.local(m.day(m.days()), 2, 0), -d.unit.step, "interest", "interest", "interest")
}

// amortise walks back from what is owed at the end: each month charges interest on what was owed, and the instalment, the same every
// month, pays that and a part of the debt. A debt too small for both has neither.
func (d *diary) amortise(end int64) {
	if d.account.Kind != ledger.Loan {
		return
	}
	if end > -1000*d.unit.step {
		d.entries = nil
		return
	}
	r := d.chance("loan")
	months := between(r, 36, 60) // in which the rest would be paid off
	if end < -d.unit.exact(30_000_00) {
		months = between(r, 280, 380)
	}
	rate, whole := d.market.loan, max(d.unit.step, 100)
	instalment := (-end/months-end/120*rate/1000)/whole*whole + whole
	held := end
	for i := len(d.entries) - 1; i >= 0; i-- {
		e := &d.entries[i]
		e.Amount = instalment
		if e.Type == "interest" {
			e.Amount = min(held*rate/(year+rate)/d.unit.step, -1) * d.unit.step
		}
		held -= e.Amount
	}
}

// year is what a yearly rate in hundredths of a percent is divided by for a month of it.
const year = 12 * 100_00

func (d *diary) move(at time.Time, amount int64, kind, category, word string) {
	amount = amount / d.unit.step * d.unit.step
	if amount == 0 {
		return
	}
	d.write(ledger.Entry{Amount: amount, Entered: at, At: at, Type: kind, Category: category, Text: d.market.word(word)})
}

// working tells whether card payments are booked at that hour.
func (d *diary) working(t time.Time) bool {
	hour := t.Add(d.market.ahead()).Hour()
	return earliest <= hour && hour <= latest
}

// pending adds the card payments that are on their way at until; free is what may be spent.
func (d *diary) pending(until time.Time, free int64) {
	r := d.chance("pending", strconv.FormatInt(until.Unix(), 10))
	keys := []string{"groceries", "restaurant", "transport", "shopping"}
	if !d.market.domestic(d.account) {
		keys = []string{"abroad"}
	}
	most := max(free/8, d.unit.step)
	var out []ledger.Entry
	for range between(r, 2, 3) {
		key := pick(r, keys)
		e := ledger.Entry{Account: d.account.ID, Type: "card", Category: key}
		if key == "abroad" {
			e.Category = "travel"
		}
		e.Amount = -max(min(d.unit.exact(between(r, 4_00, 48_00)), most)/d.unit.step, 1) * d.unit.step
		known := until.Add(-25 * time.Hour)
		d.purchase(&e, pick(r, d.market.shops[key]), key, midnight(known.Add(d.market.ahead())), r)
		if e.Entered.After(known) {
			e.Entered = e.Entered.Add(-24 * time.Hour)
		}
		for e.At = until; !e.At.After(until) || !d.working(e.At); {
			e.At = until.Add(20*time.Hour + time.Duration(between(r, 0, 1199))*time.Minute)
		}
		e.ID, e.Value = d.ids.next(e.Entered, pending), e.At
		out = append(out, e)
	}
	slices.SortStableFunc(out, earlier)
	d.entries = append(d.entries, out...)
}
