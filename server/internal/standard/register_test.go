package standard

import (
	"net/url"
	"strings"
	"testing"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

// FuzzMetadata reads any document: it is refused with a code of RFC 7591 §3.2.2, or what is taken is what the bank has.
func FuzzMetadata(f *testing.F) {
	for _, s := range []string{`{"redirect_uris":["https://a.example/cb"]}`, `{"redirect_uris":["com.example:/x"],"scope":"a b","token_endpoint_auth_method":"none"}`, `{}`, `[]`, `null`,
		`{"grant_types":["client_credentials"],"response_types":["code"]}`, `{"redirect_uris":["http://localhost.x/"]}`, "{\"client_name\":\"\\u0000\"}"} {
		f.Add([]byte(s))
	}
	has := wire.Authority{Scopes: []string{"a"}, Grants: []string{"authorization_code", "client_credentials"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := readMetadata(body)
		if err == nil {
			err = d.check(&has)
		}
		if err != nil {
			if e := fail.From(err); e.Kind != fail.InvalidField || e.Code != "invalid_client_metadata" && e.Code != "invalid_redirect_uri" || e.Text == "" {
				t.Errorf("%q: %v, code %q, text %q", body, err, e.Code, e.Text)
			}
			return
		}
		if len(d.GrantTypes) == 0 || d.Scope != "" && strings.Trim(d.Scope, "a ") != "" {
			t.Errorf("%q: grant types %q, scope %q", body, d.GrantTypes, d.Scope)
		}
		for _, uri := range d.RedirectURIs {
			u, err := url.Parse(uri)
			if err != nil || u.User != nil || strings.Contains(uri, "#") || u.Scheme == "http" && u.Hostname() != "localhost" && !strings.HasPrefix(u.Hostname(), "127.") && !strings.Contains(u.Hostname(), ":") {
				t.Errorf("%q was taken", uri)
			}
		}
	})
}
