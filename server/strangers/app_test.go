package strangers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"

	"sandbank/server/servertest/chromium"
)

// runApp is a page of another origin, in a real browser, with a library that runs there as it comes from npm. The person logs in by hand,
// so that the page meets the bank by CORS alone.
func runApp(s *stage) {
	library := filepath.Join(npm(s.T), "oauth4webapi", "build", "index.js")
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.ServeFile(w, r, "js/app.html")
			return
		}
		http.ServeFile(w, r, library)
	}))
	defer app.Close()
	told, err := json.Marshal(plan{Issuer: s.base, Resource: s.base + s.resource, ID: s.id, Scope: s.scope})
	if err != nil {
		s.Fatal(err)
	}
	tab, cancel := context.WithTimeout(chromium.Start(s), chromium.Patience)
	defer cancel()
	p := &browserApp{s, tab, 0}
	p.do(chromedp.Navigate(app.URL+"/#plan="+url.QueryEscape(string(told))), chromedp.WaitVisible(chromedp.CSS("#link[href]")))
	link, err := chromedp.Run(tab, chromedp.Evaluate[string]("link.href"))
	if err != nil {
		s.Fatal(err)
	}
	p.do(chromedp.Navigate(s.visit(link).String()))
	p.sees()
	s.pass((s.life - time.Second).String())
	p.step("ask")
	s.pass("1s")
	p.step("ask")
	p.step("refresh")
	p.step("ask")
	s.pass(s.rest)
	p.step("refresh")
}

// browserApp is the page, with how much it has seen.
type browserApp struct {
	*stage
	tab context.Context
	n   int
}

func (p *browserApp) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.tab, steps...); err != nil {
		p.Fatal(err)
	}
}

// step lets the page do something, and notes what it saw.
func (p *browserApp) step(name string) {
	p.Helper()
	if _, err := chromedp.Run(p.tab, chromedp.Evaluate[any](fmt.Sprintf("step(%q)", name))); err != nil {
		p.Fatal(err)
	}
	p.sees()
}

// sees waits for the next thing that the page saw.
func (p *browserApp) sees() {
	p.Helper()
	p.n++
	css := chromedp.CSS(fmt.Sprintf("#out li:nth-child(%d)", p.n))
	p.do(chromedp.WaitVisible(css))
	text, err := chromedp.Run(p.tab, chromedp.Text(css))
	if err != nil {
		p.Fatal(err)
	}
	p.note("%s", text)
}
