package console

import (
	"regexp"
	"slices"
	"strings"
)

// spoken finds where a sentence speaks of a bank by its id: at it, of what is its own, by its rule. What stands in quotes somebody has sent.
func spoken(banks []string) *regexp.Regexp {
	id := "(" + strings.Join(banks, "|") + ")"
	return regexp.MustCompile(`"[^"]*"|\b(?:at|bank|(?:token|key|not) of) ` + id + `(?:[ ,;:)]|$)|\b` + id + ` (?:default|original)\b|^` + id + ` ha[sd] `)
}

// Sentence is Told, beginning as a sentence does.
func (v *visit) Sentence(text string) string { return capital(v.Told(text)) }

// Told is a sentence of the sandbox as pages tell it: with the names of banks in place of their ids, which scripts go by.
func (v *visit) Told(text string) string {
	if !slices.ContainsFunc(v.Banks, func(bank string) bool { return strings.Contains(text, bank) }) {
		return text
	}
	var b strings.Builder
	last := 0
	for _, m := range v.console.banks.FindAllStringSubmatchIndex(text, -1) {
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				b.WriteString(text[last:m[i]] + v.Bank(text[m[i]:m[i+1]]))
				last = m[i+1]
			}
		}
	}
	return b.String() + text[last:]
}
