package console_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

func host(name string) servertest.Option { return func(r *http.Request) { r.Host = name } }

// file is the whole state of the main space as a snapshot has it, without when it was taken.
func (s *stage) file() string {
	s.t.Helper()
	id := s.pull("POST", "/snapshots", object{"name": "look"}).Want(201).JSON()["id"]
	defer s.pull("POST", "/undo", object{"count": 1})
	text := s.Get(admin.Prefix + "/snapshots/" + id.(interface{ String() string }).String()).Want(200).Body
	return text
}

// RFC 9700 §4.16: no page of the console can be framed, stored or sniffed, and none tells another site where it was.
// RFC 9110 §7.2: a foreign Host, and the host of an absolute target, open no page of the console, so that DNS rebinding reads none.
// RFC 6454 §4: no page of the console lets another origin read it.
func TestConsoleKeepsStrangersOut(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	for _, path := range append(s.paths(), admin.Prefix+"/clock", admin.Prefix+"/tokens", "/admin/no-such-page") {
		a := s.Get(path, servertest.Header("Origin", s.URL()))
		if a.Status >= 500 || a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %d %v", path, a.Status, a.Header)
		}
		if csp := a.Header.Get("Content-Security-Policy"); strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") &&
			(!strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") || a.Header.Get("X-Frame-Options") != "DENY" || a.Header.Get("Referrer-Policy") != "same-origin") {
			t.Errorf("%s: %v", path, a.Header)
		}
		for name, o := range map[string]servertest.Option{"rebound name": host("evil.example:8080"), "look-alike": host("127.0.0.1.evil.example"), "look-alike of localhost": host("localhost.evil.example"),
			"name with a port in it": host("localhost:80.evil.example"), "cross-site": servertest.Header("Sec-Fetch-Site", "cross-site"), "origin": servertest.Header("Origin", "https://evil.example"),
			"origin null": servertest.Header("Origin", "null"), "origin with user info": servertest.Header("Origin", "https://"+strings.TrimPrefix(s.URL(), "http://")+"@evil.example")} {
			if a := s.Get(path, o); a.Status != 403 && a.Status != 400 || strings.Contains(a.Body, "yoisho") || strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s by %s: %d %.80s", path, name, a.Status, a.Body)
			}
		}
	}
	for _, o := range []servertest.Option{servertest.Header("X-Forwarded-Host", "evil.example"), servertest.Header("Forwarded", "host=evil.example"), servertest.Header("X-Original-URL", "/evil"), servertest.Header("X-Rewrite-URL", "/evil")} {
		if a := s.Get("/admin", o); a.Status != 200 || strings.Contains(a.Body, "evil") {
			t.Errorf("forwarded headers: %d", a.Status)
		}
	}
}

// RFC 9110 §9.2.1: no GET and no HEAD of any page or listing of the console changes the state of a space.
func TestReadingChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	before := s.file()
	for _, path := range append(s.paths(), "/admin?reset=1", "/admin/clock?advance=1h", "/admin/tokens?revoke=1&do=revoke", "/admin/space?op=reset") {
		s.Get(path)
		s.Do("HEAD", path, "")
		s.Get(path + map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "op=reset&confirm=1&undo=1&id=1")
	}
	if after := s.file(); !bytes.Equal(scrubbed(before), scrubbed(after)) {
		t.Error("reading the console changed the space")
	}
}

// scrubbed is a snapshot without its own moment.
func scrubbed(file string) []byte {
	var out []byte
	for line := range strings.Lines(file) {
		if !strings.Contains(line, `"taken"`) && !strings.Contains(line, `"at"`) {
			out = append(out, line...)
		}
	}
	return out
}

// RFC 6749 §10.12: no form of the console is taken from another site's page, whatever type it claims to be, and nothing of it is done.
func TestConsoleFormsFromElsewhere(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	before, seen := s.file(), map[string]bool{}
	for _, path := range s.paths() {
		a := s.Get(path)
		if a.Status != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			continue
		}
		doc := document(t, a)
		doc.Find("form[method=post], form[method=POST]").Each(func(_ int, form *goquery.Selection) {
			to := form.AttrOr("action", "")
			if seen[to] {
				return
			}
			seen[to] = true
			fields := filled(t, form).Encode()
			for kind, body := range map[string]string{"application/x-www-form-urlencoded": fields, "text/plain": fields, "application/json": fields, "": fields,
				"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n"} {
				for name, o := range map[string]servertest.Option{"cross-site": servertest.Header("Sec-Fetch-Site", "cross-site"), "Origin": servertest.Header("Origin", "https://evil.example"), "rebinding": host("evil.example")} {
					if got := s.Do("POST", to, body, servertest.Header("Content-Type", kind), o); got.Status != 403 || len(got.Header.Values("Set-Cookie")) > 0 {
						t.Errorf("%s by %s as %q: %d", to, name, kind, got.Status)
					}
				}
			}
		})
	}
	if len(seen) < 30 {
		t.Errorf("only %d forms were found", len(seen))
	}
	if after := s.file(); !bytes.Equal(scrubbed(before), scrubbed(after)) {
		t.Error("a form from elsewhere changed the space")
	}
}

// RFC 6750 §5.3: the console's key is taken from no query, and is kept in a cookie that no script and no other site's form carries along.
// RFC 6749 §10.15: signing in to the console never leads away from it.
func TestConsoleKey(t *testing.T) {
	t.Parallel()
	const key = "a-key-of-some-length"
	s := open(t, server.Options{}, key)
	for _, path := range []string{"/admin", "/admin/tokens", "/admin?key=" + key, "/admin/tokens?key=" + key + "&access_token=" + key, admin.Prefix + "/clock?key=" + key} {
		for name, o := range map[string]servertest.Option{"nothing": func(*http.Request) {}, "an empty key": servertest.Bearer(""), "half a key": servertest.Bearer(key[:8]), "an empty cookie": servertest.Header("Cookie", admin.Cookie+"="), "Basic": servertest.Basic("admin", key)} {
			if a := s.Get(path, o); a.Status != 401 || strings.Contains(a.Body, "bg-demo") {
				t.Errorf("%s with %s: %d", path, name, a.Status)
			}
		}
	}
	for _, to := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "javascript:alert(1)", "/admin/../../evil", "\r\nX-Evil: 1"} {
		a := s.Post("/admin/login", url.Values{"key": {key}, "back": {to}}).Want(303)
		if at := a.Header.Get("Location"); !strings.HasPrefix(at, "/admin") && at != "/" || strings.Contains(at, "evil") || a.Header.Get("X-Evil") != "" {
			t.Errorf("back to %q leads to %q", to, at)
		}
		if c := a.Header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=") || strings.Contains(c, "SameSite=None") {
			t.Errorf("the cookie is %q", c)
		}
	}
	s.Get("/admin", servertest.Header("Cookie", admin.Cookie+"="+key)).Want(200)
	if a := s.Post("/admin/login", url.Values{"key": {"wrong"}}); a.Status != 401 || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong key: %d %v", a.Status, a.Header)
	}
}
