package admin

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

// ClientView is a registered client. Secrets are shown: they are the sandbox's own, and open nothing anywhere else.
type ClientView struct {
	Bank         string       `json:"bank"`
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	Public       bool         `json:"public"` // has no secret and is held to PKCE
	Secrets      []SecretView `json:"secrets"`
	RedirectURIs []string     `json:"redirectUris"`
	Loopback     bool         `json:"loopback"` // any loopback redirect URI as well
	Origins      []string     `json:"origins"`  // of browser apps that may read its answers, * for any; a public client with loopback has every loopback one
	GrantTypes   []string     `json:"grantTypes"`
	Scopes       []string     `json:"scopes"` // empty: whatever the bank has
	Disabled     bool         `json:"disabled"`
	RequirePAR   bool         `json:"requirePushedAuthorizationRequests"` // its requests come by no other way (RFC 9126 §6)
	Created      time.Time    `json:"created"`
	Grants       int          `json:"grants"` // that stand
	ClientKeys

	PostLogoutRedirectURIs []string `json:"postLogoutRedirectUris"`
}

// SecretView is one secret, and until when it works.
type SecretView struct {
	Value string    `json:"value"`
	Until time.Time `json:"until,omitzero"` // zero: no end
}

// ClientMint registers a client, or several alike: of more than one, ids and secrets are dealt.
type ClientMint struct {
	ClientOrder
	Count int `json:"count,omitempty"` // 1 to 1000; 0: 1
}

// ClientsMinted is a new client, and the others.
type ClientsMinted struct {
	ClientView
	More []ClientView `json:"more,omitempty"` // the others, with count
}

// ClientList is a part of the clients, by bank and id.
type ClientList = List[ClientView]

// RotateOrder gives a client a new secret. The old ones work on for the overlap.
type RotateOrder struct {
	Overlap Duration `json:"overlap,omitempty"` // none: they end at once
	Secret  string   `json:"secret,omitempty"`  // empty: one is dealt
}

func clientEndpoints() []endpoint {
	const one = "/clients/{bank}/{id}"
	return []endpoint{
		{method: "GET", path: "/clients", op: "clients", doc: "registered clients with their secrets", query: listQuery(parameter{"bank", "of one bank"}), out: ClientList{},
			do: func(r *request) (any, error) {
				w, err := r.window()
				if err != nil {
					return nil, err
				}
				return r.ClientList(r.query.Get("bank"), w)
			}},
		{method: "POST", path: "/clients", op: "registerClient", doc: "register a client, or a count of them", in: ClientMint{}, out: ClientsMinted{}, status: 201,
			do: order(func(r *request, o ClientMint) (any, error) { return r.MintClients(o) })},
		{method: "GET", path: one, op: "client", doc: "one client", out: ClientView{}, do: func(r *request) (any, error) {
			return r.Client(r.params["bank"], r.params["id"])
		}},
		{method: "PATCH", path: one, op: "editClient", doc: "change what is named; tokens that the client holds are not touched", in: ClientOrder{}, out: ClientView{},
			do: clientOrder((*Desk).EditClient)},
		{method: "POST", path: one + "/rotate", op: "rotateSecret", doc: "a new secret; the old ones work on for the overlap", in: RotateOrder{}, out: ClientView{},
			do: func(r *request) (any, error) {
				var o RotateOrder
				if err := r.decode(&o); err != nil {
					return nil, err
				}
				return r.RotateSecret(r.params["bank"], r.params["id"], o)
			}},
		{method: "DELETE", path: one, op: "deleteClient", doc: "remove a client with its policy level; its tokens are refused from then on",
			do: func(r *request) (any, error) { return nil, r.DeleteClient(r.params["bank"], r.params["id"]) }},
	}
}

// Clients lists the clients of a bank, or of all.
func (d *Desk) Clients(bank string) ([]ClientView, error) {
	if err := d.isBank("bank", bank); bank != "" && err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	out := []ClientView{}
	for _, c := range d.Space.Grants.Clients(bank) {
		out = append(out, *d.clientView(c))
	}
	return out, nil
}

// ClientList lists a part of them.
func (d *Desk) ClientList(bank string, w Window) (*ClientList, error) {
	if err := d.isBank("bank", bank); bank != "" && err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	all := d.Space.Grants.Clients(bank)
	page, next, err := pageOf(w, all, func(c *grant.Client) string { return c.Bank + " " + c.ID })
	if err != nil {
		return nil, err
	}
	out := &ClientList{Items: []ClientView{}, Next: next, Total: len(all)}
	for _, c := range page {
		out.Items = append(out.Items, *d.clientView(c))
	}
	return out, nil
}

// Client looks at one.
func (d *Desk) Client(bank, id string) (*ClientView, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	c := d.Space.Grants.Client(bank, id)
	if c == nil {
		return nil, fail.New(fail.NotFound, "no client %q at %s", id, bank)
	}
	return d.clientView(c), nil
}

func (d *Desk) clientView(c *grant.Client) *ClientView {
	v := &ClientView{Bank: c.Bank, ID: c.ID, Name: c.Name, Public: c.Public(), Secrets: []SecretView{}, RedirectURIs: append([]string{}, c.RedirectURIs...),
		PostLogoutRedirectURIs: append([]string{}, c.PostLogoutRedirectURIs...), Loopback: c.Loopback, Origins: append([]string{}, c.Origins...),
		GrantTypes: append([]string{}, c.GrantTypes...), Scopes: append([]string{}, c.Scopes...), Disabled: c.Disabled, RequirePAR: c.RequirePAR, Created: c.Created, ClientKeys: keysOf(c)}
	for _, s := range c.Secrets {
		v.Secrets = append(v.Secrets, SecretView{s.Value, s.Until})
	}
	now := d.Space.Clock.Now()
	v.Grants = len(d.Space.Grants.Of(func(g *grant.Grant) bool { return g.Bank == c.Bank && g.Client == c.ID && g.Ending(now) == nil }))
	return v
}

func (d *Desk) isBank(field, name string) error {
	if !slices.Contains(d.Banks, name) {
		return fail.Field(field, "there is no bank %q; there are %s", name, strings.Join(d.Banks, ", "))
	}
	return nil
}

// MintClients admits a client, or several, or none. Without grant types they get those of a web application.
func (d *Desk) MintClients(o ClientMint) (*ClientsMinted, error) {
	if err := d.isBank("bank", o.Bank); err != nil {
		return nil, err
	}
	if o.Public && o.Secret != "" {
		return nil, fail.Field("secret", "a public client has no secret")
	}
	if o.Public && o.text() != "" {
		return nil, fail.Field("jwks", "a public client has no keys")
	}
	n, err := several(o.Count, o.ID+o.Secret)
	if err != nil {
		return nil, err
	}
	made, err := register(d, "client.register", registering("client", o.ID, n, o.Bank), n,
		func() (*grant.Client, error) { return d.newClient(o.ClientOrder) }, d.clientView)
	if err != nil {
		return nil, err
	}
	return &ClientsMinted{made[0], made[1:]}, nil
}

// register admits n new clients in one change, or none, and shows them.
func register[V any](d *Desk, verb, what string, n int, next func() (*grant.Client, error), view func(*grant.Client) *V) (made []V, err error) {
	err = d.Space.Change(verb, what, func() error {
		for range n {
			c, err := next()
			if err != nil {
				return err
			}
			if err := d.Space.Grants.AddClient(*c); err != nil {
				return fail.From(err).At("id")
			}
			made = append(made, *view(c))
		}
		return nil
	})
	return made, err
}

// newClient is the client of an order, within a change.
func (d *Desk) newClient(o ClientOrder) (*grant.Client, error) {
	c := &grant.Client{ID: o.ID, Bank: o.Bank, Created: d.Space.Clock.Now(), GrantTypes: []string{"authorization_code", "refresh_token"}}
	if c.ID == "" {
		c.ID = "app-" + d.Space.Dice.Text(dice.Lower, 8)
	}
	if !plain(c.ID) {
		return nil, fail.Field("id", "%q is no client id; write up to 100 letters, digits and -._~", c.ID)
	}
	if !o.Public && (o.AuthMethod != grant.PrivateKeyJWT || o.Secret != "") {
		c.Secrets = []grant.Secret{{Value: d.secret(o.Secret)}}
	}
	return c, d.register(o, c)
}

// several reads a count of things to make; of several, none can have an id or a secret of its own.
func several(count int, own string) (int, error) {
	const most = 1000
	switch {
	case count < 0 || count > most:
		return 0, fail.Field("count", "%d is not from 1 to %d", count, most)
	case count > 1 && own != "":
		return 0, fail.Field("count", "of several, ids and secrets are dealt")
	}
	return max(count, 1), nil
}

// registering says what a change makes.
func registering(what, id string, n int, bank string) string {
	switch {
	case n > 1:
		return fmt.Sprintf("registered %d %ss at %s", n, what, bank)
	case id == "":
		return fmt.Sprintf("registered a %s at %s", what, bank)
	}
	return fmt.Sprintf("registered %s %s at %s", what, brief(id), bank)
}

// secret is the one asked for, or a dealt one: letters and digits only, because some clients form-encode secrets and some do not.
// It is called within a change, as whatever is dealt: a reset puts other dice in place.
func (d *Desk) secret(asked string) string {
	if asked != "" {
		return asked
	}
	return d.Space.Dice.Text(dice.Alnum, 40)
}

func plain(id string) bool {
	return id != "" && len(id) <= 100 && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
	})
}

// EditClient changes a client. Its tokens live on, unless it is disabled.
func (d *Desk) EditClient(o ClientOrder) (*ClientView, error) {
	what := "edited client "
	if o.Disabled != nil && reflect.DeepEqual(o, ClientOrder{Bank: o.Bank, ID: o.ID, Disabled: o.Disabled}) {
		what = map[bool]string{true: "disabled client ", false: "enabled client "}[*o.Disabled]
	}
	return d.changeClient(o.Bank, o.ID, "client.edit", what, func(c *grant.Client) error { return d.register(o, c) })
}

// RotateSecret gives a client a new secret.
func (d *Desk) RotateSecret(bank, id string, o RotateOrder) (*ClientView, error) {
	if o.Overlap < 0 {
		return nil, fail.Field("overlap", "%s is negative", o.Overlap)
	}
	return d.changeClient(bank, id, "client.rotate", "rotated the secret of client ", func(c *grant.Client) error {
		if c.Public() {
			return fail.New(fail.Conflict, "client %s is public and has no secret", id)
		}
		if c.AuthMethod == grant.PrivateKeyJWT {
			return fail.New(fail.Conflict, "client %s proves itself by its keys alone", id)
		}
		c.Secrets = append([]grant.Secret{{Value: d.secret(o.Secret)}}, o.overlapping(c.Secrets, d.Space.Clock.Now())...)
		return nil
	})
}

// overlapping are those of the old secrets that work on, for the overlap at most.
func (o RotateOrder) overlapping(old []grant.Secret, now time.Time) (out []grant.Secret) {
	for _, s := range old {
		if end := now.Add(time.Duration(o.Overlap)); s.Until.IsZero() || s.Until.After(end) {
			s.Until = end
		}
		if s.Until.After(now) {
			out = append(out, s)
		}
	}
	return out
}

func (d *Desk) changeClient(bank, id, verb, what string, by func(*grant.Client) error) (view *ClientView, err error) {
	err = d.Space.Change(verb, what+id+" at "+bank, func() error {
		c := d.Space.Grants.Client(bank, id)
		if c == nil {
			return fail.New(fail.NotFound, "no client %q at %s", id, bank)
		}
		next := *c
		if err := by(&next); err != nil {
			return err
		}
		c, err := d.Space.Grants.UpdateClient(bank, id, func(v *grant.Client) { *v = next })
		if err != nil {
			return err
		}
		view = d.clientView(c)
		return nil
	})
	return view, err
}

// DeleteClient removes a client with its policy level. Its tokens are refused from then on, and come back with it when that is undone.
func (d *Desk) DeleteClient(bank, id string) error {
	return d.Space.Change("client.delete", "deleted client "+id+" at "+bank, func() error { return d.dropClient(bank, id) })
}

func (d *Desk) dropClient(bank, id string) error {
	if !d.Space.Grants.RemoveClient(bank, id) {
		return fail.New(fail.NotFound, "no client %q at %s", id, bank)
	}
	d.Space.Grants.Policy.Clear(grant.Level{Bank: bank, Client: id})
	return nil
}
