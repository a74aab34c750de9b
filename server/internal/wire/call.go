// Package wire owns one call as a bank sees it: what came in, cloned out of the HTTP library's buffers, and how an answer goes out. It
// also holds the protocol parts that banks share and call by choice: client authentication, authorization requests, token exchanges,
// bearer tokens, sign-in pages. It is the only place that touches Fiber's strings.
//
// A handler has three beats, read, act, show:
//
//	func info(c *wire.Call) error {
//		bearer, err := c.Access()
//		if err != nil {
//			return err
//		}
//
//		person := c.Space.Ledger.Person(bearer.Token.Owner)
//
//		return c.JSON(200, showInfo(person))
//	}
//
// A handler that returns an error has written nothing: the bank whose route it is renders the refusal.
package wire

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the banks' own time zones, also where the machine has none

	"github.com/gofiber/fiber/v3"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/world"
)

// Call is one request at one bank.
type Call struct {
	Space Space
	Now   time.Time     // what the clock of the server that answers shows, read once
	Skew  time.Duration // how far that is ahead of the space's clock
	Bank  string
	Op    string
	Place Place

	Brand     *page.Brand // the bank's, as Authority is
	Authority *Authority
	Trail     fail.Trail

	Client *grant.Client // who calls, once known
	Owner  string        // on whose behalf, once known
	Tokens []string      // ids of tokens issued, used or refused, for the journal
	Magic  Magic         // how logins with flags are read

	ctx    fiber.Ctx
	params []Param
	query  *Values
	form   *Values
	posted string       // access token that came in the form; empty: it comes in the header
	asked  *Values      // the authorization request, where the query is not what has it
	device bool         // whether a device asks, which has no redirect URI
	terms  *grant.Terms // of the grant that the call is made under; nil: none

	possession possession // at a token endpoint
	unproven   string     // how RFC 9449 §7.1 calls what was wrong with the proof of an access token; empty: nothing
	audience   []string   // resources that tokens are asked for (RFC 8707); none: not a word was said
}

// Place is where in the URL space the call came in.
type Place struct {
	Origin string // scheme and host that the caller used, or the public URL's
	Lead   string // beginning of the path that the caller used and that a proxy cut off
	Root   string // prefix of the space: the public URL's path, and "" or "/s/p07"
	Mount  string // prefix of the bank's native paths: Root, or Root + "/berlin"
	Desk   string // URL of the console; empty: there is none
}

// Param is one variable segment of a path.
type Param struct{ Name, Value string }

// New makes a call of a request, with the space's gate held. The strings in params must be the caller's own.
func New(ctx fiber.Ctx, space *world.Space, now time.Time, place Place, params []Param) *Call {
	return &Call{Space: Space{space, space.Ledger}, Now: now, Place: place, Brand: &nobody.brand, Authority: &nobody.authority, ctx: ctx, params: params}
}

// nobody is whose a call is before its bank is known.
var nobody struct {
	brand     page.Brand
	authority Authority
}

// At is what the space's clock shows: the time of the journal and of levers, whichever server answers.
func (c *Call) At() time.Time { return c.Now.Add(-c.Skew) }

// Method is the request's method, also one that the HTTP library has no name for.
func (c *Call) Method() string { return string(c.ctx.Request().Header.Method()) }

// Header is a request header, or "".
func (c *Call) Header(name string) string { return strings.Clone(c.ctx.Get(name)) }

// HeaderAll is every value of a request header.
func (c *Call) HeaderAll(name string) []string {
	var out []string
	for _, v := range c.ctx.Request().Header.PeekAll(name) {
		out = append(out, string(v))
	}
	return out
}

// Param is a variable segment of the path, decoded.
func (c *Call) Param(name string) string {
	for _, p := range c.params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// Cookie is a cookie's value, or "".
func (c *Call) Cookie(name string) string { return strings.Clone(c.ctx.Cookies(name)) }

// Body is a copy of the request body.
func (c *Call) Body() []byte { return bytes.Clone(c.ctx.Request().Body()) }

// IP is the address of the caller's side of the connection.
func (c *Call) IP() string { return strings.Clone(c.ctx.IP()) }

// Path is the path as the caller sent it, without the query.
func (c *Call) Path() string { return c.Place.Lead + string(c.ctx.Request().URI().PathOriginal()) }

// Secure tells whether the caller used TLS.
func (c *Call) Secure() bool { return strings.HasPrefix(c.Place.Origin, "https:") }

// URL is an absolute URL of one of the bank's native paths, under the base that the caller used.
func (c *Call) URL(path string) string { return c.Place.Origin + c.Place.Mount + path }

// Local is the same without scheme and host.
func (c *Call) Local(path string) string { return c.Place.Mount + path }

// Zone loads a time zone; unknown names are UTC. The zones are built in.
func Zone(name string) *time.Location {
	if z, err := time.LoadLocation(name); err == nil {
		return z
	}
	return time.UTC
}

// Values are the parameters of a query or of a form.
type Values struct {
	v   url.Values
	err error
}

// Get is a parameter's first value; absent and empty are the same (RFC 6749 §3.1).
func (v *Values) Get(name string) string { return v.v.Get(name) }

// Has tells whether the parameter was sent at all.
func (v *Values) Has(name string) bool { return v.v.Has(name) }

// All are a repeatable parameter's values.
func (v *Values) All(name string) []string { return v.v[name] }

// without are the parameters but one.
func (v *Values) without(name string) *Values {
	left := maps.Clone(v.v)
	left.Del(name)
	return &Values{v: left}
}

// Len is the number of parameters.
func (v *Values) Len() int { return len(v.v) }

// Err tells about broken percent-encoding.
func (v *Values) Err() error { return v.err }

// Once is the refusal of parameters that were sent more than once (RFC 6749 §3.1), or nil.
func (v *Values) Once(names ...string) error {
	if v.err != nil {
		return v.err
	}
	for _, n := range names {
		if len(v.v[n]) > 1 {
			return fail.New(fail.InvalidRequest, "%s was sent %d times", n, len(v.v[n])).Say("The parameter %s must not be repeated.", n).At(n)
		}
	}
	return nil
}

// maxParameters is how many a query or a form has at most; the Go library reads no more.
const maxParameters = 10_000

func parse(raw string) *Values {
	if n := strings.Count(raw, "&") + 1; n > maxParameters {
		return &Values{v: url.Values{}, err: fail.New(fail.InvalidRequest, "there are %d parameters; %d are taken", n, maxParameters).Say("The request has too many parameters.")}
	}
	v, err := url.ParseQuery(raw)
	if err != nil {
		return &Values{v: v, err: fail.New(fail.InvalidRequest, "the parameters are not properly encoded: %v", err).Say("The request is not properly percent-encoded.")}
	}
	return &Values{v: v}
}

// Query are the parameters of the URL.
func (c *Call) Query() *Values {
	if c.query == nil {
		c.query = parse(string(c.ctx.Request().URI().QueryString()))
	}
	return c.query
}

// FormAsQuery makes the form of a POST count as the query, for endpoints that take their parameters either way.
func (c *Call) FormAsQuery() error {
	v := c.Form()
	if err := v.Err(); err != nil {
		return err
	}
	c.query = v
	return nil
}

// Form are the parameters of a form body, whatever the method: s2s sends one with GET. A body of another type is UnsupportedMedia.
func (c *Call) Form() *Values {
	if c.form != nil {
		return c.form
	}
	body := c.ctx.Request().Body()
	kind := c.MediaType()
	switch {
	case len(body) == 0 || kind == "application/x-www-form-urlencoded" || kind == "":
		c.form = parse(string(body))
	default:
		c.form = &Values{v: url.Values{}, err: fail.New(fail.UnsupportedMedia, "the body is %s, not a form", kind).
			Say("The request body must be application/x-www-form-urlencoded.")}
	}
	return c.form
}

// MediaType is the type of the request body, lower-cased and without parameters; "" when none was sent.
func (c *Call) MediaType() string {
	kind, _, err := mime.ParseMediaType(c.Header("Content-Type"))
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(c.Header("Content-Type")), ";")
	}
	return strings.TrimSpace(kind)
}

// ReadJSON decodes the body. Unknown fields are ignored, as banks do; what is no JSON, or of the wrong type, is InvalidRequest with the
// field's name.
func (c *Call) ReadJSON(into any) error {
	body := c.ctx.Request().Body()
	if err := json.Unmarshal(bytes.Clone(body), into); err != nil {
		e := fail.New(fail.InvalidRequest, "the body is no JSON that fits: %v", err)
		if t, ok := err.(*json.UnmarshalTypeError); ok {
			return e.At(t.Field)
		}
		return e
	}
	return nil
}

// Set puts a header on the answer. Line breaks in the value become blanks, so that no input can add headers.
func (c *Call) Set(name, value string) {
	c.ctx.Set(name, strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return ' '
		}
		return r
	}, value))
}

// Add puts one more header of this name on the answer.
func (c *Call) Add(name, value string) { c.ctx.Response().Header.Add(name, value) }

// NoStore forbids caching, as RFC 6749 §5.1 asks of everything that carries a token.
func (c *Call) NoStore() {
	c.Set("Cache-Control", "no-store")
	c.Set("Pragma", "no-cache")
}

// Send answers with a body of this type.
func (c *Call) Send(status int, contentType string, body []byte) error {
	c.ctx.Response().Header.SetContentType(contentType)
	return c.ctx.Status(status).Send(body)
}

// Text answers with plain text.
func (c *Call) Text(status int, text string) error {
	return c.Send(status, "text/plain; charset=utf-8", []byte(text))
}

// Encode is JSON as banks write it: no HTML escapes, no newline at the end.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// JSON answers with application/json.
func (c *Call) JSON(status int, v any) error { return c.JSONAs(status, "application/json", v) }

// JSONAs answers with JSON under the bank's own media type.
func (c *Call) JSONAs(status int, contentType string, v any) error {
	body, err := Encode(v)
	if err != nil {
		return err
	}
	return c.Send(status, contentType, body)
}

// Empty answers without a body.
func (c *Call) Empty(status int) error {
	c.ctx.Response().Header.SetNoDefaultContentType(true)
	c.ctx.Status(status)
	return nil
}

// Redirect sends the browser on. The status is part of each bank's wire: 302, or 303 after a POST.
func (c *Call) Redirect(status int, to string) error {
	c.NoStore()
	c.Set("Location", to)
	return c.Empty(status)
}

// Page answers with one of the bank's pages. It can be neither framed nor cached, and loads nothing from elsewhere. There is no
// form-action: Chromium applies it to the redirect after the form, which leads to the client.
func (c *Call) Page(status int, p page.Page) error {
	html, err := page.Render(p)
	if err != nil {
		return err
	}
	PageHeaders(c.Set)
	return c.Send(status, "text/html; charset=utf-8", html)
}

// PageHeaders are the headers of every page, also of those that no bank serves.
func PageHeaders(set func(name, value string)) {
	set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'")
	set("X-Frame-Options", "DENY")
	set("X-Content-Type-Options", "nosniff")
	set("Referrer-Policy", "same-origin")
	set("Cache-Control", "no-store")
}

// Frame is what all pages of this call share.
func (c *Call) Frame() page.Frame {
	r := c.Space.Clock.Read()
	speed := r.Speed
	if r.Frozen {
		speed = 0
	}
	return page.Frame{Brand: *c.Brand, Root: c.Place.Root, Console: c.Place.Desk, Now: c.Now, Speed: speed, Connections: c.Place.Root + "/" + c.Bank + "/connections"}
}

// RetryAfter puts the header on the answer when the refusal knows when to come back.
func (c *Call) RetryAfter(e *fail.Error) {
	if e.Wait > 0 {
		c.Set("Retry-After", strconv.Itoa(e.Wait))
	}
}

// SetParams names the variable segments of the path, once the route is known.
func (c *Call) SetParams(params []Param) { c.params = params }

// RedirectStatus is 303 after a form, so that no browser sends it again to the client (RFC 9700 §4.12), and 302 otherwise.
func (c *Call) RedirectStatus() int {
	if c.ctx.Method() == fiber.MethodPost {
		return fiber.StatusSeeOther
	}
	return fiber.StatusFound
}
