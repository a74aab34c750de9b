package admin_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"

	"sandbank/admin"
	"sandbank/server/servertest"
)

// walker does at random what clients, people and whoever pulls levers do in one space. The same numbers make the same walk. It takes
// every answer as it comes: what is refused is as much of the walk as what is not.
type walker struct {
	*desk
	root string
	rng  *rand.Rand
	held map[string]string // what clients have in hand: "berlin access" → value
}

func (d *desk) walker(root string, seed uint64) *walker {
	return &walker{desk: d, root: root, rng: rand.New(rand.NewPCG(seed, 1)), held: map[string]string{}}
}

// one is a value of a list, at random.
func one[V any](w *walker, of ...V) V { return of[w.rng.IntN(len(of))] }

// keep takes tokens out of an answer.
func (w *walker) keep(bank string, a *servertest.Answer) {
	var v map[string]any
	if json.Unmarshal([]byte(a.Body), &v) != nil {
		return
	}
	for _, kind := range []string{"access", "refresh"} {
		if value, _ := v[kind+"_token"].(string); value != "" {
			w.held[bank+" "+kind] = value
		}
	}
}

func (w *walker) bearer(bank string) servertest.Option {
	return servertest.Bearer(w.held[bank+" access"])
}

// submit fills the form of a page, if it has one.
func submit(p *servertest.Page, pairs ...string) *servertest.Page {
	if p.Doc == nil || p.Doc.Find("form").Length() == 0 {
		return p
	}
	return p.Submit(pairs...)
}

// code is the one on the way back to the client, or "".
func code(p *servertest.Page) string {
	if p.Away == nil {
		return ""
	}
	return p.Away.Query().Get("code")
}

const back = "http://127.0.0.1:9000/cb"

// calls are what the walker does at the banks.
func (w *walker) calls() []func() {
	return append(append(w.yoisho(), w.berlin()...), append(w.sparebank1(), append(w.s2s(), w.finapi()...)...)...)
}

func (w *walker) yoisho() []func() {
	who := "client_id=" + yoishoClient
	return []func(){
		func() {
			a := w.Get(w.root + "/account/loggedin?uname=" + one(w, "dave", "jane", "nobody") + "&psw=x&redirect=" + back + "&" + who)
			_, code, _ := strings.Cut(a.Header.Get("Location"), "code=")
			w.keep("yoisho", w.Get(w.root+"/account/access_token?code="+code+"&"+who+"&client_secret=724e6890757b0ae624684b70e111b705fe6b050c"))
		},
		func() { w.Get(w.root+"/account/"+one(w, "info", "balance", "home", "nothing"), w.bearer("yoisho")) },
	}
}

func (w *walker) berlin() []func() {
	asked := url.Values{"client_id": {"bg-demo"}, "client_secret": {"bg-demo-secret"}, "redirect_uri": {back}}
	return []func(){
		func() {
			a := w.Do("POST", w.root+"/v1/consents", `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"9999-12-31","frequencyPerDay":4}`,
				servertest.Header("Content-Type", "application/json"))
			var consent struct{ ConsentID string }
			json.Unmarshal([]byte(a.Body), &consent)
			page := w.Browser().Get(w.root + "/oauth2/authorize?response_type=code&client_id=bg-demo&redirect_uri=" + back + "&state=x&consentId=" + consent.ConsentID)
			page = submit(submit(page, "login", one(w, "dave", "jane"), "password", "x"))
			form := url.Values{"grant_type": {"authorization_code"}, "code": {code(page)}}
			for name, v := range asked {
				form[name] = v
			}
			w.keep("berlin", w.Post(w.root+"/oauth2/token", form))
		},
		func() {
			w.Get(w.root+"/v1/accounts", w.bearer("berlin"), servertest.Header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7721"))
		},
		func() {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {w.held["berlin refresh"]}}
			for name, v := range asked {
				form[name] = v
			}
			w.keep("berlin", w.Post(w.root+"/oauth2/token", form))
		},
	}
}

func (w *walker) sparebank1() []func() {
	client := servertest.Basic("sb1-demo", "sb1-demo-secret")
	return []func(){
		func() {
			page := w.Browser().Get(w.root + "/oauth/authorize?client_id=sb1-demo&redirect_uri=" + back + "&response_type=code&state=x&finInst=fid-smn")
			page = submit(page, "login", one(w, "dave", "jane"), "password", "x")
			otp := ""
			if page.Doc != nil {
				otp = page.Doc.Find("input[name=demo], button[name=demo]").AttrOr("value", "")
			}
			page = submit(page, "otp", otp)
			w.keep("sparebank1", w.Post(w.root+"/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {code(page)}, "redirect_uri": {back}}, client))
		},
		func() { w.Get(w.root+"/personal/banking/accounts"+one(w, "", "/default"), w.bearer("sparebank1")) },
		func() {
			w.keep("sparebank1", w.Post(w.root+"/sparebank1/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {w.held["sparebank1 refresh"]}}, client))
		},
	}
}

func (w *walker) s2s() []func() {
	id, secret := servertest.Header("X-IBM-client-id", "s2s-demo"), servertest.Header("X-IBM-client-secret", "s2s-demo-secret")
	client := servertest.Basic("s2s-demo", "s2s-demo-secret")
	return []func(){
		func() {
			a := w.Get(w.root+"/api/v1/s2s-oauth2/code", id, secret, servertest.Header("scope", "read:accounts all:eft"),
				servertest.Header("X-Service-Account-ID", "12a42d02-0845-46f8-b6e2-202e1e792364"),
				servertest.Header("X-Service-Account-Secret", "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po"))
			var issued struct{ Code string }
			json.Unmarshal([]byte(a.Body), &issued)
			w.keep("s2s", w.Post(w.root+"/api/v1/s2s-oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {issued.Code}}, client))
		},
		func() { w.Get(w.root+"/s2s/api/v1/accounts", w.bearer("s2s"), id, secret) },
		func() {
			w.Do("POST", w.root+"/api/v1/eft-payments", `{"amount":`+fmt.Sprint(w.rng.IntN(50)+1)+`.01,"debtor_account_id":"43412595","debtor_use_of_overdraft":false,"creditor_name":"C",`+
				`"creditor_iban":"TR310006200001500001231212","description":"d","payment_reference_id":"p","customer_ip":"192.0.2.1","idempotency_key":"k`+fmt.Sprint(w.rng.IntN(1000))+`"}`,
				w.bearer("s2s"), id, secret, servertest.Header("Content-Type", "application/json"))
		},
		func() {
			w.keep("s2s", w.Post(w.root+"/api/v1/s2s-oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {w.held["s2s refresh"]}}, client))
		},
	}
}

func (w *walker) finapi() []func() {
	form := func(pairs ...string) url.Values {
		v := url.Values{"client_id": {"finapi-demo"}, "client_secret": {"finapi-demo-secret"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	return []func(){
		func() {
			w.keep("finapi client", w.Post(w.root+"/finapi/oauth/token", form("grant_type", "client_credentials")))
			user := "user" + fmt.Sprint(w.rng.IntN(20))
			w.Do("POST", w.root+"/users", `{"id":"`+user+`","password":"password","email":"u@example.com","isAutoUpdateEnabled":false}`,
				servertest.Header("Content-Type", "application/json"), w.bearer("finapi client"))
			w.keep("finapi", w.Post(w.root+"/finapi/oauth/token", form("grant_type", "password", "username", user, "password", "password")))
		},
		func() { w.Get(w.root+"/finapi/api/v2/accounts", w.bearer("finapi")) },
		func() {
			w.keep("finapi", w.Post(w.root+"/finapi/oauth/token", form("grant_type", "refresh_token", "refresh_token", w.held["finapi refresh"])))
		},
		func() {
			w.Do("POST", w.root+"/api/v2/bankConnections/import", `{"bankId":280001}`, servertest.Header("Content-Type", "application/json"), w.bearer("finapi"))
		},
	}
}

// lever is one call of the admin API; ok is false when there is nothing that it could be about.
type lever func(w *walker) (method, path, body string, ok bool)

func fixed(method, path string, bodies ...string) lever {
	return func(w *walker) (string, string, string, bool) {
		return method, path, one(w, append(bodies, bodies...)...), true
	}
}

// about is a lever that turns one of a list: the path has %s for its id, which in the list is under these fields.
func about(list string, fields []string, method, path string, bodies ...string) lever {
	return func(w *walker) (string, string, string, bool) {
		var all struct{ Items []map[string]any }
		if text := []byte(w.Do("GET", w.root+admin.Prefix+list, "").Body); json.Unmarshal(text, &all) != nil {
			json.Unmarshal(text, &all.Items) // a short list is no page
		}
		if len(all.Items) == 0 {
			return "", "", "", false
		}
		item, id := one(w, all.Items...), ""
		for _, f := range fields {
			id += "/" + url.PathEscape(fmt.Sprint(item[f]))
		}
		return method, fmt.Sprintf(path, id), one(w, append(bodies, "")[:max(1, len(bodies))]...), true
	}
}

// levers are one for every operation of the API that changes something in its space, by operation. What is missing here, and is not
// among those that are no change of the space, fails TestEveryLeverIsWalked.
func levers() map[string]lever {
	id, token, consent := []string{"id"}, "/tokens?limit=20", "/consents?limit=20"
	client, people := []string{"bank", "id"}, []string{"bank", "login"}
	user, account := "/users?limit=20", "/accounts?limit=20"
	return map[string]lever{
		"moveClock": fixed("POST", "/clock", `{"advance":"30s"}`, `{"advance":"-2h"}`, `{"advance":"90d"}`, `{"to":"next-expiry"}`, `{"reset":true}`,
			`{"freeze":true}`, `{"set":"2030-01-01T00:00:00Z"}`, `{"skew":{"resourceServer":"-45s","date":"off"}}`, `{"skew":{"authorizationServer":"2m"}}`),
		"mintToken": fixed("POST", "/tokens", dave(""), ali(`,"refresh":true`), dave(`,"kind":"code","redirectUri":"`+back+`"`), ali(`,"life":"5s"`),
			`{"bank":"finapi","client":"finapi-demo"}`),
		"expireToken":   about(token, id, "POST", "/tokens%s/expire", `{}`, `{"in":"5s"}`),
		"extendToken":   about(token, id, "POST", "/tokens%s/extend", `{"by":"5m"}`),
		"revokeToken":   about(token, id, "POST", "/tokens%s/revoke"),
		"expireTokens":  func(w *walker) (string, string, string, bool) { return batch(w, "/tokens/expire") },
		"revokeTokens":  func(w *walker) (string, string, string, bool) { return batch(w, "/tokens/revoke") },
		"scopeToken":    about(token, id, "POST", "/tokens%s/scope", `{"scope":"read"}`, `{"scope":""}`),
		"revokeGrant":   about("/grants?limit=20", id, "POST", "/grants%s/revoke", `{"why":"a walk"}`),
		"revoke":        fixed("POST", "/revoke", `{"user":"dave"}`, `{"bank":"s2s","client":"s2s-demo"}`, `{"all":true}`),
		"createConsent": fixed("POST", "/consents", `{"bank":"berlin","client":"bg-demo","user":"dave"}`, `{"bank":"berlin","client":"bg-demo","user":"jane","validity":"1d"}`),
		"changeConsent": about(consent, id, "PATCH", "/consents%s", `{"validity":"2d"}`, `{"frequency":9}`),
		"revokeConsent": about(consent, id, "POST", "/consents%s/revoke"), "terminateConsent": about(consent, id, "POST", "/consents%s/terminate"),
		"expireConsent": about(consent, id, "POST", "/consents%s/expire", `{}`, `{"in":"1h"}`), "resetConsentCounter": about(consent, id, "POST", "/consents%s/reset-counter"),
		"registerClient": fixed("POST", "/clients", `{"bank":"berlin","name":"walked","loopback":true}`, `{"bank":"s2s","id":"walked"}`, `{"bank":"yoisho","public":true,"name":"p"}`),
		"editClient":     about("/clients", client, "PATCH", "/clients%s", `{"name":"edited"}`, `{"origins":["https://walked.example"]}`, `{"disabled":true}`, `{"disabled":false}`, `{"dpop":"off"}`),
		"rotateSecret":   about("/clients", client, "POST", "/clients%s/rotate", `{"overlap":"10m"}`, `{}`),
		"makeKey":        about("/clients", client, "POST", "/clients%s/keys", `{}`, `{"alg":"EdDSA"}`),
		"deleteClient":   about("/clients", client, "DELETE", "/clients%s"),
		"putPolicy":      fixed("PUT", "/policies", `{"level":{"bank":"yoisho"},"set":{"access":"5s"}}`, `{"level":{"bank":"berlin"},"set":{"expires_in":"string"}}`),
		"changePolicy":   fixed("PATCH", "/policies", `{"level":{},"set":{"access":"20s"},"retime":true}`, `{"level":{"bank":"berlin"},"set":{"access":"2h","grace":"10s"},"retime":true}`),
		"resetPolicy":    fixed("DELETE", "/policies", ""),
		"armFault":       fixed("POST", "/faults", `{"line":"op=token; status=503"}`, `{"line":"bank=yoisho; status=500; percent=20; seed=7; until=2031-01-01T00:00:00Z"}`, `{"line":"op=accounts; strip=Content-Type; next=3"}`),
		"switchFaults":   fixed("PATCH", "/faults", `{"headers":true}`, `{"headers":false}`),
		"disarmFaults":   fixed("DELETE", "/faults", ""), "disarmFault": about("/faults", id, "DELETE", "/faults%s"),
		"changeSettings": fixed("PATCH", "/settings", `{"tellNow":true}`, `{"tellRequest":true,"headerFaults":true}`, `{"registration":true}`, `{"tellNow":false}`, `{"certificate":"expired"}`, `{"certificate":"foreign","tellNow":true}`),
		"rotateKeys":     fixed("POST", "/keys/rotate", `{"bank":"sparebank1"}`, `{"bank":"berlin","alg":"EdDSA","retire":"withdraw"}`),
		"takeSnapshot":   fixed("POST", "/snapshots", `{"name":"walked"}`), "deleteSnapshot": about("/snapshots", id, "DELETE", "/snapshots%s"),
		"restoreSnapshot": about("/snapshots", id, "POST", "/snapshots%s/restore"),
		"uploadSnapshot": func(w *walker) (string, string, string, bool) {
			var all struct{ Items []struct{ ID uint64 } }
			json.Unmarshal([]byte(w.Do("GET", w.root+admin.Prefix+"/snapshots", "").Body), &all)
			if len(all.Items) == 0 {
				return "", "", "", false
			}
			return "POST", "/snapshots/upload?name=walked", w.Get(w.root + admin.Prefix + fmt.Sprintf("/snapshots/%d", all.Items[0].ID)).Body, true
		},
		"mintUsers": fixed("POST", "/users", `{"bank":"berlin","persona":"family"}`, `{"count":3}`, `{"bank":"s2s","persona":"empty"}`),
		"importUsers": func(*walker) (string, string, string, bool) {
			return "POST", "/users/import", `{"bank":"berlin","people":[{"login":"walked","given":"Wal","family":"Ked"}]}`, true
		},
		"editUser": about(user, people, "PATCH", "/users%s", `{"given":"Edited"}`), "deleteUser": about(user, people, "DELETE", "/users%s"),
		"lockUser":    about(user, people, "POST", "/users%s/lock", `{}`, `{"revoke":true}`),
		"unlockUser":  about(user, people, "POST", "/users%s/unlock"),
		"setPassword": about(user, people, "POST", "/users%s/password", `{"password":"walked"}`),
		"lockUsers":   fixed("POST", "/users/lock", `{"ids":["berlin/dave","yoisho/dave"]}`),
		"unlockUsers": fixed("POST", "/users/unlock", `{"ids":["berlin/jane","yoisho/dave"]}`),
		"deleteUsers": fixed("POST", "/users/delete", `{"ids":["sparebank1/jane"]}`),
		"editAccount": about(account, id, "PATCH", "/accounts%s", `{"name":"Edited"}`), "removeAccount": about(account, id, "DELETE", "/accounts%s"),
		"blockAccount": about(account, id, "POST", "/accounts%s/block"), "unblockAccount": about(account, id, "POST", "/accounts%s/unblock"),
		"closeAccount": about(account, id, "POST", "/accounts%s/close"), "reopenAccount": about(account, id, "POST", "/accounts%s/reopen"),
		"addMovement": about(account, id, "POST", "/accounts%s/entries", `{"amount":"-12.34","text":"walked","state":"pending"}`, `{"amount":500}`),
		"bookMovement": func(w *walker) (string, string, string, bool) {
			at := "/accounts/" + one(w, "1a0f6c52-7d43-4b8e-9a55-2f90c1d7e301", "1a0f6c52-7d43-4b8e-9a55-2f90c1d7e302", "yoisho-dave-1") + "/entries"
			var all struct{ Items []struct{ ID, State string } }
			json.Unmarshal([]byte(w.Do("GET", w.root+admin.Prefix+at, "").Body), &all)
			if len(all.Items) == 0 || all.Items[0].State != "pending" {
				return "", "", "", false
			}
			return "POST", at + "/" + all.Items[0].ID + "/book", "", true
		},
		"mintServiceAccount":   fixed("POST", "/service-accounts", `{"bank":"s2s","user":"annelid"}`, `{"bank":"finapi"}`),
		"editServiceAccount":   about("/service-accounts", client, "PATCH", "/service-accounts%s", `{"name":"edited"}`),
		"rotateServiceAccount": about("/service-accounts", client, "POST", "/service-accounts%s/rotate", `{"overlap":"1h"}`, `{}`),
		"deleteServiceAccount": about("/service-accounts", client, "DELETE", "/service-accounts%s"),
		"armScenario": func(w *walker) (string, string, string, bool) {
			return "POST", "/scenarios/" + one(w, "E11", "E77"), one(w, `{}`, `{"bank":"berlin","client":"bg-demo"}`), true
		},
		"disarmScenario": fixed("DELETE", "/scenarios/E30", ""),
		"changeFault":    about("/faults", id, "PATCH", "/faults%s", `{"paused":true}`, `{"paused":false}`),
		"reset":          fixed("POST", "/reset", `{}`, `{"what":"tokens"}`, `{"what":"data"}`, `{"what":"faults"}`, `{"what":"clock"}`),
	}
}

// batch is a lever on several tokens at once.
func batch(w *walker, path string) (string, string, string, bool) {
	var all struct{ Items []struct{ ID string } }
	json.Unmarshal([]byte(w.Do("GET", w.root+admin.Prefix+"/tokens?limit=3&state=live", "").Body), &all)
	var ids []string
	for _, t := range all.Items {
		ids = append(ids, t.ID)
	}
	body, _ := json.Marshal(map[string]any{"ids": ids})
	return "POST", path, string(body), len(ids) > 0
}

// names are the operations, sorted.
func names(of map[string]lever) (out []string) {
	for name := range of {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// turn pulls one lever and tells whether it did something.
func (w *walker) turn(l lever) bool {
	method, path, body, ok := l(w)
	if !ok {
		return false
	}
	a := w.Do(method, w.root+admin.Prefix+path, body, servertest.Header("Content-Type", "application/json"))
	if a.Status >= 500 {
		w.t.Errorf("%s %s %s: %d, %s", method, path, body, a.Status, a.Body)
	}
	return a.Status < 300
}

// step is a call of a client, now and then a lever.
func (w *walker) step() {
	if all := levers(); w.rng.IntN(4) == 0 {
		w.turn(all[one(w, names(all)...)])
		return
	}
	one(w, w.calls()...)()
}
