package seed_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"sandbank/fixtures"
	"sandbank/seed"
	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/grant"
	"sandbank/server/ledger"
)

func demo(t testing.TB) *seed.Fixtures {
	t.Helper()
	f, err := seed.Read(fixtures.FS, "")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func plant(t testing.TB, f *seed.Fixtures, o seed.Options) (*ledger.Ledger, *grant.Grants) {
	t.Helper()
	l, g := ledger.New(), grant.New(dice.Seeded(1))
	if o.Epoch.IsZero() {
		o.Epoch = epoch()
	}
	if err := f.Plant(l, g, o); err != nil {
		t.Fatal(err)
	}
	return l, g
}

func TestDemoPeopleAndMoney(t *testing.T) {
	t.Parallel()
	l, _ := plant(t, demo(t), seed.Options{})
	for login, want := range map[string]string{
		"yoisho/dave":     "Dave Thompson: current JPY 1018791 enabled",
		"yoisho/jane":     "Jane Hamamoto: current JPY 98171923 enabled",
		"berlin/dave":     "Dave Thompson: current EUR 287540 enabled; current BGN 134085 enabled; savings EUR 915000 enabled; card EUR -31845 enabled; loan EUR -742015 enabled; current EUR 16420 blocked",
		"berlin/jane":     "Jane Hamamoto: current EUR 421033 enabled; savings EUR 1860000 enabled; current USD 51208 enabled; card EUR -26370 blocked; loan EUR -4825000 enabled",
		"sparebank1/dave": "Dave Thompson: current NOK 2140812 enabled; savings NOK 18600000 enabled; savings NOK 14250000 enabled; card NOK -391250 enabled; current EUR 120460 enabled; savings NOK 5200000 enabled; loan NOK -184230000 enabled; current NOK 84550 blocked",
		"sparebank1/jane": "Jane Hamamoto: current NOK 865075 enabled; savings NOK 6420000 enabled; savings NOK 8750000 enabled; card NOK -128400 enabled; current USD 68820 enabled; savings NOK 3150000 enabled; loan NOK -14230000 enabled; current NOK 31200 blocked",
		"s2s/ali":         "ALI CESUR: current TRY 17366694 enabled; current TRY 10696850 enabled; current TRY 2500000 enabled; savings TRY 41250000 enabled; card TRY -1864075 enabled; loan TRY -38620000 enabled; current USD 224010 enabled; current TRY 118460 blocked",
		"s2s/annelid":     "ANNELID BUTAIN: current TRY 4831020 enabled; savings TRY 9640000 enabled; card TRY -721540 enabled; loan TRY -8435000 enabled; current EUR 93025 enabled; current TRY 64215 blocked",
		"s2s/colucci":     "COLUCCI BORESLON: current TRY 1572265 enabled; savings TRY 3820000 enabled; card TRY -248090 enabled; loan TRY -4150000 enabled; current EUR 41000 enabled; current TRY 9540 blocked",
		"finapi/dave":     "Dave Thompson: current EUR 325417 enabled; savings EUR 1180000 enabled; card EUR -41895 enabled; loan EUR -12845000 enabled; current USD 142035 enabled; current EUR 21246 blocked",
		"finapi/jane":     "Jane Hamamoto: current EUR 186142 enabled; savings EUR 2435000 enabled; card EUR -9730 enabled; loan EUR -687520 enabled; current GBP 35690 enabled; current EUR 7415 blocked",
	} {
		p := l.Person(login)
		if p == nil {
			t.Errorf("%s is missing", login)
			continue
		}
		var accounts []string
		for _, a := range l.AccountsOf(login) {
			accounts = append(accounts, fmt.Sprintf("%s %s %d %s", a.Kind, a.Currency, l.Balance(a.ID, epoch()).Booked, a.Status))
		}
		if got := p.Name() + ": " + strings.Join(accounts, "; "); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", login, got, want)
		}
		if !p.PasswordIs("anything") {
			t.Errorf("%s has a password", login)
		}
	}
	if n := len(l.People("")); n != 11 {
		t.Errorf("%d people", n)
	}
}

func TestYoishoDataIsLetterExact(t *testing.T) {
	t.Parallel()
	l, g := plant(t, demo(t), seed.Options{})
	dave, jane := l.Person("yoisho/dave"), l.Person("yoisho/jane")
	for _, c := range [][2]string{
		{dave.Name(), "Dave Thompson"}, {dave.Email, "daveth271@gmail.com"}, {dave.Phone, "+8183-977-7817"},
		{dave.Address.Line, "491-1295, Nishimiyanosawa 6-jo, Teine-ku Sapporo-shi, Hokkaido"},
		{jane.Name(), "Jane Hamamoto"}, {jane.Email, "kumori18@yahoo.jp"}, {jane.Phone, "+8128-945-7273"},
		{jane.Address.Line, "376-1062, Machi, Ogawara-machi Shibata-gun, Miyagi"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
	booked, pending := l.Entries(l.AccountsOf(dave.ID)[0].ID, epoch())
	if len(booked) != 1 || len(pending) != 0 || booked[0].At.After(epoch().AddDate(-1, 0, 0)) {
		t.Errorf("dave has %d booked and %d pending entries", len(booked), len(pending))
	}
	c := g.Client("yoisho", "7b6fc8ed5127b0b2f076d")
	if c == nil || !c.AnyRedirect || !c.SecretIs("724e6890757b0ae624684b70e111b705fe6b050c", epoch()) {
		t.Errorf("the demo client is %+v", c)
	}
}

func TestDemoClients(t *testing.T) {
	t.Parallel()
	_, g := plant(t, demo(t), seed.Options{})
	for _, c := range []struct {
		bank, id, secret, want string
	}{
		{"yoisho", "7b6fc8ed5127b0b2f076d", "724e6890757b0ae624684b70e111b705fe6b050c", "any [authorization_code urn:ietf:params:oauth:grant-type:device_code] [read]"},
		{"berlin", "bg-demo", "bg-demo-secret", "loopback [authorization_code refresh_token client_credentials urn:ietf:params:oauth:grant-type:device_code] [AISP]"},
		{"berlin", "bg-spa", "", "loopback [authorization_code refresh_token urn:ietf:params:oauth:grant-type:device_code] [AISP]"},
		{"sparebank1", "sb1-demo", "sb1-demo-secret", "loopback [authorization_code refresh_token client_credentials urn:ietf:params:oauth:grant-type:device_code] []"},
		{"s2s", "s2s-demo", "s2s-demo-secret", "none [authorization_code refresh_token] [read:accounts all:remittance all:eft] s2s/ali"},
		{"finapi", "finapi-demo", "finapi-demo-secret", "none [client_credentials password refresh_token] [all]"},
	} {
		k := g.Client(c.bank, c.id)
		if k == nil {
			t.Errorf("%s is missing", c.id)
			continue
		}
		redirect := map[[2]bool]string{{true, false}: "any", {false, true}: "loopback", {}: "none"}[[2]bool{k.AnyRedirect, k.Loopback}]
		got := fmt.Sprint(redirect, " ", k.GrantTypes, " ", k.Scopes)
		if k.Service != nil {
			got += " " + k.Service.Owner
		}
		if got != c.want || k.Public() != (c.secret == "") || c.secret != "" && !k.SecretIs(c.secret, epoch()) {
			t.Errorf("%s: got %s, want %s", c.id, got, c.want)
		}
	}
	s := g.Client("s2s", "s2s-demo").Service
	if s.ID != "12a42d02-0845-46f8-b6e2-202e1e792364" || s.Secret != "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po" {
		t.Errorf("service account %+v", s)
	}
}

func TestAccountIDsAndNumbersHaveTheBanksForm(t *testing.T) {
	t.Parallel()
	l, _ := plant(t, demo(t), seed.Options{People: 40})
	for bank, c := range map[string]struct{ id, number, iban, entry string }{
		"yoisho":     {`^yoisho-[a-z0-9]+-1$`, `^\d{7}$`, `^$`, `^[0-9a-f]{12}-\d{9}$`},
		"berlin":     {`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, `^SBNK915510\d{8}$`, `^BG\d\dSBNK`, `^[0-9a-f]{12}-\d{9}$`},
		"sparebank1": {`^[A-Za-z0-9]{20}$`, `^9999\d{7}$|^K\d{10}$`, `^NO\d{13}$|^$`, `^[0-9a-f]{12}-\d{9}$`},
		"s2s":        {`^\d{8}$`, `^\d{7}$`, `^TR\d{24}$`, `^\d{7}$`},
		"finapi":     {`^[1-9]\d{0,3}$`, `^\d{10}$|X`, `^DE\d{20}$|^$`, `^[1-9]\d{8,10}$`},
	} {
		for _, p := range l.People(bank) {
			for _, a := range l.AccountsOf(p.ID) {
				booked, _ := l.Entries(a.ID, epoch())
				entry := c.entry
				if len(booked) == 0 {
					entry, booked = "", make([]ledger.Entry, 1)
				}
				for _, v := range [][2]string{{a.ID, c.id}, {a.Number, c.number}, {a.IBAN, c.iban}, {booked[len(booked)-1].ID, entry}} {
					if !regexp.MustCompile(v[1]).MatchString(v[0]) {
						t.Errorf("%s: %q does not look like %s", p.ID, v[0], v[1])
					}
				}
				if a.IBAN != "" && !seed.ValidIBAN(a.IBAN) {
					t.Errorf("%s: the IBAN %s is not valid", p.ID, a.IBAN)
				}
			}
		}
	}
	if a := l.AccountByNumber("s2s", "0884231"); a == nil || a.ID != "43199139" || !strings.HasSuffix(a.IBAN, "884231") || a.Facts["branchCode"] != "4299" {
		t.Errorf("the documented account is %+v", a)
	}
}

func TestBooksAgree(t *testing.T) {
	t.Parallel()
	l, _ := plant(t, demo(t), seed.Options{People: 25})
	ids := map[string]string{}
	for _, p := range l.People("") {
		for _, a := range l.AccountsOf(p.ID) {
			booked, pending := l.Entries(a.ID, epoch())
			for _, e := range append(booked, pending...) {
				if ids[e.ID] != "" {
					t.Fatalf("%s and %s share the entry id %s", ids[e.ID], a.ID, e.ID)
				}
				ids[e.ID] = a.ID
			}
			later := l.Balance(a.ID, epoch().Add(2*clock.Day))
			if now := l.Balance(a.ID, epoch()); later.Booked != now.Booked+now.Pending || later.Pending != 0 {
				t.Errorf("%s: two days on, %+v became %+v", a.ID, now, later)
			}
		}
	}
}

// picture is everything that people and money look like.
func picture(t *testing.T, o seed.Options) string {
	t.Helper()
	l, g := plant(t, demo(t), o)
	var out strings.Builder
	write := json.NewEncoder(&out)
	for _, p := range l.People("") {
		if err := write.Encode(p); err != nil {
			t.Fatal(err)
		}
		for _, a := range l.AccountsOf(p.ID) {
			booked, pending := l.Entries(a.ID, o.Epoch)
			if err := write.Encode([]any{a, booked, pending}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := write.Encode(g.Clients("")); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPlantIsTheSameAtEveryStart(t *testing.T) {
	t.Parallel()
	o := seed.Options{Epoch: epoch(), People: 8}
	first := picture(t, o)
	if again := picture(t, o); again != first {
		t.Error("two starts differ")
	}
	o.Seed = seed.DefaultSeed
	if again := picture(t, o); again != first {
		t.Error("the default seed is not DefaultSeed")
	}
	o.Seed = 1
	if picture(t, o) == first {
		t.Error("the seed changes nothing")
	}
}

func TestCrowdGrowsWithoutChangingWhoWasThere(t *testing.T) {
	t.Parallel()
	few, _ := plant(t, demo(t), seed.Options{People: 5})
	many, _ := plant(t, demo(t), seed.Options{People: 60})
	for _, p := range few.People("") {
		if !reflect.DeepEqual(p, many.Person(p.ID)) || !reflect.DeepEqual(few.AccountsOf(p.ID), many.AccountsOf(p.ID)) {
			t.Errorf("%s is not the same among more people", p.ID)
		}
	}
	if n := len(many.People("")); n != 11+5*60 {
		t.Errorf("%d people", n)
	}
}

func TestCrowdHasReservedDataOnly(t *testing.T) {
	t.Parallel()
	l, _ := plant(t, demo(t), seed.Options{People: 50})
	tenor := regexp.MustCompile(`^\d\d(8[1-9]|9[0-2])\d{7}$`)
	for _, p := range l.People("") {
		if p.Bank != "yoisho" && !strings.HasSuffix(p.Email, "@example.com") {
			t.Errorf("%s writes from %s", p.ID, p.Email)
		}
		if p.Bank == "sparebank1" && !tenor.MatchString(p.NationalID) {
			t.Errorf("%s has the identity number %s", p.ID, p.NationalID)
		}
		if p.Given == "" || p.Family == "" || p.Address.Line == "" || p.Phone == "" {
			t.Errorf("%s is incomplete: %+v", p.ID, p)
		}
	}
	if p := l.Person("finapi/p001"); p.Client != "finapi-demo" || p.Facts["bankConnectionId"] != "3" {
		t.Errorf("p001 at finAPI is %+v", p)
	}
}

func TestCrowdLeavesTakenLoginsAlone(t *testing.T) {
	t.Parallel()
	own := write(t, "own.json", `{"bank": "finapi", "replace": true, "people": [{"login": "p001", "given": "Mine"}],
		"clients": [{"id": "mine", "grantTypes": ["password"]}]}`)
	f, err := seed.Read(fixtures.FS, own)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := plant(t, f, seed.Options{People: 3})
	if n := len(l.People("finapi")); n != 3 || l.Person("finapi/p001").Given != "Mine" {
		t.Errorf("%d people, p001 is %s", n, l.Person("finapi/p001").Given)
	}
	if got := l.Person("finapi/p002").Client; got != "mine" {
		t.Errorf("the crowd belongs to client %q, which is not there", got)
	}
}

func TestGivenEntriesArePartOfTheBalance(t *testing.T) {
	t.Parallel()
	f, err := read(account(`"id": "x", "balance": "100.00", "persona": "student", "entries": [
		{"amount": "-12.50", "at": "-3d", "text": "three days ago"},
		{"amount": "40.00", "at": "2026-01-05T10:00:00+01:00"},
		{"id": "soon", "amount": "-7.00", "at": "+20h"},
		{"amount": "-9.00", "at": "10d", "entered": "2d"}]`))
	if err != nil {
		t.Fatal(err)
	}
	l, _ := plant(t, f, seed.Options{})
	if got := l.Balance("x", epoch()).Booked; got != 10000 {
		t.Errorf("the balance is %d", got)
	}
	if e := l.Entry("x", "soon", epoch()); e == nil || !e.Pending(epoch()) {
		t.Errorf("the future entry is not pending: %+v", e)
	}
	booked, pending := l.Entries("x", epoch())
	texts := 0
	for _, e := range booked {
		if e.Text == "three days ago" && e.At.Equal(epoch().Add(-3*clock.Day)) && e.Type == "transfer" {
			texts++
		}
	}
	if texts != 1 {
		t.Errorf("the entry of three days ago is there %d times", texts)
	}
	_, soon := l.Entries("x", epoch().Add(3*clock.Day))
	if len(pending) < 3 || len(soon) != 1 || soon[0].Amount != -900 {
		t.Errorf("%d pending now, %+v in three days", len(pending), soon)
	}
}

func TestAccountDerivesItsNumberFromTheIBAN(t *testing.T) {
	t.Parallel()
	f, err := read(account(`"iban": "DE89370400440532013000"}, {"number": "K1"}, {`))
	if err != nil {
		t.Fatal(err)
	}
	l, _ := plant(t, f, seed.Options{})
	var got []string
	for _, a := range l.AccountsOf("tiny/a") {
		got = append(got, a.Number+" "+a.IBAN[:min(len(a.IBAN), 2)]+" "+string(a.Kind)+" "+string(a.Status))
	}
	if want := regexp.MustCompile(`^0532013000 DE current enabled,K1  current enabled,\d{10} DE current enabled$`); !want.MatchString(strings.Join(got, ",")) {
		t.Errorf("got %v", got)
	}
}

func TestPlantIntoFullBooksIsRefused(t *testing.T) {
	t.Parallel()
	f := demo(t)
	l, g := plant(t, f, seed.Options{})
	if err := f.Plant(l, g, seed.Options{Epoch: epoch()}); err == nil {
		t.Error("the same people were planted twice")
	}
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		demo(b)
	}
}

func BenchmarkPlant(b *testing.B) {
	f := demo(b)
	for _, people := range []int{0, 1000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				plant(b, f, seed.Options{People: people})
			}
		})
	}
}

func ExampleRead() {
	f, err := seed.Read(fixtures.FS, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	l, g := ledger.New(), grant.New(dice.Real())
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	if err := f.Plant(l, g, seed.Options{Epoch: now}); err != nil {
		fmt.Println(err)
		return
	}
	jane := l.PersonByLogin("berlin", "jane")
	for _, a := range l.AccountsOf(jane.ID) {
		fmt.Println(a.Name, a.IBAN, a.Currency, l.Balance(a.ID, now).Booked)
	}
	// Output:
	// Current account BG12SBNK91551000448998 EUR 421033
	// Savings BG18SBNK91551000770251 EUR 1860000
	// US dollar account BG35SBNK91551000315015 USD 51208
	// Card account BG20SBNK91551000904172 EUR -26370
	// Home loan BG54SBNK91551000662030 EUR -4825000
}
