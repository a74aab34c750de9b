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

// Money is an amount as pages write it.
func Money(m int64, currency string) string { return money(admin.Money(m), currency) }
