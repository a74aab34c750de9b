package fault

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sandbank/server/fail"
)

// part is one key of the compact form: how to read it into a rule, and how to tell what a rule has of it.
type part struct {
	key  string
	read func(r *Rule, text string) error
	tell func(r *Rule) []string // one for each time that the key is written
}

// parts are the keys in the order in which they are told: when, then, how often.
func parts() []part {
	return slices.Concat([]part{
		text("name", func(r *Rule) *string { return &r.Name }),
		flag("paused", func(r *Rule) *bool { return &r.Paused }),
		text("bank", func(r *Rule) *string { return &r.When.Bank }),
		text("op", func(r *Rule) *string { return &r.When.Op }),
		text("method", func(r *Rule) *string { return &r.When.Method }),
		text("path", func(r *Rule) *string { return &r.When.Path }),
		text("client", func(r *Rule) *string { return &r.When.Client }),
		text("user", func(r *Rule) *string { return &r.When.User }),
		text("if-header", func(r *Rule) *string { return &r.When.Header }),
		text("param", func(r *Rule) *string { return &r.When.Param }),
		number("answer", func(r *Rule) *int { return &r.When.Answer }),
		number("nth", func(r *Rule) *int { return &r.When.Nth }),
	}, effects(), []part{
		number("next", func(r *Rule) *int { return &r.Often.Next }),
		number("after", func(r *Rule) *int { return &r.Often.After }),
		number("every", func(r *Rule) *int { return &r.Often.Every }),
		{"percent", func(r *Rule, s string) (err error) { r.Often.Percent, err = strconv.ParseFloat(s, 64); return },
			func(r *Rule) []string {
				return some(r.Often.Percent != 0, strconv.FormatFloat(r.Often.Percent, 'f', -1, 64))
			}},
		{"seed", func(r *Rule, s string) (err error) { r.Often.Seed, err = strconv.ParseUint(s, 10, 64); return },
			func(r *Rule) []string { return some(r.Often.Seed != 0, strconv.FormatUint(r.Often.Seed, 10)) }},
		{"until", func(r *Rule, s string) (err error) { r.Often.Until, err = time.Parse(time.RFC3339Nano, s); return },
			func(r *Rule) []string { return some(!r.Often.Until.IsZero(), r.Often.Until.Format(time.RFC3339Nano)) }},
	})
}

// effects are the keys of Then.
func effects() []part {
	return []part{
		text("where", func(r *Rule) *Where { return &r.Then.Where }),
		number("status", func(r *Rule) *int { return &r.Then.Status }),
		text("refuse", func(r *Rule) *fail.Kind { return &r.Then.Refuse }),
		{"body", func(r *Rule, s string) error { r.Then.Body = &s; return nil }, func(r *Rule) []string {
			if r.Then.Body == nil {
				return nil
			}
			return []string{*r.Then.Body}
		}},
		text("redirect", func(r *Rule) *string { return &r.Then.Redirect }),
		text("type", func(r *Rule) *string { return &r.Then.Type }),
		{"header", readHeader, tellHeaders},
		{"strip", func(r *Rule, s string) error { r.Then.Strip = append(r.Then.Strip, s); return nil }, func(r *Rule) []string { return r.Then.Strip }},
		{"mutate", readMutation, tellMutations},
		span("cacheable", func(r *Rule) *Duration { return &r.Then.Cacheable }),
		text("retry-after", func(r *Rule) *string { return &r.Then.RetryAfter }),
		span("delay", func(r *Rule) *Duration { return &r.Then.Delay }),
		span("spread", func(r *Rule) *Duration { return &r.Then.Spread }),
		{"truncate", func(r *Rule, s string) error {
			n, err := strconv.Atoi(s)
			r.Then.Truncate = &n
			return err
		}, func(r *Rule) []string {
			if r.Then.Truncate == nil {
				return nil
			}
			return []string{strconv.Itoa(*r.Then.Truncate)}
		}},
		number("dribble", func(r *Rule) *int { return &r.Then.Dribble }),
		flag("drop", func(r *Rule) *bool { return &r.Then.Drop }),
		flag("reset", func(r *Rule) *bool { return &r.Then.Reset }),
		flag("hang", func(r *Rule) *bool { return &r.Then.Hang }),
	}
}

func some(is bool, text string) []string {
	if !is {
		return nil
	}
	return []string{text}
}

func text[T ~string](key string, at func(*Rule) *T) part {
	return part{key, func(r *Rule, s string) error { *at(r) = T(s); return nil }, func(r *Rule) []string { return some(*at(r) != "", string(*at(r))) }}
}

func number(key string, at func(*Rule) *int) part {
	return part{key, func(r *Rule, s string) (err error) { *at(r), err = strconv.Atoi(s); return },
		func(r *Rule) []string { return some(*at(r) != 0, strconv.Itoa(*at(r))) }}
}

func span(key string, at func(*Rule) *Duration) part {
	return part{key, func(r *Rule, s string) error { return at(r).UnmarshalText([]byte(s)) }, func(r *Rule) []string {
		b, _ := at(r).MarshalText()
		return some(*at(r) != 0, string(b))
	}}
}

func flag(key string, at func(*Rule) *bool) part {
	return part{key, func(r *Rule, s string) (err error) {
		*at(r) = true
		if s != "" {
			*at(r), err = strconv.ParseBool(s)
		}
		return
	}, func(r *Rule) []string { return some(*at(r), "") }}
}

func readHeader(r *Rule, s string) error {
	name, value, ok := strings.Cut(s, ":")
	name = strings.TrimSpace(name)
	if _, twice := r.Then.Headers[name]; twice || !ok {
		return fail.New(fail.InvalidField, `write "Name: value", each name once`)
	}
	if r.Then.Headers == nil {
		r.Then.Headers = map[string]string{}
	}
	r.Then.Headers[name] = strings.TrimSpace(value)
	return nil
}

func tellHeaders(r *Rule) []string {
	var out []string
	for name, value := range r.Then.Headers {
		out = append(out, name+": "+value)
	}
	slices.Sort(out)
	return out
}

// readMutation reads "set expires_in 60", "delete scope".
func readMutation(r *Rule, s string) error {
	do, rest, _ := strings.Cut(s, " ")
	path, value, valued := strings.Cut(rest, " ")
	m := Mutation{Do: do, Path: path}
	if valued {
		m.Value = json.RawMessage(value)
	}
	r.Then.Mutate = append(r.Then.Mutate, m)
	return nil
}

func tellMutations(r *Rule) []string {
	var out []string
	for _, m := range r.Then.Mutate {
		line := m.Do + " " + m.Path
		if len(m.Value) > 0 {
			line += " " + string(m.Value)
		}
		out = append(out, line)
	}
	return out
}

// Parse reads the compact form: keys and values apart by "=", pairs by ";". A value with a semicolon, a quote or blanks at its ends is
// written in quotes as in Go. Whether the rule makes sense is for Arm to say.
//
//	status=503; delay=2s; next=1
//	op=token; reset; where=after
//	body="{\"error\": \"teapot\"}"; type=application/json; header=X-Reason: tea; header=Retry-After: soon
func Parse(line string) (Rule, error) {
	var r Rule
	known, once := map[string]part{}, map[string]bool{}
	for _, p := range parts() {
		known[p.key] = p
	}
	rest := strings.TrimSpace(line)
	for rest != "" {
		var key, value string
		var err error
		if key, value, rest, err = pair(rest); err != nil {
			return Rule{}, err
		}
		p, ok := known[key]
		switch {
		case key == "": // between two semicolons
			continue
		case !ok:
			return Rule{}, fail.Field(key, "there is no key %q; there are %s", key, strings.Join(keys(), ", "))
		case once[key] && !slices.Contains([]string{"header", "strip", "mutate"}, key):
			return Rule{}, fail.Field(key, "%s is given twice", key)
		}
		once[key] = true
		if err := p.read(&r, value); err != nil {
			return Rule{}, fail.Field(key, "%s=%s cannot be read: %v", key, value, reason(err))
		}
	}
	return r, nil
}

// reason is the part of an error that is of use to whoever wrote the value.
func reason(err error) string {
	switch e := err.(type) {
	case *strconv.NumError:
		if e.Func == "ParseBool" {
			return "write true, false, or nothing at all"
		}
		return "it is no number of that kind"
	case *time.ParseError:
		return "write an instant as 2026-12-03T17:00:00Z"
	}
	return fail.From(err).Why
}

func keys() []string {
	var out []string
	for _, p := range parts() {
		out = append(out, p.key)
	}
	return out
}

// pair reads up to the next semicolon outside quotes.
func pair(line string) (key, value, rest string, err error) {
	end := strings.IndexAny(line, "=;")
	if end < 0 || line[end] == ';' {
		key, rest, _ = strings.Cut(line, ";")
		return strings.TrimSpace(key), "", strings.TrimSpace(rest), nil
	}
	key, line = strings.TrimSpace(line[:end]), strings.TrimSpace(line[end+1:])
	if key == "" {
		return "", "", "", fail.Field("", "a value stands without its key")
	}
	if !strings.HasPrefix(line, `"`) {
		value, rest, _ = strings.Cut(line, ";")
		return key, strings.TrimSpace(value), strings.TrimSpace(rest), nil
	}
	quoted, err := strconv.QuotedPrefix(line)
	if err == nil {
		value, err = strconv.Unquote(quoted)
	}
	tail := strings.TrimSpace(line[len(quoted):])
	if err != nil || !utf8.ValidString(value) || (tail != "" && tail[0] != ';') {
		return "", "", "", fail.Field(key, "the quotes around the value of %s do not end where they should", key)
	}
	return key, value, strings.TrimSpace(strings.TrimPrefix(tail, ";")), nil
}

// String is the rule in one line, as Parse reads it.
func (r *Rule) String() string { return tell(r, parts()) }

// String is what the rule does, in one line.
func (t *Then) String() string { return tell(&Rule{Then: *t}, effects()) }

func tell(r *Rule, parts []part) string {
	var out []string
	for _, p := range parts {
		for _, value := range p.tell(r) {
			switch {
			case value == "" && p.key != "body":
				out = append(out, p.key)
			case value == "" || value != strings.TrimSpace(value) || strings.ContainsAny(value, `";`) || strings.ContainsFunc(value, func(c rune) bool { return control(c) || c > '~' }):
				out = append(out, p.key+"="+strconv.QuoteToASCII(value))
			default:
				out = append(out, p.key+"="+value)
			}
		}
	}
	return strings.Join(out, "; ")
}
