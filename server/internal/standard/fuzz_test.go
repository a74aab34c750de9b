package standard_test

import (
	"strings"
	"testing"

	"sandbank/server/internal/standard"
)

// A path keeps all that it has: at most its well-known part moves to the end, and what has been moved stays.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"/.well-known/oauth-authorization-server/berlin", "/.well-known/openid-configuration/s/p07/berlin", "/.well-known/openid-configuration/", "/.well-known/oauth-authorization-server", "/x", "", "/.well-known/openid-configuration/.well-known/openid-configuration"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got := standard.Canonical(path)
		if got == path {
			return
		}
		at := strings.LastIndex(got, "/.well-known/")
		if at < 0 || got[at:]+got[:at] != path || len(got) != len(path) {
			t.Errorf("%q became %q", path, got)
		}
	})
}
