package sparebank1

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

// Another bank has /oauth/token too. Where the client is unknown to both, the call itself tells whose it is.
func TestClaims(t *testing.T) {
	t.Parallel()
	d := New()
	w, err := world.New(world.Options{Banks: []grant.Profile{d.Profile(), {Bank: "other", Defaults: d.Defaults}}})
	if err != nil {
		t.Fatal(err)
	}
	space := w.Space(world.Main)
	now := time.Date(2026, 12, 3, 0, 0, 0, 0, time.UTC)
	ours := space.Grants.Issue(grant.Authorization{Bank: name, Client: "c", Owner: "o"}, true, now).Refresh.Value
	theirs := space.Grants.Issue(grant.Authorization{Bank: "other", Client: "c", Owner: "o"}, true, now).Refresh.Value
	tests := []struct {
		name, query, body string
		basic, want       bool
	}{
		{"a code exchange", "", "grant_type=authorization_code&code=x", false, true},
		{"a code exchange in the query", "?grant_type=authorization_code&code=x", "", false, true},
		{"a code without grant type", "", "code=x", false, true},
		{"Basic", "", "grant_type=client_credentials", true, true},
		{"a password", "", "grant_type=password&username=u&password=p", false, false},
		{"client credentials in the form", "", "grant_type=client_credentials&client_id=x&client_secret=y", false, false},
		{"our refresh token", "", "grant_type=refresh_token&refresh_token=" + ours, false, true},
		{"their refresh token, by Basic", "", "grant_type=refresh_token&refresh_token=" + theirs, true, false},
		{"nobody's refresh token", "", "grant_type=refresh_token&refresh_token=x", false, false},
		{"nothing", "", "", false, false},
	}
	for _, tt := range tests {
		app, got := fiber.New(), false
		app.Post("/oauth/token", func(ctx fiber.Ctx) error {
			got = d.Claims(wire.New(ctx, space, now, wire.Place{}, nil))
			return nil
		})
		r := httptest.NewRequest("POST", "/oauth/token"+tt.query, strings.NewReader(tt.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if tt.basic {
			r.SetBasicAuth("x", "y")
		}
		if _, err := app.Test(r, fiber.TestConfig{Timeout: time.Minute, FailOnTimeout: true}); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}
