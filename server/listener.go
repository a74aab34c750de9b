package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"sandbank/server/clock"
)

// listener remembers connections on which nothing has come in yet. Browsers open some ahead of need; the HTTP library takes them for
// busy and would hold up a shutdown until they time out.
type listener struct {
	net.Listener
	tls      *tls.Config         // nil: plain HTTP
	declined func(*hands, error) // hears of TLS connections that ended before their first request
	mu       sync.Mutex
	quiet    map[*connection]bool
}

type connection struct {
	net.Conn
	from  *listener
	heard sync.Once
	hands *hands // below TLS; nil: plain HTTP
	ahead []byte // read by a watch; what comes next
	more  bool   // more may be coming in that nobody will read
}

// What is let run out of a connection before its end: so much, for so long in real time.
const (
	drainMost = 64 << 20
	drainFor  = 5 * time.Second
)

func listenTo(l net.Listener, tls *tls.Config, declined func(*hands, error)) *listener {
	return &listener{Listener: l, tls: tls, declined: declined, quiet: map[*connection]bool{}}
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	quiet := &connection{Conn: c, from: l}
	if l.tls != nil {
		quiet.hands = &hands{Conn: c}
		quiet.Conn = tls.Server(quiet.hands, l.tls)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quiet[quiet] = true
	return quiet, nil
}

// Close stops accepting and hangs up where nothing was ever said.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.quiet {
		c.Conn.Close()
	}
	return err
}

func (c *connection) forget() (first bool) {
	c.heard.Do(func() {
		first = true
		c.from.mu.Lock()
		defer c.from.mu.Unlock()
		delete(c.from.quiet, c)
	})
	return first
}

// Read notes that the connection is in use. The first one shakes hands, where there is TLS: whoever is slow at that holds up nobody else.
func (c *connection) Read(p []byte) (int, error) {
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if (n > 0 || err != nil) && c.forget() && err != nil && c.hands != nil {
		c.from.declined(c.hands, err)
	}
	return n, err
}

// Close ends the connection.
func (c *connection) Close() error {
	c.forget()
	if c.more {
		c.drain()
	}
	return c.Conn.Close()
}

// drain says goodbye, and reads what the other side is still sending. A connection that is closed with something unread is reset, and the
// client may never see the answer that it was given (RFC 9112 §9.6).
func (c *connection) drain() {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	ctx, done := context.WithCancel(context.Background())
	go func() {
		defer done()
		io.CopyN(io.Discard, c.Conn, drainMost)
	}()
	clock.Wait(ctx, drainFor)
}

// watch calls left when the other side hangs up while its request is being worked on and nobody reads. A client that says more instead,
// its next request, is not watched any longer, and what it said is kept for the next Read. stop must be called before that.
func (c *connection) watch(left func()) (stop func()) {
	done := make(chan struct{})
	c.SetReadDeadline(time.Time{}) // that of the request that has been read
	go func() {
		defer close(done)
		var b [1]byte
		n, err := c.Conn.Read(b[:])
		if n > 0 {
			c.ahead = append(c.ahead, b[0])
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			left()
		}
	}()
	return func() {
		c.SetReadDeadline(time.Unix(1, 0)) // long ago: it ends the read
		<-done
		c.SetReadDeadline(time.Time{})
	}
}

// reset ends the connection by a TCP reset, without the farewell that TLS would send.
func (c *connection) reset() {
	c.forget()
	conn := c.Conn
	if c.hands != nil {
		conn = c.hands.Conn
	}
	if plain, ok := conn.(*net.TCPConn); ok {
		plain.SetLinger(0)
	}
	conn.Close()
}
