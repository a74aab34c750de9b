package grant

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"sandbank/server/store"
)

// Settings are the knobs that one level of the cascade turns.
type Settings map[Knob]Value

// Level is a place in the cascade: later ones win. The zero Level is global.
type Level struct{ Bank, Client, User string }

// String is how the journal names the level: "bank berlin", "client bg-demo".
func (l Level) String() string {
	switch {
	case l.User != "":
		return "user " + l.User
	case l.Client != "":
		return "client " + l.Client
	case l.Bank != "":
		return "bank " + l.Bank
	}
	return "global"
}

// Policy is the cascade global → bank → client → user on top of each bank's own defaults. Reading takes no lock and allocates nothing.
type Policy struct {
	write sync.Mutex
	state atomic.Pointer[cascade]
	banks map[string]*rules
	own   map[Knob]bool // knobs of every bank that some bank has a default of its own for
	watch atomic.Pointer[store.Recorder]
}

// cascade is all levels where knobs are turned. It is replaced, never written to.
type cascade struct {
	levels map[Level]*tier
	knobs  map[Knob]bool // those that some level turns, and the banks' own, so that all others need not be looked for
}

// tier is the knobs of one level, with its name.
type tier struct {
	name     string
	settings Settings
}

// rules are a bank's defaults, what stands in for them where fidelity is original, and the names of both.
type rules struct {
	base, quirks        Settings
	byDefault, original string
}

func newPolicy(banks []Profile) *Policy {
	p := &Policy{banks: map[string]*rules{}, own: map[Knob]bool{}}
	for _, b := range banks {
		p.banks[b.Bank] = &rules{b.Settings(), b.Original, b.Bank + " default", b.Bank + " original"}
		for _, s := range specs {
			_, ours := b.Defaults[s.Knob]
			_, quirk := b.Original[s.Knob]
			if s.Needs != "" && (ours || quirk) {
				p.own[s.Knob] = true
			}
		}
	}
	p.state.Store(&cascade{knobs: p.own})
	return p
}

// Set turns one knob at a level.
func (p *Policy) Set(at Level, k Knob, v Value) { p.Change(at, Settings{k: v}, nil) }

// Unset takes the level's own setting back, so that the one above it counts again.
func (p *Policy) Unset(at Level, k Knob) { p.Change(at, nil, []Knob{k}) }

// Change turns some knobs of a level and takes others back, all at once.
func (p *Policy) Change(at Level, set Settings, unset []Knob) {
	p.write.Lock()
	defer p.write.Unlock()
	had := p.state.Load().levels[at]
	own := &tier{name: at.String(), settings: Settings{}}
	if had != nil {
		maps.Copy(own.settings, had.settings)
	}
	for _, k := range unset {
		delete(own.settings, k)
	}
	maps.Copy(own.settings, set)
	if len(own.settings) == 0 {
		own = nil
	}
	p.put(at, own)
	p.watch.Load().Note(func() bool {
		p.write.Lock()
		defer p.write.Unlock()
		if p.state.Load().levels[at] != own {
			return false
		}
		p.put(at, had)
		return true
	})
}

// put makes a tier what a level turns; nil: nothing. Whoever calls it holds the lock.
func (p *Policy) put(at Level, own *tier) {
	next := &cascade{levels: maps.Clone(p.state.Load().levels), knobs: maps.Clone(p.own)}
	if next.levels == nil {
		next.levels = map[Level]*tier{}
	}
	next.levels[at] = own
	if own == nil {
		delete(next.levels, at)
	}
	for _, l := range next.levels {
		for k := range l.settings {
			next.knobs[k] = true
		}
	}
	p.state.Store(next)
}

// Clear takes back every knob that a level turns: whose level it was is gone.
func (p *Policy) Clear(at Level) {
	if own := p.state.Load().levels[at]; own != nil {
		p.Change(at, nil, slices.Collect(maps.Keys(own.settings)))
	}
}

// Levels are the places where knobs are turned, with the knobs, which must not be written to.
func (p *Policy) Levels() map[Level]Settings {
	out := map[Level]Settings{}
	for at, l := range p.state.Load().levels {
		out[at] = l.settings
	}
	return out
}

// Value is the effective setting for a bank's client and user, and where it comes from: "user …", "client …", "bank …", "global" or
// "yoisho default". A knob that the bank does not know is "no policy" and never ends, whatever a level says.
func (p *Policy) Value(k Knob, bank, client, user string) (Value, string) {
	b := p.banks[bank]
	if b == nil {
		return Value{Never: true}, "no policy"
	}
	v, known := b.base[k]
	if !known {
		return Value{Never: true}, "no policy"
	}
	if c := p.state.Load(); c.knobs[k] {
		for i, at := range [...]Level{{Bank: bank, User: user}, {Bank: bank, Client: client}, {Bank: bank}, {}} {
			if i == 0 && user == "" || i == 1 && client == "" {
				continue // that would be the bank's level
			}
			if l := c.levels[at]; l != nil {
				if own, ok := l.settings[k]; ok {
					return own, l.name
				}
			}
		}
	}
	if q, ok := b.quirks[k]; ok && k != Fidelity {
		if f, _ := p.Value(Fidelity, bank, client, user); f.Text == Original {
			return q, b.original
		}
	}
	return v, b.byDefault
}

// turned tells whether anything turns one of the knobs that every bank has. Where nothing does it bends nothing, and the busy paths need
// not ask for its value.
func (p *Policy) turned(k Knob) bool { return p.state.Load().knobs[k] }

// Default is what the bank does unless a level says otherwise; false when the knob has no effect there.
func (p *Policy) Default(k Knob, bank string) (Value, bool) {
	b := p.banks[bank]
	if b == nil {
		return Value{}, false
	}
	v, ok := b.base[k]
	return v, ok
}

// Knobs are those that have an effect at a bank, sorted.
func (p *Policy) Knobs(bank string) []Knob {
	b := p.banks[bank]
	if b == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(b.base))
}
