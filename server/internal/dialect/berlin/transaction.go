package berlin

import (
	"net/url"
	"strconv"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

func transactions(c *wire.Call) error {
	r, err := admit(c)
	if err != nil {
		return err
	}
	a, right, err := r.readable(c, "transactions", func(right *grant.Right) bool { return right.Transactions })
	if err != nil {
		return err
	}
	v := c.Query()
	if err := v.Once("bookingStatus", "dateFrom", "dateTo", "entryReferenceFrom", "deltaList", "withBalance", "page", "pageSize", "pageIndex", "itemsPerPage"); err != nil {
		return err
	}
	q, err := readQuery(v.Get, c.Now)
	if err != nil {
		return c.Trail.No("parameters", fail.From(err))
	}
	if err := r.withinHistory(c, q); err != nil {
		return err
	}
	if err := r.leadsOn(c, a, q); err != nil {
		return err
	}
	booked, pending := c.Space.Ledger.Entries(a.ID, c.Now)
	run, err := q.run(r, a, booked, pending)
	if err != nil {
		return c.Trail.No("entry known", fail.From(err))
	}
	if q.page == 1 { // further pages belong to the call that began (NextGenPSD2 §6.5.3)
		if err := r.count(c, a.ID); err != nil {
			return err
		}
		if q.has("booked") {
			r.remember(c, a, booked)
		}
	}
	r.turnPage(c, a)

	return show(c, 200, r.showReport(c, a, right, q, run, booked))
}

// remember keeps which entry was the newest at this report, for deltaList.
func (r *reader) remember(c *wire.Call, a *ledger.Account, booked []ledger.Entry) {
	key, last := seenFact+a.ID, ""
	if len(booked) > 0 {
		last = booked[len(booked)-1].ID
	}
	if r.consent.Facts[key] == last {
		return
	}
	c.Space.Grants.UpdateConsent(name, r.consent.ID, func(v *grant.Consent) error {
		v.Facts = ledger.WithFact(v.Facts, key, last)
		return nil
	})
}

func (r *reader) showReport(c *wire.Call, a *ledger.Account, right *grant.Right, q *query, all *run, everything []ledger.Entry) shapeReport {
	booked, pending := all.cut(q.page, q.size)
	base := c.URL(accountsPath + "/" + a.ID)
	list := func(entries []ledger.Entry, done bool) *[]shapeTransaction {
		out := make([]shapeTransaction, len(entries))
		for i := range entries {
			out[i] = showTransaction(&entries[i], a, done)
			out[i].Links = &shapeTransactionLinks{shapeLink{base + "/transactions/" + url.PathEscape(entries[i].ID)}}
		}
		return &out
	}
	out := shapeReport{Account: refer(a)}
	if q.has("booked") {
		out.Transactions.Booked = list(booked, true)
	}
	if q.has("pending") {
		out.Transactions.Pending = list(pending, false)
	}
	if q.has("information") {
		orders := []shapeTransaction{}
		if q.page == 1 {
			orders = standingOrders(everything, a, c.Now)
		}
		out.Transactions.Information = &orders
	}
	out.Transactions.Links = q.links(base, all.len())
	if q.sums && right.Balances {
		out.Balances = showBalances(c, a)
	}
	return out
}

func showTransaction(e *ledger.Entry, a *ledger.Account, booked bool) shapeTransaction {
	out := shapeTransaction{ID: e.ID, Entry: clip(e.ID, 35), EndToEnd: clip(e.EndToEnd, 35), ValueDate: day(e.Value), Amount: money(e.Amount, a.Currency),
		Remittance: clip(e.Text, 140), Purpose: purpose(e.Category), BankCode: bankCode(e.Type, e.Amount > 0), OwnCode: clip(e.Type, 35)}
	if booked {
		out.BookingDate = day(e.At)
	}
	party, number := clip(e.Party, 70), other(e.PartyRef)
	if e.Amount < 0 {
		out.CreditorName, out.CreditorAccount = party, number
	} else {
		out.DebtorName, out.DebtorAccount = party, number
	}
	return out
}

// standingOrders are those that were carried out within the last weeks: bookingStatus information (NextGenPSD2 §6.6).
func standingOrders(booked []ledger.Entry, a *ledger.Account, now time.Time) []shapeTransaction {
	type order struct{ first, last *ledger.Entry }
	orders, names := map[string]*order{}, []string{}
	for i := range booked {
		e := &booked[i]
		if e.Type != "standing" || e.Amount >= 0 {
			continue
		}
		key := e.Party + "\x00" + e.PartyRef
		if orders[key] == nil {
			orders[key] = &order{first: e}
			names = append(names, key)
		}
		orders[key].last = e
	}
	out := []shapeTransaction{}
	for _, key := range names {
		o := orders[key]
		if o.last.At.Before(now.AddDate(0, 0, -45)) {
			continue // ended
		}
		one := showTransaction(o.last, a, false)
		one.ID, one.Entry, one.EndToEnd, one.ValueDate = "", "", "", ""
		one.Structured = &shapeStructured{shapeOrder{day(o.first.At), "Monthly", strconv.Itoa(o.last.At.In(sofia()).Day())}}
		out = append(out, one)
	}
	return out
}

func transaction(c *wire.Call) error {
	r, err := admit(c)
	if err != nil {
		return err
	}
	a, right, err := r.readable(c, "transactions", func(right *grant.Right) bool { return right.Transactions })
	if err != nil {
		return err
	}
	id := c.Param("transactionId")
	e := c.Space.Ledger.Entry(a.ID, id, c.Now)
	if e == nil {
		return c.Trail.No("transaction known", fail.New(fail.NotFound, "account %s has no entry %q", a.ID, id).At("transactionId"))
	}
	if oldest := r.oldest(c); e.Booked(c.Now) && e.At.Before(oldest) {
		return c.Trail.No("history", fail.New(fail.Forbidden, "%s was booked before %s", e.ID, day(oldest)).
			Coded("RESOURCE_EXPIRED").Say("The transaction is too old to be read without a new login.").At("transactionId"))
	}
	if err := r.count(c, a.ID+" "+e.ID); err != nil {
		return err
	}

	out := showTransaction(e, a, e.Booked(c.Now))
	if right.Balances && e.Booked(c.Now) {
		out.After = &shapeBalance{Amount: money(c.Space.Ledger.BalanceAfter(e), a.Currency), Type: "interimBooked", Date: day(e.At)}
	}
	return show(c, 200, shapeDetails{out})
}
