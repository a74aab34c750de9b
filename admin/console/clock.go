package console

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/world"
)

func clockPages() []page {
	return []page{{path: "clock", Title: "Clock", Nav: "clock", name: "clock", build: clockPage}}
}

// Clock is the page of the space's clock: how it runs, what a jump would end, and what dies when.
type Clock struct {
	V       *visit
	Next    *admin.Expiry // what ends first; nil: nothing will
	Skew    admin.SkewView
	Asked   string // which jump is previewed, as the query says it
	Jump    string // the same in words
	Move    [2]string
	Preview *admin.ClockPreview
	Zones   []string
	In      *time.Location // zone of instants that are typed
	Last    *world.Activity
	List    bool
	Filter  string
	Ends    []admin.Expiry
	Lanes   []EndLane
}

// usualJump is the jump that is previewed when none was asked for.
const usualJump = "10m"

// How many ends the chart draws, the list shows, and its filter looks through.
const chartedEnds, listedEnds, siftedEnds = 14, 100, 1000

func clockPage(v *visit) (any, error) {
	c := &Clock{V: v, Skew: v.Desk.Skew(), List: v.Query.Get("view") == "list", Filter: v.Query.Get("q"), In: v.zone}
	if zone := v.Query.Get("zone"); zone != "" {
		var err error
		if c.In, err = time.LoadLocation(zone); err != nil {
			c.In = v.zone
			v.wrong("zone", fail.Field("zone", "%q is no time zone", zone))
		}
	}
	c.Zones = slices.DeleteFunc([]string{"UTC", "Europe/Oslo", "Europe/Berlin", "Europe/London", "Asia/Tokyo", "America/New_York"},
		func(z string) bool { return z == c.In.String() })
	c.Zones = append([]string{c.In.String()}, c.Zones...)
	if err := c.preview(); err != nil {
		return nil, err
	}
	for _, a := range v.Space.Activities(50) {
		if a.Verb == "clock" && !a.Undone {
			c.Last = &a
			break
		}
	}
	return c, c.ends()
}

// preview looks at what the jump in question would do. One that makes no sense is told at its field, and the usual one shown instead.
func (c *Clock) preview() error {
	c.Asked = strings.TrimSpace(c.V.Query.Get("preview"))
	if c.Asked == "" {
		c.Asked = usualJump
	}
	for {
		move, err := c.read()
		if err == nil {
			c.Preview, err = c.V.Desk.PreviewClock(move)
		}
		if err == nil || c.Asked == usualJump {
			return err
		}
		c.V.wrong("preview", err)
		c.Asked = usualJump
	}
}

// read takes a duration, or an instant in the chosen zone.
func (c *Clock) read() (m admin.ClockMove, err error) {
	text := strings.TrimPrefix(strings.ReplaceAll(c.Asked, "−", "-"), "+")
	if by, err := clock.ParseDuration(text); err == nil {
		c.Jump, c.Move = signed(by), [2]string{"advance", text}
		m.Advance = (*admin.Duration)(&by)
		return m, nil
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
		if at, err := time.ParseInLocation(form, text, c.In); err == nil {
			c.Jump, c.Move = at.In(c.In).Format("2006-01-02 15:04:05 -07:00"), [2]string{"set", at.UTC().Format(time.RFC3339Nano)}
			m.Set = &at
			return m, nil
		}
	}
	return m, fail.Field("preview", "%q is neither a while, as 10m or -2h, nor an instant, as 2027-03-28 01:59:50", c.Asked)
}

// ends fetches what dies when, for the chart or for the list.
func (c *Clock) ends() error {
	n := chartedEnds
	if c.List {
		n = siftedEnds
	}
	all := c.V.Desk.Ends(n)
	if len(all) > 0 {
		c.Next = &all[0]
	}
	if !c.List {
		c.Ends = all
		for _, e := range c.Ends {
			c.Lanes = append(c.Lanes, EndLane{e, axis(e.At.Sub(c.V.Now)), !e.At.After(c.Preview.To)})
		}
		return nil
	}
	var user, bank, kind, id string
	err := searched(c.Filter, map[string]*string{"user": &user, "bank": &bank, "kind": &kind, "id": &id}, "user")
	if err != nil {
		c.V.wrong("q", err)
	}
	for _, e := range all {
		if (user == "" || e.User == user || tail(e.User) == user) && (bank == "" || e.Bank == bank) && (kind == "" || e.Kind == kind) && (id == "" || e.ID == id) &&
			len(c.Ends) < listedEnds {
			c.Ends = append(c.Ends, e)
		}
	}
	return nil
}

// Leap is a jump that is offered.
type Leap struct{ By, Words string }

// Leaps are the jumps that one needs most.
func (c *Clock) Leaps() []Leap {
	var out []Leap
	for _, by := range []string{"-1h", "30s", "10m", "1h", "1d", "30d", "90d", "180d"} {
		d, _ := clock.ParseDuration(by) // they are written so
		out = append(out, Leap{by, signed(d)})
	}
	return out
}

func signed(d time.Duration) string {
	if d < 0 {
		return span(d)
	}
	return "+" + span(d)
}

// Moment is an instant that breaks programs.
type Moment struct {
	Words string
	At    time.Time
}

// Moments are the next of their kind. One arrives ten seconds early, to see it pass.
func (c *Clock) Moments() []Moment {
	const early = -10 * time.Second
	oslo, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		oslo = time.UTC
	}
	// next is the first instant after now that a year has.
	next := func(of func(year int) time.Time) time.Time {
		year := c.V.Now.UTC().Year() - 1
		for !of(year).After(c.V.Now) {
			year++
		}
		return of(year)
	}
	forward := next(func(y int) time.Time { return lastSunday(y, time.March).Add(early) })
	back := next(func(y int) time.Time { return lastSunday(y, time.October).Add(early) })
	leap := next(func(y int) time.Time {
		for ; time.Date(y, 2, 29, 0, 0, 0, 0, time.UTC).Month() != time.February; y++ {
		}
		return time.Date(y, 2, 29, 0, 0, 0, 0, c.In).Add(early)
	})
	end := next(func(y int) time.Time { return time.Date(y+1, 1, 1, 0, 0, 0, 0, c.In).Add(early) })
	return []Moment{
		{"Clocks go forward in Oslo, " + forward.In(oslo).Format("2 January 2006 15:04:05"), forward},
		{"Clocks go back in Oslo, " + back.In(oslo).Format("2 January 2006 15:04:05"), back},
		{"29 February begins, " + leap.Format("2 January 2006 15:04:05"), leap},
		{"The year ends, " + end.Format("2 January 2006 15:04:05"), end},
		{"32 bits of seconds end, 19 January 2038 03:13:58Z", time.Unix(1<<31, 0).Add(early)},
	}
}

// lastSunday is when Europe changes its clocks: 01:00 UTC of the last Sunday of a month.
func lastSunday(year int, month time.Month) time.Time {
	last := time.Date(year, month+1, 0, 1, 0, 0, 0, time.UTC)
	return last.AddDate(0, 0, -int(last.Weekday()))
}

// Speeds are those with a button.
func (c *Clock) Speeds() []string { return []string{"1", "10", "60", "3600"} }

// Rate is how fast the clock runs when it is not frozen, as a lever reads it.
func (c *Clock) Rate() string { return strconv.FormatFloat(c.V.Read.Speed, 'f', -1, 64) }

// Offset is the reader's zone with how far it is from UTC now.
func (c *Clock) Offset() string { return c.V.Zone() + ", " + c.V.Local(c.V.Now, "-07:00") }

// Apart is how far the clock is from real time, in words.
func (c *Clock) Apart() string {
	switch d := c.V.Read.Offset; {
	case d.Abs() < time.Second:
		return "the same"
	case d < 0:
		return about(-d) + " behind"
	default:
		return about(d) + " ahead"
	}
}

// LastWords name what undo would take back.
func (c *Clock) LastWords() string {
	if strings.HasPrefix(c.Last.What, "moved") || strings.HasPrefix(c.Last.What, "set the clock to") {
		return "Undo last jump"
	}
	return "Undo last change"
}

// Sum says what comes to an end, or back to life, by kind: "4 access tokens and 2 codes".
func (c *Clock) Sum(all []admin.Expiry) string {
	var out []string
	for _, k := range [][3]string{{"access", "access token", "access tokens"}, {"refresh", "refresh token", "refresh tokens"}, {"code", "code", "codes"}, {"consent", "consent", "consents"}} {
		n := 0
		for _, e := range all {
			if e.Kind == k[0] {
				n++
			}
		}
		if n > 0 {
			out = append(out, plural(n, k[1], k[2]))
		}
	}
	if len(out) > 1 {
		return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
	}
	return strings.Join(out, "")
}

// Late is by how much something would be over when the clock arrives.
func (c *Clock) Late(e admin.Expiry) string { return about(max(0, c.Preview.To.Sub(e.At))) }

// Again is for how long something would live once more.
func (c *Clock) Again(e admin.Expiry) string { return about(max(0, e.At.Sub(c.Preview.To))) }

// Distance is how far the jump goes.
func (c *Clock) Distance() string { return about(time.Duration(c.Preview.By).Abs()) }

// Whose names who something is of.
func (v *visit) Whose(e admin.Expiry) string {
	if e.User == "" {
		return "the client"
	}
	return tail(e.User)
}

// Thing is the page of what ends.
func (v *visit) Thing(e admin.Expiry) string {
	if e.Kind == "consent" {
		return v.Item("consents", e.ID)
	}
	return v.Item("tokens", e.ID)
}

// KindIcon is the icon of a kind of token, or of a consent.
func (v *visit) KindIcon(kind string) string {
	if icon, ok := map[string]string{"refresh": "rotate", "code": "code", "consent": "consent"}[kind]; ok {
		return icon
	}
	return "token"
}

// Edge is the instant of an end, shifted by whole seconds, to its last nanosecond.
func (c *Clock) Edge(e admin.Expiry, seconds int) string {
	return e.At.Add(time.Duration(seconds) * time.Second).UTC().Format(time.RFC3339Nano)
}

// Precise is an instant with all that there is of its second, in the reader's zone.
func (c *Clock) Precise(t time.Time) string {
	return t.In(c.V.zone).Format("2006-01-02 15:04:05.999999999")
}

// Stamp is an instant for a link.
func (c *Clock) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// about is a length of time in its two largest units: 12 d, 9 min 56 s, 0.8 s.
func about(d time.Duration) string {
	if d < time.Minute {
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + " s"
	}
	units := []struct {
		unit time.Duration
		word string
	}{{clock.Day, " d"}, {time.Hour, " h"}, {time.Minute, " min"}, {time.Second, " s"}}
	for i, u := range units[:3] {
		if d < u.unit {
			continue
		}
		if d >= 10*u.unit {
			return fmt.Sprintf("%d%s", d.Round(u.unit)/u.unit, u.word)
		}
		text := fmt.Sprintf("%d%s", d/u.unit, u.word)
		if rest := d % u.unit / units[i+1].unit; rest > 0 {
			text += fmt.Sprintf(" %d%s", rest, units[i+1].word)
		}
		return text
	}
	return ""
}

// LaneTicks are the figures of the chart's axis.
func (c *Clock) LaneTicks() []Tick {
	var out []Tick
	for _, t := range []struct {
		at   time.Duration
		text string
	}{{10 * time.Second, "10 s"}, {time.Minute, "1 min"}, {10 * time.Minute, "10 min"}, {time.Hour, "1 h"}, {clock.Day, "1 d"}, {10 * clock.Day, "10 d"}, {90 * clock.Day, "90 d"}} {
		out = append(out, Tick{axis(t.at), t.text})
	}
	return out
}

// Wash draws what every lane has: the stretch that the jump passes.
func (c *Clock) Wash() template.HTML {
	if c.Preview.By <= 0 {
		return ""
	}
	x := axis(time.Duration(c.Preview.By))
	return template.HTML(fmt.Sprintf(`<rect class="k-wash" x="0" y="0" width="%.2f%%" height="24"/><line class="k-now" x1="%.2f%%" x2="%.2f%%" y1="0" y2="24" stroke-dasharray="2 2"/>`, x, x, x))
}
