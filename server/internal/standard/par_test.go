package standard_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

// pushes sends an authorization request ahead; pairs change it.
func pushes(box *servertest.Sandbox, b at, pairs ...string) *servertest.Answer {
	v := form(append([]string{"response_type", "code", "redirect_uri", back, "state", "pushed state & more"}, pairs...)...)
	return box.Post("/"+b.bank+"/oauth2/par", v, b.basic())
}

// brings is the link that a browser follows afterwards.
func (b at) brings(uri string, pairs ...string) string {
	return b.authorize + "?" + form(append([]string{"client_id", b.client, "request_uri", uri}, pairs...)...).Encode()
}

// RFC 9126 §2.2: the answer is 201 with request_uri and expires_in, and is not cached.
// RFC 9126 §4: the pushed parameters take the place of the query, whose other parameters count for nothing.
// RFC 9126 §2.1: what the client proves itself with is no part of the authorization request.
func TestPushedRequestBecomesALogin(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		a := pushes(box, b).Want(201)
		uri := a.Text("request_uri")
		if !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || len(uri) < 34+22 || a.JSON()["expires_in"] != json.Number("60") || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s, %v", a.Body, a.Header)
		}
		done := b.login(box.Browser().Get(b.brings(uri, "state", "of the query", "redirect_uri", "https://evil.example/", "scope", "nonsense")))
		if !strings.HasPrefix(done.Away.String(), back+"?") || done.Param("state") != "pushed state & more" || done.Param("code") == "" {
			t.Fatalf("sent to %s", done.Away)
		}
		box.Post(b.token, form("grant_type", "authorization_code", "code", done.Param("code"), "redirect_uri", back), b.basic()).Want(200).Text("access_token")
	})
}

// RFC 9126 §2.3: a request that is larger than what is taken is answered with 413.
func TestPushedRequestIsNotTooLarge(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		pushes(box, b, "state", strings.Repeat("x", 30_000)).Want(201)
		if a := pushes(box, b, "state", strings.Repeat("x", 33_000)).Want(413); a.Text("error") != "invalid_request" {
			t.Error(a.Body)
		}
	})
}

// RFC 9126 §4: a reload of the page goes on with the login that it began, before its answer and after; no second code is issued.
// RFC 9126 §7.3: a request_uri is for one use: no other browser begins anything by it.
func TestPushedRequestIsForOneUse(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		link := b.brings(pushes(box, b).Want(201).Text("request_uri"))
		browser := box.Browser()
		browser.Get(link).Want(200)
		again := browser.Get(link)
		again.Want(200)
		other := box.Browser().Get(link)
		if other.Want(403); other.Doc.Find("form").Length() > 0 {
			t.Error("another browser was shown a form")
		}
		first := b.login(again)
		if second := browser.Get(link); second.Param("code") != first.Param("code") {
			t.Errorf("a reload afterwards brings code %q, the first was %q", second.Param("code"), first.Param("code"))
		}
		box.Advance(11 * time.Minute) // the answer is over, and so is the page
		if late := browser.Get(link); late.Status != 410 {
			t.Errorf("long afterwards: %d", late.Status)
		}
	})
}

// RFC 9126 §7.3: of browsers that bring one request_uri at the same time, one begins a login.
func TestPushedRequestIsForOneOfManyBrowsers(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		link := b.brings(pushes(box, b).Want(201).Text("request_uri"))
		answers, wait := make([]*servertest.Answer, 20), sync.WaitGroup{}
		for i := range answers {
			wait.Go(func() { answers[i] = box.Get(link) })
		}
		wait.Wait()
		good := 0
		for _, a := range answers {
			switch {
			case a.Status == 200:
				good++
			case a.Status != 400 && a.Status != 403 || a.Header.Get("Location") != "":
				t.Errorf("%d to %q", a.Status, a.Header.Get("Location"))
			}
		}
		if good != 1 {
			t.Errorf("%d browsers began a login", good)
		}
	})
}

// RFC 9126 §2.1: the request is checked as the authorization endpoint would check it, and a request_uri in it is refused.
// RFC 9126 §2.3: refusals are those of a token endpoint, 400 in JSON, without a redirect; a client that does not prove itself gets 401.
func TestPushedRequestIsCheckedAtOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, box *servertest.Sandbox, b at) {
		for name, tt := range map[string]struct{ name, value, want string }{
			"redirect URI not registered": {"redirect_uri", "javascript:alert(1)", "invalid_request"},
			"no redirect URI":             {"redirect_uri", "", "invalid_request"},
			"no response type":            {"response_type", "", "invalid_request"},
			"another response type":       {"response_type", "token", "unsupported_response_type"},
			"plain PKCE":                  {"code_challenge", strings.Repeat("a", 43), "invalid_request"},
			"a scope of nobody's":         {"scope", "nonsense", "invalid_scope"},
			"a request object":            {"request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"},
			"another response mode":       {"response_mode", "web_message", "invalid_request"},
			"a request_uri":               {"request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"},
			"another client's id":         {"client_id", "nobody", "invalid_request"},
		} {
			a := pushes(box, b, tt.name, tt.value)
			if a.Status != 400 || a.Text("error") != tt.want || a.Header.Get("Location") != "" || a.Header.Get("Cache-Control") != "no-store" || box.Last().Why == "" {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
		path, v := "/"+b.bank+"/oauth2/par", form("response_type", "code", "redirect_uri", back)
		if a := box.Post(path, v, servertest.Basic(b.client, "wrong")); a.Status != 401 || a.Text("error") != "invalid_client" {
			t.Errorf("wrong secret: %d %s", a.Status, a.Body)
		}
		box.Get(path + "?" + v.Encode()).Want(405)
		box.PostJSON(path, map[string]string{"client_id": b.client}).Want(400)
	})
}

// What the banks add to an authorization request can be pushed, and is checked then.
func TestPushedRequestCarriesTheBanksOwnParameters(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	b := banks()["sparebank1"]
	if a := pushes(box, b, "finInst", "fid-mars").Want(400); a.Text("error") != "access_denied" {
		t.Error(a.Body)
	}
	page := box.Browser().Get(b.brings(pushes(box, b, "finInst", "fid-smn").Want(201).Text("request_uri")))
	if page.Doc.Find("input[name=password]").Length() != 1 {
		t.Errorf("finInst was pushed, and the page is not the login\n%s", page.Body)
	}

	b = banks()["berlin"]
	if a := pushes(box, b, "consentId", "00000000-0000-4000-8000-000000000000").Want(400); a.Text("error") != "invalid_request" {
		t.Error(a.Body)
	}
	consent := box.PostJSON("/v1/consents", map[string]any{"access": map[string]any{"accounts": []any{}, "balances": []any{}, "transactions": []any{}},
		"recurringIndicator": true, "validUntil": "9999-12-31", "frequencyPerDay": 4}).Want(201).Text("consentId")
	uri := pushes(box, b, "scope", "AIS:"+consent).Want(201).Text("request_uri")
	if done := b.login(box.Browser().Get(b.brings(uri))); done.Param("code") == "" {
		t.Errorf("sent to %s", done.Away)
	}
	if got := box.Get("/v1/consents/"+consent+"/status", b.basic()).Text("consentStatus"); got != "valid" {
		t.Errorf("the consent is %s", got)
	}
}

// RFC 9126 §2.2: expires_in is the life of the request_uri; from the instant of its end on it begins nothing.
func TestPushedRequestExpires(t *testing.T) {
	t.Parallel()
	for name, b := range banks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := servertest.Start(t, rules(t, b.bank, "par", "90s"))
			a := pushes(box, b).Want(201)
			if a.JSON()["expires_in"] != json.Number("90") {
				t.Error(a.Body)
			}
			early, late := b.brings(a.Text("request_uri")), b.brings(pushes(box, b).Want(201).Text("request_uri"))
			box.Advance(90*time.Second - time.Nanosecond)
			browser := box.Browser()
			browser.Get(early).Want(200)
			box.Advance(time.Nanosecond)
			if p := box.Browser().Get(late); p.Status != 400 || p.Away != nil || p.Header.Get("Location") != "" {
				t.Errorf("at its end: %d", p.Status)
			}
			browser.Get(early).Want(200) // which is a login by now, with a life of its own
		})
	}
}

// RFC 9126 §4: a request_uri is bound to the client that pushed it. What is unknown is shown to the person, and nobody is redirected.
func TestPushedRequestIsItsClients(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	b := banks()["berlin"]
	uri := pushes(box, b).Want(201).Text("request_uri")
	for name, target := range map[string]string{
		"another client":  b.brings(uri, "client_id", "bg-spa"),
		"no client":       b.brings(uri, "client_id", ""),
		"unknown client":  b.brings(uri, "client_id", "nobody"),
		"unknown URI":     b.brings(uri + "x"),
		"no URN":          b.brings("https://evil.example/request.jwt"),
		"empty":           b.authorize + "?client_id=bg-demo&request_uri=",
		"two of them":     b.brings(uri) + "&request_uri=x",
		"another bank":    "/yoisho/oauth2/authorize?client_id=7b6fc8ed5127b0b2f076d&request_uri=" + url.QueryEscape(uri),
		"with a redirect": b.brings("x", "response_type", "code", "redirect_uri", back),
	} {
		a := box.Get(target)
		if a.Status != 400 || a.Header.Get("Location") != "" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || box.Last().Kind != "invalid_redirect" {
			t.Errorf("%s: %d to %q, %s", name, a.Status, a.Header.Get("Location"), box.Last().Kind)
		}
	}
	box.Browser().Get(b.brings(uri)).Want(200)
}

// RFC 9126 §6: a client that is held to pushing is refused when it brings its request in the query, and served when it pushed it.
// RFC 9126 §5: the metadata names the endpoint.
func TestClientIsHeldToPushing(t *testing.T) {
	t.Parallel()
	for name, b := range banks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b.client, b.secret = "held", "s3cret"
			box := servertest.Start(t, clients(t, b.bank, `{"id": "held", "secret": "s3cret", "redirectUris": ["`+back+`"], "grantTypes": ["authorization_code"], "requirePushedAuthorizationRequests": true}`))
			plain := b.authorize + "?" + form("client_id", "held", "response_type", "code", "redirect_uri", back, "state", "1").Encode()
			if to := box.Browser().Get(plain); to.Param("error") != "invalid_request" || to.Param("state") != "1" {
				t.Errorf("sent to %s", to.Away)
			}
			if done := b.login(box.Browser().Get(b.brings(pushes(box, b).Want(201).Text("request_uri")))); done.Param("code") == "" {
				t.Errorf("sent to %s", done.Away)
			}
			m := box.Get("/" + b.bank + "/.well-known/oauth-authorization-server").JSON()
			if m["pushed_authorization_request_endpoint"] != box.URL()+"/"+b.bank+"/oauth2/par" || m["require_pushed_authorization_requests"] != false {
				t.Errorf("metadata: %v, %v", m["pushed_authorization_request_endpoint"], m["require_pushed_authorization_requests"])
			}
		})
	}
}

// Yoisho's native way takes no pushed requests, so that a client that is held to them cannot use it.
func TestNativeWayIsShutForClientsThatMustPush(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, clients(t, "yoisho", `{"id": "held", "secret": "s3cret", "redirectUris": ["`+back+`"], "grantTypes": ["authorization_code"], "requirePushedAuthorizationRequests": true}`))
	for _, target := range []string{"/account/authorize?client_id=held&redirect_uri=" + back, "/account/loggedin?uname=dave&psw=x&client_id=held&redirect=" + back} {
		if a := box.Get(target); a.Status != 400 || !strings.Contains(a.Body, "must push") {
			t.Errorf("%s: %d %s", target, a.Status, a.Body)
		}
	}
}
