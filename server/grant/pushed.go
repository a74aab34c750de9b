package grant

import (
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
)

// Pushed is an authorization request that its client sent ahead (RFC 9126): the browser brings nothing but its URI.
type Pushed struct {
	URI        string
	Bank       string
	Client     string
	Parameters string // of the authorization request, form-encoded
	Life       time.Duration
	Ends       time.Time // nothing begins by it from then on
	Request    string    // the authorization request that it has become; empty: none yet

	number int64 // in the order of beginnings
}

// PushedPrefix is what the URIs of pushed requests begin with (RFC 9126 §2.2).
const PushedPrefix = "urn:ietf:params:oauth:request_uri:"

// Push keeps an authorization request for as long as the policy says.
func (g *Grants) Push(bank, client, parameters string, now time.Time) *Pushed {
	life, _ := g.Policy.Value(PushedTTL, bank, client, "")
	p := &Pushed{URI: PushedPrefix + g.dice.Text(dice.Alnum, 32), Bank: bank, Client: client, Parameters: parameters,
		Life: life.Duration, Ends: now.Add(life.Duration), number: g.counters.begun.Add(1)}
	g.pushed.Put(p.URI, p)
	g.boundPages(now)
	return p
}

// Pushed finds what a client pushed at a bank. What is unknown, another client's, or over is InvalidRedirect: it names no redirect URI
// that could be trusted. One that has become an authorization request is found as long as that may be remembered, for the reload of
// its page.
func (g *Grants) Pushed(bank, client, uri string, now time.Time) (*Pushed, error) {
	bad := func(why string, args ...any) error {
		return fail.New(fail.InvalidRedirect, why, args...).Say("This request_uri is not known, or its time is over.").At("request_uri")
	}
	p := g.pushed.Get(uri)
	switch {
	case p == nil || p.Bank != bank:
		return nil, bad("nobody pushed a request %q at %s", uri, bank)
	case p.Client != client:
		return nil, bad("client %s pushed this request, %s brings it", p.Client, client)
	case p.Request == "" && !now.Before(p.Ends):
		return nil, bad("the pushed request expired %s ago", short(now.Sub(p.Ends)))
	}
	return p, nil
}

// Claim notes which authorization request a pushed one has become; false when it had become another before.
func (g *Grants) Claim(uri, request string) bool {
	_, err := g.pushed.Update(uri, func(p Pushed) (Pushed, error) {
		if p.Request != "" {
			return p, fail.New(fail.Conflict, "the pushed request was used already")
		}
		p.Request = request
		return p, nil
	})
	return err == nil
}
