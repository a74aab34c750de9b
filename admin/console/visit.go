package console

import (
	"cmp"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v3"

	"sandbank/admin"
	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/world"
)

// visit is one look at a page, or one action. What a page shows holds it as its field V, so that the template reaches it: .V.At, $.V.Form.
// Pages do not embed it, nor does it embed the desk. A template calls methods by name, so the linker keeps every exported one of every
// type, and each page would have all of the others' once more.
type visit struct {
	admin.Place
	Desk  *admin.Desk // its verbs
	Query url.Values
	Read  clock.Reading // the space's clock, read once
	Now   time.Time
	Event uint64 // the newest one when the visit began: what the page may not show is later
	Page  *page
	Main  template.HTML // of the screen, in its frame

	console *Console
	ctx     fiber.Ctx
	params  map[string]string
	here    string // path and query of the page, below the root of the space
	zone    *time.Location
	failed  *failure // the action that brought the page back
	nav     []Group  // see Nav; made once
}

// failure is an action that was refused, with what had been typed; or, without an op, a parameter of the page's own query.
type failure struct {
	op     string
	form   string // which form of the operation
	params map[string]string
	values url.Values
	Field  string
	Label  string // what a form calls the field; empty where none has it
	Text   string // empty: nothing was refused, the form is to be shown for another choice
	status int
}

func (c *Console) visit(ctx fiber.Ctx, space *world.Space, root, rest string, query url.Values) *visit {
	desk := c.panel.DeskFor(ctx, space, root)
	v := &visit{Place: desk.Place, Desk: desk, Query: query, Read: space.Clock.Read(), Event: space.Journal.LastEvent(), console: c, ctx: ctx, zone: time.UTC}
	v.Now = v.Read.Now
	if zone, err := time.LoadLocation(ctx.Cookies("sandbank_zone")); err == nil {
		v.zone = zone
	}
	v.here = base + "/" + rest
	if len(query) > 0 {
		v.here += "?" + query.Encode()
	}
	return v
}

// get renders the page at a path.
func (v *visit) get(rest string) error {
	if op, ok := strings.CutPrefix(rest, "do/"); ok {
		return v.redirect(v.about(op))
	}
	if err := v.find(rest); err != nil {
		return v.refuse(404, fail.From(err))
	}
	return v.render(200)
}

// about is the page about what an operation changes: an action's own address shows nothing.
func (v *visit) about(op string) string {
	verb, _ := v.console.panel.Verb(op)
	slug, _, _ := strings.Cut(strings.TrimPrefix(verb.Path, "/"), "/")
	if slug == "journal" || slug == "send" {
		slug = "inspector"
	}
	if v.find(slug) != nil {
		slug = ""
	}
	return v.At(slug)
}

// find picks the page of a path.
func (v *visit) find(rest string) error {
	parts := strings.Split(rest, "/")
	for i := range v.console.pages {
		p := &v.console.pages[i]
		if params, ok := admin.Match(p.path, parts); ok {
			v.Page, v.params = p, params
			return nil
		}
	}
	return fail.New(fail.NotFound, "there is no page %s/%s", base, rest)
}

// At is the URL of a page of this space: its segments, escaped. A last one that begins with ? is a query.
func (v *visit) At(parts ...string) string {
	at := v.Root + base
	for _, p := range parts {
		if strings.HasPrefix(p, "?") {
			return at + p
		}
		for s := range strings.SplitSeq(p, "/") {
			if s != "" {
				at += "/" + url.PathEscape(s)
			}
		}
	}
	return at
}

// Item is the URL of one thing whose id may have slashes: the id is one segment.
func (v *visit) Item(page string, ids ...string) string {
	at := v.At(page)
	for _, id := range ids {
		at += "/" + url.PathEscape(id)
	}
	return at
}

// Here is the URL of this page, with some parameters of its query set anew: pairs of name and value; "" takes one away.
func (v *visit) Here(pairs ...string) string {
	path, _, _ := strings.Cut(v.here, "?")
	query := url.Values{}
	for name, values := range v.Query {
		query[name] = values
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Del(pairs[i])
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return v.Root + path
	}
	return v.Root + path + "?" + query.Encode()
}

// Param is a variable segment of the path.
func (v *visit) Param(name string) string { return v.params[name] }

// Origin is the base URL of the sandbox, for commands that are copied.
func (v *visit) Origin() string { return v.Place.Origin }

// Bank is a bank's name for people; where something is typed, its id stands.
func (v *visit) Bank(id string) string { return v.World.Bank(id).Title }

// Named are banks to choose from, as "id=name".
func (v *visit) Named(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id + "=" + v.Bank(id)
	}
	return out
}

// Theme is light, dark, or empty for the system's.
func (v *visit) Theme() string {
	if t := v.ctx.Cookies("sandbank_theme"); t == "light" || t == "dark" {
		return strings.Clone(t)
	}
	return ""
}

// Failed is the refusal of the action that brought this page back; nil when there was none.
func (v *visit) Failed() *failure {
	if v.failed == nil || v.failed.Text == "" {
		return nil
	}
	return v.failed
}

// wrong says that a parameter of the page's query does not fit. The page is shown all the same, with the refusal at the parameter.
func (v *visit) wrong(name string, err error) {
	v.failed = &failure{Field: name, Label: map[string]string{"q": "Filter"}[name], Text: fail.From(err).Why, status: 422}
}

// Wrong is the refusal of a parameter of the query; empty when it fits.
func (v *visit) Wrong(name string) string {
	if v.failed == nil || v.failed.op != "" || v.failed.Field != name {
		return ""
	}
	return v.failed.Text
}

// remember sets a cookie of the console; seconds 0 ends with the browser, negative takes it away.
func (v *visit) remember(name, value, path string, seconds int) {
	v.ctx.Cookie(&fiber.Cookie{Name: name, Value: value, Path: path, MaxAge: seconds, SessionOnly: seconds == 0, HTTPOnly: true,
		SameSite: fiber.CookieSameSiteStrictMode, Secure: v.Desk.Secure()})
}

// Toast is what has just been done, with the number of the activity that can take it back.
type Toast struct {
	Text string
	Undo uint64 // 0: nothing to take back
}

const toastCookie = "sandbank_did"

// toasted is how long a toast stands, in seconds of real time.
const toasted = 10

// Toast tells what the last action did, for some seconds after it.
func (v *visit) Toast() *Toast {
	text, err := url.QueryUnescape(v.ctx.Cookies(toastCookie))
	if text == "" || err != nil {
		return nil
	}
	if id, err := strconv.ParseUint(text, 10, 64); err == nil {
		for _, a := range v.Space.Activities(20) {
			if a.ID == id && !a.Undone {
				return &Toast{v.Sentence(a.What), id}
			}
		}
		return nil
	}
	return &Toast{Text: strings.Clone(text)}
}

// capital makes a text begin as a sentence does. One that begins with a name of the wire, as at_9f3, expires_in or finapi/dave, stays as it is.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if word, _, _ := strings.Cut(s, " "); size == 0 || strings.ContainsAny(strings.TrimRight(word, ",.:;"), "_/.:=@0123456789") {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// ZoneMinutes is how far the reader's zone is from UTC now, for the page's script.
func (v *visit) ZoneMinutes() int {
	_, seconds := v.Now.In(v.zone).Zone()
	return seconds / 60
}

// Keys tells whether single letters are short cuts; they can be switched off (WCAG 2.1.4).
func (v *visit) Keys() bool { return v.ctx.Cookies("sandbank_keys") != "off" }

// Calls tells whether the page shows what requests bring about, and not only what becomes of records: then it is renewed with each one.
func (v *visit) Calls() bool {
	switch cmp.Or(v.Page.Nav, v.Page.path) {
	case "tokens", "users", "clock", "policies", "snapshots", "activity", "settings", "docs":
		return len(v.params) > 0
	}
	return true
}
