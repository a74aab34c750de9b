package grant

import (
	"time"

	"sandbank/server/fail"
)

// MaxRegistered is how many clients that registered by themselves a space keeps: anybody may come.
const MaxRegistered = 1000

// Registration is what a client that registered by itself keeps of that (RFC 7591, RFC 7592).
type Registration struct {
	Token      string `json:"token"`      // opens the client's own entry
	AuthMethod string `json:"authMethod"` // token_endpoint_auth_method, as asked for
}

// Register keeps a client that came by itself; TemporarilyUnavailable when there are too many of those. Those whom somebody registered by
// a lever do not count.
func (g *Grants) Register(c Client) error {
	g.joining.Lock()
	defer g.joining.Unlock()
	if n := g.Registered(); n >= MaxRegistered {
		return fail.New(fail.TemporarilyUnavailable, "%d clients have registered by themselves; no more are kept", n).
			Say("Too many clients are registered. Delete some first.")
	}
	return g.AddClient(c)
}

// Registered counts the clients that registered by themselves.
func (g *Grants) Registered() (n int) {
	g.clients.Range(func(_ string, c *Client) bool {
		if c.Registration != nil {
			n++
		}
		return true
	})
	return n
}

// Unregister takes a client away with its policy, and ends all that it was granted (RFC 7592 §2.3).
func (g *Grants) Unregister(bank, id string, now time.Time) {
	g.RemoveClient(bank, id)
	g.RevokeAll(func(of *Grant) bool { return of.Bank == bank && of.Client == id }, "client", "the client has unregistered", now)
	g.Policy.Clear(Level{Bank: bank, Client: id})
}
