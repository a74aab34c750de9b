package berlin_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"sandbank/server/ledger"
	"sandbank/server/servertest"
)

func TestAccountList(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", janeAsk)
	a := b.get("/v1/accounts", servertest.Bearer(g.access)).Want(200)
	base := b.URL() + "/v1/accounts/" + current
	want := `{"accounts":[{"resourceId":"` + current + `","iban":"` + currentIBAN + `","currency":"EUR","name":"Current account","product":"Everyday","cashAccountType":"CACC","status":"enabled",` +
		`"bic":"SBNKBGS0","usage":"PRIV","_links":{"balances":{"href":"` + base + `/balances"},"transactions":{"href":"` + base + `/transactions"}}},` +
		`{"resourceId":"` + savings + `","iban":"` + savingsIBAN + `","currency":"EUR","name":"Savings","product":"Savings Plus","cashAccountType":"SVGS","status":"enabled","bic":"SBNKBGS0","usage":"PRIV"}]}`
	if a.Body != want || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("list\n%s, want\n%s", a.Body, want)
	}
	one := b.get("/v1/accounts/"+savings, servertest.Bearer(g.access)).Want(200)
	if !strings.HasPrefix(one.Body, `{"account":{"resourceId":"`+savings+`","iban":"`+savingsIBAN+`",`) {
		t.Errorf("one account: %s", one.Body)
	}
}

func TestRightsAreThoseOfTheConsent(t *testing.T) {
	t.Parallel()
	b := start(t)
	iban := `[{"iban":"` + currentIBAN + `"}]`
	const lists = "/transactions?bookingStatus=booked&dateFrom=2026-11-01"
	for name, c := range map[string]struct {
		body                           string
		account, balances, list, shown int // statuses; how many accounts are listed with balances
		links, owner                   bool
	}{
		"all":                    {globalAsk, 200, 200, 200, 4, true, false},
		"all with names":         {access(`{"allPsd2":"allAccountsWithOwnerName"}`), 200, 200, 200, 4, true, true},
		"details":                {access(`{"accounts":` + iban + `}`), 200, 401, 401, 0, false, false},
		"balances":               {access(`{"balances":` + iban + `}`), 200, 200, 401, 1, true, false},
		"transactions":           {access(`{"transactions":` + iban + `}`), 200, 401, 200, 0, true, false},
		"names":                  {access(`{"accounts":` + iban + `,"additionalInformation":{"ownerName":` + iban + `}}`), 200, 401, 401, 0, false, true},
		"offered with names":     {access(`{"accounts":[],"additionalInformation":{"ownerName":[]}}`), 200, 401, 401, 0, false, true},
		"list":                   {listAsk, 401, 401, 401, 0, false, false},
		"list, balances, names":  {sumsAsk, 401, 401, 401, 4, false, true},
		"offered, balances only": {access(`{"balances":[]}`), 200, 200, 401, 2, true, false},
	} {
		token := servertest.Bearer(b.grant("jane", c.body).access)
		list := b.get("/v1/accounts?withBalance=true", token).Want(200)
		if got := strings.Count(list.Body, `"balances":[`); got != c.shown {
			t.Errorf("%s: %d accounts with balances: %s", name, got, list.Body)
		}
		if strings.Contains(list.Body, `"_links"`) != c.links || strings.Contains(list.Body, `"ownerName":"Jane Hamamoto"`) != c.owner {
			t.Errorf("%s: links or names: %s", name, list.Body)
		}
		for path, want := range map[string]int{"": c.account, "/balances": c.balances, lists: c.list} {
			a := b.get("/v1/accounts/"+current+path, token)
			if a.Status != want {
				t.Errorf("%s: %q is %d: %s", name, path, a.Status, a.Body)
			}
			if want == 401 {
				b.refused(a, 401, "CONSENT_INVALID")
			}
		}
	}
}

func TestAccountsThatAreNotInTheConsent(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", wholeAsk, "account", savings)
	for _, account := range []string{current, card, daveCurrent, "x", strings.ToUpper(savings), "..", "%2e%2e", savings + "%2f", "%00", strings.Repeat("9", 500)} {
		for _, rest := range []string{"", "/balances", "/transactions?bookingStatus=booked&dateFrom=2026-11-01", "/transactions/x"} {
			b.refused(b.get("/v1/accounts/"+account+rest, servertest.Bearer(g.access)), 404, "RESOURCE_UNKNOWN")
		}
	}
	for _, path := range []string{"/v1/accounts/", "/v1/accounts/" + savings + "/", "/v1//accounts", "/v1/Accounts"} {
		if a := b.Get("/berlin"+path, servertest.Bearer(g.access)); a.Status != 404 || !strings.Contains(a.Body, `"RESOURCE_UNKNOWN"`) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	b.get("/v1/accounts/"+savings, servertest.Bearer(g.access)).Want(200)
}

type balances struct {
	Account  struct{ IBAN, Currency string }
	Balances []struct {
		BalanceAmount            struct{ Currency, Amount string }
		BalanceType              string
		CreditLimitIncluded      bool
		LastChangeDateTime       time.Time
		ReferenceDate            string
		LastCommittedTransaction string
	}
}

// minor reads a decimal with two places.
func minor(t testing.TB, text string) int64 {
	t.Helper()
	whole, cents, ok := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole+cents, 10, 64)
	if !ok || len(cents) != 2 || err != nil {
		t.Fatalf("%q is no amount", text)
	}
	return n
}

func TestBalances(t *testing.T) {
	t.Parallel()
	b := start(t, "berlin.access=1d")
	g := all(b)
	read := func() (v balances) {
		b.get("/v1/accounts/"+current+"/balances", servertest.Bearer(g.access), present()).Want(200).Into(&v)
		return v
	}
	v := read()
	if v.Account.IBAN != currentIBAN || v.Account.Currency != "EUR" || len(v.Balances) != 2 {
		t.Fatalf("%+v", v)
	}
	interim, expected := v.Balances[0], v.Balances[1]
	if interim.BalanceType != "interimAvailable" || interim.ReferenceDate != "2026-12-02" || !interim.CreditLimitIncluded || interim.BalanceAmount.Amount != "5210.33" {
		t.Errorf("interimAvailable %+v", interim)
	}
	if expected.BalanceType != "expected" || expected.ReferenceDate != "2026-12-03" || expected.LastCommittedTransaction == "" {
		t.Errorf("expected %+v", expected)
	}
	l := b.Ledger()
	now := b.Clock().Now()
	if want := l.Balance(current, now).Available(); minor(t, expected.BalanceAmount.Amount) != want {
		t.Errorf("expected is %s, the ledger has %d", expected.BalanceAmount.Amount, want)
	}
	booked, pending := l.Entries(current, now)
	last := booked[len(booked)-1].At
	if !interim.LastChangeDateTime.Equal(last) || len(pending) == 0 {
		t.Errorf("interim last changed %v, want %v; %d are pending", interim.LastChangeDateTime, last, len(pending))
	}
	for _, e := range pending {
		if e.Entered.After(last) {
			last = e.Entered
		}
	}
	if !expected.LastChangeDateTime.Equal(last) {
		t.Errorf("expected last changed %v, want %v", expected.LastChangeDateTime, last)
	}

	// What leaves the account is expected at once, and available no more from the next midnight in Sofia on.
	before := v
	if err := l.Post(ledger.Entry{ID: "spent-today", Account: current, Amount: -1001, Entered: now, At: now, Value: now, Type: "transfer"}); err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{now, time.Date(2026, 12, 3, 21, 59, 59, 999_999_999, time.UTC)} {
		b.Clock().Set(at)
		v = read()
		if v.Balances[0] != before.Balances[0] || v.Balances[1].LastCommittedTransaction != "spent-today" || !v.Balances[1].LastChangeDateTime.Equal(now) {
			t.Errorf("at %v: %+v", at, v)
		}
		if was, is := minor(t, before.Balances[1].BalanceAmount.Amount), minor(t, v.Balances[1].BalanceAmount.Amount); at.Equal(now) && was-is != 1001 {
			t.Errorf("expected went from %d to %d", was, is)
		}
	}
	b.Clock().Set(time.Date(2026, 12, 3, 22, 0, 0, 0, time.UTC))
	v = read()
	held := l.Balance(current, b.Clock().Now().Add(-1)).Booked
	if v.Balances[0].ReferenceDate != "2026-12-03" || v.Balances[1].ReferenceDate != "2026-12-04" || minor(t, v.Balances[0].BalanceAmount.Amount) != held+100000 || v.Balances[0].LastCommittedTransaction == before.Balances[0].LastCommittedTransaction {
		t.Errorf("after midnight: %+v", v)
	}
	list := b.get("/v1/accounts?withBalance=true", servertest.Bearer(g.access), present()).Want(200)
	if !strings.Contains(list.Body, `"balanceType":"interimAvailable"`) {
		t.Errorf("%s", list.Body)
	}
}

// What is shared and then blocked, closed or gone: the rest of the consent still works.
func TestAnAccountChangesUnderTheConsent(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	token := servertest.Bearer(g.access)
	for _, status := range []ledger.Status{ledger.Blocked, ledger.Closed} {
		shown := map[ledger.Status]string{ledger.Blocked: "blocked", ledger.Closed: "deleted"}[status]
		if _, err := b.Ledger().UpdateAccount(savings, func(a *ledger.Account) { a.Status = status }); err != nil {
			t.Fatal(err)
		}
		one := b.get("/v1/accounts/"+savings+"?withBalance=true", token, present()).Want(200)
		if !strings.Contains(one.Body, `"status":"`+shown+`"`) || strings.Contains(one.Body, "_links") || strings.Contains(one.Body, "balanceType") {
			t.Errorf("%s: %s", shown, one.Body)
		}
		b.refused(b.get("/v1/accounts/"+savings+"/balances", token), 400, "RESOURCE_BLOCKED")
		b.refused(b.get("/v1/accounts/"+savings+"/transactions?bookingStatus=booked&dateFrom=2026-11-01", token), 400, "RESOURCE_BLOCKED")
	}
	page := b.Browser().Get(authorizeURL("consentId", g.consent)).Submit("login", "jane")
	if !strings.Contains(page.Doc.Find("section.acc li.off").Text(), "closed") {
		t.Errorf("the re-display does not show it: %s", page.Doc.Find("section.acc").Text())
	}
	b.Ledger().CloseAccount(savings)
	list := b.get("/v1/accounts", token, present()).Want(200)
	if strings.Contains(list.Body, savings) || strings.Count(list.Body, "resourceId") != 3 {
		t.Errorf("%s", list.Body)
	}
	if agreed := b.get("/consent/"+g.consent, token).Want(200); agreed.Text("consentStatus") != "valid" {
		t.Errorf("%s", agreed.Body)
	}
	b.refused(b.get("/v1/accounts/"+savings, token), 404, "RESOURCE_UNKNOWN")
	if _, err := b.Ledger().UpdatePerson("berlin/jane", func(p *ledger.Person) { p.Locked = true }); err != nil {
		t.Fatal(err)
	}
	b.refused(b.get("/v1/accounts", token), 401, "TOKEN_INVALID")
	b.refused(b.do("POST", "/consent", wholeAsk, servertest.Header("PSU-ID", "jane")), 401, "PSU_CREDENTIALS_INVALID")
}

// Accounts are named by BBAN where they have no IBAN, and told so.
func TestAnAccountWithoutAnIBAN(t *testing.T) {
	t.Parallel()
	b := start(t)
	if err := b.Ledger().Open(ledger.Account{ID: "loan", Bank: "berlin", Owner: "berlin/jane", Place: 9, Number: "LOAN4711", Currency: "EUR", Name: strings.Repeat("Жилищен ", 12),
		Kind: ledger.Loan, Status: ledger.Enabled}, nil); err != nil {
		t.Fatal(err)
	}
	g := b.grant("jane", access(`{"balances":[{"bban":"LOAN4711","currency":"EUR"}],"transactions":[{"bban":"LOAN4711"}]}`))
	token := servertest.Bearer(g.access)
	one := b.get("/v1/accounts/loan", token).Want(200)
	if !strings.Contains(one.Body, `"bban":"LOAN4711","currency":"EUR","name":"`+string([]rune(strings.Repeat("Жилищен ", 12))[:70])+`","cashAccountType":"LOAN"`) {
		t.Errorf("%s", one.Body)
	}
	want := `{"account":{"bban":"LOAN4711","currency":"EUR"},"balances":[{"balanceAmount":{"currency":"EUR","amount":"0.00"},"balanceType":"interimAvailable","creditLimitIncluded":false,"referenceDate":"2026-12-02"},` +
		`{"balanceAmount":{"currency":"EUR","amount":"0.00"},"balanceType":"expected","creditLimitIncluded":false,"referenceDate":"2026-12-03"}]}`
	if got := b.get("/v1/accounts/loan/balances", token).Want(200).Body; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := b.get("/consent/"+g.consent, token).Body; !strings.HasPrefix(got, `{"access":{"balances":[{"bban":"LOAN4711","currency":"EUR"}],"transactions":[{"bban":"LOAN4711","currency":"EUR"}]},`) {
		t.Errorf("%s", got)
	}
	empty := b.get("/v1/accounts/loan/transactions?bookingStatus=both&deltaList=true", token).Want(200)
	if !strings.HasPrefix(empty.Body, `{"account":{"bban":"LOAN4711","currency":"EUR"},"transactions":{"booked":[],"pending":[],"_links":{"account":`) {
		t.Errorf("%s", empty.Body)
	}
}
