package fault_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/fault"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var noon = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

// arm puts one rule, in its compact form, into a space of its own.
func arm(t testing.TB, line string) (*fault.Faults, *fault.Rule) {
	t.Helper()
	f := fault.New(dice.Seeded(1))
	r, err := fault.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	armed, err := f.Arm(r, noon)
	if err != nil {
		t.Fatal(err)
	}
	return f, armed
}

// Every line that makes no sense is refused with the field at fault; what is said is kept in a golden file, for people read it.
func TestNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	lines := []string{
		// nothing to do, or nowhere to do it
		"", "op=token", "where=before", "status=500; where=later", "where=before; truncate=4", "where=after; mutate=delete scope",
		"where=response; drop", "where=response; refuse=token_expired", "where=response; redirect=login", "answer=401; where=before; status=403",
		// when
		"status=500; method=GET POST", "status=500; path=v1/accounts", "status=500; if-header=: x", "status=500; if-header=two words: x", "status=500; param==x",
		"status=500; answer=99", "status=500; answer=1000", "status=500; nth=-1", "status=500; op=" + strings.Repeat("x", 501),
		// the answer
		"status=99", "status=600", "status=-1", "refuse=sorry", "refuse=token_expired; body=x", "status=204; body=x", "status=304; refuse=token_expired",
		"status=204; where=response; truncate=1", "redirect=login; body=x", "redirect=login; refuse=token_expired", "redirect=login; status=200",
		"redirect=javascript:alert(1)", "redirect=http://", `redirect="/a\r\nb"`, "body=" + strings.Repeat("x", 64<<10+1),
		// headers and fields
		`type="a\nb"`, "cacheable=-1s", "cacheable=5ms", "status=429; retry-after=soon", "status=200; retry-after=5s", "retry-after=5s",
		"header=a b: c", `header="X: a\nb"`, "header=content-length: 5", "header=Date: today", "header=Content-Type: a; type=b", "header=X-A: b; strip=x-a",
		"strip=a b", "strip=Content-Type; type=text/plain", "strip=connection", "mutate=set a 1; status=200; body={}", "mutate=delete a; redirect=login",
		"mutate=set", "mutate=set a..b 1", "mutate=replace a 1", "mutate=delete a 1", "mutate=set a soon", "mutate=duplicate a",
		strings.Repeat("mutate=delete a;", 21),
		// time and the connection
		"delay=-1s", "delay=11m", "delay=1s; spread=-1s", "delay=1s; spread=2s", "spread=1s; status=500", "truncate=-1", "truncate=99999999999", "dribble=-5",
		"drop; reset", "reset; hang", "drop; status=500", "hang; truncate=5", "reset; strip=X",
		// how often
		"drop; next=-1", "drop; after=-1", "drop; every=-1", "drop; percent=-1", "drop; percent=101", "drop; percent=NaN", "drop; percent=0.00001", "drop; seed=7",
		"drop; nth=2; next=2", "drop; nth=2; every=2", "drop; nth=2; after=1", "drop; nth=2; percent=5", "drop; every=2; percent=5",
		"drop; until=2026-12-03T12:00:00Z", "drop; until=2026-12-03T11:00:00Z",
		// the text itself
		"statsu=500", "status", "status=many", "status=1e3", "delay=soon", "drop=perhaps", "drop; drop", "header=X", "header=X: 1; header=X: 2", `body="`, `body="a" b`,
		`body="\xff"`, "until=tomorrow", "seed=-1", "percent=half", "truncate=all", "=", "=5", "status=500; =",
	}
	var got strings.Builder
	for _, line := range lines {
		r, err := fault.Parse(line)
		if err == nil {
			_, err = fault.New(dice.Real()).Arm(r, noon)
		}
		var e *fail.Error
		if !errors.As(err, &e) || e.Kind != fail.InvalidField {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if len(line) > 80 {
			line = line[:40] + "…"
		}
		got.WriteString(line + "\n\t" + e.Param + ": " + e.Why + "\n")
	}
	name := filepath.Join("testdata", "nonsense.golden")
	if *update {
		if err := os.WriteFile(name, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got.String() {
		t.Errorf("the complaints are not those of %s; run with -update and look at the difference\n%s", name, got.String())
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, want string }{
		{"status=503", "where=before; status=503; next=1"},
		{"delay=2s", "where=before; delay=2s; next=1"},
		{"truncate=40", "where=response; truncate=40; next=1"},
		{"delay=1s; strip=X", "where=response; strip=X; delay=1s; next=1"},
		{"status=200; truncate=0", "where=before; status=200; truncate=0; next=1"},
		{"answer=401; status=403", "answer=401; where=response; status=403; next=1"},
		{"answer=200; drop", "answer=200; where=after; drop; next=1"},
		{"answer=200; refuse=token_expired", "answer=200; where=after; refuse=token_expired; next=1"},
		{"method=post; drop; every=3", "method=POST; where=before; drop; every=3"},
		{"drop; percent=20; seed=7", "where=before; drop; percent=20; seed=7"},
		{"drop; until=2026-12-03T17:00:00Z", "where=before; drop; until=2026-12-03T17:00:00Z"},
		{"drop; nth=4", "nth=4; where=before; drop; next=1"},
		{`body=""; status=401`, `where=before; status=401; body=""; next=1`},
		{"status=429; retry-after=date:5s; header=X-B: 2; header=X-A:1", "where=before; status=429; header=X-A: 1; header=X-B: 2; retry-after=date:5s; next=1"},
	}
	for _, tt := range tests {
		if _, r := arm(t, tt.line); r.String() != tt.want || r.ID != "f_1" || !r.Created.Equal(noon) {
			t.Errorf("%s: %s is %s, created %v; want %s", tt.line, r.ID, r, r.Created, tt.want)
		}
	}
	_, r := arm(t, "drop; percent=20")
	if r.Often.Seed == 0 {
		t.Error("no seed was drawn")
	}
	if _, again := arm(t, "drop; percent=20"); again.Often.Seed != r.Often.Seed {
		t.Error("two spaces with one seed draw different seeds")
	}
}

// What is armed stays as it was, whatever becomes of the values that it was made from.
func TestArmedRulesDoNotChange(t *testing.T) {
	t.Parallel()
	r, err := fault.Parse(`status=200; body=x; truncate=1; header=X-A: 1; strip=X-B`)
	if err != nil {
		t.Fatal(err)
	}
	m := fault.Rule{Then: fault.Then{Mutate: []fault.Mutation{{Path: "a", Do: fault.Set, Value: json.RawMessage("1")}}}}
	f := fault.New(dice.Real())
	one, err := f.Arm(r, noon)
	if err != nil {
		t.Fatal(err)
	}
	two, err := f.Arm(m, noon)
	if err != nil {
		t.Fatal(err)
	}
	before := one.String() + two.String()
	*r.Then.Body, *r.Then.Truncate, r.Then.Headers["X-A"], r.Then.Strip[0], m.Then.Mutate[0].Path, m.Then.Mutate[0].Value[0] = "y", 2, "2", "X-C", "b", '2'
	if after := one.String() + two.String(); after != before {
		t.Errorf("%s became %s", before, after)
	}
}

func TestPresetsAreSound(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	f := fault.New(dice.Real())
	for _, p := range fault.Presets() {
		if p.Name == "" || p.Doc == "" || p.Learn == "" || len(p.Cases) == 0 || seen[p.Name] || p.Rule.Name != p.Name {
			t.Errorf("preset %+v is not documented, or twice", p)
		}
		seen[p.Name] = true
		r, err := f.Arm(p.Rule, noon)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if r.Often.Next == 0 {
			t.Errorf("%s never disarms itself", p.Name)
		}
	}
	for _, p := range fault.Presets() {
		if p.Rule.Then.Body != nil {
			*p.Rule.Then.Body = "spoiled"
		}
	}
	for _, p := range fault.Presets() {
		if p.Rule.Then.Body != nil && *p.Rule.Then.Body == "spoiled" {
			t.Error("presets share what they point to")
		}
	}
}
