package finapi

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

const (
	longestLogin = 170
	longestName  = 64
	months       = 12 // of transactions that an import brings
	leastDays    = 14
	mostDays     = 3650
)

type loginCredential struct {
	Label *string `json:"label"`
	Value *string `json:"value"`
}

// importBody is what an import reads of ImportBankConnectionParams.
type importBody struct {
	BankID       *int64            `json:"bankId"`
	Name         *string           `json:"name"`
	Login        *string           `json:"bankingUserId"`
	PIN          *string           `json:"bankingPin"`
	StorePIN     bool              `json:"storePin"`
	Interface    *string           `json:"interface"`
	Credentials  []loginCredential `json:"loginCredentials"`
	StoreSecrets bool              `json:"storeSecrets"`
	Skip         bool              `json:"skipPositionsDownload"`
	Days         int64             `json:"maxDaysForDownload"`
	Types        []string          `json:"accountTypes"`
	TypeIDs      []int64           `json:"accountTypeIds"`
}

// check looks at what can be wrong with the request itself, and gathers the credentials from where they may be.
func (in *importBody) check(c *wire.Call) error {
	if in.BankID == nil {
		return field(c, "bankId", missingField, "The field 'bankId' is missing.", "bankId is missing")
	}
	if err := plain(c, "name", in.Name, longestName); err != nil {
		return err
	}
	if in.Days != 0 && (in.Days < leastDays || in.Days > mostDays) {
		return field(c, "maxDaysForDownload", badRequest, "The field 'maxDaysForDownload' must be 0, or from 14 to 3650.", "maxDaysForDownload is %d", in.Days)
	}
	for _, id := range in.TypeIDs {
		if id < 1 || id > int64(len(accountTypes())) {
			return field(c, "accountTypeIds", badRequest, "The field 'accountTypeIds' has an unknown value.", "accountTypeIds has %d", id)
		}
		in.Types = append(in.Types, accountTypes()[id-1])
	}
	for _, kind := range in.Types {
		if !slices.Contains(accountTypes(), kind) {
			return field(c, "accountTypes", badRequest, "The field 'accountTypes' has an unknown value.", "accountTypes has %q", kind)
		}
	}
	if len(in.Credentials) > 0 && in.Interface == nil {
		return field(c, "interface", missingField, "The field 'interface' must be given with 'loginCredentials'.", "loginCredentials without an interface")
	}
	for _, one := range in.Credentials {
		switch {
		case one.Label == nil || one.Value == nil:
			return field(c, "loginCredentials", missingField, "The fields 'label' and 'value' of 'loginCredentials' are required.", "a login credential lacks label or value")
		case *one.Label == loginLabel:
			in.Login = one.Value
		case *one.Label == pinLabel:
			in.PIN = one.Value
		default:
			return c.Trail.No("login fields", fail.New(fail.Conflict, "the bank has no login field %q", *one.Label).Coded("LOGIN_FIELDS_MISMATCH").
				Say("The labels of the given login credentials do not match those of the interface."))
		}
	}
	return checkCredentials(c, in.Login, in.PIN)
}

func checkCredentials(c *wire.Call, login, pin *string) error {
	for _, text := range []*string{login, pin} {
		if text != nil && len([]rune(*text)) > longestLogin {
			return field(c, "bankingUserId", badRequest, "The banking credentials must not be longer than 170 characters.", "a credential has %d bytes", len(*text))
		}
	}
	return nil
}

// choose finds the bank, its interface, and those of its accounts that are asked for.
func (in *importBody) choose(c *wire.Call) (*bank, *link, []plan, error) {
	b := bankByID(*in.BankID)
	if b == nil {
		return nil, nil, nil, c.Trail.No("bank known", fail.New(fail.Conflict, "no bank %d in the directory", *in.BankID).Coded(unknownEntity).
			Say("The bank with the given identifier does not exist.").At("bankId"))
	}
	if len(b.interfaces) == 0 {
		return nil, nil, nil, c.Trail.No("bank supported", fail.New(fail.Conflict, "bank %d has no interfaces", b.id).Coded(noBank).
			Say("The bank is currently not supported by finAPI."))
	}
	l := &link{Bank: b.id, Interface: b.interfaces[0], Days: in.Days, Stored: in.PIN != nil && *in.PIN != "" && (in.StorePIN || in.StoreSecrets)}
	if in.Interface != nil {
		if !slices.Contains(b.interfaces, *in.Interface) {
			return nil, nil, nil, field(c, "interface", badRequest, "Interface is not supported for this operation.", "bank %d has %v, not %q", b.id, b.interfaces, *in.Interface)
		}
		l.Interface = *in.Interface
	}
	if in.Name != nil {
		l.Name = *in.Name
	}
	if in.Login != nil {
		l.Login = *in.Login
	}
	plans := slices.DeleteFunc(slices.Clone(b.accounts), func(p plan) bool { return in.Types != nil && !slices.Contains(in.Types, accountType(p.kind)) })
	if len(plans) == 0 {
		return nil, nil, nil, c.Trail.No("accounts", fail.New(fail.Conflict, "bank %d has no account of %v", b.id, in.Types).Coded(noAccounts).
			Say("None of the accounts matches the given account types."))
	}
	return b, l, plans, nil
}

// importConnection brings a test bank's accounts with a year of transactions. The real service sends users of clients without a licence
// to a web form (451) and works on in the background; here any credentials do, and when the answer comes the import is over.
func importConnection(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}
	var in importBody
	if err := body(c, &in); err != nil {
		return err
	}
	if err := in.check(c); err != nil {
		return err
	}
	b, l, plans, err := in.choose(c)
	if err != nil {
		return err
	}

	id, err := reserve(c, p, l)
	if err != nil {
		return err
	}
	for i, one := range plans {
		if err := open(c, p, b, one, id, i+1, &in); err != nil {
			unlink(c, p, id)
			return err
		}
	}
	now := c.Space.Ledger.Person(p.ID)
	if now == nil {
		return gone(c, p)
	}
	done, err := oneConnection(c, now, id)
	if err != nil {
		return err
	}

	return c.JSON(201, showLink(c, done))
}

// reserve notes the connection before it has accounts, so that of two equal imports one wins. Equal are the bank and the login.
func reserve(c *wire.Call, p *ledger.Person, l *link) (int64, error) {
	id := c.Space.Dice.Between(1_000_000, 9_999_999)
	taken := false
	_, err := c.Space.Ledger.UpdatePerson(p.ID, func(v *ledger.Person) {
		taken = v.Facts[linkFact(id)] != ""
		for key := range v.Facts {
			if n, ok := strings.CutPrefix(key, "connection."); ok {
				other := linkOf(c, v, identifier(n))
				taken = taken || other.Bank == l.Bank && other.Login == l.Login
			}
		}
		if !taken {
			v.Facts = withLink(v.Facts, id, l)
		}
	})
	if err != nil {
		return 0, gone(c, p)
	}
	if taken {
		return 0, c.Trail.No("connection new", fail.New(fail.Conflict, "%s has a connection with bank %d under this login", p.ID, l.Bank).Coded(entityExists).
			Say("A bank connection with these credentials already exists."))
	}
	return id, nil
}

// tries is far more than a clash of random numbers needs.
const tries = 100

// open opens one account of an import under a number that nobody has.
func open(c *wire.Call, p *ledger.Person, b *bank, one plan, connection int64, place int, in *importBody) (err error) {
	balance := c.Space.Dice.Between(one.low, one.high)
	facts := map[string]string{connectionFact: strconv.FormatInt(connection, 10), "blz": b.blz, newFact: "true", updatedFact: c.Now.Format(time.RFC3339Nano)}
	for range tries {
		a := ledger.Account{ID: strconv.FormatInt(c.Space.Dice.Between(1_000_000, 9_999_999), 10), Bank: name, Owner: p.ID, Place: int(connection)*10 + place,
			BIC: b.bic, Currency: "EUR", Name: one.name, Product: one.product, Kind: one.kind, Status: ledger.Enabled, Limit: one.limit, Opened: c.Now,
			Number: c.Space.Dice.Text(dice.Digits, 10), Facts: maps.Clone(facts)}
		if one.kind != ledger.Card {
			a.IBAN = iban("DE", b.blz+a.Number)
		}
		if in.Skip {
			a.Facts[markFact(openingID(&a))] = markGone
		}
		if err = c.Space.Ledger.Open(a, past(c, one.persona, a, balance, in)); err == nil {
			return nil
		}
		if fail.Is(err, fail.NotFound) {
			return gone(c, p)
		}
	}
	return fail.New(fail.Internal, "no free account number: %v", err)
}

// past are the entries that an account comes with. What lies before the days asked for is one adjusting entry, as finAPI makes up for
// what a bank does not deliver, so that the balance is the sum of what is there.
func past(c *wire.Call, persona string, a ledger.Account, balance int64, in *importBody) func() []ledger.Entry {
	history, now, days, skip := c.Space.History, c.Now, int(in.Days), in.Skip
	return func() []ledger.Entry {
		var all []ledger.Entry
		if history != nil && !skip {
			all = history(persona, a, balance, months, now)
		}
		if days > 0 {
			from := midnight(now).AddDate(0, 0, 1-days)
			all = slices.DeleteFunc(all, func(e ledger.Entry) bool { return e.At.Before(from) })
		}
		rest, first := balance, now
		for _, e := range all {
			if e.Booked(now) {
				rest -= e.Amount
			}
			if e.At.Before(first) {
				first = e.At
			}
		}
		if rest != 0 {
			all = append([]ledger.Entry{{ID: openingID(&a), Account: a.ID, Amount: rest, Entered: first, At: first, Value: first, Type: "opening",
				Text: "Zwischensaldo"}}, all...)
		}
		return all
	}
}

// openingID is the id of an account's first entry. Entries of an account with a short number are numbered from it, with room for the day
// and the number of the day (package seed); the first ones are free.
func openingID(a *ledger.Account) string { return a.ID + "00000001" }

// iban puts the check digits of ISO 13616 before a German account number.
func iban(country, number string) string {
	rest := 0
	for _, r := range number + country + "00" {
		if r >= 'A' {
			rest = (rest*100 + int(r-'A') + 10) % 97
			continue
		}
		rest = (rest*10 + int(r-'0')) % 97
	}
	return country + string(rune('0'+(98-rest)/10)) + string(rune('0'+(98-rest)%10)) + number
}

// updateConnection fetches what is new. The test banks' money moves with the clock, so there is only the time to note.
func updateConnection(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}
	var in struct {
		ID *int64 `json:"bankConnectionId"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if in.ID == nil {
		return field(c, "bankConnectionId", missingField, "The field 'bankConnectionId' is missing.", "bankConnectionId is missing")
	}
	one, err := oneConnection(c, p, *in.ID)
	if err != nil {
		return err
	}

	changed, err := relink(c, p, one.id, func(l *link) { l.Manual = &update{At: c.Now} })
	if err != nil {
		return err
	}
	for _, a := range one.accounts {
		c.Space.Ledger.UpdateAccount(a.ID, func(v *ledger.Account) {
			v.Facts = ledger.WithFact(ledger.WithFact(v.Facts, updatedFact, c.Now.Format(time.RFC3339Nano)), statusFact, "UPDATED")
		})
	}
	one.link = *changed

	return c.JSON(200, showLink(c, one))
}
