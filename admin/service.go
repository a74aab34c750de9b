package admin

import (
	"slices"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

// ServiceView is a service account: a client that acts without anybody at the keyboard. How it does that is the bank's way: with its own
// credentials, or with a second id and secret that act for one user.
type ServiceView struct {
	Bank     string       `json:"bank"`
	ID       string       `json:"id"` // of the client
	Name     string       `json:"name"`
	Way      string       `json:"way"`               // client_credentials, service account
	Service  string       `json:"service,omitempty"` // the second id
	User     string       `json:"user,omitempty"`    // whom it acts for
	Secrets  []SecretView `json:"secrets"`           // with which it acts, the newest first; masked unless asked for
	Client   []SecretView `json:"client,omitempty"`  // the client's own secrets, where those are others
	Scopes   []string     `json:"scopes"`            // empty: whatever the bank has
	Disabled bool         `json:"disabled"`
	Shared   bool         `json:"shared"` // whether people use the client as well
	Created  time.Time    `json:"created"`
	Tokens   int          `json:"tokens"` // live, of its own
}

// ServiceMint asks for a service account, or several alike: of more than one, ids and secrets are dealt.
type ServiceMint struct {
	ServiceOrder
	Count int `json:"count,omitempty"` // 1 to 1000; 0: 1
}

// ServicesMinted is a new service account, and the others, all with their secrets.
type ServicesMinted struct {
	ServiceView
	More []ServiceView `json:"more,omitempty"` // the others, with count
}

// ServiceList is a part of the service accounts, by bank and id.
type ServiceList = List[ServiceView]

// ServiceOrder asks for a service account, or changes what it names of one.
type ServiceOrder struct {
	Bank     string    `json:"bank,omitempty"`    // when making one
	ID       string    `json:"id,omitempty"`      // when making one; empty: one is dealt
	Secret   string    `json:"secret,omitempty"`  // when making one: that it acts with; empty: one is dealt
	Service  string    `json:"service,omitempty"` // when making one, where service accounts act for users: the second id; empty: one is dealt
	User     *string   `json:"user,omitempty"`    // there: whom it acts for, login or bank/login
	Name     *string   `json:"name,omitempty"`
	Scopes   *[]string `json:"scopes,omitempty"`
	Disabled *bool     `json:"disabled,omitempty"`
}

const oneService = "/service-accounts/{bank}/{id}"

func serviceEndpoints() []endpoint {
	reveal := parameter{"reveal", "true: show secrets"}
	return []endpoint{
		{method: "GET", path: "/service-accounts", op: "serviceAccounts", doc: "clients that act without anybody at the keyboard",
			query: listQuery(parameter{"bank", "of one bank"}, parameter{"user", "that act for this user: login, or bank/login"}, reveal), out: ServiceList{},
			do: func(r *request) (any, error) {
				show, err := r.reveal()
				if err != nil {
					return nil, err
				}
				w, err := r.window()
				if err != nil {
					return nil, err
				}
				return r.ServiceAccounts(r.query.Get("bank"), r.query.Get("user"), show, w)
			}},
		{method: "POST", path: "/service-accounts", op: "mintServiceAccount", doc: "a client that acts without anybody at the keyboard, or a count of them; the answer shows their secrets",
			in: ServiceMint{}, out: ServicesMinted{}, status: 201,
			do: order(func(r *request, o ServiceMint) (any, error) { return r.MintServiceAccounts(o) })},
		{method: "GET", path: oneService, op: "serviceAccount", doc: "one service account", query: []parameter{reveal}, out: ServiceView{},
			do: func(r *request) (any, error) {
				show, err := r.reveal()
				if err != nil {
					return nil, err
				}
				return r.ServiceAccount(r.params["bank"], r.params["id"], show)
			}},
		{method: "PATCH", path: oneService, op: "editServiceAccount", doc: "change what is named; tokens live on", in: ServiceOrder{}, out: ServiceView{},
			do: order(func(r *request, o ServiceOrder) (any, error) {
				return r.EditServiceAccount(r.params["bank"], r.params["id"], o)
			})},
		{method: "POST", path: oneService + "/rotate", op: "rotateServiceAccount", doc: "a new secret to act with; the old ones work on for the overlap", in: RotateOrder{}, out: ServiceView{},
			do: order(func(r *request, o RotateOrder) (any, error) {
				return r.RotateServiceAccount(r.params["bank"], r.params["id"], o)
			})},
		{method: "DELETE", path: oneService, op: "deleteServiceAccount", doc: "take the account away, and its own tokens; the client goes unless people use it as well",
			do: func(r *request) (any, error) {
				return nil, r.DeleteServiceAccount(r.params["bank"], r.params["id"])
			}},
	}
}

// wayOf is how a client acts on its own; empty when it does not.
func (d *Desk) wayOf(c *grant.Client) string {
	way := d.World.Door(c.Bank).Machine
	if way == grant.ByService && c.Service != nil || way == grant.ByCredentials && c.May("client_credentials") && len(c.Secrets) > 0 {
		return way
	}
	return ""
}

// shared tells whether people use a client that acts on its own as well.
func (d *Desk) shared(c *grant.Client) bool {
	return d.wayOf(c) == grant.ByCredentials && slices.ContainsFunc(c.GrantTypes, func(t string) bool { return t != "client_credentials" })
}

// ServiceAccounts are those of a bank, or of all, that act for a user, or for anybody.
func (d *Desk) ServiceAccounts(bank, user string, reveal bool, w Window) (*ServiceList, error) {
	if err := oneOf("bank", bank, d.Banks...); err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	all := slices.DeleteFunc(d.Space.Grants.Clients(bank), func(c *grant.Client) bool {
		return d.wayOf(c) == "" || user != "" && (c.Service == nil || !isUser(c.Service.Owner, user))
	})
	page, next, err := pageOf(w, all, func(c *grant.Client) string { return c.Bank + " " + c.ID })
	if err != nil {
		return nil, err
	}
	out := &ServiceList{Items: []ServiceView{}, Next: next, Total: len(all)}
	for _, c := range page {
		out.Items = append(out.Items, *d.serviceView(c, reveal))
	}
	return out, nil
}

// ServiceAccount is one.
func (d *Desk) ServiceAccount(bank, id string, reveal bool) (*ServiceView, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	c, err := d.service(bank, id)
	if err != nil {
		return nil, err
	}
	return d.serviceView(c, reveal), nil
}

func (d *Desk) service(bank, id string) (*grant.Client, error) {
	if c := d.Space.Grants.Client(bank, id); c != nil && d.wayOf(c) != "" {
		return c, nil
	}
	return nil, fail.New(fail.NotFound, "no service account %s at %s", clipped(id), brief(bank))
}

func (d *Desk) serviceView(c *grant.Client, reveal bool) *ServiceView {
	secrets := func(all []grant.Secret) []SecretView {
		out := []SecretView{}
		for _, s := range all {
			if !reveal {
				s.Value = masked(s.Value)
			}
			out = append(out, SecretView{s.Value, s.Until})
		}
		return out
	}
	v := &ServiceView{Bank: c.Bank, ID: c.ID, Name: c.Name, Way: d.wayOf(c), Secrets: secrets(c.Secrets), Scopes: append([]string{}, c.Scopes...),
		Disabled: c.Disabled, Shared: d.shared(c), Created: c.Created}
	if s := c.Service; v.Way == grant.ByService {
		v.Service, v.User, v.Client = s.ID, s.Owner, v.Secrets
		v.Secrets = secrets(append([]grant.Secret{{Value: s.Secret}}, s.Former...))
	}
	d.Space.Grants.Living(d.Space.Clock.Now(), func(t *grant.Token) {
		if t.Bank == c.Bank && t.Client == c.ID && (t.Owner == "" || v.Way == grant.ByService) {
			v.Tokens++
		}
	})
	return v
}

// MintServiceAccounts registers a client that acts on its own, in the way that the bank has for that, or several, or none. Their secrets
// are shown.
func (d *Desk) MintServiceAccounts(o ServiceMint) (*ServicesMinted, error) {
	if err := d.isBank("bank", o.Bank); err != nil {
		return nil, err
	}
	way := d.World.Door(o.Bank).Machine
	if way == "" {
		return nil, fail.Field("bank", "at %s no client acts without a user", o.Bank)
	}
	if err := o.fits(way); err != nil {
		return nil, err
	}
	n, err := several(o.Count, o.ID+o.Secret+o.Service)
	if err != nil {
		return nil, err
	}
	made, err := register(d, "service.mint", registering("service account", o.ID, n, o.Bank), n,
		func() (*grant.Client, error) { return d.newService(o.ServiceOrder, way) },
		func(c *grant.Client) *ServiceView { return d.serviceView(c, true) })
	if err != nil {
		return nil, err
	}
	return &ServicesMinted{made[0], made[1:]}, nil
}

// newService is the client of an order that acts in this way, within a change.
func (d *Desk) newService(o ServiceOrder, way string) (*grant.Client, error) {
	c := &grant.Client{ID: o.ID, Bank: o.Bank, Created: d.Space.Clock.Now(), GrantTypes: []string{"client_credentials"}}
	if c.ID == "" {
		c.ID = "svc-" + d.Space.Dice.Text(dice.Lower, 8)
	}
	if !plain(c.ID) || o.Service != "" && !plain(o.Service) {
		return nil, fail.Field("id", "an id has up to 100 letters, digits and -._~")
	}
	acts := d.secret(o.Secret)
	c.Secrets = []grant.Secret{{Value: acts}}
	if way == grant.ByService {
		c.GrantTypes = []string{"authorization_code", "refresh_token"}
		c.Secrets[0].Value = d.secret("")
		c.Service = &grant.Service{ID: o.Service, Secret: acts}
		if o.Service == "" {
			c.Service.ID = d.Space.Dice.UUID()
		}
	}
	return c, o.apply(d, c)
}

// fits refuses what has no effect at a bank.
func (o *ServiceOrder) fits(way string) error {
	switch {
	case way == grant.ByService && o.User == nil:
		return fail.Field("user", "say for which user it acts")
	case way == grant.ByCredentials && o.User != nil:
		return fail.Field("user", "here a service account acts for itself, not for a user")
	case way == grant.ByCredentials && o.Service != "":
		return fail.Field("service", "here a service account has no second id")
	}
	return nil
}

// apply changes what the order names, after checking it.
func (o *ServiceOrder) apply(d *Desk, c *grant.Client) error {
	if o.User != nil {
		owner, err := d.user(c.Bank, *o.User)
		if err != nil {
			return err
		}
		next := *c.Service
		next.Owner = owner
		c.Service = &next
	}
	return (&ClientOrder{Name: o.Name, Scopes: o.Scopes, Disabled: o.Disabled}).apply(d, c)
}

// EditServiceAccount changes a service account. Its tokens live on, unless it is disabled.
func (d *Desk) EditServiceAccount(bank, id string, o ServiceOrder) (*ServiceView, error) {
	if o.Bank != "" || o.ID != "" || o.Secret != "" || o.Service != "" {
		return nil, fail.Field("id", "bank, id, service and secret stay as they are; see rotate for secrets")
	}
	return d.onService(bank, id, "service.edit", "edited service account ", func(c *grant.Client) error {
		if way := d.wayOf(c); way != grant.ByService && o.User != nil {
			return o.fits(way)
		}
		return o.apply(d, c)
	})
}

// RotateServiceAccount gives a service account a new secret to act with: its own, or, where it has a second id, the secret of that.
func (d *Desk) RotateServiceAccount(bank, id string, o RotateOrder) (*ServiceView, error) {
	if o.Overlap < 0 {
		return nil, fail.Field("overlap", "%s is negative", o.Overlap.String())
	}
	return d.onService(bank, id, "service.rotate", "rotated the secret of service account ", func(c *grant.Client) error {
		fresh, now := d.secret(o.Secret), d.Space.Clock.Now()
		if d.wayOf(c) == grant.ByCredentials {
			c.Secrets = append([]grant.Secret{{Value: fresh}}, o.overlapping(c.Secrets, now)...)
			return nil
		}
		next := *c.Service
		next.Former = o.overlapping(append([]grant.Secret{{Value: next.Secret}}, next.Former...), now)
		next.Secret = fresh
		c.Service = &next
		return nil
	})
}

// onService changes a service account, and shows its secrets if that changed them.
func (d *Desk) onService(bank, id, verb, what string, by func(*grant.Client) error) (*ServiceView, error) {
	_, err := d.changeClient(bank, id, verb, what, func(c *grant.Client) error {
		if _, err := d.service(bank, id); err != nil {
			return err
		}
		return by(c)
	})
	if err != nil {
		return nil, err
	}
	return d.ServiceAccount(bank, id, verb == "service.rotate")
}

// DeleteServiceAccount takes a service account away. A client that people use as well stays, without its own credentials' grant; what it
// held on its own ends.
func (d *Desk) DeleteServiceAccount(bank, id string) error {
	return d.Space.Change("service.delete", "deleted service account "+brief(id)+" at "+brief(bank), func() error {
		c, err := d.service(bank, id)
		if err != nil {
			return err
		}
		if !d.shared(c) {
			return d.dropClient(bank, id)
		}
		g := d.Space.Grants
		g.RevokeAll(func(of *grant.Grant) bool { return of.Bank == bank && of.Client == id && of.Owner == "" }, "admin",
			"the service account was deleted by a lever", d.Space.Clock.Now())
		_, err = g.UpdateClient(bank, id, func(v *grant.Client) {
			v.GrantTypes = slices.DeleteFunc(slices.Clone(v.GrantTypes), func(t string) bool { return t == "client_credentials" })
		})
		return err
	})
}
