package journal

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Styles are the ways in which Command writes a request down.
func Styles() []string { return []string{"curl", "httpie", "fetch", "go", "python"} }

// Command writes the request of an entry down as something that can be pasted and sends it again, to where it went; scheme is http or
// https. It is empty for a style that there is none of.
func (e *Entry) Command(style, scheme string) string {
	if e.Op == Handshake { // any request repeats it
		e = &Entry{Method: "HEAD", Target: e.Target + "/"}
	}
	c := command{Entry: e, url: ascii(e.URL(scheme))}
	for _, h := range e.Request.Headers() {
		if !slices.Contains([]string{"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "expect"}, strings.ToLower(h.Name)) {
			c.headers = append(c.headers, h)
		}
	}
	c.typed = e.Request.Header("Content-Type") != ""
	c.text, c.plain = e.Request.Text()
	switch style {
	case "curl":
		return c.cut("#") + c.curl()
	case "httpie":
		return c.cut("#") + c.httpie()
	case "fetch":
		return c.cut("//") + c.fetch()
	case "go":
		return c.cut("//") + c.golang()
	case "python":
		return c.cut("#") + c.python()
	}
	return ""
}

// command is an entry with what all styles need of it.
type command struct {
	*Entry
	url     string
	headers []Header
	typed   bool   // whether it had a content type
	text    string // the body
	plain   bool   // whether the body is text
}

func (c *command) body() bool { return len(c.Request.Body) > 0 }

func (c *command) base64() string { return base64.StdEncoding.EncodeToString(c.Request.Body) }

// cut warns of a body that is not all there.
func (c *command) cut(comment string) string {
	if !c.Request.Cut {
		return ""
	}
	return fmt.Sprintf("%s %s; this one had %d\n", comment, cutComment, c.Request.Size)
}

// shell quotes one word for a POSIX shell.
func shell(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

const next = " \\\n  "

func (c *command) curl() string {
	var b strings.Builder
	if c.body() && !c.plain {
		b.WriteString("printf %s " + shell(c.base64()) + " | base64 -d | ")
	}
	b.WriteString("curl -sS")
	switch c.Method {
	case "GET":
		if c.body() {
			b.WriteString(" -X GET")
		}
	case "HEAD":
		b.WriteString(" -I")
	default:
		b.WriteString(" -X " + shell(c.Method))
	}
	if c.Method != "HEAD" {
		b.WriteString(" -i")
	}
	if strings.ContainsAny(c.url, "[]{}") {
		b.WriteString(" -g")
	}
	if strings.Contains(c.url, "/.") {
		b.WriteString(" --path-as-is")
	}
	b.WriteString(" " + shell(c.url))
	for _, h := range c.headers {
		if h.Value == "" {
			b.WriteString(next + "-H " + shell(h.Name+";"))
			continue
		}
		b.WriteString(next + "-H " + shell(h.Name+": "+h.Value))
	}
	if c.body() {
		if !c.typed {
			b.WriteString(next + "-H 'Content-Type:'") // it would say that it is a form
		}
		if c.plain {
			b.WriteString(next + "--data-raw " + shell(c.text))
		} else {
			b.WriteString(next + "--data-binary @-")
		}
	}
	return b.String() + "\n"
}

func (c *command) httpie() string {
	var b strings.Builder
	if c.body() && !c.plain {
		b.WriteString("printf %s " + shell(c.base64()) + " | base64 -d | http")
	} else {
		b.WriteString("http --ignore-stdin")
	}
	b.WriteString(" " + shell(c.Method) + " " + shell(c.url))
	for _, h := range c.headers {
		name := strings.ReplaceAll(h.Name, `\`, `\\`)
		switch {
		case h.Value == "":
			name += ";"
		case strings.HasPrefix(h.Value, "@") || strings.HasPrefix(h.Value, "="):
			name += `:\` + h.Value
		default:
			name += ":" + h.Value
		}
		b.WriteString(next + shell(name))
	}
	if c.body() && c.plain {
		if !c.typed {
			b.WriteString(next + "Content-Type:")
		}
		b.WriteString(next + "--raw " + shell(c.text))
	}
	return b.String() + "\n"
}

// js quotes a JavaScript string; JSON's are.
func js(text string) string {
	p, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(p)
}

func (c *command) fetch() string {
	var b strings.Builder
	if c.body() && (c.Method == "GET" || c.Method == "HEAD") {
		b.WriteString("// fetch refuses a body with " + c.Method + ": this one was sent with one, and goes without\n")
	}
	b.WriteString("const answer = await fetch(" + js(c.url) + ", {\n  method: " + js(c.Method) + ",\n  redirect: \"manual\",\n  headers: [\n")
	for _, h := range c.headers {
		b.WriteString("    [" + js(h.Name) + ", " + js(h.Value) + "],\n")
	}
	b.WriteString("  ],\n")
	if c.body() && c.Method != "GET" && c.Method != "HEAD" {
		if c.plain {
			b.WriteString("  body: " + js(c.text) + ",\n")
		} else {
			b.WriteString("  body: Uint8Array.from(atob(" + js(c.base64()) + "), c => c.charCodeAt(0)),\n")
		}
	}
	b.WriteString("});\nconsole.log(answer.status, await answer.text());\n")
	return b.String()
}

func (c *command) golang() string {
	body, imports := "nil", `	"fmt"
	"io"
	"net/http"
`
	if c.body() {
		body, imports = "strings.NewReader("+strconv.Quote(string(c.Request.Body))+")", imports+"\t\"strings\"\n"
	}
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n" + imports + ")\n\nfunc main() {\n")
	fmt.Fprintf(&b, "\tr, err := http.NewRequest(%s, %s, %s)\n", strconv.Quote(c.Method), strconv.Quote(c.url), body)
	b.WriteString("\tif err != nil {\n\t\tpanic(err)\n\t}\n")
	for _, h := range c.headers {
		fmt.Fprintf(&b, "\tr.Header.Add(%s, %s)\n", strconv.Quote(h.Name), strconv.Quote(h.Value))
	}
	b.WriteString(`	answer, err := http.DefaultTransport.RoundTrip(r) // follows no redirect
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Println(answer.Status, string(text), err)
}
`)
	return b.String()
}

// py quotes a Python string: JSON's escapes are Python's too.
func py(text string) string { return js(text) }

func (c *command) python() string {
	var b strings.Builder
	if c.body() && !c.plain {
		b.WriteString("import base64\n")
	}
	b.WriteString("import requests\n\nanswer = requests.request(\n    " + py(c.Method) + ",\n    " + py(c.url) + ",\n    headers={\n")
	for _, h := range c.headers {
		b.WriteString("        " + py(h.Name) + ": " + py(h.Value) + ",\n")
	}
	b.WriteString("    },\n")
	if c.body() {
		if c.plain {
			b.WriteString("    data=" + py(c.text) + ".encode(),\n")
		} else {
			b.WriteString("    data=base64.b64decode(" + py(c.base64()) + "),\n")
		}
	}
	b.WriteString("    allow_redirects=False,\n)\nprint(answer.status_code, answer.text)\n")
	return b.String()
}
