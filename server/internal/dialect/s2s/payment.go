package s2s

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// queryLength is that of "H18000204312": a letter, the year, a number of nine digits.
const queryLength = 12

// validate tells what an order would cost and whether it would go through, and draws the query number under which it may be paid.
func validate(p product) func(*wire.Call) error {
	return func(c *wire.Call) error {
		b, err := admit(c, p.scope)
		if err != nil {
			return err
		}
		o, err := readOrder(c, p)
		if err != nil {
			return err
		}

		quote, err := p.quote(c, o, b.Token)
		if err != nil {
			return err
		}

		return show(c, shapeData[shapePayment]{showPayment(quote, p)})
	}
}

// pay carries an order out.
func pay(p product) func(*wire.Call) error {
	return func(c *wire.Call) error {
		b, err := admit(c, p.scope)
		if err != nil {
			return err
		}
		o, err := readOrder(c, p)
		if err != nil {
			return err
		}

		done, err := settle(c, p, o, b.Token)
		if err != nil {
			return err
		}

		if p.clearing {
			return show(c, shapeData[shapePayment]{showEFT(done)})
		}
		return show(c, shapeData[shapePayment]{showPayment(done, p)})
	}
}

// settle pays an order, unless its key has paid one before: then that one is the answer, whatever has become of the accounts since. The
// same key on another order is refused, because the client would take the answer for this one's.
func settle(c *wire.Call, p product, o *order, token *grant.Token) (*ledger.Payment, error) {
	done := c.Space.Ledger.PaidBy(name, token.Client, o.Key)
	if done == nil {
		payment, err := p.quote(c, o, token)
		if err != nil {
			return nil, err
		}
		var again bool
		if done, again, err = c.Space.Ledger.Pay(*payment, c.Now); err != nil {
			return nil, told(c, err)
		}
		if !again {
			c.Trail.Pass("paid", done.ID)
			return done, nil
		}
	}
	if done.Facts["order"] != o.print(p) {
		return nil, c.Trail.No("idempotency_key", fail.New(fail.Conflict, "the key %q has paid %s, which is another order", o.Key, done.ID).
			Say("The idempotency_key was used for another order.").Coded("IDEMPOTENCY_KEY_USED"))
	}
	c.Trail.Pass("idempotency_key", "has paid "+done.ID+"; nothing moves")
	return done, nil
}

// quote turns an order into the payment that would carry it out, or says why there can be none.
func (p product) quote(c *wire.Call, o *order, token *grant.Token) (*ledger.Payment, error) {
	books := c.Space.Ledger
	from, err := owned(c, o.From, token.Owner)
	if err != nil {
		return nil, fail.From(err).At("debtor_account_id").Say("debtor_account_id is not an account of the service account's owner.")
	}
	if from.Kind == ledger.Card || from.Kind == ledger.Loan {
		return nil, c.Trail.No("debtor account", fail.New(fail.AccountBlocked, "account %s is a %s account, nothing can be paid from it", from.ID, from.Kind).
			Say("The debtor account is not a deposit account."))
	}
	currency := cmp.Or(o.Currency, from.Currency)
	if currency != from.Currency || p.clearing && currency != "TRY" {
		return nil, c.Trail.No("currency", fail.Field("currency", "account %s is in %s; nothing is exchanged", from.ID, from.Currency).
			Say("The debtor account is not in the currency of the order."))
	}
	creditor, err := p.creditor(c, o, from)
	if err != nil {
		return nil, err
	}
	payment := &ledger.Payment{ID: o.Query, Bank: name, Client: token.Client, Key: o.Key, From: from.ID, To: o.IBAN, ToName: creditor, Amount: o.Amount, OwnOnly: !o.Overdraft,
		Text: cmp.Or(o.Text, p.title), Entered: c.Now, Due: c.Now, Category: "transfer"}
	payment.Fee, payment.Tax = p.fee(o.Amount)
	if err := books.CheckPayment(*payment, c.Now); err != nil {
		return nil, told(c, err)
	}
	overdraft := funds(c, from, payment.Total())
	if err := p.numbered(c, payment); err != nil {
		return nil, err
	}
	payment.Facts = map[string]string{"product": p.letter, "order": o.print(p), "owner": token.Owner, "debtor": holder(books, from), "currency": currency,
		"reference": o.Reference, "overdraft": strconv.FormatInt(overdraft, 10)}
	return payment, nil
}

// funds tells how much of the total would come out of the account's overdraft.
func funds(c *wire.Call, from *ledger.Account, total int64) (overdraft int64) {
	own := max(c.Space.Ledger.Balance(from.ID, c.Now).Available()-from.Limit, 0)
	c.Trail.Pass("funds", decimal(total)+" asked for, "+decimal(own)+" there, limit "+decimal(from.Limit))
	return max(total-own, 0)
}

// creditor is the name behind the creditor's IBAN. Inside the bank the books know it. Of other banks' accounts nothing is known here,
// and the order names whom it is for.
func (p product) creditor(c *wire.Call, o *order, from *ledger.Account) (string, error) {
	to := c.Space.Ledger.AccountByNumber(name, o.IBAN)
	switch {
	case to != nil && to.Currency != from.Currency:
		return "", c.Trail.No("creditor account", fail.Field("creditor_iban", "account %s is in %s, the order in %s; nothing is exchanged", to.ID, to.Currency, from.Currency).
			Say("The creditor account is in another currency."))
	case p.clearing && (to != nil || o.IBAN[4:9] != bankCode(from.IBAN)):
		return o.Name, nil
	case to != nil:
		return holder(c.Space.Ledger, to), nil
	}
	e := fail.New(fail.NotFound, "no account at this bank has the IBAN %s", o.IBAN).At("creditor_iban").Coded("CREDITOR_NOT_FOUND")
	if !p.clearing {
		e = e.Say("creditor_iban is not an account of this bank; money goes to other banks by EFT.")
	} else {
		e = e.Say("creditor_iban is not an account of this bank.")
	}
	return "", c.Trail.No("creditor account", e)
}

// bankCode are the five digits behind country and check digits; "" where an account has no IBAN.
func bankCode(iban string) string {
	if len(iban) < 9 {
		return ""
	}
	return iban[4:9]
}

// holder is the account holder's name in capitals, by Turkish rules.
func holder(l *ledger.Ledger, a *ledger.Account) string {
	person := l.Person(a.Owner)
	if person == nil {
		return ""
	}
	return strings.ToUpperSpecial(unicode.TurkishCase, person.Name())
}

// numbered gives a payment its query number: the one of a validation that the order brought along, or a new one. A number stands for one
// payment for good.
func (p product) numbered(c *wire.Call, payment *ledger.Payment) error {
	if payment.ID != "" {
		if c.Space.Ledger.Payment(name, payment.ID) != nil {
			return c.Trail.No("query_number", fail.New(fail.Conflict, "%s has been paid", payment.ID).At("query_number").
				Say("The query_number was used for another payment.").Coded("QUERY_NUMBER_USED"))
		}
		return nil
	}
	for payment.ID == "" || c.Space.Ledger.Payment(name, payment.ID) != nil {
		payment.ID = p.letter + c.Now.In(istanbul).Format("06") + c.Space.Dice.Text(dice.Digits, queryLength-3)
	}
	return nil
}

// told puts the ledger's refusal into this bank's words.
func told(c *wire.Call, err error) error {
	e := fail.From(err)
	switch {
	case e.Kind == fail.AccountBlocked && e.Param == "to":
		e = e.Say("The creditor account is not open to payments.")
	case e.Kind == fail.AccountBlocked:
		e = e.Say("The debtor account is not open to payments.")
	case e.Kind == fail.Conflict:
		e = e.Say("The query_number was used for another payment.").Coded("QUERY_NUMBER_USED")
	case e.Kind == fail.InvalidField && e.Param == "to":
		e = e.Say("creditor_iban is the debtor account itself.")
	}
	return c.Trail.No("payment", e)
}

// query tells what became of an EFT. The date is that of the order, in Istanbul; a number of another day is not found. The documented
// sample leaves out the token, which is taken for a slip: nobody's payments are shown to an application that has no token of theirs.
func query(c *wire.Call) error {
	b, err := admit(c, allEFT)
	if err != nil {
		return err
	}
	day, err := date(c)
	if err != nil {
		return err
	}

	id := c.Param("query-number")
	payment := c.Space.Ledger.Payment(name, id)
	why := ""
	switch {
	case payment == nil || payment.Facts["product"] != eft().letter:
		why = "there is no EFT " + id
	case payment.Client != b.Token.Client || payment.Facts["owner"] != b.Token.Owner:
		why = "EFT " + id + " was ordered by " + payment.Client + " for " + payment.Facts["owner"]
	case payment.Entered.In(istanbul).Format("2006-01-02") != day:
		why = "EFT " + id + " was ordered on " + payment.Entered.In(istanbul).Format("2006-01-02") + ", not on " + day
	}
	if why != "" {
		return c.Trail.No("payment known", fail.New(fail.NotFound, "%s", why).Say("There is no EFT with this query number on this date.").Coded("PAYMENT_NOT_FOUND"))
	}

	return show(c, shapeData[shapePayment]{showEFT(payment)})
}

// date reads the date parameter.
func date(c *wire.Call) (string, error) {
	q := c.Query()
	if err := q.Once("date"); err != nil {
		return "", bad(c, err)
	}
	text := q.Get("date")
	if _, err := time.Parse("2006-01-02", text); err != nil {
		return "", bad(c, field("date", text, "is not a date as 2026-12-03"))
	}
	return text, nil
}
