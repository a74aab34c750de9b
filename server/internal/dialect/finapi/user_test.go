package finapi_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

func TestUsersAnswerUnderAllPrefixes(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "/finapi"} {
		for _, prefix := range []string{"", "/api/v1", "/api/v2"} {
			d := open(t, server.Options{})
			d.base = base
			d.call("POST", prefix+"/users", d.client, `{"id":"anna","password":"password"}`).Want(201)
			token := d.password("anna", "password").Text("access_token")
			if a := d.call("GET", prefix+"/users", token, "").Want(200); a.Body != `{"id":"anna","password":"XXXXX","email":null,"phone":null,"isAutoUpdateEnabled":false}` {
				t.Errorf("%s%s: %s", base, prefix, a.Body)
			}
			d.call("DELETE", prefix+"/users", token, "").Want(200)
			d.dead(token, "the user was deleted")
		}
	}
}

// Nothing is required: what is left out is random, and good for a login.
func TestCreateUserFromNothing(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	for name, body := range map[string]string{"no body": "", "empty": "{}", "nulls": `{"id":null,"password":null,"email":null}`, "unknown fields": `{"colour":"red"}`} {
		a := d.call("POST", "/users", d.client, body).Want(201)
		id, password := a.Text("id"), a.Text("password")
		if uuid := regexp.MustCompile(`^[0-9a-f-]{36}$`); !uuid.MatchString(id) || !uuid.MatchString(password) || a.JSON()["isAutoUpdateEnabled"] != false || a.JSON()["email"] != nil {
			t.Errorf("%s: %s", name, a.Body)
		}
		d.password(id, password).Want(200)
	}
}

func TestCreateUserChecksEveryField(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	x := func(n int) string { return strings.Repeat("x", n) }
	for body, status := range map[string]int{
		`{"id":"` + x(36) + `"}`:                      201,
		`{"id":"` + x(37) + `"}`:                      400,
		`{"id":""}`:                                   400,
		`{"id":"a.b-c_d+e@F9"}`:                       201,
		`{"id":"a b"}`:                                400,
		`{"id":"ä"}`:                                  400,
		`{"id":"a/b"}`:                                400,
		`{"id":7}`:                                    400,
		`{"password":"12345"}`:                        400,
		`{"password":"123456"}`:                       201,
		`{"password":"ünïcödé ☃ <\"'&"}`:              201,
		`{"password":"` + x(128) + `"}`:               201,
		`{"password":"` + x(129) + `"}`:               400,
		`{"email":"` + x(320) + `"}`:                  201,
		`{"email":"` + x(321) + `"}`:                  400,
		`{"email":"é¡ʯ@example.com"}`:                 201,
		`{"email":"<script>"}`:                        400,
		`{"email":"a'b@example.com"}`:                 400,
		`{"phone":"` + strings.Repeat("1", 50) + `"}`: 201,
		`{"phone":"` + strings.Repeat("1", 51) + `"}`: 400,
		`{"phone":"1/2"}`:                             400,
		`{"phone":"a\u0000b"}`:                        400,
		`{"isAutoUpdateEnabled":true}`:                201,
		`{"isAutoUpdateEnabled":"true"}`:              400,
		`[]`:                                          400,
		`{"id":"a"`:                                   400,
		`{"id":"a"} trailing`:                         400,
		`"text"`:                                      400,
		`{"id":"` + x(10) + `","id":"second.key.of.that.name"}`: 201,
	} {
		a := d.call("POST", "/users", d.client, body)
		if a.Status != status {
			t.Errorf("%s: status %d, want %d (%s)", body, a.Status, status, a.Body)
		}
		if a.Status == 400 {
			d.refused(a, 400, "BAD_REQUEST")
		}
	}
	d.refused(d.Post("/finapi/users", form("id", "a"), servertest.Bearer(d.client)), 415, "UNSUPPORTED_MEDIA_TYPE")
}

// "User identifiers are regarded case-insensitive by finAPI", and shown as they were given.
func TestUserIDs(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	d.call("POST", "/users", d.client, `{"id":"Anna.M","password":"password"}`).Want(201)
	d.refused(d.call("POST", "/users", d.client, `{"id":"aNNA.m"}`), 422, "ENTITY_EXISTS")
	d.refused(d.call("POST", "/users", d.as("other").client, `{"id":"anna.m"}`), 422, "ENTITY_EXISTS")
	d.refused(d.call("POST", "/users", d.client, `{"id":"Dave"}`), 422, "ENTITY_EXISTS")
	for _, id := range []string{"Anna.M", "anna.m", "ANNA.M"} {
		token := d.password(id, "password").Want(200).Text("access_token")
		if got := d.call("GET", "/users", token, "").Text("id"); got != "Anna.M" {
			t.Errorf("%s is shown as %s", id, got)
		}
		if a := d.call("GET", "/users/verificationStatus?userId="+id, d.client, ""); a.Body != `{"userId":"Anna.M","isUserVerified":true}` {
			t.Errorf("%s: %d %s", id, a.Status, a.Body)
		}
	}
	d.password("DAVE", "x").Want(200)
}

func TestEditUser(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.user("anna")
	for _, step := range []struct{ body, want string }{
		{`{"email":"a@example.com"}`, `"email":"a@example.com","phone":null,"isAutoUpdateEnabled":false}`},
		{`{"phone":"+49 1","isAutoUpdateEnabled":true}`, `"email":"a@example.com","phone":"+49 1","isAutoUpdateEnabled":true}`},
		{`{"email":"","isAutoUpdateEnabled":false}`, `"email":null,"phone":"+49 1","isAutoUpdateEnabled":false}`},
		{`{"id":"bert","password":"stolen!","phone":""}`, `"email":null,"phone":null,"isAutoUpdateEnabled":false}`},
	} {
		a := d.call("PATCH", "/users", token, step.body).Want(200)
		if want := `{"id":"anna","password":"XXXXX",` + step.want; a.Body != want {
			t.Errorf("%s: %s", step.body, a.Body)
		}
	}
	d.password("anna", "password").Want(200)
	d.refused(d.call("PATCH", "/users", token, `{"email":null}`), 400, "MISSING_FIELD")
	d.refused(d.call("PATCH", "/users", token, ""), 400, "MISSING_FIELD")
	d.refused(d.call("PATCH", "/users", token, `{"email":"<"}`), 400, "BAD_REQUEST")
}

// The role is wrong, not the token: 403, in both directions.
func TestWrongKindOfToken(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	user := d.user("anna")
	for _, one := range []struct{ method, path, body string }{
		{"POST", "/users", `{}`}, {"DELETE", "/users/anna", ""}, {"GET", "/users/verificationStatus?userId=anna", ""}, {"POST", "/users/verify/anna", ""},
		{"POST", "/users/requestPasswordChange", `{"userId":"anna"}`}, {"POST", "/users/executePasswordChange", `{}`},
		{"GET", "/api/v1/clientConfiguration", ""}, {"PATCH", "/api/v1/clientConfiguration", `{}`},
	} {
		d.refused(d.call(one.method, one.path, user, one.body), 403, "UNAUTHORIZED_ACCESS")
	}
	for _, one := range []string{"GET /users", "PATCH /users", "DELETE /users", "GET /api/v1/accounts", "GET /api/v1/accounts/1", "DELETE /api/v1/accounts",
		"GET /api/v1/accounts/dailyBalances", "GET /api/v1/transactions?view=userView", "PATCH /api/v1/transactions", "GET /api/v1/transactions/1",
		"GET /api/v1/bankConnections", "POST /api/v1/bankConnections/import", "POST /api/v1/bankConnections/update", "DELETE /api/v1/bankConnections/1",
		"GET /api/v1/categories", "GET /api/v1/categories/378", "POST /api/v1/tests/mockBatchUpdate"} {
		method, path, _ := strings.Cut(one, " ")
		d.refused(d.call(method, path, d.client, ""), 403, "UNAUTHORIZED_ACCESS")
	}
	d.call("GET", "/api/v1/banks", user, "").Want(200)
	d.call("GET", "/api/v1/banks", d.client, "").Want(200)
}

// Another client's user does not exist.
func TestUsersBelongToTheirClient(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	d.user("anna")
	other := d.as("other")
	d.refused(other.password("anna", "password"), 400, "BAD_REQUEST")
	d.refused(d.call("GET", "/users/verificationStatus?userId=anna", other.client, ""), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("POST", "/users/verify/anna", other.client, ""), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("DELETE", "/users/anna", other.client, ""), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("POST", "/users/requestPasswordChange", other.client, `{"userId":"anna"}`), 404, "UNKNOWN_ENTITY")
	for range 5 {
		other.password("anna", "wrong").Want(400)
	}
	d.password("anna", "password").Want(200) // and cannot be locked from there
}

func TestDeletionLeavesNothing(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token, _, _ := d.rich("anna")
	refresh := d.password("anna", "password").Text("refresh_token")
	if a := d.call("DELETE", "/users", token, "").Want(200); a.Body != "" {
		t.Errorf("body %q", a.Body)
	}
	d.dead(token, "the user was deleted")
	d.refused(d.refresh(refresh), 400, "INVALID_TOKEN")
	d.refused(d.password("anna", "password"), 400, "BAD_REQUEST")

	again := d.user("anna")
	if a := d.call("GET", "/api/v1/accounts", again, ""); a.Body != `{"accounts":[]}` {
		t.Errorf("the next anna has %s", a.Body)
	}
	d.dead(token, "the user was deleted")
}

func TestVerification(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	d.call("PATCH", "/api/v1/clientConfiguration", d.client, `{"isUserAutoVerificationEnabled":false}`).Want(200)
	d.call("POST", "/users", d.client, `{"id":"anna","password":"password"}`).Want(201)
	d.call("POST", "/users", d.client, `{"id":"bert","password":"password"}`).Want(201)

	d.refused(d.password("anna", "password"), 403, "USER_NOT_VERIFIED")
	d.refused(d.password("anna", "wrong"), 400, "BAD_REQUEST")
	d.refused(d.call("POST", "/users/requestPasswordChange", d.client, `{"userId":"anna"}`), 422, "USER_NOT_VERIFIED")
	if a := d.call("GET", "/users/verificationStatus?userId=anna", d.client, ""); a.Body != `{"userId":"anna","isUserVerified":false}` {
		t.Errorf("%s", a.Body)
	}
	if a := d.call("POST", "/users/verify/ANNA", d.client, "").Want(200); a.Body != "" {
		t.Errorf("body %q", a.Body)
	}
	d.password("anna", "password").Want(200)
	d.refused(d.call("POST", "/users/verify/anna", d.client, ""), 422, "USER_ALREADY_VERIFIED")
	d.refused(d.call("POST", "/users/verify/nobody", d.client, ""), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("GET", "/users/verificationStatus", d.client, ""), 400, "MISSING_FIELD")
	d.refused(d.call("GET", "/users/verificationStatus?userId=nobody", d.client, ""), 404, "UNKNOWN_ENTITY")
	d.refused(d.call("GET", "/users/verificationStatus?userId=a&userId=b", d.client, ""), 400, "BAD_REQUEST")

	d.refused(d.call("DELETE", "/users/anna", d.client, ""), 422, "USER_ALREADY_VERIFIED")
	d.call("DELETE", "/users/bert", d.client, "").Want(200)
	d.refused(d.call("DELETE", "/users/bert", d.client, ""), 404, "UNKNOWN_ENTITY")
}

func TestPasswordChange(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token := d.user("Anna")
	d.call("PATCH", "/users", token, `{"email":"a@example.com"}`).Want(200)
	for range 3 {
		d.password("anna", "wrong").Want(400)
	}
	d.refused(d.password("anna", "password"), 423, "LOCKED")

	asked := d.call("POST", "/users/requestPasswordChange", d.client, `{"userId":"ANNA"}`).Want(200)
	if asked.Text("userId") != "Anna" || asked.Text("userEmail") != "a@example.com" || asked.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s", asked.Body)
	}
	old := asked.Text("passwordChangeToken")
	change := d.call("POST", "/users/requestPasswordChange", d.client, `{"userId":"anna"}`).Text("passwordChangeToken")
	execute := func(password, change string) *answer {
		return d.call("POST", "/users/executePasswordChange", d.client, `{"userId":"anna","password":"`+password+`","passwordChangeToken":"`+change+`"}`)
	}
	d.refused(execute("another", old), 400, "INVALID_TOKEN")
	d.refused(execute("short", change), 400, "BAD_REQUEST")
	d.refused(execute("another", ""), 400, "INVALID_TOKEN")
	if a := execute("another", change).Want(200); a.Body != "" {
		t.Errorf("body %q", a.Body)
	}
	d.refused(execute("another", change), 400, "INVALID_TOKEN")
	d.refused(d.password("anna", "password"), 400, "BAD_REQUEST")
	live := d.password("anna", "another").Want(200).Text("access_token")

	// It ends all tokens, and is possible while nothing is locked.
	change = d.call("POST", "/users/requestPasswordChange", d.client, `{"userId":"anna"}`).Text("passwordChangeToken")
	execute("a third one", change).Want(200)
	d.dead(live, "the password was changed")

	for body, code := range map[string]string{`{}`: "MISSING_FIELD", `{"userId":"a b"}`: "BAD_REQUEST", `{"userId":null}`: "MISSING_FIELD", `[1]`: "BAD_REQUEST"} {
		d.refused(d.call("POST", "/users/requestPasswordChange", d.client, body), 400, code)
		d.refused(d.call("POST", "/users/executePasswordChange", d.client, body), 400, code)
	}
	d.refused(d.call("POST", "/users/executePasswordChange", d.client, `{"userId":"anna"}`), 400, "MISSING_FIELD")
	d.refused(d.call("POST", "/users/requestPasswordChange", d.client, `{"userId":"nobody"}`), 404, "UNKNOWN_ENTITY")
}

func TestClientConfiguration(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	before := d.call("GET", "/api/v1/clientConfiguration", d.client, "").Want(200).JSON()
	for key, want := range map[string]string{"refreshTokensValidityPeriod": "0", "userAccessTokensValidityPeriod": "3600", "clientAccessTokensValidityPeriod": "3600", "maxUserLoginAttempts": "3"} {
		if got := before[key].(interface{ String() string }).String(); got != want {
			t.Errorf("%s is %s", key, got)
		}
	}
	const change = `{"refreshTokensValidityPeriod":120,"userAccessTokensValidityPeriod":60,"clientAccessTokensValidityPeriod":0,"maxUserLoginAttempts":1,
		"applicationName":"My App","userNotificationCallbackUrl":"https://bank.example.com/n","finTSProductRegistrationNumber":"ABCDEF123","betaBanksEnabled":true}`
	after := d.call("PATCH", "/api/v2/clientConfiguration", d.client, change).Want(200).JSON()
	if after["applicationName"] != "My App" || after["finTSProductRegistrationNumber"] != "XXXXX" || after["betaBanksEnabled"] != true || len(after) != 35 {
		t.Errorf("%v", after)
	}

	// Only newly requested tokens live by it, and only this client's.
	own := d.token(nil)
	if !strings.Contains(own.Body, `"expires_in":0`) {
		t.Errorf("client: %s", own.Body)
	}
	token := d.user("anna")
	refresh := d.password("anna", "password").Text("refresh_token")
	other := d.as("other")
	olga := other.user("olga")
	d.Advance(time.Minute - 1)
	d.call("GET", "/users", token, "").Want(200)
	d.Advance(1)
	d.dead(token, "1m by client finapi-demo")
	d.call("GET", "/users", olga, "").Want(200)
	d.Advance(time.Minute - 1)
	d.refresh(refresh).Want(200)
	d.Advance(1)
	d.refused(d.refresh(refresh), 400, "INVALID_TOKEN")
	d.password("anna", "wrong").Want(400)
	d.password("anna", "password").Want(423)
	other.password("olga", "wrong").Want(400)
	other.password("olga", "password").Want(200)
	d.Advance(24 * time.Hour)
	d.call("GET", "/api/v1/clientConfiguration", own.Text("access_token"), "").Want(200)
	d.call("GET", "/api/v1/clientConfiguration", d.client, "").Want(401)

	d.client = own.Text("access_token")
	if got := d.call("PATCH", "/api/v1/clientConfiguration", d.client, `{"applicationName":"","userNotificationCallbackUrl":""}`).JSON(); got["applicationName"] != nil || got["userNotificationCallbackUrl"] != nil {
		t.Errorf("cleared: %v", got)
	}
	for _, body := range []string{`{"userAccessTokensValidityPeriod":59}`, `{"refreshTokensValidityPeriod":-1}`, `{"clientAccessTokensValidityPeriod":2147483648}`,
		`{"clientAccessTokensValidityPeriod":60.5}`, `{"maxUserLoginAttempts":-1}`, `{"userNotificationCallbackUrl":"ftp://x"}`, `{"userSynchronizationCallbackUrl":"http://"}`,
		`{"finTSProductRegistrationNumber":"abc"}`, `{"applicationName":"<b>"}`, `{"applicationName":"` + strings.Repeat("x", 65) + `"}`,
		`{"supportSubjectDefault":"` + strings.Repeat("x", 101) + `"}`, `{"supportEmail":"\""}`, `{"betaBanksEnabled":1}`, `[]`} {
		d.refused(d.call("PATCH", "/api/v1/clientConfiguration", d.client, `{"userAccessTokensValidityPeriod":600,`+strings.TrimPrefix(body, "{")), 400, "BAD_REQUEST")
	}
	if got := d.call("GET", "/api/v1/clientConfiguration", d.client, "").JSON()["userAccessTokensValidityPeriod"].(interface{ String() string }).String(); got != "60" {
		t.Errorf("a refused change was half done: %s", got)
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	for name, id := range map[string]string{"short": "my-id", "longest": strings.Repeat("x", 255), "characters": strings.Repeat("ü", 255), "odd": `<">&`} {
		for _, a := range []*answer{
			d.call("GET", "/api/v1/banks", d.client, "", servertest.Header("X-Request-Id", id)).Want(200),
			d.token(nil, servertest.Header("X-Request-Id", id)).Want(200),
			d.call("GET", "/api/v1/banks/7", d.client, "", servertest.Header("X-Request-Id", id)).Want(404),
			d.Get("/finapi/no/such/path", servertest.Header("X-Request-Id", id)).Want(404),
			d.Get("/finapi/users", servertest.Header("X-Request-Id", id)).Want(401),
		} {
			if got := a.Header.Get("X-Request-Id"); got != id {
				t.Errorf("%s: %q came back as %q", name, id, got)
			}
		}
	}
	own := regexp.MustCompile(`^selfgen-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	first, second := d.token(nil).Header.Get("X-Request-Id"), d.Get("/finapi/no/such/path").Header.Get("X-Request-Id")
	if !own.MatchString(first) || !own.MatchString(second) || first == second {
		t.Errorf("%q, %q", first, second)
	}
	long := d.call("GET", "/api/v1/banks", d.client, "", servertest.Header("X-Request-Id", strings.Repeat("x", 256)))
	d.refused(long, 400, "BAD_REQUEST")
	if !own.MatchString(long.Header.Get("X-Request-Id")) {
		t.Errorf("%v", long.Header)
	}
}

func TestMethodOverride(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{})
	token, _, accounts := d.rich("anna")
	as := func(method string) servertest.Option { return servertest.Header("X-HTTP-Method-Override", method) }

	if got := d.call("POST", "/users", token, `{"phone":"1"}`, as("PATCH")).Want(200).Text("phone"); got != "1" {
		t.Errorf("phone %q", got)
	}
	d.call("POST", path("/api/v1/accounts", accounts[0]), token, `{"accountName":"Mine"}`, as("patch")).Want(200)
	d.call("POST", path("/api/v2/accounts", accounts[1]), token, "", as("DELETE")).Want(200)
	d.call("GET", path("/api/v1/accounts", accounts[1]), token, "").Want(404)
	d.call("POST", "/api/v1/clientConfiguration", d.client, `{"applicationName":"A"}`, as("PATCH")).Want(200)

	d.base = "/finapi"
	for _, method := range []string{"", "GET", "PUT"} {
		a := d.call("POST", path("/api/v1/accounts", accounts[0]), token, "", as(method))
		d.refused(a, 405, "METHOD_NOT_ALLOWED")
		if got := a.Header.Get("Allow"); got != "DELETE, GET, HEAD, PATCH" {
			t.Errorf("%q: Allow %q", method, got)
		}
	}
	d.refused(d.call("POST", "/api/v1/clientConfiguration", d.client, "", as("DELETE")), 405, "METHOD_NOT_ALLOWED")
	d.refused(d.call("GET", path("/api/v1/accounts", accounts[0])+"/x", token, "", as("PATCH")), 404, "UNKNOWN_ENTITY")
	d.call("GET", path("/api/v1/accounts", accounts[0]), token, "", as("DELETE")).Want(200) // on POST alone

	d.call("POST", "/users", token, "", as("DELETE")).Want(200)
	d.dead(token, "the user was deleted")
	d.refused(d.Do("PUT", "/finapi/users", ""), 405, "METHOD_NOT_ALLOWED")
}
