package admin

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// PolicyText is the text of a knob's value. In JSON a number or true and false will do, where the text is one or on and off.
type PolicyText string

// UnmarshalJSON reads a text, a number or a boolean.
func (t *PolicyText) UnmarshalJSON(p []byte) error {
	var text string
	switch {
	case string(p) == "true":
		*t = grant.On
	case string(p) == "false":
		*t = grant.Off
	case len(p) > 0 && (p[0] == '-' || p[0] >= '0' && p[0] <= '9'):
		*t = PolicyText(p)
	default:
		if err := json.Unmarshal(p, &text); err != nil || p[0] != '"' {
			return fail.Field("", "a knob's value is a text, a number or a boolean")
		}
		*t = PolicyText(text)
	}
	return nil
}

// JSONSchema describes what can be read.
func (PolicyText) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Description: "a knob's value: 5s, never, keep, 3", Examples: []any{"5s"},
		OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "integer"}, {Type: "boolean"}}}
}

// PolicyChange turns knobs of one level, and takes others back.
type PolicyChange struct {
	Level  PolicyLevel           `json:"level"`
	Set    map[string]PolicyText `json:"set,omitempty"`
	Unset  []string              `json:"unset,omitempty"`
	Retime bool                  `json:"retime,omitempty"` // whether tokens that live already get the new life too, counted from their issue
}

// PolicyChanged says what a change did, knob by knob and bank by bank.
type PolicyChanged struct {
	Knobs []KnobChange `json:"knobs"`
}

// KnobChange is what one knob did at one bank, seen from the level that was changed. Where a narrower level turns it too, that one counts.
type KnobChange struct {
	Bank    string `json:"bank"`
	Knob    string `json:"knob"`
	Level   string `json:"level"`
	Old     string `json:"old"`
	New     string `json:"new"`
	Source  string `json:"source"`  // of the new value
	Living  int    `json:"living"`  // tokens under the level that the knob is about and that lived before
	Retimed int    `json:"retimed"` // how many of them have the new life
	Ended   int    `json:"ended"`   // how many of these are over by it
}

// turn is a change that was checked.
type turn struct {
	at    grant.Level
	set   grant.Settings
	unset []grant.Knob
}

// ChangePolicy turns knobs of one level and takes others back, all at once.
func (d *Desk) ChangePolicy(c PolicyChange) (*PolicyChanged, error) {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(c.Set)) {
		words = append(words, k+"="+string(c.Set[k]))
	}
	for _, k := range c.Unset {
		words = append(words, "no "+k)
	}
	if len(words) == 0 {
		return nil, fail.Field("set", "nothing is to be set or unset")
	}
	out, where := &PolicyChanged{}, "all banks"
	if c.Level != (PolicyLevel{}) {
		where = grant.Level(c.Level).String()
	}
	err := d.Space.Change("policy", "turned "+strings.Join(words, ", ")+" at "+where, func() error {
		t, err := d.turn(c)
		if err != nil {
			return err
		}
		out.Knobs = d.apply(t, c.Retime)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ResetPolicy takes back every knob that a level turns, or, with all, that any level does.
func (d *Desk) ResetPolicy(at PolicyLevel, all, retime bool) (*PolicyChanged, error) {
	out := &PolicyChanged{Knobs: []KnobChange{}}
	what := "reset the policy of " + grant.Level(at).String()
	if all {
		what = "reset all policies"
	}
	err := d.Space.Change("policy", what, func() error {
		levels := d.Space.Grants.Policy.Levels()
		if !all {
			one, err := d.place(at)
			if err != nil {
				return err
			}
			levels = map[grant.Level]grant.Settings{one: levels[one]}
		}
		for _, p := range levelPolicies(levels) {
			t := turn{at: grant.Level(p.Level)}
			t.unset = slices.Collect(maps.Keys(levels[t.at]))
			out.Knobs = append(out.Knobs, d.apply(t, retime)...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// place finds the level that is meant. One whose client or user has gone can still be reset.
func (d *Desk) place(l PolicyLevel) (grant.Level, error) {
	at := grant.Level(l)
	switch {
	case l.Bank == "" && l != PolicyLevel{}:
		return at, fail.Field("level.bank", "a client or a user is one of a bank; say of which")
	case l.Bank != "" && !slices.Contains(d.Banks, l.Bank):
		return at, fail.Field("level.bank", "there is no bank %q; there are %s", l.Bank, strings.Join(d.Banks, ", "))
	case l.Client != "" && l.User != "":
		return at, fail.Field("level.user", "a level is one client or one user, not both")
	}
	if _, turned := d.Space.Grants.Policy.Levels()[at]; turned {
		return at, nil
	}
	user, err := d.known(l)
	at.User = user
	return at, err
}

// turn checks a change against what the banks have.
func (d *Desk) turn(c PolicyChange) (t turn, err error) {
	t.set = grant.Settings{}
	if t.at, err = d.place(c.Level); err != nil {
		return t, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Set)) {
		field := "set." + name
		k, err := d.turnable(name, field, t.at)
		if err != nil {
			return t, err
		}
		if t.set[k], err = grant.ParseValue(k, string(c.Set[name])); err != nil {
			return t, fail.Field(field, "%v", err)
		}
	}
	for _, name := range c.Unset {
		k, err := d.turnable(name, "unset", t.at)
		if err != nil {
			return t, err
		}
		if _, both := t.set[k]; both {
			return t, fail.Field("unset", "%s is both set and unset", name)
		}
		t.unset = append(t.unset, k)
	}
	return t, nil
}

// turnable finds a knob that does something at the level, so that no setting is without effect.
func (d *Desk) turnable(name, field string, at grant.Level) (grant.Knob, error) {
	s, ok := grant.SpecOf(grant.Knob(name))
	switch {
	case !ok:
		return "", fail.Field(field, "there is no knob %q", name)
	case at.Client != "" && !s.Client:
		return "", fail.Field(field, "%s cannot be turned for one client", name)
	case at.User != "" && !s.User:
		return "", fail.Field(field, "%s cannot be turned for one user", name)
	}
	for _, bank := range d.under(at) {
		if _, has := d.Space.Grants.Policy.Default(s.Knob, bank); has {
			return s.Knob, nil
		}
	}
	if at.Bank == "" {
		return "", fail.Field(field, "no bank has %s", name)
	}
	var has []string
	for _, k := range d.Space.Grants.Policy.Knobs(at.Bank) {
		has = append(has, string(k))
	}
	return "", fail.Field(field, "%s has no %s; it has %s", at.Bank, name, strings.Join(has, ", "))
}

// under are the banks that a level reaches.
func (d *Desk) under(at grant.Level) []string {
	if at.Bank == "" {
		return d.Banks
	}
	return []string{at.Bank}
}

// apply makes a change and says what it did.
func (d *Desk) apply(t turn, retime bool) []KnobChange {
	g, now, out := d.Space.Grants, d.Space.Clock.Now(), []KnobChange{}
	var touched []grant.Spec
	for _, bank := range d.under(t.at) {
		for _, s := range d.knobs(bank) {
			if _, set := t.set[s.Knob]; set || slices.Contains(t.unset, s.Knob) {
				old := d.knob(s, PolicyLevel{bank, t.at.Client, t.at.User})
				out, touched = append(out, KnobChange{Bank: bank, Knob: string(s.Knob), Level: t.at.String(), Old: old.Value}), append(touched, s)
			}
		}
	}
	g.Living(now, func(token *grant.Token) {
		for i := range out {
			if out[i].Bank == token.Bank && reaches(t.at, token) && touched[i].About(token) {
				out[i].Living++
			}
		}
	})

	g.Policy.Change(t.at, t.set, t.unset)

	levels := g.Policy.Levels()
	for i := range out {
		k := &out[i]
		v := d.knob(touched[i], PolicyLevel{k.Bank, t.at.Client, t.at.User})
		k.New, k.Source = v.Value, v.Source
		if retime {
			k.Retimed, k.Ended = g.Retime(touched[i].Knob, func(token *grant.Token) bool {
				return token.Bank == k.Bank && reaches(t.at, token) && !narrower(levels, t.at, touched[i].Knob, token)
			}, now)
		}
	}
	return out
}

// reaches tells whether a token is under a level.
func reaches(at grant.Level, t *grant.Token) bool {
	return (at.Bank == "" || at.Bank == t.Bank) && (at.Client == "" || at.Client == t.Client) && (at.User == "" || at.User == t.Owner)
}

// narrower tells whether a level below this one turns the knob for the token, so that it has its life from there.
func narrower(levels map[grant.Level]grant.Settings, at grant.Level, k grant.Knob, t *grant.Token) bool {
	for _, below := range []grant.Level{{Bank: t.Bank}, {Bank: t.Bank, Client: t.Client}, {Bank: t.Bank, User: t.Owner}} {
		if _, turned := levels[below][k]; turned && PolicyLevel(below).depth() > PolicyLevel(at).depth() {
			return true
		}
	}
	return false
}
