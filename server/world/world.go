// Package world owns spaces: a Space is one private bank world with its own clock, dice, ledger, grants and journal. Nothing in a space
// reaches another.
//
// It knows no HTTP and no bank: the composition passes in what the banks tell about themselves and who plants people and money.
//
//	w := world.New(world.Options{Banks: profiles, Plant: fixtures.Plant})
//	space, err := w.Space("main")
package world

import (
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/ledger"
	"sandbank/server/store"
)

// Main is the space that answers without a prefix.
const Main = "main"

// Options say what a new space is made of.
type Options struct {
	Banks   []grant.Profile
	Plant   Plant
	History History
	Policy  []Setting    // turned in every new space
	Source  clock.Source // nil: the machine's clock
	Start   time.Time    // what the clock of a new space shows; zero: real time
	Frozen  bool         // whether it stands still
	Seed    uint64       // of the dice; 0: crypto/rand
	Journal int          // entries kept per space; 0: 2000
}

// Plant fills the books of a new space whose clock shows now.
type Plant func(l *ledger.Ledger, g *grant.Grants, now time.Time) error

// History invents the entries of an account that ends at until with this balance: what a bank import brings.
type History func(persona string, a ledger.Account, balance int64, months int, until time.Time) []ledger.Entry

// Setting is one turned knob.
type Setting struct {
	At    grant.Level
	Knob  grant.Knob
	Value grant.Value
}

// Space is one private world.
type Space struct {
	Name    string
	Clock   *clock.Clock
	Dice    *dice.Dice
	Ledger  *ledger.Ledger
	Grants  *grant.Grants
	Journal *journal.Journal
	History History
	Born    time.Time // what its clock showed when it was made
}

// World is all spaces of one process.
type World struct {
	options Options
	spaces  *store.Map[string, Space]
}

// New makes a world with the main space in it.
func New(o Options) (*World, error) {
	if o.Source == nil {
		o.Source = clock.Wall
	}
	if o.Journal == 0 {
		o.Journal = 2000
	}
	w := &World{options: o, spaces: store.New[string, Space]()}
	main, err := w.make(Main)
	if err != nil {
		return nil, err
	}
	w.spaces.Put(Main, main)
	return w, nil
}

func (w *World) make(name string) (*Space, error) {
	o := w.options
	s := &Space{Name: name, Clock: clock.New(o.Source), Dice: dice.Real(), Ledger: ledger.New(), Journal: journal.New(o.Journal), History: o.History}
	if o.Seed != 0 {
		s.Dice = dice.Seeded(o.Seed)
	}
	if !o.Start.IsZero() {
		s.Clock.Set(o.Start)
	}
	s.Clock.Freeze(o.Frozen)
	s.Grants = grant.New(s.Dice, o.Banks...)
	for _, p := range o.Policy {
		s.Grants.Policy.Set(p.At, p.Knob, p.Value)
	}
	s.Born = s.Clock.Now()
	if o.Plant != nil {
		if err := o.Plant(s.Ledger, s.Grants, s.Born); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Space returns a space by name, or nil.
func (w *World) Space(name string) *Space { return w.spaces.Get(name) }
