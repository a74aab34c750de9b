package admin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
)

func (d *desk) skew(body string) admin.ClockMoved {
	d.t.Helper()
	var m admin.ClockMoved
	d.pull("POST", "/clock", `{"skew":`+body+`}`).Want(200).Into(&m)
	return m
}

// Each side of the instant at which a token dies at a resource server whose clock is its own.
func TestResourceServerHasItsOwnClock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		skew  string
		dead  time.Duration // after the issue, by the space's clock; the token lives 60 s
		where string
	}{
		{`{"resourceServer":"-45s"}`, 105 * time.Second, "the resource server's clock is 45s behind the space's"},
		{`{"resourceServer":"45s"}`, 15 * time.Second, "the resource server's clock is 45s ahead of the space's"},
		{`{"authorizationServer":"-45s"}`, 60 * time.Second, ""}, // set after the issue
		{`{"resourceServer":"0s"}`, 60 * time.Second, ""},
	}
	for _, tt := range tests {
		t.Run(tt.skew, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			token := d.token("")
			d.skew(tt.skew)
			d.Advance(tt.dead - 1)
			if got := d.info(token); got != 200 {
				t.Errorf("a nanosecond before: %d", got)
			}
			d.Advance(1)
			if got := d.info(token); got != 400 {
				t.Errorf("at its end: %d", got)
			}
			e := d.Last()
			if !e.At.Equal(d.Clock().Now()) {
				t.Errorf("the journal says %s, the space's clock %s", e.At, d.Clock().Now())
			}
			if said := strings.Contains(e.Why, "clock is"); said != (tt.where != "") || !strings.Contains(e.Why, tt.where) {
				t.Errorf("why: %s", e.Why)
			}
			d.pull("POST", "/clock", `{"skew":{"resourceServer":"-400d","authorizationServer":"1s"}}`).Want(422)
		})
	}
}

// What the authorization server issues counts from its clock, and what it is shown ends by it.
func TestAuthorizationServerHasItsOwnClock(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.skew(`{"authorizationServer":"30s"}`)
	token := d.token("")
	d.Advance(90*time.Second - 1)
	if got := d.info(token); got != 200 {
		t.Errorf("issued 30 s ahead, a nanosecond before 90 s: %d", got)
	}
	d.Advance(1)
	if got := d.info(token); got != 400 {
		t.Errorf("at 90 s: %d", got)
	}

	d.skew(`{"authorizationServer":"0s"}`)
	m := d.mint(ali(`,"refresh":true`)) // 1095 s and 31 days 1 h
	steps := []struct {
		name, skew                string
		accounts, killed, revived int
	}{
		{"the resource server is ahead", `{"resourceServer":"1095s"}`, 401, 1, 0},
		{"by less", `{"resourceServer":"1094s"}`, 200, 0, 1},
		{"the authorization server is ahead", `{"authorizationServer":"745h","resourceServer":"0s"}`, 200, 1, 0},
	}
	for _, s := range steps {
		moved := d.skew(s.skew)
		if got := d.s2sAccounts(m.Token.Value).Status; got != s.accounts || len(moved.Killed) != s.killed || len(moved.Revived) != s.revived {
			t.Errorf("%s: accounts %d, killed %v, revived %v", s.name, got, moved.Killed, moved.Revived)
		}
	}
	if a := d.s2sRefresh(m.Refresh.Value); a.Status == 200 || !strings.Contains(d.Last().Why, "authorization server's clock is 31d1h ahead") {
		t.Errorf("the refresh token is dead there: %d, %s", a.Status, d.Last().Why)
	}
	d.skew(`{"authorizationServer":"744h59m59s"}`)
	d.s2sRefresh(m.Refresh.Value).Want(200)
	if got := d.s2sAccounts(m.Token.Value).Status; got != 200 {
		t.Errorf("accounts after the refresh: %d", got)
	}
}

// The Date header of banks, as a client on a socket sees it and as one that came through net/http does.
// RFC 9110 §6.6.1: Date is what the sandbox's clock shows.
func TestDateHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		skew  string
		as    time.Duration // Date of the authorization server against the space's clock
		rs    time.Duration
		there bool
	}{
		{`{"date":"follows"}`, 0, 0, true},
		{`{"date":"300s"}`, 5 * time.Minute, 5 * time.Minute, true},
		{`{"date":"-2d","resourceServer":"1h"}`, -48 * time.Hour, -48 * time.Hour, true},
		{`{"date":"0s","resourceServer":"1h"}`, 0, 0, true},
		{`{"resourceServer":"1h","authorizationServer":"-1m"}`, -time.Minute, time.Hour, true},
		{`{"date":"off"}`, 0, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.skew, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			d.skew(tt.skew)
			indirect := httptest.NewServer(d.Handler())
			defer indirect.Close()
			for path, by := range map[string]time.Duration{"/account/authorize": tt.as, "/account/info": tt.rs} {
				resp, err := http.Get(indirect.URL + path)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				want := ""
				if tt.there {
					want = d.Clock().Now().Add(by).Format(http.TimeFormat)
				}
				if got, through := d.Get(path).Header.Get("Date"), resp.Header.Get("Date"); got != want || through != want {
					t.Errorf("%s: Date %q, through net/http %q; want %q", path, got, through, want)
				}
			}
			if got := d.pull("GET", "/clock", nil).Header.Get("Date"); got != d.Clock().Now().Format(http.TimeFormat) {
				t.Errorf("the levers' own Date is %q", got)
			}
		})
	}
}

func TestSkewIsStateLikeAnyOther(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	now := func() any {
		return d.pull("GET", "/clock", nil).Want(200).JSON()["skew"].(map[string]any)["resourceServer"]
	}
	d.skew(`{"resourceServer":"-45s"}`)
	d.skew(`{"authorizationServer":"5s"}`)
	steps := []struct {
		name, method, path, body string
		want                     string
	}{
		{"another server's is set", "GET", "/clock", "", "-45s"},
		{"undone", "POST", "/undo", `{"count":2}`, "0s"},
		{"set", "POST", "/clock", `{"skew":{"resourceServer":"-1m"}}`, "-1m"},
		{"kept", "POST", "/snapshots", `{"name":"x"}`, "-1m"},
		{"real time", "POST", "/clock", `{"reset":true}`, "0s"},
		{"real time, undone", "POST", "/undo", "", "-1m"},
		{"the clock is reset", "POST", "/reset", `{"what":"clock"}`, "0s"},
		{"restored", "POST", "/snapshots/1/restore", "", "-1m"},
		{"everything is reset", "POST", "/reset", "", "0s"},
		{"that undone", "POST", "/undo", "", "-1m"},
	}
	for _, s := range steps {
		if a := d.pull(s.method, s.path, s.body); a.Status >= 300 || now() != s.want {
			t.Errorf("%s: %d, %s", s.name, a.Status, now())
		}
	}
	for body, field := range map[string]string{`{}`: "skew", `{"date":"on"}`: "skew.date", `{"resourceServer":"400d"}`: "skew.resourceServer",
		`{"date":"-400d"}`: "skew.date", `{"authorizationServer":5}`: "skew.authorizationServer", `{"bank":"1s"}`: "bank"} {
		if a := d.pull("POST", "/clock", `{"skew":`+body+`}`).Want(422); !strings.Contains(a.Body, `"`+field+`"`) {
			t.Errorf("%s: %s", body, a.Body)
		}
	}
	d.pull("POST", "/clock", `{"skew":{"date":"off"},"advance":"1s"}`).Want(422)
}
