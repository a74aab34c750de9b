package console_test

import (
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"sandbank/server/servertest"
)

const sendForm = `form[action$="/do/sendRequest"]`

// screen is a page of the console as a browser without script has it.
type screen struct {
	*goquery.Document
	s      *stage
	at     string // below the sandbox's URL
	status int
}

func (s *stage) screen(at string) *screen {
	s.t.Helper()
	a := s.Get(at)
	if to := a.Header.Get("Location"); a.Status == 303 {
		return s.screen(to)
	}
	return s.read(at, a)
}

func (s *stage) read(at string, a *servertest.Answer) *screen {
	s.t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.Body))
	if err != nil {
		s.t.Fatal(err)
	}
	return &screen{doc, s, at, a.Status}
}

// fields are what a form sends as it stands.
func fields(form *goquery.Selection) url.Values {
	v := servertest.Fields(form)
	form.Find("textarea[name]").Each(func(_ int, e *goquery.Selection) {
		v.Add(e.AttrOr("name", ""), strings.TrimPrefix(e.Text(), "\n"))
	})
	form.Find("select[name]:not([form])").Each(func(_ int, e *goquery.Selection) {
		chosen := e.Find("option[selected]")
		if chosen.Length() == 0 {
			chosen = e.Find("option").First()
		}
		v.Add(e.AttrOr("name", ""), chosen.AttrOr("value", chosen.Text()))
	})
	return v
}

// form is the first form of the page that pulls a lever, or another that the selector finds.
func (p *screen) form(selector string) *goquery.Selection {
	p.s.t.Helper()
	f := p.Find(selector)
	if f.Length() == 0 {
		p.s.t.Fatalf("%s (%d): no %s\n%s", p.at, p.status, selector, p.Find("main").Text())
	}
	return f.First()
}

// submit sends a form with these name, value pairs over it, and goes where that leads.
func (p *screen) submit(selector string, pairs ...string) *screen {
	p.s.t.Helper()
	form := p.form(selector)
	v := fields(form)
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	action := form.AttrOr("action", "")
	if !strings.EqualFold(form.AttrOr("method", "get"), "post") {
		return p.s.screen(action + "?" + v.Encode())
	}
	a := p.s.Do("POST", action, v.Encode(), servertest.Header("Content-Type", "application/x-www-form-urlencoded"), servertest.Header("Sec-Fetch-Site", "same-origin"))
	if a.Status == 303 {
		return p.s.screen(a.Header.Get("Location"))
	}
	return p.s.read(p.at, a)
}

func (p *screen) follow(selector string) *screen {
	p.s.t.Helper()
	return p.s.screen(p.form(selector).AttrOr("href", ""))
}
