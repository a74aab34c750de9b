package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sandbank/server"
	"sandbank/server/servertest"
)

// RFC 6749 §10.12: no login, consent, one-time code or connections form of any bank is taken from another site, however it says so.
func TestCrossSiteForms(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	foreign := map[string]servertest.Option{
		"Sec-Fetch-Site": servertest.Header("Sec-Fetch-Site", "cross-site"),
		"a sister site":  servertest.Header("Sec-Fetch-Site", "same-site"),
		"Origin":         servertest.Header("Origin", "https://evil.example"),
		"Origin null":    servertest.Header("Origin", "null"),
		"another port":   servertest.Header("Origin", "http://127.0.0.1:1"),
		"Origin, as text": func(r *http.Request) {
			r.Header.Set("Origin", "http://evil.example")
			r.Header.Set("Content-Type", "text/plain")
		},
	}
	pages := map[string]*servertest.Page{}
	for _, a := range authorizations {
		pages[a.path] = box.Browser().Get(authorizing(a.path, a.id))
	}
	for _, bank := range []string{"yoisho", "berlin", "sparebank1", "finapi"} {
		pages[bank+"'s connections"] = box.Browser().Get("/" + bank + "/connections")
	}
	pages["consent"] = box.Browser().Get(authorizing("/oauth2/authorize", "bg-demo")).Submit("login", "dave")
	pages["one-time code"] = box.Browser().Get(authorizing("/oauth/authorize", "sb1-demo")).Submit("login", "dave")
	for where, page := range pages {
		form := page.Doc.Find("form").First()
		v := servertest.Fields(form)
		for _, field := range []string{"login", "uname"} {
			if v.Has(field) {
				v.Set(field, "dave")
			}
		}
		u, err := page.URL.Parse(form.AttrOr("action", ""))
		if err != nil {
			t.Fatal(err)
		}
		for name, o := range foreign {
			method, body := strings.ToUpper(form.AttrOr("method", "get")), v.Encode()
			target := u.String()
			if method == "GET" {
				target, body = target+"?"+body, ""
			}
			a := box.Do(method, target, body, servertest.Header("Content-Type", "application/x-www-form-urlencoded"), o)
			if a.Status != 403 && !(name == "Origin, as text" && a.Status == 400) || strings.Contains(a.Header.Get("Location"), "code=") || len(a.Header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s from elsewhere by %s: %d %v", where, name, a.Status, a.Header)
			}
		}
	}
}

// RFC 6265 §4.1.2.6: the cookies of a login are HttpOnly, SameSite=Lax, without a domain, and Secure under TLS.
func TestCookies(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	secure, err := server.New(server.Options{PublicURL: "https://bank.example"})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range authorizations {
		got := box.Get(authorizing(a.path, a.id)).Header.Values("Set-Cookie")
		if len(got) != 1 || !strings.Contains(got[0], "HttpOnly") || !strings.Contains(got[0], "SameSite=Lax") || strings.Contains(strings.ToLower(got[0]), "domain=") || strings.Contains(strings.ToLower(got[0]), "secure") {
			t.Errorf("%s sets %q", a.path, got)
		}
		if got := ask(secure, authorizing(a.path, a.id)).Header().Values("Set-Cookie"); len(got) != 1 || !strings.Contains(strings.ToLower(got[0]), "; secure") {
			t.Errorf("%s sets %q under https", a.path, got)
		}
	}
}

// guarded checks what every page says of framing, caching, sniffing and referrers.
func guarded(t *testing.T, where string, h http.Header) {
	t.Helper()
	csp := h.Get("Content-Security-Policy")
	if h.Get("X-Frame-Options") != "DENY" || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") ||
		h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %v", where, h)
	}
}

// RFC 9700 §4.16: every page says that it cannot be framed: start page, logins, consents, one-time codes, refusals, pages that are nowhere.
// RFC 9700 §4.2.4: none of them sends its address to another site, and none is stored.
func TestClickjackingAndReferrer(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	b := box.Browser()
	pages := map[string]*servertest.Page{"start": b.Get("/"), "nowhere": b.Get("/nowhere"), "wrong link": b.Get("/oauth/authorize"), "consent": b.Get(authorizing("/oauth2/authorize", "bg-demo")).Submit("login", "dave"),
		"one-time code": b.Get(authorizing("/oauth/authorize", "sb1-demo")).Submit("login", "dave"), "wrong name": b.Get(authorizing("/oauth/authorize", "sb1-demo")).Submit("login", "nobody"),
		"connections": b.Get("/berlin/connections").Submit("login", "dave"), "no such space": b.Get("/s/nobody/")}
	for _, a := range authorizations {
		pages[a.path] = b.Get(authorizing(a.path, a.id))
	}
	for where, page := range pages {
		guarded(t, where, page.Header)
	}
}

// RFC 6750 §5.3: no page has a token, a code or a secret in its address, and none loads or links to another host.
func TestNothingSecretInPageAddresses(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	b := box.Browser()
	code := answered(t, box, authorizing("/oauth2/authorize", "bg-demo")).Param("code")
	a := ways()[1].exchange(box, code).Want(200)
	secrets := []string{code, a.Text("access_token"), a.Text("refresh_token"), "bg-demo-secret"}
	list := b.Get("/berlin/connections").Submit("login", "dave", "password", "hunter2")
	secrets = append(secrets, "hunter2")
	for _, page := range []*servertest.Page{list, b.Get("/"), b.Get(authorizing("/oauth2/authorize", "bg-demo")).Submit("login", "dave", "password", "hunter2"),
		b.Get(authorizing("/oauth/authorize", "sb1-demo")).Submit("login", "dave", "password", "hunter2")} {
		addresses := []string{page.URL.String()}
		page.Doc.Find("[href], [src], [action]").Each(func(_ int, e *goquery.Selection) {
			for _, attribute := range []string{"href", "src", "action"} {
				addresses = append(addresses, e.AttrOr(attribute, ""))
			}
		})
		for _, address := range addresses {
			for _, s := range secrets {
				if strings.Contains(address, s) {
					t.Errorf("%s carries %s", address, s)
				}
			}
			if u, err := page.URL.Parse(address); err != nil || u.Host != page.URL.Host && u.Scheme != "data" {
				t.Errorf("%s leads to %s", page.URL, address)
			}
		}
	}
}

// RFC 9110 §5.5: what a caller sends never becomes a header of the answer, at any operation that echoes something.
// RFC 6749 §10.14: a name, scope, consent or redirect URI that is HTML stays text wherever it is shown.
func TestEchoInjection(t *testing.T) {
	t.Parallel()
	box := attacked(t)
	const html = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
	for _, o := range box.Operations() {
		for _, name := range []string{"X-Request-ID", "X-Request-Id", "Consent-ID", "PSU-ID", "scope", "TPP-Redirect-URI", "Accept-Language"} {
			a := box.Do(o.Method, "/"+o.Bank+concrete(o.Path), "", servertest.Header(name, html+"\tX-Evil: 1"))
			if a.Header.Get("X-Evil") != "" || isPage(a) && strings.Contains(a.Body, "<script>alert") {
				t.Errorf("%s %s: %s got out: %v", o.Method, o.Path, name, a.Header)
			}
		}
		v := url.Values{}
		for _, name := range []string{"client_id", "redirect_uri", "redirect", "scope", "consentId", "login", "uname", "state", "error", "error_description", "flow", "finInst", "code", "token"} {
			v.Set(name, html+"\r\nX-Evil: 1")
		}
		for name, a := range map[string]*servertest.Answer{"query": box.Do(o.Method, "/"+o.Bank+concrete(o.Path)+"?"+v.Encode(), ""),
			"form": box.Do(o.Method, "/"+o.Bank+concrete(o.Path), v.Encode(), servertest.Header("Content-Type", "application/x-www-form-urlencoded"))} {
			if a.Header.Get("X-Evil") != "" || strings.Contains(a.Header.Get("Location"), "\n") || isPage(a) && strings.Contains(a.Body, "<script>alert") || isPage(a) && strings.Contains(a.Body, "<img src=x") {
				t.Errorf("%s %s, %s: it got out: %v", o.Method, o.Path, name, a.Header)
			}
		}
	}
}

// ask sends a GET to a sandbox without a network.
func ask(srv *server.Server, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	srv.Handler().ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w
}

// RFC 9110 §9.2.1: a HEAD, and a browser that fetches ahead of its person, spend neither a request_uri nor a code.
func TestLookingAheadSpendsNothing(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	pushed := box.Post(endpoint(box, "berlin", "pushed_authorization_request_endpoint"), url.Values{"client_id": {"bg-demo"}, "client_secret": {"bg-demo-secret"},
		"response_type": {"code"}, "redirect_uri": {"http://127.0.0.1:9/cb"}, "scope": {"AISP"}}).Want(201).Text("request_uri")
	login := box.Get("/account/loggedin?" + loginByScript)
	to, err := url.Parse(login.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		t.Fatalf("sent to %q, %v", to, err)
	}
	for _, link := range []string{
		"/berlin/oauth2/authorize?" + url.Values{"client_id": {"bg-demo"}, "request_uri": {pushed}}.Encode(),
		"/account/access_token?" + url.Values{"client_id": {yoishoClient}, "client_secret": {yoishoSecret}, "code": {to.Query().Get("code")}}.Encode(),
	} {
		box.Do("HEAD", link, "").Want(405)
		for name, value := range map[string]string{"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "X-Moz": "prefetch"} {
			if a := box.Get(link, servertest.Header(name, value)); a.Status < 400 {
				t.Errorf("%s with %s: %d", link, name, a.Status)
			}
		}
		box.Get(link).Want(200)
	}
}
