package yoisho

import (
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
)

// request reads what an app sends along, in the order in which the original complains. There is no response_type, scope or state.
func request(c *wire.Call, redirectParam string) (*grant.Request, error) {
	q := c.Query()
	if err := q.Once(redirectParam, "client_id"); err != nil {
		return nil, err
	}
	uri, id := q.Get(redirectParam), q.Get("client_id")
	if uri == "" {
		return nil, c.Trail.No("redirect_uri", fail.New(fail.InvalidRequest, "redirect_uri is missing").Say("invalid request, missing redirect_uri"))
	}
	client, err := knownClient(c, id)
	if err != nil {
		return nil, err
	}
	if !client.RedirectOK(uri) {
		return nil, c.Trail.No("redirect_uri", fail.New(fail.InvalidRedirect, "%q is not registered for client %s", uri, id).
			Say("invalid request, redirect_uri is incorrect"))
	}
	return &grant.Request{Bank: name, Client: id, RedirectURI: uri, Scope: scope}, nil
}

// unpushed refuses clients that must push their requests (RFC 9126 §6): this endpoint takes none.
func unpushed(c *wire.Call) error {
	if c.Client.RequirePAR {
		return c.Trail.No("pushed request", fail.New(fail.InvalidRequest, "client %s is held to pushed authorization requests", c.Client.ID).
			Say("invalid request, this client must push its authorization requests"))
	}
	return nil
}

func knownClient(c *wire.Call, id string) (*grant.Client, error) {
	if id == "" {
		return nil, c.Trail.No("client_id", fail.New(fail.InvalidRequest, "client_id is missing").Say("invalid request, client_id mising"))
	}
	client := c.Space.Grants.Client(name, id)
	if client == nil || client.Disabled {
		return nil, c.Trail.No("client known", fail.New(fail.InvalidClient, "no client %q at %s", id, name).Say("invalid request, client_id is incorrect"))
	}
	c.Client = client
	return client, nil
}

// authorize is the login page. Its form goes by GET to loggedin, with the field names of the original.
func authorize(c *wire.Call) error {
	r, err := request(c, "redirect_uri")
	if err != nil {
		return err
	}
	if err := unpushed(c); err != nil {
		return err
	}

	r.Hint = c.Expected(c.Query().Get("login_hint"))
	r = c.Begin(r)

	return showLogin(c, 200, r, r.Hint, c.Query().Get("login_message"))
}

func showLogin(c *wire.Call, status int, r *grant.Request, typed, alert string) error {
	f := c.Frame()
	f.Ends = r.Ends
	p := page.Login{Frame: f, Heading: "Log in to let an app see your account", Client: c.Client.Name, ClientID: r.Client, Return: wire.Back(r),
		Method: "get", Action: loginPath(c),
		Hidden:   []page.Field{{Name: "token", Value: r.ID + c.Space.Dice.Text(dice.Alnum, 104)}, {Name: "redirect", Value: r.RedirectURI}, {Name: "client_id", Value: r.Client}},
		UserName: page.Field{Name: "uname", Value: typed}, Password: "psw", UserHint: "User name",
		Submit: "Log in and allow", Deny: true, Alert: alert, AskTitle: "The app will see",
		Asks: []page.Ask{
			{Icon: "user", Name: "Your personal details", Note: "Name, address and contact"},
			{Icon: "bank", Name: "Your current account balance", Note: "As it stands when the app asks"},
			{Icon: "clock", Name: "For " + wire.Span(life(c, r.Client, "")), Note: "Then the app must send you here again"},
		},
		Limit: "It cannot move money or change anything."}
	if alert != "" {
		p.AlertTip = "Names are case-sensitive; any password will do."
	}
	return c.LoginPage(status, p)
}

// loginPath keeps the form inside the mount that the page came from: the original's absolute path lost it.
func loginPath(c *wire.Call) string {
	if len(c.Path()) > len(c.Place.Mount)+8 && c.Path()[len(c.Place.Mount):len(c.Place.Mount)+9] == "/account/" {
		return c.Local("/account/loggedin")
	}
	return c.Local("/loggedin")
}

// login takes the form. The original ignored token; here it says which page the form is from, so that the page can end and a double
// click brings no second code. A token of nobody's, as in the documented one-liners, does without the page.
func login(c *wire.Call) error {
	if err := c.SameSite(); err != nil {
		return err
	}
	r, err := loginRequest(c)
	if err != nil {
		return err
	}
	if r.Answer != "" {
		return c.Answered(r)
	}
	q := c.Query()
	if q.Get("deny") != "" {
		return c.Deny(r, "the user pressed Deny")
	}

	typed := q.Get("uname")
	if demo := q.Get("demo"); demo != "" {
		typed = demo
	}
	person, err := c.SignIn(c.Login, typed, q.Get("psw"))
	if fail.Is(err, fail.UserLocked) {
		return showLogin(c, 403, r, typed, "This user is locked.")
	}
	if err != nil {
		return showLogin(c, 401, r, typed, "Invalid login.")
	}
	r, err = c.Space.Grants.Step(r.ID, func(v *grant.Request) { v.Owner, v.Terms = person.ID, c.Terms() })
	switch {
	case fail.Is(err, fail.Conflict):
		return c.Answered(r)
	case err != nil:
		return err
	}
	if e := c.Instead(); e != nil {
		return c.TurnAway(r, e)
	}

	return c.Allow(r, nil)
}

// loginRequest is the request that the form is for: its page's, or a new one. A device's page needs no redirect URI of the client's.
func loginRequest(c *wire.Call) (*grant.Request, error) {
	open, failed := pageRequest(c, c.Query().Get("token"))
	if open != nil && open.Device != "" {
		return open, failed
	}
	r, err := request(c, "redirect")
	if err == nil {
		err = failed
	}
	switch {
	case err != nil:
		return nil, err
	case open == nil:
		if err := unpushed(c); err != nil {
			return nil, err
		}
		return c.Begin(r), nil
	case open.Answer == "" && (open.Client != r.Client || open.RedirectURI != r.RedirectURI):
		return nil, c.Trail.No("same request", fail.New(fail.InvalidRequest, "the form names another client or redirect URI than its page"))
	}
	return open, nil
}

// pageRequest finds the page that a token is from: nil when it is from none.
func pageRequest(c *wire.Call, token string) (*grant.Request, error) {
	if len(token) != 128 {
		return nil, nil
	}
	return c.ResumeID(token[:24])
}
