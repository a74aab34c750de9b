package admin

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/fail"
	"sandbank/server/world"
)

// Verb describes one operation of the JSON face, for another face that offers the same.
type Verb struct {
	Op     string
	Method string
	Path   string // below Prefix, with {names}
	Doc    string
	In     any // a zero value of the body's type; nil: it takes none
}

// URL is the path of the verb below a space's root, with its parameters filled in.
func (v Verb) URL(root string, params map[string]string) string {
	path := v.Path
	for _, name := range slices.Sorted(maps.Keys(params)) {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(params[name]))
	}
	return root + Prefix + path
}

// Verbs are all operations, in the order of the document.
func (p *Panel) Verbs() []Verb {
	out := make([]Verb, len(p.endpoints))
	for i := range p.endpoints {
		out[i] = p.endpoints[i].verb()
	}
	return out
}

// Verb is the operation of this name; false when there is none.
func (p *Panel) Verb(op string) (Verb, bool) {
	e, ok := p.ops[op]
	if !ok {
		return Verb{}, false
	}
	return e.verb(), true
}

func (e *endpoint) verb() Verb {
	return Verb{Op: e.op, Method: e.method, Path: e.path, Doc: e.doc, In: e.in}
}

// Pull performs an operation as the JSON face would: the same body, the same checks, the same refusals. The caller has let the guard
// look at the request already.
func (p *Panel) Pull(ctx fiber.Ctx, space *world.Space, root, op string, params map[string]string, query url.Values, body []byte) (any, error) {
	e, ok := p.ops[op]
	if !ok {
		return nil, fail.New(fail.NotFound, "there is no operation %q", op)
	}
	if query == nil {
		query = url.Values{}
	}
	return e.do(&request{Desk: p.DeskFor(ctx, space, root), panel: p, ctx: ctx, params: params, query: query, body: body})
}
