package server

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/wire"
	"sandbank/server/journal"
)

// effect carries out one fault around the call that it struck. The methods take a nil effect, that of nearly every call, for none.
type effect struct {
	m      *mount
	ctx    fiber.Ctx
	call   *wire.Call
	refuse dialect.Refuse
	hit    *fault.Hit
	then   *fault.Then
	kind   fail.Kind   // of the refusal that the fault made
	notes  []string    // for the journal
	gone   bool        // the client hung up while it was kept waiting
	stands func() bool // whether the answer may still go on; nil: it always may
}

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
		hit = faults.Match(ask, call.At())
	}
	if hit == nil {
		return nil, nil
	}
	return &effect{m: m, ctx: ctx, call: call, refuse: refuse, hit: hit, then: &hit.Rule.Then}, nil
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

// before does what comes ahead of the bank, and tells whether the bank is still to be asked. A call that was held up comes in later: the
// clock is read again.
func (e *effect) before() (ask bool) {
	if e == nil || e.then.Where != fault.Before {
		return true
	}
	if e.hit.Delay > 0 {
		e.wait(e.hit.Delay)
		e.call.Anew()
	}
	return !e.then.Answers() && !e.then.Cuts()
}

// after does what becomes of the answer, and notes all that was done. The error is that of an answer that could not be rendered.
func (e *effect) after(err error) error {
	if e == nil {
		return err
	}
	place := "before the bank was asked: "
	if real := strconv.Itoa(e.ctx.Response().StatusCode()); e.then.Where == fault.After {
		place = "after the bank had answered " + real + ": "
	} else if e.then.Where == fault.Response {
		place = "on the bank's answer " + real + ": "
	}
	if e.then.Where != fault.Before && e.hit.Delay > 0 {
		e.wait(e.hit.Delay)
	}
	if e.then.Where == fault.Response {
		e.change()
	} else if e.then.Answers() {
		err = e.replace()
	}
	e.alter()
	e.watch()

	what := *e.then
	what.Where = ""
	if what.Spread != 0 {
		e.notes = append(e.notes, "waited "+e.hit.Delay.Round(time.Millisecond).String())
	}
	if e.gone {
		e.notes = append(e.notes, "the client did not wait")
	}
	name, did := "fault "+e.hit.Rule.ID, place+strings.Join(append([]string{what.String()}, e.notes...), "; ")
	if !e.spoils() {
		e.call.Trail.Pass(name, did)
		return err
	}
	e.call.Trail.No(name, fail.New(e.kind, "%s", did))
	return err
}

// spoils tells whether the fault does more than take time.
func (e *effect) spoils() bool { return e.then.Answers() || e.then.Cuts() || e.then.Alters() != "" }

// wait lets real time pass, less when the server shuts down or the client hangs up.
func (e *effect) wait(d time.Duration) { e.m.hold(e.ctx, e.call, d, func() { e.gone = true }) }

// connection is the socket, or nil for a caller that came through net/http.
func (e *effect) connection() *connection { return connectionOf(e.ctx) }

// replace answers in the bank's place. What the bank had to say is thrown away, what it did is done.
func (e *effect) replace() error {
	t, call, out := e.then, e.call, e.ctx.Response()
	var names []string
	for name := range out.Header.All() {
		names = append(names, string(name))
	}
	for _, name := range names { // Reset would bring fasthttp's own Date back
		out.Header.Del(name)
	}
	out.ResetBody()
	switch {
	case t.Redirect != "":
		return call.Redirect(orStatus(t.Status, fiber.StatusFound), e.target())
	case t.Body != nil:
		return call.Send(orStatus(t.Status, fiber.StatusOK), mediaType(*t.Body), []byte(*t.Body))
	case t.Refuse == "" && t.Status < 400:
		return call.Empty(t.Status)
	}
	if e.kind = t.Refuse; e.kind == "" {
		e.kind = e.kindOf(t.Status)
	}
	if err := say(call, e.refuse, fail.New(e.kind, "fault %s", e.hit.Rule.ID)); err != nil {
		return err
	}
	out.SetStatusCode(orStatus(t.Status, out.StatusCode()))
	return nil
}

func orStatus(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// target is where a redirect leads.
func (e *effect) target() string {
	base := e.call.Place.Origin + e.call.Place.Root
	to := e.then.Redirect
	if to == fault.LoginPage {
		b := e.m.byName[e.call.Bank]
		if b.People && strings.Contains(b.First, "?") {
			return e.call.URL(b.First)
		}
		to = "/"
	}
	if strings.HasPrefix(to, "/") {
		return base + to
	}
	return to
}

func mediaType(body string) string {
	switch body = strings.TrimSpace(body); {
	case strings.HasPrefix(body, "{"), strings.HasPrefix(body, "["):
		return "application/json"
	case strings.HasPrefix(body, "<"):
		return "text/html; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}

// kindOf is what a bank would mean by a status, so that it can say so in its own words.
func (e *effect) kindOf(status int) fail.Kind {
	if status >= 500 {
		return fail.ServerError
	}
	if status == 401 {
		if scheme, _, _ := strings.Cut(e.call.Header("Authorization"), " "); strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "DPoP") {
			return fail.TokenExpired
		}
		return fail.InvalidClient
	}
	kind, ok := map[int]fail.Kind{403: fail.Forbidden, 404: fail.NotFound, 405: fail.MethodNotAllowed, 406: fail.NotAcceptable,
		409: fail.Conflict, 413: fail.TooLarge, 415: fail.UnsupportedMedia, 429: fail.TooMany}[status]
	if !ok {
		return fail.InvalidRequest
	}
	return kind
}

// change lays status and body over the bank's answer.
func (e *effect) change() {
	out := e.ctx.Response()
	if e.then.Body != nil {
		out.SetBodyString(*e.then.Body)
	}
	if e.then.Status != 0 {
		out.SetStatusCode(e.then.Status)
	}
	if s := out.StatusCode(); s == fiber.StatusNoContent || s == fiber.StatusNotModified {
		out.ResetBody()
	}
}

// alter changes fields and headers of the answer, whoever it is from.
func (e *effect) alter() {
	t, call, out := e.then, e.call, e.ctx.Response()
	for i := range t.Mutate {
		body, err := t.Mutate[i].Apply(out.Body())
		if err != nil {
			e.notes = append(e.notes, err.Error())
			continue
		}
		out.SetBody(body)
	}
	for name, value := range t.Headers {
		call.Set(name, value)
	}
	if t.Type != "" {
		out.Header.SetContentType(t.Type)
	}
	if t.Cacheable > 0 {
		call.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(time.Duration(t.Cacheable)/time.Second)))
		out.Header.Del("Pragma")
		out.Header.Del("Expires")
	}
	if t.RetryAfter == "none" {
		out.Header.Del("Retry-After")
	} else if d, date, err := t.Retry(); err == nil && date {
		call.Set("Retry-After", call.Now.Add(d).UTC().Format(http.TimeFormat))
	} else if err == nil {
		call.Set("Retry-After", strconv.Itoa(int(d/time.Second)))
	}
	for _, name := range t.Strip {
		out.Header.Del(name)
		if strings.EqualFold(name, "Content-Type") {
			out.Header.SetNoDefaultContentType(true)
		}
	}
	if n := len(out.Body()); t.Truncate != nil && n <= *t.Truncate {
		e.notes = append(e.notes, "the answer has no more than "+strconv.Itoa(n)+" bytes and is whole")
	}
}

// note tells the journal which fault had the call, and what went out in the end.
func (e *effect) note(entry *journal.Entry) {
	if e == nil {
		return
	}
	entry.Fault = e.hit.Rule.ID
	if e.then.Cuts() || e.gone {
		entry.Status, entry.Response = 0, journal.Part{}
	}
	if e.then.Truncate != nil {
		entry.Response.Body = entry.Response.Body[:min(len(entry.Response.Body), *e.then.Truncate)]
		entry.Response.Cut = len(entry.Response.Body) < entry.Response.Size
	}
	checks := e.call.Trail.Checks
	switch last := checks[len(checks)-1]; {
	case e.then.Cuts():
		entry.Why = last.Name + ": " + last.Why
	case !e.then.Answers(), e.then.Where == fault.Response && entry.Kind != "": // the bank's own reason stands
	case entry.Status >= 400:
		if entry.Kind = e.kind; e.kind == "" {
			entry.Kind = e.kindOf(entry.Status)
		}
		entry.Why = last.Name + ": " + last.Why
	default:
		entry.Kind, entry.Why = "", ""
	}
}

// deliver hands the answer to the client as the fault wants it. It comes last: nothing is left to be done when the client notices.
func (e *effect) deliver(err error) error {
	switch {
	case e == nil:
		return err
	case e.then.Hang && !e.gone:
		e.wait(fault.MaxHang)
		return e.drop()
	case e.then.Reset && e.connection() != nil:
		e.connection().reset()
		return nil
	case e.then.Cuts() || e.gone:
		return e.drop()
	case err == nil && (e.then.Truncate != nil || e.then.Dribble != 0):
		e.pour()
	}
	return err
}

// drop closes the connection. For a caller that came through net/http that is to abort its handler.
func (e *effect) drop() error {
	if e.connection() == nil {
		panic(http.ErrAbortHandler)
	}
	return e.ctx.Drop()
}
