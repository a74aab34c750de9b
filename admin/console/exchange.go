package console

import (
	"html/template"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/journal"
)

// Got is the answer as it went over the wire, with what says why it is one marked.
func (o *OpenEntry) Got() template.HTML {
	e := o.entry
	if !o.Whole {
		e = e.Masked()
	}
	return answerHTML("What the client got", e, o.Kind != "")
}

// answerHTML is an answer in a figure: head, an empty line, body.
func answerHTML(caption string, e *journal.Entry, refused bool) template.HTML {
	text := strings.TrimSpace(strings.ReplaceAll(string(e.Response.Head), "\r\n", "\n"))
	body, ok := e.Response.Text()
	switch {
	case !ok:
		body = "(" + bytesText(e.Response.Size) + " that are no text)"
	case e.Response.Cut:
		body += "\n(cut: " + bytesText(len(e.Response.Body)) + " of " + bytesText(e.Response.Size) + " are kept)"
	default:
		body = pretty(body)
	}
	if body != "" {
		text += "\n\n" + body
	}
	out := string(codeHTML(caption, text, ""))
	if refused {
		status := strconv.Itoa(e.Status)
		figure, code, _ := strings.Cut(out, "<code")
		out = figure + "<code" + strings.Replace(code, " "+status, " <mark>"+status+"</mark>", 1)
		out = selfNamed.ReplaceAllString(out, "$1<mark>$2</mark>$3")
	}
	return template.HTML(out)
}

// selfNamed is the code by which a refusal calls itself, in escaped JSON.
var selfNamed = regexp.MustCompile(`(&#34;(?:code|error)&#34;: &#34;)([A-Za-z_.]+)(&#34;)`)

// pairsOf are the parameters of a query or of a form, in order.
func pairsOf(text string) []journal.Header {
	var out []journal.Header
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if n, err := url.QueryUnescape(name); err == nil {
			name = n
		}
		if v, err := url.QueryUnescape(value); err == nil {
			value = v
		}
		if name != "" || value != "" {
			out = append(out, journal.Header{Name: name, Value: value})
		}
	}
	return out
}

// Params are those of the request's query.
func (o *OpenEntry) Params() []journal.Header {
	_, query, _ := strings.Cut(o.Target, "?")
	return pairsOf(query)
}

// Fields are those of a form that was sent.
func (o *OpenEntry) Fields() []journal.Header {
	if o.EntryView.Request.Type != formType || o.EntryView.Request.Encoding != "" {
		return nil
	}
	return pairsOf(o.EntryView.Request.Body)
}

// EntryMoment is something in the life of a request and of its tokens.
type EntryMoment struct {
	At    time.Time
	From  string // how far from the request: −0.8 s
	What  string
	ID    uint64 // of a request
	Now   bool   // it is the request itself
	Class string // bad: something ended
}

// lay puts together what happened before and after the request: to its tokens, and to the clock.
func (o *OpenEntry) lay() {
	at := o.EntryView.At
	add := func(when time.Time, class, what string, id uint64) {
		if !when.IsZero() {
			o.Moments = append(o.Moments, EntryMoment{At: when, What: what, ID: id, Class: class, Now: id == o.ID})
		}
	}
	add(at, "", "this request", o.ID)
	for _, id := range o.EntryView.Tokens {
		t, err := o.V.Desk.Token(id, false)
		if err != nil {
			continue
		}
		add(t.Issued, "", t.ID+" issued: "+string(t.Kind)+" of "+t.Grant, 0)
		for _, u := range t.Uses[:min(12, len(t.Uses))] {
			if u.Entry != o.ID {
				add(u.At, "", t.ID+": "+u.Op+", "+strconv.Itoa(u.Status), u.Entry)
			}
		}
		if t.Name == "expired" || t.Name == "live" {
			add(t.Expires, "bad", t.ID+" ends, "+t.Policy, 0)
		} else {
			add(t.Since, "bad", t.ID+" "+t.Name+" by "+t.By+": "+t.Why, 0)
		}
	}
	for _, a := range o.V.Space.Activities(50) {
		if strings.HasPrefix(a.Verb, "clock") && a.At.Sub(at).Abs() < time.Hour {
			add(a.At, "", a.What, 0)
		}
	}
	sort.SliceStable(o.Moments, func(i, j int) bool { return o.Moments[i].At.Before(o.Moments[j].At) })
	o.Moments = slices.CompactFunc(o.Moments, func(a, b EntryMoment) bool { return a.ID != 0 && a.ID == b.ID })
	for i := range o.Moments {
		o.Moments[i].From = apart(o.Moments[i].At.Sub(at))
	}
}

// apart is a distance in time with its sign.
func apart(d time.Duration) string {
	switch {
	case d.Abs() < 50*time.Millisecond:
		return "±0"
	case d < 0:
		return "−" + exactly(-d)
	}
	return "+" + exactly(d)
}

// mostRelated is how many requests of one story are drawn, at mostLines.
const mostRelated = 12

// relate draws the requests of the same token, or of the same client and user, around this one.
func (o *OpenEntry) relate() {
	e := o.entry
	same := func(x *journal.Entry) bool {
		if x.Bank != e.Bank {
			return false
		}
		if slices.ContainsFunc(x.Tokens, func(id string) bool { return slices.Contains(e.Tokens, id) }) {
			return true
		}
		return x.Client != "" && x.Client == e.Client && x.Owner == e.Owner
	}
	near := o.V.Space.Journal.Before(e.ID, mostRelated/2, same)
	slices.Reverse(near)
	near = append(near, e)
	later := o.V.Space.Journal.Recent(2000, func(x *journal.Entry) bool { return x.ID > e.ID && same(x) })
	slices.Reverse(later)
	near = append(near, later[:min(len(later), mostRelated/2)]...)
	for _, x := range near {
		lanes, now := lanesOf(x), ""
		if x.ID == e.ID {
			now = " now"
		}
		path, _, _ := strings.Cut(x.Target, "?")
		at := o.V.Here("tab", "flow")
		at = strings.Replace(at, "/inspector/"+strconv.FormatUint(e.ID, 10), "/inspector/"+strconv.FormatUint(x.ID, 10), 1)
		answer := strconv.Itoa(x.Status)
		if len(x.Tokens) > 0 && x.Kind == "" && lanes != "a24" {
			answer += " " + x.Tokens[len(x.Tokens)-1]
		} else if x.Kind != "" {
			answer += " " + strings.ReplaceAll(string(x.Kind), "_", " ")
		}
		o.Related = append(o.Related, Arrow{Class: lanes + now, Text: called(x.Method, path, lanes), URL: at},
			Arrow{Class: lanes + " rev" + now, Text: answer, Bad: x.Kind != ""})
	}
}

// lanesOf tells who talks to whom: pages and redirects are a browser's, tokens are asked for by the app, and the rest is the API.
func lanesOf(x *journal.Entry) string {
	switch {
	case x.Response.MediaType() == "text/html" || x.Status >= 300 && x.Status < 400:
		return "a13"
	case strings.HasPrefix(x.Op, "token") || x.Op == "code" || x.Op == "revoke":
		return "a23"
	}
	return "a24"
}

// against picks the request that this one is compared with, by its number, and by itself the former one.
func (o *OpenEntry) against(number string) error {
	if o.Former = o.former(); number == "" {
		return nil
	}
	e, err := o.V.entry(strings.TrimPrefix(number, "#"))
	if err == nil {
		row := o.V.Desk.View(e, false).EntryRow
		o.Former = &row
	}
	return err
}

// former is the request before this one to the same operation, of the same client where that is known.
func (o *OpenEntry) former() *admin.EntryRow {
	e := o.entry
	if e.Op == "" {
		return nil
	}
	found := o.V.Space.Journal.Before(e.ID, 1, func(x *journal.Entry) bool {
		return x.Bank == e.Bank && x.Op == e.Op && x.Method == e.Method && (e.Client == "" || x.Client == e.Client)
	})
	if len(found) == 0 {
		return nil
	}
	row := o.V.Desk.View(found[0], false).EntryRow
	return &row
}

// DiffLine is one line of a comparison.
type DiffLine struct {
	Mark string // "", "−" only before, "+" only now
	Text string
}

// mostLines is how many lines of each side are compared.
const mostLines = 300

// compare shows both sides of this request against those of the former one.
func (o *OpenEntry) compare() {
	if o.Former == nil {
		return
	}
	before, err := o.V.Desk.Entry(o.Former.ID)
	if err != nil {
		return
	}
	now := o.entry
	if !o.Whole {
		before, now = before.Masked(), now.Masked()
	}
	o.Diff = diffLines(spelled(before), spelled(now))
}

// spelled is an exchange as lines.
func spelled(e *journal.Entry) []string {
	text := e.Method + " " + e.Target + "\n" + strings.TrimSpace(string(e.Request.Head)) + "\n\n"
	for i, part := range []journal.Part{e.Request, e.Response} {
		if i == 1 {
			text += strings.TrimSpace(string(part.Head)) + "\n\n"
		}
		if body, ok := part.Text(); ok && body != "" {
			text += pretty(body) + "\n\n"
		}
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")), "\n")
	return lines[:min(len(lines), mostLines)]
}

// diffLines is the shortest way from a to b, line by line.
func diffLines(a, b []string) []DiffLine {
	common := make([][]int, len(a)+1) // length of what the rests have in common
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []DiffLine
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, DiffLine{"", a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			out = append(out, DiffLine{"−", a[i]})
			i++
		default:
			out = append(out, DiffLine{"+", b[j]})
			j++
		}
	}
	return out
}
