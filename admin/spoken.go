package admin

import (
	"strconv"
	"time"

	"sandbank/server/clock"
)

// Spoken is a duration as people say it: 60 s, 18 min 14 s, 1 h, 31 d 1 h 5 min. What is shorter than a minute may have a fraction; from a day
// on, seconds are left out.
func (d Duration) Spoken() string {
	left, sign := time.Duration(d), ""
	if left < 0 {
		left, sign = -left, "−"
	}
	switch {
	case left < time.Second:
		return sign + seconds(left.Round(time.Millisecond))
	case left < time.Minute:
		return sign + seconds(left.Round(100*time.Millisecond))
	}
	left = left.Round(time.Second)
	if left < 2*time.Minute {
		return sign + seconds(left)
	}
	if left > clock.Day {
		left = left.Round(time.Minute)
	}
	text := ""
	for _, u := range []struct {
		unit time.Duration
		word string
	}{{clock.Day, " d"}, {time.Hour, " h"}, {time.Minute, " min"}, {time.Second, " s"}} {
		if n := left / u.unit; n > 0 {
			if text != "" {
				text += " "
			}
			text += strconv.FormatInt(int64(n), 10) + u.word
		}
		left %= u.unit
	}
	return sign + text
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s" }
