package admin

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/journal"
)

// EntryRow is one request in a list.
type EntryRow struct {
	ID       uint64    `json:"id"`
	At       time.Time `json:"at"`   // the space's clock
	Took     Duration  `json:"took"` // real time
	Bank     string    `json:"bank"`
	Op       string    `json:"op,omitempty"`
	Method   string    `json:"method"`
	Target   string    `json:"target"` // path and query as sent
	Status   int       `json:"status"`
	Client   string    `json:"client,omitempty"`
	User     string    `json:"user,omitempty"`
	Tokens   []string  `json:"tokens,omitempty"` // ids of what was issued, used or refused
	Kind     string    `json:"kind,omitempty"`   // of the refusal; none: it was not refused
	Why      string    `json:"why,omitempty"`
	Fault    string    `json:"fault,omitempty"` // id of the rule that spoiled the call
	Again    uint64    `json:"again,omitempty"` // the entry that it is a replay of
	Request  int       `json:"requestSize"`     // of the whole body, in bytes
	Response int       `json:"responseSize"`
}

// EntryView is one request with everything that is known of it.
type EntryView struct {
	EntryRow
	Trail    []fail.Check `json:"trail"`            // every check, in order
	Failed   *fail.Check  `json:"failed,omitempty"` // the one that it was refused for
	Request  PartView     `json:"request"`
	Response PartView     `json:"response"`
	Masked   bool         `json:"masked"` // secrets are shown as their first four characters
}

// PartView is one side of the exchange.
type PartView struct {
	Headers  []journal.Header `json:"headers"`
	Type     string           `json:"type,omitempty"` // media type of the body
	Body     string           `json:"body"`
	Encoding string           `json:"encoding,omitempty"` // base64 when the body is no text
	Size     int              `json:"size"`               // of the whole body, in bytes
	Cut      bool             `json:"cut"`                // body is not all of it
}

// JournalPage is a part of the journal.
type JournalPage struct {
	Items   []EntryRow `json:"items"`          // newest first
	Next    string     `json:"next,omitempty"` // cursor of the older ones
	Event   uint64     `json:"event"`          // id of the newest event: what happens later has a greater one
	Total   uint64     `json:"total"`          // requests since the start
	Dropped uint64     `json:"dropped"`        // of them overwritten by newer ones
}

// EntryQuery asks for entries.
type EntryQuery struct {
	Filter journal.Filter
	Limit  int
	Before uint64 // entries older than this one; 0: from the newest
	Reveal bool   // secrets whole
}

// filters are the query parameters that pick entries.
func filters() []parameter {
	return []parameter{{"bank", "its name"}, {"op", "operation of the bank's table"}, {"method", "GET, POST, …"},
		{"path", "a glob: * any text, ? one character; as */token"}, {"status", "401, 4xx, or several with commas"},
		{"kind", "of the refusal, as token_expired"}, {"client", "client id"}, {"user", "dave, or yoisho/dave"},
		{"token", "id of a token that was issued, used or refused"}, {"refused", "true: only what was refused"}, {"fault", "id of the rule that spoiled the call, * for any"},
		{"since", "after this entry's id, from this instant, or from so long ago (5m)"}, {"text", "anywhere in target, headers, bodies or reason"}}
}

func reveal() parameter {
	return parameter{"reveal", "true: secrets whole, not their first four characters"}
}

// entryList are the parameters of a list of entries.
func entryList() []parameter {
	return append(filters(), parameter{"limit", "1 to 1000; 100 by default"}, parameter{"cursor", "next of the page before"}, reveal())
}

func journalEndpoints() []endpoint {
	list := entryList()
	export := append(filters(), parameter{"format", "har (HTTP Archive 1.2) or jsonl; har by default"}, reveal())
	one := []parameter{{"as", "a command instead: " + strings.Join(journal.Styles(), ", ")}, reveal()}
	return []endpoint{
		{method: "GET", path: "/journal", op: "journal", doc: "requests and why they were answered as they were, newest first", query: list, out: JournalPage{},
			do: func(r *request) (any, error) {
				q, err := r.entryQuery()
				if err != nil {
					return nil, err
				}
				return r.Entries(q), nil
			}},
		{method: "DELETE", path: "/journal", op: "clearJournal", doc: "forget all entries; this cannot be undone", do: func(r *request) (any, error) {
			r.ClearJournal()
			return nil, nil
		}},
		{method: "GET", path: "/journal/export", op: "exportJournal", doc: "entries as a file, oldest first", query: export, media: "application/json",
			do: func(r *request) (any, error) {
				q, err := r.entryQuery()
				if err != nil {
					return nil, err
				}
				return answered, r.export(q)
			}},
		{method: "GET", path: "/journal/{id}", op: "journalEntry", doc: "one request: both sides, and every check on the way", query: one, out: EntryView{},
			do: func(r *request) (any, error) { return r.entry() }},
	}
}

// flag reads a query parameter that is true or false.
func (r *request) flag(name string) (bool, error) {
	switch text := r.query.Get(name); text {
	case "", "false", "0":
		return false, nil
	case "true", "1":
		return true, nil
	default:
		return false, fail.Field(name, "%q is neither true nor false", text)
	}
}

func (r *request) entryQuery() (q EntryQuery, err error) {
	if q.Filter, err = r.filter(); err != nil {
		return q, err
	}
	if q.Filter.After, q.Filter.From, err = r.since(); err != nil {
		return q, err
	}
	if q.Limit, err = r.number("limit", 100, 1, 1000); err != nil {
		return q, err
	}
	if text := r.query.Get("cursor"); text != "" {
		p, bad := base64.RawURLEncoding.DecodeString(text)
		if q.Before, err = strconv.ParseUint(string(p), 10, 64); err != nil || bad != nil || q.Before == 0 {
			return q, fail.Field("cursor", "%q is no cursor of this list", text)
		}
	}
	q.Reveal, err = r.flag("reveal")
	return q, err
}

// filter reads what picks entries and events, since aside.
func (r *request) filter() (f journal.Filter, err error) {
	get := r.query.Get
	f = journal.Filter{Bank: get("bank"), Op: get("op"), Method: get("method"), Path: get("path"), Kind: fail.Kind(get("kind")), Client: get("client"),
		User: get("user"), Token: get("token"), Fault: get("fault"), Text: get("text")}
	if text := get("status"); text != "" {
		if f.Status, err = journal.ParseStatuses(text); err != nil {
			return f, fail.Field("status", "%v", err)
		}
	}
	f.Refused, err = r.flag("refused")
	return f, err
}

// since reads an id, an instant, or a duration back from now.
func (r *request) since() (id uint64, from time.Time, err error) {
	text := r.query.Get("since")
	if text == "" {
		return 0, from, nil
	}
	if id, err = strconv.ParseUint(text, 10, 64); err == nil {
		return id, from, nil
	}
	if from, err = time.Parse(time.RFC3339Nano, text); err == nil {
		return 0, from, nil
	}
	if d, err := clock.ParseDuration(text); err == nil && d >= 0 {
		return 0, r.Space.Clock.Now().Add(-d), nil
	}
	return 0, from, fail.Field("since", "%q is neither an id, nor an RFC 3339 instant, nor a duration as 5m", text)
}

// Entries are those that a query asks for, newest first.
func (d *Desk) Entries(q EntryQuery) *JournalPage {
	j := d.Space.Journal
	page := &JournalPage{Items: []EntryRow{}, Event: d.Space.LastEvent(), Total: j.Total(), Dropped: j.Dropped()}
	if q.Before == 0 {
		q.Before = math.MaxUint64
	}
	found := j.Before(q.Before, q.Limit+1, q.Filter.Match)
	if len(found) > q.Limit {
		found = found[:q.Limit]
		page.Next = base64.RawURLEncoding.EncodeToString(strconv.AppendUint(nil, found[q.Limit-1].ID, 10))
	}
	for _, e := range found {
		row := entryRow(e)
		if !q.Reveal {
			row.Target = e.MaskedTarget()
		}
		page.Items = append(page.Items, row)
	}
	return page
}

// shown is the entry as it may be seen.
func shown(e *journal.Entry, reveal bool) *journal.Entry {
	if reveal {
		return e
	}
	return e.Masked()
}

// Entry finds one; NotFound when it was overwritten, cleared, or never was.
func (d *Desk) Entry(id uint64) (*journal.Entry, error) {
	e := d.Space.Journal.Entry(id)
	switch {
	case e != nil:
		return e, nil
	case id > 0 && id <= d.Space.Journal.Total():
		return nil, fail.New(fail.NotFound, "entry %d is not kept any more", id)
	}
	return nil, fail.New(fail.NotFound, "there is no entry %d", id)
}

// ClearJournal forgets all entries. There is no way back: the journal is no part of the state that levers turn.
func (d *Desk) ClearJournal() { d.Space.Journal.Clear(d.Space.Clock.Now()) }

// scheme of the URLs in which the sandbox is called.
func (d *Desk) scheme() string {
	if d.options.Secure {
		return "https"
	}
	return "http"
}

// entry answers with one entry, as JSON or as a command.
func (r *request) entry() (any, error) {
	whole, err := r.flag("reveal")
	if err != nil {
		return nil, err
	}
	e, err := r.found()
	if err != nil {
		return nil, err
	}
	style := r.query.Get("as")
	if style == "" {
		return entryView(shown(e, whole), !whole), nil
	}
	text, err := r.Command(e, style, whole)
	if err != nil {
		return nil, err
	}
	r.ctx.Set("Content-Type", "text/plain; charset=utf-8")
	r.ctx.Set("Cache-Control", "no-store")
	return answered, r.ctx.SendString(text)
}

// found is the entry that the path names.
func (r *request) found() (*journal.Entry, error) {
	id, err := strconv.ParseUint(r.params["id"], 10, 64)
	if err != nil {
		return nil, fail.New(fail.NotFound, "%q is no entry's id: they are numbers", r.params["id"])
	}
	return r.Entry(id)
}

// export writes entries as a file, one by one: a journal may be larger than memory should be.
func (r *request) export(q EntryQuery) error {
	format := r.query.Get("format")
	kind, name := "application/json", "har"
	switch format {
	case "", "har":
	case "jsonl":
		kind, name = "application/jsonl", "jsonl"
	default:
		return fail.Field("format", "%q is neither har nor jsonl", format)
	}
	entries := r.Space.Journal.Recent(math.MaxInt, func(e *journal.Entry) bool {
		return q.Filter.Match(e) && (name != "har" || e.Op != journal.Handshake) // that format is of requests
	})
	slices.Reverse(entries)
	scheme, version := r.scheme(), r.options.Version
	if version == "" {
		version = "dev"
	}
	r.ctx.Set("Content-Type", kind)
	r.ctx.Set("Cache-Control", "no-store")
	r.ctx.Set("Content-Disposition", `attachment; filename="sandbank-`+r.Space.Name+"."+name+`"`)
	return r.ctx.SendStreamWriter(func(w *bufio.Writer) {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		if name == "jsonl" {
			for _, one := range entries {
				if e.Encode(entryView(shown(one, q.Reveal), !q.Reveal)) != nil {
					return // the caller hung up
				}
			}
			return
		}
		w.WriteString(`{"log":{"version":"1.2","creator":{"name":"Sandbank","version":` + strconv.Quote(version) + `},"entries":[` + "\n")
		for i, one := range entries {
			if i > 0 {
				w.WriteByte(',')
			}
			if e.Encode(shown(one, q.Reveal).HAR(scheme)) != nil {
				return
			}
		}
		w.WriteString("]}}\n")
	})
}
