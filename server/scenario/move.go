package scenario

import (
	"strings"
	"time"
	_ "time/tzdata" // the calendar of Oslo, also where the machine has none

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

// Move is what a case does to the clock; one of its fields is set.
type Move struct {
	Advance time.Duration
	Set     time.Time
	Freeze  bool
	Skew    []Turn // of servers: as, rs, date
}

// Moves of the calendar, each to the last half minute before an instant that programs get wrong.
const (
	toSummer   = "to summer time" // Europe/Oslo
	toWinter   = "to winter time"
	toLeapDay  = "to 29 February"
	toNewYear  = "to the new year"
	to2038     = "to 2038" // the end of 32-bit seconds
	advance    = "advance "
	freeze     = "freeze"
	skew       = "skew "
	beforehand = 30 * time.Second
)

// ParseMove reads a variant's clock move, seen from now: "advance 2h", "advance -1h", "freeze", "skew as=30s date=-2m", or one of the moves
// of the calendar.
func ParseMove(text string, now time.Time) (Move, error) {
	if by, ok := strings.CutPrefix(text, advance); ok {
		d, err := clock.ParseDuration(by)
		return Move{Advance: d}, err
	}
	if servers, ok := strings.CutPrefix(text, skew); ok {
		return parseSkew(servers)
	}
	now = now.UTC()
	switch text {
	case freeze:
		return Move{Freeze: true}, nil
	case toSummer, toWinter:
		at, ok := nextShift(now, text == toSummer)
		if !ok {
			return Move{}, fail.New(fail.Conflict, "the calendar of Oslo is not known here")
		}
		return Move{Set: at.Add(-beforehand)}, nil
	case toLeapDay:
		for y := now.Year(); ; y++ {
			at := time.Date(y, 2, 29, 0, 0, 0, 0, time.UTC)
			if at.Month() == 2 && at.After(now) {
				return Move{Set: at.Add(-beforehand)}, nil
			}
		}
	case toNewYear:
		return Move{Set: time.Date(now.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC).Add(-beforehand)}, nil
	case to2038:
		return Move{Set: time.Unix(1<<31, 0).UTC().Add(-beforehand)}, nil
	}
	return Move{}, fail.New(fail.Internal, "%q is no move of the clock", text)
}

// parseSkew reads how far servers are set apart: "as=30s date=-2m".
func parseSkew(text string) (m Move, err error) {
	var s clock.Skew
	seen := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		server, by, _ := strings.Cut(word, "=")
		if s, err = s.With(server, by); err != nil {
			return Move{}, err
		}
		if seen[server] {
			return Move{}, fail.New(fail.Internal, "%s is set apart twice in %q", server, text)
		}
		seen[server] = true
		m.Skew = append(m.Skew, Turn{Knob: grant.Knob(server), Value: s.Of(server)})
	}
	if m.Skew == nil {
		return Move{}, fail.New(fail.Internal, "%q sets nothing apart", text)
	}
	return m, nil
}

func oslo() *time.Location {
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return time.UTC
	}
	return zone
}

// nextShift is the next instant after now at which Oslo's clocks are put forward (to summer time) or back; false where the zone is
// unknown.
func nextShift(now time.Time, summer bool) (time.Time, bool) {
	zone := oslo()
	hour := now.Truncate(time.Hour)
	for range 366 * 24 {
		_, before := hour.In(zone).Zone()
		hour = hour.Add(time.Hour)
		if _, after := hour.In(zone).Zone(); after != before && (after > before) == summer {
			return hour, true
		}
	}
	return time.Time{}, false
}

// shifted tells whether Oslo's clocks are put forward or back between two instants.
func shifted(from, to time.Time) bool {
	_, before := from.In(oslo()).Zone()
	_, after := to.In(oslo()).Zone()
	return before != after
}
