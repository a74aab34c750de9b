package admin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/world"
)

const yoishoClient = yoishoID

// mint orders a token and returns what came.
func (d *desk) mint(body string) (out admin.Minted) {
	d.t.Helper()
	d.pull("POST", "/tokens", body).Want(201).Into(&out)
	return out
}

// dave is an order for a Yoisho token of dave's.
func dave(more string) string {
	return `{"bank":"yoisho","client":"` + yoishoClient + `","user":"dave"` + more + `}`
}

// ali is an order for tokens of the server-to-server bank.
func ali(more string) string { return `{"bank":"s2s","client":"s2s-demo","user":"ali"` + more + `}` }

// accounts asks the server-to-server bank.
func (d *desk) s2sAccounts(token string) *servertest.Answer {
	d.t.Helper()
	return d.Get("/api/v1/accounts", servertest.Bearer(token), func(r *http.Request) {
		r.Header.Set("X-IBM-client-id", "s2s-demo")
		r.Header.Set("X-IBM-client-secret", "s2s-demo-secret")
	})
}

func (d *desk) s2sRefresh(token string) *servertest.Answer {
	d.t.Helper()
	return d.Post("/api/v1/s2s-oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, servertest.Basic("s2s-demo", "s2s-demo-secret"))
}

func (d *desk) info(token string) int {
	d.t.Helper()
	return d.Get("/account/info", servertest.Bearer(token)).Status
}

func (d *desk) undo() {
	d.t.Helper()
	d.pull("POST", "/undo", nil).Want(200)
}

func TestOneTokensEnd(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	tests := []struct {
		verb, body string
		after      time.Duration // from the order on
		before, at int           // what the bank answers a nanosecond before then, and then
	}{
		{"expire", `{}`, 0, 200, 400},
		{"expire", ``, 0, 200, 400},
		{"expire", `{"in":"5s"}`, 5 * time.Second, 200, 400},
		{"expire", `{"at":"2026-12-03T15:45:38Z"}`, 30 * time.Second, 200, 400},
		{"expire", `{"at":"2026-12-03T15:45:00Z"}`, time.Nanosecond, 400, 400},
		{"extend", `{"by":"5m"}`, 6 * time.Minute, 200, 400},
		{"extend", `{"to":"2027-12-03T15:45:08Z"}`, 365 * 24 * time.Hour, 200, 400},
	}
	for _, tt := range tests {
		m := d.mint(dave(""))
		v := d.pull("POST", "/tokens/"+m.Token.ID+"/"+tt.verb, tt.body).Want(200).JSON()
		if v["policy"] != "token lever" {
			t.Errorf("%s %s: policy %v", tt.verb, tt.body, v["policy"])
		}
		d.Advance(tt.after - 1)
		before := d.info(m.Token.Value)
		d.Advance(1)
		at := d.info(m.Token.Value)
		if why := d.Last().Why; !strings.Contains(why, m.Token.ID+" expired") || !strings.Contains(why, "by token lever") {
			t.Errorf("%s %s: why %q", tt.verb, tt.body, why)
		}
		if before != tt.before || at != tt.at {
			t.Errorf("%s %s: %d before the end and %d at it, want %d and %d", tt.verb, tt.body, before, at, tt.before, tt.at)
		}
		d.Advance(-tt.after)
		d.undo()
		if got := d.info(m.Token.Value); got != 200 {
			t.Errorf("%s %s, taken back: %d", tt.verb, tt.body, got)
		}
	}
}

func TestExtendRevivesAnExpiredToken(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	m := d.mint(dave(""))
	d.Advance(time.Hour)
	if got := d.info(m.Token.Value); got != 400 {
		t.Fatalf("after an hour: %d", got)
	}
	v := d.pull("POST", "/tokens/"+m.Token.ID+"/extend", `{"by":"5m"}`).Want(200).JSON()
	if v["left"] != "5m" || v["state"] != "live" || d.info(m.Token.Value) != 200 {
		t.Errorf("extended: %v", v)
	}
	d.undo()
	if got := d.info(m.Token.Value); got != 400 {
		t.Errorf("taken back: %d", got)
	}
}

// Cases E57 and E36.
func TestScopeOfOneToken(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	m := d.mint(ali(`,"refresh":true`))
	d.s2sAccounts(m.Token.Value).Want(200)
	d.pull("POST", "/tokens/"+m.Token.ID+"/scope", `{"scope":"all:eft"}`).Want(200)
	d.s2sAccounts(m.Token.Value).Want(401) // as IBM's gateway answers it
	if e := d.Last(); e.Kind != "insufficient_scope" {
		t.Errorf("kind %s", e.Kind)
	}
	d.undo()
	d.s2sAccounts(m.Token.Value).Want(200)

	d.pull("POST", "/tokens/"+m.Refresh.ID+"/scope", `{"scope":"all:eft  all:remittance"}`).Want(200)
	d.s2sAccounts(m.Token.Value).Want(200)
	fresh := d.s2sRefresh(m.Refresh.Value).Want(200)
	if got := fresh.Text("scope"); got != "all:eft all:remittance" {
		t.Errorf("a refresh brings scope %q", got)
	}
	d.s2sAccounts(fresh.Text("access_token")).Want(401)
	if again := d.s2sRefresh(fresh.Text("refresh_token")).Want(200).Text("scope"); again != "all:eft all:remittance" {
		t.Errorf("the refresh after it brings scope %q", again)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	m := d.mint(ali(`,"refresh":true`))
	v := d.pull("POST", "/tokens/"+m.Token.ID+"/revoke", `{"why":"because"}`).Want(200).JSON()
	if v["state"] != "revoked" || v["by"] != "admin" || v["why"] != "because" {
		t.Errorf("revoked: %v", v)
	}
	d.s2sAccounts(m.Token.Value).Want(401)
	for _, verb := range []string{"revoke", "expire", "extend", "scope"} {
		d.pull("POST", "/tokens/"+m.Token.ID+"/"+verb, `{}`).Want(409)
	}
	fresh := d.s2sRefresh(m.Refresh.Value).Want(200)
	d.pull("POST", "/grants/"+m.Grant+"/revoke", nil).Want(200)
	d.pull("POST", "/grants/"+m.Grant+"/revoke", nil).Want(409)
	d.s2sAccounts(fresh.Text("access_token")).Want(401)
	d.s2sRefresh(fresh.Text("refresh_token")).Want(400)
	d.undo()
	d.s2sAccounts(fresh.Text("access_token")).Want(200)
	d.undo()
	d.s2sAccounts(m.Token.Value).Want(200)
}

func TestRevokeMany(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body           string
		grants, tokens int
		dave, jane     int
		ali            int
	}{
		{`{"user":"dave"}`, 1, 1, 400, 200, 200},
		{`{"user":"yoisho/dave","why":"x"}`, 1, 1, 400, 200, 200},
		{`{"user":"dave","bank":"s2s"}`, 0, 0, 200, 200, 200},
		{`{"user":"ave"}`, 0, 0, 200, 200, 200},
		{`{"client":"` + yoishoClient + `"}`, 2, 2, 400, 400, 200},
		{`{"bank":"s2s"}`, 1, 2, 200, 200, 401},
		{`{"all":true}`, 3, 4, 400, 400, 401},
	}
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			one, two, three := d.mint(dave("")), d.mint(strings.Replace(dave(""), "dave", "jane", 1)), d.mint(ali(`,"refresh":true`))
			look := func() [3]int {
				return [3]int{d.info(one.Token.Value), d.info(two.Token.Value), d.s2sAccounts(three.Token.Value).Status}
			}
			var n admin.RevokedCount
			d.pull("POST", "/revoke", tt.body).Want(200).Into(&n)
			if got, want := look(), [3]int{tt.dave, tt.jane, tt.ali}; got != want || n.Grants != tt.grants || n.Tokens != tt.tokens {
				t.Errorf("the banks answer %v, want %v; %+v", got, want, n)
			}
			d.undo()
			if got := look(); got != [3]int{200, 200, 200} {
				t.Errorf("taken back: %v", got)
			}
		})
	}
}

func TestMint(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	if m := d.mint(dave("")); d.info(m.Token.Value) != 200 || len(m.Token.Value) != 57 || m.Token.Left.String() != "1m" || m.Token.Policy != "yoisho default" {
		t.Errorf("a token by Yoisho's rule and in its form: %+v", m.Token)
	}
	if m := d.mint(dave(`,"life":"90d"`)); m.Token.Left.String() != "90d" || m.Token.Life.String() != "90d" || m.Token.Policy != "token lever" {
		t.Errorf("of 90 days: %+v", m.Token)
	}
	if m := d.mint(dave(`,"expires":"2026-12-01T00:00:00Z"`)); m.Token.State.Name != "expired" || d.info(m.Token.Value) != 400 {
		t.Errorf("of the past: %+v", m.Token)
	}
	m := d.mint(dave(`,"kind":"code"`))
	swap := d.Get("/account/access_token?client_id=" + yoishoClient + "&client_secret=" + yoishoSecret + "&code=" + m.Token.Value).Want(200)
	if d.info(swap.Text("access_token")) != 200 || len(m.Token.Value) != 7 {
		t.Errorf("a code: %+v", m.Token)
	}
	m = d.mint(ali(`,"kind":"refresh","scope":"read:accounts"`))
	fresh := d.s2sRefresh(m.Token.Value).Want(200)
	if fresh.Text("scope") != "read:accounts" {
		t.Errorf("a refresh token alone: %s", fresh.Body)
	}
	d.s2sAccounts(fresh.Text("access_token")).Want(200)
	own := d.mint(`{"bank":"s2s","client":"s2s-demo"}`)
	if own.Token.User != "" {
		t.Errorf("the client's own: %+v", own.Token)
	}
	d.s2sAccounts(own.Token.Value).Want(401) // nobody's accounts
	d.undo()
	d.pull("GET", "/tokens/"+own.Token.ID, nil).Want(404)
	d.pull("GET", "/grants/"+own.Grant, nil).Want(404)
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	m := d.mint(dave(""))
	id := "/tokens/" + m.Token.ID
	long := strings.Repeat("x", 1001)
	tests := []struct {
		method, path, body string
		status             int
		field              string
	}{
		{"POST", "/tokens", `{}`, 422, "bank"}, {"POST", "/tokens", `{"bank":"nope"}`, 422, "bank"}, {"POST", "/tokens", `{"bank":"s2s","client":"nope"}`, 422, "client"},
		{"POST", "/tokens", dave(`,"x":1`), 422, "x"}, {"POST", "/tokens", `{"bank":"s2s","client":"s2s-demo","user":"yoisho/dave"}`, 422, "user"},
		{"POST", "/tokens", strings.Replace(dave(""), "dave", "nobody", 1), 422, "user"},
		{"POST", "/tokens", dave(`,"kind":"id"`), 422, "kind"}, {"POST", "/tokens", dave(`,"kind":"code","refresh":true`), 422, "refresh"},
		{"POST", "/tokens", `{"bank":"s2s","client":"s2s-demo","kind":"code"}`, 422, "user"},
		{"POST", "/tokens", dave(`,"redirectUri":"http://x"`), 422, "redirectUri"}, {"POST", "/tokens", dave(`,"challenge":"x"`), 422, "challenge"},
		{"POST", "/tokens", dave(`,"life":"-1s"`), 422, "life"}, {"POST", "/tokens", dave(`,"life":"100000d"`), 422, "life"}, {"POST", "/tokens", dave(`,"life":5`), 422, "life"},
		{"POST", "/tokens", dave(`,"life":"1s","expires":"2027-01-01T00:00:00Z"`), 422, "life"}, {"POST", "/tokens", dave(`,"expires":"9999-01-01T00:00:00Z"`), 422, "expires"},
		{"POST", "/tokens", dave(`,"scope":"a\tb"`), 422, "scope"}, {"POST", "/tokens", dave(`,"scope":"a\"b"`), 422, "scope"}, {"POST", "/tokens", dave(`,"scope":"` + long + `"`), 422, "scope"},
		{"POST", "/tokens", dave(`,"consent":"nope"`), 422, "consent"},
		{"POST", "/tokens/at_nobody/expire", `{}`, 404, ""}, {"GET", "/tokens/at_nobody", ``, 404, ""}, {"GET", id + "?reveal=yes", ``, 422, "reveal"},
		{"POST", id + "/expire", `{"in":"5s","at":"2027-01-01T00:00:00Z"}`, 422, "in"}, {"POST", id + "/expire", `{"in":"-5s"}`, 422, "in"},
		{"POST", id + "/expire", `{"in":"100000d"}`, 422, "in"}, {"POST", id + "/expire", `{"at":"1900-01-01T00:00:00Z"}`, 422, "at"}, {"POST", id + "/expire", `{"at":"soon"}`, 422, "at"},
		{"POST", id + "/extend", `{}`, 422, ""}, {"POST", id + "/extend", `{"by":"0s"}`, 422, "by"}, {"POST", id + "/extend", `{"by":"-5s"}`, 422, "by"},
		{"POST", id + "/extend", `{"by":"5s","to":"2027-01-01T00:00:00Z"}`, 422, ""}, {"POST", id + "/extend", `{"to":"2026-12-03T15:46:08Z"}`, 422, "to"},
		{"POST", id + "/extend", `{"to":"9999-01-01T00:00:00Z"}`, 422, "to"}, {"POST", id + "/extend", `{"by":"100000d"}`, 422, "by"},
		{"POST", id + "/scope", `{}`, 422, "scope"}, {"POST", id + "/scope", `{"scope":"ü"}`, 422, "scope"}, {"POST", id + "/scope", `{"scope":1}`, 422, "scope"},
		{"POST", id + "/revoke", `{"why":"` + long + `"}`, 422, "why"},
		{"GET", "/tokens?bank=nope", ``, 422, "bank"}, {"GET", "/tokens?kind=id", ``, 422, "kind"}, {"GET", "/tokens?state=dead", ``, 422, "state"},
		{"GET", "/tokens?limit=0", ``, 422, "limit"}, {"GET", "/tokens?limit=1001", ``, 422, "limit"}, {"GET", "/tokens?cursor=1", ``, 422, "cursor"},
		{"GET", "/grants?bank=nope", ``, 422, "bank"}, {"GET", "/grants?state=spent", ``, 422, "state"}, {"GET", "/grants/g_nobody", ``, 404, ""},
		{"POST", "/grants/g_nobody/revoke", ``, 404, ""}, {"POST", "/grants/" + m.Grant + "/revoke", `{"why":"` + long + `"}`, 422, "why"},
		{"POST", "/revoke", ``, 422, ""}, {"POST", "/revoke", `{"all":false}`, 422, ""}, {"POST", "/revoke", `{"all":true,"bank":"s2s"}`, 422, "all"},
		{"POST", "/revoke", `{"bank":"nope"}`, 422, "bank"}, {"POST", "/revoke", `{"user":"dave","why":"` + long + `"}`, 422, "why"},
	}
	before := d.pull("GET", "/tokens?reveal=true", nil).Body
	for _, tt := range tests {
		a := d.pull(tt.method, tt.path, tt.body)
		var p struct {
			Detail string
			Errors []struct{ Field string }
		}
		a.Into(&p)
		field := ""
		if len(p.Errors) > 0 {
			field = p.Errors[0].Field
		}
		if a.Status != tt.status || field != tt.field || p.Detail == "" {
			t.Errorf("%s %s %.80s: %d, field %q, %s", tt.method, tt.path, tt.body, a.Status, field, a.Body)
		}
	}
	if after := d.pull("GET", "/tokens?reveal=true", nil).Body; after != before {
		t.Errorf("a refusal changed something:\n%s\n%s", before, after)
	}
}

func TestWhatNeverExpiresIsNotExtended(t *testing.T) {
	t.Parallel()
	never, err := server.ParsePolicy("yoisho.access=never")
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, server.Options{Policy: []world.Setting{never}}, admin.Options{})
	m := d.mint(dave(""))
	if m.Token.Life != nil || m.Token.Left != nil || !m.Token.Expires.IsZero() {
		t.Errorf("%+v", m.Token)
	}
	d.pull("POST", "/tokens/"+m.Token.ID+"/extend", `{"by":"5m"}`).Want(409)
	d.pull("POST", "/tokens/"+m.Token.ID+"/expire", `{"in":"1h"}`).Want(200)
	d.Advance(time.Hour)
	if got := d.info(m.Token.Value); got != 400 {
		t.Errorf("after its end: %d", got)
	}
}

func TestTokenLists(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	one := d.mint(dave(""))
	two := d.mint(strings.Replace(dave(`,"kind":"code"`), "dave", "jane", 1))
	three := d.mint(ali(`,"refresh":true`))
	d.s2sRefresh(three.Refresh.Value).Want(200)
	d.pull("POST", "/grants/"+two.Grant+"/revoke", nil).Want(200)
	d.pull("POST", "/tokens/"+one.Token.ID+"/expire", nil).Want(200)
	tests := []struct {
		query string
		want  int
	}{
		{"", 6}, {"bank=s2s", 4}, {"bank=yoisho", 2}, {"client=s2s-demo", 4}, {"client=nobody", 0}, {"user=dave", 1}, {"user=s2s/ali", 4}, {"user=li", 0},
		{"kind=code", 1}, {"kind=access", 3}, {"kind=refresh", 2}, {"state=live", 3}, {"state=expired", 1}, {"state=revoked", 1}, {"state=spent", 1},
		{"grant=" + three.Grant, 4}, {"grant=" + three.Grant + "&kind=access&state=live", 2}, {"grant=g_nobody", 0}, {"bank=s2s&user=dave", 0},
	}
	for _, tt := range tests {
		for _, limit := range []int{1, 2, 3, 100} {
			var ids []string
			next := ""
			for {
				var page admin.TokenList
				d.pull("GET", fmt.Sprintf("/tokens?limit=%d&%s&cursor=%s", limit, tt.query, next), nil).Want(200).Into(&page)
				for _, v := range page.Items {
					ids = append(ids, v.ID)
				}
				if next = page.Next; next == "" {
					break
				}
				if len(page.Items) != limit {
					t.Fatalf("%s by %d: a page of %d that has a next one", tt.query, limit, len(page.Items))
				}
			}
			sorted := slices.Clone(ids)
			slices.Sort(sorted)
			if len(ids) != tt.want || len(slices.Compact(sorted)) != tt.want {
				t.Errorf("%s by %d: %v, want %d", tt.query, limit, ids, tt.want)
			}
		}
	}
	var masked, shown admin.TokenList
	d.pull("GET", "/tokens", nil).Into(&masked)
	d.pull("GET", "/tokens?reveal=true", nil).Into(&shown)
	for i, v := range shown.Items {
		if v.Value == masked.Items[i].Value || strings.Contains(masked.Items[i].Value, v.Value[4:]) {
			t.Errorf("%s is not masked: %s", v.Value, masked.Items[i].Value)
		}
	}
	var grants admin.GrantList
	for query, want := range map[string]int{"": 3, "bank=s2s": 1, "client=s2s-demo": 1, "user=jane": 1, "state=live": 1, "state=revoked": 1, "state=expired": 1, "consent=x": 0} {
		if d.pull("GET", "/grants?"+query, nil).Want(200).Into(&grants); len(grants.Items) != want {
			t.Errorf("grants %s: %+v, want %d", query, grants.Items, want)
		}
	}
	d.pull("GET", "/grants?limit=2", nil).Into(&grants)
	if len(grants.Items) != 2 || grants.Items[0].ID != three.Grant || grants.Items[0].Tokens != 4 || grants.Items[0].Live != 3 || grants.Next == "" {
		t.Errorf("%+v", grants)
	}
	var rest admin.GrantList
	d.pull("GET", "/grants?limit=2&cursor="+grants.Next, nil).Into(&rest)
	if len(rest.Items) != 1 || rest.Items[0].ID != one.Grant || rest.Next != "" {
		t.Errorf("%+v", rest)
	}
}

func TestLifeLine(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.turn("s2s", "reuse=family")
	code := d.mint(ali(`,"kind":"code"`))
	tokens := d.Post("/api/v1/s2s-oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {code.Token.Value}}, servertest.Basic("s2s-demo", "s2s-demo-secret")).Want(200)
	d.s2sAccounts(tokens.Text("access_token")).Want(200)
	d.Advance(time.Minute)
	d.s2sRefresh(tokens.Text("refresh_token")).Want(200)
	d.s2sRefresh(tokens.Text("refresh_token")).Want(400)
	d.s2sAccounts(tokens.Text("access_token")).Want(401)

	var family admin.GrantFamily
	d.pull("GET", "/grants/"+code.Grant, nil).Want(200).Into(&family)
	kinds := ""
	seen := map[string]bool{"": true}
	for _, v := range family.Family {
		kinds += string(v.Kind) + " "
		if !seen[v.Parent] {
			t.Errorf("%s comes before %s, which it came from", v.ID, v.Parent)
		}
		seen[v.ID] = true
	}
	if kinds != "code access refresh access refresh " || family.State.Name != "revoked" || family.State.By != "reuse" || family.Live != 0 {
		t.Errorf("%s, %+v", kinds, family.GrantView)
	}

	life := func(id string) (v admin.TokenLife) {
		d.pull("GET", "/tokens/"+url.PathEscape(id)+"?reveal=true", nil).Want(200).Into(&v)
		return v
	}
	first := life(code.Token.ID)
	if first.Spent == nil || len(first.Children) != 2 || first.Children[0].ID != family.Family[1].ID || first.State.Name != "revoked" {
		t.Errorf("the code: %+v", first)
	}
	access := life(tokens.Text("access_token"))
	if access.Parent != code.Token.ID || access.Revoked == nil || access.Revoked.By != "reuse" || len(access.Uses) != 3 || access.Uses[0].Status != 401 ||
		access.Uses[2].Op != "token" || access.GrantState != "revoked" || access.Value != tokens.Text("access_token") {
		t.Errorf("the access token: %+v", access)
	}
	rotated := life(family.Family[2].ID)
	if rotated.Spent == nil || rotated.Spent.Why != "rotated" || len(rotated.Children) != 2 || rotated.Policy != "s2s default" {
		t.Errorf("the rotated refresh token: %+v", rotated)
	}
}

// Levers and the banks' traffic at once: -race looks on.
func TestTokenLeversUnderTraffic(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for range 15 {
				switch i {
				case 0:
					m := d.mint(ali(`,"refresh":true`))
					d.s2sAccounts(m.Token.Value)
					d.s2sRefresh(m.Refresh.Value)
				case 1:
					d.info(d.token(""))
				case 2:
					var page admin.TokenList
					d.pull("GET", "/tokens?state=live", nil).Want(200).Into(&page)
					for _, v := range page.Items[:min(3, len(page.Items))] {
						d.pull("POST", "/tokens/"+v.ID+"/expire", `{"in":"1s"}`)
						d.pull("GET", "/tokens/"+v.ID, nil)
						d.pull("GET", "/grants/"+v.Grant, nil)
					}
				case 3:
					d.pull("POST", "/revoke", `{"user":"ali"}`).Want(200)
				case 4:
					d.pull("POST", "/undo", nil)
				case 5:
					d.pull("GET", "/grants?state=live", nil).Want(200)
				}
			}
		})
	}
	wg.Wait()
}

// A token for a client that is registered for no scope, ordered without one, has what the bank itself would grant, and opens its accounts.
func TestMintedScopeByDefault(t *testing.T) {
	t.Parallel()
	for bank, want := range map[string]string{"yoisho": "read", "berlin": "AISP", "sparebank1": "resource.WRITE resource.READ", "s2s": "read:accounts all:remittance all:eft", "finapi": "all"} {
		d := open(t, server.Options{}, admin.Options{})
		c := clientOf(bank)
		d.pull("PATCH", "/clients/"+bank+"/"+c.id, `{"scopes":[]}`).Want(200)
		order := map[string]string{"bank": bank, "client": c.id, "user": c.user}
		if bank == "berlin" {
			order["consent"] = d.pull("POST", "/consents", order).Want(201).Text("id")
		}
		var m admin.Minted
		d.pull("POST", "/tokens", order).Want(201).Into(&m)
		a := d.app(bank)
		a.access = m.Token.Value
		if status := a.call(); m.Token.Scope != want || status != 200 {
			t.Errorf("%s: scope %q, and the bank says %d", bank, m.Token.Scope, status)
		}
		if a.login(); bank != "yoisho" && bank != "sparebank1" && a.last.Text("scope") != want {
			t.Errorf("%s itself grants %q", bank, a.last.Text("scope"))
		}
	}
}

// Somebody who deletes herself at the bank takes the knobs along that were turned for her; what was turned for others can be taken back.
func TestBanksOwnDeletionTakesKnobsAlong(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	client := d.app("finapi").try(url.Values{"grant_type": {"client_credentials"}}).Text("access_token")
	create := func() {
		d.Do("POST", "/users", `{"id":"zoe","password":"password"}`, servertest.Bearer(client), servertest.Header("Content-Type", "application/json")).Want(201)
	}
	levels := func() int {
		var v admin.PolicyView
		d.pull("GET", "/policies", nil).Want(200).Into(&v)
		return len(v.Levels)
	}
	create()
	d.turn("finapi", "access=1h")
	d.pull("PATCH", "/policies", `{"level":{"bank":"finapi","user":"zoe"},"set":{"access":"5s"}}`).Want(200)
	token := d.app("finapi").try(url.Values{"grant_type": {"password"}, "username": {"zoe"}, "password": {"password"}}).Text("access_token")
	d.Do("DELETE", "/users", "", servertest.Bearer(token)).Want(200)
	d.want("levels", levels(), 1)
	create()
	d.want("levels of the next zoe", levels(), 1)
	d.pull("POST", "/undo", `{"count":2}`).Want(200)
	d.want("levels after undo", levels(), 0)
}
