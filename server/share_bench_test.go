package server

import (
	"bufio"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/journal"
)

// bare answers as serve does, without what levers and the journal need: no gate, no faults, no skew, nothing told, no entry. What is
// left is the banks' own: finding the route, one reading of the clock, the handler, a Date header, the log and the metrics.
func (s *Server) bare(ctx fiber.Ctx) error {
	began := clock.Wall()
	space := s.space()
	call := wire.New(ctx, space, space.Clock.Now(), wire.Place{Origin: s.mount.origin(ctx)}, nil)
	path, _ := split(string(ctx.Request().URI().PathOriginal()))
	b, at, values := s.mount.find(call, path)
	l := at.route(ctx.Method())
	call.Bank, call.Brand, call.Op = b.Name, &b.Brand, l.route.Op
	call.SetParams(l.params(values))
	if _, err := run(l.route.Do, call); err != nil {
		return b.Error(call, fail.From(err))
	}
	dated(ctx, call.Now)
	s.note(&journal.Entry{Bank: call.Bank, Op: call.Op, Method: call.Method(), Status: ctx.Response().StatusCode(), Took: clock.Since(began)}, nil)
	return nil
}

// pooled sends one request again and again over a connection that stays, as a client with a pool does.
type pooled struct {
	conn   net.Conn
	in     *bufio.Reader
	answer fasthttp.Response
}

func dial(b *testing.B, app *fiber.App) *pooled {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true})
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(); app.Shutdown() })
	return &pooled{conn: conn, in: bufio.NewReader(conn)}
}

func (c *pooled) call(b *testing.B, raw []byte) {
	if _, err := c.conn.Write(raw); err != nil {
		b.Fatal(err)
	}
	if err := c.answer.Read(c.in); err != nil || c.answer.StatusCode() != 200 {
		b.Fatal(err, c.answer.String())
	}
}

// BenchmarkLeverShare is what levers that nobody pulls, and a journal that nobody follows, add to a request, from the socket and back:
// both ways take turns in one run, so that whatever else the machine does weighs on both alike.
func BenchmarkLeverShare(b *testing.B) {
	s, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	app := fiber.New(s.app.Config())
	app.Use(s.bare)
	bare, whole := dial(b, app), dial(b, s.app)
	s.Clock().Freeze(true)
	issue := func(bank, client, scope string) string {
		return s.space().Grants.Issue(grant.Authorization{Bank: bank, Client: client, Owner: bank + "/dave", Scope: scope}, false, s.Clock().Now()).Access.Value
	}
	for _, one := range []struct{ name, path, token string }{
		{"home", "/account/home", "none"}, // the cheapest request: everything else weighs less on it
		{"info", "/account/info", issue("yoisho", "7b6fc8ed5127b0b2f076d", "read")},
		{"accounts", "/personal/banking/accounts", issue("sparebank1", "sb1-demo", "resource.READ")},
	} {
		b.Run(one.name, func(b *testing.B) {
			raw := []byte("GET " + one.path + " HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nAuthorization: Bearer " + one.token + "\r\n\r\n")
			var took [2]time.Duration
			turn := func(i int, c *pooled) {
				began := time.Now()
				for range 50 {
					c.call(b, raw)
				}
				took[i] += time.Since(began)
			}
			var more []float64
			for b.Loop() {
				before := took
				turn(0, bare)
				turn(1, whole)
				turn(1, whole) // each comes first as often as the other
				turn(0, bare)
				more = append(more, 100*(float64(took[1]-before[1])/float64(took[0]-before[0])-1))
			}
			slices.Sort(more)
			b.ReportMetric(more[len(more)/2], "%-more") // the median: a turn in which the machine did something else does not count
			b.ReportMetric(float64(took[0])/float64(b.N)/100, "bare-ns/request")
			b.ReportMetric(float64(took[1])/float64(b.N)/100, "whole-ns/request")
		})
	}
}
