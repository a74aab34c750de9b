package server_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors says what each package may import: of ours by name, and of others' beyond the standard library. Imports only go down.
var floors = []struct {
	dir    string
	ours   []string
	others []string
	noStd  []string // of the standard library, what does not belong here
	admin  bool     // whether it stands above package admin
}{
	{dir: "server/fail"}, {dir: "server/clock"}, {dir: "server/dice"}, {dir: "server/store"}, {dir: "server/flow", noStd: []string{"net/http"}},
	{dir: "server/cert", ours: []string{"clock"}, noStd: []string{"net/http"}},
	{dir: "server/ledger", ours: []string{"fail", "store"}, noStd: []string{"net/http"}},
	{dir: "server/grant", ours: []string{"fail", "store", "clock", "dice"}, noStd: []string{"net/http"}},
	{dir: "server/proof", others: []string{"github.com/go-jose/go-jose/v4", "github.com/go-jose/go-jose/v4/json", "github.com/go-jose/go-jose/v4/jwt"}, noStd: []string{"net/http"}},
	{dir: "server/fault", ours: []string{"fail", "store", "clock", "dice"}, noStd: []string{"net/http"}},
	{dir: "server/journal", ours: []string{"fail"}, noStd: []string{"net/http"}},
	{dir: "server/keys", ours: []string{"fail", "store"}, others: []string{"github.com/go-jose/go-jose/v4", "github.com/go-jose/go-jose/v4/cryptosigner"}, noStd: []string{"net/http"}},
	{dir: "server/magic", ours: []string{"fail", "clock", "grant", "fault"}, noStd: []string{"net/http"}},
	{dir: "server/scenario", ours: []string{"fail", "clock", "cert", "store", "grant", "fault", "journal"}, noStd: []string{"net/http"}},
	{dir: "server/report", ours: []string{"fail", "clock", "grant", "journal"}, noStd: []string{"net/http"}},
	{dir: "server/world", ours: []string{"fail", "clock", "cert", "dice", "store", "ledger", "grant", "fault", "journal", "keys", "scenario"}, noStd: []string{"net/http"}},
	{dir: "server/internal/page", noStd: []string{"net/http"}},
	{dir: "server/internal/wire", ours: []string{"fail", "clock", "dice", "ledger", "grant", "proof", "journal", "magic", "world", "internal/page"}, others: []string{"github.com/gofiber/fiber/v3"}, noStd: []string{"net/http"}},
	{dir: "server/internal/dialect", ours: []string{"fail", "clock", "flow", "grant", "ledger", "magic", "internal/page", "internal/wire"}, noStd: []string{"net/http"}},
	{dir: "server/internal/dialect/*", ours: []string{"fail", "clock", "dice", "flow", "grant", "ledger", "magic", "internal/page", "internal/wire", "internal/dialect"}, noStd: []string{"net/http"}},
	{dir: "server/internal/standard", ours: []string{"fail", "clock", "dice", "grant", "keys", "proof", "ledger", "internal/page", "internal/wire", "internal/dialect"}, noStd: []string{"net/http"}},
	{dir: "seed", ours: []string{"fail", "clock", "dice", "store", "ledger", "grant", "proof", "world"}, others: []string{"github.com/brianvoe/gofakeit/v7"}, noStd: []string{"net/http"}},
	{dir: "admin", ours: []string{"fail", "clock", "cert", "dice", "flow", "store", "ledger", "grant", "proof", "fault", "journal", "keys", "scenario", "report", "world"}, others: []string{"github.com/gofiber/fiber/v3", "github.com/gofiber/fiber/v3/middleware/sse", "github.com/invopop/jsonschema"}, noStd: []string{"net/http"}},
	{dir: "admin/export", ours: []string{"flow"}, noStd: []string{"net/http"}},
	{dir: "admin/console", ours: []string{"fail", "clock", "cert", "flow", "grant", "fault", "journal", "ledger", "scenario", "report", "world"}, admin: true, others: []string{"github.com/gofiber/fiber/v3"}, noStd: []string{"net/http"}},
	{dir: "fixtures", noStd: []string{"net/http"}},
}

type source struct {
	dir, file string
	ast       *ast.File
	set       *token.FileSet
}

// sources are all non-test files of the project.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	set := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "..") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "servertest") {
			return nil
		}
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel("..", path)
		out = append(out, source{filepath.ToSlash(filepath.Dir(rel)), filepath.ToSlash(rel), f, set})
		return nil
	})
	if err != nil || len(out) < 20 {
		t.Fatalf("%d files, %v", len(out), err)
	}
	return out
}

func TestImportsOnlyGoDown(t *testing.T) {
	t.Parallel()
	matched := map[string]bool{}
	for _, s := range sources(t) {
		i := slices.IndexFunc(floors, func(f struct {
			dir                 string
			ours, others, noStd []string
			admin               bool
		}) bool {
			ok, _ := filepath.Match(f.dir, s.dir)
			return ok
		})
		if i < 0 {
			if s.dir != "." && s.dir != "server" {
				t.Errorf("%s: no floor is named for %s", s.file, s.dir)
			}
			continue
		}
		floor := floors[i]
		matched[floor.dir] = true
		for _, spec := range s.ast.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			short, ours := strings.CutPrefix(path, "sandbank/server/")
			first, _, _ := strings.Cut(path, "/")
			switch {
			case ours:
				if !slices.Contains(floor.ours, short) {
					t.Errorf("%s may not import %s", s.file, path)
				}
			case path == "sandbank/admin" && floor.admin, path == "sandbank/admin/export" && strings.HasPrefix(floor.dir, "admin"):
			case strings.HasPrefix(path, "sandbank"):
				t.Errorf("%s may not import %s", s.file, path)
			case strings.Contains(first, "."):
				if !slices.Contains(floor.others, path) {
					t.Errorf("%s may not import %s", s.file, path)
				}
			case slices.Contains(floor.noStd, path):
				t.Errorf("%s may not import %s", s.file, path)
			}
		}
	}
	for _, f := range floors {
		if !matched[f.dir] {
			t.Errorf("floor %s matches no file: the table is out of date", f.dir)
		}
	}
}

// Real time, global randomness, the environment and state outside spaces would make two sandboxes reach each other, or a test wait.
func TestNothingReachesAround(t *testing.T) {
	t.Parallel()
	banned := map[string][]string{
		"time": {"Now", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc", "Sleep"},
		"os":   {"Getenv", "LookupEnv", "Environ"},
	}
	allowed := map[string]string{"server/clock/clock.go": "time", "main.go": "os"}
	for _, s := range sources(t) {
		names := map[string]string{} // local name → path
		for _, spec := range s.ast.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			name := path[strings.LastIndex(path, "/")+1:]
			if spec.Name != nil {
				name = spec.Name.Name
			}
			names[name] = path
			if path == "math/rand" {
				t.Errorf("%s imports math/rand, whose default source is shared", s.file)
			}
		}
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.file)
			}
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok {
				path := names[id.Name]
				if slices.Contains(banned[path], sel.Sel.Name) && allowed[s.file] != path {
					t.Errorf("%s: %s.%s reads the world outside", s.set.Position(sel.Pos()), path, sel.Sel.Name)
				}
				if path == "math/rand/v2" && !slices.Contains([]string{"New", "NewPCG", "NewChaCha8", "ChaCha8", "Rand", "PCG", "Source", "NewZipf"}, sel.Sel.Name) {
					t.Errorf("%s: rand.%s uses the shared source", s.set.Position(sel.Pos()), sel.Sel.Name)
				}
			}
			return true
		})
	}
}

// A package-level variable may hold a table or a lazily parsed template; nobody may assign to it.
func TestPackageVariablesNeverChange(t *testing.T) {
	t.Parallel()
	vars := map[string]map[string]bool{} // dir → names
	all := sources(t)
	for _, s := range all {
		for _, d := range s.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if vars[s.dir] == nil {
						vars[s.dir] = map[string]bool{}
					}
					vars[s.dir][name.Name] = true
				}
			}
		}
	}
	for _, s := range all {
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			local := localNames(f)
			ast.Inspect(f.Body, func(n ast.Node) bool {
				var targets []ast.Expr
				switch n := n.(type) {
				case *ast.AssignStmt:
					if n.Tok != token.DEFINE {
						targets = n.Lhs
					}
				case *ast.IncDecStmt:
					targets = []ast.Expr{n.X}
				}
				for _, target := range targets {
					if name := root(target); name != "" && vars[s.dir][name] && !local[name] {
						t.Errorf("%s: %s is a package-level variable and changes", s.set.Position(n.Pos()), name)
					}
				}
				return true
			})
		}
	}
}

// root is the variable that an assignment reaches through.
func root(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	}
	return ""
}

// localNames are parameters and variables declared anywhere in the function.
func localNames(f *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	field := func(l *ast.FieldList) {
		if l == nil {
			return
		}
		for _, p := range l.List {
			for _, n := range p.Names {
				names[n.Name] = true
			}
		}
	}
	field(f.Recv)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncType:
			field(n.Params)
			field(n.Results)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, l := range n.Lhs {
					names[root(l)] = true
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if e != nil {
					names[root(e)] = true
				}
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				names[id.Name] = true
			}
		}
		return true
	})
	return names
}

// Long files hide a noun.
func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if n := s.set.Position(s.ast.End()).Line; n > 400 {
			t.Errorf("%s has %d lines", s.file, n)
		}
	}
}
