package grant_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

func polls(g *grant.Grants, d *grant.Device, at time.Time) (*grant.Issued, error) {
	return g.Poll(grant.Poll{Bank: "b", Client: "app", Code: d.Code, Refresh: func(*grant.Authorization) bool { return true }}, at, nil)
}

func allowed(g *grant.Grants) *grant.Device {
	d := g.AddDevice(grant.Request{Bank: "b", Client: "app", Scope: "read"}, now)
	g.AllowDevice(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Scope: "read", Type: grant.DeviceCode}, d.UserCode)
	return d
}

// RFC 8628 §3.5: of many polls at once one gets the tokens, the others invalid_grant.
func TestDeviceCodeIsForOneUse(t *testing.T) {
	t.Parallel()
	g := book()
	d := allowed(g)
	var wait sync.WaitGroup
	issued := make([]*grant.Issued, 64)
	for i := range issued {
		wait.Go(func() {
			var err error
			if issued[i], err = polls(g, d, now); err != nil && !fail.Is(err, fail.InvalidGrant) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	n := 0
	for _, one := range issued {
		if one != nil {
			n++
			if one.Grant.Type != grant.DeviceCode || one.Owner != "b/dave" || one.Refresh == nil {
				t.Errorf("%+v", one)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d polls got tokens", n)
	}
}

// A consent that ends, or a user who is barred, between the answer and the next poll brings no tokens.
func TestDeviceIsRefusedWhatEndedMeanwhile(t *testing.T) {
	t.Parallel()
	g := book()
	d := allowed(g)
	_, err := g.Poll(grant.Poll{Bank: "b", Client: "app", Code: d.Code, Refresh: func(*grant.Authorization) bool { return true },
		Barred: func(string) string { return "locked" }}, now, nil)
	if !fail.Is(err, fail.InvalidGrant) {
		t.Errorf("barred: %v", err)
	}
	consent := g.AddConsent(grant.Consent{ID: "c", Bank: "b", Client: "app", Until: now.Add(time.Hour), Created: now, Stored: grant.Received})
	if _, err := g.AllowConsent(consent.ID, "b/dave", nil, now); err != nil {
		t.Fatal(err)
	}
	d = g.AddDevice(grant.Request{Bank: "b", Client: "app"}, now)
	g.AllowDevice(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave", Consent: consent.ID}, d.UserCode)
	g.EndConsent(consent.ID, grant.RevokedByPSU, "user", "taken back", now)
	if _, err := polls(g, d, now); !fail.Is(err, fail.InvalidGrant) {
		t.Errorf("consent gone: %v", err)
	}
}

// A login that ends otherwise than by being allowed denies its device; one that was allowed stays so.
func TestAnswerOfARequestSettlesItsDevice(t *testing.T) {
	t.Parallel()
	g := book()
	d := g.AddDevice(grant.Request{Bank: "b", Client: "app"}, now)
	r := g.Begin(grant.Request{Bank: "b", Client: "app", Device: d.UserCode, Ends: now.Add(time.Minute)}, now)
	if !r.Ends.Equal(now.Add(time.Minute)) {
		t.Errorf("the pages end at %s, the device a minute after %s", r.Ends, now)
	}
	if _, err := g.Answer(r.ID, func(*grant.Request) (string, string) { return "/done?error=access_denied", "" }); err != nil {
		t.Fatal(err)
	}
	if _, err := polls(g, d, now); !fail.Is(err, fail.AccessDenied) {
		t.Error(err)
	}
	if _, err := g.Device("b", d.UserCode, now); !fail.Is(err, fail.NotFound) {
		t.Errorf("an answered code is found: %v", err)
	}
}

// While the clock stands neither pushed requests nor devices end, and still they do not grow without bound.
func TestPushedRequestsAndDevicesAreBounded(t *testing.T) {
	t.Parallel()
	g := book()
	g.Limit(100)
	for range 500 {
		p, d := g.Push("b", "app", "state=1", now), g.AddDevice(grant.Request{Bank: "b", Client: "app"}, now)
		if h := g.Holding(); h.Pushed > h.MostPages || h.Devices > h.MostPages {
			t.Fatalf("%+v", h)
		}
		if _, err := g.Pushed("b", "app", p.URI, now); err != nil {
			t.Fatalf("the newest went: %v", err)
		}
		if _, err := g.Device("b", d.UserCode, now); err != nil {
			t.Fatalf("the newest went: %v", err)
		}
	}
	g.Sweep(now.Add(2*time.Hour), 100)
	if h := g.Holding(); h.Pushed != 0 || h.Devices != 0 || h.Shed < 900 {
		t.Errorf("long afterwards: %+v", h)
	}
}

func TestReadUserCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"BCDF-GHJK": "BCDFGHJK", "bcdfghjk": "BCDFGHJK", " bcdf ghjk\t": "BCDFGHJK", "B.C.D.F_G,H-J–K": "BCDFGHJK", "wxzv-tsrq": "WXZVTSRQ",
		"": "", "BCDF-GHJ": "", "BCDF-GHJKL": "", "ABCD-EFGH": "", "1234-5678": "", "BCDF-GHJÉ": "", "BCDF/GHJK": "", "ſſſſſſſſ": "",
		"BCDFGHJK" + strings.Repeat("-", 60): "",
	} {
		if got, ok := grant.ReadUserCode(text); ok != (want != "") || ok && got != want {
			t.Errorf("%q is read as %q, %v", text, got, ok)
		}
	}
}

// Whatever is typed is a user code of eight letters or none, and a code is read as it is shown.
func FuzzReadUserCode(f *testing.F) {
	for _, seed := range []string{"BCDF-GHJK", "bcdfghjk", "", "----", "BCDF–GHJK", "\x00\xff", "BCDF-GHJKL", "ſ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := grant.ReadUserCode(text)
		if !ok {
			return
		}
		if len(code) != 8 || strings.Trim(code, "BCDFGHJKLMNPQRSTVWXZ") != "" {
			t.Errorf("%q is read as %q", text, code)
		}
		if again, ok := grant.ReadUserCode(grant.ShowUserCode(code)); !ok || again != code {
			t.Errorf("%q is shown as %q and read as %q", code, grant.ShowUserCode(code), again)
		}
	})
}
