package server

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"sandbank/server/fault"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/world"
)

// A held call does not keep anybody from turning a lever.
func TestHeldCallsLetTheGateGo(t *testing.T) {
	t.Parallel()
	for _, then := range []fault.Then{{Delay: fault.Duration(time.Minute)}, {Delay: fault.Duration(time.Minute), Where: fault.After}, {Hang: true}, {Dribble: 1}} {
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		space := s.world.Space(world.Main)
		if _, err := space.Faults.Arm(fault.Rule{Then: then}, space.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			if resp, err := http.Get(s.URL() + "/account/info"); err == nil {
				resp.Body.Close()
			}
		}()
		for !space.Faults.Idle() {
			time.Sleep(time.Millisecond)
		}
		turned := make(chan error, 1)
		go func() {
			turned <- space.Change("clock", "an hour", func() error { space.Clock.Advance(time.Hour); return nil })
		}()
		select {
		case err := <-turned:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s: the gate is held", &then)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-done
	}
}

// What faults cost a call that none of them strikes: the whole call, its part, and the ratio, in one run.
func BenchmarkCallWithFaults(b *testing.B) {
	for _, n := range []int{0, 1, 100} {
		s, err := New(Options{Freeze: true})
		if err != nil {
			b.Fatal(err)
		}
		for range n {
			if _, err := s.Faults().Arm(fault.Rule{When: fault.When{Bank: "finapi"}, Then: fault.Then{Drop: true}}, s.Clock().Now()); err != nil {
				b.Fatal(err)
			}
		}
		handle := s.app.Handler()
		var ctx fasthttp.RequestCtx
		var request fasthttp.Request
		request.SetRequestURI("/account/info")
		issued := s.space().Grants.Issue(grant.Authorization{Bank: "yoisho", Client: "7b6fc8ed5127b0b2f076d", Owner: "yoisho/dave", Scope: "read"}, false, s.Clock().Now())
		request.Header.Set("Authorization", "Bearer "+issued.Access.Value)
		ctx.Init(&request, nil, nil)
		call := func() {
			ctx.Response.Reset()
			handle(&ctx)
			if ctx.Response.StatusCode() != 200 {
				b.Fatal(ctx.Response.String())
			}
		}
		inner := wire.New(s.app.AcquireCtx(&ctx), s.space(), s.Clock().Now(), wire.Place{}, nil)
		inner.Bank, inner.Op = "yoisho", "info"
		part := func() {
			e, _ := s.mount.strike(nil, inner, nil, 0)
			if e.before() {
				e, _ = s.mount.strike(nil, inner, nil, 200)
			}
			e.after(nil)
			e.note(nil)
			e.deliver(nil)
		}
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
			const rounds = 2000
			began := time.Now()
			for range rounds {
				part()
			}
			its := float64(time.Since(began)) / rounds
			b.ReportMetric(its, "fault-ns/op")
			b.ReportMetric(100*its/(float64(b.Elapsed())/float64(b.N)), "%-of-call")
		})
	}
}
