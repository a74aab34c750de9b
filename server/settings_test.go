package server_test

import (
	"testing"

	"sandbank/server"
)

// Its path begins with none of the sandbox's own: no proxy's cutting could be told from that.
// RFC 8414 §2: no issuer gets a query or a fragment from the public URL.
func TestPublicURLIsABase(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"https://bank.example", "http://127.0.0.1:8080/", "https://[::1]:8443/x/y"} {
		if _, err := server.New(server.Options{PublicURL: good}); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"https://a/?q", "https://a?", "https://a/#f", "https://u@a", "ftp://a", "//a", "http://a b", "https://a/berlin", "https://a/s/x", "https://a/admin/"} {
		if _, err := server.New(server.Options{PublicURL: bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// Every row of the table can be given to --policy, and every lifetime to --ttl.
func TestEveryKnobCanBeSetAtTheStart(t *testing.T) {
	t.Parallel()
	srv, err := server.New(server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var all []server.Setting
	for _, k := range srv.Knobs() {
		s, err := server.ParsePolicy(k.Bank + "." + k.Knob + "=" + k.Default)
		if err != nil {
			t.Errorf("%+v: %v", k, err)
		}
		all = append(all, s)
	}
	if _, err := server.New(server.Options{Policy: all}); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"s2s.refresh=never", "berlin.par=5s", "berlin.device=1m"} {
		if _, err := server.ParseTTL(text); err != nil {
			t.Error(err)
		}
	}
	for _, text := range []string{"s2s.grace=5s", "s2s.expires_in_lie=5s", "s2s.refresh-scope=keep", "s2s.uses=1"} {
		if _, err := server.ParseTTL(text); err == nil {
			t.Errorf("%s is no lifetime, and --ttl takes it", text)
		}
	}
}
