package fault

import (
	"slices"
	"sync/atomic"

	"sandbank/server/dice"
)

// TrialHeader is how a trial's request is known: by a word that nobody else can guess.
const TrialHeader = "X-Sandbox-Trial"

// Trial is a request that meets the rules as any other would, and is not counted: no rule is nearer to its end by it.
type Trial struct {
	Word string
	of   *Faults
	hit  atomic.Pointer[Hit]
}

// Trial begins one. It is to be ended.
func (f *Faults) Trial() *Trial {
	t := &Trial{Word: dice.Real().Text(dice.Alnum, 24), of: f}
	f.tried.Add(1)
	f.trials.Store(t.Word, t)
	return t
}

// End forgets the trial: its word says nothing any more.
func (t *Trial) End() {
	t.of.trials.Delete(t.Word)
	t.of.tried.Add(-1)
}

// Hit is what the rules had in store for the request; nil when they let it pass.
func (t *Trial) Hit() *Hit { return t.hit.Load() }

// trial is the one that a call belongs to, or nil.
func (f *Faults) trial(a *Ask) *Trial {
	if f.tried.Load() == 0 || a.Header == nil {
		return nil
	}
	for word := range slices.Values(a.Header(TrialHeader)) {
		if t, ok := f.trials.Load(word); ok {
			return t.(*Trial)
		}
	}
	return nil
}
