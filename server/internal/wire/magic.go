package wire

import (
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/ledger"
	"sandbank/server/magic"
	"sandbank/server/world"
)

// Space is the space of a call as its caller sees it: Ledger is the space's own, or what a grant is shown of it.
type Space struct {
	*world.Space
	Ledger *ledger.Ledger
}

// Magic is what a call needs to read logins with flags, and what it has read.
type Magic struct {
	Flags magic.Catalogue
	Ways  magic.Ways

	login    *magic.Login
	problems []magic.Problem
}

// Anew reads the clock and the books again, after a call was held up with the gate open.
func (c *Call) Anew() { c.Now, c.Space.Ledger = c.Space.Clock.Now().Add(c.Skew), c.Space.Space.Ledger }

// Login finds a person by the user name of the bank's own pages, or nil.
func (c *Call) Login(name string) *ledger.Person { return c.Space.Ledger.PersonByLogin(c.Bank, name) }

// Named finds whom a login means, flags behind the name or not (dave~ttl5s): by find, which knows the names alone. Nobody is nil and no
// error. Flags that there are not, or that the bank cannot have, are BadCredentials; ~locked is UserLocked. The terms that the flags come to
// are those of the grant that follows: see Terms and Instead.
func (c *Call) Named(login string, find func(name string) *ledger.Person) (*ledger.Person, error) {
	p := find(login)
	if p != nil || !c.Space.Switches().MagicLogins {
		return p, nil
	}
	m := &c.Magic
	if m.login, m.problems = m.Flags.Read(login, c.magicBank(), func(name string) bool { return find(name) != nil }); m.problems != nil {
		var words []string
		for _, p := range m.problems {
			words = append(words, p.Flag+": "+p.Why)
		}
		return nil, c.Trail.No("flags", fail.New(fail.BadCredentials, "%s", strings.Join(words, "; ")))
	}
	if m.login == nil {
		return nil, nil
	}
	if p = find(m.login.Name); p == nil {
		return nil, nil
	}
	c.Trail.Pass("flags", m.login.String())
	if m.login.Ends == fail.UserLocked {
		return p, c.Trail.No("not locked", fail.New(fail.UserLocked, "login %s is refused like a locked user", m.login))
	}
	return p, nil
}

func (c *Call) magicBank() magic.Bank {
	return magic.Bank{ID: c.Bank, Name: c.Brand.Name, Ways: c.Magic.Ways, Has: func(k grant.Knob) bool {
		_, ok := c.Space.Grants.Policy.Default(k, c.Bank)
		return ok
	}}
}

// Terms are those that the login asks of its grant; nil: none.
func (c *Call) Terms() *grant.Terms {
	if c.Magic.login == nil {
		return nil
	}
	return c.Magic.login.Terms
}

// Instead is the refusal with which a login ends although its credentials are right (dave~deny); nil: it goes on.
func (c *Call) Instead() *fail.Error {
	l := c.Magic.login
	if l == nil || l.Ends == "" {
		return nil
	}
	e := fail.New(l.Ends, "login %s ends so", l)
	if l.Ends == fail.AccessDenied {
		e = e.Say("The resource owner denied the request.")
	}
	return c.Trail.No("login", e)
}

// under takes up the terms of the grant that the call is made under.
func (c *Call) under(of *grant.Grant) {
	if of == nil || of.Terms == nil || c.terms == of.Terms {
		return
	}
	c.terms = of.Terms
	c.Trail.Pass("login", c.terms.Login)
	if c.terms.Empty || c.terms.Entries > 0 {
		c.Space.Ledger = c.Space.Space.Ledger.Seen(ledger.View{Owner: of.Owner, Empty: c.terms.Empty, Entries: c.terms.Entries, At: of.Created})
	}
}

// refusedUnder notes the terms of the grant whose code or token was presented in vain.
func (c *Call) refusedUnder(value string) {
	if t := c.Space.Grants.Token(value); t != nil && t.Bank == c.Bank {
		if of := c.Space.Grants.Grant(t.Grant); of != nil {
			c.terms = of.Terms
		}
	}
}

// Slow is how much longer the call is to take, in real time, and by whose wish.
func (c *Call) Slow() (d time.Duration, login string) {
	if c.terms == nil {
		return 0, ""
	}
	return c.terms.Slow, c.terms.Login
}

// LoginPage answers with a login page: filled in by the bank, with the names that the sandbox offers, and with the flags that there are
// where the last try had others.
func (c *Call) LoginPage(status int, p page.Login) error {
	p.Demo = c.Demo()
	if len(p.Demo) > 0 && c.Space.Switches().MagicLogins {
		for _, l := range c.Magic.Flags.Lines(c.magicBank()) {
			if l.Lacks == "" && (l.Word == "ttl5s" || l.Word == "deny" || l.Word == "locked") {
				p.Magic = append(p.Magic, page.Field{Name: p.Demo[0] + "~" + l.Word, Value: l.Doc})
			}
		}
	}
	if c.Magic.problems == nil {
		return c.Page(status, p)
	}
	p.Alert, p.AlertTip = "This login has flags that do not work here.", "The name before them is right."
	for _, w := range c.Magic.problems {
		p.Wrong = append(p.Wrong, page.Field{Name: w.Flag, Value: w.Why})
	}
	for _, l := range c.Magic.Flags.Lines(c.magicBank()) {
		f := page.Field{Name: l.Word, Value: l.Doc}
		if l.Lacks != "" {
			f.Value += "; not here: " + c.Brand.Name + " has " + l.Lacks
		}
		p.Flags = append(p.Flags, f)
	}
	return c.Page(status, p)
}
