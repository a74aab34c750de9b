package berlin

import (
	"time"

	"sandbank/server/fail"
	"sandbank/server/ledger"
)

// What the fuzz targets reach.
var (
	Accepts  = accepts
	IsUUID   = isUUID
	ParseDay = parseDay
	Amount   = amount
	Figure   = figure
	Grouped  = grouped
	Clip     = clip
	Plain    = plain
	Sofia    = sofia
)

// ReadAsk reads a consent request and says what it came to.
func ReadAsk(body []byte, now time.Time) (model string, frequency int64, until time.Time, kept string, err error) {
	a, err := readAsk(body, now)
	if err != nil {
		return "", 0, time.Time{}, "", err
	}
	return a.model, a.frequency, a.until, remember(&a.access), nil
}

// ReadQuery reads the parameters of a list of transactions and says what the links of its pages would repeat.
func ReadQuery(get func(string) string, now time.Time) (page, size int, link string, err error) {
	q, err := readQuery(get, now)
	if err != nil {
		return 0, 0, "", err
	}
	return q.page, q.size, q.encode(q.page), nil
}

// Pages is how a run of n booked and m pending entries is cut.
func Pages(n, m, page, size int) (booked, pending int) {
	r := run{booked: make([]ledger.Entry, n), pending: make([]ledger.Entry, m)}
	a, b := r.cut(page, size)
	return len(a), len(b)
}

// Said is the text that a refusal puts on the wire.
func Said(err error) (text, path string) {
	e := fail.From(err)
	return e.Text, e.Param
}
