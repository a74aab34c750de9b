package console

import "sandbank/admin"

// Paths are the patterns of all pages, for tests from outside.
func Paths() []string {
	var out []string
	for _, p := range pages() {
		out = append(out, p.path)
	}
	return out
}

// Told tells whether the page of policies says what a knob is there for.
func Told(knob string) bool {
	t, ok := knobTexts()[knob]
	return ok && t.Title != "" && t.Why != "" && t.Learn != ""
}

// Money is an amount as pages write it.
func Money(m int64, currency string) string { return money(admin.Money(m), currency) }
