package admin_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"sandbank/admin"
	"sandbank/admin/console"
	"sandbank/server"
)

// operation is one of the admin API, as its own description has it.
type operation struct{ id, method, path string }

// operations are all but those that wait for something to happen.
func (d *desk) operations(f *testing.F) (out []operation) {
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	d.pull("GET", "/openapi.json", nil).Want(200).Into(&doc)
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.OperationID == "" {
				f.Fatalf("%s %s has no operationId", method, path)
			}
			if !slices.Contains([]string{"followJournal", "wait", "waitFor", "sendRequest", "replay", "tryFault"}, op.OperationID) {
				out = append(out, operation{op.OperationID, strings.ToUpper(method), admin.Prefix + strings.TrimPrefix(path, admin.Prefix)})
			}
		}
	}
	slices.SortFunc(out, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return out
}

// Whatever JSON, query and id are thrown at an operation of the admin API: it answers, nothing breaks inside, what is refused is told as a
// problem (RFC 9457), and no state comes of it that a snapshot could not carry over.
func FuzzLevers(f *testing.F) {
	log := &complaints{}
	d := openAs(f, server.Options{Log: zerolog.New(log).Level(zerolog.ErrorLevel), Journal: 50}, func(in server.Inside) serving {
		return console.New(admin.New(over(in, admin.Options{}))).Serve
	})
	operations := d.operations(f)
	if len(operations) < 60 {
		f.Fatalf("only %d operations", len(operations))
	}
	w := d.walker("", 1)
	number := map[string]int{}
	for i, op := range operations {
		number[op.id] = i
		for _, body := range []string{`{}`, `[]`, `null`, `{"name":"x","names":[""],"bank":"berlin","client":"bg-demo","user":"dave","count":2,"set":{"access":"5s"},"level":{},"ids":["x"],"amount":"-1e999"}`} {
			f.Add(uint16(i), "dave", "", []byte(body))
		}
		f.Add(uint16(i), "../x%00", "limit=-1&cursor=x&state=live&q=%ff&format=har&since=1h", []byte(`{`))
	}
	for id, l := range levers() {
		if _, _, body, ok := l(w); ok {
			f.Add(uint16(number[id]), "yoisho", "", []byte(body))
		}
	}
	thrown, handler := 0, d.Handler()
	f.Fuzz(func(t *testing.T, op uint16, hole, query string, body []byte) {
		o := operations[int(op)%len(operations)]
		path := o.path
		for strings.Contains(path, "{") {
			path = path[:strings.Index(path, "{")] + pathSafe(hole) + path[strings.Index(path, "}")+1:]
		}
		log.text.Reset()
		a := throw(handler, o.method, path, querySafe(query), body)
		if a.Code >= 500 || log.text.Len() > 0 {
			t.Fatalf("%s %s?%s %q: %d %.500s\n%.2000s", o.method, path, query, body, a.Code, a.Body.String(), log.text.String())
		}
		if kind := a.Header().Get("Content-Type"); a.Code >= 400 && kind != "application/problem+json" {
			t.Errorf("%s %s: %d as %q: %s", o.method, path, a.Code, kind, a.Body.String())
		}
		if thrown++; thrown%500 == 0 { // memory is not what is tried here
			space := d.world.Space("main")
			if file, err := space.Snapshot().File(); err != nil || len(file) == 0 {
				t.Fatalf("the state is not to be written: %v", err)
			}
			throw(handler, "POST", admin.Prefix+"/reset", "", []byte(`{}`))
			for _, s := range d.world.Spaces() {
				if s.Name != "main" {
					throw(handler, "DELETE", admin.Prefix+"/spaces/"+s.Name, "", nil)
				}
			}
		}
	})
}

// throw sends a request without a network.
func throw(to http.Handler, method, path, query string, body []byte) *httptest.ResponseRecorder {
	r, a := httptest.NewRequest(method, "http://127.0.0.1/", bytes.NewReader(body)), httptest.NewRecorder()
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.RequestURI = path, path, query, path+"?"+query
	r.Header.Set("Content-Type", "application/json")
	to.ServeHTTP(a, r)
	return a
}

// pathSafe and querySafe keep what is thrown within its place in the request line; all else is the operations' to refuse.
func pathSafe(s string) string {
	return escaping(s, "/?#{} %")
}

func querySafe(s string) string { return escaping(s, "# ") }

func escaping(s, also string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(also, c) >= 0 {
			b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
		} else {
			b.WriteByte(c)
		}
	}
	if b.Len() == 0 && strings.Contains(also, "/") {
		return "x"
	}
	return b.String()
}
