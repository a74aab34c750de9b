package berlin

import (
	"strconv"

	"sandbank/server/ledger"
)

// Shapes: the fields in the order of the specification.
type (
	shapeAccounts struct {
		Accounts []shapeAccount `json:"accounts"`
	}
	shapeOneAccount struct {
		Account shapeAccount `json:"account"`
	}
	shapeAccount struct {
		ID        string             `json:"resourceId"`
		IBAN      string             `json:"iban,omitempty"`
		BBAN      string             `json:"bban,omitempty"`
		Currency  string             `json:"currency"`
		OwnerName string             `json:"ownerName,omitempty"`
		Name      string             `json:"name"`
		Product   string             `json:"product,omitempty"`
		Type      string             `json:"cashAccountType"`
		Status    string             `json:"status"`
		BIC       string             `json:"bic,omitempty"`
		Usage     string             `json:"usage"`
		Balances  []shapeBalance     `json:"balances,omitempty"`
		Links     *shapeAccountLinks `json:"_links,omitempty"`
	}
	shapeAccountLinks struct {
		Balances     *shapeLink `json:"balances,omitempty"`
		Transactions *shapeLink `json:"transactions,omitempty"`
	}
	shapeReference struct {
		IBAN     string `json:"iban,omitempty"`
		BBAN     string `json:"bban,omitempty"`
		Currency string `json:"currency,omitempty"`
	}
	shapeAmount struct {
		Currency string `json:"currency"`
		Amount   string `json:"amount"`
	}
	shapeBalance struct {
		Amount  shapeAmount `json:"balanceAmount"`
		Type    string      `json:"balanceType"`
		Limit   bool        `json:"creditLimitIncluded"`
		Changed string      `json:"lastChangeDateTime,omitempty"`
		Date    string      `json:"referenceDate,omitempty"`
		Last    string      `json:"lastCommittedTransaction,omitempty"`
	}
	shapeBalances struct {
		Account  shapeReference `json:"account"`
		Balances []shapeBalance `json:"balances"`
	}
	shapeReport struct {
		Account      shapeReference `json:"account"`
		Transactions shapeEntries   `json:"transactions"`
		Balances     []shapeBalance `json:"balances,omitempty"`
	}
	shapeEntries struct {
		Booked      *[]shapeTransaction `json:"booked,omitempty"`
		Pending     *[]shapeTransaction `json:"pending,omitempty"`
		Information *[]shapeTransaction `json:"information,omitempty"`
		Links       shapePages          `json:"_links"`
	}
	shapePages struct {
		Account  *shapeLink `json:"account"`
		First    *shapeLink `json:"first,omitempty"`
		Next     *shapeLink `json:"next,omitempty"`
		Previous *shapeLink `json:"previous,omitempty"`
		Last     *shapeLink `json:"last,omitempty"`
	}
	shapeDetails struct {
		Transaction shapeTransaction `json:"transactionsDetails"` // the plural is the specification's
	}
	shapeTransaction struct {
		ID              string                 `json:"transactionId,omitempty"`
		Entry           string                 `json:"entryReference,omitempty"`
		EndToEnd        string                 `json:"endToEndId,omitempty"`
		BookingDate     string                 `json:"bookingDate,omitempty"`
		ValueDate       string                 `json:"valueDate,omitempty"`
		Amount          shapeAmount            `json:"transactionAmount"`
		CreditorName    string                 `json:"creditorName,omitempty"`
		CreditorAccount *shapeReference        `json:"creditorAccount,omitempty"`
		DebtorName      string                 `json:"debtorName,omitempty"`
		DebtorAccount   *shapeReference        `json:"debtorAccount,omitempty"`
		Remittance      string                 `json:"remittanceInformationUnstructured,omitempty"`
		Structured      *shapeStructured       `json:"additionalInformationStructured,omitempty"`
		Purpose         string                 `json:"purposeCode,omitempty"`
		BankCode        string                 `json:"bankTransactionCode,omitempty"`
		OwnCode         string                 `json:"proprietaryBankTransactionCode,omitempty"`
		After           *shapeBalance          `json:"balanceAfterTransaction,omitempty"`
		Links           *shapeTransactionLinks `json:"_links,omitempty"`
	}
	shapeTransactionLinks struct {
		Details shapeLink `json:"transactionDetails"`
	}
	shapeStructured struct {
		Order shapeOrder `json:"standingOrderDetails"`
	}
	shapeOrder struct {
		Start     string `json:"startDate"`
		Frequency string `json:"frequency"`
		Day       string `json:"dayOfExecution"`
	}
)

// amount writes minor units as a plain decimal.
func amount(minor int64) string {
	b := make([]byte, 0, 16)
	rest := uint64(minor)
	if minor < 0 {
		b, rest = append(b, '-'), -rest
	}
	b = strconv.AppendUint(b, rest/100, 10)
	return string(append(b, '.', byte('0'+rest%100/10), byte('0'+rest%10)))
}

func money(minor int64, currency string) shapeAmount { return shapeAmount{currency, amount(minor)} }

// refer names an account by its IBAN, or by its number where it has none.
func refer(a *ledger.Account) shapeReference {
	if a.IBAN != "" {
		return shapeReference{IBAN: a.IBAN, Currency: a.Currency}
	}
	return shapeReference{BBAN: a.Number, Currency: a.Currency}
}

// other names the account on the other side of an entry, if it can be named.
func other(number string) *shapeReference {
	switch {
	case ibanShape.MatchString(number):
		return &shapeReference{IBAN: number}
	case bbanShape.MatchString(number):
		return &shapeReference{BBAN: number}
	}
	return nil
}

// cashType is the code of ISO 20022 (ExternalCashAccountType1Code).
func cashType(k ledger.Kind) string {
	switch k {
	case ledger.Savings:
		return "SVGS"
	case ledger.Card:
		return "CARD"
	case ledger.Loan:
		return "LOAN"
	}
	return "CACC"
}

func accountStatus(s ledger.Status) string {
	if s == ledger.Closed {
		return "deleted"
	}
	return string(s)
}

// bankCode is the code of ISO 20022 for what happened (banks.md 2.4).
func bankCode(kind string, credit bool) string {
	switch {
	case kind == "card" && !credit:
		return "PMNT-CCRD-POSD"
	case kind == "card":
		return "PMNT-CCRD-RIMB"
	case kind == "cash":
		return "PMNT-CCRD-CWDL"
	case kind == "salary":
		return "PMNT-RCDT-SALA"
	case kind == "standing" && !credit:
		return "PMNT-ICDT-STDO"
	case kind == "fee":
		return "ACMT-MDOP-CHRG"
	case kind == "interest" && credit:
		return "ACMT-MCOP-INTR"
	case kind == "interest":
		return "ACMT-MDOP-INTR"
	case kind == "opening":
		return "ACMT-MCOP-OTHR"
	case credit:
		return "PMNT-RCDT-ESCT"
	}
	return "PMNT-ICDT-ESCT"
}

// purpose is the code of ISO 20022 (ExternalPurpose1Code) for the categories that have one.
func purpose(category string) string {
	switch category {
	case "salary":
		return "SALA"
	case "rent":
		return "RENT"
	case "insurance":
		return "INSU"
	case "interest":
		return "INTE"
	case "utilities":
		return "UBIL"
	case "savings":
		return "SAVG"
	}
	return ""
}
