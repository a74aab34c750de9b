package console

import (
	"html/template"
	"strings"
)

// Choice is a select whose value decides what else the form asks for, as the bank does. It is a field as any other, so that what is seen is
// what counts. Its button brings the form for another value, with all that was typed but the fields named in without, which go with the
// value; the page's script presses it. Enter, in any field, is not it: a form is sent by its first button.
func (f *form) Choice(name, label, value string, options []string, without ...string) template.HTML {
	var b strings.Builder
	hidden(&b, "@pick", name)
	b.WriteString(`<div class="row end"><button hidden>` + esc(label) + `</button>`)
	b.WriteString(strings.Replace(string(f.Select(name, label, value, options)), "<select ", "<select data-choose ", 1))
	b.WriteString(`<button name="@choose" value="` + esc(strings.Join(without, ",")) + `" formnovalidate>Choose</button><noscript><small>Press it after another choice: what stands below goes with it.</small></noscript></div>`)
	return template.HTML(b.String())
}
