package server_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// requirement is one line above a test: which sentence of which standard the test proves.
type requirement struct {
	standard string // "RFC 6749"
	section  string // "5.2"
	text     string
	dir      string // of the test's package, from the root of the module
	test     string // name of the test's function
}

// A requirement is one whole sentence on one line of the comment directly above a test.
var (
	requirementLine = regexp.MustCompile(`^(RFC \d+|OpenID Connect [A-Z][A-Za-z -]*) §([0-9A-Z]+(?:\.[0-9]+)*): ([^ ].*\.)$`)
	requirementLike = regexp.MustCompile(`^(RFC|OpenID)\b[^:]*§[^:]*:`)
)

// requirements reads them from all tests of the module, sorted by standard and section.
func requirements(t *testing.T) []requirement {
	t.Helper()
	var out []requirement
	set := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "..":
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel("..", filepath.Dir(path))
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Doc != nil {
				out = append(out, requirementsOf(t, set, f, filepath.ToSlash(dir))...)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(out, func(a, b requirement) int {
		return cmp.Or(slices.Compare(numbers(a.standard), numbers(b.standard)), cmp.Compare(a.standard, b.standard), slices.Compare(numbers(a.section), numbers(b.section)),
			cmp.Compare(a.section, b.section), cmp.Compare(a.text, b.text), cmp.Compare(a.dir, b.dir), cmp.Compare(a.test, b.test))
	})
	return slices.Compact(out)
}

// requirementsOf are those above one function. A line that nearly has the form is an error, because it would be missed in silence.
func requirementsOf(t *testing.T, set *token.FileSet, f *ast.FuncDecl, dir string) (out []requirement) {
	for _, line := range strings.Split(f.Doc.Text(), "\n") {
		if !requirementLike.MatchString(line) {
			continue
		}
		m := requirementLine.FindStringSubmatch(line)
		switch {
		case m == nil:
			t.Errorf("%s: %q is not of the form %q, one whole sentence on a line", set.Position(f.Pos()), line, "RFC 7009 §2.2: unknown tokens are answered with 200.")
		case f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test"):
			t.Errorf("%s: %s is no test and proves nothing", set.Position(f.Pos()), f.Name.Name)
		default:
			out = append(out, requirement{m[1], m[2], m[3], dir, f.Name.Name})
		}
	}
	return out
}

var digits = regexp.MustCompile(`\d+`)

// numbers are those in a text, so that §10 comes after §9. A text without any comes last.
func numbers(text string) []int {
	var out []int
	for _, d := range digits.FindAllString(text, -1) {
		n, _ := strconv.Atoi(d)
		out = append(out, n)
	}
	if out == nil {
		return []int{1 << 30}
	}
	return out
}

// results are what became of tests, by "server/grant.TestX": "passed", "skipped" or "failed".
type results map[string]string

// read takes them from what go test -json says. A test of which a part was skipped counts as skipped, unless something failed.
func (r results) read(log io.Reader) error {
	names := map[string]string{"pass": "passed", "skip": "skipped", "fail": "failed"}
	rank := []string{"", "passed", "skipped", "failed"}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct{ Action, Package, Test string }
		if !bytes.HasPrefix(lines.Bytes(), []byte("{")) {
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return err
		}
		name, _, _ := strings.Cut(event.Test, "/")
		key := strings.TrimPrefix(strings.TrimPrefix(event.Package, "sandbank"), "/") + "." + name
		if now := names[event.Action]; name != "" && slices.Index(rank, now) > slices.Index(rank, r[key]) {
			r[key] = now
		}
	}
	return lines.Err()
}

// keep takes over the rows of a page that have passed: what is left to run are new ones. CI runs them all.
func (r results) keep(page string, rows []requirement) (left []requirement) {
	for _, row := range rows {
		if strings.Contains(page, row.line("passed")) {
			r[row.dir+"."+row.test] = "passed"
		}
	}
	for _, row := range rows {
		if r.of(row) != "passed" {
			left = append(left, row)
		}
	}
	return left
}

// run runs the tests that rows name and reads what became of them.
func (r results) run(t *testing.T, rows []requirement) {
	t.Helper()
	tests := map[string]map[string]bool{} // by directory
	for _, row := range rows {
		if tests[row.dir] == nil {
			tests[row.dir] = map[string]bool{}
		}
		tests[row.dir][row.test] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(tests)) {
		pattern := "^(" + strings.Join(slices.Sorted(maps.Keys(tests[dir])), "|") + ")$"
		command := exec.Command("go", "test", "-json", "-run", pattern, "./"+dir)
		command.Dir = ".."
		out, err := command.Output()
		if err != nil {
			t.Logf("%s: %v", dir, err) // the page says which failed
		}
		if err := r.read(bytes.NewReader(out)); err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
	}
}

// of is a row's result.
func (r results) of(row requirement) string { return cmp.Or(r[row.dir+"."+row.test], "not run") }

// line is a row of the page.
func (r requirement) line(became string) string {
	text := strings.ReplaceAll(r.text, "|", `\|`)
	return fmt.Sprintf("| %s | %s | `%s.%s` | %s |\n", r.section, strings.ToUpper(text[:1])+text[1:], r.dir, r.test, became)
}

// titles are those of the standards that tests name.
var titles = map[string]string{
	"RFC 3986": "Uniform Resource Identifier", "RFC 6265": "HTTP State Management", "RFC 6749": "The OAuth 2.0 Authorization Framework", "RFC 6750": "Bearer Token Usage",
	"RFC 6819": "OAuth 2.0 Threat Model", "RFC 7009": "Token Revocation", "RFC 7515": "JSON Web Signature", "RFC 7517": "JSON Web Key", "RFC 7519": "JSON Web Token",
	"RFC 7521": "Assertion Framework", "RFC 7523": "JWT Client Authentication", "RFC 7591": "Dynamic Client Registration", "RFC 7592": "Client Registration Management",
	"RFC 7617": "Basic Authentication", "RFC 7636": "PKCE", "RFC 7638": "JWK Thumbprint", "RFC 7662": "Token Introspection", "RFC 8252": "OAuth 2.0 for Native Apps",
	"RFC 8259": "JSON", "RFC 8414": "Authorization Server Metadata", "RFC 8628": "Device Authorization Grant", "RFC 8707": "Resource Indicators", "RFC 8725": "JWT Best Current Practices",
	"RFC 9068": "JWT Profile for Access Tokens", "RFC 9101": "JWT-Secured Authorization Request", "RFC 9110": "HTTP Semantics", "RFC 9112": "HTTP/1.1",
	"RFC 9126": "Pushed Authorization Requests", "RFC 9207": "Issuer Identification", "RFC 9449": "DPoP", "RFC 9457": "Problem Details", "RFC 9700": "Best Current Practice for OAuth 2.0 Security",
	"RFC 9728": "Protected Resource Metadata", "RFC 9864": "Fully-Specified Algorithms",
}

// conformancePage is the page's text. Without results it has the rows alone.
func conformancePage(rows []requirement, became func(requirement) string) string {
	var b strings.Builder
	b.WriteString("# Conformance\n\nWhat the standards require, and the test that proves it. The rows come from the comments above the tests, the results from running\n" +
		"them: `go test ./server -run Conformance -update` writes this page, and CI fails when a row's test did not pass.\n")
	last := ""
	for _, r := range rows {
		if r.standard != last {
			last = r.standard
			title := r.standard
			if titles[last] != "" {
				title += ", " + titles[last]
			}
			fmt.Fprintf(&b, "\n## %s\n\n| § | requirement | test | result |\n|---|---|---|---|\n", title)
		}
		b.WriteString(r.line(became(r)))
	}
	return b.String()
}

// The page of conformance says what the tests say, and every row's test passed when it was written. SANDBANK_RESULTS names a log of
// go test -json ./... in which every row's test must have passed as well: CI writes one.
func TestConformance(t *testing.T) {
	t.Parallel()
	rows := requirements(t)
	if len(rows) < 100 {
		t.Errorf("only %d requirements were found", len(rows))
	}
	page, err := os.ReadFile("CONFORMANCE.md")
	if err != nil && !*update {
		t.Fatal(err)
	}
	found := results{}
	if name := os.Getenv("SANDBANK_RESULTS"); name != "" {
		log, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		if err := found.read(log); err != nil {
			t.Fatal(err)
		}
	} else if *update {
		found.run(t, found.keep(string(page), rows))
	} else {
		found.keep(string(page), rows)
	}
	for _, r := range rows {
		if found.of(r) != "passed" {
			t.Errorf("%s §%s: %s.%s: %s", r.standard, r.section, r.dir, r.test, found.of(r))
		}
	}
	want := conformancePage(rows, found.of)
	if *update {
		if err := os.WriteFile("CONFORMANCE.md", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if string(page) != want {
		t.Error("CONFORMANCE.md is not what the tests say; run: go test ./server -run Conformance -update")
	}
}

func TestResultsOfALog(t *testing.T) {
	t.Parallel()
	const log = `{"Action":"run","Package":"sandbank/server","Test":"TestA"}
{"Action":"pass","Package":"sandbank/server","Test":"TestA/one"}
{"Action":"skip","Package":"sandbank/server","Test":"TestA/two"}
{"Action":"pass","Package":"sandbank/server","Test":"TestA"}
{"Action":"pass","Package":"sandbank/server","Test":"TestB"}
{"Action":"pass","Package":"sandbank","Test":"TestD"}
not JSON
{"Action":"fail","Package":"sandbank/server/grant","Test":"TestB/x"}
{"Action":"fail","Package":"sandbank/server/grant","Test":"TestB"}
{"Action":"run","Package":"sandbank/server","Test":"TestC"}
{"Action":"pass","Package":"sandbank/server"}
`
	r := results{}
	if err := r.read(strings.NewReader(log)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ dir, test, want string }{{"server", "TestA", "skipped"}, {"server", "TestB", "passed"}, {"server/grant", "TestB", "failed"},
		{"server", "TestC", "not run"}, {"server", "TestZ", "not run"}} {
		if got := r.of(requirement{dir: tt.dir, test: tt.test}); got != tt.want {
			t.Errorf("%s.%s: %s, want %s", tt.dir, tt.test, got, tt.want)
		}
	}
}
