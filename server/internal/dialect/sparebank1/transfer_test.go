package sparebank1_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server/servertest"
)

const (
	daveNumber    = "99994010014"
	savingsNumber = "99994020028"
	euroNumber    = "99994050059"
	cardAccountID = "9999000271"
)

// done is the answer of a transfer that was taken.
type done struct {
	PaymentID string
	Warnings  []string
}

// order writes the body of a transfer; an empty value leaves a field out.
func order(pairs ...string) map[string]string {
	v := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if v[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(v, pairs[i])
		}
	}
	return v
}

// debit is an order from Dave's current to his savings account with these fields over it.
func debit(pairs ...string) map[string]string {
	return order(append([]string{"amount", "100.25", "fromAccount", daveNumber, "toAccount", savingsNumber}, pairs...)...)
}

func send(box *servertest.Sandbox, path string, who servertest.Option, body any) *servertest.Answer {
	return box.PostJSON(transfers+path, body, who, servertest.Header("Content-Type", v1))
}

func taken(t testing.TB, a *servertest.Answer, warnings ...string) string {
	t.Helper()
	var v done
	a.Want(200).Into(&v)
	if !regexp.MustCompile(`^[1-9]\d{10}$`).MatchString(v.PaymentID) || v.Warnings == nil || strings.Join(v.Warnings, " ") != strings.Join(warnings, " ") {
		t.Errorf("got %s, want warnings %v", a.Body, warnings)
	}
	return v.PaymentID
}

// holds is an account's balance and what is available, in hundredths.
func holds(t testing.TB, box *servertest.Sandbox, who servertest.Option, key string) (balance, available int64) {
	t.Helper()
	var v struct{ Balance, AvailableBalance json.Number }
	box.Get(accounts+"/"+key, who).Want(200).Into(&v)
	return minor(t, v.Balance), minor(t, v.AvailableBalance)
}

// Money that is moved today is there at once, on both sides, and shows in both lists and in the export.
func TestTransferToday(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	had, free := holds(t, box, dave, daves)
	saved, _ := holds(t, box, dave, savings)
	id := taken(t, send(box, "/debit", dave, debit("message", "=SUM(A1) \"hytte\"; æøå", "currencyCode", "NOK", "dueDate", "2026-12-03")))
	if now, left := holds(t, box, dave, daves); now != had-10025 || left != free-10025 {
		t.Errorf("the paying account went from %d, %d to %d, %d", had, free, now, left)
	}
	if now, left := holds(t, box, dave, savings); now != saved+10025 || left != now {
		t.Errorf("the receiving account went from %d to %d, %d available", saved, now, left)
	}
	for key, want := range map[string]struct{ amount, remote string }{daves: {"-100.25", savingsNumber}, savings: {"100.25", daveNumber}} {
		var got *transaction
		for _, v := range list(t, box.Get(transactions+query("accountKey", key, "fromDate", "2026-12-03"), dave)) {
			if v.PaymentReference == id {
				got = &v
			}
		}
		if got == nil {
			t.Errorf("%s does not show the payment", key)
			continue
		}
		if string(got.Amount) != want.amount || got.RemoteAccountNumber != want.remote || got.BookingStatus != "BOOKED" || got.KIDOrMessage != `=SUM(A1) "hytte"; æøå` || got.day(t) != "2026-12-03" {
			t.Errorf("%s shows %+v", key, got)
		}
		details := box.Get(transactions+"/"+got.ID+"/details", dave).Want(200).JSON()
		if payment, _ := details["paymentDetails"].(map[string]any); (payment != nil) != (key == daves) || payment != nil && payment["paymentReference"] != id {
			t.Errorf("details %v", details)
		}
	}
	csv := box.Get(transactions+"/export"+query("accountKey", daves, "fromDate", "2026-12-03", "toDate", "2026-12-03"), dave).Want(200).Body
	if want := `"03.12.2026";"'=SUM(A1) ""hytte""; æøå";"03.12.2026";;"-100,25";"99994020028";"99994010014";`; !strings.Contains(csv, want+"\n") {
		t.Errorf("the export is %s\nwant %s", csv, want)
	}
}

// Money for a later day is reserved at once and moves in the morning of that day.
func TestTransferLater(t *testing.T) {
	t.Parallel()
	box := start(t, "sparebank1.access=90d")
	dave := bearer(t, box, "dave")
	had, free := holds(t, box, dave, daves)
	saved, _ := holds(t, box, dave, savings)
	taken(t, send(box, "/debit", dave, debit("dueDate", "2026-12-12")), "DUE_DATE_MOVED_SINCE_BANK_IS_CLOSED_ON_REQUESTED_DATE") // a Saturday
	if now, left := holds(t, box, dave, daves); now != had || left != free-10025 {
		t.Errorf("before the day: %d, %d available; were %d, %d", now, left, had, free)
	}
	if now, _ := holds(t, box, dave, savings); now != saved {
		t.Errorf("the other side has %d already, had %d", now, saved)
	}
	pending := list(t, box.Get(transactions+query("accountKey", savings), dave))[0]
	if pending.BookingStatus != "PENDING" || pending.day(t) != "2026-12-03" || pending.Source != "RECENT" {
		t.Errorf("pending is %+v", pending)
	}
	monday := time.Date(2026, 12, 14, 5, 0, 0, 0, time.UTC) // six in the morning in Norway
	box.Advance(monday.Add(-time.Nanosecond).Sub(box.Clock().Now()))
	if now, _ := holds(t, box, dave, savings); now != saved {
		t.Errorf("a moment early the other side has %d", now)
	}
	box.Advance(time.Nanosecond)
	if now, _ := holds(t, box, dave, savings); now != saved+10025 {
		t.Errorf("on the day the other side has %d, had %d", now, saved)
	}
	booked := list(t, box.Get(transactions+query("accountKey", savings), dave))[0]
	if booked.ID != pending.ID || booked.BookingStatus != "BOOKED" || booked.day(t) != "2026-12-14" {
		t.Errorf("booked is %+v", booked)
	}
}

func TestTransferWarnings(t *testing.T) {
	t.Parallel()
	const past, closed, cutoff, twice = "DUE_DATE_IN_THE_PAST_MOVED_TO_NEXT_VALID_DATE", "DUE_DATE_MOVED_SINCE_BANK_IS_CLOSED_ON_REQUESTED_DATE", "CUTOFF_TIME_HAS_PASSED", "DUPLICATE_PAYMENT_EXISTS"
	box := start(t, "sparebank1.access=90d")
	dave := bearer(t, box, "dave")
	pay := func(warnings string, pairs ...string) {
		t.Helper()
		taken(t, send(box, "/debit", dave, debit(pairs...)), strings.Fields(warnings)...)
	}
	pay("", "amount", "1")
	pay(twice, "amount", "1.00")
	pay(twice, "amount", "1", "dueDate", "2026-12-03", "message", "another message")
	pay("", "amount", "1.01")
	pay("", "amount", "1", "dueDate", "2026-12-04")
	pay(twice, "amount", "1", "dueDate", "2026-12-04")
	pay("", "amount", "1", "fromAccount", savingsNumber, "toAccount", daveNumber)
	pay(past+" "+twice, "amount", "1", "dueDate", "2026-12-02")
	pay(past, "amount", "2", "dueDate", "0001-01-01")
	pay(closed, "amount", "3", "dueDate", "2026-12-05")
	pay(twice, "amount", "3", "dueDate", "2026-12-07") // the former went to this day
	pay(closed, "amount", "4", "dueDate", "2026-12-25")
	pay("", "amount", "5", "dueDate", "2027-12-03") // 365 days ahead, as far as it goes
	box.Advance(time.Date(2026, 12, 3, 19, 0, 0, 0, time.UTC).Sub(box.Clock().Now()))
	pay(cutoff, "amount", "6")
	pay("", "amount", "7", "dueDate", "2026-12-04")
	box.Advance(2 * day) // Saturday evening
	pay(closed, "amount", "8")
	pay(past, "amount", "9", "dueDate", "2026-12-04")
}

func TestTransferRefusals(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave, kari := bearer(t, box, "dave"), bearer(t, box, "kari")
	before, free := holds(t, box, dave, daves)
	const blocked, current = "99995550306", "99995550004"
	tests := []struct {
		name   string
		who    servertest.Option
		body   map[string]string
		status int
		code   string
	}{
		{"no from account", dave, debit("fromAccount", ""), 400, "from.account.number.invalid.format"},
		{"from account with dots", dave, debit("fromAccount", "9999.40.10014"), 400, "from.account.number.invalid.format"},
		{"from account of ten digits", dave, debit("fromAccount", "9999401001"), 400, "from.account.number.invalid.format"},
		{"from a card", dave, debit("fromAccount", "K9999000271"), 400, "from.account.number.invalid.format"},
		{"wrong check digit", dave, debit("toAccount", "99994020029"), 400, "to.account.number.invalid.format"},
		{"no to account", dave, debit("toAccount", ""), 400, "to.account.number.invalid.format"},
		{"to a card", dave, debit("toAccount", "K9999000271"), 400, "to.account.number.invalid.format"},
		{"to itself", dave, debit("toAccount", daveNumber), 400, "accounts.not.different"},
		{"41 characters", dave, debit("message", strings.Repeat("å", 41)), 400, "message.length.invalid"},
		{"line break", dave, debit("message", "a\nb"), 400, "message.length.invalid"},
		{"no amount", dave, debit("amount", ""), 400, "amount.invalid"},
		{"amount 0", dave, debit("amount", "0.00"), 400, "amount.invalid"},
		{"negative amount", dave, debit("amount", "-1"), 400, "amount.invalid"},
		{"three decimals", dave, debit("amount", "1.005"), 400, "amount.invalid"},
		{"comma", dave, debit("amount", "1,50"), 400, "amount.invalid"},
		{"more than a billion", dave, debit("amount", "1000000000.01"), 400, "amount.invalid"},
		{"bad date", dave, debit("dueDate", "3.12.2026"), 400, "due.date.invalid"},
		{"no such day", dave, debit("dueDate", "2027-02-29"), 400, "due.date.invalid"},
		{"too far ahead", dave, debit("dueDate", "2027-12-04"), 400, "due.date.invalid"},
		{"another currency", dave, debit("currencyCode", "EUR"), 400, "BAD_REQUEST"},
		{"from Jane's account", dave, debit("fromAccount", "99994110116"), 400, "from.account.no.access"},
		{"from nobody's account", dave, debit("fromAccount", "99990000006"), 400, "from.account.no.access"},
		{"to Jane's account", dave, debit("toAccount", "99994110116"), 400, "to.account.no.access"},
		{"to nobody's account", dave, debit("toAccount", "99990000006"), 403, "to.account.unknown"},
		{"to another currency", dave, debit("toAccount", euroNumber), 403, "iban.required"},
		{"more than there is", dave, debit("amount", "1000000000"), 403, "insufficient.funds"},
		{"from a loan", kari, debit("fromAccount", "99995550519", "toAccount", current), 400, "from.account.not.valid.for.transfer"},
		{"from shares", kari, debit("fromAccount", "99995550209", "toAccount", current), 400, "from.account.not.valid.for.transfer"},
		{"to a loan", kari, debit("fromAccount", current, "toAccount", "99995550519"), 400, "to.account.not.valid.for.transfer"},
		{"to a pension", kari, debit("fromAccount", current, "toAccount", "99995550101"), 400, "to.account.not.valid.for.transfer"},
		{"from a blocked account", kari, debit("fromAccount", blocked, "toAccount", current), 403, "from.account.blocked"},
		{"from a closed account", kari, debit("fromAccount", "99995550403", "toAccount", current), 403, "debit.or.credit.account.is.closed"},
		{"to a blocked account", kari, debit("fromAccount", current, "toAccount", blocked), 403, "to.account.cannot.receive.transfers"},
		{"to a closed account", kari, debit("fromAccount", current, "toAccount", "99995550403"), 403, "to.account.closed"},
	}
	for _, tt := range tests {
		refused(t, box, tt.name, send(box, "/debit", tt.who, tt.body), tt.status, tt.code)
	}
	raw := map[string]struct {
		body, code string
	}{
		"amount as a number":    {`{"amount":100,"fromAccount":"99994010014","toAccount":"99994020028"}`, "amount.invalid"},
		"account as a number":   {`{"amount":"1","fromAccount":99994010014,"toAccount":"99994020028"}`, "from.account.number.invalid.format"},
		"account as a list":     {`{"amount":"1","fromAccount":"99994010014","toAccount":[]}`, "to.account.number.invalid.format"},
		"message as a number":   {`{"amount":"1","fromAccount":"99994010014","toAccount":"99994020028","message":1}`, "message.length.invalid"},
		"date as a number":      {`{"amount":"1","fromAccount":"99994010014","toAccount":"99994020028","dueDate":20261203}`, "due.date.invalid"},
		"currency as a number":  {`{"amount":"1","fromAccount":"99994010014","toAccount":"99994020028","currencyCode":1}`, "BAD_REQUEST"},
		"no JSON":               {`amount=1`, "BAD_REQUEST"},
		"nothing":               {``, "BAD_REQUEST"},
		"null":                  {`null`, "from.account.number.invalid.format"},
		"unknown fields only":   {`{"x":1}`, "from.account.number.invalid.format"},
		"a list":                {`[1]`, "BAD_REQUEST"},
		"not UTF-8":             {"{\"amount\":\"\xff\",\"fromAccount\":\"99994010014\"}", "amount.invalid"},
		"two objects":           {`{}{}`, "BAD_REQUEST"},
		"amount with a unit":    {`{"amount":"1 NOK","fromAccount":"99994010014","toAccount":"99994020028"}`, "amount.invalid"},
		"amount of other digit": {`{"amount":"١","fromAccount":"99994010014","toAccount":"99994020028"}`, "amount.invalid"},
	}
	for name, tt := range raw {
		a := box.Do("POST", transfers+"/debit", tt.body, dave, servertest.Header("Content-Type", "application/json"))
		refused(t, box, name, a, 400, tt.code)
	}
	refused(t, box, "a form", box.Do("POST", transfers+"/debit", "amount=1", dave, servertest.Header("Content-Type", "application/x-www-form-urlencoded")), 415, "UNSUPPORTED_MEDIA_TYPE")
	p := allow(t, box, authorizeURL("", "scope", "accounts transactions resource.READ"), "dave")
	reader := servertest.Bearer(issued(post(box, codeForm(p.Param("code")))).Access)
	for _, path := range []string{"/debit", "/creditcard/transferTo", "/pension"} {
		refused(t, box, "scope for reading", send(box, path, reader, debit()), 403, "FORBIDDEN")
	}
	if now, left := holds(t, box, dave, daves); now != before || left != free {
		t.Errorf("refused transfers moved money: %d, %d; were %d, %d", now, left, before, free)
	}
	if a := send(box, "/debit", dave, debit("message", strings.Repeat("å", 40))); a.Status != 200 {
		t.Errorf("40 characters are %d", a.Status)
	}
}

func TestTransferOfAllThereIs(t *testing.T) {
	t.Parallel()
	box := start(t)
	kari := bearer(t, box, "kari")
	all := func(amount string) *servertest.Answer {
		return send(box, "/creditcard/transferTo", kari, order("amount", amount, "fromAccount", "99995550004", "creditCardAccountId", "777"))
	}
	refused(t, box, "a blocked card", all("1"), 403, "credit.card.account.does.not.support.transfer.to")
	pension := func(amount, policy string) *servertest.Answer {
		return send(box, "/pension", kari, order("amount", amount, "fromAccount", "99995550004", "policyNumber", policy))
	}
	refused(t, box, "one øre too much", pension("5000.01", "1034222"), 403, "insufficient.funds")
	refused(t, box, "more than pensions take", pension("2000000.01", "1034222"), 400, "amount.invalid")
	refused(t, box, "no such policy", pension("1", "1034223"), 403, "no.pension.agreement.found.for.policy.number")
	refused(t, box, "no policy", pension("1", ""), 403, "no.pension.agreement.found.for.policy.number")
	refused(t, box, "a policy that is paid out", pension("1", "99"), 403, "pension.agreement.does.not.support.transfer.to")
	taken(t, pension("5000.00", "1034222"))
	if left, _ := holds(t, box, kari, "kariCurrent"); left != 0 {
		t.Errorf("%d are left", left)
	}
	if has, _ := holds(t, box, kari, "kariPension"); has != 510000 {
		t.Errorf("the pension has %d", has)
	}
	refused(t, box, "nothing left", pension("0.01", "1034222"), 403, "insufficient.funds")
}

func TestTransferToCard(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	had, free := holds(t, box, dave, card)
	body := func(pairs ...string) map[string]string {
		return order(append([]string{"amount", "500.00", "fromAccount", daveNumber, "creditCardAccountId", cardAccountID}, pairs...)...)
	}
	taken(t, send(box, "/creditcard/transferTo", dave, body()))
	if now, left := holds(t, box, dave, card); now != had+50000 || left != free+50000 {
		t.Errorf("the card went from %d, %d to %d, %d", had, free, now, left)
	}
	taken(t, send(box, "/creditcard/transferTo", dave, body()), "DUPLICATE_PAYMENT_EXISTS")
	for _, tt := range []struct {
		name   string
		body   map[string]string
		status int
		code   string
	}{
		{"from savings", body("fromAccount", savingsNumber), 400, "account.not.valid.for.domestic.payment"},
		{"from euros", body("fromAccount", euroNumber), 400, "account.not.valid.for.domestic.payment"},
		{"from Jane's", body("fromAccount", "99994110116"), 400, "from.account.no.access"},
		{"to Jane's", body("creditCardAccountId", "9999000018"), 403, "no.credit.card.account.found"},
		{"to no card", body("creditCardAccountId", ""), 403, "no.credit.card.account.found"},
		{"by number", body("creditCardAccountId", "K9999000271"), 403, "no.credit.card.account.found"},
		{"too much", body("amount", "999999999.01"), 400, "amount.invalid"},
		{"bad date", body("dueDate", "tomorrow"), 400, "due.date.invalid"},
		{"bad account", body("fromAccount", "1"), 400, "from.account.number.invalid.format"},
	} {
		refused(t, box, tt.name, send(box, "/creditcard/transferTo", dave, tt.body), tt.status, tt.code)
	}
}

// 64 transfers at once of a tenth of what there is: ten go through, and nothing is lost or made.
func TestTransfersTogether(t *testing.T) {
	t.Parallel()
	box := start(t)
	kari := bearer(t, box, "kari")
	var wins atomic.Int64
	ids := sync.Map{}
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			a := send(box, "/pension", kari, order("amount", "500", "fromAccount", "99995550004", "policyNumber", "1034222"))
			switch a.Status {
			case 200:
				wins.Add(1)
				if _, had := ids.LoadOrStore(a.Text("paymentId"), true); had {
					t.Error("two payments have one id")
				}
			case 403:
			default:
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	wg.Wait()
	left, _ := holds(t, box, kari, "kariCurrent")
	has, _ := holds(t, box, kari, "kariPension")
	if wins.Load() != 10 || left != 0 || has != 510000 {
		t.Errorf("%d went through; %d are left, the pension has %d", wins.Load(), left, has)
	}
}
