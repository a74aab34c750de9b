package seed

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/ledger"
)

// crowd invents people, p001 and on. A login that the fixtures have already is left to them.
func (pl *planting) crowd() error {
	b := pl.bank
	taken := map[string]bool{}
	for _, p := range b.People {
		taken[p.Login] = true
	}
	if pl.options.People == 0 {
		return nil
	}
	c := b.crowd()
	names := namesOf(b.Country)
	for i := range pl.options.People {
		login := fmt.Sprintf("p%03d", i+1)
		if taken[login] {
			continue
		}
		p := pl.invent(login, len(b.People)+i+1, "", &c, &names)
		if err := pl.person(&p); err != nil {
			return err
		}
	}
	return nil
}

// crowd is how invented people bank here, with defaults filled in.
func (b *Bank) crowd() Crowd {
	c := Crowd{}
	if b.Crowd != nil {
		c = *b.Crowd
	}
	if len(c.Accounts) == 0 {
		c.Accounts = []CrowdAccount{{Name: "Current account"}}
	}
	known := slices.ContainsFunc(b.Clients, func(k Client) bool { return k.ID == c.Client })
	if c.Client != "" && !known { // an own file dropped it
		c.Client = ""
		if len(b.Clients) > 0 {
			c.Client = b.Clients[0].ID
		}
	}
	return c
}

// invent makes one person with accounts. Without a persona one is dealt.
func (pl *planting) invent(login string, serial int, persona string, c *Crowd, n *names) Person {
	b, seed := pl.bank, pl.options.Seed
	f := faker(seed, "person", b.Bank, login)
	r := chance(seed, "accounts", b.Bank, login)
	female := f.Bool()
	given, family := n.person(f, female)
	born := f.DateRange(time.Date(1948, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2004, 12, 31, 0, 0, 0, 0, time.UTC))
	p := Person{Login: login, Given: given, Family: family, Email: login + "@example.com", Phone: f.Numerify(n.phone),
		Address: n.address(f, b.Country), Born: born.Format(time.DateOnly), Client: c.Client, Facts: numbered(c.Facts, serial)}
	if b.Country == "NO" {
		p.NationalID = tenor(born, r.IntN(500))
	}
	persona = cmp.Or(persona, somePersona(r.IntN(100)))
	for _, a := range c.Accounts {
		if r.IntN(100) >= cmp.Or(a.Share, 100) || persona == "empty" && a.Kind == string(ledger.Loan) {
			continue
		}
		currency := cmp.Or(a.Currency, b.Currency)
		balance, limit := holdings(persona, a.Kind, unitOf(b.Country, currency), r.Int64N(1000))
		p.Accounts = append(p.Accounts, Account{Name: a.Name, Product: a.Product, Kind: a.Kind, Currency: a.Currency,
			Balance: amountText(balance), Limit: amountText(limit), Persona: persona, Facts: numbered(a.Facts, serial)})
	}
	return p
}

// numbered writes the serial number where a fact says {n}.
func numbered(facts map[string]string, serial int) map[string]string {
	if len(facts) == 0 {
		return nil
	}
	out := make(map[string]string, len(facts))
	for k, v := range facts {
		out[k] = strings.ReplaceAll(v, "{n}", strconv.Itoa(serial))
	}
	return out
}

// somePersona deals the personas as a bank's customers might have them.
func somePersona(percent int) string {
	for _, s := range []struct {
		upTo    int
		persona string
	}{{15, "student"}, {47, "family"}, {60, "freelancer"}, {66, "sme"}, {77, "broke"}, {80, "millionaire"}, {95, "saver"}} {
		if percent < s.upTo {
			return s.persona
		}
	}
	return "empty"
}

// holdings are a balance and an overdraft limit in minor units that fit the persona; at is where in the range, of 1000.
func holdings(persona, kind string, u unit, at int64) (balance, limit int64) {
	low, high, limit := int64(300), int64(4_000), int64(0) // in euros at German prices
	switch persona {
	case "student":
		low, high = 20, 900
	case "freelancer":
		low, high, limit = 800, 14_000, 1000
	case "sme":
		low, high, limit = 4_000, 90_000, 20_000
	case "broke":
		low, high, limit = -480, -5, 500
	case "millionaire":
		low, high = 120_000, 2_400_000
	case "empty":
		return 0, 0
	case "saver":
		low, high = 2_000, 9_000
	}
	switch kind {
	case "savings":
		low, high, limit = max(low*3, 10), max(high*4, 60), 0
	case "card":
		low, high, limit = -900, -10, 3000
		if persona == "millionaire" {
			low, high, limit = -12_000, -800, 40_000
		}
	case "loan":
		low, high, limit = -90_000, -4_000, 0
	}
	return u.exact((low*100*(1000-at) + high*100*at) / 1000), u.exact(limit * 100)
}

// amountText writes what parseAmount reads.
func amountText(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	return sign + strconv.FormatInt(minor/100, 10) + "." + pad(uint64(minor%100), 2)
}

// tenor is a Norwegian identity number of the form that the tax authority reserves for synthetic people: 80 is added to the month, so
// it can belong to nobody. The check digits are right; the individual number counts up until they exist.
func tenor(born time.Time, individual int) string {
	for ; ; individual++ {
		nine := fmt.Sprintf("%02d%02d%02d%03d", born.Day(), int(born.Month())+80, born.Year()%100, individual%1000)
		one := checkDigit(nine, "376189452")
		two := norwegian(nine + one)
		if one != "" && two != "" {
			return nine + one + two
		}
	}
}
