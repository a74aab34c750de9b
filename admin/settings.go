package admin

import (
	"sandbank/server/fail"
	"sandbank/server/world"
)

// SettingsChange turns switches of the space; missing ones stay.
type SettingsChange struct {
	MagicLogins *bool `json:"magicLogins,omitempty"` // whether flags behind a login count: dave~ttl5s
}

func settingsEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/settings", op: "settings", doc: "the switches of the space", out: world.Switches{},
			do: func(r *request) (any, error) { return r.Settings(), nil }},
		{method: "PATCH", path: "/settings", op: "changeSettings", doc: "turn switches of the space; those that are not named stay", in: SettingsChange{},
			out: world.Switches{}, do: order(func(r *request, c SettingsChange) (any, error) { return r.ChangeSettings(c) })},
	}
}

// Settings are the switches of the space.
func (d *Desk) Settings() world.Switches {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	return d.Space.Switches()
}

// ChangeSettings turns switches of the space.
func (d *Desk) ChangeSettings(c SettingsChange) (*world.Switches, error) {
	if c == (SettingsChange{}) {
		return nil, fail.Field("", "no switch is named")
	}
	var out world.Switches
	err := d.Space.Switch("changed the settings", func(s *world.Switches) error {
		if c.MagicLogins != nil {
			s.MagicLogins = *c.MagicLogins
		}
		out = *s
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
