package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Apply changes one field of a JSON text and leaves every other byte as it was: the order of fields and the bank's blanks are part of
// what a client sees. It fails when the text is no JSON or has no such field; setting a new field of an existing object adds it.
func (m *Mutation) Apply(body []byte) ([]byte, error) {
	if !json.Valid(body) {
		return nil, fmt.Errorf("the answer is no JSON")
	}
	path := strings.Split(m.Path, ".")
	d := json.NewDecoder(bytes.NewReader(body))
	at, err := seek(d, body, path)
	if err != nil {
		return nil, fmt.Errorf("the answer has no field %s", m.Path)
	}
	value, key := m.Value, path[len(path)-1]
	switch {
	case at.missing && m.Do != Set, m.Do == Duplicate && at.element:
		return nil, fmt.Errorf("the answer has no field %s", m.Path)
	case at.missing, m.Do == Duplicate:
		name, _ := json.Marshal(key)
		member := append(append(name, ':'), value...)
		if !at.only {
			member = append([]byte{','}, member...)
		}
		return splice(body, at.after, at.after, member), nil
	case m.Do == Delete:
		return splice(body, at.from, at.upto, nil), nil
	}
	return splice(body, at.value, at.after, value), nil
}

func splice(body []byte, from, to int, with []byte) []byte {
	return append(append(append(make([]byte, 0, len(body)+len(with)), body[:from]...), with...), body[to:]...)
}

// place is where a field is in a text.
type place struct {
	value, after int  // the value's first byte, and the byte after its last
	from, upto   int  // the member or element with one comma
	element      bool // of a list
	missing      bool // the object has no such field; it would go at after
	only         bool // and has no other
}

// seek walks to a field. The decoder stands before the value in which path begins.
func seek(d *json.Decoder, body []byte, path []string) (place, error) {
	open, err := d.Token()
	if err != nil {
		return place{}, err
	}
	object := open == json.Delim('{')
	if !object && open != json.Delim('[') {
		return place{}, fmt.Errorf("neither object nor list")
	}
	p := place{element: !object}
	for i := 0; d.More(); i++ {
		p.from = int(d.InputOffset()) // behind the brace, or behind the member before
		name := strconv.Itoa(i)
		if object {
			key, err := d.Token()
			if err != nil {
				return place{}, err
			}
			name = key.(string)
		}
		if name == path[0] && len(path) > 1 {
			return seek(d, body, path[1:])
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return place{}, err
		}
		p.after = int(d.InputOffset())
		if name == path[0] {
			p.value, p.upto = p.after-len(raw), p.after
			if i == 0 { // the comma is behind it
				p.upto += len(body[p.after:]) - len(bytes.TrimLeft(body[p.after:], " \t\r\n,"))
			}
			return p, nil
		}
		p.only = false
	}
	if !object || len(path) > 1 {
		return place{}, fmt.Errorf("no field")
	}
	if p.after == 0 {
		p.only, p.after = true, int(d.InputOffset())
	}
	p.missing = true
	return p, nil
}
