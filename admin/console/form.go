package console

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"sandbank/admin"
)

// form is an action as a page offers it. Its methods write the parts, so that all forms have labels, keep what was typed, show the
// refusal at its field, and say how a script would do the same.
type form struct {
	v      *visit
	verb   admin.Verb
	params map[string]string
	then   string
	did    string // what the toast says where nothing can be taken back
	failed *failure
	id     string          // prefix of the ids of its refusals
	name   string          // among several forms of the same operation on a page
	empty  map[string]bool // fields that say something when they are empty
	files  bool            // whether it carries files
	needs  bool            // whether the call takes at least one field
}

// Form is the one of an operation, with the parameters of its path as pairs of name and value.
func (v *visit) Form(op string, pairs ...string) (*form, error) {
	verb, ok := v.console.panel.Verb(op)
	if !ok {
		return nil, fmt.Errorf("there is no operation %q", op)
	}
	f := &form{v: v, verb: verb, params: map[string]string{}, id: op}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.params[pairs[i]] = pairs[i+1]
		f.id += "-" + pairs[i+1]
	}
	f.id = plain(f.id)
	f.remember()
	return f, nil
}

// As tells the form from others of the same operation on the page, so that a refusal comes back to the right one.
func (f *form) As(name string) *form {
	f.name, f.id = name, f.id+"-"+plain(name)
	f.remember()
	return f
}

// ID begins the ids of what belongs to the form.
func (f *form) ID() string { return f.id }

// remember finds out whether it is this form that was refused.
func (f *form) remember() {
	f.failed = nil
	if was := f.v.failed; was != nil && was.op == f.verb.Op && was.form == f.name && maps.Equal(was.params, f.params) {
		f.failed = was
	}
}

// plain makes an id of any text.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, text)
}

// Then sends the browser there after success, within the console: {fields} of the answer are filled in.
func (f *form) Then(path string) *form {
	f.then = f.v.Root + base + "/" + strings.TrimPrefix(path, "/")
	return f
}

// Did is what the toast says after success, where there is nothing in this space to take back.
func (f *form) Did(words string) *form {
	f.did = words
	return f
}

// Counts marks fields that say something when they are empty: a list without items, a text that is taken away.
func (f *form) Counts(names ...string) *form {
	f.empty = map[string]bool{}
	for _, name := range names {
		f.empty[name] = true
	}
	return f
}

// Files lets the form carry files.
func (f *form) Files() *form {
	f.files = true
	return f
}

// Needs says that the call takes at least one field: without any, no command is shown.
func (f *form) Needs() *form {
	f.needs = true
	return f
}

// counted is what stands before a field that counts when it is empty.
func (f *form) counted(name string) string {
	if !f.empty[name] {
		return ""
	}
	return string(f.Hidden(name, "@"))
}

// Open is the start tag with what the form carries unseen.
func (f *form) Open(class ...string) template.HTML {
	var b strings.Builder
	f.open(&b, class...)
	return template.HTML(b.String())
}

func (f *form) open(b *strings.Builder, class ...string) {
	b.WriteString(`<form method="post" action="` + esc(f.v.Root) + base + `/do/` + f.verb.Op + `" data-call="` + f.verb.Method + ` ` +
		esc(f.v.Origin()+f.verb.URL(f.v.Root, f.params)) + `"`)
	if len(class) > 0 {
		b.WriteString(` class="` + esc(strings.Join(class, " ")) + `"`)
	}
	if f.files {
		b.WriteString(` enctype="multipart/form-data"`)
	}
	b.WriteString(">")
	for _, name := range slices.Sorted(maps.Keys(f.params)) {
		hidden(b, ":"+name, f.params[name])
	}
	hidden(b, "@back", f.v.Root+f.v.here)
	if f.name != "" {
		hidden(b, "@form", f.name)
	}
	if f.then != "" {
		hidden(b, "@then", f.then)
	}
	if f.did != "" {
		hidden(b, "@did", f.did)
	}
}

// Close is the end tag.
func (f *form) Close() template.HTML { return "</form>" }

func hidden(b *strings.Builder, name, value string) {
	b.WriteString(`<input type="hidden" name="` + esc(name) + `" value="` + esc(value) + `">`)
}

// flat takes texts and lists of texts alike: a template cannot spread a list.
func flat(all []any) []string {
	var out []string
	for _, v := range all {
		switch v := v.(type) {
		case []string:
			out = append(out, v...)
		default:
			out = append(out, fmt.Sprint(v))
		}
	}
	return out
}

// Hidden is a field that is not asked for.
func (f *form) Hidden(name, value string) template.HTML {
	return template.HTML(`<input type="hidden" name="` + esc(name) + `" value="` + esc(value) + `"` + f.kind(name) + `>`)
}

// value is what was typed, when the form comes back, and what is proposed otherwise.
func (f *form) value(name, proposed string) string {
	all, ok := f.typed(name)
	if !ok {
		return proposed
	}
	if len(all) > 1 && all[0] == "@" {
		all = all[1:]
	}
	return strings.Join(all, "\n")
}

// typed is what was typed into a field, where the form comes back and had it.
func (f *form) typed(name string) ([]string, bool) {
	if f.failed == nil {
		return nil, false
	}
	all, ok := f.failed.values[name]
	return all, ok
}

// kind tells the script how a field is written in JSON.
func (f *form) kind(name string) string {
	if k := kindOf(f.verb.In, name); k != "string" && k != "" {
		return ` data-kind="` + k + `"`
	}
	return ""
}

// wrong is the refusal of a field, and what connects the two. The page's banner then calls the field as the form does.
func (f *form) wrong(name, label string) (attributes, text string) {
	if f.failed == nil || f.failed.Field != name || name == "" {
		return "", ""
	}
	f.failed.Label = label
	id := f.id + "-" + plain(name) + "-wrong"
	return ` aria-invalid="true" aria-describedby="` + id + `"`, `<small class="err" id="` + id + `">` + esc(f.failed.Text) + `</small>`
}

// Text is a labelled line; hint stands in it while it is empty. Extra attributes are written by us, never by a user.
func (f *form) Text(name, label, value, hint string, extra ...string) template.HTML {
	a, text := f.wrong(name, label)
	kind := "text"
	if len(extra) > 0 && strings.HasPrefix(extra[0], "type=") {
		kind, extra = extra[0][5:], extra[1:]
	}
	return template.HTML(fmt.Sprintf(`<label><b>%s</b>%s<input type="%s" name="%s" value="%s" placeholder="%s" autocomplete="off"%s%s %s>%s</label>`,
		esc(label), f.counted(name), kind, esc(name), esc(f.value(name, value)), esc(hint), f.kind(name), a, strings.Join(extra, " "), text))
}

// Bare is a line whose label is for screen readers only, for use within a row.
func (f *form) Bare(name, label, value, hint string, size int) template.HTML {
	a, text := f.wrong(name, label)
	return template.HTML(fmt.Sprintf(`<input type="text" name="%s" aria-label="%s" value="%s" placeholder="%s" size="%d" autocomplete="off"%s%s>%s`,
		esc(name), esc(label), esc(f.value(name, value)), esc(hint), size, f.kind(name), a, text))
}

// Area is a labelled text of several lines.
func (f *form) Area(name, label, value, hint string, rows int) template.HTML {
	a, text := f.wrong(name, label)
	return template.HTML(fmt.Sprintf(`<label><b>%s</b>%s<textarea name="%s" rows="%d" placeholder="%s" spellcheck="false"%s%s>%s</textarea>%s</label>`,
		esc(label), f.counted(name), esc(name), rows, esc(hint), f.kind(name), a, "\n"+esc(f.value(name, value)), text))
}

// Select is a labelled choice; an option is "value" or "value=words".
func (f *form) Select(name, label, value string, options ...any) template.HTML {
	a, text := f.wrong(name, label)
	var b strings.Builder
	fmt.Fprintf(&b, `<label><b>%s</b><select name="%s"%s%s>`, esc(label), esc(name), f.kind(name), a)
	value = f.value(name, value)
	for _, o := range flat(options) {
		v, words, ok := strings.Cut(o, "=")
		if !ok {
			words = v
		}
		chosen := ""
		if v == value {
			chosen = " selected"
		}
		fmt.Fprintf(&b, `<option value="%s"%s>%s</option>`, esc(v), chosen, esc(words))
	}
	b.WriteString("</select>" + text + "</label>")
	return template.HTML(b.String())
}

// Check is a box; unticked, it says false.
func (f *form) Check(name, label string, on bool) template.HTML {
	a, text := f.wrong(name, label)
	if all, ok := f.typed(name); ok {
		on = len(all) > 0 && all[len(all)-1] == "true"
	}
	checked := ""
	if on {
		checked = " checked"
	}
	return template.HTML(fmt.Sprintf(`<label><input type="hidden" name="%[1]s" value="false"><input type="checkbox" name="%[1]s" value="true" data-kind="bool"%s%s> %s%s</label>`,
		esc(name), checked, a, esc(capital(label)), text))
}

// Checks are boxes for a list of values; none ticked is an empty list. An option is "value" or "value=words".
func (f *form) Checks(name, label string, on []string, options ...any) template.HTML {
	a, text := f.wrong(name, label)
	if all, ok := f.typed(name); ok {
		on = all
	}
	var b strings.Builder
	all, class := flat(options), "row"
	if slices.ContainsFunc(all, func(o string) bool { return len(o[strings.IndexByte(o, '=')+1:]) > 24 }) {
		class = "set-list" // one a line: long ones side by side are ragged
	}
	fmt.Fprintf(&b, `<fieldset%s><legend>%s</legend><div class="%s">`, a, esc(label), class)
	before := f.Hidden(name, "@")
	for _, o := range all {
		v, words, ok := strings.Cut(o, "=")
		if !ok {
			words = v
		}
		checked := ""
		if slices.Contains(on, v) {
			checked = " checked"
		}
		fmt.Fprintf(&b, `<label>%s<input type="checkbox" name="%s" value="%s"%s%s> %s</label>`, before, esc(name), esc(v), f.kind(name), checked, esc(words))
		before = ""
	}
	b.WriteString("</div>" + text + "</fieldset>")
	return template.HTML(b.String())
}

// Confirm asks for a name to be typed before something that reaches far.
func (f *form) Confirm(name string) template.HTML {
	a, text := f.wrong(typed, "Name")
	return f.Hidden("@name", name) + template.HTML(fmt.Sprintf(`<label><b>Type %s to go on</b><input name="@typed" required autocomplete="off" spellcheck="false" size="12"%s>%s</label>`,
		esc(name), a, text))
}

// Radio is a choice that shows all its options at once, in a box.
func (f *form) Radio(name, label, value string, options ...any) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<fieldset class="seg"><legend class="sr">%s</legend>`, esc(label))
	value = f.value(name, value)
	for _, o := range flat(options) {
		v, words, ok := strings.Cut(o, "=")
		if !ok {
			words = v
		}
		checked := ""
		if v == value {
			checked = " checked"
		}
		fmt.Fprintf(&b, `<label><input class="sr" type="radio" name="%s" value="%s"%s%s>%s</label>`, esc(name), esc(v), checked, f.kind(name), esc(words))
	}
	b.WriteString("</fieldset>")
	return template.HTML(b.String())
}

// Cards is a choice whose options need a word of explanation: an option is "value=words=note".
func (f *form) Cards(name, label, value string, options ...any) template.HTML {
	a, text := f.wrong(name, label)
	var b strings.Builder
	fmt.Fprintf(&b, `<fieldset%s><legend>%s</legend><div class="grid pick">`, a, esc(label))
	value = f.value(name, value)
	for _, o := range flat(options) {
		v, words, _ := strings.Cut(o, "=")
		words, note, _ := strings.Cut(words, "=")
		checked := ""
		if v == value {
			checked = " checked"
		}
		fmt.Fprintf(&b, `<label><input class="sr" type="radio" name="%s" value="%s"%s%s>%s<small>%s</small></label>`, esc(name), esc(v), checked, f.kind(name), esc(words), esc(note))
	}
	b.WriteString("</div>" + text + "</fieldset>")
	return template.HTML(b.String())
}

// Submit is the button of a form: words, the name of an icon, classes.
func (f *form) Submit(words, icon, class string) template.HTML {
	return template.HTML(fmt.Sprintf(`<button class="%s">%s%s</button>`, esc(class), iconHTML(icon), esc(words)))
}

// Button is a whole form of one button, with fixed fields as pairs of name and value.
func (f *form) Button(words, icon, class string, fields ...any) template.HTML {
	pairs := flat(fields)
	var b strings.Builder
	b.Grow(512)
	f.open(&b, "one")
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString(string(f.Hidden(pairs[i], pairs[i+1])))
	}
	b.WriteString(`<button class="` + esc(class) + `"`)
	if words == "" || strings.Contains(" "+class+" ", " sq ") {
		fmt.Fprintf(&b, ` title="%s" aria-label="%s">%s</button></form>`, esc(words), esc(words), iconHTML(icon))
		return template.HTML(b.String())
	}
	b.WriteString(`>` + iconHTML(icon) + esc(words) + `</button></form>`)
	return template.HTML(b.String())
}

// Wrong is the refusal of a form, where it is about no single field.
func (f *form) Wrong() template.HTML {
	if f.failed == nil || f.failed.Text == "" || f.failed.Label != "" { // a field that has shown it gave it its label
		return ""
	}
	return template.HTML(`<p class="err" role="alert">` + esc(f.failed.Text) + `</p>`)
}
