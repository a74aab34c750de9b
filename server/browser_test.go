package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"sandbank/server"
	"sandbank/server/servertest"
)

// optional skips a test that needs what a bare machine has not, and fails it where everything is meant to be there.
func optional(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("SANDBANK_CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// chromium starts a real browser; its tabs are contexts made from what is returned.
func chromium(t testing.TB) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		optional(t, "no chromium on this machine: the browser tests need Debian's package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// app is the client's side of a flow: it notes where the browser comes back to.
func app(t testing.TB) (uri string, back <-chan url.Values) {
	t.Helper()
	came := make(chan url.Values, 8)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cb" {
			came <- r.URL.Query()
		}
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!doctype html><title>the app</title><link rel=icon href=data:,><h1 id=app>back in the app</h1>"))
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/cb", came
}

// shot keeps a picture of the page when SANDBANK_SHOTS names a directory.
func shot(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		dir := os.Getenv("SANDBANK_SHOTS")
		if dir == "" {
			return nil
		}
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".png"), png, 0o600)
	})
}

// scripts switches JavaScript on or off.
func scripts(on bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
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
	browser := chromium(t)
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
				if err := chromedp.Do(tab, scripts(script)); err != nil {
					t.Fatal(err)
				}
				limited, stop := context.WithTimeout(tab, 90*time.Second) // real time: another process, on a machine that may be busy
				defer stop()
				steps := []chromedp.Action[chromedp.Void]{chromedp.Navigate(box.URL() + l.authorize + "&response_type=code&state=s%20%26&redirect_uri=" + url.QueryEscape(uri))}
				for _, click := range l.first {
					steps = append(steps, chromedp.WaitVisible(click), shot(name+"-first"), chromedp.Click(click))
				}
				user := chromedp.CSS("input[name=" + l.user + "]")
				steps = append(steps, chromedp.WaitVisible(user), chromedp.SendKeys(user, "dave"), chromedp.SendKeys(chromedp.CSS("input[type=password]"), "anything"),
					shot(name+"-login"), chromedp.Click(chromedp.CSS("#login button.go")))
				if l.code != "" {
					steps = append(steps, chromedp.WaitVisible(l.code), typeCode(l.code))
				}
				for _, click := range l.then {
					steps = append(steps, chromedp.WaitVisible(click), shot(name+"-then"), chromedp.Click(click))
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
