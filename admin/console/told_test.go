package console_test

import (
	"strings"
	"testing"

	"sandbank/server"
)

// Levers and refusals speak of banks by their ids, which scripts go by; pages by their names. What somebody has sent stays as it was sent.
func TestPagesCallBanksByTheirNames(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.pull("POST", "/clients", object{"bank": "berlin", "name": "My app"}).Want(201)
	s.pull("PATCH", "/clients/berlin/bg-spa", object{"disabled": true}).Want(200)
	s.Get("/oauth2/authorize?client_id=x+at+berlin&response_type=code")
	id := s.mint("1m")
	for path, want := range map[string][2]string{
		"/admin/activity":                    {"tbody", "Disabled client bg-spa at Accounts BG"},
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
