package server_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"

	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/world"
)

// Metadata is found under both names, before and behind the issuer's path, in every space; the issuer is always the base that was asked
// (RFC 8414 §3.1 and §3.3).
// RFC 8414 §3.1: metadata is found with the well-known name before the issuer's path, and behind it.
// RFC 8414 §3.3: issuer is the one that was asked, to the byte.
func TestMetadataIsFoundWhereClientsLook(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	issuers := map[string]string{"": ""}
	for _, bank := range []string{"yoisho", "berlin", "sparebank1", "s2s", "finapi"} {
		issuers["/"+bank] = "/" + bank
	}
	for issuer := range issuers {
		for _, name := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
			for _, path := range []string{issuer + name, name + issuer} {
				got := box.Get(path).Want(200).JSON()
				if got["issuer"] != box.URL()+issuer {
					t.Errorf("%s: issuer %v", path, got["issuer"])
				}
			}
		}
	}
	for _, path := range []string{"/.well-known/oauth-authorization-server/nobank", "/.well-known/openid-configuration/", "/.well-known/other", "/nobank/.well-known/openid-configuration"} {
		box.Get(path).Want(404)
	}
}

// Behind a public URL too each space has its own issuer, by its host name as by its path, and a path of the public URL, which a proxy
// may cut off, stays where RFC 8414 §3.1 puts it.
// RFC 8414 §3.1: the issuer's path may begin with that of the public URL.
func TestMetadataBehindAPublicURL(t *testing.T) {
	t.Parallel()
	const public = "https://bank.example/x"
	srv, err := server.New(server.Options{PublicURL: public, Admin: func(in server.Inside) func(fiber.Ctx, *world.Space, string, string) error {
		if _, err := in.World.Create("p07"); err != nil {
			t.Error(err)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	const name = "/.well-known/oauth-authorization-server"
	for _, tt := range []struct{ host, path, issuer string }{
		{"bank.example", "/berlin" + name, "/berlin"},
		{"bank.example", name + "/x/berlin", "/berlin"},
		{"bank.example", name + "/berlin", "/berlin"},
		{"bank.example", name + "/xx/berlin", ""},
		{"bank.example", "/x/berlin" + name, "/berlin"},
		{"bank.example", "/x/x/berlin" + name, ""},
		{"bank.example", "/x/s/p07/berlin" + name, "/s/p07/berlin"},
		{"bank.example", "/s/p07/berlin" + name, "/s/p07/berlin"},
		{"bank.example", name + "/x/s/p07/berlin", "/s/p07/berlin"},
		{"p07.localhost", "/berlin" + name, "/s/p07/berlin"},
		{"P07.localhost.:8080", "/berlin" + name, "/s/p07/berlin"},
	} {
		r, w := httptest.NewRequest("GET", "http://"+tt.host+tt.path, nil), httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, r)
		var got struct {
			Issuer        string
			TokenEndpoint string `json:"token_endpoint"`
		}
		json.Unmarshal(w.Body.Bytes(), &got)
		want := public + tt.issuer
		if tt.issuer == "" && w.Code != 404 || tt.issuer != "" && (got.Issuer != want || !strings.HasPrefix(got.TokenEndpoint, want+"/")) {
			t.Errorf("%s%s: %d, %+v; want %q", tt.host, tt.path, w.Code, got, want)
		}
	}
}

// What the metadata lists is there, and takes the methods that it must: nothing is promised that the tables do not have.
// RFC 8414 §2: every endpoint that is listed exists and takes its method.
func TestMetadataListsWhatIsThere(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, bank := range []string{"yoisho", "berlin", "sparebank1", "s2s", "finapi"} {
		got := box.Get("/" + bank + "/.well-known/oauth-authorization-server").Want(200).JSON()
		seen := 0
		for name, value := range got {
			url, ok := value.(string)
			if !ok || !strings.HasSuffix(name, "_endpoint") {
				continue
			}
			seen++
			path, ours := strings.CutPrefix(url, box.URL())
			if !ours {
				t.Errorf("%s: %s leads elsewhere: %s", bank, name, url)
			}
			a := box.Do("OPTIONS", path, "")
			want := "POST"
			if name == "authorization_endpoint" {
				want = "GET"
			}
			if a.Status == 404 || !slices.Contains(strings.Split(a.Header.Get("Allow"), ", "), want) {
				t.Errorf("%s: %s at %s answers OPTIONS with %d, Allow %q", bank, name, path, a.Status, a.Header.Get("Allow"))
			}
		}
		if seen == 0 {
			t.Errorf("%s has no endpoints: %v", bank, got)
		}
	}
}

// RFC 9207 §2: an error response carries iss, equal to the issuer of the metadata.
// RFC 8414 §2: issuer and endpoints begin with the public URL.
func TestIssuerIsThePublicURL(t *testing.T) {
	t.Parallel()
	srv, err := server.New(server.Options{PublicURL: "https://bank.example/"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	if got := ask("/berlin/.well-known/openid-configuration").Body.String(); !strings.Contains(got, `"issuer":"https://bank.example/berlin"`) ||
		!strings.Contains(got, `"token_endpoint":"https://bank.example/berlin/oauth2/token"`) {
		t.Error(got)
	}
	at := ask("/sparebank1/oauth/authorize?client_id=sb1-demo&response_type=token&redirect_uri=http://127.0.0.1:1/cb").Header().Get("Location")
	if !strings.HasSuffix(at, "&iss=https%3A%2F%2Fbank.example%2Fsparebank1") {
		t.Errorf("the authorization response goes to %s", at)
	}
}
