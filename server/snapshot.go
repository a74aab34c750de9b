package server

import (
	"bytes"

	"github.com/valyala/fasthttp"
)

// maxLever is the largest request body that a lever takes, in bytes: a snapshot of some hundred thousand tokens.
const maxLever = 64 << 20

// roomy lets the levers take more than the banks do. Handler, whose bodies another server reads, has the limit of the rest.
func (s *Server) roomy(h *fasthttp.RequestHeader) (c fasthttp.RequestConfig) {
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	if rest, prefixed := bytes.CutPrefix(path, []byte("/s/")); prefixed {
		_, path, _ = bytes.Cut(rest, []byte("/"))
		path = append([]byte("/"), path...)
	}
	if s.admin != nil && bytes.HasPrefix(path, []byte("/admin/")) {
		c.MaxRequestBodySize = maxLever
	}
	return c
}
