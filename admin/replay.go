package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	First   uint64         `json:"first"` // the lowest number of the new entries
	Answers []ReplayAnswer `json:"answers"`
}

// String says it in a line: what came back how often.
func (r *Replayed) String() string { return tally(r.Answers) }

// bounds are the lowest and the highest number of the entries behind answers.
func bounds(answers []ReplayAnswer) (first, last uint64) {
	for _, a := range answers {
		if a.ID > 0 && (first == 0 || a.ID < first) {
			first = a.ID
		}
		last = max(last, a.ID)
	}
	return first, last
}

// tally counts answers by status: "10 sent: 1 × 200, 9 × 400".
func tally(answers []ReplayAnswer) string {
	count := map[string]int{}
	for _, a := range answers {
		name := "no answer"
		if a.Status > 0 {
			name = strconv.Itoa(a.Status)
		}
		count[name]++
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d × %s", count[name], name))
	}
	if len(answers) == 1 {
		return "Sent; the answer is " + strings.TrimPrefix(parts[0], "1 × ")
	}
	return fmt.Sprintf("%d sent: %s", len(answers), strings.Join(parts, ", "))
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
	if e.Op == journal.Handshake {
		return nil, fail.New(fail.Conflict, "entry %d is a handshake: nothing was sent that could be sent again", e.ID)
	}
	request, err := o.request(d.Space.Name, e)
	if err != nil {
		return nil, err
	}
	answers, err := d.sendAll(e.ID, request, o.Times, o.Parallel)
	if err != nil {
		return nil, err
	}
	first, _ := bounds(answers)
	return &Replayed{Of: e.ID, First: first, Answers: answers}, nil
}

// sendAll sends a request so many times, one after another or all at once. That there is no answer is an error only where there is none
// at all.
func (d *Desk) sendAll(of uint64, request []byte, times int, parallel bool) ([]ReplayAnswer, error) {
	if d.options.Replay == nil {
		return nil, fail.New(fail.Conflict, "nothing can be sent here: there is no router")
	}
	if times < 0 || times > 100 {
		return nil, fail.Field("times", "%d is not from 1 to 100", times)
	}
	out := make([]ReplayAnswer, max(1, times))
	errs := make([]error, len(out))
	send := func(i int) {
		var again *journal.Entry
		if again, errs[i] = d.options.Replay(d.Space, of, request); errs[i] != nil {
			out[i].Why = fail.From(errs[i]).Why
			return
		}
		out[i] = ReplayAnswer{ID: again.ID, Status: again.Status, Took: Duration(again.Took), Kind: string(again.Kind), Why: again.Why}
	}
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range out {
		if !parallel {
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
	return raw(method, target, headers, body), nil
}

// raw is a request as it goes over the wire.
func raw(method, target string, headers []journal.Header, body []byte) []byte {
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
	return b.Bytes()
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
	if err := isTarget(o.Path); err != nil {
		return "", err
	}
	prefix := "/s/" + space
	if strings.HasPrefix(e.Target, prefix+"/") && !strings.HasPrefix(o.Path, prefix+"/") {
		return prefix + o.Path, nil
	}
	return o.Path, nil
}

// isTarget refuses what is no path with a query.
func isTarget(path string) error {
	if path == "" || path[0] != '/' || strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }) {
		return fail.Field("path", "%q is no path with a query, percent-encoded", path)
	}
	return nil
}

// ours are headers that say how long a body is and how it travels: they cannot be chosen.
func ours(name string) bool {
	return slices.Contains([]string{"content-length", "transfer-encoding", "expect", "connection"}, strings.ToLower(name))
}

// headers are the recorded ones with the edited over them. What says how long the body is and how it travels is left to us.
func (o *ReplayOrder) headers(e *journal.Entry) ([]journal.Header, error) {
	var out []journal.Header
	for _, h := range e.Request.Headers() {
		if !ours(h.Name) && !o.sets(h.Name) {
			out = append(out, h)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Set)) {
		switch value := o.Set[name]; {
		case !isToken(name) || ours(name):
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
