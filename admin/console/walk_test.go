package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/servertest/chromium"
)

// A person who has read nothing mints a token, watches it count down, kills it, jumps 90 days, arms a fault, and finds out why a call was
// refused: with script, and without.
func TestTwoMinuteWalk(t *testing.T) {
	browser := chromium.Start(t)
	for _, script := range []bool{true, false} {
		name := map[bool]string{true: "with script", false: "without script"}[script]
		t.Run(name, func(t *testing.T) {
			s := open(t, server.Options{}, "")
			tab := s.tab(browser, name, script)
			w := &walk{t, tab}
			w.do("size", chromedp.EmulateViewport(1440, 900))

			w.open(s.URL() + "/admin")
			w.sees("main", "Start here")
			w.open(s.URL() + "/admin/tokens/mint?bank=yoisho")
			w.choose("select[name=user]", "dave")
			w.click("form[action$='/do/mintToken'] button.primary")
			w.sees("tr.open", "live")
			w.sees("tr.open [role=timer]", ":")

			value := w.text("tr.open dd code")
			bearer := servertest.Bearer(strings.TrimSpace(value))
			s.Get("/account/info", bearer).Want(200)

			w.click("tr.open form[action$='/do/revokeToken'] button")
			w.sees("tr.open", "revoked")
			w.sees(".toast", "Revoked")
			s.Get("/account/info", bearer).Want(400)
			w.click(".toast button")
			w.sees("tr.open", "live")
			s.Get("/account/info", bearer).Want(200)

			before := s.Clock().Now()
			w.open(s.URL() + "/admin/clock")
			w.click("a[href*='preview=90d'], button[value='90d']")
			w.sees("#preview button.primary", "90") // the page opens with the preview of a smaller jump
			w.sees("main", "It ends")
			w.click("#preview button.primary")
			w.until("the clock moves by 90 days", func() bool { return s.Clock().Now().Sub(before).Hours() > 89*24 })
			w.sees(".toast", "clock")
			s.Get("/account/info", bearer).Want(400)

			w.open(s.URL() + "/admin/faults/new?line=bank%3Dyoisho%3B+op%3Dhome%3B+status%3D503")
			w.click("main form[action$='/do/armFault'] button.primary")
			w.sees(".bar .alarm", "1")
			s.Get("/account/home").Want(503)

			w.open(s.URL() + "/admin")
			w.click(".list li a")
			w.sees(".why .no", "")
			w.sees("main", "expired")
		})
	}
}

// walk is a person at a page.
type walk struct {
	t   *testing.T
	tab context.Context
}

func (w *walk) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.tab, steps...); err != nil {
		at, _ := chromedp.Run(w.tab, chromedp.Location())
		w.t.Fatalf("%s at %s: %v", what, at, err)
	}
}

func (w *walk) open(url string) {
	w.t.Helper()
	w.do("open "+url, chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS("main h1")))
}

func (w *walk) click(css string) {
	w.t.Helper()
	w.do("click "+css, chromedp.WaitVisible(chromedp.CSS(css)), chromedp.Click(chromedp.CSS(css)))
}

func (w *walk) choose(css, value string) {
	w.t.Helper()
	w.do("choose "+css, chromedp.SetValue(chromedp.CSS(css), value))
}

func (w *walk) text(css string) string {
	w.t.Helper()
	text, err := chromedp.Run(w.tab, chromedp.Text(chromedp.CSS(css)))
	if err != nil {
		w.t.Fatalf("%s: %v", css, err)
	}
	return text
}

// until waits for what a click brings about in the sandbox.
func (w *walk) until(what string, done func() bool) {
	w.t.Helper()
	for began := time.Now(); time.Since(began) < chromium.Patience; {
		if done() {
			return
		}
		w.do("wait", chromedp.Sleep(50*time.Millisecond))
	}
	w.t.Fatalf("it never came to this: %s", what)
}

// sees waits until a part of the page says something. A page that is just being left cannot be asked; the next one can.
func (w *walk) sees(css, text string) {
	w.t.Helper()
	ask := chromedp.Evaluate[bool](fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.textContent.includes(%q))`, css, text))
	for began := time.Now(); time.Since(began) < chromium.Patience; {
		if seen, err := chromedp.Run(w.tab, ask); err == nil && seen {
			return
		}
		w.do("wait", chromedp.Sleep(50*time.Millisecond))
	}
	at, _ := chromedp.Run(w.tab, chromedp.Location())
	w.t.Fatalf("%s never said %q at %s", css, text, at)
}

// is waits until an expression of the page is true.
func (w *walk) is(expression, what string) {
	w.t.Helper()
	for began := time.Now(); time.Since(began) < chromium.Patience; {
		if is, err := chromedp.Run(w.tab, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		}
		w.do("wait", chromedp.Sleep(50*time.Millisecond))
	}
	at, _ := chromedp.Run(w.tab, chromedp.Location())
	w.t.Fatalf("not so at %s: %s", at, what)
}

// json reads what an expression of the page says in JSON.
func (w *walk) json(expression string, into any) {
	w.t.Helper()
	text, err := chromedp.Run(w.tab, chromedp.Evaluate[string](expression))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
}
