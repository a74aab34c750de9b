package seed

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/ledger"
	"sandbank/server/world"
)

// Edge is the persona of people whose names break careless clients. Their spending is anybody's.
const Edge = "edge"

// People brings people who are invented as the crowd is, or read as fixtures are, to spaces that are running.
func (f *Fixtures) People() world.People {
	p := world.People{Personas: append(Personas(), Edge), Countries: []string{"BG", "DE", "JP", "NO", "TR"}, Currencies: map[string][]string{},
		Invent: f.invent, Read: f.read}
	for i := range f.Banks {
		p.Currencies[f.Banks[i].Bank] = f.Banks[i].currencies()
	}
	return p
}

// currencies are those in which the bank has accounts, its own first.
func (b *Bank) currencies() []string {
	out := []string{b.Currency}
	add := func(c string) {
		if c != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	for _, a := range b.crowd().Accounts {
		add(a.Currency)
	}
	for _, p := range b.People {
		for _, a := range p.Accounts {
			add(a.Currency)
		}
	}
	slices.Sort(out[1:])
	return out
}

// invent makes people up. At several banks a human has one login, name and date of birth; the rest is as each bank's country has it.
func (f *Fixtures) invent(s *world.Space, o world.Order) ([]world.Household, error) {
	banks, err := f.visited(o)
	if err != nil {
		return nil, err
	}
	if err := check(&o, banks); err != nil {
		return nil, err
	}
	logins, err := freeLogins(s.Ledger, banks, o)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	var all []*newcomers
	for _, b := range banks {
		n := arriving(s, b, o, ids)
		if id := n.crowd.Client; id != "" && s.Grants.Client(b.Bank, id) == nil {
			return nil, fail.Field("client", "there is no client %q at %s", id, b.Bank)
		}
		all = append(all, n)
	}
	var out []world.Household
	for i, login := range logins {
		var human *Person
		for _, n := range all {
			p := n.person(login, i)
			if human == nil {
				human = &p
			}
			p.Given, p.Family = human.Given, human.Family
			n.age(&p, human.Born)
			h, err := n.household(&p)
			if err != nil {
				return nil, err
			}
			out = append(out, h)
		}
	}
	return out, nil
}

// visited are the banks of an order.
func (f *Fixtures) visited(o world.Order) (out []*Bank, err error) {
	for i := range f.Banks {
		if b := &f.Banks[i]; b.Bank == o.Bank || o.Bank == "" && (len(b.People) > 0 || b.Crowd != nil) {
			out = append(out, b)
		}
	}
	if len(out) == 0 {
		return nil, fail.Field("bank", "there is no bank %q; there are %s", o.Bank, strings.Join(f.names(), ", "))
	}
	return out, nil
}

// check refuses what an order cannot have, and fills in the seed.
func check(o *world.Order, banks []*Bank) error {
	o.Seed = cmp.Or(o.Seed, DefaultSeed)
	known := append(Personas(), Edge)
	switch {
	case o.Login != "" && !goodLogin(o.Login):
		return fail.Field("login", "%q is no login; write up to 64 letters, digits and ._+@~-", o.Login)
	case o.Persona != "" && !slices.Contains(known, o.Persona):
		return fail.Field("persona", "%q is none of %s", o.Persona, strings.Join(known, ", "))
	case o.Months < 0 || o.Months > MaxMonths:
		return fail.Field("months", "%d is not from 0 to %d", o.Months, MaxMonths)
	case o.Country != "" && len(shapeOf(o.Country).example) == 0 && o.Country != "JP":
		return fail.Field("country", "%q is none of BG, DE, JP, NO, TR", o.Country)
	}
	for _, b := range banks {
		if all := b.currencies(); o.Currency != "" && !slices.Contains(all, o.Currency) {
			return fail.Field("currency", "%s has accounts in %s, not in %q", b.Bank, strings.Join(all, ", "), o.Currency)
		}
		if o.Client != "" && b.crowd().Client == "" && len(banks) == 1 {
			return fail.Field("client", "people at %s belong to no client", b.Bank)
		}
	}
	return nil
}

// freeLogins are those of the order that nobody has at any of the banks.
func freeLogins(l *ledger.Ledger, banks []*Bank, o world.Order) ([]string, error) {
	taken := func(login string) *Bank {
		for _, b := range banks {
			if l.PersonByLogin(b.Bank, login) != nil {
				return b
			}
		}
		return nil
	}
	if o.Login != "" && o.Count <= 1 {
		if b := taken(o.Login); b != nil {
			return nil, fail.New(fail.Conflict, "the login %q is taken at %s", o.Login, b.Bank).At("login")
		}
		return []string{o.Login}, nil
	}
	var out []string
	for n := 1; len(out) < max(o.Count, 1); n++ {
		login := fmt.Sprintf("%s%03d", cmp.Or(o.Login, "p"), n)
		if !goodLogin(login) {
			return nil, fail.Field("login", "%q is too long to be followed by a number", o.Login)
		}
		if taken(login) == nil {
			out = append(out, login)
		}
	}
	return out, nil
}

// newcomers are those of one bank.
type newcomers struct {
	planting
	order  world.Order
	crowd  Crowd
	names  names
	serial int // number of the first, for the facts of the crowd
}

func arriving(s *world.Space, b *Bank, o world.Order, ids map[string]bool) *newcomers {
	n := &newcomers{order: o, crowd: b.crowd(), names: namesOf(cmp.Or(o.Country, b.Country))}
	n.planting = planting{ledger: s.Ledger, bank: b, options: Options{Epoch: s.Clock.Now().UTC(), Seed: o.Seed},
		registry: registry{ledger: s.Ledger, ids: ids, numbers: map[string]bool{}}}
	if n.crowd.Client != "" {
		n.crowd.Client = cmp.Or(o.Client, n.crowd.Client)
	}
	n.crowd.Accounts = slices.Clone(n.crowd.Accounts)
	for i := range n.crowd.Accounts {
		if a := &n.crowd.Accounts[i]; a.Currency == "" && (a.Kind == "" || a.Kind == string(ledger.Current)) {
			a.Currency = o.Currency
		}
	}
	n.take(s.Ledger)
	return n
}

// take looks what is there already: how many accounts, and the highest numbers of entries and of what the crowd counts.
func (n *newcomers) take(l *ledger.Ledger) {
	counted := map[string]bool{}
	note := func(facts map[string]string) {
		for k, v := range facts {
			if v == "{n}" {
				counted[k] = true
			}
		}
	}
	note(n.crowd.Facts)
	for _, a := range n.crowd.Accounts {
		note(a.Facts)
	}
	see := func(facts map[string]string) {
		for k := range counted {
			if v, err := strconv.Atoi(facts[k]); err == nil {
				n.serial = max(n.serial, v)
			}
		}
	}
	l.EachAccount(func(a *ledger.Account) {
		if a.Bank != n.bank.Bank {
			return
		}
		n.registry.opened++
		see(a.Facts)
		if first, err := strconv.Atoi(a.Facts[FirstEntry]); err == nil && first >= firstBlock {
			n.registry.blocks = max(n.registry.blocks, (first-firstBlock)/block+1)
		}
	})
	if len(counted) > 0 {
		for _, p := range l.People(n.bank.Bank) {
			see(p.Facts)
		}
	}
	n.serial++
}

// person is the ith of them.
func (n *newcomers) person(login string, i int) Person {
	o := &n.order
	persona := o.Persona
	if persona == "" || persona == Edge { // one life at all banks
		persona = somePersona(chance(o.Seed, "persona", login).IntN(100))
	}
	p := n.invent(login, n.serial+i, persona, &n.crowd, &n.names)
	if o.Country != "" {
		p.Address = n.names.address(faker(o.Seed, "address", o.Country, login), o.Country)
	}
	if o.Persona == Edge {
		all := edgeNames()
		p.Given, p.Family = all[i%len(all)][0], all[i%len(all)][1]
	}
	if o.Given+o.Family != "" {
		p.Given, p.Family = o.Given, o.Family
	}
	for j := range p.Accounts {
		p.Accounts[j].Months = o.Months
	}
	return p
}

// age gives a person the date of birth that it has at the other banks, and where that is part of a number, the number.
func (n *newcomers) age(p *Person, born string) {
	if p.Born == born {
		return
	}
	p.Born = born
	if day, err := time.Parse(time.DateOnly, born); err == nil && p.NationalID != "" {
		p.NationalID = tenor(day, chance(n.order.Seed, "identity", n.bank.Bank, p.Login).IntN(500))
	}
}

// edgeNames are given and family names of people who exist, or could: each has broken somebody's form, query, page or column.
func edgeNames() [][2]string {
	return [][2]string{
		{"Siobhán", "O'Brien-Nuñez"}, {"Null", "Null"}, {"محمد", "الأحمد"}, {"", "Suryadi"}, {"Ole", "Å"}, {"<b>Robert</b>", `"); DROP TABLE users;--`},
		{"Zoë 🦊", "Müller-Lüdenscheidt"}, {"José María de los Ángeles", "García-Pérez y Fernández de Córdoba"}, {"明", "王"}, {"İbrahim", "Iğdır"},
		{"Rene\u0301e", "A\u030angstro\u0308m"}, {"True", "False"}, {"Hubert Blaine", "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaft"},
		{"נועה", "לוי"}, {"👩‍👩‍👧‍👦", "Family"}, {"D'Arcy & Sons", "100% \\ {{7*7}}"},
	}
}

// read reads a fixture file that brings people alone. It may say nothing else of the bank.
func (f *Fixtures) read(s *world.Space, file []byte) ([]world.Household, error) {
	next, d := parse("import", file)
	if len(d.refusals) == 0 {
		if !next.peopleAlone() {
			d.refuse("", "only bank and people can be imported; see /clients for clients")
		}
		if len(next.People) == 0 {
			d.refuse("people", "there is nobody to import")
		}
	}
	at := slices.IndexFunc(f.Banks, func(b Bank) bool { return b.Bank == next.Bank })
	if at < 0 && len(d.refusals) == 0 {
		d.refuse("bank", "%q is no bank here; one of %s", next.Bank, strings.Join(f.names(), ", "))
	}
	if len(d.refusals) > 0 {
		return nil, refused(d.refusals)
	}
	b := f.Banks[at]
	b.People = next.People
	b.checkNumbers(map[string]bool{})
	for _, p := range b.People {
		if p.Client != "" && s.Grants.Client(b.Bank, p.Client) == nil {
			d.refuse(join(p.from.path, "client"), "no client %q at %s", p.Client, b.Bank)
		}
	}
	if len(d.refusals) > 0 {
		return nil, refused(d.refusals)
	}
	n := arriving(s, &b, world.Order{Seed: DefaultSeed}, map[string]bool{})
	for _, p := range b.People {
		for _, a := range p.Accounts {
			n.registry.ids[a.ID], n.registry.numbers[a.Number], n.registry.numbers[a.IBAN] = true, true, true
		}
	}
	var out []world.Household
	for i := range b.People {
		h, err := n.household(&b.People[i])
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// peopleAlone tells whether a file says nothing of a bank but who is there.
func (b *Bank) peopleAlone() bool {
	return b.Country+b.Currency+b.BIC+b.Prefix+b.IDs+b.Cards == "" && !b.Replace && len(b.Clients) == 0 && b.Crowd == nil
}

// refused names the place of the first refusal, and tells all.
func refused(all []error) error {
	first, text := "", []string{}
	for _, err := range all {
		var r *Refusal
		if errors.As(err, &r) {
			first = cmp.Or(first, r.Path)
			text = append(text, strings.TrimPrefix(r.Error(), r.File+":"))
		}
	}
	return fail.Field(first, "%s", strings.Join(text, "; "))
}
