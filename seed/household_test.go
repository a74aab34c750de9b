package seed_test

import (
	"regexp"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // as main has it

	"sandbank/seed"
	"sandbank/server/fail"
	"sandbank/server/ledger"
)

// zones are where the banks are.
func zones(t testing.TB) map[string]*time.Location {
	t.Helper()
	out := map[string]*time.Location{}
	for bank, name := range map[string]string{"berlin": "Europe/Sofia", "sparebank1": "Europe/Oslo", "finapi": "Europe/Berlin", "s2s": "Europe/Istanbul", "yoisho": "Asia/Tokyo"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		out[bank] = zone
	}
	return out
}

// household is what one person has at one bank.
type household struct {
	kinds      map[string]int // current, savings, card, loan, foreign, blocked
	categories map[string]int
	months     map[string]bool
	entries    int
	pending    int
}

func householdOf(t *testing.T, l *ledger.Ledger, b *seed.Bank, person string, zone *time.Location) household {
	t.Helper()
	h := household{map[string]int{}, map[string]int{}, map[string]bool{}, 0, 0}
	for _, a := range l.AccountsOf(person) {
		kind := string(a.Kind)
		if a.Currency != b.Currency {
			kind = "foreign"
		}
		h.kinds[kind]++
		if a.Status == ledger.Blocked {
			h.kinds["blocked"]++
		}
		if a.IBAN != "" && !seed.ValidIBAN(a.IBAN) {
			t.Errorf("%s %s: the IBAN %s is not valid", person, a.ID, a.IBAN)
		}
		booked, pending := l.Entries(a.ID, epoch())
		checkBooks(t, l, a, booked, pending)
		for _, e := range slices.Concat(booked, pending) {
			h.categories[e.Category]++
			h.months[e.At.In(zone).Format("2006-01")] = true
			if e.Type == "card" {
				checkHours(t, person, &e, zone)
			}
		}
		h.entries += len(booked) + len(pending)
		h.pending += len(pending)
	}
	return h
}

// checkBooks: the balance is the sum of the entries and was never nonsense.
func checkBooks(t *testing.T, l *ledger.Ledger, a *ledger.Account, booked, pending []ledger.Entry) {
	t.Helper()
	var held, reserved, least, most int64
	for i, e := range booked {
		held += e.Amount
		if i == 0 {
			least, most = held, held
		}
		least, most = min(least, held), max(most, held)
	}
	for _, e := range pending {
		reserved += e.Amount
	}
	if b := l.Balance(a.ID, epoch()); b.Booked != held || b.Pending != reserved {
		t.Errorf("%s %s: the balance is %+v, the entries add up to %d and %d", a.Owner, a.ID, b, held, reserved)
	}
	switch {
	case a.Kind == ledger.Card && (most > 0 || least < -a.Limit):
		t.Errorf("%s: the card %s went from %d to %d, its limit is %d", a.Owner, a.ID, least, most, a.Limit)
	case a.Kind == ledger.Loan && most >= 0:
		t.Errorf("%s: the loan %s was at %d", a.Owner, a.ID, most)
	case a.Kind == ledger.Savings && least < 0:
		t.Errorf("%s: the savings account %s was at %d", a.Owner, a.ID, least)
	case a.Kind == ledger.Current && least < min(-a.Limit, held):
		t.Errorf("%s: the current account %s was at %d, its limit is %d", a.Owner, a.ID, least, a.Limit)
	case a.Status == ledger.Blocked && (len(pending) > 0 || booked[len(booked)-1].At.After(epoch().AddDate(0, 0, -20))):
		t.Errorf("%s: money moved on the blocked account %s", a.Owner, a.ID)
	case a.Status != ledger.Blocked && held != 0 && booked[len(booked)-1].At.Before(epoch().AddDate(0, -4, 0)) && len(booked) > 1:
		t.Errorf("%s: nothing has moved on %s for months", a.Owner, a.ID)
	}
}

// checkHours: people buy, and banks book what they bought, by day.
func checkHours(t *testing.T, person string, e *ledger.Entry, zone *time.Location) {
	t.Helper()
	if bought, booked := e.Entered.In(zone).Hour(), e.At.In(zone).Hour(); bought < 6 || booked < 7 || booked > 19 {
		t.Errorf("%s paid %q at %s, booked at %s", person, e.Text, e.Entered.In(zone), e.At.In(zone))
	}
}

func TestEveryHouseholdIsComplete(t *testing.T) {
	t.Parallel()
	f := demo(t)
	l, _ := plant(t, f, seed.Options{})
	for _, b := range f.Banks {
		for _, p := range b.People {
			t.Run(b.Bank+"/"+p.Login, func(t *testing.T) {
				t.Parallel()
				h := householdOf(t, l, &b, ledger.PersonID(b.Bank, p.Login), zones(t)[b.Bank])
				if b.Bank == "yoisho" { // one account each, as its document shows
					return
				}
				for _, kind := range []string{"current", "savings", "card", "loan", "foreign", "blocked"} {
					if h.kinds[kind] == 0 || kind == "blocked" && h.kinds[kind] > 1 {
						t.Errorf("%d %s accounts among %v", h.kinds[kind], kind, h.kinds)
					}
				}
				for _, category := range []string{"salary", "rent", "groceries", "subscription", "transfer", "interest"} {
					if h.categories[category] < 4 {
						t.Errorf("%d entries of %s", h.categories[category], category)
					}
				}
				for m := range 25 {
					month := time.Date(2024, time.November+time.Month(m), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
					if !h.months[month] {
						t.Errorf("nothing in %s", month)
					}
				}
				if h.pending == 0 || h.entries < 300 {
					t.Errorf("%d entries, %d pending", h.entries, h.pending)
				}
			})
		}
	}
}

// A household is as believable on any other day.
func TestHouseholdsHoldOnOtherDays(t *testing.T) {
	t.Parallel()
	f := demo(t)
	for _, day := range []string{"2026-03-01T00:30:00Z", "2026-07-31T22:00:00Z", "2027-01-04T05:00:00Z"} {
		at, err := time.Parse(time.RFC3339, day)
		if err != nil {
			t.Fatal(err)
		}
		l, _ := plant(t, f, seed.Options{Epoch: at})
		for bank, zone := range zones(t) {
			for _, p := range l.People(bank) {
				for _, a := range l.AccountsOf(p.ID) {
					booked, pending := l.Entries(a.ID, at)
					for _, e := range slices.Concat(booked, pending) {
						if e.Type == "card" {
							checkHours(t, p.ID+" on "+day, &e, zone)
						}
					}
				}
			}
		}
	}
}

func TestBlockedAccountsTakeNoPayments(t *testing.T) {
	t.Parallel()
	f := demo(t)
	l, _ := plant(t, f, seed.Options{})
	for _, b := range f.Banks {
		for _, p := range l.People(b.Bank) {
			mine := l.AccountsOf(p.ID)
			for _, a := range mine {
				if a.Status != ledger.Blocked {
					continue
				}
				from := ledger.Payment{Bank: b.Bank, From: a.ID, To: mine[0].Number, Amount: 1, Entered: epoch(), Due: epoch()}
				to := ledger.Payment{Bank: b.Bank, From: mine[0].ID, To: a.Number, Amount: 1, Entered: epoch(), Due: epoch()}
				for _, payment := range []ledger.Payment{from, to} {
					if err := l.CheckPayment(payment, epoch()); !fail.Is(err, fail.AccountBlocked) {
						t.Errorf("%s: %s to %s: %v", p.ID, payment.From, payment.To, err)
					}
				}
			}
		}
	}
}

func TestLoanShrinksEveryMonth(t *testing.T) {
	t.Parallel()
	f := demo(t)
	l, _ := plant(t, f, seed.Options{People: 20})
	loans := 0
	for _, p := range l.People("") {
		for _, a := range l.AccountsOf(p.ID) {
			if a.Kind != ledger.Loan {
				continue
			}
			loans++
			paid, charged := map[int64]bool{}, 0
			booked, _ := l.Entries(a.ID, epoch())
			before, owed := booked[0].Amount, booked[0].Amount
			for _, e := range booked[1:] {
				owed += e.Amount
				switch {
				case e.Type == "standing":
					paid[e.Amount] = true
					if owed <= before {
						t.Errorf("%s %s: owes %d on %s and owed %d a month before", p.ID, a.ID, -owed, e.At, -before)
					}
					before = owed
				case e.Type == "interest" && e.Amount < 0:
					charged++
				default:
					t.Errorf("%s %s: %+v", p.ID, a.ID, e)
				}
			}
			if len(paid) != 1 || charged < 23 || len(booked) < 48 {
				t.Errorf("%s %s: instalments of %v, interest charged %d times", p.ID, a.ID, paid, charged)
			}
		}
	}
	if loans < 20 {
		t.Errorf("%d loans", loans)
	}
}

func TestCrowdHasHouseholds(t *testing.T) {
	t.Parallel()
	f := demo(t)
	l, _ := plant(t, f, seed.Options{People: 60})
	card := map[string]*regexp.Regexp{"sparebank1": regexp.MustCompile(`^K9999\d{6}$`), "finapi": regexp.MustCompile(`^41111\dXXXXXX\d{4}$`)}
	for _, b := range f.Banks {
		if b.Bank == "yoisho" {
			continue
		}
		loans := 0
		for _, p := range l.People(b.Bank)[len(b.People):] {
			h := householdOf(t, l, &b, p.ID, zones(t)[b.Bank])
			if h.kinds["current"] != 1 || h.kinds["savings"] < 1 || h.kinds["card"] != 1 {
				t.Errorf("%s has %v", p.ID, h.kinds)
			}
			loans += h.kinds["loan"]
			for _, a := range l.AccountsOf(p.ID) {
				if form := card[b.Bank]; form != nil && a.Kind == ledger.Card && (a.IBAN != "" || !form.MatchString(a.Number)) {
					t.Errorf("%s has the card %s %s", p.ID, a.Number, a.IBAN)
				}
			}
		}
		if loans < 5 || loans > 30 {
			t.Errorf("%s: %d of 60 have a loan", b.Bank, loans)
		}
	}
}
