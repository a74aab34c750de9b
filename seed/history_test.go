package seed_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sandbank/seed"
	"sandbank/server/ledger"
)

// epoch is a Saturday evening.
func epoch() time.Time { return time.Date(2026, 11, 21, 18, 7, 0, 0, time.UTC) }

// life is everything that History is asked with.
type life struct {
	persona string
	account ledger.Account
	balance int64
	months  int
	until   time.Time
	seed    uint64
}

func (l life) history() []ledger.Entry {
	return seed.History(l.persona, l.account, l.balance, l.months, l.until, l.seed)
}

func drawLife(t *rapid.T) life {
	iban := map[string]string{"": "", "DE": "DE89370400440532013000", "BG": "BG80BNBG96611020345678", "TR": "TR330006100519786457841326"}
	facts := map[string]string(nil)
	if rapid.Bool().Draw(t, "numbered") {
		facts = map[string]string{seed.FirstEntry: "6050000"}
	}
	return life{
		persona: rapid.SampledFrom(seed.Personas()).Draw(t, "persona"),
		account: ledger.Account{
			ID: rapid.SampledFrom([]string{"7", "43199139", "123456789012", "0", "a-b-c"}).Draw(t, "id"), Bank: "any", Facts: facts,
			Kind:     rapid.SampledFrom([]ledger.Kind{ledger.Current, ledger.Savings, ledger.Card, ledger.Loan}).Draw(t, "kind"),
			Currency: rapid.SampledFrom([]string{"EUR", "NOK", "JPY", "TRY", "BGN", "USD", "XTS"}).Draw(t, "currency"),
			IBAN:     iban[rapid.SampledFrom([]string{"", "DE", "BG", "TR"}).Draw(t, "iban")],
			Limit:    rapid.Int64Range(0, 1_000_000).Draw(t, "limit"),
		},
		balance: rapid.Int64Range(-100_000_000, 1_000_000_000).Draw(t, "balance"),
		months:  rapid.IntRange(0, 30).Draw(t, "months"),
		until:   time.Unix(rapid.Int64Range(1_000_000_000, 3_000_000_000).Draw(t, "until"), 0),
		seed:    rapid.Uint64().Draw(t, "seed"),
	}
}

func TestHistoryKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		entries := l.history()
		var sum int64
		ids := map[string]bool{}
		pending := 0
		for i, e := range entries {
			switch {
			case e.Amount == 0:
				t.Fatalf("entry %d moves nothing: %+v", i, e)
			case ids[e.ID]:
				t.Fatalf("the id %s is given twice", e.ID)
			case e.Account != l.account.ID || e.Text == "" && e.Party == "":
				t.Fatalf("entry %d is incomplete: %+v", i, e)
			case !slices.Contains(seed.Categories(), e.Category):
				t.Fatalf("category %q is not listed", e.Category)
			case i > 0 && e.At.Before(entries[i-1].At):
				t.Fatalf("entry %d is out of order", i)
			case e.Entered.After(e.At) || e.At.Location() != time.UTC || e.Entered.Location() != time.UTC || !e.Value.Equal(e.At):
				t.Fatalf("entry %d has impossible times: %+v", i, e)
			case (e.Type == "opening") != (i == 0 && e.Type == "opening"):
				t.Fatalf("the opening is entry %d", i)
			}
			ids[e.ID] = true
			if e.Booked(l.until) {
				sum += e.Amount
			} else {
				pending++
			}
			checkWindow(t, l, e)
		}
		if sum != l.balance {
			t.Fatalf("the entries add up to %d, want %d", sum, l.balance)
		}
		if want := l.account.Kind == ledger.Current && l.persona != "empty"; want != (pending > 0) || pending > 3 || pending == 1 {
			t.Fatalf("%d entries are pending", pending)
		}
	})
}

// checkWindow: booked entries end a day before the balance is asked for, pending ones lie around it.
func checkWindow(t *rapid.T, l life, e ledger.Entry) {
	if e.Booked(l.until) {
		if last := l.until.Add(-24 * time.Hour); !e.At.Before(last) || !e.Entered.Before(last) {
			t.Fatalf("an entry within the last day: %+v", e)
		}
		return
	}
	entered, at := l.until.Sub(e.Entered), e.At.Sub(l.until)
	if !e.Pending(l.until) || entered < 25*time.Hour || entered > 49*time.Hour || at < 20*time.Hour || at > 40*time.Hour || e.Amount > 0 {
		t.Fatalf("a pending entry %s before and %s after: %+v", entered, at, e)
	}
}

func TestHistoryIsTheSameForTheSameInputs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		if a, b := l.history(), l.history(); !reflect.DeepEqual(a, b) {
			t.Fatal("two histories from the same inputs differ")
		}
	})
}

func TestHistoryNeverOverdrawsACarefulCustomer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		l.account.Kind, l.balance = ledger.Current, max(l.balance, -l.balance)
		if l.persona == "broke" {
			l.persona = "student"
		}
		var held int64
		for i, e := range l.history() {
			held += e.Amount
			if held < 0 && e.Booked(l.until) {
				t.Fatalf("after entry %d of %s the account holds %d", i, e.At, held)
			}
		}
	})
}

// jane's current account.
func jane() life {
	return life{persona: "family", balance: 421033, months: 24, until: epoch(), seed: seed.DefaultSeed,
		account: ledger.Account{ID: "x", Bank: "berlin", Kind: ledger.Current, Currency: "EUR", IBAN: "BG12SBNK91551000448998"}}
}

func TestSeedIsAlive(t *testing.T) {
	t.Parallel()
	a, b := jane(), jane()
	b.seed++
	if reflect.DeepEqual(a.history(), b.history()) {
		t.Error("another seed gave the same history")
	}
}

func TestEverydayEntriesSurviveARestartTomorrow(t *testing.T) {
	t.Parallel()
	today, tomorrow := jane(), jane()
	tomorrow.until = tomorrow.until.Add(24 * time.Hour)
	had := map[string]ledger.Entry{}
	for _, e := range today.history() {
		if e.Type == "card" && e.Booked(today.until) {
			had[e.ID] = e
		}
	}
	kept, lost := 0, 0
	for _, e := range tomorrow.history() {
		was, ok := had[e.ID]
		switch {
		case ok && was == e:
			kept++
		case ok:
			lost++
		}
	}
	if lost > 0 || kept < len(had)-5 {
		t.Errorf("of %d card payments %d are as yesterday and %d changed", len(had), kept, lost)
	}
}

func TestFamilyLivesAsFamiliesDo(t *testing.T) {
	t.Parallel()
	entries := jane().history()
	if entries[0].Type != "opening" || entries[0].At.Format(time.DateOnly) != "2024-11-21" {
		t.Errorf("begins with %s on %s", entries[0].Type, entries[0].At)
	}
	if len(entries) < 600 || len(entries) > 1000 {
		t.Errorf("%d entries in 24 months", len(entries))
	}
	count := map[string]int{}
	for _, e := range entries {
		count[e.Category]++
		day := e.At.Add(2 * time.Hour).Weekday() // Sofia
		if e.Type == "salary" {
			on := e.At.Add(2 * time.Hour)
			if on.Day() > 25 || on.Day() < 23 || day == time.Saturday || day == time.Sunday {
				t.Errorf("salary on %s", on)
			}
		}
		if e.Category == "rent" && (e.At.Day() > 3 || e.Amount >= 0) {
			t.Errorf("mortgage of %d on %s", e.Amount, e.At)
		}
		if e.Type == "card" && (e.MCC == "" || e.Party == "" || e.Amount >= 0) {
			t.Errorf("card payment %+v", e)
		}
	}
	for category, least := range map[string]int{"salary": 23, "rent": 24, "groceries": 190, "utilities": 40, "subscription": 40, "savings": 20,
		"insurance": 23, "transport": 40, "restaurant": 40, "shopping": 40, "cash": 20, "travel": 4} {
		if count[category] < least {
			t.Errorf("%d entries of %s, want at least %d", count[category], category, least)
		}
	}
}

func TestEntryIDs(t *testing.T) {
	t.Parallel()
	l := jane()
	for name, c := range map[string]struct {
		id, first, want string
	}{
		"of a serial account begin with it":   {"7", "", "709091501"}, // 9091 days after 2000, the first balancing entry
		"count from firstEntry where it is":   {"43199139", "6050000", "6050000"},
		"of other accounts begin with a hash": {"x", "", "a4b9c0a7ea95-241121501"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := l
			l.account.ID = c.id
			if c.first != "" {
				l.account.Facts = map[string]string{seed.FirstEntry: c.first}
			}
			if got := l.history()[0].ID; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestUnknownPersonaHasAnOpeningOnly(t *testing.T) {
	t.Parallel()
	for _, persona := range []string{"empty", "nobody", ""} {
		l := jane()
		l.persona = persona
		if h := l.history(); len(h) != 1 || h[0].Type != "opening" || h[0].Amount != l.balance {
			t.Errorf("%q: %+v", persona, h)
		}
		l.balance = 0
		if h := l.history(); len(h) != 0 {
			t.Errorf("%q with nothing: %+v", persona, h)
		}
	}
}

func BenchmarkHistory(b *testing.B) {
	b.ReportAllocs()
	l := jane()
	for b.Loop() {
		l.history()
	}
}
