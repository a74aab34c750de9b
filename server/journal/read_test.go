package journal_test

import (
	"testing"

	"sandbank/server/fail"
	"sandbank/server/journal"
)

func TestReadingEntries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, target, head, body, client, bearer, param string
	}{
		{"nothing", "/", "", "", "", "", ""},
		{"a query", "/t?client_id=q&a=1", "", "", "q", "", "1"},
		{"a form", "/t", "Content-Type: application/x-www-form-urlencoded\r\n", "client_id=f&a=2", "f", "", "2"},
		{"a form without a type", "/t", "", "client_id=f&a=2", "f", "", "2"},
		{"the query comes first", "/t?a=1", "", "a=2", "", "", "1"},
		{"JSON is no form", "/t", "Content-Type: application/json\r\n", "a=2", "", "", ""},
		{"Basic", "/t?client_id=q", "authorization: basic YXBwOng=\r\n", "", "app", "", ""},
		{"Basic, encoded", "/t", "Authorization: Basic YSUyRmI6eA==\r\n", "", "a/b", "", ""},
		{"Basic with blanks", "/t", "Authorization: Basic YXBwIDogIHg=\r\n", "", "app", "", ""},
		{"Basic, broken", "/t?client_id=q", "Authorization: Basic !\r\n", "", "q", "", ""},
		{"Bearer", "/t", "Authorization: bearer  abc \r\nX-IBM-Client-Id: ibm\r\n", "", "ibm", "abc", ""},
		{"broken encoding", "/t?a=%zz&client_id=q", "", "", "q", "", ""},
	} {
		e := &journal.Entry{Target: tt.target, Request: journal.Cut([]byte(tt.body))}
		e.Request.Head = []byte(tt.head)
		if e.Caller() != tt.client || e.Bearer() != tt.bearer || e.Params().Get("a") != tt.param {
			t.Errorf("%s: caller %q, bearer %q, a %q", tt.name, e.Caller(), e.Bearer(), e.Params().Get("a"))
		}
	}
	known := &journal.Entry{Client: "app", Target: "/t?client_id=other"}
	if known.Caller() != "app" || known.Path() != "/t" {
		t.Errorf("caller %q, path %q", known.Caller(), known.Path())
	}
}

func TestReadingAnswersAndTrails(t *testing.T) {
	t.Parallel()
	e := &journal.Entry{Fault: "f_2", Response: journal.Cut([]byte(`{"expires_in":"60"}`)),
		Trail: []fail.Check{{Name: "a", OK: true}, {Name: "b"}, {Name: "a"}, {Name: "fault f_2", Why: "on the bank's answer 200: reset"}}}
	if string(e.Fields()["expires_in"]) != `"60"` || !e.Failed("a") || !e.Failed("b") || e.Failed("c") || e.Check("c") != nil || e.Spoiled() != "on the bank's answer 200: reset" {
		t.Errorf("%s, %v, %q", e.Fields(), e.Check("a"), e.Spoiled())
	}
	e.Response.Cut, e.Fault = true, ""
	if e.Fields() != nil || e.Spoiled() != "" {
		t.Errorf("%s, %q", e.Fields(), e.Spoiled())
	}
}
