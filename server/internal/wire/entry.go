package wire

import (
	"maps"
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// Entry is a bank's authorization endpoint in two halves, so that what comes by another way than its query, pushed ahead (RFC 9126) or
// asked for by a device (RFC 8628), meets the same checks and the same pages.
type Entry struct {
	Read func(*Call) (*grant.Request, error) // checks what is asked for, by Authorize and of Asked; keeps nothing
	Show func(*Call, *grant.Request) error   // the first page of a request that was kept

	// Recognise takes up what this browser has done at the bank before, in a request that is not kept yet; nil: nothing counts.
	Recognise func(*Call, *grant.Request) error
}

// Asked are the parameters of the authorization request: the query, unless the client has said them elsewhere.
func (c *Call) Asked() *Values {
	if c.asked != nil {
		return c.asked
	}
	return c.Query()
}

// Elsewhere tells whether the request came by another way than the bank's own endpoint, where its own habits of refusing count for nothing.
func (c *Call) Elsewhere() bool { return c.asked != nil }

// Enter is the authorization endpoint: what is asked for is checked, kept, and shown to the person.
func (c *Call) Enter() error {
	if q := c.Query(); q.Get("request_uri") != "" && (strings.HasPrefix(q.Get("request_uri"), grant.PushedPrefix) || !c.asksIdentity(q)) {
		return c.enterPushed() // to another kind of reference identity has an answer of its own
	}
	r, err := c.enter()
	if err != nil {
		return err
	}
	return c.Authority.Entry.Show(c, r)
}

// enter checks what is asked for, and keeps it for this browser.
func (c *Call) enter() (*grant.Request, error) {
	r, err := c.Authority.Entry.Read(c)
	if err != nil {
		return nil, err
	}
	if recognise := c.Authority.Entry.Recognise; recognise != nil {
		if err := recognise(c, r); err != nil {
			return nil, c.Detour(r, fail.From(err))
		}
	}
	return c.Begin(r), nil
}

// enterPushed begins what the client has pushed; all else in the query counts for nothing (RFC 9126 §4). The reload of its page goes on
// with what was begun, in the browser that began it.
func (c *Call) enterPushed() error {
	p, err := c.pushed()
	if err != nil {
		return err
	}
	if p.Request == "" {
		c.asked = parse(p.Parameters)
		r, err := c.enter()
		if err != nil {
			return err
		}
		if c.Space.Grants.Claim(p.URI, r.ID) {
			return c.Authority.Entry.Show(c, r)
		}
		c.Space.Grants.Drop(r.ID) // another browser was faster
		return c.Trail.No("pushed request unused", fail.New(fail.InvalidRedirect, "the pushed request was used already").
			Say("This request_uri was used already.").At("request_uri"))
	}
	r, err := c.ResumeID(p.Request)
	switch {
	case err != nil:
		return err
	case r.Answer != "":
		return c.Answered(r)
	}
	return c.Authority.Entry.Show(c, r)
}

// pushed finds the request behind request_uri, which is bound to the client that client_id names.
func (c *Call) pushed() (*grant.Pushed, error) {
	q := c.Query()
	for _, name := range []string{"client_id", "request_uri"} {
		if len(q.All(name)) > 1 {
			return nil, c.Trail.No("pushed request", fail.New(fail.InvalidRedirect, "%s was sent %d times", name, len(q.All(name))).
				Say("The parameter %s was sent more than once.", name).At(name))
		}
	}
	client, err := c.knownClient(q.Get("client_id"))
	if err != nil {
		return nil, err
	}
	p, err := c.Space.Grants.Pushed(c.Bank, client.ID, q.Get("request_uri"), c.Now)
	if err != nil {
		return nil, c.Trail.No("pushed request", fail.From(err))
	}
	c.Trail.Pass("pushed request", p.Client)
	return p, nil
}

// mostPushed is how large a request is that can be pushed, in bytes: as large as one that a browser brings. Many are kept at once.
const mostPushed = 32 << 10

// Push keeps an authorization request for its client, checked as the authorization endpoint would check it (RFC 9126 §2.1). What the
// client proved itself with is no part of it.
func (c *Call) Push(v *Values, client *grant.Client) (*grant.Pushed, error) {
	if v.Get("request_uri") != "" {
		return nil, c.Trail.No("no request_uri", fail.New(fail.InvalidRequest, "request_uri was pushed").
			Say("The parameter request_uri must not be pushed.").At("request_uri"))
	}
	if v.Get("request") != "" {
		return nil, c.Trail.No("no request object", fail.New(fail.RequestNotSupported, "a request object was pushed"))
	}
	of := maps.Clone(v.v)
	maps.DeleteFunc(of, func(name string, _ []string) bool {
		return slices.Contains([]string{"client_secret", "client_assertion", "client_assertion_type"}, name)
	})
	of.Set("client_id", client.ID)
	if n := len(of.Encode()); n > mostPushed {
		return nil, c.Trail.No("size", fail.New(fail.TooLarge, "the pushed request has %d bytes; %d are taken", n, mostPushed))
	}
	c.asked = &Values{v: of}
	if _, err := c.Authority.Entry.Read(c); err != nil {
		return nil, fail.From(err) // there is no browser to send anywhere
	}
	return c.Space.Grants.Push(c.Bank, client.ID, of.Encode(), c.Now), nil
}
