package admin

import (
	"slices"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/scenario"
)

// ScenarioDisarmed says what disarming a case took back.
type ScenarioDisarmed struct {
	Back []string `json:"back"`
	Kept []string `json:"kept"` // left as it is, because it was changed since
}

// DisarmScenario takes back what arming a case set: knobs, skews and a certificate that still stand as it turned them, its faults, and
// its jump of the clock.
// A case that is not armed is Conflict.
func (d *Desk) DisarmScenario(id string) (*ScenarioDisarmed, error) {
	c, err := scenario.Find(id)
	if err != nil {
		return nil, err
	}
	out := &ScenarioDisarmed{Back: []string{}, Kept: []string{}}
	err = d.Space.Change("scenario.disarm", "disarmed "+c.ID, func() error {
		if !d.disarm(c.ID, out) {
			return fail.New(fail.Conflict, "%s is not armed", c.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// disarm is DisarmScenario within a change; false when the case was not armed.
func (d *Desk) disarm(id string, out *ScenarioDisarmed) bool {
	a, knobs, skew := d.Space.Scenarios.Take(id)
	if a == nil {
		return false
	}
	d.disarmKnobs(a, knobs, out)
	for _, f := range a.Faults {
		if d.Space.Faults.Disarm(f) == nil {
			out.Back = append(out.Back, "fault "+f)
		}
	}
	d.disarmSkew(a, skew, out)
	d.disarmCertificate(a.Certificate, out)
	clock := d.Space.Clock
	if a.Moved != 0 {
		out.Back = append(out.Back, "the clock's move by "+Duration(a.Moved).String())
		clock.Advance(-a.Moved)
	}
	if a.Froze && clock.Read().Frozen {
		out.Back = append(out.Back, "the frozen clock")
		clock.Freeze(false)
	}
	return true
}

// disarmKnobs turns knobs back: of those that the case turned, the ones that no later case turned over it.
func (d *Desk) disarmKnobs(a *scenario.Armed, mine []scenario.Turn, out *ScenarioDisarmed) {
	policy := d.Space.Grants.Policy
	for _, t := range a.Knobs {
		what := string(t.Knob) + "=" + t.Value
		own, turned := policy.Levels()[a.Level()][t.Knob]
		switch {
		case !slices.Contains(mine, t) || !turned || formatted(t.Knob, own) != t.Value:
			out.Kept = append(out.Kept, what+": it was turned again since")
			continue
		case t.Was == "":
			policy.Unset(a.Level(), t.Knob)
		default:
			if was, err := grant.ParseValue(t.Knob, t.Was); err == nil {
				policy.Set(a.Level(), t.Knob, was)
			}
		}
		out.Back = append(out.Back, what)
	}
}

// disarmSkew does the same with the servers that the case set apart.
func (d *Desk) disarmSkew(a *scenario.Armed, mine []scenario.Turn, out *ScenarioDisarmed) {
	for _, t := range a.Skew {
		server, what := string(t.Knob), skewed(t)
		was, err := d.Space.Skew.With(server, t.Was)
		if err != nil || !slices.Contains(mine, t) || d.Space.Skew.Of(server) != t.Value {
			out.Kept = append(out.Kept, what+": it was set again since")
			continue
		}
		d.Space.Skew = was
		out.Back = append(out.Back, what)
	}
}

// disarmCertificate does the same with the certificate.
func (d *Desk) disarmCertificate(c *scenario.Shown, out *ScenarioDisarmed) {
	switch {
	case c == nil:
	case d.Space.Switches().Certificate != c.Value || d.certify(c.Was) != nil:
		out.Kept = append(out.Kept, certified(c)+": it was turned again since")
	default:
		out.Back = append(out.Back, certified(c))
	}
}

func certified(c *scenario.Shown) string { return "certificate=" + string(c.Value) }

func skewed(t scenario.Turn) string { return "skew " + string(t.Knob) + "=" + t.Value }
