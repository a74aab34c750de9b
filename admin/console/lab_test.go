package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/flow"
)

const jumpForm = `form[action$="/do/moveClock"]:has(button:contains("Jump"))`

// walk presses Send until the walk is at its end, or at the step with this index; it says how many presses that took.
func (s *stage) walk(f *flow.Flow, client string, until int) *screen {
	s.t.Helper()
	p := s.screen("/admin/lab?bank=" + f.Bank + "&client=" + client)
	for i := 0; ; i++ {
		if f.Steps[i].Wait != "" {
			p = p.submit("article " + jumpForm)
		}
		if i == until {
			return p
		}
		if p.Find("#missing").Length() > 0 {
			s.t.Fatalf("%s, step %s: %s", f.Bank, f.Steps[i].Name, p.Find("#missing").Text())
		}
		p = p.submit(sendForm)
		if p.status != 200 || p.Find(".steps [aria-current].done").Length() != 1 {
			s.t.Fatalf("%s, step %s: %d\n%s", f.Bank, f.Steps[i].Name, p.status, p.Find("article").Text())
		}
		if i == len(f.Steps)-1 {
			return p
		}
		p = p.follow("article a[rel=next]")
	}
}

// flows are those that the sandbox offers.
func (s *stage) flows() []flow.Flow {
	var out []flow.Flow
	s.pull("GET", "/lab", nil).Want(200).Into(&out)
	return out
}

// Every bank's lab is walked to its end by pressing Send, with every client that can walk it.
func TestLabWalksEveryBank(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	all := s.flows()
	if len(all) != 5 {
		t.Fatalf("%d flows", len(all))
	}
	for i := range all {
		clients := []string{all[i].Client}
		if all[i].Bank == "berlin" {
			clients = append(clients, "bg-spa")
		}
		for _, client := range clients {
			s := open(t, server.Options{}, "")
			p := s.walk(&all[i], client, -1)
			if n := p.Find(".steps .done").Length(); n != len(all[i].Steps) {
				t.Errorf("%s by %s: %d of %d steps are done", all[i].Bank, client, n, len(all[i].Steps))
			}
			if got, want := p.Find("aside small.push").Text(), fmt.Sprintf("%d of %[1]d requests sent", len(all[i].Steps)); got != want {
				t.Errorf("%s by %s: %q, want %q", all[i].Bank, client, got, want)
			}
			var tokens struct{ Items []struct{ Kind string } }
			s.pull("GET", "/tokens?kind=access&bank="+all[i].Bank, nil).Want(200).Into(&tokens)
			if len(tokens.Items) == 0 {
				t.Errorf("%s by %s: no token at the end", all[i].Bank, client)
			}
		}
	}
}

// Every way to break a step is refused, and the page says for which check; mending it, the walk goes on.
func TestLabBreaks(t *testing.T) {
	t.Parallel()
	all := open(t, server.Options{}, "").flows()
	n := 0
	for _, f := range all {
		for i, step := range f.Steps {
			for _, b := range step.Breaks {
				n++
				t.Run(f.Bank+"/"+step.Name+"/"+b.Name, func(t *testing.T) {
					t.Parallel()
					for _, e := range b.Edits {
						if !strings.Contains(step.Request, e.Old) {
							t.Errorf("the request has no %q to edit", e.Old)
						}
					}
					s := open(t, server.Options{}, "")
					p := s.walk(&f, "", i).submit("#break", "break", b.Name)
					if !strings.Contains(p.Find("#broken").Text(), b.Title) {
						t.Fatalf("nothing is broken: %s", p.Find("article").Text())
					}
					switch {
					case b.Wait != "":
						p = p.submit("article " + jumpForm)
					case b.Lever == flow.Revoke:
						p = p.submit(`article form[action$="/do/revokeToken"]`)
					case b.Lever == flow.Unscope:
						p = p.submit(`article form[action$="/do/scopeToken"]`)
					}
					p = p.submit(sendForm)
					e := s.Last()
					if e.Kind == "" && e.Status < 400 {
						t.Fatalf("%s %s was let through: %d", e.Method, e.Target, e.Status)
					}
					if why := p.Find("article .why .no"); why.Length() != 1 || strings.TrimSpace(why.Find("span").First().Text()) == "" {
						t.Errorf("the page does not say why it was refused: %s", p.Find("article").Text())
					}
					if got := p.Find("article figure.code figcaption").First().Text(); !strings.Contains(got, "broken request, "+fmt.Sprint(e.Status)) {
						t.Errorf("caption %q, status %d", got, e.Status)
					}
					if p.follow(`#broken a`).Find("#broken").Length() != 0 {
						t.Error("it cannot be mended")
					}
				})
			}
		}
	}
	if n < 30 {
		t.Errorf("%d breaks", n)
	}
}

// A person may take the browser's steps in a browser; the bank sends it back into the walk.
func TestLabTakesTheBrowserBack(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	for _, f := range s.flows() {
		if f.User == "" {
			continue
		}
		i := 0
		for f.Steps[i].From != flow.Browser {
			i++
		}
		p := s.walk(&f, "", i)
		page := s.Browser().Get(strings.TrimPrefix(p.form(`article a[target=_blank]`).AttrOr("href", ""), s.URL()))
		for range 4 {
			if strings.Contains(page.URL.Path, "/admin/lab") {
				break
			}
			var pairs []string
			for _, name := range []string{"login", "uname"} {
				if page.Doc.Find("input[name="+name+"]").Length() > 0 {
					pairs = append(pairs, name, f.User)
				}
			}
			if otp := page.Doc.Find("button[name=demo]"); page.Doc.Find("input[name=otp]").Length() > 0 {
				pairs = append(pairs, "otp", otp.AttrOr("value", ""))
			}
			page = page.Submit(pairs...)
		}
		if page.Status != 200 || !strings.Contains(page.Doc.Find(".steps [aria-current]").Text(), "done") {
			t.Fatalf("%s: at %v\n%s", f.Bank, page.URL, page.Body)
		}
		back := s.screen(page.URL.RequestURI()).follow("article a[rel=next]").submit(sendForm)
		if back.Find(".steps [aria-current].done").Length() != 1 || len(s.Last().Tokens) == 0 {
			t.Errorf("%s: the code from the browser brought no token\n%s", f.Bank, back.Find("article").Text())
		}
	}
	if p := s.screen("/admin/lab/back"); p.at != "/admin/lab" {
		t.Errorf("nobody's code leads to %s", p.at)
	}
}

func TestLabShowsTheStep(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	p := s.screen("/admin/lab?bank=berlin&step=6&user=nobody&client=nobody&e=1.x.99999999999999999999")
	if p.Find("h1").Text() != "Flow lab" || p.Find(".steps [aria-current=step]").Text() != "Token" || p.Find("select[name=user] option[selected]").Text() != "jane" {
		t.Errorf("step %q of %q", p.Find(".steps [aria-current]").Text(), p.Find("select[name=user] option[selected]").Text())
	}
	if got := p.Find("#missing").Text(); !strings.Contains(got, "code") || !strings.Contains(got, "Allow") {
		t.Errorf("missing: %q", got)
	}
	if noscript := p.Find("header form button + noscript").Text(); !strings.Contains(noscript, "Press it after another choice") {
		t.Errorf("without script, Choose is explained by %q", noscript)
	}
	if all := p.Find(".seq .m").Length(); all != p.Find(".seq .m > span").Length() {
		t.Error("a label lets the lines behind it through")
	}
	if p.Find(".seq .m").Length() < 20 || p.Find(".seq .now").Length() != 2 {
		t.Errorf("%d messages, %d now", p.Find(".seq .m").Length(), p.Find(".seq .now").Length())
	}
	refused := p.submit(sendForm, "head", "no header")
	if refused.status != 422 || !strings.Contains(refused.Find("textarea[name=head][aria-invalid=true]").Parent().Find(".err").Text(), "Name: value") {
		t.Errorf("a bad head: %d %s", refused.status, refused.Find(".err").Text())
	}
	if refused := p.submit(sendForm, "path", "/admin/api/v1/reset"); refused.status != 422 || !strings.Contains(refused.Find(".err").Text(), "no bank's path") {
		t.Errorf("a lever by the lab: %d %s", refused.status, refused.Find(".err").Text())
	}
	const evil = `"><script>x</script>`
	if p := s.screen("/admin/lab?redirect=" + url.QueryEscape(evil) + "&step=1"); p.Find("main script").Length() != 0 || !strings.Contains(p.Find(`textarea[name=path]`).Text(), "%22%3E%3Cscript%3E") {
		t.Errorf("the redirect URI stands as %q", p.Find(`textarea[name=path]`).Text())
	}
	own := s.screen("/admin/lab?bank=yoisho").submit("details form", "redirect", "https://my.example/cb")
	if got := own.Find("details code").Text(); !strings.Contains(got, "redirect_uri=https://my.example/cb") {
		t.Errorf("the link of one's own app: %s", got)
	}
	picture := s.Get("/admin/lab?bank=s2s&as=svg").Want(200)
	if picture.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(picture.Header.Get("Content-Disposition"), "s2s.svg") || strings.Contains(picture.Body, ">Browser<") || !strings.Contains(picture.Body, `paint-order="stroke"`) {
		t.Errorf("the picture: %v %s", picture.Header, picture.Body)
	}
	s.pull("POST", "/spaces", object{"names": []string{"p07"}}).Want(201)
	in := s.screen("/s/p07/admin/lab?bank=s2s").submit(sendForm)
	if in.Find(".steps .done").Length() != 1 || !strings.HasPrefix(in.at, "/s/p07/admin/lab") {
		t.Errorf("in a space: at %s", in.at)
	}
}

func BenchmarkLab(b *testing.B) {
	s := open(b, server.Options{}, "")
	all := s.flows()
	at := s.walk(&all[1], "", 6).at
	for b.Loop() {
		if a := s.Get(at); a.Status != http.StatusOK {
			b.Fatal(a.Status)
		}
	}
}
