package admin_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/scenario"
)

// case is one of the catalogue, as it stands.
func (d *desk) scenario(id string) (v admin.ScenarioView) {
	d.t.Helper()
	d.pull("GET", "/scenarios/"+id, nil).Want(200).Into(&v)
	return v
}

// state is everything that arming can turn.
func (d *desk) standing() string {
	d.t.Helper()
	faults := d.pull("GET", "/faults", nil).Want(200).Body
	var policy struct{ Levels json.RawMessage }
	d.pull("GET", "/policies", nil).Want(200).Into(&policy)
	settings := d.pull("GET", "/settings", nil).Want(200).Body
	clock := d.pull("GET", "/clock", nil).Want(200).JSON()
	skew, _ := json.Marshal(clock["skew"])
	return strings.Join([]string{faults, string(policy.Levels), settings, string(skew), clock["now"].(string), map[bool]string{true: "frozen", false: "runs"}[clock["frozen"].(bool)]}, "\n")
}

// Every case can be armed at each of its banks in each of its variants, and disarmed without a trace: so that no knob, no operation and
// no fault that the catalogue names can disappear unnoticed.
func TestEveryScenarioCanBeArmed(t *testing.T) {
	t.Parallel()
	d := open(t, secure(), admin.Options{})
	before := d.standing()
	for i, c := range scenario.Cases() {
		if want := "E" + string(rune('0'+(i+1)/10)) + string(rune('0'+(i+1)%10)); c.ID != want || c.Title == "" || c.Does == "" || c.Correct == "" || len(c.Banks) == 0 {
			t.Errorf("case %d is %s and lacks something: %q, %q, %q", i+1, c.ID, c.Title, c.Does, c.Correct)
		}
		if len(c.Variants) == 0 && c.Do == "" {
			t.Errorf("%s sets nothing, and does not say what to do", c.ID)
		}
		variants := []string{""}
		for _, v := range c.Variants {
			variants = append(variants, v.Name)
		}
		for _, bank := range c.Banks {
			for _, variant := range variants {
				order := map[string]string{"bank": bank, "variant": variant}
				var out admin.ScenarioArmed
				d.pull("POST", "/scenarios/"+c.ID, order).Want(200).Into(&out)
				if out.Armed == nil || out.State != "armed" || len(c.Variants) > 0 && len(out.Calls) == 0 ||
					len(out.Armed.Set) == 0 && len(c.Variants) > 0 && c.Variants[0].Clock != "freeze" { // the clock stands still already
					t.Errorf("%s at %s, %q: %+v", c.ID, bank, variant, out)
				}
				d.pull("DELETE", "/scenarios/"+c.ID, nil).Want(200)
				if after := d.standing(); after != before {
					t.Errorf("%s at %s, %q: disarmed, and still\n%s", c.ID, bank, variant, after)
				}
			}
		}
	}
	var list admin.ScenarioList
	d.pull("GET", "/scenarios", nil).Want(200).Into(&list)
	if list.Total != 77 || list.Coverage != "0/77" || list.Missing != 0 {
		t.Errorf("%s of %d, %d missing", list.Coverage, list.Total, list.Missing)
	}
}

// What somebody turned again is kept; what stands is taken back, also where it was bad before.
func TestCertificateScenario(t *testing.T) {
	t.Parallel()
	d := open(t, secure(), admin.Options{})
	show := func(state string) { d.pull("PATCH", "/settings", `{"certificate":"`+state+`"}`).Want(200) }
	is := func(what, want string) {
		t.Helper()
		d.want(what, d.settings()["certificate"], want)
	}
	arm := func(variant string) (v admin.ScenarioArmed) {
		d.pull("POST", "/scenarios/E77", `{"variant":"`+variant+`","client":"bg-demo","user":"dave"}`).Want(200).Into(&v)
		return v
	}
	disarm := func() (v admin.ScenarioDisarmed) {
		d.pull("DELETE", "/scenarios/E77", nil).Want(200).Into(&v)
		return v
	}
	show("early")
	v := arm("unknown")
	is("armed", "unknown")
	if p := v.Armed.Set; len(p) != 1 || p[0] != (admin.ScenarioPart{Kind: "setting", What: "certificate=unknown", Was: "early", Stands: true}) || v.Journal != admin.Prefix+"/journal" {
		t.Errorf("%+v, %s", p, v.Journal)
	}
	arm("foreign")
	is("armed anew", "foreign")
	d.pull("POST", "/undo", nil).Want(200)
	is("that undone", "unknown")
	d.pull("POST", "/snapshots", `{"name":"armed"}`).Want(201)
	if out := disarm(); len(out.Kept) != 0 || !slices.Equal(out.Back, []string{"certificate=unknown"}) {
		t.Errorf("%+v", out)
	}
	is("disarmed", "early")
	d.pull("POST", "/snapshots/1/restore", nil).Want(200)
	show("valid")
	if v := d.scenario("E77"); v.Armed.Set[0].Stands || v.Armed.Set[0].Why == "" {
		t.Errorf("%+v", v.Armed)
	}
	if out := disarm(); len(out.Back) != 0 || !slices.Equal(out.Kept, []string{"certificate=unknown: it was turned again since"}) {
		t.Errorf("%+v", out)
	}
	is("kept", "valid")
}

// What takes TLS is missing without it, and says why.
func TestScenariosWithoutTLS(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	v := d.scenario("E77")
	if v.State != "missing" || !strings.Contains(v.Missing, "--tls-self-signed") {
		t.Errorf("%s: %q", v.State, v.Missing)
	}
	if a := d.pull("POST", "/scenarios/E77", nil).Want(409); !strings.Contains(a.Text("detail"), v.Missing) {
		t.Error(a.Body)
	}
}

// The single calls that arming names do the same, one by one.
func TestScenariosAreSingleCallsTogether(t *testing.T) {
	t.Parallel()
	for _, c := range scenario.Cases() {
		if len(c.Variants) == 0 {
			continue
		}
		d := open(t, secure(), admin.Options{})
		var out admin.ScenarioArmed
		d.pull("POST", "/scenarios/"+c.ID, nil).Want(200).Into(&out)
		want := d.standing()
		d.pull("POST", "/undo", nil).Want(200)
		for _, call := range out.Calls {
			body, _ := json.Marshal(call.Body)
			if a := d.Do(call.Method, call.Path, string(body)); a.Status >= 300 {
				t.Errorf("%s: %s %s %s: %s", c.ID, call.Method, call.Path, body, a.Body)
			}
		}
		got := d.standing()
		// the ids of faults count on after an undo
		if same := strings.NewReplacer(`"f_2"`, `"f_1"`, `"f_3"`, `"f_1"`); same.Replace(got) != same.Replace(want) {
			t.Errorf("%s armed is\n%s\none by one it is\n%s", c.ID, want, got)
		}
	}
}
