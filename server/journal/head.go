package journal

import (
	"bytes"
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
	p.lines(func(name, value []byte) bool {
		out = append(out, Header{string(name), string(value)})
		return true
	})
	return out
}

// lines visits name and value of each line of the head, until visit says no.
func (p Part) lines(visit func(name, value []byte) bool) {
	for line := range bytes.SplitSeq(p.Head, []byte{'\n'}) {
		name, value, ok := bytes.Cut(line, []byte{':'})
		if ok && len(name) > 0 && !bytes.ContainsAny(name, " \t") && !visit(name, bytes.TrimSpace(value)) { // the status line has no name
			return
		}
	}
}

// Header is the first value of this name, whatever its case; empty when there is none.
func (p Part) Header(name string) (found string) {
	p.lines(func(n, value []byte) bool {
		if len(n) != len(name) || !strings.EqualFold(string(n), name) {
			return true
		}
		found = string(value)
		return false
	})
	return found
}

// MediaType is the type of the body, lower-cased and without parameters.
func (p Part) MediaType() string {
	kind, _, _ := strings.Cut(p.Header("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
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
