package berlin_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

// Four unattended calls a day, for each endpoint and each account.
func TestUnattendedCallsAreCounted(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := all(b)
	token := servertest.Bearer(g.access)
	var report struct {
		Transactions struct {
			Booked []struct{ TransactionID string }
		}
	}
	b.get("/v1/accounts/"+current+"/transactions?bookingStatus=booked&dateFrom=2026-11-01", token, present()).Into(&report)
	const lists = "/transactions?bookingStatus=booked&dateFrom=2026-11-01"
	paths := []string{"/v1/accounts"}
	for _, account := range []string{current, savings} {
		paths = append(paths, "/v1/accounts/"+account, "/v1/accounts/"+account+"/balances", "/v1/accounts/"+account+lists)
	}
	for _, tx := range report.Transactions.Booked[:2] {
		paths = append(paths, "/v1/accounts/"+current+"/transactions/"+tx.TransactionID)
	}
	for _, path := range paths {
		b.get(path, token, servertest.Header("Accept", "text/csv")).Want(406) // what brings nothing is not counted
		for range 4 {
			b.get(path, token).Want(200)
			b.get(path, token, present()).Want(200)
		}
		a := b.refused(b.get(path, token), 429, "ACCESS_EXCEEDED")
		if got := a.Header.Get("Retry-After"); got != "22492" { // to midnight in Sofia
			t.Errorf("%s: Retry-After %s", path, got)
		}
		b.get(path, token, present()).Want(200)
		b.get(path, token, servertest.Header("PSU-IP-Address", "2001:db8::7")).Want(200)
	}
	b.get("/v1/accounts/"+current+lists+"&page=2&pageSize=2", token).Want(200) // a page of a call that was let through
	b.refused(b.get("/v1/accounts/"+current+lists+"&page=1&pageSize=2", token), 429, "ACCESS_EXCEEDED")

	b.Clock().Set(time.Date(2026, 12, 3, 21, 59, 59, 0, time.UTC))
	fresh := b.refresh(g.refresh).Want(200).Text("access_token")
	if a := b.refused(b.get("/v1/accounts", servertest.Bearer(fresh)), 429, "ACCESS_EXCEEDED"); a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %s", a.Header.Get("Retry-After"))
	}
	b.Advance(time.Second)
	b.get("/v1/accounts", servertest.Bearer(fresh)).Want(200)
}

// How often is what the consent says, and no more than the policy.
func TestKnobOfFrequency(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		setting, asked string
		allowed        int
		shown          string
	}{
		{"", "4", 4, "4"}, {"", "2", 2, "2"}, {"", "9", 4, "4"}, {"", "", 4, "4"},
		{"berlin.frequency=1", "4", 1, "1"}, {"berlin.frequency=6", "9", 6, "6"}, {"berlin.frequency=6", "4", 4, "4"},
		{"berlin.frequency=6", "", 6, "6"}, {"berlin.frequency=0", "2", 20, "2"}, {"berlin.frequency=0", "", 20, "4"},
	} {
		var settings []string
		if c.setting != "" {
			settings = append(settings, c.setting)
		}
		b := start(t, settings...)
		ask := ""
		if c.asked != "" {
			ask = strings.Replace(wholeAsk, ":4", ":"+c.asked, 1)
		}
		g := b.grant("jane", ask)
		token := servertest.Bearer(g.access)
		if got := b.get("/consent/"+g.consent, token).JSON()["frequencyPerDay"]; got != json.Number(c.shown) {
			t.Errorf("%+v: frequencyPerDay is %v", c, got)
		}
		n := 0
		for n < 20 && b.get("/v1/accounts", token).Status == 200 {
			n++
		}
		if n != c.allowed {
			t.Errorf("%+v: %d calls went through", c, n)
		}
	}
}

func TestAOneOffConsentIsOneAccess(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", onceAsk)
	if g.refresh != "" {
		t.Error("one access, and yet a refresh token")
	}
	token := servertest.Bearer(g.access)
	b.get("/v1/accounts", token, present()).Want(200)
	for _, account := range []string{current, savings} {
		b.get("/v1/accounts/"+account, token).Want(200)
		b.get("/v1/accounts/"+account+"/balances", token).Want(200)
		b.get("/v1/accounts/"+account+"/transactions?bookingStatus=booked&dateFrom=2026-01-01&pageSize=5", token).Want(200)
		b.get("/v1/accounts/"+account+"/transactions?bookingStatus=booked&dateFrom=2026-01-01&pageSize=5&page=2", token).Want(200)
	}
	if got := b.get("/consent/"+g.consent+"/status", token).Text("consentStatus"); got != "valid" {
		t.Errorf("the consent is %s", got)
	}
	b.refused(b.get("/v1/accounts", token, present()), 401, "CONSENT_EXPIRED")
	b.refused(b.get("/v1/accounts/"+current, token), 401, "CONSENT_EXPIRED")
	if got := b.get("/consent/"+g.consent+"/status", token).Text("consentStatus"); got != "expired" {
		t.Errorf("the consent is %s", got)
	}
}
