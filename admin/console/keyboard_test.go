package console_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/servertest/chromium"
)

// stops is what a page has for the keyboard, and what a walk with Tab came by. A group of radio buttons is one stop: arrow keys reach the
// others.
const stops = `window.stops = (() => {
	const order = [], dim = new Set();
	const ringed = el => { const s = getComputedStyle(el); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none'; };
	document.addEventListener('focusin', e => {
		order.push(e.target);
		const around = e.target.closest('label, .seg, .pick');
		if (e.target !== document.body && !ringed(e.target) && !(around && ringed(around))) dim.add(e.target);
	});
	const shown = el => el.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && el.getClientRects().length > 0;
	const wanted = () => [...(document.querySelector('dialog[open]') || document).querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')].filter(el => !el.matches(':disabled') && shown(el));
	const name = el => el.outerHTML.slice(0, 140);
	const hit = el => order.includes(el) || el.type === 'radio' && order.some(o => o.type === 'radio' && o.name === el.name && o.form === el.form);
	return {
		round: () => order.length > 2 && order.indexOf(order[0], 1) > 0,
		report: () => JSON.stringify({
			steps: order.length, wanted: wanted().length, dim: [...dim].map(name),
			missed: wanted().filter(el => !hit(el)).map(name),
			forms: [...document.querySelectorAll('form[method=post]')].filter(f => (document.querySelector('dialog[open]') || document).contains(f) && !f.closest('dialog:not([open])') && !f.closest('details:not([open])') && f.checkVisibility() && ![...f.elements].some(el => el.type !== 'hidden' && hit(el))).map(name),
		}),
	};
})(); 0`

// round walks with Tab until the focus is where it began, and says what is wrong on the way.
func (w *walk) round(name string) {
	w.t.Helper()
	w.do("listen", chromedp.Evaluate[chromedp.Void](stops))
	for n := 0; ; n += 40 {
		w.do("tab", chromedp.KeyEvent(strings.Repeat(kb.Tab, 40), real))
		done, err := chromedp.Run(w.tab, chromedp.Evaluate[bool]("window.stops.round()"))
		if err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		if done {
			break
		}
		if n > 1000 {
			w.t.Errorf("%s: the focus never comes back", name)
			break
		}
	}
	var seen struct {
		Steps, Wanted      int
		Dim, Missed, Forms []string
	}
	w.json("window.stops.report()", &seen)
	if seen.Wanted < 20 && !strings.HasPrefix(name, "dialog") || len(seen.Dim)+len(seen.Missed)+len(seen.Forms) > 0 {
		w.t.Errorf("%s: of %d\n not reached: %s\n without a ring: %s\n forms out of reach: %s", name, seen.Wanted, strings.Join(seen.Missed, "\n  "), strings.Join(seen.Dim, "\n  "),
			strings.Join(seen.Forms, "\n  "))
	}
}

// On every page the keyboard reaches everything that can be pressed, shows where it is, and comes out again.
func TestKeyboardReachesEverything(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	s := open(t, server.Options{}, "").furnish()
	w := &walk{t, s.tab(browser, "keyboard", true)}
	w.do("size", chromedp.EmulateViewport(1440, 900))
	for _, path := range s.paths() {
		w.open(s.URL() + path)
		w.round(path)
		folded, err := chromedp.Run(w.tab, chromedp.Evaluate[bool](`(d => { d.forEach(e => { e.open = true; }); return d.length > 0; })([...document.querySelectorAll('main details:not([open])')])`))
		if err != nil {
			t.Fatal(err)
		}
		if folded {
			w.do("top", chromedp.Evaluate[chromedp.Void]("document.activeElement.blur()"))
			w.round(path + ", unfolded")
		}
	}
}

// real makes a key press what a keyboard sends: a page that takes a key down for itself gets no character from it.
func real(p *input.DispatchKeyEventParams) {
	if p.Type == input.DispatchKeyEventTypeKeyDown {
		p.Type = input.DispatchKeyEventTypeRawKeyDown
	}
}

// tabTo presses Tab until something has the focus.
func (w *walk) tabTo(css string) {
	w.t.Helper()
	for range 400 {
		w.do("tab", chromedp.KeyEvent(kb.Tab, real))
		at, err := chromedp.Run(w.tab, chromedp.Evaluate[bool](fmt.Sprintf("document.activeElement.matches(%q)", css)))
		if err != nil {
			w.t.Fatal(err)
		}
		if at {
			return
		}
	}
	at, _ := chromedp.Run(w.tab, chromedp.Location())
	w.t.Fatalf("Tab does not lead to %s at %s", css, at)
}

func (w *walk) keys(text string) {
	w.t.Helper()
	w.do("keys "+text, chromedp.KeyEvent(text, real))
}

// palette opens the palette and types.
func (w *walk) palette(text string) {
	w.t.Helper()
	w.do("mark", chromedp.Evaluate[chromedp.Void]("document.querySelector('#commands .items').dataset.old = ''; 0"))
	w.do("Ctrl-K", chromedp.KeyEvent("k", real, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	w.is("document.querySelector('#commands[open] .items:not([data-old])') !== null", "the palette opens with a list of its own")
	w.keys(text)
}

// A person without a mouse mints, expires, takes back, jumps, arms and disarms, and finds the way.
func TestKeyboardAlone(t *testing.T) {
	browser := chromium.Start(t)
	s := open(t, server.Options{}, "")
	w := &walk{t, s.tab(browser, "by keys", true)}
	w.do("size", chromedp.EmulateViewport(1440, 900))

	w.open(s.URL() + "/admin/users/mint")
	w.tabTo("form[action$='/do/mintUsers'] button.primary")
	w.keys(kb.Enter)
	w.sees("main", "new")

	value := s.token()
	w.open(s.URL() + "/admin/tokens")
	w.tabTo(".k-expire button")
	w.keys(" ")
	w.sees("tbody", "expired")
	w.is("document.activeElement.closest('tr[id^=t-]') !== null", "the focus stays in the row whose lever has gone")
	s.Get("/account/info", servertest.Bearer(value)).Want(400)
	w.palette("undo")
	w.keys(kb.Enter)
	w.sees("tbody", "live")
	s.Get("/account/info", servertest.Bearer(value)).Want(200)

	w.tabTo("a[data-drawer][href$='/tokens/mint']")
	w.keys(kb.Enter)
	w.sees("dialog#drawer[open] form", "Mint")
	w.is("document.activeElement.closest('#drawer') !== null", "the focus goes into the drawer")
	w.tabTo("#drawer [name=life]")
	w.keys("soon" + kb.Enter)
	w.sees("#drawer[open] .err", "soon")
	w.is("location.pathname === '/admin/tokens' && document.activeElement.name === 'life'", "a refusal comes into the drawer")
	w.keys(kb.Escape)
	w.is("!document.querySelector('dialog[open]') && document.activeElement.matches('a[data-drawer]')", "Escape closes the drawer, and the focus returns")

	before := s.Clock().Now()
	w.open(s.URL() + "/admin/clock")
	w.tabTo("a[href*='preview=90d'], button[value='90d']")
	w.keys(kb.Enter)
	w.sees("main", "It ends")
	w.tabTo("#preview button.primary")
	w.keys(kb.Enter)
	w.sees(".toast", "clock")
	if moved := s.Clock().Now().Sub(before).Hours(); moved < 89*24 {
		t.Fatalf("the clock moved by %.0f hours", moved)
	}

	w.open(s.URL() + "/admin/faults/new?line=bank%3Dyoisho%3B+op%3Dhome%3B+status%3D503%3B+next%3D9")
	w.tabTo("main form[action$='/do/armFault'] button.primary")
	w.keys(kb.Enter)
	w.sees(".bar .alarm", "1")
	s.Get("/account/home").Want(503)
	w.tabTo("main form[action$='/do/disarmFault'] button")
	w.keys(kb.Enter)
	w.is("!document.querySelector('.bar .alarm')", "the fault is disarmed")
	s.Get("/account/home").Want(200)

	w.palette("zzzz")
	w.sees("#commands li", "Nothing found")
	w.keys(kb.Escape)
	w.is("!document.querySelector('dialog[open]')", "Escape closes the palette, whatever stands in it")
	w.palette("snapshots")
	w.keys(kb.ArrowDown)
	w.is("document.activeElement.closest('#commands li') !== null", "arrow keys go down the palette")
	w.keys(kb.Enter)
	w.is("location.pathname === '/admin/snapshots'", "the palette leads to a page")
	w.palette("")
	w.round("dialog of the palette")
	w.keys(kb.Escape)
	w.is("!document.querySelector('dialog[open]') && !document.activeElement.closest('dialog')", "Escape closes the palette, and the focus leaves it")
	w.keys("gt")
	w.is("location.pathname === '/admin/tokens'", "g t leads to the tokens")
	w.keys("?")
	w.is("document.querySelector('#help').open", "? shows the keys")
	w.keys(kb.Escape)
	w.is("!document.querySelector('dialog[open]')", "Escape closes them")
}

// Undo in a toast leads the focus back to what it took back: to the control, else to its row, else to the heading of the page.
func TestUndoKeepsThePlace(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	s := open(t, server.Options{}, "")
	w := &walk{t, s.tab(browser, "undo", true)}
	w.do("size", chromedp.EmulateViewport(1440, 900))
	s.mint("1h")
	id := s.mint("1h")
	undo := func(what string) {
		t.Helper()
		w.tabTo(".toast form button")
		w.keys(kb.Enter)
		w.is("!document.querySelector('.toast form') && document.activeElement !== document.body", "the focus is somewhere after "+what)
	}

	w.open(s.URL() + "/admin/tokens?state=live")
	w.tabTo("#t-" + id + " .k-revoke button")
	w.keys(kb.Enter)
	w.is("!document.querySelector('#t-"+id+"')", "what is revoked is no more in the list of the living")
	undo("a row came back")
	w.is("document.activeElement.closest('#t-"+id+"') !== null", "the focus is in the row that came back")

	w.open(s.URL() + "/admin/clock")
	w.tabTo("main form:has([name=freeze]) button")
	w.keys(kb.Enter)
	w.sees(".toast", "clock")
	undo("the clock runs")
	w.is("document.activeElement.closest('form:has([name=freeze])') !== null", "the focus is at the clock's lever")

	s.arm(object{"line": "op=home; status=503"})
	w.open(s.URL() + "/admin/faults")
	w.tabTo("main table form[action$='/do/disarmFault'] button")
	w.keys(kb.Enter)
	w.is("!document.querySelector('.bar .alarm')", "the fault is disarmed")
	undo("the fault is armed again")
	w.sees(".bar .alarm", "1")

	w.open(s.URL() + "/admin/users")
	w.tabTo("a[data-drawer][href*='/users/mint']")
	w.keys(kb.Enter)
	w.tabTo("#drawer form[action$='/do/mintUsers'] button.primary")
	w.keys(kb.Enter)
	w.sees(".toast", "Minted")
	s.Get("/account/home")
	w.is("document.activeElement !== document.body", "the focus is somewhere after a drawer has done its work")
	w.open(s.URL() + "/admin/activity")
	w.tabTo("tbody .acts button")
	w.keys(kb.Enter)
	w.sees("tbody tr", "undone")
	s.pull("POST", "/clock", object{"advance": "1s"}).Want(200)
	w.sees("tbody", "1 s")
	w.is("document.activeElement.matches('h1')", "the focus is at the heading where the row has nothing left, and stays there as the page renews itself")
}

// What is pressed far down a page leaves the reader there; another page begins at its top.
func TestActionsKeepTheScroll(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	s := open(t, server.Options{}, "")
	w := &walk{t, s.tab(browser, "scroll", true)}
	w.do("size", chromedp.EmulateViewport(1440, 600))

	w.open(s.URL() + "/admin/faults")
	w.do("scroll", chromedp.Evaluate[chromedp.Void]("document.querySelector('main .items li:last-child button, main li:last-child form[action$=\"/do/armFault\"] button').scrollIntoView(); window.was = scrollY; 0"))
	w.is("was > 500", "the last preset is far down")
	w.do("press", chromedp.Evaluate[chromedp.Void]("[...document.querySelectorAll('main form[action$=\"/do/armFault\"] button')].at(-1).click(); 0"))
	w.sees(".bar .alarm", "1")
	w.sees(".toast", "Armed")
	w.is("Math.abs(scrollY - was) < 200", "the page has stayed where it was")
	w.click(".toast form button")
	w.is("!document.querySelector('.bar .alarm')", "it is disarmed")
	w.is("Math.abs(scrollY - was) < 200", "and once more")
	w.click(".side a[href$='/admin/users']")
	w.is("location.pathname === '/admin/users' && scrollY === 0", "another page begins at its top")
}

// What happens after a page was written and before its stream has opened is not lost: the stream begins where the page ends.
func TestStreamBeginsWhereThePageEnds(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.mint("1h")
	at := s.screen("/admin/tokens").Find("#bar").AttrOr("data-stream", "")
	id := s.mint("1h")
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	r, _ := http.NewRequestWithContext(ctx, "GET", s.URL()+at, nil)
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
	}
	if first := lines.Text(); !strings.Contains(first, id) {
		t.Errorf("%s begins with %q, not with %s", at, first, id)
	}
}

// What looked askew: a button below its heading, controls without corners, a bank's name in two lines.
func TestPartsAreStraight(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	s := open(t, server.Options{}, "").furnish()
	w := &walk{t, s.tab(browser, "straight", true)}
	w.do("size", chromedp.EmulateViewport(390, 844))
	w.open(s.URL() + "/admin")
	w.is("(h => Math.abs(h.querySelector('h2').getBoundingClientRect().top - h.querySelector('button').getBoundingClientRect().top) < 20)(document.querySelector('form[action$=\"/begun\"]').parentElement)", "a card's button is beside its heading")
	w.do("size", chromedp.EmulateViewport(1440, 900))
	w.open(s.URL() + "/admin/settings")
	w.is("(b => getComputedStyle(b).borderLeftWidth === '0px' && getComputedStyle(b).borderTopLeftRadius !== '0px')(document.querySelector('main .seg button'))", "the first of several choices has the corners of their box")
	w.open(s.URL() + "/admin/tokens")
	w.is("[...document.querySelectorAll('td[data-l=Bank]')].every(td => getComputedStyle(td).whiteSpace === 'nowrap')", "a bank's name stays on one line")
}
