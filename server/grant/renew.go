package grant

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
)

// Renewal is the use of a refresh token.
type Renewal struct {
	Bank, Client, Token string
	Scope               string   // narrower than granted, or empty
	Identity            []string // scopes that are about the person: asked for alone, they leave the others as they were granted
	Bound               string   // thumbprint of the key that was shown; empty: none was
	Barred              Barred   // nil: nobody is
	Audience            []string // resources that the access token is for, of those granted (RFC 8707 §2.2); none: all of those
	Sign                Signer   // where the policy wants JWTs
}

// Refresh issues a new access token (RFC 6749 §6) and, where the policy rotates, a new refresh token. A refresh token that was rotated
// away and comes back means that two parties hold it: unless the policy says otherwise, the whole grant is revoked.
func (g *Grants) Refresh(r Renewal, now time.Time, t *fail.Trail) (*Issued, error) {
	token := g.tokens.Get(r.Token)
	if token == nil || token.Bank != r.Bank || token.Kind != Refresh {
		return nil, t.No("refresh token known", fail.New(fail.InvalidGrant, "nobody issued this refresh token here"))
	}
	t.Pass("refresh token known", token.ID)
	if token.Client != r.Client {
		return nil, t.No("refresh token's client", fail.New(fail.InvalidGrant, "%s was issued to client %s, not to %s", token.ID, token.Client, r.Client))
	}
	of := g.grants.Get(token.Grant)
	if e := revocation(token, of, now); e != nil {
		return nil, t.No("not revoked", fail.New(fail.InvalidGrant, "%s was revoked %s ago by the %s: %s", token.ID, short(now.Sub(e.At)), e.By, e.Why))
	}
	if err := r.Barred.check(of, t); err != nil {
		return nil, err
	}
	if err := token.held(r.Bound, t); err != nil {
		return nil, err
	}
	rule := g.renewal(of)
	rule.bound, rule.sign = r.Bound, r.Sign
	if rule.grace > 0 {
		g.renewing.Lock() // so that whoever comes in the grace finds the successor
		defer g.renewing.Unlock()
		if latest := g.tokens.Get(r.Token); latest != nil {
			token = latest
		}
	}
	if token.Spent != nil && !rule.again(token, now) {
		return nil, g.reused(token, &rule, now, t)
	}
	if g.Expired(token, now) {
		return nil, t.No("not expired", fail.New(fail.InvalidGrant, "%s", token.expiry(now)))
	}
	t.Pass("not expired", "")
	if err := g.consentLets(of, &rule, now, t); err != nil {
		return nil, err
	}
	scope, err := rule.scope(token.Scope, r.reading(token.Scope), t)
	if err != nil {
		return nil, err
	}
	audience, err := narrow(of.Audience, r.Audience, t)
	if err != nil {
		return nil, err
	}
	rule.audience = audience
	return g.renew(token, of, &rule, scope, now, t)
}

// renewal is what the policy says of a refresh.
type renewal struct {
	mode, successor, reuse string
	grace                  time.Duration
	source                 string // of the grace
	absolute, same         bool
	blind                  bool     // to the end of the consent
	drop                   []string // scopes
	bound                  string   // what the new tokens are bound to
	audience               []string // of the new access token
	sign                   Signer
}

func (g *Grants) renewal(of *Grant) renewal {
	choice := func(k Knob) string {
		v, _ := g.Value(k, of)
		return v.Text
	}
	r := renewal{mode: choice(Rotation)}
	if g.turned(Reuse, of) {
		r.reuse = choice(Reuse)
	}
	if g.turned(Grace, of) {
		v, source := g.Value(Grace, of)
		r.grace, r.source, r.successor = v.Duration, source, choice(Successor)
	}
	if g.turned(SameAccess, of) {
		r.same = choice(SameAccess) == On
	}
	if g.turned(RefreshScope, of) {
		if dropped, ok := strings.CutPrefix(choice(RefreshScope), dropScope); ok {
			r.drop = strings.Fields(dropped)
		}
	}
	if g.turned(ConsentCheck, of) {
		r.blind = choice(ConsentCheck) == CheckResource
	}
	r.absolute = g.absolute(of)
	return r
}

// absolute tells whether a refresh leaves the end of the refresh token where it was.
func (g *Grants) absolute(of *Grant) bool {
	if !g.turned(RefreshMode, of) {
		return false
	}
	v, _ := g.Value(RefreshMode, of)
	return v.Text == Absolute
}

// byGrace marks a rotated refresh token that has had its one more use.
const byGrace = "grace"

// graced tells whether a spent refresh token works once more: real banks allow that to clients whose answer was lost on the way.
func (r *renewal) graced(token *Token, now time.Time) bool {
	return token.Spent != nil && token.Spent.By != byGrace && now.Before(token.Spent.At.Add(r.grace))
}

// again tells whether a spent refresh token may be used none the less.
func (r *renewal) again(token *Token, now time.Time) bool {
	return r.reuse == ReuseAllow || r.graced(token, now)
}

// reading is the scope asked for as a login would read it: one that names nothing but the person says nothing of the rest.
func (r *Renewal) reading(granted string) string {
	identity := func(s string) bool { return slices.Contains(r.Identity, s) }
	asked := strings.Fields(r.Scope)
	if len(asked) == 0 || !slices.ContainsFunc(asked, identity) || slices.ContainsFunc(asked, func(s string) bool { return !identity(s) }) {
		return r.Scope
	}
	return strings.Join(append(asked, slices.DeleteFunc(strings.Fields(granted), identity)...), " ")
}

// scope is that of the new access token: what was granted, or the narrower one asked for, without what the policy drops.
func (r *renewal) scope(granted, asked string, t *fail.Trail) (string, error) {
	scope := granted
	if asked != "" {
		for _, s := range strings.Fields(asked) {
			if !HasScope(granted, s) {
				return "", t.No("scope", fail.New(fail.InvalidScope, "scope %q was not granted; %q was", s, granted))
			}
		}
		scope = strings.Join(strings.Fields(asked), " ")
	}
	if len(r.drop) == 0 {
		return scope, nil
	}
	left := slices.DeleteFunc(strings.Fields(scope), func(s string) bool { return slices.Contains(r.drop, s) })
	t.Pass("scope", fmt.Sprintf("%q without %q, by policy", scope, strings.Join(r.drop, " ")))
	return strings.Join(left, " "), nil
}

// consentLets is consentStands, where the policy lets a refresh ask.
func (g *Grants) consentLets(of *Grant, rule *renewal, now time.Time, t *fail.Trail) error {
	if rule.blind && of.Consent != "" {
		t.Pass("consent", "not asked for, by policy")
		return nil
	}
	return g.consentStands(of, now, t)
}

// renew deals the tokens of a refresh that nothing stands against.
func (g *Grants) renew(token *Token, of *Grant, rule *renewal, scope string, now time.Time, t *fail.Trail) (*Issued, error) {
	if token.Spent == nil && (rule.mode == Keep || rule.mode == Silent) {
		issued := g.renewed(token, of, rule, scope, now)
		token = g.idle(token, of, rule, now)
		if rule.mode == Keep {
			issued.Refresh = token
		}
		return issued, nil
	}
	var successor *Token
	switch err := g.rotate(token, rule, now, t); {
	case err != nil:
		return nil, err
	case rule.successor == SuccessorSame && rule.graced(token, now):
		if successor = g.successor(token, now); successor == nil {
			return nil, g.reused(token, rule, now, t)
		}
	}
	issued := g.renewed(token, of, rule, scope, now)
	if issued.Refresh = successor; successor == nil {
		issued.Refresh = g.mint(Refresh, token, of, g.whole(of, token.Scope, rule.bound), now) // as granted, unless a lever shrank it
	}
	return issued, nil
}

// rotate spends the refresh token, or its one more use in the grace.
func (g *Grants) rotate(token *Token, rule *renewal, now time.Time, t *fail.Trail) error {
	if rule.graced(token, now) {
		g.tokens.Update(token.Value, func(v Token) (Token, error) {
			v.Spent = &Event{At: v.Spent.At, By: byGrace, Why: "rotated, and used once more in its grace"}
			return v, nil
		})
		t.Pass("grace", fmt.Sprintf("rotated %s ago; it works once more within %s by %s", short(now.Sub(token.Spent.At)), short(rule.grace), rule.source))
		return nil
	}
	if token.Spent != nil { // and yet allowed
		t.Pass("rotated", token.ID+" was rotated away, and works as before by policy")
		return nil
	}
	if err := g.spend(token, "exchange", "rotated", now); err != nil && rule.reuse != ReuseAllow {
		return g.reused(token, rule, now, t)
	}
	t.Pass("rotated", token.ID)
	return nil
}

// renewed is a refresh's access token: a new one, or the one that lives, where the policy has a server that deals no second.
func (g *Grants) renewed(token *Token, of *Grant, rule *renewal, scope string, now time.Time) *Issued {
	out := &Issued{Grant: of, Owner: of.Owner}
	if rule.same {
		out.Access = g.newest(now, func(t *Token) bool {
			return t.Kind == Access && t.Grant == of.ID && t.Scope == scope && t.Bound == rule.bound && slices.Equal(t.Audience, rule.audience)
		})
	}
	if out.Access == nil {
		out.Access = g.access(token, of, extent{scope, rule.audience, rule.bound}, rule.sign, nil, now)
	}
	return out
}

// successor is the refresh token that a rotated one brought, if it still works.
func (g *Grants) successor(token *Token, now time.Time) *Token {
	return g.newest(now, func(t *Token) bool { return t.Kind == Refresh && t.Parent == token.ID })
}

// newest is the youngest living token that keep says yes to, or nil.
func (g *Grants) newest(now time.Time, keep func(*Token) bool) (found *Token) {
	g.Living(now, func(t *Token) {
		if keep(t) && (found == nil || t.Issued.After(found.Issued) || t.Issued.Equal(found.Issued) && t.ID < found.ID) {
			found = t
		}
	})
	return found
}

// idle counts the life of a refresh token that stays the same anew, where its limit is one of idleness.
func (g *Grants) idle(token *Token, of *Grant, rule *renewal, now time.Time) *Token {
	if rule.absolute {
		return token
	}
	life, source := g.life(RefreshTTL, of)
	if life.Never || life.Duration == token.Life && now.Equal(token.began()) {
		return token
	}
	next, err := g.tokens.Update(token.Value, func(v Token) (Token, error) {
		v.Since, v.Life, v.Policy = now, life.Duration, source
		v.Expires = end(&v, of, life)
		return v, nil
	})
	if err != nil {
		return token
	}
	return next
}

// reused refuses a refresh token that was rotated away and came back: two parties hold it.
func (g *Grants) reused(token *Token, rule *renewal, now time.Time, t *fail.Trail) error {
	const check = "not rotated away"
	if rule.reuse == ReuseDeny {
		return t.No(check, fail.New(fail.InvalidGrant, "%s was rotated away and came back; its grant goes on by policy", token.ID))
	}
	g.Revoke(token.Grant, "reuse", "refresh token "+token.ID+" was used again after rotation", now)
	return t.No(check, fail.New(fail.InvalidGrant, "%s was rotated away and came back: the whole grant %s is revoked", token.ID, token.Grant))
}
