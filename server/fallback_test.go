package server_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/rs/zerolog"

	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/world"
)

func TestOwnPages(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	html := servertest.Header("Accept", "text/html")
	tests := []struct {
		name, path string
		options    []servertest.Option
		status     int
		kind, want string
	}{
		{"start page to people", "/", []servertest.Option{html}, 200, "text/html; charset=utf-8", "Five banks on one port"},
		{"start page to programs", "/", []servertest.Option{servertest.Header("Accept", "application/json")}, 200, "application/json", `"sb1-demo-secret"`},
		{"start page to a browser that takes JSON too", "/", []servertest.Option{servertest.Header("Accept", "text/html,application/json")}, 200, "text/html; charset=utf-8", "<h1>"},
		{"health", "/healthz", nil, 200, "application/json", `"ok"`},
		{"metrics", "/metrics", nil, 200, "text/plain; version=0.0.4; charset=utf-8", `sandbank_tokens_live{bank="berlin"} 0`},
		{"a stylesheet", "/-/bank.css", nil, 200, "text/css; charset=utf-8", "--brand"},
		{"no such asset", "/-/../main.go", nil, 404, "application/json", "no bank"},
		{"nowhere to programs", "/nowhere", nil, 404, "application/json", `{"error":"no bank has this path`},
		{"nowhere to people", "/nowhere", []servertest.Option{html}, 404, "text/html; charset=utf-8", "Nothing here"},
		{"no such space", "/s/nobody/account/home", nil, 404, "application/json", "no such space"},
		{"no such host", "/account/home", []servertest.Option{func(r *http.Request) { r.Host = "nobody.localhost" }}, 404, "application/json", "no such space"},
	}
	for _, tt := range tests {
		a := box.Get(tt.path, tt.options...)
		if a.Status != tt.status || a.Header.Get("Content-Type") != tt.kind || !strings.Contains(a.Body, tt.want) {
			t.Errorf("%s: %d %s, no %q in %.300s", tt.name, a.Status, a.Header.Get("Content-Type"), tt.want, a.Body)
		}
	}
	if a := box.Do("POST", "/healthz", ""); a.Status != 405 || a.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST /healthz: %d, Allow %q", a.Status, a.Header.Get("Allow"))
	}
	if a := box.Get("/berlin/"); a.Status != 302 || a.Header.Get("Location") != "/" {
		t.Errorf("a bank's bare base: %d to %q", a.Status, a.Header.Get("Location"))
	}
}

func TestMetricsCount(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	token := demoToken(box.URL())
	box.Get("/account/balance", servertest.Bearer(token)).Want(200)
	box.Get("/account/balance").Want(400)
	want := []string{`sandbank_requests_total{bank="yoisho",op="balance",status="200"} 1`, `sandbank_requests_total{bank="yoisho",op="balance",status="400"} 1`,
		`sandbank_tokens_live{bank="yoisho"} 1`, `sandbank_tokens_issued_total 2`, `sandbank_request_duration_seconds_count{bank="yoisho"} 4`, `sandbank_journal_entries_total 4`}
	text := box.Get("/metrics").Body
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %s in\n%s", w, text)
		}
	}
	box.Advance(1 << 40)
	if text := box.Get("/metrics").Body; !strings.Contains(text, `sandbank_tokens_live{bank="yoisho"} 0`) || !strings.Contains(text, `sandbank_tokens_expired{bank="yoisho"} 2`) {
		t.Error("expired tokens count as live")
	}
}

// A name in the Host header cannot put anything into what the sandbox hands out but itself, and forwarded headers are not believed.
// RFC 9700 §4.13: X-Forwarded-Host, X-Forwarded-Proto and Forwarded are not believed.
// RFC 9110 §7.2: a Host that is none gets into no URL.
func TestOriginIsWhatTheCallerUsed(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	as := func(host string) servertest.Option { return func(r *http.Request) { r.Host = host } }
	tests := []struct {
		name    string
		options []servertest.Option
		want    string
	}{
		{"a name", []servertest.Option{as("bank.example:8443")}, `"base": "http://bank.example:8443"`},
		{"forwarded", []servertest.Option{as("a.example"), servertest.Header("X-Forwarded-Host", "evil.example"), servertest.Header("X-Forwarded-Proto", "https"), servertest.Header("Forwarded", "host=evil.example")}, `"base": "http://a.example"`},
		{"nonsense", []servertest.Option{as(`a'b`)}, `"base": "http://localhost"`},
	}
	for _, tt := range tests {
		a := box.Get("/", append(tt.options, servertest.Header("Accept", "application/json"))...)
		if got := strings.ReplaceAll(a.Body, `"base":"`, `"base": "`); !strings.Contains(got, tt.want) || strings.Contains(got, "evil") {
			t.Errorf("%s: no %s in %.200s", tt.name, tt.want, got)
		}
	}
	public, err := server.New(server.Options{PublicURL: "https://sandbox.example/"})
	if err != nil {
		t.Fatal(err)
	}
	r, w := httptest.NewRequest("GET", "http://other.example/", nil), httptest.NewRecorder()
	r.Header.Set("Accept", "application/json")
	public.Handler().ServeHTTP(w, r)
	if got := w.Body.String(); !strings.Contains(got, "https://sandbox.example") || strings.Contains(got, "other.example") {
		t.Errorf("with a public URL: %.200s", got)
	}
}

// A cache in between must not keep what is over in a moment, as it may keep an answer that does not say.
func TestHealthIsNotCached(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, path := range []string{"/healthz", "/metrics"} {
		if got := box.Get(path).Want(200).Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
}

// Two native paths belong to two banks: there the client, or the token, decides.
func TestSharedPathsGoToTheCallersBank(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	form := servertest.Header("Content-Type", "application/x-www-form-urlencoded")
	tests := []struct {
		name, method, path, body, bank string
		options                        []servertest.Option
	}{
		{"Basic", "POST", "/oauth/token", "grant_type=authorization_code", "sparebank1", []servertest.Option{form, servertest.Basic("sb1-demo", "x")}},
		{"Basic of the other", "POST", "/oauth/token", "grant_type=client_credentials", "finapi", []servertest.Option{form, servertest.Basic("finapi-demo", "x")}},
		{"form", "POST", "/oauth/token", "client_id=finapi-demo", "finapi", []servertest.Option{form}},
		{"query", "POST", "/oauth/token?client_id=sb1-demo", "", "sparebank1", nil},
		{"IBM header", "GET", "/api/v1/accounts", "", "s2s", []servertest.Option{servertest.Header("X-IBM-Client-Id", "s2s-demo")}},
		{"an unknown IBM client", "GET", "/api/v1/accounts", "", "s2s", []servertest.Option{servertest.Header("X-IBM-Client-Id", "nobody")}},
	}
	for _, tt := range tests {
		box.Do(tt.method, tt.path, tt.body, tt.options...)
		if got := box.Last().Bank; got != tt.bank {
			t.Errorf("%s: answered by %s, not %s", tt.name, got, tt.bank)
		}
	}
	token := box.Do("POST", "/oauth/token", "grant_type=client_credentials&client_id=finapi-demo&client_secret=finapi-demo-secret", form).Want(200).Text("access_token")
	box.Get("/api/v1/accounts", servertest.Bearer(token))
	if got := box.Last().Bank; got != "finapi" {
		t.Errorf("a finAPI token at /api/v1/accounts is answered by %s", got)
	}
	for _, bank := range []string{"s2s", "finapi"} {
		box.Get("/" + bank + "/api/v1/accounts")
		if got := box.Last().Bank; got != bank {
			t.Errorf("/%s is answered by %s", bank, got)
		}
	}
}

// A token of one bank opens no other, under any mount.
// RFC 6750 §5.2: a token of one bank opens no other.
func TestTokensStayAtTheirBank(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	bearer := servertest.Bearer(demoToken(box.URL()))
	for _, path := range []string{"/v1/accounts", "/personal/banking/accounts", "/finapi/api/v1/accounts", "/s2s/api/v1/accounts"} {
		if a := box.Get(path, bearer, servertest.Header("X-IBM-Client-Id", "s2s-demo"), servertest.Header("X-IBM-Client-Secret", "s2s-demo-secret")); a.Status != 401 {
			t.Errorf("%s opens to a token of Yoisho: %d", path, a.Status)
		}
	}
}

// Whatever breaks in the sandbox itself: its caller hears so in the form of the place, nobody hears what, and the process lives.
func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	box := servertest.Start(t, server.Options{Log: zerolog.New(zerolog.SyncWriter(&log)), Admin: func(server.Inside) func(fiber.Ctx, *world.Space, string, string) error {
		return func(ctx fiber.Ctx, s *world.Space, _, _ string) error {
			ctx.Set("X-Half", "done")
			return s.Change("x", "x", func() error { panic("the secret is 42") })
		}
	}})
	for path, kind := range map[string]string{"/admin/api/v1/clock": "application/problem+json", "/admin/users": "text/html; charset=utf-8"} {
		a := box.Get(path, servertest.Header("Accept", "text/html"))
		if a.Status != 500 || a.Header.Get("Content-Type") != kind || strings.Contains(a.Body, "42") || a.Header.Get("X-Half") != "" || a.Header.Get("Date") == "" {
			t.Errorf("%s: %d %v %s", path, a.Status, a.Header, a.Body)
		}
	}
	if a := box.Get("/admin/api/v1/x"); a.Status != 500 || a.JSON()["title"] != "Something broke" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if text := log.String(); strings.Count(text, "the secret is 42") != 3 || !strings.Contains(text, "fallback_test.go") {
		t.Errorf("the log says %.300s", text)
	}
	box.Get("/account/balance", servertest.Bearer(demoToken(box.URL()))).Want(200) // the gate is open
}
