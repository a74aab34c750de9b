package scenario

import (
	"encoding/json"
	"strings"

	"sandbank/server/cert"
	"sandbank/server/fail"
	"sandbank/server/journal"
)

// surfaces are the cases of group 3.7.
func surfaces() []Case {
	return append(append(refusals(), answers()...), keys()...)
}

// badToken are the refusals of a token.
func badToken(c *call) bool {
	return c.kind(fail.TokenExpired, fail.TokenRevoked, fail.TokenUnknown, fail.TokenMalformed, fail.TokenMissing, fail.TokenWrongKind)
}

// refusals are those about how a bank says no.
func refusals() []Case {
	const expired = withBearer + "refuse=token_expired; "
	return []Case{
		{ID: "E65", Title: "401 without WWW-Authenticate", Banks: []string{berlin, sparebank1, s2s, finapi}, Does: "The next 401 has no WWW-Authenticate.",
			Correct: "The status decides; the header refines it.", Refs: []string{"RFC 9110 §15.5.2"}, Do: "Call with a dead token.", Variants: spoil("answer=401; strip=WWW-Authenticate"),
			meets: func(_ *traffic, c *call) bool { return c.Status == 401 && c.Response.Header("WWW-Authenticate") == "" }},
		{ID: "E66", Title: "A refusal that is no JSON", Banks: everywhere(), Does: "The next call with a token gets 401 with a plain word, a page, or nothing. SpareBank 1 says Unauthorized anyway.",
			Correct: "Never parse blindly; the bank's own tutorial compares the text.",
			Variants: []Variant{{Name: "text", Faults: []string{withBearer + "status=401; body=Unauthorized"}}, {Name: "empty", Faults: []string{withBearer + `status=401; body=""`}},
				{Name: "html", Faults: []string{withBearer + "status=401; body=<!doctype html><html lang=en><title>Unauthorized</title><h1>Unauthorized</h1></html>"}}},
			meets: func(_ *traffic, c *call) bool {
				return c.bearer != "" && c.Status >= 400 && !json.Valid(c.Response.Body)
			}},
		{ID: "E67", Title: "403 or 400 where 401 is due", Banks: []string{berlin, sparebank1, s2s, finapi, yoisho}, Does: "A dead token gets 403 or 400. Yoisho says 400 anyway.",
			Correct: "Go by a table of codes, not by wording.", Refs: []string{"xee#82"}, Do: "Call with a dead token.",
			Variants: []Variant{{Name: "403", Faults: []string{"answer=401; " + withBearer + "status=403"}}, {Name: "400", Faults: []string{"answer=401; " + withBearer + "status=400"}}},
			meets:    func(_ *traffic, c *call) bool { return badToken(c) && (c.Status == 403 || c.Status == 400) }},
		{ID: "E68", Title: "200 with an error, or a redirect to a page", Banks: everywhere(), Does: "The bank's refusal of an expired token comes with status 200, or the call is sent to the login page.",
			Correct:  "Look at the body and its type; do not follow redirects of an API.",
			Variants: []Variant{{Name: "200", Faults: []string{expired + "status=200"}}, {Name: "redirect", Faults: []string{withBearer + "redirect=login"}}},
			meets: func(_ *traffic, c *call) bool {
				return c.bearer != "" && (c.did("redirect=") || c.did("refuse=") && c.Status == 200)
			}},
		{ID: "E69", Title: "429 in its variants", Banks: everywhere(), Does: "429 with Retry-After in seconds, as a date, huge, or without it.",
			Correct: "Honour it up to a limit; without one, growing pauses with jitter.", Refs: []string{"RFC 9110 §10.2.3"},
			Variants: []Variant{{Name: "seconds", Faults: []string{withBearer + "status=429; retry-after=5s"}}, {Name: "date", Faults: []string{withBearer + "status=429; retry-after=date:5s"}},
				{Name: "none", Faults: []string{withBearer + "status=429; retry-after=none"}}, {Name: "huge", Faults: []string{withBearer + "status=429; retry-after=86400s"}}},
			meets: func(_ *traffic, c *call) bool { return c.Status == 429 }},
		{ID: "E70", Title: "The token endpoint is down", Banks: everywhere(), Does: "It answers 503 three times, or says nothing, resets, or closes the connection.",
			Correct: "Time out before 30 s, a bounded number of tries, then a breaker.",
			Variants: []Variant{{Name: "503", Faults: []string{"op=token; status=503; retry-after=5s; next=3"}}, {Name: "hang", Faults: []string{"op=token; hang"}},
				{Name: "reset", Faults: []string{"op=token; reset"}}, {Name: "drop", Faults: []string{"op=token; drop"}}},
			meets: func(_ *traffic, c *call) bool { return c.Op == opToken && (c.Status >= 500 || c.Status == 0) }},
	}
}

// answers are those about answers that are not what they seem.
func answers() []Case {
	const expired = withBearer + "refuse=token_expired; "
	return []Case{
		{ID: "E71", Title: "A token answer cut, slow, of a wrong type, or with a key twice", Banks: everywhere(), Does: "The next token answer is damaged on its way.",
			Correct: "Parse strictly, throw all of it away, keep the old refresh token.", Refs: []string{"RFC 8259 §4", "RFC 8259 §8.1"},
			Variants: []Variant{{Name: "truncated", Faults: []string{"op=token; truncate=40"}}, {Name: "slow", Faults: []string{"op=token; dribble=100"}},
				{Name: "type", Faults: []string{"op=token; type=text/plain"}}, {Name: "charset", Faults: []string{"op=token; type=\"application/json; charset=iso-8859-1\""}},
				{Name: "twice", Faults: []string{`op=token; answer=200; mutate="duplicate access_token \"not-a-token\""`}}},
			meets: func(_ *traffic, c *call) bool {
				return c.Op == opToken && c.did("truncate=", "dribble=", "type=", "mutate=")
			}},
		{ID: "E72", Title: "A 401 that may be cached", Banks: everywhere(), Does: "The bank's refusal of an expired token says max-age=3600.",
			Correct: "Ask with no-store.", Refs: []string{"RFC 9111 §5.2"}, Variants: spoil(expired + "cacheable=1h"),
			meets: func(_ *traffic, c *call) bool {
				return badToken(c) && strings.Contains(c.Response.Header("Cache-Control"), "max-age=")
			}},
		{ID: "E73", Title: "304 with a dead token", Banks: refreshing(), Does: "Answers have an ETag, and If-None-Match with a dead token gets 304.", Correct: "Authorization comes before the cache.",
			Refs: []string{"RFC 9110 §13.1.2"}, Do: "Call, let the token end, and call again with If-None-Match.",
			Variants: spoil(withBearer+`method=GET; answer=200; header="ETag: \"v1\""; next=3`, `if-header=If-None-Match; answer=401; status=304; body=""; strip=WWW-Authenticate; next=3`),
			meets:    func(_ *traffic, c *call) bool { return badToken(c) && c.Status == 304 }},
		{ID: "E74", Title: "Revoked, and it works on for a while", Banks: everywhere(), Does: "A revoked access token passes for 30 s more.",
			Correct: "Do not test by luck: forget the token when you revoke it.", Do: "POST /tokens/{id}/revoke, then call.", Variants: one("revocation-lag=30s"),
			meets: func(_ *traffic, c *call) bool {
				k := c.Check("not revoked")
				return k != nil && k.OK && strings.HasPrefix(k.Why, "it was, ")
			}},
	}
}

// keys are those about keys and certificates. SpareBank 1 signs id_tokens; the others sign access tokens by token-format=jwt.
func keys() []Case {
	const rotate = `POST /keys/rotate {"bank":"sparebank1"}, then log in with the scope openid.`
	return []Case{
		{ID: "E75", Title: "Keys: stale, rotated, or not to be had", Banks: signing(), Does: "A key signs 30 s before the JWKS shows it, or the JWKS answers 503 three times.",
			Correct: "Fetch once on an unknown kid, and not too often.", Refs: []string{"RFC 7517 §4.5", "OpenID Connect Core §10.1.1"}, Do: rotate,
			Variants: []Variant{{Name: "late", Knobs: []string{"jwks-lag=30s"}}, {Name: "down", Faults: []string{"op=jwks; status=503; next=3"}}},
			meets: func(t *traffic, c *call) bool {
				kid := c.head("kid")
				known := t.kids[c.Bank]
				return c.Op == opJWKS && c.Status >= 500 || kid != "" && known != nil && !known[kid]
			}},
		{ID: "E76", Title: "The algorithm changes from RS256 to PS256", Banks: signing(), Does: "The next id_token is signed by another algorithm.",
			Correct: "Store the new refresh token before validating the id_token.", Refs: []string{"tpp-issues#135"}, Do: "Log in before and after arming it, with the scope openid.",
			Variants: []Variant{{Name: "PS256", Knobs: []string{"signing-alg=PS256"}}, {Name: "RS256", Knobs: []string{"signing-alg=RS256"}}, {Name: "EdDSA", Knobs: []string{"signing-alg=EdDSA"}}},
			meets: func(t *traffic, c *call) bool {
				alg := c.head("alg")
				return alg != "" && t.algs[c.client] != "" && t.algs[c.client] != alg
			}},
		{ID: "E77", Title: "A certificate has expired", Banks: everywhere(), Does: "The server shows a certificate that has expired, is not valid yet, is another host's, or is signed by nobody known.",
			Correct: "Break off and tell whoever runs it; never switch verification off.", Refs: []string{"open-banking-gateway#361", "RFC 5280 §6.1.3", "RFC 9110 §4.3.4"},
			Do: "Let the client trust /ca.pem, and call over a new connection.",
			Variants: []Variant{{Name: "expired", Certificate: cert.Expired}, {Name: "early", Certificate: cert.Early}, {Name: "foreign", Certificate: cert.Foreign},
				{Name: "unknown", Certificate: cert.Unknown}},
			meets: func(_ *traffic, c *call) bool { return c.Check(journal.Certificate) != nil }},
	}
}
