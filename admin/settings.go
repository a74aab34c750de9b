package admin

import (
	"strings"

	"sandbank/server/cert"
	"sandbank/server/fail"
	"sandbank/server/scenario"
	"sandbank/server/world"
)

// Settings are the switches of a space.
type Settings struct {
	HeaderFaults bool `json:"headerFaults"` // whether X-Sandbox-Fault in a request counts
	world.Switches
}

// SettingsChange turns some of the switches; what is left out stays.
type SettingsChange struct {
	HeaderFaults *bool `json:"headerFaults,omitempty"`
	MagicLogins  *bool `json:"magicLogins,omitempty"`
	TellRequest  *bool `json:"tellRequest,omitempty"`
	TellNow      *bool `json:"tellNow,omitempty"`
	Registration *bool `json:"registration,omitempty"`

	Certificate cert.State `json:"certificate,omitempty" jsonschema:"enum=valid,enum=expired,enum=early,enum=foreign,enum=unknown"` // a bad one takes TLS
}

func settingEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/settings", op: "settings", doc: "what is turned on for the space as a whole", out: Settings{},
			do: func(r *request) (any, error) { return r.Settings(), nil }},
		{method: "PATCH", path: "/settings", op: "changeSettings", doc: "turn some of it on or off", in: SettingsChange{}, out: Settings{},
			do: order(func(r *request, c SettingsChange) (any, error) { return r.ChangeSettings(c) })},
	}
}

// Settings are how the switches stand.
func (d *Desk) Settings() Settings {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	return d.settings()
}

func (d *Desk) settings() Settings {
	return Settings{HeaderFaults: d.Space.Faults.Headers(), Switches: d.Space.Switches()}
}

// turn turns what is to be turned, and says what that was.
func (c *SettingsChange) turn(s *Settings) (what []string) {
	for _, one := range []struct {
		words string
		to    *bool
		on    *bool
	}{
		{"faults by header", &s.HeaderFaults, c.HeaderFaults},
		{"flags behind logins", &s.MagicLogins, c.MagicLogins},
		{"the header X-Sandbox-Request", &s.TellRequest, c.TellRequest},
		{"the header X-Sandbox-Now", &s.TellNow, c.TellNow},
		{"open registration of clients", &s.Registration, c.Registration},
	} {
		switch {
		case one.on == nil:
			continue
		case *one.on:
			what = append(what, "on "+one.words)
		default:
			what = append(what, "off "+one.words)
		}
		*one.to = *one.on
	}
	if c.Certificate != "" {
		what = append(what, "the certificate to "+string(c.Certificate))
		s.Certificate = c.Certificate
	}
	return what
}

// ChangeSettings turns switches. A bad certificate without TLS is Conflict.
func (d *Desk) ChangeSettings(c SettingsChange) (*Settings, error) {
	what := c.turn(&Settings{})
	if what == nil {
		return nil, fail.Field("", "name at least one switch, with true or false")
	}
	if c.Certificate != "" && c.Certificate != cert.Valid && !d.Secure() {
		return nil, fail.New(fail.Conflict, "nobody is shown a certificate here: %s", scenario.NeedsTLS).At("certificate")
	}
	var out Settings
	err := d.Space.Switch("turned "+strings.Join(what, ", "), func(s *world.Switches) error {
		next := Settings{Switches: *s}
		c.turn(&next)
		*s = next.Switches
		if c.HeaderFaults != nil {
			d.Space.Faults.AllowHeaders(*c.HeaderFaults)
		}
		out = Settings{HeaderFaults: d.Space.Faults.Headers(), Switches: *s}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
