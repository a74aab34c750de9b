package finapi

import "sandbank/server/internal/dialect"

func trip() []dialect.Leg {
	client, secret := [2]string{"client_id", "{client_id}"}, [2]string{"client_secret", "{client_secret}"}
	return []dialect.Leg{
		{Title: "Authorize the user", Method: "POST", Path: "/oauth/token", Take: dialect.Tokens(),
			Form: [][2]string{{"grant_type", "password"}, client, secret, {"username", "{login}"}, {"password", "{password}"}}},
		dialect.Ask("See the money", "/api/v1/accounts"),
		{Title: "Refresh", Method: "POST", Path: "/oauth/token", Take: dialect.Tokens(),
			Form: [][2]string{{"grant_type", "refresh_token"}, client, secret, {"refresh_token", "{refresh}"}}},
	}
}
