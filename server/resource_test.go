package server_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sandbank/server"
	"sandbank/server/servertest"
)

// login asks for a code with more parameters in the authorization request, where the bank has one.
func (a application) login(box *servertest.Sandbox, more url.Values) *came {
	c := &came{box: box, bank: a.magicBank}
	first := map[string]string{"berlin": "/berlin/oauth2/authorize?scope=AISP", "sparebank1": "/sparebank1/oauth/authorize?finInst=fid-smn",
		"yoisho": "/yoisho/oauth2/authorize?scope=read"}[a.name]
	field := "login"
	if a.name == "yoisho" {
		field = "uname"
	}
	first += "&response_type=code&state=s&client_id=" + a.id + "&redirect_uri=" + magicBack + "&" + more.Encode()
	if p := box.Browser().Get(first); p.Away != nil {
		c.problem = p.Param("error")
		return c
	}
	pages(first, field)(c, "dave")
	return c
}

// swap exchanges a code at the token endpoint of the metadata.
func (a application) swap(box *servertest.Sandbox, code string, more url.Values, options ...servertest.Option) *servertest.Answer {
	f := form("grant_type", "authorization_code", "code", code, "redirect_uri", magicBack)
	for name, values := range more {
		f[name] = values
	}
	return a.ask(box, "token_endpoint", f, append(options, servertest.Basic(a.id, a.secret))...)
}

// audience is what introspection says that a token is for.
func (a application) audience(box *servertest.Sandbox, token string) (out []string) {
	aud, _ := a.ask(box, "introspection_endpoint", form("token", token)).Want(200).JSON()["aud"].([]any)
	for _, one := range aud {
		out = append(out, one.(string))
	}
	return out
}

// withPages are the applications of banks that have an authorization endpoint.
func withPages() []application {
	return slices.DeleteFunc(applications(), func(a application) bool { return a.name == "s2s" || a.name == "finapi" })
}

// RFC 8707 §2.1: the resources of an authorization request are kept, and are the audience of the tokens.
// RFC 8707 §2.2: the exchange and each refresh may name fewer, or resources below them; without the parameter all are meant.
// RFC 8707 §2.2: a request for more than was granted is refused with invalid_target.
func TestResourcesOfAnAuthorization(t *testing.T) {
	t.Parallel()
	for _, a := range withPages() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			box := sandbox(t, a.name)
			base := box.URL() + "/" + a.name
			one, two, below := base+"/one", base+"/two", base+"/one/below"
			asked := form("resource", one, "resource", two, "resource", one)
			wantOAuthError(t, "more than was granted", a.swap(box, a.login(box, asked).code, form("resource", base)), 400, "invalid_target")
			whole := a.swap(box, a.login(box, asked).code, nil).Want(200)
			if got := a.audience(box, whole.Text("access_token")); !slices.Equal(got, []string{one, two}) {
				t.Errorf("nothing named in the exchange: %q", got)
			}
			later := a.swap(box, a.login(box, nil).code, form("resource", two)).Want(200)
			if got := a.audience(box, later.Text("access_token")); !slices.Equal(got, []string{two}) {
				t.Errorf("named in the exchange alone: %q", got)
			}
			part := a.swap(box, a.login(box, asked).code, form("resource", below)).Want(200)
			if got := a.audience(box, part.Text("access_token")); !slices.Equal(got, []string{below}) {
				t.Errorf("one named in the exchange: %q", got)
			}
			refresh, _ := part.JSON()["refresh_token"].(string)
			if refresh == "" {
				return // this bank issues none
			}
			wantOAuthError(t, "a refresh for more", a.ask(box, "token_endpoint", form("grant_type", "refresh_token", "refresh_token", refresh, "resource", base)), 400, "invalid_target")
			renewed := a.ask(box, "token_endpoint", form("grant_type", "refresh_token", "refresh_token", refresh, "resource", two)).Want(200)
			if got := a.audience(box, renewed.Text("access_token")); !slices.Equal(got, []string{two}) {
				t.Errorf("another of those granted, in a refresh: %q", got)
			}
			renewed = a.ask(box, "token_endpoint", form("grant_type", "refresh_token", "refresh_token", renewed.Text("refresh_token"))).Want(200)
			if got := a.audience(box, renewed.Text("access_token")); !slices.Equal(got, []string{one, two}) {
				t.Errorf("a refresh that names none: %q", got)
			}
		})
	}
}

// RFC 8707 §2: a resource that is no absolute URI, has a fragment, or is none of this bank's is refused with invalid_target.
// RFC 8707 §2.1: the authorization endpoint tells the client so by redirect.
func TestResourcesThatAreNotTheBanks(t *testing.T) {
	t.Parallel()
	for _, a := range withPages() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			box := sandbox(t, a.name)
			base := box.URL() + "/" + a.name
			for _, wrong := range []string{"accounts", "/v1/accounts", base + "#", base + "/v1#x", "https://mallory.example/", base + "x", box.URL() + "/nobank/..",
				box.URL() + "/s/other/" + a.name, box.URL() + "/admin", "urn:bank", "http://u:p@" + base[len("http://"):], base + "/a/../b", base + "/%2e%2e/b", base + "\\x", "http://%zz"} {
				if wrong == base+"x" {
					wrong = box.URL() + "/" + map[string]string{"yoisho": "berlin", "berlin": "finapi", "sparebank1": "s2s"}[a.name] + "/v1"
				}
				if c := a.login(box, form("resource", wrong)); c.problem != "invalid_target" || c.code != "" {
					t.Errorf("%q is authorized: %q", wrong, c.problem)
				}
				code := a.login(box, nil).code
				wantOAuthError(t, wrong, a.swap(box, code, form("resource", wrong)), 400, "invalid_target")
			}
			for _, right := range []string{base, base + "/", base + "/v1/accounts?x=y", box.URL(), box.URL() + "/v1"} {
				if c := a.login(box, form("resource", right)); c.code == "" {
					t.Errorf("%q is refused: %q", right, c.problem)
				}
			}
			many := url.Values{}
			for range 17 {
				many.Add("resource", base)
			}
			if c := a.login(box, many); c.problem != "invalid_target" {
				t.Errorf("seventeen resources: %q", c.problem)
			}
		})
	}
}

// RFC 8707 §2.2: client credentials and other grants without an authorization request name their resources at the token endpoint.
func TestResourcesOfGrantsWithoutAPage(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, box *servertest.Sandbox, a application) {
		ask := form("grant_type", "client_credentials")
		switch a.name {
		case "yoisho":
			return // knows no other grant
		case "s2s":
			ask = form("grant_type", "authorization_code", "code", a.in(box, "dave").code)
		}
		base := box.URL() + "/" + a.name
		ask.Set("resource", base+"/api")
		if got := a.audience(box, a.ask(box, "token_endpoint", ask).Want(200).Text("access_token")); !slices.Equal(got, []string{base + "/api"}) {
			t.Errorf("%q", got)
		}
		ask.Set("resource", "https://mallory.example")
		wantInvalidTarget := a.ask(box, "token_endpoint", ask)
		if wantInvalidTarget.Status != 400 || wantInvalidTarget.JSON()["error"] != "invalid_target" {
			t.Errorf("a foreign one: %d %s", wantInvalidTarget.Status, wantInvalidTarget.Body)
		}
	})
}

// RFC 8707 §2: a token for one resource opens no other of the bank's, whichever base URL it is called by.
// RFC 9068 §4: the resource server refuses tokens whose audience it is not.
func TestTokensForOneResourceOpenNoOther(t *testing.T) {
	t.Parallel()
	box := sandbox(t, "berlin")
	a := applications()[1]
	for resource, opens := range map[string]bool{"": true, "/": true, "/v1": true, "/v1/accounts": true, "/v1/acc": false, "/v1/consents": false, "/v1/accounts/x": false} {
		token := a.swap(box, a.login(box, form("resource", box.URL()+"/berlin"+resource)).code, nil).Want(200).Text("access_token")
		for _, mount := range []string{"", "/berlin"} {
			if got := box.Get(mount+"/v1/accounts", servertest.Bearer(token)); (got.Status == 200) != opens || !opens && got.Status != 401 {
				t.Errorf("for %q: %s/v1/accounts is %d %s", resource, mount, got.Status, got.Body)
			}
		}
	}
}

// FuzzResource puts anything into the parameter at the token endpoint: it is refused, or it is the audience, and nothing breaks.
func FuzzResource(f *testing.F) {
	srv, err := server.New(server.Options{})
	if err != nil {
		f.Fatal(err)
	}
	post := func(path string, v url.Values) (int, map[string]any) {
		r := httptest.NewRequest("POST", path, strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("bg-demo", "bg-demo-secret")
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, r)
		var body map[string]any
		json.Unmarshal(w.Body.Bytes(), &body)
		return w.Code, body
	}
	for _, s := range []string{"/berlin", "/berlin/v1", "#", "", "//x", "/berlin/..", "/%", "\x00", "/berlin?a=b#c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tail string) {
		resource := "http://example.com" + tail
		status, body := post("/berlin/oauth2/token", form("grant_type", "client_credentials", "resource", resource))
		switch status {
		case 400:
			if body["error"] != "invalid_target" {
				t.Errorf("%q: %v", resource, body)
			}
		case 200:
			_, body := post("/berlin/oauth2/introspect", form("token", body["access_token"].(string)))
			if aud, ok := body["aud"].([]any); !ok || len(aud) != 1 || utf8.ValidString(resource) && aud[0] != resource {
				t.Errorf("%q became %v", resource, body["aud"])
			}
		default:
			t.Errorf("%q: %d %v", resource, status, body)
		}
	})
}
