package berlin_test

import (
	"net/http"
	"strings"
	"testing"

	"sandbank/server/servertest"
)

func TestConsentIDHeader(t *testing.T) {
	t.Parallel()
	b := start(t)
	g, daves := b.grant("jane", wholeAsk), b.grant("dave", wholeAsk)
	foreign := b.ask(wholeAsk, servertest.Header("X-IBM-Client-Id", spa))
	header := func(v string) servertest.Option { return servertest.Header("Consent-ID", v) }
	token := servertest.Bearer(g.access)
	b.get("/v1/accounts", token, header(g.consent)).Want(200)
	for _, v := range []string{"x", foreign, strings.ToUpper(g.consent), "00000000-0000-4000-8000-000000000000"} {
		if a := b.refused(b.get("/v1/accounts", token, header(v)), 400, "CONSENT_UNKNOWN"); path(a) != "Consent-ID" {
			t.Errorf("%s", a.Body)
		}
	}
	for _, v := range []string{daves.consent, b.ask(wholeAsk, servertest.Basic(id, secret))} {
		b.refused(b.get("/v1/accounts", token, header(v)), 401, "CONSENT_INVALID")
	}
	b.refused(b.get("/v1/accounts", token, func(r *http.Request) { r.Header["Consent-Id"] = []string{g.consent, g.consent} }), 400, "FORMAT_ERROR")
	b.get("/v1/accounts", token, servertest.Header("X-IBM-Client-Id", id)).Want(200)
	b.refused(b.get("/v1/accounts", token, servertest.Header("X-IBM-Client-Id", spa)), 401, "TOKEN_UNKNOWN")
}

func TestHeadersOfTheAccountService(t *testing.T) {
	t.Parallel()
	b := start(t, "berlin.frequency=0")
	g := b.grant("jane", wholeAsk)
	token := servertest.Bearer(g.access)
	header := servertest.Header
	twice := func(name, a, c string) servertest.Option {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = []string{a, c} }
	}
	for name, c := range map[string]struct {
		option servertest.Option
		status int
		code   string
	}{
		"any version":      {header("X-Request-ID", "99391C7E-AD88-19EC-02AD-99DDCB1F7721"), 200, ""},
		"no UUID":          {header("X-Request-ID", "1"), 400, "FORMAT_ERROR"},
		"UUID in braces":   {header("X-Request-ID", "{"+uuid+"}"), 400, "FORMAT_ERROR"},
		"no hex":           {header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f772g"), 400, "FORMAT_ERROR"},
		"dashes elsewhere": {header("X-Request-ID", "99391c7ea-d88-49ec-a2ad-99ddcb1f7721"), 400, "FORMAT_ERROR"},
		"two of them":      {twice("X-Request-ID", uuid, uuid), 400, "FORMAT_ERROR"},
		"IPv4":             {header("PSU-IP-Address", "192.0.2.7"), 200, ""},
		"IPv6":             {header("PSU-IP-Address", "2001:db8::1"), 200, ""},
		"IPv6 with a zone": {header("PSU-IP-Address", "fe80::1%eth0"), 400, "FORMAT_ERROR"},
		"a host":           {header("PSU-IP-Address", "localhost"), 400, "FORMAT_ERROR"},
		"four numbers":     {header("PSU-IP-Address", "192.0.2.256"), 400, "FORMAT_ERROR"},
		"an empty address": {header("PSU-IP-Address", ""), 400, "FORMAT_ERROR"},
		"two addresses":    {twice("PSU-IP-Address", "192.0.2.7", "192.0.2.8"), 400, "FORMAT_ERROR"},
		"JSON":             {header("Accept", "application/json"), 200, ""},
		"anything":         {header("Accept", "*/*"), 200, ""},
		"some application": {header("Accept", "text/html, application/*;q=0.5"), 200, ""},
		"with a charset":   {header("Accept", "application/json;charset=UTF-8"), 200, ""},
		"problem, too":     {header("Accept", "application/problem+json, application/json"), 200, ""},
		"problem alone":    {header("Accept", "application/problem+json"), 200, ""},
		"camt":             {header("Accept", "application/xml"), 406, "REQUESTED_FORMATS_INVALID"},
		"MT94x":            {header("Accept", "text/plain"), 406, "REQUESTED_FORMATS_INVALID"},
		"no JSON, please":  {header("Accept", "application/json;q=0"), 406, "REQUESTED_FORMATS_INVALID"},
		"two tokens":       {twice("Authorization", "Bearer "+g.access, "Bearer "+g.access), 401, "TOKEN_UNKNOWN"},
		"bearer":           {header("Authorization", "bearer "+g.access), 200, ""},
		"two words":        {header("Authorization", "Bearer "+g.access+" x"), 401, "TOKEN_UNKNOWN"},
	} {
		a := b.get("/v1/accounts", token, c.option)
		if a.Status != c.status {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
			continue
		}
		if c.code != "" {
			b.refused(a, c.status, c.code)
		}
		if c.status == 200 && a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: Content-Type %q", name, a.Header.Get("Content-Type"))
		}
	}
	if a := b.get("/v1/accounts?access_token=" + g.access); a.Status != 401 || a.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("a token in the query: %d %v", a.Status, a.Header)
	}
}

// X-Request-ID comes back on every answer, of the pages and of the token endpoint too.
func TestXRequestIDIsEchoed(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", wholeAsk)
	header := servertest.Header("X-Request-ID", strings.ToUpper(uuid))
	for name, a := range map[string]*servertest.Answer{
		"accounts":       b.get("/v1/accounts", servertest.Bearer(g.access), header),
		"401":            b.get("/v1/accounts", header),
		"404":            b.get("/v1/accounts/x", servertest.Bearer(g.access), header),
		"405":            b.do("DELETE", "/v1/accounts", "", header),
		"no such path":   b.Get("/v1/nothing", header),
		"consent":        b.do("POST", "/consent", wholeAsk, header),
		"bad consent":    b.do("POST", "/consent", "x", header),
		"deleted":        b.do("DELETE", "/consent/"+b.ask(wholeAsk), "", header),
		"token":          b.Post("/oauth2/token", map[string][]string{"grant_type": {"client_credentials"}}, servertest.Basic(id, secret), header),
		"bad token":      b.Post("/oauth2/token", nil, header),
		"token by GET":   b.Get("/oauth2/token", header),
		"login page":     b.Get(authorizeURL(), header),
		"bad page":       b.Get("/oauth2/authorize", header),
		"error redirect": b.Get(authorizeURL("scope", "x"), header),
		"page by PUT":    b.Do("PUT", "/oauth2/authorize", "", header),
	} {
		if got := a.Header.Get("X-Request-ID"); got != strings.ToUpper(uuid) {
			t.Errorf("%s (%d): X-Request-ID is %q", name, a.Status, got)
		}
	}
	if a := b.get("/v1/accounts", servertest.Bearer(g.access)); a.Header.Get("X-Request-ID") == b.get("/v1/accounts", servertest.Bearer(g.access)).Header.Get("X-Request-ID") {
		t.Error("two calls without one got the same")
	}
	for name, a := range map[string]*servertest.Answer{"token": b.Post("/oauth2/token", nil), "page": b.Get(authorizeURL()), "bad one": b.Post("/oauth2/token", nil, servertest.Header("X-Request-ID", "x\ty"))} {
		if got := a.Header.Get("X-Request-ID"); got != "" {
			t.Errorf("%s: an X-Request-ID that nobody sent: %q", name, got)
		}
	}
}

func TestProblemJSON(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.get("/v1/accounts", servertest.Bearer("x"), servertest.Header("Accept", "application/problem+json")).Want(401)
	if want := `{"type":"https://berlingroup.com/error-codes/TOKEN_UNKNOWN","title":"TOKEN UNKNOWN","detail":"The access token is not known.","code":"TOKEN_UNKNOWN"}`; a.Body != want || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	a = b.do("POST", "/consent", "{}", servertest.Header("Accept", "application/problem+json")).Want(400)
	if !strings.Contains(a.Body, `"detail":"access: access is missing."`) {
		t.Errorf("%s", a.Body)
	}
	b.refused(b.get("/v1/accounts", servertest.Header("Accept", "application/problem+json, application/json;q=0.1")), 401, "TOKEN_UNKNOWN")
}

// RFC 9110 §15.5.6: a method that a resource does not have is 405 with Allow.
func TestOnlyGetIsSupported(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		for _, path := range []string{"/v1/accounts", "/v1/accounts/" + current, "/v1/accounts/" + current + "/balances", "/v1/accounts/" + current + "/transactions", "/v1/accounts/" + current + "/transactions/x"} {
			if a := b.refused(b.do(method, path, ""), 405, "SERVICE_INVALID"); a.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: Allow %q", method, path, a.Header.Get("Allow"))
			}
		}
	}
	if a := b.do("PATCH", "/consent", ""); a.Header.Get("Allow") != "POST" {
		t.Errorf("Allow %q", a.Header.Get("Allow"))
	}
}
