package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

// talk writes bytes to the sandbox as they are, says no more, and reads the status of every answer until the server hangs up.
func talk(t *testing.T, box *servertest.Sandbox, raw string) (statuses []int) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(box.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
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
// RFC 9112 §6.3: Content-Length that is repeated, signed, a list or no number is refused.
// RFC 9112 §5.1: blanks between a header's name and its colon are refused.
// RFC 9112 §5.2: a header that is folded over two lines is refused.
// RFC 9112 §7.1: a chunk without a proper size or end is refused, and chunk extensions are passed over.
// RFC 9112 §3.2: a request without Host, or with two, is refused.
// RFC 9110 §5.5: NUL and bare CR in a header are refused.
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
		{"coding in HTTP/1.0", strings.Replace(post, "1.1", "1.0", 1) + chunked + "0\r\n\r\n" + inner, []int{401}},
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
		{"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + inner, []int{501}},
		{"method that is none", "GE(T /account/home HTTP/1.1\r\nHost: x\r\n\r\n" + inner, []int{501}},
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
