package fail_test

import (
	"errors"
	"fmt"
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
