package finapi

import (
	"cmp"
	"slices"
	"time"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

const longestRange = 366 // days

type (
	shapeDay struct {
		Date         string  `json:"date"`
		Balance      money   `json:"balance"`
		Income       money   `json:"income"`
		Spending     money   `json:"spending"`
		Adjusting    money   `json:"internalAdjustingEntries"`
		Transactions []int64 `json:"transactions"`
	}
	shapeDays struct {
		Latest *string    `json:"latestCommonBalanceTimestamp"`
		Days   []shapeDay `json:"dailyBalances"`
		Paging paging     `json:"paging"`
	}
)

// dayRange is what a call asks for: whole German days, both included.
type dayRange struct {
	from, to time.Time
	accounts []*ledger.Account
	project  bool
}

// readRange fills in the defaults: up to today, from a month before.
func readRange(c *wire.Call, q *query, p *ledger.Person) (r dayRange, err error) {
	from, end := q.one("startDate"), q.one("endDate")
	project := q.flag("withProjection")
	ids := q.ids("accountIds")
	r.project, r.to = project == nil || *project, midnight(c.Now)
	read := func(param, text string, into *time.Time) {
		if text == "" {
			return
		}
		t, ok := dated(text)
		if !ok {
			q.bad(param, badRequest, "The parameter '"+param+"' must be a date in the format YYYY-MM-DD.", "%s is %q", param, text)
		}
		*into = t
	}
	read("endDate", end, &r.to)
	r.from = r.to.AddDate(0, -1, 0)
	read("startDate", from, &r.from)
	if q.err != nil {
		return r, c.Trail.No("parameters", fail.From(q.err))
	}
	if days := int(r.to.Sub(r.from).Hours()+36) / 24; days < 1 || days > longestRange {
		return r, c.Trail.No("date range", fail.New(fail.Conflict, "%s to %s are %d days; 1 to %d are allowed", r.from.Format(day), r.to.Format(day), days, longestRange).
			Say("The date range is invalid, or exceeds 366 days."))
	}
	r.accounts = c.Space.Ledger.AccountsOf(p.ID)
	if ids != nil {
		r.accounts = slices.DeleteFunc(r.accounts, func(a *ledger.Account) bool { return !slices.Contains(ids, identifier(a.ID)) })
		slices.Sort(ids)
		if n := len(slices.Compact(ids)); n != len(r.accounts) {
			return r, c.Trail.No("accounts known", fail.New(fail.NotFound, "%s has %d of the %d accounts asked for", p.ID, len(r.accounts), n).Say("Account(s) not found"))
		}
	}
	return r, nil
}

// dailyBalances adds up all accounts day by day. Without exchange rates: the service has none.
func dailyBalances(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}
	q := search(c)
	page, perPage := q.page()
	order := sorts(q, map[string]func(a, b shapeDay) int{
		"date":     func(a, b shapeDay) int { return cmp.Compare(a.Date, b.Date) },
		"balance":  func(a, b shapeDay) int { return cmp.Compare(a.Balance, b.Balance) },
		"income":   func(a, b shapeDay) int { return cmp.Compare(a.Income, b.Income) },
		"spending": func(a, b shapeDay) int { return cmp.Compare(a.Spending, b.Spending) },
	}, "date")
	r, err := readRange(c, q, p)
	if err != nil {
		return err
	}

	all := r.days(c)
	slices.SortStableFunc(all, order)
	some, part := paged(all, page, perPage)

	out := shapeDays{Days: some, Paging: part}
	for _, a := range r.accounts {
		if last := stamp(updated(a, c.Now)); out.Latest == nil || last < *out.Latest {
			out.Latest = &last
		}
	}
	return c.JSON(200, out)
}

// days are one row per day. A day's balance is what is booked at its end; projected days carry the first or the last balance on.
func (r *dayRange) days(c *wire.Call) []shapeDay {
	var rows []shapeDay
	index := map[time.Time]int{}
	for d := r.from; !d.After(r.to); d = d.AddDate(0, 0, 1) {
		index[d] = len(rows)
		rows = append(rows, shapeDay{Date: stamp(d), Transactions: []int64{}})
	}
	first, last := midnight(c.Now), midnight(c.Now)
	for _, a := range r.accounts {
		first = r.add(c, a, rows, first)
	}
	for _, t := range transactions(c, r.accounts) {
		i, ok := index[midnight(t.At)]
		if !ok {
			continue
		}
		rows[i].Transactions = append(rows[i].Transactions, t.id)
		if t.Amount < 0 {
			rows[i].Spending -= money(t.Amount)
		} else {
			rows[i].Income += money(t.Amount)
		}
	}
	if r.project {
		return rows
	}
	begin, end := 0, len(rows)
	for d := r.from; !d.After(r.to); d = d.AddDate(0, 0, 1) {
		switch {
		case d.Before(first):
			begin++
		case d.After(last):
			end--
		}
	}
	return rows[min(begin, end):end]
}

// add puts an account's balances into the rows and returns the earlier of first and the day of its first entry.
func (r *dayRange) add(c *wire.Call, a *ledger.Account, rows []shapeDay, first time.Time) time.Time {
	booked, _ := c.Space.Ledger.Entries(a.ID, c.Now)
	var run int64
	next, lead := 0, firstDay(booked)
	for i, d := 0, r.from; i < len(rows); i, d = i+1, d.AddDate(0, 0, 1) {
		end := d.AddDate(0, 0, 1)
		for next < len(booked) && (next < lead || booked[next].At.Before(end)) {
			run += booked[next].Amount
			next++
		}
		rows[i].Balance += money(run)
	}
	if len(booked) > 0 {
		if d := midnight(booked[0].At); d.Before(first) {
			return d
		}
	}
	return first
}

// firstDay is how many entries the first day with any has: their sum is the balance of all days before it.
func firstDay(booked []ledger.Entry) int {
	if len(booked) == 0 {
		return 0
	}
	end := midnight(booked[0].At).AddDate(0, 0, 1)
	n := 0
	for n < len(booked) && booked[n].At.Before(end) {
		n++
	}
	return n
}
