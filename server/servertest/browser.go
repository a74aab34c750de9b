package servertest

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// Browser keeps cookies and follows redirects, up to the point where they leave the sandbox.
type Browser struct {
	t      testing.TB
	base   string // scheme, host and port of the sandbox
	client *http.Client
}

// Browser is a new one with an empty jar.
func (s *Sandbox) Browser() *Browser { return browse(s.t, s.URL(), s.client.Transport) }

// Browse is a browser for a sandbox in another process, which answers at base: scheme, host and port.
func Browse(t testing.TB, base string) *Browser {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return browse(t, base, transport)
}

func browse(t testing.TB, base string, transport http.RoundTripper) *Browser {
	jar, _ := cookiejar.New(nil)
	return &Browser{t: t, base: base, client: &http.Client{Transport: transport, Jar: jar,
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
func (b *Browser) Get(target string, options ...Option) *Page {
	b.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.base + target
	}
	r, err := http.NewRequest("GET", target, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "none")
	for _, o := range options {
		o(r)
	}
	return b.follow(r)
}

func (b *Browser) follow(r *http.Request) *Page {
	t := b.t
	t.Helper()
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	for range 10 {
		a := send(t, b.client, r)
		if to := a.Header.Get("Location"); a.Status >= 300 && a.Status < 400 && to != "" {
			u, err := r.URL.Parse(to)
			if err != nil {
				t.Fatal(err)
			}
			if u.Scheme+"://"+u.Host != b.base {
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
	t := p.browser.t
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
		p.browser.t.Fatal(err)
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
	b.t.Helper()
	var r *http.Request
	if strings.EqualFold(method, "post") {
		r, _ = http.NewRequest("POST", target, strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.base)
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
	p.browser.t.Helper()
	if p.Away == nil {
		p.browser.t.Fatalf("status %d: the browser was not sent away\n%s", p.Status, p.Body)
	}
	return p.Away.Query().Get(name)
}
