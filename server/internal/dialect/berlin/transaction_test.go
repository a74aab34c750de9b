package berlin_test

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sandbank/server/ledger"
	"sandbank/server/servertest"
)

type transaction struct {
	TransactionID, EntryReference, BookingDate, ValueDate string
	TransactionAmount                                     struct{ Currency, Amount string }
	AdditionalInformationStructured                       *struct {
		StandingOrderDetails struct{ StartDate, Frequency, DayOfExecution string }
	}
}

type report struct {
	Account      struct{ IBAN string }
	Transactions struct {
		Booked, Pending, Information *[]transaction
		Links                        map[string]struct{ Href string } `json:"_links"`
	}
	Balances []struct{ BalanceType string }
}

func (r *report) ids() (out []string) {
	for _, l := range []*[]transaction{r.Transactions.Booked, r.Transactions.Pending} {
		if l != nil {
			for _, tx := range *l {
				out = append(out, tx.TransactionID)
			}
		}
	}
	return out
}

// statement reads transactions of Jane's current account with the person present.
func (b *box) statement(token, query string) *report {
	b.t.Helper()
	var r report
	b.get("/v1/accounts/"+current+"/transactions?"+query, servertest.Bearer(token), present()).Want(200).Into(&r)
	return &r
}

func TestTransactionParametersThatAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	for query, c := range map[string]struct{ code, path string }{
		"dateFrom=2026-11-01":                                                       {"FORMAT_ERROR", "bookingStatus"},
		"bookingStatus=":                                                            {"FORMAT_ERROR", "bookingStatus"},
		"bookingStatus=Booked&dateFrom=2026-11-01":                                  {"PARAMETER_NOT_SUPPORTED", "bookingStatus"},
		"bookingStatus=booked":                                                      {"FORMAT_ERROR", "dateFrom"},
		"bookingStatus=booked&deltaList=false":                                      {"FORMAT_ERROR", "dateFrom"},
		"bookingStatus=booked&dateFrom=1.11.2026":                                   {"FORMAT_ERROR", "dateFrom"},
		"bookingStatus=booked&dateFrom=2026-02-29":                                  {"FORMAT_ERROR", "dateFrom"},
		"bookingStatus=booked&dateFrom=2026-11-1":                                   {"FORMAT_ERROR", "dateFrom"},
		"bookingStatus=booked&dateFrom=2026-11-01&dateTo=x":                         {"FORMAT_ERROR", "dateTo"},
		"bookingStatus=booked&dateFrom=2026-11-02&dateTo=2026-11-01":                {"PERIOD_INVALID", "dateTo"},
		"bookingStatus=information&dateFrom=2026-11-02&dateTo=2026-11-01":           {"PERIOD_INVALID", "dateTo"},
		"bookingStatus=booked&dateFrom=2026-12-04":                                  {"PERIOD_INVALID", "dateFrom"},
		"bookingStatus=booked&dateFrom=2026-11-01&dateFrom=2026-11-02":              {"FORMAT_ERROR", "dateFrom"},
		"bookingStatus=booked&dateFrom=2026-11-01&withBalance=1":                    {"FORMAT_ERROR", "withBalance"},
		"bookingStatus=booked&deltaList=yes":                                        {"FORMAT_ERROR", "deltaList"},
		"bookingStatus=booked&deltaList=true&entryReferenceFrom=x":                  {"PARAMETER_NOT_CONSISTENT", "deltaList"},
		"bookingStatus=booked&entryReferenceFrom=x":                                 {"RESOURCE_UNKNOWN", "entryReferenceFrom"},
		"bookingStatus=booked&entryReferenceFrom=" + strings.Repeat("x", 2000):      {"RESOURCE_UNKNOWN", "entryReferenceFrom"},
		"bookingStatus=booked&dateFrom=2026-11-01&page=0":                           {"FORMAT_ERROR", "page"},
		"bookingStatus=booked&dateFrom=2026-11-01&page=x":                           {"FORMAT_ERROR", "page"},
		"bookingStatus=booked&dateFrom=2026-11-01&page=99999999999999999999":        {"FORMAT_ERROR", "page"},
		"bookingStatus=booked&dateFrom=2026-11-01&page=9999999":                     {"FORMAT_ERROR", "page"},
		"bookingStatus=booked&dateFrom=2026-11-01&pageSize=0":                       {"FORMAT_ERROR", "pageSize"},
		"bookingStatus=booked&dateFrom=2026-11-01&pageSize=-1":                      {"FORMAT_ERROR", "pageSize"},
		"bookingStatus=booked&dateFrom=2026-11-01&pageIndex=-1":                     {"FORMAT_ERROR", "pageIndex"},
		"bookingStatus=booked&dateFrom=2026-11-01&itemsPerPage=1.5":                 {"FORMAT_ERROR", "itemsPerPage"},
		"bookingStatus=booked&dateFrom=2026-11-01&page=1&itemsPerPage=5":            {"PARAMETER_NOT_CONSISTENT", "pageIndex"},
		"bookingStatus=booked&dateFrom=%zz":                                         {"FORMAT_ERROR", ""},
		"bookingStatus=booked&bookingStatus=booked&dateFrom=2026-11-01&pageSize=10": {"FORMAT_ERROR", "bookingStatus"},
	} {
		a := b.refused(b.get("/v1/accounts/"+current+"/transactions?"+query, servertest.Bearer(g.access)), 400, c.code)
		if got := path(a); got != c.path {
			t.Errorf("%s: path %q, want %q: %s", query, got, c.path, a.Body)
		}
	}
}

func TestBookingStatus(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	for status, want := range map[string]string{"booked": "b", "pending": "p", "both": "bp", "information": "i", "all": "bpi"} {
		r := b.statement(g.access, "dateFrom=2026-10-01&pageSize=500&bookingStatus="+status).Transactions
		got := ""
		for _, l := range []struct {
			mark string
			list *[]transaction
		}{{"b", r.Booked}, {"p", r.Pending}, {"i", r.Information}} {
			if l.list != nil {
				got += l.mark
				if len(*l.list) == 0 {
					t.Errorf("%s: %s is empty", status, l.mark)
				}
			}
		}
		if got != want {
			t.Errorf("%s: lists %q, want %q", status, got, want)
		}
	}
	r := b.statement(g.access, "dateFrom=2026-10-01&pageSize=500&bookingStatus=all")
	for _, tx := range *r.Transactions.Pending {
		if tx.BookingDate != "" {
			t.Errorf("a pending entry has a booking date: %+v", tx)
		}
	}
	for _, tx := range *r.Transactions.Information {
		if o := tx.AdditionalInformationStructured; o == nil || o.StandingOrderDetails.Frequency != "Monthly" || !strings.HasPrefix(tx.TransactionAmount.Amount, "-") {
			t.Errorf("information is no standing order: %+v", tx)
		}
	}
	if len(r.Balances) != 0 {
		t.Error("balances unasked")
	}
	if r = b.statement(g.access, "dateFrom=2026-10-01&bookingStatus=booked&withBalance=true"); len(r.Balances) != 2 || r.Account.IBAN != currentIBAN {
		t.Errorf("%+v", r.Balances)
	}
	plain := b.grant("jane", access(`{"transactions":[{"iban":"`+currentIBAN+`"}]}`))
	if r = b.statement(plain.access, "dateFrom=2026-10-01&bookingStatus=booked&withBalance=true"); len(r.Balances) != 0 {
		t.Error("balances without the right to them")
	}
}

func TestTransactionShape(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	now := b.Clock().Now()
	booked, _ := b.Ledger().Entries(current, now)
	for _, kind := range []string{"card", "salary", "standing"} {
		i := slices.IndexFunc(booked, func(e ledger.Entry) bool { return e.Type == kind })
		e := booked[i]
		one := b.get("/v1/accounts/"+current+"/transactions/"+url.PathEscape(e.ID), servertest.Bearer(g.access), present()).Want(200)
		amount := strconv.FormatInt(e.Amount, 10)
		side, code := "creditor", map[string]string{"card": "PMNT-CCRD-POSD", "standing": "PMNT-ICDT-STDO"}[kind]
		if e.Amount > 0 {
			side, code = "debtor", "PMNT-RCDT-SALA"
		}
		for _, want := range []string{`{"transactionsDetails":{"transactionId":"` + e.ID + `","entryReference":"` + e.ID + `",`, `"bookingDate":"` + e.At.In(sofia(t)).Format(time.DateOnly) + `"`,
			`"transactionAmount":{"currency":"EUR","amount":"` + amount[:len(amount)-2] + "." + amount[len(amount)-2:] + `"}`, `"` + side + `Name":"` + e.Party + `"`,
			`"bankTransactionCode":"` + code + `","proprietaryBankTransactionCode":"` + kind + `"`, `"balanceAfterTransaction":{"balanceAmount":{"currency":"EUR",`} {
			if !strings.Contains(one.Body, want) {
				t.Errorf("%s lacks %s:\n%s", kind, want, one.Body)
			}
		}
	}
	b.refused(b.get("/v1/accounts/"+current+"/transactions/nothing", servertest.Bearer(g.access)), 404, "RESOURCE_UNKNOWN")
	savingsBooked, _ := b.Ledger().Entries(savings, now)
	b.refused(b.get("/v1/accounts/"+current+"/transactions/"+savingsBooked[0].ID, servertest.Bearer(g.access)), 404, "RESOURCE_UNKNOWN")
	r := b.statement(g.access, "bookingStatus=pending&dateFrom=2026-11-01")
	pending := b.get("/v1/accounts/"+current+"/transactions/"+r.ids()[0], servertest.Bearer(g.access), present()).Want(200)
	if strings.Contains(pending.Body, "bookingDate") || strings.Contains(pending.Body, "balanceAfterTransaction") {
		t.Errorf("a pending entry: %s", pending.Body)
	}
}

// Walking the pages brings every entry once, in the order of booking, and the sum of all is the balance.
func TestPagesBringEverythingOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	now := b.Clock().Now()
	booked, pending := b.Ledger().Entries(current, now)
	var want []string
	for _, e := range append(slices.Clone(booked), pending...) {
		want = append(want, e.ID)
	}
	for name, query := range map[string]string{
		"page": "&pageSize=97", "page by page": "&page=1&pageSize=97", "index": "&itemsPerPage=97", "as it comes": "", "as much as there is": "&pageSize=100000",
	} {
		var got []string
		var sum int64
		next, last := b.URL()+"/v1/accounts/"+current+"/transactions?bookingStatus=both&dateFrom=2020-01-01"+query, ""
		for pages := 0; next != "" && pages < 100; pages++ {
			var r report
			b.get(strings.TrimPrefix(next, b.URL()), servertest.Bearer(g.access), present()).Want(200).Into(&r)
			got = append(got, r.ids()...)
			for _, tx := range *r.Transactions.Booked {
				sum += minor(t, tx.TransactionAmount.Amount)
			}
			links := r.Transactions.Links
			if links["account"].Href != b.URL()+"/v1/accounts/"+current || links["first"].Href == "" || (links["previous"].Href == "") != (pages == 0) {
				t.Errorf("%s, page %d: links %v", name, pages, links)
			}
			if next = links["next"].Href; next == "" {
				last = links["last"].Href
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d entries of %d", name, len(got), len(want))
		}
		if balance := b.Ledger().Balance(current, now).Booked; sum != balance {
			t.Errorf("%s: the entries add up to %d, the balance is %d", name, sum, balance)
		}
		var r report
		b.get(strings.TrimPrefix(last, b.URL()), servertest.Bearer(g.access), present()).Want(200).Into(&r)
		if ids := r.ids(); ids[len(ids)-1] != want[len(want)-1] {
			t.Errorf("%s: last does not lead to the last page", name)
		}
	}
	r := b.statement(g.access, "bookingStatus=both&dateFrom=2026-11-01&page=999999&pageSize=500")
	if len(r.ids()) != 0 || r.Transactions.Links["next"].Href != "" || !strings.Contains(r.Transactions.Links["previous"].Href, "page=1&") {
		t.Errorf("behind the end: %+v", r.Transactions.Links)
	}
}

// Entries that are booked while a client walks through the pages do not shift them.
func TestPagesAreStable(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	var got []string
	next := "/v1/accounts/" + current + "/transactions?bookingStatus=both&dateFrom=2026-11-01&pageSize=7"
	for {
		var r report
		b.get(next, servertest.Bearer(g.access), present()).Want(200).Into(&r)
		got = append(got, r.ids()...)
		if next = strings.TrimPrefix(r.Transactions.Links["next"].Href, b.URL()); next == "" || len(got) > 200 {
			break
		}
		b.Advance(9 * time.Minute)
		now := b.Clock().Now()
		if err := b.Ledger().Post(ledger.Entry{ID: "meanwhile-" + strconv.Itoa(len(got)), Account: current, Amount: -1, Entered: now, At: now, Value: now, Type: "card"}); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	booked, pending := b.Ledger().Entries(current, b.Clock().Now())
	for _, e := range append(slices.Clone(booked), pending...) {
		if e.At.After(time.Date(2026, 10, 31, 22, 0, 0, 0, time.UTC)) {
			want = append(want, e.ID)
		}
	}
	if len(got) < 20 || !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Both dates are inclusive, and days are those of Sofia.
func TestPeriod(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	booked, _ := b.Ledger().Entries(current, b.Clock().Now())
	zone := sofia(t)
	count := func(from, to string) (out []string) {
		for _, e := range booked {
			if d := e.At.In(zone).Format(time.DateOnly); d >= from && (to == "" || d <= to) {
				out = append(out, e.ID)
			}
		}
		return out
	}
	for _, p := range []struct{ from, to string }{{"2026-11-10", "2026-11-20"}, {"2026-11-10", "2026-11-10"}, {"2026-11-01", ""}, {"2026-10-25", "2026-10-25"}, {"2026-03-29", "2026-03-29"}, {"2026-11-20", "2030-01-01"}, {"2026-12-03", "2026-12-03"}} {
		query := "bookingStatus=booked&pageSize=500&dateFrom=" + p.from
		if p.to != "" {
			query += "&dateTo=" + p.to
		}
		if got, want := b.statement(g.access, query).ids(), count(p.from, p.to); !slices.Equal(got, want) {
			t.Errorf("%v: %d entries, want %d", p, len(got), len(want))
		}
	}
	pending := b.statement(g.access, "bookingStatus=pending&dateFrom=2026-12-01").ids()
	if len(pending) == 0 || len(b.statement(g.access, "bookingStatus=pending&dateFrom=2026-11-01&dateTo=2026-11-15").ids()) != 0 {
		t.Errorf("pending entries have no date of entry: %v", pending)
	}
}

func TestDelta(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	whole := b.statement(g.access, "bookingStatus=booked&dateFrom=2020-01-01&pageSize=500")
	ids := whole.ids()
	after := b.statement(g.access, "bookingStatus=booked&pageSize=500&entryReferenceFrom="+url.QueryEscape(ids[9])+"&dateFrom=2026-12-01")
	if got := after.ids(); len(got) == 0 || got[0] != ids[10] {
		t.Errorf("after the tenth comes %v", got[:1])
	}

	other := b.grant("dave", wholeAsk)
	first := b.get("/v1/accounts/"+daveCurrent+"/transactions?bookingStatus=both&deltaList=true&pageSize=3", servertest.Bearer(other.access), present()).Want(200)
	var page report
	first.Into(&page)
	booked, _ := b.Ledger().Entries(daveCurrent, b.Clock().Now())
	if got := page.ids(); len(got) != 3 || got[0] != booked[0].ID {
		t.Errorf("nothing was reported, and the first delta begins with %v", got)
	}
	var second report
	b.get(strings.TrimPrefix(page.Transactions.Links["next"].Href, b.URL()), servertest.Bearer(other.access), present()).Want(200).Into(&second)
	if second.ids()[0] != booked[3].ID {
		t.Errorf("the next page of a delta begins with %v", second.ids())
	}

	delta := func() *report { return b.statement(g.access, "bookingStatus=booked&deltaList=true") }
	if got := delta().ids(); len(got) != 0 {
		t.Errorf("all was reported, and yet there are %v", got)
	}
	b.Advance(58 * time.Hour) // the pending ones are booked by then
	g.access = b.refresh(g.refresh).Want(200).Text("access_token")
	if got := delta().ids(); len(got) == 0 || slices.Contains(ids, got[0]) {
		t.Errorf("what is new: %v", got)
	}
	if got := delta().ids(); len(got) != 0 {
		t.Errorf("it was reported twice: %v", got)
	}
	b.Advance(-58 * time.Hour) // the clock goes back: the last one reported is not booked any more
	if got := delta().ids(); len(got) == 0 || got[0] != ids[0] {
		t.Errorf("after the clock went back: %v", got)
	}
}

// What happened, by the codes of ISO 20022.
func TestBankTransactionCodes(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	now := b.Clock().Now()
	for i, c := range []struct {
		kind, category string
		amount         int64
		ref            string
		want           string
	}{
		{"card", "groceries", -1, "", `"bankTransactionCode":"PMNT-CCRD-POSD"`},
		{"card", "groceries", 1, "", `"bankTransactionCode":"PMNT-CCRD-RIMB"`},
		{"cash", "cash", -1, "", `"bankTransactionCode":"PMNT-CCRD-CWDL"`},
		{"salary", "salary", 1, currentIBAN, `"debtorAccount":{"iban":"` + currentIBAN + `"},"purposeCode":"SALA","bankTransactionCode":"PMNT-RCDT-SALA"`},
		{"standing", "rent", -1, "12345678", `"creditorAccount":{"bban":"12345678"},"purposeCode":"RENT","bankTransactionCode":"PMNT-ICDT-STDO"`},
		{"standing", "transfer", 1, "1234 5678", `"bankTransactionCode":"PMNT-RCDT-ESCT"`},
		{"fee", "fees", -1, "", `"bankTransactionCode":"ACMT-MDOP-CHRG"`},
		{"interest", "interest", 1, "", `"purposeCode":"INTE","bankTransactionCode":"ACMT-MCOP-INTR"`},
		{"interest", "interest", -1, "", `"purposeCode":"INTE","bankTransactionCode":"ACMT-MDOP-INTR"`},
		{"opening", "", 1, "", `"bankTransactionCode":"ACMT-MCOP-OTHR"`},
		{"transfer", "insurance", -1, "", `"purposeCode":"INSU","bankTransactionCode":"PMNT-ICDT-ESCT"`},
		{"transfer", "utilities", -1, "", `"purposeCode":"UBIL","bankTransactionCode":"PMNT-ICDT-ESCT"`},
		{"transfer", "savings", 1, "", `"purposeCode":"SAVG","bankTransactionCode":"PMNT-RCDT-ESCT"`},
	} {
		id := "e-" + strconv.Itoa(i)
		if err := b.Ledger().Post(ledger.Entry{ID: id, Account: current, Amount: c.amount, Entered: now, At: now, Value: now, Type: c.kind, Category: c.category, PartyRef: c.ref}); err != nil {
			t.Fatal(err)
		}
		r := b.statement(g.access, "bookingStatus=booked&dateFrom=2026-12-03&pageSize=500")
		last := (*r.Transactions.Booked)[i]
		if last.TransactionID != id || last.EntryReference != id {
			t.Fatalf("%+v", last)
		}
		body := b.get("/v1/accounts/"+current+"/transactions?bookingStatus=booked&dateFrom=2026-12-03&pageSize=1&page="+strconv.Itoa(i+1), servertest.Bearer(g.access), present()).Want(200).Body
		if !strings.Contains(body, c.want) {
			t.Errorf("%s %s %d: %s lacks %s", c.kind, c.category, c.amount, body, c.want)
		}
	}
}
