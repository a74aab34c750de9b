package scenario

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/journal"
)

// Met is when traffic met a case.
type Met struct {
	Count   int
	Entries []uint64 // ids in the journal, the newest last; at most ten
}

// most is how many entries are told of a case.
const most = 10

// Meet tells which cases the entries of a journal show, by id. The entries are in the order in which they were answered; grants are the
// space's, for what tokens were. What the journal has forgotten was not met.
func Meet(entries []*journal.Entry, grants *grant.Grants) map[string]Met {
	r := NewReading()
	r.Add(grants, entries...)
	return r.Met()
}

// Reading is what the entries of a journal show so far. What was added stays read: only new entries cost anything. It holds as long as
// what it was read with does: another book of grants, or one that was bent since (see grant.Grants.Bent), needs another reading.
type Reading struct {
	traffic *traffic
	cases   []Case
	met     map[string]Met
}

// NewReading has read nothing yet.
func NewReading() *Reading {
	t := &traffic{told: map[string]telling{}, issued: map[string]bool{}, first: map[string]*call{}, last: map[string]*call{},
		near: map[string]bool{}, sent: map[string][]*call{}, reused: map[string]bool{}, flows: map[string]bool{}, seen: map[string]bool{}, refreshed: map[string]time.Time{}, held: map[string]string{},
		kids: map[string]map[string]bool{}, algs: map[string]string{}}
	return &Reading{t, slices.DeleteFunc(Cases(), func(c Case) bool { return c.meets == nil }), map[string]Met{}}
}

// Add reads the entries that follow. The book of grants is not kept.
func (r *Reading) Add(grants *grant.Grants, entries ...*journal.Entry) {
	r.traffic.grants = grants
	defer func() { r.traffic.grants = nil }()
	for _, e := range entries {
		c := &call{Entry: e, client: e.Caller(), spoiled: e.Spoiled(), bearer: e.Bearer()}
		for i := range r.cases {
			if r.cases[i].meets(r.traffic, c) {
				one := r.met[r.cases[i].ID]
				one.Count++
				one.Entries = append(one.Entries, e.ID)
				one.Entries = one.Entries[max(0, len(one.Entries)-most):]
				r.met[r.cases[i].ID] = one
			}
		}
		r.traffic.remember(c)
		r.traffic.keep(c)
	}
}

// Met tells which cases were met so far.
func (r *Reading) Met() map[string]Met { return maps.Clone(r.met) }

// traffic is what came before the call that is looked at.
type traffic struct {
	grants *grant.Grants

	told      map[string]telling         // by the id of an access token
	issued    map[string]bool            // values of tokens that went out
	first     map[string]*call           // by client
	last      map[string]*call           // by client
	near      map[string]bool            // ids of access tokens that were used in their last minute
	sent      map[string][]*call         // by the value of a refresh token: calls that presented it
	reused    map[string]bool            // ids of access tokens that went out
	flows     map[string]bool            // login pages that were answered
	seen      map[string]bool            // bank and target that were answered well
	refreshed map[string]time.Time       // when a grant was refreshed last, by its id
	held      map[string]string          // id of the access token that a grant's client was seen with last, by the grant's id
	kids      map[string]map[string]bool // by bank: the keys that its JWKS last had
	algs      map[string]string          // by client: what its last id_token was signed by
	previous  *call
	bearers   []*call // with a bearer token and no refusal, the newest last; some
	pages     []*call // of lists that come in pages; some
}

// telling is how the life of an access token was told, and what it was.
type telling struct {
	raw  json.RawMessage // nil: not told
	at   time.Time
	told time.Duration // of a number

	apart time.Duration // of the server that told it, against the clock of the space
}

// call is one entry, with what several cases ask of it.
type call struct {
	*journal.Entry
	client  string
	spoiled string
	bearer  string // access token in its Authorization header

	params url.Values                 // see form
	fields map[string]json.RawMessage // see answer
}

func (c *call) form() url.Values {
	if c.params == nil {
		c.params = c.Params()
	}
	return c.params
}

func (c *call) answer() map[string]json.RawMessage {
	if c.fields == nil {
		if c.fields = c.Fields(); c.fields == nil {
			c.fields = map[string]json.RawMessage{}
		}
	}
	return c.fields
}

// opToken is the operation of every bank's token endpoint.
const opToken = "token"

// tokens tells whether the call brought an access token.
func (c *call) tokens() bool {
	return c.Op == opToken && c.Status == 200 && c.answer()["access_token"] != nil
}

// refresh tells whether the call is a refresh, however it ended.
func (c *call) refresh() bool {
	return c.Op == opToken && c.form().Get("grant_type") == "refresh_token"
}

// renewed tells whether the call is a refresh that brought a token.
func (c *call) renewed() bool { return c.tokens() && c.refresh() }

// kind tells whether the bank refused for one of these reasons.
func (c *call) kind(kinds ...fail.Kind) bool {
	for _, k := range kinds {
		if c.Kind == k {
			return true
		}
	}
	return false
}

// did tells whether a fault did this to the call: words of the rule's own line, as "reset" or "status=5".
func (c *call) did(words ...string) bool {
	for _, w := range words {
		if strings.Contains(c.spoiled, ": "+w) || strings.Contains(c.spoiled, "; "+w) {
			return true
		}
	}
	return false
}

// apart is how far the clock of the server that answered was from the space's, as the first line of its trail says.
func (c *call) apart() time.Duration {
	check := c.Check("clock")
	if check == nil {
		return 0
	}
	_, rest, _ := strings.Cut(check.Why, "clock is ")
	by, where, _ := strings.Cut(rest, " ")
	d, err := clock.ParseDuration(by)
	if err != nil {
		return 0
	}
	if strings.HasPrefix(where, "behind") {
		return -d
	}
	return d
}

// dated is how far the Date header was from the space's clock; 0 without one.
func (c *call) dated() time.Duration {
	at, err := time.Parse(time.RFC1123, c.Response.Header("Date"))
	if err != nil {
		return 0
	}
	return at.Sub(c.At)
}

// lost tells whether the bank did its work and the client was told otherwise.
func (c *call) lost() bool { return strings.HasPrefix(c.spoiled, "after the bank had answered 2") }

// used is the access token that the call carried, as it is kept now; nil when it is not known.
func (t *traffic) used(c *call) *grant.Token {
	if c.Op == opToken {
		return nil
	}
	return t.token(c)
}

// token is the first access token that the call is about.
func (t *traffic) token(c *call) *grant.Token {
	for _, id := range c.Tokens {
		if strings.HasPrefix(id, "at_") {
			return t.grants.Find(id)
		}
	}
	return nil
}

// access is the id of the access token that went out with the call.
func access(c *call) string {
	for _, id := range c.Tokens {
		if strings.HasPrefix(id, "at_") {
			return id
		}
	}
	return ""
}

func text(raw json.RawMessage) (s string) {
	if n := len(raw); n > 1 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : n-1]) // as most are; it was found to be valid
	}
	json.Unmarshal(raw, &s) // what is no text is none
	return s
}

// told is how the answer tells the life of its access token; nothing where it brings none.
func (c *call) told() telling {
	if !c.tokens() {
		return telling{}
	}
	raw := c.answer()["expires_in"]
	n, _ := json.Number(bytes.TrimSpace(raw)).Float64()
	n = min(n, float64(1<<33)) // what a duration holds
	return telling{raw: raw, at: c.At, told: time.Duration(n * float64(time.Second)), apart: c.apart()}
}

// number tells whether the life was told as a JSON number, and which.
func (t telling) number() (float64, bool) {
	if len(t.raw) == 0 || t.raw[0] != '-' && (t.raw[0] < '0' || t.raw[0] > '9') {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(t.raw), 64)
	return n, err == nil
}

// remember makes the call one of those that came before.
func (t *traffic) remember(c *call) {
	if c.tokens() {
		id := access(c)
		t.told[id], t.reused[id] = c.told(), true
		for _, field := range []string{"access_token", "refresh_token"} {
			t.issued[text(c.answer()[field])] = true
		}
		if of := t.token(c); of != nil && c.refresh() {
			t.refreshed[of.Grant] = c.At
		}
	}
	if c.refresh() {
		value := c.form().Get("refresh_token")
		t.sent[value] = append(t.sent[value], c)
	}
	if flow := c.form().Get("flow"); flow != "" && c.away() != nil {
		t.flows[flow] = true
	}
	if token := t.token(c); token != nil && c.Kind == "" {
		t.held[token.Grant] = token.ID
	}
	if token := t.used(c); token != nil && c.Kind == "" && within(token.Expires.Sub(c.At)) {
		t.near[token.ID] = true
	}
	if c.bearer != "" && c.Kind == "" && c.Status/100 == 2 {
		t.seen[c.Bank+c.Path()] = true
		t.bearers = append(t.bearers, c)[max(0, len(t.bearers)-20):]
		if paged(c) > 0 {
			t.pages = append(t.pages, c)[max(0, len(t.pages)-20):]
		}
	}
	if c.client != "" {
		if t.first[c.client] == nil {
			t.first[c.client] = c
		}
		t.last[c.client] = c
	}
	t.previous = c
}

// within tells whether something is at most a minute away.
func within(d time.Duration) bool { return d > 0 && d <= time.Minute }

// away is where the answer sends the browser with a code or an error; nil: nowhere.
func (c *call) away() url.Values {
	if c.Status/100 != 3 {
		return nil
	}
	u, err := url.Parse(c.Response.Header("Location"))
	if err != nil {
		return nil
	}
	if v := u.Query(); v.Has("code") || v.Has("error") {
		return v
	}
	return nil
}
