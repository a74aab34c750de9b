package server

import (
	"bytes"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"sandbank/server/fail"
	"sandbank/server/internal/page"
	"sandbank/server/internal/standard"
	"sandbank/server/internal/wire"
	"sandbank/server/world"
)

// visit is a request to a space: which one, under which prefix, and the path within it.
type visit struct {
	space *world.Space
	root  string // the path of the public URL, and "" or "/s/p07"
	lead  string // what of that did not come along with the request, because a proxy cut it off, or a host name says it
	path  string // raw, without the prefix
}

// visit finds the space: by the prefix /s/{space}, by a host name {space}.localhost, or the main one. ok is false when there is none of
// that name. The path of the public URL may be there or not: some proxies cut it off, some do not.
func (s *Server) visit(r *fasthttp.Request) (v visit, ok bool) {
	v = visit{space: s.space(), root: s.mount.below, lead: s.mount.below, path: standard.Canonical(string(r.URI().PathOriginal()))}
	if rest, below := strings.CutPrefix(v.path, s.mount.below+"/"); below {
		v.lead, v.path = "", "/"+rest
	}
	if label, ok := label(hostname(string(r.Host()))); ok {
		if v.space = s.world.Visit(label); v.space == nil {
			return v, false
		}
		if s.mount.public != "" { // one host for all spaces
			v.root += "/s/" + label
			v.lead += "/s/" + label
		}
	}
	if rest, prefixed := strings.CutPrefix(v.path, "/s/"); prefixed {
		name, path, _ := strings.Cut(rest, "/")
		if v.space = s.world.Visit(name); v.space == nil {
			return v, false
		}
		v.root, v.path = s.mount.below+"/s/"+name, "/"+path
	}
	return v, true
}

// admin tells whether the path is the levers'.
func (v visit) admin() bool { return v.path == "/admin" || strings.HasPrefix(v.path, "/admin/") }

// label is the name of the space that a host name is for, where it says one: p07 of p07.localhost.
func label(host string) (string, bool) {
	name, local := strings.CutSuffix(strings.ToLower(host), ".localhost")
	return name, local && name != ""
}

// hostname is a Host header without its port, in lower case, and without the dot that ends a whole name.
func hostname(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// anyMethod leaves requests to the router, but for those whose method it does not know: they are refused where their path is known.
func (s *Server) anyMethod(router fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(rc *fasthttp.RequestCtx) {
		if slices.Contains(fiber.DefaultMethods, string(rc.Method())) {
			router(rc)
			return
		}
		ctx := s.app.AcquireCtx(rc)
		defer s.app.ReleaseCtx(ctx)
		if err := s.serve(ctx); err != nil && s.broken(ctx, err) != nil {
			ctx.Status(500)
		}
	}
}

// serve answers every request. One that panics is answered like any other, and costs nobody else the process.
func (s *Server) serve(ctx fiber.Ctx) (err error) {
	defer func() {
		switch r := recover(); {
		case r == nil:
		case r == http.ErrAbortHandler: // a fault hangs up where there is no socket
			panic(r)
		default:
			err = s.panicked(ctx, r)
		}
	}()
	head := &ctx.Request().Header
	if foreign(head) {
		return s.unreadable(ctx, 505, "it is not HTTP/1.1, the one version that is spoken here")
	}
	if why := misframed(head); why != "" {
		return s.unreadable(ctx, 400, why)
	}
	defer outdated(ctx)
	return s.route(ctx)
}

// panicked answers a request on which the sandbox itself broke. What broke goes to the log only.
func (s *Server) panicked(ctx fiber.Ctx, r any) error {
	path := string(ctx.Request().URI().PathOriginal())
	s.options.Log.Error().Bytes("stack", debug.Stack()).Msgf("%s %s panicked: %v", ctx.Method(), path, r)
	ctx.Response().Reset()
	const text = "something broke; the log says what"
	if !strings.Contains(path, "/admin/api/") {
		return s.say(ctx, 500, page.Message{Heading: "Something broke", Text: "The log says what.", Status: 500, Link: page.Field{Name: "Start page", Value: s.mount.below + "/"}}, text)
	}
	dated(ctx, s.Clock().Now())
	body, err := wire.Encode(map[string]any{"type": "about:blank", "title": "Something broke", "status": 500, "detail": text})
	if err != nil {
		return err
	}
	ctx.Set("Content-Type", "application/problem+json")
	return ctx.Status(500).Send(body)
}

// route answers what belongs to the sandbox itself here, everything else at the banks.
func (s *Server) route(ctx fiber.Ctx) error {
	v, ok := s.visit(ctx.Request())
	if !ok {
		return s.plain(ctx, 404, "there is no such space")
	}
	if s.admin != nil && v.admin() {
		err := s.admin(ctx, v.space, v.root, v.path)
		dated(ctx, v.space.Clock.Now())
		return err
	}
	own := s.own(v)
	if own == nil {
		found, err := s.mount.serve(ctx, v, unfit(ctx))
		if found {
			return err
		}
		own = s.nowhere
	} else if m := ctx.Method(); m != fiber.MethodGet && m != fiber.MethodHead {
		ctx.Set("Allow", "GET, HEAD")
		return s.plain(ctx, 405, "this page takes GET only")
	}
	dated(ctx, v.space.Clock.Now())
	ctx.Set("X-Content-Type-Options", "nosniff")
	return own(ctx)
}

// unfit refuses a body before any bank reads it: one that is too large, that is said to be of two types, or that is compressed.
func unfit(ctx fiber.Ctx) *fail.Error {
	head, n := &ctx.Request().Header, len(ctx.Request().Body())
	if n == 0 {
		return nil
	}
	coding := string(bytes.Join(head.PeekAll("Content-Encoding"), []byte(", ")))
	switch {
	case n > maxBody:
		return fail.New(fail.TooLarge, "the body has %d bytes; %d are taken", n, maxBody)
	case sent(head, "Content-Type") > 1:
		return fail.New(fail.InvalidRequest, "it has more than one Content-Type").Say("The header Content-Type must not be repeated.")
	case coding != "" && !strings.EqualFold(coding, "identity"):
		ctx.Set("Accept-Encoding", "identity") // RFC 9110 §12.5.3
		return fail.New(fail.UnsupportedMedia, "the body is encoded as %s", coding).Say("The request body must not be compressed.")
	}
	return nil
}

// own finds the sandbox's own pages; nil when the path is none of them.
func (s *Server) own(v visit) fiber.Handler {
	switch {
	case v.path == "/":
		return func(ctx fiber.Ctx) error { return s.start(ctx, v) }
	case strings.HasPrefix(v.path, "/-/"):
		return func(ctx fiber.Ctx) error { return s.asset(ctx, strings.TrimPrefix(v.path, "/-/")) }
	case s.mount.byName[strings.Trim(v.path, "/")] != nil: // a bank's bare base URL
		return func(ctx fiber.Ctx) error {
			ctx.Set("Location", v.root+"/")
			return ctx.SendStatus(302)
		}
	case v.root != s.mount.below: // the rest is the process's, not a space's
		return nil
	case v.path == "/healthz":
		return fresh(s.health)
	case v.path == "/metrics":
		return fresh(s.metrics)
	case v.path == "/ca.pem" && s.authority != nil:
		return fresh(s.trust)
	case v.path == "/favicon.ico":
		return func(ctx fiber.Ctx) error { return ctx.SendStatus(204) }
	}
	return nil
}

// fresh keeps an answer out of caches: it is over with the moment, or the process, that it tells of.
func fresh(h fiber.Handler) fiber.Handler {
	return func(ctx fiber.Ctx) error {
		ctx.Set("Cache-Control", "no-store")
		return h(ctx)
	}
}

func (s *Server) health(ctx fiber.Ctx) error {
	return s.json(ctx, 200, struct {
		Status  string `json:"status"`
		Version string `json:"version"`
		Uptime  string `json:"uptime"`
	}{"ok", s.options.Version, uptime(s.born)})
}

func (s *Server) metrics(ctx fiber.Ctx) error {
	text, err := s.meter.text()
	if err != nil {
		return err
	}
	ctx.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	return ctx.Send(text)
}

func (s *Server) asset(ctx fiber.Ctx, name string) error {
	body, kind, ok := page.Asset(name)
	if !ok {
		return s.nowhere(ctx)
	}
	ctx.Set("Content-Type", kind)
	ctx.Set("Cache-Control", "public, max-age=31536000, immutable") // the URL carries a hash of the content
	return ctx.Send(body)
}

// nowhere answers paths that belong to nobody.
func (s *Server) nowhere(ctx fiber.Ctx) error {
	return s.plain(ctx, 404, "no bank has this path; see / for what there is")
}

// plain says one sentence: as a page to people, as JSON to programs.
func (s *Server) plain(ctx fiber.Ctx, status int, text string) error {
	return s.say(ctx, status, page.Message{Heading: "Nothing here", Text: strings.ToUpper(text[:1]) + text[1:] + ".", Status: status,
		Link: page.Field{Name: "Start page", Value: s.mount.below + "/"}}, text)
}

// say shows a message to people, and says its text to programs.
func (s *Server) say(ctx fiber.Ctx, status int, m page.Message, text string) error {
	now := s.Clock().Now()
	dated(ctx, now)
	if !strings.Contains(ctx.Get("Accept"), "text/html") {
		field := "error"
		if status < 400 {
			field = "message"
		}
		return s.json(ctx, status, map[string]string{field: text})
	}
	m.Frame.Root = s.mount.below
	m.Frame.Brand, m.Frame.Now = page.Brand{Bank: "sandbank", Name: "Sandbank",
		Mark: `<path d="M4 13c4.5 0 5.5-5 12-5s7.5 5 12 5M4 19c4 0 4.5-2 8-2s4 2 8 2 4-2 8-2M4 25c4 0 4.5-2 8-2s4 2 8 2 4-2 8-2" fill="none" stroke="#cda563" stroke-width="2"/>`}, now
	html, err := page.Render(m)
	if err != nil {
		return err
	}
	wire.PageHeaders(ctx.Set)
	ctx.Set("Content-Type", "text/html; charset=utf-8")
	return ctx.Status(status).Send(html)
}

func (s *Server) json(ctx fiber.Ctx, status int, v any) error {
	body, err := wire.Encode(v)
	if err != nil {
		return err
	}
	ctx.Set("Content-Type", "application/json")
	return ctx.Status(status).Send(append(body, '\n'))
}

// broken answers requests whose answer failed. Why goes to the log only.
func (s *Server) broken(ctx fiber.Ctx, err error) error {
	s.options.Log.Error().Err(err).Msg("an answer failed")
	return s.decline(ctx, fail.New(fail.Internal, "%v", err), 500, "something broke; the log says what")
}

// decline refuses a request before any bank looks at it, in the way of the bank whose path it is; status and text are for where there is
// none.
func (s *Server) decline(ctx fiber.Ctx, e *fail.Error, status int, text string) error {
	if v, ok := s.visit(ctx.Request()); ok {
		if found, err := s.mount.serve(ctx, v, e); found {
			return err
		}
	}
	return s.plain(ctx, status, text)
}

// space is the one that answers without a prefix.
func (s *Server) space() *world.Space { return s.world.Space(world.Main) }
