package s2s

import (
	"encoding/hex"
	"strconv"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
)

// application admits the calling application by its two X-IBM headers, as the gateway does before anything behind it is asked. IBM's
// table of response codes tells a second client id, and an application that is not active, from a wrong one: 403, not 401.
func application(c *wire.Call) (*grant.Client, error) {
	ids, secrets := c.HeaderAll(clientHeader), c.HeaderAll(secretHeader)
	switch {
	case len(ids) > 1 || len(secrets) > 1:
		return nil, c.Trail.No("one client", fail.New(fail.Forbidden, "the call carries %d X-IBM-client-id and %d X-IBM-client-secret headers", len(ids), len(secrets)).
			Say("Multiple client ids or secrets were provided."))
	case len(ids) == 0 || ids[0] == "":
		return nil, c.Trail.No("client authenticated", fail.New(fail.InvalidClient, "no X-IBM-client-id was sent"))
	case len(secrets) == 0 || secrets[0] == "":
		return nil, c.Trail.No("client authenticated", fail.New(fail.InvalidClient, "no X-IBM-client-secret was sent for client %q", ids[0]))
	}
	client, err := c.Space.Grants.Authenticate(name, ids[0], secrets[0], c.Now, &c.Trail)
	if err != nil {
		if known := c.Space.Grants.Client(name, ids[0]); known != nil && known.Disabled && known.SecretIs(secrets[0], c.Now) {
			return nil, fail.New(fail.Forbidden, "client %s is disabled", known.ID).Say("The application is not active.")
		}
		return nil, err
	}
	c.Client = client
	return client, limit(c, client)
}

// limit counts the application's calls of this hour, where a policy wants that. The headers are there only then.
func limit(c *wire.Call, client *grant.Client) error {
	most, source := c.Space.Grants.Policy.Value(grant.HourlyCalls, name, client.ID, "")
	if most.Count == 0 {
		return nil
	}
	hour := c.Now.Truncate(time.Hour)
	used, err := c.Space.Grants.Count("s2s rate "+client.ID, hour, most.Count)
	figure := func(n int64) string { return "name=default," + strconv.FormatInt(n, 10) + ";" }
	c.Set("X-RateLimit-Limit", figure(most.Count))
	c.Set("X-RateLimit-Remaining", figure(max(most.Count-used, 0)))
	if err != nil {
		e := fail.New(fail.TooMany, "client %s has used its %d calls of this hour, by %s", client.ID, most.Count, source)
		e.Wait = int((hour.Add(time.Hour).Sub(c.Now) + time.Second - 1) / time.Second)
		return c.Trail.No("rate", e)
	}
	return nil
}

// admit lets a call of the API through: an application, a live access token that was issued to that same application, and its scope.
func admit(c *wire.Call, scope string) (*grant.Bearer, error) {
	client, err := application(c)
	if err != nil {
		return nil, err
	}
	b, err := c.UserAccess()
	c.Client = client // who calls; the token may be another's
	if err != nil {
		return nil, err
	}
	if b.Token.Client != client.ID {
		return nil, c.Trail.No("token's client", fail.New(fail.TokenUnknown, "%s was issued to client %s, the call is from %s", b.Token.ID, b.Token.Client, client.ID))
	}
	if person := c.Space.Ledger.Person(b.Token.Owner); person == nil || person.Locked {
		return nil, c.Trail.No("owner there", fail.New(fail.TokenRevoked, "%s is gone or locked", b.Token.Owner))
	}
	if err := c.NeedScope(b, scope); err != nil {
		return nil, err
	}
	return b, nil
}

// stamp puts the gateway's headers on an answer; each answer passes here once.
func stamp(c *wire.Call) {
	var id [12]byte
	c.Space.Dice.Fill(id[:])
	c.Set("X-Global-Transaction-ID", hex.EncodeToString(id[:]))
	c.Set("X-Client-IP", c.IP())
}

// show answers.
func show(c *wire.Call, v any) error {
	stamp(c)
	return c.JSON(200, v)
}
