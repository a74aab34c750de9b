package journal

import (
	"mime"
	"strings"
	"unicode/utf8"
)

// Header is one line of a head.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Headers are the lines of the head, in order, as they came or went.
func (p Part) Headers() []Header {
	out := []Header{}
	for line := range strings.SplitSeq(string(p.Head), "\n") {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\r"), ":")
		if ok && name != "" && !strings.ContainsAny(name, " \t") { // the status line has no name
			out = append(out, Header{name, strings.TrimSpace(value)})
		}
	}
	return out
}

// Header is the first value of this name, whatever its case; empty when there is none.
func (p Part) Header(name string) string {
	for _, h := range p.Headers() {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// MediaType is the type of the body, lower-cased and without parameters.
func (p Part) MediaType() string {
	value := p.Header("Content-Type")
	kind, _, err := mime.ParseMediaType(value)
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(value), ";")
	}
	return strings.TrimSpace(kind)
}

// Text is the body as text; ok is false when it is none, and then only base64 can carry it in JSON.
func (p Part) Text() (text string, ok bool) {
	body := p.Body
	for cut := 0; p.Cut && cut < utf8.UTFMax && len(body) > 0 && !utf8.Valid(body); cut++ {
		body = body[:len(body)-1] // the cap may have gone through a character
	}
	if !utf8.Valid(body) {
		return "", false
	}
	text = string(body)
	binary := strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f })
	return text, !binary
}
