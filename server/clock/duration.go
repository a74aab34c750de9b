package clock

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Units beyond those of time.ParseDuration. A day is 24 hours here: token lifetimes are told in seconds on every wire.
const (
	Day  = 24 * time.Hour
	Week = 7 * Day
)

// ParseDuration reads a Go duration with two more units, d and w: "90d", "1w2d", "1h30m", "5s", "-90d".
func ParseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q is no duration; write for example 5s, 10m, 1h30m, 90d or 2w", text)
	rest, sign := text, 1.0
	if after, ok := strings.CutPrefix(rest, "-"); ok {
		rest, sign = after, -1
	}
	var total float64
	plain := "" // what time.ParseDuration is to read
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n <= 0 {
			if rest == "0" && total == 0 && plain == "" {
				return 0, nil
			}
			return 0, bad
		}
		u := strings.IndexFunc(rest[n:], func(r rune) bool { return r >= '0' && r <= '9' })
		if u < 0 {
			u = len(rest) - n
		}
		number, unit := rest[:n], rest[n:n+u]
		rest = rest[n+u:]
		switch unit {
		case "d", "w":
			v, err := strconv.ParseFloat(number, 64)
			if err != nil {
				return 0, bad
			}
			if unit == "w" {
				v *= 7
			}
			total += v * float64(Day)
		default:
			plain += number + unit
		}
	}
	if plain != "" {
		d, err := time.ParseDuration(plain)
		if err != nil {
			return 0, bad
		}
		total += float64(d)
	} else if text == "" || text == "-" {
		return 0, bad
	}
	if total >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is longer than the 292 years that a duration can hold", text)
	}
	return time.Duration(sign * total), nil
}

// FormatDuration writes what ParseDuration reads, in the largest units that fit: "90d", "1h30m", "5s", "0s".
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	sign := ""
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		sign, d = "-", -d
	}
	days, d := d/Day, d%Day
	text := ""
	if days > 0 {
		text = strconv.FormatInt(int64(days), 10) + "d"
	}
	if d > 0 {
		t := d.String()
		if strings.HasSuffix(t, "m0s") {
			t = strings.TrimSuffix(t, "0s")
		}
		if strings.HasSuffix(t, "h0m") {
			t = strings.TrimSuffix(t, "0m")
		}
		text += t
	}
	return sign + text
}
