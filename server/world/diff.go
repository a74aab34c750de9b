package world

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"sandbank/server/fault"
	"sandbank/server/ledger"
)

// Difference is what became of one record between two snapshots.
type Difference struct {
	Kind   string        `json:"kind"` // clock, switches, policy, fault, scenario, client, person, account, entry, payment, grant, token, consent, calls, key
	ID     string        `json:"id"`
	Change string        `json:"change"` // added, removed, changed
	Fields []FieldChange `json:"fields,omitempty"`
}

// FieldChange is one field of a changed record. Secrets are named only.
type FieldChange struct {
	Field string          `json:"field"`
	From  json.RawMessage `json:"from,omitempty"` // left out: it was empty
	To    json.RawMessage `json:"to,omitempty"`
}

// kinds are those of a Difference, in the order in which they are told.
func kinds() []string {
	return []string{"clock", "switches", "policy", "fault", "scenario", "client", "person", "account", "entry", "payment", "grant", "token", "consent", "calls", "key"}
}

// secret tells whether a field is not for show. A token's value never changes.
func secret(field string) bool {
	return field == "password" || field == "secrets" || field == "service"
}

// Diff tells how n differs from an older snapshot, by kind and id. Records that both share are not looked at. The entries of an account
// that is in one of them only count with it.
func (n *Snapshot) Diff(old *Snapshot) ([]Difference, error) {
	type key struct{ kind, id string }
	before := map[key]any{}
	old.each(n, func(kind, id string, record any) { before[key{kind, id}] = record })
	var out []Difference
	var bad error
	n.each(old, func(kind, id string, is any) {
		was, had := before[key{kind, id}]
		delete(before, key{kind, id})
		if !had {
			out = append(out, Difference{Kind: kind, ID: id, Change: "added"})
			return
		}
		fields, err := compare(was, is)
		if bad = errors.Join(bad, err); len(fields) > 0 {
			out = append(out, Difference{kind, id, "changed", fields})
		}
	})
	for k := range before {
		out = append(out, Difference{Kind: k.kind, ID: k.id, Change: "removed"})
	}
	order := kinds()
	slices.SortFunc(out, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.ID, b.ID))
	})
	return out, bad
}

// each visits every record of n that other may not have as it is, in no order.
func (n *Snapshot) each(other *Snapshot, visit func(kind, id string, record any)) {
	visit("clock", "clock", n.clock)
	visit("switches", "switches", n.switches)
	n.ledger.Each(visit)
	n.grants.Each(visit)
	n.keys.Each(visit)
	d := n.faults.Dump()
	for _, run := range [][]fault.Record{d.Armed, d.Spent} {
		for i := range run {
			visit("fault", run[i].ID, &run[i])
		}
	}
	for _, a := range n.scenarios.All() {
		visit("scenario", a.Case, a)
	}
	n.ledger.Entries(other.ledger, func(account string, entries []ledger.Entry) {
		for i := range entries {
			visit("entry", account+"/"+entries[i].ID, &entries[i])
		}
	})
}

// compare tells which fields of a record differ.
func compare(was, is any) (out []FieldChange, err error) {
	if was == is { // the same pointer
		return nil, nil
	}
	var a, b map[string]json.RawMessage
	before, err := json.Marshal(was)
	if err != nil {
		return nil, err
	}
	after, err := json.Marshal(is)
	if err != nil || bytes.Equal(before, after) {
		return nil, err
	}
	if err := errors.Join(json.Unmarshal(before, &a), json.Unmarshal(after, &b)); err != nil {
		return nil, err
	}
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch {
		case bytes.Equal(a[name], b[name]):
		case secret(name):
			out = append(out, FieldChange{Field: name})
		default:
			out = append(out, FieldChange{name, a[name], b[name]})
		}
	}
	return out, nil
}
