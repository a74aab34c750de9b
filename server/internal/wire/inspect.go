package wire

import (
	"sandbank/server/fail"
	"sandbank/server/grant"
)

// Inspect decides whether a token of the client is active, by the rule of those who would take it: what is a person's is not while that
// person is locked or gone.
func (c *Call) Inspect(client *grant.Client, value string) (*grant.Token, error) {
	b, err := c.Space.Grants.Inspect(c.Bank, client.ID, value, c.Now, &c.Trail)
	if err != nil {
		return nil, err
	}
	c.Owner, c.Tokens = b.Token.Owner, append(c.Tokens, b.Token.ID)
	if b.Token.Owner == "" {
		return b.Token, nil
	}
	if why := c.barred(b.Token.Owner); why != "" {
		return nil, c.Trail.No("user there", fail.New(fail.TokenRevoked, "%s", why))
	}
	return b.Token, nil
}
