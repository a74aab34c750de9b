package finapi

import (
	"cmp"
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// bank is an entry of the directory of banks. The sandbox has test banks only, with a BLZ that no German bank has.
type bank struct {
	id                   int64
	name, blz, bic, city string
	popularity           int
	interfaces           []string // none: the bank is not supported, and its import is 501
	accounts             []plan
}

// plan is an account that an import of the bank brings.
type plan struct {
	name, product, persona string
	kind                   ledger.Kind
	low, high, limit       int64 // of the balance, and of the overdraft, in hundredths
}

const (
	finTS = "FINTS_SERVER"
	xs2a  = "XS2A"
)

// directory are all banks, by id. The first is the demo connection of the spec: it needs no credentials.
func directory() []bank {
	return []bank{
		{id: 280001, name: "Sandbank Test Bank", blz: "00000000", bic: "SBNKDE80", city: "Berlin", popularity: 95, interfaces: []string{finTS, xs2a},
			accounts: []plan{
				{name: "Girokonto", product: "Girokonto", persona: "family", kind: ledger.Current, low: 80_000, high: 450_000, limit: 150_000},
				{name: "Tagesgeld", product: "Tagesgeld", persona: "saver", kind: ledger.Savings, low: 400_000, high: 2_500_000},
				{name: "Kreditkarte", product: "Visa Classic", persona: "family", kind: ledger.Card, low: -90_000, high: -8_000, limit: 250_000},
			}},
		{id: 280002, name: "Sandbank Test Business Bank", blz: "00000001", bic: "SBNKDE81", city: "Hamburg", popularity: 40, interfaces: []string{finTS},
			accounts: []plan{
				{name: "Geschäftskonto", product: "Geschäftskonto", persona: "freelancer", kind: ledger.Current, low: 300_000, high: 1_500_000, limit: 500_000},
				{name: "Darlehen", product: "Investitionskredit", persona: "freelancer", kind: ledger.Loan, low: -4_000_000, high: -1_500_000},
			}},
		{id: 280003, name: "Sandbank Test Unsupported Bank", blz: "00000002", bic: "SBNKDE82", city: "Trier", popularity: 1},
	}
}

func bankByID(id int64) *bank {
	for _, b := range directory() {
		if b.id == id {
			return &b
		}
	}
	return nil
}

type (
	shapeBank struct {
		ID             int64           `json:"id"`
		Name           string          `json:"name"`
		LoginHint      *string         `json:"loginHint"`
		BIC            *string         `json:"bic"`
		BLZs           []string        `json:"blzs"`
		BLZ            string          `json:"blz"`
		Location       string          `json:"location"`
		City           string          `json:"city"`
		Supported      bool            `json:"isSupported"`
		TestBank       bool            `json:"isTestBank"`
		Popularity     int             `json:"popularity"`
		Health         int             `json:"health"`
		UserField      *string         `json:"loginFieldUserId"`
		CustomerField  *string         `json:"loginFieldCustomerId"`
		PINField       *string         `json:"loginFieldPin"`
		VolatilePIN    bool            `json:"pinsAreVolatile"`
		SecretCustomer bool            `json:"isCustomerIdPassword"`
		Sources        []string        `json:"supportedDataSources"`
		Interfaces     []bankInterface `json:"interfaces"`
		Group          *struct{}       `json:"bankGroup"`
		LastAttempt    *string         `json:"lastCommunicationAttempt"`
		LastSuccess    *string         `json:"lastSuccessfulCommunication"`
		Beta           bool            `json:"isBeta"`
	}
	bankInterface struct {
		Interface    string       `json:"interface"`
		Group        *struct{}    `json:"tppAuthenticationGroup"`
		Credentials  []loginField `json:"loginCredentials"`
		Properties   []string     `json:"properties"`
		LoginHint    *string      `json:"loginHint"`
		Health       int          `json:"health"`
		LastAttempt  *string      `json:"lastCommunicationAttempt"`
		LastSuccess  *string      `json:"lastSuccessfulCommunication"`
		Transfers    bool         `json:"isMoneyTransferSupported"`
		AIS          bool         `json:"isAisSupported"`
		Capabilities payments     `json:"paymentCapabilities"`
		AccountTypes []string     `json:"aisAccountTypes"`
	}
	loginField struct {
		Label    string `json:"label"`
		Secret   bool   `json:"isSecret"`
		Volatile bool   `json:"isVolatile"`
	}
	payments struct {
		Transfer   bool `json:"sepaMoneyTransfer"`
		Instant    bool `json:"sepaInstantMoneyTransfer"`
		Collective bool `json:"sepaCollectiveMoneyTransfer"`
		Future     bool `json:"sepaFutureDatedMoneyTransfer"`
		Standing   bool `json:"sepaStandingOrder"`
	}
	shapeBanks struct {
		Banks  []shapeBank `json:"banks"`
		Paging paging      `json:"paging"`
	}
)

// Labels of the login fields, in the language of the bank.
const (
	loginLabel = "Onlinebanking-ID"
	pinLabel   = "PIN"
)

func showDirectory(c *wire.Call, b *bank) shapeBank {
	s := shapeBank{ID: b.id, Name: b.name, BIC: text(b.bic), BLZs: []string{}, BLZ: b.blz, Location: "DE", City: b.city, Supported: len(b.interfaces) > 0,
		TestBank: true, Popularity: b.popularity, Health: 100, Sources: []string{}, Interfaces: []bankInterface{}}
	if !s.Supported {
		s.Health = 0
		return s
	}
	last := text(stamp(nightly(c.Now)))
	hint := text("Die Testbank nimmt beliebige Zugangsdaten, auch gar keine.")
	s.LoginHint, s.UserField, s.PINField, s.LastAttempt, s.LastSuccess, s.Sources = hint, text(loginLabel), text(pinLabel), last, last, []string{finTS}
	types := []string{}
	for _, p := range b.accounts {
		types = append(types, accountType(p.kind))
	}
	for _, i := range b.interfaces {
		s.Interfaces = append(s.Interfaces, bankInterface{Interface: i, Credentials: []loginField{{Label: loginLabel}, {Label: pinLabel, Secret: true}},
			Properties: []string{}, LoginHint: hint, Health: 100, LastAttempt: last, LastSuccess: last, AIS: true, AccountTypes: types})
	}
	return s
}

// listBanks takes a client's token as well as a user's.
func listBanks(c *wire.Call) error {
	if _, err := c.Access(); err != nil {
		return err
	}
	q := search(c)
	ids, terms, location := q.ids("ids"), q.one("search"), q.list("location")
	interfaces := q.words("supportedInterfaces", finTS, "WEB_SCRAPER", xs2a)
	supported, test := q.flag("isSupported"), q.flag("isTestBank")
	page, perPage := q.page()
	order := sorts(q, map[string]func(a, b bank) int{
		"id":         func(a, b bank) int { return cmp.Compare(a.id, b.id) },
		"name":       func(a, b bank) int { return cmp.Compare(a.name, b.name) },
		"blz":        func(a, b bank) int { return cmp.Compare(a.blz, b.blz) },
		"bic":        func(a, b bank) int { return cmp.Compare(a.bic, b.bic) },
		"popularity": func(a, b bank) int { return cmp.Compare(a.popularity, b.popularity) },
	}, "id")
	if q.err != nil {
		return c.Trail.No("parameters", fail.From(q.err))
	}

	all := slices.DeleteFunc(directory(), func(b bank) bool {
		here := func(l string) bool { return strings.EqualFold(l, "DE") }
		has := func(i string) bool { return slices.Contains(b.interfaces, i) }
		return ids != nil && !slices.Contains(ids, b.id) || !b.found(terms) || location != nil && !slices.ContainsFunc(location, here) ||
			interfaces != nil && !slices.ContainsFunc(interfaces, has) || supported != nil && *supported != (len(b.interfaces) > 0) || test != nil && !*test
	})
	slices.SortStableFunc(all, order)
	some, p := paged(all, page, perPage)

	out := shapeBanks{Banks: make([]shapeBank, len(some)), Paging: p}
	for i := range some {
		out.Banks[i] = showDirectory(c, &some[i])
	}
	return c.JSON(200, out)
}

// found tells whether a bank matches what was typed: words of its name, BLZ, BIC or city, or the IBAN of one of its accounts.
func (b *bank) found(terms string) bool {
	if holds(terms, b.name, b.blz, b.bic, b.city) {
		return true
	}
	iban := strings.ToUpper(strings.ReplaceAll(terms, " ", ""))
	return len(iban) == 22 && strings.HasPrefix(iban, "DE") && iban[4:12] == b.blz
}

func showBank(c *wire.Call) error {
	if _, err := c.Access(); err != nil {
		return err
	}
	id, err := pathID(c)
	if err != nil {
		return err
	}

	b := bankByID(id)
	if b == nil {
		return c.Trail.No("bank known", fail.New(fail.NotFound, "no bank %d in the directory", id).Say("Bank not found"))
	}

	return c.JSON(200, showDirectory(c, b))
}
