package sparebank1_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // as main has it

	"sandbank/server"
	"sandbank/server/servertest"
)

const (
	id     = "sb1-demo"
	secret = "sb1-demo-secret"
	back   = "http://127.0.0.1:9000/cb"

	daves   = "Qd7KfBRXWQaY8BkaSjg1" // account keys
	savings = "Qd7KfBRXWQaY8BkaSjg2"
	card    = "Qd7KfBRXWQaY8BkaSjg4"
	janes   = "Hj3PmTZVNcwE6LxrUeb1"
)

// family is laid over the demo people: Kari has every kind of account that the demo people lack, and a child.
const family = `{"bank": "sparebank1",
 "clients": [
  {"id": "narrow", "secret": "narrow-secret", "name": "Accounts only", "redirectUris": ["https://app.example/cb?a=1"], "postLogoutRedirectUris": ["https://app.example/bye"], "grantTypes": ["authorization_code"], "scopes": ["accounts"]},
  {"id": "spa", "name": "<b>Public</b>", "loopback": true, "grantTypes": ["authorization_code", "refresh_token", "client_credentials"]}
 ],
 "people": [
  {"login": "kari", "password": "hemmelig", "given": "Kari", "family": "Nordmann", "born": "1979-12-03", "nationalId": "03927900070", "accounts": [
   {"id": "kariCurrent", "name": "Lønnskonto", "product": "BRUKSKONTO", "number": "99995550004", "balance": "5000.00"},
   {"id": "kariPension", "name": "Pensjon", "product": "PENSJON", "kind": "savings", "number": "99995550101", "balance": "100.00", "facts": {"policyNumber": "1034222"}},
   {"id": "kariASK", "name": "Aksjer", "product": "ASK", "kind": "savings", "number": "99995550209", "balance": "200.00"},
   {"id": "kariBlocked", "name": "Sperret", "product": "BRUKSKONTO", "number": "99995550306", "balance": "300.00", "status": "blocked"},
   {"id": "kariClosed", "name": "Avsluttet", "product": "BRUKSKONTO", "number": "99995550403", "balance": "0.00", "status": "closed"},
   {"id": "kariLoan", "name": "Boliglån", "product": "BOLIGLAN", "kind": "loan", "number": "99995550519", "balance": "-1000.00"},
   {"id": "kariDollar", "name": "Dollar", "product": "VALUTAKONTO", "currency": "USD", "number": "99995550608", "balance": "40.00"},
   {"id": "kariCard", "name": "Visa", "product": "KREDITTKORT", "kind": "card", "number": "K777", "balance": "-10.00", "status": "blocked"},
   {"id": "kariOldPension", "name": "Fripolise", "product": "PENSJON", "kind": "savings", "number": "99995550705", "balance": "1.00", "status": "blocked", "facts": {"policyNumber": "99"}}]},
  {"login": "lillebror", "given": "Lille", "family": "Nordmann", "born": "2016-01-02", "facts": {"guardian": "kari"}, "accounts": [
   {"id": "lilleSparing", "name": "Barnekonto", "product": "SPAREKONTO", "kind": "savings", "number": "99995550802", "balance": "77.00"}]},
  {"login": "tom", "given": "Tom", "family": "Hansen"},
  {"login": "olga", "given": "Olga", "family": "Sperret", "locked": true}
 ]}`

// start takes settings as --policy and --ttl write them.
func start(t testing.TB, settings ...string) *servertest.Sandbox {
	t.Helper()
	return startAt(t, time.Time{}, settings...)
}

func startAt(t testing.TB, at time.Time, settings ...string) *servertest.Sandbox {
	t.Helper()
	o := server.Options{Start: at, Fixtures: filepath.Join(t.TempDir(), "family.json")}
	if err := os.WriteFile(o.Fixtures, []byte(family), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range settings {
		s, err := server.ParsePolicy(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = append(o.Policy, s)
	}
	return servertest.Start(t, o)
}

// authorizeURL is the demo client's link with these pairs over it; an empty value takes a parameter away.
func authorizeURL(mount string, pairs ...string) string {
	v := url.Values{"client_id": {id}, "redirect_uri": {back}, "response_type": {"code"}, "state": {"xyz"}, "finInst": {"fid-smn"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return mount + "/oauth/authorize?" + v.Encode()
}

// otp is the one-time code that the strip shows.
func otp(t testing.TB, p *servertest.Page) string {
	t.Helper()
	if p.Doc == nil {
		t.Fatalf("no page: the browser was sent to %v", p.Away)
	}
	v, ok := p.Doc.Find("aside button[name=demo]").Attr("value")
	if !ok || !regexp.MustCompile(`^\d{6}$`).MatchString(v) {
		t.Fatalf("status %d: no one-time code in the strip\n%s", p.Status, p.Body)
	}
	return v
}

// allow logs a person in from an authorization URL to the redirect.
func allow(t testing.TB, box *servertest.Sandbox, target, who string) *servertest.Page {
	t.Helper()
	p := box.Browser().Get(target).Submit("login", who, "password", "hemmelig")
	return p.Submit("otp", otp(t, p))
}

func code(t testing.TB, box *servertest.Sandbox, who string) string {
	t.Helper()
	c := allow(t, box, authorizeURL(""), who).Param("code")
	if c == "" {
		t.Fatal("no code")
	}
	return c
}

func codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}}
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// tokens is a token answer as clients read it.
type tokens struct {
	Access     string `json:"access_token"`
	Type       string `json:"token_type"`
	ExpiresIn  int64  `json:"expires_in"`
	Refresh    string `json:"refresh_token"`
	RefreshIn  int64  `json:"refresh_token_expires_in"`
	AbsoluteIn int64  `json:"refresh_token_absolute_expires_in"`
	Scope      string `json:"scope"`
	State      string `json:"state"`
	FinInst    string `json:"financial_institution_id"`
	UserInfo   string `json:"userinfo"`
}

func post(box *servertest.Sandbox, form url.Values) *servertest.Answer {
	return box.Post("/oauth/token", form, servertest.Basic(id, secret))
}

func issued(a *servertest.Answer) (v tokens) {
	a.Want(200).Into(&v)
	return v
}

func login(t testing.TB, box *servertest.Sandbox, who string) tokens {
	t.Helper()
	return issued(post(box, codeForm(code(t, box, who))))
}

// bearer is the option that sends a fresh token of this person.
func bearer(t testing.TB, box *servertest.Sandbox, who string) servertest.Option {
	t.Helper()
	return servertest.Bearer(login(t, box, who).Access)
}

// fields are the names of a JSON object in the order in which they were written.
func fields(t testing.TB, raw []byte) (out []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(raw)))
	depth := 0
	for name := true; ; {
		tok, err := d.Token()
		if err != nil {
			break
		}
		switch v := tok.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				depth++
			} else {
				depth--
			}
			name = depth == 1
		default:
			if depth == 1 {
				if name {
					out = append(out, v.(string))
				}
				name = !name
			}
		}
	}
	return out
}

// refused checks an ErrorsDTO, its status, and that the journal knows why.
func refused(t *testing.T, box *servertest.Sandbox, name string, a *servertest.Answer, status int, code string) {
	t.Helper()
	var dto struct {
		Errors []struct {
			Code, Message, TraceID string
			HTTPCode               int
			LocalizedMessage       struct {
				Template string
				Values   []string
			}
		}
	}
	if err := json.Unmarshal([]byte(a.Body), &dto); err != nil || a.Status != status || len(dto.Errors) != 1 {
		t.Errorf("%s: %d %s, want %d %s (%v)", name, a.Status, a.Body, status, code, err)
		return
	}
	e := dto.Errors[0]
	if e.Code != code || e.HTTPCode != status || e.Message == "" || len(e.TraceID) != 36 || e.LocalizedMessage.Template != e.Message || e.LocalizedMessage.Values == nil {
		t.Errorf("%s: %d %s, want %d %s", name, a.Status, a.Body, status, code)
	}
	if kind := a.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/") || !strings.HasSuffix(kind, "json; charset=utf-8") {
		t.Errorf("%s: the error is %s", name, kind)
	}
	if why := box.Last().Why; why == "" || strings.Contains(a.Body, why) {
		t.Errorf("%s: the journal says %q", name, why)
	}
}

// unauthorized checks the one refusal that is no JSON.
func unauthorized(t *testing.T, box *servertest.Sandbox, name string, a *servertest.Answer) {
	t.Helper()
	if a.Status != 401 || a.Body != "Unauthorized" || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%s: %d %q %v", name, a.Status, a.Body, a.Header)
	}
	if box.Last().Why == "" {
		t.Errorf("%s: the journal does not say why", name)
	}
}

// The tutorial's client, request by request (sources/sparebank1.txt): an unquoted link with a redirect URI that is not encoded, Basic at
// the token endpoint, no Accept, and the comparison of the body with one word. Only the hosts differ.
func TestTutorial(t *testing.T) {
	t.Parallel()
	for _, fid := range []string{"", "fid-smn"} {
		t.Run("finInst "+fid, func(t *testing.T) {
			t.Parallel()
			box := start(t)
			const state, redirect = "0e7a3a52-5d0b-4d0c-8f0e-3f4b7a3c9d11", "http://localhost:8000/cgi-bin/tutorial.py"
			link := box.URL() + "/oauth/authorize?response_type=code&client_id=" + id + "&redirect_uri=" + redirect + "&finInst=" + fid + "&state=" + state
			p := box.Browser().Get(link)
			if fid == "" {
				p = p.Submit("finInst", "fid-smn")
			}
			p = p.Submit("login", "dave", "password", "x")
			p = p.Submit("otp", otp(t, p))
			if got := p.Away.Scheme + "://" + p.Away.Host + p.Away.Path; got != redirect || p.Param("state") != state {
				t.Fatalf("sent to %s", p.Away)
			}

			data := url.Values{"grant_type": {"authorization_code"}, "code": {p.Param("code")}, "redirect_uri": {redirect}}
			first := issued(box.Post("/oauth/token", data, servertest.Basic(id, secret), servertest.Header("Accept", "*/*")))
			call := func(token string) *servertest.Answer {
				return box.Get("/personal/banking/accounts/default", servertest.Bearer(token), servertest.Header("Accept", "*/*"))
			}
			owner := func(a *servertest.Answer) any { return a.Want(200).JSON()["owner"].(map[string]any)["name"] }
			if got := owner(call(first.Access)); got != "Dave Thompson" {
				t.Errorf("account owner: %v", got)
			}

			box.Advance(10*time.Minute - time.Nanosecond)
			call(first.Access).Want(200)
			box.Advance(time.Nanosecond)
			unauthorized(t, box, "after ten minutes", call(first.Access))

			second := issued(post(box, refreshForm(first.Refresh)))
			if got := owner(call(second.Access)); got != "Dave Thompson" || second.Refresh == first.Refresh {
				t.Errorf("after the refresh: %v, refresh token %q, was %q", got, second.Refresh, first.Refresh)
			}
			box.Advance(10 * time.Minute)
			unauthorized(t, box, "a refreshed token after ten minutes", call(second.Access))
		})
	}
}

func TestTokenAnswer(t *testing.T) {
	t.Parallel()
	box := start(t)
	c := code(t, box, "jane")
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(c) {
		t.Errorf("the code is %q", c)
	}
	box.Advance(time.Minute)
	a := post(box, codeForm(c)).Want(200)
	want := "access_token token_type expires_in refresh_token refresh_token_expires_in refresh_token_absolute_expires_in scope state financial_institution_id userinfo"
	if got := strings.Join(fields(t, []byte(a.Body)), " "); got != want {
		t.Errorf("fields %s, want %s", got, want)
	}
	v := issued(a)
	if v.Type != "Bearer" || v.ExpiresIn != 600 || v.RefreshIn != 30*86400 || v.AbsoluteIn != 365*86400-60 || v.State != "xyz" || v.FinInst != "fid-smn" ||
		v.Scope != "resource.WRITE resource.READ" || v.UserInfo != `{"firstname":"Jane","lastname":"Hamamoto","dateOfBirth":"1990-11-03"}` {
		t.Errorf("got %+v", v)
	}
	if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Date") != "Thu, 03 Dec 2026 15:46:08 GMT" {
		t.Errorf("headers %v", a.Header)
	}
	box.Advance(24 * time.Hour)
	r := issued(post(box, refreshForm(v.Refresh)))
	if r.ExpiresIn != 600 || r.RefreshIn != 30*86400 || r.AbsoluteIn != 364*86400-60 || r.FinInst != "fid-smn" || r.UserInfo != v.UserInfo {
		t.Errorf("after a day the refresh says %+v", r)
	}
}

// Without a state in the request there is none in the answers.
func TestNoState(t *testing.T) {
	t.Parallel()
	box := start(t)
	p := allow(t, box, authorizeURL("", "state", ""), "dave")
	if p.Away.Query().Has("state") {
		t.Errorf("sent to %s", p.Away)
	}
	if a := post(box, codeForm(p.Param("code"))).Want(200); strings.Contains(a.Body, "state") {
		t.Errorf("got %s", a.Body)
	}
}

// The bank works the same under its own base URL, and all that it hands out stays there.
func TestOwnMount(t *testing.T) {
	t.Parallel()
	box := start(t)
	p := box.Browser().Get(authorizeURL("/sparebank1", "finInst", ""))
	p = p.Submit()
	if p.URL.Path != "/sparebank1/oauth/authorize" {
		t.Fatalf("the picker leads to %s", p.URL)
	}
	p = p.Submit("login", "dave", "password", "x")
	if p.URL.Path != "/sparebank1/oauth/bankid" {
		t.Fatalf("the login leads to %s", p.URL)
	}
	p = p.Submit("otp", otp(t, p))
	v := issued(box.Post("/sparebank1/oauth/token", codeForm(p.Param("code")), servertest.Basic(id, secret)))
	box.Get("/sparebank1/personal/banking/accounts/default", servertest.Bearer(v.Access)).Want(200)
	box.Get("/personal/banking/accounts/default", servertest.Bearer(v.Access)).Want(200)

	for _, mount := range []string{"", "/sparebank1"} {
		for path, most := range map[string]int{"all": 18, "banks": 12, "domainDisplayNames": 12} {
			var got struct {
				FinancialInstitutions []struct{ ID, ShortName, Name, BankplassregisterNumber, AuthorizeURL, Type string }
			}
			box.Get(mount + "/common/financial-institutions/" + path).Want(200).Into(&got)
			if len(got.FinancialInstitutions) != most {
				t.Errorf("%s has %d banks", path, len(got.FinancialInstitutions))
			}
			for _, i := range got.FinancialInstitutions {
				if i.AuthorizeURL != box.URL()+mount+"/oauth/authorize?finInst="+i.ID || i.ShortName != i.ID[4:] || i.Name == "" || i.Type != "bank" || i.BankplassregisterNumber == "" {
					t.Errorf("%s: %+v", path, i)
				}
				if at := box.Get(authorizeURL(mount, "finInst", i.ID)); at.Status != 200 {
					t.Errorf("authorize with %s is %d", i.ID, at.Status)
				}
			}
		}
	}
}

// A customer takes an app's access back on the bank's page, and logs out there.
func TestTakenBack(t *testing.T) {
	t.Parallel()
	box := start(t)
	v := login(t, box, "dave")
	b := box.Browser()
	p := b.Get("/sparebank1/connections").Submit("login", "dave", "password", "x")
	if p.Doc.Find("button[name=revoke]").Length() != 1 {
		t.Fatalf("no app to take back\n%s", p.Body)
	}
	p.Submit("revoke", p.Doc.Find("button[name=revoke]").AttrOr("value", ""))
	unauthorized(t, box, "taken back", box.Get("/common/helloworld", servertest.Bearer(v.Access)))
	if a := post(box, refreshForm(v.Refresh)); a.Status != 400 || a.Text("error") != "invalid_grant" {
		t.Errorf("the refresh token gets %d %s", a.Status, a.Body)
	}
	if p := b.Get("/oauth/logout"); p.Status != 200 || !strings.Contains(p.Doc.Find("h1").Text(), "logged out") {
		t.Errorf("logout is %d\n%s", p.Status, p.Body)
	}
	if p := b.Get("/sparebank1/connections"); p.Doc.Find("input[name=password]").Length() != 1 {
		t.Error("after logout nobody has to log in")
	}
	if p := box.Browser().Get("/oauth/logout"); p.Status != http.StatusOK {
		t.Errorf("logout of nobody is %d", p.Status)
	}
}
