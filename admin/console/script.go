package console

import (
	"html/template"
	"net/url"
	"strings"

	"sandbank/admin"
)

// Script shows how a script does the same, with fields as pairs of name and value; the page's script keeps it up to date.
func (f *form) Script(fields ...any) (template.HTML, error) {
	values, pairs := url.Values{}, flat(fields)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Add(pairs[i], pairs[i+1])
		}
	}
	body, err := encode(f.verb.In, values)
	if err != nil {
		return "", err
	}
	mark := "data-curl"
	if f.needs {
		mark += " data-needs"
	}
	out := codeHTML("The same from a script", f.v.curl(f.verb.Method, f.verb.URL(f.v.Root, f.params), body), mark)
	if f.needs && string(body) == "{}" {
		out = template.HTML(strings.Replace(string(out), "<figure", "<figure hidden", 1))
	}
	return out, nil
}

// Curl is the command for a call of the JSON face: method, path below its prefix, and body.
func (v *visit) Curl(method, path, body string) string {
	return v.curl(method, v.Root+admin.Prefix+path, []byte(body))
}

func (v *visit) curl(method, path string, body []byte) string {
	var b strings.Builder
	b.WriteString("curl ")
	if method != "GET" {
		b.WriteString("-X " + method + " ")
	}
	if v.console.panel.Keyed() {
		b.WriteString(`-H "Authorization: Bearer $SANDBANK_KEY" `)
	}
	b.WriteString(quoted(v.Origin() + path))
	if len(body) > 0 && string(body) != "{}" {
		b.WriteString(" -d " + quoted(string(body)))
	}
	return b.String()
}

// quoted is a word of a shell.
func quoted(word string) string {
	if !strings.ContainsAny(word, " \t\n'\"\\$`&|;<>()*?[]{}!#~") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
