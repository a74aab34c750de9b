package berlin

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
)

// sofia is the bank's time zone: its days decide when a consent ends and when calls count anew.
var sofia = sync.OnceValue(func() *time.Location { return wire.Zone("Europe/Sofia") })

// day is the local date of an instant as JSON writes it.
func day(t time.Time) string { return t.In(sofia()).Format(time.DateOnly) }

// parseDay reads an ISO date as the beginning of that day in Sofia.
func parseDay(text string) (time.Time, bool) {
	t, err := time.ParseInLocation(time.DateOnly, text, sofia())
	return t, err == nil && len(text) == len(time.DateOnly)
}

// requestID is the caller's X-Request-ID. The specification demands it on every call, the bank's own document does not mention it: left
// out it is dealt by the bank, but what is sent must be a UUID.
func requestID(c *wire.Call) (string, error) {
	all := c.HeaderAll("X-Request-ID")
	switch {
	case len(all) == 0 || len(all) == 1 && all[0] == "":
		return "", nil
	case len(all) > 1:
		return "", c.Trail.No("X-Request-ID", fail.Field("X-Request-ID", "X-Request-ID was sent %d times", len(all)).Say("The header X-Request-ID must not be repeated."))
	case !isUUID(all[0]):
		return "", c.Trail.No("X-Request-ID", fail.Field("X-Request-ID", "X-Request-ID %q is no UUID", all[0]).Say("The header X-Request-ID must be a UUID of 36 characters."))
	}
	return all[0], nil
}

// isUUID tells whether the text is a UUID in its usual form, of any version and case.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		switch b := text[i]; i {
		case 8, 13, 18, 23:
			if b != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", rune(b)) {
				return false
			}
		}
	}
	return true
}

// stamp puts X-Request-ID on an answer of the account information service: the caller's, or a fresh one where that was left out or
// was none.
func stamp(c *wire.Call) {
	id, err := requestID(c)
	if id == "" || err != nil {
		id = c.Space.Dice.UUID()
	}
	c.Set("X-Request-ID", id)
}

// echo puts it on answers of the OAuth server, which has no such header of its own: only when one was sent.
func echo(c *wire.Call) {
	if all := c.HeaderAll("X-Request-ID"); len(all) == 1 && isUUID(all[0]) {
		c.Set("X-Request-ID", all[0])
	}
}

// show answers with JSON.
func show(c *wire.Call, status int, v any) error {
	stamp(c)
	return c.JSON(status, v)
}

// attended tells whether the person is at the keyboard: then the app sends the person's address along, and the call is not counted
// (banks.md 2.1).
func attended(c *wire.Call) (bool, error) {
	all := c.HeaderAll("PSU-IP-Address")
	switch {
	case len(all) == 0:
		return false, nil
	case len(all) > 1:
		return false, c.Trail.No("PSU-IP-Address", fail.Field("PSU-IP-Address", "PSU-IP-Address was sent %d times", len(all)).Say("The header PSU-IP-Address must not be repeated."))
	}
	if ip, err := netip.ParseAddr(all[0]); err != nil || ip.Zone() != "" {
		return false, c.Trail.No("PSU-IP-Address", fail.Field("PSU-IP-Address", "PSU-IP-Address %q is no IP address", all[0]).Say("The header PSU-IP-Address must be an IP address."))
	}
	return true, nil
}

// acceptable checks that the caller takes JSON: the bank has no camt and no MT94x reports.
func acceptable(c *wire.Call) error {
	accept := strings.Join(c.HeaderAll("Accept"), ",")
	if json, problem := accepts(accept); !json && !problem {
		return c.Trail.No("Accept", fail.New(fail.NotAcceptable, "Accept is %q; there is only application/json", accept))
	}
	return nil
}

// accepts reads an Accept header (RFC 9110 §12.5.1): whether JSON may be sent, and whether the error form of RFC 9457 may.
func accepts(header string) (json, problem bool) {
	if strings.TrimSpace(header) == "" {
		return true, true
	}
	for _, item := range strings.Split(header, ",") {
		kind, parameters, _ := strings.Cut(item, ";")
		if refused(parameters) {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "*/*", "application/*":
			json, problem = true, true
		case "application/json":
			json = true
		case "application/problem+json":
			problem = true
		}
	}
	return json, problem
}

// refused finds q=0 among a media range's parameters.
func refused(parameters string) bool {
	for _, p := range strings.Split(parameters, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(key), "q") {
			value = strings.TrimSpace(value)
			return strings.HasPrefix(value, "0") && strings.Trim(value, "0.") == ""
		}
	}
	return false
}

// caller finds out which client speaks at the consent endpoints, where the real bank knows it by its certificate. A token or a secret
// proves it; a bare client id only claims it, which a public client cannot better. nil: nobody said.
func caller(c *wire.Call) (client *grant.Client, proven bool, err error) {
	claim := claimed(c)
	if len(c.HeaderAll("Authorization")) > 0 {
		if client, err = authorized(c); err != nil {
			return nil, false, err
		}
		if claim != "" && claim != client.ID {
			return nil, false, c.Trail.No("one client", fail.New(fail.InvalidField, "the credentials are client %s's, the client id says %q", client.ID, claim).
				Coded("PARAMETER_NOT_CONSISTENT").Say("The client id does not match the credentials.").At("X-IBM-Client-Id"))
		}
		return client, true, nil
	}
	if claim == "" {
		return nil, false, nil
	}
	if secret := c.Header("X-IBM-Client-Secret"); secret != "" {
		client, err = c.Space.Grants.Authenticate(name, claim, secret, c.Now, &c.Trail)
		if err != nil {
			return nil, false, err
		}
		c.Client = client
		return client, true, nil
	}
	client = c.Space.Grants.Client(name, claim)
	if client == nil || client.Disabled {
		return nil, false, c.Trail.No("client known", fail.New(fail.InvalidClient, "no client %q at %s, or it is disabled", claim, name))
	}
	c.Client = client
	c.Trail.Pass("client named", client.ID)
	return client, client.Public(), nil
}

// claimed is the client id outside of any credentials.
func claimed(c *wire.Call) string {
	for _, header := range []string{"X-IBM-Client-Id", "client_id"} {
		if id := c.Header(header); id != "" {
			return id
		}
	}
	return c.Query().Get("client_id")
}

// authorized takes any live access token of a client, or its id and secret by Basic.
func authorized(c *wire.Call) (*grant.Client, error) {
	if _, _, basic, err := c.Basic(); basic || err != nil {
		if err != nil {
			return nil, err
		}
		return c.Authenticate(&wire.Values{})
	}
	if _, err := c.Access(); err != nil {
		return nil, err
	}
	return c.Client, nil
}
