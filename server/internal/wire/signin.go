package wire

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/ledger"
)

// flowField carries the request's id from page to page.
const flowField = "flow"

const browserCookie = "sandbank_browser"

// SetCookie keeps a value in the browser for this session: not readable by script, not sent along from other sites' forms.
func (c *Call) SetCookie(name, value string) {
	path := c.Place.Root
	if path == "" {
		path = "/"
	}
	c.ctx.Cookie(&fiber.Cookie{Name: name, Value: value, Path: path, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
		Secure: c.Secure(), SessionOnly: true})
}

// Begin keeps an authorization request and ties it to this browser.
func (c *Call) Begin(r *grant.Request) *grant.Request {
	r.Browser = c.Cookie(browserCookie)
	if len(r.Browser) != 32 {
		r.Browser = c.Space.Dice.Text(dice.Alnum, 32)
		c.SetCookie(browserCookie, r.Browser)
	}
	return c.Space.Grants.Begin(*r, c.Now)
}

// SameSite refuses a form that another site's page sent: login CSRF, and clicks on Allow that nobody made. Browsers say where a form
// comes from; programs that do not are let through.
func (c *Call) SameSite() error {
	from, origin := c.Header("Sec-Fetch-Site"), c.Header("Origin")
	switch {
	case from == "same-origin" || from == "none":
		return nil
	case from == "" && origin == "":
		return nil
	case from == "" && (sameHost(origin, c.Header("Host")) || strings.EqualFold(origin, c.Place.Origin)): // a proxy may have changed Host
		return nil
	}
	return c.Trail.No("same site", fail.New(fail.Forbidden, "the form came from another site (Sec-Fetch-Site %q, Origin %q)", from, origin).
		Say("This form was sent from another site. Nothing was done."))
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// Resume finds the request that a page's form, or a step's URL, carries on. It refuses other browsers, other sites' forms, and pages
// that have died. A request that was answered already is found as well: see Answered.
func (c *Call) Resume(v *Values) (*grant.Request, error) {
	if err := c.SameSite(); err != nil {
		return nil, err
	}
	return c.ResumeID(v.Get(flowField))
}

// ResumeID is Resume for banks that carry the id in a field of their own, after they have asked SameSite.
func (c *Call) ResumeID(id string) (*grant.Request, error) {
	r, err := c.Space.Grants.Request(c.Bank, id, c.Now)
	if r != nil {
		c.Client = c.Space.Grants.Client(c.Bank, r.Client)
		c.Owner = r.Owner
	}
	if err != nil {
		return r, c.Trail.No("login going on", fail.From(err))
	}
	if c.Client == nil {
		return r, c.Trail.No("login going on", fail.New(fail.NotFound, "the client %s, which began this login, was deleted", r.Client))
	}
	if !grant.Same(r.Browser, c.Cookie(browserCookie)) {
		return r, c.Trail.No("same browser", fail.New(fail.Forbidden, "the form came without the cookie of the browser that began this login").
			Say("This login was begun in another browser, or cookies are off. Nothing was done."))
	}
	return r, nil
}

// Flow is the hidden field that carries a request on.
func Flow(r *grant.Request) page.Field { return page.Field{Name: flowField, Value: r.ID} }

// FlowURL is the URL of a later step of a request.
func (c *Call) FlowURL(path string, r *grant.Request) string {
	return c.Local(path) + "?" + flowField + "=" + r.ID
}

// Answered shows the end of a request that was answered before: the browser goes where it was sent the first time, as long as that
// answer still is good; later it is told that the answer was given. No second code is ever issued.
func (c *Call) Answered(r *grant.Request) error {
	if r.Code == "" || c.Space.Grants.Unused(r, c.Now) {
		return c.Leave(303, r.Answer, r.Mode)
	}
	return c.Page(410, page.Message{Frame: c.Frame(), Heading: "You have answered this already",
		Text: "The app got your answer and went on. To answer again, start once more in the app.", Status: 410})
}

// Allow ends a request with a code for the person who logged in, and sends the browser back to the client; where a device waits, it is
// allowed instead. Called twice, it sends the browser to the same place with the same code. also runs once, with the grant's parts still
// open to change.
func (c *Call) Allow(r *grant.Request, also func(*grant.Authorization) error) error {
	if r.Owner != "" && r.Answer == "" {
		if why := c.barred(r.Owner); why != "" { // since that person logged in
			return c.Deny(r, why)
		}
		if id := r.Identity; id != nil && id.Subject != "" && id.Subject != c.Space.Ledger.Person(r.Owner).Subject() {
			return c.TurnAway(r, c.Trail.No("id_token_hint", fail.New(fail.LoginRequired, "%s logged in, and id_token_hint names somebody else", r.Owner).
				Say("Somebody else logged in than id_token_hint names.")))
		}
	}
	var failed error
	done, err := c.Space.Grants.Answer(r.ID, func(r *grant.Request) (string, string) {
		a := grant.Authorization{Bank: c.Bank, Client: r.Client, Owner: r.Owner, Scope: r.Scope, Consent: r.Consent, Challenge: r.Challenge, Plain: r.Plain,
			Bound: r.Bound, Terms: r.Terms, Audience: r.Audience}
		c.identify(r, &a)
		if r.RedirectGiven {
			a.RedirectURI = r.RedirectURI
		}
		if r.Device != "" {
			a.Type = grant.DeviceCode
			_, failed = c.Space.Grants.Device(c.Bank, r.Device, c.Now)
		}
		if also != nil && failed == nil {
			failed = also(&a)
		}
		if failed != nil {
			_, code, text := OAuthStatus(fail.From(failed))
			return Return(r, "error", code, "error_description", text), ""
		}
		if r.Device != "" {
			c.Space.Grants.AllowDevice(a, r.Device)
			return Return(r), ""
		}
		code := c.Space.Grants.Authorize(a, c.Now)
		c.Tokens = append(c.Tokens, code.ID)
		return Return(r, "code", code.Value), code.Value
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return &Detour{To: done.Answer, Mode: done.Mode, Reason: fail.From(failed)}
	}
	c.Trail.Pass("allowed", r.Owner)
	return c.Answered(done)
}

// Deny ends a request with access_denied.
func (c *Call) Deny(r *grant.Request, why string) error {
	return c.TurnAway(r, fail.New(fail.AccessDenied, "%s", why).Say("The resource owner denied the request."))
}

// TurnAway ends a request with an error for the client.
func (c *Call) TurnAway(r *grant.Request, reason *fail.Error) error {
	done, err := c.Space.Grants.Answer(r.ID, func(r *grant.Request) (string, string) {
		_, code, text := OAuthStatus(reason)
		return Return(r, "error", code, "error_description", text), ""
	})
	if err != nil {
		return err
	}
	return &Detour{To: done.Answer, Mode: done.Mode, Reason: reason}
}

// SignIn checks a person's name and password; find knows the names, see Named. A button of the sandbox strip may name the person instead
// (field demo). Unknown names, wrong passwords and locked people are told apart by kind; wrong passwords count where the bank locks after
// some.
func (c *Call) SignIn(find func(string) *ledger.Person, login, password string) (*ledger.Person, error) {
	l := c.Space.Ledger
	p, err := c.Named(login, find)
	switch {
	case err != nil:
		return p, err
	case p == nil:
		return nil, c.Trail.No("person known", fail.New(fail.BadCredentials, "%s has no customer %q; names are case-sensitive", c.Bank, login))
	case p.Locked:
		return p, c.Trail.No("not locked", fail.New(fail.UserLocked, "%s is locked", p.ID))
	case !p.PasswordIs(password):
		most, _ := c.Space.Grants.Policy.Value(grant.Attempts, c.Bank, "", p.ID)
		after, err := l.UpdatePerson(p.ID, func(v *ledger.Person) {
			v.Failures++
			v.Locked = v.Locked || most.Count > 0 && int64(v.Failures) >= most.Count
		})
		if err == nil && after.Locked {
			c.Space.Grants.RevokeOwner(p.ID, "", "bank", "the user was locked after wrong passwords", c.Now)
		}
		return p, c.Trail.No("password", fail.New(fail.BadCredentials, "wrong password of %s, failure %d", p.ID, p.Failures+1))
	}
	if p.Failures > 0 {
		l.UpdatePerson(p.ID, func(v *ledger.Person) { v.Failures = 0 })
	}
	c.Owner = p.ID
	c.Trail.Pass("signed in", p.ID)
	return p, nil
}

// Demo are the first few logins of the bank that any password opens, for the strip.
func (c *Call) Demo() []string {
	var out []string
	for _, p := range c.Space.Ledger.People(c.Bank) {
		if p.Locked || p.Unverified || p.Password != "" {
			continue
		}
		if out = append(out, p.Login); len(out) == 4 {
			break
		}
	}
	return out
}

// Host is what a page shows of a redirect URI.
func Host(uri string) string {
	if u, err := url.Parse(uri); err == nil && u.Host != "" {
		return u.Host
	}
	return uri
}

// Span says how long something lasts, for people: "60 seconds", "10 minutes", "90 days".
func Span(d time.Duration) string {
	unit := func(n int64, one string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %ss", n, one)
	}
	switch {
	case d < 2*time.Minute:
		return unit(int64(d/time.Second), "second")
	case d < 2*time.Hour:
		return unit(int64(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return unit(int64(d/time.Hour), "hour")
	}
	return unit(int64(d/(24*time.Hour)), "day")
}

// Refused shows a refusal of a page: what must not be redirected, pages that died, forms from elsewhere.
func (c *Call) Refused(e *fail.Error) error {
	status, heading, text := 400, "This cannot go on", e.Text
	switch e.Kind {
	case fail.InvalidRedirect:
		heading = "The app sent you here with a wrong link"
	case fail.Forbidden:
		status, heading = 403, "Not from here"
	case fail.AccessDenied:
		status, heading, text = 410, "This page has ended", "It was open for too long. Start again in the app."
	case fail.NotFound:
		status, heading, text = 404, "No such login is going on", "It may be over, or the sandbox was started anew. Start again in the app."
	case fail.NoRoute:
		status, heading, text = 404, "There is no such page", "The bank has no page under this address."
	case fail.MethodNotAllowed:
		status, heading, text = 405, "Not like this", "The bank does not take this method here."
	case fail.TooLarge:
		status, heading, text = 413, "Too much", "The request is too large."
	case fail.Internal, fail.ServerError:
		status, heading, text = 500, "Something broke at the bank", "This is not your fault. The sandbox's journal says what it was."
	}
	m := page.Message{Frame: c.Frame(), Heading: heading, Text: text, Status: status}
	if c.Client != nil {
		m.Detail = append(m.Detail, page.Field{Name: "App", Value: c.Client.Name + " (" + c.Client.ID + ")"})
	}
	if e.Kind == fail.InvalidRedirect {
		m.Detail = append(m.Detail, page.Field{Name: "Parameter", Value: e.Param}, page.Field{Name: "Sent", Value: c.Asked().Get(e.Param)})
		m.Text += " You were not sent back, because the sandbox cannot know where that would lead."
	}
	return c.Page(status, m)
}
