// Package console owns the HTML face of the levers: the pages under /admin.
//
// Every page is a GET, rendered here on the server; every action is a form that posts to /admin/do/{op}, where op is an operation of
// the JSON face. The form's fields become that operation's JSON body by its type, so the two faces cannot differ: what a button does,
// the curl beside it does as well. Pages work without script. With it, htmx swaps whole pages in place and one event stream per browser
// says when to look again.
//
// The package knows the desk and its verbs, and no bank. What people typed anywhere is hostile until html/template has escaped it.
//
//	c := console.New(admin.New(options))
//	c.Serve(ctx, space, "/s/p07", "/admin/tokens")
package console

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v3"

	"sandbank/admin"
	"sandbank/server/fail"
	"sandbank/server/world"
)

// Console answers everything under /admin: its own pages, and through the panel the JSON face.
type Console struct {
	panel *admin.Panel
	pages []page
	calls func() []APICall // of the JSON face; described once it is asked for
	banks *regexp.Regexp   // see spoken
}

// New makes the console of a panel.
func New(p *admin.Panel) *Console {
	return &Console{panel: p, pages: pages(), calls: sync.OnceValue(func() []APICall { return described(p) }), banks: spoken(p.Desk(nil, "").Banks)}
}

// base is where the pages answer in a space.
const base = "/admin"

// Serve answers one request to a space; root is the prefix of the space in URLs, path what stands behind it.
func (c *Console) Serve(ctx fiber.Ctx, space *world.Space, root, path string) error {
	if path == admin.Prefix || strings.HasPrefix(path, admin.Prefix+"/") {
		return c.panel.Serve(ctx, space, root, path)
	}
	rest := strings.Clone(strings.Trim(strings.TrimPrefix(path, base), "/")) // path is a view into the request
	if name, ok := strings.CutPrefix(rest, "-/"); ok {
		return serveAsset(ctx, name)
	}
	shield(ctx)
	query, err := url.ParseQuery(string(ctx.Request().URI().QueryString()))
	if err != nil {
		query = url.Values{}
	}
	v := c.visit(ctx, space, root, rest, query)
	if err := c.panel.Guard(ctx, space); err != nil {
		return v.shut(fail.From(err))
	}
	switch method := ctx.Method(); {
	case method == fiber.MethodPost && rest == "begun":
		return v.begin()
	case method == fiber.MethodPost:
		return v.post(rest)
	case method == fiber.MethodGet || method == fiber.MethodHead:
		return v.get(rest)
	}
	ctx.Set("Allow", "GET, HEAD, POST")
	return v.refuse(405, fail.New(fail.MethodNotAllowed, "pages take GET, actions POST"))
}

// shield keeps the pages to themselves: no frame, no other origin, no inline code. Forms go nowhere else.
func shield(ctx fiber.Ctx) {
	ctx.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	ctx.Set("X-Frame-Options", "DENY")
	ctx.Set("X-Content-Type-Options", "nosniff")
	ctx.Set("Referrer-Policy", "same-origin")
	ctx.Set("Cross-Origin-Opener-Policy", "same-origin")
	ctx.Set("Cache-Control", "no-store")
}
