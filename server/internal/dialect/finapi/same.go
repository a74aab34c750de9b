package finapi

import (
	"strings"

	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// The original's accident, or thrift: "As long as a token exists and has not expired, the service will always return the same token for
// the same credentials" (spec, getToken). Two programs with one client share a token then, and the end of one's is the end of the
// other's; by default each gets its own. With --fidelity finapi=original this file keeps the present tokens in the facts of the client or
// of the user.

func original(c *wire.Call) bool {
	v, _ := c.Space.Grants.Policy.Value(grant.Fidelity, name, "", "")
	return v.Text == grant.Original
}

// tokenFact is where the present tokens of a user, or of the client itself, are noted.
func tokenFact(client string) string { return "tokens." + client }

// shared returns the tokens that these credentials have, or new ones. Of many callers who find none, one's are kept for all.
func shared(c *wire.Call, client *grant.Client, owner string, issue func() *grant.Issued) *grant.Issued {
	if !original(c) || c.Terms() != nil || c.Keyed() { // a login with flags wants a grant of its own, and so does a key
		return issue()
	}
	if had := present(c, noted(c, client.ID, owner)); had != nil {
		c.Tokens = append(c.Tokens, had.Access.ID)
		c.Trail.Pass("token", "the one that is alive already")
		return had
	}
	fresh := issue()
	kept := fresh
	note(c, client.ID, owner, func(facts map[string]string) map[string]string {
		if other := present(c, facts[tokenFact(client.ID)]); other != nil {
			kept = other
			return facts
		}
		kept = fresh
		return ledger.WithFact(facts, tokenFact(client.ID), values(fresh))
	})
	if kept != fresh {
		c.Space.Grants.Revoke(fresh.Grant.ID, "bank", "another call with these credentials came first", c.Now)
	}
	return kept
}

// remember makes refreshed tokens the present ones.
func remember(c *wire.Call, i *grant.Issued) {
	if original(c) && i.Grant.Terms == nil && !c.Keyed() {
		note(c, i.Access.Client, i.Owner, func(facts map[string]string) map[string]string {
			return ledger.WithFact(facts, tokenFact(i.Access.Client), values(i))
		})
	}
}

func values(i *grant.Issued) string {
	if i.Refresh == nil {
		return i.Access.Value
	}
	return i.Access.Value + " " + i.Refresh.Value
}

// present reads noted tokens; nil when the access token does not live any more.
func present(c *wire.Call, tokens string) *grant.Issued {
	access, refresh, _ := strings.Cut(tokens, " ")
	b, err := c.Space.Grants.Check(name, access, c.Now, nil)
	if err != nil {
		return nil
	}
	return &grant.Issued{Grant: b.Grant, Access: b.Token, Refresh: c.Space.Grants.Token(refresh), Owner: b.Token.Owner}
}

func noted(c *wire.Call, client, owner string) string {
	if owner == "" {
		if v := c.Space.Grants.Client(name, client); v != nil {
			return v.Facts[tokenFact(client)]
		}
		return ""
	}
	if v := c.Space.Ledger.Person(owner); v != nil {
		return v.Facts[tokenFact(client)]
	}
	return ""
}

func note(c *wire.Call, client, owner string, change func(map[string]string) map[string]string) {
	if owner == "" {
		c.Space.Grants.UpdateClient(name, client, func(v *grant.Client) { v.Facts = change(v.Facts) })
		return
	}
	c.Space.Ledger.UpdatePerson(owner, func(v *ledger.Person) { v.Facts = change(v.Facts) })
}
