package console

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"sandbank/server/fault"
)

// RuleForm is what a form for a rule needs: the rule to begin with, and what can be chosen.
type RuleForm struct {
	V    *visit
	Rule fault.Rule
	Ops  []string // "token=token: POST /oauth2/token"
	Line string
	Lost string // what of the rule no field has
	Some bool   // there is a rule to begin with

	Post   *form
	Preset *fault.Preset
	Change bool // of an armed rule, not a new one
	Alone  bool // a page of its own
	doc    any  // the rule as JSON has it
}

func ruleForm(v *visit, r fault.Rule) (*RuleForm, error) {
	f := &RuleForm{V: v, Rule: r, Line: r.String(), Ops: []string{"=any"}}
	f.Some = f.Line != ""
	post, err := v.Form("armFault")
	if err != nil {
		return nil, err
	}
	f.Post = post.As("rule").Needs()
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	if err := d.Decode(&f.doc); err != nil {
		return nil, err
	}
	if r.Then.Body != nil && *r.Then.Body == "" {
		f.Lost = "The empty body of this rule can only be said in the line form: a field that is left empty says nothing."
	}
	seen := map[string]bool{}
	for _, o := range v.Operations {
		if (r.When.Bank == "" || fault.Glob(r.When.Bank, o.Bank)) && !seen[o.Op] {
			seen[o.Op] = true
			words := o.Op
			if r.When.Bank != "" {
				words += ": " + o.Method + " " + o.Path
			}
			f.Ops = append(f.Ops, o.Op+"="+words)
		}
	}
	slices.Sort(f.Ops[1:])
	if op := r.When.Op; op != "" && !seen[op] {
		f.Ops = append(f.Ops, op+"="+op)
	}
	return f, nil
}

// alone makes the form a page of its own, which leads back to the list.
func (f *RuleForm) alone() *RuleForm {
	f.Alone, f.Post = true, f.Post.As("alone").Then("faults")
	return f
}

// Clients are suggestions for the client's field, Users for the user's.
func (f *RuleForm) Clients() []string {
	var out []string
	for _, bank := range f.V.Banks {
		if all, err := f.V.Desk.Clients(bank); err == nil {
			for _, c := range all {
				out = append(out, c.ID)
			}
		}
	}
	return out
}

// Users are some logins.
func (f *RuleForm) Users() []string {
	f.V.Space.Gate.RLock()
	defer f.V.Space.Gate.RUnlock()
	var out []string
	for _, bank := range f.V.Banks {
		people := f.V.Space.Ledger.People(bank)
		for _, p := range people[:min(5, len(people))] {
			if !slices.Contains(out, p.Login) {
				out = append(out, p.Login)
			}
		}
	}
	return out
}

// BankOptions are the banks, and any.
func (f *RuleForm) BankOptions() []string {
	out := append([]string{"=any"}, f.V.Named(f.V.Banks)...)
	if bank := f.Rule.When.Bank; bank != "" && !slices.Contains(f.V.Banks, bank) {
		out = append(out, bank)
	}
	return out
}

// Refusals are those that a bank says in its own words.
func (f *RuleForm) Refusals() []string {
	out := []string{"=none"}
	for _, k := range fault.Refusals() {
		out = append(out, string(k)+"="+strings.ReplaceAll(string(k), "_", " "))
	}
	return out
}

// Value is what the rule to begin with says of a field, by its name in JSON.
func (f *RuleForm) Value(name string) string {
	switch name {
	case "then.headers":
		return strings.Join(lined(f.Rule.Then.Headers), "\n")
	case "then.strip":
		return strings.Join(f.Rule.Then.Strip, ", ")
	case "then.mutate":
		return strings.Join(f.Rule.Then.Mutate.Lines(), "\n")
	}
	doc := f.doc
	for part := range strings.SplitSeq(name, ".") {
		inner, _ := doc.(map[string]any)
		doc = inner[part]
	}
	switch v := doc.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// On tells whether the rule to begin with says yes to a field.
func (f *RuleForm) On(name string) bool { return f.Value(name) == "true" }

func lined(h fault.Headers) []string {
	var out []string
	for name, value := range h {
		out = append(out, name+": "+value)
	}
	slices.Sort(out)
	return out
}

// Has tells whether the rule to begin with says something of one of these fields, so that their part of the form is open.
func (f *RuleForm) Has(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		v := f.Post.value(n, f.Value(n))
		return v != "" && !strings.HasPrefix(v, "false") || f.V.failed != nil && f.V.failed.Field == n
	})
}

// ruleFields are the fields of a form for a rule.
func ruleFields() []string {
	return strings.Fields("when.bank when.op when.client when.user when.method when.path when.param when.header when.answer when.nth " +
		"then.status then.refuse then.delay then.spread then.where then.body then.type then.redirect then.headers then.mutate then.strip " +
		"then.cacheable then.retryAfter then.truncate then.dribble then.drop then.reset then.hang " +
		"name often.next often.percent often.every often.after often.until often.seed")
}

// ScriptFields are those of the command that the form begins with.
func (f *RuleForm) ScriptFields() []string {
	var out []string
	for _, name := range ruleFields() {
		out = append(out, name, f.Post.value(name, f.Value(name)))
	}
	return out
}

// Zero stands in numbers of a rule that is changed, so that each part of it is sent whole.
func (f *RuleForm) Zero() string {
	if f.Change {
		return "0"
	}
	return ""
}

// Survive are the cases that a preset is for.
func (f *RuleForm) Survive() []Case { return f.V.cases(f.Preset.Cases) }
