package server

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// listener remembers connections on which nothing has come in yet. Browsers open some ahead of need; the HTTP library takes them for
// busy and would hold up a shutdown until they time out.
type listener struct {
	net.Listener
	mu    sync.Mutex
	quiet map[*connection]bool
}

type connection struct {
	net.Conn
	from  *listener
	heard sync.Once
	ahead []byte // read by a watch; what comes next
}

func listenTo(l net.Listener) *listener {
	return &listener{Listener: l, quiet: map[*connection]bool{}}
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	quiet := &connection{Conn: c, from: l}
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

func (c *connection) forget() {
	c.heard.Do(func() {
		c.from.mu.Lock()
		defer c.from.mu.Unlock()
		delete(c.from.quiet, c)
	})
}

// Read notes that the connection is in use.
func (c *connection) Read(p []byte) (int, error) {
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.forget()
	}
	return n, err
}

// Close ends the connection.
func (c *connection) Close() error {
	c.forget()
	return c.Conn.Close()
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
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if plain, ok := conn.(*net.TCPConn); ok {
		plain.SetLinger(0)
	}
	conn.Close()
}
