package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/servertest/chromium"
)

// app is the client's side of a flow: it notes where the browser comes back to.
func app(t testing.TB) (uri string, back <-chan url.Values) {
	t.Helper()
	came := make(chan url.Values, 8)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cb" {
			r.ParseForm()
			r.Form.Set("by", r.Method+" from "+r.Header.Get("Origin"))
			came <- r.Form
		}
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!doctype html><title>the app</title><link rel=icon href=data:,><h1 id=app>back in the app</h1>"))
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/cb", came
}

// typeCode types the code that the strip shows.
func typeCode(field chromedp.CSS) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		shown, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("aside button[name=demo]")))
		if err != nil {
			return err
		}
		return chromedp.Do(ctx, chromedp.SendKeys(field, strings.TrimSpace(shown)))
	})
}

// logins are the browser's ways to a code, one per bank with pages: what to click before the login form, and after it.
var logins = []struct {
	bank, authorize, user string
	first, then           []chromedp.CSS
	code                  chromedp.CSS // the field for the code that the strip shows; empty: there is none
}{
	{"yoisho", "/account/authorize?client_id=7b6fc8ed5127b0b2f076d", "uname", nil, nil, ""},
	{"berlin", "/oauth2/authorize?client_id=bg-demo", "login", nil, []chromedp.CSS{"#consent button.go"}, ""},
	{"sparebank1", "/oauth/authorize?client_id=sb1-demo", "login", []chromedp.CSS{"main button.go"}, []chromedp.CSS{"#code button.go"}, "#code input[autocomplete=one-time-code]"},
}

// A person logs in at every bank in a real browser, with and without JavaScript, and lands in the app with a code.
func TestBrowserLogins(t *testing.T) {
	browser := chromium.Start(t)
	for _, script := range []bool{true, false} {
		for _, l := range logins {
			name := l.bank
			if !script {
				name += " without script"
			}
			t.Run(name, func(t *testing.T) {
				box := servertest.Start(t, server.Options{})
				uri, back := app(t)
				tab, cancel := chromedp.NewContext(browser)
				defer cancel()
				messages := chromedp.Console(tab)
				if err := chromedp.Do(tab, chromium.Scripts(script)); err != nil {
					t.Fatal(err)
				}
				limited, stop := context.WithTimeout(tab, 90*time.Second) // real time: another process, on a machine that may be busy
				defer stop()
				steps := []chromedp.Action[chromedp.Void]{chromedp.Navigate(box.URL() + l.authorize + "&response_type=code&state=s%20%26&redirect_uri=" + url.QueryEscape(uri))}
				for _, click := range l.first {
					steps = append(steps, chromedp.WaitVisible(click), chromium.Shot(name+"-first"), chromedp.Click(click))
				}
				user := chromedp.CSS("input[name=" + l.user + "]")
				steps = append(steps, chromedp.WaitVisible(user), chromedp.SendKeys(user, "dave"), chromedp.SendKeys(chromedp.CSS("input[type=password]"), "anything"),
					chromium.Shot(name+"-login"), chromedp.Click(chromedp.CSS("#login button.go")))
				if l.code != "" {
					steps = append(steps, chromedp.WaitVisible(l.code), typeCode(l.code))
				}
				for _, click := range l.then {
					steps = append(steps, chromedp.WaitVisible(click), chromium.Shot(name+"-then"), chromedp.Click(click))
				}
				steps = append(steps, chromedp.WaitVisible(chromedp.CSS("h1#app")))
				if err := chromedp.Do(limited, steps...); err != nil {
					t.Fatalf("%v; last in the journal: %s %s", err, box.Last().Target, box.Last().Why)
				}
				select {
				case got := <-back:
					if got.Get("code") == "" || (l.bank != "yoisho" && got.Get("state") != "s &") {
						t.Errorf("came back with %v", got)
					}
				case <-limited.Done():
					t.Error("the browser never came back to the app")
				}
				cancel()
				for m, err := range messages {
					if err != nil {
						break
					}
					if (m.Type == "error" || m.IsException()) && !strings.Contains(m.URL, "favicon") {
						t.Errorf("the console says: %s", m)
					}
				}
			})
		}
	}
}

// An answer by a form leaves the bank by itself, in spite of the page's policy; without script it takes a click.
func TestBrowserSendsTheAnswer(t *testing.T) {
	browser := chromium.Start(t)
	box := servertest.Start(t, server.Options{})
	for name, script := range map[string]bool{"by itself": true, "without script": false} {
		t.Run(name, func(t *testing.T) {
			uri, back := app(t)
			tab, cancel := chromedp.NewContext(browser)
			defer cancel()
			limited, stop := context.WithTimeout(tab, 90*time.Second) // real time, as above
			defer stop()
			steps := []chromedp.Action[chromedp.Void]{chromium.Scripts(script),
				chromedp.Navigate(box.URL() + "/berlin/oauth2/authorize?client_id=bg-demo&response_type=none&response_mode=form_post&state=s&redirect_uri=" + url.QueryEscape(uri))}
			if !script {
				steps = append(steps, chromedp.WaitVisible(chromedp.CSS("#handover")), chromium.Shot("handover"), chromedp.Click(chromedp.CSS("#handover button.go")))
			}
			if err := chromedp.Do(limited, append(steps, chromedp.WaitVisible(chromedp.CSS("h1#app")))...); err != nil {
				t.Fatal(err)
			}
			if got := <-back; got.Get("error") != "unsupported_response_type" || got.Get("state") != "s" || got.Get("by") != "POST from "+box.URL() {
				t.Errorf("%v", got)
			}
		})
	}
}
