package console

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"sandbank/admin"
	"sandbank/server/cert"
	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/scenario"
	"sandbank/server/world"
)

//go:embed asset/NOTICE.md
var notice string

func settingPages() []page {
	return []page{
		{path: "settings", Title: "Settings", Nav: "settings", name: "settings", build: settings},
		{path: "licences", Title: "Licences", Nav: "settings", name: "licences", build: licences},
	}
}

// Settings is how the space and this browser's console are set.
type Settings struct {
	V        *visit
	Switches []Switch
	Zones    []string
	Master   bool // the key that came along opens every space, or none is in force
	Bounds   [][2]string
	Keys     []admin.KeyView // by which banks sign

	Certificate string // what TLS shows
	Refused     string // why it shows nothing; empty: it does
}

// Switch is something that is on or off for the space as a whole.
type Switch struct {
	Name, Words string
	Header      string // what a request says, where it is about one
	On          bool
}

func settings(v *visit) (any, error) {
	s := &Settings{V: v, Zones: zones(v.Zone()), Master: v.console.panel.Everywhere(v.ctx)}
	now, err := v.console.panel.Pull(v.ctx, v.Space, v.Root, "settings", nil, nil, nil)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(now)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if on, ok := all[name].(bool); ok {
			about := switches()[name]
			s.Switches = append(s.Switches, Switch{name, cmp.Or(about[0], name), about[1], on})
		}
	}
	s.Certificate = fmt.Sprint(all["certificate"])
	if !v.Desk.Secure() {
		s.Refused = scenario.NeedsTLS
	}
	held, err := v.console.panel.DeskFor(v.ctx, v.Space, v.Root).Keys("")
	if err != nil {
		return nil, err
	}
	s.Keys = held.Items
	s.Bounds = [][2]string{{"Requests remembered, per space", fmt.Sprintf("%d, in %d MiB at most", v.Space.Journal.Size(), journal.Budget>>20)}, {"Spaces", figure(world.MaxSpaces)}, {"Snapshots, per space", figure(world.MaxSnapshots)},
		{"Deleted spaces that can be restored", figure(world.MaxDeleted)}, {"Changes that can be undone", figure(mostActivities)}}
	return s, nil
}

// switches are what the switches of a space do, and the header that does it for one request.
func switches() map[string][2]string {
	return map[string][2]string{
		"headerFaults": {"A request may order its own fault", "X-Sandbox-Fault"},
		"tellRequest":  {"Every answer names its entry in the inspector", "X-Sandbox-Request"},
		"tellNow":      {"Every answer says what this space’s clock shows", "X-Sandbox-Now"},
		"registration": {"Anybody may register a client at the banks (RFC 7591)", ""},
		"magicLogins":  {"Flags behind a login count: dave~ttl5s", ""},
	}
}

// Certificates are the options of what TLS shows.
func (s *Settings) Certificates() []cert.State { return cert.States() }

// Host is by which name the space is known before anything is sent.
func (s *Settings) Host() string {
	if s.V.Space.Name == world.Main {
		return "any name but another space’s"
	}
	return s.V.Space.Name + ".localhost"
}

func signingAlgs() []string {
	spec, _ := grant.SpecOf(grant.SigningAlg)
	return spec.Choices
}

// zones are common time zones; the one in use is among them.
func zones(current string) []string {
	all := []string{"UTC", "Europe/Berlin", "Europe/Istanbul", "Europe/London", "Europe/Oslo", "Europe/Sofia", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo",
		"Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney"}
	if !slices.Contains(all, current) {
		all = append(all, current)
	}
	return all
}

// Algorithms are those by which banks can sign.
func (s *Settings) Algorithms() []string { return append([]string{"=as now"}, signingAlgs()...) }

// Keyed tells whether a key is in force.
func (s *Settings) Keyed() bool { return s.V.console.panel.Keyed() }

// Wrong is the refusal of a field of this browser's settings.
func (s *Settings) Wrong(field string) template.HTML {
	if f := s.V.Failed(); f != nil && f.op == "look" && f.Field == field {
		return template.HTML(`<small class="err">` + esc(f.Text) + `</small>`)
	}
	return ""
}

// Licences is what of others this program is made of.
type Licences struct {
	V       *visit
	Go      string // the toolchain
	Modules []Module
	Front   string // licences of what the pages load
}

// Module is a Go module that was compiled in.
type Module struct{ Path, Version string }

func licences(v *visit) (any, error) {
	l := &Licences{V: v, Front: notice}
	if info, ok := debug.ReadBuildInfo(); ok {
		l.Go = strings.TrimPrefix(info.GoVersion, "go")
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			l.Modules = append(l.Modules, Module{m.Path, m.Version})
		}
	}
	return l, nil
}
