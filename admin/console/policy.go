package console

import (
	"net/url"
	"slices"
	"sort"
	"strings"

	"sandbank/admin"
	"sandbank/server/fail"
)

func policyPages() []page {
	return []page{
		{path: "policies", Title: "Expiry policies", Nav: "policies", name: "policies", build: policies},
		{path: "policies/edit", Title: "Turn a knob", Nav: "policies", name: "edit-policy", build: editPolicy},
		{path: "policies/json", Title: "Policies as JSON", Nav: "policies", name: "policy-json", build: policyJSON},
		{path: "policies/reset", Title: "Back to defaults", Nav: "policies", name: "reset-policies", build: policies},
	}
}

// Policies is the matrix of what is in force, and the list of what is turned.
type Policies struct {
	V           *visit
	Group, Rows string
	User        string // whose rows are asked for
	Columns     []Column
	Lines       []PolicyLine
	Levels      []Turned
	Knobs       int    // how many are turned
	Most        bool   // there are more rows than are shown
	From        string // the query of this page, for the way back from an editor
}

// Column is a knob of the matrix.
type Column struct{ Knob, Title, Doc string }

// PolicyLine is one row: a bank, a client or a user, or, below a bank, what one of its own turns.
type PolicyLine struct {
	Name, Bank string
	Sub        bool
	Cells      []PolicyCell
}

// Turned tells whether the row sets something of what is shown.
func (l PolicyLine) Turned() bool {
	return slices.ContainsFunc(l.Cells, func(c PolicyCell) bool { return c.Here })
}

// PolicyCell is what one knob is in one row.
type PolicyCell struct {
	Column
	Text, From string
	Here       bool   // set by the row itself
	URL        string // of its editor; empty where the knob means nothing
	Standard   bool   // the bank's own value
}

// Turned is a level with what it turns.
type Turned struct {
	admin.LevelPolicy
	Knobs []TurnedKnob
}

// TurnedKnob is one of them.
type TurnedKnob struct{ Knob, Title, Text, URL string }

// mostRows is how many clients or users the matrix shows.
const mostRows = 40

func policies(v *visit) (any, error) {
	p := &Policies{V: v, Group: v.Query.Get("group"), Rows: v.Query.Get("rows"), User: v.Query.Get("user"), From: v.Query.Encode()}
	if !slices.Contains(knobGroups(), p.Group) {
		p.Group = headGroup
	}
	all, err := v.Desk.Policies(admin.PolicyLevel{})
	if err != nil {
		return nil, err
	}
	p.columns(all)
	p.turned(all)
	switch p.Rows {
	case "clients":
		err = p.clients()
	case "users":
		err = p.users()
	default:
		p.Rows = "banks"
		p.banks(all)
	}
	return p, err
}

// columns are the knobs of the group that some bank has, in the order of the table of knobs.
func (p *Policies) columns(all *admin.PolicyView) {
	for _, b := range all.Banks {
		for _, k := range b.Knobs {
			t := textOf(k.Knob)
			in := t.Group == p.Group || p.Group == headGroup && t.Head
			if in && !slices.ContainsFunc(p.Columns, func(c Column) bool { return c.Knob == k.Knob }) {
				p.Columns = append(p.Columns, Column{k.Knob, t.Title, k.Doc})
			}
		}
	}
	if p.Group == headGroup { // as one reads them, from the code to the consent
		order := []string{"code", "access", "expires_in", "refresh", "rotation", "grace", "reuse", "consent", "fidelity"}
		place := func(i int) int { return slices.Index(order, p.Columns[i].Knob) }
		sort.SliceStable(p.Columns, func(i, j int) bool { return place(i) < place(j) })
	}
}

// turned lists the levels at which something is set.
func (p *Policies) turned(all *admin.PolicyView) {
	for _, l := range all.Levels {
		t := Turned{LevelPolicy: l}
		for _, c := range sorted(l.Set) {
			k := knobIn(all, c)
			t.Knobs = append(t.Knobs, TurnedKnob{c, textOf(c).Title, worded(k, l.Set[c]), p.editor(c, l.Level)})
			p.Knobs++
		}
		p.Levels = append(p.Levels, t)
	}
}

func sorted(set map[string]string) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// knobIn describes a knob, as the first bank that has it does.
func knobIn(all *admin.PolicyView, name string) admin.KnobView {
	for _, b := range all.Banks {
		for _, k := range b.Knobs {
			if k.Knob == name {
				return k
			}
		}
	}
	return admin.KnobView{Knob: name}
}

// editor is the page on which a knob of a level is turned.
func (p *Policies) editor(knob string, at admin.PolicyLevel) string {
	return editorURL(p.V, knob, at, "", p.From)
}

func editorURL(v *visit, knob string, at admin.PolicyLevel, level, from string) string {
	q := url.Values{"knob": {knob}}
	for name, value := range map[string]string{"bank": at.Bank, "client": at.Client, "user": at.User, "level": level, "from": from} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return v.At("policies/edit", "?"+q.Encode())
}

// banks are the rows of the matrix: what is set everywhere, each bank, and below it what its clients and users turn.
func (p *Policies) banks(all *admin.PolicyView) {
	p.Lines = append(p.Lines, p.set("All banks", false, admin.PolicyLevel{}, all))
	for _, b := range all.Banks {
		p.Lines = append(p.Lines, p.line(b.Bank, b))
		for _, l := range all.Levels {
			if l.Level.Bank != b.Bank || l.Level.Client+l.Level.User == "" {
				continue
			}
			if own := p.set(tail(l.Level.Client+l.Level.User), true, l.Level, all); own.Turned() {
				p.Lines = append(p.Lines, own)
			}
		}
	}
}

// line is what is in force for somebody at a bank.
func (p *Policies) line(name string, b admin.BankPolicy) PolicyLine {
	line := PolicyLine{Name: name, Bank: b.Bank}
	for _, c := range p.Columns {
		cell := PolicyCell{Column: c}
		for _, k := range b.Knobs {
			if k.Knob != c.Knob {
				continue
			}
			level, who, _ := strings.Cut(k.Source, " ")
			cell.Text, cell.URL, cell.From = worded(k, k.Value), p.editor(c.Knob, b.PolicyLevel), level
			cell.Standard = who == "default"
			cell.Here = level == depthOf(b.PolicyLevel)
			if who == "original" {
				cell.From = "as the original"
			}
		}
		line.Cells = append(line.Cells, cell)
	}
	return line
}

// depthOf is the word for a level, as sources begin.
func depthOf(l admin.PolicyLevel) string {
	switch {
	case l.User != "":
		return "user"
	case l.Client != "":
		return "client"
	case l.Bank != "":
		return "bank"
	}
	return "global"
}

// set is a row of what one level turns, and nothing else.
func (p *Policies) set(name string, sub bool, at admin.PolicyLevel, all *admin.PolicyView) PolicyLine {
	line := PolicyLine{Name: name, Sub: sub, Bank: at.Bank}
	i := slices.IndexFunc(all.Levels, func(l admin.LevelPolicy) bool { return l.Level == at })
	for _, c := range p.Columns {
		cell := PolicyCell{Column: c, URL: p.editor(c.Knob, at)}
		if i >= 0 && all.Levels[i].Set[c.Knob] != "" {
			cell.Text, cell.Here, cell.From = worded(knobIn(all, c.Knob), all.Levels[i].Set[c.Knob]), true, depthOf(at)
		} else if k := knobIn(all, c.Knob); !slices.Contains(k.Levels, depthOf(at)) {
			cell.URL = ""
		}
		line.Cells = append(line.Cells, cell)
	}
	return line
}

// clients are rows of what is in force for each client.
func (p *Policies) clients() error {
	for _, bank := range p.V.Banks {
		all, err := p.V.Desk.Clients(bank)
		if err != nil {
			return err
		}
		for _, c := range all {
			if err := p.row(c.ID, admin.PolicyLevel{Bank: bank, Client: c.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}

// users are rows of what is in force for somebody by login; nobody in particular: for the first ones of each bank, and those with rules of
// their own.
func (p *Policies) users() error {
	var rows []admin.PolicyLevel
	if p.User != "" {
		view, err := p.V.Desk.Policies(admin.PolicyLevel{User: p.User})
		if err != nil {
			p.V.wrong("user", err)
			return nil
		}
		for _, b := range view.Banks {
			rows = append(rows, b.PolicyLevel)
		}
	} else {
		rows = p.people()
	}
	for _, at := range rows {
		if err := p.row(tail(at.User), at); err != nil && fail.From(err).Kind != fail.NotFound { // a rule outlives its user
			return err
		}
	}
	return nil
}

// people are those with rules of their own, then the first of each bank.
func (p *Policies) people() []admin.PolicyLevel {
	var out []admin.PolicyLevel
	for _, l := range p.Levels {
		if l.Level.User != "" {
			out = append(out, l.Level)
		}
	}
	p.V.Space.Gate.RLock()
	defer p.V.Space.Gate.RUnlock()
	for _, bank := range p.V.Banks {
		people := p.V.Space.Ledger.People(bank)
		p.Most = p.Most || len(people) > 4
		for _, one := range people[:min(4, len(people))] {
			if at := (admin.PolicyLevel{Bank: bank, User: one.ID}); !slices.Contains(out, at) {
				out = append(out, at)
			}
		}
	}
	return out
}

func (p *Policies) row(name string, at admin.PolicyLevel) error {
	if len(p.Lines) >= mostRows {
		p.Most = true
		return nil
	}
	view, err := p.V.Desk.Policies(at)
	if err == nil {
		p.Lines = append(p.Lines, p.line(name, view.Banks[0]))
	}
	return err
}

// Set counts the levels of a depth at which something is turned.
func (p *Policies) Set(depth string) (n int) {
	for _, l := range p.Levels {
		if depthOf(l.Level) == depth {
			n++
		}
	}
	return n
}

// Groups are the tabs of the matrix.
func (p *Policies) Groups() []string { return knobGroups() }
