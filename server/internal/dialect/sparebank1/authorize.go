package sparebank1

import (
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// factInstitution and factState are what a grant remembers of its authorization request: the token answer repeats both.
const (
	factInstitution = "finInst"
	factState       = "state"
	factOTP         = "otp"
)

// authorize begins a login. Without finInst the customer chooses a bank first; the picker comes back here with the number of the login
// that is going on, so that what the client sent (state above all) never passes through a form.
func authorize(c *wire.Call) error {
	if c.Method() == "POST" { // OpenID Connect Core §3.1.2.1
		if err := c.FormAsQuery(); err != nil {
			return err
		}
	}
	q := c.Query()
	if q.Has("flow") && !q.Has("response_type") && !q.Has("request_uri") { // else it is a parameter of some client's own, to be ignored (RFC 6749 §3.1)
		return picked(c, q)
	}
	return c.Enter()
}

func entry() wire.Entry { return wire.Entry{Read: read, Recognise: recognise, Show: first} }

// read checks an authorization request.
func read(c *wire.Call) (*grant.Request, error) {
	q := c.Asked()
	r, err := c.Authorize(wire.AuthorizeRules{Loose: []string{""}}) // scopes are read below: this bank refuses them in its own way
	if err != nil {
		return nil, err
	}
	if err := q.Once(factInstitution); err != nil {
		return nil, c.Detour(r, fail.From(err))
	}
	if r.Scope, err = scope(c.Client, c.Authority.Heeded(q.Get("scope"))); err != nil && c.Elsewhere() {
		return nil, c.Trail.No("scope", fail.From(err))
	} else if err != nil {
		return nil, c.Detour(r, denied(c, "scope", fail.From(err).Why, "The client is not approved for the requested scope."))
	}
	at := q.Get(factInstitution)
	if at != "" && !knownInstitution(at) {
		return nil, unknownInstitution(c, r, at)
	}
	if at != "" {
		r.Facts = map[string]string{factInstitution: at}
	}
	return r, nil
}

// first is the page that a login begins with. A customer whom the bank knows, and who let this client in before, sees none.
func first(c *wire.Call, r *grant.Request) error {
	if r.Confirmed {
		return allow(c, r)
	}
	return showStep(c, r)
}

// denied is how this bank refuses a wrong bank or scope: access_denied (banks.md 3.1).
func denied(c *wire.Call, check, why, text string) *fail.Error {
	return c.Trail.No(check, fail.New(fail.AccessDenied, "%s", why).Say(text))
}

func unknownInstitution(c *wire.Call, r *grant.Request, id string) error {
	return c.Detour(r, denied(c, "bank of the group", "there is no bank "+id+" in the group", "Unknown finInst."))
}

// pick lets the customer choose among the banks of the group.
func pick(c *wire.Call, r *grant.Request) error {
	f := c.Frame()
	f.Ends = r.Ends
	return c.Page(200, page.Picker{Frame: f, Heading: "Choose your bank", Lead: c.Client.Name + " asks for access to your accounts. Where are you a customer?",
		Action: c.Local("/oauth/authorize"), Hidden: []page.Field{wire.Flow(r), {Name: "client_id", Value: r.Client}}, Name: factInstitution,
		Choices: choices(), Submit: "Continue"})
}

func picked(c *wire.Call, q *wire.Values) error {
	if err := q.Once("flow", factInstitution); err != nil {
		return err
	}
	r, err := c.Resume(q)
	if err != nil {
		return err
	}
	if r.Answer != "" {
		return c.Answered(r)
	}
	at := q.Get(factInstitution)
	switch {
	case at == "":
		return pick(c, r)
	case !knownInstitution(at):
		return unknownInstitution(c, r, at)
	}

	r, err = c.Space.Grants.Step(r.ID, func(v *grant.Request) { v.Facts = ledger.WithFact(v.Facts, factInstitution, at) })
	switch {
	case fail.Is(err, fail.Conflict):
		return c.Answered(r)
	case err != nil:
		return err
	}

	return showStep(c, r)
}

// The scopes. READ and WRITE are those of the 2019 portal's sample answer, which has both when none was asked for; newer clients ask for
// the API families by name (banks.md 3.1 and 3.2).
const (
	scopeRead         = "resource.READ"
	scopeWrite        = "resource.WRITE"
	scopeAccounts     = "accounts"
	scopeTransactions = "transactions"
	scopeTransfer     = "transfer"
	scopeDefault      = scopeWrite + " " + scopeRead
)

func scopes() []string {
	return []string{scopeRead, scopeWrite, scopeAccounts, scopeTransactions, scopeTransfer}
}

// scope is what a client gets that asks for this. The scopes of OpenID Connect count beside openid; without it, and for clients that are
// registered for others alone, they pass without effect and are not granted. Whoever asks for no other gets what it would have got
// without asking, and its identity with that.
func scope(client *grant.Client, asked string) (string, error) {
	var identity, resource []string
	all, mine := scopeDefault, identityScopes()
	if len(client.Scopes) > 0 {
		all = resources(strings.Join(client.Scopes, " "))
	}
	for _, s := range strings.Fields(asked) {
		switch {
		case !slices.Contains(mine, s):
			resource = append(resource, s)
		case slices.Contains(identity, s), len(client.Scopes) > 0 && !slices.Contains(client.Scopes, s):
		default:
			identity = append(identity, s)
		}
	}
	out, err := client.Scope(strings.Join(resource, " "), scopes(), all)
	if err != nil || !slices.Contains(identity, wire.ScopeOpenID) {
		return out, err
	}
	return strings.TrimSpace(strings.Join(identity, " ") + " " + out), nil
}

// resources is a scope without what is about the person.
func resources(scope string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(scope), func(s string) bool { return slices.Contains(identityScopes(), s) }), " ")
}
