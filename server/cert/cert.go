// Package cert owns the certificates that the sandbox shows when it speaks TLS: an authority of its own, and leaves signed by it, good
// or bad on purpose.
//
// Its keys are made when somebody first needs them, and live in memory only: with the process the authority ends, and what trusted it
// trusts nobody any more. Clients hold certificates against their own clock, so everything here goes by real time, whatever a space's
// clock shows. The package knows no space and no listener.
//
//	a := cert.New("127.0.0.1")
//	pem, err := a.PEM() // for the client
//	leaf, err := a.Leaf(cert.Expired, "p07.localhost")
package cert

import (
	"fmt"
	"slices"
	"strings"
)

// State is what is wrong with a certificate.
type State string

// The states.
const (
	Valid   State = "valid"
	Expired State = "expired" // ended an hour ago
	Early   State = "early"   // begins the day after tomorrow
	Foreign State = "foreign" // of another host
	Unknown State = "unknown" // signed by nobody known
)

// States are all, the good one first.
func States() []State { return []State{Valid, Expired, Early, Foreign, Unknown} }

// Parse reads a state.
func Parse(text string) (State, error) {
	if s := State(text); slices.Contains(States(), s) {
		return s, nil
	}
	var names []string
	for _, s := range States() {
		names = append(names, string(s))
	}
	return "", fmt.Errorf("%q is none of %s", text, strings.Join(names, ", "))
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *State) UnmarshalText(text []byte) (err error) {
	*s, err = Parse(string(text))
	return err
}

// Says is what a certificate in this state does: it "has expired".
func (s State) Says() string {
	switch s {
	case Expired:
		return "has expired"
	case Early:
		return "is not valid yet"
	case Foreign:
		return "is another host's"
	case Unknown:
		return "is signed by nobody known"
	}
	return "is good"
}
