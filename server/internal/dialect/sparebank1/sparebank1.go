// Package sparebank1 speaks as the SpareBank 1 APIs for personal clients do: an authorization code by way of BankID, access tokens of ten
// minutes, refresh tokens that end after 30 idle days and after 365 days in any case, accounts, transactions and transfers under the
// bank's own media types. Sources: sources/sparebank1.txt, banks.md section 3, and the portal's API fragments cited there.
//
// What a client of this bank must survive: a refusal of a token is the plain word Unauthorized and no JSON, while every other refusal is
// an ErrorsDTO; a code is spent even when its exchange fails; each refresh spends the refresh token; dates in lists are milliseconds of
// a Norwegian midnight, which is the evening before in UTC; money ordered on a day when the bank is closed moves later, and the answer
// says so only as a warning.
//
// It is an OpenID provider as well: with the scope openid a login brings an id_token, and may be spared where the browser is signed in.
// The real bank prints access tokens as JWT; here they are opaque unless the policy says token-format=jwt, because no client should read
// them.
package sparebank1

import (
	"sync"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/magic"
)

const name = "sparebank1"

// oslo is the zone of everything this bank calls a date. It is loaded on first use, when the zones that main brings are there.
var oslo = sync.OnceValue(func() *time.Location { return wire.Zone("Europe/Oslo") })

// New is the bank.
func New() dialect.Dialect {
	return dialect.Dialect{
		Name: name, Title: "SpareBank 1", People: true, Ways: magic.Ways{Redirect: true, OneTimeCode: true, Transactions: true}, Demo: "sb1-demo",
		About: "the SpareBank 1 personal client: BankID, 10 minute tokens, rotating refresh tokens, accounts, transactions and transfers",
		Brand: page.Brand{Bank: name, Name: "SpareBank 1", Foot: "SpareBank 1, Norway. A bank that does not exist.",
			Mark: `<circle cx="16" cy="16" r="13" fill="none" stroke="#7cc0f4" stroke-width="3"/><path d="M17.5 8h3v16H17V12.5l-4 1.7v-3.3z"/>`},
		Defaults: grant.Settings{
			grant.CodeTTL:       grant.Lifetime(2 * time.Minute),
			grant.AccessTTL:     grant.Lifetime(10 * time.Minute),
			grant.ClientTTL:     grant.Lifetime(10 * time.Minute),
			grant.RefreshTTL:    grant.Lifetime(30 * clock.Day),
			grant.RefreshMaxTTL: grant.Lifetime(365 * clock.Day),
			grant.PageTTL:       grant.Lifetime(10 * time.Minute),
			grant.SessionTTL:    grant.Lifetime(time.Hour),
			grant.Rotation:      grant.Choice(grant.Rotate),
			grant.IDTokenTTL:    grant.Lifetime(10 * time.Minute),
			grant.Attempts:      grant.Count(0),
			grant.PKCE:          grant.Choice(grant.PKCES256),
			grant.Iss:           grant.Choice(grant.IssRight),
			grant.HourlyCalls:   grant.Count(0), // the real bank allows 60; a sandbox that counts by default only gets in the way
		},
		Authority: wire.Authority{Scopes: scopes(), Entry: entry(), OpenID: openID(),
			Grants: []string{"authorization_code", "refresh_token", "client_credentials", grant.DeviceCode}},
		Form: form, Error: refuse, Claims: claims, Routes: append(oauthRoutes(), resourceRoutes()...),
		Door: grant.Door{Machine: grant.ByCredentials, Scope: scopeDefault, Fields: []grant.Field{
			{Name: "login", Value: "{login}", Note: "or the national identity number {nationalId}"}, {Name: "password", Value: "{password}"},
			{Name: "otp", Note: "six digits, which the page shows; another each time"}}},
		First:  "/oauth/authorize?client_id=sb1-demo&redirect_uri=http://127.0.0.1:9000/cb&response_type=code&state=42&finInst=fid-smn",
		Recipe: recipe(),
		Flow:   way(),
	}
}

func oauthRoutes() []dialect.Route {
	return []dialect.Route{
		{Method: "GET", Path: "/oauth/authorize", Op: "authorize", Doc: "bank picker or login page; client_id, redirect_uri, response_type, state, finInst", Do: authorize, Refuse: dialect.Page, AS: true, Endpoint: "authorization_endpoint"},
		{Method: "POST", Path: "/oauth/authorize", Op: "authorize", Doc: "the same, with the parameters in a form", Do: authorize, Refuse: dialect.Page, AS: true},
		{Method: "GET", Path: "/oauth/bankid", Op: "bankid", Doc: "page: the step that a login is at", Do: showBankID, Refuse: dialect.Page, Open: true, AS: true},
		{Method: "POST", Path: "/oauth/bankid", Op: "bankid.login", Doc: "page's form: person and password", Do: login, Refuse: dialect.Page, Open: true, AS: true},
		{Method: "POST", Path: "/oauth/bankid/code", Op: "bankid.code", Doc: "page's form: one-time code; redirects with ?code=", Do: confirm, Refuse: dialect.Page, Open: true, AS: true},
		{Method: "GET", Path: "/oauth/logout", Op: "logout", Doc: "page: ends the sign-in on the bank's own pages", Do: logout, Refuse: dialect.Page, Open: true, AS: true},
		{Method: "POST", Path: "/oauth/token", Op: "token", Doc: "code, refresh token, device code or client credentials → tokens; by Basic, form or query", Do: token, Refuse: dialect.OAuth, AS: true, Endpoint: "token_endpoint"},
	}
}

func resourceRoutes() []dialect.Route {
	const accounts, transactions, transfer = "/personal/banking/accounts", "/personal/banking/transactions", "/personal/banking/transfer"
	get := func(path, op, doc string, do func(*wire.Call) error) dialect.Route {
		return dialect.Route{Method: "GET", Path: path, Op: op, Doc: doc, Do: do}
	}
	post := func(path, op, doc string, do func(*wire.Call) error) dialect.Route {
		return dialect.Route{Method: "POST", Path: path, Op: op, Doc: doc, Do: do}
	}
	open := func(r dialect.Route) dialect.Route { r.Open = true; return r }
	return []dialect.Route{
		get("/common/helloworld", "hello", "says hello to a valid token", hello),
		get("/common/helloworld/ping", "hello", "says hello to a valid token", hello),
		get("/common/helloworld/pong", "hello", "says hello to a valid token", hello),
		open(get("/common/financial-institutions/all", "institutions", "every value that finInst takes", allInstitutions)),
		open(get("/common/financial-institutions/banks", "institutions.banks", "the banks of the group today", bankInstitutions)),
		open(get("/common/financial-institutions/domainDisplayNames", "institutions.names", "the same with their display names", bankInstitutions)),
		get("/common/user/info", "user", "who logged in", userInfo),
		get("/common/user/identity/personalid", "user.pid", "the national identity number", personalID),
		get(accounts, "accounts", "accounts; includeNokAccounts (true) and five more groups (false)", listAccounts),
		get(accounts+"/default", "accounts.default", "the default payment account", defaultAccount),
		get(accounts+"/keys", "accounts.keys", "account keys by accountNumber", accountKeys),
		get(accounts+"/child/{id}", "accounts.child", "accounts of a child, by its customer key", childAccounts),
		post(accounts+"/balance", "accounts.balance", "balance by accountNumber", accountBalance),
		get(accounts+"/{key}", "account", "one account", oneAccount),
		get(accounts+"/{key}/details", "account.details", "interest, credit line, reserved amounts", accountDetails),
		get(accounts+"/{key}/roles", "account.roles", "who may do what with the account", accountRoles),
		get(transactions, "transactions", "transactions; accountKey, fromDate, toDate, rowLimit, source", listTransactions),
		get(transactions+"/classified", "transactions.classified", "the same with categories", listClassified),
		get(transactions+"/export", "transactions.export", "booked transactions as CSV; accountKey, fromDate, toDate, fields", exportTransactions),
		get(transactions+"/{id}/details", "transaction", "one transaction in full", transactionDetails),
		get(transactions+"/{id}/details/classified", "transaction.classified", "the same with its category", classifiedDetails),
		post(transfer+"/debit", "transfer", "moves money between own accounts", transferDebit),
		post(transfer+"/creditcard/transferTo", "transfer.card", "pays to an own credit card", transferCard),
		post(transfer+"/pension", "transfer.pension", "pays to an own pension agreement", transferPension),
	}
}

func recipe() []dialect.Step {
	return []dialect.Step{
		{Title: "Open a login: FLOW is its number", Text: "curl -sc jar '{base}/oauth/authorize?client_id=sb1-demo&redirect_uri=http://127.0.0.1:9000/cb&response_type=code&state=42&finInst=fid-smn' | grep -o 'name=\"flow\" value=\"[^\"]*'"},
		{Title: "Log in as dave: OTP is the one-time code", Text: "curl -sLb jar '{base}/oauth/bankid' -d flow=FLOW -d login=dave -d password=x | grep -o 'name=\"demo\" value=\"[0-9]*'"},
		{Title: "Confirm: the redirect carries a code, good for two minutes", Text: "curl -sib jar '{base}/oauth/bankid/code' -d flow=FLOW -d otp=OTP | grep -i location"},
		{Title: "Swap the code for tokens", Text: "curl '{base}/oauth/token' -u sb1-demo:sb1-demo-secret -d grant_type=authorization_code -d code=CODE -d redirect_uri=http://127.0.0.1:9000/cb"},
		{Title: "Ask, and again after ten minutes", Text: "curl {base}/personal/banking/accounts/default -H 'Authorization: Bearer TOKEN'"},
	}
}

// form deals codes as the bank does, 32 hexadecimal digits; all other tokens are 256 bits of base64url.
func form(d *dice.Dice, kind grant.Kind, _ *grant.Grant, _ time.Time) string {
	if kind == grant.Code {
		return d.Text("0123456789abcdef", 32)
	}
	return d.Base64(32)
}

// claims says whether a call is meant for this bank on a path that another bank has as well, which is /oauth/token with a client that
// nobody registered. A code or refresh token that was issued tells; else only this bank exchanges codes, and only its clients use Basic.
func claims(c *wire.Call) bool {
	v := parameters(c)
	for _, field := range []string{"code", "refresh_token"} {
		if t := c.Space.Grants.Token(v.Get(field)); t != nil {
			return t.Bank == name
		}
	}
	if v.Get("grant_type") == "authorization_code" || v.Has("code") {
		return true
	}
	_, _, basic, _ := c.Basic()
	return basic
}
