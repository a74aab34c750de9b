package s2s_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

// serve answers one request without a network.
func serve(b *testing.B, h http.Handler, method, path, body string, options ...servertest.Option) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, o := range options {
		o(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 {
		b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w
}

func field(b *testing.B, w *httptest.ResponseRecorder, name string) string {
	_, rest, found := strings.Cut(w.Body.String(), `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	if !found {
		b.Fatalf("no %s in %s", name, w.Body)
	}
	return value
}

func handler(b *testing.B) http.Handler {
	srv, err := server.New(server.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return srv.Handler()
}

func issue(b *testing.B, h http.Handler) *httptest.ResponseRecorder {
	code := field(b, serve(b, h, "GET", codePath, "", demo.five(allScopes)...), "code")
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}}.Encode()
	return serve(b, h, "GET", tokenPath, form, servertest.Basic(demo.id, demo.secret))
}

// BenchmarkToken is a code and its exchange.
func BenchmarkToken(b *testing.B) {
	h := handler(b)
	b.ReportAllocs()
	for b.Loop() {
		issue(b, h)
	}
}

// BenchmarkRead is the list of accounts.
func BenchmarkRead(b *testing.B) {
	h := handler(b)
	entry := demo.bearer(field(b, issue(b, h), "access_token"))
	b.ReportAllocs()
	for b.Loop() {
		serve(b, h, "GET", "/api/v1/accounts", "", entry)
	}
}

// BenchmarkValidate is the validation of an EFT.
func BenchmarkValidate(b *testing.B) {
	h := handler(b)
	entry := demo.bearer(field(b, issue(b, h), "access_token"))
	const order = `{"amount":0.01,"debtor_account_id":"43199139","creditor_name":"Creditor Name","creditor_iban":"TR310006200001500001231212"}`
	b.ReportAllocs()
	for b.Loop() {
		serve(b, h, "POST", "/api/v1/eft-validations", order, entry)
	}
}
