package journal_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sandbank/server/journal"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"*", "/a/b", true}, {"/a", "/a", true}, {"/a", "/a/b", false}, {"/a*", "/a/b", true},
		{"*/token", "/oauth2/token", true}, {"*/token", "/token/x", false}, {"*token*", "/a/token/b", true}, {"/?", "/a", true}, {"/?", "/", false},
		{"*a*b*c", "xxaxxbxxbxc", true}, {"**", "x", true}, {"a*", "", false},
	}
	for _, tt := range tests {
		if got := journal.Glob(tt.pattern, tt.text); got != tt.want {
			t.Errorf("%q on %q: %v", tt.pattern, tt.text, got)
		}
	}
}

// A regular expression is slower and says the same.
func FuzzGlob(f *testing.F) {
	f.Add("*/a?c*", "/x/abc/d")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		for _, s := range []string{pattern, text} {
			if strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e || r < ' ' }) {
				return
			}
		}
		re := regexp.MustCompile(`^(?s:` + strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern)) + `)$`)
		if got := journal.Glob(pattern, text); got != re.MatchString(text) {
			t.Errorf("%q on %q: %v", pattern, text, got)
		}
	})
}

func TestParseStatuses(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{"401": true, "4xx": true, "5XX, 404": true, "": false, "4": false, "0xx": false, "600": false, "xx": false, "401,": false, "4x": false} {
		if _, err := journal.ParseStatuses(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseStatuses(f *testing.F) {
	f.Add("401,4xx")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := journal.ParseStatuses(text)
		for _, n := range s {
			if err == nil && (n < 1 || n > 599 || n > 5 && n < 100) {
				t.Errorf("%q gives %v", text, s)
			}
		}
	})
}

func TestFilterPicksEvents(t *testing.T) {
	t.Parallel()
	token := &journal.Event{At: noon, Type: journal.TokenRevoked, Subject: &journal.Subject{Kind: "access", ID: "at_1", Grant: "g_1", Bank: "b", Client: "app", User: "b/dave"}}
	of := &journal.Event{At: noon, Type: journal.TokenRevoked, Subject: &journal.Subject{Kind: "grant", ID: "g_1", Grant: "g_1", Bank: "b"}}
	clock := &journal.Event{At: noon, Type: journal.ClockMoved, Move: &journal.Move{}}
	request := &journal.Event{At: noon, Type: journal.Request, Entry: &journal.Entry{ID: 1, At: noon, Bank: "b", Target: "/s/p01/a?b", Status: 404, Kind: "no_route", Tokens: []string{"at_1"}}}
	tests := []struct {
		name   string
		filter journal.Filter
		want   [4]bool // token, grant, clock, request
	}{
		{"all", journal.Filter{}, [4]bool{true, true, true, true}},
		{"bank", journal.Filter{Bank: "b"}, [4]bool{true, true, true, true}},
		{"another bank", journal.Filter{Bank: "c"}, [4]bool{false, false, true, false}},
		{"user", journal.Filter{User: "dave"}, [4]bool{true, false, true, false}},
		{"token", journal.Filter{Token: "at_1"}, [4]bool{true, false, true, true}},
		{"token with its grant", journal.Filter{Token: "at_1", Grant: "g_1"}, [4]bool{true, true, true, true}},
		{"kind of token", journal.Filter{Kind: "access"}, [4]bool{true, false, true, false}},
		{"path within the space", journal.Filter{Path: "/a"}, [4]bool{true, true, true, true}},
		{"another path", journal.Filter{Path: "/s"}, [4]bool{true, true, true, false}},
		{"refused", journal.Filter{Refused: true}, [4]bool{false, false, true, true}},
		{"later", journal.Filter{From: noon.Add(time.Second)}, [4]bool{}},
	}
	for _, tt := range tests {
		got := [4]bool{tt.filter.MatchEvent(token), tt.filter.MatchEvent(of), tt.filter.MatchEvent(clock), tt.filter.MatchEvent(request)}
		if got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
