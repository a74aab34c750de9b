package server_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/fault"
	"sandbank/server/servertest"
)

const (
	yoishoApp   = "7b6fc8ed5127b0b2f076d"
	yoishoToken = "/account/access_token?client_id=" + yoishoApp + "&client_secret=724e6890757b0ae624684b70e111b705fe6b050c&code="
)

// bench is a sandbox with dave's token at Yoisho.
type bench struct {
	*servertest.Sandbox
	t     testing.TB
	token string
}

func newBench(t testing.TB) *bench {
	b := &bench{Sandbox: servertest.Start(t, server.Options{Seed: 1}), t: t}
	b.token = b.Get(yoishoToken + b.code()).Want(200).Text("access_token")
	return b
}

// code logs dave in.
func (b *bench) code() string {
	a := b.Get("/account/loggedin?uname=dave&psw=x&client_id=" + yoishoApp + "&redirect=http://127.0.0.1:9/cb")
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		b.t.Fatalf("status %d, Location %q", a.Status, a.Header.Get("Location"))
	}
	return to.Query().Get("code")
}

func (b *bench) arm(line string) *fault.Rule {
	b.t.Helper()
	r, err := fault.Parse(line)
	if err != nil {
		b.t.Fatal(err)
	}
	armed, err := b.Faults().Arm(r, b.Clock().Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return armed
}

// info asks who the token's owner is, on a connection of its own, and gives up after a minute.
func (b *bench) info() (*http.Response, string, error) { return b.infoWithin(time.Minute) }

func (b *bench) infoWithin(d time.Duration) (*http.Response, string, error) {
	client := &http.Client{Timeout: d, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // #nosec G402 -- the sandbox's own certificate
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, _ := http.NewRequest("GET", b.URL()+"/account/info", nil)
	r.Header.Set("Authorization", "Bearer "+b.token)
	resp, err := client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

const daveInfo = `{"account_owner": "dave",`

// Answers that a fault makes or changes, as a client sees them and as the journal tells it.
func TestFaultyAnswers(t *testing.T) {
	t.Parallel()
	expired := `{"error": "access_token has expired"}`
	tests := []struct {
		line   string
		status int
		header string // what the head holds; behind a !: what it must not hold
		body   string // begins with
		check  string // the trail's last word on it
	}{
		{"status=503", 503, "Content-Type: application/json", `{"error": "invalid request"}`, "before the bank was asked: status=503"},
		{"status=503; where=after", 503, "Date: Thu, 03 Dec 2026 15:45:08 GMT", `{"error":`, "after the bank had answered 200: status=503"},
		{"status=503; where=response", 503, "", daveInfo, "on the bank's answer 200: status=503"},
		{"status=401", 401, "", expired, "status=401"},
		{"refuse=token_expired", 400, "", expired, "refuse=token_expired"},
		{"refuse=token_expired; status=200", 200, "", expired, "status=200; refuse=token_expired"},
		{"refuse=token_expired; where=after", 400, "!Cache-Control", expired, "after the bank had answered 200: refuse=token_expired"},
		{"status=200; body=<html></html>", 200, "Content-Type: text/html; charset=utf-8", "<html></html>", "body=<html></html>"},
		{`status=200; body="[1]"`, 200, "Content-Type: application/json\r", "[1]", ""},
		{`status=401; body=""`, 401, "Content-Length: 0", "", `status=401; body=""`},
		{"body=tea; where=response; status=418", 418, "Content-Type: application/json", "tea", ""},
		{"status=204; where=response", 204, "!Content-Length", "", ""},
		{"status=204", 204, "!Content-Type", "", ""},
		{"redirect=login", 302, "Location: {base}/account/authorize?", "", "redirect=login"},
		{"redirect=/x; status=307", 307, "Location: {base}/x\r", "", ""},
		{"redirect=http://127.0.0.1:1/y", 302, "Location: http://127.0.0.1:1/y", "", ""},
		{"status=429; retry-after=5s", 429, "Retry-After: 5\r", `{"error":`, ""},
		{"status=429; retry-after=date:5s", 429, "Retry-After: Thu, 03 Dec 2026 15:45:13 GMT", `{"error":`, ""},
		{"status=429; retry-after=none", 429, "!Retry-After", `{"error":`, ""},
		{"status=429; header=Retry-After: soon", 429, "Retry-After: soon", `{"error":`, ""},
		{"type=text/plain", 200, "Content-Type: text/plain\r", daveInfo, "on the bank's answer 200: type=text/plain"},
		{"strip=Content-Type", 200, "!Content-Type", daveInfo, ""},
		{"header=ETag: x; header=X-Other: y", 200, "X-Other: y", daveInfo, ""},
		{"cacheable=1h", 200, "Cache-Control: public, max-age=3600", daveInfo, ""},
		{"refuse=token_expired; cacheable=1h", 400, "Cache-Control: public, max-age=3600", expired, ""},
		{`mutate="set account_owner \"jane\""`, 200, "", `{"account_owner": "jane", "full`, ""},
		{`mutate="duplicate account_owner \"jane\""`, 200, "", `{"account_owner": "dave","account_owner":"jane", "fullname"`, ""},
		{`type="application/json; charset=iso-8859-1"`, 200, "Content-Type: application/json; charset=iso-8859-1", daveInfo, ""},
		{"status=429; retry-after=86400s", 429, "Retry-After: 86400\r", `{"error":`, ""},
		{"mutate=delete account_owner", 200, "", `{"fullname": `, ""},
		{`mutate=set gone.deep 1; mutate=set account_owner 1`, 200, "", `{"account_owner": 1,`, "the answer has no field gone.deep"},
		{"answer=200; status=403", 403, "", daveInfo, "on the bank's answer 200: status=403"},
		{"answer=200; refuse=consent_expired", 400, "", `{"error": "invalid request"}`, "after the bank had answered 200"},
		{"truncate=5000", 200, "", daveInfo, "is whole"},
		{"delay=10ms; spread=10ms", 200, "", daveInfo, "waited "},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			rule := b.arm(tt.line)
			resp, body, err := b.info()
			if err != nil {
				t.Fatal(err)
			}
			var head bytes.Buffer
			resp.Header.Write(&head)
			fmt.Fprintf(&head, "Content-Length: %d\r\n", resp.ContentLength)
			header, not := strings.CutPrefix(strings.ReplaceAll(tt.header, "{base}", b.URL()), "!")
			if resp.StatusCode != tt.status || !strings.HasPrefix(body, tt.body) || (header != "" && strings.Contains(head.String(), header) == not && resp.StatusCode != 204) {
				t.Errorf("%d %s\n%s", resp.StatusCode, head.String(), body)
			}
			if d := resp.Header.Get("Date"); d != "Thu, 03 Dec 2026 15:45:08 GMT" {
				t.Errorf("Date: %s", d)
			}
			e := b.Last()
			check := e.Trail[len(e.Trail)-1]
			if e.Fault != rule.ID || e.Status != tt.status || check.Name != "fault f_1" || !strings.Contains(check.Why, tt.check) || string(e.Response.Body) != body {
				t.Errorf("the journal says %d, fault %q, %+v\n%s", e.Status, e.Fault, check, e.Response.Body)
			}
			if e.Status >= 400 && (e.Kind == "" || !strings.Contains(e.Why, "fault f_1: ")) || e.Status < 400 && e.Why != "" {
				t.Errorf("the journal says %q, why: %q", e.Kind, e.Why)
			}
			if again, body, err := b.info(); err != nil || again.StatusCode != 200 || !strings.HasPrefix(body, daveInfo) || b.Last().Fault != "" {
				t.Errorf("the next call: %v, %v", again, err)
			}
		})
	}
}

// Commit, then fail: what the bank did stays done. The code is spent although the client never saw a token.
func TestLostAnswersCommit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line  string
		spent bool
	}{
		{"op=token; where=after; status=500", true}, {"op=token; where=after; reset", true}, {"op=token; where=after; drop", true}, {"op=token; where=after; refuse=token_expired", true},
		{"op=token; answer=200; redirect=login", true}, {"op=token; truncate=10", true},
		{"op=token; status=500", false}, {"op=token; reset", false}, {"op=token; refuse=server_error", false}, {"op=info; where=after; status=500", true},
	} {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			code := b.code()
			b.arm(tt.line)
			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			resp, err := client.Get(b.URL() + yoishoToken + code)
			if err == nil {
				resp.Body.Close()
			}
			e := b.Last()
			if issued := len(e.Tokens) > 0; issued != tt.spent {
				t.Errorf("tokens in the journal: %v", e.Tokens)
			}
			want := 200
			if tt.spent {
				want = 400
			}
			if a := b.Get(yoishoToken + code); a.Status != want {
				t.Errorf("the code a second time: %d %s", a.Status, a.Body)
			}
		})
	}
}

// E01: the token is alive when the client looks, and dead when the bank does.
func TestHeldCallsMeetALaterBank(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.arm("if-header=Authorization: Bearer *; delay=1s")
	done := make(chan *http.Response)
	go func() {
		resp, _, _ := b.info()
		done <- resp
	}()
	for !b.Faults().Idle() { // the call has come in
		time.Sleep(time.Millisecond)
	}
	b.Advance(time.Minute)
	if resp := <-done; resp == nil || resp.StatusCode != 400 || !strings.Contains(b.Last().Why, "expired") {
		t.Errorf("%v, why: %s", resp, b.Last().Why)
	}
}

func TestFaultsByHeader(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ask := func(line string) *servertest.Answer {
		return b.Get("/account/info", servertest.Bearer(b.token), servertest.Header(fault.Header, line))
	}
	ask("status=503").Want(200)
	b.Faults().AllowHeaders(true)
	if a := ask("status=503; body=tea; next=1").Want(503); a.Body != "tea" || b.Last().Fault != "header" {
		t.Errorf("%s, fault %q", a.Body, b.Last().Fault)
	}
	ask("status=503; op=balance").Want(200)
	ask("answer=200; status=201").Want(201)
	ask("answer=400; status=201").Want(200)
	if a := ask("status=999").Want(400); a.Header.Get(fault.Header) != "then.status: 999 is no status of an answer; they go from 200 to 599" || b.Last().Why == "" {
		t.Errorf("%v, %q", a.Header, b.Last().Why)
	}
	ask("drop; next=2").Want(400)
	b.arm("status=500")
	ask("status=501").Want(501)
	b.Get("/account/info", servertest.Bearer(b.token)).Want(500)
	b.Get("/account/info", servertest.Bearer(b.token)).Want(200)
}

// Rules find a call by what it carries, whether or not the bank believes it.
func TestFaultsFindTheirCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bearer, code := servertest.Bearer(b.token), b.code()
	info := func() *servertest.Answer { return b.Get("/account/info?page=3", bearer) }
	tests := []struct {
		when string
		call func() *servertest.Answer
		want bool
	}{
		{"user=dave", info, true}, {"user=yoisho/dave", info, true}, {"user=jane", info, false}, {"client=" + yoishoApp, info, true}, {"client=other", info, false},
		{"bank=yoisho; op=info; method=get; path=/account/info", info, true}, {"path=/account/info", func() *servertest.Answer { return b.Get("/yoisho/account/info", bearer) }, true},
		{"path=/info", info, false}, {"path=/info", func() *servertest.Answer { return b.Get("/info", bearer) }, true}, {"bank=berlin", info, false},
		{"param=page=3", info, true}, {"param=page=4", info, false}, {"if-header=Authorization: Bearer *", info, true}, {"if-header=X-Nothing", info, false},
		{"op=token; user=dave; client=7b*", func() *servertest.Answer { return b.Get(yoishoToken + code) }, true},
		{"client=" + yoishoApp, func() *servertest.Answer { return b.Get("/account/info") }, false},
		{"path=/account/nothing", func() *servertest.Answer { return b.Get("/account/nothing") }, true},
		{"param=grant_type=refresh_token", func() *servertest.Answer {
			return b.Post("/account/info", url.Values{"grant_type": {"refresh_token"}})
		}, true},
		{"", func() *servertest.Answer { return b.Get("/healthz") }, false}, {"", func() *servertest.Answer { return b.Get("/admin/x") }, false},
	}
	for _, tt := range tests {
		r := b.arm(tt.when + "; status=599")
		if got := tt.call().Status == 599; got != tt.want {
			t.Errorf("%s: %v", tt.when, got)
		}
		b.Faults().Disarm(r.ID)
	}
	for _, c := range b.Last().Trail {
		if c.Name == "bearer token" && !c.OK {
			t.Error("looking for the caller left its marks in the trail")
		}
	}
}

// Every preset does something to a call that it is for, and leaves a bank that goes on.
func TestPresetsStrike(t *testing.T) {
	t.Parallel()
	for _, p := range fault.Presets() {
		if p.Rule.Then.Hang || p.Rule.Then.Delay > 0 {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			rule := p.Rule
			rule.When.Op, rule.When.Method, rule.When.Param, rule.Often.Every = strings.Replace(rule.When.Op, "token", "info", 1), "", "", 0
			if rule.When.Answer >= 400 { // the call is a good one
				rule.When.Answer = 200
			}
			if _, err := b.Faults().Arm(rule, b.Clock().Now()); err != nil {
				t.Fatal(err)
			}
			b.info()
			if e := b.Last(); e.Fault != "f_1" || e.Trail[len(e.Trail)-1].Name != "fault f_1" {
				t.Errorf("fault %q, trail %v", e.Fault, e.Trail)
			}
			b.Faults().DisarmAll()
			if resp, _, err := b.info(); err != nil || resp.StatusCode != 200 {
				t.Errorf("after it: %v, %v", resp, err)
			}
		})
	}
}

// Under a crowd the next three calls are spoiled, not two and not four, while levers are turned.
func TestFaultsUnderTraffic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.arm("op=info; status=503; next=3")
	var spoiled atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 10 {
				r, _ := http.NewRequest("GET", b.URL()+"/account/info", nil)
				r.Header.Set("Authorization", "Bearer "+b.token)
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode == 503 {
					spoiled.Add(1)
				}
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			r, err := b.Faults().Arm(fault.Rule{When: fault.When{Op: "balance"}, Then: fault.Then{Drop: true}}, b.Clock().Now())
			if err == nil {
				b.Faults().List(b.Clock().Now())
				b.Faults().Disarm(r.ID)
			}
		}
	})
	wg.Wait()
	if n := spoiled.Load(); n != 3 {
		t.Errorf("%d calls were spoiled", n)
	}
}
