package s2s_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

const (
	serviceID     = "12a42d02-0845-46f8-b6e2-202e1e792364"
	serviceSecret = "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po"
	codePath      = "/api/v1/s2s-oauth2/code"
	tokenPath     = "/api/v1/s2s-oauth2/token"
	allScopes     = "read:accounts all:remittance all:eft"
)

// others are clients and accounts beside those of the demo: less scope, no service account, an overdraft, a blocked account, …
const others = `{"bank": "s2s",
"clients": [
 {"id": "reader", "secret": "reader-secret", "grantTypes": ["authorization_code", "refresh_token"], "scopes": ["read:accounts"],
  "service": {"id": "svc-annelid", "secret": "annelid-secret", "login": "annelid"}},
 {"id": "second", "secret": "second-secret", "grantTypes": ["authorization_code", "refresh_token"],
  "service": {"id": "svc-ortak", "secret": "ortak-secret", "login": "ortak"}},
 {"id": "same-owner", "secret": "same-owner-secret", "grantTypes": ["authorization_code", "refresh_token"],
  "service": {"id": "svc-ali", "secret": "ali-secret", "login": "ali"}},
 {"id": "payee", "secret": "payee-secret", "grantTypes": ["authorization_code", "refresh_token"],
  "service": {"id": "svc-payee", "secret": "payee-service", "login": "colucci"}},
 {"id": "lonely", "secret": "lonely-secret", "grantTypes": ["authorization_code"]},
 {"id": "locked-out", "secret": "locked-out-secret", "grantTypes": ["authorization_code"], "service": {"id": "svc-l", "secret": "l", "login": "kilitli"}},
 {"id": "switched-off", "secret": "off-secret", "grantTypes": ["authorization_code"], "disabled": true},
 {"id": "refresh-only", "secret": "refresh-only-secret", "grantTypes": ["refresh_token"], "service": {"id": "svc-r", "secret": "r", "login": "ali"}},
 {"id": "code-only", "secret": "code-only-secret", "grantTypes": ["authorization_code"], "service": {"id": "svc-c", "secret": "c", "login": "ali"}},
 {"id": "254a153c-b2df-4bcb-b2cb-eaf70a66bbed", "secret": "x%2Fy+z", "grantTypes": ["authorization_code", "refresh_token"],
  "service": {"id": "svc-u", "secret": "u", "login": "ali"}}
],
"people": [
 {"login": "ortak", "given": "Ali İhsan", "family": "Işık", "accounts": [
  {"id": "50000001", "balance": "100.00", "limit": "500.00"},
  {"id": "50000002", "balance": "1000.00", "currency": "USD"},
  {"id": "50000003", "balance": "-20.00", "limit": "1000.00", "kind": "card"},
  {"id": "50000004", "balance": "900.00", "status": "blocked"},
  {"id": "50000005", "status": "closed"},
  {"id": "50000006", "balance": "0.05"}]},
 {"login": "kilitli", "given": "Kilitli", "family": "Kişi", "locked": true}
]}`

func start(t testing.TB, settings ...string) *servertest.Sandbox {
	t.Helper()
	o := server.Options{Fixtures: filepath.Join(t.TempDir(), "others.json")}
	if err := os.WriteFile(o.Fixtures, []byte(others), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range settings {
		s, err := server.ParsePolicy(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = append(o.Policy, s)
	}
	return servertest.Start(t, o)
}

// client is an application with its service account.
type client struct{ id, secret, serviceID, serviceSecret string }

var (
	demo   = client{"s2s-demo", "s2s-demo-secret", serviceID, serviceSecret}
	reader = client{"reader", "reader-secret", "svc-annelid", "annelid-secret"}
	payee  = client{"payee", "payee-secret", "svc-payee", "payee-service"}
	second = client{"second", "second-secret", "svc-ortak", "ortak-secret"}
)

func (c client) app() servertest.Option {
	return func(r *http.Request) {
		r.Header.Set("X-IBM-client-id", c.id)
		r.Header.Set("X-IBM-client-secret", c.secret)
	}
}

func (c client) five(scope string) []servertest.Option {
	return []servertest.Option{c.app(), servertest.Header("X-Service-Account-ID", c.serviceID),
		servertest.Header("X-Service-Account-Secret", c.serviceSecret), servertest.Header("scope", scope)}
}

func (c client) code(box *servertest.Sandbox, scope string) string {
	return box.Get(codePath, c.five(scope)...).Want(200).Text("code")
}

// getForm is what the document asks for: GET with a form in the body.
func getForm(box *servertest.Sandbox, path string, form url.Values, options ...servertest.Option) *servertest.Answer {
	options = append([]servertest.Option{servertest.Header("Content-Type", "application/x-www-form-urlencoded")}, options...)
	return box.Do("GET", path, form.Encode(), options...)
}

func (c client) redeem(box *servertest.Sandbox, code string) *servertest.Answer {
	return getForm(box, tokenPath, url.Values{"grant_type": {"authorization_code"}, "code": {code}}, servertest.Basic(c.id, c.secret))
}

func (c client) refresh(box *servertest.Sandbox, token string) *servertest.Answer {
	return getForm(box, tokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, servertest.Basic(c.id, c.secret))
}

// tokens are what the token endpoint answers.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Scope   string `json:"scope"`
}

func (c client) tokens(box *servertest.Sandbox, scope string) (out tokens) {
	c.redeem(box, c.code(box, scope)).Want(200).Into(&out)
	return out
}

// bearer is a token together with the application's headers, as every call of the API needs them.
func (c client) bearer(token string) servertest.Option {
	return func(r *http.Request) { c.app()(r); servertest.Bearer(token)(r) }
}

func (c client) entry(box *servertest.Sandbox, scope string) servertest.Option {
	return c.bearer(c.tokens(box, scope).Access)
}

// keys are the field names of a JSON object in their order.
func keys(t testing.TB, object string) (out []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(object))
	depth, name := 0, true
	for {
		token, err := d.Token()
		if err != nil {
			return out
		}
		switch v := token.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				depth++
			} else {
				depth--
			}
			name = true
			continue
		case string:
			if depth == 1 && name {
				out = append(out, v)
				name = false
				continue
			}
		}
		if depth == 1 {
			name = true
		}
	}
}

// data is the text of the object, or of the nth object, behind "data".
func data(t testing.TB, a *servertest.Answer, at int) string {
	t.Helper()
	var envelope struct{ Data json.RawMessage }
	a.Into(&envelope)
	if at < 0 {
		return string(envelope.Data)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(envelope.Data, &list); err != nil || len(list) <= at {
		t.Fatalf("no item %d in %.300s", at, a.Body)
	}
	return string(list[at])
}

// The document, read from top to bottom.
func TestTheDocument(t *testing.T) {
	t.Parallel()
	box := start(t)

	// "Code Request": GET with five headers.
	a := box.Do("GET", "/api/v1/s2s-oauth2/code", "", func(r *http.Request) {
		r.Header["X-Service-Account-ID"] = []string{serviceID}
		r.Header["X-Service-Account-Secret"] = []string{serviceSecret}
		r.Header["X-IBM-client-id"] = []string{"s2s-demo"}
		r.Header["X-IBM-client-secret"] = []string{"s2s-demo-secret"}
		r.Header["scope"] = []string{"read:accounts all:remittance all:eft"}
	}).Want(200)
	code := a.Text("code")
	if got := keys(t, a.Body); len(got) != 1 || !strings.HasPrefix(code, "AA") || len(code) != 131 {
		t.Errorf("fields %v, code %q of %d characters", got, code, len(code))
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Pragma") != "no-cache" {
		t.Errorf("an answer with a code may be cached: %v", a.Header)
	}

	// "Token Request": GET, Basic with blanks around the colon, a form in the body.
	consented := box.Clock().Now().Unix()
	box.Advance(7 * time.Second)
	basic := base64.StdEncoding.EncodeToString([]byte("s2s-demo :  s2s-demo-secret"))
	a = box.Do("GET", "/api/v1/s2s-oauth2/token", "grant_type=authorization_code&code="+code,
		servertest.Header("Content-Type", "application/x-www-form-urlencoded"), servertest.Header("Accept", "application/json"),
		servertest.Header("Authorization", "Basic "+basic)).Want(200)
	want := []string{"token_type", "access_token", "expires_in", "consented_on", "scope", "refresh_token", "refresh_token_expires_in"}
	if got := keys(t, a.Body); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("fields %v, want %v", got, want)
	}
	for field, value := range map[string]any{"token_type": "bearer", "expires_in": json.Number("1095"), "scope": "read:accounts all:remittance all:eft",
		"refresh_token_expires_in": json.Number("2682000"), "consented_on": json.Number(jsonInt(consented))} {
		if got := a.JSON()[field]; got != value {
			t.Errorf("%s is %v, want %v", field, got, value)
		}
	}
	var got tokens
	a.Into(&got)
	if len(got.Refresh) != 174 {
		t.Errorf("the refresh token has %d characters", len(got.Refresh))
	}
	if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Pragma") != "no-cache" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", a.Header)
	}

	// "acquire … access tokens for other APIs".
	box.Get("/api/v1/accounts", demo.bearer(got.Access)).Want(200)

	// The access token ends at the second that was told; a refresh token brings the next, once.
	box.Advance(1094 * time.Second)
	box.Get("/api/v1/accounts", demo.bearer(got.Access)).Want(200)
	box.Advance(time.Second)
	box.Get("/api/v1/accounts", demo.bearer(got.Access)).Want(401)
	var next tokens
	demo.refresh(box, got.Refresh).Want(200).Into(&next)
	if next.Access == got.Access || next.Refresh == got.Refresh || next.Refresh == "" {
		t.Error("the refresh brought nothing new")
	}
	box.Get("/api/v1/accounts", demo.bearer(next.Access)).Want(200)

	// A refresh token that comes back is refused, and ends nothing else.
	a = demo.refresh(box, got.Refresh).Want(400)
	if a.Text("error") != "invalid_grant" || !strings.Contains(box.Last().Why, "came back") {
		t.Errorf("%s, because %s", a.Body, box.Last().Why)
	}
	box.Get("/api/v1/accounts", demo.bearer(next.Access)).Want(200)
	demo.refresh(box, next.Refresh).Want(200)
}

// Where the policy says so, a refresh token that comes back is two parties' and ends the whole line; another grant of the client stands.
func TestReuseThatEndsTheFamily(t *testing.T) {
	t.Parallel()
	box := start(t, "s2s.reuse=family")
	got, untouched := demo.tokens(box, allScopes), demo.entry(box, allScopes)
	var next tokens
	demo.refresh(box, got.Refresh).Want(200).Into(&next)
	demo.refresh(box, got.Refresh).Want(400)
	box.Get("/api/v1/accounts", demo.bearer(next.Access)).Want(401)
	demo.refresh(box, next.Refresh).Want(400)
	box.Get("/api/v1/accounts", untouched).Want(200)
}

func jsonInt(n int64) string { b, _ := json.Marshal(n); return string(b) }

// RFC 6749 §2.3.1: clients that form-encode before Basic and clients that do not both get in.
func TestTheWaysToATokenEndpoint(t *testing.T) {
	t.Parallel()
	box := start(t)
	form := func(code string) url.Values { return url.Values{"grant_type": {"authorization_code"}, "code": {code}} }
	basic := servertest.Basic(demo.id, demo.secret)
	ways := map[string]func(code string) *servertest.Answer{
		"GET with a form": func(code string) *servertest.Answer { return getForm(box, tokenPath, form(code), basic) },
		"GET with a form and no Content-Type": func(code string) *servertest.Answer {
			return box.Do("GET", tokenPath, form(code).Encode(), basic)
		},
		"GET with a query": func(code string) *servertest.Answer { return box.Get(tokenPath+"?"+form(code).Encode(), basic) },
		"POST with a form": func(code string) *servertest.Answer { return box.Post(tokenPath, form(code), basic) },
		"under the bank":   func(code string) *servertest.Answer { return box.Post("/s2s"+tokenPath, form(code), basic) },
		"scheme in capital": func(code string) *servertest.Answer {
			return box.Post(tokenPath, form(code), basicOf("BASIC", demo.id+":"+demo.secret))
		},
		"blanks everywhere": func(code string) *servertest.Answer {
			return getForm(box, tokenPath, form(code), basicOf("Basic", "  "+demo.id+"  :   "+demo.secret+" "))
		},
		"credentials in the body": func(code string) *servertest.Answer {
			v := form(code)
			v.Set("client_id", demo.id)
			v.Set("client_secret", demo.secret)
			return box.Post(tokenPath, v)
		},
	}
	for name, way := range ways {
		a := way(demo.code(box, allScopes))
		if a.Status != 200 || a.Text("access_token") == "" {
			t.Errorf("%s: %d %s, because %s", name, a.Status, a.Body, box.Last().Why)
		}
	}

	// Clients that form-encode before Basic (RFC 6749 §2.3.1) and clients that do not both get in.
	odd := client{"254a153c-b2df-4bcb-b2cb-eaf70a66bbed", "x%2Fy+z", "svc-u", "u"}
	odd.redeem(box, odd.code(box, "")).Want(200)
	getForm(box, tokenPath, form(odd.code(box, "")), basicOf("Basic", odd.id+":"+url.QueryEscape(odd.secret))).Want(200)
	var got tokens
	odd.redeem(box, odd.code(box, "")).Want(200).Into(&got)
	if len(got.Access) != 202 || !strings.HasPrefix(got.Access, "AAIkMjU0YTE1M2MtYjJkZi00YmNiLWIyY2ItZWFmNzBhNjZiYmVk") {
		t.Errorf("the document's client has the access token %q of %d characters", got.Access, len(got.Access))
	}
}

func basicOf(scheme, text string) servertest.Option {
	return servertest.Header("Authorization", scheme+" "+base64.StdEncoding.EncodeToString([]byte(text)))
}

func TestScopeIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	box := start(t)
	for _, tt := range []struct {
		name  string
		who   client
		asked string
		want  string
	}{
		{"all", demo, allScopes, allScopes},
		{"in another order", demo, "all:eft read:accounts", "all:eft read:accounts"},
		{"one", demo, "all:eft", "all:eft"},
		{"with many blanks", demo, "  read:accounts   all:eft ", "read:accounts all:eft"},
		{"twice the same", demo, "all:eft all:eft", "all:eft"},
		{"none means what is registered", reader, "", "read:accounts"},
		{"none means all where all are allowed", second, "", allScopes},
	} {
		if got := tt.who.tokens(box, tt.asked).Scope; got != tt.want {
			t.Errorf("%s: scope %q, want %q", tt.name, got, tt.want)
		}
	}
	// Without the header at all.
	code := box.Get(codePath, demo.app(), servertest.Header("X-Service-Account-ID", serviceID), servertest.Header("X-Service-Account-Secret", serviceSecret)).Want(200).Text("code")
	if got := demo.redeem(box, code).Want(200).Text("scope"); got != allScopes {
		t.Errorf("no scope header: %q", got)
	}
	// A refresh may narrow, never widen; the next one has the whole again.
	whole := demo.tokens(box, "read:accounts all:eft")
	a := box.Post(tokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {whole.Refresh}, "scope": {"all:eft"}}, servertest.Basic(demo.id, demo.secret)).Want(200)
	if a.Text("scope") != "all:eft" {
		t.Errorf("narrowed to %q", a.Text("scope"))
	}
	next := a.Text("refresh_token")
	a = box.Post(tokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {next}, "scope": {"all:remittance"}}, servertest.Basic(demo.id, demo.secret)).Want(400)
	if a.Text("error") != "invalid_scope" {
		t.Errorf("widened: %s", a.Body)
	}
	if got := demo.refresh(box, next).Want(200).Text("scope"); got != "read:accounts all:eft" {
		t.Errorf("afterwards %q", got)
	}
}

func TestClientWithoutRefreshGetsNone(t *testing.T) {
	t.Parallel()
	box := start(t)
	only := client{"code-only", "code-only-secret", "svc-c", "c"}
	a := only.redeem(box, only.code(box, "")).Want(200)
	if got := strings.Join(keys(t, a.Body), " "); got != "token_type access_token expires_in consented_on scope" {
		t.Errorf("fields %s", got)
	}
}

func TestBothMounts(t *testing.T) {
	t.Parallel()
	box := start(t)
	code := box.Get("/s2s"+codePath, demo.five(allScopes)...).Want(200).Text("code")
	access := demo.redeem(box, code).Want(200).Text("access_token") // one world behind both
	for _, path := range []string{"/api/v1/accounts", "/api/v1/accounts/43199139", "/api/v1/accounts/43199139/transactions"} {
		root, own := box.Get(path, demo.bearer(access)).Want(200), box.Get("/s2s"+path, demo.bearer(access)).Want(200)
		if root.Body != own.Body {
			t.Errorf("%s differs between the mounts", path)
		}
	}
	// The X-IBM header alone says which bank a shared path is meant for; the header's case is nobody's business.
	for _, name := range []string{"X-IBM-Client-Id", "x-ibm-client-id", "X-IBM-CLIENT-ID"} {
		box.Do("GET", "/api/v1/accounts", "", func(r *http.Request) { r.Header[name] = []string{"stranger"} }).Want(401)
		if e := box.Last(); e.Bank != "s2s" {
			t.Errorf("%s: the call went to %q", name, e.Bank)
		}
	}
}
