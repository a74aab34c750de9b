package fault

import (
	"encoding/json"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sandbank/server/clock"
	"sandbank/server/fail"
)

// check finds the first thing in a rule that makes no sense.
func (r *Rule) check(now time.Time) *fail.Error {
	if len(r.Name) > maxText || !utf8.ValidString(r.Name) {
		return fail.Field("name", "the name has %d bytes; up to %d of UTF-8 are taken", len(r.Name), maxText)
	}
	for _, check := range []func() *fail.Error{r.When.check, r.Then.checkTiming, r.Then.checkPlace, r.Then.checkAnswer, r.Then.checkTexts,
		r.Then.checkHeaders, r.Then.checkMutations, r.checkTogether} {
		if err := check(); err != nil {
			return err
		}
	}
	return r.checkOften(now)
}

// A header's name is a token (RFC 9110 §5.6.2), and so is a method.
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func (w *When) check() *fail.Error {
	for _, g := range []struct{ field, text string }{{"bank", w.Bank}, {"op", w.Op}, {"method", w.Method}, {"path", w.Path},
		{"client", w.Client}, {"user", w.User}, {"header", w.Header}, {"param", w.Param}} {
		if len(g.text) > maxText || !utf8.ValidString(g.text) {
			return fail.Field("when."+g.field, "the text has %d bytes; up to %d of UTF-8 are taken", len(g.text), maxText)
		}
	}
	name, _, _ := strings.Cut(w.Header, ":")
	switch param, _, _ := strings.Cut(w.Param, "="); {
	case w.Method != "" && !token.MatchString(w.Method):
		return fail.Field("when.method", "%q is no method", w.Method)
	case w.Path != "" && w.Path[0] != '/' && w.Path[0] != '*':
		return fail.Field("when.path", "%q can match no path: one begins with a slash; write /%s or */%s", w.Path, w.Path, w.Path)
	case w.Header != "" && !token.MatchString(strings.TrimSpace(name)):
		return fail.Field("when.header", `%q names no header; write "Name: value" or "Name"`, w.Header)
	case w.Param != "" && strings.TrimSpace(param) == "":
		return fail.Field("when.param", `%q names no parameter; write name=value or name`, w.Param)
	case w.Answer != 0 && (w.Answer < 200 || w.Answer > 599):
		return fail.Field("when.answer", "%d is no status that a bank answers with; they go from 200 to 599", w.Answer)
	case w.Nth < 0:
		return fail.Field("when.nth", "%d is below 1", w.Nth)
	}
	return nil
}

// checkPlace looks at where the fault strikes and whether there is anything to strike with.
func (t *Then) checkPlace() *fail.Error {
	part := t.Alters()
	switch {
	case !slices.Contains([]Where{"", Before, After, Response}, t.Where):
		return fail.Field("then.where", "%q is none of before, after, response", t.Where)
	case !t.Answers() && !t.Cuts() && part == "" && t.Delay == 0:
		return fail.Field("then", "the rule does nothing to a call; give it a status, a delay, drop, truncate or another effect")
	case t.Where == Before && part != "" && !t.Answers():
		return fail.Field("then."+part, "before the bank has answered there is nothing that %s could change; use where=response, or give a status or body", part)
	case t.Where == After && part != "" && !t.Answers() && !t.Cuts():
		return fail.Field("then."+part, "where=after loses the bank's answer, and the rule has none instead that %s could change; use where=response, or give a status or body", part)
	case t.Where == Response && t.Cuts():
		return fail.Field("then.where", "where=response changes an answer, but drop, reset and hang send none; use where=after")
	case t.Where == Response && t.Refuse != "":
		return fail.Field("then.where", "where=response changes the bank's answer, and refuse replaces it; use where=after")
	case t.Where == Response && t.Redirect != "":
		return fail.Field("then.where", "where=response changes the bank's answer, and redirect replaces it; use where=after")
	}
	return nil
}

// Refusals are those that a bank can be told to make.
func Refusals() []fail.Kind {
	return []fail.Kind{fail.InvalidRequest, fail.InvalidClient, fail.InvalidGrant, fail.UnauthorizedClient, fail.UnsupportedGrantType,
		fail.InvalidScope, fail.AccessDenied, fail.ServerError, fail.TokenMissing, fail.TokenMalformed, fail.TokenUnknown, fail.TokenExpired,
		fail.TokenRevoked, fail.TokenWrongKind, fail.InsufficientScope, fail.ConsentUnknown, fail.ConsentInvalid, fail.ConsentExpired,
		fail.AccessExceeded, fail.UserLocked, fail.NotFound, fail.Forbidden, fail.Conflict, fail.TooMany, fail.AccountBlocked, fail.Internal}
}

func (t *Then) checkAnswer() *fail.Error {
	bodiless := t.Status == 204 || t.Status == 304
	switch {
	case t.Status != 0 && (t.Status < 200 || t.Status > 599):
		return fail.Field("then.status", "%d is no status of an answer; they go from 200 to 599", t.Status)
	case t.Refuse != "" && !slices.Contains(Refusals(), t.Refuse):
		return fail.Field("then.refuse", "there is no refusal %q; there are for example token_expired, consent_expired, invalid_grant, server_error", t.Refuse)
	case t.Refuse != "" && t.Body != nil:
		return fail.Field("then.body", "refuse brings the bank's own body; give one of the two")
	case t.Body != nil && (len(*t.Body) > maxBody || !utf8.ValidString(*t.Body)):
		return fail.Field("then.body", "the body has %d bytes; up to %d of UTF-8 are taken", len(*t.Body), maxBody)
	case bodiless && (t.Refuse != "" || (t.Body != nil && *t.Body != "")):
		return fail.Field("then.status", "an answer of status %d has no body", t.Status)
	case bodiless && (t.Truncate != nil || t.Dribble != 0 || len(t.Mutate) > 0):
		return fail.Field("then.status", "an answer of status %d has no body that could be truncated, dribbled or mutated", t.Status)
	case t.Redirect != "" && (t.Refuse != "" || t.Body != nil):
		return fail.Field("then.redirect", "a redirect has neither a body nor a refusal")
	case t.Redirect != "" && t.Status != 0 && (t.Status < 300 || t.Status > 399):
		return fail.Field("then.status", "%d is no status of a redirect", t.Status)
	case t.Redirect != "" && !redirectable(t.Redirect):
		return fail.Field("then.redirect", `%q is neither a path, an http URL nor %q`, t.Redirect, LoginPage)
	}
	return nil
}

func redirectable(to string) bool {
	if to == LoginPage {
		return true
	}
	u, err := url.Parse(to)
	return err == nil && len(to) <= 4*maxText && !strings.ContainsFunc(to, control) &&
		(strings.HasPrefix(to, "/") || ((u.Scheme == "http" || u.Scheme == "https") && u.Host != ""))
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// value tells whether text can be the value of a header.
func value(text string) bool {
	return len(text) <= maxText && utf8.ValidString(text) && !strings.ContainsFunc(text, control) && text == strings.TrimSpace(text)
}

func (t *Then) checkTexts() *fail.Error {
	switch {
	case !value(t.Type):
		return fail.Field("then.type", "%q cannot be the value of a header", t.Type)
	case t.Cacheable < 0:
		return fail.Field("then.cacheable", "%s is negative", clock.FormatDuration(time.Duration(t.Cacheable)))
	case t.Cacheable > 0 && t.Cacheable < Duration(time.Second):
		return fail.Field("then.cacheable", "max-age counts in seconds; %s is less than one", clock.FormatDuration(time.Duration(t.Cacheable)))
	case t.RetryAfter == "" || t.RetryAfter == "none":
		return nil
	}
	if _, _, err := t.Retry(); err != nil {
		return fail.Field("then.retryAfter", `%q is neither a duration ("5s"), one as a date ("date:5s") nor "none"`, t.RetryAfter)
	}
	return nil
}

// Retry reads RetryAfter: how long, and whether to tell it as a date.
func (t *Then) Retry() (d time.Duration, date bool, err error) {
	text, date := strings.CutPrefix(t.RetryAfter, "date:")
	d, err = clock.ParseDuration(text)
	return d, date, err
}

func (t *Then) checkHeaders() *fail.Error {
	names := make([]string, 0, len(t.Headers))
	for name := range t.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case !token.MatchString(name) || len(name) > maxText:
			return fail.Field("then.headers", "%q is no name of a header", name)
		case !value(t.Headers[name]):
			return fail.Field("then.headers", "the value of %s cannot be sent in a header", name)
		case slices.ContainsFunc([]string{"Content-Length", "Transfer-Encoding", "Connection", "Trailer"}, fold(name)):
			return fail.Field("then.headers", "%s belongs to the connection; truncate, dribble, drop and reset do that", name)
		case fold(name)("Date"):
			return fail.Field("then.headers", "Date is told by the space's clock; move that")
		case fold(name)("Content-Type") && t.Type != "":
			return fail.Field("then.headers", "type sets the Content-Type already")
		case slices.ContainsFunc(t.Strip, fold(name)):
			return fail.Field("then.strip", "%s is set and stripped at once", name)
		}
	}
	for _, name := range t.Strip {
		switch {
		case !token.MatchString(name) || len(name) > maxText:
			return fail.Field("then.strip", "%q is no name of a header", name)
		case fold(name)("Content-Type") && t.Type != "":
			return fail.Field("then.strip", "%s is set and stripped at once", name)
		case slices.ContainsFunc([]string{"Content-Length", "Transfer-Encoding", "Connection", "Date"}, fold(name)):
			return fail.Field("then.strip", "%s cannot be taken away", name)
		}
	}
	return nil
}

func fold(a string) func(string) bool { return func(b string) bool { return strings.EqualFold(a, b) } }

func (t *Then) checkMutations() *fail.Error {
	if len(t.Mutate) > 0 && t.Body != nil {
		return fail.Field("then.mutate", "the rule brings its own body; write that as it shall be")
	}
	if len(t.Mutate) > 0 && t.Redirect != "" {
		return fail.Field("then.mutate", "a redirect has no body to mutate")
	}
	if len(t.Mutate) > 20 {
		return fail.Field("then.mutate", "%d mutations are more than 20", len(t.Mutate))
	}
	for i := range t.Mutate {
		m := &t.Mutate[i]
		switch {
		case m.Path == "" || len(m.Path) > maxText || !utf8.ValidString(m.Path) || slices.Contains(strings.Split(m.Path, "."), "") || strings.ContainsFunc(m.Path, func(r rune) bool { return r <= ' ' }):
			return fail.Field("then.mutate", "%q is no path to a field; write for example expires_in or accounts.0.balance", m.Path)
		case m.Do != Set && m.Do != Delete && m.Do != Duplicate:
			return fail.Field("then.mutate", "%q is none of set, delete, duplicate", m.Do)
		case m.Do == Delete && len(m.Value) > 0:
			return fail.Field("then.mutate", "deleting %s needs no value", m.Path)
		case m.Do != Delete && (!json.Valid(m.Value) || !utf8.Valid(m.Value) || len(m.Value) > maxBody):
			return fail.Field("then.mutate", "the value for %s is no JSON; texts need quotes", m.Path)
		}
	}
	return nil
}

func (t *Then) checkTiming() *fail.Error {
	n := 0
	for _, on := range []bool{t.Drop, t.Reset, t.Hang} {
		if on {
			n++
		}
	}
	switch {
	case t.Delay < 0 || time.Duration(t.Delay) > MaxDelay:
		return fail.Field("then.delay", "%s is not between 0s and %s of real time", clock.FormatDuration(time.Duration(t.Delay)), clock.FormatDuration(MaxDelay))
	case t.Spread < 0:
		return fail.Field("then.spread", "%s is negative", clock.FormatDuration(time.Duration(t.Spread)))
	case t.Spread > t.Delay:
		return fail.Field("then.spread", "a delay of %s cannot be %s shorter", clock.FormatDuration(time.Duration(t.Delay)), clock.FormatDuration(time.Duration(t.Spread)))
	case t.Truncate != nil && (*t.Truncate < 0 || *t.Truncate > math.MaxInt32):
		return fail.Field("then.truncate", "%d is no number of bytes", *t.Truncate)
	case t.Dribble < 0 || t.Dribble > math.MaxInt32:
		return fail.Field("then.dribble", "%d is no number of bytes per second", t.Dribble)
	case n > 1:
		return fail.Field("then", "drop, reset and hang exclude each other")
	case n == 1 && (t.Answers() || t.Alters() != ""):
		return fail.Field("then", "drop, reset and hang leave the client without an answer; a status, a body or a change to the answer would never be seen")
	}
	return nil
}

func (r *Rule) checkTogether() *fail.Error {
	t := &r.Then
	switch {
	case r.When.Answer != 0 && t.Where == Before:
		return fail.Field("when.answer", "where=before strikes before the bank has answered; use after or response")
	case t.RetryAfter != "" && t.Status != 429 && t.Status != 503 && t.Refuse == "" && r.When.Answer == 0:
		return fail.Field("then.retryAfter", "Retry-After goes with status 429 or 503")
	}
	return nil
}

func (r *Rule) checkOften(now time.Time) *fail.Error {
	o, nth := &r.Often, r.When.Nth
	for _, n := range []struct {
		field string
		n     int
	}{{"next", o.Next}, {"after", o.After}, {"every", o.Every}} {
		if n.n < 0 {
			return fail.Field("often."+n.field, "%d is negative", n.n)
		}
	}
	switch {
	case !(o.Percent >= 0 && o.Percent <= 100):
		return fail.Field("often.percent", "%v is not between 0 and 100", o.Percent)
	case o.Percent != 0 && math.Round(o.Percent*10_000) == 0:
		return fail.Field("often.percent", "%v %% is less than one in a million", o.Percent)
	case o.Seed != 0 && o.Percent == 0 && r.Then.Spread == 0:
		return fail.Field("often.seed", "the rule leaves nothing to chance; a seed goes with percent or spread")
	case nth != 0 && o.Next > 1:
		return fail.Field("often.next", "nth=%d is one call, and cannot be spoiled %d times", nth, o.Next)
	case nth != 0 && (o.After != 0 || o.Every != 0):
		return fail.Field("when.nth", "nth is one call; after and every are many")
	case nth != 0 && o.Percent != 0:
		return fail.Field("often.percent", "nth is one call, and leaves nothing to chance")
	case o.Every != 0 && o.Percent != 0:
		return fail.Field("often.percent", "every %d is regular, percent is not; give one of the two", o.Every)
	case !o.Until.IsZero() && !o.Until.After(now):
		return fail.Field("often.until", "%s has passed: the space's clock shows %s", o.Until.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return nil
}
