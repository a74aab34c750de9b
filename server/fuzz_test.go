package server

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/valyala/fasthttp"
)

// Whatever bytes a caller sends as a request, at any operation, with any cookie, header, host and body: it is answered, nothing breaks
// inside, and no header of the answer is of the caller's making.
func FuzzRequest(f *testing.F) {
	var log bytes.Buffer
	s, err := New(Options{Freeze: true, Log: zerolog.New(&log).Level(zerolog.ErrorLevel), Journal: 50})
	if err != nil {
		f.Fatal(err)
	}
	for _, o := range s.Operations() {
		f.Add([]byte(o.Method + " /" + o.Bank + o.Path + "?client_id=bg-demo&state=%0d%0aX-Evil:1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"))
	}
	for _, raw := range []string{
		"GET /s/main/account/home HTTP/1.1\r\nHost: p07.localhost:8080\r\nCookie: sandbank_browser=x; sandbank_session_berlin=\"y\"; ;=\r\n\r\n",
		"GET /.well-known/oauth-authorization-server/berlin/x HTTP/1.1\r\nHost: [::1]:80\r\nAccept: text/html;q=0.1,*/*\r\n\r\n",
		"POST /oauth/token HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c2IxLWRlbW86c2IxLWRlbW8tc2VjcmV0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\ngrant_type=client_credentials",
		"GET /account/loggedin?" + "uname=dave~expired&psw=x&client_id=7b6fc8ed5127b0b2f076d&redirect=http://127.0.0.1:9/cb HTTP/1.0\r\n\r\n",
		"GET http://evil.example/%2e%2e/s/../admin HTTP/1.1\r\nHost: x\r\nX-Sandbox-Fault: status=503\r\nX-Sandbox-Scenario: E69 huge\r\n\r\n",
		"GET /account/info HTTP/3.0\r\nHost: x\r\n\r\n",
		"GET /account/info HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\nX-Request-ID: \t\r\n\r\n",
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var rc fasthttp.RequestCtx
		rc.Init2(nowhere{}, silent{}, false)
		if err := rc.Request.ReadLimitBody(bufio.NewReaderSize(bytes.NewReader(raw), 32<<10), 8*maxBody); err != nil {
			return // the HTTP library has refused it
		}
		log.Reset()
		s.handler(&rc)
		status := rc.Response.StatusCode()
		switch ordered := bytes.Contains(bytes.ToLower(raw), []byte("x-sandbox-")); {
		case log.Len() > 0:
			t.Errorf("status %d; the log says %s", status, log.String())
		case foreign(&rc.Request.Header):
			if status != 505 {
				t.Errorf("another version of HTTP had status %d", status)
			}
		case !ordered && (status < 200 || status > 499):
			t.Errorf("status %d, which nobody ordered", status)
		}
		head := string(rc.Response.Header.Header())
		for line := range strings.Lines(head) {
			if strings.HasPrefix(strings.ToLower(line), "x-evil") {
				t.Errorf("the caller made a header:\n%s", head)
			}
		}
	})
}
