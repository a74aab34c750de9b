package s2s_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/dice"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect/s2s"
	"sandbank/server/servertest"
)

// Every life ends exactly when it should: alive a second before, dead at the second.
func TestLives(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		set  string // the knob, empty for the default
		life time.Duration
		use  func(box *servertest.Sandbox, got tokens, code string) *servertest.Answer
	}{
		{"code", "", 60 * time.Second, useCode},
		{"code, set", "s2s.code=5s", 5 * time.Second, useCode},
		{"access", "", 1095 * time.Second, useAccess},
		{"access, set", "s2s.access=90s", 90 * time.Second, useAccess},
		{"refresh", "", 2682000 * time.Second, useRefresh},
		{"refresh, set", "s2s.refresh=1h", time.Hour, useRefresh},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var settings []string
			if tt.set != "" {
				settings = []string{tt.set}
			}
			for _, edge := range []struct {
				after time.Duration
				alive bool
			}{{tt.life - time.Second, true}, {tt.life - time.Nanosecond, true}, {tt.life, false}, {tt.life + time.Hour, false}} {
				box := start(t, settings...)
				got, code := demo.tokens(box, allScopes), demo.code(box, allScopes)
				box.Advance(edge.after)
				a := tt.use(box, got, code)
				if (a.Status == 200) != edge.alive {
					t.Errorf("after %v: %d %s", edge.after, a.Status, a.Body)
				}
				if why := box.Last().Why; !edge.alive && !strings.Contains(why, "expired") {
					t.Errorf("after %v the journal says %q", edge.after, why)
				}
			}
		})
	}
}

func useCode(box *servertest.Sandbox, _ tokens, code string) *servertest.Answer {
	return demo.redeem(box, code)
}

func useAccess(box *servertest.Sandbox, got tokens, _ string) *servertest.Answer {
	return box.Get("/api/v1/accounts", demo.bearer(got.Access))
}

func useRefresh(box *servertest.Sandbox, got tokens, _ string) *servertest.Answer {
	return demo.refresh(box, got.Refresh)
}

func TestRefreshCountsAnewAndKeepsTheConsentDate(t *testing.T) {
	t.Parallel()
	box := start(t)
	first := demo.redeem(box, demo.code(box, allScopes)).Want(200)
	last := first
	for range 3 { // 90 days and more, in steps of 31
		box.Advance(2682000*time.Second - time.Second)
		last = demo.refresh(box, last.Text("refresh_token")).Want(200)
		if got := last.JSON()["refresh_token_expires_in"]; got != first.JSON()["refresh_token_expires_in"] {
			t.Errorf("refresh_token_expires_in %v", got)
		}
	}
	if first.JSON()["consented_on"] != last.JSON()["consented_on"] {
		t.Errorf("consented_on went from %v to %v", first.JSON()["consented_on"], last.JSON()["consented_on"])
	}
}

func TestPolicyOnTheWire(t *testing.T) {
	t.Parallel()
	a := demo.redeem(start(t, "s2s.access=0s", "s2s.refresh=never"), "")
	if a.Status != 400 {
		t.Errorf("no code: %d", a.Status)
	}
	box := start(t, "s2s.access=0s", "s2s.refresh=never", "s2s.rotation=keep")
	a = demo.redeem(box, demo.code(box, "")).Want(200)
	if got := strings.Join(keys(t, a.Body), " "); got != "token_type access_token expires_in consented_on scope refresh_token" {
		t.Errorf("fields %s", got)
	}
	if got := a.JSON()["expires_in"]; got == nil || got.(interface{ String() string }).String() != "0" {
		t.Errorf("expires_in %v", got)
	}
	box.Get("/api/v1/accounts", demo.bearer(a.Text("access_token"))).Want(401)
	kept := a.Text("refresh_token")
	box.Advance(20 * 365 * 24 * time.Hour)
	for range 2 {
		if got := demo.refresh(box, kept).Want(200).Text("refresh_token"); got != kept {
			t.Error("rotation=keep brought another refresh token")
		}
	}
	for _, no := range []string{"s2s.consent=1h", "s2s.page=1h", "s2s.attempts=3", "s2s.frequency=4"} {
		if _, err := server.ParsePolicy(no); err == nil {
			t.Errorf("%s is taken, and would have no effect", no)
		}
	}
}

// RFC 6749 §4.1.2: a code is for one use, and its second use ends the first tokens.
func TestCodeIsForOneUse(t *testing.T) {
	t.Parallel()
	box := start(t)
	code := demo.code(box, allScopes)
	access := demo.redeem(box, code).Want(200).Text("access_token")
	box.Get("/api/v1/accounts", demo.bearer(access)).Want(200)
	if a := demo.redeem(box, code).Want(400); a.Text("error") != "invalid_grant" {
		t.Errorf("again: %s", a.Body)
	}
	box.Get("/api/v1/accounts", demo.bearer(access)).Want(401) // RFC 6749 §4.1.2: the first tokens die
	if !strings.Contains(box.Last().Why, "twice") {
		t.Errorf("because %q", box.Last().Why)
	}

	// Another client's try spends nothing.
	code = demo.code(box, allScopes)
	reader.redeem(box, code).Want(400)
	got := tokens{}
	demo.redeem(box, code).Want(200).Into(&got)
	reader.refresh(box, got.Refresh).Want(400)
	demo.refresh(box, got.Refresh).Want(200)
}

// RFC 6749 §4.1.2: of many exchanges of one code at once a single one wins.
func TestOneOfManyWins(t *testing.T) {
	t.Parallel()
	box := start(t)
	race := func(use func() *servertest.Answer) int64 {
		var won atomic.Int64
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				switch a := use(); a.Status {
				case 200:
					won.Add(1)
				case 400:
				default:
					t.Errorf("status %d: %s", a.Status, a.Body)
				}
			})
		}
		all.Wait()
		return won.Load()
	}
	code := demo.code(box, allScopes)
	if n := race(func() *servertest.Answer { return demo.redeem(box, code) }); n != 1 {
		t.Errorf("%d exchanges of one code succeeded", n)
	}
	refresh := demo.tokens(box, allScopes).Refresh
	if n := race(func() *servertest.Answer { return demo.refresh(box, refresh) }); n != 1 {
		t.Errorf("%d uses of one refresh token succeeded", n)
	}
}

// What an issuer has to refuse, each in its own words.
func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	box := start(t)
	basic := servertest.Basic(demo.id, demo.secret)
	good := url.Values{"grant_type": {"authorization_code"}, "code": {"AAIx"}}
	with := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v
	}
	formType := servertest.Header("Content-Type", "application/x-www-form-urlencoded")
	got := demo.tokens(box, allScopes)
	tests := []struct {
		name   string
		answer func() *servertest.Answer
		status int
		code   string
	}{
		{"no credentials", func() *servertest.Answer { return getForm(box, tokenPath, good) }, 401, "invalid_client"},
		{"unknown client", func() *servertest.Answer { return getForm(box, tokenPath, good, servertest.Basic("nobody", "x")) }, 401, "invalid_client"},
		{"wrong secret", func() *servertest.Answer { return getForm(box, tokenPath, good, servertest.Basic(demo.id, "x")) }, 401, "invalid_client"},
		{"wrong secret with blanks", func() *servertest.Answer {
			return getForm(box, tokenPath, good, basicOf("Basic", demo.id+" : x"))
		}, 401, "invalid_client"},
		{"no secret", func() *servertest.Answer { return getForm(box, tokenPath, good, servertest.Basic(demo.id, "")) }, 401, "invalid_client"},
		{"disabled client", func() *servertest.Answer {
			return getForm(box, tokenPath, good, servertest.Basic("switched-off", "off-secret"))
		}, 401, "invalid_client"},
		{"X-IBM headers only", func() *servertest.Answer { return getForm(box, tokenPath, good, demo.app()) }, 401, "invalid_client"},
		{"secret in the query", func() *servertest.Answer {
			return box.Get(tokenPath + "?" + with("grant_type", "authorization_code", "code", "x", "client_id", demo.id, "client_secret", demo.secret).Encode())
		}, 401, "invalid_client"},
		{"Basic without colon", func() *servertest.Answer { return getForm(box, tokenPath, good, basicOf("Basic", "s2s-demo")) }, 401, "invalid_client"},
		{"Basic that is no base64", func() *servertest.Answer {
			return getForm(box, tokenPath, good, servertest.Header("Authorization", "Basic %%"))
		}, 401, "invalid_client"},
		{"two methods at once", func() *servertest.Answer {
			return box.Post(tokenPath, with("grant_type", "authorization_code", "code", "x", "client_id", demo.id, "client_secret", demo.secret), basic)
		}, 400, "invalid_request"},
		{"two clients", func() *servertest.Answer {
			return box.Post(tokenPath, with("grant_type", "authorization_code", "code", "x", "client_id", "reader"), basic)
		}, 400, "invalid_request"},
		{"two headers", func() *servertest.Answer {
			return getForm(box, tokenPath, good, func(r *http.Request) {
				r.SetBasicAuth(demo.id, demo.secret)
				r.Header.Add("Authorization", r.Header.Get("Authorization"))
			})
		}, 401, "invalid_client"},
		{"no grant_type", func() *servertest.Answer { return getForm(box, tokenPath, with("code", "x"), basic) }, 400, "invalid_request"},
		{"nothing at all", func() *servertest.Answer { return box.Get(tokenPath, basic) }, 400, "invalid_request"},
		{"POST with a query", func() *servertest.Answer { return box.Do("POST", tokenPath+"?"+good.Encode(), "", basic) }, 400, "invalid_request"},
		{"grant_type twice", func() *servertest.Answer {
			return box.Do("POST", tokenPath, "grant_type=refresh_token&grant_type=refresh_token", formType, basic)
		}, 400, "invalid_request"},
		{"code twice", func() *servertest.Answer {
			return box.Do("POST", tokenPath, "grant_type=authorization_code&code=a&code=b", formType, basic)
		}, 400, "invalid_request"},
		{"password grant", func() *servertest.Answer {
			return getForm(box, tokenPath, with("grant_type", "password"), basic)
		}, 400, "unsupported_grant_type"},
		{"client credentials", func() *servertest.Answer {
			return getForm(box, tokenPath, with("grant_type", "client_credentials"), basic)
		}, 400, "unsupported_grant_type"},
		{"grant type not registered", func() *servertest.Answer {
			return getForm(box, tokenPath, with("grant_type", "refresh_token", "refresh_token", "x"), servertest.Basic("code-only", "code-only-secret"))
		}, 400, "unauthorized_client"},
		{"no code", func() *servertest.Answer {
			return getForm(box, tokenPath, with("grant_type", "authorization_code"), basic)
		}, 400, "invalid_request"},
		{"unknown code", func() *servertest.Answer { return getForm(box, tokenPath, good, basic) }, 400, "invalid_grant"},
		{"access token as code", func() *servertest.Answer { return demo.redeem(box, got.Access) }, 400, "invalid_grant"},
		{"no refresh token", func() *servertest.Answer { return getForm(box, tokenPath, with("grant_type", "refresh_token"), basic) }, 400, "invalid_request"},
		{"unknown refresh token", func() *servertest.Answer { return demo.refresh(box, "AAJx") }, 400, "invalid_grant"},
		{"access token as refresh token", func() *servertest.Answer { return demo.refresh(box, got.Access) }, 400, "invalid_grant"},
		{"verifier without challenge", func() *servertest.Answer {
			return box.Post(tokenPath, with("grant_type", "authorization_code", "code", demo.code(box, ""), "code_verifier", strings.Repeat("a", 43)), basic)
		}, 400, "invalid_grant"},
		{"JSON body", func() *servertest.Answer {
			return box.PostJSON(tokenPath, map[string]string{"grant_type": "refresh_token"}, basic)
		}, 400, "invalid_request"},
		{"broken encoding", func() *servertest.Answer { return box.Do("POST", tokenPath, "grant_type=%zz", formType, basic) }, 400, "invalid_request"},
		{"broken query", func() *servertest.Answer { return box.Get(tokenPath+"?grant_type=%zz", basic) }, 400, "invalid_request"},
		{"huge body", func() *servertest.Answer {
			return box.Do("POST", tokenPath, strings.Repeat("a", 1<<20+1), formType, basic)
		}, 413, "invalid_request"},
		{"PUT", func() *servertest.Answer { return box.Do("PUT", tokenPath, "", basic) }, 405, "invalid_request"},
	}
	for _, tt := range tests {
		a := tt.answer()
		e := box.Last()
		if a.Status != tt.status || a.Text("error") != tt.code || a.Text("error_description") == "" {
			t.Errorf("%s: %d %s, want %d %s", tt.name, a.Status, a.Body, tt.status, tt.code)
		}
		if e.Why == "" || e.Status != tt.status {
			t.Errorf("%s: the journal has %d %q", tt.name, e.Status, e.Why)
		}
		if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Global-Transaction-ID") == "" {
			t.Errorf("%s: headers %v", tt.name, a.Header)
		}
		if challenge := a.Header.Get("WWW-Authenticate"); (a.Status == 401) != strings.HasPrefix(challenge, "Basic ") {
			t.Errorf("%s: WWW-Authenticate %q", tt.name, challenge)
		}
	}
	if a := getForm(box, tokenPath, good); a.Body != `{"error":"invalid_client","error_description":"client_id unauthorized"}` {
		t.Errorf("the text of the document's bank is %s", a.Body)
	}
}

// Who is refused a code, by whom, and what the journal knows.
func TestCodeRefusals(t *testing.T) {
	t.Parallel()
	box := start(t)
	change := func(of client, change func(c *client)) client { change(&of); return of }
	gateway, oauth := "httpCode", "error"
	tests := []struct {
		name    string
		options []servertest.Option
		status  int
		by      string
		text    string
		why     string
	}{
		{"nothing", nil, 401, gateway, "Invalid client id or secret.", "no X-IBM-client-id"},
		{"no secret", []servertest.Option{servertest.Header("X-IBM-client-id", "s2s-demo")}, 401, gateway, "Invalid client id or secret.", "no X-IBM-client-secret"},
		{"unknown client", change(demo, func(c *client) { c.id = "nobody" }).five(""), 401, gateway, "Invalid client id or secret.", `no client "nobody"`},
		{"wrong client secret", change(demo, func(c *client) { c.secret = "x" }).five(""), 401, gateway, "Invalid client id or secret.", "secret of client s2s-demo is wrong"},
		{"client of another bank", change(demo, func(c *client) {
			c.id, c.secret = "7b6fc8ed5127b0b2f076d", "724e6890757b0ae624684b70e111b705fe6b050c"
		}).five(""), 401, gateway, "Invalid client id or secret.", "no client"},
		{"disabled client", client{"switched-off", "off-secret", serviceID, serviceSecret}.five(""), 403, gateway, "The application is not active.", "disabled"},
		{"disabled client, wrong secret", client{"switched-off", "x", serviceID, serviceSecret}.five(""), 401, gateway, "Invalid client id or secret.", "disabled"},
		{"two client ids", append(demo.five(""), func(r *http.Request) { r.Header.Add("X-IBM-client-id", "reader") }), 403, gateway, "Multiple client ids or secrets were provided.", "2 X-IBM-client-id"},
		{"wrong service account", change(demo, func(c *client) { c.serviceID = "x" }).five(""), 401, oauth, "service account unauthorized", "no service account of this id"},
		{"wrong service secret", change(demo, func(c *client) { c.serviceSecret = "x" }).five(""), 401, oauth, "service account unauthorized", "its secret is wrong"},
		{"no service account", change(demo, func(c *client) { c.serviceID, c.serviceSecret = "", "" }).five(""), 401, oauth, "service account unauthorized", "was not sent"},
		{"another client's service account", change(demo, func(c *client) { c.serviceID, c.serviceSecret = reader.serviceID, reader.serviceSecret }).five(""), 401, oauth, "service account unauthorized", "no service account of this id"},
		{"client that has none", client{"lonely", "lonely-secret", serviceID, serviceSecret}.five(""), 401, oauth, "service account unauthorized", "lonely has no service account"},
		{"owner is locked", client{"locked-out", "locked-out-secret", "svc-l", "l"}.five(""), 401, oauth, "service account unauthorized", "s2s/kilitli, who is gone or locked"},
		{"client without codes", client{"refresh-only", "refresh-only-secret", "svc-r", "r"}.five(""), 400, oauth, "The client may not ask for an authorization code.", "not registered for authorization_code"},
		{"unknown scope", demo.five("read:accounts all:cards"), 400, oauth, "The requested scope is invalid, unknown, or malformed.", "all:cards"},
		{"scope of others", reader.five(allScopes), 400, oauth, "The requested scope is invalid, unknown, or malformed.", "all:remittance"},
		{"scope twice", append(demo.five("all:eft"), func(r *http.Request) { r.Header.Add("scope", "read:accounts") }), 400, oauth, "The header scope must not be repeated.", "2 times"},
	}
	for _, tt := range tests {
		for _, mount := range []string{"", "/s2s"} {
			a := box.Get(mount+codePath, tt.options...)
			e := box.Last()
			text := map[string]string{gateway: "moreInformation", oauth: "error_description"}[tt.by]
			if a.Status != tt.status || a.JSON()[text] != tt.text {
				t.Errorf("%s: %d %s, want %d %q", tt.name, a.Status, a.Body, tt.status, tt.text)
			}
			if !strings.Contains(e.Why, tt.why) || e.Kind == "" {
				t.Errorf("%s: the journal says %q", tt.name, e.Why)
			}
			if strings.Contains(a.Body, serviceSecret) || strings.Contains(a.Body, "svc-") {
				t.Errorf("%s: the answer tells too much: %s", tt.name, a.Body)
			}
			if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("X-Global-Transaction-ID") == "" || a.Header.Get("X-Client-IP") != "127.0.0.1" {
				t.Errorf("%s: headers %v", tt.name, a.Header)
			}
		}
	}
	if a := box.Do("POST", codePath, "", demo.five("")...).Want(405); a.Text("httpCode") != "405" || a.Header.Get("Allow") != "GET" {
		t.Errorf("POST: %s, Allow %q", a.Body, a.Header.Get("Allow"))
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "a", "s2s-demo", "254a153c-b2df-4bcb-b2cb-eaf70a66bbed", strings.Repeat("i", 255), strings.Repeat("i", 256), strings.Repeat("ü", 200)} {
		seen := map[string]bool{}
		for kind, opaque := range map[grant.Kind]int{grant.Code: 96, grant.Access: 112, grant.Refresh: 128} {
			for range 50 {
				value := s2s.Form(dice.Real(), kind, &grant.Grant{Client: id}, time.Time{})
				raw, err := base64.RawURLEncoding.DecodeString(value)
				if err != nil || raw[0] != 0 || raw[1] != 2 || seen[value] {
					t.Fatalf("%s for %q: %v %q", kind, id, err, value)
				}
				seen[value] = true
				rest := raw[2:]
				if kind == grant.Access {
					n := int(rest[0])
					if got := string(rest[1 : 1+n]); n != min(len(id), 255) || !strings.HasPrefix(id, got) {
						t.Fatalf("access token for %q carries %q", id, got)
					}
					rest = rest[1+n:]
				}
				if len(rest) != opaque {
					t.Fatalf("%s for %q has %d opaque bytes", kind, id, len(rest))
				}
			}
		}
	}
}
