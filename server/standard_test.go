package server_test

import (
	"net/url"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/ledger"
	"sandbank/server/servertest"
)

// application is a bank's demo client, as the tests of the standards' endpoints call it.
type application struct {
	*magicBank
	id, secret string
}

// applications are one per bank.
func applications() []application {
	var out []application
	for _, b := range magicBanks()[1:] {
		one := application{magicBank: b, id: b.name + "-demo", secret: b.name + "-demo-secret"}
		switch b.name {
		case "yoisho":
			one.id, one.secret = "7b6fc8ed5127b0b2f076d", "724e6890757b0ae624684b70e111b705fe6b050c"
		case "berlin":
			one.id, one.secret = "bg-demo", "bg-demo-secret"
		case "sparebank1":
			one.id, one.secret = "sb1-demo", "sb1-demo-secret"
		}
		out = append(out, one)
	}
	return out
}

// each runs a test at every bank, in a sandbox of its own that has another client at each: stranger, stranger-secret.
func each(t *testing.T, settings []string, test func(*testing.T, *servertest.Sandbox, application)) {
	t.Helper()
	for _, a := range applications() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			test(t, sandbox(t, a.name, settings...), a)
		})
	}
}

// sandbox has a second confidential client at the bank, and settings of the bank as "revocation-lag=30s".
func sandbox(t *testing.T, bank string, settings ...string) *servertest.Sandbox {
	t.Helper()
	o := server.Options{Fixtures: t.TempDir() + "/own.json"}
	servertest.WriteFile(t, o.Fixtures, `{"bank":"`+bank+`","clients":[
		{"id":"stranger","secret":"stranger-secret","grantTypes":["client_credentials"]},
		{"id":"page","loopback":true,"grantTypes":["authorization_code"]},
		{"id":"retired","secret":"retired-secret","disabled":true,"grantTypes":["authorization_code"]}]}`)
	for _, text := range settings {
		s, err := server.ParsePolicy(bank + "." + text)
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = append(o.Policy, s)
	}
	return servertest.Start(t, o)
}

// endpoint is where the bank's metadata says that something answers.
func endpoint(box *servertest.Sandbox, bank, name string) string {
	return box.Get("/" + bank + "/.well-known/oauth-authorization-server").Want(200).Text(name)
}

// ask sends a form to an endpoint of the bank's metadata, as the demo client unless options say otherwise.
func (a application) ask(box *servertest.Sandbox, name string, form url.Values, options ...servertest.Option) *servertest.Answer {
	if options == nil {
		options = []servertest.Option{servertest.Basic(a.id, a.secret)}
	}
	return box.Post(endpoint(box, a.name, name), form, options...)
}

// second is another login: at Berlin, who allows an app twice ends what was allowed before.
func (a application) second() string {
	if a.name == "s2s" {
		return "dave" // its one service account
	}
	return "jane"
}

// opens tells whether the token still gets the bank's data.
func (a application) opens(t *testing.T, box *servertest.Sandbox, token string) bool {
	t.Helper()
	got := box.Get(a.read, a.api(token)...)
	if got.Status != 200 {
		got.Want(a.dead)
	}
	return got.Status == 200
}

// lock locks a person out.
func lock(t *testing.T, box *servertest.Sandbox, id string) {
	t.Helper()
	if _, err := box.Ledger().UpdatePerson(id, func(p *ledger.Person) { p.Locked = true }); err != nil {
		t.Fatal(err)
	}
}

// The verifier and the challenge of RFC 7636, Appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// spaTokens walks the flow of Berlin's public client.
func spaTokens(box *servertest.Sandbox) (access, refresh string) {
	c := &came{box: box}
	pages("/berlin/oauth2/authorize?response_type=code&client_id=bg-spa&scope=AISP&state=s&code_challenge_method=S256&code_challenge="+challenge+"&redirect_uri="+
		magicBack, "login")(c, "dave")
	got := box.Post("/berlin/oauth2/token", form("grant_type", "authorization_code", "client_id", "bg-spa", "code", c.code, "redirect_uri", magicBack,
		"code_verifier", verifier)).Want(200)
	return got.Text("access_token"), got.Text("refresh_token")
}

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// wantOAuthError checks a refusal by RFC 6749 §5.2.
func wantOAuthError(t *testing.T, what string, got *servertest.Answer, status int, code string) {
	t.Helper()
	if got.Status != status || got.JSON()["error"] != code || got.Header.Get("Cache-Control") != "no-store" ||
		!strings.HasPrefix(got.Header.Get("Content-Type"), "application/json") {
		t.Errorf("%s: %d %s %v, want %d %s", what, got.Status, got.Body, got.Header, status, code)
	}
	if challenge := got.Header.Get("WWW-Authenticate"); (challenge != "") != (status == 401) {
		t.Errorf("%s: WWW-Authenticate %q with %d", what, challenge, status)
	}
}
