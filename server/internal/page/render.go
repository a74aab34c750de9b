package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"sync"
	"time"
)

// Page is what Render accepts: the structs of this package and nothing else.
type Page interface {
	kind() string    // name of the template
	icons() []string // symbols that this very page refers to, so that no other is sent
}

func (Login) kind() string       { return "login" }
func (Consent) kind() string     { return "consent" }
func (Picker) kind() string      { return "picker" }
func (Code) kind() string        { return "code" }
func (Device) kind() string      { return "device" }
func (Connections) kind() string { return "connections" }
func (Handover) kind() string    { return "handover" }
func (Message) kind() string     { return "message" }
func (Start) kind() string       { return "start" }

// Render returns the whole document. An error is a fault of a template, never of the data: every text is escaped for where it stands.
func Render(p Page) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(8 << 10)
	if err := templates()[p.kind()].ExecuteTemplate(&b, "document", view{p, symbols(p.icons())}); err != nil {
		return nil, fmt.Errorf("page: %s: %w", p.kind(), err)
	}
	return b.Bytes(), nil
}

// view is what a document template sees; all templates inside it see the page alone.
type view struct {
	Page    Page
	Symbols []symbol
}

//go:embed template
var source embed.FS

// templates is parsed on first use, not at start: a run that never shows a page should not pay for one.
var templates = sync.OnceValue(func() map[string]*template.Template {
	part := template.Must(template.New("part").Funcs(template.FuncMap{
		"asset": assetURL,
		"left":  leftOf,
		"stamp": stamp,
		"track": trackOf,
		"icon":  known,
		"pace":  pace,
		"count": count,
	}).ParseFS(source, "template/part.html"))
	frame := template.Must(template.Must(part.Clone()).ParseFS(source, "template/frame.html"))
	set := map[string]*template.Template{
		"start": template.Must(template.Must(part.Clone()).ParseFS(source, "template/start.html")),
	}
	for _, p := range []Page{Login{}, Consent{}, Picker{}, Code{}, Device{}, Connections{}, Handover{}, Message{}} {
		set[p.kind()] = template.Must(template.Must(frame.Clone()).ParseFS(source, "template/"+p.kind()+".html"))
	}
	return set
})

// stamp writes to the second: here consents live for a minute as often as for 90 days.
func stamp(t, now time.Time) string { return t.In(now.Location()).Format("2 January 2006, 15:04:05") }

// step is one entry of the track above a heading.
type step struct {
	Name      string
	Done, Now bool
}

func trackOf(names []string, at int) []step {
	track := make([]step, len(names))
	for i, name := range names {
		track[i] = step{name, i < at, i == at}
	}
	return track
}
