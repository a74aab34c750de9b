package page_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sandbank/server/internal/page"
)

// trial holds all that an attacker puts into a client's name: markup, both quotes, a template action, text that runs leftwards.
const trial = `"><script>alert(1)</script><img src=x onerror='a'> {{.User}} ` + "\u202eשלום 🏦"

var moment = time.Date(2026, 12, 3, 16, 45, 8, 0, time.FixedZone("CET", 3600))

func frame() page.Frame {
	return page.Frame{
		Brand: page.Brand{Bank: "berlin", Name: "Accounts BG", Foot: "A bank that does not exist.", Mark: `<circle cx="16" cy="16" r="9"/>`},
		Root:  "/s/p07", Now: moment, Speed: 1, Ends: moment.Add(9*time.Minute + 41*time.Second),
		Connections: "/s/p07/connections", Console: "/admin", User: "jane",
	}
}

func login(text string) page.Login {
	return page.Login{
		Frame: frame(), Heading: "Log in", Client: text, ClientID: text, Return: text, Method: "get", Action: "/loggedin",
		Hidden: []page.Field{{Name: "state", Value: text}}, UserName: page.Field{Name: "uname", Value: text}, Password: "psw",
		Demo: []string{"dave", "jane"}, Steps: []string{"Log in", "Choose"}, Alert: text, AlertTip: text, Submit: "Log in and allow",
		Deny: true, Asks: []page.Ask{{Icon: "user", Name: text, Note: text}, {Icon: "nonsense", Name: "Balance"}},
		AskTitle: "The app will see", Limit: text,
	}
}

func consent(text string) page.Consent {
	return page.Consent{
		Frame: frame(), Heading: text, Client: text, Return: text, Action: "/consent", Hidden: []page.Field{{Name: "tx", Value: text}},
		Steps: []string{"Log in", "Choose"}, Step: 1, Title: "Accounts to share",
		Choices: []page.Choice{{Value: text, Name: text, Note: text, Figure: text, On: true}, {Value: "2", Name: "Card", Off: true}},
		EndsOn:  "Access ends on 3 March 2027", EndNote: text, Alert: text, Submit: "Allow",
		Asks: []page.Ask{{Icon: "list", Name: text}}, AskTitle: "It may read", Limit: text, Note: text,
	}
}

func connections(text string) page.Connections {
	return page.Connections{
		Frame: frame(), Action: "/connections", Hidden: []page.Field{{Name: "csrf", Value: text}}, Notice: text,
		Live: []page.Connection{
			{ID: text, Client: text, Scope: text, Since: moment, Until: moment.Add(time.Minute), Details: []string{text}},
			{ID: "c2", Client: "bg-demo", Since: moment},
		},
		Ended: []page.Connection{{ID: "c3", Client: text, Scope: text, Since: moment, Ended: text}},
	}
}

func start(text string) page.Start {
	link := page.Link{Name: text, URL: "/account/authorize?x=" + text, Note: text}
	return page.Start{
		Root: "/s/p07", Base: text, Version: text, Now: moment, Speed: 60, Offset: text, Seed: text, Rule: text, Console: "/admin",
		Recipes: []page.Recipe{{Title: text, Note: text, Commands: []page.Command{{Title: text, Text: text}, {Title: "b", Text: "b"}}}},
		Banks: []page.StartBank{
			{Name: "berlin", Title: text, People: []string{text, "jane"}, Links: []page.Link{link},
				Clients: []page.StartClient{{ID: text, Secret: text, Link: link}, {ID: "bg-spa", Note: text}}},
			{Name: "s2s", Title: "S2S", Clients: []page.StartClient{{ID: "s2s", Secret: "s"}}},
		},
		Links: []page.Link{link},
	}
}

// kinds are all pages, with text wherever a client, a customer or a request can put one.
func kinds(text string) map[string]page.Page {
	fixed, solo, empty := consent(text), login(text), connections(text)
	fixed.Fixed = true
	solo.Asks, solo.Demo, solo.Alert, solo.Steps = nil, nil, "", nil
	empty.Live, empty.Ended, empty.Notice = nil, nil, ""
	return map[string]page.Page{
		"login":         login(text),
		"login alone":   solo,
		"consent":       consent(text),
		"consent fixed": fixed,
		"picker": page.Picker{Frame: frame(), Heading: text, Lead: text, Action: "/authorize", Name: "finInst", Submit: "Continue",
			Hidden:  []page.Field{{Name: "state", Value: text}},
			Choices: []page.Choice{{Value: text, Name: text, Note: text, Figure: text, On: true}, {Value: "2", Name: "Closed", Off: true}}},
		"code": page.Code{Frame: frame(), Heading: text, Lead: text, Action: "/code", Name: "otp", Value: "482913", Alert: text,
			Hidden: []page.Field{{Name: "tx", Value: text}}, Steps: []string{"Log in", text, "Choose"}, Step: 1, Submit: "Confirm", Deny: true},
		"device": page.Device{Frame: frame(), Heading: text, Lead: text, Action: "/device", Name: "user_code", Value: text, Alert: text,
			Submit: "Continue", Warning: text},
		"handover":          page.Handover{Frame: frame(), Heading: text, Return: text, Action: "https://app.example/cb?a=1", Hidden: []page.Field{{Name: "state", Value: text}}},
		"connections":       connections(text),
		"connections empty": empty,
		"message": page.Message{Frame: frame(), Heading: text, Text: text, Detail: []page.Field{{Name: text, Value: text}},
			Link: page.Field{Name: text, Value: "/"}, Status: 400},
		"start": start(text),
	}
}

func render(t *testing.T, p page.Page) *goquery.Document {
	t.Helper()
	html, err := page.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// each runs a check on every kind of page, with plain texts and with hostile ones.
func each(t *testing.T, check func(t *testing.T, doc *goquery.Document)) {
	for mood, text := range map[string]string{"plain": "bg-demo", "hostile": trial, "none": ""} {
		for name, p := range kinds(text) {
			t.Run(name+" "+mood, func(t *testing.T) {
				t.Parallel()
				check(t, render(t, p))
			})
		}
	}
}

func want(t *testing.T, s *goquery.Selection, n int, what string) {
	t.Helper()
	if s.Length() != n {
		t.Errorf("%s: %d, want %d", what, s.Length(), n)
	}
}

func TestNothingInline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, doc *goquery.Document) {
		want(t, doc.Find("style, [style], img, iframe, base, meta[http-equiv]"), 0, "inline style or foreign element")
		want(t, doc.Find("script"), 1, "scripts")
		want(t, doc.Find("script[src^='/s/p07/-/page.js?v=']:empty"), 1, "scripts from a file")
		want(t, doc.Find("link[rel=stylesheet][href^='/s/p07/-/'][href*='.css?v=']"), 1, "style sheets")
		doc.Find("*").Each(func(_ int, s *goquery.Selection) {
			for _, a := range s.Nodes[0].Attr {
				if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:") {
					t.Errorf("<%s %s=%q>", goquery.NodeName(s), a.Key, a.Val)
				}
			}
		})
	})
}

func TestSprite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, doc *goquery.Document) {
		used := map[string]bool{}
		doc.Find("use").Each(func(_ int, s *goquery.Selection) { used[s.AttrOr("href", "")] = true })
		doc.Find("symbol").Each(func(_ int, s *goquery.Selection) {
			id := "#" + s.AttrOr("id", "")
			if !used[id] {
				t.Errorf("symbol %s is sent and not used", id)
			}
			delete(used, id)
		})
		if len(used) > 0 {
			t.Errorf("used and not sent: %v", used)
		}
	})
}

func TestAccessible(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, doc *goquery.Document) {
		want(t, doc.Find("html[lang=en]"), 1, "languages")
		want(t, doc.Find("h1"), 1, "h1")
		want(t, doc.Find("main"), 1, "main")
		level := 0
		doc.Find("h1, h2, h3, h4").Each(func(_ int, s *goquery.Selection) {
			l := int(goquery.NodeName(s)[1] - '0')
			if l > level+1 {
				t.Errorf("%s %q follows h%d", goquery.NodeName(s), s.Text(), level)
			}
			level = l
		})
		doc.Find("input:not([type=hidden])").Each(func(_ int, s *goquery.Selection) {
			want(t, s.Closest("label"), 1, "label of "+s.AttrOr("name", "?"))
		})
		doc.Find("svg:not([aria-hidden=true])").Each(func(_ int, s *goquery.Selection) {
			if s.AttrOr("role", "") != "img" || s.AttrOr("aria-label", "") == "" {
				t.Error("an icon that is not decoration has no name")
			}
		})
		doc.Find("th").Each(func(_ int, s *goquery.Selection) {
			if s.AttrOr("scope", "") == "" {
				t.Errorf("th %q has no scope", s.Text())
			}
		})
		seen := map[string]bool{}
		doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
			if id := s.AttrOr("id", ""); seen[id] {
				t.Errorf("id %q twice", id)
			} else {
				seen[id] = true
			}
		})
		doc.Find("[aria-describedby], [aria-labelledby]").Each(func(_ int, s *goquery.Selection) {
			if id := s.AttrOr("aria-describedby", s.AttrOr("aria-labelledby", "")); !seen[id] {
				t.Errorf("refers to %q, which is not there", id)
			}
		})
	})
}

func TestForms(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, doc *goquery.Document) {
		doc.Find("form").Each(func(_ int, s *goquery.Selection) {
			if m := s.AttrOr("method", ""); m != "get" && m != "post" {
				t.Errorf("method %q", m)
			}
			if s.AttrOr("action", "") == "" {
				t.Error("no action")
			}
			id, hidden := s.AttrOr("id", ""), 1
			if id == "device" {
				hidden = 0 // it carries nothing but what is typed
			}
			want(t, s.Find("input[type=hidden]"), hidden, "hidden fields")
			// Implicit submission presses the first submit button of the document: it must be the main one.
			first := doc.Find("button[form='" + id + "'], form#" + id + " button").First()
			if first.AttrOr("name", "") != "" && s.Find("input[type=password], input:not([type])").Length() > 0 {
				t.Errorf("Enter in a field presses %q", first.Text())
			}
		})
		doc.Find("button[form]").Each(func(_ int, s *goquery.Selection) {
			want(t, doc.Find("form#"+s.AttrOr("form", "")), 1, "form of button "+s.Text())
		})
		// A field that must be filled would stop the demo names from being sent without script.
		want(t, doc.Find("[required]"), 0, "required fields")
		doc.Find("button[type=button]").Each(func(_ int, s *goquery.Selection) {
			if s.Closest("[hidden]").Length() == 0 {
				t.Errorf("button %q does nothing without script, yet is shown", s.Text())
			}
		})
	})
}

// RFC 6749 §10.14: hostile text in names, scopes and messages stays text on every page.
func TestHostileText(t *testing.T) {
	t.Parallel()
	for name, sel := range map[string]string{
		"login": "h1 + p bdi:first-child", "consent": "h1", "picker": "label:first-of-type bdi", "code": "h1", "connections": "h2 bdi",
		"message": "dl dd", "start": "th b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := render(t, kinds(trial)[name])
			if got := doc.Find("main").Find(sel).First().Text(); got != trial {
				t.Errorf("%s reads %q", sel, got)
			}
			for _, in := range []string{"input[type=hidden]", "input[name=uname]", "button[name=revoke]", "[data-copy]", "input[name=account]"} {
				if s := doc.Find(in).First(); s.Length() > 0 && s.AttrOr("value", s.AttrOr("data-copy", "")) != trial {
					t.Errorf("%s holds %q", in, s.AttrOr("value", ""))
				}
			}
		})
	}
}

func TestHostileURL(t *testing.T) {
	t.Parallel()
	m := page.Message{Frame: frame(), Heading: "h", Text: "t", Link: page.Field{Name: "on", Value: " javascript:alert(1)"}}
	l := login("x")
	l.Action, l.Frame.Console = "javascript:alert(1)", "data:text/html,x"
	for name, p := range map[string]page.Page{"message": m, "login": l} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			render(t, p).Find("main a, .strip a, form").Each(func(_ int, s *goquery.Selection) {
				if u := s.AttrOr("href", s.AttrOr("action", "")); strings.Contains(u, ":") {
					t.Errorf("%s leads to %q", goquery.NodeName(s), u)
				}
			})
		})
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	total, served := 0, regexp.MustCompile(`^/s/p07/-/([a-z.]+)\?v=[0-9a-f]{12}$`)
	for name, limit := range map[string]int{"bank.css": 12 << 10, "start.css": 9000, "page.js": 4000} {
		body, kind, ok := page.Asset(name)
		if !ok || len(body) == 0 || len(body) > limit || !strings.HasSuffix(kind, "; charset=utf-8") {
			t.Errorf("%s: %d bytes of at most %d, %q, %v", name, len(body), limit, kind, ok)
		}
		total += len(body)
	}
	if total > 24<<10 {
		t.Errorf("assets have %d bytes", total)
	}
	if _, _, ok := page.Asset("../page.go"); ok {
		t.Error("an unknown name is served")
	}
	each(t, func(t *testing.T, doc *goquery.Document) {
		doc.Find("script[src], link[rel=stylesheet]").Each(func(_ int, s *goquery.Selection) {
			url := s.AttrOr("src", s.AttrOr("href", ""))
			m := served.FindStringSubmatch(url)
			if m == nil {
				t.Fatalf("asset URL %q", url)
			}
			if _, _, ok := page.Asset(m[1]); !ok {
				t.Errorf("%s is not there", m[1])
			}
		})
	})
}

func BenchmarkRenderLogin(b *testing.B) {
	p := login("bg-demo")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := page.Render(p); err != nil {
			b.Fatal(err)
		}
	}
}
