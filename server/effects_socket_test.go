package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"sandbank/server"
	"sandbank/server/fault"
	"sandbank/server/journal"
	"sandbank/server/servertest"
)

// Faults of the connection, as a client's socket sees them.
func TestFaultyConnections(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "https"} {
		o := server.Options{Seed: 1}
		if scheme == "https" {
			o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		tests := []struct {
			line   string
			status int // of the journal
			want   func(resp *http.Response, body string, err error) bool
		}{
			{"truncate=40", 200, func(r *http.Response, body string, err error) bool {
				return errors.Is(err, io.ErrUnexpectedEOF) && len(body) == 40 && r.ContentLength > 100
			}},
			{"truncate=0; where=before; status=500", 500, func(r *http.Response, body string, err error) bool {
				return errors.Is(err, io.ErrUnexpectedEOF) && body == "" && r.StatusCode == 500 && r.ContentLength > 10
			}},
			{"drop", 0, func(r *http.Response, _ string, err error) bool { return r == nil && errors.Is(err, io.EOF) }},
			{"drop; where=after", 0, func(r *http.Response, _ string, err error) bool { return r == nil && errors.Is(err, io.EOF) }},
			{"drop; delay=20ms", 0, func(r *http.Response, _ string, err error) bool { return r == nil && errors.Is(err, io.EOF) }},
			{"reset", 0, func(r *http.Response, _ string, err error) bool {
				return r == nil && errors.Is(err, syscall.ECONNRESET)
			}},
			{"reset; where=after", 0, func(r *http.Response, _ string, err error) bool {
				return r == nil && errors.Is(err, syscall.ECONNRESET)
			}},
			{"hang", 0, func(r *http.Response, _ string, err error) bool {
				timeout, ok := errors.AsType[net.Error](err)
				return r == nil && ok && timeout.Timeout()
			}},
			{"dribble=500", 200, func(r *http.Response, body string, err error) bool {
				return err == nil && r.ContentLength == int64(len(body)) && strings.HasSuffix(body, "}")
			}},
			{"dribble=500; truncate=100", 200, func(r *http.Response, body string, err error) bool {
				return errors.Is(err, io.ErrUnexpectedEOF) && len(body) == 100
			}},
			{"delay=100ms", 200, func(r *http.Response, body string, err error) bool { return err == nil && r.StatusCode == 200 }},
			{"delay=100ms; where=after", 200, func(r *http.Response, body string, err error) bool { return err == nil && r.StatusCode == 200 }},
		}
		for _, tt := range tests {
			t.Run(scheme+" "+tt.line, func(t *testing.T) {
				t.Parallel()
				b := &bench{Sandbox: servertest.Start(t, o), t: t}
				b.token = b.login()
				b.arm(tt.line)
				patience := time.Minute
				if tt.line == "hang" {
					patience = pace("hang", 0)
				}
				began := time.Now()
				resp, body, err := b.infoWithin(patience)
				took := time.Since(began)
				if !tt.want(resp, body, err) {
					t.Errorf("%v, %q, %v", resp, body, err)
				}
				if least := pace(tt.line, len(body)); took < least || took > least+20*time.Second { // a call that waits for a timeout takes 30 s
					t.Errorf("it took %v, not about %v", took, least)
				}
				e := eventually(t, b)
				if e.Status != tt.status || (e.Status == 0 && (len(e.Response.Head) != 0 || (e.Why == "" && tt.line != "hang"))) {
					t.Errorf("the journal says %d, %q, %s", e.Status, e.Why, e.Response.Head)
				}
				if strings.Contains(tt.line, "truncate") && string(e.Response.Body) != body {
					t.Errorf("the journal has %q", e.Response.Body)
				}
				if resp, _, err := b.info(); err != nil || resp.StatusCode != 200 {
					t.Errorf("the next call: %v, %v", resp, err)
				}
			})
		}
	}
}

// pace is the least time that a fault takes.
func pace(line string, sent int) time.Duration {
	switch {
	case strings.HasPrefix(line, "dribble=500"):
		return time.Duration(sent) * time.Second / 500
	case strings.HasPrefix(line, "delay=100ms"):
		return 100 * time.Millisecond
	case line == "hang":
		return 2 * time.Second // enough for the call to come in
	}
	return 0
}

// login brings dave's token over either scheme.
func (b *bench) login() string {
	b.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // #nosec G402 -- the sandbox's own certificate
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(path string) (*http.Response, string) {
		resp, err := client.Get(b.URL() + path)
		if err != nil {
			b.t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp, string(body)
	}
	resp, _ := get("/account/loggedin?uname=dave&psw=x&client_id=" + yoishoApp + "&redirect=http://127.0.0.1:9/cb")
	to, _ := resp.Location()
	_, body := get(yoishoToken + to.Query().Get("code"))
	return regexp.MustCompile(`"access_token": "([^"]+)"`).FindStringSubmatch(body)[1]
}

// eventually is the entry of a call that a fault had; the client may know of it before the journal.
func eventually(t testing.TB, b *bench) *journal.Entry {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if e := b.Last(); e.Fault != "" {
			return e
		}
		if time.Now().After(deadline) {
			t.Fatal("no fault in the journal")
		}
	}
}

// A client that gives up while it is kept waiting does not stop the bank, and the wait ends.
func TestClientsThatLeave(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"op=token; delay=1m", "op=token; delay=1m; where=after"} {
		b := newBench(t)
		code := b.code()
		b.arm(line)
		ctx, leave := context.WithCancel(t.Context())
		go func() {
			for !b.Faults().Idle() { // the call has come in
				time.Sleep(time.Millisecond)
			}
			leave()
		}()
		r, _ := http.NewRequestWithContext(ctx, "GET", b.URL()+yoishoToken+code, nil)
		if _, err := http.DefaultTransport.RoundTrip(r); err == nil {
			t.Fatal("an answer")
		}
		e := eventually(t, b)
		if last := e.Trail[len(e.Trail)-1]; e.Status != 0 || !last.OK || !strings.Contains(last.Why, "the client did not wait") || len(e.Tokens) == 0 {
			t.Errorf("%d, %+v, tokens %v", e.Status, last, e.Tokens)
		}
		b.Get(yoishoToken + code).Want(400)
	}
}

// What a client says while it waits, its next request, is answered after.
func TestRequestsBehindAHeldOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.arm("op=info; delay=150ms")
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	request := "GET /account/%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + b.token + "\r\n\r\n"
	fmt.Fprintf(conn, request, "info")
	for !b.Faults().Idle() {
		time.Sleep(time.Millisecond)
	}
	fmt.Fprintf(conn, request, "balance")
	in := bufio.NewReader(conn)
	for _, want := range []string{"fullname", "account_balance"} {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), want) {
			t.Errorf("%s, want %s", body, want)
		}
	}
}

// Nothing that a fault holds up holds up the end of the server.
func TestCloseHurriesFaults(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"delay=5m", "hang", "delay=5m; where=after", "dribble=1"} {
		var log bytes.Buffer
		srv, err := server.New(server.Options{Log: zerolog.New(zerolog.SyncWriter(&log))})
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.Start(); err != nil {
			t.Fatal(err)
		}
		r, _ := fault.Parse(line)
		if _, err := srv.Faults().Arm(r, srv.Clock().Now()); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			if resp, err := http.Get(srv.URL() + "/account/info"); err == nil {
				io.ReadAll(resp.Body)
				resp.Body.Close()
			}
		}()
		for !srv.Faults().Idle() {
			time.Sleep(time.Millisecond)
		}
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		<-done
		if strings.Contains(log.String(), "were cut") {
			t.Errorf("%s: closing waited until the call was cut", line)
		}
	}
}

// Behind net/http there is no socket to reset: what can be done there is done.
func TestFaultsBehindNetHTTP(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	front := httptest.NewServer(b.Handler())
	defer front.Close()
	for line, want := range map[string]func(r *http.Response, body string, err error) bool{
		"truncate=40": func(r *http.Response, body string, err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) && len(body) == 40
		},
		"drop":               func(r *http.Response, _ string, err error) bool { return r == nil && errors.Is(err, io.EOF) },
		"reset; where=after": func(r *http.Response, _ string, err error) bool { return r == nil && errors.Is(err, io.EOF) },
		"dribble=1000":       func(r *http.Response, body string, err error) bool { return err == nil && strings.HasSuffix(body, "}") },
		"delay=50ms":         func(r *http.Response, _ string, err error) bool { return err == nil && r.StatusCode == 200 },
		"status=503; body=no": func(r *http.Response, body string, err error) bool {
			return err == nil && r.StatusCode == 503 && body == "no"
		},
	} {
		b.arm(line)
		r, _ := http.NewRequest("GET", front.URL+"/account/info", nil)
		r.Header.Set("Authorization", "Bearer "+b.token)
		resp, err := http.DefaultClient.Do(r)
		body := []byte(nil)
		if err == nil {
			body, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if !want(resp, string(body), err) {
			t.Errorf("%s: %v, %q, %v", line, resp, body, err)
		}
	}
}
