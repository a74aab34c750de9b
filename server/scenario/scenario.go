// Package scenario owns the catalogue of cases that a client must survive, E01 to E77, and which of them are armed in a space.
//
// A Case is data: what happens, what a correct client does, where it really happened, which knobs, faults, clock moves and
// certificates bring it about, and what a person does besides. Whether traffic has met a case is a question to the journal, asked anew each time: nothing is ticked
// off. An Armed is what arming one really set, so that exactly that can be taken back. The package sets nothing itself and knows no
// HTTP: levers do that, with the same verbs that anybody can call one by one.
//
//	c, err := scenario.Find("E33")
//	c.Variants[0].Faults // op=token; param=grant_type=refresh_token; where=after; reset
//	met := scenario.Meet(entries, grants)
//	met["E33"].Count
package scenario

import (
	"slices"
	"strings"
	"sync"

	"sandbank/server/cert"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/grant"
)

// Case is one of the catalogue.
type Case struct {
	ID      string // E01 …
	Group   string // number of the group
	Title   string
	Does    string   // what the bank does
	Correct string   // what a correct client does
	Refs    []string // real incidents as owner/repo#number, sections of RFCs
	Banks   []string // where it can be shown; the first by default
	Do      string   // what a person does by hand, in addition or instead

	// Variants are the ways in which it comes; the first by default. None: everything is done by hand.
	Variants []Variant

	meets func(*traffic, *call) bool
}

// Variant is what one way of a case sets.
type Variant struct {
	Name string

	// Knobs as "knob=value", or "bank.knob=value" for one bank; Faults in the compact form of package fault, for one bank where they say
	// so. Each is set at the bank chosen, or its client or user.
	Knobs  []string
	Faults []string

	// Clock is a move as Move takes it; empty: none.
	Clock string

	// Certificate is what TLS shows from then on; empty: what it showed before.
	Certificate cert.State
}

// Group is a chapter of the catalogue.
type Group struct {
	Number string `json:"number"`
	Title  string `json:"title"`
}

// Groups are the chapters, in order.
func Groups() []Group {
	return []Group{{"3.1", "Access-token lifetime"}, {"3.2", "Clocks & calendar"}, {"3.3", "Refresh"}, {"3.4", "Authorize & code"},
		{"3.5", "Consent & scope"}, {"3.6", "In flight"}, {"3.7", "Error surface"}}
}

// Cases are all, in order.
func Cases() []Case { return slices.Clone(catalogue()) }

// Count is how many cases there are.
func Count() int { return len(catalogue()) }

var catalogue = sync.OnceValue(func() []Case {
	var all []Case
	for i, cases := range [][]Case{lifetimes(), calendar(), refreshes(), authorizations(), consents(), flights(), surfaces()} {
		for _, c := range cases {
			c.Group = Groups()[i].Number
			all = append(all, c)
		}
	}
	return all
})

// Find returns a case by its id, in any case of letters; NotFound when there is none.
func Find(id string) (*Case, error) {
	all := Cases()
	i := slices.IndexFunc(all, func(c Case) bool { return strings.EqualFold(c.ID, id) })
	if i < 0 {
		return nil, fail.New(fail.NotFound, "there is no scenario %q; there are %s to %s", id, all[0].ID, all[len(all)-1].ID)
	}
	return &all[i], nil
}

// Missing says why a sandbox cannot show the case; empty: it can. Some need one that speaks TLS.
func (c *Case) Missing(tls bool) string {
	if !tls && slices.ContainsFunc(c.Variants, func(v Variant) bool { return v.Certificate != "" }) {
		return NeedsTLS
	}
	return ""
}

// NeedsTLS is why a sandbox shows no certificates.
const NeedsTLS = "it takes TLS: start with --tls-self-signed"

// Variant returns one by its name; the first for "". The field variant is at fault when there is none. A case that is done by hand has
// an empty one.
func (c *Case) Variant(name string) (Variant, error) {
	if name == "" && len(c.Variants) > 0 {
		return c.Variants[0], nil
	}
	var names []string
	for _, v := range c.Variants {
		if v.Name == name {
			return v, nil
		}
		names = append(names, v.Name)
	}
	if name == "" {
		return Variant{}, nil
	}
	return Variant{}, fail.Field("variant", "%s has no variant %q; it has %s", c.ID, name, strings.Join(names, ", "))
}

// Settings are the knobs that the variant turns at a bank. The catalogue's own tests see to it that each can be turned there.
func (v Variant) Settings(bank string) (map[grant.Knob]string, error) {
	set := map[grant.Knob]string{}
	for _, text := range v.Knobs {
		where, value, _ := strings.Cut(text, "=")
		if only, knob, dotted := strings.Cut(where, "."); dotted {
			if only != bank {
				continue
			}
			where = knob
		}
		if _, err := grant.ParseValue(grant.Knob(where), value); err != nil {
			return nil, fail.New(fail.Internal, "%s: %v", text, err)
		}
		set[grant.Knob(where)] = value
	}
	return set, nil
}

// Rules are the faults that the variant arms at a bank.
func (v Variant) Rules(bank string) ([]fault.Rule, error) {
	var out []fault.Rule
	for _, line := range v.Faults {
		r, err := fault.Parse(line)
		if err != nil {
			return nil, fail.New(fail.Internal, "%s: %v", line, err)
		}
		if r.When.Bank == "" || r.When.Bank == bank {
			r.When.Bank = bank
			out = append(out, r)
		}
	}
	return out, nil
}

// Names of the banks, and sets of them. They are names only: what a bank can do is in its policy.
const (
	yoisho     = "yoisho"
	berlin     = "berlin"
	sparebank1 = "sparebank1"
	s2s        = "s2s"
	finapi     = "finapi"
)

func everywhere() []string { return []string{berlin, sparebank1, yoisho, s2s, finapi} }
func signing() []string    { return []string{sparebank1} }
func refreshing() []string { return []string{berlin, sparebank1, s2s, finapi} }

// one is the only variant of a case.
func one(knobs ...string) []Variant { return []Variant{{Knobs: knobs}} }

// spoil is the only variant of a case that is a fault.
func spoil(lines ...string) []Variant { return []Variant{{Faults: lines}} }
