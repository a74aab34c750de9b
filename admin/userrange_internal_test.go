package admin

import (
	"fmt"
	"strings"
	"testing"
)

func TestLoginRuns(t *testing.T) {
	t.Parallel()
	for all, want := range map[string]string{"": "", "zoe": "zoe", "p001 p002 p003 p005 zoe": "p001:p003,p005,zoe", "p999 p1000": "p999,p1000", "a1 b2": "a1,b2", "7 8 9": "7:9",
		"a,b x:y ok": "ok", "müller01 müller02": "müller01:müller02", "p008 p009 p010": "p008:p010"} {
		logins := strings.Fields(all)
		got := runsOf(logins)
		if got != want {
			t.Errorf("%s is told as %q, want %q", all, got, want)
		}
		for _, login := range logins {
			if told := !strings.ContainsAny(login, ",:"); readLogins(got).has(login) != told {
				t.Errorf("%s has %s: %v", got, login, !told)
			}
		}
	}
	if runs := readLogins("p001:p030"); runs.has("p031") || runs.has("p000") || runs.has("p0010") || runs.has("") || runs.has("jane") {
		t.Error("a run has others")
	}
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("u%d-x", i))
	}
	if n := len(readLogins(runsOf(many))); n != mostRuns {
		t.Errorf("%d runs are told", n)
	}
}
