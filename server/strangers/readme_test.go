package strangers_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"sandbank/server/servertest"
)

var update = flag.Bool("update", false, "rewrite the tables of clients")

// The README tells of the clients that run here, and of no others, and the page of clients what each run shows:
// go test ./server/strangers -run Readme -update
func TestReadme(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"../../README.md": clients(), "CLIENTS.md": runs()} {
		const begin, end = "<!-- clients -->\n", "<!-- /clients -->"
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok := strings.Cut(string(text), begin)
		old, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no part for the clients", name)
		}
		switch {
		case old == want:
		case *update:
			servertest.WriteFile(t, name, before+begin+want+end+after)
		default:
			t.Errorf("the table of clients in %s is out of date; run: go test ./server/strangers -run Readme -update", name)
		}
	}
}

// clients has one row for each client, with its flows at each bank.
func clients() string {
	flows := map[string][]string{} // by client
	for _, c := range strangers() {
		flows[c.kit.name] = append(flows[c.kit.name], "**"+c.bank.name+"** "+c.flow)
	}
	var b strings.Builder
	b.WriteString("| client | version | language | what it walks |\n|---|---|---|---|\n")
	for _, c := range strangers() {
		if flows[c.kit.name] != nil {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.kit.name, c.kit.pinned, c.kit.language, strings.Join(flows[c.kit.name], "<br>"))
			delete(flows, c.kit.name)
		}
	}
	return b.String()
}

func runs() string {
	var b strings.Builder
	b.WriteString("| client | bank | flow | what was seen |\n|---|---|---|---|\n")
	for _, c := range strangers() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.kit.name, c.bank.name, c.flow, c.seen)
	}
	return b.String()
}
