package console

import (
	"fmt"
	"strings"
)

// Sequence is who says what to whom, from top to bottom.
type Sequence struct {
	Label  string
	Lanes  [4]string
	Arrows []Arrow
}

// Arrow is one message: who to whom, what, and whether it is what the page is about.
type Arrow struct {
	Class string // a23, a24 rev now
	Text  string
	URL   string
	Bad   bool
}

// called is a request in few words. Where there is little room, of a long path only the end is shown.
func called(method, path, lanes string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 && len(path) > 16 && (strings.HasPrefix(lanes, "a23") || strings.HasPrefix(lanes, "a12")) {
		path = "…" + path[i:]
	}
	return method + " " + path
}

// Measures of the picture, in its own units.
const (
	laneWide  = 200
	arrowHigh = 34
	headHigh  = 50
)

// SVG is the diagram as a picture of its own, for a document or a slide: light, with all that it needs in it.
func (s Sequence) SVG() string {
	var b strings.Builder
	wide, high := 4*laneWide, headHigh+arrowHigh*len(s.Arrows)+20
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13"><title>%s</title><rect width="%d" height="%d" fill="#fff"/>`,
		wide, high, wide, high, esc(s.Label), wide, high)
	for i, lane := range s.Lanes {
		if lane == "" {
			continue
		}
		x := laneWide/2 + i*laneWide
		fmt.Fprintf(&b, `<text x="%d" y="26" text-anchor="middle" font-weight="bold" fill="#1e1d1a">%s</text><path d="M%d 40V%d" stroke="#dedbd3"/>`, x, esc(lane), x, high-10)
	}
	for i, a := range s.Arrows {
		b.WriteString(a.svg(headHigh + arrowHigh*(i+1)))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (a Arrow) svg(y int) string {
	colour := "#5d594f"
	switch {
	case a.Bad:
		colour = "#a12d1c"
	case strings.Contains(a.Class, "now"):
		colour = "#0b5c70"
	}
	lane := func(i int) int { return laneWide/2 + int(a.Class[i]-'1')*laneWide }
	from, to := lane(1), lane(2)
	back := 6
	if strings.Contains(a.Class, "rev") {
		from, to, back = to, from, -6
	}
	dash := ""
	if strings.Contains(a.Class, "yet") {
		dash = ` stroke-dasharray="3 3"`
	}
	return fmt.Sprintf(`<text x="%d" y="%d" text-anchor="middle" fill="%s" stroke="#fff" stroke-width="4" paint-order="stroke">%s</text><path d="M%d %dH%d" stroke="%s"%s/><path d="M%d %dl%d -4v8z" fill="%s"/>`,
		(from+to)/2, y-6, colour, esc(a.Text), from, y, to, colour, dash, to, y, -back, colour)
}
