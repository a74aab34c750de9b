package server

import (
	"bytes"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
)

// misframed tells why nobody can be sure where a request ends, or "": a proxy in front may have read its head otherwise than the HTTP
// library did, and what is body to the one is the next request to the other. Both a length and a coding are refused (RFC 9112 §6.1), and
// so is a header that goes on in the next line (RFC 9112 §5.2). What else is wrong with a head the library refuses itself.
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
	if length && coding {
		return "it has both Content-Length and Transfer-Encoding"
	}
	return ""
}

// unreadable answers a request that is not to be answered otherwise, and hangs up: what comes after it may be part of it.
func (s *Server) unreadable(ctx fiber.Ctx, status int, why string) error {
	ctx.Response().SetConnectionClose()
	return s.plain(ctx, status, "the request could not be read: "+why)
}
