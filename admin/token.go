package admin

import (
	"slices"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/journal"
)

// TokenView is one code, access token or refresh token as it stands now.
type TokenView struct {
	ID      string     `json:"id"`
	Kind    grant.Kind `json:"kind"`
	Value   string     `json:"value"` // masked unless it was asked for
	Bank    string     `json:"bank"`
	Client  string     `json:"client"`
	User    string     `json:"user,omitempty"` // empty: the client itself
	Scope   string     `json:"scope"`
	Grant   string     `json:"grant"`
	Parent  string     `json:"parent,omitempty"` // the code or refresh token that it came from
	Issued  time.Time  `json:"issued"`
	Expires time.Time  `json:"expires,omitzero"`  // missing: never
	Left    *Duration  `json:"left,omitempty"`    // until then; missing: it has come, or never will
	Life    *Duration  `json:"life,omitempty"`    // from issue to end; missing: without end
	Policy  string     `json:"policy"`            // whose rule the life is: "yoisho default", "client app", …, "login dave~ttl5s", "token lever"
	Consent string     `json:"consent,omitempty"` // of its grant
	Login   string     `json:"login,omitempty"`   // of its grant, where that had flags: "dave~ttl5s"
	grant.State
}

// TokenList is a part of a list of tokens.
type TokenList struct {
	Items []TokenView `json:"items"`
	Next  string      `json:"next,omitempty"` // cursor of the rest; missing: this is the end
}

// TokenFilter says which tokens are asked for; empty fields ask for all.
type TokenFilter struct {
	Bank, Client, Grant string
	User                string // id or login
	Kind                string // access, refresh, code
	State               string // live, expired, revoked, spent
	Reveal              bool   // show values
}

// TokenLife is a token with its whole life line.
type TokenLife struct {
	TokenView
	Spent         *grant.Event `json:"spent,omitempty"`   // a code's exchange, a refresh token's rotation
	Revoked       *grant.Event `json:"revoked,omitempty"` // its own, or its grant's
	Children      []TokenRef   `json:"children"`          // what was issued for it
	GrantState    string       `json:"grantState"`
	ConsentStatus grant.Status `json:"consentStatus,omitempty"`
	RedirectURI   string       `json:"redirectUri,omitempty"` // of a code: what the exchange must repeat
	Uses          []Use        `json:"uses"`                  // requests still in the journal that issued, carried or lost it, newest first; at most 50
}

// TokenRef names a relative of a token.
type TokenRef struct {
	ID    string     `json:"id"`
	Kind  grant.Kind `json:"kind"`
	State string     `json:"state"`
}

// Use is a request that had to do with a token.
type Use struct {
	Entry  uint64    `json:"entry"` // id in the journal
	At     time.Time `json:"at"`
	Op     string    `json:"op,omitempty"`
	Status int       `json:"status"`
	Why    string    `json:"why,omitempty"` // of a refusal
}

func tokenEndpoints() []endpoint {
	reveal := parameter{"reveal", "true: show values"}
	return []endpoint{
		{method: "GET", path: "/tokens", op: "tokens", doc: "tokens and codes, the newest first", out: TokenList{},
			query: listQuery(parameter{"bank", "of this bank"}, parameter{"client", "of this client"}, parameter{"user", "of this user: login, or bank/login"},
				parameter{"kind", "access, refresh or code"}, parameter{"state", "live, expired, revoked or spent"}, parameter{"grant", "of this grant"}, reveal),
			do: func(r *request) (any, error) {
				w, err := r.window()
				if err != nil {
					return nil, err
				}
				show, err := r.reveal()
				if err != nil {
					return nil, err
				}
				q := r.query
				return r.Tokens(TokenFilter{Bank: q.Get("bank"), Client: q.Get("client"), User: q.Get("user"), Kind: q.Get("kind"), State: q.Get("state"),
					Grant: q.Get("grant"), Reveal: show}, w)
			}},
		{method: "GET", path: "/tokens/{id}", op: "token", doc: "one token's whole life; id is at_…, rt_…, ac_…, or the value itself", query: []parameter{reveal}, out: TokenLife{},
			do: func(r *request) (any, error) {
				show, err := r.reveal()
				if err != nil {
					return nil, err
				}
				return r.Token(r.params["id"], show)
			}},
		{method: "POST", path: "/tokens", op: "mintToken", doc: "a token without a browser", in: TokenOrder{}, out: Minted{}, status: 201,
			do: order(func(r *request, o TokenOrder) (any, error) { return r.MintToken(o) })},
		{method: "POST", path: "/tokens/{id}/expire", op: "expireToken", doc: "move a token's end: now, in a while, or at an instant", in: EndOrder{}, out: TokenView{},
			do: order(func(r *request, o EndOrder) (any, error) { return r.ExpireToken(r.params["id"], o) })},
		{method: "POST", path: "/tokens/{id}/extend", op: "extendToken", doc: "let a token live longer, or again", in: ExtendOrder{}, out: TokenView{},
			do: order(func(r *request, o ExtendOrder) (any, error) { return r.ExtendToken(r.params["id"], o) })},
		{method: "POST", path: "/tokens/{id}/revoke", op: "revokeToken", doc: "revoke one token; its grant goes on", in: Reason{}, out: TokenView{},
			do: order(func(r *request, o Reason) (any, error) { return r.RevokeToken(r.params["id"], o) })},
		{method: "POST", path: "/tokens/{id}/scope", op: "scopeToken", doc: "shrink or set the scope of one token", in: ScopeOrder{}, out: TokenView{},
			do: order(func(r *request, o ScopeOrder) (any, error) { return r.ScopeToken(r.params["id"], o) })},
	}
}

// order makes an endpoint of a verb that takes a JSON body.
func order[O any](verb func(*request, O) (any, error)) func(*request) (any, error) {
	return func(r *request) (any, error) {
		var o O
		if err := r.decode(&o); err != nil {
			return nil, err
		}
		return verb(r, o)
	}
}

func (r *request) reveal() (bool, error) {
	text := r.query.Get("reveal")
	return text == "true", oneOf("reveal", text, "true", "false")
}

// Tokens are those that a filter lets through, the newest first in the order of issue.
func (d *Desk) Tokens(f TokenFilter, w Window) (*TokenList, error) {
	before, size, err := w.open()
	if err != nil {
		return nil, err
	}
	if err := f.check(d.Banks); err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	g, now := d.Space.Grants, d.Space.Clock.Now()
	keep := func(t *grant.Token) bool { return f.lets(t) && (f.State == "" || g.Stands(t, f.State, now)) }
	found, next := cut(size, d.sought(f, before, size+1, keep), func(t *grant.Token) int64 { return t.Number })
	out := &TokenList{Items: make([]TokenView, 0, len(found)), Next: next}
	for _, t := range found {
		out.Items = append(out.Items, d.tokenView(t, now, f.Reveal))
	}
	return out, nil
}

// sought looks through one family where that is asked for, and through all tokens otherwise.
func (d *Desk) sought(f TokenFilter, before int64, n int, keep func(*grant.Token) bool) []*grant.Token {
	g := d.Space.Grants
	if f.Grant == "" {
		return g.Newest(before, n, keep)
	}
	family := g.Family(f.Grant)
	slices.Reverse(family)
	family = slices.DeleteFunc(family, func(t *grant.Token) bool { return before > 0 && t.Number >= before || !keep(t) })
	return family[:min(len(family), n)]
}

func (f *TokenFilter) check(banks []string) error {
	if err := oneOf("bank", f.Bank, banks...); err != nil {
		return err
	}
	if err := oneOf("kind", f.Kind, string(grant.Access), string(grant.Refresh), string(grant.Code)); err != nil {
		return err
	}
	return oneOf("state", f.State, grant.StateLive, grant.StateExpired, grant.StateRevoked, grant.StateSpent)
}

func (f *TokenFilter) lets(t *grant.Token) bool {
	return (f.Bank == "" || t.Bank == f.Bank) && (f.Client == "" || t.Client == f.Client) && (f.Kind == "" || string(t.Kind) == f.Kind) &&
		(f.Grant == "" || t.Grant == f.Grant) && isUser(t.Owner, f.User)
}

func (d *Desk) tokenView(t *grant.Token, now time.Time, reveal bool) TokenView {
	g := d.Space.Grants
	v := TokenView{ID: t.ID, Kind: t.Kind, Value: masked(t.Value), Bank: t.Bank, Client: t.Client, User: t.Owner, Scope: t.Scope, Grant: t.Grant,
		Parent: t.Parent, Issued: t.Issued, Expires: t.Expires, Left: left(t.Expires, now), Policy: t.Policy, State: g.State(t, now)}
	if reveal {
		v.Value = t.Value
	}
	if !t.Expires.IsZero() {
		life := Duration(t.Life)
		v.Life = &life
	}
	if of := g.Grant(t.Grant); of != nil {
		v.Consent = of.Consent
		if of.Terms != nil {
			v.Login = of.Terms.Login
		}
	}
	return v
}

// masked shows enough of a secret to tell it from others, and too little to use it.
func masked(value string) string {
	if len(value) < 16 {
		return "…"
	}
	return value[:4] + "…" + value[len(value)-2:]
}

// Token is the whole life of one token.
func (d *Desk) Token(id string, reveal bool) (*TokenLife, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	g, now := d.Space.Grants, d.Space.Clock.Now()
	t, err := d.findToken(id)
	if err != nil {
		return nil, err
	}
	out := &TokenLife{TokenView: d.tokenView(t, now, reveal), Spent: t.Spent, Revoked: t.Revoked, Children: []TokenRef{}, RedirectURI: t.RedirectURI,
		Uses: d.uses(t.ID)}
	for _, child := range g.Family(t.Grant) {
		if child.Parent == t.ID {
			out.Children = append(out.Children, TokenRef{child.ID, child.Kind, g.State(child, now).Name})
		}
	}
	if of := g.Grant(t.Grant); of != nil {
		out.GrantState = g.GrantState(of, now).Name
		if out.Revoked == nil {
			out.Revoked = of.Ending(now)
		}
		if c := g.Consent(of.Bank, of.Consent); c != nil {
			out.ConsentStatus = g.ConsentStatus(c, now)
		}
	}
	return out, nil
}

func (d *Desk) findToken(id string) (*grant.Token, error) {
	t := d.Space.Grants.Find(id)
	if t == nil {
		return nil, fail.New(fail.NotFound, "there is no token %q, or it was forgotten", id)
	}
	return t, nil
}

// uses looks through the journal, which is short.
func (d *Desk) uses(id string) []Use {
	out := []Use{}
	for _, e := range d.Space.Journal.Recent(50, func(e *journal.Entry) bool { return slices.Contains(e.Tokens, id) }) {
		out = append(out, Use{Entry: e.ID, At: e.At, Op: e.Op, Status: e.Status, Why: e.Why})
	}
	return out
}
