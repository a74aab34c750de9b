package admin

import (
	"strings"
	"testing"

	"sandbank/server/fail"
)

func TestCursorsComeBack(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 35, 36, 1_000_000, 1<<63 - 1} {
		if got, err := readCursor(cursor(n)); got != n || err != nil {
			t.Errorf("%d came back as %d, %v", n, got, err)
		}
	}
	for _, bad := range []string{"1", "!", cursor(0), cursor(-1), cursor(5) + "=", "PA", strings.Repeat("z", 99)} {
		if n, err := readCursor(bad); !fail.Is(err, fail.InvalidField) {
			t.Errorf("%q was read as %d, %v", bad, n, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "1", "PDE", "PC0x", "!", "PHp6enp6enp6enp6enp6eg"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := readCursor(text)
		switch {
		case err != nil && !fail.Is(err, fail.InvalidField), n < 0:
			t.Errorf("%q: %d, %v", text, n, err)
		case err == nil && text != "" && cursor(n) != text:
			t.Errorf("%q is read as %d, which is written %q", text, n, cursor(n))
		}
	})
}

func FuzzScope(f *testing.F) {
	for _, seed := range []string{"", "a b", " a  b ", "\"", "a\\b", "ü", "a\nb", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scope, err := readScope(text)
		if err != nil && !fail.Is(err, fail.InvalidField) {
			t.Errorf("%q: %v", text, err)
		}
		if again, err := readScope(scope); again != scope || err != nil {
			t.Errorf("%q became %q, and that %q, %v", text, scope, again, err)
		}
	})
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"": "…", "4123456": "…", "0123456789abcde": "…", "0123456789abcdef": "0123…ef"} {
		if got := masked(value); got != want {
			t.Errorf("%q is shown as %q, want %q", value, got, want)
		}
	}
}

func TestIsUser(t *testing.T) {
	t.Parallel()
	tests := []struct {
		owner, asked string
		want         bool
	}{
		{"b/dave", "", true}, {"b/dave", "dave", true}, {"b/dave", "b/dave", true}, {"b/dave", "ave", false}, {"b/dave", "c/dave", false},
		{"b/dave", "b", false}, {"", "dave", false}, {"", "", true}, {"b/a/dave", "a/dave", true},
	}
	for _, tt := range tests {
		if got := isUser(tt.owner, tt.asked); got != tt.want {
			t.Errorf("%q for %q: %v", tt.asked, tt.owner, got)
		}
	}
}
