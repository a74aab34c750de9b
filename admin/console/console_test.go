package console_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sandbank/server"
	"sandbank/server/servertest"
)

// shown is a page as a browser without script has it.
func shown(s *stage, path string, status int) *goquery.Document {
	s.t.Helper()
	return document(s.t, s.Get(path).Want(status))
}

func document(t testing.TB, a *servertest.Answer) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// filled is what a form would send as it stands.
func filled(t testing.TB, form *goquery.Selection) url.Values {
	t.Helper()
	if form.Length() != 1 {
		t.Fatalf("%d forms, not one", form.Length())
	}
	v := url.Values{}
	form.Find("input, textarea, select").Each(func(_ int, e *goquery.Selection) {
		name, value := e.AttrOr("name", ""), e.AttrOr("value", "")
		_, checked := e.Attr("checked")
		switch kind := e.AttrOr("type", ""); {
		case (kind == "checkbox" || kind == "radio") && !checked:
			return
		case goquery.NodeName(e) == "textarea":
			value = strings.TrimPrefix(e.Text(), "\n")
		case goquery.NodeName(e) == "select":
			value = e.Find("option[selected]").AttrOr("value", e.Find("option").First().AttrOr("value", ""))
		}
		v.Add(name, value)
	})
	return v
}

// pressed sends a form with other values in some fields, and shows where that leads: the next page, or the same with a refusal.
func pressed(s *stage, doc *goquery.Document, selector string, status int, pairs ...string) *goquery.Document {
	s.t.Helper()
	form := doc.Find(selector)
	v := filled(s.t, form)
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	a := s.Post(form.AttrOr("action", ""), v).Want(status)
	if status == 303 {
		return shown(s, a.Header.Get("Location"), 200)
	}
	return document(s.t, a)
}

// said is the text of what a selector finds, with single blanks.
func said(doc *goquery.Document, selector string) string {
	return strings.Join(strings.Fields(doc.Find(selector).Text()), " ")
}

// contains fails the test where a part of the page does not say something.
func contains(t testing.TB, doc *goquery.Document, selector string, parts ...string) {
	t.Helper()
	text := said(doc, selector)
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s says %q, and not %q", selector, text, part)
		}
	}
}

// hostile is what a user might be called.
const hostile = `<script>alert(1)</script>"'>`

// harmless fails the test where hostile text became an element.
func harmless(t testing.TB, doc *goquery.Document) {
	t.Helper()
	doc.Find("script").Each(func(_ int, e *goquery.Selection) {
		if strings.Contains(e.Text(), "alert") {
			t.Errorf("a script got into the page")
		}
	})
	if doc.Find("[onerror], [onclick]").Length() > 0 {
		t.Error("a handler got into the page")
	}
}

// What expires next shows how much of its life is left.
func TestDashboardCountsDown(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	doc := shown(s, "/admin", 200)
	if all, bars := doc.Find("tr[id^=next-]").Length(), doc.Find("tr[id^=next-] .left progress[max][value]"); all == 0 || bars.Length() != all || bars.First().AttrOr("max", "") != "60000" {
		t.Errorf("%d rows, %d bars, the first to %s ms", all, bars.Length(), bars.First().AttrOr("max", ""))
	}
}

// The first steps stay until somebody puts them away, in that browser.
func TestFirstSteps(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.token()
	doc := shown(s, "/admin", 200)
	contains(t, doc, "section:has(#go)", "Start here", "Dismiss")
	a := s.Post(doc.Find("section:has(#go) form").AttrOr("action", ""), nil).Want(303)
	cookie, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	if doc = document(t, s.Get("/admin", servertest.Header("Cookie", cookie)).Want(200)); doc.Find("#go").Length() != 0 {
		t.Error("they are there still")
	}
}
