// Package standard is what the RFCs add to a bank: the endpoints that its own documents do not have, under paths that none of them uses,
// and the metadata that tells clients where everything is. The banks' native paths answer as they did.
//
// Everything here reads the bank's route table and its wire.Authority, so that a bank gets it all without code of its own:
//
//	d := standard.Complete(berlin.New())
package standard

import (
	"slices"

	"sandbank/server/internal/dialect"
)

// Complete adds the standards' routes to a bank.
func Complete(d dialect.Dialect) dialect.Dialect {
	d.Routes = slices.Clip(d.Routes)
	if i := slices.IndexFunc(d.Routes, func(r dialect.Route) bool { return r.Endpoint == "token_endpoint" }); i >= 0 {
		d.Authority.Token = d.Routes[i].Path
	}
	routes := slices.Concat(metadataRoutes(&d), jwksRoutes())
	routes = append(routes, revocationRoute(), introspectionRoute())
	if d.Authority.Entry.Read != nil {
		routes = slices.Concat(routes, parRoutes(), deviceRoutes())
	}
	routes = append(routes, registrationRoutes()...)
	if d.Authority.OpenID != nil {
		routes = slices.Concat(routes, userinfoRoutes(), logoutRoutes())
	}
	for i := range routes {
		routes[i].Own = !d.Authority.Root // the issuer at the root has them there as well
		routes[i].AS = true
	}
	d.Routes = append(d.Routes, routes...)
	d.Routes = append(d.Routes, protectedRoute(!d.Authority.Root))
	return d
}
