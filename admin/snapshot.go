package admin

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sandbank/server/fail"
	"sandbank/server/world"
)

// SnapshotView is a state that the space keeps.
type SnapshotView struct {
	ID        uint64       `json:"id"`
	Name      string       `json:"name"`
	Automatic bool         `json:"automatic"` // taken by a reset; such ones go first when there are too many
	At        time.Time    `json:"at"`        // what the space's clock showed
	Taken     time.Time    `json:"taken"`     // real time
	Counts    world.Counts `json:"counts"`
}

// SnapshotOrder asks for a snapshot.
type SnapshotOrder struct {
	Name string `json:"name,omitempty"` // "snapshot" when empty; need not be unique
}

// SnapshotKept is a new snapshot. A space keeps at most 50: dropped are those that went to make room, the oldest automatic one first.
type SnapshotKept struct {
	SnapshotView
	Dropped []SnapshotView `json:"dropped"`
}

// SnapshotList is one page of snapshots, newest first.
type SnapshotList struct {
	Items []SnapshotView `json:"items"`
	Next  string         `json:"next,omitempty"` // cursor of the next page
}

// SnapshotDiff tells what became of the records of one state in another.
type SnapshotDiff struct {
	From   SnapshotView              `json:"from"`
	To     *SnapshotView             `json:"to,omitempty"` // left out: the present
	Totals map[string]SnapshotTotals `json:"totals"`       // by kind, of all differences
	Items  []world.Difference        `json:"items"`
	More   int                       `json:"more"` // differences beyond the limit
}

// SnapshotTotals counts differences.
type SnapshotTotals struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Changed int `json:"changed"`
}

// ResetOrder asks for a part to begin anew.
type ResetOrder struct {
	What world.Part `json:"what,omitempty"` // tokens, clock, data, everything; "everything" when empty
}

// ResetDone says which automatic snapshot holds the state before a reset, and which ones went to make room for it.
type ResetDone struct {
	What     world.Part     `json:"what"`
	Snapshot SnapshotView   `json:"snapshot"`
	Dropped  []SnapshotView `json:"dropped"`
}

func snapshotEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/snapshots", op: "snapshots", doc: "the states that this space keeps, newest first",
			query: []parameter{{"limit", "1 to 1000; 100 by default"}, {"cursor", "next of the page before"}}, out: SnapshotList{}, do: listSnapshots},
		{method: "POST", path: "/snapshots", op: "takeSnapshot", doc: "keep the state as it is: clock, people, money, clients, grants, tokens, consents, policies",
			in: SnapshotOrder{}, out: SnapshotKept{}, status: 201, do: func(r *request) (any, error) {
				var o SnapshotOrder
				if err := r.decode(&o); err != nil {
					return nil, err
				}
				return r.TakeSnapshot(o)
			}},
		{method: "POST", path: "/snapshots/upload", op: "uploadSnapshot", doc: "keep the state of a file that a download gave; it is not restored yet",
			query: []parameter{{"name", "what to call it"}}, in: map[string]any{}, out: SnapshotKept{}, status: 201,
			do: func(r *request) (any, error) { return r.UploadSnapshot(r.query.Get("name"), r.body) }},
		{method: "GET", path: "/snapshots/{id}", op: "downloadSnapshot", doc: "the state as a file, with every secret in clear; the same state gives the same bytes",
			out: map[string]any{}, do: withSnapshot(download)},
		{method: "DELETE", path: "/snapshots/{id}", op: "deleteSnapshot", doc: "forget a state; it can be undone",
			do: withSnapshot(func(r *request, id uint64) (any, error) { return nil, r.Space.Drop(id) })},
		{method: "POST", path: "/snapshots/{id}/restore", op: "restoreSnapshot", doc: "put the state back, the clock at the instant that it showed; logins under way end; it can be undone",
			out: SnapshotView{}, do: withSnapshot(func(r *request, id uint64) (any, error) { return r.RestoreSnapshot(id) })},
		{method: "GET", path: "/snapshots/{id}/diff", op: "diffSnapshot", doc: "which records were added, removed and changed since",
			query: []parameter{{"to", "the number of another snapshot, or now, which is the default"}, {"limit", "1 to 1000; 100 by default"}}, out: SnapshotDiff{},
			do: withSnapshot(diffSnapshot)},
		{method: "POST", path: "/reset", op: "reset", doc: "begin a part anew, as at the start; the state before it is kept as an automatic snapshot, and it can be undone",
			in: ResetOrder{}, out: ResetDone{}, do: func(r *request) (any, error) {
				var o ResetOrder
				if err := r.decode(&o); err != nil {
					return nil, err
				}
				return r.Reset(o)
			}},
	}
}

// withSnapshot reads the number in the path.
func withSnapshot(do func(r *request, id uint64) (any, error)) func(*request) (any, error) {
	return func(r *request) (any, error) {
		id, err := snapshotNumber(r.params["id"])
		if err != nil {
			return nil, err
		}
		return do(r, id)
	}
}

func snapshotNumber(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fail.New(fail.NotFound, "there is no snapshot %q; a snapshot goes by its number", text)
	}
	return id, nil
}

func listSnapshots(r *request) (any, error) {
	limit, err := r.number("limit", 100, 1, 1000)
	if err != nil {
		return nil, err
	}
	return r.Snapshots(limit, r.query.Get("cursor"))
}

func download(r *request, id uint64) (any, error) {
	name, data, err := r.SnapshotFile(id)
	if err != nil {
		return nil, err
	}
	r.ctx.Set("Content-Type", "application/json")
	r.ctx.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	r.ctx.Set("Cache-Control", "no-store")
	return answered, r.ctx.Send(data)
}

func diffSnapshot(r *request, id uint64) (any, error) {
	limit, err := r.number("limit", 100, 1, 1000)
	if err != nil {
		return nil, err
	}
	return r.DiffSnapshot(id, r.query.Get("to"), limit)
}

func snapshotView(s *world.Stored) SnapshotView {
	return SnapshotView{ID: s.ID, Name: s.Name, Automatic: s.Auto, At: s.At(), Taken: s.Taken, Counts: s.Counts()}
}

func snapshotViews(list []*world.Stored) []SnapshotView {
	out := make([]SnapshotView, len(list))
	for i, s := range list {
		out[i] = snapshotView(s)
	}
	return out
}

// Snapshots are those that the space keeps, newest first: at most limit of them, from the cursor on.
func (d *Desk) Snapshots(limit int, cursor string) (*SnapshotList, error) {
	before := ^uint64(0)
	if cursor != "" {
		var err error
		if before, err = strconv.ParseUint(cursor, 36, 64); err != nil {
			return nil, fail.Field("cursor", "%q is not a cursor of this list", cursor)
		}
	}
	out := SnapshotList{Items: []SnapshotView{}}
	all := d.Space.Snapshots()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].ID >= before {
			continue
		}
		if len(out.Items) == limit {
			out.Next = strconv.FormatUint(out.Items[limit-1].ID, 36)
			break
		}
		out.Items = append(out.Items, snapshotView(all[i]))
	}
	return &out, nil
}

// TakeSnapshot keeps the state as it is.
func (d *Desk) TakeSnapshot(o SnapshotOrder) (*SnapshotKept, error) {
	name, err := snapshotName(o.Name)
	if err != nil {
		return nil, err
	}
	kept, dropped, err := d.Space.Take(name)
	if err != nil {
		return nil, err
	}
	return &SnapshotKept{snapshotView(kept), snapshotViews(dropped)}, nil
}

// UploadSnapshot keeps the state of a file. What does not fit in it is InvalidField with the place: "tokens[3].grant".
func (d *Desk) UploadSnapshot(name string, file []byte) (*SnapshotKept, error) {
	name, err := snapshotName(name)
	if err != nil {
		return nil, err
	}
	n, err := d.Space.Read(file)
	if err != nil {
		return nil, err
	}
	kept, dropped, err := d.Space.Store(n, name)
	if err != nil {
		return nil, err
	}
	return &SnapshotKept{snapshotView(kept), snapshotViews(dropped)}, nil
}

// snapshotName is a name that fits on one line.
func snapshotName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return "snapshot", nil
	}
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > 100 || strings.ContainsFunc(name, unicode.IsControl) {
		return "", fail.Field("name", "a name has up to 100 characters and no line breaks")
	}
	return name, nil
}

// SnapshotFile is a snapshot as a file, and a name for it.
func (d *Desk) SnapshotFile(id uint64) (name string, data []byte, err error) {
	s, err := d.Space.Stored(id)
	if err != nil {
		return "", nil, err
	}
	slug := strings.FieldsFunc(strings.ToLower(s.Name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	name = strings.Join(append([]string{"sandbank", d.Space.Name, strconv.FormatUint(id, 10)}, slug...), "-") + ".json"
	data, err = s.File()
	return name, data, err
}

// RestoreSnapshot puts a state back.
func (d *Desk) RestoreSnapshot(id uint64) (*SnapshotView, error) {
	s, err := d.Space.Stored(id)
	if err != nil {
		return nil, err
	}
	view := snapshotView(s)
	return &view, d.Space.Restore(s.Snapshot, "restored the snapshot "+strconv.Quote(s.Name))
}

// DiffSnapshot tells what became of a state: up to another snapshot, or up to now when to is "now" or empty.
func (d *Desk) DiffSnapshot(id uint64, to string, limit int) (*SnapshotDiff, error) {
	from, err := d.Space.Stored(id)
	if err != nil {
		return nil, err
	}
	out := &SnapshotDiff{From: snapshotView(from), Totals: map[string]SnapshotTotals{}}
	var until *world.Snapshot
	if to == "" || to == "now" {
		until = d.Space.Snapshot()
	} else {
		number, err := strconv.ParseUint(to, 10, 64)
		if err != nil {
			return nil, fail.Field("to", "%q is neither the number of a snapshot nor now", to)
		}
		other, err := d.Space.Stored(number)
		if err != nil {
			return nil, err
		}
		view := snapshotView(other)
		out.To, until = &view, other.Snapshot
	}
	all, err := until.Diff(from.Snapshot)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		t := out.Totals[one.Kind]
		switch one.Change {
		case "added":
			t.Added++
		case "removed":
			t.Removed++
		default:
			t.Changed++
		}
		out.Totals[one.Kind] = t
	}
	shown := min(limit, len(all))
	out.Items, out.More = append([]world.Difference{}, all[:shown]...), len(all)-shown
	return out, nil
}

// Reset begins a part anew, as at the start of the space.
func (d *Desk) Reset(o ResetOrder) (*ResetDone, error) {
	if o.What == "" {
		o.What = world.Everything
	}
	before, dropped, err := d.Space.Reset(o.What)
	if err != nil {
		return nil, err
	}
	return &ResetDone{o.What, snapshotView(before), snapshotViews(dropped)}, nil
}
