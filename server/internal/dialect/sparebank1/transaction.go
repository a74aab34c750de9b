package sparebank1

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// row is an entry with the account it is on.
type row struct {
	entry   *ledger.Entry
	account *ledger.Account
}

// search is what a list of transactions is asked for.
type search struct {
	accounts         []*ledger.Account
	from, to         time.Time // Norwegian dates, both included; zero: no limit
	limit            int       // 0: none
	recent, historic bool
}

func listTransactions(c *wire.Call) error {
	found, err := searched(c)
	if err != nil {
		return err
	}

	out := shapeTransactions{Transactions: make([]shapeTransaction, 0, len(found)), Errors: []string{}}
	for i := range found {
		out.Transactions = append(out.Transactions, showTransaction(&found[i], c.Now))
	}

	return reply(c, 200, out)
}

func listClassified(c *wire.Call) error {
	found, err := searched(c)
	if err != nil {
		return err
	}

	out := shapeClassifiedList{Transactions: make([]shapeClassified, 0, len(found)), Errors: []string{}}
	for i := range found {
		out.Transactions = append(out.Transactions, showClassified(&found[i], c.Now))
	}

	return reply(c, 200, out)
}

func searched(c *wire.Call) ([]row, error) {
	p, err := customer(c, scopeTransactions)
	if err != nil {
		return nil, err
	}
	s, err := readSearch(c, p)
	if err != nil {
		return nil, err
	}
	return find(c, s), nil
}

// readSearch reads the parameters. The documents call two of them "Account keys" and "Transaction source"; clients send accountKey, and
// transactionSource or source.
func readSearch(c *wire.Call, p *ledger.Person) (*search, error) {
	q := c.Query()
	if err := q.Once("fromDate", "toDate", "rowLimit"); err != nil {
		return nil, err
	}
	keys := slices.Concat(q.All("accountKey"), q.All("Account keys"))
	if len(keys) == 0 {
		return nil, fail.Field("accountKey", "accountKey is missing").Say("accountKey is required.")
	}
	s := &search{}
	for _, k := range keys {
		a, err := own(c, p, k, "accountKey")
		if err != nil {
			return nil, err
		}
		if !slices.Contains(s.accounts, a) {
			s.accounts = append(s.accounts, a)
		}
	}
	for _, switched := range []string{"enrichWithPaymentDetails", "enrichWithMerchantLogo"} { // known, and without effect here
		if _, err := flag(q, false, switched); err != nil {
			return nil, err
		}
	}
	if err := s.period(q); err != nil {
		return nil, err
	}
	if text := q.Get("rowLimit"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return nil, fail.Field("rowLimit", "rowLimit is %q", text).Say("rowLimit must be a whole number from 1 on.")
		}
		s.limit = int(min(n, 1<<31))
	}
	return s, s.source(q)
}

// period reads the dates.
func (s *search) period(q *wire.Values) (err error) {
	if s.from, err = date(q, "fromDate"); err != nil {
		return err
	}
	if s.to, err = date(q, "toDate"); err != nil {
		return err
	}
	if !s.from.IsZero() && !s.to.IsZero() && s.to.Before(s.from) {
		return fail.Field("toDate", "toDate %s is before fromDate %s", q.Get("toDate"), q.Get("fromDate")).Say("toDate must not be before fromDate.")
	}
	return nil
}

// source reads which sources are wanted, both by default. Several may stand in one value, with commas between.
func (s *search) source(q *wire.Values) error {
	for _, param := range []string{"Transaction source", "transactionSource", "source"} {
		for _, value := range q.All(param) {
			for one := range strings.SplitSeq(value, ",") {
				switch strings.TrimSpace(one) {
				case "RECENT":
					s.recent = true
				case "HISTORIC":
					s.historic = true
				case "ALL":
					s.recent, s.historic = true, true
				case "":
				default:
					return fail.Field(param, "%s is %q", param, value).Say("%s must be RECENT, HISTORIC or ALL.", param)
				}
			}
		}
	}
	if !s.recent && !s.historic {
		s.recent, s.historic = true, true
	}
	return nil
}

// holds tells whether an entry is among what is asked for.
func (s *search) holds(e *ledger.Entry, now time.Time) bool {
	on := day(shown(e, now))
	switch {
	case !s.from.IsZero() && on.Before(s.from), !s.to.IsZero() && on.After(s.to):
		return false
	case s.recent && s.historic:
		return true
	}
	return recent(e, now) == s.recent
}

// find returns the newest first; what is pending comes before what is booked.
func find(c *wire.Call, s *search) []row {
	var out []row
	for _, a := range s.accounts {
		booked, pending := c.Space.Ledger.Entries(a.ID, c.Now)
		for _, run := range [][]ledger.Entry{booked, pending} {
			for i := range run {
				if s.holds(&run[i], c.Now) {
					out = append(out, row{&run[i], a})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b row) int {
		return cmp.Or(b.entry.At.Compare(a.entry.At), b.entry.Entered.Compare(a.entry.Entered), cmp.Compare(b.entry.ID, a.entry.ID))
	})
	if s.limit > 0 && len(out) > s.limit {
		out = out[:s.limit]
	}
	return out
}

// ownTransaction finds the entry that the path names on one of the customer's accounts. The bank says that its ids may change from
// session to session; here they stay.
func ownTransaction(c *wire.Call) (*row, error) {
	p, err := customer(c, scopeTransactions)
	if err != nil {
		return nil, err
	}
	for _, a := range openAccounts(c, p) {
		if e := c.Space.Ledger.Entry(a.ID, c.Param("id"), c.Now); e != nil {
			return &row{e, a}, nil
		}
	}
	return nil, c.Trail.No("transaction known", fail.New(fail.NotFound, "%s has no transaction %q", p.ID, c.Param("id")).At("id"))
}

func transactionDetails(c *wire.Call) error {
	r, err := ownTransaction(c)
	if err != nil {
		return err
	}

	return reply(c, 200, showDetails(r, c.Now))
}

func classifiedDetails(c *wire.Call) error {
	r, err := ownTransaction(c)
	if err != nil {
		return err
	}
	if _, err := flag(c.Query(), false, "enrichWithMerchantData"); err != nil {
		return err
	}

	out := shapeClassifiedDetails{Transaction: showDetails(r, c.Now), Categories: []shapeCategory{categoryOf(r.entry)}, Recurring: recurring(r.entry)}
	if r.entry.MCC != "" {
		out.Merchant = &shapeShop{Name: r.entry.Party, Country: "NO"}
	}

	return reply(c, 200, out)
}
