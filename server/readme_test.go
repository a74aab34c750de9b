package server_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/grant"
	"sandbank/server/servertest"
)

var update = flag.Bool("update", false, "rewrite the generated parts of the README and of the pages beside it")

// The tables of the README and of the pages beside it are generated, so that they cannot say what the program does not do:
// go test ./server -run Readme -update
func TestReadme(t *testing.T) {
	t.Parallel()
	srv, err := server.New(server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, help, _ := refuse(t, nil, "--help")
	text := generated(t, "../README.md", map[string]string{"banks": banksTable(srv), "flags": flagTable(t, help)})
	generated(t, "ENDPOINTS.md", map[string]string{"endpoints": endpoints(srv)})
	generated(t, "../admin/LEVERS.md", map[string]string{"logins": loginTable(srv)})
	knobs := generated(t, "KNOBS.md", map[string]string{"knobs": knobTable(srv), "quirks": quirks(srv)})
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(text)
	own := t.TempDir() + "/my.json"
	servertest.WriteFile(t, own, example[1])
	if _, err := server.New(server.Options{Fixtures: own}); err != nil {
		t.Errorf("the README's example of own people: %v", err)
	}
	servertest.WriteFile(t, own, strings.Replace(example[1], "1234.56", "abc", 1))
	if _, err := server.New(server.Options{Fixtures: own}); err == nil || !strings.Contains(text, "`"+filepath.Base(err.Error())+"`") {
		t.Errorf("the README does not show the mistake in it: %v", err)
	}
	for _, k := range srv.Knobs() {
		if !regexp.MustCompile(`(?m)^### (.*, )?` + k.Knob + `(,|$)`).MatchString(knobs) {
			t.Errorf("KNOBS.md does not say what the knob %s is for", k.Knob)
		}
	}
}

// generated holds the parts of a page between their marks against what the program says, and returns the page.
func generated(t *testing.T, file string, parts map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, part := range parts {
		begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
		before, rest, ok := strings.Cut(want, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no part %q", file, name)
		}
		want = before + begin + part + end + after
	}
	switch {
	case want == string(text):
	case *update:
		servertest.WriteFile(t, file, want)
	default:
		t.Errorf("the generated parts of %s are out of date; run: go test ./server -run Readme -update", file)
	}
	return want
}

func banksTable(srv *server.Server) string {
	var b strings.Builder
	b.WriteString("| bank | speaks as | log in as | demo client | secret | begins at |\n|---|---|---|---|---|---|\n")
	for _, bank := range srv.Guide("").Banks {
		for i, c := range bank.Clients {
			secret := c.Secret
			if secret == "" {
				secret = c.Note
			} else {
				secret = "`" + secret + "`"
			}
			title, about, people, first := "", "", "", ""
			if i == 0 {
				title, about, people = "**"+bank.Title+"** `/"+bank.Name+"`", bank.About, strings.Join(bank.People, ", ")
				if people == "" {
					people = "nobody"
				}
				path, _, _ := strings.Cut(bank.First, "?")
				first = "`" + path + "`"
			}
			id := "`" + c.ID + "`"
			if c.Note != "" && c.Secret != "" {
				id += " (" + c.Note + ")"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", title, about, people, id, secret, first)
		}
	}
	return b.String()
}

func endpoints(srv *server.Server) string {
	var b strings.Builder
	last := ""
	paths := map[string][]string{} // by what is done: aliases share a row
	for _, o := range srv.Operations() {
		path := o.Path
		if o.Own {
			path = "/" + o.Bank + o.Path
		}
		key := o.Bank + o.Method + o.Op
		paths[key] = append(paths[key], "`"+path+"`")
	}
	for _, o := range srv.Operations() {
		key := o.Bank + o.Method + o.Op
		if paths[key] == nil {
			continue
		}
		if o.Bank != last {
			if last != "" {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "## %s\n\n| method | path | what |\n|---|---|---|\n", o.Bank)
			last = o.Bank
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", o.Method, strings.Join(paths[key], "<br>"), o.Doc)
		delete(paths, key)
	}
	return b.String()
}

// knobTable has one row for each knob and default, with the banks that share them.
func knobTable(srv *server.Server) string {
	type row struct{ knob, standard, doc string }
	banks := map[row][]string{}
	var rows []row
	for _, spec := range grant.Specs() {
		for _, k := range srv.Knobs() {
			r := row{k.Knob, k.Default, k.Doc}
			if values := slices.Clone(spec.Choices); len(values) > 0 {
				if spec.Form != "" {
					values = append(values, "`"+spec.Form+"`")
				}
				r.doc += ": " + strings.Join(values, ", ")
			}
			if k.Knob != string(spec.Knob) {
				continue
			}
			if banks[r] == nil {
				rows = append(rows, r)
			}
			banks[r] = append(banks[r], k.Bank)
		}
	}
	var b strings.Builder
	b.WriteString("| knob | default | at | what |\n|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.knob, r.standard, strings.Join(banks[r], ", "), r.doc)
	}
	return b.String()
}

func loginTable(srv *server.Server) string {
	var b strings.Builder
	b.WriteString("| flag | what |\n|---|---|\n")
	for _, f := range srv.Flags() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Word, f.Doc)
	}
	return b.String()
}

func quirks(srv *server.Server) string {
	var b strings.Builder
	all := srv.Quirks()
	for _, bank := range srv.Guide("").Banks {
		for _, q := range all[bank.Name] {
			fmt.Fprintf(&b, "- %s: %s\n", bank.Name, q)
		}
	}
	return b.String()
}

var flagLine = regexp.MustCompile(`^ +(?:-\w, )?--([a-z-]+)(?: (\S+))? {2,}(.+)$`)

func flagTable(t *testing.T, help string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| flag | what |\n|---|---|\n")
	rows := 0
	var name, arg, doc string
	flush := func() {
		if name == "" {
			return
		}
		rows++
		if arg != "" {
			arg = " " + arg
		}
		fmt.Fprintf(&b, "| `--%s%s` | %s |\n", name, arg, doc)
		name = ""
	}
	for _, line := range strings.Split(help, "\n") {
		if m := flagLine.FindStringSubmatch(line); m != nil {
			flush()
			name, arg, doc = m[1], m[2], m[3]
		} else if name != "" && strings.HasPrefix(line, "          ") {
			doc += " " + strings.TrimSpace(line)
		} else {
			flush()
		}
	}
	flush()
	if rows < 18 {
		t.Fatalf("only %d flags were read from the help:\n%s", rows, help)
	}
	return b.String()
}
