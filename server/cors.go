package server

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/clock"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
	"sandbank/server/journal"
)

// sharing says whose pages may read an answer across origins, by the CORS protocol of the Fetch standard.
type sharing int

const (
	shareNobody  sharing = iota // what a person's browser is sent to: pages, authorization requests
	shareClients                // origins of the client that calls
	shareAll                    // public documents
)

// sharingOf is that of a route; nil is a path that the bank does not have, and a browser app should see that.
func sharingOf(r *dialect.Route) sharing {
	switch {
	case r == nil:
		return shareClients
	case r.Op == "metadata" || r.Op == "metadata.resource" || r.Endpoint == "jwks_uri":
		return shareAll
	case !r.AS || r.Op == "token" || r.Op == "revoke":
		return shareClients
	}
	switch r.Endpoint {
	case "token_endpoint", "revocation_endpoint", "userinfo_endpoint", "pushed_authorization_request_endpoint":
		return shareClients
	}
	return shareNobody
}

// allowOrigin is what Access-Control-Allow-Origin says to this caller, empty for nothing. As long as nobody knows which client calls, it
// is enough that any of the bank's allows the origin: a page must be able to read that its token is not known.
func allowOrigin(call *wire.Call, origin string, r *dialect.Route) string {
	allowed := false
	switch of := sharingOf(r); {
	case of == shareAll:
		return "*"
	case of == shareNobody:
	case call.Client != nil:
		allowed = call.Client.OriginOK(origin)
	default:
		for _, c := range call.Space.Grants.Clients(call.Bank) {
			allowed = allowed || !c.Disabled && c.OriginOK(origin)
		}
	}
	if !allowed {
		return ""
	}
	return origin
}

// share lets the page that called read the answer, whether it is one or a refusal, and with it all headers that are there. Cookies are
// never part of it. Calls without an Origin header are not touched.
func share(ctx fiber.Ctx, call *wire.Call, r *dialect.Route) {
	origin := call.Header("Origin")
	if origin == "" {
		return
	}
	allowed := allowOrigin(call, origin, r)
	if sharingOf(r) == shareClients {
		call.Add("Vary", "Origin")
	}
	if allowed == "" {
		return
	}
	var names []string
	for name := range ctx.Response().Header.All() {
		if n := string(name); !safelisted(n) && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	call.Set("Access-Control-Allow-Origin", allowed)
	if len(names) > 0 {
		call.Set("Access-Control-Expose-Headers", strings.Join(names, ", "))
	}
}

// safelisted are the response headers that scripts read without being let, and those that they never see or that are of no use to them.
func safelisted(name string) bool {
	switch name {
	case "Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Expires", "Last-Modified", "Pragma", "Set-Cookie", "Vary":
		return true
	}
	return false
}

// preflight answers a browser that asks whether a page may send a request. The question carries neither client nor token, so the answer
// is yes where any client of the bank allows the origin; false leaves the question to the bank, which knows no OPTIONS. No fault strikes
// it: it is no call of the application's.
func (m *mount) preflight(ctx fiber.Ctx, call *wire.Call, at *node) bool {
	origin, method := call.Header("Origin"), call.Header("Access-Control-Request-Method")
	if ctx.Method() != fiber.MethodOptions || origin == "" || method == "" {
		return false
	}
	asked := at.route(method)
	if asked == nil {
		return false
	}
	allowed := allowOrigin(call, origin, asked.route)
	if allowed == "" {
		return false
	}
	began := clock.Wall()
	call.Op = "preflight"
	entry := &journal.Entry{At: call.At(), Bank: call.Bank, Op: call.Op, Method: call.Method(), Target: string(ctx.Request().RequestURI())}
	call.Trail.Pass("origin", origin)
	call.Set("Access-Control-Allow-Origin", allowed)
	call.Set("Access-Control-Allow-Methods", at.allow())
	if headers := call.Header("Access-Control-Request-Headers"); headers != "" {
		call.Set("Access-Control-Allow-Headers", headers)
	}
	call.Set("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
	if err := call.Empty(fiber.StatusNoContent); err != nil {
		return false
	}
	date(ctx, call)
	tell(call, entry)
	entry.Took = clock.Since(began)
	call.Journal(entry)
	call.Space.Journal.Append(entry)
	m.note(entry, nil)
	return true
}
