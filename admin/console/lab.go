package console

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/clock"
	"sandbank/server/flow"
	"sandbank/server/grant"
	"sandbank/server/journal"
)

func labPages() []page {
	return []page{
		{path: "lab", Title: "Flow lab", Nav: "lab", name: "lab", build: lab},
		{path: "lab/back", Title: "Flow lab", Nav: "lab", name: "lab", build: labBack},
	}
}

// Lab is a walk through one bank, opened at one of its steps. All of it is in the address: the bank, who walks, the step, and the numbers of
// the requests that were sent. What their answers gave is read from the journal again.
type Lab struct {
	V             *visit
	Flow          *flow.Flow
	User, Client  string
	Users         []string
	Clients       []string // "id=name"
	At0           int      // the step that is open, from 0 on
	Step          *flow.Step
	Break         *flow.Break
	Request       flow.Request
	Broken        *OpenEntry // the answer to the request as it was spoilt
	Last          *OpenEntry // the answer to the request as it should be
	Redirect      string     // somebody's own address to come back to
	sent          []uint64   // by step; 0: not
	entries       []*journal.Entry
	values        flow.Values // before the step
	token, bender *admin.TokenLife
}

func lab(v *visit) (any, error) {
	l := &Lab{V: v, Redirect: v.Query.Get("redirect")}
	flows := v.Desk.Flows()
	if len(flows) == 0 {
		return l, nil
	}
	l.Flow = &flows[0]
	for i := range flows {
		if flows[i].Bank == v.Query.Get("bank") {
			l.Flow = &flows[i]
		}
	}
	if err := l.people(); err != nil {
		return nil, err
	}
	l.follow()
	n, _ := strconv.Atoi(v.Query.Get("step")) // what is no number is the first one
	l.At0 = min(max(n-1, 0), len(l.Flow.Steps)-1)
	l.Step = &l.Flow.Steps[l.At0]
	l.Break = l.Step.Break(v.Query.Get("break"))
	l.values = l.known()
	l.Request = l.Step.Fill(l.values, l.Break)
	l.token = l.life(l.Step.Ends)
	if l.Break != nil {
		l.bender = l.life(l.Break.Wait + l.Break.Of)
	} else if l.Step.Wait != "" {
		l.bender = l.life(l.Step.Wait)
	}
	if v.Query.Get("as") == "svg" {
		return nil, file{l.Flow.Bank + ".svg", "image/svg+xml", l.Sequence().SVG()}
	}
	return l, l.answers()
}

// people finds who may walk.
func (l *Lab) people() error {
	clients, err := l.V.Desk.Clients(l.Flow.Bank)
	if err != nil {
		return err
	}
	has := func(id string) bool {
		return slices.ContainsFunc(clients, func(c admin.ClientView) bool { return c.ID == id })
	}
	for _, c := range clients {
		l.Clients = append(l.Clients, c.ID+"="+c.Name)
	}
	if l.Client = l.V.Query.Get("client"); !has(l.Client) {
		if l.Client = l.Flow.Client; !has(l.Client) && len(clients) > 0 {
			l.Client = clients[0].ID
		}
	}
	if l.Flow.User == "" {
		return nil
	}
	l.V.Space.Gate.RLock()
	defer l.V.Space.Gate.RUnlock()
	for _, p := range l.V.Space.Ledger.People(l.Flow.Bank) {
		if len(l.Users) < 200 {
			l.Users = append(l.Users, p.Login)
		}
	}
	asked := l.V.Query.Get("user")
	if l.User = asked; l.V.Space.Ledger.PersonByLogin(l.Flow.Bank, asked) == nil {
		if l.User = l.Flow.User; !slices.Contains(l.Users, l.User) && len(l.Users) > 0 {
			l.User = l.Users[0]
		}
	} else if !slices.Contains(l.Users, asked) {
		l.Users = append(l.Users, asked)
	}
	return nil
}

// follow reads the numbers of the requests from the address, and the requests from the journal.
func (l *Lab) follow() {
	l.sent, l.entries = make([]uint64, len(l.Flow.Steps)), make([]*journal.Entry, len(l.Flow.Steps))
	for i, text := range strings.Split(l.V.Query.Get("e"), ".") {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil || i >= len(l.sent) || id == 0 {
			continue
		}
		l.sent[i] = id
		if e := l.V.Space.Journal.Entry(id); e != nil && e.Bank == l.Flow.Bank {
			l.entries[i] = e
		}
	}
}

// good tells whether a bank did what was asked.
func good(e *journal.Entry) bool { return e.Kind == "" && e.Status > 0 && e.Status < 400 }

// done tells whether a step has had the answer that it is for.
func (l *Lab) done(i int) bool {
	e := l.entries[i]
	return e != nil && good(e) != l.Flow.Steps[i].Refused
}

// known are the values that the walk has before the step that is open.
func (l *Lab) known() flow.Values {
	v := flow.Values{"client_id": l.Client, "user": l.User, "state": "lab", "new": "lab", "verifier": verifier, "challenge": challenge()}
	for _, id := range l.sent[:l.At0] {
		v["state"] += "-" + strconv.FormatUint(id, 10)
	}
	if len(l.sent) > 0 && l.sent[0] > 0 {
		v["new"] += strconv.FormatUint(l.sent[0], 10) // nobody else's: the number is given once
	}
	l.V.Space.Gate.RLock()
	defer l.V.Space.Gate.RUnlock()
	if c := l.V.Space.Grants.Client(l.Flow.Bank, l.Client); c != nil {
		for _, s := range c.Secrets {
			if v["client_secret"] == "" && (s.Until.IsZero() || l.V.Now.Before(s.Until)) {
				v["client_secret"] = s.Value
				v["basic"] = base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(c.ID) + ":" + url.QueryEscape(s.Value)))
			}
		}
		if c.Service != nil {
			v["service_id"], v["service_secret"] = c.Service.ID, c.Service.Secret
		}
		v["redirect_uri"] = l.back(c)
	}
	for i := range l.At0 {
		if e := l.entries[i]; e != nil && l.done(i) {
			v.Take(l.Flow.Steps[i].Gives, answerOf(e))
		}
	}
	return v
}

func answerOf(e *journal.Entry) flow.Answer {
	return flow.Answer{Head: e.Response.Head, Body: e.Response.Body}
}

// back is where the bank sends the browser: somebody's own address, the lab's, or one that the client has.
func (l *Lab) back(c *grant.Client) string {
	if l.Redirect != "" {
		return l.Redirect
	}
	for _, uri := range append([]string{l.V.Origin() + l.V.At("lab", "back"), "http://127.0.0.1:9000/cb"}, c.RedirectURIs...) {
		if c.RedirectOK(uri) {
			return uri
		}
	}
	return ""
}

// verifier is the secret behind the lab's PKCE. A client makes one up for each login; the lab's is no secret.
const verifier = "sandbank-lab-verifier-of-no-secrecy-at-all-42"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// life is the token that a name of the walk stands for; nil when there is none yet.
func (l *Lab) life(name string) *admin.TokenLife {
	if name == "" || l.values[name] == "" {
		return nil
	}
	t, err := l.V.Desk.Token(l.values[name], false)
	if err != nil {
		return nil
	}
	return t
}

// answers opens what came back to the step, as it should be and as it was spoilt.
func (l *Lab) answers() (err error) {
	if e := l.entries[l.At0]; e != nil {
		if l.Last, err = l.V.openEntry(e); err != nil {
			return err
		}
		l.Last.Checks = nil
		l.Last.check()
	}
	if id, bad := strconv.ParseUint(l.V.Query.Get("b"), 10, 64); bad == nil && l.Break != nil {
		if e := l.V.Space.Journal.Entry(id); e != nil && e.Bank == l.Flow.Bank {
			if l.Broken, err = l.V.openEntry(e); err != nil {
				return err
			}
			l.Broken.Checks = nil
			l.Broken.check()
		}
	}
	return nil
}

// labBack takes a browser that a bank has sent back into its walk: the request that the code came with is in the journal.
func labBack(v *visit) (any, error) {
	query := v.Query.Encode()
	found := v.Space.Journal.Recent(1, func(e *journal.Entry) bool {
		u, err := url.Parse(e.Response.Header("Location"))
		return err == nil && len(query) > 0 && u.Query().Encode() == query
	})
	if len(found) == 0 {
		return nil, moved{v.At("lab")}
	}
	own, _ := strings.CutPrefix(v.Query.Get("state"), "lab")
	if own == v.Query.Get("state") {
		own = "" // another's state tells nothing of a walk
	}
	e, sent := found[0], strings.Split(own, "-")[1:]
	for _, f := range v.Desk.Flows() {
		if f.Bank != e.Bank {
			continue
		}
		i := slices.IndexFunc(f.Steps, func(s flow.Step) bool {
			return slices.ContainsFunc(s.Gives, func(g flow.Give) bool { return g.From == "query:code" })
		})
		for len(sent) <= i {
			sent = append(sent, "0")
		}
		sent[i] = strconv.FormatUint(e.ID, 10)
		to := url.Values{"bank": {f.Bank}, "user": {tail(e.Owner)}, "client": {e.Client}, "step": {strconv.Itoa(i + 1)}, "e": {strings.Join(sent[:i+1], ".")}}
		return nil, moved{v.At("lab", "?"+to.Encode())}
	}
	return nil, moved{v.At("lab")}
}

// Ahead is Wait in words.
func (l *Lab) Ahead() string {
	d, _ := clock.ParseDuration(l.Wait())
	return span(d)
}

// Wait is how far the clock must go for the token of this step, or of its break, to be over; empty when it is, or has no end.
func (l *Lab) Wait() string {
	if l.bender == nil || l.bender.Left == nil || l.lever() != "" {
		return ""
	}
	return (admin.Duration(time.Duration(*l.bender.Left).Truncate(time.Second) + 2*time.Second)).String()
}

func (l *Lab) lever() string {
	if l.Break == nil {
		return ""
	}
	return l.Break.Lever
}
