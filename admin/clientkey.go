package admin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/proof"
)

// How a client may prove itself, and whether its tokens are bound to a key, where its record is empty.
const (
	anyMethod    = "any"
	optionalDPoP = "optional"
)

// ClientKeys is how a client proves itself with what it signs. In an order, what is missing stays as it is.
type ClientKeys struct {
	JWKS       json.RawMessage `json:"jwks,omitempty"`       // public keys as a JWK set (RFC 7517); null: none
	AuthMethod string          `json:"authMethod,omitempty"` // any, or private_key_jwt: by its keys alone
	DPoP       string          `json:"dpop,omitempty"`       // off, optional or required: whether its tokens can, or must, be bound to a key (RFC 9449)
}

// ClientKeyOrder makes a key for a client.
type ClientKeyOrder struct {
	Alg string `json:"alg,omitempty"` // ES256, RS256, PS256, Ed25519 or EdDSA, which is its older name; empty: ES256
}

// KeyMade is a new key. The sandbox keeps its public part alone.
type KeyMade struct {
	Kid string          `json:"kid"`
	JWK json.RawMessage `json:"jwk"` // private
	PEM string          `json:"pem"` // the same as PKCS #8, as openssl reads it
}

func clientKeyEndpoints() []endpoint {
	return []endpoint{{method: "POST", path: "/clients/{bank}/{id}/keys", op: "makeKey", doc: "a new key pair: the public part joins the client's keys, the private one is told this once",
		in: ClientKeyOrder{}, out: KeyMade{}, status: 201,
		do: order(func(r *request, o ClientKeyOrder) (any, error) { return r.MakeKey(r.params["bank"], r.params["id"], o) })}}
}

// keysOf shows how a client proves itself.
func keysOf(c *grant.Client) ClientKeys {
	return ClientKeys{JWKS: json.RawMessage(c.JWKS), AuthMethod: cmp.Or(c.AuthMethod, anyMethod), DPoP: cmp.Or(c.DPoP, optionalDPoP)}
}

// apply changes what the order names, after checking it.
func (o *ClientKeys) apply(c *grant.Client) error {
	if o.JWKS != nil {
		keys, err := proof.ParseKeys(o.text())
		if err != nil {
			return noKeys(err)
		}
		c.JWKS = keys.String()
	}
	if o.AuthMethod != "" {
		if err := oneOf("authMethod", o.AuthMethod, anyMethod, grant.PrivateKeyJWT); err != nil {
			return err
		}
		c.AuthMethod = unless(o.AuthMethod, anyMethod)
	}
	if o.DPoP != "" {
		if err := oneOf("dpop", o.DPoP, grant.Off, optionalDPoP, grant.Required); err != nil {
			return err
		}
		c.DPoP = unless(o.DPoP, optionalDPoP)
	}
	if c.AuthMethod == grant.PrivateKeyJWT && c.JWKS == "" {
		return fail.Field("jwks", "a client of private_key_jwt needs a key")
	}
	return nil
}

// text is the JWK set; null and an empty text, as forms send it, are none.
func (o *ClientKeys) text() string {
	if raw := bytes.TrimSpace(o.JWKS); !bytes.Equal(raw, []byte("null")) && !bytes.Equal(raw, []byte(`""`)) {
		return string(raw)
	}
	return ""
}

// noKeys says what is wrong with a JWK set. What the libraries that read it have to say is about their types, and left out.
func noKeys(err error) error {
	why, _, cut := strings.Cut(err.Error(), ": json: ")
	if !cut {
		why, _, cut = strings.Cut(why, ": go-jose")
	}
	if cut {
		why += ` (RFC 7517); write for example {"keys":[{"kty":"EC","crv":"P-256","x":"…","y":"…"}]}`
	}
	return fail.Field("jwks", "%s", why)
}

// unless is a word, or nothing where it is the one that need not be said.
func unless(word, unsaid string) string {
	if word == unsaid {
		return ""
	}
	return word
}

// MakeKey makes a key pair for a client that is not public.
func (d *Desk) MakeKey(bank, id string, o ClientKeyOrder) (*KeyMade, error) {
	pair, err := proof.NewPair(o.Alg)
	if err != nil {
		return nil, fail.Field("alg", "%v", err)
	}
	_, err = d.changeClient(bank, id, "client.key", "made a key for client ", func(c *grant.Client) error {
		if c.Public() {
			return fail.New(fail.Conflict, "client %s is public and keeps no key", id)
		}
		keys, err := proof.ParseKeys(c.JWKS)
		if err != nil {
			return fail.Field("jwks", "%v", err)
		}
		c.JWKS = append(keys, pair.Public).String()
		if _, err := proof.ParseKeys(c.JWKS); err != nil { // one too many
			return fail.New(fail.Conflict, "%v", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &KeyMade{pair.Public.KeyID, json.RawMessage(pair.Private), pair.PEM}, nil
}
