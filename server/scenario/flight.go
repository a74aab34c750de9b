package scenario

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
)

// withBearer is the condition of a fault that strikes calls with an access token.
const withBearer = "if-header=Authorization: Bearer *; "

// flights are the cases of group 3.6.
func flights() []Case {
	return []Case{
		{ID: "E59", Title: "Expires between two pages", Banks: []string{finapi, berlin}, Does: "An access token is good for three calls, and a list has more pages.",
			Correct: "Refresh, go on at the same cursor, no duplicates.", Do: "Read a list page by page.", Variants: one("uses=3"),
			meets: func(_ *traffic, c *call) bool { return c.kind(fail.TokenExpired) && paged(c) > 1 }},
		{ID: "E60", Title: "The page cursor has expired", Banks: []string{berlin}, Does: "The link to the next page is good for 10 s.", Correct: "Start the window again, and drop what is known by its id.",
			Do: "Read a list page by page, and let ten seconds pass between two pages.", Variants: one("cursor=10s"),
			meets: func(_ *traffic, c *call) bool { return c.Failed("page leads on") }},
		{ID: "E61", Title: "The data changes between two pages", Banks: []string{finapi, berlin}, Does: "A transaction comes in while a list is read: the next page begins with what the one before ended with.",
			Correct: "Merge by a stable key.",
			Do:      `Read page 1, POST /accounts/{id}/entries {"amount":"-1"}, read page 2. Accounts BG lists the oldest first: give an "at" that lies before page 1 ends.`,
			meets:   (*traffic).shifted},
		{ID: "E62", Title: "The download outlives its token", Banks: everywhere(), Does: "Access tokens live 10 s, and the next answer comes at 64 bytes a second: all of it, or until its token ends.",
			Correct: "Compare the length, and resume.", Variants: []Variant{{Name: "whole", Knobs: []string{"access=10s"}, Faults: []string{withBearer + "dribble=64"}},
				{Name: "cut off", Knobs: []string{"access=10s", "token-check=midstream"}, Faults: []string{withBearer + "dribble=64"}}},
			meets: func(t *traffic, c *call) bool {
				token := t.used(c)
				_, rest, _ := strings.Cut(c.spoiled, "dribble=")
				digits, _, _ := strings.Cut(rest, ";")
				rate, err := strconv.Atoi(digits)
				if err != nil || rate == 0 || token == nil {
					return false
				}
				left, ends := token.Left(c.At)
				return ends && time.Duration(c.Response.Size)*time.Second/time.Duration(rate) >= left
			}},
		{ID: "E63", Title: "401 on a POST that was done", Banks: []string{berlin, sparebank1, s2s, finapi}, Does: "The next POST is done, and answered as if its token had expired.",
			Correct: "The same X-Request-ID again; look whether it was done before doing it twice.",
			Variants: spoil("bank=berlin; op=consent.create; where=after; refuse=token_expired", "bank=sparebank1; method=POST; "+withBearer+"where=after; refuse=token_expired",
				"bank=s2s; method=POST; "+withBearer+"where=after; refuse=token_expired", "bank=finapi; method=POST; "+withBearer+"where=after; refuse=token_expired"),
			meets: func(_ *traffic, c *call) bool {
				return c.Method == "POST" && c.Op != opToken && c.lost() && c.Status == 401
			}},
		{ID: "E64", Title: "Many calls at once, and one is refused", Banks: everywhere(), Does: "Every fifth call with a token is refused as if that had expired; four in all.",
			Correct: "One refresh for all of them, one retry for each.", Variants: spoil(withBearer + "refuse=token_expired; every=5; next=4"),
			meets: func(t *traffic, c *call) bool {
				if !c.did("refuse=token_expired") || !strings.HasPrefix(c.spoiled, "before") {
					return false
				}
				same := 0
				for _, other := range t.bearers {
					if other.bearer == c.bearer && c.At.Sub(other.At).Abs() <= time.Minute {
						same++
					}
				}
				return same >= 2
			}},
	}
}

// paged is which page of a list a call asks for; 0 when it is none.
func paged(c *call) int {
	if c.bearer == "" || !strings.HasPrefix(c.Op, "transactions") {
		return 0
	}
	if n, err := strconv.Atoi(c.form().Get("pageIndex")); err == nil {
		return n + 1
	}
	n, err := strconv.Atoi(c.form().Get("page"))
	if err != nil {
		return 1
	}
	return n
}

// shifted tells whether a page begins with what an earlier page of the same list had already.
func (t *traffic) shifted(c *call) bool {
	n := paged(c)
	if n < 2 || c.Kind != "" {
		return false
	}
	now := rows(c)
	for _, before := range t.pages {
		if before.bearer == c.bearer && before.Path() == c.Path() && paged(before) == n-1 &&
			slices.ContainsFunc(rows(before), func(id string) bool { return slices.Contains(now, id) }) {
			return true
		}
	}
	return false
}

// rows are the ids of a page of transactions: finAPI's, or those that NextGenPSD2 calls booked.
func rows(c *call) (ids []string) {
	list := c.answer()["transactions"]
	var booked struct{ Booked json.RawMessage }
	if json.Unmarshal(list, &booked) == nil {
		list = booked.Booked
	}
	var all []struct {
		ID            json.RawMessage
		TransactionID string
	}
	json.Unmarshal(list, &all) // what has another form has no rows
	for _, one := range all {
		ids = append(ids, string(one.ID)+one.TransactionID)
	}
	return ids
}
