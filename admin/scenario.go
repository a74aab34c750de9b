package admin

import (
	"fmt"
	"slices"
	"time"

	"sandbank/server/cert"
	"sandbank/server/grant"
	"sandbank/server/scenario"
)

// ScenarioView is one case of the catalogue as it stands in the space.
type ScenarioView struct {
	ID       string            `json:"id"`
	Group    scenario.Group    `json:"group"`
	Title    string            `json:"title"`
	Does     string            `json:"does"`    // what the bank does
	Correct  string            `json:"correct"` // what a correct client does
	Refs     []string          `json:"refs"`    // real incidents, sections of RFCs
	Banks    []string          `json:"banks"`   // where it can be shown; the first by default
	Do       string            `json:"do,omitempty"`
	Variants []ScenarioVariant `json:"variants"`          // what it can set; the first by default; none: everything is done by hand
	Header   bool              `json:"header"`            // whether X-Sandbox-Scenario can bring it on one request
	Missing  string            `json:"missing,omitempty"` // why it cannot be armed
	State    string            `json:"state"`             // missing, armed, met or open
	Armed    *ScenarioStanding `json:"armed,omitempty"`
	Met      bool              `json:"met"`               // whether the traffic that the journal still has met it
	Hits     int               `json:"hits"`              // how many of its requests did
	Entries  []uint64          `json:"entries,omitempty"` // ids of the newest of them in the journal, at most ten
	Journal  string            `json:"journal"`           // path of the requests that it is about
}

// ScenarioVariant is one way of a case.
type ScenarioVariant struct {
	Name   string   `json:"name,omitempty"`
	Knobs  []string `json:"knobs,omitempty"`  // knob=value, or bank.knob=value
	Faults []string `json:"faults,omitempty"` // as X-Sandbox-Fault has them
	Clock  string   `json:"clock,omitempty"`

	Certificate cert.State `json:"certificate,omitempty"` // what TLS shows from then on
}

// ScenarioStanding is how a case is armed.
type ScenarioStanding struct {
	At      time.Time      `json:"at"` // the space's clock before
	Variant string         `json:"variant,omitempty"`
	Bank    string         `json:"bank"`
	Client  string         `json:"client,omitempty"`
	User    string         `json:"user,omitempty"`
	Set     []ScenarioPart `json:"set"`
}

// ScenarioPart is one thing that a case set.
type ScenarioPart struct {
	Kind   string `json:"kind"`           // policy, fault, clock or setting
	What   string `json:"what"`           // access=5s; op=token; …; moved by 2h; skew as=30s; certificate=expired
	ID     string `json:"id,omitempty"`   // of a fault
	Was    string `json:"was,omitempty"`  // the level's own setting before; none: it had none. Of a skew and of a setting: the one before
	Stands bool   `json:"stands"`         // whether it is still so: not turned since, not spent, not disarmed
	Why    string `json:"why,omitempty"`  // where it is not
	Hits   int    `json:"hits,omitempty"` // of a fault
}

// ScenarioList is the catalogue, or a part of it.
type ScenarioList struct {
	Items    []ScenarioView   `json:"items"`
	Groups   []scenario.Group `json:"groups"`
	Coverage string           `json:"coverage"` // met of all, as "31/77", whatever the filter
	Met      int              `json:"met"`
	Total    int              `json:"total"`
	Missing  int              `json:"missing"`
}

// ScenarioFilter says which cases are asked for; empty fields ask for all.
type ScenarioFilter struct {
	Group string // 3.1 …
	Bank  string // can be shown there
	State string // armed, met, missing; open: neither met nor missing
}

func scenarioEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/scenarios", op: "scenarios", doc: "the cases that a client must survive: what each does, what a correct client does, what is armed, and what traffic has met",
			query: []parameter{{"group", "3.1 to 3.7"}, {"bank", "cases that can be shown there"}, {"state", "armed, met, missing, or open: neither met nor missing"}}, out: ScenarioList{},
			do: func(r *request) (any, error) {
				return r.Scenarios(ScenarioFilter{r.query.Get("group"), r.query.Get("bank"), r.query.Get("state")})
			}},
		{method: "GET", path: "/scenarios/{id}", op: "scenario", doc: "one case", out: ScenarioView{}, do: func(r *request) (any, error) { return r.Scenario(r.params["id"]) }},
		{method: "POST", path: "/scenarios/{id}", op: "armScenario", doc: "set everything that the case needs, in one change; armed again, it begins anew", in: ScenarioOrder{}, out: ScenarioArmed{},
			do: order(func(r *request, o ScenarioOrder) (any, error) { return r.ArmScenario(r.params["id"], o) })},
		{method: "DELETE", path: "/scenarios/{id}", op: "disarmScenario", doc: "take back what the case set, and nothing else", out: ScenarioDisarmed{},
			do: func(r *request) (any, error) { return r.DisarmScenario(r.params["id"]) }},
	}
}

// Scenarios lists the catalogue.
func (d *Desk) Scenarios(f ScenarioFilter) (*ScenarioList, error) {
	list := &ScenarioList{Items: []ScenarioView{}, Groups: scenario.Groups()}
	var groups []string
	for _, g := range list.Groups {
		groups = append(groups, g.Number)
	}
	for _, err := range []error{oneOf("group", f.Group, groups...), oneOf("bank", f.Bank, d.Banks...), oneOf("state", f.State, "armed", "met", "missing", "open")} {
		if err != nil {
			return nil, err
		}
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	met := d.met()
	for _, c := range scenario.Cases() {
		v := d.scenarioView(&c, met)
		list.Total++
		if v.Met {
			list.Met++
		}
		if v.Missing != "" {
			list.Missing++
		}
		fits := f.State == "" || f.State == "armed" && v.Armed != nil || f.State == "met" && v.Met || f.State == "missing" && v.Missing != "" ||
			f.State == "open" && !v.Met && v.Missing == ""
		if fits && (f.Group == "" || f.Group == c.Group) && (f.Bank == "" || slices.Contains(c.Banks, f.Bank)) {
			list.Items = append(list.Items, v)
		}
	}
	list.Coverage = fmt.Sprintf("%d/%d", list.Met, list.Total)
	return list, nil
}

// Scenario looks at one case.
func (d *Desk) Scenario(id string) (*ScenarioView, error) {
	c, err := scenario.Find(id)
	if err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	v := d.scenarioView(c, d.met())
	return &v, nil
}

func (d *Desk) scenarioView(c *scenario.Case, met map[string]scenario.Met) ScenarioView {
	m := met[c.ID]
	v := ScenarioView{ID: c.ID, Title: c.Title, Does: c.Does, Correct: c.Correct, Refs: append([]string{}, c.Refs...), Banks: c.Banks, Do: c.Do,
		Variants: []ScenarioVariant{}, Missing: c.Missing(d.Secure()), State: "open", Met: m.Count > 0, Hits: m.Count, Entries: m.Entries}
	for _, g := range scenario.Groups() {
		if g.Number == c.Group {
			v.Group = g
		}
	}
	for _, one := range c.Variants {
		v.Variants = append(v.Variants, ScenarioVariant(one))
		v.Header = v.Header || len(one.Faults) > 0
	}
	where := grant.Level{}
	if a := d.Space.Scenarios.Get(c.ID); a != nil {
		v.Armed = d.standing(a)
		where = a.Reach()
	}
	v.Journal = d.journalOf(where, 0)
	switch {
	case v.Missing != "":
		v.State = "missing"
	case v.Armed != nil:
		v.State = "armed"
	case v.Met:
		v.State = "met"
	}
	return v
}
