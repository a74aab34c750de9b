package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sandbank/server"
	"sandbank/server/fault"
	"sandbank/server/servertest"
	"sandbank/server/servertest/chromium"
)

const (
	ownOrigin     = "https://app.example"   // of the client of shop
	devOrigin     = "http://localhost:5173" // of whoever is at home on loopback
	foreignOrigin = "https://mallory.example"
)

// shop has, at the bank, a confidential client for ownOrigin, one for any origin that is disabled, and one for none.
func shop(t testing.TB, bank string) *servertest.Sandbox {
	t.Helper()
	own := t.TempDir() + "/own.json"
	servertest.WriteFile(t, own, `{"bank":"`+bank+`","clients":[
		{"id":"shop","secret":"shop-secret","loopback":true,"grantTypes":["client_credentials"],"origins":["`+ownOrigin+`"]},
		{"id":"back","secret":"back-secret","grantTypes":["client_credentials"]},
		{"id":"gone","disabled":true,"grantTypes":["client_credentials"],"origins":["*"]}]}`)
	return servertest.Start(t, server.Options{Fixtures: own})
}

func origin(o string) servertest.Option { return servertest.Header("Origin", o) }

func preflight(box *servertest.Sandbox, from, method, path string) *servertest.Answer {
	return box.Do("OPTIONS", path, "", origin(from), servertest.Header("Access-Control-Request-Method", method),
		servertest.Header("Access-Control-Request-Headers", "authorization,x-request-id"))
}

// shared are the headers of the CORS protocol in an answer.
func shared(a *servertest.Answer) string {
	var out []string
	for name, v := range a.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			out = append(out, name+": "+strings.Join(v, ", "))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// A preflight carries no client, so it is answered where any enabled client of the bank allows the origin (Fetch §3.2.2). Everywhere else
// the bank's own 405 stands. It is an entry of the journal, and no call of the application's.
func TestPreflight(t *testing.T) {
	t.Parallel()
	for _, a := range applications() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			box := shop(t, a.name)
			token := strings.TrimPrefix(endpoint(box, a.name, "token_endpoint"), box.URL())
			for path, method := range map[string]string{token: "POST", a.read: "GET", "/" + a.name + "/oauth2/revoke": "POST"} {
				got := preflight(box, ownOrigin, method, path)
				if got.Status != 204 || got.Header.Get("Access-Control-Allow-Origin") != ownOrigin || got.Header.Get("Access-Control-Allow-Headers") != "authorization,x-request-id" ||
					!slices.Contains(strings.Split(got.Header.Get("Access-Control-Allow-Methods"), ", "), method) || !strings.Contains(got.Header.Get("Vary"), "Origin") ||
					got.Header.Get("Access-Control-Allow-Credentials") != "" || got.Body != "" {
					t.Errorf("%s: %d %v", path, got.Status, got.Header)
				}
				if e := box.Last(); e.Op != "preflight" || e.Status != 204 || e.Bank != a.name {
					t.Errorf("the journal has %s %d at %s", e.Op, e.Status, e.Bank)
				}
				for what, got := range map[string]*servertest.Answer{"another origin": preflight(box, foreignOrigin, method, path), "an opaque origin": preflight(box, "null", method, path),
					"a method that is not there": preflight(box, ownOrigin, "PATCH", path+"/no/such"), "no preflight": box.Do("OPTIONS", path, "", origin(foreignOrigin))} {
					if shared(got) != "" && what != "a method that is not there" || got.Status != 405 && got.Status != 404 {
						t.Errorf("%s, %s: %d %s", path, what, got.Status, shared(got))
					}
				}
			}
			for _, path := range []string{"/" + a.name + "/connections", "/" + a.name + "/oauth2/introspect"} {
				if a.name == "s2s" && strings.HasSuffix(path, "/connections") {
					continue // nobody logs in there, so there is no such page
				}
				if got := preflight(box, ownOrigin, "POST", path); shared(got) != "" || got.Status == 204 {
					t.Errorf("%s is shared: %d %s", path, got.Status, shared(got))
				}
			}
		})
	}
}

// An answer is readable for the origins of the client that calls, whether it is one or a refusal; as long as the client is not known, for
// those of any client of the bank. All its headers are exposed.
func TestAnswersAreSharedWithTheClientsOrigins(t *testing.T) {
	t.Parallel()
	for _, a := range applications() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			box := shop(t, a.name)
			token := endpoint(box, a.name, "token_endpoint")
			grant := form("grant_type", "client_credentials")
			for what, got := range map[string]*servertest.Answer{
				"a token request":          box.Post(token, grant, servertest.Basic("shop", "shop-secret"), origin(ownOrigin)),
				"a wrong secret":           box.Post(token, grant, servertest.Basic("shop", "wrong"), origin(ownOrigin)),
				"a token of nobody's":      box.Get(a.read, servertest.Bearer("nobody"), origin(ownOrigin)),
				"no token":                 box.Get(a.read, origin(ownOrigin)),
				"a revocation":             box.Post("/"+a.name+"/oauth2/revoke", form("token", "x"), servertest.Basic("shop", "shop-secret"), origin(ownOrigin)),
				"a path that is not there": box.Get("/"+a.name+"/no/such/path", origin(ownOrigin)),
			} {
				if got.Header.Get("Access-Control-Allow-Origin") != ownOrigin || !strings.Contains(strings.Join(got.Header.Values("Vary"), ","), "Origin") {
					t.Errorf("%s: %d %v", what, got.Status, got.Header)
				}
				for name := range got.Header {
					if exposed := strings.Split(got.Header.Get("Access-Control-Expose-Headers"), ", "); (name == "Www-Authenticate" || name == "Retry-After" || name == "Date") &&
						!slices.ContainsFunc(exposed, func(e string) bool { return strings.EqualFold(e, name) }) {
						t.Errorf("%s: %s is there and not exposed: %q", what, name, exposed)
					}
				}
			}
			for what, got := range map[string]*servertest.Answer{
				"another origin":                 box.Post(token, grant, servertest.Basic("shop", "shop-secret"), origin(foreignOrigin)),
				"another client":                 box.Post(token, grant, servertest.Basic("back", "back-secret"), origin(ownOrigin)),
				"a disabled client's origin":     box.Get(a.read, origin(foreignOrigin)),
				"an opaque origin":               box.Get(a.read, origin("null")),
				"no origin":                      box.Get(a.read),
				"loopback of a confidential one": box.Post(token, grant, servertest.Basic("shop", "shop-secret"), origin(devOrigin)),
				"introspection":                  box.Post("/"+a.name+"/oauth2/introspect", form("token", "x"), servertest.Basic("shop", "shop-secret"), origin(ownOrigin)),
				"the page of connections":        box.Get("/berlin/connections", origin(ownOrigin)),
				"the start page":                 box.Get("/", origin(ownOrigin)),
				"a path that no bank has":        box.Get("/nobody/knows", origin(ownOrigin)),
			} {
				if shared(got) != "" {
					t.Errorf("%s: %s", what, shared(got))
				}
			}
			for _, name := range []string{"oauth-authorization-server", "openid-configuration"} {
				if got := box.Get("/"+a.name+"/.well-known/"+name, origin(foreignOrigin)); got.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("the metadata is for %q", got.Header.Get("Access-Control-Allow-Origin"))
				}
			}
		})
	}
}

// The authorization endpoint is for navigation alone.
func TestAuthorizationIsNotShared(t *testing.T) {
	t.Parallel()
	for _, a := range withPages() {
		box := shop(t, a.name)
		path := strings.TrimPrefix(endpoint(box, a.name, "authorization_endpoint"), box.URL())
		for what, got := range map[string]*servertest.Answer{"preflight": preflight(box, ownOrigin, "GET", path), "answer": box.Get(path+"?client_id=shop", origin(ownOrigin))} {
			if shared(got) != "" {
				t.Errorf("%s, %s: %s", a.name, what, shared(got))
			}
		}
	}
}

// A public client that is at home on loopback is a browser app under development: every loopback origin is its own, and no other.
func TestBrowserAppsOnLoopbackWorkOutOfTheBox(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for from, want := range map[string]bool{devOrigin: true, "http://127.0.0.1:9": true, "https://[::1]:8443": true, "http://localhost": true, "null": false, foreignOrigin: false,
		"http://localhost.mallory.example": false, "http://127.0.0.1.mallory.example:80": false, "http://LOCALHOST:1": false, "file://localhost": false, "http://localhost/": false} {
		got := preflight(box, from, "POST", "/oauth2/token")
		if (got.Status == 204) != want || !want && shared(got) != "" {
			t.Errorf("%s: %d %s", from, got.Status, shared(got))
		}
	}
	if got := preflight(box, devOrigin, "GET", "/account/info"); shared(got) != "" || got.Status != 405 {
		t.Errorf("a bank without such a client: %d %s", got.Status, shared(got))
	}
}

// What a fault makes of an answer is readable as well: a page must tell a 503 from a network that is down. Preflights use no fault up.
func TestFaultsAreShared(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, line := range []string{"status=503; next=1", "status=429; next=1", "op=token; status=500; where=after; next=1"} {
		r, bad := fault.Parse(line)
		if bad != nil {
			t.Fatal(bad)
		}
		if _, err := box.Faults().Arm(r, box.Clock().Now()); err != nil {
			t.Fatal(err)
		}
		preflight(box, devOrigin, "POST", "/oauth2/token").Want(204)
		got := box.Post("/oauth2/token", form("grant_type", "refresh_token", "refresh_token", "x", "client_id", "bg-spa"), origin(devOrigin))
		if got.Status < 429 || got.Header.Get("Access-Control-Allow-Origin") != devOrigin {
			t.Errorf("%s: %d %v", line, got.Status, got.Header)
		}
	}
}

// spa is a page that walks the flow of bg-spa by fetch alone: it sends its user to the bank, swaps the code with PKCE, asks for accounts,
// asks once more with a spoilt token, and revokes. What it met stands in its title; a call that the browser kept from it is "blocked".
const spa = `<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title></title><h1 id=app>app</h1><p id=out></p><script>
const bank = %q, verifier = %q, here = location.origin + "/cb", out = []
async function ask(what, path, options) {
	try {
		const answer = await fetch(bank + path, options)
		const body = await answer.text()
		out.push(what + " " + answer.status + (answer.headers.get("WWW-Authenticate") ? " challenged" : ""))
		return body.startsWith("{") ? JSON.parse(body) : {}
	} catch (e) {
		out.push(what + " blocked")
		return {}
	}
}
async function main() {
	const code = new URLSearchParams(location.search).get("code")
	if (!code) return
	const meta = await ask("metadata", "/.well-known/oauth-authorization-server")
	const form = v => ({method: "POST", body: new URLSearchParams(v)})
	const tokens = await ask("token", "/oauth2/token", form({grant_type: "authorization_code", client_id: "bg-spa", code, redirect_uri: here, code_verifier: verifier}))
	const get = token => ({headers: {"Authorization": "Bearer " + token, "X-Request-ID": "99391c7e-ad88-49ec-a2ad-99ddcb1f7721"}})
	await ask("accounts", "/v1/accounts", get(tokens.access_token))
	await ask("spoilt", "/v1/accounts", get("spoilt"))
	await ask("revoke", "/oauth2/revoke", form({token: tokens.refresh_token, client_id: "bg-spa"}))
	await ask("revoked", "/v1/accounts", get(tokens.access_token))
	document.getElementById("out").textContent = out.join(", ")
	document.getElementById("out").className = "done"
}
main()
</script>`

// A browser app of another origin walks the whole flow in Chromium; from an origin that the client does not have it is kept out.
func TestBrowserAppInChromium(t *testing.T) {
	browser := chromium.Start(t, chromedp.Flag("host-resolver-rules", "MAP app.internal 127.0.0.1"))
	for name, want := range map[string]string{
		"127.0.0.1":    "metadata 200, token 200, accounts 200, spoilt 401 challenged, revoke 200, revoked 401 challenged",
		"app.internal": "metadata 200, token blocked, accounts blocked, spoilt blocked, revoke blocked, revoked blocked",
	} {
		t.Run(name, func(t *testing.T) {
			box := servertest.Start(t, server.Options{})
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, spa, box.URL()+"/berlin", verifier)
			}))
			t.Cleanup(app.Close)
			c := &came{box: box}
			pages("/berlin/oauth2/authorize?response_type=code&client_id=bg-spa&scope=AISP&state=s&code_challenge_method=S256&code_challenge="+challenge+"&redirect_uri="+app.URL+"/cb", "login")(c, "dave")
			at := strings.Replace(app.URL, "127.0.0.1", name, 1) + "/cb?code=" + c.code
			tab, cancel := chromedp.NewContext(browser)
			defer cancel()
			limited, stop := context.WithTimeout(tab, chromium.Patience)
			defer stop()
			if err := chromedp.Do(limited, chromedp.Navigate(at), chromedp.WaitVisible(chromedp.CSS("#out.done"))); err != nil {
				t.Fatal(err)
			}
			got, err := chromedp.Run(limited, chromedp.Text(chromedp.CSS("#out")))
			if err != nil || strings.TrimSpace(got) != want {
				t.Errorf("the page met %q, %v; want %q", got, err, want)
			}
		})
	}
}
