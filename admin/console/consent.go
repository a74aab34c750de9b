package console

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/clock"
	"sandbank/server/grant"
)

func consentPages() []page {
	return []page{
		{path: "consents", Title: "Consents", Nav: "consents", name: "consents", build: consents},
		{path: "consents/new", Title: "Pre-authorise", Nav: "consents", name: "new-consent", build: newConsent},
		{path: "consents/{id}", Title: "Consent", Nav: "consents", name: "consents", build: consents},
	}
}

// Consents is the list of consents, with one of them opened when the path names it.
type Consents struct {
	V      *visit
	List   *admin.ConsentList
	Filter string
	Status string
	Used   map[string]int64 // by consent: the most calls of today on one resource
	Open   *OpenConsent
	Alone  bool // the open one is not in the list
}

// OpenConsent is a consent with what hangs on it.
type OpenConsent struct {
	V      *visit
	One    admin.ConsentView
	Grants []*grant.Grant // that live by it
	Mine   []string       // accounts of its user: "id=words"
	On     []string       // accounts that it opens
	Rights []string       // balances, transactions: allowed on any
	Login  string         // address at which its user allows it, or a new one
}

func consents(v *visit) (any, error) {
	q := v.Query
	f := admin.ConsentFilter{Bank: q.Get("bank"), Client: q.Get("client"), User: q.Get("user"), Status: q.Get("status")}
	err := searched(q.Get("q"), map[string]*string{"bank": &f.Bank, "client": &f.Client, "user": &f.User, "status": &f.Status}, "user")
	c := &Consents{V: v, Filter: q.Get("q"), Status: f.Status, Used: v.callsToday()}
	if err == nil {
		c.List, err = v.Desk.Consents(f, admin.Window{Limit: 100, Cursor: q.Get("cursor")})
	}
	if err != nil {
		v.wrong("q", err)
		c.List = &admin.ConsentList{}
	}
	id := v.Param("id")
	if id == "" {
		return c, nil
	}
	if c.Open, err = openConsent(v, id); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(c.List.Items, func(x admin.ConsentView) bool { return x.ID == id }) {
		c.List.Items, c.Alone = []admin.ConsentView{c.Open.One}, true
	}
	return c, nil
}

// callsToday is how often each consent was used today, on the resource that was read most: that is what a bank counts.
func (v *visit) callsToday() map[string]int64 {
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	used := map[string]int64{}
	for _, n := range v.Space.Grants.Counts("") {
		if id, _, ok := strings.Cut(n.Key, " "); ok && !v.Now.Before(n.Since) && v.Now.Before(n.Since.AddDate(0, 0, 1)) {
			used[id] = max(used[id], n.N)
		}
	}
	return used
}

func openConsent(v *visit, id string) (*OpenConsent, error) {
	one, err := v.Desk.Consent(id)
	if err != nil {
		return nil, err
	}
	o := &OpenConsent{V: v, One: *one}
	waits := ""
	if one.Status == grant.Received {
		waits = id
	}
	if login, err := v.Desk.ClientLogin(one.Bank, one.Client, waits); err == nil { // of a client that is still there
		o.Login = hinted(login.URL, tail(one.User))
	}
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	o.Grants = v.Space.Grants.Of(func(g *grant.Grant) bool { return g.Consent == id })
	for _, a := range v.Space.Ledger.AccountsOf(one.User) {
		o.Mine = append(o.Mine, a.ID+"="+a.Name+", "+cmp.Or(a.IBAN, a.Number))
	}
	for _, r := range one.Rights {
		o.On = append(o.On, r.Account)
		if r.Balances && !slices.Contains(o.Rights, "balances") {
			o.Rights = append(o.Rights, "balances")
		}
		if r.Transactions && !slices.Contains(o.Rights, "transactions") {
			o.Rights = append(o.Rights, "transactions")
		}
	}
	return o, nil
}

// Stage is one state of a consent, as the drawing of all of them has it.
type Stage struct {
	Name grant.Status
	At   template.HTML // when it came to it; empty: it has not
	Note string
	Here bool // where it is now
}

// Stage is what one state is to this consent.
func (o *OpenConsent) Stage(of string) Stage {
	c, name := &o.One, grant.Status(of)
	s := Stage{Name: name, Here: name == c.Status, Note: map[grant.Status]string{grant.Received: "asked for by " + cmp.Or(c.Client, "a client"), grant.Valid: "allowed by its user",
		grant.Expired: "its time is over, or a newer one came", grant.RevokedByPSU: "its user took it back", grant.Terminated: "its client gave it up",
		grant.Rejected: "denied, or not answered in time"}[name]}
	say := func(e *grant.Event) {
		if e != nil {
			s.At, s.Note = o.V.Clock(e.At), "by "+e.By+": "+e.Why
		}
	}
	switch {
	case name == grant.Received:
		s.At = o.V.Clock(c.Created)
	case name == grant.Valid && c.Status != grant.Rejected, name == grant.Rejected && s.Here:
		say(c.Answered)
	case s.Here:
		s.At = o.V.Clock(c.Until)
		say(c.Ended)
	}
	return s
}

// Over tells whether nothing can be done with it any more.
func (o *OpenConsent) Over() bool {
	return o.One.Status != grant.Received && o.One.Status != grant.Valid
}

// Ahead is an instant so many days from now, as a lever reads it.
func (v *visit) Ahead(days int) string {
	return v.Now.Add(time.Duration(days) * clock.Day).UTC().Truncate(time.Second).Format(time.RFC3339)
}

// NewConsent is the form for a consent without a browser.
type NewConsent struct {
	V       *visit
	Bank    string
	Clients []string
	Users   []string
	First   [2]string // client and user that the form proposes
}

func newConsent(v *visit) (any, error) {
	n := &NewConsent{V: v, Bank: v.Query.Get("bank")}
	v.Space.Gate.RLock()
	for _, bank := range v.Banks {
		if _, has := v.Space.Grants.Policy.Default(grant.ConsentTTL, bank); has && n.Bank == "" {
			n.Bank = bank
		}
	}
	v.Space.Gate.RUnlock()
	all, err := v.Desk.Clients(n.Bank)
	if err != nil {
		return nil, err
	}
	for i, c := range all {
		if n.Clients = append(n.Clients, c.ID+"="+cmp.Or(c.Name, c.ID)); i == 0 {
			n.First[0] = c.ID
		}
	}
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	for i, p := range v.Space.Ledger.People(n.Bank) {
		if i == 200 {
			break
		}
		if n.Users = append(n.Users, p.Login); i == 0 {
			n.First[1] = p.Login
		}
	}
	return n, nil
}

// Short is the beginning of a long id, for lists; the whole one stands where it can be copied.
func (v *visit) Short(id string) string {
	if first, _, ok := strings.Cut(id, "-"); ok && len(id) == 36 {
		return first
	}
	return id
}

// Count is a number as a text.
func (v *visit) Count(n int64) string { return strconv.FormatInt(n, 10) }
