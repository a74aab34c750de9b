package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/flow"
)

func TestSend(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := d.token("")
	send := func(o map[string]any, status int) (s admin.Sent) {
		t.Helper()
		a := d.pull("POST", "/lab/send", o).Want(status)
		if status == 200 {
			a.Into(&s)
		}
		return s
	}
	got := send(map[string]any{"method": "GET", "path": "/account\n/info", "head": "Authorization: Bearer " + bearer + "\n\nAccept: */*"}, 200)
	if e := d.Last(); len(got.Answers) != 1 || got.Answers[0].Status != 200 || got.Last != e.ID || got.First != e.ID || e.Target != "/account/info" || e.Again != 0 {
		t.Errorf("%+v, entry %+v", got, e)
	}
	if head := d.Last().Request; head.Header("Host") != "localhost" || head.Header("Accept") != "*/*" {
		t.Errorf("sent %s", head.Head)
	}
	form := map[string]any{"method": "POST", "path": "/oauth/token", "head": "Content-Type: application/x-www-form-urlencoded\nContent-Length: 999\nHost: 127.0.0.1:1",
		"body": "grant_type=client_credentials\n &client_id=finapi-demo\n&client_secret=finapi-demo-secret", "times": 3, "parallel": true, "of": 1}
	got = send(form, 200)
	if e := d.Last(); len(got.Answers) != 3 || e.Status != 200 || got.Last-got.First != 2 || e.Again != 1 || string(e.Request.Body) != "grant_type=client_credentials&client_id=finapi-demo&client_secret=finapi-demo-secret" {
		t.Errorf("%+v, body %s", got, e.Request.Body)
	}
	if text := got.String(); text != "3 sent: 3 × 200" {
		t.Errorf("in words: %q", text)
	}
	send(map[string]any{"method": "POST", "path": "/consent", "head": "Content-Type: text/plain", "body": "a\n b"}, 200)
	if body := string(d.Last().Request.Body); body != "a\n b" {
		t.Errorf("a body that is no form: %q", body)
	}
	for _, o := range []map[string]any{{}, {"method": "GET"}, {"method": "A B", "path": "/account/info"}, {"method": "GET", "path": "/a b"}, {"method": "GET", "path": "/admin/api/v1/reset"},
		{"method": "GET", "path": "/"}, {"method": "GET", "path": "http://evil.example/"}, {"method": "GET", "path": "/account/info", "head": "no header"},
		{"method": "GET", "path": "/account/info", "head": "A B: c"}, {"method": "GET", "path": "/account/info", "head": "Host: p07.localhost"},
		{"method": "GET", "path": "/account/info", "times": 101}, {"method": "GET", "path": "/account/info", "wait": "1s"}} {
		send(o, 422)
	}
	send(map[string]any{"method": "GET", "path": "/account/info", "of": 999}, 404)
}

// What one space sends stays in it.
func TestSendStaysInItsSpace(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/spaces", `{"names":["p01","p02"]}`).Want(201)
	for path, status := range map[string]int{"/s/p01/account/home": 200, "/s/p02/account/home": 422, "/account/home": 422, "/s/p01/admin/api/v1/reset": 422} {
		d.Do("POST", "/s/p01"+admin.Prefix+"/lab/send", fmt.Sprintf(`{"method":"GET","path":%q}`, path)).Want(status)
	}
}

// The flows are data that hang together: what a request asks for, the walk begins with or an earlier answer gives.
func TestFlowsHangTogether(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var all []flow.Flow
	d.pull("GET", "/lab", nil).Want(200).Into(&all)
	if len(all) != 5 {
		t.Fatalf("%d flows", len(all))
	}
	for _, f := range all {
		known := flow.Values{}
		for _, name := range []string{"client_id", "client_secret", "basic", "service_id", "service_secret", "user", "new", "redirect_uri", "state", "verifier", "challenge"} {
			known[name] = name
		}
		if f.Bank == "" || f.Title == "" || f.Client == "" || f.Lead == "" || len(f.Steps) < 5 {
			t.Errorf("%+v", f)
		}
		for _, s := range f.Steps {
			if r := s.Fill(known, nil); len(r.Missing) > 0 || strings.Contains(r.Path+r.Head+r.Body, "{") && !strings.HasPrefix(r.Body, "{") {
				t.Errorf("%s, %s: %v is missing in %+v", f.Bank, s.Name, r.Missing, r)
			}
			for _, name := range []string{s.Wait, s.Ends} {
				if name != "" && known[name] == "" {
					t.Errorf("%s, %s waits for %s", f.Bank, s.Name, name)
				}
			}
			for _, g := range s.Gives {
				known[g.Name] = g.Name
			}
			if s.Name == "" || s.Title == "" || s.Text == "" || s.Says == "" || f.Lanes[s.From-1] == "" || f.Lanes[s.To-1] == "" {
				t.Errorf("%s: %+v", f.Bank, s)
			}
		}
	}
}

// What was sent from here is answered at the sandbox's time too, and where the bank tells none, none is made up.
func TestSendIsAnsweredAtTheBanksTime(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	for change, want := range map[string]string{`{"advance":"12d"}`: d.Clock().Now().AddDate(0, 0, 12).Format(http.TimeFormat), `{"skew":{"date":"off"}}`: ""} {
		d.pull("POST", "/clock", change).Want(200)
		d.pull("POST", "/lab/send", `{"method":"GET","path":"/account/home"}`).Want(200)
		if e := d.Last(); e.Response.Header("Date") != want || e.Response.Header("Content-Type") == "" {
			t.Errorf("%s: %s", change, e.Response.Head)
		}
		d.pull("POST", "/undo", nil).Want(200)
	}
}
