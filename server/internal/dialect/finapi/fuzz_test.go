package finapi_test

import (
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/internal/dialect/finapi"
)

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"1": "1.00", "-300.12": "-300.12", "90.95": "90.95", "0.1": "0.10", "-0.01": "-0.01", "0": "0.00", "1.500": "1.50", "999999999999.99": "999999999999.99", "007": "7.00"} {
		m, ok := finapi.ParseMoney(text)
		if got, _ := json.Marshal(m); !ok || string(got) != want {
			t.Errorf("%s: %s, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", ".", "1.", ".5", "1.001", "1e2", "+1", " 1", "1,5", "NaN", "--1", "0x1", "1000000000000", "٣"} {
		if m, ok := finapi.ParseMoney(text); ok {
			t.Errorf("%q was taken as %d", text, m)
		}
	}
}

func TestIdentifier(t *testing.T) {
	t.Parallel()
	if finapi.Identifier("1342099") != 1342099 {
		t.Error("a number is its own identifier")
	}
	seen := map[int64]bool{}
	for _, id := range []string{"acc-1", "acc-2", "", "-5", "99999999999999999999", "a"} {
		n := finapi.Identifier(id)
		if n < 1 || n > 1<<53 || seen[n] || n != finapi.Identifier(id) {
			t.Errorf("%q: %d", id, n)
		}
		seen[n] = true
	}
}

func TestIBAN(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{"370400440532013000": "DE89370400440532013000", "000000000012345678": "DE52000000000012345678"} {
		if got := finapi.IBAN("DE", number); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// The batch runs at four in the morning, German time, on both sides of midnight and of summer time.
func TestNightly(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2026-12-03T02:59:59Z": "2026-12-02T03:00:00Z", "2026-12-03T03:00:00Z": "2026-12-03T03:00:00Z", "2026-12-02T23:30:00Z": "2026-12-02T03:00:00Z",
		"2026-07-01T01:59:59Z": "2026-06-30T02:00:00Z", "2026-07-01T02:00:00Z": "2026-07-01T02:00:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := finapi.Nightly(at).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", now, got, want)
		}
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"1", "-300.12", "0.1", "1e99", "", "-", "1.001", "999999999999.99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := finapi.ParseMoney(text)
		if !ok {
			return
		}
		want, fine := new(big.Rat).SetString(text)
		out, err := json.Marshal(m)
		got, valid := new(big.Rat).SetString(string(out))
		if !fine || err != nil || !valid || want.Cmp(got) != 0 || !json.Valid(out) {
			t.Errorf("%q became %s", text, out)
		}
	})
}

func FuzzMark(f *testing.F) {
	for _, s := range []string{"", "gone", "gone seen category=378 booked=2027-01-01", "category=x", "booked=0000-00-00 =", "category=0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := finapi.ReadMark(text).String()
		if again := finapi.ReadMark(once).String(); again != once {
			t.Errorf("%q became %q, and then %q", text, once, again)
		}
	})
}

func FuzzDated(f *testing.F) {
	for _, s := range []string{"2026-12-03", "2026-02-30", "0000-01-01", "9999-12-31", "2026-3-1", "", "2026-03-29"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if at, ok := finapi.Dated(text); ok && at.Format("2006-01-02") != text {
			t.Errorf("%q became %s", text, at)
		}
	})
}

// inProcess is a handler with a user's token; the clock stands still.
func inProcess(t testing.TB) (http.Handler, string, string) {
	t.Helper()
	srv, err := server.New(server.Options{Freeze: true})
	if err != nil {
		t.Fatal(err)
	}
	h := srv.Handler()
	token := func(v url.Values) string {
		w := serve(h, "POST", "/oauth/token", v.Encode(), "application/x-www-form-urlencoded", "")
		var out struct {
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.Token == "" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return out.Token
	}
	client := form("grant_type", "client_credentials", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret")
	user := form("grant_type", "password", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret", "username", "dave", "password", "x")
	return h, token(client), token(user)
}

func serve(h http.Handler, method, target, body, kind, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Whatever is asked of the search, the answer is a page or a refusal in JSON.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{"", "view=userView", "view=userView&order=amount,desc&perPage=500&page=2", "view=bankView&minAmount=-1.5&categoryIds=0,373", "view=userView&ids=1,,2&search=a+b", "%zz"} {
		f.Add(s)
	}
	h, _, user := inProcess(f)
	f.Fuzz(func(t *testing.T, query string) {
		u := url.URL{Path: "/api/v1/transactions", RawQuery: url.QueryEscape(query)}
		if v, err := url.ParseQuery(query); err == nil {
			u.RawQuery = v.Encode()
		}
		w := serve(h, "GET", u.String(), "", "", user)
		if w.Code != 200 && w.Code != 400 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: %d %s", query, w.Code, w.Body)
		}
	})
}

// Whatever is sent as a body, users and mocks are refused or made, in JSON.
func FuzzBody(f *testing.F) {
	for _, s := range []string{"", "{}", `{"id":"a"}`, `{"id":"a","password":"123456","email":"é","phone":"+1","isAutoUpdateEnabled":true}`, "[]", "null", `{"mockBankConnectionUpdates":[{"bankConnectionId":1}]}`, `{"bankId":280001,"maxDaysForDownload":14}`} {
		f.Add(s)
	}
	h, client, user := inProcess(f)
	f.Fuzz(func(t *testing.T, body string) {
		for path, token := range map[string]string{"/api/v1/users": client, "/api/v1/tests/mockBatchUpdate": user, "/api/v1/bankConnections/import": user} {
			w := serve(h, "POST", path, body, "application/json", token)
			if w.Code >= 500 && w.Code != 501 || w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s %q: %d %s", path, body, w.Code, w.Body)
			}
		}
	})
}
