package admin_test

import (
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var ops []admin.OperationView
	d.pull("GET", "/operations?bank=berlin", nil).Want(200).Into(&ops)
	if len(ops) < 10 || ops[0].Bank != "berlin" || ops[0].Doc == "" || ops[0].Server != "authorization" {
		t.Errorf("%+v", ops)
	}
	var refusals []admin.RefusalView
	d.pull("GET", "/refusals?bank=berlin", nil).Want(200).Into(&refusals)
	said := map[string]admin.RefusalView{}
	for _, r := range refusals {
		if r.Bank != "berlin" || r.Text == "" {
			t.Errorf("%+v", r)
		}
		said[r.At+" "+string(r.Kind)] = r
	}
	if r := said["api token_expired"]; r.Status != 401 || !strings.Contains(r.Body, "TOKEN_EXPIRED") || r.Type != "application/json" {
		t.Errorf("%+v", r)
	}
	if r := said["token invalid_grant"]; r.Status != 400 || !strings.Contains(r.Body, "invalid_grant") {
		t.Errorf("%+v", r)
	}
	d.pull("GET", "/operations?bank=none", nil).Want(422)
	d.pull("GET", "/refusals?bank=none", nil).Want(422)
}
