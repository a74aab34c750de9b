package admin

import (
	"cmp"
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// PolicyLevel is a place in the cascade: everything (no field), one bank, or one client or one user of a bank.
type PolicyLevel struct {
	Bank   string `json:"bank,omitempty"`
	Client string `json:"client,omitempty"`
	User   string `json:"user,omitempty"` // login, or "bank/login"
}

// PolicyView is all policies: what counts, and where it was set.
type PolicyView struct {
	Banks  []BankPolicy  `json:"banks"`
	Levels []LevelPolicy `json:"levels"` // where knobs are turned, the wider level first
}

// BankPolicy is what counts at one bank, for the client and user that were asked about.
type BankPolicy struct {
	PolicyLevel
	Knobs []KnobView `json:"knobs"`
}

// LevelPolicy is the knobs that one level turns.
type LevelPolicy struct {
	Level PolicyLevel       `json:"level"`
	Name  string            `json:"name"` // as sources name it: "bank yoisho"
	Set   map[string]string `json:"set"`
}

// KnobView is one knob with its effective value.
type KnobView struct {
	Knob    string   `json:"knob"`
	Doc     string   `json:"doc"`
	Type    string   `json:"type"` // lifetime (a duration or never), duration, count, choice
	Choices []string `json:"choices,omitempty"`
	Form    string   `json:"form,omitempty"` // what may stand beside the choices
	Most    int64    `json:"most,omitempty"` // of a count
	Signed  bool     `json:"signed,omitempty"`
	Levels  []string `json:"levels"` // where it can be turned: global, bank, client, user
	Value   string   `json:"value"`
	Source  string   `json:"source"` // "user yoisho/dave", "client …", "bank …", "global", "yoisho default", "yoisho original"; of a grant "login dave~ttl5s"
	Default string   `json:"default"`
}

func policyEndpoints() []endpoint {
	grantOf := parameter{"grant", "as it is for this grant, with what its login asked for; goes alone"}
	scope := []parameter{{"bank", "one bank alone"}, {"client", "as it is for this client"}, {"user", "as it is for this user: login, or bank/login"}}
	change := func(r *request) (any, error) {
		var c PolicyChange
		if err := r.decode(&c); err != nil {
			return nil, err
		}
		return r.ChangePolicy(c)
	}
	const doc = "turn knobs of a level and take others back; those that are not named stay"
	return []endpoint{
		{method: "GET", path: "/policies", op: "policies", doc: "every knob of every bank with its effective value and where that comes from, and what is set at each level",
			query: append([]parameter{grantOf}, scope...), out: PolicyView{}, do: func(r *request) (any, error) {
				id := r.query.Get("grant")
				if id == "" {
					return r.Policies(r.level())
				}
				if r.level() != (PolicyLevel{}) {
					return nil, fail.Field("grant", "grant goes with neither bank, client nor user")
				}
				return r.GrantPolicies(id)
			}},
		{method: "PUT", path: "/policies", op: "putPolicy", doc: doc, in: PolicyChange{}, out: PolicyChanged{}, do: change},
		{method: "PATCH", path: "/policies", op: "changePolicy", doc: doc, in: PolicyChange{}, out: PolicyChanged{}, do: change},
		{method: "DELETE", path: "/policies", op: "resetPolicy", doc: "take back every knob that one level turns; where none is named, that any level turns",
			query: append([]parameter{{"global", "true: the level above the banks"}, {"retime", "true: living tokens too"}}, scope...), out: PolicyChanged{}, do: resetPolicy},
	}
}

func resetPolicy(r *request) (any, error) {
	global, err := r.flag("global")
	if err != nil {
		return nil, err
	}
	retime, err := r.flag("retime")
	if err != nil {
		return nil, err
	}
	at := r.level()
	if global && at != (PolicyLevel{}) {
		return nil, fail.Field("global", "global goes with neither bank, client nor user")
	}
	return r.ResetPolicy(at, !global && at == PolicyLevel{}, retime)
}

func (r *request) level() PolicyLevel {
	return PolicyLevel{r.query.Get("bank"), r.query.Get("client"), r.query.Get("user")}
}

// Policies looks at every bank that has the client and the user; a client or user that none has is NotFound.
func (d *Desk) Policies(of PolicyLevel) (*PolicyView, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	if of.Bank != "" && !slices.Contains(d.Banks, of.Bank) {
		return nil, fail.New(fail.NotFound, "there is no bank %q; there are %s", of.Bank, strings.Join(d.Banks, ", "))
	}
	view := &PolicyView{Banks: []BankPolicy{}}
	var why error
	for _, bank := range d.Banks {
		if of.Bank != "" && of.Bank != bank {
			continue
		}
		user, err := d.known(PolicyLevel{bank, of.Client, of.User})
		if err != nil {
			why = cmp.Or(why, err)
			continue
		}
		b := BankPolicy{PolicyLevel: PolicyLevel{bank, of.Client, user}, Knobs: []KnobView{}}
		for _, s := range d.knobs(bank) {
			b.Knobs = append(b.Knobs, d.knob(s, b.PolicyLevel))
		}
		view.Banks = append(view.Banks, b)
	}
	if len(view.Banks) == 0 {
		return nil, fail.New(fail.NotFound, "%s", fail.From(why).Why)
	}
	view.Levels = levelPolicies(d.Space.Grants.Policy.Levels())
	return view, nil
}

// GrantPolicies looks at the bank of a grant as it is for that grant: with the knobs that its login turned, which count before all levels.
func (d *Desk) GrantPolicies(id string) (*PolicyView, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	of, err := d.findGrant(id)
	if err != nil {
		return nil, err
	}
	b := BankPolicy{PolicyLevel: PolicyLevel{of.Bank, of.Client, of.Owner}, Knobs: []KnobView{}}
	for _, s := range d.knobs(of.Bank) {
		k := d.knob(s, b.PolicyLevel)
		value, source := d.Space.Grants.Value(s.Knob, of)
		k.Value, k.Source = s.Format(value), source
		b.Knobs = append(b.Knobs, k)
	}
	return &PolicyView{Banks: []BankPolicy{b}, Levels: levelPolicies(d.Space.Grants.Policy.Levels())}, nil
}

// depth is how narrow the level is.
func (l PolicyLevel) depth() int {
	switch {
	case l.User != "":
		return 3
	case l.Client != "":
		return 2
	case l.Bank != "":
		return 1
	}
	return 0
}

// levelPolicies shows levels, the wider ones first.
func levelPolicies(levels map[grant.Level]grant.Settings) []LevelPolicy {
	out := []LevelPolicy{}
	for at, settings := range levels {
		p := LevelPolicy{Level: PolicyLevel(at), Name: at.String(), Set: map[string]string{}}
		for k, v := range settings {
			s, _ := grant.SpecOf(k)
			p.Set[string(k)] = s.Format(v)
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b LevelPolicy) int {
		return cmp.Or(a.Level.depth()-b.Level.depth(), cmp.Compare(a.Level.Bank, b.Level.Bank), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// known finds the client and the user of a level, and returns the user's id.
func (d *Desk) known(at PolicyLevel) (user string, err error) {
	if at.Client != "" && d.Space.Grants.Client(at.Bank, at.Client) == nil {
		return "", fail.Field("level.client", "no client %q at %s", at.Client, at.Bank)
	}
	if at.User == "" {
		return "", nil
	}
	p := d.Space.Ledger.PersonByLogin(at.Bank, at.User)
	if p == nil {
		p = d.Space.Ledger.Person(at.User)
	}
	if p == nil || p.Bank != at.Bank {
		return "", fail.Field("level.user", "no user %q at %s", at.User, at.Bank)
	}
	return p.ID, nil
}

// knobs are the ones that have an effect at a bank, in the order of the table.
func (d *Desk) knobs(bank string) []grant.Spec {
	return slices.DeleteFunc(grant.Specs(), func(s grant.Spec) bool {
		_, has := d.Space.Grants.Policy.Default(s.Knob, bank)
		return !has
	})
}

func (d *Desk) knob(s grant.Spec, at PolicyLevel) KnobView {
	policy := d.Space.Grants.Policy
	value, source := policy.Value(s.Knob, at.Bank, at.Client, at.User)
	standard, _ := policy.Default(s.Knob, at.Bank)
	v := KnobView{Knob: string(s.Knob), Doc: s.Doc, Choices: s.Choices, Form: s.Form, Most: s.Most, Signed: s.Signed, Levels: []string{"global", "bank"},
		Value: s.Format(value), Source: source, Default: s.Format(standard)}
	switch {
	case len(s.Choices) > 0:
		v.Type = "choice"
	case s.Count:
		v.Type = "count"
	case s.Span:
		v.Type = "duration"
	default:
		v.Type = "lifetime"
	}
	if s.Client {
		v.Levels = append(v.Levels, "client")
	}
	if s.User {
		v.Levels = append(v.Levels, "user")
	}
	return v
}
