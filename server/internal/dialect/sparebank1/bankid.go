package sparebank1

import (
	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// mostMisses is how many wrong one-time codes end a login: six digits must not be guessed (RFC 6819 §4.4.3.6).
const mostMisses = 3

func steps() []string { return []string{"BankID", "One-time code"} }

// showBankID is the page of a login that is going on, at whichever step it is; a form that was taken leads here, so that reload and
// back send nothing twice.
func showBankID(c *wire.Call) error {
	r, err := c.Resume(c.Query())
	if err != nil {
		return err
	}
	switch {
	case r.Answer != "":
		return c.Answered(r)
	}
	return showStep(c, r)
}

// showStep is the page of the step that a login is at.
func showStep(c *wire.Call, r *grant.Request) error {
	switch {
	case r.Facts[factInstitution] == "":
		return pick(c, r)
	case r.Owner == "":
		return showLogin(c, 200, r, hint(c, r), "")
	}
	return showCode(c, 200, r, "")
}

func showLogin(c *wire.Call, status int, r *grant.Request, typed, alert string) error {
	f := c.Frame()
	f.Ends = r.Ends
	p := page.Login{Frame: f, Heading: "Log in with BankID", Client: c.Client.Name, ClientID: r.Client, Return: wire.Back(r),
		Method: "post", Action: c.Local("/oauth/bankid"), Hidden: []page.Field{wire.Flow(r)},
		UserName: page.Field{Name: "login", Value: typed}, UserHint: "National identity number or user name", Password: "password",
		Steps: steps(), Submit: "Next", Deny: true, Alert: alert, AskTitle: "The app will be able to", Asks: asks(c, r),
		Limit: "Take this back any time under Apps with access."}
	if alert != "" {
		p.AlertTip = "User names are case-sensitive."
	}
	return c.LoginPage(status, p)
}

// asks says in the customer's words what the scope opens, and for how long.
func asks(c *wire.Call, r *grant.Request) []page.Ask {
	out := identityAsks(r.Scope)
	if opens(r.Scope, scopeAccounts) {
		out = append(out, page.Ask{Icon: "bank", Name: "See your accounts and balances"})
	}
	if opens(r.Scope, scopeTransactions) {
		out = append(out, page.Ask{Icon: "list", Name: "See your transactions"})
	}
	if opens(r.Scope, scopeTransfer) {
		out = append(out, page.Ask{Icon: "rotate", Name: "Move money", Note: "Between your own accounts only"})
	}
	policy, until := c.Space.Grants.Policy, page.Ask{Icon: "clock", Name: "For as long as you let it"}
	if most, _ := policy.Value(grant.RefreshMaxTTL, name, r.Client, ""); !most.Never {
		until.Name = "For " + wire.Span(most.Duration)
	}
	if idle, _ := policy.Value(grant.RefreshTTL, name, r.Client, ""); !idle.Never {
		until.Note = "It ends earlier when the app does not come for " + wire.Span(idle.Duration)
	}
	return append(out, until)
}

// login takes person and password, and has the bank's device show a one-time code.
func login(c *wire.Call) error {
	v, r, err := resumed(c)
	if err != nil || r == nil {
		return err
	}
	if r.Facts[factInstitution] == "" {
		return pick(c, r)
	}

	typed := v.Get("login")
	if demo := v.Get("demo"); demo != "" {
		typed = demo
	}
	person, err := c.SignIn(func(name string) *ledger.Person { return c.Login(loginName(c, name)) }, typed, v.Get("password"))
	switch {
	case fail.Is(err, fail.UserLocked):
		return showLogin(c, 403, r, typed, "This user is locked.")
	case err != nil:
		return showLogin(c, 401, r, typed, "Invalid login.")
	}
	if e := c.Instead(); e != nil {
		return c.TurnAway(r, e)
	}
	otp := c.Space.Dice.Text(dice.Digits, 6)
	r, err = c.Space.Grants.Step(r.ID, func(v *grant.Request) {
		v.Owner, v.Terms, v.Confirmed, v.Facts = person.ID, c.Terms(), false, ledger.WithFact(v.Facts, factOTP, otp)
	})
	switch {
	case fail.Is(err, fail.Conflict):
		return c.Answered(r)
	case err != nil:
		return err
	}

	return c.Redirect(303, c.FlowURL("/oauth/bankid", r))
}

// loginName finds the customer whose national identity number was typed, as BankID asks for it; anything else is a user name.
func loginName(c *wire.Call, typed string) string {
	if len(typed) != 11 || !digits(typed) {
		return typed
	}
	for _, p := range c.Space.Ledger.People(name) {
		if p.NationalID == typed {
			return p.Login
		}
	}
	return typed
}

// resumed reads a form of these pages. r is nil when the answer is given already: to a form sent twice, and to Deny.
func resumed(c *wire.Call) (*wire.Values, *grant.Request, error) {
	v := c.Form()
	if err := v.Err(); err != nil {
		return nil, nil, err
	}
	r, err := c.Resume(v)
	switch {
	case err != nil:
		return nil, nil, err
	case r.Answer != "":
		return nil, nil, c.Answered(r)
	case v.Get("deny") != "":
		return nil, nil, c.Deny(r, "the user pressed Deny")
	}
	return v, r, nil
}

func showCode(c *wire.Call, status int, r *grant.Request, alert string) error {
	f, who := c.Frame(), r.Owner
	f.Ends = r.Ends
	if p := c.Space.Ledger.Person(r.Owner); p != nil {
		f.User, who = p.Login, p.Name()
	}
	return c.Page(status, page.Code{Frame: f, Heading: "Confirm with your one-time code",
		Lead:   who + ", your code device shows six digits. With them you let " + c.Client.Name + " in.",
		Action: c.Local("/oauth/bankid/code"), Hidden: []page.Field{wire.Flow(r)}, Name: "otp", Value: r.Facts[factOTP],
		Steps: steps(), Step: 1, Alert: alert, Submit: "Allow", Deny: true})
}

// confirm takes the one-time code and ends the login.
func confirm(c *wire.Call) error {
	v, r, err := resumed(c)
	if err != nil || r == nil {
		return err
	}
	if r.Owner == "" {
		return showLogin(c, 200, r, "", "")
	}

	typed := v.Get("otp")
	if demo := v.Get("demo"); demo != "" {
		typed = demo
	}
	r, err = c.Space.Grants.Step(r.ID, func(v *grant.Request) { // tries that come at once all count
		v.Confirmed = v.Misses < mostMisses && !refusesCodes(v) && grant.Same(typed, v.Facts[factOTP])
		if !v.Confirmed {
			v.Misses++
		}
	})
	switch {
	case fail.Is(err, fail.Conflict):
		return c.Answered(r)
	case err != nil:
		return err
	case r.Misses >= mostMisses:
		c.Trail.No("one-time code", fail.New(fail.AccessDenied, "%d wrong one-time codes; %d end the login", r.Misses, mostMisses))
		return c.Deny(r, "too many wrong one-time codes")
	case !r.Confirmed:
		c.Trail.No("one-time code", fail.New(fail.BadCredentials, "%s, try %d of %d", wrongCode(r), r.Misses, mostMisses))
		return showCode(c, 401, r, "This is not the code. "+left(mostMisses-r.Misses))
	}

	return allow(c, r)
}

// allow ends a login with a code.
func allow(c *wire.Call, r *grant.Request) error {
	return c.Allow(r, func(a *grant.Authorization) error {
		a.Facts = map[string]string{factInstitution: r.Facts[factInstitution]}
		if r.HasState {
			a.Facts[factState] = r.State
		}
		return nil
	})
}

// refusesCodes tells whether the login asked for that (dave~otpfail).
func refusesCodes(r *grant.Request) bool { return r.Terms != nil && r.Terms.NoCode }

func wrongCode(r *grant.Request) string {
	if refusesCodes(r) {
		return "login " + r.Terms.Login + " has every one-time code refused"
	}
	return "wrong one-time code"
}

func left(tries int) string {
	if tries == 1 {
		return "One try is left."
	}
	return "Two tries are left."
}

// logout ends the sign-in on the bank's own pages, the only one that outlives a login here. Apps keep what they were given. Whom another
// site leads here is asked first.
func logout(c *wire.Call) error {
	if c.SameSite() != nil {
		return c.Redirect(303, c.Local(wire.LogoutPath))
	}
	c.SignOut()
	f := c.Frame()
	return c.Page(200, page.Message{Frame: f, Heading: "You are logged out",
		Text: "Apps that you let in keep their access until you take it back.", Link: page.Field{Name: "Apps with access", Value: f.Connections}})
}
