// Package s2s speaks as a bank whose API two servers use with nobody at a keyboard: "Server to Server Security". A service account
// stands in for its owner: five headers bring a code, the code brings tokens, and with these the owner's accounts are read and paid
// from. Sources: sources/s2s.txt, banks.md section 4, and the pages of the same portal that banks.md names.
//
// Two parties answer here, and a client meets both. In front stands IBM API Connect: it knows the application by its X-IBM headers,
// the token and the rate, and refuses as {"httpCode","httpMessage","moreInformation"}. Behind it the bank refuses an order; its answer
// has the same three fields and a list of errors with code and message, which is what clients of the real bank read. The OAuth provider
// refuses as RFC 6749 says.
//
// It owns this bank's words and shapes, its fees and its deposit rates. Tokens and money are the core's; amounts are minor units until
// the moment they are written.
//
//	d := s2s.New()
//	d.Routes[0].Path // "/api/v1/s2s-oauth2/code"
package s2s

import (
	"encoding/base64"
	"strings"
	"time"

	"sandbank/server/dice"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/magic"
)

const name = "s2s"

// The scopes of the document.
const (
	readAccounts  = "read:accounts"
	allRemittance = "all:remittance"
	allEFT        = "all:eft"
)

func scopes() []string { return []string{readAccounts, allRemittance, allEFT} }

// clientHeader carries the application's id on every call but the token request.
const (
	clientHeader = "X-IBM-Client-Id"
	secretHeader = "X-IBM-Client-Secret" // #nosec G101 -- the name of a header
)

// New is the bank.
func New() dialect.Dialect {
	const oauth, api = "/api/v1/s2s-oauth2", "/api/v1"
	return dialect.Dialect{
		Name: name, Title: "S2S", Ways: magic.Ways{Transactions: true}, Demo: "s2s-demo",
		About: "two servers and nobody at a keyboard: a service account's code by five headers, tokens by GET or POST, IBM API Connect in front",
		Brand: page.Brand{Bank: name, Name: "Server to Server Security", Foot: "S2S Bank, Istanbul. A bank that does not exist.",
			Mark: `<rect x="3" y="5" width="19" height="5" rx="1"/><path d="M21 2l8 5.5-8 5.5zM11 19l-8 5.5 8 5.5z"/>` +
				`<rect x="10" y="22" width="19" height="5" rx="1" fill="#fff"/>`},
		Defaults: grant.Settings{
			grant.CodeTTL:     grant.Lifetime(60 * time.Second), // told nowhere; no person stands between code and token, so short
			grant.AccessTTL:   grant.Lifetime(1095 * time.Second),
			grant.RefreshTTL:  grant.Lifetime(2682000 * time.Second),
			grant.Rotation:    grant.Choice(grant.Rotate),    // IBM's refresh tokens are for one use (banks.md 4.1)
			grant.Reuse:       grant.Choice(grant.ReuseDeny), // and a second one is refused; nobody says that it ends more than itself
			grant.HourlyCalls: grant.Count(0),
		},
		Authority: wire.Authority{Scopes: scopes(), Grants: []string{"authorization_code", "refresh_token"}},
		Form:      form,
		Error:     refuse,
		Door:      grant.Door{Machine: grant.ByService, Scope: strings.Join(scopes(), " "), Note: "nobody logs in: a service account acts for the person"},
		First:     oauth + "/code",
		Claims:    func(c *wire.Call) bool { return c.Header(clientHeader) != "" },
		Recipe:    recipe(),
		Flow:      way(),
		Routes: []dialect.Route{
			{Method: "GET", Path: oauth + "/code", Op: "code", Doc: "five headers → code", Do: code, Refuse: refuseCode, AS: true},
			{Method: "GET", Path: oauth + "/token", Op: "token", Doc: "Basic and a form body, as documented → tokens", Do: token, Refuse: refuseToken, AS: true},
			{Method: "POST", Path: oauth + "/token", Op: "token", Doc: "the same for clients that cannot send a body with GET", Do: token, Refuse: refuseToken, AS: true, Endpoint: "token_endpoint"},
			{Method: "GET", Path: api + "/accounts", Op: "accounts", Doc: "the owner's accounts", Do: accounts},
			{Method: "GET", Path: api + "/accounts/{account_id}", Op: "account", Doc: "one account", Do: account},
			{Method: "GET", Path: api + "/accounts/{account_id}/transactions", Op: "transactions", Doc: "what was booked, newest first", Do: transactions},
			{Method: "GET", Path: api + "/accounts/{account_id}/transactions/{transaction_id}", Op: "transaction", Doc: "one of them", Do: transaction},
			{Method: "POST", Path: api + "/remittance-validations", Op: "remittance.validate", Doc: "would a transfer inside the bank go through, at which fee", Do: validate(remittance())},
			{Method: "POST", Path: api + "/remittance-payments", Op: "remittance.pay", Doc: "transfer inside the bank; idempotency_key", Do: pay(remittance())},
			{Method: "POST", Path: api + "/eft-validations", Op: "eft.validate", Doc: "would a transfer to another bank go through, at which fee", Do: validate(eft())},
			{Method: "POST", Path: api + "/eft-payments", Op: "eft.pay", Doc: "transfer to another bank; idempotency_key", Do: pay(eft())},
			{Method: "GET", Path: api + "/eft-payments/{query-number}", Op: "eft.query", Doc: "what became of it; date=YYYY-MM-DD", Do: query},
			{Method: "GET", Path: api + "/deposit-rates", Op: "rates", Doc: "interest by channel, days, amount, currency_code; no token", Do: depositRate},
			{Method: "GET", Path: api + "/deposit-rates/", Op: "rates", Doc: "the same, as documented", Do: depositRate},
		},
	}
}

func recipe() []dialect.Step {
	const app = " -H 'X-IBM-client-id: s2s-demo' -H 'X-IBM-client-secret: s2s-demo-secret'"
	return []dialect.Step{
		{Title: "A code by five headers", Text: "curl {base}/api/v1/s2s-oauth2/code -H 'X-Service-Account-ID: 12a42d02-0845-46f8-b6e2-202e1e792364'" +
			" -H 'X-Service-Account-Secret: AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po'" + app +
			" -H 'scope: read:accounts all:remittance all:eft'"},
		{Title: "Tokens by GET with a form body", Text: "curl -X GET {base}/api/v1/s2s-oauth2/token -u s2s-demo:s2s-demo-secret -H 'Accept: application/json'" +
			" -d grant_type=authorization_code -d code=CODE"},
		{Title: "The accounts", Text: "curl {base}/api/v1/accounts" + app + " -H 'Authorization: Bearer TOKEN'"},
		{Title: "After 1095 s, new tokens; each refresh token works once", Text: "curl -X GET {base}/api/v1/s2s-oauth2/token -u s2s-demo:s2s-demo-secret" +
			" -d grant_type=refresh_token -d refresh_token=REFRESH"},
	}
}

// form deals values that look like IBM's (banks.md 4.2): unpadded base64url that begins with the bytes 00 02. Access tokens carry the
// client id in clear behind a byte that says how long it is, which tempts clients to read it; here nobody does, tokens are looked up.
// The opaque parts are as long as those of the document: codes of 131 characters, refresh tokens of 174, access tokens of 202 for a
// client id of 36.
func form(d *dice.Dice, kind grant.Kind, g *grant.Grant, _ time.Time) string {
	head, opaque := []byte{0, 2}, 128
	switch kind {
	case grant.Code:
		opaque = 96
	case grant.Access:
		id := g.Client[:min(len(g.Client), 255)]
		head, opaque = append(append(head, byte(len(id))), id...), 112
	}
	value := make([]byte, len(head)+opaque)
	d.Fill(value[copy(value, head):])
	return base64.RawURLEncoding.EncodeToString(value)
}
