package wire

import (
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// Where a device's user goes, and where the bank's pages lead afterwards.
const (
	DevicePath     = "/oauth2/device"
	DeviceDonePath = "/oauth2/device/done"
)

// mostWrong is how many wrong user codes a bank takes in a minute, from all browsers together (RFC 8628 §5.1): of 20^8 codes that is one
// in eight hundred million.
const mostWrong = 30

// Identify finds out which client a device is: by its id alone, because a device can keep no secret and the libraries send none here,
// or by whatever else it proves itself with.
func (c *Call) Identify(v *Values) (*grant.Client, error) {
	if err := v.Once("client_id", "client_secret"); err != nil {
		return nil, err
	}
	id, secret := v.Get("client_id"), v.Get("client_secret")
	strict, raw, basic, err := c.Basic()
	if sent := (credentials{id, secret}); basic && err == nil && (sent == strict || sent == raw) {
		v = v.without("client_secret") // some libraries say the same twice
	}
	if basic || err != nil || id == "" || secret != "" || asserted(v) {
		return c.Authenticate(v)
	}
	client := c.Space.Grants.Client(c.Bank, id)
	if client == nil || client.Disabled {
		return nil, c.Trail.No("client known", fail.New(fail.InvalidClient, "no client %q at %s, or it is disabled", id, c.Bank))
	}
	c.Client = client
	c.Trail.Pass("client known", id)
	return client, nil
}

// BeginDevice takes up what a device asks for, checked like an authorization request without a redirect URI (RFC 8628 §3.1).
func (c *Call) BeginDevice(v *Values, client *grant.Client) (*grant.Device, error) {
	if !client.May(grant.DeviceCode) {
		return nil, c.Trail.No("grant type", fail.New(fail.UnauthorizedClient, "client %s is not registered for %s", client.ID, grant.DeviceCode))
	}
	c.asked, c.device = v, true
	r, err := c.Authority.Entry.Read(c)
	if err != nil {
		return nil, fail.From(err)
	}
	return c.Space.Grants.AddDevice(*r, c.Now), nil
}

func (c *Call) deviceRequest(q *Values, rules AuthorizeRules) (*grant.Request, error) {
	if err := q.Once("scope"); err != nil {
		return nil, err
	}
	r := &grant.Request{Bank: c.Bank, Client: c.Client.ID, Facts: map[string]string{}}
	return r, rules.scope(c, q, c.Client, r)
}

// EnterDevice begins the login of a user who typed a device's code. A code that does not do is NotFound; after too many of these in a
// minute every one is TooMany, the right one as well.
func (c *Call) EnterDevice(typed string) error {
	g, key, minute := c.Space.Grants, "user codes "+c.Bank, c.Now.Truncate(time.Minute)
	if n := g.Counted(key, minute); n >= mostWrong {
		e := fail.New(fail.TooMany, "%d wrong user codes were typed this minute", n)
		e.Wait = int(minute.Add(time.Minute).Sub(c.Now)/time.Second) + 1
		return c.Trail.No("guesses", e)
	}
	d, err := c.waiting(typed)
	if err != nil {
		g.Count(key, minute, mostWrong)
		return c.Trail.No("user code", fail.From(err))
	}
	c.Trail.Pass("user code", grant.ShowUserCode(d.UserCode))
	r := d.Asked
	r.Device, r.Ends, r.RedirectURI = d.UserCode, d.Ends, c.URL(DeviceDonePath)
	return c.Authority.Entry.Show(c, c.Begin(&r))
}

func (c *Call) waiting(typed string) (*grant.Device, error) {
	code, ok := grant.ReadUserCode(typed)
	if !ok {
		return nil, fail.New(fail.NotFound, "what was typed is no user code")
	}
	d, err := c.Space.Grants.Device(c.Bank, code, c.Now)
	if err != nil {
		return nil, err
	}
	client := c.Space.Grants.Client(c.Bank, d.Asked.Client)
	if client == nil || client.Disabled {
		return nil, fail.New(fail.NotFound, "the client %s of the device is gone or disabled", d.Asked.Client)
	}
	c.Client = client
	return d, nil
}

// Poll answers a device that asks at the token endpoint (RFC 8628 §3.4). refresh says whether what its user allowed brings a refresh token.
func (c *Call) Poll(v *Values, client *grant.Client, refresh func(*grant.Authorization) bool) (*grant.Issued, error) {
	if err := v.Once("grant_type", "device_code"); err != nil {
		return nil, err
	}
	if v.Get("device_code") == "" {
		return nil, c.Trail.No("device code sent", fail.New(fail.InvalidRequest, "device_code is missing").
			Say("The request is missing the parameter device_code.").At("device_code"))
	}
	issued, err := c.Space.Grants.Poll(grant.Poll{Bank: c.Bank, Client: client.ID, Code: v.Get("device_code"), Refresh: refresh, Barred: c.barred,
		Bound: c.possession.key, Audience: c.audience, Sign: c.sign}, c.Now, &c.Trail)
	return c.issued(issued, err, "")
}

// Back is where a page says that the answer goes: the host of the redirect URI, or a device.
func Back(r *grant.Request) string {
	if r.Device != "" {
		return "your device"
	}
	return Host(r.RedirectURI)
}
