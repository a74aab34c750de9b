package console_test

import (
	"testing"

	"sandbank/admin/console"
)

// The files that the console carries along are small. What its code and what that imports add to the program is not counted here.
func TestConsoleIsSmall(t *testing.T) {
	t.Parallel()
	sizes, err := console.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var whole int64
	for path, size := range sizes {
		whole += size
		most := map[string]int64{"asset/console.js": 15_000, "asset/console.css": 28_000}[path]
		if most > 0 && size > most {
			t.Errorf("%s has %d bytes, more than %d", path, size, most)
		}
	}
	if len(sizes) < 20 || whole > 300_000 {
		t.Errorf("%d files, %d bytes", len(sizes), whole)
	}
	t.Logf("%d files, %d bytes", len(sizes), whole)
}
