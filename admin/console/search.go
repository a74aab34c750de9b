package console

import (
	"maps"
	"slices"
	"strings"

	"sandbank/server/fail"
)

// searched reads a search line, as "user:jane bank:berlin": what it names goes into the fields, a bare word into the one for these.
// What an address already says wins over the line.
func searched(line string, fields map[string]*string, bare string) error {
	for _, word := range strings.Fields(line) {
		name, value, ok := strings.Cut(word, ":")
		if !ok {
			name, value = bare, word
		}
		into := fields[name]
		if into == nil {
			return fail.Field("q", "there is no filter %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		}
		if *into == "" {
			*into = value
		}
	}
	return nil
}
