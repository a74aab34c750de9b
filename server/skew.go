package server

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/clock"
	"sandbank/server/internal/wire"
)

// skew sets the call to the clock of the server that answers it. The first line of the trail says so where that is not the space's.
func skew(call *wire.Call, as bool) {
	by, name := call.Space.Skew.ResourceServer, "resource server"
	if as {
		by, name = call.Space.Skew.AuthorizationServer, "authorization server"
	}
	if by == 0 {
		return
	}
	call.Skew = time.Duration(by)
	call.Now = call.Now.Add(call.Skew)
	apart, where := call.Skew, "ahead of"
	if apart < 0 {
		apart, where = -apart, "behind"
	}
	call.Trail.Pass("clock", "the "+name+"'s clock is "+clock.FormatDuration(apart)+" "+where+" the space's")
}

// date puts the time that the bank tells into the Date header, or leaves the header out.
func date(ctx fiber.Ctx, call *wire.Call) {
	now := call.Now
	switch d := call.Space.Skew.Date; {
	case d.Off:
		ctx.Response().Header.Del("Date")
		return
	case d.Apart:
		now = call.At().Add(d.By)
	}
	dated(ctx, now)
}

// dated puts the space's own time into the Date header, which clients use to tell how old an answer is. fasthttp writes real time there,
// or none, and takes no other: the header is set under a name of the same length, which is then written over in place.
func dated(ctx fiber.Ctx, now time.Time) {
	h := &ctx.Response().Header
	h.Del("Date")
	h.Set("Late", dateOf(now))
	for key := range h.All() {
		if string(key) == "Late" {
			key[0] = 'D'
			return
		}
	}
}

// lastDate is the date that was written last: most answers are of the same second as the one before.
var lastDate atomic.Pointer[stamp]

type stamp struct {
	second int64
	text   string
}

// dateOf is an instant as the header has it (RFC 9110 §5.6.7).
func dateOf(now time.Time) string {
	if last := lastDate.Load(); last != nil && last.second == now.Unix() {
		return last.text
	}
	next := &stamp{now.Unix(), now.UTC().Format(http.TimeFormat)}
	lastDate.Store(next)
	return next.text
}
