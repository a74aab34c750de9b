package server

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/fail"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/world"
)

// serve answers every request: what belongs to the sandbox itself here, everything else at the banks.
func (s *Server) serve(ctx fiber.Ctx) error {
	path := string(ctx.Request().URI().PathOriginal())
	own := s.own(path)
	if own == nil {
		found, err := s.mount.serve(ctx, tooLarge(ctx))
		if found {
			return err
		}
		own = s.nowhere
	} else if m := ctx.Method(); m != fiber.MethodGet && m != fiber.MethodHead {
		ctx.Set("Allow", "GET, HEAD")
		return s.plain(ctx, 405, "this page takes GET only")
	}
	s.mount.dated(ctx, s.Clock().Now())
	ctx.Set("X-Content-Type-Options", "nosniff")
	return own(ctx)
}

// tooLarge refuses a body before any bank reads it.
func tooLarge(ctx fiber.Ctx) *fail.Error {
	if n := len(ctx.Request().Body()); n > maxBody {
		return fail.New(fail.TooLarge, "the body has %d bytes; %d are taken", n, maxBody)
	}
	return nil
}

// own finds the sandbox's own pages.
func (s *Server) own(path string) fiber.Handler {
	switch {
	case path == "/":
		return s.start
	case path == "/healthz":
		return s.health
	case path == "/metrics":
		return s.metrics
	case path == "/favicon.ico":
		return func(ctx fiber.Ctx) error { return ctx.SendStatus(204) }
	case path == "/admin" || strings.HasPrefix(path, "/admin/"):
		return s.admin
	case strings.HasPrefix(path, "/-/"):
		return s.asset
	}
	if b := s.mount.byName[strings.Trim(path, "/")]; b != nil { // a bank's bare base URL
		return func(ctx fiber.Ctx) error {
			ctx.Set("Location", "/")
			return ctx.SendStatus(302)
		}
	}
	return nil
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

func (s *Server) asset(ctx fiber.Ctx) error {
	body, kind, ok := page.Asset(strings.TrimPrefix(string(ctx.Request().URI().PathOriginal()), "/-/"))
	if !ok {
		return s.nowhere(ctx)
	}
	ctx.Set("Content-Type", kind)
	ctx.Set("Cache-Control", "public, max-age=31536000, immutable") // the URL carries a hash of the content
	return ctx.Send(body)
}

// admin says where the console is; a server that has one replaces this.
func (s *Server) admin(ctx fiber.Ctx) error {
	return s.plain(ctx, 404, "this build has no console; the banks and the start page at / are all there is")
}

// nowhere answers paths that belong to nobody.
func (s *Server) nowhere(ctx fiber.Ctx) error {
	return s.plain(ctx, 404, "no bank has this path; see / for what there is")
}

// plain says one sentence: as a page to people, as JSON to programs.
func (s *Server) plain(ctx fiber.Ctx, status int, text string) error {
	s.mount.dated(ctx, s.Clock().Now())
	if strings.Contains(ctx.Get("Accept"), "text/html") {
		html, err := page.Render(page.Message{Frame: page.Frame{Brand: page.Brand{Bank: "sandbank", Name: "Sandbank"}, Now: s.Clock().Now()},
			Heading: "Nothing here", Text: strings.ToUpper(text[:1]) + text[1:] + ".", Status: status, Link: page.Field{Name: "Start page", Value: "/"}})
		if err != nil {
			return err
		}
		wire.PageHeaders(ctx.Set)
		ctx.Set("Content-Type", "text/html; charset=utf-8")
		return ctx.Status(status).Send(html)
	}
	return s.json(ctx, status, map[string]string{"error": text})
}

func (s *Server) json(ctx fiber.Ctx, status int, v any) error {
	body, err := wire.Encode(v)
	if err != nil {
		return err
	}
	ctx.Set("Content-Type", "application/json")
	return ctx.Status(status).Send(append(body, '\n'))
}

// broken answers requests that the HTTP library would not hand on, too large a body for one, in the way of the bank whose path it is.
func (s *Server) broken(ctx fiber.Ctx, err error) error {
	e := fail.New(fail.Internal, "%v", err)
	status := 500
	if f := (*fiber.Error)(nil); errors.As(err, &f) {
		status = f.Code
		switch f.Code {
		case 413:
			e = fail.New(fail.TooLarge, "the body is larger than %d bytes", maxBody)
		case 400, 431:
			ctx.Set("Connection", "close")
			return s.plain(ctx, f.Code, "the request could not be read: "+strings.ToLower(f.Message))
		}
	}
	if found, err := s.mount.serve(ctx, e); found {
		return err
	}
	return s.plain(ctx, status, e.Why)
}

// space is the one that answers without a prefix.
func (s *Server) space() *world.Space { return s.world.Space(world.Main) }
