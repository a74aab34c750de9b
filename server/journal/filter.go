package journal

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
)

// Filter picks entries and events. What is empty does not count; everything else must fit.
type Filter struct {
	Bank, Op, Client string
	Method           string
	Path             string    // a glob over the path without its query: * is any text, ? one character; with or without the space's prefix
	Status           Statuses  // any of them
	Kind             fail.Kind // of the refusal; of a token's event, the token's kind
	User             string    // "yoisho/dave", or "dave" at any bank
	Token            string    // id of a token that was issued, used or refused; of its grant's events too when Grant is set
	Grant            string    // with Token: the token's grant
	Refused          bool
	Fault            string    // id of the rule that spoiled the call; * is any
	Text             string    // anywhere in target, headers, bodies or the reason, whatever the case
	After            uint64    // entries with a greater number only
	From             time.Time // entries and events not before it
}

// Statuses are status codes, 1 to 5 for a whole class.
type Statuses []int

// ParseStatuses reads "401", "4xx", "401,5xx".
func ParseStatuses(text string) (Statuses, error) {
	var out Statuses
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		digits, class := strings.CutSuffix(strings.ToLower(one), "xx")
		n, err := strconv.Atoi(digits)
		if err != nil || class && (n < 1 || n > 5) || !class && (n < 100 || n > 599) {
			return nil, fmt.Errorf("%q is neither a status as 401 nor a class as 4xx", one)
		}
		out = append(out, n)
	}
	return out, nil
}

func (s Statuses) has(status int) bool {
	return len(s) == 0 || slices.Contains(s, status) || slices.Contains(s, status/100)
}

// Match tells whether an entry fits.
func (f Filter) Match(e *Entry) bool {
	return fits(f.Bank, e.Bank) && fits(f.Op, e.Op) && fits(f.Client, e.Client) && (f.Method == "" || strings.EqualFold(f.Method, e.Method)) &&
		f.Status.has(e.Status) && fits(string(f.Kind), string(e.Kind)) && f.fault(e) && f.user(e.Owner) && (f.Token == "" || slices.Contains(e.Tokens, f.Token)) &&
		(!f.Refused || e.Kind != "") && e.ID > f.After && !e.At.Before(f.From) && f.path(e.Target) && f.text(e)
}

func fits(want, have string) bool { return want == "" || want == have }

func (f Filter) fault(e *Entry) bool {
	return fits(f.Fault, e.Fault) || f.Fault == "*" && e.Fault != ""
}

func (f Filter) user(owner string) bool {
	return fits(f.User, owner) || strings.HasSuffix(owner, "/"+f.User)
}

func (f Filter) path(target string) bool {
	if f.Path == "" {
		return true
	}
	path, _, _ := strings.Cut(target, "?")
	if Glob(f.Path, path) {
		return true
	}
	rest, ok := strings.CutPrefix(path, "/s/")
	_, inside, _ := strings.Cut(rest, "/")
	return ok && Glob(f.Path, "/"+inside)
}

func (f Filter) text(e *Entry) bool {
	if f.Text == "" {
		return true
	}
	want := []byte(strings.ToLower(f.Text))
	for _, part := range [][]byte{[]byte(e.Target), []byte(e.Why), e.Request.Head, e.Request.Body, e.Response.Head, e.Response.Body} {
		if bytes.Contains(bytes.ToLower(part), want) {
			return true
		}
	}
	return false
}

// MatchEvent tells whether an event fits. What happens to the whole space (clock, activity) fits wherever its time does: it has no bank
// and no client.
func (f Filter) MatchEvent(e *Event) bool {
	switch s := e.Subject; {
	case e.Entry != nil:
		return f.Match(e.Entry)
	case e.At.Before(f.From):
		return false
	case s != nil:
		return !f.Refused && f.Fault == "" && fits(f.Bank, s.Bank) && fits(f.Client, s.Client) && f.user(s.User) && fits(string(f.Kind), s.Kind) &&
			(f.Token == "" || s.ID == f.Token || f.Grant != "" && s.Kind == "grant" && s.ID == f.Grant)
	}
	return true
}

// Glob tells whether a text fits a pattern in which * stands for any text and ? for one character.
func Glob(pattern, text string) bool {
	star, back := -1, 0 // where the last * was, and how far the text had come that it stands for
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			back++
			p, t = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
