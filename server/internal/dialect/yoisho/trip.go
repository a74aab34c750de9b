package yoisho

import "sandbank/server/internal/dialect"

func trip() []dialect.Leg {
	client := [2]string{"client_id", "{client_id}"}
	return []dialect.Leg{
		{Title: "Log in: the redirect carries a code", Method: "GET", Path: "/account/authorize", Page: true,
			Query: [][2]string{{"redirect_uri", "{redirect_uri}"}, client}},
		{Title: "Swap the code for a token", Method: "GET", Path: "/account/access_token",
			Query: [][2]string{{"code", "{code}"}, client, {"client_secret", "{client_secret}"}}, Take: dialect.Tokens()[:1]},
		dialect.Ask("Ask for the balance", "/account/balance"),
	}
}
