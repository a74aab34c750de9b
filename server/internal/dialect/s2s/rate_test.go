package s2s_test

import (
	"strings"
	"testing"

	"sandbank/server/internal/dialect/s2s"
	"sandbank/server/servertest"
)

func TestDepositRates(t *testing.T) {
	t.Parallel()
	box := start(t)
	for _, path := range []string{"/api/v1/deposit-rates/", "/api/v1/deposit-rates", "/s2s/api/v1/deposit-rates/"} {
		a := box.Get(path+"?channel=ISCEP&days=60&amount=100000&currency_code=TRY", demo.app()).Want(200)
		if a.Body != `{"data":{"deposit_rate":17,"days":"60","amount":"100000","currency_code":"TRY","channel":"ISCEP"}}` || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	a := box.Get("/api/v1/deposit-rates?channel=SUBE&days=400&amount=2500.50&currency_code=EUR", demo.app()).Want(200)
	if a.Body != `{"data":{"deposit_rate":0.35,"days":"400","amount":"2500.50","currency_code":"EUR","channel":"SUBE"}}` {
		t.Errorf("%s", a.Body)
	}
	good := map[string]string{"channel": "ISCEP", "days": "60", "amount": "100000", "currency_code": "TRY"}
	for _, tt := range []struct{ field, value, text string }{
		{"channel", "", "channel is not a name of capital letters, as ISCEP."},
		{"channel", "<b>", "channel is not a name of capital letters, as ISCEP."},
		{"channel", strings.Repeat("A", 21), "channel is not a name of capital letters, as ISCEP."},
		{"days", "", "days is not a whole number from 1 to 1095."},
		{"days", "0", "days is not a whole number from 1 to 1095."},
		{"days", "1096", "days is not a whole number from 1 to 1095."},
		{"days", "-5", "days is not a whole number from 1 to 1095."},
		{"days", "%2B5", "days is not a whole number from 1 to 1095."},
		{"days", "6.5", "days is not a whole number from 1 to 1095."},
		{"days", "99999999999999999999", "days is not a whole number from 1 to 1095."},
		{"amount", "", "amount is missing."},
		{"amount", "0", "amount is not positive."},
		{"amount", "-1", "amount is not positive."},
		{"amount", "abc", "amount is not a number."},
		{"amount", "1.234", "amount has more than two decimals."},
		{"amount", "1,5", "amount is not a number."},
		{"currency_code", "", "currency_code is not one of TRY, USD, EUR, GBP."},
		{"currency_code", "try", "currency_code is not one of TRY, USD, EUR, GBP."},
		{"currency_code", "JPY", "currency_code is not one of TRY, USD, EUR, GBP."},
		{"days", "60&days=90", "The parameter days must not be repeated."},
		{"days", "%zz", "The request is not properly percent-encoded."},
	} {
		var pairs []string
		for field, value := range good {
			if field == tt.field {
				value = tt.value
			}
			pairs = append(pairs, field+"="+value)
		}
		a := box.Get("/api/v1/deposit-rates/?"+strings.Join(pairs, "&"), demo.app())
		if a.Status != 400 || a.Text("moreInformation") != tt.text || box.Last().Why == "" {
			t.Errorf("%s %q: %d %s", tt.field, tt.value, a.Status, a.Body)
		}
	}
	// Public data needs the application, and no token; one that is sent is not looked at.
	box.Get("/api/v1/deposit-rates/?channel=ISCEP&days=60&amount=100000&currency_code=TRY").Want(401)
	box.Get("/api/v1/deposit-rates/?channel=ISCEP&days=60&amount=100000&currency_code=TRY", demo.app(), servertest.Bearer("dead")).Want(200)
}

func TestInterest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		currency     string
		days         int
		amount, rate int64
	}{
		{"TRY", 1, 1, 15_50}, {"TRY", 31, 99_999_99, 15_50}, {"TRY", 32, 100_000_00, 16_25}, {"TRY", 60, 100_000_00, 17_00}, {"TRY", 91, 500_000_00, 17_25},
		{"TRY", 92, 1_000_000_00, 17_75}, {"TRY", 365, 1, 16_50}, {"TRY", 366, 1, 15_00}, {"USD", 60, 1, 1_00}, {"EUR", 60, 100_000_00, 25}, {"GBP", 1095, 1, 75},
	} {
		if got := s2s.Interest(tt.currency, tt.days, tt.amount); got != tt.rate {
			t.Errorf("%d of %s for %d days: %d, want %d", tt.amount, tt.currency, tt.days, got, tt.rate)
		}
	}
}
