// Package finapi speaks as finAPI Access does: an aggregator, not a bank. A client authorizes itself, creates users of its own, gets
// tokens for them with their passwords, and imports their bank connections. Nobody logs in on a page of finAPI. Sources:
// sources/finapi.txt for the three steps, banks.md section 5, and the official OpenAPI document 1.151.1 for everything behind them.
//
// Everything is served under /api/v1 and, for newer clients, /api/v2, and the users once more without a prefix, because the source
// document writes POST /users. Errors have two forms: errors[] in general, {error, error_description} for authentication. The token
// endpoint says both at once, see refuseOAuth.
//
// What the bank keeps beyond people, accounts and entries lives in their facts: connections with the person, flags of transactions with
// the account. Deleting a person or an account therefore leaves nothing behind.
package finapi

import (
	"time"

	"sandbank/server/dice"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/magic"
)

const name = "finapi"

const credentials = "-d client_id=finapi-demo -d client_secret=finapi-demo-secret" // #nosec G101 -- the demo client of the README

// New is the bank.
func New() dialect.Dialect {
	return dialect.Dialect{
		Name: name, Title: "finAPI", People: true, Ways: magic.Ways{Transactions: true}, Demo: "finapi-demo",
		About: "finAPI Access: a client creates its own users, and imports their bank connections",
		Brand: page.Brand{Bank: name, Name: "finAPI", Foot: "finAPI, Munich. A data service that does not exist.",
			Mark: `<circle cx="8" cy="8" r="5"/><circle cx="24" cy="8" r="5" opacity=".5"/><circle cx="8" cy="24" r="5" opacity=".5"/>` +
				`<circle cx="24" cy="24" r="5"/><path d="M8 8l16 16" stroke="#cfaaf0" stroke-width="3"/>`},
		Defaults: grant.Settings{
			grant.AccessTTL:   grant.Lifetime(time.Hour),
			grant.ClientTTL:   grant.Lifetime(time.Hour),
			grant.RefreshTTL:  grant.Forever(),              // refreshTokensValidityPeriod 0
			grant.Rotation:    grant.Choice(grant.Keep),     // product.md 2.7: static
			grant.RefreshMode: grant.Choice(grant.Absolute), // a validity period is counted from the login
			grant.Attempts:    grant.Count(3),               // maxUserLoginAttempts
			grant.SessionTTL:  grant.Lifetime(time.Hour),
			grant.Fidelity:    grant.Choice(grant.Faithful),
		},
		Authority: wire.Authority{Scopes: []string{"all"}, Grants: []string{"client_credentials", "password", "refresh_token"}},
		Form:      form,
		Error:     refuse,
		Claims:    claims,
		Door: grant.Door{Machine: grant.ByCredentials, Scope: "all", Note: "POST grant_type=password with these, and with the id and secret of the client that the user belongs to",
			Fields: []grant.Field{{Name: "username", Value: "{login}"}, {Name: "password", Value: "{password}"}}},
		First:  "/oauth/token",
		Routes: routes(),
		Flow:   way(),
		Recipe: []dialect.Step{
			{Title: "Step 1: authorize the client", Text: "curl {base}/oauth/token -d grant_type=client_credentials " + credentials},
			{Title: "Step 2: create a user, with the client's token", Text: `curl {base}/users -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d '{"id":"username","password":"password"}'`},
			{Title: "Step 3: authorize the user", Text: "curl {base}/oauth/token -d grant_type=password " + credentials + " -d username=username -d password=password"},
			{Title: "Import the test bank, with the user's token", Text: `curl {base}/api/v1/bankConnections/import -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d '{"bankId":280001}'`},
			{Title: "See the money", Text: "curl {base}/api/v1/accounts -H 'Authorization: Bearer TOKEN'"},
		},
		Quirks: []dialect.Quirk{{What: "as long as a token lives, the same credentials get the same token, with what is left of its life"}},
	}
}

// form deals values as the document shows them: 128 characters of base64url.
func form(d *dice.Dice, _ grant.Kind, _ *grant.Grant, _ time.Time) string { return d.Base64(96) }

// claims tells whether an unknown caller on a shared path means finAPI. Of the two banks with /oauth/token, only this one takes
// credentials in the body for client_credentials and password, and neither knows the other's refresh tokens. Of the two with
// /api/v1/accounts, this one is called without IBM headers.
func claims(c *wire.Call) bool {
	if c.Path() != c.Local("/oauth/token") {
		return c.Header("X-IBM-Client-Id") == ""
	}
	v := parameters(c)
	if t := c.Space.Grants.Token(v.Get("refresh_token")); t != nil {
		return t.Bank == name
	}
	kind := v.Get("grant_type")
	return c.Header("Authorization") == "" && (kind == "password" || kind == "client_credentials")
}

// call is a handler.
type call = func(*wire.Call) error

// route is a row of the table below, still without prefixes.
type route struct {
	method, path, op, doc string
	do                    call
}

func routes() []dialect.Route {
	out := []dialect.Route{
		{Method: "POST", Path: "/oauth/token", Op: "token", Doc: "client_credentials, password or refresh_token → access_token", Do: framed(token), Refuse: refuseOAuth, AS: true, Endpoint: "token_endpoint"},
		{Method: "POST", Path: "/oauth/revoke", Op: "revoke", Doc: "end a token, or the grant behind it", Do: framed(revoke), Refuse: refuseOAuth, AS: true},
	}
	for _, prefix := range []string{"", "/api/v1", "/api/v2"} {
		out = append(out, mounted(prefix, userRoutes())...)
		if prefix != "" {
			out = append(out, mounted(prefix, dataRoutes())...)
		}
	}
	return out
}

func userRoutes() []route {
	return []route{
		{"POST", "/users", "user.create", "create a user (client's token)", createUser},
		{"GET", "/users", "user", "the user whose token it is", showUser},
		{"PATCH", "/users", "user.edit", "change email, phone, isAutoUpdateEnabled", editUser},
		{"DELETE", "/users", "user.delete", "delete the user with all data", deleteUser},
		{"DELETE", "/users/{userId}", "user.drop", "delete an unverified user (client's token)", dropUser},
		{"GET", "/users/verificationStatus", "user.verification", "whether a user is verified", verification},
		{"POST", "/users/verify/{userId}", "user.verify", "verify a user", verifyUser},
		{"POST", "/users/requestPasswordChange", "password.request", "get a token to set a new password", requestPassword},
		{"POST", "/users/executePasswordChange", "password.execute", "set it; unlocks, and ends all tokens", executePassword},
	}
}

func dataRoutes() []route {
	return []route{
		{"GET", "/clientConfiguration", "configuration", "the client's settings", showConfiguration},
		{"PATCH", "/clientConfiguration", "configuration.edit", "change them, lives of tokens among them", editConfiguration},
		{"GET", "/banks", "banks", "search banks", listBanks},
		{"GET", "/banks/{id}", "bank", "one bank", showBank},
		{"GET", "/bankConnections", "connections.list", "the user's bank connections", listConnections},
		{"DELETE", "/bankConnections", "connections.delete", "delete them all", deleteConnections},
		{"POST", "/bankConnections/import", "connection.import", "import a test bank with accounts and a year of transactions", importConnection},
		{"POST", "/bankConnections/update", "connection.update", "update a connection", updateConnection},
		{"GET", "/bankConnections/{id}", "connection", "one connection", showConnection},
		{"PATCH", "/bankConnections/{id}", "connection.edit", "rename it", editConnection},
		{"DELETE", "/bankConnections/{id}", "connection.delete", "delete it with its accounts", deleteConnection},
		{"GET", "/accounts", "accounts", "the user's accounts", listAccounts},
		{"DELETE", "/accounts", "accounts.delete", "delete them all", deleteAccounts},
		{"GET", "/accounts/dailyBalances", "balances", "a balance per day", dailyBalances},
		{"GET", "/accounts/{id}", "account", "one account", showAccount},
		{"PATCH", "/accounts/{id}", "account.edit", "change name, type, isNew", editAccount},
		{"DELETE", "/accounts/{id}", "account.delete", "delete it with its transactions", deleteAccount},
		{"GET", "/transactions", "transactions", "search transactions; view is required", listTransactions},
		{"PATCH", "/transactions", "transactions.edit", "change flags or category of many", editTransactions},
		{"GET", "/transactions/{id}", "transaction", "one transaction", showTransaction},
		{"PATCH", "/transactions/{id}", "transaction.edit", "change its flags or category", editTransaction},
		{"DELETE", "/transactions/{id}", "transaction.delete", "delete it; the balance stays", deleteTransaction},
		{"GET", "/categories", "categories", "the categories of transactions", listCategories},
		{"GET", "/categories/{id}", "category", "one category", showCategory},
		{"POST", "/tests/mockBatchUpdate", "mock", "feed balances and transactions into accounts", mockUpdate},
	}
}
