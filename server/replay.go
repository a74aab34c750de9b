package server

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/journal"
	"sandbank/server/world"
)

// Replay sends a request (the bytes of HTTP/1.1, as a client would) through the router again, in process, as a replay of the entry
// numbered of. It answers with the new entry. The request must be for this space and for a bank.
type Replay func(space *world.Space, of uint64, request []byte) (*journal.Entry, error)

// rerun is what a replayed request carries with it: the mount leaves the entry there.
type rerun struct {
	of    uint64
	entry atomic.Pointer[journal.Entry]
}

// The methods take a nil rerun, that of every request that is none.

func (r *rerun) number() uint64 {
	if r == nil {
		return 0
	}
	return r.of
}

func (r *rerun) leave(e *journal.Entry) {
	if r != nil {
		r.entry.Store(e)
	}
}

// rerunKey is under which the request carries it.
type rerunKey struct{}

func rerunOf(ctx fiber.Ctx) *rerun {
	r, _ := ctx.RequestCtx().UserValue(rerunKey{}).(*rerun)
	return r
}

// patience is how long a replay waits for its answer, in real time: a bank that was told to hang must not hold the lever too.
const patience = 30 * time.Second

func (s *Server) replay(space *world.Space, of uint64, request []byte) (*journal.Entry, error) {
	var rc fasthttp.RequestCtx // not pooled: a request that outlives our patience keeps it
	rc.Init2(nowhere{}, silent{}, false)
	if err := rc.Request.ReadLimitBody(bufio.NewReaderSize(bytes.NewReader(request), len(request)+1), 8*maxBody); err != nil {
		return nil, fail.New(fail.InvalidRequest, "the request could not be read: %s", misreading(err))
	}
	if v, ok := s.visit(&rc.Request); !ok || v.space != space || v.admin() || s.own(v) != nil {
		return nil, fail.Field("path", "%s is no bank's path in this space", rc.Request.URI().PathOriginal())
	}
	r := &rerun{of: of}
	rc.SetUserValue(rerunKey{}, r)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { // so a fault hangs up where there is no socket
				panic(p)
			}
		}()
		s.handler(&rc)
		rc.Response.CloseBodyStream()
	}()
	enough, stop := clock.Alarm(patience)
	defer stop()
	select {
	case <-done:
	case <-enough:
	}
	e := r.entry.Load()
	if e == nil {
		return nil, fail.New(fail.Conflict, "there was no answer within %s, or no bank has the path", patience)
	}
	return e, nil
}

// nowhere is the connection of a request that came over none: what is written to it is lost.
type nowhere struct{}

// Read has nothing to read.
func (nowhere) Read([]byte) (int, error) { return 0, io.EOF }

// Write loses p.
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// Close does nothing.
func (nowhere) Close() error { return nil }

// LocalAddr is loopback.
func (nowhere) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// RemoteAddr is loopback.
func (nowhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// SetDeadline does nothing.
func (nowhere) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (nowhere) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (nowhere) SetWriteDeadline(time.Time) error { return nil }

// silent swallows what the HTTP library would log.
type silent struct{}

// Printf says nothing.
func (silent) Printf(string, ...any) {}
