package journal_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"sandbank/server/journal"
)

func part(head, body string) journal.Part {
	p := journal.Cut([]byte(body))
	p.Head = []byte(strings.ReplaceAll(head, "\n", "\r\n"))
	return p
}

func TestMaskedTargets(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"/a/access_token?code=4123456&client_id=7b6fc8&client_secret=724e6890": "/a/access_token?code=4123…&client_id=7b6fc8&client_secret=724e…",
		"/login?uname=dave&psw=x&token=":                                       "/login?uname=dave&psw=…&token=",
		"/a?CODE=abcdefg&co%64e=abcdefg":                                       "/a?CODE=abcd…&co%64e=abcd…",
		"/a?password=%C3%A4%2F%2F%C3%9Fx":                                      "/a?password=%C3%A4%2F%2F%C3%9F…",
		"/a?secret=%zz":                                                        "/a?secret=…",
		"/a?token_type_hint=refresh_token&token=rrrrrrrrr":                     "/a?token_type_hint=refresh_token&token=rrrr…",
		"/a?code_challenge=abcdefgh&code_verifier=abcdefgh&state=abcdefgh":     "/a?code_challenge=abcdefgh&code_verifier=abcd…&state=abcdefgh",
		"/plain": "/plain",
		"/a?redirect_uri=http%3A%2F%2Fapp%2Fcb%3Fcode%3Dabcdefgh&x=y": "/a?redirect_uri=http%3A%2F%2Fapp%2Fcb%3Fcode%3Dabcd%E2%80%A6&x=y",
	}
	for target, want := range tests {
		if got := (&journal.Entry{Target: target}).Masked().Target; got != want {
			t.Errorf("%s\n got %s\nwant %s", target, got, want)
		}
	}
}

func TestMaskedHeaders(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"Authorization: Bearer abcdefghijk":                      "Authorization: Bearer abcd…",
		"authorization:Basic czJzOnNlY3JldA==":                   "authorization:Basic czJz…",
		"Authorization: lonelysecret":                            "Authorization: lone…",
		"X-IBM-Client-Secret: abcdefgh":                          "X-IBM-Client-Secret: abcd…",
		"X-IBM-Client-Id: abcdefgh":                              "X-IBM-Client-Id: abcdefgh",
		"X-Service-Account-Secret: abcdefgh":                     "X-Service-Account-Secret: abcd…",
		"Cookie: sb=abcdefgh; lang=no; b=":                       "Cookie: sb=abcd…; lang=…; b=",
		"Set-Cookie: sb=abcdefgh; Path=/; HttpOnly":              "Set-Cookie: sb=abcd…; Path=/; HttpOnly",
		"Location: http://127.0.0.1:9/cb?code=4123456&state=xyz": "Location: http://127.0.0.1:9/cb?code=4123…&state=xyz",
		"Location: http://x/cb#access_token=abcdefgh&x=1":        "Location: http://x/cb#access_token=abcd…&x=1",
		"Referer: http://x/?password=abcdefgh":                   "Referer: http://x/?password=abcd…",
		"Content-Type: application/json":                         "Content-Type: application/json",
		"HTTP/1.1 200 OK":                                        "HTTP/1.1 200 OK",
	}
	for line, want := range tests {
		e := (&journal.Entry{Request: part(line+"\nHost: x\n", "")}).Masked()
		if got, _, _ := strings.Cut(string(e.Request.Head), "\r\n"); got != want || !strings.HasSuffix(string(e.Request.Head), "\r\nHost: x\r\n") {
			t.Errorf("%s\n got %q\nwant %q", line, e.Request.Head, want)
		}
	}
}

func TestMaskedBodies(t *testing.T) {
	t.Parallel()
	const js, form, html = "application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/html"
	tests := []struct{ kind, body, want string }{
		{js, `{"access_token": "abcdefgh", "token_type":"Bearer","expires_in":60}`, `{"access_token": "abcd…", "token_type":"Bearer","expires_in":60}`},
		{js, `{"refresh_token":"a\"bcdefgh","x":"y"}`, `{"refresh_token":"a\"bc…","x":"y"}`},
		{js, `{"code":"qKx81-f_zz","httpCode":"401"}`, `{"code":"qKx8…","httpCode":"401"}`},
		{js, `{"code":4123456,"pin":1234}`, `{"code":"4123…","pin":1234}`},
		{js, `{"errors":[{"code":"TOKEN_EXPIRED"},{"code":"amount.invalid"},{"code":"401"}]}`, `{"errors":[{"code":"TOKEN_EXPIRED"},{"code":"amount.invalid"},{"code":"401"}]}`},
		{js, `{"tokens":["abcdefgh",{"id":"abcdefgh"},"ijklmnop"],"n":"abcdefgh"}`, `{"tokens":["abcd…",{"id":"abcdefgh"},"ijkl…"],"n":"abcdefgh"}`},
		{js, `{"refresh_token_expires_in":123456,"accessTokenExpiresIn":123456}`, `{"refresh_token_expires_in":123456,"accessTokenExpiresIn":123456}`},
		{js, `{"access_token":"abcdefgh`, `{"access_token":"abcd…"`},
		{js, `{"psuData":{"password":"start12"}}`, `{"psuData":{"password":"star…"}}`},
		{"application/problem+json", `{"token":"abcdefgh"}`, `{"token":"abcd…"}`},
		{"", `{"token":"abcdefgh"}`, `{"token":"abcd…"}`},
		{form, "grant_type=password&password=abcdefgh&username=dave", "grant_type=password&password=abcd…&username=dave"},
		{"", "client_secret=abcdefgh", "client_secret=abcd…"},
		{html, `<a href="/cb?code=abcdefgh&amp;x=1">`, `<a href="/cb?code=abcd…&amp;x=1">`},
		{html, `<input type=hidden name="token" value="abcdefgh"><input value='abcdefgh' name=session><input name="x" value="abcdefgh">`,
			`<input type=hidden name="token" value="abcd…"><input value='abcd…' name=session><input name="x" value="abcdefgh">`},
		{"text/plain", "Unauthorized", "Unauthorized"},
	}
	for _, tt := range tests {
		e := (&journal.Entry{Response: part("HTTP/1.1 200 OK\nContent-Type: "+tt.kind+"\n\n", tt.body)}).Masked()
		if got := string(e.Response.Body); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.body, got, tt.want)
		}
		if e.Response.Size != len(tt.body) {
			t.Errorf("size %d", e.Response.Size)
		}
	}
}

func TestMaskingLeavesTheEntry(t *testing.T) {
	t.Parallel()
	e := &journal.Entry{Target: "/?code=abcdefgh", Request: part("Cookie: a=abcdefgh\n", "x")}
	e.Masked()
	if e.Target != "/?code=abcdefgh" || !strings.Contains(string(e.Request.Head), "abcdefgh") {
		t.Errorf("%+v", e)
	}
}

// Whatever a body looks like, a secret under its name is not to be seen, and JSON stays JSON.
func FuzzMask(f *testing.F) {
	f.Add("application/json", `{"a":[1,{"token":"`, `"}],"b":"c"}`)
	f.Add("application/x-www-form-urlencoded", "a=b&password=", "&c=%41")
	f.Add("text/html", `<a href="?code=`, `">`)
	f.Add("", `{"x`, ``)
	f.Fuzz(func(t *testing.T, kind, before, after string) {
		const secret = "Zq7Zq7Zq7Zq7Zq7"
		e := &journal.Entry{Target: before + "?code=" + secret, Request: part("Content-Type: "+kind+"\n", before+secret+after), Response: part(before, after)}
		m := e.Masked()
		if !strings.ContainsAny(before, "?#&") && strings.Contains(m.Target, secret) {
			t.Errorf("target %q", m.Target)
		}
		if whole := before + secret + after; json.Valid([]byte(whole)) && strings.HasPrefix(whole, "{") && kind == "application/json" {
			if !json.Valid(m.Request.Body) {
				t.Errorf("%q became %q", whole, m.Request.Body)
			}
			var v struct {
				Token, Password, Code string
			}
			if json.Unmarshal(m.Request.Body, &v) == nil && (v.Token == secret || v.Password == secret || v.Code == secret) {
				t.Errorf("%q", m.Request.Body)
			}
		}
		if again := m.Masked(); len(again.Request.Body) > len(m.Request.Body)+64 {
			t.Errorf("masking grows: %q → %q", m.Request.Body, again.Request.Body)
		}
	})
}

func FuzzHeadersAndCommands(f *testing.F) {
	f.Add("Host: a\nX: y\n", "/x?a=b", "body", "GET")
	f.Add(": \n\n a", "*", "\xff", "P")
	f.Fuzz(func(t *testing.T, head, target, body, method string) {
		e := &journal.Entry{Target: target, Method: method, Request: part(head, body), Response: part("HTTP/1.1 200 OK\n"+head, body)}
		for _, style := range journal.Styles() {
			if e.Command(style, "http") == "" {
				t.Errorf("no %s", style)
			}
		}
		h := e.HAR("http")
		if _, err := json.Marshal(h); err != nil {
			t.Error(err)
		}
		if strings.HasPrefix(target, "/") {
			if u, err := url.Parse(h.Request.URL); err == nil && u.Scheme != "http" {
				t.Errorf("url %s", h.Request.URL)
			}
		}
	})
}
