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
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

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
	transport := &http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true}
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

// Browser keeps cookies and follows redirects, up to the point where they leave the sandbox.
type Browser struct {
	box    *Sandbox
	client *http.Client
}

// Browser is a new one with an empty jar.
func (s *Sandbox) Browser() *Browser {
	jar, _ := cookiejar.New(nil)
	return &Browser{box: s, client: &http.Client{Transport: s.client.Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Page is what the browser shows: a document of the sandbox, or the URL away from it to which it was sent.
type Page struct {
	*Answer
	Doc     *goquery.Document
	Away    *url.URL // set when a redirect left the sandbox
	URL     *url.URL
	browser *Browser
}

// Get opens a page.
func (b *Browser) Get(target string) *Page {
	b.box.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.box.URL() + target
	}
	r, err := http.NewRequest("GET", target, nil)
	if err != nil {
		b.box.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "none")
	return b.follow(r)
}

func (b *Browser) follow(r *http.Request) *Page {
	t := b.box.t
	t.Helper()
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	for range 10 {
		a := send(t, b.client, r)
		if to := a.Header.Get("Location"); a.Status >= 300 && a.Status < 400 && to != "" {
			u, err := r.URL.Parse(to)
			if err != nil {
				t.Fatal(err)
			}
			if u.Scheme+"://"+u.Host != b.box.URL() {
				return &Page{Answer: a, Away: u, URL: r.URL, browser: b}
			}
			r, _ = http.NewRequest("GET", u.String(), nil)
			continue
		}
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.Body))
		if err != nil {
			t.Fatal(err)
		}
		return &Page{Answer: a, Doc: doc, URL: r.URL, browser: b}
	}
	t.Fatal("more than ten redirects")
	return nil
}

// Submit sends the page's main form as it stands, with these name, value pairs over it. A pair whose name is "deny", "demo", "revoke"
// or "logout" is the button pressed.
func (p *Page) Submit(pairs ...string) *Page {
	t := p.browser.box.t
	t.Helper()
	if p.Doc == nil {
		t.Fatalf("there is no page to submit; the browser was sent to %v", p.Away)
	}
	form := p.Doc.Find("form").First()
	if form.Length() == 0 {
		t.Fatalf("status %d: the page has no form\n%s", p.Status, p.Body)
	}
	v := Fields(form)
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Del(pairs[i])
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return p.browser.Send(form.AttrOr("method", "get"), p.resolve(form.AttrOr("action", "")), v)
}

func (p *Page) resolve(ref string) string {
	u, err := p.URL.Parse(ref)
	if err != nil {
		p.browser.box.t.Fatal(err)
	}
	return u.String()
}

// Fields are what a form would send if it were submitted by Enter.
func Fields(form *goquery.Selection) url.Values {
	v := url.Values{}
	form.Find("input[name]").Each(func(_ int, in *goquery.Selection) {
		kind := in.AttrOr("type", "text")
		_, checked := in.Attr("checked")
		_, off := in.Attr("disabled")
		if off || ((kind == "checkbox" || kind == "radio") && !checked) || kind == "submit" {
			return
		}
		v.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	return v
}

// Send submits fields from a page of the same site.
func (b *Browser) Send(method, target string, v url.Values) *Page {
	b.box.t.Helper()
	var r *http.Request
	if strings.EqualFold(method, "post") {
		r, _ = http.NewRequest("POST", target, strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.box.URL())
	} else {
		u, _ := url.Parse(target)
		u.RawQuery = v.Encode()
		r, _ = http.NewRequest("GET", u.String(), nil)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.follow(r)
}

// Param is a query parameter of the URL that the browser was sent to, away from the sandbox.
func (p *Page) Param(name string) string {
	p.browser.box.t.Helper()
	if p.Away == nil {
		p.browser.box.t.Fatalf("status %d: the browser was not sent away\n%s", p.Status, p.Body)
	}
	return p.Away.Query().Get(name)
}
