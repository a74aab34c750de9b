// Package chromium drives a real browser in tests: Debian's chromium, headless. On a machine without it a test skips, and says why; where
// SANDBANK_CI is set it fails instead, because there everything is meant to be installed.
package chromium

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Patience is how long a browser may take for a walk, in real time: it is another process, on a machine that may be busy.
const Patience = 90 * time.Second

// Optional skips a test that needs what a bare machine has not, and fails it where everything is meant to be there.
func Optional(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("SANDBANK_CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Start starts a browser; its tabs are contexts made from what is returned, by chromedp.NewContext.
func Start(t testing.TB, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		Optional(t, "no chromium on this machine: the browser tests need Debian's package chromium")
	}
	all := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(all, options...)...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// Shot keeps a picture of the page when SANDBANK_SHOTS names a directory.
func Shot(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		dir := os.Getenv("SANDBANK_SHOTS")
		if dir == "" {
			return nil
		}
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, strings.NewReplacer(" ", "-", "/", "-").Replace(name)+".png"), png, 0o600)
	})
}

// Scripts switches JavaScript on or off.
func Scripts(on bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}
