package report

import (
	"fmt"
	"strconv"
	"time"

	"sandbank/server/clock"
)

// retryRules are those about what follows a refusal.
func retryRules() []rule {
	return []rule{
		{id: "retry-401", title: "Retries once after a 401", cases: []string{"E01", "E19", "E52"}, judge: retry401},
		{id: "retry-after", title: "Honours Retry-After", cases: []string{"E53", "E69"}, judge: retryAfter},
		{id: "backoff", title: "Backs off when the server fails", cases: []string{"E41", "E70"}, judge: backoff},
	}
}

// retry401: the second refusal of one endpoint in a row is the last. A new login begins anew.
func retry401(h *history) (f finding) {
	row := map[string]int{}
	first := map[string]*step{}
	for _, s := range h.steps {
		switch {
		case s.exchange() && s.good():
			row = map[string]int{}
		case s.role != service:
		case !s.dead():
			row[s.key()] = 0
		default:
			f.seen++
			if row[s.key()]++; row[s.key()] == 1 {
				first[s.key()] = s
			} else if row[s.key()] > 2 {
				f.blame(s, first[s.key()], fmt.Sprintf("refusal %d in a row", row[s.key()]))
			}
		}
	}
	return f
}

// retryAfter: the endpoint is not called before the time that it asked for. A clock that stood still tells nothing.
func retryAfter(h *history) (f finding) {
	for i, s := range h.steps {
		if s.Status != 429 && s.Status != 503 {
			continue
		}
		wait, ok := s.wait()
		if !ok {
			continue
		}
		f.seen++
		next := h.next(i+1, func(n *step) bool { return n.Bank == s.Bank && n.Op == s.Op && n.role == s.role })
		if next == nil {
			continue
		}
		if apart := next.after(s); apart > 0 && apart < wait {
			f.blame(next, s, fmt.Sprintf("called again after %s; Retry-After was %s", clock.FormatDuration(apart.Round(time.Millisecond)), clock.FormatDuration(wait)))
		}
	}
	return f
}

// wait is what Retry-After asks for: seconds, or an instant (RFC 9110 §10.2.3).
func (s *step) wait() (time.Duration, bool) {
	value := s.Response.Header("Retry-After")
	if n, err := strconv.ParseInt(value, 10, 32); err == nil && n >= 0 {
		return time.Duration(n) * time.Second, true
	}
	at, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", value)
	if err != nil {
		return 0, false
	}
	return at.Sub(s.At), true
}

// The least pause after a failure, and how many failures in a row are enough.
const (
	leastPause   = time.Second
	mostFailures = 5
)

// backoff: after a failure there is a pause, and after many the client gives up for a while.
func backoff(h *history) (f finding) {
	failed, row := map[string]*step{}, map[string]int{}
	for _, s := range h.steps {
		before := failed[s.key()]
		if before != nil {
			f.seen++
			switch apart := s.after(before); {
			case apart > 0 && apart < leastPause:
				f.blame(s, before, fmt.Sprintf("called again %s after a failure", clock.FormatDuration(apart.Round(time.Millisecond))))
			case row[s.key()] >= mostFailures && apart < time.Minute:
				f.blame(s, before, fmt.Sprintf("called again after %d failures in a row", row[s.key()]))
			}
		}
		delete(failed, s.key())
		if !s.broken() {
			row[s.key()] = 0
			continue
		}
		failed[s.key()] = s
		row[s.key()]++
	}
	return f
}
