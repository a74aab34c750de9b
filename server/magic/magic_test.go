package magic_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/magic"
)

// everything is a bank that lacks nothing but the other device.
var everything = magic.Bank{Name: "Bank", Has: func(grant.Knob) bool { return true }, Ways: magic.Ways{Redirect: true, OneTimeCode: true, Transactions: true}}

func among(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

func TestRead(t *testing.T) {
	t.Parallel()
	known := among("dave", "anna@example.com", "anna+x@example.com", "Ed~die")
	tests := []struct{ text, want string }{
		{"dave", ""}, {"dave~", ""}, {"dave ", ""}, {"dave~.+", ""}, {"~ttl5s", ""}, {"", ""}, {"~", ""}, {"bob~ttl5s", ""}, {"Dave~ttl5s", ""},
		{"dave~ttl5s", "dave~ttl5s"}, {"dave+ttl5s", "dave~ttl5s"}, {"dave ttl5s", "dave~ttl5s"}, {"dave~TTL5S", "dave~ttl5s"},
		{"dave~ttl5s.uses3", "dave~ttl5s.uses3"}, {"dave~ttl5s~uses3", "dave~ttl5s.uses3"}, {"dave+ttl5s+uses3", "dave~ttl5s.uses3"},
		{"dave ~ uses3 . ttl5s", "dave~uses3.ttl5s"}, {"dave~ttlnever", "dave~ttlnever"}, {"dave~ttl1h30m", "dave~ttl1h30m"},
		{"anna@example.com~deny", "anna@example.com~deny"}, {"anna+x@example.com", ""}, {"anna+x@example.com+deny", "anna+x@example.com~deny"},
		{"Ed~die", ""}, {"Ed~die~deny", "Ed~die~deny"}, {"dave~" + strings.Repeat("deny.", 60), ""},
	}
	for _, tt := range tests {
		l, problems := magic.Flags().Read(tt.text, everything, known)
		got := ""
		if l != nil {
			got = l.String()
		}
		if got != tt.want || problems != nil {
			t.Errorf("%q: %q, %v; want %q", tt.text, got, problems, tt.want)
		}
	}
}

func TestWhatFlagsAsk(t *testing.T) {
	t.Parallel()
	tests := []struct {
		flags string
		set   string // of the policy
		rest  grant.Terms
		ends  fail.Kind
	}{
		{"ttl5s", "map[access:5s]", grant.Terms{}, ""},
		{"refresh20s.code3s.consent30s.uses3", "map[code:3s consent:30s refresh:20s uses:3]", grant.Terms{}, ""},
		{"rotate", "map[reuse:family rotation:rotate]", grant.Terms{}, ""}, {"keep", "map[rotation:keep]", grant.Terms{}, ""},
		{"deny", "map[]", grant.Terms{}, fail.AccessDenied}, {"unavailable", "map[]", grant.Terms{}, fail.TemporarilyUnavailable},
		{"servererror", "map[]", grant.Terms{}, fail.ServerError}, {"locked", "map[]", grant.Terms{}, fail.UserLocked},
		{"otpfail", "map[]", grant.Terms{NoCode: true}, ""}, {"norefresh", "map[]", grant.Terms{NoRefresh: true}, ""},
		{"slow2s", "map[]", grant.Terms{Slow: 2 * time.Second}, ""}, {"revoke60s", "map[]", grant.Terms{Revoke: time.Minute}, ""},
		{"empty", "map[]", grant.Terms{Empty: true}, ""}, {"tx5000", "map[]", grant.Terms{Entries: 5000}, ""},
	}
	for _, tt := range tests {
		l, problems := magic.Flags().Read("dave~"+tt.flags, everything, among("dave"))
		if problems != nil {
			t.Errorf("%s: %v", tt.flags, problems)
			continue
		}
		got := l.Terms
		rest := grant.Terms{NoRefresh: got.NoRefresh, NoCode: got.NoCode, Slow: got.Slow, Revoke: got.Revoke, Empty: got.Empty, Entries: got.Entries}
		if fmt.Sprint(got.Set) != tt.set || fmt.Sprint(rest) != fmt.Sprint(tt.rest) || l.Ends != tt.ends || got.Login != "dave~"+tt.flags {
			t.Errorf("%s: %v %+v %s", tt.flags, got.Set, rest, l.Ends)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	bare := magic.Bank{Name: "Bare", Has: func(k grant.Knob) bool { return k == grant.AccessTTL || k == grant.Uses }}
	tests := []struct {
		flags string
		bank  magic.Bank
		want  string
	}{
		{"bogus", everything, "bogus: there is no such flag"},
		{"what.ttl5s.ever", everything, "what: there is no such flag; ever: there is no such flag"},
		{"ttl", everything, "ttl: there is no such flag"}, {"ttlx", everything, "ttlx: there is no such flag"}, {"denyy", everything, "denyy: there is no such flag"},
		{"ttl5", everything, `ttl5: "5" is no duration; write for example 5s, 10m, 1h30m, 90d or 2w`},
		{"uses3x", everything, `uses3x: "3x" is not a whole number from 0 on`},
		{"ttl5s.ttl6s", everything, "ttl6s: ttl is there twice"}, {"rotate.keep", everything, "keep: another flag says otherwise"},
		{"deny.locked", everything, "locked: another flag says otherwise"}, {"slow0s", everything, `slow0s: "0s" is not more than nothing, up to 10m`},
		{"slow1d", everything, `slow1d: "1d" is not more than nothing, up to 10m`}, {"revokenever", everything, `revokenever: "never" is no duration; write for example 5s, 10m, 1h30m, 90d or 2w`},
		{"tx0", everything, `tx0: "0" is not a number from 1 to 20000`}, {"tx20001", everything, `tx20001: "20001" is not a number from 1 to 20000`},
		{"decoupledtimeout", everything, "decoupledtimeout: Bank has no step on another device"},
		{"ttl5s.otpfail", bare, "otpfail: Bare has no one-time codes"}, {"refresh1d", bare, "refresh1d: Bare has no refresh tokens"},
		{"code1s.consent1s", bare, "code1s: Bare has no authorization codes; consent1s: Bare has no consents"},
		{"deny.unavailable", bare, "deny: Bare has no redirect that could say so; unavailable: Bare has no redirect that could say so"},
		{"rotate.keep.norefresh", bare, "rotate: Bare has no refresh tokens; keep: Bare has no refresh tokens; norefresh: Bare has no refresh tokens"},
		{"tx5", bare, "tx5: Bare has no transactions to show"},
	}
	for _, tt := range tests {
		l, problems := magic.Flags().Read("dave~"+tt.flags, tt.bank, among("dave"))
		var got []string
		for _, p := range problems {
			got = append(got, p.Flag+": "+p.Why)
		}
		if strings.Join(got, "; ") != tt.want || l != nil {
			t.Errorf("%s: %q, %v; want %q", tt.flags, strings.Join(got, "; "), l, tt.want)
		}
	}
}

// Whoever adds a flag gets it listed, found by its own example, and explained where a bank lacks something.
func TestMoreFlags(t *testing.T) {
	t.Parallel()
	set := func(l *magic.Login, value string) error {
		if value != "27" {
			return fail.Field("", "there is no scenario %s", value)
		}
		return l.Terms.Turn(grant.RefreshTTL, grant.Lifetime(20*time.Second))
	}
	c := magic.Flags().With(magic.Flag{Name: "e", Value: "27", Doc: "scenario E27", Set: set})
	for _, tt := range []struct{ text, want, why string }{
		{"dave~E27.ttl5s", "map[access:5s refresh:20s]", ""}, {"dave~e99", "", "there is no scenario 99"}, {"dave~empty", "map[]", ""},
		{"dave~e27.refresh1s", "", "another flag says otherwise"},
	} {
		l, problems := c.Read(tt.text, everything, among("dave"))
		switch {
		case tt.why != "" && (len(problems) != 1 || problems[0].Why != tt.why):
			t.Errorf("%s: %v", tt.text, problems)
		case tt.why == "" && (l == nil || fmt.Sprint(l.Terms.Set) != tt.want):
			t.Errorf("%s: %+v %v", tt.text, l, problems)
		}
	}
	seen := map[string]bool{}
	for _, line := range c.Lines(everything) {
		l, problems := c.Read("dave~"+line.Word, everything, among("dave"))
		if (l == nil) != (line.Lacks != "") || line.Doc == "" || seen[line.Word] {
			t.Errorf("%+v: %v %v", line, l, problems)
		}
		seen[line.Word] = true
	}
	if len(seen) != len(c) {
		t.Errorf("%d of %d flags are listed", len(seen), len(c))
	}
}

// Nothing that anybody types panics; the canonical form means the same; problems come in the order of the flags.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"dave~ttl5s", "dave+deny", "dave ttl5s.uses3~slow2s", "dave~~..++  ", "dave~é\xff\x00", "dave~ttl99999999999999999999d", "a~b~c", "dave~tx5000.empty",
		"dave~bogus.ttl5s.wrong", "\u0130~ttl5s"} {
		f.Add(s)
	}
	known := among("dave", "a~b", "a", "\u0130")
	f.Fuzz(func(t *testing.T, text string) {
		l, problems := magic.Flags().Read(text, everything, known)
		if l != nil && problems != nil {
			t.Fatalf("%q is understood, and is not: %v", text, problems)
		}
		at := 0
		for _, p := range problems {
			i := strings.Index(strings.ToLower(text)[at:], p.Flag)
			if i < 0 || p.Why == "" {
				t.Fatalf("%q: %+v comes out of turn", text, p)
			}
			at += i
		}
		if l == nil || known(l.String()) {
			return
		}
		again, problems := magic.Flags().Read(l.String(), everything, known)
		if problems != nil || again == nil || again.Name == "" || !known(again.Name) {
			t.Fatalf("%q became %q: %v", text, l, problems)
		}
		if again.Name == l.Name && (again.String() != l.String() || fmt.Sprint(again.Terms.Set) != fmt.Sprint(l.Terms.Set) || again.Ends != l.Ends) {
			t.Errorf("%q became %q, and that %q", text, l, again)
		}
	})
}
