package server

import (
	"time"

	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/internal/wire"
	"sandbank/server/scenario"
)

// brought is the fault, or the scenario's, that the request brings in a header of its own. One that makes no sense is told in the same
// header of the answer.
func brought(call *wire.Call, ask fault.Ask) (*fault.Hit, *fail.Error) {
	for _, h := range []struct {
		name string
		read func(*fault.Faults, string, fault.Ask, time.Time) (*fault.Hit, error)
	}{{fault.Header, (*fault.Faults).Once}, {scenario.Header, scenario.Once}} {
		text := call.Header(h.name)
		if text == "" {
			continue
		}
		hit, err := h.read(call.Space.Faults, text, ask, call.At())
		if err != nil {
			bad := fail.From(err)
			call.Set(h.name, bad.Param+": "+bad.Why)
			return nil, bad
		}
		if hit != nil {
			return hit, nil
		}
	}
	return nil, nil
}
