package world_test

import (
	"regexp"
	"testing"

	"sandbank/server/world"
)

// A space has a name that is good in a path and as a host's label, or it is not made.
func FuzzName(f *testing.F) {
	for _, s := range []string{"p07", "a-b", "-a", "ü", "", "a.b", "A", "0123456789012345678901234567890123", "xn--bcher-kva", "a\n"} {
		f.Add(s)
	}
	label := regexp.MustCompile(`\A[a-z0-9]([a-z0-9-]*[a-z0-9])?\z`)
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" {
			return // asks for a random one
		}
		w := newWorld(t)
		_, err := w.Create(name)
		if good := label.MatchString(name) && len(name) <= 63; err == nil && (!good || name == world.Main || w.Space(name) == nil) {
			t.Errorf("%q is a space's name", name)
		}
	})
}
