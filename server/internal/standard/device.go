package standard

import (
	"net/url"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
)

// deviceRoutes are the device authorization grant (RFC 8628): what the device asks, and the pages of its user. The pages between are
// the bank's own.
func deviceRoutes() []dialect.Route {
	return []dialect.Route{
		{Method: "POST", Path: "/oauth2/device_authorization", Op: "device_authorization", Doc: "client_id, scope → device_code, user_code (RFC 8628)",
			Do: authorizeDevice, Refuse: dialect.OAuth, Endpoint: "device_authorization_endpoint"},
		{Method: "GET", Path: wire.DevicePath, Op: "device", Doc: "page: type the code that a device shows; user_code fills it in", Do: askCode, Refuse: dialect.Page},
		{Method: "POST", Path: wire.DevicePath, Op: "device.enter", Doc: "the page's form: user_code; the bank's login page", Do: enterCode, Refuse: dialect.Page},
		{Method: "GET", Path: wire.DeviceDonePath, Op: "device.done", Doc: "page: back to the device", Do: deviceDone, Refuse: dialect.Page},
	}
}

type shapeDevice struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	URI        string `json:"verification_uri"`
	Complete   string `json:"verification_uri_complete"`
	ExpiresIn  int64  `json:"expires_in"`
	Interval   int64  `json:"interval"`
}

func authorizeDevice(c *wire.Call) error {
	v := c.Form()
	if err := v.Err(); err != nil {
		return err
	}
	client, err := c.Identify(v)
	if err != nil {
		return err
	}

	d, err := c.BeginDevice(v, client)
	if err != nil {
		return err
	}

	c.NoStore()
	at, code := c.URL(wire.DevicePath), grant.ShowUserCode(d.UserCode)
	return c.JSON(200, shapeDevice{d.Code, code, at, at + "?user_code=" + code, int64(d.Life / time.Second), int64(d.Interval / time.Second)})
}

const userCodeField = "user_code"

// askCode shows the form. What the link has filled in is still the person's to confirm, because somebody else may have sent the link
// (RFC 8628 §5.4).
func askCode(c *wire.Call) error {
	typed := c.Query().Get(userCodeField)
	if code, ok := grant.ReadUserCode(typed); ok {
		typed = grant.ShowUserCode(code)
	}
	return showCode(c, 200, typed, "")
}

func showCode(c *wire.Call, status int, typed, alert string) error {
	return c.Page(status, page.Device{Frame: c.Frame(), Heading: "Connect a device",
		Lead:   "An app on a device without a keyboard asks for access to your accounts. Type its code; then you log in here, and decide.",
		Action: c.Local(wire.DevicePath), Name: userCodeField, Value: typed, Alert: alert, Submit: "Continue",
		Warning: "Go on only when this very code stands on a device in front of you. Nobody from the bank will ever send you one."})
}

func enterCode(c *wire.Call) error {
	v := c.Form()
	if err := v.Err(); err != nil {
		return err
	}
	if err := c.SameSite(); err != nil {
		return err
	}
	typed := v.Get(userCodeField)

	switch err := c.EnterDevice(typed); {
	case fail.Is(err, fail.TooMany):
		c.RetryAfter(fail.From(err))
		return showCode(c, 429, typed, "Too many wrong codes were typed. Wait a minute, and try again.")
	case fail.Is(err, fail.NotFound):
		return showCode(c, 400, typed, "This code is not known, or its time is over. Your device shows a new one when you start again there.")
	default:
		return err
	}
}

// deviceDone is where the bank's pages lead instead of a redirect URI.
func deviceDone(c *wire.Call) error {
	r, err := c.ResumeID(c.Query().Get("flow"))
	switch {
	case err != nil:
		return err
	case r.Device == "":
		return fail.New(fail.NotFound, "the login %s is not a device's", r.ID)
	case r.Answer == "":
		return c.Authority.Entry.Show(c, r)
	}
	m := page.Message{Frame: c.Frame(), Heading: "You may go back to your device",
		Text: c.Client.Name + " has the access that you allowed, and goes on there by itself. You can close this page."}
	if refused(r) {
		m.Heading, m.Text = "Your device gets no access", "Nothing was allowed to "+c.Client.Name+". To try again, start once more on the device: it shows a new code then."
	}
	return c.Page(200, m)
}

// refused tells whether a request was answered with an error.
func refused(r *grant.Request) bool {
	u, err := url.Parse(r.Answer)
	return err != nil || u.Query().Has("error")
}
