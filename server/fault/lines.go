package fault

import (
	"bytes"
	"encoding/json"
	"strings"

	"sandbank/server/fail"
)

// Headers are names with values. In JSON they are an object, or a text with a line "Name: value" for each.
type Headers map[string]string

// UnmarshalJSON reads either form.
func (h *Headers) UnmarshalJSON(p []byte) error {
	var r Rule
	told, err := lines(p, func(line string) error { return readHeader(&r, line) })
	if told {
		*h = r.Then.Headers
		return err
	}
	return json.Unmarshal(p, (*map[string]string)(h))
}

// Mutations are changes to the JSON of an answer. In JSON they are a list, or a text with a line for each, as the compact form has it:
// "set expires_in 60", "delete scope".
type Mutations []Mutation

// UnmarshalJSON reads either form.
func (m *Mutations) UnmarshalJSON(p []byte) error {
	var r Rule
	told, err := lines(p, func(line string) error { return readMutation(&r, line) })
	if told {
		*m = r.Then.Mutate
		return err
	}
	d := json.NewDecoder(bytes.NewReader(p))
	d.DisallowUnknownFields()
	return d.Decode((*[]Mutation)(m))
}

// lines reads a JSON text line by line; false when it is no text.
func lines(p []byte, read func(string) error) (told bool, err error) {
	var text string
	if len(p) == 0 || p[0] != '"' || json.Unmarshal(p, &text) != nil {
		return false, nil
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := read(line); err != nil {
			return true, fail.Field("", "%s: %s", line, fail.From(err).Why)
		}
	}
	return true, nil
}

// Lines are the changes, each as UnmarshalJSON reads it.
func (m Mutations) Lines() []string { return tellMutations(&Rule{Then: Then{Mutate: m}}) }
