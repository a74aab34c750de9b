package console_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sandbank/admin/console"
)

// What the console carries along is small: the files are the part that grows unseen.
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

// mostOfConsole is how much larger the console may make the program, in bytes: a quarter is its files, the rest its code with what the
// runtime knows of it. When pages embedded the visit, it was 5.8 MB.
const mostOfConsole = 1_150_000

// With its code, too: the program is built as it is, and once more with the JSON face alone.
func TestConsoleAddsLittle(t *testing.T) {
	if os.Getenv("SANDBANK_CI") == "" {
		t.Skip("builds the program twice: set SANDBANK_CI")
	}
	dir := t.TempDir()
	with := built(t, filepath.Join(dir, "with"))
	without := built(t, filepath.Join(dir, "without"), "-overlay", faceless(t, dir))
	files, err := console.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	least := int64(0)
	for _, size := range files {
		least += size
	}
	if added := with - without; added > mostOfConsole || added < least {
		t.Errorf("the console adds %d bytes to %d, and not from %d, its files, to %d", added, without, least, mostOfConsole)
	} else {
		t.Logf("the console adds %d bytes to %d", added, without)
	}
}

// built is the size of the program as it is released.
func built(t *testing.T, out string, flags ...string) int64 {
	t.Helper()
	args := append([]string{"build", "-ldflags", "-s -w", "-o", out}, flags...)
	if said, err := exec.Command("go", append(args, "sandbank")...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// faceless is an overlay for go build in which the program has no console.
func faceless(t *testing.T, dir string) string {
	t.Helper()
	file, err := filepath.Abs("../../main.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	for _, part := range [][2]string{{"console.New(panel).Serve", "panel.Serve"}, {"\t\"sandbank/admin/console\"\n", ""}} {
		if strings.Count(text, part[0]) != 1 {
			t.Fatalf("main.go does not have %q once: this test has to learn how the console is put in", part[0])
		}
		text = strings.Replace(text, part[0], part[1], 1)
	}
	other, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{file: other}})
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{other: []byte(text), overlay: replaced} {
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}
