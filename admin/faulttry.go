package admin

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/fault"
)

// Tried says what became of a test request.
type Tried struct {
	Request string       `json:"request"` // method and path
	Hit     bool         `json:"hit"`     // whether the rule spoiled it; chance, counting and rules above it may let it pass
	Answer  ReplayAnswer `json:"answer"`
}

// String says it in one line.
func (t *Tried) String() string {
	what := "the rule let it pass"
	if t.Hit {
		what = "spoiled"
	}
	if t.Answer.Status == 0 {
		return fmt.Sprintf("%s: no answer, %s", t.Request, what)
	}
	return fmt.Sprintf("%s: %d, %s", t.Request, t.Answer.Status, what)
}

func faultTryEndpoints() []endpoint {
	return []endpoint{{method: "POST", path: "/faults/{id}/try", op: "tryFault", doc: "send one request that the rule is for, with credentials that are none, and see what becomes of it; no rule counts it",
		out: Tried{}, do: func(r *request) (any, error) { return r.TryFault(r.params["id"]) }}}
}

// TryFault sends a request that an armed rule is for, in process. It is traffic, and cannot be undone, but no rule counts it: what was armed
// for a client still waits for that client.
func (d *Desk) TryFault(id string) (*Tried, error) {
	if d.options.Replay == nil {
		return nil, fail.New(fail.Conflict, "nothing can be sent here: there is no router")
	}
	all := d.Faults().Items
	i := slices.IndexFunc(all, func(l fault.Listed) bool { return l.ID == id })
	if i < 0 {
		return nil, fail.New(fail.NotFound, "there is no fault %s", id)
	}
	rule := all[i]
	switch {
	case rule.State != fault.Armed:
		return nil, fail.New(fail.Conflict, "fault %s is %s: no request meets it", id, rule.State)
	case rule.When.Client != "" || rule.When.User != "":
		return nil, fail.New(fail.Conflict, "fault %s waits for a client or a user: only their own request meets it", id)
	}
	method, target, err := d.meeting(&rule.When)
	if err != nil {
		return nil, err
	}
	out := &Tried{Request: method + " " + target}
	trial := d.Space.Faults.Trial()
	defer trial.End()
	again, err := d.options.Replay(d.Space, 0, meet(&rule.When, method, d.prefix()+target, trial.Word))
	if err != nil && fail.From(err).Kind != fail.Conflict { // a rule may well leave a client without an answer
		return nil, err
	}
	if err == nil {
		out.Answer = ReplayAnswer{ID: again.ID, Status: again.Status, Took: Duration(again.Took), Kind: string(again.Kind), Why: again.Why}
	}
	hit := trial.Hit()
	out.Hit = hit != nil && hit.Rule.ID == id
	return out, nil
}

// meeting picks the operation for a test: a GET without variables where there is one.
func (d *Desk) meeting(w *fault.When) (method, target string, err error) {
	best := 0
	for _, o := range d.Operations {
		if !fault.Glob(w.Bank, o.Bank) || !fault.Glob(w.Op, o.Op) || w.Method != "" && w.Method != "*" && !strings.EqualFold(w.Method, o.Method) {
			continue
		}
		var parts []string
		for part := range strings.SplitSeq(o.Path, "/") {
			if strings.HasPrefix(part, "{") {
				part = "1"
			}
			parts = append(parts, part)
		}
		path, score := strings.Join(parts, "/"), 1
		if !fault.Glob(w.Path, path) {
			continue
		}
		if o.Method == "GET" {
			score += 2
		}
		if path == o.Path {
			score++
		}
		if score > best {
			best, method, target = score, o.Method, "/"+o.Bank+path
		}
	}
	if best == 0 {
		return "", "", fail.New(fail.Conflict, "no operation of a bank fits the rule's bank, operation, method and path together")
	}
	return method, target, nil
}

// meet writes the request. What a condition leaves open is filled with something.
func meet(w *fault.When, method, target, trial string) []byte {
	var head, body string
	if name, value, _ := strings.Cut(w.Header, ":"); w.Header != "" {
		head = strings.TrimSpace(name) + ": " + some(value) + "\r\n"
	}
	if name, value, _ := strings.Cut(w.Param, "="); w.Param != "" {
		query := url.Values{strings.TrimSpace(name): {some(value)}}.Encode()
		if method == "GET" || method == "HEAD" {
			target += "?" + query
		} else {
			head, body = head+"Content-Type: application/x-www-form-urlencoded\r\n", query
		}
	}
	if method != "GET" && method != "HEAD" {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return []byte(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: sandbank-test-request\r\n" + fault.TrialHeader + ": " + trial + "\r\n" + head + "\r\n" + body)
}

func some(glob string) string {
	glob = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1 // it would end its line
		}
		return r
	}, glob)
	if glob = strings.TrimSpace(glob); glob == "" {
		return "test"
	}
	return strings.ReplaceAll(glob, "*", "test")
}
