// Package magic owns logins that bend the grant they bring: whoever logs in as dave~ttl5s is dave, and this grant's access tokens live
// five seconds. Levers thus need no console, only a user name.
//
// A login is a name that somebody has, and flags behind it: dave~ttl5s.deny is the canonical form; dave~ttl5s~deny, dave+ttl5s and
// "dave ttl5s" (what a bare + in a form decodes to) are read alike, in any case. A name that somebody has as a whole, as an e-mail address
// with a plus, is never read in this way. What a flag means is data: a Flag. The package knows no HTTP, no page and no bank; what a bank
// has and a flag may need reaches it as a Bank.
//
//	login, problems := magic.Flags().Read("dave~ttl5s.slow2s", bank, known)
//	login.Terms // of the grant that is to come
package magic

import (
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// longest is the length in bytes from which on nothing is a magic login.
const longest = 256

// separators stand between the name and its flags, and between flags; the dot only between flags, because names have dots too.
const separators = "~+ "

// Bank is what a flag may need of the bank at which somebody logs in.
type Bank struct {
	ID   string // in URLs: "berlin"
	Name string // for people
	Has  func(grant.Knob) bool
	Ways
}

// Ways are those of a bank with people who log in.
type Ways struct {
	Redirect     bool // the login ends with a redirect to the app
	OneTimeCode  bool // it has a step with a one-time code
	Transactions bool // the bank shows transactions, not only a balance
}

// Login is a login with flags.
type Login struct {
	Name  string
	Bank  Bank         // at which somebody logs in
	Flags []string     // lower-case, in the order in which they were typed
	Terms *grant.Terms // of the grant that it brings
	Ends  fail.Kind    // how it ends instead: access_denied, temporarily_unavailable, server_error, user_locked; empty: with a grant
}

// String is the canonical form.
func (l *Login) String() string { return canonical(l.Name, l.Flags) }

func canonical(name string, flags []string) string { return name + "~" + strings.Join(flags, ".") }

// Flag is one thing that a login can ask for.
type Flag struct {
	Name  string                     // what the word begins with: "ttl", "deny"
	Value string                     // an example of what stands behind it: "5s"; empty: nothing does
	Doc   string                     // one line for people
	Lacks func(Bank) string          // what a bank lacks so that the flag would have no effect there; "", or no function: nothing
	Set   func(*Login, string) error // does it; the error says what is wrong with the value

	// Instead says why no login at any bank can have it, and how it is had. Such a flag is explained to whoever tries, and not listed.
	Instead string
}

// Word is the flag as one types it.
func (f *Flag) Word() string { return f.Name + f.Value }

// lacks is what keeps the flag from having an effect at the bank, or "".
func (f *Flag) lacks(b Bank) string {
	if f.Lacks == nil {
		return ""
	}
	return f.Lacks(b)
}

// Problem is a flag that was not understood, or cannot be had.
type Problem struct{ Flag, Why string }

// Catalogue is the flags that there are, in the order in which they are listed.
type Catalogue []Flag

// With are these flags and more.
func (c Catalogue) With(more ...Flag) Catalogue { return slices.Concat(c, more) }

// Line is a flag as a bank lists it.
type Line struct {
	Word, Doc string
	Lacks     string // why the bank does not take it; empty: it does
}

// Lines lists the flags that a login can have for a bank, those that it takes first.
func (c Catalogue) Lines(b Bank) []Line {
	var out, others []Line
	for i := range c {
		if c[i].Instead != "" {
			continue
		}
		if l := (Line{c[i].Word(), c[i].Doc, c[i].lacks(b)}); l.Lacks == "" {
			out = append(out, l)
		} else {
			others = append(others, l)
		}
	}
	return append(out, others...)
}

// Read takes a login apart. known tells which names there are: the longest that text begins with counts. Without such a name, or without
// a flag behind it, there is nothing magic, and nil comes back. Problems come in the order of the flags, and no login with them.
func (c Catalogue) Read(text string, b Bank, known func(name string) bool) (*Login, []Problem) {
	name, words := split(text, known)
	if len(words) == 0 {
		return nil, nil
	}
	l := &Login{Name: name, Bank: b, Flags: words, Terms: grant.NewTerms(canonical(name, words))}
	var problems []Problem
	seen := map[string]bool{}
	for _, word := range words {
		f, value := c.find(word)
		why := ""
		switch {
		case f == nil:
			why = "there is no such flag"
		case f.Instead != "":
			why = f.Instead
		case f.lacks(b) != "":
			why = b.Name + " has " + f.lacks(b)
		case seen[f.Name]:
			why = f.Name + " is there twice"
		default:
			seen[f.Name] = true
			if err := f.Set(l, value); err != nil {
				why = fail.From(err).Why
			}
		}
		if why != "" {
			problems = append(problems, Problem{word, why})
		}
	}
	if problems != nil {
		return nil, problems
	}
	return l, nil
}

// split finds the name and the flags, lower-cased; no flags when the login has none.
func split(text string, known func(string) bool) (name string, words []string) {
	if len(text) > longest || !strings.ContainsAny(text, separators) || known(text) {
		return "", nil
	}
	for i := len(text) - 1; i > 0; i-- {
		if strings.IndexByte(separators, text[i]) >= 0 && known(text[:i]) {
			return text[:i], strings.FieldsFunc(strings.ToLower(text[i:]), func(r rune) bool { return strings.ContainsRune(separators+".", r) })
		}
	}
	return "", nil
}

// find is the flag that a word means, and the value in it: one without a value word for word, one with a value by the longest name that
// leaves one. A value begins with a digit, or is "never".
func (c Catalogue) find(word string) (found *Flag, value string) {
	for i := range c {
		f := &c[i]
		rest, ok := strings.CutPrefix(word, f.Name)
		switch {
		case !ok:
		case f.Value == "" && rest == "":
			return f, ""
		case f.Value != "" && (rest == "never" || rest != "" && rest[0] >= '0' && rest[0] <= '9') && (found == nil || len(f.Name) > len(found.Name)):
			found, value = f, rest
		}
	}
	return found, value
}
