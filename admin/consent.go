package admin

import (
	"encoding/json"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// ConsentView is a consent as it stands now.
type ConsentView struct {
	ID         string            `json:"id"`
	Bank       string            `json:"bank"`
	Client     string            `json:"client"`
	User       string            `json:"user,omitempty"`
	Status     grant.Status      `json:"status"`
	Rights     []RightView       `json:"rights"`
	Recurring  bool              `json:"recurring"`
	Until      time.Time         `json:"until"`           // the first instant at which it is over
	Over       time.Time         `json:"over,omitzero"`   // taken back from then on, as the login asked; missing: it is not
	Login      string            `json:"login,omitempty"` // of who allowed it, where that had flags: "dave~consent30s"
	Left       *Duration         `json:"left,omitempty"`  // until then
	Frequency  int64             `json:"frequency"`       // calls a day without the user, per resource; 0: as the policy has it
	Created    time.Time         `json:"created"`
	LastAction time.Time         `json:"lastAction"`
	Answered   *grant.Event      `json:"answered,omitempty"`
	Ended      *grant.Event      `json:"ended,omitempty"`
	Asked      any               `json:"asked,omitempty"` // the request in the bank's own words
	Facts      map[string]string `json:"facts,omitempty"` // what the bank alone remembers of it
	Calls      []CallCount       `json:"calls,omitzero"`  // counted today; a list of consents does not tell them
}

// RightView is what a consent allows on one account.
type RightView struct {
	Account      string `json:"account"`
	IBAN         string `json:"iban,omitempty"`
	Name         string `json:"name,omitempty"`
	Balances     bool   `json:"balances"`
	Transactions bool   `json:"transactions"`
}

// CallCount is how often something was read today without the user; of a consent for one access, whether it was read at all.
type CallCount struct {
	What  string    `json:"what"`           // as the bank counts: operation and account
	Since time.Time `json:"since,omitzero"` // missing: no day ends this count
	Calls int64     `json:"calls"`
}

// ConsentList is a part of a list of consents.
type ConsentList struct {
	Items []ConsentView `json:"items"`
	Next  string        `json:"next,omitempty"` // cursor of the rest; missing: this is the end
}

// ConsentFilter says which consents are asked for; empty fields ask for all.
type ConsentFilter struct {
	Bank, Client string
	User         string // id or login
	Status       string // as NextGenPSD2 names them
}

func consentEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/consents", op: "consents", doc: "consents, the newest first", out: ConsentList{},
			query: listQuery(parameter{"bank", "at this bank"}, parameter{"client", "to this client"}, parameter{"user", "of this user: login, or bank/login"},
				parameter{"status", "received, valid, rejected, revokedByPsu, expired or terminatedByTpp"}),
			do: func(r *request) (any, error) {
				w, err := r.window()
				if err != nil {
					return nil, err
				}
				q := r.query
				return r.Consents(ConsentFilter{Bank: q.Get("bank"), Client: q.Get("client"), User: q.Get("user"), Status: q.Get("status")}, w)
			}},
		{method: "GET", path: "/consents/{id}", op: "consent", doc: "one consent, with today's calls", out: ConsentView{},
			do: func(r *request) (any, error) { return r.Consent(r.params["id"]) }},
		{method: "POST", path: "/consents", op: "createConsent", doc: "a valid consent without a browser", in: ConsentOrder{}, out: ConsentView{}, status: 201,
			do: order(func(r *request, o ConsentOrder) (any, error) { return r.CreateConsent(o) })},
		{method: "PATCH", path: "/consents/{id}", op: "changeConsent", doc: "change validity, accounts, rights or frequency", in: ConsentChange{}, out: ConsentView{},
			do: order(func(r *request, o ConsentChange) (any, error) { return r.ChangeConsent(r.params["id"], o) })},
		{method: "POST", path: "/consents/{id}/revoke", op: "revokeConsent", doc: "end it as the user: revokedByPsu", in: Reason{}, out: ConsentView{},
			do: order(func(r *request, o Reason) (any, error) { return r.RevokeConsent(r.params["id"], o) })},
		{method: "POST", path: "/consents/{id}/terminate", op: "terminateConsent", doc: "end it as the client: terminatedByTpp", in: Reason{}, out: ConsentView{},
			do: order(func(r *request, o Reason) (any, error) { return r.TerminateConsent(r.params["id"], o) })},
		{method: "POST", path: "/consents/{id}/expire", op: "expireConsent", doc: "move its end: now, in a while, or at an instant", in: EndOrder{}, out: ConsentView{},
			do: order(func(r *request, o EndOrder) (any, error) { return r.ExpireConsent(r.params["id"], o) })},
		{method: "POST", path: "/consents/{id}/reset-counter", op: "resetConsentCounter", doc: "forget today's calls, and what a consent for one access has opened", out: ConsentView{},
			do: func(r *request) (any, error) { return r.ResetConsentCounter(r.params["id"]) }},
	}
}

// Consents are those that a filter lets through, the newest first.
func (d *Desk) Consents(f ConsentFilter, w Window) (*ConsentList, error) {
	before, size, err := w.open()
	if err != nil {
		return nil, err
	}
	if err := oneOf("bank", f.Bank, d.Banks...); err != nil {
		return nil, err
	}
	all := []grant.Status{grant.Received, grant.Valid, grant.Rejected, grant.RevokedByPSU, grant.Expired, grant.Terminated}
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = string(s)
	}
	if err := oneOf("status", f.Status, names...); err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	g, now := d.Space.Grants, d.Space.Clock.Now()
	found, next := cut(size, g.NewestConsents(before, size+1, func(c *grant.Consent) bool {
		return (f.Bank == "" || c.Bank == f.Bank) && (f.Client == "" || c.Client == f.Client) && isUser(c.Owner, f.User) &&
			(f.Status == "" || string(g.ConsentStatus(c, now)) == f.Status)
	}), func(c *grant.Consent) int64 { return c.Number })
	out := &ConsentList{Items: make([]ConsentView, 0, len(found)), Next: next}
	for _, c := range found {
		out.Items = append(out.Items, d.consentView(c, now))
	}
	return out, nil
}

// Consent is one.
func (d *Desk) Consent(id string) (*ConsentView, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	c, err := d.findConsent(id)
	if err != nil {
		return nil, err
	}
	v := d.counted(c, d.Space.Clock.Now())
	return &v, nil
}

func (d *Desk) findConsent(id string) (*grant.Consent, error) {
	for _, bank := range d.Banks {
		if c := d.Space.Grants.Consent(bank, id); c != nil {
			return c, nil
		}
	}
	return nil, fail.New(fail.NotFound, "there is no consent %q", id)
}

func (d *Desk) consentView(c *grant.Consent, now time.Time) ConsentView {
	v := ConsentView{ID: c.ID, Bank: c.Bank, Client: c.Client, User: c.Owner, Status: d.Space.Grants.ConsentStatus(c, now), Rights: []RightView{},
		Recurring: c.Recurring, Until: c.Until, Left: left(c.Until, now), Frequency: c.Frequency, Created: c.Created, LastAction: c.LastAction,
		Answered: c.Answered, Ended: c.Ending(now), Over: c.Over, Login: c.Login, Facts: c.Facts}
	switch {
	case json.Valid([]byte(c.Asked)):
		v.Asked = json.RawMessage(c.Asked)
	case c.Asked != "":
		v.Asked = c.Asked
	}
	for _, right := range c.Rights {
		one := RightView{Account: right.Account, Balances: right.Balances, Transactions: right.Transactions}
		if a := d.Space.Ledger.Account(right.Account); a != nil {
			one.IBAN, one.Name = a.IBAN, a.Name
		}
		v.Rights = append(v.Rights, one)
	}
	return v
}

// countKey is how the banks begin the keys under which they count a consent's calls.
func countKey(c *grant.Consent) string { return c.ID + " " }

// counted is a consent with its calls of today, in the zone in which the bank counts.
func (d *Desk) counted(c *grant.Consent, now time.Time) ConsentView {
	v := d.consentView(c, now)
	v.Calls = []CallCount{}
	for _, n := range d.Space.Grants.Counts(countKey(c)) {
		if n.Since.IsZero() || !now.Before(n.Since) && now.Before(n.Since.AddDate(0, 0, 1)) {
			v.Calls = append(v.Calls, CallCount{What: strings.TrimSpace(n.Key[len(countKey(c)):]), Since: n.Since, Calls: n.N})
		}
	}
	return v
}
