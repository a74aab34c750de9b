package admin

import (
	"slices"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/keys"
)

// KeyView is a signing key, without its private part.
type KeyView struct {
	Bank      string    `json:"bank"`
	ID        string    `json:"kid"`
	Alg       string    `json:"alg"`
	Signs     bool      `json:"signs"`     // new JWTs of this algorithm
	Published bool      `json:"published"` // in the bank's JWKS by now
	Made      time.Time `json:"made"`
	Retired   time.Time `json:"retired,omitzero"` // zero: it signs
}

// KeyList is the signing keys of a space, by bank and algorithm, the newest first. Keys are made when they are first needed.
type KeyList struct {
	Items []KeyView `json:"items"`
}

// KeyOrder makes a bank sign with a new key.
type KeyOrder struct {
	Bank   string `json:"bank"`
	Alg    string `json:"alg,omitempty"`    // ES256, RS256, PS256 or EdDSA: the bank signs by it from now on; missing: the one that is in force
	Retire string `json:"retire,omitempty"` // what becomes of the key before: publish (default), or withdraw from the JWKS at once
}

// What becomes of a retired key.
const (
	retirePublish  = "publish"
	retireWithdraw = "withdraw"
)

func keyEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/keys", op: "keys", doc: "the keys by which banks sign JWTs", query: []parameter{{"bank", "of one bank"}}, out: KeyList{},
			do: func(r *request) (any, error) { return r.Keys(r.query.Get("bank")) }},
		{method: "POST", path: "/keys/rotate", op: "rotateKeys", doc: "sign with a new key, and by another algorithm if one is named", in: KeyOrder{}, out: KeyView{},
			do: order(func(r *request, o KeyOrder) (any, error) { return r.RotateKeys(o) })},
	}
}

// Keys lists the keys of a bank, or of all.
func (d *Desk) Keys(bank string) (*KeyList, error) {
	if err := d.isBank("bank", bank); bank != "" && err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	out := &KeyList{Items: []KeyView{}}
	for _, k := range d.Space.Keys.Keys(bank) {
		out.Items = append(out.Items, d.keyView(k))
	}
	return out, nil
}

// keyView looks at a key as the authorization server does, whose clock decides what the JWKS shows.
func (d *Desk) keyView(k *keys.Key) KeyView {
	lag, _ := d.Space.Grants.Policy.Value(grant.JWKSLag, k.Bank, "", "")
	now, _ := d.Space.Skew.Servers(d.Space.Clock.Now())
	return KeyView{Bank: k.Bank, ID: k.ID, Alg: k.Alg, Signs: k.Signs(), Published: k.Published(now, lag.Duration), Made: k.Made, Retired: k.Retired}
}

// RotateKeys makes a bank sign with a new key from now on. Naming another algorithm than the one in force turns signing-alg for the bank
// as well; clients that have an algorithm of their own keep it.
func (d *Desk) RotateKeys(o KeyOrder) (*KeyView, error) {
	if err := d.isBank("bank", o.Bank); err != nil {
		return nil, err
	}
	if o.Alg != "" && !slices.Contains(keys.Algorithms(), o.Alg) {
		return nil, fail.Field("alg", "%q is none of %v", o.Alg, keys.Algorithms())
	}
	if o.Retire == "" {
		o.Retire = retirePublish
	}
	if err := oneOf("retire", o.Retire, retirePublish, retireWithdraw); err != nil {
		return nil, err
	}
	var out KeyView
	err := d.Space.Change("keys.rotate", "rotated the signing key of "+o.Bank, func() error {
		policy := d.Space.Grants.Policy
		now, _ := d.Space.Skew.Servers(d.Space.Clock.Now())
		alg, _ := policy.Value(grant.SigningAlg, o.Bank, "", "")
		withdraw := o.Retire == retireWithdraw
		if o.Alg != "" && o.Alg != alg.Text {
			if withdraw && d.Space.Keys.Has(o.Bank, alg.Text) { // clients that have this algorithm still need a key of it
				d.Space.Keys.Rotate(o.Bank, alg.Text, withdraw, now)
			}
			alg = grant.Choice(o.Alg)
			policy.Set(grant.Level{Bank: o.Bank}, grant.SigningAlg, alg)
		}
		out = d.keyView(d.Space.Keys.Rotate(o.Bank, alg.Text, withdraw, now))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
