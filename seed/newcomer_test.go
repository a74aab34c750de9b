package seed_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sandbank/seed"
	"sandbank/server/grant"
	"sandbank/server/ledger"
	"sandbank/server/world"
)

// space is one with everybody of the fixtures in it.
func space(t testing.TB, people int) (*world.Space, world.People) {
	t.Helper()
	f := demo(t)
	w, err := world.New(world.Options{Start: epoch(), Frozen: true, Seed: 1, People: f.People(), Plant: func(l *ledger.Ledger, g *grant.Grants, _ time.Time) error {
		return f.Plant(l, g, seed.Options{Epoch: epoch(), People: people})
	}})
	if err != nil {
		t.Fatal(err)
	}
	return w.Space(world.Main), w.People()
}

func TestNewcomersAreOneHumanAtAllBanks(t *testing.T) {
	t.Parallel()
	s, people := space(t, 3)
	all, err := people.Invent(s, world.Order{Count: 4})
	if err != nil || len(all) != 20 {
		t.Fatalf("%d households, %v", len(all), err)
	}
	for i := range all {
		p, first := &all[i].Person, &all[i/5*5].Person
		if p.Login != first.Login || p.Name() != first.Name() || p.Born != first.Born || i/5 == 0 && p.Login != "p004" {
			t.Errorf("%s is %s, born %s; at %s %s, born %s", p.ID, p.Name(), p.Born, first.Bank, first.Name(), first.Born)
		}
		if p.Bank == "sparebank1" && p.NationalID[:2] != p.Born[8:] {
			t.Errorf("born %s, with the number %s", p.Born, p.NationalID)
		}
		if err := all[i].Enter(s.Ledger); err != nil {
			t.Error(err)
		}
		for _, a := range s.Ledger.AccountsOf(p.ID) {
			booked, pending := s.Ledger.Entries(a.ID, epoch())
			checkBooks(t, s.Ledger, a, booked, pending)
			if a.IBAN != "" && !seed.ValidIBAN(a.IBAN) {
				t.Errorf("%s: IBAN %s", a.ID, a.IBAN)
			}
		}
	}
	if again, _ := people.Invent(s, world.Order{Login: "p004"}); again != nil {
		t.Error("a login is taken only once")
	}
}

// Invented and read people leave the books alone until somebody lets them in.
func TestNewcomersWaitOutside(t *testing.T) {
	t.Parallel()
	s, people := space(t, 0)
	before, accounts := s.Ledger.Count()
	if _, err := people.Invent(s, world.Order{Count: 2}); err != nil {
		t.Error(err)
	}
	if _, err := people.Read(s, []byte(`{"bank":"yoisho","people":[{"login":"a","given":"A","accounts":[{}]}]}`)); err != nil {
		t.Error(err)
	}
	if p, a := s.Ledger.Count(); p != before || a != accounts {
		t.Errorf("%d people and %d accounts became %d and %d", before, accounts, p, a)
	}
}

func TestCurrenciesAreThoseOfTheBank(t *testing.T) {
	t.Parallel()
	_, people := space(t, 0)
	for bank, want := range map[string]string{"yoisho": "JPY", "berlin": "EUR BGN USD", "sparebank1": "NOK EUR USD", "s2s": "TRY EUR USD", "finapi": "EUR GBP USD"} {
		if got := people.Currencies[bank]; strings.Join(got, " ") != want {
			t.Errorf("%s: %v", bank, got)
		}
	}
	if !slices.Contains(people.Personas, seed.Edge) || !slices.Contains(people.Personas, "millionaire") {
		t.Errorf("personas %v", people.Personas)
	}
}

func BenchmarkInvent(b *testing.B) {
	s, people := space(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := people.Invent(s, world.Order{Bank: "finapi", Count: 200}); err != nil {
			b.Fatal(err)
		}
	}
}
