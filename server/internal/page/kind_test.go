package page_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sandbank/server/internal/page"
)

func TestCountdown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		left  time.Duration
		speed float64
		none  bool
		text  string
		timer string
	}{
		"runs":           {left: 9*time.Minute + 41*time.Second, speed: 1, text: "This page ends in 09:41", timer: "581000"},
		"rounds up":      {left: 300 * time.Millisecond, speed: 1, text: "This page ends in 00:01", timer: "300"},
		"hours":          {left: 25*time.Hour + time.Second, speed: 60, text: "This page ends in 25:00:01", timer: "90001000"},
		"days":           {left: 90*24*time.Hour - time.Second, speed: 1, text: "This page ends in 90 days", timer: "7775999000"},
		"frozen":         {left: time.Minute, text: "This page ends in 01:00, clock frozen", timer: "60000"},
		"at the end":     {left: 0, speed: 1, text: "This page has ended"},
		"past the end":   {left: -time.Hour, speed: 1, text: "This page has ended"},
		"does not end":   {none: true, speed: 1},
		"frozen and out": {left: -1, text: "This page has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := frame()
			f.Speed, f.Ends = c.speed, f.Now.Add(c.left)
			if c.none {
				f.Ends = time.Time{}
			}
			doc := render(t, page.Message{Frame: f, Heading: "h", Text: "t"})
			if got := doc.Find(".strip .push").Text(); got != c.text {
				t.Errorf("reads %q, want %q", got, c.text)
			}
			timer := doc.Find(".strip time[role=timer][aria-live=off]")
			if got := timer.AttrOr("data-left", ""); got != c.timer {
				t.Errorf("%q ms left, want %q", got, c.timer)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	doc := render(t, login("bg-demo"))
	demo := doc.Find("aside.strip button[type=submit][form=login][name=demo]")
	if got := strings.Join(demo.Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("value", "") }), " "); got != "dave jane" {
		t.Errorf("demo names %q", got)
	}
	want(t, doc.Find("form#login[method=get][action='/loggedin'] button.go:not([name])"), 1, "submit buttons")
	want(t, doc.Find("form#login button[name=deny][value='1']"), 1, "deny buttons")
	want(t, doc.Find("form#login input[type=password]:not([value])"), 1, "empty password fields")
	want(t, doc.Find("[role=alert]#alert"), 1, "alerts")
	want(t, doc.Find(".track li[aria-current=step]"), 1, "present steps")
	want(t, doc.Find(".side .gets li"), 2, "asks")
	if title := doc.Find("title").Text(); title != "Error: Log in, Accounts BG" {
		t.Errorf("title %q", title)
	}

	bare := login("bg-demo")
	bare.Asks, bare.Demo, bare.Steps, bare.Alert, bare.Password, bare.Deny, bare.Console, bare.Frame.Connections = nil, nil, nil, "", "", false, "", ""
	doc = render(t, bare)
	want(t, doc.Find(".side, .track, .alert, .strip a, .strip button, footer a, [name=deny], [type=password]"), 0, "parts without data")
	if got := doc.Find("main .wide code").Text(); got != "bg-demo" {
		t.Errorf("without a side the client id reads %q", got)
	}
}

func TestConsent(t *testing.T) {
	t.Parallel()
	c := consent("bg-demo")
	doc := render(t, c)
	want(t, doc.Find("form[method=post] fieldset legend"), 1, "legends")
	want(t, doc.Find("input[type=checkbox][name=account]"), 2, "accounts")
	want(t, doc.Find("input[name=account][value='bg-demo'][checked]:not([disabled])"), 1, "ticked accounts")
	want(t, doc.Find("input[name=account][value='2'][disabled]"), 1, "accounts out of reach")
	want(t, doc.Find("button[name=deny][value='1']"), 1, "deny buttons")
	want(t, doc.Find(".side a[href='/s/p07/connections']"), 1, "ways to take it back")
	if b := doc.Find("button.go"); b.Text() != "Allow" || b.AttrOr("data-count", "") != "Allow" {
		t.Errorf("without script the button reads %q, counts from %q", b.Text(), b.AttrOr("data-count", ""))
	}
	c.Fixed = true
	doc = render(t, c)
	want(t, doc.Find("input[name=account], [data-count]"), 0, "choices where none is given")
	want(t, doc.Find("form ul li"), 2, "accounts shown")
	want(t, doc.Find("form li.off svg"), 0, "ticks at what is not shared")
	c.Choices = nil
	want(t, render(t, c).Find(".acc, input:not([type=hidden])"), 0, "accounts where nothing is to choose")
}

func TestPicker(t *testing.T) {
	t.Parallel()
	doc := render(t, kinds("north")["picker"])
	want(t, doc.Find("form[method=get] input[type=radio][name=finInst]"), 2, "banks")
	want(t, doc.Find("input[type=radio][value=north][checked]"), 1, "picked")
	want(t, doc.Find("input[type=radio][disabled]"), 1, "closed")
}

func TestCode(t *testing.T) {
	t.Parallel()
	doc := render(t, kinds("x")["code"])
	want(t, doc.Find("form#code[method=post] input[name=otp][autocomplete=one-time-code]:not([value])"), 1, "code fields")
	want(t, doc.Find(".strip button[form=code][name=demo][value='482913']"), 1, "fill buttons")
	want(t, doc.Find(".track svg[role=img][aria-label=done]"), 1, "steps done")
}

func TestDevice(t *testing.T) {
	t.Parallel()
	doc := render(t, kinds("BCDF-GHJK")["device"])
	want(t, doc.Find("form#device[method=post] input[name=user_code][value='BCDF-GHJK']:not([type=hidden])"), 1, "code fields, filled in and shown")
	want(t, doc.Find("form#device button.go:not([name])"), 1, "submit buttons")
	want(t, doc.Find("#warning"), 1, "warnings")
	if got := doc.Find("input[name=user_code]").AttrOr("aria-describedby", ""); got != "alert" {
		t.Errorf("the field is described by %q", got)
	}
	bare := page.Device{Frame: frame(), Heading: "h", Action: "/device", Name: "user_code", Submit: "Continue", Warning: "w"}
	want(t, render(t, bare).Find("[role=alert], [role=alert] svg"), 0, "alerts where nothing is wrong")
}

func TestConnections(t *testing.T) {
	t.Parallel()
	doc := render(t, connections("app"))
	want(t, doc.Find("form[method=post] .cards li.panel"), 2, "live connections")
	want(t, doc.Find("form button[name=revoke][value=c2]"), 1, "revoke buttons of c2")
	want(t, doc.Find(".past button"), 0, "buttons at what has ended")
	want(t, doc.Find("button[form=connections][name=logout]"), 1, "log out buttons")
	want(t, doc.Find("[role=status].good"), 1, "notices")
	if got := doc.Find(".cards [data-over]").Text(); got != "01:00 left" {
		t.Errorf("the first ends in %q", got)
	}
	if got := doc.Find("button[value=c2]").Text(); got != "Revoke access of bg-demo" {
		t.Errorf("button reads %q", got)
	}
	c := connections("app")
	c.Live, c.Ended, c.User = nil, nil, ""
	doc = render(t, c)
	want(t, doc.Find(".empty h2 + p"), 1, "lessons")
	want(t, doc.Find(".cards, .past, button"), 0, "parts without data")
}

func TestMessage(t *testing.T) {
	t.Parallel()
	doc := render(t, kinds("x")["message"])
	want(t, doc.Find("dl dt + dd"), 1, "facts")
	want(t, doc.Find("main a.go[href='/']"), 1, "links")
	want(t, doc.Find("form, meta[http-equiv]"), 0, "forms or refreshes")
	want(t, render(t, page.Message{Frame: frame(), Heading: "h", Text: "t"}).Find("dl, main a, main small"), 0, "parts without data")
}

func TestStart(t *testing.T) {
	t.Parallel()
	s := start("x")
	doc := render(t, s)
	if got := doc.Find("h1").Text(); got != "Two banks on one port" {
		t.Errorf("h1 %q", got)
	}
	want(t, doc.Find(".code pre code"), 2, "commands")
	want(t, doc.Find("tbody tr"), 3, "clients")
	want(t, doc.Find("tbody th[scope=rowgroup][rowspan='2']"), 1, "banks with two clients")
	want(t, doc.Find("[data-copy][hidden]"), 4, "copy buttons, hidden until script shows them")
	want(t, doc.Find("a:not([href]), a[href=''], a[href='#']"), 0, "dead links")
	if got := doc.Find("time[data-clock]"); got.Text() != "2026-12-03 16:45:08" || got.AttrOr("datetime", "") != "2026-12-03T16:45:08+01:00" {
		t.Errorf("clock reads %q", got.Text())
	}
	s.Console, s.Banks, s.Links, s.Recipes = "", nil, nil, nil
	want(t, render(t, s).Find(".btn, .card"), 0, "parts without data")

	text, err := json.Marshal(start("x"))
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(text, &back); err != nil || back["version"] != "x" || back["Root"] != nil {
		t.Errorf("as JSON: %s, %v", text, err)
	}
}
