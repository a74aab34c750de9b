package finapi_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

// exact adds up JSON numbers without floats.
func exact(t *testing.T, sum *big.Rat, n json.Number) {
	t.Helper()
	r, ok := new(big.Rat).SetString(n.String())
	_, cents, _ := strings.Cut(n.String(), ".")
	if !ok || len(cents) != 2 {
		t.Fatalf("%q is no amount with two places", n)
	}
	sum.Add(sum, r)
}

type (
	account struct {
		ID         int64       `json:"id"`
		Connection int64       `json:"bankConnectionId"`
		Name       *string     `json:"accountName"`
		IBAN       *string     `json:"iban"`
		Number     string      `json:"accountNumber"`
		Type       string      `json:"accountType"`
		Balance    json.Number `json:"balance"`
		New        bool        `json:"isNew"`
		Status     string      `json:"status"`
		Last       string      `json:"lastSuccessfulUpdate"`
	}
	transaction struct {
		ID        int64       `json:"id"`
		Account   int64       `json:"accountId"`
		Amount    json.Number `json:"amount"`
		Purpose   *string     `json:"purpose"`
		Name      *string     `json:"counterpartName"`
		IBAN      *string     `json:"counterpartIban"`
		Number    *string     `json:"counterpartAccountNumber"`
		BLZ       *string     `json:"counterpartBlz"`
		Value     string      `json:"valueDate"`
		Bank      string      `json:"bankBookingDate"`
		Finapi    string      `json:"finapiBookingDate"`
		Imported  string      `json:"importDate"`
		New       bool        `json:"isNew"`
		Adjusting bool        `json:"isAdjustingEntry"`
		Category  *struct {
			ID       int64  `json:"id"`
			Name     string `json:"name"`
			ParentID int64  `json:"parentId"`
		} `json:"category"`
	}
	transactions struct {
		List   []transaction `json:"transactions"`
		Paging struct {
			Page, PerPage, PageCount, TotalCount int
		} `json:"paging"`
		Income, Spending, Balance json.Number
	}
)

func (d *desk) accounts(token, query string) []account {
	d.t.Helper()
	var out struct{ Accounts []account }
	d.call("GET", "/api/v1/accounts?"+query, token, "").Want(200).Into(&out)
	return out.Accounts
}

func (d *desk) search(token, query string) (out transactions) {
	d.t.Helper()
	d.call("GET", "/api/v1/transactions?view=userView&"+query, token, "").Want(200).Into(&out)
	return out
}

// all walks through the pages.
func (d *desk) all(token, query string) (out []transaction) {
	d.t.Helper()
	for page := 1; ; page++ {
		part := d.search(token, fmt.Sprintf("%s&perPage=500&page=%d", query, page))
		out = append(out, part.List...)
		if page >= part.Paging.PageCount {
			return out
		}
	}
}

func TestImportBringsAYearThatAddsUp(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token, connection, ids := d.rich("anna")
	for _, a := range d.accounts(token, "") {
		if a.Connection != connection || !slices.Contains(ids, a.ID) || !a.New || a.Status != "UPDATED" || a.Last != "2026-12-03 16:45:08.000" {
			t.Errorf("%+v", a)
		}
		sum := new(big.Rat)
		list := d.all(token, fmt.Sprintf("accountIds=%d", a.ID))
		for _, one := range list {
			exact(t, sum, one.Amount)
			if one.Finapi < "2025-12-02" || one.Finapi > "2026-12-03 16" || one.Imported != "2026-12-03 16:45:08.000" || !one.New || one.ID > 1<<53 {
				t.Errorf("%+v", one)
			}
		}
		if got := sum.FloatString(2); got != a.Balance.String() || len(list) < 15 {
			t.Errorf("%s: %d transactions add up to %s, the balance is %s", a.Type, len(list), got, a.Balance)
		}
	}
	if a := d.accounts(token, "accountTypes=Checking"); len(a) != 1 || a[0].IBAN == nil || len(*a[0].IBAN) != 22 || !strings.HasSuffix(*a[0].IBAN, "00000000"+a[0].Number) || mod97(*a[0].IBAN) != 1 {
		t.Errorf("%+v", a)
	}
	d.refused(d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280001}`), 422, "ENTITY_EXISTS")
	d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280001,"bankingUserId":"second"}`).Want(201)
	d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280002}`).Want(201)
	if n := len(d.accounts(token, "")); n != 8 {
		t.Errorf("%d accounts", n)
	}
}

func mod97(iban string) int {
	rest := 0
	for _, r := range iban[4:] + iban[:4] {
		if r >= 'A' {
			rest = (rest*100 + int(r-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(r-'0')) % 97
		}
	}
	return rest
}

func TestImportChecksEverything(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.user("anna")
	for body, want := range map[string]string{
		`{}`:                             "400 MISSING_FIELD",
		``:                               "400 MISSING_FIELD",
		`{"bankId":"280001"}`:            "400 BAD_REQUEST",
		`{"bankId":1}`:                   "422 UNKNOWN_ENTITY",
		`{"bankId":280003}`:              "501 UNSUPPORTED_BANK",
		`{"bankId":280001,"name":"<b>"}`: "400 BAD_REQUEST",
		`{"bankId":280001,"name":"` + strings.Repeat("x", 65) + `"}`:                                                           "400 BAD_REQUEST",
		`{"bankId":280001,"maxDaysForDownload":13}`:                                                                            "400 BAD_REQUEST",
		`{"bankId":280001,"maxDaysForDownload":3651}`:                                                                          "400 BAD_REQUEST",
		`{"bankId":280001,"accountTypes":["Gold"]}`:                                                                            "400 BAD_REQUEST",
		`{"bankId":280001,"accountTypeIds":[9]}`:                                                                               "400 BAD_REQUEST",
		`{"bankId":280001,"accountTypes":["Security"]}`:                                                                        "422 NO_ACCOUNTS_FOR_TYPE_LIST",
		`{"bankId":280002,"interface":"XS2A"}`:                                                                                 "400 BAD_REQUEST",
		`{"bankId":280001,"loginCredentials":[{"label":"PIN","value":"1"}]}`:                                                   "400 MISSING_FIELD",
		`{"bankId":280001,"interface":"XS2A","loginCredentials":[{"label":"PIN"}]}`:                                            "400 MISSING_FIELD",
		`{"bankId":280001,"interface":"XS2A","loginCredentials":[{"label":"Kundennummer","value":"1"}]}`:                       "422 LOGIN_FIELDS_MISMATCH",
		`{"bankId":280001,"bankingUserId":"` + strings.Repeat("x", 171) + `"}`:                                                 "400 BAD_REQUEST",
		`{"bankId":280001,"interface":"XS2A","loginCredentials":[{"label":"PIN","value":"` + strings.Repeat("x", 171) + `"}]}`: "400 BAD_REQUEST",
	} {
		a := d.call("POST", "/api/v1/bankConnections/import", token, body)
		code, _ := a.JSON()["errors"].([]any)[0].(map[string]any)["code"].(string)
		if got := fmt.Sprint(a.Status, " ", code); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	if n := len(d.accounts(token, "")); n != 0 {
		t.Errorf("refused imports left %d accounts", n)
	}
}

// An import of a few days has an adjusting entry for what lies before, and the balance still is the sum.
func TestImportOfFewDays(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.user("anna")
	d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280001,"maxDaysForDownload":30,"accountTypeIds":[1],"interface":"XS2A",
		"loginCredentials":[{"label":"Onlinebanking-ID","value":"a"},{"label":"PIN","value":"b"}],"storeSecrets":true}`).Want(201)
	list, sum := d.all(token, ""), new(big.Rat)
	for _, one := range list {
		exact(t, sum, one.Amount)
		if one.Finapi < "2026-11-04" {
			t.Errorf("%s is too old", one.Finapi)
		}
	}
	if a := d.accounts(token, ""); len(a) != 1 || a[0].Balance.String() != sum.FloatString(2) {
		t.Errorf("%s, %+v", sum.FloatString(2), a)
	}
	if adjusting := d.search(token, "isAdjustingEntry=true"); len(adjusting.List) != 1 || *adjusting.List[0].Purpose != "Zwischensaldo" {
		t.Errorf("%+v", adjusting)
	}

	// Without positions there is a balance and nothing else.
	d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280002,"skipPositionsDownload":true,"accountTypes":["Checking"]}`).Want(201)
	a := d.accounts(token, "search=gesch%C3%84ftskonto")
	if len(a) != 1 || a[0].Balance == "0.00" || len(d.all(token, fmt.Sprintf("accountIds=%d", a[0].ID))) != 0 {
		t.Errorf("%+v", a)
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token, first, accounts := d.rich("anna")
	var second struct{ ID int64 }
	d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280002,"name":"Shop","bankingUserId":"a","bankingPin":"b","storePin":true}`).Want(201).Into(&second)
	list := func(query string) (ids []int64) {
		var out struct{ Connections []struct{ ID int64 } }
		d.call("GET", "/api/v1/bankConnections?"+query, token, "").Want(200).Into(&out)
		for _, c := range out.Connections {
			ids = append(ids, c.ID)
		}
		return ids
	}
	if got := list(""); len(got) != 2 || !slices.IsSorted(got) {
		t.Errorf("%v", got)
	}
	if got := list(fmt.Sprintf("ids=%d,77", second.ID)); len(got) != 1 || got[0] != second.ID {
		t.Errorf("%v", got)
	}
	at := path("/api/v1/bankConnections", second.ID)
	shop := d.call("GET", at, token, "").Want(200).JSON()
	if shop["name"] != "Shop" || shop["bankingUserId"] != "XXXXX" || shop["bankingPin"] != "XXXXX" || shop["type"] != "ONLINE" || shop["updateStatus"] != "READY" || shop["lastManualUpdate"] != nil {
		t.Errorf("%v", shop)
	}
	if got := d.call("PATCH", at, token, `{"name":"Laden"}`).Want(200).Text("name"); got != "Laden" {
		t.Errorf("%q", got)
	}
	if got := d.call("PATCH", at, token, `{"name":"","bankingPin":""}`).Want(200).JSON(); got["name"] != nil || got["bankingPin"] != nil {
		t.Errorf("%v", got)
	}
	d.refused(d.call("PATCH", at, token, `{}`), 400, "MISSING_FIELD")
	d.refused(d.call("PATCH", at, token, `{"name":"%"}`), 400, "BAD_REQUEST")

	d.Advance(time.Hour - 1)
	updated := d.call("POST", "/api/v1/bankConnections/update", token, fmt.Sprintf(`{"bankConnectionId":%d}`, second.ID)).Want(200).JSON()
	if m := updated["lastManualUpdate"].(map[string]any); m["result"] != "OK" || m["timestamp"] != "2026-12-03 17:45:07.999" {
		t.Errorf("%v", m)
	}
	d.refused(d.call("POST", "/api/v1/bankConnections/update", token, `{}`), 400, "MISSING_FIELD")
	d.refused(d.call("POST", "/api/v1/bankConnections/update", token, `{"bankConnectionId":5}`), 404, "UNKNOWN_ENTITY")

	// With its last account a connection goes.
	for _, id := range accounts {
		d.call("DELETE", path("/api/v1/accounts", id), token, "").Want(200)
		d.refused(d.call("DELETE", path("/api/v1/accounts", id), token, ""), 404, "UNKNOWN_ENTITY")
	}
	d.refused(d.call("GET", path("/api/v1/bankConnections", first), token, ""), 404, "UNKNOWN_ENTITY")
	d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280001}`).Want(201)
	d.call("DELETE", at, token, "").Want(200)
	d.refused(d.call("DELETE", at, token, ""), 404, "UNKNOWN_ENTITY")
	left := list("")
	if a := d.call("DELETE", "/api/v1/bankConnections", token, "").Want(200); len(left) != 1 || a.Body != fmt.Sprintf(`{"identifiers":[%d]}`, left[0]) {
		t.Errorf("%v %s", left, a.Body)
	}
	d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280001}`).Want(201)
	var gone struct{ Identifiers []int64 }
	d.call("DELETE", "/api/v1/accounts", token, "").Want(200).Into(&gone)
	if len(gone.Identifiers) != 3 || len(d.accounts(token, "")) != 0 || len(list("")) != 0 {
		t.Errorf("%v", gone)
	}
	for _, id := range []string{"0", "-1", "x", "1.5", "99999999999999999999", "1,2"} {
		d.refused(d.call("GET", "/api/v1/bankConnections/"+id, token, ""), 400, "BAD_REQUEST")
	}
	d.refused(d.call("GET", "/api/v1/bankConnections?ids=a", token, ""), 400, "BAD_REQUEST")
}

// Nobody sees, changes or deletes what is another user's.
func TestOtherPeoplesMoney(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	anna, connection, accounts := d.rich("anna")
	bert, _, _ := d.rich("bert")
	entry := d.search(anna, "").List[0].ID
	for _, p := range []string{path("/api/v1/accounts", accounts[0]), path("/api/v1/bankConnections", connection), path("/api/v1/transactions", entry)} {
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			a := d.call(method, p, bert, map[string]string{"PATCH": `{"isNew":false,"name":"x"}`}[method])
			d.refused(a, 404, "UNKNOWN_ENTITY")
		}
		d.call("GET", p, anna, "").Want(200)
	}
	if got := d.search(bert, fmt.Sprintf("accountIds=%d", accounts[0])); got.Paging.TotalCount != 0 {
		t.Errorf("%+v", got.Paging)
	}
	if got := d.search(bert, fmt.Sprintf("ids=%d", entry)); got.Paging.TotalCount != 0 {
		t.Errorf("%+v", got.Paging)
	}
	d.refused(d.call("GET", fmt.Sprintf("/api/v1/accounts/dailyBalances?accountIds=%d", accounts[0]), bert, ""), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("POST", "/api/v1/tests/mockBatchUpdate", bert, fmt.Sprintf(`{"mockBankConnectionUpdates":[{"bankConnectionId":%d}]}`, connection)), 404, "UNKNOWN_ENTITY")
	d.call("PATCH", "/api/v1/transactions", bert, fmt.Sprintf(`{"ids":[%d],"isNew":false}`, entry)).Want(200)
	d.call("DELETE", "/api/v1/accounts", bert, "").Want(200)
	if got := d.search(anna, "isNew=false").Paging.TotalCount; got != 0 || len(d.accounts(anna, "")) != 3 {
		t.Errorf("%d of anna's transactions changed", got)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.password("dave", "x").Text("access_token")
	for query, want := range map[string]int{
		"": 6, "ids=1,2": 2, "ids=1&ids=3": 2, "ids=99": 0, "search=girokonto": 1, "search=GIRO+konto": 1, "search=giro+tages": 0, "search=DE52": 1, "search=411111": 1,
		"accountTypes=Checking,Savings": 4, "accountTypes=checking": 3, "accountTypes=Loan": 1, "accountTypeIds=3": 1, "bankConnectionIds=1": 6, "bankConnectionIds=2": 0,
		"minBalance=0": 4, "minBalance=-418.95&maxBalance=-418.95": 1, "minBalance=-418.94&maxBalance=-0.01": 0, "maxBalance=-418.95": 2, "maxBalance=-418.96": 1, "minBalance=3254.17&maxBalance=3254.17": 1,
		"minLastSuccessfulUpdate=2026-12-03": 6, "maxLastSuccessfulUpdate=2026-12-02": 0, "colour=red": 6,
	} {
		if got := len(d.accounts(token, query)); got != want {
			t.Errorf("%s: %d accounts, want %d", query, got, want)
		}
	}
	for query, code := range map[string]string{"ids=x": "BAD_REQUEST", "accountTypes=Gold": "BAD_REQUEST", "minBalance=1.234": "BAD_REQUEST", "minBalance=1e3": "BAD_REQUEST",
		"minBalance=NaN": "BAD_REQUEST", "minBalance=2&maxBalance=1": "INVALID_FILTER_OPTIONS", "minLastSuccessfulUpdate=03.12.2026": "BAD_REQUEST",
		"minLastSuccessfulUpdate=2026-12-03&maxLastSuccessfulUpdate=2026-12-02": "INVALID_FILTER_OPTIONS", "search=a&search=b": "BAD_REQUEST",
		"ids=" + strings.Repeat("1,", 1001): "TOO_MANY_IDS", "search=%zz": "BAD_REQUEST"} {
		d.refused(d.call("GET", "/api/v1/accounts?"+query, token, ""), 400, code)
	}
	for id, want := range map[string]string{"1": "Checking EUR false", "3": "CreditCard EUR false", "7": "Loan EUR false", "8": "Checking USD false", "9": "Checking EUR true"} {
		v := d.call("GET", "/api/v1/accounts/"+id, token, "").Want(200).JSON()
		if got := fmt.Sprint(v["accountType"], " ", v["accountCurrency"], " ", v["isSeized"]); got != want || (v["availableFunds"] == nil) != (id == "7") {
			t.Errorf("account %s: %s, want %s: %v", id, got, want, v)
		}
	}
	one := d.call("PATCH", "/api/v1/accounts/1", token, `{"accountName":"Meins","accountType":"Bausparen","isNew":true}`).Want(200).JSON()
	if one["accountName"] != "Meins" || one["accountType"] != "Bausparen" || one["isNew"] != true || one["accountTypeId"].(json.Number) != "8" {
		t.Errorf("%v", one)
	}
	if got := d.call("PATCH", "/api/v1/accounts/1", token, `{"accountTypeId":1}`).Want(200).Text("accountTypeName"); got != "Checking" {
		t.Errorf("%q", got)
	}
	d.refused(d.call("PATCH", "/api/v1/accounts/1", token, `{"isNew":null}`), 400, "MISSING_FIELD")
	for _, body := range []string{`{"accountType":"Gold"}`, `{"accountTypeId":0}`, `{"accountTypeId":9}`, `{"accountName":"<"}`, `{"isNew":"no"}`, `{"accountName":"` + strings.Repeat("x", 513) + `"}`} {
		d.refused(d.call("PATCH", "/api/v1/accounts/1", token, body), 400, "BAD_REQUEST")
	}
}

func TestTransactionFilters(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.password("dave", "x").Text("access_token")
	all := d.all(token, "")
	count := func(keep func(transaction) bool) (n int) {
		for _, one := range all {
			if keep(one) {
				n++
			}
		}
		return n
	}
	has := func(text *string, part string) bool {
		return text != nil && strings.Contains(strings.ToLower(*text), part)
	}
	in := func(one transaction, ids ...int64) bool {
		return one.Category != nil && (slices.Contains(ids, one.Category.ID) || slices.Contains(ids, one.Category.ParentID))
	}
	some := all[len(all)/2]
	for query, keep := range map[string]func(transaction) bool{
		"": func(transaction) bool { return true },
		fmt.Sprintf("ids=%d,%d", some.ID, all[0].ID): func(o transaction) bool { return o.ID == some.ID || o.ID == all[0].ID },
		"accountIds=1":       func(o transaction) bool { return o.Account == 1 },
		"accountIds=1,2":     func(o transaction) bool { return o.Account <= 2 },
		"purpose=berlin":     func(o transaction) bool { return has(o.Purpose, "berlin") },
		"counterpart=REWE":   func(o transaction) bool { return has(o.Name, "rewe") },
		"search=rewe+berlin": func(o transaction) bool { return has(o.Name, "rewe") && has(o.Purpose, "berlin") },
		"direction=income":   func(o transaction) bool { return !strings.HasPrefix(o.Amount.String(), "-") },
		"direction=spending": func(o transaction) bool { return strings.HasPrefix(o.Amount.String(), "-") },
		"minAmount=" + some.Amount.String() + "&maxAmount=" + some.Amount.String(): func(o transaction) bool { return o.Amount == some.Amount },
		"minBankBookingDate=2026-05-01&maxBankBookingDate=2026-05-31":              func(o transaction) bool { return strings.HasPrefix(o.Bank, "2026-05") },
		"minFinapiBookingDate=2026-06-10&maxFinapiBookingDate=2026-06-10":          func(o transaction) bool { return strings.HasPrefix(o.Finapi, "2026-06-10") },
		"maxImportDate=2025-12-31":  func(o transaction) bool { return o.Imported < "2026" },
		"isNew=true":                func(transaction) bool { return true },
		"isNew=false":               func(transaction) bool { return false },
		"isPotentialDuplicate=true": func(transaction) bool { return false },
		"isAdjustingEntry=true":     func(o transaction) bool { return o.Adjusting },
		"labelIds=1":                func(transaction) bool { return false },
		"categoryIds=101":           func(o transaction) bool { return in(o, 101) },
		"categoryIds=373,500":       func(o transaction) bool { return in(o, 373, 500) },
		"categoryIds=373&includeChildCategories=false": func(transaction) bool { return false },
		"categoryIds=0": func(o transaction) bool { return o.Category == nil },
	} {
		want := count(keep)
		got := d.search(token, query)
		if got.Paging.TotalCount != want {
			t.Errorf("%s: %d, want %d", query, got.Paging.TotalCount, want)
		}
		if want == 0 && query != "isNew=false" && !strings.Contains(query, "uplicate") && !strings.Contains(query, "label") && !strings.Contains(query, "Child") && query != "categoryIds=0" {
			t.Errorf("%s: the test data has none of these", query)
		}
	}
}

func TestTransactionPaging(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.password("dave", "x").Text("access_token")
	all := d.all(token, "accountIds=1")
	first := d.search(token, "accountIds=1")
	if first.Paging.Page != 1 || first.Paging.PerPage != 20 || first.Paging.TotalCount != len(all) || first.Paging.PageCount != (len(all)+19)/20 || len(first.List) != 20 {
		t.Errorf("%+v", first.Paging)
	}
	income, spending, balance := new(big.Rat), new(big.Rat), new(big.Rat)
	for i, one := range all {
		if i > 0 && one.ID <= all[i-1].ID {
			t.Fatalf("%d after %d", one.ID, all[i-1].ID)
		}
		exact(t, balance, one.Amount)
		exact(t, map[bool]*big.Rat{true: spending, false: income}[strings.HasPrefix(one.Amount.String(), "-")], one.Amount)
	}
	if first.Income.String() != income.FloatString(2) || first.Spending.String() != spending.FloatString(2) || first.Balance.String() != balance.FloatString(2) {
		t.Errorf("%s %s %s", first.Income, first.Spending, first.Balance)
	}
	for page, want := range map[int]int{first.Paging.PageCount: len(all) - 20*(first.Paging.PageCount-1), first.Paging.PageCount + 1: 0, 1 << 30: 0} {
		if got := d.search(token, fmt.Sprintf("accountIds=1&page=%d", page)); len(got.List) != want || got.Paging.TotalCount != len(all) {
			t.Errorf("page %d has %d", page, len(got.List))
		}
	}
	if got := d.call("GET", "/api/v1/transactions?view=bankView&page=9999", token, "").Want(200); !strings.HasPrefix(got.Body, `{"transactions":[],"paging":{"page":9999,`) {
		t.Errorf("%.80s", got.Body)
	}

	latest := d.search(token, "order=finapiBookingDate,desc&order=amount&perPage=500").List
	if !slices.IsSortedFunc(latest, func(a, b transaction) int {
		if a.Finapi != b.Finapi {
			return strings.Compare(b.Finapi, a.Finapi)
		}
		x, _ := new(big.Rat).SetString(a.Amount.String())
		y, _ := new(big.Rat).SetString(b.Amount.String())
		return x.Cmp(y)
	}) {
		t.Error("not ordered by day and amount")
	}
	for _, property := range []string{"id", "parentId", "accountId", "valueDate", "bankBookingDate", "finapiBookingDate", "amount", "purpose", "counterpartName", "counterpartAccountNumber",
		"counterpartIban", "counterpartBlz", "counterpartBic", "type", "primanota", "category.id", "category.name", "isPotentialDuplicate", "isNew", "importDate"} {
		for _, direction := range []string{"", ",asc", ",DESC"} {
			d.call("GET", "/api/v1/transactions?view=userView&order="+property+direction, token, "").Want(200)
		}
	}
	for query, code := range map[string]string{"": "MISSING_FIELD", "view=": "MISSING_FIELD", "view=mine": "BAD_REQUEST", "view=userView&view=bankView": "BAD_REQUEST",
		"view=userView&perPage=501": "ILLEGAL_PAGE_SIZE", "view=userView&perPage=0": "ILLEGAL_PAGE_SIZE", "view=userView&perPage=x": "ILLEGAL_PAGE_SIZE", "view=userView&page=0": "BAD_REQUEST",
		"view=userView&page=-1": "BAD_REQUEST", "view=userView&page=99999999999999999999": "BAD_REQUEST", "view=userView&order=colour": "BAD_REQUEST", "view=userView&order=id,up": "BAD_REQUEST",
		"view=userView&direction=up": "BAD_REQUEST", "view=userView&direction=income,spending": "BAD_REQUEST", "view=userView&isNew=yes": "BAD_REQUEST", "view=userView&minAmount=x": "BAD_REQUEST",
		"view=userView&minAmount=2&maxAmount=1": "INVALID_FILTER_OPTIONS", "view=userView&minImportDate=2026-13-01": "BAD_REQUEST", "view=userView&ids=1.5": "BAD_REQUEST",
		"view=userView&minBankBookingDate=2026-02-02&maxBankBookingDate=2026-02-01": "INVALID_FILTER_OPTIONS", "view=userView&categoryIds=-1": "BAD_REQUEST"} {
		d.refused(d.call("GET", "/api/v1/transactions?"+query, token, ""), 400, code)
	}
}

func TestEditTransactions(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token, _, accounts := d.rich("anna")
	list := d.search(token, "perPage=5").List
	at := path("/api/v1/transactions", list[0].ID)
	one := d.call("PATCH", at, token, `{"isNew":false,"isPotentialDuplicate":false,"categoryId":378,"labelIds":[]}`).Want(200).JSON()
	if c := one["category"].(map[string]any); one["isNew"] != false || c["name"] != "Sport & Fitness" || c["parentName"] != "Freizeit, Hobbys & Soziales" {
		t.Errorf("%v", one)
	}
	if got := d.call("PATCH", at, token, `{"categoryId":0}`).Want(200).JSON(); got["category"] != nil || got["isNew"] != false {
		t.Errorf("%v", got)
	}
	if got := d.call("PATCH", at, token, `{"isNew":true}`).Want(200).JSON(); got["category"] != nil || got["isNew"] != true {
		t.Errorf("%v", got)
	}
	d.refused(d.call("PATCH", at, token, `{}`), 400, "MISSING_FIELD")
	d.refused(d.call("PATCH", at, token, `{"categoryId":-5}`), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("PATCH", at, token, `{"labelIds":[7]}`), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("PATCH", at, token, `{"isPotentialDuplicate":true}`), 422, "ILLEGAL_FIELD_VALUE")
	d.refused(d.call("PATCH", at, token, `{"categoryId":"378"}`), 400, "BAD_REQUEST")

	body := fmt.Sprintf(`{"ids":[%d,%d,42],"categoryId":101,"isNew":false}`, list[1].ID, list[2].ID)
	want := fmt.Sprintf(`{"identifiers":[%d,%d]}`, list[1].ID, list[2].ID)
	if a := d.call("PATCH", "/api/v1/transactions", token, body).Want(200); a.Body != want {
		t.Errorf("%s, want %s", a.Body, want)
	}
	if a := d.call("PATCH", "/api/v1/transactions", token, body).Want(200); a.Body != `{"identifiers":[]}` {
		t.Errorf("unchanged ones are told: %s", a.Body)
	}
	d.call("PATCH", "/api/v1/transactions", token, fmt.Sprintf(`{"isNew":false,"accountIds":[%d]}`, accounts[0])).Want(200)
	if left := d.search(token, fmt.Sprintf("isNew=true&accountIds=%d", accounts[0])).Paging.TotalCount; left != 0 || d.search(token, "isNew=true").Paging.TotalCount == 0 {
		t.Errorf("%d are new", left)
	}
	d.refused(d.call("PATCH", "/api/v1/transactions", token, `{"categoryId":101}`), 400, "BAD_REQUEST")
	d.refused(d.call("PATCH", "/api/v1/transactions", token, `{"isNew":false,"ids":[`+strings.TrimSuffix(strings.Repeat("1,", 101), ",")+`]}`), 400, "TOO_MANY_IDS")

	// A deleted transaction is gone; the balance, which is the bank's, stays.
	before := d.accounts(token, "")
	d.call("DELETE", at, token, "").Want(200)
	d.refused(d.call("GET", at, token, ""), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("DELETE", at, token, ""), 404, "UNKNOWN_ENTITY")
	if after := d.accounts(token, ""); before[0].Balance != after[0].Balance || d.search(token, fmt.Sprintf("ids=%d", list[0].ID)).Paging.TotalCount != 0 {
		t.Errorf("%v %v", before[0].Balance, after[0].Balance)
	}
}

func TestCategoriesAndBanks(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.user("anna")
	total := func(at, query string) int {
		var out struct{ Paging struct{ TotalCount int } }
		d.call("GET", at+"?"+query, token, "").Want(200).Into(&out)
		return out.Paging.TotalCount
	}
	for query, want := range map[string]int{"": 24, "ids=378,999": 1, "search=sport+FITNESS": 1, "isCustom=true": 0, "isCustom=false": 24, "order=name,desc": 24, "order=isCustom": 24, "perPage=500": 24} {
		if got := total("/api/v1/categories", query); got != want {
			t.Errorf("categories %s: %d, want %d", query, got, want)
		}
	}
	if a := d.call("GET", "/api/v1/categories/378", token, "").Want(200); a.Body != `{"id":378,"name":"Sport & Fitness","parentId":373,"parentName":"Freizeit, Hobbys & Soziales","isCustom":false,"children":null}` {
		t.Errorf("%s", a.Body)
	}
	if a := d.call("GET", "/api/v1/categories/373", token, "").Want(200); !strings.Contains(a.Body, `"parentId":null,"parentName":null,"isCustom":false,"children":[374,375,376,378]`) {
		t.Errorf("%s", a.Body)
	}
	d.refused(d.call("GET", "/api/v1/categories/1", token, ""), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("GET", "/api/v1/categories?perPage=501", token, ""), 400, "ILLEGAL_PAGE_SIZE")
	d.refused(d.call("GET", "/api/v1/categories?isCustom=1", token, ""), 400, "BAD_REQUEST")

	for query, want := range map[string]int{"": 3, "ids=280001": 1, "search=sandbank+business": 1, "search=00000002": 1, "search=DE52000000000012345678": 1, "search=berlin": 1,
		"isSupported=true": 2, "isSupported=false": 1, "isTestBank=true": 3, "isTestBank=false": 0, "supportedInterfaces=XS2A": 1, "supportedInterfaces=FINTS_SERVER,XS2A": 2,
		"location=DE,AT": 3, "location=AT": 0, "order=popularity,desc&order=name": 3} {
		if got := total("/api/v1/banks", query); got != want {
			t.Errorf("banks %s: %d, want %d", query, got, want)
		}
	}
	if got := d.call("GET", "/api/v1/banks/280001", d.client, "").Want(200).Text("name"); got != "Sandbank Test Bank" {
		t.Errorf("%q", got)
	}
	d.refused(d.call("GET", "/api/v1/banks/1", token, ""), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("GET", "/api/v1/banks?supportedInterfaces=FAX", token, ""), 400, "BAD_REQUEST")
	d.refused(d.call("GET", "/api/v1/banks?order=x", token, ""), 400, "BAD_REQUEST")
}

func TestDailyBalances(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.password("dave", "x").Text("access_token")
	type days struct {
		Latest *string `json:"latestCommonBalanceTimestamp"`
		Days   []struct {
			Date                                         string
			Balance, Income, Spending, InternalAdjusting json.Number
			Transactions                                 []int64
		} `json:"dailyBalances"`
		Paging struct{ TotalCount, PageCount int }
	}
	ask := func(query string) (out days) {
		d.call("GET", "/api/v1/accounts/dailyBalances?"+query, token, "").Want(200).Into(&out)
		return out
	}
	month := ask("")
	if month.Paging.TotalCount != 31 || len(month.Days) != 20 || month.Days[0].Date != "2026-11-03 00:00:00.000" || *month.Latest != "2026-12-03 04:00:00.000" {
		t.Errorf("%+v", month)
	}
	year := ask("startDate=2025-12-03&endDate=2026-12-03&perPage=500&accountIds=1,2")
	if len(year.Days) != 366 {
		t.Fatalf("%d days", len(year.Days))
	}
	today := new(big.Rat)
	for _, a := range d.accounts(token, "ids=1,2") {
		exact(t, today, a.Balance)
	}
	if got := year.Days[365].Balance.String(); got != today.FloatString(2) {
		t.Errorf("today's balance is %s, the accounts have %s", got, today.FloatString(2))
	}
	held, _ := new(big.Rat).SetString(year.Days[0].Balance.String())
	n := 0
	for _, day := range year.Days[1:] {
		spent := new(big.Rat)
		exact(t, held, day.Income)
		exact(t, spent, day.Spending)
		held.Sub(held, spent)
		n += len(day.Transactions)
		if held.FloatString(2) != day.Balance.String() {
			t.Fatalf("%s: balance %s, adding up gives %s", day.Date, day.Balance, held.FloatString(2))
		}
	}
	if want := d.search(token, "accountIds=1,2&minFinapiBookingDate=2025-12-04").Paging.TotalCount; n != want {
		t.Errorf("%d transactions in the days, %d in the list", n, want)
	}

	past := ask("startDate=2024-01-01&endDate=2024-12-05&perPage=500")
	future := ask("startDate=2026-12-01&endDate=2026-12-31&perPage=500")
	if past.Days[0].Balance != past.Days[300].Balance || past.Days[0].Balance == "0.00" || future.Days[2].Balance != future.Days[30].Balance {
		t.Errorf("projection: %s %s %s %s", past.Days[0].Balance, past.Days[300].Balance, future.Days[2].Balance, future.Days[30].Balance)
	}
	if got := ask("startDate=2026-12-01&endDate=2026-12-31&withProjection=false"); len(got.Days) != 3 {
		t.Errorf("%d days without projection", len(got.Days))
	}
	if got := ask("startDate=2024-01-01&endDate=2024-06-01&withProjection=false"); len(got.Days) != 0 {
		t.Errorf("%d days before there was anything", len(got.Days))
	}
	if got := ask("order=date,desc&perPage=1"); got.Days[0].Date != "2026-12-03 00:00:00.000" {
		t.Errorf("%+v", got.Days[0])
	}
	if got := ask("order=spending,desc&order=income&order=balance&perPage=2"); got.Days[0].Spending.String() < got.Days[1].Spending.String() && len(got.Days[0].Spending) == len(got.Days[1].Spending) {
		t.Errorf("%+v", got.Days)
	}
	if got := ask("startDate=2026-03-28&endDate=2026-03-30&perPage=3"); got.Paging.TotalCount != 3 || got.Days[2].Date != "2026-03-30 00:00:00.000" {
		t.Errorf("summer time: %+v", got.Days)
	}
	for query, want := range map[string]string{"startDate=2025-12-02&endDate=2026-12-03": "422", "startDate=2026-12-03&endDate=2026-12-02": "422", "startDate=yesterday": "400", "endDate=2026-02-30": "400",
		"accountIds=1,99": "404", "accountIds=x": "400", "perPage=501": "400", "withProjection=maybe": "400", "order=colour": "400", "startDate=0000-01-01": "400", "startDate=0001-01-01&endDate=9999-12-31": "422"} {
		a := d.call("GET", "/api/v1/accounts/dailyBalances?"+query, token, "")
		if got := fmt.Sprint(a.Status); got != want {
			t.Errorf("%s: %s, want %s (%s)", query, got, want, a.Body)
		}
	}
}

func TestPendingPaymentsShowWhenTheyAreBooked(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.password("dave", "x").Text("access_token")
	before := d.search(token, "").Paging.TotalCount
	balance := d.accounts(token, "ids=1")[0].Balance
	d.Advance(3 * 24 * time.Hour)
	token = d.password("dave", "x").Text("access_token")
	if after := d.search(token, "").Paging.TotalCount; after <= before || d.accounts(token, "ids=1")[0].Balance == balance {
		t.Errorf("%d transactions, before %d", after, before)
	}
}

func TestMockBatchUpdate(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token, connection, accounts := d.rich("anna")
	mock := func(body string) *answer {
		body = strings.NewReplacer("CONN", fmt.Sprint(connection), "ACC", fmt.Sprint(accounts[0]), "SAV", fmt.Sprint(accounts[1])).Replace(body)
		return d.call("POST", "/api/v1/tests/mockBatchUpdate", token, body)
	}
	before := d.search(token, fmt.Sprintf("accountIds=%d", accounts[0])).Paging.TotalCount
	a := mock(`{"mockBankConnectionUpdates":[{"bankConnectionId":CONN,"mockAccountsData":[{"accountId":ACC,"accountBalance":1000.10,"newTransactions":[
		{"amount":-99.99,"purpose":"Restaurantbesuch","counterpart":"Bar Centrale","counterpartIban":"DE13700800000061110500","bookingDate":"2026-12-01"},
		{"amount":0.1,"counterpartAccountNumber":"61110500"},
		{"amount":50,"purpose":"early","bookingDate":"2026-12-24","valueDate":"2026-12-27"},
		{"amount":-7,"purpose":"too old","bookingDate":"2026-08-01"}]}]}],"triggerNotifications":true}`).Want(200)
	if a.Body != "" {
		t.Errorf("body %q", a.Body)
	}
	list := d.all(token, fmt.Sprintf("accountIds=%d&order=importDate,desc&minBankBookingDate=2026-12-01", accounts[0]))
	byPurpose := map[string]transaction{}
	for _, one := range list {
		if one.Purpose != nil {
			byPurpose[*one.Purpose] = one
		} else {
			byPurpose["-"] = one
		}
	}
	meal, early, fixed, small := byPurpose["Restaurantbesuch"], byPurpose["early"], byPurpose["Zwischensaldo"], byPurpose["-"]
	if meal.Amount != "-99.99" || *meal.Name != "Bar Centrale" || *meal.IBAN != "DE13700800000061110500" || *meal.BLZ != "70080000" || *meal.Number != "0061110500" ||
		meal.Bank != "2026-12-01 00:00:00.000" || meal.Imported != "2026-12-03 16:45:08.000" || !meal.New || meal.Category != nil {
		t.Errorf("%+v", meal)
	}
	if early.Bank != "2026-12-24 00:00:00.000" || early.Finapi != "2026-12-03 00:00:00.000" || early.Value != "2026-12-27 00:00:00.000" {
		t.Errorf("%+v", early)
	}
	if !fixed.Adjusting || small.Amount != "0.10" || *small.Number != "61110500" {
		t.Errorf("%+v %+v", fixed, small)
	}
	if after := d.search(token, fmt.Sprintf("accountIds=%d", accounts[0])); after.Paging.TotalCount != before+4 || after.Balance != "1000.10" {
		t.Errorf("%d transactions, before %d, %s", after.Paging.TotalCount, before, after.Balance)
	}
	for _, a := range d.accounts(token, "") {
		want := "DEPRECATED"
		if a.ID == accounts[0] {
			want = "UPDATED_FIXED"
		}
		if a.Status != want || a.ID == accounts[0] && a.Balance != "1000.10" {
			t.Errorf("%+v", a)
		}
	}
	mock(`{"mockBankConnectionUpdates":[{"bankConnectionId":CONN,"interface":"FINTS_SERVER","mockAccountsData":[{"accountId":ACC,"accountBalance":1000.1}]}]}`).Want(200)
	if a := d.accounts(token, fmt.Sprintf("ids=%d", accounts[0])); a[0].Status != "UPDATED" {
		t.Errorf("%+v", a)
	}
	mock(`{"mockBankConnectionUpdates":[{"bankConnectionId":CONN,"simulateBankLoginError":true,"mockAccountsData":[{"accountId":ACC,"accountBalance":5}]}]}`).Want(200)
	one := d.call("GET", path("/api/v1/bankConnections", connection), token, "").JSON()
	if auto := one["lastAutoUpdate"].(map[string]any); auto["result"] != "BANK_SERVER_REJECTION" || auto["errorType"] != "BUSINESS" || one["furtherLoginNotRecommended"] != true {
		t.Errorf("%v", one)
	}
	if a := d.accounts(token, fmt.Sprintf("ids=%d", accounts[0])); a[0].Balance != "1000.10" || a[0].Status != "DOWNLOAD_FAILED" {
		t.Errorf("%+v", a)
	}

	count := d.search(token, "").Paging.TotalCount
	data := func(account string) string {
		return `{"mockBankConnectionUpdates":[{"bankConnectionId":CONN,"mockAccountsData":[{"accountId":SAV,"accountBalance":1,"newTransactions":[{"amount":1}]},` + account + `]}]}`
	}
	for body, want := range map[string]string{
		`{}`:                                 "400 MISSING_FIELD",
		`{"mockBankConnectionUpdates":[]}`:   "400 MISSING_FIELD",
		`{"mockBankConnectionUpdates":{}}`:   "400 BAD_REQUEST",
		`{"mockBankConnectionUpdates":[{}]}`: "400 MISSING_FIELD",
		`{"mockBankConnectionUpdates":[{"bankConnectionId":5}]}`:                              "404 UNKNOWN_ENTITY",
		`{"mockBankConnectionUpdates":[{"bankConnectionId":CONN},{"bankConnectionId":CONN}]}`: "400 BAD_REQUEST",
		`{"mockBankConnectionUpdates":[{"bankConnectionId":CONN,"interface":"XS2A"}]}`:        "400 BAD_REQUEST",
		data(`{"accountBalance":1}`):                                                                           "400 MISSING_FIELD",
		data(`{"accountId":5,"accountBalance":1}`):                                                             "404 UNKNOWN_ENTITY",
		data(`{"accountId":SAV,"accountBalance":1}`):                                                           "400 BAD_REQUEST",
		data(`{"accountId":ACC}`):                                                                              "400 MISSING_FIELD",
		data(`{"accountId":ACC,"accountBalance":1.001}`):                                                       "400 BAD_REQUEST",
		data(`{"accountId":ACC,"accountBalance":1e99}`):                                                        "400 BAD_REQUEST",
		data(`{"accountId":ACC,"accountBalance":"x"}`):                                                         "400 BAD_REQUEST",
		data(`{"accountId":ACC,"accountBalance":1,"newTransactions":[{}]}`):                                    "400 MISSING_FIELD",
		data(`{"accountId":ACC,"accountBalance":1,"newTransactions":[{"amount":1,"bookingDate":"1.1.2026"}]}`): "400 BAD_REQUEST",
		data(`{"accountId":ACC,"accountBalance":1,"newTransactions":[{"amount":1,"valueDate":"x"}]}`):          "400 BAD_REQUEST",
		data(`{"accountId":ACC,"accountBalance":1,"newTransactions":[{"amount":1,"counterpart":"` + strings.Repeat("x", 81) + `"}]}`):           "400 BAD_REQUEST",
		data(`{"accountId":ACC,"accountBalance":1,"newTransactions":[` + strings.TrimSuffix(strings.Repeat(`{"amount":1},`, 1001), ",") + `]}`): "422 ILLEGAL_FIELD_VALUE",
	} {
		a := mock(body)
		code, _ := a.JSON()["errors"].([]any)[0].(map[string]any)["code"].(string)
		if got := fmt.Sprint(a.Status, " ", code); got != want {
			t.Errorf("%.200s: %s, want %s", body, got, want)
		}
	}
	if got := d.search(token, "").Paging.TotalCount; got != count {
		t.Errorf("refused mocks entered %d transactions", got-count)
	}
	d.call("PATCH", "/users", token, `{"isAutoUpdateEnabled":true}`).Want(200)
	d.refused(mock(`{"mockBankConnectionUpdates":[{"bankConnectionId":CONN}]}`), 422, "ILLEGAL_ENTITY_STATE")
}

// An own fixture file may call its people and accounts what it likes, and leave out what the embedded ones say.
func TestOwnFixtures(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "own.json")
	servertest.WriteFile(t, own, `{"bank":"finapi","people":[
		{"login":"Otto","password":"geheim","given":"Otto","family":"Öl","accounts":[
			{"id":"otto-giro","name":"","balance":"-12.30","status":"blocked","persona":"empty","entries":[
				{"id":"first","amount":"-5.00","at":"-3d","party":"Kiosk","partyRef":"NO9386011117947","type":"card","category":"groceries"},
				{"amount":"1.00","at":"-2d","partyRef":"4711","type":"interest"},
				{"amount":"-0.50","at":"-2d","type":"fee","category":"fees"}]},
			{"id":"otto-loan","kind":"loan","balance":"-1000.00","persona":"empty"},
			{"id":"otto-old","status":"closed","currency":"USD","persona":"empty"}]},
		{"login":"lena","given":"Lena","family":"L","client":"finapi-demo","locked":true},
		{"login":"ulf","given":"Ulf","family":"U","client":"finapi-demo","unverified":true}]}`)
	d := open(t, server.Options{Fixtures: own})

	token := d.password("Otto", "geheim").Want(200).Text("access_token")
	if got := d.call("GET", "/users", token, "").Text("id"); got != "Otto" {
		t.Errorf("shown as %q", got)
	}
	list := d.accounts(token, "")
	if len(list) != 3 || list[0].Name == nil || list[0].Balance != "-12.30" || list[1].Type != "Loan" || list[2].Status != "DEPRECATED" || list[0].Connection != list[2].Connection || list[0].ID < 1 {
		t.Fatalf("%+v", list)
	}
	giro := d.call("GET", path("/api/v1/accounts", list[0].ID), token, "").Want(200).JSON()
	if giro["isSeized"] != true || giro["accountHolderName"] != "Otto Öl" || giro["overdraft"] != nil {
		t.Errorf("%v", giro)
	}
	d.call("GET", path("/api/v1/bankConnections", list[0].Connection), token, "").Want(200)
	found := d.search(token, "order=amount").List
	if len(found) < 3 {
		t.Fatalf("%+v", found)
	}
	for _, one := range found {
		d.call("GET", path("/api/v1/transactions", one.ID), token, "").Want(200)
	}
	kiosk := d.search(token, "counterpart=kiosk").List
	if len(kiosk) != 1 || *kiosk[0].IBAN != "NO9386011117947" || kiosk[0].Number != nil || kiosk[0].BLZ != nil {
		t.Errorf("%+v", kiosk)
	}
	if none := d.search(token, "categoryIds=0&minAmount=1&maxAmount=1").List; len(none) != 1 || none[0].Category != nil || *none[0].Number != "4711" {
		t.Errorf("%+v", none)
	}
	mock := fmt.Sprintf(`{"mockBankConnectionUpdates":[{"bankConnectionId":%d,"mockAccountsData":[{"accountId":%d,"accountBalance":5,"newTransactions":[{"amount":1},{"amount":1}]}]}]}`, list[0].Connection, list[0].ID)
	d.call("POST", "/api/v1/tests/mockBatchUpdate", token, mock).Want(200)
	if got := d.search(token, fmt.Sprintf("accountIds=%d", list[0].ID)); got.Balance != "5.00" {
		t.Errorf("%+v", got)
	}
	d.refused(d.password("lena", "x"), 423, "LOCKED")
	d.refused(d.password("ulf", "x"), 403, "USER_NOT_VERIFIED")
}

func TestQueryStringsSurviveEveryEncoding(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.password("dave", "x").Text("access_token")
	for _, query := range []string{"search=Girokonto&accountTypes=Checking,Savings", url.Values{"search": {"Girokonto"}, "accountTypes": {"Checking,Savings"}}.Encode(),
		"search=Girokonto&accountTypes=Checking&accountTypes=Savings", "search=%47irokonto&accountTypes=%43hecking%2C%20Savings"} {
		if got := d.accounts(token, query); len(got) != 1 {
			t.Errorf("%s: %d", query, len(got))
		}
	}
}
