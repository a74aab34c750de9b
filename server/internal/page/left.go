package page

import (
	"fmt"
	"time"
)

// left is the time that remains, right without script and enough for one to count on.
type left struct {
	Text    string
	Millis  int64
	Seconds int64 // for the datetime attribute
	Speed   float64
	Over    bool
	Frozen  bool
}

func leftOf(now time.Time, speed float64, end time.Time) left {
	d := end.Sub(now)
	if d <= 0 {
		return left{Over: true}
	}
	// Up, not down: 00:00 must never stand on a page that still works.
	s := int64((d + time.Second - 1) / time.Second)
	return left{Text: clock(s), Millis: d.Milliseconds(), Seconds: s, Speed: max(speed, 0), Frozen: speed <= 0}
}

// clock is mirrored in page.js; both must say the same of the same second.
func clock(s int64) string {
	switch {
	case s >= 36*3600:
		return fmt.Sprintf("%d days", (s+43200)/86400) // to the nearest: 90 days are not 89 after one second
	case s >= 3600:
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	default:
		return fmt.Sprintf("%02d:%02d", s/60, s%60)
	}
}
