package admin_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/journal"
	"sandbank/server/servertest"
)

// waits asks for an event in the background.
func (d *desk) waits(query string) <-chan *servertest.Answer {
	out := make(chan *servertest.Answer, 1)
	go func() { out <- d.pull("GET", "/wait?"+query, nil) }()
	return out
}

func TestWaitForWhatHasHappened(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	start := d.eventID()
	bearer := d.token("")
	at := d.issued(2)
	d.Get("/account/info", servertest.Bearer("nobody's"))
	d.pull("POST", "/clock", `{"advance":"59s"}`)
	since := fmt.Sprintf("&since=%d", start)
	type seen struct {
		ID      uint64
		Type    string
		Entry   *admin.EntryRow
		Subject *journal.Subject
		Clock   *journal.Move
	}
	ask := func(query string, status int) (e seen) {
		t.Helper()
		if a := d.pull("GET", "/wait?timeout=0s&"+query, nil).Want(status); status == 200 {
			a.Into(&e)
		}
		return e
	}
	if e := ask("event=token.issued"+since, 200); e.Subject.Kind != "code" || e.Subject.User != "yoisho/dave" {
		t.Errorf("first issued: %+v", e.Subject)
	}
	if e := ask("event=token.issued&kind=access"+since, 200); e.Subject.ID != at {
		t.Errorf("access token: %+v", e.Subject)
	}
	if e := ask("event=token.spent"+since, 200); e.Subject.Kind != "code" || e.Subject.By != "exchange" {
		t.Errorf("spent: %+v", e.Subject)
	}
	if e := ask("event=request&status=2xx"+since, 200); e.Entry.ID != 2 {
		t.Errorf("request: %+v", e.Entry)
	}
	if e := ask("event=refused"+since, 200); e.Entry.Kind != "token_unknown" || e.Type != "request" {
		t.Errorf("refused: %+v", e.Entry)
	}
	if e := ask("event=clock"+since, 200); e.Clock.To.Sub(e.Clock.From) != 59*time.Second {
		t.Errorf("clock: %+v", e.Clock)
	}
	ask("event=token.expired"+since, 204)
	ask("event=token.expired&token="+at, 204)
	ask("event=token.issued", 204)
	d.pull("POST", "/clock", `{"advance":"1s"}`)
	for _, query := range []string{since, "&token=" + at, since + "&token=" + at, "&since=1m", since + "&user=dave&client=7b6fc8ed5127b0b2f076d&bank=yoisho"} {
		if e := ask("event=token.expired"+query, 200); e.Subject.ID != at || e.ID <= start {
			t.Errorf("%s: %+v", query, e)
		}
	}
	ask(fmt.Sprintf("event=token.expired&since=%d", d.eventID()), 204)
	ask("event=token.expired&user=jane"+since, 204)
	d.Get("/account/info", servertest.Bearer(bearer)).Want(400)
	if e := ask("event=token.revoked,refused&kind=token_expired"+since, 200); e.Entry.Tokens[0] != at {
		t.Errorf("refused: %+v", e.Entry)
	}
	d.pull("GET", "/wait?event=token.expired&token=at_nobody", nil).Want(404)
	for _, query := range []string{"event=sunrise", "event=request&timeout=11m", "event=request&timeout=-1s", "event=request&timout=1s", "event=request&since=soon"} {
		d.pull("GET", "/wait?"+query, nil).Want(422)
	}
}

func TestWaitForWhatIsToCome(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.token("")
	at := d.issued(2)
	start := d.eventID()
	tests := []struct {
		name, query string
		act         func()
	}{
		{"a request", "event=request&op=home", func() { d.Get("/account/home") }},
		{"a refusal", "event=refused", func() { d.Get("/account/info") }},
		{"a clock lever", "event=clock", func() { d.pull("POST", "/clock", `{"advance":"1s"}`) }},
		{"the end of a token by a jump", "event=token.expired&token=" + at, func() { d.pull("POST", "/clock", `{"to":"next-expiry"}`) }},
		{"a lever", "event=activity", func() { d.pull("POST", "/undo", nil) }},
		{"the end of a token by the library's clock", "event=token.expired&token=" + at, func() { d.Advance(time.Hour) }},
		{"a revocation by reuse", "event=token.revoked&user=dave", func() {
			d.Get(d.Journal().Entry(2).Target) // the code once more
		}},
	}
	for _, tt := range tests {
		answer := d.waits(tt.query + fmt.Sprintf("&since=%d", start))
		tt.act()
		if a := <-answer; a.Status != 200 {
			t.Errorf("%s: %d %s", tt.name, a.Status, a.Body)
		}
		start = d.eventID()
	}
}

// The clock runs: nobody moves it, and nobody sleeps.
func TestWaitForExpiryByRunningTime(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.token("")
	start := d.eventID()
	d.pull("POST", "/clock", `{"speed":600}`).Want(200) // 60 s are 0.1 s
	answer := d.waits(fmt.Sprintf("event=token.expired&kind=access&since=%d&timeout=1m", start))
	d.pull("POST", "/clock", `{"freeze":false}`).Want(200)
	if a := <-answer; a.Status != 200 || !strings.Contains(a.Body, `"access"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

func TestWaitFollowsAGrantsRevocation(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.token("")
	at := d.issued(2)
	answer := d.waits("event=token.revoked&token=" + at)
	d.Get(d.Journal().Entry(2).Target).Want(400) // the code again: the whole grant ends
	a := (<-answer).Want(200)
	if s := a.JSON()["subject"].(map[string]any); s["kind"] != "grant" || s["by"] != "reuse" {
		t.Errorf("subject %v", s)
	}
}

// stream is one connection of server-sent events.
type stream struct {
	t    *testing.T
	s    *bufio.Scanner
	stop context.CancelFunc
}

func (d *desk) stream(t *testing.T, path string, options ...servertest.Option) *stream {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", d.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range options {
		o(r)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%v, %v", resp, err)
	}
	t.Cleanup(func() { stop(); resp.Body.Close() })
	s := &stream{t, bufio.NewScanner(resp.Body), stop}
	s.s.Buffer(nil, 1<<20)
	for s.s.Scan() && !strings.HasPrefix(s.s.Text(), ": following") {
	}
	return s
}

type message struct{ id, event, data string }

// next is the next event; ok is false when the stream has ended.
func (s *stream) next() (m message, ok bool) {
	for s.s.Scan() {
		line := s.s.Text()
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "" && m.event != "":
			return m, true
		case name == "id":
			m.id = value
		case name == "event":
			m.event = value
		case name == "data":
			m.data += value
		}
	}
	return m, false
}

func (s *stream) want(events ...string) (last message) {
	s.t.Helper()
	for _, event := range events {
		m, ok := s.next()
		if last = m; !ok || m.event != event {
			s.t.Fatalf("%+v, %v; want %s", m, ok, event)
		}
	}
	return last
}

func TestStream(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	const path = admin.Prefix + "/journal/stream"
	all, refused, access := d.stream(t, path), d.stream(t, path+"?event=refused"), d.stream(t, path+"?event=token.issued,token.expired&kind=access")
	d.token("")
	all.want("token.issued", "request", "token.spent", "token.issued")
	m := all.want("request")
	var e admin.EventView
	if err := json.Unmarshal([]byte(m.data), &e); err != nil || e.Entry.ID != 2 || e.Entry.Op != "token" || strconv.FormatUint(e.ID, 10) != m.id ||
		!strings.Contains(e.Entry.Target, "client_secret=724e…") {
		t.Errorf("%v, %s", err, m.data)
	}
	access.want("token.issued")
	d.pull("POST", "/clock", `{"to":"next-expiry"}`)
	all.want("clock", "activity", "token.expired")
	access.want("token.expired")
	d.pull("POST", "/undo", nil)
	all.want("clock", "activity")
	d.Get("/account/info")
	all.want("request")
	refused.want("request")
	d.pull("DELETE", "/journal", nil)
	all.want("cleared")
	d.pull("POST", "/reset", nil)
	all.want("clock", "activity")
	d.token("")
	all.want("token.issued", "request", "token.spent", "token.issued", "request")
}

func TestStreamResumes(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	const path = admin.Prefix + "/journal/stream"
	start := d.eventID()
	d.token("")
	again := d.stream(t, path, servertest.Header("Last-Event-ID", strconv.FormatUint(start+2, 10)))
	again.want("token.spent", "token.issued", "request")
	since := d.stream(t, path+"?since=1m&event=request")
	since.want("request", "request")
	d.Get("/account/home")
	again.want("request")
	since.want("request")
}

func TestSlowFollowerLosesTheOldest(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{Journal: 256}, admin.Options{})
	for range 300 {
		d.Get("/account/home")
	}
	s := d.stream(t, admin.Prefix+"/journal/stream", servertest.Header("Last-Event-ID", "0"))
	if m := s.want("dropped"); m.data != `{"count":44}` {
		t.Error(m.data)
	}
	if m := s.want("request"); m.id != "45" {
		t.Error(m.id)
	}
}

func TestStreamsEndWithTheServerAndWithTheirSpace(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := open(t, server.Options{Log: zerolog.New(zerolog.SyncWriter(&log))}, admin.Options{})
	d.pull("POST", "/spaces", `{"names":["p01"]}`).Want(201)
	main, own := d.stream(t, admin.Prefix+"/journal/stream"), d.stream(t, "/s/p01"+admin.Prefix+"/journal/stream")
	d.pull("DELETE", "/spaces/p01", nil).Want(204)
	if m, ok := own.next(); ok {
		t.Errorf("%+v of a space that is gone", m)
	}
	waiting := d.waits("event=request")
	for d.Journal().Followers() < 2 {
		runtime.Gosched()
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if m, ok := main.next(); ok || main.s.Err() != nil {
		t.Errorf("%+v, %v", m, main.s.Err())
	}
	if strings.Contains(log.String(), "were cut") {
		t.Error("closing waited until the streams were cut")
	}
	if a := <-waiting; a.Status != 204 {
		t.Errorf("the wait ended with %d", a.Status)
	}
}

// Levers, followers and bank traffic at once: for the race detector, and that nobody waits for ever.
func TestJournalUnderTraffic(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{Journal: 300}, admin.Options{})
	d.Get("/account/home")
	s := d.stream(t, admin.Prefix+"/journal/stream")
	var all sync.WaitGroup
	for _, do := range []func(){
		func() { d.token("") },
		func() { d.Get("/account/info", servertest.Bearer("x")) },
		func() { d.pull("POST", "/clock", `{"advance":"61s"}`).Want(200) },
		func() { d.pull("POST", "/undo", nil) },
		func() { d.pull("GET", "/journal?text=x&limit=5", nil).Want(200) },
		func() { d.pull("GET", "/journal/export", nil).Want(200) },
		func() { d.pull("GET", "/wait?event=token.expired&since=0&timeout=1ms", nil) },
		func() { d.pull("DELETE", "/journal", nil).Want(204) },
		func() {
			d.pull("POST", "/journal/"+strconv.FormatUint(d.Journal().Total(), 10)+"/replay", `{"times":3,"parallel":true}`)
		},
	} {
		all.Go(func() {
			for range 10 {
				do()
			}
		})
	}
	all.Wait()
	d.pull("DELETE", "/journal", nil).Want(204)
	for {
		m, ok := s.next()
		if !ok {
			t.Fatal("the stream ended")
		}
		if id, _ := strconv.ParseUint(m.id, 10, 64); id == d.Journal().LastEvent() {
			return
		}
	}
}
