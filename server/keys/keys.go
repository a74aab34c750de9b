// Package keys owns the keys with which the banks of one space sign JWTs: making, rotation, publication, signing and verification
// (RFC 7515, RFC 7517, RFC 7519).
//
// Each bank has one key for each algorithm that it signs by, made when it is first needed, so that a space costs nothing until then. A
// rotation makes another; the old one is retired, and stays published for tokens that are under way, or is withdrawn. A key is called by
// its thumbprint (RFC 7638). The package knows no HTTP, no wall clock, and nothing of what is signed.
//
//	ring := keys.New(nil)
//	key := ring.Current("sparebank1", keys.ES256, now)
//	jwt := key.Sign("JWT", claims)
//	payload, _, err := ring.Verify("sparebank1", jwt)
package keys

import (
	"crypto"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sandbank/server/fail"
	"sandbank/server/store"
)

// The algorithms (RFC 7518 §3.1, RFC 8037 §3.1).
const (
	ES256 = string(jose.ES256)
	RS256 = string(jose.RS256)
	PS256 = string(jose.PS256)
	EdDSA = string(jose.EdDSA)
)

// Algorithms are all that there are, the default first.
func Algorithms() []string { return []string{ES256, RS256, PS256, EdDSA} }

// mostRetired is how many retired keys a bank keeps of one algorithm; the oldest goes, and what it signed cannot be verified any more.
const mostRetired = 8

// Key is one key pair. It is immutable.
type Key struct {
	ID        string // kid: the thumbprint
	Bank      string
	Alg       string
	Number    int64 // of the keys of this bank and algorithm, from 1 on
	Made      time.Time
	Retired   time.Time // since when another signs in its place; zero: it signs
	Withdrawn bool      // retired, and not published any more

	private crypto.Signer
}

// Signs tells whether the key is the one that signs.
func (k *Key) Signs() bool { return k.Retired.IsZero() }

// Published tells whether the JWKS shows the key at now, where a new key gets there with a lag.
func (k *Key) Published(now time.Time, lag time.Duration) bool {
	return !k.Withdrawn && (lag <= 0 || now.Sub(k.Made) >= lag)
}

// Ring is the keys of one space. Safe for concurrent use.
type Ring struct {
	secret []byte     // what keys are derived from; nil: crypto/rand
	making sync.Mutex // whoever adds a key
	keys   *store.Map[string, Key]
	watch  atomic.Pointer[store.Recorder]
}

// New returns an empty ring. With a secret, keys for ES256 and EdDSA are derived from it, so that the same secret makes the same keys in
// the same order; Go makes RSA keys from crypto/rand alone, so those differ each time. nil makes all keys from crypto/rand.
func New(secret []byte) *Ring { return &Ring{secret: secret, keys: store.New[string, Key]()} }

// place is where the key that signs is kept; a retired one stands behind it, by its number.
func place(bank, alg string) string { return bank + " " + alg }

func (k *Key) place() string {
	if k.Signs() {
		return place(k.Bank, k.Alg)
	}
	return fmt.Sprintf("%s %09d", place(k.Bank, k.Alg), k.Number)
}

// Current is the key that signs for a bank by an algorithm. The first is made when it is asked for; that is no change that a lever made,
// and stays when one is taken back.
func (r *Ring) Current(bank, alg string, now time.Time) *Key {
	if k := r.keys.Get(place(bank, alg)); k != nil {
		return k
	}
	r.making.Lock()
	defer r.making.Unlock()
	if k := r.keys.Get(place(bank, alg)); k != nil {
		return k
	}
	k := r.make(bank, alg, 1, now)
	r.keys.Put(k.place(), k)
	return k
}

// Has tells whether a key of an algorithm was made for a bank.
func (r *Ring) Has(bank, alg string) bool { return r.keys.Get(place(bank, alg)) != nil }

// Rotate makes another key sign from now on. The one before it stays published, or is withdrawn at once. Where none signed yet, the new
// one is the first.
func (r *Ring) Rotate(bank, alg string, withdraw bool, now time.Time) *Key {
	r.making.Lock()
	defer r.making.Unlock()
	var before, gone []*Key
	old := r.keys.Get(place(bank, alg))
	number := int64(1)
	if old != nil {
		number = old.Number + 1
		retired := *old
		retired.Retired, retired.Withdrawn = now, withdraw
		r.keys.Put(retired.place(), &retired)
		before = append(before, &retired)
	}
	next := r.make(bank, alg, number, now)
	r.keys.Put(next.place(), next)
	retired := r.keys.All(func(k *Key) bool { return k.Bank == bank && k.Alg == alg && !k.Signs() })
	for _, k := range retired[:max(0, len(retired)-mostRetired)] {
		gone = append(gone, r.keys.Take(k.place()))
	}
	r.watch.Load().Note(func() bool {
		r.making.Lock()
		defer r.making.Unlock()
		if r.keys.Get(next.place()) != next {
			return false
		}
		r.keys.Delete(next.place())
		for _, k := range before {
			r.keys.Delete(k.place())
		}
		if old != nil {
			r.keys.Put(old.place(), old)
		}
		for _, k := range gone {
			r.keys.Put(k.place(), k)
		}
		return true
	})
	return next
}

// Keys are a bank's keys (all banks' when empty): by bank and algorithm, the one that signs first and then the others, the newest first.
func (r *Ring) Keys(bank string) []*Key {
	out := r.keys.All(func(k *Key) bool { return bank == "" || k.Bank == bank })
	slices.SortFunc(out, func(a, b *Key) int {
		if c := strings.Compare(place(a.Bank, a.Alg), place(b.Bank, b.Alg)); c != 0 {
			return c
		}
		return int(b.Number - a.Number)
	})
	return out
}

// Set is what a bank publishes at now (RFC 7517 §5): public keys alone. Keys that are younger than the lag are not in it.
func (r *Ring) Set(bank string, now time.Time, lag time.Duration) jose.JSONWebKeySet {
	out := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range r.Keys(bank) {
		if k.Published(now, lag) {
			out.Keys = append(out.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.ID, Algorithm: k.Alg, Use: "sig"})
		}
	}
	return out
}

// Verify returns the payload of a JWT that a bank signed with a key that it still keeps, published or not, and what its header says that
// it is. Whether what it says still holds is not its to know. Everything else is InvalidRequest.
func (r *Ring) Verify(bank, jwt string) (payload []byte, typ string, err error) {
	bad := func(why string, args ...any) ([]byte, string, error) {
		return nil, "", fail.New(fail.InvalidRequest, why, args...)
	}
	var algs []jose.SignatureAlgorithm
	for _, a := range Algorithms() {
		algs = append(algs, jose.SignatureAlgorithm(a))
	}
	signed, err := jose.ParseSignedCompact(jwt, algs)
	if err != nil {
		return bad("it is no signed JWT: %v", err)
	}
	head := signed.Signatures[0].Protected
	for _, k := range r.Keys(bank) {
		if k.ID != head.KeyID || k.Alg != head.Algorithm {
			continue
		}
		if payload, err = signed.Verify(k.private.Public()); err != nil {
			return bad("the signature is not that of key %s", k.ID)
		}
		typ, _ = head.ExtraHeaders[jose.HeaderType].(string)
		return payload, typ, nil
	}
	return bad("%s has no key %q for %s", bank, head.KeyID, head.Algorithm)
}

// Watch lets a recorder note every rotation from now on; nil ends that.
func (r *Ring) Watch(to *store.Recorder) { r.watch.Store(to) }
