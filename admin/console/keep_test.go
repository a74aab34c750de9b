package console_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/world"
)

func TestSpaces(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/spaces", 200)
	contains(t, doc, "#sp-main", "main", "here", s.URL(), "frozen")
	contains(t, shown(s, "/admin/spaces?q=nobody", 200), ".empty", "No space has this name", "curl -X POST")
	form := shown(s, "/admin/spaces/new", 200)
	contains(t, pressed(s, form, "form[action$=createSpaces]", 422, "names", "Not A Name"), ".err", "no name of a space")
	doc = pressed(s, form, "form[action$=createSpaces]", 303, "names", "p01\np02", "idle", "8h")
	var p01 admin.SpaceView
	s.pull("GET", "/spaces/p01", nil).Want(200).Into(&p01)
	contains(t, doc, "#made-p01", p01.Key, s.URL()+"/s/p01")
	contains(t, doc, "#sp-p02", "goes 20")
	if _, ok := doc.Find("#sp-p01 a[href='/s/p01/admin']").Attr("href"); !ok {
		t.Error("no way into its console")
	}
	contains(t, shown(s, "/admin/spaces?made=p01", 200), "main", p01.Key, "bg-demo-secret", "none, PKCE")
	doc = shown(s, "/admin/spaces/p01", 200)
	if strings.Contains(said(doc, "main"), p01.Key) {
		t.Error("the key shows without being asked for")
	}
	contains(t, shown(s, "/admin/spaces/p01?key=show", 200), ".kv", p01.Key)
	contains(t, pressed(s, doc, "form[action$=changeSpace]:has([name=idle][type=text])", 422, "idle", "soon"), ".err", "soon")
	contains(t, pressed(s, doc, "form[action$=deleteSpace]", 422, "@typed", "p02"), "[name='@typed'] + .err", "p01")
	contains(t, pressed(s, doc, "form[action$=resetSpace]", 422, "@typed", ""), ".err", "p01")
	pressed(s, doc, "form[action$=resetSpace]", 303, "@typed", "p01")
	doc = pressed(s, doc, "form[action$=deleteSpace]", 303, "@typed", "p01")
	contains(t, doc, "#gone-p01", "p01")
	shown(s, "/admin/spaces/p01", 404)
	pressed(s, doc, "#gone-p01 form", 303)
	shown(s, "/s/p01/admin/spaces", 200)
	contains(t, pressed(s, form, "form[action$=createSpaces]", 303, "count", "1"), "main", "1 space created")
}

// A space's own key shows that space, and no other's key.
func TestSpacesByKey(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "master")
	master := servertest.Bearer("master")
	var made []admin.SpaceView
	s.Do("POST", admin.Prefix+"/spaces", `{"names":["p01","p02"]}`, master).Want(201).Into(&made)
	own := servertest.Bearer(made[0].Key)
	doc := document(t, s.Get("/s/p01/admin/spaces?made=p02", own).Want(200))
	if got := texts(doc, "tbody .lead"); !slices.Equal(got, []string{"p01 here"}) || strings.Contains(doc.Text(), made[1].Key) {
		t.Errorf("sees %v", got)
	}
	s.Get("/s/p01/admin/spaces/p01?key=show", own).Want(200)
	s.Get("/s/p01/admin/spaces/p02", own).Want(403)
	s.Get("/s/p01/admin/spaces/new", own).Want(403)
	doc = document(t, s.Get("/s/p01/admin/settings", own).Want(200))
	contains(t, doc, "main", "with the key of this space")
	a := s.Post("/s/p01/admin/logout", nil, own).Want(303)
	if got := a.Header.Values("Set-Cookie"); len(got) != 2 {
		t.Errorf("signed out of %v", got)
	}
}

func TestSnapshots(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/snapshots", 200)
	contains(t, doc, ".empty", "Nothing is kept yet", "curl -X POST")
	doc = pressed(s, doc, "form[action$=takeSnapshot]:has([name=name])", 303, "name", hostile)
	harmless(t, doc)
	contains(t, doc, "#sn-1", hostile, "Restore", "Compare")
	contains(t, pressed(s, doc, "form[action$=takeSnapshot]:has([name=name])", 422, "name", strings.Repeat("x", 101)), "[name=name] + .err", "100 characters")
	contains(t, shown(s, "/admin/snapshots/1", 200), "main", "Nothing differs")
	s.token()
	s.pull("POST", "/clock", object{"advance": "1h"}).Want(200)
	doc = shown(s, "/admin/snapshots/1", 200)
	contains(t, doc, "main", "token", "clock", "added", "changed", "from 2026-12-03T15:45:08Z", "to 2026-12-03T16:45:08Z")
	if got := texts(shown(s, "/admin/snapshots/1?kind=clock", 200), "[data-l=Kind]"); !slices.Equal(got, []string{"clock"}) {
		t.Errorf("of one kind: %v", got)
	}
	s.pull("POST", "/snapshots", object{"name": "later"}).Want(201)
	contains(t, shown(s, "/admin/snapshots/1?to=2", 200), "option[selected]", "#2 later")
	shown(s, "/admin/snapshots/9", 404)
	shown(s, "/admin/snapshots/first", 404)
	ask := shown(s, shown(s, "/admin/snapshots", 200).Find("#sn-1 a[href$='/restore']").AttrOr("href", ""), 200)
	harmless(t, ask)
	contains(t, pressed(s, ask, "[data-form] form", 422, "@typed", "it"), "[data-form] .err", "it takes the name: main")
	pressed(s, ask, "[data-form] form", 303, "@typed", "main")
	shown(s, "/admin/snapshots/9/restore", 404)
	contains(t, shown(s, "/admin/snapshots/1", 200), "main", "Nothing differs")
	pressed(s, shown(s, "/admin/snapshots", 200), "#sn-1 form[action$=deleteSnapshot]", 303)
	shown(s, "/admin/snapshots/1", 404)
}

func TestResets(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/snapshots", 200)
	if n := doc.Find("form[action$=reset]").Length(); n != len(world.Parts()) {
		t.Errorf("%d forms", n)
	}
	first := s.token()
	pressed(s, doc, "#reset-tokens form", 303)
	s.Get("/account/info", servertest.Bearer(first)).Want(400)
	doc = pressed(s, doc, "#reset-everything form", 422, "@typed", "mine")
	contains(t, doc, "#reset-everything .err", "main")
	if said(doc, "#reset-data .err") != "" {
		t.Error("another form is blamed too")
	}
	contains(t, pressed(s, doc, "#reset-everything form", 303, "@typed", "main"), "tbody", "before reset of everything", "automatic")
}

func TestSnapshotIsUploaded(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.pull("POST", "/snapshots", object{"name": "one"}).Want(201)
	file := s.pull("GET", "/snapshots/1", nil).Want(200).Body
	send := func(file, text string) *servertest.Answer {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for _, f := range [][2]string{{"@back", "/admin/snapshots/upload"}, {"@then", "/admin/snapshots/{id}"}, {"?name", hostile}, {"@file", text}} {
			if err := w.WriteField(f[0], f[1]); err != nil {
				t.Fatal(err)
			}
		}
		part, err := w.CreateFormFile("@file", "snap.json")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(file)); err != nil {
			t.Fatal(err)
		}
		w.Close()
		return s.Do("POST", "/admin/do/uploadSnapshot", b.String(), func(r *http.Request) { r.Header.Set("Content-Type", w.FormDataContentType()) })
	}
	if kind, _ := shown(s, "/admin/snapshots/upload", 200).Find("main form[action$=uploadSnapshot]").Attr("enctype"); kind != "multipart/form-data" {
		t.Errorf("the form is %q", kind)
	}
	for _, a := range []*servertest.Answer{send(file, ""), send("", file)} {
		doc := shown(s, a.Want(303).Header.Get("Location"), 200)
		harmless(t, doc)
		contains(t, doc, "h1", hostile)
		contains(t, doc, "main", "Nothing differs")
	}
	contains(t, document(t, send(`{"sandbank":9}`, "").Want(422)), "main form .err", "version")
	contains(t, document(t, send("", "").Want(422)), "main form .err", "version")
}

func TestActivity(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	contains(t, shown(s, "/admin/activity", 200), ".empty", "No lever was pulled yet", "curl -X POST")
	s.pull("POST", "/clock", object{"advance": "1h"}).Want(200)
	s.pull("POST", "/snapshots", object{"name": hostile}).Want(201)
	doc := shown(s, "/admin/activity", 200)
	harmless(t, doc)
	if got := texts(doc, "tbody .num"); !slices.Equal(got, []string{"2", "1"}) {
		t.Errorf("in the order %v", got)
	}
	contains(t, doc, "#a-1", "Moved the clock by 1 h", "in force", "15:45:08")
	if got := texts(shown(s, "/admin/activity?kind=clock&q=moved", 200), "tbody .num"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("filtered: %v", got)
	}
	contains(t, shown(s, "/admin/activity?q=nothing", 200), ".empty", "Nothing fits")
	doc = pressed(s, doc, "#a-1 form", 303)
	contains(t, doc, "#a-1", "undone")
	if doc.Find("#a-1 s").Length() != 1 || doc.Find("#a-1 form").Length() != 0 {
		t.Error("it does not look undone")
	}
	s.Post("/admin/do/undo", map[string][]string{"id": {"1"}, "@back": {"/admin/activity"}}).Want(409)
	if now := s.pull("GET", "/clock", nil).Text("now"); !strings.HasPrefix(now, "2026-12-03T15:45") {
		t.Errorf("the clock shows %s", now)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{Version: "1.2.3"}, "")
	doc := shown(s, "/admin/settings", 200)
	contains(t, doc, "main", "1.2.3", "2000", "1000", "ask for no key", "X-Sandbox-Fault")
	for name := range s.pull("GET", "/settings", nil).Want(200).JSON() {
		if text := said(doc, "#sw-"+name+" b"); text == "" || text == name {
			t.Errorf("the switch %s has no words", name)
		}
	}
	was := said(doc, "#sw-tellRequest .badge")
	doc = pressed(s, doc, "#sw-tellRequest form", 303)
	if now := said(doc, "#sw-tellRequest .badge"); now == was || s.Get("/account/home").Header.Get("X-Sandbox-Request") == "" {
		t.Errorf("turned from %s to %s", was, now)
	}
	look := func(name, value string) *servertest.Answer {
		return s.Post("/admin/look", map[string][]string{name: {value}, "@back": {"/admin/settings"}})
	}
	if got := look("zone", "Asia/Tokyo").Want(303).Header.Get("Set-Cookie"); !strings.Contains(got, "sandbank_zone=Asia/Tokyo") {
		t.Errorf("kept %s", got)
	}
	contains(t, document(t, look("zone", "Mars/Olympus").Want(422)), ".err", "no time zone")
	contains(t, document(t, s.Get("/admin/activity", servertest.Header("Cookie", "sandbank_zone=Asia/Tokyo")).Want(200)), "[data-clock]", "00:45:08")
	doc = document(t, s.Get("/admin/settings", servertest.Header("Cookie", "sandbank_keys=off; sandbank_zone=Asia/Tokyo")).Want(200))
	if _, off := doc.Find("#bar").Attr("data-nokeys"); !off || doc.Find("#zone option[selected]").Text() != "Asia/Tokyo" {
		t.Error("what this browser was set to is not shown")
	}
	contains(t, shown(s, "/admin/licences", 200), "main", "Zero-Clause BSD", "htmx", "Go modules")
}
