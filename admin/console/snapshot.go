package console

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sandbank/admin"
	"sandbank/server/fail"
	"sandbank/server/world"
)

func snapshotPages() []page {
	return []page{
		{path: "snapshots", Title: "Snapshots and reset", Nav: "snapshots", name: "snapshots", build: snapshots},
		{path: "snapshots/upload", Title: "Upload a snapshot", Nav: "snapshots", name: "upload-snapshot", build: func(v *visit) (any, error) { return v, nil }},
		{path: "snapshots/{id}/restore", Title: "Restore a snapshot", Nav: "snapshots", name: "restore-snapshot", build: restoreSnapshot},
		{path: "snapshots/{id}", Title: "Snapshot", Nav: "snapshots", name: "snapshot", build: snapshot},
	}
}

// Snapshots is the states that the space keeps, and what can begin anew.
type Snapshots struct {
	V     *visit
	Items []admin.SnapshotView
	Most  int
}

func snapshots(v *visit) (any, error) {
	list, err := v.Desk.Snapshots(world.MaxSnapshots, "")
	if err != nil {
		return nil, err
	}
	return &Snapshots{V: v, Items: list.Items, Most: world.MaxSnapshots}, nil
}

// ResetPart is something that can begin anew.
type ResetPart struct {
	Part  world.Part
	Words string
	Wide  bool // reaches so far that its name has to be typed
}

// Parts are what can begin anew, the small ones first.
func (s *Snapshots) Parts() []ResetPart {
	words := map[world.Part]ResetPart{
		world.Tokens:     {Words: "Grants, codes, tokens, consents and counters go; clients and policies stay."},
		world.Clock:      {Words: "Back to where the space began, at normal speed."},
		world.Faults:     {Words: "All rules are disarmed, and requests may bring none."},
		world.Data:       {Words: "People, accounts and money as at the start.", Wide: true},
		world.Everything: {Words: "The whole space as at its start.", Wide: true},
	}
	var out []ResetPart
	for _, name := range world.Parts() {
		one := words[name]
		one.Part = name
		out = append(out, one)
	}
	return out
}

// OneSnapshot is a state, and what became of it.
type OneSnapshot struct {
	V      *visit
	Diff   *admin.SnapshotDiff
	To     string // number of another snapshot, or now
	Others []string
	Kind   string // the kind of records that is shown; empty: all
	Kinds  []KindTotal
	Items  []world.Difference
}

// KindTotal is how many records of a kind differ.
type KindTotal struct {
	Kind string
	admin.SnapshotTotals
}

// mostDifferences is how many are shown.
const mostDifferences = 100

func snapshot(v *visit) (any, error) {
	id, err := strconv.ParseUint(v.Param("id"), 10, 64)
	if err != nil {
		_, _, err = v.Desk.SnapshotFile(0)
		return nil, err
	}
	s := &OneSnapshot{V: v, To: v.Query.Get("to"), Kind: v.Query.Get("kind"), Others: []string{"now=the present"}}
	if s.To == "" {
		s.To = "now"
	}
	if s.Diff, err = v.Desk.DiffSnapshot(id, s.To, mostDifferences); err != nil {
		return nil, err
	}
	list, err := v.Desk.Snapshots(world.MaxSnapshots, "")
	if err != nil {
		return nil, err
	}
	for _, other := range list.Items {
		if other.ID != id {
			s.Others = append(s.Others, fmt.Sprintf("%d=#%d %s", other.ID, other.ID, other.Name))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Diff.Totals)) {
		s.Kinds = append(s.Kinds, KindTotal{kind, s.Diff.Totals[kind]})
	}
	for _, one := range s.Diff.Items {
		if s.Kind == "" || one.Kind == s.Kind {
			s.Items = append(s.Items, one)
		}
	}
	return s, nil
}

// RestoreSnapshot asks before a state takes the place of all that there is.
type RestoreSnapshot struct {
	V   *visit
	One admin.SnapshotView
}

func restoreSnapshot(v *visit) (any, error) {
	list, err := v.Desk.Snapshots(world.MaxSnapshots, "")
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list.Items, func(s admin.SnapshotView) bool { return strconv.FormatUint(s.ID, 10) == v.Param("id") })
	if i < 0 {
		return nil, fail.New(fail.NotFound, "there is no snapshot %s", v.Param("id"))
	}
	return &RestoreSnapshot{v, list.Items[i]}, nil
}

// Sum is how many records differ.
func (s *OneSnapshot) Sum() (n int) {
	for _, k := range s.Kinds {
		n += k.Added + k.Removed + k.Changed
	}
	return n
}

// Option is a value and its words.
type Option struct{ Value, Words string }

// Options are the states that this one can be held against.
func (s *OneSnapshot) Options() (out []Option) {
	for _, o := range s.Others {
		value, words, _ := strings.Cut(o, "=")
		out = append(out, Option{value, words})
	}
	return out
}

// File is where a snapshot can be downloaded.
func (v *visit) File(id uint64) string {
	return v.Root + admin.Prefix + "/snapshots/" + strconv.FormatUint(id, 10)
}

// Boot starts another sandbox with a snapshot.
func (v *visit) Boot(id string) string {
	name := "sandbank-" + v.Space.Name + "-" + id + ".json"
	return v.Curl("GET", "/snapshots/"+id, "") + " -o " + name + "\nsandbank --snapshot " + name
}

// Plain is a JSON value as people write it: a text without its quotes.
func (v *visit) Plain(raw []byte) string {
	if len(raw) == 0 {
		return "empty"
	}
	if text, err := strconv.Unquote(string(raw)); err == nil {
		return text
	}
	return string(raw)
}
