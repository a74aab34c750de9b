package s2s_test

import (
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

func TestAccountsToTheLetter(t *testing.T) {
	t.Parallel()
	box := start(t)
	a := box.Get("/api/v1/accounts", demo.entry(box, "read:accounts")).Want(200)
	if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("X-RateLimit-Limit") != "" || a.Header.Get("X-Client-IP") != "127.0.0.1" || len(a.Header.Get("X-Global-Transaction-ID")) != 24 {
		t.Errorf("headers %v", a.Header)
	}
	want := "branch_code account_number account_id account_balance blockage_amount last_transactions_date available_amount iban overdraft_protection currency_code branch_name"
	for at, fixed := range []map[string]any{
		{"branch_code": "4299", "account_number": "****231", "account_id": "43199139", "account_balance": "173666.94", "iban": "TR******************884231",
			"overdraft_protection": false, "currency_code": "TRY", "branch_name": "BAŞKENT/ANKARA"},
		{"account_number": "****702", "account_id": "43202223", "account_balance": "106968.50", "iban": "TR******************900702"},
		{"account_number": "****595", "account_id": "43412595", "account_balance": "25000.00"},
	} {
		object := data(t, a, at)
		if got := strings.Join(keys(t, object), " "); got != want {
			t.Errorf("account %d has the fields %s", at, got)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(object), &got); err != nil {
			t.Fatal(err)
		}
		for field, value := range fixed {
			if got[field] != value {
				t.Errorf("account %d: %s is %v, want %v", at, field, got[field], value)
			}
		}
		if _, err := time.Parse("2006-01-02-07:00", got["last_transactions_date"].(string)); err != nil || !strings.HasSuffix(got["last_transactions_date"].(string), "+03:00") {
			t.Errorf("account %d: last_transactions_date %v", at, got["last_transactions_date"])
		}
		// What is blocked and what is available make up the balance.
		sum := new(big.Rat).Add(rat(t, got["blockage_amount"]), rat(t, got["available_amount"]))
		if sum.Cmp(rat(t, got["account_balance"])) != 0 {
			t.Errorf("account %d: %v blocked, %v available, %v in all", at, got["blockage_amount"], got["available_amount"], got["account_balance"])
		}
		one := box.Get("/api/v1/accounts/"+got["account_id"].(string), demo.entry(box, "")).Want(200)
		if data(t, one, -1) != object {
			t.Errorf("the account alone is %s, in the list %s", one.Body, object)
		}
	}
}

// The documents know deposits alone. Whatever else the owner has comes after them: savings, a card, a loan, dollars, and a blocked account.
func TestFurtherAccountsFollow(t *testing.T) {
	t.Parallel()
	box := start(t)
	var list struct {
		Data []struct {
			ID        string `json:"account_id"`
			Balance   string `json:"account_balance"`
			Available string `json:"available_amount"`
			Blockage  string `json:"blockage_amount"`
			Currency  string `json:"currency_code"`
			Overdraft bool   `json:"overdraft_protection"`
		}
	}
	box.Get("/api/v1/accounts", demo.entry(box, "read:accounts")).Want(200).Into(&list)
	if len(list.Data) != 8 {
		t.Fatalf("%d accounts", len(list.Data))
	}
	for i, want := range []string{"43418807 412500.00 412500.00 0.00 TRY", "43420016 -18640.75 131359.25 0.00 TRY", "43433928 -386200.00 0.00 0.00 TRY",
		"43447251 2240.10 * * USD", "43450163 1184.60 0.00 1184.60 TRY"} {
		a := list.Data[3+i]
		if a.Currency == "USD" { // something is pending there
			a.Available, a.Blockage = "*", "*"
		}
		if got := strings.Join([]string{a.ID, a.Balance, a.Available, a.Blockage, a.Currency}, " "); got != want || a.Overdraft {
			t.Errorf("account %d is %s, overdraft %t; want %s", 3+i, got, a.Overdraft, want)
		}
	}
}

func rat(t *testing.T, text any) *big.Rat {
	t.Helper()
	s, ok := text.(string)
	if n, is := text.(json.Number); is {
		s, ok = n.String(), true
	}
	v, good := new(big.Rat).SetString(s)
	if !ok || !good {
		t.Fatalf("%v is no amount", text)
	}
	return v
}

func TestUnusualAccounts(t *testing.T) {
	t.Parallel()
	box := start(t)
	a := box.Get("/api/v1/accounts", second.entry(box, "")).Want(200)
	if strings.Contains(a.Body, "50000005") {
		t.Error("the closed account is listed")
	}
	for at, want := range []map[string]any{
		{"account_id": "50000001", "account_balance": "100.00", "available_amount": "600.00", "overdraft_protection": true},
		{"account_id": "50000002", "currency_code": "USD", "account_balance": "1000.00"},
		{"account_id": "50000003", "account_balance": "-20.00", "available_amount": "980.00"},
		{"account_id": "50000004", "account_balance": "900.00", "blockage_amount": "900.00", "available_amount": "0.00"},
		{"account_id": "50000006", "account_balance": "0.05", "available_amount": "0.05"},
	} {
		var got map[string]any
		if err := json.Unmarshal([]byte(data(t, a, at)), &got); err != nil {
			t.Fatal(err)
		}
		for field, value := range want {
			if got[field] != value {
				t.Errorf("%s: %s is %v, want %v", got["account_id"], field, got[field], value)
			}
		}
	}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	box := start(t)
	entry := demo.entry(box, "read:accounts")
	a := box.Get("/api/v1/accounts/43199139/transactions", entry).Want(200)
	var list struct {
		Data []struct {
			ID, Amount, Balance, Net_balance json.Number
			Type, Description, Time          string
			Currency_code                    string
		}
	}
	d := json.NewDecoder(strings.NewReader(a.Body))
	d.UseNumber()
	if err := d.Decode(&list); err != nil || len(list.Data) < 100 {
		t.Fatalf("%d transactions, %v", len(list.Data), err)
	}
	if got := strings.Join(keys(t, data(t, a, 0)), " "); got != "id type amount balance description time net_balance currency_code" {
		t.Errorf("fields %s", got)
	}
	// The newest first; each balance is the one before it plus or minus the amount; the newest is the account's.
	if list.Data[0].Balance != "173666.94" {
		t.Errorf("after the newest %s", list.Data[0].Balance)
	}
	last := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	seen := map[json.Number]bool{}
	for i, e := range list.Data {
		at, err := time.Parse("2006-01-02T15:04:05.000-07:00", e.Time)
		if err != nil || at.After(last) || !strings.HasSuffix(e.Time, "+03:00") {
			t.Errorf("%s: time %q after %v, %v", e.ID, e.Time, last, err)
		}
		last = at
		if seen[e.ID] || strings.Trim(e.ID.String(), "0123456789") != "" {
			t.Errorf("id %s is there twice, or no integer", e.ID)
		}
		seen[e.ID] = true
		if e.Net_balance != e.Balance || e.Currency_code != "TRY" || e.Description == "" || strings.HasPrefix(e.Amount.String(), "-") {
			t.Errorf("%+v", e)
		}
		for _, n := range []json.Number{e.Amount, e.Balance} {
			_, cents, dotted := strings.Cut(n.String(), ".")
			if dotted && (len(cents) > 2 || strings.HasSuffix(cents, "0") || cents == "") {
				t.Errorf("%s: %s has float artefacts or idle zeros", e.ID, n)
			}
		}
		before := new(big.Rat)
		if i+1 < len(list.Data) {
			before = rat(t, list.Data[i+1].Balance)
		}
		change := rat(t, e.Amount)
		if e.Type == "DEBIT" {
			change.Neg(change)
		} else if e.Type != "CREDIT" {
			t.Errorf("type %q", e.Type)
		}
		if before.Add(before, change).Cmp(rat(t, e.Balance)) != 0 {
			t.Errorf("%s: %s is not the balance before and %s", e.ID, e.Balance, e.Amount)
		}
	}
	for _, at := range []int{0, 1, len(list.Data) / 2, len(list.Data) - 1} {
		one := box.Get("/api/v1/accounts/43199139/transactions/"+list.Data[at].ID.String(), entry).Want(200)
		if data(t, one, -1) != data(t, a, at) {
			t.Errorf("alone %s, in the list %s", one.Body, data(t, a, at))
		}
	}
	// What is pending shows once the clock has booked it.
	box.Advance(10 * 24 * time.Hour)
	b := box.Get("/api/v1/accounts/43199139/transactions", demo.entry(box, "read:accounts")).Want(200)
	if len(b.Body) <= len(a.Body) {
		t.Error("ten days later nothing more is booked")
	}
}

// A token opens its owner's accounts and nobody else's, however they are asked for.
func TestOtherPeoplesAccounts(t *testing.T) {
	t.Parallel()
	box := start(t)
	entry := demo.entry(box, allScopes)
	for path, status := range map[string]int{
		"/api/v1/accounts/43557118":                                404, // annelid's
		"/api/v1/accounts/43557118/transactions":                   404,
		"/api/v1/accounts/43557118/transactions/1":                 404,
		"/api/v1/accounts/50000005":                                404, // closed, and another's
		"/api/v1/accounts/99999999":                                404,
		"/api/v1/accounts/043199139":                               404,
		"/api/v1/accounts/43199139/":                               404,
		"/api/v1/accounts/43199139%2f":                             404,
		"/api/v1/accounts/x/%2e%2e/43557118":                       404,
		"/api/v1/accounts/+43199139":                               400,
		"/api/v1/accounts/abc":                                     400,
		"/api/v1/accounts/abc/transactions":                        400,
		"/api/v1/accounts/-1":                                      400,
		"/api/v1/accounts/43199139/transactions/x":                 400,
		"/api/v1/accounts/43199139/transactions/1":                 404,
		"/api/v1/accounts/43199139/transactions/99999999999999999": 404,
	} {
		a := box.Get(path, entry)
		e := box.Last()
		if a.Status != status || a.Text("httpCode") != map[int]string{400: "400", 404: "404"}[status] || a.Text("moreInformation") == "" {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
		if e.Why == "" || strings.Contains(a.Body, "annelid") || strings.Contains(a.Body, "BUTAIN") {
			t.Errorf("%s: %s, because %q", path, a.Body, e.Why)
		}
	}
	a, b := box.Get("/api/v1/accounts/43557118", entry), box.Get("/api/v1/accounts/99999999", entry)
	if a.Body != b.Body {
		t.Errorf("another's account is told from one that never was: %s, %s", a.Body, b.Body)
	}
	box.Get("/api/v1/accounts/50000005", second.entry(box, "")).Want(404) // closed
}

// The gateway's refusals on every path of the API.
func TestGate(t *testing.T) {
	t.Parallel()
	box := start(t)
	got := demo.tokens(box, allScopes)
	code := demo.code(box, allScopes)
	bearer := servertest.Bearer
	dead := demo.tokens(box, allScopes)
	box.Advance(1095 * time.Second)
	fresh := demo.tokens(box, allScopes)
	only := map[string]string{} // scope → token
	for _, scope := range strings.Fields(allScopes) {
		only[scope] = demo.tokens(box, scope).Access
	}
	sameOwner := client{"same-owner", "same-owner-secret", "svc-ali", "ali-secret"}
	calls := []struct{ method, path, scope string }{
		{"GET", "/api/v1/accounts", "read:accounts"},
		{"GET", "/api/v1/accounts/43199139", "read:accounts"},
		{"GET", "/api/v1/accounts/43199139/transactions", "read:accounts"},
		{"GET", "/api/v1/accounts/43199139/transactions/1", "read:accounts"},
		{"POST", "/api/v1/remittance-validations", "all:remittance"},
		{"POST", "/api/v1/remittance-payments", "all:remittance"},
		{"POST", "/api/v1/eft-validations", "all:eft"},
		{"POST", "/api/v1/eft-payments", "all:eft"},
		{"GET", "/api/v1/eft-payments/E26000000001?date=2026-12-03", "all:eft"},
	}
	const secure = "Cannot pass the security checks that are required by the target API or operation, Enable debug headers for more details."
	for _, c := range calls {
		do := func(options ...servertest.Option) *servertest.Answer {
			return box.Do(c.method, c.path, "", options...)
		}
		for _, mine := range strings.Fields(allScopes) { // with the scope the gate is open: what refuses is the bank behind
			if a := do(demo.bearer(only[mine])); (a.Status == 401) != (mine != c.scope) {
				t.Errorf("%s %s with %s: %d %s", c.method, c.path, mine, a.Status, a.Body)
			}
		}
		other := map[string]string{"read:accounts": "all:eft", "all:eft": "all:remittance", "all:remittance": "read:accounts"}[c.scope]
		for _, tt := range []struct {
			name    string
			options []servertest.Option
			text    string
			debug   string
		}{
			{"no application", []servertest.Option{bearer(fresh.Access)}, "Invalid client id or secret.", ""},
			{"unknown application", []servertest.Option{client{id: "nobody", secret: "x"}.bearer(fresh.Access)}, "Invalid client id or secret.", ""},
			{"wrong secret", []servertest.Option{client{id: "s2s-demo", secret: "x"}.bearer(fresh.Access)}, "Invalid client id or secret.", ""},
			{"no token", []servertest.Option{demo.app()}, secure, "invalid_token: No access token was sent"},
			{"Basic instead", []servertest.Option{demo.app(), servertest.Basic(demo.id, demo.secret)}, secure, "invalid_token: No access token was sent"},
			{"empty token", []servertest.Option{demo.app(), servertest.Header("Authorization", "Bearer ")}, secure, "invalid_token: The Authorization header is malformed"},
			{"two tokens", []servertest.Option{demo.bearer(fresh.Access), func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }}, secure, "invalid_token: The Authorization header is malformed"},
			{"unknown token", []servertest.Option{demo.bearer("AAIx")}, secure, "invalid_token: The access token is unknown"},
			{"expired token", []servertest.Option{demo.bearer(dead.Access)}, secure, "invalid_token: The access token has expired"},
			{"code as token", []servertest.Option{demo.bearer(code)}, secure, "invalid_token: This is not an access token"},
			{"refresh token as token", []servertest.Option{demo.bearer(got.Refresh)}, secure, "invalid_token: This is not an access token"},
			{"another application's token", []servertest.Option{demo.bearer(reader.tokens(box, "").Access)}, secure, "invalid_token: The access token is unknown"},
			{"own token at another application", []servertest.Option{sameOwner.bearer(fresh.Access)}, secure, "invalid_token: The access token is unknown"},
			{"other scope", []servertest.Option{demo.bearer(only[other])}, secure, "access_denied: Scope is not allowed"},
		} {
			for _, debug := range []string{"", "true"} {
				a := do(append(tt.options, servertest.Header("apim-debug", debug))...)
				want := `{"httpCode":"401","httpMessage":"Unauthorized","moreInformation":"` + tt.text + `"}`
				if a.Status != 401 || a.Body != want || a.Header.Get("Content-Type") != "application/json" {
					t.Errorf("%s %s by %s: %d %s", c.method, c.path, tt.name, a.Status, a.Body)
				}
				challenge := ""
				if tt.text == secure {
					challenge = "Bearer error='invalid_token'"
				}
				if got := a.Header.Get("WWW-Authenticate"); got != challenge {
					t.Errorf("%s %s by %s: WWW-Authenticate %q", c.method, c.path, tt.name, got)
				}
				told := ""
				if debug == "true" && tt.debug != "" {
					told = tt.debug
				}
				if got := a.Header.Get("X-APIC-Debug-OAuth-Error"); (got == "") != (told == "") || told != "" && got+": "+a.Header.Get("X-APIC-Debug-OAuth-Error-Desc") != told {
					t.Errorf("%s by %s, debug %q: told %q %q", c.path, tt.name, debug, got, a.Header.Get("X-APIC-Debug-OAuth-Error-Desc"))
				}
				if e := box.Last(); e.Why == "" || e.Bank != "s2s" {
					t.Errorf("%s %s by %s: the journal has %q of %q", c.method, c.path, tt.name, e.Why, e.Bank)
				}
			}
		}
	}
	// A token in the query is not looked at; case and blanks of the scheme do not matter.
	box.Get("/api/v1/accounts?access_token="+fresh.Access, demo.app()).Want(401)
	box.Get("/api/v1/accounts", demo.app(), servertest.Header("Authorization", "bEARER   "+fresh.Access)).Want(200)
	// Another bank's paths do not take this bank's token.
	if a := box.Get("/yoisho/account/info", bearer(fresh.Access)); a.Status == 200 {
		t.Error("yoisho takes a token of s2s")
	}
	yoisho := box.Get("/account/loggedin?uname=dave&psw=x&client_id=7b6fc8ed5127b0b2f076d&redirect=http://127.0.0.1/cb&token=x").Want(303).Header.Get("Location")
	_, foreign, _ := strings.Cut(yoisho, "code=")
	foreign = box.Get("/account/access_token?client_id=7b6fc8ed5127b0b2f076d&client_secret=724e6890757b0ae624684b70e111b705fe6b050c&code=" + foreign).Want(200).Text("access_token")
	box.Get("/s2s/api/v1/accounts", demo.bearer(foreign)).Want(401)
	if why := box.Last().Why; !strings.Contains(why, "of yoisho") {
		t.Errorf("because %q", why)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	box := start(t)
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/s2s/api/v1/nowhere", 404, `{"httpCode":"404","httpMessage":"Not Found","moreInformation":"No resources match requested URI"}`},
		{"GET", "/api/v1/s2s-oauth2/nowhere", 404, `{"httpCode":"404","httpMessage":"Not Found","moreInformation":"No resources match requested URI"}`},
		{"DELETE", "/s2s/api/v1/accounts", 405, `{"httpCode":"405","httpMessage":"Method Not Allowed","moreInformation":"The method is not allowed for the requested URL"}`},
		{"GET", "/s2s/api/v1/eft-validations", 405, `{"httpCode":"405","httpMessage":"Method Not Allowed","moreInformation":"The method is not allowed for the requested URL"}`},
		{"POST", "/s2s/api/v1/eft-payments", 413, `{"httpCode":"413","httpMessage":"Payload Too Large","moreInformation":"The request body is too large."}`},
	} {
		body := ""
		if tt.status == 413 {
			body = strings.Repeat("x", 1<<20+1)
		}
		a := box.Do(tt.method, tt.path, body)
		if a.Status != tt.status || a.Body != tt.body || a.Header.Get("X-Global-Transaction-ID") == "" || box.Last().Why == "" {
			t.Errorf("%s %s: %d %s %v", tt.method, tt.path, a.Status, a.Body, a.Header)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	box := start(t, "s2s.rate=3")
	entry := demo.entry(box, allScopes) // code and token are calls as well
	a := box.Get("/api/v1/accounts", entry).Want(200)
	if a.Header.Get("X-RateLimit-Limit") != "name=default,3;" || a.Header.Get("X-RateLimit-Remaining") != "name=default,0;" {
		t.Errorf("headers %v", a.Header)
	}
	a = box.Get("/api/v1/accounts", entry).Want(429)
	if a.Body != `{"httpCode":"429","httpMessage":"Too Many Requests","moreInformation":"Assembly Rate Limit exceeded"}` || a.Header.Get("X-RateLimit-Remaining") != "name=default,0;" {
		t.Errorf("%s %v", a.Body, a.Header)
	}
	if a.Header.Get("Retry-After") != "892" || !strings.Contains(box.Last().Why, "3 calls of this hour, by bank s2s") { // 15:45:08
		t.Errorf("Retry-After %s, because %q", a.Header.Get("Retry-After"), box.Last().Why)
	}
	if a := demo.redeem(box, "x").Want(429); a.Text("error_description") != "Assembly Rate Limit exceeded" || a.Text("error") == "" {
		t.Errorf("at the token endpoint %s", a.Body)
	}
	box.Get(codePath, demo.five("")...).Want(429)
	box.Get("/api/v1/accounts", client{id: demo.id, secret: "x"}.app()).Want(401) // who does not get in counts for nobody
	reader.tokens(box, "")                                                        // another application has calls of its own
	box.Clock().Set(time.Date(2026, 12, 3, 16, 0, 0, -1, time.UTC))
	box.Get("/api/v1/accounts", entry).Want(429)
	box.Advance(time.Nanosecond)
	if a := box.Get("/api/v1/accounts", entry).Want(200); a.Header.Get("X-RateLimit-Remaining") != "name=default,2;" {
		t.Errorf("in the next hour %v", a.Header)
	}
}
