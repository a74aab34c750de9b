package admin_test

import (
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"sandbank/admin"
	"sandbank/server"
)

// A client's keys, and how it uses them, are set when it is registered and afterwards, and a key can be made for it.
func TestClientKeys(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var c admin.ClientView
	d.pull("POST", "/clients", `{"bank":"berlin","id":"plain"}`).Want(201).Into(&c)
	if c.AuthMethod != "any" || c.DPoP != "optional" || c.JWKS != nil || len(c.Secrets) != 1 {
		t.Errorf("by default %+v", c)
	}
	var made admin.KeyMade
	d.pull("POST", "/clients/berlin/plain/keys", `{}`).Want(201).Into(&made)
	var private jose.JSONWebKey
	if err := private.UnmarshalJSON(made.JWK); err != nil || private.IsPublic() || private.KeyID != made.Kid || !strings.Contains(made.PEM, "PRIVATE KEY") {
		t.Errorf("made %+v, %v", made, err)
	}
	d.pull("GET", "/clients/berlin/plain", "").Want(200).Into(&c)
	if !strings.Contains(string(c.JWKS), made.Kid) || strings.Contains(string(c.JWKS), `"d"`) {
		t.Errorf("registered %s", c.JWKS)
	}
	set := string(c.JWKS)
	d.pull("PATCH", "/clients/berlin/plain", `{"authMethod":"private_key_jwt","dpop":"required"}`).Want(200)
	d.pull("PATCH", "/clients/berlin/plain", `{"jwks":null}`).Want(422)
	d.pull("POST", "/clients/berlin/plain/rotate", `{}`).Want(409)
	d.pull("PATCH", "/clients/berlin/plain", `{"authMethod":"any","jwks":null,"dpop":"optional"}`).Want(200)
	d.pull("POST", "/clients", `{"bank":"berlin","id":"keys","authMethod":"private_key_jwt","dpop":"off","jwks":`+set+`}`).Want(201)
	var keyed admin.ClientView
	d.pull("GET", "/clients/berlin/keys", "").Want(200).Into(&keyed)
	if keyed.Public || len(keyed.Secrets) != 0 || keyed.DPoP != "off" || string(keyed.JWKS) != set {
		t.Errorf("registered %+v", keyed)
	}
	d.pull("GET", "/clients/berlin/keys/export?format=env", "").Want(200)
	for _, body := range []string{
		`{"bank":"berlin","authMethod":"private_key_jwt"}`, `{"bank":"berlin","authMethod":"password"}`, `{"bank":"berlin","dpop":"maybe"}`,
		`{"bank":"berlin","jwks":{"keys":[` + string(made.JWK) + `]}}`, `{"bank":"berlin","jwks":"<script>"}`, `{"bank":"berlin","public":true,"jwks":` + set + `}`,
	} {
		d.pull("POST", "/clients", body).Want(422)
	}
	d.pull("POST", "/clients/berlin/plain/keys", `{"alg":"HS256"}`).Want(422)
	d.pull("POST", "/clients/berlin/bg-spa/keys", `{}`).Want(409)
	d.pull("POST", "/clients/berlin/nobody/keys", `{}`).Want(404)
}
