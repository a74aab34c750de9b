package berlin

import "sandbank/server/flow"

// way is the bank's flow for the lab: a consent first, then OAuth for it, and the end of both.
func way() flow.Flow {
	return flow.Flow{
		Lead:  "A consent is asked for first, then the user gives it at the bank. Tokens come and go; the consent is what the access hangs on.",
		Lanes: flow.Lanes(), User: "jane",
		Steps: append(wayIn(), wayOn()...),
	}
}

const (
	formHead = "Content-Type: application/x-www-form-urlencoded"
	browser  = "Cookie: sandbank_browser={browser}"
)

// wayIn is how the person comes to allow the access.
func wayIn() []flow.Step {
	return []flow.Step{
		{Name: "Consent", Title: "Ask for a consent", From: flow.App, To: flow.API, Says: "consent id",
			Text:    "The app says what it wants to see and for how long. Nobody has allowed anything yet: the consent is received.",
			Request: "POST /consent\nContent-Type: application/json\n\n" + `{"access": {"accounts": [], "balances": [], "transactions": []},` + "\n" + ` "recurringIndicator": true, "validUntil": "9999-12-31", "frequencyPerDay": 4}`,
			Gives:   []flow.Give{{Name: "consent", From: "json:consentId"}},
			Notes: []flow.Note{{Field: "consentStatus", Text: "received: the user has yet to allow it"}, {Field: "consentId", Text: "goes along to the authorization endpoint; valid is what it becomes there"},
				{Field: "_links.self.href", Text: "where the consent can be read"}},
			Breaks: []flow.Break{
				{Name: "past", Title: "an end that is over", Text: "A date in the past is refused before anybody is asked.", Edits: []flow.Edit{{Old: "9999-12-31", New: "2020-01-01"}}},
				{Name: "type", Title: "the wrong Content-Type", Text: "curl says form unless told otherwise. The bank takes JSON.", Edits: []flow.Edit{{Old: "application/json", New: "text/plain"}}},
			}},
		{Name: "Authorize", Title: "Send the user to the bank", From: flow.Browser, To: flow.Login, Says: "login page",
			Text: "The link names the client, where to come back to, and the consent. state comes back as it was sent, and code_challenge ties the code to this app (PKCE).",
			Request: "GET /oauth2/authorize?response_type=code&client_id={client_id}&redirect_uri={redirect_uri}&scope=AISP&state={state}&consentId={consent}" +
				"&code_challenge={challenge}&code_challenge_method=S256",
			Gives: []flow.Give{{Name: "login", From: "form"}, {Name: "browser", From: "cookie:sandbank_browser"}},
			Breaks: []flow.Break{
				{Name: "redirect", Title: "another redirect_uri", Text: "Not registered, so the bank shows the error and redirects nowhere.", Edits: []flow.Edit{{Old: "{redirect_uri}", New: "https://evil.example/cb"}}},
				{Name: "scope", Title: "another scope", Text: "The browser comes back with error=invalid_scope.", Edits: []flow.Edit{{Old: "AISP", New: "PISP"}}},
				{Name: "pkce", Title: "plain PKCE", Text: "Only S256 is taken: plain would put the secret into the link.", Edits: []flow.Edit{{Old: "S256", New: "plain"}}},
				{Name: "consent", Title: "a consent of nobody's", Text: "The browser comes back with an error, before any login.", Edits: []flow.Edit{{Old: "{consent}", New: "00000000-0000-4000-8000-000000000000"}}},
			}},
		{Name: "Log in", Title: "Log in", From: flow.Browser, To: flow.Login, Says: "on to the consent page",
			Text:    "The login page's own form. It works only in the browser that opened it, which a cookie proves.",
			Request: "POST /oauth2/authorize/login\n" + formHead + "\n" + browser + "\n\n{=login}&login={user}&password=any",
			Gives:   []flow.Give{{Name: "next", From: "location"}},
			Breaks: []flow.Break{
				{Name: "user", Title: "an unknown user", Text: "The page again. The app hears nothing of it.", Edits: []flow.Edit{{Old: "{user}", New: "nobody"}}},
				{Name: "cookie", Title: "another browser", Text: "A login begun elsewhere is not carried on here: that is how forged logins are kept out.", Edits: []flow.Edit{{Old: "{browser}", New: "another"}}},
			}},
		{Name: "Accounts", Title: "See what is asked for", From: flow.Browser, To: flow.Login, Says: "consent page",
			Text:    "The consent page lists the user's accounts, those ticked that may be shared.",
			Request: "GET {=next}\n" + browser,
			Gives:   []flow.Give{{Name: "choice", From: "form"}}},
		{Name: "Allow", Title: "Allow it", From: flow.Browser, To: flow.Login, Says: "code on the redirect",
			Text:    "The consent page's form with the boxes as they stand. The consent is valid from here on, and the browser takes a code to the app.",
			Request: "POST /oauth2/authorize/consent\n" + formHead + "\n" + browser + "\n\n{=choice}",
			Gives:   []flow.Give{{Name: "code", From: "query:code"}},
			Hops:    []flow.Hop{{From: flow.Browser, To: flow.App, Text: "GET ?code=…&state=…"}},
			Notes:   []flow.Note{{Field: "code", Text: "for one exchange within a minute"}, {Field: "state", Text: "as it was sent: a client compares it with what it kept for this browser, and stops when it differs"}},
			Breaks: []flow.Break{
				{Name: "deny", Title: "the user says no", Text: "error=access_denied, and the consent is rejected for good.", Edits: []flow.Edit{{Old: "{=choice}", New: "{=choice}&deny=1"}}},
			}},
	}
}

// wayOn is what the app does with the code, and how the access ends.
func wayOn() []flow.Step {
	const accounts = "GET /v1/accounts?withBalance=true\nAuthorization: Bearer {access_token}\nPSU-IP-Address: 192.0.2.7"
	const client = "&client_id={client_id}&client_secret={client_secret?}"
	return []flow.Step{
		{Name: "Token", Title: "Swap the code for tokens", From: flow.App, To: flow.Login, Says: "access + refresh token", Ends: "code",
			Text:    "The app sends the code, its own name and secret, the very redirect URI of before, and the verifier behind the challenge. The code works once.",
			Request: "POST /oauth2/token\n" + formHead + "\n\ngrant_type=authorization_code&code={code}" + client + "&redirect_uri={redirect_uri}&code_verifier={verifier}",
			Gives:   []flow.Give{{Name: "access_token", From: "json:access_token"}, {Name: "refresh_token", From: "json:refresh_token"}},
			Notes:   tokenNotes(),
			Breaks: []flow.Break{
				{Name: "twice", Title: "use the code twice", Text: "Somebody has stolen it, as far as the bank can tell: the second try is refused, and the tokens of the first end with it.", Twice: true},
				{Name: "redirect", Title: "another redirect_uri", Text: "It must be the one that the code was asked for with.", Edits: []flow.Edit{{Old: "{redirect_uri}", New: "http://127.0.0.1:9000/other"}}},
				{Name: "wait", Title: "wait until the code expires", Text: "A minute here. A client starts over, with a friendly word.", Wait: "code"},
				{Name: "verifier", Title: "a wrong PKCE verifier", Text: "Whoever caught the code on its way has not got this.", Edits: []flow.Edit{{Old: "{verifier}", New: "somebody-elses-verifier-somebody-elses-verifier"}}},
				{Name: "secret", Title: "a wrong secret", Text: "401 invalid_client. The code is still good; keep everything and page whoever rotates secrets.", Edits: []flow.Edit{{Old: "{client_secret?}", New: "wrong"}}},
			}},
		{Name: "Call", Title: "Call the API", From: flow.App, To: flow.API, Says: "accounts", Ends: "access_token",
			Text:    "PSU-IP-Address says that the user is there. Without it the call is unattended, and of those there are four a day.",
			Request: accounts,
			Notes:   []flow.Note{{Field: "accounts.0.resourceId", Text: "names the account in the calls behind this one"}, {Field: "accounts.0.iban", Text: "what the user knows it by"}},
			Breaks: []flow.Break{
				{Name: "wait", Title: "wait until the token expires", Text: "401 TOKEN_EXPIRED: refresh once, retry once.", Wait: "access_token"},
				{Name: "revoked", Title: "a revoked token", Text: "401 again; here refreshing may still help, since the grant goes on.", Lever: flow.Revoke, Of: "access_token"},
				{Name: "none", Title: "no token", Text: "401, and the challenge says Bearer.", Edits: []flow.Edit{{Old: "\nAuthorization: Bearer {access_token}", New: ""}}},
			}},
		{Name: "Expire", Title: "Ask after the token's end", From: flow.App, To: flow.API, Says: "401 TOKEN_EXPIRED", Wait: "access_token", Refused: true,
			Text: "Jump past its end and ask. The consent is still valid, so a refresh brings the next token.", Request: accounts},
		{Name: "Refresh", Title: "Refresh", From: flow.App, To: flow.Login, Says: "a new pair", Ends: "refresh_token",
			Text:    "The refresh token brings a new pair and is spent by that. Store the new one before using it.",
			Request: "POST /oauth2/token\n" + formHead + "\n\ngrant_type=refresh_token&refresh_token={refresh_token}" + client,
			Gives:   []flow.Give{{Name: "access_token", From: "json:access_token"}, {Name: "refresh_token", From: "json:refresh_token"}},
			Notes:   tokenNotes(),
			Breaks: []flow.Break{
				{Name: "twice", Title: "use it twice", Text: "One wins. The second looks like a thief, and the whole family ends: both sides must log in anew.", Twice: true},
				{Name: "wait", Title: "wait until it expires", Text: "invalid_grant after 90 days: no retry, a new login.", Wait: "refresh_token"},
				{Name: "secret", Title: "a wrong secret", Text: "invalid_client: keep the tokens.", Edits: []flow.Edit{{Old: "{client_secret?}", New: "wrong"}}},
			}},
		{Name: "End it", Title: "End the consent", From: flow.App, To: flow.API, Says: "204",
			Text:    "The app has no use for it any more and says so. The user can do the same on the bank's page.",
			Request: "DELETE /v1/consents/{consent}\nAuthorization: Bearer {access_token}",
			Notes:   []flow.Note{{Field: "204", Text: "no body; the consent is terminatedByTpp, and its tokens open nothing"}}},
		{Name: "Refused", Title: "Refresh without a consent", From: flow.App, To: flow.Login, Says: "400 invalid_grant", Refused: true,
			Text:    "What the access hung on is gone. Only a new consent helps, and that needs the user.",
			Request: "POST /oauth2/token\n" + formHead + "\n\ngrant_type=refresh_token&refresh_token={refresh_token}" + client},
	}
}

func tokenNotes() []flow.Note {
	return []flow.Note{
		{Field: "access_token", Text: "opaque: nothing in it is for the client"},
		{Field: "expires_in", Text: "seconds from now, counted on a clock that nobody moves"},
		{Field: "consented_on", Text: "when the user allowed it, seconds since 1970"},
		{Field: "refresh_token", Text: "rotates at every use: store the new one first"},
		{Field: "refresh_token_expires_in", Text: "seconds; then the user must come again"},
		{Field: "consentId", Text: "what all of it hangs on"},
	}
}
