package standard_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"testing"

	"sandbank/server"
	"sandbank/server/ledger"
	"sandbank/server/servertest"
)

const back = "http://127.0.0.1:9000/cb"

// at is one bank as these tests drive it.
type at struct {
	bank, client, secret string
	authorize, token     string
	refreshes            bool
	login                func(*servertest.Page) *servertest.Page // from the bank's first page to the answer
	deny                 func(*servertest.Page) *servertest.Page
}

func banks() map[string]at {
	deny := func(p *servertest.Page) *servertest.Page { return p.Submit("deny", "1") }
	return map[string]at{
		"yoisho": {bank: "yoisho", client: "7b6fc8ed5127b0b2f076d", secret: "724e6890757b0ae624684b70e111b705fe6b050c",
			authorize: "/yoisho/oauth2/authorize", token: "/yoisho/oauth2/token", deny: deny,
			login: func(p *servertest.Page) *servertest.Page { return p.Submit("uname", "dave", "psw", "x") }},
		"berlin": {bank: "berlin", client: "bg-demo", secret: "bg-demo-secret", authorize: "/berlin/oauth2/authorize", token: "/berlin/oauth2/token",
			refreshes: true, deny: deny,
			login: func(p *servertest.Page) *servertest.Page { return p.Submit("login", "dave", "password", "x").Submit() }},
		"sparebank1": {bank: "sparebank1", client: "sb1-demo", secret: "sb1-demo-secret", authorize: "/sparebank1/oauth/authorize", token: "/sparebank1/oauth/token",
			refreshes: true,
			deny:      func(p *servertest.Page) *servertest.Page { return p.Submit("finInst", "fid-smn").Submit("deny", "1") },
			login: func(p *servertest.Page) *servertest.Page {
				p = p.Submit("finInst", "fid-smn").Submit("login", "dave", "password", "x")
				return p.Submit("otp", p.Doc.Find("button[name=demo]").AttrOr("value", ""))
			}},
	}
}

// everywhere runs a test at every bank with an authorization endpoint, each in a sandbox of its own.
func everywhere(t *testing.T, do func(t *testing.T, box *servertest.Sandbox, b at)) {
	for name, b := range banks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			do(t, servertest.Start(t, server.Options{}), b)
		})
	}
}

// rules turns one knob of a bank.
func rules(t *testing.T, bank, knob, value string) server.Options {
	t.Helper()
	s, err := server.ParsePolicy(bank + "." + knob + "=" + value)
	if err != nil {
		t.Fatal(err)
	}
	return server.Options{Policy: []server.Setting{s}}
}

// clients lays clients over a bank's own.
func clients(t *testing.T, bank, list string) server.Options {
	t.Helper()
	own := filepath.Join(t.TempDir(), "own.json")
	servertest.WriteFile(t, own, fmt.Sprintf(`{"bank": %q, "clients": [%s]}`, bank, list))
	return server.Options{Fixtures: own}
}

func (b at) basic() servertest.Option { return servertest.Basic(b.client, b.secret) }

// form is a form of name, value pairs; empty values are left out.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Del(pairs[i])
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

func lock(p *ledger.Person) { p.Locked = true }
