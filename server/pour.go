package server

import (
	"bytes"
	"context"
	"io"
	"net"
	"time"

	"sandbank/server/clock"
)

// watch finds out whether a slow answer is to stop with its access token (the knob token-check). What goes out at once has no time to.
func (e *effect) watch() {
	if e.then.Dribble == 0 {
		return
	}
	trail := e.call.Trail
	value, err := e.call.Bearer()
	e.call.Trail = trail // this is no check of the bank's
	if err != nil {
		return
	}
	good, until := e.call.Space.Grants.Midstream(e.call.Bank, value)
	if good == nil {
		return
	}
	now := e.call.Space.Clock.Now
	e.stands = func() bool { return good(now()) }
	e.notes = append(e.notes, until)
}

// pour sends the answer by hand: its head with the length of the whole body, then as much of the body as there is to be, at its pace.
func (e *effect) pour() {
	out := e.ctx.Response()
	body := bytes.Clone(out.Body())
	flow := &trickle{ctx: e.m.life, rest: body, rate: e.then.Dribble, stands: e.stands}
	if e.then.Truncate != nil {
		flow.rest = body[:min(len(body), *e.then.Truncate)]
	}
	if out.SkipBody || (len(flow.rest) == len(body) && flow.rate == 0) {
		return
	}
	if e.connection() == nil {
		out.SetBodyStream(flow, len(body))
		return
	}
	out.Header.SetContentLength(len(body))
	if len(flow.rest) == len(body) {
		out.Header.SetConnectionClose() // the connection is not given back
	}
	head := bytes.Clone(out.Header.Header())
	inner := e.ctx.RequestCtx()
	inner.HijackSetNoResponse(true)
	inner.Hijack(func(c net.Conn) {
		if _, err := c.Write(head); err == nil {
			io.Copy(c, flow) // a client that is gone ends it
		}
	})
}

// trickle is a body that comes at a rate, in up to ten pieces per second.
type trickle struct {
	ctx  context.Context
	rest []byte
	rate int // bytes per second; 0: at once

	stands func() bool // whether it may go on; nil: it may
}

// Read hands out the next piece when it is due. It ends early when the server does, or what it stands on.
func (t *trickle) Read(p []byte) (int, error) {
	n := min(len(t.rest), len(p))
	if t.rate > 0 {
		n = min(n, max(1, t.rate/10))
	}
	if n == 0 || (t.rate > 0 && !clock.Wait(t.ctx, time.Second*time.Duration(n)/time.Duration(t.rate))) || t.stands != nil && !t.stands() {
		return 0, io.EOF
	}
	copy(p, t.rest[:n])
	t.rest = t.rest[n:]
	return n, nil
}
