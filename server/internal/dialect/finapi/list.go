package finapi

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// filter is a search for transactions; nil and zero are open.
type filter struct {
	ids, accounts, labels, categories []int64
	children                          bool
	search, counterpart, purpose      string
	bank, finapi, imported            [2]time.Time
	least, most                       *money
	direction                         string
	isNew, duplicate, adjusting       *bool
}

// readFilter reads the table of parameters of GET /transactions.
func readFilter(q *query) (f filter) {
	f.ids, f.accounts, f.labels, f.categories = q.ids("ids"), q.ids("accountIds"), q.ids("labelIds"), q.ids("categoryIds")
	children := q.flag("includeChildCategories")
	f.children = children == nil || *children
	f.search, f.counterpart, f.purpose = q.one("search"), q.one("counterpart"), q.one("purpose")
	f.bank[0], f.bank[1] = q.span("minBankBookingDate", "maxBankBookingDate")
	f.finapi[0], f.finapi[1] = q.span("minFinapiBookingDate", "maxFinapiBookingDate")
	f.imported[0], f.imported[1] = q.span("minImportDate", "maxImportDate")
	f.least, f.most = q.amounts("minAmount", "maxAmount")
	f.isNew, f.duplicate, f.adjusting = q.flag("isNew"), q.flag("isPotentialDuplicate"), q.flag("isAdjustingEntry")
	f.direction = "all"
	if d := q.words("direction", "all", "income", "spending"); len(d) == 1 {
		f.direction = d[0]
	} else if len(d) > 1 {
		q.bad("direction", badRequest, "The parameter 'direction' must be 'all', 'income' or 'spending'.", "direction has %d values", len(d))
	}
	return f
}

// takes tells whether a transaction is looked for. No transaction has labels or is a potential duplicate here.
func (f *filter) takes(t *transaction) bool {
	is := func(want *bool, have bool) bool { return want == nil || *want == have }
	switch {
	case f.ids != nil && !slices.Contains(f.ids, t.id), f.labels != nil:
		return false
	case f.direction == "income" && t.Amount < 0, f.direction == "spending" && t.Amount >= 0, !within(money(t.Amount), f.least, f.most):
		return false
	case !inside(t.bankBooked(), f.bank[0], f.bank[1]), !inside(t.At, f.finapi[0], f.finapi[1]), !inside(t.imported(), f.imported[0], f.imported[1]):
		return false
	case !is(f.isNew, t.isNew()), !is(f.duplicate, false), !is(f.adjusting, t.adjusting()):
		return false
	case !holds(f.purpose, t.Text), !holds(f.counterpart, t.Party, t.PartyRef), !holds(f.search, t.Text, t.EndToEnd, t.Party, t.PartyRef):
		return false
	}
	return f.categories == nil || f.inCategory(t.category())
}

// inCategory takes 0 for transactions that have none.
func (f *filter) inCategory(s *shapeCategory) bool {
	if s == nil {
		return slices.Contains(f.categories, 0)
	}
	return slices.Contains(f.categories, s.ID) || f.children && s.ParentID != nil && slices.Contains(f.categories, *s.ParentID)
}

// transactionOrders are the properties that a result can be ordered by.
func transactionOrders() map[string]func(a, b transaction) int {
	texts := func(of func(*transaction) string) func(a, b transaction) int {
		return func(a, b transaction) int { return strings.Compare(of(&a), of(&b)) }
	}
	times := func(of func(*transaction) time.Time) func(a, b transaction) int { // days: equal ones are ordered by what comes next
		return func(a, b transaction) int {
			return strings.Compare(of(&a).In(german()).Format(day), of(&b).In(german()).Format(day))
		}
	}
	none := func(_, _ transaction) int { return 0 }
	part := func(i int) func(a, b transaction) int {
		return texts(func(t *transaction) string {
			iban, number, blz := t.counterpart()
			return [...]string{iban, number, blz}[i]
		})
	}
	ofCategory := func(a, b transaction) (x, y shapeCategory) {
		if s := a.category(); s != nil {
			x = *s
		}
		if s := b.category(); s != nil {
			y = *s
		}
		return x, y
	}
	return map[string]func(a, b transaction) int{
		"id":                func(a, b transaction) int { return cmp.Compare(a.id, b.id) },
		"accountId":         func(a, b transaction) int { return cmp.Compare(identifier(a.account.ID), identifier(b.account.ID)) },
		"valueDate":         times(func(t *transaction) time.Time { return t.Value }),
		"bankBookingDate":   times((*transaction).bankBooked),
		"finapiBookingDate": times(func(t *transaction) time.Time { return t.At }),
		"importDate":        func(a, b transaction) int { return a.imported().Compare(b.imported()) },
		"amount":            func(a, b transaction) int { return cmp.Compare(a.Amount, b.Amount) },
		"purpose":           texts(func(t *transaction) string { return t.Text }),
		"counterpartName":   texts(func(t *transaction) string { return t.Party }),
		"counterpartIban":   part(0), "counterpartAccountNumber": part(1), "counterpartBlz": part(2),
		"type":          texts(func(t *transaction) string { term, _, _, _ := t.kindOf(); return term }),
		"category.id":   func(a, b transaction) int { x, y := ofCategory(a, b); return cmp.Compare(x.ID, y.ID) },
		"category.name": func(a, b transaction) int { x, y := ofCategory(a, b); return strings.Compare(x.Name, y.Name) },
		"isNew": func(a, b transaction) int {
			return cmp.Compare(map[bool]int{true: 1}[a.isNew()], map[bool]int{true: 1}[b.isNew()])
		},
		"parentId": none, "counterpartBic": none, "primanota": none, "isPotentialDuplicate": none,
	}
}

type shapeTransactions struct {
	Transactions []shapeTransaction `json:"transactions"`
	Paging       paging             `json:"paging"`
	Income       money              `json:"income"`
	Spending     money              `json:"spending"`
	Balance      money              `json:"balance"`
}

// listTransactions searches. view must be said; as nothing can be split here, both views are the same. The sums run over all pages.
func listTransactions(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}
	q := search(c)
	if q.err == nil && q.one("view") == "" {
		q.bad("view", missingField, "The parameter 'view' is required: 'bankView' or 'userView'.", "view is missing")
	}
	if view := q.v.Get("view"); view != "" && view != "bankView" && view != "userView" {
		q.bad("view", badRequest, "The parameter 'view' must be 'bankView' or 'userView'.", "view is %q", view)
	}
	f := readFilter(q)
	page, perPage := q.page()
	order := sorts(q, transactionOrders(), "id")
	if q.err != nil {
		return c.Trail.No("parameters", fail.From(q.err))
	}

	accounts := c.Space.Ledger.AccountsOf(p.ID)
	if f.accounts != nil {
		accounts = slices.DeleteFunc(accounts, func(a *ledger.Account) bool { return !slices.Contains(f.accounts, identifier(a.ID)) })
	}
	found := slices.DeleteFunc(transactions(c, accounts), func(t transaction) bool { return !f.takes(&t) })
	slices.SortStableFunc(found, order)
	some, part := paged(found, page, perPage)

	out := shapeTransactions{Transactions: make([]shapeTransaction, len(some)), Paging: part}
	for i := range some {
		out.Transactions[i] = some[i].show()
	}
	for i := range found {
		if found[i].Amount < 0 {
			out.Spending += money(found[i].Amount)
		} else {
			out.Income += money(found[i].Amount)
		}
	}
	out.Balance = out.Income + out.Spending
	return c.JSON(200, out)
}
