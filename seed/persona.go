package seed

import "sandbank/server/ledger"

// habit is one reason for money to move, in euros at German prices.
type habit struct {
	key       string // of the market: who is paid; a category too, unless category says otherwise
	category  string
	kind      string // entry type; card when empty
	in        bool   // money comes
	day       int    // of the month, moved to a working day; 0: any days
	back      bool   // moved to the working day before, not after
	every     int    // months between; 0: each
	few, many int64  // times per month, when day is 0
	low, high int64
	same      bool // the amount is drawn once for the account, not each time
}

// plan is the life behind an account: habits, and about what comes in per month, in euros.
type plan struct {
	habits []habit
	income int64
}

// planOf is what moves money on this account in a persona's life. Foreign currency is for travel, whoever holds it.
func planOf(persona string, a *ledger.Account, home bool) plan {
	p := life(persona)
	switch {
	case len(p.habits) == 0 || a.Kind == ledger.Savings || a.Kind == ledger.Loan:
		return plan{}
	case a.Kind == ledger.Card:
		var out plan
		for _, h := range p.habits {
			if h.kind == "" && h.key != "cash" {
				h.few, h.many = (h.few+1)/2, max(h.many*2/3, 1)
				out.habits = append(out.habits, h)
			}
		}
		return out
	case !home:
		return plan{income: 300, habits: []habit{
			{key: "abroad", category: "travel", few: 0, many: 3, low: 9, high: 110},
			{key: "abroad", category: "shopping", few: 0, many: 2, low: 6, high: 70},
			{key: "transfer", kind: "transfer", in: true, few: 0, many: 1, low: 80, high: 400},
			{key: "fees", kind: "fee", day: 28, every: 3, low: 3, high: 3, same: true},
		}}
	}
	return p
}

func life(persona string) plan {
	switch persona {
	case "student":
		return student()
	case "family":
		return family()
	case "freelancer":
		return freelancer()
	case "sme":
		return firm()
	case "broke":
		return broke()
	case "millionaire":
		return millionaire()
	case "saver":
		return saver()
	case "side":
		return side()
	}
	return plan{}
}

func student() plan {
	return plan{income: 1150, habits: []habit{
		{key: "salary", kind: "salary", in: true, day: 25, back: true, low: 420, high: 560, same: true},
		{key: "grant", category: "transfer", kind: "transfer", in: true, day: 28, low: 610, high: 720, same: true},
		{key: "rent", kind: "standing", day: 1, low: 390, high: 480, same: true},
		{key: "pass", category: "transport", kind: "standing", day: 2, low: 29, high: 49, same: true},
		{key: "utilities", kind: "standing", day: 5, low: 15, high: 25, same: true},
		{key: "insurance", kind: "standing", day: 15, low: 8, high: 14, same: true},
		{key: "subscription", day: 12, low: 5, high: 11, same: true},
		{key: "groceries", few: 5, many: 8, low: 6, high: 34},
		{key: "restaurant", few: 3, many: 6, low: 4, high: 19},
		{key: "shopping", few: 0, many: 2, low: 9, high: 55},
		{key: "transport", few: 0, many: 2, low: 3, high: 14},
		{key: "cash", kind: "cash", few: 1, many: 2, low: 20, high: 40},
	}}
}

func family() plan {
	return plan{income: 4750, habits: []habit{
		{key: "salary", kind: "salary", in: true, day: 25, back: true, low: 3950, high: 4550, same: true},
		{key: "benefit", category: "transfer", kind: "transfer", in: true, day: 10, low: 500, high: 520, same: true},
		{key: "mortgage", category: "rent", kind: "standing", day: 1, low: 1180, high: 1460, same: true},
		{key: "school", category: "transfer", kind: "standing", day: 3, low: 160, high: 260, same: true},
		{key: "utilities", kind: "standing", day: 4, low: 95, high: 165},
		{key: "utilities", kind: "standing", day: 16, low: 35, high: 55, same: true},
		{key: "insurance", kind: "standing", day: 15, low: 70, high: 120, same: true},
		{key: "savings", kind: "standing", day: 26, low: 250, high: 400, same: true},
		{key: "subscription", day: 8, low: 12, high: 18, same: true},
		{key: "subscription", day: 19, low: 10, high: 16, same: true},
		{key: "groceries", few: 8, many: 12, low: 18, high: 145},
		{key: "transport", few: 2, many: 5, low: 12, high: 78},
		{key: "restaurant", few: 2, many: 4, low: 14, high: 85},
		{key: "shopping", few: 2, many: 4, low: 15, high: 160},
		{key: "health", few: 0, many: 2, low: 8, high: 70},
		{key: "cash", kind: "cash", few: 1, many: 2, low: 40, high: 100},
		{key: "travel", every: 4, few: 1, many: 3, low: 90, high: 620},
	}}
}

func freelancer() plan {
	return plan{income: 4200, habits: []habit{
		{key: "customer", category: "transfer", kind: "transfer", in: true, few: 1, many: 4, low: 650, high: 2900},
		{key: "rent", kind: "standing", day: 1, low: 780, high: 1050, same: true},
		{key: "utilities", kind: "standing", day: 6, low: 60, high: 110},
		{key: "insurance", kind: "standing", day: 15, low: 280, high: 420, same: true},
		{key: "tax", category: "fees", kind: "transfer", day: 10, every: 3, low: 1100, high: 1900},
		{key: "software", category: "subscription", day: 7, low: 9, high: 21, same: true},
		{key: "software", category: "subscription", day: 20, low: 15, high: 60, same: true},
		{key: "subscription", day: 14, low: 10, high: 16, same: true},
		{key: "fees", kind: "fee", day: 28, low: 8, high: 12, same: true},
		{key: "groceries", few: 5, many: 8, low: 9, high: 62},
		{key: "restaurant", few: 4, many: 8, low: 4, high: 48},
		{key: "transport", few: 2, many: 5, low: 5, high: 65},
		{key: "shopping", few: 1, many: 3, low: 18, high: 340},
		{key: "travel", every: 2, few: 0, many: 2, low: 45, high: 380},
		{key: "cash", kind: "cash", few: 0, many: 1, low: 50, high: 100},
	}}
}

func firm() plan {
	return plan{income: 42_000, habits: []habit{
		{key: "customer", category: "transfer", kind: "transfer", in: true, few: 9, many: 16, low: 700, high: 6400},
		{key: "staff", category: "salary", kind: "transfer", day: 25, back: true, low: 2300, high: 2700, same: true},
		{key: "staff", category: "salary", kind: "transfer", day: 25, back: true, low: 2700, high: 3300, same: true},
		{key: "staff", category: "salary", kind: "transfer", day: 25, back: true, low: 3100, high: 3900, same: true},
		{key: "rent", kind: "standing", day: 1, low: 2400, high: 3200, same: true},
		{key: "tax", category: "fees", kind: "transfer", day: 10, low: 3800, high: 6200},
		{key: "utilities", kind: "standing", day: 5, low: 240, high: 480},
		{key: "insurance", kind: "standing", day: 15, low: 310, high: 460, same: true},
		{key: "supplier", category: "transfer", kind: "transfer", few: 7, many: 12, low: 240, high: 2900},
		{key: "software", category: "subscription", day: 9, low: 90, high: 240, same: true},
		{key: "transport", few: 4, many: 8, low: 45, high: 110},
		{key: "travel", few: 0, many: 3, low: 120, high: 780},
		{key: "restaurant", few: 1, many: 4, low: 35, high: 210},
		{key: "fees", kind: "fee", day: 28, low: 25, high: 60},
	}}
}

func broke() plan {
	return plan{income: 1650, habits: []habit{
		{key: "salary", kind: "salary", in: true, day: 25, back: true, low: 1520, high: 1720, same: true},
		{key: "rent", kind: "standing", day: 1, low: 690, high: 790, same: true},
		{key: "utilities", kind: "standing", day: 5, low: 70, high: 120},
		{key: "transfer", kind: "standing", day: 3, low: 90, high: 140, same: true},
		{key: "subscription", day: 9, low: 12, high: 18, same: true},
		{key: "fees", kind: "fee", day: 4, low: 5, high: 9, same: true},
		{key: "interest", kind: "interest", day: 28, low: 4, high: 14},
		{key: "groceries", few: 8, many: 12, low: 4, high: 42},
		{key: "restaurant", few: 3, many: 7, low: 4, high: 22},
		{key: "transport", few: 2, many: 5, low: 3, high: 38},
		{key: "shopping", few: 1, many: 4, low: 10, high: 80},
		{key: "cash", kind: "cash", few: 2, many: 4, low: 10, high: 50},
	}}
}

func millionaire() plan {
	return plan{income: 46_000, habits: []habit{
		{key: "salary", kind: "salary", in: true, day: 25, back: true, low: 19_000, high: 27_000, same: true},
		{key: "dividend", category: "interest", kind: "transfer", in: true, day: 18, low: 8_000, high: 31_000},
		{key: "rent", kind: "standing", day: 1, low: 6_500, high: 8_500, same: true},
		{key: "insurance", kind: "standing", day: 15, low: 900, high: 1_600, same: true},
		{key: "utilities", kind: "standing", day: 5, low: 380, high: 720},
		{key: "staff", category: "transfer", kind: "standing", day: 27, low: 2_600, high: 3_200, same: true},
		{key: "savings", kind: "standing", day: 26, low: 12_000, high: 16_000, same: true},
		{key: "subscription", day: 11, low: 15, high: 40, same: true},
		{key: "groceries", few: 4, many: 7, low: 60, high: 420},
		{key: "restaurant", few: 6, many: 11, low: 70, high: 680},
		{key: "shopping", few: 3, many: 6, low: 180, high: 5_200},
		{key: "travel", few: 1, many: 3, low: 700, high: 7_800},
		{key: "transport", few: 2, many: 5, low: 60, high: 210},
		{key: "health", few: 0, many: 2, low: 90, high: 900},
	}}
}

func saver() plan {
	return plan{income: 2900, habits: []habit{
		{key: "salary", kind: "salary", in: true, day: 25, back: true, low: 2750, high: 3050, same: true},
		{key: "savings", kind: "standing", day: 26, low: 900, high: 1150, same: true},
		{key: "rent", kind: "standing", day: 1, low: 620, high: 760, same: true},
		{key: "utilities", kind: "standing", day: 4, low: 55, high: 85},
		{key: "insurance", kind: "standing", day: 15, low: 35, high: 60, same: true},
		{key: "pass", category: "transport", kind: "standing", day: 2, low: 49, high: 63, same: true},
		{key: "subscription", day: 13, low: 5, high: 10, same: true},
		{key: "interest", kind: "interest", in: true, day: 28, every: 3, low: 2, high: 9},
		{key: "groceries", few: 6, many: 9, low: 12, high: 58},
		{key: "restaurant", few: 1, many: 2, low: 9, high: 32},
		{key: "shopping", few: 0, many: 2, low: 12, high: 75},
		{key: "health", few: 0, many: 1, low: 6, high: 40},
	}}
}

// side is a second account, fed from the one that the salary goes to.
func side() plan {
	return plan{income: 200, habits: []habit{
		{key: "transfer", kind: "standing", in: true, day: 27, low: 160, high: 210, same: true},
		{key: "utilities", kind: "standing", day: 6, low: 35, high: 60, same: true},
		{key: "subscription", day: 10, low: 9, high: 17, same: true},
		{key: "groceries", few: 1, many: 3, low: 8, high: 55},
		{key: "shopping", few: 0, many: 2, low: 12, high: 70},
		{key: "cash", kind: "cash", few: 0, many: 1, low: 20, high: 50},
	}}
}
