package admin

import (
	"strings"

	"sandbank/server/fail"
	"sandbank/server/flow"
	"sandbank/server/journal"
)

// SendOrder is a request written down, to be sent to a bank of this space. Line breaks in the path, and in the body of a form, are for
// reading only and are left out.
type SendOrder struct {
	Method   string `json:"method"`
	Path     string `json:"path"`               // with the query, percent-encoded
	Head     string `json:"head,omitempty"`     // headers, one a line: "Accept: application/json"
	Body     string `json:"body,omitempty"`     // as it is
	Times    int    `json:"times,omitempty"`    // 1 to 100; 0: once
	Parallel bool   `json:"parallel,omitempty"` // all at the same moment
	Of       uint64 `json:"of,omitempty"`       // the entry that this is an edited replay of
}

// Sent says what became of it.
type Sent struct {
	Answers []ReplayAnswer `json:"answers"`
	First   uint64         `json:"first"` // the lowest number of the new entries
	Last    uint64         `json:"last"`  // and the highest
}

// String says it in a line.
func (s *Sent) String() string { return tally(s.Answers) }

func sendEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/lab", op: "flows", doc: "each bank's own way to a token and to its end, step by step, as data", out: []flow.Flow{},
			do: func(r *request) (any, error) { return append([]flow.Flow{}, r.options.Flows...), nil }},
		{method: "POST", path: "/lab/send", op: "sendRequest", doc: "send a request to a bank of this space, as a client would", in: SendOrder{}, out: Sent{},
			do: order(func(r *request, o SendOrder) (any, error) { return r.Send(o) })},
	}
}

// Flows are the banks' ways to a token.
func (d *Desk) Flows() []flow.Flow { return d.options.Flows }

// Send sends a request through the router, in process. It is traffic, as if a client had sent it: it cannot be undone. What is no bank's
// path in this space is refused.
func (d *Desk) Send(o SendOrder) (*Sent, error) {
	if o.Of > 0 {
		if _, err := d.Entry(o.Of); err != nil {
			return nil, fail.From(err).At("of")
		}
	}
	request, err := o.request()
	if err != nil {
		return nil, err
	}
	answers, err := d.sendAll(o.Of, request, o.Times, o.Parallel)
	if err != nil {
		return nil, err
	}
	first, last := bounds(answers)
	return &Sent{answers, first, last}, nil
}

func (o *SendOrder) request() ([]byte, error) {
	if !isToken(o.Method) {
		return nil, fail.Field("method", "%q is no method", o.Method)
	}
	path := unbroken(o.Path)
	if err := isTarget(path); err != nil {
		return nil, err
	}
	var headers []journal.Header
	body, host := o.Body, false
	for line := range strings.Lines(o.Head) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		switch value = strings.TrimSpace(value); {
		case !ok || !isToken(name):
			return nil, fail.Field("head", "%q is no header; write Name: value", line)
		case strings.ContainsAny(value, "\r\x00"):
			return nil, fail.Field("head", "the value of %s has a control character", name)
		case ours(name):
			continue // the length is counted anew
		case strings.EqualFold(name, "Host"):
			host = true
		case strings.EqualFold(name, "Content-Type") && strings.HasPrefix(strings.ToLower(value), "application/x-www-form-urlencoded"):
			body = unbroken(body)
		}
		headers = append(headers, journal.Header{Name: name, Value: value})
	}
	if !host {
		headers = append([]journal.Header{{Name: "Host", Value: "localhost"}}, headers...)
	}
	return raw(o.Method, path, headers, []byte(body)), nil
}

// unbroken leaves line breaks out, and the blanks that a line begins with.
func unbroken(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}
