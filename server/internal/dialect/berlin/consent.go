package berlin

import (
	"maps"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// The two prefixes of the consent endpoints.
const (
	shortPrefix = "/consent"
	longPrefix  = "/v1/consents"
)

type (
	shapeLink struct {
		Href string `json:"href"`
	}
	shapeCreated struct {
		Status grant.Status      `json:"consentStatus"`
		ID     string            `json:"consentId"`
		Links  shapeConsentLinks `json:"_links"`
	}
	shapeConsentLinks struct {
		ScaRedirect *shapeLink `json:"scaRedirect,omitempty"`
		Self        *shapeLink `json:"self,omitempty"`
		Status      *shapeLink `json:"status,omitempty"`
		ScaStatus   *shapeLink `json:"scaStatus,omitempty"`
	}
	shapeConsent struct {
		Access     access            `json:"access"`
		Recurring  bool              `json:"recurringIndicator"`
		ValidUntil string            `json:"validUntil"`
		Frequency  int64             `json:"frequencyPerDay"`
		LastAction string            `json:"lastActionDate"`
		Status     grant.Status      `json:"consentStatus"`
		Links      *shapeAccountLink `json:"_links,omitempty"`
	}
	shapeAccountLink struct {
		Account shapeLink `json:"account"`
	}
	shapeStatus struct {
		Status grant.Status `json:"consentStatus"`
	}
)

// heads checks the headers that every call of the consent endpoints may carry.
func heads(c *wire.Call) error {
	if _, err := requestID(c); err != nil {
		return err
	}
	if err := acceptable(c); err != nil {
		return err
	}
	_, err := attended(c)
	return err
}

// jsonBody refuses bodies of another type. curl says application/x-www-form-urlencoded unless told otherwise.
func jsonBody(c *wire.Call) error {
	if kind := c.MediaType(); kind != "" && kind != "application/json" && len(c.Body()) > 0 {
		return c.Trail.No("Content-Type", fail.New(fail.UnsupportedMedia, "the body is %s", kind).At("Content-Type"))
	}
	return nil
}

func createConsent(c *wire.Call) error {
	if err := heads(c); err != nil {
		return err
	}
	client, proven, err := caller(c)
	if err != nil {
		return err
	}
	id := ""
	if client != nil {
		id = client.ID
	}
	a, person, err := readRequest(c, id)
	if err != nil {
		return err
	}
	back, err := returnURI(c, client)
	if err != nil {
		return err
	}

	consent := newConsent(c, a, id, c.Space.Grants.Validity(name, id, a.until, sofia(), c.Now))
	if consent.Facts[returnFact] = back; !proven {
		consent.Facts[openFact] = "yes"
	}
	if person != nil {
		consent.Owner, c.Owner = person.ID, person.ID
	}
	kept := c.Space.Grants.AddConsent(consent)

	c.Set("Location", consentURL(c, kept, ""))
	c.Set("ASPSP-SCA-Approach", "REDIRECT")
	links := authorisationLinks(c, kept)
	links.Self, links.Status = link(consentURL(c, kept, "")), link(consentURL(c, kept, "/status"))
	return show(c, 201, shapeCreated{status(c, kept), kept.ID, links})
}

// readRequest reads what is asked for, and for whom where that is said.
func readRequest(c *wire.Call, client string) (*ask, *ledger.Person, error) {
	if err := jsonBody(c); err != nil {
		return nil, nil, err
	}
	a, err := readAsk(c.Body(), c.Now)
	if err != nil {
		return nil, nil, c.Trail.No("consent request", fail.From(err))
	}
	if models, source := c.Space.Grants.Policy.Value(grant.ConsentModels, name, client, ""); models.Text == grant.Detailed {
		if err := a.strict(); err != nil {
			return nil, nil, c.Trail.No("consent model, by "+source, fail.From(err))
		}
	}
	c.Trail.Pass("consent request", a.model)
	person, err := psu(c)
	if err != nil || person == nil || a.model != detailed {
		return a, person, err
	}
	return a, person, theirs(c, person, &a.access)
}

// psu is the person whom the call names by PSU-ID, or nil. The bank's portal demands the header, the source document does not know it;
// corporates have no accounts here.
func psu(c *wire.Call) (*ledger.Person, error) {
	if id := c.Header("PSU-Corporate-ID"); id != "" {
		return nil, c.Trail.No("PSU-Corporate-ID", fail.New(fail.BadCredentials, "there is no corporate %q", id).
			Coded("CORPORATE_ID_INVALID").Say("The corporate is not known.").At("PSU-Corporate-ID"))
	}
	id := c.Header("PSU-ID")
	if id == "" {
		return nil, nil
	}
	person := c.Space.Ledger.PersonByLogin(name, id)
	if person == nil || person.Locked {
		return nil, c.Trail.No("PSU known", fail.New(fail.BadCredentials, "no customer %q, or locked", id).At("PSU-ID"))
	}
	c.Trail.Pass("PSU known", person.ID)
	return person, nil
}

// theirs refuses a detailed consent for accounts that the person does not have. Without a PSU-ID this is first known at the login: the
// bank does not tell a stranger which IBANs it has.
func theirs(c *wire.Call, person *ledger.Person, a *access) error {
	_, rights, missing := match(c.Space.Ledger.AccountsOf(person.ID), a)
	switch {
	case missing != "":
		return c.Trail.No("accounts are the PSU's", fail.New(fail.InvalidField, "%s has no account %s", person.ID, missing).
			Coded("RESOURCE_UNKNOWN").Say("The PSU has no account %s.", missing).At("access"))
	case len(rights) == 0:
		return c.Trail.No("accounts can be shared", fail.New(fail.AccountBlocked, "every account that is named is blocked or closed").At("access"))
	}
	return nil
}

// returnURI is where the app wants the person back, for the link in the answer.
func returnURI(c *wire.Call, client *grant.Client) (string, error) {
	uri := c.Header("TPP-Redirect-URI")
	switch {
	case client == nil:
		return "", nil // the authorization request will say
	case uri == "" && len(client.RedirectURIs) == 1:
		return client.RedirectURIs[0], nil
	case uri != "" && !client.RedirectOK(uri):
		return "", c.Trail.No("TPP-Redirect-URI", fail.Field("TPP-Redirect-URI", "%q is not registered for client %s", uri, client.ID).
			Say("This TPP-Redirect-URI is not registered for the client."))
	}
	return uri, nil
}

// prefix is the one of the two that the caller used.
func prefix(c *wire.Call) string {
	if strings.HasPrefix(strings.TrimPrefix(c.Path(), c.Place.Mount), shortPrefix) {
		return shortPrefix
	}
	return longPrefix
}

func consentURL(c *wire.Call, consent *grant.Consent, rest string) string {
	return c.URL(prefix(c) + "/" + consent.ID + rest)
}

func link(to string) *shapeLink { return &shapeLink{to} }

// open finds the consent of the path for a caller who may see it. One that no client has proven to be its own is open to whoever knows
// its id, 122 random bits; afterwards only that client gets it, with a token of its own or its secret.
func open(c *wire.Call) (*grant.Consent, error) {
	if err := heads(c); err != nil {
		return nil, err
	}
	client, proven, err := caller(c)
	if err != nil {
		return nil, err
	}
	id := c.Param("consentId")
	consent := c.Space.Grants.Consent(name, id)
	switch {
	case consent == nil:
		return nil, c.Trail.No("consent known", fail.New(fail.ConsentUnknown, "there is no consent %q", id).At("consentId"))
	case client != nil && consent.Client != "" && consent.Client != client.ID:
		return nil, c.Trail.No("consent's client", fail.New(fail.ConsentUnknown, "consent %s is client %s's, not %s's", id, consent.Client, client.ID).At("consentId"))
	case consent.Facts[openFact] == "" && !proven:
		return nil, c.Trail.No("caller proven", fail.New(fail.TokenMissing, "consent %s is client %s's, and nothing proves that the caller is that client", id, consent.Client).
			Say("The consent belongs to a client. Send an access token of that client, or its id and secret by Basic."))
	}
	c.Trail.Pass("consent known", id)
	return consent, nil
}

func readConsent(c *wire.Call) error {
	consent, err := open(c)
	if err != nil {
		return err
	}

	s := status(c, consent)

	out := shapeConsent{Access: agreed(c, consent), Recurring: consent.Recurring, ValidUntil: day(consent.Until.Add(-time.Nanosecond)),
		Frequency: consent.Frequency, LastAction: day(consent.LastAction), Status: s}
	if most := frequency(c, consent.Client, consent.Frequency); most > 0 {
		out.Frequency = most
	}
	if s == grant.Valid {
		out.Links = &shapeAccountLink{shapeLink{c.URL(accountsPath)}}
	}
	return show(c, 200, out)
}

// agreed is what was asked for, and once the person has answered, the accounts that were allowed in its place.
func agreed(c *wire.Call, consent *grant.Consent) access {
	a := asked(consent)
	if model := consent.Facts[modelFact]; consent.Answered == nil || model != offered && model != detailed {
		return a
	}
	var all, sums, entries, names []reference
	for _, right := range consent.Rights {
		account := c.Space.Ledger.Account(right.Account)
		if account == nil {
			continue
		}
		r := reference{IBAN: account.IBAN, Currency: account.Currency}
		if account.IBAN == "" {
			r.BBAN = account.Number
		}
		all = append(all, r)
		if right.Balances {
			sums = append(sums, r)
		}
		if right.Transactions {
			entries = append(entries, r)
		}
		if named(consent, account) {
			names = append(names, r)
		}
	}
	replace := func(l **[]reference, by []reference) {
		if *l != nil {
			by = append([]reference{}, by...) // an empty list, not null
			*l = &by
		}
	}
	replace(&a.Accounts, all)
	replace(&a.Balances, sums)
	replace(&a.Transactions, entries)
	if a.Additional != nil {
		replace(&a.Additional.OwnerName, names)
	}
	return a
}

func consentStatus(c *wire.Call) error {
	consent, err := open(c)
	if err != nil {
		return err
	}

	return show(c, 200, shapeStatus{status(c, consent)})
}

// deleteConsent ends a consent for the client that asked for it. One that has ended already stays as it ended, and the answer is the
// same: whoever tries again after a lost answer is not told off.
func deleteConsent(c *wire.Call) error {
	consent, err := open(c)
	if err != nil {
		return err
	}

	if c.Space.Grants.EndConsent(consent.ID, grant.Terminated, "client", "deleted by the client", c.Now) {
		c.Trail.Pass("consent ended", consent.ID)
	}

	stamp(c)
	return c.Empty(204)
}

// adopt makes the consent the client's that takes it to the authorization endpoint.
func adopt(c *wire.Call, id, client string) error {
	_, err := c.Space.Grants.UpdateConsent(name, id, func(v *grant.Consent) error {
		if v.Client != "" && v.Client != client {
			return fail.New(fail.ConsentUnknown, "consent %s is client %s's", id, v.Client)
		}
		v.Client, v.Facts = client, without(v.Facts, openFact)
		return nil
	})
	if err != nil {
		return c.Trail.No("consent known", fail.New(fail.InvalidRequest, "%s", fail.From(err).Why).Say("The consent id is not known.").At("consentId"))
	}
	return nil
}

// without is a copy that lacks one fact.
func without(facts map[string]string, key string) map[string]string {
	next := maps.Clone(facts)
	delete(next, key)
	return next
}
