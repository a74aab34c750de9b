package admin

import (
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/cert"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/scenario"
	"sandbank/server/world"
)

// ScenarioOrder narrows a case; every field may be missing.
type ScenarioOrder struct {
	Bank    string `json:"bank,omitempty"`    // one of the case's; missing: the first of them that has the client and the user
	Client  string `json:"client,omitempty"`  // its calls alone
	User    string `json:"user,omitempty"`    // login, or bank/login
	Variant string `json:"variant,omitempty"` // missing: the first
}

// ScenarioArmed says what arming a case did.
type ScenarioArmed struct {
	ScenarioView
	Calls []LeverCall `json:"calls"` // what does the same, one by one
}

// LeverCall is one call of this API.
type LeverCall struct {
	Method string `json:"method"`
	Path   string `json:"path"` // from the root of the server
	Body   any    `json:"body,omitempty"`
}

// ArmScenario sets everything that a case needs, in one change. One that is armed begins anew. A case that cannot be shown is Conflict.
func (d *Desk) ArmScenario(id string, o ScenarioOrder) (*ScenarioArmed, error) {
	c, err := scenario.Find(id)
	if err != nil {
		return nil, err
	}
	if why := c.Missing(d.Secure()); why != "" {
		return nil, fail.New(fail.Conflict, "%s cannot be shown: %s", c.ID, why)
	}
	v, err := c.Variant(o.Variant)
	if err != nil {
		return nil, err
	}
	out, entry := &ScenarioArmed{Calls: []LeverCall{}}, d.Space.Journal.Total()
	err = d.Space.Change("scenario.arm", "armed "+c.ID+": "+c.Title, func() error {
		d.disarm(c.ID, &ScenarioDisarmed{})
		at, err := d.scenarioLevel(c, o)
		if err != nil {
			return err
		}
		a := scenario.Armed{Case: c.ID, Variant: v.Name, Bank: at.Bank, Client: at.Client, User: at.User, At: d.Space.Clock.Now()}
		for _, set := range []func(scenario.Variant, *scenario.Armed, *ScenarioArmed) error{d.armKnobs, d.armFaults, d.armClock, d.armCertificate} {
			if err := set(v, &a, out); err != nil {
				return err
			}
		}
		d.Space.Scenarios.Put(a)
		out.ScenarioView = d.scenarioView(c, scenario.Meet(d.traffic(), d.Space.Grants))
		out.Journal = d.journalOf(a.Reach(), entry)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// scenarioLevel is where a case is to be armed.
func (d *Desk) scenarioLevel(c *scenario.Case, o ScenarioOrder) (at grant.Level, err error) {
	banks := c.Banks
	if o.Bank != "" {
		if !slices.Contains(banks, o.Bank) {
			return at, fail.Field("bank", "%s can be shown at %s, not at %q", c.ID, strings.Join(banks, ", "), o.Bank)
		}
		banks = []string{o.Bank}
	}
	for _, bank := range banks {
		var user string
		if user, err = d.known(PolicyLevel{bank, o.Client, o.User}); err == nil {
			return grant.Level{Bank: bank, Client: o.Client, User: user}, nil
		}
		e := fail.From(err)
		err = e.At(strings.TrimPrefix(e.Param, "level."))
	}
	return at, err
}

// armKnobs turns what the variant turns at the level.
func (d *Desk) armKnobs(v scenario.Variant, a *scenario.Armed, out *ScenarioArmed) error {
	set, err := v.Settings(a.Bank)
	if err != nil || len(set) == 0 {
		return err
	}
	if a.Client != "" && a.User != "" {
		return fail.Field("user", "this case turns knobs, and those are turned for one client or for one user, not for both")
	}
	change := PolicyChange{Level: PolicyLevel(a.Level()), Set: map[string]PolicyText{}}
	for k, value := range set {
		change.Set[string(k)] = PolicyText(value)
	}
	t, err := d.turn(change)
	if err != nil {
		e := fail.From(err)
		field := "client"
		if a.User != "" {
			field = "user"
		}
		return e.At(field)
	}
	policy := d.Space.Grants.Policy
	had := policy.Levels()[t.at]
	for _, k := range slices.Sorted(maps.Keys(t.set)) {
		turn := scenario.Turn{Knob: k, Value: formatted(k, t.set[k])}
		if was, turned := had[k]; turned {
			turn.Was = formatted(k, was)
		}
		a.Knobs = append(a.Knobs, turn)
	}
	policy.Change(t.at, t.set, nil)
	out.Calls = append(out.Calls, d.leverCall("PATCH", "/policies", change))
	return nil
}

func formatted(k grant.Knob, v grant.Value) string {
	s, _ := grant.SpecOf(k)
	return s.Format(v)
}

// armFaults arms the variant's rules below those that are armed.
func (d *Desk) armFaults(v scenario.Variant, a *scenario.Armed, out *ScenarioArmed) error {
	rules, err := v.Rules(a.Bank)
	if err != nil {
		return err
	}
	for _, r := range rules {
		r.Name, r.When.Client, r.When.User = a.Case, a.Client, a.User
		if err := d.reachable(r.When); err != nil {
			return err
		}
		armed, err := d.Space.Faults.Arm(r, d.Space.Clock.Now())
		if err != nil {
			return err
		}
		a.Faults = append(a.Faults, armed.ID)
		out.Calls = append(out.Calls, d.leverCall("POST", "/faults", map[string]string{"line": r.String()}))
	}
	return nil
}

// armClock moves the clock as the variant says.
func (d *Desk) armClock(v scenario.Variant, a *scenario.Armed, out *ScenarioArmed) error {
	if v.Clock == "" {
		return nil
	}
	clock := d.Space.Clock
	move, err := scenario.ParseMove(v.Clock, a.At)
	if err != nil {
		return err
	}
	var m ClockMove
	switch {
	case move.Skew != nil:
		return d.armSkew(move.Skew, a, out)
	case move.Freeze:
		m.Freeze = new(true)
		a.Froze = !clock.Read().Frozen
	case !move.Set.IsZero():
		m.Set = &move.Set
	default:
		by := Duration(move.Advance)
		m.Advance = &by
	}
	if _, err := m.check(); err != nil {
		return fail.New(fail.Conflict, "%s", fail.From(err).Why)
	}
	before := clock.Now()
	if err := d.move(m); err != nil {
		return fail.New(fail.Conflict, "%s", fail.From(err).Why)
	}
	if !move.Freeze {
		a.Moved = clock.Now().Sub(before)
	}
	out.Calls = append(out.Calls, d.leverCall("POST", "/clock", m))
	return nil
}

// armSkew sets servers apart as the variant says.
func (d *Desk) armSkew(turns []scenario.Turn, a *scenario.Armed, out *ScenarioArmed) error {
	want := d.Space.Skew
	for _, t := range turns {
		var err error
		t.Was = want.Of(string(t.Knob))
		if want, err = want.With(string(t.Knob), t.Value); err != nil {
			return err
		}
		a.Skew = append(a.Skew, t)
	}
	d.Space.Skew = want
	set := func(server string) bool {
		return slices.ContainsFunc(turns, func(t scenario.Turn) bool { return string(t.Knob) == server })
	}
	o := &SkewOrder{}
	if set("as") {
		o.AuthorizationServer = new(Duration(want.AuthorizationServer))
	}
	if set("rs") {
		o.ResourceServer = new(Duration(want.ResourceServer))
	}
	if set("date") {
		o.Date = new(want.Date.String())
	}
	out.Calls = append(out.Calls, d.leverCall("POST", "/clock", ClockMove{Skew: o}))
	return nil
}

// armCertificate lets TLS show what the variant says, to every client of the space: when hands are shaken, none has a name yet.
func (d *Desk) armCertificate(v scenario.Variant, a *scenario.Armed, out *ScenarioArmed) error {
	if v.Certificate == "" {
		return nil
	}
	a.Certificate = &scenario.Shown{Value: v.Certificate, Was: d.Space.Switches().Certificate}
	out.Calls = append(out.Calls, d.leverCall("PATCH", "/settings", SettingsChange{Certificate: v.Certificate}))
	return d.certify(v.Certificate)
}

// certify lets TLS show a certificate in this state, within a change.
func (d *Desk) certify(to cert.State) error {
	return d.Space.Turn(func(s *world.Switches) error { s.Certificate = to; return nil })
}

func (d *Desk) leverCall(method, path string, body any) LeverCall {
	return LeverCall{method, d.Root + Prefix + path, body}
}

// standing says what of an armed case still is as it was set.
func (d *Desk) standing(a *scenario.Armed) *ScenarioStanding {
	s := &ScenarioStanding{At: a.At, Variant: a.Variant, Bank: a.Bank, Client: a.Client, User: a.User, Set: []ScenarioPart{}}
	own := d.Space.Grants.Policy.Levels()[a.Level()]
	for _, t := range a.Knobs {
		p := ScenarioPart{Kind: "policy", What: string(t.Knob) + "=" + t.Value, Was: t.Was, Stands: true}
		if v, turned := own[t.Knob]; !turned || formatted(t.Knob, v) != t.Value {
			p.Stands, p.Why = false, "it was turned again since"
		}
		s.Set = append(s.Set, p)
	}
	listed := d.Space.Faults.List(d.Space.Clock.Now())
	for _, id := range a.Faults {
		p := ScenarioPart{Kind: "fault", ID: id, Why: "it was disarmed"}
		if i := slices.IndexFunc(listed, func(l fault.Listed) bool { return l.ID == id }); i >= 0 {
			l := listed[i]
			p.What, p.Hits, p.Stands, p.Why = l.Rule.String(), l.Hits, l.State == fault.Armed, ""
			if !p.Stands {
				p.Why = "it is " + string(l.State)
			}
		}
		s.Set = append(s.Set, p)
	}
	if a.Moved != 0 {
		s.Set = append(s.Set, ScenarioPart{Kind: "clock", What: "moved by " + Duration(a.Moved.Round(time.Millisecond)).String(), Stands: true})
	}
	for _, t := range a.Skew {
		p := ScenarioPart{Kind: "clock", What: skewed(t), Was: t.Was, Stands: d.Space.Skew.Of(string(t.Knob)) == t.Value}
		if !p.Stands {
			p.Why = "it was set again since"
		}
		s.Set = append(s.Set, p)
	}
	if c := a.Certificate; c != nil {
		p := ScenarioPart{Kind: "setting", What: certified(c), Was: string(c.Was), Stands: d.Space.Switches().Certificate == c.Value}
		if !p.Stands {
			p.Why = "it was turned again since"
		}
		s.Set = append(s.Set, p)
	}
	if a.Froze {
		s.Set = append(s.Set, ScenarioPart{Kind: "clock", What: "frozen", Stands: d.Space.Clock.Read().Frozen})
	}
	return s
}

// journalOf is the path of the requests at a level, after an entry.
func (d *Desk) journalOf(at grant.Level, after uint64) string {
	q := url.Values{}
	for name, value := range map[string]string{"bank": at.Bank, "client": at.Client, "user": at.User} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if after > 0 {
		q.Set("since", strconv.FormatUint(after, 10))
	}
	path := d.Root + Prefix + "/journal"
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

// traffic is everything that the journal still has, the oldest first.
func (d *Desk) traffic() []*journal.Entry {
	entries := d.Space.Journal.Recent(math.MaxInt, nil)
	slices.Reverse(entries)
	return entries
}
