package sparebank1

import "sandbank/server/flow"

const (
	formHead = "Content-Type: application/x-www-form-urlencoded"
	browser  = "Cookie: sandbank_browser={browser}"
)

// way is the bank's flow for the lab.
func way() flow.Flow {
	return flow.Flow{
		Lead:  "A login with BankID in two steps, tokens of ten minutes, refresh tokens that rotate. A refused token is the plain word Unauthorized, no JSON.",
		Lanes: flow.Lanes(), User: "dave",
		Steps: append(wayIn(), wayOn()...),
	}
}

// wayIn is how the customer logs in.
func wayIn() []flow.Step {
	return []flow.Step{
		{Name: "Authorize", Title: "Send the user to the bank", From: flow.Browser, To: flow.Login, Says: "BankID page",
			Text: "finInst says which bank of the group; without it the customer is asked. code_challenge ties the code to this app (PKCE).",
			Request: "GET /oauth/authorize?client_id={client_id}&redirect_uri={redirect_uri}&response_type=code&state={state}&finInst=fid-smn" +
				"&code_challenge={challenge}&code_challenge_method=S256",
			Gives: []flow.Give{{Name: "login", From: "form"}, {Name: "browser", From: "cookie:sandbank_browser"}},
			Breaks: []flow.Break{
				{Name: "redirect", Title: "another redirect_uri", Text: "Not registered, so the bank shows the error and redirects nowhere.", Edits: []flow.Edit{{Old: "{redirect_uri}", New: "https://evil.example/cb"}}},
				{Name: "bank", Title: "a bank that is none", Text: "The browser comes back with error=access_denied.", Edits: []flow.Edit{{Old: "fid-smn", New: "fid-nowhere"}}},
				{Name: "type", Title: "no response_type", Text: "The browser comes back with error=invalid_request.", Edits: []flow.Edit{{Old: "&response_type=code", New: ""}}},
			}},
		{Name: "BankID", Title: "Log in with BankID", From: flow.Browser, To: flow.Login, Says: "on to the code",
			Text:    "The page's own form: user name or national identity number, and any password.",
			Request: "POST /oauth/bankid\n" + formHead + "\n" + browser + "\n\n{=login}&login={user}&password=any",
			Gives:   []flow.Give{{Name: "next", From: "location"}},
			Breaks: []flow.Break{
				{Name: "user", Title: "an unknown user", Text: "The page again. The app hears nothing of it.", Edits: []flow.Edit{{Old: "{user}", New: "nobody"}}},
				{Name: "cookie", Title: "another browser", Text: "A login begun elsewhere is not carried on here.", Edits: []flow.Edit{{Old: "{browser}", New: "another"}}},
			}},
		{Name: "Device", Title: "Look at the code device", From: flow.Browser, To: flow.Login, Says: "page for the code",
			Text:    "The bank's device shows six digits; in this sandbox the page prints them on its strip.",
			Request: "GET {=next}\n" + browser,
			Gives:   []flow.Give{{Name: "confirm", From: "form"}, {Name: "otp", From: "field:demo"}}},
		{Name: "Code", Title: "Confirm with the six digits", From: flow.Browser, To: flow.Login, Says: "code on the redirect",
			Text:    "With them the customer lets the app in, and the browser takes a code there.",
			Request: "POST /oauth/bankid/code\n" + formHead + "\n" + browser + "\n\n{=confirm}&otp={otp}",
			Gives:   []flow.Give{{Name: "code", From: "query:code"}},
			Hops:    []flow.Hop{{From: flow.Browser, To: flow.App, Text: "GET ?code=…&state=…"}},
			Notes:   []flow.Note{{Field: "code", Text: "32 hexadecimal digits, for one exchange within two minutes"}, {Field: "state", Text: "as it was sent: a client compares it with what it kept for this browser"}},
			Breaks: []flow.Break{
				{Name: "otp", Title: "wrong digits", Text: "The page again; three misses end the login.", Edits: []flow.Edit{{Old: "{otp}", New: "none"}}},
				{Name: "deny", Title: "the user says no", Text: "error=access_denied on the redirect.", Edits: []flow.Edit{{Old: "otp={otp}", New: "deny=1"}}},
			}},
	}
}

// wayOn is what the app does with the code.
func wayOn() []flow.Step {
	const (
		client   = "&client_id={client_id}&client_secret={client_secret?}"
		accounts = "GET /personal/banking/accounts\nAuthorization: Bearer {access_token}\nAccept: application/vnd.sparebank1.v1+json; charset=utf-8"
	)
	gives := []flow.Give{{Name: "access_token", From: "json:access_token"}, {Name: "refresh_token", From: "json:refresh_token"}}
	notes := []flow.Note{
		{Field: "access_token", Text: "opaque: nothing in it is for the client"},
		{Field: "expires_in", Text: "seconds; ten minutes by default"},
		{Field: "refresh_token", Text: "rotates at every use: store the new one first"},
		{Field: "refresh_token_expires_in", Text: "seconds without a use until it ends"},
		{Field: "refresh_token_absolute_expires_in", Text: "seconds until it ends in any case: warn the user before that"},
		{Field: "state", Text: "once more, beside the tokens"},
		{Field: "userinfo", Text: "JSON within a string, as the bank sends it"},
	}
	return []flow.Step{
		{Name: "Token", Title: "Swap the code for tokens", From: flow.App, To: flow.Login, Says: "access + refresh token", Ends: "code",
			Text:    "The app sends the code, its own name and secret, the very redirect URI of before and the verifier. This bank spends a code even when its exchange fails.",
			Request: "POST /oauth/token\n" + formHead + "\n\ngrant_type=authorization_code&code={code}" + client + "&redirect_uri={redirect_uri}&code_verifier={verifier}",
			Gives:   gives, Notes: notes,
			Breaks: []flow.Break{
				{Name: "twice", Title: "use the code twice", Text: "The second try is refused, and the tokens of the first end with it.", Twice: true},
				{Name: "redirect", Title: "another redirect_uri", Text: "It must be the one that the code was asked for with.", Edits: []flow.Edit{{Old: "{redirect_uri}", New: "http://127.0.0.1:9000/other"}}},
				{Name: "wait", Title: "wait until the code expires", Text: "Two minutes here. A client starts over.", Wait: "code"},
				{Name: "verifier", Title: "a wrong PKCE verifier", Text: "Whoever caught the code on its way has not got this.", Edits: []flow.Edit{{Old: "{verifier}", New: "somebody-elses-verifier-somebody-elses-verifier"}}},
				{Name: "secret", Title: "a wrong secret", Text: "401 invalid_client.", Edits: []flow.Edit{{Old: "{client_secret?}", New: "wrong"}}},
			}},
		{Name: "Accounts", Title: "See the accounts", From: flow.App, To: flow.API, Says: "accounts", Ends: "access_token",
			Text:    "The Accept header names the bank's own media type.",
			Request: accounts,
			Notes:   []flow.Note{{Field: "accounts.0.key", Text: "names the account in the calls behind this one"}, {Field: "accounts.0.balance", Text: "a number, in the account's currency"}},
			Breaks: []flow.Break{
				{Name: "wait", Title: "wait until the token expires", Text: "401 with the plain word Unauthorized: do not parse it as JSON. Refresh once, retry once.", Wait: "access_token"},
				{Name: "revoked", Title: "a revoked token", Text: "The same 401; the journal knows the difference, the wire does not tell.", Lever: flow.Revoke, Of: "access_token"},
				{Name: "scope", Title: "drop the scope", Text: "403: the token is fine and opens too little.", Lever: flow.Unscope, Of: "access_token"},
				{Name: "none", Title: "no token", Text: "401.", Edits: []flow.Edit{{Old: "\nAuthorization: Bearer {access_token}", New: ""}}},
			}},
		{Name: "Expire", Title: "Ask after the token's end", From: flow.App, To: flow.API, Says: "401 Unauthorized", Wait: "access_token", Refused: true,
			Text: "Jump past its end and ask. The body is one plain word.", Request: accounts},
		{Name: "Refresh", Title: "Refresh", From: flow.App, To: flow.Login, Says: "a new pair", Ends: "refresh_token",
			Text:    "The refresh token brings a new pair and is spent by that.",
			Request: "POST /oauth/token\n" + formHead + "\n\ngrant_type=refresh_token&refresh_token={refresh_token}" + client,
			Gives:   gives, Notes: notes,
			Breaks: []flow.Break{
				{Name: "twice", Title: "use it twice", Text: "One wins; the second ends the whole family.", Twice: true},
				{Name: "wait", Title: "wait until it expires", Text: "30 days without a use. invalid_grant: a new login, no retry.", Wait: "refresh_token"},
			}},
	}
}
