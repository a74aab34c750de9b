package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
)

// What a space holds is told, and so is what went to keep it in bounds.
func TestStateIsToldAndBounded(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{Journal: 5}, admin.Options{})
	state := func() (v admin.StateView) {
		d.pull("GET", "/state", nil).Want(200).Into(&v)
		return v
	}
	before := state()
	if before.Tokens.Most != 1_000_000 || before.People.Kept == 0 || before.Accounts.Kept == 0 || before.Clients.Kept < 5 || before.Spaces.Kept != 1 {
		t.Errorf("%+v", before)
	}
	d.world.Space("main").Grants.Limit(40)
	for range 30 {
		d.token("")
		d.Browser().Get("/oauth/authorize?client_id=sb1-demo&redirect_uri=" + back + "&response_type=code&state=x&finInst=fid-smn")
	}
	d.pull("POST", "/spaces", `{"name":"p01"}`).Want(201)
	after := state()
	for name, k := range map[string]admin.Kept{"tokens": after.Tokens, "logins": after.Logins, "journal": after.Journal} {
		if k.Kept > k.Most || k.Kept == 0 || k.Dropped == 0 {
			t.Errorf("%s: %+v", name, k)
		}
	}
	if after.Spaces.Kept != 2 || after.Sessions.Kept > after.Sessions.Most {
		t.Errorf("%+v", after)
	}
	if m := d.Get("/metrics").Body; !strings.Contains(m, "sandbank_spaces 2") || !strings.Contains(m, fmt.Sprint("sandbank_tokens_dropped_total ", after.Tokens.Dropped)) {
		t.Errorf("metrics:\n%s", m)
	}
	d.Do("GET", "/s/p01"+admin.Prefix+"/state", "").Want(200)
}
