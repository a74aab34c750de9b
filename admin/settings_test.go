package admin_test

import (
	"crypto/tls"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/cert"
)

// settings are the switches as the API shows them.
func (d *desk) settings() (v map[string]any) {
	d.pull("GET", "/settings", nil).Want(200).Into(&v)
	return v
}

// secure is a sandbox that speaks TLS.
func secure() server.Options {
	return server.Options{TLS: &tls.Config{MinVersion: tls.VersionTLS12}}
}

// other is another value of a switch.
func other(was any) any {
	if on, ok := was.(bool); ok {
		return !on
	}
	return "expired"
}

// Every switch that GET shows can be turned by its name, is taken back by undo, comes back with a snapshot, and goes with a reset.
func TestSwitches(t *testing.T) {
	t.Parallel()
	for name, was := range open(t, server.Options{}, admin.Options{}).settings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, now := open(t, secure(), admin.Options{}), other(was)
			turn := func(on any) {
				body, _ := json.Marshal(map[string]any{name: on})
				if got := d.pull("PATCH", "/settings", string(body)).Want(200).JSON()[name]; got != on {
					t.Errorf("turned to %v, it is %v", on, got)
				}
			}
			steps := []struct {
				name string
				do   func()
				want any
			}{
				{"turned", func() { turn(now) }, now},
				{"undone", func() { d.pull("POST", "/undo", nil).Want(200) }, was},
				{"turned and kept", func() { turn(now); d.pull("POST", "/snapshots", `{"name":"x"}`).Want(201); turn(was) }, was},
				{"restored", func() { d.pull("POST", "/snapshots/1/restore", nil).Want(200) }, now},
				{"restored, undone", func() { d.pull("POST", "/undo", nil).Want(200) }, was},
				{"restored again", func() { d.pull("POST", "/snapshots/1/restore", nil).Want(200) }, now},
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
	for _, body := range []string{`{}`, ``, `{"tellRequest":"yes"}`, `{"nothing":true}`, `{"certificate":"odd"}`, `{"certificate":true}`} {
		d.pull("PATCH", "/settings", body).Want(422)
	}
	for body, status := range map[string]int{`{"certificate":"expired"}`: 409, `{"certificate":"expired","tellNow":true}`: 409, `{"certificate":"valid"}`: 200} {
		if a := d.pull("PATCH", "/settings", body).Want(status); status == 409 && !strings.Contains(a.Text("detail"), "--tls-self-signed") {
			t.Error(a.Body)
		}
	}
	if d.settings()["tellNow"] != false {
		t.Error("what was refused was done in part")
	}
}

// The document names every state that the lever takes.
func TestCertificatesAreDocumented(t *testing.T) {
	t.Parallel()
	field, _ := reflect.TypeFor[admin.SettingsChange]().FieldByName("Certificate")
	var want []string
	for _, s := range cert.States() {
		want = append(want, "enum="+string(s))
	}
	if got := field.Tag.Get("jsonschema"); got != strings.Join(want, ",") {
		t.Error(got)
	}
}
