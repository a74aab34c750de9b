// Package admin owns the levers: the verbs with which a person or a test bends a space (Desk), and their JSON face under
// /admin/api/v1.
//
// A verb is a method of Desk that knows no HTTP. One that changes something goes through the space's Change: it happens whole or not at
// all, and can be undone. The JSON face is a table of endpoints, which feeds the router and the OpenAPI document alike. The package
// knows no bank: banks are names here, and what they have reaches it as data.
//
//	panel := admin.New(admin.Options{World: w, Banks: []string{"yoisho"}})
//	panel.Serve(ctx, space, "/s/p07", "/admin/api/v1/clock")
package admin

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/fail"
	"sandbank/server/flow"
	"sandbank/server/world"
)

// Options are what the panel needs to know of the sandbox around it.
type Options struct {
	World      *world.World
	Banks      []string         // names, in their order
	Operations []Operation      // routes of all banks
	Key        string           // the admin key; empty: none is asked for, because only loopback reaches the port
	Refusals   func() []Refusal // how each bank says each kind of refusal; nil: nobody knows
	Hosts      []string         // host names that may be called besides loopback ones
	Version    string
	Secure     bool            // whether the port speaks TLS
	Origin     string          // scheme and host of every URL that is handed out; empty: what the caller used
	Life       context.Context // streams and waits end with it; nil: never
	Replay     Replay          // nil: nothing can be replayed
	Flows      []flow.Flow     // the banks' ways to a token, for the lab

	readings *readings
}

// Panel answers everything under /admin, for every space.
type Panel struct {
	options   Options
	endpoints []endpoint
	ops       map[string]*endpoint
}

// New makes the panel of a sandbox.
func New(o Options) *Panel {
	if o.Life == nil {
		o.Life = context.Background()
	}
	o.readings = &readings{}
	p := &Panel{options: o}
	for _, group := range [][]endpoint{
		clockEndpoints(), clockPreviewEndpoints(),
		policyEndpoints(), policyReachEndpoints(),
		tokenBatchEndpoints(), tokenEndpoints(), grantEndpoints(), consentEndpoints(),
		clientEndpoints(), clientKeyEndpoints(), clientExportEndpoints(), serviceEndpoints(), userEndpoints(), accountEndpoints(),
		faultEndpoints(), faultTryEndpoints(), scenarioEndpoints(), reportEndpoints(), settingEndpoints(), keyEndpoints(),
		streamEndpoints(), journalEndpoints(), replayEndpoints(), sendEndpoints(),
		catalogueEndpoints(), snapshotEndpoints(), stateEndpoints(), spaceEndpoints(), activityEndpoints(),
	} {
		p.endpoints = append(p.endpoints, group...)
	}
	p.endpoints = append(p.endpoints, endpoint{method: "GET", path: "/openapi.json", op: "openapi", doc: "this API as an OpenAPI 3.1 document",
		out: map[string]any{}, do: func(r *request) (any, error) { return p.openAPI(r.Lead()), nil }})
	p.ops = make(map[string]*endpoint, len(p.endpoints))
	for i := range p.endpoints {
		p.ops[p.endpoints[i].op] = &p.endpoints[i]
	}
	return p
}

// Serve answers one request to a space; root is what its URLs have before its paths, path what stands behind it.
func (p *Panel) Serve(ctx fiber.Ctx, space *world.Space, root, path string) error {
	ctx.Set("X-Content-Type-Options", "nosniff")
	rest, api := strings.CutPrefix(path, Prefix)
	if err := p.Guard(ctx, space); err != nil {
		return refuse(ctx, err)
	}
	if api && (rest == "" || rest[0] == '/') {
		return p.api(ctx, space, root, rest)
	}
	return refuse(ctx, fail.New(fail.NoRoute, "the levers are under %s%s; see %s%s/openapi.json", root, Prefix, root, Prefix))
}

// Desk is the verbs on one space.
type Desk struct {
	Place
	options *Options
}

// Place is where a desk stands: a space, as its caller reaches it.
type Place struct {
	World      *world.World
	Space      *world.Space
	Root       string // prefix of the space in URLs: the public URL's path, and "" or "/s/p07"
	Origin     string // scheme and host of the sandbox as its caller knows it
	Banks      []string
	Operations []Operation
}

// Desk is the one of a space, for callers without HTTP.
func (p *Panel) Desk(s *world.Space, root string) *Desk {
	o := &p.options
	return &Desk{Place{World: o.World, Space: s, Root: root, Origin: o.Origin, Banks: o.Banks, Operations: o.Operations}, o}
}

// DeskFor is the one of a space for a caller over HTTP: where no public URL is set, the sandbox is what the caller called it.
func (p *Panel) DeskFor(ctx fiber.Ctx, s *world.Space, root string) *Desk {
	d := p.Desk(s, root)
	if d.Origin == "" {
		scheme := "http://"
		if p.options.Secure {
			scheme = "https://"
		}
		d.Origin = scheme + string(ctx.Request().Host()) // which the guard knows to be one of ours
	}
	return d
}

// Lead is the path of the public URL, behind which all spaces are.
func (p *Place) Lead() string { return strings.TrimSuffix(p.Root, p.prefix()) }

// prefix is what stands before the paths of a space within the router.
func (p *Place) prefix() string {
	if p.Space.Name == world.Main {
		return ""
	}
	return "/s/" + p.Space.Name
}

// Version is the program's.
func (d *Desk) Version() string { return d.options.Version }

// Secure tells whether the port speaks TLS.
func (d *Desk) Secure() bool { return d.options.Secure }
