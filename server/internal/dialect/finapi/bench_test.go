package finapi_test

import "testing"

// BenchmarkToken is a user's login with the password.
func BenchmarkToken(b *testing.B) {
	h, _, _ := inProcess(b)
	body := form("grant_type", "password", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret", "username", "dave", "password", "x").Encode()
	b.ReportAllocs()
	for b.Loop() {
		if w := serve(h, "POST", "/oauth/token", body, "application/x-www-form-urlencoded", ""); w.Code != 200 {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

// BenchmarkRead is the list of accounts.
func BenchmarkRead(b *testing.B) {
	h, _, user := inProcess(b)
	b.ReportAllocs()
	for b.Loop() {
		if w := serve(h, "GET", "/api/v1/accounts", "", "", user); w.Code != 200 {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

// BenchmarkTransactions is the first page of two years.
func BenchmarkTransactions(b *testing.B) {
	h, _, user := inProcess(b)
	b.ReportAllocs()
	for b.Loop() {
		if w := serve(h, "GET", "/api/v1/transactions?view=userView", "", "", user); w.Code != 200 {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}
