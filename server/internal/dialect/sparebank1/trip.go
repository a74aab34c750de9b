package sparebank1

import "sandbank/server/internal/dialect"

func trip() []dialect.Leg {
	return []dialect.Leg{
		{Title: "Log in by BankID: the redirect carries a code", Method: "GET", Path: "/oauth/authorize", Page: true, Query: [][2]string{{"client_id", "{client_id}"},
			{"redirect_uri", "{redirect_uri}"}, {"response_type", "code"}, {"state", "{state}"}, {"finInst", "fid-smn"}}},
		{Title: "Swap the code for tokens, within two minutes", Method: "POST", Path: "/oauth/token", Basic: true, Take: dialect.Tokens(),
			Form: [][2]string{{"grant_type", "authorization_code"}, {"code", "{code}"}, {"redirect_uri", "{redirect_uri}"}}},
		dialect.Ask("Ask for the default account", "/personal/banking/accounts/default"),
		{Title: "Refresh", Method: "POST", Path: "/oauth/token", Basic: true, Take: dialect.Tokens(),
			Form: [][2]string{{"grant_type", "refresh_token"}, {"refresh_token", "{refresh}"}}},
	}
}
