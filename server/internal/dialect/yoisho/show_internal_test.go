package yoisho

import (
	"encoding/json"
	"strings"
	"testing"

	"sandbank/server/internal/wire"
)

// banks.md §1: answers are as Python's json.dumps writes them. Whatever a text is, it comes back as it was, in ASCII, and blanks come in
// behind the colons and commas around it, never within.
func FuzzSpaced(f *testing.F) {
	for _, text := range []string{"", "Dave", `a,b:"c\`, "日本:1,2", "\U00010022:,\"", "\U0001005c:,", "\U0010ffff", "\x00\u2028<&>"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "") // JSON has no other
		plain, err := wire.Encode([]any{text, map[string]int{"n": 1}})
		if err != nil {
			t.Fatal(err)
		}
		got := string(spaced(string(plain)))
		inner, begins := strings.CutPrefix(got, `["`)
		inner, ends := strings.CutSuffix(inner, `", {"n": 1}]`)
		if !begins || !ends || strings.ContainsFunc(got, func(r rune) bool { return r >= 0x80 }) {
			t.Fatalf("%q is shown as %s", text, got)
		}
		var back string
		if err := json.Unmarshal([]byte(`"`+inner+`"`), &back); err != nil || back != text {
			t.Errorf("%q is shown as %s (%v)", text, got, err)
		}
	})
}
