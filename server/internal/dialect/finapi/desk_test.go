package finapi_test

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

type answer = servertest.Answer

// desk is a client's program at a sandbox.
type desk struct {
	*servertest.Sandbox
	t      testing.TB
	base   string // "" or "/finapi"
	id     string
	client string // its token
}

// open starts a sandbox with two clients, finapi-demo and other, and sits down as the first.
func open(t testing.TB, o server.Options) *desk {
	t.Helper()
	if o.Fixtures == "" {
		o.Fixtures = filepath.Join(t.TempDir(), "own.json")
		const own = `{"bank":"finapi","clients":[{"id":"other","secret":"other-secret","grantTypes":["client_credentials","password","refresh_token"]},
			{"id":"narrow","secret":"narrow-secret","grantTypes":["client_credentials"]}]}`
		servertest.WriteFile(t, o.Fixtures, own)
	}
	d := &desk{Sandbox: servertest.Start(t, o), t: t, id: "finapi-demo"}
	d.client = d.token(nil).Want(200).Text("access_token")
	return d
}

// as is the same sandbox for another client.
func (d *desk) as(id string) *desk {
	d.t.Helper()
	other := &desk{Sandbox: d.Sandbox, t: d.t, base: d.base, id: id}
	other.client = other.token(nil).Want(200).Text("access_token")
	return other
}

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// token asks for one: the client's own by default.
func (d *desk) token(v url.Values, options ...servertest.Option) *answer {
	d.t.Helper()
	all := form("grant_type", "client_credentials", "client_id", d.id, "client_secret", d.id+"-secret")
	for key, values := range v {
		all[key] = values
	}
	return d.Post(d.base+"/oauth/token", all, options...)
}

func (d *desk) password(user, password string) *answer {
	d.t.Helper()
	return d.token(form("grant_type", "password", "username", user, "password", password))
}

func (d *desk) refresh(token string) *answer {
	d.t.Helper()
	return d.token(form("grant_type", "refresh_token", "refresh_token", token))
}

// call sends a JSON body, or none, with a token.
func (d *desk) call(method, path, token, body string, options ...servertest.Option) *answer {
	d.t.Helper()
	options = append([]servertest.Option{servertest.Bearer(token)}, options...)
	if body != "" {
		options = append(options, servertest.Header("Content-Type", "application/json"))
	}
	return d.Do(method, d.base+path, body, options...)
}

// user creates one and logs in.
func (d *desk) user(id string) string {
	d.t.Helper()
	d.call("POST", "/api/v1/users", d.client, `{"id":"`+id+`","password":"password"}`).Want(201)
	return d.password(id, "password").Want(200).Text("access_token")
}

// rich is a user with the test bank imported.
func (d *desk) rich(id string) (token string, connection int64, accounts []int64) {
	d.t.Helper()
	token = d.user(id)
	var made struct {
		ID         int64   `json:"id"`
		AccountIDs []int64 `json:"accountIds"`
	}
	d.call("POST", "/api/v1/bankConnections/import", token, `{"bankId":280001}`).Want(201).Into(&made)
	return token, made.ID, made.AccountIDs
}

// refused checks a refusal in the general form: status and code, the echo of the request id, and a reason in the journal.
func (d *desk) refused(a *answer, status int, code string) {
	d.t.Helper()
	e := d.Last()
	var body struct {
		Errors []map[string]any `json:"errors"`
		Date   string           `json:"date"`
		ID     string           `json:"requestId"`
		At     string           `json:"endpoint"`
		Auth   string           `json:"authContext"`
	}
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil || len(body.Errors) != 1 {
		d.t.Fatalf("status %d, no errors[] of one in %s", a.Status, a.Body)
	}
	first := body.Errors[0]
	if a.Status != status || first["code"] != code {
		d.t.Errorf("%s %s: status %d %v, want %d %s (%s)", e.Method, e.Target, a.Status, first["code"], status, code, a.Body)
	}
	if text, _ := first["message"].(string); text == "" || first["type"] != "TECHNICAL" || strings.Contains(a.Body, e.Why) || e.Why == "" {
		d.t.Errorf("%s %s: message %q, type %v, journal %q", e.Method, e.Target, text, first["type"], e.Why)
	}
	if v, there := first["multiStepAuthentication"]; v != nil || !there {
		d.t.Errorf("multiStepAuthentication is %v", v)
	}
	if bank, there := a.JSON()["bank"]; bank != nil || !there {
		d.t.Errorf("bank is %v", bank)
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(e.Target, "/finapi"), "?")
	if body.At != e.Method+" "+path || len(body.Date) != len("2026-12-03 16:45:08.000") || !strings.Contains(body.Auth, "/") {
		d.t.Errorf("endpoint %q, date %q, authContext %q", body.At, body.Date, body.Auth)
	}
	if got := a.Header.Get("X-Request-Id"); got == "" || got != body.ID || a.Header.Get("Content-Type") != "application/json" {
		d.t.Errorf("X-Request-Id %q, requestId %q, Content-Type %q", got, body.ID, a.Header.Get("Content-Type"))
	}
}

// dead checks that a token opens nothing, and why.
func (d *desk) dead(token, why string) {
	d.t.Helper()
	a := d.call("GET", "/api/v1/accounts", token, "")
	if a.Status != 401 || a.Body != `{"error":"invalid_token","error_description":"Invalid access token: `+token+`"}` {
		d.t.Errorf("status %d, %s", a.Status, a.Body)
	}
	if e := d.Last(); !strings.Contains(e.Why, why) {
		d.t.Errorf("the journal says %q, not %q", e.Why, why)
	}
}

func path(prefix string, id int64) string { return prefix + "/" + strconv.FormatInt(id, 10) }

func policy(t testing.TB, texts ...string) server.Options {
	t.Helper()
	var o server.Options
	for _, text := range texts {
		s, err := server.ParsePolicy(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = append(o.Policy, s)
	}
	return o
}
