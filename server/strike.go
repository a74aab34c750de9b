package server

import (
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
	"sandbank/server/scenario"
)

// strike asks whether a fault has this call: before the bank has answered, and once more with the status of its answer. A rule in the
// request's own header comes before those that are armed; one that makes no sense is told.
func (m *mount) strike(ctx fiber.Ctx, call *wire.Call, refuse dialect.Refuse, answer int) (*effect, *fail.Error) {
	faults := call.Space.Faults
	if faults.Idle() {
		return nil, nil
	}
	ask := fault.Ask{Bank: call.Bank, Op: call.Op, Method: call.Method(), Path: strings.TrimPrefix(call.Path(), call.Place.Mount), Answer: answer,
		Caller: sync.OnceValues(func() (client, user string) { return caller(call) }),
		Header: call.HeaderAll,
		Param:  func(name string) []string { return append(call.Query().All(name), call.Form().All(name)...) }}
	hit, bad := brought(call, ask)
	if bad != nil {
		return nil, bad
	}
	if hit == nil {
		hit = faults.Match(ask, call.Now)
	}
	if hit == nil {
		return nil, nil
	}
	return &effect{m: m, ctx: ctx, call: call, refuse: refuse, hit: hit, then: &hit.Rule.Then}, nil
}

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
		hit, err := h.read(call.Space.Faults, text, ask, call.Now)
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

// caller is who calls, as far as it can be told without asking the bank: nothing here is proven.
func caller(call *wire.Call) (client, user string) {
	trail := call.Trail
	defer func() { call.Trail = trail }() // these are no checks of the bank's
	client, user = call.CallerID(), call.Owner
	values := []string{call.Query().Get("code"), call.Form().Get("code"), call.Form().Get("refresh_token")}
	if bearer, err := call.Bearer(); err == nil {
		values = append(values, bearer)
	}
	for _, v := range values {
		if t := call.Space.Grants.Token(v); t != nil {
			user = t.Owner
			if client == "" {
				client = t.Client
			}
		}
	}
	return client, user
}
