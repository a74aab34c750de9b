package seed

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/grant"
	"sandbank/server/proof"
)

// parse reads one file and checks all that can be known from it alone.
func parse(file string, data []byte) (Bank, *document) {
	d := &document{file: file, data: data, places: map[string]int{}}
	var b Bank
	n, ok := d.tree()
	if !ok {
		return b, d
	}
	d.bind(n, reflect.ValueOf(&b).Elem(), "")
	if len(d.refusals) > 0 {
		return b, d // values of the wrong kind were left empty; checking those would only repeat it
	}
	d.checkBank(&b)
	return b, d
}

func (d *document) checkBank(b *Bank) {
	d.need("bank", b.Bank)
	if b.Bank != "" && !matches(`^[a-z][a-z0-9]{0,31}$`, b.Bank) {
		d.refuse("bank", "%q is no bank name; write small letters and digits, as in the URL", b.Bank)
	}
	d.currency("currency", b.Currency)
	d.bic("bic", b.BIC)
	d.oneOf("ids", b.IDs, idForms())
	if b.Cards != "" && strings.Count(b.Cards, "#") < 4 {
		d.refuse("cards", "%q has not enough # for different numbers; write four or more", b.Cards)
	}
	if b.Country == "" && b.Prefix != "" {
		d.refuse("prefix", "the prefix needs the country that it belongs to; write both")
	}
	if b.Country != "" && d.country("country", b.Country) && !goodPrefix(b.Country, b.Prefix) {
		s := shapeOf(b.Country)
		d.refuse("prefix", "%q does not begin a BBAN of %s; write %q, or others of its form", b.Prefix, b.Country, s.example[:s.prefix])
	}
	ids, logins := map[string]bool{}, map[string]bool{}
	for i := range b.Clients {
		c := &b.Clients[i]
		c.from = origin{d, item("clients", i)}
		d.checkClient(c, c.from.path)
		d.once(ids, c.ID, join(c.from.path, "id"), "client id")
	}
	for i := range b.People {
		p := &b.People[i]
		p.from = origin{d, item("people", i)}
		d.checkPerson(p, p.from.path)
		d.once(logins, p.Login, join(p.from.path, "login"), "login")
	}
	if b.Crowd != nil {
		for i, a := range b.Crowd.Accounts {
			path := item("crowd.accounts", i)
			d.oneOf(join(path, "kind"), a.Kind, kinds())
			d.currency(join(path, "currency"), a.Currency)
			if a.Share < 0 || a.Share > 100 {
				d.refuse(join(path, "share"), "%d is no share; write 1 to 100", a.Share)
			}
		}
	}
}

// checkKeys is about what a client signs with.
func (d *document) checkKeys(c *Client, path string) {
	if c.AuthMethod != "" {
		d.oneOf(join(path, "authMethod"), c.AuthMethod, []string{"any", grant.PrivateKeyJWT})
	}
	if c.DPoP != "" {
		d.oneOf(join(path, "dpop"), c.DPoP, []string{grant.Off, "optional", grant.Required})
	}
	keys, err := proof.ParseKeys(string(c.JWKS))
	if err != nil {
		d.refuse(join(path, "jwks"), "%v", err)
	} else if len(keys) == 0 && c.AuthMethod == grant.PrivateKeyJWT {
		d.refuse(path, "a client of private_key_jwt needs jwks")
	}
}

func (d *document) checkClient(c *Client, path string) {
	d.need(join(path, "id"), c.ID)
	if strings.ContainsAny(c.ID, " :") {
		d.refuse(join(path, "id"), "%q has a blank or a colon, which HTTP Basic cannot carry", c.ID)
	}
	if len(c.GrantTypes) == 0 {
		d.refuse(join(path, "grantTypes"), "at least one is needed: %s", strings.Join(grant.Types(), ", "))
	}
	for i, g := range c.GrantTypes {
		d.oneOf(item(join(path, "grantTypes"), i), g, grant.Types())
	}
	d.checkKeys(c, path)
	for i, s := range c.Scopes {
		if s == "" || strings.ContainsAny(s, " \t\n\"\\") {
			d.refuse(item(join(path, "scopes"), i), "%q is no scope; write one word each", s)
		}
	}
	for field, uris := range map[string][]string{"redirectUris": c.RedirectURIs, "postLogoutRedirectUris": c.PostLogoutRedirectURIs} {
		for i, uri := range uris {
			u, err := url.Parse(uri)
			if err != nil || !u.IsAbs() || strings.Contains(uri, "#") {
				d.refuse(item(join(path, field), i), "%q is no redirect URI; write an absolute one without fragment", uri)
			}
		}
	}
	for i, o := range c.Origins {
		if !grant.IsOrigin(o) {
			d.refuse(item(join(path, "origins"), i), "%q is no origin; write https://app.example, or * for any", o)
		}
	}
	if c.Service != nil {
		path = join(path, "service")
		d.need(join(path, "id"), c.Service.ID)
		d.need(join(path, "secret"), c.Service.Secret)
		d.need(join(path, "login"), c.Service.Login)
	}
}

func (d *document) checkPerson(p *Person, path string) {
	d.need(join(path, "login"), p.Login)
	if p.Login != "" && !goodLogin(p.Login) {
		d.refuse(join(path, "login"), "%q is no login; write letters, digits and ._+@~- only", p.Login)
	}
	if p.Given+p.Family == "" {
		d.refuse(path, "the person has no name; write given and family")
	}
	if p.Born != "" {
		if _, err := time.Parse(time.DateOnly, p.Born); err != nil {
			d.refuse(join(path, "born"), "%q is no date; write 1984-05-17", p.Born)
		}
	}
	if p.Address.Country != "" {
		d.country(join(path, "address.country"), p.Address.Country)
	}
	for i := range p.Accounts {
		a := &p.Accounts[i]
		a.at = item(join(path, "accounts"), i)
		d.checkAccount(a, a.at)
	}
}

func goodLogin(login string) bool {
	return login != "" && len(login) <= 64 && !strings.ContainsFunc(login, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._+@~-", r))
	})
}

func (d *document) checkAccount(a *Account, path string) {
	d.oneOf(join(path, "kind"), a.Kind, kinds())
	d.oneOf(join(path, "status"), a.Status, statuses())
	d.oneOf(join(path, "persona"), a.Persona, Personas())
	d.currency(join(path, "currency"), a.Currency)
	d.amount(join(path, "balance"), a.Balance)
	if limit := d.amount(join(path, "limit"), a.Limit); limit < 0 {
		d.refuse(join(path, "limit"), "the limit %s is negative", a.Limit)
	}
	if a.IBAN != "" && !ValidIBAN(a.IBAN) {
		d.refuse(join(path, "iban"), "%s", badIBAN(a.IBAN))
	}
	if a.Months < 0 || a.Months > MaxMonths {
		d.refuse(join(path, "months"), "%d months are no history; write 1 to %d", a.Months, MaxMonths)
	}
	ids := map[string]bool{}
	for i := range a.Entries {
		d.checkEntry(&a.Entries[i], item(join(path, "entries"), i))
		d.once(ids, a.Entries[i].ID, join(item(join(path, "entries"), i), "id"), "entry id")
	}
}

func (d *document) checkEntry(e *Entry, path string) {
	d.need(join(path, "amount"), e.Amount)
	if minor := d.amount(join(path, "amount"), e.Amount); e.Amount != "" && minor == 0 && strings.Trim(e.Amount, "-0.") == "" {
		d.refuse(join(path, "amount"), "an entry of nothing")
	}
	d.need(join(path, "at"), e.At)
	for _, t := range [][2]string{{"at", e.At}, {"entered", e.Entered}} {
		if _, err := instant(t[1], time.Time{}); t[1] != "" && err != nil {
			d.refuse(join(path, t[0]), "%q is no time; write 2026-03-01T09:30:00Z, or from the start -3d or 20h", t[1])
		}
	}
	d.oneOf(join(path, "type"), e.Type, entryTypes())
	d.oneOf(join(path, "category"), e.Category, Categories())
	if e.MCC != "" && (len(e.MCC) != 4 || !digits(e.MCC)) {
		d.refuse(join(path, "mcc"), "%q is no merchant category code; write four digits", e.MCC)
	}
}

// instant reads a time of the fixtures: RFC 3339, or a duration from the start.
func instant(text string, start time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	after, err := clock.ParseDuration(strings.TrimPrefix(text, "+"))
	return start.Add(after), err
}

// checkNumber refuses a Norwegian account number whose last digit is not the check digit of the others. Numbers of another length, as those
// of cards, have none.
func (b *Bank) checkNumber(d *document, a *Account) {
	if b.Country != "NO" || len(a.Number) != 11 || !digits(a.Number) {
		return
	}
	at := "number"
	if a.IBAN != "" && a.Number == domesticOf(a.IBAN) {
		at = "iban"
	}
	switch check := norwegian(a.Number[:10]); check {
	case a.Number[10:]:
	case "":
		d.refuse(join(a.at, at), "no account number begins with %s: it would have the check digit 10", a.Number[:10])
	default:
		d.refuse(join(a.at, at), "%q has a wrong check digit; %s would be right", a.Number, check)
	}
}

func badIBAN(iban string) string {
	if len(iban) > 4 {
		if right := IBAN(iban[:2], iban[4:]); ValidIBAN(right) {
			return strconv.Quote(iban) + " has wrong check digits; " + right[2:4] + " would be right"
		}
	}
	return strconv.Quote(iban) + " is no IBAN; write it without blanks, as BG12SBNK91551000448998"
}

func (d *document) need(path, value string) {
	if value == "" {
		d.refuse(path, "is missing")
	}
}

// once refuses a value that was seen before; it tells whether it was new.
func (d *document) once(seen map[string]bool, value, path, what string) bool {
	if value != "" && seen[value] {
		d.refuse(path, "the %s %q is given twice", what, value)
		return false
	}
	seen[value] = true
	return true
}

func (d *document) oneOf(path, value string, known []string) {
	if value != "" && !slices.Contains(known, value) {
		d.refuse(path, "%q is unknown; one of %s", value, strings.Join(known, ", "))
	}
}

func (d *document) amount(path, text string) int64 {
	minor, ok := parseAmount(text)
	if text != "" && !ok {
		d.refuse(path, "%q is no amount; write 12.34", text)
	}
	return minor
}

func (d *document) currency(path, code string) {
	if code != "" && (len(code) != 3 || !letters(code)) {
		d.refuse(path, "%q is no currency; write three capital letters, as EUR", code)
	}
}

func (d *document) country(path, code string) bool {
	ok := len(code) == 2 && letters(code)
	if !ok {
		d.refuse(path, "%q is no country; write two capital letters, as BG", code)
	}
	return ok
}

func (d *document) bic(path, code string) {
	if code != "" && !matches(`^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$`, code) {
		d.refuse(path, "%q is no BIC; write eight or eleven capital letters and digits", code)
	}
}

func item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
