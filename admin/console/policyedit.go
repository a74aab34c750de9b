package console

import (
	"encoding/json"
	"slices"
	"strings"

	"sandbank/admin"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

// PolicyEdit turns one knob at one level.
type PolicyEdit struct {
	V       *visit
	Bank    string // through whose eyes the knob is seen
	Place   admin.PolicyLevel
	Knob    admin.KnobView
	Text    knobText
	Own     string // what the level sets; empty when it does not
	Next    CascadeStep
	Cascade []CascadeStep
	Levels  []LevelChoice
	Reach   *admin.PolicyReach
	Back    string
}

// CascadeStep is what one level says about the knob.
type CascadeStep struct {
	Name, Value, Text string
	Wins, Here        bool
}

// LevelChoice is a level at which the knob can be turned.
type LevelChoice struct {
	Name, URL string
	Current   bool
}

func editPolicy(v *visit) (any, error) {
	q := v.Query
	e := &PolicyEdit{V: v, Back: "policies"}
	if from := q.Get("from"); from != "" {
		e.Back += "?" + from
	}
	seen := admin.PolicyLevel{Bank: q.Get("bank"), Client: q.Get("client"), User: q.Get("user")}
	view, err := v.Desk.Policies(admin.PolicyLevel{Bank: seen.Bank, Client: seen.Client, User: seen.User})
	if err != nil {
		return nil, err
	}
	if e.Knob.Knob = q.Get("knob"); e.Knob.Knob == "" {
		e.Knob.Knob = string(grant.AccessTTL)
	}
	for _, b := range view.Banks {
		if i := slices.IndexFunc(b.Knobs, func(k admin.KnobView) bool { return k.Knob == e.Knob.Knob }); i >= 0 && e.Bank == "" {
			e.Bank, e.Knob = b.Bank, b.Knobs[i]
			seen.User = b.User
		}
	}
	if e.Bank == "" {
		return nil, fail.New(fail.NotFound, "there is no knob %q there", e.Knob.Knob)
	}
	e.Place = e.place(seen, q.Get("level"))
	e.Text = textOf(e.Knob.Knob)
	e.cascade(view, seen)
	e.choices(seen)
	e.Reach, err = v.Desk.PolicyReach(e.Knob.Knob, e.Place)
	return e, err
}

// place is the level that is asked for, or the narrowest around somebody at which the knob can be turned.
func (e *PolicyEdit) place(seen admin.PolicyLevel, asked string) admin.PolicyLevel {
	best := admin.PolicyLevel{}
	for _, depth := range e.Knob.Levels { // the wider ones first
		at := narrowed(seen, depth)
		if depthOf(at) == depth {
			best = at
		}
		if depth == asked {
			break
		}
	}
	return best
}

// narrowed is a level of the given depth around somebody.
func narrowed(l admin.PolicyLevel, depth string) admin.PolicyLevel {
	switch depth {
	case "user":
		return admin.PolicyLevel{Bank: l.Bank, User: l.User}
	case "client":
		return admin.PolicyLevel{Bank: l.Bank, Client: l.Client}
	case "bank":
		return admin.PolicyLevel{Bank: l.Bank}
	}
	return admin.PolicyLevel{}
}

// cascade is what each level says, the widest first: the last one that says something wins.
func (e *PolicyEdit) cascade(view *admin.PolicyView, seen admin.PolicyLevel) {
	e.Cascade = []CascadeStep{{Name: e.V.Bank(e.Bank) + "’s own", Value: e.Knob.Default, Text: worded(e.Knob, e.Knob.Default)}}
	if strings.HasSuffix(e.Knob.Source, " original") {
		e.Cascade = append(e.Cascade, CascadeStep{Name: "As the original", Value: e.Knob.Value, Text: worded(e.Knob, e.Knob.Value)})
	}
	around := admin.PolicyLevel{Bank: e.Bank, Client: seen.Client, User: seen.User}
	for _, depth := range []string{"global", "bank", "client", "user"} {
		at := narrowed(around, depth)
		if depthOf(at) != depth || depth == "bank" && seen.Bank == "" && e.Place == (admin.PolicyLevel{}) {
			continue
		}
		step := CascadeStep{Name: e.V.LevelWords(at), Here: at == e.Place}
		if i := slices.IndexFunc(view.Levels, func(l admin.LevelPolicy) bool { return l.Level == at }); i >= 0 {
			step.Value = view.Levels[i].Set[e.Knob.Knob]
		}
		step.Text = worded(e.Knob, step.Value)
		e.Cascade = append(e.Cascade, step)
	}
	for i := len(e.Cascade) - 1; i >= 0; i-- {
		if e.Cascade[i].Value != "" {
			e.Cascade[i].Wins = true
			break
		}
	}
	for _, s := range e.Cascade {
		if s.Here {
			e.Own = s.Value
			break
		}
		if s.Value != "" {
			e.Next = s
		}
	}
}

// LevelWords name a level.
func (v *visit) LevelWords(l admin.PolicyLevel) string {
	switch depthOf(l) {
	case "user":
		return "User " + tail(l.User)
	case "client":
		return "Client " + l.Client
	case "bank":
		return "Bank " + v.Bank(l.Bank)
	}
	return "All banks"
}

// choices are the levels at which this could be turned instead.
func (e *PolicyEdit) choices(seen admin.PolicyLevel) {
	for _, depth := range e.Knob.Levels {
		at := narrowed(seen, depth)
		if depthOf(at) != depth {
			continue
		}
		e.Levels = append(e.Levels, LevelChoice{e.V.LevelWords(at), editorURL(e.V, e.Knob.Knob, seen, depth, e.V.Query.Get("from")), at == e.Place})
	}
}

// Survive are the cases that the knob is for.
func (e *PolicyEdit) Survive() []Case { return e.V.cases(e.Text.Cases) }

// Where names what is turned: "bg-demo at Accounts BG".
func (e *PolicyEdit) Where() string {
	switch depthOf(e.Place) {
	case "user":
		return tail(e.Place.User) + " at " + e.V.Bank(e.Place.Bank)
	case "client":
		return e.Place.Client + " at " + e.V.Bank(e.Place.Bank)
	case "bank":
		return e.V.Bank(e.Place.Bank)
	}
	return "All banks"
}

// Now is the value that the form begins with.
func (e *PolicyEdit) Now() string {
	if e.Own != "" {
		return e.Own
	}
	return e.Knob.Value
}

// Field is the knob's name in a form.
func (e *PolicyEdit) Field() string { return "set." + e.Knob.Knob }

// Depth is the word for the level.
func (e *PolicyEdit) Depth() string { return depthOf(e.Place) }

// Level are the hidden fields that say where the knob is turned.
func (e *PolicyEdit) Level() [][2]string {
	return [][2]string{{"level.bank", e.Place.Bank}, {"level.client", e.Place.Client}, {"level.user", e.Place.User}}
}

// ScriptFields are the fields of the command that the form begins with.
func (e *PolicyEdit) ScriptFields() []string {
	out := []string{e.Field(), e.Now()}
	for _, l := range e.Level() {
		out = append(out, l[0], l[1])
	}
	return out
}

// Lives are lifetimes that one tries.
func (e *PolicyEdit) Lives() []string {
	switch {
	case e.Knob.Signed:
		return []string{"-30s", "0s", "30s", "1h"}
	case e.Knob.Type == "duration":
		return []string{"0s", "10s", "30s", "5m"}
	case e.Knob.Knob == "consent" || strings.HasPrefix(e.Knob.Knob, "refresh"):
		return []string{"20s", "5m", "30d", "90d", "180d", "never"}
	}
	return []string{"5s", "60s", "10m", "1h", "never"}
}

// PolicyJSON is everything that is turned, to take along.
type PolicyJSON struct {
	V     *visit
	JSON  string
	Calls string
}

func policyJSON(v *visit) (any, error) {
	all, err := v.Desk.Policies(admin.PolicyLevel{})
	if err != nil {
		return nil, err
	}
	p := &PolicyJSON{V: v}
	text, err := json.MarshalIndent(all.Levels, "", "  ")
	if err != nil {
		return nil, err
	}
	p.JSON = string(text)
	for _, l := range all.Levels {
		body, err := json.Marshal(struct {
			Level admin.PolicyLevel `json:"level"`
			Set   map[string]string `json:"set"`
		}{l.Level, l.Set})
		if err != nil {
			return nil, err
		}
		p.Calls += v.Curl("PATCH", "/policies", string(body)) + "\n"
	}
	p.Calls = strings.TrimSuffix(p.Calls, "\n")
	return p, nil
}
