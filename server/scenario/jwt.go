package scenario

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

const opJWKS = "jwks"

// brought is the access token that a call brought, or "".
func (c *call) brought() string {
	if c.Op != opToken || c.Status != 200 {
		return ""
	}
	return text(c.answer()["access_token"])
}

// part is the header (0) or the claims (1) of a JWT, unverified; nil for what is none.
func part(jwt string, n int) (out map[string]json.RawMessage) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[n])
	if err != nil || json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return out
}

// expOf is the exp that a JWT says, in seconds since 1970; false when it says none.
func expOf(jwt string) (exp int64, ok bool) {
	raw := part(jwt, 1)["exp"]
	return exp, raw != nil && json.Unmarshal(raw, &exp) == nil
}

// head is a field of the header of the id_token that a call brought, or "".
func (c *call) head(field string) string {
	if c.Op != opToken || c.Status != 200 {
		return ""
	}
	return text(part(text(c.answer()["id_token"]), 0)[field])
}

// keep remembers by which algorithm a client's last id_token was signed, and which keys a bank's JWKS had when it last went out.
func (t *traffic) keep(c *call) {
	if alg := c.head("alg"); alg != "" {
		t.algs[c.client] = alg
	}
	if c.Op != opJWKS || c.Status != 200 {
		return
	}
	kids := map[string]bool{}
	var list []struct {
		ID string `json:"kid"`
	}
	json.Unmarshal(c.answer()["keys"], &list) // what is no list has no keys
	for _, key := range list {
		kids[key.ID] = true
	}
	t.kids[c.Bank] = kids
}
