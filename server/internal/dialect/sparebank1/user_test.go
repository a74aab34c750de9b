package sparebank1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

func TestUser(t *testing.T) {
	t.Parallel()
	box := start(t)
	dave := bearer(t, box, "dave")
	a := box.Get("/common/user/info", dave).Want(200)
	if got := strings.Join(fields(t, []byte(a.Body)), " "); got != "customerNumber firstName lastName dateOfbirth sub mobilePhoneNumber email" {
		t.Errorf("fields %s", got)
	}
	v := a.JSON()
	if v["firstName"] != "Dave" || v["lastName"] != "Thompson" || v["dateOfbirth"] != "1984-05-17" || len(v["sub"].(string)) != 64 || len(v["customerNumber"].(string)) != 11 ||
		v["mobilePhoneNumber"] != "+47 00 00 02 71" || v["email"] != "dave@example.com" {
		t.Errorf("got %s", a.Body)
	}
	if got := box.Get("/common/user/identity/personalid", dave).Want(200).Body; got != `{"pid":"17858430038"}` {
		t.Errorf("got %s", got)
	}
	refused(t, box, "nobody's number", box.Get("/common/user/identity/personalid", bearer(t, box, "tom")), 404, "NOT_FOUND")
	for _, path := range []string{"", "/ping", "/pong"} {
		if got := box.Get("/common/helloworld"+path, dave).Want(200).Body; got != `{"message":"Hello, World!"}` {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// A guardian sees a child's accounts under the child's customer key, and nobody else does.
func TestChild(t *testing.T) {
	t.Parallel()
	box := start(t)
	child := box.Get(accounts+"/lilleSparing", bearer(t, box, "lillebror")).Want(200).JSON()["owner"].(map[string]any)
	kari := bearer(t, box, "kari")
	if got := keysOf(t, box.Get(accounts+"/child/"+child["customerKey"].(string), kari)); got != "lilleSparing" || fmt.Sprint(child["age"]) != "10" {
		t.Errorf("the child has %q and is %v", got, child)
	}
	refused(t, box, "another's child", box.Get(accounts+"/child/"+child["customerKey"].(string), bearer(t, box, "dave")), 404, "NOT_FOUND")
	refused(t, box, "the child's account by key", box.Get(accounts+"/lilleSparing", kari), 404, "NOT_FOUND")
}

// Today is Kari's birthday, in Norway.
func TestAge(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{"2026-12-02T22:59:59Z": "46", "2026-12-02T23:00:00Z": "47"} {
		now, _ := time.Parse(time.RFC3339, at)
		box := startAt(t, now)
		owner := box.Get(accounts+"/kariCurrent", bearer(t, box, "kari")).Want(200).JSON()["owner"].(map[string]any)
		if fmt.Sprint(owner["age"]) != want {
			t.Errorf("at %s Kari is %v", at, owner["age"])
		}
	}
}

// 60 calls an hour when the policy says so: by client, by hours of the clock, and never by default.
func TestHourlyCalls(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 3, 15, 50, 0, 0, time.UTC)
	box := startAt(t, at, "sparebank1.rate=60", "sparebank1.access=2h")
	dave, jane := bearer(t, box, "dave"), bearer(t, box, "jane")
	own := servertest.Bearer(issued(allowSPA(t, box)).Access)
	for i := range 60 {
		who := dave
		if i%2 == 1 {
			who = jane
		}
		if a := box.Get("/common/helloworld", who); a.Status != 200 {
			t.Fatalf("call %d is %d", i+1, a.Status)
		}
	}
	for _, path := range []string{"/common/helloworld", accounts, transactions + "/x/details"} {
		a := box.Get(path, dave)
		refused(t, box, path, a, 429, "TOO_MANY_REQUESTS")
		if a.Header.Get("Retry-After") != "600" {
			t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
		}
	}
	box.Get("/common/helloworld", own).Want(200)                    // another client has calls of its own
	box.Get("/common/financial-institutions/all").Want(200)         // and what needs no token is not counted
	unauthorized(t, box, "no token", box.Get("/common/helloworld")) // nor is what is not let in
	box.Advance(at.Truncate(time.Hour).Add(time.Hour - time.Nanosecond).Sub(box.Clock().Now()))
	if a := box.Get("/common/helloworld", dave); a.Status != 429 || a.Header.Get("Retry-After") != "1" {
		t.Errorf("just before the hour: %d, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
	}
	box.Advance(time.Nanosecond)
	box.Get("/common/helloworld", dave).Want(200)

	free := start(t)
	dave = bearer(t, free, "dave")
	for range 61 {
		free.Get("/common/helloworld", dave).Want(200)
	}
}

// allowSPA brings a token of the public client.
func allowSPA(t testing.TB, box *servertest.Sandbox) *servertest.Answer {
	t.Helper()
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636, appendix B
	p := allow(t, box, authorizeURL("", "client_id", "spa", "code_challenge", challenge, "code_challenge_method", "S256"), "dave")
	return box.Post("/oauth/token", with(codeForm(p.Param("code")), "client_id", "spa", "code_verifier", verifier))
}
