package sparebank1

import (
	"encoding/json"
	"time"

	"sandbank/server/ledger"
)

type (
	shapeClassifiedList struct {
		Transactions []shapeClassified `json:"transactions"`
		Errors       []string          `json:"errors"`
	}
	shapeClassified struct {
		Transaction  shapeTransaction `json:"transaction"`
		Categories   []shapeCategory  `json:"categories"`
		Recurring    bool             `json:"recurring"`
		Subscription bool             `json:"subscription"`
	}
	shapeClassifiedDetails struct {
		Transaction shapeTransactionDetails `json:"transaction"`
		Categories  []shapeCategory         `json:"categories"`
		Recurring   bool                    `json:"recurring"`
		Merchant    *shapeShop              `json:"merchant,omitempty"`
	}
	shapeCategory struct {
		Main       string      `json:"main"`
		Sub        string      `json:"sub"`
		MainI18n   string      `json:"mainI18n"`
		SubI18n    string      `json:"subI18n"`
		Confidence json.Number `json:"confidence"`
	}
)

func showClassified(r *row, now time.Time) shapeClassified {
	return shapeClassified{Transaction: showTransaction(r, now), Categories: []shapeCategory{categoryOf(r.entry)},
		Recurring: recurring(r.entry), Subscription: r.entry.Category == "subscription"}
}

// recurring is what comes back every month by itself.
func recurring(e *ledger.Entry) bool {
	return e.Type == "standing" || e.Type == "salary" || e.Category == "subscription"
}

// categoryOf is where the bank's classification puts an entry, in its own words and in Norwegian. What has no category is Ukategorisert,
// a label that clients look for.
func categoryOf(e *ledger.Entry) shapeCategory {
	made := func(main, sub, mainI18n, subI18n string) shapeCategory {
		return shapeCategory{main, sub, mainI18n, subI18n, "0.95"}
	}
	switch e.Category {
	case "groceries":
		return made("FOOD", "GROCERIES", "Mat og drikke", "Dagligvarer")
	case "restaurant":
		return made("FOOD", "RESTAURANT", "Mat og drikke", "Restaurant og kafé")
	case "rent":
		return made("HOME", "RENT", "Bolig", "Husleie")
	case "utilities":
		return made("HOME", "UTILITIES", "Bolig", "Strøm og tjenester")
	case "insurance":
		return made("HOME", "INSURANCE", "Bolig", "Forsikring")
	case "transport":
		return made("TRANSPORT", "TRANSPORT", "Transport", "Bil og kollektiv")
	case "travel":
		return made("LEISURE", "TRAVEL", "Fritid", "Reise")
	case "subscription":
		return made("LEISURE", "SUBSCRIPTION", "Fritid", "Abonnement")
	case "shopping":
		return made("SHOPPING", "SHOPPING", "Shopping", "Varer")
	case "health":
		return made("HEALTH", "HEALTH", "Helse", "Helse og velvære")
	case "cash":
		return made("OTHER", "CASH", "Annet", "Kontanter")
	case "fees":
		return made("FINANCE", "FEES", "Økonomi", "Gebyrer")
	case "interest":
		return made("FINANCE", "INTEREST", "Økonomi", "Renter")
	case "savings":
		return made("FINANCE", "SAVINGS", "Økonomi", "Sparing")
	case "transfer":
		return made("FINANCE", "TRANSFER", "Økonomi", "Overføring")
	case "salary":
		return made("INCOME", "SALARY", "Inntekt", "Lønn")
	}
	return shapeCategory{"UNCATEGORIZED", "UNCATEGORIZED", "Ukategorisert", "Ukategorisert", "0"}
}
