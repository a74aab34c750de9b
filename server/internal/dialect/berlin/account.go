package berlin

import (
	"strconv"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// reader is a caller who was let in: with whose consent, since which login, for whom, and whether that person is present.
type reader struct {
	consent  *grant.Consent
	grant    *grant.Grant
	person   *ledger.Person
	attended bool
}

// admit lets a caller in by access token. The consent is the one that the token was given for; a Consent-ID header, which the
// specification demands and the bank's own document does not know, may repeat it.
func admit(c *wire.Call) (*reader, error) {
	if _, err := requestID(c); err != nil {
		return nil, err
	}
	bearer, err := c.UserAccess()
	if err != nil {
		return nil, orConsent(c, err)
	}
	if id := c.Header("X-IBM-Client-Id"); id != "" && id != bearer.Token.Client {
		return nil, c.Trail.No("one client", fail.New(fail.TokenUnknown, "%s is client %s's, X-IBM-Client-Id says %q", bearer.Token.ID, bearer.Token.Client, id).
			Say("The access token is not the client's."))
	}
	if err := acceptable(c); err != nil {
		return nil, err
	}
	r := &reader{grant: bearer.Grant}
	if r.attended, err = attended(c); err != nil {
		return nil, err
	}
	if r.consent, err = consentOf(c, bearer); err != nil {
		return nil, err
	}
	if r.person = c.Space.Ledger.Person(bearer.Token.Owner); r.person == nil || r.person.Locked {
		return nil, c.Trail.No("person there", fail.New(fail.TokenRevoked, "%s is gone or locked", bearer.Token.Owner))
	}
	return r, nil
}

// orConsent tells a client whose user took the access back that the consent is over: a new token would not help it.
func orConsent(c *wire.Call, err error) error {
	if !fail.Is(err, fail.TokenRevoked) {
		return err
	}
	value, _ := c.Bearer()
	t := c.Space.Grants.Token(value)
	if t == nil {
		return err
	}
	of := c.Space.Grants.Grant(t.Grant)
	if of == nil || of.Consent == "" {
		return err
	}
	if _, ended := c.Space.Grants.CheckConsent(name, of.Consent, of.Client, of.Owner, c.Now, nil); fail.Is(ended, fail.ConsentInvalid, fail.ConsentExpired) {
		e := fail.From(ended)
		e.Why += "; " + fail.From(err).Why
		return c.Trail.No("consent valid", e)
	}
	return err
}

func consentOf(c *wire.Call, bearer *grant.Bearer) (*grant.Consent, error) {
	id, all := bearer.Grant.Consent, c.HeaderAll("Consent-ID")
	if len(all) > 1 {
		return nil, c.Trail.No("Consent-ID", fail.Field("Consent-ID", "Consent-ID was sent %d times", len(all)).Say("The header Consent-ID must not be repeated."))
	}
	if len(all) == 1 && all[0] != id {
		if other := c.Space.Grants.Consent(name, all[0]); other == nil || other.Client != bearer.Token.Client {
			return nil, c.Trail.No("Consent-ID", fail.Field("Consent-ID", "Consent-ID %q is unknown, or another client's than %s's", all[0], bearer.Token.Client).
				Coded("CONSENT_UNKNOWN").Say("The consent is not known."))
		}
		return nil, c.Trail.No("Consent-ID", fail.New(fail.ConsentInvalid, "Consent-ID says %s, %s was issued for %q", all[0], bearer.Token.ID, id).
			Say("The access token was issued for another consent.").At("Consent-ID"))
	}
	consent, err := c.Space.Grants.CheckConsent(name, id, bearer.Token.Client, bearer.Token.Owner, c.Now, &c.Trail)
	if fail.Is(err, fail.ConsentUnknown) {
		return nil, fail.New(fail.ConsentInvalid, "%s", fail.From(err).Why)
	}
	return consent, err
}

// count lets the call through if the consent has calls left. It comes last, so that only calls that bring something are counted.
//
// Without the person present there are four a day, per endpoint and account (banks.md 2.1). A one-off consent is one access: each
// resource once, whoever is present; the second reading ends it.
func (r *reader) count(c *wire.Call, resource string) error {
	if !r.consent.Recurring {
		return r.once(c, resource)
	}
	if r.attended {
		c.Trail.Pass("the user is present", "not counted")
		return nil
	}
	most := frequency(c, r.consent.Client, r.consent.Frequency)
	today := grant.Day(c.Now, sofia())
	n, err := c.Space.Grants.Count(r.consent.ID+" "+c.Op+" "+resource, today, most)
	if err != nil {
		e := fail.New(fail.AccessExceeded, "%d calls of %s today without the user; %d is the most, by consent and policy", n, strings.TrimSpace(c.Op+" "+resource), most)
		e.Wait = int((today.AddDate(0, 0, 1).Sub(c.Now) + time.Second - 1) / time.Second)
		return c.Trail.No("calls left", e)
	}
	if most > 0 {
		c.Trail.Pass("calls left", strconv.FormatInt(n, 10)+" of "+strconv.FormatInt(most, 10)+" today")
	}
	return nil
}

// once counts from the beginning of time: a new day brings no second reading.
func (r *reader) once(c *wire.Call, resource string) error {
	if _, err := c.Space.Grants.Count(r.consent.ID+" "+c.Op+" "+resource, time.Time{}, 1); err != nil {
		c.Space.Grants.EndConsent(r.consent.ID, grant.Expired, "bank", "it was for one access", c.Now)
		return c.Trail.No("one access", fail.New(fail.ConsentExpired, "consent %s was for one access, and this is the second reading of %s %s", r.consent.ID, c.Op, resource))
	}
	return nil
}

// account finds the account of the path, if the consent has it. Accounts of others and those that do not exist are told alike.
func (r *reader) account(c *wire.Call) (*ledger.Account, *grant.Right, error) {
	id := c.Param("accountId")
	if m := r.consent.Facts[modelFact]; m == available || m == withSums {
		return nil, nil, c.Trail.No("consent covers this", fail.New(fail.ConsentInvalid, "consent %s is for the list of accounts alone (%s)", r.consent.ID, m).
			Say("The consent is for the list of accounts alone."))
	}
	right, a := r.consent.Right(id), c.Space.Ledger.Account(id)
	if right == nil || a == nil || a.Owner != r.person.ID {
		return nil, nil, c.Trail.No("account in the consent", fail.New(fail.NotFound, "consent %s has no account %q", r.consent.ID, id).At("accountId"))
	}
	c.Trail.Pass("account in the consent", id)
	return a, right, nil
}

// readable is account for what a blocked account does not tell.
func (r *reader) readable(c *wire.Call, what string, has func(*grant.Right) bool) (*ledger.Account, *grant.Right, error) {
	a, right, err := r.account(c)
	switch {
	case err != nil:
		return nil, nil, err
	case !has(right):
		return nil, nil, c.Trail.No("consent has "+what, fail.New(fail.ConsentInvalid, "consent %s has no %s of account %s", r.consent.ID, what, a.ID).
			Say("The consent does not cover the %s of this account.", what))
	case a.Status != ledger.Enabled:
		return nil, nil, c.Trail.No("account enabled", fail.New(fail.AccountBlocked, "account %s is %s", a.ID, a.Status).At("accountId"))
	}
	return a, right, nil
}

// flag reads a boolean parameter.
func flag(param, text string) (bool, error) {
	switch text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, fail.Field(param, "%s is %q", param, clip(text, 40)).Say("%s must be true or false.", param)
}

// withBalance is the one parameter of the account endpoints.
func withBalance(c *wire.Call) (bool, error) {
	q := c.Query()
	if err := q.Once("withBalance"); err != nil {
		return false, err
	}
	on, err := flag("withBalance", q.Get("withBalance"))
	if err != nil {
		return false, c.Trail.No("withBalance", fail.From(err))
	}
	return on, nil
}

func accounts(c *wire.Call) error {
	r, err := admit(c)
	if err != nil {
		return err
	}
	sums, err := withBalance(c)
	if err != nil {
		return err
	}
	if err := r.count(c, ""); err != nil {
		return err
	}

	out := shapeAccounts{Accounts: make([]shapeAccount, 0, len(r.consent.Rights))}
	for i := range r.consent.Rights {
		right := &r.consent.Rights[i]
		if a := c.Space.Ledger.Account(right.Account); a != nil && a.Owner == r.person.ID {
			out.Accounts = append(out.Accounts, r.showAccount(c, a, right, sums))
		}
	}

	return show(c, 200, out)
}

func account(c *wire.Call) error {
	r, err := admit(c)
	if err != nil {
		return err
	}
	sums, err := withBalance(c)
	if err != nil {
		return err
	}
	a, right, err := r.account(c)
	if err != nil {
		return err
	}
	if err := r.count(c, a.ID); err != nil {
		return err
	}

	return show(c, 200, shapeOneAccount{r.showAccount(c, a, right, sums)})
}

func balances(c *wire.Call) error {
	r, err := admit(c)
	if err != nil {
		return err
	}
	a, _, err := r.readable(c, "balances", func(right *grant.Right) bool { return right.Balances })
	if err != nil {
		return err
	}
	if err := r.count(c, a.ID); err != nil {
		return err
	}

	return show(c, 200, shapeBalances{refer(a), showBalances(c, a)})
}

func (r *reader) showAccount(c *wire.Call, a *ledger.Account, right *grant.Right, sums bool) shapeAccount {
	out := shapeAccount{ID: a.ID, Currency: a.Currency, Name: clip(a.Name, 70), Product: clip(a.Product, 35), Type: cashType(a.Kind),
		Status: accountStatus(a.Status), BIC: a.BIC, Usage: "PRIV"}
	ref := refer(a)
	out.IBAN, out.BBAN = ref.IBAN, ref.BBAN
	if named(r.consent, a) {
		out.OwnerName = clip(r.person.Name(), 140)
	}
	if a.Status != ledger.Enabled {
		return out // blocked since: it is told that it is there, and no more
	}
	if sums && right.Balances {
		out.Balances = showBalances(c, a)
	}
	if m := r.consent.Facts[modelFact]; m != available && m != withSums && (right.Balances || right.Transactions) {
		out.Links = &shapeAccountLinks{}
		if right.Balances {
			out.Links.Balances = link(c.URL(accountsPath + "/" + a.ID + "/balances"))
		}
		if right.Transactions {
			out.Links.Transactions = link(c.URL(accountsPath + "/" + a.ID + "/transactions"))
		}
	}
	return out
}

// showBalances are the two that the bank has (banks.md 2.1): what was booked at the end of yesterday, with the credit limit, and what is
// to be expected now, with the limit and less what is reserved.
func showBalances(c *wire.Call, a *ledger.Account) []shapeBalance {
	l, today := c.Space.Ledger, grant.Day(c.Now, sofia())
	eve := today.Add(-time.Nanosecond)
	closed, now := l.Balance(a.ID, eve), l.Balance(a.ID, c.Now)
	booked, pending := l.Entries(a.ID, c.Now)
	interim := shapeBalance{Amount: money(closed.Booked+closed.Limit, a.Currency), Type: "interimAvailable", Limit: a.Limit > 0, Date: day(eve)}
	expected := shapeBalance{Amount: money(now.Available(), a.Currency), Type: "expected", Limit: a.Limit > 0, Date: day(c.Now)}
	var last time.Time
	if n := len(booked); n > 0 {
		last, expected.Last = booked[n-1].At, clip(booked[n-1].ID, 35)
	}
	for i := range pending {
		if pending[i].Entered.After(last) {
			last = pending[i].Entered
		}
	}
	expected.Changed = moment(last)
	for i := len(booked) - 1; i >= 0; i-- {
		if !booked[i].At.After(eve) {
			interim.Changed, interim.Last = moment(booked[i].At), clip(booked[i].ID, 35)
			break
		}
	}
	return []shapeBalance{interim, expected}
}

// moment is an instant as JSON writes it, to the second in local time; nothing for an account on which nothing ever happened.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(sofia()).Truncate(time.Second).Format(time.RFC3339)
}

// back is a day of which everything the bank has is later.
func back(a *ledger.Account) time.Time { return a.Opened.Add(-clock.Week) }
