package sparebank1_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

const (
	accounts     = "/personal/banking/accounts"
	transactions = "/personal/banking/transactions"
	transfers    = "/personal/banking/transfer"
	v1           = "application/vnd.sparebank1.v1+json; charset=utf-8"
)

// resources are all operations that need a token.
func resources() map[string]string {
	return map[string]string{
		"/common/helloworld": "GET", "/common/helloworld/ping": "GET", "/common/helloworld/pong": "GET", "/common/user/info": "GET", "/common/user/identity/personalid": "GET",
		accounts: "GET", accounts + "/default": "GET", accounts + "/keys": "GET", accounts + "/child/x": "GET", accounts + "/" + daves: "GET",
		accounts + "/" + daves + "/details": "GET", accounts + "/" + daves + "/roles": "GET", accounts + "/balance": "POST",
		transactions: "GET", transactions + "/classified": "GET", transactions + "/export": "GET", transactions + "/x/details": "GET", transactions + "/x/details/classified": "GET",
		transfers + "/debit": "POST", transfers + "/creditcard/transferTo": "POST", transfers + "/pension": "POST",
	}
}

// RFC 6750 §3: a refused token gets 401 with WWW-Authenticate: Bearer.
func TestUnauthorized(t *testing.T) {
	t.Parallel()
	box := start(t)
	v := login(t, box, "dave")
	old := login(t, box, "jane")
	foreign := box.Get("/account/loggedin?uname=dave&psw=x&client_id=7b6fc8ed5127b0b2f076d&redirect=http://127.0.0.1:9000/cb&token=x").Want(303).Header.Get("Location")
	foreign = box.Get("/account/access_token?client_id=7b6fc8ed5127b0b2f076d&client_secret=724e6890757b0ae624684b70e111b705fe6b050c&code=" + foreign[strings.Index(foreign, "code=")+5:]).Want(200).Text("access_token")
	fresh := code(t, box, "dave")
	box.Advance(time.Nanosecond)
	post(box, refreshForm(old.Refresh)).Want(200)
	post(box, refreshForm(old.Refresh)).Want(400) // reuse revokes
	kinds := map[string]servertest.Option{
		"no token":             func(*http.Request) {},
		"another scheme":       servertest.Basic(id, secret),
		"empty token":          servertest.Header("Authorization", "Bearer "),
		"garbage":              servertest.Bearer("x"),
		"blanks":               servertest.Header("Authorization", "Bearer a b"),
		"revoked token":        servertest.Bearer(old.Access),
		"refresh token":        servertest.Bearer(v.Refresh),
		"code":                 servertest.Bearer(fresh),
		"another bank's token": servertest.Bearer(foreign),
		"two tokens": func(r *http.Request) {
			r.Header["Authorization"] = []string{"Bearer " + v.Access, "Bearer " + v.Access}
		},
		"JSON alone is accepted": servertest.Header("Accept", "application/json"),
	}
	for path, method := range resources() {
		for name, o := range kinds {
			for _, mount := range []string{"", "/sparebank1"} {
				unauthorized(t, box, name+" at "+mount+path, box.Do(method, mount+path, "", o))
			}
		}
	}
	if got := box.Get(accounts).Header.Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("without a token the challenge is %q", got)
	}
	if got := box.Get(accounts, servertest.Bearer("x")).Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer error="invalid_token"`) {
		t.Errorf("with a bad token the challenge is %q", got)
	}
	if got := box.Get(accounts+"?access_token="+v.Access, kinds["no token"]); got.Status != 401 {
		t.Errorf("a token in the query is %d", got.Status)
	}
	box.Get(accounts, servertest.Header("Authorization", "bEARER "+v.Access)).Want(200)
}

func TestNowhere(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	for path, status := range map[string]int{
		"GET /personal/banking/accountz": 404, "GET /sparebank1/nothing": 404, "GET " + accounts + "/": 404, "GET " + accounts + "/" + daves + "/balance": 404,
		"GET " + accounts + "/unknown": 404, "GET " + accounts + "/unknown/details": 404, "GET " + accounts + "/" + janes: 404, "GET " + accounts + "/" + janes + "/details": 404,
		"GET " + accounts + "/" + janes + "/roles": 404, "GET " + accounts + "/" + strings.ToLower(daves): 404, "GET " + accounts + "/kariClosed": 404,
		"GET " + accounts + "/x%2f.." + "/" + daves: 404, "GET " + accounts + "/yoisho-dave-1": 404, "GET " + accounts + "/child/nobody": 404,
		"GET " + transactions + "?accountKey=" + janes: 404, "GET " + transactions + "?accountKey=" + daves + "&accountKey=" + janes: 404,
		"GET " + transactions + "/nothing/details": 404, "GET " + transactions + "/nothing/details/classified": 404,
		"GET " + transactions + "/export?accountKey=" + janes + "&fromDate=2026-01-01&toDate=2026-02-01": 404,
		"POST " + accounts: 405, "GET " + accounts + "/balance": 405, "DELETE " + accounts + "/" + daves: 405, "GET " + transfers + "/debit": 405, "PATCH /common/user/info": 405,
	} {
		method, target, _ := strings.Cut(path, " ")
		a := box.Do(method, target, "", dave)
		refused(t, box, path, a, status, map[int]string{404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}[status])
		if (a.Header.Get("Allow") != "") != (status == 405) {
			t.Errorf("%s: Allow is %q", path, a.Header.Get("Allow"))
		}
	}
}

func TestMediaTypesOnTheWire(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	for accept, want := range map[string]string{"": v1, "application/vnd.sparebank1.v5+json; charset=utf-8": "application/vnd.sparebank1.v5+json; charset=utf-8",
		"application/vnd.SpareBank1.v4+JSON;charset=UTF-8": "application/vnd.sparebank1.v4+json; charset=utf-8", "application/json": "application/json; charset=utf-8"} {
		a := box.Get(accounts, dave, servertest.Header("Accept", accept)).Want(200)
		if got := a.Header.Get("Content-Type"); got != want {
			t.Errorf("Accept %q gets %q", accept, got)
		}
		if got := box.Get(accounts+"/x", dave, servertest.Header("Accept", accept)).Want(404).Header.Get("Content-Type"); got != want {
			t.Errorf("Accept %q gets an error as %q", accept, got)
		}
	}
	body := `{"accountNumber":"99994010014"}`
	for kind, status := range map[string]int{v1: 200, "application/vnd.sparebank1.v5+json;charset=utf-8": 200, "Application/JSON": 200, "application/json; charset=UTF-8": 200,
		"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "application/vnd.sparebank1.v9+json": 415, ";": 415} {
		a := box.Do("POST", accounts+"/balance", body, dave, servertest.Header("Content-Type", kind))
		if a.Status != status {
			t.Errorf("Content-Type %q is %d", kind, a.Status)
		}
		if status == 415 {
			refused(t, box, kind, a, 415, "UNSUPPORTED_MEDIA_TYPE")
		}
	}
}

func TestAccountShape(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	a := box.Get(accounts+"/default", dave).Want(200)
	const want = `{"key":"Qd7KfBRXWQaY8BkaSjg1","accountNumber":"99994010014","iban":"NO4299994010014","name":"Brukskonto","description":"Brukskonto","balance":21408.12,"availableBalance":AVAILABLE,"currencyCode":"NOK",` +
		`"owner":{"name":"Dave Thompson","firstName":"Dave","lastName":"Thompson","type":"PERSON","age":42,"customerKey":"KEY","ssnKey":"KEY"},"productType":"BRUKSKONTO","type":"USER","productId":"BRUKSKONTO","descriptionCode":"LOCDEPOSIT","disposalRole":true,` +
		`"accountProperties":{"isTransferFromEnabled":true,"isTransferToEnabled":true,"isPaymentFromEnabled":true,"isAllowedInAvtaleGiro":true,"hasAccess":true,"isBalancePreferred":true,"isFlexiLoan":false,"isCodebitorLoan":false,"isSecurityBalance":false,` +
		`"isAksjesparekonto":false,"isSavingsAccount":false,"isBonusAccount":false,"userHasRightOfDisposal":true,"userHasRightOfAccess":true,"isOwned":true,"isWithdrawalsAllowed":true,"isBlocked":false,"isHidden":false,"isBalanceUpdatedImmediatelyOnTransferTo":true,"isDefaultPaymentAccount":true}}`
	var got struct {
		AvailableBalance json.Number
		Owner            struct{ CustomerKey, SSNKey string }
	}
	a.Into(&got)
	exact := strings.NewReplacer("AVAILABLE", string(got.AvailableBalance), `"customerKey":"KEY"`, `"customerKey":"`+got.Owner.CustomerKey+`"`, `"ssnKey":"KEY"`, `"ssnKey":"`+got.Owner.SSNKey+`"`).Replace(want)
	if a.Body != exact {
		t.Errorf("got %s\nwant %s", a.Body, exact)
	}
	if len(got.Owner.CustomerKey) != 20 || len(got.Owner.SSNKey) != 20 || got.Owner.CustomerKey == got.Owner.SSNKey {
		t.Errorf("keys %+v", got.Owner)
	}
	// Available is the balance and the credit line, less what pending purchases have reserved.
	var details struct{ BlockedAmount, CreditLine json.Number }
	box.Get(accounts+"/"+daves+"/details", dave).Want(200).Into(&details)
	if minor(t, got.AvailableBalance) != 2140812+minor(t, details.CreditLine)-minor(t, details.BlockedAmount) || minor(t, details.BlockedAmount) <= 0 {
		t.Errorf("available %s, details %+v", got.AvailableBalance, details)
	}
	if one := box.Get(accounts+"/"+daves, dave).Want(200); one.Body != a.Body {
		t.Error("the account by key is another than the default account")
	}
	c := box.Get(accounts+"/"+card, dave).Want(200).JSON()
	if c["type"] != "CREDITCARD" || c["accountNumber"] != "K9999000271" || c["iban"] != "" || c["creditCardAccountID"] != "9999000271" || fmt.Sprint(c["creditCardCreditLimit"]) != "40000.00" || fmt.Sprint(c["availableBalance"]) != "36087.50" {
		t.Errorf("the card is %v", c)
	}
}

// minor is a JSON number in hundredths.
func minor(t testing.TB, n json.Number) int64 {
	t.Helper()
	whole, cents, _ := strings.Cut(string(n), ".")
	v, err := strconv.ParseInt(whole+(cents + "00")[:2], 10, 64)
	if err != nil || len(cents) != 2 {
		t.Fatalf("%q is no amount with two decimals", n)
	}
	return v
}

func keysOf(t testing.TB, a *servertest.Answer) string {
	t.Helper()
	var v struct {
		Accounts []struct{ Key string }
		Errors   []string
	}
	a.Want(200).Into(&v)
	if v.Errors == nil || v.Accounts == nil {
		t.Errorf("accounts or errors are missing: %s", a.Body)
	}
	var out []string
	for _, one := range v.Accounts {
		out = append(out, strings.TrimPrefix(strings.TrimPrefix(one.Key, "kari"), daves[:19]))
	}
	return strings.Join(out, " ")
}

func TestAccountGroups(t *testing.T) {
	t.Parallel()
	box := start(t)
	who := map[string]servertest.Option{"dave": bearer(t, box, "dave"), "kari": bearer(t, box, "kari"), "tom": bearer(t, box, "tom")}
	tests := []struct{ who, query, want string }{
		{"dave", "", "1 2 7 8"},
		{"dave", "?includeCreditCardAccounts=true", "1 2 4 7 8"},
		{"dave", "?includeCreditcardAccounts=True", "1 2 4 7 8"},
		{"dave", "?includeNokAccounts=True&includeCurrencyAccounts=True&includeBsuAccounts=True&includeCreditcardAccounts=False", "1 2 3 5 7 8"},
		{"dave", "?includeNokAccounts=FALSE&includeBsuAccounts=true", "3"},
		{"dave", "?includeNokAccounts=", "1 2 7 8"},
		{"dave", "?includeNokAccounts=false&includePensionAccounts=true", "6"},
		{"dave", "?includeSomethingElse=7", "1 2 7 8"},
		{"kari", "", "Current Blocked Loan"},
		{"kari", "?includeAskAccounts=true&includePensionAccounts=true&includeNokAccounts=false", "Pension ASK OldPension"},
		{"kari", "?includeCurrencyAccounts=true&includeNokAccounts=false", "Dollar"},
		{"tom", "", ""},
	}
	for _, tt := range tests {
		if got := keysOf(t, box.Get(accounts+tt.query, who[tt.who])); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.who, tt.query, got, tt.want)
		}
	}
	for name, query := range map[string]string{"no boolean": "?includeNokAccounts=1", "twice": "?includeNokAccounts=true&includeNokAccounts=true", "encoding": "?includeNokAccounts=%zz"} {
		refused(t, box, name, box.Get(accounts+query, who["dave"]), 400, "BAD_REQUEST")
	}
	refused(t, box, "default account of nobody's", box.Get(accounts+"/default", who["tom"]), 404, "NOT_FOUND")
	var blocked struct {
		Type, DescriptionCode string
		AccountProperties     struct{ IsBlocked, IsTransferFromEnabled, IsTransferToEnabled, IsPaymentFromEnabled, IsAksjesparekonto bool }
	}
	box.Get(accounts+"/kariBlocked", who["kari"]).Want(200).Into(&blocked)
	if p := blocked.AccountProperties; !p.IsBlocked || p.IsTransferFromEnabled || p.IsTransferToEnabled || p.IsPaymentFromEnabled {
		t.Errorf("a blocked account is %+v", blocked)
	}
	box.Get(accounts+"/kariASK", who["kari"]).Want(200).Into(&blocked)
	if p := blocked.AccountProperties; !p.IsAksjesparekonto || p.IsTransferFromEnabled || p.IsTransferToEnabled {
		t.Errorf("an aksjesparekonto is %+v", blocked)
	}
	box.Get(accounts+"/kariLoan", who["kari"]).Want(200).Into(&blocked)
	if blocked.Type != "LOAN" {
		t.Errorf("a loan is %+v", blocked)
	}
	if loan := box.Get(accounts+"/"+daves[:19]+"7", who["dave"]).Want(200).JSON(); fmt.Sprint(loan["balance"], " ", loan["availableBalance"]) != "-1842300.00 0.00" {
		t.Errorf("dave's loan is %v", loan)
	}
	box.Get(accounts+"/kariDollar", who["kari"]).Want(200).Into(&blocked)
	if blocked.DescriptionCode != "CURDEPOSIT" {
		t.Errorf("a currency account is %+v", blocked)
	}
}

func TestAccountKeys(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	for query, want := range map[string]string{
		"?accountNumber=99994010014":                             `{"accountKeysMap":{"99994010014":"` + daves + `"}}`,
		"?accountNumber=99994010014&accountNumber=99994020028":   `{"accountKeysMap":{"99994010014":"` + daves + `","99994020028":"` + savings + `"}}`,
		"?accountNumber=99994110116&accountNumber=K9999000271":   `{"accountKeysMap":{"K9999000271":"` + card + `"}}`, // the first is Jane's
		"?accountNumber=12345678901&accountNumber=%22%3E%3Cb%3E": `{"accountKeysMap":{}}`,
	} {
		if got := box.Get(accounts+"/keys"+query, dave).Want(200).Body; got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if n := len(box.Get(accounts+"/keys", dave).Want(200).JSON()["accountKeysMap"].(map[string]any)); n != 8 {
		t.Errorf("%d keys without a number, want all eight", n)
	}
	refused(t, box, "encoding", box.Get(accounts+"/keys?accountNumber=%zz", dave), 400, "BAD_REQUEST")
}

func TestDetailsAndRoles(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	a := box.Get(accounts+"/"+savings+"/details", dave).Want(200)
	want := "freeWithdrawalsLeft lastWithdrawalDate interestRate blockedAmount blockedBsuAmount creditLine totalConfirmedAmount netCalculatedCreditInterest netCalculatedCreditLineInterest totalCreditInterestLastYear"
	if got := strings.Join(fields(t, []byte(a.Body)), " "); got != want {
		t.Errorf("fields %s", got)
	}
	var d struct {
		FreeWithdrawalsLeft                                                                          *int
		LastWithdrawalDate                                                                           *string
		InterestRate, TotalConfirmedAmount, NetCalculatedCreditInterest, TotalCreditInterestLastYear json.Number
	}
	a.Into(&d)
	if d.FreeWithdrawalsLeft == nil || *d.FreeWithdrawalsLeft > 12 || *d.FreeWithdrawalsLeft < 0 || d.LastWithdrawalDate == nil || d.InterestRate != "3.10" || minor(t, d.TotalConfirmedAmount) != 18600000 {
		t.Errorf("got %s", a.Body)
	}
	// Interest comes each quarter: three times so far this year, four times last year.
	if minor(t, d.NetCalculatedCreditInterest) != 3*74400 || minor(t, d.TotalCreditInterestLastYear) != 4*74400 {
		t.Errorf("interest %s this year, %s last year", d.NetCalculatedCreditInterest, d.TotalCreditInterestLastYear)
	}
	if _, err := time.Parse(time.DateOnly, *d.LastWithdrawalDate); err != nil {
		t.Error(err)
	}
	for key, rate := range map[string]string{daves: "0.25", "Qd7KfBRXWQaY8BkaSjg3": "5.80", card: "0"} {
		got := box.Get(accounts+"/"+key+"/details", dave).Want(200).JSON()
		if fmt.Sprint(got["interestRate"]) != rate || (got["freeWithdrawalsLeft"] == nil) != (rate != "5.80") {
			t.Errorf("%s: %v", key, got)
		}
	}
	if got := box.Get(accounts+"/"+savings+"/roles", dave).Want(200).Body; got != `{"roles":[{"roleType":"OWNER","validFromDate":"2024-12-03","validToDate":"9999-12-31"}],"ownerHasRightOfDisposal":true}` {
		t.Errorf("roles %s", got)
	}
}

func TestBalance(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	balance := func(body string) *servertest.Answer {
		return box.Do("POST", accounts+"/balance", body, dave, servertest.Header("Content-Type", v1))
	}
	if got := balance(`{"accountNumber":"99994020028","more":1}`).Want(200).Body; got != `{"accountBalance":186000.00,"name":"Sparekonto"}` {
		t.Errorf("got %s", got)
	}
	tests := []struct {
		name, body string
		status     int
		code       string
	}{
		{"a card", `{"accountNumber":"K9999000271"}`, 400, "account.number.invalid.format"},
		{"wrong check digit", `{"accountNumber":"99994010015"}`, 400, "account.number.invalid.format"},
		{"formatted", `{"accountNumber":"9999.40.10014"}`, 400, "account.number.invalid.format"},
		{"missing", `{}`, 400, "account.number.invalid.format"},
		{"null", `null`, 400, "account.number.invalid.format"},
		{"a number", `{"accountNumber":99994010014}`, 400, "BAD_REQUEST"},
		{"a list", `[]`, 400, "BAD_REQUEST"},
		{"no JSON", `accountNumber=1`, 400, "BAD_REQUEST"},
		{"cut off", `{"accountNumber":"9999`, 400, "BAD_REQUEST"},
		{"two values", `{} {}`, 400, "BAD_REQUEST"},
		{"empty", ``, 400, "BAD_REQUEST"},
		{"deep", strings.Repeat(`[`, 20000), 400, "BAD_REQUEST"},
		{"Jane's", `{"accountNumber":"99994110116"}`, 404, "NOT_FOUND"},
		{"nobody's", `{"accountNumber":"99990000006"}`, 404, "NOT_FOUND"},
		{"2 MB", `"` + strings.Repeat("x", 2<<20) + `"`, 413, "REQUEST_ENTITY_TOO_LARGE"},
	}
	for _, tt := range tests {
		refused(t, box, tt.name, balance(tt.body), tt.status, tt.code)
	}
}
