package fail_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"sandbank/server/fail"
)

func TestCopiesLeaveTheOriginal(t *testing.T) {
	t.Parallel()
	e := fail.New(fail.InvalidGrant, "%d%% sure", 100)
	c := e.Say("no %s", "code").Coded("X").At("code")
	if e.Text != "" || e.Code != "" || e.Param != "" || e.Why != "100% sure" {
		t.Errorf("the original became %+v", e)
	}
	if c.Text != "no code" || c.Code != "X" || c.Param != "code" || c.Why != e.Why || c.Kind != e.Kind {
		t.Errorf("the copy is %+v", c)
	}
	if fail.New(fail.Internal, "100%").Why != "100%" || e.Say("50%").Text != "50%" {
		t.Error("a text without arguments is no format")
	}
}

func TestFromFindsTheRefusal(t *testing.T) {
	t.Parallel()
	e := fail.Field("amount", "too much")
	if got := fail.From(fmt.Errorf("paying: %w", e)); got != e {
		t.Errorf("wrapped: %v", got)
	}
	if got := fail.From(errors.New("disk")); got.Kind != fail.Internal || got.Why != "disk" || got.Text != "" {
		t.Errorf("a foreign error: %+v", got)
	}
	if !fail.Is(e, fail.NotFound, fail.InvalidField) || fail.Is(e, fail.NotFound) || fail.Is(nil, fail.Internal) {
		t.Error("Is must know the kinds")
	}
	if e.Error() != "invalid_field: too much" || (&fail.Error{Kind: fail.NotFound}).Error() != "not_found" {
		t.Errorf("texts %q", e.Error())
	}
}

func TestTrailKeepsTheOrder(t *testing.T) {
	t.Parallel()
	var trail fail.Trail
	trail.Pass("token known", "at_1")
	e := fail.New(fail.TokenExpired, "0.8 s ago")
	if trail.No("not expired", e) != e {
		t.Error("No must hand the refusal on")
	}
	want := []fail.Check{{Name: "token known", OK: true, Why: "at_1"}, {Name: "not expired", Why: "0.8 s ago"}}
	for i, w := range want {
		if trail.Checks[i] != w {
			t.Errorf("check %d is %+v, want %+v", i, trail.Checks[i], w)
		}
	}
	var none *fail.Trail
	none.Pass("x", "")
	if none.No("x", e) != e {
		t.Error("nobody has to take notes")
	}
}

// Every constant of type Kind has a meaning, and only one.
func TestEveryKindHasAMeaning(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "fail.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[fail.Kind]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Kind" {
				text, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				kinds[fail.Kind(text)] = true
			}
		}
		return true
	})
	for _, m := range fail.Meanings() {
		if !kinds[m.Kind] || m.Text == "" {
			t.Errorf("%q is no kind, stands there twice, or has no text", m.Kind)
		}
		delete(kinds, m.Kind)
	}
	if len(kinds) > 0 {
		t.Errorf("no meaning: %v", kinds)
	}
}
