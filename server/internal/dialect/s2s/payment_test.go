package s2s_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sandbank/server/internal/dialect/s2s"
	"sandbank/server/servertest"
)

const (
	coluccisIBAN = "TR059999900000142990661209"
	otherBank    = "TR310006200001500001231212" // the document's
	aliSecond    = "TR059999900000142990900702"
)

// body is an order; pairs are laid over the document's sample, a nil value takes a field out.
func body(sample map[string]any, pairs ...any) map[string]any {
	out := maps.Clone(sample)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(out, pairs[i].(string))
		}
	}
	return out
}

// havale and eft are the document's samples; of the remittance, account and IBAN are those of the sandbox.
func havale(pairs ...any) map[string]any {
	return body(map[string]any{"amount": 121.8, "currency": "TRY", "debtor_account_id": "43199139", "debtor_use_of_overdraft": false,
		"creditor_iban": coluccisIBAN, "description": "Havale Açıklama", "payment_reference_id": "4895-cvert-234", "customer_ip": "123.234.233.23"}, pairs...)
}

func eft(pairs ...any) map[string]any {
	return body(map[string]any{"amount": 200.01, "debtor_account_id": "43412595", "debtor_use_of_overdraft": false, "creditor_name": "Creditor Name",
		"creditor_iban": otherBank, "description": "Eft Açıklama", "payment_reference_id": "745-jdfgh-2374", "customer_ip": "112.312.453.12"}, pairs...)
}

// balance is what an account of the token's owner holds.
func balance(t *testing.T, box *servertest.Sandbox, entry servertest.Option, id string) string {
	t.Helper()
	var got struct {
		Data struct{ Account_balance string }
	}
	box.Get("/api/v1/accounts/"+id, entry).Want(200).Into(&got)
	return got.Data.Account_balance
}

func TestRemittanceAsDocumented(t *testing.T) {
	t.Parallel()
	box := start(t)
	entry := demo.entry(box, allScopes)
	a := box.PostJSON("/api/v1/remittance-validations", havale(), entry).Want(200)
	number := a.JSON()["data"].(map[string]any)["query_number"].(string)
	want := `{"data":{"result":true,"amount":121.8,"fee_amount":2.1,"fee_tax_amount":0.11,"currency":"TRY","debtor_account_name":"ALI CESUR",` +
		`"creditor_account_name":"COLUCCI BORESLON","source_account_amount":124.01,"overdraft_amount":0,"fund_801_amount":0,"fund_808_amount":0,` +
		`"fund_818_amount":0,"fund_total_amount":0,"maximum_term_account_amount":0,"invesment_account_amount":0,"invesment_total_amount":0,` +
		`"query_number":"` + number + `","payment_reference_id":"4895-cvert-234"}}`
	if a.Body != want || len(number) != 12 || !strings.HasPrefix(number, "H26") {
		t.Errorf("validated as\n%s\nwant\n%s", a.Body, want)
	}
	if got := balance(t, box, entry, "43199139"); got != "173666.94" {
		t.Errorf("a validation moved money: %s", got)
	}

	// Paid under the number of the validation, the answer is the same, and both sides have moved.
	theirs := payee.entry(box, "")
	before := balance(t, box, theirs, "43661209")
	paid := box.PostJSON("/api/v1/remittance-payments", havale("query_number", number, "idempotency_key", "c2b66121-2c94-1281-12e1-1232361f22d2"), entry).Want(200)
	if paid.Body != want {
		t.Errorf("paid as\n%s\nwant\n%s", paid.Body, want)
	}
	if got := balance(t, box, entry, "43199139"); got != "173542.93" {
		t.Errorf("afterwards the payer has %s", got)
	}
	if got := balance(t, box, theirs, "43661209"); before != "15722.65" || got != "15844.45" {
		t.Errorf("the payee had %s, has %s", before, got)
	}

	// The statements say so: the fee apart from the amount, and each side names the other.
	list := box.Get("/api/v1/accounts/43199139/transactions", entry).Want(200)
	for at, parts := range [][]string{{`"DEBIT"`, `"amount":2.21`, `"balance":173542.93`, number}, {`"DEBIT"`, `"amount":121.8`, `"balance":173545.14`, "COLUCCI BORESLON - Havale Açıklama"}} {
		for _, part := range parts {
			if line := data(t, list, at); !strings.Contains(line, part) {
				t.Errorf("line %d is %s, without %s", at, line, part)
			}
		}
	}
	theirList := box.Get("/api/v1/accounts/43661209/transactions", theirs).Want(200)
	if line := data(t, theirList, 0); !strings.Contains(line, `"CREDIT"`) || !strings.Contains(line, `"amount":121.8`) || !strings.Contains(line, "ALI CESUR - Havale Açıklama") {
		t.Errorf("the payee's line is %s", line)
	}
	var newest struct{ ID json.Number }
	if err := json.Unmarshal([]byte(data(t, list, 0)), &newest); err != nil {
		t.Fatal(err)
	}
	if n, err := newest.ID.Int64(); err != nil || n > 1<<31-1 {
		t.Errorf("the id %s of a payment's entry does not fit an int32", newest.ID)
	}
	one := box.Get("/api/v1/accounts/43199139/transactions/"+newest.ID.String(), entry).Want(200)
	if data(t, one, -1) != data(t, list, 0) {
		t.Errorf("alone it is %s", one.Body)
	}
}

func TestEFTAsDocumented(t *testing.T) {
	t.Parallel()
	box := start(t)
	entry := demo.entry(box, allScopes)
	form := func(number, end string) string {
		return `{"data":{"result":true,"amount":200.01,"fee_amount":4.87,"fee_tax_amount":0.23,"debtor_account_name":"ALI CESUR",` +
			`"creditor_account_name":"Creditor Name","source_account_amount":205.11,"overdraft_amount":0,"fund_801_amount":0,"fund_808_amount":0,` +
			`"fund_818_amount":0,"fund_total_amount":0,"maximum_term_account_amount":0,"invesment_account_amount":0,"invesment_total_amount":0,` +
			`"query_number":"` + number + `","payment_reference_id":"745-jdfgh-2374"` + end + `}}`
	}
	number := func(a *servertest.Answer) string { return a.JSON()["data"].(map[string]any)["query_number"].(string) }
	a := box.PostJSON("/api/v1/eft-validations", eft(), entry).Want(200)
	if a.Body != form(number(a), "") || !strings.HasPrefix(number(a), "E26") {
		t.Errorf("validated as\n%s", a.Body)
	}
	box.Clock().Set(time.Date(2026, 12, 3, 21, 30, 0, 499e6, time.UTC)) // the next day in Istanbul
	entry = demo.entry(box, allScopes)
	paid := box.PostJSON("/api/v1/eft-payments", eft("idempotency_key", "c2b76565-2c65-1254-13e3-1321876f42d1"), entry).Want(200)
	at := "2026-12-04T00:30:00.499+03:00"
	if want := form(number(paid), `,"created_at":"`+at+`","state":"COMPLETED","executed_at":"`+at+`"`); paid.Body != want {
		t.Errorf("paid as\n%s\nwant\n%s", paid.Body, want)
	}
	if got := balance(t, box, entry, "43412595"); got != "24794.89" {
		t.Errorf("afterwards %s", got)
	}

	// Asked for later, by number and by the day on which it was ordered there.
	path := "/api/v1/eft-payments/" + number(paid)
	if got := box.Get(path+"?date=2026-12-04", entry).Want(200); got.Body != paid.Body {
		t.Errorf("found as\n%s", got.Body)
	}
	havaleNumber := number(box.PostJSON("/api/v1/remittance-payments", havale(), entry).Want(200))
	sameOwner := client{"same-owner", "same-owner-secret", "svc-ali", "ali-secret"}
	for _, tt := range []struct {
		name, path string
		entry      servertest.Option
		status     int
	}{
		{"other day", path + "?date=2026-12-03", entry, 404},
		{"no date", path, entry, 400},
		{"bad date", path + "?date=2026-13-01", entry, 400},
		{"date in another form", path + "?date=04.12.2026", entry, 400},
		{"two dates", path + "?date=2026-12-04&date=2026-12-03", entry, 400},
		{"unknown number", "/api/v1/eft-payments/E26000000000?date=2026-12-04", entry, 404},
		{"a validation's number", "/api/v1/eft-payments/" + number(a) + "?date=2026-12-04", entry, 404},
		{"a remittance", "/api/v1/eft-payments/" + havaleNumber + "?date=2026-12-04", entry, 404},
		{"by another application", path + "?date=2026-12-04", sameOwner.entry(box, ""), 404},
		{"by another person", path + "?date=2026-12-04", second.entry(box, ""), 404},
		{"without a token", path + "?date=2026-12-04", demo.app(), 401},
	} {
		if got := box.Get(tt.path, tt.entry); got.Status != tt.status || got.Text("httpCode") == "" || box.Last().Why == "" {
			t.Errorf("%s: %d %s, because %q", tt.name, got.Status, got.Body, box.Last().Why)
		}
	}
}

// Turkish capitals are not ASCII's.
func TestNamesInCapitals(t *testing.T) {
	t.Parallel()
	box := start(t)
	a := box.PostJSON("/api/v1/eft-validations", eft("debtor_account_id", "50000001", "amount", 10), second.entry(box, "")).Want(200)
	if !strings.Contains(a.Body, `"debtor_account_name":"ALİ İHSAN IŞIK"`) {
		t.Errorf("%s", a.Body)
	}
}

func TestFees(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		of               func(int64) (int64, int64)
		amount, fee, tax int64
	}{
		{"remittance of the document", s2s.HavaleFee, 121_80, 2_10, 11},
		{"remittance, last of the first step", s2s.HavaleFee, 1_000_00, 2_10, 11},
		{"remittance, first of the second", s2s.HavaleFee, 1_000_01, 4_20, 21},
		{"remittance, last of the second", s2s.HavaleFee, 50_000_00, 4_20, 21},
		{"remittance, beyond", s2s.HavaleFee, 50_000_01, 42_00, 2_10},
		{"EFT of the document", s2s.EFTFee, 200_01, 4_87, 23},
		{"EFT, second step", s2s.EFTFee, 1_000_01, 9_47, 46},
		{"EFT, beyond", s2s.EFTFee, 50_000_01, 92_27, 4_60},
	} {
		if fee, tax := tt.of(tt.amount); fee != tt.fee || tax != tt.tax {
			t.Errorf("%s: %d and %d, want %d and %d", tt.name, fee, tax, tt.fee, tt.tax)
		}
	}
}

func TestTheSameKeyPaysOnce(t *testing.T) {
	t.Parallel()
	box := start(t)
	entry := demo.entry(box, allScopes)
	pay := func(o map[string]any) *servertest.Answer {
		return box.PostJSON("/api/v1/remittance-payments", o, entry)
	}
	first := pay(havale("idempotency_key", "k1")).Want(200)
	box.Advance(time.Minute)
	again := pay(havale("idempotency_key", "k1")).Want(200)
	if again.Body != first.Body || balance(t, box, entry, "43199139") != "173542.93" {
		t.Errorf("again:\n%s\n%s, balance %s", first.Body, again.Body, balance(t, box, entry, "43199139"))
	}
	// The order is what counts, not how it is written.
	box.Do("POST", "/api/v1/remittance-payments", `{"idempotency_key":"k1", "customer_ip":"123.234.233.23","payment_reference_id":"4895-cvert-234","description":"Havale Açıklama",
		"creditor_iban":"TR05 9999 9000 0014 2990 6612 09","debtor_account_id":"43199139","currency":"TRY","amount":121.80,"unknown":[1]}`, entry).Want(200)
	for name, other := range map[string]map[string]any{
		"another amount":    havale("idempotency_key", "k1", "amount", 121.81),
		"another account":   havale("idempotency_key", "k1", "debtor_account_id", "43202223"),
		"another creditor":  havale("idempotency_key", "k1", "creditor_iban", aliSecond),
		"another text":      havale("idempotency_key", "k1", "description", "x"),
		"another reference": havale("idempotency_key", "k1", "payment_reference_id", "x"),
		"overdraft":         havale("idempotency_key", "k1", "debtor_use_of_overdraft", true),
		"a query number":    havale("idempotency_key", "k1", "query_number", "H26000000001"),
	} {
		if a := pay(other).Want(409); !strings.Contains(a.Body, `"errors":[{"code":"IDEMPOTENCY_KEY_USED","message":`) || !strings.Contains(box.Last().Why, "another order") {
			t.Errorf("%s: %s, because %q", name, a.Body, box.Last().Why)
		}
	}
	box.PostJSON("/api/v1/eft-payments", eft("idempotency_key", "k1"), entry).Want(409)
	if got := balance(t, box, entry, "43199139"); got != "173542.93" {
		t.Errorf("refused orders moved money: %s", got)
	}

	// The answer stays even when the order could not be paid any more; without a key, or with another, it is a new order.
	pay(havale("idempotency_key", "all", "amount", 170000)).Want(200)
	pay(havale("idempotency_key", "all", "amount", 170000)).Want(200)
	pay(havale("idempotency_key", "more", "amount", 170000)).Want(422)
	pay(havale("idempotency_key", "more", "amount", 1)).Want(200) // a refused order leaves its key free
	before := balance(t, box, entry, "43199139")
	pay(havale("amount", 1)).Want(200)
	pay(havale("amount", 1)).Want(200)
	if before != "3495.62" || balance(t, box, entry, "43199139") != "3489.20" {
		t.Errorf("from %s to %s", before, balance(t, box, entry, "43199139"))
	}
	// Keys are each application's own.
	sameOwner := client{"same-owner", "same-owner-secret", "svc-ali", "ali-secret"}
	box.PostJSON("/api/v1/remittance-payments", havale("idempotency_key", "k1", "amount", 2), sameOwner.entry(box, "")).Want(200)
}

func TestQueryNumberStandsForOnePayment(t *testing.T) {
	t.Parallel()
	box := start(t)
	entry := demo.entry(box, allScopes)
	box.PostJSON("/api/v1/remittance-payments", havale("query_number", "H18000204312"), entry).Want(200)
	for _, path := range []string{"/api/v1/remittance-payments", "/api/v1/remittance-validations"} {
		a := box.PostJSON(path, havale("query_number", "H18000204312"), entry).Want(409)
		if !strings.Contains(a.Body, "QUERY_NUMBER_USED") {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	seen := map[string]bool{}
	for range 50 {
		a := box.PostJSON("/api/v1/eft-validations", eft(), entry).Want(200)
		n := a.JSON()["data"].(map[string]any)["query_number"].(string)
		if seen[n] {
			t.Errorf("%s was drawn twice", n)
		}
		seen[n] = true
	}
}

// Many at once: one key pays once, and an account pays no more than it has, with its overdraft and without.
func TestPaymentsAtOnce(t *testing.T) {
	t.Parallel()
	box := start(t)
	run := func(pay func(i int) *servertest.Answer) (paid int64) {
		var won atomic.Int64
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				if a := pay(i); a.Status == 200 {
					won.Add(1)
				} else if a.Status != 422 {
					t.Errorf("status %d: %s", a.Status, a.Body)
				}
			})
		}
		all.Wait()
		return won.Load()
	}
	entry := demo.entry(box, allScopes)
	var answers sync.Map
	n := run(func(int) *servertest.Answer {
		a := box.PostJSON("/api/v1/eft-payments", eft("idempotency_key", "one"), entry)
		answers.Store(a.Body, true)
		return a
	})
	different := 0
	answers.Range(func(any, any) bool { different++; return true })
	if got := balance(t, box, entry, "43412595"); n != 64 || different != 1 || got != "24794.89" {
		t.Errorf("%d answers, %d different, balance %s", n, different, got)
	}
	low := second.entry(box, allScopes) // 100.00 and an overdraft of 500.00; each costs 10.00 and 5.10
	if n := run(func(int) *servertest.Answer {
		return box.PostJSON("/api/v1/eft-payments", eft("debtor_account_id", "50000001", "amount", 10), low)
	}); n != 6 || balance(t, box, low, "50000001") != "9.40" {
		t.Errorf("%d were paid from 100.00, %s are left", n, balance(t, box, low, "50000001"))
	}
	if n := run(func(int) *servertest.Answer {
		return box.PostJSON("/api/v1/eft-payments", eft("debtor_account_id", "50000001", "amount", 10, "debtor_use_of_overdraft", true), low)
	}); n != 33 || balance(t, box, low, "50000001") != "-488.90" {
		t.Errorf("%d were paid from 509.40, %s are left", n, balance(t, box, low, "50000001"))
	}
}

func TestOverdraft(t *testing.T) {
	t.Parallel()
	box := start(t)
	entry := second.entry(box, "")
	o := eft("debtor_account_id", "50000001", "amount", 150)
	a := box.PostJSON("/api/v1/eft-payments", o, entry).Want(422)
	if !strings.Contains(a.Body, "INSUFFICIENT_FUNDS") || !strings.Contains(box.Last().Why, "available without the limit") {
		t.Errorf("%s, because %q", a.Body, box.Last().Why)
	}
	o["debtor_use_of_overdraft"] = true
	a = box.PostJSON("/api/v1/eft-payments", o, entry).Want(200)
	if !strings.Contains(a.Body, `"source_account_amount":155.1,"overdraft_amount":55.1,`) {
		t.Errorf("%s", a.Body)
	}
	a = box.PostJSON("/api/v1/eft-payments", o, entry).Want(200) // below zero, all of it is overdraft
	if !strings.Contains(a.Body, `"source_account_amount":155.1,"overdraft_amount":155.1,`) {
		t.Errorf("%s", a.Body)
	}
	o["amount"] = 400
	box.PostJSON("/api/v1/eft-payments", o, entry).Want(422)
	if got := balance(t, box, entry, "50000001"); got != "-210.20" {
		t.Errorf("the account is at %s", got)
	}
}

func TestOrdersThatCannotBePaid(t *testing.T) {
	t.Parallel()
	box := start(t)
	ali, ortak := demo.entry(box, allScopes), second.entry(box, allScopes)
	tests := []struct {
		name   string
		way    string
		order  map[string]any
		entry  servertest.Option
		status int
		code   string
		text   string
	}{
		{"no amount", "eft", eft("amount", nil), ali, 400, "INVALID_FIELD", "amount is missing."},
		{"nothing", "eft", eft("amount", 0), ali, 400, "INVALID_FIELD", "amount is not positive."},
		{"less than nothing", "eft", eft("amount", -5), ali, 400, "INVALID_FIELD", "amount is not positive."},
		{"three decimals", "eft", eft("amount", 1.005), ali, 400, "INVALID_FIELD", "amount has more than two decimals."},
		{"a huge amount", "eft", eft("amount", json.Number("1234567890123")), ali, 400, "INVALID_FIELD", "amount is too large."},
		{"an exponent", "eft", eft("amount", json.Number("1e2")), ali, 400, "INVALID_FIELD", "amount must be written without an exponent."},
		{"amount is an object", "eft", eft("amount", map[string]any{}), ali, 400, "INVALID_REQUEST", "The field amount has the wrong type."},
		{"amount is a word", "eft", eft("amount", "ten"), ali, 400, "INVALID_REQUEST", "The request body is not a JSON object of the documented fields."},
		{"account is a number", "eft", eft("debtor_account_id", 43412595), ali, 400, "INVALID_REQUEST", "The field debtor_account_id has the wrong type."},
		{"overdraft is a text", "eft", eft("debtor_use_of_overdraft", "false"), ali, 400, "INVALID_REQUEST", "The field debtor_use_of_overdraft has the wrong type."},
		{"no account", "eft", eft("debtor_account_id", nil), ali, 400, "INVALID_FIELD", "debtor_account_id is missing."},
		{"no account id", "eft", eft("debtor_account_id", "abc"), ali, 400, "INVALID_FIELD", "debtor_account_id is not an account id."},
		{"unknown account", "eft", eft("debtor_account_id", "1"), ali, 404, "ACCOUNT_NOT_FOUND", "debtor_account_id is not an account of the service account's owner."},
		{"another's account", "eft", eft("debtor_account_id", "43557118"), ali, 404, "ACCOUNT_NOT_FOUND", "debtor_account_id is not an account of the service account's owner."},
		{"closed account", "eft", eft("debtor_account_id", "50000005"), ortak, 404, "ACCOUNT_NOT_FOUND", "debtor_account_id is not an account of the service account's owner."},
		{"blocked account", "eft", eft("debtor_account_id", "50000004"), ortak, 422, "ACCOUNT_BLOCKED", "The debtor account is not open to payments."},
		{"card account", "eft", eft("debtor_account_id", "50000003"), ortak, 422, "ACCOUNT_BLOCKED", "The debtor account is not a deposit account."},
		{"EFT in dollars", "eft", eft("currency", "USD"), ali, 400, "INVALID_FIELD", "currency is not TRY, and an EFT is in lira only."},
		{"EFT from dollars", "eft", eft("debtor_account_id", "50000002"), ortak, 400, "INVALID_FIELD", "The debtor account is not in the currency of the order."},
		{"remittance in another currency", "remittance", havale("currency", "USD"), ali, 400, "INVALID_FIELD", "The debtor account is not in the currency of the order."},
		{"remittance to another currency", "remittance", havale("currency", nil, "debtor_account_id", "50000002"), ortak, 400, "INVALID_FIELD", "The creditor account is in another currency."},
		{"no currency code", "remittance", havale("currency", "lira"), ali, 400, "INVALID_FIELD", "currency is not a currency code of three capital letters."},
		{"no IBAN", "eft", eft("creditor_iban", nil), ali, 400, "INVALID_FIELD", "creditor_iban is missing."},
		{"foreign IBAN", "eft", eft("creditor_iban", "DE89370400440532013000"), ali, 400, "INVALID_FIELD", "creditor_iban is not a Turkish IBAN of 26 characters."},
		{"wrong check digits", "remittance", havale("creditor_iban", "TR820006400000142991111111"), ali, 400, "INVALID_FIELD", "creditor_iban has wrong check digits."},
		{"small letters", "eft", eft("creditor_iban", "TR31000620000150000123121a"), ali, 400, "INVALID_FIELD", "creditor_iban has characters that an IBAN cannot have."},
		{"no creditor name", "eft", eft("creditor_name", nil), ali, 400, "INVALID_FIELD", "creditor_name is missing."},
		{"blank creditor name", "eft", eft("creditor_name", "  "), ali, 400, "INVALID_FIELD", "creditor_name is missing."},
		{"remittance to another bank", "remittance", havale("creditor_iban", otherBank), ali, 404, "CREDITOR_NOT_FOUND", "creditor_iban is not an account of this bank; money goes to other banks by EFT."},
		{"EFT to nobody here", "eft", eft("creditor_iban", "TR629999900000142990000001"), ali, 404, "CREDITOR_NOT_FOUND", "creditor_iban is not an account of this bank."},
		{"to itself", "remittance", havale("debtor_account_id", "43202223", "creditor_iban", aliSecond), ali, 400, "INVALID_FIELD", "creditor_iban is the debtor account itself."},
		{"a long text", "eft", eft("description", strings.Repeat("ş", 301)), ali, 400, "INVALID_FIELD", "description has more than 300 characters."},
		{"line breaks", "eft", eft("payment_reference_id", "a\r\nb"), ali, 400, "INVALID_FIELD", "payment_reference_id has control characters in it."},
		{"a long key", "eft", eft("idempotency_key", strings.Repeat("k", 101)), ali, 400, "INVALID_FIELD", "idempotency_key has more than 100 characters."},
		{"query number of the other way", "eft", eft("query_number", "H18000204312"), ali, 400, "INVALID_FIELD", "query_number is not E and 11 digits."},
		{"query number that is none", "remittance", havale("query_number", "H1800020431x"), ali, 400, "INVALID_FIELD", "query_number is not H and 11 digits."},
		{"too little money", "eft", eft("amount", 24999), ali, 422, "INSUFFICIENT_FUNDS", "The debtor account does not hold the amount and the fee."},
		{"money for the amount, not for the fee", "eft", eft("debtor_account_id", "50000006", "amount", 0.05), ortak, 422, "INSUFFICIENT_FUNDS", "The debtor account does not hold the amount and the fee."},
	}
	phrases := map[int]string{400: "Bad Request", 404: "Not Found", 422: "Unprocessable Entity"}
	before := balance(t, box, ali, "43412595") + balance(t, box, ortak, "50000002")
	for _, tt := range tests {
		for _, step := range []string{"-validations", "-payments"} {
			a := box.PostJSON("/api/v1/"+tt.way+step, tt.order, tt.entry)
			want := fmt.Sprintf(`{"httpCode":"%d","httpMessage":"%s","moreInformation":"%s","errors":[{"code":"%s","message":"%s"}]}`, tt.status, phrases[tt.status], tt.text, tt.code, tt.text)
			if a.Status != tt.status || a.Body != want || a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s by %s%s: %d\n%s\nwant\n%s", tt.name, tt.way, step, a.Status, a.Body, want)
			}
			if e := box.Last(); e.Why == "" || strings.Contains(a.Body, e.Why) {
				t.Errorf("%s: the journal says %q", tt.name, e.Why)
			}
		}
	}
	if after := balance(t, box, ali, "43412595") + balance(t, box, ortak, "50000002"); after != before {
		t.Errorf("refused orders moved money: from %s to %s", before, after)
	}
}

func TestBodiesThatAreNoOrder(t *testing.T) {
	t.Parallel()
	box := start(t)
	entry := demo.entry(box, allScopes)
	good, err := json.Marshal(eft())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, kind, body string
		status           int
	}{
		{"as the document, without a type", "", string(good), 200},
		{"as curl -d sends it", "application/x-www-form-urlencoded", string(good), 200},
		{"with a charset", "application/json; charset=utf-8", string(good), 200},
		{"a JSON dialect", "application/vnd.s2s+json", string(good), 200},
		{"text", "text/plain", string(good), 415},
		{"XML", "application/xml", "<a/>", 415},
		{"nothing", "application/json", "", 400},
		{"half of it", "application/json", string(good[:40]), 400},
		{"a form", "application/x-www-form-urlencoded", "amount=1", 400},
		{"null", "application/json", "null", 400},
		{"a list", "application/json", "[]", 400},
		{"a number", "application/json", "5", 400},
		{"no UTF-8", "application/json", "{\"amount\":\"\xff\xfe\"}", 400},
		{"deep", "application/json", strings.Repeat(`{"a":`, 20000), 400},
	} {
		options := []servertest.Option{entry}
		if tt.kind != "" {
			options = append(options, servertest.Header("Content-Type", tt.kind))
		}
		a := box.Do("POST", "/api/v1/eft-validations", tt.body, options...)
		if a.Status != tt.status || a.Status != 200 && (a.Text("moreInformation") == "" || box.Last().Why == "") {
			t.Errorf("%s: %d %s, because %q", tt.name, a.Status, a.Body, box.Last().Why)
		}
	}
}

// An EFT to an account of this same bank arrives too.
func TestEFTInsideTheBank(t *testing.T) {
	t.Parallel()
	box := start(t)
	a := box.PostJSON("/api/v1/eft-payments", eft("creditor_iban", coluccisIBAN), demo.entry(box, "")).Want(200)
	if !strings.Contains(a.Body, `"creditor_account_name":"Creditor Name"`) {
		t.Errorf("%s", a.Body)
	}
	if got := balance(t, box, payee.entry(box, ""), "43661209"); got != "15922.66" {
		t.Errorf("the payee has %s", got)
	}
}
