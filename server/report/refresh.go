package report

import (
	"fmt"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
)

// neverRefresh are banks without refresh tokens.
func neverRefresh() []string { return []string{"yoisho"} }

// refreshRules are those about refresh tokens.
func refreshRules() []rule {
	return []rule{
		{id: "refreshes", title: "Refreshes when the access token has died", cases: []string{"E01", "E05", "E11", "E21"}, without: neverRefresh(), judge: refreshes},
		{id: "refresh-window", title: "Refreshes inside a sensible window", cases: []string{"E03", "E06", "E12"}, without: neverRefresh(), judge: refreshWindow},
		{id: "no-refresh-on-403", title: "Does not refresh on 403, quota and consent errors", cases: []string{"E50", "E51", "E52", "E53", "E57"},
			without: append(neverRefresh(), "s2s"), judge: refreshOnDenial},
		{id: "rotated-token", title: "Never presents a rotated refresh token", cases: []string{"E29", "E30", "E31", "E33"}, grave: true, without: append(neverRefresh(), "finapi"), judge: rotatedToken},
		{id: "single-flight", title: "Lets one refresh go at a time", cases: []string{"E32", "E21", "E64"}, without: neverRefresh(), judge: singleFlight},
		{id: "invalid-grant", title: "Stops after invalid_grant", cases: []string{"E27", "E35", "E39", "E58"}, grave: true, without: neverRefresh(), judge: invalidGrant},
	}
}

// refreshes: after a token has expired, whoever holds a refresh token uses it, and asks the person again only when that is dead.
func refreshes(h *history) (f finding) {
	judged := map[string]bool{} // access tokens
	for i, s := range h.steps {
		if !s.dead() || s.Kind != fail.TokenExpired || s.owned == nil || judged[s.bearer] || !h.renewable(s.owned.Grant, s.At) {
			continue
		}
		judged[s.bearer] = true
		again, asked := 0, (*step)(nil)
		for _, later := range h.steps[i+1:] {
			switch {
			case later.refresh() && h.grantOf(later) == s.owned.Grant:
				f.seen++
			case later.exchange() && later.good() && later.Bank == s.Bank && later.Owner == s.owned.Owner:
				f.seen++
				if asked == nil {
					asked = later
				}
				f.blame(asked, s, "the person was asked again, although there was a live refresh token")
			case later.bearer == s.bearer && later.after(s) != 0:
				if again++; again < 3 {
					continue
				}
				f.seen++
				f.blame(later, s, "the dead token comes again and again, although there is a live refresh token")
			default:
				if later.role == login && later.Bank == s.Bank {
					asked = later
				}
				continue
			}
			break
		}
	}
	return f
}

// refreshWindow: no refresh while more than half of the life that was told is left, unless the token was refused.
func refreshWindow(h *history) (f finding) {
	type issue struct {
		step *step
		told time.Duration
	}
	issued, refused := map[string]issue{}, map[string]bool{} // by grant
	for _, s := range h.steps {
		if s.dead() && s.owned != nil {
			refused[s.owned.Grant] = true
		}
		if s.role != token || !s.good() {
			continue
		}
		t := h.grants.Find(s.accessOf())
		if t == nil {
			continue
		}
		if last := issued[t.Grant]; s.refresh() && last.told > 0 {
			f.seen++
			if left := last.told - s.after(last.step); left > last.told/2 && !refused[t.Grant] {
				f.blame(s, last.step, fmt.Sprintf("refreshed with %s of %s left", clock.FormatDuration(left.Round(time.Second)), clock.FormatDuration(last.told)))
			}
		}
		issued[t.Grant], refused[t.Grant] = issue{s, s.told()}, false
	}
	return f
}

// refreshOnDenial: where the answer says that the token is not the matter, a new one does not help.
func refreshOnDenial(h *history) (f finding) {
	for i, s := range h.steps {
		why := s.denied()
		if why == "" {
			continue
		}
		f.seen++
		next := h.next(i+1, func(n *step) bool { return n.Bank == s.Bank && n.role != login })
		if next != nil && next.refresh() && s.owned != nil && h.grantOf(next) == s.owned.Grant && !s.owned.Expired(next.At) {
			f.blame(next, s, why+", and a refresh followed")
		}
	}
	return f
}

// rotatedToken: once a new refresh token has arrived, the old one is not sent again. Where the answer was lost on its way, or two
// refreshes overlap, that is another matter.
func rotatedToken(h *history) (f finding) {
	rotated := map[string]*step{} // by value: the refresh whose answer arrived
	lines := map[string]bool{}    // grants that were rotated
	for _, s := range h.steps {
		if !s.refresh() {
			continue
		}
		value := s.form.Get("refresh_token")
		first := rotated[value]
		if lines[h.grantOf(s)] {
			f.seen++
		}
		if first != nil && !overlap(first, s) {
			f.blame(s, first, "the refresh token was rotated away before, and the answer with the new one had arrived")
		}
		if c := s.Check("rotated"); c != nil && c.OK && s.good() && text(s.fields["refresh_token"]) != "" {
			rotated[value], lines[h.grantOf(s)] = s, true
		}
	}
	return f
}

// overlap tells whether one step began while another was under way. On a clock that stands still nobody can tell.
func overlap(a, b *step) bool {
	if b.At.Before(a.At) {
		a, b = b, a
	}
	apart := b.after(a)
	return apart > 0 && apart < a.Took
}

// singleFlight: calls that find their token dead together bring one refresh.
func singleFlight(h *history) (f finding) {
	crowd := map[string]int{} // by grant: calls refused since the last refresh
	last := map[string]*step{}
	for _, s := range h.steps {
		if s.dead() && s.owned != nil {
			crowd[s.owned.Grant]++
		}
		if !s.refresh() {
			continue
		}
		of := h.grantOf(s)
		before := last[of]
		switch {
		case before != nil && overlap(before, s):
			f.seen++
			f.blame(s, before, "another refresh of the same grant was under way")
		case crowd[of] > 1:
			f.seen++
		}
		last[of], crowd[of] = s, 0
	}
	return f
}

// invalidGrant: a refresh token that was refused for good is not sent again.
func invalidGrant(h *history) (f finding) {
	refused := map[string]*step{}
	for _, s := range h.steps {
		if !s.refresh() {
			continue
		}
		value := s.form.Get("refresh_token")
		if first := refused[value]; first != nil {
			f.blame(s, first, "the refresh token had been refused with invalid_grant")
			continue
		}
		if s.Kind == fail.InvalidGrant {
			f.seen++
			refused[value] = s
		}
	}
	return f
}
