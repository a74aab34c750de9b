package admin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"sandbank/admin"
	"sandbank/server/servertest"
)

// customer is a person at a bank that holds tokens, and how the bank is asked with them.
type customer struct {
	*desk
	bank, login, access, renewal, client, secret string
}

func demoClients() map[string][2]string {
	return map[string][2]string{"yoisho": {yoishoID, yoishoSecret}, "berlin": {"bg-demo", "bg-demo-secret"}, "sparebank1": {"sb1-demo", "sb1-demo-secret"},
		"s2s": {"s2s-demo", "s2s-demo-secret"}, "finapi": {"finapi-demo", "finapi-demo-secret"}}
}

// customer mints tokens for a person, at berlin under a consent.
func (d *desk) customer(bank, login string) *customer {
	d.t.Helper()
	c := &customer{desk: d, bank: bank, login: login, client: demoClients()[bank][0], secret: demoClients()[bank][1]}
	order := map[string]any{"bank": bank, "client": c.client, "user": login, "refresh": bank != "yoisho"}
	switch bank {
	case "berlin":
		var v admin.ConsentView
		d.pull("POST", "/consents", map[string]any{"bank": bank, "client": c.client, "user": login}).Want(201).Into(&v)
		order["consent"] = v.ID
	case "sparebank1":
		order["scope"] = "resource.READ"
	}
	var m admin.Minted
	d.pull("POST", "/tokens", order).Want(201).Into(&m)
	c.access = m.Token.Value
	if m.Refresh != nil {
		c.renewal = m.Refresh.Value
	}
	return c
}

// ask reads below the bank's own base URL with the access token.
func (c *customer) ask(path string) *servertest.Answer {
	c.t.Helper()
	return c.Get("/"+c.bank+path, servertest.Bearer(c.access), func(r *http.Request) {
		if c.bank == "berlin" {
			r.Header.Set("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7721")
			r.Header.Set("PSU-IP-Address", "192.0.2.7")
		}
		if c.bank == "s2s" {
			r.Header.Set("X-IBM-client-id", c.client)
			r.Header.Set("X-IBM-client-secret", c.secret)
		}
	})
}

// list asks for the accounts, or what the bank has instead.
func (c *customer) list() *servertest.Answer {
	c.t.Helper()
	return c.ask(map[string]string{"yoisho": "/account/balance", "berlin": "/v1/accounts", "sparebank1": "/personal/banking/accounts?includeNokAccounts=true&includeCurrencyAccounts=true",
		"s2s": "/api/v1/accounts", "finapi": "/api/v1/accounts"}[c.bank])
}

// renew uses the refresh token without holding on to what it brings.
func (c *customer) renew() (int, string) {
	c.t.Helper()
	path := map[string]string{"berlin": "/oauth2/token", "sparebank1": "/oauth/token", "s2s": "/api/v1/s2s-oauth2/token", "finapi": "/oauth/token"}[c.bank]
	a := c.Post("/"+c.bank+path, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.renewal}}, servertest.Basic(c.client, c.secret))
	var v struct {
		Error   string `json:"error"`
		Refresh string `json:"refresh_token"`
	}
	json.Unmarshal([]byte(a.Body), &v)
	if v.Refresh != "" {
		c.renewal = v.Refresh
	}
	return a.Status, v.Error
}

// banks are all of them, with somebody who is there from the start.
func banks() map[string]string {
	return map[string]string{"yoisho": "dave", "berlin": "dave", "sparebank1": "dave", "s2s": "ali", "finapi": "dave"}
}

// alive fails unless the access token opens the bank and the refresh token renews.
func (c *customer) alive(when string) {
	c.t.Helper()
	if a := c.list(); a.Status != 200 {
		c.t.Errorf("%s, %s: %d %s", c.bank, when, a.Status, a.Body)
	}
	if c.renewal == "" {
		return
	}
	if status, e := c.renew(); status != 200 {
		c.t.Errorf("%s, %s: refresh is %d %s", c.bank, when, status, e)
	}
}

// dead fails unless both are refused, in the bank's own way.
func (c *customer) dead(when string) {
	c.t.Helper()
	form := map[string]struct {
		status int
		words  string
	}{"yoisho": {400, `{"error": "invalid access_token "}`}, "berlin": {401, `"code":"`}, "sparebank1": {401, "Unauthorized"},
		"s2s": {401, `"httpMessage":"Unauthorized"`}, "finapi": {401, `"error":"invalid_token"`}}[c.bank]
	if a := c.list(); a.Status != form.status || !strings.Contains(a.Body, form.words) {
		c.t.Errorf("%s, %s: %d %s", c.bank, when, a.Status, a.Body)
	}
	if c.renewal == "" {
		return
	}
	if status, e := c.renew(); status != 400 || e != "invalid_grant" {
		c.t.Errorf("%s, %s: refresh is %d %s", c.bank, when, status, e)
	}
}

// login tries the bank's own page, or at the bank without pages the service account, and returns the status.
func (c *customer) signsIn(password string) int {
	c.t.Helper()
	switch c.bank {
	case "finapi":
		return c.Post("/finapi/oauth/token", url.Values{"grant_type": {"password"}, "username": {c.login}, "password": {password}}, servertest.Basic(c.client, c.secret)).Status
	case "s2s":
		return c.Get("/api/v1/s2s-oauth2/code", s2sApp(servertest.Header("X-Service-Account-ID", "12a42d02-0845-46f8-b6e2-202e1e792364"),
			servertest.Header("X-Service-Account-Secret", "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po"))...).Status
	}
	return c.Post("/"+c.bank+"/connections", url.Values{"login": {c.login}, "password": {password}}).Status
}

// refused fails unless the order is refused with this field.
func (d *desk) refused(method, path, body, field string, options ...servertest.Option) {
	d.t.Helper()
	a := d.pull(method, path, body, options...)
	var p struct {
		Errors []struct{ Field, Detail string }
	}
	a.Into(&p)
	if a.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != field || p.Errors[0].Detail == "" {
		d.t.Errorf("%s %s %.200s: %d %s", method, path, body, a.Status, a.Body)
	}
}
