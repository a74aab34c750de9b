package console

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/fail"
)

// post performs an action and sends the browser to the page that shows its effect.
func (v *visit) post(rest string) error {
	values, err := v.typed()
	if err != nil {
		return v.refuse(400, fail.New(fail.InvalidRequest, "the form is not properly encoded"))
	}
	switch {
	case rest == "login":
		return v.unlock(values.Get("key"), values.Get("@back"))
	case rest == "logout":
		v.remember(admin.Cookie, "", "/", -1) // the admin key's, and below the space's own, which has another path
		v.ctx.Response().Header.Add("Set-Cookie", admin.Cookie+"=; Max-Age=0; Path="+v.Root+base)
		return v.redirect(v.At())
	case rest == "look":
		return v.look(values)
	}
	op, ok := strings.CutPrefix(rest, "do/")
	verb, known := v.console.panel.Verb(op)
	if !ok || !known || verb.Method == "GET" {
		return v.refuse(404, fail.New(fail.NotFound, "there is no action %s/%s", base, rest))
	}
	return v.do(verb, values)
}

// do pulls a lever with what a form says. Fields are named as in JSON, inner ones with dots; ":name" are parameters of the path,
// "?name" of the query. "@back" is the page that the form stands on, "@then" the one to go to, with {fields} of the answer; for "@pick" and "@choose" see Choice.
func (v *visit) do(verb admin.Verb, values url.Values) error {
	params, query, fields := map[string]string{}, url.Values{}, url.Values{}
	for name, all := range values {
		switch name[:min(1, len(name))] {
		case ":":
			params[name[1:]] = all[0]
		case "?":
			query[name[1:]] = all
		case "@", "":
		default:
			fields[name] = all
		}
	}
	refused := &failure{op: verb.Op, form: values.Get("@form"), params: params, values: values, status: 200}
	if without, ok := values["@choose"]; ok {
		for name := range strings.SplitSeq(without[0], ",") {
			values.Del(name)
		}
		return v.again(values.Get("@back"), refused)
	}
	before := v.last()
	body, err := content(verb, values, fields)
	var out any
	if err == nil {
		out, err = v.console.panel.Pull(v.ctx, v.Space, v.Root, verb.Op, params, query, body)
	}
	if err != nil {
		e := fail.From(err)
		refused.Field, refused.Text, refused.status = e.Param, said(e, values), status(e)
		return v.again(values.Get("@back"), refused)
	}
	v.toast(verb, out, before, values.Get("@did"))
	return v.redirect(v.next(values, out))
}

// said is a refusal in the words of a form, where nobody has written JSON.
func said(e *fail.Error, values url.Values) string {
	if what, rest, ok := strings.Cut(e.Why, " does not fit here"); ok && strings.HasPrefix(what, "a JSON ") && values.Has(e.Param) {
		return strconv.Quote(values.Get(e.Param)) + " does not fit here" + rest
	}
	return e.Why
}

// typed reads the fields of a form. A file is the field of its name, as text.
func (v *visit) typed() (url.Values, error) {
	if !strings.HasPrefix(v.ctx.Get("Content-Type"), "multipart/form-data") {
		return url.ParseQuery(string(v.ctx.Request().Body()))
	}
	parts, err := v.ctx.MultipartForm()
	if err != nil {
		return nil, err
	}
	values := url.Values(parts.Value)
	for name, files := range parts.File {
		for _, head := range files {
			file, err := head.Open()
			if err != nil {
				return nil, err
			}
			data, err := io.ReadAll(file)
			file.Close()
			if err != nil {
				return nil, err
			}
			values.Add(name, string(data))
		}
	}
	return values, nil
}

// typed is the field of a name that is typed before something that reaches far.
const typed = "name typed"

// content is the body of an action: its fields as JSON, or a file as it is. A name that had to be typed is looked at first.
func content(verb admin.Verb, values, fields url.Values) ([]byte, error) {
	if name := values.Get("@name"); name != "" && strings.TrimSpace(values.Get("@typed")) != name {
		return nil, fail.Field(typed, "this reaches far, so it takes the name: %s", name)
	}
	for _, file := range values["@file"] {
		if file != "" {
			return []byte(file), nil
		}
	}
	return encode(verb.In, fields)
}

// last is the number of the newest activity.
func (v *visit) last() uint64 {
	if newest := v.Space.Activities(1); len(newest) == 1 {
		return newest[0].ID
	}
	return 0
}

// toast remembers for the next page what was done: the activity, which can be taken back, or a word about what cannot.
func (v *visit) toast(verb admin.Verb, out any, before uint64, did string) {
	text := ""
	if id := v.last(); id > before {
		text = strconv.FormatUint(id, 10)
	} else if did != "" {
		text = did[:min(200, len(did))]
	} else if said, ok := out.(fmt.Stringer); ok {
		text = said.String()
	} else {
		text = "Done: " + verb.Doc
	}
	v.remember(toastCookie, url.QueryEscape(text), v.Root+base, toasted)
}

var hole = regexp.MustCompile(`\{[A-Za-z0-9_.*]+\}`)

// next is the page after an action. What the answer says stands in the holes of @then, as one segment each.
func (v *visit) next(values url.Values, out any) string {
	then := values.Get("@then")
	if then == "" {
		return v.own(values.Get("@back"))
	}
	var answer any
	if data, err := json.Marshal(out); err == nil {
		_ = json.Unmarshal(data, &answer) // what was marshalled can be read
	}
	then = hole.ReplaceAllStringFunc(then, func(name string) string {
		return url.PathEscape(field(answer, strings.Trim(name, "{}")))
	})
	return v.own(then)
}

// field reads a value by its path; a number is an index, * is all of a list, with commas.
func field(v any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[name]
		case []any:
			if _, rest, _ := strings.Cut(path, "*."); name == "*" {
				all := make([]string, len(inner))
				for i := range inner {
					all[i] = field(inner[i], rest)
				}
				return strings.Join(all, ",")
			}
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(inner) {
				return ""
			}
			v = inner[i]
		}
	}
	if n, ok := v.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	if s, ok := v.(string); ok {
		return s
	}
	return ""
}

// own keeps a redirect within the console of this space, whatever the form says.
func (v *visit) own(to string) string {
	u, err := url.Parse(to)
	home := v.Root + base
	if err != nil || u.IsAbs() || u.Host != "" || u.Path != home && !strings.HasPrefix(u.Path, home+"/") || strings.Contains(u.Path, "/../") ||
		strings.ContainsAny(to, "\\\r\n") {
		return home
	}
	return u.String()
}

func (v *visit) redirect(to string) error {
	v.ctx.Set("Location", to)
	return v.ctx.SendStatus(303)
}

// again renders the page that a form stands on, with its refusal and what had been typed. The address is that page's again, with what was
// picked in the form, so that it can be loaded anew.
func (v *visit) again(back string, f *failure) error {
	u, err := url.Parse(v.own(back))
	if err != nil {
		return v.refuse(f.status, fail.New(fail.InvalidRequest, "%s", f.Text))
	}
	rest := strings.Trim(strings.TrimPrefix(u.EscapedPath(), v.Root+base), "/")
	v.here, v.Query, v.failed = base+"/"+rest, u.Query(), f
	for _, name := range f.values["@pick"] {
		v.Query.Set(name, f.values.Get(name))
	}
	if len(v.Query) > 0 {
		v.here += "?" + v.Query.Encode()
	}
	v.ctx.Set("HX-Replace-Url", strings.TrimSuffix(v.Root+v.here, "/"))
	if err := v.find(rest); err != nil {
		return v.refuse(f.status, fail.New(fail.InvalidRequest, "%s", f.Text))
	}
	return v.render(f.status)
}

func status(e *fail.Error) int {
	switch e.Kind {
	case fail.InvalidField:
		return 422
	case fail.NotFound, fail.NoRoute:
		return 404
	case fail.Conflict:
		return 409
	case fail.Forbidden, fail.TokenMissing:
		return 403
	case fail.TooLarge:
		return 413
	case fail.TooMany:
		return 429
	case fail.InvalidRequest:
		return 400
	}
	return 500
}

// look changes how this browser sees the console: theme, time zone, and whether single letters are short cuts.
func (v *visit) look(values url.Values) error {
	const year = 365 * 24 * 3600
	if zone := values.Get("zone"); zone != "" {
		if _, err := time.LoadLocation(zone); err != nil {
			return v.again(values.Get("@back"), &failure{op: "look", values: values, Field: "zone", Text: fmt.Sprintf("there is no time zone %q", zone), status: 422})
		}
	}
	for _, name := range []string{"theme", "zone", "keys"} {
		if _, ok := values[name]; ok {
			v.remember("sandbank_"+name, values.Get(name), "/", year)
		}
	}
	return v.redirect(v.own(values.Get("@back")))
}
