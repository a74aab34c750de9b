package server_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"

	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/world"
)

// A client that has the URL of an account and nothing else finds the issuer, and from there on all else: the token that it asks for by
// that very URL opens it.
// RFC 9728 §3.1: metadata of a resource is found with the well-known name between its host and its path.
// RFC 9728 §3.3: resource is the one that was asked, to the byte.
// RFC 9728 §2: authorization_servers names an issuer whose own metadata says so.
func TestAResourceTellsItsIssuer(t *testing.T) {
	t.Parallel()
	for _, a := range applications() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			box := servertest.Start(t, server.Options{})
			for _, path := range []string{"/" + a.name, a.read, "/" + a.name + "/", "/" + a.name + "/no/such/path"} {
				answer := box.Get("/.well-known/oauth-protected-resource"+path, origin(foreignOrigin)).Want(200)
				var got struct {
					Resource string
					Servers  []string `json:"authorization_servers"`
					Methods  []string `json:"bearer_methods_supported"`
				}
				answer.Into(&got)
				if got.Resource != box.URL()+path || len(got.Servers) != 1 || got.Servers[0] != box.URL()+"/"+a.name || len(got.Methods) != 1 || got.Methods[0] != "header" {
					t.Errorf("%s: %+v", path, got)
				}
				if says := box.Get(strings.TrimPrefix(got.Servers[0], box.URL()) + "/.well-known/oauth-authorization-server").Want(200).Text("issuer"); says != got.Servers[0] {
					t.Errorf("%s: its issuer calls itself %s", path, says)
				}
				if from := answer.Header.Get("Access-Control-Allow-Origin"); from != "*" {
					t.Errorf("%s is for %q", path, from)
				}
			}
		})
	}
}

// RFC 9728 §3.1: at the root too the bank that has the path is the one that tells, and what nobody has is not found.
func TestAResourceAtTheRoot(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	const name = "/.well-known/oauth-protected-resource"
	for path, issuer := range map[string]string{"": "", "/v1/accounts": "", "/personal/banking/accounts": "/sparebank1", "/account/balance": "/yoisho"} {
		got := box.Get(name + path).Want(200).JSON()
		if servers, _ := got["authorization_servers"].([]any); got["resource"] != box.URL()+path || len(servers) != 1 || servers[0] != box.URL()+issuer {
			t.Errorf("%q: %v", path, got)
		}
	}
	for _, path := range []string{"/nobank", "/nobank/v1", "/berlin/..%2fadmin", "/berlin/%2e%2e", "/berlin/a%20b", "/s/nospace/berlin", "/admin"} {
		box.Get(name + path).Want(404)
	}
	box.Do("DELETE", name+"/berlin", "").Want(405)
}

// Behind a public URL a resource is what the world calls it, in every space.
func TestAResourceBehindAPublicURL(t *testing.T) {
	t.Parallel()
	const public, name = "https://bank.example/x", "/.well-known/oauth-protected-resource"
	srv, err := server.New(server.Options{PublicURL: public, Admin: func(in server.Inside) func(fiber.Ctx, *world.Space, string, string) error {
		if _, err := in.World.Create("p07"); err != nil {
			t.Error(err)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ host, path, resource, issuer string }{
		{"bank.example", name + "/x/berlin/v1", "/berlin/v1", "/berlin"},
		{"bank.example", name + "/berlin/v1", "/berlin/v1", "/berlin"},
		{"bank.example", "/berlin" + name, "/berlin", "/berlin"},
		{"bank.example", name + "/x/s/p07/berlin/v1", "/s/p07/berlin/v1", "/s/p07/berlin"},
		{"bank.example", name + "/s/p07/personal/banking/accounts", "/s/p07/personal/banking/accounts", "/s/p07/sparebank1"},
		{"p07.localhost", name + "/berlin/v1", "/s/p07/berlin/v1", "/s/p07/berlin"},
	} {
		r, w := httptest.NewRequest("GET", "http://"+tt.host+tt.path, nil), httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, r)
		var got struct {
			Resource string
			Servers  []string `json:"authorization_servers"`
		}
		err := json.Unmarshal(w.Body.Bytes(), &got)
		if err != nil || got.Resource != public+tt.resource || len(got.Servers) != 1 || got.Servers[0] != public+tt.issuer {
			t.Errorf("%s%s: %d %s", tt.host, tt.path, w.Code, w.Body)
		}
	}
}

// What the metadata calls a resource is taken as a resource indicator, and the token opens it.
func TestAResourceIsATarget(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, a := range withPages() {
		resource, _ := box.Get("/.well-known/oauth-protected-resource" + a.read).Want(200).JSON()["resource"].(string)
		c := a.login(box, url.Values{"resource": {resource}})
		token, _ := a.swap(box, c.code, url.Values{"resource": {resource}}).Want(200).JSON()["access_token"].(string)
		box.Get(a.read, servertest.Bearer(token), servertest.Header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7721")).Want(200)
	}
}
