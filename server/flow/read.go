package flow

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Answer is what came back: the lines of its head, and its body.
type Answer struct {
	Head []byte
	Body []byte
}

// Header is the first value of this name, whatever its case.
func (a Answer) Header(name string) string {
	for line := range strings.Lines(string(a.Head)) {
		if n, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Take keeps what an answer gives. What is not there is not kept.
func (v Values) Take(gives []Give, a Answer) {
	for _, g := range gives {
		if value := a.read(g.From); value != "" {
			v[g.Name] = value
		}
	}
}

func (a Answer) read(from string) string {
	kind, name, _ := strings.Cut(from, ":")
	switch kind {
	case "json":
		return a.JSON(name)
	case "location":
		if u, err := url.Parse(a.Header("Location")); err == nil {
			return u.RequestURI()
		}
	case "query":
		return a.Query(name)
	case "cookie":
		return a.cookie(name)
	case "field":
		return a.field(name)
	case "form":
		return a.form()
	}
	return ""
}

// Query is a parameter of the Location.
func (a Answer) Query(name string) string {
	u, err := url.Parse(a.Header("Location"))
	if err != nil {
		return ""
	}
	return u.Query().Get(name)
}

// JSON is a value of the body by its dotted path; numbers are indexes. It is empty where there is none, and where the value is a list or
// an object.
func (a Answer) JSON(path string) string {
	d := json.NewDecoder(strings.NewReader(string(a.Body)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return ""
	}
	for name := range strings.SplitSeq(path, ".") {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(inner) {
				return ""
			}
			v = inner[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func (a Answer) cookie(name string) string {
	for line := range strings.Lines(string(a.Head)) {
		n, value, ok := strings.Cut(line, ":")
		if !ok || !strings.EqualFold(strings.TrimSpace(n), "Set-Cookie") {
			continue
		}
		pair, _, _ := strings.Cut(value, ";")
		if rest, ok := strings.CutPrefix(strings.TrimSpace(pair), name+"="); ok {
			return rest
		}
	}
	return ""
}

// The pages are the banks' own, so that this much of HTML is enough.
var (
	formTag   = regexp.MustCompile(`(?is)<form\b.*?</form>`)
	inputTag  = regexp.MustCompile(`(?is)<(?:input|button)\b[^>]*>`)
	attribute = regexp.MustCompile(`(?s)([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?`)
)

// attributes of a tag, unescaped.
func attributes(tag string) map[string]string {
	out := map[string]string{}
	for i, m := range attribute.FindAllStringSubmatch(strings.Trim(tag, "<>/"), -1) {
		if i > 0 {
			out[strings.ToLower(m[1])] = html.UnescapeString(m[2] + m[3] + m[4])
		} else {
			out["<"] = strings.ToLower(m[1])
		}
	}
	return out
}

// field is the value of the page's first input or button of this name.
func (a Answer) field(name string) string {
	for _, tag := range inputTag.FindAllString(string(a.Body), -1) {
		if at := attributes(tag); at["name"] == name && at["value"] != "" {
			return at["value"]
		}
	}
	return ""
}

// form is what the page's first form sends by itself: hidden fields, and boxes that are ticked.
func (a Answer) form() string {
	var pairs []string
	for _, tag := range inputTag.FindAllString(formTag.FindString(string(a.Body)), -1) {
		at := attributes(tag)
		_, ticked := at["checked"]
		_, off := at["disabled"]
		if at["<"] != "input" || at["name"] == "" || off || at["type"] != "hidden" && !ticked {
			continue
		}
		pairs = append(pairs, url.QueryEscape(at["name"])+"="+url.QueryEscape(at["value"]))
	}
	return strings.Join(pairs, "&")
}
