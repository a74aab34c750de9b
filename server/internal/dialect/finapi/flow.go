package finapi

import "sandbank/server/flow"

// way is the service's flow for the lab: the client makes its own users.
func way() flow.Flow {
	const (
		form = "Content-Type: application/x-www-form-urlencoded\n\n"
		app  = "client_id={client_id}&client_secret={client_secret}"
		call = "GET /api/v1/accounts\nAuthorization: Bearer {access_token}"
	)
	notes := []flow.Note{
		{Field: "access_token", Text: "128 characters"},
		{Field: "expires_in", Text: "seconds; an hour less the second in which it was asked for"},
		{Field: "refresh_token", Text: "stays the same, and has no end by default"},
	}
	return flow.Flow{
		Lead:  "An aggregator: the client authorizes itself, makes a user, gets a token with the user's password, and brings in the user's bank. No page, no redirect.",
		Lanes: [4]string{"", "App", "finAPI tokens", "finAPI data"},
		Steps: []flow.Step{
			{Name: "Client", Title: "Authorize the client", From: flow.App, To: flow.Login, Says: "the client's token",
				Text:    "With its id and secret alone. This token makes users; it opens no account.",
				Request: "POST /oauth/token\n" + form + "grant_type=client_credentials&" + app,
				Gives:   []flow.Give{{Name: "client_token", From: "json:access_token"}}, Notes: notes,
				Breaks: []flow.Break{
					{Name: "secret", Title: "a wrong secret", Text: "401 with two forms of error at once, as the service has them.", Edits: []flow.Edit{{Old: "{client_secret}", New: "wrong"}}},
					{Name: "grant", Title: "another grant_type", Text: "No code here: nobody is redirected anywhere.", Edits: []flow.Edit{{Old: "client_credentials", New: "authorization_code"}}},
				}},
			{Name: "User", Title: "Make a user", From: flow.App, To: flow.API, Says: "user", Ends: "client_token",
				Text:    "The user exists only for this client. Its password is the client's to keep.",
				Request: "POST /users\nAuthorization: Bearer {client_token}\nContent-Type: application/json\n\n" + `{"id": "{new}", "password": "password", "email": "{new}@example.com", "isAutoUpdateEnabled": false}`,
				Notes:   []flow.Note{{Field: "id", Text: "the name to log in with; case does not matter"}, {Field: "password", Text: "told once more, and never again"}},
				Breaks: []flow.Break{
					{Name: "none", Title: "no token", Text: "401.", Edits: []flow.Edit{{Old: "\nAuthorization: Bearer {client_token}", New: ""}}},
					{Name: "taken", Title: "a name that is taken", Text: "422 ENTITY_EXISTS.", Edits: []flow.Edit{{Old: `"id": "{new}"`, New: `"id": "dave"`}}},
				}},
			{Name: "Log in", Title: "Authorize the user", From: flow.App, To: flow.Login, Says: "the user's tokens",
				Text:    "By password, which the app may only do because the user is its own.",
				Request: "POST /oauth/token\n" + form + "grant_type=password&" + app + "&username={new}&password=password",
				Gives:   []flow.Give{{Name: "access_token", From: "json:access_token"}, {Name: "refresh_token", From: "json:refresh_token"}}, Notes: notes,
				Breaks: []flow.Break{
					{Name: "password", Title: "a wrong password", Text: "Three in a row lock the user.", Edits: []flow.Edit{{Old: "password=password", New: "password=wrong"}}},
				}},
			{Name: "Bank", Title: "Bring in the user's bank", From: flow.App, To: flow.API, Says: "bank connection", Ends: "access_token",
				Text:    "A test bank with accounts and a year of transactions. The real service works on in the background; here it is over when the answer comes.",
				Request: "POST /api/v1/bankConnections/import\nAuthorization: Bearer {access_token}\nContent-Type: application/json\n\n" + `{"bankId": 280001}`,
				Notes:   []flow.Note{{Field: "id", Text: "of the connection"}, {Field: "updateStatus", Text: "READY: nothing is under way"}},
				Breaks: []flow.Break{
					{Name: "bank", Title: "a bank that is none", Text: "422 UNKNOWN_ENTITY.", Edits: []flow.Edit{{Old: "280001", New: "1"}}},
					{Name: "client", Title: "the client's token", Text: "It opens no user's data.", Edits: []flow.Edit{{Old: "{access_token}", New: "{client_token}"}}},
				}},
			{Name: "Accounts", Title: "See the accounts", From: flow.App, To: flow.API, Says: "accounts", Ends: "access_token",
				Text:    "Three of them came with the import.",
				Request: call,
				Notes:   []flow.Note{{Field: "accounts.0.id", Text: "names the account in other calls"}, {Field: "accounts.0.balance", Text: "a number, in the account's currency"}},
				Breaks: []flow.Break{
					{Name: "wait", Title: "wait until the token expires", Text: "401 invalid_token: refresh once, retry once.", Wait: "access_token"},
					{Name: "revoked", Title: "a revoked token", Text: "The same words; refreshing helps as long as the grant goes on.", Lever: flow.Revoke, Of: "access_token"},
				}},
			{Name: "Expire", Title: "Ask after the token's end", From: flow.App, To: flow.API, Says: "401 invalid_token", Wait: "access_token", Refused: true,
				Text: "Jump past its hour and ask.", Request: call},
			{Name: "Refresh", Title: "Refresh", From: flow.App, To: flow.Login, Says: "a new access token", Ends: "refresh_token",
				Text:    "The refresh token stays the same.",
				Request: "POST /oauth/token\n" + form + "grant_type=refresh_token&" + app + "&refresh_token={refresh_token}",
				Gives:   []flow.Give{{Name: "access_token", From: "json:access_token"}}, Notes: notes,
				Breaks: []flow.Break{
					{Name: "revoked", Title: "a revoked refresh token", Text: "invalid_grant: ask for the password again, or stop.", Lever: flow.Revoke, Of: "refresh_token"},
					{Name: "token", Title: "an access token instead", Text: "Each is for its own use.", Edits: []flow.Edit{{Old: "{refresh_token}", New: "{access_token}"}}},
				}},
		},
	}
}
