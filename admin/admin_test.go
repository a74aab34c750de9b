package admin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/world"
)

// desk is a sandbox with its levers, and what a test needs to pull them.
type desk struct {
	*servertest.Sandbox
	t     testing.TB
	world *world.World
}

func open(t testing.TB, o server.Options, a admin.Options) *desk {
	t.Helper()
	return openAs(t, o, func(in server.Inside) serving { return admin.New(over(in, a)).Serve })
}

// serving is what answers under /admin.
type serving = func(ctx fiber.Ctx, space *world.Space, root, path string) error

// openAs opens a sandbox with whatever answers under /admin.
func openAs(t testing.TB, o server.Options, with func(server.Inside) serving) *desk {
	t.Helper()
	d := &desk{t: t}
	o.Admin = func(in server.Inside) func(fiber.Ctx, *world.Space, string, string) error {
		d.world = in.World
		return with(in)
	}
	d.Sandbox = servertest.Start(t, o)
	return d
}

// over are options with what the server says of itself.
func over(in server.Inside, a admin.Options) admin.Options {
	a.World, a.Banks, a.Version = in.World, in.Banks, in.Version
	a.Secure, a.Origin, a.Life, a.Replay, a.Flows = in.Secure, in.Origin, in.Life, in.Replay, in.Flows
	for _, o := range in.Operations {
		a.Operations = append(a.Operations, admin.Operation(o))
	}
	a.Refusals = func() []admin.Refusal {
		var out []admin.Refusal
		for _, r := range in.Refusals() {
			out = append(out, admin.Refusal(r))
		}
		return out
	}
	return a
}

// pull sends JSON to the admin API of the main space.
func (d *desk) pull(method, path string, body any, options ...servertest.Option) *servertest.Answer {
	d.t.Helper()
	text := ""
	switch b := body.(type) {
	case nil:
	case string:
		text = b
	default:
		p, err := json.Marshal(b)
		if err != nil {
			d.t.Fatal(err)
		}
		text = string(p)
	}
	return d.Do(method, admin.Prefix+path, text, append([]servertest.Option{servertest.Header("Content-Type", "application/json")}, options...)...)
}

// token walks a Yoisho flow in the space under root.
func (d *desk) token(root string) string {
	d.t.Helper()
	const id, secret = "7b6fc8ed5127b0b2f076d", "724e6890757b0ae624684b70e111b705fe6b050c"
	a := d.Get(root + "/account/loggedin?uname=dave&psw=x&client_id=" + id + "&redirect=http://127.0.0.1:9/cb").Want(303)
	_, code, _ := strings.Cut(a.Header.Get("Location"), "code=")
	return d.Get(root + "/account/access_token?code=" + code + "&client_id=" + id + "&client_secret=" + secret).Want(200).Text("access_token")
}

func TestClockKillsAndRevives(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := servertest.Bearer(d.token(""))
	var look struct {
		Now  time.Time
		Next []struct {
			Kind, ID, In string
		}
	}
	d.pull("GET", "/clock", nil).Want(200).Into(&look)
	if len(look.Next) != 1 || look.Next[0].Kind != "access" || look.Next[0].In != "1m" {
		t.Errorf("next: %+v", look.Next)
	}
	type moved struct {
		Killed, Revived []struct{ ID, Kind string }
	}
	tests := []struct {
		body            string
		status          int
		killed, revived int
	}{
		{`{"to":"next-expiry","edge":"before"}`, 200, 0, 0},
		{`{"to":"next-expiry"}`, 400, 1, 0},
		{`{"advance":"-1s"}`, 200, 0, 1},
		{`{"advance":"90d"}`, 400, 1, 0},
		{`{"advance":"-90d"}`, 200, 0, 1},
		{`{"to":"next-expiry","edge":"after"}`, 400, 1, 0},
		{`{"set":"` + look.Now.Format(time.RFC3339Nano) + `"}`, 200, 0, 1},
	}
	for _, tt := range tests {
		var m moved
		d.pull("POST", "/clock", tt.body).Want(200).Into(&m)
		if got := d.Get("/account/info", bearer).Status; got != tt.status || len(m.Killed) != tt.killed || len(m.Revived) != tt.revived {
			t.Errorf("%s: info is %d, %d killed, %d revived; want %d, %d, %d", tt.body, got, len(m.Killed), len(m.Revived), tt.status, tt.killed, tt.revived)
		}
	}
}

func TestClockRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	before := d.pull("GET", "/clock", nil).Text("now")
	tests := []struct {
		body   string
		status int
		field  string
	}{
		{`{}`, 422, ""}, {``, 422, ""}, {`{"advance":"1d","reset":true}`, 422, ""},
		{`{"advance":"soon"}`, 422, "advance"}, {`{"advance":5}`, 422, "advance"}, {`{"advance":"200000d"}`, 422, "advance"}, {`{"advance":"100000d"}`, 422, "advance"},
		{`{"set":"tomorrow"}`, 422, "set"}, {`{"set":"9999-01-01T00:00:00Z"}`, 422, "set"},
		{`{"speed":-1}`, 422, "speed"}, {`{"speed":"fast"}`, 422, "speed"}, {`{"freeze":"yes"}`, 422, "freeze"},
		{`{"to":"never"}`, 422, "to"}, {`{"to":"next-expiry","edge":"middle"}`, 422, "edge"}, {`{"advance":"1s","edge":"at"}`, 422, "edge"},
		{`{"to":"next-expiry"}`, 409, ""}, {`{"jump":"1d"}`, 422, "jump"}, {`[`, 400, ""}, {`{} {}`, 400, ""},
	}
	for _, tt := range tests {
		a := d.pull("POST", "/clock", tt.body)
		var p struct {
			Status int
			Detail string
			Errors []struct{ Field string }
		}
		a.Into(&p)
		field := ""
		if len(p.Errors) > 0 {
			field = p.Errors[0].Field
		}
		if a.Status != tt.status || p.Status != tt.status || field != tt.field || p.Detail == "" || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d, field %q, %s", tt.body, a.Status, field, a.Body)
		}
	}
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho"},"set":{"access":"90000d"}}`).Want(200)
	d.pull("POST", "/tokens", `{"bank":"yoisho","client":"7b6fc8ed5127b0b2f076d","user":"dave"}`).Want(201)
	d.pull("POST", "/clock", `{"to":"next-expiry"}`).Want(422)
	if after := d.pull("GET", "/clock", nil).Text("now"); after != before {
		t.Errorf("a refused move moved the clock from %s to %s", before, after)
	}
}

func TestClockRunsAsTold(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	if v := d.pull("POST", "/clock", `{"speed":60}`).Want(200).JSON(); v["speed"] != json.Number("60") {
		t.Errorf("speed %v", v["speed"])
	}
	if v := d.pull("POST", "/clock", `{"freeze":false}`).Want(200).JSON(); v["frozen"] != false {
		t.Errorf("frozen %v", v["frozen"])
	}
	if v := d.pull("POST", "/clock", `{"reset":true}`).Want(200).JSON(); v["speed"] != json.Number("1") || !strings.HasSuffix(v["offset"].(string), "s") {
		t.Errorf("after reset: %v", v)
	}
}

func TestUndoAndReset(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/undo", nil).Want(409)
	start := d.pull("GET", "/clock", nil).Text("now")
	bearer := servertest.Bearer(d.token(""))
	d.pull("POST", "/clock", `{"advance":"1h"}`).Want(200)
	d.pull("POST", "/reset", nil).Want(200)
	if a := d.Get("/account/info", bearer); a.Status != 400 || d.Last().Kind != "token_unknown" {
		t.Errorf("after a reset: %d, %s", a.Status, d.Last().Kind)
	}
	d.pull("POST", "/undo", `{"count":2}`).Want(200)
	d.Get("/account/info", bearer).Want(200)
	if now := d.pull("GET", "/clock", nil).Text("now"); now != start {
		t.Errorf("the clock shows %s, not %s", now, start)
	}
	var list []world.Activity
	d.pull("GET", "/activity?limit=1", nil).Want(200).Into(&list)
	if len(list) != 1 || list[0].Verb != "reset" || !list[0].Undone {
		t.Errorf("activity %+v", list)
	}
	d.pull("GET", "/activity?limit=0", nil).Want(422)
	d.pull("POST", "/undo", `{"count":-1}`).Want(422)
}

// What a lever was given and does not take is told by what would do, not by how the program reads it.
func TestLeversSayWhatFits(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	for _, tt := range []struct{ path, body, detail string }{
		{"/clock", `{"set":1}`, `an instant is a text as "2030-01-01T00:00:00Z"`},
		{"/clock", `{"advance":1}`, `a duration is a text as "90d"`},
		{"/clock", `{"freeze":1}`, "a JSON number does not fit here, true or false do"},
		{"/clients", `{"bank":1}`, "a JSON number does not fit here, a text does"},
		{"/clients", `{"bank":"berlin","redirectUris":"x"}`, "a JSON string does not fit here, a list does"},
		{"/clients", `[]`, "a JSON array does not fit here, an object does"},
		{"/clients", `{"bank":"berlin","jwks":1}`, "it is no JWK set (RFC 7517); write for example {"},
		{"/clients", `{"bank":"berlin","jwks":{"keys":[1]}}`, "keys[0]: it is no key that is known (RFC 7517); write for example {"},
		{"/clients", `{"bank":"berlin","jwks":{"keys":[{"kty":"x"}]}}`, "keys[0]: it is no key that is known (RFC 7517); write for example {"},
	} {
		if got := d.pull("POST", tt.path, tt.body).Want(422).Text("detail"); !strings.HasPrefix(got, tt.detail) || strings.Contains(got, "json:") || strings.Contains(got, "jose") {
			t.Errorf("%s %s: %s", tt.path, tt.body, got)
		}
	}
}

func TestSpacesAreApart(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var made []admin.SpaceView
	d.pull("POST", "/spaces", `{"names":["p01","p02"]}`).Want(201).Into(&made)
	if len(made) != 2 || made[0].Base != "/s/p01" || made[0].Key == made[1].Key {
		t.Fatalf("made %+v", made)
	}
	one, two := servertest.Bearer(d.token("/s/p01")), servertest.Bearer(d.token("/s/p02"))
	d.Do("POST", "/s/p01"+admin.Prefix+"/clock", `{"advance":"1h"}`).Want(200)
	if a, b, c := d.Get("/s/p01/account/info", one).Status, d.Get("/s/p02/account/info", two).Status, d.Get("/s/p02/account/info", one).Status; a != 400 || b != 200 || c != 400 {
		t.Errorf("p01's token %d, p02's %d, p01's at p02 %d", a, b, c)
	}
	d.Get("/s/p01/yoisho/account/home").Want(200)
	d.Get("/s/nobody/account/home").Want(404)
	for _, host := range []string{"p02.localhost", "P02.localhost:8080", "p02.localhost."} {
		if a := d.Get("/account/info", two, func(r *http.Request) { r.Host = host }); a.Status != 200 {
			t.Errorf("by host name %s: %d", host, a.Status)
		}
	}
	d.pull("POST", "/spaces", `{"names":["p03","p01"]}`).Want(409)
	d.Get("/s/p03/").Want(404)
	d.pull("POST", "/spaces", `{"name":"A b"}`).Want(422)
	d.pull("POST", "/spaces", `{"count":2,"name":"x"}`).Want(422)
	var random []admin.SpaceView
	d.pull("POST", "/spaces", `{"count":3}`).Want(201).Into(&random)
	if len(random) != 3 {
		t.Errorf("made %+v", random)
	}
	d.pull("DELETE", "/spaces/p01", nil).Want(204)
	d.Get("/s/p01/").Want(404)
	d.pull("DELETE", "/spaces/main", nil).Want(403)
	d.pull("DELETE", "/spaces/p01", nil).Want(404)
}

// A web page that somebody visits must not reach the levers: neither by a form, nor by a name that points to loopback.
// RFC 9110 §7.2: a foreign Host is refused by the levers, so that DNS rebinding reaches none.
func TestLeversAreGuarded(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{Hosts: []string{"bank.example"}})
	host := func(h string) servertest.Option { return func(r *http.Request) { r.Host = h } }
	tests := []struct {
		name    string
		options []servertest.Option
		want    int
	}{
		{"curl", nil, 200},
		{"the console's own page", []servertest.Option{servertest.Header("Sec-Fetch-Site", "same-origin"), servertest.Header("Origin", d.URL())}, 200},
		{"a configured name", []servertest.Option{host("bank.example")}, 200},
		{"an address", []servertest.Option{host("192.168.1.20:8080")}, 200},
		{"IPv6 loopback", []servertest.Option{host("[::1]:8080")}, 200},
		{"a space's host name", []servertest.Option{host("main.localhost:8080")}, 200},
		{"another name", []servertest.Option{host("evil.example")}, 403},
		{"a look-alike", []servertest.Option{host("localhost.evil.example")}, 403},
		{"another site", []servertest.Option{servertest.Header("Sec-Fetch-Site", "cross-site")}, 403},
		{"a sister site", []servertest.Option{servertest.Header("Sec-Fetch-Site", "same-site")}, 403},
		{"another origin", []servertest.Option{servertest.Header("Origin", "http://evil.example")}, 403},
		{"a null origin", []servertest.Option{servertest.Header("Origin", "null")}, 403},
	}
	for _, tt := range tests {
		if a := d.pull("POST", "/clock", `{"freeze":true}`, tt.options...); a.Status != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, a.Status, tt.want)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{Key: "master"})
	master := servertest.Bearer("master")
	if a := d.pull("GET", "/clock", nil); a.Status != 401 || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("without a key: %d", a.Status)
	}
	var made []admin.SpaceView
	d.pull("POST", "/spaces", `{"names":["p01","p02"]}`, master).Want(201).Into(&made)
	own := servertest.Bearer(made[0].Key)
	tests := []struct {
		name, path string
		key        servertest.Option
		want       int
	}{
		{"its own space", "/s/p01" + admin.Prefix + "/clock", own, 200},
		{"another space", "/s/p02" + admin.Prefix + "/clock", own, 401},
		{"the main space", admin.Prefix + "/clock", own, 401},
		{"the list of all", "/s/p01" + admin.Prefix + "/spaces", own, 403},
		{"any space by the admin key", "/s/p02" + admin.Prefix + "/clock", master, 200},
		{"a wrong key", admin.Prefix + "/clock", servertest.Bearer("Master"), 401},
	}
	for _, tt := range tests {
		if a := d.Get(tt.path, tt.key); a.Status != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, a.Status, tt.want)
		}
	}
	d.Get("/account/home").Want(200)
}

// The document is made from the router's table; here it is asked whether each of its operations answers.
func TestOpenAPIMatchesTheRoutes(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Responses   map[string]any
		}
	}
	d.pull("GET", "/openapi.json", nil).Want(200).Into(&doc)
	if doc.OpenAPI != "3.1.0" || len(doc.Paths) < 6 {
		t.Fatalf("%s with %d paths", doc.OpenAPI, len(doc.Paths))
	}
	seen := map[string]bool{}
	for path, ops := range doc.Paths {
		for method, op := range ops {
			if op.OperationID == "" || seen[op.OperationID] || op.Summary == "" || len(op.Responses) < 2 {
				t.Errorf("%s %s: %+v", method, path, op)
			}
			seen[op.OperationID] = true
			real := strings.NewReplacer("{", "no-such-", "}", "").Replace(path)
			if strings.Contains(path, "stream") || strings.Contains(path, "wait") {
				continue // these answer when something happens
			}
			if a := d.pull(strings.ToUpper(method), real, nil); a.Status >= 500 || a.Status == 405 || a.Status == 404 && strings.Contains(a.Body, "has no path") {
				t.Errorf("%s %s is described, and answers %d: %s", method, path, a.Status, a.Body)
			}
		}
	}
	d.pull("GET", "/nope", nil).Want(404)
	if a := d.pull("PUT", "/clock", nil); a.Status != 405 || a.Header.Get("Allow") != "GET, POST" {
		t.Errorf("PUT /clock: %d, Allow %q", a.Status, a.Header.Get("Allow"))
	}
}

// A filter with a slip in its name is refused by every endpoint, lest it let everything through.
func TestUnknownParameters(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	for _, tt := range [][2]string{{"GET", "/users?lmit=1"}, {"GET", "/tokens?state=live&usr=dave"}, {"GET", "/journal?clients=x"}, {"GET", "/clock?x"},
		{"POST", "/undo?count=2"}, {"DELETE", "/journal?client=x"}, {"GET", "/scenarios/E01?bank=berlin"}, {"GET", "/wait?events=clock"}} {
		a := d.pull(tt[0], tt[1], nil)
		if a.Status != 422 || !strings.Contains(a.Body, "there is no such parameter") {
			t.Errorf("%s %s: %d %s", tt[0], tt[1], a.Status, a.Body)
		}
	}
}
