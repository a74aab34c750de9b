package admin

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/sse"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/world"
)

// EventView is one thing that happened, in the order in which it was told.
type EventView struct {
	ID       uint64           `json:"id"`
	At       time.Time        `json:"at"` // the space's clock; of an expiry, the end itself
	Type     string           `json:"type"`
	Entry    *EntryRow        `json:"entry,omitempty"`    // of request
	Subject  *journal.Subject `json:"subject,omitempty"`  // of token.… and consent.…
	Clock    *journal.Move    `json:"clock,omitempty"`    // of clock
	Activity *journal.Pull    `json:"activity,omitempty"` // of activity
	More     int              `json:"more,omitempty"`     // so many more ended with it
}

// refused is what a wait may ask for beside the types of events: a request that was refused.
const refused = "refused"

// EventQuery asks for events.
type EventQuery struct {
	Types  []string // journal.Types, or "refused"; none: all
	Filter journal.Filter
	After  uint64 // events behind this id
	Now    bool   // only what happens from now on, instead
	Reveal bool
}

// longest is how long a wait may take.
const longest = 10 * time.Minute

// heartbeat keeps what is between from closing a silent stream, and finds out that nobody listens any more: two of them after a caller hung up,
// because what is written first to a dead connection is taken all the same.
const heartbeat = 3 * time.Second

func eventFilters() []parameter {
	types := make([]string, 0, 16)
	for _, t := range journal.Types() {
		types = append(types, string(t))
	}
	all := append([]parameter{{"event", "one of " + strings.Join(types, ", ") + ", refused; or several with commas"}}, filters()...)
	for i := range all {
		switch all[i].name {
		case "since":
			all[i].doc = "behind this event's id, from this instant, or from so long ago (5m); without it, from now on"
		case "kind":
			all[i].doc = "of the refusal, as token_expired; of a token, as access"
		}
	}
	return append(all, reveal())
}

func streamEndpoints() []endpoint {
	follow := eventFilters()
	wait := append(eventFilters(), parameter{"timeout", "real time; 30s by default, 10m at most"})
	return []endpoint{
		{method: "GET", path: "/journal/stream", op: "followJournal", doc: "server-sent events as they happen; Last-Event-ID resumes", query: follow, media: "text/event-stream",
			do: func(r *request) (any, error) {
				q, err := r.eventQuery()
				if err != nil {
					return nil, err
				}
				return answered, r.stream(q)
			}},
		{method: "GET", path: "/wait", op: "wait", doc: "answer when it happens, at once when it has; 204 at the timeout. With a token and no since, all that is remembered counts",
			query: wait, out: EventView{}, do: func(r *request) (any, error) {
				q, err := r.eventQuery()
				if err != nil {
					return nil, err
				}
				limit, err := r.timeout()
				if err != nil {
					return nil, err
				}
				ctx, cancel := context.WithTimeout(r.options.Life, limit)
				defer cancel()
				e, err := r.Wait(ctx, q)
				if e == nil || err != nil {
					return nil, err
				}
				return e, nil
			}},
	}
}

func (r *request) eventQuery() (q EventQuery, err error) {
	if q.Filter, err = r.filter(); err != nil {
		return q, err
	}
	if text := r.query.Get("event"); text != "" {
		for name := range strings.SplitSeq(text, ",") {
			name = strings.TrimSpace(name)
			if name != refused && !slices.Contains(journal.Types(), journal.Type(name)) {
				return q, fail.Field("event", "there is no event %q", name)
			}
			q.Types = append(q.Types, name)
		}
	}
	if q.After, q.Filter.From, err = r.since(); err != nil {
		return q, err
	}
	q.Now = r.query.Get("since") == ""
	q.Reveal, err = r.flag("reveal")
	return q, err
}

func (r *request) timeout() (time.Duration, error) {
	text := r.query.Get("timeout")
	if text == "" {
		return 30 * time.Second, nil
	}
	d, err := clock.ParseDuration(text)
	if err != nil || d < 0 || d > longest {
		return 0, fail.Field("timeout", "%q is no duration from 0s to %s", text, clock.FormatDuration(longest))
	}
	return d, nil
}

// match tells whether an event is one of those asked for.
func (q *EventQuery) match(e *journal.Event) bool {
	if len(q.Types) > 0 && !slices.Contains(q.Types, string(e.Type)) && !(e.Entry != nil && e.Entry.Kind != "" && slices.Contains(q.Types, refused)) {
		return false
	}
	return q.Filter.MatchEvent(e)
}

func (q *EventQuery) view(e *journal.Event) *EventView {
	v := &EventView{ID: e.ID, At: e.At, Type: string(e.Type), Subject: e.Subject, Clock: e.Move, Activity: e.Pull, More: e.More}
	if e.Entry != nil {
		row := entryRow(shown(e.Entry, q.Reveal))
		v.Entry = &row
	}
	return v
}

// follow begins to follow. What the filter says of time is about the past alone: what happens from now on counts, wherever the clock is
// moved to.
func (d *Desk) follow(q *EventQuery) (f *world.Follower, last uint64) {
	after := q.After
	if q.Now {
		after = world.Newest
	}
	f = d.Space.Follow(after)
	return f, d.Space.Journal.LastEvent()
}

// Wait returns the first event that fits, one that has happened already included where the query looks back; nil when ctx ends before.
// It is a NotFound to wait for a token that there is none of.
func (d *Desk) Wait(ctx context.Context, q EventQuery) (*EventView, error) {
	if q.Filter.Token != "" && q.Now {
		q.Now = false // what is asked for is this one's fate
	}
	f, last := d.follow(&q)
	defer f.Close()
	if q.Filter.Token != "" {
		t := d.token(q.Filter.Token)
		if t == nil {
			return nil, fail.New(fail.NotFound, "there is no token %q", q.Filter.Token).At("token")
		}
		q.Filter.Grant = t.Grant
		if q.After == 0 && q.Filter.From.IsZero() && slices.Contains(q.Types, string(journal.TokenExpired)) && d.Space.Grants.Expired(t, d.Space.Clock.Now()) {
			e := &journal.Event{ID: last, At: t.Expires, Type: journal.TokenExpired, Subject: &journal.Subject{Kind: string(t.Kind), ID: t.ID,
				Grant: t.Grant, Bank: t.Bank, Client: t.Client, User: t.Owner, Expires: t.Expires}}
			if q.match(e) {
				return q.view(e), nil
			}
		}
	}
	for {
		e, _, ok := f.Next(ctx)
		if !ok {
			return nil, nil
		}
		if e == nil {
			continue
		}
		if e.ID > last {
			q.Filter.From = time.Time{}
		}
		if q.match(e) {
			return q.view(e), nil
		}
	}
}

func (d *Desk) token(id string) *grant.Token {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	return d.Space.Grants.Named(id)
}

// stream sends events until the caller hangs up, the space is deleted or the server shuts down. It runs after the request has been
// handled: nothing of the request is touched in it.
func (r *request) stream(q EventQuery) error {
	if id, err := strconv.ParseUint(r.ctx.Get("Last-Event-ID"), 10, 64); err == nil {
		q.After, q.Now, q.Filter.From = id, false, time.Time{}
	}
	if r.ctx.Method() == fiber.MethodHead {
		r.ctx.Set("Content-Type", "text/event-stream")
		return nil
	}
	desk, life := r.Desk, r.options.Life
	return sse.New(sse.Config{HeartbeatInterval: heartbeat, Retry: time.Second, Handler: func(_ fiber.Ctx, s *sse.Stream) error {
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		defer context.AfterFunc(life, cancel)()
		return desk.send(ctx, s, q)
	}})(r.ctx)
}

func (d *Desk) send(ctx context.Context, s *sse.Stream, q EventQuery) error {
	f, last := d.follow(&q)
	defer f.Close()
	if err := s.Comment("following " + d.Space.Name); err != nil {
		return err
	}
	for {
		e, lost, ok := f.Next(ctx)
		if !ok {
			return nil
		}
		if lost > 0 {
			if err := s.Event(sse.Event{Name: "dropped", Data: `{"count":` + strconv.FormatUint(lost, 10) + `}`}); err != nil {
				return err
			}
		}
		if e == nil {
			continue
		}
		if e.ID > last {
			q.Filter.From = time.Time{}
		}
		if !q.match(e) {
			continue
		}
		data, err := json.Marshal(q.view(e))
		if err != nil {
			return err
		}
		if err := s.Event(sse.Event{ID: strconv.FormatUint(e.ID, 10), Name: string(e.Type), Data: data}); err != nil {
			return err
		}
	}
}
