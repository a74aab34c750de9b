package sparebank1

import (
	"strconv"
	"strings"
	"time"

	"sandbank/server/ledger"
)

type (
	shapeTransactions struct {
		Transactions []shapeTransaction `json:"transactions"`
		Errors       []string           `json:"errors"` // CREDIT_ACCOUNTS_FAILED and the like; nothing fails here
	}
	shapeTransaction struct {
		ID                   string        `json:"id"`
		NonUniqueID          string        `json:"nonUniqueId"`
		Description          string        `json:"description"`
		Cleaned              string        `json:"cleanedDescription"`
		AccountNumber        shapeNumber   `json:"accountNumber"`
		Amount               money         `json:"amount"`
		Date                 int64         `json:"date"`
		InterestDate         int64         `json:"interestDate"`
		TypeCode             string        `json:"typeCode"`
		TypeText             string        `json:"typeText"`
		Currency             string        `json:"currencyCode"`
		CanShowDetails       bool          `json:"canShowDetails"`
		Source               string        `json:"source"`
		IsConfidential       bool          `json:"isConfidential"` // both spellings: Rust clients insist on the first, the documents have the second
		Confidential         bool          `json:"confidential"`
		BookingStatus        string        `json:"bookingStatus"`
		AccountName          string        `json:"accountName"`
		AccountKey           string        `json:"accountKey"`
		AccountCurrency      string        `json:"accountCurrency"`
		IsFromCurrency       bool          `json:"isFromCurrencyAccount"`
		FromCurrency         bool          `json:"fromCurrencyAccount"`
		ClassificationInput  shapeInput    `json:"classificationInput"`
		RemoteNumber         string        `json:"remoteAccountNumber,omitempty"`
		RemoteName           string        `json:"remoteAccountName,omitempty"`
		KIDOrMessage         string        `json:"kidOrMessage,omitempty"`
		Merchant             *shapeShop    `json:"merchant,omitempty"`
		MCC                  string        `json:"mcc,omitempty"`
		MCCGroup             string        `json:"mccGroup,omitempty"`
		PaymentReference     string        `json:"paymentReference,omitempty"`
		CreditCardIdentifier *shapeCardRef `json:"creditCardIdentifiers,omitempty"`
	}
	shapeNumber struct {
		Value       string `json:"value"`
		Formatted   string `json:"formatted"`
		Unformatted string `json:"unformatted"`
	}
	shapeInput struct {
		ID     string `json:"id"`
		Amount money  `json:"amount"`
		Type   string `json:"type"`
		Text   string `json:"text"`
		Date   int64  `json:"date"`
		MCC    string `json:"mcc"`
	}
	shapeShop struct {
		Name     string `json:"name"`
		Address  string `json:"address"`
		Postcode string `json:"postcode"`
		Country  string `json:"country"`
	}
	shapeCardRef struct {
		NonUniqueID string `json:"nonUniqueId"`
		Partition   string `json:"partitionKey"`
	}
	shapeTransactionDetails struct {
		ID                  string        `json:"id"`
		NonUniqueID         string        `json:"nonUniqueId"`
		AccountNumber       shapeNumber   `json:"accountNumber"`
		AccountKey          string        `json:"accountKey"`
		AccountName         string        `json:"accountName"`
		AccountCurrency     string        `json:"accountCurrency"`
		Amount              money         `json:"amount"`
		Currency            string        `json:"currencyCode"`
		Date                string        `json:"date"`
		BookedDate          string        `json:"bookedDate,omitempty"`
		PostingDate         string        `json:"postingDate,omitempty"`
		ValueDate           string        `json:"valueDate"`
		Description         string        `json:"description"`
		Cleaned             string        `json:"cleanedDescription"`
		Original            string        `json:"originalDescription"`
		Type                string        `json:"type"`
		TypeCode            string        `json:"typeCode"`
		TypeText            string        `json:"typeText"`
		KIDOrMessage        string        `json:"kidOrMessage,omitempty"`
		RemoteNumber        string        `json:"remoteAccountNumber,omitempty"`
		RemoteName          string        `json:"remoteAccountName,omitempty"`
		ArchiveReference    string        `json:"archiveReference"`
		NumericalReference  string        `json:"numericalReference"`
		PaymentReference    string        `json:"paymentReference,omitempty"`
		ClassificationInput shapeInput    `json:"classificationInput"`
		Payment             *shapePayment `json:"paymentDetails,omitempty"`
	}
	shapePayment struct {
		Amount    money  `json:"amount"`
		Currency  string `json:"amountCurrency"`
		Message   string `json:"message"`
		Reference string `json:"paymentReference"`
	}
)

// millis is the Norwegian midnight of the date on which t falls, in milliseconds since 1970: a clock in UTC still shows the day before.
func millis(t time.Time) int64 {
	y, m, d := t.In(oslo()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, oslo()).UnixMilli()
}

// shown is the instant whose date the list shows and filters by: of booking, and of entry while an entry is pending.
func shown(e *ledger.Entry, now time.Time) time.Time {
	if e.Booked(now) {
		return e.At
	}
	return e.Entered
}

// recentDays is how far back a booked transaction counts as RECENT.
const recentDays = 30

// recent tells which source a transaction has.
func recent(e *ledger.Entry, now time.Time) bool {
	return !e.Booked(now) || !day(e.At).Before(day(now).AddDate(0, 0, -recentDays))
}

func showTransaction(r *row, now time.Time) shapeTransaction {
	e, a := r.entry, r.account
	code, text := typeOf(e)
	on, unsafe := millis(shown(e, now)), nonUnique(e)
	out := shapeTransaction{ID: e.ID, NonUniqueID: unsafe, Description: description(e), Cleaned: cleaned(e), AccountNumber: showNumber(a), Amount: money(e.Amount),
		Date: on, InterestDate: millis(e.Value), TypeCode: code, TypeText: text, Currency: a.Currency, CanShowDetails: true, Source: "HISTORIC",
		BookingStatus: "PENDING", AccountName: a.Name, AccountKey: a.ID, AccountCurrency: a.Currency, IsFromCurrency: a.Currency != "NOK",
		FromCurrency: a.Currency != "NOK", ClassificationInput: shapeInput{e.ID, money(e.Amount), code, description(e), on, e.MCC},
		RemoteNumber: domestic(e.PartyRef), MCC: e.MCC, PaymentReference: e.EndToEnd, KIDOrMessage: messageOf(e)}
	if recent(e, now) {
		out.Source = "RECENT"
	}
	if e.Booked(now) {
		out.BookingStatus = "BOOKED"
	}
	if e.MCC != "" {
		out.Merchant, out.MCCGroup = &shapeShop{Name: e.Party, Country: "NO"}, strings.ToUpper(e.Category)
	} else {
		out.RemoteName = e.Party
	}
	if a.Kind == ledger.Card {
		out.CreditCardIdentifier = &shapeCardRef{unsafe, e.At.In(oslo()).Format("2006-01")}
	}
	return out
}

// showDetails has dates where the list has milliseconds, and the day on which the thing was done where the list has the day of booking.
func showDetails(r *row, now time.Time) shapeTransactionDetails {
	e, a := r.entry, r.account
	code, text := typeOf(e)
	iso := func(t time.Time) string { return t.In(oslo()).Format(time.DateOnly) }
	out := shapeTransactionDetails{ID: e.ID, NonUniqueID: nonUnique(e), AccountNumber: showNumber(a), AccountKey: a.ID, AccountName: a.Name,
		AccountCurrency: a.Currency, Amount: money(e.Amount), Currency: a.Currency, Date: iso(e.Entered), ValueDate: iso(e.Value),
		Description: description(e), Cleaned: cleaned(e), Original: e.Text, Type: code, TypeCode: code, TypeText: text, KIDOrMessage: messageOf(e),
		RemoteNumber: domestic(e.PartyRef), ArchiveReference: number11("archive", e.ID), NumericalReference: number11("reference", e.ID),
		PaymentReference: e.EndToEnd, ClassificationInput: shapeInput{e.ID, money(e.Amount), code, description(e), millis(shown(e, now)), e.MCC}}
	if e.Booked(now) {
		out.BookedDate, out.PostingDate = iso(e.At), iso(e.At)
	}
	if e.MCC == "" {
		out.RemoteName = e.Party
	}
	if e.EndToEnd != "" && e.Amount < 0 {
		out.Payment = &shapePayment{money(-e.Amount), a.Currency, e.Text, e.EndToEnd}
	}
	return out
}

func showNumber(a *ledger.Account) shapeNumber {
	return shapeNumber{Value: a.Number, Formatted: grouped(a.Number), Unformatted: a.Number}
}

// nonUnique is what the bank calls an id that must not be used alone: two purchases of one amount in one shop on one day share it.
func nonUnique(e *ledger.Entry) string {
	h := uint64(14695981039346656037) // FNV-1a
	for _, part := range [...]string{e.Account, e.Text, e.Party, strconv.FormatInt(e.Amount, 36), e.Entered.In(oslo()).Format(time.DateOnly)} {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 1099511628211
		}
	}
	return strconv.FormatUint(h%9_000_000_000+1_000_000_000, 10)
}

func description(e *ledger.Entry) string {
	if e.Text == "" {
		return e.Party
	}
	return e.Text
}

// cleaned is the description without what changes from time to time: the merchant alone, or the text without dates and numbers.
func cleaned(e *ledger.Entry) string {
	if e.MCC != "" && e.Party != "" {
		return e.Party
	}
	var words []string
	for _, w := range strings.Fields(description(e)) {
		if strings.Trim(w, "0123456789./-") != "" {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return description(e)
	}
	return strings.Join(words, " ")
}

// messageOf is the text that somebody wrote to a payment.
func messageOf(e *ledger.Entry) string {
	if e.Type == "transfer" || e.Type == "standing" {
		return e.Text
	}
	return ""
}

// typeOf is the code and the Norwegian text for a kind of movement. R_710 Varer, R_200 and PAYHTGRA are seen in the documents; the other
// codes follow their pattern.
func typeOf(e *ledger.Entry) (code, text string) {
	switch e.Type {
	case "card":
		return "R_710", "Varer"
	case "cash":
		return "R_730", "Minibank"
	case "salary":
		return "R_230", "Lønn"
	case "standing":
		return "PAYHTGRA", "Fast oppdrag"
	case "fee":
		return "R_850", "Gebyr"
	case "interest":
		return "R_890", "Renter"
	case "opening":
		return "R_100", "Inngående saldo"
	}
	return "R_200", "Overføring"
}
