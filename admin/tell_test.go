package admin_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// A client may ask any bank for the number of its entry and for the space's time; the space may tell both unasked.
func TestTelling(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.skew(`{"resourceServer":"1h"}`)
	ask := func(value string) servertest.Option { return servertest.Header("X-Sandbox-Tell", value) }
	tests := []struct {
		name    string
		turn    string
		options []servertest.Option
		request bool
		now     bool
	}{
		{"nobody asks", "", nil, false, false},
		{"asked for both", "", []servertest.Option{ask("request, now")}, true, true},
		{"asked for one", "", []servertest.Option{ask("Now")}, false, true},
		{"asked for something else", "", []servertest.Option{ask("requests")}, false, false},
		{"switched on", `{"tellRequest":true}`, nil, true, false},
		{"and asked for", "", []servertest.Option{ask("now")}, true, true},
		{"both switched on", `{"tellNow":true}`, nil, true, true},
		{"switched off", `{"tellNow":false,"tellRequest":false}`, nil, false, false},
	}
	for _, tt := range tests {
		if tt.turn != "" {
			d.pull("PATCH", "/settings", tt.turn).Want(200)
		}
		for _, path := range []string{"/account/info", "/oauth2/authorize", "/v1/accounts", "/personal/banking/accounts", "/s2s/api/v1/accounts", "/finapi/api/v2/accounts"} {
			a, e := d.Get(path, tt.options...), d.Last()
			if id := a.Header.Get("X-Sandbox-Request"); (id != "") != tt.request || tt.request && id != strconv.FormatUint(e.ID, 10) {
				t.Errorf("%s, %s: request %q, the entry is %d", tt.name, path, id, e.ID)
			}
			if now := a.Header.Get("X-Sandbox-Now"); (now != "") != tt.now || tt.now && now != d.Clock().Now().Format(time.RFC3339Nano) {
				t.Errorf("%s, %s: now %q", tt.name, path, now)
			}
			if tt.request != strings.Contains(string(e.Response.Head), "X-Sandbox-Request: "+strconv.FormatUint(e.ID, 10)) {
				t.Errorf("%s, %s: the journal has other headers than the wire", tt.name, path)
			}
		}
	}
	if n := d.Journal().Total(); n != uint64(len(tests)*6) {
		t.Errorf("%d entries: a number was taken twice, or for nothing", n)
	}
}
