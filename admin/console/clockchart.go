package console

import (
	"fmt"
	"html/template"
	"math"
	"time"

	"sandbank/admin"
)

// EndLane is an end to come, on the logarithmic axis of the chart.
type EndLane struct {
	admin.Expiry
	X    float64 // per cent of the width
	Dies bool    // by the jump that is previewed
}

// axis is where a stretch of time ends on the chart, in per cent: ten seconds at 2, then as much for each power of ten, so that half a
// year still fits.
func axis(d time.Duration) float64 {
	const begin, decade = 2, 15.5
	s := d.Seconds() / 10
	if s < 1 {
		return max(0, s) * begin
	}
	return min(99, begin+decade*math.Log10(s))
}

// Chart draws the lane.
func (l EndLane) Chart() template.HTML {
	class := "k-sand"
	if l.Dies {
		class = "k-bad"
	}
	return template.HTML(fmt.Sprintf(`<line class="k-line" x1="0" x2="100%%" y1="12" y2="12"/><rect class="%s" x="0" y="10.5" width="%.2f%%" height="3"/><circle class="%s" cx="%.2f%%" cy="12" r="4"/>`,
		class, l.X, class, l.X))
}
