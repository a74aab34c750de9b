package admin

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"sandbank/server/fail"
)

// brief keeps an id that may be anything short in the list of activities.
func brief(id string) string {
	if r := []rune(id); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return id
}

// clipped keeps a text of the caller's short in what is told about it.
func clipped(text string) string {
	if r := []rune(text); len(r) > 40 {
		return strconv.Quote(string(r[:40])) + "…"
	}
	return strconv.Quote(text)
}

// readable refuses texts that no page and no list could show: too long ones, control characters, and marks that turn the text around them.
// Any script, emoji, and what looks like HTML are names like others.
func readable(field, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return fail.Field(field, "%d characters are too many; %d are the most", n, most)
	}
	for _, r := range text {
		if unicode.IsControl(r) || r == utf8.RuneError || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return fail.Field(field, "%U may not stand in a text that people read", r)
		}
	}
	return nil
}
