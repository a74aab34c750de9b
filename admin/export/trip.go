package export

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"sandbank/server/flow"
)

// Trip is what a client does of a bank's flow: its own requests, in order. What the person does in the browser is one page to open; the
// lessons of the lab, as what a token's end looks like, are left out.
func Trip(f flow.Flow) []Leg {
	var out []Leg
	page, waited := -1, false
	for _, s := range f.Steps {
		switch {
		case s.Wait != "" || s.Refused:
			waited = true
			continue
		case s.From == flow.Browser && page >= 0 && page < len(out)-1: // once more: the trip goes round
			return out
		case s.From == flow.Browser && page < 0:
			page = len(out)
			out = append(out, leg(s))
			out[page].Page = true
		case s.From != flow.Browser:
			out = append(out, leg(s))
		}
		for _, g := range s.Gives {
			if from, name, _ := strings.Cut(g.From, ":"); from == "json" || from == "query" && s.From == flow.Browser {
				out[len(out)-1].Take = append(out[len(out)-1].Take, [2]string{g.Name, name})
			}
		}
		if waited {
			return out
		}
	}
	return out
}

// names are those of holes that a program calls otherwise.
var names = strings.NewReplacer("?}", "}", "{new}", "{user}")

// leg reads a step's request, which is written down as text.
func leg(s flow.Step) Leg {
	head, body, _ := strings.Cut(names.Replace(s.Request), "\n\n")
	first, head, _ := strings.Cut(head, "\n")
	method, target, _ := strings.Cut(first, " ")
	path, query, _ := strings.Cut(target, "?")
	l := Leg{Title: s.Title, Method: method, Path: path, Query: pairsOf(query)}
	form := false
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case name == "" || name == "Cookie":
		case value == "Basic {basic}":
			l.Basic = true
		case name == "Content-Type" && strings.HasPrefix(value, "application/x-www-form-urlencoded"):
			form = true
		case name == "Content-Type" && value == "application/json":
		default:
			l.Head = append(l.Head, [2]string{name, value})
		}
	}
	var compact bytes.Buffer
	switch {
	case form:
		l.Form = pairsOf(body)
	case json.Compact(&compact, []byte(body)) == nil:
		l.JSON = compact.String()
	default:
		l.JSON = body
	}
	return l
}

func pairsOf(text string) (out [][2]string) {
	for pair := range strings.SplitSeq(text, "&") {
		if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			if plain, err := url.QueryUnescape(value); err == nil {
				value = plain
			}
			out = append(out, [2]string{name, value})
		}
	}
	return out
}
