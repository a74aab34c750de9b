package server

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/cert"
	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/journal"
	"sandbank/server/world"
)

// hosts are those that the options name: where the port is, and what it is called.
func hosts(o Options) (out []string) {
	if host, _, err := net.SplitHostPort(o.Addr); err == nil && host != "" {
		out = append(out, host)
	}
	if u, err := url.Parse(o.PublicURL); err == nil && u.Hostname() != "" {
		out = append(out, u.Hostname())
	}
	return out
}

// hands is a connection below its TLS. It knows what the client was shown when hands were shaken, and the last that came in: a client
// that likes no certificate says so in clear when it has no keys yet, which the TLS library takes for noise.
type hands struct {
	net.Conn
	space *world.Space // that the name led to; nil: there was no hello yet
	host  string       // the name that the client asked for, or the address that it came to
	state cert.State
	last  []byte
}

// Read remembers the end of what it reads.
func (h *hands) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	h.last = append(h.last, p[max(0, n-alertSize):n]...)
	h.last = h.last[max(0, len(h.last)-alertSize):]
	return n, err
}

// alertSize is the size of an alert in clear: type, version, length, level, description (RFC 8446 §5.1, §6).
const alertSize = 7

// alert is what the client said before it broke off, by what came in last or by what the TLS library has read of it; "" when it said
// nothing.
func (h *hands) alert(err error) string {
	if a := h.last; len(a) == alertSize && a[0] == 21 && a[1] == 3 && a[3] == 0 && a[4] == 2 {
		err = &net.OpError{Op: "remote error", Err: tls.AlertError(a[6])}
	}
	if remote, ok := errors.AsType[*net.OpError](err); ok && remote.Op == "remote error" {
		return strings.TrimPrefix(remote.Err.Error(), "tls: ")
	}
	return ""
}

// certified is the TLS that the port speaks: what the options have, or the authority's certificates, and the bad ones that a space wants
// shown. No session is taken up again, because that shows no certificate at all.
func (s *Server) certified(o *tls.Config) *tls.Config {
	c := o.Clone()
	c.SessionTicketsDisabled = true
	theirs, own := c.GetConfigForClient, len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil
	plain := c.Clone()
	plain.Certificates, plain.GetCertificate, plain.GetConfigForClient = nil, nil, nil
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		h := s.meet(hello)
		switch {
		case own && h.state == cert.Valid && theirs != nil:
			next, err := theirs(hello)
			if next != nil {
				next = next.Clone()
				next.SessionTicketsDisabled = true
			}
			return next, err
		case own && h.state == cert.Valid:
			return nil, nil // c itself
		}
		leaf, err := s.authority.Leaf(h.state, h.host)
		if err != nil {
			return nil, err
		}
		next := plain.Clone()
		next.Certificates = []tls.Certificate{*leaf}
		return next, nil
	}
	return c
}

// meet decides what a client is shown, by the name that it asks for, as nothing else is known yet: p07.localhost is the space p07,
// everything else the main one.
func (s *Server) meet(hello *tls.ClientHelloInfo) *hands {
	h, ok := hello.Conn.(*hands)
	if !ok {
		h = &hands{Conn: hello.Conn}
	}
	h.space, h.host = s.space(), hello.ServerName
	if h.host == "" {
		h.host, _, _ = net.SplitHostPort(h.LocalAddr().String())
	}
	if label, ok := label(h.host); ok {
		if space := s.world.Space(label); space != nil {
			h.space = space
		}
	}
	h.state = h.space.Switches().Certificate
	return h
}

// declined journals that a client broke off because of the certificate: it said so, or, shown a bad one, hung up without a request.
// Those that look at certificates after the handshake do the latter.
func (s *Server) declined(h *hands, err error) {
	if h.space == nil {
		return
	}
	alert := h.alert(err)
	said := strings.Contains(alert, "certificate")
	switch {
	case said:
		alert = "; it said: " + alert
	case h.state != cert.Valid && (hungUp(err) || alert != ""):
		alert = " without a request"
	default:
		return
	}
	why := "the certificate " + h.state.Says() + ", and the client broke off" + alert
	check := fail.Check{Name: journal.Certificate, Why: why}
	if h.state == cert.Valid { // that was not bad, as far as anybody can tell here
		check.Name = journal.Handshake
	}
	_, port, _ := net.SplitHostPort(h.LocalAddr().String())
	e := &journal.Entry{At: h.space.Clock.Now(), Op: journal.Handshake, Method: "TLS", Target: "https://" + net.JoinHostPort(h.host, port), Why: why, Trail: []fail.Check{check}}
	h.space.Journal.Append(e)
	s.options.Log.Info().Uint64("id", e.ID).Str("op", e.Op).Str("why", why).Msg(e.Method + " " + e.Target)
}

func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// handsOf is the connection below the TLS of a request; nil where there was none, or it is a replay.
func handsOf(ctx fiber.Ctx) *hands {
	if c := connectionOf(ctx); c != nil {
		return c.hands
	}
	return nil
}

// noted tells the trail that the client goes on over a bad certificate.
func noted(ctx fiber.Ctx, call *wire.Call) {
	if h := handsOf(ctx); h != nil && h.state != cert.Valid {
		call.Trail.Pass(journal.Certificate, "it "+h.state.Says()+", and the client went on")
	}
}

// outdated tells a client to come back over a new connection once its space shows another certificate than it was shown here.
func outdated(ctx fiber.Ctx) {
	if h := handsOf(ctx); h != nil && h.state != h.space.Switches().Certificate {
		ctx.Response().SetConnectionClose()
	}
}

// trust is the page of the authority's certificate.
func (s *Server) trust(ctx fiber.Ctx) error {
	text, err := s.authority.PEM()
	if err != nil {
		return err
	}
	ctx.Set("Content-Type", "application/x-pem-file")
	return ctx.Send(text)
}

// Authority is the certificate, as PEM, of the authority that signs what the sandbox shows; nil without TLS.
func (s *Server) Authority() ([]byte, error) {
	if s.authority == nil {
		return nil, nil
	}
	return s.authority.PEM()
}
