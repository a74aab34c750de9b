package admin

import (
	"sandbank/server/grant"
)

// PolicyReach is how many living tokens a knob is about, below one level.
type PolicyReach struct {
	Knob    string `json:"knob"`
	Level   string `json:"level"`
	Living  int    `json:"living"`  // tokens under the level that the knob is about
	Retimed int    `json:"retimed"` // of these, how many a change with retime would give another life: those whose life no narrower level sets
}

func policyReachEndpoints() []endpoint {
	return []endpoint{{method: "GET", path: "/policies/reach", op: "policyReach", doc: "how many living tokens a knob is about at a level, and how many of them retime would reach",
		query: []parameter{{"knob", "its name: access"}, {"bank", "of the level"}, {"client", "of the level"}, {"user", "of the level"}}, out: PolicyReach{},
		do: func(r *request) (any, error) { return r.PolicyReach(r.query.Get("knob"), r.level()) }}}
}

// PolicyReach counts the living tokens that turning a knob at a level could matter to.
func (d *Desk) PolicyReach(knob string, level PolicyLevel) (*PolicyReach, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	at, err := d.place(level)
	if err != nil {
		return nil, err
	}
	k, err := d.turnable(knob, "knob", at)
	if err != nil {
		return nil, err
	}
	spec, _ := grant.SpecOf(k)
	out, levels := &PolicyReach{Knob: knob, Level: at.String()}, d.Space.Grants.Policy.Levels()
	d.Space.Grants.Living(d.Space.Clock.Now(), func(t *grant.Token) {
		if !reaches(at, t) || !spec.About(t) {
			return
		}
		if _, has := d.Space.Grants.Policy.Default(k, t.Bank); !has {
			return
		}
		out.Living++
		if spec.Lifetime() && !narrower(levels, at, k, t) {
			out.Retimed++
		}
	})
	return out, nil
}
