package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/journal"
	"sandbank/server/servertest"
)

func TestReplay(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := d.token("")
	d.Get("/account/info", servertest.Bearer(bearer)).Want(200)
	replay := func(id int, body string, status int) (r admin.Replayed) {
		t.Helper()
		a := d.pull("POST", fmt.Sprintf("/journal/%d/replay", id), body).Want(status)
		if status == 200 {
			a.Into(&r)
		}
		return r
	}
	tests := []struct {
		body   string
		status int
		kind   string
	}{
		{``, 200, ""},
		{`{"set":{"authorization":"Bearer x"}}`, 400, "token_unknown"},
		{`{"set":{"Authorization":null}}`, 400, "token_missing"},
		{`{"path":"/account/balance"}`, 200, ""},
		{`{"path":"/yoisho/nowhere"}`, 404, "no_route"},
		{`{"method":"PUT","body":{"a":1}}`, 405, "method_not_allowed"},
	}
	for _, tt := range tests {
		got := replay(3, tt.body, 200)
		if len(got.Answers) != 1 || got.Answers[0].Status != tt.status || got.Answers[0].Kind != tt.kind || got.Of != 3 {
			t.Errorf("%s: %+v", tt.body, got)
		}
		if e := d.Journal().Entry(got.Answers[0].ID); e == nil || e.Again != 3 || e.Status != tt.status || e != d.Last() {
			t.Errorf("%s: entry %+v", tt.body, e)
		}
	}
	if body := string(d.Last().Request.Body); body != `{"a":1}` {
		t.Errorf("body %q", body)
	}
	if e := d.Journal().Entry(d.Last().ID - 2); e.Target != "/account/balance" || e.Request.Header("Authorization") != "Bearer "+bearer || e.Request.Header("Host") == "" {
		t.Errorf("replayed to %s with %s", e.Target, e.Request.Head)
	}
	for body, status := range map[string]int{`{"times":101}`: 422, `{"times":-1}`: 422, `{"path":"nowhere"}`: 422, `{"path":"/a b"}`: 422, `{"path":"/admin/api/v1/reset"}`: 422,
		`{"path":"/healthz"}`: 422, `{"path":"/"}`: 422, `{"method":"A B"}`: 422, `{"set":{"X":"a\r\nb"}}`: 422, `{"set":{"Content-Length":"5"}}`: 422, `{"set":{"Host":"p07.localhost"}}`: 422, `{"sets":{}}`: 422} {
		replay(3, body, status)
	}
	d.pull("POST", "/journal/999/replay", `{}`).Want(404)
}

// E32 and E43: of many exchanges of one code, one may win.
func TestParallelReplayHasOneWinner(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	const id, secret = "7b6fc8ed5127b0b2f076d", "724e6890757b0ae624684b70e111b705fe6b050c"
	a := d.Get("/account/loggedin?uname=dave&psw=x&client_id=" + id + "&redirect=http://127.0.0.1:9/cb").Want(303)
	_, code, _ := strings.Cut(a.Header.Get("Location"), "code=")
	d.Get("/account/access_token?code=" + code + "&client_id=" + id + "&client_secret=wrong").Want(400)
	var r admin.Replayed
	d.pull("POST", "/journal/2/replay", `{"times":20,"parallel":true,"path":"/account/access_token?code=`+code+`&client_id=`+id+`&client_secret=`+secret+`"}`).Want(200).Into(&r)
	won, ids := 0, map[uint64]bool{}
	for _, one := range r.Answers {
		if ids[one.ID] = true; one.Status == 200 {
			won++
		}
	}
	if won != 1 || len(ids) != 20 {
		t.Errorf("%d of 20 won, with %d entries", won, len(ids))
	}
}

func TestReplayStaysInItsSpace(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/spaces", `{"names":["p01","p02"]}`).Want(201)
	d.Get("/s/p01/account/home").Want(200)
	var r admin.Replayed
	d.Do("POST", "/s/p01"+admin.Prefix+"/journal/1/replay", `{"path":"/yoisho/account/home"}`).Want(200).Into(&r)
	if len(r.Answers) != 1 || r.Answers[0].ID != 2 || r.Answers[0].Status != 200 {
		t.Errorf("%+v", r)
	}
	for _, path := range []string{"/s/p01/../p02/account/home", "/s/p02/account/home"} {
		if a := d.Do("POST", "/s/p01"+admin.Prefix+"/journal/1/replay", `{"path":"`+path+`"}`); a.Status == 200 && strings.Contains(a.Body, `"status": 200`) {
			t.Errorf("%s reached another space: %s", path, a.Body)
		}
	}
	var page admin.JournalPage
	d.Do("GET", "/s/p02"+admin.Prefix+"/journal", "").Want(200).Into(&page)
	if page.Total != 0 {
		t.Errorf("p02 has %d entries", page.Total)
	}
}

func TestReplayOfACutBody(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.Do("POST", "/account/info", strings.Repeat("x", journal.BodyCap+1))
	d.pull("POST", "/journal/1/replay", `{}`).Want(409)
	d.pull("POST", "/journal/1/replay", `{"body":"short"}`).Want(200)
	if a := d.pull("GET", "/journal/1", nil).Want(200).JSON(); a["request"].(map[string]any)["cut"] != true {
		t.Errorf("request %v", a["request"])
	}
	if a := d.pull("GET", "/journal/1?as=curl", nil).Want(200); !strings.HasPrefix(a.Body, "# the journal keeps") {
		t.Error(a.Body[:80])
	}
}

// A fault that cuts the connection has none to cut in process; the journal tells what it did all the same.
func TestReplayMeetsFaults(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.Get("/account/home").Want(200)
	rule := func(then string) string {
		return d.pull("POST", "/faults", `{"when":{"op":"home"},"then":{`+then+`}}`).Want(201).Text("id")
	}
	for then, status := range map[string]int{`"status":503`: 503, `"drop":true`: 0, `"reset":true`: 0, `"truncate":3`: 200} {
		id := rule(then)
		var r admin.Replayed
		d.pull("POST", "/journal/1/replay", `{}`).Want(200).Into(&r)
		if len(r.Answers) != 1 || r.Answers[0].Status != status || r.Answers[0].ID == 0 {
			t.Errorf("%s: %+v", then, r)
		}
		ids, _ := d.list("?fault=" + id)
		if len(ids) != 1 || ids[0] != r.Answers[0].ID {
			t.Errorf("%s: entries %v", then, ids)
		}
	}
}
