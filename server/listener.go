package server

import (
	"net"
	"sync"
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
