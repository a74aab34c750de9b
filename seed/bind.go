package seed

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// bind copies a JSON value into a fixture type, as encoding/json would, and refuses what that lets pass: unknown fields, a field given
// twice, null, names in another case.
func (d *document) bind(n node, to reflect.Value, path string) {
	d.places[path] = n.offset
	if to.Type() == reflect.TypeFor[json.RawMessage]() {
		d.bindRaw(n, to, path)
		return
	}
	switch to.Kind() {
	case reflect.String:
		if v, ok := want[string](d, n, path, "a text in quotes"); ok {
			to.SetString(v)
		}
	case reflect.Bool:
		if v, ok := want[bool](d, n, path, "true or false"); ok {
			to.SetBool(v)
		}
	case reflect.Int:
		if v, ok := want[json.Number](d, n, path, "a number"); ok {
			whole, err := strconv.Atoi(v.String())
			if err != nil {
				d.refuse(path, "%s is no whole number", v)
			}
			to.SetInt(int64(whole))
		}
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		d.bind(n, to.Elem(), path)
	case reflect.Slice:
		d.bindList(n, to, path)
	case reflect.Map:
		d.bindMap(n, to, path)
	case reflect.Struct:
		d.bindStruct(n, to, path)
	}
}

// bindRaw keeps an object as it is written: another format's, which has its own reader.
func (d *document) bindRaw(n node, to reflect.Value, path string) {
	if _, ok := want[[]field](d, n, path, "an object"); !ok {
		return
	}
	var raw json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(d.data[n.offset:])).Decode(&raw); err != nil { // tree has read it all
		d.refuse(path, "%v", err)
	}
	to.SetBytes(raw)
}

func want[T any](d *document, n node, path, what string) (T, bool) {
	v, ok := n.value.(T)
	if !ok {
		d.refuse(path, "%s where %s belongs", n.kind(), what)
	}
	return v, ok
}

func (d *document) bindList(n node, to reflect.Value, path string) {
	items, ok := want[[]node](d, n, path, "a list")
	if !ok {
		return
	}
	list := reflect.MakeSlice(to.Type(), len(items), len(items))
	for i, item := range items {
		d.bind(item, list.Index(i), path+"["+strconv.Itoa(i)+"]")
	}
	to.Set(list)
}

func (d *document) bindMap(n node, to reflect.Value, path string) {
	fields, ok := want[[]field](d, n, path, "an object")
	if !ok {
		return
	}
	to.Set(reflect.MakeMap(to.Type()))
	for i, f := range fields {
		if !d.twice(fields[:i], f, path) {
			v := reflect.New(to.Type().Elem()).Elem()
			d.bind(f.node, v, join(path, f.name))
			to.SetMapIndex(reflect.ValueOf(f.name), v)
		}
	}
}

func (d *document) bindStruct(n node, to reflect.Value, path string) {
	fields, ok := want[[]field](d, n, path, "an object")
	if !ok {
		return
	}
	known := fieldNames(to.Type())
	for i, f := range fields {
		at := slices.Index(known, f.name)
		switch {
		case at < 0:
			d.refuseAt(f.offset, join(path, f.name), "unknown field; known are %s", strings.Join(known, ", "))
		case !d.twice(fields[:i], f, path):
			d.bind(f.node, to.Field(at), join(path, f.name))
		}
	}
}

func (d *document) twice(before []field, f field, path string) bool {
	had := slices.ContainsFunc(before, func(b field) bool { return b.name == f.name })
	if had {
		d.refuseAt(f.offset, join(path, f.name), "the field is given twice")
	}
	return had
}

// fieldNames are the JSON names of a struct's exported fields, which come first, in order.
func fieldNames(t reflect.Type) (out []string) {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			out = append(out, f.Tag.Get("json"))
		}
	}
	return out
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
