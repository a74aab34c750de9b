package sparebank1

import (
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// customer admits the caller in the name of a person, for one of the API families.
func customer(c *wire.Call, family string) (*ledger.Person, error) {
	b, err := c.UserAccess()
	if err != nil {
		return nil, err
	}
	p := c.Space.Ledger.Person(b.Token.Owner)
	if p == nil || p.Locked {
		return nil, c.Trail.No("person there", fail.New(fail.TokenRevoked, "%s is gone or locked", b.Token.Owner))
	}
	if err := hourly(c, b); err != nil {
		return nil, err
	}
	if family != "" && !opens(b.Token.Scope, family) {
		return nil, c.Trail.No("scope", fail.New(fail.InsufficientScope, "the token has scope %q, which does not open %s", b.Token.Scope, family).At(family))
	}
	return p, nil
}

// opens tells whether a scope covers an API family, by its own name or by the older pair for reading and writing.
func opens(scope, family string) bool {
	whole := scopeRead
	if family == scopeTransfer {
		whole = scopeWrite
	}
	return grant.HasScope(scope, family) || grant.HasScope(scope, whole)
}

// hourly counts the call where the policy limits calls: the real bank allows a client 60 an hour (banks.md 3.5). Hours are those of the
// clock on the wall, not sliding ones.
func hourly(c *wire.Call, b *grant.Bearer) error {
	most, source := c.Space.Grants.Policy.Value(grant.HourlyCalls, name, b.Token.Client, b.Token.Owner)
	hour := c.Now.Truncate(time.Hour)
	if _, err := c.Space.Grants.Count(name+" hour "+b.Token.Client, hour, most.Count); err != nil {
		e := fail.New(fail.TooMany, "client %s has made its %d calls of this hour; %s", b.Token.Client, most.Count, source)
		e.Wait = int((hour.Add(time.Hour).Sub(c.Now) + time.Second - 1) / time.Second)
		return c.Trail.No("calls per hour", e)
	}
	return nil
}

// date reads yyyy-MM-dd; zero when the parameter is not there.
func date(v *wire.Values, param string) (time.Time, error) {
	text := v.Get(param)
	if text == "" {
		return time.Time{}, nil
	}
	t, ok := parseDate(text)
	if !ok {
		return t, fail.Field(param, "%s is %q, no date", param, text).Say("%s must be a date, yyyy-MM-dd.", param)
	}
	return t, nil
}

// parseDate never returns the zero time for a date: that means none here, and C# clients do send 0001-01-01. So long ago a day more
// changes nothing.
func parseDate(text string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, text)
	if t.IsZero() && err == nil {
		t = t.AddDate(0, 0, 1)
	}
	return t, err == nil
}

// flag reads a boolean parameter in any case, because Python clients send True and False; names differ in case between clients as well.
func flag(v *wire.Values, fallback bool, params ...string) (bool, error) {
	for _, param := range params {
		if err := v.Once(param); err != nil {
			return false, err
		}
		switch text := v.Get(param); {
		case text == "":
		case strings.EqualFold(text, "true"):
			return true, nil
		case strings.EqualFold(text, "false"):
			return false, nil
		default:
			return false, fail.Field(param, "%s is %q, neither true nor false", param, text).Say("%s must be true or false.", param)
		}
	}
	return fallback, nil
}

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }
