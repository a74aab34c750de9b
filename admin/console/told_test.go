package console_test

import (
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

// Levers and refusals speak of banks by their ids, which scripts go by; pages by their names. What somebody has sent stays as it was sent.
func TestPagesCallBanksByTheirNames(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.pull("POST", "/clients", object{"bank": "berlin", "name": "My app"}).Want(201)
	s.pull("PATCH", "/clients/berlin/bg-spa", object{"disabled": true}).Want(200)
	s.Get("/oauth2/authorize?client_id=x+at+berlin&response_type=code")
	id := s.mint("1m")
	s.pull("PATCH", "/policies", object{"level": object{"bank": "sparebank1"}, "set": object{"access": "5s"}}).Want(200)
	s.pull("PATCH", "/policies", object{"set": object{"access": "7s"}}).Want(200)
	for path, want := range map[string][2]string{
		"/admin/activity":                    {"tbody", "Disabled client bg-spa at Accounts BG"},
		"/admin/activity?q=7s":               {"tbody", "Turned access=7s at all banks"},
		"/admin/activity?q=5s":               {"tbody", "Turned access=5s at bank SpareBank 1"},
		"/admin/activity?q=accounts+bg":      {"tbody", "Registered a client at Accounts BG"},
		"/admin/inspector":                   {".list .st4", `no client "x at berlin" at Accounts BG`},
		"/admin/inspector/1":                 {".why .no", `no client "x at berlin" at Accounts BG`},
		"/admin":                             {".list .sub", `No client "x at berlin" at Accounts BG`},
		"/admin/clients/berlin/bg-demo":      {"[aria-labelledby=lives] tbody", "1 hAccounts BG default"},
		"/admin/tokens/" + id:                {".kv .tag", "token lever"},
		"/admin/clients/sparebank1/sb1-demo": {"[aria-labelledby=lives] tbody", "SpareBank 1 default"},
	} {
		if text := strings.Join(strings.Fields(s.screen(path).Find(want[0]).Text()), " "); !strings.Contains(text, want[1]) {
			t.Errorf("%s says %q, not %q", path, text, want[1])
		}
	}
}

// A phone has room for the space's name where there is more than one to be in.
func TestPhonesNameTheSpace(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.pull("POST", "/spaces", object{"name": "p07"}).Want(201)
	for path, hidden := range map[string]bool{"/admin": true, "/s/p07/admin": false} {
		chip := s.screen(path).Find(".bar a[title='Switch space']")
		if chip.HasClass("phone-off") != hidden || chip.Length() != 1 {
			t.Errorf("%s: %s", path, chip.Text())
		}
	}
}

// A tile of the dashboard has a short sentence; who it is about stands in its label.
func TestDashboardNamesTheJudgedClient(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.Get("/account/info", servertest.Bearer(s.token())).Want(200)
	contains(t, shown(s, "/admin", 200), "#card", "Report card, 7b6fc8ed…", "no rule broken, few seen yet")
}

// A link to the lab names who walks there, whatever was left in the address by the bank before.
func TestLabLinkIsExact(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	for path, want := range map[string]string{
		"/admin/lab?bank=sparebank1&user=dave&client=" + demo: "/admin/lab?bank=sparebank1&client=sb1-demo&user=dave",
		"/admin/lab?bank=s2s&user=dave&client=x&step=2":       "/admin/lab?bank=s2s&client=s2s-demo&step=2",
	} {
		if got := s.screen(path).Find(".head [data-copy]").AttrOr("data-copy", ""); got != s.URL()+want {
			t.Errorf("%s copies %s", path, got)
		}
	}
}
