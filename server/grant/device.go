package grant

import (
	"strings"
	"time"

	"sandbank/server/fail"
)

// DeviceCode is the grant type of RFC 8628.
const DeviceCode = "urn:ietf:params:oauth:grant-type:device_code"

// pollInterval is what lies between two polls at first, and what slow_down adds (RFC 8628 §3.2 and §3.5).
const pollInterval = 5 * time.Second

// Device is the wish of a device that has no browser (RFC 8628). Its user allows or denies it in a browser elsewhere, while the device
// polls.
type Device struct {
	UserCode string         // eight letters, without the dash
	Code     string         // device_code; its first letters are the user code, by which it is found
	Asked    Request        // what a browser begins once the user code is typed there
	Life     time.Duration  // as the policy had it
	Ends     time.Time      // both codes are over then
	Interval time.Duration  // that must lie between two polls
	Polled   time.Time      // when the device last asked; zero: not yet
	Allowed  *Authorization // what the user allowed; nil: nothing yet, or nothing at all
	Denied   bool
	Spent    bool // tokens were issued

	number int64 // in the order of beginnings
}

// userLetters make no words and are not mistaken for each other (RFC 8628 §6.1).
const userLetters, userLength = "BCDFGHJKLMNPQRSTVWXZ", 8

// ReadUserCode reads a user code as people type it: neither case nor blanks nor punctuation matter (RFC 8628 §6.1).
func ReadUserCode(text string) (string, bool) {
	if len(text) > 64 {
		return "", false
	}
	code := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case strings.ContainsRune(" -.,_\t\u00a0\u2010\u2011\u2012\u2013\u2014\u2212", r):
			return -1
		}
		return r
	}, text)
	return code, len(code) == userLength && strings.Trim(code, userLetters) == ""
}

// ShowUserCode writes a user code as a device shows it.
func ShowUserCode(code string) string { return code[:userLength/2] + "-" + code[userLength/2:] }

// AddDevice takes up what a device asks for. Of the request, bank, client, scope, consent and facts count.
func (g *Grants) AddDevice(asked Request, now time.Time) *Device {
	life, _ := g.Policy.Value(DeviceTTL, asked.Bank, asked.Client, "")
	d := &Device{Asked: asked, Life: life.Duration, Ends: now.Add(life.Duration), Interval: pollInterval, number: g.counters.begun.Add(1)}
	for {
		d.UserCode = g.dice.Text(userLetters, userLength)
		d.Code = d.UserCode + g.dice.Base64(32)
		if g.devices.Add(deviceKey(asked.Bank, d.UserCode), d) {
			break
		}
	}
	g.boundPages(now)
	return d
}

func deviceKey(bank, userCode string) string { return bank + " " + userCode }

// Device finds what waits under a user code, as ReadUserCode reads it. What is unknown, over, or answered already is NotFound.
func (g *Grants) Device(bank, userCode string, now time.Time) (*Device, error) {
	d := g.devices.Get(deviceKey(bank, userCode))
	switch {
	case d == nil:
		return nil, fail.New(fail.NotFound, "no device at %s waits under this user code", bank)
	case !now.Before(d.Ends):
		return nil, fail.New(fail.NotFound, "the user code expired %s ago", short(now.Sub(d.Ends)))
	case d.answered():
		return nil, fail.New(fail.NotFound, "the user code was answered already")
	}
	return d, nil
}

func (d *Device) answered() bool { return d.Denied || d.Allowed != nil }

// AllowDevice notes what the user of a device allowed. It is called while a request is being answered, after Device has found it open.
func (g *Grants) AllowDevice(a Authorization, userCode string) {
	g.devices.Update(deviceKey(a.Bank, userCode), func(d Device) (Device, error) {
		d.Allowed = &a
		return d, nil
	})
}

// denyDevice notes that the user's request has ended otherwise. What was allowed stays so.
func (g *Grants) denyDevice(bank, userCode string) {
	g.devices.Update(deviceKey(bank, userCode), func(d Device) (Device, error) {
		d.Denied = d.Allowed == nil
		return d, nil
	})
}

// Poll is a device asking whether its user has answered (RFC 8628 §3.4).
type Poll struct {
	Bank, Client, Code string
	Refresh            func(*Authorization) bool // whether the bank issues a refresh token with this grant
	Barred             Barred                    // nil: nobody is
	Bound              string                    // thumbprint of the key that was shown; empty: none was
	Audience           []string                  // resources that the access token is for, of those granted; none: all of those
	Sign               Signer                    // where the policy wants JWTs
}

// Poll issues tokens once the user has allowed, and once only. Until then it is AuthorizationPending, or SlowDown when the device asks
// more often than it was told to, which makes the interval longer. Two polls at the very same instant are a clock that stands: it cannot
// tell how fast they came, so that nobody is slowed down for ever.
func (g *Grants) Poll(p Poll, now time.Time, t *fail.Trail) (*Issued, error) {
	d := g.polled(p)
	switch {
	case d == nil:
		return nil, t.No("device code known", fail.New(fail.InvalidGrant, "nobody was given this device code here"))
	case d.Asked.Client != p.Client:
		return nil, t.No("device code's client", fail.New(fail.InvalidGrant, "the device code was issued to client %s, not to %s", d.Asked.Client, p.Client))
	}
	t.Pass("device code known", ShowUserCode(d.UserCode))
	if d.Allowed != nil && !d.Spent { // asked for too much, the code stays good
		if _, err := narrow(d.Allowed.Audience, p.Audience, t); err != nil {
			return nil, err
		}
	}
	var early bool
	d, err := g.devices.Update(deviceKey(p.Bank, d.UserCode), func(d Device) (Device, error) {
		switch {
		case d.Spent:
			return d, fail.New(fail.InvalidGrant, "the device code was used already")
		case !now.Before(d.Ends):
			return d, fail.New(fail.DeviceExpired, "the device code expired %s ago", short(now.Sub(d.Ends)))
		case d.Denied:
			return d, fail.New(fail.AccessDenied, "the user said no")
		case d.Allowed != nil:
			d.Spent = true
			return d, nil
		}
		early = !d.Polled.IsZero() && now.After(d.Polled) && now.Sub(d.Polled) < d.Interval
		if d.Polled = now; early {
			d.Interval += pollInterval
		}
		return d, nil
	})
	switch {
	case err != nil:
		return nil, t.No("device code good", fail.From(err))
	case early:
		return nil, t.No("polled in time", fail.New(fail.SlowDown, "the device polls too often; from now on %s must lie between two polls", short(d.Interval)))
	case !d.Spent:
		return nil, t.No("user has answered", fail.New(fail.AuthorizationPending, "nobody has answered under %s yet", ShowUserCode(d.UserCode)))
	}
	of := &Grant{Bank: p.Bank, Client: p.Client, Owner: d.Allowed.Owner, Consent: d.Allowed.Consent}
	if err := p.Barred.check(of, t); err != nil {
		return nil, err
	}
	if err := g.consentStands(of, now, t); err != nil {
		return nil, err
	}
	audience, err := narrow(d.Allowed.Audience, p.Audience, t)
	if err != nil {
		return nil, err
	}
	return g.tokensFor(g.open(*d.Allowed, now), nil, extent{d.Allowed.Scope, audience, p.Bound}, p.Refresh(d.Allowed), p.Sign, now), nil
}

// polled is the device of a device code, or nil.
func (g *Grants) polled(p Poll) *Device {
	if len(p.Code) <= userLength {
		return nil
	}
	d := g.devices.Get(deviceKey(p.Bank, p.Code[:userLength]))
	if d == nil || !Same(d.Code, p.Code) {
		return nil
	}
	return d
}
