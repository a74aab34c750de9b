package admin

import (
	"fmt"

	"sandbank/server/fail"
	"sandbank/server/world"
)

// UndoOrder asks for the last changes to be taken back.
type UndoOrder struct {
	Count int    `json:"count,omitempty"` // of the last ones; 0: one
	ID    uint64 `json:"id,omitempty"`    // of one activity, instead: that one alone, whatever came after it
}

// Undone says what was taken back.
type Undone struct {
	Undone []world.Activity `json:"undone"`
	Kept   int              `json:"kept"` // records left as they are, because traffic changed them since
}

// String says it in one line.
func (u *Undone) String() string {
	text := "Undone: " + u.Undone[0].What
	if more := len(u.Undone) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	if u.Kept > 0 {
		text += "; what has changed since stays"
	}
	return text
}

func activityEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/activity", op: "activity", doc: "what levers changed, newest first", query: []parameter{{"limit", "1 to 200; 50 by default"}}, out: []world.Activity{},
			do: func(r *request) (any, error) {
				n, err := r.number("limit", 50, 1, 200)
				if err != nil {
					return nil, err
				}
				return append([]world.Activity{}, r.Space.Activities(n)...), nil
			}},
		{method: "POST", path: "/undo", op: "undo", doc: "take the last changes back", in: UndoOrder{}, out: Undone{}, do: func(r *request) (any, error) {
			var o UndoOrder
			if err := r.decode(&o); err != nil {
				return nil, err
			}
			return r.Undo(o)
		}},
	}
}

// Undo takes the last changes back.
func (d *Desk) Undo(o UndoOrder) (*Undone, error) {
	if o.Count < 0 || o.Count > 200 {
		return nil, fail.Field("count", "%d is not from 1 to 200", o.Count)
	}
	if o.ID > 0 {
		if o.Count > 0 {
			return nil, fail.Field("id", "give id or count, not both")
		}
		undone, kept, err := d.Space.Revert(o.ID)
		if err != nil {
			return nil, err
		}
		return &Undone{[]world.Activity{undone}, kept}, nil
	}
	undone, kept, err := d.Space.Undo(max(1, o.Count))
	if err != nil {
		return nil, err
	}
	return &Undone{undone, kept}, nil
}
