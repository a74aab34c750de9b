package admin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/fault"
	"sandbank/server/servertest"
)

func TestFaultIsArmedObservedAndSpent(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := servertest.Bearer(d.token(""))
	tests := []struct {
		name, order string
		want        []int // statuses of the next calls to info
	}{
		{"one refusal", `{"when":{"op":"info"},"then":{"status":503}}`, []int{503, 200}},
		{"two", `{"when":{"bank":"yoisho"},"then":{"status":500},"often":{"next":2}}`, []int{500, 500, 200}},
		{"after one", `{"when":{"path":"/account/*"},"then":{"status":502},"often":{"next":1,"after":1}}`, []int{200, 502, 200}},
		{"every second", `{"when":{"op":"info"},"then":{"status":500},"often":{"every":2,"next":2}}`, []int{200, 500, 200, 500, 200}},
		{"by a line", `{"line":"op=info; status=504"}`, []int{504, 200}},
		{"the bank's own words", `{"when":{"op":"info"},"then":{"refuse":"token_expired"}}`, []int{400, 200}},
		{"another client's", `{"when":{"op":"info","client":"nobody"},"then":{"status":500}}`, []int{200}},
		{"a preset, narrowed", `{"preset":"` + presetFor(t, d, "E70") + `","when":{"bank":"yoisho","op":"token"},"often":{"next":1}}`, []int{200}},
	}
	for _, tt := range tests {
		var rule struct{ ID string }
		d.pull("POST", "/faults", tt.order).Want(201).Into(&rule)
		for i, want := range tt.want {
			if got := d.Get("/account/info", bearer); got.Status != want {
				t.Errorf("%s: call %d is %d, want %d", tt.name, i+1, got.Status, want)
			}
		}
		d.pull("DELETE", "/faults", nil).Want(200)
	}
}

// presetFor is the name of a preset for a case of the catalogue.
func presetFor(t *testing.T, d *desk, id string) string {
	t.Helper()
	var presets []struct {
		Name  string
		Cases []string
	}
	d.pull("GET", "/faults/presets", nil).Want(200).Into(&presets)
	for _, p := range presets {
		for _, c := range p.Cases {
			if c == id {
				return p.Name
			}
		}
	}
	t.Fatalf("no preset is for %s", id)
	return ""
}

func TestEveryPresetCanBeArmed(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var presets []struct{ Name, Doc, Learn string }
	d.pull("GET", "/faults/presets", nil).Want(200).Into(&presets)
	if len(presets) < 20 {
		t.Errorf("only %d presets", len(presets))
	}
	for _, p := range presets {
		if p.Doc == "" || p.Learn == "" {
			t.Errorf("%s does not say what it does and what to learn", p.Name)
		}
		order, _ := json.Marshal(map[string]string{"preset": p.Name})
		d.pull("POST", "/faults", string(order)).Want(201)
	}
	var list struct{ Items []struct{ State string } }
	d.pull("GET", "/faults", nil).Want(200).Into(&list)
	if len(list.Items) != len(presets) || list.Items[0].State != "armed" {
		t.Errorf("%d of %d are listed", len(list.Items), len(presets))
	}
	if got := d.pull("DELETE", "/faults", nil).Want(200).JSON()["disarmed"]; got != json.Number(num(len(presets))) {
		t.Errorf("%v were disarmed", got)
	}
}

func num(n int) string { p, _ := json.Marshal(n); return string(p) }

func TestFaultRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	tests := []struct{ order, field string }{
		{`{"then":{"status":42}}`, "then.status"},
		{`{"when":{"bank":"nobank"},"then":{"status":500}}`, "when.bank"},
		{`{"when":{"bank":"yoisho","op":"tokn"},"then":{"status":500}}`, "when.op"},
		{`{"preset":"nothing"}`, "preset"},
		{`{"preset":"x","line":"status=500"}`, "line"},
		{`{"then":{"delay":"soon"}}`, "then"},
		{`{"then":{"statsu":500}}`, "statsu"},
	}
	for _, tt := range tests {
		a := d.pull("POST", "/faults", tt.order)
		var p struct{ Errors []struct{ Field string } }
		a.Into(&p)
		if a.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != tt.field {
			t.Errorf("%s: %d %s", tt.order, a.Status, a.Body)
		}
	}
	d.pull("POST", "/faults", `{}`).Want(422)
	d.pull("DELETE", "/faults/f_99", nil).Want(404)
	d.pull("PATCH", "/faults", `{}`).Want(422)
}

func TestHeaderFaultsNeedPermission(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	own := servertest.Header("X-Sandbox-Fault", "status=503")
	d.Get("/account/home", own).Want(200)
	if got := d.pull("PATCH", "/faults", `{"headers":true}`).Want(200).JSON()["headers"]; got != true {
		t.Errorf("headers %v", got)
	}
	d.Get("/account/home", own).Want(503)
	d.Get("/account/home").Want(200)
	d.pull("POST", "/undo", nil).Want(200)
	d.Get("/account/home", own).Want(200)
}

// Undo arms again what was disarmed, with its hits.
func TestFaultsCanBeUndone(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	id := d.pull("POST", "/faults", `{"when":{"op":"home"},"then":{"status":503},"often":{"next":5}}`).Want(201).Text("id")
	d.Get("/account/home").Want(503)
	d.pull("DELETE", "/faults/"+id, nil).Want(204)
	d.Get("/account/home").Want(200)
	d.pull("POST", "/undo", nil).Want(200)
	d.Get("/account/home").Want(503)
	if e := d.Last(); !strings.Contains(e.Fault, id) {
		t.Errorf("the journal says fault %q, not %s", e.Fault, id)
	}
}

// A rule is paused, resumed and edited while it is armed, seen on the wire each time, and all of it can be taken back.
func TestFaultIsPausedAndEdited(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	home := func(want int) {
		t.Helper()
		if a := d.Get("/account/home"); a.Status != want {
			t.Errorf("home is %d, want %d", a.Status, want)
		}
	}
	rule := d.pull("POST", "/faults", `{"when":{"op":"home"},"then":{"status":503},"often":{"next":9},"paused":true}`).Want(201)
	id := rule.Text("id")
	change := func(body string) fault.Listed {
		t.Helper()
		var l fault.Listed
		d.pull("PATCH", "/faults/"+id, body).Want(200).Into(&l)
		return l
	}
	home(200)
	if l := change(`{"paused":false}`); l.State != fault.Armed || l.Seen != 0 {
		t.Errorf("%+v", l)
	}
	home(503)
	if l := change(`{"paused":true}`); l.State != fault.Paused || !l.Paused || l.Hits != 1 {
		t.Errorf("%+v", l)
	}
	home(200)
	var list admin.FaultList
	if d.pull("GET", "/faults", nil).Into(&list); len(list.Items) != 1 || list.Items[0].State != fault.Paused {
		t.Errorf("%+v", list.Items)
	}
	d.pull("POST", "/undo", nil).Want(200)
	home(503)
	if l := change(`{"then":{"status":418},"often":{"next":4},"name":"tea"}`); l.ID != id || l.Hits != 2 || l.Name != "tea" || l.When.Op != "home" {
		t.Errorf("%+v", l)
	}
	home(418)
	change(`{"paused":true}`)
	kept := d.take("paused")
	change(`{"paused":false}`)
	home(418) // the last of four
	home(200)
	d.pull("PATCH", "/faults/"+id, `{"paused":true}`).Want(409)
	d.pull("POST", "/snapshots/"+kept+"/restore", nil).Want(200)
	home(200)
	change(`{"paused":false}`)
	home(418)
	for _, tt := range []struct {
		path, body string
		status     int
	}{{"f_9", `{"paused":true}`, 404}, {id, `{}`, 422}, {id, `{"when":{"bank":"nobank"}}`, 422}, {id, `{"paused":"yes"}`, 422}, {id, `{"hits":3}`, 422}} {
		d.pull("PATCH", "/faults/"+tt.path, tt.body).Want(tt.status)
	}
}

// The preset for a dead refresh token that is called by another name: E67.
func TestRefreshCalledInvalidRequest(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	old := d.s2s().Text("refresh_token")
	d.refresh(old).Want(200)
	d.pull("POST", "/faults", `{"preset":"refresh-invalid-request"}`).Want(201)
	for _, want := range []string{"invalid_request", "invalid_grant"} {
		if a := d.refresh(old).Want(400); a.Text("error") != want {
			t.Errorf("%s, want %s", a.Body, want)
		}
	}
}
