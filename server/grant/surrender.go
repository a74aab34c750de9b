package grant

import (
	"time"

	"sandbank/server/fail"
)

// Surrender ends a token at the word of its client (RFC 7009 §2.1): an access token alone; a refresh token, also one that was rotated
// away, with its whole grant, because what it stands for is the grant. Tokens that nobody issued, codes, and tokens of other clients are
// left as they are. It returns what was ended, or nil; the trail says what was done.
func (g *Grants) Surrender(bank, client, value string, now time.Time, t *fail.Trail) *Token {
	const check, why = "revocation", "the client revoked it (RFC 7009)"
	token := g.tokens.Get(value)
	switch {
	case token == nil || token.Bank != bank:
		t.Pass(check, "nobody issued this token here; nothing to do")
		return nil
	case token.Client != client:
		t.Pass(check, token.ID+" is a token of client "+token.Client+", and lives on")
		return nil
	case token.Kind == Access:
		g.RevokeToken(value, "client", why, now)
		t.Pass(check, token.ID)
	case token.Kind == Refresh:
		g.Revoke(token.Grant, "client", why, now)
		t.Pass(check, token.ID+" and all of "+token.Grant)
	default:
		t.Pass(check, token.ID+" is a "+string(token.Kind)+", which ends by being exchanged; nothing to do")
		return nil
	}
	return token
}
