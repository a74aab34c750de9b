package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/server"
	"sandbank/server/cert"
	"sandbank/server/journal"
	"sandbank/server/servertest"
	"sandbank/server/world"
)

// safe is a sandbox that speaks TLS, with a second space.
type safe struct {
	*servertest.Sandbox
	t         testing.TB
	main, p07 *world.Space
	roots     *x509.CertPool
	at        string // host and port
}

func openSecure(t testing.TB, config *tls.Config) *safe {
	t.Helper()
	v := &safe{t: t, roots: x509.NewCertPool()}
	v.Sandbox = servertest.Start(t, server.Options{TLS: config, Admin: func(in server.Inside) func(fiber.Ctx, *world.Space, string, string) error {
		v.main = in.World.Space(world.Main)
		var err error
		if v.p07, err = in.World.Create("p07"); err != nil {
			t.Fatal(err)
		}
		return func(fiber.Ctx, *world.Space, string, string) error { return nil }
	}})
	v.at = strings.TrimPrefix(v.URL(), "https://")
	if ca := v.Get("/ca.pem").Want(200).Body; !v.roots.AppendCertsFromPEM([]byte(ca)) {
		t.Fatal(ca)
	}
	return v
}

// client is one that trusts the authority of /ca.pem and nobody else.
func (v *safe) client() *http.Client {
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: v.roots, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(8)},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, v.at) // whatever the name
		}}
	v.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// home calls a bank by a host name, and says whether the answer was the connection's last.
func (v *safe) home(c *http.Client, host string) (last bool, err error) {
	resp, err := c.Get("https://" + host + "/account/home")
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.Close, err
}

func (v *safe) show(space *world.Space, state cert.State) {
	v.t.Helper()
	if err := space.Switch("x", func(s *world.Switches) error { s.Certificate = state; return nil }); err != nil {
		v.t.Fatal(err)
	}
}

// wrong are the words for what a verifying client says of a certificate.
func wrong(err error) cert.State {
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return cert.Valid
	case errors.As(err, &host):
		return cert.Foreign
	case errors.As(err, &unknown):
		return cert.Unknown
	case errors.As(err, &invalid) && strings.Contains(invalid.Detail, "is before"):
		return cert.Early
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return cert.Expired
	}
	return cert.State(err.Error())
}

func secured() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS12} }

// Each state is what a verifying client sees of the space that it names, and of no other; the main space has all other names.
func TestCertificates(t *testing.T) {
	t.Parallel()
	for _, state := range cert.States() {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			v := openSecure(t, secured())
			see := func(host string, want cert.State) {
				t.Helper()
				if _, err := v.home(v.client(), host); wrong(err) != want {
					t.Errorf("%s: %v", host, err)
				}
			}
			v.show(v.p07, state)
			see("p07.localhost", state)
			for _, host := range []string{"127.0.0.1", "localhost", "p08.localhost", "bank.example", "[::1]"} {
				see(host, cert.Valid)
			}
			v.show(v.main, state)
			v.show(v.p07, cert.Valid)
			see("P07.localhost", cert.Valid)
			for _, host := range []string{"127.0.0.1", "localhost", "main.localhost", "p08.localhost", "bank.example"} {
				see(host, state)
			}
			if _, _, err := v.main.Undo(1); err != nil {
				t.Fatal(err)
			}
			see("127.0.0.1", cert.Valid)
		})
	}
}

// curl is a client that everybody has.
func TestCertificatesByCurl(t *testing.T) {
	t.Parallel()
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl")
	}
	v := openSecure(t, secured())
	ca := filepath.Join(t.TempDir(), "ca.pem")
	servertest.WriteFile(t, ca, v.Get("/ca.pem").Body)
	for _, state := range cert.States() {
		v.show(v.main, state)
		err := exec.Command(curl, "-sS", "--cacert", ca, v.URL()+"/healthz").Run()
		code := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code = exit.ExitCode()
		}
		if want := map[bool]int{true: 0, false: 60}[state == cert.Valid]; code != want {
			t.Errorf("%s: exit code %d", state, code)
		}
	}
	if n := v.handshakes(v.main, 4); n != 4 {
		t.Errorf("%d handshakes in the journal", n)
	}
}

// handshakes waits until a journal has so many broken handshakes: a client is gone before the bank has heard of it.
func (v *safe) handshakes(space *world.Space, n int) (found int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	f := space.Follow(world.Newest)
	defer f.Close()
	for {
		found = len(space.Journal.Recent(100, func(e *journal.Entry) bool { return e.Op == journal.Handshake }))
		if found >= n {
			return found
		}
		if _, _, ok := f.Next(ctx); !ok {
			return found
		}
	}
}

// A certificate that is given stays the good one; the bad ones are the authority's.
func TestOwnCertificateStays(t *testing.T) {
	t.Parallel()
	other := cert.New()
	leaf, err := other.Leaf(cert.Valid, "bank.example")
	if err != nil {
		t.Fatal(err)
	}
	ca, err := other.PEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string]*tls.Config{
		"certificates":   {Certificates: []tls.Certificate{*leaf}, MinVersion: tls.VersionTLS12},
		"GetCertificate": {GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return leaf, nil }, MinVersion: tls.VersionTLS12},
		"GetConfigForClient": {GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{Certificates: []tls.Certificate{*leaf}, MinVersion: tls.VersionTLS12}, nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := openSecure(t, config)
			if _, err := v.home(v.client(), "bank.example"); wrong(err) != cert.Unknown {
				t.Errorf("the authority's own: %v", err)
			}
			v.roots.AppendCertsFromPEM(ca)
			for _, state := range cert.States() {
				v.show(v.main, state)
				for _, host := range []string{"bank.example", "127.0.0.1"} {
					if _, err := v.home(v.client(), host); wrong(err) != state {
						t.Errorf("%s, %s: %v", state, host, err)
					}
				}
			}
		})
	}
}

// A connection that is open goes on, and ends with its next answer; none takes up an old session, which would show no certificate.
func TestCertificateOfOpenConnections(t *testing.T) {
	t.Parallel()
	v := openSecure(t, secured())
	c := v.client()
	for i, step := range []struct {
		show cert.State
		last bool
		want cert.State
	}{{cert.Valid, false, cert.Valid}, {cert.Valid, false, cert.Valid}, {cert.Expired, true, cert.Valid}, {cert.Expired, false, cert.Expired}, {cert.Valid, false, cert.Valid}} {
		v.show(v.main, step.show)
		if last, err := v.home(c, "localhost"); last != step.last || wrong(err) != step.want {
			t.Errorf("step %d: %v, %v", i, last, err)
		}
	}
}

// A client that breaks off is in the journal of the space that it named, with what it said; one that goes on is noted at its request.
func TestHandshakesInTheJournal(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		v := openSecure(t, secured())
		v.show(v.p07, cert.Expired)
		c := v.client()
		c.Transport.(*http.Transport).TLSClientConfig.MaxVersion = version
		if _, err := v.home(c, "p07.localhost"); wrong(err) != cert.Expired {
			t.Fatal(err)
		}
		v.handshakes(v.p07, 1)
		e := v.p07.Journal.Recent(1, nil)[0]
		if check := e.Check(journal.Certificate); check == nil || check.OK || e.Op != journal.Handshake || e.Status != 0 || e.Bank != "" || !strings.HasPrefix(e.Target, "https://p07.localhost:") ||
			e.Why != "the certificate has expired, and the client broke off; it said: bad certificate" || !e.At.Equal(v.p07.Clock.Now()) {
			t.Errorf("%+v", e)
		}
		if got := e.Command("curl", "https"); got != "curl -sS -I '"+e.Target+"/'\n" {
			t.Error(got)
		}
		c.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true // #nosec G402 -- what a client must not do
		if _, err := v.home(c, "p07.localhost"); err != nil {
			t.Fatal(err)
		}
		e = v.p07.Journal.Recent(1, nil)[0]
		if check := e.Check(journal.Certificate); check == nil || !check.OK || check.Why != "it has expired, and the client went on" || e.Status != 200 {
			t.Errorf("%+v", e)
		}
		v.home(c, "localhost")
		if e := v.Last(); e.Op == journal.Handshake || e.Check(journal.Certificate) != nil {
			t.Errorf("the main space: %+v", e)
		}
	}
}

// What a client may do on the wire when hands are shaken, and what of it is told.
func TestBrokenHandshakes(t *testing.T) {
	t.Parallel()
	const first = "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00" // a record with a hello that is none
	tests := []struct {
		name string
		show cert.State
		do   func(conn net.Conn, secure func() *tls.Conn)
		want string
	}{
		{"hangs up after the handshake", cert.Early, func(_ net.Conn, secure func() *tls.Conn) { secure().Close() }, "broke off without a request"},
		{"the same, of a good one", cert.Valid, func(_ net.Conn, secure func() *tls.Conn) { secure().Close() }, ""},
		{"says nothing at all", cert.Expired, func(conn net.Conn, _ func() *tls.Conn) {}, ""},
		{"speaks plain HTTP", cert.Expired, func(conn net.Conn, _ func() *tls.Conn) { io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n") }, ""},
		{"a broken hello", cert.Expired, func(conn net.Conn, _ func() *tls.Conn) { io.WriteString(conn, first) }, ""},
		{"knows no authority", cert.Valid, func(conn net.Conn, _ func() *tls.Conn) {
			tls.Client(conn, &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}).Handshake()
		}, "the certificate is good, and the client broke off; it said: bad certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := openSecure(t, secured())
			v.show(v.main, tt.show)
			conn, err := net.Dial("tcp", v.at)
			if err != nil {
				t.Fatal(err)
			}
			tt.do(conn, func() *tls.Conn {
				c := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // #nosec G402 -- what a client must not do
				if err := c.Handshake(); err != nil {
					t.Error(err)
				}
				return c
			})
			conn.Close()
			want := 0
			if tt.want != "" {
				want = v.handshakes(v.main, 1)
			}
			v.Get("/account/home").Want(200) // whoever stays silent holds up nobody
			all := v.main.Journal.Recent(9, func(e *journal.Entry) bool { return e.Op == journal.Handshake })
			if len(all) != want || want > 0 && (!strings.HasSuffix(all[0].Why, tt.want) || (all[0].Check(journal.Certificate) != nil) != (tt.show != cert.Valid)) {
				t.Errorf("%d entries, %+v", len(all), all)
			}
		})
	}
}

// inClear sends an alert in clear instead of whatever comes behind the hello.
type inClear struct {
	net.Conn
	writes int
}

func (c *inClear) Write(p []byte) (int, error) {
	switch c.writes++; c.writes {
	case 1:
		return c.Conn.Write(p)
	case 2:
		_, err := io.WriteString(c.Conn, "\x15\x03\x03\x00\x02\x02\x2d")
		return len(p), err
	}
	return len(p), nil
}

// OpenSSL's clients say in clear, before they have keys, that they do not like a certificate.
func TestAlertInClear(t *testing.T) {
	t.Parallel()
	v := openSecure(t, secured())
	v.show(v.main, cert.Expired)
	conn, err := net.Dial("tcp", v.at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := tls.Client(&inClear{Conn: conn}, &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS13, RootCAs: v.roots})
	if err := c.Handshake(); wrong(err) != cert.Expired {
		t.Fatal(err)
	}
	v.handshakes(v.main, 1)
	if e := v.Last(); !strings.HasSuffix(e.Why, "it said: expired certificate") {
		t.Errorf("%+v", e)
	}
}

// Without TLS there is no authority.
func TestAuthorityTakesTLS(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	box.Get("/ca.pem").Want(404)
	if links := box.Get("/", servertest.Header("Accept", "application/json")).Body; strings.Contains(links, "ca.pem") {
		t.Error(links)
	}
	v := openSecure(t, secured())
	a := v.Get("/ca.pem")
	if a.Header.Get("Content-Type") != "application/x-pem-file" || !strings.HasPrefix(a.Body, "-----BEGIN CERTIFICATE-----") || strings.Contains(a.Body, "KEY") {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	v.Do("POST", "/ca.pem", "").Want(405)
	v.Get("/s/p07/ca.pem").Want(404)
	if links := v.Get("/", servertest.Header("Accept", "application/json")).Body; !strings.Contains(links, `"/ca.pem"`) {
		t.Error(links)
	}
	if v.main.Journal.Total() != 0 {
		t.Error("it is in the journal")
	}
}
