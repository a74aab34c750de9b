package sparebank1_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answer runs one request through the whole server, without a socket.
func answer(b *testing.B, h http.Handler, method, target, body string, header http.Header) {
	b.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 {
		text, _ := io.ReadAll(w.Body)
		b.Fatalf("%d %s", w.Code, text)
	}
}

// BenchmarkToken is the issue of a token to the client itself.
func BenchmarkToken(b *testing.B) {
	box := start(b)
	h := box.Handler()
	r := httptest.NewRequest("POST", "/", nil)
	r.SetBasicAuth(id, secret)
	header := http.Header{"Authorization": r.Header["Authorization"], "Content-Type": {"application/x-www-form-urlencoded"}}
	b.ReportAllocs()
	for b.Loop() {
		answer(b, h, "POST", "/oauth/token", "grant_type=client_credentials", header)
	}
}

func reading(b *testing.B, target string) {
	box := start(b)
	h := box.Handler()
	r := httptest.NewRequest("GET", "/", nil)
	bearer(b, box, "dave")(r)
	b.ReportAllocs()
	for b.Loop() {
		answer(b, h, "GET", target, "", r.Header)
	}
}

// BenchmarkRead is the tutorial's call, the default account.
func BenchmarkRead(b *testing.B) { reading(b, accounts+"/default") }

// BenchmarkReadTransactions is a month of transactions out of two years.
func BenchmarkReadTransactions(b *testing.B) {
	reading(b, transactions+"?accountKey="+daves+"&fromDate=2026-11-01&toDate=2026-11-30")
}
