package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/fail"
	"sandbank/server/world"
)

// Prefix is where the JSON face answers, in every space.
const Prefix = "/admin/api/v1"

// endpoint is one operation of the JSON face, as data.
type endpoint struct {
	method, path string // path below Prefix, with {names}
	op           string // operationId: the verb's name
	doc          string
	query        []parameter
	in           any    // a zero value of the body's type; nil: no body
	out          any    // a zero value of the answer's type; nil: none
	media        string // the answer's media type, where it is not JSON
	status       int    // of success; 0: 200, or 204 without an answer
	do           func(*request) (any, error)
}

// parameter is one of the query.
type parameter struct{ name, doc string }

// request is one call of an endpoint. An endpoint that answers by itself (a stream, a file) writes to ctx and returns nil, answered.
type request struct {
	*Desk
	panel  *Panel
	ctx    fiber.Ctx
	params map[string]string
	query  url.Values
	body   []byte
}

// answered says that the endpoint has written its answer itself.
var answered = new(struct{})

// decode reads the JSON body strictly: what is unknown or of the wrong type is refused with its field. No body is {}.
func (r *request) decode(into any) error {
	if len(bytes.TrimSpace(r.body)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return r.blame(err, into)
	}
	if _, err := d.Token(); err != io.EOF {
		return fail.New(fail.InvalidRequest, "there is something behind the JSON value")
	}
	return nil
}

// blame finds the field that a decoding error is about, by its path. Types that read themselves do not know under which name they
// stand, so the fields are tried one by one.
func (r *request) blame(err error, into any) error {
	e := fail.From(badJSON(err))
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		e = e.At("") // the decoder's path has the names of embedded types in it
	}
	if e.Kind == fail.InvalidRequest && json.Valid(r.body) { // it is JSON, so some value does not fit
		e = fail.Field("", "%v", err)
	}
	if e.Kind != fail.InvalidField || e.Param != "" {
		return e
	}
	name := guilty(r.body, func(p json.RawMessage) bool {
		return json.Unmarshal(p, reflect.New(reflect.TypeOf(into).Elem()).Interface()) == nil
	})
	if name == "" {
		return e
	}
	return e.At(name)
}

// guilty is the path of the first field of an object that cannot be read, even alone; "" when there is none.
func guilty(object json.RawMessage, reads func(json.RawMessage) bool) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		alone := func(value json.RawMessage) bool {
			one, err := json.Marshal(map[string]json.RawMessage{name: value})
			return err == nil && reads(one)
		}
		if alone(fields[name]) {
			continue
		}
		if inner := guilty(fields[name], alone); inner != "" {
			return name + "." + inner
		}
		return name
	}
	return ""
}

// instead says what does fit, where that is plain.
func instead(t reflect.Type) string {
	switch k := t.Kind(); {
	case k >= reflect.Int && k <= reflect.Uint64:
		return ", a whole number does"
	case k == reflect.Float32 || k == reflect.Float64:
		return ", a number does"
	case k == reflect.Bool:
		return ", true or false do"
	case k == reflect.String:
		return ", a text does"
	case k == reflect.Slice:
		return ", a list does"
	case k == reflect.Struct || k == reflect.Map:
		return ", an object does"
	}
	return ""
}

func badJSON(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fail.Field(kind.Field, "a JSON %s does not fit here%s", kind.Value, instead(kind.Type))
	}
	if text, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name, _ := strconv.Unquote(text)
		return fail.Field(name, "there is no such field")
	}
	if refused := (*fail.Error)(nil); errors.As(err, &refused) {
		return refused
	}
	if instant := (*time.ParseError)(nil); errors.As(err, &instant) {
		return fail.Field("", "%s is no RFC 3339 instant; write for example 2030-01-01T00:00:00Z", instant.Value)
	}
	if strings.HasPrefix(err.Error(), "Time.UnmarshalJSON: ") { // no type of error tells it
		return fail.Field("", "an instant is a text as \"2030-01-01T00:00:00Z\"")
	}
	return fail.New(fail.InvalidRequest, "the body is no JSON: %v", err)
}

// number reads a query parameter that is a whole number within bounds.
func (r *request) number(name string, fallback, low, high int) (int, error) {
	text := r.query.Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fail.Field(name, "%q is not a number from %d to %d", text, low, high)
	}
	return n, nil
}

// problem is an answer of RFC 9457, with the fields at fault.
type problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail,omitempty"`
	Errors []fieldFault `json:"errors,omitempty"`
}

type fieldFault struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// problemOf tells a refusal in HTTP's terms. Here Why is for the caller: whoever pulls levers owns the sandbox.
func problemOf(e *fail.Error) problem {
	p := problem{Type: "about:blank", Detail: e.Why}
	switch e.Kind {
	case fail.InvalidField:
		p.Status, p.Title, p.Errors = 422, "A field does not fit", []fieldFault{{e.Param, e.Why}}
	case fail.InvalidRequest:
		p.Status, p.Title = 400, "The request could not be read"
	case fail.TokenMissing:
		p.Status, p.Title = 401, "A key is needed"
	case fail.Forbidden:
		p.Status, p.Title = 403, "This caller may not do that"
	case fail.NotFound, fail.NoRoute:
		p.Status, p.Title = 404, "There is no such thing"
	case fail.MethodNotAllowed:
		p.Status, p.Title = 405, "The path has other methods"
	case fail.Conflict:
		p.Status, p.Title = 409, "The present state does not allow it"
	case fail.TooLarge:
		p.Status, p.Title = 413, "The body is too large"
	case fail.TooMany:
		p.Status, p.Title = 429, "There are too many"
	default:
		p.Status, p.Title, p.Detail = 500, "Something broke", e.Why
	}
	return p
}

// reply writes JSON, indented: it is read by people as often as by programs.
func reply(ctx fiber.Ctx, status int, kind string, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	ctx.Set("Content-Type", kind)
	ctx.Set("Cache-Control", "no-store")
	return ctx.Status(status).Send(b.Bytes())
}

func refuse(ctx fiber.Ctx, err error) error {
	e := fail.From(err)
	if e.Allow != "" {
		ctx.Set("Allow", e.Allow)
	}
	if e.Kind == fail.TokenMissing {
		ctx.Set("WWW-Authenticate", `Bearer realm="sandbank admin"`)
	}
	p := problemOf(e)
	return reply(ctx, p.Status, "application/problem+json", p)
}

// find matches a path below Prefix; of a path that exists with other methods only, the refusal lists them.
func (p *Panel) find(method, path string) (*endpoint, map[string]string, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var allow []string
	for i := range p.endpoints {
		e := &p.endpoints[i]
		params, ok := Match(e.path, parts)
		if !ok {
			continue
		}
		if e.method == method || method == "HEAD" && e.method == "GET" {
			return e, params, nil
		}
		allow = append(allow, e.method)
	}
	if len(allow) > 0 {
		err := fail.New(fail.MethodNotAllowed, "%s takes %s", path, strings.Join(allow, ", "))
		err.Allow = strings.Join(allow, ", ")
		return nil, nil, err
	}
	return nil, nil, fail.New(fail.NoRoute, "the admin API has no path %s; see %s/openapi.json", path, Prefix)
}

// Match tells whether a path, cut at its slashes, fits a pattern with {names}, and what stands in their places.
func Match(pattern string, parts []string) (map[string]string, bool) {
	want := strings.Split(strings.Trim(pattern, "/"), "/")
	if len(want) != len(parts) {
		return nil, false
	}
	params := map[string]string{}
	for i, w := range want {
		name, variable := strings.CutPrefix(w, "{")
		switch {
		case !variable && w != parts[i]:
			return nil, false
		case variable:
			value, err := url.PathUnescape(parts[i])
			if err != nil || value == "" {
				return nil, false
			}
			params[strings.TrimSuffix(name, "}")] = value
		}
	}
	return params, true
}

// knows refuses parameters that the endpoint has not: a filter with a slip in its name would let everything through.
func (e *endpoint) knows(query url.Values) error {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.ContainsFunc(e.query, func(p parameter) bool { return p.name == name }) {
			return fail.Field(name, "there is no such parameter")
		}
	}
	return nil
}

// api answers one call below Prefix.
func (p *Panel) api(ctx fiber.Ctx, space *world.Space, root, path string) error {
	e, params, err := p.find(ctx.Method(), strings.Clone(path))
	if err != nil {
		return refuse(ctx, err)
	}
	query, err := url.ParseQuery(string(ctx.Request().URI().QueryString()))
	if err != nil {
		return refuse(ctx, fail.New(fail.InvalidRequest, "the query is not properly encoded"))
	}
	if err := e.knows(query); err != nil {
		return refuse(ctx, err)
	}
	r := &request{Desk: p.DeskFor(ctx, space, root), panel: p, ctx: ctx, params: params, query: query, body: bytes.Clone(ctx.Request().Body())}
	out, err := e.do(r)
	switch {
	case err != nil:
		return refuse(ctx, err)
	case out == any(answered):
		return nil
	case out == nil:
		return ctx.SendStatus(204)
	}
	return reply(ctx, max(200, e.status), "application/json", out)
}
