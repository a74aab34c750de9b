package strangers_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sandbank/server/servertest"
)

// bank is what a client has to be told about a bank, and how long things live there.
type bank struct {
	name                       string // also the path of its base URL
	authorize, token, resource string // paths below the base URL
	id, secret, scope          string // no secret: a public client
	life                       time.Duration
	rest                       string // how long after that the refresh token dies for want of use; "" for never
}

// awkward is a secret whose characters the libraries send in different ways: JavaScript and Go form-encode it before Basic, as RFC 6749
// §2.3.1 says, Python does not.
const awkward = `p%20q+r/s=t:u&v "w`

var (
	berlin = bank{name: "berlin", authorize: "/oauth2/authorize", token: "/oauth2/token", resource: "/v1/accounts",
		id: "bg-demo", secret: awkward, scope: "AISP", life: time.Hour, rest: "90d"}
	berlinPublic = bank{name: "berlin", authorize: "/oauth2/authorize", token: "/oauth2/token", resource: "/v1/accounts",
		id: "bg-spa", scope: "AISP", life: time.Hour, rest: "90d"}
	sparebank1 = bank{name: "sparebank1", authorize: "/oauth/authorize", token: "/oauth/token", resource: "/personal/banking/accounts",
		id: "sb1-demo", secret: awkward, life: 10 * time.Minute, rest: "30d"}
	finapi = bank{name: "finapi", token: "/oauth/token", resource: "/api/v1/accounts",
		id: "finapi-demo", secret: awkward, life: time.Hour}
	s2s = bank{name: "s2s", token: "/api/v1/s2s-oauth2/token", resource: "/api/v1/accounts",
		id: "s2s-demo", secret: awkward, life: 1095 * time.Second, rest: "2682000s"}
	yoisho = bank{name: "yoisho", authorize: "/account/authorize", token: "/account/access_token", resource: "/account/balance",
		id: "7b6fc8ed5127b0b2f076d", secret: "724e6890757b0ae624684b70e111b705fe6b050c", life: time.Minute}
)

// stage is a space of its own for one client, the person who logs in for it, and what was seen there.
type stage struct {
	*testing.T
	bank
	root string // scheme, host and port of the program
	base string // the bank's base URL within the space
	seen []string
}

// open makes a space for a client.
func open(t *testing.T, root string, b bank) *stage {
	t.Helper()
	s := &stage{T: t, bank: b, root: root}
	var made []struct{ URL string }
	s.lever(root+"/admin/api/v1/spaces", map[string]int{"count": 1}, &made)
	s.base = made[0].URL + "/" + b.name
	if b.secret == awkward {
		s.lever(s.levers()+"/clients/"+b.name+"/"+b.id+"/rotate", map[string]string{"secret": awkward}, nil)
	}
	return s
}

// lever calls the admin API.
func (s *stage) lever(target string, body, into any) {
	s.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.Fatal(err)
	}
	resp, err := http.Post(target, "application/json", bytes.NewReader(text))
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode >= 300 {
		s.Fatalf("POST %s: %d %s %v", target, resp.StatusCode, text, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		s.Fatal(err)
	}
}

// note adds to what was seen.
func (s *stage) note(format string, args ...any) {
	s.seen = append(s.seen, fmt.Sprintf(format, args...))
}

// levers is the admin API of the space.
func (s *stage) levers() string { return strings.TrimSuffix(s.base, "/"+s.name) + "/admin/api/v1" }

// pass lets time go by at the bank: 59m59s or 90d.
func (s *stage) pass(span string) {
	s.Helper()
	s.lever(s.levers()+"/clock", map[string]string{"advance": span}, nil)
	s.note("%s", span)
}

// answer notes what a resource answered: how many accounts, or the bank's own word for why not.
func (s *stage) answer(status int, body string) {
	s.Helper()
	var v struct {
		Accounts    []json.RawMessage
		TPPMessages []struct{ Code string }
		Data        []json.RawMessage
		Error       string
		HTTPMessage string
	}
	word := strings.TrimSpace(body)
	if json.Unmarshal([]byte(body), &v) == nil {
		word = cmp.Or(v.Error, v.HTTPMessage)
		if len(v.TPPMessages) > 0 {
			word = v.TPPMessages[0].Code
		}
	}
	if n := max(len(v.Accounts), len(v.Data)); status == 200 && n > 0 {
		s.note("%d accounts", n)
		return
	}
	s.note("%s", strings.TrimSpace(fmt.Sprint(status, " ", word)))
}

// respond is answer for an *http.Response.
func (s *stage) respond(resp *http.Response, err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	s.answer(resp.StatusCode, string(body))
}

// visit opens the bank's page as the person's browser does, logs in as dave, agrees to all that is asked, and returns the URL of the app
// that the bank sends the browser to.
func (s *stage) visit(target string) *url.URL {
	s.Helper()
	page := servertest.Browse(s, s.root).Get(target)
	for range 5 {
		if page.Away != nil {
			return page.Away
		}
		if page.Status != 200 {
			s.Fatalf("%s: %d\n%s", page.URL, page.Status, page.Body)
		}
		page = page.Submit(fill(page.Doc)...)
	}
	s.Fatalf("the bank asks for ever; at last:\n%s", page.Body)
	return nil
}

// refuse opens the bank's page too, and there the person presses Deny.
func (s *stage) refuse(target string) *url.URL {
	s.Helper()
	page := servertest.Browse(s, s.root).Get(target)
	for page.Away == nil && page.Doc.Find("button[name=deny]").Length() == 0 {
		page = page.Submit(fill(page.Doc)...)
	}
	if page = page.Submit("deny", "1"); page.Away == nil {
		s.Fatalf("%s: %d\n%s", page.URL, page.Status, page.Body)
	}
	return page.Away
}

// fill is what the person types or ticks: goes by what a field is for, as a password manager does, and not by its name.
func fill(doc *goquery.Document) []string {
	form := doc.Find("form").First()
	name := func(of string) string { return form.Find("input"+of).First().AttrOr("name", "") }
	switch {
	case name("[type=password]") != "":
		return []string{name("[autocomplete=username]"), "dave", name("[type=password]"), "x"}
	case name("[autocomplete=one-time-code]") != "":
		return []string{name("[autocomplete=one-time-code]"), doc.Find(`button[name=demo]`).First().Text()} // the code device, shown on the page
	case name("[type=radio]") != "":
		return []string{name("[type=radio]"), form.Find("input[type=radio]").First().AttrOr("value", "")}
	}
	return nil
}
