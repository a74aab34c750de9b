package keys

import (
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sandbank/server/fail"
	"sandbank/server/store"
)

// Still is the keys of one moment. Its records are shared with the ring, which never writes to them.
type Still struct{ keys store.Still[string, Key] }

// Still takes the ring as it is; the caller sees to it that nobody rotates meanwhile.
func (r *Ring) Still() *Still {
	r.making.Lock()
	defer r.making.Unlock()
	return &Still{r.keys.Still()}
}

// Copy puts the keys of a still into the ring; nil has none.
func (r *Ring) Copy(from *Still) {
	if from != nil {
		r.keys.Copy(from.keys)
	}
}

// Record is a key as it is written to a file: the private key is in it.
type Record struct {
	ID        string            `json:"kid"`
	Bank      string            `json:"bank"`
	Alg       string            `json:"alg"`
	Number    int64             `json:"number"` // of the keys of this bank and algorithm, from 1 on
	Made      time.Time         `json:"made"`
	Retired   time.Time         `json:"retired,omitzero"` // zero: it signs
	Withdrawn bool              `json:"withdrawn,omitempty"`
	JWK       map[string]string `json:"jwk"` // the key pair (RFC 7517)
}

// Each visits every key, in no order, as records without the key pair. Records that two stills share look the same.
func (s *Still) Each(visit func(kind, id string, record any)) {
	if s == nil {
		return
	}
	s.keys.Range(func(_ string, k *Key) { visit("key", k.Bank+" "+k.ID, new(k.record())) })
}

func (k *Key) record() Record {
	return Record{ID: k.ID, Bank: k.Bank, Alg: k.Alg, Number: k.Number, Made: k.Made, Retired: k.Retired, Withdrawn: k.Withdrawn}
}

// Dump writes everything out: by bank, algorithm and number.
func (s *Still) Dump() []Record {
	out := []Record{}
	if s == nil {
		return out
	}
	for _, k := range s.keys.Sorted() {
		one := k.record()
		text, err := json.Marshal(jose.JSONWebKey{Key: k.private})
		must(err)
		must(json.Unmarshal(text, &one.JWK))
		out = append(out, one)
	}
	return out
}

// Load makes a still of records, or says what is wrong with one and where: "keys[2].jwk".
func Load(records []Record) (*Still, error) {
	r := New(nil)
	for i := range records {
		k, e := records[i].key()
		if e == nil && !r.keys.Add(k.place(), k) {
			e = fail.Field("number", "%d is there twice, or two keys of %s sign by %s", k.Number, k.Bank, k.Alg)
		}
		if e != nil {
			return nil, e.At(fmt.Sprintf("keys[%d].%s", i, e.Param))
		}
	}
	for i := range records {
		if current := r.keys.Get(place(records[i].Bank, records[i].Alg)); current == nil || current.Number < records[i].Number {
			return nil, fail.Field(fmt.Sprintf("keys[%d].retired", i), "the newest key of %s for %s must be one that signs", records[i].Bank, records[i].Alg)
		}
	}
	return r.Still(), nil
}

func (o *Record) key() (*Key, *fail.Error) {
	switch {
	case !slices.Contains(Algorithms(), o.Alg):
		return nil, fail.Field("alg", "%q is none of %v", o.Alg, Algorithms())
	case o.Number < 1:
		return nil, fail.Field("number", "%d is below 1", o.Number)
	case o.Withdrawn && o.Retired.IsZero():
		return nil, fail.Field("withdrawn", "a key that signs cannot be withdrawn")
	}
	text, err := json.Marshal(o.JWK)
	must(err)
	var pair jose.JSONWebKey
	if err := json.Unmarshal(text, &pair); err != nil {
		return nil, fail.Field("jwk", "%v", err)
	}
	private, ok := pair.Key.(crypto.Signer)
	if !ok || !pair.Valid() {
		return nil, fail.Field("jwk", "it is no private key")
	}
	k := &Key{ID: thumbprint(private), Bank: o.Bank, Alg: o.Alg, Number: o.Number, Made: o.Made.UTC(), Withdrawn: o.Withdrawn, private: private}
	if !o.Retired.IsZero() {
		k.Retired = o.Retired.UTC()
	}
	if e := k.fits(); e != nil {
		return nil, e
	}
	if k.ID != o.ID {
		return nil, fail.Field("kid", "%q is not the thumbprint of the key, %s", o.ID, k.ID)
	}
	return k, nil
}

// fits refuses key pairs that cannot sign by the algorithm.
func (k *Key) fits() *fail.Error {
	if r, ok := k.private.(*rsa.PrivateKey); ok && (r.N.BitLen() < rsaBits || r.N.BitLen() > 2*rsaBits) {
		return fail.Field("jwk", "the RSA key has %d bits; %d to %d do", r.N.BitLen(), rsaBits, 2*rsaBits)
	}
	if !slices.Contains(k.algs(), jose.SignatureAlgorithm(k.Alg)) {
		return fail.Field("jwk", "the key cannot sign by %s", k.Alg)
	}
	return nil
}
