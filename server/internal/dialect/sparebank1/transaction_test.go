package sparebank1_test

import (
	"encoding/csv"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

// transaction is as much of one as these tests look at.
type transaction struct {
	ID, NonUniqueID, Description, CleanedDescription, TypeCode, TypeText, Source, BookingStatus, AccountKey, AccountName, CurrencyCode, AccountCurrency string
	RemoteAccountNumber, RemoteAccountName, KIDOrMessage, MCC, PaymentReference                                                                         string
	Amount                                                                                                                                              json.Number
	Date, InterestDate                                                                                                                                  int64
	AccountNumber                                                                                                                                       struct{ Value, Formatted, Unformatted string }
	ClassificationInput                                                                                                                                 struct {
		ID, Type, Text string
		Amount         json.Number
		Date           int64
	}
}

func (v *transaction) day(t testing.TB) string {
	t.Helper()
	oslo, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(v.Date).In(oslo)
	if at.Hour() != 0 || at.Minute() != 0 || at.Nanosecond() != 0 {
		t.Errorf("%s is dated %s, not a Norwegian midnight", v.ID, at)
	}
	return at.Format(time.DateOnly)
}

func list(t testing.TB, a *servertest.Answer) []transaction {
	t.Helper()
	var v struct {
		Transactions []transaction
		Errors       []string
	}
	a.Want(200).Into(&v)
	if v.Transactions == nil || v.Errors == nil {
		t.Fatalf("transactions or errors are missing: %s", a.Body)
	}
	return v.Transactions
}

func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}

// What strict clients deserialize (auox): every one of these must be there.
func TestTransactionShape(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	a := box.Get(transactions+query("accountKey", daves), dave).Want(200)
	var raw struct{ Transactions []json.RawMessage }
	a.Into(&raw)
	if got := strings.Join(fields(t, []byte(a.Body)), " "); got != "transactions errors" {
		t.Errorf("fields %s", got)
	}
	must := strings.Fields("id nonUniqueId description cleanedDescription accountNumber amount date interestDate typeCode typeText currencyCode canShowDetails source " +
		"isConfidential confidential bookingStatus accountName accountKey accountCurrency isFromCurrencyAccount fromCurrencyAccount classificationInput")
	shops := 0
	for _, one := range raw.Transactions {
		got := fields(t, one)
		if len(got) < len(must) || !slices.Equal(got[:len(must)], must) {
			t.Fatalf("fields %v, want at first %v", got, must)
		}
		if slices.Contains(got, "merchant") {
			shops++
			if !slices.Contains(got, "mcc") || !slices.Contains(got, "mccGroup") || slices.Contains(got, "remoteAccountName") {
				t.Errorf("a purchase has %v", got)
			}
		}
	}
	all := list(t, a)
	if len(all) < 200 || shops == 0 || shops == len(all) {
		t.Errorf("%d transactions, %d in shops", len(all), shops)
	}
	var sum int64
	seen := map[string]bool{}
	for i, v := range all {
		if seen[v.ID] || v.ID == "" || v.NonUniqueID == "" || v.TypeCode == "" || v.TypeText == "" || v.Description == "" || v.CleanedDescription == "" {
			t.Errorf("got %+v", v)
		}
		seen[v.ID] = true
		if c := v.ClassificationInput; c.ID != v.ID || c.Amount != v.Amount || c.Date != v.Date || c.Type != v.TypeCode || c.Text == "" {
			t.Errorf("classification input %+v of %+v", c, v)
		}
		if n := v.AccountNumber; n.Value != "99994010014" || n.Formatted != "9999.40.10014" || n.Unformatted != n.Value || v.AccountKey != daves || v.AccountName != "Brukskonto" || v.CurrencyCode != "NOK" {
			t.Errorf("got %+v", v)
		}
		v.day(t)
		if v.BookingStatus == "BOOKED" {
			sum += minor(t, v.Amount)
			if i > 0 && all[i-1].BookingStatus == "BOOKED" && all[i-1].Date < v.Date {
				t.Error("older transactions come first")
			}
		} else if i > 0 && all[i-1].BookingStatus == "BOOKED" {
			t.Error("what is pending comes after what is booked")
		}
	}
	if sum != 2140812 {
		t.Errorf("the booked transactions add up to %d, the balance is 2140812", sum)
	}
	if all[0].BookingStatus != "PENDING" || all[0].Source != "RECENT" {
		t.Errorf("the newest is %+v", all[0])
	}
	c := list(t, box.Get(transactions+query("accountKey", card, "rowLimit", "1"), dave))
	if n := c[0].AccountNumber; n.Value != "K9999000271" || n.Formatted != n.Value {
		t.Errorf("a card's number is %+v", n)
	}
	if body := box.Get(transactions+query("accountKey", card, "rowLimit", "1"), dave).Body; !strings.Contains(body, `"creditCardIdentifiers":{"nonUniqueId":"`+c[0].NonUniqueID+`","partitionKey":"2026-1`) {
		t.Errorf("a card's transaction has no identifiers: %s", body)
	}
}

func TestTransactionSearch(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	find := func(pairs ...string) []transaction {
		return list(t, box.Get(transactions+query(append([]string{"accountKey", daves}, pairs...)...), dave))
	}
	all := find()
	count := func(keep func(transaction) bool) (n int) {
		for _, v := range all {
			if keep(v) {
				n++
			}
		}
		return n
	}
	between := func(from, to string) int {
		return count(func(v transaction) bool { d := v.day(t); return d >= from && d <= to })
	}
	recent := count(func(v transaction) bool { return v.day(t) >= "2026-11-03" || v.BookingStatus == "PENDING" })
	for _, v := range all {
		if (v.Source == "RECENT") != (v.day(t) >= "2026-11-03") {
			t.Errorf("%s of %s is %s", v.ID, v.day(t), v.Source)
		}
	}
	tests := []struct {
		name  string
		pairs []string
		want  int
	}{
		{"from and to, inclusive", []string{"fromDate", "2026-10-01", "toDate", "2026-10-31"}, between("2026-10-01", "2026-10-31")},
		{"one day", []string{"fromDate", all[20].day(t), "toDate", all[20].day(t)}, between(all[20].day(t), all[20].day(t))},
		{"from", []string{"fromDate", "2026-10-15"}, between("2026-10-15", "9999")},
		{"to", []string{"toDate", "2026-10-15"}, between("0000", "2026-10-15")},
		{"since ever, as C# says", []string{"fromDate", "0001-01-01"}, len(all)},
		{"to the beginning", []string{"toDate", "0001-01-01"}, 0},
		{"nothing then", []string{"fromDate", "2020-01-01", "toDate", "2020-12-31"}, 0},
		{"limit", []string{"rowLimit", "7"}, 7},
		{"large limit", []string{"rowLimit", "9223372036854775807"}, len(all)},
		{"recent, as documented", []string{"Transaction source", "RECENT"}, recent},
		{"recent", []string{"source", "RECENT"}, recent},
		{"historic", []string{"transactionSource", "HISTORIC"}, len(all) - recent},
		{"all", []string{"source", "ALL"}, len(all)},
		{"a list", []string{"transactionSource", "RECENT, HISTORIC"}, len(all)},
		{"twice", []string{"source", "RECENT", "source", "HISTORIC"}, len(all)},
		{"known and without effect", []string{"enrichWithPaymentDetails", "True", "enrichWithMerchantLogo", "false"}, len(all)},
		{"the same account twice", []string{"accountKey", daves}, len(all)},
		{"documented name of the keys", []string{"Account keys", daves}, len(all)},
	}
	for _, tt := range tests {
		if got := len(find(tt.pairs...)); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	if between("2026-10-01", "2026-10-31") == 0 || recent == 0 || recent == len(all) {
		t.Error("the tests above prove nothing")
	}
	two := list(t, box.Get(transactions+query("accountKey", daves, "accountKey", savings, "rowLimit", "300"), dave))
	keys := map[string]int{}
	for i, v := range two {
		keys[v.AccountKey]++
		if i > 0 && two[i-1].BookingStatus == "BOOKED" && two[i-1].Date < v.Date {
			t.Fatal("two accounts are not merged by date")
		}
	}
	if len(two) != 300 || keys[daves] == 0 || keys[savings] == 0 {
		t.Errorf("two accounts: %v", keys)
	}
	for name, pairs := range map[string][]string{
		"no account": {"accountKey", ""}, "bad date": {"fromDate", "1.1.2026"}, "no such date": {"toDate", "2026-02-30"}, "date and time": {"fromDate", "2026-01-01T00:00:00"},
		"backwards": {"fromDate", "2026-02-02", "toDate", "2026-02-01"}, "limit 0": {"rowLimit", "0"}, "negative limit": {"rowLimit", "-1"}, "limit of words": {"rowLimit", "ten"},
		"too large": {"rowLimit", "9223372036854775808"}, "unknown source": {"source", "OLD"}, "small letters": {"source", "recent"}, "no boolean": {"enrichWithPaymentDetails", "yes"},
		"two dates": {"fromDate", "2026-01-01", "fromDate", "2026-01-02"},
	} {
		target := query(append([]string{"accountKey", daves}, pairs...)...)
		if name == "no account" {
			target = ""
		}
		for _, path := range []string{transactions, transactions + "/classified"} {
			refused(t, box, name, box.Get(path+target, dave), 400, "BAD_REQUEST")
		}
	}
	refused(t, box, "encoding", box.Get(transactions+"?accountKey=%zz", dave), 400, "BAD_REQUEST")
}

// A pending purchase is booked when its time comes, under the same id.
func TestPendingBecomesBooked(t *testing.T) {
	t.Parallel()
	box := start(t, "sparebank1.access=90d")
	dave := bearer(t, box, "dave")
	find := func() []transaction { return list(t, box.Get(transactions+query("accountKey", daves), dave)) }
	before := find()
	box.Advance(3 * day)
	after := find()
	if len(before) != len(after) || before[0].BookingStatus != "PENDING" {
		t.Fatalf("%d and %d transactions, the newest %s", len(before), len(after), before[0].BookingStatus)
	}
	for _, v := range after {
		if v.BookingStatus != "BOOKED" {
			t.Errorf("still pending: %+v", v)
		}
	}
	if before[0].ID != after[0].ID || before[0].Date >= after[0].Date {
		t.Errorf("%+v became %+v", before[0], after[0])
	}
}

func TestTransactionDetails(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave, jane := bearer(t, box, "dave"), bearer(t, box, "jane")
	all := list(t, box.Get(transactions+query("accountKey", daves), dave))
	for _, i := range []int{0, 5, len(all) - 1} {
		one := all[i]
		a := box.Get(transactions+"/"+one.ID+"/details", dave).Want(200)
		v := a.JSON()
		for _, must := range []string{"accountNumber", "amount", "date", "id", "numericalReference"} { // required by the documents
			if v[must] == nil || v[must] == "" {
				t.Errorf("%s has no %s", one.ID, must)
			}
		}
		if v["id"] != one.ID || v["amount"].(json.Number) != one.Amount || v["nonUniqueId"] != one.NonUniqueID || v["typeCode"] != one.TypeCode || v["date"].(string) > one.day(t) {
			t.Errorf("%+v has details %s", one, a.Body)
		}
		if (v["bookedDate"] == nil) != (one.BookingStatus == "PENDING") {
			t.Errorf("%s of %s: booked %v", one.BookingStatus, one.ID, v["bookedDate"])
		}
		c := box.Get(transactions+"/"+one.ID+"/details/classified?enrichWithMerchantData=true", dave).Want(200)
		var inner struct{ Transaction json.RawMessage }
		c.Into(&inner)
		if string(inner.Transaction) != a.Body || len(c.JSON()["categories"].([]any)) != 1 {
			t.Errorf("classified %s", c.Body)
		}
		refused(t, box, "Dave's, to Jane", box.Get(transactions+"/"+one.ID+"/details", jane), 404, "NOT_FOUND")
	}
	refused(t, box, "no boolean", box.Get(transactions+"/"+all[0].ID+"/details/classified?enrichWithMerchantData=x", dave), 400, "BAD_REQUEST")
}

func TestClassified(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	plain := list(t, box.Get(transactions+query("accountKey", daves), dave))
	a := box.Get(transactions+"/classified"+query("Account keys", daves), dave).Want(200)
	var v struct {
		Transactions []struct {
			Transaction transaction
			Categories  []struct {
				Main, Sub, MainI18n, SubI18n string
				Confidence                   float64
			}
			Recurring, Subscription bool
		}
		Errors []string
	}
	a.Into(&v)
	if len(v.Transactions) != len(plain) || v.Errors == nil {
		t.Fatalf("%d classified, %d plain", len(v.Transactions), len(plain))
	}
	found := map[string]int{}
	for i, one := range v.Transactions {
		if one.Transaction != plain[i] || len(one.Categories) != 1 {
			t.Fatalf("got %+v, plain %+v", one, plain[i])
		}
		c := one.Categories[0]
		if c.Main == "" || c.Sub == "" || c.MainI18n == "" || c.SubI18n == "" || c.MainI18n == "Ukategorisert" {
			t.Errorf("category %+v of %+v", c, one.Transaction)
		}
		found[c.Main]++
		if one.Recurring {
			found["recurring"]++
		}
		if one.Subscription {
			found["subscription"]++
			if !one.Recurring || c.Sub != "SUBSCRIPTION" {
				t.Errorf("a subscription is %+v", one)
			}
		}
	}
	for _, must := range []string{"FOOD", "HOME", "INCOME", "TRANSPORT", "recurring", "subscription"} {
		if found[must] == 0 || found[must] == len(plain) {
			t.Errorf("%d of %d are %s", found[must], len(plain), must)
		}
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	period := []string{"accountKey", daves, "fromDate", "2026-09-01", "toDate", "2026-10-31"}
	get := func(accept string, pairs ...string) *servertest.Answer {
		o := func(d servertest.Option) []servertest.Option {
			if accept == "" {
				return []servertest.Option{d}
			}
			return []servertest.Option{d, servertest.Header("Accept", accept)}
		}
		return box.Get(transactions+"/export"+query(append(slices.Clone(period), pairs...)...), o(dave)...)
	}
	a := get("").Want(200)
	if a.Header.Get("Content-Type") != "application/csv;charset=UTF-8" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("headers %v", a.Header)
	}
	plain := list(t, box.Get(transactions+query(period...), dave))
	lines := strings.Split(strings.TrimSuffix(a.Body, "\n"), "\n")
	if lines[0] != "Dato;Beskrivelse;Rentedato;Inn;Ut;Til konto;Fra konto;" || len(lines) != len(plain)+1 {
		t.Fatalf("%d lines for %d transactions: %s", len(lines), len(plain), lines[0])
	}
	r := csv.NewReader(strings.NewReader(a.Body))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range plain {
		row, d := rows[i+1], v.day(t)
		amount, in := strings.ReplaceAll(string(v.Amount), ".", ","), !strings.HasPrefix(string(v.Amount), "-")
		want := []string{d[8:] + "." + d[5:7] + "." + d[:4], v.Description, row[2], "", amount, v.RemoteAccountNumber, "99994010014", ""}
		if in {
			want = []string{want[0], v.Description, row[2], amount, "", "99994010014", v.RemoteAccountNumber, ""}
		}
		if !slices.Equal(row, want) {
			t.Errorf("got %q, want %q", row, want)
		}
	}
	if got := strings.SplitN(get("", "fields", "SUBCATEGORY,DATE", "fields", "CATEGORY, OUT").Want(200).Body, "\n", 3); got[0] != "Underkategori;Dato;Hovedkategori;Ut;" || strings.Count(got[1], ";") != 4 {
		t.Errorf("got %q", got[:2])
	}
	for accept, status := range map[string]int{"*/*": 200, "text/csv": 200, "application/csv;charset=UTF-8": 200, "Application/CSV": 200, "application/json, text/csv;q=0.5": 200,
		"application/json": 406, v1: 406, "text/html": 406} {
		got := get(accept)
		if got.Status != status {
			t.Errorf("Accept %q is %d", accept, got.Status)
		}
		if status == 406 {
			refused(t, box, accept, got, 406, "NOT_ACCEPTABLE")
		}
	}
	for name, target := range map[string]string{
		"no account":     query(period[2:]...),
		"no from":        query("accountKey", daves, "toDate", "2026-10-31"),
		"no to":          query("accountKey", daves, "fromDate", "2026-10-31"),
		"two accounts":   query(append([]string{"accountKey", savings}, period...)...),
		"unknown field":  query(append([]string{"fields", "BALANCE"}, period...)...),
		"bad date":       query("accountKey", daves, "fromDate", "x", "toDate", "2026-10-31"),
		"backwards":      query("accountKey", daves, "fromDate", "2026-11-01", "toDate", "2026-10-31"),
		"broken percent": "?accountKey=%zz",
	} {
		refused(t, box, name, box.Get(transactions+"/export"+target, dave), 400, "BAD_REQUEST")
	}
	// Pending purchases are no part of it.
	last := box.Get(transactions+"/export"+query("accountKey", daves, "fromDate", "2026-12-01", "toDate", "2027-01-31"), dave).Want(200).Body
	recent := list(t, box.Get(transactions+query("accountKey", daves, "fromDate", "2026-12-01"), dave))
	booked := 0
	for _, v := range recent {
		if v.BookingStatus == "BOOKED" {
			booked++
		}
	}
	if got := strings.Count(last, "\n") - 1; got != booked || booked == len(recent) {
		t.Errorf("%d lines, %d booked of %d", got, booked, len(recent))
	}
}
