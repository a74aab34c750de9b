package s2s

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

// product is one of the two ways to send money: inside the bank (havale, "remittance"), or to any bank through the central bank's
// clearing (EFT), which knows lira only and takes the creditor's name from the order.
type product struct {
	title    string // what the entry says when the order does not
	scope    string
	letter   string // query numbers begin with it
	clearing bool
	fee      func(amount int64) (fee, tax int64)
}

func remittance() product {
	return product{title: "Havale", scope: allRemittance, letter: "H", fee: remittanceFee}
}

func eft() product {
	return product{title: "EFT", scope: allEFT, letter: "E", clearing: true, fee: eftFee}
}

// order is what a client asks to be paid, checked for its form.
type order struct {
	Amount    int64
	Currency  string // empty: that of the debtor account
	From      string // account id
	Overdraft bool
	Name      string // creditor's, in an EFT
	IBAN      string
	Text      string
	Reference string
	IP        string
	Query     string
	Key       string
}

// print is the order as one text: two are the same when their prints are.
func (o *order) print(p product) string {
	return fmt.Sprintf("%q", []string{p.letter, strconv.FormatInt(o.Amount, 10), o.Currency, o.From, strconv.FormatBool(o.Overdraft),
		o.Name, o.IBAN, o.Text, o.Reference, o.IP, o.Query})
}

// asked is the body as documented.
type asked struct {
	Amount    json.Number `json:"amount"`
	Currency  string      `json:"currency"`
	From      string      `json:"debtor_account_id"`
	Overdraft bool        `json:"debtor_use_of_overdraft"`
	Name      string      `json:"creditor_name"`
	IBAN      string      `json:"creditor_iban"`
	Text      string      `json:"description"`
	Reference string      `json:"payment_reference_id"`
	IP        string      `json:"customer_ip"`
	Query     string      `json:"query_number"`
	Key       string      `json:"idempotency_key"`
}

// readOrder reads the body. The documented requests name no Content-Type, and curl then calls a body a form: whatever is not expressly
// another type is read as JSON.
func readOrder(c *wire.Call, p product) (*order, error) {
	switch kind := c.MediaType(); {
	case kind == "" || kind == "application/json" || kind == "application/x-www-form-urlencoded" || strings.HasSuffix(kind, "+json"):
	default:
		return nil, c.Trail.No("media type", fail.New(fail.UnsupportedMedia, "the body is %s, not JSON", kind))
	}
	var body asked
	if err := c.ReadJSON(&body); err != nil {
		e := fail.From(err)
		if e.Param == "" {
			e = e.Say("The request body is not a JSON object of the documented fields.")
		}
		return nil, c.Trail.No("body", e)
	}
	o, err := body.order(p)
	if err != nil {
		return nil, c.Trail.No("body", fail.From(err))
	}
	return o, nil
}

// order checks the form of every field. What must be there is what no order can do without; the rest of the documented fields may be
// left out.
func (b *asked) order(p product) (*order, error) {
	amount, why := parseAmount(b.Amount.String())
	if why != "" {
		return nil, field("amount", b.Amount.String(), "%s", why)
	}
	iban, why := parseIBAN(b.IBAN)
	if why != "" {
		return nil, field("creditor_iban", b.IBAN, "%s", why)
	}
	for _, text := range []struct {
		name, value string
		needed      bool
		longest     int
	}{
		{"debtor_account_id", b.From, true, 20},
		{"creditor_name", b.Name, p.clearing, 140},
		{"description", b.Text, false, 300},
		{"payment_reference_id", b.Reference, false, 100},
		{"customer_ip", b.IP, false, 45}, // not read as an address: the documented sample is 112.312.453.12
		{"idempotency_key", b.Key, false, 100},
	} {
		switch {
		case text.needed && strings.TrimSpace(text.value) == "":
			return nil, field(text.name, text.value, "is missing")
		case utf8.RuneCountInString(text.value) > text.longest:
			return nil, field(text.name, text.value, "has more than %d characters", text.longest)
		case strings.ContainsFunc(text.value, unicode.IsControl):
			return nil, field(text.name, text.value, "has control characters in it")
		}
	}
	switch {
	case !digits(b.From):
		return nil, field("debtor_account_id", b.From, "is not an account id")
	case b.Currency != "" && (len(b.Currency) != 3 || strings.Trim(b.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != ""):
		return nil, field("currency", b.Currency, "is not a currency code of three capital letters")
	case p.clearing && b.Currency != "" && b.Currency != "TRY":
		return nil, field("currency", b.Currency, "is not TRY, and an EFT is in lira only")
	case b.Query != "" && (len(b.Query) != queryLength || b.Query[:1] != p.letter || !digits(b.Query[1:])):
		return nil, field("query_number", b.Query, "is not %s and %d digits", p.letter, queryLength-1)
	}
	return &order{amount, b.Currency, b.From, b.Overdraft, b.Name, iban, b.Text, b.Reference, b.IP, b.Query, b.Key}, nil
}

// field refuses one field; the journal is told its value as well.
func field(name, value, why string, args ...any) error {
	text := name + " " + fmt.Sprintf(why, args...)
	return fail.Field(name, "%s: %q was sent", text, value).Say("%s.", text)
}

// parseAmount reads a JSON number of at most two decimals into minor units, without a float on the way. why is empty when it is one.
func parseAmount(text string) (minor int64, why string) {
	if text == "" {
		return 0, "is missing"
	}
	whole, cents, _ := strings.Cut(text, ".")
	switch {
	case strings.HasPrefix(text, "-"):
		return 0, "is not positive"
	case strings.ContainsAny(text, "eE"):
		return 0, "must be written without an exponent"
	case !digits(whole) || cents != "" && !digits(cents):
		return 0, "is not a number"
	}
	cents = strings.TrimRight(cents, "0")
	if len(cents) > 2 {
		return 0, "has more than two decimals"
	}
	if len(whole) > 12 {
		return 0, "is too large"
	}
	minor, err := strconv.ParseInt(whole+cents+"00"[len(cents):], 10, 64)
	switch {
	case err != nil:
		return 0, "is not a number"
	case minor == 0:
		return 0, "is not positive"
	}
	return minor, ""
}

// parseIBAN reads a Turkish IBAN, with the blanks that people put between its groups or without. why is empty when it is one.
func parseIBAN(text string) (iban, why string) {
	iban = strings.ReplaceAll(text, " ", "")
	switch {
	case iban == "":
		return "", "is missing"
	case !strings.HasPrefix(iban, "TR") || len(iban) != 26:
		return "", "is not a Turkish IBAN of 26 characters"
	}
	rest := 0
	for _, r := range iban[4:] + iban[:4] { // ISO 7064 MOD 97-10, letters are 10 to 35
		switch {
		case r >= '0' && r <= '9':
			rest = (rest*10 + int(r-'0')) % 97
		case r >= 'A' && r <= 'Z':
			rest = (rest*100 + int(r-'A') + 10) % 97
		default:
			return "", "has characters that an IBAN cannot have"
		}
	}
	if rest != 1 {
		return "", "has wrong check digits"
	}
	return iban, ""
}
