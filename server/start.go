package server

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/clock"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/world"
)

// start is the page at /: what runs here, who may enter, what to type first.
func (s *Server) start(ctx fiber.Ctx, v visit) error {
	p := s.guide(v.space, s.mount.origin(ctx), v.root)
	ctx.Set("Vary", "Accept")
	if accept := ctx.Get("Accept"); strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html") {
		return s.json(ctx, 200, p)
	}
	html, err := page.Render(p)
	if err != nil {
		return err
	}
	wire.PageHeaders(ctx.Set)
	ctx.Set("Content-Type", "text/html; charset=utf-8")
	return ctx.Send(html)
}

// Guide is what the start page and the ready line tell of the main space, for a base URL.
func (s *Server) Guide(base string) page.Start { return s.guide(s.space(), base, "") }

func (s *Server) guide(space *world.Space, origin, root string) page.Start {
	space.Gate.RLock()
	defer space.Gate.RUnlock()
	base := origin + root
	reading := space.Clock.Read()
	speed := reading.Speed
	if reading.Frozen {
		speed = 0
	}
	p := page.Start{Root: root, Base: base, Version: s.options.Version, Now: reading.Now, Speed: speed, Offset: offset(reading.Offset), Seed: "random",
		Rule:  "any password; any loopback redirect URI",
		Links: []page.Link{{Name: "Health", URL: s.mount.below + "/healthz", Note: "JSON"}, {Name: "Metrics", URL: s.mount.below + "/metrics", Note: "Prometheus text"}}}
	if s.authority != nil {
		p.Links = append(p.Links, page.Link{Name: "Certificate authority", URL: s.mount.below + "/ca.pem", Note: "PEM, for clients to trust"})
	}
	if s.admin != nil {
		p.Console = root + "/admin"
		p.Links = append(p.Links, page.Link{Name: "Levers: the admin API", URL: root + "/admin/api/v1/openapi.json", Note: "OpenAPI 3.1; clock, spaces, undo and more"})
	}
	if s.options.Seed != 0 {
		p.Predictable, p.Seed = true, strconv.FormatUint(s.options.Seed, 10)+", replayable: tokens can be predicted"
	}
	for _, b := range s.mount.banks {
		one := page.StartBank{Name: b.Name, Title: b.Title, About: b.About, Demo: b.Demo, First: base + b.First}
		if b.People {
			for _, person := range space.Ledger.People(b.Name) {
				if person.Password != "" {
					continue // any password is what the page promises
				}
				if len(one.People) == 4 {
					one.People = append(one.People, "…")
					break
				}
				one.People = append(one.People, person.Login)
			}
			one.Links = []page.Link{{Name: "Apps with access", URL: root + "/" + b.Name + "/connections"}}
		}
		for _, c := range space.Grants.Clients(b.Name) {
			one.Clients = append(one.Clients, startClients(b, c, root)...)
		}
		p.Banks = append(p.Banks, one)
		if len(b.Recipe) > 0 {
			p.Recipes = append(p.Recipes, recipe(b, base))
		}
	}
	return p
}

func startClients(b *bank, c *grant.Client, root string) []page.StartClient {
	one := page.StartClient{ID: c.ID}
	if c.Public() {
		one.Note = "none, PKCE"
	} else if len(c.Secrets) == 0 {
		one.Note = "none, signs with its key"
	} else {
		one.Secret = c.Secrets[0].Value
	}
	if c.ID == b.Demo && b.People && strings.Contains(b.First, "?") {
		path, _, _ := strings.Cut(b.First, "?")
		one.Link = page.Link{Name: path, URL: root + b.First}
	}
	out := []page.StartClient{one}
	if c.Service != nil {
		out = append(out, page.StartClient{ID: c.Service.ID, Secret: c.Service.Secret, Note: "service account of " + c.ID})
	}
	return out
}

func recipe(b *bank, base string) page.Recipe {
	r := page.Recipe{Title: b.Title, Note: b.About}
	for _, step := range b.Recipe {
		r.Commands = append(r.Commands, page.Command{Title: step.Title, Text: strings.ReplaceAll(step.Text, "{base}", base)})
	}
	return r
}

// offset says how far the clock is from real time, when it is.
func offset(d time.Duration) string {
	side := "ahead"
	if d < 0 {
		d, side = -d, "behind"
	}
	if d < 2*time.Second {
		return ""
	}
	return wire.Span(d) + " " + side
}

func uptime(born time.Time) string { return clock.Since(born).Round(time.Millisecond).String() }
