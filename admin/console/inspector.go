package console

import (
	"cmp"
	"html/template"
	"math"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"

	"sandbank/admin"
	"sandbank/server/fail"
	"sandbank/server/journal"
)

func inspectorPages() []page {
	return []page{
		{path: "inspector", Title: "Inspector", Nav: "inspector", name: "inspector", build: inspector},
		{path: "inspector/clear", Title: "Forget all requests", Nav: "inspector", name: "clear-journal", build: inspector},
		{path: "inspector/{id}", Title: "Inspector", Nav: "inspector", name: "inspector", build: inspector},
		{path: "inspector/{id}/edit", Title: "Edit and replay", Nav: "inspector", name: "edit-replay", build: editReplay},
		{path: "inspector/{id}/fault", Title: "Make a fault of this", Nav: "inspector", name: "entry-fault", build: entryFault},
		{path: "inspector/{id}/replays", Title: "Replays", Nav: "inspector", name: "replays", build: replays},
	}
}

// Inspector is the list of requests, with one of them opened when the path names it.
type Inspector struct {
	V      *visit
	List   *admin.JournalPage
	Line   string // what the search line says
	Kept   int    // entries in the journal
	Open   *OpenEntry
	Tally  []Share // refusals of the list by reason
	Slow   []admin.EntryRow
	Banks  []Share
	Export string // query of the list, for downloads

	query string // of the list, for links to its rows
}

// Share is how often something stands in the list, and the filter that picks it.
type Share struct {
	Name, Filter string
	N            int
}

// notFilters are parameters that are no filters.
var notFilters = []string{"q", "tab", "as", "cursor", "reveal", "from"}

func inspector(v *visit) (any, error) {
	query, bad := v.picked()
	i := &Inspector{V: v, Line: v.Query.Get("q"), Export: query.Encode(), List: &admin.JournalPage{}}
	asked := url.Values{}
	for name, all := range v.Query {
		if slices.Contains([]string{"as", "from"}, name) {
			continue
		}
		asked[name] = all
	}
	i.query = asked.Encode()
	for _, name := range []string{"cursor", "reveal"} {
		if text := v.Query.Get(name); text != "" {
			query.Set(name, text)
		}
	}
	q, err := v.Desk.EntryQuery(query)
	if err = cmp.Or(bad, err); err != nil {
		v.wrong("q", err)
	} else {
		i.List = v.Desk.Entries(q)
	}
	i.Kept = len(v.Space.Journal.Recent(math.MaxInt, nil))
	if id := v.Param("id"); id != "" {
		e, err := v.entry(id)
		if err != nil {
			return nil, err
		}
		i.Open, err = v.openEntry(e)
		return i, err
	}
	i.sums()
	return i, nil
}

// picked are the filters of the address and of the search line, as the JSON face names them. Bare words are a text to look for.
func (v *visit) picked() (url.Values, error) {
	query := url.Values{}
	for name, all := range v.Query {
		if !slices.Contains(notFilters, name) {
			query[name] = all
		}
	}
	fields, bare := map[string]*string{}, []string{}
	for _, name := range []string{"bank", "op", "method", "path", "status", "kind", "client", "user", "token", "refused", "fault", "since", "text"} {
		fields[name] = new(string)
	}
	for word := range strings.FieldsSeq(v.Query.Get("q")) {
		if !strings.Contains(word, ":") {
			bare = append(bare, word)
		} else if err := searched(word, fields, ""); err != nil {
			return nil, err
		}
	}
	if len(bare) > 0 && *fields["text"] == "" {
		*fields["text"] = strings.Join(bare, " ")
	}
	if path := *fields["path"]; path != "" && !strings.ContainsAny(path, "*?/") {
		*fields["path"] = "*" + path + "*" // a word of a path is meant, not a whole one
	}
	for name, value := range fields {
		if *value != "" && query.Get(name) == "" {
			query.Set(name, *value)
		}
	}
	return query, nil
}

// entry finds the entry that a path names.
func (v *visit) entry(id string) (*journal.Entry, error) {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return nil, fail.New(fail.NotFound, "%q is no request's number", id)
	}
	return v.Desk.Entry(n)
}

// sums are what stands beside the list while nothing is opened.
func (i *Inspector) sums() {
	kinds, banks := map[string]int{}, map[string]int{}
	for _, e := range i.List.Items {
		if e.Kind != "" {
			kinds[e.Kind]++
		}
		if e.Bank != "" {
			banks[e.Bank]++
		}
	}
	i.Tally, i.Banks = counted(kinds, "kind"), counted(banks, "bank")
	i.Slow = slices.Clone(i.List.Items)
	sort.SliceStable(i.Slow, func(a, b int) bool { return i.Slow[a].Took/1000 > i.Slow[b].Took/1000 })
	i.Slow = i.Slow[:min(3, len(i.Slow))]
}

// counted orders counts, the greatest first.
func counted(of map[string]int, filter string) []Share {
	var out []Share
	for name, n := range of {
		out = append(out, Share{name, filter, n})
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].N > out[j].N || out[i].N == out[j].N && out[i].Name < out[j].Name
	})
	return out
}

// Row is where an entry of the list opens: under the same filter and on the same tab.
func (i *Inspector) Row(id uint64) string {
	at := i.V.Root + base + "/inspector/" + strconv.FormatUint(id, 10)
	if i.query != "" {
		at += "?" + i.query
	}
	return at
}

// All is the list under the same filter, with nothing opened.
func (i *Inspector) All() string { return strings.Replace(i.Row(0), "/inspector/0", "/inspector", 1) }

// Only is the list with one filter instead of the quick ones; empty takes them away.
func (i *Inspector) Only(name, value string) string {
	query := url.Values{}
	for n, all := range i.V.Query {
		if !slices.Contains([]string{"status", "refused", "fault", "cursor", "as", "from"}, n) {
			query[n] = all
		}
	}
	if name != "" {
		query.Set(name, value)
	}
	at := i.V.At("inspector")
	if id := i.V.Param("id"); id != "" {
		at = i.V.Item("inspector", id)
	}
	if len(query) == 0 {
		return at
	}
	return at + "?" + query.Encode()
}

// Beside are the filters that stay when another line is searched for.
func (i *Inspector) Beside() []Share {
	var out []Share
	for _, name := range []string{"status", "refused", "fault", "tab", "reveal"} {
		if value := i.V.Query.Get(name); value != "" {
			out = append(out, Share{Name: name, Filter: value})
		}
	}
	return out
}

// Is tells whether a filter of the address has this value.
func (i *Inspector) Is(name, value string) bool { return i.V.Query.Get(name) == value }

// Plain tells whether none of the quick filters is on.
func (i *Inspector) Plain() bool {
	return i.Is("status", "") && i.Is("refused", "") && i.Is("fault", "")
}

// Filtered tells whether the list shows only some of what there is.
func (i *Inspector) Filtered() bool { return i.Export != "" || i.Line != "" }

// File is the download of the list in a format.
func (i *Inspector) File(format string) string {
	at := i.V.Root + admin.Prefix + "/journal/export?format=" + format
	if i.Export != "" {
		at += "&" + i.Export
	}
	if i.Is("reveal", "true") {
		at += "&reveal=true"
	}
	return at
}

// Who is behind a request: user, client, and the newest of its tokens.
func (v *visit) Who(e admin.EntryRow) string {
	var parts []string
	if e.User != "" {
		parts = append(parts, tail(e.User))
	}
	if e.Client != "" {
		parts = append(parts, shortID(e.Client))
	} else if e.User == "" {
		parts = append(parts, cmp.Or(v.Bank(e.Bank), e.Op)) // hands are shaken with no bank
	}
	if n := len(e.Tokens); n > 0 {
		parts = append(parts, e.Tokens[n-1])
	}
	return strings.Join(parts, ", ")
}

// Brief is why a request of a list was refused, without what stands beside it anyhow.
func (v *visit) Brief(e admin.EntryRow) string {
	why, _, _ := strings.Cut(e.Why, "; ")
	if n := len(e.Tokens); n > 0 {
		why = strings.TrimPrefix(why, e.Tokens[n-1]+" ")
	}
	return v.Told(strings.TrimPrefix(why, "fault "+e.Fault+": "))
}

// shortID is the beginning of an id that is too long for a list.
func shortID(id string) string {
	if r := []rune(id); len(r) > 16 {
		return string(r[:8]) + "…"
	}
	return id
}

// Rows are the list. A hundred of them are written at every event, so that they are put together here: a template takes four times as
// long. Whatever a client has sent is escaped.
func (i *Inspector) Rows() template.HTML {
	var b strings.Builder
	at, query := esc(i.V.Root+base)+"/inspector/", ""
	if i.query != "" {
		query = "?" + esc(i.query)
	}
	fault, again := iconHTML("fault"), iconHTML("rotate")
	for _, e := range i.List.Items {
		id, status, current := strconv.FormatUint(e.ID, 10), "cut", ""
		if e.Status > 0 {
			status = strconv.Itoa(e.Status)
		}
		if i.Open != nil && i.Open.ID == e.ID {
			current = ` aria-current="true"`
		}
		b.WriteString(`<li id="e-` + id + `"><a href="` + at + id + query + `"` + current + `><span class="dim">` + i.V.Local(e.At, "15:04:05") + `</span><span class="` + statusClass(e.Status) + `">` +
			status + `</span><span class="clip"><span class="dim">` + esc(e.Method) + `</span> ` + esc(e.Target) + `</span><span class="dim ms">` + esc(took(e.Took)) + `</span><span class="sub">` + esc(i.V.Who(e)))
		if e.Fault != "" {
			b.WriteString(` · <span class="st5">` + fault + ` fault ` + esc(e.Fault) + `</span>`)
		}
		if e.Again > 0 {
			b.WriteString(` · ` + again + ` of #` + strconv.FormatUint(e.Again, 10))
		}
		if why := i.V.Brief(e); why != "" {
			b.WriteString(` · <span class="st4">` + esc(why) + `</span>`)
		}
		b.WriteString("</span></a></li>\n")
	}
	return template.HTML(b.String())
}
