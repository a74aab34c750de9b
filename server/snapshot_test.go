package server_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"

	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/world"
)

// post calls a lever of a running program.
func post(t *testing.T, p *process, path, body string) string {
	t.Helper()
	resp, err := http.Post(p.base+"/admin/api/v1"+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("POST %s: %d %s %v", path, resp.StatusCode, text, err)
	}
	return string(text)
}

// A file of one run is where the next one starts, and what its resets come back to.
func TestSnapshotFlag(t *testing.T) {
	t.Parallel()
	one := launch(t, nil, "--addr", "127.0.0.1:0", "--clock", "2031-05-06T07:08:09Z", "--freeze", "--ttl", "yoisho.page=77s")
	post(t, one, "/clock", `{"advance":"24h"}`)
	post(t, one, "/snapshots", ``)
	_, file := fetch(t, one.base+"/admin/api/v1/snapshots/1")
	name := filepath.Join(t.TempDir(), "monday.json")
	servertest.WriteFile(t, name, file)

	const date = "Wed, 07 May 2031 07:08:09 GMT"
	two := launch(t, nil, "--addr", "127.0.0.1:0", "--snapshot", name)
	look := func(p *process) (at, page string) {
		resp, _ := fetch(t, p.base+"/healthz")
		_, page = fetch(t, p.base+"/account/authorize?redirect_uri=http://127.0.0.1:9/cb&client_id=7b6fc8ed5127b0b2f076d")
		return resp.Header.Get("Date"), page
	}
	if at, page := look(two); at != date || !strings.Contains(page, "01:17") {
		t.Errorf("started from the file the clock shows %s, and the page lives as long: %v", at, strings.Contains(page, "01:17"))
	}
	post(t, two, "/clock", `{"advance":"-30d"}`)
	post(t, two, "/reset", ``)
	if at, page := look(two); at != date || !strings.Contains(page, "01:17") {
		t.Errorf("reset, the clock shows %s", at)
	}
	three := launch(t, []string{"SANDBANK_SNAPSHOT=" + name}, "--addr", "127.0.0.1:0", "--clock", "2040-01-01T00:00:00Z", "--ttl", "yoisho.page=88s")
	if at, page := look(three); at != "Sun, 01 Jan 2040 00:00:00 GMT" || !strings.Contains(page, "01:28") {
		t.Errorf("flags lie over the file; the clock shows %s", at)
	}
}

func TestSnapshotFlagRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	head := `{"sandbank":1,"clock":{"now":"2026-12-03T12:00:00Z","born":"2026-12-03T12:00:00Z","speed":1},`
	tests := []struct{ file, want string }{
		{filepath.Join(dir, "none.json"), "none.json: no such file"},
		{write("broken.json", "{\n\"sandbank\": 1,\n]"), "broken.json: the file is no JSON: invalid character ']' looking for beginning of object key string at line 3"},
		{write("old.json", `{"sandbank":0}`), `old.json: sandbank: the file has version "0"`},
		{write("bank.json", head+`"people":[{"id":"x/y","bank":"x","login":"y"}]}`), `bank.json: people[0].bank: there is no bank "x"`},
		{write("field.json", head+`"peeple":[]}`), "field.json: peeple: there is no such field"},
	}
	for _, tt := range tests {
		code, out, complaint := refuse(t, nil, "--snapshot", tt.file)
		if code != 2 || out != "" || strings.Count(complaint, "\n") != 1 || !strings.HasPrefix(complaint, "sandbank: ") || !strings.Contains(complaint, tt.want) {
			t.Errorf("exit code %d, output %q, complaint %q; want 2 and one line with %q", code, out, complaint, tt.want)
		}
	}
}

// inside lets a test look at the main space of a server that is made of the options.
func inside(o *server.Options) **world.Space {
	var space *world.Space
	o.Admin = func(in server.Inside) func(fiber.Ctx, *world.Space, string, string) error {
		space = in.World.Space(world.Main)
		return func(fiber.Ctx, *world.Space, string, string) error { return nil }
	}
	return &space
}

// throughAFile writes the state of a space to a file and reads and restores it: it must be written the same again.
func throughAFile(t *testing.T, space *world.Space) {
	t.Helper()
	data, err := space.Snapshot().File()
	if err != nil {
		t.Error(err)
		return
	}
	n, err := space.Read(data)
	if err != nil {
		t.Errorf("the space's own file is refused: %v", err)
		return
	}
	if err := space.Restore(n, "x"); err != nil {
		t.Error(err)
	}
	if again, err := space.Snapshot().File(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("%d bytes became %d: %v", len(data), len(again), err)
	}
}

// Every bank's people, money and clients go through a file unchanged, into another process too.
func TestDefaultSpaceGoesThroughAFile(t *testing.T) {
	t.Parallel()
	o := server.Options{Freeze: true, People: 3}
	space := inside(&o)
	if _, err := server.New(o); err != nil {
		t.Fatal(err)
	}
	throughAFile(t, *space)
	data, err := (*space).Snapshot().File()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "all.json")
	servertest.WriteFile(t, name, string(data))
	o = server.Options{Freeze: true, Snapshot: name}
	space = inside(&o)
	if _, err := server.New(o); err != nil {
		t.Fatal(err)
	}
	if again, err := (*space).Snapshot().File(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("%d bytes became %d: %v", len(data), len(again), err)
	}
}

// A default space: how large its file is and how long it takes.
func BenchmarkFile(b *testing.B) {
	o := server.Options{Freeze: true}
	space := inside(&o)
	if _, err := server.New(o); err != nil {
		b.Fatal(err)
	}
	data, err := (*space).Snapshot().File()
	if err != nil {
		b.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"take":    func() error { (*space).Snapshot(); return nil },
		"write":   func() error { _, err := (*space).Snapshot().File(); return err },
		"read":    func() error { _, err := (*space).Read(data); return err },
		"restore": func() error { return (*space).Restore((*space).Snapshot(), "x") },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "file-bytes")
		})
	}
}
