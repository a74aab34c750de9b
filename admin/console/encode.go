package console

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
)

// encode makes the JSON body of an operation from the fields of a form: its type says what is a number, a list or a text. A field that
// was left empty is absent, unless a first value "@" says that empty counts. What does not fit is passed on as it is, so that the operation itself refuses it, by its name.
func encode(in any, fields url.Values) ([]byte, error) {
	body := map[string]any{}
	for name, all := range fields {
		t := leaf(reflect.TypeOf(in), name)
		list := t != nil && t.Kind() == reflect.Slice && t != rawJSON
		counts := all[0] == "@" && (len(all) > 1 || list) // a list of boxes sends nothing else when none is ticked
		if counts {
			all = all[1:]
		}
		var value any = []any{}
		ok := false
		if len(all) > 0 {
			value, ok = convert(t, all)
		}
		if !ok && !counts {
			continue
		}
		if !ok && !list {
			value = ""
		}
		at := body
		parts := split(reflect.TypeOf(in), name)
		for _, p := range parts[:len(parts)-1] {
			inner, ok := at[p].(map[string]any)
			if !ok {
				if at[p] != nil {
					return nil, fail.Field(name, "%s is given twice", p)
				}
				inner = map[string]any{}
				at[p] = inner
			}
			at = inner
		}
		at[parts[len(parts)-1]] = value
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // commands show it
	if err := e.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// split is a field's path: up to a map, whose keys may have dots themselves.
func split(t reflect.Type, name string) []string {
	var parts []string
	for {
		first, rest, more := strings.Cut(name, ".")
		if t = inner(t); !more || t == nil || t.Kind() == reflect.Map {
			return append(parts, name)
		}
		parts, name, t = append(parts, first), rest, member(t, first)
	}
}

// leaf is the type of a field by its path; nil when there is none.
func leaf(t reflect.Type, name string) reflect.Type {
	for _, part := range split(t, name) {
		if t = inner(t); t == nil {
			return nil
		}
		if t.Kind() == reflect.Map {
			t = t.Elem()
			continue
		}
		t = member(t, part)
	}
	return inner(t)
}

func inner(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// member is the field of a struct by its JSON name.
func member(t reflect.Type, name string) reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name && f.IsExported() {
			return f.Type
		}
	}
	return nil
}

var (
	texts   = reflect.TypeFor[json.Unmarshaler]()
	rawJSON = reflect.TypeFor[json.RawMessage]()
	instant = reflect.TypeFor[time.Time]()
)

// kindOf names how a field is written in JSON: string, number, bool, list, json.
func kindOf(in any, name string) string {
	switch t := leaf(reflect.TypeOf(in), name); {
	case t == nil:
		return ""
	case t == rawJSON:
		return "json"
	case t == instant || reflect.PointerTo(t).Implements(texts):
		return "string"
	case t.Kind() == reflect.Bool:
		return "bool"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return "number"
	case t.Kind() == reflect.Slice:
		return "list"
	}
	return "string"
}

// convert reads the values of one field; false when it was left empty.
func convert(t reflect.Type, all []string) (any, bool) {
	last := all[len(all)-1]
	switch {
	case t != nil && t.Kind() == reflect.Slice && t != rawJSON:
		return list(t.Elem(), all)
	case last == "":
		return nil, false
	case t == nil:
		return last, true
	case t == rawJSON:
		if json.Valid([]byte(last)) {
			return json.RawMessage(last), true
		}
	case t == instant:
		return dated(last), true
	case reflect.PointerTo(t).Implements(texts):
	case t.Kind() == reflect.Bool:
		if b, err := strconv.ParseBool(last); err == nil {
			return b, true
		}
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		if n := json.Number(strings.TrimSpace(last)); json.Valid([]byte(n)) {
			return n, true
		}
	}
	return last, true
}

// list reads one item per value, line or comma.
func list(of reflect.Type, all []string) (any, bool) {
	items := []any{}
	for _, value := range all {
		for item := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' }) {
			if item = strings.TrimSpace(item); item == "" {
				continue
			}
			if v, ok := convert(inner(of), []string{item}); ok {
				items = append(items, v)
			}
		}
	}
	return items, len(items) > 0
}

// dated completes an instant as browsers' date fields write it: without seconds or zone it is UTC.
func dated(text string) string {
	for _, form := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC().Format(time.RFC3339)
		}
	}
	return text
}
