package console

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sandbank/admin"
	"sandbank/admin/export"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/journal"
)

func clientPages() []page {
	return []page{
		{path: "clients", Title: "Clients", Nav: "clients", name: "clients", build: clients},
		{path: "clients/new", Title: "Register a client", Nav: "clients", name: "new-client", build: newClient},
		{path: "clients/service", Title: "New service account", Nav: "clients", name: "new-service", build: newService},
		{path: "clients/{bank}/{id}", Title: "Client", Nav: "clients", name: "client", build: client},
		{path: "clients/{bank}/{id}/delete", Title: "Delete a client", Nav: "clients", name: "delete-client", build: client},
	}
}

// Clients is the list of clients, by bank.
type Clients struct {
	V            *visit
	Bank, Filter string
	Items        []ClientRow
	All          int // without the filter
}

// ClientRow is a client with what there is of it.
type ClientRow struct {
	admin.ClientView
	Service bool      // has a service account
	Tokens  int       // that live
	Seen    time.Time // its last request, as far as the journal goes back; zero: none
}

// clientKey names a client across banks.
type clientKey struct{ bank, id string }

func clients(v *visit) (any, error) {
	c := &Clients{V: v, Bank: v.Query.Get("bank"), Filter: v.Query.Get("q")}
	bank, text := c.Bank, ""
	if err := searched(c.Filter, map[string]*string{"bank": &bank, "name": &text}, "name"); err != nil {
		v.wrong("q", err)
		c.All = -1 // not known
		return c, nil
	}
	all, err := v.Desk.Clients(bank)
	if err != nil {
		return nil, err
	}
	seen, living := v.clientsSeen(), v.clientsLiving()
	for _, one := range all {
		if c.All++; !strings.Contains(strings.ToLower(one.ID+" "+one.Name), strings.ToLower(text)) {
			continue
		}
		key := clientKey{one.Bank, one.ID}
		c.Items = append(c.Items, ClientRow{one, v.registered(one.Bank, one.ID).Service != nil, living[key], seen[key]})
	}
	return c, nil
}

// registered is a client as the bank knows it; an empty one when it has just gone.
func (v *visit) registered(bank, id string) *grant.Client {
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	return cmp.Or(v.Space.Grants.Client(bank, id), &grant.Client{})
}

// clientsSeen is when each client was heard of last.
func (v *visit) clientsSeen() map[clientKey]time.Time {
	seen := map[clientKey]time.Time{}
	v.Space.Journal.Before(math.MaxUint64, 1, func(e *journal.Entry) bool {
		if key := (clientKey{e.Bank, e.Client}); e.Client != "" && seen[key].IsZero() {
			seen[key] = e.At
		}
		return false
	})
	return seen
}

// clientsLiving is how many tokens of each client live.
func (v *visit) clientsLiving() map[clientKey]int {
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	n := map[clientKey]int{}
	v.Space.Grants.Living(v.Now, func(t *grant.Token) { n[clientKey{t.Bank, t.Client}]++ })
	return n
}

// Client is one client, with its credentials and what hangs on it.
type Client struct {
	V *visit
	admin.ClientView
	Service  *grant.Service
	Anywhere bool // any web address may be its redirect URI
	Live     int  // tokens
	Tokens   []admin.TokenView
	Consents int // valid ones
	Seen     time.Time
	Lives    []admin.KnobView
	Shown    bool // secrets are
	Format   string
	Preview  string
}

func client(v *visit) (any, error) {
	one, err := v.Desk.Client(v.Param("bank"), v.Param("id"))
	if err != nil {
		return nil, err
	}
	key, known := clientKey{one.Bank, one.ID}, v.registered(one.Bank, one.ID)
	c := &Client{V: v, ClientView: *one, Service: known.Service, Anywhere: known.AnyRedirect, Live: v.clientsLiving()[key], Seen: v.clientsSeen()[key],
		Shown: v.Query.Get("secret") == "show"}
	live, err := v.Desk.Tokens(admin.TokenFilter{Bank: one.Bank, Client: one.ID, State: "live"}, admin.Window{Limit: 5})
	if err != nil {
		return nil, err
	}
	given, err := v.Desk.Consents(admin.ConsentFilter{Bank: one.Bank, Client: one.ID, Status: string(grant.Valid)}, admin.Window{Limit: 1000})
	if err != nil {
		return nil, err
	}
	c.Tokens, c.Consents = live.Items, len(given.Items)
	policy, err := v.Desk.Policies(admin.PolicyLevel{Bank: one.Bank, Client: one.ID})
	if err != nil {
		return nil, err
	}
	c.Lives = slices.DeleteFunc(policy.Banks[0].Knobs, func(k admin.KnobView) bool { return k.Type != "lifetime" || !slices.Contains(k.Levels, "client") })
	return c, c.preview()
}

// preview writes the client down in the format that is asked for, without the secret unless that is shown.
func (c *Client) preview() error {
	c.Format = c.V.Query.Get("as")
	if c.Format == "" || !slices.Contains(export.Formats(), c.Format) {
		c.Format = "env"
	}
	file, err := c.V.Desk.ExportClient(c.Bank, c.ID, c.Format)
	if err != nil {
		return err
	}
	if !utf8.Valid(file.Data) || c.Format == "bruno" {
		return nil
	}
	c.Preview = string(file.Data)
	if !c.Shown {
		hide := func(secret string) {
			if len(secret) > 3 {
				c.Preview = strings.ReplaceAll(c.Preview, secret, hidden4)
			}
		}
		for _, s := range c.Secrets {
			hide(s.Value)
		}
		if c.Service != nil {
			hide(c.Service.Secret)
		}
	}
	return nil
}

// hidden4 stands for a secret that is not shown.
const hidden4 = "••••••••"

// NewService is the form for a service account.
type NewService struct {
	V     *visit
	Bank  string
	Ways  []string // banks that have such
	Acts  bool     // they act for a user there
	Users []string
}

func newService(v *visit) (any, error) {
	n := &NewService{V: v, Bank: v.Query.Get("bank")}
	for _, bank := range v.Banks {
		if v.World.Door(bank).Machine != "" {
			n.Ways = append(n.Ways, bank)
		}
		if v.World.Door(bank).Machine == grant.ByService && n.Bank == "" {
			n.Bank = bank // where a service account is something of its own
		}
	}
	if !slices.Contains(n.Ways, n.Bank) {
		return nil, fail.Field("bank", "%q has no service accounts; there are %s", n.Bank, strings.Join(n.Ways, ", "))
	}
	n.Acts = v.World.Door(n.Bank).Machine == grant.ByService
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	for i, p := range v.Space.Ledger.People(n.Bank) {
		if i < 200 {
			n.Users = append(n.Users, p.Login)
		}
	}
	return n, nil
}

// First is the user that the form proposes; empty where the account acts for none.
func (n *NewService) First() string {
	if !n.Acts || len(n.Users) == 0 {
		return ""
	}
	return n.Users[0]
}

// Formats are what a client can be exported as: slug and name.
func (c *Client) Formats() [][2]string {
	names := map[string]string{"env": ".env", "curl": "curl script", "go": "Go", "python": "Python", "postman": "Postman", "bruno": "Bruno"}
	var out [][2]string
	for _, f := range export.Formats() {
		out = append(out, [2]string{f, names[f]})
	}
	return out
}

// Download is where the file is.
func (c *Client) Download() string {
	return c.V.Root + admin.Prefix + "/clients/" + url.PathEscape(c.Bank) + "/" + url.PathEscape(c.ID) + "/export?format=" + c.Format
}

// Kind says how the client proves who it is.
func (c *Client) Kind() string { return clientKind(c.Public, c.Service != nil) }

// Kind says how the client proves who it is.
func (c ClientRow) Kind() string { return clientKind(c.Public, c.Service) }

func clientKind(public, service bool) string {
	switch {
	case service:
		return "service"
	case public:
		return "public"
	}
	return "confidential"
}

// Pushes tells whether clients of a bank can be held to pushed authorization requests.
func (v *visit) Pushes(bank string) bool {
	_, has := v.Desk.Space.Grants.Policy.Default(grant.PushedTTL, bank)
	return has
}

// Lines is a list as a text field of several lines has it.
func (v *visit) Lines(all []string) string { return strings.Join(all, "\n") }

// Blanks is a list on one line.
func (v *visit) Blanks(all []string) string { return strings.Join(all, ", ") }

// ScopesOf says which scopes a bank has.
func (v *visit) ScopesOf(bank string) string {
	return v.Bank(bank) + " has " + strings.Join(v.World.Bank(bank).Scopes, ", ")
}

// NewClient is the form for a client.
type NewClient struct {
	V     *visit
	Bank  string
	Types []string // grant types that clients of this bank have
}

func newClient(v *visit) (any, error) {
	n := &NewClient{V: v, Bank: v.Query.Get("bank"), Types: []string{"authorization_code", "refresh_token"}}
	if n.Bank == "" {
		n.Bank = v.Banks[0]
	}
	all, err := v.Desk.Clients(n.Bank)
	if err != nil {
		return nil, fail.From(err).At("bank")
	}
	if len(all) > 0 {
		n.Types = all[0].GrantTypes
	}
	return n, nil
}
