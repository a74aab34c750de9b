package berlin

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/ledger"
)

// The consent models of NextGenPSD2 §6.3.
const (
	detailed  = "detailed"                     // the app names the accounts
	offered   = "bank-offered"                 // empty lists: the person chooses at the bank
	global    = "allPsd2"                      // everything on every account
	available = "availableAccounts"            // the list of accounts and nothing else
	withSums  = "availableAccountsWithBalance" // the list, with balances
)

// ask is a consent request as the bank understood it.
type ask struct {
	access    access
	model     string
	recurring bool
	until     time.Time // the last day, as asked
	frequency int64
}

// access is what a consent is about, as the specification writes it. A list that was sent empty means "let the person choose".
type access struct {
	Accounts      *[]reference `json:"accounts,omitempty"`
	Balances      *[]reference `json:"balances,omitempty"`
	Transactions  *[]reference `json:"transactions,omitempty"`
	Additional    *additional  `json:"additionalInformation,omitempty"`
	Available     string       `json:"availableAccounts,omitempty"`
	AvailableSums string       `json:"availableAccountsWithBalance,omitempty"`
	AllPSD2       string       `json:"allPsd2,omitempty"`
	RestrictedTo  []string     `json:"restrictedTo,omitempty"`
}

// additional has no trustedBeneficiaries: the bank does not serve them, and says so by leaving them out of the consent.
type additional struct {
	OwnerName *[]reference `json:"ownerName,omitempty"`
}

// reference names an account. The bank knows its accounts by IBAN and BBAN.
type reference struct {
	IBAN      string          `json:"iban,omitempty"`
	BBAN      string          `json:"bban,omitempty"`
	PAN       string          `json:"pan,omitempty"`
	MaskedPAN string          `json:"maskedPan,omitempty"`
	MSISDN    string          `json:"msisdn,omitempty"`
	Other     json.RawMessage `json:"other,omitempty"`
	Currency  string          `json:"currency,omitempty"`
	Type      string          `json:"cashAccountType,omitempty"`
}

func (r reference) is(a *ledger.Account) bool {
	return (r.IBAN != "" && r.IBAN == a.IBAN || r.BBAN != "" && r.BBAN == a.Number) && (r.Currency == "" || r.Currency == a.Currency)
}

func (r reference) String() string {
	return strings.TrimSpace(r.IBAN + r.BBAN + " " + r.Currency)
}

// mostReferences bounds what one consent may hold.
const mostReferences = 100

// readAsk reads the body of POST /consent. Real clients differ in how they write booleans and numbers (banks.md 2.3), so a quoted one
// is taken; combinedServiceIndicator, which the specification demands and its own examples leave out, is not missed.
func readAsk(body []byte, now time.Time) (*ask, error) {
	var raw struct {
		Access     *access         `json:"access"`
		Recurring  json.RawMessage `json:"recurringIndicator"`
		ValidUntil string          `json:"validUntil"`
		Frequency  json.RawMessage `json:"frequencyPerDay"`
		Combined   json.RawMessage `json:"combinedServiceIndicator"`
	}
	if err := decode(body, &raw); err != nil {
		return nil, err
	}
	if raw.Access == nil {
		return nil, fail.Field("access", "the body has no access").Say("access is missing.")
	}
	a := &ask{access: *raw.Access}
	var err error
	if a.model, err = a.access.check(); err != nil {
		return nil, err
	}
	if a.recurring, err = truth("recurringIndicator", raw.Recurring, true); err != nil {
		return nil, err
	}
	if a.until, err = lastDay(raw.ValidUntil, now); err != nil {
		return nil, err
	}
	if a.frequency, err = times(raw.Frequency); err != nil {
		return nil, err
	}
	if !a.recurring {
		a.frequency = 1
	}
	combined, err := truth("combinedServiceIndicator", raw.Combined, false)
	if err == nil && combined {
		err = fail.Field("combinedServiceIndicator", "a combined session was asked for; the bank has no payments").
			Coded("SESSIONS_NOT_SUPPORTED").Say("Combined sessions are not supported.")
	}
	return a, err
}

// decode reads JSON and says where it does not fit.
func decode(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return fail.Field(wrong.Field, "%s is a JSON %s", wrong.Field, wrong.Value).Say("%s has the wrong JSON type.", wrong.Field)
	}
	return fail.New(fail.InvalidField, "the body is no JSON object: %v", err).Say("The body is not a JSON object.")
}

func truth(field string, raw json.RawMessage, required bool) (bool, error) {
	switch text := strings.Trim(string(raw), `"`); text {
	case "true", "false":
		return text == "true", nil
	case "", "null":
		if !required {
			return false, nil
		}
		return false, fail.Field(field, "the body has no %s", field).Say("%s is missing.", field)
	}
	return false, fail.Field(field, "%s is %s", field, clip(string(raw), 40)).Say("%s must be true or false.", field)
}

func times(raw json.RawMessage) (int64, error) {
	const field = "frequencyPerDay"
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" {
		return 0, fail.Field(field, "the body has no %s", field).Say("%s is missing.", field)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, fail.Field(field, "%s is %s", field, clip(text, 40)).Say("%s must be a whole number from 1 on.", field)
	}
	return n, nil
}

func lastDay(text string, now time.Time) (time.Time, error) {
	const field = "validUntil"
	if text == "" {
		return time.Time{}, fail.Field(field, "the body has no %s", field).Say("%s is missing.", field)
	}
	until, ok := parseDay(text)
	switch {
	case !ok:
		return until, fail.Field(field, "%s is %q", field, clip(text, 40)).Say("%s must be a date, YYYY-MM-DD.", field)
	case until.Before(grant.Day(now, sofia())):
		return until, fail.Field(field, "%s was %s, today is %s in Sofia", field, text, day(now)).Say("%s is in the past.", field)
	}
	return until, nil
}

// check tells the consent model, and refuses mixtures.
func (a *access) check() (string, error) {
	bad := func(path, why string) (string, error) {
		return "", fail.Field(path, "%s", why).Say("%s.", strings.ToUpper(why[:1])+why[1:])
	}
	var models []string
	for _, m := range []struct{ name, path, value string }{
		{available, "access.availableAccounts", a.Available}, {withSums, "access.availableAccountsWithBalance", a.AvailableSums}, {global, "access.allPsd2", a.AllPSD2},
	} {
		switch m.value {
		case "":
		case "allAccounts", "allAccountsWithOwnerName":
			models = append(models, m.name)
		default:
			return bad(m.path, "the value must be allAccounts or allAccountsWithOwnerName")
		}
	}
	lists, filled, empty := a.lists(), 0, 0
	for _, l := range lists {
		if err := l.check(); err != nil {
			return "", err
		}
		if len(l.references) > 0 {
			filled++
		} else {
			empty++
		}
	}
	switch {
	case len(models) > 1 || len(models) == 1 && len(lists) > 0:
		return bad("access", "account lists, availableAccounts, availableAccountsWithBalance and allPsd2 exclude each other")
	case len(models) == 1:
		return models[0], a.checkTypes()
	case a.Accounts == nil && a.Balances == nil && a.Transactions == nil:
		return bad("access", "access must have accounts, balances or transactions, or one of availableAccounts, availableAccountsWithBalance, allPsd2")
	case filled > 0 && empty > 0:
		return bad("access", "either all lists name accounts, or all are empty")
	case filled == 0:
		return offered, a.checkTypes()
	case len(a.RestrictedTo) > 0:
		return bad("access.restrictedTo", "restrictedTo goes only with consents that name no accounts")
	}
	return detailed, a.checkNames()
}

// list is one of the account lists that were sent.
type list struct {
	path       string
	references []reference
}

func (a *access) lists() (out []list) {
	add := func(path string, l *[]reference) {
		if l != nil {
			out = append(out, list{"access." + path, *l})
		}
	}
	add("accounts", a.Accounts)
	add("balances", a.Balances)
	add("transactions", a.Transactions)
	if a.Additional != nil {
		add("additionalInformation.ownerName", a.Additional.OwnerName)
	}
	return out
}

var (
	ibanShape     = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}$`)
	bbanShape     = regexp.MustCompile(`^[a-zA-Z0-9]{1,30}$`)
	currencyShape = regexp.MustCompile(`^[A-Z]{3}$`)
	typeShape     = regexp.MustCompile(`^[A-Z]{4}$`)
)

func (l list) check() error {
	if len(l.references) > mostReferences {
		return fail.Field(l.path, "%s has %d references; %d are the most", l.path, len(l.references), mostReferences).Say("No more than %d accounts can be named.", mostReferences)
	}
	for i, r := range l.references {
		path := l.path + "[" + strconv.Itoa(i) + "]"
		named := 0
		for _, id := range []string{r.IBAN, r.BBAN, r.PAN, r.MaskedPAN, r.MSISDN, string(r.Other)} {
			if id != "" {
				named++
			}
		}
		switch {
		case named != 1:
			return fail.Field(path, "the reference has %d identifiers", named).Say("An account is named by exactly one of iban and bban.")
		case r.IBAN == "" && r.BBAN == "":
			return fail.Field(path, "the reference is neither an IBAN nor a BBAN").Coded("PARAMETER_NOT_SUPPORTED").Say("Accounts are named by iban or bban here.")
		case r.IBAN != "" && !ibanShape.MatchString(r.IBAN):
			return fail.Field(path+".iban", "%q is no IBAN", clip(r.IBAN, 40)).Say("This is not an IBAN.")
		case r.BBAN != "" && !bbanShape.MatchString(r.BBAN):
			return fail.Field(path+".bban", "%q is no BBAN", clip(r.BBAN, 40)).Say("This is not a BBAN.")
		case r.Currency != "" && !currencyShape.MatchString(r.Currency):
			return fail.Field(path+".currency", "%q is no currency", clip(r.Currency, 40)).Say("A currency is three capital letters.")
		}
	}
	return nil
}

func (a *access) checkTypes() error {
	for i, t := range a.RestrictedTo {
		if !typeShape.MatchString(t) {
			path := "access.restrictedTo[" + strconv.Itoa(i) + "]"
			return fail.Field(path, "%q is no account type", clip(t, 40)).Say("An account type is four capital letters, as CACC.")
		}
	}
	return nil
}

// checkNames holds the rule that an account whose owner's name is asked for is asked for otherwise too.
func (a *access) checkNames() error {
	if a.Additional == nil || a.Additional.OwnerName == nil {
		return nil
	}
	others := a.lists()
	others = others[:len(others)-1] // ownerName itself is the last
	for i, r := range *a.Additional.OwnerName {
		known := false
		for _, l := range others {
			for _, other := range l.references {
				known = known || r.IBAN == other.IBAN && r.BBAN == other.BBAN
			}
		}
		if !known {
			path := "access.additionalInformation.ownerName[" + strconv.Itoa(i) + "]"
			return fail.Field(path, "%s is in no other list", r).Say("The account must be in accounts, balances or transactions too.")
		}
	}
	return nil
}

// strict is the bank's own rule (banks.md 2.1): detailed consents only, with all three lists and IBANs in each.
func (a *ask) strict() error {
	if a.model != detailed {
		return fail.Field("access", "the policy takes detailed consents only; this one is %s", a.model).
			Coded("PARAMETER_NOT_SUPPORTED").Say("Only detailed consents are supported: name the accounts.")
	}
	for _, l := range []struct {
		path string
		list *[]reference
	}{{"access.accounts", a.access.Accounts}, {"access.balances", a.access.Balances}, {"access.transactions", a.access.Transactions}} {
		if l.list == nil || !slices.ContainsFunc(*l.list, func(r reference) bool { return r.IBAN != "" }) {
			return fail.Field(l.path, "%s names no IBAN, which the policy demands", l.path).Say("accounts, balances and transactions must each name at least one IBAN.")
		}
	}
	return nil
}
