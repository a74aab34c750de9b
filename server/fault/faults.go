package fault

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/store"
)

// Faults are the rules of one space. Safe for concurrent use. While nothing is armed, asking costs one atomic load.
type Faults struct {
	state atomic.Pointer[state] // nil: there is nothing to ask

	mu     sync.Mutex // whoever changes the rules
	dice   *dice.Dice
	issued int
	spent  []*armed // oldest first
	watch  *store.Recorder

	trials sync.Map // *Trial by its word
	tried  atomic.Int32
}

// state is immutable but for the counts of its rules.
type state struct {
	rules   []*armed
	headers bool
}

// armed is a rule with its counts. A rule that is changed takes its counts along, so that two armed are the same when their counts are.
type armed struct {
	rule *Rule
	*counts
}

// counts is how far a rule has come.
type counts struct {
	mu   sync.Mutex
	seen int
	hits int
	last time.Time
	done bool
}

// New returns the faults of a new space: none, and headers are not listened to. Seeds that rules leave open are drawn from d.
func New(d *dice.Dice) *Faults { return &Faults{dice: d} }

// Idle tells that no call can be spoiled: nothing is armed, and headers are not listened to.
func (f *Faults) Idle() bool { return f.state.Load() == nil }

// now is the present state, never nil.
func (f *Faults) now() state {
	if s := f.state.Load(); s != nil {
		return *s
	}
	return state{}
}

// become makes s the present state; f.mu is held.
func (f *Faults) become(s state) {
	if len(s.rules) == 0 && !s.headers {
		f.state.Store(nil)
		return
	}
	f.state.Store(&s)
}

// Arm checks a rule and puts it below those that are armed. What it returns has an id and every default filled in. A contradiction or a
// value that makes no sense is InvalidField with the field's name.
func (f *Faults) Arm(r Rule, now time.Time) (*Rule, error) {
	r = r.clone()
	if err := r.check(now); err != nil {
		return nil, err
	}
	r.settle()
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.now()
	if len(s.rules) >= MaxArmed {
		s.rules = f.clear(s.rules, now)
	}
	if len(s.rules) >= MaxArmed {
		return nil, fail.New(fail.Conflict, "%d rules are armed, and there is room for no more", len(s.rules))
	}
	f.chance(&r)
	f.issued++
	r.ID, r.Created = "f_"+strconv.Itoa(f.issued), now
	a := &armed{&r, &counts{}}
	s.rules = append(slices.Clip(s.rules), a)
	f.become(s)
	n := f.issued
	f.watch.Note(func() bool { return f.unarm(a, n) })
	return &r, nil
}

// chance draws a seed for a rule that leaves something to chance, and does not bring its own.
func (f *Faults) chance(r *Rule) {
	if r.Often.Seed == 0 && (r.Often.Percent != 0 || r.Then.Spread != 0) {
		r.Often.Seed = uint64(f.dice.Between(1, 1<<31))
	}
}

// unarm takes back that a rule was armed, and its number with it when no other came after it.
func (f *Faults) unarm(a *armed, n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.issued == n {
		f.issued--
	}
	return f.take(a) >= 0
}

// clear moves rules whose time is over to the spent ones.
func (f *Faults) clear(rules []*armed, now time.Time) []*armed {
	var left []*armed
	for _, a := range rules {
		if a.rule.over(now) {
			f.shelve(a)
		} else {
			left = append(left, a)
		}
	}
	return left
}

// shelve keeps a rule for the list.
func (f *Faults) shelve(a *armed) {
	if f.spent = append(f.spent, a); len(f.spent) > MaxSpent {
		f.spent = slices.Delete(f.spent, 0, 1)
	}
}

// is finds a rule, whatever it was changed into.
func (a *armed) is(b *armed) bool { return a.counts == b.counts }

// take takes a rule out of the armed ones and tells where it stood, or -1; f.mu is held.
func (f *Faults) take(a *armed) int {
	s := f.now()
	i := slices.IndexFunc(s.rules, a.is)
	if i >= 0 {
		s.rules = slices.Delete(slices.Clone(s.rules), i, i+1)
		f.become(s)
	}
	return i
}

// insert puts a rule back where it stood.
func (f *Faults) insert(a *armed, i int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.now()
	s.rules = slices.Insert(slices.Clone(s.rules), min(i, len(s.rules)), a)
	f.become(s)
}

// Disarm takes one rule away, armed or spent. One that is not there is NotFound.
func (f *Faults) Disarm(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	is := func(a *armed) bool { return a.rule.ID == id }
	if rules := f.now().rules; slices.ContainsFunc(rules, is) {
		f.disarm(rules[slices.IndexFunc(rules, is)])
		return nil
	}
	i := slices.IndexFunc(f.spent, is)
	if i < 0 {
		return fail.New(fail.NotFound, "there is no fault %s", id)
	}
	a := f.spent[i]
	f.spent = slices.Delete(f.spent, i, i+1)
	f.watch.Note(func() bool { f.file(a, i); return true })
	return nil
}

// file puts a spent rule back into the list.
func (f *Faults) file(a *armed, i int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spent = slices.Insert(f.spent, min(i, len(f.spent)), a)
}

func (f *Faults) disarm(a *armed) {
	i := f.take(a)
	f.watch.Note(func() bool { f.insert(a, i); return true })
}

// DisarmAll takes every armed rule away and tells how many there were. Spent ones stay in the list.
func (f *Faults) DisarmAll() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	rules := f.now().rules
	for i := len(rules) - 1; i >= 0; i-- { // so that each is put back below the one above it
		f.disarm(rules[i])
	}
	return len(rules)
}

// AllowHeaders says whether a request may bring its own fault in a header.
func (f *Faults) AllowHeaders(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.now()
	was := s.headers
	s.headers = on
	f.become(s)
	f.watch.Note(func() bool { f.AllowHeaders(was); return true })
}

// Headers tells whether a request may bring its own fault in a header.
func (f *Faults) Headers() bool { return f.now().headers }

// Watch lets a recorder note every change by a lever from now on; nil ends that. What calls do, counting and spending, is not noted.
func (f *Faults) Watch(r *store.Recorder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watch = r
}

// Clone is a copy that goes its own way, as far as the rules have come by now.
func (f *Faults) Clone() *Faults {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := &Faults{dice: f.dice, issued: f.issued}
	s := f.now()
	rules := make([]*armed, len(s.rules))
	for i, a := range s.rules {
		rules[i] = a.clone()
	}
	for _, a := range f.spent {
		c.spent = append(c.spent, a.clone())
	}
	c.become(state{rules, s.headers})
	return c
}

func (a *armed) clone() *armed {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &armed{a.rule, &counts{seen: a.seen, hits: a.hits, last: a.last, done: a.done}}
}

// State is how a rule stands.
type State string

// The states.
const (
	Armed  State = "armed"
	Paused State = "paused" // until it is resumed
	Over   State = "over"   // its until has passed; a clock that is moved back arms it again
	Spent  State = "spent"  // it has had its last hit
)

// Listed is a rule as the list shows it.
type Listed struct {
	*Rule
	State State     `json:"state"`
	Seen  int       `json:"seen"` // calls that it was for
	Hits  int       `json:"hits"` // calls that it spoiled
	Last  time.Time `json:"last,omitzero"`
}

// List are the armed rules top-down, and below them those that are spent, the newest first.
func (f *Faults) List(now time.Time) []Listed {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Listed
	for _, a := range f.now().rules {
		out = append(out, a.listed(now))
	}
	for i := len(f.spent) - 1; i >= 0; i-- {
		out = append(out, f.spent[i].listed(now))
	}
	return out
}

func (a *armed) listed(now time.Time) Listed {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := Listed{Rule: a.rule, State: Armed, Seen: a.seen, Hits: a.hits, Last: a.last}
	switch {
	case a.done:
		l.State = Spent
	case a.rule.over(now):
		l.State = Over
	case a.rule.Paused:
		l.State = Paused
	}
	return l
}

func (r *Rule) over(now time.Time) bool { return !r.Often.Until.IsZero() && !now.Before(r.Often.Until) }

// clone copies what a rule points to, so that nobody changes it once it is armed.
func (r Rule) clone() Rule {
	if r.Then.Body != nil {
		r.Then.Body = new(*r.Then.Body)
	}
	if r.Then.Truncate != nil {
		r.Then.Truncate = new(*r.Then.Truncate)
	}
	headers := map[string]string{}
	for name, value := range r.Then.Headers {
		headers[name] = value
	}
	r.Then.Headers = headers
	if len(headers) == 0 {
		r.Then.Headers = nil
	}
	r.Then.Strip, r.Then.Mutate = slices.Clone(r.Then.Strip), slices.Clone(r.Then.Mutate)
	for i := range r.Then.Mutate {
		r.Then.Mutate[i].Value = slices.Clone(r.Then.Mutate[i].Value)
	}
	return r
}

// settle fills in the defaults.
func (r *Rule) settle() {
	t, o := &r.Then, &r.Often
	r.When.Method = strings.ToUpper(r.When.Method)
	switch {
	case t.Where != "":
	case r.When.Answer != 0 && (t.Cuts() || t.Refuse != "" || t.Redirect != ""):
		t.Where = After
	case r.When.Answer != 0 || (!t.Answers() && t.Alters() != ""):
		t.Where = Response
	default:
		t.Where = Before
	}
	if o.Next == 0 && o.Every == 0 && o.Percent == 0 && o.Until.IsZero() {
		o.Next = 1
	}
}
