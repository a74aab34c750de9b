package berlin

import (
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// Scopes that carry the consent's id: AIS: is the specification's, PREMIUM_AIS: that of a bank with the same portal (banks.md 7.3).
const (
	scopeAIS     = "AIS:"
	scopePremium = "PREMIUM_AIS:"
)

func steps() []string { return []string{"Log in", "Choose what to share"} }

// authorize is where the app sends its user (sources/accounts-bg.txt, 1).
func authorize(c *wire.Call) error {
	echo(c)
	return c.Enter()
}

func entry() wire.Entry {
	return wire.Entry{
		Read: func(c *wire.Call) (*grant.Request, error) {
			r, err := c.Authorize(wire.AuthorizeRules{Default: scope, Loose: []string{scopeAIS, scopePremium}})
			if err != nil {
				return nil, err
			}
			if err := withConsent(c, r); err != nil {
				return nil, c.Detour(r, fail.From(err))
			}
			return r, nil
		},
		Show: func(c *wire.Call, r *grant.Request) error { return showLogin(c, 200, r, r.Hint, nil) },
	}
}

// withConsent finds the consent that the request is about. Without one the person chooses what to share; a bank that takes detailed
// consents only cannot offer that.
func withConsent(c *wire.Call, r *grant.Request) error {
	id, err := consentID(c.Asked())
	if err != nil {
		return c.Trail.No("one consent", fail.From(err))
	}
	if id == "" {
		if models, source := c.Space.Grants.Policy.Value(grant.ConsentModels, name, r.Client, ""); models.Text == grant.Detailed {
			return c.Trail.No("consent sent", fail.New(fail.InvalidRequest, "no consent id, and %s takes detailed consents only", source).
				Say("The parameter consentId is missing.").At("consentId"))
		}
		return nil
	}
	if err := adopt(c, id, r.Client); err != nil {
		return err
	}
	r.Consent = id
	if asked := strings.Fields(c.Asked().Get("scope")); slices.ContainsFunc(asked, carries) {
		slices.Sort(asked)
		r.Scope = strings.Join(slices.Compact(asked), " ") // granted as asked: oauthlib stops at a scope that comes back different
	}
	return standing(c, c.Space.Grants.Consent(name, id), r.Client)
}

func carries(scope string) bool {
	return strings.HasPrefix(scope, scopeAIS) || strings.HasPrefix(scope, scopePremium)
}

// consentID reads the consent's id from wherever real clients put it: consentId (Raiffeisen HU), consent_id, or the scope.
func consentID(q *wire.Values) (string, error) {
	if err := q.Once("consentId", "consent_id"); err != nil {
		return "", err
	}
	ids := []string{q.Get("consentId"), q.Get("consent_id")}
	for _, s := range strings.Fields(q.Get("scope")) {
		if carries(s) {
			_, id, _ := strings.Cut(s, ":")
			if id == "" {
				return "", fail.New(fail.InvalidScope, "scope %s has no consent id behind the colon", s)
			}
			ids = append(ids, id)
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	if len(ids) == 0 {
		return "", nil
	}
	if slices.ContainsFunc(ids, func(id string) bool { return id != ids[0] }) {
		return "", fail.New(fail.InvalidRequest, "the request names several consents: %s", strings.Join(ids, ", ")).Say("The request names more than one consent.")
	}
	return ids[0], nil
}

// showLogin shows the login page; refused says why the last try failed.
func showLogin(c *wire.Call, status int, r *grant.Request, typed string, refused *fail.Error) error {
	f := c.Frame()
	f.Ends = r.Ends
	p := page.Login{Frame: f, Heading: "Log in to let an app see your accounts", Client: c.Client.Name, ClientID: r.Client, Return: wire.Back(r),
		Method: "post", Action: c.Local(loginPath), Hidden: []page.Field{wire.Flow(r)},
		UserName: page.Field{Name: "login", Value: typed}, Password: "password", UserHint: "User name",
		Steps: steps(), Step: 0, Submit: "Log in", Deny: true}
	if refused != nil {
		p.Alert, p.AlertTip = refused.Text, "Names are case-sensitive; any password will do."
		if p.Alert == "" {
			p.Alert = "Invalid login."
		} else {
			p.AlertTip = "Log in as its owner, or press Deny."
		}
	}
	return c.LoginPage(status, p)
}

// login takes the login page's form.
func login(c *wire.Call) error {
	echo(c)
	v := c.Form()
	if err := v.Err(); err != nil {
		return err
	}
	r, err := c.Resume(v)
	if err != nil {
		return err
	}
	if r.Answer != "" {
		return c.Answered(r)
	}
	if v.Get("deny") != "" {
		return deny(c, r, "the user pressed Deny before logging in")
	}
	typed := v.Get("login")
	if demo := v.Get("demo"); demo != "" {
		typed = demo
	}
	person, err := c.SignIn(c.Login, typed, v.Get("password"))
	switch {
	case fail.Is(err, fail.UserLocked):
		return showLogin(c, 403, r, typed, fail.From(err).Say("This user is locked."))
	case err != nil:
		return showLogin(c, 401, r, typed, fail.From(err))
	}
	switch e := c.Instead(); {
	case e == nil:
	case e.Kind == fail.AccessDenied:
		return deny(c, r, e.Why)
	default:
		return turnAway(c, r, e)
	}
	switch _, err := planFor(c, r, person); {
	case fail.Is(err, fail.BadCredentials):
		return showLogin(c, 403, r, typed, fail.From(err))
	case err != nil:
		return turnAway(c, r, fail.From(err))
	}

	r, err = c.Space.Grants.Step(r.ID, func(v *grant.Request) { v.Owner, v.Terms = person.ID, c.Terms() })
	switch {
	case fail.Is(err, fail.Conflict):
		return c.Answered(r)
	case err != nil:
		return fail.New(fail.NotFound, "the login was forgotten meanwhile: %v", err)
	}

	return c.Redirect(303, c.FlowURL(consentPath, r)) // so that a reload of the next page sends nothing again
}

// turnAway ends the request with an error for the client: its consent came to an end while the person was on the pages.
func turnAway(c *wire.Call, r *grant.Request, e *fail.Error) error {
	return c.Allow(r, func(*grant.Authorization) error { return e })
}

// deny ends the request, and with it a consent that was never given. One that had been given stays: the person said no to this app's
// wish to come back, and takes the access itself away on the page of connections.
func deny(c *wire.Call, r *grant.Request, why string) error {
	reason := c.Trail.No("allowed", fail.New(fail.AccessDenied, "%s", why).Say("The resource owner denied the request."))
	done, err := c.Space.Grants.Answer(r.ID, func(r *grant.Request) (string, string) {
		if consent := c.Space.Grants.Consent(name, r.Consent); consent != nil && status(c, consent) == grant.Received {
			c.Space.Grants.EndConsent(consent.ID, grant.Rejected, "user", why, c.Now)
		}
		return wire.Return(r, "error", "access_denied", "error_description", reason.Text), ""
	})
	switch {
	case err != nil:
		return err
	case done.Code != "":
		return c.Answered(done)
	}
	return &wire.Detour{To: done.Answer, Mode: done.Mode, Reason: reason}
}

// stage finds the request, the person who logged in, and what it comes to for that person. done: the answer is out already.
func stage(c *wire.Call, v *wire.Values, denied bool) (r *grant.Request, p *plan, done bool, err error) {
	if err := v.Err(); err != nil {
		return nil, nil, true, err
	}
	if r, err = c.Resume(v); err != nil {
		return r, nil, true, err
	}
	if r.Answer != "" {
		return r, nil, true, c.Answered(r)
	}
	if denied {
		return r, nil, true, deny(c, r, "the user pressed Deny")
	}
	var person *ledger.Person
	if r.Owner != "" {
		person = c.Space.Ledger.Person(r.Owner)
	}
	if person == nil || person.Locked {
		return r, nil, true, showLogin(c, 200, r, r.Hint, nil)
	}
	switch p, err = planFor(c, r, person); {
	case fail.Is(err, fail.BadCredentials):
		return r, nil, true, showLogin(c, 403, r, person.Login, fail.From(err))
	case err != nil:
		return r, nil, true, turnAway(c, r, fail.From(err))
	}
	return r, p, false, nil
}

// choose shows the consent page.
func choose(c *wire.Call) error {
	echo(c)
	r, p, done, err := stage(c, c.Query(), false)
	if done {
		return err
	}
	return showConsent(c, 200, r, p, nil, "")
}

// decide takes the consent page's form.
func decide(c *wire.Call) error {
	echo(c)
	v := c.Form()
	r, p, done, err := stage(c, v, v.Get("deny") != "")
	if done {
		return err
	}
	ticked := v.All("account")
	if v.Get("seen") != p.seen() {
		return showConsent(c, 409, r, p, nil, "This has changed while the page was open. Look again.")
	}
	rights, alert := p.chosen(ticked)
	if alert != "" {
		c.Trail.No("accounts chosen", fail.New(fail.InvalidField, "%s", alert))
		return showConsent(c, 400, r, p, append([]string{}, ticked...), alert)
	}

	return c.Allow(r, func(a *grant.Authorization) error { return p.settle(c, a, rights) })
}
