package admin_test

import (
	"encoding/json"
	"testing"

	"sandbank/admin"
	"sandbank/server"
)

// settings are the switches as the API shows them.
func (d *desk) settings() (v map[string]bool) {
	d.pull("GET", "/settings", nil).Want(200).Into(&v)
	return v
}

// Every switch that GET shows can be turned by its name, is taken back by undo, comes back with a snapshot, and goes with a reset.
func TestSwitches(t *testing.T) {
	t.Parallel()
	for name, was := range open(t, server.Options{}, admin.Options{}).settings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			turn := func(on bool) {
				body, _ := json.Marshal(map[string]bool{name: on})
				if got := d.pull("PATCH", "/settings", string(body)).Want(200).JSON()[name]; got != on {
					t.Errorf("turned to %v, it is %v", on, got)
				}
			}
			steps := []struct {
				name string
				do   func()
				want bool
			}{
				{"turned", func() { turn(!was) }, !was},
				{"undone", func() { d.pull("POST", "/undo", nil).Want(200) }, was},
				{"turned and kept", func() { turn(!was); d.pull("POST", "/snapshots", `{"name":"x"}`).Want(201); turn(was) }, was},
				{"restored", func() { d.pull("POST", "/snapshots/1/restore", nil).Want(200) }, !was},
				{"restored, undone", func() { d.pull("POST", "/undo", nil).Want(200) }, was},
				{"restored again", func() { d.pull("POST", "/snapshots/1/restore", nil).Want(200) }, !was},
				{"reset", func() { d.pull("POST", "/reset", nil).Want(200) }, was},
			}
			for _, s := range steps {
				s.do()
				if got := d.settings()[name]; got != s.want {
					t.Errorf("%s: %v", s.name, got)
				}
			}
		})
	}
}

func TestSwitchesRefuse(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	for _, body := range []string{`{}`, ``, `{"tellRequest":"yes"}`, `{"nothing":true}`} {
		d.pull("PATCH", "/settings", body).Want(422)
	}
}
