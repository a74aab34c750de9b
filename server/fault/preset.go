package fault

import (
	"encoding/json"
	"time"

	"sandbank/server/fail"
)

// Preset is a rule with a name, for one of the cases that a client must survive. It can be armed as it is, or narrowed first, to one
// bank or client.
type Preset struct {
	Name  string   `json:"name"`
	Cases []string `json:"cases,omitempty"` // of the catalogue of expiry cases: E33
	Doc   string   `json:"doc"`             // what happens
	Learn string   `json:"learn"`           // what a correct client does
	Rule  Rule     `json:"rule"`
}

// Presets are all, in the order of the catalogue. Each call makes them anew.
func Presets() []Preset {
	out := append(tokenPresets(), answerPresets()...)
	for i := range out {
		out[i].Rule.Name = out[i].Name
	}
	return out
}

// refreshing is the condition of a refresh; s2s and finAPI have none by another name.
const refreshing = "grant_type=refresh_token"

func seconds(n int) Duration { return Duration(n) * Duration(time.Second) }

// tokenPresets are for the life of tokens: slow, lost and failing token endpoints, and tokens that die half way.
func tokenPresets() []Preset {
	token := When{Op: "token"}
	refresh := When{Op: "token", Param: refreshing}
	bearer := When{Header: "Authorization: Bearer *"}
	return []Preset{
		{"late-before-auth", []string{"E01", "E20"}, "The call is held for 3 s before the bank looks at its token, which may expire meanwhile.",
			"Refresh on the 401 and try again, once.", Rule{When: bearer, Then: Then{Delay: seconds(3)}}},
		{"slow-token", []string{"E32", "E70"}, "The token endpoint takes 2 s, give or take 1 s.",
			"Let one refresh go at a time, and share what it brings.", Rule{When: token, Then: Then{Delay: seconds(2), Spread: seconds(1)}, Often: Often{Next: 3}}},
		{"slow-refresh-reply", []string{"E32"}, "The refresh is done at once, and its answer comes 5 s late.",
			"Do not start a second refresh while one is under way.", Rule{When: refresh, Then: Then{Where: After, Delay: seconds(5)}}},
		{"refresh-reply-lost", []string{"E33"}, "The refresh token is rotated; the connection is reset before the answer.",
			"Try once more within the grace time, then ask the user to log in.", Rule{When: refresh, Then: Then{Where: After, Reset: true}}},
		{"refresh-then-500", []string{"E34"}, "The refresh token is rotated; the answer is 500.",
			"Keep the old refresh token until a new one has arrived.", Rule{When: refresh, Then: Then{Where: After, Status: 500}}},
		{"token-503", []string{"E41", "E70", "E75"}, "The token endpoint is down: the next three calls get 503.",
			"Go on with the access token while it lives, and try again in the background with jitter.",
			Rule{When: token, Then: Then{Status: 503, RetryAfter: "5s"}, Often: Often{Next: 3}}},
		{"token-hang", []string{"E70"}, "The token endpoint says nothing.", "Time out before 30 s.", Rule{When: token, Then: Then{Hang: true}}},
		{"token-reset", []string{"E70"}, "The token endpoint resets the connection.", "A few tries with growing pauses, then stop.",
			Rule{When: token, Then: Then{Reset: true}}},
		{"token-drop", []string{"E70"}, "The token endpoint closes the connection without an answer.", "A few tries with growing pauses, then stop.",
			Rule{When: token, Then: Then{Drop: true}}},
		{"expires-in-junk", []string{"E09"}, "The token answer's expires_in is a word. A bank that sends none sends this one.",
			"Take what is no number for unknown, and use the token until a 401.",
			Rule{When: token, Then: Then{Mutate: []Mutation{{Path: "expires_in", Do: Set, Value: json.RawMessage(`"soon"`)}}}}},
		{"dribble-1k", []string{"E62"}, "The answer comes at 1 kB per second, and may outlive its token; with the knob token-check=midstream it stops there.",
			"Compare the length, and resume.", Rule{When: bearer, Then: Then{Dribble: 1 << 10}}},
		{"commit-then-401", []string{"E63"}, "A POST is done, and answered as if its token had expired.",
			"Send the same X-Request-ID again, or look whether it was done, before doing it twice.",
			Rule{When: When{Method: "POST", Header: bearer.Header}, Then: Then{Where: After, Refuse: fail.TokenExpired}}},
		{"401-every-5th", []string{"E64"}, "Every fifth call with a token is refused as if the token had expired, in the bank's own way. It stops after four.",
			"One refresh for all calls that are under way, and one retry for each.",
			Rule{When: bearer, Then: Then{Refuse: fail.TokenExpired}, Often: Often{Every: 5, Next: 4}}},
	}
}

// answerPresets are for answers that are not what they seem.
func answerPresets() []Preset {
	bearer := When{Header: "Authorization: Bearer *"}
	html := "<!doctype html><html lang=en><title>Maintenance</title><h1>We will be back soon</h1></html>"
	answered := func(status int) When { return When{Answer: status, Header: bearer.Header} }
	return []Preset{
		{"strip-www-authenticate", []string{"E65"}, "The next 401 comes without WWW-Authenticate.", "The status decides; the header only refines it.",
			Rule{When: When{Answer: 401}, Then: Then{Strip: []string{"WWW-Authenticate"}}}},
		{"html-instead-of-json", []string{"E66"}, "The answer is a page about maintenance, with status 200.", "Look at the content type before parsing.",
			Rule{Then: Then{Status: 200, Body: new(html)}}},
		{"text-instead-of-json", []string{"E66"}, "The answer is 401 and the plain word Unauthorized.", "Go by the status before parsing.",
			Rule{Then: Then{Status: 401, Body: new("Unauthorized")}}},
		{"empty-body", []string{"E66"}, "The answer is 401 without a body.", "Never parse blindly.", Rule{Then: Then{Status: 401, Body: new("")}}},
		{"401-as-403", []string{"E67"}, "The next 401 is sent as 403.", "Go by a table of codes, not by one status.",
			Rule{When: answered(401), Then: Then{Status: 403}}},
		{"401-as-400", []string{"E67"}, "The next 401 is sent as 400.", "Go by a table of codes, not by one status.",
			Rule{When: answered(401), Then: Then{Status: 400}}},
		{"refresh-invalid-request", []string{"E67"}, "The next refusal of a refresh token says invalid_request. One that has no field error gets it.",
			"A refresh that was refused for good is over, whatever it is called.",
			Rule{When: When{Op: "token", Param: refreshing, Answer: 400}, Then: Then{Mutate: []Mutation{{Path: "error", Do: Set, Value: json.RawMessage(`"invalid_request"`)}}}}},
		{"200-with-an-error", []string{"E68"}, "The bank's refusal of an expired token comes with status 200.", "A body with an error in it is an error.",
			Rule{When: bearer, Then: Then{Refuse: fail.TokenExpired, Status: 200}}},
		{"redirect-to-login", []string{"E68"}, "The answer leads to the bank's login page, which is HTML.", "Do not follow redirects of an API.",
			Rule{When: bearer, Then: Then{Redirect: LoginPage}}},
		{"429-seconds", []string{"E69"}, "429, Retry-After: 5.", "Wait as long as it says.", tooMany("5s")},
		{"429-date", []string{"E69"}, "429, Retry-After as an HTTP date 5 s ahead of the bank's clock.", "Read both forms; compare with the answer's own Date.", tooMany("date:5s")},
		{"429-bare", []string{"E69"}, "429 without Retry-After.", "Growing pauses with jitter.", tooMany("none")},
		{"429-huge", []string{"E69"}, "429, Retry-After: 86400.", "Have a limit, and tell the user.", tooMany("86400s")},
		{"truncated", []string{"E71"}, "The answer ends after 40 bytes; its length promised more.", "Throw all of it away, and keep the old refresh token.",
			Rule{Then: Then{Truncate: new(40)}}},
		{"wrong-content-type", []string{"E71"}, "The answer calls itself text/plain.", "Parse strictly, or say what is wrong.", Rule{Then: Then{Type: "text/plain"}}},
		{"wrong-charset", []string{"E71"}, "The answer is UTF-8 and calls itself ISO-8859-1.", "JSON is UTF-8, whatever the header says (RFC 8259 §8.1).",
			Rule{Then: Then{Type: "application/json; charset=iso-8859-1"}}},
		{"duplicate-key", []string{"E71"}, "The token answer has access_token twice; the second is wrong.", "Refuse JSON with equal keys (RFC 8259 §4).",
			Rule{When: When{Op: "token", Answer: 200}, Then: Then{Mutate: []Mutation{{Path: "access_token", Do: Duplicate, Value: json.RawMessage(`"not-a-token"`)}}}}},
		{"cacheable-401", []string{"E72"}, "The bank's refusal of an expired token may be cached for an hour.", "Ask with Cache-Control: no-store.",
			Rule{When: bearer, Then: Then{Refuse: fail.TokenExpired, Cacheable: seconds(3600)}}},
	}
}

func tooMany(after string) Rule {
	return Rule{Then: Then{Status: 429, RetryAfter: after}}
}
