package grant

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/store"
)

// Still is what was granted up to one moment, with the policy. Its records are shared with the book, which never writes to them, so
// taking one is cheap. Pages and sessions that are open are no part of it.
type Still struct {
	clients         store.Still[string, Client]
	grants          store.Still[string, Grant]
	tokens          store.Still[string, Token]
	consents        store.Still[string, Consent]
	calls           store.Still[string, calls]
	levels          map[Level]Settings
	issued, dropped int64
}

// Still takes the book as it is; the caller sees to it that nobody writes meanwhile.
func (g *Grants) Still() *Still {
	return &Still{clients: g.clients.Still(), grants: g.grants.Still(), tokens: g.tokens.Still(), consents: g.consents.Still(),
		calls: g.calls.Still(), levels: g.Policy.Levels(), issued: g.counters.issued.Load(), dropped: g.counters.dropped.Load()}
}

// replace turns exactly the knobs of these levels, which are not written to.
func (p *Policy) replace(levels map[Level]Settings) {
	next := &cascade{levels: map[Level]*tier{}, knobs: maps.Clone(p.own)}
	for at, settings := range levels {
		next.levels[at] = &tier{at.String(), settings}
		for k := range settings {
			next.knobs[k] = true
		}
	}
	p.state.Store(next)
}

// Bare is the same without what was granted: clients and policy alone.
func (s *Still) Bare() *Still { return &Still{clients: s.clients, levels: s.levels} }

// Size counts what a still holds.
type Size struct{ Clients, Grants, Tokens, Consents int }

// Size counts the records.
func (s *Still) Size() Size {
	return Size{s.clients.Len(), s.grants.Len(), s.tokens.Len(), s.consents.Len()}
}

// Each visits every record, in no order; id is what the record is called in public, so of a token not its value. Records that two
// stills share are the same pointer.
func (s *Still) Each(visit func(kind, id string, record any)) {
	s.clients.Range(func(id string, c *Client) { visit("client", id, c) })
	s.grants.Range(func(id string, v *Grant) { visit("grant", id, v) })
	s.tokens.Range(func(_ string, t *Token) { visit("token", t.ID, t) })
	s.consents.Range(func(id string, c *Consent) { visit("consent", id, c) })
	s.calls.Range(func(key string, c *calls) { visit("calls", key, &CallRecord{key, c.from, c.n}) })
	for _, r := range s.rules() {
		visit("policy", r.Bank+" "+Level{r.Bank, r.Client, r.User}.String()+" "+string(r.Knob), &r)
	}
}

// Dump is a book as it is written to a file: sorted by id, tokens by value, the policy by level.
type Dump struct {
	Clients  []*Client    `json:"clients"`
	Grants   []*Grant     `json:"grants"`
	Tokens   []*Token     `json:"tokens"`
	Consents []*Consent   `json:"consents"`
	Calls    []CallRecord `json:"calls"`
	Policy   []RuleRecord `json:"policy"`
	Issued   int64        `json:"issued"`  // tokens, since the start
	Dropped  int64        `json:"dropped"` // of them, those forgotten to bound memory
}

// CallRecord is a count of calls within the window that began at From.
type CallRecord struct {
	Key  string    `json:"key"`
	From time.Time `json:"from"`
	N    int64     `json:"n"`
}

// RuleRecord is one turned knob; without bank, client and user it is global.
type RuleRecord struct {
	Bank   string `json:"bank,omitempty"`
	Client string `json:"client,omitempty"`
	User   string `json:"user,omitempty"`
	Knob   Knob   `json:"knob"`
	Value  string `json:"value"` // as ParseValue reads it
}

// Dump writes everything out. A token whose grant was forgotten opens nothing and stays behind.
func (s *Still) Dump() Dump {
	grants := s.grants.Index()
	d := Dump{Clients: s.clients.Sorted(), Grants: s.grants.Sorted(), Tokens: s.tokens.Sorted(), Consents: s.consents.Sorted(),
		Policy: s.rules(), Issued: s.issued, Dropped: s.dropped}
	d.Tokens = slices.DeleteFunc(d.Tokens, func(t *Token) bool { return grants[t.Grant] == nil })
	s.calls.Range(func(key string, c *calls) { d.Calls = append(d.Calls, CallRecord{key, c.from, c.n}) })
	slices.SortFunc(d.Calls, func(a, b CallRecord) int { return cmp.Compare(a.Key, b.Key) })
	return d
}

func (s *Still) rules() (out []RuleRecord) {
	specs := Specs()
	for at, settings := range s.levels {
		for _, spec := range specs {
			if v, ok := settings[spec.Knob]; ok {
				out = append(out, RuleRecord{at.Bank, at.Client, at.User, spec.Knob, spec.Format(v)})
			}
		}
	}
	slices.SortFunc(out, func(a, b RuleRecord) int {
		return cmp.Or(cmp.Compare(a.Bank, b.Bank), cmp.Compare(a.Client, b.Client), cmp.Compare(a.User, b.User), cmp.Compare(a.Knob, b.Knob))
	})
	return out
}

// Load makes a book of a dump, or says what is wrong with it and where: "tokens[3].grant". Whether owners and accounts exist is not its
// to know.
func Load(d Dump) (*Still, error) {
	g, levels := New(dice.Real()), map[Level]Settings{}
	for _, list := range []func() error{
		func() error { return load("grants", d.Grants, numbers(func(v *Grant) int64 { return v.Number })) },
		func() error { return load("tokens", d.Tokens, numbers(func(t *Token) int64 { return t.Number })) },
		func() error { return load("consents", d.Consents, numbers(func(c *Consent) int64 { return c.Number })) },
		func() error { return load("clients", d.Clients, g.loadClient) },
		func() error { return load("grants", d.Grants, g.loadGrant) },
		func() error { return load("tokens", d.Tokens, g.tokenLoader()) },
		func() error { return load("consents", d.Consents, g.loadConsent) },
		func() error { return load("calls", pointers(d.Calls), g.loadCalls) },
		func() error { return load("policy", pointers(d.Policy), ruleLoader(levels)) },
	} {
		if err := list(); err != nil {
			return nil, err
		}
	}
	if d.Issued < 0 || d.Dropped < 0 {
		return nil, fail.Field("issued", "%d issued and %d dropped are no counts", d.Issued, d.Dropped)
	}
	g.Policy.replace(levels)
	g.counters.issued.Store(d.Issued)
	g.counters.dropped.Store(d.Dropped)
	return g.Still(), nil
}

func pointers[V any](list []V) []*V {
	out := make([]*V, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// load takes a list in, and puts a refusal under its place.
func load[V any](list string, records []*V, take func(*V) *fail.Error) error {
	for i, r := range records {
		if e := take(r); e != nil {
			return fail.Field(fmt.Sprintf("%s[%d].%s", list, i, e.Param), "%s", e.Why)
		}
	}
	return nil
}

// numbers refuses records without a number of their own: the order of issue stands and falls with it.
func numbers[V any](of func(*V) int64) func(*V) *fail.Error {
	seen := map[int64]bool{}
	return func(v *V) *fail.Error {
		n := of(v)
		if n < 1 || seen[n] {
			return fail.Field("number", "%d is below 1 or there twice", n)
		}
		seen[n] = true
		return nil
	}
}

func (g *Grants) loadClient(c *Client) *fail.Error {
	if c.ID == "" || !g.clients.Add(c.Bank+" "+c.ID, c) {
		return fail.Field("id", "%q is empty or there twice at %s", c.ID, c.Bank)
	}
	return nil
}

func (g *Grants) loadGrant(v *Grant) *fail.Error {
	if v.ID == "" || !g.grants.Add(v.ID, v) {
		return fail.Field("id", "%q is empty or there twice", v.ID)
	}
	return v.Terms.read()
}

func (g *Grants) tokenLoader() func(*Token) *fail.Error {
	ids := map[string]bool{}
	return func(t *Token) *fail.Error {
		of := g.grants.Get(t.Grant)
		switch {
		case t.ID == "" || ids[t.ID]:
			return fail.Field("id", "%q is empty or there twice", t.ID)
		case t.Kind != Code && t.Kind != Access && t.Kind != Refresh:
			return fail.Field("kind", "%q is none of code, access, refresh", t.Kind)
		case of == nil:
			return fail.Field("grant", "there is no grant %q", t.Grant)
		case of.Bank != t.Bank:
			return fail.Field("bank", "the token is at %q, its grant at %q", t.Bank, of.Bank)
		case t.Value == "" || !g.tokens.Add(t.Value, t):
			return fail.Field("value", "it is empty or there twice")
		}
		ids[t.ID] = true
		return nil
	}
}

func (g *Grants) loadConsent(c *Consent) *fail.Error {
	switch {
	case !slices.Contains([]Status{Received, Valid, Rejected, RevokedByPSU, Expired, Terminated}, c.Stored):
		return fail.Field("status", "%q is no status of a consent", c.Stored)
	case c.ID == "" || !g.consents.Add(c.ID, c):
		return fail.Field("id", "%q is empty or there twice", c.ID)
	}
	return nil
}

func (g *Grants) loadCalls(c *CallRecord) *fail.Error {
	if c.N < 0 {
		return fail.Field("n", "%d is no count", c.N)
	}
	if !g.calls.Add(c.Key, &calls{c.From, c.N}) {
		return fail.Field("key", "%q is there twice", c.Key)
	}
	return nil
}

func ruleLoader(levels map[Level]Settings) func(*RuleRecord) *fail.Error {
	return func(r *RuleRecord) *fail.Error {
		at := Level{r.Bank, r.Client, r.User}
		v, err := ParseValue(r.Knob, r.Value)
		if err != nil {
			return fail.Field("value", "%v", err)
		}
		if _, twice := levels[at][r.Knob]; twice {
			return fail.Field("knob", "%s is turned twice for %s", r.Knob, at)
		}
		if levels[at] == nil {
			levels[at] = Settings{}
		}
		levels[at][r.Knob] = v
		return nil
	}
}
