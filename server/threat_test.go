package server_test

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

// The threats of RFC 9700 and RFC 6819, each tried against every way to a token that the five banks have. What one bank's own tests try
// in depth is not repeated: the page of conformance says where it is.

const back, thiefSecret = "http://127.0.0.1:9000/cb", "thief-secret"

// attacked is a sandbox in which every bank has one more client, thief, with redirect URIs and a secret of its own.
func attacked(t *testing.T, policy ...string) *servertest.Sandbox {
	t.Helper()
	dir := t.TempDir()
	for bank, more := range map[string]string{
		"yoisho": `"redirectUris":["https://app.example/cb"],"grantTypes":["authorization_code"]`, "berlin": `"redirectUris":["https://app.example/cb"],"grantTypes":["authorization_code","refresh_token"]`,
		"sparebank1": `"redirectUris":["https://app.example/cb","https://xn--bcher-kva.example/cb"],"grantTypes":["authorization_code","refresh_token"]`,
		"s2s":        `"grantTypes":["authorization_code","refresh_token"]`, "finapi": `"grantTypes":["client_credentials","password","refresh_token"]`,
	} {
		text := `{"bank":"` + bank + `","clients":[{"id":"thief","secret":"` + thiefSecret + `","name":"Thief",` + more + `}]}`
		if err := os.WriteFile(dir+"/"+bank+".json", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := server.Options{Fixtures: dir}
	for _, p := range policy {
		s, err := server.ParsePolicy(p)
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = append(o.Policy, s)
	}
	return servertest.Start(t, o)
}

// way is one way from a login to tokens.
type way struct {
	name         string
	id, secret   string
	code         func(t *testing.T, box *servertest.Sandbox, pairs ...string) string // of dave, or of a service account; pairs go with the authorization request
	token        string                                                              // endpoint
	repeatsURI   bool                                                                // whether the exchange repeats redirect_uri
	pkce, rotate bool
	read         string // a resource of the token's owner
	with         []servertest.Option
}

// answered walks the pages of a login and gives where the browser is sent.
func answered(t *testing.T, box *servertest.Sandbox, target string) *servertest.Page {
	t.Helper()
	page := box.Browser().Get(target)
	for range 4 {
		if page.Away != nil {
			return page
		}
		pairs := []string{}
		for _, field := range []string{"login", "uname"} {
			if page.Doc.Find("form input[name="+field+"]").Length() > 0 {
				pairs = append(pairs, field, "dave")
			}
		}
		if page.Doc.Find("form input[name=otp]").Length() > 0 {
			pairs = append(pairs, "otp", page.Doc.Find("aside button[name=demo]").AttrOr("value", ""))
		}
		page = page.Submit(pairs...)
	}
	t.Fatalf("%s leads nowhere: %d\n%s", target, page.Status, page.Body)
	return nil
}

// authorizing is an authorization request by RFC 6749 §4.1.1.
func authorizing(path, id string, pairs ...string) string {
	v := url.Values{"response_type": {"code"}, "client_id": {id}, "redirect_uri": {back}, "state": {"s"}, "finInst": {"fid-smn"}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return path + "?" + v.Encode()
}

// authorizations are the endpoints that speak RFC 6749 §4.1.1, with the demo client and the issuer of each.
var authorizations = []struct{ path, id, issuer string }{
	{"/yoisho/oauth2/authorize", yoisho, "/yoisho"}, {"/oauth2/authorize", "bg-demo", ""}, {"/berlin/oauth2/authorize", "bg-demo", "/berlin"},
	{"/oauth/authorize", "sb1-demo", "/sparebank1"}, {"/sparebank1/oauth/authorize", "sb1-demo", "/sparebank1"},
}

const yoisho = "7b6fc8ed5127b0b2f076d"

func ways() []way {
	byPage := func(path, id string) func(*testing.T, *servertest.Sandbox, ...string) string {
		return func(t *testing.T, box *servertest.Sandbox, pairs ...string) string {
			return answered(t, box, authorizing(path, id, pairs...)).Param("code")
		}
	}
	const secret = "724e6890757b0ae624684b70e111b705fe6b050c"
	ibm := []servertest.Option{servertest.Header("X-IBM-Client-Id", "s2s-demo"), servertest.Header("X-IBM-Client-Secret", "s2s-demo-secret")}
	return []way{
		{name: "yoisho", id: yoisho, secret: secret, token: "/yoisho/oauth2/token", read: "/account/info", pkce: true, repeatsURI: true, code: byPage("/yoisho/oauth2/authorize", yoisho)},
		{name: "berlin", id: "bg-demo", secret: "bg-demo-secret", token: "/oauth2/token", read: "/v1/accounts", pkce: true, rotate: true, repeatsURI: true, code: byPage("/oauth2/authorize", "bg-demo"),
			with: []servertest.Option{servertest.Header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7721"), servertest.Header("PSU-IP-Address", "192.0.2.1")}},
		{name: "sparebank1", id: "sb1-demo", secret: "sb1-demo-secret", token: "/sparebank1/oauth/token", read: "/personal/banking/accounts", pkce: true, rotate: true, repeatsURI: true,
			code: byPage("/oauth/authorize", "sb1-demo")},
		{name: "s2s", id: "s2s-demo", secret: "s2s-demo-secret", token: "/api/v1/s2s-oauth2/token", read: "/s2s/api/v1/accounts", rotate: true, with: ibm,
			code: func(t *testing.T, box *servertest.Sandbox, _ ...string) string {
				return box.Get("/api/v1/s2s-oauth2/code", append(ibm, servertest.Header("scope", "read:accounts"), servertest.Header("X-Service-Account-ID", "12a42d02-0845-46f8-b6e2-202e1e792364"),
					servertest.Header("X-Service-Account-Secret", "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po"))...).Want(200).Text("code")
			}},
	}
}

// exchange redeems a code as this way's client; pairs are laid over the form.
func (w way) exchange(box *servertest.Sandbox, code string, pairs ...string) *servertest.Answer {
	v := url.Values{"grant_type": {"authorization_code"}, "code": {code}}
	if w.repeatsURI {
		v.Set("redirect_uri", back)
	}
	return w.post(box, v, pairs...)
}

func (w way) refresh(box *servertest.Sandbox, token string, pairs ...string) *servertest.Answer {
	return w.post(box, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, pairs...)
}

// post sends a form to the token endpoint; the pairs "as", "thief" send it as another client.
func (w way) post(box *servertest.Sandbox, v url.Values, pairs ...string) *servertest.Answer {
	id, secret := w.id, w.secret
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "as" {
			id, secret = pairs[i+1], thiefSecret
		} else if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return box.Post(w.token, v, servertest.Basic(id, secret))
}

// opens tells whether a token opens this way's resource, sent as it should be.
func (w way) opens(box *servertest.Sandbox, token string) bool {
	return box.Get(w.read, append([]servertest.Option{servertest.Bearer(token)}, w.with...)...).Status == 200
}

// refused checks that a token endpoint turned something down by RFC 6749 §5.2.
func refused(t *testing.T, what string, a *servertest.Answer, code string) {
	t.Helper()
	if a.Status != 400 || a.Text("error") != code || strings.Contains(a.Body, "access_token\"") {
		t.Errorf("%s: %d %s, want %s", what, a.Status, a.Body, code)
	}
}
