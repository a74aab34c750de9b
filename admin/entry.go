package admin

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/journal"
	"sandbank/server/scenario"
)

func entryRow(e *journal.Entry) EntryRow {
	return EntryRow{ID: e.ID, At: e.At, Took: Duration(e.Took), Bank: e.Bank, Op: e.Op, Method: e.Method, Target: e.Target, Status: e.Status,
		Client: e.Client, User: e.Owner, Tokens: e.Tokens, Kind: string(e.Kind), Why: e.Why, Fault: e.Fault, Again: e.Again, Request: e.Request.Size, Response: e.Response.Size}
}

func entryView(e *journal.Entry, masked bool) EntryView {
	v := EntryView{EntryRow: entryRow(e), Trail: append([]fail.Check{}, e.Trail...), Request: partView(e.Request), Response: partView(e.Response), Masked: masked}
	for i := range v.Trail {
		if !v.Trail[i].OK && e.Kind != "" {
			v.Failed = &v.Trail[i] // the last one counts
		}
	}
	return v
}

func partView(p journal.Part) PartView {
	v := PartView{Headers: p.Headers(), Type: p.MediaType(), Size: p.Size, Cut: p.Cut}
	text, ok := p.Text()
	if v.Body = text; !ok {
		v.Body, v.Encoding = base64.StdEncoding.EncodeToString(p.Body), "base64"
	}
	return v
}

// EntryQuery reads what picks entries from the parameters of a query, as the JSON face names them.
func (d *Desk) EntryQuery(query url.Values) (EntryQuery, error) {
	if err := (&endpoint{query: entryList()}).knows(query); err != nil {
		return EntryQuery{}, err
	}
	return (&request{Desk: d, query: query}).entryQuery()
}

// View is everything that is known of an entry, with its secrets whole or masked.
func (d *Desk) View(e *journal.Entry, reveal bool) EntryView {
	return entryView(shown(e, reveal), !reveal)
}

// before is how many requests of a caller are looked at for what the next one shows: asking costs some 50 µs each.
const before = 40

// Cases are those of the catalogue that a request shows, with what came shortly before it.
func (d *Desk) Cases(e *journal.Entry) []scenario.Case {
	caller := e.Caller()
	entries := d.Space.Journal.Before(e.ID, before, func(x *journal.Entry) bool { return x.Bank == e.Bank && x.Caller() == caller })
	slices.Reverse(entries)
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	met := scenario.Meet(append(entries, e), d.Space.Grants)
	return slices.DeleteFunc(scenario.Cases(), func(c scenario.Case) bool { return !slices.Contains(met[c.ID].Entries, e.ID) })
}

// Command is the request of an entry as something to paste, in one of the journal's styles.
func (d *Desk) Command(e *journal.Entry, style string, reveal bool) (string, error) {
	text := shown(e, reveal).Command(style, d.scheme())
	if text == "" {
		return "", fail.Field("as", "%q is none of %s", style, strings.Join(journal.Styles(), ", "))
	}
	return text, nil
}
