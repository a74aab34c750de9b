package berlin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// serve runs one request in process.
func serve(b *testing.B, h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 {
		b.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w
}

func BenchmarkToken(b *testing.B) {
	box := start(b)
	h := box.Handler()
	body := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}.Encode()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		serve(b, h, r)
	}
}

func BenchmarkRead(b *testing.B) {
	box := start(b)
	h, token := box.Handler(), all(box).access
	for name, path := range map[string]string{"accounts": "/v1/accounts?withBalance=true", "transactions": "/v1/accounts/" + current + "/transactions?bookingStatus=both&dateFrom=2026-11-01"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("GET", path, nil)
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("PSU-IP-Address", "192.0.2.7")
				serve(b, h, r)
			}
		})
	}
}
