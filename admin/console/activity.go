package console

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/world"
)

func activityPages() []page {
	return []page{{path: "activity", Title: "Activity", Nav: "activity", name: "activity", build: activities}}
}

// Activities is what levers changed, the newest first.
type Activities struct {
	V     *visit
	Items []world.Activity
	All   int
	Kind  string   // clock, token, …
	Kinds []string // that there are
	Text  string
	Next  uint64 // the one that a plain undo takes back; 0: none
	Older string // number of the last one here, where older ones follow
}

// A space remembers mostActivities; a page shows so many rows.
const (
	mostActivities = 200
	activityRows   = 50
)

func activities(v *visit) (any, error) {
	before := uint64(math.MaxUint64)
	if text := v.Query.Get("before"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, fail.Field("before", "%q is no number of an activity", text)
		}
		before = n
	}
	all := v.Space.Activities(mostActivities)
	a := &Activities{V: v, All: len(all), Kind: v.Query.Get("kind"), Text: v.Query.Get("q")}
	for _, one := range all {
		if !one.Undone && a.Next == 0 {
			a.Next = one.ID
		}
		kind := kindOfVerb(one.Verb)
		if !slices.Contains(a.Kinds, kind) {
			a.Kinds = append(a.Kinds, kind)
		}
		fits := (a.Kind == "" || a.Kind == kind) && strings.Contains(strings.ToLower(one.Verb+" "+one.What+" "+v.Told(one.What)), strings.ToLower(a.Text))
		switch {
		case !fits || one.ID >= before:
		case len(a.Items) < activityRows:
			a.Items = append(a.Items, one)
		case a.Older == "":
			a.Older = strconv.FormatUint(a.Items[activityRows-1].ID, 10)
		}
	}
	slices.Sort(a.Kinds)
	return a, nil
}

// kindOfVerb is what a verb is about: the clock, tokens, consents.
func kindOfVerb(verb string) string {
	kind, _, _ := strings.Cut(verb, ".")
	return kind
}
