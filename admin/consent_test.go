package admin_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/grant"
	"sandbank/server/servertest"
	"sandbank/server/world"
)

// consent pre-authorises the Yoisho demo client for dave. Yoisho has no consents of its own, but the core asks for the one behind a
// code, whichever bank issued it.
func (d *desk) consent(more string) (v admin.ConsentView) {
	d.t.Helper()
	d.pull("POST", "/consents", dave(more)).Want(201).Into(&v)
	return v
}

// redeem tells what the bank answers to a code that lives by a consent.
func (d *desk) redeem(c admin.ConsentView) int {
	d.t.Helper()
	code := d.mint(dave(`,"kind":"code","consent":"` + c.ID + `"`)).Token.Value
	return d.Get("/account/access_token?client_id=" + yoishoClient + "&client_secret=" + yoishoSecret + "&code=" + code).Status
}

// look reads a consent anew.
func (d *desk) look(id string) (v admin.ConsentView) {
	d.t.Helper()
	d.pull("GET", "/consents/"+id, nil).Want(200).Into(&v)
	return v
}

// openWorld is open for tests that do what only another bank's traffic would.
func openWorld(t testing.TB) (*desk, *world.Space) {
	t.Helper()
	var space *world.Space
	box := servertest.Start(t, server.Options{Admin: func(in server.Inside) func(fiber.Ctx, *world.Space, string, string) error {
		space = in.World.Space(world.Main)
		return admin.New(admin.Options{World: in.World, Banks: in.Banks}).Serve
	}})
	return &desk{Sandbox: box, t: t}, space
}

// Case E50 and those around it: a consent ends, and with it what lives by it.
func TestConsentEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		verb, body string
		after      time.Duration
		want       grant.Status
		by         string
	}{
		{"revoke", ``, 0, grant.RevokedByPSU, "user"},
		{"terminate", `{"why":"done"}`, 0, grant.Terminated, "client"},
		{"expire", ``, 0, grant.Expired, ""},
		{"expire", `{"in":"5s"}`, 5 * time.Second, grant.Expired, ""},
		{"expire", `{"at":"2026-12-04T00:00:08Z"}`, 8*time.Hour + 15*time.Minute, grant.Expired, ""},
	}
	for _, tt := range tests {
		t.Run(tt.verb+tt.body, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			c := d.consent("")
			if c.Status != grant.Valid || len(c.Rights) == 0 || !c.Recurring || c.Answered.By != "admin" || d.redeem(c) != 200 {
				t.Fatalf("fresh: %+v", c)
			}
			d.pull("POST", "/consents/"+c.ID+"/"+tt.verb, tt.body).Want(200)
			if tt.after > 0 {
				d.Advance(tt.after - 1)
				if got := d.look(c.ID).Status; got != grant.Valid {
					t.Errorf("%s too early", got)
				}
				d.Advance(1)
			}
			if got := d.look(c.ID); got.Status != tt.want || tt.by != "" && got.Ended.By != tt.by {
				t.Errorf("%+v", got)
			}
			if status := d.redeem(c); status != 400 {
				t.Errorf("a code is exchanged with %d", status)
			}
			if why := d.Last().Why; !strings.Contains(why, "consent "+c.ID) {
				t.Errorf("why %q", why)
			}
			for _, again := range []string{"revoke", "terminate", "expire"} {
				d.pull("POST", "/consents/"+c.ID+"/"+again, nil).Want(409)
			}
			d.Advance(-tt.after)
			d.pull("POST", "/undo", `{"count":2}`).Want(200) // the code, and the end
			if d.redeem(c) != 200 || d.look(c.ID).Status != grant.Valid {
				t.Errorf("taken back: %+v", d.look(c.ID))
			}
		})
	}
}

// Case E56.
func TestNewerConsentSupersedes(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	former := d.consent("")
	once := d.consent(`,"recurring":false`)
	if got := d.look(former.ID).Status; got != grant.Valid {
		t.Errorf("after a one-off consent: %s", got)
	}
	d.consent("")
	if a, b := d.look(former.ID), d.look(once.ID); a.Status != grant.Expired || b.Status != grant.Valid {
		t.Errorf("the former is %s, the one-off %s", a.Status, b.Status)
	}
	d.undo()
	if got := d.look(former.ID).Status; got != grant.Valid {
		t.Errorf("taken back: %s", got)
	}
}

func TestConsentOrder(t *testing.T) {
	t.Parallel()
	d, space := openWorld(t)
	account := space.Ledger.AccountsOf("yoisho/dave")[0]
	c := d.consent(`,"validity":"30d","frequency":2,"rights":["balances"],"accounts":["` + account.Number + `","` + account.ID + `"],"facts":{"model":"x"}`)
	if c.Left.String() != "30d" || c.Frequency != 2 || len(c.Rights) != 1 || c.Rights[0].Account != account.ID || !c.Rights[0].Balances || c.Rights[0].Transactions ||
		c.Facts["model"] != "x" || c.User != "yoisho/dave" {
		t.Errorf("%+v", c)
	}
	asked, _ := c.Asked.(map[string]any)
	if asked["accounts"] == nil || asked["balances"] == nil || asked["transactions"] != nil {
		t.Errorf("asked %v", c.Asked)
	}
	if c := d.consent(`,"until":"2027-01-01T00:00:00Z","rights":[],"asked":{"allPsd2":"allAccounts"}`); c.Until.Year() != 2027 || c.Rights[0].Balances ||
		c.Asked.(map[string]any)["allPsd2"] != "allAccounts" {
		t.Errorf("%+v", c)
	}
	if c := d.consent(""); c.Left.String() != "90d" {
		t.Errorf("without a policy: %v", c.Left)
	}
}

func TestConsentChange(t *testing.T) {
	t.Parallel()
	d, space := openWorld(t)
	account := space.Ledger.AccountsOf("yoisho/dave")[0].ID
	c := d.consent("")
	change := func(body string) admin.ConsentView {
		var v admin.ConsentView
		d.pull("PATCH", "/consents/"+c.ID, body).Want(200).Into(&v)
		return v
	}
	if v := change(`{"until":"2026-12-03T15:45:13Z"}`); v.Left.String() != "5s" {
		t.Errorf("until: %+v", v)
	}
	d.Advance(5 * time.Second)
	if d.redeem(c) != 400 {
		t.Error("over, and a code is exchanged")
	}
	if v := change(`{"until":"2027-01-01T00:00:00Z","frequency":9}`); v.Status != grant.Valid || v.Frequency != 9 || d.redeem(c) != 200 {
		t.Errorf("revived: %+v", v)
	}
	v := change(`{"rights":["transactions"]}`)
	if v.Rights[0].Balances || !v.Rights[0].Transactions || v.Asked.(map[string]any)["balances"] != nil {
		t.Errorf("rights: %+v", v)
	}
	if v := change(`{"accounts":["` + account + `"]}`); len(v.Rights) != 1 || v.Rights[0].Account != account || v.Rights[0].Balances {
		t.Errorf("accounts keep their rights: %+v", v)
	}
	d.undo()
	d.undo()
	if got := d.look(c.ID); !got.Rights[0].Balances || got.Frequency != 9 {
		t.Errorf("taken back: %+v", got)
	}
	d.pull("POST", "/consents/"+c.ID+"/revoke", nil).Want(200)
	d.pull("PATCH", "/consents/"+c.ID, `{"frequency":1}`).Want(409)
}

// Case E53: what counts a consent's calls does so under its id.
func TestResetCounter(t *testing.T) {
	t.Parallel()
	d, space := openWorld(t)
	c := d.consent("")
	call := func() error {
		space.Gate.RLock()
		defer space.Gate.RUnlock()
		_, err := space.Grants.Count(c.ID+" accounts", grant.Day(space.Clock.Now(), time.UTC), 2)
		return err
	}
	for range 2 {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.look(c.ID).Calls; call() == nil || len(got) != 1 || got[0].What != "accounts" || got[0].Calls != 2 {
		t.Errorf("used up: %+v", got)
	}
	d.pull("POST", "/consents/"+c.ID+"/reset-counter", nil).Want(200)
	if got := d.look(c.ID).Calls; len(got) != 0 {
		t.Errorf("reset: %+v", got)
	}
	d.undo()
	if call() == nil {
		t.Error("taken back, and there are calls left")
	}
	d.pull("POST", "/consents/"+c.ID+"/reset-counter", nil).Want(200)
	if err := call(); err != nil {
		t.Error(err)
	}
	d.Advance(24 * time.Hour)
	if got := d.look(c.ID).Calls; len(got) != 0 {
		t.Errorf("on the next day: %+v", got)
	}
}

func TestReceivedConsentIsItsUsersToAnswer(t *testing.T) {
	t.Parallel()
	d, space := openWorld(t)
	now := space.Clock.Now()
	space.Grants.AddConsent(grant.Consent{ID: "c", Bank: "yoisho", Client: yoishoClient, Asked: "not JSON", Until: now.Add(time.Hour), Created: now, Stored: grant.Received})
	d.pull("PATCH", "/consents/c", `{"rights":[]}`).Want(409)
	d.pull("POST", "/consents/c/expire", nil).Want(409)
	d.pull("PATCH", "/consents/c", `{"frequency":1}`).Want(200)
	if c := d.look("c"); c.Asked != "not JSON" || c.Status != grant.Received || c.Frequency != 1 {
		t.Errorf("%+v", c)
	}
	d.pull("POST", "/consents/c/terminate", nil).Want(200)
}

func TestConsentRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	c := d.consent("")
	id := "/consents/" + c.ID
	tests := []struct {
		method, path, body string
		status             int
		field              string
	}{
		{"POST", "/consents", `{}`, 422, "bank"}, {"POST", "/consents", `{"bank":"yoisho","client":"x"}`, 422, "client"},
		{"POST", "/consents", strings.Replace(dave(""), "dave", "nobody", 1), 422, "user"}, {"POST", "/consents", strings.Replace(dave(""), "dave", "", 1), 422, "user"},
		{"POST", "/consents", dave(`,"accounts":["nope"]`), 422, "accounts"}, {"POST", "/consents", dave(`,"accounts":[""]`), 422, "accounts"},
		{"POST", "/consents", dave(`,"accounts":[]`), 422, "accounts"}, {"POST", "/consents", dave(`,"rights":["all"]`), 422, "rights"},
		{"POST", "/consents", dave(`,"rights":[""]`), 422, "rights"}, {"POST", "/consents", dave(`,"validity":"0s"`), 422, "validity"},
		{"POST", "/consents", dave(`,"validity":"100000d"`), 422, "validity"}, {"POST", "/consents", dave(`,"until":"2020-01-01T00:00:00Z"`), 422, "until"},
		{"POST", "/consents", dave(`,"until":"2027-01-01T00:00:00Z","validity":"1d"`), 422, "until"}, {"POST", "/consents", dave(`,"frequency":-1`), 422, "frequency"},
		{"POST", "/consents", dave(`,"x":1`), 422, "x"},
		{"GET", "/consents/nope", ``, 404, ""}, {"POST", "/consents/nope/revoke", ``, 404, ""}, {"PATCH", "/consents/nope", ``, 404, ""},
		{"PATCH", id, `{"until":"2020-01-01T00:00:00Z"}`, 422, "until"}, {"PATCH", id, `{"until":"9999-01-01T00:00:00Z"}`, 422, "until"},
		{"PATCH", id, `{"frequency":1000001}`, 422, "frequency"}, {"PATCH", id, `{"accounts":["nope"]}`, 422, "accounts"}, {"PATCH", id, `{"rights":["x"]}`, 422, "rights"},
		{"POST", id + "/expire", `{"in":"-1s"}`, 422, "in"}, {"POST", id + "/revoke", `{"why":1}`, 422, "why"},
		{"GET", "/consents?bank=nope", ``, 422, "bank"}, {"GET", "/consents?status=dead", ``, 422, "status"}, {"GET", "/consents?cursor=x", ``, 422, "cursor"},
		{"POST", "/tokens", ali(`,"consent":"` + c.ID + `"`), 422, "consent"},
		{"POST", "/tokens", strings.Replace(dave(`,"consent":"`+c.ID+`"`), "dave", "jane", 1), 422, "consent"},
	}
	before := d.pull("GET", "/consents", nil).Body
	for _, tt := range tests {
		a := d.pull(tt.method, tt.path, tt.body)
		var p struct {
			Errors []struct{ Field string }
		}
		a.Into(&p)
		field := ""
		if len(p.Errors) > 0 {
			field = p.Errors[0].Field
		}
		if a.Status != tt.status || field != tt.field {
			t.Errorf("%s %s %.90s: %d, field %q, %s", tt.method, tt.path, tt.body, a.Status, field, a.Body)
		}
	}
	if after := d.pull("GET", "/consents", nil).Body; after != before {
		t.Errorf("a refusal changed something:\n%s\n%s", before, after)
	}
}

func TestConsentLists(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var want []string
	for range 5 {
		want = append(want, d.consent(`,"recurring":false`).ID)
	}
	slices.Reverse(want)
	d.pull("POST", "/consents/"+want[0]+"/revoke", nil).Want(200)
	var got []string
	for next := ""; ; {
		var page admin.ConsentList
		d.pull("GET", "/consents?limit=2&cursor="+next, nil).Want(200).Into(&page)
		for _, c := range page.Items {
			got = append(got, c.ID)
		}
		if next = page.Next; next == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for query, n := range map[string]int{"status=valid": 4, "status=revokedByPsu": 1, "user=dave": 5, "user=jane": 0, "bank=s2s": 0, "client=" + yoishoClient: 5} {
		var page admin.ConsentList
		if d.pull("GET", "/consents?"+query, nil).Want(200).Into(&page); len(page.Items) != n {
			t.Errorf("%s: %d, want %d", query, len(page.Items), n)
		}
	}
	m := d.mint(dave(`,"consent":"` + want[1] + `"`))
	var grants admin.GrantList
	d.pull("GET", "/grants?consent="+want[1], nil).Into(&grants)
	if len(grants.Items) != 1 || grants.Items[0].ID != m.Grant || grants.Items[0].State.Name != "live" {
		t.Errorf("%+v", grants)
	}
	d.pull("POST", "/consents/"+want[1]+"/revoke", nil).Want(200)
	var life admin.TokenLife
	d.pull("GET", "/tokens/"+m.Token.ID, nil).Into(&life)
	if life.State.Name != "live" || life.GrantState != "revoked" || life.ConsentStatus != grant.RevokedByPSU || life.Consent != want[1] {
		t.Errorf("a token whose consent is over: %+v", life)
	}
}

// A one-off consent opens each resource once; a lever gives it a second reading, and taken back it is none.
func TestCounterOfOneAccess(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	id, m := d.bg(`,"recurring":false`)
	accounts := func() *servertest.Answer { return d.Get("/v1/accounts", servertest.Bearer(m.Token.Value)) }
	accounts().Want(200)
	if c := d.look(id); len(c.Calls) != 1 || c.Calls[0].What != "accounts" || c.Calls[0].Calls != 1 || !c.Calls[0].Since.IsZero() {
		t.Errorf("%+v", c.Calls)
	}
	d.pull("POST", "/consents/"+id+"/reset-counter", nil).Want(200)
	accounts().Want(200)
	d.Advance(48 * time.Hour)
	d.pull("POST", "/tokens/"+m.Token.ID+"/extend", `{"by":"90d"}`).Want(200)
	d.said(accounts(), 401, "CONSENT_EXPIRED", "")
	if got := d.look(id).Status; got != grant.Expired {
		t.Errorf("after the second reading it is %s", got)
	}

	id, m = d.bg(`,"recurring":false`)
	accounts().Want(200)
	d.pull("POST", "/consents/"+id+"/reset-counter", nil).Want(200)
	d.undo()
	d.said(accounts(), 401, "CONSENT_EXPIRED", "")
}

// A consent that a lever made works in all that one of the bank's own flow does: its authorisation can be read, it leads to a fresh code
// through the pages, it is shown and deleted.
func TestALeversConsentIsABanks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		more, access string
		transactions int
	}{
		{"", `"transactions":[{"iban":"` + bgIBAN + `"`, 200},
		{`,"asked":{"allPsd2":"allAccountsWithOwnerName"}`, `"access":{"allPsd2":"allAccountsWithOwnerName"}`, 200},
		{`,"asked":{"availableAccounts":"allAccounts"}`, `"access":{"availableAccounts":"allAccounts"}`, 401},
		{`,"asked":"nothing that the bank can read"`, `"access":{}`, 200},
	} {
		d := open(t, server.Options{}, admin.Options{})
		id, m := d.bg(tt.more)
		mine := servertest.Basic("bg-demo", "bg-demo-secret")
		if a := d.Get("/v1/consents/"+id, mine).Want(200); !strings.Contains(a.Body, tt.access) || a.Text("consentStatus") != "valid" {
			t.Errorf("%s: %s", tt.more, a.Body)
		}
		ids, _ := d.Get("/v1/consents/"+id+"/authorisations", mine).Want(200).JSON()["authorisationIds"].([]any)
		if len(ids) != 1 || ids[0] == "" {
			t.Fatalf("%s: authorisations %v", tt.more, ids)
		}
		if got := d.Get("/v1/consents/"+id+"/authorisations/"+ids[0].(string), mine).Want(200).Text("scaStatus"); got != "finalised" {
			t.Errorf("%s: scaStatus %s", tt.more, got)
		}
		d.Do("POST", "/v1/consents/"+id+"/authorisations", "", mine).Want(409)
		d.statement(m.Token.Value, "?bookingStatus=booked&dateFrom=2026-11-01").Want(tt.transactions)
		if owner := strings.Contains(d.Get("/v1/accounts", servertest.Bearer(m.Token.Value)).Want(200).Body, "ownerName"); owner != strings.Contains(tt.more, "OwnerName") {
			t.Errorf("%s: owner's name told: %v", tt.more, owner)
		}
		page := d.Browser().Get("/oauth2/authorize?response_type=code&client_id=bg-demo&redirect_uri=http://127.0.0.1:9000/cb&consentId="+id).Submit("login", "jane", "password", "x").Submit()
		code := d.Post("/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {page.Param("code")}, "redirect_uri": {"http://127.0.0.1:9000/cb"}}, mine).Want(200)
		if code.Text("consentId") != id || !strings.Contains(code.Body, "refresh_token") {
			t.Errorf("%s: %s", tt.more, code.Body)
		}
		d.Do("DELETE", "/v1/consents/"+id, "", mine).Want(204)
		d.said(d.Get("/v1/accounts", servertest.Bearer(code.Text("access_token"))), 401, "CONSENT_INVALID", "")
	}
}
