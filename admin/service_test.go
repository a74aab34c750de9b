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

// acts asks for a token as a service account does, and returns it with the status.
func (d *desk) acts(v admin.ServiceView, secret string) (status int, token string) {
	d.t.Helper()
	if v.Way == "service account" {
		client := []servertest.Option{servertest.Header("X-IBM-client-id", v.ID), servertest.Header("X-IBM-client-secret", v.Client[0].Value),
			servertest.Header("X-Service-Account-ID", v.Service), servertest.Header("X-Service-Account-Secret", secret)}
		a := d.Get("/s2s/api/v1/s2s-oauth2/code", client...)
		if a.Status != 200 {
			return a.Status, ""
		}
		a = d.Post("/s2s/api/v1/s2s-oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {a.Text("code")}}, servertest.Basic(v.ID, v.Client[0].Value)).Want(200)
		return 200, a.Text("access_token")
	}
	path := map[string]string{"berlin": "/oauth2/token", "sparebank1": "/oauth/token", "finapi": "/oauth/token"}[v.Bank]
	a := d.Post("/"+v.Bank+path, url.Values{"grant_type": {"client_credentials"}}, servertest.Basic(v.ID, secret))
	if a.Status != 200 {
		return a.Status, ""
	}
	return 200, a.Text("access_token")
}

// uses calls the bank with a service account's token.
func (d *desk) uses(v admin.ServiceView, token string) int {
	d.t.Helper()
	options := []servertest.Option{servertest.Bearer(token)}
	if v.Way == "service account" {
		options = append(options, servertest.Header("X-IBM-client-id", v.ID), servertest.Header("X-IBM-client-secret", v.Client[0].Value))
	}
	path := map[string]string{"berlin": "/v1/consents/x", "sparebank1": "/common/helloworld", "finapi": "/api/v1/clientConfiguration", "s2s": "/api/v1/accounts"}[v.Bank]
	return d.Get("/"+v.Bank+path, options...).Status
}

func TestServiceAccountLife(t *testing.T) {
	t.Parallel()
	wrong := map[string]int{"berlin": 401, "sparebank1": 401, "finapi": 401, "s2s": 401}
	for _, bank := range []string{"berlin", "sparebank1", "finapi", "s2s"} {
		t.Run(bank, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			order := map[string]any{"bank": bank, "id": "robot", "secret": "first-secret-of-robot", "name": "Night job"}
			if bank == "s2s" {
				order["user"] = "annelid"
			}
			var v admin.ServiceView
			d.pull("POST", "/service-accounts", order).Want(201).Into(&v)
			if v.Secrets[0].Value != "first-secret-of-robot" || v.Shared || bank == "s2s" && (v.User != "s2s/annelid" || v.Service == "" || v.Client[0].Value == v.Secrets[0].Value) {
				t.Fatalf("minted %+v", v)
			}
			const path = "/service-accounts/"
			one := path + bank + "/robot"
			status, token := d.acts(v, "first-secret-of-robot")
			if used := d.uses(v, token); status != 200 || used == 401 {
				t.Errorf("acts %d, used %d", status, used)
			}
			if got, _ := d.acts(v, "wrong"); got != wrong[bank] {
				t.Errorf("with a wrong secret %d", got)
			}
			for query, shown := range map[string]bool{"": false, "?reveal=true": true} {
				if body := d.pull("GET", one+query, nil).Want(200).Body; strings.Contains(body, "first-secret-of-robot") != shown {
					t.Errorf("%q: %s", query, body)
				}
			}
			d.pull("PATCH", one, `{"name":"Day job"}`).Want(200)

			var rotated admin.ServiceView
			d.pull("POST", one+"/rotate", `{"secret":"second-secret-of-robot","overlap":"10m"}`).Want(200).Into(&rotated)
			if rotated.Name != "Day job" || rotated.Secrets[0].Value != "second-secret-of-robot" || len(rotated.Secrets) != 2 {
				t.Errorf("rotated %+v", rotated)
			}
			both := func(when string, old, fresh int) {
				t.Helper()
				a, _ := d.acts(v, "first-secret-of-robot")
				b, _ := d.acts(v, "second-secret-of-robot")
				if a != old || b != fresh {
					t.Errorf("%s: old %d, new %d", when, a, b)
				}
			}
			d.Advance(10*time.Minute - 1)
			both("in the overlap", 200, 200)
			d.Advance(1)
			both("after it", wrong[bank], 200)
			d.undo()
			both("undone", 200, wrong[bank])

			_, token = d.acts(v, "first-secret-of-robot")
			d.pull("DELETE", one, nil).Want(204)
			if got := d.uses(v, token); got != 401 {
				t.Errorf("deleted: %d", got)
			}
			d.pull("GET", one, nil).Want(404)
			d.pull("DELETE", one, nil).Want(404)
			d.undo()
			if got := d.uses(v, token); got == 401 {
				t.Errorf("undone: %d", got)
			}
		})
	}
}

// A client that people use as well loses its own credentials' grant, and no more.
func TestSharedServiceAccountLeavesTheClient(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	c := d.customer("berlin", "dave")
	var v admin.ServiceView
	d.pull("GET", "/service-accounts/berlin/bg-demo?reveal=true", nil).Want(200).Into(&v)
	status, token := d.acts(v, "bg-demo-secret")
	if !v.Shared || status != 200 || d.uses(v, token) != 403 && d.uses(v, token) != 404 {
		t.Fatalf("%+v acts %d, uses %d", v, status, d.uses(v, token))
	}
	d.pull("DELETE", "/service-accounts/berlin/bg-demo", nil).Want(204)
	if got, _ := d.acts(v, "bg-demo-secret"); got != 400 || d.uses(v, token) != 401 {
		t.Errorf("deleted, it acts %d, uses %d", got, d.uses(v, token))
	}
	c.alive("without the service account")
	d.pull("GET", "/clients/berlin/bg-demo", nil).Want(200)
}

// The one service account can be turned to act for another person.
func TestServiceAccountOfAnother(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("PATCH", "/service-accounts/s2s/s2s-demo", `{"user":"annelid"}`).Want(200)
	if body := d.customerOfDemo(); !strings.Contains(body, `"account_id":"43557118"`) {
		t.Errorf("it sees %.200s", body)
	}
	var list admin.ServiceList
	d.pull("GET", "/service-accounts?user=annelid", nil).Want(200).Into(&list)
	if len(list.Items) != 1 || list.Items[0].User != "s2s/annelid" {
		t.Errorf("annelid's: %+v", list)
	}
	d.undo()
	if body := d.customerOfDemo(); !strings.Contains(body, `"account_id":"43199139"`) {
		t.Errorf("undone, it sees %.200s", body)
	}
}

// customerOfDemo is what the demo service account sees.
func (d *desk) customerOfDemo() string {
	d.t.Helper()
	return d.Get("/api/v1/accounts", s2sApp(servertest.Bearer(d.s2s().Text("access_token")))...).Want(200).Body
}

func TestServiceAccountRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	before := d.file(d.take(""))
	for body, field := range map[string]string{
		`{}`: "bank", `{"bank":"nobank"}`: "bank", `{"bank":"yoisho"}`: "bank", `{"bank":"berlin","user":"dave"}`: "user", `{"bank":"berlin","service":"x"}`: "service",
		`{"bank":"s2s"}`: "user", `{"bank":"s2s","user":"nobody"}`: "user", `{"bank":"berlin","id":"a b"}`: "id", `{"bank":"berlin","name":"a\u0000"}`: "name",
		`{"bank":"berlin","scopes":["a b"]}`: "scopes", `{"bank":"berlin","grantTypes":[]}`: "grantTypes", `{"bank":"berlin","count":2,"secret":"x"}`: "count",
	} {
		d.refused("POST", "/service-accounts", body, field)
	}
	d.pull("POST", "/service-accounts", `{"bank":"berlin","id":"bg-demo"}`).Want(409)
	d.refused("PATCH", "/service-accounts/berlin/bg-demo", `{"secret":"x"}`, "id")
	d.refused("PATCH", "/service-accounts/berlin/bg-demo", `{"user":"dave"}`, "user")
	d.refused("POST", "/service-accounts/berlin/bg-demo/rotate", `{"overlap":"-1s"}`, "overlap")
	d.refused("GET", "/service-accounts?bank=x", "", "bank")
	for _, one := range []string{"/service-accounts/berlin/bg-spa", "/service-accounts/yoisho/" + yoishoID, "/service-accounts/berlin/nobody"} {
		d.pull("GET", one, nil).Want(404)
		d.pull("DELETE", one, nil).Want(404)
		d.pull("POST", one+"/rotate", nil).Want(404)
	}
	var list admin.ServiceList
	d.pull("GET", "/service-accounts", nil).Want(200).Into(&list)
	if len(list.Items) != 4 || list.Total != 4 {
		t.Errorf("%d service accounts", len(list.Items))
	}
	if d.file(d.take("")) != before {
		t.Error("a refused order left something")
	}
}
