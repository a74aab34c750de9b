package export

import (
	"bytes"
	"embed"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
)

//go:embed template/*.tmpl
var files embed.FS

var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"env": envWord, "word": shellWord, "quote": strconv.Quote, "python": pythonWord,
		"goName": goName, "shellName": shellName, "pythonName": pythonName, "add": func(a, b int) int { return a + b },
	}).ParseFS(files, "template/*.tmpl"))
})

// sheet is what a template reads.
type sheet struct {
	Kit
	Constants []string
	Steps     []step
	Page      bool // somebody has to log in
	Basic     bool
	Secrets   bool // the program deals state or PKCE
	State     bool
	PKCE      bool
	User      bool // and the name of a new user
	Takes     bool // some answer is needed later
	Forms     bool // there is a query or a form
}

// step is a leg with its texts as expressions of a language.
type step struct {
	Leg
	Text func(string) string
	URL  string // of a page, for a shell: constants filled in, the rest as variables
}

// program renders a template; text writes a text with holes as an expression of the language, and name a hole as its variable.
func program(format, extension, kind string, k Kit, name func(string) string, text func(string, func(string) string) string) (*File, error) {
	s := sheet{Kit: k, Constants: k.constants(), State: k.needs("state"), PKCE: k.needs("verifier"), User: k.needs("user")}
	s.Secrets = s.State || s.PKCE || s.User
	for _, l := range k.Legs {
		one := step{Leg: l, Text: func(t string) string { return text(t, name) }}
		if l.Page {
			s.Page, one.URL = true, k.link(l, func(name string) string { return "$" + shellName(name) })
		}
		s.Basic, s.Takes, s.Forms = s.Basic || l.Basic, s.Takes || len(l.Take) > 0 && !l.Page, s.Forms || len(l.Query)+len(l.Form) > 0
		s.Steps = append(s.Steps, one)
	}
	for _, name := range []string{"redirect_uri", "login", "password"} { // of whoever logs in, and where that leads
		if s.Page && k.Has[name] != "" && !slices.Contains(s.Constants, name) {
			s.Constants = append(s.Constants, name)
		}
	}
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, format+".tmpl", s); err != nil {
		return nil, err
	}
	return &File{"sandbank-" + k.Slug + extension, kind, append(bytes.TrimSpace(b.Bytes()), '\n')}, nil
}

// link is a page's address below the base: what is known is filled in and escaped, for the rest stands a variable.
func (k Kit) link(l Leg, variable func(string) string) string {
	var pairs []string
	for _, p := range l.Query {
		var b strings.Builder
		at := 0
		for _, where := range hole.FindAllStringIndex(p[1], -1) {
			name := strings.Trim(p[1][where[0]:where[1]], "{}")
			b.WriteString(url.QueryEscape(p[1][at:where[0]]))
			if value, known := k.Has[name]; known {
				b.WriteString(url.QueryEscape(value))
			} else {
				b.WriteString(variable(name))
			}
			at = where[1]
		}
		b.WriteString(url.QueryEscape(p[1][at:]))
		pairs = append(pairs, url.QueryEscape(p[0])+"="+b.String())
	}
	return l.Path + "?" + strings.Join(pairs, "&")
}

// Address is where a person logs in for the client: the trip's page with what is known, and without what is not. A client with a secret
// goes without PKCE, so that whoever has the code can redeem it. It is empty where no person logs in.
func Address(k Kit) string {
	has := maps.Clone(k.Has)
	for _, f := range fixed {
		has[f[0]] = f[1]
	}
	for _, l := range k.Legs {
		for _, t := range l.Take {
			if _, known := has[t[0]]; !known {
				has[t[0]] = ""
			}
		}
	}
	k.Has = has
	for _, l := range k.packed().Legs {
		if l.Page {
			l.Query = slices.DeleteFunc(l.Query, func(p [2]string) bool {
				return has["client_secret"] != "" && strings.HasPrefix(p[0], "code_challenge")
			})
			return k.Base + k.link(l, strings.ToUpper)
		}
	}
	return ""
}

// Known tells the templates what a hole holds.
func (s sheet) Known(name string) string { return s.Has[name] }

// Endpoint is the path of the first leg that is a page, or takes a token.
func (s sheet) Endpoint(page bool) string {
	for _, l := range s.Legs {
		if page && l.Page || !page && slices.ContainsFunc(l.Take, func(t [2]string) bool { return t[0] == "access_token" }) {
			return l.Path
		}
	}
	return ""
}

func shellName(hole string) string { return strings.ToUpper(hole) }

func pythonName(hole string) string { return hole }

var initials = strings.NewReplacer("Id", "ID", "Uri", "URI")

func goName(hole string) string {
	var b strings.Builder
	for i, part := range strings.Split(hole, "_") {
		if i > 0 {
			part = initials.Replace(strings.ToUpper(part[:1]) + part[1:])
		}
		b.WriteString(part)
	}
	return b.String()
}

var simple = regexp.MustCompile(`^[A-Za-z0-9._~:/@%+=,-]*$`)

// envWord is a value of an environment file: a shell, Docker and the usual libraries read single quotes alike.
func envWord(text string) string {
	if simple.MatchString(text) {
		return text
	}
	return shellWord(line(text))
}

// shellWord is a text that a shell takes as it is.
func shellWord(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

var inDouble = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`")

// shellText is a word of a shell, with variables for holes.
func shellText(text string, name func(string) string) string {
	if !hole.MatchString(text) {
		if simple.MatchString(text) {
			return text
		}
		return shellWord(text)
	}
	return `"` + filled(inDouble.Replace(text), func(h string) string { return "$" + name(h) }) + `"`
}

// sum is a text with holes as a sum of literals and variables.
func sum(text string, name, literal func(string) string) string {
	var parts []string
	at := 0
	for _, where := range hole.FindAllStringIndex(text, -1) {
		if where[0] > at {
			parts = append(parts, literal(text[at:where[0]]))
		}
		parts, at = append(parts, name(strings.Trim(text[where[0]:where[1]], "{}"))), where[1]
	}
	if at < len(text) || len(parts) == 0 {
		parts = append(parts, literal(text[at:]))
	}
	return strings.Join(parts, " + ")
}

func goText(text string, name func(string) string) string {
	return strings.ReplaceAll(sum(text, name, func(t string) string {
		if strings.Contains(t, `"`) && strconv.CanBackquote(t) {
			return "`" + t + "`"
		}
		return strconv.Quote(t)
	}), " + ", "+") // as gofmt writes sums within calls
}

// pythonWord is a literal: JSON's strings are Python's.
func pythonWord(text string) string {
	out, err := json.Marshal(strings.ToValidUTF8(text, "?"))
	if err != nil {
		return `""` // a string can always be marshalled
	}
	return string(out)
}

func pythonText(text string, name func(string) string) string {
	return sum(text, name, func(t string) string {
		if strings.Contains(t, `"`) && !strings.ContainsAny(t, `'\`) && line(t) == t {
			return "'" + t + "'"
		}
		return pythonWord(t)
	})
}
