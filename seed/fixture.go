package seed

import (
	"encoding/json"

	"sandbank/server/ledger"
)

// Fixtures are the banks that a world starts with, ordered by name.
type Fixtures struct {
	Banks []Bank
}

// Bank is one file: a bank's people and clients. In an own file that is laid over the embedded one only Bank is required; what else it
// says of the bank replaces what the embedded file says.
type Bank struct {
	Bank     string   `json:"bank"`     // the bank's name, as in its URL
	Country  string   `json:"country"`  // ISO 3166-1 alpha-2; decides the form of account numbers and the names of invented people
	Currency string   `json:"currency"` // ISO 4217, of accounts that do not say otherwise
	BIC      string   `json:"bic"`      // the demo data uses test BICs, whose eighth character is 0 (ISO 9362)
	Prefix   string   `json:"prefix"`   // what every BBAN of the bank begins with
	IDs      string   `json:"ids"`      // the form of account ids: uuid, key (20 letters and digits), number (8 digits), serial (1, 2, …), login (yoisho-dave-1)
	Cards    string   `json:"cards"`    // the form of card numbers, # for a digit, as 411111XXXXXX####; cards are numbered like accounts when left out
	Replace  bool     `json:"replace"`  // own files only: drop the embedded people and clients of this bank
	Clients  []Client `json:"clients"`
	People   []Person `json:"people"`
	Crowd    *Crowd   `json:"crowd"` // how invented people bank here
}

// Client is an application registered at the bank. Without a secret and keys it is a public client.
type Client struct {
	ID           string            `json:"id"`
	Secret       string            `json:"secret"`
	Name         string            `json:"name"`
	RedirectURIs []string          `json:"redirectUris"`
	Loopback     bool              `json:"loopback"`
	AnyRedirect  bool              `json:"anyRedirect"`
	Origins      []string          `json:"origins"`
	GrantTypes   []string          `json:"grantTypes"`
	Scopes       []string          `json:"scopes"`
	Service      *Service          `json:"service"`
	Disabled     bool              `json:"disabled"`
	RequirePAR   bool              `json:"requirePushedAuthorizationRequests"`
	AuthMethod   string            `json:"authMethod"` // private_key_jwt: by its keys alone; any when left out
	JWKS         json.RawMessage   `json:"jwks"`       // its public keys, as a JWK set
	DPoP         string            `json:"dpop"`       // off, optional, required; optional when left out
	Facts        map[string]string `json:"facts"`

	PostLogoutRedirectURIs []string `json:"postLogoutRedirectUris"` // where a browser may go after a logout (OpenID Connect)

	from origin
}

// Service is the service account of a server-to-server client; Login is the person it acts for.
type Service struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	Login  string `json:"login"`
}

// Person is a customer. Without a password any password is right.
type Person struct {
	Login      string            `json:"login"`
	Password   string            `json:"password"`
	Given      string            `json:"given"`
	Family     string            `json:"family"`
	Email      string            `json:"email"`
	Phone      string            `json:"phone"`
	Address    Address           `json:"address"`
	Born       string            `json:"born"` // YYYY-MM-DD
	NationalID string            `json:"nationalId"`
	Client     string            `json:"client"` // the client that created this person, at banks where clients do
	Locked     bool              `json:"locked"`
	Unverified bool              `json:"unverified"`
	Facts      map[string]string `json:"facts"`
	Accounts   []Account         `json:"accounts"`

	from origin
}

// Address is a postal address; Line is how the bank writes it in one line.
type Address struct {
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
	Line     string `json:"line"`
}

// Account is one account. Everything may be left out: id, number and IBAN are then derived from the login and the place in the list,
// the kind is current, the status enabled, the persona empty.
type Account struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Product  string            `json:"product"`
	Kind     string            `json:"kind"` // current, savings, card, loan
	Currency string            `json:"currency"`
	Number   string            `json:"number"`  // the domestic number; derived from the IBAN when only that is given
	IBAN     string            `json:"iban"`    // with right check digits
	Balance  string            `json:"balance"` // what is booked at the start, as 4210.33; hundredths in every currency
	Limit    string            `json:"limit"`   // overdraft or credit limit, as 500.00
	Status   string            `json:"status"`  // enabled, blocked, closed
	Persona  string            `json:"persona"` // whose spending lies behind the balance
	Months   int               `json:"months"`  // length of the history; 0: DefaultMonths
	Facts    map[string]string `json:"facts"`
	Entries  []Entry           `json:"entries"`

	at string // path within the person's file
}

// Entry is one movement given by hand. Booked ones are part of the balance; the invented history makes up the rest.
type Entry struct {
	ID       string `json:"id"`
	Amount   string `json:"amount"`
	At       string `json:"at"`      // when it is booked: 2026-03-01T09:30:00Z, or from the start: -3d, 20h
	Entered  string `json:"entered"` // when it becomes known, before At; a later At is pending until then
	Type     string `json:"type"`    // card, transfer, salary, standing, fee, interest, cash; transfer when left out
	Party    string `json:"party"`
	PartyRef string `json:"partyRef"`
	Text     string `json:"text"`
	Category string `json:"category"`
	MCC      string `json:"mcc"`
	EndToEnd string `json:"endToEnd"`
}

// Crowd is how invented people (Options.People) bank here. "{n}" in a fact becomes the person's serial number at the bank.
type Crowd struct {
	Client   string            `json:"client"`
	Facts    map[string]string `json:"facts"`
	Accounts []CrowdAccount    `json:"accounts"` // a current account when left out
}

// CrowdAccount is one account that invented people hold; Share is how many in a hundred do, all when left out.
type CrowdAccount struct {
	Name     string            `json:"name"`
	Product  string            `json:"product"`
	Kind     string            `json:"kind"`
	Currency string            `json:"currency"`
	Share    int               `json:"share"`
	Facts    map[string]string `json:"facts"`
}

// origin is where a record was written, for refusals that show only once the files are laid over each other.
type origin struct {
	doc  *document
	path string
}

// Personas are the lives that History can invent.
func Personas() []string {
	return []string{"student", "family", "freelancer", "sme", "broke", "millionaire", "empty", "saver", "side"}
}

// Categories are all categories that entries carry.
func Categories() []string {
	return []string{"groceries", "rent", "salary", "transport", "restaurant", "subscription", "utilities", "cash", "fees", "interest",
		"shopping", "health", "travel", "transfer", "savings", "insurance"}
}

func entryTypes() []string {
	return []string{"card", "transfer", "salary", "standing", "fee", "interest", "cash"}
}

func idForms() []string { return []string{"uuid", "key", "number", "serial", "login"} }

func kinds() []string {
	return []string{string(ledger.Current), string(ledger.Savings), string(ledger.Card), string(ledger.Loan)}
}

func statuses() []string {
	return []string{string(ledger.Enabled), string(ledger.Blocked), string(ledger.Closed)}
}
