package s2s

import "sandbank/server/internal/dialect"

func trip() []dialect.Leg {
	const oauth = "/api/v1/s2s-oauth2"
	client := [][2]string{{"X-IBM-client-id", "{client_id}"}, {"X-IBM-client-secret", "{client_secret}"}}
	return []dialect.Leg{
		{Title: "A code by five headers", Method: "GET", Path: oauth + "/code", Take: [][2]string{{"code", "code"}}, Head: append([][2]string{
			{"X-Service-Account-ID", "{service_id}"}, {"X-Service-Account-Secret", "{service_secret}"}, {"scope", "{scope}"}}, client...)},
		{Title: "Swap the code for tokens", Method: "POST", Path: oauth + "/token", Basic: true, Take: dialect.Tokens(),
			Form: [][2]string{{"grant_type", "authorization_code"}, {"code", "{code}"}}},
		dialect.Ask("Ask for the accounts", "/api/v1/accounts", client...),
		{Title: "New tokens: each refresh token works once", Method: "POST", Path: oauth + "/token", Basic: true, Take: dialect.Tokens(),
			Form: [][2]string{{"grant_type", "refresh_token"}, {"refresh_token", "{refresh}"}}},
	}
}
