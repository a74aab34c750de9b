package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sandbank/server/servertest/chromium"
)

// documents are the README and what it links to, from the top of the module.
var documents = []string{"README.md", "server/STANDARDS.md", "server/KNOBS.md", "server/ENDPOINTS.md", "server/CONFORMANCE.md", "server/SECURITY.md",
	"server/strangers/CLIENTS.md", "admin/LEVERS.md"}

var (
	pageLink = regexp.MustCompile(`\]\(([^)]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	unsaid   = regexp.MustCompile(`[^a-z0-9 _-]`) // what the address of a heading leaves out
	fenced   = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
)

// headings are the addresses of a page's headings, as the sites that show Markdown make them.
func headings(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		all[strings.ReplaceAll(unsaid.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return all
}

func TestReadmeLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, page := range documents {
		for _, m := range pageLink.FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			seen++
			file, place, _ := strings.Cut(m[1], "#")
			if file = filepath.Join(filepath.Dir(page), file); strings.HasPrefix(m[1], "#") {
				file = page
			}
			if text := read(t, file); place != "" && !headings(text)[place] {
				t.Errorf("%s links to %s, and there is no such heading", page, m[1])
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d links were found", seen)
	}
}

// read reads a file by its path from the top of the module.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The commands that a page shows for a shell can be pasted as they stand: each page runs in a shell of its own, against a sandbox of its own,
// and each answer is one that the page tells of.
func TestReadmeCommandsRun(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "python3", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			chromium.Optional(t, "there is no "+tool+" here")
		}
	}
	for _, page := range []string{"README.md", "server/STANDARDS.md", "admin/LEVERS.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			p := launch(t, nil, "--addr", "127.0.0.1:0")
			refused, calls := 0, 0
			for _, m := range fenced.FindAllStringSubmatch(read(t, page), -1) {
				if m[1] != "sh" || strings.Contains(m[2], "go run .") {
					continue
				}
				lines := "set -euo pipefail\ncurl() { command curl -sS --max-time 100 -w '\\n%{stderr}answered %{http_code} %{url_effective}\\n' \"$@\"; }\n" +
					strings.ReplaceAll(m[2], "http://127.0.0.1:8080", p.base)
				shell := exec.Command("bash", "-c", strings.ReplaceAll(lines, "timeout=30s", "timeout=1s"))
				shell.Dir = t.TempDir()
				said, err := shell.CombinedOutput()
				if err != nil {
					t.Errorf("%v:\n%s%s", err, m[2], said)
				}
				for _, a := range regexp.MustCompile(`(?m)answered (\d+) (\S+)$`).FindAllStringSubmatch(string(said), -1) {
					if calls++; a[1] >= "400" {
						refused++
						t.Logf("%s %s", a[1], a[2])
					}
				}
			}
			if want := map[string]int{"README.md": 1, "server/STANDARDS.md": 1, "admin/LEVERS.md": 1}[page]; refused != want || calls < 5 {
				t.Errorf("of %d calls %d were refused, and the page tells of %d", calls, refused, want)
			}
		})
	}
}
