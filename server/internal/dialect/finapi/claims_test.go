package finapi

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/world"
)

// Two other banks have paths of this one. Where the caller is unknown to all, the call itself tells whose it is.
func TestClaims(t *testing.T) {
	t.Parallel()
	d := New()
	w, err := world.New(world.Options{Banks: []grant.Profile{d.Profile(), {Bank: "other", Defaults: d.Defaults}}})
	if err != nil {
		t.Fatal(err)
	}
	space := w.Space(world.Main)
	now := time.Date(2026, 12, 3, 0, 0, 0, 0, time.UTC)
	refresh := func(bank string) string {
		return space.Grants.Issue(grant.Authorization{Bank: bank, Client: "c", Owner: "o"}, true, now).Refresh.Value
	}
	ours, theirs := refresh(name), refresh("other")
	for _, tt := range []struct {
		what, method, target, body string
		headers                    []string
		want                       bool
	}{
		{"a password", "POST", "/oauth/token", "grant_type=password&username=u&password=p", nil, true},
		{"client credentials in the form", "POST", "/oauth/token", "grant_type=client_credentials&client_id=x&client_secret=y", nil, true},
		{"client credentials in the query", "POST", "/oauth/token?grant_type=client_credentials", "", nil, true},
		{"client credentials by Basic", "POST", "/oauth/token", "grant_type=client_credentials", []string{"Authorization", "Basic eDp5"}, false},
		{"a code exchange", "POST", "/oauth/token", "grant_type=authorization_code&code=x", nil, false},
		{"our refresh token", "POST", "/oauth/token", "grant_type=refresh_token&refresh_token=" + ours, nil, true},
		{"their refresh token", "POST", "/oauth/token", "grant_type=refresh_token&refresh_token=" + theirs, nil, false},
		{"nobody's refresh token", "POST", "/oauth/token", "grant_type=refresh_token&refresh_token=x", nil, false},
		{"nothing", "POST", "/oauth/token", "", nil, false},
		{"accounts with an unknown token", "GET", "/api/v1/accounts", "", []string{"Authorization", "Bearer x"}, true},
		{"accounts by nobody", "GET", "/api/v1/accounts", "", nil, true},
		{"accounts with IBM headers", "GET", "/api/v1/accounts", "", []string{"X-IBM-Client-Id", "x"}, false},
	} {
		app, got := fiber.New(), false
		app.All("/*", func(ctx fiber.Ctx) error {
			got = d.Claims(wire.New(ctx, space, now, wire.Place{}, nil))
			return nil
		})
		r := httptest.NewRequest(tt.method, tt.target, strings.NewReader(tt.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(tt.headers); i += 2 {
			r.Header.Set(tt.headers[i], tt.headers[i+1])
		}
		if _, err := app.Test(r, fiber.TestConfig{Timeout: time.Minute, FailOnTimeout: true}); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v", tt.what, got, err)
		}
	}
}
