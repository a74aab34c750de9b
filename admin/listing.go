package admin

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
)

// Window is the part of a list that is asked for.
type Window struct {
	Limit  int    // entries at most, up to 1000; 0: 100
	Cursor string // next of the part before; empty: from the newest on
}

// List is a part of a longer list.
type List[V any] struct {
	Items []V    `json:"items"`
	Next  string `json:"next,omitempty"` // cursor of the rest; missing: this is the end
	Total int    `json:"total"`          // that the filters let through
}

// open reads the window: size entries at most, with numbers below before; 0 is no bound.
func (w Window) open() (before int64, size int, err error) {
	if w.Limit == 0 {
		w.Limit = 100
	}
	before, err = readCursor(w.Cursor)
	return before, w.Limit, err
}

// listQuery are the parameters that every list has.
func listQuery(filters ...parameter) []parameter {
	return append(filters, parameter{"limit", "1 to 1000; 100 by default"}, parameter{"cursor", "next of the answer before"})
}

// window reads limit and cursor.
func (r *request) window() (Window, error) {
	n, err := r.number("limit", 100, 1, 1000)
	return Window{n, r.query.Get("cursor")}, err
}

// cursor is opaque: what it is made of may change.
func cursor(number int64) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt([]byte("<"), number, 36))
}

func readCursor(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	rest, ok := strings.CutPrefix(string(raw), "<")
	n, bad := strconv.ParseInt(rest, 36, 64)
	if err != nil || !ok || bad != nil || n < 1 || cursor(n) != text {
		return 0, fail.Field("cursor", "%q is no cursor; take next of the answer before", text)
	}
	return n, nil
}

// cut keeps size of what was found. One more was looked for, so it is known whether the list goes on.
func cut[V any](size int, found []*V, number func(*V) int64) (rest []*V, next string) {
	if len(found) <= size {
		return found, ""
	}
	return found[:size], cursor(number(found[size-1]))
}

// oneOf refuses a filter that can never match.
func oneOf(field, value string, all ...string) error {
	if value != "" && !slices.Contains(all, value) {
		return fail.Field(field, "%q is none of %s", value, strings.Join(all, ", "))
	}
	return nil
}

// isUser tells whether an owner is the one asked for: by id ("berlin/dave") or by login ("dave", at whichever bank).
func isUser(owner, asked string) bool {
	return asked == "" || owner == asked || owner != "" && strings.HasSuffix(owner, "/"+asked)
}

// inTime keeps instants within what a clock can show.
func inTime(field string, at time.Time) error {
	if err := clock.Check(at); err != nil {
		return fail.Field(field, "%v", err)
	}
	return nil
}

// String is the duration as a lever reads it.
func (d Duration) String() string { return clock.FormatDuration(time.Duration(d)) }

// left is what remains until an end; nil when it has come, or there is none.
func left(end, now time.Time) *Duration {
	if end.IsZero() || !now.Before(end) {
		return nil
	}
	d := Duration(end.Sub(now).Round(time.Millisecond))
	return &d
}

// Reason is why something is ended by hand.
type Reason struct {
	Why string `json:"why,omitempty"` // a sentence for the journal
}

func (o Reason) or(fallback string) (string, error) {
	switch {
	case len(o.Why) > 200:
		return "", fail.Field("why", "the reason has %d bytes; 200 are kept", len(o.Why))
	case o.Why == "":
		return fallback, nil
	}
	return o.Why, nil
}

// EndOrder says when something is to end; without a field, now.
type EndOrder struct {
	In *Duration  `json:"in,omitempty"`
	At *time.Time `json:"at,omitempty"`
}

func (o EndOrder) when(now time.Time) (time.Time, error) {
	switch {
	case o.In != nil && o.At != nil:
		return now, fail.Field("in", "give in or at, not both")
	case o.In != nil && *o.In < 0:
		return now, fail.Field("in", "%s is over already; give at for an instant in the past", o.In.String())
	case o.In != nil:
		at := now.Add(time.Duration(*o.In))
		return at, inTime("in", at)
	case o.At != nil:
		return o.At.UTC(), inTime("at", *o.At)
	}
	return now, nil
}

// names opens a window on a list that is sorted by a text: what comes after that text, size entries at most.
func (w Window) names() (after string, size int, err error) {
	if w.Limit == 0 {
		w.Limit = 100
	}
	if w.Cursor == "" {
		return "", w.Limit, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(w.Cursor)
	after, ok := strings.CutPrefix(string(raw), ">")
	if err != nil || !ok || after == "" {
		return "", 0, fail.Field("cursor", "%q is no cursor; take next of the answer before", w.Cursor)
	}
	return after, w.Limit, nil
}

// pageOf is the part of an ordered list that is asked for, and where it goes on.
func pageOf[V any](w Window, all []V, name func(V) string) (page []V, next string, err error) {
	after, size, err := w.names()
	if err != nil {
		return nil, "", err
	}
	for _, one := range all {
		if name(one) <= after {
			continue
		}
		if len(page) == size {
			return page, nameCursor(name(page[size-1])), nil
		}
		page = append(page, one)
	}
	return page, "", nil
}

// nameCursor goes on behind a text.
func nameCursor(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(">" + text)) }
