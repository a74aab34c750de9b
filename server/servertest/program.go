package servertest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Build compiles the program into a directory and returns its path.
func Build(dir string) (string, error) {
	path := filepath.Join(dir, "sandbank")
	build := exec.Command("go", "build", "-o", path, "sandbank") // #nosec G204 -- the directory is the test's own
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

// Program is the program running in a process of its own, which ends with the test.
type Program struct {
	Cmd    *exec.Cmd
	URL    string // where it answers, as its first output says
	Output string // up to the ready line
	Stderr *bytes.Buffer
}

var readyLine = regexp.MustCompile(`Ready at\s+(\S+)`)

// Run starts a program that Build made, and waits until it is ready. env is added to the test's own environment.
func Run(t testing.TB, path string, env []string, args ...string) *Program {
	t.Helper()
	p := &Program{Cmd: exec.Command(path, args...), Stderr: &bytes.Buffer{}}
	p.Cmd.Env = append(os.Environ(), env...)
	p.Cmd.Stderr = p.Stderr
	out, err := p.Cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Cmd.Process.Kill(); p.Cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p.Output += lines.Text() + "\n"
		if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
			p.URL = m[1]
		}
		if strings.Contains(lines.Text(), "People") {
			go io.Copy(io.Discard, out)
			return p
		}
	}
	t.Fatalf("the program ended before it was ready:\n%s%s", p.Output, p.Stderr)
	return nil
}
