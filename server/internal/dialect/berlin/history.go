package berlin

import (
	"fmt"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// oldest is the first day of history that can be read at now; zero: all of it. Article 10 of Regulation (EU) 2018/389 lets a bank show
// the last 90 days without a fresh login, and many do so some minutes after one; this bank does when the policy says so.
func (r *reader) oldest(c *wire.Call) time.Time {
	window, _ := c.Space.Grants.Value(grant.HistoryWindow, r.grant)
	if window.Never || c.Now.Before(r.grant.Created.Add(window.Duration)) {
		return time.Time{}
	}
	reach, source := c.Space.Grants.Value(grant.HistoryAfter, r.grant)
	if reach.Never {
		return time.Time{}
	}
	days := int(reach.Duration / clock.Day)
	first := grant.Day(c.Now.Add(-(reach.Duration%clock.Day)), sofia()).AddDate(0, 0, -days)
	c.Trail.Pass("history", fmt.Sprintf("from %s on: the login was %s ago, and %s by %s", day(first), clock.FormatDuration(c.Now.Sub(r.grant.Created)),
		clock.FormatDuration(reach.Duration), source))
	return first
}

// withinHistory refuses dates from before what can be read. A delta access has none; what is older is left out there.
func (r *reader) withinHistory(c *wire.Call, q *query) error {
	if q.oldest = r.oldest(c); !q.from.IsZero() && q.from.Before(q.oldest) {
		return c.Trail.No("history", outOfBound("dateFrom", q.oldest))
	}
	return nil
}

func outOfBound(param string, oldest time.Time) *fail.Error {
	return fail.Field(param, "%s lies before %s, the first day that can still be read", param, day(oldest)).Coded("PERIOD_INVALID").
		Say("Transactions from before %s need a new login of the PSU.", day(oldest))
}

// leadsOn refuses a further page too long after the page before, where the policy says how long a page leads on to the next.
func (r *reader) leadsOn(c *wire.Call, a *ledger.Account, q *query) error {
	life, source := r.cursor(c)
	last, err := time.Parse(time.RFC3339Nano, r.consent.Facts[pageFact+a.ID])
	if life.Never || q.page == 1 || err != nil || c.Now.Before(last.Add(life.Duration)) {
		return nil
	}
	param := "page"
	if q.indexed {
		param = "pageIndex"
	}
	return c.Trail.No("page leads on", fail.Field(param, "the page before was told %s ago; it led on for %s by %s", clock.FormatDuration(c.Now.Sub(last)),
		clock.FormatDuration(life.Duration), source).Coded("RESOURCE_EXPIRED").Say("This list of transactions has expired. Begin with its first page."))
}

// turnPage remembers when a page was told, where that counts.
func (r *reader) turnPage(c *wire.Call, a *ledger.Account) {
	if life, _ := r.cursor(c); life.Never {
		return
	}
	c.Space.Grants.UpdateConsent(name, r.consent.ID, func(v *grant.Consent) error {
		v.Facts = ledger.WithFact(v.Facts, pageFact+a.ID, c.Now.Format(time.RFC3339Nano))
		return nil
	})
}

func (r *reader) cursor(c *wire.Call) (grant.Value, string) {
	return c.Space.Grants.Value(grant.CursorTTL, r.grant)
}
