package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sandbank/server"
	"sandbank/server/servertest"
)

// proxied is a sandbox behind a proxy that shows it under /bank and puts another Host in, as proxies do that nobody told anything. cut is
// whether the proxy takes /bank away. The base is scheme, host and port of the proxy.
func proxied(t *testing.T, cut bool) (s *stage, base string) {
	t.Helper()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, below := strings.CutPrefix(r.RequestURI, "/bank/")
		if !below {
			http.NotFound(w, r)
			return
		}
		if r.Host = "127.0.0.1:1"; cut {
			r.RequestURI = "/" + rest
			r.URL, _ = url.ParseRequestURI(r.RequestURI)
		}
		s.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	s = open(t, server.Options{PublicURL: front.URL + "/bank"}, "")
	return s, front.URL
}

// inside fails for every link, file and form of a page that leads past the proxy's path, and fetches what the page needs to be shown.
func inside(t *testing.T, b *servertest.Browser, path string) {
	t.Helper()
	page, seen := b.Get(path), 0
	page.Doc.Find("[href], [src], [action]").Each(func(_ int, e *goquery.Selection) {
		for _, name := range []string{"href", "src", "action"} {
			at, has := e.Attr(name)
			if !has || strings.HasPrefix(at, "#") || strings.HasPrefix(at, "data:") || strings.HasPrefix(at, "?") {
				continue
			}
			u, err := page.URL.Parse(at)
			if err != nil || u.Host != page.URL.Host && u.Port() != "9000" || u.Host == page.URL.Host && u.Path != "/bank" && !strings.HasPrefix(u.Path, "/bank/") {
				t.Errorf("%s has a link to %q", path, at)
			}
			if seen++; err == nil && strings.Contains(u.Path, "/-/") && b.Get(u.String()).Status != 200 {
				t.Errorf("%s has no %s", path, at)
			}
		}
	})
	if seen < 2 {
		t.Errorf("%s: %d, %d links", path, page.Status, seen)
	}
}

// Behind a proxy that shows the sandbox under a path, whether that cuts the path off or not, every page, link, file, cookie and form stays
// under it, and a whole login gets to the money.
func TestBehindAProxyWithAPath(t *testing.T) {
	t.Parallel()
	for _, cut := range []bool{true, false} {
		s, base := proxied(t, cut)
		b := servertest.Browse(t, base)
		for _, path := range []string{"/", "/admin", "/admin/docs", "/admin/tokens", "/admin/nowhere", "/nowhere", "/berlin/connections", "/berlin/oauth2/device", "/sparebank1/oauth/authorize?client_id=sb1-demo"} {
			inside(t, b, "/bank"+path)
		}
		for _, at := range []struct{ bank, authorize, token, call, id, secret, scope string }{
			{"yoisho", "/oauth2/authorize", "/oauth2/token", "/account/balance", demo, demoSecret, "read"},
			{"berlin", "/oauth2/authorize", "/oauth2/token", "/v1/accounts", "bg-demo", "bg-demo-secret", "AISP"},
			{"sparebank1", "/oauth/authorize", "/oauth/token", "/personal/banking/accounts", "sb1-demo", "sb1-demo-secret", "openid"},
		} {
			here, back := base+"/bank/"+at.bank, "http://127.0.0.1:9000/cb"
			asked := url.Values{"response_type": {"code"}, "client_id": {at.id}, "redirect_uri": {back}, "scope": {at.scope}, "state": {"s"}, "resource": {here + at.call}}
			page := b.Get(here + at.authorize + "?" + asked.Encode())
			for range 5 {
				if page.Away != nil || page.Doc.Find("form").Length() == 0 {
					break
				}
				page = page.Submit("login", "dave", "uname", "dave", "password", "x", "psw", "x", "finInst", "fid-smn", "otp", page.Doc.Find("aside button[name=demo]").AttrOr("value", ""))
			}
			if page.Away == nil || page.Param("iss") != here {
				t.Errorf("cut %t, %s: %d, sent to %v", cut, at.bank, page.Status, page.Away)
				continue
			}
			form := url.Values{"grant_type": {"authorization_code"}, "code": {page.Param("code")}, "redirect_uri": {back}}
			got := s.Do("POST", here+at.token, form.Encode(), servertest.Basic(at.id, at.secret), servertest.Header("Content-Type", "application/x-www-form-urlencoded")).Want(200)
			s.Do("GET", here+at.call, "", servertest.Bearer(got.Text("access_token")), servertest.Header("X-Request-ID", "99391c7e-ad88-49ec-a2ad-99ddcb1f7721")).Want(200)
		}
	}
}

// A form of the console, and of a bank for a browser that does not say where forms come from, is our own when it comes from the public
// URL, though the proxy has changed Host; one from anywhere else is not.
func TestFormsBehindAProxy(t *testing.T) {
	t.Parallel()
	s, base := proxied(t, true)
	form := servertest.Header("Content-Type", "application/x-www-form-urlencoded")
	for origin, want := range map[string]int{base: 200, "http://evil.example": 403, "null": 403} {
		from := servertest.Header("Origin", origin)
		s.Do("POST", base+"/bank/admin/api/v1/clock", `{"advance":"1s"}`, from).Want(want)
		if a := s.Do("POST", base+"/bank/berlin/oauth2/authorize/login", "flow=x", from, form); (a.Status == 403) != (want == 403) {
			t.Errorf("a login from %s: %d", origin, a.Status)
		}
	}
}
