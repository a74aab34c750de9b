package grant

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"sandbank/server/fail"
)

// Unreserved are the characters of a code verifier (RFC 7636 §4.1); a challenge by S256 has the first 64 of them.
const Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"

// verify is PKCE (RFC 7636 §4.6). A verifier for a code that had no challenge is refused as well: accepting it would let a
// downgrade pass (RFC 9700 §2.1.1).
func verify(code *Token, verifier string, t *fail.Trail) error {
	challenge, method := code.Challenge, "S256"
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return t.No("PKCE", fail.New(fail.InvalidGrant, "a code_verifier was sent, but the authorization request had no code_challenge"))
	case verifier == "":
		return t.No("PKCE", fail.New(fail.InvalidGrant, "the code needs a code_verifier"))
	case len(verifier) < 43 || len(verifier) > 128:
		return t.No("PKCE", fail.New(fail.InvalidGrant, "the code_verifier has %d characters; 43 to 128 are allowed", len(verifier)))
	case strings.Trim(verifier, Unreserved) != "":
		return t.No("PKCE", fail.New(fail.InvalidGrant, "the code_verifier has other characters than letters, digits and -._~"))
	}
	if code.Plain {
		method = "plain"
	} else {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if !Same(verifier, challenge) {
		return t.No("PKCE", fail.New(fail.InvalidGrant, "the code_verifier does not match the code_challenge by %s", method))
	}
	t.Pass("PKCE", method)
	return nil
}

// heldBy is what a refresh token is bound to where its access token is bound to a key: the same, if the client has nothing else to prove
// itself with (RFC 9449 §5).
func (g *Grants) heldBy(of *Grant, bound string) string {
	if bound == "" {
		return ""
	}
	if c := g.Client(of.Bank, of.Client); c != nil && !c.Public() {
		return ""
	}
	return bound
}

// held refuses a code or refresh token whose key was not shown (RFC 9449 §5 and §10).
func (t *Token) held(shown string, trail *fail.Trail) error {
	switch t.Bound {
	case "":
		return nil
	case shown:
		trail.Pass("key of the "+string(t.Kind), shown)
		return nil
	}
	return trail.No("key of the "+string(t.Kind), fail.New(fail.InvalidGrant, "%s is bound to the key %s; the DPoP proof is by %q", t.ID, t.Bound, shown))
}
