package admin_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/fail"
	"sandbank/server/journal"
	"sandbank/server/world"
)

// written is the journal of a space as text, without what is this run's and not the space's: the port, and how long things took.
func (d *desk) written(t testing.TB, space string) []byte {
	t.Helper()
	host := []byte(strings.TrimPrefix(d.URL(), "http://"))
	inQuery := []byte(url.QueryEscape(string(host))) // as iss says it
	j := d.world.Space(space).Journal
	var out bytes.Buffer
	for id := uint64(1); id <= j.Total(); id++ {
		e := *j.Entry(id)
		e.Took = 0
		for _, part := range []*journal.Part{&e.Request, &e.Response} {
			part.Head = bytes.ReplaceAll(part.Head, inQuery, []byte("127.0.0.1%3A10000"))
			part.Head, part.Body = bytes.ReplaceAll(part.Head, host, []byte("127.0.0.1:10000")), bytes.ReplaceAll(part.Body, host, []byte("127.0.0.1:10000"))
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	return out.Bytes()
}

// differs is where two texts part, with the lines there.
func differs(a, b []byte) (string, string) {
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			n := 0
			for n < min(len(x[i]), len(y[i])) && x[i][n] == y[i][n] {
				n++
			}
			from := max(0, n-200)
			return string(x[i][from:min(len(x[i]), n+200)]), string(y[i][from:min(len(y[i]), n+200)])
		}
	}
	return "", ""
}

// Two sandboxes of one seed that are driven alike, at all five banks and at all levers, write the same journal to the byte; one of another
// seed does not. Two walks, so that what one cannot reach the other may.
func TestSameSeedSameJournal(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for walk := range uint64(2) {
		run := func(seed uint64) []byte {
			d := open(t, server.Options{Seed: seed}, admin.Options{})
			w := d.walker("", walk)
			for range 100 {
				w.step()
			}
			for _, e := range d.Journal().Recent(2000, nil) {
				seen[e.Bank] = seen[e.Bank] || e.Status == 200
			}
			return d.written(t, world.Main)
		}
		one, two := run(7), run(7)
		if !bytes.Equal(one, two) {
			a, b := differs(one, two)
			t.Errorf("walk %d, seed 7 twice:\n%s\n%s", walk, a, b)
		}
		if other := run(8); bytes.Equal(one, other) {
			t.Errorf("walk %d: the seed has no effect", walk)
		}
	}
	for _, bank := range []string{"yoisho", "berlin", "sparebank1", "s2s", "finapi"} {
		if !seen[bank] {
			t.Errorf("%s never answered 200", bank)
		}
	}
}

// What happens in one space, its clock and its faults included, changes nothing in another: the journal of a space is the same whether
// or not somebody else walks next door.
func TestSpacesAreWorldsApart(t *testing.T) {
	t.Parallel()
	run := func(neighbour bool) []byte {
		d := open(t, server.Options{Seed: 3}, admin.Options{})
		d.pull("POST", "/spaces", `{"names":["a","b"]}`).Want(201)
		a, b, m := d.walker("/s/a", 1), d.walker("/s/b", 2), d.walker("", 3)
		for range 80 {
			if neighbour {
				d.Do("POST", "/s/b"+admin.Prefix+"/clock", `{"advance":"1h"}`).Want(200)
				b.step()
				m.step()
			}
			a.step()
		}
		return d.written(t, "a")
	}
	alone, beside := run(false), run(true)
	if !bytes.Equal(alone, beside) {
		a, b := differs(alone, beside)
		t.Errorf("alone and with neighbours:\n%s\n%s", a, b)
	}
}

// state is all of a space that undo must bring back, as bytes.
func (d *desk) state(t interface{ Fatal(...any) }) string {
	s := d.world.Space(world.Main)
	file, err := s.Snapshot().File()
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	for _, one := range s.Snapshots() {
		text += one.Name + one.Taken.String()
	}
	return text
}

// lived is a sandbox in which something of everything is there.
func lived(t testing.TB) *desk {
	d := open(t, secure(), admin.Options{})
	w := d.walker("", 5)
	for range 3 {
		for _, call := range w.calls() {
			call()
		}
	}
	d.pull("POST", "/snapshots", `{"name":"lived"}`).Want(201)
	d.pull("POST", "/faults", `{"line":"op=never*; bank=yoisho; status=500"}`)
	d.pull("POST", "/faults", `{"line":"bank=yoisho; status=500; next=2"}`).Want(201)
	d.pull("PATCH", "/policies", `{"level":{"bank":"s2s"},"set":{"access":"1h"}}`).Want(200)
	d.pull("POST", "/tokens", ali(`,"refresh":true`)).Want(201)
	d.pull("POST", "/consents", `{"bank":"berlin","client":"bg-demo","user":"dave"}`).Want(201)
	d.pull("POST", "/users/berlin/jane/lock", nil).Want(200)
	d.pull("POST", "/accounts/1a0f6c52-7d43-4b8e-9a55-2f90c1d7e306/close", nil).Want(200)
	d.pull("POST", "/scenarios/E30", nil).Want(200)
	return d
}

// Each lever, alone: it does something, and undo takes back exactly that.
func TestEveryLeverIsUndone(t *testing.T) {
	t.Parallel()
	d := lived(t)
	before := d.state(t)
	for _, name := range names(levers()) {
		changed := false
		for seed := range uint64(40) {
			if !d.walker("", seed).turn(levers()[name]) {
				continue
			}
			changed = changed || d.state(t) != before
			d.undo()
			if after := d.state(t); after != before {
				a, b := differs([]byte(before), []byte(after))
				t.Fatalf("%s, undone:\n%s\n%s", name, a, b)
			}
			if changed {
				break
			}
		}
		if !changed && name != "disarmFaults" { // nothing is armed any more after a walk of calls
			t.Errorf("%s never changed anything", name)
		}
	}
}

// Any sequence of levers, taken back, has never been. Each is looked at record by record, and all of them together by the byte.
func TestUndoIsTheIdentity(t *testing.T) {
	t.Parallel()
	d := lived(t)
	before, records := d.state(t), d.world.Space(world.Main).Snapshot()
	all := levers()
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.SliceOfN(rapid.SampledFrom(names(all)), 1, 6).Draw(t, "levers")
		w := d.walker("", rapid.Uint64().Draw(t, "numbers"))
		done := 0
		for _, name := range order {
			if w.turn(all[name]) {
				done++
			}
		}
		if done == 0 {
			return
		}
		if a := d.pull("POST", "/undo", map[string]int{"count": done}); a.Status != 200 {
			t.Fatalf("undo: %d %s", a.Status, a.Body)
		}
		if left, err := d.world.Space(world.Main).Snapshot().Diff(records); err != nil || len(left) > 0 {
			t.Fatalf("%v, undone: %+v, %v", order, left, err)
		}
	})
	if after := d.state(t); after != before {
		a, b := differs([]byte(before), []byte(after))
		t.Errorf("all undone:\n%s\n%s", a, b)
	}
}

// Whoever adds a lever adds it to the walk.
func TestEveryLeverIsWalked(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	others := []string{"undo", "clearJournal", "replay", "tryFault", "sendRequest", // these are not taken back
		"createSpaces", "changeSpace", "resetSpace", "restoreSpace", "deleteSpace"} // these are about spaces, not in one
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	d.pull("GET", "/openapi.json", nil).Want(200).Into(&doc)
	all := levers()
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if _, walked := all[op.OperationID]; method != "get" && !walked && !slices.Contains(others, op.OperationID) {
				t.Errorf("%s %s: add %s to levers()", method, path, op.OperationID)
			}
		}
	}
}

// What is dealt for an order comes from the dice that the space has then: a reset puts others in place meanwhile.
func TestDealtWhileTheSpaceBeginsAnew(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var all sync.WaitGroup
	for path, body := range map[string]string{"/reset": `{"what":"everything"}`, "/clients/berlin/bg-demo/rotate": `{}`, "/users/berlin/dave/password": `{}`,
		"/service-accounts/s2s/s2s-demo/rotate": `{}`} {
		all.Go(func() {
			for range 40 {
				if a := d.pull("POST", path, body); a.Status != 200 {
					t.Errorf("%s: %d %s", path, a.Status, a.Body)
				}
			}
		})
	}
	all.Wait()
}

// Levers of every kind against traffic of all banks, while spaces come and go and somebody reads everything: nothing breaks, and under
// the race detector nothing races.
func TestLeversUnderTraffic(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	until := time.Now().Add(3 * time.Second)
	var all sync.WaitGroup
	again := func(do func(n int)) {
		all.Go(func() {
			for n := 0; time.Now().Before(until); n++ {
				do(n)
			}
		})
	}
	for i := range uint64(4) {
		w := d.walker("", i)
		calls := w.calls()
		again(func(int) { one(w, calls...)() })
	}
	for i := range uint64(2) {
		w, table := d.walker("", 10+i), levers()
		ops := names(table)
		again(func(int) { w.turn(table[one(w, ops...)]) })
		again(func(int) { d.pull("POST", "/undo", `{}`) })
	}
	again(func(n int) {
		name := `p` + string(rune('0'+n%3))
		d.pull("POST", "/spaces", `{"name":"`+name+`","idle":"`+[]string{"0s", "1ns", "1h"}[n%3]+`"}`)
		w := d.walker("/s/"+name, uint64(n))
		for range 3 {
			w.step()
		}
		d.pull("PATCH", "/spaces/"+name, `{"idle":"50ms"}`)
		d.pull("DELETE", "/spaces/"+name, nil)
		d.pull("POST", "/spaces/"+name+"/restore", nil)
		d.pull("POST", "/spaces/"+name+"/reset", nil)
		d.pull("DELETE", "/spaces/"+name, nil)
	})
	rng := rand.New(rand.NewPCG(1, 2))
	reads := []string{"/clock", "/tokens", "/grants", "/consents", "/clients", "/policies", "/faults", "/settings", "/journal", "/snapshots", "/activity", "/spaces",
		"/wait?event=token.expired&timeout=10ms"}
	again(func(int) { d.pull("GET", reads[rng.IntN(len(reads))], nil) })
	again(func(int) { d.Get("/metrics").Want(200) })
	all.Wait()
	d.Get("/healthz").Want(200)
	for _, e := range d.Journal().Recent(2000, nil) {
		if e.Kind == fail.Internal {
			t.Errorf("%s %s: %s", e.Method, e.Target, e.Why)
		}
	}
	if n := d.Journal().Total(); n < 20 {
		t.Errorf("%d calls are no traffic", n)
	}
}
