package console

import (
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/fail"
	"sandbank/server/flow"
	"sandbank/server/journal"
	"sandbank/server/scenario"
)

// OpenEntry is one request with everything that is known of it.
type OpenEntry struct {
	admin.EntryView
	V       *visit
	Tab     string
	Whole   bool   // secrets are shown whole
	Style   string // of the command that is shown; empty: none is
	Command string
	Checks  []Checked
	Advice  string
	Cases   []scenario.Case // of the catalogue, that this request shows
	Next    []Sequel        // what the same client did then
	Moments []EntryMoment
	Related []Arrow
	Former  *admin.EntryRow // the request before it to the same operation
	Diff    []DiffLine
	Replays int

	entry *journal.Entry
}

// Checked is one check on the way to the answer.
type Checked struct {
	Name, Class string // ok, no, na
	Icon, Said  string // the icon, and what it says to those who do not see it
	Why         template.HTML
	Rule        string // whose rule it was, of the one that failed
}

// tabs of an entry.
func (o *OpenEntry) Tabs() []string {
	return []string{"why", "request", "response", "timeline", "flow"}
}

func (v *visit) openEntry(e *journal.Entry) (*OpenEntry, error) {
	o := &OpenEntry{V: v, Tab: v.Query.Get("tab"), Whole: v.Query.Get("reveal") == "true", Style: v.Query.Get("as"), entry: e}
	o.EntryView = v.Desk.View(e, o.Whole)
	if !slices.Contains(append(o.Tabs(), "diff"), o.Tab) {
		o.Tab = "why"
	}
	if o.Style != "" {
		var err error
		if o.Command, err = v.Desk.Command(e, o.Style, o.Whole); err != nil {
			return nil, err
		}
	}
	o.Replays = len(v.Space.Journal.Recent(100, func(x *journal.Entry) bool { return x.Again == e.ID }))
	if err := o.against(v.Query.Get("with")); err != nil {
		v.wrong("with", err)
	}
	switch o.Tab {
	case "why":
		o.check()
		o.advise()
		o.Cases = v.Desk.Cases(e)
	case "timeline":
		o.lay()
	case "flow":
		o.relate()
	case "diff":
		o.compare()
	}
	return o, nil
}

// Styles are the ways in which the request can be copied, with what people call them.
func (o *OpenEntry) Styles() []CopyStyle {
	names := map[string]string{"httpie": "HTTPie", "go": "Go", "python": "Python"}
	var out []CopyStyle
	for _, s := range journal.Styles() {
		name := names[s]
		if name == "" {
			name = s
		}
		out = append(out, CopyStyle{s, name})
	}
	return out
}

// CopyStyle is one of them.
type CopyStyle struct{ Name, Words string }

// CommandAs is the request as a command of one of the styles, with its secrets masked unless they are shown.
func (o *OpenEntry) CommandAs(style string) (string, error) {
	return o.V.Desk.Command(o.entry, style, o.Whole)
}

// Handshake tells whether there was no request at all.
func (o *OpenEntry) Handshake() bool { return o.Op == journal.Handshake }

// Mood is the class of the answer's badge, and its icon.
func (o *OpenEntry) Mood() [2]string {
	switch {
	case o.Status == 0:
		return [2]string{"x", "bad"}
	case o.Kind != "" || o.Status >= 400:
		return [2]string{"x", "bad"}
	}
	return [2]string{"check", "ok"}
}

// Outcome is the answer in two words: 401 token expired.
func (o *OpenEntry) Outcome() string {
	if o.Status == 0 {
		return "no answer"
	}
	return strings.TrimSpace(strconv.Itoa(o.Status) + " " + strings.ReplaceAll(o.Kind, "_", " "))
}

// check lists what was looked at, in order, and what would have come behind it.
func (o *OpenEntry) check() {
	if o.Handshake() {
		for i := range o.Trail {
			o.Checks = append(o.Checks, o.step(&o.Trail[i], true))
		}
		return
	}
	route := Checked{Name: "Route", Class: "ok", Icon: "check", Said: "passed", Why: o.V.linked(o.V.Bank(o.Bank)+", "+o.Method+" "+o.V.Path(o.Target)) + template.HTML(` <span class="dim">`+esc(o.Op)+`</span>`)}
	if o.Op == "" {
		route.Class, route.Icon, route.Said, route.Why = "no", "x", "failed", o.V.linked(o.V.Bank(o.Bank)+" has no such path")
	}
	o.Checks = append(o.Checks, route)
	seen := map[string]bool{}
	for i := range o.Trail {
		c := &o.Trail[i]
		seen[c.Name] = true
		o.Checks = append(o.Checks, o.step(c, c == o.EntryView.Failed))
	}
	if o.Kind == "" || o.Op == "" {
		return
	}
	good := o.V.Space.Journal.Recent(1, func(x *journal.Entry) bool {
		return x.Bank == o.Bank && x.Op == o.Op && x.Kind == "" && x.Fault == "" && x.Status < 400
	})
	for _, x := range good {
		for _, c := range x.Trail {
			if !seen[c.Name] {
				o.Checks = append(o.Checks, Checked{Name: capital(c.Name), Class: "na", Icon: "skip", Said: "not reached", Why: "not reached"})
			}
		}
	}
}

// held says what a check that has nothing to add has looked at.
var held = map[string]string{
	"bearer token": "read from the Authorization header", "not revoked": "neither itself nor with its grant", "code unused": "this is its first exchange",
	"code not expired": "in time", "not expired": "in time",
}

func (o *OpenEntry) step(c *fail.Check, last bool) Checked {
	s := Checked{Name: capital(c.Name), Class: "ok", Icon: "check", Said: "passed", Why: o.V.linked(c.Why)}
	if c.Name == o.Kind {
		s.Name = capital(strings.ReplaceAll(c.Name, "_", " "))
	}
	if c.OK {
		if c.Why == "" {
			s.Why = template.HTML(esc(held[c.Name]))
		}
		return s
	}
	s.Class, s.Icon, s.Said = "na", "skip", "did not hold"
	if !last {
		return s
	}
	s.Class, s.Icon, s.Said = "no", "x", "failed"
	why, rule, _ := strings.Cut(c.Why, "; ")
	s.Why, s.Rule = o.V.linked(why), o.V.Told(rule)
	o.late(c, &s)
	return s
}

// late says by how much a token came too late, and by whose rule, where that is why it was refused.
func (o *OpenEntry) late(c *fail.Check, s *Checked) {
	id := mention.FindString(c.Why)
	if !strings.HasSuffix(c.Name, "not expired") || id == "" {
		return
	}
	t, err := o.V.Desk.Token(id, false)
	if err != nil || t.Expires.IsZero() || t.Expires.After(o.EntryView.At) {
		return // its end was moved since
	}
	const form = "15:04:05.000"
	s.Why = o.V.linked(t.ID+" ended "+o.V.Local(t.Expires, form)+", asked "+o.V.Local(o.EntryView.At, form)+": ") +
		template.HTML("<b>"+esc(exactly(o.EntryView.At.Sub(t.Expires)))+" too late</b>")
	if t.Life != nil {
		s.Rule = "Its life is " + span(time.Duration(*t.Life)) + ", set by " + o.V.Told(t.Policy) + "; clock " + o.V.Speed()
	}
}

// exactly is a length of time with its tenths while they count.
func exactly(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0") + " s"
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	}
	return strings.TrimSuffix(ago(d), " ago")
}

var mention = regexp.MustCompile(`\b(?:at|rt|ac|g)_[a-z0-9]+\b|"[^"]*"`)

// linked is a text in which ids of tokens and grants lead to them. What stands in quotes somebody has sent, so nothing in it is one.
func (v *visit) linked(text string) template.HTML {
	text = v.Told(text)
	var b strings.Builder
	last := 0
	for _, m := range mention.FindAllStringIndex(text, -1) {
		id := text[m[0]:m[1]]
		b.WriteString(esc(text[last:m[0]]))
		last = m[1]
		switch {
		case id[0] == '"':
			b.WriteString(esc(id))
			continue
		case strings.HasPrefix(id, "g_"):
			b.WriteString(`<a class="id" href="` + esc(v.At("tokens", "?grant="+id)))
		default:
			b.WriteString(`<a class="id" href="` + esc(v.Item("tokens", id)))
		}
		b.WriteString(`">` + id + `</a>`)
	}
	b.WriteString(esc(text[last:]))
	return template.HTML(b.String())
}

// Sequel is something that the same client did after a refusal.
type Sequel struct {
	ID   uint64
	What string
	In   time.Duration
}

// Later is how much later it was, where that is worth a word.
func (s Sequel) Later() string {
	if s.In < 100*time.Millisecond {
		return "at once"
	}
	return exactly(s.In) + " later"
}

// Spoiled is what a fault did to the call, and where.
func (o *OpenEntry) Spoiled() string { return o.entry.Spoiled() }

// Catalogued is the page of a case; empty where there is no such page.
func (v *visit) Catalogued(id string) string {
	for _, p := range v.console.pages {
		if p.path == "scenarios/{id}" {
			return v.Item("scenarios", id)
		}
	}
	return ""
}

// Linked is linked, for templates.
func (v *visit) Linked(text string) template.HTML { return v.linked(text) }

// Back is the list with nothing opened.
func (o *OpenEntry) Back() string {
	return strings.Replace(o.V.Here("as", "", "tab", ""), "/inspector/"+strconv.FormatUint(o.ID, 10), "/inspector", 1)
}

// Sequence is the story as a diagram.
func (o *OpenEntry) Sequence() Sequence {
	return Sequence{"Requests around #" + strconv.FormatUint(o.ID, 10) + ", in order", flow.Lanes(), o.Related}
}

// advise says what a correct client does after such a refusal, and what this one did.
func (o *OpenEntry) advise() {
	if o.Kind == "" && o.Status < 400 {
		return
	}
	o.Advice = advice(fail.Kind(o.Kind), o.Status)
	e := o.entry
	if o.Advice == "" || e.Client == "" {
		return
	}
	after := o.V.Space.Journal.Recent(2000, func(x *journal.Entry) bool {
		return x.ID > e.ID && x.Bank == e.Bank && x.Client == e.Client && x.Again == 0
	})
	slices.Reverse(after)
	for _, x := range after[:min(len(after), 20)] {
		good := x.Kind == "" && x.Status < 400
		switch in := x.At.Sub(e.At); {
		case good && x.Op == e.Op:
			o.Next = append(o.Next, Sequel{x.ID, "got its answer", in})
			return
		case good && strings.HasPrefix(x.Op, "token") && len(o.Next) == 0:
			o.Next = append(o.Next, Sequel{x.ID, "brought new tokens", in})
		case x.Op == e.Op && x.Kind == e.Kind && len(o.Next) == 0:
			o.Next = append(o.Next, Sequel{x.ID, "tried the same again and was refused again", in})
			return
		}
	}
}

// advice is what a correct client does, by the reason of a refusal.
func advice(kind fail.Kind, status int) string {
	switch kind {
	case fail.TokenExpired:
		return "refreshes once and retries once. Where there is no refresh token, it sends its user to log in again."
	case fail.TokenRevoked:
		return "refreshes once. When that is refused too, the access was taken back: it asks the user, and does not loop."
	case fail.TokenUnknown, fail.TokenMalformed, fail.TokenMissing:
		return "looks at what it sends: the header is Authorization: Bearer and the token as it came. A token from before a reset is gone; a clean login helps."
	case fail.TokenWrongKind:
		return "keeps codes, access and refresh tokens apart, and uses a user's token for a user's data."
	case fail.InsufficientScope, fail.Forbidden:
		return "does not refresh: the token is good and opens too little. It asks the user for more, or does without."
	case fail.InvalidGrant:
		return "does not try again. Code or refresh token is spent, expired or revoked: it drops both tokens and starts a new login."
	case fail.InvalidClient, fail.UnauthorizedClient:
		return "keeps its tokens, stops, and tells whoever runs it: its own id, secret or registration is wrong."
	case fail.ConsentExpired, fail.ConsentInvalid, fail.ConsentUnknown:
		return "does not refresh: it asks the user for a new consent."
	case fail.AccessExceeded, fail.TooMany:
		return "waits as long as Retry-After says, or backs off with jitter where it says nothing; and it caches."
	case fail.AccessDenied:
		return "tells its user kindly that nothing was allowed, and offers to try again."
	case fail.BadCredentials, fail.UserLocked, fail.UserUnverified:
		return "has nothing to do: this is between the user and the bank."
	case fail.InvalidRedirect:
		return "registers the exact address, with scheme, port and path, and sends that one."
	case fail.InvalidRequest, fail.InvalidField, fail.InvalidScope, fail.UnsupportedGrantType, fail.UnsupportedResponseType, fail.UnsupportedMedia, fail.NotAcceptable,
		fail.MethodNotAllowed, fail.NoRoute, fail.NotFound, fail.TooLarge:
		return "does not repeat this as it stands: the request itself is wrong."
	case fail.Conflict:
		return "looks at the present state first; somebody was faster, or it is done already."
	}
	if status >= 500 || kind == fail.Internal || kind == fail.ServerError {
		return "tries again a few times with growing pauses, keeps its refresh token, and then gives up for a while."
	}
	return ""
}
