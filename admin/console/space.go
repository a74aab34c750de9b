package console

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/fail"
	"sandbank/server/world"
)

func spacePages() []page {
	return []page{
		{path: "spaces", Title: "Spaces", Nav: "spaces", name: "spaces", build: spaces},
		{path: "spaces/new", Title: "Create spaces", Nav: "spaces", name: "new-spaces", build: newSpaces},
		{path: "spaces/{name}", Title: "Space", Nav: "spaces", name: "space", build: space},
	}
}

// Spaces is the list of spaces. Whoever has only the key of one sees that one.
type Spaces struct {
	V       *visit
	Items   []SpaceRow
	Next    string
	Deleted []admin.GoneSpace
	Dropped int64
	Made    []admin.SpaceView // that were created just now, with their credentials
	Filter  string
	All     bool // the key opens them all
	Most    int
}

// SpaceRow is a space with what goes on in it.
type SpaceRow struct {
	admin.SpaceView
	Rate     string // how fast its clock runs
	Requests uint64
	Live     int // people who follow it: open consoles and tests
	Current  bool
}

func spaces(v *visit) (any, error) {
	s := &Spaces{V: v, Filter: v.Query.Get("q"), All: v.console.panel.Everywhere(v.ctx), Most: world.MaxSpaces}
	list := &admin.SpaceList{}
	if !s.All {
		own, err := v.Desk.ShowSpace(v.Space.Name)
		if err != nil {
			return nil, err
		}
		list.Items = []admin.SpaceView{*own}
	} else {
		var err error
		if list, err = v.Desk.Spaces(admin.Window{Limit: 100, Cursor: v.Query.Get("cursor")}); err != nil {
			return nil, err
		}
	}
	s.Next, s.Deleted, s.Dropped = list.Next, list.Deleted, list.Dropped
	for _, one := range list.Items {
		if strings.Contains(one.Name, s.Filter) {
			s.Items = append(s.Items, v.spaceRow(one))
		}
	}
	if made := v.Query.Get("made"); made != "" && s.All {
		for _, name := range strings.Split(made, ",") {
			if one, err := v.Desk.ShowSpace(name); err == nil { // one of them may be gone by now
				s.Made = append(s.Made, *one)
			}
		}
	}
	return s, nil
}

func (v *visit) spaceRow(one admin.SpaceView) SpaceRow {
	row := SpaceRow{SpaceView: one, Current: one.Name == v.Space.Name}
	if s := v.World.Space(one.Name); s != nil {
		read := s.Clock.Read()
		row.Rate, row.Requests, row.Live = speed(read.Speed, read.Frozen), s.Journal.Total(), s.Journal.Followers()
	}
	return row
}

// speed is how fast a clock runs.
func speed(rate float64, frozen bool) string {
	if frozen {
		return "frozen"
	}
	return "×" + strconv.FormatFloat(rate, 'f', -1, 64)
}

// Console is the console of another space.
func (v *visit) Console(base string) string { return base + "/admin" }

// Goes says when a space goes for lack of traffic; that is real time.
func (v *visit) Goes(at time.Time) string { return at.In(v.zone).Format("2006-01-02 15:04") }

// OneSpace is a space with its credentials.
type OneSpace struct {
	V *visit
	SpaceRow
	Shown bool // its key is
}

func space(v *visit) (any, error) {
	name := v.Param("name")
	if name != v.Space.Name && !v.console.panel.Everywhere(v.ctx) {
		return nil, fail.New(fail.Forbidden, "this takes the admin key; a space's key opens that space alone")
	}
	one, err := v.Desk.ShowSpace(name)
	if err != nil {
		return nil, err
	}
	return &OneSpace{v, v.spaceRow(*one), v.Query.Get("key") == "show"}, nil
}

// IdleText is how long the space lives without traffic, as a lever reads it.
func (o *OneSpace) IdleText() string {
	if o.Idle == nil {
		return ""
	}
	return o.Idle.String()
}

// NewSpaces is the form for spaces.
type NewSpaces struct {
	V    *visit
	Free int
}

func newSpaces(v *visit) (any, error) {
	if !v.console.panel.Everywhere(v.ctx) {
		return nil, fail.New(fail.Forbidden, "this takes the admin key; a space's key opens that space alone")
	}
	return &NewSpaces{v, world.MaxSpaces - len(v.World.Spaces())}, nil
}

// Into is a space for the table of who may enter it.
func (v *visit) Into(s admin.SpaceView) Entrance { return Entrance{v, s} }

// Entrance is a space with who may enter.
type Entrance struct {
	V *visit
	admin.SpaceView
}

// Stays tells whether it is the space that is always there.
func (r SpaceRow) Stays() bool { return r.Name == world.Main }

// Logins are the people of a bank on one line; where no password stands, any will do.
func (v *visit) Logins(people []admin.SpacePerson) template.HTML {
	var out []string
	for _, p := range people {
		if p.Password == "any" {
			out = append(out, esc(p.Login))
		} else {
			out = append(out, esc(p.Login)+" <small>password</small> <code>"+esc(p.Password)+"</code>")
		}
	}
	return template.HTML(strings.Join(out, ", "))
}
