package berlin

import "sandbank/server/internal/dialect"

func trip() []dialect.Leg {
	client, secret := [2]string{"client_id", "{client_id}"}, [2]string{"client_secret", "{client_secret}"}
	return []dialect.Leg{
		{Title: "Ask for a consent", Method: "POST", Path: "/consent", Take: [][2]string{{"consent", "consentId"}},
			JSON: `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"9999-12-31","frequencyPerDay":4}`},
		{Title: "Log in, choose, allow: the redirect carries a code", Method: "GET", Path: authorizePath, Page: true, Query: [][2]string{{"response_type", "code"}, client,
			{"redirect_uri", "{redirect_uri}"}, {"scope", "{scope}"}, {"state", "{state}"}, {"consentId", "{consent}"},
			{"code_challenge", "{challenge}"}, {"code_challenge_method", "S256"}}},
		{Title: "Swap the code for tokens", Method: "POST", Path: tokenPath, Take: dialect.Tokens(), Form: [][2]string{{"grant_type", "authorization_code"}, client, secret,
			{"redirect_uri", "{redirect_uri}"}, {"code", "{code}"}, {"code_verifier", "{verifier}"}}},
		dialect.Ask("Ask for the accounts, with the user present", accountsPath, [2]string{"PSU-IP-Address", "192.0.2.7"}),
		{Title: "Refresh: the old refresh token is spent", Method: "POST", Path: tokenPath, Take: dialect.Tokens(),
			Form: [][2]string{{"grant_type", "refresh_token"}, client, secret, {"refresh_token", "{refresh}"}}},
	}
}
