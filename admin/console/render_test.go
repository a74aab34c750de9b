package console_test

import (
	"testing"

	"sandbank/admin/console"
)

// What the console carries along is small: with its code it adds less than 400 kB to the program, of which the files are the part that
// grows unseen.
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
