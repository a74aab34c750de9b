package finapi

import (
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// Facts of an account.
const (
	newFact     = "isNew"         // "true" until the client says otherwise
	typeFact    = "accountType"   // set by hand
	statusFact  = "accountStatus" // UPDATED when there is none
	updatedFact = "lastUpdate"    // RFC 3339; accounts of the fixtures have none and follow the nightly batch
)

const longestAccount = 512

// accountTypes are the types in the order of their deprecated ids, from 1 on.
func accountTypes() []string {
	return []string{"Checking", "Savings", "CreditCard", "Security", "Loan", "Pocket", "Membership", "Bausparen"}
}

func accountType(k ledger.Kind) string {
	switch k {
	case ledger.Savings:
		return "Savings"
	case ledger.Card:
		return "CreditCard"
	case ledger.Loan:
		return "Loan"
	}
	return "Checking"
}

// typeOf is the account's type; one that was set by hand stays.
func typeOf(a *ledger.Account) string {
	if t := a.Facts[typeFact]; t != "" {
		return t
	}
	return accountType(a.Kind)
}

// updated is when the account's data was last fetched.
func updated(a *ledger.Account, now time.Time) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, a.Facts[updatedFact]); err == nil {
		return t
	}
	return nightly(now)
}

type (
	shapeAccount struct {
		ID           int64              `json:"id"`
		Connection   int64              `json:"bankConnectionId"`
		Name         *string            `json:"accountName"`
		IBAN         *string            `json:"iban"`
		Number       string             `json:"accountNumber"`
		SubNumber    *string            `json:"subAccountNumber"`
		Holder       *string            `json:"accountHolderName"`
		HolderID     *string            `json:"accountHolderId"`
		Currency     string             `json:"accountCurrency"`
		TypeID       int                `json:"accountTypeId"`
		TypeName     string             `json:"accountTypeName"`
		Type         string             `json:"accountType"`
		Balance      money              `json:"balance"`
		Overdraft    *money             `json:"overdraft"`
		Limit        *money             `json:"overdraftLimit"`
		Available    *money             `json:"availableFunds"`
		LastSuccess  string             `json:"lastSuccessfulUpdate"`
		LastAttempt  string             `json:"lastUpdateAttempt"`
		New          bool               `json:"isNew"`
		Status       string             `json:"status"`
		Orders       []string           `json:"supportedOrders"`
		Interfaces   []accountInterface `json:"interfaces"`
		ClearingOnes []string           `json:"clearingAccounts"`
		Seized       bool               `json:"isSeized"`
	}
	accountInterface struct {
		Interface    string   `json:"interface"`
		Status       string   `json:"status"`
		Capabilities []string `json:"capabilities"`
		Payments     struct {
			Instant bool `json:"sepaInstantMoneyTransfer"`
		} `json:"paymentCapabilities"`
		LastSuccess string `json:"lastSuccessfulUpdate"`
		LastAttempt string `json:"lastUpdateAttempt"`
	}
	shapeAccounts struct {
		Accounts []shapeAccount `json:"accounts"`
	}
)

func showOne(c *wire.Call, p *ledger.Person, a *ledger.Account) shapeAccount {
	holder := p.Name()
	if holder == "" {
		holder = userID(p)
	}
	balance := c.Space.Ledger.Balance(a.ID, c.Now)
	kind, status, last := typeOf(a), a.Facts[statusFact], stamp(updated(a, c.Now))
	if status == "" {
		status = "UPDATED"
	}
	if a.Status == ledger.Closed {
		status = "DEPRECATED"
	}
	l := linkOf(c, p, connectionID(a))
	s := shapeAccount{ID: identifier(a.ID), Connection: connectionID(a), Name: text(a.Name), IBAN: text(a.IBAN), Number: a.Number, Holder: text(holder),
		HolderID: text(hidden), Currency: a.Currency, TypeID: slices.Index(accountTypes(), kind) + 1, TypeName: kind, Type: kind, Balance: money(balance.Booked),
		LastSuccess: last, LastAttempt: last, New: a.Facts[newFact] == "true", Status: status, Orders: []string{}, ClearingOnes: []string{},
		Interfaces: []accountInterface{{Interface: l.Interface, Status: status, Capabilities: []string{"DATA_DOWNLOAD"}, LastSuccess: last, LastAttempt: last}},
		Seized:     a.Status == ledger.Blocked}
	if a.Kind != ledger.Loan {
		available := money(balance.Available())
		s.Available = &available
	}
	if a.Limit > 0 {
		limit, used := money(a.Limit), money(max(-balance.Booked, 0))
		s.Limit, s.Overdraft = &limit, &used
	}
	return s
}

// userAccount admits a user's token and finds the account of the path; another user's does not exist.
func userAccount(c *wire.Call) (*ledger.Person, *ledger.Account, error) {
	p, err := asUser(c)
	if err != nil {
		return nil, nil, err
	}
	id, err := pathID(c)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range c.Space.Ledger.AccountsOf(p.ID) {
		if identifier(a.ID) == id {
			return p, a, nil
		}
	}
	return nil, nil, noAccount(c, p, id)
}

func noAccount(c *wire.Call, p *ledger.Person, id int64) error {
	return c.Trail.No("account known", fail.New(fail.NotFound, "%s has no account %d", p.ID, id).Say("Account not found"))
}

// listAccounts has filters and no paging.
func listAccounts(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}
	q := search(c)
	ids, terms, connections := q.ids("ids"), q.one("search"), q.ids("bankConnectionIds")
	types := q.words("accountTypes", accountTypes()...)
	typeIDs := q.ids("accountTypeIds")
	least, most := q.amounts("minBalance", "maxBalance")
	from, to := q.span("minLastSuccessfulUpdate", "maxLastSuccessfulUpdate")
	if q.err != nil {
		return c.Trail.No("parameters", fail.From(q.err))
	}

	out := shapeAccounts{Accounts: []shapeAccount{}}
	for _, a := range c.Space.Ledger.AccountsOf(p.ID) {
		if ids != nil && !slices.Contains(ids, identifier(a.ID)) || connections != nil && !slices.Contains(connections, connectionID(a)) ||
			types != nil && !slices.Contains(types, typeOf(a)) || !holds(terms, a.Name, a.IBAN, a.Number) || !inside(updated(a, c.Now), from, to) {
			continue
		}
		s := showOne(c, p, a)
		if within(s.Balance, least, most) && (typeIDs == nil || slices.Contains(typeIDs, int64(s.TypeID))) {
			out.Accounts = append(out.Accounts, s)
		}
	}

	return c.JSON(200, out)
}

func showAccount(c *wire.Call) error {
	p, a, err := userAccount(c)
	if err != nil {
		return err
	}

	return c.JSON(200, showOne(c, p, a))
}

func editAccount(c *wire.Call) error {
	p, a, err := userAccount(c)
	if err != nil {
		return err
	}
	var in struct {
		Name   *string `json:"accountName"`
		TypeID *int64  `json:"accountTypeId"`
		Type   *string `json:"accountType"`
		New    *bool   `json:"isNew"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if in.TypeID != nil && in.Type == nil {
		if *in.TypeID < 1 || *in.TypeID > int64(len(accountTypes())) {
			return field(c, "accountTypeId", badRequest, "The field 'accountTypeId' has an unknown value.", "accountTypeId is %d", *in.TypeID)
		}
		in.Type = &accountTypes()[*in.TypeID-1]
	}
	switch {
	case in.Name == nil && in.Type == nil && in.New == nil:
		return field(c, "accountName", missingField, "At least one of 'accountName', 'accountType' and 'isNew' must be set.", "the body changes nothing")
	case in.Type != nil && !slices.Contains(accountTypes(), *in.Type):
		return field(c, "accountType", badRequest, "The field 'accountType' has an unknown value.", "accountType is %q", *in.Type)
	}
	if err := plain(c, "accountName", in.Name, longestAccount); err != nil {
		return err
	}

	next, err := c.Space.Ledger.UpdateAccount(a.ID, func(v *ledger.Account) {
		if in.Name != nil {
			v.Name = strings.TrimSpace(*in.Name)
		}
		if in.Type != nil {
			v.Facts = ledger.WithFact(v.Facts, typeFact, *in.Type)
		}
		if in.New != nil {
			v.Facts = ledger.WithFact(v.Facts, newFact, map[bool]string{true: "true", false: "false"}[*in.New])
		}
	})
	if err != nil {
		return noAccount(c, p, identifier(a.ID))
	}

	return c.JSON(200, showOne(c, p, next))
}

func deleteAccount(c *wire.Call) error {
	p, a, err := userAccount(c)
	if err != nil {
		return err
	}

	if !c.Space.Ledger.CloseAccount(a.ID) {
		return noAccount(c, p, identifier(a.ID))
	}
	left := func(v *ledger.Account) bool { return connectionID(v) == connectionID(a) }
	if !slices.ContainsFunc(c.Space.Ledger.AccountsOf(p.ID), left) {
		unlink(c, p, connectionID(a))
	}

	return c.Empty(200)
}

// deleteAccounts deletes the bank connections with them.
func deleteAccounts(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}

	out := shapeIdentifiers{Identifiers: []int64{}}
	var empty []int64
	for _, a := range c.Space.Ledger.AccountsOf(p.ID) {
		if c.Space.Ledger.CloseAccount(a.ID) {
			out.Identifiers = append(out.Identifiers, identifier(a.ID))
		}
		empty = append(empty, connectionID(a))
	}
	unlink(c, p, empty...)
	slices.Sort(out.Identifiers)

	return c.JSON(200, out)
}
