package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/gofiber/fiber/v3"

	"sandbank/admin"
	"sandbank/admin/console"
	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/servertest/chromium"
	"sandbank/server/world"
)

// stage is a sandbox with a console on it, some traffic behind it, and one of everything that a page can be about.
type stage struct {
	*servertest.Sandbox
	t     testing.TB
	world *world.World
	shown sightings
	holes map[string]string // what stands for {names} in the paths of pages, by "pattern name" or by name
}

const demo, demoSecret = "7b6fc8ed5127b0b2f076d", "724e6890757b0ae624684b70e111b705fe6b050c"

func open(t testing.TB, o server.Options, key string) *stage {
	t.Helper()
	s := &stage{t: t}
	o.Admin = func(in server.Inside) func(fiber.Ctx, *world.Space, string, string) error {
		s.world = in.World
		a := admin.Options{World: in.World, Banks: in.Banks, Version: in.Version, Secure: in.Secure, Origin: in.Origin, Life: in.Life, Replay: in.Replay, Flows: in.Flows, Key: key}
		a.Refusals = func() []admin.Refusal {
			var out []admin.Refusal
			for _, r := range in.Refusals() {
				out = append(out, admin.Refusal(r))
			}
			return out
		}
		for _, o := range in.Operations {
			a.Operations = append(a.Operations, admin.Operation(o))
		}
		return console.Watched(admin.New(a), s.shown.saw).Serve
	}
	s.Sandbox = servertest.Start(t, o)
	return s
}

// pull calls the admin API.
func (s *stage) pull(method, path string, body any) *servertest.Answer {
	s.t.Helper()
	text := ""
	if body != nil {
		p, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		text = string(p)
	}
	return s.Do(method, admin.Prefix+path, text)
}

// token walks a Yoisho flow.
func (s *stage) token() string {
	s.t.Helper()
	a := s.Get("/account/loggedin?uname=dave&psw=x&client_id=" + demo + "&redirect=http://127.0.0.1:9/cb").Want(303)
	_, code, _ := strings.Cut(a.Header.Get("Location"), "code=")
	return s.Get("/account/access_token?code=" + code + "&client_id=" + demo + "&client_secret=" + demoSecret).Want(200).Text("access_token")
}

type object = map[string]any

// furnish lets things happen, so that no page is empty.
func (s *stage) furnish() *stage {
	s.t.Helper()
	first := s.token()
	s.Get("/account/info", servertest.Bearer(first)).Want(200)
	s.pull("POST", "/clock", object{"advance": "61s"}).Want(200)
	s.Get("/account/info", servertest.Bearer(first)).Want(400)
	s.Get("/account/balance", servertest.Bearer(s.token())).Want(200)
	s.Get("/v1/accounts", servertest.Bearer("nobody's")).Want(401)
	s.pull("POST", "/faults", object{"line": "bank=berlin; op=*; status=503; next=2"}).Want(201)
	var tokens, consents struct{ Items []struct{ ID string } }
	s.pull("POST", "/consents", object{"bank": "berlin", "client": "bg-demo", "user": "jane"}).Want(201)
	s.pull("POST", "/snapshots", object{"name": "clean"}).Want(201)
	s.pull("GET", "/tokens", nil).Want(200).Into(&tokens)
	s.pull("GET", "/consents", nil).Want(200).Into(&consents)
	s.holes = map[string]string{"tokens/{id}": tokens.Items[0].ID, "consents/{id}": consents.Items[0].ID, "snapshots/{id}": "1", "spaces/{name}": "main",
		"inspector/{id}": fmt.Sprint(s.Last().ID), "bank": "yoisho", "clients/{bank}/{id}": demo, "scenarios/{id}": "E30", "faults/{id}": "f_1",
		"users/{id}": "yoisho/dave", "login": "dave"}
	return s
}

// paths are all pages, with something in their holes. A page whose hole nothing is known for fails the test: it would go untested.
func (s *stage) paths() []string {
	s.t.Helper()
	var out []string
	for _, pattern := range console.Paths() {
		path := pattern
		for strings.Contains(path, "{") {
			from, to := strings.Index(path, "{"), strings.Index(path, "}")
			name := path[from+1 : to]
			value, ok := s.holes[pattern]
			if own, has := s.holes[name]; has {
				value, ok = own, true
			}
			if !ok {
				for _, p := range slices.Sorted(maps.Keys(s.holes)) {
					if strings.HasPrefix(pattern, strings.TrimSuffix(p, "{id}")) && strings.HasSuffix(p, "{id}") {
						value, ok = s.holes[p], true
					}
				}
			}
			if !ok {
				s.t.Fatalf("page %s: nothing is known to put in {%s}", pattern, name)
			}
			path = path[:from] + url.PathEscape(value) + path[to+1:]
		}
		out = append(out, strings.TrimSuffix("/admin/"+path, "/"))
	}
	return out
}

// tab is a browser tab that fails the test for what its console says.
func (s *stage) tab(browser context.Context, name string, script bool) context.Context {
	s.t.Helper()
	tab, cancel := chromedp.NewContext(browser)
	messages := chromedp.Console(tab)
	if err := chromedp.Do(tab, chromium.Scripts(script)); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		cancel()
		for m, err := range messages {
			if err != nil {
				break
			}
			if m.Type == "error" || m.IsException() {
				s.t.Errorf("%s: the browser's console says: %s", name, m)
			}
		}
	})
	limited, stop := context.WithTimeout(tab, time.Duration(3+len(console.Paths())/4)*chromium.Patience) // a test may visit every page
	s.t.Cleanup(stop)
	return limited
}

// scheme makes the browser prefer a theme.
func scheme(value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}})
		return err
	})
}

// probe is what is looked at on every page: how far it is too wide, what it loaded from elsewhere, its headings, what cannot be reached
// by keyboard, and ids that are there twice.
const probe = `(() => {
	const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
	const away = performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin));
	const ids = [...document.querySelectorAll('[id]')].map(e => e.id), twice = ids.filter((id, i) => ids.indexOf(id) !== i);
	const nameless = [...document.querySelectorAll('main a, main button, main input:not([type=hidden]), main select, main textarea')].filter(e =>
		e.tabIndex < 0 || !(e.getAttribute('aria-label') || e.title || e.textContent.trim() || e.closest('label') || e.labels?.length || e.querySelector('[aria-label]'))).map(e => e.outerHTML.slice(0, 120));
	const styled = document.querySelectorAll('[style]').length;
	return JSON.stringify({wide, away, twice, nameless, h1: document.querySelectorAll('main h1').length, styled});
})()`

func TestEveryPageInTheBrowser(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	s := open(t, server.Options{}, "").furnish()
	tab := s.tab(browser, "pages", true)
	for _, path := range s.paths() {
		name := strings.Trim(strings.TrimPrefix(path, "/admin"), "/")
		if err := chromedp.Do(tab, chromedp.Navigate(s.URL()+path), chromedp.WaitVisible(chromedp.CSS("main h1"))); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, width := range []int64{1440, 768, 320} {
			for _, theme := range []string{"light", "dark"} {
				if theme == "dark" && width == 768 {
					continue
				}
				steps := []chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(width, 900), scheme(theme), chromium.Shot(fmt.Sprintf("%s %d %s", name, width, theme))}
				if err := chromedp.Do(tab, steps...); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
			}
			text, err := chromedp.Run(tab, chromedp.Evaluate[string](probe))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			var seen struct {
				Wide           float64
				Away, Nameless []string
				Twice          []string
				H1, Styled     int
			}
			if err := json.Unmarshal([]byte(text), &seen); err != nil {
				t.Fatal(err)
			}
			if seen.Wide > 0 || len(seen.Away) > 0 || len(seen.Nameless) > 0 || len(seen.Twice) > 0 || seen.H1 != 1 || seen.Styled > 0 {
				t.Errorf("%s at %d: %s", path, width, text)
			}
		}
	}
}

// axe-core finds what breaks accessibility for sure. It comes from npm, in CI only.
func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	file := os.Getenv("SANDBANK_AXE")
	if file == "" {
		chromium.Optional(t, "no axe-core: set SANDBANK_AXE to axe.min.js of the npm package axe-core")
	}
	axe, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	browser := chromium.Start(t)
	s := open(t, server.Options{}, "").furnish()
	tab := s.tab(browser, "axe", true)
	// A theme changes colours and nothing else: the dark one is asked for its contrast alone. A page that was scrolled to its opened row has
	// half a line under the bar, as any page that somebody scrolls.
	for _, path := range s.paths() {
		if err := chromedp.Do(tab, chromedp.Navigate(s.URL()+path), chromedp.WaitVisible(chromedp.CSS("main h1")), chromedp.Evaluate[chromedp.Void](string(axe)), chromedp.Evaluate[chromedp.Void]("scrollTo(0, 0)")); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for theme, rules := range map[string]string{
			"light": `{type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}`,
			"dark":  `{type: 'rule', values: ['color-contrast']}`,
		} {
			if err := chromedp.Do(tab, scheme(theme)); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			found, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ['violations'], runOnly: `+rules+`}).then(r =>
				r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message || '')).join(' | ')))`,
				chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			for _, f := range found {
				t.Errorf("%s in %s: %s", path, theme, f)
			}
		}
	}
}

// What users typed anywhere comes out as text on every page.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	s := open(t, server.Options{}, "").furnish()
	const evil = `"><img src=x onerror="window.hit=1"><script>window.hit=1</script>'{{7*7}}`
	s.pull("POST", "/clients", object{"bank": "berlin", "id": "evil", "name": evil, "redirectUris": []string{"https://evil.example/cb?x=%22%3E%3Cscript%3E"}}).Want(201)
	s.pull("POST", "/snapshots", object{"name": `"><script>window.hit=1</script>`}).Want(201)
	s.Get("/v1/accounts?q="+url.QueryEscape(evil), servertest.Header("User-Agent", evil), servertest.Bearer("x"), servertest.Header("X-Evil", evil))
	s.Get("/account/loggedin?psw=x&uname=" + url.QueryEscape(evil) + "&client_id=" + demo + "&redirect=" + url.QueryEscape("http://127.0.0.1:9/cb?a=<script>window.hit=1</script>"))
	tab := s.tab(browser, "hostile", true)
	for _, path := range append(s.paths(), "/admin/inspector/"+fmt.Sprint(s.Last().ID), "/admin/clients/berlin/evil", "/admin/palette?q="+url.QueryEscape(evil),
		"/admin/tokens?q="+url.QueryEscape("user:"+evil)) {
		if err := chromedp.Do(tab, chromedp.Navigate(s.URL()+path), chromedp.WaitVisible(chromedp.CSS("main h1"))); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		hit, err := chromedp.Run(tab, chromedp.Evaluate[bool]("window.hit === 1 || !!document.querySelector('main img[src=x]')"))
		if err != nil || hit {
			t.Errorf("%s lets a script in, %v", path, err)
		}
	}
}

// Two consoles in two browsers see each other's changes without anybody reloading.
func TestConsolesSeeEachOther(t *testing.T) {
	s := open(t, server.Options{}, "").furnish()
	a, b := s.tab(chromium.Start(t), "first", true), s.tab(chromium.Start(t), "second", true)
	for _, tab := range []context.Context{a, b} {
		if err := chromedp.Do(tab, chromedp.Navigate(s.URL()+"/admin/tokens?state=live"), chromedp.WaitVisible(chromedp.CSS(".k-expire button"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := chromedp.Do(b, chromedp.Evaluate[chromedp.Void](`new Promise(done => { const wait = () => performance.getEntriesByType('resource').some(e => e.name.includes('stream')) ? done() : setTimeout(wait, 50); setTimeout(done, 1500); wait(); })`, chromedp.EvalAwaitPromise)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := chromedp.Do(a, chromedp.Click(chromedp.CSS(".k-expire button"))); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(b, chromedp.Poll[bool]("!document.querySelector('.k-expire button')", chromedp.WithPollingTimeout(chromium.Patience))); err != nil {
		t.Fatalf("the second console never saw it: %v", err)
	}
	t.Logf("seen by the other console after %v", time.Since(began).Round(time.Millisecond))
}

// Whatever has become of a token, it has a page.
func TestEveryTokenHasAPage(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	s.pull("POST", "/tokens/revoke", object{"ids": []string{s.holes["tokens/{id}"]}}).Want(200)
	s.pull("POST", "/tokens", object{"bank": "yoisho", "client": demo, "user": "dave"}).Want(201)
	var list struct{ Items []struct{ ID, State string } }
	s.pull("GET", "/tokens", nil).Want(200).Into(&list)
	states := map[string]bool{}
	for _, one := range list.Items {
		states[one.State] = true
		page := s.Get("/admin/tokens/" + one.ID).Want(200)
		if !strings.Contains(page.Body, `id="open-`+one.ID) || !strings.Contains(page.Body, one.State) {
			t.Errorf("%s, %s: the page does not show it", one.ID, one.State)
		}
	}
	for _, want := range []string{"spent", "expired", "revoked", "live"} {
		if !states[want] {
			t.Errorf("no token is %s: %v", want, states)
		}
	}
}
