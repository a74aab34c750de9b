package world

import (
	"crypto/sha256"
	"strconv"
	"time"

	"sandbank/server/grant"
	"sandbank/server/keys"
)

// ring is an empty ring for the space. Under a seed the keys are derived from it and from the space's name, so that a restart makes the
// same ones: they are then as secret as the seed, as everything is that the dice deal.
func (s *Space) ring() *keys.Ring {
	seed := s.world.options.Seed
	if seed == 0 {
		return keys.New(nil)
	}
	secret := sha256.Sum256([]byte("sandbank keys, replayable " + strconv.FormatUint(seed, 10) + " " + s.Name))
	return keys.New(secret[:])
}

// SigningKey is the key by which a bank signs what is for a client at now; none: what is for anybody.
func (s *Space) SigningKey(bank, client string, now time.Time) *keys.Key {
	alg, _ := s.Grants.Policy.Value(grant.SigningAlg, bank, client, "")
	return s.Keys.Current(bank, alg.Text, now)
}

// SigningKeys makes the keys that a bank signs with at now: for anybody, and for each client that has an algorithm of its own. Whoever
// reads the keys before anything was signed has them all then.
func (s *Space) SigningKeys(bank string, now time.Time) {
	s.SigningKey(bank, "", now)
	for at, turned := range s.Grants.Policy.Levels() {
		if _, own := turned[grant.SigningAlg]; own && at.Bank == bank && s.Grants.Client(bank, at.Client) != nil {
			s.SigningKey(bank, at.Client, now)
		}
	}
}

// Subject is what JWTs call a resource owner, or a client that acts for itself (RFC 9068 §2.2).
func (s *Space) Subject(owner, client string) string {
	if p := s.Ledger.Person(owner); p != nil {
		return p.Subject()
	}
	return client
}

// Signer makes access tokens that are JWTs (RFC 9068) for an issuer.
func (s *Space) Signer(issuer string) grant.Signer {
	return func(t *grant.Token, of *grant.Grant) string {
		claims := s.Grants.AccessClaims(t, of)
		claims.Issuer, claims.Subject = issuer, s.Subject(t.Owner, t.Client)
		if len(claims.Audience) == 0 {
			claims.Audience = []string{issuer}
		}
		return s.SigningKey(t.Bank, t.Client, t.Issued).Sign("at+jwt", claims)
	}
}
