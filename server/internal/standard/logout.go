package standard

import (
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
)

func logoutRoutes() []dialect.Route {
	route := dialect.Route{Path: wire.LogoutPath, Op: "endSession", Doc: "page: ends the sign-in at the bank for a client (OpenID Connect RP-Initiated Logout)", Do: endSession,
		Refuse: dialect.Page, Endpoint: "end_session_endpoint"}
	get, post := route, route
	get.Method, post.Method = "GET", "POST"
	return []dialect.Route{get, post}
}

// leave is a logout that a client asks for.
type leave struct {
	client  *grant.Client // nil: nobody says
	to      string        // post_logout_redirect_uri; empty: the browser stays
	subject string        // of the id_token_hint; empty: none was sent
	state   string
}

// endSession ends the sign-in of this browser. A client that proves by an id_token that it means the very person who is signed in is
// obeyed at once; in any other case the person is asked, so that no link from anywhere logs people out (RP-Initiated Logout §2 and §6).
// Grants and tokens of clients stand.
func endSession(c *wire.Call) error {
	v := c.Query()
	if c.Method() == "POST" {
		v = c.Form()
	}
	l, err := readLeave(c, v)
	if err != nil {
		return err
	}
	if s := c.SignedIn(); s != nil {
		p := c.Space.Ledger.Person(s.Owner)
		asked := c.Method() == "POST" && grant.Same(s.Token, v.Get("token"))
		switch {
		case asked && v.Get("deny") != "":
			return c.Page(200, page.Message{Frame: c.Frame(), Heading: "You are still logged in", Text: "You chose not to log out."})
		case !asked && l.subject != p.Subject():
			return askToLeave(c, l, v, s)
		}
		c.SignOut()
	}

	if l.to != "" {
		return c.Redirect(c.RedirectStatus(), l.to)
	}
	f := c.Frame()
	return c.Page(200, page.Message{Frame: f, Heading: "You are logged out",
		Text: "Apps that you let in keep their access until you take it back.", Link: page.Field{Name: "Apps with access", Value: f.Connections}})
}

// readLeave finds out who asks, and whether the browser may be sent to where that wants it.
func readLeave(c *wire.Call, v *wire.Values) (*leave, error) {
	if err := v.Once("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint"); err != nil {
		return nil, err
	}
	l, id := &leave{state: v.Get("state")}, v.Get("client_id")
	if text := v.Get("id_token_hint"); text != "" {
		hint, err := c.Hint(text)
		if err != nil {
			return nil, err
		}
		if id != "" && id != hint.Audience {
			return nil, c.Trail.No("one client", fail.New(fail.InvalidRequest, "the id_token is client %s's, client_id says %q", hint.Audience, id).
				Say("client_id is not the client that the id_token was issued to."))
		}
		id, l.subject = hint.Audience, hint.Subject
	}
	if id != "" {
		if l.client = c.Space.Grants.Client(c.Bank, id); l.client == nil {
			return nil, c.Trail.No("client known", fail.New(fail.InvalidRequest, "no client %q at %s", id, c.Bank).Say("No application is registered under this client_id."))
		}
		c.Client = l.client
	}
	return l, l.whereTo(c, v.Get("post_logout_redirect_uri"))
}

// whereTo checks the URI to which the browser is to be sent: without a client, or where the client has not registered it, nobody is
// redirected (RP-Initiated Logout §3).
func (l *leave) whereTo(c *wire.Call, uri string) error {
	switch {
	case uri == "":
		return nil
	case l.client == nil:
		return c.Trail.No("post_logout_redirect_uri", fail.New(fail.InvalidRequest, "neither id_token_hint nor client_id says which client asks").
			Say("post_logout_redirect_uri needs id_token_hint or client_id."))
	case !l.client.PostLogoutOK(uri):
		return c.Trail.No("post_logout_redirect_uri", fail.New(fail.InvalidRequest, "%q is not registered for client %s", uri, l.client.ID).
			Say("This post_logout_redirect_uri is not registered for the application."))
	}
	l.to = uri
	if l.state != "" {
		l.to = wire.Return(&grant.Request{RedirectURI: uri, State: l.state, HasState: true})
	}
	return nil
}

// askToLeave asks the person. The form carries the sign-in's own token, which no other site knows.
func askToLeave(c *wire.Call, l *leave, v *wire.Values, s *grant.Session) error {
	p := page.Consent{Frame: c.Frame(), Heading: "Log out of the bank?", Action: c.Local(wire.LogoutPath), Submit: "Log out", Hidden: []page.Field{{Name: "token", Value: s.Token}}}
	for _, name := range strings.Fields("id_token_hint client_id post_logout_redirect_uri state") {
		if text := v.Get(name); text != "" {
			p.Hidden = append(p.Hidden, page.Field{Name: name, Value: text})
		}
	}
	if l.client != nil {
		p.Client = l.client.Name
	}
	return c.Page(200, p)
}
