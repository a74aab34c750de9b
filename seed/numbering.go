package seed

import (
	"fmt"
	"strconv"
	"time"

	"sandbank/server/ledger"
)

// numbering makes entry ids that are unique in the ledger: each begins with its account. The day is part of it, so that a purchase
// keeps its id when the sandbox starts again tomorrow and the window of the history has moved. Accounts with FirstEntry count from
// there instead.
type numbering struct {
	account string
	base    uint64 // of numeric ids; 0: text
	first   uint64 // FirstEntry; 0: none
	used    map[int]int
}

func newNumbering(a *ledger.Account) *numbering {
	n := &numbering{account: pad16(stable("entry", a.Bank, a.ID)), used: map[int]int{}}
	if first, err := strconv.ParseUint(a.Facts[FirstEntry], 10, 53); err == nil {
		n.first = first
	}
	if id, err := strconv.ParseUint(a.ID, 10, 64); err == nil && id > 0 {
		if len(a.ID) > 8 {
			id = 10_000_000 + stable(a.ID)%80_000_000
		}
		n.base = id * 100_000_000 // with day and number at most 9·10¹⁵: JSON numbers stay exact
	}
	return n
}

func pad16(h uint64) string { return fmt.Sprintf("%012x", h>>16) }

// era is where days are counted from.
func era() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// class keeps invented, balancing and pending entries of one day apart, so that the ids of the first kind do not depend on the others.
type class int

const (
	invented  class = 0
	balancing class = 500
	pending   class = 900
)

// next is the id of the next entry of this class on the day of t.
func (n *numbering) next(t time.Time, c class) string {
	day := max(int(t.Sub(era())/(24*time.Hour)), 0)
	n.used[day*1000+int(c)]++
	at := int(c) + n.used[day*1000+int(c)]
	if n.base > 0 {
		return strconv.FormatUint(n.base+uint64(day%100_000*1000+at), 10)
	}
	return fmt.Sprintf("%s-%s%03d", n.account, t.Format("060102"), at)
}

// given is the id of the nth entry that a fixture spells out.
func (n *numbering) given(i int) string {
	switch {
	case n.first > 0:
		return strconv.FormatUint(n.first+block-1000+uint64(i), 10)
	case n.base > 0:
		return strconv.FormatUint(n.base+uint64(i)+1, 10)
	}
	return fmt.Sprintf("%s-%d", n.account, i+1)
}

// renumber counts sorted entries from FirstEntry, where the account has one.
func (n *numbering) renumber(entries []ledger.Entry) {
	for i := range entries {
		if n.first > 0 {
			entries[i].ID = strconv.FormatUint(n.first+uint64(i), 10)
		}
	}
}
