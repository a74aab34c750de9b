package scenario_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sandbank/server/cert"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/scenario"
)

var noon = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

func TestMovesOfTheClock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, now, want string }{
		{"advance 2h", "2026-12-03T12:00:00Z", "2h0m0s"},
		{"advance -1h", "2026-12-03T12:00:00Z", "-1h0m0s"},
		{"freeze", "2026-12-03T12:00:00Z", "freeze"},
		{"to summer time", "2026-12-03T12:00:00Z", "2027-03-28T00:59:30Z"},
		{"to summer time", "2027-03-28T00:59:59Z", "2027-03-28T00:59:30Z"},
		{"to summer time", "2027-03-28T01:00:00Z", "2028-03-26T00:59:30Z"},
		{"to winter time", "2026-12-03T12:00:00Z", "2027-10-31T00:59:30Z"},
		{"to 29 February", "2026-12-03T12:00:00Z", "2028-02-28T23:59:30Z"},
		{"to 29 February", "2028-02-29T00:00:00Z", "2032-02-28T23:59:30Z"},
		{"to 29 February", "2096-03-01T00:00:00Z", "2104-02-28T23:59:30Z"}, // 2100 is no leap year
		{"to the new year", "2026-12-31T23:59:59+00:00", "2026-12-31T23:59:30Z"},
		{"to 2038", "2026-12-03T12:00:00Z", "2038-01-19T03:13:38Z"},
		{"skew as=30s", "2026-12-03T12:00:00Z", "as=30s "}, {"skew date=-120s  rs=-1h", "2026-12-03T12:00:00Z", "date=-2m rs=-1h "},
		{"skew date=off", "2026-12-03T12:00:00Z", "date=off "}, {"skew as=off", "2026-12-03T12:00:00Z", "error"}, {"skew ", "2026-12-03T12:00:00Z", "error"},
		{"skew as=1s as=2s", "2026-12-03T12:00:00Z", "error"}, {"skew rs=400d", "2026-12-03T12:00:00Z", "error"}, {"skew bank=1s", "2026-12-03T12:00:00Z", "error"},
		{"to the moon", "2026-12-03T12:00:00Z", "error"},
		{"advance soon", "2026-12-03T12:00:00Z", "error"},
	} {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		m, err := scenario.ParseMove(tt.text, now)
		got := m.Advance.String()
		switch {
		case err != nil:
			got = "error"
		case m.Freeze:
			got = "freeze"
		case m.Skew != nil:
			got = ""
			for _, s := range m.Skew {
				got += string(s.Knob) + "=" + s.Value + " "
			}
		case !m.Set.IsZero():
			got = m.Set.Format(time.RFC3339)
		}
		if got != tt.want {
			t.Errorf("%s from %s: %s, want %s", tt.text, tt.now, got, tt.want)
		}
	}
}

func TestFindAndVariants(t *testing.T) {
	t.Parallel()
	c, err := scenario.Find("e09")
	if err != nil || c.ID != "E09" || c.Group != "3.1" {
		t.Fatalf("%+v, %v", c, err)
	}
	for name, want := range map[string]string{"": "float", "null": "null", "odd": ""} {
		v, err := c.Variant(name)
		if v.Name != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", name, v.Name, err)
		}
	}
	byHand, _ := scenario.Find("E43")
	if v, err := byHand.Variant(""); err != nil || len(v.Knobs)+len(v.Faults) > 0 {
		t.Errorf("by hand: %+v, %v", v, err)
	}
	if _, err := scenario.Find("E78"); !fail.Is(err, fail.NotFound) {
		t.Errorf("E78: %v", err)
	}
	only, _ := scenario.Find("E36")
	for bank, want := range map[string]string{"s2s": "drop:all:eft", "sparebank1": "drop:transactions", "berlin": ""} {
		if set, err := only.Variants[0].Settings(bank); err != nil || set[grant.RefreshScope] != want {
			t.Errorf("%s: %v, %v", bank, set, err)
		}
	}
}

// Three cases turn one knob; whichever goes first, the last to go leaves what there was before all of them.
func TestBookReturnsKnobs(t *testing.T) {
	t.Parallel()
	ids := []string{"E06", "E07", "E08"}
	values := []string{"zero", "negative", "string"}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		b, now := scenario.NewBook(), "junk"
		for i, id := range ids {
			b.Put(scenario.Armed{Case: id, Bank: "s2s", Knobs: []scenario.Turn{{Knob: grant.ExpiresIn, Value: values[i], Was: now}}})
			now = values[i]
		}
		left := slices.Clone(order)
		for _, i := range order {
			_, turns, _ := b.Take(ids[i])
			for _, turn := range turns {
				if now == turn.Value {
					now = turn.Was
				}
			}
			left = left[1:]
			want := "junk"
			if len(left) > 0 {
				want = values[slices.Max(left)]
			}
			if now != want {
				t.Errorf("order %v, without %s: %s, want %s", order, ids[i], now, want)
			}
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	good := scenario.Armed{Case: "E06", Number: 1, Bank: "s2s"}
	for place, spoil := range map[string]func(*scenario.Armed){
		"scenarios[0].case":           func(a *scenario.Armed) { a.Case = "e06" },
		"scenarios[0].number":         func(a *scenario.Armed) { a.Number = 0 },
		"scenarios[0].knobs[0].value": func(a *scenario.Armed) { a.Knobs = []scenario.Turn{{Knob: "odd", Value: "1"}} },
		"scenarios[0].skew[0].value":  func(a *scenario.Armed) { a.Skew = []scenario.Turn{{Knob: "x", Value: "1s", Was: "0s"}} },
		"scenarios[0].skew[0].was":    func(a *scenario.Armed) { a.Skew = []scenario.Turn{{Knob: "as", Value: "1s"}} },
		"scenarios[0].certificate":    func(a *scenario.Armed) { a.Certificate = &scenario.Shown{Value: cert.Early} },
		"scenarios[0].knobs[0].was":   func(a *scenario.Armed) { a.Knobs = []scenario.Turn{{Knob: grant.Uses, Value: "1", Was: "x"}} },
	} {
		bad := good
		spoil(&bad)
		if _, err := scenario.Load([]*scenario.Armed{&bad}); fail.From(err).Param != place {
			t.Errorf("%s: %v", place, err)
		}
	}
	if _, err := scenario.Load([]*scenario.Armed{&good, &good}); fail.From(err).Param != "scenarios[1].case" {
		t.Errorf("twice: %v", err)
	}
}

// A move that can be read does one thing.
func FuzzMove(f *testing.F) {
	for _, text := range []string{"advance 2h", "freeze", "to summer time", "skew as=30s date=-2m", "skew rs=off"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := scenario.ParseMove(text, noon)
		n := 0
		for _, is := range []bool{m.Advance != 0, !m.Set.IsZero(), m.Freeze, m.Skew != nil} {
			if is {
				n++
			}
		}
		if n > 1 || err != nil && n > 0 {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	})
}

func FuzzHeader(f *testing.F) {
	for _, text := range []string{"E33", " e69  date ", "E27", "E99", "E09\tnull"} {
		f.Add(text)
	}
	faults := fault.New(dice.Seeded(1))
	faults.AllowHeaders(true)
	ask := fault.Ask{Bank: "berlin", Op: "token", Method: "POST", Header: func(string) []string { return []string{"Bearer x"} },
		Param: func(string) []string { return []string{"refresh_token"} }}
	f.Fuzz(func(t *testing.T, text string) {
		hit, err := scenario.Once(faults, text, ask, noon)
		if hit != nil && (err != nil || !strings.HasPrefix(strings.ToUpper(strings.TrimSpace(text)), hit.Rule.ID)) {
			t.Errorf("%q: %v, %v", text, hit, err)
		}
	})
}

// Whatever a request looks like, the journal can be asked what it met.
func FuzzMeet(f *testing.F) {
	f.Add("token", "/oauth/token?grant_type=refresh_token", 200, "Authorization: Bearer x\r\n", "refresh_token=a", `{"access_token":"x","expires_in":1e99}`)
	f.Add("transactions", "/v1?page=2", 200, "Authorization: Basic eDp5\r\n", "%", `{"transactions":{"booked":[{"transactionId":"1"}]}}`)
	grants := grant.New(dice.Seeded(1), grant.Profile{Bank: "berlin"})
	f.Fuzz(func(t *testing.T, op, target string, status int, head, in, out string) {
		e := &journal.Entry{At: noon, Bank: "berlin", Op: op, Method: "POST", Target: target, Status: status, Kind: fail.TokenExpired, Fault: "f_1",
			Tokens: []string{"at_1abcd"}, Trail: []fail.Check{{Name: "fault f_1", Why: "before the bank was asked: dribble=" + in}}}
		e.Request, e.Response = journal.Cut([]byte(in)), journal.Cut([]byte(out))
		e.Request.Head, e.Response.Head = []byte(head), []byte("Location: "+target+"\r\n")
		scenario.Meet([]*journal.Entry{e, e, e}, grants)
	})
}

func BenchmarkMeet(b *testing.B) {
	grants := grant.New(dice.Seeded(1), grant.Profile{Bank: "berlin"})
	var entries []*journal.Entry
	for i := range 2000 {
		e := &journal.Entry{ID: uint64(i), At: noon, Bank: "berlin", Op: "token", Method: "POST", Target: "/oauth2/token", Status: 200, Tokens: []string{"at_1abcd", "rt_2abcd"}}
		e.Request = journal.Cut([]byte("grant_type=refresh_token&client_id=bg-demo&client_secret=s&refresh_token=" + fmt.Sprint(i)))
		e.Request.Head = []byte("Host: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nUser-Agent: x\r\n")
		e.Response = journal.Cut([]byte(`{"access_token":"x","token_type":"Bearer","expires_in":3600,"refresh_token":"y"}`))
		entries = append(entries, e)
	}
	for b.Loop() {
		scenario.Meet(entries, grants)
	}
}
