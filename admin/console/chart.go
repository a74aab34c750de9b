package console

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// sparks is a row of bars, without axes: its figures stand beside it.
func sparks(values []int, class string) template.HTML {
	most := max(1, slices.Max(values))
	var b strings.Builder
	b.WriteString(`<svg viewBox="0 0 72 24" preserveAspectRatio="none" aria-hidden="true">`)
	wide := 72 / float64(len(values))
	for i, n := range values {
		if n > 0 {
			h := max(2, 24*float64(n)/float64(most))
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, class, float64(i)*wide, 24-h, wide-1, h)
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// Tempo is a chart of what was issued and what ended, per minute of the last hour on the space's clock.
type Tempo struct {
	from                    time.Time // of the first minute
	Issued, Expired, Killed [60]int
}

// Marker is a dashed line in a chart: something that a lever did.
type Marker struct {
	X    float64
	What string
	At   time.Time
}

func newTempo(now time.Time) *Tempo {
	return &Tempo{from: now.Truncate(time.Minute).Add(-59 * time.Minute)}
}

func (t *Tempo) minute(at time.Time) int {
	if at.Before(t.from) {
		return -1
	}
	return int(at.Sub(t.from) / time.Minute)
}

func (t *Tempo) x(at time.Time) (float64, bool) {
	m := t.minute(at)
	return float64(m)*10 + 5, m >= 0 && m < 60
}

func note(in *[60]int, m int) {
	if m >= 0 && m < 60 {
		in[m]++
	}
}

func (t *Tempo) issued(at time.Time)  { note(&t.Issued, t.minute(at)) }
func (t *Tempo) expired(at time.Time) { note(&t.Expired, t.minute(at)) }
func (t *Tempo) revoked(at time.Time) { note(&t.Killed, t.minute(at)) }

// Sums are the totals of the hour.
func (t *Tempo) Sums() (s struct{ Issued, Expired, Revoked int }) {
	for m := range 60 {
		s.Issued += t.Issued[m]
		s.Expired += t.Expired[m]
		s.Revoked += t.Killed[m]
	}
	return s
}

// Rows are the minutes in which something happened, for the table beside the chart.
func (t *Tempo) Rows() []TempoRow {
	var out []TempoRow
	for m := range 60 {
		if t.Issued[m]+t.Expired[m]+t.Killed[m] > 0 {
			out = append(out, TempoRow{t.from.Add(time.Duration(m) * time.Minute), t.Issued[m], t.Expired[m], t.Killed[m]})
		}
	}
	return out
}

// TempoRow is one minute.
type TempoRow struct {
	At                       time.Time
	Issued, Expired, Revoked int
}

// Ticks are the instants below the chart.
func (t *Tempo) Ticks() []time.Time {
	var out []time.Time
	for m := 0; m <= 60; m += 15 {
		out = append(out, t.from.Add(time.Duration(m)*time.Minute))
	}
	return out
}

// Bars are issued tokens above the line, and ended ones below it.
func (t *Tempo) Bars() template.HTML {
	most := 1
	for m := range 60 {
		most = max(most, t.Issued[m], t.Expired[m]+t.Killed[m])
	}
	h := func(n int) int { return n * 56 / most }
	var b strings.Builder
	for m := range 60 {
		x := float64(m)*10 + 1.5
		if n := h(t.Issued[m]); t.Issued[m] > 0 {
			fmt.Fprintf(&b, `<rect class="k-tide" x="%g" y="%d" width="7" height="%d"/>`, x, 64-max(2, n), max(2, n))
		}
		down := 0
		if t.Expired[m] > 0 {
			down = max(2, h(t.Expired[m]))
			fmt.Fprintf(&b, `<rect class="k-sand" x="%g" y="66" width="7" height="%d"/>`, x, down)
		}
		if t.Killed[m] > 0 {
			fmt.Fprintf(&b, `<rect fill="url(#hatch)" x="%g" y="%d" width="7" height="%d"/>`, x, 66+down, max(3, h(t.Killed[m])))
		}
	}
	return template.HTML(b.String())
}
