package console

import (
	"slices"
	"strings"

	"sandbank/server/world"
)

func activityPages() []page {
	return []page{{path: "activity", Title: "Activity", Nav: "activity", name: "activity", build: activities}}
}

// Activities is what levers changed, the newest first.
type Activities struct {
	*visit
	Items []world.Activity
	All   int
	Kind  string   // clock, token, …
	Kinds []string // that there are
	Text  string
	Next  uint64 // the one that a plain undo takes back; 0: none
}

// mostActivities is how many a space remembers.
const mostActivities = 200

func activities(v *visit) (any, error) {
	all := v.Space.Activities(mostActivities)
	a := &Activities{visit: v, All: len(all), Kind: v.Query.Get("kind"), Text: v.Query.Get("q")}
	for _, one := range all {
		if !one.Undone && a.Next == 0 {
			a.Next = one.ID
		}
		kind := kindOfVerb(one.Verb)
		if !slices.Contains(a.Kinds, kind) {
			a.Kinds = append(a.Kinds, kind)
		}
		if (a.Kind == "" || a.Kind == kind) && strings.Contains(strings.ToLower(one.Verb+" "+one.What), strings.ToLower(a.Text)) {
			a.Items = append(a.Items, one)
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
