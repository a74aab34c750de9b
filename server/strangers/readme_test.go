package strangers_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the README's table of clients")

// The README tells of the clients that run here, and of no others: go test ./server/strangers -run Readme -update
func TestReadme(t *testing.T) {
	t.Parallel()
	const name, begin, end = "../../README.md", "<!-- clients -->\n", "<!-- /clients -->"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has no part for the clients")
	}
	switch want := table(); {
	case old == want:
	case *update:
		if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the README's table of clients is out of date; run: go test ./server/strangers -run Readme -update")
	}
}

func table() string {
	var b strings.Builder
	b.WriteString("| client | version | language | bank | flow | what was seen |\n|---|---|---|---|---|---|\n")
	for _, c := range strangers() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.kit.name, c.kit.pinned, c.kit.language, c.bank.name, c.flow, c.seen)
	}
	return b.String()
}
