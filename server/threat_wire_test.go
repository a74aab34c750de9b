package server_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"sandbank/server"
	"sandbank/server/servertest"
)

// write opens a connection and writes bytes to the sandbox as they are, and nothing after them.
func write(t *testing.T, box *servertest.Sandbox, raw string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(box.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil && !errors.Is(err, syscall.ENOTCONN) { // the server may have hung up already
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	return conn
}

// talk says something raw and reads the status of every answer until the server hangs up.
func talk(t *testing.T, box *servertest.Sandbox, raw string) (statuses []int) {
	t.Helper()
	conn := write(t, box, raw)
	defer conn.Close()
	in := bufio.NewReader(conn)
	method, _, _ := strings.Cut(raw, " ")
	for {
		a, err := http.ReadResponse(in, &http.Request{Method: method})
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return statuses
		}
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, a.Body)
		statuses = append(statuses, a.StatusCode)
	}
}

// RFC 9112 §6.1: a request with both Content-Length and Transfer-Encoding is refused, and the connection is closed.
// RFC 9112 §6.1: HTTP/1.0 with Transfer-Encoding is refused, and the connection is closed.
// RFC 9112 §6.3: Content-Length that is repeated, signed, a list or no number is refused.
// RFC 9112 §5.1: blanks between a header's name and its colon are refused.
// RFC 9112 §5.2: a header that is folded over two lines is refused.
// RFC 9112 §7.1: a chunk without a proper size or end is refused, and chunk extensions are passed over.
// RFC 9112 §3.2: a request without Host, or with two, is refused.
// RFC 9110 §5.5: NUL and bare CR in a header are refused.
// RFC 9110 §15.6.6: another major version than HTTP/1 is answered with 505.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	const get, inner = "GET /account/home HTTP/1.1\r\n", "GET /account/home?smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	const post, chunked = "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n", "Transfer-Encoding: chunked\r\n\r\n"
	long := fmt.Sprint(len(inner))
	tests := []struct {
		name, raw string
		want      []int // 401 is the token endpoint's answer to a form without credentials
	}{
		{"length and coding", post + "Content-Length: 5\r\n" + chunked + "0\r\n\r\n" + inner, []int{400}},
		{"coding and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"length over coding", post + "Content-Length: " + long + "5\r\n" + chunked + "0\r\n\r\n" + inner, []int{400}},
		{"length and identity", post + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\na=b" + inner, []int{400}},
		{"GET with both", get + "Host: x\r\ncontent-length: 3\r\n" + chunked + "0\r\n\r\n" + inner, []int{400}},
		{"two lengths", post + "Content-Length: 0\r\nContent-Length: " + long + "\r\n\r\n" + inner, []int{400}},
		{"two lengths, the other way", post + "Content-Length: " + long + "\r\nContent-Length: 0\r\n\r\n" + inner, []int{400}},
		{"the same length twice", post + "Content-Length: " + long + "\r\nContent-Length: " + long + "\r\n\r\n" + inner, []int{400}},
		{"list of lengths", post + "Content-Length: " + long + ", " + long + "\r\n\r\n" + inner, []int{400}},
		{"length with a plus", post + "Content-Length: +3\r\n\r\na=b" + inner, []int{400}},
		{"length with a minus", post + "Content-Length: -1\r\n\r\n" + inner, []int{400}},
		{"hexadecimal length", post + "Content-Length: 0x3\r\n\r\na=b" + inner, []int{400}},
		{"length past all numbers", post + "Content-Length: 99999999999999999999\r\n\r\n" + inner, []int{400}},
		{"length with a blank", post + "Content-Length: 1 0\r\n\r\na" + inner, []int{400}},
		{"empty length", post + "Content-Length: \r\n\r\n" + inner, []int{400}},
		{"length too long to be taken", post + "Content-Length: 9000000\r\n\r\n" + inner, []int{413}},
		{"folded header", get + "Host: x\r\nX-A: b\r\n c\r\n\r\n" + inner, []int{400}},
		{"folded coding", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"folded before the first", get + " X: y\r\nHost: x\r\n\r\n" + inner, []int{400}},
		{"blank before the colon", post + "Content-Length : 3\r\n\r\na=b" + inner, []int{400}},
		{"blank before the coding's colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"tab before the colon", get + "Host: x\r\nX-A\t: b\r\n\r\n" + inner, []int{400}},
		{"no colon", get + "Host: x\r\nX-A\r\n\r\n" + inner, []int{400}},
		{"no name", get + "Host: x\r\n: b\r\n\r\n" + inner, []int{400}},
		{"NUL in a value", get + "Host: x\r\nX-A: b\x00c\r\n\r\n" + inner, []int{400}},
		{"NUL in a name", get + "Host: x\r\nX\x00A: b\r\n\r\n" + inner, []int{400}},
		{"bare CR in a value", get + "Host: x\r\nX-A: b\rX-B: c\r\n\r\n" + inner, []int{400}},
		{"bare CR before a coding", post + "Content-Length: 3\rTransfer-Encoding: chunked\r\n\r\na=b" + inner, []int{400}},
		{"bare LF at the end of a head", post + "Content-Length: " + long + "\n\n" + inner, []int{401}},
		{"high byte in a name", get + "Host: x\r\nX-\xff: b\r\n\r\n" + inner, []int{400}},
		{"unknown coding", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"chunked not last", post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"gzip before chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"two codings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"coding after a vertical tab", post + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"coding in HTTP/1.0", strings.Replace(post, "1.1", "1.0", 1) + chunked + "0\r\n\r\n" + inner, []int{400}},
		{"coding in HTTP/1.0 that goes on", strings.Replace(post, "1.1", "1.0", 1) + "Connection: keep-alive\r\n" + chunked + "0\r\n\r\n" + inner, []int{400}},
		{"coding in capitals", post + "Transfer-Encoding: Chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n", []int{401}},
		{"chunk extensions", post + chunked + "3;a=b\r\na=b\r\n0;x\r\n\r\n", []int{401}},
		{"chunk extension that ends in LF", post + chunked + "3;\na=b\r\n0\r\n\r\n" + inner, []int{400}},
		{"request in a chunk extension", post + chunked + "0;\n" + inner + "0\r\n\r\n", []int{400}},
		{"chunk size with 0x", post + chunked + "0x3\r\na=b\r\n0\r\n\r\n" + inner, []int{400}},
		{"chunk size below nothing", post + chunked + "-1\r\na=b\r\n0\r\n\r\n" + inner, []int{400}},
		{"chunk size past all numbers", post + chunked + "FFFFFFFFFFFFFFFFFF\r\na=b\r\n0\r\n\r\n" + inner, []int{400}},
		{"chunk that is longer than it says", post + chunked + "3\r\na=bXX0\r\n\r\n" + inner, []int{400}},
		{"chunks by LF alone", post + chunked + "3\na=b\n0\n\n" + inner, []int{400}},
		{"chunk without a size", post + chunked + "\r\n" + inner, []int{400}},
		{"credentials in a trailer", post + chunked + "3\r\na=b\r\n0\r\nAuthorization: Basic eA==\r\n\r\n" + inner, []int{400}},
		{"no host", get + "\r\n" + inner, []int{400}},
		{"two hosts", get + "Host: x\r\nHost: y\r\n\r\n" + inner, []int{400}},
		{"host with a path", get + "Host: x/y\r\n\r\n" + inner, []int{400}},
		{"target without a slash", "GET account/home HTTP/1.1\r\nHost: x\r\n\r\n" + inner, []int{400}},
		{"blank in the target", "GET /account/home x HTTP/1.1\r\nHost: x\r\n\r\n" + inner, []int{400}},
		{"NUL in the target", "GET /account/home\x00 HTTP/1.1\r\nHost: x\r\n\r\n" + inner, []int{400}},
		{"absolute target", "GET http://x/account/home HTTP/1.1\r\nHost: y\r\n\r\n", []int{200}},
		{"authority for a target", "CONNECT evil.example:80 HTTP/1.1\r\nHost: x\r\n\r\n", []int{404}},
		{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", []int{404}},
		{"two slashes", "GET //account/home HTTP/1.1\r\nHost: x\r\n\r\n", []int{404}},
		{"HTTP/0.9", "GET /account/home\r\n\r\n" + inner, []int{400}},
		{"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + inner, []int{505}},
		{"HTTP/9.9", strings.Replace(get, "1.1", "9.9", 1) + "Host: x\r\nConnection: keep-alive\r\n\r\n" + inner, []int{505}},
		{"HTTP/1.9", strings.Replace(get, "1.1", "1.9", 1) + "Host: x\r\n\r\n", []int{200}},
		{"method that is none", "GE(T /account/home HTTP/1.1\r\nHost: x\r\n\r\n" + inner, []int{400}},
		{"upgrade that nobody has", get + "Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", []int{200}},
		{"request as the body of a GET", get + "Host: x\r\nContent-Length: " + long + "\r\n\r\n" + inner, []int{200}},
		{"request as the body of a HEAD", "HEAD" + get[3:] + "Host: x\r\nContent-Length: " + long + "\r\n\r\n" + inner, []int{200}},
		{"two requests, properly", get + "Host: x\r\n\r\n" + get + "Host: x\r\n\r\n", []int{200, 200}},
	}
	for _, tt := range tests {
		if got := talk(t, box, tt.raw); !slices.Equal(got, tt.want) {
			t.Errorf("%s: answers %v, want %v", tt.name, got, tt.want)
		}
		for _, e := range box.Journal().Recent(2, nil) {
			if strings.Contains(e.Target, "smuggled") {
				t.Fatalf("%s: the smuggled request was answered", tt.name)
			}
		}
	}
}

// What is wrong with a request is told in our own words: nothing of what came in goes back, nor into the log.
func TestUnreadableRequestsAreNotEchoed(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	box := servertest.Start(t, server.Options{Log: zerolog.New(zerolog.SyncWriter(&log)).Level(zerolog.DebugLevel)})
	const head = "POST /berlin/oauth2/token HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c2VjcmV0\r\n"
	const rest = "\r\n\r\nclient_secret=c2VjcmV0"
	for raw, why := range map[string]string{
		head + "X: timeout c2VjcmV0\x00" + rest:                                         "a header's value has a control character in it",
		head + "Content-Length: 1\r\nContent-Length: 1" + rest:                          "it has more than one Content-Length",
		head + "Content-Length: 1, 1" + rest:                                            "its Content-Length is no number",
		head + "X-c2VjcmV0 : timeout" + rest:                                            "a header's name is none, or has a blank behind it",
		head + "c2VjcmV0" + rest:                                                        "a header has no colon",
		head + "X(c2VjcmV0: a" + rest:                                                   "a header's name is none",
		head + "Transfer-Encoding: c2VjcmV0" + rest:                                     "its Transfer-Encoding is not chunked alone",
		head + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n":       "it has both Content-Length and Transfer-Encoding",
		head + "Transfer-Encoding: chunked" + rest:                                      "a chunk of its body has no proper size or end",
		head + "Transfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: c2VjcmV0\r\n\r\n": "a header came as a trailer that may not be one",
		head + "Trailer: Authorization" + rest:                                          "it announces a trailer that may not be one",
		head + "Host: c2VjcmV0" + rest:                                                  "it has more than one Host",
		head + "Content-Length: 99" + rest:                                              "it broke off",
		strings.Replace(head, "POST /", "POST c2VjcmV0/", 1) + rest:                     "its target is neither a path nor a URL",
		strings.Replace(head, "Host: x", "Host: x/c2VjcmV0", 1) + rest:                  "its Host is none",
		strings.Replace(head, "Host: x\r\n", "", 1) + rest:                              "it has no Host",
		strings.Replace(head, "POST", "c2VjcmV0(", 1) + rest:                            "its method is none",
		strings.Replace(head, " HTTP/1.1", "", 1) + rest:                                "its first line is not a method, a target and HTTP/1.1",
		strings.Replace(head, "1.1", "1.c2VjcmV0", 1) + rest:                            "its first line is not a method, a target and HTTP/1.1",
		strings.Replace(head, "1.1", "3.0", 1) + rest:                                   "it is not HTTP/1.1, the one version that is spoken here",
		head + "X: " + strings.Repeat("c2VjcmV0", 5000) + rest:                          "its headers are larger than 32768 bytes",
	} {
		a := say(t, box, raw)
		if want := `{"error":"invalid_request","error_description":"The request could not be read: ` + why + `."}` + "\n"; a.body != want {
			t.Errorf("%.200q is answered %q, want %q", raw, a.body, want)
		}
		if a.Header.Get("Date") == "" || !a.Close || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%.200q: %v", raw, a.Header)
		}
	}
	if strings.Contains(log.String(), "c2VjcmV0") {
		t.Errorf("the log says %s", log.String())
	}
}

// answer is one with its body.
type answer struct {
	*http.Response
	body string
}

// say writes bytes to the sandbox as they are, says no more, and reads the first answer.
func say(t *testing.T, box *servertest.Sandbox, raw string) answer {
	t.Helper()
	conn := write(t, box, raw)
	defer conn.Close()
	method, _, _ := strings.Cut(raw, " ")
	a, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.200q: %v", raw, err)
	}
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatalf("%.200q: %v", raw, err)
	}
	return answer{a, string(body)}
}

// RFC 9110 §5.3: a body with two headers Content-Type is refused.
// RFC 9110 §8.4: a body in a coding that is not known is refused, and is not read as if it had none.
// RFC 9110 §12.5.3: the refusal of a coding says by Accept-Encoding that none is taken.
func TestBodiesThatSayWhatTheyAreNot(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	form := "grant_type=client_credentials&client_id=finapi-demo&client_secret=finapi-demo-secret"
	const typed = "Content-Type: application/x-www-form-urlencoded\r\n"
	post := func(path, headers, body string) answer {
		return say(t, box, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s", path, headers, len(body), body))
	}
	for _, tt := range []struct {
		path, headers string
		status        int
		accept, want  string
	}{
		{"/finapi/oauth/token", typed, 200, "", "access_token"},
		{"/finapi/oauth/token", typed + "Content-Encoding: identity\r\n", 200, "", "access_token"},
		{"/finapi/oauth/token", "Content-Type: text/plain\r\n" + typed, 400, "", `"error":"invalid_request"`},
		{"/finapi/oauth/token", typed + "content-type: text/plain\r\n", 400, "", `"error":"invalid_request"`},
		{"/berlin/oauth2/token", typed + "Content-Encoding: gzip\r\n", 400, "identity", "must not be compressed"},
		{"/berlin/oauth2/token", typed + "Content-Encoding: identity\r\nContent-Encoding: br\r\n", 400, "identity", "must not be compressed"},
		{"/berlin/v1/consents", "Content-Type: application/json\r\nContent-Encoding: x\r\n", 415, "identity", "FORMAT_ERROR"},
	} {
		a := post(tt.path, tt.headers, form)
		if a.StatusCode != tt.status || a.Header.Get("Accept-Encoding") != tt.accept || !strings.Contains(a.body, tt.want) {
			t.Errorf("%s %q: %d %v %s", tt.path, tt.headers, a.StatusCode, a.Header, a.body)
		}
	}
	if a := post("/finapi/oauth/token", typed, form+strings.Repeat("&a", 10_000)); a.StatusCode != 400 || !strings.Contains(a.body, "too many parameters") {
		t.Errorf("10,003 parameters: %d %s", a.StatusCode, a.body)
	}
}

// RFC 9110 §9.1: a method that is unknown, or known in capitals alone, is refused in the form of the place, with the methods that are allowed.
func TestUnknownMethods(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	const rest = " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
	tests := []struct {
		line, allow, body string
		status            int
		bank              string // in whose journal the refusal is; empty: nobody's
	}{
		{"FOO /account/home", "GET, HEAD", "", 405, "yoisho"},
		{"post /berlin/oauth2/token", "POST", `"error"`, 405, "berlin"},
		{"get /personal/banking/accounts", "GET, HEAD", `"errors"`, 405, "sparebank1"},
		{"FOO /healthz", "GET, HEAD", `"error"`, 405, ""},
		{"FOO /nowhere", "", `"error"`, 404, ""},
	}
	for _, tt := range tests {
		before := box.Journal().Total()
		a := say(t, box, tt.line+rest)
		if a.StatusCode != tt.status || a.Header.Get("Allow") != tt.allow && tt.allow != "" || !strings.Contains(a.body, tt.body) || a.Header.Get("Date") == "" {
			t.Errorf("%s: %d %v %s", tt.line, a.StatusCode, a.Header, a.body)
		}
		if tt.bank == "" {
			continue
		}
		method, _, _ := strings.Cut(tt.line, " ")
		if e := box.Last(); box.Journal().Total() != before+1 || e.Method != method || e.Bank != tt.bank || e.Status != 405 {
			t.Errorf("%s: the journal has %+v", tt.line, e)
		}
	}
}

// RFC 9112 §8: a request that breaks off is refused, and nothing of it is done, at every operation.
func TestHalfARequestIsNoRequest(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	seen := box.Journal().Total()
	for _, o := range box.Operations() {
		line := o.Method + " /" + o.Bank + concrete(o.Path) + "?" + loginByScript + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
		for name, rest := range map[string]string{
			"body that breaks off":   "Content-Length: 9\r\n\r\n{}",
			"chunk that breaks off":  "Transfer-Encoding: chunked\r\n\r\n2\r\n{}",
			"chunks that are broken": "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n\r\n",
		} {
			if got := talk(t, box, line+rest); !slices.Equal(got, []int{400}) {
				t.Errorf("%s %s, %s: answers %v", o.Method, o.Path, name, got)
			}
		}
	}
	if now := box.Journal().Total(); now != seen {
		t.Errorf("%d operations were run; the last: %+v", now-seen, box.Last())
	}
}

// loginByScript is a whole login at Yoisho: as a query it does something.
const loginByScript = "uname=dave&psw=x&client_id=7b6fc8ed5127b0b2f076d&redirect=http://127.0.0.1:9/cb"
