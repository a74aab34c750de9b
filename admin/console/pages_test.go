package console_test

import (
	"testing"

	"sandbank/server"
)

// The figures of the navigation are of what lives; where there is too much to look at all of it, they say so.
func TestNavigationCountsWhatLives(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	wants := func(tokens, consents string) {
		t.Helper()
		doc := shown(s, "/admin/settings", 200)
		for slug, want := range map[string]string{"tokens": tokens, "consents": consents} {
			if got := doc.Find(`nav a[href$="/` + slug + `"] .n`).First().Text(); got != want {
				t.Errorf("%s: %q and not %q", slug, got, want)
			}
		}
	}
	wants("", "")
	dead := s.mint("10m")
	s.mint("10m")
	s.pull("POST", "/consents", object{"bank": "berlin", "client": "bg-demo", "user": "dave"}).Want(201)
	wants("2", "1")
	s.pull("POST", "/tokens/"+dead+"/expire", object{}).Want(200)
	wants("1", "1")
	s.pull("POST", "/clock", object{"advance": "200d"}).Want(200)
	wants("", "")
	for range 1000 {
		s.mint("10m")
	}
	wants("1000+", "")
}
