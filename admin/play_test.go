package admin_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/scenario"
	"sandbank/server/servertest"
)

// play is a case of the catalogue brought about on the wire.
type play struct {
	bank, variant string
	before        func(*app) // what comes ahead of arming
	act           func(*app) // the traffic, with what the client sees of it
}

func (d *desk) want(what string, got, want any) {
	d.t.Helper()
	if got != want {
		d.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func (d *desk) clock(move string) {
	d.t.Helper()
	d.pull("POST", "/clock", move).Want(200)
}

// tells is a play of one token answer whose expires_in is this.
func tells(raw string) func(*app) {
	return func(a *app) {
		a.t.Helper()
		a.login()
		var fields map[string]json.RawMessage
		a.last.Into(&fields)
		a.want("expires_in", string(fields["expires_in"]), raw)
		a.want("a call", a.call(), 200)
	}
}

func logIn(a *app) {
	a.login()
	a.want("before", a.call(), 200)
}

// plays are at least one for each case that can be shown. Behind the case's id stands what is special about a further one.
func plays() map[string]play {
	all := map[string]play{}
	for _, part := range []map[string]play{lifetimePlays(), calendarPlays(), refreshPlays(), codePlays(), consentPlays(), flightPlays(), surfacePlays(), keyPlays()} {
		for id, p := range part {
			all[id] = p
		}
	}
	return all
}

func lifetimePlays() map[string]play {
	return map[string]play{
		"E01": {bank: "s2s", act: func(a *app) {
			a.login().Advance(4e9)
			a.clock(`{"freeze":false}`)
			a.want("a call that was held up", a.call(), 401)
			a.clock(`{"freeze":true}`)
		}},
		"E02": {bank: "s2s", act: func(a *app) {
			a.login()
			a.clock(`{"to":"next-expiry"}`)
			a.want("a call at the very instant", a.call(), 401)
		}},
		"E03": {bank: "s2s", act: tells("20")},
		"E04": {bank: "s2s", act: tells("4294968391")},
		"E05": {bank: "s2s", act: tells("")},
		"E06": {bank: "s2s", act: tells("0")},
		"E07": {bank: "s2s", act: tells("-1")},
		"E08": {bank: "s2s", act: tells(`"1095"`)},
		"E09": {bank: "yoisho", variant: "null", act: tells("null")},
		"E10": {bank: "sparebank1", act: tells("600000")},
		"E11": {bank: "berlin", act: func(a *app) {
			tells("3600")(a)
			a.Advance(11e9)
			a.want("long before its told end", a.call(), 401)
		}},
		"E12": {bank: "berlin", act: tells("5")},
		"E14": {bank: "s2s", act: func(a *app) {
			a.login()
			a.want("Date", a.last.Header.Get("Date"), "Thu, 03 Dec 2026 15:45:38 GMT")
			a.want("a fresh token", a.call(), 200)
			a.Advance(1095e9 + 30e9 - 1)
			a.want("beyond its life", a.call(), 200)
		}},
		"E15": {bank: "finapi", act: func(a *app) {
			a.login()
			for i, want := range []int{200, 200, 200, 401} {
				a.want("use "+num(i+1), a.call(), want)
			}
		}},
		"E16": {bank: "s2s", act: tells("")},
	}
}

func calendarPlays() map[string]play {
	dead := func(a *app) { a.want("after the jump", a.call(), 401) }
	minute := func(a *app) {
		a.login()
		a.want("before", a.call(), 200)
		a.Advance(60e9)
		a.want("after", a.call(), 200)
	}
	const behind, ahead = "Thu, 03 Dec 2026 15:43:08 GMT", "Thu, 03 Dec 2026 15:47:08 GMT"
	tells := func(date string) func(*app) {
		return func(a *app) {
			a.login()
			a.want("Date", a.last.Header.Get("Date"), date)
			a.want("a fresh token", a.call(), 200)
			a.clock(`{"to":"next-expiry"}`)
			a.want("at its end", a.call(), 401)
		}
	}
	// What both of its servers' clocks have in common, no token notices: the space's own clock says one thing, theirs another.
	both := func(date string) func(*app) {
		return func(a *app) {
			a.login()
			a.want("Date", a.last.Header.Get("Date"), date)
			a.Advance(600e9 - 1)
			a.want("before its end", a.call(), 200)
			a.Advance(1)
			a.want("at its end", a.call(), 401)
		}
	}
	return map[string]play{
		"E17":         {bank: "s2s", act: tells(behind)},
		"E17 servers": {bank: "sparebank1", variant: "servers", act: both(behind)},
		"E18":         {bank: "berlin", act: tells(ahead)},
		"E18 servers": {bank: "sparebank1", variant: "servers", act: both(ahead)},
		"E19": {bank: "sparebank1", act: func(a *app) {
			a.login()
			a.want("a fresh token", a.call(), 401)
			a.renew()
			a.want("a refreshed one", a.took().call(), 401)
		}},
		"E19 behind": {bank: "yoisho", variant: "behind", act: func(a *app) {
			a.login().Advance(105e9 - 1)
			a.want("a dead token", a.call(), 200)
			a.Advance(1)
			a.want("45 s later", a.call(), 400)
		}},
		"E20": {bank: "s2s", act: func(a *app) {
			a.login()
			a.clock(`{"to":"next-expiry","edge":"before"}`)
			a.want("before its end", a.call(), 200)
			a.Advance(2e9)
			a.want("after its end", a.call(), 401)
		}},
		"E21": {bank: "s2s", before: logIn, act: dead},
		"E22": {bank: "s2s", before: logIn, act: func(a *app) { a.want("in the past", a.call(), 200) }},
		"E23": {bank: "sparebank1", before: logIn, act: dead},
		"E24": {bank: "sparebank1", act: minute},
		"E25": {bank: "berlin", act: minute},
		"E26": {bank: "berlin", act: func(a *app) {
			a.login().Advance(24*3600e9 - 1)
			a.want("on its last day", a.call(), 200)
			a.Advance(1)
			a.want("after it", strings.Contains(a.get("/v1/accounts").Want(401).Body, "CONSENT_EXPIRED"), true)
		}},
	}
}

func refreshPlays() map[string]play {
	return map[string]play{
		"E27": {bank: "s2s", act: func(a *app) {
			a.login().Advance(20e9)
			a.want("the refresh", a.renew().Want(400).Text("error"), "invalid_grant")
		}},
		"E28": {bank: "berlin", act: func(a *app) {
			a.login().renew().Want(200)
			a.want("its refresh token", a.last.JSON()["refresh_token"], nil)
			a.renew().Want(200)
		}},
		"E29": {bank: "finapi", act: func(a *app) {
			old := a.login().refresh
			a.renew()
			a.want("the old one is the new one", a.took().refresh == old, false)
			a.want("the old one", a.renew(old).Status, 400)
		}},
		"E30": {bank: "s2s", act: func(a *app) {
			old := a.login().refresh
			a.renew()
			a.took()
			a.want("the old one", a.renew(old).Status, 400)
			a.want("the new access token", a.call(), 401)
		}},
		"E31": {bank: "berlin", act: func(a *app) {
			old := a.login().refresh
			a.renew()
			next := a.took().refresh
			a.Advance(9e9)
			a.want("the successor", a.renew(old).Want(200).Text("refresh_token"), next)
		}},
		"E32": {bank: "s2s", act: func(a *app) {
			a.login()
			var both sync.WaitGroup
			for range 2 {
				one := *a
				both.Go(func() { one.renew() })
			}
			both.Wait()
		}},
		"E33": {bank: "s2s", act: func(a *app) {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {a.login().refresh}}
			_, err := a.sent("POST", s2sToken, form.Encode(), servertest.Header("Content-Type", "application/x-www-form-urlencoded"), servertest.Basic("s2s-demo", "s2s-demo-secret"))
			a.want("an answer came", err == nil, false)
			a.want("the old one", a.renew().Status, 400)
		}},
		"E34": {bank: "berlin", act: func(a *app) {
			a.login()
			a.want("the refresh", a.renew().Status, 500)
			a.want("the old one", a.renew().Status, 400)
		}},
		"E35": {bank: "sparebank1", variant: "idle", act: func(a *app) {
			a.login()
			for range 2 {
				a.Advance(6 * 24 * 3600e9)
				a.renew()
				a.took()
			}
			a.Advance(7 * 24 * 3600e9)
			a.want("seven days later", a.renew().Status, 400)
		}},
		"E36": {bank: "s2s", act: func(a *app) {
			a.login().renew()
			a.want("scope", a.last.Want(200).Text("scope"), "read:accounts all:remittance")
		}},
		"E37": {bank: "s2s", act: func(a *app) {
			old := a.login().access
			a.renew()
			a.want("access token", a.took().access, old)
		}},
		"E38": {bank: "s2s", act: func(a *app) {
			a.login()
			a.pull("POST", "/clients/s2s/s2s-demo/rotate", nil).Want(200)
			a.want("the refresh", a.renew().Want(401).Text("error"), "invalid_client")
			a.undo()
		}},
		"E39": {bank: "yoisho", act: func(a *app) {
			first := a.login().access
			a.Advance(1e9)
			a.login().Advance(1e9)
			a.login()
			a.want("the third", a.call(), 200)
			a.access = first
			a.want("the first", a.call(), 400)
		}},
		"E40": {bank: "s2s", act: func(a *app) {
			a.login()
			a.pull("POST", "/reset", `{"what":"tokens"}`).Want(200)
			a.want("a call", a.call(), 401)
			a.want("the refresh", a.renew().Status, 400)
		}},
		"E41": {bank: "finapi", act: func(a *app) {
			a.login()
			a.want("the refresh", a.renew().Status, 503)
			a.want("a call", a.call(), 200)
		}},
	}
}

// atLogin opens the login page of SpareBank 1.
func atLogin(a *app) *servertest.Page {
	a.t.Helper()
	return a.Browser().Get("/oauth/authorize?client_id=sb1-demo&redirect_uri=" + callback + "&response_type=code&state=42&finInst=fid-smn")
}

func codePlays() map[string]play {
	return map[string]play{
		"E42": {bank: "s2s", act: func(a *app) {
			code := a.code()
			a.Advance(3e9)
			a.want("the exchange", a.swap(code).Status, 400)
		}},
		"E43": {bank: "yoisho", act: func(a *app) {
			code := a.code()
			a.swap(code)
			a.took()
			a.want("the second exchange", a.swap(code).Status, 400)
			a.want("the token", a.call(), 400)
		}},
		"E44": {bank: "berlin", act: func(a *app) {
			a.want("the exchange", a.try(url.Values{"grant_type": {"authorization_code"}, "code": {a.code()}, "redirect_uri": {callback + "/x"}}).Status, 400)
		}},
		"E45": {bank: "sparebank1", act: func(a *app) {
			page := atLogin(a)
			a.Advance(20e9)
			if late := page.Submit("login", "dave", "password", "x"); late.Status < 400 {
				a.t.Errorf("a dead page: %d", late.Status)
			}
		}},
		"E46": {bank: "berlin", act: func(a *app) {
			id := a.Do("POST", "/v1/consents", `{"access":{"allPsd2":"allAccounts"},"recurringIndicator":true,"validUntil":"2027-01-31","frequencyPerDay":4}`,
				servertest.Header("Content-Type", "application/json"), servertest.Header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7721"),
				servertest.Header("PSU-ID", "dave")).Want(201).Text("consentId")
			status := func() string {
				return a.Get("/v1/consents/"+id+"/status", servertest.Header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7722")).Want(200).Text("consentStatus")
			}
			a.want("at first", status(), "received")
			a.Advance(30e9)
			a.want("later", status(), "rejected")
		}},
		"E47": {bank: "sparebank1", act: func(a *app) {
			last := atLogin(a).Submit("login", "dave", "password", "x")
			otp := last.Doc.Find("button[name=demo]").AttrOr("value", "")
			code := last.Submit("demo", otp).Param("code")
			a.want("the same code", last.Submit("demo", otp).Param("code"), code)
		}},
		"E48": {bank: "sparebank1", act: func(a *app) {
			a.want("error", atLogin(a).Submit("deny", "1").Param("error"), "access_denied")
			for flag, code := range map[string]string{"deny": "access_denied", "unavailable": "temporarily_unavailable", "servererror": "server_error"} {
				page := atLogin(a).Submit("login", "dave~"+flag, "password", "x")
				for page.Away == nil && page.Status < 400 {
					page = page.Submit("otp", page.Doc.Find("button[name=demo]").AttrOr("value", ""))
				}
				a.want(flag, page.Param("error"), code)
			}
			a.want("hits", a.scenario("E48").Hits, 4)
		}},
		"E48 yoisho": {bank: "yoisho", act: func(a *app) {
			to := a.Get("/account/loggedin?uname=dave~deny&psw=x&client_id=" + yoishoID + "&redirect=" + callback).Want(302).Header.Get("Location")
			a.want("denied", strings.Contains(to, "error=access_denied"), true)
		}},
		"E49": {bank: "sparebank1", act: func(a *app) {
			page := atLogin(a).Submit("login", "dave", "password", "x")
			for range 2 {
				a.want("a wrong code", page.Submit("otp", "x").Status, 401)
			}
			a.want("the third", page.Submit("otp", "x").Param("error"), "access_denied")
		}},
		"E49 by login": {bank: "sparebank1", act: func(a *app) {
			page := atLogin(a).Submit("login", "dave~otpfail", "password", "x")
			right := page.Doc.Find("button[name=demo]").AttrOr("value", "")
			for range 2 {
				a.want("the right code", page.Submit("otp", right).Status, 401)
			}
			a.want("the third", page.Submit("otp", right).Param("error"), "access_denied")
		}},
	}
}

func consentPlays() map[string]play {
	return map[string]play{
		"E50": {bank: "berlin", act: func(a *app) {
			a.login()
			a.pull("POST", "/consents/"+a.consent+"/revoke", nil).Want(200)
			a.want("a call", strings.Contains(a.get("/v1/accounts").Want(401).Body, "CONSENT_INVALID"), true)
		}},
		"E51": {bank: "berlin", act: func(a *app) {
			a.login().Advance(92 * 24 * 3600e9)
			a.want("the refresh", a.renew().Want(400).Text("error"), "invalid_grant")
		}},
		"E52": {bank: "berlin", act: func(a *app) {
			a.login()
			a.pull("POST", "/consents/"+a.consent+"/revoke", nil).Want(200)
			a.want("before the refresh", a.call(), 401)
			a.want("met by that", a.scenario("E52").Met, false)
			a.renew()
			a.want("after the refresh", a.took().call(), 401)
		}},
		"E54": {bank: "berlin", act: func(a *app) {
			const old = "/v1/accounts/" + bgDave + "/transactions?bookingStatus=booked&dateFrom=2026-01-01"
			a.login().Advance(5*60e9 - 1)
			a.get(old).Want(200)
			a.Advance(1)
			a.get(old).Want(400)
			a.get("/v1/accounts/" + bgDave + "/transactions?bookingStatus=booked&dateFrom=2026-11-01").Want(200)
		}},
		"E53": {bank: "berlin", act: func(a *app) {
			a.login()
			for i, want := range []int{200, 200, 429} {
				a.want("unattended call "+num(i+1), a.Get("/v1/accounts/"+bgDave+"/balances", servertest.Bearer(a.access)).Status, want)
			}
		}},
		"E55": {bank: "berlin", act: func(a *app) {
			const gone, left = "/v1/accounts/" + bgDave, "1a0f6c52-7d43-4b8e-9a55-2f90c1d7e302"
			a.login().get(gone).Want(200)
			a.pull("PATCH", "/consents/"+a.consent, `{"accounts":["`+left+`"]}`).Want(200)
			if status := a.get(gone).Status; status < 400 {
				a.t.Errorf("the account that was taken away: %d", status)
			}
			a.get("/v1/accounts/" + left).Want(200)
		}},
		"E55 blocked": {bank: "berlin", act: func(a *app) {
			a.login().get("/v1/accounts/" + bgDave + "/balances").Want(200)
			a.pull("POST", "/accounts/"+bgDave+"/block", nil).Want(200)
			a.get("/v1/accounts/" + bgDave + "/balances").Want(400)
			a.get("/v1/accounts").Want(200)
			a.undo()
		}},
		"E55 closed":  {bank: "s2s", act: loses("/api/v1/accounts/43199139", "POST", "/accounts/43199139/close")},
		"E55 removed": {bank: "finapi", act: loses("/finapi/api/v1/accounts/1", "DELETE", "/accounts/1")},
		"E55 lost":    {bank: "sparebank1", act: loses("/personal/banking/accounts/Qd7KfBRXWQaY8BkaSjg1", "DELETE", "/accounts/Qd7KfBRXWQaY8BkaSjg1")},
		"E56": {bank: "berlin", act: func(a *app) {
			first := a.login().access
			a.login()
			a.want("the second", a.call(), 200)
			a.access = first
			a.want("the first", a.call(), 401)
		}},
		"E57": {bank: "s2s", act: func(a *app) {
			a.login()
			a.pull("POST", "/tokens/"+a.access+"/scope", `{"scope":"all:eft"}`).Want(200)
			a.want("a call", a.call(), 401)
		}},
		"E58": {bank: "finapi", act: func(a *app) {
			client := a.try(url.Values{"grant_type": {"client_credentials"}}).Want(200).Text("access_token")
			a.Do("POST", "/users", `{"id":"zoe","password":"password"}`, servertest.Bearer(client), servertest.Header("Content-Type", "application/json")).Want(201)
			password := func(text string) *servertest.Answer {
				return a.try(url.Values{"grant_type": {"password"}, "username": {"zoe"}, "password": {text}})
			}
			password("password")
			a.took()
			a.want("a wrong password", password("wrong").Status, 400)
			a.want("a call", a.call(), 401)
			a.want("the right one", password("password").Status, 423)
		}},
		"E58 wrong password": {bank: "sparebank1", act: func(a *app) {
			a.pull("POST", "/users/sparebank1/dave/password", `{"password":"right"}`).Want(200)
			a.login()
			if wrong := atLogin(a).Submit("login", "dave", "password", "wrong"); wrong.Status < 400 {
				a.t.Errorf("a wrong password: %d", wrong.Status)
			}
			a.want("a call", a.call(), 401)
			a.pull("POST", "/reset", `{"what":"data"}`).Want(200)
		}},
		"E58 locked":       {bank: "yoisho", act: ends("POST", "/users/yoisho/dave/lock", ``)},
		"E58 deleted":      {bank: "berlin", act: ends("DELETE", "/users/berlin/dave", ``)},
		"E58 new password": {bank: "sparebank1", act: ends("POST", "/users/sparebank1/dave/password", `{"revoke":true}`)},
	}
}

// bgDave is an account of dave's at the bank with consents.
const bgDave = "1a0f6c52-7d43-4b8e-9a55-2f90c1d7e301"

// loses is a play of an account that is read, taken away, and read again.
func loses(path, method, lever string) func(*app) {
	return func(a *app) {
		a.t.Helper()
		a.login().get(path).Want(200)
		if status := a.pull(method, lever, nil).Status; status >= 300 {
			a.t.Errorf("%s %s: %d", method, lever, status)
		}
		a.want("the account", a.get(path).Status, 404)
		a.want("the others", a.call(), 200)
		a.undo()
	}
}

// ends is a play of a person whose tokens a lever ends.
func ends(method, lever, body string) func(*app) {
	return func(a *app) {
		a.t.Helper()
		a.login()
		a.want("before", a.call(), 200)
		if status := a.pull(method, lever, body).Status; status >= 300 {
			a.t.Errorf("%s %s: %d", method, lever, status)
		}
		if status := a.call(); status < 400 {
			a.t.Errorf("after: %d", status)
		}
		a.undo()
	}
}

func flightPlays() map[string]play {
	const list = "/finapi/api/v1/transactions?view=userView&perPage=2&order=finapiBookingDate,desc&page="
	return map[string]play{
		"E59": {bank: "finapi", act: func(a *app) {
			a.login()
			for i, want := range []int{200, 200, 200, 401} {
				a.want("page "+num(i+1), a.get(list+num(i+1)).Status, want)
			}
		}},
		"E60": {bank: "berlin", act: func(a *app) {
			const list = "/v1/accounts/" + bgDave + "/transactions?bookingStatus=booked&dateFrom=2026-01-01&pageSize=5&page="
			a.login().get(list + "1").Want(200)
			a.Advance(10e9 - 1)
			a.get(list + "2").Want(200)
			a.Advance(10e9)
			a.want("told", strings.Contains(a.get(list+"3").Want(400).Body, "RESOURCE_EXPIRED"), true)
			a.get(list + "1").Want(200)
			a.get(list + "2").Want(200)
		}},
		"E61 berlin": {bank: "berlin", act: func(a *app) {
			const list = "/v1/accounts/" + bgDave + "/transactions?bookingStatus=booked&dateFrom=2026-01-01&itemsPerPage=5&pageIndex="
			a.login().get(list + "0").Want(200)
			a.pull("POST", "/accounts/"+bgDave+"/entries", `{"amount":"-1","at":"2026-01-01T12:00:00Z"}`).Want(201)
			a.get(list + "1").Want(200)
		}},
		"E61": {bank: "finapi", act: func(a *app) {
			a.login().get(list + "1").Want(200)
			a.post("/finapi/api/v1/tests/mockBatchUpdate", `{"mockBankConnectionUpdates":[{"bankConnectionId":1,"mockAccountsData":[{"accountId":1,"accountBalance":1,"newTransactions":[{"amount":1}]}]}]}`).Want(200)
			a.get(list + "2").Want(200)
		}},
		"E62": {bank: "yoisho", act: func(a *app) {
			a.login().Advance(92e8)
			a.want("the balance", strings.Contains(a.get("/account/balance").Want(200).Body, "10,187.91"), true)
		}},
		"E62 cut off": {bank: "yoisho", variant: "cut off", act: func(a *app) {
			a.login().Advance(99e8)
			a.clock(`{"freeze":false}`)
			r, _ := http.NewRequest("GET", a.URL()+"/account/info", nil)
			servertest.Bearer(a.access)(r)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				a.t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			a.clock(`{"freeze":true}`)
			if answer.StatusCode != 200 || !errors.Is(err, io.ErrUnexpectedEOF) || int64(len(body)) >= answer.ContentLength {
				a.t.Errorf("%d, %d bytes of %d: %v", answer.StatusCode, len(body), answer.ContentLength, err)
			}
		}},
		"E63": {bank: "berlin", act: func(a *app) {
			a.Do("POST", "/v1/consents", `{"access":{"allPsd2":"allAccounts"},"recurringIndicator":true,"validUntil":"2027-01-31","frequencyPerDay":4}`,
				servertest.Header("Content-Type", "application/json"), servertest.Header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7721"),
				servertest.Header("PSU-ID", "dave")).Want(401)
			var made struct{ Items []struct{ Status string } }
			a.pull("GET", "/consents?status=received", nil).Want(200).Into(&made)
			a.want("consents", len(made.Items), 1)
		}},
		"E64": {bank: "s2s", act: func(a *app) {
			a.login()
			for i, want := range []int{200, 200, 200, 200, 401, 200} {
				a.want("call "+num(i+1), a.call(), want)
			}
		}},
	}
}

func surfacePlays() map[string]play {
	die := func(a *app) *servertest.Answer {
		a.login()
		a.clock(`{"to":"next-expiry"}`)
		return a.get(clientOf(a.bank).api)
	}
	return map[string]play{
		"E65": {bank: "berlin", act: func(a *app) { a.want("challenge", die(a).Want(401).Header.Get("WWW-Authenticate"), "") }},
		"E66": {bank: "s2s", act: func(a *app) {
			a.want("body", a.login().get(clientOf("s2s").api).Want(401).Body, "Unauthorized")
			a.want("the next call", a.call(), 200)
		}},
		"E67": {bank: "s2s", act: func(a *app) { die(a).Want(403) }},
		"E68": {bank: "berlin", act: func(a *app) {
			a.want("an error", strings.Contains(a.login().get("/v1/accounts").Want(200).Body, "TOKEN_EXPIRED"), true)
		}},
		"E69": {bank: "s2s", variant: "huge", act: func(a *app) {
			a.want("Retry-After", a.login().get(clientOf("s2s").api).Want(429).Header.Get("Retry-After"), "86400")
		}},
		"E70": {bank: "sparebank1", act: func(a *app) {
			code := a.code()
			for i, want := range []int{503, 503, 503, 200} {
				a.want("try "+num(i+1), a.swap(code).Status, want)
			}
		}},
		"E71": {bank: "s2s", variant: "twice", act: func(a *app) {
			a.login()
			a.want("access_token", strings.Count(a.last.Body, `"access_token"`), 2)
		}},
		"E72": {bank: "s2s", act: func(a *app) {
			a.want("Cache-Control", a.login().get(clientOf("s2s").api).Want(401).Header.Get("Cache-Control"), "public, max-age=3600")
		}},
		"E77": {bank: "berlin", variant: "foreign", act: func(a *app) {
			a.Idle()
			a.login()
			a.want("a call by a client that looks away", a.call(), 200)
		}},
		"E77 refused": {bank: "s2s", act: func(a *app) {
			roots := x509.NewCertPool()
			if ca := a.Get("/ca.pem").Want(200).Body; !roots.AppendCertsFromPEM([]byte(ca)) {
				a.t.Fatal(ca)
			}
			_, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}).Get(a.URL())
			bad, _ := errors.AsType[x509.CertificateInvalidError](err)
			a.want("it is refused", bad.Reason, x509.Expired)
			a.pull("GET", "/wait?event=request&op=handshake&since=1h", nil).Want(200)
		}},
		"E74": {bank: "berlin", act: func(a *app) {
			a.login()
			a.pull("POST", "/tokens/"+url.PathEscape(a.access)+"/revoke", nil).Want(200)
			a.Advance(30e9 - 1)
			a.want("29.9 s later", a.call(), 200)
			a.Advance(1)
			a.want("30 s later", a.call(), 401)
		}},
	}
}

// Each case that can be shown is armed, met by real traffic, and disarmed; before and after, the same client's plain day meets it not.
func TestScenariosOnTheWire(t *testing.T) {
	t.Parallel()
	all := plays()
	for _, c := range scenario.Cases() {
		if _, there := all[c.ID]; !there {
			t.Errorf("%s has no play", c.ID)
		}
	}
	for name, p := range all {
		id, _, _ := strings.Cut(name, " ")
		c, err := scenario.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var o server.Options
			if c.Missing(false) != "" {
				o = secure()
			}
			d := open(t, o, admin.Options{})
			start := d.standing()
			plain := func() {
				t.Helper()
				a := d.app(p.bank).login()
				a.want("a plain call", a.call(), 200)
				if p.bank != "yoisho" && c.ID != "E29" {
					a.renew()
					a.want("a plain call after a refresh", a.took().call(), 200)
				}
				if v := d.scenario(c.ID); v.Met {
					t.Errorf("met by plain traffic: %v", v.Entries)
				}
				d.pull("POST", "/reset", `{"what":"everything"}`).Want(200)
				d.pull("DELETE", "/journal", nil).Want(204)
			}
			plain()
			a := d.app(p.bank)
			if p.before != nil {
				p.before(a)
			}
			order := map[string]string{"bank": p.bank, "variant": p.variant}
			d.pull("POST", "/scenarios/"+c.ID, order).Want(200)
			if v := d.scenario(c.ID); v.Armed == nil || v.Met || v.State != "armed" {
				t.Errorf("armed: state %s, met %v", v.State, v.Met)
			}
			p.act(a)
			if v := d.scenario(c.ID); !v.Met || v.Hits == 0 || len(v.Entries) == 0 {
				t.Errorf("the traffic did not meet it")
			}
			d.pull("DELETE", "/scenarios/"+c.ID, nil).Want(200)
			if v := d.scenario(c.ID); v.Armed != nil || v.State != "met" {
				t.Errorf("disarmed: state %s", v.State)
			}
			if got, want := rules(d.standing()), rules(start); got != want {
				t.Errorf("disarmed, and still\n%s", got)
			}
			d.pull("DELETE", "/journal", nil).Want(204)
			plain()
		})
	}
}

// rules are knobs and faults of a state, without the clock.
func rules(state string) string {
	return strings.Join(strings.Split(state, "\n")[:strings.Count(state, "\n")-1], "\n")
}
