package sparebank1

import (
	"strings"
	"sync"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// openID is what the bank tells of its customers. pid is Norway's own claim, the national identity number; the scopes are those that
// clients of the real bank ask for (banks.md 3.1).
func openID() *wire.OpenID {
	text := func(scope, name string, value func(*ledger.Person) string) wire.Claim {
		return wire.Claim{Name: name, Scope: scope, Value: func(p *ledger.Person) any { return value(p) }}
	}
	const profile, email, phone, pid = "profile", "email", "phone", "pid"
	return &wire.OpenID{ACR: "urn:bankid:bid", Methods: []string{"mfa", "otp", "pwd"}, Claims: []wire.Claim{
		text(profile, "name", (*ledger.Person).Name),
		text(profile, "given_name", func(p *ledger.Person) string { return p.Given }),
		text(profile, "family_name", func(p *ledger.Person) string { return p.Family }),
		text(profile, "birthdate", func(p *ledger.Person) string { return p.Born }),
		text(profile, "preferred_username", func(p *ledger.Person) string { return p.Login }),
		text(email, "email", func(p *ledger.Person) string { return p.Email }),
		{Name: "email_verified", Scope: email, Value: func(p *ledger.Person) any { return have(p.Email, !p.Unverified) }},
		text(phone, "phone_number", func(p *ledger.Person) string { return p.Phone }),
		{Name: "phone_number_verified", Scope: phone, Value: func(p *ledger.Person) any { return have(p.Phone, !p.Unverified) }},
		text(pid, pid, func(p *ledger.Person) string { return p.NationalID }),
	}}
}

// have says something of a thing that is there.
func have(thing string, is bool) any {
	if thing == "" {
		return nil
	}
	return is
}

// identityScopes are those that bring claims.
var identityScopes = sync.OnceValue(func() []string { return openID().Scopes() })

// identityAsks says in the customer's words what the scopes of OpenID Connect open.
func identityAsks(scope string) []page.Ask {
	if !grant.HasScope(scope, wire.ScopeOpenID) {
		return nil
	}
	var more []string
	for _, s := range []struct{ scope, words string }{{"profile", "name and date of birth"}, {"email", "e-mail address"}, {"phone", "telephone number"},
		{"pid", "national identity number"}} {
		if grant.HasScope(scope, s.scope) {
			more = append(more, s.words)
		}
	}
	return []page.Ask{{Icon: "user", Name: "Know that it is you", Note: strings.Join(more, ", ")}}
}

// recognise takes up what spares an authentication request its pages; a grant by which the customer let the client in before ends the
// login at once. Where no bank of the group is named it is that grant's; a silent request without one is InteractionRequired.
func recognise(c *wire.Call, r *grant.Request) error {
	s, before, err := c.Recognise(r)
	if err != nil {
		return err
	}
	at := r.Facts[factInstitution]
	if at == "" && before != nil {
		at = before.Facts[factInstitution]
	}
	if at == "" && before != nil {
		if r.Identity.Silent() {
			return c.Trail.No("bank of the group", fail.New(fail.InteractionRequired, "prompt is none, and neither finInst nor the grant %s names a bank of the group", before.ID))
		}
		before = nil
	}
	if at != "" {
		r.Facts = map[string]string{factInstitution: at}
	}
	if s != nil {
		r.Owner, r.Identity.LoggedIn, r.Identity.Methods = s.Owner, s.Began, s.Methods
		r.Facts = ledger.WithFact(r.Facts, factOTP, c.Space.Dice.Text(dice.Digits, 6))
	}
	r.Confirmed = before != nil
	return nil
}

// hint is what the login page has typed in already: the user name of whoever has the e-mail address that login_hint is, else login_hint.
func hint(c *wire.Call, r *grant.Request) string {
	if r.Identity == nil || r.Identity.Hint == "" {
		return ""
	}
	for _, p := range c.Space.Ledger.People(c.Bank) {
		if p.Email == r.Identity.Hint {
			return p.Login
		}
	}
	return r.Identity.Hint
}
