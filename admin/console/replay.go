package console

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"sandbank/admin"
	"sandbank/server/journal"
)

// Replays are the answers to an entry's request sent again.
type Replays struct {
	V     *visit
	Of    admin.EntryView
	Items []Replay
	New   int    // of the press that led here
	Sums  string // what came back, of these
}

// Replay is one answer.
type Replay struct {
	admin.EntryRow
	New, Same bool // Same: status and body are those of the first answer
}

func replays(v *visit) (any, error) {
	e, err := v.entry(v.Param("id"))
	if err != nil {
		return nil, err
	}
	from, err := strconv.ParseUint(v.Query.Get("from"), 10, 64)
	if err != nil {
		from = math.MaxUint64
	}
	r := &Replays{V: v, Of: v.Desk.View(e, false)}
	count := map[string]int{}
	for _, one := range v.Space.Journal.Recent(200, func(x *journal.Entry) bool { return x.Again == e.ID }) {
		item := Replay{v.Desk.View(one, false).EntryRow, one.ID >= from, one.Status == e.Status && string(one.Response.Body) == string(e.Response.Body)}
		r.Items = append(r.Items, item)
		if item.New {
			r.New++
			count[strconv.Itoa(one.Status)]++
		}
	}
	var parts []string
	for _, c := range counted(count, "") {
		parts = append(parts, strconv.Itoa(c.N)+" × "+c.Name)
	}
	r.Sums = strings.Join(parts, ", ")
	return r, nil
}

// EditReplay is the request of an entry, to be changed and sent.
type EditReplay struct {
	V                          *visit
	Of                         admin.EntryView
	Method, Target, Head, Body string
}

func editReplay(v *visit) (any, error) {
	e, err := v.entry(v.Param("id"))
	if err != nil {
		return nil, err
	}
	r := &EditReplay{V: v, Of: v.Desk.View(e, true), Method: e.Method}
	r.Target = strings.NewReplacer("?", "\n?", "&", "\n&").Replace(e.Target)
	var head []string
	for _, h := range r.Of.Request.Headers {
		if !slices.Contains([]string{"content-length", "connection", "transfer-encoding", "expect"}, strings.ToLower(h.Name)) {
			head = append(head, h.Name+": "+h.Value)
		}
	}
	r.Head = strings.Join(head, "\n")
	if r.Of.Request.Encoding == "" {
		r.Body = r.Of.Request.Body
	}
	if r.Of.Request.Type == formType {
		r.Body = strings.ReplaceAll(r.Body, "&", "\n&")
	}
	return r, nil
}

const formType = "application/x-www-form-urlencoded"

// Ask is a request in a form, for editing.
type Ask struct {
	Form                         *form
	Method, Path, Head, Body     string
	PathRows, HeadRows, BodyRows int
}

// Methods are those to choose from, with the one that the request has. It is no list of proposals beside a field: Chromium 156 hangs when
// a page that renews itself moves a datalist.
func (a Ask) Methods() []string {
	all := []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
	if !slices.Contains(all, a.Method) {
		all = append(all, a.Method)
	}
	return all
}

// Ask sizes the fields by what stands in them.
func (v *visit) Ask(f *form, method, path, head, body string) Ask {
	rows := func(text string, least int) int { return min(14, max(least, strings.Count(text, "\n")+1)) }
	return Ask{f, method, path, head, body, rows(path, 1), rows(head, 2), rows(body, 2)}
}

// EntryFault is the form of a rule for calls like that of an entry.
type EntryFault struct {
	V       *visit
	Of      admin.EntryView
	Presets []string // "name=words"
	Then    string   // where the armed rule is shown
}

func entryFault(v *visit) (any, error) {
	e, err := v.entry(v.Param("id"))
	if err != nil {
		return nil, err
	}
	f := &EntryFault{V: v, Of: v.Desk.View(e, false), Then: "inspector/" + v.Param("id")}
	if slices.ContainsFunc(v.console.pages, func(p page) bool { return p.path == "faults" }) {
		f.Then = "faults"
	}
	return f, nil
}
