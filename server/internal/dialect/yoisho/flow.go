package yoisho

import "sandbank/server/flow"

// way is the bank's flow for the lab: by GET alone, and around again when the minute is over.
func way() flow.Flow {
	bearer := flow.Edit{Old: "Bearer {access_token}", New: "Bearer {access_token}x"}
	return flow.Flow{
		Lead:  "Three legs by GET alone. The token lives a minute, there is no refresh token, and everything that goes wrong is a 400.",
		Lanes: flow.Lanes(), User: "dave",
		Steps: []flow.Step{
			{Name: "Authorize", Title: "Send the user to the bank", From: flow.Browser, To: flow.Login, Says: "login page",
				Text:    "The app shows a link; the browser follows it and gets the bank's login page. There is no response_type, no scope and no state at this bank.",
				Request: "GET /account/authorize?redirect_uri={redirect_uri}&client_id={client_id}",
				Gives:   []flow.Give{{Name: "page", From: "field:token"}, {Name: "browser", From: "cookie:sandbank_browser"}},
				Breaks: []flow.Break{
					{Name: "client", Title: "an unknown client", Text: "Refused on the spot and never redirected: the bank cannot know whose address that is.", Edits: []flow.Edit{{Old: "{client_id}", New: "nobody"}}},
					{Name: "redirect", Title: "no redirect_uri", Text: "Without an address the answer has nowhere to go.", Edits: []flow.Edit{{Old: "redirect_uri={redirect_uri}&", New: ""}}},
				}},
			{Name: "Log in", Title: "Log in and allow", From: flow.Browser, To: flow.Login, Says: "code on the redirect",
				Text:    "The page's own form, by GET, from the browser that has the page: a cookie proves it. Any password does. The answer sends the browser back to the app with a code.",
				Request: "GET /account/loggedin?uname={user}&psw=any&token={page}&redirect={redirect_uri}&client_id={client_id}\nCookie: sandbank_browser={browser}",
				Gives:   []flow.Give{{Name: "code", From: "query:code"}},
				Hops:    []flow.Hop{{From: flow.Browser, To: flow.App, Text: "GET ?code=…"}},
				Notes:   []flow.Note{{Field: "code", Text: "seven digits, for one exchange within ten minutes"}},
				Breaks: []flow.Break{
					{Name: "user", Title: "an unknown user", Text: "The page again, with a word about what was wrong. The app hears nothing of it.", Edits: []flow.Edit{{Old: "{user}", New: "nobody"}}},
					{Name: "deny", Title: "the user says no", Text: "The browser comes back with error=access_denied. A client says so kindly and does not loop.", Edits: []flow.Edit{{Old: "psw=any", New: "psw=any&deny=1"}}},
				}},
			{Name: "Token", Title: "Swap the code for a token", From: flow.App, To: flow.Login, Says: "access token", Ends: "code",
				Text:    "The app itself sends the code with its name and secret. All of it goes in the query, which ends up in logs: a bank today would take a POST. No expires_in comes back: unknown is neither 0 nor for ever, so use the token until it is refused.",
				Request: "GET /account/access_token?code={code}&client_id={client_id}&client_secret={client_secret}",
				Gives:   []flow.Give{{Name: "access_token", From: "json:access_token"}},
				Notes: []flow.Note{
					{Field: "access_token", Text: "the token; what stands behind the dot is the second of issue in base64, which is nobody's business"},
					{Field: "token_type", Text: "goes before the token in the Authorization header"},
					{Field: "scope", Text: "what it opens"},
				},
				Breaks: []flow.Break{
					{Name: "twice", Title: "use the code twice", Text: "The first exchange wins, the second is refused, and a strict bank ends the first token too.", Twice: true},
					{Name: "wait", Title: "wait until the code expires", Text: "Ten minutes here. A client starts the flow again.", Wait: "code"},
					{Name: "secret", Title: "a wrong secret", Text: "The code is not spent by that: the right secret still works.", Edits: []flow.Edit{{Old: "{client_secret}", New: "wrong"}}},
					{Name: "code", Title: "a code of nobody's", Text: "Seven digits can be guessed, so wrong ones are counted.", Edits: []flow.Edit{{Old: "{code}", New: "4000000"}}},
				}},
			{Name: "Info", Title: "Ask who it is", From: flow.App, To: flow.API, Says: "account owner", Ends: "access_token",
				Text:    "The token opens the data of whoever logged in, from the Authorization header only.",
				Request: "GET /account/info\nAuthorization: Bearer {access_token}",
				Breaks: []flow.Break{
					{Name: "none", Title: "no token", Text: "Told apart from a wrong one in the journal, not on the wire.", Edits: []flow.Edit{{Old: "\nAuthorization: Bearer {access_token}", New: ""}}},
					{Name: "spoilt", Title: "one letter too many", Text: "Nobody issued that.", Edits: []flow.Edit{bearer}},
					{Name: "revoked", Title: "a revoked token", Text: "The user took it back. No waiting helps; only a new login does.", Lever: flow.Revoke, Of: "access_token"},
				}},
			{Name: "Balance", Title: "Ask for the balance", From: flow.App, To: flow.API, Says: "balance", Ends: "access_token",
				Text:    "The same token again, as often as wanted within its minute.",
				Request: "GET /account/balance\nAuthorization: Bearer {access_token}",
				Breaks: []flow.Break{
					{Name: "basic", Title: "Basic instead of Bearer", Text: "The scheme is part of the header.", Edits: []flow.Edit{{Old: "Bearer", New: "Basic"}}},
				}},
			{Name: "Expire", Title: "Ask again after its minute", From: flow.App, To: flow.API, Says: "400, expired", Wait: "access_token", Refused: true,
				Text:    "Let the time pass, or jump, and ask once more. This bank says 400 where others say 401: go by a table of codes, not by the wording.",
				Request: "GET /account/balance\nAuthorization: Bearer {access_token}"},
			{Name: "Again", Title: "Send the user there again", From: flow.Browser, To: flow.Login, Says: "code on the redirect",
				Text:    "There is nothing to refresh. A good app keeps what the user was doing, and asks for one more login.",
				Request: "GET /account/loggedin?uname={user}&psw=any&redirect={redirect_uri}&client_id={client_id}",
				Gives:   []flow.Give{{Name: "code_again", From: "query:code"}},
				Hops:    []flow.Hop{{From: flow.Browser, To: flow.App, Text: "GET ?code=…"}}},
			{Name: "New token", Title: "Swap the new code", From: flow.App, To: flow.Login, Says: "another access token", Ends: "code_again",
				Text:    "Another minute begins.",
				Request: "GET /account/access_token?code={code_again}&client_id={client_id}&client_secret={client_secret}"},
		},
	}
}
