package s2s

import "sandbank/server/flow"

// way is the bank's flow for the lab: nobody is at a keyboard.
func way() flow.Flow {
	const (
		app  = "X-IBM-client-id: {client_id}\nX-IBM-client-secret: {client_secret}"
		form = "\nAuthorization: Basic {basic}\nAccept: application/json\nContent-Type: application/x-www-form-urlencoded\n\n"
		call = "GET /api/v1/accounts\n" + app + "\nAuthorization: Bearer {access_token}"
	)
	gives := []flow.Give{{Name: "access_token", From: "json:access_token"}, {Name: "refresh_token", From: "json:refresh_token"}}
	notes := []flow.Note{
		{Field: "access_token", Text: "opaque, however much of it can be read"},
		{Field: "expires_in", Text: "seconds; 1095 by default"},
		{Field: "consented_on", Text: "when the code was dealt, seconds since 1970; refreshing does not move it"},
		{Field: "refresh_token", Text: "for one use"},
		{Field: "refresh_token_expires_in", Text: "seconds; 2682000 are 31 days and an hour"},
	}
	return flow.Flow{
		Lead:  "Two servers and nobody at a keyboard: a service account stands in for its owner, five headers bring a code, and the code brings tokens.",
		Lanes: [4]string{"", "Server", "OAuth server", "Bank API"},
		Steps: []flow.Step{
			{Name: "Code", Title: "Get a code by five headers", From: flow.App, To: flow.Login, Says: "code",
				Text:    "The application proves itself, and the service account, and says what it wants. There is no page and no person.",
				Request: "GET /api/v1/s2s-oauth2/code\nX-Service-Account-ID: {service_id}\nX-Service-Account-Secret: {service_secret}\n" + app + "\nscope: read:accounts all:remittance all:eft",
				Gives:   []flow.Give{{Name: "code", From: "json:code"}},
				Notes:   []flow.Note{{Field: "code", Text: "for one exchange within a minute"}},
				Breaks: []flow.Break{
					{Name: "service", Title: "a wrong service secret", Text: "Refused without a word on which of the two was wrong; the journal says it.", Edits: []flow.Edit{{Old: "{service_secret}", New: "wrong"}}},
					{Name: "secret", Title: "a wrong client secret", Text: "The gateway refuses before the bank is asked.", Edits: []flow.Edit{{Old: "{client_secret}", New: "wrong"}}},
					{Name: "scope", Title: "a scope that is none", Text: "invalid_scope.", Edits: []flow.Edit{{Old: "all:eft", New: "all:money"}}},
				}},
			{Name: "Token", Title: "Swap the code for tokens", From: flow.App, To: flow.Login, Says: "access + refresh token", Ends: "code",
				Text:    "A GET with a form as its body, just as the document has it; POST works too, for clients that cannot.",
				Request: "GET /api/v1/s2s-oauth2/token" + form + "grant_type=authorization_code&code={code}",
				Gives:   gives, Notes: notes,
				Breaks: []flow.Break{
					{Name: "twice", Title: "use the code twice", Text: "The second try is refused, and the tokens of the first end with it.", Twice: true},
					{Name: "wait", Title: "wait until the code expires", Text: "A minute here: ask for another.", Wait: "code"},
					{Name: "secret", Title: "no Basic header", Text: "401 invalid_client.", Edits: []flow.Edit{{Old: "\nAuthorization: Basic {basic}", New: ""}}},
				}},
			{Name: "Accounts", Title: "See the accounts", From: flow.App, To: flow.API, Says: "accounts", Ends: "access_token",
				Text:    "Each call carries the application's id and secret beside the token.",
				Request: call,
				Breaks: []flow.Break{
					{Name: "wait", Title: "wait until the token expires", Text: "401: refresh once, retry once.", Wait: "access_token"},
					{Name: "app", Title: "no client id", Text: "The gateway refuses, whatever the token.", Edits: []flow.Edit{{Old: "X-IBM-client-id: {client_id}\n", New: ""}}},
					{Name: "scope", Title: "drop the scope", Text: "403: the token is fine and opens too little.", Lever: flow.Unscope, Of: "access_token"},
					{Name: "revoked", Title: "a revoked token", Text: "401.", Lever: flow.Revoke, Of: "access_token"},
				}},
			{Name: "Expire", Title: "Ask after the token's end", From: flow.App, To: flow.API, Says: "401", Wait: "access_token", Refused: true,
				Text: "Jump past its end and ask. A server refreshes, or takes another code: nobody needs to be asked.", Request: call},
			{Name: "Refresh", Title: "Refresh", From: flow.App, To: flow.Login, Says: "a new pair", Ends: "refresh_token",
				Text:    "The same endpoint. Each refresh token works once.",
				Request: "GET /api/v1/s2s-oauth2/token" + form + "grant_type=refresh_token&refresh_token={refresh_token}",
				Gives:   gives, Notes: notes,
				Breaks: []flow.Break{
					{Name: "twice", Title: "use it twice", Text: "One wins; the second ends the whole family. Two servers that share a token need a lock.", Twice: true},
					{Name: "wait", Title: "wait until it expires", Text: "invalid_grant: begin again with a code.", Wait: "refresh_token"},
				}},
		},
	}
}
