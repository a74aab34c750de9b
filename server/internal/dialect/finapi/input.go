package finapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

// german is the zone of all dates. It is looked up late, when the built-in zones are there for sure.
var german = sync.OnceValue(func() *time.Location { return wire.Zone("Europe/Berlin") })

const (
	day          = "2006-01-02"
	maxIDs       = 1000
	defaultPage  = 20
	largestPage  = 500
	moneyDigits  = 12
	maxPageCount = 1 << 31
)

// dated is the start of a German day.
func dated(text string) (time.Time, bool) {
	t, err := time.ParseInLocation(day, text, german())
	return t, err == nil && t.Year() > 0
}

// midnight is the start of the German day that t lies in.
func midnight(t time.Time) time.Time {
	t = t.In(german())
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, german())
}

// parseMoney reads a decimal number into hundredths without a float in between: at most two decimal places that are not zero.
func parseMoney(text string) (money, bool) {
	rest, negative := strings.CutPrefix(text, "-")
	whole, part, dotted := strings.Cut(rest, ".")
	part = strings.TrimRight(part, "0")
	if whole == "" || len(whole) > moneyDigits || len(part) > 2 || dotted && strings.HasSuffix(rest, ".") || strings.Trim(whole+part, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+"00"[len(part):], 10, 64)
	if negative {
		n = -n
	}
	return money(n), err == nil
}

// identifier is the number that stands for an id of the ledger. Fixtures deal numbers; other ids get a stable one of their own.
func identifier(id string) int64 {
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && n > 0 {
		return n
	}
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return int64(h%9e15) + 1 // exact as a JSON number in every client
}

// pathID reads {id}. What is no number names nothing.
func pathID(c *wire.Call) (int64, error) {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || n < 1 {
		return 0, c.Trail.No("id", fail.New(fail.InvalidField, "the id %q is no positive whole number", c.Param("id")).Say("The identifier must be a positive number.").At("id"))
	}
	return n, nil
}

// query reads the parameters of a search. The first bad one is kept until the handler asks for it, so that reading stays a list.
type query struct {
	v   *wire.Values
	err error
}

func search(c *wire.Call) *query { return &query{v: c.Query(), err: c.Query().Err()} }

func (q *query) bad(param, code, text, why string, args ...any) {
	if q.err == nil {
		q.err = fail.Field(param, why, args...).Coded(code).Say(text)
	}
}

// one is a parameter that may come once.
func (q *query) one(param string) string {
	if n := len(q.v.All(param)); n > 1 {
		q.bad(param, badRequest, "The parameter '"+param+"' must not be repeated.", "%s was sent %d times", param, n)
	}
	return q.v.Get(param)
}

// list reads what is separated by commas, by repetition, or by both: generated clients do either.
func (q *query) list(param string) (out []string) {
	for _, all := range q.v.All(param) {
		for _, one := range strings.Split(all, ",") {
			if one = strings.TrimSpace(one); one != "" {
				out = append(out, one)
			}
		}
	}
	if len(out) > maxIDs {
		q.bad(param, tooManyIDs, "The maximum number of identifiers for '"+param+"' is 1000.", "%s has %d values, %d are allowed", param, len(out), maxIDs)
	}
	return out
}

// ids reads identifiers; nil means that the parameter was not sent.
func (q *query) ids(param string) (out []int64) {
	for _, one := range q.list(param) {
		n, err := strconv.ParseInt(one, 10, 64)
		if err != nil || n < 0 {
			q.bad(param, badRequest, "The parameter '"+param+"' must be a comma-separated list of identifiers.", "%s has %q", param, one)
			return nil
		}
		out = append(out, n)
	}
	return out
}

// words reads values of an enumeration, whatever their case.
func (q *query) words(param string, known ...string) (out []string) {
	for _, one := range q.list(param) {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, one) })
		if i < 0 {
			q.bad(param, badRequest, "The parameter '"+param+"' has an unknown value.", "%s has %q, not one of %s", param, one, strings.Join(known, ", "))
			return nil
		}
		out = append(out, known[i])
	}
	return out
}

// flag reads true or false; nil means that the parameter was not sent.
func (q *query) flag(param string) *bool {
	switch text := q.one(param); text {
	case "":
	case "true", "false":
		is := text == "true"
		return &is
	default:
		q.bad(param, badRequest, "The parameter '"+param+"' must be true or false.", "%s is %q", param, text)
	}
	return nil
}

// span reads a range of days, both included: the instants from and before which something happened. Zero is open.
func (q *query) span(from, to string) (start, end time.Time) {
	read := func(param string) (t time.Time) {
		text := q.one(param)
		if text == "" {
			return t
		}
		t, ok := dated(text)
		if !ok {
			q.bad(param, badRequest, "The parameter '"+param+"' must be a date in the format YYYY-MM-DD.", "%s is %q", param, text)
		}
		return t
	}
	start, end = read(from), read(to)
	if !start.IsZero() && !end.IsZero() && end.Before(start) {
		q.bad(to, badFilter, "'"+from+"' must not be later than '"+to+"'.", "%s %s lies after %s %s", from, start.Format(day), to, end.Format(day))
	}
	if !end.IsZero() {
		end = end.AddDate(0, 0, 1)
	}
	return start, end
}

// inside tells whether t lies in a span.
func inside(t, start, end time.Time) bool {
	return (start.IsZero() || !t.Before(start)) && (end.IsZero() || t.Before(end))
}

// amounts reads a range of money; nil is open.
func (q *query) amounts(from, to string) (least, most *money) {
	read := func(param string) *money {
		text := q.one(param)
		if text == "" {
			return nil
		}
		m, ok := parseMoney(text)
		if !ok {
			q.bad(param, badRequest, "The parameter '"+param+"' must be a number with at most two decimal places.", "%s is %q", param, text)
			return nil
		}
		return &m
	}
	least, most = read(from), read(to)
	if least != nil && most != nil && *least > *most {
		q.bad(to, badFilter, "'"+from+"' must not be greater than '"+to+"'.", "%s %d is more than %s %d hundredths", from, *least, to, *most)
	}
	return least, most
}

// within tells whether an amount lies in a range.
func within(m money, least, most *money) bool {
	return (least == nil || m >= *least) && (most == nil || m <= *most)
}

// page reads which part of the result is asked for.
func (q *query) page() (page, perPage int) {
	read := func(param string, otherwise, most int, code, text string) int {
		sent := q.one(param)
		if sent == "" {
			return otherwise
		}
		n, err := strconv.Atoi(sent)
		if err != nil || n < 1 || n > most {
			q.bad(param, code, text, "%s is %q, not a number from 1 to %d", param, sent, most)
			return otherwise
		}
		return n
	}
	return read("page", 1, maxPageCount, badRequest, "The parameter 'page' must be a number from 1."),
		read("perPage", defaultPage, largestPage, illegalPage, "The parameter 'perPage' must be a number from 1 to 500.")
}

// paged cuts one page out of a result.
func paged[T any](all []T, page, perPage int) ([]T, paging) {
	p := paging{Page: page, PerPage: perPage, PageCount: (len(all) + perPage - 1) / perPage, TotalCount: len(all)}
	if page > p.PageCount {
		return []T{}, p
	}
	from := (page - 1) * perPage
	return all[from:min(from+perPage, len(all))], p
}

// sorts reads order=property[,asc|desc], repeatable, into one comparison. Equal items keep the order that they had.
func sorts[T any](q *query, by map[string]func(a, b T) int, otherwise string) func(a, b T) int {
	asked := q.v.All("order")
	if len(asked) == 0 || len(asked) == 1 && asked[0] == "" {
		asked = []string{otherwise}
	}
	var steps []func(a, b T) int
	for _, one := range asked {
		property, direction, _ := strings.Cut(one, ",")
		compare := by[strings.TrimSpace(property)]
		direction = strings.ToLower(strings.TrimSpace(direction))
		if compare == nil || direction != "" && direction != "asc" && direction != "desc" || len(asked) > 20 {
			q.bad("order", badRequest, "The parameter 'order' must be a property of the result, with asc or desc.", "order is %q", one)
			return func(T, T) int { return 0 }
		}
		if direction == "desc" {
			steps = append(steps, func(a, b T) int { return compare(b, a) })
			continue
		}
		steps = append(steps, compare)
	}
	return func(a, b T) int {
		for _, compare := range steps {
			if n := compare(a, b); n != 0 {
				return n
			}
		}
		return 0
	}
}

// holds tells whether all the blank-separated terms are in the texts, whatever their case.
func holds(terms string, texts ...string) bool {
	if terms == "" {
		return true
	}
	all := strings.ToLower(strings.Join(texts, "\n"))
	for _, term := range strings.Fields(strings.ToLower(terms)) {
		if !strings.Contains(all, term) {
			return false
		}
	}
	return true
}

// body reads a JSON object. An empty body is an empty object: whether something is missing, the operation knows better.
func body(c *wire.Call, into any) error {
	if len(c.Body()) == 0 {
		return nil
	}
	if kind := c.MediaType(); kind != "" && kind != "application/json" {
		return c.Trail.No("media type", fail.New(fail.UnsupportedMedia, "the body is %s, not application/json", kind).
			Say("The Content-Type must be application/json."))
	}
	if err := c.ReadJSON(into); err != nil {
		e := fail.From(err)
		text := "The request body is not valid JSON."
		if e.Param != "" {
			text = "The field '" + e.Param + "' has the wrong type."
		}
		return c.Trail.No("body", e.Say(text))
	}
	return nil
}

// field refuses one field of a body.
func field(c *wire.Call, param, code, text, why string, args ...any) error {
	return c.Trail.No(param, fail.Field(param, why, args...).Coded(code).Say(text))
}

// allowed are the characters of free texts ("Allowed Characters", and the patterns of the spec).
func allowed(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r >= '¡' && r <= 'ʯ' || strings.ContainsRune(" &(){}[].:,;?!+-_$@#~`^€", r)
}

// plain checks a free text: its length in characters, and what they are.
func plain(c *wire.Call, param string, text *string, longest int) error {
	if text == nil {
		return nil
	}
	if n := utf8.RuneCountInString(*text); n > longest {
		return field(c, param, badRequest, "The field '"+param+"' must not be longer than "+strconv.Itoa(longest)+" characters.", "%s has %d characters", param, n)
	}
	if i := strings.IndexFunc(*text, func(r rune) bool { return !allowed(r) }); i >= 0 {
		return field(c, param, badRequest, "The field '"+param+"' contains characters that are not allowed.", "%s has %q at byte %d", param, (*text)[i:min(i+1, len(*text))], i)
	}
	return nil
}

// number reads an amount of a body.
func number(c *wire.Call, param string, n *json.Number) (money, error) {
	if n == nil {
		return 0, field(c, param, missingField, "The field '"+param+"' is missing.", "%s is missing", param)
	}
	m, ok := parseMoney(n.String())
	if !ok {
		return 0, field(c, param, badRequest, "The field '"+param+"' must be a number with at most two decimal places.", "%s is %s", param, *n)
	}
	return m, nil
}
