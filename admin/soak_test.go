package admin_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"sandbank/admin"
	"sandbank/admin/console"
	"sandbank/server"
	"sandbank/server/journal"
	"sandbank/server/ledger"
	"sandbank/server/world"
)

// soak is a sandbox under everything at once: clients of all banks, people in the console, levers of every kind, spaces that come and go.
type soak struct {
	*desk
	log *complaints
}

// complaints are what the log says at level error: every 5xx that no fault ordered, and every panic.
type complaints struct {
	sync.Mutex
	text bytes.Buffer
}

func (c *complaints) Write(p []byte) (int, error) {
	c.Lock()
	defer c.Unlock()
	return c.text.Write(p)
}

// soakJournal is how many requests are remembered: few, so that the journal is full soon.
const soakJournal = 500

func newSoak(t *testing.T) *soak {
	log := &complaints{}
	d := openAs(t, server.Options{Journal: soakJournal, Log: zerolog.New(log).Level(zerolog.ErrorLevel)}, func(in server.Inside) serving {
		return console.New(admin.New(over(in, admin.Options{}))).Serve
	})
	return &soak{d, log}
}

// length is how long the soak takes: SANDBANK_SOAK, or a few seconds so that it always runs a little.
func length(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SANDBANK_SOAK")
	if text == "" {
		return 4 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		t.Fatalf("SANDBANK_SOAK is %q, no duration of a second or more", text)
	}
	return d
}

// load keeps everything going for so long.
func (s *soak) load(d time.Duration, seed uint64) {
	until := time.Now().Add(d)
	var all sync.WaitGroup
	again := func(do func(n int)) {
		all.Go(func() {
			for n := 0; time.Now().Before(until) && !s.t.Failed(); n++ {
				do(n)
			}
		})
	}
	for i := range uint64(4) { // clients and people of the main space
		w := s.walker("", seed+i)
		calls := w.calls()
		again(func(int) { one(w, calls...)() })
	}
	w, table := s.walker("", seed+10), levers()
	table["moveClock"] = fixed("POST", "/clock", `{"advance":"30s"}`, `{"advance":"-2h"}`, `{"advance":"90d"}`, `{"to":"next-expiry"}`, `{"freeze":true}`, `{"freeze":false}`,
		`{"speed":3600}`, `{"speed":1}`, `{"reset":true}`, `{"skew":{"resourceServer":"-45s","date":"off"}}`)
	ops := names(table)
	again(func(int) { w.turn(table[one(w, ops...)]) })
	again(func(int) { s.pull("POST", "/undo", `{}`); time.Sleep(20 * time.Millisecond) })
	for i := range 2 {
		again(func(n int) { s.visitor(fmt.Sprintf("soak%d-%d", i, n%3), seed+uint64(n)) })
	}
	reader := s.walker("", seed+20)
	pages := []string{"", "/tokens", "/inspector", "/clock", "/policies", "/faults", "/scenarios", "/users", "/clients", "/consents", "/spaces", "/activity", "/snapshots", "/settings", "/lab",
		"/docs", "/api/v1/tokens", "/api/v1/journal?format=har", "/api/v1/state", "/api/v1/report", "/api/v1/wait?event=token.expired&timeout=10ms"}
	again(func(int) {
		if a := s.Get("/admin" + one(reader, pages...)); a.Status >= 500 {
			s.t.Errorf("a page of the console: %d %.300s", a.Status, a.Body)
		}
	})
	again(func(int) { s.Get("/metrics").Want(200); time.Sleep(50 * time.Millisecond) })
	all.Wait()
}

// visitor makes a space, uses it, and leaves or ends it.
func (s *soak) visitor(name string, seed uint64) {
	s.pull("POST", "/spaces", fmt.Sprintf(`{"name":%q}`, name))
	w := s.walker("/s/"+name, seed)
	for range 10 {
		w.step()
	}
	if a := s.Get("/s/" + name + "/admin/tokens"); a.Status >= 500 {
		s.t.Errorf("the console of space %s: %d", name, a.Status)
	}
	if seed%3 != 0 {
		s.pull("DELETE", "/spaces/"+name, nil)
	}
}

// rest brings the sandbox to rest, and out of it what it keeps on purpose, each up to a bound: spaces that were deleted, snapshots, and
// changes that can be undone. What is left is what it began with, or a leak. It is at rest when for a second no more goroutines than most
// have run, or a minute is over.
func (s *soak) rest(most int) (heap uint64, goroutines int) {
	for i := range world.MaxDeleted {
		s.pull("POST", "/spaces", fmt.Sprintf(`{"name":"last%d"}`, i)).Want(201)
	}
	var spaces struct{ Items []struct{ Name string } }
	s.pull("GET", "/spaces", nil).Want(200).Into(&spaces)
	slices.SortFunc(spaces.Items, func(a, b struct{ Name string }) int {
		return cmp.Compare(strings.Count(a.Name, "last"), strings.Count(b.Name, "last"))
	})
	for _, one := range spaces.Items {
		if one.Name != world.Main {
			s.pull("DELETE", "/spaces/"+one.Name, nil).Want(204)
		}
	}
	s.pull("POST", "/reset", `{}`).Want(200)
	var shots struct{ Items []struct{ ID int } }
	s.pull("GET", "/snapshots", nil).Want(200).Into(&shots)
	for _, one := range shots.Items {
		s.pull("DELETE", fmt.Sprintf("/snapshots/%d", one.ID), nil).Want(204)
	}
	for i := range world.MaxActivities {
		s.pull("POST", "/clock", fmt.Sprintf(`{"freeze":%v}`, i%2 == 0)).Want(200)
	}
	s.Idle()
	var m runtime.MemStats
	for until, calm := time.Now().Add(time.Minute), 0; calm < 10 && time.Now().Before(until); calm++ { // connections take a moment to end
		time.Sleep(100 * time.Millisecond)
		runtime.GC()
		if now := runtime.NumGoroutine(); now > most || now != goroutines {
			goroutines, calm = now, -1
		}
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, goroutines
}

// sums checks that every balance of every space is the sum of its entries, now and at both ends of time.
func (s *soak) sums() (accounts int) {
	for _, space := range s.world.Spaces() {
		now := space.Clock.Now()
		space.Ledger.EachAccount(func(a *ledger.Account) {
			for _, at := range []time.Time{now.AddDate(-1, 0, 0), now, now.AddDate(10, 0, 0)} {
				booked, _ := space.Ledger.Entries(a.ID, at)
				var sum int64
				for _, e := range booked {
					sum += e.Amount
				}
				if got := space.Ledger.Balance(a.ID, at).Booked; got != sum {
					s.t.Errorf("space %s, account %s at %v: balance %d, sum of entries %d", space.Name, a.ID, at, got, sum)
				}
			}
			accounts++
		})
	}
	return accounts
}

// Everything at once for as long as SANDBANK_SOAK says: SANDBANK_SOAK=15m go test -race ./admin -run Soak -timeout 20m
//
// Afterwards nothing has raced, leaked or been lost: goroutines and heap are those of the end of the warm-up, no 5xx went out that no fault
// ordered, every request is in the journal, which stayed within its bounds, and every balance is the sum of its entries.
func TestSoak(t *testing.T) {
	d := length(t)
	s := newSoak(t)
	s.load(d/4, 1)
	heap, goroutines := s.rest(math.MaxInt)
	t.Logf("after a warm-up of %v: %d requests at the main space's banks, heap %d kB, %d goroutines", d/4, s.Sent(), heap>>10, goroutines)
	s.load(d-d/4, 1000)
	accounts := s.sums()
	if n, size := len(s.Journal().Recent(1<<20, nil)), s.Journal().Bytes(); n > soakJournal || size > journal.Budget {
		t.Errorf("the journal has %d entries and %d bytes", n, size)
	}
	after, left := s.rest(goroutines + 5)
	t.Logf("after %v: %d requests at the main space's banks, heap %d kB, %d goroutines; %d accounts add up", d, s.Sent(), after>>10, left, accounts)
	if left > goroutines+5 {
		t.Errorf("%d goroutines, %d after the warm-up", left, goroutines)
	}
	if after > heap+heap/4+4<<20 {
		t.Errorf("the heap has %d kB, %d kB after the warm-up", after>>10, heap>>10)
	}
	if got, sent := s.Journal().Total(), uint64(s.Sent()); got != sent {
		t.Errorf("%d requests were sent, %d are in the journal", sent, got)
	}
	if s.log.text.Len() > 0 {
		t.Errorf("the log says:\n%.3000s", s.log.text.String())
	}
}
