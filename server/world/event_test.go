package world_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/world"
)

// told is what a follower reads without waiting: types, with what an event is about.
func told(f *world.Follower) string {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out []string
	for {
		e, _, ok := f.Next(ctx)
		if !ok {
			return strings.Join(out, " ")
		}
		text := string(e.Type)
		switch {
		case e.Subject != nil:
			text += "/" + e.Subject.Kind
		case e.Move != nil:
			text += "/" + e.Move.To.Sub(e.Move.From).String()
		case e.Pull != nil && e.Pull.Undone:
			text += "/undone"
		}
		if e.More > 0 {
			text += fmt.Sprintf("+%d", e.More)
		}
		out = append(out, text)
	}
}

func issue(s *world.Space) *grant.Issued {
	return s.Grants.Issue(grant.Authorization{Bank: "b", Client: "app", Owner: "b/dave"}, true, s.Clock.Now())
}

func TestSpaceTells(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	f := s.Follow(world.Newest)
	defer f.Close()
	lever := func(do func()) func() {
		return func() { s.Change("test", "x", func() error { do(); return nil }) }
	}
	var i *grant.Issued
	tests := []struct {
		name string
		do   func()
		want string
	}{
		{"a bank issues", func() { i = issue(s) }, "token.issued/access token.issued/refresh"},
		{"a bank revokes one", func() { s.Grants.RevokeToken(i.Refresh.Value, "user", "x", start) }, "token.revoked/refresh"},
		{"a lever moves the clock", lever(func() { s.Clock.Advance(59 * time.Second) }), "clock/59s activity"},
		{"the library moves the clock past an end", func() { s.Clock.Advance(time.Second) }, "clock/1s token.expired/access"},
		{"and further", func() { s.Clock.Advance(time.Hour) }, "clock/1h0m0s"},
		{"and back, and again past it", func() { s.Clock.Advance(-2 * time.Hour); s.Clock.Advance(2 * time.Hour) }, "clock/-2h0m0s clock/2h0m0s token.expired/access"},
		{"a lever issues", lever(func() { i = issue(s) }), "token.issued/access token.issued/refresh activity"},
		{"a lever fails", func() {
			s.Change("test", "x", func() error { issue(s); s.Clock.Advance(time.Hour); return errors.New("no") })
		}, ""},
		{"a lever issues and moves", lever(func() { issue(s); s.Clock.Advance(time.Second) }), "clock/1s token.issued/access token.issued/refresh activity"},
		{"that is undone", func() { s.Undo(1) }, "clock/-1s activity/undone"},
		{"a lever revokes the grant", lever(func() { s.Grants.Revoke(i.Grant.ID, "admin", "x", start) }), "token.revoked/grant activity"},
		{"that is undone too", func() { s.Undo(1) }, "activity/undone"},
		{"so that it can end of age", func() { s.Clock.Advance(time.Hour) }, "clock/1h0m0s token.expired/access"},
		{"a reset", func() { s.Reset(world.Everything) }, "clock/-2h1m0s activity"},
		{"and the new book tells too", func() { issue(s) }, "token.issued/access token.issued/refresh"},
		{"a freeze", lever(func() { s.Clock.Freeze(true) }), "clock/0s activity"},
	}
	for _, tt := range tests {
		tt.do()
		if got := told(f); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Ends that pass while nobody follows are told to the next who does and looks back, once, and not to one who begins now.
func TestEndsAreMadeUpFor(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	last := s.LastEvent()
	issue(s)
	s.Clock.Advance(time.Hour)
	late, fresh := s.Follow(last), s.Follow(world.Newest)
	defer late.Close()
	defer fresh.Close()
	if got, want := told(late), "token.issued/access token.issued/refresh clock/1h0m0s token.expired/access"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := told(fresh); got != "" {
		t.Errorf("from now on: %q", got)
	}
}

func TestManyAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	f := s.Follow(world.Newest)
	defer f.Close()
	s.Change("test", "x", func() error {
		for range 600 {
			issue(s)
		}
		return nil
	})
	var last *journal.Event
	for range 1001 {
		last, _, _ = f.Next(t.Context())
	}
	if last.Pull == nil || last.Pull.Omitted != 200 {
		t.Errorf("%+v", last.Pull)
	}
	for range 900 {
		issue(s)
	}
	told(f)
	s.Clock.Advance(time.Minute)
	got := strings.Fields(told(f))
	if n := len(got); n != 1001 || got[1000] != "token.expired/access+500" {
		t.Errorf("%d events, the last %s", n, got[n-1])
	}
}

// Whatever levers and traffic do, what a follower hears of ends agrees with what the book says: each end that passes is told once.
func TestEachEndIsToldOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newWorld(rt).Space(world.Main)
		f := s.Follow(world.Newest)
		defer f.Close()
		live := map[string]bool{}
		for range rapid.IntRange(1, 20).Draw(rt, "n") {
			if rapid.Bool().Draw(rt, "issue") {
				live[issue(s).Access.ID] = true
			} else {
				s.Clock.Advance(time.Duration(rapid.IntRange(-40, 60).Draw(rt, "s")) * time.Second)
			}
			for {
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				e, _, ok := f.Next(ctx)
				if !ok {
					break
				}
				switch {
				case e.Type == journal.TokenExpired && e.Subject.Kind == "access":
					if !live[e.Subject.ID] {
						rt.Fatalf("%s was told to end, and had", e.Subject.ID)
					}
					live[e.Subject.ID] = false
				case e.Type == journal.ClockMoved && e.Move.To.Before(e.Move.From):
					for id := range live {
						live[id] = !s.Grants.Named(id).Expired(e.Move.To)
					}
				}
			}
			for id, alive := range live {
				if expired := s.Grants.Named(id).Expired(s.Clock.Now()); expired == alive {
					rt.Fatalf("%s: expired %v, and was told %v", id, expired, !alive)
				}
			}
		}
	})
}

func BenchmarkLook(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			s := newWorld(b).Space(world.Main)
			for range n / 2 {
				issue(s)
			}
			s.Change("test", "x", func() error { s.Clock.Advance(time.Hour); return nil })
			s.LastEvent()
			for b.Loop() {
				s.Clock.Advance(-time.Second) // nothing ends, but it must be looked for
				s.Clock.Advance(time.Second)
				s.LastEvent()
			}
		})
	}
}
