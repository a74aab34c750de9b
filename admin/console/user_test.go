package console_test

import (
	"strings"
	"testing"

	"sandbank/admin/console"
	"sandbank/server"
)

// did fails the test where the newest activity is another.
func did(s *stage, what string) {
	s.t.Helper()
	var all []struct{ What string }
	if s.pull("GET", "/activity?limit=1", nil).Want(200).Into(&all); len(all) != 1 || all[0].What != what {
		s.t.Errorf("the last activity is %v, not %q", all, what)
	}
}

func TestUsersListAndFilter(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.token()
	doc := shown(s, "/admin/users", 200)
	contains(t, doc, "#u-yoisho_dave", "dave", "Dave Thompson", "Yoisho", "1", "active", "Lock", "Log in")
	contains(t, doc, "#u-s2s_ali", "ALI CESUR", "Lock")
	if to := doc.Find("#u-yoisho_dave .acts a").AttrOr("href", ""); !strings.HasPrefix(to, "/account/authorize?") {
		t.Errorf("the bank's login is %q", to)
	}
	for q, want := range map[string]int{"bank:berlin": 2, "jane+bank:berlin": 1, "user:jane": 4, "berlin/dave": 1, "dave+thompson": 4, "nobody": 0} {
		if got := shown(s, "/admin/users?q="+q, 200).Find("tbody tr").Length(); got != want {
			t.Errorf("%s shows %d, want %d", q, got, want)
		}
	}
	contains(t, shown(s, "/admin/users?q=nobody", 200), ".empty", "Nobody fits this filter", "Mint user", "curl -X POST")
	contains(t, shown(s, "/admin/users?state=locked", 200), ".empty", "Nobody is locked")
	contains(t, shown(s, "/admin/users?q=nope:1", 400), "main", `There is no filter "nope"`)
	locked := pressed(s, doc, "#u-yoisho_dave .acts form", 303)
	contains(t, locked, "#u-yoisho_dave", "locked", "Unlock")
	did(s, "locked user yoisho/dave")
	contains(t, shown(s, "/admin/users?state=locked", 200), "tbody", "dave")
	if a := s.Get("/admin/users/berlin%2Fdave").Want(303); a.Header.Get("Location") != "/admin/users/berlin/dave" {
		t.Errorf("an id leads to %s", a.Header.Get("Location"))
	}
}

func TestMintUsers(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/users?mint=1", 200)
	if doc.Find("[data-form] .pick [type=radio]").Length() < 9 || doc.Find("#u-yoisho_dave").Length() != 1 {
		t.Error("the form does not stand beside the list, with its personas")
	}
	before := doc.Find("tbody tr").Length()
	preview := shown(s, "/admin/users/mint?preview=1&bank=berlin&persona=broke&login=nora&count=7", 200)
	contains(t, preview, "#preview", "7 humans", "nora001", "at Accounts BG", "Current account", "EUR")
	contains(t, preview, "[data-curl]", `"bank":"berlin"`, `"count":7`, `"persona":"broke"`)
	if n := shown(s, "/admin/users", 200).Find("tbody tr").Length(); n != before {
		t.Errorf("a preview made %d users", n-before)
	}
	if body := s.pull("GET", "/activity", nil).Want(200).Body; strings.Contains(body, "mint") {
		t.Errorf("a preview is an activity: %s", body)
	}
	minted := pressed(s, preview, "form[action$=mintUsers]", 303)
	contains(t, minted, ".head", "7 new ones")
	contains(t, minted, "#keys-of-new code", "nora001 any password", "nora007 any password")
	if minted.Find("tr.fresh").Length() != 7 {
		t.Errorf("%d are new", minted.Find("tr.fresh").Length())
	}
	s.pull("POST", "/undo", object{}).Want(200)
	if to := s.Get("/admin/users?new=nora001:nora007&bank=berlin").Want(303).Header.Get("Location"); to != "/admin/users?bank=berlin" {
		t.Errorf("new ones that were taken back lead to %s", to)
	}
	refused := pressed(s, preview, "form[action$=mintUsers]", 422, "count", "5000", "login", hostile)
	contains(t, refused, "[name=count] ~ .err", "5000 is not from 1 to 1000")
	if v := refused.Find("[name=login]").AttrOr("value", ""); v != hostile {
		t.Errorf("what was typed became %q", v)
	}
	harmless(t, refused)
	wrong := shown(s, "/admin/users/mint?preview=1&months=900", 422)
	contains(t, wrong, "[name=months] ~ .err", "900")
	if to := s.Get("/admin/users/mint?%40back=/x&%40preview=1&count=&locked=false&locked=true&unverified=false&login=a").Want(303).Header.Get("Location"); to != "/admin/users/mint?locked=true&login=a&preview=1" {
		t.Errorf("a form's preview has the address %s", to)
	}
}

func TestImportUsers(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/users/import", 200)
	done := pressed(s, doc, "[data-form] form", 303, "@file", "login,bank,given,family\nayla,berlin,Ayla,"+strings.NewReplacer(`"`, "", "'", "").Replace(hostile)+"\nben,berlin,Ben,Berg\n")
	contains(t, done, "tbody", "ayla", "<script>alert(1)</script>", "ben")
	harmless(t, done)
	refused := pressed(s, doc, "[data-form] form", 422, "@file", "login,planet\na,b")
	contains(t, refused, "[data-form] .err", "a column is one of")
	contains(t, refused, "[data-form] textarea", "login,planet")
}

func TestBulkUsers(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	ids := "ids=yoisho/dave&ids=yoisho/jane&ids=berlin/dave&ids=berlin/jane&ids=finapi/dave&ids=finapi/jane"
	doc := shown(s, "/admin/users/bulk?op=lock&"+ids, 200)
	contains(t, doc, "h1", "Lock 6 users")
	contains(t, doc, "[data-form] ul", "dave at Yoisho", "and 1 more")
	contains(t, doc, "[data-curl]", `{"ids":["yoisho/dave","yoisho/jane","berlin/dave","berlin/jane","finapi/dave","finapi/jane"]}`)
	if doc.Find("[name=ids]").Length() != 1 {
		t.Error("the script takes the last of several fields of one name alone")
	}
	contains(t, pressed(s, doc, "[data-form] form", 422, "why", "because"), "[name=why] ~ .err", "why goes with revoke")
	pressed(s, doc, "[data-form] form", 303)
	did(s, "locked 6 users")
	pressed(s, shown(s, "/admin/users/bulk?op=unlock&"+ids, 200), "[data-form] form", 303)
	did(s, "unlocked 6 users")
	gone := pressed(s, shown(s, "/admin/users/bulk?op=delete&"+ids, 200), "[data-form] form", 303)
	did(s, "deleted 6 users")
	if gone.Find("#u-yoisho_dave").Length() != 0 {
		t.Error("dave is still there")
	}
	contains(t, shown(s, "/admin/users/bulk", 200), ".empty", "Nobody is selected")
}

// One click and a password are a login at each bank, and the lab shows what came of it.
func TestLogInAsNeedsAPasswordAlone(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	standard := s.Browser().Get("/yoisho/oauth2/authorize?response_type=code&login_hint=jane&client_id=" + demo + "&redirect_uri=" + back)
	if got := standard.Doc.Find("[autocomplete=username]").AttrOr("value", ""); got != "jane" {
		t.Errorf("the standard endpoint has %q typed in", got)
	}
	for bank, password := range map[string]string{"yoisho": "psw", "berlin": "password", "sparebank1": "password"} {
		link := shown(s, "/admin/users/"+bank+"/jane", 200).Find(".head a.primary").AttrOr("href", "")
		if list := shown(s, "/admin/users?q=jane+bank:"+bank, 200).Find(".acts a").AttrOr("href", ""); list != link {
			t.Errorf("%s: the list leads to %q, the page to %q", bank, list, link)
		}
		page := s.Browser().Get(link)
		if page.Doc.Find("[autocomplete=username]").AttrOr("value", "") != "jane" || page.Doc.Find("[name="+password+"][autofocus]").Length() != 1 {
			t.Errorf("%s: the login page of %s\n%s", bank, link, page.Body)
		}
		for page = page.Submit(password, "any"); !strings.HasPrefix(page.URL.Path, "/admin"); page = page.Submit("otp", page.Doc.Find("[name=demo]").AttrOr("value", "")) {
			if page.Away != nil || page.Status != 200 {
				t.Fatalf("%s: %d at %v, to %v", bank, page.Status, page.URL, page.Away)
			}
		}
		if q := page.URL.Query(); q.Get("bank") != bank || q.Get("user") != "jane" || strings.Trim(q.Get("e"), "0.123456789") != "" || page.Doc.Find(".steps [aria-current].done").Length() != 1 {
			t.Errorf("%s: it ends at %v", bank, page.URL)
		}
	}
}

func TestUserPage(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	const at = "/admin/users/yoisho/dave"
	profile := shown(s, at, 200)
	contains(t, profile, "main .kv", "uname", "dave", "psw", "any")
	contains(t, profile, "main", "Log in as dave", "/account/authorize?")
	contains(t, pressed(s, profile, "form[action$=editUser]", 422, "born", "yesterday"), "[name=born] ~ .err", "is no date")
	edited := pressed(s, profile, "form[action$=editUser]", 303, "given", hostile)
	contains(t, edited, ".head", hostile)
	harmless(t, edited)
	emptied := filled(t, edited.Find("form[action$=editUser]"))
	emptied["email"] = []string{"@", ""}
	s.Post("/admin/do/editUser", emptied).Want(303)
	if v := shown(s, at, 200).Find("[type=text][name=email]").AttrOr("value", "?"); v != "" {
		t.Errorf("an emptied field became %q", v)
	}
	contains(t, shown(s, "/admin/users/sparebank1/dave", 200), "main", "six digits, which the page shows")
	contains(t, shown(s, "/admin/users/s2s/ali", 200), "main", "Nobody logs in")
	contains(t, shown(s, at+"?tab=tokens", 200), "tbody", "at_", "Revoke")
	contains(t, shown(s, at+"?tab=log", 200), "tbody", "/account/info", "400", "token")
	contains(t, shown(s, "/admin/users/berlin/jane?tab=consents", 200), "tbody", "bg-demo", "valid", "Revoke")
	for tab, text := range map[string]string{"consents": "allowed nothing", "tokens": "No token was issued", "log": "No request of"} {
		contains(t, shown(s, "/admin/users/finapi/jane?tab="+tab, 200), ".empty", text, "curl")
	}
	contains(t, shown(s, "/admin/users/yoisho/nobody", 404), "main", "There is no user")
}

func TestUserAccounts(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	var list struct{ Items []struct{ ID string } }
	s.pull("GET", "/accounts?user=berlin/dave", nil).Want(200).Into(&list)
	id := list.Items[0].ID
	at := "/admin/users/berlin/dave?tab=accounts&account=" + id
	doc := shown(s, at, 200)
	contains(t, doc, "tr[aria-current]", "Current account", "BG15SBNK91551000120017", "2,875.40 EUR", "Block", "Close")
	contains(t, doc, "tr.open", "pending", "Book now", "Older")
	move := `tr.open form[action$=addMovement]:has([name=amount])`
	contains(t, pressed(s, doc, move, 422, "amount", "lots"), "tr.open .err", "lots")
	moved := pressed(s, doc, move, 303, "amount", "-75.40", "party", hostile, "state", "pending")
	contains(t, moved, "tr.open", hostile, "−75.40", "pending")
	harmless(t, moved)
	contains(t, pressed(s, shown(s, at, 200), `tr.open form[action$=addMovement]:has([name=balance])`, 303, "balance", "1000.00"), "tr[aria-current]", "1,000.00 EUR")
	s.Post("/admin/do/bookMovement", filled(t, moved.Find("tr.open form[action$=bookMovement]").First())).Want(303)
	did(s, "booked a movement on account "+id)
	contains(t, pressed(s, shown(s, at, 200), "tr[aria-current] form[action$=blockAccount]", 303), "tr[aria-current]", "blocked", "Unblock")
	contains(t, pressed(s, shown(s, at, 200), "tr[aria-current] form[action$=closeAccount]", 303), "tr[aria-current]", "closed", "Reopen")
	contains(t, pressed(s, shown(s, at, 200), "tr.open form[action$=editAccount]", 303, "name", "Household"), "tr[aria-current]", "Household")
}

func TestUserDanger(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.token()
	doc := shown(s, "/admin/users/yoisho/dave?tab=danger", 200)
	set := pressed(s, doc, "form[action$=setPassword]", 303, "password", "s3cret")
	contains(t, set, "main .kv", "s3cret")
	contains(t, pressed(s, doc, "form[action$=lockUser]", 422, "why", "because"), "[name=why] ~ .err", "goes with revoke")
	locked := pressed(s, doc, "form[action$=lockUser]", 303)
	contains(t, locked, "main", "locked", "Unlock")
	contains(t, pressed(s, locked, ".body form[action$=unlockUser]", 303), "main", "Lock")
	contains(t, pressed(s, doc, "form[action$=deleteUser]", 422, "@typed", "dav"), "[name='@typed'] ~ .err", "dave")
	gone := pressed(s, doc, "form[action$=deleteUser]", 303, "@typed", "dave")
	did(s, "deleted user yoisho/dave")
	if gone.Find("#u-yoisho_dave").Length() != 0 {
		t.Error("dave is still there")
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for m, want := range map[int64]string{0: "0.00 EUR", 5: "0.05 EUR", -1018791: "−10,187.91 EUR", 123456789012: "1,234,567,890.12 EUR", 99999: "999.99 EUR", 100000: "1,000.00 EUR"} {
		if got := console.Money(m, "EUR"); got != want {
			t.Errorf("%d is %q, want %q", m, got, want)
		}
	}
}

func BenchmarkUsers(b *testing.B) {
	s := open(b, server.Options{}, "")
	s.pull("POST", "/users", object{"bank": "berlin", "count": 200}).Want(201)
	b.Run("list", func(b *testing.B) { look(b, s, "/admin/users") })
	s.pull("GET", "/accounts?user=berlin/dave", nil)
	b.Run("accounts", func(b *testing.B) { look(b, s, "/admin/users/berlin/dave?tab=accounts") })
}

func look(b *testing.B, s *stage, path string) {
	s.Get(path).Want(200)
	for b.Loop() {
		s.Get(path)
	}
}
