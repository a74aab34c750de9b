package seed

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"sandbank/server/ledger"
)

// quiet is how long before the end nothing happens, pending entries aside: whatever a test adds then is the newest.
const quiet = 24 * time.Hour

// blocked is how long ago a blocked account was blocked: nothing has moved on it since.
const blocked = 21 * 24 * time.Hour

// History invents the entries that lead to a balance: months of a persona's life, the last one booked more than a day before until,
// and on a current account two or three card payments that are pending at until and book themselves within two days after it. The booked
// ones add up to balance; the first is the opening balance. Persona "empty", and a persona that does not exist, has nothing else. A
// blocked account stopped moving three weeks before, and has nothing pending.
//
// The persona says how a current account or a card is used. Savings grow and loans shrink by their balance, whoever holds them.
//
// Everyday entries are drawn per account and calendar month, so another until shows the same purchases through another window; what
// makes the sum come out (the opening, transfers that keep the account above its limit) follows from until.
func History(persona string, account ledger.Account, balance int64, months int, until time.Time, seed uint64) []ledger.Entry {
	until, seed = until.UTC(), cmp.Or(seed, DefaultSeed)
	d := newDiary(persona, &account, until, min(cmp.Or(max(months, 0), DefaultMonths), MaxMonths), seed)
	for m := monthOf(d.from) - 1; m <= monthOf(d.cut); m++ { // one month early: a card bill pays for the month before
		switch {
		case len(life(persona).habits) == 0:
		case account.Kind == ledger.Savings:
			d.saving(m, balance)
		case account.Kind == ledger.Loan:
			d.repayment(m)
		default:
			d.live(m)
		}
	}
	slices.SortStableFunc(d.entries, earlier)
	d.amortise(balance)
	rest := d.balance(balance)
	slices.SortStableFunc(d.entries, earlier)
	if rest != 0 {
		d.entries = slices.Insert(d.entries, 0, d.opening(rest))
	}
	if account.Kind == ledger.Current && account.Status != ledger.Blocked && len(d.plan.habits) > 0 {
		d.pending(until, balance+account.Limit)
	}
	d.ids.renumber(d.entries)
	return d.entries
}

func earlier(a, b ledger.Entry) int { return a.At.Compare(b.At) }

// opening is the start of a history of so many months.
func opening(until time.Time, months int) time.Time {
	return midnight(until.UTC().AddDate(0, -months, 0))
}

// diary collects the entries of one account.
type diary struct {
	account   *ledger.Account
	persona   string
	seed      uint64
	market    market
	unit      unit
	plan      plan
	ids       *numbering
	from, cut time.Time // entries lie strictly between
	spent     int64     // on a card, in the month before
	entries   []ledger.Entry
}

func newDiary(persona string, a *ledger.Account, until time.Time, months int, seed uint64) *diary {
	country, still := countryOf(a), quiet
	if a.Status == ledger.Blocked {
		still = blocked
	}
	m := marketOf(country)
	return &diary{account: a, persona: persona, seed: seed, market: m, unit: unitOf(country, a.Currency),
		plan: planOf(persona, a, m.domestic(a)), ids: newNumbering(a), from: opening(until, months), cut: until.Add(-still)}
}

// chance is the account's generator for one purpose.
func (d *diary) chance(parts ...string) *rand.Rand {
	return chance(d.seed, append([]string{d.account.Bank, d.account.ID, d.persona}, parts...)...)
}

// live writes one month of habits, and on a card the bill for the month before.
func (d *diary) live(m month) {
	var sum int64
	for i, h := range d.plan.habits {
		r := d.chance("habit", strconv.Itoa(int(m)), strconv.Itoa(i))
		fixed := d.chance("always", strconv.Itoa(i))
		for _, on := range h.days(m, r) {
			amount := h.amount(d.unit, r, fixed)
			sum += amount
			d.write(h.entry(d, on, amount, r, fixed))
		}
	}
	if d.account.Kind != ledger.Card {
		return
	}
	if d.spent < 0 {
		on := d.local(workday(m.day(20), false), 6, 0)
		d.write(ledger.Entry{Amount: -d.spent, Entered: on, At: on, Type: "standing", Text: d.market.word("payment"), Category: "transfer"})
	}
	d.spent = sum
}

// days are the days of the month on which the habit happens.
func (h *habit) days(m month, r *rand.Rand) (out []time.Time) {
	if h.every > 0 && m.number()%h.every != 0 {
		return nil
	}
	if h.day > 0 {
		return []time.Time{workday(m.day(h.day), h.back)}
	}
	for range between(r, h.few, h.many) {
		day := m.day(int(between(r, 1, int64(m.days()))))
		if h.kind == "transfer" {
			day = workday(day, true)
		}
		out = append(out, day)
	}
	return out
}

func (h *habit) amount(u unit, r, fixed *rand.Rand) int64 {
	if h.same {
		r = fixed
	}
	cents := between(r, h.low*100, h.high*100)
	amount := u.exact(cents)
	switch {
	case h.kind == "cash":
		amount = u.notes(cents)
	case h.kind == "salary" || h.kind == "standing" && h.key != "utilities":
		amount = max(amount/100, 1) * 100 // agreed in whole units
	}
	if !h.in {
		return -amount
	}
	return amount
}

// entry is the habit on one day.
func (h *habit) entry(d *diary, on time.Time, amount int64, r, fixed *rand.Rand) ledger.Entry {
	e := ledger.Entry{Amount: amount, Type: cmp.Or(h.kind, "card"), Category: cmp.Or(h.category, h.key)}
	switch e.Type {
	case "card":
		shops := d.market.shops[h.key]
		at := pick(r, shops)
		if h.day > 0 { // a subscription: the same every month, and another one than those of other days
			at = shops[(stable(d.account.Bank, d.account.ID)+uint64(h.day))%uint64(len(shops))]
		}
		d.purchase(&e, at, h.key, on, r)
	case "cash":
		at := pick(r, d.market.shops["cash"])
		e.Party, e.MCC, e.Text = at.name, at.mcc, d.market.word("cash")
		e.Entered = d.local(on, between(r, 9, 21), between(r, 0, 59))
		e.At = e.Entered
	case "fee", "interest":
		e.Text, e.Entered = d.market.word(h.key), d.local(on, 4, 30)
		e.At = e.Entered
	default:
		who := fixed // salary and rent go by the account, customers and suppliers by the entry
		if h.day == 0 {
			who = r
		}
		e.Party, e.PartyRef = d.party(h.key, who)
		e.Text = d.market.word(h.key) + " " + on.Format("01/2006")
		e.Entered = d.local(on, between(r, 5, 8), between(r, 0, 59))
		e.At = e.Entered
		if h.kind == "transfer" {
			e.EndToEnd = "E2E-" + on.Format("20060102") + "-" + strconv.FormatInt(between(r, 10_000, 99_999), 10)
		}
	}
	return e
}

// purchase is a card payment: entered at the till, booked on one of the next working days. The booking has an hour of the day too, because
// some banks show no other time.
func (d *diary) purchase(e *ledger.Entry, at merchant, key string, on time.Time, r *rand.Rand) {
	opens, closes := hours(key)
	e.Party, e.MCC, e.Text = at.name, at.mcc, at.name+" "+d.market.city
	e.Entered = d.local(on, between(r, opens, closes), between(r, 0, 59))
	e.At = d.local(workday(on.AddDate(0, 0, int(between(r, 1, 2))), false), between(r, earliest, latest), between(r, 0, 59))
}

// Card payments are booked in these hours.
const earliest, latest = 8, 17

// hours is when people pay there.
func hours(key string) (opens, closes int64) {
	switch key {
	case "restaurant":
		return 11, 22
	case "transport":
		return 6, 20
	case "subscription", "software":
		return 7, 9
	}
	return 9, 19
}

// local is an hour of a day in the account's country.
func (d *diary) local(day time.Time, hour, minute int64) time.Time {
	return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute - d.market.ahead())
}

// party is the other side of a transfer, with an account of its own at a bank that does not exist.
func (d *diary) party(key string, r *rand.Rand) (name, ref string) {
	h := r.Uint64()
	shops := d.market.shops[key]
	switch {
	case len(shops) > 0:
		name = pick(r, shops).name
	case key == "savings":
		name = d.market.word(key)
	case key == "staff" || key == "transfer":
		n := namesOf(d.market.country)
		given, family := n.person(faker(d.seed, strconv.FormatUint(h, 16)), h%2 == 0)
		name = given + " " + family
	default:
		name = faker(d.seed, strconv.FormatUint(h, 16)).Company()
	}
	if d.market.bank == "" {
		return name, pad(h, 7)
	}
	for h := stable(name, strconv.FormatUint(h, 16)); ref == ""; h++ {
		_, ref = number(d.market.country, d.market.bank, h)
	}
	return name, ref
}

// write keeps an entry that lies in the window. Its number is drawn in any case, so that it does not depend on the window.
func (d *diary) write(e ledger.Entry) {
	e.ID, e.Account, e.Value = d.ids.next(e.Entered, invented), d.account.ID, e.At
	if e.Entered.After(d.from) && e.At.Before(d.cut) {
		d.entries = append(d.entries, e)
	}
}
