package admin

import (
	"slices"
	"strconv"
	"strings"
)

// logins are some of them, as runs: "p001:p030,zoe" is p001 to p030, and zoe.
type logins []loginRun

type loginRun struct{ first, last string }

// readLogins reads runs; none is nil.
func readLogins(text string) logins {
	var out logins
	for one := range strings.SplitSeq(text, ",") {
		first, last, run := strings.Cut(one, ":")
		if !run {
			last = first
		}
		if first != "" {
			out = append(out, loginRun{first, last})
		}
	}
	return out
}

func (l logins) has(login string) bool {
	return slices.ContainsFunc(l, func(r loginRun) bool {
		return login == r.first || len(login) == len(r.first) && len(login) == len(r.last) && login >= r.first && login <= r.last
	})
}

// mostRuns is how many runs are told; a list that is longer is told in part.
const mostRuns = 50

// runsOf writes logins, in the order in which they were dealt, as runs. One with a comma or a colon cannot be told so, and is left out.
func runsOf(all []string) string {
	var out logins
	for _, login := range all {
		if strings.ContainsAny(login, ",:") {
			continue
		}
		if n := len(out); n > 0 && follows(out[n-1].last, login) {
			out[n-1].last = login
			continue
		}
		if len(out) == mostRuns {
			break
		}
		out = append(out, loginRun{login, login})
	}
	var b strings.Builder
	for i, r := range out {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(r.first)
		if r.last != r.first {
			b.WriteString(":" + r.last)
		}
	}
	return b.String()
}

// follows tells whether a login is another with the next number at its end, as p008 is behind p007.
func follows(login, next string) bool {
	if len(login) != len(next) {
		return false
	}
	stem := strings.TrimRight(login, "0123456789")
	a, bad := strconv.Atoi(login[len(stem):])
	b, worse := strconv.Atoi(strings.TrimPrefix(next, stem))
	return bad == nil && worse == nil && strings.HasPrefix(next, stem) && b == a+1
}
