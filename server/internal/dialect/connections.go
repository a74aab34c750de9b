package dialect

import (
	"fmt"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
)

// connectionsPath is where a bank's customer sees which apps have access, and takes it back.
const connectionsPath = "/connections"

// connections are the routes of that page. It is the same at every bank: a person's side of what RFC 7009 is to a client.
func connections() []Route {
	return []Route{
		{Method: "GET", Path: connectionsPath, Op: "connections", Doc: "page: apps with access", Do: showConnections, Refuse: Page, Own: true, AS: true},
		{Method: "POST", Path: connectionsPath, Op: "connections.change", Doc: "page: sign in, take access back, sign out", Do: changeConnections, Refuse: Page, Own: true, AS: true},
	}
}

func showConnections(c *wire.Call) error {
	s := c.SignedIn()
	if s == nil {
		return signIn(c, 200, "", "")
	}
	return listConnections(c, s, "")
}

func signIn(c *wire.Call, status int, login, alert string) error {
	p := page.Login{Frame: c.Frame(), Heading: "Log in to see which apps have access", Method: "post", Action: c.Local(connectionsPath),
		UserName: page.Field{Name: "login", Value: login}, Password: "password", UserHint: "User name", Submit: "Log in", Alert: alert}
	if alert != "" {
		p.AlertTip = "Names are case-sensitive."
	}
	return c.LoginPage(status, p)
}

func changeConnections(c *wire.Call) error {
	v := c.Form()
	if err := v.Err(); err != nil {
		return err
	}
	if err := c.SameSite(); err != nil {
		return err
	}
	s := c.SignedIn()
	if s == nil {
		return beginSession(c, v)
	}
	if !grant.Same(s.Token, v.Get("token")) {
		return c.Trail.No("form token", fail.New(fail.Forbidden, "the form does not carry the token of this sign-in").
			Say("This form is not from your present sign-in. Nothing was done."))
	}
	c.Owner = s.Owner
	if v.Get("logout") != "" {
		c.Space.Grants.SignOut(s.ID)
		return c.Redirect(303, c.Local(connectionsPath))
	}
	return takeBack(c, s, v.Get("revoke"))
}

func beginSession(c *wire.Call, v *wire.Values) error {
	login := v.Get("login")
	if demo := v.Get("demo"); demo != "" {
		login = demo
	}
	p, err := c.SignIn(c.Login, login, v.Get("password"))
	switch {
	case fail.Is(err, fail.UserLocked):
		return signIn(c, 403, login, "This user is locked.")
	case err != nil:
		return signIn(c, 401, login, "Invalid login.")
	}
	c.OpenSession(p.ID, []string{"pwd"})
	return c.Redirect(303, c.Local(connectionsPath))
}

// takeBack ends what one client has: the grant, and the consent that it lives by.
func takeBack(c *wire.Call, s *grant.Session, id string) error {
	g := c.Space.Grants
	of := g.Grant(id)
	if of == nil || of.Owner != s.Owner || of.Bank != c.Bank {
		return fail.New(fail.NotFound, "%s has no grant %q", s.Owner, id)
	}
	const why = "taken back on the bank's page"
	g.Revoke(id, "user", why, c.Now)
	if of.Consent != "" {
		g.EndConsent(of.Consent, grant.RevokedByPSU, "user", why, c.Now)
	}
	c.Trail.Pass("access taken back", id)
	return listConnections(c, s, clientName(c, of.Client)+" has no access any more.")
}

func clientName(c *wire.Call, id string) string {
	if cl := c.Space.Grants.Client(c.Bank, id); cl != nil && cl.Name != "" {
		return cl.Name
	}
	return id
}

func listConnections(c *wire.Call, s *grant.Session, notice string) error {
	g := c.Space.Grants
	p := page.Connections{Frame: c.Frame(), Action: c.Local(connectionsPath), Hidden: []page.Field{{Name: "token", Value: s.Token}}, Notice: notice}
	if person := c.Space.Ledger.Person(s.Owner); person != nil {
		p.User = person.Login
	}
	for _, of := range g.Of(func(of *grant.Grant) bool { return of.Owner == s.Owner && of.Bank == c.Bank }) {
		one := page.Connection{ID: of.ID, Client: clientName(c, of.Client), Scope: of.Scope, Since: of.Created, Details: details(c, of)}
		until, live := g.Refreshable(of, c.Now)
		one.Until = until
		if consent := g.Consent(c.Bank, of.Consent); consent != nil {
			status := g.ConsentStatus(consent, c.Now)
			live = live && status == grant.Valid
			if live && (one.Until.IsZero() || consent.Until.Before(one.Until)) {
				one.Until = consent.Until
			}
			one.Ended = "consent " + string(status)
		}
		if live {
			one.Ended = ""
			p.Live = append(p.Live, one)
			continue
		}
		if e := of.Ending(c.Now); e != nil {
			one.Ended = fmt.Sprintf("ended by the %s on %s", e.By, e.At.Format("2 January 2006, 15:04:05"))
		} else if one.Ended == "" || one.Ended == "consent valid" {
			one.Ended = "its tokens have expired"
		}
		p.Ended = append(p.Ended, one)
	}
	return c.Page(200, p)
}

// details names the accounts that a grant's consent covers.
func details(c *wire.Call, of *grant.Grant) []string {
	consent := c.Space.Grants.Consent(c.Bank, of.Consent)
	if consent == nil {
		return nil
	}
	var out []string
	for _, r := range consent.Rights {
		if a := c.Space.Ledger.Account(r.Account); a != nil {
			out = append(out, a.Name+" "+a.IBAN)
		}
	}
	out = append(out, "until "+consent.Until.Add(-time.Second).Format("2 January 2006"))
	return out
}
