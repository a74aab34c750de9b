package report

import (
	"reflect"
	"testing"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/journal"
)

func TestGrade(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		penalty, seen, applicable int
		want                      string
	}{
		{0, 0, 14, ""}, {0, 1, 14, "C"}, {0, 6, 14, "C"}, {0, 7, 14, "B"}, {0, 10, 14, "B"}, {0, 11, 14, "A"}, {0, 14, 14, "A"},
		{1, 14, 14, "B"}, {2, 14, 14, "C"}, {3, 14, 14, "D"}, {4, 14, 14, "F"}, {9, 14, 14, "F"}, {1, 1, 14, "C"}, {3, 1, 14, "D"},
	} {
		if got := grade(tt.penalty, tt.seen, tt.applicable); got != tt.want {
			t.Errorf("%d off, %d of %d seen: %q, want %q", tt.penalty, tt.seen, tt.applicable, got, tt.want)
		}
	}
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{"5": 5 * time.Second, "Thu, 03 Dec 2026 12:00:07 GMT": 7 * time.Second, "0": 0, "-1": -1, "soon": -1, "": -1} {
		s := &step{Entry: &journal.Entry{At: now, Response: journal.Part{Head: []byte("Retry-After: " + value + "\r\n")}}}
		if d, ok := s.wait(); ok != (want >= 0) || ok && d != want {
			t.Errorf("%q: %s, %v", value, d, ok)
		}
	}
}

// Whatever clients send, there is a card.
func FuzzJudge(f *testing.F) {
	f.Add("token", "/oauth/token?grant_type=refresh_token&refresh_token=a", 400, 0, "Authorization: Basic eDp5\r\n", "refresh_token=a", `{"access_token":"x","expires_in":1e99}`)
	f.Add("authorize", "/oauth/authorize?client_id=x&redirect_uri=:", 302, 1, "Authorization: Bearer x\r\n", "%", `{"expires_in":-1}`)
	grants := grant.New(dice.Seeded(1), grant.Profile{Bank: "berlin"})
	f.Fuzz(func(t *testing.T, op, target string, status, apart int, head, in, out string) {
		var entries []*journal.Entry
		for i := range 4 {
			e := &journal.Entry{ID: uint64(i + 1), At: time.Unix(1e9, 0).Add(time.Duration(i*apart) % time.Hour), Bank: "berlin", Op: op, Method: "POST", Target: target,
				Status: status, Kind: fail.TokenExpired, Client: "x", Took: time.Duration(i), Tokens: []string{"at_1abcd"}}
			e.Request, e.Response = journal.Cut([]byte(in)), journal.Cut([]byte(out))
			e.Request.Head, e.Response.Head = []byte(head), []byte("Retry-After: "+in+"\r\n")
			entries = append(entries, e)
		}
		for _, one := range Cards(entries, grants) {
			if c := Judge(entries, grants, one.Client); c.Seen > c.Applicable || c.Failed > c.Seen || c.Requests > len(entries) || !reflect.DeepEqual(*c, one) {
				t.Errorf("%+v, and among all %+v", c, one)
			}
		}
	})
}
