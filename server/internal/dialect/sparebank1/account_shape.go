package sparebank1

import (
	"encoding/json"
	"time"

	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

type (
	shapeAccounts struct {
		Accounts []shapeAccount `json:"accounts"`
		Errors   []string       `json:"errors"` // Rust clients insist on it
	}
	shapeAccount struct {
		Key             string          `json:"key"`
		Number          string          `json:"accountNumber"`
		IBAN            string          `json:"iban"`
		Name            string          `json:"name"`
		Description     string          `json:"description"`
		Balance         money           `json:"balance"`
		Available       money           `json:"availableBalance"`
		Currency        string          `json:"currencyCode"`
		Owner           shapeOwner      `json:"owner"`
		ProductType     string          `json:"productType"`
		Type            string          `json:"type"`
		ProductID       string          `json:"productId"`
		DescriptionCode string          `json:"descriptionCode"`
		DisposalRole    bool            `json:"disposalRole"`
		Properties      shapeProperties `json:"accountProperties"`
		CardLimit       *money          `json:"creditCardCreditLimit,omitempty"`
		CardAccount     string          `json:"creditCardAccountID,omitempty"`
	}
	shapeOwner struct {
		Name      string `json:"name"`
		FirstName string `json:"firstName"`
		LastName  string `json:"lastName"`
		Type      string `json:"type"`
		Age       int    `json:"age"`
		Customer  string `json:"customerKey"`
		SSN       string `json:"ssnKey"`
	}
	shapeProperties struct {
		TransferFrom  bool `json:"isTransferFromEnabled"`
		TransferTo    bool `json:"isTransferToEnabled"`
		PaymentFrom   bool `json:"isPaymentFromEnabled"`
		AvtaleGiro    bool `json:"isAllowedInAvtaleGiro"`
		Access        bool `json:"hasAccess"`
		Preferred     bool `json:"isBalancePreferred"`
		FlexiLoan     bool `json:"isFlexiLoan"`
		Codebitor     bool `json:"isCodebitorLoan"`
		Security      bool `json:"isSecurityBalance"`
		ASK           bool `json:"isAksjesparekonto"`
		Savings       bool `json:"isSavingsAccount"`
		Bonus         bool `json:"isBonusAccount"`
		RightDisposal bool `json:"userHasRightOfDisposal"`
		RightAccess   bool `json:"userHasRightOfAccess"`
		Owned         bool `json:"isOwned"`
		Withdrawals   bool `json:"isWithdrawalsAllowed"`
		Blocked       bool `json:"isBlocked"`
		Hidden        bool `json:"isHidden"`
		Immediately   bool `json:"isBalanceUpdatedImmediatelyOnTransferTo"`
		Default       bool `json:"isDefaultPaymentAccount"`
	}
	shapeKeys struct {
		Keys map[string]string `json:"accountKeysMap"`
	}
	shapeDetails struct {
		FreeWithdrawals *int64      `json:"freeWithdrawalsLeft"`
		LastWithdrawal  *string     `json:"lastWithdrawalDate"`
		InterestRate    json.Number `json:"interestRate"`
		Blocked         money       `json:"blockedAmount"`
		BlockedBSU      money       `json:"blockedBsuAmount"`
		CreditLine      money       `json:"creditLine"`
		Confirmed       money       `json:"totalConfirmedAmount"`
		Credit          money       `json:"netCalculatedCreditInterest"`
		CreditLineCost  money       `json:"netCalculatedCreditLineInterest"`
		CreditLastYear  money       `json:"totalCreditInterestLastYear"`
	}
	shapeRoles struct {
		Roles    []shapeRole `json:"roles"`
		Disposal bool        `json:"ownerHasRightOfDisposal"`
	}
	shapeRole struct {
		Type string `json:"roleType"`
		From string `json:"validFromDate"`
		To   string `json:"validToDate"`
	}
	shapeBalance struct {
		Balance money  `json:"accountBalance"`
		Name    string `json:"name"`
	}
)

func showOwner(p *ledger.Person, now time.Time) shapeOwner {
	return shapeOwner{Name: p.Name(), FirstName: p.Given, LastName: p.Family, Type: "PERSON", Age: age(p.Born, now),
		Customer: customerKey(p), SSN: key("ssn", p.ID)}
}

func customerKey(p *ledger.Person) string { return key("customer", p.ID) }

// age in whole years, in Norway; 0 when the day of birth is not known.
func age(born string, now time.Time) int {
	b, err := time.Parse(time.DateOnly, born)
	if err != nil {
		return 0
	}
	today := day(now)
	years := today.Year() - b.Year()
	if today.Before(b.AddDate(years, 0, 0)) {
		years--
	}
	return years
}

// showAccount takes the owner's shape, which is the same for all accounts of a list, and the id of the default payment account.
func showAccount(c *wire.Call, a *ledger.Account, owner *shapeOwner, preferred string) shapeAccount {
	b := c.Space.Ledger.Balance(a.ID, c.Now)
	out := shapeAccount{Key: a.ID, Number: a.Number, IBAN: a.IBAN, Name: a.Name, Description: a.Name, Balance: money(b.Booked),
		Available: money(b.Available()), Currency: a.Currency, Owner: *owner, ProductType: a.Product, Type: "USER", ProductID: a.Product,
		DescriptionCode: "LOCDEPOSIT", DisposalRole: true, Properties: showProperties(a, a.ID == preferred)}
	switch {
	case a.Kind == ledger.Card:
		limit := money(a.Limit)
		out.Type, out.DescriptionCode, out.CardLimit, out.CardAccount = "CREDITCARD", "CREDITCARD", &limit, cardAccount(a)
	case a.Kind == ledger.Loan:
		out.Type, out.DescriptionCode, out.Available = "LOAN", "LOAN", 0 // what is owed cannot be spent
	case a.Currency != "NOK":
		out.DescriptionCode = "CURDEPOSIT"
	}
	return out
}

func showProperties(a *ledger.Account, preferred bool) shapeProperties {
	from, to, pays := mayTransferFrom(a), mayTransferTo(a), mayPayFrom(a)
	return shapeProperties{TransferFrom: from, TransferTo: to || a.Kind == ledger.Card && a.Status == ledger.Enabled, PaymentFrom: pays,
		AvtaleGiro: pays, Access: true, Preferred: preferred, ASK: groupOf(a) == groupASK, Savings: a.Kind == ledger.Savings,
		RightDisposal: true, RightAccess: true, Owned: true, Withdrawals: from, Blocked: a.Status == ledger.Blocked,
		Hidden: a.Status == ledger.Closed, Immediately: true, Default: preferred}
}

// The five below decide what the properties promise and what the transfers do.

// deposit is an account that holds money which its owner may move.
func deposit(a *ledger.Account) bool {
	g := groupOf(a)
	return (a.Kind == ledger.Current || a.Kind == ledger.Savings) && g != groupPension && g != groupASK
}

func mayTransferFrom(a *ledger.Account) bool { return deposit(a) && a.Status == ledger.Enabled }

func mayTransferTo(a *ledger.Account) bool { return deposit(a) && a.Status == ledger.Enabled }

// mayPayFrom tells whether domestic payments may leave the account.
func mayPayFrom(a *ledger.Account) bool { return domesticPayer(a) && a.Status == ledger.Enabled }

// domesticPayer is mayPayFrom whatever the account's status.
func domesticPayer(a *ledger.Account) bool { return a.Kind == ledger.Current && a.Currency == "NOK" }

// cardAccount is the id under which transfers name a credit card account: its number without the K.
func cardAccount(a *ledger.Account) string {
	if len(a.Number) > 1 && a.Number[0] == 'K' {
		return a.Number[1:]
	}
	return a.Number
}

// group is one of the six kinds of account that a list includes or leaves out.
type group int

const (
	groupNOK group = iota
	groupCurrency
	groupBSU
	groupCard
	groupASK
	groupPension
)

func groupOf(a *ledger.Account) group {
	switch {
	case a.Kind == ledger.Card:
		return groupCard
	case a.Product == "BSU":
		return groupBSU
	case a.Product == "ASK":
		return groupASK
	case a.Product == "PENSJON" || a.Facts[factPolicy] != "":
		return groupPension
	case a.Currency != "NOK":
		return groupCurrency
	}
	return groupNOK
}

// factPolicy is the account fact that makes it a pension agreement: its policy number.
const factPolicy = "policyNumber"
