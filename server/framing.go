package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"sandbank/server/fail"
)

// maxHead is the largest head of a request, in bytes: its first line and all headers.
const maxHead = 32 << 10

// misframed tells why nobody can be sure where a request ends, or "": a proxy in front may have read its head otherwise than the HTTP
// library did, and what is body to the one is the next request to the other. Both a length and a coding are refused, as is a coding in
// HTTP/1.0, which knows none (RFC 9112 §6.1), and so is a header that goes on in the next line (RFC 9112 §5.2). What else is wrong with a
// head the library refuses itself.
func misframed(h *fasthttp.RequestHeader) string {
	length, coding := false, false
	for line := range bytes.Lines(h.RawHeaders()) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(bytes.TrimSpace(line)) == 0:
		case line[0] == ' ' || line[0] == '\t':
			return "a header goes on in the next line"
		case bytes.EqualFold(name, []byte("Content-Length")):
			length = true
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			coding = true
		}
	}
	switch {
	case length && coding:
		return "it has both Content-Length and Transfer-Encoding"
	case coding && !h.IsHTTP11():
		return "it has a Transfer-Encoding, which its version of HTTP does not know"
	}
	return ""
}

// sent is how many headers of a name came in. The HTTP library keeps but the last Content-Type.
func sent(h *fasthttp.RequestHeader, name string) (n int) {
	for line := range bytes.Lines(h.RawHeaders()) {
		if key, _, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(key, []byte(name)) {
			n++
		}
	}
	return n
}

// foreign tells whether a request that came over a connection of ours is of another major version than HTTP/1. One that came through
// net/http says HTTP/2 without a minor version.
func foreign(h *fasthttp.RequestHeader) bool {
	version := h.Protocol()
	return bytes.IndexByte(version, '.') >= 0 && !bytes.HasPrefix(version, []byte("HTTP/1."))
}

// misread answers a request that the HTTP library did not hand on, and that may go on behind what was read of it.
func (s *Server) misread(rc *fasthttp.RequestCtx, err error) {
	ctx := s.app.AcquireCtx(rc)
	defer s.app.ReleaseCtx(ctx)
	if c := connectionOf(ctx); c != nil {
		c.more = true
	}
	var timeout net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge): // the head has been read, so that the bank can be told
		e := fail.New(fail.TooLarge, "the body is larger than %d bytes", maxBody)
		err = s.decline(ctx, e, 413, e.Why)
	case errors.As(err, new(*fasthttp.ErrSmallBuffer)):
		err = s.unreadable(ctx, 431, fmt.Sprintf("its headers are larger than %d bytes", maxHead))
	case errors.As(err, &timeout) && timeout.Timeout():
		err = s.unreadable(ctx, 408, "it did not come in within the time for it")
	default:
		err = s.unreadable(ctx, 400, misreading(err))
	}
	if err != nil {
		ctx.Status(500)
	}
}

// misreadings are the HTTP library's complaints, by how they begin, in our words. Its own would go on with what came in, credentials too.
var misreadings = []struct{ said, why string }{
	{"missing required host", "it has no Host"},
	{"too many host", "it has more than one Host"},
	{"invalid host", "its Host is none"},
	{"invalid character", "its Host is none"},
	{"invalid port", "its Host is none"},
	{"missing ']'", "its Host is none"},
	{"malformed mime header: missing colon", "a header has no colon"},
	{"malformed mime header", "a header's name is none"},
	{"invalid header key", "a header's name is none, or has a blank behind it"},
	{"invalid headers", "a header goes on in the next line"},
	{"invalid header value", "a header's value has a control character in it"},
	{"duplicate content-length", "it has more than one Content-Length"},
	{"cannot parse content-length", "its Content-Length is no number"},
	{"too many transfer-encoding", "it has more than one Transfer-Encoding"},
	{"unsupported transfer-encoding", "its Transfer-Encoding is not chunked alone"},
	{"contain forbidden trailer", "it announces a trailer that may not be one"},
	{"forbidden trailer", "a header came as a trailer that may not be one"},
	{"invalid trailer", "a trailer's value has a control character in it"},
	{"invalid uri", "its target is neither a path nor a URL"},
	{"invalid request uri", "its target is neither a path nor a URL"},
	{"unsupported http request method", "its method is none"},
	{"cannot find", badLine},
	{"extra whitespace", badLine},
	{"requesturi cannot be empty", badLine},
	{"unsupported http version", badLine},
	{"empty hex number", brokenChunk},
	{"too large hex number", brokenChunk},
}

const (
	badLine     = "its first line is not a method, a target and HTTP/1.1"
	brokenChunk = "a chunk of its body has no proper size or end"
)

// misreading says in our words why a request could not be read.
func misreading(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it broke off"
	case errors.As(err, new(fasthttp.ErrBrokenChunk)):
		return brokenChunk
	}
	said := err.Error()
	for _, prefix := range []string{"error when reading request headers: ", "error when reading response headers: ", "fasthttp: "} {
		said = strings.TrimPrefix(said, prefix)
	}
	for _, m := range misreadings {
		if strings.HasPrefix(said, m.said) {
			return m.why
		}
	}
	return "it is not as HTTP/1.1 has it"
}

// unreadable answers a request that is not to be answered otherwise, and hangs up: what comes after it may be part of it. Whose path it
// is may not be known, so the answer is in the form that OAuth clients know (RFC 6749 §5.2).
func (s *Server) unreadable(ctx fiber.Ctx, status int, why string) error {
	ctx.Response().SetConnectionClose()
	dated(ctx, s.Clock().Now())
	return s.json(ctx, status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{"invalid_request", "The request could not be read: " + why + "."})
}
