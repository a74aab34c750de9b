package admin_test

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// minted orders people.
func (d *desk) minted(body string) (out admin.UsersMinted) {
	d.t.Helper()
	d.pull("POST", "/users", body).Want(201).Into(&out)
	return out
}

// New people bank like those who were there from the start: they log in, have accounts, and their balances are the sums of their entries.
func TestMintedPeopleBank(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	out := d.minted(`{"login":"lena","password":"s3cret-1","persona":"family","months":6}`)
	if len(out.Users) != 5 || len(out.SignIn) != 5 || out.Accounts < 10 {
		t.Fatalf("minted %d users with %d accounts", len(out.Users), out.Accounts)
	}
	name := out.Users[0].Name
	for _, u := range out.Users {
		if u.Login != "lena" || u.Password != "s3cret-1" || u.Name != name || u.ID != u.Bank+"/lena" {
			t.Errorf("minted %+v", u)
		}
		c := d.customer(u.Bank, "lena")
		c.alive("minted")
		if u.Bank != "s2s" && (c.signsIn("s3cret-1") >= 400 || c.signsIn("wrong-1") < 400) {
			t.Errorf("%s: the password does not count", u.Bank)
		}
		for _, a := range u.Accounts {
			d.sums(a.ID)
		}
	}
	var v admin.UserDetail
	d.pull("GET", "/users/sparebank1/lena?reveal=true", nil).Want(200).Into(&v)
	want := admin.SignInView{Bank: "sparebank1", First: v.SignIn.First, Fields: []admin.SignInField{{Name: "login", Value: "lena", Note: "or the national identity number " + v.NationalID},
		{Name: "password", Value: "s3cret-1"}, {Name: "otp", Note: "six digits, which the page shows; another each time"}}}
	if !reflect.DeepEqual(v.SignIn, want) || len(v.NationalID) != 11 || v.Tokens != 3 {
		t.Errorf("detail %+v", v)
	}
	page := d.Browser().Get(v.SignIn.First).Submit("login", v.NationalID, "password", "s3cret-1")
	if !strings.Contains(page.Body, name) {
		t.Error("the national identity number does not open the page")
	}
}

func TestMintedPeopleAreDealt(t *testing.T) {
	t.Parallel()
	d, again := open(t, server.Options{}, admin.Options{}), open(t, server.Options{}, admin.Options{})
	one, two := d.minted(`{"count":3}`), again.minted(`{"count":3}`)
	if !reflect.DeepEqual(one, two) {
		t.Error("the same order in the same state gives others")
	}
	more := d.minted(`{"count":2,"bank":"finapi"}`)
	if more.Users[0].Login != "p004" || more.Users[1].Login != "p005" {
		t.Errorf("then %+v", more.Users)
	}
	if a, b := d.minted(`{"login":"team","count":2,"bank":"berlin","seed":1}`), again.minted(`{"login":"team","count":2,"bank":"berlin","seed":2}`); a.Users[0].Name == b.Users[0].Name && a.Users[1].Name == b.Users[1].Name || a.Users[1].Login != "team002" {
		t.Errorf("the seed is dead: %+v", a.Users)
	}
	ids := map[string]bool{}
	for _, bank := range []string{"berlin", "finapi", "s2s"} {
		var list admin.AccountList
		d.pull("GET", "/accounts?limit=1000&bank="+bank, nil).Want(200).Into(&list)
		for _, a := range list.Items {
			if ids[a.ID] {
				t.Errorf("account %s is there twice", a.ID)
			}
			ids[a.ID] = true
		}
	}
}

// Entries of the bank that counts them have numbers of their own, also after accounts went.
func TestMintedEntriesHaveTheirOwnNumbers(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.minted(`{"bank":"s2s","count":3,"persona":"saver"}`)
	d.pull("DELETE", "/users/s2s/p001", nil).Want(204)
	d.minted(`{"bank":"s2s","count":3,"persona":"saver"}`)
	d.minted(`{"bank":"finapi","count":3}`)
	d.pull("DELETE", "/users/finapi/p001", nil).Want(204)
	d.minted(`{"bank":"finapi","count":3}`)
	connections := map[string]string{}
	for _, login := range []string{"p001", "p002", "p003", "p004", "p005"} {
		body := d.customer("finapi", login).ask("/api/v1/bankConnections").Want(200).Body
		_, id, _ := strings.Cut(body, `"id":`)
		id, _, _ = strings.Cut(id, ",")
		if connections[id] != "" {
			t.Errorf("connection %s is %s's and %s's", id, connections[id], login)
		}
		connections[id] = login
	}
	seen := map[string]string{}
	var accounts admin.AccountList
	d.pull("GET", "/accounts?bank=s2s&limit=1000", nil).Want(200).Into(&accounts)
	for _, a := range accounts.Items {
		var list admin.MovementList
		d.pull("GET", "/accounts/"+a.ID+"/entries?limit=1000", nil).Want(200).Into(&list)
		for _, e := range list.Items {
			if seen[e.ID] != "" && seen[e.ID] != a.ID {
				t.Fatalf("entry %s is on %s and on %s", e.ID, seen[e.ID], a.ID)
			}
			seen[e.ID] = a.ID
		}
	}
}

func TestMintedPeopleAsOrdered(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.minted(`{"bank":"berlin","login":"ay","country":"TR","currency":"USD","given":"Ayşe","family":"Yılmaz","email":"ay@example.com","months":3,"locked":true}`)
	var v admin.UserDetail
	d.pull("GET", "/users/berlin/ay", nil).Want(200).Into(&v)
	if v.Name != "Ayşe Yılmaz" || v.Address.Country != "TR" || !strings.HasPrefix(v.Phone, "+90") || v.Email != "ay@example.com" || !v.Locked {
		t.Errorf("minted %+v", v.UserView)
	}
	if a := v.Holds[0]; a.Currency != "USD" || a.Opened.Month() != 9 {
		t.Errorf("first account %+v", a)
	}
	d.minted(`{"bank":"berlin","login":"rich","persona":"millionaire"}`)
	d.pull("GET", "/users/berlin/rich", nil).Want(200).Into(&v)
	rich := v.Holds[0].Booked
	d.minted(`{"bank":"berlin","login":"poor","persona":"empty"}`)
	d.pull("GET", "/users/berlin/poor", nil).Want(200).Into(&v)
	if rich < 100_000_00 || v.Holds[0].Booked != 0 {
		t.Errorf("a millionaire has %s, an empty one %s", rich, v.Holds[0].Booked)
	}
	d.pull("POST", "/clients", `{"bank":"finapi","id":"mine","secret":"s","grantTypes":["password","client_credentials"]}`).Want(201)
	d.minted(`{"bank":"finapi","login":"theirs","client":"mine"}`)
	form := url.Values{"grant_type": {"password"}, "username": {"theirs"}, "password": {"x"}}
	if a, b := d.Post("/finapi/oauth/token", form, servertest.Basic("mine", "s")).Status, d.Post("/finapi/oauth/token", form, servertest.Basic("finapi-demo", "finapi-demo-secret")).Status; a != 200 || b == 200 {
		t.Errorf("its client %d, another %d", a, b)
	}
	names := map[string]bool{}
	for _, u := range d.minted(`{"bank":"yoisho","persona":"edge","count":16}`).Users {
		names[u.Name] = true
		d.customer("yoisho", u.Login).alive(u.Name)
	}
	if len(names) != 16 || !names["Siobhán O'Brien-Nuñez"] {
		t.Errorf("names %v", names)
	}
}

// A dry order tells the truth, and leaves nothing.
func TestDryOrder(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	before := d.file(d.take(""))
	dry := d.minted(`{"count":5,"dry":true}`)
	if !dry.Dry || len(dry.Users) != 25 || dry.Users[19].Transactions == nil || dry.Users[20].Transactions != nil {
		t.Errorf("dry: %d users", len(dry.Users))
	}
	if d.file(d.take("")) != before {
		t.Error("a dry order left something")
	}
	wet := d.minted(`{"count":5}`)
	for i, u := range dry.Users {
		if u.Transactions != nil {
			n := 0
			for _, a := range u.Accounts {
				var list admin.MovementList
				d.pull("GET", "/accounts/"+a.ID+"/entries?limit=1000", nil).Want(200).Into(&list)
				if n += len(list.Items); list.Next != "" {
					n = *u.Transactions
					break
				}
			}
			if n != *u.Transactions {
				t.Errorf("%s: %d transactions were told, there are %d", u.ID, *u.Transactions, n)
			}
			u.Transactions = nil
		}
		if !reflect.DeepEqual(u, wet.Users[i]) {
			t.Errorf("told %+v, made %+v", u, wet.Users[i])
		}
	}
}

func TestMintRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	before := d.file(d.take(""))
	for body, field := range map[string]string{
		`{"bank":"nobank"}`: "bank", `{"count":-1}`: "count", `{"count":1001}`: "count", `{"persona":"saint"}`: "persona", `{"country":"XX"}`: "country",
		`{"bank":"yoisho","currency":"EUR"}`: "currency", `{"currency":"EUR"}`: "currency", `{"months":121}`: "months", `{"months":-1}`: "months",
		`{"bank":"berlin","client":"bg-demo"}`: "client", `{"bank":"finapi","client":"nobody"}`: "client", `{"email":"a@b","count":2}`: "email", `{"seed":-1}`: "seed",
		`{"given":" "}`: "given", `{"password":"a\u0000"}`: "password", `{"people":[]}`: "people", `{"login":"` + strings.Repeat("x", 62) + `","count":2}`: "login",
	} {
		d.refused("POST", "/users", body, field)
	}
	d.pull("POST", "/users", `{"login":"dave"}`).Want(409)
	d.pull("POST", "/users", `{"login":"dave","bank":"s2s"}`).Want(201)
	d.undo()
	if d.file(d.take("")) != before {
		t.Error("a refused order left something")
	}
}

const zoe = `{"bank":"berlin","people":[{"login":"zoe","given":"Zoe","family":"Zed","password":"pw-zoe",
	"accounts":[{"name":"Current account","balance":"1234.56","persona":"student","months":12,"entries":[{"amount":"-5.00","at":"20h","text":"soon"}]}]},
	{"login":"mono","family":"Mono"}]}`

func TestImportOfAFile(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	before := d.file(d.take(""))
	var dry, out admin.UsersMinted
	d.pull("POST", "/users/import?dry=true", zoe).Want(201).Into(&dry)
	if d.file(d.take("")) != before || *dry.Users[0].Transactions < 10 {
		t.Errorf("dry: %+v", dry)
	}
	d.pull("POST", "/users/import", zoe).Want(201).Into(&out)
	if len(out.Users) != 2 || out.Users[0].Password != "pw-zoe" || out.Users[0].Accounts[0].IBAN == "" {
		t.Fatalf("imported %+v", out)
	}
	a := d.sums(out.Users[0].Accounts[0].ID)
	if a.Booked != 1234_56 {
		t.Errorf("zoe has %s", a.Booked)
	}
	d.pull("POST", "/users/import", zoe).Want(409)
	for body, field := range map[string]string{
		`{"bank":"berlin"}`: "people", `{"bank":"nobank","people":[{"login":"a","given":"A"}]}`: "bank", `{"bank":"berlin","people":[{"login":"a b","given":"A"}]}`: "people[0].login",
		`{"bank":"berlin","clients":[],"country":"BG","prefix":"SBNK915510","people":[{"login":"a","given":"A"}]}`: "",
		`{"bank":"berlin","people":[{"login":"a","given":"A","accounts":[{"balance":"abc"}]}]}`:                    "people[0].accounts[0].balance",
		`{"bank":"berlin","people":[{"login":"a","given":"A","nick":"x"}]}`:                                        "people[0].nick",
		`{"bank":"finapi","people":[{"login":"a","given":"A","client":"nobody"}]}`:                                 "people[0].client",
		`{"bank":"berlin","people":[{"login":"a","given":"A"},{"login":"a","given":"A"}]}`:                         "people[1].login",
		`[`: "", ``: "",
	} {
		d.refused("POST", "/users/import", body, field)
	}
	d.pull("POST", "/users/import", `{"bank":"sparebank1","people":[{"login":"n","given":"N","accounts":[{"iban":"NO4299994010014"}]}]}`).Want(409)
	d.undo()
	if d.file(d.take("")) != before {
		t.Error("undone, something stays")
	}
	d.pull("POST", "/users/import", zoe).Want(201)
	d.customer("berlin", "zoe").alive("imported")
}

func TestImportOfATable(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	kind := servertest.Header("Content-Type", "text/csv; charset=utf-8")
	table := "\ufeffbank,Login,given,family\nberlin,aya,Aya,\"Ito, Dr.\"\nberlin,,Ben,Bo\n,,Eva,Lie\n"
	before := d.file(d.take(""))
	var dry, out admin.UsersMinted
	d.pull("POST", "/users/import?dry=true", table, kind).Want(201).Into(&dry)
	if d.file(d.take("")) != before {
		t.Error("a dry import left something")
	}
	d.pull("POST", "/users/import", table, kind).Want(201).Into(&out)
	if len(out.Users) != 7 || out.Users[0].Name != "Aya Ito, Dr." || out.Users[1].Login != "p001" || out.Users[2].Login != "p002" || len(dry.Users) != 7 {
		t.Fatalf("imported %+v", out.Users)
	}
	for body, field := range map[string]string{
		"login,nick\na,b\n": "nick", "login,login\na,b\n": "login", "login\na\nb c\n": "row 3, login", "bank,login\nx,y\n": "row 2, bank",
		"persona\nsaint\n": "row 2, persona", "given\n\"a\u202eb\"\n": "row 2, given",
	} {
		d.refused("POST", "/users/import", body, field, kind)
	}
	for _, body := range []string{"", "login\n", "login,given\na\n", "login\n\"a\n", "login\n" + strings.Repeat("a\n", 1001)} {
		d.pull("POST", "/users/import", body, kind).Want(400)
	}
	d.pull("POST", "/users/import", "login\nk1\nk1\n", kind).Want(409)
	d.undo()
	if d.file(d.take("")) != before {
		t.Error("undone, something stays")
	}
	d.pull("POST", "/users/import", table, kind).Want(201)
	d.customer("berlin", "aya").alive("imported")
}

// Every verb on users, accounts and service accounts can be taken back, and survives a snapshot and another process.
func TestUserVerbsUndoAndSurvive(t *testing.T) {
	t.Parallel()
	d, space := openWorld(t)
	other := open(t, server.Options{}, admin.Options{})
	d.customer("berlin", "dave")
	d.customer("s2s", "ali")
	d.pull("PATCH", "/policies", `{"level":{"bank":"berlin","user":"dave"},"set":{"access":"1h"}}`).Want(200)
	const account = "/accounts/1a0f6c52-7d43-4b8e-9a55-2f90c1d7e301"
	var pending admin.MovementAdded
	d.pull("POST", account+"/entries", `{"amount":-500,"state":"pending"}`).Want(201).Into(&pending)
	verbs := []struct{ method, path, body string }{
		{"POST", "/users", `{"count":2}`}, {"POST", "/users/import", zoe}, {"PATCH", "/users/berlin/dave", `{"given":"D"}`}, {"POST", "/users/berlin/dave/password", `{"revoke":true}`},
		{"POST", "/users/berlin/jane/lock", `{"revoke":true}`}, {"POST", "/users/berlin/jane/unlock", ``}, {"POST", "/users/lock", `{"ids":["yoisho/dave","berlin/dave"]}`},
		{"POST", account + "/entries", `{"amount":"-12.34","text":"x"}`}, {"POST", account + "/entries", `{"balance":"0.00"}`}, {"POST", account + "/entries/" + pending.Entry.ID + "/book", ``},
		{"POST", account + "/block", ``}, {"POST", account + "/unblock", ``}, {"POST", account + "/close", ``}, {"POST", account + "/reopen", ``}, {"PATCH", account, `{"name":"N","limit":"1.00"}`},
		{"POST", "/service-accounts", `{"bank":"s2s","id":"svc","user":"annelid"}`}, {"PATCH", "/service-accounts/s2s/svc", `{"user":"ali","name":"S"}`},
		{"POST", "/service-accounts/s2s/svc/rotate", `{"overlap":"1h"}`}, {"POST", "/service-accounts/berlin/bg-demo/rotate", `{"overlap":"1h"}`}, {"DELETE", "/service-accounts/berlin/bg-demo", ``},
		{"DELETE", "/service-accounts/s2s/s2s-demo", ``}, {"DELETE", account, ``}, {"DELETE", "/users/berlin/dave", ``}, {"POST", "/users/delete", `{"ids":["s2s/ali","finapi/dave"]}`},
	}
	for _, v := range verbs {
		pull := func() {
			if a := d.pull(v.method, v.path, v.body); a.Status >= 300 {
				t.Fatalf("%s %s: %d %s", v.method, v.path, a.Status, a.Body)
			}
		}
		before := space.Snapshot()
		pull()
		if diff, err := space.Snapshot().Diff(before); err != nil || len(diff) == 0 {
			t.Errorf("%s %s changes nothing, %v", v.method, v.path, err)
		}
		d.undo()
		if diff, err := space.Snapshot().Diff(before); err != nil || len(diff) != 0 {
			t.Errorf("%s %s, undone, leaves %+v, %v", v.method, v.path, diff, err)
		}
		pull()
	}
	last := d.file(d.take("last"))
	var kept admin.SnapshotKept
	other.pull("POST", "/snapshots/upload", last).Want(201).Into(&kept)
	other.pull("POST", fmt.Sprintf("/snapshots/%d/restore", kept.ID), nil).Want(200)
	if other.file(other.take("")) != last {
		t.Error("in another process the state is written differently")
	}
	other.customer("berlin", "zoe").alive("in another process")
	other.minted(`{"count":2}`)
}

func BenchmarkMintUsers(b *testing.B) {
	d := open(b, server.Options{}, admin.Options{})
	for _, n := range []int{1, 200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.pull("POST", "/users", fmt.Sprintf(`{"bank":"berlin","count":%d}`, n)).Want(201)
				d.undo()
			}
		})
	}
}
