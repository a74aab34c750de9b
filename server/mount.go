package server

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/standard"
	"sandbank/server/internal/wire"
	"sandbank/server/journal"
	"sandbank/server/magic"
	"sandbank/server/world"
)

// bank is a dialect with its routes as trees: those that answer at the root, and those that answer under /{bank}.
type bank struct {
	*dialect.Dialect
	native node
	own    node
}

// mount decides which bank, which operation and which space a request is for.
type mount struct {
	world  *world.World
	banks  []*bank
	byName map[string]*bank
	public string          // scheme and host of the public URL; empty: whatever the caller used
	below  string          // its path, without a slash at the end
	secure bool            // whether the listener speaks TLS
	flags  magic.Catalogue // that a login may carry
	note   func(*journal.Entry, []byte)
	desk   bool            // whether there is a console
	life   context.Context // ends when the server shuts down
}

// newMount checks the route tables: a bank may not claim one path twice, and two banks may share a path only when each call on it says
// who is calling.
func newMount(w *world.World, dialects []dialect.Dialect) (*mount, error) {
	m := &mount{world: w, byName: map[string]*bank{}, flags: magic.Flags().With(caseFlags()...)}
	open := map[string]string{} // shape of a path → bank, for shapes that some bank serves without knowing the caller
	seen := map[string]string{}
	for i := range dialects {
		b := &bank{Dialect: &dialects[i]}
		if m.byName[b.Name] != nil {
			return nil, fmt.Errorf("two banks are called %q", b.Name)
		}
		m.banks, m.byName[b.Name] = append(m.banks, b), b
		routes := b.All()
		for j := range routes {
			r := &routes[j]
			if !b.own.add(r) || (!r.Own && !b.native.add(r)) {
				return nil, fmt.Errorf("%s claims %s %s twice", b.Name, r.Method, r.Path)
			}
			if r.Own {
				continue
			}
			shape := shape(r.Path)
			if other := seen[shape]; other != "" && other != b.Name && (r.Open || open[shape] != "") {
				return nil, fmt.Errorf("%s and %s both claim %s, and calls on it do not say who is calling", other, b.Name, r.Path)
			}
			if r.Open {
				open[shape] = b.Name
			}
			seen[shape] = b.Name
		}
	}
	return m, nil
}

// shape is a path with its variable segments nameless.
func shape(path string) string {
	parts := segments(path)
	for i, s := range parts {
		if strings.HasPrefix(s, "{") {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

// serve answers one request to a space; false when no bank has anything to do with its path. The gate is held while the bank works, so
// that no lever moves under it.
func (m *mount) serve(ctx fiber.Ctx, v visit, broken *fail.Error) (bool, error) {
	v.space.Gate.RLock()
	defer v.space.Gate.RUnlock()
	call := wire.New(ctx, v.space, v.space.Clock.Now(), wire.Place{Origin: m.origin(ctx), Lead: v.lead, Root: v.root, Mount: v.root}, nil)
	if m.desk {
		call.Place.Desk = v.root + "/admin/inspector"
	}
	path, clean := split(v.path)

	b, at, values := m.find(call, path)
	if b == nil {
		return false, nil
	}
	call.Bank, call.Brand, call.Authority, call.Magic = b.Name, &b.Brand, &b.Authority, wire.Magic{Flags: m.flags, Ways: b.Ways}
	refuse := b.Error
	var do func(*wire.Call) error
	var route *dialect.Route
	switch {
	case at == nil || !clean:
		broken = or(broken, fail.New(fail.NoRoute, "%s has no path %s", b.Name, v.path))
	default:
		l := at.route(call.Method())
		if l == nil {
			if m.preflight(ctx, call, at) {
				return true, nil
			}
			e := fail.New(fail.MethodNotAllowed, "%s takes %s, not %s", at.pattern, at.allow(), call.Method())
			e.Allow = at.allow()
			broken = or(broken, e)
			l = at.any()
		}
		broken = or(broken, ahead(call, l.route))
		route, call.Op, do = l.route, l.route.Op, l.route.Do
		call.SetParams(l.params(values))
		skew(call, l.route.AS)
		if l.route.Refuse != nil {
			refuse = l.route.Refuse
		}
	}
	noted(ctx, call)
	return true, m.answer(ctx, call, route, refuse, do, broken)
}

func or(a, b *fail.Error) *fail.Error {
	if a != nil {
		return a
	}
	return b
}

// find picks the bank of a path. Under /{bank} it is that one. At the root, where several have the path, the caller decides; where none
// has it, the one that follows it furthest answers that it does not exist.
func (m *mount) find(call *wire.Call, path []string) (*bank, *node, []string) {
	if resource, ok := standard.Described(path); ok {
		return m.holder(call, resource)
	}
	if b := m.byName[path[0]]; b != nil && len(path) > 1 {
		call.Place.Mount = call.Place.Root + "/" + b.Name
		at, values, _ := b.own.find(path[1:], nil)
		return b, at, values
	}
	type claim struct {
		b      *bank
		at     *node
		values []string
	}
	var claims []claim
	var nearest *bank
	furthest := 0
	for _, b := range m.banks {
		at, values, deep := b.native.find(path, nil)
		if at != nil {
			claims = append(claims, claim{b, at, values})
		} else if deep > furthest {
			nearest, furthest = b, deep
		}
	}
	switch len(claims) {
	case 0:
		return nearest, nil, nil
	case 1:
		return claims[0].b, claims[0].at, claims[0].values
	}
	banks := make([]*bank, len(claims))
	for i, c := range claims {
		banks[i] = c.b
	}
	chosen := claims[slices.Index(banks, m.caller(call, banks))]
	return chosen.b, chosen.at, chosen.values
}

// holder finds the bank that has a resource, and where it tells of it: under /{bank} whatever the path, at the root where some bank has it.
func (m *mount) holder(call *wire.Call, resource []string) (*bank, *node, []string) {
	b := m.byName[resource[0]]
	if b != nil {
		call.Place.Mount = call.Place.Root + "/" + b.Name
	} else {
		var at *node
		if b, at, _ = m.find(call, resource); at == nil {
			return b, nil, nil
		}
	}
	at, values, _ := b.own.find(segments(standard.PathResource), nil)
	return b, at, values
}

// caller decides between banks: by the client id that the call carries, by its bearer token, by what the banks say of the call, and
// at last by their order.
func (m *mount) caller(call *wire.Call, banks []*bank) *bank {
	g := call.Space.Grants
	if id := call.CallerID(); id != "" {
		for _, b := range banks {
			if g.Client(b.Name, id) != nil {
				return b
			}
		}
	}
	if value, err := call.Bearer(); err == nil {
		if t := g.Token(value); t != nil {
			for _, b := range banks {
				if b.Name == t.Bank {
					return b
				}
			}
		}
	}
	call.Trail = fail.Trail{}
	for _, b := range banks {
		if b.Claims != nil && b.Claims(call) {
			return b
		}
	}
	return banks[0]
}

// answer runs the operation, renders its refusal in the bank's own way, and writes the journal. A fault may come in between. route is nil
// for a path that the bank does not have.
func (m *mount) answer(ctx fiber.Ctx, call *wire.Call, route *dialect.Route, refuse dialect.Refuse, do func(*wire.Call) error, broken *fail.Error) error {
	began := clock.Wall()
	entry := &journal.Entry{At: call.At(), Bank: call.Bank, Op: call.Op, Method: call.Method(), Target: string(ctx.Request().RequestURI())}
	e, bad := m.strike(ctx, call, refuse, 0)
	if bad != nil {
		broken = bad
	}
	var err error
	var stack []byte
	if e.before() {
		stack, err = m.operate(call, entry, refuse, do, broken)
		if e == nil && bad == nil {
			e, _ = m.strike(ctx, call, refuse, ctx.Response().StatusCode())
		}
	}
	m.linger(ctx, call)
	err = e.after(err)
	if ctx.Method() == "HEAD" {
		ctx.Response().SkipBody = true
	}
	date(ctx, call)
	tell(call, entry)
	share(ctx, call, route)
	entry.Op, entry.Took = call.Op, clock.Since(began) // a method override may have changed what is done
	call.Journal(entry)
	e.note(entry)
	again := rerunOf(ctx)
	entry.Again = again.number()
	call.Space.Journal.Append(entry)
	again.leave(entry)
	m.note(entry, stack)
	return e.deliver(err)
}

// operate is the bank's part: the operation, or its refusal.
func (m *mount) operate(call *wire.Call, entry *journal.Entry, refuse dialect.Refuse, do func(*wire.Call) error, broken *fail.Error) (stack []byte, err error) {
	if broken != nil {
		err = call.Trail.No("request", broken)
	} else {
		stack, err = run(do, call)
	}
	if err != nil {
		err = m.refuse(call, entry, refuse, err)
	}
	return stack, err
}

// refuse renders what went wrong: a detour through the browser, or the bank's own refusal.
func (m *mount) refuse(call *wire.Call, entry *journal.Entry, refuse dialect.Refuse, err error) error {
	reason := fail.From(err)
	entry.Kind, entry.Why = reason.Kind, reason.Why
	if n := len(call.Trail.Checks); n == 0 || call.Trail.Checks[n-1].OK {
		call.Trail.No(string(reason.Kind), reason)
	}
	if call.Skew != 0 {
		entry.Why += "; " + call.Trail.Checks[0].Why
	}
	if detour, ok := err.(*wire.Detour); ok {
		return call.Leave(call.RedirectStatus(), detour.To, detour.Mode)
	}
	if reason.Allow != "" {
		call.Set("Allow", reason.Allow)
	}
	return say(call, refuse, reason)
}

// say renders a refusal in the bank's own way, but for the challenge that DPoP wants.
func say(call *wire.Call, refuse dialect.Refuse, reason *fail.Error) error {
	err := refuse(call, reason)
	call.Challenge(reason)
	return err
}

// run calls a handler and turns a panic into an internal error; the stack goes to the log only.
func run(do func(*wire.Call) error, call *wire.Call) (stack []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err, stack = fail.New(fail.Internal, "panic: %v", r), debug.Stack()
		}
	}()
	return nil, do(call)
}

// publish sets the base of everything that is handed out.
func (m *mount) publish(base string) error {
	u, err := ParsePublicURL(base)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(strings.Trim(u.EscapedPath(), "/"), "/")
	if m.byName[first] != nil || first == "s" || first == "admin" || first == "-" {
		return fmt.Errorf("the path of %q begins with /%s, which is a path of the sandbox's own", base, first)
	}
	m.public, m.below = u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	return nil
}

// origin is scheme and host as the caller used them: the public URL's when one was given, else those of the connection. Forwarded headers are not
// believed. A Host that is none (RFC 9110 §7.2) counts as localhost.
func (m *mount) origin(ctx fiber.Ctx) string {
	if m.public != "" {
		return m.public
	}
	host := string(ctx.Request().Host())
	if host == "" || strings.ContainsFunc(host, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._:[]~", r))
	}) {
		host = "localhost"
	}
	if m.secure {
		return "https://" + host
	}
	return "http://" + host
}
