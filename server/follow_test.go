package server

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"sandbank/server/journal"
	"sandbank/server/world"
)

// call serves one request without a network.
func (s *Server) call(tb testing.TB, raw string) {
	var rc fasthttp.RequestCtx
	rc.Init2(nowhere{}, silent{}, false)
	if err := rc.Request.Read(bufio.NewReader(strings.NewReader(raw))); err != nil {
		tb.Fatal(err)
	}
	s.handler(&rc)
	if rc.Response.StatusCode() != 200 {
		tb.Fatalf("status %d", rc.Response.StatusCode())
	}
}

// follow reads all that happens until stop is called.
func (s *Server) follow(n int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	for range n {
		f := s.space().Follow(world.Newest)
		go func() {
			defer f.Close()
			for {
				if _, _, ok := f.Next(ctx); !ok {
					return
				}
			}
		}()
	}
	return cancel
}

func BenchmarkFollowedRequest(b *testing.B) {
	s, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	const raw = "GET /account/home HTTP/1.1\r\nHost: x\r\n\r\n" // the cheapest request: everything else weighs less on it
	for _, n := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("followers=%d", n), func(b *testing.B) {
			defer s.follow(n)()
			b.ReportAllocs()
			for b.Loop() {
				s.call(b, raw)
			}
		})
	}
	// In turns, so that whatever else the machine does weighs on both sides alike.
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("ratio/followers=%d", n), func(b *testing.B) {
			var alone, followed time.Duration
			turn := func() time.Duration {
				began := time.Now()
				for range 200 {
					s.call(b, raw)
				}
				return time.Since(began)
			}
			for b.Loop() {
				alone += turn()
				stop := s.follow(n)
				followed += turn()
				stop()
			}
			b.ReportMetric(float64(followed)/float64(alone), "followed/alone")
		})
	}
	b.Run("journal/share", func(b *testing.B) {
		var all, append time.Duration
		j := journal.New(2000)
		for b.Loop() {
			began := time.Now()
			for range 200 {
				s.call(b, raw)
			}
			middle := time.Now()
			for range 200 {
				j.Append(&journal.Entry{})
			}
			all, append = all+middle.Sub(began), append+time.Since(middle)
		}
		b.ReportMetric(100*float64(append)/float64(all), "%/request")
	})
}
