package cert_test

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"sandbank/server/cert"
)

// verify holds a leaf against the authority as a client does that calls host at some real time from now.
func verify(t *testing.T, a *cert.Authority, s cert.State, name, host string, in time.Duration) error {
	t.Helper()
	leaf, err := a.Leaf(s, name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(leaf.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	text, err := a.PEM()
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatal(err)
	}
	_, err = c.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: time.Now().Add(in)})
	return err
}

// Both sides of what each state is about.
func TestStates(t *testing.T) {
	t.Parallel()
	a := cert.New("10.1.2.3", "bank.example")
	const name, day = "p07.localhost", 24 * time.Hour
	for _, tt := range []struct {
		state cert.State
		host  string
		in    time.Duration
		good  bool
	}{
		{cert.Valid, name, 0, true}, {cert.Valid, name, 80 * day, true}, {cert.Valid, name, 91 * day, false}, {cert.Valid, name, -2 * time.Hour, false},
		{cert.Valid, "P07.localhost", 0, true}, {cert.Valid, "localhost", 0, true}, {cert.Valid, "127.0.0.1", 0, true}, {cert.Valid, "::1", 0, true},
		{cert.Valid, "10.1.2.3", 0, true}, {cert.Valid, "bank.example", 0, true}, {cert.Valid, "p08.localhost", 0, false}, {cert.Valid, "10.1.2.4", 0, false},
		{cert.Expired, name, 0, false}, {cert.Expired, name, -61 * time.Minute, true}, {cert.Expired, name, -59 * time.Minute, false},
		{cert.Early, name, 0, false}, {cert.Early, name, 47 * time.Hour, false}, {cert.Early, name, 49 * time.Hour, true},
		{cert.Foreign, name, 0, false}, {cert.Foreign, "127.0.0.1", 0, false}, {cert.Foreign, cert.OtherHost, 0, true},
		{cert.Unknown, name, 0, false},
	} {
		if err := verify(t, a, tt.state, name, tt.host, tt.in); (err == nil) != tt.good {
			t.Errorf("%s at %s in %s: %v", tt.state, tt.host, tt.in, err)
		}
	}
}

// A client may ask for any name; what no certificate can hold is not in it.
func TestStrangeNames(t *testing.T) {
	t.Parallel()
	a := cert.New()
	for _, name := range []string{"", "ÿ.example", "a b", strings.Repeat("a.", 200), strings.Repeat("x", 63) + ".localhost", "*.example", "fe80::1%lo"} {
		if err := verify(t, a, cert.Valid, name, "localhost", 0); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := verify(t, a, cert.Valid, "192.0.2.7", "192.0.2.7", 0); err != nil {
		t.Error(err)
	}
}

// A leaf stays the same, so that a browser's exception for it holds, until there are too many.
func TestLeavesAreKept(t *testing.T) {
	t.Parallel()
	a := cert.New()
	leaf := func(s cert.State, name string) string {
		l, err := a.Leaf(s, name)
		if err != nil {
			t.Fatal(err)
		}
		return string(l.Certificate[0])
	}
	first := leaf(cert.Valid, "a.localhost")
	if leaf(cert.Valid, "A.localhost") != first || leaf(cert.Valid, "b.localhost") == first || leaf(cert.Early, "a.localhost") == first {
		t.Error("leaves are not told apart by name and state")
	}
	for i := range 1000 {
		leaf(cert.Valid, fmt.Sprint(i))
	}
	if leaf(cert.Valid, "a.localhost") == first {
		t.Error("they are never forgotten")
	}
}

// An authority that nobody needs costs nothing at the start: a key alone is hundreds of allocations.
func TestKeysAreMadeWhenNeeded(t *testing.T) {
	if n := testing.AllocsPerRun(10, func() { cert.New("localhost") }); n > 20 {
		t.Errorf("%v allocations", n)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, s := range cert.States() {
		var read cert.State
		if err := read.UnmarshalText([]byte(s)); err != nil || read != s || s.Says() == "" {
			t.Errorf("%s: %s, %v", s, read, err)
		}
	}
	if _, err := cert.Parse("odd"); err == nil || !strings.Contains(err.Error(), "valid, expired, early, foreign, unknown") {
		t.Error(err)
	}
}
