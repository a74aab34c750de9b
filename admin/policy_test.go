package admin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

const (
	yoishoID, yoishoSecret = "7b6fc8ed5127b0b2f076d", "724e6890757b0ae624684b70e111b705fe6b050c"
	s2sToken               = "/api/v1/s2s-oauth2/token"
)

// turn sets knobs of a bank by the API, written as knob=value.
func (d *desk) turn(bank string, settings ...string) *servertest.Answer {
	d.t.Helper()
	set := map[string]string{}
	for _, s := range settings {
		k, v, _ := strings.Cut(s, "=")
		set[k] = v
	}
	return d.pull("PATCH", "/policies", map[string]any{"level": map[string]string{"bank": bank}, "set": set}).Want(200)
}

// back takes the last change back.
func (d *desk) back() {
	d.t.Helper()
	d.pull("POST", "/undo", nil).Want(200)
}

func s2sApp(r ...servertest.Option) []servertest.Option {
	return append(r, servertest.Header("X-IBM-client-id", "s2s-demo"), servertest.Header("X-IBM-client-secret", "s2s-demo-secret"))
}

// s2s is a login at the server-to-server bank: the answer of its token endpoint.
func (d *desk) s2s() *servertest.Answer {
	d.t.Helper()
	code := d.Get("/api/v1/s2s-oauth2/code", s2sApp(servertest.Header("X-Service-Account-ID", "12a42d02-0845-46f8-b6e2-202e1e792364"),
		servertest.Header("X-Service-Account-Secret", "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po"))...).Want(200).Text("code")
	return d.Post(s2sToken, url.Values{"grant_type": {"authorization_code"}, "code": {code}}, servertest.Basic("s2s-demo", "s2s-demo-secret")).Want(200)
}

func (d *desk) refresh(token string) *servertest.Answer {
	d.t.Helper()
	return d.Post(s2sToken, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, servertest.Basic("s2s-demo", "s2s-demo-secret"))
}

// accounts calls the server-to-server bank with an access token and returns the status.
func (d *desk) accounts(token string) int {
	d.t.Helper()
	return d.Get("/api/v1/accounts", s2sApp(servertest.Bearer(token))...).Status
}

// told is the raw JSON of a token answer's expires_in; "" when it has none.
func told(t testing.TB, a *servertest.Answer) string {
	t.Helper()
	var fields map[string]json.RawMessage
	a.Into(&fields)
	return string(fields["expires_in"])
}

func TestHowExpiresInIsTold(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	yoisho := func() *servertest.Answer {
		a := d.Get("/account/loggedin?uname=dave&psw=x&client_id=" + yoishoID + "&redirect=http://127.0.0.1:9/cb").Want(303)
		_, code, _ := strings.Cut(a.Header.Get("Location"), "code=")
		return d.Get("/account/access_token?code=" + code + "&client_id=" + yoishoID + "&client_secret=" + yoishoSecret).Want(200)
	}
	if at, s := told(t, yoisho()), told(t, d.s2s()); at != "" || s != "1095" {
		t.Fatalf("by default yoisho tells %q, s2s %q", at, s)
	}
	for _, tt := range []struct{ how, yoisho, s2s string }{
		{"number", "60", "1095"}, {"omit", "", ""}, {"zero", "0", "0"}, {"negative", "-1", "-1"}, {"string", `"60"`, `"1095"`}, {"float", "59.5", "1094.5"},
		{"null", "null", "null"}, {"junk", `"soon"`, `"soon"`}, {"milliseconds", "60000", "1095000"}, {"huge", "4294967356", "4294968391"},
	} {
		d.pull("PATCH", "/policies", map[string]any{"set": map[string]string{"expires_in": tt.how}}).Want(200)
		y, s := yoisho(), d.s2s()
		if told(t, y) != tt.yoisho || told(t, s) != tt.s2s {
			t.Errorf("%s: yoisho %s, s2s %s", tt.how, y.Body, s.Body)
		}
		if a := d.Get("/account/info", servertest.Bearer(y.Text("access_token"))).Status; a != 200 {
			t.Errorf("%s: the token does not work: %d", tt.how, a)
		}
		d.back()
	}
	if at, s := told(t, yoisho()), told(t, d.s2s()); at != "" || s != "1095" {
		t.Errorf("taken back, yoisho tells %q, s2s %q", at, s)
	}
}

// Advertised is one thing, actual another: E11 and E12.
func TestExpiresInLies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		access, lie, told string
		life              time.Duration
	}{{"10s", "3590s", "3600", 10 * time.Second}, {"1h", "-3595s", "5", time.Hour}} {
		d := open(t, server.Options{}, admin.Options{})
		d.turn("s2s", "access="+tt.access, "expires_in_lie="+tt.lie)
		a := d.s2s()
		if told(t, a) != tt.told {
			t.Errorf("access %s with a lie of %s is told %s", tt.access, tt.lie, told(t, a))
		}
		d.Advance(tt.life - time.Nanosecond)
		before := d.accounts(a.Text("access_token"))
		d.Advance(time.Nanosecond)
		if after := d.accounts(a.Text("access_token")); before != 200 || after != 401 {
			t.Errorf("access %s: %d just before its end, %d at it", tt.access, before, after)
		}
	}
}

func TestBoundary(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := servertest.Bearer(d.token(""))
	d.pull("POST", "/clock", `{"to":"next-expiry"}`).Want(200)
	d.Get("/account/info", bearer).Want(400)
	d.turn("yoisho", "boundary=inclusive")
	d.Get("/account/info", bearer).Want(200)
	d.Advance(time.Nanosecond)
	d.Get("/account/info", bearer).Want(400)
	d.Advance(-time.Nanosecond)
	d.Get("/account/info", bearer).Want(200)
	d.back()
	d.Get("/account/info", bearer).Want(400)
}

func TestUsesPerToken(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho","user":"dave"},"set":{"uses":3}}`).Want(200)
	bearer := servertest.Bearer(d.token(""))
	for n, want := range []int{200, 200, 200, 400, 400} {
		if a := d.Get("/account/balance", bearer); a.Status != want {
			t.Errorf("call %d: %d %s", n+1, a.Status, a.Body)
		}
	}
	if e := d.Last(); e.Kind != "token_expired" || !strings.Contains(e.Why, "good for 3 calls by user yoisho/dave") {
		t.Errorf("%s: %s", e.Kind, e.Why)
	}
	d.back()
	d.Get("/account/balance", bearer).Want(200)
}

// Revoked on the bank's own page, and good until the lag is over: E74.
func TestRevocationLag(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.turn("yoisho", "revocation-lag=30s")
	token := servertest.Bearer(d.token(""))
	b := d.Browser()
	page := b.Get("/yoisho/connections").Submit("login", "dave", "password", "x")
	form := page.Doc.Find("form:has([name=revoke])").First()
	v := servertest.Fields(form)
	v.Set("revoke", form.Find("[name=revoke]").AttrOr("value", ""))
	if page = b.Send("POST", d.URL()+"/yoisho/connections", v); page.Status != 200 {
		t.Fatalf("%d %s", page.Status, page.Body)
	}
	d.Advance(30*time.Second - time.Nanosecond)
	d.Get("/account/info", token).Want(200)
	if trail := fmt.Sprint(d.Last().Trail); !strings.Contains(trail, "takes effect in") {
		t.Errorf("the journal does not say why it passes: %s", trail)
	}
	d.Advance(time.Nanosecond)
	d.Get("/account/info", token).Want(400)
	d.Advance(-time.Second)
	d.back()
	d.Get("/account/info", token).Want(400)
}

func TestJitter(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{Seed: 7}, admin.Options{})
	d.turn("s2s", "jitter=50", "access=1000s")
	seen := map[string]bool{}
	for range 20 {
		seconds := told(t, d.s2s())
		var n int
		if fmt.Sscan(seconds, &n); n < 500 || n > 1500 {
			t.Errorf("a life of %s", seconds)
		}
		seen[seconds] = true
	}
	if len(seen) < 10 {
		t.Errorf("20 lives have %d lengths", len(seen))
	}
	if d.back(); told(t, d.s2s()) != "1095" {
		t.Error("taken back, lives still differ")
	}
}

func TestMaxGrants(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.turn("s2s", "max-grants=2")
	var tokens, refreshes []string
	login := func() {
		a := d.s2s()
		tokens, refreshes = append(tokens, a.Text("access_token")), append(refreshes, a.Text("refresh_token"))
		d.Advance(time.Second)
	}
	for range 3 {
		login()
	}
	for n, want := range []int{401, 200, 200} {
		if got := d.accounts(tokens[n]); got != want {
			t.Errorf("login %d of 3: %d", n+1, got)
		}
	}
	if a := d.refresh(refreshes[0]).Want(400); a.Text("error") != "invalid_grant" {
		t.Error(a.Body)
	}
	d.back()
	login()
	if got := d.accounts(tokens[1]); got != 200 {
		t.Errorf("without a limit the second login is %d", got)
	}
}

// RFC 9700 §4.14.2: rotation of refresh tokens is a policy that the wire follows.
func TestRotation(t *testing.T) {
	t.Parallel()
	type use struct {
		after  time.Duration
		which  string // the old refresh token, or the last that came
		status int
		field  string // the refresh token that comes: the one sent, the first answer's, a new one, none
	}
	for _, tt := range []struct {
		name string
		set  []string
		uses []use
	}{
		{"rotate and deny by default", nil, []use{{0, "old", 200, "new"}, {0, "old", 400, ""}, {0, "last", 200, "new"}}},
		{"keep", []string{"rotation=keep"}, []use{{0, "old", 200, "sent"}, {0, "old", 200, "sent"}}},
		{"E28 none", []string{"rotation=none"}, []use{{0, "old", 200, "none"}, {0, "old", 200, "none"}}},
		{"E30 family", []string{"reuse=family"}, []use{{0, "old", 200, "new"}, {0, "old", 400, ""}, {0, "last", 400, ""}}},
		{"allow", []string{"reuse=allow"}, []use{{0, "old", 200, "new"}, {time.Hour, "old", 200, "new"}, {0, "last", 200, "new"}}},
		{"E31 just in the grace", []string{"grace=10s"}, []use{{0, "old", 200, "new"}, {10*time.Second - 1, "old", 200, "new"}, {0, "old", 400, ""}}},
		{"E31 just after the grace", []string{"grace=10s", "reuse=family"}, []use{{0, "old", 200, "new"}, {10 * time.Second, "old", 400, ""}, {0, "last", 400, ""}}},
		{"E31 same successor", []string{"grace=10s", "successor=same"}, []use{{0, "old", 200, "new"}, {10*time.Second - 1, "old", 200, "first"}, {0, "last", 200, "new"}}},
		{"E31 same, just after", []string{"grace=10s", "successor=same"}, []use{{0, "old", 200, "new"}, {10 * time.Second, "old", 400, ""}}},
		{"E27 just before the end", []string{"refresh=20s"}, []use{{20*time.Second - 1, "old", 200, "new"}, {20*time.Second - 1, "last", 200, "new"}}},
		{"E27 at the end", []string{"refresh=20s"}, []use{{20 * time.Second, "old", 400, ""}}},
		{"E35 absolute, just before", []string{"refresh=20s", "refresh-mode=absolute"}, []use{{10 * time.Second, "old", 200, "new"}, {10*time.Second - 1, "last", 200, "new"}}},
		{"E35 absolute, at the end", []string{"refresh=20s", "refresh-mode=absolute"}, []use{{10 * time.Second, "old", 200, "new"}, {10 * time.Second, "last", 400, ""}}},
		{"E35 idle while kept, just before", []string{"refresh=20s", "rotation=keep"}, []use{{10 * time.Second, "old", 200, "sent"}, {20*time.Second - 1, "old", 200, "sent"}}},
		{"E35 idle while kept, at the end", []string{"refresh=20s", "rotation=keep"}, []use{{10 * time.Second, "old", 200, "sent"}, {20 * time.Second, "old", 400, ""}}},
		{"E35 absolute while kept", []string{"refresh=20s", "rotation=keep", "refresh-mode=absolute"}, []use{{10 * time.Second, "old", 200, "sent"}, {10 * time.Second, "old", 400, ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			if tt.set != nil {
				d.turn("s2s", tt.set...)
			}
			old := d.s2s().Text("refresh_token")
			first, last := "", old
			for n, u := range tt.uses {
				d.Advance(u.after)
				sent := map[string]string{"old": old, "last": last}[u.which]
				a := d.refresh(sent)
				if a.Status != u.status {
					t.Fatalf("use %d of the %s token: %d %s", n+1, u.which, a.Status, a.Body)
				}
				if a.Status != 200 {
					continue
				}
				got, _ := a.JSON()["refresh_token"].(string)
				what := "new"
				switch got {
				case "":
					what = "none"
				case sent:
					what = "sent"
				case first:
					what = "first"
				}
				if what != u.field {
					t.Errorf("use %d of the %s token brings %q, want %s: %s", n+1, u.which, what, u.field, a.Body)
				}
				if d.accounts(a.Text("access_token")) != 200 {
					t.Errorf("use %d: the access token does not work", n+1)
				}
				if n == 0 {
					first = got
				}
				if got != "" {
					last = got
				}
			}
		})
	}
}

// A knob of the refresh is seen, and gone when it is taken back.
func TestSameAccessAndShrinkingScope(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	a := d.s2s()
	d.turn("s2s", "same-access=on")
	d.Advance(time.Minute)
	next := d.refresh(a.Text("refresh_token")).Want(200)
	if next.Text("access_token") != a.Text("access_token") || told(t, next) != "1035" {
		t.Errorf("E37: %s", next.Body)
	}
	d.back()
	last := d.refresh(next.Text("refresh_token")).Want(200)
	if last.Text("access_token") == a.Text("access_token") {
		t.Error("taken back, the access token is still the same")
	}
	d.turn("s2s", "refresh-scope=drop:read:accounts all:eft")
	small := d.refresh(last.Text("refresh_token")).Want(200)
	if small.Text("scope") != "all:remittance" || d.accounts(small.Text("access_token")) != 401 || d.accounts(last.Text("access_token")) != 200 {
		t.Errorf("E36: %s", small.Body)
	}
	d.back()
	whole := d.refresh(small.Text("refresh_token")).Want(200)
	if whole.Text("scope") != a.Text("scope") || d.accounts(whole.Text("access_token")) != 200 {
		t.Errorf("taken back: %s", whole.Body)
	}
}

func TestRetimingLivingTokens(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := servertest.Bearer(d.token(""))
	d.Advance(10 * time.Second)
	var done admin.PolicyChanged
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho"},"set":{"access":"20s"}}`).Want(200).Into(&done)
	want := admin.KnobChange{Bank: "yoisho", Knob: "access", Level: "bank yoisho", Old: "1m", New: "20s", Source: "bank yoisho", Living: 1}
	if len(done.Knobs) != 1 || done.Knobs[0] != want {
		t.Errorf("without retime: %+v", done.Knobs)
	}
	d.Advance(20 * time.Second)
	d.Get("/account/info", bearer).Want(200) // it was issued with 60 s
	d.Advance(-20 * time.Second)
	d.pull("PUT", "/policies", `{"level":{"bank":"yoisho"},"set":{"access":"30s"},"retime":true}`).Want(200).Into(&done)
	if k := done.Knobs[0]; k.Old != "20s" || k.Living != 1 || k.Retimed != 1 || k.Ended != 0 {
		t.Errorf("with retime: %+v", k)
	}
	d.Advance(20*time.Second - time.Nanosecond)
	d.Get("/account/info", bearer).Want(200)
	d.Advance(time.Nanosecond)
	d.Get("/account/info", bearer).Want(400)
	if why := d.Last().Why; !strings.Contains(why, "30s by bank yoisho") {
		t.Errorf("why: %s", why)
	}
	d.back()
	d.Get("/account/info", bearer).Want(200)
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho"},"set":{"access":"5s"},"retime":true}`).Want(200).Into(&done)
	if k := done.Knobs[0]; k.Retimed != 1 || k.Ended != 1 {
		t.Errorf("shorter than it has lived: %+v", k)
	}
	d.Get("/account/info", bearer).Want(400)
	d.pull("DELETE", "/policies?bank=yoisho&retime=true", nil).Want(200).Into(&done)
	if k := done.Knobs[0]; k.Old != "5s" || k.New != "1m" || k.Source != "yoisho default" || k.Retimed != 0 {
		t.Errorf("the dead are not re-timed: %+v", k)
	}
	d.pull("POST", "/undo", `{"count":2}`).Want(200)
	d.Get("/account/info", bearer).Want(200)
}

// A client's own rule is not overruled by re-timing its bank's tokens.
func TestRetimingStopsAtNarrowerLevels(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho","user":"yoisho/dave"},"set":{"access":"40s"}}`).Want(200)
	bearer, machine := servertest.Bearer(d.token("")), d.s2s().Text("access_token")
	var done admin.PolicyChanged
	d.pull("PATCH", "/policies", `{"set":{"access":"10s"},"retime":true}`).Want(200).Into(&done)
	for _, k := range done.Knobs {
		living, retimed := map[string]int{"yoisho": 1, "s2s": 1}[k.Bank], map[string]int{"s2s": 1}[k.Bank]
		if k.Living != living || k.Retimed != retimed || k.Source != "global" {
			t.Errorf("%+v", k)
		}
	}
	d.Advance(10 * time.Second)
	d.Get("/account/info", bearer).Want(200)
	if got := d.accounts(machine); got != 401 {
		t.Errorf("s2s: %d", got)
	}
	d.back()
	if got := d.accounts(machine); got != 200 {
		t.Errorf("s2s, taken back: %d", got)
	}
}

func TestPoliciesShowValueAndSource(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("PATCH", "/policies", `{"set":{"access":"9s","jitter":5}}`).Want(200)
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho"},"set":{"access":"8s"}}`).Want(200)
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho","client":"`+yoishoID+`"},"set":{"access":"7s"}}`).Want(200)
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho","user":"dave"},"set":{"access":"6s","uses":0}}`).Want(200)
	look := func(query string) *admin.PolicyView {
		var v admin.PolicyView
		d.pull("GET", "/policies"+query, nil).Want(200).Into(&v)
		return &v
	}
	for _, tt := range []struct{ query, bank, knob, value, source string }{
		{"", "yoisho", "access", "8s", "bank yoisho"},
		{"", "s2s", "access", "9s", "global"},
		{"", "s2s", "refresh", "31d1h", "s2s default"},
		{"", "yoisho", "expires_in", "omit", "yoisho default"},
		{"", "yoisho", "jitter", "5", "global"},
		{"?client=" + yoishoID, "yoisho", "access", "7s", "client " + yoishoID},
		{"?user=dave", "yoisho", "access", "6s", "user yoisho/dave"},
		{"?bank=yoisho&user=yoisho/dave&client=" + yoishoID, "yoisho", "access", "6s", "user yoisho/dave"},
		{"?bank=yoisho&user=jane&client=" + yoishoID, "yoisho", "access", "7s", "client " + yoishoID},
	} {
		found := false
		for _, b := range look(tt.query).Banks {
			for _, k := range b.Knobs {
				if b.Bank == tt.bank && k.Knob == tt.knob {
					found = true
					if k.Value != tt.value || k.Source != tt.source || k.Doc == "" || k.Type == "" || k.Default == "" {
						t.Errorf("%s at %s%s: %+v; want %s from %s", tt.knob, tt.bank, tt.query, k, tt.value, tt.source)
					}
				}
			}
		}
		if !found {
			t.Errorf("%s has no %s%s", tt.bank, tt.knob, tt.query)
		}
	}
	if v := look("?client=" + yoishoID); len(v.Banks) != 1 {
		t.Errorf("a client of one bank is shown at %d", len(v.Banks))
	}
	got, _ := json.Marshal(look("").Levels)
	want := `[{"level":{},"name":"global","set":{"access":"9s","jitter":"5"}},{"level":{"bank":"yoisho"},"name":"bank yoisho","set":{"access":"8s"}},` +
		`{"level":{"bank":"yoisho","client":"` + yoishoID + `"},"name":"client ` + yoishoID + `","set":{"access":"7s"}},` +
		`{"level":{"bank":"yoisho","user":"yoisho/dave"},"name":"user yoisho/dave","set":{"access":"6s","uses":"0"}}]`
	if string(got) != want {
		t.Errorf("levels\n%s, want\n%s", got, want)
	}
	for _, query := range []string{"?bank=nobank", "?client=nobody", "?user=nobody", "?bank=s2s&client=" + yoishoID} {
		d.pull("GET", "/policies"+query, nil).Want(404)
	}
	d.pull("DELETE", "/policies?global=true", nil).Want(200)
	if v := look(""); len(v.Levels) != 3 {
		t.Errorf("%d levels are left", len(v.Levels))
	}
	d.pull("DELETE", "/policies", nil).Want(200)
	if v := look(""); len(v.Levels) != 0 {
		t.Errorf("after a reset: %+v", v.Levels)
	}
	d.pull("POST", "/undo", `{"count":2}`).Want(200)
	if again, _ := json.Marshal(look("").Levels); string(again) != want {
		t.Errorf("taken back: %s", again)
	}
}

func TestPolicyRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	for _, tt := range []struct {
		body, field string
	}{
		{`{}`, "set"}, {`{"level":{"bank":"yoisho"},"retime":true}`, "set"},
		{`{"level":{"bank":"nobank"},"set":{"access":"5s"}}`, "level.bank"}, {`{"level":{"client":"x"},"set":{"access":"5s"}}`, "level.bank"},
		{`{"level":{"bank":"yoisho","client":"x"},"set":{"access":"5s"}}`, "level.client"}, {`{"level":{"bank":"yoisho","user":"x"},"set":{"access":"5s"}}`, "level.user"},
		{`{"level":{"bank":"yoisho","user":"dave","client":"` + yoishoID + `"},"set":{"access":"5s"}}`, "level.user"},
		{`{"level":{"bank":"s2s","user":"yoisho/dave"},"set":{"access":"5s"}}`, "level.user"},
		{`{"level":{"bank":"yoisho"},"set":{"access":"soon"}}`, "set.access"}, {`{"level":{"bank":"yoisho"},"set":{"access":"-5s"}}`, "set.access"},
		{`{"level":{"bank":"yoisho"},"set":{"refresh":"5s"}}`, "set.refresh"}, {`{"level":{"bank":"yoisho"},"set":{"grace":"5s"}}`, "set.grace"},
		{`{"set":{"nonsense":"5s"}}`, "set.nonsense"}, {`{"level":{"bank":"yoisho"},"set":{"consent-models":"all"}}`, "set.consent-models"}, {`{"unset":["nonsense"]}`, "unset"},
		{`{"set":{"access":"5s"},"unset":["access"]}`, "unset"}, {`{"set":{"access":null}}`, "set.access"}, {`{"set":{"access":["5s"]}}`, "set.access"}, {`{"set":{"uses":1.5}}`, "set.uses"},
		{`{"set":["access"]}`, "set"}, {`{"unset":"access"}`, "unset"}, {`{"set":{"jitter":101}}`, "set.jitter"},
		{`{"level":{"bank":"yoisho","user":"dave"},"set":{"fidelity":"original"}}`, "set.fidelity"},
		{`{"level":{"bank":"yoisho","client":"` + yoishoID + `"},"set":{"session":"5m"}}`, "set.session"},
		{`{"level":{"bank":"yoisho"},"set":{"access":"5s","code":"x"}}`, "set.code"},
	} {
		a := d.pull("PATCH", "/policies", tt.body).Want(422)
		var p struct {
			Errors []struct{ Field, Detail string }
		}
		if a.Into(&p); len(p.Errors) != 1 || p.Errors[0].Field != tt.field || p.Errors[0].Detail == "" {
			t.Errorf("%s: %s", tt.body, a.Body)
		}
	}
	d.pull("DELETE", "/policies?global=true&bank=yoisho", nil).Want(422)
	d.pull("DELETE", "/policies?retime=perhaps", nil).Want(422)
	d.pull("DELETE", "/policies?bank=nobank", nil).Want(422)
	var v admin.PolicyView
	if d.pull("GET", "/policies", nil).Into(&v); len(v.Levels) != 0 {
		t.Errorf("a refused change left %+v", v.Levels)
	}
	d.pull("POST", "/undo", nil).Want(409)
	d.pull("PATCH", "/policies", `{"level":{"bank":"s2s"},"set":{"same-access":true,"grace":"5s"}}`).Want(200)
	d.pull("PATCH", "/policies", `{"level":{"bank":"s2s"},"set":{"same-access":false},"unset":["grace","reuse"]}`).Want(200)
	if d.pull("GET", "/policies", nil).Into(&v); len(v.Levels) != 1 || fmt.Sprint(v.Levels[0].Set) != "map[same-access:off]" {
		t.Errorf("%+v", v.Levels)
	}
}

// Policies turn and are taken back under traffic.
func TestPoliciesUnderTraffic(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 15 {
				a := d.s2s()
				d.accounts(a.Text("access_token"))
				d.refresh(a.Text("refresh_token"))
			}
		})
	}
	wg.Go(func() {
		for _, s := range []string{"uses=1", "grace=5s", "rotation=none", "jitter=20", "max-grants=1", "expires_in=junk", "reuse=allow", "boundary=inclusive", "same-access=on"} {
			d.turn("s2s", s)
			d.pull("GET", "/policies", nil).Want(200)
			d.pull("PATCH", "/policies", `{"set":{"access":"1h","refresh":"2h"},"retime":true}`).Want(200)
			d.pull("POST", "/undo", `{"count":2}`).Want(200)
		}
	})
	wg.Wait()
	var v admin.PolicyView
	if d.pull("GET", "/policies", nil).Into(&v); len(v.Levels) != 0 {
		t.Errorf("left: %+v", v.Levels)
	}
}

// A value is a text, a number or a boolean, and anything else is refused without harm.
func FuzzPolicyText(f *testing.F) {
	for _, text := range []string{`"5s"`, `3`, `-1.5e3`, `true`, `false`, `null`, `[]`, `{}`, `"`, `"\u00e9"`, ``, `15e999`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		var v admin.PolicyText
		if err := json.Unmarshal(p, &v); err != nil {
			return
		}
		var plain any
		reader := json.NewDecoder(bytes.NewReader(p))
		reader.UseNumber() // a number may be larger than any float64
		if err := reader.Decode(&plain); err != nil {
			t.Fatalf("%q is no JSON, and was read as %q", p, v)
		}
		switch plain := plain.(type) {
		case string:
			if plain != string(v) {
				t.Errorf("%q was read as %q", p, v)
			}
		case json.Number, bool:
		default:
			t.Errorf("%q was read as %q", p, v)
		}
	})
}
