package server

import (
	"net/url"
	"sort"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

// node is one segment of a bank's paths. A fixed segment wins over a variable one.
type node struct {
	fixed    map[string]*node
	variable *node
	routes   map[string]*leaf // by method
	pattern  string
}

// leaf is a route with the names of its variable segments, in order.
type leaf struct {
	route *dialect.Route
	names []string
}

func segments(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

// add puts a route into the tree; false when method and shape are taken.
func (n *node) add(r *dialect.Route) bool {
	var names []string
	for _, s := range segments(r.Path) {
		if name, ok := strings.CutPrefix(s, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
			if n.variable == nil {
				n.variable = &node{}
			}
			n = n.variable
			continue
		}
		if n.fixed == nil {
			n.fixed = map[string]*node{}
		}
		if n.fixed[s] == nil {
			n.fixed[s] = &node{}
		}
		n = n.fixed[s]
	}
	if n.routes == nil {
		n.routes = map[string]*leaf{}
	}
	if n.routes[r.Method] != nil {
		return false
	}
	n.routes[r.Method] = &leaf{r, names}
	n.pattern = r.Path
	return true
}

// find walks a path; it returns the node that has routes, the values of the variable segments, and how many segments it could follow.
func (n *node) find(path []string, values []string) (*node, []string, int) {
	if len(path) == 0 {
		if n.routes == nil {
			return nil, nil, 0
		}
		return n, values, 0
	}
	deep := 0
	if next := n.fixed[path[0]]; next != nil {
		found, got, d := next.find(path[1:], values)
		if found != nil {
			return found, got, d + 1
		}
		deep = d + 1
	}
	if n.variable != nil && path[0] != "" {
		found, got, d := n.variable.find(path[1:], append(values, path[0]))
		if found != nil {
			return found, got, d + 1
		}
		deep = max(deep, d+1)
	}
	return nil, nil, deep
}

// allow lists the methods of a node as the Allow header does.
func (n *node) allow() string {
	var out []string
	for m := range n.routes {
		out = append(out, m)
		if m == "GET" && n.routes["HEAD"] == nil && n.route("HEAD") != nil {
			out = append(out, "HEAD")
		}
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

// any is the leaf whose form of refusal the path has, whatever the method: the first by name, so that it is always the same.
func (n *node) any() *leaf {
	first := ""
	for m := range n.routes {
		if first == "" || m < first {
			first = m
		}
	}
	return n.routes[first]
}

// route picks the leaf for a method; HEAD falls to a GET that only shows something.
func (n *node) route(method string) *leaf {
	if l := n.routes[method]; l != nil {
		return l
	}
	if l := n.routes["GET"]; method == "HEAD" && l != nil && !acts(l.route) {
		return l
	}
	return nil
}

// acts tells whether a GET does more than show something: it takes up an authorization request, ends a login, or gives a code or a token.
// No HEAD does that, nor a browser that fetches ahead of its person (RFC 9110 §9.2.1).
func acts(r *dialect.Route) bool {
	switch r.Op {
	case "authorize", "login", "code", "token", "logout", "endSession":
		return r.Method == "GET"
	}
	return r.Endpoint == "authorization_endpoint"
}

// ahead refuses what a browser fetches before anybody has followed the link.
func ahead(call *wire.Call, r *dialect.Route) *fail.Error {
	if !acts(r) {
		return nil
	}
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if purpose := call.Header(name); strings.HasPrefix(strings.ToLower(purpose), "prefetch") {
			return fail.New(fail.Forbidden, "nobody has followed the link yet: %s is %s", name, purpose).Say("This page is not to be fetched ahead.")
		}
	}
	return nil
}

// params pairs a leaf's names with the values found.
func (l *leaf) params(values []string) []wire.Param {
	out := make([]wire.Param, len(l.names))
	for i, name := range l.names {
		out[i] = wire.Param{Name: name, Value: values[i]}
	}
	return out
}

// split cuts a raw path into decoded segments. Segments that decode to a dot, two dots or something with a slash or a control
// character in it are nobody's: ok is false, so that "%2e%2e%2f" climbs nowhere.
func split(raw string) (path []string, ok bool) {
	path = segments(raw)
	for i, s := range path {
		if strings.Contains(s, "%") {
			d, err := url.PathUnescape(s)
			if err != nil {
				return path, false
			}
			path[i], s = d, d
		}
		if s == "." || s == ".." || strings.ContainsFunc(s, func(r rune) bool { return r == '/' || r == '\\' || r < ' ' || r == 0x7f }) {
			return path, false
		}
	}
	return path, true
}
