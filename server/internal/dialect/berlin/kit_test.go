package berlin_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

const (
	id     = "bg-demo"
	secret = "bg-demo-secret"
	spa    = "bg-spa"
	back   = "http://127.0.0.1:9000/cb"

	// Jane's accounts.
	current = "6b2e90d4-58aa-4c17-8f31-d40c7be59a01"
	savings = "6b2e90d4-58aa-4c17-8f31-d40c7be59a02"
	dollar  = "6b2e90d4-58aa-4c17-8f31-d40c7be59a03"
	card    = "6b2e90d4-58aa-4c17-8f31-d40c7be59a04"

	currentIBAN = "BG12SBNK91551000448998"
	savingsIBAN = "BG18SBNK91551000770251"
	dollarIBAN  = "BG35SBNK91551000315015"
	cardIBAN    = "BG20SBNK91551000904172"
	daveIBAN    = "BG15SBNK91551000120017"
	daveCurrent = "1a0f6c52-7d43-4b8e-9a55-2f90c1d7e301"

	uuid = "99391c7e-ad88-49ec-a2ad-99ddcb1f7721"
)

// box is a sandbox whose answers of the account information service are held against the specification, where that is at hand.
type box struct {
	*servertest.Sandbox
	t testing.TB
}

func start(t testing.TB, settings ...string) *box {
	t.Helper()
	return with(t, server.Options{}, settings...)
}

func with(t testing.TB, o server.Options, settings ...string) *box {
	t.Helper()
	for _, text := range settings {
		s, err := server.ParsePolicy(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = append(o.Policy, s)
	}
	return &box{servertest.Start(t, o), t}
}

// do sends a call of the account information service and checks the form of its answer.
func (b *box) do(method, path, body string, options ...servertest.Option) *servertest.Answer {
	b.t.Helper()
	if body != "" {
		options = append([]servertest.Option{servertest.Header("Content-Type", "application/json")}, options...)
	}
	a := b.Do(method, path, body, options...)
	conform(b.t, method, path, a)
	if !uuidShape.MatchString(a.Header.Get("X-Request-ID")) {
		b.t.Errorf("%s %s: X-Request-ID is %q", method, path, a.Header.Get("X-Request-ID"))
	}
	if a.Status == 401 && a.Header.Get("WWW-Authenticate") == "" {
		b.t.Errorf("%s %s: 401 without WWW-Authenticate", method, path)
	}
	if a.Status >= 400 && b.Last().Why == "" {
		b.t.Errorf("%s %s: status %d, and the journal does not say why", method, path, a.Status)
	}
	return a
}

var uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (b *box) get(path string, options ...servertest.Option) *servertest.Answer {
	b.t.Helper()
	return b.do("GET", path, "", options...)
}

// refused checks a refusal in the bank's own form, and that the journal knows more than the wire.
func (b *box) refused(a *servertest.Answer, status int, code string) *servertest.Answer {
	b.t.Helper()
	var body struct {
		Messages []struct{ Category, Code, Path, Text string } `json:"tppMessages"`
	}
	a.Want(status).Into(&body)
	if len(body.Messages) != 1 || body.Messages[0].Category != "ERROR" || body.Messages[0].Code != code || body.Messages[0].Text == "" {
		b.t.Errorf("want one %s with a text: %s", code, a.Body)
	}
	if kind := a.Header.Get("Content-Type"); kind != "application/json" {
		b.t.Errorf("Content-Type is %q", kind)
	}
	if why := b.Last().Why; why == "" || strings.Contains(a.Body, why) && len(why) > 20 {
		b.t.Errorf("the journal says %q, the wire %s", why, a.Body)
	}
	return a
}

func path(a *servertest.Answer) string {
	var body struct {
		Messages []struct{ Path string } `json:"tppMessages"`
	}
	a.Into(&body)
	return body.Messages[0].Path
}

// Consent requests.
const (
	wholeAsk  = `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"9999-12-31","frequencyPerDay":4}`
	globalAsk = `{"access":{"allPsd2":"allAccounts"},"recurringIndicator":true,"validUntil":"2027-03-03","frequencyPerDay":4,"combinedServiceIndicator":false}`
	listAsk   = `{"access":{"availableAccounts":"allAccounts"},"recurringIndicator":true,"validUntil":"2027-03-03","frequencyPerDay":4}`
	sumsAsk   = `{"access":{"availableAccountsWithBalance":"allAccountsWithOwnerName"},"recurringIndicator":true,"validUntil":"2027-03-03","frequencyPerDay":4}`
	onceAsk   = `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":false,"validUntil":"2027-03-03","frequencyPerDay":1}`
	janeAsk   = `{"access":{"accounts":[{"iban":"` + currentIBAN + `"},{"iban":"` + savingsIBAN + `","currency":"EUR"}],"balances":[{"iban":"` + currentIBAN + `"}],"transactions":[{"iban":"` + currentIBAN + `"}]},"recurringIndicator":true,"validUntil":"2027-03-03","frequencyPerDay":4,"combinedServiceIndicator":false}`
)

// ask creates a consent and returns its id.
func (b *box) ask(body string, options ...servertest.Option) string {
	b.t.Helper()
	return b.do("POST", "/consent", body, options...).Want(201).Text("consentId")
}

func authorizeURL(pairs ...string) string {
	v := url.Values{"response_type": {"code"}, "client_id": {id}, "redirect_uri": {back}, "state": {"s"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			v.Del(pairs[i])
			continue
		}
		v.Set(pairs[i], pairs[i+1])
	}
	return "/oauth2/authorize?" + v.Encode()
}

// allow takes a person through the pages as they stand and returns where the browser was sent. pairs go to the consent page.
func (b *box) allow(who, target string, pairs ...string) *servertest.Page {
	b.t.Helper()
	page := b.Browser().Get(target)
	if page.Status != 200 {
		b.t.Fatalf("the login page is %d, %v\n%s", page.Status, page.Away, page.Body)
	}
	return page.Submit("login", who, "password", "x").Submit(pairs...)
}

// code is what a consent brings when the person allows; an empty consent is a plain OAuth client's.
func (b *box) code(who, consent string, pairs ...string) string {
	b.t.Helper()
	page := b.allow(who, authorizeURL("consentId", consent), pairs...)
	if page.Param("code") == "" {
		b.t.Fatalf("no code in %v", page.Away)
	}
	return page.Param("code")
}

func (b *box) exchange(code string, pairs ...string) *servertest.Answer {
	b.t.Helper()
	return b.token(append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", back}, pairs...)...)
}

func (b *box) refresh(token string, pairs ...string) *servertest.Answer {
	b.t.Helper()
	return b.token(append([]string{"grant_type", "refresh_token", "refresh_token", token}, pairs...)...)
}

// token calls the token endpoint as bg-demo; a pair with an empty value takes the parameter away.
func (b *box) token(pairs ...string) *servertest.Answer {
	b.t.Helper()
	v := url.Values{"client_id": {id}, "client_secret": {secret}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			v.Del(pairs[i])
			continue
		}
		v.Set(pairs[i], pairs[i+1])
	}
	return b.Post("/oauth2/token", v)
}

// grant is the whole flow: consent, pages, tokens.
type grant struct{ access, refresh, consent string }

func (b *box) grant(who, ask string, pairs ...string) grant {
	b.t.Helper()
	consent := ""
	if ask != "" {
		consent = b.ask(ask)
	}
	a := b.exchange(b.code(who, consent, pairs...)).Want(200)
	g := grant{access: a.Text("access_token"), consent: a.Text("consentId")}
	if _, ok := a.JSON()["refresh_token"]; ok {
		g.refresh = a.Text("refresh_token")
	}
	return g
}

// all ticks every account of Jane's that can be shared.
func all(b *box) grant {
	b.t.Helper()
	g := b.grant("jane", globalAsk)
	return g
}

func clientToken(b *box) string {
	b.t.Helper()
	return b.token("grant_type", "client_credentials").Want(200).Text("access_token")
}

func present() servertest.Option { return servertest.Header("PSU-IP-Address", "192.0.2.7") }

func oauthError(t testing.TB, b *box, a *servertest.Answer, status int, code string) {
	t.Helper()
	if got := a.Want(status).Text("error"); got != code {
		t.Errorf("error is %q, want %q: %s", got, code, a.Body)
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers of an OAuth error: %v", a.Header)
	}
	if b.Last().Why == "" {
		t.Errorf("the journal does not say why: %s", a.Body)
	}
}
