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
	routes := append(metadataRoutes(&d), jwksRoutes()...)
	if d.Authority.OpenID != nil {
		routes = append(append(routes, userinfoRoutes()...), logoutRoutes()...)
	}
	for i := range routes {
		routes[i].Own = !d.Authority.Root // the issuer at the root has them there as well
		routes[i].AS = true
	}
	d.Routes = append(d.Routes, routes...)
	return d
}
