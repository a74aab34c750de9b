// Package berlin speaks as "Accounts BG" does: account information by NextGenPSD2 1.3 behind an OAuth server. Sources:
// sources/accounts-bg.txt, banks.md section 2, and the Berlin Group's OpenAPI file.
//
// A consent is the centre. An app asks for it (POST /consent), takes the person to /oauth2/authorize with its id, and gets a code once
// the person has allowed; from then on every call lives by that consent, not only by its token. The bank is as strict as the
// specification where a client must learn something, and lenient where real clients differ: headers that the specification demands and
// the bank's own document never mentions (X-Request-ID, Consent-ID, PSU-ID) may be left out, but not be wrong.
//
// Where the sources are silent:
//   - A consent that nobody identified may be read by whoever knows its id, until a client takes it to /oauth2/authorize and owns it.
//   - An app that sends no consent id gets a consent in which the person chose the accounts, so that a plain OAuth client works.
//   - A one-off consent opens each resource once and brings no refresh token; the second reading ends it.
//   - Transactions are listed oldest first, the pending ones last: what is booked is at its place for ever, and pages do not shift.
package berlin

import (
	"time"

	"sandbank/server/clock"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/magic"
)

const name = "berlin"

// scope is the only one: account information for a third party provider.
const scope = "AISP"

// Steps of the person's way through the bank.
const (
	authorizePath = "/oauth2/authorize"
	loginPath     = "/oauth2/authorize/login"
	consentPath   = "/oauth2/authorize/consent"
	tokenPath     = "/oauth2/token" // #nosec G101 -- a path
	accountsPath  = "/v1/accounts"
)

// New is the bank.
func New() dialect.Dialect {
	return dialect.Dialect{
		Name: name, Title: "Accounts BG", People: true, Ways: magic.Ways{Redirect: true, Transactions: true}, Demo: "bg-demo",
		About: "a Bulgarian bank by NextGenPSD2 1.3: consents, unattended calls that are counted, refresh tokens of 90 days",
		Brand: page.Brand{Bank: name, Name: "Accounts BG", Foot: "Accounts BG, Sofia. A bank that does not exist.",
			Mark: `<path d="M4 4h11v11H4zM17 17h11v11H17z"/><path d="M17 15V4a11 11 0 0 1 11 11zM15 17v11A11 11 0 0 1 4 17z" opacity=".45"/>`},
		Defaults: defaults(),
		Authority: wire.Authority{Root: true, Scopes: []string{scope}, Entry: entry(),
			Grants: []string{"authorization_code", "refresh_token", "client_credentials", grant.DeviceCode}},
		Settle: settle,
		Routes: routes(),
		Error:  refuse,
		Door: grant.Door{Machine: grant.ByCredentials, Scope: scope, Note: "then choose accounts and press Allow",
			Fields: []grant.Field{{Name: "login", Value: "{login}"}, {Name: "password", Value: "{password}"}}},
		First:  authorizePath + "?response_type=code&client_id=bg-demo&redirect_uri=http://127.0.0.1:9000/cb&scope=AISP&state=my-state",
		Recipe: recipe(),
		Flow:   way(),
	}
}

func defaults() grant.Settings {
	return grant.Settings{
		grant.CodeTTL:        grant.Lifetime(time.Minute),
		grant.AccessTTL:      grant.Lifetime(time.Hour), // IBM API Connect's default (banks.md 2.2)
		grant.ClientTTL:      grant.Lifetime(time.Hour),
		grant.RefreshTTL:     grant.Lifetime(90 * clock.Day),  // sources/accounts-bg.txt
		grant.ConsentTTL:     grant.Lifetime(180 * clock.Day), // Regulation (EU) 2018/389 as amended in 2022
		grant.UnconfirmedTTL: grant.Lifetime(clock.Day),
		grant.PageTTL:        grant.Lifetime(10 * time.Minute),
		grant.SessionTTL:     grant.Lifetime(time.Hour),
		grant.Rotation:       grant.Choice(grant.Rotate),
		grant.Frequency:      grant.Count(4),
		grant.Attempts:       grant.Count(0),
		grant.ConsentModels:  grant.Choice(grant.AllModel),
		grant.HistoryWindow:  grant.Forever(), // the bank's documents know no limit; RTS Art. 10 (2) (b) lets banks have one
		grant.HistoryAfter:   grant.Lifetime(90 * clock.Day),
		grant.CursorTTL:      grant.Forever(),
		grant.PKCE:           grant.Choice(grant.PKCES256),
		grant.Iss:            grant.Choice(grant.IssRight),
	}
}

func recipe() []dialect.Step {
	return []dialect.Step{
		{Title: "Ask for a consent; the answer has a consentId", Text: `curl -s {base}/consent -H 'Content-Type: application/json' -d '{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"9999-12-31","frequencyPerDay":4}'`},
		{Title: "In a browser: log in as dave or jane, choose, allow", Text: "{base}/oauth2/authorize?response_type=code&client_id=bg-demo&redirect_uri=http://127.0.0.1:9000/cb&state=my-state&consentId=CONSENT"},
		{Title: "Swap the code for tokens, within 60 s", Text: "curl -s {base}/oauth2/token -d grant_type=authorization_code -d client_id=bg-demo -d client_secret=bg-demo-secret -d redirect_uri=http://127.0.0.1:9000/cb -d code=CODE"},
		{Title: "Ask for the accounts", Text: "curl -s '{base}/v1/accounts?withBalance=true' -H 'Authorization: Bearer TOKEN' -H 'PSU-IP-Address: 192.0.2.7'"},
		{Title: "Refresh; the old refresh token is spent", Text: "curl -s {base}/oauth2/token -d grant_type=refresh_token -d client_id=bg-demo -d client_secret=bg-demo-secret -d refresh_token=REFRESH"},
	}
}

func routes() []dialect.Route {
	out := []dialect.Route{
		{Method: "GET", Path: authorizePath, Op: "authorize", Doc: "login page; consentId, client_id, redirect_uri, response_type=code, scope, state, PKCE S256", Do: authorize, Refuse: pageRefusal, AS: true, Endpoint: "authorization_endpoint"},
		{Method: "POST", Path: loginPath, Op: "login", Doc: "the login page's form", Do: login, Refuse: pageRefusal, Open: true, AS: true},
		{Method: "GET", Path: consentPath, Op: "choose", Doc: "consent page", Do: choose, Refuse: pageRefusal, Open: true, AS: true},
		{Method: "POST", Path: consentPath, Op: "decide", Doc: "the consent page's form; redirects with ?code= or ?error=", Do: decide, Refuse: pageRefusal, Open: true, AS: true},
		{Method: "POST", Path: tokenPath, Op: "token", Doc: "authorization_code, refresh_token, client_credentials, device_code; credentials in the body or by Basic", Do: token, Refuse: tokenRefusal, AS: true, Endpoint: "token_endpoint"},
		{Method: "GET", Path: accountsPath, Op: "accounts", Doc: "accounts of the consent; withBalance", Do: accounts},
		{Method: "GET", Path: accountsPath + "/{accountId}", Op: "account", Doc: "one account; withBalance", Do: account},
		{Method: "GET", Path: accountsPath + "/{accountId}/balances", Op: "balances", Doc: "interimAvailable (end of yesterday) and expected", Do: balances},
		{Method: "GET", Path: accountsPath + "/{accountId}/transactions", Op: "transactions", Doc: "bookingStatus, dateFrom, dateTo, entryReferenceFrom, deltaList, withBalance, page, pageSize", Do: transactions},
		{Method: "GET", Path: accountsPath + "/{accountId}/transactions/{transactionId}", Op: "transaction", Doc: "one transaction", Do: transaction},
	}
	// The bank's document writes /consent, the specification /v1/consents: clients of both kinds exist (banks.md 7.4).
	for _, prefix := range []string{shortPrefix, longPrefix} {
		one := prefix + "/{consentId}"
		out = append(out,
			dialect.Route{Method: "POST", Path: prefix, Op: "consent.create", Doc: "ask for a consent: access, recurringIndicator, validUntil, frequencyPerDay", Do: createConsent, Open: true},
			dialect.Route{Method: "GET", Path: one, Op: "consent", Doc: "the consent as the bank took it", Do: readConsent, Open: true},
			dialect.Route{Method: "DELETE", Path: one, Op: "consent.delete", Doc: "end the consent: 204, and its tokens get 401", Do: deleteConsent, Open: true},
			dialect.Route{Method: "GET", Path: one + "/status", Op: "consent.status", Doc: "consentStatus", Do: consentStatus, Open: true},
			dialect.Route{Method: "POST", Path: one + "/authorisations", Op: "authorisation.start", Doc: "the consent's authorisation, which the bank began by itself", Do: startAuthorisation, Open: true},
			dialect.Route{Method: "GET", Path: one + "/authorisations", Op: "authorisations", Doc: "authorisationIds", Do: listAuthorisations, Open: true},
			dialect.Route{Method: "GET", Path: one + "/authorisations/{authorisationId}", Op: "authorisation", Doc: "scaStatus", Do: readAuthorisation, Open: true},
			dialect.Route{Method: "PUT", Path: one + "/authorisations/{authorisationId}", Op: "authorisation.update", Doc: "name the person by PSU-ID; nothing else, because the approach is REDIRECT", Do: updateAuthorisation, Open: true},
		)
	}
	return out
}
