package server

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/valyala/fasthttp"

	"sandbank/server/fail"
	"sandbank/server/world"
)

// begin starts a space from a snapshot file; without a name it stays as it is. The error names the file, the place in it and the reason.
func begin(s *world.Space, name string) error {
	if name == "" {
		return nil
	}
	data, err := os.ReadFile(name) // #nosec G304 -- a file that whoever starts the sandbox names
	if err != nil {
		return err
	}
	n, err := s.Read(data)
	if err == nil {
		return s.Begin(n)
	}
	e := fail.From(err)
	if e.Param == "" {
		return errors.New(name + ": " + e.Why)
	}
	return fmt.Errorf("%s: %s: %s", name, e.Param, e.Why)
}

// maxLever is the largest request body that a lever takes, in bytes: a snapshot of some hundred thousand tokens.
const maxLever = 64 << 20

// roomy lets the levers take more than the banks do. Handler, whose bodies another server reads, has the limit of the rest.
func (s *Server) roomy(h *fasthttp.RequestHeader) (c fasthttp.RequestConfig) {
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	if rest, whole := bytes.CutPrefix(path, []byte(s.mount.below+"/")); whole {
		path = append([]byte("/"), rest...)
	}
	if rest, prefixed := bytes.CutPrefix(path, []byte("/s/")); prefixed {
		_, path, _ = bytes.Cut(rest, []byte("/"))
		path = append([]byte("/"), path...)
	}
	if s.admin != nil && bytes.HasPrefix(path, []byte("/admin/")) {
		c.MaxRequestBodySize = maxLever
	}
	return c
}
