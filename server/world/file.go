package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/grant"
	"sandbank/server/keys"
	"sandbank/server/ledger"
	"sandbank/server/scenario"
)

// version of the file format. A file of another version is refused, never guessed at.
const version = 1

// file is a snapshot as it is written: the same state gives the same bytes. A part of the world that joins snapshots later is one more
// field here and one in Snapshot.
type file struct {
	Sandbank int       `json:"sandbank"` // version
	Clock    clockFile `json:"clock"`
	Switches Switches  `json:"switches"` // what is missing is as in a new space
	books
	granted
	Keys   []keys.Record     `json:"keys"`
	Faults fault.Dump        `json:"faults"`
	Armed  []*scenario.Armed `json:"scenarios"` // those that are armed
	Gone   []string          `json:"gone"`      // what records refer to although it was deleted: "person berlin/dave"
}

type (
	books   = ledger.Dump
	granted = grant.Dump
)

// clockFile is how the clock stood.
type clockFile struct {
	Now    time.Time  `json:"now"`
	Born   time.Time  `json:"born"`  // what it showed when the space began
	Speed  float64    `json:"speed"` // virtual seconds per real second
	Frozen bool       `json:"frozen"`
	Skew   clock.Skew `json:"skew,omitzero"`
}

// File is the snapshot as a file: JSON, sorted, one record on each line. Everything is in it in clear, secrets too.
func (n *Snapshot) File() ([]byte, error) {
	f := file{Sandbank: version, Clock: n.clock, Switches: n.switches, books: n.ledger.Dump(), granted: n.grants.Dump(), Keys: n.keys.Dump(), Faults: n.faults.Dump(), Armed: n.scenarios.All()}
	for _, l := range f.loose() {
		f.Gone = append(f.Gone, l.to)
	}
	slices.Sort(f.Gone)
	f.Gone = slices.Compact(f.Gone)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	write := func(v any) error {
		err := e.Encode(v)
		out.Truncate(max(0, out.Len()-1)) // Encode ends the line
		return err
	}
	before := "{\n"
	v := reflect.ValueOf(f)
	for _, field := range reflect.VisibleFields(v.Type()) {
		if field.Anonymous {
			continue
		}
		fmt.Fprintf(&out, "%s%q: ", before, field.Tag.Get("json"))
		before = ",\n"
		if err := writeField(&out, v.FieldByIndex(field.Index), write); err != nil {
			return nil, err
		}
	}
	out.WriteString("\n}\n")
	return out.Bytes(), nil
}

// writeField writes a list with one record on each line, anything else as it is.
func writeField(out *bytes.Buffer, v reflect.Value, write func(any) error) error {
	if v.Kind() != reflect.Slice {
		return write(v.Interface())
	}
	before := "[\n"
	for i := range v.Len() {
		out.WriteString(before)
		before = ",\n"
		if err := write(v.Index(i).Interface()); err != nil {
			return err
		}
	}
	if v.Len() == 0 {
		out.WriteByte('[')
	}
	out.WriteByte(']')
	return nil
}

// Read reads a file, whole or not at all. A refusal names the place: InvalidField "tokens[3].grant". Nothing changes.
func (s *Space) Read(data []byte) (*Snapshot, error) {
	var head struct {
		Sandbank json.Number `json:"sandbank"`
	}
	if json.Unmarshal(data, &head) == nil && head.Sandbank != json.Number(fmt.Sprint(version)) {
		return nil, fail.Field("sandbank", "the file has version %q; this program reads %d", head.Sandbank, version)
	}
	f := file{Switches: standard(s.world.options)}
	if err := bind(data, &f); err != nil {
		return nil, err
	}
	if err := f.check(s.world.options.Banks); err != nil {
		return nil, err
	}
	l, err := ledger.Load(f.books)
	if err != nil {
		return nil, err
	}
	g, err := grant.Load(f.granted)
	if err != nil {
		return nil, err
	}
	ring, err := keys.Load(f.Keys)
	if err != nil {
		return nil, err
	}
	faults, err := fault.Load(f.Faults)
	if err != nil {
		e := fail.From(err)
		return nil, e.At("faults." + e.Param)
	}
	armed, err := scenario.Load(f.Armed)
	if err != nil {
		return nil, err
	}
	if err := f.tied(); err != nil {
		return nil, err
	}
	f.Clock.Now, f.Clock.Born = f.Clock.Now.UTC(), f.Clock.Born.UTC()
	return &Snapshot{clock: f.Clock, ledger: l.Still(), grants: g, keys: ring, faults: faults, scenarios: armed, switches: f.Switches}, nil
}

// check is what neither the ledger nor the grants can know: the clock and the banks.
func (f *file) check(banks []grant.Profile) error {
	for _, c := range []struct {
		place string
		at    time.Time
	}{{"clock.now", f.Clock.Now}, {"clock.born", f.Clock.Born}} {
		if err := clock.Check(c.at); err != nil {
			return fail.Field(c.place, "%v", err)
		}
	}
	if f.Clock.Speed < 0 || f.Clock.Speed > clock.Fastest {
		return fail.Field("clock.speed", "%v is not between 0 and 1000000", f.Clock.Speed)
	}
	if field, err := f.Clock.Skew.Check(); err != nil {
		return fail.Field("clock.skew."+field, "%v", err)
	}
	for _, err := range []error{
		known(banks, "people", f.People, func(p *ledger.Person) string { return p.Bank }),
		known(banks, "accounts", f.Accounts, func(a ledger.AccountRecord) string { return a.Bank }),
		known(banks, "payments", f.Payments, func(p *ledger.Payment) string { return p.Bank }),
		known(banks, "clients", f.Clients, func(c *grant.Client) string { return c.Bank }),
		known(banks, "grants", f.Grants, func(v *grant.Grant) string { return v.Bank }),
		known(banks, "consents", f.Consents, func(c *grant.Consent) string { return c.Bank }),
		known(banks, "keys", f.Keys, func(k keys.Record) string { return k.Bank }),
		known(banks, "scenarios", f.Armed, func(a *scenario.Armed) string { return a.Bank }),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// tied refuses references that lead nowhere, unless the file says that it knows.
func (f *file) tied() error {
	gone := map[string]bool{}
	for _, to := range f.Gone {
		gone[to] = true
	}
	for _, l := range f.loose() {
		if !gone[l.to] {
			return fail.Field(l.place, "there is no %s, and it is not listed as gone", l.to)
		}
	}
	return nil
}

// known refuses records of a bank that there is not.
func known[V any](banks []grant.Profile, list string, records []V, bank func(V) string) error {
	names := map[string]bool{}
	for _, b := range banks {
		names[b.Bank] = true
	}
	for i, r := range records {
		if !names[bank(r)] {
			return fail.Field(fmt.Sprintf("%s[%d].bank", list, i), "there is no bank %q", bank(r))
		}
	}
	return nil
}

// loose is a reference that leads nowhere: the person, client, account or consent was deleted, which leaves tokens and payments as they
// are.
type loose struct{ place, to string }

func (f *file) loose() (out []loose) {
	there := f.there()
	refer := func(list string, i int, field, kind, id string) {
		if to := kind + " " + id; id != "" && !there[to] {
			out = append(out, loose{fmt.Sprintf("%s[%d].%s", list, i, field), to})
		}
	}
	client := func(list string, i int, bank, id string) {
		if id != "" {
			refer(list, i, "client", "client", bank+" "+id)
		}
	}
	for i, p := range f.People {
		client("people", i, p.Bank, p.Client)
	}
	for i, p := range f.Payments {
		client("payments", i, p.Bank, p.Client)
		refer("payments", i, "from", "account", p.From)
	}
	for i, c := range f.Clients {
		if c.Service != nil {
			refer("clients", i, "service.owner", "person", c.Service.Owner)
		}
	}
	for i, v := range f.Grants {
		client("grants", i, v.Bank, v.Client)
		refer("grants", i, "owner", "person", v.Owner)
		refer("grants", i, "consent", "consent", v.Consent)
	}
	for i, t := range f.Tokens {
		client("tokens", i, t.Bank, t.Client)
		refer("tokens", i, "owner", "person", t.Owner)
	}
	for i, c := range f.Consents {
		client("consents", i, c.Bank, c.Client)
		refer("consents", i, "owner", "person", c.Owner)
		for j := range c.Rights {
			refer("consents", i, fmt.Sprintf("rights[%d].account", j), "account", c.Rights[j].Account)
		}
	}
	for i, r := range f.Policy {
		client("policy", i, r.Bank, r.Client)
		refer("policy", i, "user", "person", r.User)
	}
	return out
}

// there is what can be referred to.
func (f *file) there() map[string]bool {
	there := map[string]bool{}
	for _, p := range f.People {
		there["person "+p.ID] = true
	}
	for i := range f.Accounts {
		there["account "+f.Accounts[i].ID] = true
	}
	for _, c := range f.Clients {
		there["client "+c.Bank+" "+c.ID] = true
	}
	for _, c := range f.Consents {
		there["consent "+c.ID] = true
	}
	return there
}
