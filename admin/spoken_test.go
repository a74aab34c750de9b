package admin_test

import (
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server/clock"
)

func TestSpokenDurations(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 s", 250 * time.Millisecond: "0.25 s", 1500 * time.Millisecond: "1.5 s", 12139697393: "12.1 s", 59999 * time.Millisecond: "60 s",
		time.Minute: "60 s", 90 * time.Second: "90 s", 10 * time.Minute: "10 min", 18*time.Minute + 14*time.Second: "18 min 14 s", time.Hour: "1 h",
		100 * time.Minute: "1 h 40 min", clock.Day: "1 d", 90 * clock.Day: "90 d", 31*clock.Day + time.Hour + 5*time.Minute + 300: "31 d 1 h 5 min", -45 * time.Second: "−45 s",
	} {
		if got := admin.Duration(d).Spoken(); got != want {
			t.Errorf("%v is %q, not %q", d, got, want)
		}
	}
}
