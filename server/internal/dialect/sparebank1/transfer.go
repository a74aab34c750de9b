package sparebank1

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// Error codes of transfers (banks.md 3.5): of the request first, then of what the ledger has to say.
const (
	codeFromFormat    = "from.account.number.invalid.format"
	codeToFormat      = "to.account.number.invalid.format"
	codeSame          = "accounts.not.different"
	codeMessage       = "message.length.invalid"
	codeAmount        = "amount.invalid"
	codeDue           = "due.date.invalid"
	codeFromAccess    = "from.account.no.access"
	codeFromKind      = "from.account.not.valid.for.transfer"
	codeToAccess      = "to.account.no.access"
	codeToKind        = "to.account.not.valid.for.transfer"
	codeNoDomestic    = "account.not.valid.for.domestic.payment"
	codeFunds         = "insufficient.funds"
	codeToUnknown     = "to.account.unknown"
	codeFromBlocked   = "from.account.blocked"
	codeToBlocked     = "to.account.cannot.receive.transfers"
	codeToClosed      = "to.account.closed"
	codeFromClosed    = "debit.or.credit.account.is.closed"
	codeIBAN          = "iban.required"
	codeNoCard        = "no.credit.card.account.found"
	codeCardClosed    = "credit.card.account.does.not.support.transfer.to"
	codeNoPension     = "no.pension.agreement.found.for.policy.number"
	codePensionClosed = "pension.agreement.does.not.support.transfer.to"
)

// What each kind of transfer takes at most.
const (
	mostDebit   money = 1_000_000_000_00
	mostCard    money = 999_999_999_00
	mostPension money = 2_000_000_00
)

// longestMessage and latestDue limit a transfer; how far ahead the bank takes orders is not documented.
const (
	longestMessage = 40
	latestDue      = 365 // days
)

// request is a transfer as one of the three endpoints takes it.
type request struct {
	Amount   string `json:"amount"` // a string on the wire: no float ever touches it
	From     string `json:"fromAccount"`
	To       string `json:"toAccount"`
	Card     string `json:"creditCardAccountId"`
	Policy   string `json:"policyNumber"`
	Message  string `json:"message"`
	Due      string `json:"dueDate"`
	Currency string `json:"currencyCode"`
}

// order is a transfer that was understood.
type order struct {
	from, to *ledger.Account
	amount   money
	due      time.Time // zero: today
	text     string
}

type shapeTransfer struct {
	PaymentID string   `json:"paymentId"`
	Warnings  []string `json:"warnings"`
}

// bad is a 400 of a transfer, forbidden a 403.
func bad(c *wire.Call, code, field, why string, args ...any) error {
	return c.Trail.No(code, fail.Field(field, why, args...).Coded(code))
}

func forbidden(c *wire.Call, code, field, why string, args ...any) error {
	return c.Trail.No(code, fail.New(fail.Forbidden, why, args...).Coded(code).At(field))
}

func transferDebit(c *wire.Call) error {
	return transfer(c, mostDebit, codeFromKind, deposit, func(p *ledger.Person, r *request, o *order) (err error) {
		o.to, err = debitTarget(c, p, r, o.from)
		return err
	})
}

func transferCard(c *wire.Call) error {
	return transfer(c, mostCard, codeNoDomestic, domesticPayer, func(p *ledger.Person, r *request, o *order) error {
		for _, a := range c.Space.Ledger.AccountsOf(p.ID) {
			if a.Kind == ledger.Card && r.Card != "" && cardAccount(a) == r.Card {
				o.to = a
			}
		}
		if o.to == nil {
			return forbidden(c, codeNoCard, "creditCardAccountId", "%s has no credit card account %q", p.ID, r.Card)
		}
		return receives(c, o.to, codeCardClosed, "creditCardAccountId")
	})
}

func transferPension(c *wire.Call) error {
	return transfer(c, mostPension, codeNoDomestic, domesticPayer, func(p *ledger.Person, r *request, o *order) error {
		for _, a := range c.Space.Ledger.AccountsOf(p.ID) {
			if r.Policy != "" && a.Facts[factPolicy] == r.Policy {
				o.to = a
			}
		}
		if o.to == nil {
			return forbidden(c, codeNoPension, "policyNumber", "%s has no pension agreement %q", p.ID, r.Policy)
		}
		return receives(c, o.to, codePensionClosed, "policyNumber")
	})
}

func receives(c *wire.Call, a *ledger.Account, code, field string) error {
	if a.Status != ledger.Enabled {
		return forbidden(c, code, field, "account %s is %s", a.Number, a.Status)
	}
	return nil
}

// transfer is what the three endpoints share: who asks, the body, the side that pays, the limits, and at last the money.
func transfer(c *wire.Call, most money, wrongKind string, pays func(*ledger.Account) bool, target func(*ledger.Person, *request, *order) error) error {
	p, err := customer(c, scopeTransfer)
	if err != nil {
		return err
	}
	r, o := &request{}, &order{}
	if err := readRequest(c, r); err != nil {
		return err
	}
	if err := readOrder(c, r, o, most); err != nil {
		return err
	}
	if o.from, err = source(c, p, r, wrongKind, pays); err != nil {
		return err
	}
	if err := target(p, r, o); err != nil {
		return err
	}

	id, warnings, err := pay(c, o)
	if err != nil {
		return err
	}

	return reply(c, 200, shapeTransfer{id, warnings})
}

// readRequest tells a field of the wrong JSON type by that field's own code: an amount that is a number is the commonest mistake.
func readRequest(c *wire.Call, r *request) error {
	err := body(c, r)
	if err == nil {
		return nil
	}
	e := fail.From(err)
	codes := map[string]string{"amount": codeAmount, "fromAccount": codeFromFormat, "toAccount": codeToFormat, "message": codeMessage, "dueDate": codeDue}
	return e.Coded(codes[e.Param])
}

// readOrder checks what needs no account.
func readOrder(c *wire.Call, r *request, o *order, most money) error {
	if !accountNumber(r.From) {
		return bad(c, codeFromFormat, "fromAccount", "%q is no account number", r.From)
	}
	var ok bool
	if o.amount, ok = parseAmount(r.Amount, most); !ok {
		return c.Trail.No(codeAmount, fail.Field("amount", "%q is no amount from 0.01 to %s", r.Amount, most.decimal(".")).Coded(codeAmount).
			Say("The amount must be a string with a number between 0.01 and %s.", strings.TrimSuffix(most.decimal("."), ".00")))
	}
	if n := utf8.RuneCountInString(r.Message); n > longestMessage || strings.ContainsFunc(r.Message, unicode.IsControl) {
		return bad(c, codeMessage, "message", "the message has %d characters; %d are allowed, and no control characters", n, longestMessage)
	}
	o.text = r.Message
	if r.Due == "" {
		return nil
	}
	due, ok := parseDate(r.Due)
	if !ok || due.After(day(c.Now).AddDate(0, 0, latestDue)) {
		return bad(c, codeDue, "dueDate", "%q is no date up to %d days from now", r.Due, latestDue)
	}
	o.due = due
	return nil
}

// source is the account that pays. Whatever the owner could not know of another's account is told as no access.
func source(c *wire.Call, p *ledger.Person, r *request, wrongKind string, pays func(*ledger.Account) bool) (*ledger.Account, error) {
	a := c.Space.Ledger.AccountByNumber(name, r.From)
	switch {
	case a == nil || a.Owner != p.ID:
		return nil, bad(c, codeFromAccess, "fromAccount", "%s has no account %s", p.ID, r.From)
	case a.Status == ledger.Closed:
		return nil, forbidden(c, codeFromClosed, "fromAccount", "account %s is closed", r.From)
	case a.Status == ledger.Blocked:
		return nil, forbidden(c, codeFromBlocked, "fromAccount", "account %s is blocked", r.From)
	case !pays(a):
		return nil, bad(c, wrongKind, "fromAccount", "account %s is a %s account in %s", r.From, a.Product, a.Currency)
	case r.Currency != "" && r.Currency != a.Currency:
		return nil, c.Trail.No("currency", fail.Field("currencyCode", "currencyCode is %q, account %s is in %s", r.Currency, r.From, a.Currency).
			Say("currencyCode must be the currency of the from account."))
	}
	return a, nil
}

// debitTarget is the account that receives: the customer's own, because this interface moves money between own accounts only.
func debitTarget(c *wire.Call, p *ledger.Person, r *request, from *ledger.Account) (*ledger.Account, error) {
	if !accountNumber(r.To) {
		return nil, bad(c, codeToFormat, "toAccount", "%q is no account number", r.To)
	}
	if r.To == r.From {
		return nil, bad(c, codeSame, "toAccount", "both sides are account %s", r.To)
	}
	a := c.Space.Ledger.AccountByNumber(name, r.To)
	switch {
	case a == nil:
		return nil, forbidden(c, codeToUnknown, "toAccount", "no account has the number %s", r.To)
	case a.Owner != p.ID:
		return nil, bad(c, codeToAccess, "toAccount", "account %s is not %s's", r.To, p.ID)
	case a.Status == ledger.Closed:
		return nil, forbidden(c, codeToClosed, "toAccount", "account %s is closed", r.To)
	case a.Status == ledger.Blocked:
		return nil, forbidden(c, codeToBlocked, "toAccount", "account %s is blocked", r.To)
	case !deposit(a):
		return nil, bad(c, codeToKind, "toAccount", "account %s is a %s account", r.To, a.Product)
	case a.Currency != from.Currency:
		return nil, forbidden(c, codeIBAN, "toAccount", "account %s is in %s, account %s in %s; nothing is exchanged here", from.Number, from.Currency, r.To, a.Currency)
	}
	return a, nil
}

// pay moves the money. A payment number that is taken is dealt anew.
func pay(c *wire.Call, o *order) (id string, warnings []string, err error) {
	due, at, warnings := schedule(o.due, c.Now)
	if duplicate(c, o, due) {
		warnings = append(warnings, warnDuplicate)
	}
	if warnings == nil {
		warnings = []string{}
	}
	text := o.text
	if text == "" {
		text = "Overføring"
	}
	for {
		id = strconv.FormatInt(c.Space.Dice.Between(10_000_000_000, 99_999_999_999), 10)
		_, _, err = c.Space.Ledger.Pay(ledger.Payment{ID: id, Bank: name, Client: c.Client.ID, From: o.from.ID, To: o.to.Number, ToName: o.to.Name,
			Amount: int64(o.amount), Text: text, Entered: c.Now, Due: at.UTC(), Category: "transfer"}, c.Now)
		if !fail.Is(err, fail.Conflict) {
			return id, warnings, refusedPayment(c, err)
		}
	}
}

// refusedPayment gives the ledger's refusal the bank's code: mostly money that is not there, seldom an account that changed meanwhile.
func refusedPayment(c *wire.Call, err error) error {
	if err == nil {
		c.Trail.Pass("paid", "")
		return nil
	}
	e, code, field := fail.From(err), codeFunds, "fromAccount"
	switch {
	case e.Kind == fail.AccountBlocked && e.Param == "to":
		code, field = codeToBlocked, "toAccount"
	case e.Kind == fail.AccountBlocked:
		code = codeFromBlocked
	case e.Kind != fail.InsufficientFund:
		code = ""
	}
	return c.Trail.No("ledger", e.Coded(code).At(field))
}

// duplicate tells whether the same amount goes to the same account on the same day already. The bank warns of it and pays all the same.
func duplicate(c *wire.Call, o *order, due time.Time) bool {
	booked, pending := c.Space.Ledger.Entries(o.from.ID, c.Now)
	same := func(e *ledger.Entry) bool {
		return e.Amount == -int64(o.amount) && e.PartyRef == o.to.Number && e.EndToEnd != "" && day(e.At).Equal(due)
	}
	for i := range pending {
		if same(&pending[i]) {
			return true
		}
	}
	for i := len(booked) - 1; i >= 0 && !day(booked[i].At).Before(due); i-- {
		if same(&booked[i]) {
			return true
		}
	}
	return false
}
