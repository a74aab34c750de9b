package admin_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// take keeps a snapshot and returns its number.
func (d *desk) take(name string) string {
	d.t.Helper()
	var kept admin.SnapshotKept
	d.pull("POST", "/snapshots", admin.SnapshotOrder{Name: name}).Want(201).Into(&kept)
	return strconv.FormatUint(kept.ID, 10)
}

// file downloads a snapshot.
func (d *desk) file(id string) string {
	d.t.Helper()
	a := d.pull("GET", "/snapshots/"+id, nil).Want(200)
	if kind := a.Header.Get("Content-Type"); kind != "application/json" {
		d.t.Errorf("a download is %s", kind)
	}
	return a.Body
}

func TestSnapshotRestoresWhatTheBanksAnswer(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := servertest.Bearer(d.token(""))
	date := d.Get("/account/info", bearer).Want(200).Header.Get("Date")
	id := d.take("with a live token")
	before := d.file(id)

	d.pull("POST", "/clock", `{"advance":"1h"}`).Want(200)
	later := servertest.Bearer(d.token(""))
	d.Get("/account/info", bearer).Want(400)
	var back admin.SnapshotView
	d.pull("POST", "/snapshots/"+id+"/restore", nil).Want(200).Into(&back)
	if back.Name != "with a live token" || back.Counts.Tokens != 2 || back.Counts.People == 0 {
		t.Errorf("restored %+v", back)
	}
	if a := d.Get("/account/info", bearer).Want(200); a.Header.Get("Date") != date {
		t.Errorf("the clock shows %s, not %s", a.Header.Get("Date"), date)
	}
	if d.Get("/account/info", later).Status != 400 || d.Last().Kind != "token_unknown" {
		t.Errorf("a token from after the snapshot: %s", d.Last().Kind)
	}
	if after := d.file(d.take("again")); after != before {
		t.Error("restored, the state is written differently")
	}
	d.pull("POST", "/undo", `{"count":2}`).Want(200) // the second snapshot, and the restore
	d.Get("/account/info", later).Want(200)
	d.Get("/account/info", bearer).Want(400)
}

// A file moves a whole bank, with living tokens, into another process.
func TestSnapshotMovesToAnotherServer(t *testing.T) {
	t.Parallel()
	one, two := open(t, server.Options{}, admin.Options{}), open(t, server.Options{Seed: 7, Start: time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)}, admin.Options{})
	token := one.token("")
	info := one.Get("/account/info", servertest.Bearer(token)).Want(200).Body
	file := one.file(one.take("to move"))
	two.Get("/account/info", servertest.Bearer(token)).Want(400)
	var kept admin.SnapshotKept
	two.pull("POST", "/snapshots/upload?name=moved", file).Want(201).Into(&kept)
	id := strconv.FormatUint(kept.ID, 10)
	if kept.Name != "moved" || kept.At.Year() != 2026 || two.file(id) != file {
		t.Errorf("uploaded %+v", kept.SnapshotView)
	}
	two.Get("/account/info", servertest.Bearer(token)).Want(400) // kept, not restored
	two.pull("POST", "/snapshots/"+id+"/restore", nil).Want(200)
	if a := two.Get("/account/info", servertest.Bearer(token)).Want(200); a.Body != info {
		t.Errorf("info was %s, is %s", info, a.Body)
	}
	if two.file(two.take("again")) != file {
		t.Error("what was downloaded, uploaded and restored is written differently")
	}
	two.Get("/account/info", servertest.Bearer(two.token(""))).Want(200)
}

func TestUploadRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.token("")
	good := d.file(d.take(""))
	d.pull("DELETE", "/snapshots/1", nil).Want(204)
	tests := []struct {
		name, body string
		status     int
		field      string
	}{
		{"no file", "", 400, ""},
		{"no JSON", "people", 400, ""},
		{"cut", good[:len(good)/2], 400, ""},
		{"another version", strings.Replace(good, `"sandbank": 1`, `"sandbank": 9`, 1), 422, "sandbank"},
		{"an unknown field", strings.Replace(good, `"login":"dave"`, `"login":"dave","nick":"d"`, 1), 422, "people[0].nick"},
		{"an owner who is not there", strings.Replace(good, `"owner":"yoisho/dave"`, `"owner":"yoisho/dawe"`, 1), 422, "accounts["},
		{"a token without a grant", strings.Replace(good, `"id":"g_`, `"id":"h_`, 1), 422, "tokens[0].grant"},
	}
	for _, tt := range tests {
		a := d.pull("POST", "/snapshots/upload", tt.body)
		var p struct {
			Errors []struct{ Field, Detail string }
		}
		a.Into(&p)
		field := ""
		if len(p.Errors) > 0 {
			field = p.Errors[0].Field
		}
		if a.Status != tt.status || !strings.HasPrefix(field, tt.field) || tt.status == 422 && field == "" {
			t.Errorf("%s: %d, field %q: %.300s", tt.name, a.Status, field, a.Body)
		}
	}
	d.pull("POST", "/snapshots/upload?name="+url.QueryEscape("a\nb"), good).Want(422)
	var list admin.SnapshotList
	d.pull("GET", "/snapshots", nil).Want(200).Into(&list)
	if len(list.Items) != 0 {
		t.Errorf("a refused file is kept: %+v", list.Items)
	}
}

// Banks take 1 MiB; a snapshot may be larger, up to a bound.
func TestUploadsMayBeLarge(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	good := d.file(d.take(""))
	d.pull("POST", "/snapshots/upload", good+strings.Repeat(" ", 20<<20)).Want(201)
	d.pull("POST", "/spaces", `{"name":"p01"}`).Want(201)
	d.Do("POST", "/s/p01"+admin.Prefix+"/snapshots/upload", good+strings.Repeat("\n", 20<<20)).Want(201)
}

func TestSnapshotList(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	for i := range 5 {
		d.take(fmt.Sprint("number ", i+1))
	}
	var names []string
	cursor := ""
	for range 4 {
		var page admin.SnapshotList
		d.pull("GET", "/snapshots?limit=2&cursor="+cursor, nil).Want(200).Into(&page)
		for _, s := range page.Items {
			names = append(names, s.Name)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if got := strings.Join(names, ","); got != "number 5,number 4,number 3,number 2,number 1" {
		t.Errorf("the pages list %s", got)
	}
	d.pull("DELETE", "/snapshots/3", nil).Want(204)
	d.pull("DELETE", "/snapshots/3", nil).Want(404)
	for _, path := range []string{"/snapshots/3", "/snapshots/first", "/snapshots/-1", "/snapshots/3/diff", "/snapshots/1/diff?to=3"} {
		d.pull("GET", path, nil).Want(404)
	}
	for _, path := range []string{"/snapshots?limit=0", "/snapshots?cursor=!", "/snapshots/1/diff?to=then", "/snapshots/1/diff?limit=x"} {
		d.pull("GET", path, nil).Want(422)
	}
	d.pull("POST", "/snapshots/3/restore", nil).Want(404)
	d.pull("POST", "/snapshots", `{"name":"`+strings.Repeat("x", 101)+`"}`).Want(422)
	d.pull("POST", "/snapshots", `{"nome":"x"}`).Want(422)
	if h := d.pull("GET", "/snapshots/1", nil).Header.Get("Content-Disposition"); h != `attachment; filename="sandbank-main-1-number-1.json"` {
		t.Errorf("Content-Disposition: %s", h)
	}
	d.pull("POST", "/spaces", `{"name":"p01"}`).Want(201)
	d.Get("/s/p01" + admin.Prefix + "/snapshots/1").Want(404)
	d.pull("POST", "/undo", nil).Want(200)
	d.pull("GET", "/snapshots/3", nil).Want(200)
}

func TestFullListSaysWhatItDropped(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var done admin.ResetDone
	d.pull("POST", "/reset", `{"what":"clock"}`).Want(200).Into(&done)
	for range 49 {
		d.take("")
	}
	var kept admin.SnapshotKept
	d.pull("POST", "/snapshots", `{"name":"one more"}`).Want(201).Into(&kept)
	if len(kept.Dropped) != 1 || kept.Dropped[0].ID != done.Snapshot.ID || !kept.Dropped[0].Automatic {
		t.Errorf("dropped %+v, not %+v", kept.Dropped, done.Snapshot)
	}
	d.pull("POST", "/reset", nil).Want(200).Into(&done)
	if len(done.Dropped) != 1 || done.Dropped[0].Automatic {
		t.Errorf("dropped %+v", done.Dropped)
	}
}

func TestSnapshotDiff(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	first := d.take("before the login")
	d.token("")
	second := d.take("after it")
	d.pull("POST", "/clock", `{"advance":"90d"}`).Want(200)
	diff := func(query string) (v admin.SnapshotDiff) {
		t.Helper()
		d.pull("GET", query, nil).Want(200).Into(&v)
		return v
	}
	login := diff("/snapshots/" + first + "/diff?to=" + second)
	if login.Totals["token"].Added != 2 || login.Totals["grant"].Added != 1 || len(login.Totals) != 2 || len(login.Items) != 3 || login.To.Name != "after it" {
		t.Errorf("the login made %+v", login)
	}
	jump := diff("/snapshots/" + second + "/diff")
	if len(jump.Items) != 1 || jump.Items[0].Kind != "clock" || jump.Items[0].Fields[0].Field != "now" || jump.To != nil {
		t.Errorf("the jump made %+v", jump)
	}
	capped := diff("/snapshots/" + first + "/diff?to=now&limit=1")
	if len(capped.Items) != 1 || capped.More != 3 || capped.Totals["token"].Added != 2 {
		t.Errorf("capped: %+v", capped)
	}
}

// Each part is reset and its effect watched at a bank, then taken back.
func TestResetParts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what       string
		old, fresh int // what a token from before, and an hour later, brings after the reset
	}{
		{"clock", 200, 200},
		{"data", 400, 200},
		{"tokens", 400, 400},
		{"everything", 400, 400},
	}
	for _, tt := range tests {
		d := open(t, server.Options{}, admin.Options{})
		old := servertest.Bearer(d.token(""))
		d.pull("POST", "/clock", `{"advance":"1h"}`).Want(200)
		fresh := servertest.Bearer(d.token(""))
		var done admin.ResetDone
		d.pull("POST", "/reset", `{"what":"`+tt.what+`"}`).Want(200).Into(&done)
		if !done.Snapshot.Automatic || done.Snapshot.Name != "before reset of "+tt.what || done.Snapshot.Counts.Tokens != 4 {
			t.Errorf("%s: kept %+v", tt.what, done.Snapshot)
		}
		if a, b := d.Get("/account/info", old).Status, d.Get("/account/info", fresh).Status; a != tt.old || b != tt.fresh {
			t.Errorf("after reset of %s the old token brings %d, the fresh one %d; want %d, %d", tt.what, a, b, tt.old, tt.fresh)
		}
		d.pull("POST", "/snapshots/"+strconv.FormatUint(done.Snapshot.ID, 10)+"/restore", nil).Want(200)
		d.Get("/account/info", fresh).Want(200)
		d.Get("/account/info", old).Want(400)
		d.pull("POST", "/undo", `{"count":2}`).Want(200)
		d.Get("/account/info", fresh).Want(200)
	}
	d := open(t, server.Options{}, admin.Options{})
	a := d.pull("POST", "/reset", `{"what":"money"}`).Want(422)
	if !strings.Contains(a.Body, `"what"`) || !strings.Contains(a.Body, "everything") {
		t.Errorf("an unknown part: %s", a.Body)
	}
}

// An armed fault is part of the state, with how far it has come.
func TestFaultsGoWithTheState(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := servertest.Bearer(d.token(""))
	d.pull("POST", "/faults", `{"line":"op=info; status=503; next=3"}`).Want(201)
	d.Get("/account/info", bearer).Want(503)
	id := d.take("two to go")
	file := d.file(id)
	d.pull("POST", "/reset", `{"what":"faults"}`).Want(200)
	d.Get("/account/info", bearer).Want(200)
	d.pull("POST", "/snapshots/"+id+"/restore", nil).Want(200)
	for _, want := range []int{503, 503, 200} {
		d.Get("/account/info", bearer).Want(want)
	}
	d.pull("POST", "/snapshots/"+id+"/restore", nil).Want(200)
	d.Get("/account/info", bearer).Want(503)
	var diff admin.SnapshotDiff
	d.pull("GET", "/snapshots/"+id+"/diff", nil).Want(200).Into(&diff)
	if len(diff.Items) != 1 || diff.Totals["fault"].Changed != 1 {
		t.Errorf("one hit made %+v", diff)
	}
	two := open(t, server.Options{}, admin.Options{})
	two.pull("POST", "/snapshots/upload", file).Want(201)
	two.pull("POST", "/snapshots/1/restore", nil).Want(200)
	for _, want := range []int{503, 503, 200} {
		two.Get("/account/info", bearer).Want(want)
	}
}

// Money that was spent comes back with the data.
func TestResetOfDataBringsMoneyBack(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	l := d.Ledger()
	a := l.AccountsOf("yoisho/dave")[0]
	now := d.Clock().Now()
	before := l.Balance(a.ID, now).Booked
	entries, _ := l.Entries(a.ID, now)
	e := entries[len(entries)-1]
	e.ID, e.Amount, e.At, e.Entered = "e-test", -100, now, now
	if err := l.Post(e); err != nil {
		t.Fatal(err)
	}
	if got := d.Ledger().Balance(a.ID, now).Booked; got != before-100 {
		t.Fatalf("balance %d", got)
	}
	d.pull("POST", "/reset", `{"what":"data"}`).Want(200)
	if got := d.Ledger().Balance(a.ID, now).Booked; got != before {
		t.Errorf("balance %d, want %d", got, before)
	}
}

// Snapshots are taken, written, restored and compared while banks work; -race watches.
func TestSnapshotsUnderTraffic(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	first := d.take("first")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 15 {
				switch i {
				case 0:
					d.pull("POST", "/snapshots/"+first+"/restore", nil)
				case 1:
					var kept admin.SnapshotKept
					d.pull("POST", "/snapshots", nil).Into(&kept)
					d.pull("GET", "/snapshots/"+strconv.FormatUint(kept.ID, 10), nil)
				case 2:
					d.pull("GET", "/snapshots/"+first+"/diff", nil)
					d.pull("POST", "/reset", `{"what":"tokens"}`)
				default:
					d.Get("/account/loggedin?uname=dave&psw=x&client_id=7b6fc8ed5127b0b2f076d&redirect=http://127.0.0.1:9/cb")
				}
			}
		})
	}
	wg.Wait()
	d.pull("POST", "/snapshots/"+first+"/restore", nil).Want(200)
	var diff admin.SnapshotDiff
	d.pull("GET", "/snapshots/"+first+"/diff", nil).Want(200).Into(&diff)
	if len(diff.Items) != 0 {
		t.Errorf("restored, it differs: %+v", diff.Items)
	}
}
