// Package world owns spaces: a Space is one private bank world with its own clock, dice, ledger, grants, faults and
// journal. Nothing in a space reaches another.
//
// A change made by a lever, not by a bank's own traffic, goes through Space.Change: it happens whole or not at all, is noted as an
// activity, and can be taken back. A Snapshot is a space's whole state at one moment; restored, it is that state again, byte for byte,
// also by way of a file and another process. The package knows no HTTP and no bank: the composition passes in what the banks tell about
// themselves and who plants people and money.
//
//	w, err := world.New(world.Options{Banks: profiles, Plant: plant})
//	space := w.Space(world.Main)
//	err = space.Change("clock.advance", "moved the clock by 90d", func() error { space.Clock.Advance(d); return nil })
//	space.Undo(1)
package world

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/keys"
	"sandbank/server/ledger"
	"sandbank/server/scenario"
	"sandbank/server/store"
)

// Main is the space that answers without a prefix.
const Main = "main"

// MaxSpaces bounds how many spaces there are at once.
const MaxSpaces = 1000

// Options say what a new space is made of.
type Options struct {
	Banks   []grant.Profile
	Plant   Plant
	History History
	People  People
	Policy  []Setting    // turned in every new space
	Source  clock.Source // nil: the machine's clock
	Start   time.Time    // what the clock of a new space shows; zero: real time
	Frozen  bool         // whether it stands still
	Seed    uint64       // of the dice; 0: crypto/rand
	Journal int          // entries kept per space; 0: 2000

	Registration bool // whether a new space lets anybody register a client
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

// Space is one private world. Ledger, Grants, Keys, Faults and Scenarios are replaced by a reset or restore: hold Gate, for reading, as long
// as you use them.
type Space struct {
	Name    string
	Key     string // opens this space's levers and no other's; from crypto/rand always
	Clock   *clock.Clock
	Dice    *dice.Dice
	Ledger  *ledger.Ledger
	Grants  *grant.Grants
	Keys    *keys.Ring // with which its banks sign
	Faults  *fault.Faults
	Journal *journal.Journal
	History History
	Born    time.Time  // what its clock showed when it was made
	Skew    clock.Skew // of the banks' servers against Clock
	Gate    sync.RWMutex

	Scenarios *scenario.Book // which are armed

	world     *World
	activity  activity
	teller    teller
	origin    *Snapshot // what the space starts from; nil: what Plant plants
	switches  switchboard
	snapshots *store.Map[uint64, Stored]
	shots     uint64 // number of the last snapshot
	life      life
}

// World is all spaces of one process.
type World struct {
	options Options
	spaces  *store.Map[string, Space]
	making  sync.Mutex   // whoever makes or ends a space
	deleted []*Deleted   // the last one last; guarded by making
	due     atomic.Int64 // real time before which no space has been idle for too long, in nanoseconds since 1970
	dropped atomic.Int64
}

// New makes a world with the main space in it.
func New(o Options) (*World, error) {
	if o.Source == nil {
		o.Source = clock.Wall
	}
	if o.Journal == 0 {
		o.Journal = 2000
	}
	if !o.Start.IsZero() {
		if err := clock.Check(o.Start); err != nil {
			return nil, fmt.Errorf("the clock's start: %w", err)
		}
	}
	w := &World{options: o, spaces: store.New[string, Space]()}
	w.due.Store(never)
	if _, err := w.Create(Main); err != nil {
		return nil, err
	}
	return w, nil
}

var nameForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// Create makes a space; an empty name gets a random one. Names are labels of a host name, because a space can be reached by one.
func (w *World) Create(name string) (*Space, error) {
	all, err := w.CreateAll([]string{name}, 0)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// CreateAll makes several spaces or none. Each lives for idle of real time without traffic; 0 is for ever.
func (w *World) CreateAll(names []string, idle time.Duration) (made []*Space, err error) {
	if err := lifetime(idle); err != nil {
		return nil, err
	}
	w.making.Lock()
	defer w.making.Unlock()
	w.drop()
	for _, name := range names {
		s, err := w.create(name, rand.Text())
		if err != nil {
			for _, one := range made {
				w.take(one.Name)
			}
			return nil, err
		}
		w.spaces.Put(s.Name, s)
		made = append(made, s)
	}
	if idle > 0 {
		for _, s := range made {
			s.live(idle)
		}
	}
	return made, nil
}

// create makes a space that is not found yet.
func (w *World) create(name, key string) (*Space, error) {
	if name == "" {
		name = "s-" + dice.Real().Text(dice.Lower, 8)
	}
	switch {
	case !nameForm.MatchString(name):
		return nil, fail.Field("name", "%q is no name of a space; write up to 32 of a-z, 0-9 and -, not at the ends", name)
	case w.spaces.Get(name) != nil:
		return nil, fail.New(fail.Conflict, "there is a space %q already", name).At("name")
	case w.spaces.Len() >= MaxSpaces:
		return nil, fail.New(fail.TooMany, "there are %d spaces already", MaxSpaces)
	}
	s := &Space{Name: name, Key: key, Clock: clock.New(w.options.Source), Journal: journal.New(w.options.Journal), History: w.options.History, world: w,
		snapshots: store.New[uint64, Stored](), switches: newSwitchboard(w.options)}
	s.teller.gone = make(chan struct{})
	s.wind()
	if err := s.plant(); err != nil {
		return nil, err
	}
	s.listen()
	return s, nil
}

// wind sets the clock as it is at the start: frozen first, so that it stands exactly at the instant asked for.
func (s *Space) wind() {
	o := s.world.options
	s.Clock.Reset()
	s.Skew = clock.Skew{}
	if n := s.origin; n != nil {
		c := n.clock
		c.Frozen = c.Frozen || o.Frozen
		s.turn(c)
	} else {
		s.Clock.Freeze(o.Frozen)
	}
	if !o.Start.IsZero() {
		s.Clock.Set(o.Start)
	}
	if s.origin == nil {
		s.Born = s.Clock.Now()
	}
}

// plant fills a space as it is at its start.
func (s *Space) plant() error {
	o := s.world.options
	s.Dice = dice.Real()
	if o.Seed != 0 {
		s.Dice = dice.Seeded(o.Seed ^ s.origin.print())
	}
	l, g, err := s.planted(s.Dice)
	if err != nil {
		return err
	}
	s.Ledger, s.Grants, s.Keys, s.Faults, s.Scenarios = l, g, s.ring(), fault.New(s.Dice), scenario.NewBook()
	s.switches.set(standard(o))
	if n := s.origin; n != nil {
		s.Keys.Copy(n.keys)
		s.Faults, s.Scenarios = n.faults.On(s.Dice), n.scenarios.Clone()
		s.switches.set(n.switches)
	}
	return nil
}

// planted are the books as they are at the start of the space.
func (s *Space) planted(d *dice.Dice) (*ledger.Ledger, *grant.Grants, error) {
	o := s.world.options
	l, g := ledger.New(), grant.New(d, o.Banks...)
	if n := s.origin; n != nil {
		l, g = n.ledger.Ledger(), s.granted(n.grants, d)
	} else if o.Plant != nil {
		if err := o.Plant(l, g, s.Born); err != nil {
			return nil, nil, err
		}
	}
	for _, p := range o.Policy {
		g.Policy.Set(p.At, p.Knob, p.Value)
	}
	return l, g, nil
}

// People are how new people come to the spaces.
func (w *World) People() People { return w.options.People }

// Bank is what a bank says of itself, which nobody changes; of one that there is none of, its name alone.
func (w *World) Bank(name string) *grant.Profile {
	for i := range w.options.Banks {
		if w.options.Banks[i].Bank == name {
			return &w.options.Banks[i]
		}
	}
	return &grant.Profile{Bank: name, Title: name}
}

// Door is how people and machines get tokens at a bank.
func (w *World) Door(bank string) grant.Door { return w.Bank(bank).Door }

// Space returns a space by name, or nil.
func (w *World) Space(name string) *Space { return w.spaces.Get(name) }

// Spaces are all, by name.
func (w *World) Spaces() []*Space {
	w.expire()
	return w.spaces.All(nil)
}
