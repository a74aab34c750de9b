package server_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

var variable = regexp.MustCompile(`\{[^}]+\}`)

// concrete fills the variable segments of a path with something that does not exist.
func concrete(path string) string { return variable.ReplaceAllString(path, "no-such-thing") }

// mounts are the paths under which an operation answers.
func mounts(o server.Operation) []string {
	own := "/" + o.Bank + concrete(o.Path)
	if o.Own {
		return []string{own}
	}
	return []string{concrete(o.Path), own}
}

// Every bank is examined by this suite without being asked: it reads the route tables.
// RFC 6750 §2: garbage, two Authorization headers and broken Basic get a refusal at every operation, and no server error.
func TestEveryOperationRefusesStrangersInItsOwnWay(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, o := range box.Operations() {
		if o.Doc == "" || o.Op == "" {
			t.Errorf("%s %s %s has no op or no doc", o.Bank, o.Method, o.Path)
		}
		for _, path := range mounts(o) {
			for name, options := range map[string][]servertest.Option{
				"nobody":         nil,
				"garbage bearer": {servertest.Bearer("garbage")},
				"two headers":    {func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer a", "Bearer b"} }},
				"broken basic":   {servertest.Header("Authorization", "Basic %%%")},
			} {
				a := box.Do(o.Method, path, "", options...)
				e := box.Last()
				if a.Status >= 500 {
					t.Errorf("%s %s by %s: status %d\n%s", o.Method, path, name, a.Status, a.Body)
				}
				if a.Status >= 400 && (e.Why == "" || e.Kind == "") && !isPage(a) {
					t.Errorf("%s %s by %s: status %d, and the journal does not say why", o.Method, path, name, a.Status)
				}
				if e.Why != "" && len(e.Why) > 20 && strings.Contains(a.Body, e.Why) {
					t.Errorf("%s %s by %s: the wire tells what is for the journal: %s", o.Method, path, name, a.Body)
				}
			}
		}
	}
}

func isPage(a *servertest.Answer) bool {
	return strings.HasPrefix(a.Header.Get("Content-Type"), "text/html")
}

// RFC 6750 §3: every protected resource refuses a request without a token.
func TestResourcesNeedAToken(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	for _, o := range box.Operations() {
		a := box.Do(o.Method, "/"+o.Bank+concrete(o.Path), "")
		if !o.Open && !o.Own && a.Status < 300 && !isPage(a) && !strings.Contains(o.Path, "consent") {
			t.Errorf("%s %s %s answers %d to nobody: %s", o.Bank, o.Method, o.Path, a.Status, a.Body)
		}
	}
}

// RFC 9110 §15.5.6: every operation answers other methods with 405 and Allow.
// RFC 9110 §15.5.5: unknown paths are 404 in the bank's own form.
func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	has := map[string]bool{}
	for _, o := range box.Operations() {
		has[o.Method+" "+o.Path] = true
	}
	for _, o := range box.Operations() {
		a := box.Get("/" + o.Bank + "/no/such/path")
		if e := box.Last(); a.Status != 404 || e.Bank != o.Bank || e.Kind != "no_route" {
			t.Errorf("%s: unknown path is %d by %q, %s", o.Bank, a.Status, e.Bank, e.Kind)
		}
		if has["PATCH "+o.Path] {
			continue
		}
		a = box.Do("PATCH", "/"+o.Bank+concrete(o.Path), "")
		if allow := a.Header.Get("Allow"); a.Status != 405 || !strings.Contains(allow, o.Method) {
			t.Errorf("PATCH %s at %s: %d, Allow %q", o.Path, o.Bank, a.Status, allow)
		}
	}
}

// RFC 9110 §15.5.14: a body over the limit is 413 at every operation.
// RFC 9110 §5.5: line breaks in parameters put no header into any answer.
func TestHostileInputNeverBreaksAnOperation(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	big := strings.Repeat("x", 1<<20+1)
	for _, o := range box.Operations() {
		path := "/" + o.Bank + concrete(o.Path)
		tries := map[string]*servertest.Answer{
			"broken query":      box.Do(o.Method, path+"?a=%zz&client_id=%", ""),
			"repeated":          box.Do(o.Method, path+"?client_id=a&client_id=b&redirect_uri=x&redirect_uri=y", ""),
			"JSON body":         box.Do(o.Method, path, `{"a":[{"b":null}],`, servertest.Header("Content-Type", "application/json")),
			"JSON array":        box.Do(o.Method, path, `[]`, servertest.Header("Content-Type", "application/json")),
			"text body":         box.Do(o.Method, path, "grant_type", servertest.Header("Content-Type", "text/plain")),
			"broken form":       box.Do(o.Method, path, "grant_type=%zz;&&=", servertest.Header("Content-Type", "application/x-www-form-urlencoded")),
			"null bytes":        box.Do(o.Method, path+"?client_id=%00&code=%00%ff", ""),
			"header injection":  box.Do(o.Method, path+"?state=%0d%0aX-Evil:%201&redirect_uri=http://127.0.0.1/%0d%0aX-Evil:1&redirect=http://a%0d%0aX-Evil:1&client_id="+url.QueryEscape("a\r\nX-Evil: 1"), "", servertest.Header("X-Request-ID", "a\tb")),
			"strange media":     box.Do(o.Method, path, "x", servertest.Header("Content-Type", "multipart/form-data; boundary=")),
			"strange accept":    box.Do(o.Method, path, "", servertest.Header("Accept", ";;;,q=")),
			"climbing":          box.Do(o.Method, path+"/%2e%2e/%2e%2e%2fadmin", ""),
			"long header":       box.Do(o.Method, path, "", servertest.Header("Authorization", "Bearer "+strings.Repeat("a", 8000))),
			"non-UTF-8 header":  box.Do(o.Method, path, "", servertest.Header("Authorization", "Basic /////w==")),
			"lone colon basic":  box.Do(o.Method, path, "", servertest.Header("Authorization", "Basic Og==")),
			"body that is huge": box.Do(o.Method, path, big, servertest.Header("Content-Type", "application/json")),
		}
		for name, a := range tries {
			if a.Status >= 500 || a.Status < 200 {
				t.Errorf("%s %s, %s: status %d\n%s", o.Method, path, name, a.Status, a.Body)
			}
			if a.Header.Get("X-Evil") != "" {
				t.Errorf("%s %s, %s: a header was injected", o.Method, path, name)
			}
		}
		if a := tries["body that is huge"]; a.Status != 413 {
			t.Errorf("%s %s: a body over 1 MiB is %d", o.Method, path, a.Status)
		}
	}
	if a := box.Get("/healthz"); a.Status != 200 {
		t.Errorf("afterwards the server is %d", a.Status)
	}
}

// RFC 9110 §9.3.2: HEAD is GET without a body, at every operation that only shows something.
// RFC 9110 §9.2.1: HEAD does not take up an authorization request, end a login, or give a code or a token.
func TestHeadIsGetWithoutABody(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	act := map[string]bool{"authorize": true, "authorize.standard": true, "login": true, "code": true, "token": true, "logout": true, "endSession": true}
	for _, o := range box.Operations() {
		if o.Method != "GET" {
			continue
		}
		path := "/" + o.Bank + concrete(o.Path)
		get, head := box.Get(path), box.Do("HEAD", path, "")
		if act[o.Op] {
			if head.Status != 405 || strings.Contains(head.Header.Get("Allow"), "HEAD") || head.Body != "" {
				t.Errorf("%s acts: HEAD %d, Allow %s", path, head.Status, head.Header.Get("Allow"))
			}
			continue
		}
		if get.Status != head.Status || head.Body != "" {
			t.Errorf("%s: GET %d, HEAD %d with %q", path, get.Status, head.Status, head.Body)
		}
	}
}

// A page that asks for a password can be neither framed nor cached, and answers no form that another site sent.
// RFC 9700 §4.16: no page of a bank can be framed.
// RFC 9700 §4.2.4: every page has a Referrer-Policy and is not stored.
// RFC 6749 §10.13: X-Frame-Options and frame-ancestors stand on every page.
func TestPagesAreGuarded(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	seen := 0
	for _, o := range box.Operations() {
		a := box.Do(o.Method, "/"+o.Bank+concrete(o.Path), "")
		if !isPage(a) || o.Op == "home" {
			continue
		}
		seen++
		for name, want := range map[string]string{"X-Frame-Options": "DENY", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q", o.Bank, o.Path, name, got)
			}
		}
		csp := a.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "form-action") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s %s: Content-Security-Policy %q", o.Bank, o.Path, csp)
		}
		if strings.EqualFold(o.Method, "post") && o.Op != "endSession" && o.Op != "authorize" { // which a client's page may send, and which ask the person
			a := box.Do("POST", "/"+o.Bank+concrete(o.Path), "", servertest.Header("Sec-Fetch-Site", "cross-site"), servertest.Header("Content-Type", "application/x-www-form-urlencoded"))
			if a.Status != 403 {
				t.Errorf("POST %s from another site: %d", o.Path, a.Status)
			}
		}
	}
	if seen < 2 {
		t.Errorf("only %d pages were seen", seen)
	}
}
