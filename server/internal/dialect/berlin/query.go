package berlin

import (
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/ledger"
)

// Pages. The specification leaves their size to the bank.
const (
	usualSize = 100
	mostSize  = 500
)

// query is what a list of transactions is asked for with.
type query struct {
	status   string    // bookingStatus
	from, to time.Time // from the first instant, up to the second
	after    string    // entryReferenceFrom
	delta    bool
	sums     bool
	page     int // from 1 on
	size     int
	indexed  bool // pageIndex and itemsPerPage, from 0 on, rather than page and pageSize

	oldest time.Time // what was booked before is not told any more; zero: everything is
}

func (q *query) has(status string) bool {
	return q.status == status || q.status == "all" || q.status == "both" && status != "information"
}

// readQuery checks the parameters. Delta access needs no dates, and ignores them, as the specification allows.
func readQuery(get func(string) string, now time.Time) (*query, error) {
	q := &query{status: get("bookingStatus"), after: get("entryReferenceFrom")}
	switch q.status {
	case "information", "booked", "pending", "both", "all":
	case "":
		return nil, fail.Field("bookingStatus", "no bookingStatus was sent").Say("bookingStatus is missing: booked, pending, both, information or all.")
	default:
		return nil, fail.Field("bookingStatus", "bookingStatus is %q", clip(q.status, 40)).Coded("PARAMETER_NOT_SUPPORTED").
			Say("bookingStatus must be booked, pending, both, information or all.")
	}
	for _, f := range []struct {
		param string
		into  *bool
	}{{"deltaList", &q.delta}, {"withBalance", &q.sums}} {
		on, err := flag(f.param, get(f.param))
		if err != nil {
			return nil, err
		}
		*f.into = on
	}
	if q.delta && q.after != "" {
		return nil, fail.Field("deltaList", "deltaList and entryReferenceFrom were both sent").Coded("PARAMETER_NOT_CONSISTENT").
			Say("deltaList and entryReferenceFrom exclude each other.")
	}
	if err := q.readDates(get, now); err != nil {
		return nil, err
	}
	return q, q.readPage(get)
}

func (q *query) readDates(get func(string) string, now time.Time) error {
	read := func(param string) (time.Time, error) {
		text := get(param)
		if text == "" {
			return time.Time{}, nil
		}
		t, ok := parseDay(text)
		if !ok {
			return t, fail.Field(param, "%s is %q", param, clip(text, 40)).Say("%s must be a date, YYYY-MM-DD.", param)
		}
		return t, nil
	}
	from, err := read("dateFrom")
	if err != nil {
		return err
	}
	to, err := read("dateTo")
	if err != nil {
		return err
	}
	if q.delta || q.after != "" {
		return nil
	}
	period := func(param, why, text string) error {
		return fail.Field(param, "%s", why).Coded("PERIOD_INVALID").Say("%s", text)
	}
	switch {
	case from.IsZero() && q.status != "information":
		return fail.Field("dateFrom", "no dateFrom was sent, and this is no delta").Say("dateFrom is missing.")
	case !to.IsZero() && from.After(to):
		return period("dateTo", "dateFrom "+day(from)+" is after dateTo "+day(to), "dateFrom is after dateTo.")
	case from.After(now):
		return period("dateFrom", "dateFrom "+day(from)+" is after today, "+day(now), "dateFrom is in the future.")
	}
	q.from = from
	if !to.IsZero() {
		q.to = to.AddDate(0, 0, 1) // inclusive
	}
	return nil
}

// readPage takes page and pageSize, as Raiffeisen has them, page from 1 on; or the specification's pageIndex and itemsPerPage, from 0 on.
func (q *query) readPage(get func(string) string) error {
	plain := get("page") != "" || get("pageSize") != ""
	q.indexed = get("pageIndex") != "" || get("itemsPerPage") != ""
	if plain && q.indexed {
		return fail.Field("pageIndex", "page, pageSize and pageIndex, itemsPerPage were mixed").Coded("PARAMETER_NOT_CONSISTENT").
			Say("Use page and pageSize, or pageIndex and itemsPerPage.")
	}
	number, size, first := "page", "pageSize", 1
	if q.indexed {
		number, size, first = "pageIndex", "itemsPerPage", 0
	}
	read := func(param string, least, otherwise int) (int, error) {
		text := get(param)
		if text == "" {
			return otherwise, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > 1_000_000 {
			return 0, fail.Field(param, "%s is %q", param, clip(text, 40)).Say("%s must be a whole number from %d on.", param, least)
		}
		return n, nil
	}
	n, err := read(number, first, first)
	if err != nil {
		return err
	}
	q.page = n - first + 1
	if q.size, err = read(size, 1, usualSize); err != nil {
		return err
	}
	q.size = min(q.size, mostSize)
	return nil
}

// run is the sequence that the pages are cut from: what is booked, oldest first, then what is pending. What is booked later is added at
// its end, so that pages do not shift while a client walks through them.
type run struct{ booked, pending []ledger.Entry }

func (q *query) run(r *reader, a *ledger.Account, booked, pending []ledger.Entry) (*run, error) {
	if q.delta {
		q.since(r, a, booked)
	}
	out := &run{}
	if q.has("booked") {
		lo, hi := 0, len(booked)
		if q.after != "" {
			i := slices.IndexFunc(booked, func(e ledger.Entry) bool { return e.ID == q.after })
			if i < 0 {
				return nil, fail.Field("entryReferenceFrom", "account %s has no booked entry %q", a.ID, clip(q.after, 40)).
					Coded("RESOURCE_UNKNOWN").Say("entryReferenceFrom is not known.")
			}
			if booked[i].At.Before(q.oldest) {
				return nil, outOfBound("entryReferenceFrom", q.oldest)
			}
			lo = i + 1
		}
		if !q.from.IsZero() {
			lo = sort.Search(len(booked), func(i int) bool { return !booked[i].At.Before(q.from) })
		}
		if !q.to.IsZero() {
			hi = sort.Search(len(booked), func(i int) bool { return !booked[i].At.Before(q.to) })
		}
		out.booked = booked[lo:max(lo, hi)]
	}
	if q.has("pending") {
		for _, e := range pending { // their relevant date is that of entry
			if !e.Entered.Before(q.from) && (q.to.IsZero() || e.Entered.Before(q.to)) {
				out.pending = append(out.pending, e)
			}
		}
	}
	return out, nil
}

// since turns deltaList into what it stands for: after the last entry that was reported, or everything when nothing was, or when that
// entry is not booked any more because the clock went back; always without what is too old. The links of the pages then say the same,
// whatever is reported meanwhile.
func (q *query) since(r *reader, a *ledger.Account, booked []ledger.Entry) {
	last := r.consent.Facts[seenFact+a.ID]
	if last != "" && slices.ContainsFunc(booked, func(e ledger.Entry) bool { return e.ID == last && !e.At.Before(q.oldest) }) {
		q.after = last
		return
	}
	if q.from = back(a); q.from.Before(q.oldest) {
		q.from = q.oldest
	}
}

func (r *run) len() int { return len(r.booked) + len(r.pending) }

// cut is one page of the run.
func (r *run) cut(page, size int) (booked, pending []ledger.Entry) {
	lo := min((page-1)*size, r.len())
	hi := min(lo+size, r.len())
	n := len(r.booked)
	return r.booked[min(lo, n):min(hi, n)], r.pending[max(lo-n, 0):max(hi-n, 0)]
}

// links lead through the pages.
func (q *query) links(base string, total int) shapePages {
	pages := max((total+q.size-1)/q.size, 1)
	to := func(page int) *shapeLink { return link(base + "/transactions?" + q.encode(page)) }
	out := shapePages{Account: link(base), First: to(1), Last: to(pages)}
	if q.page < pages {
		out.Next = to(q.page + 1)
	}
	if q.page > 1 {
		out.Previous = to(min(q.page-1, pages))
	}
	return out
}

// encode writes the query for another page.
func (q *query) encode(page int) string {
	var b strings.Builder
	b.WriteString("bookingStatus=" + q.status)
	if q.after != "" {
		b.WriteString("&entryReferenceFrom=" + url.QueryEscape(q.after))
	}
	if !q.from.IsZero() {
		b.WriteString("&dateFrom=" + day(q.from))
	}
	if !q.to.IsZero() {
		b.WriteString("&dateTo=" + day(q.to.AddDate(0, 0, -1)))
	}
	if q.sums {
		b.WriteString("&withBalance=true")
	}
	if q.indexed {
		b.WriteString("&pageIndex=" + strconv.Itoa(page-1) + "&itemsPerPage=" + strconv.Itoa(q.size))
	} else {
		b.WriteString("&page=" + strconv.Itoa(page) + "&pageSize=" + strconv.Itoa(q.size))
	}
	return b.String()
}
