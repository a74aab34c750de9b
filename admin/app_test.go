package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// app is a client of one bank that a test drives request by request.
type app struct {
	*desk
	bank            string
	user            string // empty: the client's usual one
	access, refresh string
	consent         string
	last            *servertest.Answer // of the token endpoint
}

// bankClient is what a bank's demo client needs.
type bankClient struct{ id, secret, user, token, api string }

func clientOf(bank string) bankClient {
	return map[string]bankClient{
		"yoisho":     {yoishoID, yoishoSecret, "dave", "/account/access_token", "/account/info"},
		"berlin":     {"bg-demo", "bg-demo-secret", "dave", "/oauth2/token", "/v1/accounts"},
		"sparebank1": {"sb1-demo", "sb1-demo-secret", "dave", "/sparebank1/oauth/token", "/personal/banking/accounts"},
		"s2s":        {"s2s-demo", "s2s-demo-secret", "ali", s2sToken, "/s2s/api/v1/accounts"},
		"finapi":     {"finapi-demo", "finapi-demo-secret", "dave", "/finapi/oauth/token", "/finapi/api/v1/accounts"},
	}[bank]
}

func (d *desk) app(bank string) *app { return &app{desk: d, bank: bank} }

const callback = "http://127.0.0.1:9/cb"

// code is one for the user, without a browser where there is one.
func (a *app) code() string {
	a.t.Helper()
	c := clientOf(a.bank)
	if a.user != "" {
		c.user = a.user
	}
	order := map[string]string{"bank": a.bank, "client": c.id, "user": c.user, "kind": "code", "redirectUri": callback}
	switch a.bank {
	case "yoisho":
		to := a.Get("/account/loggedin?uname=dave&psw=x&client_id=" + c.id + "&redirect=" + callback).Want(303).Header.Get("Location")
		_, code, _ := strings.Cut(to, "code=")
		return code
	case "s2s":
		return a.Get("/api/v1/s2s-oauth2/code", s2sApp(servertest.Header("X-Service-Account-ID", "12a42d02-0845-46f8-b6e2-202e1e792364"),
			servertest.Header("X-Service-Account-Secret", "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po"),
			servertest.Header("scope", "read:accounts all:remittance all:eft"))...).Want(200).Text("code")
	case "sparebank1":
		order["scope"] = "accounts transactions transfer"
	case "berlin":
		a.consent = a.pull("POST", "/consents", map[string]string{"bank": a.bank, "client": c.id, "user": c.user}).Want(201).Text("id")
		order["consent"] = a.consent
	}
	var minted struct{ Token struct{ Value string } }
	a.pull("POST", "/tokens", order).Want(201).Into(&minted)
	return minted.Token.Value
}

// try sends a form to the token endpoint as the bank wants it, whatever comes of it.
func (a *app) try(form url.Values, options ...servertest.Option) *servertest.Answer {
	a.t.Helper()
	c := clientOf(a.bank)
	if a.bank == "yoisho" {
		form.Set("client_id", c.id)
		form.Set("client_secret", c.secret)
		a.last = a.Get(c.token+"?"+form.Encode(), options...)
		return a.last
	}
	if a.bank == "finapi" {
		form.Set("client_id", c.id)
		form.Set("client_secret", c.secret)
	} else {
		options = append(options, servertest.Basic(c.id, c.secret))
	}
	a.last = a.Post(c.token, form, options...)
	return a.last
}

// swap is the exchange of a code.
func (a *app) swap(code string) *servertest.Answer {
	a.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}}
	if a.bank == "berlin" || a.bank == "sparebank1" {
		form.Set("redirect_uri", callback)
	}
	return a.try(form)
}

// login gets tokens.
func (a *app) login() *app {
	a.t.Helper()
	if a.bank == "finapi" {
		a.try(url.Values{"grant_type": {"password"}, "username": {"dave"}, "password": {"x"}})
	} else {
		a.swap(a.code())
	}
	return a.took()
}

// took keeps what the token endpoint has answered.
func (a *app) took() *app {
	a.t.Helper()
	answer := a.last.Want(200).JSON()
	a.access, _ = answer["access_token"].(string)
	if next, ok := answer["refresh_token"].(string); ok {
		a.refresh = next
	}
	return a
}

// renew refreshes with the token given, or its own, whatever comes of it.
func (a *app) renew(token ...string) *servertest.Answer {
	a.t.Helper()
	value := a.refresh
	if len(token) > 0 {
		value = token[0]
	}
	return a.try(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {value}})
}

// call reads accounts with the access token and tells the status.
func (a *app) call(options ...servertest.Option) int {
	return a.get(clientOf(a.bank).api, options...).Status
}

// get calls the API.
func (a *app) get(path string, options ...servertest.Option) *servertest.Answer {
	a.t.Helper()
	return a.Do("GET", path, "", append(a.head(), options...)...)
}

// post sends JSON to the API.
func (a *app) post(path, body string) *servertest.Answer {
	a.t.Helper()
	return a.Do("POST", path, body, append(a.head(), servertest.Header("Content-Type", "application/json"))...)
}

func (a *app) head() []servertest.Option {
	options := []servertest.Option{servertest.Bearer(a.access)}
	if a.bank == "s2s" {
		options = s2sApp(options...)
	}
	if a.bank == "berlin" {
		options = append(options, servertest.Header("PSU-IP-Address", "192.0.2.1"))
	}
	return options
}

// sent does a request that may well get no answer.
func (a *app) sent(method, path, body string, options ...servertest.Option) (status int, err error) {
	a.t.Helper()
	r, err := http.NewRequest(method, a.URL()+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, o := range options {
		o(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	answer.Body.Close()
	return answer.StatusCode, nil
}

func TestAppsOfAllBanksWork(t *testing.T) {
	t.Parallel()
	for _, bank := range []string{"yoisho", "berlin", "sparebank1", "s2s", "finapi"} {
		d := open(t, server.Options{}, admin.Options{})
		a := d.app(bank).login()
		if status := a.call(); status != 200 {
			t.Errorf("%s: %d", bank, status)
		}
		if bank != "yoisho" {
			if a.renew(); a.took().call() != 200 {
				t.Errorf("%s: refreshed, and refused", bank)
			}
		}
	}
}
