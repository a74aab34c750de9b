package server

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"sandbank/server/fail"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
)

// Refusal is how a bank says one kind of refusal.
type Refusal struct {
	Bank   string
	Kind   fail.Kind
	Token  bool // at its token endpoint; elsewhere otherwise
	Status int
	Type   string // media type of the body
	Body   string
}

// refusals asks every bank for its words, once: the catalogue is what the banks do, so it cannot differ from that. The banks stand in a
// sandbox of their own meanwhile, because what some of them write takes of the dice.
func refusals() func() []Refusal {
	return sync.OnceValue(func() []Refusal {
		s, err := New(Options{Seed: 1, Start: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC), Freeze: true})
		if err != nil {
			return nil // what this was asked of was built the same way
		}
		var out []Refusal
		for _, b := range s.mount.banks {
			for _, m := range fail.Meanings() {
				out = append(out, s.refusal(b, m.Kind, b.Error, false))
			}
			i := slices.IndexFunc(b.Routes, func(r dialect.Route) bool { return r.Op == "token" && r.Refuse != nil })
			if i < 0 {
				continue
			}
			for _, m := range fail.Meanings() {
				out = append(out, s.refusal(b, m.Kind, b.Routes[i].Refuse, true))
			}
		}
		return out
	})
}

func (s *Server) refusal(b *bank, kind fail.Kind, refuse dialect.Refuse, token bool) Refusal {
	var rc fasthttp.RequestCtx
	rc.Request.Header.SetHost("127.0.0.1:8080")
	ctx := s.app.AcquireCtx(&rc)
	defer s.app.ReleaseCtx(ctx)
	space := s.space()
	c := wire.New(ctx, space, space.Clock.Now(), wire.Place{Origin: "http://127.0.0.1:8080", Mount: "/" + b.Name}, nil)
	c.Bank, c.Brand, c.Authority = b.Name, &b.Brand, &b.Authority
	e := fail.New(kind, "an example")
	switch kind {
	case fail.InvalidField, fail.InvalidRequest:
		e.Param = "field"
	case fail.MethodNotAllowed:
		e.Allow = "GET, HEAD"
	}
	if err := refuse(c, e); err != nil {
		return Refusal{Bank: b.Name, Kind: kind, Token: token, Body: err.Error()}
	}
	media, _, _ := strings.Cut(string(rc.Response.Header.ContentType()), ";")
	return Refusal{b.Name, kind, token, rc.Response.StatusCode(), media, string(rc.Response.Body())}
}
