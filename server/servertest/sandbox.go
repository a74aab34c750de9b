// Package servertest drives a whole sandbox over HTTP, as a client and as a person with a browser: for tests of the banks and of clients.
//
// Its clock stands still unless a test moves it, so that both sides of an instant can be tested exactly.
//
//	box := servertest.Start(t, server.Options{})
//	page := box.Browser().Get("/oauth2/authorize?…")
//	away := page.Submit("login", "dave", "password", "x").Submit().Away
//	answer := box.Post("/oauth2/token", url.Values{…}, servertest.Basic("bg-demo", "bg-demo-secret"))
package servertest

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/journal"
)

// Sandbox is a running server that ends with the test.
type Sandbox struct {
	*server.Server
	t      testing.TB
	client *http.Client
	sent   *atomic.Int64
}

// Sent is how many requests of Do and of browsers have been answered by a bank of the main space, told by their paths.
func (s *Sandbox) Sent() int64 { return s.sent.Load() }

// counted counts what goes to the banks of the main space.
type counted struct {
	http.RoundTripper
	sent *atomic.Int64
}

// CloseIdleConnections hands on what http.Client asks of its transport.
func (c counted) CloseIdleConnections() {
	if t, ok := c.RoundTripper.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// RoundTrip sends one request.
func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := c.RoundTripper.RoundTrip(r)
	own := strings.HasPrefix(r.URL.Path, "/admin") || strings.HasPrefix(r.URL.Path, "/s/") || strings.HasPrefix(r.URL.Path, "/-/") ||
		r.URL.Path == "/" || r.URL.Path == "/healthz" || r.URL.Path == "/metrics"
	if err == nil && !own {
		c.sent.Add(1)
	}
	return a, err
}

// Start runs a sandbox on a free port with a frozen clock.
func Start(t testing.TB, o server.Options) *Sandbox {
	t.Helper()
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 12, 3, 15, 45, 8, 0, time.UTC)
	}
	o.Freeze = true
	srv, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	transport := &http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // #nosec G402 -- tests make the certificate bad, and go on
	t.Cleanup(transport.CloseIdleConnections)
	sent := &atomic.Int64{}
	client := &http.Client{Transport: counted{transport, sent}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Sandbox{Server: srv, t: t, client: client, sent: sent}
}

// Idle hangs up every connection on which nothing is going on.
func (s *Sandbox) Idle() { s.client.CloseIdleConnections() }

// WriteFile writes a file for a test.
func WriteFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Advance moves the clock.
func (s *Sandbox) Advance(d time.Duration) { s.Clock().Advance(d) }

// Last is the newest journal entry.
func (s *Sandbox) Last() *journal.Entry {
	s.t.Helper()
	recent := s.Journal().Recent(1, nil)
	if len(recent) == 0 {
		s.t.Fatal("the journal is empty")
	}
	return recent[0]
}

// Answer is a response, read whole.
type Answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   string
}

// JSON decodes the body into a map; numbers are json.Number, so that their form can be checked.
func (a *Answer) JSON() map[string]any {
	a.t.Helper()
	var v map[string]any
	d := json.NewDecoder(strings.NewReader(a.Body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		a.t.Fatalf("status %d, body is no JSON object: %v\n%s", a.Status, err, a.Body)
	}
	return v
}

// Text is a string field of the body.
func (a *Answer) Text(field string) string {
	a.t.Helper()
	s, ok := a.JSON()[field].(string)
	if !ok {
		a.t.Fatalf("status %d, no text %q in %s", a.Status, field, a.Body)
	}
	return s
}

// Into decodes the body.
func (a *Answer) Into(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.Body), v); err != nil {
		a.t.Fatalf("status %d: %v\n%s", a.Status, err, a.Body)
	}
}

// Want fails the test at once when the status is another.
func (a *Answer) Want(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status %d, want %d\n%s", a.Status, status, a.Body)
	}
	return a
}

// Option changes a request before it is sent.
type Option func(*http.Request)

// Header sets a request header.
func Header(name, value string) Option { return func(r *http.Request) { r.Header.Set(name, value) } }

// Bearer sends an access token.
func Bearer(token string) Option { return Header("Authorization", "Bearer "+token) }

// Basic sends client credentials, not form-encoded, as most scripts do.
func Basic(id, secret string) Option { return func(r *http.Request) { r.SetBasicAuth(id, secret) } }

// Do sends a request; target is a path, or a URL of this sandbox. Redirects are not followed.
func (s *Sandbox) Do(method, target string, body string, options ...Option) *Answer {
	s.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = s.URL() + target
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body == "" {
		r.Body, r.ContentLength = nil, 0
	}
	for _, o := range options {
		o(r)
	}
	return send(s.t, s.client, r)
}

func send(t testing.TB, client *http.Client, r *http.Request) *Answer {
	t.Helper()
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &Answer{t: t, Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
}

// Get sends a GET.
func (s *Sandbox) Get(target string, options ...Option) *Answer {
	s.t.Helper()
	return s.Do("GET", target, "", options...)
}

// Post sends a form.
func (s *Sandbox) Post(target string, form url.Values, options ...Option) *Answer {
	s.t.Helper()
	return s.Do("POST", target, form.Encode(), append([]Option{Header("Content-Type", "application/x-www-form-urlencoded")}, options...)...)
}

// PostJSON sends a JSON body.
func (s *Sandbox) PostJSON(target string, v any, options ...Option) *Answer {
	s.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Do("POST", target, string(body), append([]Option{Header("Content-Type", "application/json")}, options...)...)
}
