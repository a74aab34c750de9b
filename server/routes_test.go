package server

import (
	"slices"
	"strings"
	"testing"

	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
	"sandbank/server/world"
)

func nothing(*wire.Call) error { return nil }

func at(method, path string) dialect.Route {
	return dialect.Route{Method: method, Path: path, Op: path, Doc: "x", Do: nothing}
}

func TestTreeFindsTheNearestRoute(t *testing.T) {
	t.Parallel()
	var n node
	routes := []dialect.Route{at("GET", "/v1/accounts"), at("GET", "/v1/accounts/{id}"), at("GET", "/v1/accounts/daily"),
		at("GET", "/v1/accounts/{id}/balances"), at("POST", "/v1/accounts/daily/new"), at("GET", "/rates/")}
	for i := range routes {
		if !n.add(&routes[i]) {
			t.Fatalf("%s was not taken", routes[i].Path)
		}
	}
	again := at("GET", "/v1/accounts/{other}")
	if n.add(&again) {
		t.Error("the same shape was taken twice")
	}
	tests := []struct {
		path, want string
		values     []string
		deep       int
	}{
		{"/v1/accounts", "/v1/accounts", nil, 2},
		{"/v1/accounts/7", "/v1/accounts/{id}", []string{"7"}, 3},
		{"/v1/accounts/daily", "/v1/accounts/daily", nil, 3},
		{"/v1/accounts/daily/balances", "/v1/accounts/{id}/balances", []string{"daily"}, 4},
		{"/v1/accounts/7/balances", "/v1/accounts/{id}/balances", []string{"7"}, 4},
		{"/rates/", "/rates/", nil, 2},
		{"/rates", "", nil, 1},
		{"/v1/accounts/", "", nil, 2},
		{"/v1/accounts//balances", "", nil, 2},
		{"/v1/accounts/7/nope", "", nil, 3},
		{"/v2", "", nil, 0},
		{"/", "", nil, 0},
	}
	for _, tt := range tests {
		path, _ := split(tt.path)
		found, values, deep := n.find(path, nil)
		got := ""
		if found != nil {
			got = found.pattern
		}
		if got != tt.want || !slices.Equal(values, tt.values) || deep != tt.deep {
			t.Errorf("%s: %q %v, %d deep; want %q %v, %d", tt.path, got, values, deep, tt.want, tt.values, tt.deep)
		}
	}
}

// RFC 3986 §6.2.2.3: dot segments, encoded or not, climb out of no path.
func TestSplitLetsNobodyClimb(t *testing.T) {
	t.Parallel()
	good := map[string][]string{"/a/b": {"a", "b"}, "/a%20b": {"a b"}, "/%C3%A9": {"é"}, "/": {""}, "/a/": {"a", ""}, "/...": {"..."}}
	for raw, want := range good {
		if got, ok := split(raw); !ok || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", raw, got, ok)
		}
	}
	for _, raw := range []string{"/..", "/a/../b", "/./a", "/%2e%2e", "/%2E/a", "/a%2fb", "/a%5cb", "/a\\b", "/%00", "/%0a", "/%zz", "/%7f"} {
		if got, ok := split(raw); ok {
			t.Errorf("%s was taken as %q", raw, got)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"/a/b", "/%2e%2e%2f", "//", "/%", "/a%00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		path, ok := split(raw)
		if !ok {
			return
		}
		for _, s := range path {
			if s == ".." || s == "." || strings.ContainsAny(s, "/\\\x00\r\n") {
				t.Errorf("%q has a segment %q", raw, s)
			}
		}
	})
}

// Two banks may share a path only when calls on it say who is calling; anything else is told at the start.
func TestClashesAreToldAtStart(t *testing.T) {
	t.Parallel()
	open := func(r dialect.Route) dialect.Route { r.Open = true; return r }
	own := func(r dialect.Route) dialect.Route { r.Own = true; return r }
	bank := func(name string, routes ...dialect.Route) dialect.Dialect {
		return dialect.Dialect{Name: name, Routes: routes}
	}
	tests := []struct {
		name  string
		banks []dialect.Dialect
		want  string
	}{
		{"apart", []dialect.Dialect{bank("a", at("GET", "/x")), bank("b", at("GET", "/y"))}, ""},
		{"one path, callers known", []dialect.Dialect{bank("a", at("GET", "/x/{id}")), bank("b", at("GET", "/x/{key}"))}, ""},
		{"one path, one open", []dialect.Dialect{bank("a", at("GET", "/x")), bank("b", open(at("GET", "/x")))}, "a and b both claim /x"},
		{"one path, the other open", []dialect.Dialect{bank("a", open(at("GET", "/x"))), bank("b", at("POST", "/x"))}, "a and b both claim /x"},
		{"open, but under their own base", []dialect.Dialect{bank("a", own(open(at("GET", "/x")))), bank("b", own(open(at("GET", "/x"))))}, ""},
		{"twice in a bank", []dialect.Dialect{bank("a", at("GET", "/x/{id}"), at("GET", "/x/{key}"))}, "a claims GET /x/{key} twice"},
		{"two of one name", []dialect.Dialect{bank("a"), bank("a")}, `two banks are called "a"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, err := world.New(world.Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = newMount(w, tt.banks)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
