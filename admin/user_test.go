package admin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// Case E58: a lock ends logins and suspends what lives; revoke ends it.
func TestLockedUserAtEveryBank(t *testing.T) {
	t.Parallel()
	welcome := map[string]int{"yoisho": 303, "berlin": 303, "sparebank1": 303, "s2s": 200, "finapi": 200}
	barred := map[string]int{"yoisho": 403, "berlin": 403, "sparebank1": 403, "s2s": 401, "finapi": 423}
	for bank, login := range banks() {
		t.Run(bank, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			c := d.customer(bank, login)
			path := "/users/" + bank + "/" + login
			c.alive("at first")
			if got := c.signsIn("x"); got != welcome[bank] {
				t.Errorf("login is %d", got)
			}
			var done admin.UsersChanged
			d.pull("POST", path+"/lock", nil).Want(200).Into(&done)
			if !done.Users[0].Locked || done.Grants != 0 || done.Users[0].Tokens == 0 {
				t.Errorf("locked: %+v", done)
			}
			c.dead("locked")
			if got := c.signsIn("x"); got != barred[bank] {
				t.Errorf("login of a locked user is %d, want %d", got, barred[bank])
			}
			d.pull("POST", path+"/unlock", nil).Want(200)
			c.alive("unlocked")

			d.pull("POST", path+"/lock", `{"revoke":true,"why":"lost phone"}`).Want(200).Into(&done)
			if done.Grants == 0 || done.Tokens == 0 {
				t.Errorf("revoked: %+v", done)
			}
			d.pull("POST", path+"/unlock", nil).Want(200)
			c.dead("revoked")
			if why := d.Last().Why; !strings.Contains(why, "lost phone") {
				t.Errorf("why %q", why)
			}
			d.pull("POST", "/undo", `{"count":2}`).Want(200)
			c.alive("after undo")
		})
	}
}

func TestDeletedUserAtEveryBank(t *testing.T) {
	t.Parallel()
	for bank, login := range banks() {
		t.Run(bank, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			c := d.customer(bank, login)
			path := "/users/" + bank + "/" + login
			d.pull("PATCH", "/policies", `{"level":{"bank":"`+bank+`","user":"`+login+`"},"set":{"access":"1h"}}`).Want(200)
			levels := func() int {
				var v admin.PolicyView
				d.pull("GET", "/policies", nil).Want(200).Into(&v)
				return len(v.Levels)
			}
			d.pull("DELETE", path, nil).Want(204)
			c.dead("deleted")
			d.pull("GET", path, nil).Want(404)
			if n := levels(); n != 0 {
				t.Errorf("%d levels stay", n)
			}
			d.undo()
			c.alive("after undo")
			if n := levels(); n != 1 {
				t.Errorf("%d levels after undo", n)
			}
			d.pull("DELETE", path, nil).Want(204)
			d.pull("POST", "/users", `{"bank":"`+bank+`","login":"`+login+`"}`).Want(201)
			c.dead("deleted, and another of the same login")
		})
	}
}

// A client's level goes with the client.
func TestDeletedClientLeavesNoPolicy(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("PATCH", "/policies", `{"level":{"bank":"berlin","client":"bg-demo"},"set":{"access":"5s"}}`).Want(200)
	before := d.pull("GET", "/policies", nil).Body
	d.pull("DELETE", "/clients/berlin/bg-demo", nil).Want(204)
	if now := d.pull("GET", "/policies", nil).Body; strings.Contains(now, "bg-demo") {
		t.Error("the level stays")
	}
	d.undo()
	if now := d.pull("GET", "/policies", nil).Body; now != before {
		t.Error("undone, the policy is another")
	}
}

// Editing and revoking are different buttons.
func TestEditingAUserLeavesTokens(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	c := d.customer("yoisho", "dave")
	d.pull("PATCH", "/users/yoisho/dave", `{"given":"Deborah","family":"<i>T</i>","email":"d@example.com","phone":"+81","born":"1999-12-31","address":{"line":"Elsewhere 1"}}`).Want(200)
	want := `{"account_owner": "dave", "fullname": "Deborah <i>T</i>", "email": "d@example.com", "address": "Elsewhere 1", "phone": "+81"}`
	if a := c.ask("/account/info"); a.Status != 200 || strings.TrimSpace(a.Body) != want {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	d.undo()
	if a := c.ask("/account/info"); !strings.Contains(a.Body, "Dave Thompson") {
		t.Errorf("undone: %s", a.Body)
	}
}

// Case E58: the password is another. What lives ends where that is asked for.
func TestPasswordChanged(t *testing.T) {
	t.Parallel()
	wrong := map[string]int{"yoisho": 401, "berlin": 401, "sparebank1": 401, "finapi": 400}
	right := map[string]int{"yoisho": 303, "berlin": 303, "sparebank1": 303, "finapi": 200}
	for bank, login := range banks() {
		t.Run(bank, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			c := d.customer(bank, login)
			path := "/users/" + bank + "/" + login
			var set admin.PasswordSet
			d.pull("POST", path+"/password", `{"password":"s3cret-1"}`).Want(200).Into(&set)
			c.alive("password changed")
			if bank != "s2s" {
				if a, b := c.signsIn("other-1"), c.signsIn("s3cret-1"); a != wrong[bank] || b != right[bank] {
					t.Errorf("wrong password %d, right %d", a, b)
				}
			}
			if body := d.pull("GET", path, nil).Want(200).Body; strings.Contains(body, "s3cret-1") {
				t.Error("the password is shown without being asked for")
			}
			if body := d.pull("GET", path+"?reveal=true", nil).Want(200).Body; !strings.Contains(body, "s3cret-1") {
				t.Error("the password is not shown")
			}
			d.pull("POST", path+"/password", `{"revoke":true}`).Want(200).Into(&set)
			if len(set.Password) < 10 || set.Grants == 0 || bank != "s2s" && c.signsIn(set.Password) != right[bank] {
				t.Errorf("dealt %+v", set)
			}
			c.dead("password changed, revoked")
			d.pull("POST", "/undo", `{"count":2}`).Want(200)
			c.alive("after undo")
			d.pull("POST", path+"/password", `{"password":""}`).Want(200)
			if bank != "s2s" && c.signsIn("anything") != right[bank] {
				t.Error("without a password any is right")
			}
		})
	}
}

// A page that is open when its person is locked ends too.
func TestLockEndsOpenPages(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	b := d.Browser()
	signedIn := b.Get("/yoisho/connections").Submit("login", "dave", "password", "x")
	if !strings.Contains(signedIn.Body, "dave") {
		t.Fatal("no list of connections")
	}
	code := b.Get("/oauth/authorize?client_id=sb1-demo&redirect_uri=http://127.0.0.1:9000/cb&response_type=code&state=42&finInst=fid-smn").Submit("login", "dave", "password", "x")
	d.pull("POST", "/users/lock", `{"ids":["yoisho/dave","sparebank1/dave"]}`).Want(200)
	if p := b.Get("/yoisho/connections"); !strings.Contains(p.Body, "Log in to see") {
		t.Error("the session goes on")
	}
	otp, _ := code.Doc.Find("[name=demo]").Attr("value")
	if away := code.Submit("otp", otp).Away; away == nil || !strings.Contains(away.String(), "error=access_denied") {
		t.Errorf("the login goes on to %s", away)
	}
	d.undo()
	if p := b.Get("/yoisho/connections"); !strings.Contains(p.Body, "dave") {
		t.Error("undone, the session is gone")
	}
}

// A code that was dealt before the lock brings nothing, and is spent by the try.
func TestLockedUsersCodeBringsNothing(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	code := d.mint(dave(`,"kind":"code"`)).Token.Value
	exchange := func() *servertest.Answer {
		return d.Get("/account/access_token?client_id=" + yoishoID + "&client_secret=" + yoishoSecret + "&code=" + code)
	}
	d.pull("POST", "/users/yoisho/dave/lock", nil).Want(200)
	if a := exchange(); a.Status == 200 || !strings.Contains(d.Last().Why, "yoisho/dave is locked") {
		t.Errorf("%d %s: %s", a.Status, a.Body, d.Last().Why)
	}
	d.pull("POST", "/users/yoisho/dave/unlock", nil).Want(200)
	if a := exchange(); a.Status == 200 {
		t.Error("a code was good for two tries")
	}
}

func TestSeveralUsersAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	one, two := d.customer("yoisho", "dave"), d.customer("yoisho", "jane")
	ids := `["yoisho/dave","yoisho/jane","yoisho/dave"]`
	var done admin.UsersChanged
	d.pull("POST", "/users/lock", `{"ids":`+ids+`,"revoke":true}`).Want(200).Into(&done)
	if len(done.Users) != 2 || done.Grants != 2 || done.Tokens != 2 {
		t.Errorf("locked %+v", done)
	}
	one.dead("locked")
	two.dead("locked")
	var list admin.UserList
	d.pull("GET", "/users?state=locked", nil).Want(200).Into(&list)
	if list.Total != 2 || list.Items[0].ID != "yoisho/dave" {
		t.Errorf("locked ones: %+v", list)
	}
	d.pull("POST", "/users/unlock", `{"ids":`+ids+`}`).Want(200)
	d.pull("POST", "/undo", `{"count":2}`).Want(200)
	one.alive("undone")
	d.pull("POST", "/users/delete", `{"ids":`+ids+`}`).Want(200).Into(&done)
	if len(done.Users) != 2 || done.Tokens != 2 {
		t.Errorf("deleted %+v", done)
	}
	d.undo()
	two.alive("undone")
	many := strings.Repeat(`"yoisho/dave",`, 1000) + `"yoisho/jane"`
	for _, tt := range []struct{ path, body, field string }{
		{"/users/lock", `{"ids":[]}`, "ids"}, {"/users/lock", `{"ids":[` + many + `]}`, "ids"}, {"/users/delete", `{"ids":["yoisho/dave","yoisho/nobody"]}`, "ids"},
		{"/users/unlock", `{"ids":["yoisho/dave"],"revoke":true}`, "revoke"}, {"/users/delete", `{"ids":["yoisho/dave"],"revoke":true}`, "revoke"},
		{"/users/lock", `{"ids":["yoisho/dave"],"why":"x"}`, "why"}, {"/users/yoisho/dave/lock", `{"ids":[]}`, "ids"},
	} {
		d.refused("POST", tt.path, tt.body, tt.field)
	}
	d.pull("POST", "/users/yoisho/nobody/lock", nil).Want(404)
	d.pull("DELETE", "/users/yoisho/nobody", nil).Want(404)
	one.alive("after refusals")
}

func TestUserListsGoOn(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/users", `{"bank":"berlin","login":"x","count":12}`).Want(201)
	var ids []string
	for cursor := ""; ; {
		var page admin.UserList
		d.pull("GET", "/users?bank=berlin&limit=5&cursor="+cursor, nil).Want(200).Into(&page)
		if page.Total != 14 || len(page.Items) > 5 {
			t.Fatalf("total %d, %d items", page.Total, len(page.Items))
		}
		for _, u := range page.Items {
			ids = append(ids, u.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(ids) != 14 || ids[0] != "berlin/dave" || ids[13] != "berlin/x012" {
		t.Errorf("%d: %v", len(ids), ids)
	}
	var found admin.UserList
	d.pull("GET", "/users?q=HAMAmoto", nil).Want(200).Into(&found)
	if found.Total != 4 {
		t.Errorf("%d found", found.Total)
	}
	d.pull("GET", "/users?client=finapi-demo", nil).Want(200).Into(&found)
	if found.Total != 2 {
		t.Errorf("%d users of finapi-demo", found.Total)
	}
	for query, field := range map[string]string{"bank=x": "bank", "state=x": "state", "cursor=x": "cursor", "limit=0": "limit", "reveal=x": "reveal"} {
		d.refused("GET", "/users?"+query, "", field)
	}
}

// Names that break careless programs are refused, or shown as they are.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	for name, shown := range map[string]bool{
		"<script>alert(1)</script>": true, "محمد بن سلمان": true, "👩‍👩‍👧‍👦": true, "O'Brien \"x\" {{7*7}} %00": true, "נועה": true, strings.Repeat("é", 100): true,
		strings.Repeat("x", 10_000): false, "a\x00b": false, "a\nb": false, "a\u202eb": false, "\u2066x": false, "\ufffd": false, "\u0085": false,
	} {
		body, _ := json.Marshal(map[string]any{"given": name, "family": "Zed"})
		if !shown {
			d.refused("PATCH", "/users/yoisho/dave", string(body), "given")
			d.refused("POST", "/users", string(body), "given")
			continue
		}
		var v admin.UserView
		d.pull("PATCH", "/users/yoisho/dave", string(body)).Want(200).Into(&v)
		if v.Given != name || v.Name != name+" Zed" {
			t.Errorf("%q became %q", name, v.Given)
		}
		c := d.customer("yoisho", "dave")
		var info struct {
			Name string `json:"fullname"`
		}
		c.ask("/account/info").Want(200).Into(&info)
		if info.Name != name+" Zed" {
			t.Errorf("the bank says %q", info.Name)
		}
		d.pull("PATCH", "/users/sparebank1/dave", string(body)).Want(200)
		page := d.Browser().Get("/oauth/authorize?client_id=sb1-demo&redirect_uri=http://127.0.0.1:9000/cb&response_type=code&state=42&finInst=fid-smn").Submit("login", "dave", "password", "x")
		if strings.Contains(page.Body, "<script>alert") || !strings.Contains(page.Doc.Text(), name) {
			t.Errorf("%q stands in the page as markup, or not at all", name)
		}
	}
	for body, field := range map[string]string{
		`{"given":"","family":""}`: "given", `{"given":" ","family":" "}`: "given", `{"email":"a\u0000"}`: "email", `{"born":"31.12.1999"}`: "born",
		`{"address":{"city":"\u0007"}}`: "address.city", `{"login":"x"}`: "login", `{"locked":true}`: "locked", `{"given":5}`: "given",
	} {
		d.refused("PATCH", "/users/yoisho/dave", body, field)
	}
	for _, login := range []string{"", "a b", "a/b", "<b>", "ü", strings.Repeat("x", 65), "a\x00"} {
		if login == "" {
			continue // one is dealt
		}
		body, _ := json.Marshal(map[string]any{"bank": "yoisho", "login": login})
		d.refused("POST", "/users", string(body), "login")
	}
	d.pull("GET", "/users/yoisho/%00", nil).Want(404)
	d.pull("GET", "/users/yoisho/"+strings.Repeat("x", 5000), nil).Want(404)
}

// A person at the bank without pages is told which service accounts act for it.
func TestUserTellsItsServiceAccounts(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	for login, want := range map[string]int{"ali": 1, "annelid": 0} {
		var u admin.UserDetail
		d.pull("GET", "/users/s2s/"+login, nil).Want(200).Into(&u)
		if len(u.SignIn.Services) != want || u.SignIn.Note == "" {
			t.Errorf("%s: %+v", login, u.SignIn)
		}
	}
}
