package world

import (
	"sandbank/server/cert"
	"sandbank/server/store"
)

// Switches are what can be turned for one space beside its policy.
type Switches struct {
	MagicLogins bool `json:"magicLogins"` // whether flags behind a login count: dave~ttl5s
	TellRequest bool `json:"tellRequest"` // whether every answer of a bank names its entry in the journal
	TellNow     bool `json:"tellNow"`     // whether every answer of a bank says what the space's clock shows

	Registration bool `json:"registration"` // whether anybody may register a client (RFC 7591)

	Certificate cert.State `json:"certificate"` // what TLS shows to those who call the space by its own host name
}

// standard are the switches of a new space.
func standard(o Options) Switches {
	return Switches{MagicLogins: true, Registration: o.Registration, Certificate: cert.Valid}
}

// switchboard keeps the switches of a space as the one record of a store, so that a change of them is noted like any other.
type switchboard struct{ *store.Map[string, Switches] }

func newSwitchboard(o Options) switchboard {
	b := switchboard{store.New[string, Switches]()}
	b.set(standard(o))
	return b
}

func (b switchboard) now() Switches { return *b.Get("") }

func (b switchboard) set(s Switches) { b.Put("", &s) }

// Switches are those of the space as they stand.
func (s *Space) Switches() Switches { return s.switches.now() }

// Switch changes the switches of the space; what says so to people. When change refuses, nothing changes.
func (s *Space) Switch(what string, change func(*Switches) error) error {
	return s.Change("settings", what, func() error { return s.Turn(change) })
}

// Turn is Switch within a change.
func (s *Space) Turn(change func(*Switches) error) error {
	next := s.switches.now()
	if err := change(&next); err != nil {
		return err
	}
	s.switches.set(next)
	return nil
}
