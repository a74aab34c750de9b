package console_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sandbank/server"
)

// mint orders a token of dave's with this life and returns its id.
func (s *stage) mint(life string) string {
	s.t.Helper()
	var out struct{ Token struct{ ID string } }
	s.pull("POST", "/tokens", object{"bank": "yoisho", "client": demo, "user": "dave", "life": life}).Want(201).Into(&out)
	return out.Token.ID
}

func (s *stage) now() time.Time {
	s.t.Helper()
	var look struct{ Now time.Time }
	s.pull("GET", "/clock", nil).Want(200).Into(&look)
	return look.Now
}

func TestClockTellsAJumpBeforeItIsDone(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	soon, later := s.mint("5m"), s.mint("3d")
	before := s.now()

	doc := shown(s, "/admin/clock", 200)
	contains(t, doc, "h1", "Clock")
	contains(t, doc, ".bigclock", before.Format("2006-01-02 15:04:05"))
	contains(t, doc, "#preview", "Preview of +10 min", "It ends 1 access token.", soon, "5 min", `'{"advance":"10m"}'`)
	contains(t, doc, "#lane-"+soon, "ends")
	if lane := said(doc, "#lane-"+later); strings.Contains(lane, "ends") {
		t.Errorf("what outlives the jump is told to end: %s", lane)
	}
	contains(t, shown(s, "/admin/clock?preview=90d", 200), "#preview", "It ends 2 access tokens.", "87 d")
	contains(t, shown(s, "/admin/clock?preview=30s", 200), "#preview", "It ends nothing.")
	if !s.now().Equal(before) {
		t.Error("a preview moved the clock")
	}

	doc = pressed(s, doc, `#preview form`, 303)
	if got := s.now(); !got.Equal(before.Add(10 * time.Minute)) {
		t.Errorf("the jump led to %v", got)
	}
	contains(t, doc, ".head", "Undo last jump")
	contains(t, shown(s, "/admin/clock?preview=-10m", 200), "#preview", "It brings 1 access token back to life.", soon)
	pressed(s, doc, `.head form[action$="/do/undo"]`, 303)
	if got := s.now(); !got.Equal(before) {
		t.Errorf("undo led to %v", got)
	}
}

// Instants are typed in a zone, and lead there exactly.
func TestClockGoesToAnInstantInAZone(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	for text, want := range map[string]string{
		"2027-03-28 01:59:50": "2027-03-28T00:59:50Z", "2027-07-01T12:00": "2027-07-01T10:00:00Z", "2028-02-29": "2028-02-28T23:00:00Z",
		"2038-01-19T03:14:07.123456789Z": "2038-01-19T03:14:07.123456789Z",
	} {
		doc := shown(s, "/admin/clock?"+url.Values{"preview": {text}, "zone": {"Europe/Oslo"}}.Encode(), 200)
		pressed(s, doc, "#preview form", 303)
		if got := s.now().Format(time.RFC3339Nano); got != want {
			t.Errorf("%s in Oslo is %s, want %s", text, got, want)
		}
	}
	s.pull("POST", "/clock", object{"set": "2026-12-03T15:45:08Z"}).Want(200)
	var moments []string
	shown(s, "/admin/clock?zone=Europe/Oslo", 200).Find(`select[name=preview] option`).Each(func(_ int, e *goquery.Selection) { moments = append(moments, e.AttrOr("value", "")) })
	want := []string{"2027-03-28T00:59:50Z", "2027-10-31T00:59:50Z", "2028-02-28T22:59:50Z", "2026-12-31T22:59:50Z", "2038-01-19T03:13:58Z"}
	if fmt.Sprint(moments) != fmt.Sprint(want) {
		t.Errorf("famous instants are %v, want %v", moments, want)
	}
}

// The list has the end of everything, to the nanosecond, with jumps just before, to, and just after it.
func TestClockListsEdges(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.mint("5m")
	s.pull("POST", "/clock", object{"advance": "1ns"}).Want(200)
	id := s.mint("7m")
	end := s.now().Add(7 * time.Minute)
	doc := shown(s, "/admin/clock?view=list", 200)
	if n := doc.Find("#ends tbody tr").Length(); n != 2 {
		t.Fatalf("%d ends", n)
	}
	row := "#end-" + id
	contains(t, doc, row, "dave, Yoisho", end.Format("15:04:05.999999999"), "07:00")
	for i, shift := range []time.Duration{-time.Second, 0, time.Second} {
		pressed(s, doc, fmt.Sprintf("%s form:nth-of-type(%d)", row, i+1), 303)
		if got := s.now(); !got.Equal(end.Add(shift)) {
			t.Errorf("button %d leads to %v, want %v", i, got, end.Add(shift))
		}
	}
	s.pull("POST", "/undo", object{"count": 3}).Want(200)
	if n := shown(s, "/admin/clock?view=list&q=user:jane", 200).Find("#ends tbody tr").Length(); n != 0 {
		t.Errorf("%d ends of jane's", n)
	}
	contains(t, shown(s, "/admin/clock?view=list&q=colour:red", 422), "#q-wrong", "no filter")
	pressed(s, shown(s, "/admin/clock", 200), `main form:has([value="next-expiry"]):has([value="after"])`, 303)
	if got := s.now(); !got.Equal(end.Add(-2*time.Minute - 1).Add(time.Second)) {
		t.Errorf("after the next edge is %v", got)
	}
}

func TestClockRunsAndStops(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/clock", 200) // it stands still in tests
	contains(t, doc, ".bigclock + p", "frozen", "would run at ×1")
	doc = pressed(s, doc, `main form:has([name=freeze])`, 303)
	doc = pressed(s, doc, `main form:has(input[name=speed])`, 303, "speed", "3600")
	if doc.Find(`button[value="3600"]`).AttrOr("aria-pressed", "") != "true" {
		t.Error("the speed is not shown")
	}
	contains(t, doc, ".bigclock + p", "running at ×3600")
	doc = pressed(s, doc, `main form:has(input[name=speed])`, 422, "speed", "fast")
	contains(t, doc, "form:has(input[name=speed]) .err", "number")
	if value := doc.Find("input[name=speed]").AttrOr("value", ""); value != "fast" {
		t.Errorf("what was typed is gone: %q", value)
	}
	pressed(s, doc, `.head form:has([name=reset])`, 303)
	if s.Clock().Read().Speed != 1 {
		t.Error("real time has another speed")
	}
}

func TestClockSetsServersApart(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := pressed(s, shown(s, "/admin/clock", 200), "#skews form", 303, "skew.resourceServer", "-45s", "skew.date", "300s")
	contains(t, doc, "#skews .note", "45 s slow", "45 s after the other calls it dead")
	contains(t, doc, "#skews select", "5 min fast")
	var look struct{ Skew map[string]string }
	s.pull("GET", "/clock", nil).Into(&look)
	if look.Skew["resourceServer"] != "-45s" || look.Skew["date"] != "5m" {
		t.Errorf("%v", look.Skew)
	}
	again := pressed(s, doc, "#skews form.body", 422, "skew.authorizationServer", "soon")
	contains(t, again, "#skews .err", "no duration")
	doc = pressed(s, doc, "#skews .foot form", 303)
	if doc.Find("#skews .note").Length() > 0 {
		t.Error("there is a skew still")
	}
}

func TestClockRefusesWhatIsNoJump(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/clock?"+url.Values{"preview": {hostile}}.Encode(), 422)
	harmless(t, doc)
	contains(t, doc, "#preview-wrong", "neither a while")
	if value := doc.Find("form input[name=preview]").AttrOr("value", ""); value != hostile {
		t.Errorf("what was typed is %q", value)
	}
	contains(t, doc, "#preview", "+10 min")
	shown(s, "/admin/clock?preview=200000d", 422)
	shown(s, "/admin/clock?zone=Moon", 422)
	contains(t, shown(s, "/admin/clock", 200), "#ends .empty", "Nothing here will expire", "curl")
}

func BenchmarkClockPage(b *testing.B) {
	s := open(b, server.Options{}, "")
	for range 1000 {
		s.mint("5m")
	}
	for b.Loop() {
		s.Get("/admin/clock?preview=10m").Want(200)
	}
}
