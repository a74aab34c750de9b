package berlin

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// What the bank keeps in grant.Consent.Facts.
const (
	modelFact         = "model"
	openFact          = "open"          // nobody has proven yet whose consent it is
	namesFact         = "names"         // accounts whose owner's name may be told: *, or references
	authorisationFact = "authorisation" // the id of its one authorisation
	returnFact        = "return"        // TPP-Redirect-URI
	seenFact          = "seen "         // + account: the last entry reported, for deltaList
	pageFact          = "page "         // + account: when the last page of its transactions was told, where the policy lets that count
)

// status is what counts at now. A consent that nobody answered is rejected once its own last day is over, even while the bank would
// still wait for an answer.
func status(c *wire.Call, consent *grant.Consent) grant.Status {
	s := c.Space.Grants.ConsentStatus(consent, c.Now)
	if s == grant.Received && !c.Now.Before(consent.Until) {
		return grant.Rejected
	}
	return s
}

// asked is what the consent was asked for.
func asked(consent *grant.Consent) (a access) {
	if err := json.Unmarshal([]byte(consent.Asked), &a); err != nil {
		return access{} // written by remember, so that this does not happen
	}
	return a
}

// remember writes what was asked for.
func remember(a *access) string {
	b, err := wire.Encode(a)
	if err != nil {
		return "{}"
	}
	return string(b)
}

// names tells which accounts' owner's name may be told, as namesFact keeps it.
func (a *access) names() string {
	for _, value := range []string{a.Available, a.AvailableSums, a.AllPSD2} {
		if value == "allAccountsWithOwnerName" {
			return "*"
		}
	}
	if a.Additional == nil || a.Additional.OwnerName == nil {
		return ""
	}
	var out []string
	for _, r := range *a.Additional.OwnerName {
		out = append(out, r.IBAN+r.BBAN)
	}
	if len(out) == 0 {
		return "*"
	}
	return strings.Join(out, " ")
}

// named tells whether the consent lets the account owner's name be told.
func named(consent *grant.Consent, a *ledger.Account) bool {
	names := consent.Facts[namesFact]
	if names == "" || names == "*" {
		return names == "*"
	}
	return slices.ContainsFunc(strings.Fields(names), func(n string) bool { return n == a.IBAN || n == a.Number })
}

// whole is what a plain OAuth client asks for without knowing: whatever the person chooses.
func whole() *access {
	return &access{Accounts: &[]reference{}, Balances: &[]reference{}, Transactions: &[]reference{}}
}

// plan is what a consent comes to for one person: which accounts there are to choose from, or which are fixed.
type plan struct {
	person   *ledger.Person
	consent  *grant.Consent // nil: there is none yet, because the client sent no id
	model    string
	given    bool              // the person allowed it before
	accounts []*ledger.Account // in question, those that cannot be shared too
	rights   []grant.Right     // on every account that can be shared
	names    bool              // whether owner's names are told
}

// fixed tells that there is nothing to choose.
func (p *plan) fixed() bool { return p.given || p.model != offered }

// planFor finds out what the request comes to for a person. BadCredentials means that it is not this person's; other refusals end it.
func planFor(c *wire.Call, r *grant.Request, person *ledger.Person) (*plan, error) {
	p := &plan{person: person, model: offered}
	mine := c.Space.Ledger.AccountsOf(person.ID)
	if r.Consent == "" {
		p.choice(mine, whole())
		return p, nil
	}
	p.consent = c.Space.Grants.Consent(name, r.Consent)
	if err := standing(c, p.consent, r.Client); err != nil {
		return nil, err
	}
	a := asked(p.consent)
	p.model, p.given, p.names = p.consent.Facts[modelFact], status(c, p.consent) == grant.Valid, p.consent.Facts[namesFact] != ""
	if owner := p.consent.Owner; owner != "" && owner != person.ID {
		return nil, c.Trail.No("consent's user", fail.New(fail.BadCredentials, "consent %s is for %s, %s logged in", p.consent.ID, owner, person.ID).
			Say("The app asks for the accounts of another user."))
	}
	switch {
	case p.given:
		p.rights = p.consent.Rights
		for _, right := range p.rights {
			if account := c.Space.Ledger.Account(right.Account); account != nil {
				p.accounts = append(p.accounts, account)
			}
		}
	case p.model == detailed:
		missing := ""
		if p.accounts, p.rights, missing = match(mine, &a); missing != "" {
			return nil, c.Trail.No("accounts are the user's", fail.New(fail.BadCredentials, "consent %s names %s, which %s does not have", p.consent.ID, missing, person.ID).
				Say("The app asks for account %s, which is not yours.", missing))
		}
	default:
		p.choice(mine, &a)
	}
	return p, nil
}

// standing refuses a consent that cannot be allowed any more, or is not this client's.
func standing(c *wire.Call, consent *grant.Consent, client string) error {
	if consent == nil || consent.Client != client {
		return c.Trail.No("consent known", fail.New(fail.InvalidRequest, "the consent id is unknown, or another client's than %s's", client).
			Say("The consent id is not known.").At("consentId"))
	}
	switch s := status(c, consent); s {
	case grant.Received, grant.Valid:
		c.Trail.Pass("consent open", consent.ID+" is "+string(s))
		return nil
	default:
		return c.Trail.No("consent open", fail.New(fail.AccessDenied, "consent %s is %s", consent.ID, s).Say("The consent is %s. Ask for a new one.", s))
	}
}

// choice offers all accounts; those that are blocked, or of a type that was not asked for, cannot be shared.
func (p *plan) choice(mine []*ledger.Account, a *access) {
	right := grant.Right{Balances: a.Balances != nil || a.AvailableSums != "" || a.AllPSD2 != "", Transactions: a.Transactions != nil || a.AllPSD2 != ""}
	for _, account := range mine {
		if len(a.RestrictedTo) > 0 && !slices.Contains(a.RestrictedTo, cashType(account.Kind)) {
			continue
		}
		p.accounts = append(p.accounts, account)
		if account.Status == ledger.Enabled {
			right.Account = account.ID
			p.rights = append(p.rights, right)
		}
	}
}

// match finds the accounts that a detailed consent names. missing is the first that is none of them.
func match(mine []*ledger.Account, a *access) (accounts []*ledger.Account, rights []grant.Right, missing string) {
	for _, l := range a.lists() {
		for _, r := range l.references {
			if !slices.ContainsFunc(mine, r.is) {
				return nil, nil, r.String()
			}
		}
	}
	in := func(l *[]reference, account *ledger.Account) bool {
		return l != nil && slices.ContainsFunc(*l, func(r reference) bool { return r.is(account) })
	}
	for _, account := range mine {
		right := grant.Right{Account: account.ID, Balances: in(a.Balances, account), Transactions: in(a.Transactions, account)}
		if !right.Balances && !right.Transactions && !in(a.Accounts, account) {
			continue
		}
		accounts = append(accounts, account)
		if account.Status == ledger.Enabled {
			rights = append(rights, right)
		}
	}
	return accounts, rights, ""
}

// right is what would be allowed on an account, or nil when it cannot be shared.
func (p *plan) right(account string) *grant.Right {
	for i := range p.rights {
		if p.rights[i].Account == account {
			return &p.rights[i]
		}
	}
	return nil
}

// chosen are the rights on the accounts that the person ticked; a refusal is for the page.
func (p *plan) chosen(ticked []string) ([]grant.Right, string) {
	switch {
	case p.fixed() && len(p.rights) == 0 && p.model == detailed:
		return nil, "None of these accounts can be shared."
	case p.fixed():
		return p.rights, ""
	case len(p.rights) == 0:
		return nil, "You have no account that can be shared."
	case len(ticked) == 0:
		return nil, "Choose at least one account, or press Deny."
	}
	var out []grant.Right
	for _, right := range p.rights {
		if slices.Contains(ticked, right.Account) {
			out = append(out, right)
		}
	}
	for _, id := range ticked {
		if p.right(id) == nil {
			return nil, "One of these accounts cannot be shared."
		}
	}
	return out, ""
}

// until is when the access would end.
func (p *plan) until(c *wire.Call, client string) time.Time {
	if p.consent != nil {
		return p.consent.Until
	}
	return longest(c, client)
}

// longest is the end of a consent that asks for as much as there is.
func longest(c *wire.Call, client string) time.Time {
	return c.Space.Grants.Validity(name, client, time.Date(9999, 12, 31, 12, 0, 0, 0, sofia()), sofia(), c.Now)
}

// usual is how many unattended calls a day the specification allows where nothing else was agreed.
const usual = 4

// settle makes the consent valid, or makes it in the first place. It runs while the request is being answered, once.
func (p *plan) settle(c *wire.Call, a *grant.Authorization, rights []grant.Right) error {
	g := c.Space.Grants
	if a.Owner != p.person.ID {
		return fail.New(fail.AccessDenied, "%s logged in while %s was allowing", a.Owner, p.person.ID)
	}
	if p.consent == nil {
		often := max(usual, frequency(c, a.Client, 0))
		a.Consent = g.AddConsent(newConsent(c, &ask{access: *whole(), model: offered, recurring: true, frequency: often}, a.Client, longest(c, a.Client))).ID
	} else if err := standing(c, g.Consent(name, p.consent.ID), a.Client); err != nil {
		return err
	}
	if p.given && a.Terms == nil {
		return nil // a fresh code on an existing consent changes nothing about it (sources/accounts-bg.txt, last sentence)
	}
	if !p.given {
		if _, err := g.AllowConsent(a.Consent, a.Owner, rights, c.Now); err != nil {
			return fail.New(fail.AccessDenied, "%s", fail.From(err).Why)
		}
	}
	if a.Terms != nil {
		g.BindConsent(name, a.Consent, a.Terms, c.Now)
	}
	return nil
}

// newConsent is a consent as it begins.
func newConsent(c *wire.Call, a *ask, client string, until time.Time) grant.Consent {
	return grant.Consent{ID: c.Space.Dice.UUID(), Bank: name, Client: client, Asked: remember(&a.access), Recurring: a.recurring,
		Until: until.UTC(), // the day after 9999-12-31 in Sofia is still a year that JSON can write

		Frequency: a.frequency, Created: c.Now, LastAction: c.Now, Stored: grant.Received,
		Facts: map[string]string{modelFact: a.model}}
}

// settle makes a consent one of this bank's, where a lever made it without saying what only the bank knows: the model of what was asked
// for, and its one authorisation.
func settle(consent *grant.Consent, d *dice.Dice) {
	facts := maps.Clone(consent.Facts)
	if facts == nil {
		facts = map[string]string{}
	}
	a := asked(consent)
	if facts[modelFact] == "" {
		if facts[modelFact] = detailed; json.Valid([]byte(consent.Asked)) {
			if model, err := a.check(); err == nil {
				facts[modelFact] = model
			}
		}
	}
	if _, told := facts[namesFact]; !told {
		facts[namesFact] = a.names()
	}
	if facts[authorisationFact] == "" {
		facts[authorisationFact] = d.UUID()
	}
	consent.Facts = facts
}

// frequency is how often a day an app may call without the user: what the consent says, and no more than the policy. 0: no limit, which
// the policy alone can say.
func frequency(c *wire.Call, client string, asked int64) int64 {
	most, _ := c.Space.Grants.Policy.Value(grant.Frequency, name, client, "")
	if most.Count == 0 || asked == 0 || most.Count < asked {
		return most.Count
	}
	return asked
}

// days is how many days lie between today and the last day of access, in Sofia.
func days(now, until time.Time) int {
	return int((grant.Day(until.Add(-time.Nanosecond), sofia()).Sub(grant.Day(now, sofia())) + clock.Day/2) / clock.Day) // days of 23 and 25 hours
}
