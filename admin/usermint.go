package admin

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/ledger"
	"sandbank/server/world"
)

// mostPeople is how many a space may have, over all banks.
const mostPeople = 1_000_000

// mostPreviewed is how many people's transactions a preview counts: their histories are invented for that.
const mostPreviewed = 20

// UserOrder asks for people. What is left out is dealt: the same order in the same state gives the same people.
type UserOrder struct {
	Bank       string `json:"bank,omitempty"`     // missing: the same humans at every bank that has people
	Count      int    `json:"count,omitempty"`    // humans, 1 to 1000; missing: one
	Login      string `json:"login,omitempty"`    // with count: what the logins begin with; missing: p001 and on
	Password   string `json:"password,omitempty"` // missing: any is right
	Given      string `json:"given,omitempty"`
	Family     string `json:"family,omitempty"`
	Email      string `json:"email,omitempty"`
	Persona    string `json:"persona,omitempty"`  // see /users/choices; edge: names that break careless clients
	Country    string `json:"country,omitempty"`  // of name, address and telephone; missing: the bank's
	Currency   string `json:"currency,omitempty"` // of accounts for every day; missing: the bank's
	Client     string `json:"client,omitempty"`   // whose users they are, where clients have users; missing: the demo client's
	Months     int    `json:"months,omitempty"`   // of history, 1 to 120; missing: 24
	Seed       uint64 `json:"seed,omitempty"`     // of names and spending
	Locked     bool   `json:"locked,omitempty"`
	Unverified bool   `json:"unverified,omitempty"`
	Dry        bool   `json:"dry,omitempty"` // say what they would have, and make nobody
}

// UsersMinted are new people, or, of a dry order, people as they would be.
type UsersMinted struct {
	Dry      bool         `json:"dry,omitempty"`
	Users    []MintedUser `json:"users"`
	Accounts int          `json:"accounts"` // of all
	Logins   string       `json:"logins"`   // of all, as p001:p030,zoe: what the list of users takes
	SignIn   []SignInView `json:"signIn"`   // how they get in, bank by bank
}

// MintedUser is one of them, with what it types.
type MintedUser struct {
	ID           string          `json:"id"`
	Bank         string          `json:"bank"`
	Login        string          `json:"login"`
	Password     string          `json:"password"` // "": any is right
	Name         string          `json:"name"`
	Accounts     []MintedAccount `json:"accounts"`
	Transactions *int            `json:"transactions,omitempty"` // of a dry order, for the first twenty: they are invented for that
}

// MintedAccount is one account, without its balance: the past is invented when somebody first looks.
type MintedAccount struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Kind     ledger.Kind `json:"kind"`
	Currency string      `json:"currency"`
	Number   string      `json:"number"`
	IBAN     string      `json:"iban,omitempty"`
}

// UserChoices are what people can be made of.
type UserChoices struct {
	Personas   []string            `json:"personas"`
	Countries  []string            `json:"countries"`
	Currencies map[string][]string `json:"currencies"` // by bank, its own first
	SignIn     []SignInView        `json:"signIn"`
}

// UserChoices are what orders can name.
func (d *Desk) UserChoices() UserChoices {
	p := d.World.People()
	out := UserChoices{Personas: p.Personas, Countries: p.Countries, Currencies: p.Currencies, SignIn: []SignInView{}}
	for _, bank := range d.Banks {
		out.SignIn = append(out.SignIn, d.signIn(bank, nil, false))
	}
	return out
}

// MintUsers makes people up.
func (d *Desk) MintUsers(o UserOrder) (*UsersMinted, error) {
	what := "minted a user"
	switch {
	case o.Count > 1:
		what = fmt.Sprintf("minted %d users", o.Count)
	case o.Login != "":
		what = "minted user " + brief(o.Login)
	}
	if err := o.check(d); err != nil {
		return nil, err
	}
	return d.bring("user.mint", what, o.Dry, func(enter entrance) error { return enter(d.invent(o)) })
}

func (o *UserOrder) check(d *Desk) error {
	if err := d.isBank("bank", o.Bank); o.Bank != "" && err != nil {
		return err
	}
	switch {
	case o.Count < 0 || o.Count > mostUsers:
		return fail.Field("count", "%d is not from 1 to %d", o.Count, mostUsers)
	case o.Email != "" && o.Count > 1:
		return fail.Field("email", "%d people do not share one address", o.Count)
	case o.Persona != "" && !slices.Contains(d.World.People().Personas, o.Persona):
		return fail.Field("persona", "%q is none of %s", brief(o.Persona), strings.Join(d.World.People().Personas, ", "))
	}
	for field, text := range map[string]string{"given": o.Given, "family": o.Family} {
		if err := readable(field, text, 100); err != nil {
			return err
		}
	}
	if err := readable("email", o.Email, 320); err != nil {
		return err
	}
	if strings.TrimSpace(o.Given+o.Family) == "" && o.Given+o.Family != "" {
		return fail.Field("given", "a name of blanks is none; leave it out and one is dealt")
	}
	return readable("password", o.Password, 128)
}

func (d *Desk) invent(o UserOrder) ([]world.Household, error) {
	invent := d.World.People().Invent
	if invent == nil {
		return nil, fail.New(fail.Conflict, "nobody makes people up here")
	}
	all, err := invent(d.Space, world.Order{Bank: o.Bank, Count: o.Count, Login: o.Login, Given: strings.TrimSpace(o.Given), Family: strings.TrimSpace(o.Family),
		Persona: o.Persona, Country: o.Country, Currency: o.Currency, Client: o.Client, Months: o.Months, Seed: o.Seed})
	for i := range all {
		p := &all[i].Person
		p.Password, p.Locked, p.Unverified = o.Password, o.Locked, o.Unverified
		if o.Email != "" {
			p.Email = strings.TrimSpace(o.Email)
		}
	}
	return all, err
}

// entrance lets some people into the books, unless there is an error.
type entrance func(some []world.Household, err error) error

// errDry takes a dry run back.
var errDry = errors.New("a dry run")

// bring lets people in whom somebody makes up or reads, all or none of them. A dry run lets them in and takes that back, so that it finds
// what the real one would.
func (d *Desk) bring(verb, what string, dry bool, who func(entrance) error) (*UsersMinted, error) {
	var out *UsersMinted
	err := d.Space.Change(verb, what, func() error {
		var all []world.Household
		err := who(func(some []world.Household, err error) error {
			if err != nil {
				return err
			}
			if people, _ := d.Space.Ledger.Count(); people+len(some) > mostPeople {
				return fail.New(fail.TooMany, "there are %d people already; %d are the most", people, mostPeople)
			}
			for i := range some {
				if err := some[i].Enter(d.Space.Ledger); err != nil {
					return err
				}
			}
			all = append(all, some...)
			return nil
		})
		if err != nil {
			return err
		}
		if out = d.minted(all, dry); dry {
			return errDry
		}
		return nil
	})
	if err != nil && err != errDry {
		return nil, err
	}
	return out, nil
}

func (d *Desk) minted(all []world.Household, dry bool) *UsersMinted {
	out := &UsersMinted{Dry: dry, Users: []MintedUser{}, SignIn: []SignInView{}}
	now, seen := d.Space.Clock.Now(), map[string]bool{}
	var dealt []string
	for i := range all {
		p := &all[i].Person
		u := MintedUser{ID: p.ID, Bank: p.Bank, Login: p.Login, Password: p.Password, Name: p.Name(), Accounts: []MintedAccount{}}
		for _, h := range all[i].Holdings {
			a := h.Account
			u.Accounts = append(u.Accounts, MintedAccount{a.ID, a.Name, a.Kind, a.Currency, a.Number, a.IBAN})
		}
		if dry && i < mostPreviewed {
			n := all[i].Transactions(now)
			u.Transactions = &n
		}
		if !slices.Contains(dealt[max(0, len(dealt)-1):], p.Login) {
			dealt = append(dealt, p.Login)
		}
		if !seen[p.Bank] {
			seen[p.Bank] = true
			out.SignIn = append(out.SignIn, d.signIn(p.Bank, nil, false))
		}
		out.Accounts += len(u.Accounts)
		out.Users = append(out.Users, u)
	}
	out.Logins = runsOf(dealt)
	return out
}

func importUsers(r *request) (any, error) {
	dry, err := r.flag("dry")
	if err != nil {
		return nil, err
	}
	format := r.query.Get("format")
	if err := oneOf("format", format, "json", "csv"); err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(r.ctx.Get("Content-Type"), ";")
	if format == "csv" || format == "" && strings.EqualFold(strings.TrimSpace(kind), "text/csv") {
		return r.ImportNames(r.body, dry)
	}
	return r.ImportUsers(r.body, dry)
}

// ImportUsers lets in the people of a fixture file that names a bank and people alone.
func (d *Desk) ImportUsers(file []byte, dry bool) (*UsersMinted, error) {
	read := d.World.People().Read
	if read == nil {
		return nil, fail.New(fail.Conflict, "nobody reads people here")
	}
	return d.bring("user.import", "imported users", dry, func(enter entrance) error {
		all, err := read(d.Space, file)
		if len(all) > mostUsers {
			return fail.Field("people", "%d people are too many at once; %d are taken", len(all), mostUsers)
		}
		return enter(all, err)
	})
}

// ImportNames makes people up after a CSV with a header row, one human in each row.
func (d *Desk) ImportNames(table []byte, dry bool) (*UsersMinted, error) {
	orders, err := readNames(table)
	if err != nil {
		return nil, err
	}
	for i := range orders {
		if err := orders[i].check(d); err != nil {
			return nil, inRow(i, err)
		}
	}
	return d.bring("user.import", fmt.Sprintf("imported %d users from a table", len(orders)), dry, func(enter entrance) error {
		for i := range orders {
			if err := enter(d.invent(orders[i])); err != nil {
				return inRow(i, err)
			}
		}
		return nil
	})
}

// inRow names the row of a table in a refusal; the header is row 1.
func inRow(i int, err error) error {
	e := *fail.From(err)
	e.Param = strings.TrimSuffix(fmt.Sprintf("row %d, %s", i+2, e.Param), ", ")
	return &e
}

// readNames reads a table of people.
func readNames(table []byte) ([]UserOrder, error) {
	c := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(table, []byte("\xef\xbb\xbf"))))
	header, err := c.Read()
	if err != nil {
		return nil, fail.New(fail.InvalidRequest, "the table has no header row; write for example login,given,family")
	}
	var probe UserOrder
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
		if probe.column(header[i]) == nil || slices.Contains(header[:i], header[i]) {
			return nil, fail.Field(brief(header[i]), "a column is one of bank, login, given, family, email, password, persona, country, and each is there once")
		}
	}
	var out []UserOrder
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fail.New(fail.InvalidRequest, "the table cannot be read: %v", err)
		}
		if len(out) == mostUsers {
			return nil, fail.New(fail.InvalidRequest, "the table has more than %d rows", mostUsers)
		}
		var o UserOrder
		for i, text := range row {
			*o.column(header[i]) = strings.TrimSpace(text)
		}
		out = append(out, o)
	}
	if len(out) == 0 {
		return nil, fail.New(fail.InvalidRequest, "the table has no row below its header")
	}
	return out, nil
}

// column is the field that a column of a table fills.
func (o *UserOrder) column(name string) *string {
	return map[string]*string{"bank": &o.Bank, "login": &o.Login, "given": &o.Given, "family": &o.Family, "email": &o.Email, "password": &o.Password,
		"persona": &o.Persona, "country": &o.Country}[name]
}
