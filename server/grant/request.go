package grant

import (
	"errors"
	"slices"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/store"
)

// Request is an authorization request (RFC 6749 §4.1.1) that a person is about to answer on the bank's pages. Its id is 128 bits that
// only the person's browser knows; the pages carry it from step to step.
type Request struct {
	ID            string
	Bank          string
	Client        string
	RedirectURI   string // where the answer goes; always set
	RedirectGiven bool   // whether the client sent it, so that the exchange must repeat it
	State         string
	HasState      bool
	Scope         string
	Mode          string    // how the answer comes to the redirect URI: "", ModeFragment or ModeFormPost
	Challenge     string    // PKCE
	Plain         bool      // whether the challenge is the verifier itself, not its S256
	Bound         string    // dpop_jkt: thumbprint of the key that the exchange must show (RFC 9449 §10); empty: any, or none
	Issuer        string    // what the answer says of who gave it; empty: nothing
	Hint          string    // login_hint: who is expected to log in (OpenID Connect Core §3.1.2.1); empty: anybody
	Identity      *Identity // nil: it asks for no identity
	Consent       string
	Audience      []string          // resources that are asked for (RFC 8707); none: all of the bank's
	Facts         map[string]string // what one bank remembers between its pages; replaced, never written to
	Begun         time.Time
	Ends          time.Time // the pages die then
	Browser       string    // the cookie of the browser that began; the others may not go on
	Owner         string    // who logged in; empty: nobody yet
	Confirmed     bool      // whether the second factor was given
	Misses        int       // wrong answers so far
	Terms         *Terms    // of who logged in; nil: none
	Answer        string    // the redirect that ended it, in ModeFormPost with the fields of the form for its fragment; empty: it is open
	Code          string    // value of the code that was issued, if one was
	Device        string    // user code of the device that waits for the answer; empty: a client behind a redirect URI does

	number int64 // in the order of beginnings
}

// The ways of an answer to the redirect URI (response_mode) beside its query.
const (
	ModeFragment = "fragment"
	ModeFormPost = "form_post" // a form that the browser sends there
)

// Identity is what an authentication request asks beside access (OpenID Connect Core §3.1.2.1).
type Identity struct {
	Nonce    string
	Prompts  []string
	MaxAge   time.Duration // how long ago the login may be; negative: however long
	Subject  string        // of the id_token_hint; empty: anybody
	LoggedIn time.Time     // of the sign-in that answers the request instead of a login; zero: none does
	Methods  []string      // with which that was made
}

// Silent tells whether the request wants no page.
func (i *Identity) Silent() bool { return slices.Contains(i.Prompts, "none") }

// Begin keeps an authorization request for as long as the page lifetime says, and no longer than to the end that it comes with.
func (g *Grants) Begin(r Request, now time.Time) *Request {
	life, _ := g.Policy.Value(PageTTL, r.Bank, r.Client, "")
	latest := r.Ends
	r.ID, r.Begun, r.Ends = g.dice.Text(dice.Alnum, 24), now, now.Add(life.Duration)
	r.number = g.counters.begun.Add(1)
	if life.Never {
		r.Ends = now.Add(100 * 365 * clock.Day)
	}
	if !latest.IsZero() && latest.Before(r.Ends) {
		r.Ends = latest
	}
	g.requests.Put(r.ID, &r)
	g.boundPages(now)
	return &r
}

// Request finds an open or answered request of a bank; unknown ones and those whose pages have died are NotFound.
func (g *Grants) Request(bank, id string, now time.Time) (*Request, error) {
	r := g.requests.Get(id)
	if r == nil || r.Bank != bank {
		return nil, fail.New(fail.NotFound, "no such login is going on; it may be over, or the sandbox was restarted")
	}
	if r.Answer == "" && !now.Before(r.Ends) {
		return r, fail.New(fail.AccessDenied, "the page ended %s ago", short(now.Sub(r.Ends)))
	}
	return r, nil
}

// Step changes an open request; one that was answered meanwhile is Conflict, and nothing changes. One that is gone is NotFound.
func (g *Grants) Step(id string, change func(*Request)) (*Request, error) {
	next, err := g.requests.Update(id, func(r Request) (Request, error) {
		if r.Answer != "" {
			return r, fail.New(fail.Conflict, "the request was answered already")
		}
		change(&r)
		return r, nil
	})
	if errors.Is(err, store.ErrMissing) {
		return nil, fail.New(fail.NotFound, "no such login is going on")
	}
	return next, err
}

// Drop forgets a request that nobody has seen.
func (g *Grants) Drop(id string) { g.requests.Delete(id) }

// Answer ends a request exactly once: make is called by the first caller alone, and says where the browser goes and which code that
// carries. Everybody else gets that same answer, so that a double click brings no second code.
func (g *Grants) Answer(id string, make func(*Request) (to, code string)) (*Request, error) {
	g.answering.Lock()
	defer g.answering.Unlock()
	r := g.requests.Get(id)
	if r == nil {
		return nil, fail.New(fail.NotFound, "no such login is going on")
	}
	if r.Answer != "" {
		return r, nil
	}
	next := *r
	next.Answer, next.Code = make(r)
	g.requests.Put(id, &next)
	if r.Device != "" {
		g.denyDevice(r.Bank, r.Device)
	}
	return &next, nil
}

// Unused tells whether the code of an answered request still waits to be exchanged at now.
func (g *Grants) Unused(r *Request, now time.Time) bool {
	t := g.tokens.Get(r.Code)
	return t != nil && t.Spent == nil && !g.Expired(t, now)
}

// Session is a person's sign-in on the bank's own pages, apart from any client.
type Session struct {
	ID    string
	Bank  string
	Owner string
	Token string // what its forms must carry
	Began time.Time
	Ends  time.Time

	Methods []string // of authentication (RFC 8176)

	number int64 // in the order of beginnings
}

// SignIn opens a session of a person who logged in by these methods.
func (g *Grants) SignIn(bank, owner string, methods []string, now time.Time) *Session {
	life, _ := g.Policy.Value(SessionTTL, bank, "", owner)
	s := &Session{ID: g.dice.Text(dice.Alnum, 32), Bank: bank, Owner: owner, Token: g.dice.Text(dice.Alnum, 24), Began: now, Ends: now.Add(life.Duration), Methods: methods}
	if life.Never {
		s.Ends = now.Add(100 * 365 * clock.Day)
	}
	s.number = g.counters.begun.Add(1)
	g.sessions.Put(s.ID, s)
	g.boundPages(now)
	return s
}

// Session finds a live session of a bank, or nil.
func (g *Grants) Session(bank, id string, now time.Time) *Session {
	s := g.sessions.Get(id)
	if s == nil || s.Bank != bank || !now.Before(s.Ends) {
		return nil
	}
	return s
}

// SignOut ends a session.
func (g *Grants) SignOut(id string) { g.sessions.Delete(id) }
