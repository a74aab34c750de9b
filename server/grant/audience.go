package grant

import (
	"slices"
	"strings"

	"sandbank/server/fail"
)

// Covers tells whether a resource is another one or stands below it: …/v1 covers …/v1/accounts, and not …/v10.
func Covers(resource, other string) bool {
	rest, ok := strings.CutPrefix(other, strings.TrimSuffix(resource, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

// narrow is the audience of an access token: what was granted, or what is asked for of it. More than was granted is InvalidTarget
// (RFC 8707 §2.2). A grant for no resource in particular is for all of the bank's.
func narrow(granted, asked []string, t *fail.Trail) ([]string, error) {
	if len(asked) == 0 {
		return granted, nil
	}
	for _, one := range asked {
		if len(granted) > 0 && !slices.ContainsFunc(granted, func(of string) bool { return Covers(of, one) }) {
			return nil, t.No("resource", fail.New(fail.InvalidTarget, "resource %q was not granted; %q was", one, granted))
		}
	}
	t.Pass("resource", strings.Join(asked, " "))
	return asked, nil
}

// HasBank tells whether there is a bank of this name.
func (g *Grants) HasBank(name string) bool {
	_, ok := g.forms[name]
	return ok
}
