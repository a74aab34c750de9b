package admin_test

import (
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// What was read out of the journal is remembered until something happens: no answer may be older than the traffic.
func TestReadingsFollowTheTraffic(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	hits := func() int { return d.scenario("E05").Hits }
	requests := func() (n int) {
		var list admin.ReportList
		d.pull("GET", "/report", nil).Want(200).Into(&list)
		for _, c := range list.Items {
			n += c.Requests
		}
		return n
	}
	if hits() != 0 || requests() != 0 {
		t.Fatal("traffic before any")
	}
	for i := range 5 {
		d.token("")
		if got := hits(); got != i+1 || hits() != got {
			t.Errorf("%d tokens without expires_in were seen, and it is told of %d", i+1, got)
		}
		if n := requests(); n != i+1 || requests() != n {
			t.Errorf("%d token requests are judged after %d flows", n, i+1)
		}
	}
	d.pull("DELETE", "/journal", nil).Want(204)
	if hits() != 0 || requests() != 0 {
		t.Error("what was forgotten is still told")
	}
	d.token("")
	d.pull("POST", "/reset", `{"what":"tokens"}`).Want(200)
	if hits() != 1 {
		t.Error("a reset of tokens took the traffic away")
	}
	d.pull("POST", "/spaces", `{"names":["other"]}`)
	d.Get("/v1/accounts", servertest.Bearer("x")).Want(401)
	if hits() != 1 {
		t.Error("another request changed what was met")
	}
}

func TestUsersByLogins(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	minted := d.minted(`{"bank":"berlin","count":12,"login":"s"}`)
	if minted.Logins != "s001:s012" {
		t.Errorf("minted %q", minted.Logins)
	}
	var list admin.UserList
	d.pull("GET", "/users?limit=5&logins="+minted.Logins, nil).Want(200).Into(&list)
	if list.Total != 12 || len(list.Items) != 5 || list.Items[0].ID != "berlin/s001" {
		t.Errorf("%d of %d, first %+v", len(list.Items), list.Total, list.Items)
	}
	d.pull("GET", "/users?logins=s001:s003,dave", nil).Want(200).Into(&list)
	if list.Total != 7 {
		t.Errorf("%d users, not three and four daves", list.Total)
	}
	if got := d.minted(`{"login":"zoe"}`); got.Logins != "zoe" || len(got.Users) < 4 {
		t.Errorf("one human is %q at %d banks", got.Logins, len(got.Users))
	}
	csv := d.Do("POST", admin.Prefix+"/users/import?format=csv", "login,bank\nayla,berlin\n").Want(201)
	if csv.Text("logins") != "ayla" {
		t.Errorf("imported %s", csv.Body)
	}
	d.pull("POST", "/users/import?format=xml", `{}`).Want(422)
}
