// Command sandbank is a whole bank in one process, made to be broken on purpose: the OAuth servers and account APIs of five real banks,
// in memory, on one port.
//
//	go run .
//
// It signals and exits; everything else is package server.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"sandbank/admin"
	"sandbank/admin/console"
	"sandbank/server"
	"sandbank/server/world"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

// Exit codes: bad flags and settings are the caller's to mend, everything else is not.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

// run is the program without the process around it.
func run(ctx context.Context, args []string, env func(string) (string, bool), stdout, stderr io.Writer) int {
	o, done, err := parse(args, env, stdout)
	if done {
		return exitOK
	}
	if err != nil {
		return complain(stderr, err, exitUsage)
	}
	o.guarded()
	options, err := o.server(stderr)
	if err != nil {
		return complain(stderr, err, exitUsage)
	}
	srv, err := server.New(options)
	if err != nil {
		return complain(stderr, err, exitUsage)
	}
	if err := srv.Listen(); err != nil {
		return complain(stderr, inUse(o.addr, err), exitFail)
	}
	if err := srv.Start(); err != nil {
		return complain(stderr, err, exitFail)
	}
	ready(stdout, srv, o)
	ended := make(chan error, 1)
	go func() { ended <- srv.Wait() }()
	select {
	case err := <-ended:
		return complain(stderr, err, exitFail)
	case <-ctx.Done():
	}
	if err := srv.Close(); err != nil {
		return complain(stderr, err, exitFail)
	}
	return exitOK
}

// ready is the first output, printed when the port answers: what runs, where, and how to get in.
func ready(w io.Writer, srv *server.Server, f *flags) {
	guide := srv.Guide(srv.URL())
	fmt.Fprintf(w, "Sandbank %s: %d banks on one port, no real money.\n\n  Ready at  %s\n  Console   %s\n", version, len(guide.Banks), guide.Base, guide.Base+"/admin")
	if f.adminKey != "" {
		fmt.Fprintf(w, "  Admin key %s\n", f.adminKey)
	}
	if f.tlsSelfSigned {
		fmt.Fprintf(w, "  Trust     %s/ca.pem, the certificate of this run's authority\n", guide.Base)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, bank := range guide.Banks {
		for _, c := range bank.Clients {
			if c.ID != bank.Demo {
				continue // the start page lists all
			}
			fmt.Fprintf(t, "  %s\t%s / %s\t%s\n", bank.Title, c.ID, c.Secret, bank.First)
		}
	}
	t.Flush()
	if guide.Predictable {
		fmt.Fprintf(w, "\n  SEEDED    randomness repeats (--seed): tokens can be predicted, keep this off any network\n")
	}
	fmt.Fprintf(w, "\n  People    dave and jane, with any password; %s has every detail\n\n", guide.Base)
}

// version is what --version prints; releases set it at link time.
var version = "dev"

// flags are what the command line and the environment say.
type flags struct {
	addr, publicURL      string
	adminKey             string
	seed                 uint64
	people               int
	fixtures, snapshot   string
	start                string
	freeze               bool
	ttl, fidelity        []string
	policy               []string
	journal              int
	registration         bool
	tlsCert, tlsKey      string
	tlsSelfSigned        bool
	logLevel, logFormat  string
	showVersion, showing bool
}

const manual = `Sandbank is a whole bank in one process, made to be broken on purpose: the OAuth
servers and account APIs of five real banks, in memory, on one port.

Usage:
  sandbank [flags]

It needs no configuration. Open the base URL that it prints: the page there lists
every bank with its credentials and first link.

Flags, each also as SANDBANK_NAME in the environment (--log-level is
SANDBANK_LOG_LEVEL); a flag wins over the environment:

%s
Durations are written 5s, 10m, 1h30m, 90d or 2w; a lifetime may be "never".

Examples:
  sandbank --ttl yoisho.access=5s             a token that dies while you watch
  sandbank --clock 2030-01-01T00:00:00Z --freeze
  sandbank --addr 127.0.0.1:0 --seed 42       a free port, the same tokens each run
  sandbank --fixtures my-people.json          your own people over the built-in ones
`

func (f *flags) set() *pflag.FlagSet {
	s := pflag.NewFlagSet("sandbank", pflag.ContinueOnError)
	s.SortFlags = false
	s.Usage = func() {}
	s.StringVar(&f.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	s.StringVar(&f.publicURL, "public-url", "", "base `URL` of everything handed out, when it is not what callers use")
	s.StringVar(&f.adminKey, "admin-key", "", "`key` that the levers under /admin ask for (default: none on loopback, a new one elsewhere)")
	s.Uint64Var(&f.seed, "seed", 0, "replayable randomness from this `number`: tokens can be predicted (default: crypto/rand)")
	s.IntVar(&f.people, "people", 0, "`number` of extra generated people at each bank")
	s.StringVar(&f.fixtures, "fixtures", "", "own people, accounts and clients over the built-in ones: a `file` or directory")
	s.StringVar(&f.snapshot, "snapshot", "", "start the main space from a snapshot: a `file` that /admin/api/v1/snapshots gave")
	s.StringVar(&f.start, "clock", "", "what the sandbox's clock shows at the start: an RFC 3339 `instant`")
	s.BoolVar(&f.freeze, "freeze", false, "let the clock stand still")
	s.StringArrayVar(&f.ttl, "ttl", nil, "a lifetime, repeatable: `bank.kind=duration`, as yoisho.access=5s, berlin.refresh=90d")
	s.StringArrayVar(&f.fidelity, "fidelity", nil, "bring back a bank's own accidents, repeatable: `bank=original`")
	s.StringArrayVar(&f.policy, "policy", nil, "any other rule, repeatable: `bank.knob=value`, as sparebank1.rate=60, berlin.rotation=keep")
	s.IntVar(&f.journal, "journal", 2000, "`number` of requests to remember")
	s.BoolVar(&f.registration, "registration", false, "let anybody register a client at the banks (RFC 7591)")
	s.StringVar(&f.tlsCert, "tls-cert", "", "serve HTTPS with this certificate `file` (PEM)")
	s.StringVar(&f.tlsKey, "tls-key", "", "`file` with the certificate's private key (PEM)")
	s.BoolVar(&f.tlsSelfSigned, "tls-self-signed", false, "serve HTTPS with certificates of an authority of its own, which /ca.pem shows")
	s.StringVar(&f.logLevel, "log-level", "info", "`level`: debug (every request), info (refusals), warn, error or off")
	s.StringVar(&f.logFormat, "log-format", "text", "`format` of the log on standard error: text or json")
	s.BoolVar(&f.showVersion, "version", false, "print the version and exit")
	s.BoolVarP(&f.showing, "help", "h", false, "print this help and exit")
	return s
}

// parse reads flags and environment; done means that the answer was printed and there is nothing to run.
func parse(args []string, env func(string) (string, bool), stdout io.Writer) (f *flags, done bool, err error) {
	f = &flags{}
	s := f.set()
	if err := s.Parse(args); err != nil {
		return nil, false, plainly(err)
	}
	if s.NArg() > 0 {
		return nil, false, fmt.Errorf("there is no command %q; sandbank takes flags only", s.Arg(0))
	}
	if err := fromEnv(s, env); err != nil {
		return nil, false, err
	}
	switch {
	case f.showing:
		fmt.Fprintf(stdout, manual, s.FlagUsagesWrapped(100))
		return f, true, nil
	case f.showVersion:
		fmt.Fprintln(stdout, "sandbank", version)
		return f, true, nil
	}
	return f, false, nil
}

// fromEnv fills the flags that the command line did not set. A repeatable one takes several values with blanks or commas between.
func fromEnv(s *pflag.FlagSet, env func(string) (string, bool)) error {
	var bad error
	s.VisitAll(func(f *pflag.Flag) {
		name := "SANDBANK_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := env(name)
		if !ok || f.Changed || bad != nil {
			return
		}
		values := []string{value}
		if f.Value.Type() == "stringArray" {
			values = strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' })
		}
		for _, v := range values {
			if err := s.Set(f.Name, v); err != nil {
				bad = fmt.Errorf("%s: %w", name, plainly(err))
				return
			}
		}
	})
	return bad
}

// plainly says of a value that its flag does not take what would have fitted.
func plainly(err error) error {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err
	}
	fits, ok := map[string]string{"bool": "neither true nor false", "int": "no whole number", "uint64": "no whole number of 0 or more"}[bad.GetFlag().Value.Type()]
	if !ok {
		return err
	}
	return fmt.Errorf("--%s: %q is %s", bad.GetFlag().Name, bad.GetValue(), fits)
}

// server turns the flags into options; the error names the flag.
func (f *flags) server(stderr io.Writer) (server.Options, error) {
	o := server.Options{Addr: f.addr, PublicURL: f.publicURL, Seed: f.seed, People: f.people, Fixtures: f.fixtures, Snapshot: f.snapshot, Freeze: f.freeze,
		Journal: f.journal, Registration: f.registration, Version: version}
	o.Admin = f.levers
	var err error
	if _, _, e := net.SplitHostPort(f.addr); e != nil {
		return o, fmt.Errorf("--addr: %q is not host:port", f.addr)
	}
	if f.publicURL != "" {
		if _, err := server.ParsePublicURL(f.publicURL); err != nil {
			return o, fmt.Errorf("--public-url: %w", err)
		}
	}
	if f.people < 0 || f.people > 100_000 {
		return o, fmt.Errorf("--people: %d is not between 0 and 100000", f.people)
	}
	if f.journal < 1 || f.journal > 1_000_000 {
		return o, fmt.Errorf("--journal: %d is not between 1 and 1000000", f.journal)
	}
	if f.start != "" {
		if o.Start, err = server.ParseStart(f.start); err != nil {
			return o, fmt.Errorf("--clock: %w", err)
		}
	}
	for _, knobs := range []struct {
		flag   string
		values []string
		read   func(string) (server.Setting, error)
	}{{"--ttl", f.ttl, server.ParseTTL}, {"--fidelity", f.fidelity, server.ParseFidelity}, {"--policy", f.policy, server.ParsePolicy}} {
		for _, text := range knobs.values {
			setting, err := knobs.read(text)
			if err != nil {
				return o, fmt.Errorf("%s: %w", knobs.flag, err)
			}
			o.Policy = append(o.Policy, setting)
		}
	}
	if o.TLS, err = f.tls(); err != nil {
		return o, err
	}
	o.Log, err = f.log(stderr)
	return o, err
}

// levers puts the console and the admin API under /admin. Where others than this machine can reach the port, it asks for a key.
func (f *flags) levers(in server.Inside) func(fiber.Ctx, *world.Space, string, string) error {
	var hosts []string
	if u, err := url.Parse(f.publicURL); err == nil && u.Hostname() != "" {
		hosts = append(hosts, strings.ToLower(u.Hostname()))
	}
	operations := make([]admin.Operation, len(in.Operations))
	for i, o := range in.Operations {
		operations[i] = admin.Operation(o)
	}
	refusals := func() []admin.Refusal {
		var out []admin.Refusal
		for _, r := range in.Refusals() {
			out = append(out, admin.Refusal(r))
		}
		return out
	}
	panel := admin.New(admin.Options{World: in.World, Banks: in.Banks, Operations: operations, Refusals: refusals, Version: in.Version, Key: f.adminKey, Hosts: hosts,
		Secure: in.Secure, Origin: in.Origin, Life: in.Life, Replay: in.Replay, Flows: in.Flows})
	return console.New(panel).Serve
}

// guarded makes an admin key up where none was given and the address is not on loopback, or the public URL, so that a proxy lets others in.
func (f *flags) guarded() {
	host, _, err := net.SplitHostPort(f.addr)
	public, wrong := url.Parse(f.publicURL)
	if err == nil && wrong == nil && f.adminKey == "" && !(loopback(host) && (f.publicURL == "" || loopback(public.Hostname()))) {
		f.adminKey = rand.Text()
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func (f *flags) tls() (*tls.Config, error) {
	switch {
	case f.tlsSelfSigned && f.tlsCert+f.tlsKey != "":
		return nil, errors.New("--tls-self-signed and --tls-cert exclude each other")
	case f.tlsSelfSigned:
		return &tls.Config{MinVersion: tls.VersionTLS12}, nil
	case f.tlsCert == "" && f.tlsKey == "":
		return nil, nil
	case f.tlsCert == "" || f.tlsKey == "":
		return nil, errors.New("--tls-cert and --tls-key go together")
	}
	pair, err := tls.LoadX509KeyPair(f.tlsCert, f.tlsKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

func (f *flags) log(stderr io.Writer) (zerolog.Logger, error) {
	level, ok := map[string]zerolog.Level{"debug": zerolog.DebugLevel, "info": zerolog.InfoLevel, "warn": zerolog.WarnLevel,
		"error": zerolog.ErrorLevel, "off": zerolog.Disabled}[f.logLevel]
	if !ok {
		return zerolog.Nop(), fmt.Errorf("--log-level: %q is none of debug, info, warn, error, off", f.logLevel)
	}
	switch f.logFormat {
	case "json":
		return zerolog.New(stderr).Level(level).With().Timestamp().Logger(), nil
	case "text":
		out := zerolog.ConsoleWriter{Out: stderr, TimeFormat: time.TimeOnly, NoColor: !terminal(stderr)}
		return zerolog.New(out).Level(level).With().Timestamp().Logger(), nil
	}
	return zerolog.Nop(), fmt.Errorf("--log-format: %q is neither text nor json", f.logFormat)
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// complain writes one clear line.
func complain(stderr io.Writer, err error, code int) int {
	if err != nil {
		fmt.Fprintln(stderr, "sandbank:", err)
	}
	return code
}

// inUse says plainly what a failed listen means.
func inUse(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use; stop what listens there, or choose another with --addr (port 0 takes a free one)", addr)
	}
	return fmt.Errorf("cannot listen on %s: %w", addr, err)
}
