package server_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

// RFC 9112 §9.6: a server that closes a connection lets the client read the last answer, and does not reset it over what is still coming in.
func TestTheAnswerToFarTooMuch(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"http": false, "https": true} {
		for kind, head := range map[string]string{"length": "Content-Length: 33554432", "chunks": "Transfer-Encoding: chunked"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				box := servertest.Start(t, server.Options{})
				address := strings.TrimPrefix(box.URL(), "http://")
				if secure {
					srv, err := server.New(server.Options{TLS: &tls.Config{}})
					if err != nil {
						t.Fatal(err)
					}
					if err := srv.Start(); err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { srv.Close() })
					address = strings.TrimPrefix(srv.URL(), "https://")
				}
				c, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if secure {
					c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
				}
				if got := tooMuch(t, c, head); got.StatusCode != 413 || !got.Close {
					t.Errorf("%d, close %t", got.StatusCode, got.Close)
				}
			})
		}
	}
}

// tooMuch sends 32 MiB, as clients do that read nothing before all is sent, and reads the answer.
func tooMuch(t *testing.T, c net.Conn, head string) *http.Response {
	t.Helper()
	piece := strings.Repeat("x", 1<<20)
	if strings.Contains(head, "chunked") {
		piece = fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
	}
	if _, err := io.WriteString(c, "POST /finapi/oauth/token HTTP/1.1\r\nHost: x\r\n"+head+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for i := range 32 {
		if _, err := io.WriteString(c, piece); err != nil {
			t.Fatalf("after %d MiB: %v", i, err)
		}
	}
	got, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if _, err := io.ReadAll(got.Body); err != nil {
		t.Fatal(err)
	}
	return got
}
