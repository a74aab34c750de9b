package admin

import (
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// GrantView is what one user gave one client, once.
type GrantView struct {
	ID      string    `json:"id"`
	Bank    string    `json:"bank"`
	Client  string    `json:"client"`
	User    string    `json:"user,omitempty"` // empty: the client itself
	Type    string    `json:"type"`           // the grant type that it began with
	Scope   string    `json:"scope"`
	Consent string    `json:"consent,omitempty"`
	Created time.Time `json:"created"`
	Ends    time.Time `json:"ends,omitzero"`   // no refresh from then on; missing: no such limit
	Over    time.Time `json:"over,omitzero"`   // taken back from then on, as its login asked; missing: it is not
	Tokens  int       `json:"tokens"`          // how many are kept, dead or alive
	Live    int       `json:"live"`            // how many of them are live
	Login   string    `json:"login,omitempty"` // with the flags that bend this grant alone: "dave~ttl5s"; missing: without flags
	grant.State
}

// GrantList is a part of a list of grants.
type GrantList struct {
	Items []GrantView `json:"items"`
	Next  string      `json:"next,omitempty"` // cursor of the rest; missing: this is the end
}

// GrantFilter says which grants are asked for; empty fields ask for all.
type GrantFilter struct {
	Bank, Client, Consent string
	User                  string // id or login
	State                 string // live, expired, revoked
}

// GrantFamily is a grant with its tokens in the order of issue: what a token came from is before it.
type GrantFamily struct {
	GrantView
	Family []TokenView `json:"family"`
}

// RevokeOrder says whose grants are to end. Fields narrow each other down; all stands alone.
type RevokeOrder struct {
	User   string `json:"user,omitempty"` // login, or bank/login
	Client string `json:"client,omitempty"`
	Bank   string `json:"bank,omitempty"`
	All    bool   `json:"all,omitempty"`
	Reason
}

// RevokedCount says what was ended.
type RevokedCount struct {
	Grants int `json:"grants"`
	Tokens int `json:"tokens"` // that were live until then
}

func grantEndpoints() []endpoint {
	reveal := parameter{"reveal", "true: show values"}
	return []endpoint{
		{method: "GET", path: "/grants", op: "grants", doc: "grants, the newest first", out: GrantList{},
			query: listQuery(parameter{"bank", "at this bank"}, parameter{"client", "to this client"}, parameter{"user", "of this user: login, or bank/login"},
				parameter{"state", "live, expired or revoked"}, parameter{"consent", "by this consent"}),
			do: func(r *request) (any, error) {
				w, err := r.window()
				if err != nil {
					return nil, err
				}
				q := r.query
				return r.Grants(GrantFilter{Bank: q.Get("bank"), Client: q.Get("client"), User: q.Get("user"), State: q.Get("state"), Consent: q.Get("consent")}, w)
			}},
		{method: "GET", path: "/grants/{id}", op: "grant", doc: "a grant with its code and tokens in the order of issue", query: []parameter{reveal}, out: GrantFamily{},
			do: func(r *request) (any, error) {
				show, err := r.reveal()
				if err != nil {
					return nil, err
				}
				return r.Grant(r.params["id"], show)
			}},
		{method: "POST", path: "/grants/{id}/revoke", op: "revokeGrant", doc: "end a grant with all its tokens", in: Reason{}, out: GrantView{},
			do: order(func(r *request, o Reason) (any, error) { return r.RevokeGrant(r.params["id"], o) })},
		{method: "POST", path: "/revoke", op: "revoke", doc: "end all grants of a user, a client, a bank, or all there are", in: RevokeOrder{}, out: RevokedCount{},
			do: order(func(r *request, o RevokeOrder) (any, error) { return r.Revoke(o) })},
	}
}

// Grants are those that a filter lets through, the newest first.
func (d *Desk) Grants(f GrantFilter, w Window) (*GrantList, error) {
	before, size, err := w.open()
	if err != nil {
		return nil, err
	}
	if err := oneOf("bank", f.Bank, d.Banks...); err != nil {
		return nil, err
	}
	if err := oneOf("state", f.State, grant.StateLive, grant.StateExpired, grant.StateRevoked); err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	g, now := d.Space.Grants, d.Space.Clock.Now()
	found, next := cut(size, g.NewestGrants(before, size+1, func(of *grant.Grant) bool {
		return (f.Bank == "" || of.Bank == f.Bank) && (f.Client == "" || of.Client == f.Client) && (f.Consent == "" || of.Consent == f.Consent) &&
			isUser(of.Owner, f.User) && (f.State == "" || g.GrantState(of, now).Name == f.State)
	}), func(of *grant.Grant) int64 { return of.Number })
	out := &GrantList{Items: make([]GrantView, 0, len(found)), Next: next}
	for _, of := range found {
		out.Items = append(out.Items, d.grantView(of, now))
	}
	return out, nil
}

func (d *Desk) grantView(of *grant.Grant, now time.Time) GrantView {
	g := d.Space.Grants
	v := GrantView{ID: of.ID, Bank: of.Bank, Client: of.Client, User: of.Owner, Type: of.Type, Scope: of.Scope, Consent: of.Consent,
		Created: of.Created, Ends: of.Ends, Over: of.Over, State: g.GrantState(of, now)}
	if of.Terms != nil {
		v.Login = of.Terms.Login
	}
	for _, t := range g.Family(of.ID) {
		v.Tokens++
		if g.Stands(t, grant.StateLive, now) {
			v.Live++
		}
	}
	return v
}

func (d *Desk) findGrant(id string) (*grant.Grant, error) {
	of := d.Space.Grants.Grant(id)
	if of == nil {
		return nil, fail.New(fail.NotFound, "there is no grant %q, or it was forgotten", id)
	}
	return of, nil
}

// Grant is one with its family.
func (d *Desk) Grant(id string, reveal bool) (*GrantFamily, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	of, err := d.findGrant(id)
	if err != nil {
		return nil, err
	}
	now := d.Space.Clock.Now()
	out := &GrantFamily{GrantView: d.grantView(of, now), Family: []TokenView{}}
	for _, t := range d.Space.Grants.Family(id) {
		out.Family = append(out.Family, d.tokenView(t, now, reveal))
	}
	return out, nil
}

// RevokeGrant ends a grant with everything that came from it. The consent behind it, if there is one, stands.
func (d *Desk) RevokeGrant(id string, o Reason) (*GrantView, error) {
	why, err := o.or("revoked by a lever")
	if err != nil {
		return nil, err
	}
	var out GrantView
	err = d.Space.Change("grant.revoke", "revoked grant "+id, func() error {
		of, err := d.findGrant(id)
		if err != nil {
			return err
		}
		now := d.Space.Clock.Now()
		if !d.Space.Grants.Revoke(id, "admin", why, now) {
			e := of.Ending(now)
			return fail.New(fail.Conflict, "%s was revoked by the %s: %s", id, e.By, e.Why)
		}
		out = d.grantView(d.Space.Grants.Grant(id), now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// Revoke ends all grants of an order, and says how many. Consents stand: a user who takes those back too is another verb.
func (d *Desk) Revoke(o RevokeOrder) (*RevokedCount, error) {
	why, err := o.or("revoked by a lever")
	if err != nil {
		return nil, err
	}
	some := o.User != "" || o.Client != "" || o.Bank != ""
	switch {
	case o.All && some:
		return nil, fail.Field("all", "all goes without user, client and bank")
	case !o.All && !some:
		return nil, fail.Field("", "say whose grants: user, client, bank, or all")
	}
	if err := oneOf("bank", o.Bank, d.Banks...); err != nil {
		return nil, err
	}
	var out RevokedCount
	err = d.Space.Change("revoke", o.what(), func() error {
		out.Grants, out.Tokens = d.Space.Grants.RevokeAll(func(of *grant.Grant) bool {
			return (o.Client == "" || of.Client == o.Client) && (o.Bank == "" || of.Bank == o.Bank) && isUser(of.Owner, o.User)
		}, "admin", why, d.Space.Clock.Now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

func (o *RevokeOrder) what() string {
	text := "revoked all grants"
	for _, part := range []struct{ name, value string }{{"of user", o.User}, {"to client", o.Client}, {"at", o.Bank}} {
		if part.value != "" {
			text += " " + part.name + " " + part.value
		}
	}
	return text
}
