package flow_test

import (
	"slices"
	"testing"

	"sandbank/server/flow"
)

func TestFill(t *testing.T) {
	t.Parallel()
	s := flow.Step{Request: "POST /a/{id}?x={x}&y={y?}&z={z}\nContent-Type: application/x-www-form-urlencoded\nAuthorization: Basic {basic?}\nX-Who: {x}\n\n{=form}&uri={uri}&secret={secret?}",
		Breaks: []flow.Break{{Name: "bad", Edits: []flow.Edit{{Old: "{uri}", New: "nowhere"}}}}}
	v := flow.Values{"id": "a/b", "x": "1 &", "uri": "http://h:1/cb?a=b", "form": "p=1&q=2"}
	got := s.Fill(v, nil)
	want := flow.Request{Method: "POST", Path: "/a/a%2Fb\n?x=1+%26\n&z={z}", Head: "Content-Type: application/x-www-form-urlencoded\nX-Who: 1 &", Body: "p=1&q=2\n&uri=http://h:1/cb%3Fa%3Db"}
	if got.Method != want.Method || got.Path != want.Path || got.Head != want.Head || got.Body != want.Body || !slices.Equal(got.Missing, []string{"z"}) {
		t.Errorf("%+v", got)
	}
	if got := s.Fill(v, s.Break("bad")); got.Body != "p=1&q=2\n&uri=nowhere" {
		t.Errorf("broken: %q", got.Body)
	}
	if s.Break("nothing") != nil || got.Direct() {
		t.Error("there is a break that there is none of, or a POST is a link")
	}
	json := flow.Step{Request: `PUT /x` + "\n\n" + `{"a": "{a}", "b": {"c": 1}}`}
	if got := json.Fill(flow.Values{"a": "\"\n"}, nil); got.Body != `{"a": "\"\n", "b": {"c": 1}}` || got.Head != "" {
		t.Errorf("JSON: %q", got.Body)
	}
	link := flow.Step{Request: "GET {=next}"}
	if got := link.Fill(flow.Values{"next": "/b?flow=1"}, nil); got.Path != "/b?flow=1" || !got.Direct() {
		t.Errorf("a link: %+v", got)
	}
}

func TestTake(t *testing.T) {
	t.Parallel()
	const page = `<button name="demo" value="">x</button><form id=login action="/x"><input type="hidden" name="flow" value="a&amp;b"><INPUT name='account' type=checkbox value=1 checked>
<input name="account" type="checkbox" value="2"><input type="hidden" name="off" value="1" disabled><input name="login" value="dave"><button name="demo" value="123456">y</button></form>
<form><input type="hidden" name="other" value="1"></form>`
	a := flow.Answer{Head: []byte("HTTP/1.1 200 OK\r\nlocation: https://h/cb?code=c%2F1&state=s\r\nSet-Cookie: other=1\r\nSet-Cookie: jar=j1; Path=/; HttpOnly\r\n"), Body: []byte(page)}
	v := flow.Values{"kept": "k"}
	gives := []flow.Give{{Name: "code", From: "query:code"}, {Name: "next", From: "location"}, {Name: "jar", From: "cookie:jar"}, {Name: "otp", From: "field:demo"}, {Name: "form", From: "form"},
		{Name: "none", From: "query:none"}, {Name: "json", From: "json:a"}, {Name: "kept", From: "query:kept"}, {Name: "odd", From: "odd:x"}}
	v.Take(gives, a)
	want := flow.Values{"kept": "k", "code": "c/1", "next": "/cb?code=c%2F1&state=s", "jar": "j1", "otp": "123456", "form": "flow=a%26b&account=1"}
	for name, value := range want {
		if v[name] != value {
			t.Errorf("%s is %q, want %q", name, v[name], value)
		}
	}
	if len(v) != len(want) {
		t.Errorf("took %v", v)
	}
	b := flow.Answer{Body: []byte(`{"a": {"b": [1, {"c": "x"}]}, "n": 1795308466, "t": true, "list": []}`)}
	for path, value := range map[string]string{"a.b.0": "1", "a.b.1.c": "x", "n": "1795308466", "t": "true", "a": "", "list": "", "a.b.9": "", "a.b.x": "", "n.x": "", "": ""} {
		if got := b.JSON(path); got != value {
			t.Errorf("%s is %q, want %q", path, got, value)
		}
	}
}

// What an answer holds comes from others: nothing of it may break the reader.
func FuzzTake(f *testing.F) {
	f.Add("Location: /x?code=1\nSet-Cookie: a=b", `<form><input type=hidden name=a value="b"></form>`)
	f.Add("Location: ://\n: \nX", `{"a":[{}]}`)
	f.Add("", `<form <input <form></form>`)
	f.Fuzz(func(t *testing.T, head, body string) {
		v := flow.Values{}
		v.Take([]flow.Give{{Name: "a", From: "form"}, {Name: "b", From: "field:a"}, {Name: "c", From: "cookie:a"}, {Name: "d", From: "query:code"}, {Name: "e", From: "location"}, {Name: "f", From: "json:a.0"}},
			flow.Answer{Head: []byte(head), Body: []byte(body)})
		s := flow.Step{Request: "POST /{a}?b={b}\nC: {c?}\n\n{d}{=e}"}
		s.Fill(v, nil)
	})
}
