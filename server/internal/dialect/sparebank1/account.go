package sparebank1

import (
	"encoding/json"
	"time"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// openAccounts are a person's accounts that are not closed: those that the bank shows.
func openAccounts(c *wire.Call, p *ledger.Person) []*ledger.Account {
	var out []*ledger.Account
	for _, a := range c.Space.Ledger.AccountsOf(p.ID) {
		if a.Status != ledger.Closed {
			out = append(out, a)
		}
	}
	return out
}

// listAccounts shows the groups that are asked for. Without a word from the client that is accounts in kroner alone: cards, savings for
// a first home (BSU) and the rest appear only when a client asks for them.
func listAccounts(c *wire.Call) error {
	p, err := customer(c, scopeAccounts)
	if err != nil {
		return err
	}
	groups, err := wantedGroups(c.Query())
	if err != nil {
		return err
	}

	var some []*ledger.Account
	for _, a := range openAccounts(c, p) {
		if groups[groupOf(a)] {
			some = append(some, a)
		}
	}

	return showAccounts(c, p, some)
}

func wantedGroups(q *wire.Values) (groups [6]bool, err error) {
	if err := q.Err(); err != nil {
		return groups, err
	}
	for g, params := range [6][]string{
		groupNOK: {"includeNokAccounts"}, groupCurrency: {"includeCurrencyAccounts"}, groupBSU: {"includeBsuAccounts"},
		groupCard: {"includeCreditCardAccounts", "includeCreditcardAccounts"}, // gregersn's client writes the second
		groupASK:  {"includeAskAccounts"}, groupPension: {"includePensionAccounts"},
	} {
		if groups[g], err = flag(q, group(g) == groupNOK, params...); err != nil {
			return groups, err
		}
	}
	return groups, nil
}

func showAccounts(c *wire.Call, owner *ledger.Person, some []*ledger.Account) error {
	out := shapeAccounts{Accounts: make([]shapeAccount, 0, len(some)), Errors: []string{}}
	who, preferred := showOwner(owner, c.Now), preferredAccount(c, owner)
	for _, a := range some {
		out.Accounts = append(out.Accounts, showAccount(c, a, &who, preferred))
	}
	return reply(c, 200, out)
}

// preferredAccount is the id of the default payment account: the one that is marked so, else the first; "" when there is none.
func preferredAccount(c *wire.Call, p *ledger.Person) string {
	first := ""
	for _, a := range openAccounts(c, p) {
		if a.Facts["default"] == "true" {
			return a.ID
		}
		if first == "" {
			first = a.ID
		}
	}
	return first
}

func showOne(c *wire.Call, p *ledger.Person, a *ledger.Account) error {
	who := showOwner(p, c.Now)
	return reply(c, 200, showAccount(c, a, &who, preferredAccount(c, p)))
}

func defaultAccount(c *wire.Call) error {
	p, err := customer(c, scopeAccounts)
	if err != nil {
		return err
	}

	a := c.Space.Ledger.Account(preferredAccount(c, p))
	if a == nil {
		return c.Trail.No("default account", fail.New(fail.NotFound, "%s has no account", p.ID))
	}

	return showOne(c, p, a)
}

// own finds one of a person's accounts by key; another's is not told from one that does not exist.
func own(c *wire.Call, p *ledger.Person, key, param string) (*ledger.Account, error) {
	a := c.Space.Ledger.Account(key)
	switch {
	case a == nil || a.Bank != name:
		return nil, c.Trail.No("account known", fail.New(fail.NotFound, "no account has the key %q", key).At(param))
	case a.Owner != p.ID:
		return nil, c.Trail.No("account's owner", fail.New(fail.NotFound, "account %s is not %s's", key, p.ID).At(param))
	case a.Status == ledger.Closed:
		return nil, c.Trail.No("account open", fail.New(fail.NotFound, "account %s is closed", key).At(param))
	}
	return a, nil
}

// ownAccount is the account that the path names.
func ownAccount(c *wire.Call) (*ledger.Person, *ledger.Account, error) {
	p, err := customer(c, scopeAccounts)
	if err != nil {
		return nil, nil, err
	}
	a, err := own(c, p, c.Param("key"), "accountKey")
	return p, a, err
}

func oneAccount(c *wire.Call) error {
	p, a, err := ownAccount(c)
	if err != nil {
		return err
	}

	return showOne(c, p, a)
}

// accountKeys maps account numbers to keys, of the numbers asked for or of all. Numbers that are not the customer's are left out.
func accountKeys(c *wire.Call) error {
	p, err := customer(c, scopeAccounts)
	if err != nil {
		return err
	}
	q := c.Query()
	if err := q.Err(); err != nil {
		return err
	}

	asked := map[string]bool{}
	for _, n := range q.All("accountNumber") {
		asked[n] = true
	}
	out := shapeKeys{map[string]string{}}
	for _, a := range openAccounts(c, p) {
		if len(asked) == 0 || asked[a.Number] {
			out.Keys[a.Number] = a.ID
		}
	}

	return reply(c, 200, out)
}

// childAccounts shows the accounts of a child whose guardian the customer is: the person fact guardian names the guardian's login.
func childAccounts(c *wire.Call) error {
	p, err := customer(c, scopeAccounts)
	if err != nil {
		return err
	}

	for _, child := range c.Space.Ledger.People(name) {
		if child.Facts["guardian"] == p.Login && customerKey(child) == c.Param("id") {
			return showAccounts(c, child, openAccounts(c, child))
		}
	}

	return c.Trail.No("guardian", fail.New(fail.NotFound, "%s is guardian of nobody with the key %q", p.ID, c.Param("id")).At("id"))
}

type shapeBalanceRequest struct {
	Number string `json:"accountNumber"`
}

// accountBalance answers by account number. Credit cards, whose numbers begin with K, are not accepted here.
func accountBalance(c *wire.Call) error {
	p, err := customer(c, scopeAccounts)
	if err != nil {
		return err
	}
	var asked shapeBalanceRequest
	if err := body(c, &asked); err != nil {
		return err
	}
	if !accountNumber(asked.Number) {
		return c.Trail.No("account number", fail.Field("accountNumber", "%q is no account number of eleven digits", asked.Number).
			Coded("account.number.invalid.format").Say("The account number is not a valid account number."))
	}

	a := c.Space.Ledger.AccountByNumber(name, asked.Number)
	if a == nil || a.Owner != p.ID || a.Status == ledger.Closed {
		return c.Trail.No("account's owner", fail.New(fail.NotFound, "%s has no account %s", p.ID, asked.Number).At("accountNumber"))
	}

	return reply(c, 200, shapeBalance{money(c.Space.Ledger.Balance(a.ID, c.Now).Booked), a.Name})
}

func accountRoles(c *wire.Call) error {
	_, a, err := ownAccount(c)
	if err != nil {
		return err
	}

	return reply(c, 200, shapeRoles{Roles: []shapeRole{{"OWNER", day(a.Opened).Format(time.DateOnly), "9999-12-31"}}, Disposal: true})
}

// freeWithdrawals is how often a year money leaves a savings account without a fee.
const freeWithdrawals = 12

func accountDetails(c *wire.Call) error {
	_, a, err := ownAccount(c)
	if err != nil {
		return err
	}

	balance := c.Space.Ledger.Balance(a.ID, c.Now)
	booked, _ := c.Space.Ledger.Entries(a.ID, c.Now)
	out := shapeDetails{InterestRate: interestRate(a), Blocked: money(-min(balance.Pending, 0)), CreditLine: money(a.Limit), Confirmed: money(balance.Booked)}
	addYears(&out, booked, c.Now, a.Kind == ledger.Savings)

	return reply(c, 200, out)
}

// addYears sums what this year and the last one brought, from the newest entry back.
func addYears(out *shapeDetails, booked []ledger.Entry, now time.Time, savings bool) {
	year, left := day(now).Year(), int64(freeWithdrawals)
	for i := len(booked) - 1; i >= 0; i-- {
		e := &booked[i]
		of := day(e.At).Year()
		if of < year-1 {
			break
		}
		switch {
		case e.Type == "interest" && of < year:
			out.CreditLastYear += money(max(e.Amount, 0))
		case e.Type == "interest" && e.Amount > 0:
			out.Credit += money(e.Amount)
		case e.Type == "interest":
			out.CreditLineCost += money(-e.Amount)
		case savings && e.Amount < 0:
			if out.LastWithdrawal == nil {
				on := day(e.At).Format(time.DateOnly)
				out.LastWithdrawal = &on
			}
			if of == year && left > 0 {
				left--
			}
		}
	}
	if savings {
		out.FreeWithdrawals = &left
	}
}

// interestRate is what such an account would have; the ledger's interest entries do not follow from it.
func interestRate(a *ledger.Account) json.Number {
	switch {
	case a.Kind == ledger.Card || a.Kind == ledger.Loan:
		return "0"
	case groupOf(a) == groupBSU:
		return "5.80"
	case a.Kind == ledger.Savings:
		return "3.10"
	}
	return "0.25"
}
