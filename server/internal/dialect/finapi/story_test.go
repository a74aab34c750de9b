package finapi_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

// The three steps of the source document, word for word, and what a client does then: import, look, wait, refresh, revoke.
func TestTheDocument(t *testing.T) {
	t.Parallel()
	for mount, base := range map[string]string{"at the root": "", "under its own base": "/finapi"} {
		t.Run(mount, func(t *testing.T) {
			t.Parallel()
			box := servertest.Start(t, server.Options{})

			// Step 1: Get authorized as a client in Access
			step1 := box.Post(base+"/oauth/token", form("grant_type", "client_credentials", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret")).Want(200)
			document := regexp.MustCompile(`^\{"access_token":"[A-Za-z0-9_-]{128}","token_type":"bearer","expires_in":3599,"scope":"all"\}$`)
			if !document.MatchString(step1.Body) {
				t.Fatalf("step 1: %s", step1.Body)
			}
			if step1.Header.Get("Cache-Control") != "no-store" || step1.Header.Get("Content-Type") != "application/json" {
				t.Errorf("step 1: %v", step1.Header)
			}
			client := servertest.Bearer(step1.Text("access_token"))

			// Step 2: Create an Access user
			const user = `{"id":"username","password":"password","email":"email@localhost.de","phone":"+49 99 999999-999","isAutoUpdateEnabled":false}`
			step2 := box.Do("POST", base+"/users", user, client, servertest.Header("Content-Type", "application/json")).Want(201)
			if step2.Body != user {
				t.Fatalf("step 2: %s", step2.Body)
			}

			// Step 3: Get authorized as a user
			login := form("grant_type", "password", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret", "username", "username", "password", "password")
			step3 := box.Post(base+"/oauth/token", login).Want(200)
			withRefresh := regexp.MustCompile(`^\{"access_token":"[A-Za-z0-9_-]{128}","token_type":"bearer","refresh_token":"[A-Za-z0-9_-]{128}","expires_in":3599,"scope":"all"\}$`)
			if !withRefresh.MatchString(step3.Body) {
				t.Fatalf("step 3: %s", step3.Body)
			}
			bearer, refresh := servertest.Bearer(step3.Text("access_token")), step3.Text("refresh_token")

			// The user's bank comes in.
			box.Do("POST", base+"/api/v1/bankConnections/import", `{"bankId":280001}`, bearer, servertest.Header("Content-Type", "application/json")).Want(201)
			if got := box.Get(base+"/api/v1/accounts", bearer).Want(200).JSON()["accounts"].([]any); len(got) != 3 {
				t.Errorf("%d accounts", len(got))
			}
			if got := box.Get(base+"/api/v1/transactions?view=userView", bearer).Want(200).JSON()["transactions"].([]any); len(got) != 20 {
				t.Errorf("%d transactions on the first page", len(got))
			}

			// The token dies at the instant, not before.
			box.Advance(time.Hour - time.Nanosecond)
			box.Get(base+"/users", bearer).Want(200)
			box.Advance(time.Nanosecond)
			over := box.Get(base+"/users", bearer).Want(401)
			if over.Body != `{"error":"invalid_token","error_description":"Invalid access token: `+step3.Text("access_token")+`"}` {
				t.Errorf("expired: %s", over.Body)
			}
			if why := box.Last().Why; !strings.Contains(why, "expired 0 s ago; 1h by finapi default") {
				t.Errorf("the journal says %q", why)
			}

			// "To restore access": refresh. The refresh token stays the same.
			again := box.Post(base+"/oauth/token", form("grant_type", "refresh_token", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret", "refresh_token", refresh)).Want(200)
			if again.Text("refresh_token") != refresh || again.Text("access_token") == step3.Text("access_token") {
				t.Errorf("refresh: %s", again.Body)
			}
			box.Get(base+"/users", servertest.Bearer(again.Text("access_token"))).Want(200)

			// Revocation, exactly as the spec's example writes it.
			fresh := box.Post(base+"/oauth/token", form("grant_type", "client_credentials", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret")).Text("access_token")
			gone := box.Do("POST", base+"/oauth/revoke?token="+refresh+"&token_type_hint=refresh_token", "", servertest.Bearer(fresh)).Want(200)
			if gone.Body != "" {
				t.Errorf("revoke answers %q", gone.Body)
			}
			box.Get(base+"/users", servertest.Bearer(again.Text("access_token"))).Want(401)
			box.Post(base+"/oauth/token", form("grant_type", "refresh_token", "client_id", "finapi-demo", "client_secret", "finapi-demo-secret", "refresh_token", refresh)).Want(400)
		})
	}
}

// The demo people are there without step 2, and what a person takes back on the bank's page is gone at once.
func TestDaveTakesAccessBack(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.password("dave", "whatever").Want(200).Text("access_token")
	d.call("GET", "/api/v2/accounts", token, "").Want(200)

	page := d.Browser().Get("/finapi/connections").Submit("login", "dave", "password", "x")
	revoke := page.Doc.Find("button[name=revoke]")
	if revoke.Length() != 1 {
		t.Fatalf("%d connections are listed\n%s", revoke.Length(), page.Body)
	}
	page.Submit("revoke", revoke.AttrOr("value", ""))

	d.dead(token, "taken back on the bank's page")
}

// A sign-in on the bank's page lives as long as its policy says, on both sides of the instant.
func TestSessionLife(t *testing.T) {
	t.Parallel()
	d := open(t, policy(t, "finapi.session=10m"))
	d.user("anna")
	b := d.Browser()
	if a := b.Get("/finapi/connections").Submit("login", "anna", "password", "wrong"); a.Status != 401 {
		t.Errorf("wrong password: %d", a.Status)
	}
	signedIn := func() bool {
		return b.Get("/finapi/connections").Doc.Find("button[name=logout]").Length() == 1
	}
	b.Get("/finapi/connections").Submit("login", "anna", "password", "password")
	d.Advance(10*time.Minute - 1)
	if !signedIn() {
		t.Error("the sign-in ended early")
	}
	d.Advance(1)
	if signedIn() {
		t.Error("the sign-in did not end")
	}
}
