package grant

import (
	"crypto/sha256"
	"encoding/base64"

	"sandbank/server/fail"
)

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
