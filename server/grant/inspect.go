package grant

import (
	"time"

	"sandbank/server/fail"
)

// Inspect decides whether a token of this client is active at now, just as whoever takes it would: an access token as Check does, a
// refresh token as Refresh does (RFC 7662 §2.2). A token whose consent has ended opens nothing, so it is not active. Nothing changes by
// asking, and it is no use of the token. Everything else is refused with the reason.
func (g *Grants) Inspect(bank, client, value string, now time.Time, t *fail.Trail) (*Bearer, error) {
	token := g.tokens.Get(value)
	switch {
	case token == nil || token.Bank != bank || token.Kind == Code:
		return nil, t.No("token known", fail.New(fail.TokenUnknown, "nobody issued such a token here"))
	case token.Client != client:
		return nil, t.No("token's client", fail.New(fail.TokenUnknown, "%s was issued to client %s, not to %s", token.ID, token.Client, client))
	case token.Kind == Refresh:
		return g.inspectRefresh(token, now, t)
	}
	b, err := g.admit(bank, value, now, t)
	if err != nil {
		return nil, err
	}
	if most, source := g.Value(Uses, b.Grant); most.Count > 0 && g.Counted(usesOf(token), time.Time{}) >= most.Count {
		return nil, t.No("uses left", fail.New(fail.TokenExpired, "%s is used up; it was good for %d calls by %s", token.ID, most.Count, source))
	}
	if err := g.consentStands(b.Grant, now, t); err != nil {
		return nil, err
	}
	return b, nil
}

func (g *Grants) inspectRefresh(token *Token, now time.Time, t *fail.Trail) (*Bearer, error) {
	t.Pass("refresh token known", token.ID)
	of := g.grants.Get(token.Grant)
	if e := revocation(token, of, now); e != nil {
		return nil, t.No("not revoked", fail.New(fail.TokenRevoked, "%s was revoked %s ago by the %s: %s", token.ID, short(now.Sub(e.At)), e.By, e.Why))
	}
	rule := g.renewal(of)
	switch {
	case token.Spent != nil && !rule.again(token, now):
		return nil, t.No("not rotated away", fail.New(fail.TokenRevoked, "%s was rotated away %s ago", token.ID, short(now.Sub(token.Spent.At))))
	case g.Expired(token, now):
		return nil, t.No("not expired", fail.New(fail.TokenExpired, "%s", token.expiry(now)))
	}
	if err := g.consentLets(of, &rule, now, t); err != nil {
		return nil, err
	}
	return &Bearer{Token: token, Grant: of}, nil
}
