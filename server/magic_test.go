package server_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

// came is how a login ended: with a grant, on a page, at the app with an error, or with an answer of an API.
type came struct {
	box      *servertest.Sandbox
	bank     *magicBank
	page     *servertest.Page   // where no redirect left the bank
	answer   *servertest.Answer // of what was asked last
	away     *url.URL           // where it ended
	code     string
	problem  string // error that the app was told
	access   string
	refresh  string
	otpTries int
}

// magicBank is how one bank is logged in to, asked for data, and asked for new tokens.
type magicBank struct {
	name    string
	login   func(c *came, login string) // as far as the code; where there is none, as far as the tokens
	token   func(c *came, form url.Values) *servertest.Answer
	api     func(token string) []servertest.Option
	read    string
	dead    int // status of a dead token
	refused int // status of a refused login
	locked  int // of a locked user
	lives   time.Duration
}

const magicBack = "http://127.0.0.1:9/cb"

// pages walks login pages: with the name in the field, and whatever comes after it answered with yes.
func pages(first, field string) func(*came, string) {
	return func(c *came, login string) {
		p := c.box.Browser().Get(first).Submit(field, login, "password", "x", "psw", "x")
		for range 5 {
			if p.Away != nil {
				c.away, c.code, c.problem = p.Away, p.Param("code"), p.Param("error")
				return
			}
			switch {
			case p.Status >= 400 && p.Doc.Find("input[name=otp]").Length() == 0:
				c.page = p
				return
			case p.Doc.Find("input[name=otp]").Length() > 0:
				c.otpTries++
				p = p.Submit("otp", p.Doc.Find("button[name=demo]").AttrOr("value", ""))
			default:
				p = p.Submit()
			}
		}
		c.page = p
	}
}

func magicBanks() []*magicBank {
	const yoishoID, yoishoSecret = "7b6fc8ed5127b0b2f076d", "724e6890757b0ae624684b70e111b705fe6b050c"
	bearer := func(token string) []servertest.Option { return []servertest.Option{servertest.Bearer(token)} }
	app := func(token string) []servertest.Option {
		return append(bearer(token), servertest.Header("X-IBM-client-id", "s2s-demo"), servertest.Header("X-IBM-client-secret", "s2s-demo-secret"))
	}
	post := func(path, id, secret string) func(*came, url.Values) *servertest.Answer {
		return func(c *came, form url.Values) *servertest.Answer {
			form.Set("redirect_uri", magicBack)
			return c.box.Post(path, form, servertest.Basic(id, secret))
		}
	}
	oneLiner := &magicBank{name: "yoisho", api: bearer, read: "/yoisho/account/balance", dead: 400, refused: 401, locked: 403, lives: time.Minute,
		login: func(c *came, login string) {
			// A bare + stays one, so that the server reads a blank.
			a := c.box.Get("/yoisho/account/loggedin?psw=x&client_id=" + yoishoID + "&redirect=" + magicBack + "&uname=" + strings.ReplaceAll(url.QueryEscape(login), "%2B", "+"))
			c.answer = a
			if to, err := url.Parse(a.Header.Get("Location")); err == nil {
				c.code, c.problem = to.Query().Get("code"), to.Query().Get("error")
			}
		},
		token: func(c *came, form url.Values) *servertest.Answer {
			return c.box.Get("/yoisho/account/access_token?client_id=" + yoishoID + "&client_secret=" + yoishoSecret + "&code=" + form.Get("code"))
		}}
	page := *oneLiner
	page.login = pages("/yoisho/account/authorize?redirect_uri="+magicBack+"&client_id="+yoishoID, "uname")
	return []*magicBank{oneLiner, &page,
		{name: "berlin", api: bearer, read: "/berlin/v1/accounts", dead: 401, refused: 401, locked: 403, lives: time.Hour, token: post("/berlin/oauth2/token", "bg-demo", "bg-demo-secret"),
			login: pages("/berlin/oauth2/authorize?response_type=code&client_id=bg-demo&scope=AISP&state=s&redirect_uri="+magicBack, "login")},
		{name: "sparebank1", api: bearer, read: "/sparebank1/personal/banking/accounts", dead: 401, refused: 401, locked: 403, lives: 10 * time.Minute, token: post("/sparebank1/oauth/token", "sb1-demo", "sb1-demo-secret"),
			login: pages("/sparebank1/oauth/authorize?response_type=code&client_id=sb1-demo&finInst=fid-smn&state=s&redirect_uri="+magicBack, "login")},
		{name: "s2s", api: app, read: "/s2s/api/v1/accounts", dead: 401, refused: 401, locked: 401, lives: 1095 * time.Second, token: post("/s2s/api/v1/s2s-oauth2/token", "s2s-demo", "s2s-demo-secret"),
			login: func(c *came, login string) {
				id := strings.Replace(login, "dave", "12a42d02-0845-46f8-b6e2-202e1e792364", 1)
				c.answer = c.box.Get("/s2s/api/v1/s2s-oauth2/code", append(app(""), servertest.Header("Authorization", ""), servertest.Header("X-Service-Account-ID", id),
					servertest.Header("X-Service-Account-Secret", "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po"))...)
				if c.answer.Status == 200 {
					c.code = c.answer.Text("code")
				}
			}},
		{name: "finapi", api: bearer, read: "/finapi/api/v1/accounts", dead: 401, refused: 400, locked: 423, lives: time.Hour, token: post("/finapi/oauth/token", "finapi-demo", "finapi-demo-secret"),
			login: func(c *came, login string) {
				c.answer = c.bank.token(c, url.Values{"grant_type": {"password"}, "username": {login}, "password": {"x"}})
				c.keep(c.answer)
			}},
	}
}

// keep notes tokens that were issued.
func (c *came) keep(a *servertest.Answer) *came {
	if c.answer = a; a.Status != 200 {
		return c
	}
	c.access = a.Text("access_token")
	c.refresh, _ = a.JSON()["refresh_token"].(string)
	return c
}

func (b *magicBank) in(box *servertest.Sandbox, login string) *came {
	c := &came{box: box, bank: b}
	b.login(c, login)
	return c
}

// tokens exchanges the code, where there is one.
func (c *came) tokens() *came {
	if c.access != "" {
		return c
	}
	return c.keep(c.bank.token(c, url.Values{"grant_type": {"authorization_code"}, "code": {c.code}}))
}

func (c *came) renew(token string) *servertest.Answer {
	return c.bank.token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (c *came) read(paths ...string) *servertest.Answer {
	return c.box.Get(append(paths, c.bank.read)[0], c.bank.api(c.access)...)
}

// has tells whether the bank has what a flag needs, as the flag's own words for lacking it say.
func has(box *servertest.Sandbox, flag string) bool {
	checks := box.Last().Trail
	why := checks[len(checks)-1].Why
	return !strings.HasPrefix(why, flag+": ") || !strings.Contains(why, " has no ")
}

// Every flag at every bank: it does what it says there, or says why it cannot.
func TestMagicLogins(t *testing.T) {
	t.Parallel()
	flags := map[string]func(t *testing.T, c *came){
		"ttl5s": func(t *testing.T, c *came) {
			c.tokens()
			c.box.Advance(5*time.Second - 1)
			c.read().Want(200)
			c.box.Advance(1)
			c.read().Want(c.bank.dead)
			if why := c.box.Last().Why; !strings.Contains(why, "5s by login ") || !strings.HasSuffix(why, "~ttl5s") {
				t.Errorf("the journal says %q", why)
			}
		},
		"ttl2s~slow20ms": func(t *testing.T, c *came) { // another separator, two flags
			c.tokens()
			began := time.Now()
			c.read().Want(200)
			if took := time.Since(began); took < 20*time.Millisecond {
				t.Errorf("the call took %s", took)
			}
			c.box.Advance(2 * time.Second)
			c.read().Want(c.bank.dead)
		},
		"refresh20s": func(t *testing.T, c *came) {
			c.tokens()
			c.box.Advance(20*time.Second - 1)
			next := c.renew(c.refresh).Want(200)
			if again, ok := next.JSON()["refresh_token"].(string); ok {
				c.refresh = again
			}
			left := 20 * time.Second // counted anew
			if c.bank.name == "finapi" {
				left = 1 // or from the login, where the bank has it so
			}
			c.box.Advance(left)
			c.renew(c.refresh).Want(400)
		},
		"code3s": func(t *testing.T, c *came) {
			c.box.Advance(3 * time.Second)
			if c.tokens().access != "" {
				t.Error("a code of three seconds ago was taken")
			}
			again := c.bank.in(c.box, "dave~code3s")
			c.box.Advance(3*time.Second - 1)
			if again.tokens().access == "" {
				t.Errorf("a code was refused within its three seconds: %s", again.answer.Body)
			}
		},
		"consent30s": func(t *testing.T, c *came) {
			c.tokens()
			c.box.Advance(30*time.Second - 1)
			c.read().Want(200)
			c.box.Advance(1)
			if !strings.Contains(c.read().Want(401).Body, "CONSENT_EXPIRED") {
				t.Error("the bank does not say that the consent is over")
			}
		},
		"uses3": func(t *testing.T, c *came) {
			c.tokens()
			for range 3 {
				c.read().Want(200)
			}
			c.read().Want(c.bank.dead)
		},
		"deny":        errorAtApp("access_denied", "login dave~deny ends so"),
		"unavailable": errorAtApp("temporarily_unavailable", "login dave~unavailable ends so"),
		"servererror": func(t *testing.T, c *came) {
			if c.bank.name == "s2s" || c.bank.name == "finapi" {
				c.answer.Want(500)
				return
			}
			errorAtApp("server_error", "login dave~servererror ends so")(t, c)
		},
		"locked": func(t *testing.T, c *came) {
			status := c.bank.locked
			if got := c.status(); got != status || c.code+c.access != "" {
				t.Errorf("status %d, want %d", got, status)
			}
		},
		"otpfail": func(t *testing.T, c *came) {
			if c.problem != "access_denied" || c.otpTries != 3 || !strings.Contains(c.box.Last().Why, "too many") {
				t.Errorf("%d codes, then %q: %s", c.otpTries, c.problem, c.box.Last().Why)
			}
		},
		"norefresh": func(t *testing.T, c *came) {
			if c.tokens(); c.access == "" || c.refresh != "" {
				t.Errorf("access %q, refresh %q", c.access, c.refresh)
			}
		},
		"rotate": func(t *testing.T, c *came) {
			c.tokens()
			c.renew(c.refresh).Want(200)
			c.renew(c.refresh).Want(400)
			c.read().Want(c.bank.dead) // reuse ended the grant
		},
		"keep": func(t *testing.T, c *came) {
			c.tokens()
			c.renew(c.refresh).Want(200)
			if c.renew(c.refresh).Want(200).Text("refresh_token") != c.refresh {
				t.Error("the refresh token is another")
			}
		},
		"revoke30s": func(t *testing.T, c *came) {
			c.tokens()
			c.box.Advance(30*time.Second - 1)
			c.read().Want(200)
			c.box.Advance(1)
			a := c.read().Want(c.bank.dead)
			if why := c.box.Last().Why; !strings.Contains(why, "revoke") && !strings.Contains(why, "revokedByPsu") {
				t.Errorf("the journal says %q", why)
			}
			if c.bank.name == "berlin" && !strings.Contains(a.Body, "CONSENT_INVALID") {
				t.Errorf("the consent stands: %s", a.Body)
			}
			if c.refresh != "" {
				c.renew(c.refresh).Want(400)
			}
			c.box.Advance(-1)
			c.read().Want(200) // an end by time is one: a clock moved back takes it back
		},
		"empty": func(t *testing.T, c *came) {
			c.tokens()
			nothing := regexp.MustCompile(`"(accounts|data)":\[\]|"account_balance": "0.00"`)
			if body := c.read().Want(200).Body; !nothing.MatchString(body) {
				t.Errorf("something shows: %s", body)
			}
			plain := c.bank.in(c.box, "dave").tokens()
			if body := plain.read().Want(200).Body; nothing.MatchString(body) {
				t.Errorf("dave's other grants see nothing: %s", body)
			}
		},
		"tx1500": func(t *testing.T, c *came) {
			c.tokens()
			if shown, balance, sum := c.transactions(t); shown != 1500 || balance != sum {
				t.Errorf("%d transactions show, %s altogether; the balance is %s", shown, sum, balance)
			}
			plain := c.bank.in(c.box, "dave").tokens()
			if shown, _, _ := plain.transactions(t); shown >= 1500 {
				t.Errorf("dave's other grants see %d", shown)
			}
		},
	}
	honours := map[string]string{ // where others lack something
		"refresh20s": "berlin sparebank1 s2s finapi", "code3s": "yoisho berlin sparebank1 s2s", "consent30s": "berlin", "deny": "yoisho berlin sparebank1",
		"unavailable": "yoisho berlin sparebank1", "otpfail": "sparebank1", "norefresh": "berlin sparebank1 s2s finapi", "rotate": "berlin sparebank1 s2s finapi",
		"keep": "berlin sparebank1 s2s finapi", "tx1500": "berlin sparebank1 s2s finapi",
	}
	for flag, works := range flags {
		for i, bank := range magicBanks() {
			t.Run(fmt.Sprintf("%s %d %s", flag, i, bank.name), func(t *testing.T) {
				t.Parallel()
				box := servertest.Start(t, server.Options{})
				c := bank.in(box, "dave~"+flag)
				if at, ok := honours[flag]; ok && !strings.Contains(at, bank.name) {
					if c.status() != bank.refused || c.code+c.access+c.problem != "" || has(box, flag) {
						t.Errorf("status %d, %q", c.status(), box.Last().Why)
					}
					return
				}
				works(t, c)
			})
		}
	}
}

// status is that of the page or answer with which the login ended.
func (c *came) status() int {
	if c.page != nil {
		return c.page.Status
	}
	if c.answer == nil {
		return 0
	}
	return c.answer.Status
}

func errorAtApp(code, why string) func(*testing.T, *came) {
	return func(t *testing.T, c *came) {
		if c.problem != code || c.code != "" {
			t.Errorf("the app was told %q with code %q", c.problem, c.code)
		}
		if got := c.box.Last().Why; got != why {
			t.Errorf("the journal says %q", got)
		}
	}
}

// transactions are those of the first account, with its balance and their sum as the bank writes money.
func (c *came) transactions(t *testing.T) (shown int, balance, sum string) {
	t.Helper()
	read := func(path string, into any) {
		d := json.NewDecoder(strings.NewReader(c.box.Get(path, append(c.bank.api(c.access), servertest.Header("PSU-IP-Address", "192.0.2.7"))...).Want(200).Body))
		if err := d.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	var total float64
	money := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	switch c.bank.name {
	case "berlin":
		var list struct{ Accounts []struct{ ResourceID string } }
		read("/berlin/v1/accounts", &list)
		var report struct {
			Transactions struct {
				Booked []struct {
					ID     string `json:"entryReference"`
					Amount struct {
						Amount float64 `json:",string"`
					} `json:"transactionAmount"`
				}
				Links struct{ Next struct{ Href string } } `json:"_links"`
			}
		}
		seen := map[string]bool{}
		for path := "/berlin/v1/accounts/" + list.Accounts[0].ResourceID + "/transactions?bookingStatus=booked&dateFrom=2000-01-01&pageSize=500"; path != ""; {
			report.Transactions.Links.Next.Href, report.Transactions.Booked = "", nil
			read(path, &report)
			for _, e := range report.Transactions.Booked {
				total += e.Amount.Amount
				seen[e.ID] = true
			}
			path = strings.TrimPrefix(report.Transactions.Links.Next.Href, c.box.URL())
		}
		return len(seen), "", "" // the bank tells no plain balance
	case "sparebank1":
		var list struct {
			Accounts []struct {
				Key     string
				Balance float64
			}
		}
		read("/sparebank1/personal/banking/accounts", &list)
		var all struct {
			Transactions []struct {
				Amount float64
				Status string `json:"bookingStatus"`
			}
		}
		read("/sparebank1/personal/banking/transactions?accountKey="+list.Accounts[0].Key, &all)
		for _, e := range all.Transactions {
			if e.Status == "BOOKED" {
				shown++
				total += e.Amount
			}
		}
		return shown, money(list.Accounts[0].Balance), money(total)
	case "s2s":
		var list struct {
			Data []struct {
				ID      string `json:"account_id"`
				Balance string `json:"account_balance"`
			}
		}
		read("/s2s/api/v1/accounts", &list)
		var all struct {
			Data []struct {
				ID     int64
				Type   string
				Amount float64
			}
		}
		read("/s2s/api/v1/accounts/"+list.Data[0].ID+"/transactions", &all)
		for _, e := range all.Data {
			if e.Type == "DEBIT" {
				e.Amount = -e.Amount
			}
			total += e.Amount
		}
		return len(all.Data), list.Data[0].Balance, money(total)
	}
	var list struct {
		Accounts []struct {
			ID      int64
			Balance float64
		}
	}
	read("/finapi/api/v1/accounts", &list)
	var all struct {
		Balance float64
		Paging  struct{ TotalCount int }
	}
	read(fmt.Sprintf("/finapi/api/v1/transactions?view=userView&accountIds=%d", list.Accounts[0].ID), &all)
	return all.Paging.TotalCount, money(list.Accounts[0].Balance), money(all.Balance)
}

// All spellings are one, at a page and in the one-liner.
func TestMagicSpellings(t *testing.T) {
	t.Parallel()
	for _, login := range []string{"dave~ttl5s", "dave+ttl5s", "dave ttl5s", "dave~TTL5s", "dave~ttl5s.uses9", "dave~ttl5s~uses9"} {
		for _, bank := range magicBanks() {
			box := servertest.Start(t, server.Options{})
			c := bank.in(box, login).tokens()
			box.Advance(5*time.Second - 1)
			c.read().Want(200)
			box.Advance(1)
			c.read().Want(bank.dead)
			c = bank.in(box, "dave").tokens() // and nobody else's life is touched
			box.Advance(bank.lives - 1)
			c.read().Want(200)
			box.Advance(1)
			c.read().Want(bank.dead)
		}
	}
}

// A page explains flags that it does not know, shows the name without them, and offers some that it does.
func TestMagicIsExplained(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, bank := range magicBanks()[1:4] {
		c := bank.in(box, "dave~bogus.ttl5s.decoupledtimeout")
		if c.page == nil || c.page.Status != 401 {
			t.Fatalf("%s: %+v", bank.name, c)
		}
		wrong, listed := c.page.Doc.Find("#wrong dt"), c.page.Doc.Find("section[aria-labelledby=flags] dt")
		if wrong.Text() != "bogusdecoupledtimeout" || !strings.Contains(c.page.Doc.Find("#wrong dd").Text(), "no step on another device") {
			t.Errorf("%s: wrong are %q", bank.name, wrong.Text())
		}
		if listed.Length() != 47 || !strings.Contains(listed.Text(), "ttl5s") {
			t.Errorf("%s: %d flags are listed: %s", bank.name, listed.Length(), listed.Text())
		}
		if _, wants := c.page.Doc.Find("input[autocomplete=username]").Attr("aria-describedby"); !wants || c.page.Doc.Find("#alert").Length() != 1 {
			t.Errorf("%s: the alert is not tied to the field", bank.name)
		}
		if offered := c.page.Doc.Find("button[name=demo][value='dave~ttl5s'], button[name=demo][value='dave~deny']").Length(); offered != 2 {
			t.Errorf("%s offers %d magic logins", bank.name, offered)
		}
	}
	p := box.Browser().Get("/sparebank1/oauth/authorize?response_type=code&client_id=sb1-demo&finInst=fid-smn&state=s&redirect_uri="+magicBack).Submit("demo", "dave~ttl5s")
	if strings.Contains(p.Body, "ttl5s") || !strings.Contains(p.Body, "Dave") || p.Doc.Find("input[name=otp]").Length() != 1 {
		t.Errorf("the page does not call its reader by name: %s", p.Body)
	}
	if p := box.Browser().Get("/berlin/connections").Submit("login", "jane~bogus", "password", "x"); p.Status != 401 || p.Doc.Find("#wrong dt").Text() != "bogus" {
		t.Errorf("the page of connections: %d", p.Status)
	}
	if p := box.Browser().Get("/berlin/connections").Submit("login", "jane~ttl5s", "password", "x"); p.Status != 200 || p.Doc.Find("#connections").Length() != 1 {
		t.Errorf("the page of connections: %d", p.Status)
	}
}

// Somebody whose name has a plus or a tilde is that person, and no flag.
func TestMagicLeavesNamesAlone(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/own.json"
	servertest.WriteFile(t, file, `{"bank":"finapi","people":[{"login":"dave+deny","given":"D","family":"D"},{"login":"dave+deny@example.com","given":"D","family":"D"}]}`)
	box := servertest.Start(t, server.Options{Fixtures: file})
	finapi := magicBanks()[5]
	for login, owner := range map[string]string{"dave+deny": "dave+deny", "DAVE+DENY@example.com": "dave+deny@example.com", "dave+deny+ttl5s": "dave+deny",
		"dave+deny@example.com~ttl5s": "dave+deny@example.com", "dave+ttl5s": "dave"} {
		c := finapi.in(box, login)
		if c.answer.Status != 200 || box.Last().Owner != "finapi/"+owner {
			t.Errorf("%s: %d as %q", login, c.answer.Status, box.Last().Owner)
		}
	}
	if c := finapi.in(box, "dave~bogus"); c.answer.Status != 400 || !strings.Contains(c.answer.Body, "Bad user credentials") || box.Last().Why != "bogus: there is no such flag" {
		t.Errorf("%s, %q", c.answer.Body, box.Last().Why)
	}
}
