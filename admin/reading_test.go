package admin_test

import (
	"slices"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/world"
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

// However a space is used and bent, what was read bit by bit is what reading everything anew says.
func TestCoverageBitByBit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		d := open(t, server.Options{Journal: 96, Seed: seed + 1}, admin.Options{}) // it overflows soon
		w, space := d.walker("", seed), d.world.Space(world.Main)
		desk := func() *admin.Desk {
			return admin.New(admin.Options{World: d.world, Banks: []string{"yoisho", "berlin", "sparebank1", "s2s", "finapi"}}).Desk(space, "")
		}
		kept, most := desk(), 0
		for i := range 250 {
			w.step()
			switch {
			case i%97 == 90:
				d.pull("DELETE", "/journal", nil).Want(204)
			case i%83 == 82:
				d.pull("POST", "/reset", `{"what":"tokens"}`).Want(200)
			case i == 120:
				d.pull("POST", "/reset", `{"what":"everything"}`).Want(200)
			}
			list, err := kept.Scenarios(admin.ScenarioFilter{})
			if err != nil {
				t.Fatal(err)
			}
			anew, err := desk().Scenarios(admin.ScenarioFilter{})
			if err != nil {
				t.Fatal(err)
			}
			for n, c := range anew.Items {
				if got := list.Items[n]; got.Hits != c.Hits || !slices.Equal(got.Entries, c.Entries) {
					t.Fatalf("seed %d, step %d, %s: %d hits in %v bit by bit, %d in %v anew", seed, i, c.ID, got.Hits, got.Entries, c.Hits, c.Entries)
				}
			}
			if met, all := kept.Coverage(); met != anew.Met || all != anew.Total {
				t.Fatalf("%d/%d, not %s", met, all, anew.Coverage)
			}
			most = max(most, list.Met)
		}
		if most < 5 {
			t.Errorf("seed %d met %d cases: that shows nothing", seed, most)
		}
		d.pull("DELETE", "/journal", nil).Want(204)
		if met, _ := kept.Coverage(); met != 0 {
			t.Errorf("%d cases are met by an empty journal", met)
		}
	}
}

// What every page asks, with one request since the last time, over a full journal.
func BenchmarkCoverage(b *testing.B) {
	d := open(b, server.Options{}, admin.Options{})
	for i := range 2000 {
		if i%4 == 0 {
			d.token("")
		}
		d.Get("/account/info", servertest.Bearer("x"))
	}
	desk := admin.New(admin.Options{World: d.world}).Desk(d.world.Space(world.Main), "")
	for _, requests := range []int{0, 1} {
		b.Run(num(requests)+" new", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				for range requests {
					d.Get("/account/info", servertest.Bearer("x"))
				}
				b.StartTimer()
				desk.Coverage()
			}
		})
	}
	b.Run("from scratch", func(b *testing.B) {
		for b.Loop() {
			admin.New(admin.Options{World: d.world}).Desk(d.world.Space(world.Main), "").Coverage()
		}
	})
}
