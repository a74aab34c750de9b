package server

import (
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/dialect/berlin"
	"sandbank/server/internal/dialect/finapi"
	"sandbank/server/internal/dialect/s2s"
	"sandbank/server/internal/dialect/sparebank1"
	"sandbank/server/internal/dialect/yoisho"
	"sandbank/server/internal/standard"
)

// banks are all there are. A new one is a line here, a folder under internal/dialect and a fixture file. The order is that of lists,
// and decides who answers a path that two banks have when nothing else tells.
func banks() []dialect.Dialect {
	all := []dialect.Dialect{
		yoisho.New(),
		berlin.New(),
		sparebank1.New(),
		s2s.New(),
		finapi.New(),
	}
	for i := range all {
		all[i] = standard.Complete(all[i])
	}
	return all
}
