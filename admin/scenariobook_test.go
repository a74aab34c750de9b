package admin_test

import (
	"slices"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

func (d *desk) arm(id, body string) (out admin.ScenarioArmed) {
	d.t.Helper()
	d.pull("POST", "/scenarios/"+id, body).Want(200).Into(&out)
	return out
}

func (d *desk) disarm(id string) (out admin.ScenarioDisarmed) {
	d.t.Helper()
	d.pull("DELETE", "/scenarios/"+id, nil).Want(200).Into(&out)
	return out
}

// knobAt is what one level itself turns; "" when it does not.
func (d *desk) knobAt(level, knob string) string {
	d.t.Helper()
	var view admin.PolicyView
	d.pull("GET", "/policies", nil).Want(200).Into(&view)
	for _, l := range view.Levels {
		if l.Name == level {
			return l.Set[knob]
		}
	}
	return ""
}

func TestScenarioRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	before := d.standing()
	for _, tt := range []struct {
		method, path, body string
		status             int
		field              string
	}{
		{"GET", "/scenarios/E99", "", 404, ""},
		{"POST", "/scenarios/E99", "", 404, ""},
		{"DELETE", "/scenarios/E99", "", 404, ""},
		{"DELETE", "/scenarios/E05", "", 409, ""},
		{"POST", "/scenarios/E77", "", 409, ""},
		{"POST", "/scenarios/E05", `{"bank":"nobank"}`, 422, "bank"},
		{"POST", "/scenarios/E51", `{"bank":"yoisho"}`, 422, "bank"},
		{"POST", "/scenarios/E09", `{"variant":"odd"}`, 422, "variant"},
		{"POST", "/scenarios/E05", `{"bank":"berlin","client":"nobody"}`, 422, "client"},
		{"POST", "/scenarios/E05", `{"user":"nobody"}`, 422, "user"},
		{"POST", "/scenarios/E05", `{"bank":"berlin","client":"bg-demo","user":"dave"}`, 422, "user"},
		{"POST", "/scenarios/E51", `{"user":"dave"}`, 422, "user"},
		{"POST", "/scenarios/E05", `{"banks":"berlin"}`, 422, "banks"},
		{"POST", "/scenarios/E05", `[`, 400, ""},
		{"GET", "/scenarios?group=9", "", 422, "group"},
		{"GET", "/scenarios?bank=nobank", "", 422, "bank"},
		{"GET", "/scenarios?state=odd", "", 422, "state"},
	} {
		a := d.pull(tt.method, tt.path, tt.body)
		var p struct{ Errors []struct{ Field string } }
		a.Into(&p)
		if field := append(p.Errors, struct{ Field string }{})[0].Field; a.Status != tt.status || field != tt.field {
			t.Errorf("%s %s %s: %d %s", tt.method, tt.path, tt.body, a.Status, a.Body)
		}
	}
	if after := d.standing(); after != before {
		t.Errorf("refused, and yet\n%s", after)
	}
}

func TestScenarioNarrowed(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	out := d.arm("e05", `{"client":"s2s-demo"}`)
	if out.Armed.Bank != "s2s" || d.knobAt("client s2s-demo", "expires_in") != "omit" || !strings.Contains(out.Journal, "client=s2s-demo") {
		t.Errorf("armed at %+v, journal %s", out.Armed, out.Journal)
	}
	d.disarm("E05")
	d.arm("E05", `{"bank":"yoisho","user":"dave"}`)
	if d.knobAt("user yoisho/dave", "expires_in") != "omit" {
		t.Error("the user's level turns nothing")
	}
	d.disarm("E05")
	d.arm("E70", `{"bank":"s2s","client":"s2s-demo","user":"ali"}`)
	var faults admin.FaultList
	d.pull("GET", "/faults", nil).Want(200).Into(&faults)
	if w := faults.Items[0].When; w.Bank != "s2s" || w.Client != "s2s-demo" || w.User != "s2s/ali" || faults.Items[0].Name != "E70" {
		t.Errorf("when %+v", w)
	}
	if a := d.app("finapi").login(); a.call() != 200 {
		t.Error("another bank's token endpoint is spoiled")
	}
}

// A case that is armed again begins anew, also elsewhere.
func TestScenarioArmedAgain(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.arm("E66", `{"bank":"s2s"}`)
	a := d.app("s2s").login()
	d.want("struck", a.call(), 401)
	if part := d.scenario("E66").Armed.Set[0]; part.Stands || part.Hits != 1 || part.Why != "it is spent" {
		t.Errorf("%+v", part)
	}
	d.arm("E66", `{"bank":"s2s"}`)
	d.want("struck again", a.call(), 401)
	d.arm("E27", `{"bank":"s2s","variant":"91 days later"}`)
	now := d.pull("GET", "/clock", nil).Text("now")
	d.arm("E27", `{"bank":"s2s"}`)
	d.want("refresh", d.knobAt("bank s2s", "refresh"), "20s")
	if back := d.pull("GET", "/clock", nil).Text("now"); back >= now {
		t.Errorf("the former variant left the clock at %s", back)
	}
}

// What was changed since is left as it is, and of cases that turn the same knob the one that goes leaves the others theirs.
func TestDisarmingTakesBackNothingElse(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	knob := func(want string) {
		t.Helper()
		d.want("expires_in", d.knobAt("bank s2s", "expires_in"), want)
	}
	at := `{"bank":"s2s"}`
	d.turn("s2s", "expires_in=string", "access=1h")
	d.arm("E06", at)
	d.arm("E07", at)
	if kept := d.disarm("E06").Kept; len(kept) != 1 {
		t.Errorf("kept %v", kept)
	}
	knob("negative")
	d.disarm("E07")
	knob("string")

	d.arm("E06", at)
	d.arm("E07", at)
	d.disarm("E07")
	knob("zero")
	d.turn("s2s", "expires_in=null")
	if part := d.scenario("E06").Armed.Set[0]; part.Stands || part.Was != "string" {
		t.Errorf("%+v", part)
	}
	d.disarm("E06")
	knob("null")
	d.want("access", d.knobAt("bank s2s", "access"), "1h")

	id := d.pull("POST", "/faults", `{"line":"op=token; status=503"}`).Want(201).Text("id")
	d.arm("E70", at)
	d.disarm("E70")
	var faults admin.FaultList
	d.pull("GET", "/faults", nil).Want(200).Into(&faults)
	if len(faults.Items) != 1 || faults.Items[0].ID != id {
		t.Errorf("faults %v", faults.Items)
	}
}

// The clock goes back by as much as the case moved it, unless somebody has set it to an instant since.
func TestDisarmingTheClock(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	now := func() string { return d.pull("GET", "/clock", nil).Text("now") }
	start := now()
	d.arm("E21", ``)
	d.clock(`{"advance":"10m"}`)
	d.disarm("E21")
	d.clock(`{"advance":"-10m"}`)
	d.want("after a jump in between", now(), start)
	d.arm("E21", ``)
	d.clock(`{"set":"2030-01-01T00:00:00Z"}`)
	d.disarm("E21")
	d.want("after it was set", now(), "2030-01-01T00:00:00Z")
	d.clock(`{"freeze":false}`)
	d.arm("E02", ``)
	d.want("frozen", d.pull("GET", "/clock", nil).JSON()["frozen"], true)
	d.disarm("E02")
	d.want("frozen still", d.pull("GET", "/clock", nil).JSON()["frozen"], false)
}

// Servers that cases set apart go back to where they were before, unless somebody has set them since; the last of several wins.
func TestDisarmingSkews(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	is := func(when, as, rs, date string) {
		t.Helper()
		var c admin.ClockView
		d.pull("GET", "/clock", nil).Want(200).Into(&c)
		d.want(when, c.Skew.AuthorizationServer.String()+" "+c.Skew.ResourceServer.String()+" "+c.Skew.Date, as+" "+rs+" "+date)
	}
	d.skew(`{"authorizationServer":"5s"}`)
	d.arm("E14", ``)
	d.arm("E19", `{"bank":"s2s"}`)
	is("two at once", "30s", "45s", "follows")
	if set := d.scenario("E14").Armed.Set; len(set) != 1 || set[0].What != "skew as=30s" || set[0].Was != "5s" || !set[0].Stands {
		t.Errorf("%+v", set)
	}
	d.disarm("E14")
	is("one gone", "5s", "45s", "follows")
	d.disarm("E19")
	is("both gone", "5s", "0s", "follows")

	d.arm("E17", ``)
	d.arm("E18", `{"bank":"s2s"}`)
	if kept := d.disarm("E17").Kept; len(kept) != 1 {
		t.Errorf("kept %v", kept)
	}
	is("the later one stands", "5s", "0s", "2m")
	d.disarm("E18")
	is("and returns to before both", "5s", "0s", "follows")

	d.arm("E17", `{"variant":"servers"}`)
	is("both servers", "-2m", "-2m", "follows")
	d.skew(`{"resourceServer":"1s"}`)
	if set := d.scenario("E17").Armed.Set; len(set) != 2 || !set[0].Stands || set[1].Stands || set[1].Why == "" {
		t.Errorf("%+v", set)
	}
	if out := d.disarm("E17"); len(out.Back) != 1 || len(out.Kept) != 1 {
		t.Errorf("%+v", out)
	}
	is("what was set since stays", "5s", "1s", "follows")
	d.undo()
	is("undone", "-2m", "1s", "follows")
	d.pull("POST", "/clock", `{"reset":true}`).Want(200)
	d.disarm("E17")
	is("after a reset", "0s", "0s", "follows")
}

// Whether a case is armed is state: taken back by undo, kept by snapshots, also in a file and in another process.
func TestArmedScenariosAreState(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	before := d.file(d.take("before"))
	d.arm("E11", `{"bank":"s2s"}`)
	d.arm("E70", `{"bank":"s2s"}`)
	d.arm("E21", `{"bank":"s2s"}`)
	d.arm("E17", `{"bank":"s2s"}`)
	id := d.take("armed")
	armed := d.file(id)
	ids := func(d *desk) (out []string) {
		var list admin.ScenarioList
		d.pull("GET", "/scenarios?state=armed", nil).Want(200).Into(&list)
		for _, v := range list.Items {
			out = append(out, v.ID)
		}
		return out
	}
	all := []string{"E11", "E17", "E21", "E70"}
	if got := ids(d); !slices.Equal(got, all) {
		t.Fatalf("armed %v", got)
	}
	for _, one := range all {
		d.disarm(one)
	}
	d.pull("POST", "/undo", `{"count":4}`).Want(200)
	if again := d.file(d.take("again")); again != armed {
		t.Error("undoing what disarmed them does not bring the same state back")
	}
	for _, one := range all {
		d.disarm(one)
	}
	d.pull("POST", "/snapshots/"+id+"/restore", nil).Want(200)
	if got := ids(d); !slices.Equal(got, all) || d.file(d.take("restored")) != armed {
		t.Errorf("restored: %v", got)
	}

	other := open(t, server.Options{}, admin.Options{})
	upload := func(file string) *servertest.Answer {
		t.Helper()
		return other.pull("POST", "/snapshots/upload?name=x", file)
	}
	var kept struct{ ID int }
	upload(armed).Want(201).Into(&kept)
	other.pull("POST", "/snapshots/"+num(kept.ID)+"/restore", nil).Want(200)
	if got := ids(other); !slices.Equal(got, all) {
		t.Errorf("in another process: %v", got)
	}
	for _, one := range all {
		other.disarm(one)
	}
	if again := other.file(other.take("disarmed")); again != strings.Replace(before, `"issued":0`, `"issued":1`, 1) { // faults that there have been
		t.Error("disarmed in another process, the state is not as before")
	}
	for from, to := range map[string]string{`"case":"E11"`: `"case":"E99"`, `"case":"E21"`: `"case":"E11"`, `{"knob":"expires_in_lie","value":"59m50s"}`: `{"knob":"expires_in_lie","value":"soon"}`, `"bank":"s2s","at"`: `"bank":"nobank","at"`,
		`{"knob":"date","value":"-2m","was":"follows"}`: `{"knob":"date","value":"-2m"}`} {
		if !strings.Contains(armed, from) {
			t.Fatalf("the file has no %s", from)
		}
		if a := upload(strings.Replace(armed, from, to, 1)); a.Status != 422 || !strings.Contains(a.Body, "scenarios[") {
			t.Errorf("%s: %d %s", to, a.Status, a.Body)
		}
	}
	at := strings.Index(before, `"scenarios": [`)
	older := before[:at] + before[at+len("\"scenarios\": [],\n"):]
	if a := upload(older); a.Status != 201 || strings.Contains(older, "scenarios") {
		t.Errorf("a file from before there were scenarios: %d %s", a.Status, a.Body)
	}
}

func TestResetsAndScenarios(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.arm("E70", `{"bank":"s2s"}`)
	d.arm("E21", `{"bank":"s2s"}`)
	now := d.pull("GET", "/clock", nil).Text("now")
	d.pull("POST", "/reset", `{"what":"faults"}`).Want(200)
	d.pull("POST", "/faults", `{"line":"op=token; status=500"}`).Want(201) // it may have the id of the one that is gone
	d.disarm("E70")
	var faults admin.FaultList
	d.pull("GET", "/faults", nil).Want(200).Into(&faults)
	d.want("faults", len(faults.Items), 1)
	d.pull("POST", "/undo", `{"count":3}`).Want(200)
	if set := d.scenario("E70").Armed.Set; len(set) != 1 || !set[0].Stands {
		t.Errorf("undone: %+v", set)
	}
	d.pull("POST", "/reset", `{"what":"clock"}`).Want(200)
	start := d.pull("GET", "/clock", nil).Text("now")
	d.disarm("E21")
	d.want("the clock", d.pull("GET", "/clock", nil).Text("now"), start)
	d.pull("POST", "/undo", `{"count":2}`).Want(200)
	d.want("the clock undone", d.pull("GET", "/clock", nil).Text("now"), now)
	d.pull("POST", "/reset", `{"what":"everything"}`).Want(200)
	if v := d.scenario("E70"); v.Armed != nil {
		t.Errorf("after everything was reset: %+v", v.Armed)
	}
	d.pull("POST", "/undo", nil).Want(200)
	if v := d.scenario("E70"); v.Armed == nil {
		t.Error("undoing the reset does not arm it again")
	}
}

func TestScenarioFilters(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.arm("E05", `{"bank":"s2s"}`)
	d.app("s2s").login()
	count := func(query string) (ids []string, list admin.ScenarioList) {
		d.pull("GET", "/scenarios"+query, nil).Want(200).Into(&list)
		for _, v := range list.Items {
			ids = append(ids, v.ID)
		}
		return ids, list
	}
	all, list := count("")
	if len(all) != 77 || len(list.Groups) != 7 || list.Coverage != "2/77" || list.Met != 2 { // no expires_in, and consented_on alone
		t.Errorf("%d, %d groups, %s", len(all), len(list.Groups), list.Coverage)
	}
	if ids, _ := count("?state=met"); !slices.Equal(ids, []string{"E05", "E16"}) {
		t.Errorf("met %v", ids)
	}
	if ids, _ := count("?state=armed"); !slices.Equal(ids, []string{"E05"}) {
		t.Errorf("armed %v", ids)
	}
	if ids, _ := count("?group=3.3"); len(ids) != 15 || ids[0] != "E27" || ids[14] != "E41" {
		t.Errorf("group 3.3: %v", ids)
	}
	missing, _ := count("?state=missing")
	open, _ := count("?state=open")
	if len(missing) != list.Missing || len(missing)+len(open)+2 != 77 {
		t.Errorf("%d missing, %d open", len(missing), len(open))
	}
	if ids, _ := count("?bank=yoisho&group=3.5"); !slices.Equal(ids, []string{"E50", "E58"}) {
		t.Errorf("yoisho's of 3.5: %v", ids)
	}
	v := d.scenario("e05")
	if len(v.Entries) != 1 || d.pull("GET", "/journal/"+num(int(v.Entries[0])), nil).Want(200).Text("op") != "token" {
		t.Errorf("entries %v", v.Entries)
	}
}

// X-Sandbox-Scenario is for one request, where the space allows it.
func TestScenarioHeader(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	a := d.app("s2s").login()
	api := clientOf("s2s").api
	with := func(text string) *servertest.Answer {
		t.Helper()
		return a.get(api, servertest.Header("X-Sandbox-Scenario", text))
	}
	with("E69").Want(200)
	d.pull("PATCH", "/faults", `{"headers":true}`).Want(200)
	d.want("seconds", with("E69").Want(429).Header.Get("Retry-After"), "5")
	d.want("huge", with("e69 huge").Want(429).Header.Get("Retry-After"), "86400")
	if e := d.Last(); e.Fault != "E69" || !strings.Contains(e.Spoiled(), "status=429") {
		t.Errorf("fault %q: %s", e.Fault, e.Spoiled())
	}
	with("E64").Want(401) // every fifth call when armed, this one here
	with("E33").Want(200) // for refreshes
	a.get(api).Want(200)
	if v := d.scenario("E69"); !v.Met || v.Armed != nil || !v.Header {
		t.Errorf("%+v", v)
	}
	for text, why := range map[string]string{"E27": "no matter of one request: it turns refresh=20s", "E21": "it moves the clock", "E17": "it sets the bank's clocks apart", "E43": "brought about by hand",
		"E77": "shown before it", "E99": "there is no scenario", "E69 odd": "no variant", "": ""} {
		answer := with(text)
		if told := answer.Header.Get("X-Sandbox-Scenario"); !strings.Contains(told, why) || (text != "") != (answer.Status == 400) || (text != "") != (d.Last().Kind == "invalid_field") {
			t.Errorf("%q: %d, %q, %s", text, answer.Status, told, answer.Body)
		}
	}
	both := a.get(api, servertest.Header("X-Sandbox-Scenario", "E69"), servertest.Header("X-Sandbox-Fault", "status=503"))
	d.want("both headers", both.Status, 503)
}
