package seed

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sandbank/server/grant"
	"sandbank/server/ledger"
	"sandbank/server/proof"
	"sandbank/server/world"
)

// Options say what is planted.
type Options struct {
	Epoch  time.Time // what the clock of the space shows at its start; histories end here
	Seed   uint64    // 0: DefaultSeed
	People int       // invented people per bank, beside those of the fixtures, at banks that have people
}

// FirstEntry is the account fact that History numbers entries from. Plant sets it at banks whose account ids are of the form number,
// because their entry ids are short numbers too.
const FirstEntry = "firstEntry"

// block is how many entry numbers an account of such a bank has to itself; the first account begins at firstBlock. Seven digits
// last for the first 395 accounts.
const (
	firstBlock = 6_050_000
	block      = 10_000
)

// Plant admits people, opens their accounts and registers clients. Histories are invented when they are first asked for.
func (f *Fixtures) Plant(l *ledger.Ledger, g *grant.Grants, o Options) error {
	o.Seed, o.Epoch = cmp.Or(o.Seed, DefaultSeed), o.Epoch.UTC()
	ids := map[string]bool{}
	for _, b := range f.Banks {
		for _, p := range b.People {
			for _, a := range p.Accounts {
				ids[a.ID] = true
			}
		}
	}
	for i := range f.Banks {
		pl := planting{ledger: l, bank: &f.Banks[i], options: o, registry: registry{ledger: l, ids: ids, numbers: map[string]bool{}}}
		if err := pl.all(g); err != nil {
			return err
		}
	}
	return nil
}

// planting is the work on one bank.
type planting struct {
	ledger   *ledger.Ledger
	bank     *Bank
	options  Options
	registry registry
}

func (pl *planting) all(g *grant.Grants) error {
	b := pl.bank
	for _, p := range b.People {
		for _, a := range p.Accounts {
			pl.registry.numbers[a.Number], pl.registry.numbers[a.IBAN] = true, true
		}
	}
	for i := range b.People {
		if err := pl.person(&b.People[i]); err != nil {
			return err
		}
	}
	if len(b.People) > 0 {
		if err := pl.crowd(); err != nil {
			return err
		}
	}
	for _, c := range b.Clients {
		if err := g.AddClient(c.registered(b.Bank, pl.options.Epoch)); err != nil {
			return err
		}
	}
	return nil
}

// registered is the client as the registry keeps it.
func (c *Client) registered(bank string, at time.Time) grant.Client {
	out := grant.Client{ID: c.ID, Bank: bank, Name: cmp.Or(c.Name, c.ID), RedirectURIs: c.RedirectURIs, PostLogoutRedirectURIs: c.PostLogoutRedirectURIs, Loopback: c.Loopback,
		AnyRedirect: c.AnyRedirect, Origins: c.Origins, GrantTypes: c.GrantTypes, Scopes: c.Scopes, Disabled: c.Disabled, RequirePAR: c.RequirePAR, Created: at, Facts: c.Facts}
	if c.Secret != "" {
		out.Secrets = []grant.Secret{{Value: c.Secret}}
	}
	out.AuthMethod = strings.TrimSuffix(c.AuthMethod, "any") // what need not be said
	out.DPoP = strings.TrimSuffix(c.DPoP, "optional")
	if keys, err := proof.ParseKeys(string(c.JWKS)); err == nil { // checkClient has refused others
		out.JWKS = keys.String()
	}
	if s := c.Service; s != nil {
		out.Service = &grant.Service{ID: s.ID, Secret: s.Secret, Owner: ledger.PersonID(bank, s.Login)}
	}
	return out
}

func (pl *planting) person(p *Person) error {
	h, err := pl.household(p)
	if err != nil {
		return err
	}
	return h.Enter(pl.ledger)
}

// household is a person with accounts as the books keep them.
func (pl *planting) household(p *Person) (h world.Household, err error) {
	b := pl.bank
	h.Person = ledger.Person{ID: ledger.PersonID(b.Bank, p.Login), Bank: b.Bank, Login: p.Login, Password: p.Password, Given: p.Given, Family: p.Family,
		Email: p.Email, Phone: p.Phone, Address: ledger.Address(p.Address), Born: p.Born, NationalID: p.NationalID, Client: p.Client,
		Locked: p.Locked, Unverified: p.Unverified, Facts: p.Facts}
	for i := range p.Accounts {
		one, err := pl.account(p, &p.Accounts[i], i+1)
		if err != nil {
			return h, err
		}
		h.Holdings = append(h.Holdings, one)
	}
	return h, nil
}

// account is one account, with what the fixture leaves out filled in.
func (pl *planting) account(p *Person, a *Account, place int) (h world.Holding, err error) {
	b := pl.bank
	months := cmp.Or(a.Months, DefaultMonths)
	open := ledger.Account{ID: a.ID, Bank: b.Bank, Owner: ledger.PersonID(b.Bank, p.Login), Place: place, Number: a.Number, IBAN: a.IBAN,
		BIC: b.BIC, Currency: cmp.Or(a.Currency, b.Currency), Name: cmp.Or(a.Name, "Account "+strconv.Itoa(place)), Product: a.Product,
		Kind: cmp.Or(ledger.Kind(a.Kind), ledger.Current), Status: cmp.Or(ledger.Status(a.Status), ledger.Enabled),
		Opened: opening(pl.options.Epoch, months), Facts: a.Facts}
	pl.registry.opened++
	pl.registry.blocks++
	if open.ID == "" {
		if open.ID, err = pl.registry.id(b, p.Login, place); err != nil {
			return h, err
		}
	}
	if open.Number == "" && open.IBAN == "" {
		if open.Number, open.IBAN, err = pl.registry.number(b, open.Kind, p.Login, place); err != nil {
			return h, err
		}
	}
	if b.IDs == "number" && open.Facts[FirstEntry] == "" {
		open.Facts = ledger.WithFact(open.Facts, FirstEntry, strconv.Itoa(firstBlock+block*(pl.registry.blocks-1)))
	}
	balance, ok := parseAmount(cmp.Or(a.Balance, "0"))
	limit, fine := parseAmount(cmp.Or(a.Limit, "0"))
	if !ok || !fine {
		return h, fmt.Errorf("%s/%s: account %d: balance %q or limit %q is no amount", b.Bank, p.Login, place, a.Balance, a.Limit)
	}
	open.Limit = limit
	given, err := pl.given(&open, a.Entries)
	if err != nil {
		return h, fmt.Errorf("%s/%s: account %d: %w", b.Bank, p.Login, place, err)
	}
	for _, e := range given {
		if e.Booked(pl.options.Epoch) {
			balance -= e.Amount
		}
	}
	persona, o := cmp.Or(a.Persona, "empty"), pl.options
	return world.Holding{Account: open, Past: func() []ledger.Entry {
		return append(History(persona, open, balance, months, o.Epoch, o.Seed), given...)
	}}, nil
}

// given are the entries that the fixture spells out.
func (pl *planting) given(a *ledger.Account, entries []Entry) (out []ledger.Entry, err error) {
	epoch := pl.options.Epoch
	for i, e := range entries {
		amount, ok := parseAmount(e.Amount)
		at, err := instant(e.At, epoch)
		if !ok || err != nil {
			return nil, fmt.Errorf("entry %d: amount %q or time %q is not understood", i, e.Amount, e.At)
		}
		entered := at
		if at.After(epoch) {
			entered = epoch.Add(-25 * time.Hour) // known since yesterday, as the invented pending ones
		}
		if e.Entered != "" {
			if entered, err = instant(e.Entered, epoch); err != nil {
				return nil, fmt.Errorf("entry %d: time %q is not understood", i, e.Entered)
			}
			if entered.After(at) {
				entered = at
			}
		}
		out = append(out, ledger.Entry{ID: cmp.Or(e.ID, newNumbering(a).given(i)), Account: a.ID, Amount: amount, Entered: entered, At: at,
			Value: at, Type: cmp.Or(e.Type, "transfer"), Party: e.Party, PartyRef: e.PartyRef, Text: e.Text, Category: e.Category,
			MCC: e.MCC, EndToEnd: e.EndToEnd})
	}
	return out, nil
}
