package seed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Refusal is what is wrong with a fixture, and where.
type Refusal struct {
	File         string
	Line, Column int    // from 1; columns count characters
	Path         string // people[1].accounts[0].balance; empty when the file as a whole is meant
	Why          string
}

// Error implements error: "berlin.json:41:17: people[1].accounts[0].balance: "abc" is no amount; write 12.34".
func (r *Refusal) Error() string {
	place := fmt.Sprintf("%s:%d:%d: ", r.File, r.Line, r.Column)
	if r.Path != "" {
		place += r.Path + ": "
	}
	return place + r.Why
}

// document is one file while it is read: where every value stands and what was found wrong so far.
type document struct {
	file     string
	data     []byte
	places   map[string]int // path → offset
	refusals []error
}

// enough refusals at once; more would only scroll.
const enough = 20

// refuse notes that the value at the path is wrong. A path that is not in the file points at the nearest value around it.
func (d *document) refuse(path, why string, args ...any) {
	near := path
	offset, ok := d.places[near]
	for !ok && near != "" {
		near = near[:max(strings.LastIndexAny(near, ".["), 0)]
		offset, ok = d.places[near]
	}
	d.refuseAt(offset, path, why, args...)
}

func (d *document) refuseAt(offset int, path, why string, args ...any) {
	if len(d.refusals) >= enough {
		return
	}
	before := d.data[:min(max(offset, 0), len(d.data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	d.refusals = append(d.refusals, &Refusal{File: d.file, Line: bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[start:]) + 1, Path: path, Why: fmt.Sprintf(why, args...)})
}

// node is a JSON value with its offset. value is a string, json.Number, bool, nil, []node or []field.
type node struct {
	offset int
	value  any
}

type field struct {
	name   string
	offset int
	node   node
}

// kind names the value as a person would.
func (n node) kind() string {
	switch n.value.(type) {
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []node:
		return "a list"
	case []field:
		return "an object"
	}
	return "null"
}

// tree reads the whole document. Syntax is checked first, by the standard parser, so that the walk meets none of its errors.
func (d *document) tree() (node, bool) {
	if !utf8.Valid(d.data) {
		at := 0
		for r, n := utf8.DecodeRune(d.data); r != utf8.RuneError || n > 1; r, n = utf8.DecodeRune(d.data[at:]) {
			at += n
		}
		d.refuseAt(at, "", "the file is not UTF-8")
		return node{}, false
	}
	var raw json.RawMessage
	if err := json.Unmarshal(d.data, &raw); err != nil {
		at := len(d.data)
		if bad, ok := errors.AsType[*json.SyntaxError](err); ok && int(bad.Offset) < len(d.data) {
			at = int(bad.Offset) - 1
		}
		d.refuseAt(at, "", "%s", err)
		return node{}, false
	}
	dec := json.NewDecoder(bytes.NewReader(d.data))
	dec.UseNumber()
	n, err := d.walk(dec, 0)
	if err != nil {
		d.refuseAt(int(dec.InputOffset()), "", "%s", err)
	}
	return n, err == nil
}

// deep is more than any fixture nests.
const deep = 16

func (d *document) walk(dec *json.Decoder, depth int) (node, error) {
	n := node{offset: d.next(dec)}
	if depth > deep {
		return n, fmt.Errorf("nested deeper than %d levels", deep)
	}
	token, err := dec.Token()
	if err != nil {
		return n, err
	}
	switch token {
	case json.Delim('{'):
		n.value, err = d.walkFields(dec, depth)
	case json.Delim('['):
		list := []node{}
		for dec.More() && err == nil {
			var item node
			item, err = d.walk(dec, depth+1)
			list = append(list, item)
		}
		n.value = list
	default:
		n.value = token
		return n, nil
	}
	if err == nil {
		_, err = dec.Token() // the closing bracket
	}
	return n, err
}

func (d *document) walkFields(dec *json.Decoder, depth int) ([]field, error) {
	fields := []field{}
	for dec.More() {
		f := field{offset: d.next(dec)}
		key, err := dec.Token()
		if err != nil {
			return fields, err
		}
		f.name, _ = key.(string)
		if f.node, err = d.walk(dec, depth+1); err != nil {
			return fields, err
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// next is the offset at which the next token starts: the decoder tells only where the last one ended.
func (d *document) next(dec *json.Decoder) int {
	at := int(dec.InputOffset())
	for at < len(d.data) && strings.IndexByte(" \t\r\n,:", d.data[at]) >= 0 {
		at++
	}
	return at
}
