package console

// Paths are the patterns of all pages, for tests from outside.
func Paths() []string {
	var out []string
	for _, p := range pages() {
		out = append(out, p.path)
	}
	return out
}
