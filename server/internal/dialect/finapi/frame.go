package finapi

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"sandbank/server/fail"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

const (
	requestHeader  = "X-Request-Id"
	overrideHeader = "X-HTTP-Method-Override"
	longestID      = 255
)

// requestID is what the answer's X-Request-Id says: the caller's own, or one made here.
func requestID(c *wire.Call) string {
	if id := c.Header(requestHeader); id != "" && utf8.RuneCountInString(id) <= longestID {
		return id
	}
	return "selfgen-" + c.Space.Dice.UUID()
}

// framed is what all operations share: a request id that is not too long, and its echo.
func framed(do call) call {
	return func(c *wire.Call) error {
		if n := utf8.RuneCountInString(c.Header(requestHeader)); n > longestID {
			return c.Trail.No("request id", fail.New(fail.InvalidRequest, "X-Request-Id has %d characters, %d are allowed", n, longestID).
				Say("The request ID must not be longer than 255 characters.").At(requestHeader))
		}
		if err := do(c); err != nil {
			return err
		}
		c.Set(requestHeader, requestID(c))
		return nil
	}
}

// mounted puts rows under a prefix. Where a path takes PATCH or DELETE, POST with X-HTTP-Method-Override does so too, for callers whose
// HTTP library has neither (general information of the spec, "Overriding HTTP methods").
func mounted(prefix string, rows []route) []dialect.Route {
	var out []dialect.Route
	posts := map[string]int{}
	for _, r := range rows {
		if r.method == "POST" {
			posts[r.path] = len(out)
		}
		out = append(out, dialect.Route{Method: r.method, Path: prefix + r.path, Op: r.op, Doc: r.doc, Do: framed(r.do)})
	}
	for i, r := range rows {
		if r.method != "PATCH" && r.method != "DELETE" || slices.IndexFunc(rows[:i], func(v route) bool { return v.path == r.path && v.method != "GET" && v.method != "POST" }) >= 0 {
			continue
		}
		others, allow := overridable(rows, r.path)
		if at, ok := posts[r.path]; ok {
			out[at].Do = framed(overriding(rows[at].do, others, allow))
			continue
		}
		out = append(out, dialect.Route{Method: "POST", Path: prefix + r.path, Op: "override",
			Doc: strings.Join(slices.Sorted(maps.Keys(others)), " or ") + " by X-HTTP-Method-Override", Do: framed(overriding(nil, others, allow))})
	}
	return out
}

// overridable are the operations of a path that the header can name, and the path's methods for the Allow header.
func overridable(rows []route, path string) (others map[string]route, allow string) {
	others = map[string]route{}
	var methods []string
	for _, r := range rows {
		if r.path != path {
			continue
		}
		methods = append(methods, r.method)
		if r.method == "GET" {
			methods = append(methods, "HEAD")
		}
		if r.method == "PATCH" || r.method == "DELETE" {
			others[r.method] = r
		}
	}
	sort.Strings(methods)
	return others, strings.Join(methods, ", ")
}

func overriding(own call, others map[string]route, allow string) call {
	return func(c *wire.Call) error {
		method := strings.ToUpper(strings.TrimSpace(c.Header(overrideHeader)))
		if method == "" && own != nil {
			return own(c)
		}
		if r, ok := others[method]; ok {
			c.Op = r.op
			c.Trail.Pass("method override", method)
			return r.do(c)
		}
		e := fail.New(fail.MethodNotAllowed, "POST without an X-HTTP-Method-Override of this path; the header says %q", method)
		e.Allow = allow
		return c.Trail.No("method", e)
	}
}
