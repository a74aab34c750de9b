package flow

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Values are what a walk knows: what it began with, and what answers gave.
type Values map[string]string

// Request is a step's request, filled in. Its path and the body of a form have one parameter a line, for reading: the line breaks are not
// sent.
type Request struct {
	Method, Path, Head, Body string

	Missing []string // names that nothing is known for; they stand in the request as they are
}

// hole is a name in a request: {code}; {secret?} is left out with its parameter or its header when it is empty; {=form} goes in as it is.
var hole = regexp.MustCompile(`\{(=?)([a-z_0-9]+)(\??)\}`)

// Fill writes the step's request down with these values, broken on purpose when b is not nil.
func (s *Step) Fill(v Values, b *Break) Request {
	text := s.Request
	if b != nil {
		for _, e := range b.Edits {
			text = strings.ReplaceAll(text, e.Old, e.New)
		}
	}
	head, body, _ := strings.Cut(text, "\n\n")
	first, head, _ := strings.Cut(head, "\n")
	r := Request{}
	var target string
	r.Method, target, _ = strings.Cut(first, " ")
	path, query, more := strings.Cut(target, "?")
	if r.Path = r.fill(path, v, url.PathEscape); more {
		if pairs := r.pairs(query, v); pairs != "" {
			r.Path += "\n?" + pairs
		}
	}
	var lines []string
	form := false
	for line := range strings.Lines(head) {
		if line = strings.TrimSuffix(line, "\n"); empty(line, v) {
			continue
		}
		form = form || strings.HasPrefix(line, "Content-Type: application/x-www-form-urlencoded")
		lines = append(lines, r.fill(line, v, plain))
	}
	r.Head = strings.Join(lines, "\n")
	if form {
		r.Body = r.pairs(body, v)
	} else {
		r.Body = r.fill(body, v, quoted)
	}
	return r
}

// pairs fills the parameters of a query or of a form. One that has nothing to say is left out.
func (r *Request) pairs(text string, v Values) string {
	var out []string
	for pair := range strings.SplitSeq(text, "&") {
		if !empty(pair, v) {
			out = append(out, r.fill(pair, v, readable))
		}
	}
	return strings.Join(out, "\n&")
}

// empty tells whether a text hangs on a name that may be missing, and is.
func empty(text string, v Values) bool {
	for _, m := range hole.FindAllStringSubmatch(text, -1) {
		if m[3] != "" && v[m[2]] == "" {
			return true
		}
	}
	return false
}

func (r *Request) fill(text string, v Values, escape func(string) string) string {
	return hole.ReplaceAllStringFunc(text, func(name string) string {
		m := hole.FindStringSubmatch(name)
		value := v[m[2]]
		switch {
		case value == "":
			if !slices.Contains(r.Missing, m[2]) {
				r.Missing = append(r.Missing, m[2])
			}
			return name
		case m[1] != "":
			return value
		}
		return escape(value)
	})
}

// readable is a value of a query or of a form, with no more of it escaped than must be: addresses stay addresses (RFC 3986 §3.4).
func readable(s string) string {
	return strings.NewReplacer("%3A", ":", "%2F", "/").Replace(url.QueryEscape(s))
}

func plain(s string) string { return s }

// quoted is a text as it stands between the quotes of JSON.
func quoted(s string) string {
	p, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(p[1 : len(p)-1])
}
