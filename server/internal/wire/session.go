package wire

import "sandbank/server/grant"

const sessionCookie = "sandbank_session_"

// SignedIn is the sign-in of the browser that calls on the bank's own pages, or nil. It is none any more once its person was locked or
// deleted.
func (c *Call) SignedIn() *grant.Session {
	s := c.Space.Grants.Session(c.Bank, c.Cookie(sessionCookie+c.Bank), c.Now)
	if s == nil || c.barred(s.Owner) != "" {
		return nil
	}
	return s
}

// OpenSession signs the browser in as a person who logged in by these methods (RFC 8176); a sign-in that it has already ends.
func (c *Call) OpenSession(owner string, methods []string) {
	c.SignOut()
	c.SetCookie(sessionCookie+c.Bank, c.Space.Grants.SignIn(c.Bank, owner, methods, c.Now).ID)
}

// SignOut ends the person's sign-in on the bank's own pages, if there is one.
func (c *Call) SignOut() {
	if s := c.SignedIn(); s != nil {
		c.Owner = s.Owner
		c.Space.Grants.SignOut(s.ID)
	}
}
