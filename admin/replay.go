package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"sandbank/server/fail"
	"sandbank/server/journal"
	"sandbank/server/world"
)

// Replay sends a request, the bytes of HTTP/1.1, through the space's router again as a replay of the entry numbered of, in process, and
// returns the new entry.
type Replay = func(space *world.Space, of uint64, request []byte) (*journal.Entry, error)

// ReplayOrder asks for a request to be sent again, with its own credentials unless they are replaced.
type ReplayOrder struct {
	Times    int                `json:"times,omitempty"`    // 1 to 100; 0: once
	Parallel bool               `json:"parallel,omitempty"` // all at the same moment, instead of one after another
	Method   string             `json:"method,omitempty"`   // another method
	Path     string             `json:"path,omitempty"`     // another path and query, within the space
	Set      map[string]*string `json:"set,omitempty"`      // headers; null takes one away
	Body     json.RawMessage    `json:"body,omitempty"`     // a text as it is, anything else as JSON
}

// Replayed says what became of a replay.
type Replayed struct {
	Of      uint64         `json:"of"`
	Answers []ReplayAnswer `json:"answers"`
}

// ReplayAnswer is the answer to one of the requests.
type ReplayAnswer struct {
	ID     uint64   `json:"id,omitempty"` // of the new entry
	Status int      `json:"status,omitempty"`
	Took   Duration `json:"took"`
	Kind   string   `json:"kind,omitempty"` // of the refusal
	Why    string   `json:"why,omitempty"`  // of the refusal, or why there is no answer
}

func replayEndpoints() []endpoint {
	return []endpoint{
		{method: "POST", path: "/journal/{id}/replay", op: "replay", doc: "send the request again: as it was or edited, once or many times, one by one or all at once",
			in: ReplayOrder{}, out: Replayed{}, do: func(r *request) (any, error) {
				var o ReplayOrder
				e, err := r.found()
				if err != nil {
					return nil, err
				}
				if err := r.decode(&o); err != nil {
					return nil, err
				}
				return r.Replay(e, o)
			}},
	}
}

// Replay sends the request of an entry again. It is traffic, as if its client had sent it: it cannot be undone.
func (d *Desk) Replay(e *journal.Entry, o ReplayOrder) (*Replayed, error) {
	if d.options.Replay == nil {
		return nil, fail.New(fail.Conflict, "nothing can be replayed here: there is no router")
	}
	if o.Times < 0 || o.Times > 100 {
		return nil, fail.Field("times", "%d is not from 1 to 100", o.Times)
	}
	request, err := o.request(d.Space.Name, e)
	if err != nil {
		return nil, err
	}
	out := &Replayed{Of: e.ID, Answers: make([]ReplayAnswer, max(1, o.Times))}
	errs := make([]error, len(out.Answers))
	send := func(i int) {
		var again *journal.Entry
		if again, errs[i] = d.options.Replay(d.Space, e.ID, request); errs[i] != nil {
			out.Answers[i].Why = fail.From(errs[i]).Why
			return
		}
		out.Answers[i] = ReplayAnswer{ID: again.ID, Status: again.Status, Took: Duration(again.Took), Kind: string(again.Kind), Why: again.Why}
	}
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range out.Answers {
		if !o.Parallel {
			send(i)
			continue
		}
		all.Go(func() { <-start; send(i) })
	}
	close(start)
	all.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err == nil }); i < 0 {
		return nil, errs[0]
	}
	return out, nil
}

// request is what goes to the router.
func (o *ReplayOrder) request(space string, e *journal.Entry) ([]byte, error) {
	method, err := o.method(e)
	if err != nil {
		return nil, err
	}
	target, err := o.target(space, e)
	if err != nil {
		return nil, err
	}
	headers, err := o.headers(e)
	if err != nil {
		return nil, err
	}
	body := e.Request.Body
	switch {
	case o.Body != nil:
		var text string
		if body = o.Body; json.Unmarshal(o.Body, &text) == nil {
			body = []byte(text)
		}
	case e.Request.Cut:
		return nil, fail.New(fail.Conflict, "the journal kept %d of the body's %d bytes: give a body to replay with", len(body), e.Request.Size)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	for _, h := range headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	if len(body) > 0 || method != "GET" && method != "HEAD" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes(), nil
}

func (o *ReplayOrder) method(e *journal.Entry) (string, error) {
	if o.Method == "" {
		return e.Method, nil
	}
	if !isToken(o.Method) {
		return "", fail.Field("method", "%q is no method", o.Method)
	}
	return o.Method, nil
}

// target is the path and query, under the prefix that the recorded request had.
func (o *ReplayOrder) target(space string, e *journal.Entry) (string, error) {
	if o.Path == "" {
		return e.Target, nil
	}
	if o.Path[0] != '/' || strings.ContainsFunc(o.Path, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }) {
		return "", fail.Field("path", "%q is no path with a query, percent-encoded", o.Path)
	}
	prefix := "/s/" + space
	if strings.HasPrefix(e.Target, prefix+"/") && !strings.HasPrefix(o.Path, prefix+"/") {
		return prefix + o.Path, nil
	}
	return o.Path, nil
}

// headers are the recorded ones with the edited over them. What says how long the body is and how it travels is left to us.
func (o *ReplayOrder) headers(e *journal.Entry) ([]journal.Header, error) {
	ours := []string{"content-length", "transfer-encoding", "expect", "connection"}
	var out []journal.Header
	for _, h := range e.Request.Headers() {
		if name := strings.ToLower(h.Name); !slices.Contains(ours, name) && !o.sets(name) {
			out = append(out, h)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Set)) {
		switch value := o.Set[name]; {
		case !isToken(name) || slices.Contains(ours, strings.ToLower(name)):
			return nil, fail.Field("set", "the header %q cannot be set", name)
		case value == nil:
		case strings.ContainsAny(*value, "\r\n\x00"):
			return nil, fail.Field("set", "the value of %s has a line break", name)
		default:
			out = append(out, journal.Header{Name: name, Value: *value})
		}
	}
	return out, nil
}

func (o *ReplayOrder) sets(name string) bool {
	for n := range o.Set {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// isToken tells whether a text is a token of RFC 9110 §5.6.2, as methods and names of headers are.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}
