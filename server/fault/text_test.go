package fault_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sandbank/server/dice"
	"sandbank/server/fault"
)

func TestParse(t *testing.T) {
	t.Parallel()
	r, err := fault.Parse(`  op = token ;bank=berlin; if-header=X-A: b=c;param=grant_type=refresh_token; status=503;; body="{\"a\": \"b;c\"}" ;header=X-B: 1;header=X-C:2:3;
		strip=ETag; mutate=set a.0 {"b":[1, 2]};mutate=delete c; truncate=0; delay=1h30m; reset=false; percent=12.5; seed=7; until=2026-12-03T13:00:00+01:00`)
	if err != nil {
		t.Fatal(err)
	}
	body, n := `{"a": "b;c"}`, 0
	want := fault.Rule{When: fault.When{Op: "token", Bank: "berlin", Header: "X-A: b=c", Param: "grant_type=refresh_token"},
		Then: fault.Then{Status: 503, Body: &body, Headers: map[string]string{"X-B": "1", "X-C": "2:3"}, Strip: []string{"ETag"}, Truncate: &n, Delay: fault.Duration(90 * 60e9),
			Mutate: []fault.Mutation{{Path: "a.0", Do: "set", Value: json.RawMessage(`{"b":[1, 2]}`)}, {Path: "c", Do: "delete"}}},
		Often: fault.Often{Percent: 12.5, Seed: 7, Until: r.Often.Until}}
	if !reflect.DeepEqual(r, want) || r.Often.Until.UTC().Hour() != 12 {
		t.Errorf("%+v\nwant\n%+v", r, want)
	}
	if again, err := fault.Parse(r.String()); err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("%s is read back as %+v, %v", &r, again, err)
	}
}

// JSON says the same as the compact form.
func TestJSON(t *testing.T) {
	t.Parallel()
	var r fault.Rule
	text := `{"when":{"op":"token","param":"grant_type=refresh_token","nth":2},"then":{"where":"after","status":500,"delay":"1m30s","truncate":0,"body":"","cacheable":"1h",` +
		`"mutate":[{"path":"expires_in","do":"set","value":"soon"}]},"often":{"until":"2026-12-04T12:00:00Z"}}`
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	if got := r.String(); got != `op=token; param=grant_type=refresh_token; nth=2; where=after; status=500; body=""; mutate="set expires_in \"soon\""; cacheable=1h; delay=1m30s; truncate=0; until=2026-12-04T12:00:00Z` {
		t.Error(got)
	}
	if got, err := json.Marshal(r); err != nil || len(got) != len(text) {
		t.Errorf("%s, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`{"then":{"delay":"soon"}}`), &r); err == nil {
		t.Error("soon was read as a duration")
	}
	f, _ := arm(t, "drop; next=2")
	f.Match(refresh(), noon)
	if got, _ := json.Marshal(f.List(noon)); string(got) != `[{"id":"f_1","created":"2026-12-03T12:00:00Z","then":{"where":"before","drop":true},"often":{"next":2},`+
		`"state":"armed","seen":1,"hits":1,"last":"2026-12-03T12:00:00Z"}]` {
		t.Errorf("%s", got)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	const body = `{"access_token": "x",  "expires_in" :3600, "scope": "a b", "accounts": [ {"id": 1, "balance": "1.00"} , {"id": 2} ], "none": {}, "empty": [], "n": null}`
	tests := []struct{ mutate, body, want string }{
		{"set expires_in \"soon\"", body, strings.Replace(body, ":3600", `:"soon"`, 1)},
		{"set accounts.0.balance -1", body, strings.Replace(body, `"1.00"`, "-1", 1)},
		{"set accounts.1 null", body, strings.Replace(body, `{"id": 2}`, "null", 1)},
		{"set new [1]", body, strings.Replace(body, "null}", `null,"new":[1]}`, 1)},
		{"set accounts.1.new 1", body, strings.Replace(body, `{"id": 2}`, `{"id": 2,"new":1}`, 1)},
		{"set none.a 1", body, strings.Replace(body, `"none": {}`, `"none": {"a":1}`, 1)},
		{"set a 1", `{}`, `{"a":1}`}, {"set a 1", ` { } `, ` { "a":1} `}, {"set 0 9", `[1,2]`, `[9,2]`},
		{"delete access_token", body, strings.Replace(body, `"access_token": "x",  `, "", 1)},
		{"delete expires_in", body, strings.Replace(body, `,  "expires_in" :3600`, "", 1)},
		{"delete n", body, strings.Replace(body, `, "n": null`, "", 1)},
		{"delete accounts.0", body, strings.Replace(body, `{"id": 1, "balance": "1.00"} , `, "", 1)},
		{"delete accounts.1", body, strings.Replace(body, `, {"id": 2}`, "", 1)},
		{"delete a", `{"a":1}`, `{}`}, {"delete a", `{ "a":1 }`, `{ }`}, {"delete 0", `[1]`, `[]`},
		{"duplicate scope \"z\"", body, strings.Replace(body, `"a b"`, `"a b","scope":"z"`, 1)},
		{"duplicate n 1", `{"n": null}`, `{"n": null,"n":1}`},
		{"set gone.deep 1", body, ""}, {"delete gone", body, ""}, {"duplicate gone 1", body, ""}, {"duplicate accounts.0 1", body, ""}, {"set accounts.7 1", body, ""},
		{"set scope.x 1", body, ""}, {"set empty.0 1", body, ""}, {"set n.x 1", body, ""}, {"set a 1", `Unauthorized`, ""}, {"set a 1", ``, ""}, {"set a 1", `7`, ""}, {"set a 1", `{"a":1} x`, ""},
	}
	for _, tt := range tests {
		r, err := fault.Parse("mutate=" + quoted(tt.mutate))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Then.Mutate[0].Apply([]byte(tt.body))
		if (err != nil) != (tt.want == "") || string(got) != tt.want {
			t.Errorf("%s: %s, %v\nwant %s", tt.mutate, got, err, tt.want)
		}
		if err == nil && !json.Valid(got) {
			t.Errorf("%s: %s is no JSON", tt.mutate, got)
		}
	}
}

func quoted(s string) string { b, _ := json.Marshal(s); return string(b) }

func FuzzParse(f *testing.F) {
	for _, p := range fault.Presets() {
		f.Add(p.Rule.String())
	}
	for _, s := range []string{"status=503; delay=2s; next=1", `body="a;b"; drop=0`, "=;=;", `header=X: "y"`, "percent=1e-3; until=2026-12-03T12:00:00.5+01:00", "mutate=set a  1 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r, err := fault.Parse(line)
		if err != nil {
			return
		}
		if _, err := fault.New(dice.Seeded(1)).Arm(r, noon); err != nil {
			return // what makes no sense need not be written
		}
		told := r.String()
		again, err := fault.Parse(told)
		if err != nil {
			t.Fatalf("%q is told as %q: %v", line, told, err)
		}
		if got := again.String(); got != told || !reflect.DeepEqual(again.Then, r.Then) || again.When != r.When {
			t.Fatalf("%q is told as %q and that as %q", line, told, got)
		}
		f := fault.New(dice.Real())
		f.AllowHeaders(true)
		f.Once(line, refresh(), noon)
	})
}

func FuzzRuleJSON(f *testing.F) {
	for _, p := range fault.Presets() {
		text, _ := json.Marshal(p.Rule)
		f.Add(string(text))
	}
	f.Add(`{"then":{"headers":{"X":"y"},"strip":["Z"],"truncate":0,"body":""},"often":{"percent":0.5,"until":"2027-01-01T00:00:00+02:00"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var r fault.Rule
		if json.Unmarshal([]byte(text), &r) != nil {
			return
		}
		faults := fault.New(dice.Seeded(1))
		armed, err := faults.Arm(r, noon)
		if err != nil {
			return
		}
		first, err := json.Marshal(armed)
		if err != nil {
			t.Fatal(err)
		}
		var back fault.Rule
		if err := json.Unmarshal(first, &back); err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		if again, _ := json.Marshal(back); string(again) != string(first) {
			t.Fatalf("%s became %s", first, again)
		}
		if _, err := faults.Arm(back, noon); err != nil {
			t.Fatalf("%s cannot be armed again: %v", first, err)
		}
		for range 3 {
			if h := faults.Match(refresh(), noon); h != nil && h.Delay < 0 {
				t.Fatalf("a delay of %v", h.Delay)
			}
		}
		if line, err := fault.Parse(armed.String()); err != nil || line.String() != armed.String() {
			t.Fatalf("%s is told as %s: %v", first, armed, err)
		}
	})
}

func FuzzApply(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":[{"c":null}]}`, `[1,2]`, `{}`, `{"a":{"a":1},"a":2}`, ` {"a" : 1 , "b":2 } `} {
		f.Add(s, "a")
		f.Add(s, "b.0.c")
	}
	f.Fuzz(func(t *testing.T, body, path string) {
		for _, m := range []fault.Mutation{{Path: path, Do: fault.Set, Value: json.RawMessage("7")}, {Path: path, Do: fault.Delete}, {Path: path, Do: fault.Duplicate, Value: json.RawMessage("7")}} {
			if got, err := m.Apply([]byte(body)); err == nil && !json.Valid(got) {
				t.Fatalf("%s %s makes %q of %q", m.Do, path, got, body)
			}
		}
	})
}
