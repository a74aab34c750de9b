package standard_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/grant"
	"sandbank/server/servertest"
)

// device is a device that has asked, and its user.
type device struct {
	at
	box            *servertest.Sandbox
	code, userCode string
}

func asks(box *servertest.Sandbox, b at, pairs ...string) *device {
	a := box.Post("/"+b.bank+"/oauth2/device_authorization", form(append([]string{"client_id", b.client}, pairs...)...)).Want(200)
	return &device{b, box, a.Text("device_code"), a.Text("user_code")}
}

// polls asks at the token endpoint.
func (d *device) polls() *servertest.Answer {
	return d.box.Post(d.token, form("grant_type", grant.DeviceCode, "device_code", d.code), d.basic())
}

// told polls, and is the error that comes back.
func (d *device) told() string {
	if a := d.polls(); a.Status == 400 {
		return a.Text("error")
	} else {
		return a.Body
	}
}

// types opens the page in a new browser and types the user code there.
func (d *device) types(code string) *servertest.Page {
	return d.box.Browser().Get("/"+d.bank+"/oauth2/device").Submit("user_code", code)
}

// RFC 8628 §3.2: the answer has device_code, user_code, verification_uri, verification_uri_complete, expires_in and interval.
// RFC 8628 §3.3: the user types the code at verification_uri, and logs in on the bank's own pages.
// RFC 8628 §3.5: authorization_pending until the user has allowed; then tokens, once.
// RFC 8628 §5.2: device codes cannot be guessed.
func TestDeviceGetsTokens(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		a := box.Post("/"+b.bank+"/oauth2/device_authorization", form("client_id", b.client)).Want(200)
		got, page := a.JSON(), box.URL()+"/"+b.bank+"/oauth2/device"
		if got["verification_uri"] != page || got["verification_uri_complete"] != page+"?user_code="+a.Text("user_code") ||
			got["expires_in"] != json.Number("600") || got["interval"] != json.Number("5") || a.Header.Get("Cache-Control") != "no-store" || len(a.Text("device_code")) < 8+43 {
			t.Errorf("%s, %v", a.Body, a.Header)
		}
		d := &device{b, box, a.Text("device_code"), a.Text("user_code")}
		if told := d.told(); told != "authorization_pending" {
			t.Errorf("before its user came: %s", told)
		}
		login := d.types(strings.ToLower(strings.ReplaceAll(d.userCode, "-", " ")))
		if told := d.told(); told != "authorization_pending" {
			t.Errorf("while its user logs in: %s", told)
		}
		done := b.login(login)
		if done.Away != nil || done.Status != 200 || !strings.Contains(done.Doc.Find("h1").Text(), "back to your device") || done.URL.Path != "/"+b.bank+"/oauth2/device/done" {
			t.Fatalf("the user ends at %s: %d\n%s", done.URL, done.Status, done.Body)
		}
		if strings.Contains(done.URL.String(), "code=") {
			t.Errorf("the browser was given a code: %s", done.URL)
		}
		tokens := d.polls().Want(200)
		tokens.Text("access_token")
		if told := d.told(); told != "invalid_grant" {
			t.Errorf("the second time: %s", told)
		}
		if b.refreshes {
			box.Post(b.token, form("grant_type", "refresh_token", "refresh_token", tokens.Text("refresh_token")), b.basic()).Want(200)
		} else if _, has := tokens.JSON()["refresh_token"]; has {
			t.Errorf("a bank without refresh tokens gave one: %s", tokens.Body)
		}
		if p := box.Browser().Get(done.URL.String()); p.Status != 403 {
			t.Errorf("another browser sees the end: %d", p.Status)
		}
	})
}

// RFC 8707 §2.2: a poll for more than the user allowed is invalid_target, and the device code stays good.
func TestDevicePollForMoreSpendsNothing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		bank := box.URL() + "/" + b.bank
		d := asks(box, b, "resource", bank+"/v1")
		b.login(d.types(d.userCode))
		for _, wide := range []string{bank, "https://elsewhere.example/"} {
			a := box.Post(b.token, form("grant_type", grant.DeviceCode, "device_code", d.code, "resource", wide), b.basic()).Want(400)
			if a.Text("error") != "invalid_target" {
				t.Errorf("%s: %s", wide, a.Body)
			}
		}
		d.polls().Want(200)
	})
}

// RFC 8628 §3.3.1: verification_uri_complete fills the code in, and begins nothing before the user confirms it.
func TestDeviceLinkAsksFirst(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		d := asks(box, b)
		page := box.Browser().Get("/" + b.bank + "/oauth2/device?user_code=" + d.userCode)
		field := page.Want(200)
		if got := page.Doc.Find("input[name=user_code]").AttrOr("value", ""); got != d.userCode || page.Doc.Find("input[type=password]").Length() != 0 {
			t.Errorf("the page has %q\n%s", got, field.Body)
		}
		if done := b.login(page.Submit()); done.Status != 200 {
			t.Errorf("confirmed: %d", done.Status)
		}
		d.polls().Want(200)
	})
}

// RFC 8628 §3.5: access_denied when the user says no, also to who asks again; the user is not sent anywhere.
func TestDeviceIsDenied(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		d := asks(box, b)
		done := b.deny(d.types(d.userCode))
		if done.Away != nil || done.Status != 200 || !strings.Contains(done.Doc.Find("h1").Text(), "no access") {
			t.Fatalf("the user ends at %s: %d", done.URL, done.Status)
		}
		for range 2 {
			if told := d.told(); told != "access_denied" {
				t.Errorf("told %s", told)
			}
		}
		if again := d.types(d.userCode); again.Status != 400 {
			t.Errorf("the code was taken again: %d", again.Status)
		}
	})
}

// RFC 8628 §3.5: slow_down to who polls before the interval is over, by the sandbox's clock, and five seconds more from then on.
func TestDeviceIsSlowedDown(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		d := asks(box, b)
		for i, tt := range []struct {
			after time.Duration
			want  string
		}{
			{0, "authorization_pending"},
			{5 * time.Second, "authorization_pending"},
			{5*time.Second - time.Nanosecond, "slow_down"},  // 10 s from now on
			{10*time.Second - time.Nanosecond, "slow_down"}, // 15 s
			{15 * time.Second, "authorization_pending"},
			{14 * time.Second, "slow_down"}, // 20 s
			{20 * time.Second, "authorization_pending"},
		} {
			box.Advance(tt.after)
			if told := d.told(); told != tt.want {
				t.Errorf("poll %d, after %s: %s, want %s", i, tt.after, told, tt.want)
			}
		}
		b.login(d.types(d.userCode))
		box.Advance(time.Second)
		d.polls().Want(200) // slow_down is a kind of pending: what was allowed is not held back
	})
}

// A clock that stands shows no time between two polls, and slows nobody down.
func TestDevicePollsOnAFrozenClock(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		d := asks(box, b)
		for i := range 20 {
			if told := d.told(); told != "authorization_pending" {
				t.Fatalf("poll %d: %s", i, told)
			}
		}
	})
}

// RFC 8628 §3.5: expired_token is told from the instant on at which expires_in is over, to its user as well.
func TestDeviceCodeExpires(t *testing.T) {
	t.Parallel()
	for name, b := range banks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := servertest.Start(t, rules(t, b.bank, "device", "90s"))
			d, slow, page := asks(box, b), asks(box, b), box.Browser()
			begun := page.Get("/"+b.bank+"/oauth2/device").Submit("user_code", slow.userCode)
			box.Advance(90*time.Second - time.Nanosecond)
			if told := d.told(); told != "authorization_pending" {
				t.Errorf("just before: %s", told)
			}
			d.types(d.userCode).Want(200)
			box.Advance(time.Nanosecond)
			if told := d.told(); told != "expired_token" {
				t.Errorf("at its end: %s", told)
			}
			if p := d.types(d.userCode); p.Status != 400 {
				t.Errorf("the user code is taken at its end: %d", p.Status)
			}
			if p := begun.Submit("login", "dave", "uname", "dave", "password", "x", "psw", "x", "finInst", "fid-smn"); p.Status < 400 {
				t.Errorf("the login goes on after its end: %d", p.Status)
			}
		})
	}
}

// RFC 8628 §3.4: a device code is its client's: for any other it is invalid_grant, and the device's own goes on.
func TestDeviceCodeIsItsClients(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	b := banks()["berlin"]
	d := asks(box, b)
	other := box.Post(b.token, form("grant_type", grant.DeviceCode, "device_code", d.code, "client_id", "bg-spa")).Want(400)
	if other.Text("error") != "invalid_grant" {
		t.Error(other.Body)
	}
	for name, code := range map[string]string{"unknown": "nonsense-of-somebody", "guessed": d.code[:8] + strings.Repeat("A", 43), "user code": d.userCode, "cut": d.code[:40]} {
		a := box.Post(b.token, form("grant_type", grant.DeviceCode, "device_code", code), b.basic())
		if a.Status != 400 || a.Text("error") != "invalid_grant" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if a := box.Post(b.token, form("grant_type", grant.DeviceCode), b.basic()); a.Status != 400 || a.Text("error") != "invalid_request" {
		t.Errorf("none: %d %s", a.Status, a.Body)
	}
	if told := d.told(); told != "authorization_pending" {
		t.Errorf("its own: %s", told)
	}
	sb1 := banks()["sparebank1"]
	if a := box.Post(sb1.token, form("grant_type", grant.DeviceCode, "device_code", d.code), sb1.basic()); a.Status != 400 || a.Text("error") != "invalid_grant" {
		t.Errorf("at another bank: %d %s", a.Status, a.Body)
	}
}

// RFC 8628 §3.1: a client is known by client_id alone, because a device keeps no secret; what it proves itself with must be right.
// RFC 8628 §3.4: at the token endpoint a confidential client proves itself as ever.
func TestDeviceClients(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		path := "/" + b.bank + "/oauth2/device_authorization"
		for name, tt := range map[string]struct {
			a      *servertest.Answer
			status int
			want   string
		}{
			"right secret":   {box.Post(path, form(), b.basic()), 200, ""},
			"said twice":     {box.Post(path, form("client_id", b.client, "client_secret", b.secret), b.basic()), 200, ""},
			"and otherwise":  {box.Post(path, form("client_id", b.client, "client_secret", "wrong"), b.basic()), 400, "invalid_request"},
			"wrong secret":   {box.Post(path, form("client_id", b.client, "client_secret", "wrong")), 401, "invalid_client"},
			"wrong by Basic": {box.Post(path, form("client_id", b.client), servertest.Basic(b.client, "wrong")), 401, "invalid_client"},
			"nobody":         {box.Post(path, form()), 401, "invalid_client"},
			"unknown":        {box.Post(path, form("client_id", "nobody")), 401, "invalid_client"},
		} {
			if tt.a.Status != tt.status || tt.want != "" && tt.a.Text("error") != tt.want {
				t.Errorf("%s: %d %s", name, tt.a.Status, tt.a.Body)
			}
		}
		if a := box.Post(path, form("client_id", b.client, "scope", "nonsense")); a.Status != 400 || a.Text("error") != "invalid_scope" {
			t.Errorf("a scope of nobody's: %d %s", a.Status, a.Body)
		}
		d := asks(box, b)
		if a := box.Post(b.token, form("grant_type", grant.DeviceCode, "device_code", d.code, "client_id", b.client)); a.Status != 401 {
			t.Errorf("a poll without the secret: %d %s", a.Status, a.Body)
		}
	})
}

// RFC 8628 §3.1: a client that is not registered for the grant type is refused, where it begins and where it polls.
func TestDeviceNeedsTheGrantType(t *testing.T) {
	t.Parallel()
	for name, b := range banks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := servertest.Start(t, clients(t, b.bank, `{"id": "web", "secret": "s3cret", "loopback": true, "grantTypes": ["authorization_code"]}`))
			for _, a := range []*servertest.Answer{
				box.Post("/"+b.bank+"/oauth2/device_authorization", form("client_id", "web")),
				box.Post(b.token, form("grant_type", grant.DeviceCode, "device_code", "x"), servertest.Basic("web", "s3cret")),
			} {
				if a.Status != 400 || a.Text("error") != "unauthorized_client" {
					t.Errorf("%d %s", a.Status, a.Body)
				}
			}
		})
	}
}

// RFC 8628 §5.1: user codes cannot be tried out: after 30 wrong ones in a minute none is taken, the right one neither.
// RFC 8628 §6.1: neither case nor punctuation nor blanks matter, and the letters are those that make no words.
func TestUserCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		d, path := asks(box, b), "/"+b.bank+"/oauth2/device"
		if len(d.userCode) != 9 || d.userCode[4] != '-' || strings.Trim(d.userCode, "BCDFGHJKLMNPQRSTVWXZ-") != "" {
			t.Errorf("user code %q", d.userCode)
		}
		for i := range 30 {
			if p := box.Post(path, form("user_code", []string{"BBBB-BBBB", "x", ""}[i%3])); p.Status != 400 {
				t.Fatalf("wrong code %d: %d", i, p.Status)
			}
		}
		if p := box.Post(path, form("user_code", d.userCode)); p.Status != 429 || p.Header.Get("Retry-After") == "" || !strings.Contains(p.Body, "Too many wrong codes") {
			t.Errorf("the right code after 30 wrong ones: %d", p.Status)
		}
		box.Advance(time.Minute)
		d.types(d.userCode).Want(200)
	})
}

// What two browsers began by one code is answered once: the first answer counts, and the second browser is told.
func TestDeviceIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		d := asks(box, b)
		one, two := d.types(d.userCode), d.types(d.userCode)
		b.login(one)
		if late := b.login(two); !strings.Contains(late.Doc.Find("h1").Text(), "no access") {
			t.Errorf("the second browser reads %q", late.Doc.Find("h1").Text())
		}
		d.polls().Want(200)
		d = asks(box, b)
		one, two = d.types(d.userCode), d.types(d.userCode)
		b.deny(one)
		b.login(two)
		if told := d.told(); told != "access_denied" {
			t.Errorf("denied first, allowed later: %s", told)
		}
	})
}

// RFC 8628 §3.5: tokens are issued once, however many polls come at the same time.
func TestDevicePollsAtOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		d := asks(box, b)
		b.login(d.types(d.userCode))
		answers, wait := make([]*servertest.Answer, 20), sync.WaitGroup{}
		for i := range answers {
			wait.Go(func() { answers[i] = d.polls() })
		}
		wait.Wait()
		good := 0
		for _, a := range answers {
			switch {
			case a.Status == 200:
				good++
			case a.Text("error") != "invalid_grant":
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}
		if good != 1 {
			t.Errorf("%d polls got tokens", good)
		}
	})
}

// Whoever is locked between allowing and the next poll is given no tokens.
func TestDeviceOfALockedUser(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		d := asks(box, b)
		b.login(d.types(d.userCode))
		if _, err := box.Ledger().UpdatePerson(b.bank+"/dave", lock); err != nil {
			t.Fatal(err)
		}
		if told := d.told(); told != "invalid_grant" {
			t.Errorf("told %s", told)
		}
	})
}

// A device can bring the bank's own parameters: a consent that was asked for before, and the bank within the group.
func TestDeviceCarriesTheBanksOwnParameters(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	b := banks()["berlin"]
	consent := box.PostJSON("/v1/consents", map[string]any{"access": map[string]any{"accounts": []any{}, "balances": []any{}, "transactions": []any{}},
		"recurringIndicator": false, "validUntil": "9999-12-31", "frequencyPerDay": 1}, b.basic()).Want(201).Text("consentId")
	d := asks(box, b, "consentId", consent)
	b.login(d.types(d.userCode))
	tokens := d.polls().Want(200)
	if tokens.Text("consentId") != consent {
		t.Error(tokens.Body)
	}
	if _, has := tokens.JSON()["refresh_token"]; has {
		t.Error("one access brings no refresh token")
	}
	box.Get("/v1/accounts", servertest.Bearer(tokens.Text("access_token"))).Want(200)
	if a := box.Post("/berlin/oauth2/device_authorization", form("client_id", b.client, "consentId", "00000000-0000-4000-8000-000000000000")); a.Status != 400 {
		t.Errorf("a consent of nobody's: %d %s", a.Status, a.Body)
	}
	d = asks(box, banks()["sparebank1"], "finInst", "fid-smn")
	if p := d.types(d.userCode); p.Doc.Find("input[name=password]").Length() != 1 {
		t.Errorf("finInst was sent, and the page is not the login\n%s", p.Body)
	}
}

// A user code is typed into the bank's own page: no other site's form begins a login.
func TestDeviceFormComesFromTheBank(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		d := asks(box, b)
		a := box.Post("/"+b.bank+"/oauth2/device", form("user_code", d.userCode), servertest.Header("Sec-Fetch-Site", "cross-site"))
		if a.Status != 403 || strings.Contains(a.Body, "<form") {
			t.Errorf("%d\n%s", a.Status, a.Body)
		}
	})
}
