// Package report owns the report card of a client: rules of good behaviour, judged by what the client really sent, and a grade.
//
// Nothing is asked of the client: the rules read the journal, each for a situation of its own (a 401, a 429, a rotation …), and say for
// each offence which entries show it. A situation that never came about is not seen, which is not a pass: a grade has a ceiling until
// enough of the rules had something to judge. Replays by a lever are not the client's doing and do not count. Banks are names here:
// where one of them has no such thing, or forces what is bad manners elsewhere, the rule's own table says so.
//
//	card := report.Judge(entries, grants, "wk-app")
//	card.Grade // "B"
//	card.Rules[3].Evidence[0].Entry
package report

import (
	"maps"
	"slices"
	"time"

	"sandbank/server/grant"
	"sandbank/server/journal"
)

// Verdict is what a rule says of a client.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "passed"
	Failed Verdict = "failed"
	Unseen Verdict = "not seen"       // the situation did not come about
	Exempt Verdict = "not applicable" // no bank that the client calls has it
)

// Card is a client's report card.
type Card struct {
	Client     string    `json:"client"`
	Banks      []string  `json:"banks"` // that it called
	Grade      string    `json:"grade"` // A to F; empty: there was nothing to judge
	Seen       int       `json:"seen"`  // rules that had something to judge
	Applicable int       `json:"applicable"`
	Failed     int       `json:"failed"`
	Requests   int       `json:"requests"` // of the client
	From       time.Time `json:"from,omitzero"`
	To         time.Time `json:"to,omitzero"`
	Rules      []Result  `json:"rules"`
}

// Result is one rule's.
type Result struct {
	Rule     string     `json:"rule"`
	Title    string     `json:"title"`
	Cases    []string   `json:"cases"` // of the catalogue of scenarios
	Verdict  Verdict    `json:"verdict"`
	Grave    bool       `json:"grave"`    // counts twice
	Seen     int        `json:"seen"`     // situations
	Offences int        `json:"offences"` // of them, those that were handled badly
	Evidence []Evidence `json:"evidence"` // of the first of them, at most twenty
}

// Evidence is one offence.
type Evidence struct {
	Entry  uint64    `json:"entry"`           // id in the journal
	Cause  uint64    `json:"cause,omitempty"` // the entry that should have been heeded
	At     time.Time `json:"at"`
	Why    string    `json:"why"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Status int       `json:"status"`
}

// mostEvidence is how many offences of a rule are told.
const mostEvidence = 20

// rule is one of good behaviour.
type rule struct {
	id, title string
	cases     []string
	grave     bool
	without   []string // banks that have no such thing
	silent    bool     // who does well is never seen: then it does not apply
	judge     func(*history) finding
}

// finding is what a rule saw.
type finding struct {
	seen int
	bad  []Evidence
}

func (f *finding) blame(s, cause *step, why string) {
	e := Evidence{Entry: s.ID, At: s.At, Why: why, Method: s.Method, Path: s.Path(), Status: s.Status}
	if cause != nil {
		e.Cause = cause.ID
	}
	f.bad = append(f.bad, e)
}

// rules are all, in the order in which they are told.
func rules() []rule { return slices.Concat(refreshRules(), retryRules(), flowRules()) }

// Cards are those of all clients that the entries show, by client. The entries are the journal's, the oldest first; grants are the
// space's, for what tokens were.
func Cards(entries []*journal.Entry, grants *grant.Grants) []Card {
	steps := map[string][]*step{}
	for _, s := range read(entries, grants) {
		steps[s.client] = append(steps[s.client], s)
	}
	cards := []Card{}
	for _, client := range slices.Sorted(maps.Keys(steps)) {
		cards = append(cards, *judge(&history{steps[client], grants}, client))
	}
	return cards
}

// Judge makes the card of one client, of the entries also those of others.
func Judge(entries []*journal.Entry, grants *grant.Grants, client string) *Card {
	all := read(entries, grants)
	return judge(&history{slices.DeleteFunc(all, func(s *step) bool { return s.client != client }), grants}, client)
}

func judge(h *history, client string) *Card {
	card := &Card{Client: client, Banks: []string{}, Rules: []Result{}}
	for _, s := range h.steps {
		if i, there := slices.BinarySearch(card.Banks, s.Bank); !there {
			card.Banks = slices.Insert(card.Banks, i, s.Bank)
		}
	}
	if card.Requests = len(h.steps); card.Requests > 0 {
		card.From, card.To = h.steps[0].At, h.steps[len(h.steps)-1].At
	}
	penalty := 0
	for _, r := range rules() {
		one := r.result(h, card.Banks)
		card.Rules = append(card.Rules, one)
		if one.Verdict == Exempt {
			continue
		}
		card.Applicable++
		if one.Verdict != Unseen {
			card.Seen++
		}
		if one.Verdict == Failed {
			card.Failed++
			penalty++
			if r.grave {
				penalty++
			}
		}
	}
	card.Grade = grade(penalty, card.Seen, card.Applicable)
	return card
}

func (r rule) result(h *history, banks []string) Result {
	f := r.judge(h)
	one := Result{Rule: r.id, Title: r.title, Cases: r.cases, Grave: r.grave, Seen: f.seen, Offences: len(f.bad), Evidence: []Evidence{}, Verdict: Passed}
	one.Evidence = append(one.Evidence, f.bad[:min(len(f.bad), mostEvidence)]...)
	applies := len(banks) == 0 || slices.ContainsFunc(banks, func(b string) bool { return !slices.Contains(r.without, b) })
	switch {
	case len(f.bad) > 0:
		one.Verdict = Failed
	case f.seen > 0:
	case applies && !r.silent:
		one.Verdict = Unseen
	default:
		one.Verdict = Exempt
	}
	return one
}

// grade is A without an offence, and one letter less for each rule that was broken, two for a grave one. Until half of the rules had
// something to judge it is no better than C, until three quarters had, no better than B.
func grade(penalty, seen, applicable int) string {
	if seen == 0 {
		return ""
	}
	if seen*2 < applicable {
		penalty = max(penalty, 2)
	} else if seen*4 < applicable*3 {
		penalty = max(penalty, 1)
	}
	return []string{"A", "B", "C", "D", "F"}[min(penalty, 4)]
}
