package console

import (
	"html/template"
	"net/url"
	"slices"
	"strings"

	"sandbank/admin"
	"sandbank/server/fail"
	"sandbank/server/fault"
)

func faultPages() []page {
	return []page{
		{path: "faults", Title: "Faults", Nav: "faults", name: "faults", build: faults},
		{path: "faults/new", Title: "New rule", Nav: "faults", name: "new-fault", build: newFault},
		{path: "faults/{id}", Title: "Rule", Nav: "faults", name: "edit-fault", build: editFault},
	}
}

// Faults is the list of rules, with the presets, and a form for a new one.
type Faults struct {
	V       *visit
	List    admin.FaultList
	Rules   []*RuleRow
	Armed   int
	Presets []PresetRow
	Filter  string
	Build   *RuleForm
	Tried   string // id of the rule that has just been tried
}

// RuleRow is a rule as the list tells it.
type RuleRow struct {
	fault.Listed
	No                         int
	Request, When, Then, Often string
	Line                       string
}

// Meets tells whether a request of nobody in particular can meet the rule.
func (r *RuleRow) Meets() bool {
	return r.State == fault.Armed && r.Rule.When.Client == "" && r.Rule.When.User == ""
}

func faults(v *visit) (any, error) {
	f := &Faults{V: v, List: v.Desk.Faults(), Filter: v.Query.Get("q"), Tried: v.Query.Get("tried")}
	var err error
	if f.Build, err = ruleForm(v, fault.Rule{}); err != nil {
		return nil, err
	}
	for i, l := range f.List.Items {
		if l.State == fault.Armed {
			f.Armed++
		}
		f.Rules = append(f.Rules, ruleRow(v, i+1, l))
	}
	for _, p := range fault.Presets() {
		if f.Filter == "" || containsFold(strings.Join(append([]string{p.Name, p.Doc, p.Learn}, p.Cases...), " "), f.Filter) {
			f.Presets = append(f.Presets, f.presetRow(p))
		}
	}
	return f, nil
}

// Entry is where the request is that tried a rule; where it had no answer, it is among the last ones.
func (f *Faults) Entry() string {
	if id := f.V.Query.Get("entry"); id != "" && id != "0" {
		return f.V.Item("inspector", id)
	}
	return f.V.At("inspector")
}

// PresetRow is a preset with what one does with it.
type PresetRow struct {
	Name, Doc, Narrow string // the last a page
	Cases             []Case
	Arm               template.HTML
}

// Case is one of the catalogue, with its page.
type Case struct{ ID, URL string }

func (v *visit) cases(ids []string) []Case {
	var out []Case
	for _, id := range ids {
		out = append(out, Case{id, v.At("scenarios", "?q="+id)})
	}
	return out
}

func (f *Faults) presetRow(p fault.Preset) PresetRow {
	row := PresetRow{Name: p.Name, Doc: p.Doc, Narrow: f.V.At("faults/new", "?preset="+p.Name), Cases: f.V.cases(p.Cases)}
	if arm, err := f.V.Form("armFault"); err == nil { // there is one
		row.Arm = arm.As("preset").Button("Arm", "", "tight", "preset", p.Name)
	}
	return row
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func ruleRow(v *visit, no int, l fault.Listed) *RuleRow {
	again := *l.Rule
	again.Paused = false
	return &RuleRow{Listed: l, No: no, Request: requestWords(&l.When), When: whenWords(&l.When), Then: thenWords(&l.Then),
		Often: v.oftenWords(l), Line: again.String()}
}

// ByHeader is a request that brings its own fault.
func (f *Faults) ByHeader() string {
	path := "/"
	for _, o := range f.V.Operations {
		if o.Method == "GET" && !strings.Contains(o.Path, "{") {
			path = "/" + o.Bank + o.Path
			break
		}
	}
	return "curl -i -H 'X-Sandbox-Fault: status=503; retry-after=5s' " + f.V.Origin() + f.V.Root + path
}

// newFault begins with nothing, with a preset, with a line, or with conditions from the query: bank, op, method, path, client, user.
func newFault(v *visit) (any, error) {
	q := v.Query
	var r fault.Rule
	var preset *fault.Preset
	if name := q.Get("preset"); name != "" {
		presets := fault.Presets()
		i := slices.IndexFunc(presets, func(p fault.Preset) bool { return p.Name == name })
		if i < 0 {
			return nil, fail.New(fail.NotFound, "there is no preset %q", name)
		}
		preset, r = &presets[i], presets[i].Rule
	}
	if line := q.Get("line"); line != "" {
		var err error
		if r, err = fault.Parse(line); err != nil {
			e := fail.From(err)
			v.wrong("line", fail.Field("line", "%s", e.Why))
		}
	}
	for name, into := range map[string]*string{"bank": &r.When.Bank, "op": &r.When.Op, "method": &r.When.Method, "path": &r.When.Path, "client": &r.When.Client, "user": &r.When.User} {
		if value := q.Get(name); value != "" {
			*into = value
		}
	}
	f, err := ruleForm(v, r)
	if err != nil {
		return nil, err
	}
	f.Preset = preset
	return f.alone(), nil
}

// EditFault changes a rule that is armed.
type EditFault struct {
	*RuleForm
	*RuleRow
}

func editFault(v *visit) (any, error) {
	all := v.Desk.Faults().Items
	i := slices.IndexFunc(all, func(l fault.Listed) bool { return l.ID == v.Param("id") })
	if i < 0 {
		return nil, fail.New(fail.NotFound, "there is no fault %s", v.Param("id"))
	}
	e := &EditFault{RuleRow: ruleRow(v, i+1, all[i])}
	var err error
	if e.RuleForm, err = ruleForm(v, *all[i].Rule); err != nil {
		return nil, err
	}
	if e.RuleForm.Post, err = v.Form("changeFault", "id", e.ID); err != nil {
		return nil, err
	}
	e.RuleForm.Some = false // its line stands below
	e.Change = e.State != fault.Spent
	e.RuleForm.alone()
	return e, nil
}

// Copy is the page of a form that begins with a line.
func (v *visit) Copy(line string) string {
	return v.At("faults/new", "?"+url.Values{"line": {line}}.Encode())
}

// Spoiled is where the calls are that a rule spoiled.
func (v *visit) Spoiled(id string) string {
	return v.At("inspector", "?"+url.Values{"fault": {id}}.Encode())
}
