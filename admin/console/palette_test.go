package console_test

import (
	"net/url"
	"strings"
	"testing"

	"sandbank/admin/console"
	"sandbank/server"
	"sandbank/server/grant"
	"sandbank/server/world"
)

// The palette finds what there is, and what can be done.
func TestPaletteFinds(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	s.token()
	id := s.holes["tokens/{id}"]
	for q, want := range map[string]string{"dave": "User dave", "bg-dem": "Client bg-demo", "MINT": "Mint users…", "expire at_": "Expire at_", id[:4]: "Token " + id[:4], "dave berlin": "at Accounts BG", "dave accounts bg": "dave@", id: "Token " + id, "zzzz": "Nothing found"} {
		contains(t, shown(s, "/admin/palette?q="+url.QueryEscape(q), 200), "main .items", want)
	}
	for q, page := range map[string]string{id: "/admin/tokens/" + id, "at_": "/admin/palette?q=at_", "#1": "/admin/inspector/1", "#99": "/admin/palette?q=%2399", "": "/admin/palette?q="} {
		if got := s.Get("/admin/find?q=" + url.QueryEscape(q)).Want(303).Header.Get("Location"); got != page {
			t.Errorf("%q leads to %q", q, got)
		}
	}
	for range console.MostSought { // an id is then found whole alone
		s.world.Space(world.Main).Grants.Issue(grant.Authorization{Bank: "yoisho", Client: demo, Owner: "yoisho/dave"}, false, s.Clock().Now())
	}
	contains(t, shown(s, "/admin/palette?q="+id, 200), "main .items", "Token "+id)
	if found := shown(s, "/admin/palette?q="+id[:len(id)-1], 200).Find("main .items").Text(); strings.Contains(found, "Token "+id) {
		t.Errorf("%s is found by its beginning still: %s", id, found)
	}
	if shown(s, "/admin", 200).Find(".bar a[data-palette]:not(.wide-only)").Length() != 1 {
		t.Error("a phone has no way to the palette")
	}
}
