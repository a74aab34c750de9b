package scenario

import (
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/fault"
)

// Header is the request header that brings a scenario's faults on this one request, where the space allows it: "E33", or "E69 date" for
// a variant.
const Header = "X-Sandbox-Scenario"

// Once reads the header of a request. Nil without an error: the space does not allow it, or the faults are for other calls. A scenario
// that is no matter of one request is InvalidField.
func Once(f *fault.Faults, text string, a fault.Ask, now time.Time) (*fault.Hit, error) {
	if !f.Headers() {
		return nil, nil
	}
	id, name, _ := strings.Cut(strings.TrimSpace(text), " ")
	c, err := Find(id)
	if err != nil {
		return nil, fail.Field("scenario", "%s", fail.From(err).Why)
	}
	v, err := c.Variant(strings.TrimSpace(name))
	if err != nil {
		return nil, fail.Field("scenario", "%s", fail.From(err).Why)
	}
	if len(v.Faults) == 0 {
		return nil, fail.Field("scenario", "%s is no matter of one request: %s", c.ID, v.lasting())
	}
	rules, err := v.Rules(a.Bank)
	if err != nil {
		return nil, err
	}
	for _, r := range rules {
		if hit := f.Strike(r, c.ID, a, now); hit != nil {
			return hit, nil
		}
	}
	return nil, nil
}

// lasting says what a variant without faults does.
func (v Variant) lasting() string {
	switch {
	case len(v.Knobs) > 0:
		return "it turns " + strings.Join(v.Knobs, ", ") + "; arm it instead"
	case strings.HasPrefix(v.Clock, skew):
		return "it sets the bank's clocks apart; arm it instead"
	case v.Certificate != "":
		return "the certificate is shown before it; arm it instead"
	case v.Clock != "":
		return "it moves the clock; arm it instead"
	}
	return "it is brought about by hand"
}
