package console

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"

	"sandbank/admin"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

func docPages() []page {
	return []page{
		{path: "docs", Title: "API docs", Nav: "docs", name: "docs", build: docs},
		{path: "docs/admin", Title: "Admin API", Nav: "docs", name: "admin-docs", build: adminDocs},
		{path: "docs/{bank}", Title: "Bank API", Nav: "docs", name: "bank-docs", build: bankDocs},
	}
}

// Docs is where everything answers.
type Docs struct {
	V     *visit
	Items []DocBank
	Calls int // operations of the admin API
}

// DocBank is a bank with how much it answers.
type DocBank struct {
	Bank              string
	Operations, Kinds int
	First             string
}

func docs(v *visit) (any, error) {
	d := &Docs{V: v, Calls: len(v.console.panel.Verbs())}
	for _, bank := range v.Banks {
		one := DocBank{Bank: bank}
		for _, o := range v.Operations {
			if o.Bank == bank {
				if one.Operations++; one.First == "" {
					one.First = o.Path
				}
			}
		}
		d.Items = append(d.Items, one)
	}
	return d, nil
}

// BankDocs is what one bank answers.
type BankDocs struct {
	V        *visit
	Bank     string
	Tab      string // operations or refusals
	Groups   []OperationGroup
	Count    int
	Open     *OpenOperation
	Said     []SaidRefusal // with the same words, together
	SaidAuth []SaidRefusal // at the token endpoint
}

// OperationGroup is the routes of one of a bank's servers.
type OperationGroup struct {
	Name  string
	Items []admin.OperationView
}

// OpenOperation is one route, with what to fill in.
type OpenOperation struct {
	V *visit
	admin.OperationView
	Holes  [][2]string // variable segments, and what was typed
	Extra  string      // query
	Tokens []admin.TokenView
	Token  string // id of the one that is sent
	Call   string // the command
	Target string // path and query; empty while a segment is missing
	Head   string // what is sent with it
	Answer *admin.EntryView
}

// SaidRefusal is one answer, and when a bank gives it.
type SaidRefusal struct {
	admin.RefusalView
	Kinds []admin.RefusalView
}

func bankDocs(v *visit) (any, error) {
	d := &BankDocs{V: v, Bank: v.Param("bank"), Tab: cmp.Or(v.Query.Get("tab"), "operations")}
	if !slices.Contains(v.Banks, d.Bank) {
		return nil, fail.New(fail.NotFound, "there is no bank %q; there are %s", d.Bank, strings.Join(v.Banks, ", "))
	}
	if d.Tab == "refusals" {
		return d, d.refusals()
	}
	all, err := v.Desk.OperationsOf(d.Bank)
	if err != nil {
		return nil, err
	}
	d.Count = len(all)
	for _, server := range []string{"authorization", "resource"} {
		g := OperationGroup{Name: server}
		for _, o := range all {
			if o.Server == server {
				g.Items = append(g.Items, o)
			}
			if at := d.V.Query.Get("at"); o.Server == server && at == o.Method+" "+o.Path {
				if d.Open, err = openOperation(v, o); err != nil {
					return nil, err
				}
			}
		}
		d.Groups = append(d.Groups, g)
	}
	return d, nil
}

// refusals puts kinds together that the bank says alike.
func (d *BankDocs) refusals() error {
	all, err := d.V.Desk.Refusals(d.Bank)
	for _, r := range all {
		into := &d.Said
		if r.At == "token" {
			into = &d.SaidAuth
		}
		i := slices.IndexFunc(*into, func(s SaidRefusal) bool { return s.Status == r.Status && s.Body == r.Body })
		if i < 0 {
			i = len(*into)
			*into = append(*into, SaidRefusal{RefusalView: r})
		}
		(*into)[i].Kinds = append((*into)[i].Kinds, r)
	}
	for _, list := range [][]SaidRefusal{d.Said, d.SaidAuth} {
		sort.SliceStable(list, func(i, j int) bool { return list[i].Status < list[j].Status })
	}
	return err
}

func openOperation(v *visit, of admin.OperationView) (*OpenOperation, error) {
	o := &OpenOperation{V: v, OperationView: of, Extra: v.Query.Get("query"), Token: v.Query.Get("token")}
	path := of.Path
	for part := range strings.SplitSeq(of.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			value := v.Query.Get("p." + name)
			o.Holes = append(o.Holes, [2]string{name, value})
			if value != "" {
				path = strings.ReplaceAll(path, part, url.PathEscape(value))
			}
		}
	}
	var b strings.Builder
	b.WriteString("curl ")
	if of.Method != "GET" {
		b.WriteString("-X " + of.Method + " ")
	}
	if !of.Open && of.Server == "resource" {
		live, err := v.Desk.Tokens(admin.TokenFilter{Bank: of.Bank, Kind: string(grant.Access), State: "live", Reveal: true}, admin.Window{Limit: 20})
		if err != nil {
			return nil, err
		}
		o.Tokens = live.Items
		bearer := "$TOKEN"
		for _, t := range live.Items {
			if t.ID == o.Token {
				bearer, o.Head = t.Value, "Authorization: Bearer "+t.Value
			}
		}
		b.WriteString(`-H "Authorization: Bearer ` + bearer + `" `)
	}
	target := v.Root + "/" + of.Bank + path
	if o.Extra != "" {
		target += "?" + strings.TrimPrefix(o.Extra, "?")
	}
	if of.Method == "GET" && !strings.Contains(path, "{") {
		o.Target = target
	}
	b.WriteString(quoted(v.Origin() + target))
	o.Call = b.String()
	if id, err := strconv.ParseUint(v.Query.Get("entry"), 10, 64); err == nil {
		if e, err := v.Desk.Entry(id); err == nil { // it may be gone by now
			answer := v.Desk.View(e, false)
			o.Answer = &answer
		}
	}
	return o, nil
}

// Answered is this page with the answer to what was sent.
func (o *OpenOperation) Answered() string {
	at := o.V.Here("entry", "")
	return strings.TrimPrefix(at, o.V.Root+base+"/") + "&entry={last}"
}

// AdminDocs is the JSON face of the levers.
type AdminDocs struct {
	V      *visit
	Groups []APIGroup
	Count  int
	Filter string
}

// APIGroup is operations whose paths begin alike.
type APIGroup struct {
	Name  string
	Calls []APICall
}

// APICall is one operation of the JSON face.
type APICall struct {
	admin.Verb
	Query  []APIField
	Fields []APIField // of the body
}

// APIField is a parameter, or a field of a body.
type APIField struct {
	Name, Type, Doc string
	Needed          bool
}

func adminDocs(v *visit) (any, error) {
	d := &AdminDocs{V: v, Filter: strings.TrimSpace(v.Query.Get("q"))}
	for _, c := range v.console.calls() {
		if !strings.Contains(strings.ToLower(c.Path+" "+c.Op+" "+c.Doc), strings.ToLower(d.Filter)) {
			continue
		}
		d.Count++
		name, _, _ := strings.Cut(strings.TrimPrefix(c.Path, "/"), "/")
		i := slices.IndexFunc(d.Groups, func(g APIGroup) bool { return g.Name == name })
		if i < 0 {
			i = len(d.Groups)
			d.Groups = append(d.Groups, APIGroup{Name: name})
		}
		d.Groups[i].Calls = append(d.Groups[i].Calls, c)
	}
	rest := APIGroup{Name: "others"}
	d.Groups = slices.DeleteFunc(d.Groups, func(g APIGroup) bool {
		if len(g.Calls) == 1 {
			rest.Calls = append(rest.Calls, g.Calls[0])
		}
		return len(g.Calls) == 1
	})
	if rest.Calls != nil {
		d.Groups = append(d.Groups, rest)
	}
	return d, nil
}

// described reads the operations of the JSON face out of its own document.
func described(p *admin.Panel) []APICall {
	type schema struct {
		Type       string
		Items      *struct{ Type string }
		Required   []string
		Properties map[string]json.RawMessage
		OneOf      []struct{ Type string }
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In, Description string
				Schema                schema
			}
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			}
		}
	}
	data, err := json.Marshal(p.Document())
	if err != nil || json.Unmarshal(data, &doc) != nil {
		return nil // it is our own document
	}
	var out []APICall
	for _, verb := range p.Verbs() {
		c, op := APICall{Verb: verb}, doc.Paths[verb.Path][strings.ToLower(verb.Method)]
		for _, q := range op.Parameters {
			if q.In == "query" {
				c.Query = append(c.Query, APIField{Name: q.Name, Type: "text", Doc: q.Description})
			}
		}
		body := op.RequestBody.Content["application/json"].Schema
		for _, name := range slices.Sorted(maps.Keys(body.Properties)) {
			var s schema
			if json.Unmarshal(body.Properties[name], &s) != nil {
				continue
			}
			kind := cmp.Or(s.Type, "any")
			if s.Items != nil {
				kind = "list of " + cmp.Or(s.Items.Type, "any")
			}
			c.Fields = append(c.Fields, APIField{Name: name, Type: kind, Needed: slices.Contains(body.Required, name)})
		}
		out = append(out, c)
	}
	return out
}
