package server

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/clock"
	"sandbank/server/internal/wire"
)

// hold keeps a call waiting, with the gate open: a held call holds nobody else's lever. gone is called when the client hangs up.
func (m *mount) hold(fc fiber.Ctx, call *wire.Call, d time.Duration, gone func()) {
	gate := &call.Space.Gate
	gate.RUnlock()
	defer gate.RLock()
	ctx, cancel := context.WithCancel(m.life)
	defer cancel()
	if c := connectionOf(fc); c != nil {
		defer c.watch(func() { gone(); cancel() })()
	}
	clock.Wait(ctx, d)
}

// linger keeps the answer back for as long as the login of the call's grant asked for (dave~slow2s).
func (m *mount) linger(ctx fiber.Ctx, call *wire.Call) {
	d, login := call.Slow()
	if d == 0 {
		return
	}
	m.hold(ctx, call, d, func() {})
	if n := len(call.Trail.Checks); n == 0 || call.Trail.Checks[n-1].OK { // why it was refused stands last
		call.Trail.Pass("slow", "waited "+clock.FormatDuration(d)+", as login "+login+" has it")
	}
}

func connectionOf(ctx fiber.Ctx) *connection {
	c, _ := ctx.RequestCtx().Conn().(*connection)
	return c
}
