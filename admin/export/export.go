// Package export owns what a client takes along to another tool: its credentials and its bank's trip, the way from nothing to an answer,
// as an environment file, a shell script, a program, or a collection for Postman or Bruno.
//
// It knows no bank and no HTTP: a trip is read out of the bank's flow, with {holes} for what is the client's own. What people typed (names, secrets,
// redirect URIs) is quoted as the language asks for it.
//
//	file, err := export.Write("python", kit)
package export

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Leg is one request of a trip. The holes are client_id, client_secret, redirect_uri, scope, state, challenge and verifier of PKCE,
// service_id, service_secret, login, password, user (a new one), and what earlier legs took.
type Leg struct {
	Title  string
	Method string
	Path   string
	Query  [][2]string
	Head   [][2]string
	Form   [][2]string
	JSON   string
	Basic  bool        // with the client's credentials
	Page   bool        // a person opens it, and ends at the redirect URI with the code, which is taken
	Take   [][2]string // what later legs need: hole, field of the answer
}

// Kit is a client with all that its calls need.
type Kit struct {
	Title string            // of the file: "My app at berlin"
	Slug  string            // for names of files
	Base  string            // URL that paths stand under
	Has   map[string]string // what is known beforehand, by hole; what is empty is not sent
	Legs  []Leg
}

// File is what to save.
type File struct {
	Name string // with its extension
	Type string // media type
	Data []byte
}

// Formats are what Write knows, in the order in which a page offers them.
func Formats() []string { return []string{"env", "curl", "go", "python", "postman", "bruno"} }

// Write writes a kit; nil when there is no such format.
func Write(format string, k Kit) (*File, error) {
	k = k.packed()
	switch format {
	case "env":
		return program("env", ".env", "text/plain; charset=utf-8", k, shellName, nil)
	case "curl":
		return program("curl", ".sh", "text/x-shellscript; charset=utf-8", k, shellName, shellText)
	case "go":
		return program("go", ".go", "text/x-go; charset=utf-8", k, goName, goText)
	case "python":
		return program("python", ".py", "text/x-python; charset=utf-8", k, pythonName, pythonText)
	case "postman":
		return postman(k)
	case "bruno":
		return bruno(k)
	}
	return nil, nil
}

var hole = regexp.MustCompile(`\{[a-z_]+\}`)

// packed is the kit without what its client does not have: pairs whose hole is empty are not sent, and what no later leg needs is not
// taken.
func (k Kit) packed() Kit {
	k.Title = line(k.Title)
	k.Legs = slices.Clone(k.Legs)
	for i := range k.Legs {
		l := &k.Legs[i]
		l.Query, l.Head, l.Form = k.sent(l.Query), k.sent(l.Head), k.sent(l.Form)
		l.Basic = l.Basic && k.Has["client_secret"] != ""
	}
	for i := range k.Legs {
		l := &k.Legs[i]
		l.Take = slices.DeleteFunc(slices.Clone(l.Take), func(t [2]string) bool {
			return !slices.ContainsFunc(k.Legs[i+1:], func(later Leg) bool { return later.needs(t[0]) })
		})
	}
	return k
}

// sent are the pairs without those. A client that may only ask for some scopes asks for these.
func (k Kit) sent(pairs [][2]string) [][2]string {
	pairs = slices.Clone(pairs)
	for i := range pairs {
		if strings.EqualFold(pairs[i][0], "scope") && k.Has["scope"] != "" {
			pairs[i][1] = "{scope}"
		}
	}
	return slices.DeleteFunc(pairs, func(p [2]string) bool {
		return slices.ContainsFunc(hole.FindAllString(p[1], -1), func(h string) bool {
			value, known := k.Has[strings.Trim(h, "{}")]
			return known && value == ""
		})
	})
}

// texts are all texts of a leg that may have holes.
func (l *Leg) texts() []string {
	out := []string{l.Path, l.JSON}
	for _, p := range slices.Concat(l.Query, l.Head, l.Form) {
		out = append(out, p[1])
	}
	if l.Basic {
		out = append(out, "{client_id}{client_secret}")
	}
	return out
}

func (l *Leg) needs(name string) bool {
	return slices.ContainsFunc(l.texts(), func(t string) bool { return strings.Contains(t, "{"+name+"}") })
}

// needs tells whether any leg does.
func (k Kit) needs(name string) bool {
	return slices.ContainsFunc(k.Legs, func(l Leg) bool { return l.needs(name) })
}

// constants are the holes that are known beforehand and needed, by name.
func (k Kit) constants() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(k.Has)), func(name string) bool {
		return k.Has[name] == "" || !k.needs(name)
	})
}

// line keeps a text on one line: a comment must not end in the middle of a name.
func line(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}

// filled replaces every hole.
func filled(text string, by func(name string) string) string {
	return hole.ReplaceAllStringFunc(text, func(h string) string { return by(strings.Trim(h, "{}")) })
}
