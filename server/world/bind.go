package world

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
)

// binder reads a JSON document into Go values and names the place of what does not fit: "tokens[3].grant". It refuses what encoding/json
// lets pass, because a file that was edited by hand should not lose a line to a slip: unknown fields, a field given twice, names in
// another case, null where something belongs. Lists, maps and pointers may be null.
type binder struct {
	data   []byte // valid JSON from at on, so that the walk meets no other errors than its own
	at     int
	fields map[reflect.Type]map[string]*bound
}

// bound is a field of a struct: where it is, and its place among the names of its struct.
type bound struct {
	index []int
	place int
}

// bind reads the whole document.
func bind(data []byte, into any) error {
	if !json.Valid(data) {
		err, place := json.Unmarshal(data, new(json.RawMessage)), ""
		if bad := (*json.SyntaxError)(nil); errors.As(err, &bad) {
			before := data[:max(0, min(int(bad.Offset), len(data))-1)]
			place = fmt.Sprintf(" at line %d, byte %d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
		}
		return fail.New(fail.InvalidRequest, "the file is no JSON: %v%s", err, place)
	}
	b := binder{data: data, fields: map[reflect.Type]map[string]*bound{}}
	if e := b.value(reflect.ValueOf(into).Elem()); e != nil {
		return e.At(strings.TrimPrefix(e.Param, "."))
	}
	return nil
}

// under puts a refusal below a field or an item. Places are put together only when there is something to refuse.
func under(place string, e *fail.Error) *fail.Error {
	if e != nil {
		e = e.At(place + e.Param)
	}
	return e
}

// next is the first byte of the next value or closing bracket.
func (b *binder) next() byte {
	for {
		switch c := b.data[b.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			b.at++
		default:
			return c
		}
	}
}

// value reads the next value.
func (b *binder) value(to reflect.Value) *fail.Error {
	c := b.next()
	if to.Type() == reflect.TypeFor[json.RawMessage]() {
		to.SetBytes(b.raw())
		return nil
	}
	if k := to.Kind(); c == 'n' {
		if k != reflect.Slice && k != reflect.Map && k != reflect.Pointer {
			return fail.Field("", "null where %s belongs", expected(to.Type()))
		}
		b.at += len("null")
		return nil
	}
	for to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	switch c {
	case '{':
		return b.object(to)
	case '[':
		return b.list(to)
	case '"':
		return text(to, b.text())
	}
	start := b.at
	for b.at < len(b.data) && strings.IndexByte(" \t\r\n,]}", b.data[b.at]) < 0 {
		b.at++
	}
	return number(to, string(b.data[start:b.at]))
}

// raw is the value that begins here, as it stands.
func (b *binder) raw() []byte {
	d := json.NewDecoder(bytes.NewReader(b.data[b.at:]))
	var v json.RawMessage
	if d.Decode(&v) == nil { // it was valid before
		b.at += int(d.InputOffset())
	}
	return v
}

// text is the string that begins here.
func (b *binder) text() string {
	start, plain := b.at, true
	for b.at++; b.data[b.at] != '"'; b.at++ {
		if c := b.data[b.at]; c == '\\' {
			b.at++
			plain = false
		} else if c >= 0x80 {
			plain = false
		}
	}
	b.at++
	if plain {
		return string(b.data[start+1 : b.at-1])
	}
	var s string
	if err := json.Unmarshal(b.data[start:b.at], &s); err != nil {
		return "" // it was valid before
	}
	return s
}

func text(to reflect.Value, s string) *fail.Error {
	own := reader(to)
	switch {
	case to.Type() == reflect.TypeFor[time.Time]():
		if own.UnmarshalText([]byte(s)) != nil {
			return fail.Field("", "%q is no RFC 3339 instant; write for example 2030-01-01T00:00:00Z", s)
		}
	case own != nil:
		if err := own.UnmarshalText([]byte(s)); err != nil {
			return fail.Field("", "%v", err)
		}
	case to.Kind() == reflect.String:
		to.SetString(s)
	default:
		return fail.Field("", "a text where %s belongs", expected(to.Type()))
	}
	return nil
}

// reader is the value itself, if it reads its own text; else nil.
func reader(to reflect.Value) encoding.TextUnmarshaler {
	own, _ := to.Addr().Interface().(encoding.TextUnmarshaler)
	return own
}

// number takes a number, true or false.
func number(to reflect.Value, s string) *fail.Error {
	truth := s == "true" || s == "false"
	switch {
	case truth && to.Kind() == reflect.Bool:
		to.SetBool(s == "true")
	case truth || reader(to) != nil:
		return fail.Field("", "%s where %s belongs", s, expected(to.Type()))
	case to.CanInt():
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || to.OverflowInt(n) {
			return fail.Field("", "%s is no whole number, or too large a one", s)
		}
		to.SetInt(n)
	case to.CanUint():
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil || to.OverflowUint(n) {
			return fail.Field("", "%s is no whole number from 0 on, or too large a one", s)
		}
		to.SetUint(n)
	case to.CanFloat():
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return fail.Field("", "%s is too large", s)
		}
		to.SetFloat(f)
	default:
		return fail.Field("", "a number where %s belongs", expected(to.Type()))
	}
	return nil
}

func (b *binder) list(to reflect.Value) *fail.Error {
	if to.Kind() != reflect.Slice {
		return fail.Field("", "a list where %s belongs", expected(to.Type()))
	}
	to.Set(reflect.MakeSlice(to.Type(), 0, 0))
	b.at++
	for i := 0; b.next() != ']'; i++ {
		if i == to.Cap() {
			to.Grow(1)
		}
		to.SetLen(i + 1)
		item := to.Index(i)
		item.SetZero()
		if item.Kind() == reflect.Pointer { // a record must be there
			item.Set(reflect.New(item.Type().Elem()))
			item = item.Elem()
		}
		if e := b.value(item); e != nil {
			return under("["+strconv.Itoa(i)+"]", e)
		}
	}
	b.at++
	return nil
}

func (b *binder) object(to reflect.Value) *fail.Error {
	if to.Kind() == reflect.Map {
		return b.texts(to)
	}
	if to.Kind() != reflect.Struct || reader(to) != nil {
		return fail.Field("", "an object where %s belongs", expected(to.Type()))
	}
	names := b.names(to.Type())
	seen := make([]bool, len(names))
	b.at++
	for b.next() != '}' {
		name := b.text()
		field := names[name]
		switch {
		case field == nil:
			return fail.Field("."+name, "there is no such field")
		case seen[field.place]:
			return fail.Field("."+name, "the field is given twice")
		}
		seen[field.place] = true
		if e := b.value(to.FieldByIndex(field.index)); e != nil {
			return under("."+name, e)
		}
	}
	b.at++
	return nil
}

// texts reads an object into a map of strings.
func (b *binder) texts(to reflect.Value) *fail.Error {
	to.Set(reflect.MakeMap(to.Type()))
	b.at++
	for b.next() != '}' {
		name, v := b.text(), reflect.New(to.Type().Elem()).Elem()
		if to.MapIndex(reflect.ValueOf(name)).IsValid() {
			return fail.Field("."+name, "the field is given twice")
		}
		if e := b.value(v); e != nil {
			return under("."+name, e)
		}
		to.SetMapIndex(reflect.ValueOf(name), v)
	}
	b.at++
	return nil
}

// names are the JSON names of a struct's fields. Those of an embedded struct count as its own, unless it has the name itself.
func (b *binder) names(t reflect.Type) map[string]*bound {
	if known := b.fields[t]; known != nil {
		return known
	}
	all := reflect.VisibleFields(t)
	slices.SortStableFunc(all, func(x, y reflect.StructField) int { return len(y.Index) - len(x.Index) })
	names := map[string]*bound{}
	for _, f := range all {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); f.IsExported() && !f.Anonymous && name != "" && name != "-" {
			names[name] = &bound{index: f.Index}
		}
	}
	n := 0
	for _, f := range names {
		f.place = n
		n++
	}
	b.fields[t] = names
	return names
}

func expected(t reflect.Type) string {
	if t == reflect.TypeFor[time.Time]() {
		return "an RFC 3339 instant"
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "a text"
	}
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Pointer:
		return expected(t.Elem())
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a number"
}
