package scenario

import (
	"fmt"
	"slices"
	"time"

	"sandbank/server/cert"
	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/store"
)

// Armed is a case that is armed in a space, with everything that this set. It is immutable.
type Armed struct {
	Case    string        `json:"case"`
	Number  int64         `json:"number"` // order of arming
	Variant string        `json:"variant,omitempty"`
	Bank    string        `json:"bank"`
	Client  string        `json:"client,omitempty"`
	User    string        `json:"user,omitempty"` // ledger.Person.ID
	At      time.Time     `json:"at"`             // the space's clock before
	Knobs   []Turn        `json:"knobs,omitempty"`
	Faults  []string      `json:"faults,omitempty"` // ids of rules
	Moved   time.Duration `json:"moved,omitempty"`  // how far the clock jumped; in a file, nanoseconds
	Froze   bool          `json:"froze,omitempty"`  // the clock ran before
	Skew    []Turn        `json:"skew,omitempty"`   // servers that were set apart: as, rs, date

	Certificate *Shown `json:"certificate,omitempty"`
}

// Shown is what TLS shows for a case, and what it showed before.
type Shown struct {
	Value cert.State `json:"value"`
	Was   cert.State `json:"was"`
}

// Turn is one knob that a case turned, or one server that it set apart.
type Turn struct {
	Knob  grant.Knob `json:"knob"`
	Value string     `json:"value"`
	Was   string     `json:"was,omitempty"` // the level's own setting before; empty: it had none. Of a server: its skew before
}

// Level is where the case's knobs are turned.
func (a *Armed) Level() grant.Level {
	return grant.Level{Bank: a.Bank, Client: a.Client, User: a.User}
}

// Reach is the level whose traffic the case is about: hands are shaken before there is any bank.
func (a *Armed) Reach() grant.Level {
	if a.Certificate != nil {
		return grant.Level{}
	}
	return a.Level()
}

// Book is what is armed in one space, one entry for each case. Whoever changes it holds the space's gate.
type Book struct{ armed *store.Map[string, Armed] }

// NewBook returns an empty one.
func NewBook() *Book { return &Book{store.New[string, Armed]()} }

// Get returns how a case is armed, or nil.
func (b *Book) Get(id string) *Armed { return b.armed.Get(id) }

// All are the armed cases, by id.
func (b *Book) All() []*Armed { return b.armed.All(nil) }

// Put notes that a case is armed, after all others.
func (b *Book) Put(a Armed) *Armed {
	a.Number = 1
	for _, one := range b.All() {
		a.Number = max(a.Number, one.Number+1)
	}
	b.armed.Put(a.Case, &a)
	return &a
}

// Take forgets that a case is armed. Knobs and skew are what returns to where the case found it: what a later case turned over that is
// none of it, but that case will now return it to where this one found it.
func (b *Book) Take(id string) (was *Armed, knobs, skew []Turn) {
	was = b.armed.Take(id)
	if was == nil {
		return nil, nil, nil
	}
	for _, t := range was.Knobs {
		if !b.inherit(was, t, func(a *Armed) *[]Turn { return &a.Knobs }, (*Armed).Level) {
			knobs = append(knobs, t)
		}
	}
	for _, t := range was.Skew { // the servers are the whole space's
		if !b.inherit(was, t, func(a *Armed) *[]Turn { return &a.Skew }, func(*Armed) grant.Level { return grant.Level{} }) {
			skew = append(skew, t)
		}
	}
	return was, knobs, skew
}

// inherit lets the case that turned the same next over this one take its place; false when none did. What it is about is in which turns
// of a case, and at which level.
func (b *Book) inherit(from *Armed, t Turn, turns func(*Armed) *[]Turn, level func(*Armed) grant.Level) bool {
	at := func(a *Armed) int {
		return slices.IndexFunc(*turns(a), func(one Turn) bool { return one.Knob == t.Knob })
	}
	var next *Armed
	for _, a := range b.All() {
		if a.Number > from.Number && level(a) == level(from) && at(a) >= 0 && (next == nil || a.Number < next.Number) {
			next = a
		}
	}
	if next == nil {
		return false
	}
	heir := *next
	theirs := turns(&heir)
	*theirs = slices.Clone(*theirs)
	if i := at(&heir); (*theirs)[i].Was == t.Value { // or somebody turned it in between
		(*theirs)[i].Was = t.Was
		b.armed.Put(heir.Case, &heir)
	}
	return true
}

// Settled forgets how far cases moved the clock: it was set to an instant since, and there is nothing to take back.
func (b *Book) Settled() {
	b.each(func(a *Armed) bool { return a.Moved != 0 || a.Froze }, func(a *Armed) { a.Moved, a.Froze = 0, false })
}

// Faultless forgets the faults of all cases: they are gone, and their ids will be given again.
func (b *Book) Faultless() {
	b.each(func(a *Armed) bool { return len(a.Faults) > 0 }, func(a *Armed) { a.Faults = nil })
}

func (b *Book) each(is func(*Armed) bool, change func(*Armed)) {
	for _, a := range b.All() {
		if is(a) {
			next := *a
			change(&next)
			b.armed.Put(next.Case, &next)
		}
	}
}

// Watch lets a recorder note every change from now on; nil ends that.
func (b *Book) Watch(r *store.Recorder) { b.armed.Watch(r) }

// Clone is a copy that goes its own way.
func (b *Book) Clone() *Book {
	c := NewBook()
	c.armed.Copy(b.armed.Still())
	return c
}

// Load makes a book of records, or says what is wrong with one and where: "scenarios[2].knobs[0].value".
func Load(records []*Armed) (*Book, error) {
	b := NewBook()
	for i, a := range records {
		place := fmt.Sprintf("scenarios[%d].", i)
		c, err := Find(a.Case)
		switch {
		case err != nil || c.ID != a.Case:
			return nil, fail.Field(place+"case", "there is no scenario %q", a.Case)
		case b.Get(a.Case) != nil:
			return nil, fail.Field(place+"case", "%s is there twice", a.Case)
		case a.Number < 1:
			return nil, fail.Field(place+"number", "%d is no place in an order", a.Number)
		}
		for j, t := range a.Knobs {
			place := fmt.Sprintf("%sknobs[%d].", place, j)
			if _, err := grant.ParseValue(t.Knob, t.Value); err != nil {
				return nil, fail.Field(place+"value", "%v", err)
			}
			if _, err := grant.ParseValue(t.Knob, t.Was); t.Was != "" && err != nil {
				return nil, fail.Field(place+"was", "%v", err)
			}
		}
		for j, t := range a.Skew {
			place := fmt.Sprintf("%sskew[%d].", place, j)
			if _, err := (clock.Skew{}).With(string(t.Knob), t.Value); err != nil {
				return nil, fail.Field(place+"value", "%v", err)
			}
			if _, err := (clock.Skew{}).With(string(t.Knob), t.Was); err != nil {
				return nil, fail.Field(place+"was", "%v", err)
			}
		}
		if c := a.Certificate; c != nil && (c.Value == "" || c.Was == "") {
			return nil, fail.Field(place+"certificate", "it lacks its value, or what was before")
		}
		b.armed.Put(a.Case, a)
	}
	return b, nil
}
