package admin

import (
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/fault"
)

// Operation is one route of one bank.
type Operation struct {
	Bank   string
	Method string
	Path   string // native path; under /{bank} it is the same
	Op     string
	Doc    string
	AS     bool // the authorization server answers, not the resource server
	Own    bool // answers only under /{bank}
	Open   bool // needs neither client nor token
}

// FaultOrder asks for a fault: a preset by name, a rule in one line as the header X-Sandbox-Fault has it, or a rule whole. Beside a
// preset, when and often narrow it.
type FaultOrder struct {
	Preset string `json:"preset,omitempty"`
	Line   string `json:"line,omitempty"` // "op=token; status=503; next=2"
	fault.Rule
}

// FaultList is what is armed and what is spent, and whether requests may bring faults of their own.
type FaultList struct {
	Items   []fault.Listed `json:"items"`
	Headers bool           `json:"headers"` // whether X-Sandbox-Fault in a request counts
}

// FaultChange changes a rule that is armed; missing fields stay. Of when, then and often the whole is replaced.
type FaultChange struct {
	Name   *string      `json:"name,omitempty"`
	Paused *bool        `json:"paused,omitempty"`
	When   *fault.When  `json:"when,omitempty"`
	Then   *fault.Then  `json:"then,omitempty"`
	Often  *fault.Often `json:"often,omitempty"`
}

// FaultSwitch turns the header on or off.
type FaultSwitch struct {
	Headers *bool `json:"headers"`
}

// Disarmed says how many rules were disarmed.
type Disarmed struct {
	Disarmed int `json:"disarmed"`
}

func faultEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/faults", op: "faults", doc: "armed rules top-down, then spent ones, with their hits", out: FaultList{},
			do: func(r *request) (any, error) { return r.Faults(), nil }},
		{method: "POST", path: "/faults", op: "armFault", doc: "arm a rule: a preset, a line, or when/then/often; it spoils the next call unless told otherwise",
			in: FaultOrder{}, out: fault.Rule{}, status: 201, do: func(r *request) (any, error) {
				var o FaultOrder
				if err := r.decode(&o); err != nil {
					return nil, err
				}
				return r.ArmFault(o)
			}},
		{method: "PATCH", path: "/faults", op: "switchFaults", doc: "whether X-Sandbox-Fault and X-Sandbox-Scenario in a request count", in: FaultSwitch{}, out: FaultList{},
			do: func(r *request) (any, error) {
				var o FaultSwitch
				if err := r.decode(&o); err != nil {
					return nil, err
				}
				return r.SwitchFaults(o)
			}},
		{method: "DELETE", path: "/faults", op: "disarmFaults", doc: "disarm every rule", out: Disarmed{},
			do: func(r *request) (any, error) { return r.DisarmFaults() }},
		{method: "PATCH", path: "/faults/{id}", op: "changeFault", doc: "pause an armed rule, resume it, or change what it is for, does, and how often; its counts stay",
			in: FaultChange{}, out: fault.Listed{}, do: order(func(r *request, o FaultChange) (any, error) { return r.ChangeFault(r.params["id"], o) })},
		{method: "DELETE", path: "/faults/{id}", op: "disarmFault", doc: "disarm one rule",
			do: func(r *request) (any, error) { return nil, r.DisarmFault(r.params["id"]) }},
		{method: "GET", path: "/faults/presets", op: "faultPresets", doc: "rules ready to arm, with what a correct client does", out: []fault.Preset{},
			do: func(*request) (any, error) { return fault.Presets(), nil }},
	}
}

// Faults lists the rules of the space.
func (d *Desk) Faults() FaultList {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	return d.faults()
}

func (d *Desk) faults() FaultList {
	return FaultList{Items: append([]fault.Listed{}, d.Space.Faults.List(d.Space.Clock.Now())...), Headers: d.Space.Faults.Headers()}
}

// ArmFault arms a rule. One that no call of any bank could ever meet is refused: a forgotten typing error would look like a client
// that survives.
func (d *Desk) ArmFault(o FaultOrder) (*fault.Rule, error) {
	rule, err := o.rule()
	if err != nil {
		return nil, err
	}
	if err := d.reachable(rule.When); err != nil {
		return nil, err
	}
	var armed *fault.Rule
	err = d.Space.Change("fault.arm", "armed a fault: "+told(&rule), func() error {
		armed, err = d.Space.Faults.Arm(rule, d.Space.Clock.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return armed, nil
}

// told names a rule in a list: by its name, or by what it says as far as that is short.
func told(r *fault.Rule) string {
	if r.Name != "" {
		return r.Name
	}
	if line := []rune(r.String()); len(line) > 60 {
		return string(line[:59]) + "…"
	}
	return r.String()
}

// rule is what the order means.
func (o FaultOrder) rule() (fault.Rule, error) {
	switch {
	case o.Preset != "" && o.Line != "":
		return fault.Rule{}, fail.Field("line", "give a preset, a line or a rule, not several")
	case o.Line != "":
		return fault.Parse(o.Line)
	case o.Preset == "":
		return o.Rule, nil
	}
	presets := fault.Presets()
	i := slices.IndexFunc(presets, func(p fault.Preset) bool { return p.Name == o.Preset })
	if i < 0 {
		return fault.Rule{}, fail.Field("preset", "there is no preset %q; see /faults/presets", o.Preset)
	}
	r := presets[i].Rule
	narrow(&r.When.Bank, o.When.Bank)
	narrow(&r.When.Op, o.When.Op)
	narrow(&r.When.Client, o.When.Client)
	narrow(&r.When.User, o.When.User)
	narrow(&r.When.Path, o.When.Path)
	if o.Often != (fault.Often{}) {
		r.Often = o.Often
	}
	r.Paused = o.Paused
	return r, nil
}

func narrow(to *string, by string) {
	if by != "" {
		*to = by
	}
}

// reachable refuses conditions that no route of any bank fulfils.
func (d *Desk) reachable(w fault.When) error {
	bank, op := false, false
	for _, o := range d.Operations {
		if !fault.Glob(w.Bank, o.Bank) {
			continue
		}
		bank = true
		op = op || fault.Glob(w.Op, o.Op)
	}
	switch {
	case !bank:
		return fail.Field("when.bank", "no bank is called %q; there are %s", w.Bank, strings.Join(d.Banks, ", "))
	case !op:
		return fail.Field("when.op", "no operation is called %q there", w.Op)
	}
	return nil
}

// ChangeFault pauses, resumes or edits one armed rule.
func (d *Desk) ChangeFault(id string, o FaultChange) (*fault.Listed, error) {
	verb := "changed fault " + id
	switch {
	case o == FaultChange{}:
		return nil, fail.Field("paused", "nothing is to be changed")
	case o == FaultChange{Paused: o.Paused} && *o.Paused:
		verb = "paused fault " + id
	case o == FaultChange{Paused: o.Paused}:
		verb = "resumed fault " + id
	}
	if o.When != nil {
		if err := d.reachable(*o.When); err != nil {
			return nil, err
		}
	}
	var out fault.Listed
	err := d.Space.Change("fault.change", verb, func() error {
		now := d.Space.Clock.Now()
		_, err := d.Space.Faults.Change(id, now, func(r *fault.Rule) {
			replace(&r.Name, o.Name)
			replace(&r.Paused, o.Paused)
			replace(&r.When, o.When)
			replace(&r.Then, o.Then)
			replace(&r.Often, o.Often)
		})
		if err != nil {
			return err
		}
		all := d.Space.Faults.List(now)
		out = all[slices.IndexFunc(all, func(l fault.Listed) bool { return l.ID == id })]
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

func replace[T any](to *T, by *T) {
	if by != nil {
		*to = *by
	}
}

// SwitchFaults says whether requests may bring faults of their own.
func (d *Desk) SwitchFaults(o FaultSwitch) (*FaultList, error) {
	if o.Headers == nil {
		return nil, fail.Field("headers", "true or false is needed")
	}
	var list FaultList
	err := d.Space.Change("fault.headers", map[bool]string{true: "let requests bring faults", false: "forbade requests to bring faults"}[*o.Headers], func() error {
		d.Space.Faults.AllowHeaders(*o.Headers)
		list = d.faults()
		return nil
	})
	return &list, err
}

// DisarmFault disarms one rule.
func (d *Desk) DisarmFault(id string) error {
	return d.Space.Change("fault.disarm", "disarmed fault "+id, func() error { return d.Space.Faults.Disarm(id) })
}

// DisarmFaults disarms all.
func (d *Desk) DisarmFaults() (*Disarmed, error) {
	var n Disarmed
	err := d.Space.Change("fault.disarm", "disarmed all faults", func() error {
		n.Disarmed = d.Space.Faults.DisarmAll()
		return nil
	})
	return &n, err
}
