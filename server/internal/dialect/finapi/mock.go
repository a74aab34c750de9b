package finapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

const (
	mostMocked   = 1000 // transactions of one account at once
	updateWindow = 10   // days before an account's latest transaction that an update still looks at
	oldestMocked = 89   // days
)

type (
	mockBody struct {
		Updates []mockConnection `json:"mockBankConnectionUpdates"`
		Notify  bool             `json:"triggerNotifications"`
	}
	mockConnection struct {
		ID         *int64        `json:"bankConnectionId"`
		Interface  *string       `json:"interface"`
		LoginError bool          `json:"simulateBankLoginError"`
		Accounts   []mockAccount `json:"mockAccountsData"`
	}
	mockAccount struct {
		ID      *int64            `json:"accountId"`
		Balance *json.Number      `json:"accountBalance"`
		New     []mockTransaction `json:"newTransactions"`
	}
	mockTransaction struct {
		Amount      *json.Number `json:"amount"`
		Purpose     *string      `json:"purpose"`
		Counterpart *string      `json:"counterpart"`
		IBAN        *string      `json:"counterpartIban"`
		Number      *string      `json:"counterpartAccountNumber"`
		Booked      *string      `json:"bookingDate"`
		Value       *string      `json:"valueDate"`
	}
)

// feed is what a mock does to one account, ready to be entered.
type feed struct {
	account *ledger.Account
	entries []ledger.Entry
	booked  map[string]time.Time // booking dates in the future, by entry
	fixed   bool                 // whether an adjusting entry was needed
}

// mockUpdate acts as if the bank had delivered balances and transactions. Everything is checked before anything is entered, and all of it
// is entered at once. Notifications are not sent, whatever triggerNotifications says: the sandbox has no notification rules.
func mockUpdate(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}
	var in mockBody
	if err := body(c, &in); err != nil {
		return err
	}
	if len(in.Updates) == 0 {
		return field(c, "mockBankConnectionUpdates", missingField, "The field 'mockBankConnectionUpdates' is missing or empty.", "there is nothing to update")
	}
	if p.Facts[autoUpdate] == "true" {
		return c.Trail.No("automatic update", fail.New(fail.Conflict, "%s has isAutoUpdateEnabled", p.ID).Coded(illegalState).
			Say("Mock updates are possible only while the user's automatic update is disabled."))
	}
	feeds := make([][]feed, len(in.Updates))
	found := make([]*connection, len(in.Updates))
	for i := range in.Updates {
		if found[i], feeds[i], err = in.Updates[i].read(c, p); err != nil {
			return err
		}
		if slices.ContainsFunc(found[:i], func(o *connection) bool { return o.id == found[i].id }) {
			return field(c, "bankConnectionId", badRequest, "A bank connection must not be given twice.", "connection %d is there twice", found[i].id)
		}
	}

	var entries []ledger.Entry
	for _, f := range slices.Concat(feeds...) {
		entries = append(entries, f.entries...)
	}
	if err := c.Space.Ledger.Post(entries...); err != nil {
		return c.Trail.No("accounts known", fail.From(err).Say("Account not found"))
	}
	for i, one := range found {
		if _, err := relink(c, p, one.id, func(l *link) { l.Auto = &update{At: c.Now, Rejected: in.Updates[i].LoginError} }); err != nil {
			return err
		}
		settle(c, one, feeds[i], in.Updates[i].LoginError)
	}

	return c.Empty(200)
}

// read checks one connection of a mock.
func (m *mockConnection) read(c *wire.Call, p *ledger.Person) (*connection, []feed, error) {
	if m.ID == nil {
		return nil, nil, field(c, "bankConnectionId", missingField, "The field 'bankConnectionId' is missing.", "bankConnectionId is missing")
	}
	one, err := oneConnection(c, p, *m.ID)
	if err != nil {
		return nil, nil, err
	}
	if m.Interface != nil && *m.Interface != one.link.Interface {
		return nil, nil, field(c, "interface", badRequest, "The bank connection does not have this interface.", "interface is %q, the connection has %s", *m.Interface, one.link.Interface)
	}
	var feeds []feed
	for i := range m.Accounts {
		f, err := m.Accounts[i].read(c, p, one)
		if err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(feeds, func(o feed) bool { return o.account.ID == f.account.ID }) {
			return nil, nil, field(c, "accountId", badRequest, "An account must not be given twice.", "account %s is there twice", f.account.ID)
		}
		feeds = append(feeds, *f)
	}
	if m.LoginError {
		feeds = nil // the bank delivers nothing
	}
	return one, feeds, nil
}

// read checks one account of a mock and makes its entries. What does not add up to the balance is an adjusting entry.
func (m *mockAccount) read(c *wire.Call, p *ledger.Person, of *connection) (*feed, error) {
	if m.ID == nil {
		return nil, field(c, "accountId", missingField, "The field 'accountId' is missing.", "accountId is missing")
	}
	at := slices.IndexFunc(of.accounts, func(a *ledger.Account) bool { return identifier(a.ID) == *m.ID })
	if at < 0 {
		return nil, noAccount(c, p, *m.ID)
	}
	balance, err := number(c, "accountBalance", m.Balance)
	if err != nil {
		return nil, err
	}
	if len(m.New) > mostMocked {
		return nil, c.Trail.No("transactions", fail.New(fail.Conflict, "%d transactions, %d are allowed", len(m.New), mostMocked).
			Say("At most 1000 transactions can be given at once."))
	}
	f := &feed{account: of.accounts[at], booked: map[string]time.Time{}}
	booked, pending := c.Space.Ledger.Entries(f.account.ID, c.Now)
	since := midnight(c.Now).AddDate(0, 0, -oldestMocked)
	if n := len(booked); n > 0 && midnight(booked[n-1].At).AddDate(0, 0, -updateWindow).After(since) {
		since = midnight(booked[n-1].At).AddDate(0, 0, -updateWindow)
	}
	ids := newIDs(c, f.account, booked, pending)
	rest := int64(balance) - c.Space.Ledger.Balance(f.account.ID, c.Now).Booked
	for i := range m.New {
		e, on, err := m.New[i].entry(c, f.account)
		if err != nil {
			return nil, err
		}
		if on.Before(since) {
			continue // an update does not look that far back
		}
		if e.ID = ids(); on.After(c.Now) {
			f.booked[e.ID] = on
		}
		rest -= e.Amount
		f.entries = append(f.entries, e)
	}
	if rest != 0 {
		f.fixed = true
		f.entries = append(f.entries, ledger.Entry{ID: ids(), Account: f.account.ID, Amount: rest, Entered: c.Now, At: c.Now, Value: c.Now, Type: "opening", Text: "Zwischensaldo"})
	}
	return f, nil
}

// newIDs deals entry ids that the account does not have. Those of invented entries hold the day; these lie above all days to come.
func newIDs(c *wire.Call, a *ledger.Account, runs ...[]ledger.Entry) func() string {
	used := map[string]bool{}
	for _, e := range slices.Concat(runs...) {
		used[e.ID] = true
	}
	return func() string {
		for {
			id := a.ID + "-" + strconv.FormatInt(c.Space.Dice.Between(1_000_000_000, 9_999_999_999), 10)
			if n, err := strconv.ParseInt(a.ID, 10, 64); err == nil && n > 0 && n < 90_000_000 {
				id = strconv.FormatInt(n*100_000_000+c.Space.Dice.Between(90_000_000, 99_999_999), 10)
			}
			if !used[id] {
				used[id] = true
				return id
			}
		}
	}
}

// entry checks one transaction of a mock; on is its booking date. One that lies in the future counts from now on, as finAPI does with
// what a bank delivers early.
func (m *mockTransaction) entry(c *wire.Call, a *ledger.Account) (e ledger.Entry, on time.Time, err error) {
	amount, err := number(c, "amount", m.Amount)
	if err != nil {
		return e, on, err
	}
	for _, f := range []struct {
		param string
		text  *string
		most  int
	}{{"purpose", m.Purpose, 2000}, {"counterpart", m.Counterpart, 80}, {"counterpartIban", m.IBAN, 34}, {"counterpartAccountNumber", m.Number, 34}} {
		if f.text != nil && utf8.RuneCountInString(*f.text) > f.most {
			return e, on, field(c, f.param, badRequest, "The field '"+f.param+"' is too long.", "%s has more than %d characters", f.param, f.most)
		}
	}
	date := func(param string, text *string, otherwise time.Time) time.Time {
		if text == nil || err != nil {
			return otherwise
		}
		t, ok := dated(*text)
		if !ok {
			err = field(c, param, badRequest, "The field '"+param+"' must be a date in the format YYYY-MM-DD.", "%s is %q", param, *text)
		}
		return t
	}
	on = date("bookingDate", m.Booked, midnight(c.Now))
	at := c.Now
	if on.Before(midnight(c.Now)) {
		at = on.Add(12 * time.Hour)
	}
	value := date("valueDate", m.Value, on)
	if err != nil {
		return e, on, err
	}
	some := func(texts ...*string) string {
		for _, t := range texts {
			if t != nil && *t != "" {
				return *t
			}
		}
		return ""
	}
	return ledger.Entry{Account: a.ID, Amount: int64(amount), Entered: c.Now, At: at, Value: value, Type: "transfer", Party: some(m.Counterpart),
		PartyRef: some(m.IBAN, m.Number), Text: some(m.Purpose)}, on, nil
}

// settle notes how the update went: accounts that the bank did not deliver are deprecated.
func settle(c *wire.Call, one *connection, feeds []feed, refused bool) {
	for _, a := range one.accounts {
		status := "DEPRECATED"
		var booked map[string]time.Time
		if i := slices.IndexFunc(feeds, func(f feed) bool { return f.account.ID == a.ID }); i >= 0 {
			status, booked = "UPDATED", feeds[i].booked
			if feeds[i].fixed {
				status = "UPDATED_FIXED"
			}
		}
		if refused {
			status = "DOWNLOAD_FAILED"
		}
		c.Space.Ledger.UpdateAccount(a.ID, func(v *ledger.Account) {
			v.Facts = ledger.WithFact(v.Facts, statusFact, status)
			if status == "UPDATED" || status == "UPDATED_FIXED" {
				v.Facts = ledger.WithFact(v.Facts, updatedFact, c.Now.Format(time.RFC3339Nano))
			}
			for id, on := range booked {
				v.Facts = ledger.WithFact(v.Facts, markFact(id), mark{booked: on}.String())
			}
		})
	}
}
