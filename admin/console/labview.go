package console

import (
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sandbank/admin"
	"sandbank/server/flow"
	"sandbank/server/grant"
	"sandbank/server/journal"
)

// address is the lab at a step, with more parameters as they stand.
func (l *Lab) address(step int, sent, more string) string {
	query := url.Values{"bank": {l.Flow.Bank}, "step": {strconv.Itoa(step + 1)}}
	for name, value := range map[string]string{"user": l.User, "client": l.Client, "redirect": l.Redirect} {
		if value != "" {
			query.Set(name, value)
		}
	}
	text := "lab?" + query.Encode()
	if strings.Trim(sent, "0.") != "" {
		text += "&e=" + sent
	}
	return text + more
}

// walked are the numbers of the requests that were sent, of the first n steps.
func (l *Lab) walked(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = strconv.FormatUint(l.sent[i], 10)
	}
	return strings.Join(parts, ".")
}

// whole is how many steps are worth a word in the address.
func (l *Lab) whole() int {
	n := len(l.sent)
	for n > 0 && l.sent[n-1] == 0 {
		n--
	}
	return n
}

// Then is where a sent request leads: the same step, with its answer. What was sent behind it counts no more; a request that was spoilt
// leaves the walk as it is.
func (l *Lab) Then() string {
	if l.Break != nil {
		return l.address(l.At0, l.walked(l.whole()), "&break="+url.QueryEscape(l.Break.Name)+"&b={last}")
	}
	before := l.walked(l.At0)
	if before != "" {
		before += "."
	}
	return l.address(l.At0, before+"{last}", "")
}

// To is another step of this walk, from 0 on.
func (l *Lab) To(step int) string {
	return l.V.Root + base + "/" + l.address(step, l.walked(l.whole()), "")
}

// Fresh is the walk from its beginning.
func (l *Lab) Fresh() string { return l.V.Root + base + "/" + l.address(0, "", "") }

// Carried are the parameters of the address that a form of the page takes along, some of them left out.
func (l *Lab) Carried(without ...any) []Share {
	var out []Share
	for _, name := range []string{"bank", "user", "client", "step", "e", "redirect"} {
		if value := l.V.Query.Get(name); value != "" && !slices.Contains(flat(without), name) {
			out = append(out, Share{Name: name, Filter: value})
		}
	}
	return out
}

// LabStep is an entry in the row of steps.
type LabStep struct {
	Name, URL     string
	Done, Current bool
}

// Steps are all of them. One that was left out on the way, because a browser went it, is done as well.
func (l *Lab) Steps() []LabStep {
	far := -1
	for i := range l.Flow.Steps {
		if l.done(i) {
			far = i
		}
	}
	var out []LabStep
	for i, s := range l.Flow.Steps {
		out = append(out, LabStep{s.Name, l.To(i), l.done(i) || i < far && l.sent[i] == 0, i == l.At0})
	}
	return out
}

// Neighbour is the step before or behind, as "6. Call the API"; empty at the ends.
func (l *Lab) Neighbour(by int) string {
	i := l.At0 + by
	if i < 0 || i >= len(l.Flow.Steps) {
		return ""
	}
	return strconv.Itoa(i+1) + ". " + l.Flow.Steps[i].Title
}

// Number is the step's, from 1 on.
func (l *Lab) Number() int { return l.At0 + 1 }

// Done tells whether the open step has had its answer.
func (l *Lab) Done() bool { return l.done(l.At0) }

// Count is how many messages there are, and how many were sent.
func (l *Lab) Count() (c struct{ Sent, All int }) {
	for i := range l.Flow.Steps {
		c.All++
		if l.entries[i] != nil {
			c.Sent++
		}
	}
	return c
}

// Times is how often the request is sent.
func (l *Lab) Times() string {
	if l.Break != nil && l.Break.Twice {
		return "2"
	}
	return ""
}

// Head is the request's, with the host that all of the sandbox answers under.
func (l *Lab) Head() string {
	_, host, _ := strings.Cut(l.V.Origin(), "://")
	return strings.TrimSpace("Host: " + host + "\n" + l.Request.Head)
}

// PathHere is the request's path, below the space.
func (l *Lab) PathHere() string { return l.V.Root + l.Request.Path }

// Ready tells whether all that the request needs is known.
func (l *Lab) Ready() bool { return len(l.Request.Missing) == 0 }

// MissingFrom is the step that gives what is missing, from 0 on.
func (l *Lab) MissingFrom() int {
	for i, s := range l.Flow.Steps {
		if slices.ContainsFunc(s.Gives, func(g flow.Give) bool { return slices.Contains(l.Request.Missing, g.Name) }) {
			return i
		}
	}
	return -1
}

// NameOf is the name of a step.
func (l *Lab) NameOf(step int) string {
	if step < 0 {
		return ""
	}
	return l.Flow.Steps[step].Name
}

// Link is the address that a person's own browser can open instead; empty when the step is no such.
func (l *Lab) Link() string {
	if l.Step.From != flow.Browser || !l.Request.Direct() || !l.Ready() {
		return ""
	}
	return l.V.Origin() + l.V.Root + strings.ReplaceAll(l.Request.Path, "\n", "")
}

// Command is the request for a shell.
func (l *Lab) Command() string {
	body := l.Request.Body
	if strings.Contains(l.Request.Head, "Content-Type: "+formType) {
		body = strings.ReplaceAll(body, "\n", "")
	}
	e := &journal.Entry{Method: l.Request.Method, Target: strings.ReplaceAll(l.PathHere(), "\n", ""), Request: journal.Part{Head: []byte(l.Head() + "\n"), Body: []byte(body)}}
	scheme, _, _ := strings.Cut(l.V.Origin(), "://")
	return strings.TrimSpace(e.Command("curl", scheme))
}

// Life is the code or token that the step needs, while it lives.
func (l *Lab) Life() *admin.TokenLife { return l.token }

// Over is the code or token that a break would need alive, and that is none any more.
func (l *Lab) Over() *admin.TokenLife {
	if l.Break == nil || l.Broken != nil || l.Break.Lever+l.Break.Wait != "" || l.token == nil || l.token.Name == grant.StateLive {
		return nil
	}
	return l.token
}

// Bent is the token whose end is waited for, or that a lever is pulled on.
func (l *Lab) Bent() *admin.TokenLife { return l.bender }

// Revokes tells whether the break revokes a token, and it still lives.
func (l *Lab) Revokes() bool {
	return l.lever() == flow.Revoke && l.bender != nil && l.bender.Name == grant.StateLive
}

// Unscopes tells whether the break takes the token's scope away, and it is still there.
func (l *Lab) Unscopes() bool {
	return l.lever() == flow.Unscope && l.bender != nil && l.bender.Scope != ""
}

// Usable tells whether a break makes sense for the client: one without a secret cannot send a wrong one.
func (l *Lab) Usable() []flow.Break {
	var out []flow.Break
	for _, b := range l.Step.Breaks {
		whole := true
		for _, e := range b.Edits {
			whole = whole && (!strings.Contains(e.Old, "{client_secret?}") || l.values["client_secret"] != "")
		}
		if whole {
			out = append(out, b)
		}
	}
	return out
}

// Explained is a field of an answer with what it is.
type Explained struct{ Field, Value, Text string }

// Notes are those fields of the answer that there is something to say about.
func (l *Lab) Notes() []Explained {
	if l.Last == nil || l.Break != nil {
		return nil
	}
	a := answerOf(l.Last.entry)
	var out []Explained
	for _, n := range l.Step.Notes {
		value := a.JSON(n.Field)
		if value == "" {
			value = a.Query(n.Field)
		}
		if value == "" && n.Field == strconv.Itoa(l.Last.Status) {
			value = n.Field
		}
		if value != "" {
			out = append(out, Explained{n.Field, value, n.Text})
		}
	}
	return out
}

// Kept are the names of what the answer gave to the steps behind.
func (l *Lab) Kept() []string {
	if l.Last == nil || l.Break != nil || !l.Done() {
		return nil
	}
	got := flow.Values{}
	got.Take(l.Step.Gives, answerOf(l.Last.entry))
	var out []string
	for _, g := range l.Step.Gives {
		if got[g.Name] != "" {
			out = append(out, g.Name)
		}
	}
	return out
}

// Raw is an answer as it came.
func (l *Lab) Raw(o *OpenEntry) template.HTML {
	caption := "Last answer to this step, " + o.Outcome() + " in " + took(o.Took)
	if o == l.Broken {
		caption = "Answer to the broken request, " + o.Outcome() + " in " + took(o.Took)
	}
	e := o.entry
	if e.Response.MediaType() == "text/html" {
		short := *e
		short.Response.Body = []byte("(a page of " + bytesText(e.Response.Size) + ")")
		e = &short
	}
	return answerHTML(caption, e, !good(o.entry))
}

// Fell is the check that an answer was refused for; nil when it was not.
func (l *Lab) Fell(o *OpenEntry) *Checked {
	for i := len(o.Checks) - 1; i >= 0; i-- {
		if c := &o.Checks[i]; c.Class == "no" || c.Icon == "skip" && c.Said != "not reached" {
			c.Class, c.Icon, c.Said = "no", "x", "failed"
			return c
		}
	}
	return nil
}

// Shown is an answer as the lab shows it.
type Shown struct {
	ID   uint64
	URL  string
	Fell *Checked
	HTML template.HTML
}

// Answered shows an answer.
func (l *Lab) Answered(o *OpenEntry) Shown {
	s := Shown{ID: o.ID, URL: l.V.Item("inspector", strconv.FormatUint(o.ID, 10)), HTML: l.Raw(o)}
	if !good(o.entry) {
		s.Fell = l.Fell(o)
	}
	return s
}

// SendClass is that of the button: the one to press, unless something else comes first, or it was pressed.
func (l *Lab) SendClass() string {
	if l.Wait() != "" || l.Revokes() || l.Unscopes() || l.Done() && l.Break == nil {
		return ""
	}
	return "primary"
}

// ClientNames are the clients to choose from.
func (l *Lab) ClientNames() []Share {
	var out []Share
	for _, c := range l.Clients {
		id, name, _ := strings.Cut(c, "=")
		out = append(out, Share{Name: name, Filter: id})
	}
	return out
}

// Sequence is the walk as a diagram: what was sent, and what is to come.
func (l *Lab) Sequence() Sequence {
	s := Sequence{Label: "The walk through " + l.Flow.Title + ", in order", Lanes: l.Flow.Lanes}
	for i, step := range l.Flow.Steps {
		class := ""
		switch {
		case i == l.At0:
			class = " now"
		case l.entries[i] == nil && !l.Steps()[i].Done:
			class = " yet"
		}
		first, _, _ := strings.Cut(step.Request, "\n")
		first, _, _ = strings.Cut(first, "?")
		method, path, _ := strings.Cut(first, " ")
		if e := l.entries[i]; e != nil {
			method, path = e.Method, strings.TrimPrefix(l.V.Path(e.Target), l.V.Root)
		} else if path[0] == '{' {
			path = "where it leads"
		}
		lanes := across(step.From, step.To)
		s.Arrows = append(s.Arrows, Arrow{Class: lanes + class, Text: called(method, path, lanes), URL: l.To(i)})
		answer := Arrow{Class: across(step.To, step.From) + class, Text: step.Says}
		if e := l.entries[i]; e != nil {
			answer.Text = strconv.Itoa(e.Status) + " " + step.Says
			if !l.done(i) {
				answer.Text, answer.Bad = strconv.Itoa(e.Status)+" "+strings.ReplaceAll(string(e.Kind), "_", " "), true
			}
			if n := len(e.Tokens); n > 0 && l.done(i) && !step.Refused {
				answer.Text = strconv.Itoa(e.Status) + " " + e.Tokens[n-1]
			}
			if step.Refused && l.done(i) {
				answer.Text = step.Says
			}
		}
		s.Arrows = append(s.Arrows, answer)
		for _, h := range step.Hops {
			s.Arrows = append(s.Arrows, Arrow{Class: across(h.From, h.To) + class, Text: h.Text})
		}
	}
	return s
}

// across is the class of an arrow between two lanes.
func across(from, to flow.Lane) string {
	if from > to {
		return "a" + strconv.Itoa(int(to)) + strconv.Itoa(int(from)) + " rev"
	}
	return "a" + strconv.Itoa(int(from)) + strconv.Itoa(int(to))
}
