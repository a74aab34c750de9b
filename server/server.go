// Package server is Sandbank as a library: a whole bank in one process, made to be broken on purpose. It composes the floors below:
// the banks' dialects, the world of spaces, the mount that finds out which bank a call is for, and the HTTP listener.
//
// The zero Options make a useful sandbox: five banks, dave and jane, a random port on loopback.
//
//	srv, err := server.New(server.Options{})
//	srv.Start()
//	defer srv.Close()
//	http.Get(srv.URL() + "/healthz")
//
// With TLS it shows certificates of an authority of its own, which Authority returns for the roots of a client, unless the options bring
// some.
//
// Servers are independent of each other and safe for parallel tests.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/rs/zerolog"
	"github.com/valyala/fasthttp"

	"sandbank/fixtures"
	"sandbank/seed"
	"sandbank/server/cert"
	"sandbank/server/clock"
	"sandbank/server/fault"
	"sandbank/server/flow"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/journal"
	"sandbank/server/ledger"
	"sandbank/server/world"
)

// Options say what to build. The zero value of each field is useful.
type Options struct {
	Addr      string         // where Start listens; "127.0.0.1:0" when empty
	PublicURL string         // base of every URL that is handed out; empty: what the caller used
	TLS       *tls.Config    // nil: plain HTTP; one without certificates shows those of an authority of the sandbox's own
	Seed      uint64         // replayable randomness; 0: crypto/rand
	People    int            // extra generated people per bank
	Fixtures  string         // file or directory laid over the embedded fixtures
	Snapshot  string         // file that the main space starts from, and that a reset comes back to; empty: the fixtures
	Start     time.Time      // what the clock shows first; zero: real time
	Freeze    bool           // whether the clock stands still
	Policy    []Setting      // turned knobs: see ParseTTL and ParseFidelity
	Journal   int            // entries kept; 0: 2000
	Log       zerolog.Logger // the zero logger is silent
	Version   string         // shown on the start page
	Admin     Admin          // what answers under /admin; nil: nothing does

	Registration bool // whether anybody may register a client at the banks (RFC 7591), in every new space
}

// Admin makes what answers under /admin, from what it is to rule. A request comes with its space, what stands between the origin and the
// space's paths in URLs, and the path behind that.
type Admin func(Inside) func(ctx fiber.Ctx, space *world.Space, root, path string) error

// Inside is what the levers under /admin rule.
type Inside struct {
	World      *world.World
	Banks      []string
	Operations []Operation
	Refusals   func() []Refusal // how each bank says each kind of refusal; asked once it is needed
	Version    string
	Secure     bool            // whether the port speaks TLS
	Origin     string          // scheme and host of every URL that is handed out; empty: what the caller used
	Life       context.Context // ends when the server begins to shut down: streams end then
	Replay     Replay
	Flows      []flow.Flow
}

// maxBody is the largest request body that a bank takes, in bytes.
const maxBody = 1 << 20

// Setting is one turned knob of the policy.
type Setting = world.Setting

// Server is one sandbox.
type Server struct {
	options Options
	world   *world.World
	mount   *mount
	app     *fiber.App
	handler fasthttp.RequestHandler // of app, and of methods that its router does not know
	meter   *meter
	admin   func(ctx fiber.Ctx, space *world.Space, root, path string) error
	born    time.Time // real time

	authority *cert.Authority    // nil without TLS
	end       context.CancelFunc // ends streams, and what faults hold up

	mu       sync.Mutex
	listener *listener
	done     chan error
}

// New builds a sandbox; nothing listens yet. It fails on fixtures and settings that make no sense, and on route tables that clash.
func New(o Options) (*Server, error) {
	dialects := banks()
	fixed, err := seed.Read(fixtures.FS, o.Fixtures)
	if err != nil {
		return nil, err
	}
	profiles := make([]grant.Profile, len(dialects))
	for i := range dialects {
		profiles[i] = dialects[i].Profile()
	}
	plant := func(l *ledger.Ledger, g *grant.Grants, now time.Time) error {
		return fixed.Plant(l, g, seed.Options{Epoch: now, People: o.People})
	}
	w, err := world.New(world.Options{Banks: profiles, Plant: plant, History: history, People: fixed.People(), Policy: o.Policy,
		Start: o.Start, Frozen: o.Freeze, Seed: o.Seed, Journal: o.Journal, Registration: o.Registration})
	if err != nil {
		return nil, err
	}
	if err := begin(w.Space(world.Main), o.Snapshot); err != nil {
		return nil, err
	}
	m, err := newMount(w, dialects)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, world: w, mount: m, meter: newMeter(w, m), born: clock.Wall()}
	if o.TLS != nil {
		s.authority = cert.New(hosts(o)...)
	}
	if m.secure, m.note = o.TLS != nil, s.note; o.PublicURL != "" {
		if err := m.publish(o.PublicURL); err != nil {
			return nil, err
		}
	}
	m.life, s.end = context.WithCancel(context.Background())
	if m.desk = o.Admin != nil; m.desk {
		s.admin = o.Admin(Inside{World: w, Banks: names(dialects), Operations: s.Operations(), Refusals: refusals(), Version: o.Version, Secure: m.secure, Origin: m.public,
			Life: m.life, Replay: s.replay, Flows: flows(dialects)})
	}
	s.app = fiber.New(fiber.Config{
		AppName: "Sandbank", CaseSensitive: true, StrictRouting: true, DisableDefaultDate: true,
		ReadBufferSize: maxHead,                                        // more is 431
		BodyLimit:      8 * maxBody,                                    // past this a body is not read, and the connection ends with the 413
		ReadTimeout:    30 * time.Second, IdleTimeout: 2 * time.Minute, // real network time: slow senders do not hold connections for ever
		ErrorHandler: s.broken,
	})
	s.app.All("/*", s.serve)
	s.handler = s.anyMethod(s.app.Handler())
	http := s.app.Server()
	http.Handler, http.HeaderReceived, http.ErrorHandler = s.handler, s.roomy, s.misread
	http.SecureErrorLogMessage = true // its messages leave out what came in
	return s, nil
}

func names(dialects []dialect.Dialect) []string {
	out := make([]string, len(dialects))
	for i, d := range dialects {
		out[i] = d.Name
	}
	return out
}

// flows are the banks' ways to a token, in the banks' order. A bank without one is not walked.
func flows(dialects []dialect.Dialect) []flow.Flow {
	var out []flow.Flow
	for _, d := range dialects {
		if f := d.Flow; len(f.Steps) > 0 {
			f.Bank, f.Title, f.Client = d.Name, d.Title, d.Demo
			out = append(out, f)
		}
	}
	return out
}

// history lets a bank import an account with a past.
func history(persona string, a ledger.Account, balance int64, months int, until time.Time) []ledger.Entry {
	return seed.History(persona, a, balance, months, until, 0)
}

// note writes one entry of the journal to the log and the meter.
func (s *Server) note(e *journal.Entry, stack []byte) {
	s.meter.observe(e)
	var line *zerolog.Event
	switch {
	case e.Status >= 500 && e.Fault == "": // one that was ordered is no error of ours
		line = s.options.Log.Error()
	case e.Kind != "":
		line = s.options.Log.Info()
	default:
		line = s.options.Log.Debug()
	}
	if line == nil { // the level is off
		return
	}
	line = line.Uint64("id", e.ID).Str("bank", e.Bank).Str("op", e.Op).Int("status", e.Status).Dur("took", e.Took)
	if e.Client != "" {
		line = line.Str("client", e.Client)
	}
	if e.Owner != "" {
		line = line.Str("user", e.Owner)
	}
	if e.Kind != "" {
		line = line.Str("refused", string(e.Kind)).Str("why", e.Why)
	}
	if e.Fault != "" {
		line = line.Str("fault", e.Fault)
	}
	if stack != nil {
		line = line.Bytes("stack", stack)
	}
	path, _, _ := strings.Cut(e.Target, "?") // the query may carry secrets
	line.Msg(e.Method + " " + path)
}

// Listen opens the port without serving yet, so that URL is right and a port in use is told at once.
func (s *Server) Listen() error {
	addr := s.options.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	var secure *tls.Config
	if s.options.TLS != nil {
		secure = s.certified(s.options.TLS)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener, s.done = listenTo(l, secure, s.declined), make(chan error, 1)
	return nil
}

// Start listens, unless Listen was called, and serves until Close. It returns once connections are accepted.
func (s *Server) Start() error {
	s.mu.Lock()
	ready := s.listener != nil
	s.mu.Unlock()
	if !ready {
		if err := s.Listen(); err != nil {
			return err
		}
	}
	go func() {
		s.done <- s.app.Listener(s.listener, fiber.ListenConfig{DisableStartupMessage: true})
	}()
	return nil
}

// Wait blocks until the listener has ended and says why, nil after Close.
func (s *Server) Wait() error { return <-s.done }

// Close ends streams, stops accepting, hurries what faults hold up, lets requests that are under way finish for up to five seconds, cuts those that do
// not, and ends.
func (s *Server) Close() error {
	s.end() // the HTTP library waits for streams
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := s.app.ShutdownWithContext(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.options.Log.Warn().Msg("some connections were still busy after 5 s and were cut")
		return nil
	}
	return err
}

// URL is the base under which the sandbox answers: the public URL, or the listener's own address.
func (s *Server) URL() string {
	if s.options.PublicURL != "" {
		return s.mount.public + s.mount.below
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	scheme := "http://"
	if s.options.TLS != nil {
		scheme = "https://"
	}
	host, port, _ := net.SplitHostPort(s.listener.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + net.JoinHostPort(host, port)
}

// Handler serves the same sandbox to net/http, for httptest and for mounting into a larger test server. A fault that cuts the connection
// panics with http.ErrAbortHandler there, which closes it; resets and clients that leave need the sandbox's own listener.
func (s *Server) Handler() http.Handler {
	inner := adaptor.FiberApp(s.app)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil // or net/http would put real time there, where the bank is to say none
		inner.ServeHTTP(w, r)
	})
}

// Clock is the clock of the main space.
func (s *Server) Clock() *clock.Clock { return s.world.Space(world.Main).Clock }

// Journal is the journal of the main space.
func (s *Server) Journal() *journal.Journal { return s.world.Space(world.Main).Journal }

// Faults are the faults of the main space, until that is reset.
func (s *Server) Faults() *fault.Faults { return s.world.Space(world.Main).Faults }

// Ledger is the people and money of the main space, for tests that block an account or lock a person half way.
func (s *Server) Ledger() *ledger.Ledger { return s.world.Space(world.Main).Ledger }
