package admin_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// asClient asks berlin for a client's own token, and returns the status.
func (d *desk) asClient(id, secret string) int {
	return d.Post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}}, servertest.Basic(id, secret)).Status
}

func TestClientLife(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var c admin.ClientView
	d.pull("POST", "/clients", `{"bank":"berlin","id":"mine","secret":"s1","name":"<b>Mine</b>","redirectUris":["https://app.example/cb"],"grantTypes":["authorization_code","client_credentials"],"scopes":["AISP"]}`).Want(201).Into(&c)
	if c.ID != "mine" || c.Public || len(c.Secrets) != 1 || c.Name != "<b>Mine</b>" {
		t.Errorf("registered %+v", c)
	}
	if got := d.asClient("mine", "s1"); got != 200 {
		t.Errorf("a fresh client gets %d", got)
	}
	d.pull("POST", "/clients", `{"bank":"berlin","id":"mine"}`).Want(409)

	d.pull("POST", "/clients/berlin/mine/rotate", `{"secret":"s2","overlap":"10m"}`).Want(200)
	d.Advance(10*time.Minute - 1)
	if a, b := d.asClient("mine", "s1"), d.asClient("mine", "s2"); a != 200 || b != 200 {
		t.Errorf("in the overlap: old %d, new %d", a, b)
	}
	d.Advance(1)
	if a, b := d.asClient("mine", "s1"), d.asClient("mine", "s2"); a != 401 || b != 200 {
		t.Errorf("after it: old %d, new %d", a, b)
	}
	d.pull("POST", "/clients/berlin/mine/rotate", `{"secret":"s3"}`).Want(200)
	if a, b := d.asClient("mine", "s2"), d.asClient("mine", "s3"); a != 401 || b != 200 {
		t.Errorf("without an overlap: old %d, new %d", a, b)
	}
	d.pull("POST", "/undo", nil).Want(200)
	if a := d.asClient("mine", "s2"); a != 200 {
		t.Errorf("undone: %d", a)
	}

	d.pull("PATCH", "/clients/berlin/mine", `{"disabled":true}`).Want(200)
	if got := d.asClient("mine", "s2"); got != 401 {
		t.Errorf("disabled: %d", got)
	}
	d.pull("PATCH", "/clients/berlin/mine", `{"disabled":false,"grantTypes":["authorization_code"]}`).Want(200)
	if got := d.asClient("mine", "s2"); got != 400 {
		t.Errorf("without the grant type: %d", got)
	}
	d.pull("DELETE", "/clients/berlin/mine", nil).Want(204)
	d.pull("GET", "/clients/berlin/mine", nil).Want(404)
	if got := d.asClient("mine", "s2"); got != 401 {
		t.Errorf("deleted: %d", got)
	}
}

// A client is held to pushing its authorization requests, and let off again, at banks that take such requests.
func TestClientIsHeldToPushing(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/clients", `{"bank":"berlin","id":"mine","loopback":true,"requirePushedAuthorizationRequests":true}`).Want(201)
	link := "/oauth2/authorize?response_type=code&client_id=mine&redirect_uri=" + url.QueryEscape("http://127.0.0.1:9000/cb")
	if to := d.Browser().Get(link); to.Param("error") != "invalid_request" {
		t.Errorf("sent to %s", to.Away)
	}
	d.pull("PATCH", "/clients/berlin/mine", `{"requirePushedAuthorizationRequests":false}`).Want(200)
	d.Browser().Get(link).Want(200)
	for method, path := range map[string]string{"POST": "/clients", "PATCH": "/clients/finapi/finapi-demo"} {
		body := `{"requirePushedAuthorizationRequests":true}`
		if method == "POST" {
			body = `{"bank":"s2s","requirePushedAuthorizationRequests":true}`
		}
		if a := d.pull(method, path, body); a.Status != 422 || !strings.Contains(a.Body, "requirePushedAuthorizationRequests") {
			t.Errorf("%s %s: %d %s", method, path, a.Status, a.Body)
		}
	}
}

// RFC 6749 §3.1.2.2: redirect URIs are registered per client and held to at once.
func TestClientRedirects(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/clients", `{"bank":"berlin","id":"spa","public":true,"redirectUris":["https://spa.example/cb"]}`).Want(201)
	ask := func(uri string) int {
		return d.Get("/oauth2/authorize?response_type=code&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&client_id=spa&redirect_uri=" + url.QueryEscape(uri)).Status
	}
	if a, b := ask("https://spa.example/cb"), ask("http://127.0.0.1:5/cb"); a >= 400 || b != 400 {
		t.Errorf("registered %d, loopback %d", a, b)
	}
	d.pull("PATCH", "/clients/berlin/spa", `{"loopback":true,"redirectUris":[]}`).Want(200)
	if a, b := ask("https://spa.example/cb"), ask("http://127.0.0.1:5/cb"); a != 400 || b >= 400 {
		t.Errorf("after the edit: registered before %d, loopback %d", a, b)
	}
}

// Editing a client never kills what it holds.
func TestEditingLeavesTokens(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := servertest.Bearer(d.token(""))
	d.pull("PATCH", "/clients/yoisho/"+yoishoID, `{"name":"Another name","scopes":["read"]}`).Want(200)
	d.Get("/account/info", bearer).Want(200)
	d.pull("DELETE", "/clients/yoisho/"+yoishoID, nil).Want(204)
	d.Get("/account/info", bearer).Want(400)
	d.pull("POST", "/undo", nil).Want(200)
	d.Get("/account/info", bearer).Want(200)
}

func TestClientRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	tests := []struct{ method, path, body, field string }{
		{"POST", "/clients", `{}`, "bank"},
		{"POST", "/clients", `{"bank":"berlin","count":-1}`, "count"},
		{"POST", "/clients", `{"bank":"berlin","count":1001}`, "count"},
		{"POST", "/clients", `{"bank":"berlin","count":2,"id":"x"}`, "count"},
		{"PATCH", "/clients/berlin/bg-demo", `{"count":2}`, "count"},
		{"GET", "/clients?cursor=x", "", "cursor"},
		{"POST", "/clients", `{"bank":"nobank"}`, "bank"},
		{"POST", "/clients", `{"bank":"berlin","id":"a b"}`, "id"},
		{"POST", "/clients", `{"bank":"berlin","public":true,"secret":"x"}`, "secret"},
		{"POST", "/clients", `{"bank":"berlin","redirectUris":["javascript:alert(1)"]}`, "redirectUris"},
		{"POST", "/clients", `{"bank":"berlin","redirectUris":["https://a/#f"]}`, "redirectUris"},
		{"POST", "/clients", `{"bank":"berlin","grantTypes":["implicit"]}`, "grantTypes"},
		{"POST", "/clients", `{"bank":"berlin","scopes":["AISP","PISP"]}`, "scopes"},
		{"PATCH", "/clients/yoisho/" + yoishoID, `{"scopes":["write"]}`, "scopes"},
		{"POST", "/service-accounts", `{"bank":"s2s","user":"ali","scopes":["nothing"]}`, "scopes"},
		{"POST", "/clients", `{"bank":"berlin","secrets":[]}`, "secrets"},
		{"PATCH", "/clients/berlin/bg-demo", `{"id":"other"}`, "id"},
		{"POST", "/clients/berlin/bg-demo/rotate", `{"overlap":"-1s"}`, "overlap"},
		{"GET", "/clients?bank=nobank", "", "bank"},
	}
	for _, tt := range tests {
		a := d.pull(tt.method, tt.path, tt.body)
		var p struct{ Errors []struct{ Field string } }
		a.Into(&p)
		if a.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != tt.field {
			t.Errorf("%s %s %s: %d %s", tt.method, tt.path, tt.body, a.Status, a.Body)
		}
	}
	d.pull("POST", "/clients/berlin/bg-spa/rotate", nil).Want(409)
	d.pull("PATCH", "/clients/berlin/nobody", `{"name":"x"}`).Want(404)
	var all admin.ClientList
	d.pull("GET", "/clients", nil).Want(200).Into(&all)
	if len(all.Items) != 6 || all.Total != 6 || all.Next != "" {
		t.Errorf("%d clients: a refused order left something behind", len(all.Items))
	}
}

// Thirty at once, in one change; the list comes in parts, in a stable order, each client once.
func TestManyClients(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var m admin.ClientsMinted
	d.pull("POST", "/clients", `{"bank":"berlin","name":"Course","loopback":true,"count":30}`).Want(201).Into(&m)
	if len(m.More) != 29 || m.Name != "Course" || m.ID == m.More[0].ID || m.Secrets[0].Value == m.More[0].Secrets[0].Value {
		t.Errorf("%d more than %+v", len(m.More), m.ClientView)
	}
	last := m.More[28]
	a := d.Post("/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {callback}}, servertest.Basic(last.ID, last.Secrets[0].Value)).Want(400)
	d.want("the last one is known", a.Text("error"), "invalid_grant")
	var s admin.ServicesMinted
	d.pull("POST", "/service-accounts", `{"bank":"s2s","user":"ali","count":3}`).Want(201).Into(&s)
	if len(s.More) != 2 || s.User != "s2s/ali" || s.Service == s.More[0].Service || s.More[1].Secrets[0].Value == "" {
		t.Errorf("%+v", s)
	}
	for path, total := range map[string]int{"/clients?bank=berlin": 32, "/service-accounts?bank=s2s": 4} {
		var list struct {
			Items []struct{ ID string }
			Next  string
			Total int
		}
		seen, before := map[string]bool{}, ""
		for at := ""; ; {
			list.Items, list.Next = nil, ""
			d.pull("GET", path+"&limit=3&cursor="+at, nil).Want(200).Into(&list)
			for _, c := range list.Items {
				if seen[c.ID] || c.ID <= before {
					t.Errorf("%s: %s after %s", path, c.ID, before)
				}
				seen[c.ID], before = true, c.ID
			}
			if at = list.Next; at == "" {
				break
			}
		}
		if len(seen) != total || list.Total != total {
			t.Errorf("%s: %d of %d, want %d", path, len(seen), list.Total, total)
		}
	}
	d.pull("POST", "/undo", `{"count":2}`).Want(200)
	var all admin.ClientList
	d.pull("GET", "/clients", nil).Want(200).Into(&all)
	d.want("clients after undo", all.Total, 6)
}

// A client's origins are turned while the bank runs: pages of these may read what it is told, and no others.
func TestClientOrigins(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	readable := func(origin string) bool {
		a := d.Post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}}, servertest.Basic("bg-demo", "bg-demo-secret"), servertest.Header("Origin", origin))
		return a.Header.Get("Access-Control-Allow-Origin") == origin
	}
	const shop, other = "https://shop.example", "http://other.example:8080"
	for _, step := range []struct {
		origins     string
		shop, other bool
	}{{"", false, false}, {`["` + shop + `"]`, true, false}, {`["` + other + `","` + shop + `"]`, true, true}, {`["*"]`, true, true}, {`[]`, false, false}} {
		if step.origins != "" {
			d.pull("PATCH", "/clients/berlin/bg-demo", `{"origins":`+step.origins+`}`).Want(200)
		}
		if a, b := readable(shop), readable(other); a != step.shop || b != step.other {
			t.Errorf("%s: %v, %v", step.origins, a, b)
		}
	}
	for _, wrong := range []string{"", "shop.example", "https://shop.example/", "https://shop.example/path", "https://", "ftp://shop.example", "https://SHOP.example", "https://u@shop.example", "null"} {
		if e := d.pull("PATCH", "/clients/berlin/bg-demo", map[string]any{"origins": []string{wrong}}).Want(422); !strings.Contains(e.Body, `"field": "origins"`) {
			t.Errorf("%q: %s", wrong, e.Body)
		}
	}
}
