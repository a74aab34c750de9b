package fault

import (
	"math"
	"slices"
	"strings"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
)

// Ask is a call as rules see it. The functions may be nil; they are asked only when a rule wants to know.
type Ask struct {
	Bank   string
	Op     string
	Method string
	Path   string // native
	Answer int    // status of the bank's answer; 0: the bank has not been asked yet

	Caller func() (client, user string)
	Header func(name string) []string
	Param  func(name string) []string
}

// Match finds the first rule that fires, and counts. Rules that wait for an answer of the bank are asked only when the call has one,
// all others only when it has not: a call is to be matched twice, unless the first time brings a hit. A trial is not counted.
func (f *Faults) Match(a Ask, now time.Time) *Hit {
	s := f.state.Load()
	if s == nil {
		return nil
	}
	t := f.trial(&a)
	for _, r := range s.rules {
		if !r.rule.When.holds(&a) {
			continue
		}
		if hit, last := r.fire(now, t != nil); hit != nil {
			if last {
				f.retire(r)
			}
			if t != nil {
				t.hit.Store(hit)
			}
			return hit
		}
	}
	return nil
}

// retire moves a rule to the spent ones, as it stands by now.
func (f *Faults) retire(a *armed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rules := f.now().rules
	if i := f.take(a); i >= 0 {
		f.shelve(rules[i])
	}
}

// fire counts a call, unless it is a trial, and tells whether the rule spoils it, and whether that was its last.
func (a *armed) fire(now time.Time, trial bool) (hit *Hit, last bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.rule
	if a.done || r.Paused || r.over(now) {
		return nil, false
	}
	seen := a.seen + 1
	if !trial {
		a.seen = seen
	}
	d := r.dice(seen)
	if !r.due(seen, d) {
		return nil, false
	}
	hit = &Hit{Rule: r, N: a.hits + 1, Delay: r.Then.delay(d)}
	if trial {
		return hit, false
	}
	a.hits++
	a.last = now
	a.done = r.Often.Next > 0 && a.hits >= r.Often.Next
	return hit, a.done
}

// due tells whether the seen-th call is one of those that the rule spoils.
func (r *Rule) due(seen int, d *dice.Dice) bool {
	o := &r.Often
	seen -= o.After
	if seen <= 0 || (r.When.Nth != 0 && seen != r.When.Nth) || (o.Every != 0 && seen%o.Every != 0) {
		return false
	}
	return o.Percent == 0 || d.Between(1, 1_000_000) <= int64(math.Round(o.Percent*10_000))
}

// dice are what chance has in store for the seen-th call, always the same; nil when the rule leaves nothing to chance.
func (r *Rule) dice(seen int) *dice.Dice {
	if r.Often.Percent == 0 && r.Then.Spread == 0 {
		return nil
	}
	return dice.Seeded(r.Often.Seed + uint64(seen)*0x9e3779b97f4a7c15) // an odd number: no two calls of a rule have one seed
}

func (t *Then) delay(d *dice.Dice) time.Duration {
	if t.Spread == 0 {
		return time.Duration(t.Delay)
	}
	return time.Duration(d.Between(int64(t.Delay-t.Spread), int64(t.Delay+t.Spread)))
}

// Once reads the rule that a request brings in its own header. Nil without an error: the space does not allow it, or the rule is for
// other calls. Counting makes no sense for one request, so that such a rule may not ask for it.
func (f *Faults) Once(text string, a Ask, now time.Time) (*Hit, error) {
	if !f.Headers() {
		return nil, nil
	}
	r, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if err := r.check(now); err != nil {
		return nil, err
	}
	if o := r.Often; r.When.Nth != 0 || o.After != 0 || o.Every != 0 || o.Percent != 0 || o.Next > 1 || !o.Until.IsZero() {
		return nil, fail.Field("often", "a fault in a header is for its own request: nth, after, every, percent, until and next above 1 make no sense")
	}
	if r.Paused {
		return nil, fail.Field("paused", "a fault in a header is for its own request; one that does nothing can be left out")
	}
	r.settle()
	r.ID = "header"
	return r.struck(&a, now), nil
}

// Strike spoils one request by a rule that nobody armed, whatever it says of how often; the journal shows it under the id. Nil: the
// space does not allow it, or the rule is for other calls.
func (f *Faults) Strike(r Rule, id string, a Ask, now time.Time) *Hit {
	if !f.Headers() {
		return nil
	}
	r = r.clone()
	r.When.Nth, r.Often = 0, Often{Seed: r.Often.Seed}
	r.settle()
	r.ID = id
	return r.struck(&a, now)
}

// struck is the one call that the rule is for, or nil.
func (r Rule) struck(a *Ask, now time.Time) *Hit {
	if !r.When.holds(a) {
		return nil
	}
	if r.Often.Seed == 0 {
		r.Often.Seed = uint64(now.UnixNano())
	}
	return &Hit{Rule: &r, N: 1, Delay: r.Then.delay(r.dice(1))}
}

// holds tells whether a call is one of those that the rule is for. What is cheap to know is asked first.
func (w *When) holds(a *Ask) bool {
	if w.Answer != a.Answer {
		return false
	}
	if !Glob(w.Bank, a.Bank) || !Glob(w.Op, a.Op) || !Glob(w.Path, a.Path) || (w.Method != "" && w.Method != "*" && !strings.EqualFold(w.Method, a.Method)) {
		return false
	}
	if w.Client != "" || w.User != "" {
		if a.Caller == nil {
			return false
		}
		client, user := a.Caller()
		_, login, _ := strings.Cut(user, "/")
		if !Glob(w.Client, client) || (!Glob(w.User, user) && !Glob(w.User, login)) {
			return false
		}
	}
	return among(w.Header, ":", a.Header) && among(w.Param, "=", a.Param)
}

// among tells whether one of the values of a header or parameter is as a condition wants it.
func among(condition, mark string, values func(string) []string) bool {
	if condition == "" {
		return true
	}
	if values == nil {
		return false
	}
	name, want, _ := strings.Cut(condition, mark)
	return slices.ContainsFunc(values(strings.TrimSpace(name)), func(v string) bool { return Glob(strings.TrimSpace(want), v) })
}

// Glob tells whether text is as the pattern says. An empty pattern says nothing.
func Glob(pattern, text string) bool {
	if pattern == "" || pattern == text {
		return true
	}
	first, rest, starred := strings.Cut(pattern, "*")
	if !starred || !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	for {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, part)
		}
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text, rest = text[i+len(part):], next
	}
}
