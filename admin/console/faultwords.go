package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fault"
)

// requestWords is what the request line of a call must be: "POST token", "any call".
func requestWords(w *fault.When) string {
	what := w.Path
	if what == "" {
		what = w.Op
	}
	if what == "" && w.Method == "" {
		return "any call"
	}
	if what == "" {
		what = "*"
	}
	return strings.TrimSpace(w.Method + " " + what)
}

// whenWords are the other conditions.
func whenWords(w *fault.When) string {
	var out []string
	add := func(form string, value string) {
		if value != "" {
			out = append(out, fmt.Sprintf(form, value))
		}
	}
	add("bank %s", w.Bank)
	if w.Path != "" {
		add("operation %s", w.Op)
	}
	add("client %s", w.Client)
	add("user %s", w.User)
	if name, value, ok := strings.Cut(w.Param, "="); ok && name == "grant_type" {
		add("grant %s", value)
	} else {
		add("parameter %s", w.Param)
	}
	if w.Header == "Authorization: Bearer *" {
		out = append(out, "with an access token")
	} else {
		add("header %s", w.Header)
	}
	if w.Answer != 0 {
		add("when the bank says %s", strconv.Itoa(w.Answer))
	}
	if w.Nth != 0 {
		add("only call number %s", strconv.Itoa(w.Nth))
	}
	if out == nil {
		return "always"
	}
	return strings.Join(out, ", ")
}

// thenWords are what happens.
func thenWords(t *fault.Then) string {
	out := append(answerWords(t), changeWords(t)...)
	if t.Delay != 0 {
		text := "delay " + span(time.Duration(t.Delay))
		if t.Spread != 0 {
			text += " ± " + span(time.Duration(t.Spread))
		}
		out = append(out, text)
	}
	for _, cut := range []struct {
		on   bool
		word string
	}{{t.Drop, "close without an answer"}, {t.Reset, "reset the connection"}, {t.Hang, "say nothing"}} {
		if cut.on {
			out = append(out, cut.word)
		}
	}
	if t.Truncate != nil {
		out = append(out, fmt.Sprintf("cut after %s", plural(*t.Truncate, "byte", "bytes")))
	}
	if t.Dribble != 0 {
		out = append(out, bytesText(t.Dribble)+" a second")
	}
	text := strings.Join(out, ", ")
	if t.Where == fault.After {
		text += ", after the commit"
	}
	return text
}

func answerWords(t *fault.Then) (out []string) {
	switch {
	case t.Refuse != "" && t.Status != 0:
		out = append(out, strings.ReplaceAll(string(t.Refuse), "_", " ")+", as "+strconv.Itoa(t.Status))
	case t.Refuse != "":
		out = append(out, strings.ReplaceAll(string(t.Refuse), "_", " "))
	case t.Status != 0:
		out = append(out, strconv.Itoa(t.Status))
	}
	switch {
	case t.Redirect == fault.LoginPage:
		out = append(out, "to the login page")
	case t.Redirect != "":
		out = append(out, "to "+t.Redirect)
	}
	switch {
	case t.Body != nil && *t.Body == "":
		out = append(out, "empty body")
	case t.Body != nil:
		out = append(out, "another body")
	}
	return out
}

func changeWords(t *fault.Then) (out []string) {
	if t.Type != "" {
		out = append(out, "called "+t.Type)
	}
	out = append(out, lined(t.Headers)...)
	for _, name := range t.Strip {
		out = append(out, "without "+name)
	}
	for _, m := range t.Mutate {
		switch m.Do {
		case fault.Delete:
			out = append(out, "no "+m.Path)
		case fault.Duplicate:
			out = append(out, m.Path+" twice")
		default:
			out = append(out, m.Path+" = "+string(m.Value))
		}
	}
	if t.Cacheable != 0 {
		out = append(out, "cacheable for "+span(time.Duration(t.Cacheable)))
	}
	if t.RetryAfter != "" {
		out = append(out, "Retry-After "+t.RetryAfter)
	}
	return out
}

// oftenWords are which of the calls, and how many are left.
func (v *visit) oftenWords(l fault.Listed) string {
	o := &l.Often
	var out []string
	switch {
	case o.Percent != 0:
		out = append(out, strconv.FormatFloat(o.Percent, 'f', -1, 64)+" %")
	case o.Every > 1:
		out = append(out, "every "+ordinal(o.Every))
	}
	if o.Next != 0 {
		out = append(out, "next "+plural(o.Next, "request", "requests"))
		if left := o.Next - l.Hits; l.State != fault.Spent && l.Hits > 0 {
			out = append(out, strconv.Itoa(left)+" left")
		}
	}
	if o.After != 0 {
		out = append(out, "after "+plural(o.After, "request", "requests"))
	}
	if o.Seed != 0 {
		out = append(out, "seed "+strconv.FormatUint(o.Seed, 10))
	}
	if !o.Until.IsZero() {
		form := "15:04:05"
		if v.Local(o.Until, "2006-01-02") != v.Local(v.Now, "2006-01-02") {
			form = "2006-01-02 15:04"
		}
		out = append(out, "until "+v.Local(o.Until, form))
	}
	if out == nil {
		return "every request"
	}
	return strings.Join(out, ", ")
}

func ordinal(n int) string {
	end := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		end = "st"
	case n%10 == 2:
		end = "nd"
	case n%10 == 3:
		end = "rd"
	}
	return strconv.Itoa(n) + end
}
