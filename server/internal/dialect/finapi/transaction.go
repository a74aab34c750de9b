package finapi

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// transaction is an entry of the ledger as finAPI has it: with the user's marks on it. finAPI has no pending transactions; an entry shows
// when it is booked.
type transaction struct {
	*ledger.Entry
	account *ledger.Account
	id      int64
	mark    mark
}

// mark is what was done to one transaction; kept with its account, as a fact. The ledger's entry stays as it is, and with it the balance:
// that is the bank's, and finAPI's users cannot change it.
type mark struct {
	gone     bool
	seen     bool      // isNew is false
	category *int64    // set by hand; 0: none
	booked   time.Time // the bank's booking date, where it lies in the future
}

const markGone = "gone"

func markFact(entry string) string { return "transaction." + entry }

// readMark reads words such as "gone seen category=378 booked=2027-01-01".
func readMark(text string) (m mark) {
	for _, word := range strings.Fields(text) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case markGone:
			m.gone = true
		case "seen":
			m.seen = true
		case "category":
			if id, err := strconv.ParseInt(value, 10, 64); err == nil {
				m.category = &id
			}
		case "booked":
			m.booked, _ = dated(value)
		}
	}
	return m
}

func (m mark) String() string {
	var words []string
	if m.gone {
		words = append(words, markGone)
	}
	if m.seen {
		words = append(words, "seen")
	}
	if m.category != nil {
		words = append(words, "category="+strconv.FormatInt(*m.category, 10))
	}
	if !m.booked.IsZero() {
		words = append(words, "booked="+m.booked.Format(day))
	}
	return strings.Join(words, " ")
}

// transactions are those of some accounts, oldest first within each.
func transactions(c *wire.Call, accounts []*ledger.Account) []transaction {
	var out []transaction
	for _, a := range accounts {
		marked := marks(a)
		booked, _ := c.Space.Ledger.Entries(a.ID, c.Now)
		out = slices.Grow(out, len(booked))
		for i := range booked {
			t := transaction{Entry: &booked[i], account: a, id: identifier(booked[i].ID)}
			if marked != nil {
				t.mark = marked[t.ID]
			}
			if !t.mark.gone {
				out = append(out, t)
			}
		}
	}
	return out
}

// marks reads an account's marks once; nil when it has none.
func marks(a *ledger.Account) (out map[string]mark) {
	for key, text := range a.Facts {
		if id, ok := strings.CutPrefix(key, markFact("")); ok {
			if out == nil {
				out = map[string]mark{}
			}
			out[id] = readMark(text)
		}
	}
	return out
}

// isNew, imported and the like are the wire's view of an entry.
func (t *transaction) isNew() bool { return !t.mark.seen }

func (t *transaction) adjusting() bool { return t.Type == "opening" }

// imported is when finAPI first saw it: with the account, or later.
func (t *transaction) imported() time.Time {
	if t.Entered.Before(t.account.Opened) {
		return t.account.Opened
	}
	return t.Entered
}

func (t *transaction) bankBooked() time.Time {
	if !t.mark.booked.IsZero() {
		return t.mark.booked
	}
	return t.At
}

// category is what the user set, or else what the categorization made of it; nil: none.
func (t *transaction) category() *shapeCategory {
	if t.mark.category != nil {
		return tree().byID[*t.mark.category]
	}
	return tree().of[t.Category]
}

// counterpart splits the other side's account into what the wire has: a German IBAN says bank code and account number too.
func (t *transaction) counterpart() (iban, number, blz string) {
	ref := t.PartyRef
	switch {
	case len(ref) == 22 && strings.HasPrefix(ref, "DE"):
		return ref, ref[12:], ref[4:12]
	case len(ref) > 2 && ref[0] >= 'A' && ref[1] >= 'A':
		return ref, "", ""
	}
	return "", ref, ""
}

// kindOf says what a transaction is: the bank's German term, the ZKA code, the ISO 20022 code and the SEPA purpose.
func (t *transaction) kindOf() (term, zka, iso, purpose string) {
	switch t.Type {
	case "card":
		return "Kartenzahlung", "106", "PMNT-CCRD-POSD", ""
	case "salary":
		return "Gehalt/Rente", "153", "PMNT-RCDT-SALA", "SALA"
	case "standing":
		return "Dauerauftrag", "117", "PMNT-ICDT-STDO", ""
	case "fee":
		return "Gebühren", "808", "ACMT-MDOP-CHRG", ""
	case "interest":
		return "Zinsen", "814", "ACMT-MCOP-INTR", ""
	case "cash":
		return "Bargeldauszahlung", "083", "PMNT-CCRD-CWDL", ""
	case "opening":
		return "Zwischensaldo", "", "", ""
	}
	if t.Amount < 0 {
		return "Überweisungsauftrag", "116", "PMNT-ICDT-ESCT", ""
	}
	return "Überweisungsgutschrift", "166", "PMNT-RCDT-ESCT", ""
}

type shapeTransaction struct {
	ID            int64          `json:"id"`
	ParentID      *int64         `json:"parentId"`
	AccountID     int64          `json:"accountId"`
	ValueDate     string         `json:"valueDate"`
	BankDate      string         `json:"bankBookingDate"`
	FinapiDate    string         `json:"finapiBookingDate"`
	Amount        money          `json:"amount"`
	Currency      string         `json:"currency"`
	Purpose       *string        `json:"purpose"`
	Name          *string        `json:"counterpartName"`
	Number        *string        `json:"counterpartAccountNumber"`
	IBAN          *string        `json:"counterpartIban"`
	BLZ           *string        `json:"counterpartBlz"`
	BIC           *string        `json:"counterpartBic"`
	BankName      *string        `json:"counterpartBankName"`
	Mandate       *string        `json:"counterpartMandateReference"`
	Customer      *string        `json:"counterpartCustomerReference"`
	Creditor      *string        `json:"counterpartCreditorId"`
	Debitor       *string        `json:"counterpartDebitorId"`
	Type          *string        `json:"type"`
	TypeZKA       *string        `json:"typeCodeZka"`
	TypeSwift     *string        `json:"typeCodeSwift"`
	SEPAPurpose   *string        `json:"sepaPurposeCode"`
	BankCode      *string        `json:"bankTransactionCode"`
	Primanota     *string        `json:"primanota"`
	Category      *shapeCategory `json:"category"`
	Labels        []string       `json:"labels"`
	Duplicate     bool           `json:"isPotentialDuplicate"`
	Adjusting     bool           `json:"isAdjustingEntry"`
	New           bool           `json:"isNew"`
	Imported      string         `json:"importDate"`
	Children      *[]int64       `json:"children"`
	PayPal        *struct{}      `json:"paypalData"`
	EndToEnd      *string        `json:"endToEndReference"`
	Compensation  *money         `json:"compensationAmount"`
	Original      *money         `json:"originalAmount"`
	OriginalIn    *string        `json:"originalCurrency"`
	OtherDebitor  *string        `json:"differentDebitor"`
	OtherCreditor *string        `json:"differentCreditor"`
}

// show has days where the real service has days: at midnight, German time.
func (t *transaction) show() shapeTransaction {
	on := func(at time.Time) string { return stamp(midnight(at)) }
	iban, number, blz := t.counterpart()
	term, zka, iso, purpose := t.kindOf()
	return shapeTransaction{ID: t.id, AccountID: identifier(t.account.ID), ValueDate: on(t.Value), BankDate: on(t.bankBooked()), FinapiDate: on(t.At),
		Amount: money(t.Amount), Currency: t.account.Currency, Purpose: text(t.Text), Name: text(t.Party), Number: text(number), IBAN: text(iban), BLZ: text(blz),
		Type: text(term), TypeZKA: text(zka), SEPAPurpose: text(purpose), BankCode: text(iso), Category: t.category(), Labels: []string{},
		Adjusting: t.adjusting(), New: t.isNew(), Imported: stamp(t.imported()), EndToEnd: text(t.EndToEnd)}
}

// userTransaction admits a user's token and finds the transaction of the path; another user's does not exist.
func userTransaction(c *wire.Call) (*ledger.Person, *transaction, error) {
	p, err := asUser(c)
	if err != nil {
		return nil, nil, err
	}
	id, err := pathID(c)
	if err != nil {
		return nil, nil, err
	}
	all := transactions(c, c.Space.Ledger.AccountsOf(p.ID))
	i := slices.IndexFunc(all, func(t transaction) bool { return t.id == id })
	if i < 0 {
		return nil, nil, noTransaction(c, p, id)
	}
	return p, &all[i], nil
}

func noTransaction(c *wire.Call, p *ledger.Person, id int64) error {
	return c.Trail.No("transaction known", fail.New(fail.NotFound, "%s has no booked transaction %d", p.ID, id).Say("Transaction not found"))
}

func showTransaction(c *wire.Call) error {
	_, t, err := userTransaction(c)
	if err != nil {
		return err
	}

	return c.JSON(200, t.show())
}

// transactionBody is UpdateTransactionsParams, and with ids and accountIds UpdateMultipleTransactionsParams.
type transactionBody struct {
	New        *bool    `json:"isNew"`
	Duplicate  *bool    `json:"isPotentialDuplicate"`
	CategoryID *int64   `json:"categoryId"`
	LabelIDs   *[]int64 `json:"labelIds"`
	IDs        *[]int64 `json:"ids"`
	AccountIDs *[]int64 `json:"accountIds"`
}

func (in *transactionBody) check(c *wire.Call) error {
	switch {
	case in.New == nil && in.Duplicate == nil && in.CategoryID == nil && in.LabelIDs == nil:
		return field(c, "isNew", missingField, "At least one field must be set.", "the body changes nothing")
	case in.Duplicate != nil && *in.Duplicate:
		return c.Trail.No("isPotentialDuplicate", fail.New(fail.Conflict, "isPotentialDuplicate is true").Say("The field 'isPotentialDuplicate' can only be set to 'false'."))
	case in.CategoryID != nil && *in.CategoryID != 0 && tree().byID[*in.CategoryID] == nil:
		return c.Trail.No("category known", fail.New(fail.NotFound, "there is no category %d", *in.CategoryID).Say("Category not found"))
	case in.LabelIDs != nil && len(*in.LabelIDs) > 0:
		return c.Trail.No("labels known", fail.New(fail.NotFound, "there are no labels; %v were asked for", *in.LabelIDs).Say("Label not found"))
	}
	return nil
}

// apply is what the body does to a mark.
func (in *transactionBody) apply(m mark) mark {
	if in.New != nil {
		m.seen = !*in.New
	}
	if in.CategoryID != nil {
		m.category = in.CategoryID
	}
	return m
}

// markAll changes the marks of one account's transactions, all at once; false when the account was deleted meanwhile.
func markAll(c *wire.Call, account string, ids []string, change func(mark) mark) bool {
	_, err := c.Space.Ledger.UpdateAccount(account, func(v *ledger.Account) {
		facts := make(map[string]string, len(v.Facts)+len(ids))
		maps.Copy(facts, v.Facts)
		for _, id := range ids {
			key := markFact(id)
			if facts[key] = change(readMark(facts[key])).String(); facts[key] == "" {
				delete(facts, key)
			}
		}
		v.Facts = facts
	})
	return err == nil
}

func editTransaction(c *wire.Call) error {
	p, t, err := userTransaction(c)
	if err != nil {
		return err
	}
	var in transactionBody
	if err := body(c, &in); err != nil {
		return err
	}
	if err := in.check(c); err != nil {
		return err
	}

	if !markAll(c, t.account.ID, []string{t.ID}, in.apply) {
		return noTransaction(c, p, t.id)
	}
	t.mark = in.apply(t.mark)

	return c.JSON(200, t.show())
}

// deleteTransaction is allowed for test banks, and there are no others. The account's balance stays as it is.
func deleteTransaction(c *wire.Call) error {
	p, t, err := userTransaction(c)
	if err != nil {
		return err
	}

	if !markAll(c, t.account.ID, []string{t.ID}, func(m mark) mark { m.gone = true; return m }) {
		return noTransaction(c, p, t.id)
	}

	return c.Empty(200)
}

// editTransactions changes many at once. Category and labels need ids: no slip recategorizes everything.
func editTransactions(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}
	var in transactionBody
	if err := body(c, &in); err != nil {
		return err
	}
	if err := in.check(c); err != nil {
		return err
	}
	if in.IDs == nil && (in.CategoryID != nil || in.LabelIDs != nil) {
		return field(c, "ids", badRequest, "The fields 'categoryId' and 'labelIds' need 'ids'.", "categoryId or labelIds without ids")
	}
	if in.IDs != nil && len(*in.IDs) > 100 {
		return field(c, "ids", tooManyIDs, "The maximum number of identifiers is 100.", "ids has %d values, 100 are allowed", len(*in.IDs))
	}

	out := shapeIdentifiers{Identifiers: []int64{}}
	for _, a := range c.Space.Ledger.AccountsOf(p.ID) {
		if in.AccountIDs != nil && !slices.Contains(*in.AccountIDs, identifier(a.ID)) {
			continue
		}
		var ids []string
		var numbers []int64
		for _, t := range transactions(c, []*ledger.Account{a}) {
			if (in.IDs == nil || slices.Contains(*in.IDs, t.id)) && in.apply(t.mark).String() != t.mark.String() {
				ids, numbers = append(ids, t.ID), append(numbers, t.id)
			}
		}
		if len(ids) > 0 && markAll(c, a.ID, ids, in.apply) {
			out.Identifiers = append(out.Identifiers, numbers...)
		}
	}
	slices.Sort(out.Identifiers)

	return c.JSON(200, out)
}
