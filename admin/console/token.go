package console

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

func tokenPages() []page {
	return []page{
		{path: "tokens", Title: "Tokens", Nav: "tokens", name: "tokens", build: tokens},
		{path: "tokens/mint", Title: "Mint a token", Nav: "tokens", name: "mint-token", build: mintToken},
		{path: "tokens/bulk", Title: "Several tokens", Nav: "tokens", name: "bulk-tokens", build: bulkTokens},
		{path: "tokens/revoke", Title: "Revoke by…", Nav: "tokens", name: "revoke-by", build: func(v *visit) (any, error) { return v, nil }},
		{path: "tokens/{id}", Title: "Token", Nav: "tokens", name: "tokens", build: tokens},
	}
}

// Tokens is the list of tokens, with one of them opened when the path names it.
type Tokens struct {
	V      *visit
	List   *admin.TokenList
	Filter string // what the search line says
	State  string
	Open   *OpenToken
	Alone  bool // the open one is not in the list
	Rows   int  // that are shown at most
}

// The rows of a list of tokens: as many as one looks at, and as many as one may ask for.
const (
	tokenRows        = 50
	mostRowsOfTokens = 1000
)

// OpenToken is a token with its family.
type OpenToken struct {
	admin.TokenLife
	V      *visit
	Family []admin.TokenView
	Lanes  []Lane
	Ticks  []Tick
	NowX   float64
}

func tokens(v *visit) (any, error) {
	f, bad := v.tokenFilter()
	t := &Tokens{V: v, Filter: v.Query.Get("q"), State: f.State, Rows: tokenRows}
	var err error
	if text := v.Query.Get("rows"); text != "" {
		if t.Rows, err = strconv.Atoi(text); err != nil || t.Rows < 1 || t.Rows > mostRowsOfTokens {
			return nil, fail.Field("rows", "%q is not a number from 1 to %d", text, mostRowsOfTokens)
		}
	}
	t.List, err = v.Desk.Tokens(f, admin.Window{Limit: t.Rows, Cursor: v.Query.Get("cursor")})
	if err = cmp.Or(bad, err); err != nil {
		v.wrong("q", err)
		t.List = &admin.TokenList{}
	}
	id := v.Param("id")
	if id == "" {
		return t, nil
	}
	if t.Open, err = openToken(v, id); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(t.List.Items, func(x admin.TokenView) bool { return x.ID == t.Open.ID }) {
		t.List.Items, t.Alone = []admin.TokenView{t.Open.TokenView}, true
	}
	return t, nil
}

// Acts are what can be done to a token from its row. A list has many of them, and a template would take several times as long.
func (t *Tokens) Acts(one admin.TokenView) (template.HTML, error) {
	var b strings.Builder
	button := func(op, words, class string, fields ...any) error {
		f, err := t.V.Form(op, "id", one.ID)
		if err == nil {
			b.WriteString(string(f.Button(words, "", class, fields...)))
		}
		return err
	}
	var errs []error
	live := one.Name == grant.StateLive
	if live {
		b.WriteString(`<span class="k-expire k-now">`)
		errs = append(errs, button("expireToken", "Expire", "tight"))
		b.WriteString(`</span><span class="k-in">`)
		errs = append(errs, button("expireToken", "5 s", "tight", "in", "5s"))
		b.WriteString(`</span>`)
	}
	if live || one.Name == grant.StateExpired {
		if !one.Expires.IsZero() {
			errs = append(errs, button("extendToken", "+5 min", "tight", "by", "5m"))
		}
		b.WriteString(`<span class="k-revoke">`)
		errs = append(errs, button("revokeToken", "Revoke", "tight danger"))
		b.WriteString(`</span>`)
	}
	return template.HTML(b.String()), errors.Join(errs...)
}

// tokenFilter reads the query: fields of their own, and the search line, as "user:jane bank:berlin".
func (v *visit) tokenFilter() (admin.TokenFilter, error) {
	q := v.Query
	f := admin.TokenFilter{Bank: q.Get("bank"), Client: q.Get("client"), User: q.Get("user"), Kind: q.Get("kind"), State: q.Get("state"), Grant: q.Get("grant")}
	err := searched(q.Get("q"), map[string]*string{"bank": &f.Bank, "client": &f.Client, "user": &f.User, "kind": &f.Kind, "state": &f.State, "grant": &f.Grant}, "user")
	return f, err
}

func openToken(v *visit, id string) (*OpenToken, error) {
	life, err := v.Desk.Token(id, v.Query.Get("reveal") == "true")
	if err != nil {
		return nil, err
	}
	o := &OpenToken{TokenLife: *life, V: v}
	if family, err := v.Desk.Grant(life.Grant, false); err == nil {
		o.Family = family.Family
	}
	o.lay()
	return o, nil
}

// Scripts are the commands of the buttons, one a line.
func (o *OpenToken) Scripts() string {
	var all []string
	add := func(path, body string) { all = append(all, o.V.Curl("POST", path, body)) }
	if o.Name == grant.StateLive || o.Name == grant.StateExpired {
		at := "/tokens/" + o.ID
		add(at+"/revoke", "")
		add(at+"/expire", "")
		if o.Life != nil {
			add(at+"/extend", `{"by":"5m"}`)
		}
	}
	if o.GrantState == grant.StateLive {
		add("/grants/"+o.Grant+"/revoke", "")
	}
	return strings.Join(all, "\n")
}

// Lane is one token of a family on the axis of time, in per cent of its width.
type Lane struct {
	admin.TokenView
	Depth        int     // how far from the root of the family
	X, Ran, Rest float64 // where it begins, what has run, what is left
	Cut          bool    // it was ended before its time
	Current      bool
}

// Tick is a figure below the axis.
type Tick struct {
	X    float64
	Text string
}

// lay puts the family on one axis: from the first issue to the last end, or a while after now where nothing ends soon.
func (o *OpenToken) lay() {
	if len(o.Family) == 0 {
		o.Family = []admin.TokenView{o.TokenView}
	}
	from, to := o.Family[0].Issued, o.V.Now
	for _, t := range o.Family {
		if t.Issued.Before(from) {
			from = t.Issued
		}
	}
	to = to.Add(max(30*time.Second, to.Sub(from)/3))
	for _, t := range o.Family {
		if t.Expires.After(to) && t.Expires.Sub(o.V.Now)/4 < o.V.Now.Sub(from)+30*time.Second {
			to = t.Expires
		}
	}
	whole := float64(to.Sub(from))
	x := func(at time.Time) float64 { return min(100, max(0, 100*float64(at.Sub(from))/whole)) }
	depth := map[string]int{}
	for _, t := range o.Family {
		if t.Parent != "" {
			depth[t.ID] = min(3, depth[t.Parent]+1)
		}
		l := Lane{TokenView: t, Depth: depth[t.ID], X: x(t.Issued), Current: t.ID == o.ID}
		end := t.Expires
		if end.IsZero() || end.After(to) {
			end = to
		}
		if !t.Since.IsZero() && t.Since.Before(end) {
			end, l.Cut = t.Since, t.Name == grant.StateRevoked
		}
		if end.Before(o.V.Now) {
			l.Ran = max(.6, x(end)-l.X)
		} else {
			l.Ran, l.Rest = max(.6, x(o.V.Now)-l.X), x(end)-x(o.V.Now)
		}
		o.Lanes = append(o.Lanes, l)
	}
	o.NowX = x(o.V.Now)
	for _, part := range []float64{0, .33, .66, 1} {
		at := from.Add(time.Duration(part * whole))
		o.Ticks = append(o.Ticks, Tick{part * 100, o.V.Local(at, "15:04:05")})
	}
}

// MintToken is the form for a token without a browser.
type MintToken struct {
	V       *visit
	Bank    string
	Clients []string // "id=name" of the bank's clients
	Users   []string
}

func mintToken(v *visit) (any, error) {
	m := &MintToken{V: v, Bank: v.Query.Get("bank")}
	if m.Bank == "" || !slices.Contains(v.Banks, m.Bank) {
		m.Bank = v.Banks[0]
	}
	clients, err := v.Desk.Clients(m.Bank)
	if err != nil {
		return nil, err
	}
	for _, c := range clients {
		m.Clients = append(m.Clients, c.ID+"="+c.Name)
	}
	m.Users = append(m.Users, "=nobody: the client itself")
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	for _, p := range v.Space.Ledger.People(m.Bank) {
		if len(m.Users) < 200 {
			m.Users = append(m.Users, p.Login+"="+p.Login)
		}
	}
	return m, nil
}

// BulkTokens asks before several tokens are ended.
type BulkTokens struct {
	V        *visit
	Op, Verb string
	IDs      []string
	Examples []admin.TokenView
}

func bulkTokens(v *visit) (any, error) {
	b := &BulkTokens{V: v, Op: "expireTokens", Verb: "Expire", IDs: v.Query["ids"]}
	if v.Query.Get("op") == "revoke" {
		b.Op, b.Verb = "revokeTokens", "Revoke"
	}
	for _, id := range b.IDs[:min(5, len(b.IDs))] {
		t, err := v.Desk.Token(id, false)
		if err != nil {
			return nil, err
		}
		b.Examples = append(b.Examples, t.TokenView)
	}
	return b, nil
}

// Lines are the ids, one to a line, as one field that stands for a list.
func (b *BulkTokens) Lines() string { return strings.Join(b.IDs, "\n") }

// Chart draws a lane: grey has run, sand is left, and the line is now.
func (l Lane) Chart(now float64) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg aria-hidden="true"><line class="k-line" x1="0" x2="100%%" y1="12" y2="12"/><rect class="k-edge" x="%.2f%%" y="8" width="%.2f%%" height="8"/>`, l.X, l.Ran)
	if l.Rest > 0 {
		fmt.Fprintf(&b, `<rect class="k-sand" x="%.2f%%" y="8" width="%.2f%%" height="8"/>`, l.X+l.Ran, l.Rest)
	}
	if l.Cut {
		fmt.Fprintf(&b, `<rect class="k-bad" x="%.2f%%" y="5" width="2" height="14"/>`, l.X+l.Ran)
	}
	fmt.Fprintf(&b, `<line class="k-now" x1="%.2f%%" x2="%.2f%%" y1="0" y2="24"/></svg>`, now, now)
	return template.HTML(b.String())
}

// First is the client that the form proposes.
func (m *MintToken) First() string {
	if len(m.Clients) == 0 {
		return ""
	}
	id, _, _ := strings.Cut(m.Clients[0], "=")
	return id
}
